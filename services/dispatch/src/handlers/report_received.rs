//! `ReportReceived`: the unit, or parts for it, are at the workshop.
//!
//! Parts that arrive are those of `ReceiveParts`, which says the same and nothing else.

use parasol_api::convert::case_view;
use parasol_api::limits::REMARK_MAX;
use parasol_api::partner::v1::{ReceivedGoods, ReportReceivedRequest, ReportReceivedResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::Refusal;
use parasol_desk::Call;
use parasol_journey::ids::Serial;
use parasol_journey::{Case, Command};
use tonic::Request;

use super::lookups::part_order;
use super::work_step::work_step;
use crate::Dispatch;
use crate::parts::{Movement, PartOrderId, Report};
use crate::stamp::{remark, stamp};

/// What arrived.
#[derive(Clone)]
enum Goods {
    Unit(Serial),
    Parts(PartOrderId),
}

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<ReportReceivedRequest>,
) -> Result<ReportReceivedResponse, Error> {
    let body = request.get_ref();
    let call = Call::changing(&request, "ReportReceived", &body.request_id)?;
    let now = dispatch.desk.clock.now();
    let mut check = Checker::new();
    let stamp = stamp!(&mut check, request, now);
    let goods = match check.known::<ReceivedGoods>("goods", body.goods) {
        Some(ReceivedGoods::Parts) => {
            check.id("part_order_id", &body.part_order_id).map(Goods::Parts)
        }
        Some(_) => check.id("serial", &body.serial).map(Goods::Unit),
        None => None,
    };
    let words = check.optional_text("remark", &body.remark, REMARK_MAX);
    let (stamp, goods, words) = check.all((stamp, goods, words))?;
    if let Goods::Parts(id) = &goods {
        part_order(dispatch, stamp.case, *id).await?;
    }
    let deeds = move |case: &Case, work_order| {
        let command = command(case, &goods)?;
        let (subject, movement) = match &goods {
            Goods::Parts(id) => (id.0, Movement::PartsReceived),
            Goods::Unit(_) => (work_order, Movement::UnitReceived),
        };
        let row = Report::at(now).row(case.id, subject, movement);
        let words = remark(subject, "received_remark", &words, now);
        Ok((command, std::iter::once(row).chain(words).collect()))
    };
    work_step(dispatch, &call, &stamp, deeds, |case, effect| ReportReceivedResponse {
        case: Some(case_view(case)),
        effect: effect.into(),
    })
    .await
}

fn command(case: &Case, goods: &Goods) -> Result<Command, Refusal> {
    match goods {
        Goods::Unit(serial) => {
            check_serial(case, serial)?;
            Ok(Command::ReportReceived)
        }
        Goods::Parts(id) => Ok(Command::ReceiveParts { part: id.to_string() }),
    }
}

/// The unit at the workshop must be the one the case is about.
pub(super) fn check_serial(case: &Case, serial: &Serial) -> Result<(), Refusal> {
    if case.filing.serial == *serial {
        return Ok(());
    }
    let message = "serial: expected the serial number of the case's unit".to_owned();
    Err(Refusal::Service { code: Reason::FieldInvalid.code(), message })
}
