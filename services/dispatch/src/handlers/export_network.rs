//! `ExportNetwork`: page by page, in the order in which an import takes rows.

use std::collections::VecDeque;
use std::pin::Pin;

use futures::{Stream, TryStreamExt as _, stream};
use parasol_api::Error;
use parasol_api::admin::v1::export_network_response::Content;
use parasol_api::admin::v1::{
    Brand, Centre, ExportNetworkRequest, ExportNetworkResponse, Technician,
};
use parasol_casebook::Store;
use parasol_desk::Call;
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use tonic::{Request, Status};

use crate::network::{to_brand, to_centre, to_county, to_technician};
use crate::tables::{brands, centres, counties, technicians};
use crate::{Dispatch, unreadable};

/// The rows of an export.
pub type NetworkStream = Pin<Box<dyn Stream<Item = Result<ExportNetworkResponse, Status>> + Send>>;

/// Rows read at a time.
const READ_MAX: u64 = 500;

pub(super) fn handle(
    dispatch: &Dispatch,
    request: Request<ExportNetworkRequest>,
) -> Result<NetworkStream, Error> {
    Call::reading(&request, "ExportNetwork")?;
    let export = Export {
        store: dispatch.desk.store.clone(),
        part: Some(Part::Counties),
        after: String::new(),
        read: VecDeque::new(),
        rows: 0,
    };
    let rows = stream::try_unfold(export, |mut export| async move {
        Ok(export.next().await?.map(|row| (row, export)))
    });
    Ok(Box::pin(rows.map_err(|error: Error| Status::from(error))))
}

/// What is exported now.
#[derive(Clone, Copy)]
enum Part {
    Counties,
    Brands,
    Centres,
    Technicians,
}

impl Part {
    const fn next(self) -> Option<Self> {
        match self {
            Self::Counties => Some(Self::Brands),
            Self::Brands => Some(Self::Centres),
            Self::Centres => Some(Self::Technicians),
            Self::Technicians => None,
        }
    }
}

/// How far an export is.
struct Export {
    store: Store,
    part: Option<Part>,
    /// The last row read of the part.
    after: String,
    read: VecDeque<Content>,
    rows: i64,
}

/// The next rows of a part after an id, as messages with their ids.
macro_rules! page {
    ($export:expr, $table:ident, $key:ident, $field:ident, $wire:expr) => {{
        let rows = $table::Entity::find()
            .filter($table::Column::$key.gt($export.after.as_str()))
            .order_by($table::Column::$key, Order::Asc)
            .limit(READ_MAX)
            .all($export.store.reader())
            .await
            .map_err(unreadable)?;
        let last = rows.last().map(|row| row.$field.clone());
        $export.read.extend(rows.into_iter().map($wire));
        last
    }};
}

impl Export {
    async fn next(&mut self) -> Result<Option<ExportNetworkResponse>, Error> {
        while self.read.is_empty() {
            let Some(part) = self.part else { return Ok(None) };
            match self.read(part).await? {
                Some(last) => self.after = last,
                None => {
                    self.part = part.next();
                    self.after.clear();
                }
            }
        }
        self.rows += 1;
        let content = self.read.pop_front();
        Ok(Some(ExportNetworkResponse { row: self.rows, content }))
    }

    /// Reads on; the last id read, or nothing when there are no more of the part.
    async fn read(&mut self, part: Part) -> Result<Option<String>, Error> {
        Ok(match part {
            Part::Counties => {
                page!(self, counties, County, county, |row| Content::County(to_county(row)))
            }
            Part::Brands => page!(self, brands, Brand, brand, |row| {
                Content::Brand(Brand { etag: String::new(), ..to_brand(row) })
            }),
            Part::Centres => page!(self, centres, Centre, centre, |row| {
                Content::Centre(Centre { etag: String::new(), ..to_centre(row) })
            }),
            Part::Technicians => page!(self, technicians, Technician, technician, |row| {
                Content::Technician(Technician {
                    etag: String::new(),
                    certified: Vec::new(),
                    ..to_technician(row)
                })
            }),
        })
    }
}
