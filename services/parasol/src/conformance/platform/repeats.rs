//! The same message more than once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, ensure};
use futures::future::join_all;
use parasol_api::convert::version_of;
use parasol_api::{Error, Reason};
use parasol_runtime::transport::local;
use prost::Message as _;

use crate::conformance::checks::Seen;
use crate::conformance::cut::Cutter;
use crate::conformance::kit::Kit;
use crate::conformance::moves::{self, Moved};

/// How often a call is sent at once.
const AT_ONCE: usize = 8;
/// How often a lost answer is asked for through the way that loses it.
const TRIES_MAX: usize = 5;

/// The answer comes again, byte for byte, also after the case has gone on.
pub async fn same(kit: &mut Kit) -> anyhow::Result<Seen> {
    let (filed, offer) = kit.offered().await?;
    let ask = moves::accept(&kit.partner.clone(), &kit.head(&filed), &offer.offer_id);
    let first = kit.send(&ask).await?;
    let second = kit.send(&ask).await?;
    ensure!(first == second, "{}: the second answer differs from the first", filed.case_id);
    kit.assign(&filed).await?;
    let before = kit.stands(&filed).await?;
    let third = kit.send(&ask).await?;
    ensure!(first == third, "{}: the answer differs once the case went on", filed.case_id);
    let after = kit.stands(&filed).await?;
    ensure!(before == after, "{}: a repetition moved it", filed.case_id);
    Ok(Seen::Held(format!("{}: 3 times the same {} bytes", filed.case_id, first.len())))
}

/// Another body under the same id.
pub async fn other(kit: &mut Kit) -> anyhow::Result<Seen> {
    let (filed, offer) = kit.offered().await?;
    let (partner, head) = (kit.partner.clone(), kit.head(&filed));
    kit.moves(&moves::accept(&partner, &head, &offer.offer_id)).await?;
    let before = kit.stands(&filed).await?;
    let mut other = head;
    "another number".clone_into(&mut other.partner_order_no);
    kit.refused(&moves::accept(&partner, &other, &offer.offer_id), Reason::RequestIdReused).await?;
    let after = kit.stands(&filed).await?;
    ensure!(before == after, "{}: the refused body moved it", filed.case_id);
    Ok(Seen::Held(filed.case_id))
}

/// Many at once: one effect, and all get the one answer. Whoever is told to wait may ask again.
pub async fn at_once(kit: &mut Kit) -> anyhow::Result<Seen> {
    let (filed, offer) = kit.offered().await?;
    let (before, _) = kit.stands(&filed).await?;
    let ask = moves::accept(&kit.partner.clone(), &kit.head(&filed), &offer.offer_id);
    let wire = &kit.wire;
    let calls = (0..AT_ONCE).map(|_| wire.raw(&ask.player, ask.path, ask.body.clone()));
    let mut answers = Vec::new();
    for answer in join_all(calls).await {
        match answer {
            Ok(body) => answers.push(body),
            Err(status) if Error::from_status(&status).is_transient() => {}
            Err(status) => return Err(status.into()),
        }
    }
    answers.push(kit.send(&ask).await?);
    answers.dedup();
    ensure!(answers.len() == 1, "{}: {} different answers", filed.case_id, answers.len());
    let (after, _) = kit.stands(&filed).await?;
    let once = events_of_one(kit).await?;
    ensure!(
        after == before + once,
        "{}: {} events, where one acceptance has {once}",
        filed.case_id,
        after - before
    );
    Ok(Seen::Held(format!("{}: {AT_ONCE} calls, {once} events", filed.case_id)))
}

/// The connection breaks when the answer comes, again and again; then the answer is asked for once more.
pub async fn lost_answer(kit: &mut Kit) -> anyhow::Result<Seen> {
    let (filed, offer) = kit.offered().await?;
    let (before, _) = kit.stands(&filed).await?;
    let ask = moves::accept(&kit.partner.clone(), &kit.head(&filed), &offer.offer_id);
    let lost = Arc::new(AtomicBool::new(false));
    let mark = Arc::clone(&lost);
    let loses = move || {
        mark.store(true, Ordering::SeqCst);
        true
    };
    let cutter = Cutter::open(kit.address.clone(), loses).await.context("no port is free")?;
    let channel = local::dial(&format!("http://{}", cutter.address), &kit.limits)?;
    let wire = kit.wire.through(channel);
    for _ in 0..TRIES_MAX {
        let answer = wire.raw(&ask.player, ask.path, ask.body.clone()).await;
        ensure!(answer.is_err(), "an answer came through a way that loses all of them");
        if lost.load(Ordering::SeqCst) {
            break;
        }
    }
    ensure!(lost.load(Ordering::SeqCst), "the call never got as far as an answer");
    let body = kit.send(&ask).await.context("sent again")?;
    let view = Moved::decode(body.as_slice())?.case.unwrap_or_default();
    let (after, _) = kit.stands(&filed).await?;
    let once = events_of_one(kit).await?;
    ensure!(
        after == before + once && version_of(&view.etag) == Some(after),
        "{}: from version {before} to {after}, and the answer is of {}",
        filed.case_id,
        view.etag
    );
    Ok(Seen::Held(format!("{}: {once} events", filed.case_id)))
}

/// How many events an acceptance has that is sent once.
async fn events_of_one(kit: &mut Kit) -> anyhow::Result<u64> {
    let (filed, offer) = kit.offered().await?;
    let (before, _) = kit.stands(&filed).await?;
    let ask = moves::accept(&kit.partner.clone(), &kit.head(&filed), &offer.offer_id);
    kit.moves(&ask).await?;
    let (after, _) = kit.stands(&filed).await?;
    Ok(after - before)
}
