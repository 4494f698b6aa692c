//! The steps a partner can take on a page: their names, when they are shown, and how one is sent.

use axum::extract::{Path, Request, State};
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::common::v1::MessageEffect;
use parasol_api::{Error, Language, Reason};
use parasol_journey::Verb;

use super::acts::{self, Sent};
use super::calls::Calls;
use super::case_page::{self, Refused};
use super::door::failure;
use super::form::Form;
use super::page::redirect;
use super::words::Pick as _;
use super::{HOME, Portal};
use crate::Gateway;
use crate::web::posted::Posted;

macro_rules! acts {
    ($($(#[$doc:meta])* $act:ident $name:literal $verb:ident
        ($zh:literal, $en:literal) ($done_zh:literal, $done_en:literal);)+) => {
        /// A step.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Act { $($(#[$doc])* $act,)+ }

        impl Act {
            /// Every step, in the order in which a page offers them.
            pub(super) const ALL: &'static [Self] = &[$(Self::$act,)+];

            /// Its name in addresses.
            pub(super) const fn name(self) -> &'static str {
                match self { $(Self::$act => $name,)+ }
            }

            /// The command of the journey that has to be open for it to be shown.
            pub(super) const fn verb(self) -> Verb {
                match self { $(Self::$act => Verb::$verb,)+ }
            }

            /// What it is called.
            pub(super) fn title(self, language: Language) -> &'static str {
                match self { $(Self::$act => language.pick($zh, $en),)+ }
            }

            /// What is said when it is done.
            fn done(self, language: Language) -> &'static str {
                match self { $(Self::$act => language.pick($done_zh, $done_en),)+ }
            }
        }
    };
}

acts! {
    /// Accepts an offer.
    Accept "accept" AcceptOffer ("接单", "Accept") ("已接单。", "Accepted.");
    /// Declines one.
    Decline "decline" DeclineOffer ("拒单", "Decline") ("已拒单。", "Declined.");
    /// Names a technician.
    Assign "assign" AssignTechnician
        ("派工程师", "Name a technician") ("已派工程师。", "The technician is named.");
    /// Books a visit.
    Book "book" BookAppointment ("预约上门", "Book the visit") ("已预约上门。", "The visit is booked.");
    /// On the way.
    Travel "travel" StartTravel ("工程师出发", "On the way") ("已出发。", "On the way.");
    /// At the door.
    CheckIn "check-in" CheckIn ("上门签到", "Check in at the door") ("已签到。", "Checked in.");
    /// Keeps a slot while the customer is asked.
    Hold "hold" HoldSlot ("先保留时段", "Hold a slot") ("时段已保留。", "The slot is held.");
    /// Lets it go.
    Release "release" ReleaseSlot ("放弃时段", "Let the slot go") ("时段已放弃。", "The slot is free again.");
    /// Asks the customer which of some windows fits.
    Propose "propose" ProposeWindows
        ("请客户选择时段", "Ask the customer which time fits") ("已征询客户。", "The customer is asked.");
    /// Takes the question back.
    ReleaseWindows "release-windows" ReleaseWindows
        ("撤回征询", "Take the question back") ("征询已撤回。", "The question is taken back.");
    /// Moves a visit.
    Reschedule "reschedule" RescheduleAppointment ("改约", "Move the visit") ("已改约。", "The visit is moved.");
    /// Nobody was reached.
    ContactFailed "contact-failed" ReportContactFailed
        ("联系不上客户", "Customer not reached") ("已记录。", "Noted.");
    /// The certificate, which has a page of its own.
    Certificate "certificate" SubmitCertificate
        ("提交检测单", "Submit the certificate") ("检测单已提交。", "The certificate is submitted.");
    /// Stands behind a certificate.
    Confirm "confirm" ConfirmCertificate
        ("确认检测单", "Confirm the certificate") ("检测单已确认。", "The certificate is confirmed.");
    /// Contests one.
    Contest "contest" ContestCertificate
        ("对检测单提出异议", "Contest the certificate") ("异议已提交。", "The certificate is contested.");
    /// The repair has ended.
    Repair "repair" CompleteRepair
        ("维修结束", "The repair has ended") ("维修结果已提交。", "The repair is reported.");
    /// The customer's code.
    Complete "complete" CompleteVisit
        ("输入完工码", "Enter the completion code") ("已完工。", "The visit is completed.");
    /// Another code for the customer.
    RenewCode "renew-code" RenewCode
        ("为客户更换完工码", "A new code for the customer") ("完工码已更换。", "The customer has a new code.");
    /// Says that parts are on their way.
    ShipParts "ship-parts" ShipParts ("配件发货", "Ship parts") ("发货已登记。", "The shipment is noted.");
    /// Says that ordered parts will be late.
    Backorder "backorder" ReportBackorder
        ("配件缺货", "Parts will be late") ("缺货已登记。", "The delay is noted.");
    /// Says that ordered parts have arrived.
    ReceiveParts "receive-parts" ReceiveParts
        ("配件已到", "Parts have arrived") ("收货已登记。", "The arrival is noted.");
    /// Says that parts are built in.
    InstallParts "install-parts" InstallParts
        ("配件已装", "Parts are built in") ("已登记。", "Noted.");
    /// Says that the defective part is on its way back.
    ReturnParts "return-parts" ReturnParts
        ("旧件寄回厂家", "The defective part goes back") ("寄回已登记。", "The return is noted.");
    /// Says that the unit has come to the workshop.
    Received "received" ReportReceived
        ("机器已到网点", "The unit has arrived") ("收货已登记。", "The arrival is noted.");
    /// Says that a repaired unit left.
    Returned "returned" ReportReturned
        ("机器寄回客户", "The unit goes back") ("寄回已登记。", "The return is noted.");
    /// Orders parts.
    RequestParts "request-parts" RequestParts ("订配件", "Order parts") ("配件已订购。", "The parts are ordered.");
    /// The other side's answer to a dispute.
    Reply "reply" AnswerDispute ("答复异议", "Answer the dispute") ("答复已提交。", "The answer is sent.");
    /// The price at which a unit that no warranty covers would be repaired.
    Quote "quote" QuoteRepair
        ("报价（客户自费维修）", "Quote a repair at the customer's cost") ("报价已发给客户。", "The customer has the price.");
    /// Names another technician.
    Reassign "reassign" ReassignTechnician
        ("换工程师", "Name another technician") ("已换工程师。", "Another technician is named.");
    /// The visit could not be finished.
    Unable "unable" ReportUnable ("无法完成", "Could not be finished") ("已记录。", "Noted.");
    /// Says that something is not as it should be.
    Anomaly "anomaly" RaiseAnomaly ("上报异常", "Report a problem") ("异常已上报。", "The problem is reported.");
}

/// The address a form of a case is sent to.
pub(super) fn action(case: &str, act: &str) -> String {
    format!("{HOME}/cases/{case}/{act}")
}

impl Act {
    fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|act| act.name() == name)
    }
}

/// What became of a step.
#[derive(Default)]
pub(super) struct Done {
    /// Whether it came too late and was only kept.
    pub late: bool,
    /// What the next page has to know beside it.
    pub query: String,
}

impl Done {
    /// What a service's answer says.
    pub(super) fn of(effect: i32) -> Self {
        let late = effect == i32::from(MessageEffect::KeptAsEvidence);
        Self { late, query: String::new() }
    }
}

/// `POST /portal/cases/{case}/{act}`.
pub(super) async fn perform(
    State(gateway): State<Gateway>,
    Path((case, name)): Path<(String, String)>,
    request: Request,
) -> Response {
    let portal = &gateway.portal;
    let posted = match Posted::of(portal, request).await {
        Ok(posted) => posted,
        Err(door) => return *door,
    };
    let Some(act) = Act::parse(&name) else {
        return failure(&posted.visitor.guest, &Error::new(Reason::NotFound));
    };
    let calls = Calls::of(portal, &posted.visitor);
    let sent = Sent { calls: &calls, case: &case, form: &posted.form };
    let done = posted.then(acts::perform(act, &sent)).await;
    settle(portal, posted, &case, act, done).await
}

/// On to the next page, or back to the form with what was typed into it.
pub(super) async fn settle(
    portal: &Portal,
    posted: Posted,
    case: &str,
    act: Act,
    sent: Result<Done, Error>,
) -> Response {
    let Posted { visitor, form, .. } = posted;
    match sent {
        Ok(done) => {
            let said = if done.late { "late" } else { "done" };
            let more = if done.query.is_empty() { "" } else { "&" };
            let path = match act {
                Act::Decline => HOME.to_owned(),
                _ => format!("{HOME}/cases/{case}"),
            };
            let to = format!("{path}?{said}={}{more}{}", act.name(), done.query);
            redirect(&to, &visitor.guest)
        }
        Err(error) => case_page::again(portal, &visitor, case, Refused { act, form, error }).await,
    }
}

/// What the last step did, if the address says that there was one.
pub(super) fn notice(query: &Form, language: Language) -> Markup {
    let done = Act::parse(query.get("done")).map(|act| act.done(language));
    let late = Act::parse(query.get("late")).map(|_| {
        language.pick(
            "来得太晚：内容已留存，服务单没有变化。",
            "Too late: it was kept as evidence and changed nothing.",
        )
    });
    html! {
        @if let Some(text) = done.or(late) { p #done.notice role="status" { (text) } }
    }
}
