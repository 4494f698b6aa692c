//! Changes of claims, which verification tells of. They are in no feed, because most of what happens to a claim
//! happens when its case has ended; each webhook therefore has a place of its own in them, and asks now and then.
//!
//! A claim is told like a change of a case: held back while an earlier change of it was not taken, tried again, and
//! sent as it stands. In the rows of retries it stands under its own id, which is never that of a case.

use std::collections::{HashMap, HashSet};

use parasol_api::Error;
use parasol_api::convert::{timestamp, to_timestamp, version_of};
use parasol_api::verification::v1::settlement_service_client::SettlementServiceClient;
use parasol_api::verification::v1::{Claim, ClaimState, ListClaimChangesRequest};
use parasol_casebook::{RowOp, Store};
use parasol_journey::ids::{CaseId, ClaimId};
use parasol_journey::time::{SECOND, Span, Timestamp};
use parasol_runtime::identity::Principal;
use parasol_runtime::transport::Transport;
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait as _;
use uuid::Uuid;

use super::event::{Event, id_of, json_of, written};
use crate::tables::{webhook_claim_places, webhooks};
use crate::unreadable;

/// How often is asked for claims: they are told two minutes after they changed, and waited for for days.
pub const EVERY: Span = Span::from_micros(30 * SECOND);

/// The way to verification. Cheap to clone.
#[derive(Clone)]
pub struct Claims(Transport);

/// Claims that changed, and the place after them.
pub struct Changed {
    /// The claims.
    pub claims: Vec<Claim>,
    /// What keeps the place, where it is another.
    pub place: Option<RowOp>,
    /// Whether there are more by now.
    pub more: bool,
}

impl Claims {
    /// Asks this way.
    pub fn new(transport: Transport) -> Self {
        Self(transport)
    }

    /// The claims that changed behind a webhook's place.
    ///
    /// # Errors
    /// What verification and the store say.
    pub async fn changed(
        &self,
        store: &Store,
        hook: &webhooks::Model,
        limit: usize,
    ) -> Result<Changed, Error> {
        let place = webhook_claim_places::Entity::find_by_id(hook.webhook).one(store.reader());
        let cursor = place.await.map_err(unreadable)?.map(|row| row.cursor).unwrap_or_default();
        let request = ListClaimChangesRequest {
            page_size: i32::try_from(limit).unwrap_or(i32::MAX),
            cursor: cursor.clone(),
            partner: party(hook),
            // What changed before there was a webhook is not told.
            changed_since: Some(to_timestamp(Timestamp::from_micros(hook.created_at))),
            claim_ids: Vec::new(),
        };
        let mut client = SettlementServiceClient::new(self.0.clone());
        let answer = client.list_claim_changes(request).await;
        let answer = answer.map_err(|status| Error::from_status(&status))?.into_inner();
        let place = (answer.cursor != cursor && !answer.claims.is_empty()).then(|| {
            RowOp::put(webhook_claim_places::ActiveModel {
                webhook: Set(hook.webhook),
                cursor: Set(answer.cursor),
            })
        });
        Ok(Changed { claims: answer.claims, place, more: answer.more })
    }

    /// Some claims of a webhook's owner, as they stand.
    ///
    /// # Errors
    /// What verification says.
    pub async fn standing(
        &self,
        hook: &webhooks::Model,
        ids: &HashSet<Uuid>,
    ) -> Result<HashMap<Uuid, Event>, Error> {
        let request = ListClaimChangesRequest {
            partner: party(hook),
            claim_ids: ids.iter().map(|id| ClaimId::new(*id).to_string()).collect(),
            ..ListClaimChangesRequest::default()
        };
        let mut client = SettlementServiceClient::new(self.0.clone());
        let answer = client.list_claim_changes(request).await;
        let answer = answer.map_err(|status| Error::from_status(&status))?.into_inner();
        let events = answer.claims.iter().map(event).collect::<Result<Vec<_>, _>>()?;
        Ok(events.into_iter().map(|event| (event.case, event)).collect())
    }
}

/// The owner of a webhook as settlement writes partners.
fn party(hook: &webhooks::Model) -> String {
    let principal: Principal = super::owner(hook);
    format!("{}:{}", principal.role.as_str(), principal.subject)
}

/// The event of a claim, as it is now.
///
/// # Errors
/// For a claim whose ids cannot be read.
pub fn event(claim: &Claim) -> Result<Event, Error> {
    let bad = || Error::internal(format!("a claim without ids: {}", claim.claim_id));
    let id = claim.claim_id.parse::<ClaimId>().map_err(Error::internal)?.uuid();
    let case = claim.case_id.parse::<CaseId>().map_err(Error::internal)?.uuid();
    let seq = version_of(&claim.etag).ok_or_else(bad)?;
    let at = claim.changed_at.as_ref().and_then(timestamp).ok_or_else(bad)?;
    let kind = kind(claim.state());
    let data = json_of("parasol.verification.v1.Claim", claim)?;
    let body = serde_json::json!({ "type": kind, "timestamp": written(at), "data": data });
    let event = id_of(id, seq);
    Ok(Event { id: event, kind, case: id, about: case, seq, row: id, body: body.to_string() })
}

/// What has become of a claim.
fn kind(state: ClaimState) -> &'static str {
    match state {
        ClaimState::Raised | ClaimState::Unspecified => "claim.raised",
        ClaimState::Accepted | ClaimState::Disputed => "claim.answered",
        ClaimState::Netted => "claim.settled",
        ClaimState::Withdrawn => "claim.withdrawn",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(state: ClaimState) -> Claim {
        Claim {
            claim_id: ClaimId::new(Uuid::from_u128(7)).to_string(),
            case_id: CaseId::new(Uuid::from_u128(8)).to_string(),
            etag: "\"3\"".to_owned(),
            state: state.into(),
            changed_at: Some(to_timestamp(Timestamp::from_micros(5_000_000))),
            ..Claim::default()
        }
    }

    #[test]
    fn a_claim_is_told_under_its_own_id_and_about_its_case() {
        for (state, kind) in [
            (ClaimState::Raised, "claim.raised"),
            (ClaimState::Disputed, "claim.answered"),
            (ClaimState::Accepted, "claim.answered"),
            (ClaimState::Netted, "claim.settled"),
            (ClaimState::Withdrawn, "claim.withdrawn"),
        ] {
            let told = event(&claim(state)).unwrap();
            assert_eq!((told.kind, told.seq), (kind, 3));
            assert_eq!((told.case, told.about), (Uuid::from_u128(7), Uuid::from_u128(8)));
            let body: serde_json::Value = serde_json::from_str(&told.body).unwrap();
            assert_eq!(
                (&body["type"], &body["timestamp"]),
                (&kind.into(), &"1970-01-01T00:00:05Z".into())
            );
            assert_eq!(body["data"]["claimId"], ClaimId::new(Uuid::from_u128(7)).to_string());
        }
    }

    #[test]
    fn a_claim_that_cannot_be_read_is_an_error_and_no_event() {
        assert!(event(&Claim { etag: String::new(), ..claim(ClaimState::Raised) }).is_err());
        assert!(event(&Claim { case_id: "x".to_owned(), ..claim(ClaimState::Raised) }).is_err());
    }
}
