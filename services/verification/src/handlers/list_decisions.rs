//! `ListDecisions`: every decision a partner may see, by polling from where it stands.
//!
//! The order is the feed's: positions are given after the commit and without gaps, so a reader misses
//! nothing that becomes visible late. Which step of a case was a decision is in `decision_marks`.

use std::collections::HashMap;

use parasol_api::common::v1::Decision;
use parasol_api::partner::v1::{ListDecisionsRequest, ListDecisionsResponse};
use parasol_api::{Checker, Error, Language, Reason};
use parasol_casebook::Numbered;
use parasol_desk::{Call, Purpose, sees};
use parasol_journey::ids::{CaseId, DecisionId};
use parasol_runtime::identity::Principal;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tonic::Request;
use uuid::Uuid;

use super::{reading, store_error};
use crate::Verification;
use crate::tables::hearing::marks;

/// Chunks of the feed read at a time.
const CHUNKS: u64 = 64;
/// Steps of the feed looked at in one go; bounds the list of cases in a statement.
const EVENTS_MAX: usize = 2_000;
/// Goes of one page: a reader far behind gets what was found so far and asks again.
const GOES_MAX: usize = 50;

pub async fn handle(
    service: &Verification,
    request: Request<ListDecisionsRequest>,
) -> Result<ListDecisionsResponse, Error> {
    let call = Call::reading(&request, "ListDecisions")?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let size = check.page_size(request.page_size);
    let language = check.language(&request.language);
    let (size, language) = check.all((size, language))?;
    let fresh = service.desk.ids.next();
    let epoch = service.desk.store.feed_epoch(fresh).await.map_err(store_error)?;
    let (key, principal) = (&*service.desk.key, &call.principal);
    let place = Purpose { key, domain: "decisions-cursor", principal, bound: epoch.as_bytes() };
    let after = match request.cursor.as_str() {
        "" => 0,
        text => read(&place, text).ok_or_else(|| Error::new(Reason::ResyncRequired))?,
    };
    let end = service.desk.store.feed_position().await.map_err(store_error)?;
    if after > end {
        return Err(Error::new(Reason::ResyncRequired));
    }
    let mut page = Page { service, principal, language, after, size, decisions: Vec::new() };
    let more = page.fill().await?;
    let cursor = place.seal(&page.after.to_be_bytes());
    Ok(ListDecisionsResponse { decisions: page.decisions, cursor, more })
}

fn read(place: &Purpose<'_>, text: &str) -> Option<u64> {
    Some(u64::from_be_bytes(place.open(text)?.try_into().ok()?))
}

/// A page that is being filled.
struct Page<'a> {
    service: &'a Verification,
    principal: &'a Principal,
    language: Language,
    /// Everything up to this position was looked at.
    after: u64,
    size: usize,
    decisions: Vec<Decision>,
}

impl Page<'_> {
    /// Reads on until the page is full or the feed ends, and says whether there may be more.
    async fn fill(&mut self) -> Result<bool, Error> {
        let store = &self.service.desk.store;
        for _ in 0..GOES_MAX {
            let stretch = store.feed_after(self.after, CHUNKS).await.map_err(store_error)?;
            let mut events = stretch.events;
            events.truncate(EVENTS_MAX);
            match events.first() {
                None => return Ok(false),
                Some(first) if first.position != self.after + 1 => {
                    return Err(Error::new(Reason::ResyncRequired));
                }
                Some(_) => {}
            }
            if self.take(&events).await? {
                return Ok(true);
            }
        }
        Ok(true)
    }

    /// Takes the decisions among these steps, and says whether the page is full.
    async fn take(&mut self, events: &[Numbered]) -> Result<bool, Error> {
        let decided = self.decided(events).await?;
        for event in events {
            if self.decisions.len() >= self.size {
                return Ok(true);
            }
            self.after = event.position;
            let Some(decision) = decided.get(&(event.case.uuid(), event.seq)) else { continue };
            let found =
                reading::find(self.service, self.principal, event.case, Some(*decision)).await?;
            let reader =
                reading::reader(self.service, self.principal, self.language, &found).await?;
            self.decisions.push(reader.decision(found.case.id, &found.record));
        }
        Ok(false)
    }

    /// Which of these steps were decisions that the caller may see.
    async fn decided(
        &self,
        events: &[Numbered],
    ) -> Result<HashMap<(Uuid, u64), DecisionId>, Error> {
        let store = self.service.desk.within(self.principal).store;
        let cases = events.iter().map(|event| event.case.uuid());
        let rows = marks::Entity::find()
            .filter(marks::Column::CaseId.is_in(cases))
            .all(store.reader())
            .await
            .map_err(store_error)?;
        let ids: Vec<CaseId> = rows.iter().map(|row| CaseId::new(row.case_id)).collect();
        let cases = store.readable_cases(&ids).await.map_err(store_error)?;
        let seen: Vec<Uuid> = cases
            .iter()
            .filter(|case| sees(self.principal, case))
            .map(|case| case.id.uuid())
            .collect();
        let rows = rows.into_iter().filter(|row| seen.contains(&row.case_id));
        let marked = rows.map(|row| {
            let seq = u64::try_from(row.seq).unwrap_or_default();
            ((row.case_id, seq), DecisionId::new(row.decision))
        });
        Ok(marked.collect())
    }
}
