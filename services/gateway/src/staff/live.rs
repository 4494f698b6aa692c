//! Keeping pages of those who look after cases true while somebody looks.

use axum::extract::{Path, Request, State};
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::admin::v1::GetStaffRequest;
use parasol_api::admin::v1::staff_service_client::StaffServiceClient;
use parasol_api::tracking::v1::tracking_service_client::TrackingServiceClient;
use parasol_api::{Reason, Role};
use parasol_journey::time::Timestamp;

use crate::Gateway;
use crate::web::live::{admitted, none, place_of, story};
use crate::web::session::Visitor;
use crate::web::words::Pick as _;
use crate::web::{Pages, failed, moves, times};

/// After how many seconds a page is asked for again though nothing was told: not all that it shows is told of.
const RENEWED_EVERY: u32 = 30;

/// Where a page listens, and a line that says whether it does. Without a script it says when the page was made, and
/// how it is asked for again.
pub(crate) fn kept(events: &str, visitor: &Visitor) -> Markup {
    line(events, RENEWED_EVERY, visitor)
}

/// The same of a page that shows what lies beside the log of cases, which nobody tells of.
pub(crate) fn line(events: &str, every: u32, visitor: &Visitor) -> Markup {
    let (language, now): (_, Timestamp) = (visitor.guest.language, visitor.guest.now);
    html! {
        p #fresh.fresh.hint data-renew=(every) data-events=(events) {
            span.lamp aria-hidden="true" {}
            span.state { (language.pick("更新于 ", "As of ")) (times::at(now, language)) }
            noscript { " · " a href="" { (language.pick("刷新", "Refresh")) } }
        }
        p #heard.heard role="status" {}
    }
}

/// What a page of many cases listens to.
pub(crate) async fn of_many(
    pages: fn(&Gateway) -> &Pages,
    gateway: &Gateway,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let pages = pages(gateway);
    let Some(visitor) = admitted(pages, &parts) else { return none() };
    if is_put_out(pages, &visitor).await {
        return none();
    }
    moves::told(&gateway.moves, pages, &visitor)
}

/// Whether the register has put an agent or a manager out. One watch tells all pages of a side, so its own credential
/// says nothing about who looks on; whoever looks on is asked for here, each time a page connects.
async fn is_put_out(pages: &Pages, visitor: &Visitor) -> bool {
    if !matches!(visitor.principal.role, Role::Agent | Role::Manager) {
        return false;
    }
    let own = GetStaffRequest { subject: visitor.principal.subject.clone() };
    let told = StaffServiceClient::new(pages.transport_of(visitor)).get_staff(own).await;
    told.is_err_and(|status| failed(status).reason() == Reason::StaffSuspended)
}

/// What the page of one case listens to.
pub(crate) async fn of_case(
    pages: fn(&Gateway) -> &Pages,
    State(gateway): State<Gateway>,
    Path(case): Path<String>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let pages = pages(&gateway);
    let Some(visitor) = admitted(pages, &parts) else { return none() };
    let client = TrackingServiceClient::new(pages.transport_of(&visitor));
    story(client, case, place_of(&parts), visitor.guest.language).await
}
