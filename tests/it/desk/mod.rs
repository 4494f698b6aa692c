//! Desk, board and steward of a running node, by forms alone: what is done at one is seen at the others, and by
//! nobody else.

pub mod browser;
pub mod voice;
mod voice_browser;

use parasol_journey::Stage;
use parasol_journey::ids::CaseId;
use parasol_runtime::identity::{Principal, Role};

use crate::bad_input::{file, filer, filing};
use crate::house::House;
use crate::http;
use crate::portal::at;
use crate::portal::forms::{Forms, Put};

/// The telephone number of whoever filed, as the examples have it.
pub fn number_of_filer() -> String {
    let (_, orders) =
        parasol::demo::EXAMPLES.iter().find(|(name, _)| *name == "orders.jsonl").expect("orders");
    let key = format!("\"customer\":\"{}\"", filer());
    let line =
        orders.lines().find(|line| line.contains(&key)).expect("the customer bought something");
    let row: serde_json::Value = serde_json::from_str(line).expect("a row is JSON");
    row["customer"]["phone"].as_str().expect("a number").to_owned()
}

/// Somebody of the retailer's, or a brand.
pub fn principal(role: Role) -> Principal {
    match role {
        Role::Brand => Principal::new(role, "aurora").of_brand("aurora"),
        role => Principal::new(role, format!("{role}-1")),
    }
}

/// A case that waits for a centre.
pub async fn dispatched(house: &House) -> CaseId {
    let filed = file(house, filing()).await.expect("a good filing is taken");
    let case: CaseId = filed.case.expect("a case").case_id.parse().expect("a case id");
    at(house, case, Stage::Dispatched).await;
    case
}

/// A browser without scripts, signed in at the pages below `home`.
async fn signed_in(house: &House, home: &str, who: &Principal) -> Forms {
    let mut browser = Forms::new(house.node.http, "en");
    browser.go(home).await;
    let credential = house.node.tokens().token(who);
    browser.submit(&format!("{home}/sign-in"), &[("credential", Put::Text(&credential))]).await;
    assert_eq!((browser.status, browser.path.as_str()), (200, home), "{}", browser.page);
    browser
}

/// Goes to an address until what follows the log has come to say so.
async fn until(browser: &mut Forms, path: &str, text: &str) {
    loop {
        browser.go(path).await;
        assert_eq!(browser.status, 200, "{}", browser.page);
        if browser.page.contains(text) {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_works_a_case_from_the_telephone_to_its_end() {
    let house = House::open().await;
    let case = dispatched(&house).await;
    let own = format!("/desk/cases/{case}");
    let mut desk = signed_in(&house, "/desk", &principal(Role::Agent)).await;
    let number = number_of_filer();
    desk.submit("/desk/lookup", &[("phone", Put::Text(&number))]).await;
    assert!(desk.page.contains(&own), "the open case is there at once: {}", desk.page);
    assert!(!desk.path.contains(&number), "no number in an address");
    desk.submit("/desk/lookup", &[("phone", Put::Text("19999999999"))]).await;
    assert_eq!(desk.status, 404);

    until(&mut desk, "/desk?order=due", &own).await;
    desk.go(&own).await;
    assert!(desk.page.contains("Turn: ") && desk.page.contains("P-"), "{}", desk.page);
    desk.submit_twice("/note", &[("text", Put::Text("the customer <b>insists</b>"))]).await;
    assert!(desk.page.contains("The note is kept."), "{}", desk.page);
    assert_eq!(desk.page.matches("the customer &lt;b&gt;insists").count(), 1, "once, and as text");
    desk.submit("/remind", &[("remark", Put::Text("when?"))]).await;
    desk.submit("/answer", &[]).await;
    assert_eq!(desk.status, 400, "an answer says something");
    desk.submit("/answer", &[("text", Put::Text("on Saturday"))]).await;
    assert!(desk.page.contains("Answered."), "{}", desk.page);

    let mut steward = signed_in(&house, "/steward", &brand_of(&house, case).await).await;
    steward.go(&format!("/steward/cases/{case}")).await;
    assert_eq!(steward.status, 200, "{}", steward.page);
    assert!(!steward.page.contains("insists"), "a note is the retailer's own");
    desk.submit("/cancel", &[("remark", Put::Text("bought another"))]).await;
    at(&house, case, Stage::Cancelled).await;
}

async fn brand_of(house: &House, case: CaseId) -> Principal {
    let case = house.node.store.case(case).await.expect("the store answers").expect("a case");
    let brand = case.filing.brand.as_str();
    Principal::new(Role::Brand, brand).of_brand(brand)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_board_counts_what_there_is_and_brands_see_their_own() {
    let house = House::open().await;
    let mut board = signed_in(&house, "/board", &principal(Role::Operator)).await;
    assert!(board.page.contains("<strong>0</strong>open cases"), "{}", board.page);
    let case = dispatched(&house).await;
    until(&mut board, "/board", "<strong>1</strong>open cases").await;
    until(&mut board, "/board", "/board/cases?stage=dispatched").await;
    board.go("/board/cases?stage=dispatched").await;
    assert!(!board.page.contains("/desk/cases/"), "an operator opens no case");
    let mut manager = signed_in(&house, "/board", &principal(Role::Manager)).await;
    until(&mut manager, "/board/cases?order=turn", &format!("/desk/cases/{case}")).await;

    let own = brand_of(&house, case).await;
    let mut steward = signed_in(&house, "/steward", &own).await;
    until(&mut steward, "/steward/cases", &format!("/steward/cases/{case}")).await;
    let other = Principal::new(Role::Brand, "nobodys").of_brand("nobodys");
    let mut stranger = signed_in(&house, "/steward", &other).await;
    assert!(stranger.page.contains("<strong>0</strong>open cases"), "{}", stranger.page);
    stranger.go(&format!("/steward/cases/{case}")).await;
    let unknown = stranger.status;
    stranger.go("/steward/cases/case_0190a1b2c3d47e5f8a9b0c1d2e3f4a5b").await;
    assert_eq!((unknown, stranger.status), (404, 404), "as what does not exist");
    steward.go("/steward/faults").await;
    assert!(steward.page.contains("often enough"), "{}", steward.page);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_e_mail_of_the_gateway_is_read_at_the_desk() {
    let house = House::open().await;
    let case = dispatched(&house).await;
    let own = format!("/desk/cases/{case}");
    let mut desk = signed_in(&house, "/desk", &principal(Role::Agent)).await;
    desk.go(&own).await;
    let at = desk.page.find("<code>P-").expect("the page shows the mark") + "<code>".len();
    let mark: String = desk.page[at..].chars().take(51).collect();
    let mail = format!(
        "From: Zhang <z@example.com>\r\nSubject: Re: your case [{mark}]\r\n\
         Content-Type: text/html\r\n\r\n<p>It <script>x()</script>still leaks, call 13800138000</p>\r\n"
    );
    let operator = house.node.tokens().token(&principal(Role::Operator));
    let agent = house.node.tokens().token(&principal(Role::Agent));
    let line = "POST /v1/mail";
    assert_eq!(http::ask(house.node.http, None, line, &mail).await.status, 401);
    assert_eq!(http::ask(house.node.http, Some(&agent), line, &mail).await.status, 403);
    let taken = http::ask(house.node.http, Some(&operator), line, &mail).await;
    assert_eq!((taken.status, taken.json()["caseId"].as_str()), (200, Some(&*case.to_string())));
    let again = http::ask(house.node.http, Some(&operator), line, &mail).await;
    assert_eq!(again.json()["noteId"], taken.json()["noteId"], "delivered twice");
    desk.go(&own).await;
    assert_eq!(desk.page.matches("still leaks").count(), 1, "{}", desk.page);
    assert!(!desk.page.contains("<script>x") && !desk.page.contains("13800138000"));
    let lost = http::ask(house.node.http, Some(&operator), line, "Subject: hi\r\n\r\nhi\r\n").await;
    assert_eq!((lost.status, lost.json()["reason"].as_str()), (404, Some("MAIL_UNMATCHED")));
    let huge = format!("Subject: x\r\n\r\n{}", "a".repeat(1024 * 1024));
    let refused = http::ask(house.node.http, Some(&operator), line, &huge).await;
    assert_eq!(refused.status, 413, "{}", refused.body);
}
