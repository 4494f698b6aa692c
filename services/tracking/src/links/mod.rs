//! Share links: who holds one reads one case, for a while.
//!
//! Owns the links, whether they are good, and the record of their use. The secret of a link is not kept: it follows
//! from the link's id and the cell's key, and what is kept beside the link is a keyed hash of it, so that neither
//! alone opens anything. That the holder may read and nothing else is the access table's to say, and what a reader of
//! this class sees is the contract's.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use parasol_api::convert::to_timestamp;
use parasol_api::tracking::v1::ShareLink;
use parasol_api::{Error, Reason};
use parasol_casebook::{RowOp, Store};
use parasol_desk::{Call, Desk};
use parasol_journey::ids::{CaseId, LinkId};
use parasol_journey::time::{HOUR, Span, Timestamp};
use parasol_runtime::identity::link::{self, Links as Resolve};
use parasol_runtime::identity::{Principal, Role, TokenKey};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, Order, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use crate::handlers::store_error;
use crate::tables::share_links::{links, uses};

/// Links of a case that may be good at a time.
pub const OF_A_CASE_MAX: i64 = 5;
/// The shortest life of a link.
pub const LIFETIME_MIN: Span = Span::minutes(10);
/// The longest.
pub const LIFETIME_MAX: Span = Span::days(30);
/// The usual one.
pub const LIFETIME: Span = Span::days(7);
/// Links of a case that are listed.
const LISTED_MAX: u64 = 50;
/// How long after its end a link is listed.
const LISTED_FOR: Span = Span::days(30);
/// Uses that are remembered to be on record already.
const NOTED_MAX: u64 = 20_000;
/// Names what the hash beside a link is for.
const KEPT: &str = "share-link-kept";

/// The links.
#[derive(Clone)]
pub struct Links {
    noted: Cache<(Uuid, i64, &'static str), ()>,
}

impl Links {
    pub fn new() -> Self {
        let noted =
            Cache::builder().max_capacity(NOTED_MAX).time_to_live(Duration::from_secs(3_600));
        Self { noted: noted.build() }
    }

    /// Writes down that a link was used, once for each hour and method; does nothing for other callers.
    ///
    /// # Errors
    /// What the store says; what cannot be written down is not shown either.
    pub async fn note_use(&self, desk: &Desk, call: &Call) -> Result<(), Error> {
        let Some((_, id)) = link::of_principal(&call.principal) else { return Ok(()) };
        let now = desk.clock.now().micros();
        let hour = now - now.rem_euclid(HOUR);
        let use_of = (id.uuid(), hour, call.method);
        if self.noted.contains_key(&use_of) {
            return Ok(());
        }
        let row = uses::ActiveModel {
            link: Set(id.uuid()),
            hour: Set(hour),
            method: Set(call.method.to_owned()),
        };
        desk.record(call, vec![RowOp::put(row)], &ShareLink::default(), None).await?;
        self.noted.insert(use_of, ());
        Ok(())
    }

    /// Whether a caller may go on: whoever came by a link, only while it is good.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` once it is not.
    pub async fn still_good(&self, desk: &Desk, principal: &Principal) -> Result<(), Error> {
        if principal.role != Role::Link {
            return Ok(());
        }
        let refused = || Error::new(Reason::Unauthenticated);
        let (_, id) = link::of_principal(principal).ok_or_else(refused)?;
        let row = of_link(&desk.store, id).await?.ok_or_else(refused)?;
        if is_good(&row, desk.clock.now()) { Ok(()) } else { Err(refused()) }
    }
}

/// As whom the holders of links call, for the layer that lets callers in.
pub fn resolve(desk: Desk) -> Resolve {
    Arc::new(move |token| {
        let desk = desk.clone();
        Box::pin(async move {
            let id = link::link_of(&desk.key, &token)?;
            let row = of_link(&desk.store, id).await;
            let row =
                row.inspect_err(|error| tracing::warn!(%error, "a link cannot be read")).ok()??;
            let is_ours = row.proof == proof(&desk.key, &token) && is_good(&row, desk.clock.now());
            is_ours.then(|| link::principal(CaseId::new(row.case_id), id))
        })
    })
}

/// What is kept of a secret.
pub fn proof(key: &TokenKey, token: &str) -> String {
    key.mac(KEPT, token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a link opens anything.
pub fn is_good(row: &links::Model, now: Timestamp) -> bool {
    row.revoked_at == 0 && now.micros() < row.expires_at
}

/// Every link of a case there ever was, the oldest of a place first.
///
/// # Errors
/// What the store says.
pub async fn of_case(store: &Store, case: CaseId) -> Result<Vec<links::Model>, Error> {
    let rows = links::Entity::find()
        .filter(links::Column::CaseId.eq(case.uuid()))
        .order_by(links::Column::Place, Order::Asc)
        .order_by(links::Column::Turn, Order::Asc)
        .all(store.reader());
    rows.await.map_err(store_error)
}

/// The links of a case that are good or ended lately, the newest first.
///
/// # Errors
/// What the store says.
pub async fn listed(
    store: &Store,
    case: CaseId,
    now: Timestamp,
) -> Result<Vec<links::Model>, Error> {
    let since = (now - LISTED_FOR).micros();
    let rows = links::Entity::find()
        .filter(links::Column::CaseId.eq(case.uuid()))
        .filter(links::Column::ExpiresAt.gt(since))
        .order_by(links::Column::MadeAt, Order::Desc)
        .order_by(links::Column::Link, Order::Desc)
        .limit(LISTED_MAX)
        .all(store.reader());
    rows.await.map_err(store_error)
}

/// A link.
///
/// # Errors
/// What the store says.
pub async fn of_link(store: &Store, id: LinkId) -> Result<Option<links::Model>, Error> {
    let row = links::Entity::find().filter(links::Column::Link.eq(id.uuid())).one(store.reader());
    row.await.map_err(store_error)
}

/// Where the next link of a case goes: a place that is free, and the how-manieth there; `None` when all are taken.
pub fn free_place(rows: &[links::Model], now: Timestamp) -> Option<(i64, i64)> {
    (0..OF_A_CASE_MAX).find_map(|place| {
        let last = rows.iter().rfind(|row| row.place == place);
        match last {
            None => Some((place, 0)),
            Some(row) if is_good(row, now) => None,
            Some(row) => Some((place, row.turn + 1)),
        }
    })
}

/// A link as it is shown, without its secret and its use.
pub fn shown(row: &links::Model) -> ShareLink {
    let at = |micros| to_timestamp(Timestamp::from_micros(micros));
    ShareLink {
        link_id: LinkId::new(row.link).to_string(),
        case_id: CaseId::new(row.case_id).to_string(),
        created_at: Some(at(row.made_at)),
        expires_at: Some(at(row.expires_at)),
        revoked_at: (row.revoked_at != 0).then(|| at(row.revoked_at)),
        created_by: row.made_by.clone(),
        ..ShareLink::default()
    }
}

/// The same with how it was used.
///
/// # Errors
/// What the store says.
pub async fn with_uses(store: &Store, rows: &[links::Model]) -> Result<Vec<ShareLink>, Error> {
    let ids: Vec<_> = rows.iter().map(|row| row.link).collect();
    let used: Vec<(Uuid, i64)> = uses::Entity::find()
        .select_only()
        .columns([uses::Column::Link, uses::Column::Hour])
        .filter(uses::Column::Link.is_in(ids))
        .into_tuple()
        .all(store.reader())
        .await
        .map_err(store_error)?;
    let one = |row: &links::Model| {
        let hours = used.iter().filter(|(link, _)| *link == row.link).map(|(_, hour)| *hour);
        let last = hours.clone().max().map(Timestamp::from_micros);
        let uses = i32::try_from(hours.count()).unwrap_or(i32::MAX);
        ShareLink { uses, used_at: last.map(to_timestamp), ..shown(row) }
    };
    Ok(rows.iter().map(one).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(place: i64, turn: i64, expires_at: i64, revoked_at: i64) -> links::Model {
        links::Model {
            case_id: Uuid::from_u128(1),
            place,
            turn,
            link: Uuid::from_u128(2),
            proof: String::new(),
            made_by: "customer".to_owned(),
            made_at: 0,
            expires_at,
            revoked_at,
        }
    }

    #[test]
    fn a_link_takes_the_first_place_that_is_free() {
        let now = Timestamp::from_micros(100);
        let good = |place| row(place, 0, 200, 0);
        let all: Vec<_> = (0..OF_A_CASE_MAX).map(good).collect();
        assert_eq!(free_place(&[], now), Some((0, 0)));
        assert_eq!(free_place(&all[..3], now), Some((3, 0)));
        assert_eq!(free_place(&all, now), None);
        let mut one_over = all.clone();
        one_over[2].expires_at = 100;
        assert_eq!(free_place(&one_over, now), Some((2, 1)), "expired");
        let mut one_back = all;
        one_back[1].revoked_at = 50;
        assert_eq!(free_place(&one_back, now), Some((1, 1)), "taken back");
        one_back.insert(2, row(1, 1, 200, 0));
        assert_eq!(free_place(&one_back, now), None, "and given anew");
    }

    #[test]
    fn what_is_kept_is_not_the_secret() {
        let key = TokenKey::from_secret(&[7; 32]);
        let token = link::token(&key, LinkId::new(Uuid::from_u128(2)));
        let kept = proof(&key, &token);
        assert!(!kept.contains(&token[3..]) && kept.len() == 64);
        assert_ne!(kept, proof(&TokenKey::from_secret(&[8; 32]), &token));
    }
}
