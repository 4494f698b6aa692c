//! `DeclineOffer`: the case goes to the next centre.

use parasol_api::convert::case_view;
use parasol_api::limits::REMARK_MAX;
use parasol_api::partner::v1::{DeclineOfferRequest, DeclineOfferResponse};
use parasol_api::{Checker, Error};
use parasol_desk::{Call, Step, StepEffect};
use parasol_journey::ids::OfferId;
use parasol_journey::vocab::DeclineReason;
use parasol_journey::{Case, Command};
use tonic::Request;

use super::lookups::centre_offered;
use crate::Dispatch;
use crate::partner::Partner;
use crate::stamp::{remark, stamp};

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<DeclineOfferRequest>,
) -> Result<DeclineOfferResponse, Error> {
    let body = request.get_ref();
    let call = Call::changing(&request, "DeclineOffer", &body.request_id)?;
    let now = dispatch.desk.clock.now();
    let mut check = Checker::new();
    let stamp = stamp!(&mut check, body, now);
    let offer = check.id::<OfferId>("offer_id", &body.offer_id);
    let reason = check.listed::<DeclineReason>("reason", body.reason);
    let words = match reason {
        Some(DeclineReason::Other) => check.text("remark", &body.remark, REMARK_MAX),
        _ => check.optional_text("remark", &body.remark, REMARK_MAX),
    };
    let (stamp, offer, reason, words) = check.all((stamp, offer, reason, words))?;
    let partner = Partner::of(&call.principal)?;
    centre_offered(dispatch, &partner, stamp.case, offer).await?;
    let command = move |_: &Case| Ok(Command::DeclineOffer { offer, reason });
    let step = Step::new(stamp.case, stamp.etag, command);
    let rows = remark(offer.uuid(), "decline_remark", &words, now).into_iter().collect();
    let step = Step { keep_late: Some("decline_offer"), rows, ..step };
    let step = step.answering(|case: &Case, effect: StepEffect| DeclineOfferResponse {
        case: Some(case_view(case)),
        effect: effect.into(),
    });
    dispatch.desk.step(&call, step).await
}
