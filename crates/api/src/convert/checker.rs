//! Checks a request field by field and refuses it once, with everything that is wrong.

use std::ops::RangeInclusive;
use std::str::FromStr;

use chrono::NaiveDate;
use parasol_journey::event::Window;
use parasol_journey::ids::BadId;
use parasol_journey::time::Timestamp;
use uuid::Uuid;

use super::{CURRENCY, Listed, timestamp, version_of};
use crate::common::v1;
use crate::error::{Error, FieldViolation, Reason, Result};
use crate::language::Language;
use crate::limits::{PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, PHONE_MAX};

/// Collects what is wrong with a request.
///
/// Every check answers `Some` or notes a violation and answers `None`; [`Checker::all`] then turns
/// the answers into values or refuses with all violations at once:
///
/// ```
/// # use parasol_api::convert::Checker;
/// # use parasol_journey::ids::CaseId;
/// # use parasol_journey::vocab::Remedy;
/// let mut check = Checker::new();
/// let case = check.id::<CaseId>("case_id", "case_01905af12b3c7def8123456789abcdef");
/// let remedy = check.listed::<Remedy>("remedy", 3);
/// let (case, remedy) = check.all((case, remedy))?;
/// assert_eq!(remedy, Remedy::Refund);
/// # Ok::<(), parasol_api::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Checker {
    prefix: String,
    violations: Vec<FieldViolation>,
}

impl Checker {
    /// Nothing is wrong yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes that a field is wrong; `expected` says in English what should be there.
    pub fn refuse<T>(
        &mut self,
        field: &str,
        reason: Reason,
        expected: impl Into<String>,
    ) -> Option<T> {
        let field = format!("{}{field}", self.prefix);
        self.violations.push(FieldViolation { field, reason, description: expected.into() });
        None
    }

    /// Checks the fields of a message inside the request: paths get `segment.` in front, for
    /// example `customer.` or `evidence[2].`.
    pub fn within<T>(&mut self, segment: &str, check: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.prefix.len();
        self.prefix.push_str(segment);
        self.prefix.push('.');
        let answer = check(self);
        self.prefix.truncate(outer);
        answer
    }

    /// The caller's request id: a UUID, not the nil one.
    pub fn request_id(&mut self, text: &str) -> Option<Uuid> {
        match Uuid::try_parse(text) {
            Ok(uuid) if !uuid.is_nil() => Some(uuid),
            _ => self.refuse("request_id", Reason::RequestIdMissing, "a UUID made by the caller"),
        }
    }

    /// An id of any kind.
    pub fn id<T: FromStr<Err = BadId>>(&mut self, field: &str, text: &str) -> Option<T> {
        match text.parse() {
            Ok(id) => Some(id),
            Err(BadId { expected }) => {
                self.refuse(field, Reason::FieldInvalid, format!("a valid {expected} id"))
            }
        }
    }

    /// An id that may be left empty.
    pub fn optional_id<T: FromStr<Err = BadId>>(
        &mut self,
        field: &str,
        text: &str,
    ) -> Option<Option<T>> {
        if text.is_empty() { Some(None) } else { self.id(field, text).map(Some) }
    }

    /// The version in an etag; an empty one asks for no check.
    pub fn etag(&mut self, text: &str) -> Option<Option<u64>> {
        match (text, version_of(text)) {
            ("", _) => Some(None),
            (_, Some(version)) => Some(Some(version)),
            _ => self.refuse("etag", Reason::FieldInvalid, "an etag as it came in an answer"),
        }
    }

    /// A text that must say something, of at most `max` characters.
    pub fn text(&mut self, field: &str, text: &str, max: usize) -> Option<String> {
        if text.trim().is_empty() {
            return self.refuse(field, Reason::FieldInvalid, "a text that is not empty");
        }
        self.optional_text(field, text, max)
    }

    /// A text of at most `max` characters, perhaps none. Control characters other than line breaks
    /// and tabs are refused; no store and no page can hold them all.
    pub fn optional_text(&mut self, field: &str, text: &str, max: usize) -> Option<String> {
        // Counting stops at the limit, so that a huge text costs no more than a long one.
        if text.chars().nth(max).is_some() {
            let expected = format!("at most {max} characters");
            return self.refuse(field, Reason::FieldTooLong, expected);
        }
        let foreign = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        if text.contains(foreign) {
            return self.refuse(field, Reason::FieldInvalid, "no control characters");
        }
        Some(text.to_owned())
    }

    /// A telephone number: 5 to 20 digits, with `+` in front and `-` between.
    pub fn phone(&mut self, field: &str, text: &str) -> Option<String> {
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let body = text.strip_prefix('+').unwrap_or(text);
        let plain = body.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        if plain && digits >= 5 && text.len() <= PHONE_MAX {
            return Some(text.to_owned());
        }
        self.refuse(field, Reason::FieldInvalid, "5 to 20 digits, `+` and `-` allowed")
    }

    /// A value of one of the house's closed lists.
    pub fn listed<T: Listed>(&mut self, field: &str, number: i32) -> Option<T> {
        T::of_number(number)
            .or_else(|| self.refuse(field, Reason::FieldInvalid, format!("one of {}", T::words())))
    }

    /// A value of a closed list that may be left out.
    pub fn optional_listed<T: Listed>(&mut self, field: &str, number: i32) -> Option<Option<T>> {
        if number == 0 { Some(None) } else { self.listed(field, number).map(Some) }
    }

    /// Values of a closed list, each at most once.
    pub fn listed_once<T: Listed + PartialEq>(
        &mut self,
        field: &str,
        numbers: &[i32],
    ) -> Option<Vec<T>> {
        let mut values = Vec::with_capacity(numbers.len().min(16));
        for (place, number) in numbers.iter().enumerate() {
            let value = self.listed(&format!("{field}[{place}]"), *number)?;
            if values.contains(&value) {
                return self.refuse(field, Reason::FieldInvalid, "each value at most once");
            }
            values.push(value);
        }
        Some(values)
    }

    /// A value of a closed list that only the wire knows; 0 is refused.
    pub fn known<E: TryFrom<i32>>(&mut self, field: &str, number: i32) -> Option<E> {
        let value = if number == 0 { None } else { E::try_from(number).ok() };
        value.or_else(|| self.refuse(field, Reason::FieldInvalid, "a value of the list, not 0"))
    }

    /// A message that must be there.
    pub fn present<'a, M>(&mut self, field: &str, message: &'a Option<M>) -> Option<&'a M> {
        message.as_ref().or_else(|| self.refuse(field, Reason::FieldInvalid, "a value"))
    }

    /// An instant that must be there.
    pub fn instant(
        &mut self,
        field: &str,
        wire: &Option<prost_types::Timestamp>,
    ) -> Option<Timestamp> {
        wire.as_ref().and_then(timestamp).or_else(|| {
            self.refuse(field, Reason::FieldInvalid, "an instant between the years 1 and 9999")
        })
    }

    /// An instant that may be left out.
    pub fn optional_instant(
        &mut self,
        field: &str,
        wire: &Option<prost_types::Timestamp>,
    ) -> Option<Option<Timestamp>> {
        if wire.is_none() { Some(None) } else { self.instant(field, wire).map(Some) }
    }

    /// A window whose end lies after its begin. Whether it lies ahead is the journey's to say.
    pub fn window(&mut self, field: &str, wire: &Option<v1::TimeWindow>) -> Option<Window> {
        let ends = wire.as_ref().and_then(|wire| {
            Some((timestamp(wire.from.as_ref()?)?, timestamp(wire.to.as_ref()?)?))
        });
        match ends {
            Some((start, end)) if start < end => Some(Window { start, end }),
            _ => self.refuse(field, Reason::WindowInvalid, "`from` and a later `to`"),
        }
    }

    /// An amount in fen, not negative.
    pub fn money(&mut self, field: &str, wire: &Option<v1::Money>) -> Option<i64> {
        match wire {
            Some(money) if money.fen >= 0 && money.currency == CURRENCY => Some(money.fen),
            _ => self.refuse(field, Reason::FieldInvalid, "an amount of 0 or more fen in CNY"),
        }
    }

    /// A number within limits.
    pub fn number<N>(&mut self, field: &str, value: N, limits: RangeInclusive<N>) -> Option<N>
    where
        N: PartialOrd + std::fmt::Display,
    {
        if limits.contains(&value) {
            return Some(value);
        }
        let expected = format!("{} to {}", limits.start(), limits.end());
        self.refuse(field, Reason::FieldInvalid, expected)
    }

    /// At most so many items.
    pub fn at_most<T>(&mut self, field: &str, items: &[T], max: usize) -> Option<()> {
        if items.len() <= max {
            return Some(());
        }
        self.refuse(field, Reason::FieldTooLong, format!("at most {max} items"))
    }

    /// A SHA-256 in 64 lower-case hexadecimal digits.
    pub fn sha256(&mut self, field: &str, text: &str) -> Option<String> {
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() == 64 && text.bytes().all(hex) {
            return Some(text.to_owned());
        }
        self.refuse(field, Reason::FieldInvalid, "64 lower-case hexadecimal digits")
    }

    /// A calendar day as `YYYY-MM-DD`.
    pub fn day(&mut self, field: &str, text: &str) -> Option<NaiveDate> {
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        day.filter(|day| day.to_string() == text)
            .or_else(|| self.refuse(field, Reason::FieldInvalid, "a day as YYYY-MM-DD"))
    }

    /// The language of a request: `zh` or `en`, Chinese when it says nothing.
    pub fn language(&mut self, text: &str) -> Option<Language> {
        if text.is_empty() {
            return Some(Language::default());
        }
        Language::of_tag(text)
            .or_else(|| self.refuse("language", Reason::FieldInvalid, "`zh` or `en`"))
    }

    /// How many rows a page may have: 0 asks for the usual number, too many are coerced down.
    pub fn page_size(&mut self, size: i32) -> Option<usize> {
        match usize::try_from(size) {
            Ok(0) => Some(PAGE_SIZE_DEFAULT),
            Ok(size) => Some(size.min(PAGE_SIZE_MAX)),
            Err(_) => self.refuse("page_size", Reason::FieldInvalid, "0 or more"),
        }
    }

    /// Whether nothing is wrong so far.
    pub fn is_fine(&self) -> bool {
        self.violations.is_empty()
    }

    /// Refuses with every violation, if there is one. The first one gives the reason.
    pub fn finish(self) -> Result<()> {
        let Some(first) = self.violations.first() else {
            return Ok(());
        };
        let message = match self.violations.as_slice() {
            [only] => format!("{}: expected {}", only.field, only.description),
            several => {
                let fields: Vec<_> = several.iter().map(|one| one.field.as_str()).collect();
                format!("{} fields are not as they should be: {}", fields.len(), fields.join(", "))
            }
        };
        let mut error = Error::new(first.reason).message(message);
        for violation in self.violations {
            error = error.violation(violation.field, violation.reason, violation.description);
        }
        Err(error)
    }

    /// The values of all checks, or a refusal with every violation.
    pub fn all<C: Complete>(self, checked: C) -> Result<C::Values> {
        self.finish()?;
        Ok(checked.complete().expect("a check that answers nothing has noted a violation"))
    }
}

/// A tuple of checks that has values only together.
pub trait Complete {
    /// The tuple of values.
    type Values;

    /// The values; `None` when one is missing.
    fn complete(self) -> Option<Self::Values>;
}

macro_rules! complete {
    ($(($($name:ident),+))+) => {
        $(impl<$($name),+> Complete for ($(Option<$name>,)+) {
            type Values = ($($name,)+);

            #[expect(non_snake_case, reason = "type parameters double as names")]
            fn complete(self) -> Option<Self::Values> {
                let ($($name,)+) = self;
                Some(($($name?,)+))
            }
        })+
    };
}

complete! {
    (A)
    (A, B)
    (A, B, C)
    (A, B, C, D)
    (A, B, C, D, E)
    (A, B, C, D, E, F)
    (A, B, C, D, E, F, G)
    (A, B, C, D, E, F, G, H)
    (A, B, C, D, E, F, G, H, I)
    (A, B, C, D, E, F, G, H, I, J)
    (A, B, C, D, E, F, G, H, I, J, K)
    (A, B, C, D, E, F, G, H, I, J, K, L)
}

#[cfg(test)]
mod tests {
    use parasol_journey::ids::{CaseId, OrderLineId};
    use parasol_journey::vocab::{Promise, Remedy};

    use super::*;

    #[test]
    fn everything_wrong_is_said_at_once() {
        let mut check = Checker::new();
        let case = check.id::<CaseId>("case_id", "case_x");
        let line = check.id::<OrderLineId>("order_line", "ol-1");
        let text = check.text("reason", &"x".repeat(501), 500);
        let remedy = check.listed::<Remedy>("remedy", 0);
        let name = check.within("customer", |check| check.text("name", " ", 60));
        let error = check.all((case, line, text, remedy, name)).unwrap_err();

        assert_eq!(error.reason(), Reason::FieldInvalid);
        let found: Vec<_> =
            error.violations().iter().map(|one| (one.field.as_str(), one.reason)).collect();
        let expected = [
            ("case_id", Reason::FieldInvalid),
            ("reason", Reason::FieldTooLong),
            ("remedy", Reason::FieldInvalid),
            ("customer.name", Reason::FieldInvalid),
        ];
        assert_eq!(found, expected);
        assert!(error.violations()[2].description.contains("repair, replace, refund"));
    }

    #[test]
    fn a_good_request_gives_its_values() {
        let mut check = Checker::new();
        let request = check.request_id("6f0a2f3e-7a52-4b1e-9f3d-2f4c0a8f7b11");
        let etag = check.etag("\"3\"");
        let none = check.optional_id::<CaseId>("case_id", "");
        let size = check.page_size(1_000);
        let promises = check.listed_once::<Promise>("promises", &[1, 7]);
        let (_, etag, none, size, promises) =
            check.all((request, etag, none, size, promises)).unwrap();
        assert_eq!((etag, none, size), (Some(3), None, PAGE_SIZE_MAX));
        assert_eq!(promises, [Promise::Return30, Promise::FreightInsurance]);
    }

    #[test]
    fn the_first_violation_gives_the_reason() {
        let mut check = Checker::new();
        let request = check.request_id("");
        let etag = check.etag("soon");
        let error = check.all((request, etag)).unwrap_err();
        assert_eq!(error.reason(), Reason::RequestIdMissing);
        assert_eq!(error.violations().len(), 2);
        assert!(error.text().contains("request_id, etag"), "{}", error.text());
    }

    #[test]
    fn texts_are_counted_in_characters_and_hold_no_control_characters() {
        let mut check = Checker::new();
        assert!(check.optional_text("a", &"测".repeat(10), 10).is_some());
        assert!(check.optional_text("b", &"测".repeat(11), 10).is_none());
        assert!(check.optional_text("c", "one\ntwo\tthree", 20).is_some());
        assert!(check.optional_text("d", "nul\0", 20).is_none());
        let error = check.finish().unwrap_err();
        let reasons: Vec<_> = error.violations().iter().map(|one| one.reason).collect();
        assert_eq!(reasons, [Reason::FieldTooLong, Reason::FieldInvalid]);
    }

    #[test]
    fn values_at_the_edge_of_their_range() {
        let mut check = Checker::new();
        assert_eq!(check.page_size(0), Some(PAGE_SIZE_DEFAULT));
        assert_eq!(check.number("level", 3, 1..=3), Some(3));
        assert!(check.phone("phone", "+86-571-0000-8000").is_some());
        assert!(check.day("day", "2026-02-28").is_some());
        assert!(check.money("refund", &Some(super::super::to_money(0))).is_some());
        assert!(check.is_fine());

        assert!(check.page_size(-1).is_none());
        assert!(check.number("level", 4, 1..=3).is_none());
        assert!(check.phone("phone", "call me").is_none());
        assert!(check.phone("phone", "0000").is_none());
        assert!(check.day("day", "2026-2-8").is_none());
        assert!(check.day("day", "2026-02-30").is_none());
        let dollars = v1::Money { fen: 1, currency: "USD".to_owned() };
        assert!(check.money("refund", &Some(dollars)).is_none());
        assert!(check.money("refund", &None).is_none());
        assert!(check.sha256("sha256", &"A".repeat(64)).is_none());
        assert!(check.known::<v1::Signature>("signature", 0).is_none());
        assert!(check.known::<v1::Signature>("signature", 3).is_none());
        assert!(check.listed_once::<Promise>("promises", &[1, 1]).is_none());
        assert_eq!(check.finish().unwrap_err().violations().len(), 12);
    }

    #[test]
    fn a_window_ends_after_it_begins() {
        let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let mut check = Checker::new();
        let good = v1::TimeWindow { from: at(0), to: at(1) };
        assert!(check.window("window", &Some(good)).is_some());
        for (from, to) in [(at(1), at(1)), (at(1), at(0)), (None, at(1)), (at(0), None)] {
            assert!(check.window("window", &Some(v1::TimeWindow { from, to })).is_none());
        }
        assert!(check.window("window", &None).is_none());
        assert_eq!(check.finish().unwrap_err().reason(), Reason::WindowInvalid);
    }
}
