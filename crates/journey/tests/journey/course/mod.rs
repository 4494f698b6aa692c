//! Drives cases: a sample of every command (`samples`), and a way from filing to every stage (`ways`).

mod samples;
mod ways;

pub use ways::standing_in;

use parasol_journey::calendar::Calendar;
use parasol_journey::deadline::Deadlines;
use parasol_journey::event::Filing;
use parasol_journey::ids::*;
use parasol_journey::pinned::{Contract, RepairsBefore};
use parasol_journey::promise::{CountedIn, Pauses, Stop, Term, TermClock, Trigger, Worth};
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::vocab::*;
use parasol_journey::{
    Actor, ActorKind, Case, Command, Ctx, Decided, Event, Rejection, Verb, decide, file,
};
use uuid::Uuid;

/// A case with its whole log and a clock that only moves when told.
#[derive(Clone)]
pub struct Course {
    pub case: Case,
    pub log: Vec<Event>,
    pub now: Timestamp,
    ids: u128,
}

/// A Monday morning inside the calendar.
pub fn start() -> Timestamp {
    Timestamp::parse("2026-06-08T09:30:00+08:00").unwrap()
}

pub fn filing() -> Filing {
    Filing {
        customer: CustomerId::new(Uuid::from_u128(7)),
        order_line: "JX1-1".parse().unwrap(),
        sku: "AUR-BCD-520".parse().unwrap(),
        brand: "aurora".parse().unwrap(),
        category: Category::Refrigerator,
        serial: "SN0001".parse().unwrap(),
        county: "330106".parse().unwrap(),
        kind: CaseKind::Quality,
        wants: Some(Remedy::Repair),
        symptom: "not_cooling".into(),
        received_at: start() - Span::days(3),
        installed_at: None,
        price_fen: 399_900,
        promises: vec![Promise::FiveWorkingDays, Promise::HundredMinutes],
        terms: terms(),
        policy: "cn-2026.1".into(),
        prior_repairs: 0,
        repairs_before: RepairsBefore::default(),
        gifts: vec![],
        contract: Contract::default(),
        declared_intact: false,
        danger: false,
        damaged_on_arrival: false,
    }
}

/// Three promises with clocks, of whom each is counted, stopped, charged and worth something else.
pub fn terms() -> Vec<Term> {
    let clock = |promise: &str, clock| Term { promise: promise.to_owned(), clock: Some(clock) };
    let hundred = TermClock {
        starts: Trigger::ReceivedAndFaultConfirmed,
        minutes: 100,
        counted_in: CountedIn::Natural,
        stops: Stop::Solved,
        pauses: Pauses::Never,
        charged_to: Party::Retailer,
        worth: Worth::OnceInspected,
    };
    let five = TermClock {
        starts: Trigger::UnitReceived,
        minutes: 5 * 1_440,
        counted_in: CountedIn::WorkingDays,
        stops: Stop::HandedBack,
        worth: Worth::Always,
        ..hundred
    };
    let vendor = TermClock {
        starts: Trigger::UnitReceived,
        minutes: 1_440,
        stops: Stop::UnitReturned,
        charged_to: Party::Brand,
        worth: Worth::Always,
        ..hundred
    };
    vec![
        clock("five_working_days", five),
        clock("hundred_minutes", hundred),
        clock("vendor_24_hours", vendor),
    ]
}

pub fn actor(kind: ActorKind) -> Actor {
    Actor { kind, id: Some(format!("{kind}-1")) }
}

pub fn centre(n: u128) -> CentreId {
    format!("aurora-hz-{n:02}").parse().unwrap()
}

pub fn technician() -> TechnicianId {
    "tech-1".parse().unwrap()
}

/// What a command would write.
pub fn decided(course: &Course, kind: ActorKind, command: &Command) -> Result<Decided, Rejection> {
    decided_by(course, &actor(kind), command)
}

/// The same by somebody in particular.
pub fn decided_by(course: &Course, actor: &Actor, command: &Command) -> Result<Decided, Rejection> {
    let deadlines = Deadlines::default();
    let calendar = Calendar::china();
    let ctx = Ctx { now: course.now, actor, calendar, deadlines: &deadlines };
    decide(&course.case, command, &ctx)
}

impl Course {
    pub fn filed(filing: Filing) -> Self {
        let now = start();
        let actor = actor(ActorKind::Customer);
        let deadlines = Deadlines::default();
        let ctx = Ctx { now, actor: &actor, calendar: Calendar::china(), deadlines: &deadlines };
        let id = CaseId::new(Uuid::from_u128(1));
        let decided = file(id, &Command::File { filing }, &ctx).unwrap();
        Self { case: decided.case, log: decided.events, now, ids: 100 }
    }

    pub fn next_id(&mut self) -> Uuid {
        self.ids += 1;
        Uuid::from_u128(self.ids)
    }

    pub fn wait(&mut self, span: Span) -> &mut Self {
        self.now = self.now + span;
        self
    }

    /// Gives a command; on success the case moves on.
    pub fn give(&mut self, kind: ActorKind, command: &Command) -> Result<(), Rejection> {
        let decided = decided(self, kind, command)?;
        self.log.extend(decided.events);
        self.case = decided.case;
        Ok(())
    }

    pub fn must(&mut self, kind: ActorKind, command: &Command) -> &mut Self {
        let stage = self.case.stage;
        self.give(kind, command)
            .unwrap_or_else(|refused| panic!("{} in {stage}: {refused}", command.verb()));
        self
    }

    /// Gives the sample of a command.
    pub fn sample(&mut self, kind: ActorKind, verb: Verb) -> &mut Self {
        let command = self.sample_of(verb);
        self.must(kind, &command)
    }

    /// Lets the earliest armed clock run out.
    pub fn miss_next(&mut self) -> &mut Self {
        let owed = *self.case.next_deadline().expect("an open case has a deadline");
        self.now = self.now.max(owed.due);
        self.must(ActorKind::Timer, &Command::Fire { task: owed.task, generation: owed.generation })
    }
}
