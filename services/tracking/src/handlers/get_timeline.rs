//! `GetTimeline`: the whole story up to now.

use parasol_api::tracking::v1::{GetTimelineRequest, Timeline, TimelineEntry};
use parasol_api::{Error, Language};
use parasol_desk::Call;
use tonic::{Request, Response};

use super::{case_of, not_found};
use crate::Tracking;
use crate::watching::place::Place;

pub async fn handle(
    tracking: &Tracking,
    request: Request<GetTimelineRequest>,
) -> Result<Response<Timeline>, Error> {
    let call = Call::reading(&request, "GetTimeline")?;
    let id = case_of(&call.principal, &request.get_ref().case_id)?;
    let language = Language::of_tag(&request.get_ref().language).unwrap_or_default();
    tracking.links.note_use(&tracking.desk, &call).await?;
    let version = tracking.desk.case(&call.principal, id).await?.version;
    let history = tracking.stories.history_of(id, version).await?;
    let case = history.last().map(|scene| &scene.after).ok_or_else(not_found)?;
    let reader = tracking.reader(call.principal.role, language);
    let mut entries = Vec::with_capacity(history.len());
    for scene in history.iter().filter(|scene| reader.shows(&scene.event)) {
        entries.push(TimelineEntry::clone(&*scene.shown(&reader).await));
    }
    let (key, principal) = (&*tracking.desk.key, &call.principal);
    let place = Place { key, principal, epoch: tracking.epoch, case: id };
    let now = tracking.desk.clock.now();
    let token = place.token(case.version);
    let events = history.iter().map(|scene| &scene.event);
    Ok(Response::new(reader.timeline(case, entries, events, now, token).await))
}
