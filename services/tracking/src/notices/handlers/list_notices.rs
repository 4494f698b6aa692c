//! `ListNotices`: what a customer was told about a case.

use std::collections::HashMap;

use parasol_api::tracking::v1::{ListNoticesRequest, ListNoticesResponse};
use parasol_api::{Checker, Error, Role};
use parasol_desk::Call;
use parasol_journey::ids::CaseId;
use parasol_runtime::identity::link;
use serde::Deserialize;
use tonic::Request;

use super::store_error;
use crate::notices::service::Notices;
use crate::notices::{KEPT, Notice, wire};

/// Notices of a case that are listed.
const LISTED_MAX: u64 = 100;

/// What the vault keeps of a notice that the program carried itself.
#[derive(Deserialize)]
struct Kept {
    text: String,
}

pub async fn handle(
    notices: &Notices,
    request: Request<ListNoticesRequest>,
) -> Result<ListNoticesResponse, Error> {
    let call = Call::reading(&request, "ListNotices")?;
    let mut check = Checker::new();
    let case = check.id::<CaseId>("case_id", &request.get_ref().case_id);
    let (case,) = check.all((case,))?;
    notices.desk.case(&call.principal, case).await?;
    let store = notices.desk.within(&call.principal).store;
    let found = Notice::of_case(&store, case, LISTED_MAX).await.map_err(store_error)?;
    let kept = store.reveal_many(found.iter().map(|notice| notice.id.0), KEPT).await;
    let kept = kept.map_err(store_error)?.into_iter();
    let mut texts: HashMap<_, _> = kept
        .filter_map(|(id, body)| Some((id, serde_json::from_str::<Kept>(&body).ok()?.text)))
        .collect();
    let is_customer = call.principal.role == Role::Customer;
    let shown = found.iter().map(|notice| {
        let text = texts.remove(&notice.id.0).unwrap_or_default();
        wire::notice(notice, if is_customer { text } else { without_secret(&text) })
    });
    Ok(ListNoticesResponse { notices: shown.collect() })
}

/// A text without the secret by which its customer answers the survey: nobody else is to say how it was.
fn without_secret(text: &str) -> String {
    let Some(at) = text.find(link::SURVEY_PREFIX) else { return text.to_owned() };
    let (before, secret) = text.split_at(at);
    let is_of_it = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let after = secret.trim_start_matches(is_of_it);
    format!("{before}…{}", without_secret(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_of_a_survey_is_the_customers_alone() {
        let text = "How was it? https://x.example/survey/sv_AB-c_d12 Thank you. sv_2";
        let shown = without_secret(text);
        assert_eq!(shown, "How was it? https://x.example/survey/… Thank you. …");
        assert_eq!(without_secret("你好"), "你好");
    }
}
