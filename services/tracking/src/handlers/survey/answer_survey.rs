//! `AnswerSurvey`: the customer says how it was.
//!
//! The answer is an entry of the log; the words go to the vault and become somebody's to read. An answer that
//! says that something is still wrong opens a follow-up, if none of that kind is open.

use std::sync::Arc;

use parasol_api::convert::{etag, to_timestamp};
use parasol_api::limits::LONG_TEXT_MAX;
use parasol_api::tracking::v1::{AnswerSurveyRequest, AnswerSurveyResponse, SurveyRating};
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::{Deed, Refusal, RowOp, Submission, Target, Written};
use parasol_desk::{Call, actor};
use parasol_journey::survey::{Question, SurveyAnswer};
use parasol_journey::time::Timestamp;
use parasol_journey::{Case, Command, Ctx, decide};
use parasol_runtime::identity::Principal;
use prost::Message as _;
use sea_orm::ActiveValue::Set;
use sea_orm::IntoActiveModel as _;
use tonic::Request;
use uuid::Uuid;

use super::{case_of, may_see};
use crate::Tracking;
use crate::handlers::store_error;
use crate::scores::read::log;
use crate::voice::follow_up::{Issue, State};
use crate::voice::store::{self, Step, Words, words_row};
use crate::voice::survey::{ANSWERS_MAX, asked, open_until};
use crate::voice::tables::{follow_ups, surveys, voices};
use crate::voice::{FollowUpId, VoiceId};

/// The most content a customer can be.
const CSAT_BEST: i32 = 5;
/// The surest recommendation.
const NPS_BEST: i32 = 10;

/// A request as it was checked.
struct Asked {
    case: parasol_journey::ids::CaseId,
    expected: Option<u64>,
    answer: SurveyAnswer,
    text: String,
}

pub async fn handle(
    tracking: &Tracking,
    request: Request<AnswerSurveyRequest>,
) -> Result<AnswerSurveyResponse, Error> {
    let call = Call::changing(&request, "AnswerSurvey", &request.get_ref().request_id)?;
    let Asked { case: id, expected, answer, text } = read(&request.into_inner())?;
    let desk = &tracking.desk;
    let case = case_of(desk, &call.principal, id).await?;
    if let Some(saved) = desk.saved(&call).await? {
        return Ok(saved);
    }
    let until = open_until(&case).ok_or_else(|| Error::new(Reason::SurveyNotOpen))?;
    let fits = asked(&log(&desk.store, id).await.map_err(store_error)?);
    if let Some((other, _)) = answer.ratings.iter().find(|(one, _)| !fits.contains(one)) {
        let expected = format!("only questions of this survey: {other} is none");
        return Err(Error::field("ratings", Reason::FieldInvalid, &expected));
    }
    let number = store::answers(&desk.store, id.uuid()).await? + 1;
    if number > ANSWERS_MAX {
        return Err(Error::new(Reason::SurveyChangedTooOften));
    }
    let now = desk.clock.now();
    let mut rows = Vec::new();
    let voice = if text.is_empty() { Uuid::nil() } else { desk.ids.next() };
    rows.push(answer_row(&case, number, &answer, voice, now));
    if !voice.is_nil() {
        rows.push(words_row(voice, &Words { text, more: String::new() }, now));
        rows.push(RowOp::put(to_read(&case, voice, &answer, now).into_active_model()));
    }
    let follow_up = follow_up(tracking, &case, &answer, now).await?;
    if let Some(row) = &follow_up {
        rows.push(RowOp::claim(row.clone().into_active_model()));
        let (subject, said_by) = (row.follow_up, "survey");
        let step = Step { subject, number: 1, act: "opened", said_by, said: None };
        rows.extend(step.rows(now));
    }
    let follow_up_id = follow_up.map(|row| FollowUpId(row.follow_up).to_string());
    let deed = SurveyDeed {
        caller: call.principal.clone(),
        answer,
        rows,
        follow_up_id: follow_up_id.unwrap_or_default(),
        until,
    };
    let submission = Submission {
        target: Target::Case(id),
        key: call.key(),
        caller: call.caller(),
        actor: actor(&call.principal),
        expected,
        deed: Arc::new(deed),
    };
    desk.submit_for(&call, submission, Reason::VersionConflict).await
}

fn read(request: &AnswerSurveyRequest) -> Result<Asked, Error> {
    let mut check = Checker::new();
    let case = check.id("case_id", &request.case_id);
    let expected = check.etag(&request.etag);
    let csat = check.number("csat", request.csat, 1..=CSAT_BEST);
    let nps = match request.nps {
        Some(nps) => check.number("nps", nps, 0..=NPS_BEST).map(Some),
        None => Some(None),
    };
    let ratings = ratings(&mut check, &request.ratings);
    let text = check.optional_text("text", &request.text, LONG_TEXT_MAX);
    let (case, expected, csat, nps, ratings, text) =
        check.all((case, expected, csat, nps, ratings, text))?;
    let text = text.trim().to_owned();
    let answer =
        SurveyAnswer { csat: byte(csat), nps: nps.map(byte), ratings, has_text: !text.is_empty() };
    Ok(Asked { case, expected, answer, text })
}

fn byte(number: i32) -> u8 {
    u8::try_from(number).unwrap_or_default()
}

fn ratings(check: &mut Checker, wire: &[SurveyRating]) -> Option<Vec<(Question, u8)>> {
    check.at_most("ratings", wire, Question::ALL.len())?;
    let mut ratings: Vec<(Question, u8)> = Vec::with_capacity(wire.len());
    for (place, one) in wire.iter().enumerate() {
        let rating = check.within(&format!("ratings[{place}]"), |check| {
            let question = check.listed::<Question>("question", one.question);
            let score = check.number("score", one.score, 1..=CSAT_BEST);
            let question = question?;
            if ratings.iter().any(|(before, _)| *before == question) {
                return check.refuse("question", Reason::FieldInvalid, "each question once");
            }
            Some((question, byte(score?)))
        });
        ratings.push(rating?);
    }
    Some(ratings)
}

fn answer_row(
    case: &Case,
    number: i64,
    answer: &SurveyAnswer,
    voice: Uuid,
    now: Timestamp,
) -> RowOp {
    RowOp::claim(surveys::ActiveModel {
        case_id: Set(case.id.uuid()),
        number: Set(number),
        at: Set(now.micros()),
        csat: Set(answer.csat.into()),
        nps: Set(answer.nps.map_or(-1, i64::from)),
        voice: Set(voice),
        brand: Set(case.filing.brand.to_string()),
        category: Set(case.filing.category.as_str().to_owned()),
    })
}

fn to_read(case: &Case, voice: Uuid, answer: &SurveyAnswer, now: Timestamp) -> voices::Model {
    voices::Model {
        voice: VoiceId(voice).0,
        version: 1,
        case_id: case.id.uuid(),
        brand: case.filing.brand.to_string(),
        category: case.filing.category.as_str().to_owned(),
        csat: answer.csat.into(),
        at: now.micros(),
        assignee: String::new(),
        read_at: 0,
    }
}

/// The follow-up that an answer asks for, if none of its kind is open.
async fn follow_up(
    tracking: &Tracking,
    case: &Case,
    answer: &SurveyAnswer,
    now: Timestamp,
) -> Result<Option<follow_ups::Model>, Error> {
    if !answer.is_dissatisfied() {
        return Ok(None);
    }
    let known = store::follow_ups_of(&tracking.desk.store, case.id.uuid()).await?;
    let is_open = known
        .iter()
        .any(|row| row.issue == Issue::Survey.as_str() && row.state != State::Closed.as_str());
    let number = known.last().map_or(0, |row| row.number) + 1;
    Ok((!is_open).then(|| store::opening(case, number, Issue::Survey, now)))
}

/// The step, for whoever may answer: the customer, or the holder of the survey's credential.
struct SurveyDeed {
    caller: Principal,
    answer: SurveyAnswer,
    rows: Vec<RowOp>,
    follow_up_id: String,
    until: Timestamp,
}

impl Deed for SurveyDeed {
    fn hides(&self, case: &Case) -> bool {
        !may_see(&self.caller, case)
    }

    fn decide(&self, case: Option<&Case>, ctx: &Ctx<'_>) -> Result<Written, Refusal> {
        let case = case.ok_or_else(|| Refusal::Service {
            code: Reason::NotFound.code(),
            message: Reason::NotFound.summary().to_owned(),
        })?;
        let command = Command::AnswerSurvey { answer: self.answer.clone() };
        let decided = decide(case, &command, ctx)?;
        let answer = AnswerSurveyResponse {
            case_id: case.id.to_string(),
            etag: etag(decided.case.version),
            follow_up_id: self.follow_up_id.clone(),
            open_until: Some(to_timestamp(self.until)),
        };
        let answer = answer.encode_to_vec();
        Ok(Written { decided: Some(decided), rows: self.rows.clone(), answer })
    }
}
