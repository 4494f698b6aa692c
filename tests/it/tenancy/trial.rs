//! One method called twice by a stranger: with ids that are another's, and with ids that are nobody's.

use std::collections::BTreeSet;
use std::fmt;

use parasol_api::access;
use parasol_journey::time::{Span, Timestamp};
use parasol_runtime::identity::Principal;
use serde_json::{Value, json};

use super::calls::{Answer, request_of};
use super::cases::{Names, Reached, certificate};
use super::table::{Row, Shape};
use crate::house::House;

/// An etag that no case here has.
const STALE: &str = "\"99\"";

/// The fields of a shape that are filled with somebody's names.
pub fn given_fields(shape: &Shape) -> Vec<(String, String)> {
    let body: Value = serde_json::from_str(shape.body).expect("a shape is JSON");
    let mut given = Vec::new();
    collect(&body, &mut given);
    given
}

/// The same of a message and of the messages in it.
fn collect(body: &Value, given: &mut Vec<(String, String)>) {
    for (field, value) in body.as_object().expect("a shape is an object") {
        let name = value.as_str().and_then(|text| text.strip_prefix('$'));
        if let Some(name) = name.filter(|name| !FORMS.contains(name)) {
            given.push((field.clone(), name.to_owned()));
        }
        for item in value.as_array().into_iter().flatten() {
            if item.is_object() {
                collect(item, given);
            } else {
                collect(&json!({ field.as_str(): item }), given);
            }
        }
    }
}

/// The names a shape is filled with.
fn given_names(shape: &Shape) -> BTreeSet<String> {
    given_fields(shape).into_iter().map(|(_, name)| name).collect()
}

/// What shapes are filled with that is nobody's.
const FORMS: [&str; 6] = ["earlier", "soon", "today", "month", "window", "certificate_form"];

/// Names of the same form that are nobody's.
pub fn unknown(names: &Names) -> Names {
    names.iter().map(|(name, id)| (*name, unknown_id(name, id))).collect()
}

fn unknown_id(name: &str, id: &str) -> String {
    let is_given = ["brand", "centre", "technician", "serial"].contains(&name);
    if let Some((kind, named)) = id.split_once(':') {
        return format!("{kind}:{}", "z".repeat(named.len()));
    }
    match id.rsplit_once('_') {
        _ if is_given => "z".repeat(id.len()),
        Some((prefix, hex)) if hex.len() == 32 => {
            format!("{prefix}_01900000000070008000000000000001")
        }
        // A token with another beginning is a forged one.
        _ => format!("{}{}", if id.starts_with('0') { '1' } else { '0' }, &id[1..]),
    }
}

/// One way to call one method as one stranger.
pub struct Trial<'a> {
    pub house: &'a House,
    pub caller: &'a Principal,
    pub row: &'a Row,
    pub shape: &'a Shape,
}

impl fmt::Debug for Trial<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {} with {}", self.row.path(), self.caller, self.shape.body)
    }
}

impl Trial<'_> {
    /// Calls with both sets of names, without and with an etag, and holds the answers against each
    /// other. None where the stranger may not call it or the case has no such id.
    pub async fn compare(&self, theirs: &Names, nobodys: &Names, reached: Reached) -> Vec<Answer> {
        let (path, role) = (self.row.path(), self.caller.role);
        if !access::allows(&path, role) || !self.shape.by.contains(&role) {
            return Vec::new();
        }
        let form = Form::of(self.house);
        let real = form.fill(self.shape, theirs);
        let made_up = form.fill(self.shape, nobodys);
        let Some((mut real, mut made_up)) = real.zip(made_up) else { return Vec::new() };
        let mut answers = Vec::new();
        let has_etag = request_of(&path).get_field_by_name("etag").is_some();
        for etag in ["", STALE].into_iter().take(1 + usize::from(has_etag)) {
            if has_etag {
                real["etag"] = etag.into();
                made_up["etag"] = etag.into();
            }
            let told = self.house.try_out(self.caller, &path, &real).await;
            let told = without_clocks(without_echoes(told, theirs, nobodys));
            let expected = self.house.try_out(self.caller, &path, &made_up).await;
            let expected = without_clocks(expected);
            assert_eq!(told, expected, "{self:?} etag {etag:?} in {reached:?}: {real}");
            answers.push(told);
        }
        answers
    }

    /// Calls with one name of theirs among the stranger's own, each in turn, as [`Trial::compare`]
    /// does; answers with how many calls there were, each of which must be refused.
    pub async fn mix(&self, theirs: &Names, mine: &Names, reached: Reached) -> usize {
        let mut tried = 0;
        let given = given_names(self.shape);
        for (name, id) in theirs.iter().filter(|(name, _)| given.contains(**name)) {
            if given.len() < 2 {
                continue;
            }
            let with = |id: String| {
                let mut names = mine.clone();
                names.insert(*name, id);
                names
            };
            let (real, made_up) = (with(id.clone()), with(unknown_id(name, id)));
            for answer in self.compare(&real, &made_up, reached).await {
                // A call that takes many refuses its items, each for itself.
                let refuses = !answer.reason.is_empty() || answer.text.contains("\"refusal\"");
                assert!(refuses, "{self:?} {name}: {answer:?}");
                tried += 1;
            }
        }
        tried
    }
}

/// An answer may repeat the id it was asked for, and nothing else of it.
fn without_echoes(answer: Answer, theirs: &Names, nobodys: &Names) -> Answer {
    let mut pairs: Vec<_> = theirs.iter().map(|(name, id)| (id, &nobodys[name])).collect();
    pairs.retain(|(id, other)| id != other);
    pairs.sort_by_key(|(id, _)| std::cmp::Reverse(id.len()));
    let text = pairs.iter().fold(answer.text, |text, (id, other)| text.replace(*id, other));
    Answer { text, ..answer }
}

/// The answer without what a batch of a device is told about its clock: the second call is later.
fn without_clocks(answer: Answer) -> Answer {
    const CLOCKS: [&str; 3] = ["clock_ahead", "received_at", "happened_at"];
    if !CLOCKS.iter().any(|clock| answer.text.contains(clock)) {
        return answer;
    }
    let Ok(mut told) = serde_json::from_str::<Value>(&answer.text) else { return answer };
    drop_clocks(&mut told, &CLOCKS);
    Answer { text: told.to_string(), ..answer }
}

fn drop_clocks(value: &mut Value, clocks: &[&str]) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| drop_clocks(item, clocks)),
        Value::Object(fields) => {
            fields.retain(|name, _| !clocks.contains(&name.as_str()));
            fields.values_mut().for_each(|field| drop_clocks(field, clocks));
        }
        _ => {}
    }
}

/// What the requests of a pair have in common.
struct Form {
    now: Timestamp,
    certificate: Value,
}

impl Form {
    fn of(house: &House) -> Self {
        Self { now: house.node.clock.now(), certificate: certificate(house, "SERIAL") }
    }

    /// The request; `None` if it wants a name that is not there.
    fn fill(&self, shape: &Shape, names: &Names) -> Option<Value> {
        let mut body: Value = serde_json::from_str(shape.body).expect("a shape is JSON");
        self.fill_message(&mut body, names)?;
        Some(body)
    }

    fn fill_message(&self, body: &mut Value, names: &Names) -> Option<()> {
        for (_, value) in body.as_object_mut()? {
            self.fill_value(value, names)?;
        }
        Some(())
    }

    fn fill_value(&self, value: &mut Value, names: &Names) -> Option<()> {
        for item in value.as_array_mut().into_iter().flatten() {
            self.fill_value(item, names)?;
        }
        if value.is_object() {
            self.fill_message(value, names)?;
        }
        let Some(name) = value.as_str().and_then(|text| text.strip_prefix('$')) else {
            return Some(());
        };
        let soon = self.now + Span::days(1);
        *value = match name {
            "earlier" => (self.now - Span::days(1)).to_string().into(),
            "soon" => soon.to_string().into(),
            "today" => self.now.shanghai_day().to_string().into(),
            "month" => self.now.shanghai_day().format("%Y-%m").to_string().into(),
            "window" => {
                json!({"from": soon.to_string(), "to": (soon + Span::hours(2)).to_string()})
            }
            "certificate_form" => self.certificate.clone(),
            name => names.get(name)?.as_str().into(),
        };
        Some(())
    }
}
