//! What people write about cases and certificates, as the vault keeps it.

use parasol_casebook::{RowOp, Secret, secret};
use parasol_journey::time::Timestamp;
use serde_json::Value;
use uuid::Uuid;

/// The row that keeps what somebody wrote. The words of a kind about the same subject replace the
/// earlier ones.
pub fn words(subject: Uuid, kind: &'static str, body: &Value, at: Timestamp) -> RowOp {
    secret(Secret { subject, kind, lookup: String::new(), body: body.to_string() }, at)
}
