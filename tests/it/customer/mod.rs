//! The customer's pages of a running node, in a real browser and by forms alone.

mod answers;
mod browser;

use parasol_journey::ids::CaseId;
use parasol_journey::{Case, Stage};
use parasol_runtime::identity::{Principal, Role};

use crate::bad_input::{ORDER_LINE, filer};
use crate::house::House;
use crate::portal::forms::{Forms, Put};
use crate::portal::{at, signed_in};

/// Who files in these tests.
fn customer() -> Principal {
    Principal::new(Role::Customer, filer())
}

/// The centre that a case was offered to, in the portal on its page of the case.
async fn centre_of(house: &House, case: CaseId) -> Forms {
    let stored = at(house, case, Stage::Dispatched).await;
    let (offer, brand) = (stored.offer.expect("an offer"), stored.filing.brand);
    let centre = Principal::new(Role::Centre, offer.centre.as_str()).of_brand(brand.as_str());
    let mut forms = signed_in(house, &centre, "zh").await;
    forms.go(&format!("/portal/cases/{case}")).await;
    forms
}

/// The centre names the first of its people who may do it.
pub async fn name_somebody(centre: &mut Forms) {
    for person in centre.choices("technician") {
        centre.submit("/assign", &[("technician", Put::Text(&person))]).await;
        if centre.status == 200 {
            return;
        }
    }
    panic!("the centre has nobody: {}", centre.page);
}

/// The open cases on the line that these tests file about.
async fn filed(house: &House) -> Vec<String> {
    let sql = format!("SELECT lower(hex(case_id)) FROM filings WHERE order_line = '{ORDER_LINE}'");
    crate::house::texts(&house.node.store, &sql).await
}

/// The case once it stands at one of these stages.
async fn at_one_of(house: &House, case: CaseId, stages: &[Stage]) -> Case {
    let mut moves = house.node.bell.watch_case(case);
    loop {
        let stored = house.node.store.case(case).await.expect("the store answers");
        let stored = stored.expect("a case");
        if stages.contains(&stored.stage) {
            return stored;
        }
        moves.next().await;
    }
}

/// By forms alone, as a browser without scripts: nothing typed twice, and one case however often it is sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_files_and_cancels_by_forms_alone() {
    let house = House::open().await;
    let mut browser = Forms::new(house.node.http, "en");
    let credential = house.node.tokens().token(&customer());
    browser.go("/my").await;
    browser.submit("/my/sign-in", &[("credential", Put::Text(&credential))]).await;
    assert_eq!((browser.status, browser.path.as_str()), (200, "/my"), "{}", browser.page);
    browser.go("/my/file").await;
    browser.submit("/my/file", &[("line", Put::Text(ORDER_LINE))]).await;
    browser.submit("/my/file", &[("symptom", Put::Text("leaking"))]).await;
    let window = browser.choices("window").into_iter().next_back().expect("a time");
    let visit = [("window", &*window), ("name", "李四"), ("phone", "none")];
    let visit: Vec<_> = visit.iter().map(|(name, value)| (*name, Put::Text(value))).collect();
    browser.submit("/my/file", &visit).await;
    assert_eq!(browser.status, 400, "{}", browser.page);
    browser.submit("/my/file", &[("phone", Put::Text("13900000000"))]).await;
    assert!(browser.page.contains("What you are owed"), "{}", browser.page);
    browser.submit_twice("/my/file", &[]).await;
    assert!(browser.path.contains("done=filed"), "{}", browser.path);
    assert_eq!(filed(&house).await.len(), 1, "one case");
    let case = browser.path.split(['/', '?']).nth(3).expect("a case").to_owned();
    let id: CaseId = case.parse().expect("a case id");
    let mut centre = centre_of(&house, id).await;
    centre.submit("/accept", &[]).await;
    assert!(centre.page.contains("李*"), "whom to call, masked: {}", centre.page);
    browser.go(&format!("/my/cases/{case}/cancel")).await;
    browser.submit("/cancel", &[("reason", Put::Text("it works again"))]).await;
    assert!(browser.page.contains("This case was cancelled"), "{}", browser.page);
    at(&house, id, Stage::Cancelled).await;
    // Nobody else's case is there, whatever is asked of it.
    let other = Principal::new(Role::Customer, "u-nobody");
    let mut stranger = Forms::new(house.node.http, "en");
    let credential = house.node.tokens().token(&other);
    stranger.go("/my").await;
    stranger.submit("/my/sign-in", &[("credential", Put::Text(&credential))]).await;
    for page in ["", "/cancel", "/photos"] {
        stranger.go(&format!("/my/cases/{case}{page}")).await;
        assert_eq!(stranger.status, 404, "{page}: {}", stranger.page);
    }
}
