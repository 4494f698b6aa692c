//! What can be imported: a file or a text of the program, with its kind by its name.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tokio::io::{AsyncBufRead, BufReader};

/// What the rows of a file are. In this order, since later ones name earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Counties with their places.
    Counties,
    /// Brands.
    Brands,
    /// Service centres.
    Centres,
    /// Technicians.
    Technicians,
    /// Stock keeping units.
    Skus,
    /// Order lines.
    Orders,
    /// Forms of inspections.
    Checklists,
    /// What customers file.
    Filings,
}

impl Kind {
    const ALL: [Self; 8] = [
        Self::Counties,
        Self::Brands,
        Self::Centres,
        Self::Technicians,
        Self::Skus,
        Self::Orders,
        Self::Checklists,
        Self::Filings,
    ];

    /// The word file names begin with.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counties => "counties",
            Self::Brands => "brands",
            Self::Centres => "centres",
            Self::Technicians => "technicians",
            Self::Skus => "skus",
            Self::Orders => "orders",
            Self::Checklists => "checklists",
            Self::Filings => "filings",
        }
    }

    /// The field a row is known by.
    pub(super) const fn key_field(self) -> &'static str {
        match self {
            Self::Counties => "county",
            Self::Brands => "brand",
            Self::Centres => "centre",
            Self::Technicians => "technician",
            Self::Skus => "sku",
            Self::Checklists => "checklist",
            Self::Orders | Self::Filings => "order_line",
        }
    }

    /// The kind of a file by its name: `orders.jsonl`, and `orders-2026-06.jsonl` too.
    pub fn of_file(name: &str) -> Option<Self> {
        let name = Path::new(name).file_name()?.to_str()?;
        let stem = name.strip_suffix(".jsonl")?;
        let word = stem.split(['-', '_', '.']).next()?;
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// One file to import.
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Text(&'static [u8]),
    File(PathBuf),
}

impl Source {
    /// A text that is part of the program, under a file's name.
    pub fn text(name: &str, text: &'static str) -> Self {
        Self { name: name.to_owned(), content: Content::Text(text.as_bytes()) }
    }

    /// A file, read when its turn comes.
    pub fn file(path: &Path) -> Self {
        Self { name: path.display().to_string(), content: Content::File(path.to_owned()) }
    }

    /// The name in reports.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its rows are, by its name; `None` for a file that is not imported.
    pub fn kind(&self) -> Option<Kind> {
        Kind::of_file(&self.name)
    }

    /// Its length in bytes, as far as it can be told.
    pub fn bytes(&self) -> u64 {
        match &self.content {
            Content::Text(text) => text.len() as u64,
            Content::File(path) => std::fs::metadata(path).map_or(0, |file| file.len()),
        }
    }

    pub(super) async fn open(&self) -> anyhow::Result<Box<dyn AsyncBufRead + Unpin + Send>> {
        match &self.content {
            Content::Text(text) => Ok(Box::new(*text)),
            Content::File(path) => {
                let file = tokio::fs::File::open(path).await;
                let file = file.with_context(|| format!("{} cannot be opened", path.display()))?;
                Ok(Box::new(BufReader::with_capacity(1 << 18, file)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_is_the_first_word_of_the_name() {
        assert_eq!(Kind::of_file("a/b/orders.jsonl"), Some(Kind::Orders));
        assert_eq!(Kind::of_file("orders-2026-06.jsonl"), Some(Kind::Orders));
        assert_eq!(Kind::of_file("orders-not-utf8.jsonl"), Some(Kind::Orders));
        assert_eq!(Kind::of_file("skus.jsonl"), Some(Kind::Skus));
        for other in ["orders.json", "orders.jsonl.gz", "README.md", "ordering.jsonl", ".jsonl", ""]
        {
            assert_eq!(Kind::of_file(other), None, "{other}");
        }
    }

    #[test]
    fn what_others_build_on_comes_first() {
        assert!(Kind::Brands < Kind::Centres && Kind::Centres < Kind::Technicians);
        assert!(Kind::Skus < Kind::Orders && Kind::Orders < Kind::Filings);
    }
}
