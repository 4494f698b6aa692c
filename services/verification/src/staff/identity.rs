//! Who somebody is: their name and document, checked, compared and shown in part.

use parasol_api::admin::v1::{IdentityKind, StaffIdentity};
use parasol_api::limits::SHORT_NAME_MAX;
use parasol_api::{Checker, Reason};
use parasol_runtime::identity::TokenKey;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What an identity is kept under in the vault.
pub const KIND: &str = "staff";
/// Names the space in which subjects become ids of the vault. Never change it: what is kept of everybody is
/// found by it.
const PEOPLE: Uuid = Uuid::from_u128(0x9c0b_51d6_3f7a_4e12_a8c4_6e21_70bd_4af3);

/// The shortest number of a document that is no resident identity card.
const NUMBER_MIN: usize = 5;
/// The longest.
const NUMBER_MAX: usize = 20;
/// The most characters of a number that are read.
const READ_MAX: usize = 40;
/// What each digit of a resident identity card counts (GB 11643).
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// The last character for each remainder (GB 11643).
const CHECKS: &[u8; 11] = b"10X98765432";

/// A name and a document, as they are kept in the vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The name.
    pub name: String,
    /// The kind of document.
    kind: String,
    /// Its number, as it is compared.
    number: String,
}

/// The id under which the vault keeps who has a subject.
pub fn vault_id(subject: &str) -> Uuid {
    Uuid::new_v5(&PEOPLE, subject.as_bytes())
}

/// The id under which the vault keeps what was said beside a change.
pub fn remark_id(subject: &str, revision: i64) -> Uuid {
    Uuid::new_v5(&PEOPLE, format!("{subject}@{revision}").as_bytes())
}

impl Identity {
    /// Checks the fields of a request.
    pub fn check(check: &mut Checker, wire: &StaffIdentity) -> Option<Self> {
        let name = check.text("name", &wire.name, SHORT_NAME_MAX);
        let kind = check.known::<IdentityKind>("kind", wire.kind);
        let number = check.text("number", &wire.number, READ_MAX);
        let (name, kind, number) = (name?, kind?, plain(&number?));
        let fits = match kind {
            IdentityKind::ResidentId => is_resident_id(&number),
            _ => {
                let fits = (NUMBER_MIN..=NUMBER_MAX).contains(&number.len());
                fits && number.bytes().all(|byte| byte.is_ascii_alphanumeric())
            }
        };
        if !fits {
            return check.refuse("number", Reason::FieldInvalid, "a number of that kind");
        }
        Some(Self { name, kind: kind.as_str_name().to_owned(), number })
    }

    /// The kind of document.
    pub fn kind(&self) -> IdentityKind {
        IdentityKind::from_str_name(&self.kind).unwrap_or_default()
    }

    /// What the document is found by: a keyed hash, which tells nothing to whoever has not the cell's key.
    pub fn lookup(&self, key: &TokenKey) -> String {
        hex::encode(key.mac("staff-document", format!("{}:{}", self.kind, self.number).as_bytes()))
    }

    /// The number with its middle hidden: four characters of a long one stay in front and two behind.
    pub fn masked(&self) -> String {
        let length = self.number.len();
        let front = if length >= 15 { 4 } else { 1 };
        let hidden = length.saturating_sub(front + 2);
        let (front, rest) = self.number.split_at(front.min(length));
        format!("{front}{}{}", "*".repeat(hidden), &rest[hidden.min(rest.len())..])
    }
}

/// A number as it is compared: without spaces and dashes, letters capital, digits of full width as ordinary
/// ones.
fn plain(number: &str) -> String {
    let ordinary = |c: char| match c {
        '０'..='９' => char::from_digit(c as u32 - '０' as u32, 10).unwrap_or(c),
        _ => c.to_ascii_uppercase(),
    };
    let dropped = |c: &char| c.is_whitespace() || *c == '-';
    number.chars().filter(|c| !dropped(c)).map(ordinary).collect()
}

/// Whether the last of 18 characters is the one that the 17 digits before it ask for.
fn is_resident_id(number: &str) -> bool {
    let Some((digits, check)) = number.as_bytes().split_at_checked(WEIGHTS.len()) else {
        return false;
    };
    if !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let weighted =
        digits.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight);
    let place = (weighted.sum::<u32>() % 11) as usize;
    check == [CHECKS[place]]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: IdentityKind, number: &str) -> Option<Identity> {
        let mut check = Checker::new();
        let (name, number) = ("张三".to_owned(), number.to_owned());
        let wire = StaffIdentity { name, kind: kind.into(), number };
        Identity::check(&mut check, &wire)
    }

    #[test]
    fn numbers_that_are_taken() {
        use IdentityKind::{Passport, Permit, ResidentId};
        #[rustfmt::skip]
        let table = [
            (ResidentId, "11010519491231002X",    true),
            (ResidentId, "11010519491231002x",    true),
            (ResidentId, "110105 1949-1231 002X", true),
            (ResidentId, "１１０１０５１９４９１２３１００２X", true),
            (ResidentId, "440524188001010014",    true),
            (ResidentId, "440524188001010015",    false),
            (ResidentId, "110105194912310021",    false),
            (ResidentId, "11010519491231002",     false),
            (ResidentId, "11010519491231002XX",   false),
            (ResidentId, "A1010519491231002X",    false),
            (ResidentId, "",                      false),
            (Passport,   "e12345678",             true),
            (Passport,   "E123",                  false),
            (Passport,   "E12345678901234567890", false),
            (Permit,     "H0123456700",           true),
            (Permit,     "港0123456",              false),
        ];
        for (kind, number, taken) in table {
            assert_eq!(read(kind, number).is_some(), taken, "{kind:?} {number:?}");
        }
    }

    #[test]
    fn one_document_is_one_however_it_is_written_and_no_other() {
        let key = TokenKey::from_secret(&[1; 32]);
        let lookup = |kind, number| read(kind, number).unwrap().lookup(&key);
        let known = lookup(IdentityKind::ResidentId, "11010519491231002X");
        for written in ["11010519491231002x", " 110105-19491231-002X ", "１１０１０５19491231002X"]
        {
            assert_eq!(lookup(IdentityKind::ResidentId, written), known, "{written}");
        }
        assert_ne!(lookup(IdentityKind::ResidentId, "440524188001010014"), known);
        let passport = lookup(IdentityKind::Passport, "E12345678");
        assert_ne!(lookup(IdentityKind::Permit, "E12345678"), passport);
        let other = read(IdentityKind::Passport, "E12345678").unwrap();
        assert_ne!(other.lookup(&TokenKey::from_secret(&[2; 32])), passport, "the hash has a key");
    }

    #[test]
    fn the_middle_of_a_number_is_hidden() {
        let masked = |kind, number| read(kind, number).unwrap().masked();
        assert_eq!(masked(IdentityKind::ResidentId, "11010519491231002X"), "1101************2X");
        assert_eq!(masked(IdentityKind::Passport, "E12345678"), "E******78");
        assert_eq!(masked(IdentityKind::Passport, "E1234"), "E**34");
    }
}
