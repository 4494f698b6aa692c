//! Lets courses of days pass in seconds: when every case waits for a time of day, the test clock is
//! moved to the next one.
//!
//! It moves time through the public API, as the operator, and never while any case could still act.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use parasol_api::admin::v1::advance_clock_request::Target;
use parasol_api::admin::v1::{AdvanceClockRequest, AdvanceClockResponse};
use parasol_api::convert::{timestamp, to_timestamp};
use parasol_api::{Error, Reason};
use parasol_journey::time::{Span, Timestamp};
use parasol_runtime::clock::Clock;
use parasol_runtime::identity::{Principal, Role};
use tokio::sync::oneshot;

use super::wire::{Wire, request_id};

/// The method that moves time.
pub const ADVANCE: &str = "/parasol.admin.v1.OperationsService/AdvanceClock";

/// Keeps the time of one demonstration.
#[derive(Clone)]
pub struct Conductor {
    wire: Wire,
    clock: Clock,
    operator: Principal,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    playing: usize,
    waiting: BTreeMap<(Timestamp, u64), oneshot::Sender<()>>,
    next: u64,
}

impl Conductor {
    pub fn new(wire: Wire, clock: Clock) -> Self {
        let operator = Principal::new(Role::Operator, "demo-operator");
        Self { wire, clock, operator, state: Arc::default() }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A case joins the game.
    pub fn join(&self) {
        self.state().playing += 1;
    }

    /// A case has ended; the others may now all be waiting.
    pub async fn leave(&self) -> anyhow::Result<()> {
        self.state().playing -= 1;
        self.move_if_all_wait().await
    }

    /// Returns once the clock shows `at`.
    pub async fn wait_until(&self, at: Timestamp) -> anyhow::Result<()> {
        if self.clock.now() >= at {
            return Ok(());
        }
        let (sender, receiver) = oneshot::channel();
        {
            let mut state = self.state();
            state.next += 1;
            let key = (at, state.next);
            state.waiting.insert(key, sender);
        }
        self.move_if_all_wait().await?;
        // The sender is dropped only with the whole game.
        let _ = receiver.await;
        Ok(())
    }

    async fn move_if_all_wait(&self) -> anyhow::Result<()> {
        let target = {
            let state = self.state();
            let all_wait = state.playing > 0 && state.waiting.len() >= state.playing;
            all_wait.then(|| state.waiting.keys().next().map(|(at, _)| *at)).flatten()
        };
        if let Some(target) = target {
            if self.clock.now() < target {
                self.advance(target).await?;
            }
            self.wake();
        }
        Ok(())
    }

    async fn advance(&self, target: Timestamp) -> anyhow::Result<()> {
        let id = request_id("clock", target.micros().unsigned_abs(), "advance");
        let to = Some(Target::To(to_timestamp(target)));
        let message = AdvanceClockRequest { request_id: id.clone(), target: to };
        let answer: Result<AdvanceClockResponse, _> =
            self.wire.act(&self.operator, ADVANCE, &id, &message).await;
        match answer {
            Ok(moved) => {
                self.follow(moved.now.as_ref().and_then(timestamp));
                Ok(())
            }
            // Real time went by meanwhile and the instant is no longer ahead: that is as good. A cell that runs
            // elsewhere may be a moment ahead of the clock here.
            Err(_) if self.clock.now() >= target => Ok(()),
            Err(status) if Error::from_status(&status).reason() == Reason::FieldInvalid => {
                self.follow(Some(target));
                Ok(())
            }
            Err(status) => Err(status.into()),
        }
    }

    /// A cell that runs elsewhere has a clock of its own, which this one keeps up with.
    fn follow(&self, shown: Option<Timestamp>) {
        let ahead = shown.map_or(Span::ZERO, |shown| shown.since(self.clock.now()));
        if ahead > Span::ZERO {
            // It is a test clock, or there would have been no advance.
            let _ = self.clock.advance(ahead);
        }
    }

    fn wake(&self) {
        let now = self.clock.now();
        let mut state = self.state();
        while let Some(entry) = state.waiting.first_entry()
            && entry.key().0 <= now
        {
            // Whoever waited may have gone.
            let _ = entry.remove().send(());
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("no holder of this lock panics")
    }
}
