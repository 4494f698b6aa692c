//! `ListClaimChanges`: claims in the order in which they changed, for whoever keeps up with them.
//!
//! A claim changes at the moment at which its commit was decided, and is seen when that commit is through: of two
//! changes the later may be seen first. Changes are therefore told only once they are older than any commit takes.

use parasol_api::verification::v1::{ListClaimChangesRequest, ListClaimChangesResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, Purpose};
use parasol_journey::ids::ClaimId;
use parasol_journey::time::Span;
use tonic::Request;
use uuid::Uuid;

use super::{partner, store_error};
use crate::claims::store::{changed, some};
use crate::claims::{Claim, lines};
use crate::{Verification, settlement_views};

/// How old a change is before it is told: longer than a commit may take and than clocks of machines differ.
const REST: Span = Span::minutes(2);
/// Claims that are asked for by their ids.
const IDS_MAX: usize = 50;

pub async fn handle(
    service: &Verification,
    request: Request<ListClaimChangesRequest>,
) -> Result<ListClaimChangesResponse, Error> {
    let call = Call::reading(&request, "ListClaimChanges")?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let size = check.page_size(request.page_size);
    let named = partner::optional(&mut check, &request.partner);
    let since = check.optional_instant("changed_since", &request.changed_since);
    let ids = check.at_most("claim_ids", &request.claim_ids, IDS_MAX);
    let ids = ids.and_then(|()| {
        let read = request.claim_ids.iter().map(|id| check.id::<ClaimId>("claim_ids", id));
        read.collect::<Option<Vec<_>>>()
    });
    let (size, named, since, ids) = check.all((size, named, since, ids))?;
    let Some(partner) = partner::meant(&call.principal, named)? else {
        return Err(Error::field("partner", Reason::FieldInvalid, "whose claims they are"));
    };
    let (store, party) = (&service.desk.store, partner.key());
    let (key, principal) = (&*service.desk.key, &call.principal);
    let places = Purpose { key, domain: "claim-changes", principal, bound: party.as_bytes() };
    let after = match places.after(&request.cursor)?.as_str() {
        "" => (since.map_or(i64::MIN, |since| since.micros() - 1), Uuid::max()),
        text => place(text).ok_or_else(|| Error::new(Reason::PageTokenInvalid))?,
    };
    let seen = service.desk.within(principal).store;
    let (claims, more) = match ids.is_empty() {
        false => (some(&seen, &party, &ids).await.map_err(store_error)?, false),
        true => {
            let until = service.desk.clock.now() + Span::from_micros(-REST.micros());
            let found = changed(&seen, &party, (after, until), size as u64 + 1).await;
            let mut found = found.map_err(store_error)?;
            let more = found.len() > size;
            found.truncate(size);
            (found, more)
        }
    };
    let last = claims.last().filter(|_| ids.is_empty()).map_or(after, stands);
    let mut told = Vec::with_capacity(claims.len());
    for claim in &claims {
        let lines = lines::of(store, claim).await.map_err(store_error)?;
        told.push(settlement_views::claim(store, claim, &lines).await.map_err(store_error)?);
    }
    let cursor = places.seal(format!("{}/{}", last.0, last.1.simple()).as_bytes());
    Ok(ListClaimChangesResponse { claims: told, cursor, more })
}

fn stands(claim: &Claim) -> (i64, Uuid) {
    (claim.changed_at.micros(), claim.id.uuid())
}

fn place(text: &str) -> Option<(i64, Uuid)> {
    let (at, id) = text.split_once('/')?;
    Some((at.parse().ok()?, Uuid::try_parse(id).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_back() {
        for at in [i64::MIN, -1, 0, 7] {
            let id = Uuid::from_u128(9);
            assert_eq!(place(&format!("{at}/{}", id.simple())), Some((at, id)));
        }
        assert_eq!(place("7"), None);
    }
}
