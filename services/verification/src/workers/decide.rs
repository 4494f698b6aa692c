//! Deciding: the policy is asked, its answer becomes a command.

use parasol_journey::ids::DecisionId;
use parasol_journey::{Case, Command};

use super::Hands;
use crate::ruling;

impl Hands {
    /// What the policy makes of a case now. Where it cannot answer, a person does.
    pub(super) fn decide(&self, case: &Case) -> Command {
        let to_agent = Command::SendToAgent { rules: Vec::new() };
        let Some(pack) = self.shelf.of(&case.filing.policy) else {
            let policy = &case.filing.policy;
            tracing::warn!(case = %case.id, policy, "a pinned policy is not known here");
            return to_agent;
        };
        let calendar = self.desk.submitter.rules().calendar;
        match ruling::judge(&pack, case, &calendar) {
            Ok(judged) => {
                ruling::command(case, &judged.outcome, DecisionId::new(self.desk.ids.next()))
            }
            Err(error) => {
                tracing::warn!(case = %case.id, %error, "a case gives no facts to decide on");
                to_agent
            }
        }
    }
}
