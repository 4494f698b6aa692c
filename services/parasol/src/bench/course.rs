//! The case the benchmark drives: twelve durable facts, one signal from outside, one 50 ms timer.
//!
//! Eight are calls through the gRPC API (filing, acceptance, technician, appointment, check-in,
//! certificate, repair, an agent's word that the customer has been told of it), three are the house's own
//! work (triage, offer, decision), one is the timer that closes the case. The agent stands for the notice,
//! which would wait for the morning where the benchmark runs at night. The driver learns from the bell that the house has done its part, so that what is
//! measured is the write path and not a stream.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, bail};
use parasol_api::common::v1::CaseView;
use parasol_api::intake::v1::FileCaseResponse;
use parasol_api::{Error, Reason};
use parasol_bell::Bell;
use parasol_casebook::{Store, Submitter};
use parasol_journey::ids::CaseId;
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::{Case, Stage};
use parasol_runtime::clock::{Clock, Stopwatch};
use parasol_runtime::config::Config;
use parasol_runtime::transport::local;
use prost::Message;

use super::calls::{self, Call, Place};
use super::world::TECHNICIANS;
use crate::demo::Wire;
use crate::node::Node;

/// Connections the drivers share.
const CONNECTIONS: usize = 8;
/// How long a case may stand still before the benchmark gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// What all drivers share.
pub struct Shared {
    pub wires: Vec<Wire>,
    pub submitter: Submitter,
    pub store: Store,
    pub bell: Bell,
    pub clock: Clock,
    /// The next unit nobody has filed for.
    pub next: AtomicUsize,
    /// The first day visits are booked on.
    pub first_day: Timestamp,
    /// Visits given to each centre so far.
    pub visits: Mutex<HashMap<String, usize>>,
}

impl Shared {
    /// Drivers of a node, at its first unit.
    ///
    /// # Errors
    /// When the node cannot be dialled.
    pub fn of(node: &Node, config: &Config) -> anyhow::Result<Self> {
        let address = format!("http://{}", node.grpc);
        let wires = (0..CONNECTIONS)
            .map(|_| Ok(Wire::new(local::dial(&address, &config.limits)?, node.tokens(), None)));
        let tomorrow = (node.clock.now() + Span::days(1)).shanghai_day();
        Ok(Self {
            wires: wires.collect::<anyhow::Result<_>>()?,
            submitter: node.submitter.clone(),
            store: node.store.clone(),
            bell: node.bell.clone(),
            clock: node.clock.clone(),
            next: AtomicUsize::new(0),
            first_day: Timestamp::shanghai_midnight(tomorrow),
            visits: Mutex::default(),
        })
    }
}

/// Drives one case after another.
pub struct Driver {
    pub shared: Arc<Shared>,
    pub nth: usize,
    /// One case in so many also asks for a window that is taken; 0 for none.
    pub refused_every: usize,
    /// Each call's method and how long it took.
    pub latencies: Vec<(&'static str, Duration)>,
    pub refused: usize,
}

impl Driver {
    /// One whole case.
    pub async fn drive(&mut self) -> anyhow::Result<()> {
        let unit = self.shared.next.fetch_add(1, Ordering::Relaxed);
        let id = self.file(unit).await?;
        let mut rings = self.shared.bell.watch_case(id);
        let case = self.until(id, &mut rings, Stage::Dispatched).await?;
        let offer = case.offer.as_ref().context("a dispatched case has an offer")?;
        let place = self.place(offer.centre.as_str());
        self.call(calls::accept(id, &place, offer.id)).await?;
        self.call(calls::assign(id, &place)).await?;
        self.book(id, unit, &place).await?;
        self.call(calls::check_in(id, &place)).await?;
        let now = self.shared.clock.now();
        self.call(calls::inspect(id, unit, &place, now)).await?;
        self.until(id, &mut rings, Stage::Repairing).await?;
        self.call(calls::complete(id, &place)).await?;
        self.tell(id).await?;
        self.until(id, &mut rings, Stage::Closed).await?;
        Ok(())
    }

    fn place(&self, centre: &str) -> Place {
        let mut visits = self.shared.visits.lock().expect("no holder of this lock panics");
        let next = visits.entry(centre.to_owned()).or_default();
        let place = Place::new(centre, *next);
        *next += 1;
        place
    }

    /// Files for a unit.
    pub async fn file(&mut self, unit: usize) -> anyhow::Result<CaseId> {
        let answer = self.call(calls::file(unit)).await?;
        let filed = FileCaseResponse::decode(answer.as_slice())?;
        let CaseView { case_id, .. } = filed.case.unwrap_or_default();
        Ok(case_id.parse()?)
    }

    async fn book(&mut self, id: CaseId, unit: usize, place: &Place) -> anyhow::Result<()> {
        let asks_too_often = self.refused_every > 0 && unit.is_multiple_of(self.refused_every);
        // The technician's visit before this one has its window already.
        let earlier = place.visit.checked_sub(TECHNICIANS).filter(|_| asks_too_often);
        let first_day = self.shared.first_day;
        if let Some(earlier) = earlier {
            match self.call(calls::book(id, place, earlier, first_day)).await {
                Ok(_) => return Ok(()),
                Err(error) if is_for(&error, Reason::SlotTaken) => self.refused += 1,
                Err(error) => return Err(error),
            }
        }
        self.call(calls::book(id, place, place.visit, first_day)).await.map(drop)
    }

    async fn tell(&mut self, id: CaseId) -> anyhow::Result<()> {
        match self.call(calls::told(id)).await {
            Ok(_) => Ok(()),
            // The house's own notice was there first.
            Err(error) if is_for(&error, Reason::TaskSuperseded) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn call(&mut self, call: Call) -> anyhow::Result<Vec<u8>> {
        let wire = &self.shared.wires[self.nth % self.shared.wires.len()];
        let Call { player, path, body } = call;
        let one = Stopwatch::start();
        let answer = wire.raw(&player, path, body).await;
        self.latencies.push((path, one.elapsed()));
        answer.with_context(|| path.to_owned())
    }

    /// The case once it is in a stage; `rings` are its own.
    pub async fn until(
        &self,
        id: CaseId,
        rings: &mut parasol_bell::CaseWatcher,
        stage: Stage,
    ) -> anyhow::Result<Arc<Case>> {
        let started = Stopwatch::start();
        loop {
            let case = match self.shared.submitter.recent_case(id) {
                Some(case) => Some(case),
                None => self.shared.store.case(id).await?.map(Arc::new),
            };
            match case {
                Some(case) if case.stage == stage => return Ok(case),
                Some(case) if case.stage.is_ended() => bail!("{id} ended as {}", case.stage),
                _ => {}
            }
            if started.elapsed() > PATIENCE {
                bail!("{id} never became {stage}");
            }
            let _ = tokio::time::timeout(Duration::from_millis(200), rings.next()).await;
        }
    }
}

fn is_for(error: &anyhow::Error, reason: Reason) -> bool {
    error.downcast_ref::<tonic::Status>().is_some_and(|status| is_for_status(status, reason))
}

/// Whether a call failed for this reason.
pub(super) fn is_for_status(status: &tonic::Status, reason: Reason) -> bool {
    Error::from_status(status).reason() == reason
}
