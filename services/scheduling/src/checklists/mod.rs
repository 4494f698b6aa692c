//! Checklists: the form of an inspection as data, and what was filled.
//!
//! [`publish`] says what a form may be, [`fill`] holds an answer against a form, both pure; [`shelf`]
//! keeps them. A form never changes once it is published, so an answer that is right against the form
//! it names is right for ever; only whether that form may still be used depends on the time, and that is
//! said in the commit. A technician without a network fills the form that was in force when the day was
//! read, so a superseded one is taken for [`GRACE`] more.

pub mod fill;
pub mod publish;
pub mod shelf;

use parasol_api::common::v1;
use parasol_api::technician::v1::SubmitInspectionRequest;
use parasol_api::{Checker, Error, Listed as _, Reason};
use parasol_casebook::{Refusal, RowOp};
use parasol_journey::ids::{CaseId, CertificateId};
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::vocab::Category;
use parasol_journey::{Case, Stage};

use crate::Scheduling;
use crate::report::refusal;
use fill::Filled;
use shelf::Form;

/// How long a form is taken after it was superseded.
const GRACE: Span = Span::days(7);

/// The checklist of a message, as far as it can be told without the case.
pub struct Brought {
    /// The name it was sent under; empty when none was sent.
    name: String,
    /// The form of that name.
    form: Option<Form>,
    /// What was filled, if the form is known.
    filled: Option<Filled>,
}

impl Brought {
    /// The rows that keep what was filled.
    pub fn rows(&self, case: CaseId, certificate: CertificateId, at: Timestamp) -> Vec<RowOp> {
        let filled = self.filled.iter();
        filled.flat_map(|filled| shelf::filled_rows(filled, case, certificate, at)).collect()
    }

    /// Why this is not what an inspection of this category has to come with, given the form in force.
    fn wrong(
        &self,
        category: Category,
        in_force: Option<&Form>,
        now: Timestamp,
    ) -> Option<Refusal> {
        let current = in_force.map(|form| form.content.checklist.as_str());
        let (reason, message) = match (&self.form, current) {
            (None, None) if self.name.is_empty() => return None,
            (Some(form), _) if form.fits(category, now) => return None,
            (None, Some(current)) if self.name.is_empty() => {
                let message = format!("checklist: {current} is in force for {}", category.as_str());
                (Reason::ChecklistRequired, message)
            }
            (_, current) => {
                let current = current.unwrap_or("none");
                let message = format!("checklist: in force for {} is {current}", category.as_str());
                (Reason::ChecklistUnknown, message)
            }
        };
        Some(refusal(&Error::new(reason).message(message)))
    }
}

impl Form {
    /// Whether an inspection of this category may be filled in on it now.
    fn fits(&self, category: Category, now: Timestamp) -> bool {
        let is_fresh = self.superseded_at.is_none_or(|at| now < at + GRACE);
        self.content.category == category.number() && is_fresh
    }
}

/// What is wrong with the checklist of a message, said only while the inspection is still to come.
#[derive(Clone)]
pub struct Duty(Option<Refusal>);

impl Duty {
    /// Refuses an inspection that comes without what it has to come with.
    ///
    /// # Errors
    /// `CHECKLIST_REQUIRED`, `CHECKLIST_UNKNOWN`.
    pub fn check(&self, case: &Case) -> Result<(), Refusal> {
        match &self.0 {
            Some(wrong) if matches!(case.stage, Stage::OnSite | Stage::Inspecting) => {
                Err(wrong.clone())
            }
            _ => Ok(()),
        }
    }
}

impl Scheduling {
    /// Reads the checklist of a message against the form it names, noting every violation.
    ///
    /// # Errors
    /// What the store says.
    pub(crate) async fn brought(
        &self,
        check: &mut Checker,
        message: &SubmitInspectionRequest,
    ) -> Result<Option<Brought>, Error> {
        let Some(wire) = &message.checklist else {
            return Ok(Some(Brought { name: String::new(), form: None, filled: None }));
        };
        let Some(name) = check.within("checklist", |check| publish::name(check, &wire.checklist))
        else {
            return Ok(None);
        };
        let form = shelf::form(&self.desk.store, &name).await?;
        let Some(form) = form else {
            return Ok(Some(Brought { name, form: None, filled: None }));
        };
        let nothing = v1::Certificate::default();
        let certificate = message.certificate.as_ref().unwrap_or(&nothing);
        let filled =
            check.within("checklist", |check| fill::check(check, &form.content, wire, certificate));
        Ok(filled.map(|filled| Brought { name, form: Some(form), filled: Some(filled) }))
    }

    /// What an inspection of a case has to come with, held against what it brought.
    ///
    /// # Errors
    /// `NOT_FOUND` when there is no such case; what the store says.
    pub(crate) async fn duty(&self, case: CaseId, brought: &Brought) -> Result<Duty, Error> {
        let category = self.case_as_filed(case).await?.filing.category;
        let in_force = shelf::in_force(&self.desk.store, category).await?;
        Ok(Duty(brought.wrong(category, in_force.as_ref(), self.desk.clock.now())))
    }
}
