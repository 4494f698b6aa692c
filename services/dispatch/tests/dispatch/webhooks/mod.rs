//! Webhooks: a real receiver on this machine, a store, and a clock that moves when told.

mod calling;
mod claiming;
mod failing;
mod isolating;
mod reaching;
mod receiver;
mod sending;

use parasol_api::admin::v1::import_network_request::Content;
use parasol_api::admin::v1::network_service_server::NetworkService as _;
use parasol_api::admin::v1::{
    CreateWebhookRequest, GetWebhookRequest, ListWebhookDeliveriesRequest, ReplayWebhookRequest,
    UpdateWebhookRequest, Webhook, WebhookDelivery, WebhookSecret, replay_webhook_request,
};
use parasol_dispatch::{Dispatch, Post, Reach};
use parasol_journey::ids::CaseId;
use parasol_journey::time::{SECOND, Span};
use parasol_runtime::identity::Principal;

use crate::world::{SHANGCHENG, World, XIHU, a_brand, a_centre, brand, by};

/// The service with webhooks that may reach this machine.
fn service(world: &World) -> Dispatch {
    world.dispatch.clone().reaching(Reach::Loopback)
}

/// What sends, as another process each time.
fn post(world: &World) -> Post {
    service(world).post(world.desk.ids.next())
}

fn seconds(seconds: i64) -> Span {
    Span::from_micros(seconds * SECOND)
}

/// Makes a webhook of the caller's.
async fn create(world: &World, who: &Principal, url: &str) -> WebhookSecret {
    let request = CreateWebhookRequest {
        request_id: world.desk.ids.next().to_string(),
        url: url.into(),
        ..CreateWebhookRequest::default()
    };
    service(world).create_webhook(by(who, request)).await.unwrap().into_inner()
}

/// Makes a webhook and says its id only.
async fn hook(world: &World, who: &Principal, url: &str) -> String {
    create(world, who, url).await.webhook.unwrap().webhook_id
}

async fn get(world: &World, id: &str) -> Webhook {
    let request = GetWebhookRequest { webhook_id: id.into() };
    let operator = crate::world::operator();
    world.dispatch.get_webhook(by(&operator, request)).await.unwrap().into_inner()
}

async fn enable(world: &World, who: &Principal, id: &str, enabled: bool) -> Webhook {
    let request = UpdateWebhookRequest {
        request_id: world.desk.ids.next().to_string(),
        webhook_id: id.into(),
        url: String::new(),
        enabled: Some(enabled),
    };
    world.dispatch.update_webhook(by(who, request)).await.unwrap().into_inner()
}

async fn replay(world: &World, id: &str, from: replay_webhook_request::From) -> Webhook {
    let request = ReplayWebhookRequest {
        request_id: world.desk.ids.next().to_string(),
        webhook_id: id.into(),
        from: Some(from),
    };
    world.dispatch.replay_webhook(by(&brand("aurora"), request)).await.unwrap().into_inner()
}

/// The whole log, oldest first.
async fn log(world: &World, id: &str) -> Vec<WebhookDelivery> {
    let request = ListWebhookDeliveriesRequest {
        page_size: 200,
        page_token: String::new(),
        webhook_id: id.into(),
    };
    let operator = crate::world::operator();
    let answer = world.dispatch.list_webhook_deliveries(by(&operator, request)).await.unwrap();
    let mut entries = answer.into_inner().deliveries;
    entries.reverse();
    entries
}

/// Numbers what was committed and sends until there is nothing to send now.
async fn send(world: &World, post: &Post) {
    world.sequence().await;
    send_on(world, post).await;
}

/// The same when nothing is new.
async fn send_on(world: &World, post: &Post) {
    let mut turns = 0;
    while post.run_once(world.clock.now()).await.unwrap() {
        turns += 1;
        assert!(turns < 1_000, "the sending does not come to an end");
    }
}

/// Offers so many cases.
async fn offered(world: &World, cases: usize) -> Vec<CaseId> {
    let mut made = Vec::new();
    for _ in 0..cases {
        made.push(world.offered().await.0);
    }
    made
}

/// Lets the centres take whatever comes.
async fn make_room(world: &World) {
    let roomy = |name: &str, county: &str| {
        let mut centre = a_centre(name, "aurora", county);
        centre.daily_capacity.iter_mut().for_each(|one| one.visits = 1_000);
        Content::Centre(centre)
    };
    let rows = vec![roomy("a-1", XIHU), roomy("a-2", SHANGCHENG), roomy("a-3", SHANGCHENG)];
    world.import([vec![Content::Brand(a_brand("aurora"))], rows].concat()).await.unwrap();
}
