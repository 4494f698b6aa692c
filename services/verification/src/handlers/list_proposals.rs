//! `ListProposals`: what waits for a second person.

use std::collections::HashMap;

use parasol_api::convert::{to_money, to_timestamp};
use parasol_api::verification::v1::{ListProposalsRequest, ListProposalsResponse, Proposal};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, Purpose};
use parasol_journey::ids::{CaseId, ProposalId};
use parasol_journey::time::Timestamp;
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use tonic::Request;
use uuid::Uuid;

use super::store_error;
use crate::Verification;
use crate::tables::hearing::proposals;

pub async fn handle(
    service: &Verification,
    request: Request<ListProposalsRequest>,
) -> Result<ListProposalsResponse, Error> {
    let call = Call::reading(&request, "ListProposals")?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let size = check.page_size(request.page_size);
    let (size,) = check.all((size,))?;
    let (key, principal) = (&*service.desk.key, &call.principal);
    let pages = Purpose { key, domain: "proposals-page", principal, bound: &[] };
    let after = match &*pages.after(&request.page_token)? {
        "" => Uuid::nil(),
        text => text.parse().map_err(|_| Error::new(Reason::PageTokenInvalid))?,
    };
    let rows = proposals::Entity::find()
        .filter(proposals::Column::Open.eq(1))
        .filter(proposals::Column::Proposal.gt(after))
        .order_by(proposals::Column::Proposal, Order::Asc)
        .limit(size as u64 + 1)
        .all(service.desk.store.reader())
        .await
        .map_err(store_error)?;
    let next_page_token = match rows.get(size.saturating_sub(1)) {
        Some(last) if rows.len() > size => pages.seal(last.proposal.to_string().as_bytes()),
        _ => String::new(),
    };
    let rows: Vec<_> = rows.into_iter().take(size).collect();
    let reasons = reasons(service, &rows).await?;
    let limit = service.limit(&call.principal).await?;
    let proposals = rows.into_iter().map(|row| Proposal {
        can_approve: row.worth_fen <= limit.fen && row.proposed_by != call.principal.subject,
        proposal_id: ProposalId::new(row.proposal).to_string(),
        case_id: CaseId::new(row.case_id).to_string(),
        proposed_by: row.proposed_by,
        proposed_at: Some(to_timestamp(Timestamp::from_micros(row.at))),
        expires_at: Some(to_timestamp(Timestamp::from_micros(row.expires_at))),
        goodwill: row.kind == "goodwill",
        worth: Some(to_money(row.worth_fen)),
        reason: reasons.get(&row.words).cloned().unwrap_or_default(),
    });
    Ok(ListProposalsResponse { proposals: proposals.collect(), next_page_token })
}

/// What was said for each, by what it is kept under.
async fn reasons(
    service: &Verification,
    rows: &[proposals::Model],
) -> Result<HashMap<Uuid, String>, Error> {
    let mut told = HashMap::new();
    for kind in ["decision", "goodwill"] {
        let of_kind = rows.iter().filter(|row| row.kind == kind).map(|row| row.words);
        let found = service.desk.store.reveal_many(of_kind, kind).await.map_err(store_error)?;
        for (words, body) in found {
            let body: serde_json::Value = serde_json::from_str(&body).map_err(Error::internal)?;
            let reason = body.get("reason").and_then(serde_json::Value::as_str);
            told.insert(words, reason.unwrap_or_default().to_owned());
        }
    }
    Ok(told)
}
