//! What a step of a case means for intake's tables, whoever caused it.

use parasol_casebook::{Cell, Change, Projector, RowOp};
use parasol_journey::{Case, Event, Fact};
use sea_orm::ActiveValue::Set;

use crate::tables::{filings, merged_cases, open_units, replacements};

/// Keeps `open_units`, `filings`, `replacements` and `merged_cases` in step with the log.
pub(crate) struct CaseIndex;

impl Projector for CaseIndex {
    fn project(&self, change: &Change<'_>, rows: &mut Vec<RowOp>) {
        let was_open = change.before.is_some_and(is_open);
        let is_open = is_open(change.after);
        let serial = change.after.filing.serial.as_str();
        match (was_open, is_open) {
            (false, true) => rows.push(RowOp::claim(open_units::ActiveModel {
                serial: Set(serial.to_owned()),
                case_id: Set(change.after.id.uuid()),
            })),
            (true, false) => {
                rows.push(RowOp::delete::<open_units::Entity>(vec![Cell::from(serial)]));
            }
            _ => {}
        }
        rows.extend(change.events.iter().filter_map(|event| replacement(change.after, event)));
        rows.extend(change.events.iter().filter_map(|event| merged(change.after, event)));
        // Of the columns only the end can change.
        if change.before.is_none() || was_open != is_open {
            rows.push(RowOp::put(filing_row(change.after)));
        }
    }
}

fn replacement(case: &Case, event: &Event) -> Option<RowOp> {
    let Fact::ReplacementDelivered { serial } = &event.fact else { return None };
    Some(RowOp::put(replacements::ActiveModel {
        serial: Set(serial.as_str().to_owned()),
        order_line: Set(case.filing.order_line.as_str().to_owned()),
        replaces: Set(case.filing.serial.as_str().to_owned()),
        case_id: Set(case.id.uuid()),
        at: Set(event.at.micros()),
    }))
}

fn merged(case: &Case, event: &Event) -> Option<RowOp> {
    let Fact::Merged { into } = &event.fact else { return None };
    Some(RowOp::put(merged_cases::ActiveModel {
        case_id: Set(case.id.uuid()),
        into_case: Set(into.uuid()),
        at: Set(event.at.micros()),
    }))
}

fn is_open(case: &Case) -> bool {
    !case.stage.is_ended()
}

fn filing_row(case: &Case) -> filings::ActiveModel {
    let filing = &case.filing;
    let ended = if is_open(case) { 0 } else { case.updated_at.micros() };
    filings::ActiveModel {
        case_id: Set(case.id.uuid()),
        customer: Set(filing.customer.uuid()),
        order_line: Set(filing.order_line.as_str().to_owned()),
        serial: Set(filing.serial.as_str().to_owned()),
        brand: Set(filing.brand.as_str().to_owned()),
        filed_at: Set(case.filed_at.micros()),
        ended: Set(ended),
    }
}
