//! Every third-party crate of the workspace has its line of justification, and every line its crate.

use std::collections::BTreeSet;
use std::path::Path;

use crate::tidy::{files, none};

const PAGE: &str = "docs/adr/008-dependencies.md";

#[test]
fn every_crate_has_its_reason() {
    let (declared, reasoned) = (declared(), reasoned());
    let missing =
        declared.difference(&reasoned).map(|name| format!("{name} has no line in {PAGE}"));
    let gone = reasoned.difference(&declared).map(|name| format!("{PAGE} names {name} in vain"));
    none(&missing.chain(gone).collect::<Vec<_>>());
}

/// The crates of `[workspace.dependencies]` that are not ours.
fn declared() -> BTreeSet<String> {
    let manifest = files(&["toml"]).into_iter().find(|file| file.path == Path::new("Cargo.toml"));
    let manifest = manifest.expect("the workspace has a manifest").text;
    let (_, dependencies) =
        manifest.split_once("[workspace.dependencies]").expect("dependencies are declared there");
    let lines = dependencies.lines().take_while(|line| !line.starts_with('['));
    let names = lines.filter_map(|line| line.split_once(" = ")).map(|(name, _)| name.to_owned());
    let foreign: BTreeSet<_> =
        names.filter(|name| !name.starts_with('#') && !name.starts_with("parasol")).collect();
    assert!(foreign.len() > 30, "only {} crates were found", foreign.len());
    foreign
}

/// The crates with a row in the page.
fn reasoned() -> BTreeSet<String> {
    let page = files(&["md"]).into_iter().find(|file| file.path == Path::new(PAGE));
    let page = page.expect("the page of dependencies is there").text;
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    rows.filter(|(_, why)| why.len() > 2).map(|(name, _)| name.to_owned()).collect()
}
