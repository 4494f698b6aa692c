//! Visits as iCalendar (RFC 5545). Pure.
//!
//! Instants are written in UTC, so that no program has to know the rules of a zone. Nothing is written that
//! says who lives where: the category, the area and the number of the work order.

use std::fmt::Write as _;

use parasol_api::Language;
use parasol_journey::event::Window;
use parasol_journey::ids::AppointmentId;
use parasol_journey::time::Timestamp;

/// Octets of a line, its end not counted (RFC 5545, 3.1).
const LINE_OCTETS_MAX: usize = 75;

/// One visit.
pub struct Event {
    /// Names it for ever.
    pub appointment: AppointmentId,
    /// The arrival window.
    pub window: Window,
    /// What the unit is.
    pub category: String,
    /// City and county.
    pub area: String,
    /// The number of the work order; empty when it is not the reader's to know.
    pub work_order: String,
    /// Rises with every change of the visit.
    pub sequence: u64,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// Whether it was called off.
    pub is_cancelled: bool,
}

/// The calendar of these visits. The same visits give the same bytes.
pub fn write(events: &[Event], language: Language) -> String {
    let (name, order) = match language {
        Language::Zh => ("上门日程", "工单"),
        Language::En => ("Visits", "Work order"),
    };
    let mut calendar = String::new();
    line(&mut calendar, "BEGIN", "VCALENDAR");
    line(&mut calendar, "VERSION", "2.0");
    line(&mut calendar, "PRODID", "-//Parasol//Visits of a technician//EN");
    line(&mut calendar, "CALSCALE", "GREGORIAN");
    line(&mut calendar, "METHOD", "PUBLISH");
    line(&mut calendar, "X-WR-CALNAME", &text(name));
    line(&mut calendar, "REFRESH-INTERVAL;VALUE=DURATION", "PT15M");
    line(&mut calendar, "X-PUBLISHED-TTL", "PT15M");
    for event in events {
        visit(&mut calendar, event, order);
    }
    line(&mut calendar, "END", "VCALENDAR");
    calendar
}

fn visit(calendar: &mut String, event: &Event, order: &str) {
    line(calendar, "BEGIN", "VEVENT");
    line(calendar, "UID", &format!("{}@parasol", event.appointment));
    line(calendar, "DTSTAMP", &instant(event.changed_at));
    line(calendar, "LAST-MODIFIED", &instant(event.changed_at));
    line(calendar, "SEQUENCE", &event.sequence.to_string());
    line(calendar, "DTSTART", &instant(event.window.start));
    line(calendar, "DTEND", &instant(event.window.end));
    line(calendar, "STATUS", if event.is_cancelled { "CANCELLED" } else { "CONFIRMED" });
    line(calendar, "TRANSP", if event.is_cancelled { "TRANSPARENT" } else { "OPAQUE" });
    line(calendar, "SUMMARY", &text(&format!("{} · {}", event.category, event.area)));
    line(calendar, "LOCATION", &text(&event.area));
    if !event.work_order.is_empty() {
        line(calendar, "DESCRIPTION", &text(&format!("{order} {}", event.work_order)));
    }
    line(calendar, "END", "VEVENT");
}

/// A content line, folded: no line has more than 75 octets, and no character is cut.
fn line(calendar: &mut String, name: &str, value: &str) {
    let mut octets = 0;
    for character in name.chars().chain([':']).chain(value.chars()) {
        if octets + character.len_utf8() > LINE_OCTETS_MAX {
            calendar.push_str("\r\n ");
            // The space in front is an octet of the line that follows.
            octets = 1;
        }
        calendar.push(character);
        octets += character.len_utf8();
    }
    calendar.push_str("\r\n");
}

/// A value of type TEXT (RFC 5545, 3.3.11). Control characters have no place in one.
fn text(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for character in value.replace("\r\n", "\n").chars() {
        match character {
            '\\' | ';' | ',' => {
                escaped.push('\\');
                escaped.push(character);
            }
            '\n' => escaped.push_str("\\n"),
            character if character.is_control() => {}
            character => escaped.push(character),
        }
    }
    escaped
}

/// `20260608T010000Z`.
fn instant(at: Timestamp) -> String {
    let printed = at.to_string();
    let mut digits = String::with_capacity(16);
    // RFC 3339 in UTC begins `2026-06-08T01:00:00`; what follows is finer or the zone.
    for character in printed.chars().take(19).filter(|it| !matches!(it, '-' | ':')) {
        let _ = write!(digits, "{character}");
    }
    digits + "Z"
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn event() -> Event {
        Event {
            appointment: AppointmentId::new(Uuid::from_u128(7)),
            window: Window {
                start: at("2026-06-08T09:00:00+08:00"),
                end: at("2026-06-08T11:00:00+08:00"),
            },
            category: "冰箱".to_owned(),
            area: "杭州市西湖区".to_owned(),
            work_order: "wo_1".to_owned(),
            sequence: 12,
            changed_at: at("2026-06-07T23:59:59.999999+08:00"),
            is_cancelled: false,
        }
    }

    /// The lines as a reader unfolds them.
    fn unfolded(calendar: &str) -> Vec<String> {
        calendar.replace("\r\n ", "").split_terminator("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn a_visit_is_written_in_utc_with_its_name_version_and_state() {
        let calendar = write(&[event()], Language::Zh);
        let lines = unfolded(&calendar);
        for expected in [
            "VERSION:2.0",
            "UID:appt_00000000000000000000000000000007@parasol",
            "DTSTAMP:20260607T155959Z",
            "SEQUENCE:12",
            "DTSTART:20260608T010000Z",
            "DTEND:20260608T030000Z",
            "STATUS:CONFIRMED",
            "SUMMARY:冰箱 · 杭州市西湖区",
            "DESCRIPTION:工单 wo_1",
        ] {
            assert!(lines.iter().any(|line| line == expected), "{expected} in {calendar}");
        }
        assert_eq!(
            (lines[0].as_str(), lines.last().unwrap().as_str()),
            ("BEGIN:VCALENDAR", "END:VCALENDAR")
        );
        assert_eq!(write(&[event()], Language::Zh), calendar, "the same bytes again");
        let called_off = write(&[Event { is_cancelled: true, ..event() }], Language::En);
        assert!(called_off.contains("\r\nSTATUS:CANCELLED\r\n"), "{called_off}");
    }

    #[test]
    fn no_line_is_longer_than_75_octets_and_no_character_is_cut() {
        for length in 60..90 {
            let long = Event { area: "区".repeat(length), ..event() };
            let calendar = write(&[long], Language::Zh);
            assert!(calendar.split("\r\n").all(|line| line.len() <= LINE_OCTETS_MAX));
            let summary = format!("SUMMARY:冰箱 · {}", "区".repeat(length));
            assert!(unfolded(&calendar).contains(&summary), "{calendar}");
            assert!(!calendar.replace("\r\n", "").contains(['\r', '\n']));
        }
        let fits = "x".repeat(LINE_OCTETS_MAX - 2);
        let mut calendar = String::new();
        line(&mut calendar, "A", &fits);
        assert_eq!(calendar, format!("A:{fits}\r\n"));
        calendar.clear();
        line(&mut calendar, "A", &format!("{fits}y"));
        assert_eq!(calendar, format!("A:{fits}\r\n y\r\n"));
    }

    #[test]
    fn texts_are_escaped_and_begin_no_line_of_their_own() {
        assert_eq!(text("a;b,c\\d\r\ne\nf\u{7}"), "a\\;b\\,c\\\\d\\ne\\nf");
        let evil = Event { area: "x\r\nEND:VCALENDAR".to_owned(), ..event() };
        let calendar = write(&[evil], Language::Zh);
        assert_eq!(calendar.matches("\r\nEND:VCALENDAR").count(), 1, "{calendar}");
    }
}
