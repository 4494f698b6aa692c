//! Importing the network and reading it back.

use parasol_api::Reason;
use parasol_api::admin::v1::import_network_request::Content;
use parasol_api::admin::v1::network_service_server::NetworkService as _;
use parasol_api::admin::v1::*;
use parasol_api::common::v1::RowStatus;
use parasol_journey::vocab::Category;
use parasol_runtime::identity::{Principal, Role};

use crate::world::{
    SHANGCHENG, World, XIHU, a_brand, a_centre, a_technician, brand, by, centre, operator, reason,
    same_bytes, usual_network,
};

/// Row number, status, reason, field.
fn results(answer: &ImportNetworkResponse) -> Vec<(i64, RowStatus, &str, &str)> {
    let read = |one: &parasol_api::common::v1::RowResult| (one.row, one.status());
    let rows =
        answer.results.iter().map(|one| (read(one), one.reason.as_str(), one.field.as_str()));
    rows.map(|((row, status), reason, field)| (row, status, reason, field)).collect()
}

#[tokio::test]
async fn good_rows_are_stored_and_read_back_as_they_came() {
    let world = World::empty().await;
    let answer = world.import(usual_network()).await.unwrap();
    assert_eq!((answer.rows, answer.added, answer.refused), (13, 13, 0));
    let got = world.dispatch.get_centre(by(&operator(), GetCentreRequest { centre: "a-1".into() }));
    let got = got.await.unwrap().into_inner();
    assert_eq!(Centre { etag: String::new(), ..got }, a_centre("a-1", "aurora", XIHU));
    let request = GetTechnicianRequest { technician: "a-1-t1".into() };
    let got = world.dispatch.get_technician(by(&operator(), request)).await.unwrap();
    let got = got.into_inner();
    let got = Technician { etag: String::new(), certified: Vec::new(), ..got };
    assert_eq!(got, a_technician("a-1-t1", "a-1"));

    let again = world.import(usual_network()).await.unwrap();
    assert_eq!((again.unchanged, again.added, again.updated), (13, 0, 0));
    let renamed = Brand { name_en: "Aurora Home".into(), ..a_brand("aurora") };
    let changed = world.import(vec![Content::Brand(renamed)]).await.unwrap();
    assert_eq!(results(&changed), [(1, RowStatus::Updated, "", "")]);
}

#[tokio::test]
async fn a_bad_row_is_reported_and_the_rest_is_stored() {
    let world = World::empty().await;
    let far = Centre { county: "33010".into(), ..a_centre("a-9", "aurora", XIHU) };
    let nowhere = Centre { coverage: Vec::new(), ..a_centre("a-8", "aurora", XIHU) };
    let twice = Centre { phone: "400-0000-2999".into(), ..a_centre("a-1", "aurora", XIHU) };
    let off = Centre { lat: 91.0, ..a_centre("a-7", "aurora", XIHU) };
    let mut doubled = a_centre("a-6", "aurora", XIHU);
    doubled.coverage.push(doubled.coverage[0].clone());
    let rows = vec![
        Content::Brand(a_brand("aurora")),
        Content::Centre(a_centre("a-1", "aurora", XIHU)),
        Content::Centre(a_centre("x-1", "nobody", XIHU)),
        Content::Centre(far),
        Content::Centre(nowhere),
        Content::Centre(off),
        Content::Centre(doubled),
        Content::Centre(twice),
        Content::Centre(a_centre("a-1", "aurora", XIHU)),
        Content::Technician(a_technician("a-9-t1", "a-9")),
        Content::Technician(Technician { name: "长".repeat(61), ..a_technician("t", "a-1") }),
        Content::Technician(Technician { phone: "call me".into(), ..a_technician("t", "a-1") }),
        Content::Technician(a_technician("a-1-t1", "a-1")),
        Content::Brand(Brand { mode: "fax".into(), ..a_brand("boreal") }),
    ];
    let mut messages: Vec<_> = rows
        .into_iter()
        .map(|content| ImportNetworkRequest { content: Some(content), ..Default::default() })
        .collect();
    messages[0].request_id = world.desk.ids.next().to_string();
    messages.push(ImportNetworkRequest { row: 700, ..Default::default() });
    let answer = world.import_messages(messages).await.unwrap();
    use RowStatus::{Added, Refused, Unchanged};
    #[rustfmt::skip]
    let expected = [
        (1,   Added,     "",                ""),
        (2,   Added,     "",                ""),
        (3,   Refused,   "BRAND_UNKNOWN",   "centre.brand"),
        (4,   Refused,   "COUNTY_UNKNOWN",  "centre.county"),
        (5,   Refused,   "FIELD_INVALID",   "centre.coverage"),
        (6,   Refused,   "FIELD_INVALID",   "centre.lat"),
        (7,   Refused,   "FIELD_INVALID",   "centre.coverage[2].county"),
        (8,   Refused,   "ROW_DUPLICATE",   ""),
        (9,   Unchanged, "",                ""),
        (10,  Refused,   "CENTRE_UNKNOWN",  "technician.centre"),
        (11,  Refused,   "FIELD_TOO_LONG",  "technician.name"),
        (12,  Refused,   "FIELD_INVALID",   "technician.phone"),
        (13,  Added,     "",                ""),
        (14,  Refused,   "FIELD_INVALID",   "brand.mode"),
        (700, Refused,   "ROW_MALFORMED",   ""),
    ];
    assert_eq!(results(&answer), expected);
    assert_eq!((answer.rows, answer.added, answer.unchanged, answer.refused), (15, 3, 1, 11));
    assert!(
        answer
            .results
            .iter()
            .filter(|one| one.status() == Refused)
            .all(|one| !one.message.is_empty())
    );
}

#[tokio::test]
async fn the_same_stream_gets_the_same_bytes_and_another_under_its_id_changes_nothing() {
    let world = World::empty().await;
    let id = world.desk.ids.next();
    let first = world.import_as(id, usual_network()).await.unwrap();
    let again = world.import_as(id, usual_network()).await.unwrap();
    assert!(same_bytes(&first, &again) && again.added == 13);
    let mut other = usual_network();
    other.push(Content::Brand(a_brand("third")));
    assert_eq!(reason(world.import_as(id, other).await), Reason::RequestIdReused);
    let third = world.import(vec![Content::Brand(a_brand("third"))]).await.unwrap();
    assert_eq!(third.added, 1, "it was not stored before");
}

#[tokio::test]
async fn a_stream_without_an_id_or_an_end_is_refused_whole() {
    let world = World::empty().await;
    let empty = world.import_messages(Vec::new()).await;
    assert_eq!(reason(empty), Reason::RequestIdMissing);
    let row = |id: &str| ImportNetworkRequest {
        request_id: id.into(),
        content: Some(Content::Brand(a_brand("aurora"))),
        ..Default::default()
    };
    assert_eq!(reason(world.import_messages(vec![row("")]).await), Reason::RequestIdMissing);
    let id = world.desk.ids.next().to_string();
    let endless = vec![row(&id); 20_001];
    assert_eq!(reason(world.import_messages(endless).await), Reason::MessageTooLarge);
    let stored = world.import(vec![Content::Brand(a_brand("aurora"))]).await.unwrap();
    assert_eq!(stored.added, 1);
}

#[tokio::test]
async fn a_large_network_is_written_piece_by_piece() {
    let world = World::empty().await;
    let county = |n: u32| format!("{:06}", 330_000 + n);
    let wide = Centre {
        coverage: (0..500)
            .map(|n| Coverage {
                county: county(n),
                categories: (1..=9).collect(),
                ..Coverage::default()
            })
            .collect(),
        daily_capacity: (1..=9).map(|category| CategoryCapacity { category, visits: 5 }).collect(),
        ..a_centre("wide", "aurora", XIHU)
    };
    let mut rows = vec![Content::Brand(a_brand("aurora")), Content::Centre(wide.clone())];
    rows.extend(
        (0..1_200).map(|n| Content::Technician(a_technician(&format!("t-{n:04}"), "wide"))),
    );
    let answer = world.import(rows).await.unwrap();
    assert_eq!(answer.added, 1_202);
    let serves = async |county: String| {
        let request = ListCentresRequest { county, ..Default::default() };
        let list = world.dispatch.list_centres(by(&operator(), request)).await.unwrap();
        list.into_inner().centres.len()
    };
    assert_eq!((serves(county(0)).await, serves(county(499)).await), (1, 1));
    // It goes to half of the counties from now on.
    let narrow = Centre { coverage: wide.coverage[..250].to_vec(), ..wide };
    let answer = world.import(vec![Content::Centre(narrow)]).await.unwrap();
    assert_eq!(answer.updated, 1);
    assert_eq!((serves(county(0)).await, serves(county(499)).await), (1, 0));
}

#[tokio::test]
async fn brands_and_centres_see_their_own_network_only() {
    let world = World::new().await;
    let d = &world.dispatch;
    let centres = async |who: &Principal, request: ListCentresRequest| {
        let list = d.list_centres(by(who, request)).await.unwrap().into_inner();
        list.centres.into_iter().map(|one| one.centre).collect::<Vec<_>>()
    };
    let all = ListCentresRequest::default;
    assert_eq!(centres(&operator(), all()).await, ["a-1", "a-2", "a-3", "b-1"]);
    assert_eq!(centres(&brand("boreal"), all()).await, ["b-1"]);
    assert_eq!(centres(&centre("a-2"), all()).await, ["a-2"]);
    let of = ListCentresRequest { brand: "aurora".into(), ..all() };
    assert!(centres(&brand("boreal"), of.clone()).await.is_empty());
    assert_eq!(centres(&operator(), of).await.len(), 3);
    let category = Category::Fan as i32 + 1;
    let fans = ListCentresRequest { category, county: SHANGCHENG.into(), ..all() };
    assert!(centres(&operator(), fans).await.is_empty());

    let get = |name: &str| GetCentreRequest { centre: name.into() };
    for who in [brand("boreal"), centre("a-2")] {
        assert_eq!(reason(d.get_centre(by(&who, get("a-1"))).await), Reason::NotFound);
        let one = GetTechnicianRequest { technician: "a-1-t1".into() };
        assert_eq!(reason(d.get_technician(by(&who, one)).await), Reason::NotFound);
        let list = ListTechniciansRequest { centre: "a-1".into(), ..Default::default() };
        let list = d.list_technicians(by(&who, list)).await.unwrap();
        assert!(list.get_ref().technicians.is_empty());
    }
    assert_eq!(reason(d.get_centre(by(&operator(), get("nobody"))).await), Reason::NotFound);
    assert_eq!(reason(d.get_centre(by(&operator(), get(""))).await), Reason::FieldInvalid);
    let nobody = GetTechnicianRequest::default();
    assert_eq!(reason(d.get_technician(by(&operator(), nobody)).await), Reason::FieldInvalid);
    let nobody = ListTechniciansRequest::default();
    assert_eq!(reason(d.list_technicians(by(&operator(), nobody)).await), Reason::FieldInvalid);
}

#[tokio::test]
async fn pages_go_on_where_they_stopped_for_their_reader_alone() {
    let world = World::new().await;
    let d = &world.dispatch;
    let page = async |who: &Principal, token: &str, size| {
        let request = ListTechniciansRequest {
            centre: "a-1".into(),
            page_token: token.into(),
            page_size: size,
        };
        d.list_technicians(by(who, request)).await
    };
    let me = centre("a-1");
    let (mut token, mut names) = (String::new(), Vec::new());
    loop {
        let answer = page(&me, &token, 1).await.unwrap().into_inner();
        names.extend(answer.technicians.into_iter().map(|one| one.technician));
        token = answer.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(names, ["a-1-air", "a-1-old", "a-1-t1", "a-1-t2"]);
    let token = page(&me, "", 2).await.unwrap().into_inner().next_page_token;
    let service = Principal::new(Role::Service, "tracking");
    assert_eq!(reason(page(&service, &token, 2).await), Reason::PageTokenInvalid);
    assert_eq!(reason(page(&me, "00", 2).await), Reason::PageTokenInvalid);
    assert_eq!(reason(page(&me, "", -1).await), Reason::FieldInvalid);
    let centres = ListCentresRequest { page_token: token, ..Default::default() };
    assert_eq!(reason(d.list_centres(by(&me, centres)).await), Reason::PageTokenInvalid);

    let request = ListCentresRequest { page_size: 3, ..Default::default() };
    let first = d.list_centres(by(&operator(), request.clone())).await.unwrap().into_inner();
    assert_eq!(first.centres.len(), 3);
    let page_token = first.next_page_token;
    let next = ListCentresRequest { page_token: page_token.clone(), ..request.clone() };
    let next = d.list_centres(by(&operator(), next)).await.unwrap().into_inner();
    assert_eq!((next.centres.len(), next.next_page_token.as_str()), (1, ""));
    let other = ListCentresRequest { page_token, brand: "aurora".into(), ..request };
    assert_eq!(reason(d.list_centres(by(&operator(), other)).await), Reason::PageTokenInvalid);
}

#[tokio::test]
async fn a_county_is_read_with_its_middle() {
    let world = World::new().await;
    let get = async |county: &str| {
        let request = GetCountyRequest { county: county.into() };
        world.dispatch.get_county(by(&operator(), request)).await
    };
    let county = County {
        county: XIHU.into(),
        province_zh: "浙江省".into(),
        province_en: "Zhejiang".into(),
        city_zh: "杭州市".into(),
        county_zh: "西湖区".into(),
        county_en: "Xihu".into(),
        lat: 30.272,
        lon: 120.147,
    };
    world.import(vec![Content::County(county.clone())]).await.unwrap();
    assert_eq!(get(XIHU).await.unwrap().into_inner(), county);
    assert_eq!(reason(get("659999").await), Reason::NotFound);
    assert_eq!(reason(get("").await), Reason::FieldInvalid);
}
