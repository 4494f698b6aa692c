//! Keeps `docs/errors/` in step with the registry of reasons.
//!
//! With `UPDATE_DOCS=1` in the environment the pages are written; without it a page that is
//! missing, differs or belongs to no reason fails the test.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use parasol_api::error::{Reason, index, page};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors")
}

fn wanted() -> BTreeMap<String, String> {
    let pages = Reason::ALL.iter().map(|reason| (format!("{reason}.md"), page(*reason)));
    pages.chain([("README.md".to_owned(), index())]).collect()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a person asks for the update in the environment")]
fn every_reason_has_its_page_and_every_page_its_reason() {
    let wanted = wanted();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(folder()).unwrap();
        for (name, text) in &wanted {
            fs::write(folder().join(name), text).unwrap();
        }
    }
    for (name, text) in &wanted {
        let found = fs::read_to_string(folder().join(name)).unwrap_or_default();
        assert!(found == *text, "docs/errors/{name} is out of date; run with UPDATE_DOCS=1");
    }
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(wanted.contains_key(&name), "docs/errors/{name} belongs to no reason");
    }
}
