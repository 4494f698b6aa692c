//! What a customer wants to hear, and by which way ("Order Watch").
//!
//! Who has said nothing hears everything, each by itself. Addresses beside the telephone number of the order are
//! personal and lie in the vault; the row holds choices only.

use parasol_api::Language;
use parasol_casebook::{Cell, RowOp, Secret, Store, secret};
use parasol_journey::ids::CustomerId;
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::Channel;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, Order, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::hours::Hours;
use super::plan::{Kind, Row};
use super::tables::notice_preferences::{ActiveModel, Column, Entity, Model};

/// The kind of the addresses in the vault.
const ADDRESSES: &str = "notice_addresses";

/// What somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wishes {
    /// How often they said so: 0 for who never has.
    pub version: u64,
    /// In which language.
    pub language: Language,
    /// Kinds they do not want to hear.
    pub muted: Vec<Kind>,
    /// Channels they do not want.
    pub refused: Vec<Channel>,
    /// Whether calm notices come once a day in one.
    pub digest: bool,
    /// When they are not to be disturbed, if they said so; the house's hours otherwise.
    pub quiet: Option<Hours>,
}

impl Default for Wishes {
    fn default() -> Self {
        Self {
            version: 0,
            language: Language::Zh,
            muted: Vec::new(),
            refused: Vec::new(),
            digest: false,
            quiet: None,
        }
    }
}

impl Wishes {
    /// Whether a notice is to be sent at all.
    pub fn wants(&self, row: &Row) -> bool {
        row.kind.is_essential() || !self.muted.contains(&row.kind)
    }

    /// The channels for a notice, the first choice first. What cannot be refused comes on a channel that was
    /// refused if there is no other.
    pub fn channels(&self, row: &Row) -> Vec<Channel> {
        let all = row.class.channels().iter().copied();
        let (refused, mut wanted): (Vec<_>, Vec<_>) =
            all.partition(|channel| self.refused.contains(channel));
        if row.kind.is_essential() {
            wanted.extend(refused);
        }
        wanted
    }

    /// The rows that keep them in the place of those before.
    pub fn rows(&self, customer: CustomerId, at: Timestamp) -> Vec<RowOp> {
        let version = i64::try_from(self.version).unwrap_or(i64::MAX);
        let before: Vec<Cell> = vec![customer.uuid().into(), (version - 1).into()];
        vec![self.row(customer, at), RowOp::delete::<Entity>(before)]
    }

    fn row(&self, customer: CustomerId, at: Timestamp) -> RowOp {
        let muted: Vec<_> = self.muted.iter().map(|kind| kind.as_str()).collect();
        let refused: Vec<_> = self.refused.iter().map(|channel| channel.as_str()).collect();
        RowOp::claim(ActiveModel {
            customer: Set(customer.uuid()),
            version: Set(i64::try_from(self.version).unwrap_or(i64::MAX)),
            language: Set(self.language.tag().to_owned()),
            muted: Set(muted.join(",")),
            refused: Set(refused.join(",")),
            digest: Set(i64::from(self.digest)),
            quiet: Set(self
                .quiet
                .map_or_else(String::new, |Hours { from, until }| format!("{from},{until}"))),
            changed_at: Set(at.micros()),
        })
    }

    /// What a kind or channel that is no longer known says is not heeded.
    fn read(row: &Model) -> Self {
        let words = |text: &str| -> Vec<String> { text.split(',').map(str::to_owned).collect() };
        Self {
            version: u64::try_from(row.version).unwrap_or_default(),
            language: Language::of_tag(&row.language).unwrap_or_default(),
            muted: words(&row.muted).iter().filter_map(|one| Kind::parse(one)).collect(),
            refused: words(&row.refused).iter().filter_map(|one| Channel::parse(one)).collect(),
            digest: row.digest == 1,
            quiet: row.quiet.split_once(',').and_then(|(from, until)| {
                Some(Hours { from: from.parse().ok()?, until: until.parse().ok()? })
            }),
        }
    }
}

/// Where somebody is reached. Personal, so it is never printed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Addresses {
    /// By e-mail.
    pub email: String,
    /// By the retailer's app.
    pub push: String,
    /// By text message: the number of their orders. Not kept here.
    #[serde(skip)]
    pub phone: String,
}

impl Addresses {
    /// The row that keeps them in the vault.
    pub fn kept(&self, customer: CustomerId, at: Timestamp) -> RowOp {
        let body = serde_json::to_string(self).expect("texts are JSON");
        let (subject, lookup) = (customer.uuid(), String::new());
        secret(Secret { subject, kind: ADDRESSES, lookup, body }, at)
    }

    /// Where a channel reaches them; empty where it does not.
    pub fn of(&self, channel: Channel, customer: CustomerId) -> String {
        match channel {
            Channel::Sms => self.phone.clone(),
            Channel::Email => self.email.clone(),
            Channel::Push => self.push.clone(),
            // The retailer's own systems know their customers by reference.
            Channel::Webhook => customer.to_string(),
            Channel::Voice => String::new(),
        }
    }
}

/// What the vault says about a customer, as intake writes it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Person {
    phone: String,
}

/// Somebody's wishes and addresses together.
#[derive(Clone, Default)]
pub struct Preferences {
    /// What they want.
    pub wishes: Wishes,
    /// Where they are reached.
    pub addresses: Addresses,
}

impl Preferences {
    /// Those of one customer.
    ///
    /// # Errors
    /// What the store says.
    pub async fn of(store: &Store, customer: CustomerId) -> Result<Self, DbErr> {
        let mut all = Self::of_all(store, vec![customer.uuid()]).await?;
        Ok(all.pop().map(|(_, one)| one).unwrap_or_default())
    }

    /// Those of several, in their order.
    ///
    /// # Errors
    /// What the store says.
    pub async fn of_all(store: &Store, customers: Vec<Uuid>) -> Result<Vec<(Uuid, Self)>, DbErr> {
        let wanted = Column::Customer.is_in(customers.iter().copied());
        let newest = Entity::find().filter(wanted).order_by(Column::Version, Order::Desc);
        let rows = newest.all(store.reader()).await?;
        let addresses = store.reveal_many(customers.iter().copied(), ADDRESSES).await?;
        let people = store.reveal_many(customers.iter().copied(), "customer").await?;
        let one = |customer: Uuid| {
            let row = rows.iter().find(|row| row.customer == customer);
            let body = |all: &[(Uuid, String)]| {
                all.iter().find(|(subject, _)| *subject == customer).map(|(_, body)| body.clone())
            };
            let kept = body(&addresses).and_then(|body| serde_json::from_str(&body).ok());
            let person = body(&people).and_then(|body| serde_json::from_str::<Person>(&body).ok());
            let kept: Addresses = kept.unwrap_or_default();
            let phone = person.unwrap_or_default().phone;
            Self {
                wishes: row.map(Wishes::read).unwrap_or_default(),
                addresses: Addresses { phone, ..kept },
            }
        };
        Ok(customers.iter().map(|customer| (*customer, one(*customer))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notices::plan::Template;

    #[test]
    fn what_cannot_be_refused_is_told_on_whatever_channel_there_is() {
        let wishes = Wishes {
            muted: Kind::ALL.to_vec(),
            refused: vec![Channel::Sms, Channel::Push],
            ..Wishes::default()
        };
        let (filed, confirm) = (Template::Filed.row(), Template::Confirm.row());
        assert!(!wishes.wants(filed) && wishes.wants(confirm));
        assert_eq!(wishes.channels(filed), [Channel::Webhook, Channel::Email]);
        let all = [Channel::Email, Channel::Webhook, Channel::Push, Channel::Sms];
        assert_eq!(wishes.channels(confirm), all);
    }

    #[test]
    fn wishes_are_read_as_they_were_written() {
        let wishes = Wishes {
            version: 3,
            language: Language::En,
            muted: vec![Kind::Progress, Kind::Survey],
            refused: vec![Channel::Email],
            digest: true,
            quiet: Some(Hours { from: "23:00".parse().unwrap(), until: "07:15".parse().unwrap() }),
        };
        let row = Model {
            customer: Uuid::from_u128(1),
            version: 3,
            language: "en".into(),
            muted: "progress,survey,gone".into(),
            refused: "email".into(),
            digest: 1,
            quiet: "23:00,07:15".into(),
            changed_at: 0,
        };
        assert_eq!(Wishes::read(&row), wishes);
        let row = Model { quiet: String::new(), ..row };
        assert_eq!(Wishes::read(&row).quiet, None);
    }
}
