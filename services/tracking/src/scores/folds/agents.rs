//! What single agents do: answers, guidance, proposals, goodwill, and how much they do. Decisions by hand are among the
//! verdicts.

use std::collections::BTreeMap;

use parasol_journey::ids::ProposalId;
use parasol_journey::time::Timestamp;
use parasol_journey::{ActorKind, Fact};

use crate::scores::indicator::Id;
use crate::scores::marks::{Fold, Sheet, Step, Whose};

/// The chase and the proposal that wait.
#[derive(Default)]
pub struct Agents {
    chased_at: Option<Timestamp>,
    proposed: Option<(ProposalId, u64, Timestamp, String)>,
    /// The first entry of each, and how many there are.
    acts: BTreeMap<String, (u64, Timestamp, i64)>,
}

impl Fold for Agents {
    fn see(&mut self, step: &Step<'_>, sheet: &mut Sheet<'_>) {
        let (seq, at) = (step.event.seq, step.event.at);
        let actor = &step.event.actor;
        let agent = actor.id.as_deref().filter(|_| actor.kind == ActorKind::Agent);
        if let Some(agent) = agent {
            let (from, then, acts) = self.acts.entry(agent.to_owned()).or_insert((seq, at, 0));
            *acts += 1;
            sheet.put(&Whose::Agent(agent), Id::AgentActs, *from, *then, *acts);
        }
        match (&step.event.fact, agent) {
            (Fact::Reminded, _) => {
                self.chased_at.get_or_insert(at);
            }
            (Fact::ReminderAnswered, agent) => {
                if let (Some(in_time), Some(agent)) = (step.before.answers_chase_in_time(), agent) {
                    let in_time = i64::from(in_time);
                    sheet.put(&Whose::Agent(agent), Id::ChasesInTime, seq, at, in_time);
                }
                if let (Some(chased_at), Some(agent)) = (self.chased_at.take(), agent) {
                    let micros = at.since(chased_at).micros();
                    sheet.put(&Whose::Agent(agent), Id::FirstResponse, seq, at, micros);
                }
            }
            (Fact::GuidanceSolved, Some(agent)) => {
                sheet.put(&Whose::Agent(agent), Id::GuidanceSolved, seq, at, 1);
            }
            (Fact::GuidanceFailed, Some(agent)) => {
                sheet.put(&Whose::Agent(agent), Id::GuidanceSolved, seq, at, 0);
            }
            (Fact::GoodwillGranted { amount_fen }, Some(agent)) => {
                sheet.put(&Whose::Agent(agent), Id::Goodwill, seq, at, *amount_fen);
            }
            (Fact::DecisionProposed(proposal), Some(agent)) => {
                sheet.put(&Whose::Agent(agent), Id::ProposalsRefused, seq, at, 0);
                self.proposed = Some((proposal.id, seq, at, agent.to_owned()));
            }
            (Fact::ProposalRefused { proposal }, Some(by)) => {
                let waiting = self.proposed.take().filter(|(id, ..)| id == proposal);
                let Some((_, from, then, agent)) = waiting else { return };
                let whose = Whose::Agent(&agent);
                if by == agent {
                    sheet.leave_out(&whose, Id::ProposalsRefused, from, then, "taken_back");
                } else {
                    sheet.put(&whose, Id::ProposalsRefused, from, then, 1);
                }
            }
            _ => {}
        }
    }
}
