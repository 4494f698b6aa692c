//! What is told, and when: one row per template, and which facts ask for which of them.
//!
//! Pure. The projection writes the rows of what a step asks for in the commit of the step, whoever caused
//! it, so that a notice is planned exactly once. What is planned may be let go later: by then the case may
//! have moved on, or the customer may want to hear less.

use parasol_casebook::{Change, Projector, RowOp};
use parasol_journey::deadline::Clock;
use parasol_journey::event::Awaited;
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::vocab::{Channel, Party, Remedy};
use parasol_journey::{Case, Event, Fact, Stage, Task};

use super::course::Notice;
use super::listed;

listed! {
    /// What kind of thing is told: what customers choose by.
    Kind {
        /// How things go on.
        Progress = "progress",
        /// Somebody comes.
        Visit = "visit",
        /// What was decided and carried out.
        Outcome = "outcome",
        /// Something is late.
        Delay = "delay",
        /// A dispute.
        Dispute = "dispute",
        /// How it was.
        Survey = "survey",
        /// A completion code. Always told.
        Code = "code",
        /// The case waits for the customer. Always told.
        Ask = "ask",
    }
}

impl Kind {
    /// Whether it is told whatever the customer would rather not hear: without it they would lose something.
    pub const fn is_essential(self) -> bool {
        matches!(self, Self::Code | Self::Ask)
    }
}

listed! {
    /// How soon it has to arrive.
    Urgency {
        /// In the customer's waking hours; with others of its kind in one.
        Calm = "calm",
        /// In the customer's waking hours, by itself.
        Soon = "soon",
        /// At once, at night too.
        Now = "now",
    }
}

/// Which channels are tried, in which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Short and soon seen.
    Short,
    /// A secret for one telephone: never by letter.
    Secret,
    /// Long enough to be read at leisure.
    Letter,
}

impl Class {
    /// The channels, the first choice first.
    pub const fn channels(self) -> &'static [Channel] {
        match self {
            Self::Short => &[Channel::Push, Channel::Sms, Channel::Webhook, Channel::Email],
            Self::Secret => &[Channel::Sms, Channel::Push, Channel::Webhook],
            Self::Letter => &[Channel::Push, Channel::Email, Channel::Webhook, Channel::Sms],
        }
    }
}

/// What is told how. Everything is told to the customer: partners hear by webhook.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The template.
    pub template: Template,
    /// What kind of thing it is.
    pub kind: Kind,
    /// How soon.
    pub urgency: Urgency,
    /// On which channels.
    pub class: Class,
}

macro_rules! templates {
    ($($(#[$doc:meta])* $variant:ident $text:literal $kind:ident $urgency:ident $class:ident;)+) => {
        listed! {
            /// What is told.
            Template { $($(#[$doc])* $variant = $text,)+ }
        }

        /// One row per template, in declaration order.
        pub const TABLE: &[Row] = &[$(Row {
            template: Template::$variant,
            kind: Kind::$kind,
            urgency: Urgency::$urgency,
            class: Class::$class,
        },)+];
    };
}

templates! {
    /// The case is filed.
    Filed "filed" Progress Calm Short;
    /// A service centre has it.
    Accepted "accepted" Progress Calm Short;
    /// Who comes.
    TechnicianNamed "technician_named" Visit Calm Short;
    /// Which time suits.
    WindowsProposed "windows_proposed" Ask Soon Short;
    /// A visit is booked.
    Booked "booked" Visit Soon Short;
    /// A visit was moved.
    Moved "moved" Visit Soon Short;
    /// Somebody else comes, at the same time.
    HandedOver "handed_over" Visit Soon Short;
    /// A visit is tomorrow.
    VisitTomorrow "visit_tomorrow" Visit Soon Short;
    /// The technician is on the way.
    OnTheWay "on_the_way" Visit Now Short;
    /// The technician is at the door.
    AtTheDoor "at_the_door" Visit Now Short;
    /// Nobody came.
    NobodyCame "nobody_came" Delay Soon Short;
    /// The visit could not be finished.
    VisitUnfinished "visit_unfinished" Visit Calm Short;
    /// The certificate is in.
    CertificateIn "certificate_in" Progress Calm Short;
    /// A decision leaves a choice.
    ChooseRemedy "choose_remedy" Ask Soon Letter;
    /// A decision refuses.
    Denied "denied" Ask Soon Letter;
    /// A refund begins.
    RefundBegun "refund_begun" Outcome Calm Letter;
    /// The payment provider has it.
    RefundAccepted "refund_accepted" Outcome Calm Short;
    /// A new unit comes.
    ReplacementBegun "replacement_begun" Outcome Calm Letter;
    /// The new unit is ordered.
    ReplacementOrdered "replacement_ordered" Outcome Calm Short;
    /// A repair begins.
    RepairBegun "repair_begun" Outcome Calm Short;
    /// The unit is at the workshop.
    UnitReceived "unit_received" Outcome Calm Short;
    /// The unit comes back.
    UnitReturned "unit_returned" Outcome Soon Short;
    /// When parts come.
    PartsDate "parts_date" Delay Calm Short;
    /// Something is late, and by when it is expected now.
    Late "late" Delay Soon Short;
    /// A promise was broken.
    PromiseBroken "promise_broken" Delay Soon Letter;
    /// Compensation was granted.
    CompensationGranted "compensation_granted" Outcome Soon Letter;
    /// Compensation was paid.
    CompensationPaid "compensation_paid" Outcome Calm Short;
    /// The completion code.
    Code "completion_code" Code Now Secret;
    /// A new one in its place.
    CodeRenewed "code_renewed" Code Now Secret;
    /// Please confirm the outcome.
    Confirm "confirm" Ask Soon Letter;
    /// The time to do so is nearly over.
    ConfirmSoon "confirm_soon" Ask Soon Short;
    /// Nobody could be reached.
    CallBack "call_back" Ask Soon Short;
    /// The case is closed; how was it?
    Closed "closed" Survey Calm Letter;
    /// The case is cancelled.
    Cancelled "cancelled" Progress Calm Short;
    /// It was too late to cancel.
    CancelRefused "cancel_refused" Progress Now Short;
    /// The case is open again.
    Reopened "reopened" Dispute Calm Short;
    /// A dispute is heard.
    DisputeOpened "dispute_opened" Dispute Calm Letter;
    /// The other side answered.
    DisputeAnswered "dispute_answered" Dispute Calm Short;
    /// Evidence is wanted.
    EvidenceWanted "evidence_wanted" Ask Soon Letter;
    /// The unit goes to a laboratory, or experts are asked.
    DisputeTested "dispute_tested" Dispute Calm Short;
    /// A dispute is decided.
    DisputeDecided "dispute_decided" Dispute Soon Letter;
    /// A chase was answered.
    ReminderAnswered "reminder_answered" Progress Soon Short;
    /// Several of them in one.
    Digest "digest" Progress Calm Letter;
}

impl Template {
    /// This template's row.
    pub fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }

    /// Whether the case waits for it to arrive, and who writes into its log that it has.
    pub const fn is_awaited(self) -> bool {
        matches!(self, Self::ChooseRemedy | Self::Denied | Self::Confirm | Self::CallBack)
    }

    /// Whether a newer one about the same case makes it old.
    pub const fn is_replaced_by(self, newer: Self) -> bool {
        use Template::{Booked, Code, CodeRenewed, HandedOver, Moved, TechnicianNamed};
        match self {
            TechnicianNamed | Booked | Moved | HandedOver => {
                matches!(newer, TechnicianNamed | Booked | Moved | HandedOver)
            }
            Code | CodeRenewed => matches!(newer, CodeRenewed),
            Self::Late => matches!(newer, Self::Late),
            Self::PartsDate => matches!(newer, Self::PartsDate),
            _ => false,
        }
    }
}

/// The evening before a visit: six hours before its day begins.
const EVENING_BEFORE: Span = Span::hours(6);
/// How long before its end the customer is reminded that silence will count.
const BEFORE_SILENCE: Span = Span::days(2);

/// Clocks whose running out the customer is told of, as something that is late.
pub const TOLD_LATE: &[Clock] = &[
    Clock::Visit,
    Clock::Execute,
    Clock::ExchangeShip,
    Clock::LegalRepair,
    Clock::LegalParts,
    Clock::LegalRefund,
    Clock::DecideManually,
];

/// A notice that an entry asks for, and when it is to be sent.
type Wanted = (Template, Timestamp);

/// What an entry asks for. `case` is as it stands after the whole step.
pub fn of_event(event: &Event, case: &Case) -> Vec<Wanted> {
    let mut wanted: Vec<_> = of_fact(event, case).into_iter().map(|one| (one, event.at)).collect();
    wanted.extend(later(event, case));
    wanted
}

fn of_fact(event: &Event, case: &Case) -> Option<Template> {
    before_the_visit(event, case).or_else(|| outcome(event, case)).or_else(|| bend(event, case))
}

fn before_the_visit(event: &Event, case: &Case) -> Option<Template> {
    Some(match &event.fact {
        Fact::Filed(_) => Template::Filed,
        Fact::OfferAccepted { .. } if event.stage == Stage::CentreAssigned => Template::Accepted,
        Fact::CentreAssigned { .. } => Template::Accepted,
        Fact::TechnicianAssigned { .. } => Template::TechnicianNamed,
        Fact::WindowsProposed { .. } => Template::WindowsProposed,
        Fact::AppointmentBooked { .. } => Template::Booked,
        Fact::AppointmentRescheduled { .. } => Template::Moved,
        Fact::VisitHandedOver { .. } => Template::HandedOver,
        Fact::TravelStarted { .. } => Template::OnTheWay,
        Fact::CheckedIn { .. } => Template::AtTheDoor,
        Fact::NoShow { by } if *by != Party::Customer => Template::NobodyCame,
        Fact::VisitFailed { .. } => Template::VisitUnfinished,
        Fact::CertificateSubmitted { .. } => Template::CertificateIn,
        Fact::PartsExpected { .. } | Fact::PartsBackordered { .. } | Fact::PartsShipped { .. } => {
            Template::PartsDate
        }
        Fact::Paused { .. } if asks(case, event) => Template::CallBack,
        _ => return None,
    })
}

fn outcome(event: &Event, case: &Case) -> Option<Template> {
    Some(match &event.fact {
        _ if asks(case, event) => question(event.stage)?,
        Fact::RemedyChosen { remedy: Remedy::Refund, .. } => Template::RefundBegun,
        Fact::RemedyChosen { remedy: Remedy::Replace, .. } => Template::ReplacementBegun,
        // Whoever has a work order gets the code, which says the same.
        Fact::RemedyChosen { remedy: Remedy::Repair, .. } if case.work_order.is_none() => {
            Template::RepairBegun
        }
        Fact::RemedyChosen { .. } => Template::Code,
        Fact::PaymentAccepted { .. } if event.stage == Stage::Refunding => Template::RefundAccepted,
        Fact::ReplacementOrdered { .. } => Template::ReplacementOrdered,
        Fact::UnitReceived => Template::UnitReceived,
        Fact::UnitReturned => Template::UnitReturned,
        Fact::CodeRenewed => Template::CodeRenewed,
        Fact::GoodwillGranted { .. } => Template::CompensationGranted,
        Fact::CompensationPaid { .. } => Template::CompensationPaid,
        Fact::PromiseMissed { .. } => Template::PromiseBroken,
        Fact::DeadlineMissed { clock, charged_to }
            if *charged_to != Party::Customer && TOLD_LATE.contains(clock) =>
        {
            Template::Late
        }
        Fact::Closed { .. } => Template::Closed,
        _ => return None,
    })
}

fn bend(event: &Event, case: &Case) -> Option<Template> {
    Some(match &event.fact {
        Fact::Cancelled => Template::Cancelled,
        Fact::CancelRefused { .. } => Template::CancelRefused,
        Fact::Reopened => Template::Reopened,
        Fact::DisputeOpened { .. } => Template::DisputeOpened,
        Fact::DisputeAnswered { by, .. } if *by != Party::Customer => Template::DisputeAnswered,
        Fact::DisputeAwaits { awaited: Awaited::Evidence, .. } => Template::EvidenceWanted,
        Fact::DisputeAwaits { awaited: Awaited::Lab, .. } | Fact::PanelConvened { .. } => {
            Template::DisputeTested
        }
        Fact::DisputeDecided { .. } => Template::DisputeDecided,
        Fact::ReminderAnswered if !case.stage.is_ended() => Template::ReminderAnswered,
        _ => return None,
    })
}

/// By which template the customer is asked, where their silence counts.
fn question(stage: Stage) -> Option<Template> {
    match stage {
        Stage::RemedyOffered => Some(Template::ChooseRemedy),
        Stage::Denied => Some(Template::Denied),
        Stage::AwaitConfirm => Some(Template::Confirm),
        _ => None,
    }
}

/// Whether this entry is the one by which the customer is asked, and still is.
fn asks(case: &Case, event: &Event) -> bool {
    case.asked.is_some_and(|asked| asked.seq == event.seq)
}

/// What an entry asks for at a later time.
fn later(event: &Event, case: &Case) -> Option<Wanted> {
    match &event.fact {
        Fact::AppointmentBooked { window, .. } | Fact::AppointmentRescheduled { window, .. } => {
            let evening =
                Timestamp::shanghai_midnight(window.start.shanghai_day()) - EVENING_BEFORE;
            (evening > event.at).then_some((Template::VisitTomorrow, evening))
        }
        Fact::NoticeDelivered { .. } => {
            let silence = case.owes(Task::Clock(Clock::Confirm))?.due - BEFORE_SILENCE;
            (silence > event.at).then_some((Template::ConfirmSoon, silence))
        }
        _ => None,
    }
}

/// Whether a planned notice still says something true and useful. `event` is the entry it is of.
pub fn still_holds(template: Template, event: &Event, case: &Case) -> bool {
    let booked = || match &event.fact {
        Fact::AppointmentBooked { appointment, window, .. }
        | Fact::AppointmentRescheduled { appointment, window, .. } => {
            case.visit.as_ref().is_some_and(|one| (one.id, one.window) == (*appointment, *window))
        }
        Fact::VisitHandedOver { appointment, .. } => {
            case.visit.as_ref().is_some_and(|visit| visit.id == *appointment)
        }
        _ => false,
    };
    let with_code = matches!(case.stage, Stage::Repairing | Stage::AwaitConfirm);
    match template {
        Template::WindowsProposed => !case.proposed.is_empty(),
        Template::Booked | Template::Moved | Template::HandedOver | Template::VisitTomorrow => {
            booked() && case.checked_in_at.is_none()
        }
        Template::OnTheWay => case.visit.as_ref().is_some_and(|visit| visit.en_route),
        Template::AtTheDoor => matches!(case.stage, Stage::OnSite | Stage::Inspecting),
        Template::Code | Template::CodeRenewed => with_code,
        awaited if awaited.is_awaited() => asks(case, event),
        Template::ConfirmSoon => {
            let asked = case.asked.map(|asked| asked.seq);
            let of = match &event.fact {
                Fact::NoticeDelivered { asked, .. } => Some(*asked),
                _ => None,
            };
            case.stage == Stage::AwaitConfirm && asked == of
        }
        _ => true,
    }
}

/// Plans notices as rows of their own, in the commit of the step that asks for them.
pub struct Planner;

impl Projector for Planner {
    fn project(&self, change: &Change<'_>, rows: &mut Vec<RowOp>) {
        for event in change.events {
            for (template, due) in of_event(event, change.after) {
                rows.push(Notice::planned(change.after, event, template, due).row());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_one_row_per_template_in_order() {
        assert_eq!(TABLE.len(), Template::ALL.len());
        for (row, template) in TABLE.iter().zip(Template::ALL) {
            assert_eq!(row.template, *template);
            assert_eq!(Template::parse(template.as_str()), Some(*template));
        }
    }

    #[test]
    fn what_a_case_waits_for_is_essential_and_codes_are_no_letters() {
        for template in Template::ALL {
            let row = template.row();
            assert!(!template.is_awaited() || row.kind == Kind::Ask, "{template}");
            assert_eq!(row.class == Class::Secret, row.kind == Kind::Code, "{template}");
        }
        assert!(!Class::Secret.channels().contains(&Channel::Email));
    }
}
