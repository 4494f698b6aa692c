//! Everything a list of changes needs beside its rows, fetched in a handful of queries.

use std::collections::{HashMap, HashSet};

use parasol_api::Error;
use parasol_desk::Desk;
use parasol_journey::Case;
use parasol_journey::ids::CaseId;
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::private::{Customer, Filed};
use crate::changes::Change;
use crate::states::OfferState;
use crate::tables::{movements, offers, part_orders, work_orders};
use crate::unreadable;

/// Cases, texts and parts around some changes.
#[derive(Default)]
pub struct Views {
    pub(super) cases: HashMap<Uuid, Case>,
    pub(super) filed: HashMap<Uuid, Filed>,
    pub(super) customers: HashMap<Uuid, Customer>,
    /// When work orders were accepted, by the offer they came from.
    pub(super) accepted_at: HashMap<Uuid, i64>,
    pub(super) part_orders: HashMap<Uuid, Vec<part_orders::Model>>,
    pub(super) movements: HashMap<(Uuid, String), movements::Model>,
}

impl Views {
    /// What the views of these changes need. Nothing personal is read for what is over.
    ///
    /// # Errors
    /// What the store says.
    pub async fn gather(
        desk: &Desk,
        changes: &[(Change, crate::changes::Cursor)],
    ) -> Result<Self, Error> {
        Self::of(desk, changes.iter().map(|(change, _)| change)).await
    }

    /// The same for one work order.
    ///
    /// # Errors
    /// What the store says.
    pub async fn of_work_order(desk: &Desk, row: &work_orders::Model) -> Result<Self, Error> {
        Self::of(desk, std::iter::once(&Change::WorkOrder(row.clone()))).await
    }

    async fn of<'a>(desk: &Desk, changes: impl Iterator<Item = &'a Change>) -> Result<Self, Error> {
        let mut ids = HashSet::new();
        let mut readable = HashSet::new();
        let mut orders = Vec::new();
        for change in changes {
            ids.insert(change.at().0);
            let open = match change {
                Change::Offer(row) => row.open,
                Change::WorkOrder(row) => {
                    orders.push(row.clone());
                    row.open
                }
            };
            if open == 1 {
                readable.insert(change.at().0);
            }
        }
        if ids.is_empty() {
            return Ok(Self::default());
        }
        let listed: Vec<_> = ids.iter().copied().map(CaseId::new).collect();
        let cases = desk.store.cases(&listed).await.map_err(unreadable)?;
        let mut views = Self {
            cases: cases.into_iter().map(|case| (case.id.uuid(), case)).collect(),
            ..Self::default()
        };
        views.read_texts(desk, &readable, &orders).await?;
        views.read_work(desk, &orders).await?;
        Ok(views)
    }

    async fn read_texts(
        &mut self,
        desk: &Desk,
        readable: &HashSet<Uuid>,
        orders: &[work_orders::Model],
    ) -> Result<(), Error> {
        let readable = readable
            .iter()
            .filter(|id| self.cases.get(*id).is_some_and(|case| !case.stage.is_ended()));
        let readable: HashSet<Uuid> = readable.copied().collect();
        self.filed = reveal(desk, readable.iter().copied(), "filing").await?;
        let live = orders.iter().filter(|row| row.open == 1 && readable.contains(&row.case_id));
        let customers: HashSet<Uuid> = live
            .filter_map(|row| Some(self.cases.get(&row.case_id)?.filing.customer.uuid()))
            .collect();
        self.customers = reveal(desk, customers, "customer").await?;
        Ok(())
    }

    async fn read_work(&mut self, desk: &Desk, orders: &[work_orders::Model]) -> Result<(), Error> {
        if orders.is_empty() {
            return Ok(());
        }
        let reader = desk.store.reader();
        let accepted = offers::Entity::find()
            .filter(offers::Column::Offer.is_in(orders.iter().map(|row| row.offer)))
            .filter(offers::Column::State.eq(OfferState::Accepted.as_str()))
            .all(reader);
        let cases = || orders.iter().map(|row| row.case_id);
        let parts = part_orders::Entity::find()
            .filter(part_orders::Column::CaseId.is_in(cases()))
            .order_by(part_orders::Column::PartOrder, Order::Asc)
            .all(reader);
        let moved =
            movements::Entity::find().filter(movements::Column::CaseId.is_in(cases())).all(reader);
        let (accepted, parts, moved) =
            tokio::try_join!(accepted, parts, moved).map_err(unreadable)?;
        self.accepted_at = accepted.into_iter().map(|row| (row.offer, row.changed_at)).collect();
        for row in parts {
            self.part_orders.entry(row.work_order).or_default().push(row);
        }
        self.movements =
            moved.into_iter().map(|row| ((row.subject, row.kind.clone()), row)).collect();
        Ok(())
    }
}

/// Data of a kind out of the vault. What cannot be read is missing, not an error: an offer without
/// its description is better than no offer.
async fn reveal<T: DeserializeOwned>(
    desk: &Desk,
    subjects: impl IntoIterator<Item = Uuid>,
    kind: &str,
) -> Result<HashMap<Uuid, T>, Error> {
    let subjects: Vec<Uuid> = subjects.into_iter().collect();
    if subjects.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = desk.store.reveal_many(subjects, kind).await.map_err(unreadable)?;
    let read = rows.into_iter().filter_map(|(subject, body)| {
        let read = serde_json::from_str(&body);
        let read = read.inspect_err(|error| tracing::error!(%error, kind, "vault unreadable"));
        Some((subject, read.ok()?))
    });
    Ok(read.collect())
}
