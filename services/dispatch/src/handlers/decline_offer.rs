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

use super::lookups::{brand_of, centre_offered};
use super::reason_given::Given;
use crate::Dispatch;
use crate::partner::Partner;
use crate::reasons::List;
use crate::stamp::{remark, stamp};

/// The name under which a late one is kept.
const MESSAGE: &str = "decline_offer";

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<DeclineOfferRequest>,
) -> Result<DeclineOfferResponse, Error> {
    let body = request.get_ref();
    let call = Call::changing(&request, "DeclineOffer", &body.request_id)?;
    let now = dispatch.desk.clock.now();
    let mut check = Checker::new();
    let stamp = stamp!(&mut check, request, now);
    let offer = check.id::<OfferId>("offer_id", &body.offer_id);
    let given = Given::check(&mut check, "reason", body.reason, &body.partner_reason);
    let words = match &given {
        Some(Given::Ours(DeclineReason::Other, None)) => {
            check.text("remark", &body.remark, REMARK_MAX)
        }
        _ => check.optional_text("remark", &body.remark, REMARK_MAX),
    };
    let (stamp, offer, given, words) = check.all((stamp, offer, given, words))?;
    let partner = Partner::of(&call.principal)?;
    centre_offered(dispatch, &partner, stamp.case, offer).await?;
    let brand = brand_of(dispatch, stamp.case).await?;
    let reason = given.resolve(dispatch, &brand, List::Decline, stamp.note.as_ref()).await?;
    let command = move |_: &Case| Ok(Command::DeclineOffer { offer, reason: reason.clone()? });
    let step = Step::new(stamp.case, stamp.etag, command);
    let words = remark(offer.uuid(), "decline_remark", &words, now);
    let step = Step {
        rows: words.into_iter().chain(stamp.applied()).collect(),
        keep_late: Some(MESSAGE),
        numbered: stamp.numbered(MESSAGE),
        kept_rows: stamp.kept_rows(),
        ..step
    };
    let step = step.answering(|case: &Case, effect: StepEffect| DeclineOfferResponse {
        case: Some(case_view(case)),
        effect: effect.into(),
    });
    dispatch.desk.step(&call, step).await
}
