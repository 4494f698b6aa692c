//! What operators do about parked tasks: list them, and drive each once.

use parasol_api::admin::v1::operations_service_client::OperationsServiceClient;
use parasol_api::admin::v1::{
    ListParkedTasksRequest, ListParkedTasksResponse, RedriveTaskRequest, RedriveTaskResponse,
};
use parasol_api::{Error, Reason};
use parasol_casebook::Lease;
use parasol_journey::Stage;
use parasol_journey::ids::CaseId;
use parasol_journey::task;
use parasol_journey::time::Span;
use parasol_runtime::identity::Role;
use tonic::Status;
use uuid::Uuid;

use crate::bad_input::{file, filing};
use crate::house::House;

/// A case that waits for a brand, and stays there.
async fn dispatched(house: &House) -> CaseId {
    let filed = file(house, filing()).await.expect("a good filing is taken");
    let id: CaseId = filed.case.expect("a case").case_id.parse().expect("a case id");
    let mut moves = house.node.bell.watch_case(id);
    loop {
        let case = house.node.store.case(id).await.expect("the store answers");
        if case.is_some_and(|case| case.stage == Stage::Dispatched) {
            return id;
        }
        moves.next().await;
    }
}

/// Parks every deadline that is armed, as if each had come near and failed too often.
async fn park_deadlines(house: &House) -> usize {
    let store = house.node.store.clone().parking_after(1);
    let lease = Lease { holder: Uuid::from_u128(1), length: Span::minutes(1) };
    let later = house.node.clock.now() + Span::days(60);
    store.look_ahead(later).await.expect("the store answers");
    let claimed = store.claim_tasks(task::Role::Timer, later, later, lease, 50).await;
    let claimed = claimed.expect("the store answers");
    for one in &claimed {
        store.task_failed(one, "a bug", later).await.expect("the store answers");
    }
    claimed.len()
}

async fn list(house: &House, who: &str, token: &str) -> Result<ListParkedTasksResponse, Status> {
    let message = ListParkedTasksRequest { page_size: 1, page_token: token.to_owned() };
    let request = house.request(Role::Operator, who, message);
    let mut client = OperationsServiceClient::new(house.channel.clone());
    client.list_parked_tasks(request).await.map(tonic::Response::into_inner)
}

async fn redrive(house: &House, request: u128, task: &str) -> Result<RedriveTaskResponse, Status> {
    let message = RedriveTaskRequest {
        request_id: Uuid::from_u128(request).to_string(),
        task_id: task.to_owned(),
        reason: "the bug is mended".to_owned(),
    };
    let request = house.request(Role::Operator, "op", message);
    let mut client = OperationsServiceClient::new(house.channel.clone());
    client.redrive_task(request).await.map(tonic::Response::into_inner)
}

fn reason<T: std::fmt::Debug>(refused: Result<T, Status>) -> Reason {
    Error::from_status(&refused.expect_err("it is refused")).reason()
}

#[tokio::test(flavor = "multi_thread")]
async fn parked_tasks_are_listed_page_by_page_and_driven_once() {
    let house = House::open().await;
    let case = dispatched(&house).await;
    let parked = park_deadlines(&house).await;
    assert!(parked >= 2, "only {parked} deadlines of a dispatched case");

    let (mut tasks, mut tokens) = (Vec::new(), vec![String::new()]);
    loop {
        let last = tokens.last().expect("there is one");
        let page = list(&house, "op", last).await.expect("operators list tasks");
        tasks.extend(page.tasks.into_iter().map(|one| one.task_id));
        if page.next_page_token.is_empty() {
            break;
        }
        tokens.push(page.next_page_token);
    }
    assert_eq!(tasks.len(), parked);
    for (who, token) in
        [("another", tokens[1].as_str()), ("op", "1"), ("op", &u64::MAX.to_string())]
    {
        assert_eq!(reason(list(&house, who, token).await), Reason::PageTokenInvalid);
    }

    let driven = redrive(&house, 7, &tasks[0]).await.expect("a parked task is driven");
    assert_eq!(redrive(&house, 7, &tasks[0]).await.expect("a repetition is answered"), driven);
    assert_eq!(park_deadlines(&house).await, 1);
    assert_eq!(redrive(&house, 7, &tasks[0]).await.expect("a repetition is answered"), driven);
    let store = &house.node.store;
    assert_eq!(store.parked_tasks(50).await.expect("the store answers").len(), parked);
    // As if the process had died between the effect and its answer.
    let name = parasol_journey::Task::parse(tasks[0].rsplit_once(':').expect("case:task").1);
    let now = house.node.clock.now();
    assert!(store.redrive(case, name.expect("a task"), now).await.expect("the store answers"));
    redrive(&house, 8, &tasks[0]).await.expect("a task at work is driven already");

    assert_eq!(reason(redrive(&house, 9, "nonsense").await), Reason::NotFound);
    let nobodys = format!("{}:visit", CaseId::new(Uuid::from_u128(5)));
    assert_eq!(reason(redrive(&house, 10, &nobodys).await), Reason::NotFound);
    let not_owed = format!("{case}:outcome.confirm");
    assert_eq!(reason(redrive(&house, 11, &not_owed).await), Reason::TaskSuperseded);
}
