//! Technicians with their promised visits, asked for windows that can really be kept.
//!
//! Pure: who works and what is promised is handed in, see `load.rs`. A window is open when somebody who
//! may work on the category is free in it, gets there from the visit before, and still gets to the
//! next one and home in time. Where nobody knows a place, it is where the next place that is known is:
//! a way that nobody can estimate closes nothing.

mod load;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{Datelike as _, NaiveDate};
use parasol_casebook::Point;
use parasol_journey::event::Window;
use parasol_journey::ids::{CaseId, County, TechnicianId};
use parasol_journey::time::{MINUTE, Span, Timestamp};
use parasol_journey::vocab::Category;
use parasol_routing::board::{Ask, Board, Booking, Found, Profile, Wanted};
use parasol_routing::travel::{Point as OnMap, Travel};
use uuid::Uuid;

use crate::roster::Entry;
use crate::tables::State;

pub use load::Scope;

/// How far from home anybody is sent, metres as the crow flies.
const REACH_M: f64 = 100_000.0;
/// Visits a day where the network names no limit; a day has no more half hours.
const VISITS_MAX: usize = 48;

/// Who may come.
pub type Member = (TechnicianId, Arc<Entry>);

/// A visit or a held slot of a technician.
#[derive(Clone, Debug, PartialEq)]
pub struct Promised {
    /// Which.
    pub appointment: Uuid,
    /// Whose time.
    pub technician: TechnicianId,
    /// Its case.
    pub case: CaseId,
    /// What is worked on.
    pub category: Category,
    /// The arrival window.
    pub window: Window,
    /// Where, as well as anybody knows.
    pub place: Option<Point>,
    /// In which county.
    pub county: County,
    /// How it stands.
    pub state: State,
    /// When the technician came to the door, if they are there.
    pub arrived_at: Option<Timestamp>,
}

/// Why technicians cannot keep a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Closed {
    /// They may not work on the category on that day: a skill or a licence is missing.
    NotCertified,
    /// They do not work then, or would not be done and home by the end of the shift.
    OffDuty,
    /// Somebody else has that time.
    Taken,
    /// They cannot get there from the visit before, or to the next in time.
    Travel,
    /// They have as many visits on that day as they make.
    DayFull,
}

/// What was found for a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Somebody can keep it.
    Open {
        /// Who.
        technician: TechnicianId,
        /// How much longer their ways are for it.
        detour: Span,
        /// When work begins, if everything before goes as planned.
        begins: Timestamp,
    },
    /// Nobody can: why, and for how many each reason holds.
    Closed(BTreeMap<Closed, usize>),
}

/// Where a visit that cannot wait goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Urgent {
    /// Who comes.
    pub technician: TechnicianId,
    /// How much longer all ways are for it.
    pub detour: Span,
    /// When work begins, if everything before goes as planned.
    pub begins: Timestamp,
    /// The visit that has to go to somebody else for it, and to whom.
    pub moved: Option<(Uuid, TechnicianId)>,
}

/// How long the work at one visit takes. Ours: until measured times replace them, rather too long than
/// too short.
pub fn work(category: Category) -> Span {
    Span::from_micros(
        MINUTE
            * match category {
                Category::AirConditioner => 90,
                Category::Refrigerator
                | Category::WashingMachine
                | Category::WaterHeater
                | Category::RangeHood => 60,
                Category::Television => 45,
                Category::Microwave | Category::Vacuum | Category::Fan => 30,
            },
    )
}

/// The technicians on a board.
pub struct Team {
    board: Board,
    who: Vec<TechnicianId>,
    /// Who may not work on the category, by day.
    uncertified: HashMap<i64, usize>,
    category: Category,
    place: OnMap,
}

impl Team {
    /// The team for a visit of a category at a place, on these days, as far as it is promised already.
    pub fn new(
        members: &[Member],
        promised: &[Promised],
        (category, place): (Category, Option<Point>),
        days: &[NaiveDate],
        travel: Arc<dyn Travel>,
    ) -> Self {
        let mut board = Board::new(travel, REACH_M);
        let mut uncertified = HashMap::new();
        let homes = members.iter().find_map(|(_, entry)| entry.home);
        let somewhere = place.or(homes).unwrap_or(Point { lat: 0, lon: 0 });
        let mut by_id = HashMap::new();
        for (id, entry) in members {
            let home = on_map(entry.home.unwrap_or(somewhere));
            let number = board.add(Profile { home, skills: 0, visits_max: visits_max(entry) });
            by_id.insert(id, (number, home));
            for day in days {
                if !entry.is_certified(category, *day) {
                    *uncertified.entry(number_of(*day)).or_default() += 1;
                } else if let Some(hours) = entry.working_time.hours(*day) {
                    board.set_day(number, number_of(*day), hours);
                }
            }
        }
        for one in promised {
            let Some((number, home)) = by_id.get(&one.technician) else { continue };
            let day = number_of(one.window.start.shanghai_day());
            if let Some(on) = board.day_mut(*number, day) {
                on.put(booking(one, *home));
            }
        }
        let who = members.iter().map(|(id, _)| id.clone()).collect();
        Self { board, who, uncertified, category, place: on_map(somewhere) }
    }

    /// The team of one day, with everything that everybody may work on in it.
    pub fn of_day(
        members: &[Member],
        promised: &[Promised],
        (category, place): (Category, Option<Point>),
        day: NaiveDate,
        travel: Arc<dyn Travel>,
    ) -> Self {
        let mut board = Board::new(travel, REACH_M);
        let homes = members.iter().find_map(|(_, entry)| entry.home);
        let somewhere = place.or(homes).unwrap_or(Point { lat: 0, lon: 0 });
        for (id, entry) in members {
            let home = on_map(entry.home.unwrap_or(somewhere));
            let may = |category: &&Category| entry.is_certified(**category, day);
            let skills = Category::ALL.iter().filter(may).fold(0, |set, one| set | skill(*one));
            let number = board.add(Profile { home, skills, visits_max: visits_max(entry) });
            let Some(hours) = entry.working_time.hours(day) else { continue };
            board.set_day(number, number_of(day), hours);
            let Some(on) = board.day_mut(number, number_of(day)) else { continue };
            for one in promised.iter().filter(|one| one.technician == *id) {
                let both = promised.iter().filter(|other| other.appointment == one.appointment);
                let mut booking = booking(one, home);
                // A crew is not taken apart.
                booking.is_pinned |= both.count() > 1;
                on.put(booking);
            }
        }
        let who = members.iter().map(|(id, _)| id.clone()).collect();
        let (uncertified, place) = (HashMap::new(), on_map(somewhere));
        Self { board, who, uncertified, category, place }
    }

    /// Who takes a visit that cannot wait, within a window, even if one other visit has to go to somebody
    /// else for it. For a team of one day.
    pub fn place(&self, window: Window) -> Option<Urgent> {
        let ask = Ask {
            at: self.place,
            service: work(self.category).micros(),
            skills: skill(self.category),
            is_apart: true,
        };
        let day = number_of(window.start.shanghai_day());
        let placed = self.board.place(&ask, &Wanted { day, window: to_routing(window) })?;
        Some(Urgent {
            technician: self.who[placed.technician].clone(),
            detour: Span::from_micros(placed.detour()),
            begins: Timestamp::from_micros(placed.fit.begins),
            moved: placed
                .moved
                .map(|moved| (Uuid::from_u128(moved.id), self.who[moved.technician].clone())),
        })
    }

    /// Who can keep each of the windows.
    pub fn find(&self, windows: &[Window]) -> Vec<Answer> {
        let ask = Ask {
            at: self.place,
            service: work(self.category).micros(),
            skills: 0,
            is_apart: true,
        };
        let wanted = windows.iter().map(|window| Wanted {
            day: number_of(window.start.shanghai_day()),
            window: to_routing(*window),
        });
        let wanted: Vec<_> = wanted.collect();
        let found = self.board.find(&ask, &wanted);
        wanted.iter().zip(found).map(|(wanted, found)| self.answer(wanted.day, found)).collect()
    }

    fn answer(&self, day: i64, found: Found) -> Answer {
        match found {
            Found::Open { technician, fit } => Answer::Open {
                technician: self.who[technician].clone(),
                detour: Span::from_micros(fit.detour),
                begins: Timestamp::from_micros(fit.begins),
            },
            Found::Closed(counts) => {
                let mut why: BTreeMap<Closed, usize> =
                    counts.into_iter().map(|(why, count)| (closed(why), count)).collect();
                let uncertified = self.uncertified.get(&day).copied().unwrap_or_default();
                if uncertified > 0 {
                    // The board knows no day for them, and takes them to be off.
                    why.insert(Closed::NotCertified, uncertified);
                    let off = why.get(&Closed::OffDuty).copied().unwrap_or_default();
                    match off.saturating_sub(uncertified) {
                        0 => drop(why.remove(&Closed::OffDuty)),
                        rest => drop(why.insert(Closed::OffDuty, rest)),
                    }
                }
                Answer::Closed(why)
            }
        }
    }
}

fn visits_max(entry: &Entry) -> usize {
    match usize::try_from(entry.visits_a_day) {
        Ok(limit) if limit > 0 => limit,
        _ => VISITS_MAX,
    }
}

/// A category as a skill.
pub fn skill(category: Category) -> u128 {
    Category::ALL.iter().position(|one| *one == category).map_or(0, |nth| 1 << nth)
}

fn booking(one: &Promised, home: OnMap) -> Booking {
    let window = to_routing(one.window);
    Booking {
        id: one.appointment.as_u128(),
        at: one.place.map_or(home, on_map),
        // Of a booking the end is the last instant at which work may begin.
        window: parasol_routing::Window::new(window.start, window.end - 1),
        service: work(one.category).micros(),
        skills: skill(one.category),
        is_pinned: !matches!(one.state, State::Confirmed),
    }
}

fn closed(why: parasol_routing::board::Closed) -> Closed {
    use parasol_routing::board::Closed as Why;
    match why {
        Why::Skill => Closed::NotCertified,
        Why::OffDuty => Closed::OffDuty,
        Why::Taken => Closed::Taken,
        Why::Travel => Closed::Travel,
        Why::Visits => Closed::DayFull,
    }
}

fn to_routing(window: Window) -> parasol_routing::Window {
    parasol_routing::Window::new(window.start.micros(), window.end.micros())
}

fn number_of(day: NaiveDate) -> i64 {
    i64::from(day.num_days_from_ce())
}

/// A place as the routes take it.
#[expect(clippy::cast_precision_loss, reason = "at most 180 million")]
pub fn on_map(point: Point) -> OnMap {
    OnMap { lat: point.lat as f64 / 1e6, lon: point.lon as f64 / 1e6 }
}
