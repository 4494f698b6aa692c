//! Surveys: what a customer says about a case that has closed, as far as it is no words.
//!
//! A survey is answered on the log, so that whoever counts answers reads what everybody reads. It moves nothing
//! and hands no turn to anybody. The customer's own words lie in the vault; the log knows that there are some.

use serde::{Deserialize, Serialize};

use crate::time::Span;
use crate::vocab::vocabulary;

/// How long after its closing a case's survey can be answered, and the answer changed.
pub const SURVEY_FOR: Span = Span::days(14);

vocabulary! {
    /// Whom a question of a survey is about.
    Rated {
        /// The retailer.
        Retailer = "retailer",
        /// The brand.
        Brand = "brand",
        /// The service centre.
        Centre = "centre",
        /// The technician.
        Technician = "technician",
        /// Whoever supplies parts.
        Parts = "parts",
        /// Whoever moves goods.
        Carrier = "carrier",
    }
}

vocabulary! {
    /// What a survey asks about beside the whole; each question is about one party's part at one step.
    Question {
        /// How easy it was to file.
        Filing = "filing",
        /// How soon a visit was arranged.
        Dispatch = "dispatch",
        /// Whether the technician came when it was said.
        Arrival = "arrival",
        /// How the unit was inspected and explained.
        Inspection = "inspection",
        /// How clear and quick the decision was.
        Decision = "decision",
        /// How the manufacturer answered.
        BrandResponse = "brand_response",
        /// How well the repair was done.
        Repair = "repair",
        /// How long parts took.
        Parts = "parts",
        /// How goods were fetched and brought.
        Delivery = "delivery",
    }
}

impl Question {
    /// Whom the question is about.
    pub const fn rated(self) -> Rated {
        match self {
            Self::Filing | Self::Decision => Rated::Retailer,
            Self::Dispatch => Rated::Centre,
            Self::Arrival | Self::Inspection | Self::Repair => Rated::Technician,
            Self::BrandResponse => Rated::Brand,
            Self::Parts => Rated::Parts,
            Self::Delivery => Rated::Carrier,
        }
    }

    /// The words it is put in, in Chinese and in English.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Filing => ("提交申请是否方便？", "How easy was it to file?"),
            Self::Dispatch => ("安排上门是否及时？", "How soon was a visit arranged?"),
            Self::Arrival => ("工程师是否按约上门？", "Did the technician come when agreed?"),
            Self::Inspection => {
                ("检测与讲解是否清楚？", "How well was the unit inspected and explained?")
            }
            Self::Decision => ("处理方案是否清楚及时？", "How clear and quick was the decision?"),
            Self::BrandResponse => ("厂家答复是否及时？", "How well did the manufacturer answer?"),
            Self::Repair => ("维修质量如何？", "How well was the repair done?"),
            Self::Parts => ("配件等待时间如何？", "How long did parts take?"),
            Self::Delivery => ("取送货服务如何？", "How were goods fetched and brought?"),
        }
    }
}

/// An answer to a survey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SurveyAnswer {
    /// How content the customer is, 1 to 5.
    pub csat: u8,
    /// How likely they are to recommend us, 0 to 10, if they said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nps: Option<u8>,
    /// Further questions with their answers, 1 to 5.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ratings: Vec<(Question, u8)>,
    /// Whether there are words too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_text: bool,
}

impl SurveyAnswer {
    /// Whether the answer says that something is still wrong: little content, or no recommendation with words
    /// that say why.
    pub fn is_dissatisfied(&self) -> bool {
        self.csat <= 2 || (self.has_text && self.nps.is_some_and(|nps| nps <= 6))
    }
}
