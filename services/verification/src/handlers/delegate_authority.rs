//! `DelegateAuthority`: the caller lends their own authority for a time.

use parasol_api::admin::v1::{DelegateAuthorityRequest, DelegateAuthorityResponse};
use parasol_api::limits::{FOREIGN_NUMBER_MAX, REMARK_MAX};
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::RowOp;
use parasol_desk::Call;
use parasol_journey::ids::DelegationId;
use parasol_journey::time::Span;
use sea_orm::ActiveValue::Set;
use tonic::Request;

use crate::Verification;
use crate::tables::authority::delegations;

/// The longest time for which authority is lent.
const LENT_DAYS_MAX: i64 = 90;

pub async fn handle(
    service: &Verification,
    request: Request<DelegateAuthorityRequest>,
) -> Result<DelegateAuthorityResponse, Error> {
    let call = Call::changing(&request, "DelegateAuthority", &request.get_ref().request_id)?;
    // Asked first: the days lent may have begun, or be over, by now.
    if let Some(saved) = service.desk.saved(&call).await? {
        return Ok(saved);
    }
    let request = request.into_inner();
    let now = service.desk.clock.now();
    let mut check = Checker::new();
    let borrower = check.text("borrower", &request.borrower, FOREIGN_NUMBER_MAX);
    let from = check.optional_instant("valid_from", &request.valid_from);
    let until = check.instant("valid_until", &request.valid_until);
    let cap_fen = match &request.cap {
        Some(_) => check.money("cap", &request.cap),
        None => Some(i64::MAX),
    };
    let reason = check.text("reason", &request.reason, REMARK_MAX);
    if borrower.as_deref() == Some(call.principal.subject.as_str()) {
        check.refuse::<()>("borrower", Reason::FieldInvalid, "somebody else");
    }
    let begins = from.flatten().unwrap_or(now);
    if begins < now {
        check.refuse::<()>("valid_from", Reason::FieldInvalid, "now or later");
    }
    if until.is_some_and(|until| until <= begins || until > begins + Span::days(LENT_DAYS_MAX)) {
        let expected = format!("at most {LENT_DAYS_MAX} days after it begins");
        check.refuse::<()>("valid_until", Reason::FieldInvalid, expected);
    }
    let (borrower, _, until, cap_fen, reason) =
        check.all((borrower, from, until, cap_fen, reason))?;
    let id = DelegationId::new(service.desk.ids.next());
    let row = RowOp::put(delegations::ActiveModel {
        delegation: Set(id.uuid()),
        lender: Set(call.principal.subject.clone()),
        lender_role: Set(call.principal.role.as_str().to_owned()),
        borrower: Set(borrower),
        valid_from: Set(begins.micros()),
        valid_until: Set(until.micros()),
        cap_fen: Set(cap_fen),
        reason: Set(reason),
        ended_at: Set(0),
    });
    let answer = DelegateAuthorityResponse { delegation_id: id.to_string() };
    service.desk.record(&call, vec![row], &answer, None).await
}
