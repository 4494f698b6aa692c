//! Articles: what is known about faults and about the state a case is in, found by rules.
//!
//! An article says for which stages, categories and symptoms it is; an empty list is for all. How well one fits is
//! in how many respects it names the case. Articles are about things and never about people, so they lie in a
//! table of their own and not in the vault.
//!
//! What it deliberately does not do: it ranks by nobody's votes and searches no text.

mod list;
mod matching;
mod put;

use parasol_api::convert::{Listed as _, etag, to_timestamp};
use parasol_api::intake::v1::knowledge_service_server::KnowledgeService;
use parasol_api::intake::v1::{
    Article, ListArticlesRequest, ListArticlesResponse, MatchArticlesRequest,
    MatchArticlesResponse, PutArticleRequest,
};
use parasol_journey::Stage;
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::Category;
use tonic::{Request, Response, Status};

use crate::Intake;
use crate::tables::articles;

/// The most articles, retired ones included.
const ARTICLES_MAX: u64 = 2_000;

#[tonic::async_trait]
impl KnowledgeService for Intake {
    async fn put_article(
        &self,
        request: Request<PutArticleRequest>,
    ) -> Result<Response<Article>, Status> {
        Ok(Response::new(put::handle(self, request).await?))
    }

    async fn list_articles(
        &self,
        request: Request<ListArticlesRequest>,
    ) -> Result<Response<ListArticlesResponse>, Status> {
        Ok(Response::new(list::handle(self, request).await?))
    }

    async fn match_articles(
        &self,
        request: Request<MatchArticlesRequest>,
    ) -> Result<Response<MatchArticlesResponse>, Status> {
        Ok(Response::new(matching::handle(self, request).await?))
    }
}

/// The words of a list between commas.
fn words(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').filter(|word| !word.is_empty())
}

/// An article as it is shown.
fn view(row: &articles::Model) -> Article {
    let stages = words(&row.stages).filter_map(Stage::parse).map(|stage| stage.number());
    let categories = words(&row.categories).filter_map(Category::parse).map(|one| one.number());
    Article {
        article: row.article.clone(),
        revision: row.revision,
        stages: stages.collect(),
        categories: categories.collect(),
        symptoms: words(&row.symptoms).map(str::to_owned).collect(),
        title_zh: row.title_zh.clone(),
        title_en: row.title_en.clone(),
        text_zh: row.text_zh.clone(),
        text_en: row.text_en.clone(),
        retired: row.retired == 1,
        put_at: Some(to_timestamp(Timestamp::from_micros(row.at))),
        etag: etag(u64::try_from(row.revision).unwrap_or_default()),
    }
}
