//! The steps themselves: what each form asks for and what is called with it. One file per subject.

mod anomaly;
pub(super) mod certificate;
mod offer;
pub(super) mod parts;
mod people;
mod quote;
mod repair;
mod verdict;
mod visit;

use maud::{Markup, html};
use parasol_api::Error;
use parasol_journey::Verb;

use super::act::{Act, Done};
use super::calls::Calls;
use super::case_page::Sheet;
use super::controls::Filled;
use super::form::{Form, REQUEST_ID};

/// A form that was sent.
pub(super) struct Sent<'a> {
    /// Who is called.
    pub calls: &'a Calls,
    /// The case.
    pub case: &'a str,
    /// What was typed.
    pub form: &'a Form,
}

impl Sent<'_> {
    fn request_id(&self) -> String {
        self.form.text(REQUEST_ID)
    }

    fn case_id(&self) -> String {
        self.case.to_owned()
    }
}

/// Sends a step.
///
/// # Errors
/// What the method says, and `FIELD_INVALID` for what no method could be asked with.
pub(super) async fn perform(act: Act, sent: &Sent<'_>) -> Result<Done, Error> {
    match act {
        Act::Accept => offer::accept(sent).await,
        Act::Decline => offer::decline(sent).await,
        Act::Assign => people::assign(sent).await,
        Act::Reassign => people::reassign(sent).await,
        Act::Book => visit::book(sent).await,
        Act::Hold => visit::hold(sent).await,
        Act::Release => visit::release(sent).await,
        Act::Propose => visit::propose(sent).await,
        Act::ReleaseWindows => visit::release_windows(sent).await,
        Act::Reschedule => visit::reschedule(sent).await,
        Act::ContactFailed => visit::contact_failed(sent).await,
        Act::Travel => visit::travel(sent).await,
        Act::CheckIn => visit::check_in(sent).await,
        Act::Unable => visit::unable(sent).await,
        Act::Certificate => certificate::send(sent, &[]).await,
        Act::Confirm => verdict::confirm(sent).await,
        Act::Contest => verdict::contest(sent).await,
        Act::Reply => verdict::reply(sent).await,
        Act::Quote => quote::send(sent).await,
        Act::Repair => repair::complete(sent).await,
        Act::Complete => repair::code(sent).await,
        Act::RenewCode => repair::renew_code(sent).await,
        Act::RequestParts => parts::request(sent).await,
        Act::ShipParts => parts::ship(sent).await,
        Act::Backorder => parts::backorder(sent).await,
        Act::ReceiveParts => parts::receive(sent).await,
        Act::InstallParts => parts::install(sent).await,
        Act::ReturnParts => parts::give_back(sent).await,
        Act::Anomaly => anomaly::raise(sent).await,
        Act::Received => repair::received(sent).await,
        Act::Returned => repair::returned(sent).await,
    }
}

/// Whether a page offers a step: the journey has it open for this visitor, and there is something to
/// do it with.
pub(super) fn offered(act: Act, sheet: &Sheet) -> bool {
    let open = sheet.is_open(act.verb());
    match act {
        Act::Assign => open || sheet.is_open(Verb::AssignCentre),
        Act::Hold => visit::may_hold(sheet),
        Act::Release => open && visit::held(sheet).is_some(),
        Act::Propose => open && !sheet.slots.is_empty() && !visit::is_asked(sheet),
        Act::ReleaseWindows => open && visit::is_asked(sheet),
        Act::ShipParts | Act::Backorder => open && parts::has(sheet, parts::is_awaited),
        Act::ReceiveParts => open && parts::has(sheet, parts::is_on_its_way),
        Act::InstallParts => open && parts::has(sheet, parts::is_there),
        Act::ReturnParts => open && parts::has(sheet, parts::goes_back),
        Act::Anomaly => open && sheet.order.is_some(),
        Act::Confirm | Act::Contest => open && verdict::held(sheet).is_some(),
        _ => open,
    }
}

/// What stands before a form, with forms of its own.
pub(super) fn before(act: Act, sheet: &Sheet) -> Markup {
    match act {
        Act::Assign => people::choose_centre(sheet),
        _ => html! {},
    }
}

/// What a form asks for.
pub(super) fn controls(act: Act, sheet: &Sheet, filled: &Filled<'_>) -> Markup {
    match act {
        Act::Accept => offer::accept_form(sheet, filled),
        Act::Decline => offer::decline_form(sheet, filled),
        Act::Assign => people::assign_form(sheet, filled),
        Act::Reassign => people::reassign_form(sheet, filled),
        Act::Book => visit::book_form(sheet, filled),
        Act::Hold => visit::hold_form(sheet, filled),
        Act::Release => visit::release_form(sheet),
        Act::Propose => visit::propose_form(sheet, filled),
        Act::ReleaseWindows => visit::release_windows_form(sheet),
        Act::Reschedule => visit::reschedule_form(sheet, filled),
        Act::ContactFailed => visit::contact_failed_form(sheet, filled),
        Act::Unable => visit::unable_form(sheet, filled),
        Act::Confirm => verdict::confirm_form(sheet, filled),
        Act::Contest => verdict::contest_form(sheet, filled),
        Act::Reply => verdict::reply_form(filled),
        Act::Quote => quote::form(filled),
        Act::Repair => repair::complete_form(filled),
        Act::Complete => repair::code_form(filled),
        Act::RequestParts => parts::request_form(filled),
        Act::ShipParts => parts::ship_form(sheet, filled),
        Act::Backorder => parts::backorder_form(sheet, filled),
        Act::ReceiveParts => parts::receive_form(sheet, filled),
        Act::InstallParts => parts::install_form(sheet, filled),
        Act::ReturnParts => parts::give_back_form(sheet, filled),
        Act::Anomaly => anomaly::raise_form(filled),
        Act::Received => repair::received_form(sheet, filled),
        Act::Returned => repair::returned_form(sheet, filled),
        Act::RenewCode => repair::renew_code_form(filled),
        Act::Travel | Act::CheckIn | Act::Certificate => html! {},
    }
}
