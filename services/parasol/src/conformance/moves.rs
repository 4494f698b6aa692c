//! What a partner and its customers say, as the bytes of a call that can be sent again.

use parasol_api::Listed as _;
use parasol_api::common::v1::{
    CaseView, Certificate, EvidenceItem, EvidenceKind, Exterior, MessageEffect, OnSiteHandling,
    Packaging, Signature,
};
use parasol_api::convert::to_timestamp;
use parasol_api::intake::v1::FileCaseRequest;
use parasol_api::partner::v1::{
    AcceptOfferRequest, AssignTechnicianRequest, BookAppointmentRequest, DeclineOfferRequest,
    book_appointment_request::Slot,
};
use parasol_api::technician::v1::{CheckInRequest, CompleteRepairRequest, SubmitInspectionRequest};
use parasol_api::verification::v1::ConfirmOutcomeRequest;
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::{CaseKind, Cause, Conclusion, DeclineReason, Function, Remedy};
use parasol_runtime::identity::Principal;
use prost::Message;
use tonic::transport::Channel;
use tonic::{Request, Status};

use crate::demo::Wire;
use crate::node::Tokens;

/// One call.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Who calls.
    pub player: Principal,
    /// The method.
    pub path: &'static str,
    /// The message.
    pub body: Vec<u8>,
}

/// What every answer to a partner's message has in common; the fields of its own are passed over.
#[derive(Clone, PartialEq, Message)]
pub struct Moved {
    /// The case after the step.
    #[prost(message, optional, tag = "1")]
    pub case: Option<CaseView>,
    /// What became of the message; not set in answers to customers.
    #[prost(enumeration = "MessageEffect", tag = "2")]
    pub effect: i32,
}

/// The head of a partner's message.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// Its request id.
    pub request_id: String,
    /// The case.
    pub case_id: String,
    /// The version insisted on; empty for none.
    pub etag: String,
    /// The partner's own number; empty for none.
    pub partner_order_no: String,
    /// When it happened, if that is said.
    pub occurred_at: Option<Timestamp>,
    /// Its place among the partner's messages; 0 for none.
    pub sequence: i64,
}

/// A unit somebody bought.
#[derive(Clone, Debug)]
pub struct Unit {
    /// The order line.
    pub order_line: String,
    /// Its serial number.
    pub serial: String,
    /// Who bought it.
    pub customer: String,
    /// The stock keeping unit.
    pub sku: String,
}

/// Builds a message of a partner from its head and its own fields.
macro_rules! message {
    ($message:ident, $head:expr, $($field:ident: $value:expr),+) => {{
        let head: &Head = $head;
        let mut message = $message::default();
        message.request_id.clone_from(&head.request_id);
        message.case_id.clone_from(&head.case_id);
        message.etag.clone_from(&head.etag);
        message.partner_order_no.clone_from(&head.partner_order_no);
        message.occurred_at = head.occurred_at.map(to_timestamp);
        message.partner_sequence = head.sequence;
        $(message.$field = $value;)+
        message.encode_to_vec()
    }};
}

/// The way to a node for everybody who plays, each with a credential of its own.
#[derive(Clone)]
pub struct Caller(Wire);

impl Caller {
    /// Over a connection to a node, with credentials by its key.
    pub fn new(channel: Channel, tokens: Tokens) -> Self {
        Self(Wire::new(channel, tokens, None))
    }

    /// Sends a call; the same bytes as often as it is sent.
    ///
    /// # Errors
    /// The refusal, or what became of the way.
    pub async fn send(&self, ask: &Ask) -> Result<Vec<u8>, Status> {
        self.0.raw(&ask.player, ask.path, ask.body.clone()).await
    }

    /// Asks; changes nothing.
    ///
    /// # Errors
    /// As [`Caller::send`].
    pub async fn ask<Q: Message, R: Message + Default>(
        &self,
        player: &Principal,
        path: &'static str,
        message: &Q,
    ) -> Result<R, Status> {
        self.0.ask(player, path, message).await
    }

    /// A request with a player's credential, for streams.
    ///
    /// # Errors
    /// Never for a credential of a node's.
    pub fn request<T>(&self, player: &Principal, message: T) -> anyhow::Result<Request<T>> {
        self.0.request(player, message)
    }

    /// The connection.
    pub fn channel(&self) -> Channel {
        self.0.channel()
    }
}

fn ask(player: &Principal, path: &'static str, body: Vec<u8>) -> Ask {
    Ask { player: player.clone(), path, body }
}

/// A customer files for a unit that is out of order and wants it repaired.
pub fn file(customer: &Principal, request_id: &str, unit: &Unit) -> Ask {
    let message = FileCaseRequest {
        request_id: request_id.to_owned(),
        order_line: unit.order_line.clone(),
        serial: unit.serial.clone(),
        kind: CaseKind::Quality.number(),
        wish: Remedy::Repair.number(),
        symptom: "not_working".to_owned(),
        description: "it stopped working".to_owned(),
        ..Default::default()
    };
    ask(customer, "/parasol.intake.v1.IntakeService/FileCase", message.encode_to_vec())
}

/// The partner takes an offer.
pub fn accept(partner: &Principal, head: &Head, offer: &str) -> Ask {
    let body = message!(AcceptOfferRequest, head, offer_id: offer.to_owned());
    ask(partner, "/parasol.partner.v1.OfferService/AcceptOffer", body)
}

/// The partner declines an offer for want of capacity.
pub fn decline(partner: &Principal, head: &Head, offer: &str) -> Ask {
    let body = message!(DeclineOfferRequest, head,
        offer_id: offer.to_owned(), reason: DeclineReason::NoCapacity.number());
    ask(partner, "/parasol.partner.v1.OfferService/DeclineOffer", body)
}

/// The partner names a technician.
pub fn assign(partner: &Principal, head: &Head, technician: &str) -> Ask {
    let body = message!(AssignTechnicianRequest, head, technician: technician.to_owned());
    ask(partner, "/parasol.partner.v1.OfferService/AssignTechnician", body)
}

/// The partner books a slot.
pub fn book(partner: &Principal, head: &Head, slot: &str) -> Ask {
    let slot = Some(Slot::SlotId(slot.to_owned()));
    let body = message!(BookAppointmentRequest, head, slot: slot);
    ask(partner, "/parasol.partner.v1.AppointmentService/BookAppointment", body)
}

/// The technician is at the door.
pub fn check_in(technician: &Principal, head: &Head, appointment: &str) -> Ask {
    let body = message!(CheckInRequest, head, appointment_id: appointment.to_owned());
    ask(technician, "/parasol.technician.v1.VisitService/CheckIn", body)
}

/// The technician finds a fault of the product that can be repaired.
pub fn inspect(technician: &Principal, head: &Head, unit: &Unit, at: Timestamp) -> Ask {
    let photo = |kind: EvidenceKind, nth: &str| EvidenceItem {
        kind: kind.into(),
        sha256: nth.repeat(32),
        taken_at: Some(to_timestamp(at)),
    };
    let certificate = Certificate {
        inspected_at: Some(to_timestamp(at)),
        technician: technician.subject.clone(),
        model: unit.sku.clone(),
        serial_inside: unit.serial.clone(),
        packaging: Packaging::Missing.into(),
        exterior: Exterior::Intact.into(),
        function: Function::Fault.number(),
        fault_code: "F01".to_owned(),
        cause: Cause::Product.number(),
        evidence: vec![photo(EvidenceKind::Nameplate, "01"), photo(EvidenceKind::Fault, "02")],
        handling: OnSiteHandling::None.into(),
        signature: Signature::Signed.into(),
        conclusion: Conclusion::Repairable.number(),
        ..Default::default()
    };
    let body = message!(SubmitInspectionRequest, head, certificate: Some(certificate));
    ask(technician, "/parasol.technician.v1.VisitService/SubmitInspection", body)
}

/// The technician has repaired the unit.
pub fn repair(technician: &Principal, head: &Head) -> Ask {
    let body = message!(CompleteRepairRequest, head,
        summary: "replaced the relay".to_owned(), function: Function::Normal.number());
    ask(technician, "/parasol.technician.v1.VisitService/CompleteRepair", body)
}

/// The customer confirms that it is well.
pub fn confirm(customer: &Principal, request_id: &str, case: &str) -> Ask {
    let message = ConfirmOutcomeRequest {
        request_id: request_id.to_owned(),
        case_id: case.to_owned(),
        ..Default::default()
    };
    let path = "/parasol.verification.v1.DecisionService/ConfirmOutcome";
    ask(customer, path, message.encode_to_vec())
}
