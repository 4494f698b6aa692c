//! Where a reader stands in several cells at once: one opaque text with the place in each.
//!
//! Pure. The places themselves are the cells' own, signed and bound to the caller as they see fit; what is put around
//! them here proves nothing and hides nothing, and a forged one leads to a cell that refuses its part.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parasol_api::{Error, Reason};
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};

/// What the text begins with; another form would begin otherwise.
const MARK: &str = "cells1";
/// The longest text that is read, in bytes.
const PLACES_BYTES_MAX: usize = 64 * 1024;

/// The place in each cell, by its number.
pub type Places = BTreeMap<u16, String>;

/// The fields of a method that hold places.
#[derive(Clone, Debug)]
pub struct Field {
    /// In the request.
    pub asked: FieldDescriptor,
    /// In the answer, or in each message of it.
    pub told: FieldDescriptor,
    /// Whether a list ends there: an empty place in the answer is its end. Otherwise what changes goes on for ever, and
    /// the place is where to go on.
    pub is_page: bool,
}

impl Field {
    /// The fields, where the method has such.
    pub fn of(input: &MessageDescriptor, output: &MessageDescriptor) -> Option<Self> {
        let kinds = [
            ("page_token", "next_page_token", true),
            ("cursor", "cursor", false),
            ("resume_token", "resume_token", false),
        ];
        kinds.into_iter().find_map(|(asked, told, is_page)| {
            let text = |message: &MessageDescriptor, name| {
                message.get_field_by_name(name).filter(|field| field.kind() == Kind::String)
            };
            Some(Self { asked: text(input, asked)?, told: text(output, told)?, is_page })
        })
    }

    /// The places a request goes on from; `None` where it begins.
    ///
    /// # Errors
    /// `PAGE_TOKEN_INVALID` or `RESYNC_REQUIRED` for a text that this router did not make.
    pub fn read(&self, request: &DynamicMessage) -> Result<Option<Places>, Error> {
        let text = request.get_field(&self.asked);
        let text = text.as_str().unwrap_or_default();
        if text.is_empty() {
            return Ok(None);
        }
        let foreign = if self.is_page { Reason::PageTokenInvalid } else { Reason::ResyncRequired };
        parsed(text).map(Some).ok_or_else(|| Error::new(foreign))
    }

    /// Puts a cell's own place into its request.
    pub fn ask(&self, request: &mut DynamicMessage, place: String) {
        request.set_field(&self.asked, Value::String(place));
    }

    /// The place a cell told.
    pub fn told(&self, answer: &DynamicMessage) -> String {
        answer.get_field(&self.told).as_str().unwrap_or_default().to_owned()
    }

    /// Puts all places into an answer.
    pub fn tell(&self, answer: &mut DynamicMessage, places: &Places) {
        answer.set_field(&self.told, Value::String(written(places)));
    }
}

/// All places as one text; empty for none.
fn written(places: &Places) -> String {
    if places.is_empty() {
        return String::new();
    }
    let each =
        places.iter().map(|(cell, place)| format!(".{cell}-{}", URL_SAFE_NO_PAD.encode(place)));
    each.fold(MARK.to_owned(), |text, one| text + &one)
}

fn parsed(text: &str) -> Option<Places> {
    if text.len() > PLACES_BYTES_MAX {
        return None;
    }
    let each = text.strip_prefix(MARK)?.strip_prefix('.')?.split('.');
    let mut places = Places::new();
    for one in each {
        let (cell, place) = one.split_once('-')?;
        let place = String::from_utf8(URL_SAFE_NO_PAD.decode(place).ok()?).ok()?;
        if places.insert(cell.parse().ok()?, place).is_some() {
            return None;
        }
    }
    Some(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_they_were_written_and_nothing_else_is() {
        let places = Places::from([(0, String::new()), (7, "a.b-c=".to_owned())]);
        let text = written(&places);
        assert_eq!(parsed(&text), Some(places));
        assert_eq!(written(&Places::new()), "");
        for wrong in
            ["x", "cells1", "cells1.", "cells1.7", "cells1.7-!", "cells1.7-.7-", "cells2.7-"]
        {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
        assert_eq!(parsed(&format!("cells1.7-{}", "A".repeat(PLACES_BYTES_MAX))), None);
    }

    #[test]
    fn lists_and_streams_have_their_places_in_other_fields() {
        let fields = |path: &str| {
            let planned = crate::plan::planned(path).unwrap();
            Field::of(&planned.method.input(), &planned.method.output())
        };
        assert!(fields("/parasol.intake.v1.IntakeService/ListCases").unwrap().is_page);
        assert!(!fields("/parasol.partner.v1.OfferService/StreamOffers").unwrap().is_page);
        assert!(!fields("/parasol.tracking.v1.TrackingService/WatchCases").unwrap().is_page);
        assert!(fields("/parasol.intake.v1.IntakeService/GetCase").is_none());
    }
}
