//! What is stored about the rows of a chunk.

use std::collections::HashMap;

use parasol_api::Error;
use parasol_casebook::Store;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::Row;
use crate::tables::{brands, centres, counties, technicians};
use crate::unreadable;

/// Rows as they are stored, by key.
#[derive(Default)]
pub struct Stored {
    /// Counties.
    pub counties: HashMap<String, counties::Model>,
    /// Brands, those that rows refer to included.
    pub brands: HashMap<String, brands::Model>,
    /// Centres, those that rows refer to included.
    pub centres: HashMap<String, centres::Model>,
    /// Technicians.
    pub technicians: HashMap<String, technicians::Model>,
}

impl Stored {
    /// Everything these rows name.
    ///
    /// # Errors
    /// What the store says.
    pub async fn about<'a>(
        store: &Store,
        rows: impl Iterator<Item = &'a Row>,
    ) -> Result<Self, Error> {
        let (mut of_counties, mut of_brands) = (Vec::new(), Vec::new());
        let (mut of_centres, mut of_technicians) = (Vec::new(), Vec::new());
        for row in rows {
            match row {
                Row::County(row) => of_counties.push(row.county.as_str()),
                Row::Brand(row) => of_brands.push(row.brand.as_str()),
                Row::Centre(row) => {
                    of_brands.push(&row.brand);
                    of_centres.push(row.centre.as_str());
                }
                Row::Technician(row) => {
                    of_centres.push(&row.centre);
                    of_technicians.push(row.technician.as_str());
                }
            }
        }
        let reader = store.reader();
        let counties = counties::Entity::find()
            .filter(counties::Column::County.is_in(of_counties))
            .all(reader);
        let brands =
            brands::Entity::find().filter(brands::Column::Brand.is_in(of_brands)).all(reader);
        let centres =
            centres::Entity::find().filter(centres::Column::Centre.is_in(of_centres)).all(reader);
        let technicians = technicians::Entity::find()
            .filter(technicians::Column::Technician.is_in(of_technicians))
            .all(reader);
        let (counties, brands, centres, technicians) =
            tokio::try_join!(counties, brands, centres, technicians).map_err(unreadable)?;
        Ok(Self {
            counties: counties.into_iter().map(|row| (row.county.clone(), row)).collect(),
            brands: brands.into_iter().map(|row| (row.brand.clone(), row)).collect(),
            centres: centres.into_iter().map(|row| (row.centre.clone(), row)).collect(),
            technicians: technicians.into_iter().map(|row| (row.technician.clone(), row)).collect(),
        })
    }
}
