//! `ListCalendars`: what operators imported, the calendar in force first.

use parasol_api::admin::v1::{ListCalendarsRequest, ListCalendarsResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, Purpose};
use tonic::Request;

use super::store_error;
use crate::Verification;
use crate::calendars::{self, Sheet};

pub async fn handle(
    service: &Verification,
    request: Request<ListCalendarsRequest>,
) -> Result<ListCalendarsResponse, Error> {
    let call = Call::reading(&request, "ListCalendars")?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let size = check.page_size(request.page_size);
    let (size,) = check.all((size,))?;
    let (key, principal) = (&*service.desk.key, &call.principal);
    let bound = [u8::from(request.include_days)];
    let pages = Purpose { key, domain: "calendars-page", principal, bound: &bound };
    let after = match request.page_token.as_str() {
        "" => None,
        token => {
            let place = place(&pages, token);
            Some(place.ok_or_else(|| Error::new(Reason::PageTokenInvalid))?)
        }
    };
    let limit = u64::try_from(size).unwrap_or(u64::MAX) + 1;
    let rows = calendars::page(&service.desk.store, after, limit).await;
    let mut rows = rows.map_err(store_error)?;
    let has_more = rows.len() > size;
    rows.truncate(size);
    let last = rows.last().filter(|_| has_more);
    let next_page_token = last.map_or_else(String::new, |row| {
        pages.seal(format!("{}/{}", row.imported_at, row.version).as_bytes())
    });
    let sheets: Result<Vec<Sheet>, _> =
        rows.iter().map(|row| serde_json::from_str(&row.body)).collect();
    let sheets = sheets.map_err(Error::internal)?;
    let calendars = sheets.into_iter().map(|one| one.into_wire(request.include_days)).collect();
    Ok(ListCalendarsResponse { calendars, next_page_token })
}

/// The place a token stands after: when a calendar was imported, and its version.
fn place(pages: &Purpose<'_>, token: &str) -> Option<(i64, String)> {
    let place = String::from_utf8(pages.open(token)?).ok()?;
    let (imported_at, version) = place.split_once('/')?;
    Some((imported_at.parse().ok()?, version.to_owned()))
}
