//! Two brands with two centres each, and cases of each centre driven into the stages where its ids
//! come to be, through the API and with everybody's own credentials.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use parasol::conformance::moves::Unit;
use parasol::import::Source;
use parasol_journey::ids::CaseId;
use parasol_journey::{Case, Stage};
use parasol_runtime::identity::{Principal, Role};
use serde_json::{Value, json};

use super::calls::json as json_of;

use crate::house::House;
use crate::rows::{self, Buyer};

/// Ids by the names the table calls them by.
pub type Names = BTreeMap<&'static str, String>;

/// Who works on a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Party {
    pub brand: &'static str,
    pub centre: &'static str,
    pub technician: &'static str,
    /// Another technician of the same centre.
    pub colleague: &'static str,
    /// The county that only this centre of its brand goes to.
    county: &'static str,
}

pub const ASTER_ONE: Party = Party {
    brand: "aster",
    centre: "aster-1",
    technician: "aster-1-ann",
    colleague: "aster-1-ben",
    county: "330106",
};
pub const ASTER_TWO: Party = Party {
    brand: "aster",
    centre: "aster-2",
    technician: "aster-2-cem",
    colleague: "aster-2-dan",
    county: "330108",
};
pub const BRIAR_ONE: Party = Party {
    brand: "briar",
    centre: "briar-1",
    technician: "briar-1-eva",
    colleague: "briar-1-fay",
    county: "330106",
};
const BRIAR_TWO: Party = Party {
    brand: "briar",
    centre: "briar-2",
    technician: "briar-2-gil",
    colleague: "briar-2-hal",
    county: "330108",
};
const PARTIES: [Party; 4] = [ASTER_ONE, ASTER_TWO, BRIAR_ONE, BRIAR_TWO];

/// How far a case is driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// An offer waits.
    Offered,
    /// The centre has accepted.
    Accepted,
    /// A technician is named and a slot is held.
    Held,
    /// A visit is booked.
    Booked,
    /// The technician is at the door.
    OnSite,
    /// A certificate waits for the brand's word.
    Certified,
    /// Parts are ordered for a repair.
    Repairing,
    /// The customer disputes a denial.
    Disputed,
    /// Refunds were paid and are claimed back, two from the brand and two from the centre.
    Claimed,
}

impl Reached {
    pub const ALL: [Self; 9] = [
        Self::Offered,
        Self::Accepted,
        Self::Held,
        Self::Booked,
        Self::OnSite,
        Self::Certified,
        Self::Repairing,
        Self::Disputed,
        Self::Claimed,
    ];
}

/// A case with the ids that came up on its way.
#[derive(Clone, Debug)]
pub struct Target {
    pub party: Party,
    pub reached: Reached,
    pub names: Names,
}

impl Party {
    /// The party's member with a role.
    pub fn member(&self, role: Role) -> Principal {
        let subject = match role {
            Role::Brand => self.brand,
            Role::Centre => self.centre,
            _ => self.technician,
        };
        Principal::new(role, subject).of_brand(self.brand)
    }
}

/// A PNG of one dot, in base64.
const DOT: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// What every customer is called.
pub const NAME: &str = "雀小金";
/// Every customer's number.
pub const PHONE: &str = "19912340077";
/// Where every customer lives.
pub const STREET: &str = "7 Canary Lane";
/// What every customer writes when filing; with a number in it.
pub const DESCRIPTION: &str = "it leaks-canary, call 13987650011";
/// What every customer disputes.
pub const DISPUTED: &str = "I never dropped-canary it";

/// Orders of each county of each brand.
const UNITS: usize = 24;

/// A node with the two brands.
pub struct World {
    pub house: House,
    next: AtomicUsize,
}

impl World {
    pub async fn open() -> Self {
        Self::set(&[]).await
    }

    /// The same with further settings.
    pub async fn set(settings: &[(&str, &str)]) -> Self {
        let house = House::set(settings).await;
        house.load(network()).await;
        for brand in [ASTER_ONE.brand, BRIAR_ONE.brand] {
            map_reasons(&house, brand).await;
        }
        for party in PARTIES {
            add_webhook(&house, &party.member(Role::Brand)).await;
            for _ in 0..2 {
                add_webhook(&house, &party.member(Role::Centre)).await;
            }
            for partner in [format!("brand:{}", party.brand), format!("centre:{}", party.centre)] {
                enter_funds(&house, &partner, party.centre).await;
            }
        }
        Self { house, next: AtomicUsize::new(0) }
    }

    /// A case of each kind.
    pub async fn targets(&self, party: Party) -> Vec<Target> {
        let mut targets = Vec::new();
        for reached in Reached::ALL {
            targets.push(self.drive(party, reached).await);
        }
        targets
    }

    /// A new case of a party, driven as far as that.
    pub async fn drive(&self, party: Party, reached: Reached) -> Target {
        let unit = self.next.fetch_add(1, Ordering::Relaxed);
        let place = PARTIES.iter().position(|known| *known == party).expect("a known party");
        let mut course =
            Course { world: self, party, unit: place * UNITS + unit % UNITS, id: None };
        let mut names = course.begin().await;
        course.go_on(reached, &mut names).await;
        let case = course.case().await;
        let known = |id: Option<String>| id.unwrap_or_default();
        names.insert("work_order", known(case.work_order.map(|order| order.id.to_string())));
        names.insert("decision", known(case.decision.map(|decision| decision.id.to_string())));
        names.retain(|_, id| !id.is_empty());
        Target { party, reached, names }
    }
}

/// The way of one case.
struct Course<'a> {
    world: &'a World,
    party: Party,
    unit: usize,
    id: Option<CaseId>,
}

impl Course<'_> {
    /// Filed, and offered to the centre.
    async fn begin(&mut self) -> Names {
        let body = json!({
            "order_line": order_line(self.unit), "serial": serial(self.unit),
            "kind": "CASE_KIND_QUALITY", "wish": "REMEDY_REPAIR",
            "symptom": "leaking", "description": DESCRIPTION,
        });
        let path = "/parasol.intake.v1.IntakeService/FileCase";
        let filed = self.world.house.act(&customer(self.unit), path, &body).await;
        let id = text(&filed["case"], "case_id");
        self.id = Some(id.parse().expect("a case id"));
        let case = self.until(Stage::Dispatched).await;
        let offer = case.offer.expect("a dispatched case has an offer");
        assert_eq!(offer.centre.as_str(), self.party.centre, "the county has one centre");
        let photo = json!({"case_id": id, "kind": "EVIDENCE_KIND_FAULT", "data": DOT});
        let path = "/parasol.intake.v1.IntakeService/UploadEvidence";
        let photo = self.world.house.act(&customer(self.unit), path, &photo).await;
        let Party { brand, centre, technician, .. } = self.party;
        Names::from([
            ("case", id),
            ("evidence", text(&photo["evidence"], "evidence_id")),
            ("offer", offer.id.to_string()),
            ("serial", serial(self.unit)),
            ("brand", brand.to_owned()),
            ("brand_partner", format!("brand:{brand}")),
            ("centre_partner", format!("centre:{centre}")),
            ("centre", centre.to_owned()),
            ("technician", technician.to_owned()),
        ])
    }

    async fn go_on(&self, reached: Reached, names: &mut Names) {
        if reached == Reached::Offered {
            return;
        }
        let (centre, technician) = (Role::Centre, Role::Technician);
        let offer = json!({"offer_id": names["offer"]});
        self.step(centre, "partner.v1.OfferService/AcceptOffer", offer).await;
        if reached == Reached::Accepted {
            return;
        }
        let person = json!({"technician": self.party.technician});
        self.step(centre, "partner.v1.OfferService/AssignTechnician", person).await;
        let slots = self.step(centre, "partner.v1.AppointmentService/FindSlots", json!({})).await;
        let slot = json!({"slot_id": slots["slots"][0]["slot_id"]});
        names.insert("slot", text(&slots["slots"][1], "slot_id"));
        let held = self.step(centre, "partner.v1.AppointmentService/HoldSlot", slot).await;
        names.insert("hold", text(&held, "hold_id"));
        if reached == Reached::Held {
            return;
        }
        let hold = json!({"hold_id": names["hold"]});
        let booked = self.step(centre, "partner.v1.AppointmentService/BookAppointment", hold).await;
        names.insert("appointment", text(&booked, "appointment_id"));
        names.insert("day_plan", self.day_plan().await);
        if reached == Reached::Booked {
            return;
        }
        self.step(technician, "technician.v1.VisitService/CheckIn", json!({})).await;
        if reached == Reached::OnSite {
            return;
        }
        let certificate = self.certificate(reached == Reached::Repairing);
        let path = "technician.v1.VisitService/SubmitInspection";
        let sent = self.step(technician, path, json!({"certificate": certificate})).await;
        names.insert("certificate", text(&sent, "certificate_id"));
        match reached {
            Reached::Repairing => self.order_parts(names).await,
            Reached::Disputed => self.dispute(names).await,
            Reached::Claimed => {
                self.dispute(names).await;
                self.claim(names).await;
            }
            _ => drop(self.until(Stage::VerdictHeld).await),
        }
    }

    async fn order_parts(&self, names: &mut Names) {
        self.until(Stage::Repairing).await;
        let parts = json!({"lines": [{"part_no": "P-1", "name": "relay", "quantity": 1}]});
        let path = "partner.v1.OfferService/RequestParts";
        let ordered = self.step(Role::Centre, path, parts).await;
        names.insert("part_order", text(&ordered, "part_order_id"));
    }

    async fn dispute(&self, names: &mut Names) {
        self.until(Stage::VerdictHeld).await;
        let certificate = json!({"certificate_id": names["certificate"]});
        let path = "partner.v1.VerdictService/ConfirmCertificate";
        self.step(Role::Brand, path, certificate).await;
        self.until(Stage::Denied).await;
        let body = json!({"case_id": names["case"], "reason": DISPUTED});
        let path = "/parasol.verification.v1.DecisionService/OpenDispute";
        self.world.house.act(&customer(self.unit), path, &body).await;
    }

    /// Paid by hand again and again, in place of the brand and in place of the centre.
    async fn claim(&self, names: &mut Names) {
        let house = &self.world.house;
        let agent = Principal::new(Role::Agent, "agent-1");
        let act = async |method: &str, mut body: Value| {
            body["case_id"] = names["case"].clone().into();
            let path = format!("/parasol.verification.v1.DecisionService/{method}");
            house.act(&agent, &path, &body).await
        };
        for payer in ["brand", "repairer", "brand", "repairer"] {
            let refund = json!({"fen": "100", "currency": "CNY"});
            let decision = json!({
                "remedies": ["REMEDY_REFUND"], "refund": refund, "payer": payer, "reason": "as agreed",
            });
            act("DecideManually", decision).await;
            act("ChooseRemedy", json!({"remedy": "REMEDY_REFUND"})).await;
            self.until(Stage::AwaitConfirm).await;
            act("RejectOutcome", json!({"reason": "not all of it"})).await;
        }
        let body = json!({"case_id": names["case"]});
        let path = "/parasol.verification.v1.SettlementService/ListClaims";
        let claims = house.act(&self.party.member(Role::Brand), path, &body).await;
        names.insert("claim", text(&claims["claims"][0], "claim_id"));
    }

    /// A plan of the centre's day.
    async fn day_plan(&self) -> String {
        let house = &self.world.house;
        let day = house.node.clock.now().shanghai_day().to_string();
        let body = json!({"centre": self.party.centre, "day": day, "tries": 10});
        let path = "/parasol.partner.v1.AppointmentService/PlanDay";
        let stream = house.open_stream(&self.party.member(Role::Centre), path, &body).await;
        let mut stream = stream.expect("a day is planned");
        loop {
            let message = stream.message().await.expect("it goes on").expect("it ends in a plan");
            let plan = &json_of(&message)["plan"];
            if plan.is_object() {
                return text(plan, "plan_id");
            }
        }
    }

    /// One call of the party about the case.
    async fn step(&self, role: Role, path: &str, mut body: Value) -> Value {
        body["case_id"] = self.id.expect("it is filed").to_string().into();
        let path = format!("/parasol.{path}");
        self.world.house.act(&self.party.member(role), &path, &body).await
    }

    /// What the technician finds: the product's fault, or the user's.
    fn certificate(&self, repairable: bool) -> Value {
        let mut certificate = certificate(&self.world.house, &serial(self.unit));
        if !repairable {
            certificate["cause"] = "CAUSE_USER".into();
            certificate["cause_sign"] = "impact point at the lower left corner".into();
            certificate["exterior"] = "EXTERIOR_DENT".into();
            certificate["conclusion"] = "CONCLUSION_DOES_NOT_MEET".into();
        }
        certificate
    }

    async fn case(&self) -> Case {
        let id = self.id.expect("it is filed");
        let case = self.world.house.node.store.case(id).await.expect("the store answers");
        case.expect("the case is there")
    }

    /// The case once the house has brought it there.
    async fn until(&self, stage: Stage) -> Case {
        let mut moves = self.world.house.node.bell.watch_case(self.id.expect("it is filed"));
        loop {
            let case = self.case().await;
            if case.stage == stage {
                return case;
            }
            moves.next().await;
        }
    }
}

/// Two codes of a brand's own.
async fn map_reasons(house: &House, brand: &str) {
    for code in ["X-1", "X-2"] {
        let body = json!({
            "brand": brand, "list": "REASON_LIST_DECLINE", "partner_reason": code,
            "reason": "no_capacity",
        });
        let path = "/parasol.admin.v1.NetworkService/PutReasonMapping";
        house.act(&Principal::new(Role::Operator, "tests"), path, &body).await;
    }
}

/// Two documents of what is owed to a partner.
async fn enter_funds(house: &House, partner: &str, of: &str) {
    for nth in ["1", "2"] {
        let body = json!({
            "partner": partner, "kind": "FUNDS_KIND_PAYABLE", "reference": format!("{of}-{nth}"),
            "amount": {"fen": "1000", "currency": "CNY"},
        });
        let path = "/parasol.verification.v1.SettlementService/RecordFunds";
        house.act(&Principal::new(Role::Finance, "f-1"), path, &body).await;
    }
}

/// A webhook that sends nothing.
async fn add_webhook(house: &House, owner: &Principal) {
    let body = json!({"url": "https://hooks.aster.cn/"});
    let path = "/parasol.admin.v1.NetworkService/CreateWebhook";
    let made = house.act(owner, path, &body).await;
    let body = json!({"webhook_id": made["webhook"]["webhook_id"], "enabled": false});
    house.act(owner, "/parasol.admin.v1.NetworkService/UpdateWebhook", &body).await;
}

/// A certificate that says the product is at fault and can be repaired.
pub fn certificate(house: &House, serial: &str) -> Value {
    let now = house.node.clock.now().to_string();
    let photo =
        |kind: &str, nth: &str| json!({"kind": kind, "sha256": nth.repeat(32), "taken_at": now});
    json!({
        "inspected_at": now, "model": "MODEL-1", "serial_inside": serial,
        "packaging": "PACKAGING_MISSING", "exterior": "EXTERIOR_INTACT",
        "function": "FUNCTION_FAULT", "fault_code": "F01", "cause": "CAUSE_PRODUCT",
        "evidence": [
            photo("EVIDENCE_KIND_NAMEPLATE", "01"),
            photo("EVIDENCE_KIND_FAULT", "02"),
            photo("EVIDENCE_KIND_EXTERIOR", "03"),
        ],
        "handling": "ON_SITE_HANDLING_NONE", "signature": "SIGNATURE_SIGNED",
        "conclusion": "CONCLUSION_REPAIRABLE",
    })
}

pub fn text(message: &Value, field: &str) -> String {
    let text = message[field].as_str();
    text.unwrap_or_else(|| panic!("there is no {field} in {message}")).to_owned()
}

/// The customer of a unit.
pub fn customer(unit: usize) -> Principal {
    Principal::new(Role::Customer, format!("u-{unit}"))
}

fn order_line(unit: usize) -> String {
    format!("ORDER{unit:03}-1")
}

fn serial(unit: usize) -> String {
    format!("SERIAL{unit:03}")
}

/// The files of the network and of the orders; each county has its own centre of each brand.
fn network() -> Vec<Source> {
    let brands = ["aster", "briar"];
    let orders = PARTIES.iter().enumerate().flat_map(|(place, party)| {
        (place * UNITS..(place + 1) * UNITS).map(move |unit| order(party, unit))
    });
    let centres =
        PARTIES.iter().map(|party| rows::centre(party.centre, party.brand, party.county, 100));
    let people = PARTIES.iter().flat_map(|party| {
        let of_party = |person| rows::technician(person, party.centre, "23:30");
        [party.technician, party.colleague].map(of_party)
    });
    vec![
        rows::file("brands.jsonl", brands.map(rows::brand)),
        rows::file("centres.jsonl", centres),
        rows::file("technicians.jsonl", people),
        rows::file("skus.jsonl", brands.map(rows::sku)),
        rows::file("orders.jsonl", orders),
    ]
}

fn order(party: &Party, unit: usize) -> Value {
    let sold = Unit {
        order_line: order_line(unit),
        serial: serial(unit),
        customer: format!("u-{unit}"),
        sku: format!("{}-sku", party.brand),
    };
    rows::order(&sold, Buyer { name: NAME, phone: PHONE, address: STREET }, party.county)
}
