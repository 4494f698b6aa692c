//! Follow-ups, complaints, projects, notices, seats, digests: through the service, on a real store.

use parasol_api::common::v1::Category;
use parasol_api::convert::to_timestamp;
use parasol_api::tracking::v1::score_service_server::ScoreService as _;
use parasol_api::tracking::v1::tracking_service_server::TrackingService as _;
use parasol_api::tracking::v1::voice_service_server::VoiceService as _;
use parasol_api::tracking::v1::*;
use parasol_api::{Error, Reason, Role};
use parasol_journey::ids::CaseId;
use parasol_journey::time::Span;
use parasol_tracking::scores::cards::{self, Whose};
use parasol_tracking::scores::indicator::{Id, Level};
use parasol_tracking::scores::marks::Figure;
use tonic::{Request, Status};

use crate::indicators::{booked, closed};
use crate::rows::stored_figures;
use crate::world::{CUSTOMER, World, by, reason};

async fn world() -> (World, CaseId) {
    let world = World::on_sqlite().await;
    let id = world.store_course(&closed(), 1).await;
    (world, id)
}

fn agent<T>(message: T) -> Request<T> {
    by(Role::Agent, "a-1", message)
}

async fn open(world: &World, case: CaseId) -> FollowUpStep {
    let request = OpenFollowUpRequest {
        request_id: world.id(),
        case_id: case.to_string(),
        issue: FollowUpIssue::Money.into(),
        text: "where is it? Canary Lane 7".into(),
    };
    world.service.open_follow_up(by(Role::Customer, CUSTOMER, request)).await.unwrap().into_inner()
}

async fn confirm(world: &World, id: &str, solved: bool) -> Result<FollowUpStep, Status> {
    let request = ConfirmFollowUpRequest {
        request_id: world.id(),
        follow_up_id: id.to_owned(),
        solved,
        ..ConfirmFollowUpRequest::default()
    };
    let said = world.service.confirm_follow_up(by(Role::Customer, CUSTOMER, request)).await;
    said.map(tonic::Response::into_inner)
}

async fn close(world: &World, id: &str) -> Result<FollowUpStep, Status> {
    let request = CloseFollowUpRequest {
        request_id: world.id(),
        follow_up_id: id.to_owned(),
        text: "paid".into(),
        ..CloseFollowUpRequest::default()
    };
    world.service.close_follow_up(agent(request)).await.map(tonic::Response::into_inner)
}

async fn listed(world: &World) -> Vec<FollowUp> {
    let list = world.service.list_follow_ups(agent(ListFollowUpsRequest::default())).await;
    list.unwrap().into_inner().follow_ups
}

#[tokio::test]
async fn a_follow_up_closes_on_the_customers_word_and_counts_for_whoever_had_it() {
    let (world, case) = world().await;
    let id = open(&world, case).await.follow_up_id;
    assert_eq!(reason(close(&world, &id).await), Reason::FollowUpNotSolved);
    let take = AssignFollowUpRequest {
        request_id: world.id(),
        follow_up_id: id.clone(),
        ..AssignFollowUpRequest::default()
    };
    world.service.assign_follow_up(agent(take)).await.unwrap();
    let note = NoteFollowUpRequest {
        request_id: world.id(),
        follow_up_id: id.clone(),
        text: "asked the bank".into(),
        ..NoteFollowUpRequest::default()
    };
    let unsaid = world.service.note_follow_up(agent(note.clone())).await;
    assert_eq!(reason(unsaid), Reason::FieldInvalid, "the next look has to be said");
    let next_check_at = Some(to_timestamp(world.clock.now() + Span::hours(2)));
    let note = NoteFollowUpRequest { request_id: world.id(), next_check_at, ..note };
    let noted = world.service.note_follow_up(agent(note.clone())).await.unwrap().into_inner();
    let strange = ConfirmFollowUpRequest {
        request_id: world.id(),
        follow_up_id: id.clone(),
        solved: true,
        ..ConfirmFollowUpRequest::default()
    };
    let strange = world.service.confirm_follow_up(by(Role::Customer, "u-2", strange)).await;
    assert_eq!(reason(strange), Reason::NotFound);
    let unheard = ConfirmFollowUpRequest {
        request_id: world.id(),
        follow_up_id: id.clone(),
        solved: true,
        ..ConfirmFollowUpRequest::default()
    };
    let unheard = world.service.confirm_follow_up(agent(unheard)).await;
    assert_eq!(reason(unheard), Reason::FieldInvalid, "an agent says how it was heard");
    let own = |subject: &str, case_id: String| {
        let request = ListFollowUpsRequest { case_id, ..ListFollowUpsRequest::default() };
        world.service.list_follow_ups(by(Role::Customer, subject, request))
    };
    confirm(&world, &id, true).await.unwrap();
    let theirs = own(CUSTOMER, case.to_string()).await.unwrap().into_inner().follow_ups;
    assert_eq!((theirs.len(), theirs[0].assignee.as_str()), (1, ""));
    assert!(theirs[0].solved_at.is_some());
    let mine = format!("customer:{CUSTOMER}");
    let is_mine = theirs[0].entries.iter().map(|one| one.said_by == mine);
    assert_eq!(
        is_mine.collect::<Vec<_>>(),
        [true, true],
        "an agent's notes are not the customer's"
    );
    assert_eq!(reason(own("u-2", case.to_string()).await), Reason::NotFound);
    assert_eq!(reason(own(CUSTOMER, String::new()).await), Reason::FieldInvalid);
    let guessed = ListFollowUpsRequest {
        case_id: case.to_string(),
        assignee: "a-1".into(),
        ..ListFollowUpsRequest::default()
    };
    let guessed = world.service.list_follow_ups(by(Role::Customer, CUSTOMER, guessed)).await;
    assert_eq!(reason(guessed), Reason::FieldInvalid, "a name cannot be tried");
    let shown = &listed(&world).await[0];
    assert_eq!(shown.entries.len(), 4);
    assert!(shown.in_time && shown.entries[0].text.contains("Canary"));
    close(&world, &id).await.unwrap();
    assert!(listed(&world).await.is_empty());
    assert_eq!(reason(confirm(&world, &id, false).await), Reason::FollowUpClosed);
    world.wait(Span::hours(3));
    let again = world.service.note_follow_up(agent(note)).await.unwrap().into_inner();
    assert_eq!(again, noted, "the next look is over, and the note was taken");
    // The counting hears of it beside the log.
    world.sequence().await;
    world.count_all(&world.scorer(1)).await;
    let card = GetScorecardRequest {
        level: ScoreLevel::Agent.into(),
        subject: "a-1".into(),
        period: "2026-06".into(),
        ..GetScorecardRequest::default()
    };
    let card = world.service.get_scorecard(by(Role::Agent, "a-1", card)).await.unwrap();
    let figures = card.into_inner().figures;
    let figure = figures.iter().find(|one| one.indicator == "follow_up_in_time").unwrap();
    assert_eq!((figure.numerator, figure.denominator), (1, 1));
    assert!(figure.insufficient);
}

#[tokio::test]
async fn one_that_nobody_took_on_counts_for_nobody() {
    let (world, case) = world().await;
    let id = open(&world, case).await.follow_up_id;
    confirm(&world, &id, true).await.unwrap();
    close(&world, &id).await.unwrap();
    world.sequence().await;
    world.count_all(&world.scorer(1)).await;
    let counted = stored_figures(&world.store).await;
    assert!(!counted.is_empty());
    let of_agents = |figure: &&Figure| figure.indicator == Id::FollowUpInTime;
    assert_eq!(counted.keys().find(of_agents), None);
    let agents = Whose { level: Level::Agent, subject: "a-1".into(), category: None };
    let month = counted.keys().map(|figure| figure.month).max().unwrap();
    let everybody = cards::of_everybody(&world.store, &agents, month).await.unwrap();
    assert_eq!(everybody.get(&Id::FollowUpInTime), None);
}

#[tokio::test]
async fn time_takes_a_follow_up_to_the_complaint_desk() {
    let (world, case) = world().await;
    open(&world, case).await;
    let rounds = world.service.rounds();
    let mut tiers = vec![listed(&world).await[0].tier];
    for _ in 0..3 {
        world.wait(Span::days(1));
        assert_eq!(rounds.run_once().await.unwrap().lapsed, 1);
        assert_eq!(rounds.run_once().await.unwrap().lapsed, 0, "once each time");
        tiers.push(listed(&world).await[0].tier);
    }
    let desk = FollowUpTier::ComplaintDesk as i32;
    assert_eq!(tiers, [FollowUpTier::L1 as i32, FollowUpTier::L2 as i32, desk, desk]);
    let acts: Vec<_> = listed(&world).await[0].entries.iter().map(|one| one.act.clone()).collect();
    assert_eq!(acts, ["opened", "escalated", "escalated", "overdue"]);
}

#[tokio::test]
async fn the_token_of_a_page_is_good_for_the_list_it_came_from_alone() {
    let world = World::on_sqlite().await;
    for number in 1..=3 {
        let case = world.store_course(&closed(), number).await;
        open(&world, case).await;
    }
    let page = |tier: FollowUpTier, page_token: &str| ListFollowUpsRequest {
        tier: tier.into(),
        page_size: 2,
        page_token: page_token.to_owned(),
        ..ListFollowUpsRequest::default()
    };
    let list = async |who: &str, request| {
        let list = world.service.list_follow_ups(by(Role::Agent, who, request)).await;
        list.map(tonic::Response::into_inner)
    };
    let first = list("a-1", page(FollowUpTier::L1, "")).await.unwrap();
    let token = first.next_page_token;
    let next = list("a-1", page(FollowUpTier::L1, &token)).await.unwrap();
    assert_eq!((first.follow_ups.len(), next.follow_ups.len()), (2, 1));
    for (who, tier) in [("a-1", FollowUpTier::L2), ("a-2", FollowUpTier::L1)] {
        let refused = list(who, page(tier, &token)).await.unwrap_err();
        assert_eq!(Error::from_status(&refused).reason(), Reason::PageTokenInvalid);
    }
}

#[tokio::test]
async fn two_who_act_on_one_version_do_not_both() {
    let (world, case) = world().await;
    let step = open(&world, case).await;
    let take = |etag: &str| AssignFollowUpRequest {
        request_id: world.id(),
        follow_up_id: step.follow_up_id.clone(),
        etag: etag.to_owned(),
        assignee: String::new(),
    };
    let first = take(&step.etag);
    let answer = world.service.assign_follow_up(agent(first.clone())).await.unwrap().into_inner();
    let late = world.service.assign_follow_up(by(Role::Agent, "a-2", take(&step.etag))).await;
    assert_eq!(reason(late), Reason::VersionConflict);
    let again = world.service.assign_follow_up(agent(first)).await.unwrap().into_inner();
    assert_eq!(again, answer, "a repetition answers the same");
    let (one, two) = tokio::join!(
        world.service.assign_follow_up(agent(take(""))),
        world.service.assign_follow_up(by(Role::Agent, "a-2", take(""))),
    );
    let failed = [one, two].into_iter().filter_map(Result::err).collect::<Vec<_>>();
    assert!(failed.len() <= 1, "{failed:?}");
}

async fn complaint(world: &World, case: CaseId) -> String {
    let request = OpenComplaintRequest {
        request_id: world.id(),
        case_id: case.to_string(),
        class: ComplaintClass::Page.into(),
        text: "the page says it is quiet".into(),
    };
    world.service.open_complaint(agent(request)).await.unwrap().into_inner().complaint_id
}

#[tokio::test]
async fn a_complaint_is_closed_after_somebody_else_found_that_it_helped() {
    let (world, case) = world().await;
    let id = complaint(&world, case).await;
    let service = &world.service;
    let close = |id: &str| CloseComplaintRequest {
        request_id: world.id(),
        complaint_id: id.to_owned(),
        etag: String::new(),
    };
    assert_eq!(reason(service.close_complaint(agent(close(&id))).await), Reason::ComplaintState);
    let assign = AssignComplaintRequest {
        request_id: world.id(),
        complaint_id: id.clone(),
        ..AssignComplaintRequest::default()
    };
    service.assign_complaint(agent(assign)).await.unwrap();
    let act = ActOnComplaintRequest {
        request_id: world.id(),
        complaint_id: id.clone(),
        outcome: ComplaintOutcome::ProductNotice.into(),
        text: "the page is changed".into(),
        notice_zh: "噪音约 45 分贝".into(),
        notice_en: "About 45 dB".into(),
        ..ActOnComplaintRequest::default()
    };
    service.act_on_complaint(agent(act)).await.unwrap();
    assert_eq!(reason(service.close_complaint(agent(close(&id))).await), Reason::ComplaintState);
    let verify = |helped| VerifyComplaintRequest {
        request_id: world.id(),
        complaint_id: id.clone(),
        etag: String::new(),
        helped,
        text: "looked at the page".into(),
    };
    let own = service.verify_complaint(agent(verify(true))).await;
    assert_eq!(reason(own), Reason::FourEyesNeeded);
    service.verify_complaint(by(Role::Manager, "m-1", verify(true))).await.unwrap();
    service.close_complaint(agent(close(&id))).await.unwrap();
    let list = service.list_complaints(agent(ListComplaintsRequest::default())).await.unwrap();
    let list = list.into_inner().complaints;
    assert_eq!(list[0].state, ComplaintState::Closed as i32);
    let acts: Vec<_> = list[0].entries.iter().map(|one| one.act.as_str()).collect();
    assert_eq!(acts, ["classified", "assigned", "acted", "verified", "closed"]);
    // The notice is anybody's to read.
    let ask = ListProductNoticesRequest { sku: "AUR-BCD-520".into(), language: "en".into() };
    let notices = service.list_product_notices(Request::new(ask)).await.unwrap().into_inner();
    assert_eq!(notices.notices[0].text, "About 45 dB");
}

#[tokio::test]
async fn a_project_keeps_its_cases_and_the_promise_that_came_of_them() {
    let (world, case) = world().await;
    let service = &world.service;
    let put = PutProjectRequest {
        request_id: world.id(),
        name: "Quieter refrigerators".into(),
        owner: "m-1".into(),
        state: ProjectState::Open.into(),
        ..PutProjectRequest::default()
    };
    let made = service.put_project(by(Role::Manager, "m-1", put.clone())).await.unwrap();
    let made = made.into_inner();
    let link = LinkProjectCaseRequest {
        request_id: world.id(),
        project_id: made.project_id.clone(),
        case_id: case.to_string(),
    };
    service.link_project_case(agent(link)).await.unwrap();
    let shipped = PutProjectRequest {
        request_id: world.id(),
        project_id: made.project_id.clone(),
        etag: made.etag,
        state: ProjectState::Shipped.into(),
        promise: "quiet_90".into(),
        ..put
    };
    let unsaid = service.put_project(by(Role::Manager, "m-1", shipped.clone())).await;
    assert_eq!(reason(unsaid), Reason::FieldInvalid, "what came of it has to be said");
    let outcome = "a new compressor mount".into();
    let shipped = PutProjectRequest { request_id: world.id(), outcome, ..shipped };
    service.put_project(by(Role::Manager, "m-1", shipped)).await.unwrap();
    let list = service.list_projects(agent(ListProjectsRequest::default())).await.unwrap();
    let one = &list.into_inner().projects[0];
    assert_eq!(
        (one.promise.as_str(), one.case_ids.as_slice()),
        ("quiet_90", &[case.to_string()][..])
    );
}

#[tokio::test]
async fn seats_have_a_quota_a_time_and_nobodys_name() {
    let (world, case) = world().await;
    let service = &world.service;
    let manager = |message| by(Role::Manager, "m-1", message);
    let at = world.clock.now() + Span::hours(1);
    let book = || BookSeatRequest {
        request_id: world.id(),
        case_id: case.to_string(),
        at: Some(to_timestamp(at)),
    };
    let first = book();
    let seat = service.book_seat(manager(first.clone())).await.unwrap().into_inner();
    for _ in 1..8 {
        service.book_seat(manager(book())).await.unwrap();
    }
    assert_eq!(reason(service.book_seat(manager(book())).await), Reason::SeatsFull);
    let attend = || AttendSeatRequest {
        request_id: world.id(),
        seat_id: seat.seat_id.clone(),
        language: "en".into(),
    };
    let early = service.attend_seat(by(Role::Manager, "m-1", attend())).await;
    assert_eq!(reason(early), Reason::SeatNotNow);
    world.wait(Span::hours(1));
    let others = service.attend_seat(by(Role::Manager, "m-2", attend())).await;
    assert_eq!(reason(others), Reason::NotFound);
    let view = service.attend_seat(by(Role::Manager, "m-1", attend())).await.unwrap();
    let view = view.into_inner();
    assert!(view.entries.len() > 8);
    let told = format!("{view:?}");
    for hidden in ["SN0001", "JX1-1", "tech-1", "aurora-hz", "330106"] {
        assert!(!told.contains(hidden), "{hidden} is told");
    }
    let ask = ListSeatsRequest::default();
    let seats = service.list_seats(by(Role::Manager, "m-1", ask)).await.unwrap().into_inner();
    assert_eq!((seats.attended, seats.expected, seats.quota), (1, 2, 8));
    world.wait(Span::hours(3));
    let again = service.book_seat(manager(first)).await.unwrap().into_inner();
    assert_eq!(again, seat, "its time is over, and it was booked");
    let late = service.attend_seat(by(Role::Manager, "m-1", attend())).await;
    assert_eq!(reason(late), Reason::SeatNotNow);
}

#[tokio::test]
async fn a_text_is_read_by_whom_it_was_given_to() {
    let (world, case) = world().await;
    let service = &world.service;
    let said = AnswerSurveyRequest {
        request_id: world.id(),
        case_id: case.to_string(),
        csat: 5,
        text: "well done".into(),
        ..AnswerSurveyRequest::default()
    };
    service.answer_survey(by(Role::Customer, CUSTOMER, said)).await.unwrap();
    let list = async || {
        let ask = ListVoicesRequest::default();
        service.list_voices(agent(ask)).await.unwrap().into_inner().voices
    };
    let id = list().await[0].voice_id.clone();
    let read =
        || ReadVoiceRequest { request_id: world.id(), voice_id: id.clone(), etag: String::new() };
    assert_eq!(reason(service.read_voice(agent(read())).await), Reason::VoiceNotAssigned);
    let assign = AssignVoiceRequest {
        request_id: world.id(),
        voice_id: id.clone(),
        assignee: "a-1".into(),
        ..AssignVoiceRequest::default()
    };
    service.assign_voice(by(Role::Manager, "m-1", assign)).await.unwrap();
    service.read_voice(agent(read())).await.unwrap();
    assert!(list().await.is_empty(), "read texts are no longer waiting");
    // The next one that nobody takes goes to somebody who reads.
    let said = AnswerSurveyRequest {
        request_id: world.id(),
        case_id: case.to_string(),
        csat: 4,
        text: "well done again".into(),
        ..AnswerSurveyRequest::default()
    };
    service.answer_survey(by(Role::Customer, CUSTOMER, said)).await.unwrap();
    let rounds = service.rounds();
    assert_eq!(rounds.run_once().await.unwrap().assigned, 0, "it may be taken for an hour");
    world.wait(Span::hours(1));
    assert_eq!(rounds.run_once().await.unwrap().assigned, 1);
    assert_eq!(list().await[0].assignee, "a-1");
}

#[tokio::test]
async fn a_day_and_a_month_that_are_over_are_told_once_and_stay() {
    let (world, case) = world().await;
    let service = &world.service;
    let rounds = world.service.rounds();
    rounds.run_once().await.unwrap();
    complaint(&world, case).await;
    let day = world.clock.now().shanghai_day().to_string();
    let digest = async |day: &str| {
        let ask = GetVocDigestRequest { day: day.to_owned() };
        service.get_voc_digest(agent(ask)).await.unwrap().into_inner()
    };
    let live = digest(&day).await;
    assert!(!live.frozen);
    assert_eq!((live.complaints[0].word.as_str(), live.because.as_str()), ("page", "complaint"));
    world.wait(Span::days(40));
    assert!(rounds.run_once().await.unwrap().reports > 0);
    assert_eq!(rounds.run_once().await.unwrap().reports, 0, "once");
    // That day is further back than is made up for; the month is over in any case.
    let yesterday = (world.clock.now() - Span::days(1)).shanghai_day().to_string();
    let kept = digest(&yesterday).await;
    assert!(kept.frozen);
    let ask = || GetVocReportRequest {
        period: "2026-06".into(),
        category: Category::Refrigerator.into(),
    };
    let report = service.get_voc_report(by(Role::Manager, "m-1", ask())).await.unwrap();
    let report = report.into_inner();
    assert!(report.frozen);
    assert_eq!((report.by_class[0].word.as_str(), report.open), ("page", 1));
    assert_eq!(report.brands[0].brand, "aurora");
    let ahead = GetVocDigestRequest { day: "2030-01-01".into() };
    assert_eq!(reason(service.get_voc_digest(agent(ahead)).await), Reason::NotFound);
}

#[tokio::test]
async fn a_month_is_previewed_by_its_brand_and_then_everybodys() {
    let world = World::on_sqlite().await;
    for number in 1..=40 {
        world.store_course(&closed(), number).await;
    }
    world.store_course(&booked(), 99).await;
    world.sequence().await;
    let scorer = world.scorer(1);
    world.count_all(&scorer).await;
    let service = &world.service;
    let ask = || GetScorecardRequest {
        level: ScoreLevel::Brand.into(),
        subject: "aurora".into(),
        category: Category::Refrigerator.into(),
        period: "2026-06".into(),
        language: "en".into(),
    };
    let public = async || service.get_scorecard(Request::new(ask())).await;
    let own = async || service.get_scorecard(by(Role::Brand, "aurora", ask())).await;
    assert_eq!(reason(public().await), Reason::NotFound, "the month goes on");
    assert_eq!(own().await.unwrap().into_inner().state, ScorePeriodState::Running as i32);
    world.wait(Span::days(24));
    world.count_all(&world.scorer(2)).await;
    assert_eq!(reason(public().await), Reason::NotFound, "brands look first");
    assert_eq!(own().await.unwrap().into_inner().state, ScorePeriodState::Preview as i32);
    let rival = service.get_scorecard(by(Role::Brand, "briar", ask())).await;
    assert_eq!(reason(rival), Reason::NotFound);
    world.wait(Span::days(10));
    world.count_all(&world.scorer(3)).await;
    let card = public().await.unwrap().into_inner();
    assert_eq!((card.state, card.rank, card.ranked), (ScorePeriodState::Published as i32, 1, 1));
    assert!(!card.insufficient && card.points > 0);
    let figure = card.figures.iter().find(|one| one.indicator == "completion_48").unwrap();
    assert_eq!((figure.numerator, figure.denominator, figure.value), (40, 40, 1_000_000));
    let ranking = ListRankingRequest {
        level: ScoreLevel::Brand.into(),
        category: Category::Refrigerator.into(),
        ..ListRankingRequest::default()
    };
    let rows = service.list_ranking(Request::new(ranking)).await.unwrap().into_inner().rows;
    assert_eq!((rows[0].subject.as_str(), rows[0].rank, rows[0].cases), ("aurora", 1, 40));
    assert!(rows[0].best_of_year && !rows[0].restated);
    let inside = ListRankingRequest {
        level: ScoreLevel::Technician.into(),
        ..ListRankingRequest::default()
    };
    let hidden = service.list_ranking(Request::new(inside.clone())).await;
    assert_eq!(reason(hidden), Reason::NotFound);
    let shown = service.list_ranking(by(Role::Manager, "m-1", inside)).await.unwrap();
    assert!(!shown.into_inner().rows.is_empty());
    cases_behind(&world).await;
    restated_after(&world).await;
}

/// The cases behind a figure, page by page, and to nobody else.
async fn cases_behind(world: &World) {
    let ask = |page_token: String| ListScoreCasesRequest {
        level: ScoreLevel::Brand.into(),
        subject: "aurora".into(),
        category: Category::Refrigerator.into(),
        period: "2026-06".into(),
        indicator: "on_time".into(),
        page_size: 15,
        page_token,
    };
    let (mut seen, mut token) = (std::collections::BTreeSet::new(), String::new());
    loop {
        let page = world.service.list_score_cases(by(Role::Brand, "aurora", ask(token))).await;
        let page = page.unwrap().into_inner();
        for one in &page.cases {
            assert!(seen.insert(one.case_id.clone()), "{} comes twice", one.case_id);
        }
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(seen.len(), 40);
    // The token of a page is good for the list that it came from, and for no other one.
    let first = world.service.list_score_cases(by(Role::Brand, "aurora", ask(String::new()))).await;
    let token = first.unwrap().into_inner().next_page_token;
    let other = ListScoreCasesRequest { indicator: "no_show".into(), ..ask(token) };
    let other = world.service.list_score_cases(by(Role::Brand, "aurora", other)).await;
    assert_eq!(reason(other), Reason::PageTokenInvalid);
    let strange =
        world.service.list_score_cases(by(Role::Brand, "briar", ask(String::new()))).await;
    assert_eq!(reason(strange), Reason::NotFound);
}

/// A case of the published month opens again: the figure stays, and its change is told beside it.
async fn restated_after(world: &World) {
    use parasol_journey::{ActorKind, Verb};
    let mut course = closed();
    let before = course.log.len();
    course.sample(ActorKind::Customer, Verb::Reopen);
    let id = crate::simulated::case_id(1);
    world.store_more(&course, id, course.log.len() - before).await;
    world.sequence().await;
    world.wait(Span::days(1));
    world.count_all(&world.scorer(4)).await;
    let ask = GetScorecardRequest {
        level: ScoreLevel::Brand.into(),
        subject: "aurora".into(),
        category: Category::Refrigerator.into(),
        period: "2026-06".into(),
        language: "en".into(),
    };
    let card = world.service.get_scorecard(Request::new(ask.clone())).await.unwrap().into_inner();
    let figure = card.figures.iter().find(|one| one.indicator == "completion_48").unwrap();
    assert_eq!((figure.numerator, figure.denominator), (40, 40), "what was published stays");
    assert_eq!((figure.numerator_now, figure.denominator_now), (39, 39));
    assert_eq!(figure.restatements.len(), 1);
    assert_eq!(figure.restatements[0].case_id, "", "the public sees no cases");
    let own = world.service.get_scorecard(by(Role::Brand, "aurora", ask)).await.unwrap();
    let own = own.into_inner().figures;
    let figure = own.iter().find(|one| one.indicator == "completion_48").unwrap();
    assert_eq!(figure.restatements[0].case_id, id.to_string());
}

#[tokio::test]
async fn the_new_flow_is_held_against_a_baseline_by_both_definitions() {
    let world = World::on_sqlite().await;
    for number in 1..=30 {
        world.store_course(&closed(), number).await;
    }
    world.sequence().await;
    world.count_all(&world.scorer(1)).await;
    let put = PutBaselineRequest {
        request_id: world.id(),
        category: Category::Refrigerator.into(),
        gross_seconds: 64_000,
        net_seconds: 32_000,
        source: "archive of 2016".into(),
        ..PutBaselineRequest::default()
    };
    world.service.put_baseline(by(Role::Operator, "op-1", put)).await.unwrap();
    let ask = GetScorecardRequest {
        level: ScoreLevel::Brand.into(),
        subject: "aurora".into(),
        category: Category::Refrigerator.into(),
        period: "2026-06".into(),
        ..GetScorecardRequest::default()
    };
    let card = world.service.get_scorecard(by(Role::Manager, "m-1", ask)).await.unwrap();
    let flow = card.into_inner().flow;
    // Five hours and twenty minutes are 19,200 seconds.
    let told: Vec<_> = flow.iter().map(|one| (one.definition.as_str(), one.faster)).collect();
    assert_eq!(told, [("gross", 700_000), ("net", 400_000)]);
    assert!(flow.iter().all(|one| one.cases == 30 && one.source == "archive of 2016"));
}
