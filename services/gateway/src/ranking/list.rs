//! The ranking of a category in a month.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use futures::join;
use maud::{Markup, html};
use parasol_api::common::v1::Category;
use parasol_api::convert::timestamp;
use parasol_api::tracking::v1::{
    Indicator, ListIndicatorsRequest, ListIndicatorsResponse, ListRankingRequest,
    ListRankingResponse, RankingRow, ScoreGroup, ScoreLevel,
};
use parasol_api::{Error, Language, Listed as _, Reason};
use parasol_journey::vocab;

use super::values::grouped;
use super::{category_of, kept, month_in_words, name, path, points, scores};
use crate::Gateway;
use crate::web::door::failure;
use crate::web::page::Page;
use crate::web::session::Guest;
use crate::web::words::{Pick as _, category as called};
use crate::web::{Pages, failed, times};

/// Brands on a page; a category has a few dozen at most.
const SHOWN_MAX: i32 = 200;
/// The category that is shown to whoever names none.
const FIRST: Category = Category::Refrigerator;

/// `GET /ranking`.
pub(super) async fn newest(State(gateway): State<Gateway>, request: Request) -> Response {
    answer(&gateway, Ok(FIRST), "", request).await
}

/// `GET /ranking/{category}`.
pub(super) async fn of_category(
    State(gateway): State<Gateway>,
    Path(category): Path<String>,
    request: Request,
) -> Response {
    answer(&gateway, category_of(&category), "", request).await
}

/// `GET /ranking/{category}/{month}`.
pub(super) async fn of_month(
    State(gateway): State<Gateway>,
    Path((category, month)): Path<(String, String)>,
    request: Request,
) -> Response {
    answer(&gateway, category_of(&category), &month, request).await
}

async fn answer(
    gateway: &Gateway,
    category: Result<Category, Error>,
    month: &str,
    request: Request,
) -> Response {
    let pages = &gateway.ranking;
    let (parts, _) = request.into_parts();
    let guest = Guest::of(pages, &parts);
    let category = match category {
        Ok(category) => category,
        Err(error) => return failure(&guest, &error),
    };
    let (ranked, rules) = join!(ranking(pages, category, month), rules(pages, guest.language));
    match (ranked, rules) {
        (Ok(ranked), Ok(rules)) => kept(page(&guest, category, month, &ranked, &rules), &guest),
        (Err(error), _) if error.reason() == Reason::NotFound => nothing(&guest, category, month),
        (Err(error), _) | (_, Err(error)) => failure(&guest, &error),
    }
}

async fn ranking(
    pages: &Pages,
    category: Category,
    month: &str,
) -> Result<ListRankingResponse, Error> {
    let request = ListRankingRequest {
        level: ScoreLevel::Brand.into(),
        category: category.into(),
        period: month.to_owned(),
        page_size: SHOWN_MAX,
        page_token: String::new(),
    };
    Ok(scores(pages).list_ranking(request).await.map_err(failed)?.into_inner())
}

async fn rules(pages: &Pages, language: Language) -> Result<ListIndicatorsResponse, Error> {
    let request = ListIndicatorsRequest { language: language.pick("zh", "en").to_owned() };
    Ok(scores(pages).list_indicators(request).await.map_err(failed)?.into_inner())
}

fn title(language: Language) -> &'static str {
    language.pick("品牌售后排行", "How brands do after the sale")
}

fn page(
    guest: &Guest,
    category: Category,
    month: &str,
    ranked: &ListRankingResponse,
    rules: &ListIndicatorsResponse,
) -> Response {
    let language = guest.language;
    let t = |zh, en| language.pick(zh, en);
    let published = ranked.published_at.as_ref().and_then(timestamp);
    let heading =
        format!("{} · {}", called(category, language), month_in_words(&ranked.period, language));
    let body = html! {
        h1 { (title(language)) }
        p { (t(
            "谁修得快、修得好、不推诿：按真实服务单逐月计算，每个数字都能展开核对。",
            "Who comes in time, repairs for good and stands by it: counted from real cases, month by month. Every \
             figure can be opened and checked.",
        )) }
        (categories(category, month, language))
        (months(category, ranked, language))
        section aria-labelledby="ranked-title" {
            h2 #ranked-title { (heading) }
            @if let Some(at) = published {
                p.hint {
                    (t("公布于 ", "Published on ")) (times::date(at, language))
                    (t("，此后只在旁边注明更正，不改原数。", ". What changes later is told beside a figure and never \
                        into it."))
                }
            }
            @if ranked.rows.is_empty() {
                p.empty { (t("这个品类当月没有可计算的品牌。", "No brand had a case of this category in this month.")) }
            } @else {
                ol.ranked { @for row in &ranked.rows {
                    li { (place(row, category, &ranked.period, rules, language)) }
                } }
            }
        }
        (method(rules, language))
    };
    Page { title: title(language), head: html! {}, body }.for_guest(StatusCode::OK, guest)
}

/// The categories, as addresses.
fn categories(here: Category, month: &str, language: Language) -> Markup {
    html! {
        nav.choices aria-label=(language.pick("品类", "Category")) {
            @for one in vocab::Category::ALL {
                @let one = one.to_wire();
                a href=(path(one, month)) aria-current=[(one == here).then_some("page")] {
                    (called(one, language))
                }
            }
        }
    }
}

/// The months that are published, as addresses.
fn months(category: Category, ranked: &ListRankingResponse, language: Language) -> Markup {
    html! {
        @if ranked.periods.len() > 1 {
            details.inner.months {
                summary { (language.pick("其他月份", "Other months")) }
                nav.choices aria-label=(language.pick("月份", "Month")) {
                    @for month in &ranked.periods {
                        a href=(path(category, month))
                            aria-current=[(*month == ranked.period).then_some("page")] {
                            (month_in_words(month, language))
                        }
                    }
                }
            }
        }
    }
}

/// One brand in its place.
fn place(
    row: &RankingRow,
    category: Category,
    month: &str,
    rules: &ListIndicatorsResponse,
    language: Language,
) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    let brand = name(&row.name_zh, &row.name_en, &row.subject, language);
    let at = format!("{}/{}", path(category, month), row.subject);
    html! {
        a.row.place href=(at) {
            @if row.rank > 0 { span.rank { span.heard { (t("第", "Rank ")) } (row.rank) } }
            @else { span.rank.none aria-hidden="true" { "—" } }
            span.what {
                strong { (brand) }
                @if row.insufficient {
                    span.hint { (too_few(rules.sample_min, language)) }
                } @else {
                    span.hint { (groups(row, language)) }
                }
                span.hint {
                    (t("结案 ", "Cases closed: ")) (grouped(row.cases))
                    @if row.restated { " · " span.restated { (t("公布后有更正", "restated since")) } }
                }
                @if row.best_of_year {
                    span.badge { (t("今年以来该品类最佳", "Best of the year so far")) }
                }
            }
            @if !row.insufficient { span.where { (points(row.points, language)) } }
        }
    }
}

/// Why somebody has no rank.
pub(super) fn too_few(sample_min: i32, language: Language) -> String {
    language.pick(
        format!("未上榜：样本不足（每项至少 {sample_min} 例）"),
        format!("Not ranked: too few cases (a figure needs {sample_min})"),
    )
}

fn groups(row: &RankingRow, language: Language) -> String {
    let told = row.group_points.iter().zip(GROUPS).filter(|(points, _)| **points >= 0);
    let told = told.map(|(points, group)| format!("{} {points}", group_name(group, language)));
    told.collect::<Vec<_>>().join(" · ")
}

/// The groups, in the order of their points.
pub(super) const GROUPS: [ScoreGroup; 4] =
    [ScoreGroup::Pre, ScoreGroup::In, ScoreGroup::After, ScoreGroup::Whole];

/// What a group is called.
pub(super) fn group_name(group: ScoreGroup, language: Language) -> &'static str {
    match group {
        ScoreGroup::Pre => language.pick("上门前", "Before the visit"),
        ScoreGroup::In => language.pick("上门时", "At the visit"),
        ScoreGroup::After => language.pick("上门后", "After it"),
        ScoreGroup::Whole | ScoreGroup::Unspecified => language.pick("全程", "The whole way"),
    }
}

/// How it is counted: every indicator with its weight, what it counts, and what it leaves out.
fn method(rules: &ListIndicatorsResponse, language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    let of_brands = |one: &&Indicator| one.levels.contains(&ScoreLevel::Brand.into());
    html! {
        details.card {
            summary { (t("怎么算的？", "How is it counted?")) }
            ul {
                li {
                    @if language == Language::Zh {
                        "一项指标至少 " (rules.sample_min) " 例才计分；样本少的品牌向品类均值收缩，避免靠运气上榜。"
                    } @else {
                        "A figure needs " (rules.sample_min) " occurrences to count, and the fewer there are the more it \
                         is drawn towards the mean of the category, so that nobody is first by luck."
                    }
                }
                li { (t(
                    "月末后有 10 天供品牌核对，然后冻结公布。",
                    "Brands look at a month for ten days after its end; then it is frozen and published.",
                )) }
                li { (t(
                    "总分是四组得分按权重的平均：",
                    "The points are the mean of four groups by their weights: ",
                ))
                    @for (place, (group, weight)) in GROUPS.iter().zip(&rules.group_weights).enumerate() {
                        @if place > 0 { ", " }
                        (group_name(*group, language)) " " (weight) "%"
                    }
                }
            }
            @for group in GROUPS {
                h3 { (group_name(group, language)) }
                ul.rules {
                    @for one in rules.indicators.iter().filter(of_brands).filter(|one| one.group() == group) {
                        li { (rule(one, language)) }
                    }
                }
            }
        }
    }
}

/// What an indicator counts, in words.
pub(super) fn rule(one: &Indicator, language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    html! {
        strong { (one.name) }
        span.hint {
            " · " (t("权重 ", "weight ")) (one.weight)
            " · " (if one.more_is_better { t("越高越好", "more is better") } else { t("越低越好", "less is better") })
        }
        p.hint {
            (t("分子：", "Counted: ")) (one.numerator) (t("；分母：", "; out of: ")) (one.denominator)
            (t("；计入：", "; in: ")) (one.window)
            @if !one.exclusions.is_empty() { (t("；不计：", "; left out: ")) (one.exclusions) }
        }
    }
}

/// A month that is not published, or none at all.
fn nothing(guest: &Guest, category: Category, month: &str) -> Response {
    let language = guest.language;
    let t = |zh, en| language.pick(zh, en);
    let body = html! {
        h1 { (title(language)) }
        @if month.is_empty() {
            p { (t(
                "还没有公布过排行。每月结束后第 11 天公布上个月的。",
                "No month has been published yet. Each is on the eleventh day after its end.",
            )) }
        } @else {
            p { (t("这个月没有公布。", "This month is not published.")) }
            p { a.button href=(path(category, "")) { (t("看最新一期", "The newest one")) } }
        }
    };
    Page { title: title(language), head: html! {}, body }.for_guest(StatusCode::NOT_FOUND, guest)
}
