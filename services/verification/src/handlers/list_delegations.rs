//! `ListDelegations`: who lends authority to whom.

use parasol_api::admin::v1::{Delegation, ListDelegationsRequest, ListDelegationsResponse};
use parasol_api::convert::{to_money, to_timestamp};
use parasol_api::{Checker, Error, Reason, Role};
use parasol_desk::{Call, Purpose};
use parasol_journey::ids::DelegationId;
use parasol_journey::time::Timestamp;
use sea_orm::{ColumnTrait, Condition, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use tonic::Request;
use uuid::Uuid;

use super::store_error;
use crate::Verification;
use crate::tables::authority::delegations::{self, Column};

pub async fn handle(
    service: &Verification,
    request: Request<ListDelegationsRequest>,
) -> Result<ListDelegationsResponse, Error> {
    let call = Call::reading(&request, "ListDelegations")?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let size = check.page_size(request.page_size);
    let (size,) = check.all((size,))?;
    let (key, principal) = (&*service.desk.key, &call.principal);
    let pages = Purpose { key, domain: "delegations-page", principal, bound: &[] };
    let mut query = delegations::Entity::find()
        .order_by(Column::Delegation, Order::Desc)
        .limit(size as u64 + 1);
    let after = pages.after(&request.page_token)?;
    if !after.is_empty() {
        let before: Uuid = after.parse().map_err(|_| Error::new(Reason::PageTokenInvalid))?;
        query = query.filter(Column::Delegation.lt(before));
    }
    if principal.role == Role::Agent {
        let subject = principal.subject.as_str();
        let theirs =
            Condition::any().add(Column::Lender.eq(subject)).add(Column::Borrower.eq(subject));
        query = query.filter(theirs);
    }
    let rows = query.all(service.desk.store.reader()).await.map_err(store_error)?;
    let next_page_token = match rows.get(size.saturating_sub(1)) {
        Some(last) if rows.len() > size => pages.seal(last.delegation.to_string().as_bytes()),
        _ => String::new(),
    };
    let delegations = rows.into_iter().take(size).map(view).collect();
    Ok(ListDelegationsResponse { delegations, next_page_token })
}

fn view(row: delegations::Model) -> Delegation {
    let instant = |micros: i64| Some(to_timestamp(Timestamp::from_micros(micros)));
    Delegation {
        delegation_id: DelegationId::new(row.delegation).to_string(),
        lender: row.lender,
        borrower: row.borrower,
        valid_from: instant(row.valid_from),
        valid_until: instant(row.valid_until),
        cap: (row.cap_fen != i64::MAX).then(|| to_money(row.cap_fen)),
        reason: row.reason,
        ended_at: instant(row.ended_at).filter(|_| row.ended_at != 0),
    }
}
