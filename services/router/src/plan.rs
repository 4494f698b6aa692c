//! How each method is routed: derived from the contract, and said by hand where the contract cannot know.
//!
//! Whatever names a case, or anything that was made in one, goes to its cell, whatever the method: ids end with the
//! number of their cell. The rule of a method says what becomes of a call that names none.

use std::collections::HashMap;
use std::sync::LazyLock;

use parasol_api::role::Role;
use parasol_api::{access, descriptor};
use prost_reflect::{Kind, MessageDescriptor, MethodDescriptor};

/// What becomes of a call whose request names no cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// It has to name one. Where it does not, the first cell refuses it as it would anyway.
    ById,
    /// The province of the address says the cell; without an address the cells are asked in turn who knows the order.
    Region,
    /// Each row goes to the cell of its address; what has none goes to all.
    Rows,
    /// The cells are asked who knows it; one does.
    Find,
    /// All cells are asked, and their rows are put together.
    Merge,
    /// The streams of all cells are made into one.
    Follow,
    /// All cells are asked, and what they counted is added.
    Sum,
    /// It is written in every cell.
    Everywhere,
    /// All cells have the same: the first that can be reached answers.
    Any,
    /// It belongs to one cell that nothing in the request names: it is called there, and refused here.
    AtTheCell,
}

impl Rule {
    /// Every rule, in the order of the page about them.
    pub const ALL: [Self; 10] = [
        Self::ById,
        Self::Region,
        Self::Rows,
        Self::Find,
        Self::Merge,
        Self::Follow,
        Self::Sum,
        Self::Everywhere,
        Self::Any,
        Self::AtTheCell,
    ];
}

/// What the contract does not say: the methods whose rule does not follow from the fields of their request.
#[rustfmt::skip]
const SAID: &[(&str, Rule)] = &[
    ("intake.v1.IntakeService/FileCase",                Rule::Region),
    ("intake.v1.OrderService/ImportOrders",             Rule::Rows),
    ("intake.v1.IntakeService/CheckEntitlement",        Rule::Find),
    ("intake.v1.IntakeService/ReceiveMail",             Rule::Find),
    ("intake.v1.OrderService/GetUnit",                  Rule::Find),
    ("admin.v1.NetworkService/GetCounty",               Rule::Find),
    ("admin.v1.NetworkService/GetCentre",               Rule::Find),
    ("admin.v1.NetworkService/GetTechnician",           Rule::Find),
    ("tracking.v1.NoticeService/GetNoticePreferences",  Rule::Find),
    ("intake.v1.IntakeService/LookupCustomer",          Rule::Merge),
    ("partner.v1.OfferService/ListWorkOrders",          Rule::Merge),
    ("partner.v1.VerdictService/ListDecisions",         Rule::Merge),
    ("verification.v1.SettlementService/ListClaimChanges", Rule::Merge),
    ("tracking.v1.VoiceService/ListProductNotices",     Rule::Merge),
    ("partner.v1.OfferService/StreamOffers",            Rule::Follow),
    ("technician.v1.VisitService/StreamMyDay",          Rule::Follow),
    ("tracking.v1.TrackingService/WatchCases",          Rule::Follow),
    ("tracking.v1.ScoreService/GetScorecard",           Rule::Sum),
    // What the retailer has once for the whole house: changed in every cell, and read in any.
    ("admin.v1.ChecklistService/PublishChecklist",      Rule::Everywhere),
    ("admin.v1.ChecklistService/GetChecklist",          Rule::Any),
    ("admin.v1.ChecklistService/ListChecklists",        Rule::Any),
    ("admin.v1.NetworkService/UpdateBrand",             Rule::Everywhere),
    ("admin.v1.NetworkService/SuspendBrand",            Rule::Everywhere),
    ("admin.v1.NetworkService/ResumeBrand",             Rule::Everywhere),
    ("admin.v1.NetworkService/GetBrand",                Rule::Any),
    ("admin.v1.NetworkService/ListBrands",              Rule::Any),
    ("admin.v1.NetworkService/PutRerouteRule",          Rule::Everywhere),
    ("admin.v1.NetworkService/PutReasonMapping",        Rule::Everywhere),
    ("admin.v1.NetworkService/DeleteReasonMapping",     Rule::Everywhere),
    ("admin.v1.NetworkService/ListReasonMappings",      Rule::Any),
    ("admin.v1.PolicyService/PublishPolicy",            Rule::Everywhere),
    ("admin.v1.PolicyService/ListPolicies",             Rule::Any),
    ("admin.v1.PolicyService/ValidatePolicy",           Rule::Any),
    ("admin.v1.PolicyService/ImportCalendar",           Rule::Everywhere),
    ("admin.v1.PolicyService/ListCalendars",            Rule::Any),
    ("admin.v1.PolicyService/PutAuthority",             Rule::Everywhere),
    ("admin.v1.PolicyService/ListAuthority",            Rule::Any),
    ("admin.v1.PolicyService/PutPerson",                Rule::Everywhere),
    ("admin.v1.StaffService/RegisterStaff",             Rule::Everywhere),
    ("admin.v1.StaffService/UpdateStaff",               Rule::Everywhere),
    ("admin.v1.StaffService/SuspendStaff",              Rule::Everywhere),
    ("admin.v1.StaffService/RestoreStaff",              Rule::Everywhere),
    ("admin.v1.StaffService/CertifyStaff",              Rule::Everywhere),
    ("admin.v1.StaffService/DecertifyStaff",            Rule::Everywhere),
    ("admin.v1.StaffService/GetStaff",                  Rule::Any),
    ("admin.v1.StaffService/ListStaff",                 Rule::Any),
    ("admin.v1.StaffService/ListStaffChanges",          Rule::Any),
    ("intake.v1.KnowledgeService/PutArticle",           Rule::Everywhere),
    ("intake.v1.KnowledgeService/ListArticles",         Rule::Any),
    ("tracking.v1.NoticeService/UpdateNoticePreferences", Rule::Everywhere),
    ("tracking.v1.ScoreService/ListIndicators",         Rule::Any),
    ("tracking.v1.ScoreService/PutBaseline",            Rule::Everywhere),
    ("verification.v1.SettlementService/PutRates",      Rule::Everywhere),
    ("verification.v1.SettlementService/ListRates",     Rule::Any),
    // What one cell has: its network, its keys and secrets, its clock, its books, and what it adds up by itself.
    ("admin.v1.ConformanceService/RecordConformance",   Rule::AtTheCell),
    ("admin.v1.ConformanceService/GetConformance",      Rule::AtTheCell),
    ("admin.v1.CredentialService/IssueApiKey",          Rule::AtTheCell),
    ("admin.v1.CredentialService/ListApiKeys",          Rule::AtTheCell),
    ("admin.v1.NetworkService/ImportNetwork",           Rule::AtTheCell),
    ("admin.v1.NetworkService/ExportNetwork",           Rule::AtTheCell),
    ("admin.v1.NetworkService/UpdateCentre",            Rule::AtTheCell),
    ("admin.v1.NetworkService/SuspendCentre",           Rule::AtTheCell),
    ("admin.v1.NetworkService/ResumeCentre",            Rule::AtTheCell),
    ("admin.v1.NetworkService/UpdateTechnician",        Rule::AtTheCell),
    ("admin.v1.NetworkService/SuspendTechnician",       Rule::AtTheCell),
    ("admin.v1.NetworkService/ResumeTechnician",        Rule::AtTheCell),
    ("admin.v1.NetworkService/CreateWebhook",           Rule::AtTheCell),
    ("admin.v1.NetworkService/GetPartnerHealth",        Rule::AtTheCell),
    ("admin.v1.NetworkService/RotateCallbackSecret",    Rule::AtTheCell),
    ("admin.v1.OperationsService/GetOverview",          Rule::AtTheCell),
    ("admin.v1.OperationsService/GetFlow",              Rule::AtTheCell),
    ("admin.v1.OperationsService/AdvanceClock",         Rule::AtTheCell),
    ("admin.v1.PolicyService/DelegateAuthority",        Rule::AtTheCell),
    ("admin.v1.PolicyService/ListAuthorityUse",         Rule::AtTheCell),
    ("admin.v1.PrivacyService/PlaceHold",               Rule::AtTheCell),
    ("admin.v1.PrivacyService/GetPersonalData",         Rule::AtTheCell),
    ("admin.v1.StaffService/GetStaffFigures",           Rule::AtTheCell),
    ("admin.v1.StaffService/ListStaffRanking",          Rule::AtTheCell),
    ("partner.v1.AppointmentService/PlanDay",           Rule::AtTheCell),
    ("partner.v1.VerdictService/ListFaultTrends",       Rule::AtTheCell),
    ("technician.v1.VisitService/CreateCalendarLink",   Rule::AtTheCell),
    ("technician.v1.VisitService/RevokeCalendarLink",   Rule::AtTheCell),
    ("tracking.v1.ScoreService/ListRanking",            Rule::AtTheCell),
    ("tracking.v1.ScoreService/GetVocDigest",           Rule::AtTheCell),
    ("tracking.v1.ScoreService/GetVocReport",           Rule::AtTheCell),
    ("tracking.v1.VoiceService/PutProject",             Rule::AtTheCell),
    ("tracking.v1.VoiceService/ListSeats",              Rule::AtTheCell),
    ("verification.v1.SettlementService/GetStatement",  Rule::AtTheCell),
    ("verification.v1.SettlementService/RecordFunds",   Rule::AtTheCell),
    ("verification.v1.SettlementService/GetBalances",   Rule::AtTheCell),
    ("verification.v1.SettlementService/ReconcileProvider", Rule::AtTheCell),
];

/// The most messages within messages in which an id of the house stands.
const DEPTH_MAX: usize = 3;

/// A method with its rule.
pub(crate) struct Planned {
    /// The method.
    pub method: MethodDescriptor,
    /// What becomes of calls that name no cell.
    pub rule: Rule,
}

/// The rule of a method, by its path (`/package.Service/Method`); `None` for what is not in the contract, and for a
/// method that nobody has thought of.
pub fn rule(path: &str) -> Option<Rule> {
    planned(path).map(|planned| planned.rule)
}

pub(crate) fn planned(path: &str) -> Option<&'static Planned> {
    static PLAN: LazyLock<HashMap<String, Planned>> = LazyLock::new(|| {
        let services = descriptor::pool().services();
        let methods = services.flat_map(|service| service.methods().collect::<Vec<_>>());
        let planned = methods.filter_map(|method| {
            let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
            let rule = derived(&path, &method)?;
            Some((path, Planned { method, rule }))
        });
        planned.collect()
    });
    PLAN.get(path)
}

fn derived(path: &str, method: &MethodDescriptor) -> Option<Rule> {
    let short = path.strip_prefix("/parasol.")?;
    if access::roles(path) == [Role::Service] {
        // Processes of a cell call each other, and nobody else.
        return Some(Rule::AtTheCell);
    }
    if let Some((_, rule)) = SAID.iter().find(|(name, _)| *name == short) {
        return Some(*rule);
    }
    let (input, output) = (method.input(), method.output());
    let pages = input.get_field_by_name("page_token").is_some()
        && output.get_field_by_name("next_page_token").is_some();
    if pages && !method.is_client_streaming() && !method.is_server_streaming() {
        return Some(Rule::Merge);
    }
    has_id(&input, DEPTH_MAX).then_some(Rule::ById)
}

/// Whether a message has a field that an id of the house may stand in.
fn has_id(message: &MessageDescriptor, depth: usize) -> bool {
    message.fields().any(|field| match field.kind() {
        Kind::String => names_id(field.name()),
        Kind::Message(inner) => depth > 0 && has_id(&inner, depth - 1),
        _ => false,
    })
}

/// Whether a field holds ids that are made in a cell. Those of requests are their callers', and those of customers
/// are the same in every cell.
pub(crate) fn names_id(field: &str) -> bool {
    let is_id = field.ends_with("_id") || field.ends_with("_ids");
    is_id && !matches!(field, "request_id" | "customer_id")
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fmt::Write as _;
    use std::path::Path;

    use super::*;

    const INTAKE: &str = "/parasol.intake.v1.IntakeService";

    #[test]
    fn every_method_has_a_rule_and_every_line_of_the_table_a_method() {
        let methods = descriptor::methods().iter();
        let ours: Vec<_> = methods.filter(|method| method.path.starts_with("/parasol.")).collect();
        let without: Vec<_> = ours.iter().filter(|method| rule(&method.path).is_none()).collect();
        assert!(without.is_empty(), "say in SAID how these are routed: {without:#?}");
        let known: BTreeSet<_> = ours.iter().map(|method| method.path.as_str()).collect();
        let gone: Vec<_> =
            SAID.iter().filter(|(name, _)| !known.contains(&*format!("/parasol.{name}"))).collect();
        assert!(gone.is_empty(), "{gone:?}");
        let once: BTreeSet<_> = SAID.iter().map(|(name, _)| name).collect();
        assert_eq!(once.len(), SAID.len(), "a method stands there twice");
    }

    #[test]
    fn rules_follow_from_the_fields_of_requests() {
        assert_eq!(rule(&format!("{INTAKE}/GetCase")), Some(Rule::ById));
        assert_eq!(rule(&format!("{INTAKE}/UploadEvidence")), Some(Rule::ById));
        assert_eq!(rule(&format!("{INTAKE}/ListCases")), Some(Rule::Merge));
        assert_eq!(rule("/parasol.partner.v1.OfferService/BatchAcceptOffers"), Some(Rule::ById));
        assert_eq!(rule("/parasol.tracking.v1.NoticeService/TakeReceipt"), Some(Rule::AtTheCell));
        assert_eq!(rule("/parasol.intake.v1.IntakeService/DropEverything"), None);
    }

    /// A rule fits the shape of its method: what is put together has rows or places, and a stream is not asked twice.
    #[test]
    fn rules_fit_the_shapes_of_methods() {
        let mut wrong = Vec::new();
        for method in descriptor::methods() {
            let Some(Planned { method: shape, rule }) = planned(&method.path) else { continue };
            let (input, output) = (shape.input(), shape.output());
            let streams = shape.is_client_streaming() || shape.is_server_streaming();
            let place = crate::places::Field::of(&input, &output);
            let rows = output.fields().filter(|field| field.is_list()).count();
            let fits = match rule {
                Rule::ById | Rule::AtTheCell => true,
                Rule::Rows => shape.is_client_streaming(),
                Rule::Follow => {
                    shape.is_server_streaming() && !shape.is_client_streaming() && place.is_some()
                }
                Rule::Merge => !streams && rows > 0,
                Rule::Everywhere => !streams && input.get_field_by_name("request_id").is_some(),
                Rule::Region | Rule::Find | Rule::Sum | Rule::Any => !streams,
            };
            if !fits {
                wrong.push(format!("{} cannot be routed as {rule:?}", method.path));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    /// docs/cells.md lists the methods of every rule.
    #[test]
    fn the_page_about_cells_lists_every_method() {
        let mut by_rule = BTreeMap::<Rule, Vec<String>>::new();
        for method in descriptor::methods() {
            if let Some(rule) = rule(&method.path) {
                let (_, short) = method.path.rsplit_once('.').expect("a path has a package");
                by_rule.entry(rule).or_default().push(format!("`{short}`"));
            }
        }
        let mut made = String::new();
        for rule in Rule::ALL {
            let methods = by_rule.remove(&rule).unwrap_or_default();
            write!(made, "\n**{rule:?}** ({}): {}.\n", methods.len(), methods.join(", ")).unwrap();
        }
        const BEGIN: &str = "<!-- made by the tests of services/router -->\n";
        const END: &str = "<!-- end -->";
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cells.md");
        let page = std::fs::read_to_string(&path).unwrap();
        let (head, rest) = page.split_once(BEGIN).expect("the page has a place for the list");
        let (said, tail) = rest.split_once(END).expect("the list has an end");
        if said == made {
            return;
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "the environment says whether pages are written"
        )]
        let writes = std::env::var_os("UPDATE_DOCS").is_some();
        assert!(writes, "docs/cells.md is out of date: UPDATE_DOCS=1 cargo test -p parasol-router");
        std::fs::write(&path, format!("{head}{BEGIN}{made}{END}{tail}")).unwrap();
    }
}
