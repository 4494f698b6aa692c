//! Who may hand in evidence of a case, and who may see a piece of it.
//!
//! Narrower than who may know of the case: a photo shows somebody's home. A centre that was only asked sees
//! none, and nobody of a brand's side sees any after the case has ended, except what they handed in
//! themselves.

use parasol_desk::actor;
use parasol_journey::{Case, Stage};
use parasol_runtime::identity::{Principal, Role};

use super::Piece;

/// Whether a caller works on the case or speaks for its customer.
fn takes_part(principal: &Principal, case: &Case) -> bool {
    let subject = principal.subject.as_str();
    match principal.role {
        Role::Customer | Role::Agent | Role::Manager | Role::Service => {
            parasol_desk::sees(principal, case)
        }
        Role::Brand => {
            [&case.filing.brand, case.serving_brand()].iter().any(|one| one.as_str() == subject)
        }
        Role::Centre => {
            case.work_order.as_ref().is_some_and(|order| order.centre.as_str() == subject)
        }
        Role::Technician => case.is_on_the_job(subject),
        Role::Lab => case.stage == Stage::Disputed,
        Role::Finance | Role::Retailer | Role::Operator | Role::Link => false,
    }
}

/// Whether a caller may hand in evidence of a case. A technician's telephone may come to it after the case
/// has ended; that is taken too.
pub(crate) fn may_hand_in(principal: &Principal, case: &Case) -> bool {
    principal.role != Role::Service && takes_part(principal, case)
}

/// Whether a caller may see a piece of a case.
pub(crate) fn sees(principal: &Principal, case: &Case, piece: &Piece) -> bool {
    let by = actor(principal);
    let is_own = by.kind.as_str() == piece.by_kind && by.id.as_deref() == Some(&piece.by_id);
    let is_partner =
        matches!(principal.role, Role::Brand | Role::Centre | Role::Technician | Role::Lab);
    is_own || (takes_part(principal, case) && !(is_partner && case.stage.is_ended()))
}
