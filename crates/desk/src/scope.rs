//! Whose cases a caller sees. A case outside it answers exactly like one that does not exist.

use parasol_journey::ids::CustomerId;
use parasol_journey::{Actor, ActorKind, Case, Stage};
use parasol_runtime::identity::{Principal, Role, link};
use uuid::Uuid;

/// Names the space in which a retailer's customer keys become ids. Never change it: the ids of every
/// customer follow from it.
const CUSTOMERS: Uuid = Uuid::from_u128(0x6f1d_44ac_93b0_5e7b_8f42_7c1a_05d3_e9b6);

/// The id of a customer, from the key the retailer knows them by (which is also the subject of their
/// token).
pub fn customer_id(key: &str) -> CustomerId {
    CustomerId::new(Uuid::new_v5(&CUSTOMERS, key.as_bytes()))
}

/// Whether a caller may know that a case exists.
///
/// Customers see their own; the retailer's people and the house's own services see all; a brand sees
/// those of its goods, and those its network was asked for on behalf of another brand; a centre those offered to it or worked on by it, and those it was once offered,
/// so that a late answer can be kept; a technician those on their list; a laboratory those in dispute; the holder of
/// a share link the one it shows.
pub fn sees(principal: &Principal, case: &Case) -> bool {
    let subject = principal.subject.as_str();
    match principal.role {
        Role::Customer => case.filing.customer == customer_id(subject),
        Role::Agent
        | Role::Manager
        | Role::Finance
        | Role::Retailer
        | Role::Operator
        | Role::Service => true,
        Role::Brand => {
            let mut known = case.lenders.iter().chain([&case.filing.brand]);
            known.any(|brand| brand.as_str() == subject)
        }
        Role::Centre => {
            let offered = case.offer.as_ref().map(|offer| &offer.centre);
            let working = case.work_order.as_ref().map(|order| &order.centre);
            let mut known = case.passed_over.iter().chain(offered).chain(working);
            known.any(|centre| centre.as_str() == subject)
        }
        Role::Technician => case.is_on_the_job(subject),
        Role::Lab => case.stage == Stage::Disputed,
        Role::Link => link::of_principal(principal).is_some_and(|(of, _)| of == case.id),
    }
}

/// Who the log says did it.
pub fn actor(principal: &Principal) -> Actor {
    let kind = match principal.role {
        Role::Customer | Role::Link => ActorKind::Customer,
        Role::Agent | Role::Manager | Role::Finance | Role::Operator => ActorKind::Agent,
        Role::Brand => ActorKind::Brand,
        Role::Centre => ActorKind::Centre,
        Role::Technician => ActorKind::Technician,
        Role::Lab => ActorKind::Lab,
        Role::Retailer => ActorKind::Carrier,
        Role::Service => ActorKind::Policy,
    };
    match principal.role {
        // A customer's own key stays out of the log; their id is in the filing.
        Role::Customer => Actor::new(kind, customer_id(&principal.subject).to_string()),
        _ => Actor::new(kind, principal.subject.clone()),
    }
}
