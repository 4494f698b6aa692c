//! `ListRanking`: who is best in a published month.

use parasol_api::convert::to_timestamp;
use parasol_api::tracking::v1::{ListRankingRequest, ListRankingResponse, RankingRow};
use parasol_api::{Checker, Error, Reason, Role};
use parasol_desk::Purpose;
use parasol_runtime::identity::Principal;
use prost::Message as _;
use tonic::Request;

use super::{category, level, month};
use crate::Tracking;
use crate::scores::indicator::Level;
use crate::scores::read::{self, Stand, groups_of};
use crate::scores::tables::score_standings;
use crate::scores::views::small;

/// Months that are named beside a ranking.
const MONTHS_SHOWN_MAX: u64 = 24;

pub async fn handle(
    tracking: &Tracking,
    request: Request<ListRankingRequest>,
) -> Result<ListRankingResponse, Error> {
    let caller = request.extensions().get::<Principal>().cloned();
    let request = request.into_inner();
    let mut check = Checker::new();
    let size = check.page_size(request.page_size);
    let level = level(&mut check, request.level);
    let category = category(&mut check, level, request.category);
    let month = month(&mut check, &request.period);
    let (size, level, category, month) = check.all((size, level, category, month))?;
    let missing = || Error::new(Reason::NotFound);
    let is_inside = caller.as_ref().is_some_and(|caller| {
        matches!(caller.role, Role::Manager | Role::Operator | Role::Service)
    });
    if level != Level::Brand && !is_inside {
        return Err(missing());
    }
    let store = &tracking.desk.store;
    let month = match month {
        Some(month) => month,
        None => read::last_published(store).await?.ok_or_else(missing)?,
    };
    let Stand::Published(at) = read::stand(store, month, tracking.desk.clock.now()).await? else {
        return Err(missing());
    };
    let query = ListRankingRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let bound = query.encode_to_vec();
    // Nobody in particular reads a public list.
    let reader = caller.unwrap_or_else(|| Principal::new(Role::Link, "public"));
    let key = &*tracking.desk.key;
    let pages = Purpose { key, domain: "ranking-page", principal: &reader, bound: &bound };
    let after = match pages.after(&request.page_token)?.as_str() {
        "" => 0,
        text => text.parse().map_err(|_| Error::new(Reason::PageTokenInvalid))?,
    };
    let page = (after, size as u64 + 1);
    let mut rows = read::ranking(store, level, category, month, page).await?;
    let has_more = rows.len() > size;
    rows.truncate(size);
    let last = rows.last().filter(|_| has_more);
    let next_page_token =
        last.map_or_else(String::new, |row| pages.seal(row.place.to_string().as_bytes()));
    let subjects: Vec<String> = rows.iter().map(|row| row.subject.clone()).collect();
    let restated = read::are_restated(store, level, category, month, &subjects).await?;
    let mut shown = Vec::with_capacity(rows.len());
    for row in rows {
        let restated = restated.contains(&row.subject);
        let brand = match level {
            Level::Brand => tracking.people.brand(&row.subject).await,
            _ => None,
        };
        let mut row = to_row(row, restated);
        if let Some(brand) = brand {
            (row.name_zh, row.name_en) = (brand.name_zh.clone(), brand.name_en.clone());
        }
        shown.push(row);
    }
    Ok(ListRankingResponse {
        period: month.to_string(),
        published_at: Some(to_timestamp(at)),
        rows: shown,
        next_page_token,
        periods: read::months(store, MONTHS_SHOWN_MAX).await?,
    })
}

fn to_row(row: score_standings::Model, restated: bool) -> RankingRow {
    let has_rank = row.rank > 0;
    let groups = groups_of(&row.groups);
    RankingRow {
        rank: small(row.rank),
        subject: row.subject,
        points: if has_rank { small(row.points) } else { 0 },
        group_points: groups.iter().map(|points| points.map_or(-1, small)).collect(),
        insufficient: !has_rank,
        cases: row.cases,
        restated,
        best_of_year: row.best_of_year == 1,
        ..RankingRow::default()
    }
}
