//! Leases: one holder at a time, and a token that tells a late one.

use std::collections::BTreeSet;

use parasol_journey::time::Span;
use uuid::Uuid;

use crate::world::{LEASE, World};

on_both_engines!(
    a_lease_has_one_holder,
    a_token_grows_with_every_grant_and_stays_with_renewals,
    of_many_who_ask_at_once_one_gets_it,
    who_stops_gives_its_own_leases_back,
);

behind_a_pooler!(
    a_token_grows_with_every_grant_and_stays_with_renewals,
    of_many_who_ask_at_once_one_gets_it,
    who_stops_gives_its_own_leases_back
);

fn holder(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

async fn a_lease_has_one_holder(world: World) {
    let store = world.store().await;
    let held = store.lease("a", holder(1), world.now(), LEASE).await.unwrap().unwrap();
    assert_eq!((held.name, held.expires_at), ("a", world.now() + LEASE));
    assert_eq!(store.lease("a", holder(2), world.now(), LEASE).await.unwrap(), None);
    assert!(store.lease("b", holder(2), world.now(), LEASE).await.unwrap().is_some());
    world.wait(Span::from_micros(LEASE.micros() - 1));
    assert_eq!(store.lease("a", holder(2), world.now(), LEASE).await.unwrap(), None);
    world.wait(Span::from_micros(1));
    assert!(store.lease("a", holder(2), world.now(), LEASE).await.unwrap().is_some());
    assert_eq!(store.lease("a", holder(1), world.now(), LEASE).await.unwrap(), None);
}

async fn a_token_grows_with_every_grant_and_stays_with_renewals(world: World) {
    let store = world.store().await;
    let first = store.lease("a", holder(1), world.now(), LEASE).await.unwrap().unwrap();
    world.wait(Span::from_micros(LEASE.micros() / 2));
    let renewed = store.lease("a", holder(1), world.now(), LEASE).await.unwrap().unwrap();
    assert_eq!(renewed.token, first.token);
    assert!(renewed.expires_at > first.expires_at);
    world.wait(LEASE);
    let taken = store.lease("a", holder(2), world.now(), LEASE).await.unwrap().unwrap();
    assert!(taken.token > first.token);
    world.wait(LEASE);
    let back = store.lease("a", holder(1), world.now(), LEASE).await.unwrap().unwrap();
    assert!(back.token > taken.token);
    // Its own lease, but it slept past the end: others may have held it meanwhile.
    world.wait(LEASE);
    let late = store.lease("a", holder(1), world.now(), LEASE).await.unwrap().unwrap();
    assert!(late.token > back.token);
}

async fn of_many_who_ask_at_once_one_gets_it(world: World) {
    let store = world.store().await;
    let mut tokens = BTreeSet::new();
    for _ in 0..10 {
        let asked = (1..=8).map(|n| store.lease("a", holder(n), world.now(), LEASE));
        let answers = futures::future::join_all(asked).await;
        let held: Vec<_> = answers.into_iter().filter_map(Result::unwrap).collect();
        assert_eq!(held.len(), 1, "{held:?}");
        assert!(tokens.insert(held[0].token), "a token was given twice");
        world.wait(LEASE);
    }
}

async fn who_stops_gives_its_own_leases_back(world: World) {
    let store = world.store().await;
    let mine = store.lease("a", holder(1), world.now(), LEASE).await.unwrap().unwrap();
    store.lease("b", holder(2), world.now(), LEASE).await.unwrap().unwrap();
    store.return_leases(holder(1)).await.unwrap();
    assert_eq!(store.lease("b", holder(3), world.now(), LEASE).await.unwrap(), None);
    let next = store.lease("a", holder(3), world.now(), LEASE).await.unwrap().unwrap();
    assert!(next.token > mine.token);
}
