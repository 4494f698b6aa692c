//! Who is behind a reference: names and numbers of technicians and centres, from the network service.
//!
//! Remembered for half a minute. Who may see a number, and how much of it, is decided here and nowhere
//! else in this service.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use parasol_api::admin::v1::network_service_client::NetworkServiceClient;
use parasol_api::admin::v1::{
    Brand, Centre, GetBrandRequest, GetCentreRequest, GetTechnicianRequest, Technician,
};
use parasol_api::technician::v1::GetRelayNumberRequest;
use parasol_api::technician::v1::visit_service_client::VisitServiceClient;
use parasol_desk::mask;
use parasol_journey::{Case, Stage};
use parasol_runtime::identity::Role;
use parasol_runtime::transport::Transport;

const REMEMBERED_MAX: u64 = 10_000;
const REMEMBERED_FOR: Duration = Duration::from_secs(30);

/// The directory.
#[derive(Clone)]
pub struct People {
    network: NetworkServiceClient<Transport>,
    visits: VisitServiceClient<Transport>,
    technicians: Cache<String, Arc<Technician>>,
    centres: Cache<String, Arc<Centre>>,
    brands: Cache<String, Arc<Brand>>,
}

impl People {
    pub fn new(peers: Transport) -> Self {
        Self {
            network: NetworkServiceClient::new(peers.clone()),
            visits: VisitServiceClient::new(peers),
            technicians: remembering(),
            centres: remembering(),
            brands: remembering(),
        }
    }

    /// A technician; `None` when the network does not know them or does not answer. A timeline without
    /// a name is better than none.
    pub async fn technician(&self, id: &str) -> Option<Arc<Technician>> {
        if let Some(known) = self.technicians.get(id) {
            return Some(known);
        }
        let request = GetTechnicianRequest { technician: id.to_owned() };
        let answer = self.network.clone().get_technician(request).await;
        let found = answer.inspect_err(|error| tracing::debug!(%error, "no technician")).ok()?;
        let found = Arc::new(found.into_inner());
        self.technicians.insert(id.to_owned(), Arc::clone(&found));
        Some(found)
    }

    /// The relay number by which customer and technician reach each other now; empty when there is none or
    /// nobody says. Not remembered: it is right for a while only.
    pub async fn relay(&self, case: &Case) -> String {
        let request = GetRelayNumberRequest { case_id: case.id.to_string() };
        let answer = self.visits.clone().get_relay_number(request).await;
        let found = answer.inspect_err(|error| tracing::debug!(%error, "no relay number"));
        found.map(|found| found.into_inner().number).unwrap_or_default()
    }

    /// A centre; `None` as for technicians.
    pub async fn centre(&self, id: &str) -> Option<Arc<Centre>> {
        if let Some(known) = self.centres.get(id) {
            return Some(known);
        }
        let request = GetCentreRequest { centre: id.to_owned() };
        let answer = self.network.clone().get_centre(request).await;
        let found = answer.inspect_err(|error| tracing::debug!(%error, "no centre")).ok()?;
        let found = Arc::new(found.into_inner());
        self.centres.insert(id.to_owned(), Arc::clone(&found));
        Some(found)
    }

    /// A brand; `None` as for technicians.
    pub async fn brand(&self, id: &str) -> Option<Arc<Brand>> {
        if let Some(known) = self.brands.get(id) {
            return Some(known);
        }
        let request = GetBrandRequest { brand: id.to_owned() };
        let answer = self.network.clone().get_brand(request).await;
        let found = answer.inspect_err(|error| tracing::debug!(%error, "no brand")).ok()?;
        let found = Arc::new(found.into_inner());
        self.brands.insert(id.to_owned(), Arc::clone(&found));
        Some(found)
    }
}

fn remembering<T: Send + Sync + 'static>() -> Cache<String, Arc<T>> {
    Cache::builder().max_capacity(REMEMBERED_MAX).time_to_live(REMEMBERED_FOR).build()
}

/// How much of a technician's number a reader sees. Nobody sees all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// A relay number that reaches the technician, while there is one; else as masked.
    Relayed,
    /// The first three and last four digits.
    Masked,
    /// Nothing.
    Hidden,
}

/// What a reader sees of the technician's number: the customer, and who acts for them, a relay number around a
/// visit that is agreed or going on, masked otherwise, nothing once the case has ended; the field masked.
pub fn sight(role: Role, case: &Case) -> Sight {
    let visiting = matches!(
        case.stage,
        Stage::Appointed | Stage::OnSite | Stage::Inspecting | Stage::Repairing
    );
    match role {
        _ if case.stage.is_ended() => Sight::Hidden,
        Role::Customer | Role::Agent | Role::Manager if visiting => Sight::Relayed,
        Role::Link => Sight::Hidden,
        _ => Sight::Masked,
    }
}

/// A number as far as it may be seen: `198****0001`.
pub fn number(phone: &str, sight: Sight) -> String {
    match sight {
        Sight::Hidden => String::new(),
        Sight::Relayed | Sight::Masked => mask::phone(phone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_shown_as_far_as_it_may_be_seen() {
        assert_eq!(number("19800000001", Sight::Masked), "198****0001");
        assert_eq!(number("19800000001", Sight::Hidden), "");
        assert_eq!(number("19800000001", Sight::Relayed), "198****0001");
    }
}
