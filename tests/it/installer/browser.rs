//! Two visits of the same kind, one with the network cut from the way there to the repair.

use parasol_api::Language;
use parasol_journey::Stage;
use parasol_journey::ids::{CaseId, CertificateId};
use parasol_runtime::identity::{Principal, Role};
use serde_json::{Value, json};

use crate::portal::at;
use crate::portal::browser::fits;
use crate::portal::driver::Driver;
use crate::portal::photo;
use crate::tenancy::cases::{ASTER_ONE, Reached, Target, World, text};

/// A form with one question of each kind, a photo and a signature.
fn checklist() -> Value {
    let labels = |zh: &str, en: &str| json!({"label_zh": zh, "label_en": en});
    let field = |name: &str, zh: &str, en: &str, kind: &str, form: Value| {
        let mut field = labels(zh, en);
        field["field"] = name.into();
        field["required"] = true.into();
        field[kind] = form;
        field
    };
    let option = |name: &str, zh: &str| {
        let mut option = labels(zh, name);
        option["option"] = name.into();
        option
    };
    let range = |from: f64, to: f64| json!({"from": from, "to": to});
    let temperature =
        json!({"unit": "℃", "possible": range(-40.0, 60.0), "normal": range(2.0, 8.0)});
    let seal = json!({"options": [option("tight", "严密"), option("loose", "松动")]});
    let mut plate = labels("铭牌", "Nameplate");
    plate["photo"] = "plate".into();
    plate["kind"] = "EVIDENCE_KIND_NAMEPLATE".into();
    plate["count_min"] = 1.into();
    json!({
        "checklist": "refrigerator-test.1", "category": "CATEGORY_REFRIGERATOR", "signature": true,
        "fields": [
            field("temperature", "冷藏室温度", "Temperature", "number", temperature),
            field("seal", "门封条", "Seal", "choice", seal),
            field("levelled", "放置平稳", "Level", "yes_no", json!({})),
            field("noise", "异响", "Noise", "text", json!({"characters_max": 100})),
        ],
        "photos": [plate],
    })
}

/// One visit as the technician's hands do it.
struct Visit<'a> {
    world: &'a World,
    browser: &'a Driver,
    case: CaseId,
    names: &'a Target,
    photo: &'a str,
}

impl Visit<'_> {
    async fn open(&self) {
        let appointment = &self.names.names["appointment"];
        self.browser.click("//a[@id='home']").await;
        self.browser.click(&format!("//a[contains(@href, '{appointment}')]")).await;
        self.browser.find("//*[@id='stage']").await;
    }

    /// Waits until the page says that something done has come so far.
    async fn is(&self, kind: &str, state: &str) {
        self.browser.find(&format!("//li[@data-kind='{kind}'][@data-state='{state}']")).await;
    }

    async fn choose(&self, name: &str, value: &str) {
        let option = format!("//select[@name='{name}']/option[@value='{value}']");
        self.browser.click(&option).await;
    }

    async fn inspect(&self) {
        self.browser.find("//form[@id='inspection']").await;
        fits(self.browser, "inspection").await;
        let seen = self.browser.run("return document.body.innerText").await;
        let seen = seen.as_str().expect("a page has a text");
        assert!(!seen.contains("null") && !seen.contains("undefined"), "{seen}");
        let serial = &self.names.names["serial"];
        self.browser.write("//input[@name='serialInside']", serial).await;
        for (name, value) in [
            ("packaging", "PACKAGING_MISSING"),
            ("exterior", "EXTERIOR_INTACT"),
            ("function", "FUNCTION_FAULT"),
            ("cause", "CAUSE_PRODUCT"),
            ("handling", "ON_SITE_HANDLING_NONE"),
            ("conclusion", "CONCLUSION_REPAIRABLE"),
            ("signature", "SIGNATURE_SIGNED"),
            ("q.seal", "loose"),
            ("q.levelled", "true"),
        ] {
            self.choose(name, value).await;
        }
        self.browser.write("//input[@name='faultCode']", "F01").await;
        self.browser.write("//textarea[@name='finding']", "传感器坏了").await;
        self.browser.write("//input[@name='q.temperature']", "12.5").await;
        let submit = "//form[@id='inspection']//button[not(@type)]";
        self.browser.click(submit).await;
        let missing = "//form[@id='inspection']//p[@role='alert'][contains(., '异响')]";
        self.browser.find(missing).await;
        self.browser.write("//textarea[@name='q.noise']", "夜里有响声").await;
        self.browser.write("//input[@name='photo.plate']", self.photo).await;
        self.browser.find("//form[@id='inspection']//img").await;
        self.browser.run(SIGN).await;
        self.browser.find("//canvas[@data-signed]").await;
        self.browser.click(submit).await;
    }

    async fn repair(&self) {
        self.browser.write("//textarea[@name='summary']", "换了传感器").await;
        self.choose("repaired", "FUNCTION_NORMAL").await;
        self.browser.click("//form[@id='repair']//button").await;
    }

    /// The customer reads the code out, and the technician types it.
    async fn close(&self) {
        let customer = at(&self.world.house, self.case, Stage::AwaitConfirm).await;
        let body = json!({"case_id": customer.id.to_string()});
        let owner = owner(self.names);
        let path = "/parasol.intake.v1.IntakeService/GetCase";
        let case = self.world.house.act(&owner, path, &body).await;
        let code = case["completion_code"].as_str().expect("a code").to_owned();
        self.browser.write("//input[@name='code']", &code).await;
        self.browser.click("//form[@id='code']//button").await;
        self.browser.find("//*[@id='stage'][@data-stage='STAGE_CLOSED']").await;
    }
}

/// A stroke on the pad.
const SIGN: &str = "
    const pad = document.querySelector('canvas.pad'), box = pad.getBoundingClientRect();
    const at = (type, x, y) => pad.dispatchEvent(new PointerEvent(type,
        {clientX: box.left + x, clientY: box.top + y, bubbles: true}));
    at('pointerdown', 10, 20); at('pointermove', 90, 60); at('pointermove', 150, 30);
    at('pointerup', 150, 30);";

/// Whether the house can be reached from the page.
const REACHES: &str = "
    const done = arguments[0];
    fetch('/livez', {cache: 'no-store'}).then(() => done(true), () => done(false));";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proc_a_visit_without_a_network_ends_where_one_with_it_ends() {
    let world = World::open().await;
    let house = &world.house;
    let publish = "/parasol.admin.v1.ChecklistService/PublishChecklist";
    let body = json!({"checklist": checklist()});
    house.act(&Principal::new(Role::Operator, "tests"), publish, &body).await;
    let cut = world.drive(ASTER_ONE, Reached::Booked).await;
    let online = world.drive(ASTER_ONE, Reached::Booked).await;

    let folder = tempfile::tempdir().expect("a temp folder");
    let plate = folder.path().join("plate.jpg");
    std::fs::write(&plate, photo("plate")).expect("a temp folder takes files");
    let plate = plate.to_str().expect("a temp path is text");
    let browser = Driver::start(&folder.path().join("profile")).await;
    let address = format!("http://{}/installer/", house.node.http);
    browser.go(&address).await;
    browser.find("//form[@id='sign-in']").await;
    fits(&browser, "sign-in").await;
    browser.stand_at(30.27, 120.15).await;
    let credential = house.node.tokens().token(&ASTER_ONE.member(Role::Technician));
    browser.write("//textarea[@name='credential']", &credential).await;
    browser.click("//form[@id='sign-in']//button").await;
    browser.find("//html[@data-ready]").await;

    let visit = |names| {
        let case = |target: &Target| target.names["case"].parse().expect("a case id");
        Visit { world: &world, browser: &browser, case: case(names), names, photo: plate }
    };
    let first = visit(&online);
    first.open().await;
    fits(&browser, "visit").await;
    browser.click("//button[@id='travel']").await;
    first.is("startTravel", "done").await;
    browser.click("//button[@id='check-in']").await;
    first.is("checkIn", "done").await;
    first.inspect().await;
    first.is("submitInspection", "done").await;
    first.is("photo", "done").await;
    first.repair().await;
    first.is("completeRepair", "done").await;
    first.close().await;

    let second = visit(&cut);
    second.open().await;
    browser.click("//button[@id='travel']").await;
    second.is("startTravel", "done").await;
    browser.set_offline(true).await;
    assert_eq!(browser.run_async(REACHES).await, false, "the network is cut");
    browser.find("//*[@id='network'][@data-online='false']").await;
    browser.click("//button[@id='check-in']").await;
    second.is("checkIn", "waiting").await;
    second.inspect().await;
    second.is("submitInspection", "waiting").await;
    second.is("photo", "waiting").await;
    // The telephone is put away, and the app is opened again where there is still no network.
    browser.go(&address).await;
    second.open().await;
    second.is("submitInspection", "waiting").await;
    second.repair().await;
    second.is("completeRepair", "waiting").await;
    at(house, second.case, Stage::Appointed).await;
    browser.set_offline(false).await;
    second.is("checkIn", "done").await;
    second.is("submitInspection", "done").await;
    second.is("completeRepair", "done").await;
    second.is("photo", "done").await;
    second.close().await;
    browser.find("//*[@id='network'][@data-waiting='0']").await;
    browser.click("//a[@id='home']").await;
    fits(&browser, "day").await;

    let (one, other) = (told(&world, &online).await, told(&world, &cut).await);
    assert_eq!(one, other, "both visits end alike");
    for target in [&online, &cut] {
        let body = json!({"case_id": target.names["case"]});
        let path = "/parasol.intake.v1.IntakeService/ListEvidence";
        let agent = Principal::new(Role::Agent, "tests");
        let listed = house.act(&agent, path, &body).await;
        let listed = listed["evidence"].as_array().expect("photos").clone();
        let plates = listed.iter().filter(|one| {
            one["uploaded_by"] == "PARTY_TECHNICIAN" && one["kind"] == "EVIDENCE_KIND_NAMEPLATE"
        });
        assert_eq!(plates.count(), 1, "{listed:?}");
        // The same file was taken at both visits, and an agent is told so.
        assert!(listed.iter().any(|one| one["seen_in_another_case"] == true), "{listed:?}");
    }
    assert_eq!(filled(&world, &first).await, filled(&world, &second).await);
}

/// The customer whose unit it is; both are numbered alike.
fn owner(target: &Target) -> Principal {
    let unit = target.names["serial"].trim_start_matches("SERIAL");
    let unit: usize = unit.parse().expect("a serial ends in its number");
    Principal::new(Role::Customer, format!("u-{unit}"))
}

/// What happened in a case, as its customer reads it.
async fn told(world: &World, target: &Target) -> Vec<Value> {
    let owner = owner(target);
    let body = json!({"case_id": target.names["case"], "language": Language::En.tag()});
    let path = "/parasol.tracking.v1.TrackingService/GetTimeline";
    let timeline = world.house.act(&owner, path, &body).await;
    let entries = timeline["entries"].as_array().expect("entries").clone();
    // A notice arrives when its carrier says so, before the visit's end or after.
    let noticed = |entry: &Value| text(entry, "headline") == "You have been told";
    let entries = entries.into_iter().filter(|entry| !noticed(entry)).map(|entry| {
        // The two visits are at different times of the day.
        let headline = text(&entry, "headline").split(": 08 Jun").next().map(str::to_owned);
        json!([headline, entry["stage"], entry["reported_by"], entry["turn_holder"]])
    });
    entries.chain([timeline["stage"].clone()]).collect()
}

/// What was filled at a visit, without what is another picture each time.
async fn filled(world: &World, visit: &Visit<'_>) -> Value {
    let case = at(&world.house, visit.case, Stage::Closed).await;
    let certificate: CertificateId = case.finding().expect("a certificate").id;
    let body = json!({"case_id": case.id.to_string(), "certificate_id": certificate.to_string()});
    let path = "/parasol.admin.v1.ChecklistService/GetFilledChecklist";
    let agent = Principal::new(Role::Agent, "tests");
    let mut filled = world.house.act(&agent, path, &body).await["filled"].clone();
    assert_eq!(filled["answers"].as_array().map(Vec::len), Some(4), "{filled}");
    assert_eq!(filled["answers"][0]["out_of_order"], true, "{filled}");
    let signature = filled["signature_sha256"].take();
    assert_eq!(signature.as_str().map(str::len), Some(64));
    filled
}
