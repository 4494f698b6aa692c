//! Who a person is in the vault: the ids under which something is kept about them.
//!
//! A customer has her own, her cases have theirs, and what was said about a case lies under the ids of offers, notes,
//! certificates, opinions and the like, which stand in its log. Ids that no log has stand in services' tables: which
//! those are is told by whoever wires the house, see [`Whose`].

use std::collections::{BTreeSet, HashSet};

use parasol_casebook::{Aside, Store};
use parasol_journey::ids::{CaseId, CustomerId};
use parasol_journey::time::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{ConnectionTrait as _, DbErr};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::policy::{CUSTOMER, OF_OTHERS};

/// A log longer than this is read in parts.
const LOG_PART: u64 = 1_000;
/// Ids in one question.
const AT_ONCE: usize = 500;

/// In `table`, rows whose `by` is a person's name what is kept about them under `subject`.
#[derive(Clone, Copy, Debug)]
pub struct Trace {
    /// The table.
    pub table: &'static str,
    /// The column of ids that something is kept under.
    pub subject: &'static str,
    /// The column of ids of a person.
    pub by: &'static str,
}

/// A trace.
pub const fn trace(table: &'static str, subject: &'static str, by: &'static str) -> Trace {
    Trace { table, subject, by }
}

/// What services keep beside the logs that leads from a person to what is kept about them. Services meet in the log and do
/// not know each other: whoever wires them knows their tables.
#[derive(Clone, Copy, Debug)]
pub struct Whose {
    /// The cases of a customer.
    pub cases: Trace,
    /// Ids that are in no log, in an order in which what is found leads on.
    pub traces: &'static [Trace],
    /// What a customer bought: its time, in microseconds, by the customer.
    pub bought: Trace,
    /// Photos and films, by their case.
    pub photos: Trace,
    /// Tables that put aside what is deleted about whoever is on hold.
    pub asides: &'static [Aside],
}

/// One row of the vault, without what it holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kept {
    /// Whom or what it is about.
    pub subject: Uuid,
    /// What kind of data.
    pub kind: String,
    /// When it was written.
    pub at: Timestamp,
}

/// What the vault has about somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// Their cases, or the one that was asked for.
    pub cases: Vec<CaseId>,
    /// What is kept of them, in its order.
    pub kept: Vec<Kept>,
    /// The ids of their own: the customer's, and those of their cases.
    pub own: Vec<Uuid>,
    /// Every id that something may be kept under.
    ids: Vec<Uuid>,
    /// What a hold that is on them is on, as calls write it: their cases, and whose those are.
    pub held_as: Vec<String>,
}

impl Person {
    /// What is to be erased: everything that is kept, and the ids that more would be kept under.
    pub fn erasable(&self) -> Vec<Uuid> {
        let kept = self.kept.iter().map(|row| row.subject);
        let all: BTreeSet<Uuid> = kept.chain(self.own.iter().copied()).collect();
        all.into_iter().collect()
    }

    /// What a hold is on: every id that something is kept under, or may be.
    pub fn holdable(&self) -> &[Uuid] {
        &self.ids
    }

    /// Those of their cases that go on.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn open_cases(&self, store: &Store) -> Result<Vec<CaseId>, DbErr> {
        let cases = store.readable_cases(&self.cases).await?;
        Ok(cases.into_iter().filter(|case| !case.stage.is_ended()).map(|case| case.id).collect())
    }

    /// What legal holds have put aside about them, as it was kept. For an operator who has to hand it over.
    ///
    /// # Errors
    /// What the engine says, and when a row does not open.
    pub async fn withheld(&self, store: &Store) -> Result<Value, DbErr> {
        let rows = store.withheld(&self.ids).await?.into_iter().map(|(subject, kind, body)| {
            let body = serde_json::from_str(&body).unwrap_or(Value::String(body));
            json!({ "subject": subject, "kind": kind, "data": body })
        });
        Ok(json!({ "withheld": rows.collect::<Vec<_>>() }))
    }

    /// Everything that is kept about them, as it is kept.
    ///
    /// # Errors
    /// What the engine says, and when a row does not open.
    pub async fn export(&self, store: &Store) -> Result<Value, DbErr> {
        let mut kept = Vec::new();
        for Kept { subject, kind, .. } in &self.kept {
            // What is erased between the two questions is left out.
            let Some(body) = store.reveal(*subject, kind).await? else { continue };
            let body = serde_json::from_str(&body).unwrap_or(Value::String(body));
            kept.push(json!({ "subject": subject, "kind": kind, "data": body }));
        }
        let erased = store.erased(&self.own).await?;
        let since: Option<Timestamp> = erased.iter().map(|(_, at)| *at).min();
        let cases = store.readable_cases(&self.cases).await?;
        let cases = cases.iter().map(|case| {
            json!({
                "case": case.id.to_string(),
                "stage": case.stage.as_str(),
                "updated_at": case.updated_at.to_string(),
            })
        });
        Ok(json!({
            "cases": cases.collect::<Vec<_>>(),
            "kept": kept,
            "erased_since": since.map(|at| at.to_string()),
        }))
    }
}

/// A customer with everything about their cases.
///
/// # Errors
/// What the engine says.
pub async fn of_customer(
    store: &Store,
    whose: &Whose,
    customer: CustomerId,
) -> Result<Person, DbErr> {
    let cases: Vec<_> = follow(store, &whose.cases, &[customer.uuid()]).await?;
    let cases = cases.into_iter().map(CaseId::new).collect();
    gather(store, whose, Some(customer.uuid()), cases).await
}

/// What was said about one case, without who its customer is.
///
/// # Errors
/// What the engine says.
pub async fn of_case(store: &Store, whose: &Whose, case: CaseId) -> Result<Person, DbErr> {
    gather(store, whose, None, vec![case]).await
}

async fn gather(
    store: &Store,
    whose: &Whose,
    customer: Option<Uuid>,
    cases: Vec<CaseId>,
) -> Result<Person, DbErr> {
    let own: Vec<Uuid> = customer.into_iter().chain(cases.iter().map(|case| case.uuid())).collect();
    let mut found: BTreeSet<Uuid> = own.iter().copied().collect();
    for case in &cases {
        let mut after = 0;
        loop {
            let log = store.log_after(*case, after, LOG_PART).await?;
            let Some(last) = log.last() else { break };
            after = last.event.seq;
            for logged in &log {
                let event = serde_json::to_value(&logged.event);
                ids(&event.map_err(|error| DbErr::Custom(error.to_string()))?, &mut found);
            }
        }
    }
    let mut named: BTreeSet<Uuid> = own.iter().copied().collect();
    for trace in whose.traces {
        let of: Vec<_> = named.iter().copied().collect();
        named.extend(follow(store, trace, &of).await?.into_iter().filter(|id| !id.is_nil()));
    }
    found.extend(named);
    // A case that was merged names the one that goes on, which is not theirs to lose anything.
    let found: Vec<Uuid> = found.into_iter().collect();
    let others = of_others(store, &found, &own).await?;
    let ids: Vec<Uuid> = found.into_iter().filter(|id| !others.contains(id)).collect();
    let kept = store.kinds_of(&ids).await?.into_iter();
    let mut kept: Vec<_> = kept.map(|(subject, kind, at)| Kept { subject, kind, at }).collect();
    // A log names its customer and whoever decided: who they are does not belong to a case.
    kept.retain(|row| match row.kind.as_str() {
        CUSTOMER => customer == Some(row.subject),
        kind => customer == Some(row.subject) || !OF_OTHERS.contains(&kind),
    });
    kept.sort();
    let owners = Trace { subject: whose.cases.by, by: whose.cases.subject, ..whose.cases };
    let of: Vec<Uuid> = cases.iter().map(|case| case.uuid()).collect();
    let owners = follow(store, &owners, &of).await?.into_iter().chain(customer);
    let owners: BTreeSet<String> = owners.map(|id| CustomerId::new(id).to_string()).collect();
    let held_as = cases.iter().map(ToString::to_string).chain(owners).collect();
    Ok(Person { cases, kept, own, ids, held_as })
}

/// Which of these ids are cases of others.
async fn of_others(store: &Store, found: &[Uuid], own: &[Uuid]) -> Result<HashSet<Uuid>, DbErr> {
    let mut others = HashSet::new();
    for some in found.chunks(AT_ONCE) {
        let mut query = Query::select();
        query.column("id").from("cases").and_where(Expr::col("id").is_in(some.iter().copied()));
        for row in store.reader().query_all(&query).await? {
            others.extend(Some(row.try_get_by_index(0)?).filter(|id| !own.contains(id)));
        }
    }
    Ok(others)
}

/// The ids that a row of the log names.
fn ids(value: &Value, found: &mut BTreeSet<Uuid>) {
    match value {
        Value::String(text) => found.extend(Uuid::try_parse(text).ok().filter(|id| !id.is_nil())),
        Value::Array(values) => values.iter().for_each(|value| ids(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| ids(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

pub(crate) async fn follow(store: &Store, trace: &Trace, of: &[Uuid]) -> Result<Vec<Uuid>, DbErr> {
    let Trace { table, subject, by } = *trace;
    let mut found = Vec::new();
    for some in of.chunks(AT_ONCE) {
        let mut query = Query::select();
        query.column(subject).from(table).and_where(Expr::col(by).is_in(some.iter().copied()));
        for row in store.reader().query_all(&query).await? {
            found.push(row.try_get_by_index(0)?);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_wherever_they_stand() {
        let one = Uuid::from_u128(1);
        let two = Uuid::from_u128(2);
        let event = json!({"offer": one, "said": ["x", {"by": two.simple().to_string()}], "n": 3});
        let mut found = BTreeSet::new();
        ids(&event, &mut found);
        assert_eq!(found, BTreeSet::from([one, two]));
    }
}
