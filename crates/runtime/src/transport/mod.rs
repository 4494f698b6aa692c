//! The layers around every call, the same in one process and over TCP.
//!
//! Owns deadlines, caught panics, traces, who may call what, how many may at a time and who sees what of an answer. A service is a set of tonic routes
//! that knows nothing of this; [`Layers::around`] turns it into a [`Transport`], which is called
//! directly ([`local`]) or served on a port ([`server`]). Which methods there are and who may call
//! them is the contract's to say; what is said on a refusal is the error model's.

pub mod admission;
pub mod auth;
mod body;
pub mod catch_panic;
pub mod contract;
pub mod deadline;
pub mod local;
pub mod raw;
mod refusal;
pub mod replicas;
pub mod reveals;
pub mod server;
pub mod tls;
pub mod trace;
pub mod visibility;

use std::sync::Arc;
use std::time::Duration;

use tonic::Status;
use tonic::body::Body;
use tonic::service::Routes;
use tower::util::BoxCloneSyncService;
use tower::{Layer, ServiceExt};

use self::admission::Admission;
use self::refusal::{Refusal, in_our_words, refused};
use self::reveals::Reveals;
use crate::clock::Clock;
use crate::config::Limits;
use crate::identity::api_keys::ApiKeys;
use crate::identity::issuers::Issuers;
use crate::identity::link::Links;
use crate::identity::{Role, Staff, TokenKey};
use crate::ids::IdSource;
use crate::metrics::Metrics;

/// What generated clients are made over, whether the service is in this process or not.
///
/// A call that fails on the way answers with a gRPC status like one that fails in the service, so
/// the error type is a formality that tonic's clients need.
pub type Transport = BoxCloneSyncService<http::Request<Body>, http::Response<Body>, Status>;

/// Whether a caller may call a method, by its path (`/package.Service/Method`); `None` = a caller
/// without credential.
pub type Access = fn(path: &str, role: Option<Role>) -> bool;

/// What the layers need. Cheap to clone.
#[derive(Clone)]
pub struct Layers {
    /// Makes the ids of incidents.
    pub ids: IdSource,
    /// Tells whether a token is still valid.
    pub clock: Clock,
    /// Checks tokens.
    pub key: Arc<TokenKey>,
    /// Whose tokens are taken beside those of the key.
    pub issuers: Issuers,
    /// The API keys of partners.
    pub api_keys: ApiKeys,
    /// Who may call what; default deny.
    pub access: Access,
    /// The retailer's people, who may be suspended.
    pub staff: Staff,
    /// Takes the duration of calls and the number of panics.
    pub metrics: Metrics,
    /// The longest a call may take until its response begins.
    pub request_timeout: Duration,
    /// Methods, by path, that `request_timeout` does not cut: those that take a stream. They are
    /// bound by the deadline their caller sets, and by their own limits.
    pub long_lived: fn(path: &str) -> bool,
    /// Tells share links that are good from others; without it none is.
    pub links: Option<Links>,
    /// How many calls are in flight, of all ways into this process together.
    pub admission: Admission,
    /// Where it is noted who is shown a customer in full; without it nobody writes that down.
    pub reveals: Option<Reveals>,
}

impl Layers {
    /// The layers of production: the contract's access table, and its streams long-lived. The register of the
    /// retailer's people is empty, and no issuer's tokens and no API keys are taken; put the process's own in their place.
    pub fn new(
        ids: IdSource,
        clock: Clock,
        key: Arc<TokenKey>,
        metrics: Metrics,
        limits: &Limits,
    ) -> Self {
        let request_timeout = limits.request_timeout();
        let (access, long_lived): (Access, _) = (contract::allows, contract::is_streaming);
        let (staff, issuers, api_keys) = Default::default();
        let admission = Admission::of(limits.calls);
        Self {
            ids,
            clock,
            key,
            issuers,
            api_keys,
            access,
            staff,
            metrics,
            request_timeout,
            long_lived,
            links: None,
            admission,
            reveals: None,
        }
    }

    /// The same layers, letting holders of share links in.
    #[must_use]
    pub fn with_links(self, links: Links) -> Self {
        Self { links: Some(links), ..self }
    }

    /// Puts the layers around services. From the outside in: trace (sees every outcome), panic,
    /// auth, admission (needs to know who calls), visibility, deadline.
    pub fn around(&self, routes: Routes) -> Transport {
        let deadline =
            deadline::DeadlineLayer::capped(self.request_timeout).except(self.long_lived);
        let auth = auth::AuthLayer::new(self);
        let panic = catch_panic::CatchPanicLayer::new(self);
        let trace = trace::TraceLayer::new(self);
        let admission = admission::AdmissionLayer::new(self);
        let seen = visibility::VisibilityLayer::new(self);
        let routes = routes.prepare();
        let routes = ServiceExt::<http::Request<Body>>::map_response(routes, in_our_words);
        let inner = admission.layer(seen.layer(deadline.layer(routes)));
        let service = trace.layer(panic.layer(auth.layer(inner)));
        Transport::new(service.map_err(|never| match never {}))
    }

    /// Puts what the edge adds around calls that are handed on to other processes: their trace begins here.
    /// Who calls, and what they may, is for the process that answers to say.
    pub fn around_way(&self, way: Transport) -> Transport {
        Transport::new(trace::TraceLayer::new(self).layer(way))
    }
}

#[cfg(test)]
pub(crate) mod probe;
