//! API keys of partners, on both engines: what is kept of them, who is let in, and how long.

use std::sync::Arc;

use parasol_api::Reason;
use parasol_api::admin::v1::credential_service_server::CredentialService as _;
use parasol_api::admin::v1::{
    ApiKey, IssueApiKeyRequest, IssuedApiKey, ListApiKeysRequest, RevokeApiKeyRequest,
};
use parasol_api::convert::to_timestamp;
use parasol_journey::time::{SECOND, Span, Timestamp};
use parasol_runtime::identity::issuers::Issuers;
use parasol_runtime::identity::{Bearers, TokenError};
use sea_orm::{ConnectionTrait as _, Statement};
use tonic::Status;

use crate::world::{World, by, operator, reason, same_bytes};

fn of_centre(world: &World, lifetime: Option<Span>) -> IssueApiKeyRequest {
    IssueApiKeyRequest {
        request_id: world.desk.ids.next().to_string(),
        centre: "a-1".to_owned(),
        lifetime: lifetime
            .map(|span| prost_types::Duration { seconds: span.micros() / SECOND, nanos: 0 }),
        ..IssueApiKeyRequest::default()
    }
}

async fn issue(world: &World, request: IssueApiKeyRequest) -> Result<IssuedApiKey, Status> {
    Ok(world.dispatch.issue_api_key(by(&operator(), request)).await?.into_inner())
}

async fn revoke(world: &World, key_id: &str) -> Result<ApiKey, Status> {
    let request = RevokeApiKeyRequest {
        request_id: world.desk.ids.next().to_string(),
        key_id: key_id.into(),
    };
    Ok(world.dispatch.revoke_api_key(by(&operator(), request)).await?.into_inner())
}

async fn listed(world: &World) -> Vec<ApiKey> {
    let (mut keys, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListApiKeysRequest { page_size: 1, page_token };
        let page = world.dispatch.list_api_keys(by(&operator(), request)).await.unwrap();
        let page = page.into_inner();
        keys.extend(page.keys);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return keys;
        }
    }
}

/// As whom the bearer of a text is let in by a process.
fn told(world: &World, text: &str) -> Result<String, TokenError> {
    let bearers =
        Bearers::new(Arc::clone(&world.desk.key), Issuers::default(), world.clock.clone());
    let bearers = bearers.with_api_keys(world.dispatch.api_keys().keys().clone());
    let (principal, _) = bearers.read_now(text).expect("it needs no issuer")?;
    Ok(format!("{principal}@{}", principal.brand.as_deref().unwrap_or_default()))
}

/// Two processes on one store, which hear nothing of each other but what they read.
async fn two(name: &str) -> Vec<(World, World)> {
    let mut pairs = Vec::new();
    for world in [World::new().await, World::on_postgres(name).await] {
        let neighbour = world.neighbour(2).await;
        pairs.push((world, neighbour));
    }
    pairs
}

#[tokio::test]
async fn a_key_lets_its_owner_in_at_every_process_until_it_is_taken_back() {
    for (here, there) in Box::pin(two("api_keys")).await {
        assert!(here.dispatch.api_keys().run_once().await.unwrap());
        assert!(there.dispatch.api_keys().run_once().await.unwrap());
        let request = of_centre(&here, None);
        let issued = issue(&here, request.clone()).await.unwrap();
        let again = issue(&here, request).await.unwrap();
        assert!(same_bytes(&issued, &again), "a repetition shows the same secret");
        let key = issued.key.unwrap();
        assert_eq!((&*key.brand, &*key.centre), ("aurora", "a-1"));
        let ends = here.clock.now() + Span::days(90);
        assert_eq!(key.expires_at, Some(to_timestamp(ends)));
        let secret = issued.secret;
        assert_eq!((&secret[..3], secret.len()), ("pk_", 67));
        assert_eq!(told(&here, &secret).unwrap(), "centre:a-1@aurora", "at once");
        assert_eq!(told(&there, &secret), Err(TokenError::KeyUnknown));
        assert!(there.dispatch.api_keys().run_once().await.unwrap());
        assert_eq!(told(&there, &secret).unwrap(), "centre:a-1@aurora", "at the next look");
        assert!(!there.dispatch.api_keys().run_once().await.unwrap(), "nothing is new");

        let other = issue(&here, of_centre(&here, None)).await.unwrap();
        let revoked = revoke(&here, &key.key_id).await.unwrap();
        assert_eq!(revoked.revoked_at, Some(to_timestamp(here.clock.now())));
        here.clock.advance(Span::minutes(1)).unwrap();
        assert_eq!(revoke(&here, &key.key_id).await.unwrap(), revoked, "once is enough");
        assert_eq!(told(&here, &secret), Err(TokenError::KeyUnknown), "at once");
        there.dispatch.api_keys().run_once().await.unwrap();
        assert_eq!(told(&there, &secret), Err(TokenError::KeyUnknown), "at the next look");
        assert!(told(&there, &other.secret).is_ok(), "and no other");
        assert_eq!(
            reason(revoke(&here, "key_00000000000070008000000000000001").await),
            Reason::NotFound
        );
    }
}

#[tokio::test]
async fn a_key_ends_by_itself_and_five_are_good_at_a_time() {
    let world = World::new().await;
    let short = issue(&world, of_centre(&world, Some(Span::hours(1)))).await.unwrap();
    for _ in 0..4 {
        issue(&world, of_centre(&world, Some(Span::days(400)))).await.unwrap();
    }
    let sixth = issue(&world, of_centre(&world, None)).await;
    assert_eq!(reason(sixth), Reason::ApiKeysFull);
    world.clock.advance(Span::minutes(59)).unwrap();
    assert!(told(&world, &short.secret).is_ok());
    world.clock.advance(Span::minutes(1)).unwrap();
    assert_eq!(told(&world, &short.secret), Err(TokenError::Expired));
    issue(&world, of_centre(&world, None)).await.unwrap();
    for span in [Span::minutes(59), Span::days(401)] {
        let refused = issue(&world, of_centre(&world, Some(span))).await;
        assert_eq!(reason(refused), Reason::FieldInvalid);
    }
    let nobody = IssueApiKeyRequest { centre: "a-9".into(), ..of_centre(&world, None) };
    assert_eq!(reason(issue(&world, nobody).await), Reason::CentreUnknown);
    let both = IssueApiKeyRequest { brand: "aurora".into(), ..of_centre(&world, None) };
    assert_eq!(reason(issue(&world, both).await), Reason::FieldInvalid);
}

#[tokio::test]
async fn the_day_of_the_last_use_is_written_down_once_a_day_and_no_secret_ever() {
    for (world, _) in Box::pin(two("api_key_uses")).await {
        let issued = issue(&world, of_centre(&world, None)).await.unwrap();
        issue(&world, of_centre(&world, None)).await.unwrap();
        let register = world.dispatch.api_keys();
        assert_eq!(register.note_uses().await.unwrap(), 0, "not used yet");
        for (days, written) in [(0, 1), (0, 0), (1, 1)] {
            world.clock.advance(Span::days(days)).unwrap();
            told(&world, &issued.secret).unwrap();
            told(&world, &issued.secret).unwrap();
            assert_eq!(register.note_uses().await.unwrap(), written);
        }
        let keys = listed(&world).await;
        let today = Timestamp::shanghai_midnight(world.clock.now().shanghai_day());
        let days: Vec<_> = keys.iter().map(|key| key.last_used_on).collect();
        assert_eq!(days, [Some(to_timestamp(today)), None]);

        let store = &world.desk.store;
        let all = "SELECT fingerprint FROM api_keys";
        let rows = store.reader();
        let statement = Statement::from_string(rows.get_database_backend(), all);
        for row in rows.query_all_raw(statement).await.unwrap() {
            let kept: String = row.try_get_by_index(0).unwrap();
            assert!(kept.len() == 64 && !kept.contains(&issued.secret[3..]), "{kept}");
        }
    }
}
