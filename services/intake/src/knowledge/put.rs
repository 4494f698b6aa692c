//! `PutArticle`: an article, or a new revision of it.

use parasol_api::intake::v1::{Article, PutArticleRequest};
use parasol_api::limits::{CODE_MAX, FOREIGN_NUMBER_MAX, LONG_TEXT_MAX, NAME_MAX};
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::RowOp;
use parasol_desk::{Call, Result};
use parasol_journey::Stage;
use parasol_journey::vocab::Category;
use sea_orm::{EntityTrait, IntoActiveModel as _, PaginatorTrait};
use tonic::Request;

use super::{ARTICLES_MAX, view};
use crate::tables::articles;
use crate::{Intake, unreadable};

/// Symptoms of an article.
const SYMPTOMS_MAX: usize = 20;

pub(super) async fn handle(
    intake: &Intake,
    request: Request<PutArticleRequest>,
) -> Result<Article> {
    let call = Call::changing(&request, "PutArticle", &request.get_ref().request_id)?;
    let wire = request.into_inner();
    let mut check = Checker::new();
    let expected = check.etag(&wire.etag);
    let article = check.present("article", &wire.article);
    let row = article.and_then(|wire| check.within("article", |check| read(check, wire)));
    let (expected, mut row) = check.all((expected, row))?;
    let desk = &intake.desk;
    if let Some(saved) = desk.saved(&call).await? {
        return Ok(saved);
    }
    let reader = desk.store.reader();
    let known = articles::Entity::find_by_id(row.article.clone()).one(reader).await;
    let known = known.map_err(unreadable)?.map_or(0, |row| row.revision);
    let version = u64::try_from(known).unwrap_or_default();
    if expected.is_some_and(|expected| expected != version) {
        return Err(Error::version_conflict(version));
    }
    let is_new = known == 0;
    if is_new && articles::Entity::find().count(reader).await.map_err(unreadable)? >= ARTICLES_MAX {
        return Err(Error::new(Reason::ArticlesFull));
    }
    row.revision = known + 1;
    row.said_by = call.principal.to_string();
    row.at = desk.clock.now().micros();
    let answer = view(&row);
    desk.record(&call, vec![RowOp::put(row.into_active_model())], &answer, None).await
}

fn read(check: &mut Checker, wire: &Article) -> Option<articles::Model> {
    let id = check.text("article", &wire.article, FOREIGN_NUMBER_MAX).and_then(|id| {
        let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        let expected = "ASCII letters, digits, `-`, `_`, `.`";
        if plain { Some(id) } else { check.refuse("article", Reason::FieldInvalid, expected) }
    });
    let stages = check.listed_once::<Stage>("stages", &wire.stages);
    let categories = check.listed_once::<Category>("categories", &wire.categories);
    let symptoms = symptoms(check, &wire.symptoms);
    let title_zh = check.text("title_zh", &wire.title_zh, NAME_MAX);
    let title_en = check.text("title_en", &wire.title_en, NAME_MAX);
    let text_zh = check.text("text_zh", &wire.text_zh, LONG_TEXT_MAX);
    let text_en = check.text("text_en", &wire.text_en, LONG_TEXT_MAX);
    let joined = |words: Vec<&str>| words.join(",");
    Some(articles::Model {
        article: id?,
        revision: 0,
        stages: joined(stages?.iter().map(|one| one.as_str()).collect()),
        categories: joined(categories?.iter().map(|one| one.as_str()).collect()),
        symptoms: symptoms?.join(","),
        title_zh: title_zh?,
        title_en: title_en?,
        text_zh: text_zh?,
        text_en: text_en?,
        retired: i64::from(wire.retired),
        said_by: String::new(),
        at: 0,
    })
}

fn symptoms(check: &mut Checker, wire: &[String]) -> Option<Vec<String>> {
    check.at_most("symptoms", wire, SYMPTOMS_MAX)?;
    let plain = |word: &String| {
        let fits = !word.is_empty() && word.len() <= CODE_MAX;
        fits && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    if wire.iter().all(plain) {
        return Some(wire.to_vec());
    }
    check.refuse("symptoms", Reason::FieldInvalid, "lower-case letters, digits and `_`")
}
