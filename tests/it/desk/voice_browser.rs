//! What customers say, people, scores and chargebacks in a real browser, on a telephone and on a desk.

use parasol_journey::time::Span;
use parasol_runtime::identity::{Principal, Role};
use serde_json::json;

use super::browser::sign_in;
use super::voice::{WORDS, said};
use super::{brand_of, principal};
use crate::house::House;
use crate::pages::Looker;
use crate::portal::driver::Screen;

fn fold(name: &str) -> String {
    format!("//details[@id='{name}']")
}

fn send(name: &str) -> String {
    format!("//details[@id='{name}']//button")
}

/// Chooses from a list by what is sent.
fn choice(name: &str, value: &str) -> String {
    format!("//select[@name='{name}']/option[@value='{value}']")
}

/// A follow-up from the survey to its end, and a complaint to whoever verifies it.
async fn voices(looker: &Looker, root: &str, case: &str) {
    let browser = &looker.browser;
    browser.go(&format!("{root}/desk/voices")).await;
    browser.find("//blockquote[contains(., 'three calls')]").await;
    looker.look("voices").await;
    browser.click("//form[contains(@action, '/assign')]//button").await;
    browser.find("//p[@id='done']").await;
    browser.click("//form[contains(@action, '/read')]//button").await;
    browser.find("//p[@class='empty']").await;

    browser.go(&format!("{root}/desk/followups")).await;
    browser.find("//div[@id='followups']//a").await;
    looker.look("follow-ups").await;
    browser.click("//div[@id='followups']//a").await;
    browser.click(&send("assign")).await;
    browser.find("//p[@id='done']").await;
    let said = looker.pick("已致电用户", "called them");
    browser.write(&format!("{}//textarea", fold("note")), said).await;
    browser.click(&send("note")).await;
    browser.find(&format!("//blockquote[contains(., '{said}')]")).await;
    looker.look("follow-up").await;
    browser.click(&format!("{}/summary", fold("confirm"))).await;
    browser.click(&format!("{}//label[input[@value='yes']]", fold("confirm"))).await;
    browser.click(&choice("heard_by", "telephone")).await;
    browser.click(&send("confirm")).await;
    browser.write(&format!("{}//textarea", fold("close")), said).await;
    looker.look("follow-up-solved").await;
    browser.click(&send("close")).await;
    browser.find("//div[@id='followups']").await;

    browser.go(&format!("{root}/desk/complaints/{case}")).await;
    browser.click(&choice("class", "visit")).await;
    browser.write("//textarea[@name='text']", looker.pick("没人来", "nobody came")).await;
    looker.look("complaint-new").await;
    browser.click(&send("open")).await;
    browser.click(&send("assign")).await;
    browser.find("//p[@id='done']").await;
    browser.click(&choice("outcome", "process")).await;
    browser
        .write("//textarea[@name='text']", looker.pick("周六加派一人", "one more on Saturdays"))
        .await;
    looker.look("complaint").await;
    browser.click(&send("act")).await;
    browser.find(&fold("verify")).await;
    looker.look("complaint-acted").await;
    browser.go(&format!("{root}/desk/complaints")).await;
    browser.find("//div[@id='complaints']//a").await;
    looker.look("complaints").await;
    browser.go(&format!("{root}/desk/cases/{case}")).await;
    browser.find("//section[@id='beside']//a").await;
    looker.look("case-with-voices").await;
    browser.go(&format!("{root}/desk/digest")).await;
    browser.find("//ul[contains(@class, 'tiles')]").await;
    looker.look("digest").await;
    browser.go(&format!("{root}/desk/me")).await;
    browser.find("//h1").await;
    looker.look("me").await;
}

/// What managers have beside: projects, the report, seats.
async fn managers(looker: &Looker, root: &str, case: &str) {
    let browser = &looker.browser;
    browser.go(&format!("{root}/desk/projects")).await;
    browser.click(&format!("{}/summary", fold("make"))).await;
    browser.write("//input[@name='name']", looker.pick("等候有茶", "Tea for whoever waits")).await;
    looker.look("projects").await;
    browser.click(&send("make")).await;
    browser.write("//input[@name='case_id']", case).await;
    browser.click(&send("link")).await;
    browser.find(&format!("//a[@href='/desk/cases/{case}']")).await;
    looker.look("project").await;
    browser.go(&format!("{root}/desk/report?category=refrigerator")).await;
    browser.find("//a[contains(@href, 'report.csv')]").await;
    looker.look("report").await;
    browser.go(&format!("{root}/desk/seats?case={case}")).await;
    browser.click(&send("book")).await;
    browser.find("//p[@id='done']").await;
    looker.look("seats").await;
}

/// Somebody is registered, certified and put out of use.
async fn people(looker: &Looker, root: &str) {
    let browser = &looker.browser;
    browser.go(&format!("{root}/board/people")).await;
    browser.write("//input[@name='subject']", "a-7").await;
    browser.click(&choice("role", "agent")).await;
    browser.write("//input[@name='name']", "王五").await;
    browser.click(&choice("kind", "passport")).await;
    browser.write("//input[@name='number']", "E0000007").await;
    browser.write("//input[@name='unit']", "white-goods").await;
    browser.click("//label[input[@name='certified_refrigerator']]").await;
    looker.look("people-register").await;
    browser.click(&send("register")).await;
    browser.find("//p[@id='done']").await;
    browser.click(&format!("{}/summary", fold("certify"))).await;
    browser.click(&choice("category", "television")).await;
    browser.click(&send("certify")).await;
    browser.find("//section[@id='changes']//li[2]").await;
    browser.click(&format!("{}/summary", fold("suspend"))).await;
    browser.click(&choice("reason", "credential")).await;
    looker.look("person").await;
    browser.click(&send("suspend")).await;
    browser.find(&fold("restore")).await;
    looker.look("person-suspended").await;
    browser.go(&format!("{root}/board/people?list=suspended")).await;
    browser.find("//a[contains(@href, '/board/people/a-7')]").await;
    looker.look("people").await;
    browser.go(&format!("{root}/board/people-ranking")).await;
    browser.find("//h1").await;
    looker.look("people-ranking").await;
}

/// A brand's figures with the cases behind one, its place, what it is charged.
async fn scores(looker: &Looker, root: &str) {
    let browser = &looker.browser;
    // Until the counting has come to the case.
    let mut counted = false;
    while !counted {
        browser.go(&format!("{root}/steward/scores")).await;
        browser.find("//h1").await;
        browser.click("(//nav[@class='tabs'])[2]/a[1]").await;
        browser.find("//h1").await;
        let found = "return document.getElementById('positions') !== null";
        counted = browser.run(found).await == json!(true);
    }
    looker.look("scores").await;
    browser.click("//a[contains(@href, 'indicator=accept_rate')]").await;
    browser.find("//ul[@id='cases']//a").await;
    looker.look("score-cases").await;
    browser.click("//ul[@id='cases']//a").await;
    browser.find("//meter").await;
    for page in ["ranking", "charges"] {
        browser.go(&format!("{root}/steward/{page}")).await;
        browser.find("//h1").await;
        looker.look(page).await;
    }
}

/// A month is over: the brand objects to what it counts, and is answered.
async fn objections(house: &House, looker: &Looker, root: &str, brand: &Principal) {
    let browser = &looker.browser;
    house.node.clock.advance(Span::days(25)).expect("a test clock");
    sign_in(house, looker, "/steward", brand).await;
    browser.go(&format!("{root}/steward/scores?category=refrigerator")).await;
    browser.find("//div[@id='preview']").await;
    looker.look("scores-preview").await;
    browser.click("//a[contains(@href, 'indicator=accept_rate')]").await;
    browser.click("//ul[@id='cases']//a[contains(@href, '/steward/objections')]").await;
    let why = looker.pick("当天是节假日", "it was a holiday");
    browser.write("//textarea[@name='text']", why).await;
    looker.look("objection").await;
    browser.click(&send("object")).await;
    browser.find("//p[@id='done']").await;
    sign_in(house, looker, "/board", &principal(Role::Manager)).await;
    browser.go(&format!("{root}/board/objections")).await;
    browser.click("//details[starts-with(@id, 'answer-')]/summary").await;
    browser.click("//label[input[@value='no']]").await;
    browser
        .write("//textarea[@name='text']", looker.pick("当天是工作日", "it was a working day"))
        .await;
    looker.look("board-objections").await;
    browser.click("//details[starts-with(@id, 'answer-')]//button").await;
    browser.find("//p[@id='done']").await;
}

async fn course(screen: Screen) {
    let house = House::open().await;
    let case = said(&house).await;
    assert!(WORDS.contains("three calls"));
    let folder = tempfile::tempdir().expect("a temp folder");
    let looker = Looker::start(&folder.path().join("profile"), screen, "voice").await;
    let root = format!("http://{}", house.node.http);
    let id = case.to_string();
    sign_in(&house, &looker, "/desk", &principal(Role::Agent)).await;
    voices(&looker, &root, &id).await;
    looker.browser.click("//form[@action='/desk/sign-out']//button").await;
    sign_in(&house, &looker, "/desk", &principal(Role::Manager)).await;
    managers(&looker, &root, &id).await;
    sign_in(&house, &looker, "/board", &principal(Role::Operator)).await;
    people(&looker, &root).await;
    sign_in(&house, &looker, "/steward", &brand_of(&house, case).await).await;
    scores(&looker, &root).await;
    objections(&house, &looker, &root, &brand_of(&house, case).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proc_what_customers_say_on_a_telephone_in_chinese() {
    Box::pin(course(Screen::PHONE)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proc_what_customers_say_on_a_desk_in_english_and_dark() {
    Box::pin(course(Screen::DESK)).await;
}
