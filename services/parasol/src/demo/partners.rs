//! The brands' side of the demonstration: each brand listens to its offers, as a brand's backend would.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use parasol_api::partner::v1::offer_service_client::OfferServiceClient;
use parasol_api::partner::v1::stream_offers_response::Change;
use parasol_api::partner::v1::{Offer, OfferState, StreamOffersRequest};
use parasol_runtime::identity::{Principal, Role};
use parasol_runtime::supervisor::{Backoff, OnFailure, OnStop, Supervisor, TaskKind};
use tokio::sync::Notify;

use super::wire::Wire;

/// How long a brand may take to hear of an offer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The latest offer of each case, as the brands heard of it.
#[derive(Clone, Default)]
pub struct Partners {
    offers: Arc<Mutex<HashMap<String, Offer>>>,
    heard: Arc<Notify>,
}

/// A brand, as a caller.
pub fn brand(id: &str) -> Principal {
    Principal::new(Role::Brand, id).of_brand(id)
}

/// A centre, as a caller.
pub fn centre(id: &str, brand: &str) -> Principal {
    Principal::new(Role::Centre, id).of_brand(brand)
}

/// A technician, as a caller.
pub fn technician(id: &str, brand: &str) -> Principal {
    Principal::new(Role::Technician, id).of_brand(brand)
}

impl Partners {
    /// Lets brands listen until the process stops; a broken stream goes on from its cursor.
    pub fn listen(&self, supervisor: &Supervisor, wire: &Wire, brands: &[String]) {
        let kind = TaskKind {
            name: "demo.brand",
            on_stop: OnStop::Abort,
            on_failure: OnFailure::Restart(Backoff {
                first: Duration::from_millis(50),
                max: Duration::from_secs(1),
            }),
        };
        for id in brands {
            let (own, wire, player) = (self.clone(), wire.clone(), brand(id));
            let cursor = Arc::new(Mutex::new(String::new()));
            let shutdown = supervisor.shutdown().clone();
            supervisor.spawn(kind, move || {
                let (own, wire, player) = (own.clone(), wire.clone(), player.clone());
                let (cursor, shutdown) = (Arc::clone(&cursor), shutdown.clone());
                async move {
                    let ended = own.follow(&wire, &player, &cursor).await;
                    if shutdown.is_stopping() { Ok(()) } else { ended }
                }
            });
        }
    }

    async fn follow(
        &self,
        wire: &Wire,
        player: &Principal,
        cursor: &Mutex<String>,
    ) -> anyhow::Result<()> {
        let from = cursor.lock().expect("no holder of this lock panics").clone();
        let request = wire.request(player, StreamOffersRequest { cursor: from })?;
        let mut client = OfferServiceClient::new(wire.channel());
        let mut stream = client.stream_offers(request).await?.into_inner();
        while let Some(message) = stream.message().await? {
            if let Some(Change::Offer(offer)) = message.change {
                let mut offers = self.offers.lock().expect("no holder of this lock panics");
                offers.insert(offer.case_id.clone(), *offer);
                self.heard.notify_waiters();
            }
            *cursor.lock().expect("no holder of this lock panics") = message.cursor;
        }
        anyhow::bail!("the stream of offers ended")
    }

    /// The live offer of a case that is none of the `answered` ones, once its brand has heard of it.
    pub async fn live_offer(
        &self,
        case: &str,
        answered: &HashSet<String>,
    ) -> anyhow::Result<Offer> {
        let heard = async {
            loop {
                let notified = self.heard.notified();
                let known =
                    self.offers.lock().expect("no holder of this lock panics").get(case).cloned();
                match known {
                    Some(offer)
                        if offer.state() == OfferState::Offered
                            && !answered.contains(&offer.offer_id) =>
                    {
                        return offer;
                    }
                    _ => notified.await,
                }
            }
        };
        tokio::time::timeout(PATIENCE, heard)
            .await
            .map_err(|_| anyhow::anyhow!("the brand never heard of the offer of {case}"))
    }
}
