//! `SuspendBrand`, `SuspendCentre`, `SuspendTechnician`, and their way back. The change is one commit; what
//! it moves on is the work of the sweep, which also finds what this process did not live to do.

use parasol_api::admin::v1::{self, *};
use parasol_api::limits::REMARK_MAX;
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::RowOp;
use parasol_desk::{Call, mask};
use parasol_journey::ids::{BrandId, CentreId, TechnicianId};
use parasol_journey::time::Timestamp;
use sea_orm::IntoActiveModel as _;
use tonic::Request;

use super::members::{Resource, check_version};
use crate::Dispatch;
use crate::network::{Standing, SuspensionReason, changed, stamp};
use crate::tables::{brands, centres, standing_changes, technicians};

macro_rules! suspending {
    ($suspend:ident, $resume:ident, $model:ty, $wire:ident, $id:ty, $field:ident,
     $on:ident, $off:ident, $on_name:literal, $off_name:literal) => {
        pub(super) async fn $suspend(
            dispatch: &Dispatch,
            request: Request<$on>,
        ) -> Result<$wire, Error> {
            let body = request.get_ref();
            let call = Call::changing(&request, $on_name, &body.request_id)?;
            let mut check = Checker::new();
            let id = check.id::<$id>(stringify!($field), &body.$field);
            let change = Change::suspending(&mut check, body.reason, &body.remark, &body.etag);
            let (id, change) = check.all((id, change))?;
            change.of::<$model>(dispatch, &call, id.as_str()).await
        }

        pub(super) async fn $resume(
            dispatch: &Dispatch,
            request: Request<$off>,
        ) -> Result<$wire, Error> {
            let body = request.get_ref();
            let call = Call::changing(&request, $off_name, &body.request_id)?;
            let mut check = Checker::new();
            let id = check.id::<$id>(stringify!($field), &body.$field);
            let change = Change::resuming(&mut check, &body.remark, &body.etag);
            let (id, change) = check.all((id, change))?;
            change.of::<$model>(dispatch, &call, id.as_str()).await
        }
    };
}

suspending!(
    brand,
    resume_brand,
    brands::Model,
    Brand,
    BrandId,
    brand,
    SuspendBrandRequest,
    ResumeBrandRequest,
    "SuspendBrand",
    "ResumeBrand"
);
suspending!(
    centre,
    resume_centre,
    centres::Model,
    Centre,
    CentreId,
    centre,
    SuspendCentreRequest,
    ResumeCentreRequest,
    "SuspendCentre",
    "ResumeCentre"
);
suspending!(
    technician,
    resume_technician,
    technicians::Model,
    Technician,
    TechnicianId,
    technician,
    SuspendTechnicianRequest,
    ResumeTechnicianRequest,
    "SuspendTechnician",
    "ResumeTechnician"
);

/// What is to become of somebody's standing.
struct Change {
    /// Why they are suspended; nothing when they are resumed.
    reason: Option<SuspensionReason>,
    remark: String,
    expected: Option<u64>,
}

impl Change {
    fn suspending(check: &mut Checker, reason: i32, remark: &str, etag: &str) -> Option<Self> {
        let reason = check.known::<v1::SuspensionReason>("reason", reason);
        let remark = match reason {
            Some(v1::SuspensionReason::Other) => check.text("remark", remark, REMARK_MAX),
            _ => check.optional_text("remark", remark, REMARK_MAX),
        };
        let expected = check.etag(etag);
        let reason = SuspensionReason::of_wire(reason?);
        Some(Self { reason, remark: remark?, expected: expected? })
    }

    fn resuming(check: &mut Checker, remark: &str, etag: &str) -> Option<Self> {
        let remark = check.optional_text("remark", remark, REMARK_MAX);
        let expected = check.etag(etag);
        Some(Self { reason: None, remark: remark?, expected: expected? })
    }

    async fn of<M: Resource>(
        self,
        dispatch: &Dispatch,
        call: &Call,
        id: &str,
    ) -> Result<M::Wire, Error> {
        let desk = &dispatch.desk;
        if let Some(saved) = desk.saved(call).await? {
            return Ok(saved);
        }
        let mut row = M::find(&desk.store, id).await?;
        check_version(&row, self.expected)?;
        let is_suspended = !row.standing().suspended.is_empty();
        let rows = match (self.reason, is_suspended) {
            (None, false) => Vec::new(),
            _ => {
                let mut rows = self.rows(&mut row, call, desk.clock.now());
                rows.push(stamp(desk.ids.next()));
                rows
            }
        };
        let answer = desk.record(call, rows, &row.wire(), Reason::Overloaded).await?;
        dispatch.directory.look_again();
        dispatch.suspended.notify_one();
        Ok(answer)
    }

    fn rows<M: Resource>(self, row: &mut M, call: &Call, now: Timestamp) -> Vec<RowOp> {
        let by = call.principal.to_string();
        let reason = self.reason.map_or("", SuspensionReason::as_str).to_owned();
        let Standing { revision, .. } = row.standing();
        row.set_standing(match self.reason {
            Some(_) => {
                Standing { suspended: reason.clone(), by: by.clone(), at: now.micros(), revision }
            }
            None => Standing { suspended: String::new(), by: String::new(), at: 0, revision },
        });
        let mut rows = changed(row).to_vec();
        let change = standing_changes::Model {
            kind: M::KIND.as_str().to_owned(),
            subject: row.id().to_owned(),
            revision: row.standing().revision,
            reason,
            remark: mask::without_numbers(&self.remark),
            said_by: by,
            at: now.micros(),
        };
        rows.push(RowOp::put(change.into_active_model()));
        rows
    }
}
