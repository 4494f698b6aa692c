//! As much of JSON schema as the published types of Kubernetes need, with one rule more: a key that is not named is
//! wrong, so that a word that is misspelt does not pass in silence.
//!
//! `kubernetes.schema.json` is made from the types of the crate `k8s-openapi` 0.29 for Kubernetes 1.33, which are made from
//! the interface that Kubernetes publishes; descriptions, kinds that we do not use, and the status
//! of claims are left out.

use std::fs;

use serde_json::Value;

use crate::up::root;

/// The types of the kinds that we use.
pub struct Schema(Value);

impl Schema {
    pub fn kubernetes() -> Self {
        let path = root().join("tests/it/deploy/kubernetes.schema.json");
        let text = fs::read_to_string(path).expect("the schema is there");
        Self(serde_json::from_str(&text).expect("it is JSON"))
    }

    /// What is wrong with a manifest.
    pub fn problems(&self, manifest: &Value) -> Vec<String> {
        let kind = format!(
            "{} {}",
            manifest["apiVersion"].as_str().unwrap_or_default(),
            manifest["kind"].as_str().unwrap_or_default()
        );
        let mut wrong = Vec::new();
        match self.0["kinds"].get(&kind) {
            Some(schema) => self.hold(schema, manifest, &kind, &mut wrong),
            None => wrong.push(format!("{kind:?} is no kind that the schema knows")),
        }
        wrong
    }

    fn hold(&self, schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
        if let Some(name) = schema["$ref"].as_str() {
            let name = name.rsplit('/').next().expect("a name");
            let definition = self.0["$defs"].get(name).unwrap_or_else(|| panic!("no type {name}"));
            return self.hold(definition, value, at, wrong);
        }
        if let Some(name) = schema["type"].as_str()
            && !is_of(name, value)
        {
            wrong.push(format!("{at} is {value} and should be of type {name}"));
            return;
        }
        for (nth, item) in value.as_array().into_iter().flatten().enumerate() {
            self.hold(&schema["items"], item, &format!("{at}[{nth}]"), wrong);
        }
        let Some(object) = value.as_object() else { return };
        for name in schema["required"].as_array().into_iter().flatten() {
            let name = name.as_str().expect("a name");
            if !object.contains_key(name) {
                wrong.push(format!("{at} lacks {name}"));
            }
        }
        for (name, below) in object {
            let at = format!("{at}.{name}");
            match (schema["properties"].get(name), schema.get("additionalProperties")) {
                (Some(schema), _) | (None, Some(schema)) => self.hold(schema, below, &at, wrong),
                (None, None) if schema.get("properties").is_some() => {
                    wrong.push(format!("{at} is no key"));
                }
                (None, None) => {}
            }
        }
    }
}

fn is_of(name: &str, value: &Value) -> bool {
    match name {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        other => panic!("no such type: {other}"),
    }
}

#[test]
fn a_manifest_with_a_misspelt_key_or_a_wrong_type_is_found_wrong() {
    let schema = Schema::kubernetes();
    let manifest = |below: &str| {
        let text = format!(
            "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {{ name: x }}\nspec: {below}"
        );
        schema.problems(&serde_saphyr::from_str(&text).expect("it is YAML"))
    };
    assert_eq!(manifest("{ maxUnavailable: 1, selector: { matchLabels: { a: b } } }"), [""; 0]);
    assert_eq!(manifest("{ maxUnavailble: 1 }").len(), 1);
    assert_eq!(manifest("{ selector: { matchLabels: { a: 1 } } }").len(), 1);
    assert_eq!(manifest("[]").len(), 1);
}
