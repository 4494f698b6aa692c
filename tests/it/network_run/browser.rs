//! The third part in a real browser: people of six centres work two hundred cases on the portal's pages. One form in five
//! is sent and its answer lost, one in five is sent twice at once; for two hours the browser has no network; and forms
//! that were sent long ago come again at the end of a centre's day. Each case has every step once.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use parasol_journey::ids::CaseId;
use parasol_journey::time::Span;
use parasol_journey::{Case, Stage};
use parasol_runtime::identity::{Principal, Role};
use serde_json::{Value, json};

use super::dice::Dice;
use super::portal::every_step_once;
use super::town::{REED, Town};
use crate::portal::driver::Driver;
use crate::portal::photo;

/// How far the people get with a case before the house has a part to do, at most.
const STEPS_MAX: usize = 20;
/// Turns of all centres: an offer that nobody took in time goes to another one.
const TURNS_MAX: usize = 6;
/// One form of so many comes again at the end of a centre's day.
const LATE_ONE_IN: usize = 10;

/// Fills a form and sends it, perhaps twice, perhaps once before with nobody there to read the answer; returns what was
/// sent, or what is wrong. A number picks one of the choices there are.
const SEND: &str = "
    const [suffix, fields, photos, fault] = arguments;
    const ends = one => (one.getAttribute('action') || '').endsWith(suffix);
    const form = [...document.forms].find(ends);
    if (!form) return 'no form to ' + suffix + ' on ' + location.href + ': ' + document.body.innerText;
    for (const [name, value] of fields) {
        const named = [...form.elements].filter(one => one.name === name);
        if (named.length === 0) return 'nothing named ' + name + ' in ' + suffix;
        if (named[0].type === 'radio') {
            named[value % named.length].checked = true;
        } else {
            named[0].value = value;
        }
    }
    for (const [name, data] of photos) {
        const bytes = Uint8Array.from(atob(data), one => one.charCodeAt(0));
        const files = new DataTransfer();
        files.items.add(new File([bytes], 'p.jpg', { type: 'image/jpeg' }));
        form.elements[name].files = files.files;
    }
    const content = new FormData(form);
    const plain = form.enctype !== 'multipart/form-data';
    const sent = { action: form.action, fields: plain ? [...content] : null };
    const body = plain ? new URLSearchParams(content) : content;
    document.documentElement.dataset.old = 'yes';
    const go = () => {
        if (fault === 'twice') form.requestSubmit();
        form.requestSubmit();
    };
    if (fault !== 'lost') {
        setTimeout(go, 0);
        return sent;
    }
    const lost = fetch(form.action, { method: 'POST', body, redirect: 'manual' });
    return lost.then(() => { setTimeout(go, 0); return sent; });";

/// Sends again what was sent long ago.
const AGAIN: &str = "
    const [sent] = arguments;
    const body = new URLSearchParams(sent.fields);
    const again = fetch(sent.action, { method: 'POST', body, redirect: 'manual' });
    return again.then(answer => answer.status);";

/// The people, their browser, and what goes wrong.
struct People<'a> {
    town: &'a mut Town,
    browser: Driver,
    portal: String,
    dice: Dice,
    /// What the centre at work has sent.
    sent: Vec<Value>,
    done: usize,
    faults: Faults,
}

/// What went wrong so far.
#[derive(Default)]
struct Faults {
    /// The network goes away after so many cases.
    away_after: usize,
    was_away: bool,
    lost: usize,
    twice: usize,
    late: usize,
}

/// Some minutes of a real browser; the same with fewer cases is below.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: cargo nextest run -p parasol-tests --run-ignored only two_hundred_cases_are_worked_in_a_browser"]
async fn proc_two_hundred_cases_are_worked_in_a_browser_through_faults() {
    Box::pin(worked_in_a_browser(200)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proc_a_few_cases_are_worked_in_a_browser_through_faults() {
    Box::pin(worked_in_a_browser(15)).await;
}

async fn worked_in_a_browser(cases: usize) {
    let mut town = Town::open(cases).await;
    town.file(REED, 0..cases).await;
    town.settle().await;
    let folder = tempfile::tempdir().expect("a temp folder");
    let browser = Driver::start(&folder.path().join("profile")).await;
    let portal = format!("http://{}/portal", town.house.node.http);
    let (dice, sent, town_of) = (Dice::new(23), Vec::new(), &mut town);
    let faults = Faults { away_after: cases / 5, ..Faults::default() };
    let mut people = People { town: town_of, browser, portal, dice, sent, done: 0, faults };
    for _ in 0..TURNS_MAX {
        let work = people.work().await;
        if work.is_empty() {
            break;
        }
        for (centre, cases) in work {
            people.turn(&centre, &cases).await;
        }
        people.town.settle().await;
    }
    let Faults { lost, twice, late, was_away, .. } = people.faults;
    assert!(
        lost >= cases / 2 && twice >= cases / 2 && late > cases / 4 && was_away,
        "{lost} {twice} {late}"
    );
    drop(people);
    town.confirm().await;
    for case in town.cases().await {
        assert_eq!(case.stage, Stage::Closed, "{}", case.id);
        every_step_once(&town, &case).await;
    }
}

impl People<'_> {
    /// The cases that wait for a centre, by centre.
    async fn work(&self) -> BTreeMap<String, Vec<CaseId>> {
        let mut work: BTreeMap<String, Vec<CaseId>> = BTreeMap::new();
        for case in self.town.cases().await {
            if let Some(centre) = centre_of(&case).filter(|_| case.stage != Stage::AwaitConfirm) {
                work.entry(centre).or_default().push(case.id);
            }
        }
        work
    }

    async fn turn(&mut self, centre: &str, cases: &[CaseId]) {
        self.browser.go(&self.portal).await;
        let who = Principal::new(Role::Centre, centre).of_brand(REED);
        let credential = self.town.house.node.tokens().token(&who);
        self.sign_in(&credential).await;
        self.sent.clear();
        for case in cases {
            self.case(centre, *case).await;
            self.done += 1;
            if self.done == self.faults.away_after {
                self.outage().await;
            }
        }
        self.come_again().await;
    }

    async fn sign_in(&mut self, credential: &str) {
        let out = self
            .browser
            .run("return [...document.forms].some(one => one.action.endsWith('/sign-out'))")
            .await;
        if out == true {
            self.send("/sign-out", json!([]), json!([]), "").await;
        }
        self.send("/sign-in", json!([["credential", credential]]), json!([]), "").await;
    }

    /// Works a case until it waits for somebody else.
    async fn case(&mut self, centre: &str, id: CaseId) {
        for _ in 0..STEPS_MAX {
            self.town.settle().await;
            let case = self.town.house.node.store.case(id).await.expect("the store answers");
            let case = case.expect("a case");
            let is_ours = centre_of(&case).as_deref() == Some(centre);
            if case.stage == Stage::AwaitConfirm || !is_ours {
                return;
            }
            self.step(&case).await;
        }
        panic!("{id} goes round in circles");
    }

    async fn step(&mut self, case: &Case) {
        let own = format!("{}/cases/{}", self.portal, case.id);
        let page = if case.stage == Stage::OnSite { format!("{own}/certificate") } else { own };
        self.browser.go(&page).await;
        let none = json!([]);
        let (action, fields, photos) = match case.stage {
            Stage::Dispatched => ("/accept", none.clone(), none),
            Stage::CentreAssigned => {
                ("/assign", json!([["technician", self.dice.below(100)]]), none)
            }
            Stage::TechnicianAssigned => ("/book", json!([["slot_id", 0]]), none),
            Stage::Appointed => ("/check-in", none.clone(), none),
            Stage::OnSite => ("/certificate", certificate(), photos(case)),
            Stage::Repairing => {
                ("/repair", json!([["function", "normal"], ["summary", "换了传感器"]]), none)
            }
            stage => panic!("{} is {stage}, where nobody of the centre has a part", case.id),
        };
        let fault = match self.dice.below(5) {
            0 => "lost",
            1 => "twice",
            _ => "",
        };
        self.faults.lost += usize::from(fault == "lost");
        self.faults.twice += usize::from(fault == "twice");
        self.send(action, fields, photos, fault).await;
    }

    async fn send(&mut self, action: &str, fields: Value, photos: Value, fault: &str) {
        let sent = self.browser.run_with(SEND, json!([action, fields, photos, fault])).await;
        assert!(sent.is_object(), "{sent}");
        self.browser.find("//html[not(@data-old)]//main").await;
        self.sent.push(sent);
    }

    /// The network is away for two hours; what is pressed meanwhile reaches nobody.
    async fn outage(&mut self) {
        self.browser.set_offline(true).await;
        let press =
            "const form = document.forms[0]; if (form) setTimeout(() => form.requestSubmit(), 0);";
        self.browser.run(press).await;
        self.town.advance(Span::hours(2)).await;
        self.town.settle().await;
        self.browser.set_offline(false).await;
        self.browser.go(&self.portal).await;
        self.browser.find("//main").await;
        self.faults.was_away = true;
    }

    /// Forms of this centre's day come again, the last first.
    async fn come_again(&mut self) {
        let work = |sent: &&Value| {
            let action = sent["action"].as_str().unwrap_or_default();
            !sent["fields"].is_null() && action.contains("/cases/")
        };
        let sent: Vec<Value> = self.sent.iter().rev().filter(work).cloned().collect();
        for one in sent.into_iter().step_by(LATE_ONE_IN) {
            self.browser.run_with(AGAIN, json!([one])).await;
            self.faults.late += 1;
        }
    }
}

/// The centre that has a case, or is asked to take it.
fn centre_of(case: &Case) -> Option<String> {
    let working = case.work_order.as_ref().map(|order| &order.centre);
    let asked = case.offer.as_ref().map(|offer| &offer.centre);
    working.or(asked).map(ToString::to_string)
}

fn certificate() -> Value {
    json!([
        ["packaging", "missing"],
        ["exterior", "intact"],
        ["function", "fault"],
        ["fault_code", "F01"],
        ["finding", "传感器坏了"],
        ["cause", "product"],
        ["handling", "none"],
        ["conclusion", "repairable"],
        ["signature", "signed"],
    ])
}

fn photos(case: &Case) -> Value {
    let photo = |of: String| BASE64_STANDARD.encode(photo(&of));
    json!([
        ["photo_nameplate", photo(case.id.to_string())],
        ["photo_fault", photo(format!("{} fault", case.id))],
    ])
}
