//! Finding the decision a reader asks for.

use parasol_api::{Error, Language, Reason};
use parasol_journey::calendar::Calendar;
use parasol_journey::ids::{CaseId, DecisionId};
use parasol_journey::{Case, Event};
use parasol_runtime::identity::Principal;
use sea_orm::EntityTrait;

use super::store_error;
use crate::Verification;
use crate::record::{self, Record};
use crate::ruling::{Judged, judge};
use crate::tables::decisions;
use crate::views::Reader;

/// The most entries read of one case; no honest case comes near it.
const LOG_MAX: u64 = 10_000;

/// A decision with its case.
pub struct Found {
    pub case: Case,
    pub record: Record,
}

impl Found {
    /// What the policy said when this was decided; `None` where it cannot be asked again.
    pub fn judged(&self, service: &Verification, calendar: &Calendar) -> Option<Judged> {
        let pack = service.shelf.of(&self.case.filing.policy)?;
        judge(&pack, &self.record.before, calendar).ok()
    }
}

/// The case a decision belongs to.
pub async fn case_of(service: &Verification, decision: DecisionId) -> Result<CaseId, Error> {
    let find = decisions::Entity::find_by_id(decision.uuid());
    let row = find.one(service.desk.store.reader()).await.map_err(store_error)?;
    row.map(|row| CaseId::new(row.case_id)).ok_or_else(|| Error::new(Reason::NotFound))
}

/// One decision of a case, the last one unless it is named, if the caller may see the case.
pub async fn find(
    service: &Verification,
    principal: &Principal,
    id: CaseId,
    decision: Option<DecisionId>,
) -> Result<Found, Error> {
    let case = service.desk.case(principal, id).await?;
    let log = service.desk.store.log_after(id, 0, LOG_MAX).await.map_err(store_error)?;
    let log: Vec<Event> = log.into_iter().map(|logged| logged.event).collect();
    let mut records = record::of_log(id, &log);
    let record = match decision {
        None => records.pop(),
        Some(named) => records.into_iter().find(|record| record.decision.id == named),
    };
    let record = record.ok_or_else(|| Error::new(Reason::NotFound))?;
    Ok(Found { case, record })
}

/// The reader of a decision, with the reason an agent gave for it, if one did.
pub async fn reader(
    service: &Verification,
    principal: &Principal,
    language: Language,
    found: &Found,
) -> Result<Reader, Error> {
    let subject = found.record.decision.id.uuid();
    let told = service.desk.store.reveal(subject, "decision").await.map_err(store_error)?;
    let told = told.and_then(|body| serde_json::from_str::<serde_json::Value>(&body).ok());
    let reason = told.and_then(|body| Some(body.get("reason")?.as_str()?.to_owned()));
    let pack = service.shelf.of(&found.case.filing.policy);
    Ok(Reader { language, role: principal.role, pack, reason: reason.unwrap_or_default() })
}
