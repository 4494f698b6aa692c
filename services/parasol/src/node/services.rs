//! The services of a process: what each is given, what they serve, and the loops beside their tasks.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use parasol_bell::Bell;
use parasol_casebook::{Handler, Submitter};
use parasol_desk::Desk;
use parasol_dispatch::{Dispatch, Reach, Weights};
use parasol_evidence::Archive;
use parasol_intake::Intake;
use parasol_journey::task::Role;
use parasol_keeping::Keeping;
use parasol_keeping::reveals::Writer;
use parasol_policy::Shelf;
use parasol_routing::solver::{Induction, VrpCore};
use parasol_runtime::config::{Config, DaySolver, NodeRole};
use parasol_runtime::health::Health;
use parasol_runtime::identity::Staff;
use parasol_runtime::identity::api_keys::ApiKeys;
use parasol_runtime::identity::link::Links;
use parasol_runtime::shutdown::Shutdown;
use parasol_runtime::supervisor::Supervisor;
use parasol_runtime::transport::local;
use parasol_runtime::transport::reveals::Reveals;
use parasol_scheduling::Scheduling;
use parasol_scheduling::relay::RelayProvider;
use parasol_scheduling::relay::local::LocalRelay;
use parasol_tracking::Tracking;
use parasol_tracking::notices::Notices;
use parasol_verification::payment::Till;
use parasol_verification::payment::http::HttpPayments;
use parasol_verification::{Ports, Verification};
use tonic::service::{Routes, RoutesBuilder};
use uuid::Uuid;

use super::base::Base;
use super::loops;
use super::notices;
use super::operations::Operations;
use super::peers::Peers;
use crate::vault::WHOSE;

/// The services of this process.
pub(super) struct Services {
    /// The roles of this process.
    roles: Vec<NodeRole>,
    intake: Intake,
    dispatch: Dispatch,
    scheduling: Scheduling,
    verification: Verification,
    tracking: Tracking,
    notices: Notices,
    operations: Operations,
    keeping: Keeping,
    /// Where it is noted who is shown a customer in full, and who writes that down.
    reveals: (Reveals, Writer),
    /// The epoch of the feed.
    epoch: Uuid,
    /// The rule packs of this process.
    shelf: Shelf,
    /// The retailer's people, for the edge.
    staff: Staff,
    /// The way to this process's committer.
    submitter: Submitter,
    /// Whether other processes may advance the test clock of this one.
    clock_is_shared: bool,
}

impl Services {
    pub(super) async fn new(
        config: &Config,
        (desk, bell, peers, shutdown, archive): (&Desk, &Bell, &Peers, &Shutdown, Archive),
        base: &Base,
    ) -> anyhow::Result<Self> {
        let call_as = |name| {
            local::as_service(peers.transport(), Arc::clone(&base.key), base.clock.clone(), name)
        };
        let clock_is_shared = config.test_clock && !config.is_embedded();
        let epoch = base.store.feed_epoch(base.ids.next()).await?;
        let reach = if config.webhooks.loopback { Reach::Loopback } else { Reach::Public };
        let shelf = Shelf::builtin();
        parasol_verification::load_packs(&base.store, &shelf).await?;
        let staff = Staff::new(config.staff.registered_only);
        let verification = Verification::new(desk.clone())
            .with_ports(outside(config, desk)?)
            .with_shelf(shelf.clone())
            .with_staff(staff.clone(), bell.clone())
            .asking(call_as("verification"));
        // Nobody is let in before it is known who may act.
        verification.roll().run_once().await?;
        let tracking = Tracking::new(desk.clone(), call_as("tracking"), shutdown.clone(), epoch);
        let dispatch = Dispatch::new(desk.clone(), bell.clone(), shutdown.clone(), epoch);
        dispatch.api_keys().run_once().await?;
        let (reveals, seen) = Reveals::new();
        let (peers, lengths) = (call_as("keeping"), config.retention);
        Ok(Self {
            roles: config.roles.clone(),
            intake: Intake::new(desk.clone(), archive).with_shelf(shelf.clone()),
            dispatch: dispatch
                .asking(call_as("dispatch"))
                .scored_over(call_as("dispatch"))
                .reaching(reach)
                .weighing(Weights {
                    distance: config.choosing.distance,
                    load: config.choosing.load,
                    score: config.choosing.score,
                    history: config.choosing.history,
                }),
            scheduling: Scheduling::new(
                desk.clone(),
                bell.clone(),
                call_as("scheduling"),
                shutdown.clone(),
            )
            .planning_by(match config.scheduling.solver {
                DaySolver::Induction => &Induction,
                DaySolver::VrpCore => &VrpCore,
            }),
            verification,
            notices: tracking.notices(notices::settings(config, &base.clock)?),
            tracking,
            operations: Operations::new(desk.clone(), clock_is_shared),
            keeping: Keeping::new(desk.clone(), peers, &WHOSE, lengths),
            reveals: (reveals, Writer::new(desk.clone(), seen)),
            epoch,
            shelf,
            staff,
            submitter: desk.submitter.clone(),
            clock_is_shared,
        })
    }

    /// The retailer's people, as the edge has to ask for them.
    pub(super) fn staff(&self) -> Staff {
        self.staff.clone()
    }

    /// Partners' API keys, as the edge has to ask for them.
    pub(super) fn api_keys(&self) -> ApiKeys {
        self.dispatch.api_keys().keys().clone()
    }

    /// Where layers note who is shown a customer in full.
    pub(super) fn reveals(&self) -> Reveals {
        self.reveals.0.clone()
    }

    pub(super) fn routes(&self, health: &Health) -> anyhow::Result<Routes> {
        let mut routes = RoutesBuilder::default();
        for role in &self.roles {
            match role {
                NodeRole::Intake => self.intake.add_routes(&mut routes),
                NodeRole::Dispatch => self.dispatch.add_routes(&mut routes),
                NodeRole::Scheduling => self.scheduling.add_routes(&mut routes),
                NodeRole::Verification => self.verification.add_routes(&mut routes),
                NodeRole::Tracking => {
                    self.tracking.add_routes(&mut routes);
                    self.notices.add_routes(&mut routes);
                    self.operations.add_routes(&mut routes);
                    self.keeping.add_routes(&mut routes);
                }
                // It hands on.
                NodeRole::Gateway | NodeRole::Router => {}
            }
        }
        routes.add_service(health.grpc_service());
        routes.add_service(parasol_api::descriptor::reflection().build_v1()?);
        routes.add_service(parasol_api::descriptor::reflection().build_v1alpha()?);
        Ok(routes.routes())
    }

    /// As whom the holders of share links call.
    pub(super) fn share_links(&self) -> Links {
        self.tracking.share_links()
    }

    pub(super) fn handlers(&self) -> Vec<(Role, Arc<dyn Handler>)> {
        let work = self.roles.iter().filter_map(|role| match role {
            NodeRole::Intake => self.intake.work(),
            NodeRole::Dispatch => self.dispatch.work(),
            NodeRole::Verification => self.verification.work(),
            NodeRole::Scheduling | NodeRole::Tracking | NodeRole::Gateway | NodeRole::Router => {
                None
            }
        });
        work.collect()
    }

    /// The loops beside the tasks of cases: those of its roles, and what every process has to learn.
    pub(super) async fn start_loops(
        &self,
        supervisor: &Supervisor,
        base: &Base,
        bell: &Bell,
        holder: Uuid,
        poll: Duration,
    ) -> anyhow::Result<()> {
        loops::packs(supervisor, &base.store, &self.shelf);
        loops::calendar(supervisor, &base.store, &self.submitter);
        if self.clock_is_shared {
            loops::test_clock(supervisor, &base.store, &base.clock);
        }
        loops::staff(supervisor, self.verification.roll(), bell, poll);
        loops::api_keys(supervisor, self.dispatch.api_keys(), poll);
        loops::reveals(supervisor, &self.reveals.1);
        for role in &self.roles {
            match role {
                NodeRole::Intake => {
                    loops::evidence(supervisor, self.intake.sweep(), &base.clock);
                    let follower = self.intake.follower(self.epoch, holder);
                    loops::flow(supervisor, follower, &base.clock, poll);
                }
                NodeRole::Dispatch => {
                    loops::webhooks(supervisor, self.dispatch.post(holder), bell, poll);
                    loops::messages(supervisor, self.dispatch.clone());
                    loops::reroute(supervisor, self.dispatch.clone(), &base.clock);
                    loops::sweep(supervisor, &self.dispatch, poll);
                }
                NodeRole::Scheduling => {
                    let relay: Arc<dyn RelayProvider> = Arc::new(LocalRelay::default());
                    loops::relay(supervisor, self.scheduling.exchange(relay, holder), poll);
                }
                NodeRole::Verification => {
                    loops::settlement(supervisor, self.verification.settlement());
                }
                NodeRole::Tracking => {
                    loops::notices(supervisor, self.notices.sending(holder), poll);
                    loops::watching(supervisor, &self.tracking, bell, &base.clock, poll);
                    let scorer = self.tracking.scorer(holder);
                    loops::scores(supervisor, scorer, &base.clock, poll);
                    loops::voice(supervisor, self.tracking.rounds());
                    loops::retention(supervisor, self.keeping.retention(holder));
                }
                NodeRole::Gateway | NodeRole::Router => {}
            }
        }
        Ok(())
    }
}

/// Who moves money and goods for this process.
fn outside(config: &Config, desk: &Desk) -> anyhow::Result<Ports> {
    let local = Ports::local();
    if config.payments.url.is_empty() {
        return Ok(Ports { payments: Arc::new(Till::new(desk.clone())), ..local });
    }
    let payments = HttpPayments::at(&config.payments.url).context("payments.url")?;
    Ok(Ports { payments: Arc::new(payments), ..local })
}
