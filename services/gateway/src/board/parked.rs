//! Work that was given up after its last attempt, and driving it again.

use axum::extract::{Request, State};
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::admin::v1::operations_service_client::OperationsServiceClient;
use parasol_api::admin::v1::{ListParkedTasksRequest, ParkedTask, RedriveTaskRequest};
use parasol_api::convert::timestamp;
use parasol_api::limits::REMARK_MAX;
use parasol_api::{Error, Language};

use super::{HOME, overview};
use crate::Gateway;
use crate::staff::words::short;
use crate::web::controls::{Filled, Look, alert, hidden};
use crate::web::form::{Form, REQUEST_ID};
use crate::web::page::redirect;
use crate::web::posted::Posted;
use crate::web::session::Visitor;
use crate::web::words::Pick as _;
use crate::web::{Pages, failed, times};

/// Tasks shown.
const SHOWN: i32 = 20;

/// A task that could not be driven, with what was typed.
pub(super) struct Refused {
    pub form: Form,
    pub error: Error,
}

/// The parked tasks, the oldest first, each with its form.
pub(super) async fn shown(pages: &Pages, visitor: &Visitor, refused: Option<&Refused>) -> Markup {
    let language = visitor.guest.language;
    let request = ListParkedTasksRequest { page_size: SHOWN, ..Default::default() };
    let mut client = OperationsServiceClient::new(pages.transport_of(visitor));
    let answer = match client.list_parked_tasks(request).await {
        Ok(answer) => answer.into_inner(),
        Err(status) => return alert(&failed(status), language),
    };
    html! {
        @if answer.tasks.is_empty() {
            p.empty { (language.pick("没有搁置的任务。", "Nothing is parked.")) }
        }
        @for (place, task) in answer.tasks.iter().enumerate() {
            @let again = refused.filter(|refused| refused.form.get("task_id") == task.task_id);
            (one(pages, visitor, (place, task), again))
        }
        @if !answer.next_page_token.is_empty() {
            p.hint { (language.pick("还有更多。", "There are more.")) }
        }
    }
}

fn one(
    pages: &Pages,
    visitor: &Visitor,
    (place, task): (usize, &ParkedTask),
    refused: Option<&Refused>,
) -> Markup {
    let language = visitor.guest.language;
    let empty = Form::default();
    let of = format!("redrive-{place}");
    let filled = Filled {
        of: &of,
        language,
        form: refused.map_or(&empty, |refused| &refused.form),
        error: refused.map(|refused| &refused.error),
    };
    let label = language.pick("原因", "Why");
    let look = Look { required: true, max: REMARK_MAX, ..Look::default() };
    html! {
        details.card open[refused.is_some()] {
            summary {
                code { (task.kind) } " · …" (short(&task.case_id)) " · "
                (task.attempts) (language.pick(" 次", " attempts"))
            }
            p.text { (task.error) }
            @if let Some(due) = task.due.as_ref().and_then(timestamp) {
                p.hint { (language.pick("应于 ", "Due ")) (times::at(due, language)) }
            }
            form method="post" action={ (HOME) "/redrive" } {
                (hidden(pages, visitor, &filled))
                input type="hidden" name="task_id" value=(task.task_id);
                (filled.input("reason", label, look))
                button.main { (language.pick("重新执行", "Drive again")) }
            }
        }
    }
}

/// `POST /board/redrive`.
pub(super) async fn redrive(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.board;
    let posted = match Posted::of(pages, request).await {
        Ok(posted) => posted,
        Err(door) => return *door,
    };
    let redriven = posted.then(async {
        let form = &posted.form;
        let request = RedriveTaskRequest {
            request_id: form.text(REQUEST_ID),
            task_id: form.text("task_id"),
            reason: form.text("reason"),
        };
        let mut client = OperationsServiceClient::new(pages.transport_of(&posted.visitor));
        client.redrive_task(request).await.map(|_| ()).map_err(failed)
    });
    let redriven = redriven.await;
    let Posted { visitor, form, .. } = posted;
    match redriven {
        Ok(()) => redirect(&format!("{HOME}?done=redrive"), &visitor.guest),
        Err(error) => {
            let refused = Refused { form, error };
            overview::board(pages, &visitor, &Form::default(), Some(&refused)).await
        }
    }
}

/// That a task was driven, if the address says so.
pub(super) fn notice(query: &Form, language: Language) -> Markup {
    html! {
        @if query.get("done") == "redrive" {
            p #done.notice role="status" { (language.pick("任务已重新执行。", "The task is at work again.")) }
        }
    }
}
