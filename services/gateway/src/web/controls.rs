//! Parts of forms: labelled controls that keep what was typed and say what is wrong with it.

use maud::{Markup, Render, html};
use parasol_api::{Error, Language, Reason};

use super::Pages;
use super::choice::Choice;
use super::form::{Form, REQUEST_ID, TOKEN};
use super::session::Visitor;
use super::words::{Pick as _, certificate_fault};

/// A form on a page: whose, what was typed into it before, and what was wrong with that.
pub(crate) struct Filled<'a> {
    /// Which form of the page; tells its controls from those of others.
    pub of: &'a str,
    /// In which language.
    pub language: Language,
    /// What was typed; empty at first.
    pub form: &'a Form,
    /// Why it was refused, if it was.
    pub error: Option<&'a Error>,
}

/// How a control looks and what it takes.
#[derive(Clone, Copy, Default)]
pub(crate) struct Look<'a> {
    /// The type of an input; empty for text.
    pub kind: &'a str,
    /// What is in it at first.
    pub value: &'a str,
    /// A line of help below the label.
    pub hint: &'a str,
    /// Whether it must be filled.
    pub required: bool,
    /// The most characters; 0 for no limit of the control's own.
    pub max: usize,
}

impl Filled<'_> {
    /// What a control holds: what was typed, else what it holds at first.
    fn value<'a>(&'a self, name: &str, first: &'a str) -> &'a str {
        if self.error.is_some() { self.form.get(name) } else { first }
    }

    /// What is wrong with a field, in the page's language.
    fn fault(&self, name: &str) -> Option<String> {
        let violations = self.error?.violations().iter();
        let mut of_field = violations.filter(|one| is_of(&one.field, name));
        let violation = of_field.next()?;
        if violation.reason == Reason::FieldInvalid && self.form.get(name).is_empty() {
            return Some(self.language.pick("此项必填。", "This is needed.").to_owned());
        }
        let words = violation.reason.words(self.language).what;
        Some(match self.language {
            Language::Zh => words.to_owned(),
            Language::En => format!("{words} Expected: {}.", violation.description),
        })
    }

    /// What is wrong with a group of controls, as a line of its own.
    pub(crate) fn fault_of(&self, name: &str) -> Markup {
        html! { @if let Some(fault) = self.fault(name) { p.fault { (fault) } } }
    }

    /// A line of text, a number, a date, a password.
    pub(crate) fn input(&self, name: &str, label: &str, look: Look<'_>) -> Markup {
        let kind = if look.kind.is_empty() { "text" } else { look.kind };
        let max = (look.max > 0).then_some(look.max);
        self.around(name, label, look, |id, described, wrong| {
            html! {
                input id=(id) name=(name) type=(kind) value=(self.value(name, look.value))
                    autocomplete=[(kind == "password").then_some("current-password")]
                    required[look.required] maxlength=[max] aria-describedby=[described]
                    aria-invalid=[wrong];
            }
        })
    }

    /// Several lines of text.
    pub(crate) fn area(&self, name: &str, label: &str, look: Look<'_>) -> Markup {
        let max = (look.max > 0).then_some(look.max);
        self.around(name, label, look, |id, described, wrong| {
            html! {
                textarea id=(id) name=(name) rows="3" required[look.required] maxlength=[max]
                    aria-describedby=[described] aria-invalid=[wrong] {
                    (self.value(name, look.value))
                }
            }
        })
    }

    /// One of a list.
    pub(crate) fn select(
        &self,
        name: &str,
        label: &str,
        list: &[&Choice],
        look: Look<'_>,
    ) -> Markup {
        let chosen = self.value(name, look.value);
        self.around(name, label, look, |id, described, wrong| {
            html! {
                select id=(id) name=(name) required[look.required] aria-describedby=[described]
                    aria-invalid=[wrong] {
                    option value="" { (self.language.pick("请选择", "Choose")) }
                    @for choice in list {
                        option value=(choice.value) selected[choice.value == chosen] {
                            (choice.label(self.language))
                        }
                    }
                }
            }
        })
    }

    /// One of a list that is not known beforehand: what is sent, and what is read.
    pub(crate) fn options(
        &self,
        name: &str,
        label: &str,
        list: &[(String, String)],
        look: Look<'_>,
    ) -> Markup {
        let chosen = self.value(name, look.value);
        self.around(name, label, look, |id, described, wrong| {
            html! {
                select id=(id) name=(name) required[look.required] aria-describedby=[described]
                    aria-invalid=[wrong] {
                    option value="" { (self.language.pick("请选择", "Choose")) }
                    @for (value, text) in list {
                        option value=(value) selected[value == chosen] { (text) }
                    }
                }
            }
        })
    }

    /// One of a few, each with more to read than fits a list.
    pub(crate) fn radios(
        &self,
        name: &str,
        legend: &str,
        options: &[(String, Markup)],
        first: &str,
    ) -> Markup {
        let chosen = self.value(name, first);
        html! {
            fieldset.radios {
                legend { (legend) }
                (self.fault_of(name))
                @for (value, label) in options {
                    label {
                        input type="radio" name=(name) value=(value) required
                            checked[value == chosen];
                        span { (label) }
                    }
                }
            }
        }
    }

    /// A box to tick.
    pub(crate) fn tick(&self, name: &str, label: &str) -> Markup {
        html! {
            label.tick {
                input type="checkbox" name=(name) value="yes" checked[self.form.is_ticked(name)];
                span { (label) }
            }
        }
    }

    fn around(
        &self,
        name: &str,
        label: &str,
        look: Look<'_>,
        control: impl FnOnce(&str, Option<String>, Option<&'static str>) -> Markup,
    ) -> Markup {
        let fault = self.fault(name);
        let own = format!("{}-{name}", self.of);
        let hint = (!look.hint.is_empty()).then(|| format!("{own}-hint"));
        let about = fault.is_some().then(|| format!("{own}-fault"));
        let both: Vec<_> = hint.iter().chain(about.iter()).map(String::as_str).collect();
        let described = (!both.is_empty()).then(|| both.join(" "));
        html! {
            div.field {
                label for=(own) {
                    (label)
                    @if !look.required { " " span.optional {
                        (self.language.pick("（选填）", "(optional)"))
                    } }
                }
                @if let Some(id) = &hint { p.hint id=(id) { (look.hint) } }
                (control(&own, described, fault.is_some().then_some("true")))
                @if let (Some(id), Some(fault)) = (&about, &fault) { p.fault id=(id) { (fault) } }
            }
        }
    }
}

/// Whether a violation's path means this control: `certificate.serial_inside` means `serial_inside`, and
/// `lines[1].part_no` means `part_no_1`.
fn is_of(path: &str, name: &str) -> bool {
    let (list, field) = path.rsplit_once('.').unwrap_or(("", path));
    let place = list.strip_suffix(']').and_then(|list| list.rsplit_once('['));
    match place {
        Some((_, place)) => name.rsplit_once('_') == Some((field, place)),
        None => field == name,
    }
}

/// The fields every form of a session carries: whose it is, and which intent.
pub(crate) fn hidden(pages: &Pages, visitor: &Visitor, filled: &Filled<'_>) -> Markup {
    // An intent whose outcome nobody knows keeps its id, so that sending it again is safe.
    let unknown = filled.error.is_some_and(Error::is_transient);
    let id = match unknown {
        true => filled.form.text(REQUEST_ID),
        false => pages.ids.next().to_string(),
    };
    html! {
        input type="hidden" name=(TOKEN) value=(visitor.form_token);
        input type="hidden" name=(REQUEST_ID) value=(id);
    }
}

/// What went wrong, in the page's language: what, why it may be, what to do, and each fault.
pub(crate) fn alert(error: &Error, language: Language) -> Markup {
    let words = error.reason().words(language);
    let faults: Vec<_> = error
        .violations()
        .iter()
        .filter_map(|one| {
            let fault = certificate_fault(&one.description, language);
            (fault != one.description).then(|| fault.to_owned())
        })
        .collect();
    html! {
        div.alert role="alert" {
            p { strong { (words.what) } }
            @if !faults.is_empty() { ul { @for fault in &faults { li { (fault) } } } }
            p { (words.next) }
            p.code {
                a href={ "/errors/" (error.reason().code()) } { (error.reason().code()) }
            }
        }
    }
}

/// A row of facts; nothing where there is nothing to say.
pub(crate) fn fact(term: &str, value: impl Render, shown: bool) -> Markup {
    html! { @if shown { div { dt { (term) } dd { (value) } } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_control_keeps_its_text_escaped_and_says_what_is_wrong() {
        let mut form = Form::default();
        form.add("remark", "\"><script>x</script>".to_owned()).unwrap();
        let error = Error::field("partner.remark", Reason::FieldTooLong, "at most 500 characters");
        let filled =
            Filled { of: "decline", language: Language::En, form: &form, error: Some(&error) };
        let html = filled.input("remark", "Remark", Look::default()).into_string();
        assert!(!html.contains("<script>"), "{html}");
        assert!(html.contains("value=\"&quot;&gt;&lt;script&gt;x&lt;/script&gt;\""), "{html}");
        assert!(
            html.contains("aria-invalid=\"true\"") && html.contains("500 characters"),
            "{html}"
        );
        assert!(html.contains("aria-describedby=\"decline-remark-fault\""), "{html}");
        let other = filled.input("name", "Name", Look::default()).into_string();
        assert!(!other.contains("aria-invalid"), "{other}");
    }

    #[test]
    fn a_violation_finds_its_control() {
        assert!(is_of("certificate.serial_inside", "serial_inside") && is_of("reason", "reason"));
        assert!(is_of("lines[1].part_no", "part_no_1") && !is_of("lines[1].part_no", "part_no_0"));
        assert!(!is_of("certificate.serial_inside", "inside"));
    }

    #[test]
    fn an_alert_speaks_the_pages_language() {
        let error = Error::new(Reason::CertificateInvalid).violation(
            "certificate",
            Reason::CertificateInvalid,
            "nameplate_photo_missing",
        );
        let zh = alert(&error, Language::Zh).into_string();
        assert!(zh.contains("检测单不符合要求") && zh.contains("缺少铭牌照片"), "{zh}");
        let en = alert(&error, Language::En).into_string();
        assert!(en.contains("no photo of the nameplate") && en.contains("role=\"alert\""), "{en}");
    }
}
