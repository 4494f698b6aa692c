//! What is kept about a person, as whoever answers for it sees to it: exported, erased, and sealed with keys that
//! change.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use serde_json::Value;

use crate::running::Up;
use crate::{Data, Ended, run};

/// A case from beginning to end; answers with its customer.
fn played(data: &Data) -> String {
    let course = ["demo", "--story", "refund", "--once", "--pace", "0", "--json"];
    let played = run(&[&course[..], &["--data", &data.name()]].concat());
    assert_eq!(played.code, 0, "{}", played.err);
    let database = Connection::open(data.path().join("parasol.db")).unwrap();
    let customer = "SELECT lower(hex(customer)) FROM filings";
    let customer: String = database.query_row(customer, [], |row| row.get(0)).unwrap();
    format!("cust_{customer}")
}

fn vault(data: &Data, arguments: &[&str]) -> Ended {
    run(&[&["vault"][..], arguments, &["--json", "--data", &data.name()]].concat())
}

fn done(data: &Data, arguments: &[&str]) -> Value {
    let ended = vault(data, arguments);
    assert_eq!(ended.code, 0, "{arguments:?}: {}", ended.err);
    ended.document()
}

fn kept(data: &Data, customer: &str) -> Vec<Value> {
    let told = done(data, &["export", "--subject", customer]);
    told["kept"].as_array().unwrap().clone()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for name in ["parasol.db", "parasol.db-wal", "parasol.db-shm"] {
        let _ = fs::remove_file(to.join(name));
        if from.join(name).exists() {
            fs::copy(from.join(name), to.join(name)).unwrap();
        }
    }
}

#[test]
fn proc_who_was_erased_stays_so_in_a_database_that_is_put_back() {
    let data = Data::new();
    let customer = played(&data);
    let before = kept(&data, &customer);
    let kinds: Vec<_> = before.iter().map(|row| row["kind"].as_str().unwrap()).collect();
    for kind in ["customer", "filing", "certificate"] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
    let backup = data.beside("backup");
    copy(&data.path(), &backup);

    let erased = done(&data, &["erase", "--subject", &customer, "--open-too"]);
    assert!(erased["rows"].as_u64().unwrap() >= before.len() as u64, "{erased}");
    let told = done(&data, &["export", "--subject", &customer]);
    assert_eq!(told["kept"], Value::Array(Vec::new()));
    assert!(told["erased_since"].is_string() && told["cases"][0]["stage"].is_string(), "{told}");

    // Put back by hand, and nobody says so: the node finds out when it starts.
    copy(&backup, &data.path());
    assert_eq!(kept(&data, &customer), before, "the copy has them");
    let up = Up::start(&data);
    up.end();
    assert_eq!(kept(&data, &customer), [Value::Null; 0]);

    // Put back as it should be.
    copy(&backup, &data.path());
    let restored = run(&["migrate", "--restored", "--json", "--data", &data.name()]);
    assert!(restored.document()["erased"].as_u64().unwrap() > 0, "{}", restored.out);
    assert_eq!(kept(&data, &customer), [Value::Null; 0]);
    let again = run(&["migrate", "--restored", "--json", "--data", &data.name()]);
    assert_eq!(again.document()["erased"], 0);
}

#[test]
fn proc_a_new_key_takes_over_and_the_old_one_is_forgotten() {
    let data = Data::new();
    let customer = played(&data);
    let before = kept(&data, &customer);
    let refused = vault(&data, &["forget", "--key", "1"]);
    assert!(refused.err.contains("rotate first"), "{}", refused.err);
    assert_eq!(done(&data, &["rotate"])["key"], 2);
    let refused = vault(&data, &["forget", "--key", "1"]);
    assert!(refused.err.contains("sealed with key 1"), "{}", refused.err);
    let of_old = || {
        let rows = done(&data, &["status"])["rows"].as_array().unwrap().clone();
        rows.iter().any(|row| row["key"] != 2)
    };
    // The chore begins with the node; how far it comes in so short a life is its own affair.
    let starts = (0..20).take_while(|_| {
        Up::start(&data).end();
        of_old()
    });
    assert!(starts.count() < 20, "rows of the old key are left");
    done(&data, &["forget", "--key", "1"]);
    // The nodes of meanwhile have told the customer more.
    let after = kept(&data, &customer);
    assert!(before.iter().all(|row| after.contains(row)), "{before:?} and {after:?}");

    // A folder with another key is told at the start, and not row by row.
    let keys = data.path().join("vault.keys");
    let text = fs::read_to_string(&keys).unwrap();
    fs::write(&keys, text.replace('a', "b").replace('1', "0")).unwrap();
    let refused = run(&["up", "--data", &data.name(), "--grpc", "127.0.0.1:0"]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("put back the vault.keys"), "{}", refused.err);
}

#[test]
fn proc_the_vault_answers_for_whom_it_knows_only() {
    let data = Data::new();
    let nobody = vault(&data, &["status"]);
    assert!(nobody.err.contains("there is no database"), "{}", nobody.err);
    played(&data);
    let strange = vault(&data, &["export", "--subject", "cust_00000000000000000000000000000001"]);
    assert!(strange.err.contains("nothing is known of"), "{}", strange.err);
    let wrong = vault(&data, &["erase", "--subject", "somebody"]);
    assert_eq!(wrong.code, 2);
}
