//! Objections to figures: in the preview, about what is counted, once, and without moving a figure.

use parasol_api::common::v1::Category;
use parasol_api::tracking::v1::score_service_server::ScoreService as _;
use parasol_api::tracking::v1::*;
use parasol_api::{Reason, Role};
use parasol_journey::ids::CaseId;
use parasol_journey::time::{Span, Timestamp};
use tonic::Status;

use crate::indicators::closed;
use crate::world::{World, by, reason};

const BRAND: &str = "aurora";

/// A case of June that was counted, at an hour of a day in July.
async fn counted(world: &World) -> CaseId {
    let case = world.store_course(&closed(), 1).await;
    world.sequence().await;
    world.count_all(&world.scorer(1)).await;
    case
}

fn until(world: &World, day: &str) {
    let at = Timestamp::parse(&format!("{day}T12:00:00+08:00")).unwrap();
    world.wait(at.since(world.clock.now()));
}

fn objection(world: &World, case: CaseId) -> RaiseObjectionRequest {
    RaiseObjectionRequest {
        request_id: world.id(),
        category: Category::Refrigerator.into(),
        period: "2026-06".into(),
        indicator: "accept_rate".into(),
        case_id: case.to_string(),
        text: "it was offered on a holiday".into(),
    }
}

async fn raise(
    world: &World,
    brand: &str,
    request: RaiseObjectionRequest,
) -> Result<ScoreObjection, Status> {
    let answer = world.service.raise_objection(by(Role::Brand, brand, request)).await;
    answer.map(tonic::Response::into_inner)
}

async fn answer(world: &World, id: &str, etag: &str) -> Result<ScoreObjection, Status> {
    let request = AnswerObjectionRequest {
        request_id: world.id(),
        objection_id: id.to_owned(),
        etag: etag.to_owned(),
        upheld: false,
        text: "it was a working day".into(),
    };
    let answer = world.service.answer_objection(by(Role::Manager, "m-1", request)).await;
    answer.map(tonic::Response::into_inner)
}

async fn listed(world: &World, role: Role, request: ListObjectionsRequest) -> Vec<ScoreObjection> {
    let answer = world.service.list_objections(by(role, BRAND, request)).await;
    answer.unwrap().into_inner().objections
}

async fn figure(world: &World) -> (i64, i64) {
    let request = GetScorecardRequest {
        level: ScoreLevel::Brand.into(),
        subject: BRAND.into(),
        category: Category::Refrigerator.into(),
        period: "2026-06".into(),
        ..GetScorecardRequest::default()
    };
    let card = world.service.get_scorecard(by(Role::Brand, BRAND, request)).await.unwrap();
    let figures = card.into_inner().figures;
    let one = figures.iter().find(|one| one.indicator == "accept_rate").unwrap();
    (one.numerator, one.denominator)
}

async fn a_brand_objects_in_the_preview(world: World) {
    let case = counted(&world).await;
    let early = raise(&world, BRAND, objection(&world, case)).await;
    assert_eq!(reason(early), Reason::ScoreNotInPreview, "the month goes on");
    until(&world, "2026-07-03");
    let before = figure(&world).await;
    let first = objection(&world, case);
    let raised = raise(&world, BRAND, first.clone()).await.unwrap();
    assert_eq!((raised.state(), raised.brand.as_str()), (ObjectionState::Raised, BRAND));
    assert_eq!(raise(&world, BRAND, first).await.unwrap(), raised, "sent again it is the same");
    let twice = raise(&world, BRAND, objection(&world, case)).await;
    assert_eq!(reason(twice), Reason::ObjectionRaised);
    let foreign = raise(&world, "borealis", objection(&world, case)).await;
    assert_eq!(reason(foreign), Reason::NotFound);
    let uncounted = RaiseObjectionRequest { indicator: "csat".into(), ..objection(&world, case) };
    assert_eq!(reason(raise(&world, BRAND, uncounted).await), Reason::NotFound);

    let open = ListObjectionsRequest { open_only: true, ..ListObjectionsRequest::default() };
    let found = listed(&world, Role::Operator, open.clone()).await;
    assert_eq!(found[0].text, "it was offered on a holiday");
    let other = ListObjectionsRequest { brand: "borealis".into(), ..open.clone() };
    let other = world.service.list_objections(by(Role::Brand, BRAND, other)).await;
    assert_eq!(reason(other), Reason::NotFound);
    let stale = answer(&world, &raised.objection_id, "\"9\"").await;
    assert_eq!(reason(stale), Reason::VersionConflict);
    let answered = answer(&world, &raised.objection_id, &raised.etag).await.unwrap();
    assert_eq!(answered.state(), ObjectionState::Refused);
    let again = answer(&world, &raised.objection_id, "").await;
    assert_eq!(reason(again), Reason::ObjectionAnswered);
    assert!(listed(&world, Role::Operator, open).await.is_empty());
    let own = listed(&world, Role::Brand, ListObjectionsRequest::default()).await;
    assert_eq!(own[0].answer, "it was a working day");
    assert_eq!(figure(&world).await, before, "a figure follows the log alone");
}

#[tokio::test]
async fn a_brand_objects_in_the_preview_on_sqlite() {
    a_brand_objects_in_the_preview(World::on_sqlite().await).await;
}

#[tokio::test]
async fn a_brand_objects_in_the_preview_on_postgres() {
    a_brand_objects_in_the_preview(World::on_postgres("objections").await).await;
}

#[tokio::test]
async fn what_is_published_is_not_objected_to() {
    let world = World::on_sqlite().await;
    let case = counted(&world).await;
    until(&world, "2026-07-20");
    world.count_all(&world.scorer(1)).await;
    world.wait(Span::minutes(5));
    world.count_all(&world.scorer(1)).await;
    let late = raise(&world, BRAND, objection(&world, case)).await;
    // Frozen, or due to be: in neither case is there time to look at it.
    assert_eq!(reason(late), Reason::ScoreNotInPreview);
}
