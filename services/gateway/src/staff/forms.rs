//! Forms of those who look after cases: how one is shown, and shown again where it was refused.

use maud::{Markup, html};
use parasol_api::Error;

use crate::web::Pages;
use crate::web::controls::{Filled, hidden};
use crate::web::form::Form;
use crate::web::posted::Posted;
use crate::web::session::Visitor;

impl Posted {
    /// The form as it is shown again.
    pub(crate) fn refused(self, of: &str, error: Error) -> (Visitor, Refused) {
        (self.visitor, Refused { of: of.to_owned(), form: self.form, error })
    }
}

/// A form that was refused, with what was typed.
pub(crate) struct Refused {
    /// Which form of its page.
    pub of: String,
    /// What was typed.
    pub form: Form,
    /// Why.
    pub error: Error,
}

/// A form of a page, folded until somebody wants it.
#[derive(Clone, Copy)]
pub(crate) struct Fold<'a> {
    /// Its name on the page.
    pub name: &'a str,
    /// What it does.
    pub title: &'a str,
    /// Where it is sent.
    pub to: &'a str,
    /// The version of what is changed; empty where there is none.
    pub etag: &'a str,
    /// Whether it is open at first.
    pub open: bool,
    /// Whether it ends something, so that its button is no invitation.
    pub grave: bool,
}

impl Fold<'_> {
    /// The form with its controls, open where it was refused.
    pub(crate) fn show(
        &self,
        pages: &Pages,
        visitor: &Visitor,
        refused: Option<&Refused>,
        controls: impl FnOnce(&Filled<'_>) -> Markup,
    ) -> Markup {
        let again = refused.filter(|refused| refused.of == self.name);
        let empty = Form::default();
        let filled = Filled {
            of: self.name,
            language: visitor.guest.language,
            form: again.map_or(&empty, |refused| &refused.form),
            error: again.map(|refused| &refused.error),
        };
        html! {
            details.card id=(self.name) open[again.is_some() || (self.open && refused.is_none())] {
                summary { (self.title) }
                form method="post" action=(self.to) {
                    (hidden(pages, visitor, &filled))
                    @if !self.etag.is_empty() { input type="hidden" name="etag" value=(self.etag); }
                    (controls(&filled))
                    button.main[!self.grave] { (self.title) }
                }
            }
        }
    }
}

/// That something was done, if the address says so in one of these words.
pub(crate) fn done(query: &Form, words: &[(&str, &'static str)]) -> Markup {
    let text = words.iter().find(|(word, _)| *word == query.get("done")).map(|(_, text)| text);
    html! { @if let Some(text) = text { p #done.notice role="status" { (text) } } }
}
