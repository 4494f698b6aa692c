//! A bucket that does not let us in, as whoever set the program up is told of it.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use parasol::node::{Node, Options};
use parasol_runtime::config::{Config, Sources};
use serde_json::Value;

use crate::program::command;

/// Answers every request as S3 answers a wrong key, or a bucket that is not there.
fn refusing(status: &'static str, code: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("it has an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut head = [0; 4_096];
            let _ = stream.read(&mut head);
            let body = format!("<Error><Code>{code}</Code><Message>no</Message></Error>");
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\ncontent-type: application/xml\r\ncontent-length: {}\r\n\
                 connection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    url
}

fn settings(url: &str) -> [(&'static str, String); 4] {
    [
        ("evidence.store", "s3://parasol-evidence/cell-0".to_owned()),
        ("evidence.s3_endpoint", url.to_owned()),
        ("evidence.s3_access_key_id", "parasol".to_owned()),
        ("evidence.s3_secret_access_key", "not-to-be-told".to_owned()),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_does_not_start_with_a_bucket_it_may_not_use() {
    for (status, code, said) in [
        ("403 Forbidden", "SignatureDoesNotMatch", "does not let us in"),
        ("403 Forbidden", "InvalidAccessKeyId", "does not let us in"),
        ("404 Not Found", "NoSuchBucket", "no such bucket"),
    ] {
        let folder = tempfile::tempdir().expect("a temp folder");
        let set = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let mut overrides = vec![
            set("data_dir", folder.path().to_str().expect("a temp path is text")),
            set("grpc_addr", "127.0.0.1:0"),
            set("http_addr", "127.0.0.1:0"),
        ];
        let url = refusing(status, code);
        overrides.extend(settings(&url).map(|(key, value)| (key.to_owned(), value)));
        let sources = Sources { overrides, ..Sources::default() };
        let config = Config::load(&sources).expect("the settings fit");
        let refused = Node::start(&config, Options::default()).await;
        let error = format!("{:#}", refused.err().expect("it does not start"));
        for part in [said, "s3://parasol-evidence/cell-0", "evidence.s3_access_key_id (parasol)"] {
            assert!(error.contains(part), "{code}: {part} is not in {error}");
        }
        assert!(!error.contains("not-to-be-told"), "{error}");
    }
}

#[test]
fn the_doctor_says_which_setting_of_a_bucket_is_wrong() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let url = refusing("403 Forbidden", "InvalidAccessKeyId");
    let mut doctor = command("doctor", folder.path());
    for (key, value) in settings(&url) {
        let name = format!("PARASOL__{}", key.to_uppercase().replace('.', "__"));
        doctor.env(name, value);
    }
    let output = doctor.arg("--json").output().expect("the program runs");
    assert!(!output.status.success());
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let findings = report["findings"].as_array().expect("a list");
    let found = findings.iter().find(|one| one["check"] == "evidence").expect("it is looked at");
    assert_eq!(found["status"], "fail");
    let told = format!("{} {}", found["found"], found["next"]);
    assert!(told.contains("does not let us in") && told.contains("s3_access_key_id"), "{told}");
    assert!(!told.contains("not-to-be-told"), "{told}");
}
