//! A brand's system against a platform: the checks in their order.
//!
//! Each check makes cases of its own, so that what one leaves behind is not what another stands on; those of
//! the cursors come last and read what the others did.

mod courses;
mod cursors;
mod late;
mod others;
mod repeats;

use std::time::Duration;

use anyhow::Context as _;
use parasol_api::Language;
use parasol_runtime::config::Limits;
use uuid::Uuid;

use super::checks::{Finding, Notes, OF_A_PLATFORM, Report, Seen};
use super::kit::Kit;
use super::record::record;
use crate::bench::COMMIT;
use crate::demo::Wire;
use crate::node::Tokens;

/// How long one check may take.
const CHECK_MAX: Duration = Duration::from_secs(120);

/// What to check.
pub struct Target {
    /// A connection to the platform.
    pub channel: tonic::transport::Channel,
    /// Its address, as host and port; a second way to it is laid there.
    pub address: String,
    /// Limits of connections to it.
    pub limits: Limits,
    /// Makes the players' credentials.
    pub tokens: Tokens,
    /// The brand that is played.
    pub brand: String,
    /// Names the run; never used before.
    pub run: Uuid,
}

/// Plays everything and says what was seen; `told` hears of each finding as it is made.
///
/// # Errors
/// When it cannot begin: the platform cannot be reached, or the brand has no network there.
pub async fn run(
    target: Target,
    language: Language,
    mut told: impl FnMut(&Finding),
) -> anyhow::Result<Report> {
    let Target { channel, address, limits, tokens, brand, run } = target;
    let wire = Wire::new(channel, tokens, None);
    let mut kit = Kit::open(wire, (address, limits), &brand, run).await?;
    let started_at = kit.now().await?.to_string();
    let mut notes = Notes::new(language, OF_A_PLATFORM);
    macro_rules! checked {
        ($($code:literal: $check:path,)+) => {$(
            notes.add($code, within($check(&mut kit)).await);
            if let Some(finding) = notes.findings.last() {
                told(finding);
            }
        )+};
    }
    checked! {
        "course.repair": courses::repair,
        "course.decline": courses::decline,
        "repeat.same": repeats::same,
        "repeat.other": repeats::other,
        "repeat.at_once": repeats::at_once,
        "late.superseded": late::superseded,
        "late.version": late::version,
        "order.early": late::early,
        "order.sequence": late::sequence,
        "lost.answer": repeats::lost_answer,
        "clock.future": late::future,
        "clock.past": late::past,
        "cursor.pages": cursors::pages,
        "cursor.resume": cursors::resume,
        "cursor.stream": cursors::stream,
        "cursor.foreign": cursors::foreign,
        "tenancy.others": others::unknown,
        "tenancy.list": others::list,
        "tenancy.role": others::role,
        "credential.bad": others::credential,
        "refusal.reason": others::reasons,
    }
    let findings = notes.findings;
    let mut report = Report {
        of: "platform",
        partner: brand,
        release: env!("CARGO_PKG_VERSION"),
        commit: COMMIT,
        started_at,
        passed: Report::is_pass(&findings),
        recorded: false,
        findings,
    };
    if report.passed {
        record(&kit.wire, &kit.operator, &mut report, run).await.context("recording the pass")?;
    }
    Ok(report)
}

async fn within(check: impl Future<Output = anyhow::Result<Seen>>) -> anyhow::Result<Seen> {
    let late = |_| anyhow::anyhow!("it took longer than {CHECK_MAX:?}");
    tokio::time::timeout(CHECK_MAX, check).await.map_err(late)?
}
