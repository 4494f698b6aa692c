//! Which process answers a call: the roles of the contract's services, and the way to each.
//!
//! Services of one process reach each other through the same clients and layers as those of several: a call
//! goes to this process if it plays the role, and else to one that does. Services are made before the transport
//! that leads to them, so the way is laid first and connected once all of them stand.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use anyhow::Context as _;
use parasol_api::{Error, Reason};
use parasol_runtime::config::{Config, NodeRole};
use parasol_runtime::transport::Transport;
use parasol_runtime::transport::replicas::replicas;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::Request;
use tower::{Service as _, ServiceExt as _};

/// Who answers for each service of the contract.
const SERVED_BY: [(&str, NodeRole); 21] = [
    ("parasol.intake.v1.IntakeService", NodeRole::Intake),
    ("parasol.intake.v1.KnowledgeService", NodeRole::Intake),
    ("parasol.intake.v1.OrderService", NodeRole::Intake),
    ("parasol.partner.v1.OfferService", NodeRole::Dispatch),
    ("parasol.admin.v1.NetworkService", NodeRole::Dispatch),
    ("parasol.admin.v1.ConformanceService", NodeRole::Dispatch),
    ("parasol.admin.v1.CredentialService", NodeRole::Dispatch),
    ("parasol.partner.v1.AppointmentService", NodeRole::Scheduling),
    ("parasol.technician.v1.VisitService", NodeRole::Scheduling),
    ("parasol.admin.v1.ChecklistService", NodeRole::Scheduling),
    ("parasol.partner.v1.VerdictService", NodeRole::Verification),
    ("parasol.verification.v1.DecisionService", NodeRole::Verification),
    ("parasol.verification.v1.SettlementService", NodeRole::Verification),
    ("parasol.admin.v1.PolicyService", NodeRole::Verification),
    ("parasol.admin.v1.StaffService", NodeRole::Verification),
    ("parasol.tracking.v1.TrackingService", NodeRole::Tracking),
    ("parasol.tracking.v1.ScoreService", NodeRole::Tracking),
    ("parasol.tracking.v1.VoiceService", NodeRole::Tracking),
    ("parasol.tracking.v1.NoticeService", NodeRole::Tracking),
    ("parasol.admin.v1.OperationsService", NodeRole::Tracking),
    ("parasol.admin.v1.PrivacyService", NodeRole::Tracking),
];

/// The role that answers for a service of the contract, by its full name.
pub fn role_of(service: &str) -> Option<NodeRole> {
    SERVED_BY.iter().find(|(name, _)| *name == service).map(|(_, role)| *role)
}

/// One of the services that a role answers for; the gateway answers for none of its own.
pub(crate) fn service_of(role: NodeRole) -> Option<&'static str> {
    SERVED_BY.iter().find(|(_, served)| *served == role).map(|(name, _)| *name)
}

/// The way to every service of the cell.
#[derive(Clone)]
pub struct Peers {
    here: Arc<OnceLock<Transport>>,
    elsewhere: Arc<HashMap<NodeRole, Transport>>,
}

impl Peers {
    /// The way, as far as it leads to other processes.
    ///
    /// # Errors
    /// When an address of the configuration is none.
    pub fn new(config: &Config) -> anyhow::Result<Self> {
        let left_out = NodeRole::ALL.into_iter().filter(|role| !config.plays(*role));
        let ways = left_out.filter(|role| *role != NodeRole::Gateway).map(|role| {
            let way = replicas(config.peers.of(role), &config.limits)
                .with_context(|| format!("peers.{}", role.as_str()))?;
            Ok((role, way))
        });
        Ok(Self { here: Arc::default(), elsewhere: Arc::new(ways.collect::<anyhow::Result<_>>()?) })
    }

    /// The way. Calls to this process before it is connected answer that it is not there yet.
    pub fn transport(&self) -> Transport {
        let peers = self.clone();
        Transport::new(tower::service_fn(move |request: Request<Body>| {
            let target = peers.elsewhere(&request).or(peers.here.get()).cloned();
            async move {
                let Some(mut target) = target else {
                    return Err(Status::from(Error::new(Reason::StoreUnavailable)));
                };
                target.ready().await?.call(request).await
            }
        }))
    }

    /// Connects the way with this process, once.
    pub fn connect(&self, transport: Transport) {
        // A second call would change nothing, and there is none.
        let _ = self.here.set(transport);
    }

    /// What the port of the gateway answers with: `here` for what this process plays itself, and for all else
    /// `away`, which leads to the other processes.
    pub fn edge(&self, here: Transport, away: Transport) -> Transport {
        let peers = self.clone();
        Transport::new(tower::service_fn(move |request: Request<Body>| {
            let is_away = peers.elsewhere(&request).is_some();
            let mut target = if is_away { away.clone() } else { here.clone() };
            async move { target.ready().await?.call(request).await }
        }))
    }

    fn elsewhere(&self, request: &Request<Body>) -> Option<&Transport> {
        let service = request.uri().path().split('/').nth(1)?;
        self.elsewhere.get(&role_of(service)?)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_service_of_the_contract_has_one_role() {
        let pool = parasol_api::descriptor::pool();
        let names = pool.services().map(|service| service.full_name().to_owned());
        let contract: BTreeSet<_> = names.filter(|name| name.starts_with("parasol.")).collect();
        let served: BTreeSet<_> = SERVED_BY.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(contract, served);
        assert_eq!(served.len(), SERVED_BY.len(), "one stands there twice");
    }
}
