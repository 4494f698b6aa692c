//! `RaiseAnomaly`: something is wrong with a case. The log has the kind, the vault the words.

use parasol_api::common::v1::MessageEffect;
use parasol_api::convert::case_view;
use parasol_api::limits::REMARK_MAX;
use parasol_api::partner::v1::{RaiseAnomalyRequest, RaiseAnomalyResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use parasol_journey::ids::AnomalyId;
use parasol_journey::vocab::AnomalyKind;
use parasol_journey::{Case, Command};
use tonic::Request;
use uuid::Uuid;

use super::reason_given::Given;
use super::work_step::work_step;
use crate::Dispatch;
use crate::partner::{has_a_part, refusal};
use crate::reasons::List;
use crate::stamp::{remark, stamp};

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<RaiseAnomalyRequest>,
) -> Result<RaiseAnomalyResponse, Error> {
    let body = request.get_ref();
    let call = Call::changing(&request, "RaiseAnomaly", &body.request_id)?;
    let now = dispatch.desk.clock.now();
    let mut check = Checker::new();
    let stamp = stamp!(&mut check, request, now);
    let given = Given::check(&mut check, "kind", body.kind, &body.partner_reason);
    let words = match &given {
        Some(Given::Ours(AnomalyKind::Other, None)) => check.text("text", &body.text, REMARK_MAX),
        _ => check.optional_text("text", &body.text, REMARK_MAX),
    };
    let (stamp, given, words) = check.all((stamp, given, words))?;
    // A case the caller has no part in has no brand whose codes it might learn. It may have had one when it sent
    // this first: what was answered then is answered again.
    let is_theirs = |case: &Case| has_a_part(&call.principal, case);
    let known = dispatch.desk.case_to_prepare(stamp.case, is_theirs).await?;
    let kind = match known.filter(|case| is_theirs(case)) {
        Some(case) => {
            let brand = case.serving_brand().as_str();
            given.resolve(dispatch, brand, List::Anomaly, stamp.note.as_ref()).await?
        }
        None => Err(refusal(Reason::NotFound)),
    };
    let anomaly = AnomalyId::new(dispatch.desk.ids.next());
    let principal = call.principal.clone();
    let deeds = move |case: &Case, _: Uuid| {
        if !has_a_part(&principal, case) {
            return Err(refusal(Reason::NotFound));
        }
        let command = Command::RaiseAnomaly { anomaly, kind: kind.clone()? };
        let words = remark(anomaly.uuid(), "anomaly", &words, now);
        Ok((command, words.into_iter().collect()))
    };
    work_step(dispatch, &call, &stamp, deeds, move |case, effect| RaiseAnomalyResponse {
        case: Some(case_view(case)),
        effect: effect.into(),
        anomaly_id: match effect {
            MessageEffect::Applied => anomaly.to_string(),
            _ => String::new(),
        },
    })
    .await
}
