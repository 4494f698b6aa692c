//! Open cases as operators, the retailer's people and brands see them.

use parasol_api::admin::v1::{
    Flow, FlowOrder, FlowRow, GetFlowRequest, ListFlowRequest, ListFlowResponse, StageFlow,
    TurnFlow,
};
use parasol_api::common::v1::{Deadline, Turn};
use parasol_api::convert::{Listed as _, to_timestamp};
use parasol_api::{Checker, Error, Language, Reason, Role};
use parasol_desk::{Call, Desk, Purpose};
use parasol_intake::flow::{self, Order, Row, Wanted};
use parasol_journey::Stage;
use parasol_journey::deadline::Clock;
use parasol_journey::ids::{BrandId, CaseId};
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::{Category, Party};
use parasol_runtime::identity::Principal;
use prost::Message as _;
use tonic::Request;
use uuid::Uuid;

use super::operations::unavailable;

/// Counts open cases.
///
/// # Errors
/// `NOT_FOUND` for a brand that asks for another one's, and what the store says.
pub(super) async fn count(desk: &Desk, request: &Request<GetFlowRequest>) -> Result<Flow, Error> {
    let call = Call::reading(request, "GetFlow")?;
    let mut check = Checker::new();
    let brand = check.optional_id::<BrandId>("brand", &request.get_ref().brand);
    let (brand,) = check.all((brand,))?;
    let brand = brand_of(&call.principal, brand)?;
    let now = desk.clock.now();
    let counted = flow::count(&desk.store, &brand, now).await.map_err(unavailable)?;
    let stages = counted.stages.iter().map(|one| StageFlow {
        stage: one.stage.number(),
        cases: one.cases,
        oldest_turn: Some(to_timestamp(one.oldest)),
        late: one.late,
        due_soon: one.soon,
    });
    let turns = counted.turns.iter().map(|one| TurnFlow {
        holder: one.holder.number(),
        cases: one.cases,
        oldest_turn: Some(to_timestamp(one.oldest)),
        late: one.late,
    });
    Ok(Flow {
        now: Some(to_timestamp(now)),
        stages: stages.collect(),
        turns: turns.collect(),
        behind: i64::try_from(counted.behind).unwrap_or(i64::MAX),
    })
}

/// Lists open cases.
///
/// # Errors
/// As [`count`], and `PAGE_TOKEN_INVALID`.
pub(super) async fn list(
    desk: &Desk,
    request: &Request<ListFlowRequest>,
) -> Result<ListFlowResponse, Error> {
    let call = Call::reading(request, "ListFlow")?;
    let wire = request.get_ref();
    let mut check = Checker::new();
    let size = check.page_size(wire.page_size);
    let brand = check.optional_id::<BrandId>("brand", &wire.brand);
    let holder = check.optional_listed::<Party>("holder", wire.holder);
    let stage = check.optional_listed::<Stage>("stage", wire.stage);
    let order = match wire.order() {
        FlowOrder::Unspecified if wire.order != 0 => {
            check.refuse("order", Reason::FieldInvalid, "one of the list")
        }
        FlowOrder::Unspecified | FlowOrder::Due => Some(Order::Due),
        FlowOrder::Turn => Some(Order::Turn),
        FlowOrder::Late => Some(Order::Late),
    };
    let language = check.language(&wire.language);
    let (size, brand, holder, stage, order, language) =
        check.all((size, brand, holder, stage, order, language))?;
    let brand = brand_of(&call.principal, brand)?;
    // The same list may be read on in pages of another size or in another language.
    let mut query = wire.clone();
    (query.page_size, query.page_token, query.language) = (0, String::new(), String::new());
    let query = query.encode_to_vec();
    let (key, principal) = (&*desk.key, &call.principal);
    let pages = Purpose { key, domain: "flow-page", principal, bound: &query };
    let after = match wire.page_token.as_str() {
        "" => None,
        token => {
            let place = pages.open(token).and_then(|place| read_place(&place));
            Some(place.ok_or_else(|| Error::new(Reason::PageTokenInvalid))?)
        }
    };
    let wanted = Wanted { order, brand, holder, stage, after };
    // One more than asked for tells whether there is another page.
    let seen = desk.within(principal).store;
    let mut rows = flow::list(&seen, &wanted, size as u64 + 1).await.map_err(unavailable)?;
    let more = rows.len() > size;
    rows.truncate(size);
    let last = rows.last().filter(|_| more).map(|row| order.place(row));
    let next_page_token = last.map_or_else(String::new, |(value, case)| {
        pages.seal(&[&value.to_be_bytes()[..], case.as_bytes()].concat())
    });
    let rows = rows.iter().map(|row| shown(row, language)).collect();
    Ok(ListFlowResponse { rows, next_page_token })
}

/// Whose cases are meant: a brand's own, whatever it says; else those of the brand that was named.
fn brand_of(principal: &Principal, named: Option<BrandId>) -> Result<String, Error> {
    let named = named.map_or_else(String::new, |brand| brand.to_string());
    if principal.role != Role::Brand {
        return Ok(named);
    }
    match named.is_empty() || named == principal.subject {
        true => Ok(principal.subject.clone()),
        false => Err(Error::new(Reason::NotFound)),
    }
}

fn read_place(place: &[u8]) -> Option<(i64, Uuid)> {
    let (value, case) = place.split_at_checked(8)?;
    Some((i64::from_be_bytes(value.try_into().ok()?), Uuid::from_slice(case).ok()?))
}

fn shown(row: &Row, language: Language) -> FlowRow {
    let instant = |micros: i64| (micros != 0).then(|| to_timestamp(Timestamp::from_micros(micros)));
    let next = Clock::parse(&row.clock).map(|clock| Deadline {
        clock: row.clock.clone(),
        due: instant(row.due),
        if_missed: flow::if_missed(clock, language),
    });
    FlowRow {
        case_id: CaseId::new(row.case_id).to_string(),
        stage: Stage::parse(&row.stage).map_or(0, |stage| stage.number()),
        turn: Some(Turn {
            holder: Party::parse(&row.holder).map_or(0, |party| party.number()),
            since: instant(row.since),
        }),
        next_deadline: next,
        late_since: instant(row.late),
        brand: row.brand.clone(),
        centre: row.centre.clone(),
        category: Category::parse(&row.category).map_or(0, |category| category.number()),
        sku: row.sku.clone(),
        filed_at: instant(row.filed_at),
        reminders: i32::try_from(row.reminders).unwrap_or(i32::MAX),
        answer_due: instant(row.answer_due),
    }
}
