//! What has been said so far: the fields of the steps, checked, and the request that is made of them.

use parasol_api::common::v1::{CaseKind, Remedy, TimeWindow};
use parasol_api::convert::to_timestamp;
use parasol_api::intake::v1::{Contact, FileCaseRequest, OwnedUnit};
use parasol_api::limits::{LONG_TEXT_MAX, PREFERRED_WINDOWS_MAX, SHORT_NAME_MAX};
use parasol_api::{Error, Reason};
use parasol_journey::time::Timestamp;

use super::symptoms;
use crate::customer::words::REMEDIES;
use crate::web::form::Form;

/// A step of the filing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Which unit.
    Unit,
    /// What is wrong.
    Fault,
    /// When, and whom to call.
    Visit,
    /// Look over and send.
    Check,
}

/// The fields, each with the step it is asked for on.
pub(super) const FIELDS: [(&str, Step); 12] = [
    ("line", Step::Unit),
    ("serial", Step::Unit),
    ("kind", Step::Fault),
    ("symptom", Step::Fault),
    ("description", Step::Fault),
    ("danger", Step::Fault),
    ("damaged", Step::Fault),
    ("intact", Step::Fault),
    ("window", Step::Visit),
    ("name", Step::Visit),
    ("phone", Step::Visit),
    ("wish", Step::Check),
];

/// The parts of a day that can suit: the name in a form, from what hour until what hour.
pub(super) const PARTS: [(&str, u32, u32); 3] = [("am", 8, 12), ("pm", 12, 18), ("eve", 18, 21)];

/// What a return without a reason is called in a form.
pub(super) const NO_REASON: &str = "no_reason";

impl Step {
    /// Every step, in order.
    pub(super) const ALL: [Self; 4] = [Self::Unit, Self::Fault, Self::Visit, Self::Check];

    /// Its name in a form.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Fault => "fault",
            Self::Visit => "visit",
            Self::Check => "check",
        }
    }

    /// The step of this name; the first for any other.
    pub(super) fn parse(name: &str) -> Self {
        Self::ALL.into_iter().find(|step| step.name() == name).unwrap_or(Self::Unit)
    }

    /// The one after it; the last stays.
    pub(super) const fn after(self) -> Self {
        match self {
            Self::Unit => Self::Fault,
            Self::Fault => Self::Visit,
            Self::Visit | Self::Check => Self::Check,
        }
    }

    /// The one before it; the first stays.
    pub(super) const fn before(self) -> Self {
        match self {
            Self::Unit | Self::Fault => Self::Unit,
            Self::Visit => Self::Fault,
            Self::Check => Self::Visit,
        }
    }
}

/// The fields of a form, as the filing reads them.
pub(super) struct Draft<'a> {
    form: &'a Form,
}

impl<'a> Draft<'a> {
    /// What a form says.
    pub(super) fn of(form: &'a Form) -> Self {
        Self { form }
    }

    /// The unit that was picked, or whose serial or order number was typed.
    ///
    /// # Errors
    /// `FIELD_INVALID` where nothing was said, `ORDER_LINE_UNKNOWN` where nothing of the caller's was meant.
    pub(super) fn unit<'u>(&self, units: &'u [OwnedUnit]) -> Result<&'u OwnedUnit, Error> {
        let typed = self.form.get("serial");
        let wanted = if typed.is_empty() { self.form.get("line") } else { typed };
        if wanted.is_empty() {
            return Err(Error::field("line", Reason::FieldInvalid, "one of your units"));
        }
        let is_wanted = |one: &&OwnedUnit| {
            let unit = one.unit.as_ref();
            unit.is_some_and(|unit| {
                unit.order_line == wanted || unit.serial.eq_ignore_ascii_case(wanted)
            })
        };
        units.iter().find(is_wanted).ok_or_else(|| {
            let field = if typed.is_empty() { "line" } else { "serial" };
            Error::field(field, Reason::OrderLineUnknown, "the serial number of a unit of yours")
        })
    }

    fn is_return(&self) -> bool {
        self.form.get("kind") == NO_REASON
    }

    /// What is wrong, in words; those of the symptom where the customer added none.
    fn description(&self) -> String {
        let typed = self.form.text("description");
        let named = symptoms::named(self.form.get("symptom"));
        match named.filter(|_| typed.is_empty() && !self.is_return()) {
            Some(symptom) => symptom.zh.to_owned(),
            None => typed,
        }
    }

    /// # Errors
    /// The field of the second step that is wrong.
    pub(super) fn check_fault(&self) -> Result<(), Error> {
        let wrong = |field, expected| Err(Error::field(field, Reason::FieldInvalid, expected));
        let typed = self.form.get("description");
        if typed.chars().count() > LONG_TEXT_MAX {
            let most = format!("at most {LONG_TEXT_MAX} characters");
            return Err(Error::field("description", Reason::FieldTooLong, most));
        }
        if self.is_return() {
            return match self.form.is_ticked("intact") {
                true => Ok(()),
                false => wrong("intact", "your word that the unit is intact"),
            };
        }
        let symptom = self.form.get("symptom");
        if !symptom.is_empty() && symptoms::named(symptom).is_none() {
            return wrong("symptom", "one of the list");
        }
        let says_nothing = symptom.is_empty() || symptom == symptoms::OTHER;
        match says_nothing && typed.is_empty() {
            true => wrong("description", "what is wrong, in a few words"),
            false => Ok(()),
        }
    }

    /// # Errors
    /// The fields of the third step that are wrong, all at once.
    pub(super) fn check_visit(&self) -> Result<(), Error> {
        let mut wrong = Vec::new();
        if self.windows().is_none_or(|some| some.len() > PREFERRED_WINDOWS_MAX) {
            let most = format!("at most {PREFERRED_WINDOWS_MAX} times");
            wrong.push(("window", Reason::FieldTooLong, most));
        }
        let (name, phone) = (self.form.get("name"), self.form.get("phone"));
        if name.is_empty() != phone.is_empty() {
            let missing = if name.is_empty() { "name" } else { "phone" };
            wrong.push((missing, Reason::FieldInvalid, "both, or neither".to_owned()));
        }
        if name.chars().count() > SHORT_NAME_MAX {
            let most = format!("at most {SHORT_NAME_MAX} characters");
            wrong.push(("name", Reason::FieldTooLong, most));
        }
        let digits = phone.bytes().filter(u8::is_ascii_digit).count();
        let plain = phone.bytes().all(|byte| byte.is_ascii_digit() || b"+-".contains(&byte));
        let fits = plain && (5..=20).contains(&digits);
        if !(phone.is_empty() || fits) {
            wrong.push(("phone", Reason::FieldInvalid, "5 to 20 digits".to_owned()));
        }
        let mut wrong = wrong.into_iter();
        let Some((field, reason, expected)) = wrong.next() else { return Ok(()) };
        let first = Error::field(field, reason, expected);
        let all = wrong.fold(first, |error, (field, reason, expected)| {
            error.violation(field, reason, expected)
        });
        Err(all)
    }

    /// The times that suit; `None` where one is no time of the form's.
    fn windows(&self) -> Option<Vec<TimeWindow>> {
        self.form.all("window").filter(|one| !one.is_empty()).map(window).collect()
    }

    /// The request that files the case.
    ///
    /// # Errors
    /// `FIELD_INVALID` for what no request could hold.
    pub(super) fn request(&self, request_id: String) -> Result<FileCaseRequest, Error> {
        let form = self.form;
        let wish = form.get("wish");
        let wish = REMEDIES.iter().find(|(value, _)| *value == wish).map(|(_, remedy)| *remedy);
        let windows = self.windows();
        let windows =
            windows.ok_or_else(|| Error::field("window", Reason::FieldInvalid, "a time"))?;
        let contact = (!form.get("phone").is_empty())
            .then(|| Contact { name: form.text("name"), phone: form.text("phone") });
        let kind = if self.is_return() { CaseKind::NoReason } else { CaseKind::Quality };
        let symptom = form.text("symptom");
        let is_code = !self.is_return() && symptom != symptoms::OTHER;
        Ok(FileCaseRequest {
            request_id,
            order_line: form.text("line"),
            kind: kind.into(),
            description: self.description(),
            wish: wish.unwrap_or(Remedy::Unspecified).into(),
            declared_intact: self.is_return() && form.is_ticked("intact"),
            danger: form.is_ticked("danger"),
            damaged_on_arrival: form.is_ticked("damaged"),
            preferred_windows: windows,
            contact,
            symptom: if is_code { symptom } else { String::new() },
            ..FileCaseRequest::default()
        })
    }
}

/// The window that a box of the form means: `2026-06-09.am`.
pub(super) fn window(value: &str) -> Option<TimeWindow> {
    let (day, part) = value.split_once('.')?;
    let (_, from, to) = PARTS.into_iter().find(|(name, ..)| *name == part)?;
    let at = |hour: u32| Timestamp::parse(&format!("{day}T{hour:02}:00:00+08:00"));
    Some(TimeWindow { from: Some(to_timestamp(at(from)?)), to: Some(to_timestamp(at(to)?)) })
}

#[cfg(test)]
mod tests {
    use parasol_api::intake::v1::Unit;

    use super::*;

    fn form(fields: &[(&str, &str)]) -> Form {
        let mut form = Form::default();
        for (name, value) in fields {
            form.add(name, (*value).to_owned()).unwrap();
        }
        form
    }

    fn wrong(checked: Result<(), Error>) -> Vec<String> {
        let error = checked.err();
        let violations = error.iter().flat_map(|error| error.violations());
        violations.map(|one| one.field.clone()).collect()
    }

    #[test]
    fn a_unit_is_found_by_its_line_or_its_serial_and_by_nothing_else() {
        let unit = |line: &str, serial: &str| OwnedUnit {
            unit: Some(Unit {
                order_line: line.to_owned(),
                serial: serial.to_owned(),
                ..Unit::default()
            }),
            ..OwnedUnit::default()
        };
        let mine = [unit("L-1", "AB12"), unit("L-2", "CD34")];
        let found = |fields: &[(&str, &str)]| {
            let form = form(fields);
            let found = Draft::of(&form).unit(&mine);
            let found = found.map(|one| one.unit.clone().unwrap().order_line);
            found.map_err(|error| error.violations()[0].field.clone())
        };
        assert_eq!(found(&[("line", "L-2")]).unwrap(), "L-2");
        assert_eq!(found(&[("serial", "ab12"), ("line", "L-2")]).unwrap(), "L-1", "typed wins");
        assert_eq!(found(&[("serial", "L-2")]).unwrap(), "L-2", "an order number does as well");
        assert_eq!(found(&[("serial", "x")]).unwrap_err(), "serial");
        assert_eq!(found(&[]).unwrap_err(), "line");
    }

    #[test]
    fn a_fault_is_a_picture_or_a_word() {
        let check = |fields: &[(&str, &str)]| wrong(Draft::of(&form(fields)).check_fault());
        assert_eq!(check(&[]), ["description"]);
        assert_eq!(check(&[("symptom", "other")]), ["description"]);
        assert_eq!(check(&[("symptom", "nonsense"), ("description", "x")]), ["symptom"]);
        assert!(check(&[("symptom", "leaking")]).is_empty());
        assert!(check(&[("description", "it hums")]).is_empty());
        assert_eq!(check(&[("kind", NO_REASON)]), ["intact"]);
        assert!(check(&[("kind", NO_REASON), ("intact", "yes")]).is_empty());
    }

    #[test]
    fn whom_to_call_is_both_or_neither_and_faults_are_told_at_once() {
        let check = |fields: &[(&str, &str)]| wrong(Draft::of(&form(fields)).check_visit());
        assert!(check(&[]).is_empty());
        assert_eq!(check(&[("phone", "13800138000")]), ["name"]);
        let all = [("window", "yesterday"), ("phone", "call me")];
        assert_eq!(check(&all), ["window", "name", "phone"]);
        assert_eq!(check(&[("window", "2026-06-09.am"); 6]), ["window"]);
        let good = [("window", "2026-06-09.eve"), ("name", "李"), ("phone", "+86-1380")];
        assert!(check(&good).is_empty());
    }

    #[test]
    fn the_request_holds_what_was_said_and_no_more() {
        let said = form(&[
            ("line", "L-1"),
            ("symptom", "leaking"),
            ("window", "2026-06-09.am"),
            ("name", "李四"),
            ("phone", "13800138000"),
            ("wish", "refund"),
            ("danger", "yes"),
        ]);
        let request = Draft::of(&said).request("id".to_owned()).unwrap();
        assert_eq!(request.description, "漏水", "a picture alone has words");
        assert_eq!((request.wish(), request.danger), (Remedy::Refund, true));
        assert_eq!(request.preferred_windows, [window("2026-06-09.am").unwrap()]);
        assert_eq!((request.kind(), request.declared_intact), (CaseKind::Quality, false));
        assert_eq!(request.contact.unwrap().phone, "13800138000");
        let back = form(&[("line", "L-1"), ("kind", NO_REASON), ("intact", "yes")]);
        let request = Draft::of(&back).request("id".to_owned()).unwrap();
        assert_eq!((request.kind(), request.declared_intact), (CaseKind::NoReason, true));
        assert!(request.contact.is_none() && request.preferred_windows.is_empty());
    }
}
