//! From an HTTP request to the messages of a call.

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use http::request::Parts;
use parasol_api::{Error, Reason};
use prost::Message as _;
use prost_reflect::{DeserializeOptions, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value};

use super::route::Route;
use super::{LINES_BYTES_MAX, LINES_MAX, READING_MAX, Rest};
use crate::edge;

/// The fields of a request that say where a stream goes on.
const PLACES: [&str; 2] = ["cursor", "resume_token"];

/// The encoded messages of a call: one, or one a line where the method takes a stream.
///
/// # Errors
/// `MESSAGE_TOO_LARGE`, `DEADLINE_EXCEEDED`, `FIELD_INVALID`; then nothing was sent.
pub(super) async fn messages(
    rest: &Rest,
    route: &Route,
    path: &[(&str, String)],
    parts: &Parts,
    body: Body,
) -> Result<Vec<Bytes>, Error> {
    let kind = route.method.input();
    if route.method.is_client_streaming() {
        let body = edge::read(body, LINES_BYTES_MAX, READING_MAX).await?;
        return lines(&kind, parts, &body, rest.message_bytes);
    }
    let mut fields = match route.has_body {
        true => object(&edge::read(body, rest.message_bytes, READING_MAX).await?)?,
        false => query(&kind, parts.uri.query().unwrap_or_default())?,
    };
    for (name, value) in path {
        put(&mut fields, &kind, name, Value::String(value.clone()))?;
    }
    from_headers(&mut fields, &kind, &parts.headers)?;
    Ok(vec![encoded(&kind, Value::Object(fields), None)?])
}

/// The first message of a method whose body is one of its fields: what the path, the query and the headers say.
///
/// # Errors
/// `FIELD_INVALID`.
pub(super) fn head(route: &Route, path: &[(&str, String)], parts: &Parts) -> Result<Bytes, Error> {
    let kind = route.method.input();
    let mut fields = query(&kind, parts.uri.query().unwrap_or_default())?;
    for (name, value) in path {
        put(&mut fields, &kind, name, Value::String(value.clone()))?;
    }
    from_headers(&mut fields, &kind, &parts.headers)?;
    encoded(&kind, Value::Object(fields), None)
}

/// The encoded message of a method from its fields, under a request id.
///
/// # Errors
/// `FIELD_INVALID`; also for fields that name another request id.
pub(super) fn message(
    route: &Route,
    mut fields: Map<String, Value>,
    request_id: &str,
) -> Result<Bytes, Error> {
    let kind = route.method.input();
    put(&mut fields, &kind, "request_id", Value::String(request_id.to_owned()))?;
    encoded(&kind, Value::Object(fields), None)
}

/// The body as an object; an empty one is an object without fields.
fn object(body: &[u8]) -> Result<Map<String, Value>, Error> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(not_json("a JSON object")),
        Err(error) => Err(not_json(&format!("JSON: {error}"))),
    }
}

/// One message a line (NDJSON). All lines are read before anything is sent.
fn lines(
    kind: &MessageDescriptor,
    parts: &Parts,
    body: &[u8],
    message_bytes: usize,
) -> Result<Vec<Bytes>, Error> {
    let mut messages = Vec::new();
    for (nth, line) in body.split(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let at = |error: Error| error.with("line", (nth + 1).to_string());
        if line.len() > message_bytes {
            let error = Error::new(Reason::MessageTooLarge);
            return Err(at(error.message(format!("a line has more than {message_bytes} bytes"))));
        }
        let mut fields = object(line).map_err(at)?;
        if messages.is_empty() {
            from_headers(&mut fields, kind, &parts.headers)?;
        }
        messages.push(encoded(kind, Value::Object(fields), Some(nth + 1)).map_err(at)?);
        if messages.len() > LINES_MAX {
            return Err(Error::new(Reason::MessageTooLarge)
                .message(format!("the body has more than {LINES_MAX} lines")));
        }
    }
    Ok(messages)
}

fn query(kind: &MessageDescriptor, text: &str) -> Result<Map<String, Value>, Error> {
    let mut fields = Map::new();
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        let Some(field) = field(kind, &name) else {
            return Err(Error::field(name, Reason::FieldInvalid, "a field of the request"));
        };
        let value = scalar(&field, &value)?;
        if field.is_list() {
            let list = fields.entry(field.json_name()).or_insert_with(|| Value::Array(Vec::new()));
            list.as_array_mut().into_iter().for_each(|list| list.push(value.clone()));
        } else if fields.insert(field.json_name().to_owned(), value).is_some() {
            return Err(Error::field(name, Reason::FieldInvalid, "given once"));
        }
    }
    Ok(fields)
}

/// The value of a query parameter as JSON.
fn scalar(field: &FieldDescriptor, text: &str) -> Result<Value, Error> {
    let wrong = |expected: &str| Error::field(field.name(), Reason::FieldInvalid, expected);
    Ok(match field.kind() {
        Kind::Bool => Value::Bool(text.parse().map_err(|_| wrong("true or false"))?),
        Kind::Enum(_) => match text.parse::<i32>() {
            Ok(number) => number.into(),
            Err(_) => text.into(),
        },
        Kind::Message(message) if !message.full_name().starts_with("google.protobuf.") => {
            return Err(wrong("no query parameter: it has fields of its own"));
        }
        _ => text.into(),
    })
}

/// What the headers say, where the request has a field for it and does not say it itself.
fn from_headers(
    fields: &mut Map<String, Value>,
    kind: &MessageDescriptor,
    headers: &HeaderMap,
) -> Result<(), Error> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(key) = text("idempotency-key") {
        put(fields, kind, "request_id", Value::String(key.trim_matches('"').to_owned()))?;
    }
    if let Some(etag) = text(header::IF_MATCH.as_str()) {
        put(fields, kind, "etag", Value::String(etag.trim_matches('"').to_owned()))?;
    }
    if let Some(place) = text("last-event-id") {
        for name in PLACES {
            put(fields, kind, name, Value::String(place.to_owned()))?;
        }
    }
    if let Some(language) = field(kind, "language")
        && !fields.contains_key(language.json_name())
        && headers.contains_key(header::ACCEPT_LANGUAGE)
    {
        let wanted = crate::language::of_headers(headers).tag();
        put(fields, kind, "language", Value::String(wanted.to_owned()))?;
    }
    Ok(())
}

/// Sets a field of a request that has it. Said twice it has to be said alike.
fn put(
    fields: &mut Map<String, Value>,
    kind: &MessageDescriptor,
    name: &str,
    value: Value,
) -> Result<(), Error> {
    let Some(field) = field(kind, name) else { return Ok(()) };
    let spellings = [field.json_name(), field.name()];
    if spellings.iter().any(|name| fields.get(*name).is_some_and(|known| *known != value)) {
        let expected = "the same in the path, headers and body";
        return Err(Error::field(name, Reason::FieldInvalid, expected));
    }
    if !spellings.iter().any(|name| fields.contains_key(*name)) {
        fields.insert(field.json_name().to_owned(), value);
    }
    Ok(())
}

fn field(kind: &MessageDescriptor, name: &str) -> Option<FieldDescriptor> {
    kind.get_field_by_name(name).or_else(|| kind.get_field_by_json_name(name))
}

fn encoded(kind: &MessageDescriptor, value: Value, line: Option<usize>) -> Result<Bytes, Error> {
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let mut track = serde_path_to_error::Track::new();
    let reader = serde_path_to_error::Deserializer::new(value, &mut track);
    let message = DynamicMessage::deserialize_with_options(kind.clone(), reader, &options);
    let message = message.map_err(|error| {
        let place = line.map(|line| format!("line {line}: ")).unwrap_or_default();
        let path = track.path().to_string();
        let refused = not_json(&format!("{place}{path}: {error}"));
        refused.violation(path, Reason::FieldInvalid, error.to_string())
    })?;
    Ok(message.encode_to_vec().into())
}

/// A body that is not what the contract says.
fn not_json(why: &str) -> Error {
    Error::new(Reason::FieldInvalid).message(format!("the request does not read: {why}"))
}
