//! The network of a node as the files that an import takes.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use parasol_api::Error;
use parasol_api::admin::v1::ExportNetworkRequest;
use parasol_api::admin::v1::export_network_response::Content;
use parasol_api::admin::v1::network_service_client::NetworkServiceClient;
use parasol_runtime::transport::local;
use serde::Serialize;
use tonic::transport::Channel;

use super::network_row;
use super::source::Kind;
use crate::cli::refused;

/// The files, in the order in which rows come.
const KINDS: [Kind; 4] = [Kind::Counties, Kind::Brands, Kind::Centres, Kind::Technicians];

/// What was written.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Exported {
    /// The files.
    pub files: Vec<ExportedFile>,
}

/// A file that was written.
#[derive(Clone, Debug, Serialize)]
pub struct ExportedFile {
    /// Its path.
    pub file: String,
    /// What its rows are.
    pub kind: Kind,
    /// How many there are.
    pub rows: u64,
}

/// Writes the network into a folder, which is made. No file is written over, and one that is there has all
/// of its rows.
///
/// # Errors
/// When a file is there already or cannot be written, or the node does not answer to the end.
pub async fn export(channel: &Channel, token: &str, folder: &Path) -> anyhow::Result<Exported> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let mut files = KINDS
        .map(|kind| Writing::of(folder, kind))
        .into_iter()
        .collect::<anyhow::Result<Vec<_>>>()?;
    let way = local::with_token(local::remote(channel.clone()), token);
    let rows = NetworkServiceClient::new(way).export_network(ExportNetworkRequest {}).await;
    let said = |status| refused(&Error::from_status(&status));
    let mut rows = rows.map_err(said)?.into_inner();
    while let Some(row) = rows.message().await.map_err(said)? {
        match row.content.context("a row without content")? {
            Content::County(row) => files[0].row(&network_row::County::from(row))?,
            Content::Brand(row) => files[1].row(&network_row::Brand::from(row))?,
            Content::Centre(row) => files[2].row(&network_row::Centre::from(row))?,
            Content::Technician(row) => files[3].row(&network_row::Technician::from(row))?,
        }
    }
    let files = files.into_iter().map(Writing::finish).collect::<anyhow::Result<_>>()?;
    Ok(Exported { files })
}

/// A file under another name until it is whole.
struct Writing {
    target: std::path::PathBuf,
    part: std::path::PathBuf,
    kind: Kind,
    rows: u64,
    file: BufWriter<File>,
}

impl Writing {
    fn of(folder: &Path, kind: Kind) -> anyhow::Result<Self> {
        let target = folder.join(format!("{}.jsonl", kind.as_str()));
        if target.exists() {
            bail!("{} is there already; nothing is written over", target.display());
        }
        let part = target.with_extension("part");
        let file = File::create(&part).with_context(|| format!("writing {}", part.display()))?;
        Ok(Self { target, part, kind, rows: 0, file: BufWriter::new(file) })
    }

    fn row(&mut self, row: &impl Serialize) -> anyhow::Result<()> {
        serde_json::to_writer(&mut self.file, row).context("a row as JSON")?;
        self.file.write_all(b"\n").context("a row cannot be written")?;
        self.rows += 1;
        Ok(())
    }

    fn finish(self) -> anyhow::Result<ExportedFile> {
        let Self { target, part, kind, rows, file } = self;
        let file = file.into_inner().context("the rows cannot be written")?;
        file.sync_all().context("the rows cannot be written")?;
        ensure!(!target.exists(), "{} is there already", target.display());
        fs::rename(&part, &target).with_context(|| format!("writing {}", target.display()))?;
        Ok(ExportedFile { file: target.display().to_string(), kind, rows })
    }
}
