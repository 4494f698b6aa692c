//! A cell of many processes: two of each role, over one PostgreSQL and one Redis, called through its gateways.
//!
//! What one process does in one go is done here across processes: the same stories are played to their end, and
//! go on when processes are killed beneath them.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use parasol::demo::START;
use parasol_testkit::{Cluster, ROLES};

use crate::program::program;

/// The test clock that the stories begin at, and no more in the logs than is wrong.
pub(crate) fn settings() -> [String; 3] {
    ["test_clock=true".to_owned(), format!("test_clock_start={START}"), "log.level=warn".to_owned()]
}

/// Two processes of each role.
fn cell() -> Cluster {
    let settings = settings();
    let settings: Vec<_> = settings.iter().map(String::as_str).collect();
    Cluster::start(&program(), 2, &settings).expect("the cell comes up")
}

/// Stories of all kinds, played through a gateway.
pub fn play(cell: &Cluster, gateway: usize, cases: u16) -> Child {
    play_at(cell.member("gateway", gateway).grpc, cell.data(), cases)
}

/// The same where the gateway listens, with the key of the cell and the journal of the game in a folder.
pub fn play_at(gateway: SocketAddr, data: &Path, cases: u16) -> Child {
    let mut demo = Command::new(program());
    demo.args(["demo", "--running", "--once", "--pace", "0", "--json", "--lang", "en"]);
    demo.args(["--cases", &cases.to_string(), "--grpc", &gateway.to_string()]);
    demo.arg("--data").arg(data).stdin(Stdio::null());
    demo.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs")
}

/// How many of the stories ended well, with what was said on the way.
pub fn ended(demo: Child) -> (u64, u64, String) {
    let output = demo.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let told: serde_json::Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no answer: {said}"));
    let count = |name: &str| told[name].as_u64().unwrap_or_else(|| panic!("{told} {said}"));
    (count("cases"), count("closed"), said)
}

#[test]
fn proc_a_case_is_played_to_its_end_across_two_processes_of_each_role() {
    let cell = cell();
    assert_eq!(cell.members().len(), 2 * ROLES.len());
    let (cases, closed, said) = ended(play(&cell, 0, 1));
    assert_eq!((cases, closed), (1, 1), "{said}");
}

#[test]
fn proc_every_story_is_played_to_its_end_across_two_processes_of_each_role() {
    let cell = cell();
    let (cases, closed, said) = ended(play(&cell, 0, 24));
    assert_eq!((cases, closed), (24, 24), "{said}");
}

#[test]
fn proc_processes_are_killed_beneath_the_stories_and_started_again() {
    let mut cell = cell();
    let stories = play(&cell, 0, 36);
    for role in ROLES {
        // Of the gateways the one that nobody calls: a client of one address has nowhere else to go.
        cell.kill_9(role, 1);
        cell.restart(role, 1).expect("it comes up again");
        if role != "gateway" {
            cell.kill_9(role, 0);
            cell.restart(role, 0).expect("it comes up again");
        }
    }
    let (cases, closed, said) = ended(stories);
    assert_eq!((cases, closed), (36, 36), "{said}");
}

#[test]
fn proc_the_stories_go_on_without_redis_and_over_a_database_that_was_killed() {
    let mut cell = cell();
    let stories = play(&cell, 0, 12);
    cell.redis.empty().expect("it is emptied");
    cell.redis.kill_9();
    cell.redis.restart().expect("it comes back empty");
    cell.postgres.kill_9();
    cell.postgres.restart().expect("it recovers");
    // It takes connections and answers nothing, for as long as the stories last.
    cell.redis.freeze().expect("it stops");
    let (cases, closed, said) = ended(stories);
    assert_eq!((cases, closed), (12, 12), "{said}");
    cell.redis.thaw().expect("it goes on");
}
