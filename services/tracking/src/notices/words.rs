//! The words of notices: data files in both languages, filled in when a notice is sent.
//!
//! A template names what it needs in double braces. What is known but empty is the empty text, so a template
//! may leave a part of a sentence out; what is not known at all is an error, and a test renders every
//! template of both languages.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use minijinja::{Environment, UndefinedBehavior, Value};
use parasol_api::Language;
use serde::Deserialize;

use super::plan::Template;

/// Characters of a text message, whatever is filled in.
pub const SMS_CHARS_MAX: usize = 300;
/// Characters of a subject.
pub const SUBJECT_CHARS_MAX: usize = 80;
/// Characters of any one value that is filled in.
const VALUE_CHARS_MAX: usize = 60;
/// Characters of an address of a page.
const LINK_CHARS_MAX: usize = 120;

/// What can be filled in. Each is always given, some of them empty.
pub const VALUES: &[&str] = &[
    "case",
    "product",
    "brand",
    "centre",
    "technician",
    "phone",
    "window",
    "eta",
    "date",
    "amount",
    "remedies",
    "done",
    "code",
    "link",
    "party",
    "verdict",
    "lines",
    "more",
];

/// What is filled in.
pub type Values = BTreeMap<&'static str, String>;

/// A text to be sent. Personal, so it is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    /// The subject, for channels that have one.
    pub subject: String,
    /// The text.
    pub body: String,
}

/// A template as its file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    subject: String,
    text: String,
}

static ZH: LazyLock<Environment<'static>> =
    LazyLock::new(|| environment(include_str!("templates/zh.toml")));
static EN: LazyLock<Environment<'static>> =
    LazyLock::new(|| environment(include_str!("templates/en.toml")));

fn environment(file: &str) -> Environment<'static> {
    let sources: BTreeMap<String, Source> = toml::from_str(file).expect("the file is tested");
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    for (name, Source { subject, text }) in sources {
        for (part, source) in [("subject", subject), ("text", text)] {
            let added = environment.add_template_owned(format!("{name}.{part}"), source);
            added.expect("the template is tested");
        }
    }
    environment
}

fn of(language: Language) -> &'static Environment<'static> {
    match language {
        Language::Zh => &ZH,
        Language::En => &EN,
    }
}

/// The text of a notice.
///
/// # Errors
/// What the template asks for and nobody knows; never for the house's own templates.
pub fn render(
    template: Template,
    language: Language,
    values: &Values,
) -> Result<Text, minijinja::Error> {
    let filled: BTreeMap<&str, Value> =
        VALUES.iter().map(|name| (*name, Value::from(value(values, name)))).collect();
    let part = |part: &str| {
        let name = format!("{template}.{part}");
        of(language).get_template(&name)?.render(filled.clone())
    };
    let subject = part("subject")?.chars().take(SUBJECT_CHARS_MAX).collect();
    Ok(Text { subject, body: part("text")? })
}

/// A value, in one line and not longer than a value may be.
fn value(values: &Values, name: &str) -> String {
    let text = values.get(name).map(String::as_str).unwrap_or_default();
    let max = match name {
        // They are made of texts that were cut already.
        "lines" => SMS_CHARS_MAX,
        "link" => LINK_CHARS_MAX,
        _ => VALUE_CHARS_MAX,
    };
    let is_plain = |c: &char| !c.is_control() || (name == "lines" && *c == '\n');
    text.chars().filter(is_plain).take(max).collect()
}

/// As many lines as one message holds, and how many are left out.
pub fn lines(texts: &[String], room: usize) -> (String, usize) {
    let mut taken = String::new();
    for (place, text) in texts.iter().enumerate() {
        let with = taken.chars().count() + text.chars().count() + 1;
        if with > room {
            return (taken, texts.len() - place);
        }
        if !taken.is_empty() {
            taken.push('\n');
        }
        taken.push_str(text);
    }
    (taken, 0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn sample() -> Values {
        VALUES
            .iter()
            .map(|name| {
                let text = match *name {
                    "case" => "a1b2c3",
                    "product" => "洗衣机",
                    "centre" => "杭州西湖极光电器特约维修服务中心",
                    "technician" => "欧阳师傅",
                    "phone" => "170 1234 5678",
                    "window" => "06月09日 14:00-16:00",
                    "amount" => "123456.00",
                    "remedies" => "维修, 换新, 退款 ¥123456.00",
                    "code" => "012345",
                    "link" => "https://shop.example/my/cases/case_01905af12b3c7def8123456789abcdef",
                    _ => "06月12日",
                };
                (*name, text.to_owned())
            })
            .collect()
    }

    #[test]
    fn every_template_is_written_in_both_languages_with_what_is_known() {
        let known: BTreeSet<_> = VALUES.iter().map(|name| (*name).to_owned()).collect();
        for template in Template::ALL {
            let mut asked = Vec::new();
            for language in [Language::Zh, Language::En] {
                let text = of(language).get_template(&format!("{template}.text"));
                let text = text.unwrap_or_else(|error| panic!("{language:?}: {error}"));
                let names: BTreeSet<_> = text.undeclared_variables(false).into_iter().collect();
                let unknown: Vec<_> = names.difference(&known).collect();
                assert!(unknown.is_empty(), "{template} in {language:?}: {unknown:?}");
                asked.push(names);
            }
            assert_eq!(asked[0], asked[1], "{template} says more in one language");
        }
        for (language, file) in
            [("zh", include_str!("templates/zh.toml")), ("en", include_str!("templates/en.toml"))]
        {
            let sources: BTreeMap<String, Source> = toml::from_str(file).unwrap();
            let strangers: Vec<_> =
                sources.keys().filter(|name| Template::parse(name).is_none()).collect();
            assert!(strangers.is_empty(), "{language}: {strangers:?}");
        }
    }

    #[test]
    fn every_template_fits_a_message_and_says_something_with_nothing_filled_in() {
        for template in Template::ALL {
            for language in [Language::Zh, Language::En] {
                let full = render(*template, language, &sample()).unwrap();
                let length = full.body.chars().count();
                assert!(length <= SMS_CHARS_MAX, "{template} in {language:?}: {length}");
                let subject = full.subject.chars().count();
                assert!((2..=SUBJECT_CHARS_MAX).contains(&subject), "{template}: {subject}");
                let bare = render(*template, language, &Values::new()).unwrap();
                for text in [&full.body, &full.subject, &bare.body] {
                    let is_whole = !text.contains("{{") && !text.contains("{%");
                    assert!(is_whole && text.trim() == text && !text.is_empty(), "{text:?}");
                }
                assert!(!full.body.contains("  ") && !full.body.contains("\n\n"), "{}", full.body);
            }
        }
    }

    #[test]
    fn what_nobody_knows_is_an_error_and_what_is_filled_in_stays_in_its_place() {
        let mut environment = of(Language::En).clone();
        environment.add_template("x", "{{ mothers_name }}").unwrap();
        assert!(environment.get_template("x").unwrap().render(()).is_err());
        let mut values = sample();
        values.insert("technician", format!("{{{{ code }}}}\n{}", "长".repeat(500)));
        let text = render(Template::TechnicianNamed, Language::Zh, &values).unwrap();
        assert!(text.body.contains("{{ code }}长") && !text.body.contains("012345"));
        assert!(text.body.chars().count() <= SMS_CHARS_MAX);
    }

    #[test]
    fn of_many_lines_those_are_taken_that_fit() {
        let texts: Vec<_> = (0..10).map(|n| format!("line {n} {}", "x".repeat(30))).collect();
        let (taken, left) = lines(&texts, 100);
        assert_eq!((taken.lines().count(), left), (2, 8));
        assert_eq!(lines(&texts[..1], 100).1, 0);
    }
}
