//! The six promises of a watch, at two processes of one cell on a server and no bell between them: ordered, unique,
//! reliable, atomic, resumable, bookmarked.

use std::time::Duration;

use parasol_api::intake::v1::RemindCaseRequest;
use parasol_api::intake::v1::intake_service_client::IntakeServiceClient;
use parasol_api::tracking::v1::tracking_service_client::TrackingServiceClient;
use parasol_api::tracking::v1::{
    TimelineEntry, WatchCaseRequest, WatchCaseResponse, WatchCasesRequest, WatchCasesResponse,
    watch_case_response, watch_cases_response,
};
use parasol_runtime::identity::{Principal, Role};
use tonic::{Request, Streaming};

use crate::reconnecting::town::{Town, Way, act, customer, id_of};

/// How long a stream may take to say something: a bookmark comes every 15 seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// A message of either kind of watch.
#[derive(Clone, Debug, PartialEq)]
struct Told {
    /// The case and the number of the entry; nothing for a bookmark or a summary.
    entry: Option<(String, i64)>,
    /// When the entry happened, which is the same for all of a step.
    at: Option<prost_types::Timestamp>,
    /// Until when a bookmark says that everything was told.
    complete_until: Option<prost_types::Timestamp>,
    is_summary: bool,
    token: String,
}

trait Message {
    fn told(self, case: &str) -> Told;
}

fn of_entry(case: &str, entry: &TimelineEntry) -> Told {
    let at = entry.at.map(|at| prost_types::Timestamp { seconds: at.seconds, nanos: at.nanos });
    let entry = Some((case.to_owned(), entry.seq));
    Told { entry, at, complete_until: None, is_summary: false, token: String::new() }
}

fn of_bookmark(until: Option<prost_types::Timestamp>) -> Told {
    let none = Told {
        entry: None,
        at: None,
        complete_until: None,
        is_summary: until.is_none(),
        token: String::new(),
    };
    Told { complete_until: until, ..none }
}

impl Message for WatchCaseResponse {
    fn told(self, case: &str) -> Told {
        use watch_case_response::Event::{Bookmark, Entry};
        let told = match self.event.expect("it says something") {
            Entry(entry) => of_entry(case, &entry),
            Bookmark(bookmark) => of_bookmark(bookmark.complete_until),
        };
        Told { token: self.resume_token, ..told }
    }
}

impl Message for WatchCasesResponse {
    fn told(self, _: &str) -> Told {
        use watch_cases_response::Event::{Bookmark, Entry, Summary};
        let told = match self.event.expect("it says something") {
            Entry(one) => of_entry(&one.case_id, one.entry.as_ref().expect("an entry")),
            Summary(_) => of_bookmark(None),
            Bookmark(bookmark) => of_bookmark(bookmark.complete_until),
        };
        Told { token: self.resume_token, ..told }
    }
}

/// What is watched, by whom.
#[derive(Clone, Copy)]
enum What<'a> {
    One(&'a Principal, &'a str),
    Many(&'a Principal),
}

enum Open {
    One(Streaming<WatchCaseResponse>, String),
    Many(Streaming<WatchCasesResponse>),
}

impl Open {
    async fn next(&mut self) -> Told {
        let told = tokio::time::timeout(PATIENCE, async {
            match self {
                Self::One(stream, case) => Some(stream.message().await.ok()??.told(case)),
                Self::Many(stream) => Some(stream.message().await.ok()??.told("")),
            }
        });
        told.await.expect("it says something").expect("it goes on")
    }

    /// What it says until it has told of an entry, or of one later in its case.
    async fn until(&mut self, case: &str, seq: i64) -> Vec<Told> {
        let mut told: Vec<Told> = Vec::new();
        let reaches = |one: &Told| {
            one.entry.as_ref().is_some_and(|(of, number)| of == case && *number >= seq)
        };
        while !told.last().is_some_and(reaches) {
            told.push(self.next().await);
        }
        told
    }
}

async fn open(way: &Way, process: usize, what: What<'_>, token: &str) -> Open {
    let mut client = TrackingServiceClient::new(way.own(process));
    let resume_token = token.to_owned();
    match what {
        What::One(who, case) => {
            let case_id = case.to_owned();
            let message = WatchCaseRequest { case_id, resume_token, ..Default::default() };
            let stream = client.watch_case(way.request(who, message)).await.expect("a watch");
            Open::One(stream.into_inner(), case.to_owned())
        }
        What::Many(who) => {
            let message = WatchCasesRequest { resume_token, ..Default::default() };
            let stream = client.watch_cases(way.request(who, message)).await.expect("a watch");
            Open::Many(stream.into_inner())
        }
    }
}

fn entries(told: &[Told]) -> Vec<(String, i64)> {
    told.iter().filter_map(|one| one.entry.clone()).collect()
}

/// Chases a case at a process; the how-manieth time.
async fn chase(way: &Way, process: usize, unit: usize, case: &str, nth: u128) {
    let message = RemindCaseRequest {
        request_id: id_of(unit, nth),
        case_id: case.to_owned(),
        ..RemindCaseRequest::default()
    };
    let mut client = IntakeServiceClient::new(way.shared(process));
    let request: Request<_> = way.request(&customer(unit), message);
    client.remind_case(request).await.expect("it is chased");
}

/// The number of the last entry of a case that stands at its first rest.
async fn version(town: &Town, case: &str) -> i64 {
    let store = town.store().await;
    let id = case.parse().expect("an id");
    let mut last = 0;
    loop {
        let found = store.case(id).await.expect("it answers").expect("it is there");
        let now = i64::try_from(found.version).expect("few");
        let position = store.feed_position().await.expect("it answers");
        let is_at_rest = ["dispatched", "deciding"].contains(&found.stage.as_str());
        if is_at_rest && now == last && position > 0 {
            store.close().await.expect("it closes");
            return now;
        }
        last = now;
        let _ =
            tokio::time::timeout(Duration::from_millis(300), std::future::pending::<()>()).await;
    }
}

/// Entries of each case in order, from the first on, each once; a token only where a step ends.
fn check(told: &[Told], what: What<'_>) {
    let mut next = std::collections::BTreeMap::new();
    for (case, seq) in entries(told) {
        let expected = next.entry(case.clone()).or_insert(1);
        assert_eq!(seq, *expected, "{case} is out of order, or told twice");
        *expected += 1;
    }
    for (nth, one) in told.iter().enumerate().filter(|(_, one)| one.entry.is_some()) {
        let rest = told[nth + 1..].iter().filter(|next| next.entry.is_some());
        let same_case = |next: &&Told| {
            next.entry.as_ref().map(|(case, _)| case) == one.entry.as_ref().map(|(case, _)| case)
        };
        let follows = rest.clone().find(same_case).is_some_and(|next| next.at == one.at);
        assert_eq!(one.token.is_empty(), follows, "{one:?}");
        // Entries of a step stand together.
        if follows && matches!(what, What::Many(_)) {
            assert_eq!(rest.clone().next().map(|next| next.at), Some(one.at), "{one:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proc_what_is_told_at_one_process_goes_on_at_the_other() {
    let mut town = Town::of_two("anywhere", 4);
    let way = town.way.clone();
    let agent = Principal::new(Role::Agent, "agent-1");
    let brand = Principal::new(Role::Brand, "aster").of_brand("aster");
    let (everything, of_brand) = (What::Many(&agent), What::Many(&brand));
    let mut over_all = [open(&way, 0, everything, "").await, open(&way, 1, of_brand, "").await];

    let case = act(way.clone(), 1).await;
    let owner = customer(1);
    let one = What::One(&owner, &case);
    let mut of_one = [open(&way, 0, one, "").await, open(&way, 1, one, "").await];
    let rests_at = version(&town, &case).await;
    // Each change at another process than the one before.
    for nth in 3..7 {
        chase(&way, usize::try_from(nth).expect("few"), 1, &case, nth).await;
    }
    let last = version(&town, &case).await;
    assert!(last >= rests_at + 4, "{last}");

    let mut told_of_one = Vec::new();
    for stream in &mut of_one {
        let told = stream.until(&case, last).await;
        check(&told, one);
        assert_eq!(entries(&told).len(), usize::try_from(last).expect("few"), "none is missing");
        told_of_one.push(told);
    }
    assert_eq!(entries(&told_of_one[0]), entries(&told_of_one[1]));
    let mut told_of_all = Vec::new();
    for stream in &mut over_all {
        let told = stream.until(&case, last).await;
        check(&told, everything);
        told_of_all.push(told);
    }
    assert_eq!(entries(&told_of_all[0]), entries(&told_of_all[1]), "one order at both processes");

    // From each token the rest follows at the process that did not give it.
    for (what, told) in [(one, &told_of_one), (everything, &told_of_all), (of_brand, &told_of_all)]
    {
        let giver = usize::from(matches!(what, What::Many(who) if who.role == Role::Brand));
        from_each_token(&way, 1 - giver, what, &told[giver], (&case, last)).await;
    }

    // A quiet stream says that it lives, and until when it has told everything.
    let mut marks = Vec::new();
    for stream in of_one.iter_mut().chain(&mut over_all) {
        let mark = stream.next().await;
        assert!(mark.entry.is_none() && !mark.is_summary, "{mark:?}");
        let told_at = told_of_one[0].last().and_then(|told| told.at).expect("a time");
        let until = mark.complete_until.expect("a time");
        assert!((until.seconds, until.nanos) > (told_at.seconds, told_at.nanos), "{mark:?}");
        marks.push(mark.token);
    }

    // Both processes go, and what happens next is told from the bookmarks on, at the other one.
    town.restart(&town.all());
    chase(&way, 0, 1, &case, 7).await;
    let now = version(&town, &case).await;
    let whats = [one, one, everything, of_brand];
    for (nth, (what, mark)) in whats.into_iter().zip(&marks).enumerate() {
        let mut stream = open(&way, 1 - nth % 2, what, mark).await;
        let told = stream.until(&case, now).await;
        let expected: Vec<_> = (last + 1..=now).map(|seq| (case.clone(), seq)).collect();
        assert_eq!(entries(&told), expected, "nothing twice, nothing left out");
    }
}

/// Goes on from every token that was given, at a process.
async fn from_each_token(
    way: &Way,
    process: usize,
    what: What<'_>,
    told: &[Told],
    (case, last): (&str, i64),
) {
    let mut resumed = 0;
    for (place, one) in told.iter().enumerate() {
        let rest = entries(&told[place + 1..]);
        if one.token.is_empty() || rest.is_empty() {
            continue;
        }
        let mut stream = open(way, process, what, &one.token).await;
        assert_eq!(entries(&stream.until(case, last).await), rest, "from {place}");
        resumed += 1;
    }
    assert!(resumed > 3, "only {resumed} places to go on from");
}
