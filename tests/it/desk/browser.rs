//! Desk, board and steward in a real browser, on a telephone and on a desk, in both languages.

use parasol_runtime::identity::{Principal, Role};

use super::{brand_of, dispatched, number_of_filer, principal};
use crate::house::House;
use crate::pages::Looker;
use crate::portal::driver::Screen;

pub async fn sign_in(house: &House, looker: &Looker, home: &str, who: &Principal) {
    let browser = &looker.browser;
    browser.go(&format!("http://{}{home}", house.node.http)).await;
    browser.find("//form[@id='door']").await;
    browser.write("//input[@name='credential']", &house.node.tokens().token(who)).await;
    browser.click("//form[@id='door']//button").await;
    browser.find(&format!("//form[@action='{home}/sign-out']")).await;
}

/// The main course of each set of pages, with its picture.
async fn course(screen: Screen) {
    let house = House::open().await;
    let case = dispatched(&house).await;
    let folder = tempfile::tempdir().expect("a temp folder");
    let looker = Looker::start(&folder.path().join("profile"), screen, "inside").await;
    let browser = &looker.browser;
    let root = format!("http://{}", house.node.http);

    sign_in(&house, &looker, "/board", &principal(Role::Operator)).await;
    // The board is told what moves: nobody asks for the page again.
    browser.find("//p[@id='fresh'][@data-state='live']").await;
    browser.find("//div[@id='stages']//a").await;
    browser.find("//div[@id='oldest']//strong").await;
    looker.look("board").await;
    browser.click("//div[@id='stages']//tbody//a").await;
    browser.find("//p[contains(@class, 'back')]").await;
    looker.look("board-cases").await;

    sign_in(&house, &looker, "/desk", &principal(Role::Agent)).await;
    browser.find("//form[@id='lookup']").await;
    looker.look("desk").await;
    browser.write("//input[@name='phone']", &number_of_filer()).await;
    browser.click("//form[@id='lookup']//button").await;
    browser.find(&format!("//a[contains(@href, '{case}')]")).await;
    looker.look("desk-customer").await;
    browser.click(&format!("(//a[contains(@href, '{case}')])[1]")).await;
    browser.find("//details[@id='note']").await;
    looker.look("desk-case").await;
    browser.click("//details[@id='note']/summary").await;
    let said = looker.pick("用户希望周六上门", "The customer asks for Saturday");
    browser.write("//details[@id='note']//textarea", said).await;
    browser.click("//details[@id='note']//button").await;
    browser.find("//p[@id='done']").await;
    browser.find(&format!("//blockquote[contains(., '{said}')]")).await;
    browser.click("//details[@id='pause' or @id='cancel'][1]/summary").await;
    looker.look("desk-noted").await;
    browser.go(&format!("{root}/desk/articles")).await;
    browser.find("//h1").await;
    looker.look("desk-articles").await;

    sign_in(&house, &looker, "/steward", &brand_of(&house, case).await).await;
    browser.find("//div[@id='due']//a").await;
    looker.look("steward").await;
    browser.click("//div[@id='due']//a").await;
    browser.find("//meter").await;
    looker.look("steward-case").await;
    browser.go(&format!("{root}/steward/faults")).await;
    browser.find("//h1").await;
    looker.look("steward-faults").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proc_the_inside_on_a_telephone_in_chinese() {
    Box::pin(course(Screen::PHONE)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proc_the_inside_on_a_desk_in_english_and_dark() {
    Box::pin(course(Screen::DESK)).await;
}
