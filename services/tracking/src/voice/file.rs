//! The complaint report of a month as a file: CSV for a spreadsheet, HTML for a reader. Pure.

use std::fmt::Write as _;

use parasol_journey::vocab::Category;

use super::report::Report;

/// One line of the report: what it is of, what is told, how much.
type Line = (Category, String, String, i64);

fn lines(category: Category, report: &Report) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut line = |of: &str, what: &str, value: i64| {
        lines.push((category, of.to_owned(), what.to_owned(), value));
    };
    let mood = |line: &mut dyn FnMut(&str, &str, i64), of: &str, mood: &super::report::Mood| {
        line(of, "surveys", mood.surveys);
        line(of, "csat_millionths", mood.csat);
        line(of, "nps", mood.nps);
        line(of, "dissatisfied", mood.dissatisfied);
    };
    mood(&mut line, "", &report.mood);
    line("", "complaints_closed", report.closed);
    line("", "complaints_open", report.open);
    line("", "follow_ups_in_time_millionths", report.in_time);
    let counts = [
        ("complaints", &report.by_class),
        ("outcome", &report.by_outcome),
        ("follow_ups", &report.follow_ups),
    ];
    for (kind, counts) in counts {
        for (word, count) in counts {
            line("", &format!("{kind}.{word}"), *count);
        }
    }
    for (brand, one) in &report.brands {
        mood(&mut line, brand, &one.mood);
        line(brand, "complaints", one.complaints);
        line(brand, "follow_ups", one.follow_ups);
    }
    lines
}

/// A table with a head line, a line per figure; lines end as RFC 4180 says.
pub fn csv(month: &str, reports: &[(Category, Report)]) -> String {
    let mut text = String::from("month,category,brand,figure,value\r\n");
    for (category, report) in reports {
        for (category, brand, figure, value) in lines(*category, report) {
            let fields = [month, category.as_str(), &brand, &figure].map(field);
            let _ = write!(text, "{},{value}\r\n", fields.join(","));
        }
    }
    text
}

/// A field, quoted where it has to be; one that a spreadsheet would take for a formula begins with an apostrophe.
fn field(text: &str) -> String {
    let safe = match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    };
    match safe.contains([',', '"', '\r', '\n']) {
        true => format!("\"{}\"", safe.replace('"', "\"\"")),
        false => safe,
    }
}

/// A page that stands alone: no script, nothing fetched.
pub fn html(month: &str, reports: &[(Category, Report)]) -> String {
    let mut text = format!(
        "<!doctype html>\n<html lang=\"zh\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <title>投诉月报 / Complaints {month}</title>\
         <style>body{{font-family:system-ui,sans-serif;max-width:60rem;margin:auto;padding:1rem}}\
         table{{border-collapse:collapse}}td,th{{border:1px solid #999;padding:.2rem .6rem;\
         text-align:start}}td:last-child{{text-align:end}}</style></head>\n<body>\
         <h1>投诉月报 / Complaints {month}</h1>\n"
    );
    for (category, report) in reports {
        let (zh, en) = category.names();
        let _ = write!(
            text,
            "<h2>{zh} / {en}</h2>\n<table><thead><tr><th scope=\"col\">品牌 / Brand</th>\
             <th scope=\"col\">指标 / Figure</th><th scope=\"col\">值 / Value</th></tr></thead>\n<tbody>\n"
        );
        for (_, brand, figure, value) in lines(*category, report) {
            let (brand, figure) = (escaped(&brand), escaped(&figure));
            let _ = writeln!(text, "<tr><td>{brand}</td><td>{figure}</td><td>{value}</td></tr>");
        }
        text.push_str("</tbody></table>\n");
    }
    text.push_str("</body></html>\n");
    text
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Vec<(Category, Report)> {
        let mut report = Report { open: 3, ..Report::default() };
        report.by_class.insert("visit".to_owned(), 2);
        report.brands.entry("a<b,c".to_owned()).or_default().complaints = 2;
        vec![(Category::Television, report)]
    }

    #[test]
    fn every_figure_is_a_line_and_nothing_breaks_out_of_its_field() {
        let text = csv("2026-06", &report());
        assert!(text.starts_with("month,category,brand,figure,value\r\n"));
        assert!(text.contains("2026-06,television,,complaints_open,3\r\n"));
        assert!(text.contains("2026-06,television,,complaints.visit,2\r\n"));
        assert!(text.contains("2026-06,television,\"a<b,c\",complaints,2\r\n"));
        assert_eq!(field("=1+1"), "'=1+1");
    }

    #[test]
    fn a_page_says_the_same_and_escapes_what_it_says() {
        let text = html("2026-06", &report());
        assert!(text.contains("<td>complaints.visit</td><td>2</td>"));
        assert!(text.contains("a&lt;b,c") && !text.contains("a<b"));
        assert!(text.contains("电视 / Television"));
    }
}
