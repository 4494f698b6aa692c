//! Callbacks: whose they are, by their signature alone.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, Mac as _};
use parasol_api::Reason;
use parasol_api::admin::v1::network_service_server::NetworkService as _;
use parasol_api::admin::v1::{
    CallbackSecret, CheckCallbackRequest, CheckedCallback, RotateCallbackSecretRequest,
};
use parasol_journey::time::Span;
use parasol_runtime::identity::{Principal, Role};
use sha2::Sha256;
use tonic::Status;

use crate::world::{World, brand, by, centre, operator, reason, same_bytes};

const BODY: &[u8] = br#"{"type": "offer.accept", "data": {}}"#;

fn rotation(world: &World, keep_old: Option<i64>) -> RotateCallbackSecretRequest {
    RotateCallbackSecretRequest {
        request_id: world.desk.ids.next().to_string(),
        keep_old: keep_old.map(|seconds| prost_types::Duration { seconds, nanos: 0 }),
        ..RotateCallbackSecretRequest::default()
    }
}

async fn rotate(
    world: &World,
    who: &Principal,
    request: RotateCallbackSecretRequest,
) -> Result<CallbackSecret, Status> {
    Ok(world.dispatch.rotate_callback_secret(by(who, request)).await?.into_inner())
}

/// A callback as a sender with this secret makes it now.
fn callback(world: &World, partner: &str, id: &str, secret: &str) -> CheckCallbackRequest {
    let seconds = (world.clock.now().micros() / 1_000_000).to_string();
    let key = BASE64_STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(BODY);
    CheckCallbackRequest {
        partner: partner.into(),
        id: id.into(),
        timestamp: seconds,
        signature: format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes())),
        body: BODY.to_vec(),
    }
}

async fn check(world: &World, request: &CheckCallbackRequest) -> Result<CheckedCallback, Status> {
    let gateway = Principal::new(Role::Service, "gateway");
    Ok(world.dispatch.check_callback(by(&gateway, request.clone())).await?.into_inner())
}

#[tokio::test]
async fn whoever_has_the_secret_is_the_partner_and_nobody_else() {
    let world = World::new().await;
    let request = rotation(&world, None);
    let mine = rotate(&world, &centre("a-1"), request.clone()).await.unwrap();
    assert_eq!((mine.secret_number, &*mine.path), (1, "/v1/callbacks/centre:a-1"));
    let again = rotate(&world, &centre("a-1"), request).await.unwrap();
    assert!(same_bytes(&mine, &again), "a repetition shows the same secret");
    let maker = rotate(&world, &brand("aurora"), rotation(&world, None)).await.unwrap();
    assert_eq!(maker.path, "/v1/callbacks/aurora");
    assert_ne!(maker.secret, mine.secret);

    let sent = callback(&world, "centre:a-1", "msg_1", &mine.secret);
    let whose = check(&world, &sent).await.unwrap();
    assert_eq!((&*whose.role, &*whose.subject, &*whose.brand), ("centre", "a-1", "aurora"));
    assert_eq!(whose.request_id, check(&world, &sent).await.unwrap().request_id, "a replay");
    let other = check(&world, &callback(&world, "centre:a-1", "msg_2", &mine.secret)).await;
    assert_ne!(whose.request_id, other.unwrap().request_id);
    let theirs = check(&world, &callback(&world, "aurora", "msg_1", &maker.secret)).await.unwrap();
    assert_eq!((&*theirs.role, &*theirs.subject, &*theirs.brand), ("brand", "aurora", "aurora"));
    assert_ne!(whose.request_id, theirs.request_id, "ids are each partner's own");

    let with = |change: fn(&mut CheckCallbackRequest)| {
        let mut changed = sent.clone();
        change(&mut changed);
        changed
    };
    for wrong in [
        with(|one| one.partner = "aurora".into()),
        with(|one| one.partner = "centre:a-2".into()),
        with(|one| one.partner = "nobody".into()),
        with(|one| one.id = "msg_2".into()),
        with(|one| one.id = String::new()),
        with(|one| one.timestamp = "0".into()),
        with(|one| one.body.push(b' ')),
        with(|one| one.signature = String::new()),
        callback(&world, "centre:a-1", "a.b", &mine.secret),
    ] {
        assert_eq!(reason(check(&world, &wrong).await), Reason::CallbackUnsigned, "{wrong:?}");
    }
}

#[tokio::test]
async fn a_callback_is_fresh_for_five_minutes() {
    let world = World::new().await;
    let secret = rotate(&world, &brand("aurora"), rotation(&world, None)).await.unwrap().secret;
    let sent = callback(&world, "aurora", "msg_1", &secret);
    world.clock.advance(Span::minutes(5)).unwrap();
    check(&world, &sent).await.unwrap();
    world.clock.advance(Span::from_micros(1_000_000)).unwrap();
    assert_eq!(reason(check(&world, &sent).await), Reason::CallbackExpired);
    let unsigned = CheckCallbackRequest { signature: "v1,AAAA".into(), ..sent };
    let refused = check(&world, &unsigned).await;
    assert_eq!(reason(refused), Reason::CallbackUnsigned, "who has no secret learns no more");
}

#[tokio::test]
async fn two_secrets_are_valid_while_a_partner_changes_over() {
    Box::pin(secrets_change(World::new().await)).await;
}

#[tokio::test]
async fn two_secrets_are_valid_while_a_partner_changes_over_on_a_server() {
    Box::pin(secrets_change(World::on_postgres("d_callbacks").await)).await;
}

async fn secrets_change(world: World) {
    let me = brand("aurora");
    let old = rotate(&world, &me, rotation(&world, None)).await.unwrap().secret;
    let new = rotate(&world, &me, rotation(&world, Some(60))).await.unwrap();
    assert_eq!(new.secret_number, 2);
    assert!(new.old_secret_until.is_some());
    for secret in [&old, &new.secret] {
        check(&world, &callback(&world, "aurora", "msg_1", secret)).await.unwrap();
    }
    world.clock.advance(Span::minutes(1)).unwrap();
    let late = check(&world, &callback(&world, "aurora", "msg_1", &old)).await;
    assert_eq!(reason(late), Reason::CallbackUnsigned);
    check(&world, &callback(&world, "aurora", "msg_1", &new.secret)).await.unwrap();
    let newest = rotate(&world, &me, rotation(&world, None)).await.unwrap();
    world.clock.advance(Span::days(40)).unwrap();
    for secret in [&new.secret, &newest.secret] {
        check(&world, &callback(&world, "aurora", "msg_1", secret)).await.unwrap();
    }
    let first = check(&world, &callback(&world, "aurora", "msg_1", &old)).await;
    assert_eq!(reason(first), Reason::CallbackUnsigned);
}

#[tokio::test]
async fn a_secret_is_its_partners_and_of_two_rotations_one_gets_the_number() {
    let world = World::new().await;
    let of = |brand: &str, centre: &str| RotateCallbackSecretRequest {
        brand: brand.into(),
        centre: centre.into(),
        ..rotation(&world, None)
    };
    for (who, request) in [
        (brand("boreal"), of("aurora", "")),
        (centre("a-2"), of("", "a-1")),
        (brand("aurora"), of("", "a-1")),
    ] {
        assert_eq!(reason(rotate(&world, &who, request).await), Reason::NotFound);
    }
    assert_eq!(reason(rotate(&world, &operator(), of("", "")).await), Reason::FieldInvalid);
    assert_eq!(reason(rotate(&world, &operator(), of("nobody", "")).await), Reason::BrandUnknown);
    let too_long = rotation(&world, Some(31 * 86_400));
    assert_eq!(reason(rotate(&world, &brand("aurora"), too_long).await), Reason::FieldInvalid);
    let me = brand("aurora");
    let both = [rotation(&world, None), rotation(&world, None)];
    let both = futures::future::join_all(both.map(|request| rotate(&world, &me, request))).await;
    let numbers: Vec<_> = both.iter().flatten().map(|made| made.secret_number).collect();
    assert!(matches!(numbers[..], [1] | [1, 2] | [2, 1]), "{numbers:?}");
}
