//! Surveys: who answers, when, how often, and what comes of it.

use parasol_api::tracking::v1::tracking_service_server::TrackingService as _;
use parasol_api::tracking::v1::voice_service_server::VoiceService as _;
use parasol_api::tracking::v1::{
    AnswerSurveyRequest, CreateSurveyLinkRequest, GetSurveyRequest, ListVoicesRequest,
    SurveyQuestion, SurveyRating,
};
use parasol_api::{Reason, Role};
use parasol_journey::ids::CaseId;
use parasol_journey::time::Span;
use parasol_journey::{ActorKind, Verb};
use parasol_runtime::identity::link::{self, BadSurvey};
use parasol_tracking::voice::tables::{follow_ups, surveys};
use sea_orm::EntityTrait as _;
use tonic::Request;

use crate::indicators::{booked, closed};
use crate::simulated::case_id;
use crate::world::{CUSTOMER, World, by, reason};

/// Words that may stand in the vault and nowhere else.
const CANARY: &str = "call me at 13800001234, Canary Lane 7";

fn answer(world: &World, case: CaseId, csat: i32, text: &str) -> AnswerSurveyRequest {
    AnswerSurveyRequest {
        request_id: world.id(),
        case_id: case.to_string(),
        csat,
        nps: Some(9),
        ratings: vec![SurveyRating { question: SurveyQuestion::Repair.into(), score: 4 }],
        text: text.to_owned(),
        ..AnswerSurveyRequest::default()
    }
}

async fn world() -> (World, CaseId) {
    let world = World::on_sqlite().await;
    let id = world.store_course(&closed(), 1).await;
    (world, id)
}

#[tokio::test]
async fn an_answer_is_on_the_log_and_its_words_are_in_the_vault_alone() {
    let (world, id) = world().await;
    let request = answer(&world, id, 5, CANARY);
    let first = world.service.answer_survey(by(Role::Customer, CUSTOMER, request.clone())).await;
    let first = first.unwrap().into_inner();
    assert_eq!(first.follow_up_id, "", "nothing is wrong");
    let again = world.service.answer_survey(by(Role::Customer, CUSTOMER, request.clone())).await;
    assert_eq!(again.unwrap().into_inner(), first);
    let other = AnswerSurveyRequest { csat: 4, ..request };
    let other = world.service.answer_survey(by(Role::Customer, CUSTOMER, other)).await;
    assert_eq!(reason(other), Reason::RequestIdReused);
    let log = world.store.log_after(id, 0, 1_000).await.unwrap();
    let told: Vec<_> = log.iter().map(|one| serde_json::to_string(&one.event).unwrap()).collect();
    assert!(told.last().unwrap().contains("survey_answered"));
    assert!(!told.concat().contains("Canary"));
    let get = GetSurveyRequest { case_id: id.to_string(), language: "en".into() };
    let shown = world.service.get_survey(by(Role::Customer, CUSTOMER, get)).await.unwrap();
    let shown = shown.into_inner();
    assert_eq!((shown.csat, shown.nps, shown.text.as_str()), (5, Some(9), CANARY));
    let repair = shown.items.iter().find(|one| one.question == SurveyQuestion::Repair as i32);
    assert_eq!(repair.unwrap().score, 4);
    let parts = shown.items.iter().find(|one| one.question == SurveyQuestion::Parts as i32);
    assert_eq!(parts, None, "there were no parts in this case");
    let list = world.service.list_voices(by(Role::Agent, "a-1", ListVoicesRequest::default()));
    let voices = list.await.unwrap().into_inner().voices;
    assert_eq!(voices.len(), 1);
    assert!(voices[0].text.contains("Canary") && !voices[0].text.contains("13800001234"));
}

#[tokio::test]
async fn a_dissatisfied_answer_opens_one_follow_up_and_no_second_one() {
    let (world, id) = world().await;
    let give = async |csat| {
        let request = answer(&world, id, csat, "it hums");
        world.service.answer_survey(by(Role::Customer, CUSTOMER, request)).await.unwrap()
    };
    let opened = give(1).await.into_inner().follow_up_id;
    assert!(opened.starts_with("fu_"), "{opened}");
    assert_eq!(give(2).await.into_inner().follow_up_id, "");
    let rows = follow_ups::Entity::find().all(world.store.reader()).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].issue.as_str(), rows[0].state.as_str()), ("survey", "open"));
}

#[tokio::test]
async fn a_survey_opens_with_the_closing_and_ends_after_fourteen_days() {
    let world = World::on_sqlite().await;
    let open = world.store_course(&booked(), 2).await;
    let request = answer(&world, open, 5, "");
    let early = world.service.answer_survey(by(Role::Customer, CUSTOMER, request)).await;
    assert_eq!(reason(early), Reason::SurveyNotOpen);
    let id = world.store_course(&closed(), 1).await;
    world.wait(Span::days(14));
    let late = answer(&world, id, 5, "");
    world.service.answer_survey(by(Role::Customer, CUSTOMER, late)).await.unwrap();
    world.wait(Span::days(1));
    let late = answer(&world, id, 4, "");
    let late = world.service.answer_survey(by(Role::Customer, CUSTOMER, late)).await;
    assert_eq!(reason(late), Reason::SurveyNotOpen);
}

#[tokio::test]
async fn ten_answers_are_enough_and_the_last_one_counts() {
    let (world, id) = world().await;
    for csat in [1, 2, 3, 4, 5, 1, 2, 3, 4, 5] {
        let request = answer(&world, id, csat, "");
        world.service.answer_survey(by(Role::Customer, CUSTOMER, request)).await.unwrap();
    }
    let request = answer(&world, id, 1, "");
    let more = world.service.answer_survey(by(Role::Customer, CUSTOMER, request)).await;
    assert_eq!(reason(more), Reason::SurveyChangedTooOften);
    let rows = surveys::Entity::find().all(world.store.reader()).await.unwrap();
    assert_eq!(rows.len(), 10);
}

#[tokio::test]
async fn only_questions_that_are_asked_can_be_answered_and_strangers_learn_nothing() {
    let (world, id) = world().await;
    let mut request = answer(&world, id, 5, "");
    request.ratings[0].question = SurveyQuestion::Parts.into();
    let wrong = world.service.answer_survey(by(Role::Customer, CUSTOMER, request)).await;
    assert_eq!(reason(wrong), Reason::FieldInvalid);
    let mut request = answer(&world, id, 6, "");
    request.nps = Some(11);
    let wrong = world.service.answer_survey(by(Role::Customer, CUSTOMER, request)).await;
    assert_eq!(reason(wrong), Reason::FieldInvalid);
    for case in [id, case_id(77)] {
        let request = answer(&world, case, 5, "");
        let strange = world.service.answer_survey(by(Role::Customer, "u-2", request)).await;
        assert_eq!(reason(strange), Reason::NotFound);
    }
}

#[tokio::test]
async fn a_survey_link_answers_its_own_survey_and_nothing_else() {
    let (world, id) = world().await;
    let other = world.store_course(&closed(), 2).await;
    let ask = CreateSurveyLinkRequest { case_id: id.to_string() };
    let link = world.service.create_survey_link(by(Role::Service, "notices", ask)).await.unwrap();
    let token = link.into_inner().token;
    assert_eq!(link::survey_of(&world.desk.key, &token, world.clock.now()), Ok(id));
    let holder = link::survey(id);
    let with = |message| {
        let mut request = Request::new(message);
        request.extensions_mut().insert(holder.clone());
        request
    };
    let request = answer(&world, other, 5, "");
    let strange = world.service.answer_survey(with(request)).await;
    assert_eq!(reason(strange), Reason::NotFound, "a link of another case");
    let request = answer(&world, id, 4, "");
    world.service.answer_survey(with(request)).await.unwrap();
    let share = by(Role::Link, &id.to_string(), answer(&world, id, 1, ""));
    let shared = world.service.answer_survey(share).await;
    assert_eq!(reason(shared), Reason::NotFound, "a share link is read-only");
    world.wait(Span::days(15));
    let over = link::survey_of(&world.desk.key, &token, world.clock.now());
    assert_eq!(over, Err(BadSurvey::Over), "it ends with the survey");
}

#[tokio::test]
async fn a_reopened_case_is_not_asked_about_until_it_closes_again() {
    let world = World::on_sqlite().await;
    let mut course = closed();
    let id = world.store_course(&course, 1).await;
    let before = course.log.len();
    course.sample(ActorKind::Customer, Verb::Reopen);
    world.store_more(&course, id, course.log.len() - before).await;
    let request = answer(&world, id, 5, "");
    let refused = world.service.answer_survey(by(Role::Customer, CUSTOMER, request)).await;
    assert_eq!(reason(refused), Reason::SurveyNotOpen);
}
