//! The network in a running node, as an operator sees and changes it: suspended, lent, carried to another
//! store.

use parasol_api::admin::v1::network_service_client::NetworkServiceClient;
use parasol_api::admin::v1::{ExportNetworkRequest, ExportNetworkResponse, ImportNetworkRequest};
use parasol_journey::ids::CaseId;
use parasol_journey::{Case, Stage};
use parasol_runtime::identity::{Principal, Role};
use prost::Message as _;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::house::House;

const NETWORK: &str = "/parasol.admin.v1.NetworkService";

fn operator() -> Principal {
    Principal::new(Role::Operator, "op-1")
}

fn example(name: &str) -> impl Iterator<Item = Value> {
    let examples = parasol::demo::EXAMPLES.iter();
    let (_, text) = examples.clone().find(|(known, _)| *known == name).expect("a known file");
    text.lines().map(|line| serde_json::from_str(line).expect("a row is JSON"))
}

/// An order of a refrigerator of this brand in Hangzhou, where two brands have centres for them.
fn order_of(brand: &str) -> Value {
    let is_fridge = |sku: &Value| sku["brand"] == brand && sku["category"] == "refrigerator";
    let skus: Vec<_> =
        example("skus.jsonl").filter(is_fridge).map(|sku| sku["sku"].clone()).collect();
    let here = |order: &Value| {
        let county = order["customer"]["county"].as_str().expect("a county");
        skus.contains(&order["sku"]) && county.starts_with("3301") && county != "330127"
    };
    example("orders.jsonl").find(here).expect("such an order")
}

/// Files a case about an order and waits for the first offer.
async fn filed(house: &House, order: &Value) -> CaseId {
    let owner =
        Principal::new(Role::Customer, order["customer"]["customer"].as_str().expect("a key"));
    let body = json!({
        "order_line": order["order_line"], "serial": order["serial"],
        "kind": "CASE_KIND_QUALITY", "wish": "REMEDY_REPAIR",
        "symptom": "leaking", "description": "it leaks",
    });
    let filed = house.act(&owner, "/parasol.intake.v1.IntakeService/FileCase", &body).await;
    let id = filed["case"]["case_id"].as_str().expect("a case").parse().expect("an id");
    until(house, id, |case| case.stage == Stage::Dispatched).await;
    id
}

async fn until(house: &House, id: CaseId, is_there: impl Fn(&Case) -> bool) -> Case {
    let mut moves = house.node.bell.watch_case(id);
    loop {
        let case = house.node.store.case(id).await.expect("the store answers").expect("a case");
        if is_there(&case) {
            return case;
        }
        moves.next().await;
    }
}

fn centre_of(case: &Case) -> String {
    case.offer.as_ref().map_or_else(String::new, |offer| offer.centre.to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspension_moves_an_open_offer_to_the_next_centre() {
    let house = House::open().await;
    let id = filed(&house, &order_of("aurora")).await;
    let first = centre_of(&until(&house, id, |case| case.offer.is_some()).await);
    let body = json!({"centre": first, "reason": "SUSPENSION_REASON_QUALITY"});
    let suspended = house.act(&operator(), &format!("{NETWORK}/SuspendCentre"), &body).await;
    assert_eq!(suspended["suspension"]["reason"], "SUSPENSION_REASON_QUALITY");

    let moved = |case: &Case| case.offer.is_some() && centre_of(case) != first;
    let case = until(&house, id, moved).await;
    let second = centre_of(&case);
    assert_eq!(case.filing.brand.as_str(), "aurora");
    let body = json!({"case_id": id.to_string()});
    let path = "/parasol.partner.v1.OfferService/ExplainOffers";
    let told = house.act(&operator(), path, &body).await;
    let chosen: Vec<_> = told["choices"].as_array().expect("choices").iter().collect();
    assert_eq!(
        (chosen[0]["centre"].as_str(), chosen[1]["centre"].as_str()),
        (Some(&*first), Some(&*second))
    );

    // The next centre accepts, and is suspended too: the work stays and is listed.
    let offer = case.offer.expect("an offer").id.to_string();
    let body = json!({"case_id": id.to_string(), "offer_id": offer});
    let centre = Principal::new(Role::Centre, &*second).of_brand("aurora");
    house.act(&centre, "/parasol.partner.v1.OfferService/AcceptOffer", &body).await;
    let body = json!({"centre": second, "reason": "SUSPENSION_REASON_FRAUD"});
    house.act(&operator(), &format!("{NETWORK}/SuspendCentre"), &body).await;
    let risk = house.act(&operator(), &format!("{NETWORK}/ListWorkAtRisk"), &json!({})).await;
    assert_eq!(risk["work"][0]["case_id"], id.to_string());
    assert_eq!(risk["work"][0]["cause"], "RISK_CAUSE_CENTRE_SUSPENDED");
    let case = until(&house, id, |_| true).await;
    assert_eq!(case.stage, Stage::CentreAssigned);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_brand_lends_its_network_and_works_the_case() {
    let house = House::open().await;
    let body = json!({
        "brand": {"brand": "hanlu", "served_by": ["aurora"]}, "update_mask": "servedBy",
    });
    let updated = house.act(&operator(), &format!("{NETWORK}/UpdateBrand"), &body).await;
    assert_eq!(updated["served_by"], json!(["aurora"]));
    let body = json!({"brand": "hanlu", "reason": "SUSPENSION_REASON_CONTRACT"});
    house.act(&operator(), &format!("{NETWORK}/SuspendBrand"), &body).await;

    let id = filed(&house, &order_of("hanlu")).await;
    let case = until(&house, id, |case| case.offer.is_some()).await;
    let offer = case.offer.clone().expect("an offer");
    assert_eq!(offer.network.expect("it is lent").as_str(), "aurora");
    let lender = Principal::new(Role::Brand, "aurora").of_brand("aurora");
    let path = "/parasol.partner.v1.OfferService/ListWorkOrders";
    let told = house.act(&lender, path, &json!({})).await;
    let shown = &told["changes"][0]["offer"];
    assert_eq!(shown["on_behalf_of"], "hanlu", "{told}");
    assert_eq!(shown["brand"], "aurora");

    let body = json!({"case_id": id.to_string(), "offer_id": offer.id.to_string()});
    let taken = house.act(&lender, "/parasol.partner.v1.OfferService/AcceptOffer", &body).await;
    assert_eq!(taken["work_order"]["on_behalf_of"], "hanlu", "{taken}");
    // The lender does the work; what the certificate is worth is for the unit's own brand to say.
    let body = json!({"case_id": id.to_string(), "certificate_id": "cert_01900000000070008000000000000001"});
    let refused = house
        .try_out(&lender, "/parasol.partner.v1.VerdictService/ConfirmCertificate", &body)
        .await;
    assert_eq!(refused.reason, "NOT_FOUND", "{}", refused.text);

    let gaps = house.act(&operator(), &format!("{NETWORK}/ListCoverageGaps"), &json!({})).await;
    assert_eq!(gaps["gaps"][0]["brand"], "hanlu", "{gaps}");
    assert_eq!(gaps["gaps"][0]["lent"], "1");
}

async fn export(house: &House) -> Vec<ExportNetworkResponse> {
    let mut client = NetworkServiceClient::new(house.channel.clone());
    let request = house.request_of(&operator(), ExportNetworkRequest {});
    let mut rows = client.export_network(request).await.expect("it is exported").into_inner();
    let mut all = Vec::new();
    while let Some(row) = rows.message().await.expect("a row") {
        all.push(row);
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exported_network_is_the_same_in_an_empty_store() {
    let (here, there) = (House::open().await, House::empty().await);
    let body = json!({"centre": "aurora-hangzhou-01", "reason": "SUSPENSION_REASON_REQUESTED"});
    here.act(&operator(), &format!("{NETWORK}/SuspendCentre"), &body).await;
    let exported = export(&here).await;
    let rows = ["counties", "brands", "centres", "technicians"];
    let rows: usize = rows.iter().map(|name| example(&format!("{name}.jsonl")).count()).sum();
    assert_eq!(exported.len(), rows);

    let request_id = Uuid::from_u128(0x0190_a1b2_c3d4_7e5f_8a9b_0c1d_2e3f_4a5b).to_string();
    let rows: Vec<_> = exported
        .iter()
        .map(|row| {
            let bytes = row.encode_to_vec();
            let row = ImportNetworkRequest::decode(bytes.as_slice()).expect("the same fields");
            ImportNetworkRequest { request_id: request_id.clone(), ..row }
        })
        .collect();
    let mut client = NetworkServiceClient::new(there.channel.clone());
    let request = there.request_of(&operator(), tokio_stream::iter(rows));
    let answer = client.import_network(request).await.expect("it is imported").into_inner();
    assert_eq!((answer.added, answer.refused), (answer.rows, 0));
    assert_eq!(export(&there).await, exported);
    let body = json!({"centre": "aurora-hangzhou-01"});
    let centre = there.act(&operator(), &format!("{NETWORK}/GetCentre"), &body).await;
    assert_eq!(centre["suspension"]["by"], "operator:op-1");
}
