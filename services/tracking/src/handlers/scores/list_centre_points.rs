//! `ListCentrePoints`: what the choice of a centre asks for.

use parasol_api::limits::FOREIGN_NUMBER_MAX;
use parasol_api::tracking::v1::{CentrePoints, ListCentrePointsRequest, ListCentrePointsResponse};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use tonic::Request;

use crate::Tracking;
use crate::scores::read;
use crate::scores::views::small;

/// Centres asked about at once.
const CENTRES_MAX: usize = 500;

pub async fn handle(
    tracking: &Tracking,
    request: Request<ListCentrePointsRequest>,
) -> Result<ListCentrePointsResponse, Error> {
    Call::reading(&request, "ListCentrePoints")?;
    let request = request.into_inner();
    let mut check = Checker::new();
    check.at_most("centres", &request.centres, CENTRES_MAX);
    for centre in request.centres.iter().take(CENTRES_MAX) {
        check.text("centres", centre, FOREIGN_NUMBER_MAX);
    }
    check.finish()?;
    let found = read::centre_points(&tracking.desk.store, &request.centres).await?;
    let Some((month, points)) = found else { return Ok(ListCentrePointsResponse::default()) };
    let points = points.into_iter();
    let centres = points.map(|(centre, points)| CentrePoints { centre, points: small(points) });
    Ok(ListCentrePointsResponse { period: month.to_string(), centres: centres.collect() })
}
