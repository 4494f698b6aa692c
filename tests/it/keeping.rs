//! Retention on a whole node: what is over is in no file, nobody is served what is held, and who was shown an address is on
//! record.

use std::path::Path;
use std::time::Duration;

use parasol_runtime::identity::{Principal, Role};
use serde_json::json;

use crate::house::texts;
use crate::tenancy::cases::{ASTER_ONE, Reached, STREET, Target, World, customer};

/// How long the loops of a node may take for what is due.
const PATIENCE: Duration = Duration::from_secs(120);

const PRIVACY: &str = "/parasol.admin.v1.PrivacyService";

fn manager() -> Principal {
    Principal::new(Role::Manager, "manager-1")
}

/// A case whose address its centre was shown, with a photo, that has ended.
async fn ended(world: &World, unit: usize) -> Target {
    let house = &world.house;
    let target = world.drive(ASTER_ONE, Reached::Booked).await;
    let case = json!({"case_id": target.names["case"]});
    let centre = ASTER_ONE.member(Role::Centre);
    let order = house.act(&centre, "/parasol.partner.v1.OfferService/GetWorkOrder", &case).await;
    assert!(order.to_string().contains(STREET), "{order}");
    let photo = json!({
        "case_id": target.names["case"],
        "kind": "EVIDENCE_KIND_FAULT",
        "data": crate::canaries::photo(),
    });
    let path = "/parasol.intake.v1.IntakeService/UploadEvidence";
    house.act(&customer(unit), path, &photo).await;
    let cancel = json!({"case_id": target.names["case"], "reason": "found the plug-canary"});
    house.act(&customer(unit), "/parasol.intake.v1.IntakeService/CancelCase", &cancel).await;
    if stage(world, &target).await != "cancelled" {
        let path = "/parasol.technician.v1.VisitService/AcknowledgeCancel";
        house.act(&ASTER_ONE.member(Role::Technician), path, &case).await;
    }
    assert_eq!(stage(world, &target).await, "cancelled");
    target
}

async fn stage(world: &World, target: &Target) -> String {
    let query = format!("SELECT stage FROM cases WHERE id = x'{}'", hex_of(target));
    texts(&world.house.node.store, &query).await.remove(0)
}

/// The id of a case as the embedded store writes it.
fn hex_of(target: &Target) -> String {
    target.names["case"].trim_start_matches("case_").to_owned()
}

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("{what} within {PATIENCE:?}"));
}

/// The beginnings of sealed rows that some query finds.
async fn sealed(world: &World, which: &str) -> Vec<Vec<u8>> {
    let query = format!("SELECT lower(hex(substr(sealed, 1, 32))) FROM vault WHERE {which}");
    let rows = texts(&world.house.node.store, &query).await;
    rows.iter().map(|row| hex::decode(row).expect("hexadecimal digits")).collect()
}

/// How many of these stand in the files of the database.
fn found(folder: &Path, rows: &[Vec<u8>]) -> usize {
    let files = std::fs::read_dir(folder).expect("a folder");
    let files = files.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file());
    let bytes: Vec<Vec<u8>> = files.map(|path| std::fs::read(path).expect("it is read")).collect();
    let is_there = |row: &&Vec<u8>| {
        bytes.iter().any(|bytes| bytes.windows(row.len()).any(|window| window == row.as_slice()))
    };
    rows.iter().filter(is_there).count()
}

async fn advance(world: &World, days: i64) {
    let operator = Principal::new(Role::Operator, "op-1");
    let path = "/parasol.admin.v1.OperationsService/AdvanceClock";
    for _ in 0..days / 366 {
        let by = json!({"by": format!("{}s", 366 * 86_400)});
        world.house.act(&operator, path, &by).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_over_is_in_no_file_and_nobody_is_served_it() {
    let world = World::set(&[]).await;
    let house = &world.house;
    let (free, held) = (ended(&world, 0).await, ended(&world, 1).await);
    let reveals = json!({"case_id": free.names["case"]});
    let path = format!("{PRIVACY}/ListReveals");
    until("the reveal is on record", async || {
        let told = house.act(&customer(0), &path, &reveals).await.to_string();
        assert!(!told.contains(STREET));
        told.contains("centre:") && told.contains("GetWorkOrder")
    })
    .await;
    let hold = json!({"subject_id": held.names["case"], "reason": "a court-canary"});
    let hold = house.act(&manager(), &format!("{PRIVACY}/PlaceHold"), &hold).await;
    let own = house.act(&customer(1), &format!("{PRIVACY}/GetPersonalData"), &json!({})).await;
    assert!(own.to_string().contains(STREET), "{own}");

    let of = |target: &Target| format!("subject = x'{}'", hex_of(target));
    let rows = sealed(&world, &of(&free)).await;
    assert!(rows.len() >= 2, "{rows:?}");
    assert_eq!(found(house.folder(), &rows), rows.len(), "the search finds nothing");
    let store = &house.node.store;
    let count =
        async |sql: &str| texts(store, sql).await.remove(0).parse::<i64>().expect("a count");
    let photos_of = |table: &str, target: &Target| {
        let case = hex_of(target);
        format!("SELECT CAST(count(*) AS TEXT) FROM {table} WHERE case_id = x'{case}'")
    };
    let taken = count(&photos_of("evidence", &held)).await;
    assert!(taken > 0 && count(&photos_of("evidence", &free)).await > 0);
    advance(&world, 4 * 366).await;
    let both =
        format!("SELECT CAST(count(*) AS TEXT) FROM vault WHERE {} OR {}", of(&free), of(&held));
    until("nothing is served", async || count(&both).await == 0).await;
    let photos = "SELECT CAST(count(*) AS TEXT) FROM evidence";
    until("no photo is shown", async || count(photos).await == 0).await;
    let aside = "SELECT CAST(count(*) AS TEXT) FROM vault_withheld";
    let photos_aside = "SELECT CAST(count(*) AS TEXT) FROM evidence_withheld";
    assert!(count(aside).await >= 2);
    assert_eq!(count(&photos_of("evidence_withheld", &held)).await, taken, "that is held");
    assert_eq!(count(photos_aside).await, taken, "and nothing else");
    let own = house.act(&customer(1), &format!("{PRIVACY}/GetPersonalData"), &json!({})).await;
    assert!(!own.to_string().contains("plug-canary"), "{own}");

    let lift = json!({"hold_id": hold["hold_id"]});
    house.act(&manager(), &format!("{PRIVACY}/LiftHold"), &lift).await;
    until("what was held is destroyed", async || {
        count(aside).await == 0 && count(photos_aside).await == 0
    })
    .await;
    // The process ends with traces in its file; the next one makes up for it at its start.
    assert!(found(house.folder(), &rows) > 0, "the file was written anew before it was due");
    let World { house, .. } = world;
    let again = house.again().await;
    until("no trace is left", async || found(again.folder(), &rows) == 0).await;
}
