//! `ListCalendars`: what operators imported, the calendar in force first.

use parasol_api::admin::v1::{ListCalendarsRequest, ListCalendarsResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use parasol_runtime::identity::{Principal, TokenKey};
use tonic::Request;

use super::store_error;
use crate::Verification;
use crate::calendars::{self, Sheet};

/// Names what the proofs are for.
const DOMAIN: &str = "page/ListCalendars";
/// The longest page token looked at, in characters.
const TOKEN_MAX: usize = 512;

pub async fn handle(
    service: &Verification,
    request: Request<ListCalendarsRequest>,
) -> Result<ListCalendarsResponse, Error> {
    let call = Call::reading(&request, "ListCalendars")?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let size = check.page_size(request.page_size);
    let (size,) = check.all((size,))?;
    let pages = Pages {
        key: &service.desk.key,
        principal: &call.principal,
        include_days: request.include_days,
    };
    let after = match request.page_token.as_str() {
        "" => None,
        token => {
            let place = pages.read(token);
            Some(place.ok_or_else(|| Error::new(Reason::PageTokenInvalid))?)
        }
    };
    let limit = u64::try_from(size).unwrap_or(u64::MAX) + 1;
    let rows = calendars::page(&service.desk.store, after, limit).await;
    let mut rows = rows.map_err(store_error)?;
    let has_more = rows.len() > size;
    rows.truncate(size);
    let last = rows.last().filter(|_| has_more);
    let next_page_token =
        last.map_or_else(String::new, |row| pages.token(row.imported_at, &row.version));
    let sheets: Result<Vec<Sheet>, _> =
        rows.iter().map(|row| serde_json::from_str(&row.body)).collect();
    let sheets = sheets.map_err(Error::internal)?;
    let calendars = sheets.into_iter().map(|one| one.into_wire(request.include_days)).collect();
    Ok(ListCalendarsResponse { calendars, next_page_token })
}

/// Tokens of one caller and one query: worth nothing to another, or with other settings.
struct Pages<'a> {
    key: &'a TokenKey,
    principal: &'a Principal,
    include_days: bool,
}

impl Pages<'_> {
    fn token(&self, imported_at: i64, version: &str) -> String {
        let place = format!("{imported_at}/{version}");
        let proof = self.key.mac(DOMAIN, &self.proven(&place));
        format!("{}.{}", hex::encode(&place), hex::encode(proof))
    }

    fn read(&self, token: &str) -> Option<(i64, String)> {
        let token = Some(token).filter(|token| token.len() <= TOKEN_MAX)?;
        let (place, proof) = token.split_once('.')?;
        let place = String::from_utf8(hex::decode(place).ok()?).ok()?;
        let proof = hex::decode(proof).ok()?;
        let is_ours = self.key.verify_mac(DOMAIN, &self.proven(&place), &proof);
        let (imported_at, version) = place.split_once('/').filter(|_| is_ours)?;
        Some((imported_at.parse().ok()?, version.to_owned()))
    }

    fn proven(&self, place: &str) -> Vec<u8> {
        format!("{}\n{}\n{place}", self.principal, self.include_days).into_bytes()
    }
}
