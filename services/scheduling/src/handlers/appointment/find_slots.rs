//! `FindSlots`: the arrival windows that somebody can keep, and why nobody can keep the others.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use parasol_api::convert::{to_timestamp, to_window};
use parasol_api::partner::v1::{
    ClosedWindow, FindSlotsRequest, FindSlotsResponse, Slot, SlotClosure, SlotClosureReason,
};
use parasol_api::{Checker, Error};
use parasol_desk::{Call, actor};
use parasol_journey::event::Window;
use parasol_journey::ids::CaseId;
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::{Case, Rejection, Stage, Verb, table};
use parasol_runtime::identity::{Principal, Role};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _};
use tonic::Request;

use crate::report::{not_found, takes_part};
use crate::slot_id::SlotIds;
use crate::tables::{State, appointments};
use crate::team::{Answer, Closed, Member, Scope, Team};
use crate::{Scheduling, store_error};

/// How many days are looked at when the caller does not say, and at most.
const DAYS: (i32, i32) = (7, 14);
/// How many slots are answered when the caller does not say, and at most.
const SLOTS: (i32, i32) = (20, 100);
/// How far ahead a visit may be booked.
const BOOK_AHEAD_MAX: Span = Span::days(90);

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<FindSlotsRequest>,
) -> Result<FindSlotsResponse, Error> {
    let call = Call::reading(&request, "FindSlots")?;
    let message = request.into_inner();
    let mut check = Checker::new();
    let case = check.id::<CaseId>("case_id", &message.case_id);
    let from = check.optional_instant("from", &message.from);
    let days = number(&mut check, "days", message.days, DAYS);
    let limit = number(&mut check, "limit", message.limit, SLOTS);
    let (case, from, days, limit) = check.all((case, from, days, limit))?;

    let case = scheduling.desk.case(&call.principal, case).await?;
    if !takes_part(&call.principal, &case) {
        return Err(not_found());
    }
    let candidates = candidates(scheduling, &call.principal, &case).await?;
    let now = scheduling.desk.clock.now();
    let from = from.unwrap_or(now).max(now);
    let until = (from + Span::days(i64::from(days))).min(now + BOOK_AHEAD_MAX);
    let found = find(scheduling, &case, &candidates, Scope { from, until }).await?;
    let shown = Shown { scheduling, principal: &call.principal, case: &case, candidates };
    Ok(shown.answer(found, usize::try_from(limit).unwrap_or_default(), message.with_closed))
}

fn number(check: &mut Checker, field: &str, value: i32, (usual, max): (i32, i32)) -> Option<i32> {
    if value == 0 { Some(usual) } else { check.number(field, value, 1..=max) }
}

/// Who is looked at.
struct Candidates {
    members: Vec<Member>,
    /// Who has to come along.
    helper: Option<Member>,
    /// Technicians of the centre who do not go to the county.
    outside: usize,
}

/// The technician who was named; before that the centre's, for those who name one. Refused as holding
/// a slot would be.
async fn candidates(
    scheduling: &Scheduling,
    principal: &Principal,
    case: &Case,
) -> Result<Candidates, Error> {
    let (stage, actor) = (case.stage, actor(principal).kind);
    let is_bookable = table::row(Verb::HoldSlot).from.contains(&stage);
    if let Some(technician) = case.technician().filter(|_| is_bookable) {
        let entry = scheduling.roster.technician(technician).await?;
        let helper = match case.helper() {
            Some(id) => Some((id.clone(), scheduling.roster.technician(id).await?)),
            None => None,
        };
        let members = vec![(technician.clone(), entry)];
        return Ok(Candidates { members, helper, outside: 0 });
    }
    let centre = case.work_order.as_ref().filter(|_| stage == Stage::CentreAssigned);
    let names_one = matches!(
        principal.role,
        Role::Brand | Role::Centre | Role::Agent | Role::Manager | Role::Service
    );
    match centre.filter(|_| names_one) {
        Some(order) => {
            let team = scheduling.roster.team(order.centre.as_str()).await?;
            let goes = |member: &&Member| member.1.goes_to(&case.filing.county);
            let members: Vec<_> = team.iter().filter(goes).cloned().collect();
            Ok(Candidates { outside: team.len() - members.len(), members, helper: None })
        }
        None if stage.is_ended() => Err(Rejection::CaseEnded { stage }.into()),
        None => {
            let (verb, open) = (Verb::HoldSlot, table::open_to(stage, actor));
            Err(Rejection::IllegalTransition { stage, verb, actor, open }.into())
        }
    }
}

/// Who can keep a window or why nobody can; or what closes it whoever came.
type Found = Result<Answer, SlotClosureReason>;

/// Every window that a candidate works in, with what was found of it.
async fn find(
    scheduling: &Scheduling,
    case: &Case,
    candidates: &Candidates,
    scope: Scope,
) -> Result<Vec<(Window, Found)>, Error> {
    let Scope { from, until } = scope;
    let members = &candidates.members;
    let works = members.iter().flat_map(|one| one.1.working_time.arrival_windows(from, until));
    let windows: BTreeSet<_> = works.map(|window| (window.start, window.end)).collect();
    let windows: Vec<_> = windows.into_iter().map(|(start, end)| Window { start, end }).collect();
    let days: BTreeSet<_> = windows.iter().map(|window| window.start.shanghai_day()).collect();
    let days: Vec<_> = days.into_iter().collect();
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return Ok(Vec::new()) };
    // Whole days: a visit in the morning decides whether somebody is there at noon.
    let from = Timestamp::shanghai_midnight(*first);
    let until = Timestamp::shanghai_midnight(*last) + Span::days(1);
    let whole = Scope { from, until };
    let promised = scheduling.promised(members, whole).await?;
    let place = scheduling.place(case).await?.point();
    let asked = (case.filing.category, place);
    let travel = std::sync::Arc::clone(&scheduling.travel);
    let mut answers = Team::new(members, &promised, asked, &days, travel).find(&windows);
    if let Some(helper) = &candidates.helper {
        let helper = std::slice::from_ref(helper);
        let promised = scheduling.promised(helper, whole).await?;
        let travel = std::sync::Arc::clone(&scheduling.travel);
        let theirs = Team::new(helper, &promised, asked, &days, travel).find(&windows);
        for (answer, theirs) in answers.iter_mut().zip(theirs) {
            // Both have to keep it: what closes it for the helper closes it.
            if let (Answer::Open { .. }, Answer::Closed(_)) = (&*answer, &theirs) {
                *answer = theirs;
            }
        }
    }
    let full = full_days(scheduling, case, whole).await?;
    let closed = |window: &Window| {
        if case.parts_from().is_some_and(|from| window.start < from) {
            return Some(SlotClosureReason::PartsNotThere);
        }
        let is_full = full.contains(&window.start.shanghai_day());
        is_full.then_some(SlotClosureReason::Capacity)
    };
    let found = windows.into_iter().zip(answers);
    Ok(found.map(|(window, answer)| (window, closed(&window).map_or(Ok(answer), Err))).collect())
}

/// The days on which the centre has as many visits of the case's category as it can make.
async fn full_days(
    scheduling: &Scheduling,
    case: &Case,
    scope: Scope,
) -> Result<BTreeSet<NaiveDate>, Error> {
    use appointments::Column;
    let Some(order) = &case.work_order else { return Ok(BTreeSet::new()) };
    let category = case.filing.category;
    let premises = scheduling.roster.premises(order.centre.as_str()).await?;
    let Some(most) = premises.visits_a_day(category) else { return Ok(BTreeSet::new()) };
    let starts: Vec<i64> = appointments::Entity::find()
        .select_only()
        .column(Column::WindowStart)
        .filter(Column::Centre.eq(order.centre.as_str()))
        .filter(Column::WindowStart.gte(scope.from.micros()))
        .filter(Column::WindowStart.lt(scope.until.micros()))
        .filter(Column::Category.eq(category.as_str()))
        .filter(Column::State.is_in(State::ON_THE_DAY.map(State::as_str)))
        .filter(Column::CaseId.ne(case.id.uuid()))
        .into_tuple()
        .all(scheduling.desk.store.reader())
        .await
        .map_err(store_error)?;
    let mut visits: HashMap<NaiveDate, i32> = HashMap::new();
    for start in starts {
        *visits.entry(Timestamp::from_micros(start).shanghai_day()).or_default() += 1;
    }
    Ok(visits.into_iter().filter(|(_, count)| *count >= most).map(|(day, _)| day).collect())
}

/// The answer as this caller may see it.
struct Shown<'a> {
    scheduling: &'a Scheduling,
    principal: &'a Principal,
    case: &'a Case,
    candidates: Candidates,
}

impl Shown<'_> {
    fn answer(
        &self,
        found: Vec<(Window, Found)>,
        limit: usize,
        with_closed: bool,
    ) -> FindSlotsResponse {
        let mut answer = FindSlotsResponse::default();
        for (window, found) in found {
            if answer.slots.len() == limit {
                break;
            }
            match found {
                Ok(Answer::Open { technician, detour, begins }) => {
                    let (key, case) = (&self.scheduling.desk.key, self.case.id);
                    let ids = SlotIds { key, case, technician: &technician };
                    let mut slot = Slot {
                        slot_id: ids.id(window),
                        window: Some(to_window(window)),
                        ..Slot::default()
                    };
                    if self.principal.role != Role::Customer {
                        slot.technician = technician.to_string();
                        slot.begins_at = Some(to_timestamp(begins));
                        slot.detour_seconds = seconds(detour);
                    }
                    answer.slots.push(slot);
                }
                _ if !with_closed => {}
                closed => answer.closed.push(self.closed(window, closed)),
            }
        }
        answer
    }

    fn closed(&self, window: Window, found: Found) -> ClosedWindow {
        let mut whys: Vec<(SlotClosureReason, usize)> = match found {
            Ok(Answer::Closed(whys)) => {
                let mut whys: BTreeMap<Closed, usize> = whys;
                whys.retain(|_, count| *count > 0);
                whys.into_iter().map(|(why, count)| (reason(why), count)).collect()
            }
            Ok(Answer::Open { .. }) => Vec::new(),
            Err(why) => vec![(why, 0)],
        };
        if self.candidates.outside > 0 {
            whys.push((SlotClosureReason::OutsideTerritory, self.candidates.outside));
        }
        let counts = self.principal.role != Role::Customer;
        let reasons = whys.into_iter().map(|(reason, count)| SlotClosure {
            reason: reason.into(),
            technicians: if counts { i32::try_from(count).unwrap_or(i32::MAX) } else { 0 },
        });
        ClosedWindow { window: Some(to_window(window)), reasons: reasons.collect() }
    }
}

fn reason(why: Closed) -> SlotClosureReason {
    match why {
        Closed::NotCertified => SlotClosureReason::NotCertified,
        Closed::OffDuty => SlotClosureReason::OffDuty,
        Closed::Taken => SlotClosureReason::Taken,
        Closed::Travel => SlotClosureReason::Travel,
        Closed::DayFull => SlotClosureReason::DayFull,
    }
}

fn seconds(span: Span) -> i32 {
    i32::try_from(span.micros() / 1_000_000).unwrap_or(i32::MAX)
}
