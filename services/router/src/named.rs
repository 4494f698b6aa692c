//! Which cell a request names: read off the ids in it.
//!
//! Pure. An id that no source of ours can have made names nothing; the cell that gets it says so.

use parasol_api::{Error, Reason};
use parasol_runtime::ids::cell_of;
use prost_reflect::{DynamicMessage, Value};
use uuid::Uuid;

use crate::plan::names_id;

/// Digits of an id behind its prefix.
const DIGITS: usize = 32;
/// The most messages within messages that are looked into.
const DEPTH_MAX: usize = 3;

/// The number of the cell that the ids of a request belong to; `None` where it has none.
///
/// # Errors
/// `CELLS_MIXED` where they belong to several.
pub fn cell(request: &DynamicMessage) -> Result<Option<u16>, Error> {
    let mut found = None;
    walk(request, DEPTH_MAX, &mut |field, text| {
        let Some(cell) = of_text(text) else { return Ok(()) };
        match found.replace(cell) {
            Some(other) if other != cell => Err(Error::new(Reason::CellsMixed).violation(
                field,
                Reason::CellsMixed,
                "an id of the same cell as the others",
            )),
            _ => Ok(()),
        }
    })?;
    Ok(found)
}

fn walk(
    message: &DynamicMessage,
    depth: usize,
    see: &mut impl FnMut(&str, &str) -> Result<(), Error>,
) -> Result<(), Error> {
    for (field, value) in message.fields() {
        let mut one = |value: &Value| match value {
            Value::String(text) if names_id(field.name()) => see(field.name(), text),
            Value::Message(inner) if depth > 0 => walk(inner, depth - 1, see),
            _ => Ok(()),
        };
        match value {
            Value::List(values) => values.iter().try_for_each(&mut one)?,
            value => one(value)?,
        }
    }
    Ok(())
}

/// The cell of an id as the contract writes it: a word, `_`, 32 digits; what may follow is the service's own.
fn of_text(text: &str) -> Option<u16> {
    let (word, rest) = text.split_once('_')?;
    let digits = rest.get(..DIGITS)?;
    let ends = rest[DIGITS..].bytes().next().is_none_or(|byte| !byte.is_ascii_alphanumeric());
    let plain = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()) && ends;
    if !plain {
        return None;
    }
    cell_of(Uuid::try_parse(digits).ok()?)
}

#[cfg(test)]
mod tests {
    use parasol_api::intake::v1::{FileCaseRequest, MergeCaseRequest};
    use parasol_api::partner::v1::{AcceptOfferRequest, BatchAcceptOffersRequest};
    use prost::Message;

    use super::*;

    const OF_SEVEN: &str = "case_01905af12b3c8def8123456789ab0007";
    const OF_NINE: &str = "offer_01905af12b3c8def8123456789ab0009";
    const OF_NONE: &str = "case_01905af12b3c7def8123456789abcdef";

    fn read<M: Message>(name: &str, message: &M) -> Result<Option<u16>, Reason> {
        let kind = parasol_api::descriptor::pool().get_message_by_name(name).unwrap();
        let message = DynamicMessage::decode(kind, message.encode_to_vec().as_slice()).unwrap();
        cell(&message).map_err(|error| error.reason())
    }

    fn merge(case_id: &str, into_case_id: &str) -> Result<Option<u16>, Reason> {
        let (case_id, into_case_id) = (case_id.to_owned(), into_case_id.to_owned());
        let request = MergeCaseRequest { case_id, into_case_id, ..Default::default() };
        read("parasol.intake.v1.MergeCaseRequest", &request)
    }

    #[test]
    fn the_ids_of_a_request_say_its_cell() {
        assert_eq!(merge(OF_SEVEN, ""), Ok(Some(7)));
        assert_eq!(merge(OF_SEVEN, OF_SEVEN), Ok(Some(7)));
        assert_eq!(merge(OF_NONE, ""), Ok(Some(0)), "it names none: the first cell's");
        assert_eq!(merge(OF_SEVEN, OF_NONE), Err(Reason::CellsMixed));
        assert_eq!(merge("nonsense", "case_01905af1"), Ok(None));
    }

    #[test]
    fn ids_within_a_batch_count_and_those_of_requests_and_orders_do_not() {
        let item = |case_id: &str, offer_id: &str| AcceptOfferRequest {
            case_id: case_id.to_owned(),
            offer_id: offer_id.to_owned(),
            ..Default::default()
        };
        let batch = |items| {
            let request = BatchAcceptOffersRequest { items, ..Default::default() };
            read("parasol.partner.v1.BatchAcceptOffersRequest", &request)
        };
        assert_eq!(batch(vec![item(OF_SEVEN, ""), item("", OF_SEVEN)]), Ok(Some(7)));
        assert_eq!(batch(vec![item(OF_SEVEN, ""), item("", OF_NINE)]), Err(Reason::CellsMixed));
        let filing = FileCaseRequest {
            request_id: OF_SEVEN.to_owned(),
            order_line: OF_NINE.to_owned(),
            ..Default::default()
        };
        assert_eq!(read("parasol.intake.v1.FileCaseRequest", &filing), Ok(None));
    }

    #[test]
    fn what_a_service_writes_behind_an_id_does_no_harm() {
        assert_eq!(of_text(&format!("{OF_SEVEN}:timer:3")), Some(7));
        assert_eq!(of_text(&format!("{OF_SEVEN}a")), None);
        assert_eq!(of_text("cust_01905af12b3c5def8123456789ab0007"), None, "no id of a cell");
    }
}
