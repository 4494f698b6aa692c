//! The keys that certificates are sealed with, by the settings.

use std::path::Path;

use anyhow::{Context as _, bail};
use parasol_runtime::config::Config;
use parasol_runtime::identity::TokenKey;
use parasol_verification::SealKeys;

/// What the key of a cell without a key file follows from its secret for.
const DOMAIN: &str = "certificate seal key";

/// The keys of a cell. That of its own secret is always among them, so that naming a file later on makes no
/// seal unknown; those of secrets that it had `before` are for whoever audits.
///
/// # Errors
/// When a file cannot be read, holds something else, or is open to others.
pub fn seal_keys(config: &Config, key: &TokenKey, before: &[TokenKey]) -> anyhow::Result<SealKeys> {
    let of_secret = |key: &TokenKey| key.mac(DOMAIN, b"v1");
    let own = of_secret(key);
    let certificates = &config.certificates;
    let named = certificates.old_seal_key_files.split(',').map(str::trim);
    let older = named.filter(|file| !file.is_empty()).map(|file| read(Path::new(file)));
    let mut older = older.collect::<anyhow::Result<Vec<_>>>()?;
    older.extend(before.iter().map(of_secret));
    Ok(match certificates.seal_key_file.as_str() {
        "" => SealKeys::new(own, older),
        file => SealKeys::new(read(Path::new(file))?, older.into_iter().chain([own])),
    })
}

fn read(file: &Path) -> anyhow::Result<[u8; 32]> {
    use std::os::unix::fs::PermissionsExt as _;
    let told = || format!("the seal key {}", file.display());
    let mode = std::fs::metadata(file).with_context(told)?.permissions().mode();
    if mode & 0o077 != 0 {
        bail!("{} can be read by others; run chmod 600 on it", told());
    }
    let text = std::fs::read_to_string(file).with_context(told)?;
    let mut secret = [0; 32];
    let digits = text.trim().as_bytes();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = digits.chunks(2).map(pair).collect();
    match bytes.filter(|bytes| digits.len() == 64 && bytes.len() == 32) {
        Some(bytes) => secret.copy_from_slice(&bytes),
        None => bail!("{} does not hold 64 hexadecimal digits", told()),
    }
    Ok(secret)
}
