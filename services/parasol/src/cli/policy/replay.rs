//! `parasol policy replay`: past cases decided by another pack.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use parasol_api::Language;
use parasol_policy::{FactsForm, Pack, Replay, Shelf, plainly};
use parasol_runtime::config::Config;
use serde::Deserialize;

use super::explain::yuan;
use super::files;
use crate::cli::{Common, Exit, WrongUsage};
use crate::node;

/// The longest line of a file of cases, in bytes.
const LINE_BYTES_MAX: usize = 1 << 16;
/// The most cases told one by one.
const TOLD_MAX: usize = 100;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The pack that would decide: a folder, its pack.toml, or a single file
    #[arg(long, value_name = "PATH")]
    pack: PathBuf,
    /// The pack that decided the cases of the file [default: the built-in pack]
    #[arg(long, value_name = "PATH", requires = "facts")]
    against: Option<PathBuf>,
    /// Past cases, one a line; without it the decisions in the store of --data or --database
    #[arg(long, value_name = "FILE.jsonl")]
    facts: Option<PathBuf>,
}

/// A line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Past {
    #[serde(default)]
    case: String,
    facts: FactsForm,
}

pub(super) async fn run(args: &Args, common: &Common) -> anyhow::Result<Exit> {
    let new = files::pack(Some(&args.pack))?;
    let mut replay = Replay::new(&new, TOLD_MAX);
    let mut left_out = 0;
    if let Some(facts) = &args.facts {
        let old = files::pack(args.against.as_deref())?;
        of_file(facts, &old, &new, &mut replay)?;
    } else if common.data.is_some() || common.database.is_some() {
        left_out = of_store(&common.settings()?, &new, &mut replay).await?;
    } else {
        let text = "past cases come from --facts, or from the store of --data or --database";
        return Err(WrongUsage(text.to_owned()).into());
    }
    let language = common.language();
    let mut document = serde_json::to_value(&replay)?;
    document["left_out"] = left_out.into();
    common.answer(&document, || text(language, &replay, left_out))?;
    Ok(Exit::Done)
}

/// Every decision in a store, each under the pack it was made by; how many nobody can ask again.
async fn of_store(config: &Config, new: &Pack, replay: &mut Replay) -> anyhow::Result<u64> {
    if config.is_embedded() {
        let file = config.data_dir.join(node::STORE_FILE);
        anyhow::ensure!(file.exists(), "there is no store at {}", file.display());
    }
    let store = node::open_store(config).await?;
    let shelf = Shelf::builtin();
    let asked = async {
        parasol_verification::load_packs(&store, &shelf).await?;
        let calendar = parasol_verification::calendar_in_force(&store).await?;
        parasol_verification::replay_all(&store, &shelf, new, &calendar, replay).await
    };
    let asked = asked.await;
    store.close().await?;
    asked
        .context("the decisions cannot be read; `parasol migrate` brings an older store up to date")
}

fn of_file(path: &Path, old: &Pack, new: &Pack, replay: &mut Replay) -> anyhow::Result<()> {
    let unread = || format!("{} cannot be read", path.display());
    let file = std::fs::File::open(path).with_context(unread)?;
    for (nth, line) in (1..).zip(BufReader::new(file).lines()) {
        let line = line.with_context(unread)?;
        if line.trim().is_empty() {
            continue;
        }
        let wrong = || format!("{}, line {nth}", path.display());
        anyhow::ensure!(line.len() <= LINE_BYTES_MAX, "{}: the line is too long", wrong());
        let past: Past = serde_json::from_str(&line)
            .map_err(|error| anyhow::Error::msg(plainly(&error.to_string(), Some(&line))))
            .with_context(wrong)?;
        let name = if past.case.is_empty() { format!("line {nth}") } else { past.case };
        // What follows from a pack, such as the length of a warranty, follows from each for itself.
        let under = |pack: &Pack| past.facts.facts(pack).map_err(anyhow::Error::msg);
        let (was, would) = (under(old).with_context(wrong)?, under(new).with_context(wrong)?);
        let before = parasol_policy::evaluate(old, &was);
        replay.add_outcomes(&name, &would, before, parasol_policy::evaluate(new, &would));
    }
    Ok(())
}

fn text(language: Language, replay: &Replay, left_out: u64) -> String {
    let en = language == Language::En;
    let money = |fen: i64| yuan(language, fen);
    let mut lines = vec![match en {
        true => format!(
            "{} cases by {}: {} would come out otherwise, costing {} more.",
            replay.cases,
            replay.version,
            replay.changed,
            money(replay.cost_fen),
        ),
        false => format!(
            "按{}重算{}个案件：{}个结论不同，费用增加{}。",
            replay.version,
            replay.cases,
            replay.changed,
            money(replay.cost_fen),
        ),
    }];
    for (rule, sum) in &replay.by_rule {
        let cost = money(sum.cost_fen);
        lines.push(match en {
            true => format!("  {rule}: fires in {} more, in {} fewer; {cost}", sum.comes, sum.goes),
            false => format!("  {rule}：新增{}，减少{}；{cost}", sum.comes, sum.goes),
        });
    }
    for (payer, fen) in &replay.by_payer {
        lines.push(format!("  {payer}: {}", money(*fen)));
    }
    for one in &replay.differences {
        let rules: Vec<_> = one.rules.iter().map(ToString::to_string).collect();
        lines.push(format!("  {}: {} {}", one.case, rules.join(" "), money(one.cost_fen)));
    }
    if left_out > 0 {
        lines.push(match en {
            true => format!("{left_out} decisions cannot be asked again (made by hand, mostly)."),
            false => format!("{left_out}个决定无法重算（多为人工决定）。"),
        });
    }
    lines.join("\n")
}
