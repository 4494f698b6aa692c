//! The story of a case and what each party took, for those who look after it.

use form_urlencoded::Serializer;
use maud::{Markup, html};
use parasol_api::common::v1::Party;
use parasol_api::convert::timestamp;
use parasol_api::tracking::v1::tracking_service_client::TrackingServiceClient;
use parasol_api::tracking::v1::{GetTimelineRequest, Timeline};
use parasol_api::{Error, Language};
use parasol_journey::time::{Span, Timestamp};
use parasol_runtime::transport::Transport;

use super::live;
use super::words::party;
use crate::web::live::FROM;
use crate::web::session::Visitor;
use crate::web::words::Pick as _;
use crate::web::{failed, times};

/// The story of a case as the visitor may see it.
pub(crate) async fn timeline(
    transport: Transport,
    case: &str,
    language: Language,
) -> Result<Timeline, Error> {
    let language = language.pick("zh", "en").to_owned();
    let request = GetTimelineRequest { case_id: case.to_owned(), language };
    let answer = TrackingServiceClient::new(transport).get_timeline(request).await;
    Ok(answer.map_err(failed)?.into_inner())
}

/// How the case stands, told anew as it moves while somebody looks; `events` is what the page listens to.
pub(crate) fn kept(told: &Timeline, events: &str, visitor: &Visitor) -> Markup {
    let from = Serializer::new(String::new()).append_pair(FROM, &told.resume_token).finish();
    html! {
        (live::kept(&format!("{events}?{from}"), visitor))
        div #standing data-live { (standing(told, visitor.guest.now, visitor.guest.language)) }
    }
}

/// Where the case stands, whose move it is, by when, and what happens then.
fn standing(told: &Timeline, now: Timestamp, language: Language) -> Markup {
    let turn = told.turn.unwrap_or_default();
    let since = turn.since.as_ref().and_then(timestamp);
    let next = told.next_deadline.as_ref();
    let due = next.and_then(|next| timestamp(next.due.as_ref()?));
    html! {
        div.standing {
            p #said.heard role="status" {}
            p { span.badge { (told.stage_label) } }
            @if turn.holder() != Party::Unspecified {
                p {
                    (language.pick("轮到：", "Turn: ")) strong { (party(turn.holder(), language)) }
                    @if let Some(since) = since {
                        " · " (times::length(now.since(since).max(Span::ZERO), language))
                    }
                }
            }
            @if let Some(due) = due { p { (times::due(due, now, language)) } }
            @if let Some(next) = next.filter(|next| !next.if_missed.is_empty()) {
                p.hint { (next.if_missed) }
            }
            @if told.freshness.is_some_and(|one| one.is_stale) {
                p.soon { (language.pick("此状态已久未更新。", "This has not been reported on for long.")) }
            }
            @if let Some(forecast) = told.forecast.as_ref().filter(|one| !one.ways_out.is_empty()) {
                p.soon { (forecast.text) }
                ul { @for way in &forecast.ways_out { li { (way.text) } } }
            }
        }
    }
}

/// How long each party has held the turn.
pub(crate) fn parties(told: &Timeline, language: Language) -> Markup {
    let most = told.party_times.iter().map(|one| one.micros).max().unwrap_or(1).max(1);
    let all = Span::from_micros(told.elapsed_micros);
    html! {
        @if !told.party_times.is_empty() {
            section.card {
                h2 { (language.pick("各方用时", "Time by party")) }
                dl.bars { @for one in &told.party_times { div {
                    dt { (party(one.party(), language)) }
                    dd {
                        meter min="0" max=(most) value=(one.micros)
                            aria-label=(party(one.party(), language)) {}
                        " " (times::length(Span::from_micros(one.micros), language))
                    }
                } } }
                p.hint { (language.pick("合计 ", "Together ")) (times::length(all, language)) }
            }
        }
    }
}

/// What happened, the newest first, with who reported it and what was said.
pub(crate) fn story(told: &Timeline, language: Language) -> Markup {
    html! {
        section.card {
            h2 { (language.pick("进展", "What happened")) }
            ol.story reversed { @for entry in told.entries.iter().rev() { li {
                span { (entry.headline) }
                @if !entry.note.is_empty() { blockquote { (entry.note) } }
                span.hint {
                    @if let Some(at) = entry.at.as_ref().and_then(timestamp) { (times::at(at, language)) }
                    @if entry.reported_by() != Party::Unspecified {
                        " · " (party(entry.reported_by(), language))
                    }
                    @if !entry.actor_name.is_empty() { " · " (entry.actor_name) }
                }
            } } }
        }
    }
}
