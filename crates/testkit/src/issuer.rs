//! An OpenID Connect issuer as far as anybody asks it for its keys: the two documents, and how often they were read.
//!
//! Which keys there are and whether it answers at all is its owner's to say; it signs nothing.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use serde_json::{Value, json};

use crate::serving::{Listener, json_over_http};

/// What the issuer says.
#[derive(Clone, Debug)]
pub struct Said {
    /// Who it says it is in its discovery document.
    pub issuer: String,
    /// Where it says its keys are.
    pub keys_at: String,
    /// What stands at that place.
    pub keys: Value,
    /// The status of every answer.
    pub status: u16,
    /// How often its keys were asked for.
    pub looks: u32,
}

/// An issuer on a free port of this machine, until this is dropped.
#[derive(Debug)]
pub struct Issuer {
    listener: Listener,
    said: Arc<Mutex<Said>>,
}

impl Issuer {
    /// An issuer without keys.
    ///
    /// # Errors
    /// When no port is free.
    pub fn start() -> Result<Self> {
        let said = Said {
            issuer: String::new(),
            keys_at: String::new(),
            keys: json!({ "keys": [] }),
            status: 200,
            looks: 0,
        };
        let said = Arc::new(Mutex::new(said));
        let shared = Arc::clone(&said);
        let listener = json_over_http(move |_, target, _| {
            let mut said = locked(&shared);
            let document = match target {
                "/.well-known/openid-configuration" => {
                    json!({ "issuer": said.issuer, "jwks_uri": said.keys_at })
                }
                "/keys" => {
                    said.looks += 1;
                    said.keys.clone()
                }
                _ => return (404, Value::Null),
            };
            (said.status, document)
        })?;
        let issuer = Self { listener, said };
        let url = issuer.url();
        issuer.say(|said| {
            said.keys_at = format!("{url}/keys");
            said.issuer = url;
        });
        Ok(issuer)
    }

    /// Its address, by which its tokens name it.
    pub fn url(&self) -> String {
        format!("http://{}", self.listener.address())
    }

    /// Changes what it says.
    pub fn say(&self, change: impl FnOnce(&mut Said)) {
        change(&mut locked(&self.said));
    }

    /// Has it publish these keys and no others.
    pub fn publish(&self, keys: &[Value]) {
        self.say(|said| said.keys = json!({ "keys": keys }));
    }

    /// How often its keys were asked for.
    pub fn looks(&self) -> u32 {
        locked(&self.said).looks
    }
}

fn locked(said: &Mutex<Said>) -> MutexGuard<'_, Said> {
    said.lock().unwrap_or_else(PoisonError::into_inner)
}
