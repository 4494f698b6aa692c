//! Photos and films of cases: who may hand in and see them, what is known of each, and which have been
//! seen before.
//!
//! The content is the archive's. A piece of evidence is a row and no event: it moves no case and may come
//! while the case moves on. What a certificate names is in the log, by its fingerprint.

mod places;
mod scope;
mod sweep;

use parasol_api::common::v1::{EvidenceKind, Party};
use parasol_api::convert::{Listed, to_timestamp};
use parasol_api::intake::v1::Evidence;
use parasol_api::{Error, Role};
use parasol_casebook::{RowOp, Store};
use parasol_evidence::{Look, Rendition};
use parasol_journey::certificate::EvidenceKind as Shows;
use parasol_journey::ids::{CaseId, EvidenceId};
use parasol_journey::time::Timestamp;
use parasol_journey::{Actor, ActorKind};
use parasol_runtime::identity::Principal;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::tables::{evidence, evidence_looks};
use crate::unreadable;

pub(crate) use places::Places;
pub(crate) use scope::{may_hand_in, sees};
pub(crate) use sweep::remove;
pub use sweep::{Sweep, Swept};

/// Photos and films of one case.
pub(crate) const OF_A_CASE_MAX: u64 = 200;
/// Looks that share a band with a new one and are compared with it.
const LOOKS_COMPARED_MAX: u64 = 500;

/// A row.
pub(crate) type Piece = evidence::Model;

/// What the first message of an upload says.
#[derive(Clone, Debug)]
pub(crate) struct Announced {
    pub case: CaseId,
    pub kind: Shows,
    pub taken_at: Option<Timestamp>,
}

/// The file as it came.
pub(crate) struct Origin<'a> {
    pub sha256: &'a str,
    pub bytes: u64,
}

/// A new piece with the rows that keep it.
pub(crate) fn piece(
    id: EvidenceId,
    said: &Announced,
    by: &Actor,
    origin: &Origin<'_>,
    rendition: &Rendition,
    now: Timestamp,
) -> (Piece, Vec<RowOp>) {
    let length = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
    let piece = Piece {
        evidence: id.uuid(),
        case_id: said.case.uuid(),
        kind: said.kind.as_str().to_owned(),
        original: origin.sha256.to_owned(),
        stored: rendition.sha256.clone(),
        media_type: rendition.media_type.to_owned(),
        bytes: length(origin.bytes),
        stored_bytes: length(rendition.bytes),
        width: i64::from(rendition.width),
        height: i64::from(rendition.height),
        by_kind: by.kind.as_str().to_owned(),
        by_id: by.id.clone().unwrap_or_default(),
        taken_at: said.taken_at.map_or(0, Timestamp::micros),
        at: now.micros(),
    };
    let row: evidence::ActiveModel = piece.clone().into();
    let mut rows = vec![RowOp::put(row)];
    let bands = rendition.look.into_iter().flat_map(|look| look.bands().map(|band| (look, band)));
    rows.extend(bands.map(|(look, band)| {
        RowOp::put(evidence_looks::ActiveModel {
            band: Set(band.0),
            evidence: Set(piece.evidence),
            case_id: Set(piece.case_id),
            look_rows: Set(look.rows.cast_signed()),
            look_columns: Set(look.columns.cast_signed()),
        })
    }));
    (piece, rows)
}

/// The rows that erase a piece: itself, and the look by which a photo is known again.
pub(crate) fn erased(piece: &Piece, look: Option<Look>) -> Vec<RowOp> {
    let id = piece.evidence;
    let bands = look.into_iter().flat_map(|look| look.bands());
    let looks =
        bands.map(|band| RowOp::delete::<evidence_looks::Entity>(vec![band.0.into(), id.into()]));
    let own = RowOp::delete::<evidence::Entity>(vec![id.into()]);
    looks.chain([own]).collect()
}

/// How many pieces a case has.
pub(crate) async fn count(store: &Store, case: CaseId) -> Result<u64, Error> {
    let of_case = evidence::Entity::find().filter(evidence::Column::CaseId.eq(case.uuid()));
    of_case.count(store.reader()).await.map_err(unreadable)
}

/// The pieces of a case, oldest first.
pub(crate) async fn of_case(store: &Store, case: CaseId) -> Result<Vec<Piece>, Error> {
    let query = evidence::Entity::find()
        .filter(evidence::Column::CaseId.eq(case.uuid()))
        .order_by_asc(evidence::Column::Evidence)
        .limit(OF_A_CASE_MAX);
    query.all(store.reader()).await.map_err(unreadable)
}

/// A piece by its id.
pub(crate) async fn by_id(store: &Store, id: EvidenceId) -> Result<Option<Piece>, Error> {
    let find = evidence::Entity::find_by_id(id.uuid());
    find.one(store.reader()).await.map_err(unreadable)
}

/// The piece that the same caller handed in of the same file, showing the same, in this case.
pub(crate) async fn same_again(
    store: &Store,
    said: &Announced,
    by: &Actor,
    original: &str,
) -> Result<Option<Piece>, Error> {
    let query = evidence::Entity::find()
        .filter(evidence::Column::Original.eq(original))
        .filter(evidence::Column::CaseId.eq(said.case.uuid()))
        .filter(evidence::Column::Kind.eq(said.kind.as_str()))
        .filter(evidence::Column::ByKind.eq(by.kind.as_str()))
        .filter(evidence::Column::ById.eq(by.id.clone().unwrap_or_default()));
    query.one(store.reader()).await.map_err(unreadable)
}

/// Whether the same file, or a photo that looks the same, was handed in for another case.
pub(crate) async fn seen_elsewhere(
    store: &Store,
    piece: &Piece,
    look: Option<Look>,
) -> Result<bool, Error> {
    let same = Condition::any()
        .add(evidence::Column::Original.eq(piece.original.as_str()))
        .add(evidence::Column::Stored.eq(piece.stored.as_str()));
    let same = evidence::Entity::find()
        .filter(same)
        .filter(evidence::Column::CaseId.ne(piece.case_id))
        .limit(1)
        .one(store.reader());
    if same.await.map_err(unreadable)?.is_some() {
        return Ok(true);
    }
    match look {
        Some(look) => alike(store, look, piece.case_id).await,
        None => Ok(false),
    }
}

/// How a piece looks; `None` for one that has no look.
pub(crate) async fn look(store: &Store, piece: &Piece) -> Result<Option<Look>, Error> {
    let row = evidence_looks::Entity::find()
        .filter(evidence_looks::Column::Evidence.eq(piece.evidence))
        .limit(1)
        .one(store.reader())
        .await;
    Ok(row.map_err(unreadable)?.as_ref().map(look_of))
}

/// Whether a photo of another case than this one looks like that.
async fn alike(store: &Store, look: Look, case: Uuid) -> Result<bool, Error> {
    let bands = look.bands().map(|band| band.0);
    let near = evidence_looks::Entity::find()
        .filter(evidence_looks::Column::Band.is_in(bands))
        .filter(evidence_looks::Column::CaseId.ne(case))
        .limit(LOOKS_COMPARED_MAX)
        .all(store.reader())
        .await
        .map_err(unreadable)?;
    Ok(near.iter().any(|other| look_of(other).is_like(look)))
}

fn look_of(row: &evidence_looks::Model) -> Look {
    Look { rows: row.look_rows.cast_unsigned(), columns: row.look_columns.cast_unsigned() }
}

/// Whether this caller is told of photos that were seen in other cases.
pub(crate) fn is_of_the_platform(principal: &Principal) -> bool {
    matches!(principal.role, Role::Agent | Role::Manager | Role::Service)
}

/// A piece as the wire has it.
pub(crate) fn shown(piece: &Piece, seen_in_another_case: bool) -> Evidence {
    let at = |micros: i64| to_timestamp(Timestamp::from_micros(micros));
    let kind = Shows::parse(&piece.kind).map_or(EvidenceKind::Unspecified, Listed::to_wire);
    let by = ActorKind::parse(&piece.by_kind);
    let by = by.map_or(Party::Unspecified, |kind| kind.party().to_wire());
    let dots = |dots: i64| i32::try_from(dots).unwrap_or_default();
    Evidence {
        evidence_id: EvidenceId::new(piece.evidence).to_string(),
        case_id: CaseId::new(piece.case_id).to_string(),
        kind: kind.into(),
        sha256: piece.original.clone(),
        stored_sha256: piece.stored.clone(),
        media_type: piece.media_type.clone(),
        bytes: piece.bytes,
        stored_bytes: piece.stored_bytes,
        width: dots(piece.width),
        height: dots(piece.height),
        uploaded_at: Some(at(piece.at)),
        taken_at: (piece.taken_at != 0).then(|| at(piece.taken_at)),
        uploaded_by: by.into(),
        seen_in_another_case,
    }
}
