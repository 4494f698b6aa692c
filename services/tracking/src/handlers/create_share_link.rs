//! `CreateShareLink`: a link to a case, for somebody who has no account.

use parasol_api::tracking::v1::{CreateShareLinkRequest, ShareLink};
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::RowOp;
use parasol_desk::Call;
use parasol_journey::ids::{CaseId, LinkId};
use parasol_journey::time::{SECOND, Span};
use parasol_runtime::identity::{TokenKey, link};
use sea_orm::ActiveValue::Set;
use tonic::Request;

use super::at_version;
use crate::Tracking;
use crate::links::{LIFETIME, LIFETIME_MAX, LIFETIME_MIN, free_place, of_case, proof, shown};
use crate::tables::share_links::links;

/// How often a place is looked for while others take them.
const TRIES_MAX: u32 = 5;

pub async fn handle(
    tracking: &Tracking,
    request: Request<CreateShareLinkRequest>,
) -> Result<ShareLink, Error> {
    let message = request.get_ref();
    let call = Call::changing(&request, "CreateShareLink", &message.request_id)?;
    let mut check = Checker::new();
    let id = check.id::<CaseId>("case_id", &message.case_id);
    let etag = check.etag(&message.etag);
    let lifetime = match &message.lifetime {
        None => Some(LIFETIME),
        Some(wire) => {
            let limits = LIFETIME_MIN.micros() / SECOND..=LIFETIME_MAX.micros() / SECOND;
            let seconds = check.number("lifetime", wire.seconds, limits);
            seconds.map(|seconds| Span::from_micros(seconds * SECOND))
        }
    };
    let (id, etag, lifetime) = check.all((id, etag, lifetime))?;
    let desk = &tracking.desk;
    let case = desk.case(&call.principal, id).await?;
    if let Some(saved) = desk.saved(&call).await? {
        return Ok(with_secret(&desk.key, saved));
    }
    at_version(&case, etag)?;
    let mut tries = 0;
    loop {
        let now = desk.clock.now();
        let full = || Error::new(Reason::ShareLinksFull);
        let rows = of_case(&desk.store, id).await?;
        let (place, turn) = free_place(&rows, now).ok_or_else(full)?;
        let link = LinkId::new(desk.ids.next());
        let row = links::Model {
            case_id: id.uuid(),
            place,
            turn,
            link: link.uuid(),
            proof: proof(&desk.key, &link::token(&desk.key, link)),
            made_by: call.principal.role.to_string(),
            made_at: now.micros(),
            expires_at: (now + lifetime).micros(),
            revoked_at: 0,
        };
        // The secret stands in no table, and so not in the saved answer either: it is made again.
        let answer = shown(&row);
        let claim = RowOp::claim(active(row));
        match desk.record(&call, vec![claim], &answer, Reason::ShareLinksFull).await {
            Ok(saved) => return Ok(with_secret(&desk.key, saved)),
            // Somebody else took the place meanwhile.
            Err(error) if error.reason() == Reason::ShareLinksFull && tries < TRIES_MAX => {
                tries += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

fn with_secret(key: &TokenKey, saved: ShareLink) -> ShareLink {
    let Ok(id) = saved.link_id.parse::<LinkId>() else { return saved };
    let token = link::token(key, id);
    ShareLink { path: format!("/s/{token}"), token, ..saved }
}

/// The row as it is written.
pub fn active(row: links::Model) -> links::ActiveModel {
    links::ActiveModel {
        case_id: Set(row.case_id),
        place: Set(row.place),
        turn: Set(row.turn),
        link: Set(row.link),
        proof: Set(row.proof),
        made_by: Set(row.made_by),
        made_at: Set(row.made_at),
        expires_at: Set(row.expires_at),
        revoked_at: Set(row.revoked_at),
    }
}
