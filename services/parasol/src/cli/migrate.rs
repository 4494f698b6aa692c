//! `parasol migrate`: the database up to date, or the question whether it is.

use anyhow::{Context as _, anyhow};
use parasol_runtime::clock::Clock;
use parasol_runtime::config::Config;
use parasol_runtime::ids::IdSource;
use sea_orm_migration::MigratorTrait as _;
use serde_json::json;

use super::{Common, Exit};
use crate::{migrations, node, vault};

pub(super) const EXAMPLE: &str = "\
`up` and `serve` do this by themselves when they start. Migrating what is up to date changes nothing.

Examples:
  parasol migrate --data ./parasol-data
  parasol migrate --check --database postgres://parasol@db/cell
  parasol migrate --restored --database postgres://parasol@db/cell";

#[derive(clap::Args)]
pub(super) struct Args {
    /// Change nothing; exit code 1 when something is to be done
    #[arg(long)]
    check: bool,
    /// The database was put back from a copy: resume tokens and cursors of before are refused from now on. Stop every
    /// process of the cell first
    #[arg(long, conflicts_with = "check")]
    restored: bool,
}

pub(super) async fn run(args: Args, common: &Common, config: &Config) -> anyhow::Result<Exit> {
    if args.check {
        let pending = pending(config).await?;
        let document = json!({ "pending": pending });
        common.answer(&document, || match pending {
            0 => "The database is up to date.".to_owned(),
            some => format!("{some} migration(s) are pending; `parasol migrate` applies them."),
        })?;
        return Ok(if pending == 0 { Exit::Done } else { Exit::Failed });
    }
    if config.is_embedded() {
        let folder = &config.data_dir;
        std::fs::create_dir_all(folder)
            .with_context(|| format!("the data folder {} cannot be made", folder.display()))?;
        node::own(folder)?;
    }
    node::moved(config)?;
    let store = node::open_store(config).await?;
    let applied = migrations::up(&store).await;
    // Whoever was erased since the copy was made stays so.
    let erased = match &applied {
        Ok(_) => vault::replay(&store, config.kept()).await,
        Err(_) => Ok(0),
    };
    let renewed = match (args.restored, &applied) {
        (true, Ok(_)) => store.begin_feed_epoch(IdSource::new(Clock::system()).next()).await,
        _ => Ok(()),
    };
    store.close().await?;
    let applied = applied.context("a migration failed; those before it are applied")?;
    renewed.context("the database is up to date, but tokens of before are still good")?;
    let erased =
        erased.context("the database is up to date, but who was erased may be back in it")?;
    let document = json!({ "applied": applied, "restored": args.restored, "erased": erased });
    common.answer(&document, || {
        let mut said = match applied {
            0 => "The database was up to date.".to_owned(),
            some => format!("{some} migration(s) applied; the database is up to date."),
        };
        if args.restored {
            said.push_str(" Tokens and cursors of before are refused.");
        }
        if erased > 0 {
            said.push_str(&format!(" {erased} subject(s) were erased anew, as the journal says."));
        }
        said
    })?;
    Ok(Exit::Done)
}

/// How many are to be applied. A store that is not there yet is not made for the question.
async fn pending(config: &Config) -> anyhow::Result<usize> {
    if config.is_embedded() && !config.data_dir.join(node::STORE_FILE).exists() {
        return Ok(migrations::Migrator::migrations().len());
    }
    let store = node::open_store(config).await?;
    let pending = migrations::pending(&store).await;
    store.close().await?;
    pending.map_err(|error| anyhow!(error).context("the list of migrations cannot be read"))
}
