//! `GetSurvey`: what is asked, and what was answered.

use parasol_api::convert::{Listed as _, etag, to_timestamp};
use parasol_api::tracking::v1::{GetSurveyRequest, Survey, SurveyItem};
use parasol_api::{Error, Language};
use parasol_desk::Call;
use parasol_journey::Fact;
use parasol_journey::survey::SurveyAnswer;
use tonic::Request;

use super::case_of;
use crate::Tracking;
use crate::handlers::{check_case, store_error};
use crate::scores::read::log;
use crate::voice::store::{newest_answer, words};
use crate::voice::survey::{asked, open_until};
use crate::voice::views::instant;

pub async fn handle(
    tracking: &Tracking,
    request: Request<GetSurveyRequest>,
) -> Result<Survey, Error> {
    let call = Call::reading(&request, "GetSurvey")?;
    let id = check_case(&request.get_ref().case_id)?;
    let language = Language::of_tag(&request.get_ref().language).unwrap_or_default();
    let desk = &tracking.desk;
    let case = case_of(desk, &call.principal, id).await?;
    let log = log(&desk.store, id).await.map_err(store_error)?;
    let answer = log.iter().rev().find_map(|event| match &event.fact {
        Fact::SurveyAnswered { answer } => Some(answer.clone()),
        _ => None,
    });
    let row = newest_answer(&desk.store, id.uuid()).await?;
    let until = open_until(&case);
    let item = |question: parasol_journey::survey::Question| SurveyItem {
        question: question.number(),
        rated: question.rated().number(),
        text: match language {
            Language::Zh => question.words().0.to_owned(),
            Language::En => question.words().1.to_owned(),
        },
        score: answer.as_ref().map_or(0, |answer| score(answer, question)),
    };
    let said = match &row {
        Some(row) => words(&desk.store, [row.voice]).await?.remove(&row.voice),
        None => None,
    };
    Ok(Survey {
        case_id: id.to_string(),
        etag: etag(case.version),
        open: until.is_some_and(|until| desk.clock.now() <= until),
        open_until: until.map(to_timestamp),
        items: asked(&log).into_iter().map(item).collect(),
        csat: answer.as_ref().map_or(0, |answer| answer.csat.into()),
        nps: answer.as_ref().and_then(|answer| answer.nps).map(i32::from),
        text: said.map(|words| words.text).unwrap_or_default(),
        answered_at: row.as_ref().and_then(|row| instant(row.at)),
        answers: row.map_or(0, |row| i32::try_from(row.number).unwrap_or(i32::MAX)),
    })
}

fn score(answer: &SurveyAnswer, question: parasol_journey::survey::Question) -> i32 {
    let given = answer.ratings.iter().find(|(asked, _)| *asked == question);
    given.map_or(0, |(_, score)| i32::from(*score))
}
