//! The front page: everything a partner has to do, what is due first on top.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::common::v1::{Party, Stage};
use parasol_api::convert::timestamp;
use parasol_api::partner::v1::{Offer, OfferState, WorkOrder};
use parasol_api::{Language, Role};
use parasol_journey::ids::{CaseId, WorkOrderId};
use parasol_journey::time::{Span, Timestamp};

use super::act::notice;
use super::acts::parts::is_awaited;
use super::calls::{Calls, Open};
use super::claims::tabs;
use super::controls::{Filled, Look};
use super::door::{closed, failure, status};
use super::form::Form;
use super::page::{Page, redirect};
use super::session::Visitor;
use super::words::{Pick as _, category, party, stage};
use super::{HOME, controls, times};
use crate::Gateway;
use crate::web::live::live;

/// What has to be done about a row, in the order that groups without a deadline are shown in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Offers,
    Technician,
    Booking,
    Today,
    Certificate,
    Word,
    Parts,
    Repair,
    Later,
    Waiting,
}

const GROUPS: [Group; 10] = [
    Group::Offers,
    Group::Technician,
    Group::Booking,
    Group::Today,
    Group::Certificate,
    Group::Word,
    Group::Parts,
    Group::Repair,
    Group::Later,
    Group::Waiting,
];

impl Group {
    fn title(self, language: Language) -> &'static str {
        match self {
            Self::Offers => language.pick("待答复的派单", "Offers to answer"),
            Self::Technician => language.pick("待派工程师", "Without a technician"),
            Self::Booking => language.pick("待预约", "Visits to arrange"),
            Self::Today => language.pick("今天上门", "Visits today"),
            Self::Certificate => language.pick("待提交检测单", "Certificates to submit"),
            Self::Word => language.pick("待厂家复核或答复", "Certificates and disputes to answer"),
            Self::Parts => language.pick("待发配件", "Parts to ship"),
            Self::Repair => language.pick("维修中", "In repair"),
            Self::Later => language.pick("已预约", "Visits later"),
            Self::Waiting => language.pick("等待其他方", "Waiting for others"),
        }
    }
}

/// A row of the list.
struct Row {
    group: Group,
    case: String,
    /// What the unit is.
    unit: String,
    /// Where things stand, in a few words.
    state: String,
    /// What is wrong, or who comes when.
    note: String,
    due: Option<Timestamp>,
    danger: bool,
}

/// `GET /portal`.
pub(super) async fn show(State(gateway): State<Gateway>, request: Request) -> Response {
    let portal = &gateway.portal;
    let (parts, _) = request.into_parts();
    let visitor = match Visitor::of(portal, &parts) {
        Ok(visitor) => visitor,
        Err(guest) => return closed(portal, guest, true),
    };
    let open = match Calls::of(portal, &visitor).open().await {
        Ok(open) => open,
        Err(error) => return failure(&visitor.guest, &error),
    };
    let query = Form::of_query(parts.uri.query());
    page(&visitor, &open, notice(&query, visitor.guest.language), None)
}

/// `GET /portal/find`: on to a case by its number or that of its work order.
pub(super) async fn find(State(gateway): State<Gateway>, request: Request) -> Response {
    let portal = &gateway.portal;
    let (parts, _) = request.into_parts();
    let visitor = match Visitor::of(portal, &parts) {
        Ok(visitor) => visitor,
        Err(guest) => return closed(portal, guest, true),
    };
    let sought = Form::of_query(parts.uri.query()).text("number");
    if sought.parse::<CaseId>().is_ok() {
        return redirect(&format!("{HOME}/cases/{sought}"), &visitor.guest);
    }
    let calls = Calls::of(portal, &visitor);
    let found = match sought.parse::<WorkOrderId>() {
        Ok(_) => calls.order_by_id(&sought).await.map(|order| case_of(&order).to_owned()),
        Err(_) => Err(parasol_api::Error::new(parasol_api::Reason::NotFound)),
    };
    match found {
        Ok(case) => redirect(&format!("{HOME}/cases/{case}"), &visitor.guest),
        Err(error) => {
            let open = calls.open().await.unwrap_or_default();
            let alert = controls::alert(&error, visitor.guest.language);
            page(&visitor, &open, alert, Some(status(&error)))
        }
    }
}

fn page(visitor: &Visitor, open: &Open, notice: Markup, code: Option<StatusCode>) -> Response {
    let language = visitor.guest.language;
    let rows = rows(open, visitor.principal.role, visitor.guest.now, language);
    let title = language.pick("工单", "Work");
    let body = html! {
        (live(&format!("{HOME}/events"), &open.cursor, language))
        (tabs(language))
        h1 { (title) }
        (notice)
        @if open.more {
            p.hint { (language.pick(
                "未完成的工单很多，这里只显示其中一部分。",
                "There is more open work than this page shows.",
            )) }
        }
        @if rows.is_empty() {
            p.empty { (language.pick("现在没有待处理的工单。", "There is nothing to do now.")) }
        }
        @for group in rows.chunk_by(|one, next| one.group == next.group) {
            @let heading = group[0].group.title(language);
            section.group {
                h2 { (heading) " " span.count { (group.len()) } }
                ul.rows { @for row in group { li { (shown(row, visitor)) } } }
            }
        }
        (search(language))
    };
    Page { title, head: html! {}, body }.for_visitor(code.unwrap_or(StatusCode::OK), visitor)
}

fn search(language: Language) -> Markup {
    let form = Form::default();
    let filled = Filled { of: "find", language, form: &form, error: None };
    let label = language.pick("按服务单号或工单号查找", "Find by case or work order number");
    let look = Look { kind: "search", required: true, max: 64, ..Look::default() };
    html! {
        form.card.find method="get" action="/portal/find" role="search" {
            (filled.input("number", label, look))
            button { (language.pick("查找", "Find")) }
        }
    }
}

fn shown(row: &Row, visitor: &Visitor) -> Markup {
    let language = visitor.guest.language;
    html! {
        a.row href={ (HOME) "/cases/" (row.case) } {
            span.top {
                strong { (row.unit) }
                span.badge { (row.state) }
            }
            @if row.danger {
                span.danger { (language.pick("客户报告有危险", "Danger reported")) }
            }
            @if !row.note.is_empty() { span.note { (row.note) } }
            @if let Some(due) = row.due {
                span.line { (times::due(due, visitor.guest.now, language)) }
            }
        }
    }
}

/// All rows: groups by what is due first in them, rows in a group likewise. What waits for others comes
/// last whatever its deadline.
fn rows(open: &Open, role: Role, now: Timestamp, language: Language) -> Vec<Row> {
    let offers = open.offers.iter().filter(|one| one.state() == OfferState::Offered);
    let mut rows: Vec<_> = offers.map(|offer| offer_row(offer, language)).collect();
    rows.extend(open.orders.iter().map(|order| order_row(order, role, now, language)));
    let first = GROUPS.map(|group| {
        let of_group = rows.iter().filter(|row| row.group == group);
        of_group.filter_map(|row| row.due).min()
    });
    let never = Timestamp::from_micros(i64::MAX);
    rows.sort_by_key(|row| {
        let waits = row.group >= Group::Later;
        let first = if waits { never } else { first[row.group as usize].unwrap_or(never) };
        (first, row.group, row.due.unwrap_or(never), row.case.clone())
    });
    rows
}

fn offer_row(offer: &Offer, language: Language) -> Row {
    let place = language.pick("县区", "county");
    Row {
        group: Group::Offers,
        case: offer.case_id.clone(),
        unit: unit(offer.category(), &offer.model, language),
        state: format!("{place} {}", offer.county),
        note: offer.description.clone(),
        due: offer.answer_by.as_ref().and_then(timestamp),
        danger: offer.danger,
    }
}

fn order_row(order: &WorkOrder, role: Role, now: Timestamp, language: Language) -> Row {
    let view = order.case.clone().unwrap_or_default();
    let group = group_of(order, role, now);
    let window = times::ends(order.window.as_ref());
    let visit = window.filter(|_| matches!(group, Group::Today | Group::Later));
    let note = match (visit, group) {
        (Some((from, to)), _) => {
            format!("{} {}", times::span(from, to, language), order.technician)
        }
        (None, Group::Waiting) => {
            let holder = view.turn.unwrap_or_default().holder();
            format!("{}{}", language.pick("轮到", "Turn: "), party(holder, language))
        }
        (None, _) => order.description.clone(),
    };
    let deadline = order.next_deadline.as_ref().and_then(|one| timestamp(one.due.as_ref()?));
    Row {
        group,
        case: view.case_id.clone(),
        unit: unit(order.category(), &order.model, language),
        state: stage(view.stage(), language).to_owned(),
        note,
        due: visit.map(|(from, _)| from).or(deadline),
        danger: false,
    }
}

/// What has to be done about a work order, by whoever looks.
fn group_of(order: &WorkOrder, role: Role, now: Timestamp) -> Group {
    let stage = order.case.clone().unwrap_or_default().stage();
    let is_brand = role == Role::Brand;
    match stage {
        Stage::Accepted if !is_brand => Group::Waiting,
        Stage::Accepted | Stage::CentreAssigned => Group::Technician,
        Stage::TechnicianAssigned | Stage::Unreachable => Group::Booking,
        Stage::Appointed => match times::ends(order.window.as_ref()) {
            Some((from, _)) if from.shanghai_day() > now.shanghai_day() => Group::Later,
            _ => Group::Today,
        },
        Stage::OnSite | Stage::Inspecting => Group::Certificate,
        Stage::VerdictHeld if is_brand => Group::Word,
        Stage::Disputed => Group::Word,
        Stage::Repairing => {
            let mut parts = order.part_orders.iter();
            match parts.any(|one| is_awaited(one.state())) {
                true => Group::Parts,
                false => Group::Repair,
            }
        }
        _ => Group::Waiting,
    }
}

/// What a unit is called in a list.
pub(super) fn unit(
    of: parasol_api::common::v1::Category,
    model: &str,
    language: Language,
) -> String {
    match model.is_empty() {
        true => category(of, language).to_owned(),
        false => format!("{} {model}", category(of, language)),
    }
}

/// The case a work order belongs to.
pub(super) fn case_of(order: &WorkOrder) -> &str {
    order.case.as_ref().map_or("", |view| view.case_id.as_str())
}

/// Whose turn it is, and since when.
pub(super) fn turn(order: &WorkOrder, now: Timestamp, language: Language) -> Markup {
    let turn = order.case.clone().unwrap_or_default().turn.unwrap_or_default();
    let holder = turn.holder();
    let since = turn.since.as_ref().and_then(timestamp);
    let held = since.map_or(Span::ZERO, |since| now.since(since));
    html! {
        @if holder == Party::Unspecified {
            (language.pick("服务单已结束", "The case has ended"))
        } @else {
            strong { (party(holder, language)) }
            " · " (language.pick("已 ", "for ")) (times::length(held, language))
        }
    }
}

#[cfg(test)]
mod tests {
    use parasol_api::common::v1::{CaseView, Category, Deadline};
    use parasol_api::convert::to_timestamp;
    use parasol_api::partner::v1::{PartOrder, PartOrderState};

    use super::*;

    fn now() -> Timestamp {
        Timestamp::parse("2026-06-09T12:00:00+08:00").unwrap()
    }

    fn order(case: &str, stage: Stage, due: Option<Span>) -> WorkOrder {
        let view =
            CaseView { case_id: case.to_owned(), stage: stage.into(), ..CaseView::default() };
        let due = due.map(|due| to_timestamp(now() + due));
        WorkOrder {
            case: Some(view),
            category: Category::Fan.into(),
            next_deadline: due.map(|due| Deadline { due: Some(due), ..Deadline::default() }),
            ..WorkOrder::default()
        }
    }

    fn offer(case: &str, minutes: i64, state: OfferState) -> Offer {
        Offer {
            case_id: case.to_owned(),
            state: state.into(),
            answer_by: Some(to_timestamp(now() + Span::minutes(minutes))),
            ..Offer::default()
        }
    }

    fn cases(open: &Open, role: Role) -> Vec<String> {
        rows(open, role, now(), Language::En).into_iter().map(|row| row.case).collect()
    }

    #[test]
    fn what_is_due_first_is_on_top_and_what_waits_for_others_at_the_end() {
        let open = Open {
            offers: vec![
                offer("later", 90, OfferState::Offered),
                offer("soon", 30, OfferState::Offered),
                offer("answered", 1, OfferState::Accepted),
            ],
            orders: vec![
                order("waits", Stage::Deciding, Some(Span::minutes(1))),
                order("late", Stage::OnSite, Some(Span::minutes(-5))),
                order("open", Stage::CentreAssigned, None),
            ],
            more: false,
            cursor: String::new(),
        };
        assert_eq!(cases(&open, Role::Centre), ["late", "soon", "later", "open", "waits"]);
    }

    #[test]
    fn what_has_to_be_done_depends_on_who_looks() {
        let held = order("held", Stage::VerdictHeld, None);
        assert_eq!(group_of(&held, Role::Brand, now()), Group::Word);
        assert_eq!(group_of(&held, Role::Centre, now()), Group::Waiting);
        let mut repair = order("repair", Stage::Repairing, None);
        assert_eq!(group_of(&repair, Role::Centre, now()), Group::Repair);
        let ordered = PartOrder { state: PartOrderState::Ordered.into(), ..PartOrder::default() };
        repair.part_orders.push(ordered);
        assert_eq!(group_of(&repair, Role::Centre, now()), Group::Parts);
    }

    #[test]
    fn groups_stand_at_their_own_places() {
        for (place, group) in GROUPS.iter().enumerate() {
            assert_eq!(*group as usize, place);
        }
    }

    #[test]
    fn a_visit_of_tomorrow_is_not_of_today() {
        let mut visit = order("v", Stage::Appointed, None);
        assert_eq!(group_of(&visit, Role::Centre, now()), Group::Today);
        let from = now() + Span::days(1);
        let window = parasol_journey::event::Window { start: from, end: from + Span::hours(2) };
        visit.window = Some(parasol_api::convert::to_window(window));
        assert_eq!(group_of(&visit, Role::Centre, now()), Group::Later);
    }
}
