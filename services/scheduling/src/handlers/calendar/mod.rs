//! The links of technicians' calendars, methods of `parasol.technician.v1.VisitService`.

pub mod create_link;
pub mod get;
pub mod revoke_link;

use parasol_api::{Checker, Error, Reason};
use parasol_casebook::{Cell, RowOp};
use parasol_desk::Call;
use parasol_journey::ids::TechnicianId;
use parasol_runtime::identity::Role;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use crate::tables::calendar_links;
use crate::{Scheduling, store_error};

/// Whose link is meant: a technician's own, or one of the centre's technicians. Another's is as unknown as
/// none.
async fn technician(
    scheduling: &Scheduling,
    call: &Call,
    named: &str,
) -> Result<TechnicianId, Error> {
    let principal = &call.principal;
    let own = if principal.role == Role::Technician { &*principal.subject } else { "" };
    let mut check = Checker::new();
    let named = if named.is_empty() { own } else { named };
    let (technician,) = {
        let technician = check.id::<TechnicianId>("technician", named);
        check.all((technician,))?
    };
    let unknown = || Error::new(Reason::TechnicianUnknown);
    let is_own = match principal.role {
        Role::Technician => technician.as_str() == own,
        _ => scheduling.roster.technician(&technician).await?.centre == principal.subject,
    };
    if is_own { Ok(technician) } else { Err(unknown()) }
}

/// The rows that take back every link of a technician.
async fn taken_back(
    scheduling: &Scheduling,
    technician: &TechnicianId,
) -> Result<Vec<RowOp>, Error> {
    let rows = calendar_links::Entity::find()
        .filter(calendar_links::Column::Technician.eq(technician.as_str()))
        .all(scheduling.desk.store.reader())
        .await
        .map_err(store_error)?;
    let delete = |row: calendar_links::Model| {
        RowOp::delete::<calendar_links::Entity>(vec![Cell::from(row.link)])
    };
    Ok(rows.into_iter().map(delete).collect())
}
