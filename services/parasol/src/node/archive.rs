//! Where photos and films lie, by the settings.

use anyhow::Context as _;
use parasol_evidence::{Archive, Location, Patience, S3, Shelf, Unusable};
use parasol_runtime::config::Config;
use secrecy::ExposeSecret as _;

use super::Options;

/// The folder of evidence, in the data folder.
pub(crate) const FOLDER: &str = "evidence";
/// The folder of files that are on their way in, in the data folder; it is always empty to look at.
const QUARANTINE: &str = "quarantine";

/// Opens the archive that the settings describe. Child processes are those of the program that the options
/// name, or of this one. A bucket
/// that is not there or does not let us in keeps the node from starting; one that does not answer may come back.
pub(super) async fn open(config: &Config, options: &Options) -> anyhow::Result<Archive> {
    let quarantine = config.data_dir.join(QUARANTINE);
    let described = || format!("evidence cannot be kept in {}", described(config));
    let archive = Archive::open(
        &quarantine,
        &location(config),
        options.evidence_program.clone(),
        options.evidence_limits,
    );
    let archive = archive.with_context(described)?;
    match archive.shelf.check().await {
        Ok(()) => {}
        Err(error @ Unusable::NoAnswer(_)) => {
            tracing::warn!(%error, "{}", described());
        }
        Err(error) => return Err(error).context(settings(config)).with_context(described),
    }
    Ok(archive)
}

/// What is wrong with the place that the settings describe, for whoever asks without starting.
pub(crate) async fn check(config: &Config) -> Result<String, String> {
    let said = described(config);
    if config.evidence.bucket().is_none() {
        return Ok(said);
    }
    let shelf = Shelf::open(&location(config)).map_err(|error| format!("{said}: {error}"))?;
    shelf.check().await.map_err(|error| format!("{said}: {error}"))?;
    Ok(said)
}

/// The settings to look at.
pub(crate) fn settings(config: &Config) -> String {
    let key = match config.evidence.s3_access_key_id.as_str() {
        "" => "the key that the machine is given".to_owned(),
        id => format!("evidence.s3_access_key_id ({id}) and its secret"),
    };
    format!("look at evidence.store, evidence.s3_endpoint, and {key}")
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
            patience: Patience::default(),
        }),
    }
}

fn described(config: &Config) -> String {
    match config.evidence.store.as_str() {
        "" => config.data_dir.join(FOLDER).display().to_string(),
        store => store.to_owned(),
    }
}
