//! `ImportCalendar`: a calendar is checked, stored, and put in force.

use std::sync::Arc;

use parasol_api::admin::v1::{
    Calendar as WireCalendar, CalendarDayKind, ImportCalendarRequest, ImportCalendarResponse,
};
use parasol_api::limits::{CODE_MAX, SHORT_NAME_MAX};
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::Rules;
use parasol_desk::Call;
use tonic::Request;

use super::store_error;
use crate::Verification;
use crate::calendars::{self, Sheet, SheetDay, calendar_in_force};

/// The most sources, characters of one, and days the contract takes.
const SOURCES_MAX: usize = 20;
const SOURCE_MAX: usize = 1_000;
const DAYS_MAX: usize = 5_000;

pub async fn handle(
    service: &Verification,
    request: Request<ImportCalendarRequest>,
) -> Result<ImportCalendarResponse, Error> {
    let call = Call::changing(&request, "ImportCalendar", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let wire = check.present("calendar", &request.calendar);
    let sheet = wire.and_then(|wire| check.within("calendar", |check| sheet(check, wire)));
    let (sheet,) = check.all((sheet,))?;
    let text = sheet.text();
    let desk = &service.desk;
    // Asked first: the days of the calendar may be over by now.
    if let Some(saved) = desk.saved(&call).await? {
        put_in_force(service).await?;
        return Ok(saved);
    }
    let now = desk.clock.now();
    let calendar = calendars::read(&text, now).map_err(|unfit| invalid(&unfit.to_string()))?;
    let rows = match calendars::stored(&desk.store, &sheet.version).await.map_err(store_error)? {
        None => vec![calendars::row(&sheet.version, text, now)],
        Some(known) if known == text => Vec::new(),
        Some(_) => return Err(invalid("the version is known with other content")),
    };
    let answer = ImportCalendarResponse {
        version: sheet.version,
        covered_until: calendar.covered_until().to_string(),
    };
    let answer = desk.record(&call, rows, &answer, Reason::CalendarInvalid).await?;
    put_in_force(service).await?;
    Ok(answer)
}

fn invalid(why: &str) -> Error {
    Error::field("calendar", Reason::CalendarInvalid, why).message(why)
}

/// Puts the calendar that was imported last in force: a repetition of an older import must not bring
/// the older one back.
async fn put_in_force(service: &Verification) -> Result<(), Error> {
    let newest = calendar_in_force(&service.desk.store).await.map_err(store_error)?;
    let rules = service.desk.submitter.rules();
    service.desk.submitter.set_rules(Rules { calendar: Arc::new(newest), ..rules });
    Ok(())
}

fn sheet(check: &mut Checker, wire: &WireCalendar) -> Option<Sheet> {
    let version = check.text("version", &wire.version, CODE_MAX);
    let listed = check.at_most("sources", &wire.sources, SOURCES_MAX).is_some()
        & check.at_most("days", &wire.days, DAYS_MAX).is_some();
    if !listed {
        return None;
    }
    let mut fine = true;
    for (place, source) in wire.sources.iter().enumerate() {
        fine &= check.text(&format!("sources[{place}]"), source, SOURCE_MAX).is_some();
    }
    let covered_from = check.day("covered_from", &wire.covered_from);
    let covered_until = check.day("covered_until", &wire.covered_until);
    let days: Vec<_> = wire
        .days
        .iter()
        .enumerate()
        .map(|(place, day)| {
            check.within(&format!("days[{place}]"), |check| {
                let date = check.day("day", &day.day);
                let kind = check.known::<CalendarDayKind>("kind", day.kind);
                let name_zh = check.text("name_zh", &day.name_zh, CODE_MAX);
                let name_en = check.text("name_en", &day.name_en, SHORT_NAME_MAX);
                let kind = match kind? {
                    CalendarDayKind::MakeUp => "make_up",
                    _ => "holiday",
                };
                let (day, kind) = (date?.to_string(), kind.to_owned());
                Some(SheetDay { day, kind, name_zh: name_zh?, name_en: name_en? })
            })
        })
        .collect();
    fine.then_some(())?;
    Some(Sheet {
        version: version?,
        source: wire.sources.clone(),
        covered_from: covered_from?.to_string(),
        covered_until: covered_until?.to_string(),
        weekends_are_legal_holidays: wire.weekends_are_legal_holidays,
        days: days.into_iter().collect::<Option<_>>()?,
    })
}
