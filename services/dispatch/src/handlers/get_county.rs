//! `GetCounty`.

use parasol_api::admin::v1::{County as Answer, GetCountyRequest};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use parasol_journey::ids::County;
use sea_orm::EntityTrait as _;
use tonic::Request;

use crate::network::to_county;
use crate::tables::counties;
use crate::{Dispatch, unreadable};

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<GetCountyRequest>,
) -> Result<Answer, Error> {
    Call::reading(&request, "GetCounty")?;
    let mut check = Checker::new();
    let county = check.id::<County>("county", &request.get_ref().county);
    let (county,) = check.all((county,))?;
    let row = counties::Entity::find_by_id(county.as_str());
    let row = row.one(dispatch.desk.store.reader()).await.map_err(unreadable)?;
    row.map(to_county).ok_or_else(|| Error::new(Reason::NotFound))
}
