//! What the retailer's people do: notes, merges, e-mail, articles.

use parasol_api::Reason;
use parasol_api::convert::Listed as _;
use parasol_api::intake::v1::intake_service_server::IntakeService;
use parasol_api::intake::v1::knowledge_service_server::KnowledgeService;
use parasol_api::intake::v1::{
    AddNoteRequest, Article, GetMailMarkRequest, ListArticlesRequest, ListMergedRequest,
    MatchArticlesRequest, MergeCaseRequest, PutArticleRequest, ReceiveMailRequest,
};
use parasol_journey::ids::{CaseId, NoteId};
use parasol_journey::vocab::{Category, NoteSource};
use parasol_journey::{Fact, Stage};
use parasol_runtime::identity::{Principal, Role};
use uuid::Uuid;

use crate::acting::bring_technician;
use crate::samples::{case_of, claim, file, order, world_with};
use crate::world::{World, agent, by, customer, fields, id, reason};

fn operator() -> Principal {
    Principal::new(Role::Operator, "mail")
}

/// What the notes of a case say, with how each came.
async fn notes(world: &World, case: CaseId) -> Vec<(NoteSource, String)> {
    let mut notes = Vec::new();
    for logged in world.desk.store.log_after(case, 0, 1_000).await.unwrap() {
        let Fact::Noted { note, source } = logged.event.fact else { continue };
        let body = world.desk.store.reveal(note.uuid(), "note").await.unwrap().unwrap();
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        notes.push((source, body["text"].as_str().unwrap().to_owned()));
    }
    notes
}

#[tokio::test]
async fn a_note_lies_in_the_vault_and_the_log_has_that_there_is_one() {
    let world = world_with([order(1)]).await;
    let case = case_of(&file(&world, &customer("u-1"), claim(1, 1)).await);
    let ask = |request, text: &str| AddNoteRequest {
        request_id: id(request),
        case_id: case.to_string(),
        text: text.to_owned(),
        ..AddNoteRequest::default()
    };
    let first =
        world.intake.add_note(by(&agent(), ask(2, "张芳 asks for Saturday"))).await.unwrap();
    let again =
        world.intake.add_note(by(&agent(), ask(2, "张芳 asks for Saturday"))).await.unwrap();
    assert_eq!(first.get_ref(), again.get_ref(), "twice is once");
    assert!(first.get_ref().note_id.parse::<NoteId>().is_ok());
    assert_eq!(notes(&world, case).await, [(NoteSource::Desk, "张芳 asks for Saturday".into())]);
    let log = world.desk.store.log_after(case, 0, 100).await.unwrap();
    let log = log.iter().map(|one| serde_json::to_string(&one.event).unwrap());
    assert!(!log.collect::<String>().contains("张芳"), "the log names nobody");
    let reused = world.intake.add_note(by(&agent(), ask(2, "another"))).await;
    assert_eq!(reason(reused), Reason::RequestIdReused);
    assert_eq!(fields(world.intake.add_note(by(&agent(), ask(3, " "))).await), ["text"]);
    let long = "a".repeat(2_001);
    assert_eq!(
        reason(world.intake.add_note(by(&agent(), ask(3, &long))).await),
        Reason::FieldTooLong
    );
    let stale = AddNoteRequest { etag: "\"1\"".to_owned(), ..ask(3, "late") };
    let before = world.case(case).await.version;
    assert_eq!(reason(world.intake.add_note(by(&agent(), stale)).await), Reason::VersionConflict);
    assert_eq!(world.case(case).await.version, before);
}

#[tokio::test]
async fn a_case_ends_for_another_of_the_same_customer_and_says_so() {
    // Two units of one customer, and one of another.
    let mut second = order(2);
    second.customer.clone_from(&order(1).customer);
    let world = world_with([order(1), second, order(3)]).await;
    let me = customer("u-1");
    let one = case_of(&file(&world, &me, claim(1, 1)).await);
    let two = case_of(&file(&world, &me, claim(2, 2)).await);
    let other = case_of(&file(&world, &customer("u-3"), claim(3, 3)).await);
    let ask = |request, case: CaseId, into: CaseId| MergeCaseRequest {
        request_id: id(request),
        case_id: case.to_string(),
        into_case_id: into.to_string(),
        ..MergeCaseRequest::default()
    };
    let refused = |answer| reason::<tonic::Response<_>>(answer);
    let merge = |request| world.intake.merge_case(by(&agent(), request));
    assert_eq!(refused(merge(ask(10, one, one)).await), Reason::MergeRefused);
    assert_eq!(refused(merge(ask(11, one, other)).await), Reason::MergeRefused);
    let nobody = CaseId::new(Uuid::from_u128(404));
    assert_eq!(refused(merge(ask(12, one, nobody)).await), Reason::NotFound);
    assert_eq!(world.case(one).await.stage, Stage::Filed, "nothing was changed");
    let merged = merge(ask(13, two, one)).await.unwrap();
    let again = merge(ask(13, two, one)).await.unwrap();
    assert_eq!(merged.get_ref(), again.get_ref());
    let case = world.case(two).await;
    assert_eq!((case.stage, case.merged_into), (Stage::Cancelled, Some(one)));
    assert_eq!(refused(merge(ask(14, two, one)).await), Reason::CaseEnded);
    assert_eq!(refused(merge(ask(15, one, two)).await), Reason::MergeRefused, "it has ended");
    let list = |case: CaseId| ListMergedRequest { case_id: case.to_string() };
    let of_two = world.intake.list_merged(by(&agent(), list(two))).await.unwrap().into_inner();
    assert_eq!(of_two.into_case_id, one.to_string());
    let of_one = world.intake.list_merged(by(&agent(), list(one))).await.unwrap().into_inner();
    assert_eq!(of_one.merged_case_ids, [two.to_string()]);
    // The unit is free, so that what was merged by mistake can be filed again.
    let split = file(&world, &me, claim(2, 20)).await;
    assert!(!split.existing && case_of(&split) != two);
}

#[tokio::test]
async fn a_case_with_a_technician_at_the_door_is_not_merged() {
    let mut second = order(2);
    second.customer.clone_from(&order(1).customer);
    let world = world_with([order(1), second]).await;
    let me = customer("u-1");
    let one = case_of(&file(&world, &me, claim(1, 1)).await);
    let two = case_of(&file(&world, &me, claim(2, 2)).await);
    bring_technician(&world, one).await;
    let ask = MergeCaseRequest {
        request_id: id(3),
        case_id: one.to_string(),
        into_case_id: two.to_string(),
        ..MergeCaseRequest::default()
    };
    let refused = reason(world.intake.merge_case(by(&agent(), ask)).await);
    assert_eq!(refused, Reason::IllegalTransition);
    assert_eq!(world.case(one).await.stage, Stage::OnSite);
}

#[tokio::test]
async fn an_e_mail_becomes_a_note_of_the_case_whose_mark_it_carries() {
    let world = world_with([order(1), order(2)]).await;
    let case = case_of(&file(&world, &customer("u-1"), claim(1, 1)).await);
    let ask = GetMailMarkRequest { case_id: case.to_string() };
    let mark = world.intake.get_mail_mark(by(&agent(), ask)).await.unwrap().into_inner().mark;
    let mail = |request, subject: &str, text: &str| ReceiveMailRequest {
        request_id: id(request),
        message: format!("From: a@b.example\r\nSubject: {subject}\r\n\r\n{text}\r\n").into_bytes(),
    };
    let take = |request| world.intake.receive_mail(by(&operator(), request));
    let subject = format!("Re: [{mark}]");
    let taken = take(mail(2, &subject, "still leaking")).await.unwrap().into_inner();
    assert_eq!((taken.case_id, taken.cut), (case.to_string(), false));
    take(mail(2, &subject, "still leaking")).await.unwrap();
    let found = notes(&world, case).await;
    assert_eq!(found.len(), 1, "delivered twice is one note");
    assert_eq!(found[0].0, NoteSource::Mail);
    assert!(found[0].1.ends_with("still leaking"), "{found:?}");
    let forged = mark.replace(&mark[2..6], "ffff");
    for wrong in ["no mark", &format!("[{forged}]")] {
        assert_eq!(reason(take(mail(3, wrong, "x")).await), Reason::MailUnmatched, "{wrong}");
    }
    let nothing = ReceiveMailRequest { request_id: id(4), message: Vec::new() };
    assert_eq!(reason(take(nothing).await), Reason::MailUnreadable);
    let huge = ReceiveMailRequest { request_id: id(5), message: vec![b'a'; 1024 * 1024 + 1] };
    assert_eq!(reason(take(huge).await), Reason::MailUnreadable);
    assert_eq!(notes(&world, case).await.len(), 1);
}

fn article(name: &str, stages: &[Stage], categories: &[Category], symptoms: &[&str]) -> Article {
    Article {
        article: name.to_owned(),
        stages: stages.iter().map(|one| one.number()).collect(),
        categories: categories.iter().map(|one| one.number()).collect(),
        symptoms: symptoms.iter().map(|one| (*one).to_owned()).collect(),
        title_zh: "标题".to_owned(),
        title_en: name.to_owned(),
        text_zh: "正文".to_owned(),
        text_en: "text".to_owned(),
        ..Article::default()
    }
}

#[tokio::test]
async fn articles_have_revisions_and_are_found_by_what_a_case_is_about() {
    let world = world_with([order(1)]).await;
    let case = case_of(&file(&world, &customer("u-1"), claim(1, 1)).await);
    let put = |request, article, etag: &str| {
        let etag = etag.to_owned();
        let put = PutArticleRequest { request_id: id(request), article: Some(article), etag };
        world.intake.put_article(by(&operator(), put))
    };
    let all = article("all", &[], &[], &[]);
    let cold = article("cold", &[], &[Category::Refrigerator], &["not_cooling"]);
    let later = article("later", &[Stage::Repairing], &[Category::Refrigerator], &[]);
    let first = put(10, all.clone(), "").await.unwrap().into_inner();
    assert_eq!((first.revision, first.etag.as_str()), (1, "\"1\""));
    put(11, cold.clone(), "").await.unwrap();
    put(12, later, "").await.unwrap();
    let found = || async {
        let ask = MatchArticlesRequest { case_id: case.to_string() };
        let found = world.intake.match_articles(by(&agent(), ask)).await.unwrap().into_inner();
        found.articles.into_iter().map(|one| one.article).collect::<Vec<_>>()
    };
    assert_eq!(found().await, ["cold", "all"]);
    assert_eq!(reason(put(13, all.clone(), "\"7\"").await), Reason::VersionConflict);
    let retired = Article { retired: true, ..cold };
    assert_eq!(put(14, retired, "\"1\"").await.unwrap().get_ref().revision, 2);
    assert_eq!(found().await, ["all"]);
    let again = put(10, all, "").await.unwrap().into_inner();
    assert_eq!(again, first, "a repetition gets the same answer");

    let list = |page_size, page_token: String| {
        let ask = ListArticlesRequest { page_size, page_token };
        world.intake.list_articles(by(&agent(), ask))
    };
    let page = list(2, String::new()).await.unwrap().into_inner();
    let rest = list(2, page.next_page_token.clone()).await.unwrap().into_inner();
    let names: Vec<_> =
        page.articles.iter().chain(&rest.articles).map(|one| one.article.as_str()).collect();
    assert_eq!(names, ["all", "cold", "later"]);
    assert_eq!(reason(list(2, "ff".to_owned()).await), Reason::PageTokenInvalid);
    let bad =
        Article { symptoms: vec!["Not A Code".to_owned()], article: "a b".to_owned(), ..first };
    assert_eq!(fields(put(15, bad, "").await), ["article.article", "article.symptoms"]);
}
