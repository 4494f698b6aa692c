//! Loading JSONL files through the public API.
//!
//! Owns the reading of files row by row, what is wrong with a row before it is sent, the sending in
//! calls of bounded size, and the report that merges both sides' refusals. A good row is loaded
//! whatever stands around it. Form of the files: `examples/README.md`.
//!
//! What it deliberately does not do: it knows no rule of the goods or the network, which the services
//! check, and it never writes to the store itself.

mod checklist_row;
mod export;
mod filing;
mod find;
mod lines;
mod network_row;
mod order_row;
mod parse;
mod report;
mod send;
mod source;

use std::collections::HashMap;

use anyhow::Context as _;
use parasol_api::Reason;
use tonic::transport::Channel;

pub use export::{Exported, ExportedFile, export};
pub use filing::file_cases;
pub use find::{Found, find};
pub use report::{FileReport, PassedOver, RefusedRow, Report, SHOWN_MAX};
pub use source::{Kind, Source};

use lines::{Line, Lines};
use parse::{Fault, Row};
use send::Sender;

/// Rows that go into one call. The contract allows 20,000; fewer are answered sooner.
const CALL_ROWS: usize = 1_000;

/// Where rows go, and who sends them.
pub struct Target {
    /// The way to a node.
    pub channel: Channel,
    /// A credential of an operator, who keeps the network.
    pub operator_token: String,
    /// A credential of the retailer, who hands over orders; an operator's serves too.
    pub retailer_token: String,
}

/// Sees how far an import is.
pub trait Progress: Sync {
    /// So many more bytes of a file are dealt with.
    fn advance(&self, file: &str, bytes: u64);
}

/// Progress that nobody looks at.
pub struct Silent;

impl Progress for Silent {
    fn advance(&self, _file: &str, _bytes: u64) {}
}

/// Loads files, those that others build on first, whatever order they are given in. Files of filings
/// and of no known kind are passed over.
///
/// Loading a file again is safe: rows are known by their own keys, and what is stored stays.
///
/// # Errors
/// When a file cannot be read or the node does not take calls any more; what was loaded before stays.
pub async fn load(
    target: &Target,
    sources: Vec<Source>,
    progress: &dyn Progress,
) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let mut known = Vec::new();
    for source in sources {
        match source.kind() {
            None => report.pass_over(&source, "no file of this name is imported"),
            Some(Kind::Filings) => {
                report.pass_over(&source, "filings become cases: --file-cases files them")
            }
            Some(kind) => known.push((kind, source)),
        }
    }
    known.sort_by_key(|(kind, _)| *kind);
    let mut sender = Sender::new(target);
    for (kind, source) in known {
        let file = load_file(&mut sender, kind, &source, progress, &mut report).await;
        let file = file.with_context(|| {
            format!(
                "{} was not loaded to its end; rows before it are stored, and importing again is \
                 safe",
                source.name()
            )
        })?;
        report.files.push(file);
    }
    Ok(report)
}

async fn load_file(
    sender: &mut Sender,
    kind: Kind,
    source: &Source,
    progress: &dyn Progress,
    report: &mut Report,
) -> anyhow::Result<FileReport> {
    let mut lines = Lines::new(source.open().await?);
    let mut file = FileReport::new(source.name(), kind);
    let mut batch = Batch::new(kind);
    let mut told = 0;
    loop {
        let line = lines.next().await.context("the file cannot be read")?;
        let ended = line.is_none();
        if let Some((number, line)) = line {
            batch.take(number, line);
        }
        if ended || batch.is_full() {
            let (rows, faults) = batch.empty();
            let results = sender.send(rows).await?;
            report.add(&mut file, faults, results);
            progress.advance(source.name(), lines.bytes_read() - told);
            told = lines.bytes_read();
        }
        if ended {
            return Ok(file);
        }
    }
}

/// Things of a file, each with the number of its line.
type Numbered<T> = Vec<(u64, T)>;

/// Rows of one file on their way into one call, and the rows that will not go.
struct Batch {
    kind: Kind,
    rows: Numbered<Row>,
    faults: Numbered<Fault>,
    /// Every key of the file so far, with its line.
    keys: HashMap<String, u64>,
}

impl Batch {
    fn new(kind: Kind) -> Self {
        Self { kind, rows: Vec::new(), faults: Vec::new(), keys: HashMap::new() }
    }

    fn take(&mut self, number: u64, line: Line) {
        match self.read(number, line) {
            Ok(row) => self.rows.push((number, row)),
            Err(fault) => self.faults.push((number, fault)),
        }
    }

    /// A key counts once its row could be read: the first such row is the one that is sent.
    fn read(&mut self, number: u64, line: Line) -> Result<Row, Fault> {
        let row = match line {
            Line::Whole(bytes) => parse::row(self.kind, &bytes)?,
            Line::TooLong => return Err(parse::too_long()),
        };
        if let Some(first) = self.keys.get(&row.key) {
            let message = format!("{} came before, in line {first}, which counts", row.key);
            let field = self.kind.key_field().to_owned();
            return Err(Fault { reason: Reason::RowDuplicate, message, field });
        }
        self.keys.insert(row.key.clone(), number);
        Ok(row)
    }

    fn is_full(&self) -> bool {
        self.rows.len() + self.faults.len() >= CALL_ROWS
    }

    fn empty(&mut self) -> (Numbered<Row>, Numbered<Fault>) {
        (std::mem::take(&mut self.rows), std::mem::take(&mut self.faults))
    }
}
