//! Who sees which field, done once: messages on their way out, as a class of readers may see them.
//!
//! What is personal, and who sees it how, is said in the contract by an option of the field
//! (`parasol.common.v1.visibility`); this module reads it from the descriptors and carries it out on encoded
//! messages, without decoding them: bytes that nobody minds are copied, or not even that. The transport does it to
//! every answer and stream, so it holds for REST and pages too, and webhooks do it to their bodies. `Debug` of a
//! message with personal fields is written by the build script from the same options.
//!
//! What depends on the case (its stage, the time around a visit, its end) is not decided here: services leave it
//! out before.

mod exposed;
pub mod mask;
mod plan;

use std::borrow::Cow;

use prost::Message;
use prost_reflect::FieldDescriptor;

use crate::common::v1::Personal;
use crate::role::Role;
pub use exposed::{Exposed, Exposure};
use plan::{Leaf, Part, Plan, plans};

/// A class of readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Customers.
    Customer,
    /// Brands, centres, technicians and laboratories.
    Brand,
    /// The retailer's people.
    Platform,
    /// Logs, and whoever calls without a credential.
    Audit,
    /// Holders of a share link.
    Link,
}

impl Class {
    /// Every class, in the order of the contract's option.
    pub const ALL: [Self; 5] =
        [Self::Customer, Self::Brand, Self::Platform, Self::Audit, Self::Link];

    /// The class of a caller, `None` for one without a credential. The house's own services are in no class:
    /// they see everything, and their answers are shown to somebody else in turn.
    pub const fn of(role: Option<Role>) -> Option<Self> {
        match role {
            Some(Role::Customer) => Some(Self::Customer),
            Some(Role::Brand | Role::Centre | Role::Technician | Role::Lab) => Some(Self::Brand),
            Some(Role::Agent | Role::Manager | Role::Finance | Role::Operator | Role::Retailer) => {
                Some(Self::Platform)
            }
            Some(Role::Link) => Some(Self::Link),
            Some(Role::Service) => None,
            None => Some(Self::Audit),
        }
    }
}

/// A message that is none: it came from a server of ours, so somebody has made a mistake. Nothing of it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an answer cannot be read, so nothing of it is shown")]
pub struct Malformed;

/// How one class of readers sees one kind of message.
#[derive(Clone, Copy)]
pub struct View {
    plan: &'static Plan,
    class: Class,
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "View({:?})", self.class)
    }
}

impl View {
    /// The view of a class on a message of the contract, by its full name; `None` where it sees all of it.
    pub fn of(message: &str, class: Class) -> Option<Self> {
        let plan = plans().named(message)?;
        plan.is_touched(class).then_some(Self { plan, class })
    }

    /// An encoded message as the class sees it; borrowed when it sees all that is in it.
    ///
    /// # Errors
    /// [`Malformed`] when it is no message.
    pub fn shown<'a>(&self, message: &'a [u8]) -> Result<Cow<'a, [u8]>, Malformed> {
        Ok(match walk(self.plan, self.class, message)? {
            Some(changed) => Cow::Owned(changed),
            None => Cow::Borrowed(message),
        })
    }
}

/// What a field of the contract holds of a person; `None` where that is nothing.
pub fn personal(field: &FieldDescriptor) -> Option<Personal> {
    let kind = plan::leaf(field, plan::option())?.kind;
    (kind != Personal::None).then_some(kind)
}

/// A message of the contract as a class of readers sees it.
///
/// # Panics
/// Never for messages of the contract under their own name.
pub fn shown<M: Message + Default>(name: &str, class: Class, message: &M) -> M {
    let bytes = message.encode_to_vec();
    let Some(view) = View::of(name, class) else {
        return M::decode(&*bytes).expect("what was encoded can be decoded");
    };
    let seen = view.shown(&bytes).expect("an encoded message is one");
    M::decode(&*seen).expect("a message without some fields is one")
}

/// The message as it is seen; `None` when that is as it is.
fn walk(plan: &Plan, class: Class, bytes: &[u8]) -> Result<Option<Vec<u8>>, Malformed> {
    let mut changed: Option<Vec<u8>> = None;
    // Everything before this is in `changed`, if there is one.
    let mut taken = 0;
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let key = varint(bytes, &mut at)?;
        let body = value(bytes, key, &mut at)?;
        let number = u32::try_from(key >> 3).map_err(|_| Malformed)?;
        let instead = match plan.field(number) {
            None => continue,
            Some(Part::Message(inner)) => {
                let inner = plans().at(*inner);
                if !inner.is_touched(class) {
                    continue;
                }
                match walk(inner, class, &bytes[body..at])? {
                    None => continue,
                    Some(inner) => Some(inner),
                }
            }
            Some(Part::Leaf(leaf)) => match seen(leaf, class, &bytes[body..at])? {
                Seen::Plain => continue,
                Seen::Not => None,
                Seen::Instead(text) => Some(text.into_bytes()),
            },
        };
        let out = changed.get_or_insert_with(|| Vec::with_capacity(bytes.len()));
        out.extend_from_slice(&bytes[taken..start]);
        if let Some(instead) = instead {
            prost::encoding::encode_varint(key, out);
            prost::encoding::encode_varint(instead.len() as u64, out);
            out.extend_from_slice(&instead);
        }
        taken = at;
    }
    if let Some(out) = &mut changed {
        out.extend_from_slice(&bytes[taken..]);
    }
    Ok(changed)
}

enum Seen {
    Plain,
    Not,
    Instead(String),
}

fn seen(leaf: &Leaf, class: Class, value: &[u8]) -> Result<Seen, Malformed> {
    if leaf.is_plain(class) {
        return Ok(Seen::Plain);
    }
    let Some(masked) = leaf.masked(class) else { return Ok(Seen::Not) };
    let text = std::str::from_utf8(value).map_err(|_| Malformed)?;
    let masked = masked(text);
    Ok(if masked == text { Seen::Plain } else { Seen::Instead(masked) })
}

/// Passes over the value of a field and says where it begins, behind its length if it has one.
fn value(bytes: &[u8], key: u64, at: &mut usize) -> Result<usize, Malformed> {
    let skip = |at: &mut usize, count: u64| {
        let end = usize::try_from(count).ok().and_then(|count| at.checked_add(count));
        *at = end.filter(|end| *end <= bytes.len()).ok_or(Malformed)?;
        Ok(())
    };
    let mut start = *at;
    match key & 7 {
        0 => {
            varint(bytes, at)?;
        }
        1 => skip(at, 8)?,
        2 => {
            let length = varint(bytes, at)?;
            start = *at;
            skip(at, length)?;
        }
        5 => skip(at, 4)?,
        _ => return Err(Malformed),
    }
    Ok(start)
}

fn varint(bytes: &[u8], at: &mut usize) -> Result<u64, Malformed> {
    let mut value = 0_u64;
    for shift in (0..70).step_by(7) {
        let byte = *bytes.get(*at).ok_or(Malformed)?;
        *at += 1;
        value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(Malformed)
}

#[cfg(test)]
mod tests;
