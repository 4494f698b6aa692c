//! What happened, who said so and how long ago; and how long each party has had the turn.

use maud::{Markup, html};
use parasol_api::common::v1::Party;
use parasol_api::convert::timestamp;
use parasol_api::tracking::v1::TimelineEntry;
use parasol_journey::time::Span;

use super::case_page::Sheet;
use crate::web::times;
use crate::web::words::Pick as _;

/// Entries shown at once; older ones are folded.
const AT_FIRST: usize = 8;

/// The story, the newest first.
pub(super) fn entries(sheet: &Sheet) -> Markup {
    let language = sheet.language;
    let all: Vec<_> = sheet.told.entries.iter().rev().collect();
    let (new, old) = all.split_at(all.len().min(AT_FIRST));
    html! {
        section.card aria-labelledby="story-title" {
            h2 #story-title { (language.pick("进展", "What happened")) }
            ol.story { @for entry in new { (line(sheet, entry)) } }
            @if !old.is_empty() {
                details.inner {
                    summary {
                        (language.pick("更早的进展", "Earlier")) " (" (old.len()) ")"
                    }
                    ol.story { @for entry in old { (line(sheet, entry)) } }
                }
            }
        }
    }
}

fn line(sheet: &Sheet, entry: &TimelineEntry) -> Markup {
    let language = sheet.language;
    let recorded = entry.at.as_ref().and_then(timestamp);
    let at = entry.occurred_at.as_ref().and_then(timestamp).or(recorded);
    // Told afterwards: by more than it takes to tell.
    let late = at.zip(recorded).filter(|(at, recorded)| recorded.since(*at) > Span::minutes(1));
    html! {
        li {
            p.headline { (entry.headline) }
            // Somebody with a link is shown who comes, and of all others no more than what they did.
            @if !entry.actor_name.is_empty() && sheet.case.is_some() {
                p.actor { (entry.actor_name) @if !entry.actor_phone.is_empty() { " " (entry.actor_phone) } }
            }
            @if !entry.note.is_empty() { p.said { (entry.note) } }
            p.hint {
                @if let Some(at) = at {
                    (times::at(at, language)) " · "
                    @if sheet.is_ended() {} @else {
                        (times::ago(at, sheet.now, language)) " · "
                    }
                }
                (language.pick("来自", "reported by ")) (sheet.party(entry.reported_by()))
                @if let Some((_, recorded)) = late {
                    " · " (language.pick("记录于 ", "recorded ")) (times::at(recorded, language))
                }
            }
        }
    }
}

/// One party's share of the time.
struct Share {
    party: Party,
    time: Span,
    /// Where its bar begins and how long it is, in thousandths.
    from: i64,
    length: i64,
}

/// How long each party has had the turn; the parts add up to the whole.
pub(super) fn party_times(sheet: &Sheet) -> Markup {
    let language = sheet.language;
    let shares = shares(sheet);
    if shares.is_empty() {
        return html! {};
    }
    let whole = Span::from_micros(sheet.told.elapsed_micros);
    html! {
        section.card aria-labelledby="times-title" {
            h2 #times-title { (language.pick("时间花在哪里", "Where the time went")) }
            svg.shares viewBox="0 0 1000 14" preserveAspectRatio="none" aria-hidden="true" {
                @for share in &shares {
                    rect class={ "of-" (number(share.party)) } x=(share.from) y="0"
                        width=(share.length.max(4)) height="14" {}
                }
            }
            ul.shares {
                @for share in &shares {
                    li {
                        span class={ "key of-" (number(share.party)) } aria-hidden="true" {}
                        span { (sheet.party(share.party)) }
                        span.time { (times::length(share.time, language)) }
                    }
                }
            }
            p.hint { (language.pick("合计 ", "In all ")) (times::length(whole, language)) }
        }
    }
}

fn number(party: Party) -> i32 {
    party.into()
}

fn shares(sheet: &Sheet) -> Vec<Share> {
    let whole = sheet.told.elapsed_micros.max(1);
    let mut from = 0;
    let mut shares = Vec::new();
    for part in sheet.told.party_times.iter().filter(|part| part.micros > 0) {
        let length = part.micros.saturating_mul(1000) / whole;
        let time = Span::from_micros(part.micros);
        shares.push(Share { party: part.party(), time, from, length });
        from += length;
    }
    shares
}
