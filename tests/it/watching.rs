//! Share links, and the watch over many cases, on a running node.

use std::collections::BTreeSet;
use std::time::Duration;

use parasol_api::common::v1::Stage as WireStage;
use parasol_api::tracking::v1::tracking_service_client::TrackingServiceClient;
use parasol_api::tracking::v1::{
    CreateShareLinkRequest, GetTimelineRequest, ListShareLinksRequest, RevokeShareLinkRequest,
    ShareLink, Timeline, WatchCaseRequest, WatchCaseResponse, WatchCasesRequest,
    WatchCasesResponse, watch_case_response, watch_cases_response,
};
use parasol_api::{Error, Reason};
use parasol_journey::time::Span;
use parasol_runtime::identity::{Principal, Role};
use tonic::{Request, Status, Streaming};
use uuid::Uuid;

use crate::house::{House, texts};
use crate::messages::{Offered, offered};
use crate::tenancy::cases::{ASTER_ONE, BRIAR_ONE, Reached, World};

/// How long a stream may take to say something: a bookmark comes every 15 seconds.
const PATIENCE: Duration = Duration::from_secs(30);

fn client(house: &House) -> TrackingServiceClient<tonic::transport::Channel> {
    TrackingServiceClient::new(house.channel.clone())
}

/// A request with a link's secret.
fn by_link<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let header = format!("Bearer {token}").parse().expect("a token is ASCII");
    request.metadata_mut().insert("authorization", header);
    request
}

fn reason(status: Status) -> Reason {
    Error::from_status(&status).reason()
}

fn request_id(nth: u128) -> String {
    Uuid::from_u128(0x0190_a1b2_c3d4_7e5f_8a9b_0000_0000_0000 + nth).to_string()
}

async fn make(house: &House, who: &Principal, case: &str, nth: u128) -> Result<ShareLink, Status> {
    let message = CreateShareLinkRequest {
        request_id: request_id(nth),
        case_id: case.to_owned(),
        ..CreateShareLinkRequest::default()
    };
    let answer = client(house).create_share_link(house.request_of(who, message)).await;
    answer.map(tonic::Response::into_inner)
}

async fn timeline(house: &House, token: &str, case: &str) -> Result<Timeline, Status> {
    let message = GetTimelineRequest { case_id: case.to_owned(), ..GetTimelineRequest::default() };
    client(house).get_timeline(by_link(token, message)).await.map(tonic::Response::into_inner)
}

async fn next<T>(stream: &mut Streaming<T>) -> Result<Option<T>, Status> {
    tokio::time::timeout(PATIENCE, stream.message()).await.expect("the stream says something")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_shows_one_case_until_it_is_taken_back() {
    let house = House::open().await;
    let Offered { customer, case, .. } = offered(&house).await;
    let link = make(&house, &customer, &case, 1).await.expect("a link");
    assert!(link.token.starts_with("sl_") && link.path == format!("/s/{}", link.token));
    let again = make(&house, &customer, &case, 1).await.expect("the same");
    assert_eq!(again, link, "a repetition gets the same bytes");
    let shown = timeline(&house, &link.token, &case).await.expect("it opens the case");
    assert_eq!(shown.case_id, case);
    assert!(shown.freshness.is_some() && shown.forecast.is_some());

    // Nothing else: another case, another method, a change.
    let other = "case_01905af12b3c7def8123456789abcdef";
    assert_eq!(reason(timeline(&house, &link.token, other).await.unwrap_err()), Reason::NotFound);
    let listing = ListShareLinksRequest { case_id: case.clone() };
    let refused = client(&house).list_share_links(by_link(&link.token, listing)).await;
    assert_eq!(reason(refused.unwrap_err()), Reason::PermissionDenied);
    let forged = format!("{}A", &link.token[..link.token.len() - 1]);
    let forged = if forged == link.token { link.token.replace('A', "B") } else { forged };
    let refused = timeline(&house, &forged, &case).await.unwrap_err();
    assert_eq!(reason(refused), Reason::Unauthenticated);
    let stranger = Principal::new(Role::Customer, "somebody-else");
    assert_eq!(reason(make(&house, &stranger, &case, 2).await.unwrap_err()), Reason::NotFound);

    let watched = WatchCaseRequest { case_id: case.clone(), ..WatchCaseRequest::default() };
    let stream = client(&house).watch_case(by_link(&link.token, watched.clone())).await;
    let mut stream = stream.expect("it may watch").into_inner();
    let WatchCaseResponse { event, .. } = next(&mut stream).await.unwrap().expect("an entry");
    assert!(matches!(event, Some(watch_case_response::Event::Entry(_))));

    let message = RevokeShareLinkRequest {
        request_id: request_id(3),
        case_id: case.clone(),
        link_id: link.link_id.clone(),
        ..RevokeShareLinkRequest::default()
    };
    let request = house.request_of(&customer, message);
    let revoked = client(&house).revoke_share_link(request).await.expect("it is taken back");
    assert!(revoked.into_inner().revoked_at.is_some());
    for refused in [
        timeline(&house, &link.token, &case).await.map(|_| ()),
        client(&house).watch_case(by_link(&link.token, watched)).await.map(|_| ()),
    ] {
        assert_eq!(reason(refused.unwrap_err()), Reason::Unauthenticated);
    }
    // The stream that was open is cut by the next bookmark.
    let cut = loop {
        match next(&mut stream).await {
            Ok(Some(message)) => {
                let is_entry = matches!(message.event, Some(watch_case_response::Event::Entry(_)));
                assert!(is_entry, "a bookmark would have said that all is well");
            }
            Ok(None) => panic!("the stream ended without a reason"),
            Err(status) => break status,
        }
    };
    assert_eq!(reason(cut), Reason::Unauthenticated);

    let request = house.request_of(&customer, ListShareLinksRequest { case_id: case });
    let listed = client(&house).list_share_links(request).await.expect("a list").into_inner();
    let [listed] = &*listed.links else { panic!("one link") };
    assert!(listed.token.is_empty() && listed.revoked_at.is_some() && listed.used_at.is_some());
    assert_eq!((listed.uses, listed.created_by.as_str()), (2, "customer"), "timeline and watch");
    // The secret stands in no table: not beside the link, and not in the saved answer.
    let found: Vec<_> = house
        .contents()
        .await
        .into_values()
        .flatten()
        .filter(|row| told(row, &link.token))
        .collect();
    assert!(found.is_empty(), "{found:?}");
    let by = "SELECT principal FROM commands WHERE principal LIKE 'link:%'";
    assert!(!texts(&house.node.store, by).await.is_empty(), "its use is on record");
}

/// Whether a row as SQL holds a text, as text or as bytes.
fn told(row: &str, secret: &str) -> bool {
    row.contains(secret) || row.to_ascii_lowercase().contains(&hex::encode(secret))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_expire_and_a_case_has_a_few_at_a_time() {
    let house = House::open().await;
    let Offered { customer, case, .. } = offered(&house).await;
    let mut links = Vec::new();
    for nth in 1..=5 {
        links.push(make(&house, &customer, &case, nth).await.expect("a link"));
    }
    let full = make(&house, &customer, &case, 6).await.unwrap_err();
    assert_eq!(reason(full), Reason::ShareLinksFull);
    assert!(timeline(&house, &links[4].token, &case).await.is_ok());
    house.node.clock.advance(Span::days(8)).expect("a test clock");
    let over = timeline(&house, &links[4].token, &case).await.unwrap_err();
    assert_eq!(reason(over), Reason::Unauthenticated);
    let anew = make(&house, &customer, &case, 7).await.expect("the places are free again");
    assert!(timeline(&house, &anew.token, &case).await.is_ok());
}

async fn watch(
    house: &House,
    who: &Principal,
    message: WatchCasesRequest,
) -> Result<Streaming<WatchCasesResponse>, Status> {
    let answer = client(house).watch_cases(house.request_of(who, message)).await;
    answer.map(tonic::Response::into_inner)
}

/// What a watch says until it has told of an entry of a case in a stage.
async fn until(
    stream: &mut Streaming<WatchCasesResponse>,
    case: &str,
    stage: WireStage,
) -> Vec<WatchCasesResponse> {
    let mut told = Vec::new();
    loop {
        let message = next(stream).await.expect("it goes on").expect("it goes on");
        let reached = match &message.event {
            Some(watch_cases_response::Event::Entry(one)) => {
                let entry = one.entry.as_ref().expect("an entry");
                one.case_id == case && entry.stage() == stage
            }
            _ => false,
        };
        told.push(message);
        if reached {
            return told;
        }
    }
}

/// The entries told: case and number.
fn entries(told: &[WatchCasesResponse]) -> Vec<(String, i64)> {
    let entry = |message: &WatchCasesResponse| match &message.event {
        Some(watch_cases_response::Event::Entry(one)) => {
            Some((one.case_id.clone(), one.entry.as_ref()?.seq))
        }
        _ => None,
    };
    told.iter().filter_map(entry).collect()
}

fn summaries(told: &[WatchCasesResponse]) -> BTreeSet<String> {
    let case = |message: &WatchCasesResponse| match &message.event {
        Some(watch_cases_response::Event::Summary(one)) => Some(one.case_id.clone()),
        _ => None,
    };
    told.iter().filter_map(case).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_over_many_cases_tells_each_its_own_in_order_and_goes_on_anywhere() {
    let world = World::open().await;
    let house = &world.house;
    let before = world.drive(ASTER_ONE, Reached::Accepted).await.names["case"].clone();
    let foreign = world.drive(BRIAR_ONE, Reached::Offered).await.names["case"].clone();
    let brand = ASTER_ONE.member(Role::Brand);
    let mut live = watch(house, &brand, WatchCasesRequest::default()).await.expect("a watch");
    let agent = Principal::new(Role::Agent, "agent-1");
    let booked_only = WatchCasesRequest {
        stages: vec![WireStage::Appointed.into()],
        ..WatchCasesRequest::default()
    };
    let mut filtered = watch(house, &agent, booked_only).await.expect("a watch");

    let first = world.drive(ASTER_ONE, Reached::Booked).await.names["case"].clone();
    let told = until(&mut live, &first, WireStage::Appointed).await;
    assert_eq!(summaries(&told), BTreeSet::from([before.clone()]), "what was open, once");
    let mine = entries(&told);
    assert!(mine.iter().all(|(case, _)| *case != foreign), "{mine:?}");
    let of_first: Vec<_> =
        mine.iter().filter(|(case, _)| *case == first).map(|(_, seq)| *seq).collect();
    let whole = i64::try_from(of_first.len()).expect("few");
    assert_eq!(of_first, (1..=whole).collect::<Vec<_>>(), "from the first on, without gap");

    // The filter hears of the entry that brings a case in, and of nothing before it.
    let told = until(&mut filtered, &first, WireStage::Appointed).await;
    assert_eq!(entries(&told).len(), 1, "{told:?}");

    // From each token the rest follows, the same as it was told live.
    let second = world.drive(ASTER_ONE, Reached::Booked).await.names["case"].clone();
    let rest = until(&mut live, &second, WireStage::Appointed).await;
    let mut resumed = 0;
    let tokens = rest.iter().enumerate().filter(|(_, one)| !one.resume_token.is_empty());
    for (place, message) in tokens.take(rest.len() - 1) {
        if place + 1 == rest.len() {
            break;
        }
        let again = WatchCasesRequest {
            resume_token: message.resume_token.clone(),
            ..WatchCasesRequest::default()
        };
        let mut stream = watch(house, &brand, again).await.expect("it goes on");
        let told = until(&mut stream, &second, WireStage::Appointed).await;
        assert_eq!(entries(&told), entries(&rest[place + 1..]), "from {place}");
        resumed += 1;
    }
    assert!(resumed > 3, "only {resumed} places to go on from");
    // Without a token the same step is never begun in its middle.
    let parts = rest.iter().filter(|message| message.resume_token.is_empty()).count();
    assert!(parts > 0, "a filing and its triage are steps of more than one entry");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_that_are_not_the_callers_are_told_to_begin_anew() {
    let world = World::open().await;
    let house = &world.house;
    let case = world.drive(ASTER_ONE, Reached::Booked).await.names["case"].clone();
    let brand = ASTER_ONE.member(Role::Brand);
    let mut live = watch(house, &brand, WatchCasesRequest::default()).await.expect("a watch");
    let first = next(&mut live).await.expect("it goes on").expect("a summary");
    assert_eq!(summaries(std::slice::from_ref(&first)), BTreeSet::from([case]));
    let token = first.resume_token;
    let with = |token: &str| WatchCasesRequest {
        resume_token: token.to_owned(),
        ..WatchCasesRequest::default()
    };
    assert!(watch(house, &brand, with(&token)).await.is_ok());
    let flip = |at: usize| {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
        String::from_utf8(bytes).expect("ASCII")
    };
    let mut wrong: Vec<_> = [0, 20, 40, 60, token.len() - 1].map(flip).to_vec();
    wrong.extend(["zz".to_owned(), token[2..].to_owned()]);
    for token in &wrong {
        let refused = watch(house, &brand, with(token)).await.map(|_| ()).unwrap_err();
        assert_eq!(reason(refused), Reason::ResyncRequired, "{token}");
    }
    // Another caller, and another filter.
    let stranger = BRIAR_ONE.member(Role::Brand);
    let refused = watch(house, &stranger, with(&token)).await.map(|_| ()).unwrap_err();
    assert_eq!(reason(refused), Reason::ResyncRequired);
    let other = WatchCasesRequest { turn_holder: 3, ..with(&token) };
    let refused = watch(house, &brand, other).await.map(|_| ()).unwrap_err();
    assert_eq!(reason(refused), Reason::ResyncRequired);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_house_itself_hears_of_every_brands_cases_from_now_on() {
    let world = World::open().await;
    let house = &world.house;
    let before = world.drive(ASTER_ONE, Reached::Booked).await.names["case"].clone();
    let service = Principal::new(Role::Service, "pages");
    let only_new = WatchCasesRequest { only_new: true, ..WatchCasesRequest::default() };
    let mut live = watch(house, &service, only_new.clone()).await.expect("a watch");
    let aster = world.drive(ASTER_ONE, Reached::Booked).await.names["case"].clone();
    let mut told = until(&mut live, &aster, WireStage::Appointed).await;
    let briar = world.drive(BRIAR_ONE, Reached::Booked).await.names["case"].clone();
    told.extend(until(&mut live, &briar, WireStage::Appointed).await);
    assert_eq!(summaries(&told), BTreeSet::new(), "nothing of what was open before");
    assert!(told.len() > 4 && entries(&told).iter().any(|(case, _)| *case != before), "{told:?}");
    // A token says where a watch goes on, whatever is asked for.
    let token = told.iter().find(|one| !one.resume_token.is_empty()).expect("a token");
    let rest = WatchCasesRequest { resume_token: token.resume_token.clone(), ..only_new };
    let mut rest = watch(house, &service, rest).await.expect("it goes on");
    until(&mut rest, &briar, WireStage::Appointed).await;
    let operator = Principal::new(Role::Operator, "op-1");
    let refused = watch(house, &operator, WatchCasesRequest::default()).await;
    assert_eq!(reason(refused.map(|_| ()).unwrap_err()), Reason::PermissionDenied);
}
