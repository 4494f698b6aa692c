//! `parasol bench`, as a command: where it runs, and how it reports.

use clap::Subcommand;
use parasol_runtime::clock::Clock;
use parasol_runtime::config::Config;
use parasol_runtime::ids::IdSource;
use secrecy::ExposeSecret as _;
use serde::Serialize;

use super::{Common, Exit, WrongUsage};
use crate::bench;

pub(super) const EXAMPLE: &str = "\
Without --database it measures the embedded store, in a folder of its own that it removes. With
--database it measures PostgreSQL; name an empty database, which is left with what was measured.

Examples:
  parasol bench steps
  parasol bench steps --database postgres://localhost/bench --in-flight 64 --rounds 3 --json
  parasol bench load --database postgres://localhost/bench --redis redis://localhost:6379
  parasol bench decide --rounds 5 --json
  parasol bench dispatch --centres 100,500,2000 --json
  parasol bench webhooks --rounds 5 --json
  parasol bench watch --watchers 10000 --cases 100 --json
  parasol bench slots --technicians 100,1000,10000 --json
  parasol bench plan --file C101.txt --best 828.94 --seconds 10 --json
  parasol bench plan --city 8x60,30x300 --solver induction,vrp_core --json
  parasol bench urgent --technicians 100 --visits 1000 --json";

/// Which benchmark.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum Bench {
    /// A cell of several processes under calls at a set rate, beside the straightforward transaction
    #[command(after_help = "\
It needs PostgreSQL and Redis, which it does not start: name an empty database, and a Redis of which
nothing is kept. Example: parasol bench load --database postgres://localhost/bench --redis redis://localhost:6379")]
    Load(bench::LoadArgs),
    /// Whole cases through the gRPC API beside the straightforward transaction
    #[command(after_help = "Example: parasol bench steps --in-flight 64 --rounds 3 --json")]
    Steps(bench::StepsArgs),
    /// Decisions by the built-in rule packs on one core
    #[command(after_help = "Example: parasol bench decide --rounds 5 --json")]
    Decide(bench::DecideArgs),
    /// How fast a centre is chosen, and how that grows with the network
    #[command(after_help = "Example: parasol bench dispatch --centres 100,2000 --rounds 3 --json")]
    Dispatch(bench::DispatchArgs),
    /// Whether partners that do not take their webhooks delay those of others
    #[command(after_help = "Example: parasol bench webhooks --partners 10 --rounds 5 --json")]
    Webhooks(bench::WebhooksArgs),
    /// What masking an answer costs, beside writing it and beside doing it by reflection
    #[command(after_help = "Example: parasol bench visibility --rounds 5 --json")]
    Visibility(bench::VisibilityArgs),
    /// From a commit to the screens of many watchers, beside a bare stream
    #[command(after_help = "Example: parasol bench watch --watchers 10000 --rate 200 --json")]
    Watch(bench::WatchArgs),
    /// How fast arrival windows that can be kept are found, and how that grows with the technicians
    #[command(after_help = "Example: parasol bench slots --technicians 100,10000 --json")]
    Slots(bench::SlotsArgs),
    /// Day plans of published problems beside their best known values
    #[command(after_help = "Example: parasol bench plan --file C101.txt --best 828.94 --json")]
    Plan(bench::PlanArgs),
    /// An urgent visit put into a live plan, beside planning the day anew
    #[command(after_help = "Example: parasol bench urgent --technicians 100 --visits 1000 --json")]
    Urgent(bench::UrgentArgs),
}

#[derive(Clone, Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    bench: Bench,
}

/// Any free ports, a folder of its own, and callers whom no register knows.
pub(super) fn settings(common: &Common) -> anyhow::Result<Config> {
    let mut own = vec![("grpc_addr", "127.0.0.1:0"), ("http_addr", "127.0.0.1:0")];
    own.push(("staff.registered_only", "false"));
    let folder = format!("parasol-bench-{}", IdSource::new(Clock::system()).next().simple());
    let folder = std::env::temp_dir().join(folder).to_string_lossy().into_owned();
    if common.data.is_none() {
        own.push(("data_dir", &folder));
    }
    Ok(common.settings_with(&own)?)
}

pub(super) async fn run(args: Args, common: &Common, config: Config) -> anyhow::Result<Exit> {
    let progress = |text: &str| eprintln!("{text}");
    match args.bench {
        Bench::Load(args) => {
            if config.is_embedded() || config.redis_url.expose_secret().is_empty() {
                let text =
                    "several processes share PostgreSQL and Redis; name --database and --redis";
                return Err(WrongUsage(text.to_owned()).into());
            }
            let report = bench::load(&args, &config, &common.arguments(), progress).await;
            answer_as(common, &config, report, bench::load_table)
        }
        Bench::Steps(args) => {
            let report = bench::steps(&args, &config, progress).await;
            answer(common, &config, report)
        }
        Bench::Dispatch(args) => {
            let report = bench::dispatch(&args, &config, progress).await;
            answer(common, &config, report)
        }
        Bench::Webhooks(args) => {
            if !config.is_embedded() {
                let text = "webhooks are measured on the embedded store only; leave out --database";
                return Err(WrongUsage(text.to_owned()).into());
            }
            let report = bench::webhooks(&args, &config, progress).await;
            answer(common, &config, report)
        }
        Bench::Watch(args) => {
            let report = bench::watch(&args, &config, progress).await;
            answer(common, &config, report)
        }
        Bench::Visibility(args) => answer(common, &config, bench::visibility(&args, progress)),
        Bench::Decide(args) => answer(common, &config, bench::decide(&args, progress)),
        Bench::Slots(args) => answer(common, &config, Ok(bench::slots(&args, progress))),
        Bench::Plan(args) => answer(common, &config, bench::plan(&args, progress)),
        Bench::Urgent(args) => answer(common, &config, bench::urgent(&args, progress)),
    }
}

/// Removes what was measured, if it is ours to remove, and reports.
fn answer(
    common: &Common,
    config: &Config,
    report: anyhow::Result<bench::Report<impl Serialize>>,
) -> anyhow::Result<Exit> {
    answer_as(common, config, report, |report| {
        serde_json::to_string_pretty(report).unwrap_or_else(|error| error.to_string())
    })
}

fn answer_as<R: Serialize>(
    common: &Common,
    config: &Config,
    report: anyhow::Result<bench::Report<R>>,
    text: impl Fn(&bench::Report<R>) -> String,
) -> anyhow::Result<Exit> {
    if common.data.is_none() && config.database_url.expose_secret().is_empty() {
        let _ = std::fs::remove_dir_all(&config.data_dir);
    }
    let report = report?;
    common.answer(&report, || text(&report))?;
    Ok(Exit::Done)
}
