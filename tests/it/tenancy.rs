//! What is another's answers exactly like what is not there, in every method a partner may call.
//!
//! The methods come from the descriptor and the access table, so a new one without a row in
//! [`table`] fails, and so does an id of a request that no row fills. Each is called by a stranger
//! brand, a stranger centre of another and of the same brand, and stranger technicians; with real
//! ids of cases in many stages, and with ids that are nobody's. A stale etag is tried as well: not
//! even the version of a case may tell that it exists.

pub mod calls;
pub mod cases;
mod streams;
mod table;
mod trial;

use std::collections::{BTreeMap, BTreeSet};

use parasol_api::access;
use parasol_api::descriptor::{Method, methods};
use parasol_runtime::identity::{Principal, Role};
use serde_json::{Value, json};

use crate::house::House;
use crate::tidy::none;
use calls::request_of;
use cases::{ASTER_ONE, ASTER_TWO, BRIAR_ONE, Names, Party, Reached, Target, World};
use table::{Row, Shape, TABLE};
use trial::{Trial, given_fields, unknown};

/// The roles whose callers are partners.
const PARTNERS: [Role; 3] = [Role::Brand, Role::Centre, Role::Technician];

/// The methods of the contract that a partner may call.
fn partner_methods() -> impl Iterator<Item = &'static Method> {
    methods()
        .iter()
        .filter(|method| PARTNERS.iter().any(|role| access::allows(&method.path, *role)))
}

const POSITIONS: &str = "/parasol.technician.v1.VisitService/ReportPosition";

#[test]
fn every_partner_method_has_its_row() {
    let mut wrong = Vec::new();
    let rows: BTreeSet<_> = TABLE.iter().map(Row::path).collect();
    assert_eq!(rows.len(), TABLE.len(), "a row stands twice");
    let mut declared = BTreeSet::new();
    for method in partner_methods() {
        declared.insert(method.path.clone());
        // What a stream of positions tells strangers is tried where it is made, beside the service. Of any
        // other stream a row fills the first message, which says whose it is.
        if method.path == POSITIONS {
            continue;
        }
        if !rows.contains(&method.path) {
            wrong.push(format!("{} is open to partners and has no row", method.path));
        }
    }
    for row in TABLE {
        let path = row.path();
        if !declared.contains(&path) {
            wrong.push(format!("{path} has a row and is no method that partners may call"));
            continue;
        }
        let filled: BTreeMap<_, _> = row.shapes.iter().flat_map(given_fields).collect();
        for field in request_of(&path).fields().filter(|field| is_somebodys(field.name())) {
            if !filled.contains_key(field.name()) {
                wrong.push(format!("{path}: no shape fills {} with an id", field.name()));
            }
        }
        for role in PARTNERS.iter().filter(|role| access::allows(&path, **role)) {
            if !row.shapes.iter().any(|shape| shape.by.contains(role)) {
                wrong.push(format!("{path}: no shape is tried by a {role}"));
            }
        }
    }
    none(&wrong);
}

/// Whether a field of a request says whose something is.
fn is_somebodys(field: &str) -> bool {
    let plain = ["brand", "centre", "technician", "serial", "cursor"].contains(&field);
    let made = field.ends_with("_id") || field.ends_with("_token");
    plain || (made && field != "request_id")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_anothers_answers_like_what_is_not_there() {
    let world = World::open().await;
    let house = &world.house;
    let targets = world.targets(ASTER_ONE).await;
    let mut named = Vec::new();
    for stranger in strangers() {
        let names = stranger.names_of(house, &targets).await;
        named.push((stranger, names));
    }
    let mut tried = Tried::default();
    for row in TABLE {
        let before = house.contents().await;
        for (stranger, names) in &named {
            for ((reached, theirs), shape) in pairs(names, row.shapes) {
                let trial = Trial { house, caller: &stranger.caller, row, shape };
                for answer in trial.compare(theirs, &unknown(theirs), *reached).await {
                    assert_eq!(answer.reason, shape.reason, "{trial:?} {answer:?}");
                    tried.count(row, shape, stranger.caller.role);
                }
            }
        }
        unchanged(&before, &house.contents().await, &row.path());
    }
    tried.all();
}

#[tokio::test(flavor = "multi_thread")]
async fn on_an_own_case_what_is_anothers_is_not_there_either() {
    let world = World::open().await;
    let house = &world.house;
    let targets = world.targets(ASTER_ONE).await;
    let own = [world.targets(ASTER_TWO).await, world.targets(BRIAR_ONE).await];
    let mut named = Vec::new();
    for stranger in strangers().into_iter().filter(|one| one.party != ASTER_ONE) {
        let own = own.iter().find(|own| own[0].party == stranger.party).expect("it has cases");
        let theirs = stranger.names_of(house, &targets).await;
        let mine = stranger.names_of(house, own).await;
        let both = theirs
            .into_iter()
            .zip(mine)
            .map(|((reached, theirs), (_, mine))| (reached, (theirs, mine)));
        named.push((stranger, both.collect::<Vec<_>>()));
    }
    let mut tried = 0;
    for row in TABLE {
        let before = house.contents().await;
        for (stranger, names) in &named {
            for ((reached, (theirs, mine)), shape) in pairs(names, row.shapes) {
                let trial = Trial { house, caller: &stranger.caller, row, shape };
                tried += trial.mix(theirs, mine, *reached).await;
            }
        }
        unchanged(&before, &house.contents().await, &row.path());
    }
    assert!(tried > 500, "only {tried} calls were tried");
}

/// Everything on one side with everything on the other.
fn pairs<'a, A, B>(some: &'a [A], others: &'a [B]) -> impl Iterator<Item = (&'a A, &'a B)> {
    some.iter().flat_map(move |one| others.iter().map(move |other| (one, other)))
}

/// Somebody who has no part in the cases of the first centre.
#[derive(Debug)]
struct Stranger {
    caller: Principal,
    party: Party,
}

/// One of each kind.
fn strangers() -> Vec<Stranger> {
    let of = |party: Party, role: Role| Stranger { caller: party.member(role), party };
    let colleague = Principal::new(Role::Technician, ASTER_ONE.colleague).of_brand(ASTER_ONE.brand);
    vec![
        of(BRIAR_ONE, Role::Brand),
        of(BRIAR_ONE, Role::Centre),
        of(BRIAR_ONE, Role::Technician),
        of(ASTER_TWO, Role::Centre),
        of(ASTER_TWO, Role::Technician),
        Stranger { caller: colleague, party: ASTER_ONE },
    ]
}

impl Stranger {
    /// The ids and tokens of each case and its partners. What the stranger and they have in common is
    /// left out.
    async fn names_of(&self, house: &House, targets: &[Target]) -> Vec<(Reached, Names)> {
        let party = targets[0].party;
        let tokens = tokens(house, party, self.caller.role).await;
        let mut named = Vec::new();
        for target in targets {
            let mut names = target.names.clone();
            names.extend(tokens.clone());
            let case = json!({"case_id": names["case"]});
            let path = "/parasol.tracking.v1.TrackingService/GetTimeline";
            let timeline = house.act(&party.member(Role::Brand), path, &case).await;
            names.insert("watch_token", cases::text(&timeline, "resume_token"));
            if self.party.brand == ASTER_ONE.brand {
                names.remove("brand");
                names.remove("brand_partner");
            }
            named.push((target.reached, names));
        }
        named
    }
}

/// Cursors and page tokens of a party: those of its member with the role, where there is one.
async fn tokens(house: &House, party: Party, role: Role) -> Names {
    let side = party.member(if role == Role::Technician { Role::Centre } else { role });
    let at_the_door = party.member(if role == Role::Brand { Role::Centre } else { role });
    let ask = async |caller: &Principal, path: &str, body: Value, field: &str| {
        cases::text(&house.act(caller, path, &body).await, field)
    };
    let (page, brand) = (json!({"page_size": 1}), party.member(Role::Brand));
    let path = "/parasol.admin.v1.NetworkService/ListCentres";
    let centres = ask(&brand, path, page, "next_page_token").await;
    let operator = Principal::new(Role::Operator, "op-1");
    let path = "/parasol.admin.v1.NetworkService/ListBrands";
    let brands = ask(&operator, path, json!({"page_size": 1}), "next_page_token").await;
    let page = json!({"page_size": 1, "centre": party.centre});
    let path = "/parasol.admin.v1.NetworkService/ListTechnicians";
    let technicians = ask(&side, path, page, "next_page_token").await;
    let path = "/parasol.partner.v1.OfferService/ListPartnerMessages";
    let page = json!({"page_size": 1});
    let messages = ask(&party.member(Role::Centre), path, page, "next_page_token").await;
    let path = "/parasol.admin.v1.NetworkService/ListReasonMappings";
    let mappings = ask(&brand, path, json!({"page_size": 1}), "next_page_token").await;
    let path = "/parasol.partner.v1.OfferService/ListWorkOrders";
    let offers = ask(&side, path, json!({}), "cursor").await;
    let path = "/parasol.admin.v1.NetworkService/ListWebhooks";
    let webhooks = house.act(&side, path, &json!({"page_size": 1})).await;
    let path = "/parasol.verification.v1.SettlementService/ListClaims";
    let claims = ask(&side, path, json!({"page_size": 1}), "next_page_token").await;
    let month = house.node.clock.now().shanghai_day().format("%Y-%m").to_string();
    let path = "/parasol.verification.v1.SettlementService/GetStatement";
    let page = json!({"page_size": 1, "period": month});
    let statement = ask(&side, path, page, "next_page_token").await;
    let body = match role {
        Role::Technician => json!({}),
        _ => json!({"technician": party.technician}),
    };
    let path = "/parasol.technician.v1.VisitService/StreamMyDay";
    let mut day = house.open_stream(&at_the_door, path, &body).await.expect("a day of their own");
    let day = day.message().await.expect("a day is told").expect("a day begins with a message");
    Names::from([
        ("brands_page", brands),
        ("centres_page", centres),
        ("technicians_page", technicians),
        ("messages_page", messages),
        ("mappings_page", mappings),
        ("offers_cursor", offers),
        ("claims_page", claims),
        ("statement_page", statement),
        ("webhook", cases::text(&webhooks["webhooks"][0], "webhook_id")),
        ("webhooks_page", cases::text(&webhooks, "next_page_token")),
        ("day_cursor", cases::text(&calls::json(&day), "cursor")),
    ])
}

/// How often each shape was tried by each role.
#[derive(Default)]
struct Tried(BTreeMap<(String, &'static str, &'static str), usize>);

impl Tried {
    fn count(&mut self, row: &Row, shape: &Shape, role: Role) {
        *self.0.entry((row.path(), shape.body, role.as_str())).or_default() += 1;
    }

    /// Every shape was tried with real ids by every role that may.
    fn all(&self) {
        let mut wrong = Vec::new();
        for row in TABLE {
            for shape in row.shapes {
                for role in shape.by.iter().filter(|role| access::allows(&row.path(), **role)) {
                    if !self.0.contains_key(&(row.path(), shape.body, role.as_str())) {
                        let (path, body) = (row.path(), shape.body);
                        wrong.push(format!("{path} was never tried by a {role} with {body}"));
                    }
                }
            }
        }
        none(&wrong);
    }
}

/// No table has another row than before.
fn unchanged(
    before: &BTreeMap<String, Vec<String>>,
    after: &BTreeMap<String, Vec<String>>,
    path: &str,
) {
    for (table, rows) in after {
        let new: Vec<_> = rows.iter().filter(|row| !before[table].contains(row)).collect();
        assert!(new.is_empty(), "{path} wrote to {table}: {new:#?}");
        assert_eq!(rows.len(), before[table].len(), "{path} removed rows of {table}");
    }
}
