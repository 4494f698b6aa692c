//! What the network says about technicians, their centre, their shifts and absences, and about brands' own
//! codes.
//!
//! Asked from the network service and remembered for half a minute of the house's clock, so that a
//! changed shift is known soon and a busy day does not ask for every slot. Where somebody is promised a
//! visit, no more than a second may have passed. An answer that there is no such technician is not
//! remembered.

use std::sync::Arc;

use chrono::NaiveDate;
use moka::sync::Cache;
use parasol_api::admin::v1::network_service_client::NetworkServiceClient;
use parasol_api::admin::v1::{
    self, Centre, Certified, GetCentreRequest, GetCountyRequest, GetTechnicianRequest,
    ListReasonMappingsRequest, ListTechniciansRequest, ReasonList, Technician,
};
use parasol_api::{Error, Kind, Language, Listed as _, Reason};
use parasol_casebook::Point;
use parasol_journey::event::Window;
use parasol_journey::ids::{County, TechnicianId};
use parasol_journey::time::{SECOND, Span, Timestamp};
use parasol_journey::vocab::Category;
use parasol_runtime::clock::Clock;
use parasol_runtime::transport::Transport;

use crate::shifts::WorkingTime;
use crate::team::Member;

/// How many technicians are remembered.
const REMEMBERED_MAX: u64 = 10_000;
/// How many counties are remembered; the country has about 2,850.
const COUNTIES_MAX: u64 = 5_000;
/// How many centres are remembered.
const CENTRES_MAX: u64 = 5_000;
/// How many centres' technicians are remembered together.
const TEAMS_MAX: u64 = 200;
/// Technicians of a centre that are looked at together.
const TEAM_MAX: usize = 500;
/// For how long.
const REMEMBERED_FOR: Span = Span::from_micros(30 * SECOND);
/// For how long where a visit is promised: who is suspended or loses a licence is booked no more.
const PROMISED_BY: Span = Span::from_micros(SECOND);

/// Pages of a brand's mappings that are read; a brand has no more.
const PAGES_MAX: usize = 3;

/// The directory. Cheap to clone.
#[derive(Clone)]
pub struct Roster {
    network: NetworkServiceClient<Transport>,
    clock: Clock,
    known: Cache<TechnicianId, Known>,
    counties: Cache<County, (Timestamp, Option<Arc<v1::County>>)>,
    centres: Cache<String, (Timestamp, Arc<Premises>)>,
    teams: Cache<String, (Timestamp, Arc<Vec<Member>>)>,
}

#[derive(Clone)]
struct Known {
    asked_at: Timestamp,
    entry: Arc<Entry>,
}

/// What is known of a technician.
#[derive(Debug)]
pub struct Entry {
    /// The centre that employs them.
    pub centre: String,
    /// Their own telephone number; nobody outside the house is shown it.
    pub phone: String,
    /// When they work.
    pub working_time: WorkingTime,
    /// Whether they are suspended.
    suspended: bool,
    /// The days on which they may be sent, by category.
    certified: Vec<CertifiedDays>,
    /// Where their days begin and end, as well as anybody knows.
    pub home: Option<Point>,
    /// Visits they make in a day at most; 0 when only their shifts limit them.
    pub visits_a_day: i32,
    /// The counties they go to; empty for all that their centre goes to.
    territory: Vec<String>,
}

/// Days in a row on which somebody may be sent for a category; without a first or a last one they have
/// no begin or end.
#[derive(Clone, Debug, PartialEq, Eq)]
struct CertifiedDays {
    category: Category,
    from: Option<NaiveDate>,
    until: Option<NaiveDate>,
}

impl CertifiedDays {
    /// What cannot be read certifies nobody.
    fn read(wire: &Certified) -> Option<Self> {
        let day = |text: &str| match text {
            "" => Some(None),
            text => NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(Some),
        };
        let (category, from, until) =
            (Category::of_number(wire.category)?, day(&wire.from)?, day(&wire.until)?);
        Some(Self { category, from, until })
    }

    fn hold(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }
}

impl Entry {
    /// From what the network says of a technician and of their centre.
    fn of(found: Technician, centre: &Premises) -> Self {
        // Whoever is suspended has no time to give; what is booked stays until somebody moves it.
        let working_time = match found.suspension {
            Some(_) => WorkingTime::default(),
            None => WorkingTime::of(&found.shifts).without(&found.absences),
        };
        let home = found.home.and_then(|home| middle(home.lat, home.lon)).or(centre.place);
        Self {
            centre: found.centre,
            phone: found.phone,
            working_time,
            suspended: found.suspension.is_some(),
            certified: found.certified.iter().filter_map(CertifiedDays::read).collect(),
            home,
            visits_a_day: found.visits_a_day,
            territory: found.territory,
        }
    }

    /// Whether they go to a county.
    pub fn goes_to(&self, county: &County) -> bool {
        self.territory.is_empty() || self.territory.iter().any(|one| one == county.as_str())
    }

    /// Refuses a visit that this technician cannot make: one who is suspended, has no valid licence on a
    /// day of the window, or does not work then.
    ///
    /// # Errors
    /// `TECHNICIAN_SUSPENDED`, `TECHNICIAN_NOT_CERTIFIED`, `WINDOW_INVALID`.
    pub fn check(&self, category: Category, window: Window) -> Result<(), Error> {
        if self.suspended {
            return Err(Error::new(Reason::TechnicianSuspended));
        }
        let last = Timestamp::from_micros(window.end.micros().saturating_sub(1));
        let mut days = window.start.shanghai_day().iter_days();
        let missing = days
            .by_ref()
            .take_while(|day| *day <= last.shanghai_day())
            .find(|day| !self.is_certified(category, *day));
        if let Some(day) = missing {
            let text = format!("the technician may not be sent for {category} on {day}");
            return Err(Error::new(Reason::TechnicianNotCertified).message(text));
        }
        if !self.working_time.covers(window) {
            let error = Error::new(Reason::WindowInvalid);
            return Err(error.message("the window is not within the technician's shifts"));
        }
        Ok(())
    }

    /// Whether they have the skill and every licence for a category on a Shanghai day.
    pub fn is_certified(&self, category: Category, day: NaiveDate) -> bool {
        self.certified.iter().any(|days| days.category == category && days.hold(day))
    }
}

/// What is known of a centre.
#[derive(Debug, Default)]
pub struct Premises {
    /// Its brand; empty for a centre that the network does not have.
    pub brand: String,
    /// Where it is.
    place: Option<Point>,
    /// Visits it can make in a day, by category.
    capacity: Vec<(Category, i32)>,
}

impl Premises {
    /// Visits the centre can make in a day for a category; `None` when nobody said.
    pub fn visits_a_day(&self, category: Category) -> Option<i32> {
        self.capacity.iter().find(|(one, _)| *one == category).map(|(_, visits)| *visits)
    }
}

impl Roster {
    /// A directory that asks over `peers`.
    pub fn new(peers: Transport, clock: Clock) -> Self {
        let (known, counties) = (Cache::new(REMEMBERED_MAX), Cache::new(COUNTIES_MAX));
        let (centres, teams) = (Cache::new(CENTRES_MAX), Cache::new(TEAMS_MAX));
        let network = NetworkServiceClient::new(peers);
        Self { network, clock, known, counties, centres, teams }
    }

    /// The middle of a county; `None` where the network does not know it.
    ///
    /// # Errors
    /// What the network service says when it does not answer.
    pub async fn county(&self, county: &County) -> Result<Option<Point>, Error> {
        let known = self.known_county(county).await?;
        Ok(known.and_then(|known| middle(known.lat, known.lon)))
    }

    /// What a county is called, with its city where that is known; its code when the network does not know it or
    /// does not answer.
    pub async fn area(&self, county: &County, language: Language) -> String {
        let known = self.known_county(county).await.ok().flatten();
        let name = known.map(|known| match language {
            Language::Zh => format!("{}{}", known.city_zh, known.county_zh),
            Language::En => known.county_en.clone(),
        });
        name.filter(|name| !name.is_empty()).unwrap_or_else(|| county.to_string())
    }

    /// A county as the network knows it. Remembered as technicians are, whatever the answer.
    async fn known_county(&self, county: &County) -> Result<Option<Arc<v1::County>>, Error> {
        let now = self.clock.now();
        if let Some((until, known)) = self.counties.get(county)
            && now < until
        {
            return Ok(known);
        }
        let request = GetCountyRequest { county: county.to_string() };
        let known = match self.network.clone().get_county(request).await {
            Ok(found) => Some(Arc::new(found.into_inner())),
            Err(status) => {
                let error = Error::from_status(&status);
                match error.kind() {
                    Kind::NotFound => None,
                    _ => return Err(error),
                }
            }
        };
        self.counties.insert(county.clone(), (now + REMEMBERED_FOR, known.clone()));
        Ok(known)
    }

    /// A technician.
    ///
    /// # Errors
    /// `TECHNICIAN_UNKNOWN` when the network has none by this id; what the network service says when
    /// it does not answer.
    pub async fn technician(&self, id: &TechnicianId) -> Result<Arc<Entry>, Error> {
        self.within(id, REMEMBERED_FOR).await
    }

    /// A technician who is about to be promised to a customer.
    ///
    /// # Errors
    /// As [`technician`](Self::technician).
    pub async fn technician_promised(&self, id: &TechnicianId) -> Result<Arc<Entry>, Error> {
        self.within(id, PROMISED_BY).await
    }

    async fn within(&self, id: &TechnicianId, age: Span) -> Result<Arc<Entry>, Error> {
        let now = self.clock.now();
        if let Some(known) = self.known.get(id).filter(|known| now < known.asked_at + age) {
            return Ok(known.entry);
        }
        let request = GetTechnicianRequest { technician: id.to_string() };
        let answer = self.network.clone().get_technician(request).await;
        let found = answer.map_err(|status| {
            let error = Error::from_status(&status);
            match error.kind() {
                Kind::NotFound => Error::new(Reason::TechnicianUnknown),
                _ => error,
            }
        })?;
        let found = found.into_inner();
        let centre = self.premises(&found.centre).await?;
        let entry = Arc::new(Entry::of(found, &centre));
        let known = Known { asked_at: now, entry: Arc::clone(&entry) };
        self.known.insert(id.clone(), known);
        Ok(entry)
    }

    /// A centre; nothing is known of one that the network does not have.
    ///
    /// # Errors
    /// What the network service says when it does not answer.
    pub async fn premises(&self, centre: &str) -> Result<Arc<Premises>, Error> {
        let now = self.clock.now();
        if let Some((until, known)) = self.centres.get(centre)
            && now < until
        {
            return Ok(known);
        }
        let request = GetCentreRequest { centre: centre.to_owned() };
        let found = match self.network.clone().get_centre(request).await {
            Ok(found) => found.into_inner(),
            Err(status) => {
                let error = Error::from_status(&status);
                match error.kind() {
                    Kind::NotFound => Centre::default(),
                    _ => return Err(error),
                }
            }
        };
        let capacity = found.daily_capacity.iter();
        let capacity =
            capacity.filter_map(|one| Some((Category::of_number(one.category)?, one.visits)));
        let place = middle(found.lat, found.lon);
        let (brand, capacity) = (found.brand.clone(), capacity.collect());
        let known = Arc::new(Premises { brand, place, capacity });
        self.centres.insert(centre.to_owned(), (now + REMEMBERED_FOR, Arc::clone(&known)));
        Ok(known)
    }

    /// The technicians of a centre, by id; the first [`TEAM_MAX`] of a larger one.
    ///
    /// # Errors
    /// What the network service says when it does not answer.
    pub async fn team(&self, centre: &str) -> Result<Arc<Vec<Member>>, Error> {
        let now = self.clock.now();
        if let Some((until, known)) = self.teams.get(centre)
            && now < until
        {
            return Ok(known);
        }
        let premises = self.premises(centre).await?;
        let mut members: Vec<Member> = Vec::new();
        let mut request = ListTechniciansRequest {
            page_size: 200,
            page_token: String::new(),
            centre: centre.to_owned(),
        };
        while members.len() < TEAM_MAX {
            let answer = self.network.clone().list_technicians(request.clone()).await;
            let page = answer.map_err(|status| Error::from_status(&status))?.into_inner();
            members.extend(page.technicians.into_iter().filter_map(|one| {
                let id = one.technician.parse().ok()?;
                Some((id, Arc::new(Entry::of(one, &premises))))
            }));
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        members.truncate(TEAM_MAX);
        let known = Arc::new(members);
        self.teams.insert(centre.to_owned(), (now + REMEMBERED_FOR, Arc::clone(&known)));
        Ok(known)
    }

    /// What a brand's own codes for a visit that could not be finished stand for: code and word. Not
    /// remembered: such a code is rare, and one that was just mapped is sent again at once.
    ///
    /// # Errors
    /// What the network service says when it does not answer.
    pub async fn unable_reasons(&self, brand: &str) -> Result<Vec<(String, String)>, Error> {
        let mut words = Vec::new();
        let mut request = ListReasonMappingsRequest {
            page_size: 200,
            page_token: String::new(),
            brand: brand.to_owned(),
        };
        for _ in 0..PAGES_MAX {
            let answer = self.network.clone().list_reason_mappings(request.clone()).await;
            let page = answer.map_err(|status| Error::from_status(&status))?.into_inner();
            let unable = page.mappings.into_iter().filter(|one| one.list() == ReasonList::Unable);
            words.extend(unable.map(|one| (one.partner_reason, one.reason)));
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        Ok(words)
    }
}

/// A county at zero degrees both ways is one whose middle nobody said.
fn middle(lat: f64, lon: f64) -> Option<Point> {
    let point = Point::of_degrees(lat, lon);
    point.filter(|point| (point.lat, point.lon) != (0, 0))
}
