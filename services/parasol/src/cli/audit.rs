//! `parasol audit`: whether what is kept is still what came in.

use anyhow::Context as _;
use parasol_journey::ids::CaseId;
use parasol_runtime::config::Config;
use parasol_verification::Audit;
use serde_json::json;

use super::token::key_of;
use super::{Common, Exit};
use crate::node;

pub(super) const EXAMPLE: &str = "\
Reads the database and the key of the data folder; changes nothing and may run beside a node on a server's \
database. Exit code 1 when something is not what it was.

Examples:
  parasol audit certificates
  parasol audit certificates --case case_01905af12b3c7def8123456789abcdef --json";

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Hold every certificate against its seal: content, evidence, words and the log of its case
    #[command(after_help = "Example: parasol audit certificates --data ./parasol-data")]
    Certificates {
        /// Only those of one case
        #[arg(long, value_name = "CASE")]
        case: Option<CaseId>,
    },
}

pub(super) async fn run(args: Args, common: &Common, config: &Config) -> anyhow::Result<Exit> {
    let What::Certificates { case } = args.what;
    let keys = node::seal_keys(config, &key_of(config)?)?;
    let store = node::open_store(config).await?;
    let audit = parasol_verification::audit(&store, &keys, case).await;
    let audit = audit.context("the certificates cannot be read")?;
    store.close().await?;
    let problems = audit.problems.iter().map(|(case, certificate, problem)| {
        json!({
            "case": case.to_string(),
            "certificate": certificate.to_string(),
            "problem": problem.to_string(),
        })
    });
    let document = json!({
        "checked": audit.checked,
        "sound": audit.sound,
        "unsealed": audit.unsealed,
        "problems": problems.collect::<Vec<_>>(),
    });
    common.answer(&document, || told(&audit))?;
    Ok(if audit.problems.is_empty() { Exit::Done } else { Exit::Failed })
}

fn told(audit: &Audit) -> String {
    let Audit { checked, sound, unsealed, problems } = audit;
    let mut lines =
        vec![format!("{checked} certificate(s): {sound} sound, {unsealed} from before seals.")];
    lines.extend(problems.iter().map(|(case, id, problem)| format!("{id} of {case}: {problem}.")));
    lines.join("\n")
}
