//! What customers say, on the wire.

use parasol_api::convert::{Listed as _, etag, to_timestamp};
use parasol_api::tracking::v1 as wire;
use parasol_desk::mask;
use parasol_journey::ids::CaseId;
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::Category;
use uuid::Uuid;

use super::follow_up::{Issue, State};
use super::store::Steps;
use super::tables::{complaints, follow_ups, seats, voices};
use super::{ComplaintId, FollowUpId, ProjectId, SeatId, VoiceId, complaint};

/// A version as an etag.
pub fn etag_of(version: i64) -> String {
    etag(u64::try_from(version).unwrap_or_default())
}

/// A time that may not have come.
pub fn instant(micros: i64) -> Option<prost_types::Timestamp> {
    (micros != 0).then(|| to_timestamp(Timestamp::from_micros(micros)))
}

/// A category as tables write it; 0 for none.
pub fn category(text: &str) -> i32 {
    Category::parse(text).map_or(0, |category| category.number())
}

fn tier(tier: i64) -> wire::FollowUpTier {
    match tier {
        1 => wire::FollowUpTier::L1,
        2 => wire::FollowUpTier::L2,
        3 => wire::FollowUpTier::ComplaintDesk,
        _ => wire::FollowUpTier::Unspecified,
    }
}

/// What a step of a follow-up answers with.
pub fn follow_up_step(row: &follow_ups::Model) -> wire::FollowUpStep {
    wire::FollowUpStep {
        follow_up_id: FollowUpId(row.follow_up).to_string(),
        etag: etag_of(row.version),
        state: State::number_of(&row.state),
        tier: tier(row.tier).into(),
        valid_until: instant(row.valid_until),
    }
}

/// A follow-up with its steps.
pub fn follow_up(row: &follow_ups::Model, steps: &mut Steps) -> wire::FollowUp {
    let entries = steps.remove(&row.follow_up).unwrap_or_default();
    let entries = entries.into_iter().map(|(step, text)| wire::FollowUpEntry {
        at: instant(step.at),
        act: step.act,
        said_by: step.said_by,
        text: mask::without_numbers(&text),
    });
    wire::FollowUp {
        follow_up_id: FollowUpId(row.follow_up).to_string(),
        etag: etag_of(row.version),
        case_id: CaseId::new(row.case_id).to_string(),
        issue: Issue::number_of(&row.issue),
        tier: tier(row.tier).into(),
        state: State::number_of(&row.state),
        assignee: row.assignee.clone(),
        opened_at: instant(row.opened_at),
        valid_until: instant(row.valid_until),
        next_check_at: instant(row.next_check_at),
        solved_at: instant(row.solved_at),
        closed_at: instant(row.closed_at),
        in_time: row.in_time == 1,
        entries: entries.collect(),
    }
}

/// What a step of a complaint answers with.
pub fn complaint_step(row: &complaints::Model) -> wire::ComplaintStep {
    wire::ComplaintStep {
        complaint_id: ComplaintId(row.complaint).to_string(),
        etag: etag_of(row.version),
        state: complaint::State::number_of(&row.state),
    }
}

/// A complaint with its steps.
pub fn complaint(row: &complaints::Model, steps: &mut Steps) -> wire::Complaint {
    let entries = steps.remove(&row.complaint).unwrap_or_default();
    let entries = entries.into_iter().map(|(step, text)| wire::ComplaintEntry {
        at: instant(step.at),
        act: step.act,
        said_by: step.said_by,
        text: mask::without_numbers(&text),
    });
    wire::Complaint {
        complaint_id: ComplaintId(row.complaint).to_string(),
        etag: etag_of(row.version),
        case_id: CaseId::new(row.case_id).to_string(),
        brand: row.brand.clone(),
        category: category(&row.category),
        class: complaint::Class::number_of(&row.class),
        state: complaint::State::number_of(&row.state),
        owner: row.owner.clone(),
        outcome: complaint::Outcome::number_of(&row.outcome),
        project_id: project_id(row.project),
        opened_at: instant(row.opened_at),
        closed_at: instant(row.closed_at),
        entries: entries.collect(),
    }
}

/// A project's id; empty for none.
fn project_id(project: Uuid) -> String {
    if project.is_nil() { String::new() } else { ProjectId(project).to_string() }
}

/// A free text.
pub fn voice(row: &voices::Model, text: &str) -> wire::Voice {
    wire::Voice {
        voice_id: VoiceId(row.voice).to_string(),
        etag: etag_of(row.version),
        case_id: CaseId::new(row.case_id).to_string(),
        brand: row.brand.clone(),
        category: category(&row.category),
        csat: i32::try_from(row.csat).unwrap_or_default(),
        text: mask::without_numbers(text),
        at: instant(row.at),
        assignee: row.assignee.clone(),
        read_at: instant(row.read_at),
    }
}

/// A seat.
pub fn seat(row: &seats::Model) -> wire::Seat {
    wire::Seat {
        seat_id: SeatId(row.seat).to_string(),
        person: row.person.clone(),
        case_id: CaseId::new(row.case_id).to_string(),
        at: instant(row.at),
        attended_at: instant(row.attended_at),
    }
}
