//! What an answer shows of people in full, and of which cases: for the log of reveals.
//!
//! Looks for names, numbers and addresses that a class of readers sees plainly, and for the ids of the cases beside them.
//! It takes nothing out and decides nothing; what the fields hold never leaves it. It is about customers: the names of
//! those who work on their cases are not looked for.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

use prost_reflect::Kind;

use super::plan::{leaf, option};
use super::{Class, Malformed, value, varint};
use crate::common::v1::Personal;
use crate::descriptor::pool;

/// The field that names a case.
const CASE: &str = "case_id";
/// Messages about people who work on cases.
const WORKING: [&str; 4] = [
    "parasol.admin.v1.StaffMember",
    "parasol.admin.v1.Technician",
    "parasol.tracking.v1.TechnicianCard",
    "parasol.tracking.v1.TimelineEntry",
];

/// What a field means here.
enum Part {
    /// The id of a case.
    Case,
    /// Something of a person, which some classes see plainly.
    Leaf(Personal, [bool; Class::ALL.len()]),
    /// A message that may hold some, by its place.
    Message(usize),
}

#[derive(Default)]
struct Map {
    fields: HashMap<u32, Part>,
    /// The number of the field that names a case.
    case: Option<u32>,
    /// For each class whether there is anything that it sees plainly.
    shows: [bool; Class::ALL.len()],
}

impl Map {
    /// The case that a message of this kind names by itself.
    fn case_in<'a>(&self, bytes: &'a [u8]) -> Result<Option<&'a str>, Malformed> {
        let Some(case) = self.case else { return Ok(None) };
        let (mut at, mut found) = (0, None);
        while at < bytes.len() {
            let key = varint(bytes, &mut at)?;
            let body = value(bytes, key, &mut at)?;
            if key >> 3 == u64::from(case) {
                found = std::str::from_utf8(&bytes[body..at]).ok();
            }
        }
        Ok(found)
    }
}

/// How one kind of message shows people to one class of readers.
#[derive(Clone, Copy, Debug)]
pub struct Exposure {
    place: usize,
    class: Class,
}

/// What was shown, by the case it belongs to; under the empty text what stood beside no case.
pub type Exposed = BTreeMap<String, BTreeSet<Personal>>;

impl Exposure {
    /// How a message of the contract, by its full name, shows people to a class; `None` where it shows nobody in full.
    /// What customers see is their own, and holders of a share link see nobody.
    pub fn of(message: &str, class: Class) -> Option<Self> {
        let is_reader = matches!(class, Class::Brand | Class::Platform);
        let (places, maps) = &*MAPS;
        let place = *places.get(message)?;
        (is_reader && maps[place].shows[class as usize]).then_some(Self { place, class })
    }

    /// What an encoded message shows.
    ///
    /// # Errors
    /// [`Malformed`] when it is no message.
    pub fn look(self, message: &[u8]) -> Result<Exposed, Malformed> {
        let mut found = Exposed::new();
        self.walk(self.place, message, "", &mut found)?;
        Ok(found)
    }

    /// Looks through a message that stands beside a case, or names one itself.
    fn walk(
        self,
        place: usize,
        bytes: &[u8],
        beside: &str,
        found: &mut Exposed,
    ) -> Result<(), Malformed> {
        let map = &MAPS.1[place];
        let (mut own, mut kinds, mut inner) = (None, BTreeSet::new(), Vec::new());
        let mut at = 0;
        // A case stands beside what is about it by its id, or as a message of its own.
        let mut near = None;
        while at < bytes.len() {
            let key = varint(bytes, &mut at)?;
            let body = value(bytes, key, &mut at)?;
            let number = u32::try_from(key >> 3).map_err(|_| Malformed)?;
            let held = &bytes[body..at];
            match map.fields.get(&number) {
                Some(Part::Case) => own = std::str::from_utf8(held).ok(),
                Some(Part::Leaf(kind, plain)) if plain[self.class as usize] && !held.is_empty() => {
                    kinds.insert(*kind);
                }
                Some(Part::Message(of)) => {
                    near = near.or(MAPS.1[*of].case_in(held)?);
                    if MAPS.1[*of].shows[self.class as usize] {
                        inner.push((*of, held));
                    }
                }
                Some(Part::Leaf(..)) | None => {}
            }
        }
        let case = own.or(near).unwrap_or(beside);
        if !kinds.is_empty() {
            found.entry(case.to_owned()).or_default().extend(kinds);
        }
        for (of, held) in inner {
            self.walk(of, held, case, found)?;
        }
        Ok(())
    }
}

/// All messages, with their places by name.
static MAPS: LazyLock<(HashMap<String, usize>, Vec<Map>)> = LazyLock::new(|| {
    let messages: Vec<_> = pool().all_messages().collect();
    let places: HashMap<_, _> =
        messages.iter().enumerate().map(|(nth, one)| (one.full_name().to_owned(), nth)).collect();
    let mut maps: Vec<Map> = Vec::with_capacity(messages.len());
    for message in &messages {
        let mut map = Map::default();
        let is_about_customers = !WORKING.contains(&message.full_name());
        for field in message.fields() {
            let part = match field.kind() {
                Kind::Message(inner) => Some(Part::Message(places[inner.full_name()])),
                Kind::String if field.name() == CASE => Some(Part::Case),
                _ => leaf(&field, option()).and_then(|leaf| {
                    let counts = is_about_customers
                        && matches!(
                            leaf.kind,
                            Personal::Name | Personal::Phone | Personal::Address | Personal::Place
                        );
                    let plain = Class::ALL.map(|class| leaf.is_plain(class));
                    counts.then_some(Part::Leaf(leaf.kind, plain))
                }),
            };
            if let Some(Part::Leaf(_, plain)) = &part {
                map.shows.iter_mut().zip(plain).for_each(|(shows, plain)| *shows |= plain);
            }
            if let Some(Part::Case) = &part {
                map.case = Some(field.number());
            }
            map.fields.extend(part.map(|part| (field.number(), part)));
        }
        maps.push(map);
    }
    while spread(&mut maps) {}
    (places, maps)
});

/// Marks messages that hold marked ones; whether there was a new one.
fn spread(maps: &mut [Map]) -> bool {
    let mut grown = false;
    for nth in 0..maps.len() {
        let mut shows = maps[nth].shows;
        for part in maps[nth].fields.values() {
            if let Part::Message(inner) = part {
                let inner = maps[*inner].shows;
                shows.iter_mut().zip(inner).for_each(|(shows, inner)| *shows |= inner);
            }
        }
        grown |= shows != maps[nth].shows;
        maps[nth].shows = shows;
    }
    grown
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;
    use crate::common::v1::{Address, CaseView};
    use crate::partner::v1::WorkOrder;

    fn looked(class: Class, order: &WorkOrder) -> Option<Exposed> {
        let exposure = Exposure::of("parasol.partner.v1.WorkOrder", class)?;
        Some(exposure.look(&order.encode_to_vec()).unwrap())
    }

    fn view() -> CaseView {
        CaseView { case_id: "case_1".to_owned(), ..CaseView::default() }
    }

    #[test]
    fn what_is_shown_in_full_is_told_with_its_case_and_without_what_it_is() {
        let address = Address { street: "文三路 1 号".to_owned(), ..Address::default() };
        let order = WorkOrder {
            case: Some(view()),
            customer_name: "王小明".to_owned(),
            address: Some(address),
            ..WorkOrder::default()
        };
        // Of the name a brand sees the first character only.
        let told = looked(Class::Brand, &order).unwrap();
        let expected = BTreeSet::from([Personal::Address]);
        assert_eq!(told, BTreeMap::from([("case_1".to_owned(), expected)]));
        let empty = WorkOrder { case: Some(view()), ..WorkOrder::default() };
        assert_eq!(looked(Class::Brand, &empty).unwrap(), Exposed::new());
        for class in [Class::Customer, Class::Link, Class::Audit] {
            assert!(looked(class, &order).is_none(), "{class:?}");
        }
    }

    #[test]
    fn what_is_no_message_is_said_to_be_none() {
        let exposure = Exposure::of("parasol.partner.v1.WorkOrder", Class::Brand).unwrap();
        assert_eq!(exposure.look(&[0x0a, 0x05, 1]), Err(Malformed));
    }
}
