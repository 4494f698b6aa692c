//! A cell that is put back from a copy, as an operator does it: copied while it runs, lost, put back, said so. What
//! happened after the copy is gone and nobody is told otherwise; everything else goes on.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use futures::TryStreamExt as _;
use parasol_api::common::v1::EvidenceKind;
use parasol_api::intake::v1::intake_service_client::IntakeServiceClient;
use parasol_api::intake::v1::{CancelCaseRequest, GetEvidenceRequest, UploadEvidenceRequest};
use parasol_api::tracking::v1::tracking_service_client::TrackingServiceClient;
use parasol_api::tracking::v1::{GetTimelineRequest, WatchCaseRequest};
use parasol_api::{Error, Reason};
use parasol_testkit::Postgres;
use tempfile::TempDir;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

use crate::evidence::jpeg;
use crate::program::program;
use crate::up::{Up, root};

/// A case with its customer and its photo, and how its customer reaches the process.
struct Told {
    customer: String,
    case: String,
    evidence: String,
}

impl Told {
    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let header = format!("Bearer {}", self.customer).parse().expect("ASCII");
        request.metadata_mut().insert("authorization", header);
        request
    }

    /// Where a watch of the case would go on.
    async fn token(&self, up: &Up) -> String {
        let message =
            GetTimelineRequest { case_id: self.case.clone(), ..GetTimelineRequest::default() };
        let told =
            TrackingServiceClient::new(channel(up)).get_timeline(self.request(message)).await;
        told.expect("a timeline").into_inner().resume_token
    }

    async fn watch(&self, up: &Up, token: &str) -> Result<(), Status> {
        let message = WatchCaseRequest {
            case_id: self.case.clone(),
            resume_token: token.to_owned(),
            ..WatchCaseRequest::default()
        };
        let mut client = TrackingServiceClient::new(channel(up));
        client.watch_case(self.request(message)).await.map(drop)
    }

    /// Takes the case back; the request id is one for each time it is asked anew.
    async fn cancel(&self, up: &Up, nth: u8) {
        let message = CancelCaseRequest {
            request_id: format!("0190a1b2-c3d4-7e5f-8000-0000000000{nth:02}"),
            case_id: self.case.clone(),
            reason: "found the plug".to_owned(),
            ..CancelCaseRequest::default()
        };
        let mut client = IntakeServiceClient::new(channel(up));
        client.cancel_case(self.request(message)).await.expect("it is taken back");
    }

    async fn photo(&self, up: &Up) -> Vec<u8> {
        let message = GetEvidenceRequest { evidence_id: self.evidence.clone() };
        let mut client = IntakeServiceClient::new(channel(up));
        let pieces = client.get_evidence(self.request(message)).await.expect("it is there");
        let pieces: Vec<_> = pieces.into_inner().try_collect().await.expect("it comes whole");
        pieces.into_iter().flat_map(|piece| piece.data).collect()
    }
}

fn channel(up: &Up) -> Channel {
    Endpoint::from_shared(format!("http://{}", up.grpc)).expect("an address").connect_lazy()
}

/// A case that was offered to a centre, with a photo.
async fn told(up: &Up) -> Told {
    let examples = root().join("examples");
    done(up.run(&["import", "--grpc", &up.grpc, examples.to_str().expect("a path is text")]));
    let (customer, case, _) = up.offered().await;
    let told = Told { customer, case, evidence: String::new() };
    let head = UploadEvidenceRequest {
        request_id: "0190a1b2-c3d4-7e5f-8000-000000000099".to_owned(),
        case_id: told.case.clone(),
        kind: EvidenceKind::Fault.into(),
        ..UploadEvidenceRequest::default()
    };
    let piece = UploadEvidenceRequest { data: jpeg(), ..UploadEvidenceRequest::default() };
    let messages = tokio_stream::iter([head, piece]);
    let mut client = IntakeServiceClient::new(channel(up));
    let kept = client.upload_evidence(told.request(messages)).await.expect("it is kept");
    let evidence = kept.into_inner().evidence.expect("a piece").evidence_id;
    Told { evidence, ..told }
}

fn done(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn run(arguments: &[&str], data: &Path) -> Output {
    let mut command = Command::new(program());
    command.arg(arguments[0]).arg("--data").arg(data).args(&arguments[1..]);
    command.output().expect("the program runs")
}

/// What is lost and what goes on, whatever the store: `copy` copies the running cell, and `put_back` makes of the copy a
/// folder and settings to start on.
async fn is_put_back(
    data: &TempDir,
    settings: &[(&str, &str)],
    copy: impl AsyncFnOnce(&Up),
    put_back: impl FnOnce() -> (PathBuf, Vec<(&'static str, String)>),
) {
    let up = Up::start(data.path(), settings);
    let told = told(&up).await;
    let (before, photo) = (told.token(&up).await, told.photo(&up).await);
    copy(&up).await;
    told.cancel(&up, 1).await;
    let after = told.token(&up).await;
    told.watch(&up, &before).await.expect("it is good until the store is lost");
    up.kill_9();

    let (folder, settings) = put_back();
    let settings: Vec<_> = settings.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let said: Vec<_> = settings.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let arguments = ["migrate", "--restored"].into_iter();
    let arguments: Vec<_> =
        arguments.chain(said.iter().flat_map(|one| ["--set", one.as_str()])).collect();
    done(run(&arguments, &folder));
    let up = Up::start(&folder, &settings);
    for token in [&before, &after] {
        let refused = told.watch(&up, token).await.expect_err("it is of a time that is lost");
        assert_eq!(Error::from_status(&refused).reason(), Reason::ResyncRequired, "{refused:?}");
    }
    up.at(&told.customer, &told.case, "STAGE_DISPATCHED").await;
    assert_eq!(told.photo(&up).await, photo, "the photo was put back with its case");
    let fresh = told.token(&up).await;
    told.watch(&up, &fresh).await.expect("a token of now is good");
    told.cancel(&up, 2).await;
    up.at(&told.customer, &told.case, "STAGE_CANCELLED").await;
}

#[tokio::test]
async fn proc_an_embedded_cell_is_copied_while_it_runs_and_put_back() {
    let data = tempfile::tempdir().expect("a temp folder");
    let place = tempfile::tempdir().expect("a temp folder");
    let to = place.path().join("copy");
    let copied = to.clone();
    let copy = async |up: &Up| {
        let to = to.to_str().expect("a path is text");
        let said = done(up.run(&["backup", "--json", "--to", to]));
        let said: serde_json::Value = serde_json::from_str(&said).expect("one document");
        assert!(said["feed_position"].as_u64() > Some(0), "{said}");
        assert!(said["evidence_files"].as_u64() > Some(0), "{said}");
        assert_eq!(said["signing_key"], true);
        assert!(!up.run(&["backup", "--to", to]).status.success(), "a copy is never overwritten");
        // The copy is a folder like any other.
        let well = run(
            &[
                "doctor",
                "--json",
                "--set",
                "grpc_addr=127.0.0.1:0",
                "--set",
                "http_addr=127.0.0.1:0",
            ],
            Path::new(to),
        );
        done(well);
    };
    is_put_back(&data, &[], copy, || (copied, Vec::new())).await;
}

#[tokio::test]
async fn proc_a_copy_without_the_key_has_none_and_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let data = tempfile::tempdir().expect("a temp folder");
    let place = tempfile::tempdir().expect("a temp folder");
    Up::start(data.path(), &[]).kill_9();
    for (name, options) in [("with", &[][..]), ("without", &["--without-key"][..])] {
        let to = place.path().join(name);
        let arguments = ["backup", "--to", to.to_str().expect("a path is text")];
        done(run(&[&arguments[..], options].concat(), data.path()));
        let mode =
            |path: &Path| std::fs::metadata(path).map(|found| found.permissions().mode() & 0o777);
        assert_eq!(mode(&to).expect("it is there"), 0o700);
        let key = mode(&to.join("secret.key")).ok();
        assert_eq!(key, options.is_empty().then_some(0o600), "{name}");
    }
    let elsewhere =
        run(&["backup", "--to", "nowhere", "--database", "postgres://x/y"], data.path());
    assert!(!elsewhere.status.success());
    assert!(String::from_utf8_lossy(&elsewhere.stderr).contains("docs/operations.md"));
}

#[tokio::test]
async fn proc_a_cell_on_a_server_is_dumped_while_it_runs_and_put_back() {
    let data = tempfile::tempdir().expect("a temp folder");
    let place = tempfile::tempdir().expect("a temp folder");
    let dump = place.path().join("cell.dump");
    let server = Postgres::shared().expect("a server");
    let database = server.fresh_database("lost").expect("a database");
    let fresh = server.fresh_database("put_back").expect("a database");
    let copy = async |_: &Up| {
        let mut dumped = Command::new("pg_dump");
        dumped.args(["--format=custom", "--file"]).arg(&dump).arg(&database);
        done(dumped.output().expect("it is installed"));
    };
    let folder = data.path().to_owned();
    let put_back = || {
        let mut restored = Command::new("pg_restore");
        restored.args(["--no-owner", "--exit-on-error", "--dbname", &fresh]).arg(&dump);
        done(restored.output().expect("it is installed"));
        (folder, vec![("database_url", fresh.clone())])
    };
    is_put_back(&data, &[("database_url", &database)], copy, put_back).await;
}
