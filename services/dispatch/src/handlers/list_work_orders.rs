//! `ListWorkOrders`: the changes of the stream, by polling.

use parasol_api::partner::v1::work_order_change::Change as Listed;
use parasol_api::partner::v1::{ListWorkOrdersRequest, ListWorkOrdersResponse, WorkOrderChange};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use tonic::Request;

use crate::Dispatch;
use crate::changes::{Change, Reader};
use crate::partner::Partner;
use crate::views::{Views, offer, work_order};

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<ListWorkOrdersRequest>,
) -> Result<ListWorkOrdersResponse, Error> {
    let call = Call::reading(&request, "ListWorkOrders")?;
    let body = request.get_ref();
    let mut check = Checker::new();
    let size = check.page_size(body.page_size);
    let (size,) = check.all((size,))?;
    let partner = Partner::of(&call.principal)?;
    let reader = Reader::new(&dispatch.desk.store, partner);
    let place = dispatch.place(&call.principal);
    let cursor = reader.start(&place, &body.cursor).await?;
    let page = reader.page(cursor, size).await?;
    let views = Views::gather(&dispatch.desk.within(&call.principal), &page.changes).await?;
    let changes = page.changes.iter().map(|(change, _)| {
        let change = match change {
            Change::Offer(row) => Listed::Offer(Box::new(offer(row, &views))),
            Change::WorkOrder(row) => Listed::WorkOrder(Box::new(work_order(row, &views))),
        };
        WorkOrderChange { change: Some(change) }
    });
    let changes = changes.collect();
    Ok(ListWorkOrdersResponse { changes, cursor: place.write(&page.cursor), more: page.more })
}
