//! Offers and work orders: at most one live offer or work order per case.

use crate::actor::ActorKind;
use crate::case::Case;
use crate::command::Command;
use crate::deadline::Clock;
use crate::event::Fact;
use crate::ids::{BrandId, CentreId, OfferId, TechnicianId, WorkOrderId};
use crate::rejection::Rejection;
use crate::stage::Stage;

use super::draft::Draft;
use super::visit;

pub(super) fn decide(draft: &mut Draft<'_>, command: &Command) -> Result<(), Rejection> {
    match command {
        Command::MakeOffer { offer, centre, network } => {
            make_offer(draft, *offer, centre, network.clone())
        }
        Command::ReportNoCoverage => {
            let asked = draft.case().offers_made;
            draft.go(Fact::CoverageExhausted { asked }, Stage::Deciding)
        }
        Command::AcceptOffer { offer, work_order, centre, partner_order } => {
            accept(draft, *offer, *work_order, centre.as_ref(), partner_order.clone())
        }
        Command::DeclineOffer { offer, reason } => {
            check_live(draft, *offer)?;
            draft.go(Fact::OfferDeclined { offer: *offer, reason: *reason }, Stage::ChoosingCentre)
        }
        Command::WithdrawOffer { reason } => withdraw(draft, reason),
        Command::AssignCentre { centre } => {
            check_not_passed_over(draft.case(), centre)?;
            draft.go(Fact::CentreAssigned { centre: centre.clone() }, Stage::CentreAssigned)
        }
        Command::AssignTechnician { technician, helper }
        | Command::ReassignTechnician { technician, helper } => {
            assign(draft, technician, helper.as_ref())
        }
        other => unreachable!("{} is not a command of dispatch", other.verb()),
    }
}

fn make_offer(
    draft: &mut Draft<'_>,
    offer: OfferId,
    centre: &CentreId,
    network: Option<BrandId>,
) -> Result<(), Rejection> {
    check_not_passed_over(draft.case(), centre)?;
    let number = draft.case().offers_made + 1;
    let expires_at = draft.due(Clock::Accept)?;
    let centre = centre.clone();
    draft.go(Fact::OfferMade { offer, number, centre, network, expires_at }, Stage::Dispatched)
}

fn check_not_passed_over(case: &Case, centre: &CentreId) -> Result<(), Rejection> {
    if case.passed_over.contains(centre) {
        return Err(Rejection::CentrePassedOver { centre: centre.clone() });
    }
    Ok(())
}

/// A centre accepts for itself; only the brand, or an agent for it, may name another one.
fn check_named(draft: &Draft<'_>, centre: &CentreId) -> Result<(), Rejection> {
    let offered = draft.case().offer.as_ref().map(|live| &live.centre);
    if draft.ctx().actor.kind == ActorKind::Centre && offered != Some(centre) {
        return Err(Rejection::CentreNotOffered { centre: centre.clone() });
    }
    check_not_passed_over(draft.case(), centre)
}

/// The offer must be the live one and not past its time: a met deadline and a missed one are never
/// both recorded, and the commit decides which it is.
fn check_live(draft: &Draft<'_>, offer: OfferId) -> Result<(), Rejection> {
    match &draft.case().offer {
        Some(live) if live.id == offer && draft.now() < live.expires_at => Ok(()),
        Some(live) if live.id == offer => Err(Rejection::OfferExpired { offer }),
        live => {
            let live = live.as_ref().map(|live| live.id);
            Err(Rejection::OfferSuperseded { offer, live })
        }
    }
}

fn accept(
    draft: &mut Draft<'_>,
    offer: OfferId,
    work_order: WorkOrderId,
    centre: Option<&CentreId>,
    partner_order: Option<String>,
) -> Result<(), Rejection> {
    check_live(draft, offer)?;
    if let Some(centre) = centre {
        check_named(draft, centre)?;
    }
    let accepted = Fact::OfferAccepted { offer, work_order, partner_order };
    draft.go(accepted, Stage::Accepted)?;
    match centre {
        Some(centre) => {
            draft.go(Fact::CentreAssigned { centre: centre.clone() }, Stage::CentreAssigned)
        }
        None => Ok(()),
    }
}

/// Takes the live offer or work order back; also how the platform goes on when the field is silent.
pub(super) fn withdraw(draft: &mut Draft<'_>, reason: &str) -> Result<(), Rejection> {
    let case = draft.case();
    let live = case.offer.as_ref().map(|live| live.id);
    let offer = live.or(case.work_order.as_ref().map(|order| order.offer));
    match offer {
        Some(offer) => {
            let reason = reason.to_owned();
            draft.go(Fact::OfferWithdrawn { offer, reason }, Stage::ChoosingCentre)
        }
        None => draft.go(Fact::GuidanceFailed, Stage::ChoosingCentre),
    }
}

/// A second opinion is another person's.
pub(super) fn check_not_inspected_before(
    case: &Case,
    technician: &TechnicianId,
) -> Result<(), Rejection> {
    if case.second_opinion && case.has_inspected(technician) {
        return Err(Rejection::TechnicianInspectedBefore { technician: technician.clone() });
    }
    Ok(())
}

fn assign(
    draft: &mut Draft<'_>,
    technician: &TechnicianId,
    helper: Option<&TechnicianId>,
) -> Result<(), Rejection> {
    if helper == Some(technician) {
        // Nobody helps themselves.
        return Err(Rejection::HelpNeeded);
    }
    check_not_inspected_before(draft.case(), technician)?;
    if let Some(helper) = helper {
        check_not_inspected_before(draft.case(), helper)?;
    }
    visit::release_windows(draft)?;
    let (technician, helper) = (technician.clone(), helper.cloned());
    draft.go(Fact::TechnicianAssigned { technician, helper }, Stage::TechnicianAssigned)
}
