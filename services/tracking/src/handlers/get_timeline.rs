//! `GetTimeline`: the whole story up to now.

use parasol_api::tracking::v1::{GetTimelineRequest, Timeline};
use parasol_api::{Error, Language, Reason};
use parasol_desk::Call;
use tonic::{Request, Response};

use super::{check_case, folded, log};
use crate::Tracking;
use crate::token::Place;
use crate::views::Reader;

pub async fn handle(
    tracking: &Tracking,
    request: Request<GetTimelineRequest>,
) -> Result<Response<Timeline>, Error> {
    let call = Call::reading(&request, "GetTimeline")?;
    let id = check_case(&request.get_ref().case_id)?;
    let language = Language::of_tag(&request.get_ref().language).unwrap_or_default();
    tracking.desk.case(&call.principal, id).await?;
    let log = log(tracking, id).await?;
    let mut steps = Vec::with_capacity(log.len());
    let case = folded(id, &log, |event, after| steps.push((event.clone(), after.clone())));
    let case = case.ok_or_else(|| Error::new(Reason::NotFound))?;
    let (people, store) = (&tracking.people, &tracking.desk.store);
    let reader = Reader { people, store, role: call.principal.role, language };
    let mut entries = Vec::with_capacity(steps.len());
    for (event, after) in steps.iter().filter(|(event, _)| reader.shows(event)) {
        entries.push(reader.entry(event, after).await);
    }
    let (key, principal) = (&*tracking.desk.key, &call.principal);
    let place = Place { key, principal, epoch: tracking.epoch, case: id };
    let now = tracking.desk.clock.now();
    let token = place.token(case.version);
    Ok(Response::new(reader.timeline(&case, entries, now, token).await))
}
