//! Paying: the number is derived, the provider is asked, its word goes into the log.

use parasol_casebook::{Claimed, Prepared, WorkError};
use parasol_journey::task::Work;
use parasol_journey::time::{HOUR, MINUTE, Span, Timestamp};
use parasol_journey::{Actor, ActorKind, Case, Command, Task};

use super::{Hands, prepared};
use crate::payment::{Operation, PaymentOrder, PaymentState, see_through};

/// A payment that is under way is asked about after a minute, then after as long as it has taken so
/// far, at most six hours apart.
const ASK_AGAIN_MIN: i64 = MINUTE;
const ASK_AGAIN_MAX: i64 = 6 * HOUR;

impl Hands {
    /// Pays what the case owes, once, whatever happened on earlier attempts.
    pub(super) async fn pay(&self, case: &Case, claimed: &Claimed) -> Result<Prepared, WorkError> {
        let is_refund = claimed.obligation.task == Task::Work(Work::PayRefund);
        let leg = if is_refund { "refund" } else { "compensation" };
        let operation = Operation::payment(case, leg);
        let number = operation.as_str().to_owned();
        let amount_fen = case.to_pay_fen();
        let provider = &*self.ports.payments;
        let actor = Actor::new(ActorKind::Payment, provider.name());
        // Nothing to pay is paid: a full depreciation leaves a refund of zero.
        let state = if amount_fen > 0 {
            let order = PaymentOrder { operation, amount_fen, customer: case.filing.customer };
            let is_accepted = self.is_accepted(case);
            see_through(provider, &order, claimed.attempts > 1 || is_accepted).await
        } else {
            PaymentState::Succeeded
        };
        let command = match state {
            PaymentState::Succeeded if is_refund => Command::RecordRefund { operation: number },
            PaymentState::Succeeded => Command::RecordCompensation { operation: number },
            PaymentState::Accepted => {
                let ask_at = ask_again(self.desk.clock.now(), case.turn.since());
                Command::RecordPaymentAccepted { operation: number, ask_at }
            }
            PaymentState::Failed { reason } => {
                return Err(WorkError(format!("payment {number} was refused: {reason}")));
            }
            PaymentState::Unsent | PaymentState::Unknown => {
                return Err(WorkError(format!("what became of payment {number} is not known")));
            }
        };
        Ok(prepared(command, actor))
    }

    /// Whether this work was armed by an acceptance rather than by the stage.
    fn is_accepted(&self, case: &Case) -> bool {
        let work = case.stage.row().work.map(Task::Work);
        let owed = work.and_then(|work| case.owes(work));
        owed.is_some_and(|owed| owed.due > case.turn.since())
    }
}

/// When to ask about a payment that has been under way since `since`.
fn ask_again(now: Timestamp, since: Timestamp) -> Timestamp {
    let wait = now.since(since).micros().clamp(ASK_AGAIN_MIN, ASK_AGAIN_MAX);
    now + Span::from_micros(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payment_under_way_is_asked_about_less_and_less_often() {
        let since = Timestamp::from_micros(0);
        let mut now = since;
        let mut waits = Vec::new();
        for _ in 0..12 {
            let next = ask_again(now, since);
            waits.push(next.since(now).micros() / MINUTE);
            now = next;
        }
        assert_eq!(waits, [1, 1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]);
    }
}
