//! Partners that cannot be reached: how they are shown, whose time it is, and where their offers go.

use parasol_api::Reason;
use parasol_api::admin::v1::network_service_server::NetworkService as _;
use parasol_api::admin::v1::{
    GetPartnerHealthRequest, PartnerHealth, PartnerState, PutRerouteRuleRequest, RerouteRule,
};
use parasol_api::convert::to_timestamp;
use parasol_journey::time::{MINUTE, Span};
use parasol_journey::vocab::Party;
use parasol_journey::{ActorKind, Fact, Stage};
use parasol_runtime::identity::Principal;
use tonic::Status;

use super::receiver::Receiver;
use super::{enable, hook, make_room, offered, post, seconds, send, send_on};
use crate::world::{World, brand, by, centre, operator, reason};

async fn health(world: &World, who: &Principal) -> PartnerHealth {
    let request = GetPartnerHealthRequest::default();
    world.dispatch.get_partner_health(by(who, request)).await.unwrap().into_inner()
}

async fn rule(
    world: &World,
    who: &Principal,
    brand: &str,
    minutes: Option<i64>,
) -> Result<RerouteRule, Status> {
    let after = minutes.map(|minutes| prost_types::Duration { seconds: minutes * 60, nanos: 0 });
    let request_id = world.desk.ids.next().to_string();
    let request = PutRerouteRuleRequest { request_id, brand: brand.into(), after };
    Ok(world.dispatch.put_reroute_rule(by(who, request)).await?.into_inner())
}

fn minutes(minutes: i64) -> Span {
    Span::from_micros(minutes * MINUTE)
}

#[tokio::test]
async fn a_partner_whose_webhooks_all_fail_is_down_and_up_with_the_first_that_answers() {
    let world = World::new().await;
    let (receiver, me) = (Receiver::new().await, brand("aurora"));
    assert_eq!(health(&world, &me).await.state(), PartnerState::Unknown);
    make_room(&world).await;
    hook(&world, &me, &receiver.url).await;
    let post = post(&world);
    assert_eq!(health(&world, &me).await.state(), PartnerState::Up);
    receiver.answer_all(500);
    offered(&world, 6).await;
    send(&world, &post).await;
    let down_since = world.clock.now();
    let shown = health(&world, &me).await;
    assert_eq!((shown.state(), shown.webhooks_down), (PartnerState::Up, 1), "not for long yet");
    world.clock.advance(minutes(5)).unwrap();
    let shown = health(&world, &me).await;
    assert_eq!((shown.state(), shown.webhooks), (PartnerState::Down, 1));
    assert_eq!(shown.down_since, Some(to_timestamp(down_since)));
    assert_eq!(shown.offers_waiting, 6);
    assert_eq!(shown.brand, "aurora");
    // A centre of the brand has no webhook of its own.
    assert_eq!(health(&world, &centre("a-1")).await.state(), PartnerState::Unknown);
    let asked = GetPartnerHealthRequest { centre: "a-1".into(), ..Default::default() };
    for stranger in [centre("a-2"), brand("boreal"), me.clone()] {
        let refused = world.dispatch.get_partner_health(by(&stranger, asked.clone())).await;
        assert_eq!(reason(refused), Reason::NotFound);
    }
    world.dispatch.get_partner_health(by(&operator(), asked)).await.unwrap();

    receiver.answer_all(200);
    world.clock.advance(seconds(400)).unwrap();
    send_on(&world, &post).await;
    let shown = health(&world, &me).await;
    assert_eq!((shown.state(), shown.down_since), (PartnerState::Up, None));
}

#[tokio::test]
async fn an_outage_is_the_brands_time_and_its_offers_go_on_when_it_wants() {
    Box::pin(an_outage(World::new().await)).await;
}

#[tokio::test]
async fn an_outage_is_the_brands_time_and_its_offers_go_on_when_it_wants_on_a_server() {
    Box::pin(an_outage(World::on_postgres("d_outage").await)).await;
}

async fn an_outage(world: World) {
    let (receiver, me) = (Receiver::new().await, brand("aurora"));
    make_room(&world).await;
    hook(&world, &me, &receiver.url).await;
    let post = post(&world);
    receiver.answer_all(500);
    let cases = offered(&world, 6).await;
    send(&world, &post).await;
    world.clock.advance(minutes(15)).unwrap();
    let now = || world.clock.now();
    assert_eq!(world.dispatch.reroute(now()).await.unwrap(), 0, "without a rule they stay");
    assert_eq!(rule(&world, &me, "", Some(20)).await.unwrap().brand, "aurora");
    assert_eq!(world.dispatch.reroute(now()).await.unwrap(), 0, "it is too early");
    world.clock.advance(minutes(5)).unwrap();
    assert_eq!(world.dispatch.reroute(now()).await.unwrap(), 6);
    assert_eq!(world.dispatch.reroute(now()).await.unwrap(), 0, "once");

    let case = world.case(cases[0]).await;
    assert_eq!((case.stage, case.passed_over.len()), (Stage::ChoosingCentre, 1));
    let spent = case.turn.times(now()).into_iter().find(|(party, _)| *party == Party::Brand);
    assert_eq!(spent, Some((Party::Brand, minutes(20))), "the outage is in the brand's account");
    let log = world.desk.store.log_after(cases[0], 0, 100).await.unwrap();
    let last = &log.last().unwrap().event;
    assert_eq!(last.actor.kind, ActorKind::Policy);
    assert!(matches!(&last.fact, Fact::OfferWithdrawn { reason, .. } if reason == "partner_down"));
    world.choose().await;
    let next = world.case(cases[0]).await.offer.unwrap();
    assert_ne!(next.centre.as_str(), "a-1");
    assert_eq!(world.dispatch.reroute(now()).await.unwrap(), 0, "the next centre has its time");
}

#[tokio::test]
async fn an_offer_stays_as_long_as_somebody_can_hear_of_it() {
    let world = World::new().await;
    let (failing, fine) = (Receiver::new().await, Receiver::new().await);
    make_room(&world).await;
    let me = brand("aurora");
    hook(&world, &me, &failing.url).await;
    let of_centre = hook(&world, &centre("a-1"), &fine.url).await;
    rule(&world, &me, "aurora", Some(5)).await.unwrap();
    let post = post(&world);
    failing.answer_all(500);
    offered(&world, 6).await;
    send(&world, &post).await;
    world.clock.advance(minutes(30)).unwrap();
    assert_eq!(world.dispatch.reroute(world.clock.now()).await.unwrap(), 0, "its centre hears");
    enable(&world, &centre("a-1"), &of_centre, false).await;
    let moved = world.dispatch.reroute(world.clock.now()).await.unwrap();
    assert!(moved > 0, "those of the centre that hears no more go on");
    // The rule can be taken back.
    assert_eq!(rule(&world, &me, "", None).await.unwrap().after, None);
    world.choose().await;
    world.clock.advance(minutes(30)).unwrap();
    assert_eq!(world.dispatch.reroute(world.clock.now()).await.unwrap(), 0);
}

#[tokio::test]
async fn a_rule_is_a_brands_own_and_within_limits() {
    let world = World::new().await;
    for wrong in [0, 4, 7 * 24 * 60 + 1, -5] {
        let refused = rule(&world, &brand("aurora"), "", Some(wrong)).await;
        assert_eq!(reason(refused), Reason::FieldInvalid, "{wrong}");
    }
    let refused = rule(&world, &brand("boreal"), "aurora", Some(10)).await;
    assert_eq!(reason(refused), Reason::NotFound);
    assert_eq!(reason(rule(&world, &operator(), "nobody", Some(10)).await), Reason::BrandUnknown);
    rule(&world, &operator(), "aurora", Some(10)).await.unwrap();
    let after = health(&world, &centre("a-1")).await.reroute_after.unwrap();
    assert_eq!(after.seconds, 600, "it holds for the brand's centres");
}
