//! Where photos and films lie, by the settings.

use std::path::PathBuf;

use anyhow::Context as _;
use parasol_evidence::{Archive, Limits, Location, S3};
use parasol_runtime::config::Config;
use secrecy::ExposeSecret as _;

/// The folder of evidence, in the data folder.
const FOLDER: &str = "evidence";
/// The folder of files that are on their way in, in the data folder; it is always empty to look at.
const QUARANTINE: &str = "quarantine";

/// Opens the archive that the settings describe. Child processes are those of `program`, or of this one.
pub(super) fn open(config: &Config, program: Option<PathBuf>) -> anyhow::Result<Archive> {
    let quarantine = config.data_dir.join(QUARANTINE);
    Archive::open(&quarantine, &location(config), program, Limits::default())
        .with_context(|| format!("evidence cannot be kept in {}", described(config)))
}

fn location(config: &Config) -> Location {
    let evidence = &config.evidence;
    match evidence.bucket() {
        None => Location::Folder(config.data_dir.join(FOLDER)),
        Some((bucket, prefix)) => Location::S3(S3 {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
            endpoint: evidence.s3_endpoint.clone(),
            region: evidence.s3_region.clone(),
            access_key_id: evidence.s3_access_key_id.clone(),
            secret_access_key: evidence.s3_secret_access_key.expose_secret().to_owned(),
        }),
    }
}

fn described(config: &Config) -> String {
    match config.evidence.store.as_str() {
        "" => config.data_dir.join(FOLDER).display().to_string(),
        store => store.to_owned(),
    }
}
