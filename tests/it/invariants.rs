//! `docs/invariants.md` names tests as its proof; they must be there.

use std::path::Path;

use crate::tidy::{files, none};

const PAGE: &str = "docs/invariants.md";

#[test]
fn every_test_named_as_proof_exists() {
    let page = files(&["md"]).into_iter().find(|file| file.path == Path::new(PAGE));
    let page = page.expect("the page of invariants is there");
    let code = files(&["rs"]);
    let mut wrong = Vec::new();
    let mut named = 0;
    for (line, text) in page.lines() {
        for (test, path) in proofs(text) {
            named += 1;
            let file = code.iter().find(|file| file.path == Path::new(path));
            let function = format!("fn {test}(");
            if !file.is_some_and(|file| file.text.contains(&function)) {
                wrong.push(format!("{PAGE}:{line}: there is no test {test} in {path}"));
            }
        }
    }
    none(&wrong);
    assert!(named > 50, "only {named} tests were found");
}

/// The links of a line whose text is code: `` [`test`](../path) ``.
fn proofs(line: &str) -> impl Iterator<Item = (&str, &str)> {
    line.split("[`").skip(1).filter_map(|rest| {
        let (test, rest) = rest.split_once("`](../")?;
        Some((test, rest.split_once(')')?.0))
    })
}
