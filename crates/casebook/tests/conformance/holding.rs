//! Expiry, holds and traces: what is over goes, what is held does not, and the file forgets.

use parasol_casebook::tables::{vault, vault_held, vault_withheld};
use parasol_casebook::{
    ChainKeys, Engine, Error, Pools, RowOp, SEQUENCER, Secret, Store, VAULT_ASIDE, secret,
};
use parasol_journey::time::{MINUTE, Span};
use sea_orm::ActiveValue::Set;
use sea_orm::{ConnectionTrait as _, EntityTrait as _};
use uuid::Uuid;

use crate::ask::Ask;
use crate::books::{all, count};
use crate::world::{World, keys};

on_both_engines!(
    what_is_over_goes_unless_it_was_written_again,
    what_is_deleted_about_whoever_is_held_is_put_aside_until_nobody_holds_it,
    whoever_was_told_that_something_is_held_keeps_it,
    keys_are_renewed_of_what_is_put_aside_too,
    the_vault_is_walked_for_a_new_key_and_once_a_day,
    an_answer_that_is_over_is_refused_and_the_trail_stays_sound,
);

fn subject(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn about(world: &World, number: u128, kind: &'static str) -> RowOp {
    let body = format!("{{\"n\":{number}}}");
    secret(Secret { subject: subject(number), kind, lookup: String::new(), body }, world.now())
}

fn row(number: u128, kind: &str) -> (Uuid, String) {
    (subject(number), kind.to_owned())
}

/// The row that puts a subject under a hold.
fn held(number: u128, hold: u128) -> RowOp {
    RowOp::put(vault_held::ActiveModel {
        subject: Set(subject(number)),
        hold: Set(Uuid::from_u128(hold)),
    })
}

fn free(number: u128, hold: u128) -> RowOp {
    RowOp::delete::<vault_held::Entity>(vec![subject(number).into(), subject(hold).into()])
}

async fn what_is_over_goes_unless_it_was_written_again(world: World) {
    let mut process = world.process().await;
    let rows = [about(&world, 1, "note"), about(&world, 1, "filing"), about(&world, 2, "note")];
    process.must([Ask::file(1).with(rows)]).await;
    let since = world.now() + Span::minutes(1);
    world.wait(Span::hours(1));
    process.must([Ask::remind(1).with([about(&world, 2, "note")])]).await;
    let store = process.store.clone();
    let over = [row(1, "note"), row(2, "note"), row(3, "note")];
    assert_eq!(store.expire(&over, since).await.unwrap(), 1);
    let left = all::<vault::Entity>(&store).await;
    let left: Vec<_> = left.iter().map(|row| (row.subject, row.kind.as_str())).collect();
    assert_eq!(left, [(subject(1), "filing"), (subject(2), "note")]);
    assert_eq!(count::<vault_withheld::Entity>(&store).await, 0, "nobody holds it");
    // Nobody asked to be forgotten: the same may be said again.
    process.must([Ask::remind(1).with([about(&world, 1, "note")])]).await;
    assert!(store.reveal(subject(1), "note").await.unwrap().is_some());
    assert_eq!(store.has_traces().await.unwrap(), store.engine() == Engine::Sqlite);
    store.scrub().await.unwrap();
    assert!(!store.has_traces().await.unwrap());
}

async fn what_is_deleted_about_whoever_is_held_is_put_aside_until_nobody_holds_it(world: World) {
    let mut process = world.process().await;
    let rows = [1, 2, 3].map(|number| about(&world, number, "note"));
    process.must([Ask::file(1).with(rows)]).await;
    process.must([Ask::rows(vec![held(1, 91), held(2, 91), held(2, 92)])]).await;
    let store = process.store.clone();
    let now = world.now() + Span::minutes(1);
    // By retention, and by somebody who wants to be forgotten.
    assert_eq!(store.expire(&[row(1, "note"), row(3, "note")], now).await.unwrap(), 2);
    assert_eq!(store.erase(&[subject(2)], now).await.unwrap(), 1);
    for number in 1..=3 {
        assert_eq!(
            store.reveal(subject(number), "note").await.unwrap(),
            None,
            "{number} is served"
        );
    }
    let kept = async || {
        let rows = store.withheld(&[1, 2, 3].map(subject)).await.unwrap();
        rows.into_iter().map(|(subject, _, body)| (subject, body)).collect::<Vec<_>>()
    };
    let body = |number: u128| (subject(number), format!("{{\"n\":{number}}}"));
    assert_eq!(kept().await, [body(1), body(2)]);
    assert_eq!(store.held(&[1, 2, 3].map(subject)).await.unwrap().len(), 2);
    assert_eq!(store.destroy_released(&VAULT_ASIDE, 10).await.unwrap(), 0, "it is held");
    process.must([Ask::rows(vec![free(1, 91), free(2, 91)])]).await;
    assert_eq!(store.destroy_released(&VAULT_ASIDE, 10).await.unwrap(), 1);
    assert_eq!(kept().await, [body(2)], "another still holds it");
    process.must([Ask::rows(vec![free(2, 92)])]).await;
    assert_eq!(store.destroy_released(&VAULT_ASIDE, 10).await.unwrap(), 1);
    assert_eq!(kept().await, []);
    assert_eq!(store.erased(&[subject(2)]).await.unwrap().len(), 1, "and nobody brings them back");
}

/// Whether something is there of a subject, served or put aside.
async fn is_kept(store: &Store, number: u128) -> bool {
    let id = subject(number);
    // In this order: it goes from there to here, and never back.
    store.reveal(id, "note").await.unwrap().is_some()
        || !store.withheld(&[id]).await.unwrap().is_empty()
}

async fn whoever_was_told_that_something_is_held_keeps_it(world: World) {
    let mut process = world.process().await;
    process.must([Ask::file(1).with((100..130).map(|n| about(&world, n, "note")))]).await;
    let store = process.store.clone();
    let now = world.now() + Span::minutes(1);
    let running = process.run();
    let mut kept = 0;
    for number in 100..130 {
        let destroyed = async {
            match number % 2 {
                0 => store.expire(&[row(number, "note")], now).await.unwrap(),
                _ => store.erase(&[subject(number)], now).await.unwrap(),
            }
        };
        let placed = async {
            running.ask(Ask::rows(vec![held(number, 91)])).await.unwrap();
            is_kept(&store, number).await
        };
        let (_, was_kept) = tokio::join!(destroyed, placed);
        assert_eq!(is_kept(&store, number).await, was_kept, "{number} went after it was held");
        kept += u32::from(was_kept);
    }
    println!("of 30 that were held at the moment they were destroyed, {kept} were kept");
}

async fn keys_are_renewed_of_what_is_put_aside_too(world: World) {
    let mut process = world.process().await;
    let rows = [1, 2].map(|number| about(&world, number, "note"));
    process.must([Ask::file(1).with(rows)]).await;
    process.must([Ask::rows(vec![held(1, 91)])]).await;
    let now = world.now() + Span::minutes(1);
    process.store.expire(&[row(1, "note")], now).await.unwrap();
    let newer = world.store().await.with_keys(keys(&[1, 2]));
    assert_eq!(newer.sealed_by().await.unwrap(), [(1, 2)]);
    let mut place = None;
    loop {
        place = newer.reseal(place, 1).await.unwrap().next;
        if place.is_none() {
            break;
        }
    }
    assert_eq!(newer.sealed_by().await.unwrap(), [(2, 2)]);
    let without = world.store().await.with_keys(keys(&[2]));
    assert_eq!(without.withheld(&[subject(1)]).await.unwrap().len(), 1);
}

async fn the_vault_is_walked_for_a_new_key_and_once_a_day(world: World) {
    let store = world.store().await;
    let newer = world.store().await.with_keys(keys(&[1, 2]));
    assert!(store.is_reseal_due(world.now()).await.unwrap(), "nobody has walked it");
    store.note_resealed(world.now()).await.unwrap();
    assert!(!store.is_reseal_due(world.now()).await.unwrap());
    assert!(newer.is_reseal_due(world.now()).await.unwrap(), "there is a newer key");
    newer.note_resealed(world.now()).await.unwrap();
    assert!(!newer.is_reseal_due(world.now()).await.unwrap());
    assert!(!store.is_reseal_due(world.now()).await.unwrap(), "an older key has nothing to do");
    store.note_resealed(world.now()).await.unwrap();
    assert!(!newer.is_reseal_due(world.now()).await.unwrap(), "and takes nothing back");
    world.wait(Span::hours(25));
    assert!(newer.is_reseal_due(world.now()).await.unwrap(), "an older release may have written");
}

async fn an_answer_that_is_over_is_refused_and_the_trail_stays_sound(world: World) {
    let mut process = world.process().await;
    process.must([Ask::file(1).keyed(1, "file")]).await;
    let store = world.store().await.chaining_with(ChainKeys::open());
    let length = Span::from_micros(MINUTE);
    let lease = store.lease(SEQUENCER, Uuid::from_u128(8), world.now(), length).await.unwrap();
    store.sequence(&lease.unwrap(), world.now()).await.unwrap();
    let over = world.now() + Span::minutes(1);
    world.wait(Span::days(1));
    process.must([Ask::file(2).keyed(2, "file")]).await;
    let lease = store.lease(SEQUENCER, Uuid::from_u128(8), world.now(), length).await.unwrap();
    store.sequence(&lease.unwrap(), world.now()).await.unwrap();
    let emptied = store.empty_answers(0, over).await.unwrap();
    assert_eq!((emptied.answers, emptied.position, emptied.more), (1, 1, false));
    let again = store.empty_answers(emptied.position, over).await.unwrap();
    assert_eq!((again.answers, again.position), (0, 1), "the next is not over");
    // Whoever comes to another process, which remembers no answer, is told.
    let mut process = world.process().await;
    let answers = process.together(vec![
        Ask::file(1).keyed(1, "file"),
        Ask::file(2).keyed(2, "file"),
        Ask::file(1).keyed(1, "another"),
    ]);
    let [gone, kept, other] = &answers.await[..] else { panic!("three were asked") };
    assert!(matches!(gone, Err(Error::AnswerGone)), "{gone:?}");
    assert!(kept.as_ref().unwrap().repeated);
    assert!(matches!(other, Err(Error::RequestIdReused)), "{other:?}");
    let found = store.verify_audit(&ChainKeys::open(), &[]).await.unwrap();
    assert_eq!((found.problem, found.sound), (None, 2));
}

#[tokio::test]
async fn a_file_that_is_being_read_is_said_to_have_its_traces_yet_on_sqlite() {
    let world = World::on_sqlite().await;
    let mut process = world.process().await;
    process.must([Ask::file(1).with([about(&world, 1, "note")])]).await;
    let reading = world.locked_store(Pools { write: 1, read: 1 }).await;
    let say = async |sql: &str| reading.reader().execute_unprepared(sql).await.unwrap();
    say("BEGIN").await;
    assert_eq!(vault::Entity::find().all(reading.reader()).await.unwrap().len(), 1);
    let store = process.store.clone();
    store.expire(&[row(1, "note")], world.now() + Span::minutes(1)).await.unwrap();
    let error = store.scrub().await.unwrap_err().to_string();
    assert!(error.contains("being read"), "{error}");
    // Also for whoever comes after this process.
    assert!(world.store().await.has_traces().await.unwrap());
    say("COMMIT").await;
    store.scrub().await.unwrap();
    assert!(!store.has_traces().await.unwrap());
}
