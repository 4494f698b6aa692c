//! What customers say, from the survey to the last step at the desk of a running node, by forms alone.

use parasol_journey::Stage;
use parasol_journey::ids::CaseId;
use parasol_journey::time::Span;
use parasol_runtime::identity::{Principal, Role};
use serde_json::json;

use super::{dispatched, principal, signed_in, until};
use crate::bad_input::filer;
use crate::customer::name_somebody;
use crate::house::House;
use crate::portal::forms::{Forms, Put};
use crate::portal::{at, inspect, repair, signed_in as at_the_portal};

const CONFIRM: &str = "/parasol.verification.v1.DecisionService/ConfirmOutcome";
const ANSWER: &str = "/parasol.tracking.v1.TrackingService/AnswerSurvey";

/// What the customer of [`said`] wrote.
pub const WORDS: &str = "It took three calls <b>and</b> nobody was sorry";

/// A case that its centre worked to the end, that its customer confirmed and then was not content with.
pub async fn said(house: &House) -> CaseId {
    let case = dispatched(house).await;
    let stored = at(house, case, Stage::Dispatched).await;
    let (offer, brand) = (stored.offer.expect("an offer"), stored.filing.brand);
    let centre = Principal::new(Role::Centre, offer.centre.as_str()).of_brand(brand.as_str());
    let mut portal = at_the_portal(house, &centre, "zh").await;
    let own = format!("/portal/cases/{case}");
    portal.go(&own).await;
    portal.submit("/accept", &[("partner_order_no", Put::Text("P-1"))]).await;
    at(house, case, Stage::CentreAssigned).await;
    name_somebody(&mut portal).await;
    let slot = portal.choices("slot_id").into_iter().next().expect("a free slot");
    portal.submit("/hold", &[("slot_id", Put::Text(&slot))]).await;
    portal.submit("/book", &[("customer_chose", Put::Text("yes"))]).await;
    at(house, case, Stage::Appointed).await;
    portal.submit("/travel", &[]).await;
    portal.submit("/check-in", &[]).await;
    at(house, case, Stage::OnSite).await;
    inspect(&mut portal, &own).await;
    at(house, case, Stage::Repairing).await;
    repair(&mut portal, &own).await;
    at(house, case, Stage::AwaitConfirm).await;
    let customer = Principal::new(Role::Customer, filer());
    let id = case.to_string();
    house.act(&customer, CONFIRM, &json!({"case_id": id})).await;
    at(house, case, Stage::Closed).await;
    let answer = json!({"case_id": id, "csat": 1, "nps": 0, "text": WORDS});
    house.act(&customer, ANSWER, &answer).await;
    case
}

/// The first address on a page that begins so, of a link or of a form.
pub fn address(page: &str, start: &str) -> String {
    let at = page.find(&format!("=\"{start}")).unwrap_or_else(|| panic!("no {start} on {page}"));
    page[at + 2..].split('"').next().expect("an address ends").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_customer_says_is_read_followed_up_complained_of_and_closed() {
    let house = House::open().await;
    let case = said(&house).await;
    let mut desk = signed_in(&house, "/desk", &principal(Role::Agent)).await;
    words_are_read(&mut desk).await;
    a_follow_up_ends_on_the_customers_word(&mut desk, case).await;
    let mut manager = signed_in(&house, "/desk", &principal(Role::Manager)).await;
    a_complaint_goes_round(&mut desk, &mut manager, case).await;
    a_project_has_cases_and_a_promise(&mut manager, case).await;

    desk.go("/desk/digest").await;
    assert!(desk.page.contains(&format!("/desk/cases/{case}")), "{}", desk.page);
    desk.go("/desk/report").await;
    assert_eq!(desk.status, 403, "a report is the managers'");
    let stored = house.node.store.case(case).await.expect("the store answers").expect("a case");
    let unit = stored.filing.category;
    manager.go(&format!("/desk/report?category={unit}")).await;
    assert!(manager.page.contains("Late or missed visits"), "{}", manager.page);
    let file = address(&manager.page, "/desk/report.csv").replace("&amp;", "&");
    manager.go(&file).await;
    assert!(manager.page.contains(&format!("{unit},,complaints.visit,1")), "{}", manager.page);

    manager.go(&format!("/desk/seats?case={case}")).await;
    manager.submit("/desk/seats", &[]).await;
    assert!(manager.page.contains("The seat is booked."), "{}", manager.page);
    house.node.clock.advance(Span::days(1)).expect("a test clock");
    let mut manager = signed_in(&house, "/desk", &principal(Role::Manager)).await;
    manager.go("/desk/seats").await;
    let take = address(&manager.page, "/desk/seats/seat_");
    manager.submit(&take, &[]).await;
    assert!(manager.page.contains("No names, numbers"), "{}", manager.page);
    assert!(!manager.page.contains("nobody was sorry"), "{}", manager.page);
}

async fn words_are_read(desk: &mut Forms) {
    desk.go("/desk/voices").await;
    assert!(desk.page.contains("three calls &lt;b&gt;and"), "{}", desk.page);
    assert!(!desk.page.contains("/read\""), "nobody's yet");
    desk.submit("/assign", &[]).await;
    assert!(desk.page.contains("It has a reader."), "{}", desk.page);
    desk.go("/desk/voices?list=mine").await;
    desk.submit("/read", &[]).await;
    assert!(desk.page.contains("Marked as read."), "{}", desk.page);
    assert!(!desk.page.contains("three calls"), "what was read is out of the way");
    desk.go("/desk/voices?list=all").await;
    assert!(desk.page.contains("three calls"), "{}", desk.page);
}

async fn a_follow_up_ends_on_the_customers_word(desk: &mut Forms, case: CaseId) {
    // A survey that says that something is wrong has opened one.
    until(desk, "/desk/followups", &format!("/desk/followups/{case}/")).await;
    let own = address(&desk.page, &format!("/desk/followups/{case}/"));
    desk.go(&own).await;
    desk.submit("/assign", &[]).await;
    assert!(desk.page.contains("It has somebody."), "{}", desk.page);
    desk.submit_twice("/note", &[("text", Put::Text("called them"))]).await;
    assert!(desk.page.contains("Noted."), "{}", desk.page);
    assert_eq!(desk.page.matches("<blockquote>called them").count(), 1, "once");
    assert!(!desk.page.contains("id=\"close\""), "not before the customer's word");
    let heard = ("heard_by", Put::Text("telephone"));
    desk.submit("/confirm", &[heard, ("solved", Put::Text("no"))]).await;
    assert!(!desk.page.contains("id=\"close\""), "{}", desk.page);
    let heard = ("heard_by", Put::Text("telephone"));
    desk.submit("/confirm", &[heard, ("solved", Put::Text("yes"))]).await;
    assert!(desk.page.contains("in time"), "{}", desk.page);
    desk.submit("/close", &[("text", Put::Text("they got their tea"))]).await;
    assert!(desk.page.contains("The follow-up is closed."), "{}", desk.page);
    desk.go("/desk/followups?list=closed").await;
    assert!(desk.page.contains(&own), "{}", desk.page);

    desk.go(&format!("/desk/followups/{case}")).await;
    desk.submit(&format!("/desk/followups/{case}"), &[("text", Put::Text("again"))]).await;
    assert_eq!(desk.status, 400, "a follow-up is about something");
    assert!(desk.page.contains(">again</textarea>"), "nothing is typed twice: {}", desk.page);
    let issue = ("issue", Put::Text("money"));
    desk.submit(&format!("/desk/followups/{case}"), &[issue]).await;
    assert!(desk.page.contains("The follow-up is open."), "{}", desk.page);
    desk.submit("/escalate", &[("text", Put::Text("above me"))]).await;
    assert!(desk.page.contains("Second line"), "{}", desk.page);
    desk.go("/desk/followups?list=l2").await;
    assert!(desk.page.contains(&format!("/desk/followups/{case}/")), "{}", desk.page);
}

async fn a_complaint_goes_round(desk: &mut Forms, manager: &mut Forms, case: CaseId) {
    desk.go(&format!("/desk/cases/{case}")).await;
    assert!(desk.page.contains(&format!("/desk/complaints/{case}")), "{}", desk.page);
    desk.go(&format!("/desk/complaints/{case}")).await;
    let what = [("class", Put::Text("visit")), ("text", Put::Text("nobody came"))];
    desk.submit(&format!("/desk/complaints/{case}"), &what).await;
    assert!(desk.page.contains("The complaint is open."), "{}", desk.page);
    let own = desk.path.split('?').next().unwrap_or_default().to_owned();
    desk.submit("/assign", &[]).await;
    let done = [("outcome", Put::Text("process")), ("text", Put::Text("two people on Saturdays"))];
    desk.submit("/act", &done).await;
    assert!(desk.page.contains("somebody else verifies it"), "{}", desk.page);
    let helped = || [("helped", Put::Text("yes")), ("text", Put::Text("asked them"))];
    desk.submit("/verify", &helped()).await;
    assert!(desk.page.contains("FOUR_EYES_NEEDED"), "whoever acted does not verify");
    manager.go(&own).await;
    manager.submit("/verify", &helped()).await;
    assert!(manager.page.contains("It helped"), "{}", manager.page);
    manager.submit("/close", &[]).await;
    assert!(manager.page.contains("It is closed."), "{}", manager.page);
    manager.go("/desk/complaints?state=closed").await;
    assert!(manager.page.contains(&own), "{}", manager.page);
}

async fn a_project_has_cases_and_a_promise(manager: &mut Forms, case: CaseId) {
    manager.go("/desk/projects").await;
    manager.submit("/desk/projects", &[("name", Put::Text("Tea for whoever waits"))]).await;
    assert!(manager.page.contains("The project is made."), "{}", manager.page);
    manager.submit("/link", &[("case_id", Put::Text(&case.to_string()))]).await;
    assert!(manager.page.contains(&format!("/desk/cases/{case}")), "{}", manager.page);
    manager.submit("/change", &[("state", Put::Text("shipped"))]).await;
    assert_eq!(manager.status, 400, "what is in force says what came of it: {}", manager.page);
    let shipped = [
        ("state", Put::Text("shipped")),
        ("outcome", Put::Text("a cup of tea")),
        ("promise", Put::Text("cup_of_tea")),
    ];
    manager.submit("/change", &shipped).await;
    assert!(manager.page.contains("<code>cup_of_tea</code>"), "{}", manager.page);
}
