//! What a task follows from: the trace of the step that armed it, whichever process does it and however much later.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use parasol_casebook::{
    Answer, CaseDeed, Claimed, Error, Handler, Limits, Observer, Prepared, Traceparent, Tried,
    WorkError,
};
use parasol_journey::event::Path;
use parasol_journey::ids::CaseId;
use parasol_journey::task::Role;
use parasol_journey::time::Span;
use parasol_journey::{Actor, Case, Command, Task};
use tracing::Span as TraceSpan;

use crate::ask::{Ask, TRACE, case};
use crate::world::World;

on_both_engines!(a_task_follows_from_the_trace_that_armed_it_here_and_elsewhere);

/// The trace that tasks are done in here.
const OWN: &str = "00-11112222333344445555666677778888-9999aaaabbbbcccc-01";

/// Traces everything, and notes what was said to follow from what.
#[derive(Default)]
struct Traces {
    tried: Mutex<BTreeMap<CaseId, Task>>,
    followed: Mutex<Vec<Traceparent>>,
}

impl Observer for Traces {
    fn batch(&self, _: usize, _: Span) {}

    fn command(&self, _: &'static str, _: &Result<Answer, Error>) {}

    fn task(&self, _: Role, _: Task, _: Tried, _: Span) {}

    fn trying(&self, case: CaseId, task: Task) -> TraceSpan {
        self.tried.lock().unwrap().insert(case, task);
        TraceSpan::none()
    }

    fn is_seen(&self, _: &TraceSpan) -> bool {
        true
    }

    fn follows(&self, _: &TraceSpan, origin: Traceparent) {
        self.followed.lock().unwrap().push(origin);
    }

    fn traceparent(&self) -> String {
        OWN.to_owned()
    }
}

struct Triage;

#[async_trait]
impl Handler for Triage {
    async fn prepare(&self, _: &Case, _: &Claimed) -> Result<Prepared, WorkError> {
        let command = Command::Triage { path: Path::Inspection, rules: vec![] };
        let deed = CaseDeed { command, rows: Vec::new(), answer: |_: &Case| Vec::new() };
        Ok(Prepared { deed: Arc::new(deed), actor: Actor::policy() })
    }
}

async fn a_task_follows_from_the_trace_that_armed_it_here_and_elsewhere(world: World) {
    // There is room for one of the two to be handed over; the other is claimed from the table, as another process
    // claims it.
    let mut process = world.process_with(Limits::default(), &[Role::Intake], 1).await;
    let traces = Arc::new(Traces::default());
    process.submitter.observed_by(traces.clone());
    let worker = process.worker(Role::Intake, Arc::new(Triage));
    let mut queue = process.queue(Role::Intake);
    process.must([Ask::file(1), Ask::file(2)]).await;
    let handed = process.drive(worker.run_handed(&mut queue)).await;
    let due = process.drive(worker.run_due()).await.unwrap();
    assert_eq!((handed.done, due.done), (1, 1));
    let followed = traces.followed.lock().unwrap().clone();
    let followed: Vec<_> = followed.iter().map(Traceparent::as_str).collect();
    assert_eq!(followed, [TRACE, TRACE]);
    assert_eq!(traces.tried.lock().unwrap().len(), 2);
    // What the task wrote names the trace that it was done in.
    for number in [1, 2] {
        let log = process.store.log_after(case(number), 0, 10).await.unwrap();
        assert_eq!((log[0].trace.as_str(), log[1].trace.as_str()), (TRACE, OWN), "{log:?}");
    }
}

#[test]
fn a_traceparent_is_one_of_version_00_or_none() {
    assert_eq!(Traceparent::of(TRACE).map(|one| one.as_str().to_owned()), Some(TRACE.to_owned()));
    for none in ["", "00", "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "no trace"] {
        assert_eq!(Traceparent::of(none), None, "{none}");
    }
}
