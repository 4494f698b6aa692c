//! `PublishPolicy`: a rule pack is read, surveyed, tried by its own tests, stored, and put on the shelf.

use parasol_api::admin::v1::{PublishPolicyRequest, PublishPolicyResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use parasol_policy::{Pack, PackFile};
use tonic::Request;

use super::store_error;
use crate::Verification;
use crate::packs::{self, load_packs};

/// The most faults told in a refusal.
const FAULTS_TOLD_MAX: usize = 5;

pub async fn handle(
    service: &Verification,
    request: Request<PublishPolicyRequest>,
) -> Result<PublishPolicyResponse, Error> {
    let call = Call::changing(&request, "PublishPolicy", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let files = packs::files(&mut check, &request.files);
    let (files,) = check.all((files,))?;
    let desk = &service.desk;
    let (pack, files) = survey(files).await?;
    let text = serde_json::to_string(&files).map_err(Error::internal)?;
    let now = desk.clock.now();
    let known_here = Pack::builtin().version() == pack.version();
    let rows = match packs::stored(&desk.store, pack.version()).await.map_err(store_error)? {
        None if known_here => return Err(invalid("the version is that of the built-in pack")),
        None => vec![packs::row(pack.version(), text, now)],
        Some(known) if known == text => Vec::new(),
        Some(_) => return Err(invalid("the version is known with other content")),
    };
    let answer = PublishPolicyResponse { policy: Some(packs::view(&pack)) };
    let answer = desk.record(&call, rows, &answer, Reason::PolicyInvalid).await?;
    load_packs(&desk.store, &service.shelf).await.map_err(store_error)?;
    Ok(answer)
}

/// Reads a pack and looks for what must be put right. It takes a moment, so it does not keep other calls
/// waiting.
async fn survey(files: Vec<PackFile>) -> Result<(Pack, Vec<PackFile>), Error> {
    let survey = move || {
        let pack = Pack::read(&files).map_err(|error| invalid(&error.to_string()))?;
        let faults = packs::faults(&pack);
        if faults.is_empty() {
            return Ok((pack, files));
        }
        let told: Vec<_> = faults.iter().take(FAULTS_TOLD_MAX).map(|one| &*one.text).collect();
        Err(invalid(&told.join("; ")))
    };
    tokio::task::spawn_blocking(survey).await.map_err(Error::internal)?
}

fn invalid(why: &str) -> Error {
    Error::field("files", Reason::PolicyInvalid, why).message(why)
}
