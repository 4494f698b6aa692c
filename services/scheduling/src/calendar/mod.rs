//! A technician's visits as a calendar that any program subscribes to by a private link.
//!
//! The link is the key: whoever has it reads the calendar, so it says nothing about people, and it can be
//! taken back. It names a row and proves that this cell made it; a link that was forged, taken back or
//! replaced answers like one that never was.

pub mod ics;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parasol_api::{Error, Language};
use parasol_journey::Case;
use parasol_journey::event::Window;
use parasol_journey::ids::{AppointmentId, CaseId, TechnicianId};
use parasol_journey::time::{Span, Timestamp};
use parasol_runtime::identity::TokenKey;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, Order, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use crate::tables::{State, appointments, calendar_links, come_to};
use crate::{Scheduling, store_error};
use ics::Event;

/// Names what the proofs are for.
const DOMAIN: &str = "calendar-link";
/// Bytes of the proof that are sent: 128 bits, which nobody guesses.
const PROOF_BYTES: usize = 16;
/// How far back a calendar goes, and how far ahead.
const BACK: Span = Span::days(14);
const AHEAD: Span = Span::days(92);
/// The most visits of a calendar.
const VISITS_MAX: u64 = 1_000;

/// The secret part of a link.
pub fn token(key: &TokenKey, link: Uuid) -> String {
    let proof = key.mac(DOMAIN, link.as_bytes());
    URL_SAFE_NO_PAD.encode([&link.as_bytes()[..], &proof[..PROOF_BYTES]].concat())
}

/// The link that a token names, if this cell made it.
pub fn link_of(key: &TokenKey, token: &str) -> Option<Uuid> {
    // 43 characters hold 32 bytes; nothing longer is looked at.
    let bytes = Some(token).filter(|token| token.len() == 43)?;
    let bytes = URL_SAFE_NO_PAD.decode(bytes).ok()?;
    let (link, proof) = bytes.split_at_checked(16)?;
    let expected = key.mac(DOMAIN, link);
    let pairs = expected[..PROOF_BYTES].iter().zip(proof);
    let differing = pairs.fold(0, |seen, (a, b)| seen | (a ^ b));
    if differing == 0 { Uuid::from_slice(link).ok() } else { None }
}

impl Scheduling {
    /// Whose calendar a token opens.
    ///
    /// # Errors
    /// What the store says.
    pub(crate) async fn calendar_of(&self, token: &str) -> Result<Option<TechnicianId>, Error> {
        let Some(link) = link_of(&self.desk.key, token) else { return Ok(None) };
        let row = calendar_links::Entity::find_by_id(link);
        let row = row.one(self.desk.store.reader()).await.map_err(store_error)?;
        row.map(|row| row.technician.parse().map_err(Error::internal)).transpose()
    }

    /// The visits of a technician as a calendar.
    ///
    /// # Errors
    /// What the store says.
    pub(crate) async fn calendar(
        &self,
        technician: &TechnicianId,
        language: Language,
    ) -> Result<String, Error> {
        let rows = self.calendar_rows(technician).await?;
        let mut ids: Vec<_> = rows.iter().map(|row| CaseId::new(row.case_id)).collect();
        ids.sort_unstable();
        ids.dedup();
        let cases = self.desk.store.readable_cases(&ids).await.map_err(store_error)?;
        let mut events = Vec::with_capacity(rows.len());
        for row in &rows {
            let Some(case) = cases.iter().find(|case| case.id.uuid() == row.case_id) else {
                continue;
            };
            events.extend(self.calendar_event(row, case, language).await);
        }
        Ok(ics::write(&events, language))
    }

    async fn calendar_event(
        &self,
        row: &appointments::Model,
        case: &Case,
        language: Language,
    ) -> Option<Event> {
        let state = State::parse(&row.state)?;
        let pick = |(zh, en): (&'static str, &'static str)| match language {
            Language::Zh => zh,
            Language::En => en,
        };
        // A work order that went to another centre since is not this technician's to know.
        let order = case.work_order.as_ref().filter(|order| order.centre.as_str() == row.centre);
        Some(Event {
            appointment: AppointmentId::new(row.appointment),
            window: Window {
                start: Timestamp::from_micros(row.window_start),
                end: Timestamp::from_micros(row.window_end),
            },
            category: pick(case.filing.category.names()).to_owned(),
            area: self.roster.area(&case.filing.county, language).await,
            work_order: order.map(|order| order.id.to_string()).unwrap_or_default(),
            sequence: row.case_version(),
            changed_at: Timestamp::from_micros(row.changed_at),
            is_cancelled: state.is_called_off(),
        })
    }

    /// Visits that were booked, as they stand or ended; slots that were only held are none.
    async fn calendar_rows(
        &self,
        technician: &TechnicianId,
    ) -> Result<Vec<appointments::Model>, Error> {
        use appointments::Column;
        let now = self.desk.clock.now();
        let not_visits = [State::Held, State::Released].map(State::as_str);
        appointments::Entity::find()
            .filter(come_to(technician.as_str()))
            .filter(Column::WindowStart.gte((now - BACK).micros()))
            .filter(Column::WindowStart.lt((now + AHEAD).micros()))
            .filter(Column::State.is_not_in(not_visits))
            .order_by(Column::WindowStart, Order::Asc)
            .order_by(Column::Appointment, Order::Asc)
            .limit(VISITS_MAX)
            .all(self.desk.store.reader())
            .await
            .map_err(store_error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_link_and_nobody_makes_another() {
        let key = TokenKey::from_secret(&[7; 32]);
        let link = Uuid::from_u128(5);
        let made = token(&key, link);
        assert_eq!(link_of(&key, &made), Some(link));
        assert_eq!(link_of(&TokenKey::from_secret(&[8; 32]), &made), None);
        for at in 0..made.len() {
            let mut forged = made.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            assert_ne!(link_of(&key, &String::from_utf8(forged).unwrap()), Some(link), "{at}");
        }
        for wrong in [
            "",
            "A",
            &made[1..],
            &format!("{made}A"),
            "not a token at all, of 43 characters, ......",
        ] {
            assert_eq!(link_of(&key, wrong), None, "{wrong}");
        }
    }
}
