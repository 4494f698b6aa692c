//! A retailer's platform against a partner's system: the checks in their order.
//!
//! The kit is the platform. It files cases for the partner, and stands on both ways between them, where it
//! forges, doubles, holds back and loses what passes. What a partner cannot be asked about, since it takes no
//! webhooks or calls over gRPC only, is not applicable and says so.

mod calls;
mod hooks;
mod proxy;
mod relay;
mod stage;

use std::time::Duration;

use anyhow::Context as _;
use parasol_api::Language;
use parasol_runtime::config::Config;
use uuid::Uuid;

use super::checks::{Finding, Notes, OF_A_PARTNER, Report, Seen};
use crate::bench::COMMIT;

pub use stage::Partner;
use stage::Stage;

/// How long one check may take.
const CHECK_MAX: Duration = Duration::from_secs(300);
/// How long the partner may take to be there.
const START_MAX: Duration = Duration::from_secs(120);

/// Plays the platform and says what was seen. Only the checks in `only` are made, or all if it is empty; `greet`
/// is handed what the partner has to know before it is waited for.
///
/// # Errors
/// When it cannot begin: the node cannot start, or the partner is not there.
pub async fn run(
    config: &Config,
    partner: &Partner,
    (run, only): (Uuid, &[String]),
    language: Language,
    greet: impl FnOnce(&[(&'static str, String)]),
) -> anyhow::Result<Report> {
    let mut stage = Stage::set(config, partner, run).await?;
    let started_at = stage.kit.now().await?.to_string();
    greet(&stage.told());
    if let Some(command) = &partner.run {
        stage.start(command)?;
    }
    let begun = match &partner.webhook {
        Some(url) => stage.partner_listens(url, START_MAX).await,
        None => Ok(()),
    };
    if let Err(error) = begun {
        stage.clear().await?;
        return Err(error);
    }
    let notes = check_all(&mut stage, language, only).await;
    stage.clear().await.context("stopping the kit's platform")?;
    let findings = notes.findings;
    Ok(Report {
        of: "partner",
        partner: partner.brand.clone(),
        release: env!("CARGO_PKG_VERSION"),
        commit: COMMIT,
        started_at,
        passed: Report::is_pass(&findings),
        recorded: false,
        findings,
    })
}

async fn check_all(stage: &mut Stage, language: Language, only: &[String]) -> Notes {
    let mut notes = Notes::new(language, OF_A_PARTNER);
    macro_rules! checked {
        ($($code:literal: $check:path,)+) => {$(
            if only.is_empty() || only.iter().any(|code| code == $code) {
                notes.add($code, within($check(stage)).await);
                report_progress(notes.findings.last());
            }
        )+};
    }
    checked! {
        "course.worked": calls::worked,
        "request.ids": calls::request_ids,
        "hook.duplicate": hooks::duplicate,
        "hook.old_news": hooks::old_news,
        "hook.forged": hooks::forged,
        "hook.tampered": hooks::tampered,
        "hook.unsigned": hooks::unsigned,
        "hook.stale": hooks::stale,
        "hook.future": hooks::future,
        "clock.skew": hooks::skew,
        "hook.rotation": hooks::rotation,
        "hook.unknown": hooks::unknown,
        "lost.answer": calls::lost_answer,
        "answer.unavailable": calls::unavailable,
        "refusal.goes_on": calls::goes_on,
        "hook.prompt": hooks::prompt,
    }
    notes
}

fn report_progress(finding: Option<&Finding>) {
    if let Some(Finding { code, outcome, evidence, .. }) = finding {
        tracing::info!(code, ?outcome, evidence, "checked");
    }
}

async fn within(check: impl Future<Output = anyhow::Result<Seen>>) -> anyhow::Result<Seen> {
    let late = |_| anyhow::anyhow!("it took longer than {CHECK_MAX:?}");
    tokio::time::timeout(CHECK_MAX, check).await.map_err(late)?
}
