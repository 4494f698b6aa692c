//! One order worked in a real browser, on a small telephone, in Chinese.

use parasol_journey::Stage;

use super::driver::{Driver, WIDTH};
use super::{Offered, at, offered, photo};
use crate::house::House;

/// What every page must be: no wider than the screen, and no control without a label.
const FITS: &str = "
    const controls = [...document.querySelectorAll('input:not([type=hidden]), select, textarea')];
    const bare = controls.filter(one => !one.labels || one.labels.length === 0);
    const wide = document.documentElement.scrollWidth;
    return {
        wide, bare: bare.map(one => one.name), language: document.documentElement.lang,
        small: [...document.querySelectorAll('button, a.button, a.row')]
            .filter(one => one.offsetParent && one.getBoundingClientRect().height < 40)
            .map(one => one.textContent),
    };";

pub async fn fits(browser: &Driver, page: &str) {
    let seen = browser.run(FITS).await;
    assert_eq!(seen["language"], "zh-CN", "{page}");
    assert!(seen["wide"].as_u64().is_some_and(|wide| wide <= WIDTH), "{page} is too wide: {seen}");
    assert_eq!(seen["bare"], serde_json::json!([]), "{page} has controls without a label");
    assert_eq!(seen["small"], serde_json::json!([]), "{page} has what no finger hits");
}

/// The notice that a step is done.
fn notice(text: &str) -> String {
    format!("//p[@id='done'][contains(., '{text}')]")
}

fn button(act: &str) -> String {
    format!("//form[contains(@action, '/{act}')]//button")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proc_a_centre_works_an_order_in_a_browser() {
    let house = House::open().await;
    let Offered { case, centre, .. } = offered(&house).await;
    let folder = tempfile::tempdir().expect("a temp folder");
    let browser = Driver::start(&folder.path().join("profile")).await;
    let portal = format!("http://{}/portal", house.node.http);
    browser.go(&portal).await;
    browser.find("//h1[text()='登录']").await;
    fits(&browser, "sign-in").await;
    browser.write("//input[@name='credential']", &house.node.tokens().token(&centre)).await;
    browser.click("//button[text()='登录']").await;
    browser.find("//h2[contains(., '待答复的派单')]").await;
    fits(&browser, "list").await;
    browser.click(&format!("//a[contains(@href, '{case}')]")).await;
    browser.find(&button("accept")).await;
    fits(&browser, "offer").await;
    browser.click(&button("accept")).await;
    browser.find(&notice("已接单")).await;
    fits(&browser, "technicians").await;
    name_somebody(&browser).await;
    browser.find("//input[@name='slot_id']").await;
    fits(&browser, "slots").await;
    browser.click("//section//input[@name='slot_id']").await;
    browser.click(&format!("//section{}", button("book"))).await;
    browser.find(&notice("已预约上门")).await;
    at(&house, case, Stage::Appointed).await;
    browser.click("//summary[contains(., '上门签到')]").await;
    browser.click(&button("check-in")).await;
    browser.find(&notice("已签到")).await;
    inspect(&browser, folder.path()).await;
    browser.find(&notice("检测单已提交")).await;
    at(&house, case, Stage::Repairing).await;
    browser.go(&format!("{portal}/cases/{case}")).await;
    browser.find(&button("repair")).await;
    fits(&browser, "repair").await;
}

/// The first of the centre's people who may do it.
async fn name_somebody(browser: &Driver) {
    let count = browser.run("return document.querySelectorAll('[name=technician]').length").await;
    for place in 1..=count.as_u64().expect("a count") {
        let before = browser.run("return document.documentElement.dataset.now").await;
        let before = before.as_str().expect("every page says when it was made");
        browser.click(&format!("(//input[@name='technician'])[{place}]")).await;
        browser.click(&button("assign")).await;
        browser.find(&format!("//html[@data-now and @data-now != '{before}']//main")).await;
        if browser.run("return location.search").await == "?done=assign" {
            return;
        }
    }
    panic!("the centre has nobody");
}

async fn inspect(browser: &Driver, folder: &std::path::Path) {
    browser.click("//a[contains(@href, '/certificate')]").await;
    browser.find(&button("certificate")).await;
    fits(browser, "certificate").await;
    for (name, value) in [
        ("packaging", "missing"),
        ("exterior", "intact"),
        ("function", "fault"),
        ("cause", "product"),
        ("handling", "none"),
        ("conclusion", "repairable"),
        ("signature", "signed"),
    ] {
        browser.click(&format!("//select[@name='{name}']/option[@value='{value}']")).await;
    }
    browser.write("//input[@name='fault_code']", "F01").await;
    browser.write("//textarea[@name='finding']", "传感器坏了").await;
    let file = folder.join("nameplate.jpg");
    std::fs::write(&file, photo("nameplate")).expect("a temp folder takes files");
    let file = file.to_str().expect("a temp path is text");
    browser.write("//input[@name='photo_nameplate']", file).await;
    browser.click(&button("certificate")).await;
}
