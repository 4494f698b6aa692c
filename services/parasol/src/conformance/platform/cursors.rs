//! Cursors: whoever keeps one misses nothing.
//!
//! They read what the run itself has done. A change that was overtaken is told once, as it is now, so two
//! readings of the same part tell the same.

use std::collections::BTreeSet;

use anyhow::ensure;
use parasol_api::Reason;
use parasol_api::partner::v1::ListWorkOrdersRequest;
use prost::Message as _;

use crate::conformance::checks::Seen;
use crate::conformance::kit::Kit;
use crate::conformance::moves::Ask;

/// Sizes of pages; the last one holds everything a run does.
const PAGE_SIZES: [i32; 4] = [1, 2, 7, 200];

/// Every size of page tells the same, and every case of the run.
pub async fn pages(kit: &mut Kit) -> anyhow::Result<Seen> {
    let mut before: Option<Vec<String>> = None;
    for size in PAGE_SIZES {
        let told = own(kit, size).await?;
        let seen: BTreeSet<_> = told.iter().filter_map(|name| name.split(' ').next()).collect();
        for filed in &kit.cases {
            ensure!(
                seen.contains(filed.case_id.as_str()),
                "pages of {size} miss {}",
                filed.case_id
            );
        }
        if let Some(before) = &before {
            ensure!(*before == told, "pages of {size} tell something else than smaller ones");
        }
        before = Some(told);
    }
    let changes = before.map_or(0, |told| told.len());
    Ok(Seen::Held(format!("{} cases, {changes} changes", kit.cases.len())))
}

/// From the cursor of every page exactly the rest.
pub async fn resume(kit: &mut Kit) -> anyhow::Result<Seen> {
    let all = kit.changes(&kit.partner, &kit.begin, 3).await?;
    let mut places = 0;
    for (nth, (_, cursor)) in all.iter().enumerate() {
        let is_last_of_its_page = all.get(nth + 1).is_none_or(|(_, next)| next != cursor);
        if !is_last_of_its_page {
            continue;
        }
        places += 1;
        let rest = kit.changes(&kit.partner, cursor, 50).await?;
        let expected = &all[nth + 1..];
        let same = rest.iter().map(|(name, _)| name).eq(expected.iter().map(|(name, _)| name));
        ensure!(same, "after change {}: {} instead of {}", nth + 1, rest.len(), expected.len());
    }
    Ok(Seen::Held(format!("{places} cursors of {} changes", all.len())))
}

/// The stream and the pages, from the same cursor.
pub async fn stream(kit: &mut Kit) -> anyhow::Result<Seen> {
    let all = kit.changes(&kit.partner, &kit.begin, 200).await?;
    let Some((last, _)) = all.last() else { anyhow::bail!("the run has changed nothing") };
    let told = kit.streamed(&kit.begin, last).await?;
    ensure!(told.iter().eq(all.iter().map(|(name, _)| name)), "the stream tells something else");
    Ok(Seen::Held(format!("{} changes", told.len())))
}

/// What is no cursor of the caller's is no place to go on from.
pub async fn foreign(kit: &mut Kit) -> anyhow::Result<Seen> {
    for (player, cursor) in
        [(kit.partner.clone(), "nonsense".to_owned()), (kit.stranger.clone(), kit.begin.clone())]
    {
        let body = ListWorkOrdersRequest { cursor, page_size: 1 }.encode_to_vec();
        let path = "/parasol.partner.v1.OfferService/ListWorkOrders";
        kit.refused(&Ask { player, path, body }, Reason::ResyncRequired).await?;
    }
    Ok(Seen::Held("2 cursors refused".to_owned()))
}

/// The changes of this run's own cases, read with this size of page.
async fn own(kit: &Kit, size: i32) -> anyhow::Result<Vec<String>> {
    let cases: BTreeSet<_> = kit.cases.iter().map(|filed| filed.case_id.as_str()).collect();
    let told = kit.changes(&kit.partner, &kit.begin, size).await?;
    let is_own = |name: &String| name.split(' ').next().is_some_and(|case| cases.contains(case));
    Ok(told.into_iter().map(|(name, _)| name).filter(is_own).collect())
}
