//! The figures of a node: what the kernel tells is counted and traced, and what stands in the store is looked at.
//!
//! Owns which figure is fed by what; what each means is said in `parasol_runtime::metrics`. Every process that works
//! on cases looks at the whole store, so that a reader takes the largest of what they say and not the sum.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use parasol_api::Reason;
use parasol_casebook::{Answer, Error, Observer, Store, Submitter, Traceparent, Tried};
use parasol_journey::Task;
use parasol_journey::ids::CaseId;
use parasol_journey::task::Role;
use parasol_journey::time::{SECOND, Span};
use parasol_runtime::clock::Clock;
use parasol_runtime::metrics::{Counter, Gauge, Histogram, Label, Metrics};
use parasol_runtime::supervisor::{Backoff, OnFailure, OnStop, Progress, Supervisor, TaskKind};
use parasol_runtime::trace_context;
use tracing::Span as TraceSpan;

/// How often the store is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// The most tasks that are counted as parked: beyond, the figure says that there are at least so many.
const PARKED_COUNTED: u64 = 1_000;

/// Counts and traces what the kernel tells.
struct Counting(Metrics);

impl Observer for Counting {
    fn batch(&self, commands: usize, took: Span) {
        self.0.observe(Histogram::CommitDuration, seconds(took), &[]);
        // A batch has at most a thousand.
        self.0.observe(Histogram::CommitBatch, commands as f64, &[]);
    }

    fn command(&self, method: &'static str, result: &Result<Answer, Error>) {
        let by_method = [Label::new("method", method)];
        match result {
            Ok(Answer { repeated: false, .. }) => self.0.count(Counter::Steps, 1, &by_method),
            Ok(_) => self.0.count(Counter::Replays, 1, &by_method),
            Err(error) => {
                self.0.count(Counter::Refusals, 1, &[Label::new("reason", reason(error))])
            }
        }
    }

    fn task(&self, role: Role, task: Task, tried: Tried, late: Span) {
        let labels = [Label::new("task", task.as_str()), Label::new("outcome", tried.as_str())];
        self.0.count(Counter::TaskRuns, 1, &labels);
        if tried == Tried::Done {
            let by_role = [Label::new("role", role.as_str())];
            self.0.observe(Histogram::TaskLag, seconds(late), &by_role);
        }
    }

    fn trying(&self, case: CaseId, task: Task) -> TraceSpan {
        tracing::info_span!(
            "task",
            otel.name = task.as_str(),
            otel.kind = "consumer",
            parasol.case = %case,
        )
    }

    fn is_seen(&self, span: &TraceSpan) -> bool {
        trace_context::is_kept(span)
    }

    fn follows(&self, span: &TraceSpan, origin: Traceparent) {
        trace_context::link_to(span, origin.as_str());
    }

    fn traceparent(&self) -> String {
        trace_context::current_traceparent().unwrap_or_default()
    }
}

/// The reason under which the caller reads of it; a lost key means something else for each method.
fn reason(error: &Error) -> &'static str {
    match error {
        Error::CaseUnknown => Reason::NotFound.code(),
        Error::Refused(refusal) => refusal.code(),
        Error::VersionConflict { .. } => Reason::VersionConflict.code(),
        Error::RequestIdReused => Reason::RequestIdReused.code(),
        Error::AnswerGone => Reason::AnswerGone.code(),
        Error::Taken { .. } => "TAKEN",
        Error::Overloaded => Reason::Overloaded.code(),
        Error::Stopped | Error::Store(_) => Reason::StoreUnavailable.code(),
    }
}

fn seconds(span: Span) -> f64 {
    span.micros() as f64 / SECOND as f64
}

/// Looks at the store.
#[derive(Clone)]
pub(super) struct Figures {
    pub store: Store,
    pub submitter: Submitter,
    pub clock: Clock,
    pub metrics: Metrics,
}

impl Figures {
    /// Counts from now on, and looks at the store every so often.
    pub fn start(self, supervisor: &Supervisor) {
        self.submitter.observed_by(Arc::new(Counting(self.metrics.clone())));
        // What has never been counted has no series, and its first growth would be seen by nobody.
        for rare in [Counter::Panics, Counter::CallsShed, Counter::RevealsLost] {
            self.metrics.count(rare, 0, &[]);
        }
        let reason = [Label::new("reason", Reason::StoreUnavailable.code())];
        self.metrics.count(Counter::Refusals, 0, &reason);
        let kind = TaskKind {
            name: "node.figures",
            on_stop: OnStop::Abort,
            on_failure: OnFailure::Restart(Backoff::STANDARD),
        };
        supervisor.spawn_loop(kind, LOOK_EVERY, (), move || {
            let figures = self.clone();
            async move { figures.run_once().await.map(|()| Progress::Idle) }
        });
    }

    /// One look.
    ///
    /// # Errors
    /// When the store does not answer; the figures are then as before.
    pub async fn run_once(&self) -> anyhow::Result<()> {
        let (now, set) = (self.clock.now(), |gauge, value| self.metrics.set(gauge, value, &[]));
        let (oldest, _) = self.store.overdue(now).await.context("overdue tasks")?;
        let overdue = oldest.map_or(Span::ZERO, |task| now.since(task.obligation.due));
        set(Gauge::TaskOverdue, seconds(overdue));
        let parked = self.store.parked_tasks(PARKED_COUNTED).await.context("parked tasks")?;
        set(Gauge::TasksParked, parked.len() as f64);
        let numbered = self.store.numbered_until(now).await.context("the feed")?;
        set(Gauge::FeedBehind, seconds(now.since(numbered)));
        set(Gauge::CommitQueue, self.submitter.waiting() as f64);
        let until = self.submitter.rules().calendar.covered_until();
        let left = until.signed_duration_since(now.shanghai_day()).num_days();
        set(Gauge::CalendarLeft, left as f64);
        Ok(())
    }
}
