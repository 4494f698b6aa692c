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

use crate::ruling::Packs;
use crate::{Ports, Verification};

/// Does the tasks of verification.
pub struct Hands {
    desk: Desk,
    ports: Ports,
    packs: Packs,
}

impl Hands {
    /// Hands that work at the service's desk.
    pub fn new(service: &Verification) -> Self {
        let Verification { desk, ports, packs } = service.clone();
        Self { desk, ports, packs }
    }
}

#[async_trait]
impl Handler for Hands {
    async fn prepare(&self, case: &Case, claimed: &Claimed) -> Result<Prepared, WorkError> {
        match claimed.obligation.task {
            Task::Work(Work::Decide) => Ok(prepared(self.decide(case), Actor::policy())),
            Task::Work(Work::PayRefund | Work::PayCompensation) => self.pay(case).await,
            Task::Work(Work::ShipReplacement) => self.ship(case).await,
            other => Err(WorkError(format!("{other} is not work of verification"))),
        }
    }
}

fn prepared(command: Command, actor: Actor) -> Prepared {
    let answer = |_: &Case| Vec::new();
    Prepared { deed: Arc::new(CaseDeed { command, rows: Vec::new(), answer }), actor }
}
