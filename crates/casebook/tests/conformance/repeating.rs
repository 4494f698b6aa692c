//! Saved answers: the same request twice has one effect and one answer.

use parasol_casebook::tables::commands;
use parasol_casebook::{Error, RowOp};

use crate::ask::{Ask, case};
use crate::books::{check, count, everything};
use crate::rows::{note, slot};
use crate::world::World;

on_both_engines!(
    the_same_request_is_answered_from_memory,
    the_same_request_is_answered_from_the_table,
    another_body_is_refused_and_changes_nothing,
    another_principal_is_another_request,
    what_would_now_be_refused_still_has_its_answer,
    what_claimed_a_key_does_not_lose_it_to_itself,
    repetitions_beside_the_request_itself,
    repetitions_do_not_push_others_off,
    one_request_at_two_processes_at_once,
);

behind_a_pooler!(
    what_would_now_be_refused_still_has_its_answer,
    repetitions_beside_the_request_itself,
    one_request_at_two_processes_at_once
);

async fn the_same_request_is_answered_from_memory(world: World) {
    let mut process = world.process().await;
    process.must([Ask::file(1)]).await;
    let ask = Ask::remind(1).keyed(1, "remind");
    let first = process.ask(ask.clone()).await.unwrap();
    assert!(!first.repeated);
    process.must([Ask::message(1, "meanwhile")]).await;
    let before = everything(&process.store).await;
    let again = process.ask(ask.clone()).await.unwrap();
    assert!(again.repeated);
    assert_eq!(again.body, first.body);
    assert_eq!(everything(&process.store).await, before);
    assert_eq!(process.store.effects_of(ask.request_key().unwrap()).await.unwrap(), 1);
}

async fn the_same_request_is_answered_from_the_table(world: World) {
    let mut process = world.process().await;
    let filing = Ask::file(1).keyed(7, "file");
    let remind = Ask::remind(1).keyed(1, "remind");
    let import = Ask::rows(vec![RowOp::put(note(1, "import"))]).keyed(2, "import");
    let mut first = Vec::new();
    for ask in [&filing, &remind, &import] {
        first.push(process.ask(ask.clone()).await.unwrap());
    }
    let before = everything(&process.store).await;
    let mut other = world.process().await;
    let again = other.together(vec![filing, remind, import]).await;
    for (again, first) in again.into_iter().zip(first) {
        let again = again.unwrap();
        assert!(again.repeated && !first.repeated);
        assert_eq!(again.body, first.body, "not byte for byte");
    }
    assert_eq!(everything(&process.store).await, before);
}

async fn another_body_is_refused_and_changes_nothing(world: World) {
    let mut process = world.process().await;
    process.must([Ask::file(1), Ask::remind(1).keyed(1, "remind")]).await;
    let before = everything(&process.store).await;
    let mut other = world.process().await;
    for process in [&mut process, &mut other] {
        let answer = process.ask(Ask::cancel(1).keyed(1, "remind")).await;
        assert!(answer.unwrap().repeated, "the body counts, not the deed");
        let rows = [RowOp::claim(slot("li", 1, 1)), RowOp::put(note(1, "no"))];
        let answer = process.ask(Ask::remind(1).with(rows).keyed(1, "other")).await;
        assert!(matches!(answer, Err(Error::RequestIdReused)), "{answer:?}");
        let answer = process.ask(Ask::triage(9).by("customer:1").keyed(1, "other")).await;
        assert!(matches!(answer, Err(Error::RequestIdReused)), "{answer:?}");
    }
    assert_eq!(everything(&process.store).await, before);
}

async fn another_principal_is_another_request(world: World) {
    let mut process = world.process().await;
    process.must([Ask::file(1)]).await;
    let mine = process.ask(Ask::remind(1).by("customer:1").keyed(1, "x")).await.unwrap();
    let theirs = process.ask(Ask::remind(1).by("customer:2").keyed(1, "y")).await.unwrap();
    assert!(!mine.repeated && !theirs.repeated);
    assert_ne!(mine.body, theirs.body);
    assert_eq!(count::<commands::Entity>(&process.store).await, 3);
}

async fn what_would_now_be_refused_still_has_its_answer(world: World) {
    let mut process = world.process().await;
    process.must([Ask::file(1)]).await;
    let triage = Ask::triage(1).keyed(1, "triage");
    let guarded = Ask::offer(1, 3).expecting(2).keyed(2, "offer");
    let first = process.ask(triage.clone()).await.unwrap();
    let second = process.ask(guarded.clone()).await.unwrap();
    process.must([Ask::cancel(1)]).await;
    let before = everything(&process.store).await;
    let mut cold = world.process().await;
    let mut warm = world.process().await;
    assert!(warm.ask(Ask::remind(1)).await.is_err(), "the case has ended");
    for process in [&mut cold, &mut warm] {
        let answers = process.together(vec![triage.clone(), guarded.clone()]).await;
        for (again, first) in answers.into_iter().zip([&first, &second]) {
            let again = again.unwrap();
            assert!(again.repeated);
            assert_eq!(again.body, first.body);
        }
    }
    assert_eq!(everything(&process.store).await, before);
}

async fn what_claimed_a_key_does_not_lose_it_to_itself(world: World) {
    let mut process = world.process().await;
    process.must([Ask::file(1)]).await;
    let asks = [
        Ask::remind(1).with([RowOp::claim(slot("li", 1, 1))]).keyed(1, "hold"),
        Ask::file(2).with([RowOp::claim(slot("unit", 2, 2))]).keyed(2, "file"),
        Ask::rows(vec![RowOp::claim(slot("rows", 3, 3))]).keyed(3, "rows"),
    ];
    let mut first = Vec::new();
    for ask in &asks {
        first.push(process.ask(ask.clone()).await.unwrap().body);
    }
    let before = everything(&process.store).await;
    for ask in &asks {
        let mut cold = world.process().await;
        let again = cold.ask(ask.clone()).await.expect("its own claim stands in its way");
        assert!(again.repeated && first.contains(&again.body));
    }
    assert_eq!(everything(&process.store).await, before);
}

async fn repetitions_beside_the_request_itself(world: World) {
    let mut process = world.process().await;
    process.must([Ask::file(1)]).await;
    let ask = Ask::remind(1).keyed(1, "remind");
    let answers = process.together(vec![ask.clone(); 20]).await;
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|answer| !answer.repeated).count(), 1);
    assert!(answers.iter().all(|answer| answer.body == answers[0].body));
    assert_eq!(process.store.effects_of(ask.request_key().unwrap()).await.unwrap(), 1);
    check(&process.store).await;
}

async fn repetitions_do_not_push_others_off(world: World) {
    let mut process = world.process().await;
    process.must((1..=40).map(Ask::file)).await;
    process.must([Ask::remind(7).keyed(1, "remind")]).await;
    let mut other = world.process().await;
    let audited = count::<commands::Entity>(&process.store).await;
    let mut asks: Vec<_> = (1..=40).filter(|n| *n != 7).map(Ask::remind).collect();
    asks.insert(20, Ask::remind(7).keyed(1, "remind"));
    asks.insert(30, Ask::remind(41).keyed(1, "remind"));
    asks.insert(31, Ask::remind(42).by("customer:1").keyed(1, "another"));
    let answers = other.together(asks).await;
    let refused = answers.iter().filter(|one| one.is_err()).count();
    let repeated = answers.iter().flatten().filter(|one| one.repeated).count();
    assert_eq!((refused, repeated), (1, 2), "{answers:?}");
    assert_eq!(count::<commands::Entity>(&process.store).await, audited + 39);
    check(&process.store).await;
}

async fn one_request_at_two_processes_at_once(world: World) {
    let mut process = world.process().await;
    process.must((1..=30).map(Ask::file)).await;
    let running: Vec<_> =
        [world.process().await, process].into_iter().map(|one| one.run()).collect();
    let running = &running[..world.writers()];
    for number in 1..=30 {
        let ask = Ask::remind(number).keyed(number, "remind");
        let asked = running.iter().map(|one| one.ask(ask.clone()));
        let answers = futures::future::join_all(asked).await;
        let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers.iter().filter(|answer| !answer.repeated).count(), 1);
        assert!(answers.iter().all(|answer| answer.body == answers[0].body));
    }
    let case = running[0].store.case(case(30)).await.unwrap().unwrap();
    assert_eq!(case.reminders, 1);
    check(&running[0].store).await;
}
