//! What is over its time goes, class by class.

use parasol_desk::customer_id;
use uuid::Uuid;

use crate::world::World;

on_both_engines!(
    what_is_over_goes_class_by_class_and_nothing_of_an_open_case,
    what_was_written_long_after_the_end_has_its_own_time,
    a_customer_stays_as_long_as_something_ties_them,
    saved_answers_are_emptied,
    of_two_processes_one_does_it,
);

const NONE: [&str; 0] = [];

async fn what_is_over_goes_class_by_class_and_nothing_of_an_open_case(world: World) {
    let (ended, open) = (world.file(1, "u-1").await, world.file(2, "u-2").await);
    for (case, id) in [(ended, 50), (open, 60)] {
        world.say(case, id, "note").await;
        world.say(case, id + 1, "notice").await;
    }
    world.cancel(ended).await;
    let told = async || {
        let mut told = Vec::new();
        for id in [1, 50, 51] {
            told.extend(world.served(Uuid::from_u128(id)).await);
        }
        told
    };
    world.wait(182);
    world.keep().await;
    assert_eq!(told().await, ["filing", "note", "notice"], "nothing is over");
    world.wait(2);
    world.keep().await;
    assert_eq!(told().await, ["filing", "note"]);
    world.wait(183);
    world.keep().await;
    assert_eq!(told().await, ["filing"]);
    world.wait(728);
    world.keep().await;
    assert_eq!(told().await, ["filing"], "the law wants three years");
    world.wait(2);
    world.keep().await;
    assert_eq!(told().await, NONE);
    for (id, kind) in [(2, "filing"), (60, "note"), (61, "notice")] {
        assert_eq!(world.served(Uuid::from_u128(id)).await, [kind], "the case goes on");
    }
}

async fn what_was_written_long_after_the_end_has_its_own_time(world: World) {
    let case = world.file(1, "u-1").await;
    world.say(case, 50, "note").await;
    world.cancel(case).await;
    world.wait(360);
    world.say(case, 51, "voice").await;
    world.wait(10);
    world.keep().await;
    assert_eq!(world.served(Uuid::from_u128(50)).await, NONE);
    assert_eq!(world.served(Uuid::from_u128(51)).await, ["voice"]);
    world.wait(355);
    world.keep().await;
    assert_eq!(world.served(Uuid::from_u128(51)).await, ["voice"]);
    world.wait(3);
    world.keep().await;
    assert_eq!(world.served(Uuid::from_u128(51)).await, NONE);
}

async fn a_customer_stays_as_long_as_something_ties_them(world: World) {
    let customers = ["nothing", "bought", "open", "ended", "again"];
    let id = |key: &str| customer_id(key).uuid();
    let rows = customers.iter().flat_map(|key| {
        [world.about(id(key), "customer"), world.about(id(key), "notice_addresses")]
    });
    world.write(rows.collect()).await;
    world.file(1, "open").await;
    let ended = world.file(2, "ended").await;
    world.cancel(ended).await;
    world.wait(3_000);
    world.deliver("bought").await;
    world.write(vec![world.about(id("again"), "customer")]).await;
    world.wait(652);
    world.keep().await;
    for key in customers {
        assert_eq!(world.served(id(key)).await, ["customer", "notice_addresses"], "{key}");
    }
    world.wait(2);
    world.keep().await;
    let mut left = Vec::new();
    for key in customers {
        if !world.served(id(key)).await.is_empty() {
            left.push(key);
        }
    }
    assert_eq!(left, ["bought", "open", "again"]);
}

async fn saved_answers_are_emptied(world: World) {
    world.file(1, "u-1").await;
    world.sequence().await;
    let hold = world.place("u-1", None).await;
    world.sequence().await;
    let answered = async || {
        let rows = world.answers().await;
        rows.iter().filter(|body| body.len() > 1).count()
    };
    assert_eq!(answered().await, 1, "{hold} was answered");
    world.wait(29);
    world.keep().await;
    assert_eq!(answered().await, 1);
    world.wait(2);
    world.keep().await;
    assert_eq!(world.answers().await.iter().filter(|body| **body == [0xff]).count(), 1);
}

async fn of_two_processes_one_does_it(world: World) {
    let case = world.file(1, "u-1").await;
    world.cancel(case).await;
    let other = world.service.retention(Uuid::from_u128(4));
    world.keep().await;
    world.wait(1_100);
    // The lease of the first is over; whoever is first now has it.
    assert!(!other.run_once().await.unwrap());
    assert_eq!(world.served(case.uuid()).await, NONE);
    let rows = world.file(2, "u-2").await;
    world.cancel(rows).await;
    assert!(!world.duty.run_once().await.unwrap(), "another has the lease");
}
