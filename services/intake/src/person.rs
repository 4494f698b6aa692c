//! A customer's personal data as it lies in the vault.
//!
//! Numbers are found by a keyed hash of their digits, so that the store can be searched by a number
//! without holding one outside the vault.

use parasol_casebook::Point;
use parasol_desk::mask::phone_digits;
use parasol_runtime::identity::TokenKey;
use serde::{Deserialize, Serialize};

/// The kind of these rows in the vault.
pub(crate) const CUSTOMER: &str = "customer";

/// Who a customer is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Person {
    /// The customer, as the retailer numbers them.
    pub key: String,
    /// The name.
    pub name: String,
    /// The telephone number as it was given.
    pub phone: String,
    /// Street, house and door.
    pub address: String,
    /// The county.
    pub county: String,
    /// Where the address is on the map, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Point>,
}

impl Person {
    /// As the vault keeps it.
    pub(crate) fn body(&self) -> String {
        serde_json::to_string(self).expect("texts are JSON")
    }
}

/// What a number is found by.
pub(crate) fn phone_lookup(key: &TokenKey, phone: &str) -> String {
    hex::encode(key.mac("phone", phone_digits(phone).as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_is_one_number_however_it_is_written() {
        let key = TokenKey::from_secret(&[1; 32]);
        let found = phone_lookup(&key, "13800138000");
        for written in
            ["+8613800138000", "86-138-0013-8000", "+86-138-0013-8000", "0086 13800138000"]
        {
            assert_eq!(phone_lookup(&key, written), found, "{written}");
        }
        assert_ne!(phone_lookup(&key, "13800138001"), found);
        // A land line that happens to begin with 86 keeps it.
        assert_eq!(phone_digits("8651-2233"), "86512233");
    }
}
