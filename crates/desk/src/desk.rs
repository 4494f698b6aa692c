//! One step of a case, from a checked request to its saved answer.

use std::sync::Arc;

use parasol_api::common::v1::MessageEffect;
use parasol_api::{Error, Reason};
use parasol_casebook::{
    Answer, Deed, Error as CasebookError, Refusal, RowOp, RowsDeed, Store, Submission, Submitter,
    Target, Written,
};
use parasol_journey::ids::CaseId;
use parasol_journey::{Case, Command, Ctx, Decided, Rejection, Verb, decide, table};
use parasol_runtime::clock::Clock;
use parasol_runtime::identity::{Principal, TokenKey};
use parasol_runtime::ids::IdSource;
use prost::Message;

use crate::call::Call;
use crate::numbered::Numbered;
use crate::readers::scope;
use crate::refusal::to_error;
use crate::scope::{actor, sees};

/// What every handler needs. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    /// For queries.
    pub store: Store,
    /// For steps.
    pub submitter: Submitter,
    /// For the time.
    pub clock: Clock,
    /// For new ids.
    pub ids: IdSource,
    /// For tokens and codes that carry a proof.
    pub key: Arc<TokenKey>,
    /// The largest message a service accepts, bytes; each sets it on its generated servers.
    pub message_bytes: usize,
}

/// Whether a message moved its case.
pub type StepEffect = MessageEffect;

/// Makes the rows of a message that was only kept, from the code that says why it moved nothing.
pub type KeptRows = Arc<dyn Fn(&'static str) -> Vec<RowOp> + Send + Sync>;

/// Makes rows of the service's own from the case after a step.
pub type RowsAfter = Arc<dyn Fn(&Case) -> Vec<RowOp> + Send + Sync>;

/// Says of a case why a message comes too late for it, if it does.
pub type Late = Arc<dyn Fn(&Case) -> Option<&'static str> + Send + Sync>;

/// One step.
pub struct Step<C, A> {
    /// The case.
    pub case: CaseId,
    /// The version the caller insists on.
    pub etag: Option<u64>,
    /// Makes the command from the case as it is at the commit. Asked again if the case moved on.
    pub command: C,
    /// Rows of the service's own beside those its projection adds.
    pub rows: Vec<RowOp>,
    /// If set, an answer to an offer that is no longer live is kept as evidence under this name
    /// instead of being refused. Only for offers that were really made to the caller.
    pub keep_late: Option<&'static str>,
    /// How a partner numbered the message, if it did: one that is no longer news is kept as evidence.
    pub numbered: Option<Numbered>,
    /// If set, says of a case why the message comes too late for it; then it is kept as evidence under
    /// this name.
    pub late: Option<(&'static str, Late)>,
    /// Rows of a message that is only kept, if there are any.
    pub kept_rows: Option<KeptRows>,
    /// Rows that follow from the case after the step, if there are any; none for a message that is only
    /// kept.
    pub rows_after: Option<RowsAfter>,
    /// What a lost key means, for steps that may claim one; a key lost by any other is our failure.
    pub taken: Option<Reason>,
    /// Makes the answer from the case after the step.
    pub answer: A,
}

impl<C> Step<C, ()> {
    /// A step with nothing special about it.
    pub fn new(case: CaseId, etag: Option<u64>, command: C) -> Self {
        Self {
            case,
            etag,
            command,
            rows: Vec::new(),
            keep_late: None,
            numbered: None,
            late: None,
            kept_rows: None,
            rows_after: None,
            taken: None,
            answer: (),
        }
    }

    /// Says how to answer.
    pub fn answering<A>(self, answer: A) -> Step<C, A> {
        let Self {
            case,
            etag,
            command,
            rows,
            keep_late,
            numbered,
            late,
            kept_rows,
            rows_after,
            taken,
            ..
        } = self;
        Step {
            case,
            etag,
            command,
            rows,
            keep_late,
            numbered,
            late,
            kept_rows,
            rows_after,
            taken,
            answer,
        }
    }
}

impl Desk {
    /// The same desk for a caller: its queries see no more than what is theirs. What knows of others on their behalf, as
    /// who is free when, asks at the desk of the house.
    #[must_use]
    pub fn within(&self, principal: &Principal) -> Self {
        Self { store: self.store.within(scope(principal)), ..self.clone() }
    }

    /// A case, if the caller may see it.
    ///
    /// # Errors
    /// `NOT_FOUND` when there is none, or none for this caller.
    pub async fn case(&self, principal: &Principal, id: CaseId) -> Result<Case, Error> {
        let case = self.within(principal).store.case(id).await.map_err(store_error)?;
        case.filter(|case| sees(principal, case)).ok_or_else(|| Error::new(Reason::NotFound))
    }

    /// A case to prepare a step with: as this process last wrote it where that will do, else as the store has it.
    /// Another process may have moved it on since, so that only what cannot change, or what makes the step go on,
    /// may be read from memory: nothing is refused by it. The step itself decides on the case as it is at the
    /// commit.
    ///
    /// # Errors
    /// What the store says.
    pub async fn case_to_prepare(
        &self,
        id: CaseId,
        will_do: impl Fn(&Case) -> bool,
    ) -> Result<Option<Arc<Case>>, Error> {
        match self.submitter.recent_case(id).filter(|case| will_do(case)) {
            Some(case) => Ok(Some(case)),
            None => Ok(self.store.case(id).await.map_err(store_error)?.map(Arc::new)),
        }
    }

    /// Takes one step and answers with the saved bytes.
    ///
    /// # Errors
    /// What the journey refuses, `VERSION_CONFLICT`, `REQUEST_ID_REUSED`, `NOT_FOUND`, and what the
    /// store says.
    pub async fn step<M, C, A>(&self, call: &Call, step: Step<C, A>) -> Result<M, Error>
    where
        M: Message + Default,
        C: Fn(&Case) -> Result<Command, Refusal> + Send + Sync + 'static,
        A: Fn(&Case, StepEffect) -> M + Send + Sync + 'static,
    {
        let taken = step.taken;
        let submission = Submission {
            target: Target::Case(step.case),
            key: call.key(),
            caller: call.caller(),
            actor: actor(&call.principal),
            expected: step.etag,
            deed: Arc::new(ScopedDeed { principal: call.principal.clone(), step }),
        };
        self.submit_for(call, submission, taken).await
    }

    /// Writes rows that belong to no case, with the answer that a repetition gets again.
    ///
    /// # Errors
    /// `REQUEST_ID_REUSED` and what the store says; `taken` says what a lost key means, if `rows` claim
    /// one.
    pub async fn record<M: Message + Default>(
        &self,
        call: &Call,
        rows: Vec<RowOp>,
        answer: &M,
        taken: impl Into<Option<Reason>>,
    ) -> Result<M, Error> {
        let deed = RowsDeed { rows, answer: answer.encode_to_vec() };
        self.submit(of_no_case(call, Arc::new(deed)), taken).await
    }

    /// The answer saved for this call, if it was made before. For methods whose effect is not the
    /// commit of their answer: they look here first, then take effect, then [`Desk::record`] it.
    ///
    /// # Errors
    /// `REQUEST_ID_REUSED` and what the store says.
    pub async fn saved<M: Message + Default>(&self, call: &Call) -> Result<Option<M>, Error> {
        match self.submitter.submit(of_no_case(call, Arc::new(Question))).await {
            Ok(saved) => M::decode(saved.body.as_slice()).map(Some).map_err(Error::internal),
            Err(CasebookError::Refused(_)) => Ok(None),
            Err(error) => Err(to_error(error, None)),
        }
    }

    /// Hands a submission of a call in and reads its answer; whoever asked whether the call was made before
    /// is told.
    ///
    /// # Errors
    /// As [`Desk::submit`].
    pub async fn submit_for<M: Message + Default>(
        &self,
        call: &Call,
        submission: Submission,
        taken: impl Into<Option<Reason>>,
    ) -> Result<M, Error> {
        let answer = self.submitter.submit(submission).await;
        let Answer { body, repeated } = answer.map_err(|error| to_error(error, taken))?;
        if repeated {
            call.note_repeated();
        }
        M::decode(body.as_slice()).map_err(Error::internal)
    }

    /// Hands a submission in and reads its answer.
    ///
    /// # Errors
    /// See [`to_error`]; `taken` says what a lost key means, if one may be lost.
    pub async fn submit<M: Message + Default>(
        &self,
        submission: Submission,
        taken: impl Into<Option<Reason>>,
    ) -> Result<M, Error> {
        let answer = self.submitter.submit(submission).await;
        let Answer { body, .. } = answer.map_err(|error| to_error(error, taken))?;
        M::decode(body.as_slice()).map_err(Error::internal)
    }

    /// The six digits the customer gives when satisfied. Follows from the case, the number of the code and
    /// the secret key, so it is stored nowhere. The number is 0 for the first code of a case, and one more
    /// for each that took its place, see [`Case::code_number`].
    pub fn completion_code(&self, case: CaseId, number: u32) -> String {
        let mut subject = case.uuid().as_bytes().to_vec();
        if number > 0 {
            subject.extend(number.to_be_bytes());
        }
        let mac = self.key.mac("completion-code", &subject);
        let number = u32::from_be_bytes([mac[0], mac[1], mac[2], mac[3]]) % 1_000_000;
        format!("{number:06}")
    }
}

/// A query that failed, as the caller reads it.
pub(crate) fn store_error(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Reason::StoreUnavailable).because(error)
}

fn of_no_case(call: &Call, deed: Arc<dyn Deed>) -> Submission {
    Submission {
        target: Target::NoCase,
        key: call.key(),
        caller: call.caller(),
        actor: actor(&call.principal),
        expected: None,
        deed,
    }
}

/// Does nothing: it is always refused, and a refusal gives way to a saved answer and writes nothing.
struct Question;

impl Deed for Question {
    fn decide(&self, _: Option<&Case>, _: &Ctx<'_>) -> Result<Written, Refusal> {
        Err(Refusal::Service { code: "NOTHING", message: "nothing is to be done".to_owned() })
    }
}

/// What is written, and why the message moved nothing if it was only kept.
type Outcome = (Decided, Option<&'static str>);

struct ScopedDeed<C, A> {
    principal: Principal,
    step: Step<C, A>,
}

impl<M, C, A> Deed for ScopedDeed<C, A>
where
    M: Message,
    C: Fn(&Case) -> Result<Command, Refusal> + Send + Sync,
    A: Fn(&Case, StepEffect) -> M + Send + Sync,
{
    fn hides(&self, case: &Case) -> bool {
        !sees(&self.principal, case)
    }

    fn decide(&self, case: Option<&Case>, ctx: &Ctx<'_>) -> Result<Written, Refusal> {
        let case = case.ok_or_else(|| Refusal::Service {
            code: Reason::NotFound.code(),
            message: Reason::NotFound.summary().to_owned(),
        })?;
        let (decided, kept) = match self.too_late(case, ctx)? {
            Some(kept) => kept,
            None => self.decided(case, &(self.step.command)(case)?, ctx)?,
        };
        let effect = match kept {
            None => StepEffect::Applied,
            Some(_) => StepEffect::KeptAsEvidence,
        };
        let answer = (self.step.answer)(&decided.case, effect).encode_to_vec();
        let rows = match (kept, &self.step.kept_rows) {
            (None, _) => {
                let after = self.step.rows_after.as_ref();
                let after = after.map(|rows| rows(&decided.case)).unwrap_or_default();
                self.step.rows.iter().cloned().chain(after).collect()
            }
            (Some(reason), Some(rows)) => rows(reason),
            (Some(_), None) => Vec::new(),
        };
        Ok(Written { decided: Some(decided), rows, answer })
    }
}

impl<C, A> ScopedDeed<C, A> {
    /// What is written of a message that comes too late for its case.
    fn too_late(&self, case: &Case, ctx: &Ctx<'_>) -> Result<Option<Outcome>, Refusal> {
        let Some((message, late)) = &self.step.late else { return Ok(None) };
        let Some(reason) = late(case) else { return Ok(None) };
        let message = (*message).to_owned();
        let keep = Command::KeepMessage { message, reason: reason.to_owned() };
        let kept = Numbered::stamped(self.step.numbered.as_ref(), decide(case, &keep, ctx)?);
        Ok(Some((kept, Some(reason))))
    }

    /// What is written, and why the message moved nothing if it was only kept.
    fn decided(&self, case: &Case, command: &Command, ctx: &Ctx<'_>) -> Result<Outcome, Refusal> {
        let numbered = self.step.numbered.as_ref();
        if let Some(kept) = Numbered::keep_stale(numbered, case, ctx)? {
            return Ok((kept, Some(Reason::MessageStale.code())));
        }
        match decide(case, command, ctx) {
            Ok(decided) => Ok((Numbered::stamped(numbered, decided), None)),
            Err(rejection) => {
                let kept = self.keep(case, ctx, &rejection)?.ok_or(rejection.clone())?;
                Ok((Numbered::stamped(numbered, kept), Some(rejection.code())))
            }
        }
    }

    fn keep(
        &self,
        case: &Case,
        ctx: &Ctx<'_>,
        rejection: &Rejection,
    ) -> Result<Option<Decided>, Refusal> {
        let Some(message) = self.step.keep_late else { return Ok(None) };
        if !is_late(rejection) {
            return Ok(None);
        }
        let (message, reason) = (message.to_owned(), rejection.code().to_owned());
        let keep = Command::KeepMessage { message, reason };
        Ok(Some(decide(case, &keep, ctx)?))
    }
}

/// Whether a refusal says that an answer came too late. A step that does not fit the stage is that only
/// if it answers something the case has asked, and its actor may answer at all.
fn is_late(rejection: &Rejection) -> bool {
    match rejection {
        Rejection::OfferSuperseded { .. }
        | Rejection::OfferExpired { .. }
        | Rejection::CaseEnded { .. } => true,
        Rejection::IllegalTransition { verb, actor, .. } => {
            let answers = matches!(
                verb,
                Verb::AcceptOffer
                    | Verb::DeclineOffer
                    | Verb::ConfirmCertificate
                    | Verb::ContestCertificate
                    | Verb::AnswerDispute
                    | Verb::ReportPickup
                    | Verb::ReportReplacement
            );
            answers && table::row(*verb).by.contains(actor)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use parasol_journey::{ActorKind, Stage};

    use super::*;

    #[test]
    fn only_answers_of_those_who_were_asked_can_be_late() {
        let illegal = |verb, actor| {
            is_late(&Rejection::IllegalTransition {
                stage: Stage::Deciding,
                verb,
                actor,
                open: Vec::new(),
            })
        };
        assert!(illegal(Verb::AcceptOffer, ActorKind::Brand));
        assert!(illegal(Verb::ConfirmCertificate, ActorKind::Brand));
        assert!(!illegal(Verb::AcceptOffer, ActorKind::Customer));
        assert!(!illegal(Verb::BookAppointment, ActorKind::Brand));
        assert!(is_late(&Rejection::CaseEnded { stage: Stage::Closed }));
        assert!(!is_late(&Rejection::CertificateUnknown));
    }
}
