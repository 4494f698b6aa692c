//! `PublishChecklist`: a form that from now on is filled at every inspection of its category.

use parasol_api::admin::v1::PublishChecklistRequest;
use parasol_api::common::v1::Checklist;
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use tonic::Request;

use crate::Scheduling;
use crate::checklists::publish;
use crate::checklists::shelf::{self, Form};

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<PublishChecklistRequest>,
) -> Result<Checklist, Error> {
    let message = request.get_ref();
    let call = Call::changing(&request, "PublishChecklist", &message.request_id)?;
    let mut check = Checker::new();
    let wire = check.present("checklist", &message.checklist);
    let form = wire.and_then(|wire| check.within("checklist", |check| publish::check(check, wire)));
    let ((category, content),) = check.all((form,))?;

    let desk = &scheduling.desk;
    if let Some(saved) = desk.saved(&call).await? {
        return Ok(saved);
    }
    let now = desk.clock.now();
    let (rows, form) = match shelf::form(&desk.store, &content.checklist).await? {
        Some(known) if known.content == content => (Vec::new(), known),
        Some(_) => {
            let why = "a new name: this one is published with other content";
            return Err(Error::field("checklist.checklist", Reason::ChecklistInvalid, why));
        }
        None => {
            let rows = vec![shelf::published(category, &content, now)];
            (rows, Form { content, published_at: now, superseded_at: None })
        }
    };
    desk.record(&call, rows, &form.into_wire(), Reason::ChecklistInvalid).await
}
