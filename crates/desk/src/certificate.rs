//! What a certificate says in words, as the vault keeps it, and the fingerprint of that, as the log does.

use parasol_api::common::v1::Certificate;
use parasol_casebook::{RowOp, Secret, secret};
use parasol_journey::ids::CertificateId;
use parasol_journey::time::Timestamp;
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// The row that keeps everything on the wire that the log does not carry, and the SHA-256 of what it keeps, which
/// the log does. So words can be erased and not exchanged.
pub fn certificate_words(id: CertificateId, wire: &Certificate, at: Timestamp) -> (RowOp, String) {
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
    let body = body.to_string();
    let fingerprint = hex::encode(Sha256::digest(&body));
    let row = Secret { subject: id.uuid(), kind: "certificate", lookup: String::new(), body };
    (secret(row, at), fingerprint)
}
