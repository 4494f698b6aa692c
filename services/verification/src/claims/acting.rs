//! One act on a claim, by somebody who calls or by the house, in a commit of its own.

use std::sync::Arc;

use parasol_casebook::{Caller, Error as CasebookError, RowOp, RowsDeed, Submission, Target};
use parasol_desk::Desk;
use parasol_journey::time::Timestamp;
use parasol_journey::{Actor, ActorKind};

use super::lines;
use super::store::{HOUSE, acted};
use super::{Claim, ClaimAct};

/// What became of an act of the house.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// It took effect.
    Effect,
    /// Somebody was first; there is nothing left to do.
    Overtaken,
}

/// Lets a claim lapse: silence accepts it.
///
/// # Errors
/// What the store says; the same claim may be let lapse again.
pub async fn lapse(desk: &Desk, claim: &Claim, now: Timestamp) -> Result<Done, CasebookError> {
    let Some((after, posting)) = claim.act(ClaimAct::Lapse, now) else {
        return Ok(Done::Overtaken);
    };
    let lines = lines::of(&desk.store, claim).await?;
    let lines = lines::after(&lines, after.state, &[]);
    write(desk, "LapseClaim", acted(&after, ClaimAct::Lapse, HOUSE, posting, &lines)).await
}

/// Writes rows for the house, once: where a key is taken, it was done before.
///
/// # Errors
/// What the store says.
pub async fn write(
    desk: &Desk,
    method: &'static str,
    rows: Vec<RowOp>,
) -> Result<Done, CasebookError> {
    let submission = Submission {
        target: Target::NoCase,
        key: None,
        caller: Caller { principal: HOUSE.to_owned(), method, trace: String::new() },
        actor: Actor::new(ActorKind::Policy, "settlement"),
        expected: None,
        deed: Arc::new(RowsDeed { rows, answer: Vec::new() }),
    };
    match desk.submitter.submit(submission).await {
        Ok(_) => Ok(Done::Effect),
        Err(CasebookError::Taken { .. }) => Ok(Done::Overtaken),
        Err(error) => Err(error),
    }
}
