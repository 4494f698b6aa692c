//! `GetVocDigest`: the voice of the customer of one day.

use parasol_api::tracking::v1::{GetVocDigestRequest, VocDigest};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use tonic::Request;

use crate::Tracking;
use crate::voice::rounds::digest_of;

pub async fn handle(
    tracking: &Tracking,
    request: Request<GetVocDigestRequest>,
) -> Result<VocDigest, Error> {
    Call::reading(&request, "GetVocDigest")?;
    let request = request.into_inner();
    let now = tracking.desk.clock.now();
    let mut check = Checker::new();
    let day = match request.day.as_str() {
        "" => Some(now.shanghai_day()),
        text => check.day("day", text),
    };
    let (day,) = check.all((day,))?;
    if day > now.shanghai_day() {
        return Err(Error::new(Reason::NotFound));
    }
    let (digest, frozen) = digest_of(&tracking.desk.store, day, now).await?;
    Ok(digest.to_wire(day.to_string(), frozen))
}
