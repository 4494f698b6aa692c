//! Which of the cases that are a caller's it wants to hear of.

use parasol_api::tracking::v1::WatchCasesRequest;
use parasol_api::{Checker, Error};
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::Party;
use parasol_journey::{Case, Stage};
use prost::Message as _;

/// The most stages of a filter.
const STAGES_MAX: usize = 40;

/// The filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    stages: Vec<Stage>,
    due_before: Option<Timestamp>,
    holder: Option<Party>,
    /// The same filter is the same bytes.
    pub bytes: Vec<u8>,
}

impl Filter {
    /// The filter of a request.
    ///
    /// # Errors
    /// `FIELD_INVALID`, `FIELD_TOO_LONG`.
    pub fn of(request: &WatchCasesRequest) -> Result<Self, Error> {
        let mut check = Checker::new();
        let few = check.at_most("stages", &request.stages, STAGES_MAX);
        let stages = few.and_then(|()| check.listed_once::<Stage>("stages", &request.stages));
        let due_before = check.optional_instant("due_before", &request.due_before);
        let holder = check.optional_listed::<Party>("turn_holder", request.turn_holder);
        let (stages, due_before, holder) = check.all((stages, due_before, holder))?;
        let asked = WatchCasesRequest {
            stages: request.stages.clone(),
            due_before: request.due_before,
            turn_holder: request.turn_holder,
            ..WatchCasesRequest::default()
        };
        Ok(Self { stages, due_before, holder, bytes: asked.encode_to_vec() })
    }

    /// Whether a case fits.
    pub fn fits(&self, case: &Case) -> bool {
        let stage = self.stages.is_empty() || self.stages.contains(&case.stage);
        let due = self.due_before.is_none_or(|before| {
            case.next_deadline().is_some_and(|deadline| deadline.due < before)
        });
        let holder = self.holder.is_none_or(|holder| case.turn.holder() == Some(holder));
        stage && due && holder
    }
}
