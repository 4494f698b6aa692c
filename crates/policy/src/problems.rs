//! What is legal in a pack but cannot be meant.

use crate::condition::Condition;
use crate::pack::Pack;
use crate::rule::{Effect, Rule, RuleId};

/// Something a reviewer should look at before publishing a pack.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A row that can never fire, because an earlier one of the same stage holds whenever it does.
    #[error("rule {rule} is never reached: {shadowed_by} above it holds whenever it does")]
    Unreachable {
        /// The row that never fires.
        rule: RuleId,
        /// The earlier row.
        shadowed_by: RuleId,
    },
}

impl Pack {
    /// Rows of the first-match stages that can never fire, in the order of the file.
    ///
    /// Two earlier rows that only together cover a later one are not found.
    pub fn problems(&self) -> Vec<Problem> {
        [&self.guards, &self.fallbacks].into_iter().flat_map(|rules| unreachable(rules)).collect()
    }
}

fn unreachable(rules: &[Rule]) -> Vec<Problem> {
    let shadow = |index: usize, rule: &Rule| {
        let earlier = rules.iter().take(index).find(|earlier| shadows(earlier, &rule.when))?;
        Some(Problem::Unreachable {
            rule: rule.text.id.clone(),
            shadowed_by: earlier.text.id.clone(),
        })
    };
    rules.iter().enumerate().filter_map(|(index, rule)| shadow(index, rule)).collect()
}

/// Whether the scan never gets from `earlier` to a row with condition `later`. A row that turns the
/// finding into a product fault lets the scan go on, but only towards rows that allow such a fault.
fn shadows(earlier: &Rule, later: &Condition) -> bool {
    let goes_on = match earlier.effect {
        Effect::CarryOn => true,
        Effect::TreatAsProductFault => later.allows_product_fault(),
        _ => false,
    };
    !goes_on && later.implies(&earlier.when)
}
