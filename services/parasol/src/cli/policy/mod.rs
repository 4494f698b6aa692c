//! `parasol policy`: rule packs in the hands of the people who write them.
//!
//! Everything here works on files and needs no node. What a pack is and how it decides is the policy's;
//! this room reads files, and says what came of them.

mod explain;
mod export;
mod files;
mod replay;
mod validate;

use std::path::PathBuf;

use super::{Common, Exit};

pub(super) const EXAMPLE: &str = "\
A pack is a folder with pack.toml, the layers it includes and their tests, or a single file.

Examples:
  parasol policy export ./my-pack
  parasol policy validate ./my-pack
  parasol policy explain --pack ./my-pack --facts case.toml --lang en
  parasol policy replay --pack ./my-pack --facts past-cases.jsonl --json";

const EXPLAIN_EXAMPLE: &str = "\
The facts are words of a pack's conditions, in TOML or JSON; what is not given has its usual meaning:
  category = \"refrigerator\"
  province = \"33\"
  paid_fen = 299900
  days = 5
  cause = \"product\"

Example: parasol policy explain --facts case.toml --lang en";

const VALIDATE_EXAMPLE: &str = "\
Refuses what is wrong with file, line, row and reason; runs the pack's own tests; and finds gaps
(facts that no row answers), rows that are never reached, and rows that never matter.

Example: parasol policy validate ./my-pack --json";

const REPLAY_EXAMPLE: &str = "\
Each line of the file is one case: {\"case\": \"any name\", \"facts\": {\"category\": \"fan\", …}}.
With --data or --database every decision in the store is asked again, on the facts of then.
Costs compare two packs and forecast nothing: a refund counts its amount, a replacement the price of
the unit, a repair nothing.

Examples:
  parasol policy replay --pack ./my-pack --facts past-cases.jsonl
  parasol policy replay --pack ./my-pack --data ./parasol-data --json";

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Say what a customer is owed on some facts, and by which rules
    #[command(after_help = EXPLAIN_EXAMPLE)]
    Explain(explain::Args),
    /// Check a pack; exit code 1 when it is refused or something is wrong with it
    #[command(after_help = VALIDATE_EXAMPLE)]
    Validate(validate::Args),
    /// Decide past cases by another pack: what would change, and what it would cost
    #[command(after_help = REPLAY_EXAMPLE)]
    Replay(replay::Args),
    /// Write the files of the built-in pack into a new folder, as a start for one's own
    #[command(after_help = "Example: parasol policy export ./my-pack")]
    Export {
        /// The folder; it must not exist yet
        folder: PathBuf,
    },
}

pub(super) async fn run(args: Args, common: &Common) -> anyhow::Result<Exit> {
    match args.what {
        What::Explain(args) => explain::run(&args, common),
        What::Validate(args) => validate::run(&args, common),
        What::Replay(args) => replay::run(&args, common).await,
        What::Export { folder } => export::run(&folder, common),
    }
}
