//! `AcceptOffer`: the offer becomes a work order.
//!
//! The answer is saved for repetitions, and saved answers hold nothing personal: street and name are
//! read with the work order itself.

use parasol_api::convert::case_view;
use parasol_api::partner::v1::{AcceptOfferRequest, AcceptOfferResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, Step, StepEffect};
use parasol_journey::ids::{CentreId, OfferId, WorkOrderId};
use parasol_journey::{Case, Command, Rejection};
use tonic::Request;

use super::lookups::{centre_offered, may_name};
use crate::Dispatch;
use crate::partner::{Partner, refusal, works_on};
use crate::stamp::stamp;
use crate::views::work_order_of;

/// The name under which a late one is kept.
const MESSAGE: &str = "accept_offer";

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<AcceptOfferRequest>,
) -> Result<AcceptOfferResponse, Error> {
    let body = request.get_ref();
    let call = Call::changing(&request, "AcceptOffer", &body.request_id)?;
    let mut check = Checker::new();
    let stamp = stamp!(&mut check, request, dispatch.desk.clock.now());
    let offer = check.id::<OfferId>("offer_id", &body.offer_id);
    let centre = check.optional_id::<CentreId>("centre", &body.centre);
    let (stamp, offer, centre) = check.all((stamp, offer, centre))?;
    let partner = Partner::of(&call.principal)?;
    let offered = centre_offered(dispatch, &partner, stamp.case, offer).await?;
    let (centre, known) = match centre {
        Some(centre) => {
            let known = may_name(dispatch, &partner, &centre).await?;
            (centre, known)
        }
        None => (offered.parse().map_err(Error::internal)?, true),
    };
    let work_order = WorkOrderId::new(dispatch.desk.ids.next());
    let partner_order = stamp.partner_order.clone();
    let command = move |case: &Case| {
        if !known {
            return Err(refusal(Reason::CentreUnknown));
        }
        let is_live = case.offer.as_ref().is_some_and(|live| live.id == offer);
        if is_live && case.passed_over.contains(&centre) {
            return Err(Rejection::CentrePassedOver { centre: centre.clone() }.into());
        }
        let (centre, partner_order) = (Some(centre.clone()), partner_order.clone());
        Ok(Command::AcceptOffer { offer, work_order, centre, partner_order })
    };
    let reader = call.principal.clone();
    let step = Step::new(stamp.case, stamp.etag, command);
    let step = Step {
        rows: stamp.applied().into_iter().collect(),
        keep_late: Some(MESSAGE),
        numbered: stamp.numbered(MESSAGE),
        kept_rows: stamp.kept_rows(),
        ..step
    };
    let step = step.answering(move |case: &Case, effect: StepEffect| AcceptOfferResponse {
        case: Some(case_view(case)),
        effect: effect.into(),
        work_order: work_order_of(case).filter(|_| works_on(&reader, case)),
    });
    dispatch.desk.step(&call, step).await
}
