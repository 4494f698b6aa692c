//! `parasol doctor`: what is wrong with a set-up, and what to do about it.
//!
//! It looks and changes nothing: no folder, no store and no key is made for the question. What cannot
//! be looked at because something before it is broken is left out rather than guessed.

mod cell;
mod machine;
mod store;
mod surroundings;

use parasol_runtime::clock::Clock;
use parasol_runtime::config::NodeRole;
use serde::Serialize;

use super::{Common, Exit, config, token};

pub(super) const EXAMPLE: &str = "\
Each line is a check: ok, warn (works, but look at it) or fail (does not work). Exit code 1 when a check
fails. It changes nothing and can be run beside a node.

Example: parasol doctor --data ./parasol-data";

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    Warn,
    Fail,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Finding {
    check: &'static str,
    status: Status,
    /// What is so.
    found: String,
    /// What to do next; empty when nothing.
    next: String,
}

impl Finding {
    fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, status: Status::Ok, found: found.into(), next: String::new() }
    }

    fn warn(check: &'static str, found: impl Into<String>, next: impl Into<String>) -> Self {
        Self { check, status: Status::Warn, found: found.into(), next: next.into() }
    }

    fn fail(check: &'static str, found: impl Into<String>, next: impl Into<String>) -> Self {
        Self { check, status: Status::Fail, found: found.into(), next: next.into() }
    }
}

#[derive(Serialize)]
struct Report {
    /// The worst of the findings.
    status: Status,
    findings: Vec<Finding>,
}

pub(super) async fn run(common: &Common) -> anyhow::Result<Exit> {
    let findings = look(common).await;
    let status = findings.iter().map(|finding| finding.status).max().unwrap_or(Status::Ok);
    let report = Report { status, findings };
    common.answer(&report, || report.text())?;
    Ok(if status == Status::Fail { Exit::Failed } else { Exit::Done })
}

async fn look(common: &Common) -> Vec<Finding> {
    let read = common.settings();
    let problems = config::problems(&read);
    let mut findings: Vec<_> = problems.iter().map(problem).collect();
    let Ok(config) = read else {
        // Where everything is cannot be known without it.
        return findings;
    };
    if findings.is_empty() {
        findings.push(Finding::ok("configuration", "fit for use"));
    }
    if config.plays(NodeRole::Router) {
        // It keeps nothing, so there is nothing else to look at.
        findings.extend(surroundings::ports(&config, false).await);
        findings.extend(cell::cells(&config).await);
        return findings;
    }
    let (folder, in_use) = machine::folder(&config);
    findings.push(folder);
    findings.push(machine::key(&config));
    findings.extend(machine::disk(&config));
    let (opened, finding) = store::open(&config).await;
    findings.push(finding);
    let mut now = Clock::system().now();
    if let Some(opened) = &opened {
        if let Some(shown) = token::shown_by(opened).await {
            now = shown;
            findings.push(test_clock(config.test_clock));
        }
        findings.extend(store::content(opened, now, in_use).await);
    }
    if let Some(opened) = opened {
        // Nothing was written.
        let _ = opened.close().await;
    }
    findings.push(surroundings::calendar(now));
    findings.extend(surroundings::ports(&config, in_use).await);
    findings.extend(cell::peers(&config).await);
    findings.extend(surroundings::redis(&config).await);
    findings.push(surroundings::evidence(&config).await);
    findings
}

/// A store that ran on the test clock is full of its times, and is judged by them.
fn test_clock(on: bool) -> Finding {
    let check = "test clock";
    if on {
        return Finding::ok(check, "the store goes on where its test clock stood");
    }
    let found = "the store ran on the test clock, and test_clock is off here";
    let next = "turn it on for this store (--set test_clock=true); real cases want a fresh one";
    Finding::warn(check, found, next)
}

fn problem((key, text): &(String, String)) -> Finding {
    let found = if key.is_empty() { text.clone() } else { format!("{key}: {text}") };
    let next = "correct it in the file, the environment or the option it comes from; `parasol \
                config default` explains every key";
    Finding::fail("configuration", found, next)
}

impl Report {
    fn text(&self) -> String {
        let mut lines = Vec::new();
        for Finding { check, status, found, next } in &self.findings {
            let mark = match status {
                Status::Ok => "ok  ",
                Status::Warn => "warn",
                Status::Fail => "FAIL",
            };
            lines.push(format!("{mark}  {check:<13}  {found}"));
            if !next.is_empty() {
                lines.push(format!("{:21}→ {next}", ""));
            }
        }
        let count = |status| self.findings.iter().filter(|one| one.status == status).count();
        let (fails, warns) = (count(Status::Fail), count(Status::Warn));
        lines.push(match (fails, warns) {
            (0, 0) => "All is well.".to_owned(),
            (0, some) => format!("It works; {some} thing(s) to look at."),
            (some, _) => format!("{some} check(s) failed."),
        });
        lines.join("\n")
    }
}
