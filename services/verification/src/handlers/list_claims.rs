//! `ListClaims`: claims in the order in which they were raised.

use parasol_api::verification::v1::{
    ClaimState as WireState, ListClaimsRequest, ListClaimsResponse,
};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, Purpose};
use parasol_journey::ids::CaseId;
use prost::Message as _;
use tonic::Request;
use uuid::Uuid;

use super::{partner, store_error};
use crate::Verification;
use crate::claims::store::{Wanted, page};
use crate::claims::{Claim, ClaimState};
use crate::settlement_views;

pub async fn handle(
    service: &Verification,
    request: Request<ListClaimsRequest>,
) -> Result<ListClaimsResponse, Error> {
    let call = Call::reading(&request, "ListClaims")?;
    let body = request.get_ref();
    let mut check = Checker::new();
    let size = check.page_size(body.page_size);
    let named = partner::optional(&mut check, &body.partner);
    let case = check.optional_id::<CaseId>("case_id", &body.case_id);
    let state = state(&mut check, body.state);
    let (size, named, case, state) = check.all((size, named, case, state))?;
    let meant = partner::meant(&call.principal, named)?;
    let party = meant.map(|partner| partner.key()).unwrap_or_default();
    let wanted = Wanted { party, state, case };

    let query = ListClaimsRequest { page_size: 0, page_token: String::new(), ..body.clone() };
    let bound = query.encode_to_vec();
    let (key, principal) = (&*service.desk.key, &call.principal);
    let pages = Purpose { key, domain: "claims-page", principal, bound: &bound };
    let after = match pages.after(&body.page_token)?.as_str() {
        "" => None,
        text => Some(place(text).ok_or_else(|| Error::new(Reason::PageTokenInvalid))?),
    };
    let store = &service.desk.store;
    let seen = service.desk.within(principal).store;
    let mut claims = page(&seen, &wanted, after, size as u64 + 1).await.map_err(store_error)?;
    let has_more = claims.len() > size;
    claims.truncate(size);
    let last = claims.last().filter(|_| has_more);
    let next_page_token = last.map_or_else(String::new, |last| pages.seal(stands(last).as_bytes()));
    let mut answered = Vec::with_capacity(claims.len());
    for claim in &claims {
        answered.push(settlement_views::claim(store, claim, &[]).await.map_err(store_error)?);
    }
    Ok(ListClaimsResponse { claims: answered, next_page_token })
}

fn state(check: &mut Checker, number: i32) -> Option<Option<ClaimState>> {
    if number == 0 {
        return Some(None);
    }
    let wire = check.known::<WireState>("state", number)?;
    Some(settlement_views::state_of(wire))
}

fn stands(claim: &Claim) -> String {
    format!("{}/{}", claim.raised_at.micros(), claim.id.uuid().simple())
}

fn place(text: &str) -> Option<(i64, Uuid)> {
    let (at, id) = text.split_once('/')?;
    Some((at.parse().ok()?, Uuid::try_parse(id).ok()?))
}
