//! What was done without a network: it comes late, and the log has gone on meanwhile.
//!
//! Owns what makes a report of a visit late, and what is then kept of it. Nothing late moves a case: the
//! log has decided, and by the server's clock. It is kept as evidence all the same, with its words in the
//! vault, also where the case has been given to somebody else.

mod late;
pub mod sync;

use std::sync::Arc;

use parasol_api::Error;
use parasol_casebook::{Deed, Refusal, RowOp, Submission, Target, Written};
use parasol_desk::{StepEffect, actor, sees};
use parasol_journey::event::{Fact, Heard};
use parasol_journey::ids::{AppointmentId, TechnicianId};
use parasol_journey::{Case, Command, Ctx, Verb, decide};
use prost::Message;

use crate::report::{APPOINTMENT_OVER, Report, not_found, refusal};
use crate::stamp::Taken;
use crate::views::late_action;
use crate::{Scheduling, store_error};

pub use late::{Told, went_on};

/// Entries of a log that are searched for whose a visit was.
const LOG_MAX: u64 = 1_000;
/// Why a report is kept whose visit is another technician's by now.
const CASE_REASSIGNED: &str = "case_reassigned";

impl Scheduling {
    /// Takes the step that a report of a visit asks for, or keeps the report; says why, if it does. `done` is
    /// what was done, and the message that says so.
    ///
    /// # Errors
    /// As [`Scheduling::report`].
    pub(crate) async fn visited<M, C, A>(
        &self,
        report: Report<'_>,
        done: (Verb, &impl Message),
        command: C,
        answer: A,
    ) -> Result<M, Error>
    where
        M: Told,
        C: Fn(&Case) -> Result<Command, Refusal> + Send + Sync + 'static,
        A: Fn(&Case, StepEffect) -> M + Send + Sync + 'static,
    {
        let (verb, message) = done;
        let named = report.appointment;
        let answer = move |case: &Case, effect| {
            let told = answer(case, effect);
            match effect {
                StepEffect::KeptAsEvidence => told.because(late::why_kept(case, named, verb)),
                _ => told,
            }
        };
        let Some(taken) = report.head.taken else {
            return self.report(report, command, answer).await;
        };
        let evidence = late_action(&report, taken, &message.encode_to_vec());
        let report = Report {
            late: Some(Arc::new(move |case: &Case| went_on(case, verb))),
            evidence,
            ..report
        };
        match self.was_theirs(&report, taken).await? {
            true => self.keep_from_before(report).await,
            false => self.report(report, command, answer).await,
        }
    }

    /// Whether a case that is not the caller's any more was, when they had this very visit. The log says so:
    /// a visit may have been handed over whole.
    async fn was_theirs(&self, report: &Report<'_>, taken: Taken) -> Result<bool, Error> {
        let principal = &report.call.principal;
        let case = self.case(report.head.case, |_| false).await?;
        if sees(principal, &case) {
            return Ok(false);
        }
        let log = self.desk.store.log_after(case.id, 0, LOG_MAX).await.map_err(store_error)?;
        let given = log.iter().filter_map(|logged| match &logged.event.fact {
            Fact::AppointmentBooked { appointment, technician, .. }
            | Fact::AppointmentRescheduled { appointment, technician, .. }
            | Fact::VisitHandedOver { appointment, technician } => Some((appointment, technician)),
            _ => None,
        });
        let is_it = |(appointment, technician): (&AppointmentId, &TechnicianId)| {
            *appointment == taken.appointment && technician.as_str() == principal.subject
        };
        Ok(given.into_iter().any(is_it))
    }

    /// Keeps a report from somebody whose case it was. The answer says nothing of the case.
    async fn keep_from_before<M: Told>(&self, report: Report<'_>) -> Result<M, Error> {
        let Report { call, head, message, evidence, .. } = report;
        let deed = KeepDeed {
            message,
            heard: head.heard,
            rows: evidence,
            answer: M::kept(CASE_REASSIGNED).encode_to_vec(),
        };
        let submission = Submission {
            target: Target::Case(head.case),
            key: call.key(),
            caller: call.caller(),
            actor: actor(&call.principal),
            expected: None,
            deed: Arc::new(deed),
        };
        self.desk.submit_for(call, submission, None).await
    }
}

/// Keeps a message in the log of a case that its sender does not see any more.
struct KeepDeed {
    message: &'static str,
    heard: Option<Heard>,
    rows: Vec<RowOp>,
    answer: Vec<u8>,
}

impl Deed for KeepDeed {
    fn decide(&self, case: Option<&Case>, ctx: &Ctx<'_>) -> Result<Written, Refusal> {
        let case = case.ok_or_else(|| refusal(&not_found()))?;
        let (message, reason) = (self.message.to_owned(), CASE_REASSIGNED.to_owned());
        let kept = decide(case, &Command::KeepMessage { message, reason }, ctx)?;
        let kept = match self.heard {
            Some(heard) => kept.heard(heard),
            None => kept,
        };
        Ok(Written { decided: Some(kept), rows: self.rows.clone(), answer: self.answer.clone() })
    }
}
