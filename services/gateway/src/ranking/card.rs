//! The figures of a brand in a category and a month, each with all it follows from.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::common::v1::Category;
use parasol_api::convert::timestamp;
use parasol_api::tracking::v1::{
    FlowComparison, GetScorecardRequest, Indicator, Restatement, ScoreFigure, ScoreLevel,
    ScorePeriodState, Scorecard,
};
use parasol_api::{Error, Language, Reason};
use parasol_journey::time::Span;

use super::list::{GROUPS, group_name, rule};
use super::values::{cause, counted, grouped, now, value};
use super::{category_of, kept, month_in_words, name, path, points, scores};
use crate::Gateway;
use crate::web::door::failure;
use crate::web::page::Page;
use crate::web::session::Guest;
use crate::web::words::{Pick as _, category as called};
use crate::web::{Pages, failed, times};

/// `GET /ranking/{category}/{month}/{brand}`.
pub(super) async fn show(
    State(gateway): State<Gateway>,
    Path((category, month, brand)): Path<(String, String, String)>,
    request: Request,
) -> Response {
    let pages = &gateway.ranking;
    let (parts, _) = request.into_parts();
    let guest = Guest::of(pages, &parts);
    let read = async {
        let category = category_of(&category)?;
        Ok((category, card(pages, category, &month, &brand, guest.language).await?))
    };
    match read.await {
        Ok((category, card)) => kept(page(&guest, category, &card), &guest),
        Err(error) => failure(&guest, &error),
    }
}

/// A published card; what somebody else may see of a month that is not is nobody's business here.
async fn card(
    pages: &Pages,
    category: Category,
    month: &str,
    brand: &str,
    language: Language,
) -> Result<Scorecard, Error> {
    let request = GetScorecardRequest {
        level: ScoreLevel::Brand.into(),
        subject: brand.to_owned(),
        category: category.into(),
        period: month.to_owned(),
        language: language.pick("zh", "en").to_owned(),
    };
    let card = scores(pages).get_scorecard(request).await.map_err(failed)?.into_inner();
    match card.state() {
        ScorePeriodState::Published => Ok(card),
        _ => Err(Error::new(Reason::NotFound)),
    }
}

fn page(guest: &Guest, category: Category, card: &Scorecard) -> Response {
    let language = guest.language;
    let t = |zh, en| language.pick(zh, en);
    let brand = name(&card.name_zh, &card.name_en, &card.subject, language);
    let published = card.published_at.as_ref().and_then(timestamp);
    let of = format!("{} · {}", called(category, language), month_in_words(&card.period, language));
    let all: Vec<_> = card.figures.iter().zip(&card.indicators).collect();
    let body = html! {
        p.back { a href=(path(category, &card.period)) { "‹ " (of) } }
        h1 { (brand) }
        section.card {
            @if card.insufficient {
                p { strong { (t("未上榜：样本不足", "Not ranked: too few cases")) } }
                p.hint { (t(
                    "计分的指标太少，不排名；下面的数字照样公开。",
                    "Too few of the figures have enough occurrences for a rank; they are shown all the same.",
                )) }
            } @else {
                p.standing {
                    @if language == Language::Zh { "第 " strong { (card.rank) } " 名，共 " (card.ranked) " 个品牌" }
                    @else { "Rank " strong { (card.rank) } " of " (card.ranked) }
                }
                (points(card.points, language))
            }
            @if let Some(at) = published {
                p.hint { (t("公布于 ", "Published on ")) (times::date(at, language)) }
            }
        }
        (flow(&card.flow, language))
        @for group in GROUPS {
            section aria-labelledby={ "group-" (i32::from(group)) } {
                h2 id={ "group-" (i32::from(group)) } { (group_name(group, language)) }
                ul.figures {
                    @for (figure, indicator) in all.iter().filter(|(_, one)| one.group() == group) {
                        li.card { (shown(figure, indicator, language)) }
                    }
                }
            }
        }
    };
    Page { title: brand, head: html! {}, body }.for_guest(StatusCode::OK, guest)
}

/// A figure: its value, what it was counted from, how far it counts, and what changed since.
fn shown(figure: &ScoreFigure, indicator: &Indicator, language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    html! {
        h3 { (indicator.name) }
        p.value {
            @if figure.denominator > 0 {
                strong { (value(indicator, figure.value, language)) }
                @if figure.p90 > 0 {
                    " " span.hint {
                        (t("九成不超过 ", "nine of ten within ")) (value(indicator, figure.p90, language))
                    }
                }
            } @else { strong { "—" } " " span.hint { (t("当月没有发生", "nothing of it in this month")) } }
        }
        p {
            @if figure.denominator > 0 {
                span.count {
                    (counted(indicator, figure.numerator, language)) " / " (grouped(figure.denominator))
                }
                " · "
            }
            @if figure.excluded > 0 {
                (t("不计 ", "left out: ")) (grouped(figure.excluded)) " · "
            }
            @if figure.insufficient { (t("样本不足，不计分", "too few, not scored")) }
            @else if indicator.weight == 0 { (t("只展示，不计分", "shown, not scored")) }
            @else { (figure.points) (t(" 分", " points")) }
        }
        @if figure.denominator > 0 {
            p.hint {
                (t("品类均值 ", "Mean of the category: ")) (value(indicator, figure.mean, language))
                @if !figure.insufficient {
                    " · " (t("收缩后 ", "drawn towards it: ")) (value(indicator, figure.drawn, language))
                }
            }
        }
        (restated(figure, indicator, language))
        details.inner {
            summary { (t("怎么算的", "How it is counted")) }
            (rule(indicator, language))
        }
    }
}

/// What changed since the figure was published, the newest first.
fn restated(figure: &ScoreFigure, indicator: &Indicator, language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    if figure.restatements.is_empty() {
        return html! {};
    }
    html! {
        div.restated {
            p { strong { (t("公布后的更正", "Restated since it was published")) } }
            @if let Some(now) = now(indicator, figure, language) {
                p { (t("按更正后计算：", "With these it would be ")) (now) }
            }
            ul {
                @for one in &figure.restatements { li { (change(one, indicator, language)) } }
            }
        }
    }
}

fn change(one: &Restatement, indicator: &Indicator, language: Language) -> Markup {
    let pair = |numerator, denominator| {
        format!("{} / {}", counted(indicator, numerator, language), grouped(denominator))
    };
    html! {
        @if let Some(at) = one.at.as_ref().and_then(timestamp) { (times::date(at, language)) ": " }
        (pair(one.numerator_before, one.denominator_before))
        " → "
        (pair(one.numerator_after, one.denominator_after))
        span.hint { " (" (cause(&one.cause, language)) ")" }
    }
}

/// The new flow against the old one, by both definitions.
fn flow(all: &[FlowComparison], language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    let told: Vec<_> = all.iter().filter(|one| one.cases > 0).collect();
    let length = |micros| times::length(Span::from_micros(micros), language);
    html! {
        @if !told.is_empty() {
            section.card aria-labelledby="flow-title" {
                h2 #flow-title { (t("从提交到结案", "From filing to closing")) }
                ul {
                    @for one in told {
                        li {
                            @if one.definition == "net" { (t("不含客户自己的时间：", "Without the customer's own time: ")) }
                            @else { (t("全程：", "The whole way: ")) }
                            strong { (length(one.median)) }
                            " · " (grouped(one.cases)) (t(" 单", " cases"))
                            @if one.baseline > 0 {
                                " · " (t("旧流程 ", "the old flow: ")) (length(one.baseline))
                                @if !one.source.is_empty() { span.hint { " (" (one.source) ")" } }
                            }
                        }
                    }
                }
            }
        }
    }
}
