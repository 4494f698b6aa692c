//! `FileCase`: the one request a customer ever has to make.
//!
//! A unit has one open case. That it has is known by the key of `open_units`, which the projection
//! claims in the commit of the filing; reading it beforehand only spares a commit that would lose.
//! Either way the answer about the case that was first is saved under the request's id, so that a
//! repetition gets the same bytes whatever has become of that case meanwhile.

use std::sync::Arc;

use parasol_api::convert::{case_view, to_timestamp};
use parasol_api::intake::v1::{FileCaseRequest, FileCaseResponse};
use parasol_api::limits::{
    CODE_MAX, LONG_TEXT_MAX, PREFERRED_WINDOWS_MAX, SHORT_NAME_MAX, STREET_MAX,
};
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::{
    Deed, Error as CasebookError, FilingDeed, Refusal, RowOp, Secret, Submission, Target, Written,
    secret,
};
use parasol_desk::{Call, Result, actor, location, to_error};
use parasol_journey::event::{Filing, Window};
use parasol_journey::ids::{CaseId, County, OrderLineId, Serial};
use parasol_journey::time::Span;
use parasol_journey::vocab::{CaseKind, Remedy};
use parasol_journey::{Case, Command, Ctx, Rejection};
use parasol_policy::{Facts, NoFacts, Pack};
use prost::Message;
use tonic::Request;

use super::county;
use crate::Intake;
use crate::filings;
use crate::sold::{Claim, Sold};
use crate::views::{Contact, FILING, Place, Said};

/// The longest time that can suit.
const WINDOW_MAX: Span = Span::days(1);
/// How far ahead a time can suit.
const AHEAD_MAX: Span = Span::days(90);
/// How often a filing is tried when the unit's open case ends or begins under its hands.
const TRIES_MAX: usize = 4;

/// A request, checked.
struct Asked {
    line: OrderLineId,
    serial: Option<Serial>,
    claim: Claim,
    said: Said,
}

pub(crate) async fn handle(
    intake: &Intake,
    request: Request<FileCaseRequest>,
) -> Result<FileCaseResponse> {
    let call = Call::changing(&request, "FileCase", &request.get_ref().request_id)?;
    let mut asked = read(request.get_ref())?;
    let store = &intake.desk.store;
    let sold = Sold::for_caller(store, &call.principal, &asked.line).await?;
    if asked.serial.is_some_and(|serial| serial.as_str() != sold.order.serial) {
        return other_unit(intake, &call).await;
    }
    let earlier = filings::of_unit(store, &asked.line).await?;
    let mut open = earlier.iter().find(|case| !case.stage.is_ended()).map(|case| case.id);
    let now = intake.desk.clock.now();
    let pack = intake.shelf.in_force(now.shanghai_day());
    let filing = sold.filing(asked.claim, &earlier, &pack, now)?;
    asked.said.model.clone_from(&sold.sku.model);
    let said = serde_json::to_string(&asked.said).map_err(Error::internal)?;
    let deed = Arc::new(FileDeed {
        id: CaseId::new(intake.desk.ids.next()),
        filing,
        windows: asked.said.preferred_windows,
        said,
        pack,
    });
    for _ in 0..TRIES_MAX {
        let submission = match open {
            Some(open) => submission(&call, Target::Case(open), Arc::new(AnswerOpen)),
            None => submission(&call, Target::NewCase(deed.id), deed.clone()),
        };
        match intake.desk.submitter.submit(submission).await {
            Ok(answer) => {
                return FileCaseResponse::decode(answer.body.as_slice()).map_err(Error::internal);
            }
            // Another filing was faster, or the open case has just ended: look again.
            Err(CasebookError::Taken { .. }) => {}
            Err(CasebookError::Refused(Refusal::Service { code: ENDED, .. })) => {}
            Err(error) => return Err(to_error(error, None)),
        }
        open = filings::open_case(store, &sold.order.serial).await?;
    }
    Err(Error::new(Reason::Overloaded))
}

/// The serial number named is not the one on the order line. It may have been once: the unit of a case filed
/// with it can have been exchanged since, and a repetition of that filing is answered as it was.
async fn other_unit(intake: &Intake, call: &Call) -> Result<FileCaseResponse> {
    let target = Target::NewCase(CaseId::new(intake.desk.ids.next()));
    match intake.desk.submitter.submit(submission(call, target, Arc::new(OtherUnit))).await {
        Ok(answer) => FileCaseResponse::decode(answer.body.as_slice()).map_err(Error::internal),
        Err(CasebookError::Refused(_)) => {
            let expected = "the serial number shipped on this order line";
            Err(Error::field("serial", Reason::SerialOfAnotherOrder, expected))
        }
        Err(error) => Err(to_error(error, None)),
    }
}

fn submission(call: &Call, target: Target, deed: Arc<dyn Deed>) -> Submission {
    let (key, caller, actor) = (call.key(), call.caller(), actor(&call.principal));
    Submission { target, key, caller, actor, expected: None, deed }
}

fn read(wire: &FileCaseRequest) -> Result<Asked> {
    let mut check = Checker::new();
    let line = check.id::<OrderLineId>("order_line", &wire.order_line);
    let serial = check.optional_id::<Serial>("serial", &wire.serial);
    let kind = check.listed::<CaseKind>("kind", wire.kind);
    let wish = check.optional_listed::<Remedy>("wish", wire.wish);
    let symptom = symptom(&mut check, &wire.symptom);
    let description = match kind {
        Some(CaseKind::NoReason) => {
            check.optional_text("description", &wire.description, LONG_TEXT_MAX)
        }
        _ => check.text("description", &wire.description, LONG_TEXT_MAX),
    };
    let windows = windows(&mut check, wire);
    let place = place(&mut check, wire);
    let contact = contact(&mut check, wire);
    let (line, serial, kind, wish, symptom, description, windows, place, contact) =
        check.all((line, serial, kind, wish, symptom, description, windows, place, contact))?;

    let (county, address) = place.unzip();
    let claim = Claim {
        kind,
        wish,
        symptom,
        county,
        declared_intact: wire.declared_intact && kind == CaseKind::NoReason,
        danger: wire.danger,
        damaged_on_arrival: wire.damaged_on_arrival,
    };
    let model = String::new();
    let said = Said { model, description, address, contact, preferred_windows: windows };
    Ok(Asked { line, serial, claim, said })
}

fn contact(check: &mut Checker, wire: &FileCaseRequest) -> Option<Option<Contact>> {
    let Some(contact) = &wire.contact else { return Some(None) };
    check.within("contact", |check| {
        let name = check.text("name", &contact.name, SHORT_NAME_MAX);
        let phone = check.phone("phone", &contact.phone);
        Some(Some(Contact { name: name?, phone: phone? }))
    })
}

fn symptom(check: &mut Checker, text: &str) -> Option<String> {
    let code = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if !text.bytes().all(code) {
        let expected = "a code of lower-case letters, digits and `_`";
        return check.refuse("symptom", Reason::FieldInvalid, expected);
    }
    check.optional_text("symptom", text, CODE_MAX)
}

fn windows(check: &mut Checker, wire: &FileCaseRequest) -> Option<Vec<Window>> {
    let wished = &wire.preferred_windows;
    check.at_most("preferred_windows", wished, PREFERRED_WINDOWS_MAX)?;
    let mut windows = Vec::with_capacity(wished.len());
    for (place, window) in wished.iter().enumerate() {
        let field = format!("preferred_windows[{place}]");
        let window = check.window(&field, &Some(*window));
        match window {
            Some(window) if window.end.since(window.start) > WINDOW_MAX => {
                check.refuse::<()>(&field, Reason::WindowInvalid, "at most a day");
            }
            window => windows.extend(window),
        }
    }
    Some(windows)
}

fn place(check: &mut Checker, wire: &FileCaseRequest) -> Option<Option<(County, Place)>> {
    let Some(address) = &wire.address else { return Some(None) };
    check.within("address", |check| {
        let county = county(check, "county", &address.county);
        let street = check.text("street", &address.street, STREET_MAX);
        let location = location::check(check, "location", address.location.as_ref());
        let (county, street, location) = (county?, street?, location?);
        let place = Place { county: county.to_string(), street, location };
        Some(Some((county, place)))
    })
}

/// Files the case. What depends on the time is checked here and not before, so that a repetition
/// reaches its saved answer however late it comes.
struct FileDeed {
    id: CaseId,
    filing: Filing,
    windows: Vec<Window>,
    said: String,
    pack: Arc<Pack>,
}

impl Deed for FileDeed {
    fn decide(&self, _: Option<&Case>, ctx: &Ctx<'_>) -> std::result::Result<Written, Refusal> {
        if self.filing.received_at > ctx.now {
            return Err(refused(Reason::DeliveredInFuture));
        }
        for window in &self.windows {
            if window.end <= ctx.now {
                return Err(Rejection::WindowInPast.into());
            }
            if window.start > ctx.now + AHEAD_MAX {
                return Err(Rejection::WindowInvalid.into());
            }
        }
        // A claim that triage could not judge is refused now rather than parked later.
        match Facts::of_filing(&self.pack, &self.filing, ctx.now, ctx.calendar) {
            Ok(_) => {}
            Err(NoFacts::NotCovered(day)) => return Err(Rejection::NotCovered(day).into()),
            Err(NoFacts::Province(_)) => return Err(refused(Reason::CountyUnknown)),
        }
        let (subject, lookup, body) = (self.id.uuid(), String::new(), self.said.clone());
        let said: RowOp = secret(Secret { subject, kind: FILING, lookup, body }, ctx.now);
        let command = Command::File { filing: self.filing.clone() };
        let answer = |case: &Case| answer(case, false);
        FilingDeed { id: self.id, command, rows: vec![said], answer }.decide(None, ctx)
    }
}

/// Answers with the case that is open already, as it stands in this commit.
struct AnswerOpen;

/// Refuses whatever has no saved answer.
struct OtherUnit;

impl Deed for OtherUnit {
    fn decide(&self, _: Option<&Case>, _: &Ctx<'_>) -> std::result::Result<Written, Refusal> {
        Err(refused(Reason::SerialOfAnotherOrder))
    }
}

/// The case that was open has ended; only this file reads the code.
const ENDED: &str = "OPEN_CASE_ENDED";

impl Deed for AnswerOpen {
    fn decide(&self, case: Option<&Case>, _: &Ctx<'_>) -> std::result::Result<Written, Refusal> {
        let open = case.filter(|case| !case.stage.is_ended());
        let open = open.ok_or_else(|| Refusal::Service { code: ENDED, message: String::new() })?;
        Ok(Written { answer: answer(open, true), ..Written::default() })
    }
}

fn answer(case: &Case, existing: bool) -> Vec<u8> {
    let (view, filed_at) = (Some(case_view(case)), Some(to_timestamp(case.filed_at)));
    FileCaseResponse { case: view, existing, filed_at }.encode_to_vec()
}

fn refused(reason: Reason) -> Refusal {
    Refusal::Service { code: reason.code(), message: reason.summary().to_owned() }
}
