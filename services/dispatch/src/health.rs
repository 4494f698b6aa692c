//! Which partners can be reached, told from their webhooks, and what becomes of offers that nobody hears of.
//!
//! Nothing is marked: a partner is down when every webhook it has not suspended has taken nothing for a
//! while, and up again with the first that does. The turn of an offer is charged by the turn clock to whoever
//! holds it, down or not; there is no second account.

use std::collections::HashMap;

use parasol_api::{Error, Reason};
use parasol_casebook::{
    Caller, Deed, Error as CasebookError, Refusal, Submission, Target, Written,
};
use parasol_journey::ids::{CaseId, OfferId};
use parasol_journey::time::{MINUTE, Span, Timestamp};
use parasol_journey::{Actor, Case, Command, Ctx, decide};
use parasol_runtime::identity::Role;
use sea_orm::sea_query::SimpleExpr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};

use crate::partner::refusal;
use crate::tables::{offers, reroute_rules, webhook_lanes, webhooks};
use crate::{Dispatch, unreadable};

/// How long every webhook of a partner has to have taken nothing before the partner is down.
pub const DOWN_AFTER: Span = Span::from_micros(5 * MINUTE);
/// Brands with a rule that are looked at in one turn.
const RULES_MAX: u64 = 500;
/// Offers that go to the next centre in one turn.
const REROUTED_MAX: u64 = 100;
/// Webhooks looked up in one query.
const LOOKED_UP_MAX: usize = 1_000;
/// Why an offer was taken back.
const PARTNER_DOWN: &str = "partner_down";

/// How the webhooks of a partner stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Webhooks that are not suspended.
    pub webhooks: u32,
    /// Those of them that take nothing.
    pub down: u32,
    /// Since when the last of those that are down is.
    since: i64,
}

impl Health {
    /// Adds a webhook that is not suspended.
    fn add(&mut self, hook: &webhooks::Model, lane: Option<&webhook_lanes::Model>) {
        self.webhooks += 1;
        let is_gone = lane.is_some_and(|lane| lane.gone == 1 && lane.revision == hook.revision);
        let since = lane.map_or(0, |lane| lane.down_since);
        if is_gone || since != 0 {
            self.down += 1;
            self.since = self.since.max(since);
        }
    }

    /// Both together: who would hear of it at either.
    fn with(self, other: Self) -> Self {
        Self {
            webhooks: self.webhooks + other.webhooks,
            down: self.down + other.down,
            since: self.since.max(other.since),
        }
    }

    /// Since when it is down at this moment; `None` when it is not, or has no webhook to go by. One whose
    /// endpoints all said that they are gone wants no webhooks: that is no outage.
    pub fn down_since(self, now: Timestamp) -> Option<Timestamp> {
        let all = self.webhooks > 0 && self.down == self.webhooks && self.since != 0;
        let since = Timestamp::from_micros(self.since);
        (all && since + DOWN_AFTER <= now).then_some(since)
    }
}

/// The health of partners by role and id.
#[derive(Default)]
pub struct Healths(HashMap<(String, String), Health>);

impl Healths {
    /// Of one partner.
    pub fn of(&self, role: Role, subject: &str) -> Health {
        let key = (role.as_str().to_owned(), subject.to_owned());
        self.0.get(&key).copied().unwrap_or_default()
    }

    /// The offers of a brand that nobody has been able to hear of for so long: neither the brand nor the
    /// centre that was asked. `None` when there can be none.
    fn unheard(&self, brand: &str, now: Timestamp, after: Span) -> Option<SimpleExpr> {
        let is_due =
            |health: Health| health.down_since(now).is_some_and(|since| since + after <= now);
        let brand = self.of(Role::Brand, brand);
        let centres = self.0.iter().filter(|((role, _), _)| role == Role::Centre.as_str());
        let (silent, heard): (Vec<_>, Vec<_>) =
            centres.partition(|(_, health)| is_due(brand.with(**health)));
        let names = |some: Vec<(&(String, String), &Health)>| {
            some.into_iter().map(|((_, centre), _)| centre.clone()).collect::<Vec<_>>()
        };
        // Most centres have no webhook of their own and hear what their brand hears.
        match is_due(brand) {
            true => Some(offers::Column::Centre.is_not_in(names(heard))),
            false if silent.is_empty() => None,
            false => Some(offers::Column::Centre.is_in(names(silent))),
        }
    }
}

/// The health of some partners; of all that have webhooks without a condition.
///
/// # Errors
/// What the store says.
pub async fn healths(dispatch: &Dispatch, of: Condition) -> Result<Healths, Error> {
    let reader = dispatch.desk.store.reader();
    let hooks = webhooks::Entity::find()
        .filter(webhooks::Column::Enabled.eq(1))
        .filter(of)
        .all(reader)
        .await
        .map_err(unreadable)?;
    let mut lanes = Vec::new();
    for some in hooks.chunks(LOOKED_UP_MAX) {
        let ids = some.iter().map(|hook| hook.webhook);
        let found = webhook_lanes::Entity::find()
            .filter(webhook_lanes::Column::Webhook.is_in(ids))
            .all(reader)
            .await;
        lanes.extend(found.map_err(unreadable)?);
    }
    let lanes: HashMap<_, _> = lanes.into_iter().map(|lane| (lane.webhook, lane)).collect();
    let mut healths = Healths::default();
    for hook in &hooks {
        let key = (hook.role.clone(), hook.subject.clone());
        healths.0.entry(key).or_default().add(hook, lanes.get(&hook.webhook));
    }
    Ok(healths)
}

/// Moves on some of the offers that nobody has heard of for as long as their brand's rule says; answers with
/// how many. Two processes may do it at once: of two withdrawals of an offer one finds it live.
///
/// # Errors
/// What the store says.
pub async fn reroute(dispatch: &Dispatch, now: Timestamp) -> Result<u64, Error> {
    let reader = dispatch.desk.store.reader();
    let rules = reroute_rules::Entity::find()
        .filter(reroute_rules::Column::After.gt(0))
        .order_by(reroute_rules::Column::Brand, Order::Asc)
        .limit(RULES_MAX)
        .all(reader)
        .await
        .map_err(unreadable)?;
    if rules.is_empty() {
        return Ok(0);
    }
    let healths = healths(dispatch, Condition::all()).await?;
    if healths.0.values().all(|health| health.down_since(now).is_none()) {
        return Ok(0);
    }
    let mut moved = 0;
    for rule in rules {
        let after = Span::from_micros(rule.after);
        let Some(unheard) = healths.unheard(&rule.brand, now, after) else { continue };
        let waiting = offers::Entity::find()
            .filter(offers::Column::Brand.eq(&*rule.brand))
            .filter(offers::Column::Open.eq(1))
            .filter(offers::Column::OfferedAt.lte((now - after).micros()))
            .filter(unheard)
            .order_by(offers::Column::Offer, Order::Asc)
            .limit(REROUTED_MAX)
            .all(reader)
            .await
            .map_err(unreadable)?;
        for offer in waiting {
            moved += u64::from(withdraw(dispatch, &offer).await?);
        }
    }
    Ok(moved)
}

/// Takes one offer back if it still waits.
async fn withdraw(dispatch: &Dispatch, row: &offers::Model) -> Result<bool, Error> {
    let submission = Submission {
        target: Target::Case(CaseId::new(row.case_id)),
        key: None,
        caller: Caller {
            principal: "service:dispatch".to_owned(),
            method: "reroute",
            trace: String::new(),
        },
        actor: Actor::policy(),
        expected: None,
        deed: std::sync::Arc::new(Withdrawal(OfferId::new(row.offer))),
    };
    match dispatch.desk.submitter.submit(submission).await {
        Ok(_) => Ok(true),
        // It was answered meanwhile, or the next turn finds it again.
        Err(CasebookError::Refused(_) | CasebookError::Overloaded) => Ok(false),
        Err(error) => Err(parasol_desk::to_error(error, None)),
    }
}

struct Withdrawal(OfferId);

impl Deed for Withdrawal {
    fn decide(&self, case: Option<&Case>, ctx: &Ctx<'_>) -> Result<Written, Refusal> {
        let live = case.filter(|case| case.offer.as_ref().is_some_and(|live| live.id == self.0));
        let case = live.ok_or_else(|| refusal(Reason::OfferSuperseded))?;
        let decided =
            decide(case, &Command::WithdrawOffer { reason: PARTNER_DOWN.to_owned() }, ctx)?;
        Ok(Written { decided: Some(decided), ..Written::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(webhooks: u32, down: u32, since: i64) -> Health {
        Health { webhooks, down, since }
    }

    #[test]
    fn a_partner_is_down_when_all_of_its_webhooks_are_for_a_while() {
        let (began, now) = (1_000, Timestamp::from_micros(1_000) + DOWN_AFTER);
        let down = Some(Timestamp::from_micros(began));
        assert_eq!(health(1, 1, began).down_since(now), down);
        assert_eq!(health(2, 2, began).down_since(now), down);
        assert_eq!(health(2, 1, began).down_since(now), None, "one still takes changes");
        assert_eq!(health(1, 1, began + 1).down_since(now), None, "not for long enough");
        assert_eq!(health(0, 0, 0).down_since(now), None, "there is nothing to go by");
        assert_eq!(health(1, 1, 0).down_since(now), None, "it is gone and wants nothing");
        let both = health(1, 1, began).with(health(1, 0, 0));
        assert_eq!(both.down_since(now), None, "the other can still hear of it");
    }
}
