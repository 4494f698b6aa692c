//! `parasol policy replay`: past cases decided by another pack.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use parasol_api::Language;
use parasol_policy::{FactsForm, Pack, Replay};
use serde::Deserialize;

use super::explain::yuan;
use super::files;
use crate::cli::{Common, Exit};

/// The longest line of a file of cases, in bytes.
const LINE_BYTES_MAX: usize = 1 << 16;
/// The most cases told one by one.
const TOLD_MAX: usize = 100;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The pack that would decide: a folder, its pack.toml, or a single file
    #[arg(long, value_name = "PATH")]
    pack: PathBuf,
    /// The pack that decided [default: the built-in pack]
    #[arg(long, value_name = "PATH")]
    against: Option<PathBuf>,
    /// Past cases, one a line
    #[arg(long, value_name = "FILE.jsonl")]
    facts: PathBuf,
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
    let old = files::pack(args.against.as_deref())?;
    of_file(&args.facts, &old, &new, &mut replay)?;
    let language = common.language();
    common.answer(&replay, || text(language, &replay))?;
    Ok(Exit::Done)
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
        let past: Past = serde_json::from_str(&line).with_context(wrong)?;
        let name = if past.case.is_empty() { format!("line {nth}") } else { past.case };
        // What follows from a pack, such as the length of a warranty, follows from each for itself.
        let under = |pack: &Pack| past.facts.facts(pack).map_err(anyhow::Error::msg);
        let (was, would) = (under(old).with_context(wrong)?, under(new).with_context(wrong)?);
        let before = parasol_policy::evaluate(old, &was);
        replay.add_outcomes(&name, &would, before, parasol_policy::evaluate(new, &would));
    }
    Ok(())
}

fn text(language: Language, replay: &Replay) -> String {
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
    lines.join("\n")
}
