//! `UpdateNoticePreferences`: a customer changes what they hear and how.

use parasol_api::limits::{NAME_MAX, REMARK_MAX};
use parasol_api::tracking::v1::{NoticePreferences, UpdateNoticePreferencesRequest};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use tonic::Request;

use super::{store_error, whose};
use crate::notices::service::Notices;
use crate::notices::{Hours, Preferences, QUIET_MAX, Wishes, wire};

pub async fn handle(
    notices: &Notices,
    request: Request<UpdateNoticePreferencesRequest>,
) -> Result<NoticePreferences, Error> {
    let id = &request.get_ref().request_id;
    let call = Call::changing(&request, "UpdateNoticePreferences", id)?;
    let body = request.into_inner();
    let mut check = Checker::new();
    let customer = whose(&call, &mut check, &body.customer_id);
    let etag = check.etag(&body.etag);
    let language = check.language(&body.language);
    let muted = wire::kinds(&mut check, "muted", &body.muted);
    let refused = wire::channels(&mut check, "refused", &body.refused);
    let push = body.push_token.as_deref().unwrap_or_default();
    let push = check.optional_text("push_token", push, REMARK_MAX);
    let email = email(&mut check, body.email.as_deref().unwrap_or_default());
    let quiet = quiet(&mut check, &body.quiet_from, &body.quiet_until);
    let (customer, etag, language, muted, refused, push, email, quiet) =
        check.all((customer, etag, language, muted, refused, push, email, quiet))?;
    if let Some(saved) = notices.desk.saved(&call).await? {
        return Ok(saved);
    }
    let known = Preferences::of(&notices.desk.store, customer).await.map_err(store_error)?;
    if etag.is_some_and(|expected| expected != known.wishes.version) {
        return Err(Error::version_conflict(known.wishes.version));
    }
    let version = known.wishes.version + 1;
    let wishes = Wishes { version, language, muted, refused, digest: body.digest, quiet };
    let mut addresses = known.addresses;
    if body.email.is_some() {
        addresses.email = email;
    }
    if body.push_token.is_some() {
        addresses.push = push;
    }
    let now = notices.desk.clock.now();
    let mut rows = wishes.rows(customer, now);
    rows.push(addresses.kept(customer, now));
    let answer = wire::preferences(customer, &Preferences { wishes, addresses });
    notices.desk.record(&call, rows, &answer, Reason::VersionConflict).await
}

/// An address that a mail server may be asked for: whether anybody is there is found out by sending.
fn email(check: &mut Checker, text: &str) -> Option<String> {
    let text = check.optional_text("email", text, NAME_MAX)?;
    let is_address = text.parse::<lettre::Address>().is_ok();
    match text.is_empty() || is_address {
        true => Some(text),
        false => check.refuse("email", Reason::FieldInvalid, "an address such as li@example.com"),
    }
}

/// Hours of the customer's own, or the house's where none are said.
fn quiet(check: &mut Checker, from: &str, until: &str) -> Option<Option<Hours>> {
    if from.is_empty() && until.is_empty() {
        return Some(None);
    }
    let Ok(from) = from.parse() else {
        return check.refuse("quiet_from", Reason::FieldInvalid, "a time of day such as 22:00");
    };
    let Ok(until) = until.parse() else {
        return check.refuse("quiet_until", Reason::FieldInvalid, "a time of day such as 07:00");
    };
    let hours = Hours { from, until };
    match hours.length() <= QUIET_MAX {
        true => Some(Some(hours)),
        false => check.refuse("quiet_until", Reason::FieldInvalid, "at most 14 hours later"),
    }
}
