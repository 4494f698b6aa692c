//! `parasol demo`, as a command: where it runs, and what its end means.

use parasol_runtime::clock::Clock;
use parasol_runtime::config::Config;
use parasol_runtime::ids::IdSource;

use super::{Common, Exit};
use crate::demo::{self, Stage};

pub(super) const EXAMPLE: &str = "\
Without --data it runs in a folder of its own under the system's temporary folder.

Examples:
  parasol demo --lang en
  parasol demo --story refund --once --pace 0
  parasol demo --running --grpc 127.0.0.1:7443 --data /var/lib/parasol --cases 12 --once";

/// Any free ports unless some are asked for, so that a demonstration runs beside whatever runs; and no register,
/// since its agents are nobody's.
pub(super) fn settings(common: &Common) -> anyhow::Result<Config> {
    let mut own = vec![("grpc_addr", "127.0.0.1:0"), ("http_addr", "127.0.0.1:0")];
    own.push(("staff.registered_only", "false"));
    let folder = format!("parasol-demo-{}", IdSource::new(Clock::system()).next().simple());
    let folder = std::env::temp_dir().join(folder).to_string_lossy().into_owned();
    if common.data.is_none() {
        own.push(("data_dir", &folder));
    }
    Ok(common.settings_with(&own)?)
}

pub(super) async fn run(args: demo::Args, common: &Common, config: Config) -> anyhow::Result<Exit> {
    let stage = Stage {
        config,
        keep: common.data.is_some(),
        language: common.language(),
        quiet: common.json,
    };
    let outcome = Box::pin(demo::run(&args, stage)).await?;
    let all = outcome.closed == outcome.cases;
    if common.json {
        common.answer(&outcome, String::new)?;
    }
    Ok(if all { Exit::Done } else { Exit::Failed })
}
