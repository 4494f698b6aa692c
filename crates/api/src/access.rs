//! Who may call what: one row per method, nobody without a row.
//!
//! The role opens the method. Whose cases and whose work a caller then sees is the service's to
//! say.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::role::Role;
use Role::{
    Agent, Brand, Centre, Customer, Finance, Lab, Link, Manager, Operator, Retailer, Service,
    Technician,
};

/// The services every caller may reach without a credential: health and reflection.
const OPEN_SERVICES: [&str; 3] = [
    "/grpc.health.v1.Health/",
    "/grpc.reflection.v1.ServerReflection/",
    "/grpc.reflection.v1alpha.ServerReflection/",
];

/// Methods that every caller may reach without a credential; with one they may see more.
const PUBLIC: [&str; 4] = [
    "/parasol.tracking.v1.ScoreService/ListIndicators",
    "/parasol.tracking.v1.ScoreService/GetScorecard",
    "/parasol.tracking.v1.ScoreService/ListRanking",
    "/parasol.tracking.v1.VoiceService/ListProductNotices",
];

/// A customer, or somebody who acts for one.
const CUSTOMER_SIDE: &[Role] = &[Customer, Agent, Manager];
const CUSTOMER_READS: &[Role] = &[Customer, Agent, Manager, Service];
const EVIDENCE_SIDE: &[Role] = &[Customer, Agent, Manager, Brand, Centre, Technician, Lab];
const EVIDENCE_READS: &[Role] =
    &[Customer, Agent, Manager, Brand, Centre, Technician, Lab, Service];
const BRAND_SIDE: &[Role] = &[Brand, Centre];
const FIELD: &[Role] = &[Brand, Centre, Technician];
const AT_THE_DOOR: &[Role] = &[Technician, Centre];
const VISIT_DONE: &[Role] = &[Technician, Centre, Brand];
const BOOKING: &[Role] = &[Customer, Agent, Manager, Brand, Centre];
const PLANNERS: &[Role] = &[Brand, Centre, Agent, Manager];
const BOOKING_READS: &[Role] = &[Customer, Agent, Manager, Brand, Centre, Technician, Service];
const WATCHERS: &[Role] = &[Customer, Agent, Manager, Brand, Centre, Technician, Link, Service];
const CENTRE_READS: &[Role] = &[Operator, Manager, Agent, Brand, Centre, Service];
const COUNTY_READS: &[Role] = &[Operator, Manager, Service];
const BRAND_READS: &[Role] = &[Operator, Manager, Agent, Brand, Service];
const NETWORK_WATCH: &[Role] = &[Operator, Manager];
const RISK_READS: &[Role] = &[Operator, Manager, Brand, Centre];
const CHOICE_READS: &[Role] = &[Operator, Manager, Agent, Brand];
const TECHNICIAN_READS: &[Role] = &[Operator, Manager, Brand, Centre, Service];
const CHECKLIST_READS: &[Role] = &[Operator, Manager, Agent, Brand, Centre, Technician, Service];
const WEBHOOKS: &[Role] = &[Operator, Brand, Centre];
const CONFORMANCE: &[Role] = &[Operator, Brand];
const CONFORMANCE_READS: &[Role] = &[Operator, Manager, Brand];
const UNIT_READS: &[Role] = &[Retailer, Agent, Manager, Service];
const CALLERS: &[Role] = &[Brand, Centre, Technician, Agent, Manager];
const NO_SHOW: &[Role] = &[Customer, Agent, Manager, Centre, Technician];
const NEW_CODES: &[Role] = &[Customer, Agent, Manager, Technician, Centre, Brand];
const DISPUTE_SIDE: &[Role] = &[Brand, Centre, Agent, Manager];
const BOTH_SIDES: &[Role] = &[Customer, Agent, Manager, Brand, Centre];
const WATCHERS_OF_MANY: &[Role] = &[Customer, Agent, Manager, Brand, Centre, Service];
const DISPUTE_READS: &[Role] = &[Customer, Agent, Manager, Brand, Centre, Lab];
const DECIDERS: &[Role] = &[Agent, Manager];
const CLAIM_READS: &[Role] = &[Finance, Manager, Brand, Centre];
const POLICY_READS: &[Role] = &[Operator, Manager, Agent, Service];
const CASE_CONTROL: &[Role] = &[Operator, Manager, Agent];
const FOLLOW_UP_READS: &[Role] = &[Customer, Operator, Manager, Agent];
const SURVEY_READS: &[Role] = &[Customer, Agent, Manager, Link];
const SCORED: &[Role] = &[Brand, Centre, Technician, Agent, Manager, Operator];
const DIGEST_READS: &[Role] = &[Agent, Manager, Operator, Service];
const REPORT_READS: &[Role] = &[Manager, Operator, Service];
const OWN_DATA: &[Role] = &[Customer, Manager];
const FLOW_READS: &[Role] = &[Operator, Manager, Agent, Brand];

/// The whole table: path, roles.
#[rustfmt::skip]
pub const TABLE: &[(&str, &[Role])] = &[
    ("/parasol.admin.v1.ChecklistService/PublishChecklist",         &[Operator]),
    ("/parasol.admin.v1.ChecklistService/GetChecklist",             CHECKLIST_READS),
    ("/parasol.admin.v1.ChecklistService/ListChecklists",           CASE_CONTROL),
    ("/parasol.admin.v1.ChecklistService/GetFilledChecklist",       DISPUTE_SIDE),
    ("/parasol.admin.v1.ConformanceService/RecordConformance",      CONFORMANCE),
    ("/parasol.admin.v1.ConformanceService/GetConformance",         CONFORMANCE_READS),
    ("/parasol.admin.v1.CredentialService/IssueApiKey",             &[Operator]),
    ("/parasol.admin.v1.CredentialService/RevokeApiKey",            &[Operator]),
    ("/parasol.admin.v1.CredentialService/ListApiKeys",             &[Operator]),
    ("/parasol.admin.v1.NetworkService/ImportNetwork",              &[Operator]),
    ("/parasol.admin.v1.NetworkService/ExportNetwork",              &[Operator]),
    ("/parasol.admin.v1.NetworkService/GetBrand",                   BRAND_READS),
    ("/parasol.admin.v1.NetworkService/ListBrands",                 BRAND_READS),
    ("/parasol.admin.v1.NetworkService/UpdateBrand",                &[Operator]),
    ("/parasol.admin.v1.NetworkService/SuspendBrand",               &[Operator]),
    ("/parasol.admin.v1.NetworkService/ResumeBrand",                &[Operator]),
    ("/parasol.admin.v1.NetworkService/GetCounty",                  COUNTY_READS),
    ("/parasol.admin.v1.NetworkService/GetCentre",                  CENTRE_READS),
    ("/parasol.admin.v1.NetworkService/ListCentres",                CENTRE_READS),
    ("/parasol.admin.v1.NetworkService/UpdateCentre",               &[Operator]),
    ("/parasol.admin.v1.NetworkService/SuspendCentre",              &[Operator]),
    ("/parasol.admin.v1.NetworkService/ResumeCentre",               &[Operator]),
    ("/parasol.admin.v1.NetworkService/GetTechnician",              TECHNICIAN_READS),
    ("/parasol.admin.v1.NetworkService/ListTechnicians",            TECHNICIAN_READS),
    ("/parasol.admin.v1.NetworkService/UpdateTechnician",           &[Operator]),
    ("/parasol.admin.v1.NetworkService/SuspendTechnician",          &[Operator]),
    ("/parasol.admin.v1.NetworkService/ResumeTechnician",           &[Operator]),
    ("/parasol.admin.v1.NetworkService/ListStandingChanges",        NETWORK_WATCH),
    ("/parasol.admin.v1.NetworkService/ListWorkAtRisk",             RISK_READS),
    ("/parasol.admin.v1.NetworkService/ListCoverageGaps",           NETWORK_WATCH),
    ("/parasol.admin.v1.NetworkService/CreateWebhook",              WEBHOOKS),
    ("/parasol.admin.v1.NetworkService/GetWebhook",                 WEBHOOKS),
    ("/parasol.admin.v1.NetworkService/ListWebhooks",               WEBHOOKS),
    ("/parasol.admin.v1.NetworkService/UpdateWebhook",              WEBHOOKS),
    ("/parasol.admin.v1.NetworkService/RotateWebhookSecret",        WEBHOOKS),
    ("/parasol.admin.v1.NetworkService/ReplayWebhook",              WEBHOOKS),
    ("/parasol.admin.v1.NetworkService/ListWebhookDeliveries",      WEBHOOKS),
    ("/parasol.admin.v1.NetworkService/GetPartnerHealth",           WEBHOOKS),
    ("/parasol.admin.v1.NetworkService/ListPartnerHealth",          NETWORK_WATCH),
    ("/parasol.admin.v1.NetworkService/PutRerouteRule",             &[Operator, Brand]),
    ("/parasol.admin.v1.NetworkService/RotateCallbackSecret",       WEBHOOKS),
    ("/parasol.admin.v1.NetworkService/CheckCallback",              &[Service]),
    ("/parasol.admin.v1.NetworkService/PutReasonMapping",           &[Operator]),
    ("/parasol.admin.v1.NetworkService/DeleteReasonMapping",        &[Operator]),
    ("/parasol.admin.v1.NetworkService/ListReasonMappings",         &[Operator, Brand, Service]),
    ("/parasol.admin.v1.OperationsService/ListParkedTasks",         &[Operator]),
    ("/parasol.admin.v1.OperationsService/RedriveTask",             &[Operator]),
    ("/parasol.admin.v1.OperationsService/GetOverview",             &[Operator, Manager]),
    ("/parasol.admin.v1.OperationsService/GetFlow",                 FLOW_READS),
    ("/parasol.admin.v1.OperationsService/ListFlow",                FLOW_READS),
    ("/parasol.admin.v1.OperationsService/AdvanceClock",            &[Operator]),
    ("/parasol.admin.v1.OperationsService/PauseCase",               CASE_CONTROL),
    ("/parasol.admin.v1.OperationsService/ResumeCase",              CASE_CONTROL),
    ("/parasol.admin.v1.PolicyService/PublishPolicy",               &[Operator]),
    ("/parasol.admin.v1.PolicyService/ListPolicies",                POLICY_READS),
    ("/parasol.admin.v1.PolicyService/ValidatePolicy",              NETWORK_WATCH),
    ("/parasol.admin.v1.PolicyService/ImportCalendar",              &[Operator]),
    ("/parasol.admin.v1.PolicyService/ListCalendars",               &[Operator, Manager, Service]),
    ("/parasol.admin.v1.PolicyService/PutAuthority",                &[Operator]),
    ("/parasol.admin.v1.PolicyService/ListAuthority",               NETWORK_WATCH),
    ("/parasol.admin.v1.PolicyService/PutPerson",                   &[Operator]),
    ("/parasol.admin.v1.PolicyService/DelegateAuthority",           DECIDERS),
    ("/parasol.admin.v1.PolicyService/EndDelegation",               CASE_CONTROL),
    ("/parasol.admin.v1.PolicyService/ListDelegations",             CASE_CONTROL),
    ("/parasol.admin.v1.PolicyService/ListAuthorityUse",            CASE_CONTROL),
    ("/parasol.admin.v1.PrivacyService/PlaceHold",                  &[Manager]),
    ("/parasol.admin.v1.PrivacyService/LiftHold",                   &[Manager]),
    ("/parasol.admin.v1.PrivacyService/ListHolds",                  NETWORK_WATCH),
    ("/parasol.admin.v1.PrivacyService/ListReveals",                OWN_DATA),
    ("/parasol.admin.v1.PrivacyService/GetPersonalData",            OWN_DATA),
    ("/parasol.admin.v1.StaffService/RegisterStaff",                &[Operator]),
    ("/parasol.admin.v1.StaffService/UpdateStaff",                  &[Operator]),
    ("/parasol.admin.v1.StaffService/SuspendStaff",                 &[Operator]),
    ("/parasol.admin.v1.StaffService/RestoreStaff",                 &[Operator]),
    ("/parasol.admin.v1.StaffService/CertifyStaff",                 &[Operator]),
    ("/parasol.admin.v1.StaffService/DecertifyStaff",               &[Operator]),
    ("/parasol.admin.v1.StaffService/GetStaff",                     CASE_CONTROL),
    ("/parasol.admin.v1.StaffService/ListStaff",                    NETWORK_WATCH),
    ("/parasol.admin.v1.StaffService/ListStaffChanges",             NETWORK_WATCH),
    ("/parasol.admin.v1.StaffService/GetStaffFigures",              CASE_CONTROL),
    ("/parasol.admin.v1.StaffService/ListStaffRanking",             CASE_CONTROL),
    ("/parasol.intake.v1.IntakeService/CheckEntitlement",           CUSTOMER_READS),
    ("/parasol.intake.v1.IntakeService/FileCase",                   CUSTOMER_SIDE),
    ("/parasol.intake.v1.IntakeService/GetCase",                    CUSTOMER_READS),
    ("/parasol.intake.v1.IntakeService/ListCases",                  CUSTOMER_READS),
    ("/parasol.intake.v1.IntakeService/ListUnits",                  &[Customer]),
    ("/parasol.intake.v1.IntakeService/CancelCase",                 CUSTOMER_SIDE),
    ("/parasol.intake.v1.IntakeService/ReopenCase",                 CUSTOMER_SIDE),
    ("/parasol.intake.v1.IntakeService/RemindCase",                 CUSTOMER_SIDE),
    ("/parasol.intake.v1.IntakeService/LinkCertificate",            CUSTOMER_SIDE),
    ("/parasol.intake.v1.IntakeService/LookupCustomer",             DECIDERS),
    ("/parasol.intake.v1.IntakeService/FinishGuidance",             CUSTOMER_SIDE),
    ("/parasol.intake.v1.IntakeService/AnswerReminder",             DISPUTE_SIDE),
    ("/parasol.intake.v1.IntakeService/AddNote",                    DECIDERS),
    ("/parasol.intake.v1.IntakeService/MergeCase",                  DECIDERS),
    ("/parasol.intake.v1.IntakeService/ListMerged",                 DECIDERS),
    ("/parasol.intake.v1.IntakeService/GetMailMark",                &[Agent, Manager, Service]),
    ("/parasol.intake.v1.IntakeService/ReceiveMail",                &[Operator]),
    ("/parasol.intake.v1.KnowledgeService/PutArticle",              NETWORK_WATCH),
    ("/parasol.intake.v1.KnowledgeService/ListArticles",            CASE_CONTROL),
    ("/parasol.intake.v1.KnowledgeService/MatchArticles",           DECIDERS),
    ("/parasol.intake.v1.IntakeService/ReviewLinkedCertificate",    DECIDERS),
    ("/parasol.intake.v1.IntakeService/UploadEvidence",             EVIDENCE_SIDE),
    ("/parasol.intake.v1.IntakeService/ListEvidence",               EVIDENCE_READS),
    ("/parasol.intake.v1.IntakeService/GetEvidence",                EVIDENCE_READS),
    ("/parasol.intake.v1.IntakeService/EraseEvidence",              &[Manager, Service]),
    ("/parasol.intake.v1.OrderService/ImportOrders",                &[Retailer, Operator]),
    ("/parasol.intake.v1.OrderService/GetUnit",                     UNIT_READS),
    ("/parasol.partner.v1.AppointmentService/FindSlots",            BOOKING_READS),
    ("/parasol.partner.v1.AppointmentService/FindUrgentSlot",       PLANNERS),
    ("/parasol.partner.v1.AppointmentService/HoldSlot",             BOOKING),
    ("/parasol.partner.v1.AppointmentService/ReleaseSlot",          BOOKING),
    ("/parasol.partner.v1.AppointmentService/ProposeWindows",       PLANNERS),
    ("/parasol.partner.v1.AppointmentService/ReleaseWindows",          BOOKING),
    ("/parasol.partner.v1.AppointmentService/BookAppointment",      BOOKING),
    ("/parasol.partner.v1.AppointmentService/RescheduleAppointment", BOOKING),
    ("/parasol.partner.v1.AppointmentService/HandOverVisit",        PLANNERS),
    ("/parasol.partner.v1.AppointmentService/PlanDay",              PLANNERS),
    ("/parasol.partner.v1.AppointmentService/StopDayPlan",          PLANNERS),
    ("/parasol.partner.v1.AppointmentService/GetDayPlan",           PLANNERS),
    ("/parasol.partner.v1.AppointmentService/CommitDayPlan",        PLANNERS),
    ("/parasol.partner.v1.AppointmentService/ReportContactFailed",  CALLERS),
    ("/parasol.partner.v1.AppointmentService/ReportNoShow",         NO_SHOW),
    ("/parasol.partner.v1.AppointmentService/ExpectParts",          CALLERS),
    ("/parasol.partner.v1.OfferService/StreamOffers",               BRAND_SIDE),
    ("/parasol.partner.v1.OfferService/ListWorkOrders",             BRAND_SIDE),
    ("/parasol.partner.v1.OfferService/GetWorkOrder",               FIELD),
    ("/parasol.partner.v1.OfferService/ExplainOffers",              CHOICE_READS),
    ("/parasol.partner.v1.OfferService/AcceptOffer",                BRAND_SIDE),
    ("/parasol.partner.v1.OfferService/DeclineOffer",               BRAND_SIDE),
    ("/parasol.partner.v1.OfferService/AssignTechnician",           BRAND_SIDE),
    ("/parasol.partner.v1.OfferService/ReassignTechnician",         BRAND_SIDE),
    ("/parasol.partner.v1.OfferService/RequestParts",               FIELD),
    ("/parasol.partner.v1.OfferService/ShipParts",                  BRAND_SIDE),
    ("/parasol.partner.v1.OfferService/ReportBackorder",            BRAND_SIDE),
    ("/parasol.partner.v1.OfferService/ReceiveParts",               FIELD),
    ("/parasol.partner.v1.OfferService/InstallParts",               FIELD),
    ("/parasol.partner.v1.OfferService/ReturnParts",                BRAND_SIDE),
    ("/parasol.partner.v1.OfferService/ReportReceived",             BRAND_SIDE),
    ("/parasol.partner.v1.OfferService/ReportReturned",             BRAND_SIDE),
    ("/parasol.partner.v1.OfferService/RaiseAnomaly",               FIELD),
    ("/parasol.partner.v1.OfferService/BatchAcceptOffers",          BRAND_SIDE),
    ("/parasol.partner.v1.OfferService/BatchDeclineOffers",         BRAND_SIDE),
    ("/parasol.partner.v1.OfferService/BatchAssignTechnicians",     BRAND_SIDE),
    ("/parasol.partner.v1.OfferService/ListPartnerMessages",        WEBHOOKS),
    ("/parasol.partner.v1.VerdictService/SubmitCertificate",        &[Brand, Centre, Lab]),
    ("/parasol.partner.v1.VerdictService/ConfirmCertificate",       &[Brand]),
    ("/parasol.partner.v1.VerdictService/ContestCertificate",       &[Brand]),
    ("/parasol.partner.v1.VerdictService/GetDecision",              &[Brand, Centre, Lab, Service]),
    ("/parasol.partner.v1.VerdictService/ListDecisions",            &[Brand, Centre, Lab, Service]),
    ("/parasol.partner.v1.VerdictService/ListFaultTrends",          &[Brand, Manager, Operator]),
    ("/parasol.technician.v1.VisitService/StreamMyDay",             AT_THE_DOOR),
    ("/parasol.technician.v1.VisitService/GetRelayNumber",          CUSTOMER_READS),
    ("/parasol.technician.v1.VisitService/CreateCalendarLink",      AT_THE_DOOR),
    ("/parasol.technician.v1.VisitService/RevokeCalendarLink",      AT_THE_DOOR),
    ("/parasol.technician.v1.VisitService/GetCalendar",             &[Service]),
    ("/parasol.technician.v1.VisitService/StartTravel",             AT_THE_DOOR),
    ("/parasol.technician.v1.VisitService/CheckIn",                 AT_THE_DOOR),
    ("/parasol.technician.v1.VisitService/SubmitInspection",        VISIT_DONE),
    ("/parasol.technician.v1.VisitService/CompleteRepair",          VISIT_DONE),
    ("/parasol.technician.v1.VisitService/CompleteVisit",           VISIT_DONE),
    ("/parasol.technician.v1.VisitService/RenewCompletionCode",     NEW_CODES),
    ("/parasol.technician.v1.VisitService/WaiveCompletionCode",     &[Agent, Manager]),
    ("/parasol.technician.v1.VisitService/ReportUnable",            AT_THE_DOOR),
    ("/parasol.technician.v1.VisitService/SyncActions",             &[Technician]),
    ("/parasol.technician.v1.VisitService/AcknowledgeCancel",       VISIT_DONE),
    ("/parasol.technician.v1.VisitService/RefuseCancel",            VISIT_DONE),
    ("/parasol.technician.v1.VisitService/ReportPosition",          &[Technician]),
    ("/parasol.technician.v1.VisitService/GetVisitPosition",        CUSTOMER_SIDE),
    ("/parasol.tracking.v1.NoticeService/GetNoticePreferences",     CUSTOMER_SIDE),
    ("/parasol.tracking.v1.NoticeService/UpdateNoticePreferences",  CUSTOMER_SIDE),
    ("/parasol.tracking.v1.NoticeService/ListNotices",              CUSTOMER_SIDE),
    ("/parasol.tracking.v1.NoticeService/ListFailedNotices",        NETWORK_WATCH),
    ("/parasol.tracking.v1.NoticeService/RedriveNotices",           &[Operator]),
    ("/parasol.tracking.v1.NoticeService/RecordTold",               DECIDERS),
    ("/parasol.tracking.v1.NoticeService/TakeReceipt",              &[Service]),
    ("/parasol.tracking.v1.NoticeService/Unsubscribe",              &[Service]),
    ("/parasol.tracking.v1.ScoreService/ListIndicators",            Role::ALL),
    ("/parasol.tracking.v1.ScoreService/GetScorecard",              Role::ALL),
    ("/parasol.tracking.v1.ScoreService/ListScoreCases",            SCORED),
    ("/parasol.tracking.v1.ScoreService/ListRanking",               Role::ALL),
    ("/parasol.tracking.v1.ScoreService/RaiseObjection",            &[Brand]),
    ("/parasol.tracking.v1.ScoreService/AnswerObjection",           NETWORK_WATCH),
    ("/parasol.tracking.v1.ScoreService/ListObjections",            &[Brand, Manager, Operator]),
    ("/parasol.tracking.v1.ScoreService/ListCentrePoints",          &[Service]),
    ("/parasol.tracking.v1.ScoreService/PutBaseline",               &[Operator]),
    ("/parasol.tracking.v1.ScoreService/GetVocDigest",              DIGEST_READS),
    ("/parasol.tracking.v1.ScoreService/GetVocReport",              REPORT_READS),
    ("/parasol.tracking.v1.ScoreService/ListFollowUps",             FOLLOW_UP_READS),
    ("/parasol.tracking.v1.ScoreService/CloseFollowUp",             DECIDERS),
    ("/parasol.tracking.v1.TrackingService/GetTimeline",            WATCHERS),
    ("/parasol.tracking.v1.TrackingService/WatchCase",              WATCHERS),
    ("/parasol.tracking.v1.TrackingService/WatchCases",             WATCHERS_OF_MANY),
    ("/parasol.tracking.v1.TrackingService/CreateShareLink",        CUSTOMER_SIDE),
    ("/parasol.tracking.v1.TrackingService/RevokeShareLink",        CUSTOMER_SIDE),
    ("/parasol.tracking.v1.TrackingService/ListShareLinks",         CUSTOMER_SIDE),
    ("/parasol.tracking.v1.TrackingService/GetSurvey",              SURVEY_READS),
    ("/parasol.tracking.v1.TrackingService/AnswerSurvey",           &[Customer, Link]),
    ("/parasol.tracking.v1.TrackingService/CreateSurveyLink",       &[Service]),
    ("/parasol.tracking.v1.VoiceService/OpenFollowUp",              CUSTOMER_SIDE),
    ("/parasol.tracking.v1.VoiceService/AssignFollowUp",            DECIDERS),
    ("/parasol.tracking.v1.VoiceService/NoteFollowUp",              DECIDERS),
    ("/parasol.tracking.v1.VoiceService/EscalateFollowUp",          DECIDERS),
    ("/parasol.tracking.v1.VoiceService/ConfirmFollowUp",           CUSTOMER_SIDE),
    ("/parasol.tracking.v1.VoiceService/ListVoices",                DECIDERS),
    ("/parasol.tracking.v1.VoiceService/AssignVoice",               DECIDERS),
    ("/parasol.tracking.v1.VoiceService/ReadVoice",                 DECIDERS),
    ("/parasol.tracking.v1.VoiceService/OpenComplaint",             DECIDERS),
    ("/parasol.tracking.v1.VoiceService/AssignComplaint",           DECIDERS),
    ("/parasol.tracking.v1.VoiceService/ActOnComplaint",            DECIDERS),
    ("/parasol.tracking.v1.VoiceService/VerifyComplaint",           DECIDERS),
    ("/parasol.tracking.v1.VoiceService/CloseComplaint",            DECIDERS),
    ("/parasol.tracking.v1.VoiceService/ListComplaints",            CASE_CONTROL),
    ("/parasol.tracking.v1.VoiceService/PutProject",                NETWORK_WATCH),
    ("/parasol.tracking.v1.VoiceService/LinkProjectCase",           CASE_CONTROL),
    ("/parasol.tracking.v1.VoiceService/ListProjects",              CASE_CONTROL),
    ("/parasol.tracking.v1.VoiceService/ListProductNotices",        Role::ALL),
    ("/parasol.tracking.v1.VoiceService/BookSeat",                  &[Manager]),
    ("/parasol.tracking.v1.VoiceService/AttendSeat",                &[Manager]),
    ("/parasol.tracking.v1.VoiceService/ListSeats",                 NETWORK_WATCH),
    ("/parasol.verification.v1.DecisionService/ChooseRemedy",       CUSTOMER_SIDE),
    ("/parasol.verification.v1.DecisionService/ConfirmOutcome",     CUSTOMER_SIDE),
    ("/parasol.verification.v1.DecisionService/RejectOutcome",      CUSTOMER_SIDE),
    ("/parasol.verification.v1.DecisionService/AnswerDenial",       CUSTOMER_SIDE),
    ("/parasol.verification.v1.DecisionService/OpenDispute",        CUSTOMER_SIDE),
    ("/parasol.verification.v1.DecisionService/ReplyToDispute",     DISPUTE_SIDE),
    ("/parasol.verification.v1.DecisionService/DecideManually",     DECIDERS),
    ("/parasol.verification.v1.DecisionService/ApproveDecision",    DECIDERS),
    ("/parasol.verification.v1.DecisionService/ListProposals",      DECIDERS),
    ("/parasol.verification.v1.DecisionService/GrantGoodwill",      DECIDERS),
    ("/parasol.verification.v1.DecisionService/SubmitDisputeEvidence", BOTH_SIDES),
    ("/parasol.verification.v1.DecisionService/AwaitInDispute",     DECIDERS),
    ("/parasol.verification.v1.DecisionService/ReportAtLab",        &[Lab, Retailer, Agent, Manager]),
    ("/parasol.verification.v1.DecisionService/OrderSecondInspection", DECIDERS),
    ("/parasol.verification.v1.DecisionService/ConvenePanel",       DECIDERS),
    ("/parasol.verification.v1.DecisionService/SubmitOpinion",      &[Agent, Manager, Lab]),
    ("/parasol.verification.v1.DecisionService/QuoteRepair",        DISPUTE_SIDE),
    ("/parasol.verification.v1.DecisionService/AcceptQuote",        CUSTOMER_SIDE),
    ("/parasol.verification.v1.DecisionService/GetDispute",         DISPUTE_READS),
    ("/parasol.verification.v1.DecisionService/ReplayDecision",     &[Agent, Manager, Operator]),
    ("/parasol.verification.v1.DecisionService/ExplainDecision",    CUSTOMER_READS),
    ("/parasol.verification.v1.DecisionService/ReportPickup",       &[Retailer]),
    ("/parasol.verification.v1.DecisionService/ReportReplacement",  &[Retailer]),
    ("/parasol.verification.v1.SettlementService/ListClaims",       CLAIM_READS),
    ("/parasol.verification.v1.SettlementService/GetClaim",         CLAIM_READS),
    ("/parasol.verification.v1.SettlementService/GetClaimEvidence", &[Brand, Centre, Finance]),
    ("/parasol.verification.v1.SettlementService/ListClaimChanges", &[Brand, Centre, Finance, Service]),
    ("/parasol.verification.v1.SettlementService/PutRates",         &[Finance, Operator]),
    ("/parasol.verification.v1.SettlementService/ListRates",        &[Finance, Manager, Operator, Brand]),
    ("/parasol.verification.v1.SettlementService/RespondToClaim",   &[Brand, Centre, Finance]),
    ("/parasol.verification.v1.SettlementService/ResolveClaim",     &[Finance]),
    ("/parasol.verification.v1.SettlementService/GetStatement",     CLAIM_READS),
    ("/parasol.verification.v1.SettlementService/RecordFunds",      &[Finance]),
    ("/parasol.verification.v1.SettlementService/GetBalances",      &[Finance]),
    ("/parasol.verification.v1.SettlementService/ListPayments",     &[Finance, Manager]),
    ("/parasol.verification.v1.SettlementService/ReconcileProvider", &[Finance]),
    ("/parasol.verification.v1.SettlementService/NotifyPayment",    &[Service]),
];

/// The roles a method is open to; empty for a method without a row.
pub fn roles(path: &str) -> &'static [Role] {
    static INDEX: LazyLock<HashMap<&str, &[Role]>> =
        LazyLock::new(|| TABLE.iter().copied().collect());
    INDEX.get(path).copied().unwrap_or_default()
}

/// Whether a role may call a method.
pub fn allows(path: &str, role: Role) -> bool {
    roles(path).contains(&role)
}

/// Whether a method needs no credential at all.
pub fn is_open(path: &str) -> bool {
    OPEN_SERVICES.iter().any(|service| path.starts_with(service)) || PUBLIC.contains(&path)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::descriptor::{methods, pool};

    #[test]
    fn every_method_has_one_row_and_every_row_its_method() {
        let declared: BTreeSet<_> = methods().iter().map(|method| method.path.as_str()).collect();
        let listed: BTreeSet<_> = TABLE.iter().map(|(path, _)| *path).collect();
        assert_eq!(declared, listed);
        assert_eq!(TABLE.len(), listed.len(), "a row stands twice");
        assert!(TABLE.iter().all(|(_, roles)| !roles.is_empty()));
    }

    #[test]
    fn nobody_may_call_what_has_no_row() {
        let unknown = "/parasol.intake.v1.IntakeService/DropEverything";
        assert!(Role::ALL.iter().all(|role| !allows(unknown, *role)));
        assert!(!is_open(unknown));
        assert!(is_open("/grpc.health.v1.Health/Check"));
        assert!(!allows("/parasol.partner.v1.VerdictService/SubmitCertificate", Operator));
    }

    /// The comments of the contract name the callers; they must name those of the table.
    #[test]
    fn the_contract_names_the_same_callers() {
        let documented = documented_callers();
        for (path, roles) in TABLE {
            let listed: BTreeSet<_> = match is_open(path) {
                true => BTreeSet::from(["public".to_owned()]),
                false => roles.iter().map(|role| role.as_str().to_owned()).collect(),
            };
            assert!(!is_open(path) || *roles == Role::ALL, "{path} is open, and not to everybody");
            assert_eq!(documented.get(*path), Some(&listed), "{path}");
        }
    }

    /// Reads `Callers: a, b, c.` from the comment of each method; `as X` means those of X.
    fn documented_callers() -> BTreeMap<String, BTreeSet<String>> {
        let mut callers = BTreeMap::<String, BTreeSet<String>>::new();
        for file in pool().files() {
            let source = file.file_descriptor_proto().source_code_info.as_ref();
            let comments: BTreeMap<_, _> = source
                .into_iter()
                .flat_map(|source| &source.location)
                .map(|location| (location.path.as_slice(), location.leading_comments()))
                .collect();
            for service in file.services() {
                for method in service.methods() {
                    let comment = comments.get(method.path()).copied().unwrap_or_default();
                    let comment = comment.split_whitespace().collect::<Vec<_>>().join(" ");
                    let (_, rest) = comment.split_once("Callers: ").unwrap_or_default();
                    let names = rest.split(['.', ';']).next().unwrap_or_default();
                    let prefix = format!("/{}/", service.full_name());
                    let roles = match names.strip_prefix("as ") {
                        Some(other) => callers[&format!("{prefix}{other}")].clone(),
                        None => names.split(", ").map(str::to_owned).collect(),
                    };
                    callers.insert(format!("{prefix}{}", method.name()), roles);
                }
            }
        }
        callers
    }
}
