//! `OperationsService`: what an operator asks the kernel, and the test clock.

use parasol_api::admin::v1::operations_service_server::{
    OperationsService, OperationsServiceServer,
};
use parasol_api::admin::v1::{
    AdvanceClockRequest, AdvanceClockResponse, Flow, GetFlowRequest, GetOverviewRequest,
    ListFlowRequest, ListFlowResponse, ListParkedTasksRequest, ListParkedTasksResponse,
    OverdueTask, Overview, ParkedTask, PauseCaseRequest, PauseCaseResponse, RedriveTaskRequest,
    RedriveTaskResponse, ResumeCaseRequest, ResumeCaseResponse, StageCount,
    advance_clock_request::Target as To,
};
use parasol_api::convert::{case_view, timestamp, to_timestamp};
use parasol_api::limits::REMARK_MAX;
use parasol_api::{Checker, Error, Listed, Reason};
use parasol_casebook::{Claimed, Parked};
use parasol_desk::{Call, Desk, Purpose, Step, StepEffect};
use parasol_journey::ids::CaseId;
use parasol_journey::time::{DAY, Span, Timestamp};
use parasol_journey::vocab::{Party, PauseCause};
use parasol_journey::{Case, Command, Stage, Task};
use tonic::service::RoutesBuilder;
use tonic::{Request, Response, Status};

use super::base::CLOCK_OFFSET;
use super::flow;
use super::loops::TEST_CLOCK_EVERY;

/// The longest jump of a test clock.
const ADVANCE_MAX: Span = Span::from_micros(400 * DAY);

/// The service. Cheap to clone.
#[derive(Clone)]
pub(super) struct Operations {
    desk: Desk,
    /// Whether other processes follow the test clock of this one.
    clock_is_shared: bool,
}

impl Operations {
    pub fn new(desk: Desk, clock_is_shared: bool) -> Self {
        Self { desk, clock_is_shared }
    }

    pub fn add_routes(&self, routes: &mut RoutesBuilder) {
        let server = OperationsServiceServer::new(self.clone());
        routes.add_service(server.max_decoding_message_size(self.desk.message_bytes));
    }

    async fn parked(
        &self,
        call: &Call,
        request: &ListParkedTasksRequest,
    ) -> Result<ListParkedTasksResponse, Error> {
        let mut check = Checker::new();
        let size = check.page_size(request.page_size);
        let (size,) = check.all((size,))?;
        let pages = self.pages(call);
        let place = match request.page_token.as_str() {
            "" => None,
            token => {
                let place = pages.open(token).and_then(|place| read_place(&place));
                Some(place.ok_or_else(|| Error::new(Reason::PageTokenInvalid))?)
            }
        };
        // One more than asked for tells whether there is another page.
        let tasks = self.desk.store.parked_tasks_after(place, size as u64 + 1).await;
        let mut tasks = tasks.map_err(unavailable)?;
        let more = tasks.len() > size;
        tasks.truncate(size);
        let last = tasks.last().filter(|_| more);
        let next_page_token = last.map_or_else(String::new, |last| pages.seal(&place_of(last)));
        Ok(ListParkedTasksResponse {
            tasks: tasks.iter().map(parked_task).collect(),
            next_page_token,
        })
    }

    fn pages<'a>(&'a self, call: &'a Call) -> Purpose<'a> {
        let (key, principal) = (&*self.desk.key, &call.principal);
        Purpose { key, domain: "page/ListParkedTasks", principal, bound: &[] }
    }

    /// The task is driven first and the answer saved then: a process that dies in between leaves a task
    /// at work, which the repetition finds so. Once saved, a repetition drives nothing.
    async fn redrive(
        &self,
        call: &Call,
        request: &RedriveTaskRequest,
    ) -> Result<RedriveTaskResponse, Error> {
        let mut check = Checker::new();
        let reason = check.text("reason", &request.reason, REMARK_MAX);
        check.all((reason,))?;
        if let Some(saved) = self.desk.saved(call).await? {
            return Ok(saved);
        }
        let (case, task) =
            parse_task_id(&request.task_id).ok_or_else(|| Error::new(Reason::NotFound))?;
        let now = self.desk.clock.now();
        let store = &self.desk.store;
        let mut due = now;
        if !store.redrive(case, task, now).await.map_err(unavailable)? {
            let case = store.case(case).await.map_err(unavailable)?;
            let case = case.ok_or_else(|| Error::new(Reason::NotFound))?;
            let owed = case.owes(task).ok_or_else(|| Error::new(Reason::TaskSuperseded))?;
            due = now.max(owed.due);
        }
        let due = Some(to_timestamp(due));
        let answer = RedriveTaskResponse { task_id: request.task_id.clone(), due };
        self.desk.record(call, Vec::new(), &answer, None).await
    }

    async fn overview(&self) -> Result<Overview, Error> {
        let (now, store) = (self.desk.clock.now(), &self.desk.store);
        let (oldest, due) = store.overdue(now).await.map_err(unavailable)?;
        let stages = store.cases_by_stage().await.map_err(unavailable)?;
        let parked = store.parked_tasks(1_000).await.map_err(unavailable)?;
        let position = store.feed_position().await.map_err(unavailable)?;
        let stages = stages.into_iter().filter_map(|(stage, cases)| {
            Some(StageCount { stage: Stage::parse(&stage)?.number(), cases })
        });
        Ok(Overview {
            now: Some(to_timestamp(now)),
            test_clock: self.desk.clock.is_test(),
            oldest_overdue: oldest.as_ref().map(overdue_task),
            stages: stages.collect(),
            tasks_due: i64::try_from(due).unwrap_or(i64::MAX),
            tasks_parked: i64::try_from(parked.len()).unwrap_or(i64::MAX),
            feed_position: i64::try_from(position).unwrap_or(i64::MAX),
        })
    }

    /// Moves a test clock and remembers where it stands, so that a restart goes on there. The answer,
    /// which names the instant to reach, is saved first: a repetition finds it reached, or reaches it.
    async fn advance(
        &self,
        call: &Call,
        request: &AdvanceClockRequest,
    ) -> Result<AdvanceClockResponse, Error> {
        let clock = &self.desk.clock;
        if !clock.is_test() {
            return Err(Error::new(Reason::ClockNotTest));
        }
        let saved = match self.desk.saved::<AdvanceClockResponse>(call).await? {
            Some(saved) => saved,
            None => {
                let answer = AdvanceClockResponse { now: Some(to_timestamp(self.goal(request)?)) };
                self.desk.record(call, Vec::new(), &answer, None).await?
            }
        };
        let to = saved.now.as_ref().and_then(timestamp);
        let to = to.ok_or_else(|| Error::internal("a saved answer names no instant"))?;
        clock.advance(to.since(clock.now())).map_err(|_| Error::new(Reason::ClockNotTest))?;
        let offset = clock.offset().micros().to_string();
        self.desk.store.set_meta(CLOCK_OFFSET, &offset).await.map_err(unavailable)?;
        if self.clock_is_shared {
            // Whoever is answered may call any process of the cell next, and finds the same time there.
            pause(3 * TEST_CLOCK_EVERY).await;
        }
        Ok(saved)
    }

    /// The instant a request asks for.
    fn goal(&self, request: &AdvanceClockRequest) -> Result<Timestamp, Error> {
        let now = self.desk.clock.now();
        let to = match &request.target {
            Some(To::By(by)) => Some(now + span(by)),
            Some(To::To(to)) => timestamp(to),
            None => None,
        };
        to.filter(|to| (now..=now + ADVANCE_MAX).contains(to)).ok_or_else(|| {
            Error::field("target", Reason::FieldInvalid, "ahead of now, by at most 400 days")
        })
    }
}

fn span(wire: &prost_types::Duration) -> Span {
    let micros = wire.seconds.saturating_mul(1_000_000);
    Span::from_micros(micros.saturating_add(i64::from(wire.nanos) / 1_000))
}

pub(super) fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Reason::StoreUnavailable).because(error)
}

fn task_id(case: CaseId, task: Task) -> String {
    format!("{case}:{task}")
}

fn parse_task_id(id: &str) -> Option<(CaseId, Task)> {
    let (case, task) = id.split_once(':')?;
    Some((case.parse().ok()?, Task::parse(task)?))
}

/// The place of a task in the list, as a page token carries it.
fn place_of(parked: &Parked) -> Vec<u8> {
    let Parked { case, obligation, .. } = parked;
    format!("{}:{}", obligation.due.micros(), task_id(*case, obligation.task)).into_bytes()
}

fn read_place(place: &[u8]) -> Option<(Timestamp, CaseId, Task)> {
    let (due, task) = std::str::from_utf8(place).ok()?.split_once(':')?;
    let (case, task) = parse_task_id(task)?;
    Some((Timestamp::from_micros(due.parse().ok()?), case, task))
}

fn parked_task(parked: &Parked) -> ParkedTask {
    let task = parked.obligation.task;
    ParkedTask {
        task_id: task_id(parked.case, task),
        case_id: parked.case.to_string(),
        kind: task.to_string(),
        role: task.role().to_string(),
        due: Some(to_timestamp(parked.obligation.due)),
        parked_at: None,
        attempts: i32::try_from(parked.attempts).unwrap_or(i32::MAX),
        reason: "ATTEMPTS_EXHAUSTED".to_owned(),
        error: parked.why.clone(),
    }
}

fn overdue_task(claimed: &Claimed) -> OverdueTask {
    let task = claimed.obligation.task;
    OverdueTask {
        task_id: task_id(claimed.case, task),
        case_id: claimed.case.to_string(),
        kind: task.to_string(),
        due: Some(to_timestamp(claimed.obligation.due)),
    }
}

#[tonic::async_trait]
impl OperationsService for Operations {
    async fn list_parked_tasks(
        &self,
        request: Request<ListParkedTasksRequest>,
    ) -> Result<Response<ListParkedTasksResponse>, Status> {
        let call = Call::reading(&request, "ListParkedTasks")?;
        Ok(Response::new(self.parked(&call, request.get_ref()).await?))
    }

    async fn redrive_task(
        &self,
        request: Request<RedriveTaskRequest>,
    ) -> Result<Response<RedriveTaskResponse>, Status> {
        let call = Call::changing(&request, "RedriveTask", &request.get_ref().request_id)?;
        Ok(Response::new(self.redrive(&call, request.get_ref()).await?))
    }

    async fn get_overview(
        &self,
        request: Request<GetOverviewRequest>,
    ) -> Result<Response<Overview>, Status> {
        Call::reading(&request, "GetOverview")?;
        Ok(Response::new(self.overview().await?))
    }

    async fn get_flow(&self, request: Request<GetFlowRequest>) -> Result<Response<Flow>, Status> {
        Ok(Response::new(flow::count(&self.desk, &request).await?))
    }

    async fn list_flow(
        &self,
        request: Request<ListFlowRequest>,
    ) -> Result<Response<ListFlowResponse>, Status> {
        Ok(Response::new(flow::list(&self.desk, &request).await?))
    }

    async fn advance_clock(
        &self,
        request: Request<AdvanceClockRequest>,
    ) -> Result<Response<AdvanceClockResponse>, Status> {
        let call = Call::changing(&request, "AdvanceClock", &request.get_ref().request_id)?;
        Ok(Response::new(self.advance(&call, request.get_ref()).await?))
    }

    async fn pause_case(
        &self,
        request: Request<PauseCaseRequest>,
    ) -> Result<Response<PauseCaseResponse>, Status> {
        let call = Call::changing(&request, "PauseCase", &request.get_ref().request_id)?;
        let wire = request.get_ref();
        let mut check = Checker::new();
        let case = check.id::<CaseId>("case_id", &wire.case_id);
        let etag = check.etag(&wire.etag);
        let cause = check.listed::<PauseCause>("cause", wire.cause);
        let owner = check.listed::<Party>("owner", wire.owner);
        let resume_at = check.instant("resume_at", &wire.resume_at);
        let remark = check.optional_text("remark", &wire.remark, REMARK_MAX);
        let (case, etag, cause, owner, resume_at, _) =
            check.all((case, etag, cause, owner, resume_at, remark))?;
        let command = move |_: &Case| Ok(Command::Pause { owner, cause, resume_at });
        let step = Step::new(case, etag, command).answering(|case: &Case, _: StepEffect| {
            PauseCaseResponse { case: Some(case_view(case)) }
        });
        Ok(Response::new(self.desk.step(&call, step).await?))
    }

    async fn resume_case(
        &self,
        request: Request<ResumeCaseRequest>,
    ) -> Result<Response<ResumeCaseResponse>, Status> {
        let call = Call::changing(&request, "ResumeCase", &request.get_ref().request_id)?;
        let wire = request.get_ref();
        let mut check = Checker::new();
        let case = check.id::<CaseId>("case_id", &wire.case_id);
        let etag = check.etag(&wire.etag);
        let remark = check.optional_text("remark", &wire.remark, REMARK_MAX);
        let (case, etag, _) = check.all((case, etag, remark))?;
        let step = Step::new(case, etag, |_: &Case| Ok(Command::Resume)).answering(
            |case: &Case, _: StepEffect| ResumeCaseResponse { case: Some(case_view(case)) },
        );
        Ok(Response::new(self.desk.step(&call, step).await?))
    }
}

/// Lets the other processes of the cell follow.
#[expect(clippy::disallowed_methods, reason = "only a test clock is waited for")]
async fn pause(time: std::time::Duration) {
    tokio::time::sleep(time).await;
}
