//! Published scores of centres, asked of whoever counts them.
//!
//! A month's scores stand for a month, so they are remembered for ten minutes. Where nobody answers in time, or a
//! centre has no published score, the choice goes by what it went by before.

use std::collections::HashMap;
use std::time::Duration;

use moka::sync::Cache;
use parasol_api::tracking::v1::ListCentrePointsRequest;
use parasol_api::tracking::v1::score_service_client::ScoreServiceClient;
use parasol_journey::time::{MINUTE, Span, Timestamp};
use parasol_runtime::transport::Transport;

/// Centres whose scores are remembered.
const REMEMBERED_MAX: u64 = 50_000;
/// How long.
const REMEMBERED_FOR: Span = Span::from_micros(10 * MINUTE);
/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(2);
/// Centres asked about at once.
const ASKED_MAX: usize = 500;

/// The way to the scores, with what was heard lately. Clones share it.
#[derive(Clone)]
pub struct CentreScores {
    client: Option<ScoreServiceClient<Transport>>,
    known: Cache<String, (Timestamp, Option<u32>)>,
}

impl CentreScores {
    /// Scores over this way; without one nobody has a published score.
    pub fn new(way: Option<Transport>) -> Self {
        let client = way.map(ScoreServiceClient::new);
        Self { client, known: Cache::new(REMEMBERED_MAX) }
    }

    /// The published points of centres, 0 to 1,000; those without are left out.
    pub async fn of(&self, centres: &[&str], now: Timestamp) -> HashMap<String, u32> {
        let Some(client) = &self.client else { return HashMap::new() };
        let (mut found, mut missing) = (HashMap::new(), Vec::new());
        for centre in centres {
            match self.known.get(*centre).filter(|(at, _)| *at <= now && now < *at + REMEMBERED_FOR)
            {
                Some((_, Some(points))) => drop(found.insert((*centre).to_owned(), points)),
                Some((_, None)) => {}
                None => missing.push((*centre).to_owned()),
            }
        }
        for asked in missing.chunks(ASKED_MAX) {
            let request = ListCentrePointsRequest { centres: asked.to_vec() };
            let mut client = client.clone();
            let answer = tokio::time::timeout(ANSWER_MAX, client.list_centre_points(request)).await;
            let answer = match answer {
                Ok(Ok(answer)) => answer.into_inner(),
                Ok(Err(error)) => {
                    tracing::debug!(%error, "no published scores");
                    return found;
                }
                Err(_) => {
                    tracing::debug!("no published scores in time");
                    return found;
                }
            };
            let told = answer.centres.into_iter();
            let told: HashMap<String, u32> = told
                .filter_map(|one| Some((one.centre, u32::try_from(one.points).ok()?)))
                .collect();
            for centre in asked {
                let points = told.get(centre).copied();
                self.known.insert(centre.clone(), (now, points));
                found.extend(points.map(|points| (centre.clone(), points)));
            }
        }
        found
    }
}
