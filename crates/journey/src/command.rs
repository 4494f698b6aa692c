//! What can be asked of a case. A command is a value; deciding on it is pure.

use crate::certificate::Certificate;
use crate::event::{Awaited, Decision, Filing, Path, Proposal, ProposedWindow, Window};
use crate::ids::{
    AnomalyId, AppointmentId, BrandId, CaseId, CentreId, CertificateId, NoteId, OfferId,
    ProposalId, Serial, Sku, TechnicianId, WorkOrderId,
};
use crate::survey::SurveyAnswer;
use crate::task::Task;
use crate::time::Timestamp;
use crate::vocab::{
    AnomalyKind, Cause, Channel, ContactFailure, DeclineReason, Function, NoCodeReason, NoteSource,
    Party, PauseCause, Remedy, UnableReason, vocabulary,
};

macro_rules! commands {
    ($($(#[$doc:meta])* $variant:ident $({ $($(#[$fdoc:meta])* $field:ident: $ty:ty),+ $(,)? })? = $text:literal,)+) => {
        /// One thing asked of a case.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[expect(
            clippy::large_enum_variant,
            reason = "a command lives for one step, and only a filing is large"
        )]
        pub enum Command { $($(#[$doc])* $variant $({ $($(#[$fdoc])* $field: $ty),+ })?,)+ }

        impl Command {
            /// Which kind of command this is.
            pub const fn verb(&self) -> Verb {
                match self { $(Self::$variant $({ $($field: _),+ })? => Verb::$variant,)+ }
            }
        }

        vocabulary! {
            /// The kinds of command: the rows of the transition table.
            Verb { $($(#[$doc])* $variant = $text,)+ }
        }
    };
}

commands! {
    /// Files the case.
    File {
        /// What is filed.
        filing: Filing,
    } = "file",
    /// Says which path the case takes.
    Triage {
        /// The path.
        path: Path,
        /// The rules that said so.
        rules: Vec<String>,
    } = "triage",
    /// Remote guidance solved it.
    SolveByGuidance = "solve_by_guidance",
    /// Remote guidance did not solve it.
    FailGuidance = "fail_guidance",
    /// Hands in a certificate the customer already holds.
    LinkCertificate {
        /// Which.
        certificate: CertificateId,
    } = "link_certificate",
    /// Refuses the customer's own certificate.
    RefuseLinkedCertificate {
        /// Why, coded.
        reason: String,
    } = "refuse_linked_certificate",
    /// Declares the unit intact for a no-reason return.
    DeclareIntact = "declare_intact",
    /// Reports the pick-up.
    ReportPickup {
        /// Whether the unit was intact.
        intact: bool,
        /// Which gifts did not come back with it.
        missing_gifts: Vec<Sku>,
    } = "report_pickup",
    /// Offers the case to a centre.
    MakeOffer {
        /// The new offer.
        offer: OfferId,
        /// To whom.
        centre: CentreId,
        /// The brand whose network lends the centre; absent for one of the unit's own brand.
        network: Option<BrandId>,
    } = "make_offer",
    /// Says that no centre is left.
    ReportNoCoverage = "report_no_coverage",
    /// Accepts an offer.
    AcceptOffer {
        /// Which.
        offer: OfferId,
        /// The new work order.
        work_order: WorkOrderId,
        /// The centre that takes it; absent when the brand names one later.
        centre: Option<CentreId>,
        /// The partner's own number.
        partner_order: Option<String>,
    } = "accept_offer",
    /// Declines an offer.
    DeclineOffer {
        /// Which.
        offer: OfferId,
        /// Why.
        reason: DeclineReason,
    } = "decline_offer",
    /// Takes an offer or work order back.
    WithdrawOffer {
        /// Why, coded.
        reason: String,
    } = "withdraw_offer",
    /// Names the centre.
    AssignCentre {
        /// Which.
        centre: CentreId,
    } = "assign_centre",
    /// Names the technician.
    AssignTechnician {
        /// Who.
        technician: TechnicianId,
        /// Who comes along, where the work needs two at once.
        helper: Option<TechnicianId>,
    } = "assign_technician",
    /// Names another technician.
    ReassignTechnician {
        /// Who.
        technician: TechnicianId,
        /// Who comes along, where the work needs two at once.
        helper: Option<TechnicianId>,
    } = "reassign_technician",
    /// Reports a failed contact.
    ReportContactFailed {
        /// Why.
        reason: ContactFailure,
        /// When to try again.
        next_at: Timestamp,
    } = "report_contact_failed",
    /// Holds a slot.
    HoldSlot {
        /// The appointment it would become.
        appointment: AppointmentId,
        /// Whose time.
        technician: TechnicianId,
        /// When.
        window: Window,
        /// Until when the hold stands.
        expires_at: Timestamp,
    } = "hold_slot",
    /// Lets a held slot go.
    ReleaseSlot = "release_slot",
    /// Asks the customer which of some windows fits; the time is kept meanwhile.
    ProposeWindows {
        /// Whose time.
        technician: TechnicianId,
        /// The windows, one to [`crate::event::PROPOSED_MAX`].
        windows: Vec<ProposedWindow>,
        /// Until when they stand.
        expires_at: Timestamp,
    } = "propose_windows",
    /// None of the proposed windows fits, or they are not meant any more.
    ReleaseWindows = "release_windows",
    /// Books the held slot, or a window directly.
    BookAppointment {
        /// Which.
        appointment: AppointmentId,
        /// Who comes.
        technician: TechnicianId,
        /// When.
        window: Window,
    } = "book_appointment",
    /// Moves the visit.
    RescheduleAppointment {
        /// Who comes.
        technician: TechnicianId,
        /// When.
        window: Window,
        /// Who asked.
        asked_by: Party,
    } = "reschedule_appointment",
    /// Another technician takes the booked visit, in the same window.
    HandOverVisit {
        /// Who comes instead.
        technician: TechnicianId,
    } = "hand_over_visit",
    /// The technician sets off.
    StartTravel {
        /// When they expect to arrive, if they say.
        arriving_at: Option<Timestamp>,
    } = "start_travel",
    /// The technician arrives.
    CheckIn {
        /// Metres from the address, if known.
        distance_m: Option<u32>,
        /// Whether the device says that its position is simulated.
        mock_location: bool,
        /// When they arrived, where that is told later; one that lies ahead is not heeded.
        arrived_at: Option<Timestamp>,
    } = "check_in",
    /// Nobody came, or nobody opened.
    ReportNoShow {
        /// Who.
        by: Party,
    } = "report_no_show",
    /// The visit cannot be finished.
    ReportUnable {
        /// Why.
        reason: UnableReason,
        /// When somebody looks at it again; weather and danger need it.
        next_at: Option<Timestamp>,
        /// When the parts that are missing arrive, if that is known.
        parts_at: Option<Timestamp>,
    } = "report_unable",
    /// The parts that the next visit needs have an arrival date, or another one.
    ExpectParts {
        /// When they arrive.
        arrives_at: Timestamp,
    } = "expect_parts",
    /// Submits a certificate.
    SubmitCertificate {
        /// The certificate.
        certificate: Box<Certificate>,
    } = "submit_certificate",
    /// The brand confirms a held certificate.
    ConfirmCertificate {
        /// Which.
        certificate: CertificateId,
    } = "confirm_certificate",
    /// The brand contests a held certificate.
    ContestCertificate {
        /// Which.
        certificate: CertificateId,
        /// Why, coded.
        reason: String,
    } = "contest_certificate",
    /// Offers remedies.
    Decide {
        /// The decision; its set is not empty.
        decision: Decision,
    } = "decide",
    /// Refuses.
    Deny {
        /// The decision; its set is empty.
        decision: Decision,
    } = "deny",
    /// Says that an agent has to decide.
    SendToAgent {
        /// The rules that were tried.
        rules: Vec<String>,
    } = "send_to_agent",
    /// Orders a second inspection by another centre.
    OrderSecondInspection {
        /// The rules that said so.
        rules: Vec<String>,
    } = "order_second_inspection",
    /// Proposes what is above the caller's own authority.
    ProposeDecision {
        /// What.
        proposal: Box<Proposal>,
    } = "propose_decision",
    /// A second person approves what was proposed, and so does it.
    ApproveProposal {
        /// Which.
        proposal: ProposalId,
    } = "approve_proposal",
    /// A second person refuses what was proposed, or whoever proposed it takes it back.
    RefuseProposal {
        /// Which.
        proposal: ProposalId,
    } = "refuse_proposal",
    /// The customer chooses.
    ChooseRemedy {
        /// Which.
        remedy: Remedy,
    } = "choose_remedy",
    /// Parts are needed.
    RequestParts {
        /// Which, coded.
        part: String,
    } = "request_parts",
    /// Parts were sent.
    ShipParts {
        /// When they arrive.
        arrives_at: Timestamp,
    } = "ship_parts",
    /// Ordered parts are not to be had before a later day.
    ReportBackorder {
        /// Which, as they were requested.
        part: String,
        /// When they should arrive now.
        expected_at: Timestamp,
    } = "report_backorder",
    /// Ordered parts arrived.
    ReceiveParts {
        /// Which, as they were requested.
        part: String,
    } = "receive_parts",
    /// Ordered parts were built in.
    InstallParts {
        /// Which, as they were requested.
        part: String,
        /// Whether the brand wants the defective part back.
        returns: bool,
    } = "install_parts",
    /// The defective part went back to the brand.
    ReturnParts {
        /// Which, as they were requested.
        part: String,
    } = "return_parts",
    /// The workshop has the unit.
    ReportReceived = "report_received",
    /// The workshop sent the unit back.
    ReportReturned = "report_returned",
    /// The repair is finished.
    CompleteRepair = "complete_repair",
    /// The repair did not help.
    ReportRepairFailed = "report_repair_failed",
    /// Makes a new completion code; the one before is worth nothing from then on.
    RenewCode = "renew_code",
    /// Ends the visit without the code, on the customer's word to an agent.
    WaiveCode {
        /// Why there is no code.
        reason: NoCodeReason,
    } = "waive_code",
    /// The completion code was given; `matches` says whether it is right.
    CompleteVisit {
        /// Whether the code given is the code sent.
        matches: bool,
    } = "complete_visit",
    /// The provider paid the refund.
    RecordRefund {
        /// The operation number.
        operation: String,
    } = "record_refund",
    /// The provider took the payment on and pays later.
    RecordPaymentAccepted {
        /// The operation number.
        operation: String,
        /// When to ask again.
        ask_at: Timestamp,
    } = "record_payment_accepted",
    /// The warehouse took the order for the new unit.
    RecordReplacementOrdered {
        /// The operation number.
        operation: String,
    } = "record_replacement_ordered",
    /// The replacement was handed over.
    ReportReplacement {
        /// Its serial.
        serial: Serial,
    } = "report_replacement",
    /// The provider paid the compensation.
    RecordCompensation {
        /// The operation number.
        operation: String,
    } = "record_compensation",
    /// Grants goodwill.
    GrantGoodwill {
        /// How much, in fen.
        amount_fen: i64,
    } = "grant_goodwill",
    /// Names the price of a repair that the customer would pay.
    QuoteRepair {
        /// How much, in fen.
        amount_fen: i64,
    } = "quote_repair",
    /// The customer accepts the price of a repair.
    AcceptQuote {
        /// The price accepted, in fen: another one than was quoted is refused.
        amount_fen: i64,
    } = "accept_quote",
    /// The customer accepts a denial.
    AcceptDenial = "accept_denial",
    /// The customer confirms the outcome.
    ConfirmOutcome = "confirm_outcome",
    /// The customer rejects the outcome.
    RejectOutcome = "reject_outcome",
    /// The customer disputes.
    OpenDispute {
        /// Why, coded.
        reason: String,
    } = "open_dispute",
    /// The other side answers, or evidence is complete.
    AnswerDispute {
        /// Whether the customer's view is accepted.
        concedes: bool,
    } = "answer_dispute",
    /// The dispute now waits for something else.
    AwaitInDispute {
        /// What.
        awaited: Awaited,
    } = "await_in_dispute",
    /// A side hands in evidence.
    AddEvidence {
        /// How many pieces.
        pieces: u32,
        /// Whether it proves what a held certificate claims against the user.
        proves: bool,
        /// Whether that side has nothing more.
        is_all: bool,
    } = "add_evidence",
    /// The laboratory has the unit.
    ReportAtLab = "report_at_lab",
    /// Asks experts for their opinions.
    ConvenePanel {
        /// Who: references of accounts.
        experts: Vec<String>,
    } = "convene_panel",
    /// One of the experts gives an opinion.
    GiveOpinion {
        /// Whether the unit works.
        function: Function,
        /// Why it does not.
        cause: Cause,
    } = "give_opinion",
    /// Appeals after closing.
    Reopen {
        /// Why, coded.
        reason: String,
    } = "reopen",
    /// Stops the case.
    Pause {
        /// Who has to act.
        owner: Party,
        /// Why.
        cause: PauseCause,
        /// Until when at the latest.
        resume_at: Timestamp,
    } = "pause",
    /// Goes on.
    Resume = "resume",
    /// Cancels, or asks to.
    Cancel = "cancel",
    /// The field agrees to a cancellation.
    AcknowledgeCancel = "acknowledge_cancel",
    /// The field was too far along.
    RefuseCancel {
        /// Why, coded.
        reason: String,
    } = "refuse_cancel",
    /// The customer chases.
    Remind = "remind",
    /// An agent answers a reminder.
    AnswerReminder = "answer_reminder",
    /// Somebody in the field says that something is wrong.
    RaiseAnomaly {
        /// The new anomaly; what was said about it lies in the vault under it.
        anomaly: AnomalyId,
        /// What is wrong.
        kind: AnomalyKind,
    } = "raise_anomaly",
    /// Keeps something in mind for the retailer's people.
    Note {
        /// The new note; what it says lies in the vault under it.
        note: NoteId,
        /// How it came.
        source: NoteSource,
    } = "note",
    /// Ends the case, because another one is about the same.
    Merge {
        /// The case that goes on.
        into: CaseId,
    } = "merge",
    /// A notice that asks the customer for something has reached them.
    RecordNotice {
        /// The number of the entry that asks.
        asked: u64,
        /// How they were told.
        channel: Channel,
    } = "record_notice",
    /// No such notice could be delivered.
    RecordNoNotice {
        /// The number of the entry that asks.
        asked: u64,
    } = "record_no_notice",
    /// Keeps a late or doubled message as evidence.
    KeepMessage {
        /// Which kind of message.
        message: String,
        /// Why it moves nothing, coded.
        reason: String,
    } = "keep_message",
    /// The customer answers the survey, or changes the answer.
    AnswerSurvey {
        /// The answer.
        answer: SurveyAnswer,
    } = "answer_survey",
    /// A deadline passed.
    Fire {
        /// Which task.
        task: Task,
        /// The generation that was armed.
        generation: u64,
    } = "fire",
}
