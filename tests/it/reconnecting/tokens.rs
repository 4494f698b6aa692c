//! Tokens that are not good any more, or never were: at every process they are told to begin anew.

use parasol_api::intake::v1::RemindCaseRequest;
use parasol_api::intake::v1::intake_service_client::IntakeServiceClient;
use parasol_api::tracking::v1::tracking_service_client::TrackingServiceClient;
use parasol_api::tracking::v1::{GetTimelineRequest, WatchCaseRequest, WatchCasesRequest};
use parasol_api::{Error, Reason};
use parasol_runtime::identity::{Principal, Role};
use tokio::runtime::Runtime;
use tonic::Status;

use super::town::{Town, Way, act, customer, id_of};
use super::{Joined, SILENCE, read_many, read_one};

/// Reads of one stream after another before a test gives up.
const READS_MAX: usize = 1_000;

fn agent() -> Principal {
    Principal::new(Role::Agent, "agent-1")
}

fn resync<T>(answer: Result<T, Status>) {
    let refused = answer.map(drop).expect_err("the token is not good");
    assert_eq!(Error::from_status(&refused).reason(), Reason::ResyncRequired, "{refused:?}");
}

async fn of_timeline(way: &Way, who: &Principal, case: &str) -> String {
    let message = GetTimelineRequest { case_id: case.to_owned(), ..GetTimelineRequest::default() };
    let mut client = TrackingServiceClient::new(way.shared(0));
    let told = client.get_timeline(way.request(who, message)).await.expect("a timeline");
    told.into_inner().resume_token
}

async fn one(
    way: &Way,
    process: usize,
    unit: usize,
    case: &str,
    token: &str,
) -> Result<(), Status> {
    let message = WatchCaseRequest {
        case_id: case.to_owned(),
        resume_token: token.to_owned(),
        ..WatchCaseRequest::default()
    };
    let mut client = TrackingServiceClient::new(way.shared(process));
    client.watch_case(way.request(&customer(unit), message)).await.map(drop)
}

async fn many(way: &Way, process: usize, who: &Principal, token: &str) -> Result<(), Status> {
    let resume_token = token.to_owned();
    let message = WatchCasesRequest { resume_token, ..WatchCasesRequest::default() };
    let mut client = TrackingServiceClient::new(way.shared(process));
    client.watch_cases(way.request(who, message)).await.map(drop)
}

/// The token with one character altered, all along it.
fn flipped(token: &str) -> Vec<String> {
    let flip = |at: usize| {
        let mut bytes = token.as_bytes().to_owned();
        bytes[at] = if bytes[at] == b'f' { b'0' } else { b'f' };
        String::from_utf8(bytes).expect("ASCII")
    };
    (0..token.len()).step_by(7).map(flip).collect()
}

/// Tokens that are altered, another's, of another case or of another cell.
pub async fn wrong(town: &Town, filed: &[String]) {
    let way = &town.way;
    let ours = of_timeline(way, &customer(1), &filed[1]).await;
    let mut live = Joined::default();
    for _ in 0..READS_MAX {
        read_many(way, &agent(), &mut live, 10, SILENCE).await;
        if !live.token.is_empty() {
            break;
        }
    }
    let elsewhere = town.elsewhere(2);
    let case = act(elsewhere.way.clone(), 1).await;
    let foreign = of_timeline(&elsewhere.way, &customer(1), &case).await;
    drop(elsewhere);
    for process in town.all() {
        one(way, process, 1, &filed[1], &ours).await.expect("it is good at every process");
        many(way, process, &agent(), &live.token).await.expect("it is good at every process");
        for token in flipped(&ours) {
            resync(one(way, process, 1, &filed[1], &token).await);
        }
        for token in flipped(&live.token) {
            resync(many(way, process, &agent(), &token).await);
        }
        resync(one(way, process, 2, &filed[2], &ours).await);
        resync(one(way, process, 1, &filed[1], &foreign).await);
        // A place in one case is none in what happens in many, and nobody goes on for somebody else.
        resync(many(way, process, &agent(), &ours).await);
        resync(many(way, process, &Principal::new(Role::Agent, "agent-2"), &live.token).await);
    }
}

/// What is put back to an earlier state refuses the tokens of the time that is lost: while they are of a future, and,
/// once an operator has said that it was put back, also when there is something else at their places.
pub fn lost(runtime: &Runtime, town: &mut Town, case: &str) {
    town.kill(&town.all());
    let earlier = town.copy();
    town.start();
    let (of_case, live) = runtime.block_on(of_a_time_to_be_lost(&town.way, case));
    let refused = async |town: &Town| {
        for process in town.all() {
            resync(one(&town.way, process, 1, case, &of_case.token).await);
            resync(many(&town.way, process, &agent(), &live.token).await);
        }
    };
    town.put_back(earlier);
    runtime.block_on(refused(town));
    town.say_restored();
    runtime.block_on(async {
        let before = of_timeline(&town.way, &customer(1), case).await;
        for nth in 4..8 {
            chase(&town.way, case, nth).await;
        }
        let mut told = Joined { token: before, ..Joined::default() };
        for _ in 0..READS_MAX {
            read_one(&town.way, &customer(1), case, &mut told, 1_000).await;
            if told.entries.len() > of_case.entries.len() {
                break;
            }
        }
        refused(town).await;
    });
}

async fn chase(way: &Way, case: &str, nth: u128) {
    let chase = RemindCaseRequest {
        request_id: id_of(1, nth),
        case_id: case.to_owned(),
        ..RemindCaseRequest::default()
    };
    let mut client = IntakeServiceClient::new(way.shared(0));
    client.remind_case(way.request(&customer(1), chase)).await.expect("it is chased");
}

/// Tokens of one case and of many, behind everything that a copy of before knows of.
async fn of_a_time_to_be_lost(way: &Way, case: &str) -> (Joined, Joined) {
    let mut live = Joined::default();
    for _ in 0..READS_MAX {
        read_many(way, &agent(), &mut live, 10_000, SILENCE).await;
        if !live.token.is_empty() {
            break;
        }
    }
    live.entries.clear();
    let token = of_timeline(way, &customer(1), case).await;
    let mut of_case = Joined { token, ..Joined::default() };
    chase(way, case, 3).await;
    for _ in 0..READS_MAX {
        read_one(way, &customer(1), case, &mut of_case, 1_000).await;
        read_many(way, &agent(), &mut live, 10_000, SILENCE).await;
        if !of_case.entries.is_empty() && !live.entries.is_empty() {
            return (of_case, live);
        }
    }
    panic!("nothing was told");
}
