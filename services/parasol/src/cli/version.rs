//! `parasol version`.

use serde_json::json;

use super::{Common, Exit};

pub(super) const EXAMPLE: &str = "Example: parasol version --json";

/// The commit this program was built from, where the build said so in `PARASOL_COMMIT`.
pub const COMMIT: Option<&str> = option_env!("PARASOL_COMMIT");

pub(super) fn run(common: &Common) -> anyhow::Result<Exit> {
    let version = env!("CARGO_PKG_VERSION");
    let document = json!({ "name": "parasol", "version": version, "commit": COMMIT });
    common.answer(&document, || match COMMIT {
        Some(commit) => format!("parasol {version} ({commit})"),
        None => format!("parasol {version}"),
    })?;
    Ok(Exit::Done)
}
