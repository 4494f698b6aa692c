//! Prints a timeline as its customer sees it, one line an entry, and the turn account at the end.

use parasol_api::convert::timestamp;
use parasol_api::tracking::v1::{Timeline, TimelineEntry};
use parasol_api::{Language, Listed as _};
use parasol_journey::time::{DAY, HOUR, MINUTE, SECOND};
use parasol_journey::vocab::Party;
use unicode_width::UnicodeWidthStr as _;

/// Prints in one language.
#[derive(Clone, Copy)]
pub struct Printer {
    pub language: Language,
}

impl Printer {
    /// Chooses between two texts.
    pub fn say<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self.language {
            Language::Zh => zh,
            Language::En => en,
        }
    }

    /// The head of the columns.
    pub fn head(self) -> String {
        let head = [
            padded(self.say("时间", "time"), 12),
            padded(self.say("阶段", "stage"), 26),
            padded(self.say("轮到", "turn"), 12),
            self.say("进展 · 谁 · 期限", "what happened · who · next deadline").to_owned(),
        ];
        head.join(" ")
    }

    /// One entry.
    pub fn entry(self, entry: &TimelineEntry) -> String {
        let at = entry.at.as_ref().and_then(timestamp);
        let at = at.map(|at| at.shanghai().format("%m-%d %H:%M").to_string()).unwrap_or_default();
        let turn = match Party::of_number(entry.turn_holder) {
            Some(party) => self.party(party),
            None => "–",
        };
        let mut told = entry.headline.clone();
        if !entry.actor_name.is_empty() {
            told.push_str(" · ");
            told.push_str(&entry.actor_name);
        }
        for phone in [&entry.actor_phone, &entry.centre_phone] {
            if !phone.is_empty() {
                told.push(' ');
                told.push_str(phone);
            }
        }
        if let Some(deadline) = &entry.next_deadline
            && let Some(due) = deadline.due.as_ref().and_then(timestamp)
        {
            let due = due.shanghai().format("%m-%d %H:%M");
            told.push_str(&format!(" · {} {due} ({})", self.say("期限", "by"), deadline.if_missed));
        }
        format!(
            "{} {} {} {told}",
            padded(&at, 12),
            padded(&entry.stage_label, 26),
            padded(turn, 12)
        )
    }

    /// Who had the turn for how long; the parts add up to the whole.
    pub fn account(self, timeline: &Timeline) -> String {
        let mut lines = vec![self.say("各方用时", "Whose turn it was").to_owned()];
        let whole = timeline.elapsed_micros.max(1);
        for part in &timeline.party_times {
            let party = Party::of_number(part.party).map_or("?", |party| self.party(party));
            let share = usize::try_from(part.micros * 40 / whole).unwrap_or_default();
            let bar = "█".repeat(share);
            let length = length(part.micros);
            let line = format!("  {} {} {bar}", padded(party, 12), padded(&length, 14));
            lines.push(line.trim_end().to_owned());
        }
        let sum: i64 = timeline.party_times.iter().map(|part| part.micros).sum();
        lines.push(format!(
            "  {} {}",
            padded(self.say("合计", "all"), 12),
            length(timeline.elapsed_micros)
        ));
        if sum != timeline.elapsed_micros {
            lines.push(format!("  !! {} != {}", sum, timeline.elapsed_micros));
        }
        lines.join("\n")
    }

    fn party(self, party: Party) -> &'static str {
        let (zh, en) = party.names();
        match self.language {
            Language::Zh => zh,
            Language::En => en,
        }
    }
}

/// A length of time as people say it.
fn length(micros: i64) -> String {
    let (days, rest) = (micros / DAY, micros % DAY);
    let (hours, minutes, seconds) = (rest / HOUR, rest % HOUR / MINUTE, rest % MINUTE / SECOND);
    match (days, hours) {
        (0, 0) => format!("{minutes}m {seconds:02}s"),
        (0, _) => format!("{hours}h {minutes:02}m"),
        _ => format!("{days}d {hours}h {minutes:02}m"),
    }
}

/// Fills up to a width in columns; Chinese characters take two.
fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_in_both_scripts() {
        assert_eq!(padded("已派厂家", 10).width(), 10);
        assert_eq!(padded("Filed", 10).width(), 10);
        assert_eq!(length(90 * MINUTE), "1h 30m");
        assert_eq!(length(2 * DAY + HOUR), "2d 1h 00m");
    }
}
