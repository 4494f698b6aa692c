//! `ListChecklists`: what was published, newest first.

use parasol_api::admin::v1::{ListChecklistsRequest, ListChecklistsResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, Purpose};
use parasol_journey::vocab::Category;
use tonic::Request;

use crate::Scheduling;
use crate::checklists::shelf::{self, Form};

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<ListChecklistsRequest>,
) -> Result<ListChecklistsResponse, Error> {
    let call = Call::reading(&request, "ListChecklists")?;
    let message = request.get_ref();
    let mut check = Checker::new();
    let size = check.page_size(message.page_size);
    let category = check.optional_listed::<Category>("category", message.category);
    let (size, category) = check.all((size, category))?;
    let bound = category.map_or("", Category::as_str).as_bytes();
    let (key, principal) = (&*scheduling.desk.key, &call.principal);
    let pages = Purpose { key, domain: "checklists-page", principal, bound };
    let after = match pages.after(&message.page_token)?.as_str() {
        "" => None,
        place => Some(read(place).ok_or_else(|| Error::new(Reason::PageTokenInvalid))?),
    };
    let limit = u64::try_from(size).unwrap_or(u64::MAX) + 1;
    let mut forms = shelf::page(&scheduling.desk.store, category, after, limit).await?;
    let next_page_token = pages.next(&places(&forms), size, |place| place);
    forms.truncate(size);
    let checklists = forms.into_iter().map(Form::into_wire).collect();
    Ok(ListChecklistsResponse { checklists, next_page_token })
}

/// The places of forms in the order of the list.
fn places(forms: &[Form]) -> Vec<String> {
    let place = |form: &Form| format!("{}/{}", form.published_at.micros(), form.content.checklist);
    forms.iter().map(place).collect()
}

fn read(place: &str) -> Option<(i64, String)> {
    let (at, name) = place.split_once('/')?;
    Some((at.parse().ok()?, name.to_owned()))
}
