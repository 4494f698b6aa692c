//! Counting and listing open cases.

use parasol_casebook::Store;
use parasol_journey::Stage;
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::vocab::Party;
use sea_orm::sea_query::{Expr, ExprTrait as _, SimpleExpr};
use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, Order as Sort, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::follow::FEED;
use super::tables::{flow_cases, flow_places};

/// How far ahead a deadline is soon.
const SOON: Span = Span::hours(1);

/// Open cases of a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageCount {
    /// The stage.
    pub stage: Stage,
    /// How many.
    pub cases: i64,
    /// Since when the oldest of their turns runs.
    pub oldest: Timestamp,
    /// Those that are late in their turn.
    pub late: i64,
    /// Those of which a clock runs out within the hour.
    pub soon: i64,
}

/// Open cases that wait for a party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnCount {
    /// The party.
    pub holder: Party,
    /// How many.
    pub cases: i64,
    /// Since when the oldest of these turns runs.
    pub oldest: Timestamp,
    /// Those that are late in their turn.
    pub late: i64,
}

/// Open cases, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// By stage, in the order of the journey.
    pub stages: Vec<StageCount>,
    /// By whose turn it is.
    pub turns: Vec<TurnCount>,
    /// Events that are not counted yet.
    pub behind: u64,
}

/// Which comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The next deadline; what has none is left out.
    Due,
    /// The oldest turn.
    Turn,
    /// What is late the longest; what is not late is left out.
    Late,
}

impl Order {
    fn column(self) -> flow_cases::Column {
        match self {
            Self::Due => flow_cases::Column::Due,
            Self::Turn => flow_cases::Column::Since,
            Self::Late => flow_cases::Column::Late,
        }
    }

    /// Where a row stands in this order.
    pub fn place(self, row: &flow_cases::Model) -> (i64, Uuid) {
        let value = match self {
            Self::Due => row.due,
            Self::Turn => row.since,
            Self::Late => row.late,
        };
        (value, row.case_id)
    }
}

/// Which cases are wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Which comes first.
    pub order: Order,
    /// Only of this brand's units; empty for all.
    pub brand: String,
    /// Only those that wait for this party.
    pub holder: Option<Party>,
    /// Only those in this stage.
    pub stage: Option<Stage>,
    /// Only what stands after this place.
    pub after: Option<(i64, Uuid)>,
}

fn of_brand(brand: &str) -> Condition {
    match brand {
        "" => Condition::all(),
        brand => Condition::all().add(flow_cases::Column::Brand.eq(brand)),
    }
}

/// How many rows a condition holds for; one engine has no sum of truths.
fn how_many(condition: SimpleExpr) -> SimpleExpr {
    let counted: SimpleExpr = Expr::case(condition, 1).finally(0).into();
    counted.sum()
}

/// Counts open cases, all or those of a brand's units.
///
/// # Errors
/// What the engine says.
pub async fn count(store: &Store, brand: &str, now: Timestamp) -> Result<Flow, DbErr> {
    use flow_cases::Column as C;
    type Counted = (String, String, i64, i64, i64, i64);
    let soon = C::Due.gt(0).and(C::Due.lte((now + SOON).micros()));
    let rows: Vec<Counted> = flow_cases::Entity::find()
        .select_only()
        .columns([C::Stage, C::Holder])
        .column_as(C::CaseId.count(), "cases")
        .column_as(C::Since.min(), "oldest")
        .column_as(how_many(C::Late.gt(0)), "late_cases")
        .column_as(how_many(soon), "soon_cases")
        .filter(of_brand(brand))
        .group_by(C::Stage)
        .group_by(C::Holder)
        .into_tuple()
        .all(store.reader())
        .await?;
    let place = flow_places::Entity::find_by_id(FEED.to_owned()).one(store.reader()).await?;
    let place = place.map_or(0, |place| u64::try_from(place.position).unwrap_or_default());
    let behind = store.feed_position().await?.saturating_sub(place);
    let mut flow = Flow { behind, ..Flow::default() };
    for (stage, holder, cases, oldest, late, soon) in rows {
        let oldest = Timestamp::from_micros(oldest);
        if let Some(stage) = Stage::parse(&stage) {
            match flow.stages.iter_mut().find(|one| one.stage == stage) {
                Some(one) => {
                    one.cases += cases;
                    one.late += late;
                    one.soon += soon;
                    one.oldest = one.oldest.min(oldest);
                }
                None => flow.stages.push(StageCount { stage, cases, oldest, late, soon }),
            }
        }
        if let Some(holder) = Party::parse(&holder) {
            match flow.turns.iter_mut().find(|one| one.holder == holder) {
                Some(one) => {
                    one.cases += cases;
                    one.late += late;
                    one.oldest = one.oldest.min(oldest);
                }
                None => flow.turns.push(TurnCount { holder, cases, oldest, late }),
            }
        }
    }
    let place_of = |stage| Stage::ALL.iter().position(|one| *one == stage);
    flow.stages.sort_by_key(|one| place_of(one.stage));
    let place_of = |holder| Party::ALL.iter().position(|one| *one == holder);
    flow.turns.sort_by_key(|one| place_of(one.holder));
    Ok(flow)
}

/// The open cases that are wanted.
///
/// # Errors
/// What the engine says.
pub async fn list(
    store: &Store,
    wanted: &Wanted,
    limit: u64,
) -> Result<Vec<flow_cases::Model>, DbErr> {
    let column = wanted.order.column();
    let mut query = flow_cases::Entity::find().filter(of_brand(&wanted.brand));
    if wanted.order != Order::Turn {
        query = query.filter(column.gt(0));
    }
    if let Some(holder) = wanted.holder {
        query = query.filter(flow_cases::Column::Holder.eq(holder.as_str()));
    }
    if let Some(stage) = wanted.stage {
        query = query.filter(flow_cases::Column::Stage.eq(stage.as_str()));
    }
    if let Some((value, case)) = wanted.after {
        let later = column.gt(value);
        let beside = column.eq(value).and(flow_cases::Column::CaseId.gt(case));
        query = query.filter(Condition::any().add(later).add(beside));
    }
    query
        .order_by(column, Sort::Asc)
        .order_by(flow_cases::Column::CaseId, Sort::Asc)
        .limit(limit)
        .all(store.reader())
        .await
}
