//! Admission: how many calls a process has in flight, and whose.
//!
//! A call is let in or refused before anything of it is worked on; nobody waits here. How many a tenant may have in
//! flight follows from how many places are free: no more than those, so that whoever floods a process fills half of
//! it and the next one still finds room, however many flood. Technicians and the house's people get more of what is
//! left, imports less. Who calls is what the credential says.
//!
//! Deliberately not bounded by the layer: calls between services, which are part of a call that was let in; streams,
//! which are open for hours and have limits of their own; health and reflection. An edge that is no gRPC port has places
//! of its own by the same rule ([`Admission::place`]).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures::future::{BoxFuture, ready};
use http::{Request, Response};
use tonic::body::Body;
use tower::{Layer, Service};

use super::{Layers, Refusal, refused};
use crate::identity::{Principal, Role};
use crate::metrics::{Counter, Gauge, Label, Metrics};

/// Who shares a share: a brand with its centres, the technicians of a brand, or one caller.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Tenant(&'static str, String);

/// How much of what is free a tenant may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Priority {
    /// Who stands at a customer's door, or runs the house: four times what is free.
    Urgent,
    /// Everybody else: as much as is free.
    Normal,
    /// Imports: a quarter of what is free.
    Bulk,
}

/// The places of a process. Clones share them.
#[derive(Clone, Debug)]
pub struct Admission {
    places: usize,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by: HashMap<Tenant, usize>,
}

/// Whose share a call counts in, and how much of what is free that may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    tenant: Tenant,
    priority: Priority,
}

impl Share {
    /// The share of somebody whose credential was found to be good; `is_import` for methods that take rows by the
    /// thousand.
    pub fn of(principal: &Principal, is_import: bool) -> Self {
        let subject = || principal.subject.clone();
        let of_brand = || principal.brand.clone().unwrap_or_else(subject);
        let (tenant, priority) = match principal.role {
            Role::Technician => (Tenant("field", of_brand()), Priority::Urgent),
            Role::Agent | Role::Manager | Role::Finance | Role::Operator | Role::Service => {
                (Tenant("house", subject()), Priority::Urgent)
            }
            Role::Brand | Role::Centre => (Tenant("partner", of_brand()), Priority::Normal),
            Role::Customer | Role::Link | Role::Lab | Role::Retailer => {
                (Tenant(principal.role.as_str(), subject()), Priority::Normal)
            }
        };
        Self { tenant, priority: if is_import { Priority::Bulk } else { priority } }
    }

    /// The share of everybody without a credential who comes by one door. Doors are a closed set: who may name one
    /// of their own would have a share of their own.
    pub fn unsigned(door: &str) -> Self {
        Self { tenant: Tenant("anybody", door.to_owned()), priority: Priority::Normal }
    }

    /// How urgent its calls are, as metrics name it.
    pub const fn priority(&self) -> &'static str {
        self.priority.as_str()
    }
}

/// A place that is taken; dropping it frees it.
#[derive(Debug)]
pub struct Place {
    tenant: Tenant,
    taken: Arc<Mutex<Taken>>,
}

impl Admission {
    /// So many calls in flight at a time.
    pub fn of(places: usize) -> Self {
        Self { places, taken: Arc::default() }
    }

    /// How many calls are in flight.
    pub fn in_flight(&self) -> usize {
        lock(&self.taken).all
    }

    /// A place for a call, unless its tenant has its share by now. Nobody waits for one.
    pub fn place(&self, share: Share) -> Option<Place> {
        let Share { tenant, priority } = share;
        let mut taken = lock(&self.taken);
        let free = self.places.saturating_sub(taken.all);
        let own = taken.by.get(&tenant).copied().unwrap_or(0);
        let fits = match priority {
            Priority::Urgent => own < free.saturating_mul(4),
            Priority::Normal => own < free,
            Priority::Bulk => own.saturating_mul(4) < free,
        };
        if !fits {
            return None;
        }
        taken.all += 1;
        *taken.by.entry(tenant.clone()).or_insert(0) += 1;
        drop(taken);
        Some(Place { tenant, taken: Arc::clone(&self.taken) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        taken.all = taken.all.saturating_sub(1);
        if let Some(own) = taken.by.get_mut(&self.tenant) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                taken.by.remove(&self.tenant);
            }
        }
    }
}

fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Priority {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Urgent => "urgent",
            Self::Normal => "normal",
            Self::Bulk => "bulk",
        }
    }
}

/// Whose share a call counts in; `None` for calls that take no place.
fn claim(path: &str, principal: Option<&Principal>, is_long: bool) -> Option<Share> {
    let is_import = is_import(path);
    if path.starts_with("/grpc.") || is_long && !is_import {
        return None;
    }
    match principal {
        Some(principal) if principal.role == Role::Service => None,
        Some(principal) => Some(Share::of(principal, is_import)),
        None => Some(Share::unsigned("")),
    }
}

/// Whether a method takes rows by the thousand, by its path.
pub fn is_import(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|method| method.starts_with("Import"))
}

/// Lets calls in.
#[derive(Clone)]
pub struct AdmissionLayer {
    admission: Admission,
    long_lived: fn(path: &str) -> bool,
    metrics: Metrics,
}

impl AdmissionLayer {
    /// The layer as `layers` wants it; inside of the one that knows who calls.
    pub fn new(layers: &Layers) -> Self {
        let Layers { admission, long_lived, metrics, .. } = layers.clone();
        Self { admission, long_lived, metrics }
    }

    fn note(&self) {
        self.metrics.set(Gauge::CallsInFlight, self.admission.in_flight() as f64, &[]);
    }
}

impl<S> Layer<S> for AdmissionLayer {
    type Service = Admitting<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Admitting { inner, layer: self.clone() }
    }
}

/// A service that has places.
#[derive(Clone)]
pub struct Admitting<S> {
    inner: S,
    layer: AdmissionLayer,
}

impl<S> Service<Request<Body>> for Admitting<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<Body>, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let path = request.uri().path();
        let is_long = (self.layer.long_lived)(path);
        let principal = request.extensions().get::<Principal>();
        let Some(share) = claim(path, principal, is_long) else {
            return Box::pin(self.inner.call(request));
        };
        let label = Label::new("priority", share.priority());
        let Some(place) = self.layer.admission.place(share) else {
            self.layer.metrics.count(Counter::CallsShed, 1, &[label]);
            return Box::pin(ready(Ok(refused(Refusal::Overloaded))));
        };
        self.layer.note();
        let (layer, response) = (self.layer.clone(), self.inner.call(request));
        Box::pin(async move {
            let response = response.await;
            drop(place);
            layer.note();
            response
        })
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::time::Duration;

    use futures::poll;
    use parasol_api::Reason;
    use tonic::Code;

    use super::*;
    use crate::transport::Transport;
    use crate::transport::probe::{Answer, Bench, call};

    const GATE: &str = "/test.Probe/Gate";
    const WHOAMI: &str = "/test.Probe/Whoami";

    fn tenant(name: &str) -> Tenant {
        Tenant("partner", name.to_owned())
    }

    fn share(name: &str, priority: Priority) -> Share {
        Share { tenant: tenant(name), priority }
    }

    /// As many places as one gets.
    fn flood(admission: &Admission, name: &str, priority: Priority) -> Vec<Place> {
        std::iter::from_fn(|| admission.place(share(name, priority))).collect()
    }

    #[test]
    fn whoever_floods_leaves_room_and_the_next_one_finds_it() {
        let admission = Admission::of(64);
        let first = flood(&admission, "a", Priority::Normal);
        let second = flood(&admission, "b", Priority::Normal);
        let third = flood(&admission, "c", Priority::Normal);
        assert_eq!((first.len(), second.len(), third.len()), (32, 16, 8));
        assert!(admission.place(share("d", Priority::Normal)).is_some(), "room for one more");
        assert!(admission.place(share("a", Priority::Normal)).is_none());
        // Once its calls end it has no more than the others.
        drop(first);
        let again = flood(&admission, "a", Priority::Normal);
        assert_eq!(again.len(), 20);
        drop((second, third, again));
        assert_eq!(admission.in_flight(), 0);
        assert!(lock(&admission.taken).by.is_empty(), "who has none is forgotten");
        assert_eq!(flood(&admission, "a", Priority::Normal).len(), 32);
    }

    #[test]
    fn imports_leave_most_of_it_and_the_field_gets_most_of_it() {
        let admission = Admission::of(60);
        let imports = flood(&admission, "a", Priority::Bulk);
        assert_eq!(imports.len(), 12, "a fifth");
        let partner = flood(&admission, "b", Priority::Normal);
        assert_eq!(partner.len(), 24, "half of the rest");
        assert!(admission.place(share("a", Priority::Bulk)).is_none());
        let field = flood(&admission, "c", Priority::Urgent);
        assert_eq!(field.len(), 20, "four fifths of what is left then");
    }

    #[test]
    fn everybody_has_a_share_of_their_own_but_for_services_streams_and_probes() {
        let of = |path: &str, role, is_long| {
            let principal = Principal::new(role, "x").of_brand("aurora");
            claim(path, Some(&principal), is_long)
        };
        let (unary, import) = ("/p.S/Get", "/p.S/ImportOrders");
        let (brand, centre) = (of(unary, Role::Brand, false), of(unary, Role::Centre, false));
        assert_eq!(brand, centre, "a brand with its centres");
        assert_eq!(brand, Some(share("aurora", Priority::Normal)));
        let some = |kind, name: &str, priority| {
            Some(Share { tenant: Tenant(kind, name.to_owned()), priority })
        };
        let field = some("field", "aurora", Priority::Urgent);
        assert_eq!(of(unary, Role::Technician, false), field);
        assert_eq!(of(unary, Role::Agent, false), some("house", "x", Priority::Urgent));
        assert_eq!(of(import, Role::Operator, true), some("house", "x", Priority::Bulk));
        assert_eq!(of("/p.S/Watch", Role::Technician, true), None);
        assert_eq!(of(unary, Role::Service, false), None);
        assert_eq!(claim("/grpc.health.v1.Health/Check", None, false), None);
        assert_eq!(claim(unary, None, false), some("anybody", "", Priority::Normal));
    }

    type Calling<'a> = Pin<Box<dyn Future<Output = Answer> + 'a>>;

    /// Begins so many calls; those that are answered at once, and those that go on.
    async fn begin<'a>(
        transport: &'a Transport,
        path: &'a str,
        header: &'a str,
        many: usize,
    ) -> (Vec<Answer>, Vec<Calling<'a>>) {
        let (mut answered, mut going_on) = (Vec::new(), Vec::new());
        for _ in 0..many {
            let mut calling: Calling<'a> =
                Box::pin(async move { call(transport, path, &[("authorization", header)]).await });
            match poll!(calling.as_mut()) {
                Poll::Ready(answer) => answered.push(answer),
                Poll::Pending => going_on.push(calling),
            }
        }
        (answered, going_on)
    }

    #[tokio::test]
    async fn an_eager_tenant_is_refused_early_while_others_go_on_and_after_it_all_are_let_in() {
        let admission = Admission::of(16);
        let given = admission.clone();
        let bench = Bench::with(|layers| layers.admission = given).await;
        let bearer = |role, subject: &str, brand: &str| {
            format!("Bearer {}", bench.token(&Principal::new(role, subject).of_brand(brand)))
        };
        let eager = bearer(Role::Brand, "aurora", "aurora");
        let other = bearer(Role::Brand, "borealis", "borealis");
        let technician = bearer(Role::Technician, "t-1", "aurora");
        for round in 0..3 {
            let (refused, held) = begin(&bench.local, GATE, &eager, 100).await;
            assert_eq!((refused.len(), held.len()), (92, 8), "round {round}");
            for answer in refused {
                assert_eq!(answer.code, Code::ResourceExhausted);
                assert_eq!(answer.error.reason(), Reason::Overloaded);
                assert!(answer.error.retry_delay() >= Some(Duration::from_secs(1)));
                assert!(answer.told.is_empty(), "it was worked on");
            }
            let centre = bearer(Role::Centre, "c-1", "aurora");
            let told = call(&bench.local, WHOAMI, &[("authorization", &centre)]).await;
            assert_eq!(told.code, Code::ResourceExhausted, "a centre of the same brand");
            for header in [&other, &technician] {
                let (answered, _) = begin(&bench.local, WHOAMI, header, 50).await;
                assert!(answered.iter().all(|answer| answer.code == Code::Ok), "{answered:?}");
                assert_eq!(answered.len(), 50, "none waited");
            }
            let (refused, others) = begin(&bench.local, GATE, &other, 5).await;
            assert_eq!((refused.len(), others.len()), (1, 4), "its share of what is left");
            // What was let in is answered.
            bench.gate.open.notify_waiters();
            for calling in held.into_iter().chain(others) {
                let answer = calling.await;
                assert_eq!((answer.code, answer.told.as_str()), (Code::Ok, "through"));
            }
            assert_eq!(admission.in_flight(), 0);
        }
    }

    #[tokio::test]
    async fn a_caller_who_goes_away_frees_its_place() {
        let admission = Admission::of(4);
        let given = admission.clone();
        let bench = Bench::with(|layers| layers.admission = given).await;
        let token = bench.token(&Principal::new(Role::Customer, "c-1"));
        let header = format!("Bearer {token}");
        let (_, held) = begin(&bench.local, GATE, &header, 9).await;
        assert_eq!((held.len(), admission.in_flight()), (2, 2));
        drop(held);
        assert_eq!(admission.in_flight(), 0);
    }
}
