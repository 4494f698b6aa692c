//! The methods: whose webhooks are whose, what is refused, what is repeated.

use parasol_api::Reason;
use parasol_api::admin::v1::network_service_server::NetworkService as _;
use parasol_api::admin::v1::{
    CreateWebhookRequest, GetWebhookRequest, ListWebhookDeliveriesRequest, ListWebhooksRequest,
    ReplayWebhookRequest, RotateWebhookSecretRequest, UpdateWebhookRequest,
    replay_webhook_request::From,
};
use parasol_api::convert::to_timestamp;
use parasol_dispatch::Reach;
use parasol_journey::time::Span;
use parasol_runtime::identity::Principal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::receiver::Receiver;
use super::{create, hook, log, offered, post, send, service};
use crate::world::{World, brand, by, centre, operator, reason, same_bytes};

const URL: &str = "https://hooks.example.com/parasol";

/// The answers of every method that names a webhook.
async fn answers(world: &World, who: &Principal, id: &str) -> Vec<Reason> {
    let (service, request_id) = (&world.dispatch, || world.desk.ids.next().to_string());
    let webhook_id = || id.to_owned();
    let get = GetWebhookRequest { webhook_id: webhook_id() };
    let update = UpdateWebhookRequest {
        request_id: request_id(),
        webhook_id: webhook_id(),
        url: String::new(),
        enabled: Some(false),
    };
    let rotate = RotateWebhookSecretRequest {
        request_id: request_id(),
        webhook_id: webhook_id(),
        keep_old: None,
    };
    let from = Some(From::Time(to_timestamp(world.clock.now())));
    let replay = ReplayWebhookRequest { request_id: request_id(), webhook_id: webhook_id(), from };
    let list = ListWebhookDeliveriesRequest {
        webhook_id: webhook_id(),
        ..ListWebhookDeliveriesRequest::default()
    };
    vec![
        reason(service.get_webhook(by(who, get)).await),
        reason(service.update_webhook(by(who, update)).await),
        reason(service.rotate_webhook_secret(by(who, rotate)).await),
        reason(service.replay_webhook(by(who, replay)).await),
        reason(service.list_webhook_deliveries(by(who, list)).await),
    ]
}

async fn listed(world: &World, who: &Principal, page_size: i32) -> Vec<String> {
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListWebhooksRequest { page_size, page_token };
        let page = world.dispatch.list_webhooks(by(who, request)).await.unwrap().into_inner();
        all.extend(page.webhooks.into_iter().map(|one| one.webhook_id));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

#[tokio::test]
async fn a_webhook_of_another_answers_like_one_that_is_not_there() {
    let world = World::new().await;
    let mine = hook(&world, &brand("aurora"), URL).await;
    let of_centre = hook(&world, &centre("a-1"), URL).await;
    let unknown = "hook_00000000000000000000000000000001";
    for stranger in [brand("boreal"), centre("a-1"), centre("a-2"), centre("aurora")] {
        assert_eq!(answers(&world, &stranger, &mine).await, [Reason::NotFound; 5], "{stranger}");
        assert_eq!(answers(&world, &stranger, unknown).await, [Reason::NotFound; 5]);
    }
    assert_eq!(answers(&world, &brand("aurora"), &of_centre).await, [Reason::NotFound; 5]);
    assert_eq!(listed(&world, &brand("aurora"), 1).await, [&*mine]);
    assert_eq!(listed(&world, &centre("a-1"), 1).await, [&*of_centre]);
    assert!(listed(&world, &brand("boreal"), 1).await.is_empty());
    assert_eq!(listed(&world, &operator(), 1).await, [mine, of_centre]);
}

#[tokio::test]
async fn a_partner_makes_webhooks_for_itself_and_an_operator_for_those_that_are_known() {
    let world = World::new().await;
    let request = |brand: &str, centre: &str| CreateWebhookRequest {
        request_id: world.desk.ids.next().to_string(),
        brand: brand.into(),
        centre: centre.into(),
        url: URL.into(),
    };
    let ask = async |who: &Principal, brand: &str, centre: &str| {
        world.dispatch.create_webhook(by(who, request(brand, centre))).await
    };
    for (of, centre) in [("boreal", ""), ("nobody", ""), ("", "a-1"), ("aurora", "a-1")] {
        let refused = reason(ask(&brand("aurora"), of, centre).await);
        assert_eq!(refused, Reason::NotFound, "{of} {centre}");
    }
    assert!(ask(&brand("aurora"), "aurora", "").await.is_ok());
    let made = ask(&centre("a-1"), "", "a-1").await.unwrap().into_inner().webhook.unwrap();
    assert_eq!((&*made.brand, &*made.centre), ("", "a-1"));
    for (of, centre, wanted) in [
        ("nobody", "", Reason::BrandUnknown),
        ("", "nobody", Reason::CentreUnknown),
        ("", "", Reason::FieldInvalid),
        ("aurora", "a-1", Reason::FieldInvalid),
    ] {
        assert_eq!(reason(ask(&operator(), of, centre).await), wanted, "{of} {centre}");
    }
    let made = ask(&operator(), "boreal", "").await.unwrap().into_inner().webhook.unwrap();
    assert_eq!(listed(&world, &brand("boreal"), 5).await, [made.webhook_id]);
}

#[tokio::test]
async fn a_repetition_is_answered_alike_and_five_are_enough() {
    let world = World::new().await;
    let request = || CreateWebhookRequest {
        request_id: world.desk.ids.next().to_string(),
        url: URL.into(),
        ..CreateWebhookRequest::default()
    };
    let ask = async |request: CreateWebhookRequest| {
        world.dispatch.create_webhook(by(&brand("aurora"), request)).await
    };
    let mut last = request();
    let mut answer = None;
    for _ in 0..5 {
        last = request();
        answer = Some(ask(last.clone()).await.unwrap().into_inner());
    }
    assert_eq!(reason(ask(request()).await), Reason::WebhooksFull);
    let again = ask(last.clone()).await.unwrap().into_inner();
    assert!(same_bytes(&again, &answer.unwrap()), "with the same secret");
    let other = CreateWebhookRequest { url: "https://other.example.com/".into(), ..last };
    assert_eq!(reason(ask(other).await), Reason::RequestIdReused);
    assert_eq!(listed(&world, &brand("aurora"), 2).await.len(), 5);
    create(&world, &brand("boreal"), URL).await;
}

#[tokio::test]
async fn addresses_that_lead_inside_are_neither_taken_nor_sent_to() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    let id = hook(&world, &brand("aurora"), &receiver.url).await;
    let named = receiver.url.replace("http://127.0.0.1", "https://localhost");
    let other = hook(&world, &brand("aurora"), &named).await;
    for url in ["http://example.com/", "https://10.0.0.1/", "https://user@example.com/", "x", ""] {
        let request = CreateWebhookRequest {
            request_id: world.desk.ids.next().to_string(),
            url: url.into(),
            ..CreateWebhookRequest::default()
        };
        let refused = world.dispatch.create_webhook(by(&brand("boreal"), request)).await;
        assert_eq!(reason(refused), Reason::FieldInvalid, "{url}");
    }
    // What was taken under wider rules is looked at again at every call.
    let strict = world.dispatch.clone().reaching(Reach::Public).post(world.desk.ids.next());
    offered(&world, 1).await;
    send(&world, &strict).await;
    for id in [&id, &other] {
        assert_eq!(log(&world, id).await[0].failure, "address");
    }
    assert_eq!(receiver.count(), 0);
}

#[tokio::test]
async fn tls_is_spoken_with_the_name_of_the_host_and_nothing_in_the_clear() {
    let world = World::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    let id = hook(&world, &brand("aurora"), &url).await;
    offered(&world, 1).await;
    let post = post(&world);
    let listen = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut hello = vec![0; 4096];
        let count = stream.read(&mut hello).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        hello.truncate(count);
        hello
    };
    let ((), hello) = tokio::join!(send(&world, &post), listen);
    assert_eq!(hello[0], 22, "a handshake");
    assert!(hello.windows(9).any(|part| part == b"localhost"), "for the host that was named");
    assert!(!hello.windows(7).any(|part| part == b"webhook"));
    assert_eq!(log(&world, &id).await[0].failure, "tls");
}

#[tokio::test]
async fn the_log_is_paged_newest_first() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    let id = hook(&world, &brand("aurora"), &receiver.url).await;
    offered(&world, 5).await;
    send(&world, &post(&world)).await;
    let (mut numbers, mut page_token) = (Vec::new(), String::new());
    loop {
        let request =
            ListWebhookDeliveriesRequest { page_size: 2, page_token, webhook_id: id.clone() };
        let page = world.dispatch.list_webhook_deliveries(by(&brand("aurora"), request)).await;
        let page = page.unwrap().into_inner();
        assert!(page.deliveries.iter().all(|one| one.latency.is_some() && one.attempt == 1));
        numbers.extend(page.deliveries.iter().map(|one| one.number));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(numbers, [5, 4, 3, 2, 1]);
    let request = ListWebhookDeliveriesRequest {
        page_size: 2,
        page_token: "never ours".into(),
        webhook_id: id,
    };
    let refused = world.dispatch.list_webhook_deliveries(by(&brand("aurora"), request)).await;
    assert_eq!(reason(refused), Reason::PageTokenInvalid);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let world = World::new().await;
    let id = hook(&world, &brand("aurora"), URL).await;
    let who = brand("aurora");
    let request_id = || world.desk.ids.next().to_string();
    let ahead = to_timestamp(world.clock.now() + Span::minutes(1));
    for (from, wanted) in [
        (None, Reason::FieldInvalid),
        (Some(From::Time(ahead)), Reason::FieldInvalid),
        (Some(From::Cursor("never ours".into())), Reason::ResyncRequired),
    ] {
        let request =
            ReplayWebhookRequest { request_id: request_id(), webhook_id: id.clone(), from };
        assert_eq!(reason(world.dispatch.replay_webhook(by(&who, request)).await), wanted);
    }
    let keep_old = Some(prost_types::Duration { seconds: 31 * 86_400, nanos: 0 });
    let request =
        RotateWebhookSecretRequest { request_id: request_id(), webhook_id: id.clone(), keep_old };
    let refused = world.dispatch.rotate_webhook_secret(by(&who, request)).await;
    assert_eq!(reason(refused), Reason::FieldInvalid);
    let request = UpdateWebhookRequest {
        request_id: String::new(),
        webhook_id: id,
        ..UpdateWebhookRequest::default()
    };
    let refused = service(&world).update_webhook(by(&who, request)).await;
    assert_eq!(reason(refused), Reason::RequestIdMissing);
}
