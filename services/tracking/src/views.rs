//! From the log to what is shown: entries, the turn account, the technician's card.

use parasol_api::convert::{self, to_money, to_timestamp};
use parasol_api::tracking::v1::{
    ArrivalCheck, CaseSummary, Forecast as ForecastShown, ForecastWayOut, Freshness, PartyTime,
    TechnicianCard, Timeline, TimelineEntry,
};
use parasol_api::{Language, Listed, common};
use parasol_casebook::Store;
use parasol_journey::time::Timestamp;
use parasol_journey::{ActorKind, Case, Event, Fact, Task};
use parasol_runtime::identity::Role;

use crate::forecast::{forecast, way_out, words};
use crate::freshness::{fresh_until, occurred_at, reports};
use crate::headline::{Listener, headline, if_missed, stage_words};
use crate::people::{People, Sight, number, sight};

/// Metres from the address beyond which an arrival is shown as far from the door: a large compound has its
/// gate that far from its last house, and a position between high houses is off by some more.
const NEAR_THE_DOOR_MAX: u32 = 500;

/// What somebody wrote, as the vault keeps it.
#[derive(serde::Deserialize)]
struct Said {
    text: String,
}

/// Who reads, and how.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    pub people: &'a People,
    pub store: &'a Store,
    pub role: Role,
    pub language: Language,
}

impl Reader<'_> {
    /// One entry, given the case as it stood after it.
    pub async fn entry(&self, event: &Event, after: &Case) -> TimelineEntry {
        let (actor_name, actor_phone, centre_phone) = self.actor(event, after).await;
        TimelineEntry {
            seq: i64::try_from(event.seq).unwrap_or(i64::MAX),
            at: Some(to_timestamp(event.at)),
            stage: event.stage.number(),
            headline: headline(&event.fact, self.listener(), self.language),
            reported_by: event.actor.kind.party().number(),
            actor_name,
            actor_phone,
            turn_holder: event.turn.map_or(0, Listed::number),
            next_deadline: self.next_deadline(after),
            stage_label: self.stage_label(after),
            note: self.note(event).await,
            arrival: arrival(self.role, &event.fact),
            occurred_at: Some(to_timestamp(occurred_at(event))),
            fresh_until: fresh_until(after, event.at).map(to_timestamp),
            centre_phone,
        }
    }

    /// Whether an entry is the reader's to see. Notes are for the retailer's people alone. What the field says is wrong is for those who can do something
    /// about it; it may be wrong itself, and may speak of the customer.
    pub fn shows(&self, event: &Event) -> bool {
        match event.fact {
            Fact::AnomalyRaised { .. } => is_inside(self.role),
            Fact::Noted { .. } => self.role != Role::Brand && is_inside(self.role),
            _ => true,
        }
    }

    /// What was said with an entry. One that cannot be read is shown without.
    async fn note(&self, event: &Event) -> String {
        let (subject, kind) = match &event.fact {
            Fact::AnomalyRaised { anomaly, .. } => (anomaly.uuid(), "anomaly"),
            Fact::Noted { note, .. } => (note.uuid(), "note"),
            _ => return String::new(),
        };
        let said = self.store.reveal(subject, kind).await;
        let said = said.inspect_err(|error| tracing::debug!(%error, "no note")).ok().flatten();
        let said = said.and_then(|body| serde_json::from_str::<Said>(&body).ok());
        said.map(|said| said.text).unwrap_or_default()
    }

    /// The person the customer should know at this entry, whoever was just named, or acted, with the number; or the
    /// centre's name, with its number as the third.
    async fn actor(&self, event: &Event, after: &Case) -> (String, String, String) {
        let named = match &event.fact {
            Fact::TechnicianAssigned { technician, .. }
            | Fact::AppointmentBooked { technician, .. }
            | Fact::VisitHandedOver { technician, .. }
            | Fact::AppointmentRescheduled { technician, .. } => Some(technician.as_str()),
            _ if event.actor.kind == ActorKind::Technician => event.actor.id.as_deref(),
            _ => None,
        };
        if let Some(id) = named {
            let Some(person) = self.people.technician(id).await else { return Default::default() };
            // The edge leaves a masked number at most; the card has the relay's while a visit is on.
            let phone = match sight(self.role, after) {
                Sight::Hidden => String::new(),
                Sight::Relayed | Sight::Masked => person.phone.clone(),
            };
            return (person.name.clone(), phone, String::new());
        }
        let centre = match &event.fact {
            Fact::OfferMade { centre, .. } | Fact::CentreAssigned { centre } => centre.as_str(),
            _ => return Default::default(),
        };
        match self.people.centre(centre).await {
            Some(centre) => (self.centre_name(&centre), String::new(), centre.phone.clone()),
            None => Default::default(),
        }
    }

    fn centre_name(&self, centre: &parasol_api::admin::v1::Centre) -> String {
        match self.language {
            Language::Zh => centre.name_zh.clone(),
            Language::En => centre.name_en.clone(),
        }
    }

    fn listener(&self) -> Listener {
        Listener::of(self.role)
    }

    fn stage_label(&self, case: &Case) -> String {
        let (zh, en) = stage_words(case.stage, self.listener());
        match self.language {
            Language::Zh => zh.to_owned(),
            Language::En => en.to_owned(),
        }
    }

    fn next_deadline(&self, case: &Case) -> Option<common::v1::Deadline> {
        let owed = case.next_deadline()?;
        let Task::Clock(clock) = owed.task else { return None };
        Some(common::v1::Deadline {
            clock: clock.as_str().to_owned(),
            due: Some(to_timestamp(owed.due)),
            if_missed: if_missed(clock, self.listener(), self.language).to_owned(),
        })
    }

    /// How old what is said of a case is, by the last of its entries, oldest first, that says something.
    pub fn freshness<'e>(
        &self,
        case: &Case,
        events: impl Iterator<Item = &'e Event>,
        now: Timestamp,
    ) -> Option<Freshness> {
        let all: Vec<_> = events.collect();
        let last = all.iter().rfind(|event| reports(&event.fact)).or(all.last())?;
        let (occurred, until) = (occurred_at(last), fresh_until(case, last.at));
        Some(Freshness {
            reported_by: last.actor.kind.party().number(),
            occurred_at: Some(to_timestamp(occurred)),
            recorded_at: Some(to_timestamp(last.at)),
            age_micros: now.max(occurred).since(occurred).micros(),
            fresh_until: until.map(to_timestamp),
            is_stale: until.is_some_and(|until| until <= now),
        })
    }

    /// How a case will go on; `None` once it has ended.
    pub fn forecast(&self, case: &Case, now: Timestamp) -> Option<ForecastShown> {
        let found = forecast(case, now)?;
        let way = |way: &parasol_api::tracking::v1::WayOut| ForecastWayOut {
            way_out: i32::from(*way),
            text: way_out(*way, self.language).to_owned(),
        };
        Some(ForecastShown {
            outlook: i32::from(found.outlook),
            deadline: Some(common::v1::Deadline {
                clock: found.clock.as_str().to_owned(),
                due: Some(to_timestamp(found.due)),
                if_missed: if_missed(found.clock, self.listener(), self.language).to_owned(),
            }),
            planned_for: found.planned_for.map(to_timestamp),
            charged_to: found.charged_to.number(),
            text: words(&found, self.language),
            ways_out: found.ways_out.iter().map(way).collect(),
        })
    }

    /// A case as it stands; `events` are its last ones, oldest first.
    pub fn summary<'e>(
        &self,
        case: &Case,
        events: impl Iterator<Item = &'e Event>,
        now: Timestamp,
    ) -> CaseSummary {
        let now = now.max(case.updated_at);
        CaseSummary {
            case_id: case.id.to_string(),
            etag: convert::etag(case.version),
            stage: case.stage.number(),
            stage_label: self.stage_label(case),
            turn: convert::case_view(case).turn,
            next_deadline: self.next_deadline(case),
            freshness: self.freshness(case, events, now),
            forecast: self.forecast(case, now),
        }
    }

    /// The whole story up to now.
    pub async fn timeline<'e>(
        &self,
        case: &Case,
        entries: Vec<TimelineEntry>,
        events: impl Iterator<Item = &'e Event>,
        now: Timestamp,
        resume_token: String,
    ) -> Timeline {
        let now = now.max(case.updated_at);
        let times = case
            .turn
            .times(now)
            .into_iter()
            .map(|(party, span)| PartyTime { party: party.number(), micros: span.micros() });
        let visit = case.visit.as_ref();
        Timeline {
            case_id: case.id.to_string(),
            etag: convert::etag(case.version),
            stage: case.stage.number(),
            stage_label: self.stage_label(case),
            entries,
            turn: convert::case_view(case).turn,
            party_times: times.collect(),
            elapsed_micros: case.turn.elapsed(now).micros(),
            technician: self.card(case).await,
            appointment_id: visit.map(|visit| visit.id.to_string()).unwrap_or_default(),
            appointment_window: visit.map(|visit| convert::to_window(visit.window)),
            offered_remedies: offered(case),
            next_deadline: self.next_deadline(case),
            resume_token,
            freshness: self.freshness(case, events, now),
            forecast: self.forecast(case, now),
        }
    }

    async fn card(&self, case: &Case) -> Option<TechnicianCard> {
        let order = case.work_order.as_ref()?;
        let centre = self.people.centre(order.centre.as_str()).await;
        let person = match &order.technician {
            Some(id) => self.people.technician(id.as_str()).await,
            None => None,
        };
        let sight = sight(self.role, case);
        let relay = match sight {
            Sight::Relayed => self.people.relay(case).await,
            Sight::Masked | Sight::Hidden => String::new(),
        };
        let masked = person.as_ref().map(|person| number(&person.phone, sight));
        Some(TechnicianCard {
            technician: order.technician.as_ref().map(ToString::to_string).unwrap_or_default(),
            name: person.as_ref().map(|person| person.name.clone()).unwrap_or_default(),
            phone: if relay.is_empty() { masked.unwrap_or_default() } else { relay },
            centre: order.centre.to_string(),
            centre_name: centre.as_ref().map(|one| self.centre_name(one)).unwrap_or_default(),
            centre_phone: centre.map(|centre| centre.phone.clone()).unwrap_or_default(),
        })
    }
}

/// The retailer's people, the brand, and the house itself.
fn is_inside(role: Role) -> bool {
    matches!(role, Role::Brand | Role::Agent | Role::Manager | Role::Operator | Role::Service)
}

/// What the device said about an arrival, for those who look after the case. It is a doubt about a person,
/// so nobody else is told.
fn arrival(role: Role, fact: &Fact) -> Option<ArrivalCheck> {
    let Fact::CheckedIn { distance_m, mock_location, .. } = *fact else { return None };
    is_inside(role).then(|| ArrivalCheck {
        distance_m: distance_m.map(i64::from),
        far: distance_m.is_some_and(|metres| metres > NEAR_THE_DOOR_MAX),
        mock_location,
    })
}

fn offered(case: &Case) -> Vec<common::v1::OfferedRemedy> {
    let Some(decision) = &case.decision else { return Vec::new() };
    let one = |offer: &parasol_journey::event::OfferedRemedy| common::v1::OfferedRemedy {
        remedy: offer.remedy.number(),
        amount: (offer.amount_fen > 0).then(|| to_money(offer.amount_fen)),
        payer: offer.payer.clone(),
        rules: decision.rules.clone(),
        explanation: String::new(),
    };
    decision.offered.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doubtful_arrival_is_shown_to_those_who_look_after_the_case() {
        let arrived = |distance_m, mock_location| Fact::CheckedIn {
            distance_m,
            mock_location,
            arrived_at: None,
        };
        let far = arrival(Role::Agent, &arrived(Some(501), true)).unwrap();
        assert_eq!((far.distance_m, far.far, far.mock_location), (Some(501), true, true));
        let near = arrival(Role::Brand, &arrived(Some(500), false)).unwrap();
        assert_eq!((near.distance_m, near.far, near.mock_location), (Some(500), false, false));
        let unknown = arrival(Role::Manager, &arrived(None, false)).unwrap();
        assert_eq!((unknown.distance_m, unknown.far), (None, false));
        for role in [Role::Customer, Role::Technician, Role::Centre, Role::Link] {
            assert_eq!(arrival(role, &arrived(Some(9_000), true)), None, "{role:?}");
        }
        assert_eq!(arrival(Role::Agent, &Fact::TravelStarted { arriving_at: None }), None);
    }
}
