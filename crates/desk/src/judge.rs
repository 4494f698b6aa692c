//! Who may judge a case: whoever is registered needs the certification for its category.
//!
//! To judge is to say what a customer gets or how that is found out: to decide, approve, give goodwill, run a
//! hearing, read a certificate. To answer, to book and to call is open to everybody whom the access table names.

use std::sync::Arc;

use parasol_api::Reason;
use parasol_casebook::Refusal;
use parasol_journey::Case;
use parasol_journey::time::Timestamp;
use parasol_runtime::identity::Member;

/// A caller who wants to judge. Those who are not registered are held to nothing here: whether they are let in
/// at all is for the edge.
#[derive(Clone, Debug)]
pub struct Judge {
    member: Option<Arc<Member>>,
    at: Timestamp,
}

impl Judge {
    pub(crate) fn new(member: Option<Arc<Member>>, at: Timestamp) -> Self {
        Self { member, at }
    }

    /// Refuses whoever is not certified for the category of a case. Asked inside the step, where a case that
    /// is not the caller's has been hidden and a repeated request has its answer.
    ///
    /// # Errors
    /// `CERTIFICATION_MISSING`, naming the category.
    pub fn check(&self, case: &Case) -> Result<(), Refusal> {
        let category = case.filing.category.as_str();
        let is_missing = |member: &Arc<Member>| !member.is_certified(category, self.at);
        if self.member.as_ref().is_some_and(is_missing) {
            let message = format!("the caller is not certified for {category}");
            return Err(Refusal::Service { code: Reason::CertificationMissing.code(), message });
        }
        Ok(())
    }
}
