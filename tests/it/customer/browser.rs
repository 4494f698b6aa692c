//! From filing to the confirmed end in a real browser, while a played centre works the case in the portal; drafts
//! through a lost network and a closed tab; and the page on a slow link.

use std::path::Path;

use parasol_journey::Stage;
use parasol_journey::ids::CaseId;
use parasol_journey::time::Span;
use parasol_runtime::identity::{TokenKey, link};

use super::{answers, at_one_of, centre_of, customer, filed, name_somebody};
use crate::bad_input::ORDER_LINE;
use crate::house::House;
use crate::pages::Looker;
use crate::portal::driver::{Driver, Screen};
use crate::portal::forms::{Forms, Put};
use crate::portal::{at, inspect, photo, repair};

/// Milliseconds until a page shows something on a slow link.
const FIRST_CONTENT_MAX_MS: u64 = 5_000;
/// How often it is asked whether something was painted.
const LOOKS_MAX: usize = 1_000;

pub fn button(to: &str) -> String {
    format!("//form[contains(@action, '{to}')]//button[contains(@class, 'main')]")
}

pub async fn sign_in(house: &House, looker: &Looker) {
    let browser = &looker.browser;
    browser.go(&format!("http://{}/my", house.node.http)).await;
    browser.find("//input[@name='credential']").await;
    looker.look("sign-in").await;
    browser.write("//input[@name='credential']", &house.node.tokens().token(&customer())).await;
    browser.click("//form[@id='door']//button").await;
    browser.find("//a[@href='/my/file']").await;
}

/// The first three steps, up to looking it over.
async fn say_what_is_wrong(looker: &Looker, folder: &Path) {
    let browser = &looker.browser;
    browser.click("//a[@href='/my/file']").await;
    browser.find("//form[@id='file']").await;
    looker.look("file-unit").await;
    browser.click(&format!("//label[input[@value='{ORDER_LINE}']]")).await;
    browser.click(&button("/my/file")).await;
    browser.click("//label[input[@value='leaking']]").await;
    let said = looker.pick("底部一直漏水，昨天开始的", "It has leaked from below since yesterday");
    browser.write("//textarea[@name='description']", said).await;
    looker.look("file-fault").await;
    browser.click(&button("/my/file")).await;
    browser.click("(//label[input[@name='window']])[5]").await;
    let file = folder.join("fault.jpg");
    std::fs::write(&file, photo("fault")).expect("a temp folder takes files");
    browser.write("//input[@id='photo-pick']", file.to_str().expect("a temp path is text")).await;
    browser.find("//ul[@id='photo-list']/li/img").await;
    looker.look("file-visit").await;
    browser.click(&button("/my/file")).await;
    browser.find("//section[@aria-labelledby='rights-title']").await;
    looker.look("file-check").await;
}

async fn case_of(looker: &Looker) -> CaseId {
    let path = looker.browser.run("return location.pathname").await;
    let case = path.as_str().and_then(|path| path.split('/').nth(3)).expect("a case's page");
    case.parse().expect("a case id")
}

/// What the page says without having been asked for again by hand.
async fn shows(looker: &Looker, part: &str, text: &str) {
    looker.browser.find(&format!("//div[@id='{part}'][contains(., '{text}')]")).await;
}

/// A whole case: filed in the browser, worked by a centre in the portal, seen live, and confirmed.
async fn course(screen: Screen) {
    let house = House::set(&[("notices.pages_url", answers::PAGES)]).await;
    house.load_examples().await;
    let folder = tempfile::tempdir().expect("a temp folder");
    let looker = Looker::start(&folder.path().join("profile"), screen, "customer").await;
    let browser = &looker.browser;
    sign_in(&house, &looker).await;
    looker.look("home").await;
    say_what_is_wrong(&looker, folder.path()).await;
    browser.click(&button("/my/file")).await;
    // The photo that waited is sent on its own, and the page comes back to the case.
    browser.find("//div[@id='photos']//img").await;
    let case = case_of(&looker).await;
    let mut centre = centre_of(&house, case).await;
    shows(&looker, "now", looker.pick("等待接单", "Asked to take")).await;
    looker.look("dispatched").await;
    centre.submit("/accept", &[]).await;
    shows(&looker, "now", looker.pick("正在安排工程师", "Naming a technician")).await;
    browser.click("//div[contains(@class, 'chase')]//button").await;
    browser.find("//p[@id='done']").await;
    looker.look("chased").await;
    share(&house, &looker, case).await;
    visit(&house, &looker, &mut centre, case).await;
    outcome(&house, &looker, &mut centre, case).await;
    answers::survey(&house, &looker, case).await;
}

/// A link is made, opened, and taken back.
async fn share(house: &House, looker: &Looker, case: CaseId) {
    let browser = &looker.browser;
    let at = |path: &str| format!("http://{}{path}", house.node.http);
    browser.click("//nav[contains(@class, 'more')]//a[contains(@href, '/links')]").await;
    browser.click(&button("/links")).await;
    browser.find("//a[@id='shared-link']").await;
    looker.look("a-link").await;
    let path = "return document.getElementById('shared-link').getAttribute('href')";
    let path = browser.run(path).await.as_str().expect("a path").to_owned();
    browser.go(&at(&path)).await;
    browser.find("//p[@id='fresh' and @data-state='live']").await;
    looker.look("shared").await;
    // Somebody else reads it: the case is spoken of as the customer's, never as the reader's.
    let said = "return ['track', 'now', 'visit', 'story', 'times']
        .map(id => document.getElementById(id).innerText).join(' ')";
    let said = browser.run(said).await.as_str().expect("a text").to_lowercase();
    let speaks = |word: &str| said.split(|c: char| !c.is_alphanumeric()).any(|one| one == word);
    assert!(!said.contains('您') && !speaks("you") && !speaks("your"), "{said}");
    let forms =
        browser.run("return document.querySelectorAll('form, a[href*=\"/my\"]').length").await;
    assert_eq!(forms, 0, "a link changes nothing");
    browser.go(&at(&format!("/my/cases/{case}/links"))).await;
    browser.click("//form[.//input[@name='link_id']]//button").await;
    browser.find("//main[not(.//input[@name='link_id'])]").await;
    browser.go(&at(&path)).await;
    browser
        .find(&format!("//h1[contains(., '{}')]", looker.pick("链接已失效", "opens nothing")))
        .await;
    looker.look("link-over").await;
    browser.go(&at(&format!("/my/cases/{case}"))).await;
}

/// From naming a technician to the door.
async fn visit(house: &House, looker: &Looker, centre: &mut Forms, case: CaseId) {
    let browser = &looker.browser;
    let own = format!("/portal/cases/{case}");
    centre.go(&own).await;
    name_somebody(centre).await;
    at(house, case, Stage::TechnicianAssigned).await;
    let slots: Vec<_> = centre.choices("slot_id").into_iter().take(3).collect();
    let asked: Vec<_> = slots.iter().map(|slot| ("slot_id", Put::Text(slot))).collect();
    centre.submit("/propose", &asked[..1]).await;
    browser.find("//input[@name='hold_id']").await;
    looker.look("choose-a-time").await;
    browser.click("(//label[input[@name='hold_id']])[1]").await;
    browser.click(&button("/book")).await;
    browser.find("//p[@id='done']").await;
    at(house, case, Stage::Appointed).await;
    shows(looker, "visit", looker.pick("上门安排", "Your visit")).await;
    looker.look("appointed").await;
    browser.click("//nav[contains(@class, 'more')]//a[contains(@href, '/reschedule')]").await;
    browser.find("//fieldset[contains(@class, 'slots')]").await;
    looker.look("reschedule").await;
    browser.go(&format!("http://{}/my/cases/{case}", house.node.http)).await;
    browser.find("//p[@id='fresh' and @data-state='live']").await;
    centre.go(&own).await;
    centre.submit("/travel", &[]).await;
    shows(looker, "visit", looker.pick("正在路上", "on the way")).await;
    looker.look("on-the-way").await;
    centre.submit("/check-in", &[]).await;
    shows(looker, "now", looker.pick("已在您家中", "at your home")).await;
}

/// From the certificate to the confirmed end.
async fn outcome(house: &House, looker: &Looker, centre: &mut Forms, case: CaseId) {
    let browser = &looker.browser;
    let own = format!("/portal/cases/{case}");
    inspect(centre, &own).await;
    let decided = at_one_of(house, case, &[Stage::RemedyOffered, Stage::Repairing]).await;
    if decided.stage == Stage::RemedyOffered {
        browser.find("//input[@name='remedy' and @value='repair']").await;
        browser.click("//details[contains(@class, 'reasons')]/summary").await;
        looker.look("choose-a-remedy").await;
        browser.click("//label[input[@name='remedy' and @value='repair']]").await;
        browser.click(&button("/choose")).await;
        browser.find("//p[@id='done']").await;
        at(house, case, Stage::Repairing).await;
    }
    shows(looker, "code", looker.pick("完工码", "Completion code")).await;
    looker.look("repairing").await;
    repair(centre, &own).await;
    at(house, case, Stage::AwaitConfirm).await;
    browser.find(&button("/confirm")).await;
    looker.look("confirm").await;
    browser.click("//a[contains(@href, '/reject')]").await;
    browser.find("//textarea[@name='reason']").await;
    looker.look("not-solved").await;
    browser.go(&format!("http://{}/my/cases/{case}", house.node.http)).await;
    browser.click(&button("/confirm")).await;
    browser.find("//p[@id='done']").await;
    at(house, case, Stage::Closed).await;
    looker.look("closed").await;
    browser.click("//a[contains(@href, '/reopen')]").await;
    browser.find("//textarea[@name='reason']").await;
    looker.look("reopen").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proc_a_case_is_filed_and_seen_through_on_a_phone_in_chinese() {
    Box::pin(course(Screen::PHONE)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proc_a_case_is_filed_and_seen_through_at_a_desk_in_english() {
    Box::pin(course(Screen::DESK)).await;
}

/// What was typed outlives a lost network and a closed tab, and is one case when it is sent again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proc_a_draft_outlives_the_network_and_the_tab() {
    let house = House::open().await;
    let folder = tempfile::tempdir().expect("a temp folder");
    let dark = Screen { dark: true, ..Screen::PHONE };
    let looker = Looker::start(&folder.path().join("profile"), dark, "draft").await;
    let browser = &looker.browser;
    sign_in(&house, &looker).await;
    say_what_is_wrong(&looker, folder.path()).await;
    let id = browser.run("return document.querySelector('[name=request_id]').value").await;
    browser.set_offline(true).await;
    browser.click(&button("/my/file")).await;
    browser.find("//p[@id='offline' and not(@hidden)]").await;
    looker.look("no-network").await;
    browser.set_offline(false).await;
    // The tab is closed: what is left of the page is what the browser keeps.
    let file = format!("http://{}/my/file", house.node.http);
    browser.go("about:blank").await;
    browser.go(&file).await;
    browser.find("//p[@id='draft' and not(@hidden)]").await;
    looker.look("a-draft").await;
    browser.click("//button[@data-resume]").await;
    browser.find("//section[@aria-labelledby='rights-title']").await;
    let again = browser.run("return document.querySelector('[name=request_id]').value").await;
    assert_eq!(id, again, "the same intent");
    // Its answer is lost: the call goes out, and nothing comes back to the page.
    let lost = "const body = new URLSearchParams(new FormData(document.getElementById('file')));
        body.set('go', 'next');
        return fetch('/my/file', { method: 'POST', body }).then(() => 'sent');";
    assert_eq!(browser.run(lost).await, "sent");
    assert_eq!(filed(&house).await.len(), 1);
    browser
        .run("const b = document.querySelector('#file button.main'); b.click(); b.click();")
        .await;
    browser.find("//div[@id='photos']//img").await;
    assert_eq!(filed(&house).await.len(), 1, "one case however often it was sent");
    browser.go(&file).await;
    browser.find("//form[@id='file']").await;
    let left = browser.run("return localStorage.getItem('parasol.draft')").await;
    assert!(left.is_null(), "a report that is filed is no draft any more: {left}");
}

/// When the page showed something first, in ms. What is in the document need not be painted yet.
async fn first_paint(browser: &Driver) -> u64 {
    let asked = "return performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0";
    for _ in 0..LOOKS_MAX {
        let painted = browser.run(asked).await.as_f64().expect("a time") as u64;
        if painted > 0 {
            return painted;
        }
    }
    panic!("nothing was painted");
}

/// On 400 kbit/s with 400 ms the page of a case shows something soon, and can be used.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proc_a_slow_link_is_enough() {
    let house = House::open().await;
    let folder = tempfile::tempdir().expect("a temp folder");
    let looker = Looker::start(&folder.path().join("profile"), Screen::PHONE, "slow").await;
    let browser = &looker.browser;
    sign_in(&house, &looker).await;
    browser.slow_down().await;
    say_what_is_wrong(&looker, folder.path()).await;
    browser.click(&button("/my/file")).await;
    browser.find("//div[@id='photos']//img").await;
    let case = case_of(&looker).await;
    at(&house, case, Stage::Dispatched).await;
    let key = TokenKey::load(house.folder()).expect("it can be read").expect("there is a key");
    let survey = link::survey_token(&key, case, house.node.clock.now() + Span::days(1));
    let mut took = String::new();
    for (path, shown) in [
        ("/ranking".to_owned(), "//h1"),
        (format!("/survey/{survey}"), "//h1"),
        ("/my/notices".to_owned(), "//form[@id='preferences']"),
        (format!("/my/cases/{case}"), "//div[contains(@class, 'chase')]//button"),
    ] {
        // Nothing is there yet: style and script are fetched as on a first visit.
        browser.command("Network.clearBrowserCache", &serde_json::json!({})).await;
        browser.go(&format!("http://{}{path}", house.node.http)).await;
        browser.find(shown).await;
        let painted = first_paint(browser).await;
        let page = path.split('/').nth(1).unwrap_or_default();
        took += &format!("{page}: {painted} ms at 400 kbit/s and 400 ms\n");
        looker.keep("first-content.txt", &took);
        assert!((1..FIRST_CONTENT_MAX_MS).contains(&painted), "{path} after {painted} ms");
    }
    browser.click("//div[contains(@class, 'chase')]//button").await;
    browser.find("//p[@id='done']").await;
    looker.look("chased").await;
}
