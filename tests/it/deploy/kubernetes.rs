//! The manifests for Kubernetes.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::schema::Schema;
use super::{Env, Process, deploy, documents, list, settings, text, words, wrong_in_cell};
use crate::tidy::none;

/// The connections that PostgreSQL is asked to allow in `docs/operations.md`.
const CONNECTIONS: u64 = 200;
/// Of them, those for its own superuser and for an operator who looks.
const RESERVED: u64 = 20;
/// Connections that a process keeps beside its pools, see `Pools` of the casebook.
const BESIDE_POOLS: u64 = 2;
/// The component of pods that take calls of the cell.
const COMPONENT: &str = "/metadata/labels/app.kubernetes.io~1component";

/// A folder of manifests with what its kustomization adds.
struct Folder {
    kustomization: Value,
    manifests: Vec<Value>,
}

fn folder(path: &str) -> Folder {
    let path = deploy().join("kubernetes").join(path);
    let kustomization = documents(&path.join("kustomization.yaml")).remove(0);
    let mut manifests = Vec::new();
    for resource in words(list(&kustomization, "/resources")) {
        let resource = path.join(resource);
        if resource.is_file() {
            manifests.extend(documents(&resource));
        } else {
            assert!(resource.join("kustomization.yaml").is_file(), "{}", resource.display());
        }
    }
    assert_eq!(unlisted(&path, &kustomization), [""; 0], "files that nobody applies");
    Folder { kustomization, manifests }
}

/// Manifests that the kustomization does not name.
fn unlisted(path: &Path, kustomization: &Value) -> Vec<String> {
    let named = words(list(kustomization, "/resources"));
    let entries = std::fs::read_dir(path).expect("a folder");
    let names =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("text"));
    let manifests = names.filter(|name| name.ends_with(".yaml") && name != "kustomization.yaml");
    manifests.filter(|name| !named.contains(&name.as_str())).collect()
}

/// Base and overlay together.
fn cell() -> (Folder, Folder) {
    (folder("base"), folder("overlays/example"))
}

fn of_kind<'a>(manifests: &'a [Value], kind: &str) -> Vec<&'a Value> {
    manifests.iter().filter(|manifest| manifest["kind"] == kind).collect()
}

/// What the generators of a kustomization make under the name.
fn generated<'a>(folder: &'a Folder, generator: &str, name: &str, what: &str) -> Vec<&'a str> {
    let generators = list(&folder.kustomization, &format!("/{generator}")).iter();
    let ours = generators.filter(|one| one["name"] == name);
    ours.flat_map(|one| words(list(one, &format!("/{what}")))).collect()
}

/// The settings that all pods have in common.
fn shared(base: &Folder, overlay: &Folder) -> Env {
    let literals = [base, overlay]
        .map(|folder| generated(folder, "configMapGenerator", "parasol", "literals"));
    let pairs = literals.iter().flatten().map(|literal| literal.split_once('=').expect("a pair"));
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// The pod of a workload.
fn pod(workload: &Value) -> &Value {
    &workload["spec"]["template"]["spec"]
}

fn workloads(base: &Folder) -> Vec<&Value> {
    let kinds = ["Deployment", "Job"].map(|kind| of_kind(&base.manifests, kind));
    kinds.into_iter().flatten().collect()
}

/// The settings of a container.
fn env(container: &Value, shared: &Env) -> Env {
    let from = list(container, "/envFrom");
    assert_eq!(from.len(), 1);
    assert_eq!(text(&from[0], "/configMapRef/name"), "parasol", "the one that is generated");
    let own = list(container, "/env").iter();
    let own = own.map(|one| (text(one, "/name").to_owned(), text(one, "/value").to_owned()));
    shared.clone().into_iter().chain(own).collect()
}

fn processes(base: &Folder, overlay: &Folder) -> Vec<(Process, Value)> {
    let shared = shared(base, overlay);
    let deployments = of_kind(&base.manifests, "Deployment").into_iter();
    let processes = deployments.map(|deployment| {
        let name = text(deployment, "/metadata/name").to_owned();
        let container = &list(pod(deployment), "/containers")[0];
        let line: Vec<_> = ["parasol"].into_iter().chain(words(list(container, "/args"))).collect();
        parasol::cli::understands(line.iter().copied())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let config = settings(&env(container, &shared), None);
        let config = config.unwrap_or_else(|error| panic!("{name}: {error}"));
        let address = format!("http://{name}:7443");
        (Process { name, config, address }, deployment.clone())
    });
    processes.collect()
}

/// The paths that probes ask for.
pub fn probes() -> Vec<String> {
    let (base, _) = cell();
    let deployments = of_kind(&base.manifests, "Deployment");
    let containers = deployments.iter().flat_map(|one| list(pod(one), "/containers"));
    let probes = containers.flat_map(|container| {
        ["startupProbe", "livenessProbe", "readinessProbe"]
            .map(|probe| text(container, &format!("/{probe}/httpGet/path")).to_owned())
    });
    probes.collect()
}

#[test]
fn every_manifest_has_the_form_that_kubernetes_publishes() {
    let (base, overlay) = cell();
    let (schema, mut wrong) = (Schema::kubernetes(), Vec::new());
    for manifest in base.manifests.iter().chain(&overlay.manifests) {
        let name = text(manifest, "/metadata/name");
        wrong.extend(
            schema.problems(manifest).into_iter().map(|problem| format!("{name}: {problem}")),
        );
    }
    none(&wrong);
    assert!(base.manifests.len() > 15, "only {} were found", base.manifests.len());
}

#[test]
fn the_pods_make_a_cell_in_which_every_role_is_played_where_others_look_for_it() {
    let (base, overlay) = cell();
    let processes: Vec<_> = processes(&base, &overlay).into_iter().map(|(one, _)| one).collect();
    none(&wrong_in_cell(&processes));
    assert_eq!(processes.len(), 3);
    for Process { config, name, .. } in &processes {
        assert!(config.staff.registered_only && !config.is_embedded(), "{name}");
        assert!(config.evidence.bucket().is_some(), "{name}: pods share no folder");
    }
    for job in of_kind(&base.manifests, "Job") {
        let container = &list(pod(job), "/containers")[0];
        let line = ["parasol"].into_iter().chain(words(list(container, "/args")));
        parasol::cli::understands(line).expect("the job's command is one");
        settings(&env(container, &shared(&base, &overlay)), None).expect("its settings are some");
    }
}

#[test]
fn what_must_outlive_a_pod_lies_on_a_claim_that_all_of_them_share() {
    let (base, overlay) = cell();
    let shared = shared(&base, &overlay);
    let config = settings(&shared, None).expect("its settings are some");
    let (data, kept) = (config.data_dir.as_path(), config.kept());
    assert!(!kept.starts_with(data) && !data.starts_with(kept), "{} is kept", kept.display());
    let claims = of_kind(&base.manifests, "PersistentVolumeClaim");
    let many = |claim: &&&Value| words(list(claim, "/spec/accessModes")) == ["ReadWriteMany"];
    for workload in workloads(&base) {
        let (name, pod) = (text(workload, "/metadata/name"), pod(workload));
        let mounts = list(&list(pod, "/containers")[0], "/volumeMounts").iter();
        let mount = mounts.clone().find(|one| Path::new(text(one, "/mountPath")) == kept);
        let mount = mount.unwrap_or_else(|| panic!("{name} keeps nothing"));
        assert_ne!(mount["readOnly"], true, "{name}");
        let volume = list(pod, "/volumes").iter().find(|one| one["name"] == mount["name"]);
        let claim = text(volume.expect("a volume"), "/persistentVolumeClaim/claimName");
        let known = claims.iter().filter(many).any(|one| text(one, "/metadata/name") == claim);
        assert!(known, "{name}: {claim:?} is no claim that all pods can have");
    }
}

#[test]
fn ports_of_services_pods_and_settings_are_the_same() {
    let (base, overlay) = cell();
    for (process, deployment) in processes(&base, &overlay) {
        let container = &list(pod(&deployment), "/containers")[0];
        let ports: BTreeMap<_, _> = list(container, "/ports")
            .iter()
            .map(|port| (text(port, "/name"), port["containerPort"].as_u64().expect("a port")))
            .collect();
        for (name, address) in
            [("grpc", &process.config.grpc_addr), ("http", &process.config.http_addr)]
        {
            assert_eq!(format!("0.0.0.0:{}", ports[name]), *address, "{}", process.name);
        }
        for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
            assert_eq!(text(container, &format!("/{probe}/httpGet/port")), "http", "{probe}");
        }
        let services = of_kind(&base.manifests, "Service");
        let service = services.iter().find(|one| text(one, "/metadata/name") == process.name);
        let service = service.unwrap_or_else(|| panic!("no service {}", process.name));
        for port in list(service, "/spec/ports") {
            let target = ports.get(text(port, "/targetPort"));
            assert_eq!(target, port["port"].as_u64().as_ref(), "{}", process.name);
        }
        let component = text(&deployment, COMPONENT);
        let selected = |of: &Value, path: &str| text(of, path).to_owned();
        let label = "app.kubernetes.io~1component";
        assert_eq!(selected(service, &format!("/spec/selector/{label}")), component);
        assert_eq!(
            selected(&deployment, &format!("/spec/selector/matchLabels/{label}")),
            component
        );
        assert_eq!(selected(&deployment, &format!("/spec/template{COMPONENT}")), component);
    }
    for rule in
        of_kind(&overlay.manifests, "Ingress").iter().flat_map(|one| list(one, "/spec/rules"))
    {
        for path in list(rule, "/http/paths") {
            assert_eq!(text(path, "/backend/service/name"), "parasol-gateway");
            assert!(["grpc", "http"].contains(&text(path, "/backend/service/port/name")));
        }
    }
}

#[test]
fn every_container_has_limits_and_may_do_nothing_that_it_need_not() {
    let (base, _) = cell();
    for workload in workloads(&base) {
        let (name, pod) = (text(workload, "/metadata/name"), pod(workload));
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true, "{name}");
        assert_eq!(pod["securityContext"]["runAsUser"], 10_001, "{name}: the image's user");
        assert_eq!(text(pod, "/securityContext/seccompProfile/type"), "RuntimeDefault", "{name}");
        assert_eq!(pod["automountServiceAccountToken"], false, "{name}");
        assert_eq!(pod["enableServiceLinks"], false, "{name}");
        for container in list(pod, "/containers").iter().chain(list(pod, "/initContainers")) {
            assert_eq!(text(container, "/image"), "parasol", "{name}: an overlay names the image");
            for kind in ["requests", "limits"] {
                for resource in ["cpu", "memory"] {
                    let amount = text(container, &format!("/resources/{kind}/{resource}"));
                    assert_ne!(amount, "", "{name}: {kind} of {resource}");
                }
            }
            let may = &container["securityContext"];
            assert_eq!(may["allowPrivilegeEscalation"], false, "{name}");
            assert_eq!(may["readOnlyRootFilesystem"], true, "{name}");
            assert_eq!(words(list(may, "/capabilities/drop")), ["ALL"], "{name}");
        }
    }
}

#[test]
fn every_secret_that_a_pod_reads_is_one_that_the_overlay_makes() {
    let (base, overlay) = cell();
    let files = generated(&overlay, "secretGenerator", "parasol", "files");
    let keys: Vec<_> = files.iter().map(|file| file.split('=').next().expect("a key")).collect();
    let place = "/run/secrets/parasol";
    let known = |path: &str| path.strip_prefix(place).is_some_and(|key| keys.contains(&&key[1..]));
    for (key, value) in shared(&base, &overlay) {
        assert!(!key.ends_with("_FILE") || known(&value), "{key}={value}: the secret has {keys:?}");
    }
    for workload in workloads(&base) {
        let (name, pod) = (text(workload, "/metadata/name"), pod(workload));
        let volumes = list(pod, "/volumes");
        for container in list(pod, "/containers").iter().chain(list(pod, "/initContainers")) {
            for mount in list(container, "/volumeMounts") {
                let volume = volumes.iter().find(|one| one["name"] == mount["name"]);
                let volume = volume.unwrap_or_else(|| panic!("{name}: no volume {mount}"));
                let secret = text(volume, "/secret/secretName");
                assert_eq!(secret == "parasol", text(mount, "/mountPath") == place, "{name}");
            }
            let read = words(list(container, "/command")).into_iter();
            for path in read.filter(|word| word.starts_with("/run/")) {
                assert!(known(path), "{name} reads {path}");
            }
        }
    }
}

#[test]
fn every_group_is_scaled_and_drained_within_what_the_database_allows() {
    let (base, overlay) = cell();
    let mut connections = 0;
    for (process, deployment) in processes(&base, &overlay) {
        let Process { name, config, .. } = &process;
        let scalers = of_kind(&base.manifests, "HorizontalPodAutoscaler");
        let scaler = scalers.iter().find(|one| text(one, "/spec/scaleTargetRef/name") == name);
        let scaler = &scaler.unwrap_or_else(|| panic!("nobody scales {name}"))["spec"];
        let most = scaler["maxReplicas"].as_u64().expect("a number");
        assert!(scaler["minReplicas"].as_u64() >= Some(2), "{name}: one may go");
        let surge = deployment["spec"]["strategy"]["rollingUpdate"]["maxSurge"].as_u64();
        let each = u64::from(config.pools.write + config.pools.read) + BESIDE_POOLS;
        connections += (most + surge.expect("a number")) * each;

        let budgets = of_kind(&base.manifests, "PodDisruptionBudget");
        let label = "/spec/selector/matchLabels/app.kubernetes.io~1component";
        let component = text(&deployment, COMPONENT);
        let budget = budgets.iter().find(|one| text(one, label) == component);
        assert_eq!(budget.expect("there is one")["spec"]["maxUnavailable"], 1, "{name}");

        let pause =
            list(pod(&deployment), "/containers")[0]["lifecycle"]["preStop"]["sleep"]["seconds"]
                .as_u64();
        let grace = pod(&deployment)["terminationGracePeriodSeconds"].as_u64().expect("seconds");
        assert!(grace > pause.expect("a pause") + config.limits.drain_s, "{name}");
    }
    assert!(connections + RESERVED <= CONNECTIONS, "{connections} connections at most");
}

#[test]
fn nobody_reaches_a_pod_but_by_a_port_that_it_serves() {
    let (base, _) = cell();
    let policies = of_kind(&base.manifests, "NetworkPolicy");
    let closed = policies.iter().any(|one| {
        let spec = &one["spec"];
        spec["podSelector"] == serde_json::json!({})
            && words(list(spec, "/policyTypes")) == ["Ingress", "Egress"]
            && spec.get("ingress").is_none()
            && spec.get("egress").is_none()
    });
    assert!(closed, "what is not allowed is not forbidden");
    for policy in &policies {
        for rule in list(policy, "/spec/ingress") {
            assert!(!list(rule, "/from").is_empty(), "{rule}: from anywhere");
            for port in list(rule, "/ports") {
                assert!([7443, 7480].contains(&port["port"].as_u64().expect("a port")), "{port}");
            }
        }
    }
}
