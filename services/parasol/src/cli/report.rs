//! `parasol report`: what was said and done in a month, as a file.

use std::path::PathBuf;

use anyhow::Context as _;
use parasol_journey::vocab::Category;
use parasol_runtime::clock::Clock;
use parasol_runtime::config::Config;
use parasol_tracking::scores::period::Month;
use parasol_tracking::voice::{file, rounds};
use serde_json::json;

use super::{Common, Exit, WrongUsage};
use crate::node;

pub(super) const EXAMPLE: &str = "\
Reads the database; changes nothing and may run beside a node on a server's database. A month that is over \
stands as it was made once; of one that goes on the file says how far it has come.

Examples:
  parasol report voc --month 2026-06
  parasol report voc --month 2026-06 --category television --format html --out june.html";

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// The complaint report of a month, by business unit
    #[command(after_help = "Example: parasol report voc --month 2026-06 --out june.csv")]
    Voc {
        /// The month, YYYY-MM in Shanghai
        #[arg(long, value_name = "MONTH", value_parser = month)]
        month: Month,
        /// Only this business unit, for example television
        #[arg(long, value_name = "CATEGORY", value_parser = category)]
        category: Option<Category>,
        /// What kind of file
        #[arg(long, value_enum, default_value = "csv")]
        format: Format,
        /// Where to write it; else it goes to standard output
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    Csv,
    Html,
}

fn month(text: &str) -> Result<Month, String> {
    Month::parse(text).ok_or_else(|| "a month is written YYYY-MM".to_owned())
}

fn category(text: &str) -> Result<Category, String> {
    let known = || Category::ALL.iter().map(|one| one.as_str()).collect::<Vec<_>>().join(", ");
    Category::parse(text).ok_or_else(|| format!("a category is one of {}", known()))
}

pub(super) async fn run(args: Args, common: &Common, config: &Config) -> anyhow::Result<Exit> {
    let What::Voc { month, category, format, out } = args.what;
    let now = Clock::system().now();
    if month.start() > now {
        return Err(WrongUsage(format!("{month} has not begun")).into());
    }
    let store = node::open_store(config).await?;
    let wanted = Category::ALL.iter().filter(|one| category.is_none_or(|only| only == **one));
    let (mut reports, mut frozen) = (Vec::new(), true);
    for category in wanted {
        let made = rounds::report_of(&store, (month, *category), now).await;
        let (report, is_frozen) = made.context("the report cannot be read")?;
        frozen &= is_frozen;
        reports.push((*category, report));
    }
    store.close().await?;
    let period = month.to_string();
    let text = match format {
        Format::Csv => file::csv(&period, &reports),
        Format::Html => file::html(&period, &reports),
    };
    if let Some(out) = &out {
        std::fs::write(out, &text)
            .with_context(|| format!("{} cannot be written", out.display()))?;
    }
    let units = reports
        .iter()
        .map(|(category, report)| json!({"category": category.as_str(), "report": report}));
    let document = json!({
        "month": period,
        "frozen": frozen,
        "file": out.as_ref().map(|out| out.display().to_string()),
        "units": units.collect::<Vec<_>>(),
    });
    common.answer(&document, || match &out {
        Some(out) => format!("{period} is in {}.", out.display()),
        None => text,
    })?;
    Ok(Exit::Done)
}
