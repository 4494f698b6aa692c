//! `PlanDay`: plans a centre's day and says how far it is.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use futures::{Stream, StreamExt as _};
use parasol_api::convert::to_timestamp;
use parasol_api::limits::BATCH_MAX;
use parasol_api::partner::v1::plan_day_response::Event;
use parasol_api::partner::v1::{DayPlan, PlanDayRequest, PlanDayResponse, PlanProgress};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use parasol_journey::Case;
use parasol_journey::ids::{AppointmentId, CaseId};
use parasol_journey::time::{Span, Timestamp};
use parasol_routing::Progress;
use parasol_runtime::identity::{Principal, Role};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Status};
use uuid::Uuid;

use crate::planning::{Input, Kept, Open, Order, PLAN_FOR, Task, keep, to_wire};
use crate::report::{not_found, takes_part};
use crate::team::Scope;
use crate::{Scheduling, store_error};

/// The stream of a planning.
pub type PlanStream = Pin<Box<dyn Stream<Item = Result<PlanDayResponse, Status>> + Send>>;

/// Seconds when the caller does not say.
const SECONDS: i32 = 10;
/// Seconds at most.
const SECONDS_MAX: i32 = 60;
/// Plans that may be tried at most.
const TRIES_MAX: i64 = 100_000_000;
/// Days ahead that may be planned.
const AHEAD_MAX: i64 = 14;
/// Visits that may be pinned.
const PINNED_MAX: usize = 500;
/// Visits and cases of one day that are planned together.
const PLANNED_MAX: usize = 2_000;

/// What is asked, checked for its form.
struct Asked {
    centre: String,
    day: NaiveDate,
    order: Order,
    pinned: Vec<AppointmentId>,
    open: Vec<CaseId>,
}

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<PlanDayRequest>,
) -> Result<PlanStream, Error> {
    let call = Call::reading(&request, "PlanDay")?;
    let asked = read(scheduling, request.get_ref())?;
    check_centre(scheduling, &call.principal, &asked.centre).await?;
    let place = scheduling.making.place().ok_or_else(|| Error::new(Reason::Overloaded))?;
    let input = input(scheduling, &call.principal, &asked).await?;
    let id = scheduling.desk.ids.next();
    let task = Arc::new(Task::of(&input, &*scheduling.travel));
    let (sender, receiver) = mpsc::channel(4);
    let scheduling = scheduling.clone();
    let planned = async move {
        let making = &scheduling.making;
        let made = making.make((id, &asked.centre), Arc::clone(&task), asked.order, sender).await;
        drop(place);
        let made = made?;
        let made_at = scheduling.desk.clock.now();
        let plan = DayPlan {
            plan_id: id.to_string(),
            centre: asked.centre,
            day: asked.day.to_string(),
            made_at: Some(to_timestamp(made_at)),
            expires_at: Some(to_timestamp(made_at + PLAN_FOR)),
            tried: i64::try_from(made.tried).unwrap_or(i64::MAX),
            solver: made.solver.to_owned(),
            solver_note: made.note,
            ..to_wire(&task, &made.plan)
        };
        let kept = Kept { plan, made_at };
        keep(&scheduling.desk, &call.principal, id, &kept).await?;
        Ok(PlanDayResponse { event: Some(Event::Plan(kept.plan)) })
    };
    Ok(Box::pin(stream(id, receiver, planned)))
}

/// The progress as it comes, and then the plan.
fn stream(
    id: Uuid,
    receiver: mpsc::Receiver<Progress>,
    planned: impl Future<Output = Result<PlanDayResponse, Error>> + Send,
) -> impl Stream<Item = Result<PlanDayResponse, Status>> + Send {
    let progress = ReceiverStream::new(receiver).map(move |now| {
        let progress = PlanProgress {
            plan_id: id.to_string(),
            tried: i64::try_from(now.tried).unwrap_or(i64::MAX),
            cost_seconds: now.cost / 1_000_000,
            left_out: i32::try_from(now.left_out).unwrap_or(i32::MAX),
        };
        Ok(PlanDayResponse { event: Some(Event::Progress(progress)) })
    });
    let planned = futures::stream::once(planned).map(|one| one.map_err(Status::from));
    // Progress ends with the planning that sends it, and the plan is kept after that.
    futures::stream::select(progress, planned)
}

fn read(scheduling: &Scheduling, message: &PlanDayRequest) -> Result<Asked, Error> {
    let mut check = Checker::new();
    let today = scheduling.desk.clock.now().shanghai_day();
    let day = NaiveDate::parse_from_str(&message.day, "%Y-%m-%d").ok();
    let day = day.filter(|day| (0..=AHEAD_MAX).contains(&(*day - today).num_days()));
    let day = match day {
        Some(day) => Some(day),
        None => {
            let expected = "today or one of the next 14 days, as YYYY-MM-DD";
            check.refuse("day", Reason::FieldInvalid, expected)
        }
    };
    let centre = check.text("centre", &message.centre, 64);
    let seconds = match message.seconds {
        0 => Some(SECONDS),
        given => check.number("seconds", given, 1..=SECONDS_MAX),
    };
    let tries = check.number("tries", message.tries, 0..=TRIES_MAX);
    let pinned =
        check.at_most("pinned_appointment_ids", &message.pinned_appointment_ids, PINNED_MAX);
    let open = check.at_most("open_case_ids", &message.open_case_ids, BATCH_MAX);
    let pinned = pinned
        .and_then(|()| ids(&mut check, "pinned_appointment_ids", &message.pinned_appointment_ids));
    let open = open.and_then(|()| ids(&mut check, "open_case_ids", &message.open_case_ids));
    let checked = check.all((centre, day, seconds, tries, pinned, open))?;
    let (centre, day, seconds, tries, pinned, open) = checked;
    let order = Order {
        solver: scheduling.solver,
        time: Duration::from_secs(u64::try_from(seconds).unwrap_or_default()),
        tries: u64::try_from(tries).unwrap_or_default(),
        seed: 1,
    };
    Ok(Asked { centre, day, order, pinned, open })
}

fn ids<T>(check: &mut Checker, field: &str, texts: &[String]) -> Option<Vec<T>>
where
    T: std::str::FromStr + 'static,
    Checker: ReadsId<T>,
{
    let each = texts.iter().enumerate();
    let read: Vec<Option<T>> =
        each.map(|(nth, text)| check.read(&format!("{field}[{nth}]"), text)).collect();
    read.into_iter().collect()
}

/// Ids of either kind.
trait ReadsId<T> {
    fn read(&mut self, field: &str, text: &str) -> Option<T>;
}

impl ReadsId<AppointmentId> for Checker {
    fn read(&mut self, field: &str, text: &str) -> Option<AppointmentId> {
        self.id(field, text)
    }
}

impl ReadsId<CaseId> for Checker {
    fn read(&mut self, field: &str, text: &str) -> Option<CaseId> {
        self.id(field, text)
    }
}

/// Whose centre it is; another one is not there.
pub async fn check_centre(
    scheduling: &Scheduling,
    principal: &Principal,
    centre: &str,
) -> Result<(), Error> {
    let premises = scheduling.roster.premises(centre).await?;
    let is_theirs = match principal.role {
        Role::Centre => principal.subject == centre,
        Role::Brand => premises.brand == principal.subject,
        _ => true,
    };
    if is_theirs && !premises.brand.is_empty() { Ok(()) } else { Err(not_found()) }
}

async fn input(
    scheduling: &Scheduling,
    principal: &Principal,
    asked: &Asked,
) -> Result<Input, Error> {
    let members = scheduling.roster.team(&asked.centre).await?.to_vec();
    let from = Timestamp::shanghai_midnight(asked.day);
    let scope = Scope { from, until: from + Span::days(1) };
    let mut booked = scheduling.promised(&members, scope).await?;
    booked.retain(|one| one.window.start.shanghai_day() == asked.day);
    booked.sort_by_key(|one| (one.window.start, one.appointment));
    let cases = scheduling.desk.store.readable_cases(&asked.open).await.map_err(store_error)?;
    let mut open = Vec::with_capacity(asked.open.len());
    for id in &asked.open {
        let case = cases.iter().find(|case| case.id == *id);
        let mine = |case: &&Case| takes_part(principal, case) && is_of(case, &asked.centre);
        let case = case.filter(mine).ok_or_else(not_found)?;
        // What has a visit is planned as booked.
        if case.visit.is_none() {
            open.push(open_case(scheduling, case).await?);
        }
    }
    if booked.len() + open.len() > PLANNED_MAX {
        let text = format!("{} visits and cases; at most {PLANNED_MAX}", booked.len() + open.len());
        return Err(Error::new(Reason::FieldInvalid).message(text));
    }
    let pinned = asked.pinned.iter().map(|id| id.uuid()).collect();
    Ok(Input { members, day: asked.day, now: scheduling.desk.clock.now(), booked, open, pinned })
}

fn is_of(case: &Case, centre: &str) -> bool {
    case.work_order.as_ref().is_some_and(|order| order.centre.as_str() == centre)
}

async fn open_case(scheduling: &Scheduling, case: &Case) -> Result<Open, Error> {
    Ok(Open {
        case: case.id,
        category: case.filing.category,
        county: case.filing.county.clone(),
        place: scheduling.place(case).await?.point(),
        due: case.obligations.iter().map(|owed| owed.due).min(),
        technician: case.technician().cloned(),
    })
}
