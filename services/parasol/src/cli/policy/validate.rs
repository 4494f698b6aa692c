//! `parasol policy validate`: whether a pack can be used, and what a reviewer should look at.

use std::path::PathBuf;

use parasol_policy::{Pack, PackError};
use serde_json::{Value, json};

use super::files;
use crate::cli::{Common, Exit};

#[derive(clap::Args)]
pub(super) struct Args {
    /// The pack: a folder, its pack.toml, or a single file [default: the built-in pack]
    #[arg(value_name = "PATH")]
    pack: Option<PathBuf>,
}

pub(super) fn run(args: &Args, common: &Common) -> anyhow::Result<Exit> {
    let files = match &args.pack {
        None => Pack::builtin_files(),
        Some(path) => files::of_pack(path)?,
    };
    match Pack::read(&files) {
        Ok(pack) => report(&pack, common),
        Err(error) => refuse(&error, common),
    }
}

fn refuse(error: &PackError, common: &Common) -> anyhow::Result<Exit> {
    let PackError { file, line, rule, reason } = error;
    let refused = json!({ "file": file, "line": line, "rule": rule, "reason": reason });
    common.answer(&json!({ "ok": false, "refused": refused }), || format!("Refused: {error}"))?;
    Ok(Exit::Failed)
}

fn report(pack: &Pack, common: &Common) -> anyhow::Result<Exit> {
    let (problems, failed, untested) = (pack.problems(), pack.failed_tests(), pack.untested());
    let is_fine = problems.is_empty() && failed.is_empty();
    let listed: Vec<Value> = problems
        .iter()
        .map(|problem| {
            let mut value = serde_json::to_value(problem).unwrap_or_default();
            value["text"] = problem.to_string().into();
            value
        })
        .collect();
    let document = json!({
        "ok": is_fine,
        "refused": null,
        "version": pack.version(),
        "effective_from": pack.effective_from(),
        "effective_until": pack.effective_until(),
        "layers": pack.layers(),
        "rules": pack.rules().count(),
        "promises": pack.promises().len(),
        "tests": pack.tests(),
        "failed_tests": failed,
        "problems": listed,
        "untested": untested,
    });
    common.answer(&document, || {
        let mut lines = vec![format!(
            "Pack {}: {} layers, {} rules, {} promises, {} tests.",
            pack.version(),
            pack.layers().len(),
            pack.rules().count(),
            pack.promises().len(),
            pack.tests(),
        )];
        lines.extend(failed.iter().map(|test| format!("failed: {test}")));
        lines.extend(problems.iter().map(ToString::to_string));
        if !untested.is_empty() {
            let rules: Vec<_> = untested.iter().map(ToString::to_string).collect();
            lines.push(format!("without a test: {}", rules.join(", ")));
        }
        lines.push(match is_fine {
            true => "Nothing is wrong with it.".to_owned(),
            false => format!("{} problem(s).", problems.len() + failed.len()),
        });
        lines.join("\n")
    })?;
    Ok(if is_fine { Exit::Done } else { Exit::Failed })
}
