//! `ExplainOffers`: how centres were chosen for a case.

use parasol_api::convert::{etag, to_timestamp};
use parasol_api::partner::v1::{
    CentreChoice, ExplainOffersRequest, LeftOutCentre, LeftOutReason, OfferExplanation,
    PlacedCentre,
};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use parasol_journey::ids::CaseId;
use parasol_journey::time::Timestamp;
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use tonic::Request;

use crate::choosing::{LeftOut, Placed, Ranking, Unfit};
use crate::tables::choices;
use crate::{Dispatch, unreadable};

/// The most choices that are told.
const CHOICES_MAX: u64 = 50;

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<ExplainOffersRequest>,
) -> Result<OfferExplanation, Error> {
    let call = Call::reading(&request, "ExplainOffers")?;
    let mut check = Checker::new();
    let case = check.id::<CaseId>("case_id", &request.get_ref().case_id);
    let (case,) = check.all((case,))?;
    let case = dispatch.desk.case(&call.principal, case).await?;
    let mut rows = choices::Entity::find()
        .filter(choices::Column::CaseId.eq(case.id.uuid()))
        .order_by(choices::Column::Version, Order::Desc)
        .limit(CHOICES_MAX)
        .all(dispatch.desk.store.reader())
        .await
        .map_err(unreadable)?;
    rows.reverse();
    let choices = rows.into_iter().map(choice).collect::<Result<_, _>>()?;
    Ok(OfferExplanation { choices })
}

fn choice(row: choices::Model) -> Result<CentreChoice, Error> {
    let ranking: Ranking = serde_json::from_str(&row.ranking).map_err(Error::internal)?;
    Ok(CentreChoice {
        centre: row.centre,
        chosen_at: Some(to_timestamp(Timestamp::from_micros(row.at))),
        etag: etag(u64::try_from(row.version).unwrap_or_default()),
        brand_known: ranking.brand_known,
        placed: ranking.placed.into_iter().map(placed).collect(),
        left_out: ranking.left_out.into_iter().map(left_out).collect(),
    })
}

fn placed(one: Placed) -> PlacedCentre {
    let count = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    PlacedCentre {
        centre: one.centre.as_str().to_owned(),
        same_county: one.same_county,
        given_today: count(one.given_today),
        visits: count(one.visits),
    }
}

fn left_out(one: LeftOut) -> LeftOutCentre {
    let reason = match one.because {
        Unfit::PassedOver => LeftOutReason::PassedOver,
        Unfit::CategoryNotServed => LeftOutReason::CategoryNotServed,
        Unfit::NoCapacity => LeftOutReason::NoCapacity,
        Unfit::FullToday => LeftOutReason::FullToday,
    };
    LeftOutCentre { centre: one.centre.as_str().to_owned(), reason: reason.into() }
}
