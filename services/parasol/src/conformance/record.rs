//! A pass, kept with a node.

use parasol_api::admin::v1::{
    ConformanceCheck, ConformanceOutcome, ConformanceRecord, ConformanceSide,
    RecordConformanceRequest,
};
use parasol_api::convert::to_timestamp;
use parasol_api::limits::REMARK_MAX;
use parasol_journey::time::Timestamp;
use parasol_runtime::identity::Principal;
use uuid::Uuid;

use super::checks::{Finding, Outcome, Report};
use crate::demo::Wire;

const RECORD: &str = "/parasol.admin.v1.ConformanceService/RecordConformance";

/// Records a pass and marks the report.
///
/// # Errors
/// When the node refuses it, or cannot be reached.
pub async fn record(
    wire: &Wire,
    operator: &Principal,
    report: &mut Report,
    run: Uuid,
) -> anyhow::Result<()> {
    let started_at = Timestamp::parse(&report.started_at).map(to_timestamp);
    let message = RecordConformanceRequest {
        request_id: Uuid::new_v5(&run, b"record").to_string(),
        brand: report.partner.clone(),
        side: match report.of {
            "platform" => ConformanceSide::Platform.into(),
            _ => ConformanceSide::Partner.into(),
        },
        release: report.release.to_owned(),
        commit: report.commit.to_owned(),
        started_at,
        checks: report.findings.iter().map(check).collect(),
    };
    let _: ConformanceRecord = wire.ask(operator, RECORD, &message).await?;
    report.recorded = true;
    Ok(())
}

fn check(finding: &Finding) -> ConformanceCheck {
    let outcome = match finding.outcome {
        Outcome::Pass => ConformanceOutcome::Pass,
        Outcome::Fail => ConformanceOutcome::Fail,
        Outcome::NotApplicable => ConformanceOutcome::NotApplicable,
    };
    ConformanceCheck {
        code: finding.code.to_owned(),
        outcome: outcome.into(),
        evidence: finding.evidence.chars().take(REMARK_MAX).collect(),
    }
}
