//! Who a person is in the vault: the ids under which something is kept about them.
//!
//! A customer has her own, her cases have theirs, and what was said about a case lies under the ids of offers, notes,
//! certificates, opinions and the like, which stand in its log. Ids that no log has stand in services' tables, and are
//! listed here: whoever keeps something under a new kind of id that is not in the log adds a row to [`TRACES`].

use std::collections::BTreeSet;

use parasol_casebook::Store;
use parasol_journey::ids::{CaseId, CustomerId};
use parasol_journey::time::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{ConnectionTrait as _, DbErr};
use serde_json::{Value, json};
use uuid::Uuid;

/// A log longer than this is read in parts.
const LOG_PART: u64 = 1_000;
/// Ids in one question.
const AT_ONCE: usize = 500;
/// The kind of the row that says who a customer is.
const CUSTOMER: &str = "customer";

/// In `table`, rows whose `by` is a person's name what is kept about them under `subject`.
struct Trace {
    table: &'static str,
    subject: &'static str,
    by: &'static str,
}

const fn trace(table: &'static str, subject: &'static str, by: &'static str) -> Trace {
    Trace { table, subject, by }
}

/// Ids that are in no log, in an order in which what is found leads on.
const TRACES: [Trace; 12] = [
    trace("notices", "notice", "customer"),
    trace("notices", "notice", "case_id"),
    trace("surveys", "voice", "case_id"),
    trace("voices", "voice", "case_id"),
    trace("follow_ups", "follow_up", "case_id"),
    trace("complaints", "complaint", "case_id"),
    trace("voice_steps", "words", "subject"),
    trace("part_orders", "part_order", "case_id"),
    trace("dispute_evidence", "evidence", "case_id"),
    trace("claims", "claim", "case_id"),
    trace("authority_uses", "use_id", "case_id"),
    trace("score_objections", "objection", "case_id"),
];

/// What the vault has about somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// Their cases, or the one that was asked for.
    pub cases: Vec<CaseId>,
    /// Subjects of the vault and the kinds that are kept of them, in their order.
    pub kept: Vec<(Uuid, String)>,
    /// Whom nothing is to be kept about any more, whether there is something or not.
    own: Vec<Uuid>,
}

impl Person {
    /// What is to be erased: everything that is kept, and the ids that more would be kept under.
    pub fn erasable(&self) -> Vec<Uuid> {
        let kept = self.kept.iter().map(|(subject, _)| *subject);
        let all: BTreeSet<Uuid> = kept.chain(self.own.iter().copied()).collect();
        all.into_iter().collect()
    }

    /// Those of their cases that go on.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn open_cases(&self, store: &Store) -> Result<Vec<CaseId>, DbErr> {
        let cases = store.readable_cases(&self.cases).await?;
        Ok(cases.into_iter().filter(|case| !case.stage.is_ended()).map(|case| case.id).collect())
    }

    /// Everything that is kept about them, as it is kept.
    ///
    /// # Errors
    /// What the engine says, and when a row does not open.
    pub async fn export(&self, store: &Store) -> Result<Value, DbErr> {
        let mut kept = Vec::new();
        for (subject, kind) in &self.kept {
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
pub async fn of_customer(store: &Store, customer: CustomerId) -> Result<Person, DbErr> {
    let filed = trace("filings", "case_id", "customer");
    let cases: Vec<_> = follow(store, &filed, &[customer.uuid()]).await?;
    gather(store, Some(customer.uuid()), cases.into_iter().map(CaseId::new).collect()).await
}

/// What was said about one case, without who its customer is.
///
/// # Errors
/// What the engine says.
pub async fn of_case(store: &Store, case: CaseId) -> Result<Person, DbErr> {
    gather(store, None, vec![case]).await
}

async fn gather(
    store: &Store,
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
    for trace in &TRACES {
        let of: Vec<_> = named.iter().copied().collect();
        named.extend(follow(store, trace, &of).await?.into_iter().filter(|id| !id.is_nil()));
    }
    found.extend(named);
    let mut kept = store.kinds_of(&found.into_iter().collect::<Vec<_>>()).await?;
    // A log names its customer; who that is belongs to the customer alone.
    kept.retain(|(subject, kind)| kind != CUSTOMER || customer == Some(*subject));
    kept.sort();
    Ok(Person { cases, kept, own })
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

async fn follow(store: &Store, trace: &Trace, of: &[Uuid]) -> Result<Vec<Uuid>, DbErr> {
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
