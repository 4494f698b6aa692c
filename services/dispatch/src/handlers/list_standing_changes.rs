//! `ListStandingChanges`.

use parasol_api::admin::v1::list_standing_changes_request::Subject;
use parasol_api::admin::v1::{
    ListStandingChangesRequest, ListStandingChangesResponse, StandingChange,
};
use parasol_api::convert::{etag, to_timestamp};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, Purpose};
use parasol_journey::ids::{BrandId, CentreId, TechnicianId};
use parasol_journey::time::Timestamp;
use prost::Message as _;
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use tonic::Request;

use crate::network::{Kind, SuspensionReason};
use crate::tables::standing_changes;
use crate::{Dispatch, unreadable};

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<ListStandingChangesRequest>,
) -> Result<ListStandingChangesResponse, Error> {
    let call = Call::reading(&request, "ListStandingChanges")?;
    let body = request.get_ref();
    let mut check = Checker::new();
    let size = check.page_size(body.page_size);
    let subject = subject(&mut check, body.subject.as_ref());
    let (size, (kind, subject)) = check.all((size, subject))?;

    let query =
        ListStandingChangesRequest { page_size: 0, page_token: String::new(), ..body.clone() };
    let bound = query.encode_to_vec();
    let (key, principal) = (&*dispatch.desk.key, &call.principal);
    let pages = Purpose { key, domain: "standing-changes-page", principal, bound: &bound };
    let before = match pages.after(&body.page_token)?.as_str() {
        "" => i64::MAX,
        text => text.parse().map_err(|_| Error::new(Reason::PageTokenInvalid))?,
    };
    let rows = standing_changes::Entity::find()
        .filter(standing_changes::Column::Kind.eq(kind.as_str()))
        .filter(standing_changes::Column::Subject.eq(subject))
        .filter(standing_changes::Column::Revision.lt(before))
        .order_by(standing_changes::Column::Revision, Order::Desc)
        .limit(size as u64 + 1)
        .all(dispatch.desk.store.reader())
        .await
        .map_err(unreadable)?;
    let next_page_token = match rows.get(size.saturating_sub(1)) {
        Some(last) if rows.len() > size => pages.seal(last.revision.to_string().as_bytes()),
        _ => String::new(),
    };
    let changes = rows.into_iter().take(size).map(change).collect();
    Ok(ListStandingChangesResponse { changes, next_page_token })
}

fn subject(check: &mut Checker, subject: Option<&Subject>) -> Option<(Kind, String)> {
    match subject {
        Some(Subject::Brand(id)) => {
            Some((Kind::Brand, check.id::<BrandId>("brand", id)?.to_string()))
        }
        Some(Subject::Centre(id)) => {
            Some((Kind::Centre, check.id::<CentreId>("centre", id)?.to_string()))
        }
        Some(Subject::Technician(id)) => {
            Some((Kind::Technician, check.id::<TechnicianId>("technician", id)?.to_string()))
        }
        None => check.refuse("subject", Reason::FieldInvalid, "a brand, a centre or a technician"),
    }
}

fn change(row: standing_changes::Model) -> StandingChange {
    StandingChange {
        suspended: !row.reason.is_empty(),
        reason: SuspensionReason::number_of(&row.reason),
        remark: row.remark,
        by: row.said_by,
        at: Some(to_timestamp(Timestamp::from_micros(row.at))),
        etag: etag(u64::try_from(row.revision).unwrap_or_default()),
    }
}
