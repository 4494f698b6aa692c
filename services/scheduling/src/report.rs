//! A message about an appointment: who may send it, which appointment it means, and what becomes of
//! one that comes too late.
//!
//! A message that names an appointment which has been called off is kept as evidence and moves
//! nothing. One that names none means the live one and is refused like any other step that does not
//! fit. Everything is said in the commit and not before, so that a repetition always finds its saved
//! answer first.

use std::sync::Arc;

use parasol_api::{Error, Reason};
use parasol_casebook::{Refusal, RowOp};
use parasol_desk::{Call, KeptRows, Late, Numbered, Step, StepEffect, actor, sees};
use parasol_journey::ids::{AppointmentId, CaseId};
use parasol_journey::{Case, Command, Rejection, Verb, table};
use parasol_runtime::identity::{Principal, Role};
use prost::Message;
use sea_orm::EntityTrait as _;

use crate::stamp::Head;
use crate::tables::{State, appointments};
use crate::{Scheduling, store_error};

/// Why a late message moves nothing, as the log has it.
pub const APPOINTMENT_OVER: &str = "appointment_over";

/// Whether the caller has a part in the case as it is now. A centre has one only while it has the
/// work order, and a brand that lends its network only while its centre has; that they were once
/// offered the case opens nothing here.
pub fn takes_part(principal: &Principal, case: &Case) -> bool {
    match principal.role {
        Role::Centre => {
            let centre = case.work_order.as_ref().map(|order| order.centre.as_str());
            centre == Some(principal.subject.as_str())
        }
        Role::Brand => {
            let brands = [&case.filing.brand, case.serving_brand()];
            brands.iter().any(|brand| brand.as_str() == principal.subject)
        }
        _ => sees(principal, case),
    }
}

/// Refuses a caller without a part in the case, as if the case did not exist.
pub fn check_part(principal: &Principal, case: &Case) -> Result<(), Refusal> {
    if takes_part(principal, case) { Ok(()) } else { Err(refusal(&not_found())) }
}

/// Refuses a command that is not open to the caller in this stage, as the journey would.
pub fn check_open(principal: &Principal, case: &Case, verb: Verb) -> Result<(), Refusal> {
    let actor = actor(principal).kind;
    if table::allows(case.stage, verb, actor) {
        return Ok(());
    }
    let stage = case.stage;
    Err(Refusal::Journey(match stage.is_ended() {
        true => Rejection::CaseEnded { stage },
        false => {
            Rejection::IllegalTransition { stage, verb, actor, open: table::open_to(stage, actor) }
        }
    }))
}

/// An error as a refusal, so that it is said only if no answer was saved for the same request.
pub fn refusal(error: &Error) -> Refusal {
    Refusal::Service { code: error.reason().code(), message: error.text().to_owned() }
}

pub fn not_found() -> Error {
    Error::new(Reason::NotFound)
}

/// Which slot or visit of a case a message may be about.
pub type Live = fn(&Case) -> Option<AppointmentId>;

/// The visit of a case.
pub fn live_visit(case: &Case) -> Option<AppointmentId> {
    case.visit.as_ref().map(|visit| visit.id)
}

/// The held slot of a case.
pub fn live_hold(case: &Case) -> Option<AppointmentId> {
    case.hold.as_ref().map(|hold| hold.id)
}

/// A message on its way to its case.
pub struct Report<'a> {
    /// The call.
    pub call: &'a Call,
    /// The case and the version its sender insists on.
    pub head: Head,
    /// The appointment it names, if it does.
    pub appointment: Option<AppointmentId>,
    /// Which of the case's appointments is the live one.
    pub live: Live,
    /// What the log calls it, if it comes too late.
    pub message: &'static str,
    /// Personal data that comes with it.
    pub rows: Vec<RowOp>,
    /// Says of a case why the message comes too late for it, where late ones are kept.
    pub late: Option<Late>,
    /// What is kept of it if it moves nothing.
    pub evidence: Vec<RowOp>,
}

impl<'a> Report<'a> {
    /// A message about a visit.
    pub fn of_visit(
        call: &'a Call,
        head: Head,
        appointment: Option<AppointmentId>,
        message: &'static str,
    ) -> Self {
        let appointment = appointment.or(head.taken.map(|taken| taken.appointment));
        let (rows, evidence) = (Vec::new(), Vec::new());
        Self { call, head, appointment, live: live_visit, message, rows, late: None, evidence }
    }
}

/// What the appointment that a message names is.
enum Aim {
    /// The live one, or none was named.
    Live,
    /// One that was called off.
    Over,
}

impl Scheduling {
    /// A case, whoever asks: for preparing a step whose commit checks the caller. As
    /// [`parasol_desk::Desk::case_to_prepare`].
    ///
    /// # Errors
    /// `NOT_FOUND` when there is no such case.
    pub(crate) async fn case(
        &self,
        id: CaseId,
        will_do: impl Fn(&Case) -> bool,
    ) -> Result<Arc<Case>, Error> {
        self.desk.case_to_prepare(id, will_do).await?.ok_or_else(not_found)
    }

    /// The filing of a case, which nothing changes.
    ///
    /// # Errors
    /// As [`Scheduling::case`].
    pub(crate) async fn case_as_filed(&self, id: CaseId) -> Result<Arc<Case>, Error> {
        self.case(id, |_| true).await
    }

    /// Takes the step a message asks for, or keeps the message.
    ///
    /// # Errors
    /// `NOT_FOUND` for a caller without a part in the case and for an appointment that is not of
    /// this case; what the journey refuses; what the store says.
    pub(crate) async fn report<M, C, A>(
        &self,
        report: Report<'_>,
        command: C,
        answer: A,
    ) -> Result<M, Error>
    where
        M: Message + Default,
        C: Fn(&Case) -> Result<Command, Refusal> + Send + Sync + 'static,
        A: Fn(&Case, StepEffect) -> M + Send + Sync + 'static,
    {
        let Report { call, head, appointment, live, message, rows, late, evidence } = report;
        let numbered = head.heard.map(|heard| Numbered { message, heard });
        let aim = self.aim(&call.principal, head.case, appointment, live).await?;
        if matches!(aim, Ok(Aim::Over)) {
            let keep = move |_: &Case| {
                let (message, reason) = (message.to_owned(), APPOINTMENT_OVER.to_owned());
                Ok(Command::KeepMessage { message, reason })
            };
            let kept = move |case: &Case, _| answer(case, StepEffect::KeptAsEvidence);
            let rows = evidence;
            let step = Step { rows, numbered, ..Step::new(head.case, head.etag, keep) };
            return self.desk.step(call, step.answering(kept)).await;
        }
        let wrong = aim.err();
        let principal = call.principal.clone();
        let command = move |case: &Case| {
            check_part(&principal, case)?;
            match &wrong {
                Some(wrong) => Err(wrong.clone()),
                None => {
                    check_live(case, appointment, live)?;
                    command(case)
                }
            }
        };
        let taken = Some(Reason::SlotTaken);
        let late = late.map(|late| (message, late));
        let kept_rows: Option<KeptRows> = match evidence.is_empty() {
            true => None,
            false => Some(Arc::new(move |_| evidence.clone())),
        };
        let step = Step::new(head.case, head.etag, command);
        let step = Step { rows, taken, numbered, late, kept_rows, ..step };
        self.desk.step(call, step.answering(answer)).await
    }

    /// Finds out what a message is about, from the case and from what is known of its appointments.
    async fn aim(
        &self,
        principal: &Principal,
        case: CaseId,
        appointment: Option<AppointmentId>,
        live: Live,
    ) -> Result<Result<Aim, Refusal>, Error> {
        let Some(id) = appointment else {
            return Ok(Ok(Aim::Live));
        };
        let case = self.case(case, |case| live(case) == appointment).await?;
        if live(&case) == appointment {
            return Ok(Ok(Aim::Live));
        }
        if live_hold(&case) == appointment {
            // A slot that is only held is no visit yet.
            return Ok(Err(refusal(&not_found())));
        }
        let find = appointments::Entity::find_by_id(id.uuid());
        let row = find.one(self.desk.store.reader()).await.map_err(store_error)?;
        let row = row.filter(|row| row.case_id == case.id.uuid() && is_of(principal, row));
        let Some(row) = row else {
            return Ok(Err(refusal(&not_found())));
        };
        let is_newer = row.case_version() > case.version;
        let called_off = State::parse(&row.state).is_some_and(State::is_called_off);
        // A visit that was carried out and then left its case, for a second opinion, is over too.
        Ok(Ok(if called_off || !is_newer { Aim::Over } else { Aim::Live }))
    }
}

/// Whether an appointment was ever this caller's to speak of.
fn is_of(principal: &Principal, row: &appointments::Model) -> bool {
    match principal.role {
        Role::Centre => row.centre == principal.subject,
        Role::Technician => {
            [&row.technician, &row.helper].iter().any(|one| **one == principal.subject)
        }
        _ => true,
    }
}

/// The appointment named must be live in the commit too; if it is so no longer, the caller looks
/// again, and the same message is then found to be late.
fn check_live(case: &Case, named: Option<AppointmentId>, live: Live) -> Result<(), Refusal> {
    match named {
        Some(named) if live(case) != Some(named) => {
            Err(refusal(&Error::version_conflict(case.version)))
        }
        _ => Ok(()),
    }
}
