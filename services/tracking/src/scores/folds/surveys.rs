//! What customers say, each answer to whom it is about: a late part lowers no technician.

use parasol_journey::Fact;
use parasol_journey::ids::TechnicianId;
use parasol_journey::survey::{Question, Rated, SurveyAnswer};
use parasol_journey::time::Timestamp;

use crate::scores::indicator::Id;
use crate::scores::marks::{Fold, Sheet, Step, Whose};

/// A point in the unit that points are counted in.
const POINT: i64 = 1_000_000;

/// The closing that is asked about, and who came to the first inspection.
#[derive(Default)]
pub struct Surveys {
    /// The closing, and when its survey was answered first.
    closed: Option<(u64, Option<Timestamp>)>,
    inspector: Option<TechnicianId>,
}

impl Fold for Surveys {
    fn see(&mut self, step: &Step<'_>, sheet: &mut Sheet<'_>) {
        match &step.event.fact {
            Fact::CheckedIn { .. } if !step.before.second_opinion => {
                self.inspector.clone_from(&step.job.technician);
            }
            Fact::Closed { .. } => self.closed = Some((step.event.seq, None)),
            Fact::SurveyAnswered { answer } => {
                let at = step.event.at;
                let (seq, first) = self.closed.get_or_insert((step.event.seq, None));
                let (seq, at) = (*seq, *first.get_or_insert(at));
                // A changed answer takes the place of the one before, with what it no longer says.
                sheet.take_back(seq, is_of_surveys);
                self.count(step, answer, (seq, at), sheet);
            }
            _ => {}
        }
    }
}

impl Surveys {
    fn count(
        &self,
        step: &Step<'_>,
        answer: &SurveyAnswer,
        (seq, at): (u64, Timestamp),
        sheet: &mut Sheet<'_>,
    ) {
        let own = Whose::Brand(&step.after.filing.brand);
        sheet.put(&own, Id::Csat, seq, at, i64::from(answer.csat) * POINT);
        sheet.put(&own, Id::BadReview, seq, at, i64::from(answer.csat <= 2));
        if let Some(nps) = answer.nps {
            let value = match nps {
                9.. => POINT,
                7 | 8 => 0,
                _ => -POINT,
            };
            sheet.put(&own, Id::Nps, seq, at, value);
        }
        let mean = |of: &dyn Fn(Question) -> bool| mean(answer, of);
        let rated = |whose: Rated| mean(&move |question: Question| question.rated() == whose);
        let mut put = |whose: Option<Whose<'_>>, indicator, value: Option<i64>| {
            if let (Some(whose), Some(value)) = (whose, value) {
                sheet.put(&whose, indicator, seq, at, value);
            }
        };
        put(Some(Whose::Brand(&step.job.brand)), Id::Rating, rated(Rated::Brand));
        put(step.job.centre.as_ref().map(Whose::Centre), Id::Rating, rated(Rated::Centre));
        put(Some(Whose::Retailer), Id::Rating, rated(Rated::Retailer));
        put(Some(Whose::Brand(&step.job.brand)), Id::PartsRating, rated(Rated::Parts));
        put(Some(Whose::Retailer), Id::DeliveryRating, rated(Rated::Carrier));
        let repairer = step.job.technician.as_ref();
        let inspector = self.inspector.as_ref().or(repairer);
        if inspector == repairer {
            put(repairer.map(Whose::Technician), Id::Rating, rated(Rated::Technician));
        } else {
            let repair = |question| question == Question::Repair;
            let before = |question: Question| {
                question.rated() == Rated::Technician && question != Question::Repair
            };
            put(repairer.map(Whose::Technician), Id::Rating, mean(&repair));
            put(inspector.map(Whose::Technician), Id::Rating, mean(&before));
        }
    }
}

/// The mean of the ratings that answer such questions, in millionths of a point.
fn mean(answer: &SurveyAnswer, of: &dyn Fn(Question) -> bool) -> Option<i64> {
    let scores = answer.ratings.iter().filter(|(question, _)| of(*question));
    let (mut sum, mut count) = (0, 0);
    for (_, score) in scores {
        sum += i64::from(*score) * POINT;
        count += 1;
    }
    (count > 0).then(|| sum / count)
}

/// Whether an indicator counts answers of surveys.
pub const fn is_of_surveys(indicator: Id) -> bool {
    matches!(
        indicator,
        Id::Csat | Id::BadReview | Id::Nps | Id::Rating | Id::PartsRating | Id::DeliveryRating
    )
}
