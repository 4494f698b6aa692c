//! Order lines that an import must refuse one by one, each for its own reason, while the rest loads.
//!
//! The table here is the single source of the files and of the page that says what to expect. The
//! line of more than 1 MB is not among them: whoever tests it makes it.

use anyhow::{Context, Result, ensure};

use super::rows::Order;

/// The reasons that several lines have.
const SERIAL: &str = "SERIAL_OF_ANOTHER_ORDER";
const FIELD: &str = "FIELD_INVALID";

/// One line of a bad file.
struct Line {
    bytes: Vec<u8>,
    /// The reason an import gives; `None` for a line that loads.
    reason: Option<&'static str>,
    why: &'static str,
}

/// The files of `examples/bad/`: path under `examples/` and content.
pub(super) fn files(orders: &[Order]) -> Result<Vec<(String, Vec<u8>)>> {
    let lists = [
        ("orders.jsonl", orders_jsonl(orders)?),
        ("orders-not-utf8.jsonl", orders_not_utf8(orders)?),
    ];
    let mut page = PAGE_HEAD.to_owned();
    let mut files = Vec::new();
    for (name, lines) in lists {
        page.push_str(&table(name, &lines));
        let content = lines.into_iter().flat_map(|line| [line.bytes, b"\n".to_vec()].concat());
        files.push((format!("bad/{name}"), content.collect()));
    }
    page.push_str(PAGE_TAIL);
    files.push(("bad/README.md".to_owned(), page.into_bytes()));
    Ok(files)
}

const PAGE_HEAD: &str = "\
# Rows that must be refused

Made by `cargo xtask examples`; do not edit. Import them after `network/` and `orders/`, by naming this
folder: an import of `examples/` leaves it out. Each bad line is reported with its number and its reason,
changes nothing, and does not stop the lines after it.
";

const PAGE_TAIL: &str = "
A line of more than 64 KiB (`ROW_TOO_LONG`) is not kept here; tests make one.
";

fn table(name: &str, lines: &[Line]) -> String {
    let mut table = format!("\n## {name}\n\n| line | expected | what is wrong |\n|---|---|---|\n");
    for (index, line) in lines.iter().enumerate() {
        let expected = line.reason.map_or("loads".to_owned(), |reason| format!("`{reason}`"));
        table.push_str(&format!("| {} | {expected} | {} |\n", index + 1, line.why));
    }
    table
}

fn orders_jsonl(orders: &[Order]) -> Result<Vec<Line>> {
    let sold = orders.first().context("there are orders")?;
    let first = sample(sold, 1);
    let bad = |number, reason, why, spoil: &dyn Fn(&mut Order)| -> Result<Line> {
        let mut row = sample(sold, number);
        spoil(&mut row);
        line(text(&row)?, Some(reason), why)
    };
    let first_text = text(&first)?;
    let cut_off = first_text.chars().take(100).collect();
    let no_price =
        without(&text(&sample(sold, 8))?, &format!("\"price_fen\":{},", sold.price_fen))?;
    Ok(vec![
        line(first_text.clone(), None, "nothing")?,
        bad(2, "SKU_UNKNOWN", "no such SKU", &|row| row.sku = "AUR-XX-999".to_owned())?,
        bad(3, "DELIVERED_IN_FUTURE", "delivered in 2099", &|row| {
            row.delivered_at = "2099-01-01T10:00:00+08:00".to_owned();
        })?,
        bad(4, SERIAL, "the serial of line 1", &|row| row.serial = first.serial.clone())?,
        bad(5, SERIAL, "the serial of the first line of `orders/orders.jsonl`", &|row| {
            row.serial = sold.serial.clone();
        })?,
        line(first_text, Some("ROW_DUPLICATE"), "line 1 once more")?,
        line(cut_off, Some("ROW_MALFORMED"), "cut off in the middle")?,
        line(no_price, Some(FIELD), "no `price_fen`")?,
        bad(9, FIELD, "a price below zero", &|row| row.price_fen = -1)?,
        bad(10, FIELD, "a promise nobody knows", &|row| row.promises = vec!["return_31"])?,
        bad(11, FIELD, "a date that does not exist", &|row| {
            row.delivered_at = "2026-02-30T10:00:00+08:00".to_owned();
        })?,
        bad(12, FIELD, "installed before it was delivered", &|row| {
            row.installed_at = Some("2016-01-01T10:00:00+08:00".to_owned());
        })?,
        bad(13, FIELD, "a county code of five digits", &|row| {
            row.customer.county = "33010".to_owned();
        })?,
        line(text(&sample(sold, 14))?, None, "nothing")?,
    ])
}

fn orders_not_utf8(orders: &[Order]) -> Result<Vec<Line>> {
    let sold = orders.first().context("there are orders")?;
    let name = sold.customer.name.as_bytes();
    let mut bytes = text(&sample(sold, 22))?.into_bytes();
    let at = bytes.windows(name.len()).position(|window| window == name).context("the name")?;
    // 0xC3 opens a sequence of two bytes that 0x28 cannot close.
    bytes.splice(at..at + name.len(), [0xC3, 0x28]);
    Ok(vec![
        line(text(&sample(sold, 21))?, None, "nothing")?,
        Line { bytes, reason: Some("ROW_NOT_UTF8"), why: "bytes in the name that are not UTF-8" },
        line(text(&sample(sold, 23))?, None, "nothing")?,
    ])
}

/// A good order line of its own, like one that was sold.
fn sample(sold: &Order, number: u32) -> Order {
    Order {
        order_line: format!("3999999999{number:02}-1"),
        serial: format!("{}BAD{number:02}", sold.sku.replace('-', "")),
        ..sold.clone()
    }
}

fn text(order: &Order) -> Result<String> {
    serde_json::to_string(order).context("an order as JSON")
}

fn without(text: &str, part: &str) -> Result<String> {
    ensure!(text.contains(part), "{part} is not in the line");
    Ok(text.replacen(part, "", 1))
}

fn line(text: String, reason: Option<&'static str>, why: &'static str) -> Result<Line> {
    ensure!(!text.contains('\n'), "a row is one line");
    Ok(Line { bytes: text.into_bytes(), reason, why })
}
