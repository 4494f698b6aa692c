//! Who calls, and how that is proven.
//!
//! Owns the roles, the bearer tokens (JWT, HS256) and the cell's secret key with everything that is
//! derived from it. It does not say what a role may do (that is the access table of the API) and
//! keeps no list of people: whoever holds a valid token is who it names.

mod key;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::key::{KeyError, TokenError, TokenKey};

/// What a caller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The person who filed.
    Customer,
    /// The retailer's service agent.
    Agent,
    /// An agent's superior, with authority limits of their own.
    Manager,
    /// Settlement and claims.
    Finance,
    /// A brand's own system.
    Brand,
    /// A service centre of a brand.
    Centre,
    /// A technician of a centre, through an installer's mobile backend.
    Technician,
    /// A test laboratory.
    Lab,
    /// The retailer's back end, which imports orders.
    Retailer,
    /// Whoever runs the network.
    Operator,
    /// The holder of a share link.
    Link,
    /// Another service of this house.
    Service,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 12] = [
        Self::Customer,
        Self::Agent,
        Self::Manager,
        Self::Finance,
        Self::Brand,
        Self::Centre,
        Self::Technician,
        Self::Lab,
        Self::Retailer,
        Self::Operator,
        Self::Link,
        Self::Service,
    ];

    /// The text form, as in tokens and in the access table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Agent => "agent",
            Self::Manager => "manager",
            Self::Finance => "finance",
            Self::Brand => "brand",
            Self::Centre => "centre",
            Self::Technician => "technician",
            Self::Lab => "lab",
            Self::Retailer => "retailer",
            Self::Operator => "operator",
            Self::Link => "link",
            Self::Service => "service",
        }
    }

    /// The role with this text form.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A caller, as its credential names it. Never built from a field of a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
