//! `parasol import`: files through the public API of a node, running or started for it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use indicatif::{ProgressBar, ProgressStyle};
use parasol_api::Language;
use parasol_journey::time::Span;
use parasol_runtime::config::Config;
use parasol_runtime::identity::{Principal, Role};
use parasol_runtime::transport::local;
use tonic::transport::Channel;

use super::{Common, Exit, WrongUsage, token};
use crate::import::{self, Found, Kind, Progress, Report, Target};
use crate::node::{Node, Options};

pub(super) const EXAMPLE: &str = "\
What a file holds is told by the first word of its name: counties, brands, centres, technicians, skus,
orders, checklists (and filings, with --file-cases). Its form is described in examples/README.md. Every good row is loaded, also
when others are refused; refused rows are listed with file, line and reason, at most 1,000 of them, and
the exit code is then 1. Loading a file again is safe.

Without --grpc a node is started on the data folder for the time of the import. With --grpc the rows go
to a running node, signed with the key of the data folder, or with --token where the key is elsewhere.

Examples:
  parasol import examples/
  parasol import --grpc 127.0.0.1:7443 --token \"$TOKEN\" orders-2026-06.jsonl
  parasol import --export network/";

/// How long the tokens of an import are good.
const TOKEN: Span = Span::days(1);

#[derive(clap::Args)]
pub(super) struct Args {
    /// Files or folders
    #[arg(required_unless_present = "export", value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Writes the network into this folder instead, as files that an import takes
    #[arg(long, value_name = "DIR", conflicts_with_all = ["paths", "file_cases"])]
    export: Option<PathBuf>,
    /// Token of an operator, for a running node (needs --grpc)
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// Files the rows of filings.jsonl as cases, as an agent would
    #[arg(long)]
    file_cases: bool,
    /// Token of an agent, for --file-cases at a running node whose key is elsewhere
    #[arg(long, value_name = "TOKEN", requires = "file_cases")]
    agent_token: Option<String>,
}

/// Here --grpc says whom to call, not where to listen; a node started for an import takes free ports, and lets
/// in the agent who files for it, who is nobody's.
pub(super) fn settings(common: &Common) -> anyhow::Result<Config> {
    let own = [
        ("grpc_addr", "127.0.0.1:0"),
        ("http_addr", "127.0.0.1:0"),
        ("staff.registered_only", "false"),
    ];
    let elsewhere = Common {
        data: common.data.clone(),
        database: common.database.clone(),
        redis: common.redis.clone(),
        config: common.config.clone(),
        set: common.set.clone(),
        ..Common::default()
    };
    let mut config = elsewhere.settings_with(&own)?;
    // Partners have no business with it.
    config.tls.addr.clear();
    Ok(config)
}

pub(super) async fn run(args: Args, common: &Common, config: &Config) -> anyhow::Result<Exit> {
    if let Some(folder) = args.export.clone() {
        return export(args, &folder, common, config).await;
    }
    let found = import::find(&args.paths)?;
    let report = match &common.grpc {
        Some(address) => {
            let way = remote(address, &args, config).await?;
            import_all(&way, found, args.file_cases).await?
        }
        None if args.token.is_some() || args.agent_token.is_some() => {
            let text = "a token is for a running node: name it with --grpc ADDR";
            return Err(WrongUsage(text.to_owned()).into());
        }
        None => {
            let options = Options { metrics: Some(common.metrics()), ..Options::default() };
            let node = Node::start(config, options).await.context(
                "no node could be started for the import; to import through one that runs, name \
                 it with --grpc ADDR",
            )?;
            let report = match here(&node, config) {
                Ok(way) => import_all(&way, found, args.file_cases).await,
                Err(error) => Err(error),
            };
            node.stop().await?;
            report?
        }
    };
    let refused = report.refused();
    common.answer(&report, || report.text(common.language()))?;
    Ok(if refused == 0 { Exit::Done } else { Exit::Failed })
}

/// The other way round: from a node, running or started for it, into files.
async fn export(
    args: Args,
    folder: &Path,
    common: &Common,
    config: &Config,
) -> anyhow::Result<Exit> {
    let exported = match &common.grpc {
        Some(address) => {
            let Target { channel, operator_token, .. } =
                remote(address, &args, config).await?.target;
            import::export(&channel, &operator_token, folder).await?
        }
        None => {
            let options = Options { metrics: Some(common.metrics()), ..Options::default() };
            let node = Node::start(config, options).await.context(
                "no node could be started for the export; to export from one that runs, name it \
                 with --grpc ADDR",
            )?;
            let exported = match here(&node, config) {
                Ok(Way { target, .. }) => {
                    import::export(&target.channel, &target.operator_token, folder).await
                }
                Err(error) => Err(error),
            };
            node.stop().await?;
            exported?
        }
    };
    let told = |file: &import::ExportedFile| match common.language() {
        Language::En => format!("{}: {} rows\n", file.file, file.rows),
        Language::Zh => format!("{}：{} 行\n", file.file, file.rows),
    };
    common.answer(&exported, || exported.files.iter().map(told).collect())?;
    Ok(Exit::Done)
}

/// A node, and who calls it.
struct Way {
    target: Target,
    agent_token: String,
}

fn here(node: &Node, config: &Config) -> anyhow::Result<Way> {
    let channel = local::dial(&format!("http://{}", node.grpc), &config.limits)?;
    let token = |role| node.tokens().token(&Principal::new(role, "parasol-import"));
    Ok(Way {
        target: Target {
            channel,
            operator_token: token(Role::Operator),
            retailer_token: token(Role::Retailer),
        },
        agent_token: token(Role::Agent),
    })
}

async fn remote(address: &str, args: &Args, config: &Config) -> anyhow::Result<Way> {
    let address = match address.contains("://") {
        true => address.to_owned(),
        false => format!("http://{address}"),
    };
    let channel: Channel = local::dial(&address, &config.limits)
        .with_context(|| format!("{address} is not an address such as 127.0.0.1:7443"))?;
    let way = |operator: String, retailer, agent_token| Way {
        target: Target { channel, operator_token: operator, retailer_token: retailer },
        agent_token,
    };
    if let Some(operator) = &args.token {
        if args.file_cases && args.agent_token.is_none() {
            let text = "an operator files no cases: give --agent-token too";
            return Err(WrongUsage(text.to_owned()).into());
        }
        // An operator may hand over orders as well.
        let agent = args.agent_token.clone().unwrap_or_default();
        return Ok(way(operator.clone(), operator.clone(), agent));
    }
    let key = token::key_of(config).context("there is no --token and no key to make one")?;
    let (from, until) = token::validity(config, TOKEN).await?;
    let sign = |role| key.issue(&Principal::new(role, "parasol-import"), from, until.since(from));
    let agent = args.agent_token.clone().unwrap_or_else(|| sign(Role::Agent));
    Ok(way(sign(Role::Operator), sign(Role::Retailer), agent))
}

async fn import_all(way: &Way, mut found: Found, file_cases: bool) -> anyhow::Result<Report> {
    let filings = if file_cases { found.take(Kind::Filings) } else { Vec::new() };
    let known = |source: &&import::Source| source.kind().is_some();
    if filings.is_empty() && !found.sources.iter().any(|source| known(&source)) {
        bail!(
            "there is no file to import; their names begin with brands, centres, technicians, skus, \
             orders or checklists, and end in .jsonl"
        );
    }
    let bytes = filings.iter().chain(&found.sources).map(import::Source::bytes).sum();
    let bar = Bar::new(bytes);
    let mut report = import::load(&way.target, found.sources, &bar).await?;
    let filed = import::file_cases(&way.target.channel, &way.agent_token, filings, &bar).await?;
    report.merge(filed);
    report.passed_over.extend(found.passed_over);
    bar.0.finish_and_clear();
    Ok(report)
}

/// A bar on standard error; nothing where that is no terminal.
struct Bar(ProgressBar);

impl Bar {
    fn new(bytes: u64) -> Self {
        let style = ProgressStyle::with_template("{bar:30} {percent:>3} % {bytes_per_sec} {msg}");
        let style = style.expect("the template is well-formed, as a test shows");
        Self(ProgressBar::new(bytes).with_style(style))
    }
}

impl Progress for Bar {
    fn advance(&self, file: &str, bytes: u64) {
        self.0.set_message(file.to_owned());
        self.0.inc(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_has_a_style_and_counts() {
        let bar = Bar::new(10);
        bar.advance("orders.jsonl", 4);
        assert_eq!(bar.0.position(), 4);
    }
}
