//! What is stored about the rows of a chunk, read in four queries.

use std::collections::HashMap;

use parasol_api::Error;
use parasol_casebook::Store;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::row::Row;
use crate::person::{CUSTOMER, Person};
use crate::tables::{orders, skus, units};
use crate::unreadable;

/// What is stored; planning adds to it what the chunk itself stores.
#[derive(Default)]
pub(crate) struct Stored {
    pub skus: HashMap<String, skus::Model>,
    pub orders: HashMap<String, orders::Model>,
    /// Order lines by serial.
    pub units: HashMap<String, String>,
    pub people: HashMap<Uuid, Person>,
}

impl Stored {
    /// Everything that these rows touch.
    pub(crate) async fn about(store: &Store, rows: &[(i64, Row)]) -> Result<Self, Error> {
        let mut wanted_skus = Vec::new();
        let mut sold = Vec::new();
        for (_, row) in rows {
            match row {
                Row::Sku(sku) => wanted_skus.push(sku.sku.clone()),
                Row::Order(order, _) => {
                    wanted_skus.push(order.sku.clone());
                    sold.push(order);
                }
            }
        }
        let reader = store.reader();
        let skus = skus::Entity::find().filter(skus::Column::Sku.is_in(wanted_skus)).all(reader);
        let lines = sold.iter().map(|order| order.order_line.as_str());
        let orders = orders::Entity::find().filter(orders::Column::OrderLine.is_in(lines));
        let serials = sold.iter().map(|order| order.serial.as_str());
        let units = units::Entity::find().filter(units::Column::Serial.is_in(serials));
        let skus = skus.await.map_err(unreadable)?;
        let orders = orders.all(reader).await.map_err(unreadable)?;
        let units = units.all(reader).await.map_err(unreadable)?;
        let customers = sold.iter().map(|order| order.customer);
        let people = store.reveal_many(customers, CUSTOMER).await.map_err(unreadable)?;
        let people = people.into_iter().filter_map(|(customer, body)| {
            // What cannot be read counts as not stored and is written anew.
            Some((customer, serde_json::from_str(&body).ok()?))
        });
        Ok(Self {
            skus: skus.into_iter().map(|sku| (sku.sku.clone(), sku)).collect(),
            orders: orders.into_iter().map(|order| (order.order_line.clone(), order)).collect(),
            units: units.into_iter().map(|unit| (unit.serial, unit.order_line)).collect(),
            people: people.collect(),
        })
    }
}
