//! `parasol audit`: whether what is kept is still what came in.

use std::path::PathBuf;

use anyhow::Context as _;
use parasol_casebook::Head;
use parasol_casebook::audit::{Problem, Verdict};
use parasol_journey::ids::CaseId;
use parasol_runtime::config::Config;
use parasol_runtime::identity::TokenKey;
use parasol_verification::Audit;
use serde_json::json;

use super::token::key_of;
use super::{Common, Exit};
use crate::node;

pub(super) const EXAMPLE: &str = "\
Reads the database and the key of the data folder; changes nothing and may run beside a node on a server's \
database. Exit code 1 when something is not what it was.

Examples:
  parasol audit verify
  parasol audit verify --old-key /etc/parasol/secret.key.2025
  parasol audit head
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
        #[command(flatten)]
        before: Before,
    },
    /// Print the head of the audit trail's chain, signed, to be kept where nobody of this cell can write
    #[command(after_help = "Example: parasol audit head --data ./parasol-data >> elsewhere/heads")]
    Head,
    /// Hold every row of the audit trail against its chain, and the chain against heads that were kept
    #[command(after_help = "\
The heads that this data folder has kept are always among them. After the database was put back to an earlier state \
they tell so for ever: move the file audit-heads aside then.

Example: parasol audit verify --head audit-head-1.14.1780882200000000.0123456789abcdef.(…)")]
    Verify {
        /// A head that was kept elsewhere; may be given several times
        #[arg(long = "head", value_name = "HEAD")]
        heads: Vec<Head>,
        #[command(flatten)]
        before: Before,
    },
}

/// Secrets that a cell had before its present one.
#[derive(clap::Args)]
struct Before {
    /// The `secret.key` of before, where the cell was given a new one; may be given several times, in any order
    #[arg(long = "old-key", value_name = "FILE")]
    old_keys: Vec<PathBuf>,
}

impl Before {
    fn read(&self) -> anyhow::Result<Vec<TokenKey>> {
        let keys = self.old_keys.iter().map(|file| TokenKey::read_file(file));
        keys.collect::<Result<_, _>>().context("a key of before cannot be used")
    }
}

pub(super) async fn run(args: Args, common: &Common, config: &Config) -> anyhow::Result<Exit> {
    match args.what {
        What::Certificates { case, before } => certificates(case, &before, common, config).await,
        What::Head => head(common, config).await,
        What::Verify { heads, before } => verify(heads, &before, common, config).await,
    }
}

async fn head(common: &Common, config: &Config) -> anyhow::Result<Exit> {
    let keys = node::chain_keys(&key_of(config)?, &[]);
    let store = node::open_store(config).await?.chaining_with(keys);
    let head = store.audit_head().await;
    store.close().await?;
    let Some(head) = head.context("the chain cannot be read")? else {
        anyhow::bail!("the chain has no row yet");
    };
    let document = json!({
        "head": head.to_string(),
        "position": head.position,
        "chained_at": head.at.to_string(),
        "key": head.key_id,
    });
    common.answer(&document, || head.to_string())?;
    Ok(Exit::Done)
}

async fn verify(
    heads: Vec<Head>,
    before: &Before,
    common: &Common,
    config: &Config,
) -> anyhow::Result<Exit> {
    let keys = node::chain_keys(&key_of(config)?, &before.read()?);
    let kept = node::KeptHeads::read(config.kept())?;
    let heads: Vec<Head> = kept.heads.into_iter().chain(heads).collect();
    let store = node::open_store(config).await?;
    let found = store.verify_audit(&keys, &heads).await;
    store.close().await?;
    let Verdict { sound, waiting, heads, problem } = found.context("the trail cannot be read")?;
    let document = json!({
        "sound": sound,
        "waiting": waiting,
        "heads": heads,
        "unreadable_heads": kept.unreadable,
        "problem": problem.as_ref().map(ToString::to_string),
    });
    common.answer(&document, || {
        let counted = format!(
            "{sound} row(s) are what was chained, {waiting} wait for their links; {heads} head(s) \
             that were kept are part of the chain."
        );
        match &problem {
            Some(problem @ Problem::KeyUnknown { .. }) => format!(
                "{counted}\nNot all could be looked at: {problem}. If the cell was given a new secret, name the \
                 file of the one of before with --old-key."
            ),
            Some(problem) => format!("{counted}\nThe first that is wrong: {problem}."),
            None => counted,
        }
    })?;
    Ok(if problem.is_none() { Exit::Done } else { Exit::Failed })
}

async fn certificates(
    case: Option<CaseId>,
    before: &Before,
    common: &Common,
    config: &Config,
) -> anyhow::Result<Exit> {
    let keys = node::seal_keys(config, &key_of(config)?, &before.read()?)?;
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
