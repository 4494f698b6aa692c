//! `ListPartnerMessages`: what a partner has sent, newest first.

use parasol_api::partner::v1::{ListPartnerMessagesRequest, ListPartnerMessagesResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, Purpose};
use parasol_journey::ids::{BrandId, CaseId, CentreId, TechnicianId};
use parasol_runtime::identity::{Principal, Role};
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use tonic::Request;
use uuid::Uuid;

use crate::messages::{MessageId, partner, view};
use crate::tables::partner_messages;
use crate::{Dispatch, unreadable};

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<ListPartnerMessagesRequest>,
) -> Result<ListPartnerMessagesResponse, Error> {
    let call = Call::reading(&request, "ListPartnerMessages")?;
    let body = request.get_ref();
    let mut check = Checker::new();
    let size = check.page_size(body.page_size);
    let brand = check.optional_id::<BrandId>("brand", &body.brand);
    let centre = check.optional_id::<CentreId>("centre", &body.centre);
    let technician = check.optional_id::<TechnicianId>("technician", &body.technician);
    let case = check.optional_id::<CaseId>("case_id", &body.case_id);
    let (size, brand, centre, technician, case) =
        check.all((size, brand, centre, technician, case))?;
    let named = [
        brand.map(|brand| Principal::new(Role::Brand, brand.as_str())),
        centre.map(|centre| Principal::new(Role::Centre, centre.as_str())),
        technician.map(|technician| Principal::new(Role::Technician, technician.as_str())),
    ];
    let sender = sender(&call.principal, named.into_iter().flatten().collect())?;
    let sender = partner(&sender);
    let (key, principal) = (&*dispatch.desk.key, &call.principal);
    let bound = [sender.as_bytes(), b" ", body.case_id.as_bytes()].concat();
    let pages = Purpose { key, domain: "partner-messages-page", principal, bound: &bound };
    let before = match &*pages.after(&body.page_token)? {
        "" => Uuid::max(),
        text => {
            let id: MessageId = text.parse().map_err(|_| Error::new(Reason::PageTokenInvalid))?;
            id.0
        }
    };
    let mut rows = partner_messages::Entity::find()
        .filter(partner_messages::Column::Partner.eq(sender))
        .filter(partner_messages::Column::Message.lt(before))
        .order_by(partner_messages::Column::Message, Order::Desc)
        .limit(size as u64 + 1);
    if let Some(case) = case {
        rows = rows.filter(partner_messages::Column::CaseId.eq(case.uuid()));
    }
    let mut rows = rows.all(dispatch.desk.store.reader()).await.map_err(unreadable)?;
    let more = rows.len() > size;
    rows.truncate(size);
    let messages: Vec<_> = rows.into_iter().map(view).collect();
    let last = messages.last().filter(|_| more);
    let next_page_token =
        last.map_or_else(String::new, |last| pages.seal(last.message_id.as_bytes()));
    Ok(ListPartnerMessagesResponse { messages, next_page_token })
}

/// Whose messages are asked for. What is another's is not told from what is not there.
fn sender(caller: &Principal, named: Vec<Principal>) -> Result<Principal, Error> {
    let own = Principal::new(caller.role, caller.subject.clone());
    match (caller.role, &*named) {
        (Role::Brand | Role::Centre, named) => {
            let is_own = named.iter().all(|one| *one == own);
            if is_own { Ok(own) } else { Err(Error::new(Reason::NotFound)) }
        }
        (_, [one]) => Ok(one.clone()),
        _ => Err(Error::field("brand", Reason::FieldInvalid, "one brand, centre or technician")),
    }
}
