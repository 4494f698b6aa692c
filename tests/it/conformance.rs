//! `parasol conformance`: who keeps the contract passes and the pass is kept; who does not fails the check that is
//! about it.

use std::path::Path;
use std::process::Command;

use parasol::conformance::checks::{OF_A_PARTNER, OF_A_PLATFORM};
use serde_json::{Value, json};

use crate::http::ask;
use crate::program::program;
use crate::up::{Up, root};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proc_the_platform_passes_and_the_pass_is_kept() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let up = Up::with_examples(folder.path());
    let line = ["conformance", "--target", &up.grpc, "--partner", "aurora", "--json"];
    let ran = up.run(&line);
    let said = String::from_utf8_lossy(&ran.stdout);
    let report: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("no JSON: {said}"));
    let findings = report["findings"].as_array().expect("findings");
    let failed: Vec<_> = findings.iter().filter(|one| one["outcome"] == "fail").collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    let codes: Vec<_> = findings.iter().map(|one| one["code"].as_str().expect("a code")).collect();
    assert_eq!(codes, OF_A_PLATFORM.iter().map(|one| one.code).collect::<Vec<_>>());
    assert!(findings.iter().all(|one| one["outcome"] == "pass"), "{said}");
    assert_eq!(report["recorded"], true);
    let brand = up.token("brand", "aurora", "aurora");
    let kept = ask(up.http, Some(&brand), "GET /v1/conformance", "").await.json();
    let record = &kept["records"][0];
    assert_eq!(record["side"], "CONFORMANCE_SIDE_PLATFORM", "{kept}");
    assert_eq!(record["recordedBy"], "operator");
    assert_eq!(record["checks"].as_array().map(Vec::len), Some(OF_A_PLATFORM.len()));
    // A second run meets what the first one left.
    let again =
        up.run(&["conformance", "--target", &up.grpc, "--partner", "aurora", "--lang", "zh"]);
    let said = String::from_utf8_lossy(&again.stdout);
    assert!(again.status.success(), "{said}");
    assert!(said.contains("结论: 通过, 已存档"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proc_a_brand_without_a_network_cannot_be_checked() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let up = Up::with_examples(folder.path());
    let ran = up.run(&["conformance", "--target", &up.grpc, "--partner", "nobody"]);
    assert_eq!(ran.status.code(), Some(1));
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(said.contains("import its network first"), "{said}");
    let ran = up.run(&["conformance", "--partner", "aurora"]);
    assert_eq!(ran.status.code(), Some(2), "nothing to check");
}

/// A port of this machine that is free for now.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it is bound").port()
}

/// The kit against a program of the examples' kind; `checks` are the codes, or all.
fn against(script: &Path, checks: &str, patience: &str, further: &[&str]) -> (Option<i32>, Value) {
    let port = free_port();
    let run = format!(
        "python3 {} --url $PARASOL_URL --token $PARASOL_TOKEN --listen {port} --secret $PARASOL_SECRET",
        script.display()
    );
    let mut kit = Command::new(program());
    kit.args(["conformance", "--partner", "aurora", "--json", "--lang", "en"]);
    kit.args(["--webhook", &format!("http://127.0.0.1:{port}/hooks"), "--run", &run]);
    kit.args(["--patience", patience]).args(further);
    if !checks.is_empty() {
        kit.args(["--only", checks]);
    }
    let ran = kit.output().expect("the program runs");
    let said = String::from_utf8_lossy(&ran.stdout);
    let report = serde_json::from_str(&said);
    let report =
        report.unwrap_or_else(|_| panic!("{said}{}", String::from_utf8_lossy(&ran.stderr)));
    (ran.status.code(), report)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proc_the_reference_partner_passes_and_its_pass_is_kept_where_it_is_told_to() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let up = Up::with_examples(folder.path());
    let data = up.data.to_str().expect("a path is text");
    let script = root().join("examples/partners/partner.py");
    let (code, report) = against(&script, "", "60", &["--record", &up.grpc, "--data", data]);
    let findings = report["findings"].as_array().unwrap_or_else(|| panic!("{report:#}"));
    assert!(findings.iter().all(|one| one["outcome"] == "pass"), "{report:#}");
    assert_eq!(findings.len(), OF_A_PARTNER.len());
    assert_eq!(
        (code, &report["passed"], &report["recorded"]),
        (Some(0), &json!(true), &json!(true))
    );
    let brand = up.token("brand", "aurora", "aurora");
    let kept = ask(up.http, Some(&brand), "GET /v1/conformance?brand=aurora", "").await.json();
    assert_eq!(kept["records"][0]["side"], "CONFORMANCE_SIDE_PARTNER", "{kept}");
}

/// The reference partner with a fault written into it fails the check that is about the fault.
fn fails(patch: &str, code: &str) {
    let folder = tempfile::tempdir().expect("a temp folder");
    let script = folder.path().join("broken.py");
    let examples = root().join("examples/partners");
    let text = format!(
        "import sys\nsys.path.insert(0, {examples:?})\nimport partner\n{patch}\npartner.main()\n"
    );
    std::fs::write(&script, text).expect("the program can be written");
    let (exit, report) = against(&script, code, "5", &[]);
    assert_eq!(exit, Some(1), "{report:#}");
    let findings = report["findings"].as_array().unwrap_or_else(|| panic!("{report:#}"));
    assert_eq!(findings.len(), 1);
    assert_eq!((&findings[0]["code"], &findings[0]["outcome"]), (&json!(code), &json!("fail")));
    assert_eq!((&report["passed"], &report["recorded"]), (&json!(false), &json!(false)));
}

macro_rules! broken {
    ($($name:ident: $code:literal, $patch:literal;)+) => {
        /// Each with one fault; unbroken it passes every check, as the test above shows.
        mod proc_a_partner {
            $(
                #[test]
                fn $name() {
                    super::fails($patch, $code);
                }
            )+
        }
    };
}

broken! {
    that_takes_every_signature: "hook.forged", "partner.verified = lambda *_: True";
    that_reads_no_signature: "hook.unsigned",
        "real = partner.verified
partner.verified = lambda keys, heads, body: not heads.get('webhook-signature') or real(keys, heads, body)";
    that_signs_no_body: "hook.tampered", "real = partner.verified
partner.verified = lambda keys, heads, body: real(keys, heads, body.strip())";
    that_takes_old_deliveries: "hook.stale", "partner.FRESH_MAX = 10**9";
    that_compares_one_signature_only: "hook.rotation",
        "real = partner.verified
class First(dict):
    def get(self, name, other=''):
        return super().get(name, other).split(' ')[0]
partner.verified = lambda keys, heads, body: real(keys, First({k.lower(): v for k, v in heads.items()}), body)";
    that_insists_on_its_own_clock: "clock.skew", "partner.FRESH_MAX = 1";
    that_makes_a_new_id_each_time: "hook.duplicate",
        "partner.Platform.step = lambda self, path, case, step, **body: self.call(
    'POST', path, {'requestId': str(partner.uuid.uuid4()), **body})";
    that_never_asks_again: "lost.answer",
        "real = partner.Platform.call
partner.Platform.call = lambda self, verb, path, body=None: real(self, verb, path, body, 1)";
    that_refuses_what_it_does_not_know: "hook.unknown", "real = partner.verified
partner.verified = lambda keys, heads, body: b'weather' not in body and real(keys, heads, body)";
    that_takes_no_offers: "course.worked", "partner.Centre.offer = lambda *_: None";
}
