//! A customer's personal data as it lies in the vault, and what of it may be shown.
//!
//! Numbers are found by a keyed hash of their digits, so that the store can be searched by a number
//! without holding one outside the vault.

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
}

impl Person {
    /// As the vault keeps it.
    pub(crate) fn body(&self) -> String {
        serde_json::to_string(self).expect("texts are JSON")
    }

    /// The name with all but its first character hidden.
    pub(crate) fn masked_name(&self) -> String {
        let mut characters = self.name.chars();
        let first = characters.next().map(String::from).unwrap_or_default();
        first + &"*".repeat(characters.count())
    }

    /// The number with its middle hidden: three digits in front and four behind stay, of a short one
    /// two behind.
    pub(crate) fn masked_phone(&self) -> String {
        let digits = phone_digits(&self.phone);
        let (front, back) = if digits.len() >= 8 { (3, 4) } else { (0, 2) };
        let hidden = digits.len().saturating_sub(front + back);
        format!("{}{}{}", &digits[..front], "*".repeat(hidden), &digits[front + hidden..])
    }
}

/// What a number is found by.
pub(crate) fn phone_lookup(key: &TokenKey, phone: &str) -> String {
    hex::encode(key.mac("phone", phone_digits(phone).as_bytes()))
}

/// The digits of a number without the prefix of mainland China, so that one number is found however it
/// is written.
fn phone_digits(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    let mobile = |rest: &&str| rest.len() == 11 && rest.starts_with('1');
    let bare = digits.strip_prefix("0086").or_else(|| digits.strip_prefix("86"));
    bare.filter(mobile).map_or(digits.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str, phone: &str) -> Person {
        let [name, phone] = [name, phone].map(str::to_owned);
        Person { key: String::new(), name, phone, address: String::new(), county: String::new() }
    }

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

    #[test]
    fn what_is_shown_hides_the_rest() {
        assert_eq!(person("张", "1").masked_name(), "张");
        assert_eq!(person("张芳芳", "1").masked_name(), "张**");
        assert_eq!(person("", "").masked_name(), "");
        assert_eq!(person("a", "+86-13800138000").masked_phone(), "138****8000");
        assert_eq!(person("a", "12345").masked_phone(), "***45");
        assert_eq!(person("a", "").masked_phone(), "");
    }
}
