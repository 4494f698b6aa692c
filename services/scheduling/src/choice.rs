//! Which window a customer or partner chose: a held slot, a slot as it was answered, or a window of
//! their own, each checked against the technician's real working time.

use std::sync::Arc;

use parasol_api::common::v1::TimeWindow;
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::Refusal;
use parasol_journey::case::Visit;
use parasol_journey::deadline::Clock;
use parasol_journey::event::Window;
use parasol_journey::ids::{AppointmentId, CaseId, TechnicianId};
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::{Case, Rejection, Task, Verb};
use parasol_runtime::identity::Principal;

use crate::Scheduling;
use crate::report::{check_open, check_part, refusal};
use crate::slot_id::{SLOT_ID_CHARS, SlotIds};
use crate::team::{Answer, Closed, Scope, Team};

/// A choice as the wire says it, checked for its form.
#[derive(Clone, Debug)]
pub enum Choice {
    /// A slot held before, or a window that was proposed.
    Held(AppointmentId),
    /// A slot as it was answered.
    Slot(String),
    /// A window agreed with the customer.
    Window(Window),
}

/// A window found good, to be booked for this technician.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The held slot it comes from, if it does.
    pub hold: Option<AppointmentId>,
    /// Whose time.
    pub technician: TechnicianId,
    /// Whose time as well, where the work needs two at once.
    pub helper: Option<TechnicianId>,
    /// When.
    pub window: Window,
}

/// A choice that can be settled in a commit: everything outside the case is known.
#[derive(Clone)]
pub enum Settled {
    /// It is the slot held then, if it still is and its time is not over at this instant; or this is why
    /// its technician cannot come.
    Held(AppointmentId, Timestamp, Arc<Result<(), Refusal>>),
    /// It is this, or this is why it cannot be.
    Fresh(Arc<Result<Chosen, Refusal>>),
}

/// The slots that are kept for a case: the one on hold, or those its customer is asked about.
fn every_kept(case: &Case) -> impl Iterator<Item = &Visit> {
    case.hold.iter().chain(&case.proposed)
}

fn kept(case: &Case, id: AppointmentId) -> Option<&Visit> {
    every_kept(case).find(|visit| visit.id == id)
}

/// When what is kept for a case goes free.
fn lapses(case: &Case) -> Option<Timestamp> {
    let clock = if case.hold.is_some() { Clock::HoldExpires } else { Clock::ChooseWindow };
    case.owes(Task::Clock(clock)).map(|owed| owed.due)
}

/// Checks the form of the id of a hold.
pub fn held(check: &mut Checker, text: &str) -> Option<Choice> {
    check.id::<AppointmentId>("hold_id", text).map(Choice::Held)
}

/// Checks the form of a slot id.
pub fn slot(check: &mut Checker, text: &str) -> Option<Choice> {
    if text.len() == SLOT_ID_CHARS && text.is_ascii() {
        return Some(Choice::Slot(text.to_owned()));
    }
    check.refuse("slot_id", Reason::FieldInvalid, SLOT_EXPECTED)
}

/// Checks the form of a window.
pub fn window(check: &mut Checker, wire: &TimeWindow) -> Option<Choice> {
    check.window("window", &Some(*wire)).map(Choice::Window)
}

/// Refuses a request without a choice.
pub fn none(check: &mut Checker) -> Option<Choice> {
    check.refuse("slot", Reason::FieldInvalid, "one of hold_id, slot_id, window")
}

const SLOT_EXPECTED: &str = "a slot as FindSlots answered it for this case and its technician";

impl Settled {
    /// The window to book for the case as it is in the commit.
    ///
    /// # Errors
    /// `HOLD_EXPIRED` when the slot is not held any more; what was found wrong before.
    pub fn of(&self, case: &Case) -> Result<Chosen, Refusal> {
        match self {
            Self::Held(id, now, fits) => {
                let hold = kept(case, *id).filter(|_| lapses(case).is_none_or(|at| *now < at));
                let hold = hold.ok_or(Refusal::Journey(Rejection::HoldExpired))?;
                Result::clone(fits)?;
                let (technician, helper) = (hold.technician.clone(), hold.helper.clone());
                Ok(Chosen { hold: Some(*id), technician, helper, window: hold.window })
            }
            Self::Fresh(chosen) => {
                let mut chosen = Result::clone(chosen)?;
                if chosen.helper.as_ref() != case.helper() {
                    // Somebody else comes along by now, of whom nothing is known here.
                    return Err(refusal(&Error::version_conflict(case.version)));
                }
                // The window that is held for this very case is booked as what it is.
                let own = every_kept(case).find(|kept| kept.window == chosen.window);
                chosen.hold = own.map(|hold| hold.id);
                Ok(chosen)
            }
        }
    }
}

impl Scheduling {
    /// Finds out everything about a choice that the case does not say. What is wrong with it comes
    /// back inside, to be said in the commit.
    ///
    /// # Errors
    /// `NOT_FOUND` when there is no such case; what the store says.
    pub(crate) async fn settle(
        &self,
        principal: &Principal,
        case: CaseId,
        verb: Verb,
        choice: Choice,
    ) -> Result<Settled, Error> {
        // A slot that is held says everything by itself; what is chosen freely depends on who comes.
        let is_held = |case: &Case| match &choice {
            Choice::Held(id) => kept(case, *id).is_some(),
            Choice::Slot(_) | Choice::Window(_) => false,
        };
        let case = self.case(case, is_held).await?;
        let now = self.desk.clock.now();
        Ok(match choice {
            Choice::Held(id) => {
                let fits = match kept(&case, id) {
                    Some(hold) => self.check_crew(&case, hold.crew(), hold.window).await,
                    None => Ok(()),
                };
                Settled::Held(id, now, Arc::new(fits))
            }
            Choice::Slot(id) => {
                let chosen = self.fresh(principal, &case, verb, |case, technician| {
                    let key = &self.desk.key;
                    SlotIds { key, case: case.id, technician }.window(&id)
                });
                let mut chosen = chosen.await;
                if let Ok(one) = &chosen
                    && !self.can_keep(&case, one).await?
                {
                    let error = Error::new(Reason::SlotTaken);
                    let text = "the technician has promised another visit too far away since then";
                    chosen = Err(refusal(&error.message(text)));
                }
                Settled::Fresh(Arc::new(chosen))
            }
            Choice::Window(window) => {
                let chosen = self.fresh(principal, &case, verb, |_, _| Some(window));
                Settled::Fresh(Arc::new(chosen.await))
            }
        })
    }

    async fn fresh(
        &self,
        principal: &Principal,
        case: &Case,
        verb: Verb,
        window: impl FnOnce(&Case, &TechnicianId) -> Option<Window>,
    ) -> Result<Chosen, Refusal> {
        check_part(principal, case)?;
        check_open(principal, case, verb)?;
        let technician = case.technician().ok_or(Rejection::TechnicianNotAssigned)?.clone();
        let window = window(case, &technician).ok_or_else(|| {
            refusal(&Error::new(Reason::FieldInvalid).message(format!("slot_id: {SLOT_EXPECTED}")))
        })?;
        let helper = case.helper().cloned();
        self.check_crew(case, [&technician].into_iter().chain(&helper), window).await?;
        Ok(Chosen { hold: None, technician, helper, window })
    }

    /// Refuses a visit that one of those who come cannot make. All of them work for the centre that has the
    /// work order.
    async fn check_crew(
        &self,
        case: &Case,
        crew: impl Iterator<Item = &TechnicianId>,
        window: Window,
    ) -> Result<(), Refusal> {
        for technician in crew {
            self.check_fits(case, technician, window).await?;
        }
        Ok(())
    }

    /// Whether everybody who comes still gets to a slot and on from it. Whether it is free is the claim's
    /// to say.
    async fn can_keep(&self, case: &Case, chosen: &Chosen) -> Result<bool, Error> {
        for technician in [&chosen.technician].into_iter().chain(&chosen.helper) {
            if !self.gets_there(case, chosen, technician).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn gets_there(
        &self,
        case: &Case,
        chosen: &Chosen,
        technician: &TechnicianId,
    ) -> Result<bool, Error> {
        let entry = self.roster.technician(technician).await?;
        let members = [(technician.clone(), entry)];
        let day = chosen.window.start.shanghai_day();
        let from = Timestamp::shanghai_midnight(day);
        let scope = Scope { from, until: from + Span::days(1) };
        let mut promised = self.promised(&members, scope).await?;
        promised.retain(|one| one.case != case.id);
        let asked = (case.filing.category, self.place(case).await?.point());
        let team = Team::new(&members, &promised, asked, &[day], Arc::clone(&self.travel));
        let found = team.find(&[chosen.window]);
        let too_far = |answer: &Answer| matches!(answer, Answer::Closed(whys) if whys.contains_key(&Closed::Travel));
        Ok(!found.iter().any(too_far))
    }

    /// Refuses a visit that its technician cannot make. A window that is over is the journey's to refuse:
    /// it has the better reason.
    async fn check_fits(
        &self,
        case: &Case,
        technician: &TechnicianId,
        window: Window,
    ) -> Result<(), Refusal> {
        let entry = self.roster.technician_promised(technician).await;
        let entry = entry.map_err(|error| refusal(&error))?;
        if window.end <= self.desk.clock.now() {
            return Ok(());
        }
        entry.check(case.filing.category, window).map_err(|error| refusal(&error))
    }
}
