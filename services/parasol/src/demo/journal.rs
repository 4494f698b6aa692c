//! The players' own record of what they asked and what was answered, one JSON line each.
//!
//! It is what a client would keep: enough to ask again after a crash, and enough for a test to hold the
//! store against.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::Context as _;
use parasol_api::Error;
use parasol_runtime::identity::Principal;
use serde::{Deserialize, Serialize};
use tonic::Status;
use uuid::Uuid;

use super::wire::{name_of, player_of};

/// The journal's file in the data folder.
pub const FILE: &str = "demo-journal.jsonl";

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Line {
    /// Written before a request goes out.
    Sent {
        /// The request id.
        id: String,
        /// The method.
        path: String,
        /// Who asked.
        player: String,
        /// The message in hex.
        body: String,
    },
    /// Written when the answer is there.
    Answered {
        /// The request id.
        id: String,
        /// `OK`, or the reason of the refusal.
        reason: String,
        /// What tells the bytes of the answer from others; nil for a refusal.
        #[serde(default)]
        answer: Uuid,
    },
}

/// A request without an answer.
pub struct Entry {
    pub id: String,
    pub path: String,
    pub player: Principal,
    pub body: Vec<u8>,
}

/// The journal of one data folder.
pub struct Journal {
    path: PathBuf,
    file: Mutex<File>,
}

impl Journal {
    /// Opens the journal of a data folder, or begins it.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(FILE);
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let file = file.with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(Self { path, file: Mutex::new(file) })
    }

    pub fn sent(&self, id: &str, path: &str, player: &Principal, body: &[u8]) {
        let body = body.iter().map(|byte| format!("{byte:02x}")).collect();
        let (id, path, player) = (id.to_owned(), path.to_owned(), name_of(player));
        self.write(&Line::Sent { id, path, player, body });
    }

    pub fn answered(&self, id: &str, answer: &Result<Vec<u8>, Status>) {
        let body =
            answer.as_ref().map_or(Uuid::nil(), |body| Uuid::new_v5(&Uuid::NAMESPACE_OID, body));
        let reason = match answer {
            Ok(_) => "OK".to_owned(),
            Err(status) => {
                let error = Error::from_status(status);
                if error.is_transient() {
                    // Not an answer: whether it took effect is open.
                    return;
                }
                error.reason().code().to_owned()
            }
        };
        self.write(&Line::Answered { id: id.to_owned(), reason, answer: body });
    }

    fn write(&self, line: &Line) {
        let mut text = serde_json::to_string(line).expect("a line is text");
        text.push('\n');
        let mut file = self.file.lock().expect("no holder of this lock panics");
        // One write a line: a crash leaves at most one line torn, and that was never acknowledged.
        if let Err(error) = file.write_all(text.as_bytes()) {
            tracing::warn!(%error, "the journal cannot be written");
        }
    }

    /// Every whole line so far; a torn last one is left out.
    pub fn lines(&self) -> anyhow::Result<Vec<Line>> {
        let file = File::open(&self.path)?;
        let lines = BufReader::new(file).split(b'\n').map_while(Result::ok);
        Ok(lines.filter_map(|line| serde_json::from_slice(&line).ok()).collect())
    }

    /// Requests that were sent and never answered, in the order in which they were sent.
    pub fn unanswered(&self) -> anyhow::Result<Vec<Entry>> {
        let mut open: Vec<Entry> = Vec::new();
        for line in self.lines()? {
            match line {
                Line::Sent { id, path, player, body } => {
                    open.retain(|entry| entry.id != id);
                    let player = player_of(&player).context("the journal names no player")?;
                    open.push(Entry { id, path, player, body: unhex(&body) });
                }
                Line::Answered { id, .. } => open.retain(|entry| entry.id != id),
            }
        }
        Ok(open)
    }
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .filter_map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok())
        .collect()
}
