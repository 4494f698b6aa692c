//! How the request of each method is filled: one row per method that a partner may call.
//!
//! A request is its JSON. A text that begins with `$` is replaced: by an id or token of somebody's
//! (`$case`, `$offer`, … `$offers_cursor`), by a time (`$earlier`, `$soon`, `$today`, `$window`) or by a
//! `$certificate_form`. The request id is made for each call, and every row whose message has an
//! etag is also tried with one.

use parasol_runtime::identity::Role;

/// What strangers are told about a case that is not theirs.
const NOT_FOUND: &str = "NOT_FOUND";
/// What they are told about a cursor.
const RESYNC: &str = "RESYNC_REQUIRED";
/// What they are told about a page token.
const BAD_PAGE: &str = "PAGE_TOKEN_INVALID";

const BRAND_SIDE: &[Role] = &[Role::Brand, Role::Centre];
const AT_THE_DOOR: &[Role] = &[Role::Centre, Role::Technician];
const FIELD: &[Role] = &[Role::Brand, Role::Centre, Role::Technician];

/// One way to fill the request of a method.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// The reason that a stranger is told; empty when it is no refusal.
    pub reason: &'static str,
    /// The request.
    pub body: &'static str,
    /// Which partners try it.
    pub by: &'static [Role],
}

/// One method.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The path without `/parasol.`.
    method: &'static str,
    /// The ways to fill its request.
    pub shapes: &'static [Shape],
}

impl Row {
    /// The path of the method.
    pub fn path(&self) -> String {
        format!("/parasol.{}", self.method)
    }
}

const fn row(method: &'static str, shapes: &'static [Shape]) -> Row {
    Row { method, shapes }
}

const fn told(reason: &'static str, body: &'static str) -> Shape {
    Shape { reason, body, by: FIELD }
}

const fn hidden(body: &'static str) -> Shape {
    told(NOT_FOUND, body)
}

/// Answered, with nothing in it.
const fn nothing(body: &'static str) -> Shape {
    told("", body)
}

const fn by(by: &'static [Role], shape: Shape) -> Shape {
    Shape { by, ..shape }
}

/// The whole table.
#[rustfmt::skip]
pub const TABLE: &[Row] = &[
    // First, since what strangers are refused further down is a message of their own about the case.
    row("intake.v1.IntakeService/UploadEvidence", &[
        hidden(r#"{"case_id": "$case", "kind": "EVIDENCE_KIND_FAULT"}"#),
    ]),
    row("intake.v1.IntakeService/ListEvidence", &[hidden(r#"{"case_id": "$case"}"#)]),
    row("intake.v1.IntakeService/GetEvidence", &[hidden(r#"{"evidence_id": "$evidence"}"#)]),
    row("partner.v1.OfferService/ListPartnerMessages", &[
        by(&[Role::Brand], hidden(r#"{"brand": "$brand"}"#)),
        hidden(r#"{"centre": "$centre"}"#),
        hidden(r#"{"technician": "$technician"}"#),
        nothing(r#"{"case_id": "$case"}"#),
        told(BAD_PAGE, r#"{"page_size": 1, "page_token": "$messages_page"}"#),
    ]),
    row("admin.v1.ChecklistService/GetChecklist", &[hidden(r#"{"checklist": "nobodys-1"}"#)]),
    row("admin.v1.ChecklistService/GetFilledChecklist", &[
        by(BRAND_SIDE, hidden(r#"{"case_id": "$case", "certificate_id": "$certificate"}"#)),
    ]),
    row("admin.v1.ConformanceService/RecordConformance", &[
        by(&[Role::Brand], hidden(r#"{"brand": "$brand", "side": "CONFORMANCE_SIDE_PLATFORM",
            "release": "1", "started_at": "$earlier",
            "checks": [{"code": "a.b", "outcome": "CONFORMANCE_OUTCOME_PASS"}]}"#)),
    ]),
    row("admin.v1.ConformanceService/GetConformance", &[
        by(&[Role::Brand], hidden(r#"{"brand": "$brand"}"#)),
    ]),
    row("admin.v1.OperationsService/GetFlow", &[
        by(&[Role::Brand], hidden(r#"{"brand": "$brand"}"#)),
    ]),
    row("admin.v1.OperationsService/ListFlow", &[
        by(&[Role::Brand], hidden(r#"{"brand": "$brand"}"#)),
        by(&[Role::Brand], told(BAD_PAGE, r#"{"page_size": 1, "page_token": "$brands_page"}"#)),
    ]),
    row("partner.v1.VerdictService/ListFaultTrends", &[
        by(&[Role::Brand], hidden(r#"{"brand": "$brand"}"#)),
    ]),
    row("admin.v1.NetworkService/GetBrand", &[
        by(&[Role::Brand], hidden(r#"{"brand": "$brand"}"#)),
    ]),
    row("admin.v1.NetworkService/ListBrands", &[
        by(&[Role::Brand], told(BAD_PAGE, r#"{"page_size": 1, "page_token": "$brands_page"}"#)),
    ]),
    row("admin.v1.NetworkService/GetCentre", &[hidden(r#"{"centre": "$centre"}"#)]),
    row("admin.v1.NetworkService/GetTechnician", &[hidden(r#"{"technician": "$technician"}"#)]),
    row("admin.v1.NetworkService/ListCentres", &[
        nothing(r#"{"brand": "$brand"}"#),
        told(BAD_PAGE, r#"{"page_size": 1, "page_token": "$centres_page"}"#),
    ]),
    row("admin.v1.NetworkService/ListTechnicians", &[
        nothing(r#"{"centre": "$centre"}"#),
        told(BAD_PAGE, r#"{"centre": "$centre", "page_size": 1, "page_token": "$technicians_page"}"#),
    ]),
    row("admin.v1.NetworkService/ListWorkAtRisk", &[
        nothing("{}"),
        told(BAD_PAGE, r#"{"page_size": 1, "page_token": "$centres_page"}"#),
    ]),
    row("admin.v1.NetworkService/CreateWebhook", &[
        by(&[Role::Brand], hidden(r#"{"brand": "$brand", "url": "https://hooks.aster.cn/"}"#)),
        hidden(r#"{"centre": "$centre", "url": "https://hooks.aster.cn/"}"#),
    ]),
    row("admin.v1.NetworkService/GetWebhook", &[hidden(r#"{"webhook_id": "$webhook"}"#)]),
    row("admin.v1.NetworkService/ListWebhooks", &[
        told(BAD_PAGE, r#"{"page_size": 1, "page_token": "$webhooks_page"}"#),
    ]),
    row("admin.v1.NetworkService/UpdateWebhook", &[
        hidden(r#"{"webhook_id": "$webhook", "enabled": true}"#),
        hidden(r#"{"webhook_id": "$webhook", "url": "https://hooks.aster.cn/"}"#),
    ]),
    row("admin.v1.NetworkService/RotateWebhookSecret", &[hidden(r#"{"webhook_id": "$webhook"}"#)]),
    row("admin.v1.NetworkService/ReplayWebhook", &[
        hidden(r#"{"webhook_id": "$webhook", "time": "$earlier"}"#),
        hidden(r#"{"webhook_id": "$webhook", "cursor": "$offers_cursor"}"#),
    ]),
    row("admin.v1.NetworkService/ListWebhookDeliveries", &[
        hidden(r#"{"webhook_id": "$webhook"}"#),
        told(BAD_PAGE, r#"{"webhook_id": "$webhook", "page_token": "$webhooks_page"}"#),
    ]),
    row("admin.v1.NetworkService/GetPartnerHealth", &[
        by(&[Role::Brand], hidden(r#"{"brand": "$brand"}"#)),
        hidden(r#"{"centre": "$centre"}"#),
    ]),
    row("admin.v1.NetworkService/PutRerouteRule", &[
        by(&[Role::Brand], hidden(r#"{"brand": "$brand", "after": "600s"}"#)),
    ]),
    row("admin.v1.NetworkService/RotateCallbackSecret", &[
        by(&[Role::Brand], hidden(r#"{"brand": "$brand"}"#)),
        hidden(r#"{"centre": "$centre"}"#),
    ]),
    row("admin.v1.NetworkService/ListReasonMappings", &[
        by(&[Role::Brand], hidden(r#"{"brand": "$brand"}"#)),
        told(BAD_PAGE, r#"{"page_size": 1, "page_token": "$mappings_page"}"#),
    ]),
    row("partner.v1.AppointmentService/FindSlots", &[hidden(r#"{"case_id": "$case"}"#)]),
    row("partner.v1.AppointmentService/HoldSlot", &[
        hidden(r#"{"case_id": "$case", "slot_id": "$slot"}"#),
    ]),
    row("partner.v1.AppointmentService/ReleaseSlot", &[
        hidden(r#"{"case_id": "$case", "hold_id": "$hold"}"#),
    ]),
    row("partner.v1.AppointmentService/ProposeWindows", &[
        hidden(r#"{"case_id": "$case", "slot_ids": ["$slot"]}"#),
        hidden(r#"{"case_id": "$case", "windows": ["$window"]}"#),
    ]),
    row("partner.v1.AppointmentService/ReleaseWindows", &[hidden(r#"{"case_id": "$case"}"#)]),
    row("partner.v1.AppointmentService/BookAppointment", &[
        hidden(r#"{"case_id": "$case", "hold_id": "$hold"}"#),
        hidden(r#"{"case_id": "$case", "slot_id": "$slot"}"#),
        hidden(r#"{"case_id": "$case", "window": "$window"}"#),
    ]),
    row("partner.v1.AppointmentService/RescheduleAppointment", &[
        hidden(r#"{"case_id": "$case", "appointment_id": "$appointment", "hold_id": "$hold",
            "asked_by": "PARTY_CUSTOMER"}"#),
        hidden(r#"{"case_id": "$case", "appointment_id": "$appointment", "slot_id": "$slot",
            "asked_by": "PARTY_CUSTOMER"}"#),
        hidden(r#"{"case_id": "$case", "appointment_id": "$appointment", "window": "$window",
            "asked_by": "PARTY_CENTRE", "reason": "the lift is out of order"}"#),
    ]),
    row("partner.v1.AppointmentService/FindUrgentSlot", &[
        hidden(r#"{"case_id": "$case", "window": "$window"}"#),
    ]),
    row("partner.v1.AppointmentService/HandOverVisit", &[
        hidden(r#"{"case_id": "$case", "appointment_id": "$appointment", "technician": "$technician"}"#),
    ]),
    row("partner.v1.AppointmentService/PlanDay", &[
        hidden(r#"{"centre": "$centre", "day": "$today", "seconds": 1, "tries": 10}"#),
    ]),
    row("partner.v1.AppointmentService/StopDayPlan", &[
        nothing(r#"{"plan_id": "$day_plan"}"#),
    ]),
    row("partner.v1.AppointmentService/GetDayPlan", &[
        hidden(r#"{"plan_id": "$day_plan"}"#),
    ]),
    row("partner.v1.AppointmentService/CommitDayPlan", &[
        hidden(r#"{"plan_id": "$day_plan"}"#),
    ]),
    row("partner.v1.AppointmentService/ReportContactFailed", &[
        hidden(r#"{"case_id": "$case", "failure": "CONTACT_FAILURE_NO_ANSWER",
            "next_contact_at": "$soon", "remark": "twice"}"#),
    ]),
    row("partner.v1.AppointmentService/ReportNoShow", &[
        hidden(r#"{"case_id": "$case", "missing": "PARTY_CUSTOMER", "remark": "nobody"}"#),
        hidden(r#"{"case_id": "$case", "appointment_id": "$appointment", "missing": "PARTY_CUSTOMER"}"#),
    ]),
    row("partner.v1.AppointmentService/ExpectParts", &[
        hidden(r#"{"case_id": "$case", "arrives_at": "$soon"}"#),
    ]),
    row("partner.v1.OfferService/StreamOffers", &[told(RESYNC, r#"{"cursor": "$offers_cursor"}"#)]),
    row("partner.v1.OfferService/ListWorkOrders", &[
        told(RESYNC, r#"{"cursor": "$offers_cursor"}"#),
    ]),
    row("partner.v1.OfferService/GetWorkOrder", &[
        hidden(r#"{"work_order_id": "$work_order"}"#),
        hidden(r#"{"case_id": "$case"}"#),
    ]),
    row("partner.v1.OfferService/ExplainOffers", &[
        by(&[Role::Brand], hidden(r#"{"case_id": "$case"}"#)),
    ]),
    row("partner.v1.OfferService/AcceptOffer", &[
        hidden(r#"{"case_id": "$case", "offer_id": "$offer"}"#),
        hidden(r#"{"case_id": "$case", "offer_id": "$offer", "centre": "$centre"}"#),
    ]),
    row("partner.v1.OfferService/DeclineOffer", &[
        hidden(r#"{"case_id": "$case", "offer_id": "$offer", "reason": "DECLINE_REASON_OTHER",
            "remark": "no"}"#),
        hidden(r#"{"case_id": "$case", "offer_id": "$offer", "partner_reason": "X-9"}"#),
    ]),
    row("partner.v1.OfferService/BatchAcceptOffers", &[
        told("", r#"{"items": [{"case_id": "$case", "offer_id": "$offer", "centre": "$centre"}]}"#),
        told("", r#"{"items": [{"case_id": "$case", "offer_id": "$offer"}]}"#),
    ]),
    row("partner.v1.OfferService/BatchDeclineOffers", &[
        told("", r#"{"items": [{"case_id": "$case", "offer_id": "$offer",
            "reason": "DECLINE_REASON_CLOSED"}]}"#),
    ]),
    row("partner.v1.OfferService/BatchAssignTechnicians", &[
        told("", r#"{"items": [{"case_id": "$case", "technician": "$technician"}]}"#),
    ]),
    row("partner.v1.OfferService/RaiseAnomaly", &[
        hidden(r#"{"case_id": "$case", "kind": "ANOMALY_KIND_SAFETY", "text": "it burns"}"#),
        hidden(r#"{"case_id": "$case", "partner_reason": "X-9"}"#),
    ]),
    row("partner.v1.OfferService/AssignTechnician", &[
        hidden(r#"{"case_id": "$case", "technician": "$technician"}"#),
        hidden(r#"{"case_id": "$case", "technician": "$technician", "centre": "$centre"}"#),
    ]),
    row("partner.v1.OfferService/ReassignTechnician", &[
        hidden(r#"{"case_id": "$case", "technician": "$technician", "reason": "ill"}"#),
    ]),
    row("partner.v1.OfferService/RequestParts", &[
        hidden(r#"{"case_id": "$case", "lines": [{"part_no": "P-1", "quantity": 1}]}"#),
    ]),
    row("partner.v1.OfferService/ShipParts", &[
        hidden(r#"{"case_id": "$case", "part_order_id": "$part_order", "carrier": "SF"}"#),
    ]),
    row("partner.v1.OfferService/ReportBackorder", &[
        hidden(r#"{"case_id": "$case", "part_order_id": "$part_order", "expected_at": "$soon"}"#),
    ]),
    row("partner.v1.OfferService/ReceiveParts", &[
        hidden(r#"{"case_id": "$case", "part_order_id": "$part_order", "remark": "whole"}"#),
    ]),
    row("partner.v1.OfferService/InstallParts", &[
        hidden(r#"{"case_id": "$case", "part_order_id": "$part_order", "return_defective": true}"#),
    ]),
    row("partner.v1.OfferService/ReturnParts", &[
        hidden(r#"{"case_id": "$case", "part_order_id": "$part_order", "carrier": "SF"}"#),
    ]),
    row("partner.v1.OfferService/ReportReceived", &[
        hidden(r#"{"case_id": "$case", "goods": "RECEIVED_GOODS_PARTS",
            "part_order_id": "$part_order", "remark": "whole"}"#),
        hidden(r#"{"case_id": "$case", "goods": "RECEIVED_GOODS_UNIT", "serial": "$serial"}"#),
    ]),
    row("partner.v1.OfferService/ReportReturned", &[
        hidden(r#"{"case_id": "$case", "serial": "$serial"}"#),
    ]),
    row("partner.v1.VerdictService/SubmitCertificate", &[
        hidden(r#"{"case_id": "$case", "certificate": "$certificate_form"}"#),
    ]),
    row("partner.v1.VerdictService/ConfirmCertificate", &[
        hidden(r#"{"case_id": "$case", "certificate_id": "$certificate", "remark": "so it is"}"#),
    ]),
    row("partner.v1.VerdictService/ContestCertificate", &[
        hidden(r#"{"case_id": "$case", "certificate_id": "$certificate", "reason": "it is not so",
            "cause": "CAUSE_USER"}"#),
    ]),
    row("partner.v1.VerdictService/ListDecisions", &[
        by(BRAND_SIDE, told(RESYNC, r#"{"cursor": "$offers_cursor"}"#)),
    ]),
    row("partner.v1.VerdictService/GetDecision", &[
        hidden(r#"{"decision_id": "$decision"}"#),
        hidden(r#"{"case_id": "$case"}"#),
    ]),
    row("technician.v1.VisitService/StreamMyDay", &[
        by(&[Role::Centre], told("TECHNICIAN_UNKNOWN", r#"{"technician": "$technician"}"#)),
        by(&[Role::Centre], told("TECHNICIAN_UNKNOWN",
            r#"{"technician": "$technician", "cursor": "$day_cursor"}"#)),
        by(&[Role::Technician], told(RESYNC, r#"{"cursor": "$day_cursor"}"#)),
    ]),
    row("technician.v1.VisitService/CreateCalendarLink", &[
        by(AT_THE_DOOR, told("TECHNICIAN_UNKNOWN", r#"{"technician": "$technician"}"#)),
    ]),
    row("technician.v1.VisitService/RevokeCalendarLink", &[
        by(AT_THE_DOOR, told("TECHNICIAN_UNKNOWN", r#"{"technician": "$technician"}"#)),
    ]),
    row("technician.v1.VisitService/SyncActions", &[
        by(&[Role::Technician], told("", r#"{"device_now": "$earlier", "actions": [{
            "action_id": "01905af1-2b3c-7def-8123-456789abcdef", "sequence": 1,
            "taken_at": "$earlier", "appointment_id": "$appointment",
            "check_in": {"case_id": "$case"}}]}"#)),
    ]),
    row("technician.v1.VisitService/StartTravel", &[
        hidden(r#"{"case_id": "$case"}"#),
        hidden(r#"{"case_id": "$case", "appointment_id": "$appointment"}"#),
    ]),
    row("technician.v1.VisitService/CheckIn", &[
        hidden(r#"{"case_id": "$case"}"#),
        hidden(r#"{"case_id": "$case", "appointment_id": "$appointment"}"#),
    ]),
    row("technician.v1.VisitService/SubmitInspection", &[
        hidden(r#"{"case_id": "$case", "certificate": "$certificate_form"}"#),
        hidden(r#"{"case_id": "$case", "certificate": "$certificate_form",
            "checklist": {"checklist": "nobodys-1"}}"#),
    ]),
    row("technician.v1.VisitService/CompleteRepair", &[
        hidden(r#"{"case_id": "$case", "summary": "relay replaced", "function": "FUNCTION_NORMAL"}"#),
    ]),
    row("technician.v1.VisitService/CompleteVisit", &[
        hidden(r#"{"case_id": "$case", "completion_code": "000000"}"#),
        hidden(r#"{"case_id": "$case", "appointment_id": "$appointment",
            "completion_code": "000000"}"#),
    ]),
    row("technician.v1.VisitService/RenewCompletionCode", &[hidden(r#"{"case_id": "$case"}"#)]),
    row("technician.v1.VisitService/AcknowledgeCancel", &[hidden(r#"{"case_id": "$case"}"#)]),
    row("technician.v1.VisitService/RefuseCancel", &[
        hidden(r#"{"case_id": "$case", "reason": "opened"}"#),
    ]),
    row("technician.v1.VisitService/ReportUnable", &[
        hidden(r#"{"case_id": "$case", "partner_reason": "X-9"}"#),
        hidden(r#"{"case_id": "$case", "reason": "UNABLE_REASON_WEATHER"}"#),
        hidden(r#"{"case_id": "$case", "appointment_id": "$appointment",
            "reason": "UNABLE_REASON_WEATHER", "remark": "storm", "next_contact_at": "$soon"}"#),
    ]),
    row("tracking.v1.ScoreService/ListIndicators", &[nothing(r#"{}"#)]),
    row("tracking.v1.ScoreService/GetScorecard", &[
        hidden(r#"{"level": "SCORE_LEVEL_BRAND", "subject": "$brand",
            "category": "CATEGORY_REFRIGERATOR", "period": "$month"}"#),
        hidden(r#"{"level": "SCORE_LEVEL_CENTRE", "subject": "$centre", "period": "$month"}"#),
        hidden(r#"{"level": "SCORE_LEVEL_TECHNICIAN", "subject": "$technician",
            "period": "$month"}"#),
    ]),
    row("tracking.v1.ScoreService/ListScoreCases", &[
        hidden(r#"{"level": "SCORE_LEVEL_CENTRE", "subject": "$centre", "period": "$month",
            "indicator": "on_time"}"#),
        hidden(r#"{"level": "SCORE_LEVEL_TECHNICIAN", "subject": "$technician", "period": "$month",
            "indicator": "on_time", "page_token": "$centres_page"}"#),
    ]),
    row("tracking.v1.ScoreService/ListRanking", &[
        hidden(r#"{"level": "SCORE_LEVEL_CENTRE", "period": "$month",
            "page_token": "$centres_page"}"#),
    ]),
    row("tracking.v1.ScoreService/RaiseObjection", &[
        by(&[Role::Brand], hidden(r#"{"category": "CATEGORY_REFRIGERATOR", "period": "$month",
            "indicator": "on_time", "case_id": "$case", "text": "nobody was at home"}"#)),
    ]),
    row("tracking.v1.ScoreService/ListObjections", &[
        by(&[Role::Brand], hidden(r#"{"brand": "$brand"}"#)),
        by(&[Role::Brand], nothing(r#"{}"#)),
        by(&[Role::Brand], told(BAD_PAGE, r#"{"page_size": 1, "page_token": "$brands_page"}"#)),
    ]),
    row("tracking.v1.VoiceService/ListProductNotices", &[nothing(r#"{"sku": "AUR-RF-468"}"#)]),
    row("tracking.v1.TrackingService/GetTimeline", &[hidden(r#"{"case_id": "$case"}"#)]),
    row("tracking.v1.TrackingService/WatchCase", &[
        hidden(r#"{"case_id": "$case"}"#),
        hidden(r#"{"case_id": "$case", "resume_token": "$watch_token"}"#),
    ]),
    row("tracking.v1.TrackingService/WatchCases", &[
        by(BRAND_SIDE, told(RESYNC, r#"{"resume_token": "$watch_token"}"#)),
    ]),
    row("verification.v1.DecisionService/ReplyToDispute", &[
        hidden(r#"{"case_id": "$case", "reply": "the certificate stands"}"#),
    ]),
    row("verification.v1.DecisionService/SubmitDisputeEvidence", &[
        hidden(r#"{"case_id": "$case", "statement": "it was dropped"}"#),
    ]),
    row("verification.v1.DecisionService/QuoteRepair", &[
        hidden(r#"{"case_id": "$case", "amount": {"fen": "30000", "currency": "CNY"},
            "work": "a new door"}"#),
    ]),
    row("verification.v1.DecisionService/GetDispute", &[hidden(r#"{"case_id": "$case"}"#)]),
    row("intake.v1.IntakeService/AnswerReminder", &[
        hidden(r#"{"case_id": "$case", "text": "tomorrow"}"#),
    ]),
    row("verification.v1.SettlementService/ListClaims", &[
        by(BRAND_SIDE, nothing(r#"{"case_id": "$case"}"#)),
        by(&[Role::Brand], hidden(r#"{"partner": "$brand_partner"}"#)),
        by(BRAND_SIDE, hidden(r#"{"partner": "$centre_partner"}"#)),
        by(BRAND_SIDE, told(BAD_PAGE, r#"{"page_size": 1, "page_token": "$claims_page"}"#)),
    ]),
    row("verification.v1.SettlementService/RespondToClaim", &[
        by(BRAND_SIDE, hidden(r#"{"claim_id": "$claim", "response": "CLAIM_RESPONSE_ACCEPT"}"#)),
    ]),
    row("verification.v1.SettlementService/GetClaim", &[
        by(BRAND_SIDE, hidden(r#"{"claim_id": "$claim"}"#)),
    ]),
    row("verification.v1.SettlementService/GetClaimEvidence", &[
        by(BRAND_SIDE, hidden(r#"{"claim_id": "$claim", "evidence_id": "$evidence"}"#)),
    ]),
    row("verification.v1.SettlementService/ListClaimChanges", &[
        by(&[Role::Brand], hidden(r#"{"partner": "$brand_partner"}"#)),
        by(BRAND_SIDE, hidden(r#"{"partner": "$centre_partner"}"#)),
        by(BRAND_SIDE, nothing(r#"{"claim_ids": ["$claim"]}"#)),
        by(BRAND_SIDE, told(BAD_PAGE, r#"{"cursor": "$claims_page"}"#)),
    ]),
    row("verification.v1.SettlementService/ListRates", &[
        by(&[Role::Brand], hidden(r#"{"brand": "$brand"}"#)),
    ]),
    row("verification.v1.SettlementService/GetStatement", &[
        by(&[Role::Brand], hidden(r#"{"period": "$month", "partner": "$brand_partner"}"#)),
        by(BRAND_SIDE, hidden(r#"{"period": "$month", "partner": "$centre_partner"}"#)),
        by(BRAND_SIDE, told(BAD_PAGE,
            r#"{"period": "$month", "page_size": 1, "page_token": "$statement_page"}"#)),
    ]),
];
