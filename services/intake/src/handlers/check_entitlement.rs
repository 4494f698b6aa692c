//! `CheckEntitlement`: what a customer is owed for a unit today, before anything is filed.

use chrono::Days;
use parasol_api::convert::{Listed, to_timestamp};
use parasol_api::intake::v1::{CheckEntitlementRequest, CheckEntitlementResponse, Entitlement};
use parasol_api::{Checker, Error, Language, Reason};
use parasol_desk::{Call, Result};
use parasol_journey::calendar::{Calendar, day_number};
use parasol_journey::event::Filing;
use parasol_journey::ids::OrderLineId;
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::CaseKind;
use parasol_policy::{Facts, NoFacts, Pack, Prospect, RuleId, entitlements_before_inspection};
use tonic::Request;

use crate::filings;
use crate::sold::{Claim, Sold};
use crate::{Intake, views};

/// How far ahead the end of a right is looked for, in days: what lasts ten years has no end.
const HORIZON_DAYS: u64 = 3_660;

pub(crate) async fn handle(
    intake: &Intake,
    request: Request<CheckEntitlementRequest>,
) -> Result<CheckEntitlementResponse> {
    let call = Call::reading(&request, "CheckEntitlement")?;
    let wire = request.into_inner();
    let mut check = Checker::new();
    let line = check.id::<OrderLineId>("order_line", &wire.order_line);
    let kind = check.optional_listed::<CaseKind>("kind", wire.kind);
    let language = check.language(&wire.language);
    let (line, kind, language) = check.all((line, kind, language))?;

    let store = &intake.desk.store;
    let sold = Sold::for_caller(store, &call.principal, &line).await?;
    let earlier = filings::of_unit(store, &line).await?;
    let open_case = filings::open_case(store, &sold.order.serial).await?;
    let now = intake.desk.clock.now();
    let calendar = intake.desk.submitter.rules().calendar;
    let pack = intake.shelf.in_force(now.shanghai_day());
    let asked = Asked { pack: &pack, calendar: &calendar, now, language };

    let kinds = kind.map_or(CaseKind::ALL.to_vec(), |kind| vec![kind]);
    let mut entitlements = Vec::new();
    let mut started_at = now;
    for kind in kinds {
        let filing = sold.filing(Claim::of_kind(kind), &earlier, &pack, now)?;
        started_at = filing.period_start();
        entitlements.extend(asked.entitlements(&filing)?);
    }
    Ok(CheckEntitlementResponse {
        unit: Some(sold.unit(sold.used_up(&earlier, &pack, now))),
        started_at: Some(to_timestamp(started_at)),
        day: i32::try_from(day_number(started_at, now)).unwrap_or(i32::MAX),
        entitlements,
        open_case_id: open_case.map_or_else(String::new, |id| id.to_string()),
    })
}

/// One question to the pack.
struct Asked<'a> {
    pack: &'a Pack,
    calendar: &'a Calendar,
    now: Timestamp,
    language: Language,
}

impl Asked<'_> {
    /// Every right of this kind: one a rule and remedy, in the order of the table.
    fn entitlements(&self, filing: &Filing) -> Result<Vec<Entitlement>> {
        let facts = Facts::of_filing(self.pack, filing, self.now, self.calendar);
        let prospect = entitlements_before_inspection(self.pack, &facts.map_err(no_facts)?);
        let mut found = Vec::new();
        for rule in &prospect.if_faulty.fired {
            let Some(grant) = self.pack.grant(&rule.id) else { continue };
            let until = self.until(filing, &rule.id).map(to_timestamp);
            let on_word = prospect.without_visit.rests_on(rule.id.as_str());
            found.extend(grant.remedies.iter().map(|remedy| Entitlement {
                rule: rule.id.to_string(),
                kind: filing.kind.number(),
                remedy: remedy.number(),
                promise: grant.promise.map_or(0, Listed::number),
                until,
                needs_inspection: !on_word,
                explanation: views::say(rule, self.language).to_owned(),
            }));
        }
        Ok(found)
    }

    /// The first moment at which a rule that holds today does not hold any more, found by asking the
    /// pack about days ahead. `None` when it holds for as long as anybody looks.
    fn until(&self, filing: &Filing, rule: &RuleId) -> Option<Timestamp> {
        let holds = |days| {
            let prospect = self.prospect_in(filing, days);
            prospect.is_some_and(|prospect| prospect.if_faulty.rests_on(rule.as_str()))
        };
        if holds(HORIZON_DAYS) {
            return None;
        }
        // It holds at `last` and not at `over`; the border between them is halved down to a day.
        let (mut last, mut over) = (0, HORIZON_DAYS);
        while last + 1 < over {
            let middle = last + (over - last) / 2;
            if holds(middle) { last = middle } else { over = middle }
        }
        Some(self.midnight_in(over))
    }

    fn prospect_in(&self, filing: &Filing, days: u64) -> Option<Prospect> {
        let at = self.midnight_in(days);
        let facts = match Facts::of_filing(self.pack, filing, at, self.calendar) {
            Ok(facts) => facts,
            // Rest days of years whose holidays are not announced yet cannot lengthen a period: the end
            // told is then the earliest it can be.
            Err(NoFacts::NotCovered(_)) => Facts::of_filing_on(self.pack, filing, at, 0).ok()?,
            Err(NoFacts::Province(_)) => return None,
        };
        Some(entitlements_before_inspection(self.pack, &facts))
    }

    fn midnight_in(&self, days: u64) -> Timestamp {
        let day = self.now.shanghai_day();
        Timestamp::shanghai_midnight(day.checked_add_days(Days::new(days)).unwrap_or(day))
    }
}

/// Why the pack cannot be asked.
pub(crate) fn no_facts(error: NoFacts) -> Error {
    match error {
        NoFacts::NotCovered(_) => Error::new(Reason::CalendarNotCovered).message(error.to_string()),
        NoFacts::Province(_) => Error::internal(error),
    }
}
