//! Relay numbers: technician and customer reach each other around a visit, and neither learns the
//! other's number.
//!
//! A telephone company lends a number to a pair of people: whichever of the two dials it reaches the
//! other, and nobody else reaches anybody. [`RelayProvider`] is the port to such a company, `docs/relay.md`
//! says what one has to do; [`local`] is one inside this process. [`exchange`] binds a number when a visit
//! is booked and gives it back a while after its window or when it is called off. What is shown, and when,
//! is said here and nowhere else: in the visit's window with an hour before and two behind, while the case
//! is open.

pub mod exchange;
pub mod local;

use async_trait::async_trait;
use parasol_api::Error;
use parasol_casebook::Store;
use parasol_journey::Case;
use parasol_journey::case::Visit;
use parasol_journey::event::Window;
use parasol_journey::ids::AppointmentId;
use parasol_journey::time::{HOUR, Span, Timestamp};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use crate::store_error;
use crate::tables::relay_numbers;

/// How long before the window a number is shown.
const BEFORE: Span = Span::from_micros(HOUR);
/// How long behind the window a number is shown and stays bound.
const AFTER: Span = Span::from_micros(2 * HOUR);

/// A pair that is to reach each other. Holds telephone numbers, so it is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct RelayOrder {
    /// Names the binding; the same on every attempt.
    pub key: String,
    /// The customer's own number.
    pub customer: String,
    /// The technician's own number.
    pub technician: String,
    /// When the provider may let it lapse by itself.
    pub until: Timestamp,
}

/// Why a provider did not do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RelayFault {
    /// No number is free, or one of the two numbers cannot be reached by it.
    #[error("the provider has no number for them")]
    NoNumber,
    /// It did not answer; whether it did what was asked is not known.
    #[error("the provider does not answer")]
    Away,
}

/// Lends numbers to pairs of people.
///
/// Both calls may be made again with the same key, in any order and by several processes at once.
#[async_trait]
pub trait RelayProvider: Send + Sync {
    /// The name logs give it.
    fn name(&self) -> &'static str;

    /// Binds a number to a pair. A key that is bound keeps its number, and takes the new end.
    ///
    /// # Errors
    /// See [`RelayFault`].
    async fn bind(&self, order: &RelayOrder, now: Timestamp) -> Result<String, RelayFault>;

    /// Frees the number of a key. One that is not bound is no fault. The number is not lent to anybody
    /// for a while, so that nobody's late call reaches a stranger.
    ///
    /// # Errors
    /// [`RelayFault::Away`].
    async fn unbind(&self, key: &str, now: Timestamp) -> Result<(), RelayFault>;

    /// Told what is lent, before the first call and whenever another process may have lent numbers in between. For
    /// a provider that keeps its books in this process; any other knows them.
    fn take_up(&self, _lent: Vec<Lent>, _now: Timestamp) {}
}

/// A number that is lent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lent {
    /// The key it is bound under.
    pub key: String,
    /// The number.
    pub number: String,
    /// Until when.
    pub until: Timestamp,
}

/// The name of the binding of a visit with its technician.
fn key(visit: &Visit) -> String {
    format!("{}/{}", visit.id, visit.technician)
}

/// When a number of a visit may be seen: the first instant and the first at which no longer.
pub fn shown_in(window: Window) -> Window {
    Window { start: window.start - BEFORE, end: window.end + AFTER }
}

/// The visit whose number may be seen now.
pub fn shown_now(case: &Case, now: Timestamp) -> Option<&Visit> {
    let visit = case.visit.as_ref().filter(|_| !case.stage.is_ended())?;
    let shown = shown_in(visit.window);
    (shown.start <= now && now < shown.end).then_some(visit)
}

/// The numbers of these appointments that are bound to these technicians; those without one are left out.
///
/// # Errors
/// What the store says.
pub async fn numbers(
    store: &Store,
    visits: impl IntoIterator<Item = &Visit>,
) -> Result<Vec<(AppointmentId, String)>, Error> {
    let visits: Vec<_> = visits.into_iter().collect();
    if visits.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = visits.iter().map(|visit| visit.id.uuid()).collect();
    let rows = relay_numbers::Entity::find()
        .filter(relay_numbers::Column::Appointment.is_in(ids))
        .all(store.reader())
        .await
        .map_err(store_error)?;
    let is_theirs = |row: &relay_numbers::Model| {
        let of = |visit: &&&Visit| {
            visit.id.uuid() == row.appointment && visit.technician.as_str() == row.technician
        };
        visits.iter().any(|visit| of(&visit))
    };
    let theirs = rows.into_iter().filter(is_theirs);
    Ok(theirs.map(|row| (AppointmentId::new(row.appointment), row.number)).collect())
}
