//! Personal data out of the vault.

use parasol_casebook::Point;
use parasol_journey::event::Window;
use serde::Deserialize;

/// What the customer wrote when filing; kind `filing` in the vault.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Filed {
    /// What is wrong, in the customer's words.
    pub description: String,
    /// The model, if it was known.
    pub model: String,
    /// Where the unit stands, if not at the customer's address.
    pub address: Option<Address>,
    /// Whom to call, if not the customer on the order.
    pub contact: Option<Contact>,
    /// Times that suit.
    pub preferred_windows: Vec<Window>,
}

/// Whom to call about a visit; the number is the relay's to know.
#[derive(Clone, Deserialize)]
pub struct Contact {
    /// The name.
    pub name: String,
}

/// An address as a filing keeps it; its county is the case's.
#[derive(Clone, Deserialize)]
pub struct Address {
    /// Street, house and door.
    pub street: String,
    /// Where it is on the map, if that is known.
    #[serde(default)]
    pub location: Option<Point>,
}

/// Who the customer is; kind `customer` in the vault.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Customer {
    /// The name.
    pub name: String,
    /// Street, house and door.
    pub address: String,
    /// Where that is on the map, if it is known.
    pub location: Option<Point>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_intake_wrote_is_read_whatever_is_missing() {
        let filed: Filed = serde_json::from_str("{}").unwrap();
        assert!(filed.description.is_empty() && filed.address.is_none());
        let json = r#"{"description":"x","address":{"county":"330106","street":"y 1"},
            "preferred_windows":[{"start":1,"end":2}],"more":true,
            "contact":{"name":"z","phone":"1"}}"#;
        let filed: Filed = serde_json::from_str(json).unwrap();
        assert_eq!(filed.address.unwrap().street, "y 1");
        assert_eq!(filed.preferred_windows.len(), 1);
        assert_eq!(filed.contact.unwrap().name, "z");
    }
}
