//! One step on the live work order of a case, by whoever works on it.
//!
//! Unlike the desk's own step, the rows of this service are made from the case at the commit, because
//! they name its work order.

use std::sync::Arc;

use parasol_api::common::v1::MessageEffect;
use parasol_api::{Error, Reason};
use parasol_casebook::{Deed, Refusal, RowOp, Submission, Target, Written};
use parasol_desk::{Call, Numbered, actor};
use parasol_journey::{Case, Command, Ctx, decide};
use parasol_runtime::identity::Principal;
use prost::Message;
use uuid::Uuid;

use crate::Dispatch;
use crate::messages::STALE;
use crate::partner::{check_work, refusal};
use crate::stamp::Stamp;

/// What is done: a command and the rows that go with it, the work order's id being the second argument.
type Deeds = dyn Fn(&Case, Uuid) -> Result<(Command, Vec<RowOp>), Refusal> + Send + Sync;

/// Takes the step and answers with the saved bytes.
///
/// # Errors
/// `NOT_FOUND` for whoever does not work on the case, what the journey and `deeds` refuse, and what the
/// store says.
pub(super) async fn work_step<M: Message + Default>(
    dispatch: &Dispatch,
    call: &Call,
    stamp: &Stamp,
    deeds: impl Fn(&Case, Uuid) -> Result<(Command, Vec<RowOp>), Refusal> + Send + Sync + 'static,
    answer: impl Fn(&Case, MessageEffect) -> M + Send + Sync + 'static,
) -> Result<M, Error> {
    let deed = WorkDeed {
        principal: call.principal.clone(),
        stamp: stamp.clone(),
        message: call.method,
        deeds: Box::new(deeds),
        answer: Box::new(move |case, effect| answer(case, effect).encode_to_vec()),
    };
    let submission = Submission {
        target: Target::Case(stamp.case),
        key: call.key(),
        caller: call.caller(),
        actor: actor(&call.principal),
        expected: stamp.etag,
        deed: Arc::new(deed),
    };
    dispatch.desk.submit_for(call, submission, None).await
}

/// Makes the answer that is saved.
type Answer = dyn Fn(&Case, MessageEffect) -> Vec<u8> + Send + Sync;

struct WorkDeed {
    principal: Principal,
    stamp: Stamp,
    message: &'static str,
    deeds: Box<Deeds>,
    answer: Box<Answer>,
}

impl Deed for WorkDeed {
    fn hides(&self, case: &Case) -> bool {
        check_work(&self.principal, case).is_err()
    }

    fn decide(&self, case: Option<&Case>, ctx: &Ctx<'_>) -> Result<Written, Refusal> {
        let case = case.ok_or_else(|| refusal(Reason::NotFound))?;
        let order = case.work_order.as_ref().map_or_else(Uuid::nil, |order| order.id.uuid());
        let (command, mut rows) = (self.deeds)(case, order)?;
        let numbered = self.stamp.numbered(self.message);
        if let Some(kept) = Numbered::keep_stale(numbered.as_ref(), case, ctx)? {
            let answer = (self.answer)(&kept.case, MessageEffect::KeptAsEvidence);
            let rows = self.stamp.kept_rows().map(|rows| rows(STALE)).unwrap_or_default();
            return Ok(Written { decided: Some(kept), rows, answer });
        }
        let decided = Numbered::stamped(numbered.as_ref(), decide(case, &command, ctx)?);
        let answer = (self.answer)(&decided.case, MessageEffect::Applied);
        rows.extend(self.stamp.applied());
        Ok(Written { decided: Some(decided), rows, answer })
    }
}
