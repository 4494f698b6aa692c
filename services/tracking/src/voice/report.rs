//! Digests of a day and reports of a month: counts of what was said and done. Pure.

use std::collections::BTreeMap;

use parasol_api::convert::Listed as _;
use parasol_api::tracking::v1 as wire;
use parasol_journey::ids::CaseId;
use parasol_journey::vocab::Category;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::tables::{complaints, follow_ups, surveys};

/// Parts of one.
const MILLION: i64 = 1_000_000;

/// Everything a digest or report is counted from: what lies in its time, of one category or of all.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// The last answer of each case, if that was given in the time.
    pub surveys: Vec<surveys::Model>,
    /// Complaints opened in it.
    pub complaints: Vec<complaints::Model>,
    /// Complaints closed in it.
    pub complaints_closed: i64,
    /// Complaints open at its end.
    pub complaints_open: i64,
    /// Follow-ups opened in it.
    pub follow_ups: Vec<follow_ups::Model>,
    /// Follow-ups closed in it.
    pub follow_ups_closed: Vec<follow_ups::Model>,
    /// Steps up in it.
    pub escalated: i64,
    /// Follow-ups past their time at its end.
    pub overdue: i64,
    /// Texts that nobody has read at its end.
    pub unread: i64,
}

/// How content customers were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mood {
    /// Surveys answered.
    pub surveys: i64,
    /// The mean of CSAT, in millionths of a point.
    pub csat: i64,
    /// NPS, -100 to 100.
    pub nps: i64,
    /// Answers of 2 or less.
    pub dissatisfied: i64,
}

impl Mood {
    /// That of some answers.
    pub fn of<'a>(answers: impl IntoIterator<Item = &'a surveys::Model>) -> Self {
        let (mut mood, mut csat) = (Self::default(), 0);
        let (mut promoters, mut detractors, mut asked) = (0, 0, 0);
        for one in answers {
            mood.surveys += 1;
            csat += one.csat;
            mood.dissatisfied += i64::from(one.csat <= 2);
            if one.nps >= 0 {
                asked += 1;
                promoters += i64::from(one.nps >= 9);
                detractors += i64::from(one.nps <= 6);
            }
        }
        if mood.surveys > 0 {
            mood.csat = csat * MILLION / mood.surveys;
        }
        if asked > 0 {
            mood.nps = (promoters - detractors) * 100 / asked;
        }
        mood
    }
}

/// Words with how often they were met, in the order of the alphabet.
type Counts = BTreeMap<String, i64>;

fn count<'a>(words: impl Iterator<Item = &'a String>) -> Counts {
    let mut counts = Counts::new();
    for word in words {
        *counts.entry(word.clone()).or_default() += 1;
    }
    counts
}

/// A case to learn from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lesson {
    /// The case.
    pub case: Uuid,
    /// Its brand.
    pub brand: String,
    /// Its category.
    pub category: String,
    /// Why it was taken.
    pub because: String,
}

/// The voice of the customer of one day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// How content customers were.
    pub mood: Mood,
    /// Texts nobody has read.
    pub unread: i64,
    /// Follow-ups opened, by what they are about.
    pub follow_ups: Counts,
    /// Follow-ups closed.
    pub follow_ups_closed: i64,
    /// Steps up.
    pub escalated: i64,
    /// Follow-ups past their time.
    pub overdue: i64,
    /// Complaints opened, by class.
    pub complaints: Counts,
    /// A case to learn from.
    pub lesson: Option<Lesson>,
}

/// The digest of a day.
pub fn digest(heard: &Heard) -> Digest {
    Digest {
        mood: Mood::of(&heard.surveys),
        unread: heard.unread,
        follow_ups: count(heard.follow_ups.iter().map(|row| &row.issue)),
        follow_ups_closed: i64::try_from(heard.follow_ups_closed.len()).unwrap_or(i64::MAX),
        escalated: heard.escalated,
        overdue: heard.overdue,
        complaints: count(heard.complaints.iter().map(|row| &row.class)),
        lesson: lesson(heard),
    }
}

/// The least content answer of those that say something is wrong; else the first complaint, else the first
/// follow-up of the day.
fn lesson(heard: &Heard) -> Option<Lesson> {
    let worst = heard.surveys.iter().filter(|one| one.csat <= 2);
    let worst =
        worst.min_by_key(|one| (one.csat, one.voice.is_nil(), one.nps, one.at, one.case_id));
    let complaint = heard.complaints.iter().min_by_key(|one| (one.opened_at, one.complaint));
    let follow_up = heard.follow_ups.iter().min_by_key(|one| (one.opened_at, one.follow_up));
    let of = |case: Uuid, brand: &str, category: &str, because: &str| Lesson {
        case,
        brand: brand.to_owned(),
        category: category.to_owned(),
        because: because.to_owned(),
    };
    worst
        .map(|one| of(one.case_id, &one.brand, &one.category, "lowest_csat"))
        .or_else(|| complaint.map(|one| of(one.case_id, &one.brand, &one.category, "complaint")))
        .or_else(|| follow_up.map(|one| of(one.case_id, &one.brand, &one.category, "follow_up")))
}

/// One brand's line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfBrand {
    /// How content its customers were.
    pub mood: Mood,
    /// Complaints opened.
    pub complaints: i64,
    /// Follow-ups opened.
    pub follow_ups: i64,
}

/// The complaints of a month in one business unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// How content customers were.
    pub mood: Mood,
    /// Complaints opened, by class.
    pub by_class: Counts,
    /// What came of those that were acted on.
    pub by_outcome: Counts,
    /// Complaints closed.
    pub closed: i64,
    /// Complaints open at the end.
    pub open: i64,
    /// Follow-ups opened, by what they are about.
    pub follow_ups: Counts,
    /// Follow-ups solved in their first time, of those closed in millionths.
    pub in_time: i64,
    /// By brand.
    pub brands: BTreeMap<String, OfBrand>,
}

/// The report of a month.
pub fn report(heard: &Heard) -> Report {
    let mut brands: BTreeMap<String, OfBrand> = BTreeMap::new();
    let mut answers: BTreeMap<&str, Vec<&surveys::Model>> = BTreeMap::new();
    for one in &heard.surveys {
        answers.entry(&one.brand).or_default().push(one);
    }
    for (brand, answers) in answers {
        brands.entry(brand.to_owned()).or_default().mood = Mood::of(answers);
    }
    for one in &heard.complaints {
        brands.entry(one.brand.clone()).or_default().complaints += 1;
    }
    for one in &heard.follow_ups {
        brands.entry(one.brand.clone()).or_default().follow_ups += 1;
    }
    let closed = &heard.follow_ups_closed;
    let in_time: i64 = closed.iter().map(|row| row.in_time).sum();
    let all = i64::try_from(closed.len()).unwrap_or(i64::MAX);
    let outcomes = heard.complaints.iter().map(|row| &row.outcome);
    Report {
        mood: Mood::of(&heard.surveys),
        by_class: count(heard.complaints.iter().map(|row| &row.class)),
        by_outcome: count(outcomes.filter(|outcome| !outcome.is_empty())),
        closed: heard.complaints_closed,
        open: heard.complaints_open,
        follow_ups: count(heard.follow_ups.iter().map(|row| &row.issue)),
        in_time: (in_time * MILLION).checked_div(all).unwrap_or_default(),
        brands,
    }
}

fn to_counts(counts: &Counts) -> Vec<wire::VocCount> {
    counts
        .iter()
        .map(|(word, count)| wire::VocCount { word: word.clone(), count: *count })
        .collect()
}

impl Digest {
    /// On the wire.
    pub fn to_wire(&self, day: String, frozen: bool) -> wire::VocDigest {
        let lesson = self.lesson.as_ref();
        let category = lesson.and_then(|one| Category::parse(&one.category));
        wire::VocDigest {
            day,
            frozen,
            surveys: self.mood.surveys,
            csat: self.mood.csat,
            nps: self.mood.nps,
            dissatisfied: self.mood.dissatisfied,
            unread: self.unread,
            follow_ups: to_counts(&self.follow_ups),
            follow_ups_closed: self.follow_ups_closed,
            follow_ups_escalated: self.escalated,
            follow_ups_overdue: self.overdue,
            complaints: to_counts(&self.complaints),
            case_id: lesson.map(|one| CaseId::new(one.case).to_string()).unwrap_or_default(),
            brand: lesson.map(|one| one.brand.clone()).unwrap_or_default(),
            category: category.map_or(0, |category| category.number()),
            because: lesson.map(|one| one.because.clone()).unwrap_or_default(),
        }
    }
}

impl Report {
    /// On the wire.
    pub fn to_wire(&self, period: String, category: Category, frozen: bool) -> wire::VocReport {
        let brand = |(brand, one): (&String, &OfBrand)| wire::VocReportBrand {
            brand: brand.clone(),
            surveys: one.mood.surveys,
            csat: one.mood.csat,
            nps: one.mood.nps,
            complaints: one.complaints,
            follow_ups: one.follow_ups,
        };
        wire::VocReport {
            period,
            category: category.number(),
            frozen,
            surveys: self.mood.surveys,
            csat: self.mood.csat,
            nps: self.mood.nps,
            by_class: to_counts(&self.by_class),
            by_outcome: to_counts(&self.by_outcome),
            closed: self.closed,
            open: self.open,
            follow_ups: to_counts(&self.follow_ups),
            in_time: self.in_time,
            brands: self.brands.iter().map(brand).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(case: u128, csat: i64, nps: i64) -> surveys::Model {
        surveys::Model {
            case_id: Uuid::from_u128(case),
            number: 1,
            at: 5,
            csat,
            nps,
            voice: Uuid::nil(),
            brand: if case.is_multiple_of(2) { "aster" } else { "briar" }.into(),
            category: "television".into(),
        }
    }

    #[test]
    fn nps_counts_those_who_said_it_and_csat_everybody() {
        let answers = [answer(1, 5, 10), answer(2, 4, 9), answer(3, 1, 0), answer(4, 2, -1)];
        let mood = Mood::of(&answers);
        assert_eq!((mood.surveys, mood.csat, mood.nps, mood.dissatisfied), (4, 3_000_000, 33, 2));
        assert_eq!(Mood::of([]), Mood::default());
    }

    #[test]
    fn the_least_content_case_is_the_one_to_learn_from() {
        let mut heard = Heard::default();
        assert_eq!(digest(&heard).lesson, None);
        heard.surveys = vec![answer(1, 2, 3), answer(2, 1, 3), answer(3, 5, 10)];
        let lesson = digest(&heard).lesson.unwrap();
        assert_eq!((lesson.case, lesson.because.as_str()), (Uuid::from_u128(2), "lowest_csat"));
        let report = report(&heard);
        assert_eq!(report.brands["briar"].mood.surveys, 2);
        assert_eq!(report.brands["aster"].mood.csat, MILLION);
    }
}
