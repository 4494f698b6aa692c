//! A brand's own reason codes, read into the closed lists of the house.
//!
//! Our reason, where it is given, is taken, and the brand's code is kept beside it. A code alone is read
//! by the brand's mapping; one that is not in it is refused and not taken for "other", because a
//! decline that is counted under the wrong reason misleads everybody who looks at it later.

use parasol_api::{Error, Listed, Reason};
use parasol_casebook::Refusal;
use parasol_journey::vocab::{AnomalyKind, DeclineReason, UnableReason};
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};

use crate::tables::reason_mappings;
use crate::{Dispatch, unreadable};

/// Mappings of a brand.
pub const MAPPINGS_MAX: u64 = 500;
/// Codes that a refusal lists.
const LISTED_MAX: u64 = 20;

/// The closed lists that codes are read into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// [`DeclineReason`].
    Decline,
    /// [`AnomalyKind`].
    Anomaly,
    /// [`UnableReason`].
    Unable,
}

impl List {
    /// All of them, with their numbers in messages.
    pub const ALL: [(Self, &'static str, i32); 3] =
        [(Self::Decline, "decline", 1), (Self::Anomaly, "anomaly", 2), (Self::Unable, "unable", 3)];

    /// As the table keeps it.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(one, ..)| *one == self).map_or("", |(_, text, _)| text)
    }

    /// The list with this number.
    pub fn of_number(number: i32) -> Option<Self> {
        Self::ALL.iter().find(|(.., one)| *one == number).map(|(list, ..)| *list)
    }

    /// The number of a list as the table keeps it.
    pub fn number_of(text: &str) -> i32 {
        Self::ALL.iter().find(|(_, one, _)| *one == text).map_or(0, |(.., number)| *number)
    }

    /// Whether the list has this word.
    pub fn has(self, word: &str) -> bool {
        match self {
            Self::Decline => DeclineReason::parse(word).is_some(),
            Self::Anomaly => AnomalyKind::parse(word).is_some(),
            Self::Unable => UnableReason::parse(word).is_some(),
        }
    }

    /// The words of the list.
    pub fn words(self) -> String {
        match self {
            Self::Decline => DeclineReason::words(),
            Self::Anomaly => AnomalyKind::words(),
            Self::Unable => UnableReason::words(),
        }
    }
}

/// What a brand's code stands for, or the refusal that names the codes that are known. The step refuses,
/// not the lookup, so that a repetition gets its saved answer whatever has become of the mapping since.
///
/// # Errors
/// What the store says.
pub async fn read_as(
    dispatch: &Dispatch,
    brand: &str,
    list: List,
    code: &str,
) -> Result<Result<String, Refusal>, Error> {
    let key = (brand.to_owned(), list.as_str().to_owned(), code.to_owned());
    let reader = dispatch.desk.store.reader();
    let found = reason_mappings::Entity::find_by_id(key).one(reader).await.map_err(unreadable)?;
    if let Some(row) = found {
        return Ok(Ok(row.reason));
    }
    let known: Vec<String> = reason_mappings::Entity::find()
        .select_only()
        .column(reason_mappings::Column::PartnerReason)
        .filter(reason_mappings::Column::Brand.eq(brand))
        .filter(reason_mappings::Column::List.eq(list.as_str()))
        .order_by(reason_mappings::Column::PartnerReason, Order::Asc)
        .limit(LISTED_MAX)
        .into_tuple()
        .all(reader)
        .await
        .map_err(unreadable)?;
    let known = if known.is_empty() { "none yet".to_owned() } else { known.join(", ") };
    let message = format!("partner_reason: the code is not mapped for {brand}; known: {known}");
    Ok(Err(Refusal::Service { code: Reason::ReasonUnmapped.code(), message }))
}
