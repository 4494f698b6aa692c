//! `parasol vault`: the keys of the vault, and what it has about somebody.

use anyhow::{Context as _, bail, ensure};
use parasol_casebook::{KEY_LEN, Store};
use parasol_journey::ids::{CaseId, CustomerId};
use parasol_keeping::person::{self, Person};
use parasol_runtime::clock::Clock;
use parasol_runtime::config::Config;
use parasol_runtime::identity::{KEY_FILE, TokenKey};
use parasol_runtime::ids::IdSource;
use serde_json::json;

use super::token::shown_by;
use super::{Common, Exit};
use crate::vault::{Erased, WHOSE};
use crate::{migrations, node, vault};

pub(super) const EXAMPLE: &str = "\
Works on the data folder and its database. With the embedded store the node has to be stopped first; on a server's \
database it may run beside nodes, from a folder that has their keys.

Examples:
  parasol vault status
  parasol vault rotate
  parasol vault export --subject cust_01905af12b3c7def8123456789abcdef
  parasol vault erase --subject cust_01905af12b3c7def8123456789abcdef";

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Say which keys there are, and how many rows each seals
    #[command(after_help = "Example: parasol vault status --json")]
    Status,
    /// Make a new key; nodes seal with it from their next start, and wrap all rows anew within the hour
    #[command(after_help = ROTATE)]
    Rotate,
    /// Destroy a key that seals nothing any more
    #[command(after_help = "Example: parasol vault forget --key 1")]
    Forget {
        /// Its number
        #[arg(long, value_name = "NUMBER")]
        key: u32,
    },
    /// Write everything that is kept about a customer, or about a case, as JSON
    #[command(
        after_help = "Example: parasol vault export --subject cust_01905af12b3c7def8123456789abcdef"
    )]
    Export {
        /// A customer's or a case's id
        #[arg(long, value_name = "ID", value_parser = subject)]
        subject: Subject,
        /// What a legal hold has put aside instead, to be handed over
        #[arg(long)]
        withheld: bool,
    },
    /// Destroy everything that is kept about a customer, or about a case, for good
    #[command(after_help = ERASE)]
    Erase {
        /// A customer's or a case's id
        #[arg(long, value_name = "ID", value_parser = subject)]
        subject: Subject,
        /// Also while a case goes on, which nobody can be called about then
        #[arg(long)]
        open_too: bool,
    },
}

const ROTATE: &str = "\
Processes that do not have the key yet cannot read what is sealed with it: stop all of a cell, give each folder the \
same vault.keys, and start them again.

Example: parasol vault rotate --data ./parasol-data";

const ERASE: &str = "\
Logs of cases, money and certificates stay; names, numbers, addresses and words go, and nothing more is taken about \
the same subjects. What a legal hold is on is put aside, where nobody sees it, and destroyed once the hold is over. What was \
erased is written to vault.erased in the data folder, and stays erased in a database that is put back from a copy: keep that file with the keys.

Example: parasol vault erase --subject cust_01905af12b3c7def8123456789abcdef";

/// Whom something is asked about.
#[derive(Clone, Copy)]
enum Subject {
    Customer(CustomerId),
    Case(CaseId),
}

fn subject(text: &str) -> Result<Subject, String> {
    let customer = text.parse().map(Subject::Customer);
    let found = customer.or_else(|_| text.parse().map(Subject::Case));
    found.map_err(|_| "an id begins with cust_ or case_".to_owned())
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Customer(id) => id.fmt(f),
            Self::Case(id) => id.fmt(f),
        }
    }
}

impl Subject {
    async fn find(self, store: &Store) -> anyhow::Result<Person> {
        let found = match self {
            Self::Customer(id) => person::of_customer(store, &WHOSE, id).await,
            Self::Case(id) => person::of_case(store, &WHOSE, id).await,
        };
        let found = found.context("what is kept cannot be looked up")?;
        let known = !found.cases.is_empty() || !found.kept.is_empty();
        ensure!(known, "nothing is known of {self}");
        Ok(found)
    }
}

pub(super) async fn run(args: Args, common: &Common, config: &Config) -> anyhow::Result<Exit> {
    if config.is_embedded() {
        let there = config.data_dir.join(node::STORE_FILE).exists();
        ensure!(there, "there is no database in {}", config.data_dir.display());
        node::own(&config.data_dir)?;
    }
    node::moved(config)?;
    let store = node::open_store(config).await?;
    let done = match args.what {
        What::Rotate => rotate(common, config),
        what => match migrations::pending(&store).await? {
            0 => on_store(what, common, config, &store).await,
            _ => bail!("the database is older than this program: run `parasol migrate` first"),
        },
    };
    store.close().await?;
    done
}

async fn on_store(
    what: What,
    common: &Common,
    config: &Config,
    store: &Store,
) -> anyhow::Result<Exit> {
    match what {
        What::Status => status(common, config, store).await?,
        What::Forget { key } => forget(common, config, store, key).await?,
        What::Export { subject, withheld } => {
            let person = subject.find(store).await?;
            let document = match withheld {
                true => person.withheld(store).await,
                false => person.export(store).await,
            };
            let mut document = document.context("a row cannot be read")?;
            document["subject"] = subject.to_string().into();
            let text = serde_json::to_string_pretty(&document)?;
            common.answer(&document, || text)?;
        }
        What::Erase { subject, open_too } => {
            erase(common, config, store, (subject, open_too)).await?;
        }
        What::Rotate => unreachable!("a new key needs no database"),
    }
    Ok(Exit::Done)
}

/// The keys of the folder, which has some once a node was started on it.
fn keys(config: &Config) -> anyhow::Result<Vec<(u32, [u8; KEY_LEN])>> {
    let folder = config.kept();
    node::read_vault_keys(folder)?.with_context(|| {
        let file = node::VAULT_KEYS_FILE;
        format!("there is no {file} in {}; start a node there once", folder.display())
    })
}

async fn status(common: &Common, config: &Config, store: &Store) -> anyhow::Result<()> {
    let known: Vec<u32> = keys(config)?.into_iter().map(|(number, _)| number).collect();
    let rows = store.sealed_by().await?;
    let opens = store.try_keys().await;
    let erased = vault::journal::read(config.kept())?.len();
    let of_key = rows.iter().map(|(number, rows)| json!({ "key": number, "rows": rows }));
    let document = json!({
        "keys": known,
        "rows": of_key.collect::<Vec<_>>(),
        "opens": opens.is_ok(),
        "erased": erased,
    });
    common.answer(&document, || {
        let mut lines = vec![format!("Keys: {known:?}; the highest seals.")];
        lines.extend(rows.iter().map(|(number, rows)| match number {
            0 => format!("{rows} row(s) in clear, from before there were keys."),
            number => format!("{rows} row(s) sealed with key {number}."),
        }));
        lines.push(format!("{erased} subject(s) in the journal of erasures."));
        lines.extend(opens.err().map(|error| format!("A row does not open: {error}.")));
        lines.join("\n")
    })
}

fn rotate(common: &Common, config: &Config) -> anyhow::Result<Exit> {
    let mut keys = keys(config)?;
    let newest = keys.iter().map(|(number, _)| *number).max().unwrap_or(0);
    let mut key = [0; KEY_LEN];
    IdSource::new(Clock::system()).fill(&mut key);
    keys.push((newest + 1, key));
    node::replace_vault_keys(config.kept(), &keys)?;
    common.answer(&json!({ "key": newest + 1 }), || {
        format!(
            "Key {} seals from the next start on. Every process of the cell needs this {}.",
            newest + 1,
            node::VAULT_KEYS_FILE
        )
    })?;
    Ok(Exit::Done)
}

async fn forget(common: &Common, config: &Config, store: &Store, key: u32) -> anyhow::Result<()> {
    let mut keys = keys(config)?;
    ensure!(keys.iter().any(|(number, _)| *number == key), "there is no key {key}");
    ensure!(keys.iter().any(|(number, _)| *number > key), "key {key} is the newest: rotate first");
    let rows = store.sealed_by().await?;
    if let Some((_, rows)) = rows.iter().find(|(number, _)| *number == i64::from(key)) {
        bail!("{rows} row(s) are sealed with key {key}: a node wraps them anew within the hour");
    }
    keys.retain(|(number, _)| *number != key);
    node::replace_vault_keys(config.kept(), &keys)?;
    // The first key can be made again by whoever has the secret it follows from.
    let first = (key == 1 && TokenKey::load(&config.data_dir).is_ok_and(|key| key.is_some()))
        .then(|| format!(" It follows from {KEY_FILE}: change that too."));
    common.answer(&json!({ "forgotten": key }), || {
        format!("Key {key} is gone from this folder.{}", first.unwrap_or_default())
    })
}

async fn erase(
    common: &Common,
    config: &Config,
    store: &Store,
    (subject, open_too): (Subject, bool),
) -> anyhow::Result<()> {
    let person = subject.find(store).await?;
    let open = person.open_cases(store).await?;
    if !open.is_empty() && !open_too {
        let open: Vec<_> = open.iter().map(ToString::to_string).collect();
        bail!("{} goes on; end it first, or say --open-too", open.join(", "));
    }
    let now = shown_by(store).await.unwrap_or_else(|| Clock::system().now());
    let Erased { rows, holds } = vault::erase(store, config.kept(), &person, now).await?;
    let subjects = person.erasable().len();
    let document = json!({
        "subject": subject.to_string(),
        "cases": person.cases.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "subjects": subjects,
        "rows": rows,
        "holds": holds.len(),
    });
    common.answer(&document, || {
        let cases = person.cases.len();
        let done = match holds.len() {
            0 => "are gone for good".to_owned(),
            some => format!(
                "are put aside: {some} legal hold(s) keep them, and they are destroyed once none does"
            ),
        };
        format!("{rows} row(s) about {subject} and {cases} case(s) {done}.")
    })
}
