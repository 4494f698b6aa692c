//! What every message that moves a case has in common: the case, the etag, and the partner's stamp.

use parasol_api::Checker;
use parasol_api::limits::FOREIGN_NUMBER_MAX;
use parasol_api::partner::v1::{
    BookAppointmentRequest, ExpectPartsRequest, HandOverVisitRequest, HoldSlotRequest,
    ProposeWindowsRequest, ReleaseSlotRequest, ReleaseWindowsRequest, ReportContactFailedRequest,
    ReportNoShowRequest, RescheduleAppointmentRequest,
};
use parasol_api::technician::v1::{
    AcknowledgeCancelRequest, CheckInRequest, CompleteRepairRequest, CompleteVisitRequest,
    RefuseCancelRequest, RenewCompletionCodeRequest, ReportUnableRequest, StartTravelRequest,
    SubmitInspectionRequest, WaiveCompletionCodeRequest,
};
use parasol_journey::event::Heard;
use parasol_journey::ids::{AppointmentId, CaseId};
use parasol_journey::time::{Span, Timestamp};
use parasol_runtime::identity::{Principal, Role};

/// A request with the fields that all of them share.
pub trait Stamped {
    /// The case.
    fn case_id(&self) -> &str;
    /// The version the caller saw.
    fn etag(&self) -> &str;
    /// The partner's own number.
    fn partner_order_no(&self) -> &str;
    /// When it happened on the partner's side.
    fn occurred_at(&self) -> &Option<prost_types::Timestamp>;
    /// Its number among the partner's messages.
    fn partner_sequence(&self) -> i64;
}

macro_rules! stamped {
    ($($request:ty),+ $(,)?) => {$(
        impl Stamped for $request {
            fn case_id(&self) -> &str {
                &self.case_id
            }

            fn etag(&self) -> &str {
                &self.etag
            }

            fn partner_order_no(&self) -> &str {
                &self.partner_order_no
            }

            fn occurred_at(&self) -> &Option<prost_types::Timestamp> {
                &self.occurred_at
            }

            fn partner_sequence(&self) -> i64 {
                self.partner_sequence
            }
        }
    )+};
}

stamped!(
    HoldSlotRequest,
    ReleaseSlotRequest,
    BookAppointmentRequest,
    HandOverVisitRequest,
    RescheduleAppointmentRequest,
    ReportContactFailedRequest,
    StartTravelRequest,
    CheckInRequest,
    SubmitInspectionRequest,
    CompleteRepairRequest,
    CompleteVisitRequest,
    ReportUnableRequest,
    ReportNoShowRequest,
    ExpectPartsRequest,
    AcknowledgeCancelRequest,
    RefuseCancelRequest,
    ProposeWindowsRequest,
    ReleaseWindowsRequest,
    RenewCompletionCodeRequest,
    WaiveCompletionCodeRequest,
);

/// Which case a message is about, and the version its sender insists on.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    /// The case.
    pub case: CaseId,
    /// The version, if the sender insists on one.
    pub etag: Option<u64>,
    /// How a partner numbered it.
    pub heard: Option<Heard>,
    /// How it was kept by a device without a network, if it was.
    pub taken: Option<Taken>,
}

/// An action that a device kept until it had a network again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// When it was done, by our clock; never ahead.
    pub at: Timestamp,
    /// By how much the device's clock is ahead of ours.
    pub ahead: Span,
    /// When it was received.
    pub received: Timestamp,
    /// The visit it belongs to.
    pub appointment: AppointmentId,
}

impl Taken {
    /// A time of the device by our clock.
    pub fn corrected(&self, device: Timestamp) -> Timestamp {
        device - self.ahead
    }

    /// A time of the device that has passed, by our clock. What would lie ahead is now: a clock that was
    /// set meanwhile cannot make the past later than the present.
    pub fn past(&self, device: Timestamp) -> Timestamp {
        self.corrected(device).min(self.received)
    }
}

/// Checks the common fields of a message about a visit. Of one that a device kept the time is that of the
/// device, corrected.
pub fn head_of_visit(
    check: &mut Checker,
    principal: &Principal,
    now: Timestamp,
    message: &impl Stamped,
    taken: Option<Taken>,
) -> Option<Head> {
    let Some(taken) = taken else { return head(check, principal, now, message) };
    let case = check.id::<CaseId>("case_id", message.case_id());
    let etag = check.etag(message.etag());
    check.optional_text("partner_order_no", message.partner_order_no(), FOREIGN_NUMBER_MAX);
    let sequence = check.number("partner_sequence", message.partner_sequence(), 0..=i64::MAX);
    let sequence = u64::try_from(sequence?).unwrap_or_default();
    let heard = Some(Heard { sequence, occurred_at: Some(taken.at) });
    Some(Head { case: case?, etag: etag?, heard, taken: Some(taken) })
}

/// Checks the common fields. The partner's are read from partners only: nobody else numbers messages.
pub fn head(
    check: &mut Checker,
    principal: &Principal,
    now: Timestamp,
    message: &impl Stamped,
) -> Option<Head> {
    let case = check.id::<CaseId>("case_id", message.case_id());
    let etag = check.etag(message.etag());
    let mut heard = None;
    if matches!(principal.role, Role::Brand | Role::Centre | Role::Technician) {
        check.optional_text("partner_order_no", message.partner_order_no(), FOREIGN_NUMBER_MAX);
        let sequence = message.partner_sequence();
        check.number("partner_sequence", sequence, 0..=i64::MAX);
        let occurred_at = check.optional_instant("occurred_at", message.occurred_at()).flatten();
        if occurred_at.is_some_and(|at| at > now) {
            let reason = parasol_api::Reason::FieldInvalid;
            check.refuse::<()>("occurred_at", reason, "an instant that is not in the future");
        }
        let sequence = u64::try_from(sequence).unwrap_or_default();
        let is_said = sequence != 0 || occurred_at.is_some();
        heard = is_said.then_some(Heard { sequence, occurred_at });
    }
    Some(Head { case: case?, etag: etag?, heard, taken: None })
}
