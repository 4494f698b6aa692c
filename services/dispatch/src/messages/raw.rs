//! A request as JSON that may be kept: whole, except for what people wrote.

use parasol_api::descriptor;
use parasol_api::visibility::personal;
use parasol_journey::ids::CaseId;
use parasol_journey::time::Timestamp;
use prost::Message;
use prost_reflect::{DynamicMessage, ReflectMessage as _, Value};
use uuid::Uuid;

/// Bytes of a message that are kept; the rest is cut off.
const RAW_BYTES_MAX: usize = 16 * 1024;

/// A request, as far as it says what it is about.
#[derive(Debug, Default)]
pub struct Read {
    /// Its request id, or nil.
    pub request: Uuid,
    /// The case it names, or nil.
    pub case: Uuid,
    /// When it happened on the sender's side, or 0.
    pub occurred_at: i64,
    /// Its number, or 0.
    pub sequence: i64,
    /// The request as JSON.
    pub json: String,
}

/// Reads the request of a method of the partner API.
pub fn read<M: Message>(method: &str, request: &M) -> Read {
    let kind =
        descriptor::pool().get_message_by_name(&format!("parasol.partner.v1.{method}Request"));
    let bytes = request.encode_to_vec();
    let message = kind.and_then(|kind| DynamicMessage::decode(kind, bytes.as_slice()).ok());
    let Some(mut message) = message else { return Read::default() };
    let text = |name: &str| match message.get_field_by_name(name).as_deref() {
        Some(Value::String(text)) => text.clone(),
        _ => String::new(),
    };
    let sequence = match message.get_field_by_name("partner_sequence").as_deref() {
        Some(Value::I64(number)) => *number,
        _ => 0,
    };
    let read = Read {
        request: Uuid::try_parse(&text("request_id")).unwrap_or_default(),
        case: text("case_id").parse().map_or_else(|_| Uuid::nil(), CaseId::uuid),
        occurred_at: occurred_at(&message),
        sequence,
        json: String::new(),
    };
    take_out_texts(&mut message);
    let mut json = serde_json::to_string(&message).unwrap_or_default();
    json.truncate(json.floor_char_boundary(RAW_BYTES_MAX));
    Read { json, ..read }
}

fn occurred_at(message: &DynamicMessage) -> i64 {
    let field = message.get_field_by_name("occurred_at");
    let Some(Value::Message(at)) = field.as_deref() else { return 0 };
    let at = at.transcode_to::<prost_types::Timestamp>().ok();
    let at = at.filter(|_| message.has_field_by_name("occurred_at"));
    at.and_then(|at| parasol_api::convert::timestamp(&at)).map_or(0, Timestamp::micros)
}

/// Puts the number of characters in place of what people wrote: of every text that the contract calls personal, however
/// deep it lies.
fn take_out_texts(message: &mut DynamicMessage) {
    for field in message.descriptor().fields() {
        let is_personal = personal(&field).is_some();
        if !message.has_field(&field) {
            continue;
        }
        match message.get_field_mut(&field) {
            Value::String(text) if is_personal => {
                *text = format!("[{} characters]", text.chars().count());
            }
            Value::Message(inner) => take_out_texts(inner),
            Value::List(list) => {
                for one in list {
                    if let Value::Message(inner) = one {
                        take_out_texts(inner);
                    }
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use parasol_api::partner::v1::{DeclineOfferRequest, ReassignTechnicianRequest};

    use super::*;

    #[test]
    fn what_people_wrote_is_not_in_it_and_everything_else_is() {
        let request = DeclineOfferRequest {
            request_id: "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b".into(),
            case_id: "case_01905af12b3c7def8123456789abcdef".into(),
            reason: 1,
            remark: "王小明 13800138000".into(),
            partner_sequence: 7,
            occurred_at: Some(prost_types::Timestamp { seconds: 5, nanos: 0 }),
            ..DeclineOfferRequest::default()
        };
        let read = read("DeclineOffer", &request);
        assert_eq!(read.request.to_string(), request.request_id);
        assert_eq!(CaseId::new(read.case).to_string(), request.case_id);
        assert_eq!((read.sequence, read.occurred_at), (7, 5_000_000));
        assert!(read.json.contains("DECLINE_REASON_NO_CAPACITY"), "{}", read.json);
        assert!(read.json.contains("[15 characters]"), "{}", read.json);
        assert!(!read.json.contains("138") && !read.json.contains('王'), "{}", read.json);
        let request = ReassignTechnicianRequest { reason: "ill".into(), ..Default::default() };
        assert!(super::read("ReassignTechnician", &request).json.contains("[3 characters]"));
    }

    #[test]
    fn what_cannot_be_read_is_kept_as_far_as_it_can() {
        let huge = DeclineOfferRequest { case_id: "x".repeat(100_000), ..Default::default() };
        let read = read("DeclineOffer", &huge);
        assert!(read.case.is_nil() && read.request.is_nil());
        assert_eq!(read.json.len(), RAW_BYTES_MAX);
    }
}
