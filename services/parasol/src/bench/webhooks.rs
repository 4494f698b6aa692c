//! `parasol bench webhooks`: whether partners that do not take their webhooks delay those of others.
//!
//! Two cells take turns, each on a node of its own with the same partners and the same cases. In the *quiet* cell
//! every receiver takes what comes; in the *disturbed* one a partner never answers and another answers one of its
//! cases with 500. What is measured is the others: from the commit of an offer until the receiver has it.

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context as _;
use parasol_api::admin::v1::{CreateWebhookRequest, WebhookSecret};
use parasol_journey::time::Timestamp;
use parasol_runtime::clock::{Clock, Stopwatch};
use parasol_runtime::config::Config;
use parasol_runtime::identity::{Principal, Role};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::course::{Driver, Shared};
use super::stats::{COMMIT, Figures, Report, median};
use super::world::{self, Network};
use crate::conformance::port::{Answered, Port};
use crate::demo::Wire;
use crate::node::{Node, Options};

const CREATE_WEBHOOK: &str = "/parasol.admin.v1.NetworkService/CreateWebhook";
/// Counties of each brand, and centres.
const COUNTIES: usize = 10;
/// How long the deliveries of a cell may take after the last case was filed.
const PATIENCE: Duration = Duration::from_secs(120);
/// The partner that never answers, in the disturbed cell.
const SILENT: usize = 0;
/// The partner that answers one case with 500 there.
const FAILING: usize = 1;

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Partners with a webhook, two of which fail in the disturbed cell; 3 to 100.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(3..=100))]
    pub partners: u16,
    /// Cases of each partner in each cell.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=5_000))]
    pub cases: u16,
    /// Cases filed at a time.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub in_flight: u16,
    /// Rounds; the cells take turns in each.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=50))]
    pub rounds: u16,
}

/// One cell of a round: the deliveries of the partners that take theirs in both.
#[derive(Clone, Debug, Serialize)]
pub struct Cell {
    /// From the commit of the offer until the receiver has it.
    pub delivered: Figures,
}

/// One round.
#[derive(Clone, Debug, Serialize)]
pub struct Round {
    /// Every receiver takes what comes.
    pub quiet: Cell,
    /// Two do not.
    pub disturbed: Cell,
}

/// Runs it.
///
/// # Errors
/// When a node cannot run, or what is to be delivered is not.
pub async fn run(
    args: &Args,
    config: &Config,
    mut progress: impl FnMut(&str),
) -> anyhow::Result<Report<Round>> {
    let mut rounds = Vec::new();
    for nth in 1..=args.rounds {
        progress(&format!("round {nth}: quiet"));
        let quiet = cell(args, config, &format!("quiet-{nth}"), false).await?;
        progress(&format!("round {nth}: disturbed"));
        let disturbed = cell(args, config, &format!("disturbed-{nth}"), true).await?;
        rounds.push(Round { quiet, disturbed });
    }
    Ok(report(args, rounds))
}

/// What came to the receivers.
struct Inbox {
    clock: Clock,
    latencies: Mutex<Vec<Duration>>,
    /// What was counted, since a delivery may come twice.
    seen: Mutex<HashSet<String>>,
    /// The case that the failing receiver does not take.
    refused: Mutex<Option<String>>,
    came: Notify,
}

async fn cell(
    args: &Args,
    config: &Config,
    name: &str,
    is_disturbed: bool,
) -> anyhow::Result<Cell> {
    let config = on_its_own(config, &config.data_dir.join(name));
    let node = Node::start(&config, Options::default()).await?;
    let shared = Arc::new(Shared::of(&node, &config)?);
    let inbox = Arc::new(Inbox {
        clock: node.clock.clone(),
        latencies: Mutex::default(),
        seen: Mutex::default(),
        refused: Mutex::default(),
        came: Notify::new(),
    });
    let (partners, cases) = (usize::from(args.partners), usize::from(args.cases));
    let mut ports = Vec::new();
    for nth in 0..partners {
        let brand = format!("hooks{nth}");
        let network = Network {
            brand: &brand,
            counties: COUNTIES,
            centres: COUNTIES,
            reach: 1,
            technicians: 1,
        };
        let units = nth * cases..(nth + 1) * cases;
        world::build(&shared.wires[0], &network, units, node.clock.now()).await?;
        let inbox = Arc::clone(&inbox);
        let port = Port::open(move |asked| {
            let inbox = Arc::clone(&inbox);
            async move { inbox.take(nth, is_disturbed, &asked.body).await }
        });
        let port = port.await.context("no port is free")?;
        hook(&shared.wires[0], &brand, &format!("http://{}/hooks", port.address)).await?;
        ports.push(port);
    }
    node.store.analyze().await?;
    let took = Stopwatch::start();
    file_all(&shared, partners, cases, usize::from(args.in_flight)).await?;
    let expected = (partners - 2) * cases;
    tokio::time::timeout(PATIENCE, inbox.has(expected))
        .await
        .with_context(|| format!("{} of {expected} offers were delivered", inbox.count()))?;
    let elapsed = took.elapsed();
    drop(shared);
    node.stop().await?;
    drop(ports);
    let latencies = std::mem::take(&mut *lock(&inbox.latencies));
    Ok(Cell { delivered: Figures::of(latencies, elapsed) })
}

/// The same settings on a folder of its own; webhooks may go to this machine.
fn on_its_own(config: &Config, folder: &Path) -> Config {
    let mut own = config.clone();
    folder.clone_into(&mut own.data_dir);
    own.webhooks.loopback = true;
    own
}

/// Files every case, those of the partners in turn.
async fn file_all(
    shared: &Arc<Shared>,
    partners: usize,
    cases: usize,
    in_flight: usize,
) -> anyhow::Result<()> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut drivers = JoinSet::new();
    for nth in 0..in_flight {
        let (shared, next) = (Arc::clone(shared), Arc::clone(&next));
        drivers.spawn(async move {
            let mut driver =
                Driver { shared, nth, refused_every: 0, latencies: Vec::new(), refused: 0 };
            loop {
                let place = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                if place >= partners * cases {
                    return anyhow::Ok(());
                }
                driver.file(place % partners * cases + place / partners).await?;
            }
        });
    }
    while let Some(ended) = drivers.join_next().await {
        ended??;
    }
    Ok(())
}

impl Inbox {
    async fn take(&self, partner: usize, is_disturbed: bool, body: &[u8]) -> Option<Answered> {
        let now = self.clock.now();
        if is_disturbed && partner == SILENT {
            std::future::pending::<()>().await;
        }
        let body: Value = serde_json::from_slice(body).ok()?;
        let case = body["data"]["caseId"].as_str()?.to_owned();
        if is_disturbed && partner == FAILING {
            let mut refused = lock(&self.refused);
            if *refused.get_or_insert_with(|| case.clone()) == case {
                return Some(Answered::status(500));
            }
        }
        let is_measured = partner != SILENT && partner != FAILING;
        if is_measured && lock(&self.seen).insert(case) {
            let since = Timestamp::parse(body["timestamp"].as_str()?)?;
            let micros = u64::try_from(now.since(since).micros()).unwrap_or_default();
            lock(&self.latencies).push(Duration::from_micros(micros));
            self.came.notify_waiters();
        }
        Some(Answered::status(204))
    }

    fn count(&self) -> usize {
        lock(&self.latencies).len()
    }

    async fn has(&self, expected: usize) {
        loop {
            let came = self.came.notified();
            if self.count() >= expected {
                return;
            }
            came.await;
        }
    }
}

async fn hook(wire: &Wire, brand: &str, url: &str) -> anyhow::Result<()> {
    let player = Principal::new(Role::Brand, brand).of_brand(brand);
    let message = CreateWebhookRequest {
        request_id: Uuid::new_v5(&Uuid::NAMESPACE_URL, url.as_bytes()).to_string(),
        url: url.to_owned(),
        ..Default::default()
    };
    let _: WebhookSecret = wire.ask(&player, CREATE_WEBHOOK, &message).await?;
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("no holder of this lock panics")
}

fn report(args: &Args, rounds: Vec<Round>) -> Report<Round> {
    let over = |pick: &dyn Fn(&Round) -> f64| median(rounds.iter().map(pick).collect());
    let mut medians = serde_json::Map::new();
    let mut put = |name: &str, pick: &dyn Fn(&Round) -> f64| {
        medians.insert(format!("webhooks.{name}"), over(pick).into());
    };
    put("quiet.p50_ms", &|round| round.quiet.delivered.p50_ms);
    put("quiet.p99_ms", &|round| round.quiet.delivered.p99_ms);
    put("disturbed.p50_ms", &|round| round.disturbed.delivered.p50_ms);
    put("disturbed.p99_ms", &|round| round.disturbed.delivered.p99_ms);
    let mut ratios = serde_json::Map::new();
    let mut put = |name: &str, pick: fn(&Figures) -> f64| {
        let value = over(&|round| pick(&round.disturbed.delivered) / pick(&round.quiet.delivered));
        ratios.insert(format!("webhooks.disturbed_over_quiet.{name}"), value.into());
    };
    put("p50_ms", |figures| figures.p50_ms);
    put("p99_ms", |figures| figures.p99_ms);
    Report {
        name: "webhooks",
        commit: COMMIT,
        settings: serde_json::json!({
            "engine": "sqlite",
            "partners": args.partners,
            "cases": args.cases,
            "in_flight": args.in_flight,
            "rounds": args.rounds,
        }),
        rounds,
        median: medians,
        ratio: ratios,
    }
}
