//! A running program with the examples in it, used as a newcomer would use it: by its own commands, over REST,
//! with the real clock.

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
pub struct Up {
    child: Child,
    /// Kept open, so that the node can go on printing.
    _out: BufReader<ChildStdout>,
    pub grpc: String,
    pub http: SocketAddr,
    pub data: PathBuf,
}

impl Up {
    pub fn with_examples(data: &Path) -> Self {
        let up = Self::start(data, &[("webhooks.loopback", "true")]);
        let examples = root().join("examples");
        let examples = examples.to_str().expect("a path is text");
        let loaded = up.run(&["import", "--grpc", &up.grpc, examples]);
        assert!(loaded.status.success(), "{}", String::from_utf8_lossy(&loaded.stderr));
        up
    }

    /// The program on a folder, with these settings, once it takes calls.
    pub fn start(data: &Path, settings: &[(&str, &str)]) -> Self {
        let settings = settings.iter().map(|(key, value)| format!("{key}={value}"));
        let mut child = command("up", data)
            .arg("--json")
            .args(settings.flat_map(|setting| ["--set".to_owned(), setting]))
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
        let text = |name: &str| match ready[name].as_str() {
            Some(text) => text.to_owned(),
            None => panic!("it is not ready: {document}"),
        };
        let http = text("http").parse().expect("an address");
        Self { child, _out: out, grpc: text("grpc"), http, data: data.to_owned() }
    }

    /// Kills it as a power failure would.
    pub fn kill_9(mut self) {
        self.child.kill().expect("the process can be killed");
        self.child.wait().expect("the process can be waited for");
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(program());
        command.arg(arguments[0]).arg("--data").arg(&self.data).args(&arguments[1..]);
        command.output().expect("the program runs")
    }

    /// A credential, as the documents tell a newcomer to make one.
    pub fn token(&self, role: &str, subject: &str, brand: &str) -> String {
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
    pub async fn offered(&self) -> (String, String, String) {
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

    /// The case as its customer sees it, once it is at this stage.
    pub async fn at(&self, customer: &str, case: &str, stage: &str) -> Value {
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

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests lie below the root").to_owned()
}
