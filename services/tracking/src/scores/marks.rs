//! Marks: what one case adds to whose figures. A pure function of its log.
//!
//! Each mark is one occurrence: it counts in a figure with a value, or is left out with a reason. Marks are made
//! anew from the whole log whenever a case has moved, and what differs from before is the change of the
//! figures; so a late entry, a repetition or another order of cases comes to the same.

use std::collections::BTreeMap;

use parasol_journey::event::Filing;
use parasol_journey::ids::{BrandId, CaseId, CentreId, TechnicianId};
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::Category;
use parasol_journey::{Case, Event};
use uuid::Uuid;

use super::folds;
use super::indicator::{Id, Level};
use super::period::Month;

/// Names the space in which figures have their ids. Never change it: stored figures are found by them.
const FIGURES: Uuid = Uuid::from_u128(0x3c0e_9a41_7d52_5f1b_8a6e_21f4_90c7_d8b3);

/// One figure: an indicator of a subject in a month.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Figure {
    /// Who is scored.
    pub level: Level,
    /// Which: a brand, centre, technician or agent; for the retailer the brand it serves.
    pub subject: String,
    /// The category, for levels that are kept by it.
    pub category: Option<Category>,
    /// The indicator.
    pub indicator: Id,
    /// The month.
    pub month: Month,
}

impl Figure {
    /// What tables know it by.
    pub fn id(&self) -> Uuid {
        let parts = [
            self.level.as_str(),
            &self.subject,
            self.category.map_or("", Category::as_str),
            self.indicator.as_str(),
            &self.month.to_string(),
        ];
        // Subjects hold no line break.
        Uuid::new_v5(&FIGURES, parts.join("\n").as_bytes())
    }
}

/// One occurrence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// When it counted.
    pub at: Timestamp,
    /// What it adds to the numerator.
    pub value: i64,
    /// Why it is left out; empty for one that counts.
    pub excluded: &'static str,
}

/// The marks of a case, by the figure and the entry of the log they count from.
pub type Marks = BTreeMap<(Figure, u64), Mark>;

/// A follow-up of a case that was closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowedUp {
    /// The how-manieth of the case.
    pub number: u64,
    /// Who closed it.
    pub agent: String,
    /// When.
    pub at: Timestamp,
    /// Whether it was solved within its first time.
    pub in_time: bool,
}

/// Whose job a case is, or was last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The brand whose network works, or the unit's own.
    pub brand: BrandId,
    /// The centre.
    pub centre: Option<CentreId>,
    /// The technician.
    pub technician: Option<TechnicianId>,
}

/// One entry of a log with the case around it.
pub struct Step<'a> {
    /// The entry.
    pub event: &'a Event,
    /// The case before it; the first entry has the case after it here.
    pub before: &'a Case,
    /// The case after it.
    pub after: &'a Case,
    /// Whose job it is, or was last, before the entry.
    pub job: &'a Job,
}

/// Takes marks in.
pub struct Sheet<'a> {
    filing: &'a Filing,
    marks: Marks,
}

/// Whose figure a mark counts in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose<'a> {
    /// Everybody on a job whom the indicator measures.
    Job(&'a Job),
    /// A brand alone.
    Brand(&'a BrandId),
    /// A centre alone.
    Centre(&'a CentreId),
    /// A technician alone.
    Technician(&'a TechnicianId),
    /// An agent.
    Agent(&'a str),
    /// The retailer, towards the brand of the case.
    Retailer,
}

impl Sheet<'_> {
    /// Counts an occurrence, or changes one that was counted from the same entry.
    pub fn put(&mut self, whose: &Whose<'_>, indicator: Id, seq: u64, at: Timestamp, value: i64) {
        self.mark(whose, indicator, seq, Mark { at, value, excluded: "" });
    }

    /// Leaves an occurrence out, for a reason that is on record.
    pub fn leave_out(
        &mut self,
        whose: &Whose<'_>,
        indicator: Id,
        seq: u64,
        at: Timestamp,
        because: &'static str,
    ) {
        self.mark(whose, indicator, seq, Mark { at, value: 0, excluded: because });
    }

    /// Takes back whatever was counted from an entry.
    pub fn take_back(&mut self, seq: u64, which: impl Fn(Id) -> bool) {
        self.marks.retain(|(figure, from), _| *from != seq || !which(figure.indicator));
    }

    fn mark(&mut self, whose: &Whose<'_>, indicator: Id, seq: u64, mark: Mark) {
        let levels = indicator.row().levels;
        for (level, subject) in whose.subjects(self.filing) {
            if !levels.contains(&level) {
                continue;
            }
            let category = level.by_category().then_some(self.filing.category);
            let month = Month::of(mark.at);
            let figure = Figure { level, subject, category, indicator, month };
            self.marks.insert((figure, seq), mark);
        }
    }
}

impl Whose<'_> {
    fn subjects(&self, filing: &Filing) -> Vec<(Level, String)> {
        match self {
            Self::Job(job) => {
                let centre = job.centre.as_ref().map(|one| (Level::Centre, one.to_string()));
                let person = job.technician.as_ref();
                let person = person.map(|one| (Level::Technician, one.to_string()));
                let brand = (Level::Brand, job.brand.to_string());
                [Some(brand), centre, person].into_iter().flatten().collect()
            }
            Self::Brand(brand) => vec![(Level::Brand, brand.to_string())],
            Self::Centre(centre) => vec![(Level::Centre, centre.to_string())],
            Self::Technician(one) => vec![(Level::Technician, one.to_string())],
            Self::Agent(agent) => vec![(Level::Agent, (*agent).to_owned())],
            Self::Retailer => vec![(Level::Retailer, filing.brand.to_string())],
        }
    }
}

/// A part of the counting: sees every entry of a log in order.
pub trait Fold {
    /// Notes what an entry means for its indicators.
    fn see(&mut self, step: &Step<'_>, sheet: &mut Sheet<'_>);
}

/// All marks of a case. `None` for what is not a log.
pub fn marks(id: CaseId, log: &[Event], followed_up: &[FollowedUp]) -> Option<Marks> {
    let mut after = Case::replay(id, log.get(..1)?)?;
    let filing = after.filing.clone();
    let mut sheet = Sheet { filing: &filing, marks: Marks::new() };
    let mut folds = folds::all();
    let mut job = Job { brand: filing.brand.clone(), centre: None, technician: None };
    let mut before = after.clone();
    for event in log {
        if event.seq > after.version {
            before.clone_from(&after);
            after.apply(event);
        }
        let step = Step { event, before: &before, after: &after, job: &job };
        for fold in &mut folds {
            fold.see(&step, &mut sheet);
        }
        if let Some(order) = &after.work_order {
            let (centre, technician) = (Some(order.centre.clone()), order.technician.clone());
            job = Job { brand: after.serving_brand().clone(), centre, technician };
        }
    }
    // One that nobody had taken on counts for nobody.
    for one in followed_up.iter().filter(|one| !one.agent.is_empty()) {
        let value = i64::from(one.in_time);
        sheet.put(&Whose::Agent(&one.agent), Id::FollowUpInTime, one.number, one.at, value);
    }
    Some(sheet.marks)
}
