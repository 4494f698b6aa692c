//! What each player does when the turn is theirs, stage by stage.

use anyhow::Context as _;
use parasol_api::admin::v1::{ListTechniciansRequest, ListTechniciansResponse};
use parasol_api::common::v1::{
    CaseView, Certificate, EvidenceItem, EvidenceKind, Exterior, OnSiteHandling, Packaging, Party,
    Signature, Stage,
};
use parasol_api::convert::{timestamp, to_timestamp};
use parasol_api::intake::v1::Case;
use parasol_api::partner::v1::{
    AcceptOfferRequest, AcceptOfferResponse, AssignTechnicianRequest, AssignTechnicianResponse,
    BookAppointmentRequest, BookAppointmentResponse, ConfirmCertificateRequest,
    ConfirmCertificateResponse, DeclineOfferRequest, DeclineOfferResponse, FindSlotsRequest,
    FindSlotsResponse, HoldSlotRequest, HoldSlotResponse, book_appointment_request,
};
use parasol_api::technician::v1::{
    CheckInRequest, CheckInResponse, CompleteRepairRequest, CompleteRepairResponse,
    CompleteVisitRequest, CompleteVisitResponse, StartTravelRequest, StartTravelResponse,
    SubmitInspectionRequest, SubmitInspectionResponse,
};
use parasol_api::verification::v1::{
    AnswerDenialRequest, AnswerDenialResponse, ChooseRemedyRequest, ChooseRemedyResponse,
    ConfirmOutcomeRequest, ConfirmOutcomeResponse, DenialAnswer, OpenDisputeRequest,
    OpenDisputeResponse, ReplyToDisputeRequest, ReplyToDisputeResponse, ReportReplacementRequest,
    ReportReplacementResponse,
};
use parasol_api::{Error, Listed as _, Reason, common};
use parasol_journey::time::Span;
use parasol_journey::vocab::{DeclineReason, Function, Remedy};
use parasol_runtime::identity::{Principal, Role};

use super::director::{Director, MOMENT, window};
use super::partners::{brand, centre, technician};
use super::script::Story;

macro_rules! path {
    ($service:literal, $method:literal) => {
        concat!("/parasol.", $service, "/", $method)
    };
}

impl Director {
    /// One act, if a player has one in this stage; where the house itself has the turn, nothing.
    pub(super) async fn act_in(&mut self, case: &Case, view: &CaseView) -> anyhow::Result<()> {
        match view.stage() {
            Stage::Dispatched => self.answer_offer(view).await,
            Stage::CentreAssigned => self.assign(case, view).await,
            Stage::TechnicianAssigned | Stage::Unreachable => self.book(view).await,
            Stage::Appointed => self.visit(case, view).await,
            Stage::OnSite | Stage::Inspecting => self.inspect(case, view).await,
            Stage::VerdictHeld => self.confirm_certificate(case, view).await,
            Stage::RemedyOffered => self.choose(case, view).await,
            Stage::Replacing => self.hand_over(view).await,
            Stage::Repairing => self.repair(case, view).await,
            Stage::AwaitConfirm => self.confirm(case, view).await,
            Stage::Denied => self.answer_denial(view).await,
            Stage::Disputed if brand_holds_the_turn(view) => self.reply(view).await,
            // Both sides have said what they have to say; the time for more runs out.
            Stage::Disputed => self.wait_out(case).await,
            _ => Ok(()),
        }
    }

    async fn answer_offer(&mut self, view: &CaseView) -> anyhow::Result<()> {
        if self.offers_played == self.offers_seen {
            return Ok(());
        }
        self.offers_played = self.offers_seen;
        let nth = self.offers_seen - 1;
        let offer = self.partners.live_offer(&self.case_id, &self.answered).await?;
        self.answered.insert(offer.offer_id.clone());
        let player = centre(&offer.centre, &self.part.brand);
        let is_cascade = self.part.story == Story::DeclineCascade;
        if is_cascade && nth < self.part.story.declines() {
            let id = self.id(view, "decline");
            let message = DeclineOfferRequest {
                request_id: id.clone(),
                case_id: self.case_id.clone(),
                offer_id: offer.offer_id,
                reason: DeclineReason::NoCapacity.number(),
                ..Default::default()
            };
            let path = path!("partner.v1.OfferService", "DeclineOffer");
            let _: DeclineOfferResponse = self.wire.act(&player, path, &id, &message).await?;
            return Ok(());
        }
        if is_cascade && nth == self.part.story.declines() {
            // Silence: nobody answers, and the deadline passes.
            let lapses = offer.answer_by.as_ref().and_then(timestamp);
            return self.conductor.wait_until(lapses.context("an offer lapses")? + MOMENT).await;
        }
        self.conductor.wait_until(self.conductor.now() + Span::minutes(12)).await?;
        let id = self.id(view, "accept");
        let message = AcceptOfferRequest {
            request_id: id.clone(),
            case_id: self.case_id.clone(),
            offer_id: offer.offer_id,
            partner_order_no: format!("P-{}", &self.part.filing.order_line),
            ..Default::default()
        };
        let path = path!("partner.v1.OfferService", "AcceptOffer");
        let _: AcceptOfferResponse = self.wire.act(&player, path, &id, &message).await?;
        Ok(())
    }

    /// The centre names the first of its people whom the house lets do this work.
    async fn assign(&mut self, case: &Case, view: &CaseView) -> anyhow::Result<()> {
        self.conductor.wait_until(self.conductor.now() + Span::minutes(9)).await?;
        let player = centre(&case.centre, &self.part.brand);
        let message = ListTechniciansRequest { centre: case.centre.clone(), ..Default::default() };
        let path = path!("admin.v1.NetworkService", "ListTechnicians");
        let people: ListTechniciansResponse = self.wire.ask(&player, path, &message).await?;
        // Work is spread over a centre's people as a centre would.
        let count = people.technicians.len().max(1);
        let first = self.case_id.bytes().map(usize::from).sum::<usize>() % count;
        let (tail, head) = people.technicians.split_at(first.min(people.technicians.len()));
        for person in head.iter().chain(tail) {
            let id = self.id(view, &format!("assign-{}", person.technician));
            let message = AssignTechnicianRequest {
                request_id: id.clone(),
                case_id: self.case_id.clone(),
                technician: person.technician.clone(),
                ..Default::default()
            };
            let path = path!("partner.v1.OfferService", "AssignTechnician");
            let answer: Result<AssignTechnicianResponse, _> =
                self.wire.act(&player, path, &id, &message).await;
            match answer {
                Ok(_) => return Ok(()),
                Err(status)
                    if Error::from_status(&status).reason() == Reason::TechnicianNotCertified => {}
                Err(status) => return Err(status.into()),
            }
        }
        anyhow::bail!("centre {} has nobody for {}", case.centre, self.part.category)
    }

    /// The customer takes the first free window: held first, then booked.
    async fn book(&mut self, view: &CaseView) -> anyhow::Result<()> {
        self.conductor.wait_until(self.conductor.now() + Span::minutes(4)).await?;
        let player = self.customer();
        let message = FindSlotsRequest {
            case_id: self.case_id.clone(),
            from: Some(to_timestamp(self.conductor.now())),
            days: 7,
            limit: 8,
            with_closed: false,
        };
        let path = path!("partner.v1.AppointmentService", "FindSlots");
        let found: FindSlotsResponse = self.wire.ask(&player, path, &message).await?;
        for slot in found.slots {
            let id = self.id(view, &format!("hold-{}", slot.slot_id));
            let message = HoldSlotRequest {
                request_id: id.clone(),
                case_id: self.case_id.clone(),
                slot_id: slot.slot_id,
                ..Default::default()
            };
            let path = path!("partner.v1.AppointmentService", "HoldSlot");
            let held: Result<HoldSlotResponse, _> =
                self.wire.act(&player, path, &id, &message).await;
            let held = match held {
                Ok(held) => held,
                Err(status) if Error::from_status(&status).reason() == Reason::SlotTaken => {
                    continue;
                }
                Err(status) => return Err(status.into()),
            };
            let after = held.case.unwrap_or_default();
            let id = self.id(&after, "book");
            let message = BookAppointmentRequest {
                request_id: id.clone(),
                case_id: self.case_id.clone(),
                slot: Some(book_appointment_request::Slot::HoldId(held.hold_id)),
                ..Default::default()
            };
            let path = path!("partner.v1.AppointmentService", "BookAppointment");
            let _: BookAppointmentResponse = self.wire.act(&player, path, &id, &message).await?;
            return Ok(());
        }
        // Everything is taken for now: try again in a while.
        self.conductor.wait_until(self.conductor.now() + Span::hours(12)).await?;
        anyhow::bail!("no window is free")
    }

    async fn visit(&mut self, case: &Case, view: &CaseView) -> anyhow::Result<()> {
        let (opens, ends) = window(case.window.as_ref())?;
        if self.part.story == Story::NoShow && self.visits_missed == 0 {
            return self.conductor.wait_until(ends + MOMENT).await;
        }
        self.conductor.wait_until(opens + Span::minutes(10)).await?;
        let player = technician(&case.technician, &self.part.brand);
        let id = self.id(view, "travel");
        let message = StartTravelRequest {
            request_id: id.clone(),
            case_id: self.case_id.clone(),
            appointment_id: case.appointment_id.clone(),
            ..Default::default()
        };
        let path = path!("technician.v1.VisitService", "StartTravel");
        let left: StartTravelResponse = self.wire.act(&player, path, &id, &message).await?;
        self.conductor.wait_until(self.conductor.now().max(opens + Span::minutes(35))).await?;
        let id = self.id(&left.case.unwrap_or_default(), "check-in");
        let message = CheckInRequest {
            request_id: id.clone(),
            case_id: self.case_id.clone(),
            appointment_id: case.appointment_id.clone(),
            ..Default::default()
        };
        let path = path!("technician.v1.VisitService", "CheckIn");
        let _: CheckInResponse = self.wire.act(&player, path, &id, &message).await?;
        Ok(())
    }

    async fn inspect(&mut self, case: &Case, view: &CaseView) -> anyhow::Result<()> {
        self.conductor.wait_until(self.conductor.now() + Span::minutes(25)).await?;
        let player = technician(&case.technician, &self.part.brand);
        let id = self.id(view, "inspect");
        let message = SubmitInspectionRequest {
            request_id: id.clone(),
            case_id: self.case_id.clone(),
            certificate: Some(self.certificate_of(case)),
            ..Default::default()
        };
        let path = path!("technician.v1.VisitService", "SubmitInspection");
        let sent: SubmitInspectionResponse = self.wire.act(&player, path, &id, &message).await?;
        self.certificate = sent.certificate_id;
        Ok(())
    }

    fn certificate_of(&self, case: &Case) -> Certificate {
        let second = case.decision.is_some();
        let findings = self.part.story.findings(second);
        let now = self.conductor.now();
        let photo = |kind: EvidenceKind, nth: u8| EvidenceItem {
            kind: kind.into(),
            // The photos themselves travel another way; the certificate names them by hash.
            sha256: format!("{nth:02x}").repeat(32),
            taken_at: Some(to_timestamp(now)),
        };
        Certificate {
            inspected_at: Some(to_timestamp(now)),
            technician: case.technician.clone(),
            model: case.sku.clone(),
            serial_inside: self.part.serial.clone(),
            packaging: Packaging::Missing.into(),
            exterior: if findings.sign.is_empty() { Exterior::Intact } else { Exterior::Dent }
                .into(),
            function: findings.function.number(),
            fault_code: findings.fault_code.to_owned(),
            cause: findings.cause.number(),
            cause_sign: findings.sign.to_owned(),
            evidence: vec![
                photo(EvidenceKind::Nameplate, 1),
                photo(EvidenceKind::Fault, 2),
                photo(EvidenceKind::Exterior, 3),
            ],
            handling: OnSiteHandling::None.into(),
            signature: Signature::Signed.into(),
            conclusion: findings.conclusion.number(),
            level: if second {
                common::v1::CertificateLevel::Second.into()
            } else {
                common::v1::CertificateLevel::First.into()
            },
            ..Default::default()
        }
    }

    async fn confirm_certificate(&mut self, case: &Case, view: &CaseView) -> anyhow::Result<()> {
        if self.certificate.is_empty() {
            // A brand that lost its notes lets the first verdict stand.
            return self.wait_out(case).await;
        }
        self.conductor.wait_until(self.conductor.now() + Span::hours(1)).await?;
        let id = self.id(view, "confirm-certificate");
        let message = ConfirmCertificateRequest {
            request_id: id.clone(),
            case_id: self.case_id.clone(),
            certificate_id: self.certificate.clone(),
            ..Default::default()
        };
        let path = path!("partner.v1.VerdictService", "ConfirmCertificate");
        let player = brand(&self.part.brand);
        let _: ConfirmCertificateResponse = self.wire.act(&player, path, &id, &message).await?;
        Ok(())
    }

    /// Lets the next deadline pass.
    async fn wait_out(&self, case: &Case) -> anyhow::Result<()> {
        let due = case.next_deadline.as_ref().and_then(|one| timestamp(one.due.as_ref()?));
        self.conductor.wait_until(due.context("somebody is waited for")? + MOMENT).await
    }

    async fn choose(&mut self, case: &Case, view: &CaseView) -> anyhow::Result<()> {
        let offered = case.decision.as_ref().map(|one| one.remedies.as_slice()).unwrap_or_default();
        let wish = self.part.filing.wants.number();
        let chosen = offered.iter().find(|one| one.remedy == wish).or(offered.first());
        let remedy = chosen.map_or(Remedy::Repair.number(), |one| one.remedy);
        let id = self.id(view, "choose");
        let message = ChooseRemedyRequest {
            request_id: id.clone(),
            case_id: self.case_id.clone(),
            remedy,
            ..Default::default()
        };
        let path = path!("verification.v1.DecisionService", "ChooseRemedy");
        let _: ChooseRemedyResponse = self.wire.act(&self.customer(), path, &id, &message).await?;
        Ok(())
    }

    /// The warehouse hands the new unit over the next day.
    async fn hand_over(&mut self, view: &CaseView) -> anyhow::Result<()> {
        self.conductor.wait_until(self.conductor.now() + Span::hours(20)).await?;
        let id = self.id(view, "hand-over");
        let message = ReportReplacementRequest {
            request_id: id.clone(),
            case_id: self.case_id.clone(),
            new_serial: format!("{}R", self.part.serial),
            ..Default::default()
        };
        let path = path!("verification.v1.DecisionService", "ReportReplacement");
        let player = Principal::new(Role::Retailer, "demo-warehouse");
        let _: ReportReplacementResponse = self.wire.act(&player, path, &id, &message).await?;
        Ok(())
    }

    async fn repair(&mut self, case: &Case, view: &CaseView) -> anyhow::Result<()> {
        self.conductor.wait_until(self.conductor.now() + Span::minutes(40)).await?;
        let player = technician(&case.technician, &self.part.brand);
        let id = self.id(view, "repair");
        let message = CompleteRepairRequest {
            request_id: id.clone(),
            case_id: self.case_id.clone(),
            summary: "compressor relay replaced".to_owned(),
            function: Function::Normal.number(),
            ..Default::default()
        };
        let path = path!("technician.v1.VisitService", "CompleteRepair");
        let _: CompleteRepairResponse = self.wire.act(&player, path, &id, &message).await?;
        Ok(())
    }

    /// After a repair the customer gives the technician the code; money and goods are confirmed.
    async fn confirm(&mut self, case: &Case, view: &CaseView) -> anyhow::Result<()> {
        let chosen = case.decision.as_ref().map(|decision| decision.chosen);
        if chosen == Some(Remedy::Repair.number()) && !case.completion_code.is_empty() {
            let player = technician(&case.technician, &self.part.brand);
            let id = self.id(view, "complete");
            let message = CompleteVisitRequest {
                request_id: id.clone(),
                case_id: self.case_id.clone(),
                appointment_id: case.appointment_id.clone(),
                completion_code: case.completion_code.clone(),
                ..Default::default()
            };
            let path = path!("technician.v1.VisitService", "CompleteVisit");
            let _: CompleteVisitResponse = self.wire.act(&player, path, &id, &message).await?;
            return Ok(());
        }
        let id = self.id(view, "confirm");
        let message = ConfirmOutcomeRequest {
            request_id: id.clone(),
            case_id: self.case_id.clone(),
            ..Default::default()
        };
        let path = path!("verification.v1.DecisionService", "ConfirmOutcome");
        let _: ConfirmOutcomeResponse =
            self.wire.act(&self.customer(), path, &id, &message).await?;
        Ok(())
    }

    async fn answer_denial(&mut self, view: &CaseView) -> anyhow::Result<()> {
        let player = self.customer();
        if self.part.story == Story::Dispute {
            let id = self.id(view, "dispute");
            let message = OpenDisputeRequest {
                request_id: id.clone(),
                case_id: self.case_id.clone(),
                reason: "我没有摔过它, 请复检 / I never dropped it, please inspect again"
                    .to_owned(),
                ..Default::default()
            };
            let path = path!("verification.v1.DecisionService", "OpenDispute");
            let _: OpenDisputeResponse = self.wire.act(&player, path, &id, &message).await?;
            return Ok(());
        }
        let id = self.id(view, "accept-denial");
        let message = AnswerDenialRequest {
            request_id: id.clone(),
            case_id: self.case_id.clone(),
            answer: DenialAnswer::Accept.into(),
            ..Default::default()
        };
        let path = path!("verification.v1.DecisionService", "AnswerDenial");
        let _: AnswerDenialResponse = self.wire.act(&player, path, &id, &message).await?;
        Ok(())
    }

    async fn reply(&mut self, view: &CaseView) -> anyhow::Result<()> {
        self.conductor.wait_until(self.conductor.now() + Span::hours(3)).await?;
        let id = self.id(view, "reply");
        let message = ReplyToDisputeRequest {
            request_id: id.clone(),
            case_id: self.case_id.clone(),
            reply: "the certificate stands".to_owned(),
            ..Default::default()
        };
        let path = path!("verification.v1.DecisionService", "ReplyToDispute");
        let player = brand(&self.part.brand);
        let _: ReplyToDisputeResponse = self.wire.act(&player, path, &id, &message).await?;
        Ok(())
    }
}

/// In a dispute the brand answers once; after that both sides may still hand in evidence.
fn brand_holds_the_turn(view: &CaseView) -> bool {
    view.turn.as_ref().is_some_and(|turn| turn.holder() == Party::Brand)
}
