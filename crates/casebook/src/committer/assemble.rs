//! Assembling: from planned commands to the rows of one commit, grouped by table.

use std::collections::BTreeMap;

use sea_orm::ActiveValue::Set;
use sea_orm::IntoActiveModel as _;
use uuid::Uuid;

use super::plan::Planned;
use super::{Submission, Target, Writer};
use crate::audit;
use crate::dialect::{Batch, Conflict};
use crate::horizon::{self, Change as HorizonChange};
use crate::row::{Cell, RowOp, Table};
use crate::tables::{cases, commands, commits, events, horizons, tasks};
use crate::tasks::new_row;

impl Writer {
    /// Everything the planned commands write, except their claims.
    pub(super) fn assemble(&self, planned: &[Planned]) -> Batch {
        let commit = (self.parts.new_id)();
        let mut batch = Batch { commands: planned.len(), ..Batch::default() };
        let mut new_cases = Vec::new();
        let mut log = Vec::new();
        let mut armed = Vec::new();
        let mut gone = Vec::new();
        let mut looked_at = Vec::new();
        let mut left_alone = Vec::new();
        let mut trail = Vec::new();
        let mut entries = Vec::new();
        let mut unchained = Vec::new();
        for (place, one) in planned.iter().enumerate() {
            if let Some((before, case, _)) = &one.case {
                let row = case_row(case);
                match before {
                    0 => new_cases.push(row),
                    version => batch.cases.push((row, signed(*version))),
                }
                log.extend(event_rows(one));
                armed.extend(self.task_rows(one));
                gone.extend(one.tasks_gone.iter().map(|owed| {
                    let task = Cell::from(owed.task.as_str());
                    vec![Cell::Id(case.id.uuid()), task, Cell::Int(signed(owed.generation))]
                }));
                match one.horizon {
                    HorizonChange::None => {}
                    HorizonChange::Begins => looked_at.push(horizon_row(case)),
                    HorizonChange::Ends => left_alone.push(vec![Cell::Id(case.id.uuid())]),
                }
                entries.push((case.id.uuid(), before + 1, case.version, case.updated_at.micros()));
            } else if let Some(case) = &one.seen {
                // Rows about a case that gets no event: written as it is, so that they stand only if
                // the case has not moved on.
                batch.cases.push((case_row(case), signed(case.version)));
            }
            let row = self.command_row(commit, place, one);
            audit::enqueue(&row, &mut unchained);
            trail.push(cells(row.into_active_model()));
        }
        // Rows that another writer may want too are written in one order everywhere, so that two
        // writers cannot wait for each other.
        batch.cases.sort();
        new_cases.sort();
        trail.sort();
        let mut insert = |table, conflict, rows: Vec<Vec<Cell>>| {
            if !rows.is_empty() {
                batch.inserts.push((table, conflict, rows));
            }
        };
        insert(Table::of::<cases::Entity>(), Conflict::Fail, new_cases);
        insert(Table::of::<events::Entity>(), Conflict::Fail, log);
        insert(Table::of::<tasks::Entity>(), Conflict::Fail, armed);
        insert(Table::of::<horizons::Entity>(), Conflict::Replace, looked_at);
        insert(Table::of::<commands::Entity>(), Conflict::Fail, trail);
        if !planned.is_empty() {
            let entries = serde_json::to_string(&entries).expect("numbers and ids are JSON");
            let row = vec![Cell::Id(commit), Cell::Text(entries), Cell::Bytes(unchained)];
            insert(Table::of::<commits::Entity>(), Conflict::Fail, vec![row]);
        }
        if !gone.is_empty() {
            batch.deletes.push((Table::of::<tasks::Entity>(), gone));
        }
        if !left_alone.is_empty() {
            batch.deletes.push((Table::of::<horizons::Entity>(), left_alone));
        }
        add_own_rows(&mut batch, planned);
        batch
    }

    fn command_row(&self, commit: Uuid, place: usize, one: &Planned) -> commands::Model {
        let Submission { caller, key, .. } = &one.pending.submission;
        let (first, last) = match &one.case {
            Some((before, case, _)) => (signed(before + 1), signed(case.version)),
            None => (0, 0),
        };
        let (key, fingerprint, body) = match key {
            Some(key) => (key.key, key.fingerprint, one.answer.clone()),
            // Nobody can ask for it again.
            None => ((self.parts.new_id)(), Uuid::nil(), Vec::new()),
        };
        commands::Model {
            key,
            commit_id: commit,
            place: i64::try_from(place).unwrap_or(i64::MAX),
            case_id: case_id(one),
            first_seq: first,
            last_seq: last,
            principal: caller.principal.clone(),
            method: caller.method.to_owned(),
            fingerprint,
            body,
            at: one.at.micros(),
        }
    }

    fn task_rows(&self, one: &Planned) -> Vec<Vec<Cell>> {
        let Some((_, case, _)) = &one.case else { return Vec::new() };
        let handoff = &self.parts.handoff;
        one.tasks_armed
            .iter()
            .map(|owed| {
                let mut row = new_row(case.id, owed);
                if one.is_handed_over(owed) {
                    row.visible_at = Set(handoff.leased_until(owed, one.at).micros());
                    row.lease = Set(handoff.lease().holder);
                    row.attempts = Set(1);
                }
                cells(row)
            })
            .collect()
    }
}

fn cells<A: sea_orm::ActiveModelTrait>(row: A) -> Vec<Cell> {
    match RowOp::put(row) {
        RowOp::Put(_, cells) => cells,
        RowOp::Claim(..) | RowOp::Delete(..) => unreachable!("a put is a put"),
    }
}

fn case_row(case: &parasol_journey::Case) -> Vec<Cell> {
    cells(cases::ActiveModel {
        id: Set(case.id.uuid()),
        version: Set(signed(case.version)),
        stage: Set(case.stage.as_str().to_owned()),
        state: Set(serde_json::to_string(case).expect("a case is JSON")),
        updated_at: Set(case.updated_at.micros()),
    })
}

fn horizon_row(case: &parasol_journey::Case) -> Vec<Cell> {
    cells(horizons::ActiveModel {
        case_id: Set(case.id.uuid()),
        next_look: Set(horizon::next_look(case.updated_at).micros()),
    })
}

fn event_rows(one: &Planned) -> Vec<Vec<Cell>> {
    let Some((_, case, log)) = &one.case else { return Vec::new() };
    log.iter()
        .map(|event| {
            cells(events::ActiveModel {
                case_id: Set(case.id.uuid()),
                seq: Set(signed(event.seq)),
                at: Set(event.at.micros()),
                body: Set(serde_json::to_string(event).expect("an event is JSON")),
                trace: Set(one.pending.submission.caller.trace.clone()),
            })
        })
        .collect()
}

fn case_id(one: &Planned) -> Uuid {
    match one.pending.submission.target {
        Target::Case(id) | Target::NewCase(id) => id.uuid(),
        Target::NoCase => Uuid::nil(),
    }
}

/// Per key, the row to write, or that it is to be deleted.
type LastWords<'a> = BTreeMap<Vec<Cell>, Option<&'a Vec<Cell>>>;

/// Adds the services' rows, one group a table, in the order of table and key: the same mix of tables
/// is then the same statement. Of several words on one row the last one counts.
fn add_own_rows(batch: &mut Batch, planned: &[Planned]) {
    let mut last: BTreeMap<&'static str, (&'static Table, LastWords<'_>)> = BTreeMap::new();
    for op in planned.iter().flat_map(|one| &one.rows) {
        let (key, row) = match op {
            RowOp::Put(table, row) => (table.key_of(row), Some(row)),
            RowOp::Delete(_, key) => (key.clone(), None),
            RowOp::Claim(..) => continue,
        };
        let table = op.table();
        let (_, rows) = last.entry(table.name).or_insert_with(|| (table, BTreeMap::new()));
        rows.insert(key, row);
    }
    for (_, (table, rows)) in last {
        let mut puts = Vec::new();
        let mut deletes = Vec::new();
        for (key, row) in rows {
            match row {
                Some(row) => puts.push(row.clone()),
                None => deletes.push(key),
            }
        }
        if !puts.is_empty() {
            batch.inserts.push((table, Conflict::Replace, puts));
        }
        if !deletes.is_empty() {
            batch.deletes.push((table, deletes));
        }
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
