//! The roles a caller can have. A credential fixes the role; no field of a request ever does.

macro_rules! roles {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)+) => {
        /// In which role somebody calls.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Role { $($(#[$doc])* $variant,)+ }

        impl Role {
            /// Every role.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The text form, as credentials and configuration write it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The role with this text form.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

roles! {
    /// A person with own orders and cases.
    Customer = "customer",
    /// A registered agent of the retailer.
    Agent = "agent",
    /// Somebody the agents report to.
    Manager = "manager",
    /// Somebody who settles money.
    Finance = "finance",
    /// A brand, for all of its centres.
    Brand = "brand",
    /// One service centre.
    Centre = "centre",
    /// One technician.
    Technician = "technician",
    /// A test laboratory.
    Lab = "lab",
    /// The retailer's back end, also for its warehouse and carriers.
    Retailer = "retailer",
    /// Somebody who runs the system.
    Operator = "operator",
    /// Whoever holds a share link to one case.
    Link = "link",
    /// Another service of this system.
    Service = "service",
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
