//! Who calls, and how that is proven.
//!
//! Owns the bearer tokens (JWT, HS256), the cell's secret key with everything that is derived
//! from it, the keys of [`issuers`] whose tokens are taken as well, and a copy of partners' [`api_keys`]. Which roles there are and what each may do is the contract's to say. Whoever holds a valid
//! token is who it names; of the retailer's own people there is a register beside it, of which a copy is here. Share
//! links are the exception: they can be taken back, so whoever keeps them is asked.

pub mod api_keys;
mod bearers;
pub mod issuers;
mod key;
pub mod link;
mod staff;

use std::fmt;

pub use parasol_api::Role;

use self::key::LEEWAY_S;

pub use self::bearers::Bearers;
pub use self::key::{KEY_FILE, KeyError, TokenError, TokenKey};
pub use self::staff::{Certified, Member, Members, Staff};

/// A caller, as its credential names it. Never built from a field of a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Principal {
    /// What the caller is.
    pub role: Role,
    /// Which one: a customer's id, a centre's id, a technician's id, an agent's login.
    pub subject: String,
    /// The brand whose data the caller may see; `None` for callers that are not tied to one.
    pub brand: Option<String>,
}

impl Principal {
    /// A caller that belongs to no brand.
    pub fn new(role: Role, subject: impl Into<String>) -> Self {
        Self { role, subject: subject.into(), brand: None }
    }

    /// The same caller, tied to a brand.
    #[must_use]
    pub fn of_brand(self, brand: impl Into<String>) -> Self {
        Self { brand: Some(brand.into()), ..self }
    }
}

impl fmt::Display for Principal {
    /// `role:subject`, the scope of request ids and the actor in audit rows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.role, self.subject)
    }
}
