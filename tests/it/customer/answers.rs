//! In a real browser: the survey by the link of its notice and signed in, the price of a repair, what a customer is
//! told, and the public ranking.

use parasol_journey::Stage;
use parasol_journey::ids::CaseId;
use parasol_runtime::identity::{Principal, Role};
use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};
use uuid::Uuid;

use super::browser::{button, sign_in};
use super::{centre_of, customer, name_somebody};
use crate::desk::dispatched;
use crate::house::House;
use crate::http;
use crate::messages::ask;
use crate::pages::Looker;
use crate::portal::at;
use crate::portal::driver::Screen;
use crate::portal::forms::Put;
use crate::tenancy::cases::certificate;

/// Where notices of these tests say that the pages are.
pub const PAGES: &str = "http://pages.example";
/// How often it is looked whether a notice has come or a month is published; each look asks the node something.
const LOOKS_MAX: usize = 20_000;
/// The month of the examples.
const MONTH: &str = "2026-06";

/// The way to the survey, as the customer's notice has it.
async fn link_of(house: &House, case: CaseId) -> String {
    let line = format!("GET /v1/cases/{case}/notices");
    for _ in 0..LOOKS_MAX {
        let listed = ask(house, &customer(), &line, &Value::Null).await.json();
        let notices = listed["notices"].as_array().cloned().unwrap_or_default();
        let closed = notices.iter().find(|one| one["template"] == "closed");
        let text = closed.and_then(|one| one["text"].as_str()).unwrap_or_default();
        if let Some((_, way)) = text.split_once(PAGES) {
            let way = way.split_whitespace().next().unwrap_or_default();
            return way.trim_end_matches(['。', '.']).to_owned();
        }
    }
    let listed = ask(house, &customer(), &line, &Value::Null).await.json();
    panic!("nobody was asked how it was: {listed}");
}

/// How it was: by the link of the notice, once; then signed in, where it can be looked at and changed.
pub async fn survey(house: &House, looker: &Looker, case: CaseId) {
    let browser = &looker.browser;
    let root = format!("http://{}", house.node.http);
    let way = link_of(house, case).await;
    assert!(way.starts_with("/survey/sv_"), "{way}");
    browser.go(&format!("{root}{way}")).await;
    browser.find("//form[@id='survey']").await;
    looker.look("survey").await;
    let low = looker.pick("2", "5");
    browser.click(&format!("//label[input[@name='csat' and @value='{low}']]")).await;
    browser.click("//label[input[@name='nps' and @value='7']]").await;
    browser.click("//details[contains(@class, 'parts')]/summary").await;
    browser.click("(//label[input[starts-with(@name, 'rating_') and @value='4']])[1]").await;
    let said = looker.pick("修好了，可是等了很久", "Well done, and on time");
    browser.write("//textarea[@name='text']", said).await;
    looker.look("survey-filled").await;
    browser.click(&button("/survey")).await;
    browser.find("//div[@id='thanks']").await;
    looker.look("survey-thanks").await;
    let text = browser.run("return document.getElementById('thanks').innerText").await;
    let text = text.as_str().expect("a text");
    assert!(!text.contains(said), "whoever has the link reads nothing of it: {text}");
    assert_eq!(
        text.contains("24 小时"),
        low == "2",
        "who is not content is told what happens next"
    );
    browser.go(&format!("{root}{way}X")).await;
    browser.find(&format!("//h1[contains(., '{}')]", looker.pick("打不开", "opens nothing"))).await;
    looker.look("survey-no-link").await;

    browser.go(&format!("{root}/my/cases/{case}")).await;
    if low == "2" {
        stayed_on(looker).await;
    }
    browser.click("//div[@id='survey-card']//a").await;
    browser.find(&format!("//div[@id='thanks'][contains(., '{said}')]")).await;
    looker.look("survey-told").await;
    browser.click("//div[@id='thanks']//a[contains(@href, 'change')]").await;
    browser.find("//form[@id='survey']").await;
    browser.click("//label[input[@name='csat' and @value='4']]").await;
    looker.look("survey-change").await;
    browser.click(&button("/survey")).await;
    browser.find("//div[@id='thanks'][contains(., '4 / 5')]").await;
}

/// Whoever was not content finds on the page of the case that somebody stays on it, and says that it is solved.
async fn stayed_on(looker: &Looker) {
    let browser = &looker.browser;
    let form = "//form[contains(@action, '/follow-up')]";
    browser.find(form).await;
    looker.look("stayed-on").await;
    browser.write(&format!("{form}//textarea[@name='text']"), "谢谢，已经解释清楚了").await;
    browser.click(&format!("{form}//button[@value='yes']")).await;
    browser.find("//section[contains(., '您已说问题解决了')]").await;
    looker.look("said-solved").await;
}

/// The centre says on the portal what a repair would cost.
async fn price(house: &House, looker: &Looker, case: CaseId, centre: &Principal) {
    let browser = &looker.browser;
    let portal = format!("http://{}/portal", house.node.http);
    browser.go(&portal).await;
    browser.write("//input[@name='credential']", &house.node.tokens().token(centre)).await;
    browser.click("//form[contains(@action, 'sign-in')]//button").await;
    browser.find("//form[contains(@action, '/portal/sign-out')]").await;
    browser.go(&format!("{portal}/cases/{case}")).await;
    let form = "//form[contains(@action, '/quote')]";
    browser.find(form).await;
    if browser.run("return document.querySelector('form[action*=\"/quote\"]').closest('details:not([open])') !== null").await == true {
        browser.click(&format!("{form}/ancestor::details[1]/summary")).await;
    }
    browser.write(&format!("{form}//textarea[@name='work']"), "更换门封条 / a new door seal").await;
    browser.click(&format!("{form}//details/summary")).await;
    let lines = [("parts", "门封条 / door seal", "260"), ("labour", "安装 / fitting", "120.00")];
    for (place, (kind, what, amount)) in lines.into_iter().enumerate() {
        browser
            .click(&format!("{form}//select[@name='kind_{place}']/option[@value='{kind}']"))
            .await;
        browser.write(&format!("{form}//input[@name='what_{place}']"), what).await;
        browser.write(&format!("{form}//input[@name='amount_{place}']"), amount).await;
    }
    looker.look("name-a-price").await;
    browser.click(&format!("{form}//button[not(@name)]")).await;
    browser.find("//p[@id='done']").await;
    looker.look("price-named").await;
}

/// A case whose unit was found to have been broken by its user, refused, and a repair of it quoted.
async fn quoted(house: &House, looker: &Looker) -> CaseId {
    let case = dispatched(house).await;
    let mut centre = centre_of(house, case).await;
    centre.submit("/accept", &[]).await;
    centre.go(&format!("/portal/cases/{case}")).await;
    name_somebody(&mut centre).await;
    let named = at(house, case, Stage::TechnicianAssigned).await;
    let slot = centre.choices("slot_id").into_iter().next().expect("a free slot");
    centre.submit("/hold", &[("slot_id", Put::Text(&slot))]).await;
    centre.submit("/book", &[("customer_chose", Put::Text("yes"))]).await;
    centre.submit("/travel", &[]).await;
    centre.submit("/check-in", &[]).await;
    at(house, case, Stage::OnSite).await;
    let order = named.work_order.clone().expect("a work order");
    let brand = named.filing.brand.to_string();
    let of = |role, subject: &str| Principal::new(role, subject).of_brand(&brand);
    let mut found = certificate(house, named.filing.serial.as_str());
    found["cause"] = "CAUSE_USER".into();
    found["cause_sign"] = "impact point at the lower left corner".into();
    found["exterior"] = "EXTERIOR_DENT".into();
    found["conclusion"] = "CONCLUSION_DOES_NOT_MEET".into();
    let technician = order.technician.as_ref().expect("a technician").to_string();
    let path = "/parasol.technician.v1.VisitService/SubmitInspection";
    let body = json!({"case_id": case.to_string(), "certificate": found});
    let sent = house.act(&of(Role::Technician, &technician), path, &body).await;
    at(house, case, Stage::VerdictHeld).await;
    let path = "/parasol.partner.v1.VerdictService/ConfirmCertificate";
    let body = json!({"case_id": case.to_string(), "certificate_id": sent["certificate_id"]});
    house.act(&of(Role::Brand, &brand), path, &body).await;
    at(house, case, Stage::Denied).await;
    let centre = of(Role::Centre, order.centre.as_str());
    price(house, looker, case, &centre).await;
    case
}

/// A refused customer takes the repair at its price; what they are told is chosen on the way.
async fn answers(screen: Screen) {
    let house = House::open().await;
    let folder = tempfile::tempdir().expect("a temp folder");
    let looker = Looker::start(&folder.path().join("profile"), screen, "answers").await;
    let case = quoted(&house, &looker).await;
    let browser = &looker.browser;
    let root = format!("http://{}", house.node.http);
    sign_in(&house, &looker).await;
    browser.go(&format!("{root}/my/cases/{case}")).await;
    browser.find("//div[@id='quote']//table").await;
    looker.look("a-price").await;
    browser.click("//div[@id='quote']//a[contains(@href, '/accept-quote')]").await;
    browser.find(&button("/accept-quote")).await;
    looker.look("accept-a-price").await;
    browser.click(&button("/accept-quote")).await;
    browser.find("//p[@id='done']").await;
    browser.find("//div[@id='quote']//table").await;
    looker.look("agreed").await;
    let stored = house.node.store.case(case).await.expect("the store answers").expect("a case");
    assert!(stored.quote.is_some_and(|quote| quote.accepted), "{:?}", stored.stage);

    browser.go(&format!("{root}/my")).await;
    browser.click("//a[@href='/my/notices']").await;
    browser.find("//form[@id='preferences']").await;
    looker.look("notices").await;
    browser.click("//label[input[@name='kind_survey']]").await;
    browser.click("//label[input[@name='quiet' and @value='own']]").await;
    let times = "document.querySelector('[name=quiet_from]').value = '22:30';
        document.querySelector('[name=quiet_until]').value = '07:15';";
    browser.run(times).await;
    browser.write("//input[@name='email']", "li@example.com").await;
    browser.click(&button("/my/notices")).await;
    browser.find("//p[@id='done']").await;
    looker.look("notices-saved").await;
    let known = ask(&house, &customer(), "GET /v1/notice-preferences", &Value::Null).await.json();
    let said = |field: &str| known[field].as_str().unwrap_or_default().to_owned();
    assert_eq!((said("quietFrom"), said("quietUntil")), ("22:30".into(), "07:15".into()));
    assert_eq!(said("email"), "l***@example.com");
    assert_eq!(known["muted"], json!(["NOTICE_KIND_SURVEY"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proc_answers_are_given_on_a_phone_in_chinese() {
    Box::pin(answers(Screen::PHONE)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proc_answers_are_given_at_a_desk_in_english() {
    Box::pin(answers(Screen::DESK)).await;
}

/// What the house knows a figure by: the namespace of figures never changes.
fn figure(brand: &str, indicator: &str) -> String {
    let space = Uuid::from_u128(0x3c0e_9a41_7d52_5f1b_8a6e_21f4_90c7_d8b3);
    let parts = ["brand", brand, "refrigerator", indicator, MONTH];
    Uuid::new_v5(&space, parts.join("\n").as_bytes()).simple().to_string()
}

async fn write(house: &House, sql: &str) {
    let rows = house.node.store.for_migrations();
    rows.execute_unprepared(sql).await.expect("a row is written");
}

/// Figures of a brand as the counting leaves them: `good` of every hundred.
async fn counted(house: &House, brand: &str, count: i64, good: i64) {
    let rules = http::ask(house.node.http, None, "GET /v1/indicators", "").await.json();
    let rules = rules["indicators"].as_array().expect("indicators").clone();
    let of_brands = json!("SCORE_LEVEL_BRAND");
    let mut figures = serde_json::Map::new();
    for row in rules
        .iter()
        .filter(|row| row["levels"].as_array().is_some_and(|levels| levels.contains(&of_brands)))
    {
        let id = row["indicator"].as_str().expect("an id");
        let better = row["moreIsBetter"].as_bool().unwrap_or_default();
        let share = if better { good } else { 100 - good };
        let total = match (row["unit"].as_str().unwrap_or_default(), id) {
            ("SCORE_UNIT_TIME", _) => continue,
            (_, "nps") => count * (2 * good - 100) * 10_000,
            ("SCORE_UNIT_POINTS", _) => count * good * 1_000_000 / 25,
            _ => count * share / 100,
        };
        figures.insert(id.to_owned(), json!([count, total, 2]));
    }
    // As of a release before cards, of which one brand still has its figures.
    if brand == "hanlu" {
        for (id, told) in &figures {
            let (figure, total) = (figure(brand, id), &told[1]);
            let sql = format!(
                "INSERT INTO score_figures \
                 (figure, level, subject, category, indicator, period, counted, total, excluded) \
                 VALUES (x'{figure}', 'brand', '{brand}', 'refrigerator', '{id}', '{MONTH}', {count}, {total}, 2)"
            );
            write(house, &sql).await;
        }
        return;
    }
    card(house, brand, &Value::from(figures)).await;
}

/// A scorecard as the counting leaves it.
async fn card(house: &House, brand: &str, figures: &Value) {
    let space = Uuid::from_u128(0x9b1d_4f07_2c6a_5e83_a4d2_70f9_18be_c365);
    let parts = ["brand", brand, "refrigerator", MONTH];
    let card = Uuid::new_v5(&space, parts.join("\n").as_bytes()).simple();
    let sql = format!(
        "INSERT OR REPLACE INTO score_cards (card, level, subject, category, period, body) \
         VALUES (x'{card}', 'brand', '{brand}', 'refrigerator', '{MONTH}', '{figures}')"
    );
    write(house, &sql).await;
}

/// One of the figures was changed after it was published.
async fn restated(house: &House, brand: &str) {
    let figure = figure(brand, "on_time");
    let case = Uuid::from_u128(7).simple();
    let sql = format!(
        "INSERT INTO score_restatements (figure, pass, case_id, at, cause, counted_before, total_before, \
         counted_after, total_after) VALUES (x'{figure}', 9, x'{case}', 1784000000000000, \
         'dispute_decided', 60, 54, 60, 53)"
    );
    write(house, &sql).await;
    // What it stands at now is read from where it is counted.
    let sql = format!(
        "UPDATE score_cards SET body = replace(body, '\"on_time\":[60,54,2]', '\"on_time\":[60,53,2]') \
         WHERE subject = '{brand}'"
    );
    write(house, &sql).await;
}

/// A month is counted, published by the node once its brands have had their ten days, restated, and read by anybody.
async fn ranking(screen: Screen) {
    let house = House::open().await;
    counted(&house, "aurora", 60, 90).await;
    counted(&house, "hanlu", 45, 70).await;
    counted(&house, "jingting", 3, 100).await;
    let folder = tempfile::tempdir().expect("a temp folder");
    let looker = Looker::start(&folder.path().join("profile"), screen, "ranking").await;
    let browser = &looker.browser;
    let root = format!("http://{}", house.node.http);
    browser.go(&format!("{root}/ranking")).await;
    browser.find(&format!("//p[contains(., '{}')]", looker.pick("还没有公布", "No month"))).await;
    looker.look("none").await;
    house.node.clock.advance(parasol_journey::time::Span::days(40)).expect("a test clock");
    let published = async {
        for _ in 0..LOOKS_MAX {
            let shown = http::ask(house.node.http, None, "GET /ranking", "").await;
            if shown.status == 200 {
                return;
            }
        }
        panic!("the month was not published");
    };
    published.await;
    restated(&house, "aurora").await;
    browser.go(&format!("{root}/ranking")).await;
    browser.find("//ol[contains(@class, 'ranked')]//a").await;
    looker.look("ranking").await;
    let places = "return [...document.querySelectorAll('ol.ranked li')].map(one => one.innerText)";
    let places = browser.run(places).await;
    let place = |at: usize| places[at].as_str().expect("a place").to_owned();
    assert!(place(0).contains(looker.pick("公布后有更正", "restated since")), "{places}");
    assert!(place(2).contains(looker.pick("样本不足", "too few cases")), "{places}");
    browser.click("//details[contains(@class, 'card')]/summary").await;
    looker.look("how-it-is-counted").await;
    browser.click("(//ol[contains(@class, 'ranked')]//a)[1]").await;
    browser.find("//div[contains(@class, 'restated')]").await;
    looker.look("a-brand").await;
    let text = browser.run("return document.querySelector('main').innerText").await;
    let text = text.as_str().expect("a text");
    for said in ["54 / 60", "54 / 60 → 53 / 60", "88.3%", "90.0%"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    browser.go(&format!("{root}/ranking/refrigerator/2026-07")).await;
    browser
        .find(&format!("//p[contains(., '{}')]", looker.pick("没有公布", "not published")))
        .await;
    looker.look("not-published").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proc_the_ranking_on_a_phone_in_chinese() {
    Box::pin(ranking(Screen::PHONE)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proc_the_ranking_at_a_desk_in_english() {
    Box::pin(ranking(Screen::DESK)).await;
}
