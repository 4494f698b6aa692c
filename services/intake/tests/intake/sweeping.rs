//! Content that nobody refers to goes, what a case refers to never does, and evidence of a case can be erased.

use std::collections::BTreeMap;
use std::path::PathBuf;

use parasol_api::Reason;
use parasol_api::intake::v1::intake_service_server::IntakeService as _;
use parasol_api::intake::v1::{EraseEvidenceRequest, EraseEvidenceResponse};
use parasol_journey::ids::CaseId;
use parasol_journey::time::Span;
use parasol_runtime::identity::{Principal, Role};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tonic::Status;

use crate::acting::close;
use crate::evidence::{content, head, kept, listed, photo, two_cases, upload};
use crate::world::{World, agent, by, customer, id, reason};

/// What happens to the store and to two cases.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// A photo, of a few, is handed in for one of the cases.
    Upload { photo: u32, second: bool },
    /// A process dies between an object and its row.
    Orphan { number: u8 },
    /// The evidence of a case is erased.
    Erase { second: bool },
    /// So many hours pass.
    Wait { hours: i64 },
    /// Every folder is looked through.
    Sweep,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0_u32..4, any::<bool>()).prop_map(|(photo, second)| Step::Upload { photo, second }),
        2 => any::<u8>().prop_map(|number| Step::Orphan { number }),
        1 => any::<bool>().prop_map(|second| Step::Erase { second }),
        2 => (1_i64..30).prop_map(|hours| Step::Wait { hours }),
        2 => Just(Step::Sweep),
    ];
    prop::collection::vec(step, 1..14)
}

fn manager() -> Principal {
    Principal::new(Role::Manager, "m-1")
}

async fn erase(
    world: &World,
    by_whom: &Principal,
    case: &str,
    request: u128,
) -> Result<EraseEvidenceResponse, Status> {
    let request = EraseEvidenceRequest { request_id: id(request), case_id: case.to_owned() };
    Ok(world.intake.erase_evidence(by(by_whom, request)).await?.into_inner())
}

/// An object that no row refers to.
fn orphan(world: &World, number: u8) -> PathBuf {
    let folder = world.evidence().join("kept").join(format!("{number:02x}"));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{number:02x}").repeat(32));
    std::fs::write(&path, b"nobody's").unwrap();
    path
}

/// Looks through every folder; answers how much was removed. Objects are as old as the machine's clock says, so the
/// time of the sweep is moved and not theirs.
async fn sweep(world: &World, hours: i64) -> usize {
    let sweep = world.intake.sweep();
    let now = parasol_runtime::clock::Clock::system().now() + Span::hours(hours);
    let mut removed = 0;
    for _ in 0..=u8::MAX {
        removed += sweep.run_once(now).await.unwrap().removed;
    }
    removed
}

async fn ended(world: &World, case: &str) {
    close(world, case.parse::<CaseId>().unwrap()).await;
}

/// Plays a course: whatever a case refers to comes back at every moment, and what nobody refers to goes.
async fn play(course: Vec<Step>) {
    let (world, first, second) = two_cases().await;
    for case in [&first, &second] {
        ended(&world, case).await;
    }
    let case_of = |is_second| if is_second { &second } else { &first };
    // An agent may hand in evidence after the end, as a telephone may come late to a network.
    let mut there: BTreeMap<(bool, u32), String> = BTreeMap::new();
    let (mut request, mut hours) = (1_000, 0);
    for step in course {
        request += 1;
        match step {
            Step::Upload { photo: seed, second } => {
                let file = photo(seed, "");
                let piece = upload(&world, &agent(), head(case_of(second), request), &file).await;
                there.insert((second, seed), piece.unwrap().evidence_id);
            }
            Step::Orphan { number } => {
                orphan(&world, number);
            }
            Step::Erase { second } => {
                erase(&world, &manager(), case_of(second), request).await.unwrap();
                there.retain(|(is_second, _), _| *is_second != second);
            }
            Step::Wait { hours: more } => hours += more,
            Step::Sweep => {
                sweep(&world, hours).await;
            }
        }
        for evidence in there.values() {
            content(&world, &agent(), evidence).await.expect("what a case refers to is there");
        }
        let shown = listed(&world, &agent(), &first).await.unwrap().len();
        assert_eq!(shown, there.keys().filter(|(is_second, _)| !is_second).count());
    }
    sweep(&world, hours + 25).await;
    let mut wanted: Vec<_> = there.keys().map(|(_, seed)| *seed).collect();
    wanted.sort_unstable();
    wanted.dedup();
    assert_eq!(kept(&world), wanted.len(), "what nobody refers to is gone");
    for evidence in there.values() {
        content(&world, &agent(), evidence).await.expect("what a case refers to is there");
    }
}

#[test]
fn the_sweep_never_takes_what_a_case_refers_to() {
    let mut runner = TestRunner::new(Config { cases: 12, ..Config::default() });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let played = runner.run(&steps(), |course| {
        runtime.block_on(Box::pin(play(course)));
        Ok(())
    });
    played.unwrap();
}

#[tokio::test]
async fn content_that_nobody_refers_to_goes_after_a_day() {
    let (world, case, _) = two_cases().await;
    let left = orphan(&world, 0xab);
    upload(&world, &customer("u-1"), head(&case, 1), &photo(1, "")).await.unwrap();
    assert_eq!(sweep(&world, 23).await, 0, "somebody may be about to write its row");
    assert!(left.exists());
    assert_eq!(sweep(&world, 25).await, 1);
    assert!(!left.exists());
    assert_eq!(kept(&world), 1);
    // What was put aside by a process that died is taken back or deleted, as its rows say.
    let piece = listed(&world, &customer("u-1"), &case).await.unwrap().remove(0);
    let folder = world.evidence().join("kept");
    let name = &piece.stored_sha256;
    std::fs::create_dir_all(folder.join("aside")).unwrap();
    std::fs::rename(folder.join(&name[..2]).join(name), folder.join("aside").join(name)).unwrap();
    let nobodys = folder.join("aside").join("cd".repeat(32));
    std::fs::write(&nobodys, b"nobody's").unwrap();
    sweep(&world, 0).await;
    assert!(!nobodys.exists());
    content(&world, &customer("u-1"), &piece.evidence_id).await.unwrap();
}

#[tokio::test]
async fn a_case_is_erased_when_it_has_ended_and_takes_nothing_of_another_along() {
    let (world, first, second) = two_cases().await;
    let (owner, other) = (customer("u-1"), customer("u-2"));
    let own = upload(&world, &owner, head(&first, 1), &photo(1, "")).await.unwrap();
    upload(&world, &owner, head(&first, 2), &photo(2, "")).await.unwrap();
    let shared = upload(&world, &other, head(&second, 3), &photo(2, "")).await.unwrap();
    assert_eq!(kept(&world), 2);
    assert_eq!(
        reason(erase(&world, &manager(), &first, 4).await),
        Reason::FieldInvalid,
        "it goes on"
    );
    ended(&world, &first).await;
    assert_eq!(reason(erase(&world, &manager(), &id(5), 5).await), Reason::FieldInvalid);
    let erased = erase(&world, &manager(), &first, 6).await.unwrap();
    assert_eq!(erased.erased, 2);
    assert_eq!(
        erase(&world, &manager(), &first, 6).await.unwrap(),
        erased,
        "a repetition is answered alike"
    );
    assert!(listed(&world, &owner, &first).await.unwrap().is_empty());
    assert_eq!(reason(content(&world, &owner, &own.evidence_id).await), Reason::NotFound);
    assert_eq!(kept(&world), 1, "its content is gone at once");
    content(&world, &other, &shared.evidence_id).await.unwrap();
    assert!(!listed(&world, &agent(), &second).await.unwrap()[0].seen_in_another_case);
    // The same photo may be handed in again, and is kept again.
    let again = upload(&world, &owner, head(&first, 7), &photo(1, "")).await.unwrap();
    content(&world, &owner, &again.evidence_id).await.unwrap();
}
