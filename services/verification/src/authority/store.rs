//! Reading and writing the rows of authority.

use std::collections::BTreeMap;

use parasol_api::{Error, Role};
use parasol_casebook::{RowOp, Store};
use parasol_journey::ids::CaseId;
use parasol_journey::time::Timestamp;
use parasol_runtime::identity::{Principal, Staff};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{Asks, DELEGATIONS_MAX, GRANTS_MAX, Grant, Lent, Limit, Person, limit, own_fen};
use crate::Authority;
use crate::handlers::store_error;
use crate::staff::register;
use crate::tables::authority::{delegations, grants, people, uses};

/// What is granted now, read once for a call.
pub struct Register<'a> {
    store: &'a Store,
    staff: &'a Staff,
    grants: Vec<Grant>,
    at: Timestamp,
}

impl<'a> Register<'a> {
    /// Everything granted, as it stands at a time.
    ///
    /// # Errors
    /// What the store says.
    pub async fn read(
        store: &'a Store,
        staff: &'a Staff,
        program: Authority,
        at: Timestamp,
    ) -> Result<Register<'a>, Error> {
        let rows = grants::Entity::find()
            .order_by(grants::Column::At, Order::Desc)
            .limit(GRANTS_MAX)
            .all(store.reader())
            .await
            .map_err(store_error)?;
        let put = rows.into_iter().filter_map(of_row);
        let grants = of_program(program).into_iter().chain(put).collect();
        Ok(Self { store, staff, grants, at })
    }

    /// All revisions known, those of the program first.
    pub fn grants(&self) -> &[Grant] {
        &self.grants
    }

    /// How much a person may give now, in the role of their credential.
    ///
    /// # Errors
    /// What the store says.
    pub async fn limit(&self, role: Role, subject: &str) -> Result<Limit, Error> {
        let own = self.own_fen(role, subject).await?;
        let rows = delegations::Entity::find()
            .filter(delegations::Column::Borrower.eq(subject))
            .filter(delegations::Column::EndedAt.eq(0))
            .filter(delegations::Column::ValidFrom.lte(self.at.micros()))
            .filter(delegations::Column::ValidUntil.gt(self.at.micros()))
            .limit(DELEGATIONS_MAX)
            .all(self.store.reader())
            .await
            .map_err(store_error)?;
        let mut lent = Vec::new();
        for row in rows {
            let Some(role) = Role::parse(&row.lender_role) else { continue };
            // Who may not act lends nothing.
            if self.staff.admit(&Principal::new(role, row.lender.as_str())).is_err() {
                continue;
            }
            let own_fen = self.own_fen(role, &row.lender).await?;
            lent.push(Lent { lender: row.lender, cap_fen: row.cap_fen, own_fen });
        }
        Ok(limit(own, &lent))
    }

    async fn own_fen(&self, role: Role, subject: &str) -> Result<i64, Error> {
        let person = match register::find(self.store, subject).await? {
            Some(entry) => entry.person(self.at),
            None => {
                declared(self.store, subject).await?.map(|(_, person)| person).unwrap_or_default()
            }
        };
        Ok(own_fen(&self.grants, role, subject, &person, self.at))
    }
}

/// The two grants that come with the program.
fn of_program(program: Authority) -> [Grant; 2] {
    let base = |name: &str, role, limit_fen| Grant {
        name: name.to_owned(),
        revision: 0,
        role,
        subject: String::new(),
        asks: Asks::default(),
        limit_fen,
        valid_from: Timestamp::from_micros(0),
        valid_until: None,
    };
    [
        base("agent.base", Role::Agent, program.agent_fen),
        base("manager.base", Role::Manager, program.manager_fen),
    ]
}

fn of_row(row: grants::Model) -> Option<Grant> {
    let until = row.valid_until;
    Some(Grant {
        name: row.name,
        revision: row.revision,
        role: Role::parse(&row.role)?,
        subject: row.subject,
        asks: Asks {
            tenure_days: row.tenure_days_min,
            score: row.score_min,
            certification: row.certification,
        },
        limit_fen: row.limit_fen,
        valid_from: Timestamp::from_micros(row.valid_from),
        valid_until: (until != 0).then(|| Timestamp::from_micros(until)),
    })
}

/// What was said of a person who is not registered, with its revision.
pub async fn declared(store: &Store, subject: &str) -> Result<Option<(i64, Person)>, Error> {
    let row = people::Entity::find()
        .filter(people::Column::Subject.eq(subject))
        .order_by(people::Column::Revision, Order::Desc)
        .one(store.reader())
        .await
        .map_err(store_error)?;
    Ok(row.map(|row| {
        let since = (row.since != 0).then(|| Timestamp::from_micros(row.since));
        let certifications = serde_json::from_str(&row.certifications).unwrap_or_default();
        (row.revision, Person { since, score: row.score, certifications })
    }))
}

/// The row that keeps what was made of authority.
pub fn use_row(
    id: Uuid,
    caller: &Principal,
    case: CaseId,
    kind: &'static str,
    amount_fen: i64,
    limit: &Limit,
    at: Timestamp,
) -> RowOp {
    RowOp::put(uses::ActiveModel {
        use_id: Set(id),
        person: Set(caller.subject.clone()),
        role: Set(caller.role.as_str().to_owned()),
        case_id: Set(case.uuid()),
        kind: Set(kind.to_owned()),
        amount_fen: Set(amount_fen),
        limit_fen: Set(limit.fen),
        lent_by: Set(limit.lent_by(amount_fen).to_owned()),
        at: Set(at.micros()),
    })
}

/// What one person made of authority in a period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// The role they acted in last.
    pub role: String,
    /// How often.
    pub count: i32,
    /// How much in all, in fen.
    pub used_fen: i64,
    /// The most at once, in fen.
    pub most_fen: i64,
    /// How often on somebody else's authority.
    pub borrowed: i32,
    /// How often by approving.
    pub approved: i32,
}

/// What people made of authority from one instant until before another, by subject; of very many rows the
/// first ones, and whether there were more.
pub async fn used(
    store: &Store,
    from: Timestamp,
    until: Timestamp,
    subject: &str,
    rows_max: u64,
) -> Result<(BTreeMap<String, Used>, bool), Error> {
    let mut query = uses::Entity::find()
        .filter(uses::Column::At.gte(from.micros()))
        .filter(uses::Column::At.lt(until.micros()))
        .order_by(uses::Column::At, Order::Asc)
        .limit(rows_max + 1);
    if !subject.is_empty() {
        query = query.filter(uses::Column::Person.eq(subject));
    }
    let rows = query.all(store.reader()).await.map_err(store_error)?;
    let more = rows.len() as u64 > rows_max;
    let mut people: BTreeMap<String, Used> = BTreeMap::new();
    for row in rows.into_iter().take(usize::try_from(rows_max).unwrap_or(usize::MAX)) {
        let used = people.entry(row.person).or_default();
        used.role = row.role;
        used.count = used.count.saturating_add(1);
        used.used_fen = used.used_fen.saturating_add(row.amount_fen);
        used.most_fen = used.most_fen.max(row.amount_fen);
        used.borrowed += i32::from(!row.lent_by.is_empty());
        used.approved += i32::from(row.kind == "approval");
    }
    Ok((people, more))
}
