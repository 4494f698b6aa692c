//! The chain of the audit trail: what is done to its rows behind the kernel's back is found at the first of them.

use std::collections::BTreeSet;
use std::pin::pin;

use futures::future::join;
use futures::poll;
use parasol_casebook::audit::{Problem, Verdict};
use parasol_casebook::tables::{audit_chain, commands, commits};
use parasol_casebook::{ChainKeys, Engine, Head, Held, RowOp, SEQUENCER, Sequenced, Store};
use parasol_journey::time::{SECOND, Span};
use sea_orm::{
    ActiveModelTrait as _, ConnectionTrait as _, EntityTrait as _, IntoActiveModel as _,
};
use uuid::Uuid;

use crate::ask::Ask;
use crate::books::{all, check, count};
use crate::rows::note;
use crate::world::{LEASE, Process, World};

on_both_engines!(
    a_thousand_random_commands_are_chained_once_each,
    what_waits_is_counted_and_nothing_is_wrong_with_it,
    an_edited_row_is_found_whatever_was_edited,
    a_saved_answer_may_be_emptied,
    a_deleted_row_is_found,
    an_inserted_row_is_found,
    swapped_rows_are_found,
    a_trail_that_was_cut_short_is_found,
    what_was_cut_off_together_with_its_links_is_found_against_a_head,
    a_chain_made_without_the_key_is_found,
    a_chain_goes_on_under_another_key_and_one_that_was_replaced_links_no_more,
    who_lost_the_lease_chains_nothing_and_nobody_forks,
    a_pass_that_dies_at_any_moment_loses_nothing,
);

behind_a_pooler!(
    a_thousand_random_commands_are_chained_once_each,
    who_lost_the_lease_chains_nothing_and_nobody_forks
);

fn keys() -> ChainKeys {
    ChainKeys::new([7; 32], [])
}

async fn hold(world: &World, store: &Store, holder: u128) -> Held {
    let held = store.lease(SEQUENCER, Uuid::from_u128(holder), world.now(), LEASE).await;
    held.unwrap().expect("nobody else sequences")
}

async fn verify(store: &Store, heads: &[Head]) -> Verdict {
    store.verify_audit(&keys(), heads).await.unwrap()
}

async fn problem(store: &Store) -> Option<Problem> {
    verify(store, &[]).await.problem
}

/// The rows of the trail in the order of the chain.
async fn chained(store: &Store) -> Vec<Uuid> {
    let stretches = all::<audit_chain::Entity>(store).await;
    let keys = stretches.iter().flat_map(|one| one.entries.chunks_exact(48));
    keys.map(|entry| Uuid::from_slice(&entry[..16]).unwrap()).collect()
}

/// Fourteen rows in stretches of several, with the store that chained them.
async fn history(world: &World) -> (Process, Store, Held) {
    let mut process = world.process().await;
    let store = world.store().await.chaining_with(keys());
    let held = hold(world, &store, 1).await;
    for round in 0..2_u128 {
        process
            .must((1..=3).map(|n| Ask::file(10 * round + n).keyed(100 * round + n, "file")))
            .await;
        world.wait(Span::from_micros(SECOND));
        process.must([Ask::triage(10 * round + 1), Ask::remind(10 * round + 2)]).await;
        process.must([Ask::rows(vec![RowOp::put(note(round, "row"))])]).await;
        process.must([Ask::message(10 * round + 3, "said")]).await;
        world.wait(Span::from_micros(SECOND));
        store.sequence(&held, world.now()).await.unwrap();
    }
    let found = verify(&store, &[]).await;
    assert_eq!(found, Verdict { sound: 14, ..Verdict::default() });
    (process, store, held)
}

async fn run(store: &Store, sql: &str) {
    let done = store.for_migrations().execute_unprepared(sql).await.unwrap();
    assert!(done.rows_affected() > 0, "{sql} did nothing");
}

/// An id as the engine spells it.
fn id(store: &Store, id: Uuid) -> String {
    match store.engine() {
        Engine::Sqlite => format!("x'{}'", id.simple()),
        Engine::Postgres => format!("'{id}'::uuid"),
    }
}

/// Bytes as the engine spells them.
fn bytes(store: &Store, bytes: &[u8]) -> String {
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    match store.engine() {
        Engine::Sqlite => format!("x'{text}'"),
        Engine::Postgres => format!("'\\x{text}'::bytea"),
    }
}

/// Puts rows of the trail back as they were, and with them the trail.
async fn put_back(store: &Store, rows: &[&commands::Model]) {
    for row in rows {
        commands::Entity::delete_by_id(row.key).exec(store.for_migrations()).await.unwrap();
        let row = (*row).clone().into_active_model().reset_all();
        commands::Entity::insert(row).exec_without_returning(store.for_migrations()).await.unwrap();
    }
    assert_eq!(problem(store).await, None, "put back");
}

/// A stretch with other entries, its ends and its last link as whoever does that would set them.
async fn rewrite(store: &Store, stretch: &audit_chain::Model, entries: &[u8]) {
    let last = stretch.first + i64::try_from(entries.len() / 48).unwrap() - 1;
    let link = &entries[entries.len() - 32..];
    let (first, entries, link) = (stretch.first, bytes(store, entries), bytes(store, link));
    let sql = format!(
        "UPDATE audit_chain SET last = {last}, entries = {entries}, link = {link} \
         WHERE first = {first}"
    );
    run(store, &sql).await;
}

async fn a_thousand_random_commands_are_chained_once_each(world: World) {
    let mut dice = 0x2545_f491_4f6c_dd1d_u64;
    let mut throw = move |sides: u64| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        u128::from(dice % sides)
    };
    let mut process = world.process().await;
    let store = world.store().await.chaining_with(keys());
    let held = hold(&world, &store, 1).await;
    let mut heads = Vec::new();
    for batch in 0..50 {
        let asks = (0..20).map(|_| {
            let number = 1 + throw(12);
            let ask = match throw(7) {
                0 => Ask::file(number),
                1 => Ask::triage(number),
                2 => Ask::offer(number, 1 + throw(5)),
                3 => Ask::rows(vec![RowOp::put(note(number, "row"))]),
                4 if throw(4) == 0 => Ask::cancel(number),
                5 => Ask::message(number, "said"),
                _ => Ask::remind(number),
            };
            if throw(2) == 0 { ask.by("somebody").keyed(throw(400), "body") } else { ask }
        });
        let asks = asks.collect();
        process.together(asks).await;
        if batch % 10 == 9 {
            process = world.process().await;
        }
        if throw(3) == 0 {
            assert_ne!(store.sequence(&held, world.now()).await.unwrap(), Sequenced::LeaseLost);
            heads.extend(store.audit_head().await.unwrap());
        }
        world.wait(Span::from_micros(1 + i64::try_from(throw(500_000)).unwrap()));
    }
    store.sequence(&held, world.now()).await.unwrap();
    let rows = all::<commands::Entity>(&store).await;
    let links = chained(&store).await;
    assert!(rows.len() > 300, "{} rows prove little", rows.len());
    assert_eq!(links.len(), rows.len());
    let once: BTreeSet<_> = links.iter().collect();
    assert_eq!(once, rows.iter().map(|row| &row.key).collect());
    let found = verify(&store, &heads).await;
    let (sound, heads) = (rows.len() as u64, heads.len() as u64);
    assert_eq!(found, Verdict { sound, heads, ..Verdict::default() });
    check(&store).await;
}

async fn what_waits_is_counted_and_nothing_is_wrong_with_it(world: World) {
    let (mut process, store, held) = history(&world).await;
    let since = world.now();
    process.must([Ask::remind(1)]).await;
    world.wait(Span::from_micros(SECOND));
    process.must([Ask::rows(vec![])]).await;
    let unchained = store.unchained().await.unwrap();
    assert_eq!((unchained.waiting, unchained.oldest, unchained.backlog), (2, Some(since), 0));
    let found = verify(&store, &[]).await;
    assert_eq!(found, Verdict { sound: 14, waiting: 2, ..Verdict::default() });

    // What is done to a row while it waits is found as well.
    let trail = all::<commands::Entity>(&store).await;
    let row = trail.iter().find(|row| row.at == since.micros()).unwrap();
    let key = id(&store, row.key);
    run(&store, &format!("UPDATE commands SET method = 'Other' WHERE key = {key}")).await;
    let found = problem(&store).await;
    assert!(matches!(found, Some(Problem::Outside { key, .. }) if key == row.key), "{found:?}");
    store.sequence(&held, world.now()).await.unwrap();
    let found = problem(&store).await;
    assert_eq!(found, Some(Problem::Differs { position: 15, key: row.key }));
    put_back(&store, &[row]).await;
    assert_eq!(store.unchained().await.unwrap(), Default::default());
}

async fn an_edited_row_is_found_whatever_was_edited(world: World) {
    let (_process, store, _) = history(&world).await;
    let links = chained(&store).await;
    let trail = all::<commands::Entity>(&store).await;
    let other = id(&store, Uuid::from_u128(0xbad));
    let of = |position: usize| trail.iter().find(|row| row.key == links[position - 1]).unwrap();
    let edits = [
        format!("commit_id = {other}"),
        "place = place + 1".to_owned(),
        format!("case_id = {other}"),
        "first_seq = first_seq + 1".to_owned(),
        "last_seq = last_seq + 1".to_owned(),
        "principal = 'agent:other'".to_owned(),
        "method = 'Other'".to_owned(),
        format!("fingerprint = {other}"),
        "at = at - 1".to_owned(),
    ];
    for (edit, position) in edits.iter().zip([1, 2, 4, 5, 7, 8, 11, 13, 14]) {
        let row = of(position);
        // Another one behind it is not the first.
        let keys = [row.key, of(14).key].map(|key| id(&store, key)).join(", ");
        run(&store, &format!("UPDATE commands SET {edit} WHERE key IN ({keys})")).await;
        let found = verify(&store, &[]).await;
        let differs = Problem::Differs { position: position as u64, key: row.key };
        assert_eq!((found.sound, found.problem), (position as u64 - 1, Some(differs)), "{edit}");
        put_back(&store, &[row, of(14)]).await;
    }
    let (row, key) = (of(3), id(&store, of(3).key));
    run(&store, &format!("UPDATE commands SET key = {other} WHERE key = {key}")).await;
    assert_eq!(problem(&store).await, Some(Problem::Missing { position: 3, key: row.key }));
}

async fn a_saved_answer_may_be_emptied(world: World) {
    let (_process, store, _) = history(&world).await;
    let nothing = bytes(&store, &[]);
    run(&store, &format!("UPDATE commands SET body = {nothing}")).await;
    assert_eq!(problem(&store).await, None);
}

async fn a_deleted_row_is_found(world: World) {
    let (_process, store, _) = history(&world).await;
    let (links, trail) = (chained(&store).await, all::<commands::Entity>(&store).await);
    for position in [9, 4, 1] {
        let row = id(&store, links[position - 1]);
        run(&store, &format!("DELETE FROM commands WHERE key = {row}")).await;
        let missing = Problem::Missing { position: position as u64, key: links[position - 1] };
        assert_eq!(problem(&store).await, Some(missing));
    }
    // With its link, too: whoever came after it stands at another place by then.
    put_back(&store, &trail.iter().collect::<Vec<_>>()).await;
    let stretch = &all::<audit_chain::Entity>(&store).await[0];
    let row = id(&store, links[2]);
    run(&store, &format!("DELETE FROM commands WHERE key = {row}")).await;
    let entries = [&stretch.entries[..2 * 48], &stretch.entries[3 * 48..]].concat();
    rewrite(&store, stretch, &entries).await;
    assert_eq!(problem(&store).await, Some(Problem::Differs { position: 3, key: links[3] }));
    // With the whole stretch.
    run(&store, "DELETE FROM audit_chain WHERE first = 1").await;
    assert_eq!(problem(&store).await, Some(Problem::Broken { position: 1 }));
}

async fn an_inserted_row_is_found(world: World) {
    let (mut process, store, held) = history(&world).await;
    let (old, new) = (chained(&store).await[4], Uuid::from_u128(0xbad));
    let insert = format!(
        "INSERT INTO commands SELECT {}, commit_id, place, case_id, first_seq, last_seq, principal, \
         method, fingerprint, body, at FROM commands WHERE key = {}",
        id(&store, new),
        id(&store, old),
    );
    run(&store, &insert).await;
    let found = problem(&store).await;
    assert!(matches!(found, Some(Problem::Outside { key, .. }) if key == new), "{found:?}");
    // It stays one, however the house goes on.
    process.must([Ask::remind(1)]).await;
    store.sequence(&held, world.now()).await.unwrap();
    let found = problem(&store).await;
    assert!(matches!(found, Some(Problem::Outside { key, .. }) if key == new), "{found:?}");
    // With an entry in the chain, too.
    let stretch = &all::<audit_chain::Entity>(&store).await[0];
    let (before, after) = stretch.entries.split_at(5 * 48);
    let entries = [before, &new.as_bytes()[..], &before[before.len() - 32..], after].concat();
    rewrite(&store, stretch, &entries).await;
    assert_eq!(problem(&store).await, Some(Problem::Differs { position: 6, key: new }));
}

async fn swapped_rows_are_found(world: World) {
    let (_process, store, _) = history(&world).await;
    let links = chained(&store).await;
    let between = id(&store, Uuid::from_u128(0xbad));
    let [one, other] = [links[3], links[10]].map(|key| id(&store, key));
    for (from, to) in [(&one, &between), (&other, &one), (&between, &other)] {
        run(&store, &format!("UPDATE commands SET key = {to} WHERE key = {from}")).await;
    }
    assert_eq!(problem(&store).await, Some(Problem::Differs { position: 4, key: links[3] }));
    for (from, to) in [(&one, &between), (&other, &one), (&between, &other)] {
        run(&store, &format!("UPDATE commands SET key = {to} WHERE key = {from}")).await;
    }
    assert_eq!(problem(&store).await, None);
    // Entries of the chain.
    let stretches = all::<audit_chain::Entity>(&store).await;
    let mut entries = stretches[0].entries.clone();
    let (front, back) = entries.split_at_mut(5 * 48);
    front[48..96].swap_with_slice(&mut back[..48]);
    rewrite(&store, &stretches[0], &entries).await;
    assert_eq!(problem(&store).await, Some(Problem::Differs { position: 2, key: links[5] }));
    rewrite(&store, &stretches[0], &stretches[0].entries).await;
    assert_eq!(problem(&store).await, None);
    // Stretches as wholes.
    rewrite(&store, &stretches[0], &stretches[1].entries).await;
    rewrite(&store, &stretches[1], &stretches[0].entries).await;
    assert_eq!(problem(&store).await, Some(Problem::Differs { position: 1, key: links[7] }));
}

async fn a_trail_that_was_cut_short_is_found(world: World) {
    let (_process, store, _) = history(&world).await;
    let (links, trail) = (chained(&store).await, all::<commands::Entity>(&store).await);
    // The newest links without their rows: the oldest of these rows is named.
    let stretches = all::<audit_chain::Entity>(&store).await;
    run(&store, "DELETE FROM audit_chain WHERE first > 1").await;
    let found = problem(&store).await;
    assert!(matches!(found, Some(Problem::Outside { key, .. }) if key == links[7]), "{found:?}");
    rewrite(&store, &stretches[0], &stretches[0].entries[..3 * 48]).await;
    let found = problem(&store).await;
    assert!(matches!(found, Some(Problem::Outside { key, .. }) if key == links[3]), "{found:?}");
    // The newest rows without their links.
    let last = trail.iter().map(|row| row.at).max().unwrap();
    let cut = trail.iter().filter(|row| row.at == last).count();
    rewrite(&store, &stretches[0], &stretches[0].entries).await;
    let newest = stretches[1].clone().into_active_model().reset_all();
    audit_chain::Entity::insert(newest)
        .exec_without_returning(store.for_migrations())
        .await
        .unwrap();
    assert_eq!(problem(&store).await, None);
    run(&store, &format!("DELETE FROM commands WHERE at = {last}")).await;
    let position = 14 - cut + 1;
    let missing = Problem::Missing { position: position as u64, key: links[position - 1] };
    assert_eq!(problem(&store).await, Some(missing));
}

async fn what_was_cut_off_together_with_its_links_is_found_against_a_head(world: World) {
    let (mut process, store, held) = history(&world).await;
    let head = store.audit_head().await.unwrap().unwrap();
    assert_eq!(head.position, 14);
    assert_eq!(head.to_string().parse(), Ok(head.clone()), "it can be written down");
    let kept = std::slice::from_ref(&head);
    let links = chained(&store).await;
    let cut = links[7..].iter().map(|key| id(&store, *key)).collect::<Vec<_>>().join(", ");
    run(&store, &format!("DELETE FROM commands WHERE key IN ({cut})")).await;
    run(&store, "DELETE FROM audit_chain WHERE first > 7").await;
    assert_eq!(problem(&store).await, None, "nothing in the store tells");
    let cut = Problem::Cut { position: 8, kept: 14 };
    assert_eq!(verify(&store, kept).await.problem, Some(cut));
    // Others come to the same places.
    process.must((0..10).map(|n| Ask::message(1, &n.to_string()))).await;
    store.sequence(&held, world.now()).await.unwrap();
    assert_eq!(problem(&store).await, None);
    let replaced = Problem::Replaced { position: 14 };
    assert_eq!(verify(&store, kept).await.problem, Some(replaced));
    // A head that is not ours says nothing.
    let stranger = world.store().await.chaining_with(ChainKeys::new([8; 32], []));
    let foreign = stranger.audit_head().await.unwrap().unwrap();
    let found = verify(&store, &[foreign]).await.problem;
    assert!(matches!(found, Some(Problem::KeyUnknown { position: 17, .. })), "{found:?}");
    let forged = head.to_string().replacen(".14.", ".13.", 1).parse().unwrap();
    let forged = verify(&store, &[forged]).await.problem;
    assert_eq!(forged, Some(Problem::HeadForged { position: 13 }));
}

async fn a_chain_made_without_the_key_is_found(world: World) {
    let (mut process, store, held) = history(&world).await;
    let links = chained(&store).await;
    // Somebody edits a row and makes the whole chain anew, as the house would, but for the key.
    let row = id(&store, links[6]);
    run(&store, &format!("UPDATE commands SET principal = 'agent:other' WHERE key = {row}")).await;
    run(&store, "DELETE FROM audit_chain").await;
    run(&store, "INSERT INTO audit_backlog (at, key) SELECT at, key FROM commands").await;
    let forger = world.store().await.chaining_with(ChainKeys::new([9; 32], []));
    forger.chain_backlog(&held, world.now()).await.unwrap();
    assert_eq!(forger.verify_audit(&ChainKeys::new([9; 32], []), &[]).await.unwrap().problem, None);
    let found = problem(&store).await;
    assert!(matches!(found, Some(Problem::KeyUnknown { position: 1, .. })), "{found:?}");
    // Saying that it is ours does not help.
    process.must([Ask::remind(1)]).await;
    store.sequence(&held, world.now()).await.unwrap();
    let ours = &all::<audit_chain::Entity>(&store).await[1].key_id;
    run(&store, &format!("UPDATE audit_chain SET key_id = '{ours}'")).await;
    let found = problem(&store).await;
    assert!(matches!(found, Some(Problem::Differs { position: 1, .. })), "{found:?}");
}

async fn a_chain_goes_on_under_another_key_and_one_that_was_replaced_links_no_more(world: World) {
    let (mut process, before, held) = history(&world).await;
    let head = before.audit_head().await.unwrap().expect("a head");
    let store = world.store().await.chaining_with(ChainKeys::new([8; 32], []));
    process.must([Ask::message(3, "said again")]).await;
    store.sequence(&held, world.now()).await.unwrap();
    let told = async |older: Vec<[u8; 32]>| {
        let keys = ChainKeys::new([8; 32], older);
        store.verify_audit(&keys, std::slice::from_ref(&head)).await.unwrap()
    };
    let found = told(vec![[7; 32]]).await;
    assert_eq!((found.sound, found.heads, found.problem), (15, 1, None));
    let unknown = told(Vec::new()).await.problem;
    assert!(matches!(unknown, Some(Problem::KeyUnknown { position: 14, .. })), "{unknown:?}");

    // Whoever has the key of before links another row with it; the chain goes on from there.
    for (link_with, position) in [(&before, 16), (&store, 17)] {
        process.must([Ask::message(3, "and again")]).await;
        link_with.sequence(&held, world.now()).await.unwrap();
        let found = told(vec![[7; 32]]).await;
        let returned = matches!(found.problem, Some(Problem::KeyReturned { position: 16, .. }));
        assert!(returned, "{position}: {found:?}");
        assert_eq!(found.sound, 15);
    }
}

async fn who_lost_the_lease_chains_nothing_and_nobody_forks(world: World) {
    let mut process = world.process().await;
    process.must((1..=8).map(Ask::file)).await;
    let stores = [world.store().await, world.store().await].map(|one| one.chaining_with(keys()));
    let mut late = None;
    for round in 0..20_u128 {
        process.must((1..=8).map(|n| Ask::message(n, &round.to_string()))).await;
        let [old, new] = if round % 2 == 0 { [0, 1] } else { [1, 0] };
        world.wait(LEASE);
        let held = hold(&world, &stores[new], 10 + new as u128).await;
        let slept = late.replace((held.clone(), world.now()));
        match slept {
            // Who held it before believes that it still does, by its own clock; two tasks of the holder pass at once.
            Some((slept, then)) => {
                let passes = join(
                    stores[old].sequence(&slept, then),
                    join(
                        stores[new].sequence(&held, world.now()),
                        stores[new].sequence(&held, world.now()),
                    ),
                );
                let (slept, (one, two)) = passes.await;
                assert_eq!(slept.unwrap(), Sequenced::LeaseLost);
                let numbered = [one.unwrap(), two.unwrap()];
                assert!(numbered.contains(&Sequenced::Events(0)), "{numbered:?}");
            }
            None => {
                stores[new].sequence(&held, world.now()).await.unwrap();
            }
        }
        let found = verify(&stores[old], &[]).await;
        let rows = count::<commands::Entity>(&stores[old]).await as u64;
        assert_eq!(found, Verdict { sound: rows, ..Verdict::default() });
    }
}

async fn a_pass_that_dies_at_any_moment_loses_nothing(world: World) {
    let mut process = world.process().await;
    process.must([Ask::file(1)]).await;
    let store = world.store().await.chaining_with(keys());
    let held = hold(&world, &store, 1).await;
    let mut died = 0;
    for polls in 0..60 {
        process.must([Ask::message(1, &polls.to_string())]).await;
        let mut pass = pin!(store.sequence(&held, world.now()));
        let mut ended = false;
        for _ in 0..polls {
            ended = poll!(pass.as_mut()).is_ready();
            if ended {
                break;
            }
            tokio::task::yield_now().await;
        }
        died += usize::from(!ended);
    }
    assert!(died > 0, "no pass died");
    store.sequence(&held, world.now()).await.unwrap();
    assert_eq!(count::<commits::Entity>(&store).await, 0);
    let found = verify(&store, &[]).await;
    assert_eq!(found, Verdict { sound: 61, ..Verdict::default() });
    check(&store).await;
}
