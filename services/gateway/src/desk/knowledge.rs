//! The articles, as the operator put them.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::Language;
use parasol_api::intake::v1::knowledge_service_client::KnowledgeServiceClient;
use parasol_api::intake::v1::{Article, ListArticlesRequest};

use super::{HOME, voice};
use crate::Gateway;
use crate::staff::let_in;
use crate::web::door::failure;
use crate::web::failed;
use crate::web::form::Form;
use crate::web::page::Page;
use crate::web::words::Pick as _;

/// Articles of a page.
const PAGE: i32 = 50;

/// `GET /desk/articles`.
pub(super) async fn show(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.desk;
    let (parts, visitor) = match let_in(pages, request) {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let language = visitor.guest.language;
    let page_token = Form::of_query(parts.uri.query()).text("page");
    let mut client = KnowledgeServiceClient::new(pages.transport_of(&visitor));
    let request = ListArticlesRequest { page_size: PAGE, page_token };
    let found = match client.list_articles(request).await {
        Ok(found) => found.into_inner(),
        Err(status) => return failure(&visitor.guest, &failed(status)),
    };
    let title = language.pick("知识库", "Knowledge");
    let shown: Vec<_> = found.articles.iter().filter(|one| !one.retired).collect();
    let body = html! {
        h1 { (title) }
        (voice::ways("/desk/articles", &visitor))
        @if shown.is_empty() { p.empty { (language.pick("还没有条目。", "There are no articles yet.")) } }
        @for one in shown { (article(one, language)) }
        @if !found.next_page_token.is_empty() {
            p { a.button href={ (HOME) "/articles?page=" (found.next_page_token) } {
                (language.pick("下一页", "More"))
            } }
        }
    };
    Page { title, head: html! {}, body }.for_visitor(StatusCode::OK, &visitor)
}

/// One article, folded.
pub(super) fn article(one: &Article, language: Language) -> Markup {
    html! {
        details.card {
            summary { (language.pick(&one.title_zh, &one.title_en)) }
            p.text { (language.pick(&one.text_zh, &one.text_en)) }
        }
    }
}
