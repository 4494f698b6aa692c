//! `ListScoreCases`: the cases behind one figure.

use parasol_api::convert::to_timestamp;
use parasol_api::tracking::v1::{ListScoreCasesRequest, ListScoreCasesResponse, ScoreCase};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, Purpose};
use parasol_journey::time::Timestamp;
use prost::Message as _;
use tonic::Request;
use uuid::Uuid;

use super::{indicator, required_month, whose};
use crate::Tracking;
use crate::scores::sheets::{self, Occurrence};
use crate::scores::views::{Sight, sight};

pub async fn handle(
    tracking: &Tracking,
    request: Request<ListScoreCasesRequest>,
) -> Result<ListScoreCasesResponse, Error> {
    let call = Call::reading(&request, "ListScoreCases")?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let size = check.page_size(request.page_size);
    let whose = whose(&mut check, request.level, &request.subject, request.category);
    let month = required_month(&mut check, &request.period);
    let indicator = indicator(&mut check, &request.indicator);
    let (size, whose, month, indicator) = check.all((size, whose, month, indicator))?;
    let missing = || Error::new(Reason::NotFound);
    let seen = sight(&tracking.people, Some(&call.principal), whose.level, &whose.subject).await;
    if seen < Sight::Own || !indicator.row().levels.contains(&whose.level) {
        return Err(missing());
    }
    let query =
        ListScoreCasesRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let bound = query.encode_to_vec();
    let (key, principal) = (&*tracking.desk.key, &call.principal);
    let pages = Purpose { key, domain: "score-cases-page", principal, bound: &bound };
    let after = match pages.after(&request.page_token)?.as_str() {
        "" => (Uuid::nil(), 0),
        text => place(text).ok_or_else(|| Error::new(Reason::PageTokenInvalid))?,
    };
    let figure = whose.figure(indicator, month);
    let store = &tracking.desk.store;
    let mut rows = sheets::after(store, &figure, after, size + 1).await?;
    let has_more = rows.len() > size;
    rows.truncate(size);
    let last = rows.last().filter(|_| has_more);
    let next_page_token = last.map_or_else(String::new, |row| {
        pages.seal(format!("{}/{}", row.case.uuid().simple(), row.line.seq).as_bytes())
    });
    let cases = rows.iter().map(case).collect();
    Ok(ListScoreCasesResponse { cases, next_page_token })
}

fn place(text: &str) -> Option<(Uuid, u64)> {
    let (case, seq) = text.split_once('/')?;
    Some((Uuid::try_parse(case).ok()?, seq.parse().ok()?))
}

fn case(one: &Occurrence) -> ScoreCase {
    ScoreCase {
        case_id: one.case.to_string(),
        seq: i64::try_from(one.line.seq).unwrap_or(i64::MAX),
        value: one.line.value,
        excluded: one.line.excluded.clone(),
        at: Some(to_timestamp(Timestamp::from_micros(one.line.at))),
    }
}
