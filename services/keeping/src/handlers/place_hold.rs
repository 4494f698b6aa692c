//! `PlaceHold`: what is kept about a case or a customer is not destroyed until the hold is over.
//!
//! The hold, the ids it covers and why it was placed are one commit. An erasure or a pass of retention that is under way at
//! that moment is over before it.

use parasol_api::admin::v1::{PlaceHoldRequest, PlaceHoldResponse};
use parasol_api::limits::REMARK_MAX;
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::{Secret, secret};
use parasol_desk::Call;
use parasol_journey::time::Span;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;
use tonic::Request;

use super::{Subject, hold_id};
use crate::holds::{OF_A_SUBJECT_MAX, WORDS, covering, put};
use crate::tables::legal_holds;
use crate::{Keeping, store_error};

/// How far ahead a hold may end by itself.
const AHEAD_MAX: Span = Span::days(3_653);

pub(crate) async fn handle(
    keeping: &Keeping,
    request: Request<PlaceHoldRequest>,
) -> Result<PlaceHoldResponse, Error> {
    let message = request.get_ref();
    let call = Call::changing(&request, "PlaceHold", &message.request_id)?;
    let (desk, now) = (&keeping.desk, keeping.desk.clock.now());
    let mut check = Checker::new();
    let subject = Subject::check(&mut check, &message.subject_id);
    let reason = check.text("reason", &message.reason, REMARK_MAX);
    let ends_at = check.optional_instant("ends_at", &message.ends_at);
    let (subject, reason, ends_at) = check.all((subject, reason, ends_at))?;
    if ends_at.is_some_and(|at| at <= now || at > now + AHEAD_MAX) {
        let expected = "ahead of now, by at most ten years";
        return Err(Error::field("ends_at", Reason::FieldInvalid, expected));
    }
    if let Some(saved) = desk.saved(&call).await? {
        return Ok(saved);
    }
    let person = subject.person(keeping).await?;
    let on = legal_holds::Entity::find()
        .filter(legal_holds::Column::Subject.eq(subject.to_string()))
        .filter(legal_holds::Column::OverAt.eq(0))
        .count(desk.store.reader())
        .await
        .map_err(store_error)?;
    if on >= OF_A_SUBJECT_MAX as u64 {
        return Err(Error::new(Reason::HoldsFull));
    }
    let hold = desk.ids.next();
    let row = legal_holds::Model {
        hold,
        subject: subject.to_string(),
        placed_by: call.principal.to_string(),
        placed_at: now.micros(),
        ends_at: ends_at.map_or(0, |at| at.micros()),
        over_at: 0,
        lifted_by: String::new(),
    };
    let body = json!({ "text": reason }).to_string();
    let words = Secret { subject: hold, kind: WORDS, lookup: String::new(), body };
    let mut rows = vec![put(row), secret(words, now)];
    rows.extend(covering(hold, person.holdable()));
    let answer = PlaceHoldResponse { hold_id: hold_id(hold) };
    desk.record(&call, rows, &answer, None).await
}
