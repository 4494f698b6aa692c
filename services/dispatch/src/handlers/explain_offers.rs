//! `ExplainOffers`: how centres were chosen for a case.

use parasol_api::convert::{etag, to_timestamp};
use parasol_api::partner::v1::{
    self as v1, CentreChoice, ExplainOffersRequest, LeftOutCentre, LeftOutReason, OfferExplanation,
    PlacedCentre,
};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use parasol_journey::Case;
use parasol_journey::ids::CaseId;
use parasol_journey::time::Timestamp;
use parasol_runtime::identity::{Principal, Role};
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use tonic::Request;

use crate::choosing::{LeftOut, Lender, Placed, Ranking, Unfit};
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
    let desk = dispatch.desk.within(&call.principal);
    let case = desk.case(&call.principal, case).await?;
    let mut rows = choices::Entity::find()
        .filter(choices::Column::CaseId.eq(case.id.uuid()))
        .order_by(choices::Column::Version, Order::Desc)
        .limit(CHOICES_MAX)
        .all(desk.store.reader())
        .await
        .map_err(unreadable)?;
    rows.reverse();
    let choices = rows
        .into_iter()
        .map(|row| choice(row, &case, &call.principal))
        .collect::<Result<_, _>>()?;
    Ok(OfferExplanation { choices })
}

fn choice(row: choices::Model, case: &Case, principal: &Principal) -> Result<CentreChoice, Error> {
    let mut ranking: Ranking = serde_json::from_str(&row.ranking).map_err(Error::internal)?;
    let own = case.filing.brand.as_str();
    let network = ranking.chosen().map(|(_, lender)| lender.map_or(own, |lender| lender.as_str()));
    let network = network.unwrap_or_default().to_owned();
    hide(&mut ranking, own, principal);
    Ok(CentreChoice {
        network,
        centre: row.centre,
        chosen_at: Some(to_timestamp(Timestamp::from_micros(row.at))),
        etag: etag(u64::try_from(row.version).unwrap_or_default()),
        brand_known: ranking.brand_known,
        placed: ranking.placed.into_iter().map(placed).collect(),
        left_out: ranking.left_out.into_iter().map(left_out).collect(),
        further: number(ranking.further),
        lenders: ranking.lenders.into_iter().map(lender).collect(),
    })
}

/// How full and how good another brand's centres are is no business of a brand's: it is told that they were
/// asked, and of its own centres how they did.
fn hide(ranking: &mut Ranking, own: &str, principal: &Principal) {
    let may_see = |brand: &str| principal.role != Role::Brand || principal.subject == brand;
    let all = ranking.lenders.iter_mut().map(|one| (one.brand.as_str(), &mut one.ranking));
    for (brand, ranking) in all {
        if !may_see(brand) {
            ranking.placed.clear();
            ranking.left_out.clear();
        }
    }
    if !may_see(own) {
        ranking.placed.clear();
        ranking.left_out.clear();
    }
}

fn lender(lender: Lender) -> v1::Lender {
    let Ranking { brand_known, placed: theirs, left_out: others, .. } = lender.ranking;
    v1::Lender {
        brand: lender.brand.as_str().to_owned(),
        brand_known,
        placed: theirs.into_iter().map(placed).collect(),
        left_out: others.into_iter().map(left_out).collect(),
    }
}

fn number(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

fn placed(one: Placed) -> PlacedCentre {
    PlacedCentre {
        centre: one.centre.as_str().to_owned(),
        same_county: one.same_county,
        given_today: number(one.given_today),
        visits: number(one.visits),
        distance_m: one.distance_m.map(|metres| i64::try_from(metres).unwrap_or(i64::MAX)),
        distance_points: number(one.points.distance),
        load_points: number(one.points.load),
        score_points: number(one.points.score),
        history_points: number(one.points.history),
        points: number(one.mean),
    }
}

fn left_out(one: LeftOut) -> LeftOutCentre {
    let reason = match one.because {
        Unfit::PassedOver => LeftOutReason::PassedOver,
        Unfit::InspectedBefore => LeftOutReason::InspectedBefore,
        Unfit::BrandSuspended => LeftOutReason::BrandSuspended,
        Unfit::BrandNotValid => LeftOutReason::BrandNotValid,
        Unfit::CentreSuspended => LeftOutReason::CentreSuspended,
        Unfit::CentreNotValid => LeftOutReason::CentreNotValid,
        Unfit::CategoryNotServed => LeftOutReason::CategoryNotServed,
        Unfit::CoverageNotValid => LeftOutReason::CoverageNotValid,
        Unfit::NoCapacity => LeftOutReason::NoCapacity,
        Unfit::DepositShort => LeftOutReason::DepositShort,
        Unfit::NobodyCertified => LeftOutReason::NobodyCertified,
        Unfit::Closed => LeftOutReason::Closed,
        Unfit::Away => LeftOutReason::Away,
        Unfit::FullToday => LeftOutReason::FullToday,
    };
    LeftOutCentre { centre: one.centre.as_str().to_owned(), reason: reason.into() }
}
