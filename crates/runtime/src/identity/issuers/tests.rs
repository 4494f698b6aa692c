//! Tokens of an issuer that is asked over HTTP, and of those who pretend to be it.

use std::sync::Arc;

use futures::future::join_all;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use parasol_testkit::issuer::Issuer as Fake;
use serde_json::{Value, json};

use super::keyring::{SigningKey, claims, settings};
use super::*;
use crate::identity::{Bearers, Role, TokenKey};

/// An issuer, and a house that takes its tokens.
struct World {
    fake: Fake,
    clock: Clock,
    issuers: Issuers,
    bearers: Bearers,
}

impl World {
    fn new(keys: &[&SigningKey]) -> Self {
        let fake = Fake::start().unwrap();
        let clock = Clock::manual(Timestamp::parse("2026-06-08T12:00:00Z").unwrap());
        let issuers = Issuers::new(&[settings(&fake.url())], &clock).unwrap();
        let key = Arc::new(TokenKey::from_secret(&[7; 32]));
        let bearers = Bearers::new(key, issuers.clone(), clock.clone());
        let world = Self { fake, clock, issuers, bearers };
        world.publish(keys);
        world
    }

    fn publish(&self, keys: &[&SigningKey]) {
        let public: Vec<_> = keys.iter().map(|key| key.public.clone()).collect();
        self.fake.publish(&public);
    }

    fn issuer(&self) -> &Issuer {
        self.issuers.each().next().unwrap()
    }

    async fn look(&self) -> bool {
        self.issuer().run_once().await
    }

    fn claims(&self, changes: Value) -> Value {
        let mut claims = claims(&self.fake.url(), "desk", self.clock.now());
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
    }

    /// Whom a token names by what is known; nobody is asked.
    fn told(&self, token: &str) -> Result<String, TokenError> {
        let known = self.bearers.read_now(token).unwrap_or(Err(TokenError::KeyUnknown));
        known.map(|(principal, _)| principal.to_string())
    }

    /// Whom tokens name, while the loop that looks at keys runs.
    async fn asked(&self, tokens: &[String]) -> Vec<Result<String, TokenError>> {
        let bell = self.issuer().bell();
        let running = async {
            loop {
                bell.notified().await;
                self.issuer().run_once().await;
            }
        };
        let reads = join_all(tokens.iter().map(|token| self.bearers.read(token)));
        let told = tokio::select! {
            told = reads => told,
            () = running => unreachable!("it runs for ever"),
        };
        told.into_iter().map(|read| read.map(|(principal, _)| principal.to_string())).collect()
    }
}

fn seconds(seconds: i64) -> Span {
    Span::from_micros(seconds * 1_000_000)
}

fn rsa(name: &str) -> SigningKey {
    SigningKey::new(name, Algorithm::RS256)
}

fn swift(name: &str) -> SigningKey {
    SigningKey::new(name, Algorithm::ES256)
}

#[tokio::test]
async fn a_token_of_each_kind_of_key_names_its_bearer_until_it_ends() {
    let keys = [rsa("r"), swift("e"), SigningKey::new("o", Algorithm::EdDSA)];
    let world = World::new(&[&keys[0], &keys[1], &keys[2]]);
    assert!(world.look().await);
    for key in &keys {
        let token = key.token(&world.claims(json!({"role": ["lead", "tea"]})));
        assert_eq!(world.told(&token).unwrap(), "manager:a-7", "{:?}", key.algorithm);
    }
    let token = keys[0].token(&world.claims(json!({})));
    let (_, principal, ends) = world.bearers.narrow(&token, Span::hours(12)).await.unwrap();
    assert_eq!(principal, Principal::new(Role::Agent, "a-7"));
    assert_eq!(ends, world.clock.now() + Span::hours(1), "a session outlives no token");
    world.clock.advance(Span::minutes(61)).unwrap();
    assert_eq!(world.told(&token), Err(TokenError::Expired));
}

#[tokio::test]
async fn whoever_pretends_to_be_the_issuer_is_refused_for_the_right_reason() {
    let (key, other) = (rsa("r"), rsa("r"));
    let world = World::new(&[&key]);
    world.look().await;
    let now = world.clock.now().micros() / 1_000_000;
    let plain = world.claims(json!({}));
    assert!(world.told(&key.token(&plain)).is_ok());
    let refused = |token: String| world.told(&token).unwrap_err();

    assert_eq!(refused(other.token(&plain)), TokenError::Signature, "another key of that name");
    let mut altered: Vec<_> = key.token(&plain).split('.').map(str::to_owned).collect();
    let richer = serde_json::to_vec(&world.claims(json!({"role": "lead"}))).unwrap();
    altered[1] = URL_SAFE_NO_PAD.encode(richer);
    assert_eq!(refused(altered.join(".")), TokenError::Signature, "another role written in");

    let none = URL_SAFE_NO_PAD.encode(br#"{"alg":"none","kid":"r"}"#);
    assert_eq!(refused(format!("{none}.{}.", altered[1])), TokenError::Algorithm);
    // The public key taken for a shared secret, in the forms that a careless library would take it in.
    for secret in ["n", "e"].map(|part| key.public[part].as_str().unwrap().to_owned()) {
        for bytes in [secret.clone().into_bytes(), URL_SAFE_NO_PAD.decode(&secret).unwrap()] {
            let header = Header { kid: key.header().kid, ..Header::new(Algorithm::HS256) };
            let shared = EncodingKey::from_secret(&bytes);
            let token = jsonwebtoken::encode(&header, &plain, &shared).unwrap();
            assert_eq!(refused(token), TokenError::Algorithm);
        }
    }
    let wider = Header { kid: key.header().kid, ..Header::new(Algorithm::RS512) };
    assert_eq!(refused(key.token_with(&wider, &plain)), TokenError::Algorithm);
    let nameless = Header { kid: None, ..key.header() };
    assert_eq!(refused(key.token_with(&nameless, &plain)), TokenError::Malformed);
    let critical = Header { crit: Some(vec!["x".to_owned()]), ..key.header() };
    assert_eq!(refused(key.token_with(&critical, &plain)), TokenError::Malformed);

    for (changes, expected) in [
        (json!({"exp": now - 5}), TokenError::Expired),
        (json!({"exp": null}), TokenError::Malformed),
        (json!({"nbf": now + 6}), TokenError::NotYet),
        (json!({"role": "operator"}), TokenError::Role),
        (json!({"role": ["desk", "lead"]}), TokenError::Role),
        (json!({"sub": ""}), TokenError::Subject),
        // Not of this issuer for this cell, so the cell's own key would have to have signed them.
        (json!({"aud": "elsewhere"}), TokenError::Signature),
        (json!({"iss": "https://elsewhere"}), TokenError::Signature),
        (json!({"iss": "parasol", "aud": "parasol"}), TokenError::Signature),
    ] {
        assert_eq!(refused(key.token(&world.claims(changes.clone()))), expected, "{changes}");
    }
}

#[tokio::test]
async fn a_new_key_is_found_at_once_and_a_withdrawn_one_is_out_at_the_next_look() {
    let (old, new) = (swift("old"), swift("new"));
    let world = World::new(&[&old]);
    world.look().await;
    let [theirs, ours] = [&old, &new].map(|key| key.token(&world.claims(json!({}))));
    assert!(!world.look().await, "nobody asked, and it was a moment ago");
    world.publish(&[&old, &new]);
    world.clock.advance(seconds(10)).unwrap();
    let told = world.asked(&[ours.clone(), theirs.clone()]).await;
    assert!(told.iter().all(Result::is_ok), "both overlap: {told:?}");
    assert_eq!(world.fake.looks(), 2);

    world.publish(&[&new]);
    world.clock.advance(Span::minutes(4)).unwrap();
    assert!(!world.look().await);
    assert!(world.told(&theirs).is_ok(), "not looked at yet");
    world.clock.advance(Span::minutes(1)).unwrap();
    assert!(world.look().await, "every five minutes");
    assert_eq!(world.told(&theirs), Err(TokenError::KeyUnknown), "withdrawn");
    assert!(world.told(&ours).is_ok());
}

#[tokio::test]
async fn a_storm_of_unknown_keys_asks_the_issuer_once_in_ten_seconds() {
    let key = swift("k");
    let world = World::new(&[&key]);
    world.look().await;
    let claims = world.claims(json!({}));
    let storm: Vec<_> = (0..500)
        .map(|number| {
            let header = Header { kid: Some(format!("k{number}")), ..key.header() };
            key.token_with(&header, &claims)
        })
        .collect();
    let unknown = |told: Vec<Result<String, TokenError>>| {
        told.iter().all(|told| *told == Err(TokenError::KeyUnknown))
    };
    assert!(unknown(world.asked(&storm).await), "just looked at: nobody waits");
    assert_eq!(world.fake.looks(), 1);
    for round in 2..5 {
        world.clock.advance(seconds(10)).unwrap();
        assert!(unknown(world.asked(&storm).await));
        assert!(unknown(world.asked(&storm).await));
        assert_eq!(world.fake.looks(), round, "ten seconds, one look");
    }
    // Neither do tokens that are good for nothing anyway.
    world.clock.advance(seconds(10)).unwrap();
    let late = key.token_with(
        &Header { kid: Some("k0".to_owned()), ..key.header() },
        &world.claims(json!({"exp": 1})),
    );
    assert_eq!(world.asked(&[late]).await, [Err(TokenError::Expired)]);
    assert_eq!(world.fake.looks(), 4);
    assert!(world.told(&key.token(&claims)).is_ok(), "and who is known goes on");
}

#[tokio::test]
async fn while_the_issuer_is_away_known_keys_go_on_for_a_day() {
    let (key, new) = (swift("k"), swift("new"));
    let world = World::new(&[&key]);
    let hours = |hours: i64| {
        let ends = world.clock.now().micros() / 1_000_000 + hours * 3_600;
        world.claims(json!({"exp": ends}))
    };
    let (long, other) = (key.token(&hours(100)), new.token(&hours(100)));
    assert_eq!(world.told(&long), Err(TokenError::KeyUnknown), "no look yet: it may be waited for");
    world.fake.say(|said| said.status = 503);
    world.look().await;
    assert_eq!(world.told(&long), Err(TokenError::Unreachable), "away from the start");
    world.clock.advance(seconds(9)).unwrap();
    assert!(!world.look().await, "not again within ten seconds");
    world.fake.say(|said| said.status = 200);
    world.clock.advance(seconds(1)).unwrap();
    assert!(world.look().await && world.told(&long).is_ok(), "and then by itself");

    world.fake.say(|said| said.status = 503);
    for hour in 1..=24 {
        world.clock.advance(Span::hours(1)).unwrap();
        world.look().await;
        let expected =
            if hour < 24 { Ok("agent:a-7".to_owned()) } else { Err(TokenError::Unreachable) };
        assert_eq!(world.told(&long), expected, "hour {hour}");
        assert_eq!(world.told(&other), Err(TokenError::Unreachable), "hour {hour}");
    }
}

#[tokio::test]
async fn a_document_that_is_not_as_it_should_be_changes_nothing() {
    let (key, evil) = (swift("k"), swift("evil"));
    let world = World::new(&[&key]);
    world.look().await;
    let good = key.token(&world.claims(json!({})));
    let url = world.fake.url();
    let keys = json!({"keys": [evil.public]});
    let padded = json!({"keys": [evil.public], "padding": "x".repeat(300_000)});
    let changes: [&dyn Fn(&mut parasol_testkit::issuer::Said); 7] = [
        &|said| said.issuer = "https://other.example".to_owned(),
        &|said| said.issuer += "/",
        &|said| said.keys_at = "http://192.0.2.1/keys".to_owned(),
        &|said| said.keys_at = "file:///keys".to_owned(),
        &|said| said.status = 302,
        &|said| said.keys = padded.clone(),
        &|said| said.keys = json!([evil.public]),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        world.fake.say(|said| {
            (said.issuer, said.keys_at) = (url.clone(), format!("{url}/keys"));
            (said.keys, said.status) = (keys.clone(), 200);
            change(said);
        });
        world.clock.advance(Span::minutes(5)).unwrap();
        assert!(world.look().await);
        assert!(world.issuer().state.borrow().failing, "{number}");
        assert!(world.told(&good).is_ok(), "{number}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_does_not_answer_is_not_waited_for() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let clock = Clock::manual(Timestamp::from_micros(0));
    let issuers = Issuers::new(&[settings(&url)], &clock).unwrap();
    let issuer = issuers.each().next().unwrap();
    let since = crate::clock::Stopwatch::start();
    assert!(issuer.run_once().await);
    assert_eq!(since.elapsed(), LOOK_MAX);
    assert!(issuer.state.borrow().failing);
}
