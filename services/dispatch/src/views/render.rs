//! Rows as messages.

use parasol_api::Listed as _;
use parasol_api::common::v1::{Address, Deadline};
use parasol_api::convert::{case_view, etag, to_proposed_windows, to_timestamp, to_window};
use parasol_api::partner::v1::{CertificateNote, Offer, PartOrder, WorkOrder};
use parasol_desk::location;
use parasol_journey::case::Inspected;
use parasol_journey::deadline::{Clock, Miss};
use parasol_journey::event::Window;
use parasol_journey::ids::{AppointmentId, CaseId, OfferId, WorkOrderId};
use parasol_journey::time::Timestamp;
use parasol_journey::{Case, Task};

use super::gather::Views;
use super::private::{Customer, Filed};
use crate::network::listed;
use crate::parts::{Line, Movement, PartOrderId, part_state};
use crate::states::{OfferState, WorkState, work_state, working_centre};
use crate::tables::{offers, part_orders, work_orders};

/// An offer as its partner may see it.
pub fn offer(row: &offers::Model, views: &Views) -> Offer {
    let case = views.cases.get(&row.case_id);
    let filed = views.filed.get(&row.case_id).filter(|_| row.open == 1);
    let visit_by = case.filter(|_| row.open == 1).and_then(|case| {
        let due = case.owes(Task::Clock(Clock::Visit))?.due;
        Some(to_timestamp(due))
    });
    Offer {
        offer_id: OfferId::new(row.offer).to_string(),
        case_id: CaseId::new(row.case_id).to_string(),
        etag: case.map_or_else(String::new, |case| etag(case.version)),
        state: OfferState::number_of(&row.state),
        brand: row.brand.clone(),
        centre: row.centre.clone(),
        category: case.map_or(0, |case| case.filing.category.number()),
        sku: case.map_or_else(String::new, |case| case.filing.sku.to_string()),
        model: filed.map_or_else(String::new, |filed| filed.model.clone()),
        description: filed.map_or_else(String::new, |filed| filed.description.clone()),
        county: case.map_or_else(String::new, |case| case.filing.county.to_string()),
        offered_at: instant(row.offered_at),
        answer_by: instant(row.expires_at),
        visit_by,
        preferred_windows: filed.map_or_else(Vec::new, |filed| {
            filed.preferred_windows.iter().copied().map(to_window).collect()
        }),
        danger: case.is_some_and(|case| case.filing.danger),
        on_behalf_of: case.map_or_else(String::new, |case| on_behalf_of(case, &row.brand)),
        reason: row.reason.clone(),
    }
}

/// A work order as its partner may see it now.
pub fn work_order(row: &work_orders::Model, views: &Views) -> WorkOrder {
    let case = views.cases.get(&row.case_id);
    let id = WorkOrderId::new(row.work_order);
    let of_its_case =
        case.filter(|case| case.work_order.as_ref().is_some_and(|live| live.id == id));
    let is_live = of_its_case.is_some() && row.open == 1;
    let of_row = Timestamp::from_micros(row.changed_at);
    let changed_at = of_its_case.map_or(of_row, |case| case.updated_at.max(of_row));
    let mut shown = WorkOrder {
        work_order_id: id.to_string(),
        offer_id: OfferId::new(row.offer).to_string(),
        case: case.map(case_view),
        state: WorkState::number_of(&row.state),
        brand: row.brand.clone(),
        centre: row.centre.clone(),
        technician: row.technician.clone(),
        helper: row.helper.clone(),
        partner_order_no: row.partner_order.clone(),
        part_orders: part_orders_of(row, views),
        accepted_at: views.accepted_at.get(&row.offer).copied().and_then(instant),
        changed_at: Some(to_timestamp(changed_at)),
        ..WorkOrder::default()
    };
    if let Some(case) = case {
        show_unit(&mut shown, case);
        shown.on_behalf_of = on_behalf_of(case, &row.brand);
    }
    if !row.appointment.is_nil() {
        shown.appointment_id = AppointmentId::new(row.appointment).to_string();
        let (start, end) = (row.window_start, row.window_end);
        let [start, end] = [start, end].map(Timestamp::from_micros);
        shown.window = Some(to_window(Window { start, end }));
    }
    if let Some(case) = case.filter(|_| is_live) {
        shown.proposed_windows = to_proposed_windows(case);
        shown.certificates = case.certificates.iter().map(certificate_note).collect();
        shown.next_deadline = case.next_deadline().and_then(|owed| deadline(owed.task, owed.due));
        let filed = views.filed.get(&row.case_id);
        show_customer(&mut shown, filed, views.customers.get(&case.filing.customer.uuid()));
    }
    shown
}

/// The live work order of a case, told from the case alone: what an answer that is saved may hold.
/// Street and name are not in it; they are read with the work order itself.
pub fn work_order_of(case: &Case) -> Option<WorkOrder> {
    let order = case.work_order.as_ref()?;
    let visit = case.visit.as_ref();
    let mut shown = WorkOrder {
        work_order_id: order.id.to_string(),
        offer_id: order.offer.to_string(),
        case: Some(case_view(case)),
        state: WorkState::number_of(work_state(case).as_str()),
        brand: case.serving_brand().to_string(),
        centre: working_centre(case).unwrap_or_default().to_owned(),
        technician: order.technician.as_ref().map_or_else(String::new, ToString::to_string),
        helper: order.helper.as_ref().map_or_else(String::new, ToString::to_string),
        partner_order_no: order.partner_order.clone().unwrap_or_default(),
        appointment_id: visit.map_or_else(String::new, |visit| visit.id.to_string()),
        window: visit.map(|visit| to_window(visit.window)),
        proposed_windows: to_proposed_windows(case),
        next_deadline: case.next_deadline().and_then(|owed| deadline(owed.task, owed.due)),
        changed_at: Some(to_timestamp(case.updated_at)),
        ..WorkOrder::default()
    };
    show_unit(&mut shown, case);
    shown.on_behalf_of = on_behalf_of(case, &shown.brand);
    Some(shown)
}

/// The unit's brand, where another's network works for it.
fn on_behalf_of(case: &Case, network: &str) -> String {
    let brand = case.filing.brand.as_str();
    if brand == network { String::new() } else { brand.to_owned() }
}

fn certificate_note(inspected: &Inspected) -> CertificateNote {
    let Inspected { id, finding, contested, confirmed, .. } = inspected;
    CertificateNote {
        certificate_id: id.to_string(),
        level: finding.level.number(),
        function: finding.function.number(),
        cause: finding.cause.number(),
        conclusion: finding.conclusion.number(),
        serial_matches: finding.serial_matches,
        evidence_ok: finding.evidence_ok,
        confirmed: *confirmed,
        contested: *contested,
    }
}

fn show_unit(shown: &mut WorkOrder, case: &Case) {
    let filing = &case.filing;
    shown.category = filing.category.number();
    shown.sku = filing.sku.to_string();
    shown.serial = filing.serial.to_string();
    let county = filing.county.to_string();
    shown.address = Some(Address { county, ..Address::default() });
}

fn show_customer(shown: &mut WorkOrder, filed: Option<&Filed>, customer: Option<&Customer>) {
    let contact = filed.and_then(|filed| filed.contact.as_ref()).map(|contact| &contact.name);
    if let Some(name) = contact.or(customer.map(|customer| &customer.name)) {
        shown.customer_name = name.clone();
    }
    let elsewhere = filed.and_then(|filed| filed.address.as_ref());
    let elsewhere = elsewhere.map(|address| (address.street.as_str(), address.location));
    let at_home = customer.map(|customer| (customer.address.as_str(), customer.location));
    let place = elsewhere.or(at_home);
    if let (Some(address), Some((street, point))) = (&mut shown.address, place) {
        address.street = street.to_owned();
        address.location = point.map(location::to_wire);
    }
    if let Some(filed) = filed {
        shown.description = filed.description.clone();
        shown.model = filed.model.clone();
    }
}

fn part_orders_of(row: &work_orders::Model, views: &Views) -> Vec<PartOrder> {
    let orders = views.part_orders.get(&row.work_order).map(Vec::as_slice).unwrap_or_default();
    orders.iter().map(|order| part_order(order, views)).collect()
}

fn part_order(row: &part_orders::Model, views: &Views) -> PartOrder {
    let moved =
        |movement: Movement| views.movements.get(&(row.part_order, movement.as_str().to_owned()));
    // Whoever spoke last and named a day is believed.
    let told = [Movement::PartsShipped, Movement::PartsBackordered];
    let told = told.into_iter().filter_map(moved).filter(|one| one.expected_at != 0);
    let expected_at = told.max_by_key(|one| one.at).map_or(row.expected_at, |one| one.expected_at);
    let return_by = moved(Movement::PartsInstalled).map_or(0, |installed| installed.expected_at);
    PartOrder {
        part_order_id: PartOrderId(row.part_order).to_string(),
        state: part_state(|movement| moved(movement).is_some(), return_by != 0).into(),
        lines: listed::<Line>(&row.lines).into_iter().map(Into::into).collect(),
        ordered_at: instant(row.ordered_at),
        expected_at: instant(expected_at),
        return_by: instant(return_by),
    }
}

fn deadline(task: Task, due: Timestamp) -> Option<Deadline> {
    let Task::Clock(clock) = task else { return None };
    Some(Deadline {
        clock: clock.as_str().to_owned(),
        due: Some(to_timestamp(due)),
        if_missed: if_missed(clock.row().miss).to_owned(),
    })
}

/// These requests name no language, so the sentence is in the house's first.
fn if_missed(miss: Miss) -> &'static str {
    match miss {
        Miss::Redispatch | Miss::ExpireOffer => "超时后改派其他网点。",
        Miss::DecideWithoutBrand => "超时后由平台直接判定，费用由厂家承担。",
        Miss::DecideAgain => "超时后由平台重新判定，并记录超时。",
        Miss::Escalate(_) => "超时将被记录并再次催办。",
        Miss::ReachByAgent => "超时后由客服联系客户。",
        Miss::Record => "超时将被记录。",
        Miss::NoShow => "超时视为工程师未上门。",
        Miss::ReleaseWindows => "超时未答复，征询的时段将释放，网点将再次联系您。",
        Miss::ReleaseHold => "超时后保留的时段将释放。",
        Miss::ChooseForCustomer => "超时后按默认方式处理。",
        Miss::Close => "到期后服务单自动完成。",
        Miss::Cancel => "超时后服务单取消。",
        Miss::Hear => "到期后按现有材料裁决。",
        Miss::LapseProposal => "到期后提议失效。",
        Miss::Resume => "到时服务单自动恢复。",
        Miss::Never => "",
    }
}

fn instant(micros: i64) -> Option<prost_types::Timestamp> {
    (micros != 0).then(|| to_timestamp(Timestamp::from_micros(micros)))
}
