//! What the contract's options say, looked up once: for each message its personal fields, and the fields that
//! lead to some.

use std::collections::HashMap;
use std::sync::LazyLock;

use prost_reflect::{DynamicMessage, ExtensionDescriptor, FieldDescriptor, Kind, Value};

use super::{Class, mask};
use crate::common::v1::{Personal, Sight};
use crate::descriptor::pool;

/// The option's full name.
const OPTION: &str = "parasol.common.v1.visibility";

/// What a field leads to.
pub(super) enum Part {
    /// Something of a person.
    Leaf(Leaf),
    /// A message that may hold some, by its place.
    Message(usize),
}

/// A personal field.
pub(super) struct Leaf {
    pub kind: Personal,
    sights: [Sight; Class::ALL.len()],
}

impl Leaf {
    pub fn is_plain(&self, class: Class) -> bool {
        self.kind == Personal::None || self.sights[class as usize] == Sight::Plain
    }

    /// What masking makes of it; `None` when nothing is left.
    pub fn masked(&self, class: Class) -> Option<fn(&str) -> String> {
        if self.sights[class as usize] != Sight::Masked {
            return None;
        }
        match self.kind {
            Personal::Name => Some(mask::name),
            Personal::Phone => Some(mask::phone),
            Personal::FreeText => Some(mask::without_numbers),
            Personal::Address | Personal::Place | Personal::None | Personal::Unspecified => None,
        }
    }
}

/// A message.
#[derive(Default)]
pub(super) struct Plan {
    /// By number, rising.
    fields: Vec<(u32, Part)>,
    touched: [bool; Class::ALL.len()],
}

impl Plan {
    pub fn field(&self, number: u32) -> Option<&Part> {
        let place = self.fields.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        Some(&self.fields[place].1)
    }

    /// Whether there is something in it that a class does not see as it is.
    pub fn is_touched(&self, class: Class) -> bool {
        self.touched[class as usize]
    }
}

/// All of them.
pub(super) struct Plans {
    places: HashMap<String, usize>,
    plans: Vec<Plan>,
}

impl Plans {
    pub fn named(&self, name: &str) -> Option<&Plan> {
        self.places.get(name).map(|place| &self.plans[*place])
    }

    pub fn at(&self, place: usize) -> &Plan {
        &self.plans[place]
    }

    fn read() -> Self {
        let messages: Vec<_> = pool().all_messages().collect();
        let name = |nth: usize| messages[nth].full_name().to_owned();
        let places: HashMap<_, _> = (0..messages.len()).map(|nth| (name(nth), nth)).collect();
        let mut plans: Vec<Plan> = Vec::with_capacity(messages.len());
        for message in &messages {
            let mut fields = Vec::new();
            for field in message.fields() {
                let part = match field.kind() {
                    Kind::Message(inner) => Some(Part::Message(places[inner.full_name()])),
                    _ => leaf(&field, option()).map(Part::Leaf),
                };
                fields.extend(part.map(|part| (field.number(), part)));
            }
            fields.sort_by_key(|(number, _)| *number);
            plans.push(Plan { fields, ..Plan::default() });
        }
        let mut plans = Self { places, plans };
        while plans.spread() {}
        plans.forget_what_leads_nowhere();
        plans
    }

    /// Marks messages with something in them, and those that hold marked ones; whether there was a new one.
    fn spread(&mut self) -> bool {
        let mut grown = false;
        for nth in 0..self.plans.len() {
            for class in Class::ALL {
                let found = self.plans[nth].fields.iter().any(|(_, part)| match part {
                    Part::Leaf(leaf) => !leaf.is_plain(class),
                    Part::Message(inner) => self.plans[*inner].touched[class as usize],
                });
                grown |= found && !self.plans[nth].touched[class as usize];
                self.plans[nth].touched[class as usize] |= found;
            }
        }
        grown
    }

    fn forget_what_leads_nowhere(&mut self) {
        let touched: Vec<bool> =
            self.plans.iter().map(|plan| plan.touched.contains(&true)).collect();
        for plan in &mut self.plans {
            plan.fields.retain(|(_, part)| match part {
                Part::Leaf(leaf) => Class::ALL.iter().any(|class| !leaf.is_plain(*class)),
                Part::Message(inner) => touched[*inner],
            });
        }
    }
}

pub(super) fn plans() -> &'static Plans {
    static PLANS: LazyLock<Plans> = LazyLock::new(Plans::read);
    &PLANS
}

/// The option.
pub(super) fn option() -> &'static ExtensionDescriptor {
    static FOUND: LazyLock<ExtensionDescriptor> = LazyLock::new(|| {
        pool().get_extension_by_name(OPTION).expect("the contract has the option")
    });
    &FOUND
}

/// What the option of a field says; `None` where it has none.
pub(super) fn leaf(field: &FieldDescriptor, option: &ExtensionDescriptor) -> Option<Leaf> {
    let options = field.options();
    if !options.has_extension(option) {
        return None;
    }
    let said = options.get_extension(option);
    let said = said.as_message()?;
    let kind = Personal::try_from(number(said, "kind")).unwrap_or(Personal::Unspecified);
    let sights = ["customer", "brand", "platform", "audit", "link"]
        .map(|class| Sight::try_from(number(said, class)).unwrap_or(Sight::Unspecified));
    Some(Leaf { kind, sights })
}

fn number(message: &DynamicMessage, field: &str) -> i32 {
    let value = message.get_field_by_name(field);
    value.as_deref().and_then(Value::as_enum_number).unwrap_or_default()
}
