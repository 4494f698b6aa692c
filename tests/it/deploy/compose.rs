//! The compose file, and the files of the collector and of Prometheus that it mounts.

use std::fs;

use serde_json::Value;

use super::{Env, Process, deploy, documents, list, settings, text, words, wrong_in_cell};
use crate::tidy::none;

/// The keys of a service that we use; another one may be misspelt.
const KEYS: [&str; 16] = [
    "build",
    "cap_drop",
    "command",
    "depends_on",
    "environment",
    "healthcheck",
    "image",
    "networks",
    "ports",
    "profiles",
    "restart",
    "security_opt",
    "stop_grace_period",
    "stop_signal",
    "user",
    "volumes",
];

fn file() -> Value {
    documents(&deploy().join("compose.yaml")).remove(0)
}

fn services(file: &Value) -> impl Iterator<Item = (&String, &Value)> {
    file["services"].as_object().expect("services").iter()
}

/// The services that are our program.
fn ours(file: &Value) -> impl Iterator<Item = (&String, &Value)> {
    services(file).filter(|(_, service)| service["image"] == "parasol")
}

/// The settings of a service; what is taken from the surroundings is made up.
fn env(service: &Value) -> Env {
    let pairs = service["environment"].as_object().expect("an environment").iter();
    let pairs = pairs.map(|(key, value)| {
        let value = value.as_str().unwrap_or_else(|| panic!("{key} should be text"));
        match value.split_once("${") {
            None => (key.clone(), value.to_owned()),
            Some((before, rest)) => {
                let (variable, after) = rest.split_once('}').expect("a closing brace");
                assert!(variable.contains(":?"), "{key} may be empty");
                (key.clone(), format!("{before}5ec2e7{after}"))
            }
        }
    });
    pairs.collect()
}

/// The paths that health checks ask for.
pub fn probes() -> Vec<String> {
    let file = file();
    let tests = ours(&file).map(|(_, service)| words(list(service, "/healthcheck/test")).concat());
    let paths = tests.filter_map(|test| {
        let (_, after) = test.split_once("GET ")?;
        Some(after.split(' ').next()?.to_owned())
    });
    paths.collect()
}

#[test]
fn the_services_make_a_cell_in_which_every_role_is_played_where_others_look_for_it() {
    let file = file();
    let mut processes = Vec::new();
    for (name, service) in ours(&file) {
        let line: Vec<_> =
            ["parasol"].into_iter().chain(words(list(service, "/command"))).collect();
        parasol::cli::understands(line.iter().copied())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let config = settings(&env(service), None);
        let config = config.unwrap_or_else(|error| panic!("{name}: {error}"));
        if line[1] == "serve" {
            processes.push(Process {
                name: name.clone(),
                config,
                address: format!("http://{name}:7443"),
            });
        }
    }
    assert_eq!(processes.len(), 3);
    none(&wrong_in_cell(&processes));
    for Process { name, config, .. } in &processes {
        // The image says where; every process has the same volume there, which stays.
        assert_eq!(config.kept(), config.data_dir, "{name}");
        let mounts = words(list(&file["services"][name], "/volumes"));
        assert!(mounts.contains(&"parasol-data:/var/lib/parasol"), "{name} keeps nothing");
    }
    let mut doors = processes.iter().filter(|one| !file["services"][&one.name]["ports"].is_null());
    assert_eq!(doors.next().map(|one| one.name.as_str()), Some("gateway"));
    assert!(doors.next().is_none(), "outsiders call the gateway");
}

#[test]
fn every_service_volume_and_file_that_the_compose_file_names_is_there() {
    let file = file();
    let mut wrong = Vec::new();
    for (name, service) in services(&file) {
        let keys = service.as_object().expect("a service").keys();
        wrong.extend(
            keys.filter(|key| !KEYS.contains(&key.as_str())).map(|key| format!("{name}: {key}?")),
        );
        for needed in service["depends_on"].as_object().into_iter().flat_map(|needs| needs.keys()) {
            if file["services"].get(needed).is_none() {
                wrong.push(format!("{name} waits for {needed}, which is not there"));
            }
        }
        for mount in words(list(service, "/volumes")) {
            let source = mount.split(':').next().expect("a source");
            let there = match source.strip_prefix("./") {
                Some(path) => deploy().join(path).exists(),
                None => file["volumes"].get(source).is_some(),
            };
            if !there {
                wrong.push(format!("{name} mounts {source}, which is not there"));
            }
        }
        for port in words(list(service, "/ports")) {
            if !port.starts_with("127.0.0.1:") {
                wrong.push(format!("{name} is open to the world at {port}"));
            }
        }
    }
    none(&wrong);
}

#[test]
fn the_image_is_built_from_what_a_clone_has_and_listens_where_it_says() {
    let text = fs::read_to_string(deploy().join("Containerfile")).expect("it is there");
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let port = |key: &str| {
        let line = text.lines().find(|line| line.contains(key)).expect("it is set");
        line.rsplit(':').next().expect("a port").trim_end_matches(['\\', ' ']).to_owned()
    };
    let exposed = format!("EXPOSE {} {}", port("PARASOL__GRPC_ADDR"), port("PARASOL__HTTP_ADDR"));
    assert!(lines.contains(&exposed.as_str()), "{exposed}");
    assert!(lines.contains(&"COPY . .") && lines.contains(&"USER 10001"));
    assert!(lines.contains(&"RUN cargo build --profile dist --locked --package parasol"));
    let manifest = fs::read_to_string(deploy().join("../Cargo.toml")).expect("it is there");
    assert!(manifest.contains("[profile.dist]"));
    let version = manifest.lines().find_map(|line| line.strip_prefix("rust-version = \""));
    let version = version.expect("a version").trim_end_matches('"');
    assert!(text.contains(&format!("FROM rust:{version}-")), "the image has another toolchain");
}

#[test]
fn the_collector_offers_figures_where_prometheus_fetches_them() {
    let collector = documents(&deploy().join("collector.yaml")).remove(0);
    let listens = text(&collector, "/receivers/otlp/protocols/grpc/endpoint");
    let offers = text(&collector, "/exporters/prometheus/endpoint");
    let prometheus = documents(&deploy().join("prometheus.yaml")).remove(0);
    let scrape = &list(&prometheus, "/scrape_configs")[0];
    assert_eq!(
        scrape["honor_labels"], true,
        "the figures say themselves of which process they are"
    );
    let target = text(&list(scrape, "/static_configs")[0], "/targets/0");
    assert_eq!(
        Some(target),
        offers.strip_prefix("0.0.0.0").map(|port| format!("collector{port}")).as_deref()
    );
    let file = file();
    let sent = text(&file, "/services/gateway/environment/PARASOL__OTLP__ENDPOINT");
    let wanted = listens.strip_prefix("0.0.0.0").map(|port| format!("http://collector{port}"));
    assert_eq!(Some(sent), wanted.as_deref());
    for (name, pipeline) in collector["service"]["pipelines"].as_object().expect("pipelines") {
        for kind in ["receivers", "processors", "exporters"] {
            for part in words(list(pipeline, &format!("/{kind}"))) {
                assert!(collector[kind].get(part).is_some(), "{name}: no {part} in {kind}");
            }
        }
    }
}

#[test]
fn alert_rules_and_dashboard_can_be_read() {
    let rules = documents(&deploy().join("alerts/parasol.yaml")).remove(0);
    let rules = list(&rules["groups"][0], "/rules");
    assert!(rules.len() > 8);
    for rule in rules {
        let name = text(rule, "/alert");
        let page = text(rule, "/annotations/runbook");
        assert!(deploy().join("..").join(page).is_file(), "{name}: {page}");
        let expression = text(rule, "/expr");
        let count = |sign: char| expression.matches(sign).count();
        for (open, close) in [('(', ')'), ('{', '}'), ('[', ']')] {
            assert_eq!(count(open), count(close), "{name}: {expression}");
        }
        assert!(["page", "ticket"].contains(&text(rule, "/labels/severity")), "{name}");
    }
    let dashboard =
        fs::read_to_string(deploy().join("dashboards/parasol.json")).expect("it is there");
    let dashboard: Value = serde_json::from_str(&dashboard).expect("it is JSON");
    assert!(list(&dashboard, "/panels").iter().all(|panel| !list(panel, "/targets").is_empty()));
}
