//! Offers and work orders as rows, in step with the log whoever moved the case.
//!
//! A row is written whole from the change alone: a decline, a deadline and a cancellation close an
//! offer by the same few lines.

use parasol_casebook::{Change, Projector, RowOp};
use parasol_journey::case::{LiveOffer, LiveWorkOrder};
use parasol_journey::deadline::Clock;
use parasol_journey::time::Timestamp;
use parasol_journey::{Case, Fact};
use sea_orm::IntoActiveModel as _;
use uuid::Uuid;

use crate::states::{OfferState, Outcome, WorkState, work_state, working_centre};
use crate::tables::{experiences, offers, work_orders};

/// Keeps this service's tables in step with the log.
pub struct Projection;

impl Projector for Projection {
    fn project(&self, change: &Change<'_>, rows: &mut Vec<RowOp>) {
        let offers = closed_offer(change).into_iter().chain(made_offer(change));
        rows.extend(offers.map(|row| RowOp::put(row.into_active_model())));
        let orders = ended_work_order(change).into_iter().chain(live_work_order(change));
        rows.extend(orders.map(|row| RowOp::put(row.into_active_model())));
        rows.extend(experiences(change).map(|row| RowOp::put(row.into_active_model())));
    }
}

/// What the customer now has seen of the centre at work: a case that was closed, or a complaint. Both may
/// be said of one case; whoever reads them lets the complaint count.
fn experiences<'a>(change: &'a Change<'_>) -> impl Iterator<Item = experiences::Model> + 'a {
    let centre = working_centre(change.after).or(change.before.and_then(working_centre));
    let outcomes = change.events.iter().filter_map(|event| match &event.fact {
        Fact::Closed { .. } => Some((Outcome::Well, event.at)),
        Fact::OutcomeRejected | Fact::DisputeOpened { .. } => Some((Outcome::Complaint, event.at)),
        _ => None,
    });
    outcomes.filter_map(move |(outcome, at)| {
        Some(experiences::Model {
            customer: change.after.filing.customer.uuid(),
            case_id: change.after.id.uuid(),
            outcome: outcome.as_str().to_owned(),
            centre: centre?.to_owned(),
            at: at.micros(),
        })
    })
}

/// The offer that waits for an answer. A case that ended keeps its last offer in its state, but
/// nobody can answer it.
fn waiting(case: &Case) -> Option<&LiveOffer> {
    case.offer.as_ref().filter(|_| !case.stage.is_ended())
}

fn made_offer(change: &Change<'_>) -> Option<offers::Model> {
    let offer = waiting(change.after)?;
    let known = change.before.and_then(waiting).is_some_and(|before| before.id == offer.id);
    let made_at = change.events.iter().find_map(|event| match &event.fact {
        Fact::OfferMade { offer: made, .. } if *made == offer.id => Some(event.at),
        _ => None,
    });
    let made_at = made_at.filter(|_| !known)?;
    Some(offer_row(change, change.after, offer, made_at, OfferState::Offered, String::new()))
}

fn closed_offer(change: &Change<'_>) -> Option<offers::Model> {
    let before = change.before?;
    let offer = waiting(before)?;
    if waiting(change.after).is_some_and(|after| after.id == offer.id) {
        return None;
    }
    let answered = change.events.iter().find_map(|event| match &event.fact {
        Fact::OfferAccepted { .. } => Some((OfferState::Accepted, String::new())),
        Fact::OfferDeclined { reason, .. } => {
            Some((OfferState::Declined, reason.as_str().to_owned()))
        }
        Fact::OfferExpired { .. } => Some((OfferState::Expired, String::new())),
        Fact::OfferWithdrawn { reason, .. } => Some((OfferState::Withdrawn, reason.clone())),
        _ => None,
    });
    let (state, reason) =
        answered.unwrap_or_else(|| (OfferState::Withdrawn, change.after.stage.to_string()));
    // The brand has held the turn since the offer was made and cannot lose it without an answer, so
    // the turn clock knows when that was.
    Some(offer_row(change, before, offer, before.turn.since(), state, reason))
}

fn offer_row(
    change: &Change<'_>,
    case: &Case,
    offer: &LiveOffer,
    offered_at: Timestamp,
    state: OfferState,
    reason: String,
) -> offers::Model {
    offers::Model {
        offer: offer.id.uuid(),
        case_id: case.id.uuid(),
        number: i64::from(case.offers_made),
        brand: offer.network.as_ref().unwrap_or(&case.filing.brand).as_str().to_owned(),
        centre: offer.centre.as_str().to_owned(),
        category: case.filing.category.as_str().to_owned(),
        state: state.as_str().to_owned(),
        reason,
        offered_at: offered_at.micros(),
        expires_at: offer.expires_at.micros(),
        changed_at: change.after.updated_at.micros(),
        changed_seq: signed(change.after.version),
        open: i64::from(state == OfferState::Offered),
    }
}

/// Written where the row itself changes. That every step of the case is news to the partner of its
/// live work order is for the readers of changes to see, who read the case too.
fn live_work_order(change: &Change<'_>) -> Option<work_orders::Model> {
    let row = |case: &Case| {
        let order = case.work_order.as_ref()?;
        Some(work_order_row(change, case, order, work_state(case)))
    };
    let after = row(change.after)?;
    (change.before.and_then(row).as_ref() != Some(&after)).then_some(after)
}

fn ended_work_order(change: &Change<'_>) -> Option<work_orders::Model> {
    let before = change.before?;
    let order = before.work_order.as_ref()?;
    if change.after.work_order.as_ref().is_some_and(|after| after.id == order.id) {
        return None;
    }
    Some(work_order_row(change, before, order, ended_state(change)))
}

/// A work order leaves its case when it is taken back, or when another centre gives the second
/// opinion on what it found. A deadline that took it back means that it was not done in time.
fn ended_state(change: &Change<'_>) -> WorkState {
    let ended = change.events.iter().find_map(|event| match &event.fact {
        Fact::SecondInspectionOrdered { .. } => Some(WorkState::Completed),
        Fact::OfferWithdrawn { reason, .. } if Clock::parse(reason).is_some() => {
            Some(WorkState::UnableToComplete)
        }
        _ => None,
    });
    ended.unwrap_or(WorkState::Cancelled)
}

fn work_order_row(
    change: &Change<'_>,
    case: &Case,
    order: &LiveWorkOrder,
    state: WorkState,
) -> work_orders::Model {
    let visit = case.visit.as_ref().filter(|_| !state.is_done());
    let technician = order.technician.as_ref();
    work_orders::Model {
        work_order: order.id.uuid(),
        case_id: case.id.uuid(),
        offer: order.offer.uuid(),
        brand: order.network.as_ref().unwrap_or(&case.filing.brand).as_str().to_owned(),
        centre: working_centre(case).unwrap_or_default().to_owned(),
        technician: technician.map_or("", |technician| technician.as_str()).to_owned(),
        helper: order.helper.as_ref().map_or("", |helper| helper.as_str()).to_owned(),
        state: state.as_str().to_owned(),
        partner_order: order.partner_order.clone().unwrap_or_default(),
        appointment: visit.map_or_else(Uuid::nil, |visit| visit.id.uuid()),
        window_start: visit.map_or(0, |visit| visit.window.start.micros()),
        window_end: visit.map_or(0, |visit| visit.window.end.micros()),
        changed_at: change.after.updated_at.micros(),
        changed_seq: signed(change.after.version),
        open: i64::from(!state.is_done()),
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
