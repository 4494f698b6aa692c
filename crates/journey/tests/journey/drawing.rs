//! `docs/journey.md` is drawn from the tables; this test fails when it is not up to date, and writes
//! it when `UPDATE_DOCS` is set.

use std::fmt::Write as _;
use std::path::Path;

use parasol_journey::deadline::{CLOCKS, Unit};
use parasol_journey::promise::BREACHES;
use parasol_journey::stage::STAGES;
use parasol_journey::table::{NARROWED, TRANSITIONS};
use parasol_journey::time::DAY;
use parasol_journey::{Stage, Verb};

fn page() -> String {
    let mut page = String::from(
        "# The journey of a case\n\n\
         Drawn from the tables in `crates/journey` (`stage.rs`, `table.rs`, `deadline.rs`, `promise.rs`); do not \
         edit. Commands that leave a case where it stands, and those open in nearly every stage, are \
         in the list below the drawing.\n\n```mermaid\nstateDiagram-v2\n    [*] --> filed\n",
    );
    let everywhere = [Verb::Fire, Verb::Pause, Verb::Resume, Verb::Cancel];
    let mut drawn = std::collections::BTreeSet::new();
    for row in TRANSITIONS.iter().filter(|row| !everywhere.contains(&row.verb)) {
        for from in row.from {
            for to in row.to.iter().filter(|to| *to != from) {
                drawn.insert((*from, *to, row.verb));
            }
        }
    }
    for (from, to, verb) in drawn {
        writeln!(page, "    {from} --> {to}: {verb}").unwrap();
    }
    page.push_str("    closed --> [*]\n    cancelled --> [*]\n```\n\n## Stages\n\n");
    page.push_str("| stage | shown as | 显示 | whose turn |\n| --- | --- | --- | --- |\n");
    for row in STAGES {
        let holder = row.holder.map_or("by its own rule", |holder| holder.as_str());
        writeln!(page, "| `{}` | {} | {} | {holder} |", row.stage, row.en, row.zh).unwrap();
    }
    page.push_str("\n## Commands\n\n| command | open in | may lead to | given by |\n| --- | --- | --- | --- |\n");
    for row in TRANSITIONS {
        let list = |stages: &[Stage]| match stages.len() {
            0 => "–".to_owned(),
            n if n == Stage::ALL.len() => "every stage".to_owned(),
            n if n == parasol_journey::stage::OPEN.len() => "every open stage".to_owned(),
            _ => stages.iter().map(|stage| stage.as_str()).collect::<Vec<_>>().join(", "),
        };
        let by: Vec<_> = row.by.iter().map(|kind| kind.as_str()).collect();
        let by = if by.len() == 10 { "anybody".to_owned() } else { by.join(", ") };
        writeln!(page, "| `{}` | {} | {} | {by} |", row.verb, list(row.from), list(row.to))
            .unwrap();
    }
    page.push_str("\nOpen to fewer in one stage:\n\n");
    for (verb, stage, by) in NARROWED {
        let by: Vec<_> = by.iter().map(|kind| kind.as_str()).collect();
        writeln!(page, "* `{verb}` in {stage}: {}", by.join(", ")).unwrap();
    }
    page.push_str("\n## Clocks\n\n| clock | counts | limit | charged to | runs in | when it runs out | source |\n| --- | --- | --- | --- | --- | --- | --- |\n");
    for row in CLOCKS {
        let limit = match row.unit {
            Unit::Given if row.limit.micros() == 0 => "given".to_owned(),
            _ => span(row.limit.micros()),
        };
        let runs: Vec<_> = row.stages.iter().map(|stage| stage.as_str()).collect();
        let runs = if runs.is_empty() { "by events".to_owned() } else { runs.join(", ") };
        writeln!(
            page,
            "| `{}` | {:?} | {limit} | {} | {runs} | {:?} | {} |",
            row.clock, row.unit, row.owner, row.miss, row.source
        )
        .unwrap();
    }
    page.push_str("\n## Broken promises\n\nWhat follows where a promise of the policy pack is broken, if its breach can be worth anything; in a pause, what follows in the stage in which the case goes on.\n\n| stage | then | why |\n| --- | --- | --- |\n");
    for row in BREACHES {
        writeln!(page, "| {} | {:?} | {} |", row.stage, row.then, row.why).unwrap();
    }
    page
}

fn span(micros: i64) -> String {
    let minutes = micros / 60_000_000;
    match minutes {
        m if m % (DAY / 60_000_000) == 0 && m > 0 => format!("{} d", m / 1440),
        m if m % 60 == 0 && m > 0 => format!("{} h", m / 60),
        m => format!("{m} min"),
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a switch of this test alone, not of the product")]
fn the_page_is_drawn_from_the_tables() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/journey.md");
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == page, "docs/journey.md is out of date: run `cargo xtask docs`");
}
