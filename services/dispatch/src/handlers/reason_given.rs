//! A reason as a partner gives it: ours, its own, or both.

use parasol_api::limits::CODE_MAX;
use parasol_api::{Checker, Error, Listed, Reason};
use parasol_casebook::Refusal;
use serde::de::DeserializeOwned;
use serde::de::IntoDeserializer as _;
use serde::de::value::{Error as BadWord, StrDeserializer};

use crate::Dispatch;
use crate::messages::Note;
use crate::reasons::{List, read_as};

/// A reason of one of the closed lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Given<T> {
    /// Ours, perhaps with the partner's code beside it.
    Ours(T, Option<String>),
    /// The partner's code alone.
    Theirs(String),
}

impl<T: Listed + DeserializeOwned> Given<T> {
    /// Checks what was given; one of the two must be.
    pub(super) fn check(check: &mut Checker, field: &str, number: i32, code: &str) -> Option<Self> {
        let theirs = check.optional_text("partner_reason", code, CODE_MAX);
        if number == 0 && !code.trim().is_empty() {
            return theirs.map(Self::Theirs);
        }
        let ours = check.listed::<T>(field, number)?;
        let theirs = theirs?;
        Some(Self::Ours(ours, (!theirs.trim().is_empty()).then_some(theirs)))
    }

    /// Our reason, or the refusal of a code that nobody has mapped.
    ///
    /// # Errors
    /// What the store says.
    pub(super) async fn resolve(
        self,
        dispatch: &Dispatch,
        brand: &str,
        list: List,
        note: Option<&Note>,
    ) -> Result<Result<T, Refusal>, Error> {
        let code = match self {
            Self::Ours(ours, _) => return Ok(Ok(ours)),
            Self::Theirs(code) => code,
        };
        let word = match read_as(dispatch, brand, list, &code).await? {
            Ok(word) => word,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if let Some(note) = note {
            note.read_as(&word);
        }
        let text: StrDeserializer<'_, BadWord> = word.as_str().into_deserializer();
        // Words are checked when they are mapped; one that a later release has dropped is not known.
        let read = T::deserialize(text).map_err(|_| Refusal::Service {
            code: Reason::ReasonUnmapped.code(),
            message: "partner_reason: it is mapped to a word that is no longer used".to_owned(),
        });
        Ok(read)
    }
}
