//! `GetScorecard`: the figures of one subject for one month, with all they follow from.

use parasol_api::convert::to_timestamp;
use parasol_api::tracking::v1::{GetScorecardRequest, ScorePeriodState, Scorecard};
use parasol_api::{Checker, Error, Language, Reason};
use parasol_runtime::identity::Principal;
use tonic::Request;

use super::{month, whose};
use crate::Tracking;
use crate::scores::indicator::Level;
use crate::scores::points::standing;
use crate::scores::read::{self, Stand};
use crate::scores::views::{self, Sight, small, to_level};

pub async fn handle(
    tracking: &Tracking,
    request: Request<GetScorecardRequest>,
) -> Result<Scorecard, Error> {
    let caller = request.extensions().get::<Principal>().cloned();
    let request = request.into_inner();
    let mut check = Checker::new();
    let whose = whose(&mut check, request.level, &request.subject, request.category);
    let month = month(&mut check, &request.period);
    let (whose, month) = check.all((whose, month))?;
    let language = Language::of_tag(&request.language).unwrap_or_default();
    let (store, now) = (&tracking.desk.store, tracking.desk.clock.now());
    let missing = || Error::new(Reason::NotFound);
    let month = match month {
        Some(month) => month,
        None => read::last_published(store).await?.ok_or_else(missing)?,
    };
    let sight = views::sight(&tracking.people, caller.as_ref(), whose.level, &whose.subject).await;
    let stand = read::stand(store, month, now).await?;
    let (state, published_at, needed) = match stand {
        Stand::Running => (ScorePeriodState::Running, month.published_at(), Sight::Own),
        Stand::Preview => (ScorePeriodState::Preview, month.published_at(), Sight::Own),
        Stand::Published(at) => (ScorePeriodState::Published, at, Sight::Published),
    };
    if sight < needed {
        return Err(missing());
    }
    let shown = match stand {
        Stand::Published(_) => read::published(store, &whose, month).await?,
        _ => read::standing_now(store, &whose, month).await?,
    };
    if shown.is_empty() {
        return Err(missing());
    }
    let told = shown.iter().map(|(id, shown)| (*id, shown.told)).collect();
    let stands = standing(whose.level, &told);
    let mut card = Scorecard {
        level: to_level(whose.level).into(),
        subject: whose.subject.clone(),
        category: views::category(whose.category),
        period: month.to_string(),
        state: state.into(),
        published_at: Some(to_timestamp(published_at)),
        points: small(stands.points),
        insufficient: !stands.is_ranked,
        ..Scorecard::default()
    };
    (card.figures, card.indicators) =
        views::figures(whose.level, &shown, sight >= Sight::Own, language);
    // Ranks of people and centres are the house's; those of brands are everybody's.
    if (whose.level == Level::Brand || sight == Sight::All)
        && let Some(stood) = read::stood(store, &whose, month).await?
    {
        (card.rank, card.ranked) = (small(stood.rank), small(stood.ranked));
    }
    if let (Level::Brand, Some(category)) = (whose.level, whose.category) {
        let baseline = read::baseline(store, category).await?;
        card.flow = views::flow(&shown, baseline.as_ref());
        if let Some(brand) = tracking.people.brand(&whose.subject).await {
            (card.name_zh, card.name_en) = (brand.name_zh.clone(), brand.name_en.clone());
        }
    }
    Ok(card)
}
