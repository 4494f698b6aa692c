//! Reading changes page by page.

use std::collections::{HashMap, HashSet};

use parasol_api::{Error, Reason};
use parasol_casebook::{Numbered, Store};
use parasol_journey::Case;
use parasol_journey::ids::CaseId;
use sea_orm::sea_query::SimpleExpr;
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::cursor::{Cursor, Place};
use crate::partner::Partner;
use crate::tables::{offers, work_orders};
use crate::unreadable;

/// Chunks of the feed read at a time.
const CHUNKS: u64 = 64;
/// Events looked at in one step; bounds the list of cases in a statement.
const EVENTS_MAX: usize = 2_000;
/// Steps of one page: a reader far behind gets what was found so far and asks again.
const STEPS_MAX: usize = 50;

/// Something that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// An offer, as it is now.
    Offer(offers::Model),
    /// A work order, as it is now.
    WorkOrder(work_orders::Model),
}

impl Change {
    /// The id of what changed.
    pub fn id(&self) -> Uuid {
        match self {
            Self::Offer(row) => row.offer,
            Self::WorkOrder(row) => row.work_order,
        }
    }

    /// The case and its version at which it changed.
    pub fn at(&self) -> (Uuid, u64) {
        let (case, seq) = match self {
            Self::Offer(row) => (row.case_id, row.changed_seq),
            Self::WorkOrder(row) => (row.case_id, row.changed_seq),
        };
        (case, u64::try_from(seq).unwrap_or_default())
    }
}

/// Some changes and where to go on.
#[derive(Clone, Debug)]
pub struct Page {
    /// The changes in order, each with the place after it.
    pub changes: Vec<(Change, Cursor)>,
    /// The place after everything that was looked at.
    pub cursor: Cursor,
    /// Whether there is more to look at.
    pub more: bool,
}

/// Reads changes of one partner.
#[derive(Clone, Debug)]
pub struct Reader {
    store: Store,
    partner: Partner,
}

impl Reader {
    /// Those that the store has of a partner.
    pub fn new(store: &Store, partner: Partner) -> Self {
        Self { store: store.within(partner.scope()), partner }
    }

    /// The place a caller asks to go on from; an empty text asks for everything that is open now.
    ///
    /// # Errors
    /// `RESYNC_REQUIRED` when it is no place of this caller or the feed does not have it, and what the
    /// store says.
    pub async fn start(&self, place: &Place<'_>, text: &str) -> Result<Cursor, Error> {
        let end = self.store.feed_position().await.map_err(unreadable)?;
        if text.is_empty() {
            return Ok(Cursor::Offers { tail: end, after: Uuid::nil() });
        }
        let cursor = place.read(text)?;
        if cursor.position() > end { Err(Error::new(Reason::ResyncRequired)) } else { Ok(cursor) }
    }

    /// Up to `limit` changes after a place.
    ///
    /// # Errors
    /// `RESYNC_REQUIRED` when the feed does not reach back that far, and what the store says.
    pub async fn page(&self, cursor: Cursor, limit: usize) -> Result<Page, Error> {
        let mut page = Page { changes: Vec::new(), cursor, more: false };
        for _ in 0..STEPS_MAX {
            // One more than wanted tells whether there are more.
            let wanted = limit + 1 - page.changes.len();
            if !self.step(&mut page, wanted).await? {
                return Ok(page);
            }
            if page.changes.len() > limit {
                break;
            }
        }
        page.more = true;
        if page.changes.len() > limit {
            page.changes.truncate(limit);
            page.cursor = page.changes.last().map_or(cursor, |(_, after)| *after);
        }
        Ok(page)
    }

    /// Looks at the next part; false when there is none.
    async fn step(&self, page: &mut Page, wanted: usize) -> Result<bool, Error> {
        match page.cursor {
            Cursor::Offers { tail, after } => {
                let rows = self.open_offers(after, wanted).await?;
                let all = rows.len() < wanted;
                for row in rows {
                    let after = Cursor::Offers { tail, after: row.offer };
                    page.add(Change::Offer(row), after);
                }
                if all {
                    page.cursor = Cursor::WorkOrders { tail, after: Uuid::nil() };
                }
                Ok(true)
            }
            Cursor::WorkOrders { tail, after } => {
                let rows = self.open_work_orders(after, wanted).await?;
                let all = rows.len() < wanted;
                for row in rows {
                    let after = Cursor::WorkOrders { tail, after: row.work_order };
                    page.add(Change::WorkOrder(row), after);
                }
                if all {
                    page.cursor = Cursor::after(tail);
                }
                Ok(true)
            }
            Cursor::Tail { after, then } => self.walk(page, after, then, wanted).await,
        }
    }

    /// Walks the feed from a place, until enough is found or the part that was read ends.
    async fn walk(
        &self,
        page: &mut Page,
        after: u64,
        then: Uuid,
        wanted: usize,
    ) -> Result<bool, Error> {
        let mut events = self.store.feed_after(after, CHUNKS).await.map_err(unreadable)?.events;
        events.truncate(EVENTS_MAX);
        match events.first() {
            None => return Ok(false),
            Some(first) if first.position != after + 1 => {
                return Err(Error::new(Reason::ResyncRequired));
            }
            Some(_) => {}
        }
        // Read after the feed, so that whatever it names is seen at least as new as it says.
        let mut changed = self.changed(&events).await?;
        let mut found = 0;
        for event in &events {
            let before = event.position - 1;
            let seen = if before == after { then } else { Uuid::nil() };
            let here = changed.remove(&(event.case.uuid(), event.seq)).unwrap_or_default();
            for change in here.into_iter().filter(|change| change.id() > seen) {
                let place = Cursor::Tail { after: before, then: change.id() };
                page.add(change, place);
                found += 1;
            }
            page.cursor = Cursor::after(event.position);
            if found >= wanted {
                break;
            }
        }
        Ok(true)
    }

    /// The rows of these events' cases, by the change they stand at, each group in the order of ids.
    async fn changed(
        &self,
        events: &[Numbered],
    ) -> Result<HashMap<(Uuid, u64), Vec<Change>>, Error> {
        let cases: HashSet<CaseId> = events.iter().map(|event| event.case).collect();
        let cases: Vec<_> = cases.into_iter().collect();
        let mut changed: HashMap<_, Vec<_>> = HashMap::new();
        for change in self.standing(&cases).await? {
            changed.entry(change.at()).or_default().push(change);
        }
        for group in changed.values_mut() {
            group.sort_by_key(Change::id);
        }
        Ok(changed)
    }

    /// Every row of these cases as it is now, in no order.
    ///
    /// # Errors
    /// What the store says.
    pub async fn standing(&self, cases: &[CaseId]) -> Result<Vec<Change>, Error> {
        // Before the rows: a work order that ends meanwhile names that later version itself.
        let live = self.store.readable_cases(cases).await.map_err(unreadable)?;
        let live: HashMap<_, _> = live.iter().filter_map(live_order).collect();
        let cases: Vec<_> = cases.iter().map(|case| case.uuid()).collect();
        let offers = offers::Entity::find()
            .filter(offers::Column::CaseId.is_in(cases.iter().copied()))
            .filter(self.partner.offers())
            .all(self.store.reader());
        let orders = work_orders::Entity::find()
            .filter(work_orders::Column::CaseId.is_in(cases.iter().copied()))
            .filter(self.partner.work_orders())
            .all(self.store.reader());
        let (offers, orders) = tokio::try_join!(offers, orders).map_err(unreadable)?;
        let offers = offers.into_iter().map(Change::Offer);
        let orders = orders.into_iter().map(|mut row| {
            let seq = live.get(&row.work_order).copied().unwrap_or_default();
            row.changed_seq = row.changed_seq.max(seq);
            Change::WorkOrder(row)
        });
        Ok(offers.chain(orders).collect())
    }

    async fn open_offers(&self, after: Uuid, limit: usize) -> Result<Vec<offers::Model>, Error> {
        let mine: SimpleExpr = self.partner.offers();
        offers::Entity::find()
            .filter(mine)
            .filter(offers::Column::Open.eq(1))
            .filter(offers::Column::Offer.gt(after))
            .order_by(offers::Column::Offer, Order::Asc)
            .limit(limit as u64)
            .all(self.store.reader())
            .await
            .map_err(unreadable)
    }

    async fn open_work_orders(
        &self,
        after: Uuid,
        limit: usize,
    ) -> Result<Vec<work_orders::Model>, Error> {
        let mine: SimpleExpr = self.partner.work_orders();
        work_orders::Entity::find()
            .filter(mine)
            .filter(work_orders::Column::Open.eq(1))
            .filter(work_orders::Column::WorkOrder.gt(after))
            .order_by(work_orders::Column::WorkOrder, Order::Asc)
            .limit(limit as u64)
            .all(self.store.reader())
            .await
            .map_err(unreadable)
    }
}

impl Page {
    /// Adds a change; an older one of the same thing is dropped, since this is how it is now.
    fn add(&mut self, change: Change, after: Cursor) {
        let id = change.id();
        self.changes.retain(|(known, _)| known.id() != id);
        self.changes.push((change, after));
        self.cursor = after;
    }
}

/// The live work order of a case: with every version of the case, what its partner sees changes.
fn live_order(case: &Case) -> Option<(Uuid, i64)> {
    Some((case.work_order.as_ref()?.id.uuid(), i64::try_from(case.version).ok()?))
}
