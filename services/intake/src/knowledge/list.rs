//! `ListArticles`: the articles, by id.

use parasol_api::Checker;
use parasol_api::intake::v1::{ListArticlesRequest, ListArticlesResponse};
use parasol_desk::{Call, Purpose, Result};
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use tonic::Request;

use super::view;
use crate::tables::articles;
use crate::{Intake, unreadable};

pub(super) async fn handle(
    intake: &Intake,
    request: Request<ListArticlesRequest>,
) -> Result<ListArticlesResponse> {
    let call = Call::reading(&request, "ListArticles")?;
    let wire = request.into_inner();
    let mut check = Checker::new();
    let size = check.page_size(wire.page_size);
    let (size,) = check.all((size,))?;
    let (key, principal) = (&*intake.desk.key, &call.principal);
    let pages = Purpose { key, domain: "articles-page", principal, bound: &[] };
    let after = pages.after(&wire.page_token)?;
    let rows = articles::Entity::find()
        .filter(articles::Column::Article.gt(after))
        .order_by(articles::Column::Article, Order::Asc)
        .limit(size as u64 + 1)
        .all(intake.desk.store.reader())
        .await
        .map_err(unreadable)?;
    let next_page_token = pages.next(&rows, size, |row| &row.article);
    let articles = rows.iter().take(size).map(view).collect();
    Ok(ListArticlesResponse { articles, next_page_token })
}
