//! The reference partner of the examples, as a brand's engineer meets it: the program's own commands, the
//! real clock, and a partner in another language on the other side.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::{Value, json};

use crate::bad_input::{filer, filing};
use crate::http::ask;
use crate::program::{command, program};

/// How often a case is looked at before the test gives up; each look takes a millisecond or more.
const LOOKS_MAX: usize = 20_000;

/// `parasol up` with the examples in it; killed when the test ends.
struct Up {
    child: Child,
    /// Kept open, so that the node can go on printing.
    _out: BufReader<ChildStdout>,
    http: SocketAddr,
    data: PathBuf,
}

impl Up {
    fn with_examples(data: &Path) -> Self {
        let mut child = command("up", data)
            .args(["--json", "--set", "webhooks.loopback=true"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program runs");
        let mut out = BufReader::new(child.stdout.take().expect("its output is piped"));
        let mut document = String::new();
        while !document.ends_with("\n}\n") {
            assert_ne!(out.read_line(&mut document).expect("it prints"), 0, "it ended: {document}");
        }
        let ready: Value = serde_json::from_str(&document).expect("one JSON document");
        let text = |name: &str| ready[name].as_str().expect("an address").to_owned();
        let http = text("http").parse().expect("an address");
        let up = Self { child, _out: out, http, data: data.to_owned() };
        let examples = root().join("examples");
        let examples = examples.to_str().expect("a path is text");
        let loaded = up.run(&["import", "--grpc", &text("grpc"), examples]);
        assert!(loaded.status.success(), "{}", String::from_utf8_lossy(&loaded.stderr));
        up
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(program());
        command.arg(arguments[0]).arg("--data").arg(&self.data).args(&arguments[1..]);
        command.output().expect("the program runs")
    }

    /// A credential, as the documents tell a newcomer to make one.
    fn token(&self, role: &str, subject: &str, brand: &str) -> String {
        let mut arguments = vec!["token", "--role", role, "--subject", subject];
        if !brand.is_empty() {
            arguments.extend(["--brand", brand]);
        }
        let made = self.run(&arguments);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        String::from_utf8_lossy(&made.stdout).lines().last().expect("a token").trim().to_owned()
    }

    /// A case, filed by its customer and offered to a centre: the customer's credential, the case, and
    /// the credential of that centre.
    async fn offered(&self) -> (String, String, String) {
        let customer = self.token("customer", &filer(), "");
        let wanted = filing();
        let body = json!({
            "requestId": wanted.request_id, "orderLine": wanted.order_line,
            "serial": wanted.serial, "kind": "CASE_KIND_QUALITY", "wish": "REMEDY_REPAIR",
            "symptom": wanted.symptom, "description": wanted.description,
        });
        let filed = ask(self.http, Some(&customer), "POST /v1/cases", &body.to_string()).await;
        let case = filed.json()["case"]["caseId"].as_str().expect("a case").to_owned();
        self.at(&customer, &case, "STAGE_DISPATCHED").await;
        let operator = self.token("operator", "tests", "");
        let line = "GET /v1/centres?pageSize=200";
        let centres = ask(self.http, Some(&operator), line, "").await.json();
        for centre in centres["centres"].as_array().expect("centres") {
            let text = |name: &str| centre[name].as_str().expect("text").to_owned();
            let token = self.token("centre", &text("centre"), &text("brand"));
            let line = "GET /v1/partner/work-orders?pageSize=5";
            let page = ask(self.http, Some(&token), line, "").await.json();
            if page["changes"][0]["offer"]["caseId"] == case {
                return (customer, case, token);
            }
        }
        panic!("no centre was asked");
    }

    /// The partner of the examples, told to end after one repair.
    fn partner(&self, token: &str) -> Command {
        let mut python = Command::new("python3");
        python.arg(root().join("examples/partners/partner.py"));
        python.args([
            "--url",
            &format!("http://{}", self.http),
            "--token",
            token,
            "--repairs",
            "1",
        ]);
        python
    }

    /// The case as its customer sees it, once it is at this stage.
    async fn at(&self, customer: &str, case: &str, stage: &str) -> Value {
        let line = format!("GET /v1/cases/{case}/timeline");
        for _ in 0..LOOKS_MAX {
            let seen = ask(self.http, Some(customer), &line, "").await.json();
            if seen["stage"] == stage {
                return seen;
            }
        }
        panic!("the case never came to {stage}");
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        // Both fail when it has ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests lie below the root").to_owned()
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
    let worked = up.partner(&token).arg("--cursor").arg(&cursor).output().expect("python3 runs");
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
    let mut partner = up.partner(&token);
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
