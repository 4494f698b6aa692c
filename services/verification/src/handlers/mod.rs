//! One file per method: decode and check, one step of the case, encode.

pub mod accept_quote;
pub mod answer_denial;
pub mod approve_decision;
pub mod await_in_dispute;
pub mod certify_staff;
pub mod choose_remedy;
pub mod confirm_certificate;
pub mod confirm_outcome;
pub mod contest_certificate;
pub mod convene_panel;
pub mod decertify_staff;
pub mod decide_manually;
pub mod delegate_authority;
pub mod end_delegation;
pub mod explain_decision;
pub mod get_balances;
pub mod get_claim;
pub mod get_claim_evidence;
pub mod get_decision;
pub mod get_dispute;
pub mod get_staff;
pub mod get_staff_figures;
pub mod get_statement;
pub mod grant_goodwill;
pub mod import_calendar;
pub mod list_authority;
pub mod list_authority_use;
pub mod list_calendars;
pub mod list_claim_changes;
pub mod list_claims;
pub mod list_decisions;
pub mod list_delegations;
pub mod list_fault_trends;
pub mod list_payments;
pub mod list_policies;
pub mod list_proposals;
pub mod list_rates;
pub mod list_staff;
pub mod list_staff_changes;
pub mod list_staff_ranking;
pub mod notify_payment;
pub mod open_dispute;
pub mod order_second_inspection;
pub mod publish_policy;
pub mod put_authority;
pub mod put_person;
pub mod put_rates;
pub mod quote_repair;
pub mod reconcile_provider;
pub mod record_funds;
pub mod register_staff;
pub mod reject_outcome;
pub mod replay_decision;
pub mod reply_to_dispute;
pub mod report_at_lab;
pub mod report_pickup;
pub mod report_replacement;
pub mod resolve_claim;
pub mod respond_to_claim;
pub mod restore_staff;
pub mod submit_certificate;
pub mod submit_dispute_evidence;
pub mod submit_opinion;
pub mod suspend_staff;
pub mod update_staff;
pub mod validate_policy;

mod claim_act;
mod partner;
mod reading;
mod stamp;

use parasol_api::common::v1::MessageEffect;
use parasol_api::{Checker, Error, Reason, Role};
use parasol_casebook::Refusal;
use parasol_journey::Case;
use parasol_journey::ids::CaseId;
use parasol_runtime::identity::Principal;

/// The fields every step of a case starts with.
fn target(check: &mut Checker, case_id: &str, etag: &str) -> (Option<CaseId>, Option<Option<u64>>) {
    (check.id("case_id", case_id), check.etag(etag))
}

/// Refuses inside a commit, for a reason of the registry.
pub fn refuse(reason: Reason, message: impl Into<String>) -> Refusal {
    Refusal::Service { code: reason.code(), message: message.into() }
}

/// Refuses a brand that only lends its centres: the unit's own answers for it. To any other the case
/// looks as it does to strangers.
fn is_the_units_brand(case: &Case, principal: &Principal) -> Result<(), Refusal> {
    let is_lender =
        principal.role == Role::Brand && case.filing.brand.as_str() != principal.subject;
    if is_lender { Err(refuse(Reason::NotFound, Reason::NotFound.summary())) } else { Ok(()) }
}

pub fn store_error(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Reason::StoreUnavailable).because(error)
}

/// The effect of a step as messages carry it.
fn effect(effect: MessageEffect) -> i32 {
    effect.into()
}

/// The case of an answer.
fn view(case: &Case) -> Option<parasol_api::common::v1::CaseView> {
    Some(parasol_api::convert::case_view(case))
}
