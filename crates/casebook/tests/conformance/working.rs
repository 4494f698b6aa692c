//! Workers: what is handed over, what is due, and what goes wrong on the way.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use parasol_casebook::tables::tasks;
use parasol_casebook::{
    CaseDeed, Claimed, Deadlines, Handler, Limits, Pass, Prepared, Store, Submitter, WorkError,
};
use parasol_journey::event::Path;
use parasol_journey::ids::{CaseId, OfferId};
use parasol_journey::task::{Role, Work};
use parasol_journey::time::{HOUR, Span};
use parasol_journey::{Actor, Case, Command, Fact, Stage, Task};
use sea_orm::{ActiveModelTrait as _, EntityTrait as _, IntoActiveModel as _};
use tokio::sync::Notify;
use tokio::time::timeout;
use uuid::Uuid;

use crate::ask::{Ask, case};
use crate::books::{all, check, count};
use crate::world::{LEASE, LIMIT, World};

on_both_engines!(
    cases_travel_by_workers_alone,
    handed_over_work_needs_no_claim,
    one_slow_task_holds_up_nobody_and_is_finished_at_the_end,
    a_failed_task_is_tried_again_later,
    a_case_that_moves_while_work_is_prepared_is_prepared_again,
    a_full_queue_is_not_the_tasks_fault,
    a_clock_that_jumps_back_loses_no_deadline,
    a_stale_task_row_is_removed,
    a_handler_that_panics_fails_its_task_only,
);

behind_a_pooler!(cases_travel_by_workers_alone);

/// Triages, and makes offers to one centre after another.
#[derive(Default)]
struct Services {
    asked: AtomicUsize,
}

#[async_trait]
impl Handler for Services {
    async fn prepare(&self, case: &Case, claimed: &Claimed) -> Result<Prepared, WorkError> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        let command = match claimed.obligation.task {
            Task::Work(Work::Triage) => Command::Triage { path: Path::Inspection, rules: vec![] },
            Task::Work(Work::ChooseCentre) => Command::MakeOffer {
                offer: OfferId::new(Uuid::from_u128(asked as u128)),
                centre: format!("centre-{}", case.offers_made).parse().unwrap(),
                network: None,
            },
            other => return Err(WorkError(format!("{other} is not ours"))),
        };
        Ok(prepared(command))
    }
}

fn prepared(command: Command) -> Prepared {
    let deed = CaseDeed { command, rows: Vec::new(), answer: |_: &Case| Vec::new() };
    Prepared { deed: Arc::new(deed), actor: Actor::policy() }
}

async fn cases_travel_by_workers_alone(world: World) {
    let roles = [Role::Intake, Role::Dispatch];
    let mut process = world.process_with(Limits::default(), &roles, 5).await;
    process.must((1..=12).map(Ask::file)).await;
    let services = Arc::new(Services::default());
    let mut workers = vec![(process.worker(Role::Timer, Arc::new(Deadlines)), None)];
    for role in roles {
        workers.push((process.worker(role, services.clone()), Some(process.queue(role))));
    }
    for _ in 0..8 {
        for (worker, queue) in &mut workers {
            loop {
                let pass = match queue {
                    Some(queue) => process.drive(worker.run_handed(queue)).await,
                    None => Pass::default(),
                };
                let due = process.drive(worker.run_due()).await.unwrap();
                assert_eq!((pass.failed, due.failed), (0, 0));
                if !pass.more && !due.more {
                    break;
                }
            }
        }
        check(&process.store).await;
        world.wait(Span::from_micros(HOUR));
    }
    let mut made = BTreeMap::new();
    for number in 1..=12 {
        let log = process.store.log_after(case(number), 0, 1_000).await.unwrap();
        let count =
            |wanted: fn(&Fact) -> bool| log.iter().filter(|one| wanted(&one.event.fact)).count();
        let offers = count(|fact| matches!(fact, Fact::OfferMade { .. }));
        let lapsed = count(|fact| matches!(fact, Fact::OfferExpired { .. }));
        assert!(offers >= 3, "the case stood still: {log:?}");
        assert!(offers - lapsed <= 1, "two live offers");
        *made.entry(offers).or_insert(0) += 1;
    }
    assert_eq!(made.len(), 1, "equal cases went different ways: {made:?}");
}

async fn handed_over_work_needs_no_claim(world: World) {
    let mut process = world.process_with(Limits::default(), &[Role::Intake], 20).await;
    let worker = process.worker(Role::Intake, Arc::new(Services::default()));
    let mut queue = process.queue(Role::Intake);
    process.must((1..=20).map(Ask::file)).await;
    let pass = process.drive(worker.run_handed(&mut queue)).await;
    assert_eq!((pass.done, pass.failed, pass.superseded), (20, 0, 0));
    let left = process.drive(worker.run_due()).await.unwrap();
    assert_eq!(left.done, 0);
    for number in 1..=20 {
        let stage = process.store.case(case(number)).await.unwrap().unwrap().stage;
        assert_eq!(stage, Stage::ChoosingCentre);
    }
    check(&process.store).await;
}

/// Lets one case wait at a gate, and says when another is prepared.
struct Gated {
    gate: Notify,
    slow: CaseId,
}

#[async_trait]
impl Handler for Gated {
    async fn prepare(&self, case: &Case, claimed: &Claimed) -> Result<Prepared, WorkError> {
        if case.id == self.slow {
            self.gate.notified().await;
        }
        Services::default().prepare(case, claimed).await
    }
}

async fn one_slow_task_holds_up_nobody_and_is_finished_at_the_end(world: World) {
    let mut process = world.process_with(Limits::default(), &[Role::Intake], 20).await;
    let gated = Arc::new(Gated { gate: Notify::new(), slow: case(1) });
    let worker = process.worker(Role::Intake, gated.clone());
    let mut queue = process.queue(Role::Intake);
    let (store, running) = (process.store.clone(), process.run());
    let stop = Notify::new();
    let script = async {
        for number in 1..=3 {
            running.submitter.submit(Ask::file(number).submission()).await.unwrap();
        }
        for number in [2, 3] {
            while stage(&store, number).await != Stage::ChoosingCentre {
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(stage(&store, 1).await, Stage::Filed);
        stop.notify_one();
        gated.gate.notify_one();
    };
    let serving = worker.serve_handed(&mut queue, stop.notified());
    timeout(LIMIT, async { tokio::join!(serving, script) }).await.unwrap();
    assert_eq!(stage(&store, 1).await, Stage::ChoosingCentre);
    check(&store).await;
}

async fn stage(store: &Store, number: u128) -> Stage {
    store.case(case(number)).await.unwrap().unwrap().stage
}

/// Fails while it is told to.
struct Moody {
    fails: AtomicBool,
}

#[async_trait]
impl Handler for Moody {
    async fn prepare(&self, case: &Case, claimed: &Claimed) -> Result<Prepared, WorkError> {
        if self.fails.load(Ordering::SeqCst) {
            return Err(WorkError("the partner does not answer".to_owned()));
        }
        Services::default().prepare(case, claimed).await
    }
}

async fn a_failed_task_is_tried_again_later(world: World) {
    let mut process = world.process_with(Limits::default(), &[Role::Intake], 1).await;
    let moody = Arc::new(Moody { fails: AtomicBool::new(true) });
    let worker = process.worker(Role::Intake, moody.clone());
    let mut queue = process.queue(Role::Intake);
    process.must([Ask::file(1), Ask::file(2)]).await;
    let handed = process.drive(worker.run_handed(&mut queue)).await;
    let due = process.drive(worker.run_due()).await.unwrap();
    assert_eq!((handed.failed, due.failed), (1, 1));
    let due = process.drive(worker.run_due()).await.unwrap();
    assert_eq!((due.failed, due.done), (0, 0), "no back-off");
    moody.fails.store(false, Ordering::SeqCst);
    world.wait(Span::minutes(1));
    let due = process.drive(worker.run_due()).await.unwrap();
    assert_eq!(due.done, 2);
    check(&process.store).await;
}

/// Somebody else moves the case on while the work is being prepared, the first few times.
struct Interrupted {
    submitter: Submitter,
    times: AtomicUsize,
}

#[async_trait]
impl Handler for Interrupted {
    async fn prepare(&self, case: &Case, claimed: &Claimed) -> Result<Prepared, WorkError> {
        let left = self.times.fetch_sub(1, Ordering::SeqCst);
        if left > 0 {
            let ask = Ask::message(case.id.uuid().as_u128(), "meanwhile");
            self.submitter.submit(ask.submission()).await.unwrap();
        } else {
            self.times.store(0, Ordering::SeqCst);
        }
        Services::default().prepare(case, claimed).await
    }
}

async fn a_case_that_moves_while_work_is_prepared_is_prepared_again(world: World) {
    let mut process = world.process().await;
    let interrupted =
        Interrupted { submitter: process.submitter.clone(), times: AtomicUsize::new(2) };
    let worker = process.worker(Role::Intake, Arc::new(interrupted));
    process.must([Ask::file(1)]).await;
    let pass = process.drive(worker.run_due()).await.unwrap();
    assert_eq!((pass.done, pass.failed), (1, 0));
    let log = process.store.log_after(case(1), 0, 100).await.unwrap();
    let triaged = log.iter().filter(|one| matches!(one.event.fact, Fact::Triaged { .. })).count();
    assert_eq!(triaged, 1);
    check(&process.store).await;
}

async fn a_full_queue_is_not_the_tasks_fault(world: World) {
    let limits = Limits { queue_max: 1, ..Limits::default() };
    let mut process = world.process_with(limits, &[], 1).await;
    let worker = process.worker(Role::Intake, Arc::new(Services::default()));
    for number in 1..=40 {
        process.must([Ask::file(number)]).await;
    }
    let mut done = 0;
    for _ in 0..200 {
        done += process.drive(worker.run_due()).await.unwrap().done;
        if done == 40 {
            break;
        }
        let parked = process.store.parked_tasks(50).await.unwrap();
        assert!(parked.is_empty(), "parked because others were busy: {parked:?}");
        world.wait(Span::minutes(5));
    }
    assert_eq!(done, 40);
    check(&process.store).await;
}

/// The machine's clock is set back between the claim and the commit.
struct SetBack {
    clock: Arc<dyn Fn(Span) + Send + Sync>,
}

#[async_trait]
impl Handler for SetBack {
    async fn prepare(&self, case: &Case, claimed: &Claimed) -> Result<Prepared, WorkError> {
        (self.clock)(Span::from_micros(-HOUR));
        Deadlines.prepare(case, claimed).await
    }
}

async fn a_clock_that_jumps_back_loses_no_deadline(world: World) {
    let world = Arc::new(world);
    let mut process = world.process().await;
    process.must([Ask::file(1)]).await;
    let set_back = {
        let world = Arc::clone(&world);
        SetBack { clock: Arc::new(move |span| world.wait(span)) }
    };
    let worker = process.worker(Role::Timer, Arc::new(set_back));
    world.wait(Span::minutes(2));
    let pass = process.drive(worker.run_due()).await.unwrap();
    assert_eq!((pass.done, pass.superseded), (0, 0), "{pass:?}");
    check(&process.store).await;
    let rows = all::<tasks::Entity>(&process.store).await;
    let classify = rows.iter().find(|row| row.role == "timer").unwrap();
    assert_eq!((classify.attempts, classify.visible_at), (0, classify.due), "held against it");
    // The clock is right again.
    world.wait(Span::from_micros(HOUR + LEASE.micros()));
    let worker = process.worker(Role::Timer, Arc::new(Deadlines));
    let pass = process.drive(worker.run_due()).await.unwrap();
    assert_eq!(pass.done, 1);
    check(&process.store).await;
}

async fn a_stale_task_row_is_removed(world: World) {
    let mut process = world.process().await;
    process.must([Ask::file(1), Ask::file(2)]).await;
    let rows = all::<tasks::Entity>(&process.store).await;
    let stray = rows.iter().find(|row| row.task == "triage").unwrap().clone();
    process.must([Ask::triage(1), Ask::triage(2)]).await;
    let tasks = count::<tasks::Entity>(&process.store).await;
    // What a reconciler's race or a restored backup might leave: a row of an older generation, and
    // one of a case that does not exist.
    let foreign = tasks::Model { case_id: Uuid::from_u128(99), ..stray.clone() };
    for row in [stray, foreign] {
        let row = row.into_active_model().reset_all();
        tasks::Entity::insert(row).exec(process.store.for_migrations()).await.unwrap();
    }
    let worker = process.worker(Role::Intake, Arc::new(Services::default()));
    let pass = process.drive(worker.run_due()).await.unwrap();
    assert_eq!((pass.superseded, pass.done, pass.failed), (2, 0, 0));
    assert_eq!(count::<tasks::Entity>(&process.store).await, tasks);
    check(&process.store).await;
}

/// Panics over one case.
struct Panics;

#[async_trait]
impl Handler for Panics {
    async fn prepare(&self, of: &Case, claimed: &Claimed) -> Result<Prepared, WorkError> {
        assert_ne!(of.id, case(1), "a bug in a service (this panic is part of the test)");
        Services::default().prepare(of, claimed).await
    }
}

async fn a_handler_that_panics_fails_its_task_only(world: World) {
    let mut process = world.process().await;
    process.must((1..=3).map(Ask::file)).await;
    let worker = process.worker(Role::Intake, Arc::new(Panics));
    let mut failed = 0;
    for _ in 0..20 {
        failed += process.drive(worker.run_due()).await.unwrap().failed;
        world.wait(Span::minutes(5));
    }
    assert_eq!(failed, 8, "tried eight times, then parked");
    let parked = process.store.parked_tasks(10).await.unwrap();
    assert_eq!(parked.iter().map(|one| one.case).collect::<Vec<_>>(), [case(1)]);
    for number in 2..=3 {
        let stage = process.store.case(case(number)).await.unwrap().unwrap().stage;
        assert_eq!(stage, Stage::ChoosingCentre);
    }
    check(&process.store).await;
}
