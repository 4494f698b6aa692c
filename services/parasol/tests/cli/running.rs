//! A node that runs, and the commands beside it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Stdio};
use std::sync::Arc;
use std::task::Poll;

use futures::Stream;
use parasol_api::admin::v1::ImportNetworkRequest;
use parasol_api::admin::v1::network_service_client::NetworkServiceClient;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::sync::Notify;
use tonic::Request;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Endpoint;

use crate::{Data, example, parasol, run};

/// `parasol up` with its document; killed when the test ends before it stops.
pub(crate) struct Up {
    child: Child,
    out: BufReader<ChildStdout>,
    ready: Value,
}

impl Up {
    pub(crate) fn start(data: &Data) -> Self {
        Self::start_logging(data, Stdio::null())
    }

    fn start_logging(data: &Data, log: Stdio) -> Self {
        let mut command = parasol(&["up", "--json", "--data", &data.name()]);
        command.args(["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut document = String::new();
        while !document.ends_with("\n}\n") {
            assert_ne!(out.read_line(&mut document).unwrap(), 0, "it ended: {document}");
        }
        let ready = serde_json::from_str(&document).unwrap();
        Self { child, out, ready }
    }

    fn grpc(&self) -> &str {
        self.ready["grpc"].as_str().unwrap()
    }

    /// Stops it as a service manager does.
    pub(crate) fn end(self) {
        assert_eq!(self.stop(Signal::TERM).0, Some(0));
    }

    /// Its exit code and whatever else it printed, after one signal.
    fn stop(mut self, signal: Signal) -> (Option<i32>, String) {
        let process = Pid::from_child(&self.child);
        kill_process(process, signal).unwrap();
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        // Both fail when it has ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn proc_up_serves_an_import_and_drains_at_a_signal() {
    let data = Data::new();
    let up = Up::start(&data);
    assert!(up.ready["ready_ms"].as_u64().unwrap() < 10_000);
    assert_eq!(up.ready["store"], "sqlite");

    // The key of the data folder signs for whoever may read it.
    let network = example("network");
    let import = ["import", "--json", "--data", &data.name(), "--grpc", up.grpc(), &network];
    let signed = run(&import);
    assert_eq!(signed.code, 0, "{}", signed.err);

    // Elsewhere a token does.
    let token =
        run(&["token", "--data", &data.name(), "--role", "operator", "--subject", "me", "--json"]);
    let token = token.document()["token"].as_str().unwrap().to_owned();
    let elsewhere = Data::new();
    let place = elsewhere.name();
    let import = ["import", "--json", "--data", &place, "--grpc", up.grpc(), &network];
    let carried = run(&[&import[..], &["--token", &token]].concat());
    assert_eq!(carried.code, 0, "{}", carried.err);
    assert_eq!(carried.document()["files"][1]["unchanged"], 5);

    let forged = run(&[&import[..], &["--token", "forged"]].concat());
    assert_eq!(forged.code, 1);
    assert!(forged.err.contains("UNAUTHENTICATED"), "{}", forged.err);
    let keyless = run(&import);
    assert!(keyless.err.contains("there is no secret.key"), "{}", keyless.err);

    assert_eq!(up.stop(Signal::INT), (Some(0), String::new()));
}

#[test]
fn proc_a_folder_has_one_node_and_goes_on_after_a_kill() {
    let data = Data::new();
    let up = Up::start(&data);
    let second = run(&["up", "--data", &data.name(), "--grpc", "127.0.0.1:0"]);
    assert_eq!(second.code, 1);
    assert!(second.err.contains("in use by another process"), "{}", second.err);
    let migrate = run(&["migrate", "--data", &data.name()]);
    assert!(migrate.err.contains("in use by another process"), "{}", migrate.err);

    let (grpc, http) = (up.grpc(), up.ready["http"].as_str().unwrap());
    let beside = run(&["doctor", "--json", "--data", &data.name(), "--grpc", grpc, "--http", http]);
    assert_eq!((beside.code, &beside.document()["status"]), (0, &Value::from("ok")));
    assert!(beside.out.contains("in use by a running node"), "{}", beside.out);

    assert_eq!(up.stop(Signal::KILL).0, None);
    let again = Up::start(&data);
    assert_eq!(again.stop(Signal::TERM).0, Some(0));
}

/// A call that never ends holds the first signal up for the whole time to finish; the second does not
/// wait for it.
#[tokio::test(flavor = "multi_thread")]
async fn proc_a_second_signal_stops_at_once() {
    let data = Data::new();
    let mut up = Up::start_logging(&data, Stdio::piped());
    let token = run(&["token", "--data", &data.name(), "--role", "operator", "--subject", "me"]);
    let channel = Endpoint::from_shared(format!("http://{}", up.grpc())).unwrap().connect_lazy();
    let header: MetadataValue<Ascii> = format!("Bearer {}", token.out.trim()).parse().unwrap();
    let begun = Arc::new(Notify::new());
    let sent = Arc::clone(&begun);
    let rows = unending_rows(move || sent.notify_one());
    let mut request = Request::new(rows);
    request.metadata_mut().insert("authorization", header);
    let mut client = NetworkServiceClient::new(channel);
    let log = BufReader::new(up.child.stderr.take().unwrap());
    let process = Pid::from_child(&up.child);
    let signals = async {
        begun.notified().await;
        kill_process(process, Signal::INT).unwrap();
        tokio::task::spawn_blocking(move || {
            let mut told = Vec::new();
            for line in log.lines().map(Result::unwrap) {
                if line.contains("a second signal aborts") {
                    kill_process(process, Signal::INT).unwrap();
                }
                told.push(line);
            }
            told.join("\n")
        })
        .await
        .unwrap()
    };
    let (answer, told) = tokio::join!(client.import_network(request), signals);
    assert_eq!(up.child.wait().unwrap().code(), Some(1), "{told}");
    assert!(told.contains("aborted by a second signal"), "{told}");
    assert!(answer.is_err());
}

/// One message and then none for ever; `asked` is called when the second is asked for, which the
/// connection does once it has taken the first.
fn unending_rows(
    asked: impl Fn() + Send + 'static,
) -> impl Stream<Item = ImportNetworkRequest> + Send {
    let mut first = Some(ImportNetworkRequest {
        request_id: "6f0a2f3e-7a52-4b1e-9f3d-2f4c0a8f7b11".to_owned(),
        ..ImportNetworkRequest::default()
    });
    futures::stream::poll_fn(move |_| match first.take() {
        Some(first) => Poll::Ready(Some(first)),
        None => {
            asked();
            Poll::Pending
        }
    })
}

#[test]
fn an_address_where_nobody_listens_is_told_as_such() {
    let data = Data::new();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let address = nobody.to_string();
    let network = example("network/brands.jsonl");
    let import = ["import", "--data", &data.name(), "--grpc", &address, "--token", "t", &network];
    let ended = run(&import);
    assert_eq!(ended.code, 1);
    assert!(ended.err.contains("the node cannot be reached"), "{}", ended.err);
}

/// The answer of `audit` with these words, with its exit code.
fn audit(data: &Data, words: &[&str]) -> (i32, Value) {
    let ended = run(&[&["audit"], words, &["--json", "--data", &data.name()]].concat());
    (ended.code, ended.document())
}

#[test]
fn proc_the_trail_of_a_node_is_verified_and_what_was_done_to_it_is_named() {
    let data = Data::new();
    let up = Up::start(&data);
    let network = example("network");
    let import = ["import", "--json", "--data", &data.name(), "--grpc", up.grpc(), &network];
    assert_eq!(run(&import).code, 0);
    let (code, mut found) = audit(&data, &["verify"]);
    assert_eq!(code, 0, "{found}");
    for _ in 0..100 {
        // Beside a node that runs: it links in a moment.
        if found["waiting"] == 0 {
            break;
        }
        found = audit(&data, &["verify"]).1;
    }
    assert_eq!((&found["waiting"], &found["problem"]), (&Value::from(0), &Value::Null), "{found}");
    let (_, head) = audit(&data, &["head"]);
    let word = head["head"].as_str().unwrap();
    assert_eq!(up.stop(Signal::INT).0, Some(0));

    // The process has kept its head, too.
    let (code, found) = audit(&data, &["verify", "--head", word]);
    assert_eq!(code, 0, "{found}");
    assert!(found["sound"].as_u64() >= head["position"].as_u64(), "{found}");
    assert!(found["heads"].as_u64().unwrap() >= 2, "{found}");
    the_chain_of_before_needs_the_secret_of_before(&data);
    let store = rusqlite::Connection::open(data.path().join("parasol.db")).unwrap();
    store.execute("UPDATE commands SET at = at - 1", []).unwrap();
    let (code, found) = audit(&data, &["verify"]);
    assert_eq!(code, 1, "{found}");
    assert!(
        found["problem"].as_str().unwrap().contains("is not what was chained there"),
        "{found}"
    );
    store.execute("DELETE FROM commands", []).unwrap();
    store.execute("DELETE FROM audit_chain", []).unwrap();
    let (code, found) = audit(&data, &["verify"]);
    assert_eq!((code, &found["sound"]), (1, &Value::from(0)), "{found}");
    assert!(found["problem"].as_str().unwrap().contains("ends before position 1"), "{found}");
}

/// A cell that is given a new secret goes on with its chain; the links of before are verified with the secret of before,
/// which is then put back.
fn the_chain_of_before_needs_the_secret_of_before(data: &Data) {
    let (key, old) = (data.path().join("secret.key"), data.beside("secret.key.of-before"));
    let heads = std::fs::read(data.path().join("audit-heads")).unwrap();
    std::fs::rename(&key, &old).unwrap();
    Up::start(data).end();
    let (code, found) = audit(data, &["verify"]);
    assert_eq!(code, 1, "{found}");
    assert!(found["problem"].as_str().unwrap().contains("is not known here"), "{found}");
    let word = old.to_str().unwrap();
    let (code, found) = audit(data, &["verify", "--old-key", word]);
    assert_eq!((code, &found["problem"]), (0, &Value::Null), "{found}");
    assert!(found["heads"].as_u64().unwrap() >= 1, "the heads of before count: {found}");
    let ended = run(&["audit", "certificates", "--old-key", word, "--data", &data.name()]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    let ended = run(&["audit", "verify", "--old-key", "/nowhere", "--data", &data.name()]);
    assert!(ended.code != 0 && ended.err.contains("a key of before"), "{}", ended.err);
    std::fs::rename(&old, &key).unwrap();
    std::fs::write(data.path().join("audit-heads"), heads).unwrap();
}
