//! `ReportPickup`: the carrier has a returned unit, intact or not.

use parasol_api::limits::{GIFTS_MAX, REMARK_MAX};
use parasol_api::verification::v1::{PickupOutcome, ReportPickupRequest, ReportPickupResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, Numbered, Step, StepEffect};
use parasol_journey::ids::Sku;
use parasol_journey::vocab::CaseKind;
use parasol_journey::{Case, Command, Stage};
use serde_json::json;
use tonic::Request;

use super::stamp::stamp;
use super::{effect, refuse, target, view};
use crate::{Verification, certificates};

pub async fn handle(
    service: &Verification,
    request: Request<ReportPickupRequest>,
) -> Result<ReportPickupResponse, Error> {
    let call = Call::changing(&request, "ReportPickup", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let now = service.desk.clock.now();
    let mut check = Checker::new();
    let (case, etag) = target(&mut check, &request.case_id, &request.etag);
    let stamp = stamp!(request).check(&mut check, now);
    let outcome = check.known::<PickupOutcome>("outcome", request.outcome);
    let is_damaged = outcome == Some(PickupOutcome::NotIntact);
    let remark = match is_damaged {
        true => check.text("remark", &request.remark, REMARK_MAX),
        false => check.optional_text("remark", &request.remark, REMARK_MAX),
    };
    let evidence = check.evidence("evidence", &request.evidence);
    if is_damaged && request.evidence.is_empty() {
        check.refuse::<()>("evidence", Reason::FieldInvalid, "photos of what is not intact");
    }
    let missing = missing_gifts(&mut check, &request.missing_gifts);
    let (case, etag, heard, _, remark, evidence, missing) =
        check.all((case, etag, stamp, outcome, remark, evidence, missing))?;

    let known = service.desk.case(&call.principal, case).await?;
    let body = json!({
        "intact": !is_damaged, "remark": remark, "evidence": evidence, "missing_gifts": missing,
    });
    let command = move |case: &Case| {
        let came_with_it = |sku: &Sku| case.filing.gifts.iter().any(|gift| gift.sku == *sku);
        if !missing.iter().all(came_with_it) {
            let message = "missing_gifts: no such gift came with this unit";
            return Err(refuse(Reason::FieldInvalid, message));
        }
        Ok(Command::ReportPickup { intact: !is_damaged, missing_gifts: missing.clone() })
    };
    let mut step = Step::new(case, etag, command);
    step.numbered = heard.map(|heard| Numbered { message: "report_pickup", heard });
    step.keep_late = was_picked_up(&known).then_some("report_pickup");
    step.rows = vec![certificates::words(case.uuid(), "pickup", &body, now)];
    let answer = |case: &Case, became: StepEffect| ReportPickupResponse {
        case: view(case),
        effect: effect(became),
    };
    service.desk.step(&call, step.answering(answer)).await
}

/// The gifts that did not come along, each once.
fn missing_gifts(check: &mut Checker, skus: &[String]) -> Option<Vec<Sku>> {
    check.at_most("missing_gifts", skus, GIFTS_MAX)?;
    let mut found: Vec<Sku> = Vec::with_capacity(skus.len());
    for (place, sku) in skus.iter().enumerate() {
        let field = format!("missing_gifts[{place}]");
        let sku = check.id::<Sku>(&field, sku)?;
        if found.contains(&sku) {
            return check.refuse(&field, Reason::FieldInvalid, "each gift once");
        }
        found.push(sku);
    }
    Some(found)
}

/// A return that has left its pick-up behind stays so.
fn was_picked_up(case: &Case) -> bool {
    let before = [Stage::Filed, Stage::NoReason, Stage::Returning, Stage::Paused];
    case.filing.kind == CaseKind::NoReason && !before.contains(&case.stage)
}
