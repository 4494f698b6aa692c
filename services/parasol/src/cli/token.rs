//! `parasol token`: a credential for whoever may read the data folder.
//!
//! Whoever holds the key of a cell can be anybody in it. What a subject of the retailer's people may do is for
//! the register to say, which a token does not get around. Machines that hold no key get their tokens
//! from one that does.

use anyhow::Context as _;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use parasol_casebook::Store;
use parasol_journey::time::{Span, Timestamp};
use parasol_runtime::clock::Clock;
use parasol_runtime::config::Config;
use parasol_runtime::identity::{KEY_FILE, Principal, Role, TokenKey};
use serde_json::json;

use super::{Common, Exit};
use crate::node;

pub(super) const EXAMPLE: &str = "\
The subject says which one: a customer's key in the orders, a brand's, centre's or technician's id, an
agent's login. Anybody who can read the data folder can make every token; guard it accordingly.
Where staff.registered_only is set, agents and managers have to be registered to be let in.

Examples:
  parasol token --role operator --subject me
  parasol token --role centre --subject aurora-hangzhou-01 --brand aurora --days 30";

#[derive(clap::Args)]
pub(super) struct Args {
    /// What the caller is
    #[arg(long, value_name = "ROLE", value_parser = role())]
    role: Role,
    /// Which one: an id or a login, at most 64 characters
    #[arg(long, value_name = "ID", value_parser = subject)]
    subject: String,
    /// The brand whose data the caller may see, for callers that are tied to one
    #[arg(long, value_name = "BRAND", value_parser = subject)]
    brand: Option<String>,
    /// How long it is good, 1 to 3650 days
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=3650))]
    days: u16,
}

fn role() -> impl clap::builder::TypedValueParser<Value = Role> {
    PossibleValuesParser::new(Role::ALL.iter().map(|role| role.as_str()))
        .try_map(|text| Role::parse(&text).ok_or("no such role"))
}

fn subject(text: &str) -> Result<String, String> {
    let fits = !text.trim().is_empty() && text.chars().count() <= 64;
    let plain = !text.contains(char::is_control);
    if fits && plain { Ok(text.to_owned()) } else { Err("must be 1 to 64 characters".to_owned()) }
}

pub(super) async fn run(args: Args, common: &Common) -> anyhow::Result<Exit> {
    let config = common.settings()?;
    let key = key_of(&config)?;
    let mut principal = Principal::new(args.role, args.subject);
    principal.brand = args.brand;
    let span = Span::days(i64::from(args.days));
    let (from, until) = validity(&config, span).await?;
    let token = key.issue(&principal, from, until.since(from));
    let document = json!({
        "token": token,
        "role": principal.role.as_str(),
        "subject": principal.subject,
        "brand": principal.brand,
        "not_before": from.to_string(),
        "expires": until.to_string(),
    });
    common.answer(&document, || token.clone())?;
    Ok(Exit::Done)
}

/// The key of the data folder, which must have been made before.
///
/// # Errors
/// When there is none, or it cannot be used.
pub(super) fn key_of(config: &Config) -> anyhow::Result<TokenKey> {
    let folder = &config.data_dir;
    let key = TokenKey::load(folder).context("the signing key cannot be used")?;
    key.with_context(|| {
        format!(
            "there is no {KEY_FILE} in {}; start `parasol up` there once, or name another folder \
             with --data",
            folder.display()
        )
    })
}

/// From when until when the token holds: on the machine's clock, and on the test clock the store
/// remembers, which may be ahead of it or behind.
pub(super) async fn validity(
    config: &Config,
    span: Span,
) -> anyhow::Result<(Timestamp, Timestamp)> {
    let now = Clock::system().now();
    let there = !config.is_embedded() || config.data_dir.join(node::STORE_FILE).exists();
    let told = if there { test_time(config).await } else { None };
    let told = told.unwrap_or(now);
    Ok((now.min(told), now.max(told) + span))
}

/// What the test clock of a store shows, if it has one. A store that cannot be asked has none: the
/// token is then good on the machine's clock, which is what production runs on.
async fn test_time(config: &Config) -> Option<Timestamp> {
    let store = node::open_store(config).await.ok()?;
    let shown = shown_by(&store).await;
    // Nothing was written.
    let _ = store.close().await;
    shown
}

/// What the test clock of an open store shows now.
pub(super) async fn shown_by(store: &Store) -> Option<Timestamp> {
    let offset = store.meta(node::CLOCK_OFFSET).await.ok()??;
    Some(Clock::test(Span::from_micros(offset.parse().ok()?)).now())
}
