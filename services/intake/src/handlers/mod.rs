//! One file per method: decode, check, one step of the casebook or one query, encode.

pub(crate) mod add_note;
pub(crate) mod answer_reminder;
pub(crate) mod cancel_case;
pub(crate) mod check_entitlement;
pub(crate) mod erase_evidence;
pub(crate) mod file_case;
pub(crate) mod finish_guidance;
pub(crate) mod get_case;
pub(crate) mod get_evidence;
pub(crate) mod get_mail_mark;
pub(crate) mod get_unit;
pub(crate) mod import_orders;
pub(crate) mod link_certificate;
pub(crate) mod list_cases;
pub(crate) mod list_evidence;
pub(crate) mod list_merged;
pub(crate) mod list_units;
pub(crate) mod lookup_customer;
pub(crate) mod merge_case;
pub(crate) mod receive_mail;
pub(crate) mod remind_case;
pub(crate) mod reopen_case;
pub(crate) mod review_linked_certificate;
pub(crate) mod upload_evidence;

use parasol_api::{Checker, Reason};
use parasol_casebook::{RowOp, Secret, secret};
use parasol_journey::ids::{CaseId, County};
use parasol_journey::time::Timestamp;
use parasol_policy::Province;
use serde_json::json;

/// A county code: six digits, in a province of GB/T 2260. Whether anybody serves it is the network's
/// to know.
pub(crate) fn county(check: &mut Checker, field: &str, text: &str) -> Option<County> {
    let digits = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits {
        return check.refuse(field, Reason::FieldInvalid, "six digits of GB/T 2260");
    }
    let county = check.id::<County>(field, text)?;
    match Province::of(&county) {
        Ok(_) => Some(county),
        Err(unknown) => check.refuse(field, Reason::CountyUnknown, unknown.to_string()),
    }
}

/// Keeps what somebody wrote about a case in the vault, one text a kind; nothing for an empty one.
fn remark(case: CaseId, kind: &'static str, text: &str, at: Timestamp) -> Vec<RowOp> {
    if text.trim().is_empty() {
        return Vec::new();
    }
    let body = json!({ "text": text, "at": at.micros() }).to_string();
    let row = Secret { subject: case.uuid(), kind, lookup: String::new(), body };
    vec![secret(row, at)]
}
