//! `UpdateBrand`, `UpdateCentre`, `UpdateTechnician`: the named fields of what is stored change, and the
//! whole is then checked and written as a row of an import is.

use std::iter;

use parasol_api::admin::v1::{
    Brand, Centre, ImportNetworkRequest, Technician, UpdateBrandRequest, UpdateCentreRequest,
    UpdateTechnicianRequest,
};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use parasol_journey::ids::{BrandId, CentreId, TechnicianId};
use prost_types::FieldMask;
use tonic::Request;

use super::members::{Resource, check_version};
use crate::Dispatch;
use crate::import::{Fault, Outcome, Plan, Seen, Stored, plan, read};
use crate::network::{Standing, merged, stamp};
use crate::tables::{brands, centres, technicians};

pub(super) async fn brand(
    dispatch: &Dispatch,
    request: Request<UpdateBrandRequest>,
) -> Result<Brand, Error> {
    let body = request.get_ref();
    let call = Call::changing(&request, "UpdateBrand", &body.request_id)?;
    let wanted = body.brand.clone().unwrap_or_default();
    let mut check = Checker::new();
    let id = check.id::<BrandId>("brand.brand", &wanted.brand);
    let etag = check.etag(&body.etag);
    let (id, expected) = check.all((id, etag))?;
    let update = Update { wanted, mask: body.update_mask.as_ref(), expected };
    update.of::<brands::Model>(dispatch, &call, id.as_str()).await
}

pub(super) async fn centre(
    dispatch: &Dispatch,
    request: Request<UpdateCentreRequest>,
) -> Result<Centre, Error> {
    let body = request.get_ref();
    let call = Call::changing(&request, "UpdateCentre", &body.request_id)?;
    let wanted = body.centre.clone().unwrap_or_default();
    let mut check = Checker::new();
    let id = check.id::<CentreId>("centre.centre", &wanted.centre);
    let etag = check.etag(&body.etag);
    let (id, expected) = check.all((id, etag))?;
    let update = Update { wanted, mask: body.update_mask.as_ref(), expected };
    update.of::<centres::Model>(dispatch, &call, id.as_str()).await
}

pub(super) async fn technician(
    dispatch: &Dispatch,
    request: Request<UpdateTechnicianRequest>,
) -> Result<Technician, Error> {
    let body = request.get_ref();
    let call = Call::changing(&request, "UpdateTechnician", &body.request_id)?;
    let wanted = body.technician.clone().unwrap_or_default();
    let mut check = Checker::new();
    let id = check.id::<TechnicianId>("technician.technician", &wanted.technician);
    let etag = check.etag(&body.etag);
    let (id, expected) = check.all((id, etag))?;
    let update = Update { wanted, mask: body.update_mask.as_ref(), expected };
    update.of::<technicians::Model>(dispatch, &call, id.as_str()).await
}

struct Update<'a, W> {
    wanted: W,
    mask: Option<&'a FieldMask>,
    expected: Option<u64>,
}

impl<W> Update<'_, W> {
    async fn of<M: Resource<Wire = W>>(
        self,
        dispatch: &Dispatch,
        call: &Call,
        id: &str,
    ) -> Result<W, Error>
    where
        W: prost::Message + Default,
    {
        let desk = &dispatch.desk;
        if let Some(saved) = desk.saved(call).await? {
            return Ok(saved);
        }
        let stored = M::find(&desk.store, id).await?;
        check_version(&stored, self.expected)?;
        let before = stored.clone().wire();
        let wire = merged(M::NAME, &before, &self.wanted, self.mask, M::FIXED)?;
        let row = read(ImportNetworkRequest {
            content: Some(M::content(wire)),
            ..ImportNetworkRequest::default()
        });
        let row = row.map_err(refused)?;
        let mut around = Stored::about(&desk.store, iter::once(&row)).await?;
        // Whoever wrote between the two reads has taken the version that is claimed below.
        stored.clone().put_into(&mut around);
        let Plan { ops: mut rows, outcomes } =
            plan(iter::once(&row), &around, &mut Seen::default());
        let mut after = M::of_import(row).ok_or_else(|| Error::new(Reason::Internal))?;
        let standing = stored.standing();
        match outcomes.into_iter().next() {
            Some(Outcome::Refused(fault)) => return Err(refused(fault)),
            Some(Outcome::Updated) => {
                let revision = standing.revision + 1;
                after.set_standing(Standing { revision, ..standing });
                rows.push(stamp(desk.ids.next()));
            }
            _ => after.set_standing(standing),
        }
        let answer = desk.record(call, rows, &after.wire(), Reason::Overloaded).await?;
        dispatch.directory.look_again();
        Ok(answer)
    }
}

fn refused(fault: Fault) -> Error {
    let Fault { reason, field, message } = fault;
    Error::field(field, reason, message)
}
