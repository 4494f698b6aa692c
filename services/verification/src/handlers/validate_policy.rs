//! `ValidatePolicy`: what would be said of a rule pack if it were published. Nothing is kept.

use parasol_api::admin::v1::{
    PolicyProblem, PolicyProblemKind, ValidatePolicyRequest, ValidatePolicyResponse,
};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use parasol_policy::{Pack, PackError};
use tonic::Request;

use crate::{Verification, packs};

pub async fn handle(
    _service: &Verification,
    request: Request<ValidatePolicyRequest>,
) -> Result<ValidatePolicyResponse, Error> {
    Call::reading(&request, "ValidatePolicy")?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let files = packs::files(&mut check, &request.files);
    let (files,) = check.all((files,))?;
    let survey = move || match Pack::read(&files) {
        Ok(pack) => {
            let problems = packs::faults(&pack);
            let policy = Some(packs::view(&pack));
            ValidatePolicyResponse { publishable: problems.is_empty(), policy, problems }
        }
        Err(error) => ValidatePolicyResponse {
            publishable: false,
            policy: None,
            problems: vec![refused(error)],
        },
    };
    tokio::task::spawn_blocking(survey).await.map_err(Error::internal)
}

fn refused(error: PackError) -> PolicyProblem {
    PolicyProblem {
        kind: PolicyProblemKind::Refused.into(),
        text: error.to_string(),
        rule: error.rule.unwrap_or_default(),
        file: error.file,
        line: i32::try_from(error.line).unwrap_or(i32::MAX),
    }
}
