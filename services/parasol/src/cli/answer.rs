//! How a command ends and what it says on the way out.
//!
//! Standard output carries the answer: text for people, or with `--json` exactly one document. What
//! went wrong goes to standard error, and under `--json` becomes the document when there was none.

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::atomic::Ordering;

use parasol_api::{Error, Language, Reason};
use serde::Serialize;
use serde_json::json;

use super::Common;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It did what was asked: 0.
    Done,
    /// It did not, or not all: 1.
    Failed,
    /// It was not understood: 2.
    Usage,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::from(0),
            Exit::Failed => Self::from(1),
            Exit::Usage => Self::from(2),
        }
    }
}

/// Options that do not go together, found out after they were read.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WrongUsage(pub String);

impl Common {
    /// Gives the command's answer: the document with `--json`, the text otherwise.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn answer(
        &self,
        document: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> anyhow::Result<()> {
        self.answered.store(true, Ordering::SeqCst);
        print(&if self.json { serde_json::to_string_pretty(document)? } else { text() })?;
        Ok(())
    }

    /// Tells what went wrong, and how the process ends for it.
    pub(super) fn fail(&self, error: &anyhow::Error) -> Exit {
        let causes: Vec<String> = error.chain().skip(1).map(ToString::to_string).collect();
        complain(&format!("error: {error}"));
        for cause in &causes {
            complain(&format!("  because: {cause}"));
        }
        if self.json && !self.answered.load(Ordering::SeqCst) {
            let document = json!({ "error": { "message": error.to_string(), "causes": causes } });
            report_unprinted(print(&format!("{document:#}")));
        }
        if error.is::<WrongUsage>() { Exit::Usage } else { Exit::Failed }
    }
}

/// Answers a command line that names no command to run: a request for help, or a mistake.
pub(super) fn not_a_command(error: &clap::Error, json: bool) -> Exit {
    let text = error.to_string();
    let exit = if error.use_stderr() { Exit::Usage } else { Exit::Done };
    if !json {
        // Prints with the colours the terminal has.
        report_unprinted(error.print());
        return exit;
    }
    let document = if exit == Exit::Done {
        json!({ "help": text })
    } else {
        complain(text.trim_end());
        json!({ "error": { "message": text.trim_end(), "causes": [] } })
    };
    report_unprinted(print(&format!("{document:#}")));
    exit
}

/// What a node refused, in words for whoever called it.
pub(crate) fn refused(error: &Error) -> anyhow::Error {
    // A node that cannot reach its store says so in the registry's words; others are the way's.
    if error.reason() == Reason::StoreUnavailable && error.text() != error.reason().summary() {
        let text = error.text();
        return anyhow::anyhow!(
            "the node cannot be reached: {text} (check the address, and that a node runs there)"
        );
    }
    let next = error.reason().words(Language::En).next;
    let mut text = error.to_string();
    for violation in error.violations() {
        text.push_str(&format!("; {}: {}", violation.field, violation.description));
    }
    anyhow::anyhow!("{text} ({next})")
}

/// One text and a line end on standard output. A reader that has gone away wants no more.
fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// One text on standard error. Whoever closed it does not want to know.
fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

fn report_unprinted(printed: io::Result<()>) {
    if let Err(error) = printed {
        complain(&format!("error: standard output cannot be written: {error}"));
    }
}
