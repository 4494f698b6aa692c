//! Which cases have ended, in step with the log.

use parasol_casebook::{Change, Projector, RowOp};
use sea_orm::ActiveValue::Set;

use crate::tables::ended_cases;

/// Lists cases that have ended, with the time of their last entry, and takes those off that are reopened.
pub(crate) struct Ended;

impl Projector for Ended {
    fn project(&self, change: &Change<'_>, rows: &mut Vec<RowOp>) {
        let Change { before, after, .. } = change;
        let was_ended = before.is_some_and(|case| case.stage.is_ended());
        if after.stage.is_ended() {
            rows.push(RowOp::put(ended_cases::ActiveModel {
                case_id: Set(after.id.uuid()),
                at: Set(after.updated_at.micros()),
            }));
        } else if was_ended {
            rows.push(RowOp::delete::<ended_cases::Entity>(vec![after.id.uuid().into()]));
        }
    }
}
