//! Messages that a partner numbers: which are news, and what becomes of the others.
//!
//! Late, doubled and reordered messages are safe. One that is not newer than a message of the same sender
//! that has already moved the case is kept in the log with its number and moves nothing.

use parasol_api::Reason;
use parasol_journey::event::Heard;
use parasol_journey::{Case, Command, Ctx, Decided, Rejection, decide};

/// A message with its sender's count and time of it.
#[derive(Clone, Copy, Debug)]
pub struct Numbered {
    /// What it is called where it is kept.
    pub message: &'static str,
    /// How its sender numbered it.
    pub heard: Heard,
}

impl Numbered {
    /// The message kept as evidence; `None` when it is news.
    ///
    /// # Errors
    /// `EVIDENCE_FULL` when the case keeps no more.
    pub fn keep_stale(
        numbered: Option<&Self>,
        case: &Case,
        ctx: &Ctx<'_>,
    ) -> Result<Option<Decided>, Rejection> {
        let stale = numbered.filter(|one| case.is_stale(ctx.actor, one.heard.sequence));
        let Some(stale) = stale else { return Ok(None) };
        let message = stale.message.to_owned();
        let reason = Reason::MessageStale.code().to_owned();
        let kept = decide(case, &Command::KeepMessage { message, reason }, ctx)?;
        Ok(Some(kept.heard(stale.heard)))
    }

    /// What was decided, with the number of the message that caused it.
    pub fn stamped(numbered: Option<&Self>, decided: Decided) -> Decided {
        match numbered {
            Some(one) => decided.heard(one.heard),
            None => decided,
        }
    }
}
