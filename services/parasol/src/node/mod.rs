//! A node: every role this process plays, wired together, with its two ports.
//!
//! The one place where services, kernel and runtime meet. `up` and `serve` run a node until a signal,
//! the demonstration and the benchmarks run one inside their own process, and tests do the same.

mod anchor;
pub(crate) mod archive;
mod base;
mod figures;
mod flow;
pub(crate) mod kernel;
mod loops;
mod notices;
mod operations;
mod peers;
mod router;
mod seals;
mod services;
mod vault;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use parasol_api::Error;
use parasol_bell::Bell;
use parasol_casebook::{
    Handoff, Lease, Limits, Parts, Projector, Rules, Store, Submitter, committer,
};
use parasol_desk::Desk;
use parasol_evidence::Limits as EvidenceLimits;
use parasol_gateway::{Callbacks, Rest, Web};
use parasol_journey::deadline::{Clock as ClockName, Deadlines};
use parasol_journey::task::Role;
use parasol_journey::time::{Span, Timestamp};
use parasol_runtime::clock::Clock;
use parasol_runtime::config::{ClientCertificates, Config, NodeRole};
use parasol_runtime::health::Health;
use parasol_runtime::identity::issuers::Issuers;
use parasol_runtime::identity::{Bearers, Principal, TokenKey};
use parasol_runtime::metrics::Metrics;
use parasol_runtime::shutdown::Shutdown;
use parasol_runtime::supervisor::{Drained, OnFailure, OnStop, Supervisor, TaskKind};
use parasol_runtime::transport::auth::AuthLayer;
use parasol_runtime::transport::tls::Tls;
use parasol_runtime::transport::tls::edge::Edge;
use parasol_runtime::transport::{Layers, Transport, local, server};
use tokio::net::TcpListener;
use tonic::codegen::http::HeaderMap;
use uuid::Uuid;

pub use anchor::{HEADS_FILE, KeptHeads, chain_keys};
pub use base::{CLOCK_OFFSET, LOCK_FILE, STORE_FILE, open_clock, open_store, own};
pub use router::RouterNode;
pub use seals::seal_keys;
pub use vault::{VAULT_KEYS_FILE, moved, read as read_vault_keys, replace_vault_keys, vault_keys};

pub(crate) use peers::service_of;

use anchor::Anchor;
use base::Base;
use peers::{Peers, role_of};
use services::Services;

/// How long a token made by this process for its own use is good: long enough for a clock that is
/// advanced by weeks.
const OWN_TOKEN: Span = Span::days(3_650);
/// How long a partner whose callback was found to be its own is let in for: one call.
const CALLBACK_TOKEN: Span = Span::minutes(1);

/// A running node.
pub struct Node {
    /// Where gRPC is served.
    pub grpc: SocketAddr,
    /// Where gRPC is served with TLS, if it is.
    pub tls: Option<SocketAddr>,
    /// Where pages and probes are served.
    pub http: SocketAddr,
    /// What the node tells the time by.
    pub clock: Clock,
    /// The store underneath, for audits.
    pub store: Store,
    /// The way to the committer, for measurements inside the process.
    pub submitter: Submitter,
    /// The bell of this process.
    pub bell: Bell,
    key: Arc<TokenKey>,
    supervisor: Supervisor,
    /// Runs the committer, which outlives whoever submits to it.
    kernel: Supervisor,
    shutdown: Shutdown,
    health: Health,
    /// As whom it holds leases.
    holder: Uuid,
    /// Keeps the head of the audit chain once more when it stops.
    anchor: Anchor,
    drain: Duration,
}

/// Makes credentials, for whoever owns the node's key.
#[derive(Clone)]
pub struct Tokens {
    key: Arc<TokenKey>,
    clock: Clock,
}

impl Tokens {
    /// For whoever holds the key of a node that runs elsewhere; `from` is when they begin to be good.
    pub fn of(key: TokenKey, from: Timestamp) -> Self {
        Self { key: Arc::new(key), clock: Clock::manual(from) }
    }

    /// A token for a caller. It outlives whatever a test clock is advanced by.
    pub fn token(&self, principal: &Principal) -> String {
        self.key.issue(principal, self.clock.now(), OWN_TOKEN)
    }
}

/// What a node is started with beside its configuration.
#[derive(Default)]
pub struct Options {
    /// Limits of clocks, beside those of the configuration; finer than its seconds.
    pub deadlines: Vec<(ClockName, Span)>,
    /// Where measurements go.
    pub metrics: Option<Metrics>,
    /// The program whose child processes read photos and films; that of this process where none is named.
    /// For nodes inside a test, whose own program is none of ours.
    pub evidence_program: Option<PathBuf>,
    /// How much of everything a photo or a film may take.
    pub evidence_limits: EvidenceLimits,
}

impl Node {
    /// Starts everything and returns once both ports are open and the node is ready.
    ///
    /// # Errors
    /// What keeps it from starting, in words for whoever runs it.
    pub async fn start(config: &Config, options: Options) -> anyhow::Result<Self> {
        // Large: whoever waits for it need not carry it.
        Box::pin(Self::wired(config, options)).await
    }

    async fn wired(config: &Config, options: Options) -> anyhow::Result<Self> {
        let base = Base::open(config).await?;
        let shutdown = Shutdown::new();
        let seed = base.ids.next().as_u64_pair().1;
        let supervisor = Supervisor::new(shutdown.clone(), base.clock.clone(), seed);
        let kernel = Supervisor::new(Shutdown::new(), base.clock.clone(), seed);
        let health = Health::new();
        let (listening, working) = (health.latch("ports"), health.latch("workers"));
        let bell = start_bell(config, &base, &supervisor)?;
        let metrics = options.metrics.clone().unwrap_or_else(Metrics::silent);
        let lease = Lease {
            holder: base.ids.next(),
            length: Span::from_micros(i64::try_from(config.tasks.lease_ms * 1_000)?),
        };
        let depth = usize::try_from(config.tasks.batch)? * 4;
        // Twice the time between two looks: a deadline is in memory well before it is due.
        let ahead = Span::from_micros(i64::try_from(config.tasks.poll_ms * 2_000)?);
        let (handoff, queues) = Handoff::new(lease, ahead, &workers(config), depth);
        let submitter = start_committer(config, &options, &base, &bell, &handoff, &kernel).await?;
        let desk = Desk {
            store: base.store.clone(),
            submitter: submitter.clone(),
            clock: base.clock.clone(),
            ids: base.ids.clone(),
            key: Arc::clone(&base.key),
            message_bytes: config.limits.message_bytes,
        };
        let (peers, archive) = (Peers::new(config)?, archive::open(config, &options).await?);
        let services =
            Services::new(config, (&desk, &bell, &peers, &shutdown, archive), &base).await?;
        let issuers = Issuers::new(&config.issuers, &base.clock).map_err(anyhow::Error::msg)?;
        let (store, clock) = (base.store.clone(), base.clock.clone());
        let anchor = Anchor::new(store, clock, metrics.clone(), config.kept());
        let layers = layers(config, &base, metrics.clone(), &issuers, &services);
        loops::issuers(&supervisor, &issuers);
        peers.connect(local::in_process(services.routes(&health)?, &layers));
        let poll = Duration::from_millis(config.tasks.poll_ms);
        let loops = loops::Loops {
            store: base.store.clone(),
            submitter: submitter.clone(),
            handoff,
            bell: bell.clone(),
            clock: base.clock.clone(),
            batch: usize::try_from(config.tasks.batch)?,
            poll,
            metrics,
        };
        if config.works_on_cases() {
            loops.start(&supervisor, services.handlers(), queues);
            loops::audit(&supervisor, &anchor);
        }
        services.start_loops(&supervisor, &base, &bell, lease.holder, poll).await?;
        working.release().await;
        let here = layers.around(services.routes(&health)?);
        let served = if config.plays(NodeRole::Gateway) {
            peers.edge(here, layers.around_way(peers.transport()))
        } else {
            here
        };
        let admits = admits(AuthLayer::new(&layers));
        let callbacks = callbacks(&peers, &base);
        let rest = Rest::new(peers.transport(), admits, callbacks, config.limits.message_bytes)
            .for_origins(&config.browser_origins);
        let bearers = Bearers::new(Arc::clone(&base.key), issuers, base.clock.clone())
            .with_api_keys(services.api_keys());
        let tls = start_tls(config, served.clone(), &bearers, &base, &supervisor).await?;
        let web = web(&layers, peers.transport(), bearers);
        let (grpc, http) = start_ports(config, served, (rest, web), &health, &supervisor).await?;
        announce(config, &health).await;
        listening.release().await;
        let Base { store, clock, key, .. } = base;
        Ok(Self {
            grpc,
            tls,
            http,
            clock,
            store,
            submitter,
            bell,
            key,
            supervisor,
            kernel,
            shutdown,
            health,
            holder: lease.holder,
            anchor,
            drain: config.limits.drain(),
        })
    }

    /// Makes tokens for callers in the same process.
    pub fn tokens(&self) -> Tokens {
        Tokens { key: Arc::clone(&self.key), clock: self.clock.clone() }
    }

    /// Runs further tasks of this process.
    pub fn supervisor(&self) -> &Supervisor {
        &self.supervisor
    }

    /// The signal that stops it.
    pub fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    /// Stops: not ready, no new connections, tasks finish what they began, then everything is closed.
    ///
    /// # Errors
    /// When a task that the node cannot do without had failed.
    pub async fn stop(self) -> anyhow::Result<Drained> {
        self.health.set_stopping().await;
        self.shutdown.stop();
        let drained = self.supervisor.drain(self.drain).await;
        // Nobody submits any more: what was accepted is committed, and the committer ends.
        self.kernel.shutdown().stop();
        let committed = self.kernel.drain(self.drain).await;
        if let Some(failure) = self.supervisor.failure().or(self.kernel.failure()) {
            anyhow::bail!("{failure}");
        }
        if let Err(error) = self.anchor.keep().await {
            tracing::warn!(%error, "the head of the audit chain was not kept");
        }
        // Whoever goes on need not wait until they end.
        self.store.return_leases(self.holder).await.context("leases were not given back")?;
        self.store.close().await.context("the database did not close")?;
        Ok(if committed == Drained::Forced { committed } else { drained })
    }

    /// Runs until a signal or a failure, then stops.
    ///
    /// # Errors
    /// As [`Node::stop`].
    pub async fn run(self) -> anyhow::Result<Drained> {
        let (shutdown, kernel) = (self.shutdown.clone(), self.kernel.shutdown().clone());
        tokio::select! {
            signals = shutdown.follow_signals() => signals.context("no signal handler")?,
            stopped = async {
                tokio::select! {
                    () = shutdown.stopping() => {}
                    // The committer failed: nothing can be promised any more.
                    () = kernel.stopping() => {}
                }
                self.stop().await
            } => return stopped,
        }
        anyhow::bail!("aborted by a second signal")
    }
}

/// Says of every service that this process answers for, or hands on, that it is there.
async fn announce(config: &Config, health: &Health) {
    for service in parasol_api::descriptor::pool().services() {
        let answers = role_of(service.full_name())
            .is_some_and(|role| config.plays(role) || config.plays(NodeRole::Gateway));
        if answers {
            health.set_service(service.full_name(), true).await;
        }
    }
}

/// The kinds of work this process has somebody for. Deadlines are anybody's who works on cases.
fn workers(config: &Config) -> Vec<Role> {
    let kinds = Role::ALL.iter().filter(|role| match role {
        Role::Intake => config.plays(NodeRole::Intake),
        Role::Dispatch => config.plays(NodeRole::Dispatch),
        Role::Verification => config.plays(NodeRole::Verification),
        Role::Timer => config.works_on_cases(),
    });
    kinds.copied().collect()
}

/// What is around every call of this process.
fn layers(
    config: &Config,
    base: &Base,
    metrics: Metrics,
    issuers: &Issuers,
    services: &Services,
) -> Layers {
    let (ids, clock, key) = (base.ids.clone(), base.clock.clone(), Arc::clone(&base.key));
    let (staff, api_keys) = (services.staff(), services.api_keys());
    let layers = Layers::new(ids, clock, key, metrics, &config.limits);
    let reveals = Some(services.reveals());
    Layers { staff, issuers: issuers.clone(), api_keys, reveals, ..layers }
        .with_links(services.share_links())
}

/// How the gateway asks whether a caller would be let in, before it reads what they send.
fn admits(
    auth: AuthLayer,
) -> Arc<impl Fn(&str, &HeaderMap) -> BoxFuture<'static, Result<(), Error>> + Send + Sync> {
    Arc::new(move |path: &str, headers: &HeaderMap| {
        let (auth, path, headers) = (auth.clone(), path.to_owned(), headers.clone());
        async move { auth.admits(&path, &headers).await }.boxed()
    })
}

/// What the pages need: what the layers know, and the way that clients take.
fn web(layers: &Layers, transport: Transport, bearers: Bearers) -> Web {
    let Layers { key, clock, ids, metrics, .. } = layers.clone();
    Web { transport, key, bearers, clock, ids, metrics }
}

/// How the gateway lets partners in whose callbacks are signed: as whom dispatch says, for one call.
fn callbacks(peers: &Peers, base: &Base) -> Callbacks {
    let (key, clock) = (Arc::clone(&base.key), base.clock.clone());
    let service = local::as_service(peers.transport(), Arc::clone(&key), clock.clone(), "gateway");
    let vouches =
        Arc::new(move |partner: &Principal| key.issue(partner, clock.now(), CALLBACK_TOKEN));
    Callbacks::new(service, vouches)
}

fn start_bell(config: &Config, base: &Base, supervisor: &Supervisor) -> anyhow::Result<Bell> {
    use secrecy::ExposeSecret as _;
    let url = config.redis_url.expose_secret();
    if url.is_empty() {
        return Ok(Bell::in_process());
    }
    let settings = parasol_bell::RedisSettings {
        url: url.to_owned(),
        namespace: format!("parasol:{}", config.cell),
        origin: base.ids.next(),
        patience: Duration::from_secs(3),
    };
    let (bell, link) = Bell::over_redis(settings).context("redis_url")?;
    let kind = TaskKind {
        name: "bell.redis",
        on_stop: OnStop::Abort,
        on_failure: OnFailure::Restart(parasol_runtime::supervisor::Backoff {
            first: Duration::from_millis(100),
            max: Duration::from_secs(2),
        }),
    };
    supervisor.spawn(kind, move || {
        let link = link.clone();
        async move { link.session().await }
    });
    Ok(bell)
}

async fn start_committer(
    config: &Config,
    options: &Options,
    base: &Base,
    bell: &Bell,
    handoff: &Handoff,
    kernel: &Supervisor,
) -> anyhow::Result<Submitter> {
    loops::primary(kernel, &base.store);
    let calendar = parasol_verification::calendar_in_force(&base.store).await?;
    let (now, new_id) = (base.now(), base.new_id());
    let parts = Parts {
        store: base.store.clone(),
        now,
        new_id,
        rules: Rules {
            calendar: Arc::new(calendar),
            deadlines: Arc::new(deadlines(config, options)?),
        },
        projectors: projectors(config, &base.key)?,
        bell: bell.clone(),
        handoff: handoff.clone(),
        limits: Limits {
            batch_max: config.committer.batch_max,
            queue_max: config.committer.queue_max,
            ..Limits::default()
        },
    };
    let (submitter, committer) = committer(parts);
    let kind = TaskKind {
        name: "casebook.committer",
        on_stop: OnStop::Drain,
        on_failure: OnFailure::StopProcess,
    };
    // It keeps the queue and the cache: one that failed cannot be started again.
    let mut committer = Some(committer);
    let stopping = kernel.shutdown().clone();
    kernel.spawn(kind, move || {
        let (committer, stopping) = (committer.take(), stopping.clone());
        async move {
            let Some(committer) = committer else { anyhow::bail!("the committer failed") };
            committer.run_until(stopping.stopping_token().cancelled_owned()).await;
            Ok(())
        }
    });
    Ok(submitter)
}

/// What every service makes of a step, whoever commits it.
fn projectors(config: &Config, key: &TokenKey) -> anyhow::Result<Vec<Arc<dyn Projector>>> {
    Ok(vec![
        parasol_intake::projector(),
        parasol_dispatch::projector(),
        parasol_scheduling::projector(),
        parasol_verification::projector(),
        parasol_tracking::projector(),
        parasol_keeping::projector(),
        parasol_verification::seals(seal_keys(config, key, &[])?),
    ])
}

fn deadlines(config: &Config, options: &Options) -> anyhow::Result<Deadlines> {
    let mut deadlines = Deadlines::default();
    for (name, seconds) in &config.deadlines {
        let clock = ClockName::parse(name).with_context(|| {
            format!("deadlines.{name}: there is no such clock; see docs/journey.md")
        })?;
        let micros = i64::try_from(*seconds)?.saturating_mul(1_000_000);
        deadlines.change(clock, Span::from_micros(micros));
    }
    for (clock, limit) in &options.deadlines {
        deadlines.change(*clock, *limit);
    }
    Ok(deadlines)
}

/// The port with TLS, where there is to be one: certificates become credentials, and the rest is as on the other.
async fn start_tls(
    config: &Config,
    service: Transport,
    bearers: &Bearers,
    base: &Base,
    supervisor: &Supervisor,
) -> anyhow::Result<Option<SocketAddr>> {
    if !config.tls.is_on() {
        return Ok(None);
    }
    let tls = Tls::new(&config.tls, &base.clock).map_err(anyhow::Error::msg)?;
    let address = &config.tls.addr;
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("tls.addr {address} cannot be opened"))?;
    let bound = listener.local_addr()?;
    loops::tls(supervisor, &tls);
    let edge = Edge {
        key: Arc::clone(&base.key),
        bearers: bearers.clone(),
        clock: base.clock.clone(),
        required: config.tls.client_certificates == ClientCertificates::Required,
    };
    let kind =
        TaskKind { name: "port.tls", on_stop: OnStop::Drain, on_failure: OnFailure::StopProcess };
    let (limits, shutdown) = (config.limits.clone(), supervisor.shutdown().clone());
    let mut once = Some((listener, tls, edge.around(service)));
    supervisor.spawn(kind, move || {
        let (once, limits, shutdown) = (once.take(), limits.clone(), shutdown.clone());
        async move {
            let Some((listener, tls, service)) = once else { anyhow::bail!("the port failed") };
            server::serve_tls(listener, &tls, service, &limits, &shutdown).await?;
            Ok(())
        }
    });
    Ok(Some(bound))
}

async fn start_ports(
    config: &Config,
    service: Transport,
    (rest, web): (Rest, Web),
    health: &Health,
    supervisor: &Supervisor,
) -> anyhow::Result<(SocketAddr, SocketAddr)> {
    let bind = async |key: &str, address: &str| {
        TcpListener::bind(address)
            .await
            .with_context(|| format!("{key} {address} cannot be opened; is another node running?"))
    };
    let grpc = bind("grpc_addr", &config.grpc_addr).await?;
    let http = bind("http_addr", &config.http_addr).await?;
    let addresses = (grpc.local_addr()?, http.local_addr()?);
    let kind = |name| TaskKind { name, on_stop: OnStop::Drain, on_failure: OnFailure::StopProcess };
    let (limits, shutdown) = (config.limits.clone(), supervisor.shutdown().clone());
    let mut once = Some((grpc, service));
    supervisor.spawn(kind("port.grpc"), move || {
        let (once, limits, shutdown) = (once.take(), limits.clone(), shutdown.clone());
        async move {
            let Some((listener, service)) = once else { anyhow::bail!("the gRPC port failed") };
            server::serve(listener, service, &limits, &shutdown).await?;
            Ok(())
        }
    });
    let router = parasol_gateway::router(health.clone(), addresses.0, rest, web);
    let shutdown = supervisor.shutdown().clone();
    let mut once = Some((http, router));
    supervisor.spawn(kind("port.http"), move || {
        let (once, shutdown) = (once.take(), shutdown.clone());
        async move {
            let Some((listener, router)) = once else { anyhow::bail!("the HTTP port failed") };
            parasol_gateway::serve(listener, router, &shutdown).await?;
            anyhow::Ok(())
        }
    });
    Ok(addresses)
}
