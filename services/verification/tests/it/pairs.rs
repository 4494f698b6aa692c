//! Two verifiers at once: of two decisions on one case one is accepted.

use parasol_api::Role;
use parasol_api::convert::Listed as _;
use parasol_api::verification::v1::decision_service_server::DecisionService as _;
use parasol_api::verification::v1::{DecideManuallyRequest, DecideManuallyResponse};
use parasol_api::{Reason, common::v1::Money};
use parasol_casebook::Engine;
use parasol_journey::event::{Fact, Path};
use parasol_journey::ids::CaseId;
use parasol_journey::vocab::Remedy;
use parasol_journey::{ActorKind, Command, Stage};
use tonic::{Response, Status};

use crate::tills::{Cell, Process, check_balance};
use crate::world::{PRICE, by, filed, filing, refused};

/// How many pairs there are.
const PAIRS: usize = 500;
/// Pairs that decide at a time.
const AT_ONCE: usize = 16;

mod on_sqlite {
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn of_two_verifiers_one_is_accepted() {
        Box::pin(super::pairs(super::Cell::on_sqlite().await)).await;
    }
}

mod on_postgres {
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn of_two_verifiers_one_is_accepted() {
        Box::pin(super::pairs(super::Cell::on_postgres("pairs").await)).await;
    }
}

async fn pairs(cell: Cell) {
    // On the server engine each verifier works at a process of its own; the embedded one has one owner.
    let first = cell.process().await;
    let other = match cell.engine() {
        Engine::Sqlite => None,
        Engine::Postgres => Some(cell.process().await),
    };
    let second = other.as_ref().unwrap_or(&first);
    let mut won = [0, 0];
    for _ in 0..PAIRS.div_ceil(AT_ONCE) {
        let mut ids = Vec::new();
        for _ in 0..AT_ONCE {
            ids.push(undecided(&cell, &first).await);
        }
        let asked = ids.iter().map(|id| async {
            let refund = decide(&cell, &first, *id, Remedy::Refund);
            let repair = decide(&cell, second, *id, Remedy::Repair);
            tokio::join!(refund, repair)
        });
        for (id, (refund, repair)) in ids.iter().zip(futures::future::join_all(asked).await) {
            won[usize::from(repair.is_ok())] += 1;
            check(&first, *id, refund, repair).await;
        }
    }
    check_balance(&first.desk.store).await;
    assert!(won[0] + won[1] >= PAIRS, "{won:?}");
    println!("{:?} refund won {} times, repair {} times", cell.engine(), won[0], won[1]);
    first.kill().await;
}

/// A case that waits for a decision.
async fn undecided(cell: &Cell, process: &Process) -> CaseId {
    let id = CaseId::new(cell.ids.next());
    let mut filing = filing(3, Remedy::Refund);
    filing.wants = None;
    process.desk.submitter.submit(filed(id, filing)).await.unwrap();
    let triage = Command::Triage { path: Path::NoVisit, rules: vec![] };
    assert!(process.give(id, ActorKind::Policy, triage).await);
    id
}

async fn decide(
    cell: &Cell,
    process: &Process,
    id: CaseId,
    remedy: Remedy,
) -> Result<Response<DecideManuallyResponse>, Status> {
    let refund =
        (remedy == Remedy::Refund).then(|| Money { fen: PRICE, currency: "CNY".to_owned() });
    let request = DecideManuallyRequest {
        request_id: cell.id(),
        case_id: id.to_string(),
        remedies: vec![remedy.number()],
        refund,
        reason: "as the photos show".to_owned(),
        ..DecideManuallyRequest::default()
    };
    let agent = if remedy == Remedy::Refund { "a-1" } else { "a-2" };
    process.service.decide_manually(by(Role::Agent, agent, request)).await
}

async fn check(
    process: &Process,
    id: CaseId,
    refund: Result<Response<DecideManuallyResponse>, Status>,
    repair: Result<Response<DecideManuallyResponse>, Status>,
) {
    assert!(refund.is_ok() != repair.is_ok(), "{id}: {refund:?} and {repair:?}");
    let chosen = if refund.is_ok() { Remedy::Refund } else { Remedy::Repair };
    let loser = if refund.is_ok() { repair } else { refund };
    let why = refused(loser).reason();
    assert_eq!(why, Reason::IllegalTransition, "{id}");
    let case = process.case(id).await.unwrap();
    assert_eq!(case.stage, Stage::RemedyOffered, "{id}");
    let log = process.desk.store.log_after(id, 0, 100).await.unwrap();
    let decided: Vec<_> = log
        .iter()
        .filter_map(|one| match &one.event.fact {
            Fact::Decided(decision) => Some(decision.offered[0].remedy),
            _ => None,
        })
        .collect();
    assert_eq!(decided, [chosen], "{id}");
}
