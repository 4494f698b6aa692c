//! The table of retention in docs/retention.md is that of the code.

use std::fmt::Write as _;
use std::path::Path;

use parasol_keeping::policy::{Class, ELSEWHERE};
use parasol_runtime::config::{Config, Sources};

/// What stands before and behind the part of the page that is made from code.
const MARKS: [&str; 2] = ["<!-- from the code: begin -->\n", "<!-- from the code: end -->\n"];

fn table() -> String {
    let settings = Config::load(&Sources::default()).unwrap().retention;
    let lengths = settings.lengths();
    let mut text = String::from(
        "\n| Class | What it holds | Since | Days | At least | Source | In the vault |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for class in Class::ALL {
        let row = class.row();
        let key = format!("retention.{}_days", row.name);
        let length = lengths.iter().find(|(name, ..)| *name == key);
        let (_, days, least) = length.expect("every class has a setting");
        assert_eq!(class.length(&settings).micros() / 86_400_000_000, i64::from(*days), "{key}");
        let kinds: Vec<_> = row.kinds.iter().map(|kind| format!("`{kind}`")).collect();
        let kinds = match class {
            Class::Records => "all other kinds of a case".to_owned(),
            _ if kinds.is_empty() => "nothing".to_owned(),
            _ => kinds.join(", "),
        };
        let (name, what, since, source) = (row.name, row.what, row.since, row.source);
        writeln!(text, "| `{name}` | {what} | {since} | {days} | {least} | {source} | {kinds} |")
            .unwrap();
    }
    text += "\n| Elsewhere | What becomes of it |\n|---|---|\n";
    for (what, becomes) in ELSEWHERE {
        writeln!(text, "| {what} | {becomes} |").unwrap();
    }
    text + "\n"
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a person asks for the update in the environment")]
fn the_page_says_what_the_table_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/retention.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let [begin, end] = MARKS;
    let from = page.find(begin).expect("the page has a mark") + begin.len();
    let to = page.find(end).expect("the page has two marks");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let made = format!("{}{}{}", &page[..from], table(), &page[to..]);
        std::fs::write(&path, made).unwrap();
        return;
    }
    assert_eq!(&page[from..to], table(), "run UPDATE_DOCS=1 cargo test -p parasol-keeping");
}
