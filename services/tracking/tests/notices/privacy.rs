//! Nothing personal outside the vault: not in tables, not in the log of the program.

use parasol_api::Role;
use parasol_api::tracking::v1 as wire;
use parasol_api::tracking::v1::notice_service_server::NoticeService as _;
use parasol_journey::event::{Decision, OfferedRemedy};
use parasol_journey::ids::DecisionId;
use parasol_journey::vocab::Remedy;
use parasol_journey::{ActorKind, Command};
use parasol_tracking::notices::ports::Carriers;
use sea_orm::{ConnectionTrait, Statement};

use crate::world::*;

/// Every row of every table as text, but the vault's.
async fn everything_else(process: &Process) -> String {
    let reader = process.desk.store.reader();
    let backend = reader.get_database_backend();
    let ask = |sql: String| Statement::from_string(backend, sql);
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'vault'";
    let tables = reader.query_all_raw(ask(tables.to_owned())).await.unwrap();
    let mut all = String::new();
    for table in tables {
        let name: String = table.try_get("", "name").unwrap();
        let columns =
            reader.query_all_raw(ask(format!("PRAGMA table_info('{name}')"))).await.unwrap();
        for column in columns {
            let column: String = column.try_get("", "name").unwrap();
            let cells = format!("SELECT CAST(\"{column}\" AS BLOB) AS cell FROM \"{name}\"");
            for row in reader.query_all_raw(ask(cells)).await.unwrap() {
                let cell: Option<Vec<u8>> = row.try_get("", "cell").unwrap();
                all.push_str(&String::from_utf8_lossy(&cell.unwrap_or_default()));
                all.push('\n');
            }
        }
    }
    all
}

#[tokio::test]
async fn neither_addresses_nor_texts_nor_codes_are_found_outside_the_vault() {
    let cell = Cell::on_sqlite().await;
    let process = cell.process_with(Carriers::local()).await;
    process.know(customer(), PHONE).await;
    let wishes = wire::UpdateNoticePreferencesRequest {
        request_id: cell.id(),
        email: Some("canary.lei@example.com".to_owned()),
        push_token: Some("canary-token-9911".to_owned()),
        ..Default::default()
    };
    process.service.update_notice_preferences(by(Role::Customer, CUSTOMER, wishes)).await.unwrap();
    let id = process.booked(filing(), 3).await;
    process.rounds().await;
    let check_in = Command::CheckIn { distance_m: None, mock_location: false, arrived_at: None };
    process.give(id, ActorKind::Technician, check_in).await;
    process.rounds().await;
    // A repair, for its code.
    let decision = Decision {
        id: DecisionId::new(process.desk.ids.next()),
        policy: "cn-2026.1".to_owned(),
        rules: vec!["R30".to_owned()],
        offered: vec![OfferedRemedy {
            remedy: Remedy::Repair,
            amount_fen: 0,
            payer: "brand".to_owned(),
            recourse: String::new(),
        }],
        certificate: None,
        overrides: false,
    };
    let other = process.refunded(filing()).await;
    process.give(other, ActorKind::Customer, Command::RejectOutcome).await;
    process.give(other, ActorKind::Policy, Command::Decide { decision }).await;
    if process.case(other).await.stage == parasol_journey::Stage::RemedyOffered {
        let choose = Command::ChooseRemedy { remedy: Remedy::Repair };
        process.give(other, ActorKind::Customer, choose).await;
    }
    process.rounds().await;
    let listed = process.listed(id).await;
    let texts: Vec<_> = listed.iter().filter(|one| !one.text.is_empty()).collect();
    assert!(texts.len() >= 2, "{listed:?}");
    let all = everything_else(&process).await;
    assert!(all.contains(&listed[0].notice_id[4..12]) || all.len() > 1_000, "something was read");
    for canary in [PHONE, "Li Lei", "canary.lei", "canary-token", "l***@example.com 13800"] {
        assert!(!all.contains(canary), "{canary} lies outside the vault");
    }
    for text in texts {
        let line = text.text.lines().next().unwrap();
        assert!(!all.contains(line), "{line} lies outside the vault");
    }
}

/// The places that write to the program's log name operations, templates and reasons, and nothing that a message
/// holds.
#[test]
fn what_holds_something_personal_cannot_be_printed() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/notices");
    let mut logged = 0;
    for file in
        ["post.rs", "facts.rs", "words.rs", "ports/http.rs", "ports/smtp.rs", "preferences.rs"]
    {
        let text = std::fs::read_to_string(format!("{folder}/{file}")).unwrap();
        for line in text.lines().filter(|line| line.contains("tracing::")) {
            logged += 1;
            for word in ["text", "message.", "subject", "address", "values", ".to,", "phone"] {
                assert!(!line.contains(word), "{file}: {line}");
            }
        }
        for name in ["Message", "Text", "Addresses", "Preferences"] {
            let place = text.find(&format!("pub struct {name} {{"));
            let before = place.map(|place| &text[place.saturating_sub(80)..place]);
            assert!(before.is_none_or(|text| !text.contains("Debug")), "{name} can be printed");
        }
    }
    assert!(logged >= 2);
}
