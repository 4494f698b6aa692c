//! The work of this service: one file per kind.

mod decide;
mod pay;
mod ship;

use std::sync::Arc;

use async_trait::async_trait;
use parasol_casebook::{CaseDeed, Claimed, Handler, Prepared, WorkError};
use parasol_desk::Desk;
use parasol_journey::task::Work;
use parasol_journey::{Actor, Case, Command, Task};
use parasol_policy::Shelf;

use crate::{Ports, Verification, load_packs};

/// Does the tasks of verification.
pub struct Hands {
    desk: Desk,
    ports: Ports,
    shelf: Shelf,
}

impl Hands {
    /// Hands that work at the service's desk.
    pub fn new(service: &Verification) -> Self {
        let Verification { desk, ports, shelf, .. } = service.clone();
        Self { desk, ports, shelf }
    }
}

#[async_trait]
impl Handler for Hands {
    async fn prepare(&self, case: &Case, claimed: &Claimed) -> Result<Prepared, WorkError> {
        match claimed.obligation.task {
            Task::Work(Work::Decide) => {
                self.learn(&case.filing.policy).await?;
                Ok(prepared(self.decide(case), Actor::policy()))
            }
            Task::Work(Work::PayRefund | Work::PayCompensation) => self.pay(case).await,
            Task::Work(Work::ShipReplacement) => self.ship(case).await,
            other => Err(WorkError(format!("{other} is not work of verification"))),
        }
    }
}

impl Hands {
    /// Another process may have published the pack a case was filed under a moment ago.
    async fn learn(&self, policy: &str) -> Result<(), WorkError> {
        if self.shelf.of(policy).is_none() {
            let learnt = load_packs(&self.desk.store, &self.shelf).await;
            learnt.map_err(|error| WorkError(error.to_string()))?;
        }
        Ok(())
    }
}

fn prepared(command: Command, actor: Actor) -> Prepared {
    let answer = |_: &Case| Vec::new();
    Prepared { deed: Arc::new(CaseDeed { command, rows: Vec::new(), answer }), actor }
}
