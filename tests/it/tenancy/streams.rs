//! What streams and lists tell: to strangers nothing, to the owners everything, from the same changes.

use std::time::Duration;

use parasol_runtime::identity::{Principal, Role};
use prost_reflect::DynamicMessage;
use serde_json::json;
use tonic::Streaming;

use super::calls::{json as as_json, until_quiet};
use super::cases::{ASTER_ONE, ASTER_TWO, BRIAR_ONE, Party, Reached, World, text as text_of};
use crate::house::House;

#[tokio::test(flavor = "multi_thread")]
async fn streams_and_lists_tell_nothing_of_others() {
    let world = World::open().await;
    let house = &world.house;
    let mut theirs = vec![
        world.drive(ASTER_ONE, Reached::Offered).await,
        world.drive(ASTER_ONE, Reached::Booked).await,
    ];
    let mut listening = Vec::new();
    for reader in readers() {
        listening.push(reader.open(house).await);
    }
    for reached in [Reached::Offered, Reached::Booked, Reached::Repairing, Reached::Disputed] {
        theirs.push(world.drive(ASTER_ONE, reached).await);
    }
    // The feed has one order: whoever has heard of these has passed all that came before.
    let own = [
        world.drive(ASTER_ONE, Reached::Booked).await,
        world.drive(ASTER_TWO, Reached::Booked).await,
        world.drive(BRIAR_ONE, Reached::Booked).await,
    ];
    for mut reader in listening {
        let own = own.iter().find(|target| target.party == reader.party);
        let last = &own.expect("each party has one").names["appointment"];
        let is_theirs = reader.party == ASTER_ONE;
        let mut heard = String::new();
        while reader.hears_of_own && !heard.contains(last.as_str()) {
            let message = tokio::time::timeout(PATIENCE, reader.stream.message()).await;
            let message = message.unwrap_or_else(|_| panic!("{} hears no more", reader.caller));
            let message = message.expect("the stream goes on").expect("the stream goes on");
            heard += &as_json(&message).to_string();
        }
        let rest = until_quiet(&mut reader.stream).await.expect("the stream goes on");
        heard += &rest.iter().map(|message| as_json(message).to_string()).collect::<String>();
        if !reader.is_day {
            heard += &listed(house, &reader.caller).await;
        }
        for target in &theirs {
            let case = &target.names["case"];
            if is_theirs && reader.hears_of_own {
                let shown = !reader.is_day || target.reached == Reached::Booked;
                assert!(!shown || heard.contains(case.as_str()), "{} misses {case}", reader.caller);
                continue;
            }
            for (name, id) in target.names.iter().filter(|(name, _)| **name != "brand") {
                let id = json!(id).to_string();
                let shares = is_theirs && *name == "centre";
                assert!(shares || !heard.contains(&id), "{} hears {name} {id}", reader.caller);
            }
        }
    }
}

/// How long a stream may take to tell what its reader waits for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Somebody who listens to a stream.
struct Reader {
    caller: Principal,
    party: Party,
    is_day: bool,
    hears_of_own: bool,
}

/// The same, listening.
struct Listening {
    caller: Principal,
    party: Party,
    is_day: bool,
    hears_of_own: bool,
    stream: Streaming<DynamicMessage>,
}

/// Both sides' streams of offers and of days: the owners' show that there was something to hear.
fn readers() -> Vec<Reader> {
    let reader = |party: Party, role: Role, is_day: bool| Reader {
        caller: party.member(role),
        party,
        is_day,
        hears_of_own: true,
    };
    let colleague = Principal::new(Role::Technician, ASTER_ONE.colleague).of_brand(ASTER_ONE.brand);
    let mut readers = vec![
        Reader { caller: colleague, party: ASTER_ONE, is_day: true, hears_of_own: false },
        reader(ASTER_ONE, Role::Brand, false),
        reader(BRIAR_ONE, Role::Brand, false),
    ];
    for party in [ASTER_ONE, ASTER_TWO, BRIAR_ONE] {
        readers.push(reader(party, Role::Centre, false));
        readers.push(reader(party, Role::Centre, true));
        readers.push(reader(party, Role::Technician, true));
    }
    readers
}

impl Reader {
    async fn open(self, house: &House) -> Listening {
        let Self { caller, party, is_day, hears_of_own } = self;
        let (path, body) = match (is_day, caller.role) {
            (false, _) => ("partner.v1.OfferService/StreamOffers", json!({})),
            (true, Role::Technician) => ("technician.v1.VisitService/StreamMyDay", json!({})),
            (true, _) => {
                let body = json!({"technician": party.technician});
                ("technician.v1.VisitService/StreamMyDay", body)
            }
        };
        let stream = house.open_stream(&caller, &format!("/parasol.{path}"), &body).await;
        let stream = stream.expect("the stream opens");
        Listening { caller, party, is_day, hears_of_own, stream }
    }
}

/// Everything the list of work orders has.
async fn listed(house: &House, caller: &Principal) -> String {
    let (mut text, mut cursor) = (String::new(), String::new());
    loop {
        let body = json!({"cursor": cursor, "page_size": 5});
        let path = "/parasol.partner.v1.OfferService/ListWorkOrders";
        let page = house.act(caller, path, &body).await;
        text += &page.to_string();
        cursor = text_of(&page, "cursor");
        if page["more"] != json!(true) {
            return text;
        }
    }
}
