//! `cargo xtask examples`: makes the files under `examples/`, the same bytes every time.
//!
//! One seed, and one random stream per file, so that a change to one list does not reshuffle the
//! others. The schema of the files is described in `examples/README.md`, which is written by hand.
//! Nothing is read but the table of counties compiled in, and nothing leaves the `examples` folder.

mod bad;
mod filings;
mod goods;
mod network;
mod orders;
mod people;
mod places;
mod rows;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

/// Arguments of `cargo xtask examples`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Compare with the files in the tree instead of writing them.
    #[arg(long)]
    check: bool,
}

/// The seed of everything under `examples/`.
const SEED: u64 = 20_260_608;

/// Writes the files, or compares them with `--check`.
///
/// # Errors
/// When a file cannot be written, or with `--check` differs.
pub fn run(args: Args) -> Result<()> {
    if args.check {
        return check();
    }
    for (name, content) in files(&Examples::make(SEED)?)? {
        let path = folder().join(name);
        let parent = path.parent().context("a file has a folder")?;
        fs::create_dir_all(parent).with_context(|| format!("making {}", parent.display()))?;
        fs::write(&path, content).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

/// Makes the files in memory and compares them with the tree.
///
/// # Errors
/// Names every file that is missing or differs.
pub fn check() -> Result<()> {
    let stale: Vec<String> = files(&Examples::make(SEED)?)?
        .into_iter()
        .filter(|(name, content)| fs::read(folder().join(name)).ok().as_ref() != Some(content))
        .map(|(name, _)| format!("examples/{name}"))
        .collect();
    if !stale.is_empty() {
        bail!("not as the generator makes them: {}; run `cargo xtask examples`", stale.join(", "));
    }
    Ok(())
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")
}

/// All rows of all files.
struct Examples {
    brands: Vec<rows::Brand>,
    centres: Vec<rows::Centre>,
    counties: Vec<rows::County>,
    technicians: Vec<rows::Technician>,
    skus: Vec<rows::Sku>,
    orders: Vec<rows::Order>,
    filings: Vec<rows::Filing>,
}

impl Examples {
    fn make(seed: u64) -> Result<Self> {
        let stream = |number| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(number);
            rng
        };
        let models = goods::models()?;
        let counties = places::counties()?;
        let cities = places::cities(&counties);
        let centres = network::centres(&cities, &mut stream(1));
        let skus = orders::skus(&models);
        let orders = orders::orders(&models, &cities, &mut stream(3), &mut stream(6));
        Ok(Self {
            brands: network::brands(),
            counties: network::county_rows(&counties),
            technicians: network::technicians(&centres, &mut stream(2), &mut stream(5)),
            filings: filings::filings(&orders, &skus, &centres, &mut stream(4))?,
            centres,
            skus,
            orders,
        })
    }
}

/// The files: path under `examples/` and content.
fn files(examples: &Examples) -> Result<Vec<(String, Vec<u8>)>> {
    let mut files = vec![
        ("network/brands.jsonl".to_owned(), jsonl(&examples.brands)?),
        ("network/centres.jsonl".to_owned(), jsonl(&examples.centres)?),
        ("network/counties.jsonl".to_owned(), jsonl(&examples.counties)?),
        ("network/technicians.jsonl".to_owned(), jsonl(&examples.technicians)?),
        ("orders/skus.jsonl".to_owned(), jsonl(&examples.skus)?),
        ("orders/orders.jsonl".to_owned(), jsonl(&examples.orders)?),
        ("filings/filings.jsonl".to_owned(), jsonl(&examples.filings)?),
    ];
    files.extend(bad::files(&examples.orders)?);
    Ok(files)
}

fn jsonl<T: Serialize>(rows: &[T]) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut text, row).context("a row as JSON")?;
        text.push(b'\n');
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
