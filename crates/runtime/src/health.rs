//! Whether the process is ready, and which of its gRPC services serve.
//!
//! Readiness is a set of named latches, each released once by the part that becomes ready
//! (migrations applied, store reachable, listener bound); the process is ready when all are. A
//! latch never closes again. Liveness is that the process answers at all: it asks nothing, so that
//! a dead dependency never gets a healthy process killed. This module probes nothing itself.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt;
use serde::Serialize;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

/// The health of this process. A clone shows the same.
#[derive(Clone)]
pub struct Health {
    state: Arc<Mutex<Snapshot>>,
    reporter: HealthReporter,
    /// Held while statuses are published, so that a stale one never overwrites a newer one.
    publishing: Arc<tokio::sync::Mutex<()>>,
}

/// One condition of readiness. Dropped without release it stays closed, and the process unready.
#[must_use = "a latch that is never released keeps the process unready"]
pub struct Latch {
    name: &'static str,
    health: Health,
}

/// What `/readyz` answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// Whether the process takes work: every latch is released and stopping has not begun.
    pub ready: bool,
    /// Whether stopping has begun.
    pub stopping: bool,
    /// Each latch and whether it is released.
    pub latches: BTreeMap<&'static str, bool>,
    /// Each gRPC service and whether it serves.
    pub services: BTreeMap<String, bool>,
}

impl Default for Health {
    fn default() -> Self {
        Self::new()
    }
}

impl Health {
    /// A process that is ready, as long as nobody takes a latch. Over gRPC it serves only after
    /// the first change.
    pub fn new() -> Self {
        let reporter = HealthReporter::new();
        // The reporter starts out as serving; nothing is serving yet. A task that has used up its turn
        // would be made to wait even for a free lock.
        tokio::task::unconstrained(reporter.set_service_status("", ServingStatus::NotServing))
            .now_or_never()
            .expect("nobody else holds the lock of a new reporter");
        let state = Snapshot { ready: true, ..Snapshot::default() };
        Self { state: Arc::new(Mutex::new(state)), reporter, publishing: Arc::default() }
    }

    /// The `grpc.health.v1.Health` service over these statuses; the empty service name stands for
    /// the whole process.
    pub fn grpc_service(&self) -> HealthServer<HealthService> {
        HealthServer::new(HealthService::from_health_reporter(self.reporter.clone()))
    }

    /// Adds a condition of readiness. Take all latches before the first is released.
    pub fn latch(&self, name: &'static str) -> Latch {
        let mut state = self.state();
        state.latches.insert(name, false);
        state.settle();
        Latch { name, health: self.clone() }
    }

    /// Says whether a gRPC service, by its full name, serves. Once stopping has begun none does.
    pub async fn set_service(&self, name: &str, serving: bool) {
        {
            let mut state = self.state();
            let serving = serving && !state.stopping;
            state.services.insert(name.to_owned(), serving);
        }
        self.publish().await;
    }

    /// Stopping begins: unready at once and for good, and every gRPC service not serving, so that
    /// balancers turn away before connections are closed.
    pub async fn set_stopping(&self) {
        {
            let mut state = self.state();
            state.stopping = true;
            state.settle();
            state.services.values_mut().for_each(|serving| *serving = false);
        }
        self.publish().await;
    }

    /// Whether every latch is released and stopping has not begun.
    pub fn is_ready(&self) -> bool {
        self.state().ready
    }

    /// The present state.
    pub fn snapshot(&self) -> Snapshot {
        self.state().clone()
    }

    async fn publish(&self) {
        let _turn = self.publishing.lock().await;
        let snapshot = self.snapshot();
        self.reporter.set_service_status("", status(snapshot.ready)).await;
        for (name, serving) in snapshot.services {
            self.reporter.set_service_status(name, status(serving)).await;
        }
    }

    fn state(&self) -> MutexGuard<'_, Snapshot> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Snapshot {
    fn settle(&mut self) {
        self.ready = !self.stopping && self.latches.values().all(|released| *released);
    }
}

impl Latch {
    /// The condition holds from now on.
    pub async fn release(self) {
        {
            let mut state = self.health.state();
            state.latches.insert(self.name, true);
            state.settle();
        }
        self.health.publish().await;
    }
}

fn status(serving: bool) -> ServingStatus {
    if serving { ServingStatus::Serving } else { ServingStatus::NotServing }
}

#[cfg(test)]
mod tests {
    use tonic_health::pb::HealthCheckRequest;
    use tonic_health::pb::health_check_response::ServingStatus as Wire;
    use tonic_health::pb::health_client::HealthClient;

    use super::*;

    async fn over_grpc(health: &Health, service: &str) -> Wire {
        let mut client = HealthClient::new(health.grpc_service());
        let request = HealthCheckRequest { service: service.to_owned() };
        client.check(request).await.unwrap().into_inner().status()
    }

    #[tokio::test]
    async fn ready_when_all_latches_are_released() {
        let health = Health::new();
        let (store, listener) = (health.latch("store"), health.latch("listener"));
        assert!(!health.is_ready());
        store.release().await;
        assert!(!health.is_ready());
        assert_eq!(over_grpc(&health, "").await, Wire::NotServing);
        listener.release().await;
        assert!(health.is_ready());
        assert_eq!(over_grpc(&health, "").await, Wire::Serving);
    }

    #[tokio::test]
    async fn a_dropped_latch_keeps_the_process_unready() {
        let health = Health::new();
        drop(health.latch("migrations"));
        health.latch("store").release().await;
        assert!(!health.is_ready());
        let latches = health.snapshot().latches;
        assert_eq!(latches, BTreeMap::from([("migrations", false), ("store", true)]));
    }

    #[tokio::test]
    async fn stopping_turns_every_service_off_for_good() {
        let health = Health::new();
        health.set_service("parasol.intake.v1.IntakeService", true).await;
        health.latch("store").release().await;
        assert_eq!(over_grpc(&health, "parasol.intake.v1.IntakeService").await, Wire::Serving);
        let late = health.latch("late");
        health.set_stopping().await;
        late.release().await;
        assert_eq!(over_grpc(&health, "").await, Wire::NotServing);
        assert_eq!(over_grpc(&health, "parasol.intake.v1.IntakeService").await, Wire::NotServing);
        let snapshot = serde_json::to_value(health.snapshot()).unwrap();
        assert_eq!(snapshot["ready"], false);
        assert_eq!(snapshot["services"]["parasol.intake.v1.IntakeService"], false);
    }
}
