//! The partner portal of a running node: a day of work by forms, and one in a real browser.

pub mod browser;
pub mod driver;
pub mod forms;

use parasol_journey::ids::{CaseId, OfferId};
use parasol_journey::{Case, Stage};
use parasol_runtime::identity::{Principal, Role};
use serde_json::json;

use self::forms::{Forms, Put};
use crate::bad_input::{filer, filing};
use crate::house::House;
use crate::http;

/// A small photo; what stands in its comment makes it another file.
pub fn photo(of: &str) -> Vec<u8> {
    let dots =
        image::RgbImage::from_fn(64, 48, |x, y| image::Rgb([(x * 4) as u8, (y * 5) as u8, 90]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::DynamicImage::ImageRgb8(dots)
        .write_to(&mut bytes, image::ImageFormat::Jpeg)
        .expect("a small picture is written");
    let plain = bytes.into_inner();
    let length = u16::try_from(of.len() + 2).expect("a comment is short").to_be_bytes();
    [&plain[..2], b"\xFF\xFE", &length, of.as_bytes(), &plain[2..]].concat()
}

/// A case that was offered to a centre.
struct Offered {
    case: CaseId,
    offer: OfferId,
    centre: Principal,
}

async fn offered(house: &House) -> Offered {
    let owner = house.node.tokens().token(&Principal::new(Role::Customer, filer()));
    let wanted = filing();
    let body = json!({
        "requestId": wanted.request_id, "orderLine": wanted.order_line, "serial": wanted.serial,
        "kind": "CASE_KIND_QUALITY", "wish": "REMEDY_REPAIR", "symptom": wanted.symptom,
        "description": "<b>漏水</b>",
    });
    let line = "POST /v1/cases";
    let filed = http::ask(house.node.http, Some(&owner), line, &body.to_string()).await;
    let case = filed.json()["case"]["caseId"].as_str().expect("a case").to_owned();
    let case: CaseId = case.parse().expect("a case id");
    let stored = at(house, case, Stage::Dispatched).await;
    let (offer, brand) = (stored.offer.expect("an offer"), stored.filing.brand);
    let centre = Principal::new(Role::Centre, offer.centre.as_str()).of_brand(brand.as_str());
    Offered { case, offer: offer.id, centre }
}

/// The case once it is at this stage.
pub async fn at(house: &House, case: CaseId, stage: Stage) -> Case {
    let mut moves = house.node.bell.watch_case(case);
    loop {
        let stored = house.node.store.case(case).await.expect("the store answers");
        let stored = stored.expect("a case");
        if stored.stage == stage {
            return stored;
        }
        moves.next().await;
    }
}

/// A browser without scripts, signed in.
pub async fn signed_in(house: &House, who: &Principal, language: &'static str) -> Forms {
    let mut browser = Forms::new(house.node.http, language);
    let credential = house.node.tokens().token(who);
    browser.go("/portal").await;
    browser.submit("/portal/sign-in", &[("credential", Put::Text(&credential))]).await;
    assert_eq!((browser.status, browser.path.as_str()), (200, "/portal"), "{}", browser.page);
    browser
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_centre_works_a_case_by_forms_alone() {
    let house = House::open().await;
    let Offered { case, offer, centre } = offered(&house).await;
    let mut browser = signed_in(&house, &centre, "zh").await;
    let own = format!("/portal/cases/{case}");
    assert!(browser.page.contains("待答复的派单") && browser.page.contains(&own));
    assert!(!browser.page.contains("<b>漏水"), "what the customer wrote is text");

    browser.go(&own).await;
    assert!(browser.page.contains(&offer.to_string()));
    assert!(!browser.page.contains("文三路"), "no street before acceptance");
    browser.submit_twice("/accept", &[("partner_order_no", Put::Text("P-1"))]).await;
    assert!(browser.page.contains("已接单。") && browser.page.contains("P-1"), "{}", browser.page);
    let accepted = at(&house, case, Stage::CentreAssigned).await;

    // The first of its people who may do it; whoever lacks a licence is refused on the same page.
    let mut named = false;
    for person in browser.choices("technician") {
        browser.submit("/assign", &[("technician", Put::Text(&person))]).await;
        named = browser.status == 200;
        if named {
            break;
        }
        assert!(browser.page.contains("TECHNICIAN_NOT_CERTIFIED"), "{}", browser.page);
    }
    assert!(named, "the centre has nobody");
    at(&house, case, Stage::TechnicianAssigned).await;

    let slot = browser.choices("slot_id").into_iter().next().expect("a free slot");
    browser.submit("/propose", &[("slot_id", Put::Text(&slot))]).await;
    assert!(browser.page.contains("撤回征询"), "{}", browser.page);
    browser.submit("/release-windows", &[]).await;
    assert!(browser.page.contains("征询已撤回。"), "{}", browser.page);
    browser.submit("/hold", &[("slot_id", Put::Text(&slot))]).await;
    assert!(browser.page.contains("已保留："), "{}", browser.page);
    browser.submit("/book", &[("customer_chose", Put::Text("yes"))]).await;
    let booked = at(&house, case, Stage::Appointed).await;
    assert!(booked.version > accepted.version);
    browser.submit("/travel", &[]).await;
    browser.submit("/check-in", &[]).await;
    at(&house, case, Stage::OnSite).await;

    inspect(&mut browser, &own).await;
    at(&house, case, Stage::Repairing).await;
    repair(&mut browser, &own).await;
    let repaired = at(&house, case, Stage::AwaitConfirm).await;
    let found = repaired.finding().expect("a certificate");
    assert!(found.finding.evidence_ok && found.finding.serial_matches);
}

/// The certificate: refused without its nameplate, then sent with it, and nothing is typed twice.
pub async fn inspect(browser: &mut Forms, own: &str) {
    browser.go(&format!("{own}/certificate")).await;
    let fault = photo("fault");
    let filled: Vec<(&str, Put<'_>)> = [
        ("packaging", "missing"),
        ("exterior", "intact"),
        ("function", "fault"),
        ("fault_code", "F01"),
        ("finding", "传感器 \"坏\" <了>"),
        ("cause", "product"),
        ("handling", "none"),
        ("conclusion", "repairable"),
        ("signature", "signed"),
    ]
    .map(|(name, value)| (name, Put::Text(value)))
    .into_iter()
    .chain([("photo_fault", Put::File("f.jpg", &fault))])
    .collect();
    browser.submit("/certificate", &filled).await;
    assert_eq!(browser.status, 400, "{}", browser.page);
    assert!(browser.page.contains("缺少铭牌照片"), "{}", browser.page);
    let nameplate = photo("nameplate");
    browser.submit("/certificate", &[("photo_nameplate", Put::File("n.jpg", &nameplate))]).await;
    assert_eq!(browser.status, 200, "{}", browser.page);
    assert!(browser.page.contains("检测单已提交。"), "{}", browser.page);
}

pub async fn repair(browser: &mut Forms, own: &str) {
    browser.go(own).await;
    let part = [("part_no_0", Put::Text("S-1")), ("name_0", Put::Text("传感器"))];
    browser.submit("/request-parts", &part).await;
    assert!(browser.page.contains("已订购，未发货"), "{}", browser.page);
    browser.submit("/ship-parts", &[("carrier", Put::Text("顺丰"))]).await;
    assert!(browser.page.contains("已发货"), "{}", browser.page);
    browser.submit("/receive-parts", &[]).await;
    browser.submit("/install-parts", &[]).await;
    assert!(browser.page.contains("已装"), "{}", browser.page);
    browser.submit("/repair", &[("function", Put::Text("normal"))]).await;
    assert_eq!(browser.status, 400, "a repair says what was done");
    browser.submit("/repair", &[("summary", Put::Text("换了传感器"))]).await;
    assert!(browser.page.contains("维修结果已提交。"), "{}", browser.page);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_centre_finds_nothing_and_a_declined_offer_goes_on() {
    let house = House::open().await;
    let Offered { case, centre, .. } = offered(&house).await;
    let own = format!("/portal/cases/{case}");
    let other = Principal::new(Role::Centre, "aurora-nowhere-01").of_brand("aurora");
    let mut stranger = signed_in(&house, &other, "en").await;
    assert!(stranger.page.contains("There is nothing to do now."));
    stranger.go(&own).await;
    let (status, page) = (stranger.status, main_of(&stranger.page));
    stranger.go("/portal/cases/case_0190a1b2c3d47e5f8a9b0c1d2e3f4a5b").await;
    assert_eq!((status, page), (404, main_of(&stranger.page)), "as what does not exist");
    assert_eq!(stranger.status, 404);

    let mut browser = signed_in(&house, &centre, "en").await;
    browser.go(&own).await;
    browser.submit("/decline", &[("reason", Put::Text("other"))]).await;
    assert_eq!(browser.status, 400, "another reason needs words: {}", browser.page);
    browser.submit("/decline", &[("remark", Put::Text("on strike"))]).await;
    assert!(browser.page.contains("Declined."), "{}", browser.page);
    let mut moves = house.node.bell.watch_case(case);
    loop {
        let stored = house.node.store.case(case).await.expect("the store answers").expect("a case");
        let moved = stored.offer.is_some_and(|offer| offer.centre.as_str() != centre.subject);
        if moved || stored.stage == Stage::Deciding {
            break;
        }
        moves.next().await;
    }
}

/// What a page says, without the frame around it.
fn main_of(page: &str) -> String {
    page.split("<main").nth(1).expect("a page says something").to_owned()
}
