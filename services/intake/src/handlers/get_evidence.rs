//! `GetEvidence`: the content of a piece of evidence, piece by piece.

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt as _, stream};
use parasol_api::intake::v1::{GetEvidenceRequest, GetEvidenceResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use parasol_journey::ids::{CaseId, EvidenceId};
use tonic::{Request, Status};

use crate::{Intake, evidence};

/// Bytes of one message.
const PIECE_BYTES_MAX: usize = 256 * 1024;

pub(crate) type Content = BoxStream<'static, Result<GetEvidenceResponse, Status>>;

pub(crate) async fn handle(
    intake: &Intake,
    request: Request<GetEvidenceRequest>,
) -> Result<Content, Error> {
    let call = Call::reading(&request, "GetEvidence")?;
    let mut check = Checker::new();
    let id = check.id::<EvidenceId>("evidence_id", &request.get_ref().evidence_id);
    let (id,) = check.all((id,))?;
    let desk = &intake.desk;
    let hidden = || Error::new(Reason::NotFound);
    let own = desk.within(&call.principal).store;
    let piece = evidence::by_id(&own, id).await?.ok_or_else(hidden)?;
    let case = desk.case(&call.principal, CaseId::new(piece.case_id)).await?;
    if !evidence::sees(&call.principal, &case, &piece) {
        return Err(hidden());
    }
    let content = intake.archive.shelf.read(&piece.stored).await?;
    // The row was committed after the object was on disk: without it the store has lost something.
    let content = content.ok_or_else(|| {
        Error::new(Reason::StoreUnavailable).because(format!("{id} is not in the store"))
    })?;
    let first = GetEvidenceResponse {
        media_type: piece.media_type,
        bytes: piece.stored_bytes,
        sha256: piece.stored,
        data: Vec::new(),
    };
    let pieces = content.flat_map(|piece| {
        let parts = match piece {
            Ok(bytes) => parts(bytes).map(Ok).collect(),
            Err(fault) => vec![Err(Status::from(Error::from(fault)))],
        };
        stream::iter(parts)
    });
    Ok(stream::once(async move { Ok(first) }).chain(pieces).boxed())
}

fn parts(mut bytes: Bytes) -> impl Iterator<Item = GetEvidenceResponse> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let data = bytes.split_to(bytes.len().min(PIECE_BYTES_MAX)).to_vec();
        Some(GetEvidenceResponse { data, ..GetEvidenceResponse::default() })
    })
}
