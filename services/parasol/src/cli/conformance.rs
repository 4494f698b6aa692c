//! `parasol conformance`, as a command: whom to check, and how it reports.

use std::time::Duration;

use anyhow::Context as _;
use parasol_journey::time::Span;
use parasol_runtime::clock::Clock;
use parasol_runtime::config::Config;
use parasol_runtime::identity::{Principal, Role};
use parasol_runtime::ids::IdSource;
use parasol_runtime::transport::local;
use tonic::transport::Channel;
use uuid::Uuid;

use super::{Common, Exit, WrongUsage, token};
use crate::conformance::checks::OF_A_PARTNER;
use crate::conformance::{Finding, Report, partner, platform, record};
use crate::demo::Wire;
use crate::node::Tokens;

pub(super) const EXAMPLE: &str = "\
With --target it plays a brand's system and its customers against a running platform: whole courses, then
duplicates, late and reordered messages, lost answers, wrong clocks, cursors of every size, and other
partners' ids. It sells units of its own and files for them in the brand's network, so let it run where
things are tried out. It signs with the key of the platform's data folder, and a pass is kept there.

With --webhook or --run it is the platform, and checks a partner's system: whether it works its cases, acts
once on what comes twice, refuses what is forged or old, and asks again after an answer was lost. The partner
finds PARASOL_URL, PARASOL_GRPC, PARASOL_TOKEN, PARASOL_SECRET and PARASOL_CENTRE in its environment if it is
started with --run; otherwise they are printed and its receiver is waited for.

Examples:
  parasol conformance --target 127.0.0.1:7443 --partner aurora
  parasol conformance --partner aurora --webhook http://127.0.0.1:9000/hooks --run ./start-my-system";

/// How long the players' credentials are reckoned back and on.
const TOKEN: Span = Span::days(1);

#[derive(clap::Args)]
pub(super) struct Args {
    /// Check the platform whose gRPC port this is
    #[arg(
        long,
        value_name = "ADDR",
        conflicts_with_all = ["webhook", "run", "only", "record"],
        required_unless_present_any = ["webhook", "run"]
    )]
    target: Option<String>,
    /// Check the partner that takes webhooks at this address (http only)
    #[arg(long, value_name = "URL")]
    webhook: Option<String>,
    /// Check the partner that this command starts
    #[arg(long, value_name = "COMMAND")]
    run: Option<String>,
    /// The brand to play, or to check
    #[arg(long, value_name = "ID")]
    partner: String,
    /// Make only these checks, by their codes; such a run is never recorded
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    only: Vec<String>,
    /// Seconds the partner may take to work a case, 1 to 600
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=600))]
    patience: u16,
    /// Keep the pass of a partner with the platform whose gRPC port this is
    #[arg(long, value_name = "ADDR", conflicts_with = "only")]
    record: Option<String>,
}

pub(super) async fn run(args: Args, common: &Common) -> anyhow::Result<Exit> {
    let report = match &args.target {
        Some(address) => against_platform(&args, address, common).await?,
        None => Box::pin(against_partner(&args, common)).await?,
    };
    let language = common.language();
    common.answer(&report, || report.text(language))?;
    Ok(if report.passed { Exit::Done } else { Exit::Failed })
}

async fn against_platform(args: &Args, address: &str, common: &Common) -> anyhow::Result<Report> {
    let config = common.settings()?;
    let (address, channel) = dial(address, &config)?;
    let target = platform::Target {
        channel,
        address,
        limits: config.limits.clone(),
        tokens: tokens(&config).await?,
        brand: args.partner.clone(),
        run: fresh(),
    };
    let told = |finding: &Finding| {
        tracing::info!(code = finding.code, outcome = ?finding.outcome, "checked");
    };
    platform::run(target, common.language(), told).await
}

async fn against_partner(args: &Args, common: &Common) -> anyhow::Result<Report> {
    let known = |code: &&String| OF_A_PARTNER.iter().any(|check| check.code == code.as_str());
    if let Some(code) = args.only.iter().find(|code| !known(code)) {
        let codes: Vec<_> = OF_A_PARTNER.iter().map(|check| check.code).collect();
        let text = format!("there is no check {code}; there are {}", codes.join(", "));
        return Err(WrongUsage(text).into());
    }
    let run = fresh();
    let folder = std::env::temp_dir().join(format!("parasol-conformance-{}", run.simple()));
    let config = own(&folder)?;
    let partner = partner::Partner {
        brand: args.partner.clone(),
        webhook: args.webhook.clone(),
        run: args.run.clone(),
        patience: Duration::from_secs(args.patience.into()),
    };
    let greet = |told: &[(&str, String)]| {
        if args.run.is_none() {
            for (name, value) in told {
                eprintln!("{name}={value}");
            }
        }
    };
    let report =
        Box::pin(partner::run(&config, &partner, (run, &args.only), common.language(), greet))
            .await;
    // Nothing in it is of use to anybody; where it cannot be removed it stays in the temporary folder.
    let _ = std::fs::remove_dir_all(&folder);
    let mut report = report?;
    if let Some(address) = args.record.as_ref().filter(|_| report.passed) {
        let config = common.settings()?;
        let (_, channel) = dial(address, &config)?;
        let wire = Wire::new(channel, tokens(&config).await?, None);
        let operator = Principal::new(Role::Operator, "conformance");
        record(&wire, &operator, &mut report, run).await.context("recording the pass")?;
    }
    Ok(report)
}

/// The settings of the platform that the kit is: nothing of the surroundings, so that every run is alike.
fn own(folder: &std::path::Path) -> anyhow::Result<Config> {
    let common = Common { data: Some(folder.to_owned()), ..Common::default() };
    Ok(common.settings_of_its_own(&[
        ("grpc_addr", "127.0.0.1:0"),
        ("http_addr", "127.0.0.1:0"),
        ("webhooks.loopback", "true"),
    ])?)
}

fn dial(address: &str, config: &Config) -> anyhow::Result<(String, Channel)> {
    let address = address.trim_start_matches("http://").to_owned();
    let channel = local::dial(&format!("http://{address}"), &config.limits)
        .with_context(|| format!("{address} is not an address such as 127.0.0.1:7443"))?;
    Ok((address, channel))
}

async fn tokens(config: &Config) -> anyhow::Result<Tokens> {
    let key = token::key_of(config)?;
    let (from, _) = token::validity(config, TOKEN).await?;
    Ok(Tokens::of(key, from))
}

fn fresh() -> Uuid {
    IdSource::new(Clock::system()).next()
}
