//! The reference partners of the examples, as a brand's engineer meets them: the program's own commands, the
//! real clock, and a partner in another language on the other side.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::http::ask;
use crate::up::{Up, root};

/// The partner of the examples, told to end after one repair.
fn partner(up: &Up, token: &str) -> Command {
    let mut python = Command::new("python3");
    python.arg(root().join("examples/partners/partner.py"));
    python.args(["--url", &format!("http://{}", up.http), "--token", token, "--repairs", "1"]);
    python
}

/// What the generated client needs, installed and generated in a folder as the program's head says.
fn generated_client(folder: &Path) -> Command {
    let (packages, generated) = (folder.join("packages"), folder.join("generated"));
    let text = |path: &Path| path.to_str().expect("a path is text").to_owned();
    let requirements = text(&root().join("examples/partners/requirements.txt"));
    let asks = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    let mut install = Command::new("python3");
    install.args(asks).args(["--target", &text(&packages), "--requirement", &requirements]);
    succeeds(&mut install);
    std::fs::create_dir(&generated).expect("the folder can be made");
    let out = text(&generated);
    let (contract, mut generate) = (root().join("proto"), Command::new("python3"));
    generate.env("PYTHONPATH", &packages).args(["-m", "grpc_tools.protoc", "-I"]).arg(&contract);
    generate.args([format!("--python_out={out}"), format!("--grpc_python_out={out}")]);
    succeeds(generate.args(protos(&contract.join("parasol"))));
    // The program looks for the client beside itself.
    let program = folder.join("grpc_partner.py");
    let source = root().join("examples/partners/grpc_partner.py");
    std::fs::copy(source, &program).expect("the program can be copied");
    let mut partner = Command::new("python3");
    partner.env("PYTHONPATH", &packages).arg(program);
    partner
}

fn succeeds(command: &mut Command) {
    let ended = command.output().expect("python3 runs");
    assert!(ended.status.success(), "{command:?}: {}", String::from_utf8_lossy(&ended.stderr));
}

fn protos(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the contract is there") {
        let path = entry.expect("it can be listed").path();
        match path.is_dir() {
            true => found.extend(protos(&path)),
            false => found.push(path),
        }
    }
    found
}

/// The case was worked once, whatever came twice.
fn was_worked_once(seen: &Value) {
    let entries = seen["entries"].as_array().expect("entries");
    for once in ["The brand accepted", "A technician is assigned", "Inspection started", "Repaired"]
    {
        let times = entries.iter().filter(|entry| entry["headline"] == once).count();
        assert_eq!(times, 1, "{once}: {seen}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proc_the_reference_partner_works_a_case_by_polling() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let up = Up::with_examples(folder.path());
    let (customer, case, token) = up.offered().await;
    let cursor = folder.path().join("cursor");
    let worked = partner(&up, &token).arg("--cursor").arg(&cursor).output().expect("python3 runs");
    let said = String::from_utf8_lossy(&worked.stdout);
    assert!(worked.status.success(), "{said}{}", String::from_utf8_lossy(&worked.stderr));
    assert!(said.contains(&format!("{case}: repaired")), "{said}");
    was_worked_once(&up.at(&customer, &case, "STAGE_AWAIT_CONFIRM").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proc_the_reference_partner_works_a_case_by_webhooks() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let up = Up::with_examples(folder.path());
    let (customer, case, token) = up.offered().await;
    // The address has to be known before there is a secret, so the port is chosen first.
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = free.local_addr().expect("it is bound").port();
    drop(free);
    let request_id = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";
    let url = format!("http://127.0.0.1:{port}/hooks");
    let body = json!({ "requestId": request_id, "url": url }).to_string();
    let made = ask(up.http, Some(&token), "POST /v1/webhooks", &body).await.json();
    let secret = made["secret"].as_str().unwrap_or_else(|| panic!("{made}"));
    let mut partner = partner(&up, &token);
    partner.args(["--listen", &port.to_string(), "--secret", secret]);
    let worked = partner.output().expect("python3 runs");
    let said = String::from_utf8_lossy(&worked.stdout);
    assert!(worked.status.success(), "{said}{}", String::from_utf8_lossy(&worked.stderr));
    was_worked_once(&up.at(&customer, &case, "STAGE_AWAIT_CONFIRM").await);
    let hook = made["webhook"]["webhookId"].as_str().expect("a webhook");
    let line = format!("GET /v1/webhooks/{hook}/deliveries");
    let log = ask(up.http, Some(&token), &line, "").await.json();
    let deliveries = log["deliveries"].as_array().unwrap_or_else(|| panic!("{log}"));
    assert!(deliveries.iter().any(|one| one["caseId"] == case), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proc_the_reference_partner_with_a_generated_client_works_a_case() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let tools = tempfile::tempdir().expect("a temp folder");
    let mut partner = generated_client(tools.path());
    let up = Up::with_examples(folder.path());
    let (customer, case, token) = up.offered().await;
    let cursor = folder.path().join("cursor");
    partner.args(["--target", &up.grpc, "--token", &token, "--repairs", "1", "--cursor"]);
    let worked = partner.arg(&cursor).output().expect("python3 runs");
    let said = String::from_utf8_lossy(&worked.stdout);
    assert!(worked.status.success(), "{said}{}", String::from_utf8_lossy(&worked.stderr));
    assert!(said.contains(&format!("{case}: repaired")), "{said}");
    let kept = std::fs::read_to_string(&cursor).expect("the cursor is kept");
    assert!(!kept.is_empty());
    was_worked_once(&up.at(&customer, &case, "STAGE_AWAIT_CONFIRM").await);
}
