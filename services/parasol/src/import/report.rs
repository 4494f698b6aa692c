//! What became of an import: figures of each file, and every row that was refused.

use parasol_api::common::v1::{RowResult, RowStatus};
use parasol_api::{Language, Reason};
use serde::Serialize;

use super::Numbered;
use super::parse::Fault;
use super::source::{Kind, Source};

/// Refused rows a report keeps; further ones are counted.
pub const SHOWN_MAX: usize = 1_000;

/// What became of an import.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The files that were read, in the order in which they were.
    pub files: Vec<FileReport>,
    /// The files that were not.
    pub passed_over: Vec<PassedOver>,
    /// The first rows that were refused, at most [`SHOWN_MAX`].
    pub refused_rows: Vec<RefusedRow>,
    /// How many more there were.
    pub refused_not_shown: u64,
}

/// What became of one file.
#[derive(Clone, Debug, Serialize)]
pub struct FileReport {
    /// The file.
    pub file: String,
    /// What its rows are.
    pub kind: Kind,
    /// Rows in it, blank lines not counted.
    pub rows: u64,
    /// Rows that were new.
    pub added: u64,
    /// Rows that were stored before.
    pub unchanged: u64,
    /// Rows that replaced an older version.
    pub updated: u64,
    /// Rows that were refused.
    pub refused: u64,
}

/// A file that was not read.
#[derive(Clone, Debug, Serialize)]
pub struct PassedOver {
    /// The file or folder.
    pub file: String,
    /// Why.
    pub why: String,
}

/// A row that was refused. It changed nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefusedRow {
    /// The file.
    pub file: String,
    /// The line in it, from 1.
    pub line: u64,
    /// The reason's code; each has a page in `docs/errors/`.
    pub reason: String,
    /// The same in words.
    pub message: String,
    /// The field at fault as a path; empty when it is the whole row.
    pub field: String,
}

impl FileReport {
    pub(super) fn new(file: &str, kind: Kind) -> Self {
        let file = file.to_owned();
        Self { file, kind, rows: 0, added: 0, unchanged: 0, updated: 0, refused: 0 }
    }
}

impl Report {
    /// How many rows there were in all files.
    pub fn rows(&self) -> u64 {
        self.files.iter().map(|file| file.rows).sum()
    }

    /// How many were refused.
    pub fn refused(&self) -> u64 {
        self.files.iter().map(|file| file.refused).sum()
    }

    pub(super) fn pass_over(&mut self, source: &Source, why: &str) {
        self.passed_over.push(PassedOver { file: source.name().to_owned(), why: why.to_owned() });
    }

    /// Adds what became of some rows of a file: those that were not sent, and those that were.
    pub(super) fn add(
        &mut self,
        file: &mut FileReport,
        faults: Numbered<Fault>,
        results: Vec<RowResult>,
    ) {
        file.rows += (faults.len() + results.len()) as u64;
        let mut refused: Vec<_> = faults
            .into_iter()
            .map(|(line, fault)| RefusedRow {
                file: file.file.clone(),
                line,
                reason: fault.reason.code().to_owned(),
                message: fault.message,
                field: fault.field,
            })
            .collect();
        for result in results {
            match result.status() {
                RowStatus::Added => file.added += 1,
                RowStatus::Unchanged => file.unchanged += 1,
                RowStatus::Updated => file.updated += 1,
                RowStatus::Refused | RowStatus::Unspecified => refused.push(RefusedRow {
                    file: file.file.clone(),
                    line: u64::try_from(result.row).unwrap_or_default(),
                    reason: result.reason,
                    message: result.message,
                    field: result.field,
                }),
            }
        }
        file.refused += refused.len() as u64;
        refused.sort_by_key(|row| row.line);
        for row in refused {
            if self.refused_rows.len() < SHOWN_MAX {
                self.refused_rows.push(row);
            } else {
                self.refused_not_shown += 1;
            }
        }
    }

    /// Takes in what another part of the same import did.
    pub fn merge(&mut self, other: Self) {
        self.files.extend(other.files);
        self.passed_over.extend(other.passed_over);
        let room = SHOWN_MAX.saturating_sub(self.refused_rows.len());
        let more = other.refused_rows.len().saturating_sub(room);
        self.refused_rows.extend(other.refused_rows.into_iter().take(room));
        self.refused_not_shown += other.refused_not_shown + more as u64;
    }

    /// The report for people: refused rows, files passed over, a table, a sum.
    pub fn text(&self, language: Language) -> String {
        let mut lines: Vec<_> = self.refused_rows.iter().map(|row| row.text(language)).collect();
        if self.refused_not_shown > 0 {
            lines.push(format!("... and {} more refused rows", self.refused_not_shown));
        }
        for PassedOver { file, why } in &self.passed_over {
            lines.push(format!("{file}: passed over, {why}"));
        }
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.extend(self.table());
        let (rows, refused) = (self.rows(), self.refused());
        lines.push(match refused {
            0 => format!("{rows} rows, none refused."),
            refused => format!(
                "{rows} rows, {refused} refused; the others are loaded. Each reason has a page in \
                 docs/errors/."
            ),
        });
        lines.join("\n")
    }

    fn table(&self) -> Vec<String> {
        let names = self.files.iter().map(|file| file.file.chars().count());
        let width = names.max().unwrap_or(0).max("file".len());
        let line = |name: &str, figures: [String; 5]| {
            let figures: String = figures.iter().map(|figure| format!("{figure:>11}")).collect();
            format!("{name:<width$}{figures}")
        };
        let head = ["rows", "added", "unchanged", "updated", "refused"].map(str::to_owned);
        let mut lines = vec![line("file", head)];
        for file in &self.files {
            let figures = [file.rows, file.added, file.unchanged, file.updated, file.refused];
            lines.push(line(&file.file, figures.map(|figure| figure.to_string())));
        }
        lines
    }
}

impl RefusedRow {
    /// `file:line REASON message (field)`.
    fn text(&self, language: Language) -> String {
        let Self { file, line, reason, message, field } = self;
        let at = if field.is_empty() { String::new() } else { format!(" ({field})") };
        let words = match Reason::parse(reason) {
            Some(known) if language == Language::Zh => {
                let what = known.words(Language::Zh).what;
                // The registry's English says the same once more.
                if message == known.summary() {
                    what.to_owned()
                } else {
                    format!("{what}{message}")
                }
            }
            _ => message.clone(),
        };
        format!("{file}:{line} {reason} {words}{at}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(message: &str) -> Fault {
        let (message, field) = (message.to_owned(), "price_fen".to_owned());
        Fault { reason: Reason::FieldInvalid, message, field }
    }

    fn result(row: i64, status: RowStatus) -> RowResult {
        let mut result = RowResult { row, ..RowResult::default() };
        result.set_status(status);
        result
    }

    #[test]
    fn both_sides_refusals_stand_in_the_order_of_the_file() {
        let mut report = Report::default();
        let mut file = FileReport::new("orders.jsonl", Kind::Orders);
        let mut unknown = result(2, RowStatus::Refused);
        "SKU_UNKNOWN".clone_into(&mut unknown.reason);
        let results = vec![result(1, RowStatus::Added), unknown, result(4, RowStatus::Unchanged)];
        report.add(&mut file, vec![(3, fault("must be more than 0"))], results);
        report.files.push(file);
        assert_eq!((report.rows(), report.refused()), (4, 2));
        let lines: Vec<_> = report.refused_rows.iter().map(|row| row.line).collect();
        assert_eq!(lines, [2, 3]);
        let text = report.text(Language::En);
        assert!(
            text.contains("orders.jsonl:3 FIELD_INVALID must be more than 0 (price_fen)"),
            "{text}"
        );
        assert!(text.contains("4 rows, 2 refused"), "{text}");
        assert!(report.text(Language::Zh).contains("商品编号不存在"));
    }

    #[test]
    fn a_report_stays_short_and_counts_the_rest() {
        let mut report = Report::default();
        let mut file = FileReport::new("orders.jsonl", Kind::Orders);
        let faults = (1..=1_500).map(|line| (line, fault("x"))).collect();
        report.add(&mut file, faults, Vec::new());
        assert_eq!((report.refused_rows.len(), report.refused_not_shown), (SHOWN_MAX, 500));
        let other =
            Report { refused_rows: vec![report.refused_rows[0].clone()], ..Report::default() };
        report.merge(other);
        assert_eq!((report.refused_rows.len(), report.refused_not_shown), (SHOWN_MAX, 501));
    }
}
