//! One case followed by its traces, across processes, in a collector that is not ours.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use parasol::demo::START;
use parasol_testkit::collector::Span;
use parasol_testkit::{Cluster, Collector};

use crate::program::program;

fn root() -> PathBuf {
    let tests = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the tests lie in the repository").to_owned()
}

/// The spans of this name.
fn named<'a>(spans: &'a [Span], name: &str) -> Vec<&'a Span> {
    spans.iter().filter(|span| span.name == name).collect()
}

/// The one span of this name that is no part of another's call: of a task.
fn task<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let found = named(spans, name);
    found.first().copied().unwrap_or_else(|| panic!("no span {name}"))
}

/// The call of this method as the gateway saw it, and as the process that answered did.
fn call<'a>(spans: &'a [Span], method: &str) -> (&'a Span, &'a Span) {
    let found = named(spans, method);
    let (outer, inner): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|span| span.parent.is_empty());
    let inner = inner.first().copied().unwrap_or_else(|| panic!("nobody answered {method}"));
    let outer = outer.into_iter().find(|span| span.id == inner.parent);
    (outer.unwrap_or_else(|| panic!("no gateway handed {method} on")), inner)
}

/// Whether a span is of a trace of its own that follows from another span.
fn follows(span: &Span, origin: &Span) -> bool {
    span.trace != origin.trace && span.links == [(origin.trace.clone(), origin.id.clone())]
}

#[test]
fn proc_a_case_is_followed_from_process_to_process_by_its_traces() {
    let collector = Collector::start(&root()).expect("the collector starts");
    let (start, endpoint) =
        (format!("test_clock_start={START}"), format!("otlp.endpoint={}", collector.endpoint()));
    let settings = ["test_clock=true", &start, "log.level=warn", &endpoint];
    let cell = Cluster::start(&program(), 1, &settings).expect("the cell comes up");
    let gateway = cell.member("gateway", 0).grpc.to_string();
    let mut demo = Command::new(program());
    demo.args(["demo", "--running", "--once", "--pace", "0", "--json", "--lang", "en"]);
    demo.args(["--cases", "1", "--grpc", &gateway]).arg("--data").arg(cell.data());
    let played = demo.stdin(Stdio::null()).output().expect("the program runs");
    assert!(played.status.success(), "{}", String::from_utf8_lossy(&played.stderr));
    // Whoever ends sends what is left first.
    drop(cell);
    let spans = collector.spans_once(|spans| !named(spans, "decide").is_empty());
    let spans = spans.expect("the collector wrote it down");

    // A call is one trace: the gateway's span, and below it that of the process that answered.
    let (handed_on, filed) = call(&spans, "parasol.intake.v1.IntakeService/FileCase");
    assert_eq!(handed_on.trace, filed.trace);
    assert_ne!(handed_on.instance, filed.instance);
    // What follows is another trace with a link to it: in the same process, from memory …
    let triage = task(&spans, "triage");
    assert!(follows(triage, filed), "{triage:?} of {filed:?}");
    assert_eq!(triage.instance, filed.instance);
    // … and in another one, by the log.
    let choose = task(&spans, "choose_centre");
    assert!(follows(choose, triage), "{choose:?} of {triage:?}");
    assert_ne!(choose.instance, triage.instance);
    let case = |span: &Span| {
        let named = span.attributes.iter().find(|(name, _)| name == "parasol.case");
        named.unwrap_or_else(|| panic!("{span:?} names no case")).1.clone()
    };
    assert_eq!(case(choose), case(triage), "both name the same case");
    // Further on the centre answers its offer, and the decision follows from what armed it.
    let (_, accepted) = call(&spans, "parasol.partner.v1.OfferService/AcceptOffer");
    assert_eq!(accepted.instance, choose.instance, "both are of dispatch");
    let (_, inspected) = call(&spans, "parasol.technician.v1.VisitService/SubmitInspection");
    let decide = task(&spans, "decide");
    let origin = spans.iter().find(|span| follows(decide, span));
    assert!(origin.is_some(), "{decide:?} follows from nothing");
    let mut processes = [handed_on, filed, choose, inspected, decide].map(|span| &span.instance);
    processes.sort();
    assert!(processes.windows(2).all(|two| two[0] != two[1]), "{processes:?}");
}
