//! What the choice of a centre has to know of the network, kept in memory in the form it is asked for.
//!
//! Whoever changes the network changes its stamp in the same commit. The stamp is looked at once a second,
//! and everything here is kept under the stamp it was read under: what was read before a change is not found
//! after it, and nothing has to be thrown away at the right moment. The process that made the change
//! looks at once.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use moka::sync::Cache;
use parasol_casebook::Store;
use parasol_journey::ids::{BrandId, CentreId};
use parasol_journey::time::{SECOND, Span, Timestamp};
use parasol_journey::vocab::Category;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::{Absence, Days, Licence, OpeningHours, STAMP, Skill, certified, listed};
use crate::tables::{brands, centres, counties, coverage, network_stamps, technicians};

/// How long a look at the stamp is good for.
const LOOKED_FOR: Span = Span::from_micros(SECOND);
/// Pairs of brand and county that are remembered.
const AREAS_KEPT_MAX: u64 = 10_000;
/// Centres that are remembered.
const SITES_KEPT_MAX: u64 = 20_000;
/// Brands, and counties with their places, that are remembered.
const FEW_KEPT_MAX: u64 = 5_000;
/// The place of a county whose middle nobody knows; there is only water.
const UNKNOWN_PLACE: (i64, i64) = (0, 0);
/// Centres read in one statement.
const READ_MAX: usize = 500;

/// The network in memory. Cheap to clone; clones share what is remembered.
#[derive(Clone)]
pub struct Directory {
    store: Store,
    looked: Arc<Mutex<Option<(Timestamp, Uuid)>>>,
    areas: Cache<(Uuid, BrandId, String), Arc<Vec<Stop>>>,
    sites: Cache<(Uuid, String), Arc<Site>>,
    brands: Cache<(Uuid, BrandId), Option<Arc<BrandFacts>>>,
    counties: Cache<(Uuid, String), Option<(i64, i64)>>,
}

/// A brand, as far as the choice asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrandFacts {
    /// Whether it is suspended.
    pub suspended: bool,
    /// The days of its contract.
    pub valid: Days,
    /// Brands whose networks are asked on its behalf, in order.
    pub served_by: Vec<BrandId>,
}

/// A centre that goes to a county, and for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The centre.
    pub site: Arc<Site>,
    /// What it does there.
    pub serves: Vec<Served>,
}

/// A category that a centre serves in a county.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// The category.
    pub category: Category,
    /// Visits in a day.
    pub visits: u32,
    /// The days on which it goes there.
    pub valid: Days,
}

/// A centre, as far as the choice asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Which.
    pub centre: CentreId,
    /// The county it lies in.
    pub county: String,
    /// Millionths of a degree north and east.
    pub place: (i64, i64),
    /// The days on which it takes part.
    pub valid: Days,
    /// When it is open; empty means always.
    pub hours: Vec<OpeningHours>,
    /// When it is closed all the same.
    pub away: Vec<Days>,
    /// Whether less than it has to lies with the platform.
    pub deposit_short: bool,
    /// 1 to 100 as somebody judged it, or 0.
    pub score: u32,
    /// Whether it is suspended.
    pub suspended: bool,
    /// Its technicians that are not suspended.
    pub people: Vec<Person>,
}

/// A technician, as far as the choice asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The categories they may work on, each with days on which they may.
    pub certified: Vec<(Category, Days)>,
    /// When they do not come.
    pub away: Vec<Days>,
}

/// The network as it was at a look.
pub struct View<'a> {
    directory: &'a Directory,
    stamp: Uuid,
}

impl Directory {
    /// A directory that has read nothing yet.
    pub fn new(store: Store) -> Self {
        Self {
            store,
            looked: Arc::default(),
            areas: Cache::new(AREAS_KEPT_MAX),
            sites: Cache::new(SITES_KEPT_MAX),
            brands: Cache::new(FEW_KEPT_MAX),
            counties: Cache::new(FEW_KEPT_MAX),
        }
    }

    /// The next question looks at the stamp: for whoever has just changed the network.
    pub fn look_again(&self) {
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The network now.
    ///
    /// # Errors
    /// What the store says.
    pub async fn at(&self, now: Timestamp) -> Result<View<'_>, DbErr> {
        let looked = *self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, stamp)) = looked
            && at <= now
            && now < at + LOOKED_FOR
        {
            return Ok(View { directory: self, stamp });
        }
        let row = network_stamps::Entity::find_by_id(STAMP).one(self.store.reader()).await?;
        let stamp = row.map_or(Uuid::nil(), |row| row.stamp);
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, stamp));
        Ok(View { directory: self, stamp })
    }
}

impl View<'_> {
    /// A brand, if it is one of the network's.
    ///
    /// # Errors
    /// What the store says.
    pub async fn brand(&self, brand: &BrandId) -> Result<Option<Arc<BrandFacts>>, DbErr> {
        let key = (self.stamp, brand.clone());
        if let Some(known) = self.directory.brands.get(&key) {
            return Ok(known);
        }
        let reader = self.directory.store.reader();
        let row = brands::Entity::find_by_id(brand.as_str()).one(reader).await?;
        let facts = row.map(|row| {
            let lenders = listed::<String>(&row.served_by);
            Arc::new(BrandFacts {
                suspended: !row.suspended.is_empty(),
                valid: Days::of(&row.valid_from, &row.valid_until),
                served_by: lenders.iter().filter_map(|lender| lender.parse().ok()).collect(),
            })
        });
        self.directory.brands.insert(key, facts.clone());
        Ok(facts)
    }

    /// The middle of a county, in millionths of a degree north and east, if it is known.
    ///
    /// # Errors
    /// What the store says.
    pub async fn place_of(&self, county: &str) -> Result<Option<(i64, i64)>, DbErr> {
        let key = (self.stamp, county.to_owned());
        if let Some(known) = self.directory.counties.get(&key) {
            return Ok(known);
        }
        let row = counties::Entity::find_by_id(county).one(self.directory.store.reader()).await?;
        let place = row.map(|row| (row.lat, row.lon)).filter(|place| *place != UNKNOWN_PLACE);
        self.directory.counties.insert(key, place);
        Ok(place)
    }

    /// The centres of a brand that go to a county, by id; none for a brand that is not in the network.
    ///
    /// # Errors
    /// What the store says.
    pub async fn stops(&self, brand: &BrandId, county: &str) -> Result<Arc<Vec<Stop>>, DbErr> {
        let key = (self.stamp, brand.clone(), county.to_owned());
        if let Some(known) = self.directory.areas.get(&key) {
            return Ok(known);
        }
        let rows = coverage::Entity::find()
            .filter(coverage::Column::County.eq(county))
            .filter(coverage::Column::Brand.eq(brand.as_str()))
            .all(self.directory.store.reader())
            .await?;
        let mut serves: BTreeMap<String, Vec<Served>> = BTreeMap::new();
        for row in rows {
            let Some(category) = Category::parse(&row.category) else { continue };
            let valid = Days::of(&row.valid_from, &row.valid_until);
            let visits = u32::try_from(row.visits).unwrap_or_default();
            serves.entry(row.centre).or_default().push(Served { category, visits, valid });
        }
        let sites = self.sites(serves.keys()).await?;
        // A centre whose rows are half-written by an import that goes on is not there yet.
        let stop = |(centre, serves): (String, Vec<Served>)| {
            Some(Stop { site: Arc::clone(sites.get(&centre)?), serves })
        };
        let stops = Arc::new(serves.into_iter().filter_map(stop).collect::<Vec<_>>());
        self.directory.areas.insert(key, Arc::clone(&stops));
        Ok(stops)
    }

    async fn sites(
        &self,
        names: impl Iterator<Item = &String>,
    ) -> Result<HashMap<String, Arc<Site>>, DbErr> {
        let (mut known, mut missing) = (HashMap::new(), Vec::new());
        for name in names {
            match self.directory.sites.get(&(self.stamp, name.clone())) {
                Some(site) => drop(known.insert(name.clone(), site)),
                None => missing.push(name.as_str()),
            }
        }
        let reader = self.directory.store.reader();
        for names in missing.chunks(READ_MAX) {
            let rows = centres::Entity::find()
                .filter(centres::Column::Centre.is_in(names.iter().copied()))
                .all(reader);
            let people = technicians::Entity::find()
                .filter(technicians::Column::Centre.is_in(names.iter().copied()))
                .filter(technicians::Column::Suspended.eq(""))
                .all(reader);
            let (rows, people) = tokio::try_join!(rows, people)?;
            let mut of_centre: HashMap<String, Vec<Person>> = HashMap::new();
            for row in people {
                of_centre.entry(row.centre.clone()).or_default().push(person(&row));
            }
            for row in rows {
                let people = of_centre.remove(&row.centre).unwrap_or_default();
                let Some(site) = site(&row, people).map(Arc::new) else { continue };
                let key = (self.stamp, row.centre.clone());
                self.directory.sites.insert(key, Arc::clone(&site));
                known.insert(row.centre, site);
            }
        }
        Ok(known)
    }
}

fn site(row: &centres::Model, people: Vec<Person>) -> Option<Site> {
    Some(Site {
        centre: row.centre.parse().ok()?,
        county: row.county.clone(),
        place: (row.lat, row.lon),
        valid: Days::of(&row.valid_from, &row.valid_until),
        hours: listed(&row.hours),
        away: listed::<Absence>(&row.absences).iter().map(Days::from).collect(),
        deposit_short: row.deposit_paid < row.deposit_required,
        score: u32::try_from(row.score).unwrap_or_default(),
        suspended: !row.suspended.is_empty(),
        people,
    })
}

fn person(row: &technicians::Model) -> Person {
    let (skills, licences) = (listed::<Skill>(&row.skills), listed::<Licence>(&row.licences));
    Person {
        certified: certified(&skills, &licences),
        away: listed::<Absence>(&row.absences).iter().map(Days::from).collect(),
    }
}
