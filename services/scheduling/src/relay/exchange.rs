//! Binds and frees the numbers of visits.
//!
//! The projection notes each visit that is new, moved or gone; a round looks at what is noted and due, asks
//! what the visit's case is now, and brings the provider and the table to that. So a note that is looked at
//! twice or late does no harm. A note is deleted by its own key: one that comes while the provider is asked stays
//! and is looked at next. One process does so at a time, under a lease that its commit asks for again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use parasol_api::Error;
use parasol_casebook::{Cell, RowOp};
use parasol_desk::{Duty, Office};
use parasol_journey::Case;
use parasol_journey::case::Visit;
use parasol_journey::ids::CaseId;
use parasol_journey::time::{MINUTE, SECOND, Span, Timestamp};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, Order, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::{Lent, RelayFault, RelayOrder, RelayProvider, key, shown_in};
use crate::tables::{relay_notes, relay_numbers};
use crate::{Scheduling, store_error, views};

/// Lending numbers and taking them back.
const DUTY: Duty =
    Duty { name: "relay", service: "role:scheduling", length: Span::from_micros(30 * SECOND) };
/// Notes that one round looks at.
const BATCH_MAX: u64 = 50;
/// Notes that are settled at the same time, in one commit.
const AT_ONCE: usize = 16;
/// How long a provider that could not help is left alone.
const RETRY: Span = Span::from_micros(MINUTE);
/// The version of the note that says when a number is given back; no case has it.
const AT_THE_END: i64 = 0;

/// Brings the provider to what visits need.
#[derive(Clone)]
pub struct Exchange {
    scheduling: Scheduling,
    provider: Arc<dyn RelayProvider>,
    office: Office,
    /// The lease under which the provider was told last what is lent; 0 for none yet.
    told_under: Arc<AtomicI64>,
}

/// What a note asks for, from the case as it is.
enum Wanted<'a> {
    Bound(&'a Case, &'a Visit),
    Free,
}

impl Exchange {
    /// One that asks `provider`, in the process that `holder` names.
    pub fn new(scheduling: Scheduling, provider: Arc<dyn RelayProvider>, holder: Uuid) -> Self {
        let office = Office::new(scheduling.desk.clone(), DUTY, holder);
        Self { scheduling, provider, office, told_under: Arc::default() }
    }

    /// Looks at what is noted and due; says whether there is more. Does nothing while another process does it.
    ///
    /// # Errors
    /// What the store says, and `OVERLOADED` when another process has taken over; what was done before stays done,
    /// and is done again without harm.
    pub async fn run_once(&self) -> Result<bool, Error> {
        let now = self.scheduling.desk.clock.now();
        let Some(token) = self.office.held(now).await? else { return Ok(false) };
        if self.told_under.load(Ordering::Acquire) != token {
            self.provider.take_up(self.lent().await?, now);
            self.told_under.store(token, Ordering::Release);
        }
        let notes = relay_notes::Entity::find()
            .filter(relay_notes::Column::Due.lte(now.micros()))
            .order_by(relay_notes::Column::Due, Order::Asc)
            .limit(BATCH_MAX)
            .all(self.scheduling.desk.store.reader())
            .await
            .map_err(store_error)?;
        let full = notes.len() as u64 >= BATCH_MAX;
        // Two notes of one visit would both be settled by what is there before; the second waits for a round.
        let mut seen = HashSet::new();
        let (notes, later): (Vec<_>, Vec<_>) =
            notes.into_iter().partition(|note| seen.insert(note.appointment));
        for some in notes.chunks(AT_ONCE) {
            // Asked for each few: a provider may take its time, and the lease goes on meanwhile.
            let now = self.scheduling.desk.clock.now();
            if self.office.held(now).await? != Some(token) {
                return Ok(false);
            }
            let rows = self.settle_all(some, now).await?;
            self.office.write(rows).await?;
        }
        Ok(full || !later.is_empty())
    }

    /// Does what notes of different visits ask for, at the same time, and answers with the rows that say so.
    async fn settle_all(
        &self,
        notes: &[relay_notes::Model],
        now: Timestamp,
    ) -> Result<Vec<RowOp>, Error> {
        let store = &self.scheduling.desk.store;
        let ids: Vec<CaseId> = notes.iter().map(|note| CaseId::new(note.case_id)).collect();
        let cases = store.cases(&ids).await.map_err(store_error)?;
        let cases: HashMap<Uuid, Case> =
            cases.into_iter().map(|case| (case.id.uuid(), case)).collect();
        let visits = notes.iter().map(|note| note.appointment);
        let numbers = relay_numbers::Entity::find()
            .filter(relay_numbers::Column::Appointment.is_in(visits))
            .all(store.reader())
            .await
            .map_err(store_error)?;
        let mut numbers: HashMap<Uuid, relay_numbers::Model> =
            numbers.into_iter().map(|row| (row.appointment, row)).collect();
        let calls: Vec<_> = notes
            .iter()
            .map(|note| {
                let has = numbers.remove(&note.appointment);
                Box::pin(self.settle(note, cases.get(&note.case_id), has, now))
            })
            .collect();
        let rows = futures::future::try_join_all(calls).await?;
        Ok(rows.into_iter().flatten().collect())
    }

    /// Every number that is lent.
    ///
    /// # Errors
    /// What the store says.
    pub async fn lent(&self) -> Result<Vec<Lent>, Error> {
        let rows = relay_numbers::Entity::find();
        let rows = rows.all(self.scheduling.desk.store.reader()).await.map_err(store_error)?;
        let lent = |row: relay_numbers::Model| Lent {
            key: row.binding,
            number: row.number,
            until: Timestamp::from_micros(row.until),
        };
        Ok(rows.into_iter().map(lent).collect())
    }

    /// Does what one note asks for, and answers with the rows that say so.
    async fn settle(
        &self,
        note: &relay_notes::Model,
        case: Option<&Case>,
        has: Option<relay_numbers::Model>,
        now: Timestamp,
    ) -> Result<Vec<RowOp>, Error> {
        let done = match wanted(note, case, now) {
            Wanted::Bound(case, visit) => self.bind(note, case, visit, has, now).await?,
            Wanted::Free => self.free(note, has, now).await,
        };
        Ok(done.unwrap_or_else(|fault| {
            let provider = self.provider.name();
            tracing::warn!(%fault, provider, appointment = %note.appointment, "no relay number");
            vec![put(note, note.version, now + RETRY)]
        }))
    }

    async fn bind(
        &self,
        note: &relay_notes::Model,
        case: &Case,
        visit: &Visit,
        has: Option<relay_numbers::Model>,
        now: Timestamp,
    ) -> Result<Result<Vec<RowOp>, RelayFault>, Error> {
        let (key, until) = (key(visit), shown_in(visit.window).end);
        let mut rows = vec![delete(note, note.version), put(note, AT_THE_END, until)];
        match has {
            Some(row) if row.binding == key && row.until == until.micros() => return Ok(Ok(rows)),
            Some(row) if row.binding != key => {
                if let Err(fault) = self.provider.unbind(&row.binding, now).await {
                    return Ok(Err(fault));
                }
            }
            _ => {}
        }
        let customer = views::customer(&self.scheduling.desk.store, case).await?.phone;
        // Somebody the network does not know now may be known to it in a minute.
        let technician = match self.scheduling.roster.technician(&visit.technician).await {
            Ok(entry) => entry.phone.clone(),
            Err(error) => {
                tracing::debug!(%error, "no technician to bind a number to");
                return Ok(Err(RelayFault::NoNumber));
            }
        };
        if customer.is_empty() || technician.is_empty() {
            return Ok(Err(RelayFault::NoNumber));
        }
        let order = RelayOrder { key: key.clone(), customer, technician, until };
        let number = match self.provider.bind(&order, now).await {
            Ok(number) => number,
            Err(fault) => return Ok(Err(fault)),
        };
        rows.push(RowOp::put(relay_numbers::ActiveModel {
            appointment: Set(note.appointment),
            case_id: Set(note.case_id),
            technician: Set(visit.technician.as_str().to_owned()),
            number: Set(number),
            binding: Set(key),
            until: Set(until.micros()),
        }));
        Ok(Ok(rows))
    }

    async fn free(
        &self,
        note: &relay_notes::Model,
        has: Option<relay_numbers::Model>,
        now: Timestamp,
    ) -> Result<Vec<RowOp>, RelayFault> {
        let mut rows = vec![delete(note, note.version), delete(note, AT_THE_END)];
        if let Some(row) = has {
            self.provider.unbind(&row.binding, now).await?;
            rows.push(RowOp::delete::<relay_numbers::Entity>(vec![Cell::from(row.appointment)]));
        }
        Ok(rows)
    }
}

/// A number is wanted for a visit that is booked, until a while after its window; a case that has ended
/// or let the visit go wants none.
fn wanted<'a>(note: &relay_notes::Model, case: Option<&'a Case>, now: Timestamp) -> Wanted<'a> {
    let Some(case) = case.filter(|case| !case.stage.is_ended()) else { return Wanted::Free };
    let visit = case.visit.as_ref().filter(|visit| visit.id.uuid() == note.appointment);
    match visit.filter(|visit| now < shown_in(visit.window).end) {
        Some(visit) => Wanted::Bound(case, visit),
        None => Wanted::Free,
    }
}

fn put(note: &relay_notes::Model, version: i64, due: Timestamp) -> RowOp {
    RowOp::put(relay_notes::ActiveModel {
        appointment: Set(note.appointment),
        version: Set(version),
        case_id: Set(note.case_id),
        due: Set(due.micros()),
    })
}

fn delete(note: &relay_notes::Model, version: i64) -> RowOp {
    let key = vec![Cell::from(note.appointment), Cell::from(version)];
    RowOp::delete::<relay_notes::Entity>(key)
}
