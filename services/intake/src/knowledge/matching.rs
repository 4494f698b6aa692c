//! `MatchArticles`: the articles that fit a case as it stands.

use parasol_api::Checker;
use parasol_api::intake::v1::{MatchArticlesRequest, MatchArticlesResponse};
use parasol_desk::{Call, Result};
use parasol_journey::ids::CaseId;
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use tonic::Request;

use super::{ARTICLES_MAX, view, words};
use crate::tables::articles;
use crate::{Intake, unreadable};

/// Articles that are shown.
const SHOWN_MAX: usize = 5;

pub(super) async fn handle(
    intake: &Intake,
    request: Request<MatchArticlesRequest>,
) -> Result<MatchArticlesResponse> {
    let call = Call::reading(&request, "MatchArticles")?;
    let mut check = Checker::new();
    let case = check.id::<CaseId>("case_id", &request.get_ref().case_id);
    let (case,) = check.all((case,))?;
    let case = intake.desk.case(&call.principal, case).await?;
    let rows = articles::Entity::find()
        .filter(articles::Column::Retired.eq(0))
        .order_by(articles::Column::Article, Order::Asc)
        .limit(ARTICLES_MAX)
        .all(intake.desk.store.reader())
        .await
        .map_err(unreadable)?;
    let filing = &case.filing;
    let of_case = [case.stage.as_str(), filing.category.as_str(), filing.symptom.as_str()];
    let best = best(&rows, of_case);
    Ok(MatchArticlesResponse { articles: best.into_iter().map(view).collect() })
}

/// The articles that fit stage, category and symptom of a case, those that name the most of them first.
fn best<'a>(rows: &'a [articles::Model], of_case: [&str; 3]) -> Vec<&'a articles::Model> {
    let mut fitting: Vec<_> =
        rows.iter().filter_map(|row| Some((respects(row, of_case)?, row))).collect();
    fitting.sort_by_key(|(respects, row)| (std::cmp::Reverse(*respects), row.article.clone()));
    fitting.into_iter().take(SHOWN_MAX).map(|(_, row)| row).collect()
}

/// In how many respects an article names the case; `None` when it is for others.
fn respects(row: &articles::Model, of_case: [&str; 3]) -> Option<u32> {
    let lists = [&row.stages, &row.categories, &row.symptoms];
    lists.into_iter().zip(of_case).try_fold(0, |named, (list, word)| {
        let is_for_all = list.is_empty();
        let is_named = words(list).any(|one| one == word);
        (is_for_all || is_named).then_some(named + u32::from(is_named))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn article(id: &str, [stages, categories, symptoms]: [&str; 3]) -> articles::Model {
        let [stages, categories, symptoms] = [stages, categories, symptoms].map(str::to_owned);
        articles::Model {
            article: id.to_owned(),
            revision: 1,
            stages,
            categories,
            symptoms,
            title_zh: String::new(),
            title_en: String::new(),
            text_zh: String::new(),
            text_en: String::new(),
            retired: 0,
            said_by: String::new(),
            at: 0,
        }
    }

    #[test]
    fn what_names_the_case_in_most_respects_comes_first_and_what_is_for_others_never() {
        let rows = [
            article("all", ["", "", ""]),
            article("fridges", ["", "refrigerator,fan", ""]),
            article("leak", ["", "refrigerator", "leaking"]),
            article("leak-now", ["deciding", "refrigerator", "leaking"]),
            article("other-stage", ["filed", "refrigerator", "leaking"]),
            article("other-kind", ["", "television", ""]),
        ];
        let found = best(&rows, ["deciding", "refrigerator", "leaking"]);
        let found: Vec<_> = found.iter().map(|row| row.article.as_str()).collect();
        assert_eq!(found, ["leak-now", "leak", "fridges", "all"]);
        let found = best(&rows, ["filed", "television", ""]);
        let found: Vec<_> = found.iter().map(|row| row.article.as_str()).collect();
        assert_eq!(found, ["other-kind", "all"]);
    }
}
