//! What can happen to a case: one variant for each kind of entry of its log.

use serde::{Deserialize, Serialize};

use crate::certificate::{Certificate, Finding};
use crate::deadline::Clock;
use crate::event::{Awaited, Decision, Ending, Filing, Path, Proposal, ProposedWindow, Window};
use crate::ids::{
    AnomalyId, AppointmentId, BrandId, CaseId, CentreId, CertificateId, NoteId, OfferId,
    ProposalId, Serial, Sku, TechnicianId, WorkOrderId,
};
use crate::survey::SurveyAnswer;
use crate::time::Timestamp;
use crate::vocab::{
    AnomalyKind, Cause, Channel, ContactFailure, DeclineReason, Function, NoCodeReason, NoteSource,
    Party, PauseCause, Remedy, UnableReason,
};

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Fact {
    /// The customer filed.
    Filed(Filing),
    /// Triage chose a path.
    Triaged {
        /// Which.
        path: Path,
        /// The rules that said so.
        rules: Vec<String>,
    },
    /// Remote guidance solved it.
    GuidanceSolved,
    /// Remote guidance did not solve it.
    GuidanceFailed,
    /// The customer's own certificate was handed in.
    CertificateLinked {
        /// Which.
        certificate: CertificateId,
    },
    /// The customer's own certificate was refused.
    LinkedCertificateRefused {
        /// Which.
        certificate: CertificateId,
        /// Why, coded.
        reason: String,
    },
    /// The customer declared the unit intact.
    DeclaredIntact,
    /// The unit was picked up.
    PickedUp {
        /// Whether it was found intact.
        intact: bool,
        /// Which gifts did not come back with it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        missing_gifts: Vec<Sku>,
    },
    /// An offer was made to a centre.
    OfferMade {
        /// The offer.
        offer: OfferId,
        /// The how-manieth of this case: 1, 2 …
        number: u32,
        /// To whom.
        centre: CentreId,
        /// The brand whose network lends the centre; absent for one of the unit's own brand.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        network: Option<BrandId>,
        /// When it lapses.
        expires_at: Timestamp,
    },
    /// The offer was accepted; a work order came of it.
    OfferAccepted {
        /// The offer.
        offer: OfferId,
        /// The work order.
        work_order: WorkOrderId,
        /// The partner's own number, if it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        partner_order: Option<String>,
    },
    /// The offer was declined.
    OfferDeclined {
        /// The offer.
        offer: OfferId,
        /// Why.
        reason: DeclineReason,
    },
    /// The offer lapsed unanswered.
    OfferExpired {
        /// The offer.
        offer: OfferId,
    },
    /// The offer or work order was taken back.
    OfferWithdrawn {
        /// The offer.
        offer: OfferId,
        /// Why, coded.
        reason: String,
    },
    /// No centre is left to ask.
    CoverageExhausted {
        /// How many centres were asked.
        asked: u32,
    },
    /// A centre took the work order.
    CentreAssigned {
        /// Which.
        centre: CentreId,
    },
    /// A technician got the work order.
    TechnicianAssigned {
        /// Who.
        technician: TechnicianId,
        /// Who comes along, where the work needs two at once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        helper: Option<TechnicianId>,
    },
    /// A contact attempt failed.
    ContactFailed {
        /// Why.
        reason: ContactFailure,
        /// When the next attempt is due.
        next_at: Timestamp,
    },
    /// A slot is held for the customer.
    SlotHeld {
        /// The appointment it would become.
        appointment: AppointmentId,
        /// Whose time.
        technician: TechnicianId,
        /// Whose time as well.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        helper: Option<TechnicianId>,
        /// The window.
        window: Window,
        /// Until when.
        expires_at: Timestamp,
    },
    /// A held slot went free.
    SlotReleased {
        /// The appointment that did not come of it.
        appointment: AppointmentId,
    },
    /// The customer was asked which window fits.
    WindowsProposed {
        /// Whose time.
        technician: TechnicianId,
        /// Whose time as well.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        helper: Option<TechnicianId>,
        /// The windows, each with the appointment it would become.
        windows: Vec<ProposedWindow>,
        /// Until when they stand.
        expires_at: Timestamp,
    },
    /// The proposed windows stand no more: the customer declined, whoever proposed took them back,
    /// something else was agreed, or nobody answered in time. Whose entry it is says which.
    WindowsReleased,
    /// A visit was booked.
    AppointmentBooked {
        /// Which.
        appointment: AppointmentId,
        /// Who comes.
        technician: TechnicianId,
        /// Who comes along.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        helper: Option<TechnicianId>,
        /// When.
        window: Window,
    },
    /// A visit was moved.
    AppointmentRescheduled {
        /// Which.
        appointment: AppointmentId,
        /// Who comes.
        technician: TechnicianId,
        /// Who comes along.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        helper: Option<TechnicianId>,
        /// When.
        window: Window,
        /// Who asked for it; decides whose clock runs.
        asked_by: Party,
    },
    /// Another technician takes the visit, in the same window.
    VisitHandedOver {
        /// Which.
        appointment: AppointmentId,
        /// Who comes instead.
        technician: TechnicianId,
    },
    /// The technician set off.
    TravelStarted {
        /// When they expect to arrive, if they said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        arriving_at: Option<Timestamp>,
    },
    /// The technician is at the door.
    CheckedIn {
        /// Metres from the address, if the phone said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        distance_m: Option<u32>,
        /// Whether the phone said that its position was simulated.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        mock_location: bool,
        /// When they arrived, if that was before this entry: a device without a network tells it later.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        arrived_at: Option<Timestamp>,
    },
    /// Nobody came in the window, or nobody opened.
    NoShow {
        /// Who did not show.
        by: Party,
    },
    /// The visit could not be finished.
    VisitFailed {
        /// Why.
        reason: UnableReason,
        /// When the parts that were missing arrive, if that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parts_at: Option<Timestamp>,
    },
    /// The parts that the next visit needs have an arrival date.
    PartsExpected {
        /// When they arrive.
        at: Timestamp,
    },
    /// The customer cancelled while the technician was at the door: the visit was made in vain.
    TurnedAway {
        /// Which visit.
        appointment: AppointmentId,
    },
    /// The inspection began.
    InspectionStarted,
    /// A certificate was submitted.
    CertificateSubmitted {
        /// The certificate, whole: it is immutable and speaks for itself.
        certificate: Box<Certificate>,
        /// What it says, in short.
        finding: Finding,
    },
    /// The certificate is complete.
    CertificateAccepted {
        /// Which.
        certificate: CertificateId,
    },
    /// The certificate waits for the brand.
    CertificateHeld {
        /// Which.
        certificate: CertificateId,
        /// Why, coded.
        reason: String,
    },
    /// The brand confirmed the certificate.
    CertificateConfirmed {
        /// Which.
        certificate: CertificateId,
    },
    /// The brand contested it; both views are kept.
    CertificateContested {
        /// Which.
        certificate: CertificateId,
        /// Why, coded.
        reason: String,
    },
    /// A decision was made.
    Decided(Decision),
    /// The case was refused.
    Denied(Decision),
    /// No rule answered; an agent has to.
    SentToAgent {
        /// The rules that were tried.
        rules: Vec<String>,
    },
    /// A deadline passed and the case goes (back) to the decision.
    BackToDecision {
        /// Which deadline.
        because: Clock,
    },
    /// A second opinion was ordered before deciding.
    SecondInspectionOrdered {
        /// The rules that said so.
        rules: Vec<String>,
    },
    /// A remedy was chosen.
    RemedyChosen {
        /// Which.
        remedy: Remedy,
        /// The refund in fen; 0 for other remedies.
        amount_fen: i64,
    },
    /// Parts were asked for.
    PartsRequested {
        /// What, coded.
        part: String,
    },
    /// Parts are on their way.
    PartsShipped {
        /// When they arrive.
        arrives_at: Timestamp,
    },
    /// Parts come later than expected.
    PartsBackordered {
        /// Which.
        part: String,
        /// When they should arrive now.
        expected_at: Timestamp,
    },
    /// Parts arrived.
    PartsReceived {
        /// Which.
        part: String,
    },
    /// Parts were built in.
    PartsInstalled {
        /// Which.
        part: String,
        /// By when the defective part has to be back at the brand; absent when it is not wanted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        return_by: Option<Timestamp>,
    },
    /// The defective part went back.
    PartsReturned {
        /// Which.
        part: String,
    },
    /// The unit arrived at the workshop.
    UnitReceived,
    /// The unit left the workshop.
    UnitReturned,
    /// The repair was finished.
    RepairCompleted,
    /// The repair did not help.
    RepairFailed,
    /// The refund reached the customer.
    RefundPaid {
        /// The operation number at the provider.
        operation: String,
    },
    /// The provider took a payment on; it is not paid yet.
    PaymentAccepted {
        /// The operation number at the provider.
        operation: String,
    },
    /// The warehouse took the order for the new unit.
    ReplacementOrdered {
        /// The operation number at the warehouse.
        operation: String,
    },
    /// The new unit was handed over and the old one taken.
    ReplacementDelivered {
        /// Its serial number.
        serial: Serial,
    },
    /// The compensation reached the customer.
    CompensationPaid {
        /// The operation number at the provider.
        operation: String,
    },
    /// Goodwill was granted.
    GoodwillGranted {
        /// How much, in fen.
        amount_fen: i64,
    },
    /// A wrong completion code was given.
    CodeRefused,
    /// A new completion code took the place of the one before.
    CodeRenewed,
    /// The customer's word to an agent took the place of the code.
    CodeWaived {
        /// Why there was no code.
        reason: NoCodeReason,
    },
    /// The customer rejected the outcome.
    OutcomeRejected,
    /// A dispute was opened.
    DisputeOpened {
        /// Why, coded.
        reason: String,
        /// Until when either side may hand in evidence; absent in logs from before there was a limit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        evidence_until: Option<Timestamp>,
    },
    /// A side handed in evidence; what it is lies in the vault.
    EvidenceAdded {
        /// Which side.
        by: Party,
        /// How many pieces.
        pieces: u32,
        /// Whether it proves what a certificate claims against the user, to the standard for that.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        proves: bool,
        /// Whether that side has nothing more.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        is_all: bool,
    },
    /// The laboratory has the unit.
    UnitAtLab,
    /// Experts were asked for their opinions.
    PanelConvened {
        /// Who: references of accounts, never names.
        experts: Vec<String>,
    },
    /// An expert gave an opinion; the words lie in the vault.
    OpinionGiven {
        /// Who.
        expert: String,
        /// Whether the unit works.
        function: Function,
        /// Why it does not.
        cause: Cause,
    },
    /// The experts came to a finding.
    PanelConcluded {
        /// Whether the unit works.
        function: Function,
        /// Why it does not.
        cause: Cause,
        /// How many of them are of this opinion.
        votes: u32,
    },
    /// The dispute came to a decision, and with it who bears what its tests cost.
    DisputeDecided {
        /// Against whom it went.
        loser: Party,
        /// How many inspections, laboratory tests and panels there were for it.
        tests: u32,
    },
    /// Somebody proposed what is above their own authority.
    DecisionProposed(Proposal),
    /// A second person approved a proposal; what it proposed follows in the same step.
    ProposalApproved {
        /// Which.
        proposal: ProposalId,
    },
    /// A proposal was refused by a second person, or taken back.
    ProposalRefused {
        /// Which.
        proposal: ProposalId,
    },
    /// Nobody approved a proposal in time.
    ProposalLapsed {
        /// Which.
        proposal: ProposalId,
    },
    /// A repair that the customer would pay was quoted.
    RepairQuoted {
        /// How much, in fen.
        amount_fen: i64,
        /// Until when the price holds.
        valid_until: Timestamp,
    },
    /// The customer accepted the price of a repair.
    QuoteAccepted {
        /// How much, in fen.
        amount_fen: i64,
    },
    /// A dispute was answered, or its evidence is complete.
    DisputeAnswered {
        /// Who answered.
        by: Party,
        /// Whether the customer's view was accepted.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        conceded: bool,
    },
    /// A dispute now waits for something else.
    DisputeAwaits {
        /// What.
        awaited: Awaited,
        /// Until when either side may hand in evidence, if that has changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        evidence_until: Option<Timestamp>,
    },
    /// The dispute goes to its final decision.
    DisputeHeard,
    /// The case ended well.
    Closed {
        /// How.
        ending: Ending,
    },
    /// The case was reopened by an appeal.
    Reopened,
    /// The case stopped.
    Paused {
        /// Who has to act for it to go on.
        owner: Party,
        /// Why.
        cause: PauseCause,
        /// When it goes on by itself.
        resume_at: Timestamp,
    },
    /// The case went on.
    Resumed,
    /// The customer asked to cancel while somebody is in the field.
    CancelRequested,
    /// The field did not stop in time.
    CancelRefused {
        /// Why, coded.
        reason: String,
    },
    /// The case was cancelled.
    Cancelled,
    /// The customer chased (催单).
    Reminded,
    /// A reminder was answered.
    ReminderAnswered,
    /// Somebody in the field said that something is wrong.
    AnomalyRaised {
        /// Which; what was said lies in the vault under it.
        anomaly: AnomalyId,
        /// What is wrong.
        kind: AnomalyKind,
    },
    /// The retailer's people keep something in mind.
    Noted {
        /// Which; what it says lies in the vault under it.
        note: NoteId,
        /// How it came.
        source: NoteSource,
    },
    /// The case is about what another one is about, and ends for it.
    Merged {
        /// The case that goes on.
        into: CaseId,
    },
    /// The customer knows what the case waits for.
    NoticeDelivered {
        /// The number of the entry that asks.
        asked: u64,
        /// How they were told.
        channel: Channel,
    },
    /// Nothing could be delivered that tells the customer what the case waits for.
    NoticeUndelivered {
        /// The number of the entry that asks.
        asked: u64,
    },
    /// A message that came late or twice was kept as evidence; it moved nothing.
    MessageKept {
        /// Which kind of message.
        message: String,
        /// Why it moved nothing, coded.
        reason: String,
    },
    /// A deadline passed.
    DeadlineMissed {
        /// Which.
        clock: Clock,
        /// Whom it is charged to.
        charged_to: Party,
    },
    /// The clock of a promise began to run.
    PromiseStarted {
        /// The promise, by the id its pack gives it.
        promise: String,
        /// When it is broken.
        due: Timestamp,
    },
    /// The customer answered the survey, or changed the answer.
    SurveyAnswered {
        /// What was answered, but for the words.
        answer: SurveyAnswer,
    },
    /// A promise was broken.
    PromiseMissed {
        /// The promise.
        promise: String,
    },
}
