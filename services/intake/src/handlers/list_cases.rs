//! `ListCases`: the cases a caller may see, newest first, page by page.

use parasol_api::intake::v1::{ListCasesRequest, ListCasesResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, Purpose, Result, customer_id};
use parasol_journey::Stage;
use parasol_journey::ids::{CaseId, CustomerId, OrderLineId};
use parasol_runtime::identity::Role;
use prost::Message;
use tonic::Request;
use uuid::Uuid;

use crate::filings::{self, Wanted};
use crate::{Intake, views};

pub(crate) async fn handle(
    intake: &Intake,
    request: Request<ListCasesRequest>,
) -> Result<ListCasesResponse> {
    let call = Call::reading(&request, "ListCases")?;
    let wire = request.into_inner();
    let mut check = Checker::new();
    let size = check.page_size(wire.page_size);
    let order_line = check.optional_id::<OrderLineId>("order_line", &wire.order_line);
    let customer = check.optional_id::<CustomerId>("customer_id", &wire.customer_id);
    let stage = check.optional_listed::<Stage>("stage", wire.stage);
    let language = check.language(&wire.language);
    let (size, order_line, customer, stage, language) =
        check.all((size, order_line, customer, stage, language))?;

    // The same list may be read on in pages of another size or in another language.
    let mut query = wire.clone();
    query.page_size = 0;
    query.page_token.clear();
    query.language.clear();
    let query = query.encode_to_vec();
    let (key, principal) = (&*intake.desk.key, &call.principal);
    let pages = Purpose { key, domain: "cases-page", principal, bound: &query };
    let before = match wire.page_token.as_str() {
        "" => None,
        token => Some(place(&pages, token).ok_or_else(foreign_token)?),
    };
    let customer = match call.principal.role {
        Role::Customer => Some(customer_id(&call.principal.subject)),
        _ => customer,
    };
    let wanted = Wanted { customer, order_line, stage, open_only: wire.open_only, before };
    let seen = intake.desk.within(&call.principal);
    // One more than asked for tells whether there is another page.
    let mut cases = filings::list(&seen.store, &wanted, size as u64 + 1).await?;
    let more = cases.len() > size;
    cases.truncate(size);
    let last = cases.last().filter(|_| more);
    let next_page_token =
        last.map_or_else(String::new, |case| pages.seal(case.id.uuid().as_bytes()));
    let cases = views::show(intake, &call.principal, &cases, language).await?;
    Ok(ListCasesResponse { cases, next_page_token })
}

/// The case a page token stands after.
fn place(pages: &Purpose<'_>, token: &str) -> Option<CaseId> {
    Uuid::from_slice(&pages.open(token)?).ok().map(CaseId::new)
}

fn foreign_token() -> Error {
    Error::field("page_token", Reason::PageTokenInvalid, "a token as it came with this list")
}
