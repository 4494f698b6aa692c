//! The form of an answer: one JSON document, or a stream of them.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use parasol_api::{Error, Language};
use prost_reflect::{DynamicMessage, MessageDescriptor, SerializeOptions, Value};

use super::problem::Problem;
use super::route::Route;

/// The fields of a streamed message that say where to go on after it.
const PLACES: [&str; 2] = ["cursor", "resume_token"];

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// One document.
    Json,
    /// Server-sent events: the data is a document, the id the place to go on from.
    Events(Language),
    /// One document a line.
    Lines(Language),
}

impl Form {
    /// The form a caller wants; a stream comes as server-sent events unless lines are asked for.
    pub(super) fn of(route: &Route, headers: &HeaderMap) -> Self {
        let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
        let language = crate::language::of_headers(headers);
        match (route.method.is_server_streaming(), accepted) {
            (false, _) => Self::Json,
            (true, Some(accepted)) if accepted.contains("ndjson") => Self::Lines(language),
            (true, _) => Self::Events(language),
        }
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Events(_) => "text/event-stream",
            Self::Lines(_) => "application/x-ndjson",
        }
    }

    /// A whole answer. What is told belongs to its caller alone, so nobody may keep it.
    pub(super) fn whole(self, kind: &MessageDescriptor, bytes: &[u8]) -> Result<Response, Error> {
        let (text, _) = json(kind, bytes)?;
        let headers =
            [(header::CONTENT_TYPE, self.content_type()), (header::CACHE_CONTROL, "no-store")];
        Ok((StatusCode::OK, headers, text).into_response())
    }

    /// One message of a stream.
    pub(super) fn part(self, kind: &MessageDescriptor, bytes: &[u8]) -> String {
        match json(kind, bytes) {
            Ok((text, place)) => match (self, place) {
                (Self::Events(_), Some(place)) => format!("id: {place}\ndata: {text}\n\n"),
                (Self::Events(_), None) => format!("data: {text}\n\n"),
                (Self::Json | Self::Lines(_), _) => format!("{text}\n"),
            },
            Err(error) => self.failure(&error),
        }
    }

    /// The end of a stream that failed.
    pub(super) fn failure(self, error: &Error) -> String {
        match self {
            Self::Events(language) => {
                let problem = Problem::of(error, language, "").text();
                format!("event: problem\ndata: {problem}\n\n")
            }
            Self::Json => format!("{}\n", Problem::of(error, Language::default(), "").text()),
            Self::Lines(language) => {
                format!("{{\"problem\":{}}}\n", Problem::of(error, language, "").text())
            }
        }
    }
}

/// A message as JSON, with the place to go on after it if it has one.
fn json(kind: &MessageDescriptor, bytes: &[u8]) -> Result<(String, Option<String>), Error> {
    let message = DynamicMessage::decode(kind.clone(), bytes).map_err(Error::internal)?;
    let mut text = Vec::with_capacity(bytes.len() * 2);
    let mut serializer = serde_json::Serializer::new(&mut text);
    message
        .serialize_with_options(&mut serializer, &SerializeOptions::new())
        .map_err(Error::internal)?;
    let place =
        PLACES.into_iter().find_map(|name| match message.get_field_by_name(name)?.as_ref() {
            Value::String(place) if !place.is_empty() => Some(place.clone()),
            _ => None,
        });
    Ok((String::from_utf8(text).map_err(Error::internal)?, place))
}
