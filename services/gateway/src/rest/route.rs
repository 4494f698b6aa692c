//! Verbs and paths of methods, as their proto files give them.

use axum::http::Method as Verb;
use parasol_api::Error;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor,
    Value,
};

/// The option that gives a method its HTTP form.
const OPTION: &str = "google.api.http";

/// A method under one verb and path.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    /// GET or POST.
    pub verb: Verb,
    /// The path as it stands in the proto file.
    pub template: String,
    segments: Vec<Segment>,
    /// Whether the request comes in a body.
    pub has_body: bool,
    /// The field of the request that the body is, byte for byte; `None` where the body is the request as JSON.
    pub raw_body: Option<FieldDescriptor>,
    /// The field of the answer that is answered, byte for byte; `None` where the answer is JSON.
    pub raw_answer: Option<FieldDescriptor>,
    /// The method.
    pub method: MethodDescriptor,
}

/// A part of a path between slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    /// Exactly this.
    Literal(String),
    /// The value of a field, then exactly this.
    Field(String, String),
}

/// All routes.
#[derive(Debug)]
pub(crate) struct Routes(Vec<Route>);

/// What stands at a path.
pub(crate) enum Found<'a> {
    /// A method, with the fields that the path holds.
    Method(&'a Route, Vec<(&'a str, String)>),
    /// Methods under other verbs.
    OtherVerbs(Vec<&'a Verb>),
    /// Nothing.
    Nothing,
}

impl Routes {
    /// The routes of every method that has a form.
    ///
    /// # Errors
    /// When a form cannot be served: another verb than GET and POST, a path of another shape, a field
    /// that the request does not have, or one path for two methods.
    pub(crate) fn of(pool: &DescriptorPool) -> Result<Self, Error> {
        let option = pool.get_extension_by_name(OPTION);
        let option = option.ok_or_else(|| Error::internal(format!("{OPTION} is not declared")))?;
        let mut routes: Vec<Route> = Vec::new();
        for method in pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()) {
            let options = method.options();
            if !options.has_extension(&option) {
                continue;
            }
            let rule = options.get_extension(&option).into_owned();
            let rule =
                rule.as_message().cloned().unwrap_or_else(|| DynamicMessage::new(method.input()));
            for rule in std::iter::once(rule.clone()).chain(further(&rule)) {
                let route = Route::of(&rule, method.clone())
                    .map_err(|why| Error::internal(format!("{}: {why}", method.full_name())))?;
                let same = |one: &&Route| one.verb == route.verb && one.shape() == route.shape();
                if let Some(other) = routes.iter().find(same) {
                    let (one, two) = (method.full_name(), other.method.full_name());
                    return Err(Error::internal(format!("{one} and {two} share a path")));
                }
                routes.push(route);
            }
        }
        Ok(Self(routes))
    }

    /// What a call asks for. Exact segments win over fields.
    pub(crate) fn find(&self, verb: &Verb, path: &str) -> Found<'_> {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let mut here: Vec<_> =
            self.0.iter().filter_map(|route| Some((route, route.matches(&parts)?))).collect();
        here.sort_by_key(|(route, _)| std::cmp::Reverse(route.exactness()));
        let verbs: Vec<&Verb> = here.iter().map(|(route, _)| &route.verb).collect();
        match here.into_iter().find(|(route, _)| route.verb == *verb) {
            Some((route, fields)) => Found::Method(route, fields),
            None if verbs.is_empty() => Found::Nothing,
            None => Found::OtherVerbs(verbs),
        }
    }

    /// All of them, in the order of the contract.
    pub(crate) fn all(&self) -> &[Route] {
        &self.0
    }

    /// The route of a method, `service/method`.
    pub(super) fn of_method(&self, name: &str) -> Option<&Route> {
        self.0.iter().find(|route| route.grpc_path().strip_prefix('/') == Some(name))
    }
}

impl Route {
    fn of(rule: &DynamicMessage, method: MethodDescriptor) -> Result<Self, String> {
        let text = |field: &str| match rule.get_field_by_name(field).as_deref() {
            Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
            _ => None,
        };
        let (verb, template) = match (text("get"), text("post")) {
            (Some(path), None) => (Verb::GET, path),
            (None, Some(path)) => (Verb::POST, path),
            _ => return Err("only get and post are served".to_owned()),
        };
        let body = text("body");
        let has_body = body.is_some();
        let raw_body = match body.as_deref() {
            None | Some("*") => None,
            Some(name) => Some(raw(name, &method.input(), method.is_client_streaming())?),
        };
        let raw_answer = match text("response_body").as_deref() {
            None => None,
            Some(name) => Some(raw(name, &method.output(), method.is_server_streaming())?),
        };
        if has_body != (verb == Verb::POST) {
            return Err("a post has a body and a get has none".to_owned());
        }
        let segments = template.trim_start_matches('/').split('/').map(segment);
        let segments = segments.collect::<Result<Vec<_>, _>>()?;
        let route = Self { verb, segments, has_body, raw_body, raw_answer, method, template };
        let input = route.method.input();
        let unknown = route.fields().find(|field| input.get_field_by_name(field).is_none());
        match unknown.map(str::to_owned) {
            Some(field) => Err(format!("the request has no {field}")),
            None => Ok(route),
        }
    }

    /// The path of the method over gRPC.
    pub(crate) fn grpc_path(&self) -> String {
        format!("/{}/{}", self.method.parent_service().full_name(), self.method.name())
    }

    /// The fields that the path holds.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Field(name, _) => Some(name.as_str()),
            Segment::Literal(_) => None,
        })
    }

    fn shape(&self) -> Vec<Segment> {
        let nameless = |segment: &Segment| match segment {
            Segment::Field(_, after) => Segment::Field(String::new(), after.clone()),
            literal @ Segment::Literal(_) => literal.clone(),
        };
        self.segments.iter().map(nameless).collect()
    }

    fn exactness(&self) -> usize {
        let exact =
            |segment: &&Segment| !matches!(segment, Segment::Field(_, after) if after.is_empty());
        self.segments.iter().filter(exact).count()
    }

    fn matches(&self, parts: &[&str]) -> Option<Vec<(&str, String)>> {
        if parts.len() != self.segments.len() {
            return None;
        }
        let mut fields = Vec::new();
        for (segment, part) in self.segments.iter().zip(parts) {
            match segment {
                Segment::Literal(text) if text == part => {}
                Segment::Field(name, after) => {
                    let value = part.strip_suffix(after.as_str())?;
                    let value = decoded(value).filter(|value| !value.is_empty())?;
                    // What follows a colon is a verb, never the end of a value.
                    if after.is_empty() && part.contains(':') {
                        return None;
                    }
                    fields.push((name.as_str(), value));
                }
                Segment::Literal(_) => return None,
            }
        }
        Some(fields)
    }
}

/// The field that a body is, byte for byte: a stream's, in pieces.
fn raw(
    name: &str,
    message: &MessageDescriptor,
    is_stream: bool,
) -> Result<FieldDescriptor, String> {
    let field = message.get_field_by_name(name);
    let fits = |field: &FieldDescriptor| is_stream && field.kind() == Kind::Bytes;
    field.filter(fits).ok_or_else(|| format!("the body {name} is not served"))
}

fn further(rule: &DynamicMessage) -> Vec<DynamicMessage> {
    let more = rule.get_field_by_name("additional_bindings");
    let more = more.as_deref().and_then(Value::as_list).unwrap_or_default();
    more.iter().filter_map(|one| one.as_message().cloned()).collect()
}

fn segment(text: &str) -> Result<Segment, String> {
    let Some((before, rest)) = text.split_once('{') else {
        return Ok(Segment::Literal(text.to_owned()));
    };
    match rest.split_once('}') {
        Some((name, after)) if before.is_empty() && !after.contains('{') => {
            Ok(Segment::Field(name.to_owned(), after.to_owned()))
        }
        _ => Err(format!("the segment {text} is not served")),
    }
}

/// A segment without its percent signs; `None` where it is not UTF-8.
fn decoded(text: &str) -> Option<String> {
    percent_encoding::percent_decode_str(text).decode_utf8().ok().map(Into::into)
}
