//! A technician's calendar as a calendar program meets it.

use parasol_runtime::identity::Role;
use serde_json::json;

use crate::http;
use crate::tenancy::cases::{ASTER_ONE, Reached, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_calendar_is_read_by_its_link_alone_until_it_is_taken_back() {
    let world = World::open().await;
    let house = &world.house;
    let booked = world.drive(ASTER_ONE, Reached::Booked).await;
    let token = house.node.tokens().token(&ASTER_ONE.member(Role::Technician));
    let ask = async |verb: &str, id: &str| {
        let line = format!("POST /v1/technician/calendar-link:{verb}");
        let body = json!({"requestId": id}).to_string();
        let answer = http::ask(house.node.http, Some(&token), &line, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    };
    let link = ask("create", "6f0a2f3e-7a52-4b1e-9f3d-2f4c0a8f7b11").await;
    let path = link["path"].as_str().expect("a path").to_owned();
    let get = async |headers: &[(&str, &str)], path: &str| {
        http::ask_with(house.node.http, headers, &format!("GET {path}"), "").await
    };
    let read = get(&[], &path).await;
    assert_eq!(read.status, 200, "{}", read.body);
    assert!(read.head.contains("text/calendar; charset=utf-8"), "{}", read.head);
    let uid = format!("UID:{}@parasol\r\n", booked.names["appointment"]);
    assert!(read.body.contains(&uid) && read.body.ends_with("END:VCALENDAR\r\n"), "{}", read.body);

    let etag = read.head.lines().find_map(|line| line.strip_prefix("etag: ")).expect("an etag");
    let same = get(&[("if-none-match", etag)], &path).await;
    assert_eq!((same.status, same.body.as_str()), (304, ""));
    let english = get(&[], &format!("{path}?lang=en")).await;
    assert!(english.body.contains("SUMMARY:Refrigerator"), "{}", english.body);

    ask("revoke", "6f0a2f3e-7a52-4b1e-9f3d-2f4c0a8f7b12").await;
    let unknown = path.replace("/v1/calendars/", "/v1/calendars/A");
    let answers = [get(&[], &path).await, get(&[], &unknown).await];
    assert!(answers.iter().all(|answer| answer.status == 404), "{}", answers[0].body);
    assert_eq!(answers[0].body, answers[1].body, "taken back is as unknown as never made");
}
