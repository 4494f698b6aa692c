//! What the partner asks of the platform.

use std::collections::HashMap;

use anyhow::{bail, ensure};
use uuid::Uuid;

use super::proxy::Fault;
use super::relay::Rule;
use super::stage::Stage;
use crate::conformance::checks::Seen;

/// A case is worked from the offer to the repair.
pub async fn worked(stage: &mut Stage) -> anyhow::Result<Seen> {
    let filed = stage.file(Rule::Pass).await?;
    stage.worked(&filed).await?;
    let calls = stage.is_said_once(&filed)?;
    Ok(Seen::Held(format!("{}: {calls} changes over REST", filed.case_id)))
}

/// Every change so far carries a UUID, and no two bodies share one.
pub async fn request_ids(stage: &mut Stage) -> anyhow::Result<Seen> {
    let calls = stage.proxy.calls();
    if calls.is_empty() {
        return Ok(Seen::NotHere("the partner changes nothing over REST".to_owned()));
    }
    let mut bodies = HashMap::new();
    for call in &calls {
        let id = Uuid::parse_str(&call.request_id);
        ensure!(id.is_ok(), "{}: {:?} is no UUID", call.path, call.request_id);
        let key = (&call.path, &call.request_id);
        let first = bodies.entry(key).or_insert(&call.body);
        let refused = call.status >= 400;
        ensure!(*first == &call.body || refused, "{}: two bodies under one id", call.path);
        ensure!(call.reason != "REQUEST_ID_REUSED", "{}: two bodies under one id", call.path);
    }
    Ok(Seen::Held(format!("{} changes", calls.len())))
}

/// An answer is lost after the platform has done what was asked; the partner asks again and gets it.
pub async fn lost_answer(stage: &mut Stage) -> anyhow::Result<Seen> {
    stage.lose_next();
    let filed = stage.file(Rule::Pass).await?;
    stage.worked(&filed).await?;
    let calls = stage.proxy.of(&filed.case_id);
    let Some(lost) = calls.iter().position(|call| call.status == 0) else {
        let lost = stage.lost_over_grpc();
        stage.proxy.forget_fault();
        ensure!(lost > 0, "no answer could be lost");
        return Ok(Seen::Held(format!("{}: over gRPC", filed.case_id)));
    };
    let first = &calls[lost];
    let again = calls[lost + 1..].iter().find(|call| call.path == first.path);
    match again {
        None => bail!("{}: not asked again after its answer was lost", first.path),
        Some(again) => ensure!(
            again.request_id == first.request_id && again.body == first.body,
            "{}: asked again with another id or another body",
            first.path
        ),
    }
    stage.is_said_once(&filed)?;
    Ok(Seen::Held(first.path.clone()))
}

/// The platform says that it is not there for a second; the partner asks again.
pub async fn unavailable(stage: &mut Stage) -> anyhow::Result<Seen> {
    if stage.proxy.calls().is_empty() {
        return Ok(Seen::NotHere("the partner changes nothing over REST".to_owned()));
    }
    stage.proxy.fail_next(Fault::Unavailable);
    let filed = stage.file(Rule::Pass).await?;
    stage.worked(&filed).await?;
    let calls = stage.proxy.of(&filed.case_id);
    let Some(place) = calls.iter().position(|call| call.status == 503) else {
        bail!("{}: no call met the fault", filed.case_id)
    };
    let first = &calls[place];
    let again = calls[place + 1..].iter().find(|call| call.path == first.path);
    let is_same = again.is_some_and(|again| again.request_id == first.request_id);
    ensure!(is_same, "{}: not asked again under its request id", first.path);
    Ok(Seen::Held(first.path.clone()))
}

/// An offer that is gone when the partner hears of it: it is refused or kept, and other cases go on.
pub async fn goes_on(stage: &mut Stage) -> anyhow::Result<Seen> {
    if stage.relay.is_none() {
        return Ok(Seen::NotHere("the partner takes no webhooks".to_owned()));
    }
    let gone = stage.file(Rule::Hold).await?;
    let held = stage.first(&gone).await?;
    stage.kit.cancel(&gone).await?;
    if let Some(relay) = &stage.relay {
        relay.treat_new(Rule::Pass);
        let (status, _) = relay.send(held.headers.clone(), &held.body).await;
        ensure!((200..300).contains(&status), "the delivery was answered with {status}");
    }
    let next = stage.file(Rule::Pass).await?;
    stage.worked(&next).await?;
    let tried = stage.proxy.of(&gone.case_id).len();
    Ok(Seen::Held(format!("{}: asked {tried} times, then {}", gone.case_id, next.case_id)))
}
