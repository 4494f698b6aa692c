//! The survey: how it was, asked once a case has closed. By the link of the notice ([`by_link`]), which is answered
//! once and shows nothing of what was said, or signed in ([`own`]), where the answer can be looked at and changed.
//!
//! Which questions are asked, who they are about and until when is the service's to say; the page puts them.

pub(super) mod by_link;
pub(super) mod own;

use maud::{Markup, html};
use parasol_api::convert::{Listed as _, timestamp};
use parasol_api::limits::LONG_TEXT_MAX;
use parasol_api::tracking::v1::{AnswerSurveyRequest, Survey, SurveyItem, SurveyRating};
use parasol_api::{Error, Language, Reason};
use parasol_journey::survey::{Question, SurveyAnswer};
use parasol_journey::time::Timestamp;

use crate::web::controls::{Filled, Look};
use crate::web::form::{Form, REQUEST_ID};
use crate::web::times;
use crate::web::words::Pick as _;

/// The field with the version of the case that the form was made from.
const ETAG: &str = "etag";
/// What the field of a question begins with.
const RATING: &str = "rating_";

/// How content somebody is, from 1 to 5.
const CONTENT: [(&str, &str); 5] = [
    ("很不满意", "Not at all"),
    ("不满意", "Not really"),
    ("一般", "So so"),
    ("满意", "Content"),
    ("很满意", "Very"),
];

/// How far a survey has come, for whoever opens it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stand {
    /// It can be answered.
    Open,
    /// It was answered.
    Answered,
    /// The case is under way again, or was cancelled: nothing is asked.
    NotAsked,
    /// Its time is over.
    Over,
}

/// How far a survey has come.
pub(super) fn stand(survey: &Survey) -> Stand {
    match (survey.answers > 0, survey.open) {
        (true, _) => Stand::Answered,
        (false, true) => Stand::Open,
        (false, false) if survey.open_until.is_none() => Stand::NotAsked,
        (false, false) => Stand::Over,
    }
}

/// Whether what was answered says that something is still wrong.
pub(super) fn is_dissatisfied(survey: &Survey) -> bool {
    let small = |number: i32| u8::try_from(number).unwrap_or_default();
    let answer = SurveyAnswer {
        csat: small(survey.csat),
        nps: survey.nps.map(small),
        ratings: Vec::new(),
        has_text: !survey.text.is_empty(),
    };
    survey.answers > 0 && answer.is_dissatisfied()
}

/// What is asked, with the button; the hidden fields are whoever's page it is.
fn questions(survey: &Survey, filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let t = |zh, en| language.pick(zh, en);
    let nps = survey.nps.map(|nps| nps.to_string()).unwrap_or_default();
    let csat = if survey.csat > 0 { survey.csat.to_string() } else { String::new() };
    let look = Look { max: LONG_TEXT_MAX, value: &survey.text, ..Look::default() };
    let ends = (t("不会", "never"), t("一定", "surely"));
    html! {
        input type="hidden" name=(ETAG) value=(survey.etag);
        (scale(filled, "csat", t("总的来说，您满意吗？", "All in all, are you content?"), 1..=5, &csat, true,
            |step| Some(content(step, language))))
        (scale(filled, "nps", t("您会向亲友推荐我们吗？", "Would you recommend us to a friend?"), 0..=10, &nps,
            false, |step| match step { 0 => Some(ends.0), 10 => Some(ends.1), _ => None }))
        @if !survey.items.is_empty() {
            details.inner.parts open[survey.items.iter().any(|item| item.score > 0)] {
                summary { (t("逐项评价（选填）", "Step by step (optional)")) }
                @for item in &survey.items { (rated(filled, item)) }
            }
        }
        (filled.area("text", t("还想说的话", "Anything you want to say"), look))
        p.hint { (t(
            "您写的内容会有人逐条阅读，不会公开。",
            "Somebody reads what you write. It is never published.",
        )) }
    }
}

fn content(step: i32, language: Language) -> &'static str {
    let place = usize::try_from(step - 1).unwrap_or_default().min(CONTENT.len() - 1);
    language.pick(CONTENT[place].0, CONTENT[place].1)
}

fn rated(filled: &Filled<'_>, item: &SurveyItem) -> Markup {
    let name = format!("{RATING}{}", item.question);
    let given = if item.score > 0 { item.score.to_string() } else { String::new() };
    let ends = filled.language.pick(("差", "好"), ("bad", "good"));
    scale(filled, &name, &item.text, 1..=5, &given, false, |step| match step {
        1 => Some(ends.0),
        5 => Some(ends.1),
        _ => None,
    })
}

/// A row of numbers to choose one of, some of them with a word.
fn scale(
    filled: &Filled<'_>,
    name: &str,
    legend: &str,
    steps: std::ops::RangeInclusive<i32>,
    first: &str,
    required: bool,
    word: impl Fn(i32) -> Option<&'static str>,
) -> Markup {
    let chosen = if filled.error.is_some() { filled.form.get(name) } else { first };
    let class = if steps.clone().count() > 5 { "scale long" } else { "scale" };
    html! {
        fieldset class=(class) {
            legend {
                (legend)
                @if !required { " " span.optional { (filled.language.pick("（选填）", "(optional)")) } }
            }
            (filled.fault_of(name))
            div {
                @for step in steps {
                    label {
                        input type="radio" name=(name) value=(step) required[required]
                            checked[chosen == step.to_string()];
                        strong { (step) }
                        @if let Some(word) = word(step) { span { (word) } }
                    }
                }
            }
        }
    }
}

/// What a form answers.
///
/// # Errors
/// `FIELD_INVALID` for what is no number of the form; all else is the service's to say.
fn answer(case: &str, form: &Form) -> Result<AnswerSurveyRequest, Error> {
    let number = |name: &str| -> Result<Option<i32>, Error> {
        match form.get(name) {
            "" => Ok(None),
            text => text
                .parse()
                .map(Some)
                .map_err(|_| Error::field(name, Reason::FieldInvalid, "one of the numbers shown")),
        }
    };
    let mut ratings = Vec::new();
    for question in Question::ALL {
        let score = number(&format!("{RATING}{}", question.number()))?;
        if let Some(score) = score {
            ratings.push(SurveyRating { question: question.number(), score });
        }
    }
    Ok(AnswerSurveyRequest {
        request_id: form.text(REQUEST_ID),
        case_id: case.to_owned(),
        etag: form.text(ETAG),
        csat: number("csat")?.unwrap_or_default(),
        nps: number("nps")?,
        ratings,
        text: form.text("text"),
    })
}

/// Thanks, and what happens next where something is still wrong.
pub(super) fn thanks(survey: &Survey, language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    html! {
        p { (t("谢谢您的评价。", "Thank you for telling us.")) }
        @if is_dissatisfied(survey) { (next(language)) }
    }
}

/// What happens after an answer that says that something is still wrong.
fn next(language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    html! {
        div.next {
            p { strong { (t("很抱歉没有让您满意。接下来：", "We are sorry. What happens now:")) } }
            ol {
                li { (t(
                    "您的意见已转给专人，24 小时内与您联系。",
                    "What you said is with one of our people, who gets in touch within 24 hours.",
                )) }
                li { (t(
                    "这个人会一直跟进；超时会自动升级到投诉专席。",
                    "They stay on it; what takes too long goes up to the complaint desk by itself.",
                )) }
                li { (t(
                    "只有您说“解决了”，我们才会结束跟进。",
                    "It ends only when you say that it is solved.",
                )) }
            }
        }
    }
}

/// Until when it can be answered, as a line.
fn until(survey: &Survey, now: Timestamp, language: Language) -> Markup {
    let until = survey.open_until.as_ref().and_then(timestamp);
    html! {
        @if let Some(until) = until {
            p.hint {
                (language.pick("约一分钟。截止：", "It takes a minute. Open until "))
                (times::day(until, language))
                @if until <= now { " " (language.pick("（已截止）", "(over)")) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey(csat: i32, nps: Option<i32>, text: &str) -> Survey {
        Survey { answers: 1, csat, nps, text: text.to_owned(), ..Survey::default() }
    }

    #[test]
    fn what_is_still_wrong_is_told_from_what_is_not() {
        assert!(is_dissatisfied(&survey(2, None, "")));
        assert!(!is_dissatisfied(&survey(3, Some(6), "")));
        assert!(is_dissatisfied(&survey(3, Some(6), "it hums")));
        assert!(!is_dissatisfied(&Survey::default()), "nothing was answered");
        let sad = thanks(&survey(1, None, ""), Language::En).into_string();
        assert!(sad.contains("within 24 hours"), "{sad}");
        let glad = thanks(&survey(5, None, ""), Language::En).into_string();
        assert!(!glad.contains("sorry"), "{glad}");
    }

    #[test]
    fn a_survey_is_open_answered_over_or_not_asked() {
        let until = Some(prost_types::Timestamp::default());
        let open = Survey { open: true, open_until: until, ..Survey::default() };
        assert_eq!(stand(&open), Stand::Open);
        assert_eq!(stand(&Survey { answers: 2, ..open.clone() }), Stand::Answered);
        assert_eq!(stand(&Survey { open: false, ..open }), Stand::Over);
        assert_eq!(stand(&Survey::default()), Stand::NotAsked);
    }

    #[test]
    fn a_form_is_read_as_numbers_and_nonsense_is_refused() {
        let mut form = Form::default();
        for (name, value) in [("csat", "4"), ("nps", "0"), ("rating_7", "3"), ("text", "good")] {
            form.add(name, value.to_owned()).unwrap();
        }
        let read = answer("case_1", &form).unwrap();
        assert_eq!((read.csat, read.nps, read.text.as_str()), (4, Some(0), "good"));
        let repair = SurveyRating { question: Question::Repair.number(), score: 3 };
        assert_eq!(read.ratings, [repair]);
        form.add("rating_1", "x".to_owned()).unwrap();
        assert_eq!(answer("case_1", &form).unwrap_err().violations()[0].field, "rating_1");
    }
}
