//! Webhooks: the changes of [`crate::changes`], sent to an address of the partner's.
//!
//! Owns which addresses may be sent to ([`address`], [`endpoint`]), the call itself ([`sending`]) and its
//! signature ([`signing`]), what is sent ([`event`]), and when: what a call means for its case and its
//! lane is decided in [`course`] and [`group`], without I/O; [`claims`] reads changes that are in no feed; [`turn`] does one turn of a lane and
//! [`post`] runs all lanes side by side. Nothing here is a record of its own: a lane is a place in the
//! feed and the cases behind it, and an event is read from the tables whenever it is sent.
//!
//! What it deliberately does not do: it keeps no bodies, since they hold personal data and would be old
//! by the time they are sent; it follows no redirect and reads no answer beyond its head.

mod address;
mod claims;
mod course;
mod delivery;
mod endpoint;
mod event;
mod group;
mod lane;
mod post;
mod registry;
mod sending;
mod signing;
mod turn;
mod view;

use std::fmt;
use std::str::FromStr;

use parasol_journey::ids::BadId;
use parasol_runtime::identity::{Principal, Role};
use uuid::Uuid;

use crate::tables::webhooks;

pub use claims::Claims;
#[cfg_attr(
    not(doc),
    expect(unused_imports, reason = "named by the documentation of its column")
)]
pub use delivery::Outcome;
pub use delivery::to_delivery;
pub use endpoint::{Endpoint, Reach};
pub use lane::columns;
pub use post::Post;
pub use registry::{change, find, made, mine, position_at, taken_places};
pub use sending::Sending;
pub use signing::{SigningSecret, is_signed, signed};
pub use view::{view, views};

/// A webhook's id, for example `hook_01905af12b3c7def8123456789abcdef`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebhookId(pub Uuid);

impl fmt::Display for WebhookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "hook_{}", self.0.simple())
    }
}

impl FromStr for WebhookId {
    type Err = BadId;

    /// Reads exactly what `Display` prints.
    fn from_str(text: &str) -> Result<Self, BadId> {
        let id = text.strip_prefix("hook_").and_then(|hex| Uuid::try_parse(hex).ok()).map(Self);
        id.filter(|id| id.to_string() == text).ok_or(BadId { expected: "webhook" })
    }
}

/// Whose a webhook is: who its changes are read for, and whose cursors its events carry.
pub fn owner(hook: &webhooks::Model) -> Principal {
    let role = if hook.role == Role::Brand.as_str() { Role::Brand } else { Role::Centre };
    Principal::new(role, hook.subject.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_what_it_prints_and_nothing_else() {
        let id = WebhookId(Uuid::from_u128(0x0190_5af1_2b3c_7def_8123_4567_89ab_cdef));
        assert_eq!(id.to_string().parse(), Ok(id));
        for wrong in ["", "hook_", "hook_01905af1-2b3c-7def-8123-456789abcdef", "case_1"] {
            assert!(wrong.parse::<WebhookId>().is_err(), "{wrong}");
        }
    }
}
