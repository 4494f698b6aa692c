//! What puts accepted work at risk: somebody at work on it is suspended, or its booked visit has lost the
//! technician it was booked for. Pure; told whenever it is asked for, so that what is mended is off the list.

use std::collections::{HashMap, HashSet};

use parasol_api::admin::v1::RiskCause;
use parasol_journey::event::Window;
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::Category;
use uuid::Uuid;

use crate::network::{Absence, Days, Licence, Shift, Skill, Working, certified, listed, working};
use crate::states::WorkState;
use crate::tables::{technicians, work_orders};

/// Who works on some work orders, as the network has them now.
#[derive(Default)]
pub struct Parties {
    /// Brands that are suspended.
    pub brands: HashSet<String>,
    /// Centres that are suspended.
    pub centres: HashSet<String>,
    /// Technicians by id.
    pub technicians: HashMap<String, Resource>,
    /// From when on the parts are there that the booked visit of a case waits for; the end of time where
    /// nobody knows.
    pub parts_from: HashMap<Uuid, Timestamp>,
}

/// A technician, as far as booked visits ask.
pub struct Resource {
    suspended: bool,
    certified: Vec<(Category, Days)>,
    away: Vec<Days>,
    shifts: Vec<Shift>,
}

impl From<&technicians::Model> for Resource {
    fn from(row: &technicians::Model) -> Self {
        let (skills, licences) = (listed::<Skill>(&row.skills), listed::<Licence>(&row.licences));
        Self {
            suspended: !row.suspended.is_empty(),
            certified: certified(&skills, &licences),
            away: listed::<Absence>(&row.absences).iter().map(Days::from).collect(),
            shifts: listed(&row.shifts),
        }
    }
}

impl Parties {
    /// What puts a work order at risk, if anything does; of several the first as the contract lists them.
    /// `category` is that of its unit.
    pub fn risk(
        &self,
        row: &work_orders::Model,
        category: Category,
        now: Timestamp,
    ) -> Option<RiskCause> {
        if self.brands.contains(&row.brand) {
            return Some(RiskCause::BrandSuspended);
        }
        if self.centres.contains(&row.centre) {
            return Some(RiskCause::CentreSuspended);
        }
        let crew = [&row.technician, &row.helper].map(|name| self.technicians.get(name));
        let crew: Vec<&Resource> = crew.into_iter().flatten().collect();
        if crew.iter().any(|one| one.suspended) {
            return Some(RiskCause::TechnicianSuspended);
        }
        let window = planned(row).filter(|window| now < window.end)?;
        let lost = crew.iter().find_map(|one| one.lost(category, window));
        let parts_from = self.parts_from.get(&row.case_id);
        let lacks_parts = parts_from.is_some_and(|from| window.start < *from);
        lost.or(lacks_parts.then_some(RiskCause::PartsNotThere))
    }
}

/// The booked visit that nobody has begun.
fn planned(row: &work_orders::Model) -> Option<Window> {
    let is_planned = row.state == WorkState::Planned.as_str() && row.window_start != 0;
    let at = Timestamp::from_micros;
    is_planned.then(|| Window { start: at(row.window_start), end: at(row.window_end) })
}

impl Resource {
    /// Why a visit that was booked cannot be made as it is booked.
    fn lost(&self, category: Category, window: Window) -> Option<RiskCause> {
        let last = Timestamp::from_micros(window.end.micros().saturating_sub(1)).shanghai_day();
        let days = window.start.shanghai_day().iter_days().take_while(|day| *day <= last);
        let may = |day| self.certified.iter().any(|(one, days)| *one == category && days.hold(day));
        if !days.into_iter().all(may) {
            return Some(RiskCause::TechnicianNotCertified);
        }
        match working(&self.shifts, &self.away, window) {
            Working::Throughout => None,
            Working::Away => Some(RiskCause::TechnicianAway),
            Working::OffShift => Some(RiskCause::TechnicianOffShift),
        }
    }
}
