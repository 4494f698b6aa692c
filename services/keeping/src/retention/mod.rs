//! Retention: what is over its time goes, class by class, in bounded passes.
//!
//! One process does it at a time, under a lease. A class of cases is passed in the order in which they ended, so that a pass
//! costs what is due and nothing for what is not; how far it has come is a row, written with the audit row of the pass.
//! Rows go first and the place moves after them: a process that dies in between does it again and finds them gone.
//!
//! What is over goes with its keys and without a tombstone: nobody asked to be forgotten, and a database that is put back
//! knows by itself what is due. What somebody holds is put aside by the database, see `parasol_casebook`; here it is only
//! seen to that a hold covers what came into being after it was placed, and that what no hold is on any more is destroyed.

mod customers;

use std::sync::Arc;

use parasol_api::Error;
use parasol_api::intake::v1::EraseEvidenceRequest;
use parasol_api::intake::v1::intake_service_client::IntakeServiceClient;
use parasol_casebook::{RowOp, RowsDeed, Store, Target};
use parasol_desk::{Desk, Duty as Lease, Office};
use parasol_journey::ids::CaseId;
use parasol_journey::time::{Span, Timestamp};
use parasol_runtime::config::Retention as Lengths;
use parasol_runtime::transport::Transport;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::holds;
use crate::person::{self, Kept, Person, Whose, follow};
use crate::policy::Class;
use crate::store_error;
use crate::tables::{ended_cases, retention_later, retention_places, reveals};
use customers::Walk;

/// Cases of a class in a pass.
const CASES_MAX: u64 = 20;
/// Rows of the log of reveals that go in a pass.
const REVEALS_MAX: u64 = 500;
/// Subjects whose rows are destroyed in a pass once no hold is on them.
const RELEASED_MAX: u64 = 200;
/// How long the lease lasts.
const LEASE: Span = Span::minutes(2);
/// The lease, and on whose account the commits are.
const LEASED: Lease =
    Lease { name: "keeping.retention", service: "service:keeping", length: LEASE };

/// The duty of one process. Cheap to clone; clones share their lease.
#[derive(Clone)]
pub struct Retention {
    desk: Desk,
    office: Office,
    peers: Transport,
    whose: &'static Whose,
    lengths: Lengths,
    walk: Arc<Mutex<Option<Walk>>>,
}

impl Retention {
    pub(crate) fn new(
        desk: Desk,
        peers: Transport,
        whose: &'static Whose,
        lengths: Lengths,
        holder: Uuid,
    ) -> Self {
        let office = Office::new(desk.clone(), LEASED, holder);
        Self { desk, office, peers, whose, lengths, walk: Arc::default() }
    }

    /// One pass over everything that is due; whether there may be more. Does nothing while another process has the lease.
    ///
    /// # Errors
    /// What the store says; what was done before is done. `OVERLOADED` when the lease was lost meanwhile.
    pub async fn run_once(&self) -> Result<bool, Error> {
        let now = self.desk.clock.now();
        if self.office.held(now).await?.is_none() {
            return Ok(false);
        }
        let mut more = holds::end_due(&self.desk, &self.office, now).await?;
        more |= holds::free_left(&self.desk, &self.office).await?;
        for aside in self.whose.asides {
            let gone = self.desk.store.destroy_released(aside, RELEASED_MAX).await;
            let gone = gone.map_err(store_error)?;
            if gone > 0 {
                tracing::info!(
                    table = aside.aside,
                    gone,
                    "what no hold is on any more is destroyed"
                );
                more = true;
            }
        }
        for class in Class::OF_CASES {
            more |= self.cases(class, now).await?;
        }
        more |= self.customers(now).await?;
        more |= self.answers(now).await?;
        Ok(more | self.reveals(now).await?)
    }

    /// The next cases whose data of a class is over.
    async fn cases(&self, class: Class, now: Timestamp) -> Result<bool, Error> {
        let over = now - class.length(&self.lengths);
        let place = self.place(class).await?;
        let mut due = after(&self.desk.store, &place, over).await?;
        let moved = due.last().copied();
        due.extend(later(&self.desk.store, class, over).await?);
        if due.is_empty() {
            return Ok(false);
        }
        let (mut gone, mut rows) = (0, Vec::new());
        for (case, _) in &due {
            let left;
            (left, gone) = self.case(class, *case, over, gone).await?;
            let key = vec![class.row().name.into(), case.uuid().into()];
            rows.push(match left {
                None => RowOp::delete::<retention_later::Entity>(key),
                Some(newest) => RowOp::put(retention_later::ActiveModel {
                    class: Set(class.row().name.to_owned()),
                    case_id: Set(case.uuid()),
                    at: Set(newest.micros()),
                }),
            });
        }
        if let Some((case, at)) = moved {
            rows.push(put_place(class, at.micros(), case.uuid()));
        }
        self.write(class, rows, due.len(), gone).await?;
        Ok(due.len() as u64 >= CASES_MAX)
    }

    /// What is over of a class of one case goes. Answers with when the newest of what stays was written, and with how
    /// many rows are gone by now.
    async fn case(
        &self,
        class: Class,
        case: CaseId,
        over: Timestamp,
        gone: u64,
    ) -> Result<(Option<Timestamp>, u64), Error> {
        let store = &self.desk.store;
        if class == Class::Photos {
            return Ok((None, gone + self.photos(case).await?));
        }
        let person = person::of_case(store, self.whose, case).await.map_err(store_error)?;
        holds::cover(store, &person).await.map_err(store_error)?;
        let (old, newer): (Vec<_>, Vec<_>) =
            of_class(&person, class).partition(|row| row.at < over);
        let old: Vec<_> = old.into_iter().map(|row| (row.subject, row.kind.clone())).collect();
        // What is written anew at this moment stays.
        let expired = store.expire(&old, over).await;
        let newest = newer.into_iter().map(|row| row.at).max();
        Ok((newest, gone + expired.map_err(store_error)?))
    }

    /// The photos and films of a case go, by whoever keeps them.
    async fn photos(&self, case: CaseId) -> Result<u64, Error> {
        let kept = follow(&self.desk.store, &self.whose.photos, &[case.uuid()]).await;
        if kept.map_err(store_error)?.is_empty() {
            return Ok(0);
        }
        let request_id = self.desk.ids.next().to_string();
        let request = EraseEvidenceRequest { request_id, case_id: case.to_string() };
        let mut intake = IntakeServiceClient::new(self.peers.clone());
        let answer = intake.erase_evidence(request).await;
        let answer = answer.map_err(|status| Error::from_status(&status))?.into_inner();
        Ok(u64::try_from(answer.erased).unwrap_or_default())
    }

    /// Saved answers that are over.
    async fn answers(&self, now: Timestamp) -> Result<bool, Error> {
        let class = Class::Answers;
        let over = now - class.length(&self.lengths);
        let place = self.place(class).await?.0.micros();
        let emptied = self.desk.store.empty_answers(place, over).await.map_err(store_error)?;
        if emptied.position > place {
            let rows = vec![put_place(class, emptied.position, Uuid::nil())];
            self.write(class, rows, 0, emptied.answers).await?;
        }
        Ok(emptied.more)
    }

    /// Rows of the log of reveals that are over.
    async fn reveals(&self, now: Timestamp) -> Result<bool, Error> {
        let over = now - Class::Reveals.length(&self.lengths);
        let old = reveals::Entity::find()
            .filter(reveals::Column::Hour.lt(over.micros()))
            .order_by_asc(reveals::Column::Hour)
            .limit(REVEALS_MAX)
            .all(self.desk.store.reader())
            .await
            .map_err(store_error)?;
        if old.is_empty() {
            return Ok(false);
        }
        let count = old.len() as u64;
        let delete = |row: reveals::Model| {
            let key =
                vec![row.case_id.into(), row.hour.into(), row.reader.into(), row.method.into()];
            RowOp::delete::<reveals::Entity>(key)
        };
        let rows = old.into_iter().map(delete).collect();
        self.write(Class::Reveals, rows, 0, count).await?;
        Ok(count >= REVEALS_MAX)
    }

    /// How far a class has come.
    async fn place(&self, class: Class) -> Result<(Timestamp, Uuid), Error> {
        let name = class.row().name.to_owned();
        let row = retention_places::Entity::find_by_id(name).one(self.desk.store.reader()).await;
        let row = row.map_err(store_error)?;
        let start = (Timestamp::from_micros(0), Uuid::nil());
        Ok(row.map_or(start, |row| (Timestamp::from_micros(row.at), row.id)))
    }

    /// Writes rows with an audit row that says of what class how much is gone.
    async fn write(
        &self,
        class: Class,
        rows: Vec<RowOp>,
        cases: usize,
        gone: u64,
    ) -> Result<(), Error> {
        let name = class.row().name;
        let answer = json!({ "class": name, "cases": cases, "gone": gone }).to_string();
        let deed = RowsDeed { rows, answer: answer.into_bytes() };
        self.office.submit(Target::NoCase, Arc::new(deed)).await?;
        if gone > 0 {
            tracing::info!(class = name, cases, gone, "what is over its time is gone");
        }
        Ok(())
    }
}

/// The rows of a person that are of a class.
fn of_class(person: &Person, class: Class) -> impl Iterator<Item = &Kept> {
    person.kept.iter().filter(move |row| class.holds(&row.kind))
}

fn put_place(class: Class, at: i64, id: Uuid) -> RowOp {
    RowOp::put(retention_places::ActiveModel {
        class: Set(class.row().name.to_owned()),
        at: Set(at),
        id: Set(id),
    })
}

/// Cases that ended behind a place and before a time, with that time.
async fn after(
    store: &Store,
    (at, id): &(Timestamp, Uuid),
    over: Timestamp,
) -> Result<Vec<(CaseId, Timestamp)>, Error> {
    use ended_cases::Column;
    let behind = Column::At.gt(at.micros()).or(Column::CaseId.gt(*id));
    let rows = ended_cases::Entity::find()
        // The first alone is a stretch of the index.
        .filter(Column::At.gte(at.micros()))
        .filter(behind)
        .filter(Column::At.lt(over.micros()))
        .order_by_asc(Column::At)
        .order_by_asc(Column::CaseId)
        .limit(CASES_MAX)
        .all(store.reader())
        .await;
    let rows = rows.map_err(store_error)?;
    let one = |row: ended_cases::Model| (CaseId::new(row.case_id), Timestamp::from_micros(row.at));
    Ok(rows.into_iter().map(one).collect())
}

/// Cases of which something of a class was written after their end, and is over by now.
async fn later(
    store: &Store,
    class: Class,
    over: Timestamp,
) -> Result<Vec<(CaseId, Timestamp)>, Error> {
    use retention_later::Column;
    let rows = retention_later::Entity::find()
        .filter(Column::Class.eq(class.row().name))
        .filter(Column::At.lt(over.micros()))
        .order_by_asc(Column::At)
        .limit(CASES_MAX)
        .all(store.reader())
        .await
        .map_err(store_error)?;
    let one =
        |row: retention_later::Model| (CaseId::new(row.case_id), Timestamp::from_micros(row.at));
    Ok(rows.into_iter().map(one).collect())
}
