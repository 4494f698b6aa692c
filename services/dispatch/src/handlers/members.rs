//! Brands, centres and technicians as the methods that change them see all three.

use std::future::Future;

use parasol_api::admin::v1::import_network_request::Content;
use parasol_api::admin::v1::{Brand, Centre, Technician};
use parasol_api::{Error, Reason};
use parasol_casebook::Store;
use prost::Message;
use sea_orm::EntityTrait;

use crate::import::{Row, Stored};
use crate::network::{Member, to_brand, to_centre, to_technician};
use crate::tables::{brands, centres, technicians};
use crate::unreadable;

/// A row with its message.
pub(super) trait Resource: Member + Send {
    /// The message.
    type Wire: Message + Default;

    /// Its name in the contract.
    const NAME: &'static str;

    /// Fields that no update changes.
    const FIXED: &'static [&'static str];

    /// The row as a message.
    fn wire(self) -> Self::Wire;

    /// The message as a row of an import.
    fn content(wire: Self::Wire) -> Content;

    /// The row out of one of an import, if it is of this kind.
    fn of_import(row: Row) -> Option<Self>;

    /// Puts the row in the place of what is stored under its id.
    fn put_into(self, stored: &mut Stored);

    /// The row with this id.
    ///
    /// # Errors
    /// `NOT_FOUND` and what the store says.
    fn find(store: &Store, id: &str) -> impl Future<Output = Result<Self, Error>> + Send;
}

macro_rules! resource {
    ($kind:ident, $table:ident, $to:ident, $fixed:expr) => {
        impl Resource for $table::Model {
            type Wire = $kind;

            const NAME: &'static str = concat!("parasol.admin.v1.", stringify!($kind));

            const FIXED: &'static [&'static str] = $fixed;

            fn wire(self) -> $kind {
                $to(self)
            }

            fn content(wire: $kind) -> Content {
                Content::$kind(wire)
            }

            fn of_import(row: Row) -> Option<Self> {
                if let Row::$kind(row) = row { Some(*row) } else { None }
            }

            fn put_into(self, stored: &mut Stored) {
                stored.$table.insert(self.id().to_owned(), self);
            }

            async fn find(store: &Store, id: &str) -> Result<Self, Error> {
                let row = $table::Entity::find_by_id(id).one(store.reader()).await;
                row.map_err(unreadable)?.ok_or_else(|| Error::new(Reason::NotFound))
            }
        }
    };
}

resource!(Brand, brands, to_brand, &["brand", "suspension", "etag"]);
resource!(Centre, centres, to_centre, &["centre", "brand", "suspension", "etag"]);
resource!(Technician, technicians, to_technician, TECHNICIAN_FIXED);

/// Their centre is where they work; what they are certified for follows from the rest.
const TECHNICIAN_FIXED: &[&str] = &["technician", "centre", "suspension", "etag", "certified"];

/// Refuses a version that is not the row's.
///
/// # Errors
/// `VERSION_CONFLICT`.
pub(super) fn check_version(row: &impl Member, expected: Option<u64>) -> Result<(), Error> {
    let current = u64::try_from(row.standing().revision).unwrap_or_default();
    match expected {
        Some(expected) if expected != current => Err(Error::version_conflict(current)),
        _ => Ok(()),
    }
}
