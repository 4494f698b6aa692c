//! The router as a process: the way to several cells on a port of its own, and nothing behind it.
//!
//! It opens no database, holds no key and keeps nothing, so any number of them run side by side. Which call goes where
//! is said in `parasol-router`.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use parasol_router::Router;
use parasol_runtime::clock::Clock;
use parasol_runtime::config::{Config, Limits};
use parasol_runtime::health::Health;
use parasol_runtime::ids::IdSource;
use parasol_runtime::shutdown::Shutdown;
use parasol_runtime::supervisor::{Drained, OnFailure, OnStop, Supervisor, TaskKind};
use parasol_runtime::transport::tls::Tls;
use parasol_runtime::transport::{Transport, server};
use tokio::net::TcpListener;
use tonic::body::Body;
use tonic::codegen::http::Request;
use tonic::service::RoutesBuilder;
use tower::{Service as _, ServiceExt};

use super::loops;

/// What is answered here and by no cell: health and reflection.
const OWN: &str = "/grpc.";

/// A running router.
pub struct RouterNode {
    /// Where gRPC is served.
    pub grpc: SocketAddr,
    /// Where gRPC is served with TLS, if it is.
    pub tls: Option<SocketAddr>,
    /// Where probes are served.
    pub http: SocketAddr,
    supervisor: Supervisor,
    shutdown: Shutdown,
    health: Health,
    drain: Duration,
}

impl RouterNode {
    /// Starts it and returns once its ports are open. No cell is asked whether it is there.
    ///
    /// # Errors
    /// What keeps it from starting, in words for whoever runs it.
    pub async fn start(config: &Config) -> anyhow::Result<Self> {
        let clock = Clock::system();
        let seed = IdSource::new(clock.clone()).next().as_u64_pair().1;
        let shutdown = Shutdown::new();
        let supervisor = Supervisor::new(shutdown.clone(), clock.clone(), seed);
        let health = Health::new();
        let listening = health.latch("ports");
        let router = Router::new(&config.cells, &config.limits).context("cells")?;
        let served = beside_own(router.transport(), &health)?;
        let tls = start_tls(config, served.clone(), &clock, &supervisor).await?;
        let grpc = bind("grpc_addr", &config.grpc_addr).await?;
        let http = bind("http_addr", &config.http_addr).await?;
        let addresses = (grpc.local_addr()?, http.local_addr()?);
        serve(&supervisor, grpc, served, &config.limits);
        probe(&supervisor, http, &health);
        for service in parasol_api::descriptor::pool().services() {
            health.set_service(service.full_name(), true).await;
        }
        listening.release().await;
        let drain = config.limits.drain();
        let (grpc, http) = addresses;
        Ok(Self { grpc, tls, http, supervisor, shutdown, health, drain })
    }

    /// Stops: not ready, no new connections, calls finish, then it is gone.
    ///
    /// # Errors
    /// When a port had failed.
    pub async fn stop(self) -> anyhow::Result<Drained> {
        self.health.set_stopping().await;
        self.shutdown.stop();
        let drained = self.supervisor.drain(self.drain).await;
        match self.supervisor.failure() {
            Some(failure) => anyhow::bail!("{failure}"),
            None => Ok(drained),
        }
    }

    /// Runs until a signal or a failure, then stops.
    ///
    /// # Errors
    /// As [`RouterNode::stop`].
    pub async fn run(self) -> anyhow::Result<Drained> {
        let shutdown = self.shutdown.clone();
        tokio::select! {
            signals = shutdown.follow_signals() => signals.context("no signal handler")?,
            stopped = async {
                shutdown.stopping().await;
                self.stop().await
            } => return stopped,
        }
        anyhow::bail!("aborted by a second signal")
    }
}

async fn bind(key: &str, address: &str) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).await;
    listener.with_context(|| format!("{key} {address} cannot be opened; is another node running?"))
}

/// The way to the cells, with health and reflection of this process beside it.
fn beside_own(away: Transport, health: &Health) -> anyhow::Result<Transport> {
    let mut routes = RoutesBuilder::default();
    routes.add_service(health.grpc_service());
    routes.add_service(parasol_api::descriptor::reflection().build_v1()?);
    routes.add_service(parasol_api::descriptor::reflection().build_v1alpha()?);
    let own = routes.routes().prepare();
    let own =
        ServiceExt::<Request<Body>>::map_err(own, |never: std::convert::Infallible| match never {});
    let own = Transport::new(own);
    Ok(Transport::new(tower::service_fn(move |request: Request<Body>| {
        let is_own = request.uri().path().starts_with(OWN);
        let mut target = if is_own { own.clone() } else { away.clone() };
        async move { target.ready().await?.call(request).await }
    })))
}

fn port(name: &'static str) -> TaskKind {
    TaskKind { name, on_stop: OnStop::Drain, on_failure: OnFailure::StopProcess }
}

fn serve(supervisor: &Supervisor, listener: TcpListener, service: Transport, limits: &Limits) {
    let (limits, shutdown) = (limits.clone(), supervisor.shutdown().clone());
    let mut once = Some((listener, service));
    supervisor.spawn(port("port.grpc"), move || {
        let (once, limits, shutdown) = (once.take(), limits.clone(), shutdown.clone());
        async move {
            let Some((listener, service)) = once else { anyhow::bail!("the gRPC port failed") };
            server::serve(listener, service, &limits, &shutdown).await?;
            Ok(())
        }
    });
}

fn probe(supervisor: &Supervisor, listener: TcpListener, health: &Health) {
    let shutdown = supervisor.shutdown().clone();
    let mut once = Some((listener, parasol_gateway::probes(health.clone())));
    supervisor.spawn(port("port.http"), move || {
        let (once, shutdown) = (once.take(), shutdown.clone());
        async move {
            let Some((listener, probes)) = once else { anyhow::bail!("the HTTP port failed") };
            parasol_gateway::serve(listener, probes, &shutdown).await?;
            anyhow::Ok(())
        }
    });
}

/// The port with TLS, where there is to be one. Certificates of partners are for the cells' own ports: a router holds no
/// key by which it could vouch for whoever showed one.
async fn start_tls(
    config: &Config,
    service: Transport,
    clock: &Clock,
    supervisor: &Supervisor,
) -> anyhow::Result<Option<SocketAddr>> {
    if !config.tls.is_on() {
        return Ok(None);
    }
    let tls = Tls::new(&config.tls, clock).map_err(anyhow::Error::msg)?;
    let listener = bind("tls.addr", &config.tls.addr).await?;
    let bound = listener.local_addr()?;
    loops::tls(supervisor, &tls);
    let (limits, shutdown) = (config.limits.clone(), supervisor.shutdown().clone());
    let mut once = Some((listener, tls, service));
    supervisor.spawn(port("port.tls"), move || {
        let (once, limits, shutdown) = (once.take(), limits.clone(), shutdown.clone());
        async move {
            let Some((listener, tls, service)) = once else { anyhow::bail!("the port failed") };
            server::serve_tls(listener, &tls, service, &limits, &shutdown).await?;
            Ok(())
        }
    });
    Ok(Some(bound))
}
