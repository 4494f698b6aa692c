//! What a certificate says in words, as the vault keeps it.

use parasol_api::common::v1::Certificate;
use parasol_casebook::{RowOp, Secret, secret};
use parasol_journey::ids::CertificateId;
use parasol_journey::time::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

/// The row that keeps the texts of a certificate: everything on the wire that the log does not carry.
pub fn texts(id: CertificateId, wire: &Certificate, at: Timestamp) -> RowOp {
    let parts: Vec<_> = wire
        .parts_used
        .iter()
        .map(|part| json!({"part_no": part.part_no, "name": part.name, "quantity": part.quantity}))
        .collect();
    let body = json!({
        "model": wire.model,
        "serial_outside": wire.serial_outside,
        "serial_remark": wire.serial_remark,
        "manufactured_on": wire.manufactured_on,
        "invoice_present": wire.invoice_present,
        "warranty_card_present": wire.warranty_card_present,
        "finding": wire.finding,
        "cause_sign": wire.cause_sign,
        "parts_used": parts,
        "customer_statement": wire.customer_statement,
        "supersedes": wire.supersedes,
    });
    words(id.uuid(), "certificate", &body, at)
}

/// The row that keeps what somebody wrote. The words of a kind about the same subject replace the
/// earlier ones.
pub fn words(subject: Uuid, kind: &'static str, body: &Value, at: Timestamp) -> RowOp {
    secret(Secret { subject, kind, lookup: String::new(), body: body.to_string() }, at)
}
