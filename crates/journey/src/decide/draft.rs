//! The page being written: facts go in one by one, each at once folded, with its tasks and its turn.
//!
//! What runs in a stage is armed by entering it (the clock table says where), what an event starts is
//! armed by the command that writes the event. Nothing has to be cancelled by a command: whatever has
//! lost its subject by an event is cancelled by it, see `Case::has_subject`.

use crate::case::Case;
use crate::deadline::{CLOCKS, Clock};
use crate::event::{Event, Fact};
use crate::rejection::Rejection;
use crate::stage::Stage;
use crate::task::Task;
use crate::time::Timestamp;
use crate::vocab::Party;

use super::{Ctx, Decided};

/// A case with entries being added.
pub(super) struct Draft<'a> {
    case: Case,
    ctx: &'a Ctx<'a>,
    now: Timestamp,
    events: Vec<Event>,
}

/// The tasks one event arms and cancels.
#[derive(Default)]
pub(super) struct Tasks {
    armed: Vec<(Task, Timestamp)>,
    cancelled: Vec<Task>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(case: Case, ctx: &'a Ctx<'a>) -> Self {
        let now = ctx.now.max(case.updated_at);
        Self { case, ctx, now, events: Vec::new() }
    }

    pub(super) fn finish(self) -> Decided {
        Decided { events: self.events, case: self.case }
    }

    /// The case with everything recorded so far.
    pub(super) fn case(&self) -> &Case {
        &self.case
    }

    pub(super) fn ctx(&self) -> &'a Ctx<'a> {
        self.ctx
    }

    /// The time of the entries being written.
    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    /// When a clock that starts now runs out.
    pub(super) fn due(&self, clock: Clock) -> Result<Timestamp, Rejection> {
        Ok(self.ctx.deadlines.due(clock, self.now, self.ctx.calendar)?)
    }

    /// When a clock that starts now after `misses` misses runs out.
    pub(super) fn due_backed_off(&self, clock: Clock, misses: u32) -> Result<Timestamp, Rejection> {
        Ok(self.ctx.deadlines.due_backed_off(clock, misses, self.now, self.ctx.calendar)?)
    }

    /// Records a fact that leaves the case where it is.
    pub(super) fn note(&mut self, fact: Fact) -> Result<(), Rejection> {
        self.note_with(fact, Tasks::default())
    }

    /// Records a fact that leaves the case where it is but touches tasks.
    pub(super) fn note_with(&mut self, fact: Fact, tasks: Tasks) -> Result<(), Rejection> {
        let stage = self.case.stage;
        self.write(fact, stage, tasks);
        self.start_promises()
    }

    /// Records a fact that moves the case.
    pub(super) fn go(&mut self, fact: Fact, to: Stage) -> Result<(), Rejection> {
        self.go_with(fact, to, Tasks::default())
    }

    /// Records a fact that moves the case and touches further tasks.
    ///
    /// Clocks and work of the stage entered are armed. Staying in a stage re-arms nothing, except that
    /// work is armed again: the case asks for it anew.
    pub(super) fn go_with(
        &mut self,
        fact: Fact,
        to: Stage,
        mut tasks: Tasks,
    ) -> Result<(), Rejection> {
        let from = self.case.stage;
        let is_first = self.case.version == 0;
        for row in CLOCKS.iter().filter(|row| !row.stages.is_empty()) {
            let ran = !is_first && row.stages.contains(&from);
            let runs = row.stages.contains(&to);
            if runs && !ran {
                tasks.arm(Task::Clock(row.clock), self.due(row.clock)?);
            }
        }
        if let Some(work) = to.row().work {
            tasks.arm(Task::Work(work), self.now);
        }
        self.write(fact, to, tasks);
        self.start_promises()
    }

    /// Starts the clocks of promises that the fact just written starts.
    fn start_promises(&mut self) -> Result<(), Rejection> {
        let Some(event) = self.events.last() else { return Ok(()) };
        for (promise, clock) in self.case.promises_begun(&event.fact) {
            let due = clock.due(self.now, self.ctx.calendar)?;
            let stage = self.case.stage;
            self.write(Fact::PromiseStarted { promise, due }, stage, Tasks::default());
        }
        Ok(())
    }

    /// Records a fact that moves the case without arming what runs there. Only pausing and resuming,
    /// which keep the clocks of the stage they stop, may use it.
    pub(super) fn move_frozen(&mut self, fact: Fact, to: Stage, tasks: Tasks) {
        self.write(fact, to, tasks);
    }

    /// The one place that writes. What has lost its subject goes, whoever armed it, and nothing is
    /// armed without one.
    fn write(&mut self, fact: Fact, stage: Stage, mut tasks: Tasks) {
        self.case.absorb(&fact, self.ctx.actor, self.now, stage);
        tasks.follow_promises(&self.case);
        let gone = self.case.obligations.iter().filter(|owed| !self.case.has_subject(owed.task));
        for owed in gone {
            tasks.cancel(&self.case, owed.task);
        }
        tasks.armed.retain(|(task, _)| self.case.has_subject(*task));
        let mut cancelled = tasks.cancelled;
        cancelled.retain(|task| !tasks.armed.iter().any(|(armed, _)| armed == task));
        let event = Event {
            seq: self.case.version + 1,
            at: self.now,
            actor: self.ctx.actor.clone(),
            fact,
            stage,
            turn: self.case.holder(),
            armed: tasks.armed,
            cancelled,
            heard: None,
        };
        self.case.settle(&event);
        self.events.push(event);
    }

    /// Charges a missed deadline and records it.
    pub(super) fn record_miss(&mut self, clock: Clock, charged_to: Party, tasks: Tasks) {
        let stage = self.case.stage;
        self.write(Fact::DeadlineMissed { clock, charged_to }, stage, tasks);
    }
}

impl Tasks {
    /// Arms a task, replacing an earlier arming in the same event.
    pub(super) fn arm(&mut self, task: Task, due: Timestamp) {
        self.armed.retain(|(armed, _)| *armed != task);
        self.armed.push((task, due));
    }

    /// Arms a clock; reads better where an event starts one.
    pub(super) fn and_arm(mut self, clock: Clock, due: Timestamp) -> Self {
        self.arm(Task::Clock(clock), due);
        self
    }

    /// Arms the clock of promises anew if another promise is now the next to be broken.
    fn follow_promises(&mut self, case: &Case) {
        let task = Task::Clock(Clock::Promise);
        let Some(next) = case.next_promise_due() else { return };
        let stands = case.owes(task).is_some_and(|owed| owed.due == next);
        if !stands || self.cancelled.contains(&task) {
            self.arm(task, next);
        }
    }

    /// Cancels a clock if it is armed.
    pub(super) fn and_cancel(mut self, case: &Case, clock: Clock) -> Self {
        self.cancel(case, Task::Clock(clock));
        self
    }

    pub(super) fn cancel(&mut self, case: &Case, task: Task) {
        if case.owes(task).is_some() && !self.cancelled.contains(&task) {
            self.cancelled.push(task);
        }
    }
}
