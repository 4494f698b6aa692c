//! `GetBrand`.

use parasol_api::admin::v1::{Brand, GetBrandRequest};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use parasol_journey::ids::BrandId;
use parasol_runtime::identity::Role;
use tonic::Request;

use super::members::Resource as _;
use crate::Dispatch;
use crate::network::to_brand;
use crate::tables::brands;

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<GetBrandRequest>,
) -> Result<Brand, Error> {
    let call = Call::reading(&request, "GetBrand")?;
    let mut check = Checker::new();
    let id = check.id::<BrandId>("brand", &request.get_ref().brand);
    let (id,) = check.all((id,))?;
    if call.principal.role == Role::Brand && call.principal.subject != id.as_str() {
        return Err(Error::new(Reason::NotFound));
    }
    brands::Model::find(&dispatch.desk.store, id.as_str()).await.map(to_brand)
}
