//! `parasol up` and `parasol serve`: a node until a signal.

use std::path::Path;
use std::task::Poll;

use anyhow::Context as _;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use parasol_runtime::clock::Stopwatch;
use parasol_runtime::config::{Config, ConfigError, NodeRole};
use parasol_runtime::supervisor::Drained;
use serde::Serialize;

use super::{Common, Exit};
use crate::node::{Node, Options, RouterNode};

pub(super) const UP_EXAMPLE: &str = "\
The first Ctrl-C (or SIGTERM) lets work in flight finish, the second one stops at once. A process
that was killed goes on with every case when it is started again.

Example: parasol up --data ./parasol-data";

pub(super) const SERVE_EXAMPLE: &str = "\
Several processes may share the roles over one PostgreSQL; each is told in [peers] where the others are.

Examples:
  parasol serve --config /etc/parasol/parasol.toml
  parasol serve --role dispatch,scheduling --config /etc/parasol/parasol.toml
  parasol serve --role router --config /etc/parasol/router.toml";

/// What `serve` takes.
#[derive(clap::Args)]
pub(super) struct ServeArgs {
    /// The roles this process plays, in place of `roles` in the configuration
    #[arg(long, value_name = "ROLE", value_delimiter = ',', value_parser = role())]
    role: Vec<NodeRole>,
}

fn role() -> impl clap::builder::TypedValueParser<Value = NodeRole> {
    let all = || NodeRole::ALL.into_iter().chain([NodeRole::Router]);
    let find = move |text: String| all().find(|role| role.as_str() == text);
    PossibleValuesParser::new(all().map(NodeRole::as_str).collect::<Vec<_>>())
        .try_map(move |text| find(text).ok_or("no such role"))
}

impl ServeArgs {
    /// The configuration, with the roles that were asked for.
    pub(super) fn settings(&self, common: &Common) -> Result<Config, ConfigError> {
        if self.role.is_empty() {
            return common.settings();
        }
        let names: Vec<_> = self.role.iter().map(|role| role.as_str()).collect();
        common.settings_with(&[("roles", &names.join(","))])
    }
}

/// What is told once the node is ready.
#[derive(Serialize)]
struct Ready<'a> {
    grpc: String,
    /// The port with TLS, if there is one.
    tls: Option<String>,
    http: String,
    /// The folder; it holds the signing key even when the store is elsewhere.
    data: &'a Path,
    /// `sqlite` or `postgres`.
    store: &'static str,
    test_clock: bool,
    roles: &'a [NodeRole],
    /// Milliseconds from the start of the process until calls are taken.
    ready_ms: u128,
    version: &'static str,
    /// How to get a credential on this machine.
    token_command: String,
}

pub(super) async fn up(common: &Common, config: &Config, since: Stopwatch) -> anyhow::Result<Exit> {
    play(common, config, since, |ready| ready.hints()).await
}

pub(super) async fn serve(
    common: &Common,
    config: &Config,
    since: Stopwatch,
) -> anyhow::Result<Exit> {
    if config.test_clock {
        tracing::warn!("the test clock is on: an operator can make deadlines pass");
    }
    play(common, config, since, |ready| ready.line()).await
}

async fn play(
    common: &Common,
    config: &Config,
    since: Stopwatch,
    text: fn(&Ready<'_>) -> String,
) -> anyhow::Result<Exit> {
    if config.plays(NodeRole::Router) {
        return hand_on(common, config, since).await;
    }
    let options = Options { metrics: Some(common.metrics()), ..Options::default() };
    let node = Node::start(config, options).await.context("the node could not be started")?;
    let ready = Ready {
        grpc: node.grpc.to_string(),
        tls: node.tls.map(|address| address.to_string()),
        http: node.http.to_string(),
        data: &config.data_dir,
        store: if config.is_embedded() { "sqlite" } else { "postgres" },
        test_clock: config.test_clock,
        roles: &config.roles,
        ready_ms: since.elapsed().as_millis(),
        version: env!("CARGO_PKG_VERSION"),
        token_command: format!(
            "parasol token --data {} --role operator --subject me",
            config.data_dir.display()
        ),
    };
    let drained =
        until_stopped(Box::pin(node.run()), || common.answer(&ready, || text(&ready))).await?;
    Ok(ended(config, drained))
}

/// Runs whatever runs until a signal, and tells once it does. Signals are followed from the first poll on, since whoever
/// reads the answer may send one.
async fn until_stopped(
    mut running: impl Future<Output = anyhow::Result<Drained>> + Unpin,
    tell: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<Drained> {
    let at_once = futures::poll!(&mut running);
    tell()?;
    match at_once {
        Poll::Ready(ended) => ended,
        Poll::Pending => running.await,
    }
}

/// What is told once a router is ready.
#[derive(Serialize)]
struct RouterReady<'a> {
    grpc: String,
    /// The port with TLS, if there is one.
    tls: Option<String>,
    http: String,
    roles: &'a [NodeRole],
    /// The cells it hands calls to.
    cells: Vec<&'a str>,
    /// Milliseconds from the start of the process until calls are taken.
    ready_ms: u128,
    version: &'static str,
}

/// A router until a signal.
async fn hand_on(common: &Common, config: &Config, since: Stopwatch) -> anyhow::Result<Exit> {
    let node = RouterNode::start(config).await.context("the router could not be started")?;
    let ready = RouterReady {
        grpc: node.grpc.to_string(),
        tls: node.tls.map(|address| address.to_string()),
        http: node.http.to_string(),
        roles: &config.roles,
        cells: config.cells.iter().map(|cell| cell.label.as_str()).collect(),
        ready_ms: since.elapsed().as_millis(),
        version: env!("CARGO_PKG_VERSION"),
    };
    let line = || {
        let RouterReady { grpc, http, ready_ms, version, cells, .. } = &ready;
        let cells = cells.join(" ");
        format!(
            "parasol {version} ready after {ready_ms} ms: gRPC {grpc}, HTTP {http}, router to {cells}"
        )
    };
    let drained = until_stopped(Box::pin(node.run()), || common.answer(&ready, line)).await?;
    Ok(ended(config, drained))
}

fn ended(config: &Config, drained: Drained) -> Exit {
    if drained == Drained::Forced {
        tracing::warn!(
            limit_s = config.limits.drain_s,
            "some calls were cut off when the time to finish was over; repeated, they take effect \
             once"
        );
    }
    Exit::Done
}

impl Ready<'_> {
    /// For somebody who tries it out.
    fn hints(&self) -> String {
        let Self { grpc, http, store, ready_ms, version, token_command, .. } = self;
        let data = self.data.display();
        let tls = self.tls.as_ref().map(|tls| format!("\n  TLS    {tls} (gRPC)"));
        let tls = tls.unwrap_or_default();
        let clock = if self.test_clock { "\n  clock  test clock" } else { "" };
        format!(
            "Parasol {version} is up after {ready_ms} ms.\n  \
             gRPC   {grpc} (health and reflection need no token){tls}\n  \
             HTTP   http://{http}\n  \
             data   {data} ({store}){clock}\n  \
             token  {token_command}\n  \
             stop   Ctrl-C lets work finish; a second one stops at once"
        )
    }

    /// For a service manager's journal.
    fn line(&self) -> String {
        let Self { grpc, http, store, ready_ms, version, .. } = self;
        let data = self.data.display();
        let tls = self.tls.as_ref().map(|tls| format!(", gRPC with TLS {tls}")).unwrap_or_default();
        let roles: Vec<_> = self.roles.iter().map(|role| role.as_str()).collect();
        format!(
            "parasol {version} ready after {ready_ms} ms: gRPC {grpc}{tls}, HTTP {http}, data {data} \
             ({store}), roles {}",
            roles.join(" ")
        )
    }
}
