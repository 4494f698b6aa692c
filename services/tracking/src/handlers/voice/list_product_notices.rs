//! `ListProductNotices`: what customers should know before they buy.

use parasol_api::limits::NAME_MAX;
use parasol_api::tracking::v1::{
    ListProductNoticesRequest, ListProductNoticesResponse, ProductNotice,
};
use parasol_api::{Checker, Error, Language};
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use tonic::Request;

use crate::Tracking;
use crate::handlers::store_error;
use crate::voice::store;
use crate::voice::tables::product_notices;
use crate::voice::views::instant;

/// Notices of a product that are told.
const NOTICES_SHOWN_MAX: u64 = 20;

pub async fn handle(
    tracking: &Tracking,
    request: Request<ListProductNoticesRequest>,
) -> Result<ListProductNoticesResponse, Error> {
    let request = request.into_inner();
    let mut check = Checker::new();
    let sku = check.text("sku", &request.sku, NAME_MAX);
    let (sku,) = check.all((sku,))?;
    let language = Language::of_tag(&request.language).unwrap_or_default();
    let store = &tracking.desk.store;
    let rows = product_notices::Entity::find()
        .filter(product_notices::Column::Sku.eq(sku))
        .order_by(product_notices::Column::At, Order::Desc)
        .limit(NOTICES_SHOWN_MAX)
        .all(store.reader())
        .await
        .map_err(store_error)?;
    let words = store::words(store, rows.iter().map(|row| row.notice)).await?;
    let notice = |row: &product_notices::Model| {
        let words = words.get(&row.notice)?;
        let text = match language {
            Language::Zh => words.text.clone(),
            Language::En => words.more.clone(),
        };
        Some(ProductNotice { text, at: instant(row.at) })
    };
    Ok(ListProductNoticesResponse { notices: rows.iter().filter_map(notice).collect() })
}
