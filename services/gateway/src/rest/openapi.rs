//! The contract as an OpenAPI document, made from the descriptor and its comments.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::http::{Method as Verb, header};
use axum::response::{IntoResponse as _, Response};
use parasol_api::{Reason, access};
use prost_reflect::{
    Cardinality, EnumDescriptor, FieldDescriptor, FileDescriptor, Kind, MessageDescriptor,
};
use serde_json::{Map, Value, json};

use super::route::Route;

/// The version of OpenAPI that is spoken.
const OPENAPI: &str = "3.1.0";

/// `GET /openapi.json`.
pub(crate) async fn document() -> Response {
    static TEXT: LazyLock<String> = LazyLock::new(|| of_contract().to_string());
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ];
    (headers, TEXT.as_str()).into_response()
}

/// The whole document.
pub(super) fn of_contract() -> Value {
    let mut schemas = Schemas::default();
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for route in super::routes().all() {
        let operation = operation(route, &mut schemas);
        let verb = route.verb.as_str().to_ascii_lowercase();
        paths.entry(route.template.clone()).or_default().insert(verb, operation);
    }
    json!({
        "openapi": OPENAPI,
        "info": {
            "title": "Parasol",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The gRPC methods over HTTP with JSON. Failures are problems (RFC 9457) \
                            whose reasons are explained at /errors.",
        },
        "security": [{ "bearer": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer" } },
            "responses": { "problem": {
                "description": "Why it failed, and what to do",
                "content": { "application/problem+json": { "schema": problem() } },
            } },
            "schemas": schemas.all(),
        },
    })
}

fn operation(route: &Route, schemas: &mut Schemas) -> Value {
    let method = &route.method;
    let path = route.grpc_path();
    let callers: Vec<_> = access::roles(&path).iter().map(|role| role.as_str()).collect();
    let comment = comment(&method.parent_service().parent_file(), method.path());
    let binary = json!({ "type": "string", "format": "binary" });
    let (form, answer) = match (&route.raw_answer, method.is_server_streaming()) {
        (Some(_), _) => ("*/*", binary.clone()),
        (None, true) => ("text/event-stream", schemas.reference(&method.output())),
        (None, false) => ("application/json", schemas.reference(&method.output())),
    };
    let mut operation = json!({
        "operationId": id(route),
        "tags": [method.parent_service().name()],
        "description": comment,
        "x-grpc-method": path,
        "x-callers": callers,
        "parameters": parameters(route),
        "responses": {
            "200": { "description": "Done", "content": { form: { "schema": answer } } },
            "default": { "$ref": "#/components/responses/problem" },
        },
    });
    if route.has_body {
        let (form, schema) = match (&route.raw_body, method.is_client_streaming()) {
            (Some(_), _) => ("application/octet-stream", binary),
            (None, true) => ("application/x-ndjson", schemas.reference(&method.input())),
            (None, false) => ("application/json", schemas.reference(&method.input())),
        };
        operation["requestBody"] =
            json!({ "required": true, "content": { form: { "schema": schema } } });
    }
    operation
}

/// A method's name; its further forms say what their path holds.
fn id(route: &Route) -> String {
    let of_method = super::routes().all().iter().filter(|one| one.method == route.method);
    match of_method.take_while(|one| one.template != route.template).count() {
        0 => route.method.name().to_owned(),
        _ => {
            let fields: Vec<_> = route.fields().collect();
            format!("{}_by_{}", route.method.name(), fields.join("_"))
        }
    }
}

/// What the path holds, and, of a request whose body is not JSON, the rest of its plain fields.
fn parameters(route: &Route) -> Vec<Value> {
    let input = route.method.input();
    let in_path: Vec<_> = route.fields().collect();
    let plain = |field: &FieldDescriptor| match field.kind() {
        Kind::Message(message) => message.full_name().starts_with("google.protobuf."),
        _ => true,
    };
    let named = |field: &FieldDescriptor, place: &str, name: &str| {
        let mut schemas = Schemas::default();
        json!({
            "name": name,
            "in": place,
            "required": place == "path",
            "description": comment(&field.parent_file(), field.path()),
            "schema": schemas.field(field),
        })
    };
    let fields: Vec<_> = input.fields().collect();
    let path = fields.iter().filter(|field| in_path.contains(&field.name()));
    let mut parameters: Vec<_> = path.map(|field| named(field, "path", field.name())).collect();
    if route.verb == Verb::GET || route.raw_body.is_some() {
        let elsewhere = |field: &FieldDescriptor| {
            in_path.contains(&field.name()) || route.raw_body.as_ref() == Some(field)
        };
        let query = fields.iter().filter(|field| !elsewhere(field) && plain(field));
        parameters.extend(query.map(|field| named(field, "query", field.json_name())));
    }
    parameters
}

fn problem() -> Value {
    let reasons: Vec<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
    let text = json!({ "type": "string" });
    json!({
        "type": "object",
        "required": ["type", "title", "status", "detail", "reason", "code"],
        "properties": {
            "type": { "type": "string", "format": "uri-reference" },
            "title": text, "detail": text, "next": text, "instance": text,
            "status": { "type": "integer" },
            "reason": { "type": "string", "enum": reasons },
            "code": text,
            "transient": { "type": "boolean" },
            "metadata": { "type": "object", "additionalProperties": text },
            "violations": { "type": "array", "items": {
                "type": "object",
                "properties": { "field": text, "reason": text, "expected": text },
            } },
        },
    })
}

/// The messages and enums that the document refers to.
#[derive(Default)]
struct Schemas(BTreeMap<String, Value>);

impl Schemas {
    fn all(self) -> BTreeMap<String, Value> {
        self.0
    }

    fn reference(&mut self, message: &MessageDescriptor) -> Value {
        match message.full_name() {
            "google.protobuf.Timestamp" => {
                return json!({ "type": "string", "format": "date-time" });
            }
            "google.protobuf.Duration" | "google.protobuf.FieldMask" => {
                return json!({ "type": "string" });
            }
            _ => {}
        }
        let name = message.full_name().to_owned();
        if !self.0.contains_key(&name) {
            // Known before its fields are: a message may hold itself.
            self.0.insert(name.clone(), Value::Null);
            let fields = message.fields().map(|field| {
                let mut schema = self.field(&field);
                if let Some(said) = comment(&field.parent_file(), field.path()) {
                    schema["description"] = json!(said);
                }
                (field.json_name().to_owned(), schema)
            });
            let properties: Map<_, _> = fields.collect();
            let said = comment(&message.parent_file(), message.path());
            let schema = json!({ "type": "object", "description": said, "properties": properties });
            self.0.insert(name.clone(), schema);
        }
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    fn field(&mut self, field: &FieldDescriptor) -> Value {
        if field.is_map() {
            return json!({ "type": "object", "additionalProperties": { "type": "string" } });
        }
        let one = match field.kind() {
            Kind::Message(message) => self.reference(&message),
            Kind::Enum(kind) => values(&kind),
            Kind::Bool => json!({ "type": "boolean" }),
            Kind::Double | Kind::Float => json!({ "type": "number" }),
            Kind::Bytes => json!({ "type": "string", "format": "byte" }),
            Kind::String => json!({ "type": "string" }),
            Kind::Int64 | Kind::Uint64 | Kind::Sint64 | Kind::Fixed64 | Kind::Sfixed64 => {
                json!({ "type": "string", "format": "int64" })
            }
            _ => json!({ "type": "integer", "format": "int32" }),
        };
        match field.cardinality() {
            Cardinality::Repeated => json!({ "type": "array", "items": one }),
            _ => one,
        }
    }
}

fn values(kind: &EnumDescriptor) -> Value {
    let names: Vec<_> = kind.values().map(|value| value.name().to_owned()).collect();
    json!({ "type": "string", "enum": names })
}

/// The comment before the thing at this path of its file, in one line a paragraph.
fn comment(file: &FileDescriptor, path: &[i32]) -> Option<String> {
    let info = file.file_descriptor_proto().source_code_info.as_ref()?;
    let said = info.location.iter().find(|one| one.path == path)?.leading_comments.as_ref()?;
    Some(said.lines().map(str::trim).collect::<Vec<_>>().join(" ").trim().to_owned())
}
