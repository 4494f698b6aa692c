//! What a browser sends: the fields of a form, read within limits.

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use parasol_api::common::v1::Money;
use parasol_api::{Error, Reason};
use std::time::Duration;

use crate::edge;

/// Bytes of a form without files.
const FORM_BYTES_MAX: usize = 64 * 1024;
/// Fields of a form.
const FIELDS_MAX: usize = 200;
/// How long the fields of a form may take to come.
const READING_MAX: Duration = Duration::from_secs(20);

/// The field that ties a form to its session.
pub(crate) const TOKEN: &str = "form_token";
/// The field that makes a form one intent, however often it is sent.
pub(crate) const REQUEST_ID: &str = "request_id";

/// The fields of a form in the order in which they came. Also what is typed into a form that is shown
/// again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads the fields of a form that carries no files.
    ///
    /// # Errors
    /// `MESSAGE_TOO_LARGE`, `DEADLINE_EXCEEDED`, and `FIELD_INVALID` for a body that is no form.
    pub(crate) async fn read(headers: &HeaderMap, body: Body) -> Result<Self, Error> {
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if !kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
            return Err(Error::new(Reason::FieldInvalid).message("the body is no form"));
        }
        let bytes = edge::read(body, FORM_BYTES_MAX, READING_MAX).await?;
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(&bytes) {
            form.add(&name, value.into_owned())?;
        }
        Ok(form)
    }

    /// The fields of an address.
    pub(crate) fn of_query(query: Option<&str>) -> Self {
        let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        let pairs = pairs.take(FIELDS_MAX);
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// Adds a field. Browsers end lines with a carriage return too; one of them is enough.
    ///
    /// # Errors
    /// `MESSAGE_TOO_LARGE` when there are too many.
    pub(crate) fn add(&mut self, name: &str, value: String) -> Result<(), Error> {
        if self.0.len() >= FIELDS_MAX {
            return Err(Error::new(Reason::MessageTooLarge).message("the form has too many fields"));
        }
        self.0.push((name.to_owned(), value.replace("\r\n", "\n")));
        Ok(())
    }

    /// The same form without some of its fields, and with another.
    pub(crate) fn replacing(&self, without: &[&str], name: &str, value: String) -> Self {
        let kept = self.0.iter().filter(|(known, _)| !without.contains(&known.as_str()));
        Self(kept.cloned().chain([(name.to_owned(), value)]).collect())
    }

    /// The value of a field without the space around it; empty when it did not come.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// Every value of a field.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.trim())
    }

    /// Whether a box was ticked.
    pub(crate) fn is_ticked(&self, name: &str) -> bool {
        !self.get(name).is_empty()
    }

    /// The value of a field as text of its own.
    pub(crate) fn text(&self, name: &str) -> String {
        self.get(name).to_owned()
    }

    /// An amount as people type it, in yuan with two places at most; `None` where nothing was typed.
    ///
    /// # Errors
    /// `FIELD_INVALID` for what is no amount; nothing is guessed.
    pub(crate) fn amount(&self, field: &str) -> Result<Option<Money>, Error> {
        let text = self.get(field);
        if text.is_empty() {
            return Ok(None);
        }
        let fen = fen(text).ok_or_else(|| {
            Error::field(field, Reason::FieldInvalid, "an amount in yuan, for example 88.50")
        })?;
        Ok(Some(Money { fen, currency: "CNY".to_owned() }))
    }
}

/// Fen of an amount in yuan.
fn fen(text: &str) -> Option<i64> {
    let text = text.trim_start_matches('¥');
    let (yuan, rest) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if yuan.is_empty() || rest.len() > 2 || !digits(yuan) || !digits(rest) {
        return None;
    }
    let cents: i64 = format!("{rest:0<2}").parse().ok()?;
    yuan.parse::<i64>().ok()?.checked_mul(100)?.checked_add(cents)
}

#[cfg(test)]
mod tests {
    use super::fen;

    #[test]
    fn an_amount_is_read_as_it_is_typed_and_never_guessed() {
        for (text, wanted) in [
            ("88", Some(8_800)),
            ("88.5", Some(8_850)),
            ("¥88.05", Some(8_805)),
            ("0.01", Some(1)),
            ("88.", Some(8_800)),
            ("88.505", None),
            ("-1", None),
            ("1,000", None),
            (".5", None),
            ("", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(fen(text), wanted, "{text}");
        }
    }
}
