//! The cases behind one figure: what is counted out of what, and each occurrence with its case.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::convert::timestamp;
use parasol_api::tracking::v1::{
    Indicator, ListScoreCasesRequest, ListScoreCasesResponse, ScoreCase, ScoreFigure,
    ScorePeriodState, ScoreUnit,
};
use parasol_api::{Error, Language, Listed as _, Reason};

use super::scores::{self, Wanted, client, value};
use super::{WAYS, objections, tabs};
use crate::Gateway;
use crate::staff::let_in;
use crate::staff::words::short;
use crate::web::controls::fact;
use crate::web::door::failure;
use crate::web::form::Form;
use crate::web::page::Page;
use crate::web::session::Visitor;
use crate::web::words::Pick as _;
use crate::web::{Pages, failed, times};

/// Where they lie.
const PATH: &str = "/steward/scores/cases";
/// Occurrences on a page.
const PAGE: i32 = 50;

/// `GET /steward/scores/cases`.
pub(super) async fn show(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.steward;
    let (parts, visitor) = match let_in(pages, request) {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let query = Form::of_query(parts.uri.query());
    let wanted = Wanted::of(&query, visitor.guest.now);
    match read(pages, &visitor, &wanted, &query).await {
        Ok(seen) => page(&visitor, &wanted, &seen),
        Err(error) => failure(&visitor.guest, &error),
    }
}

/// A figure with what it is of, the cases behind it, and whether its month is shown before it is published.
struct Seen {
    figure: ScoreFigure,
    indicator: Indicator,
    found: ListScoreCasesResponse,
    in_preview: bool,
}

async fn read(
    pages: &Pages,
    visitor: &Visitor,
    wanted: &Wanted,
    query: &Form,
) -> Result<Seen, Error> {
    let missing = || Error::new(Reason::NotFound);
    let category = wanted.category.ok_or_else(missing)?;
    let card = wanted.card(pages, visitor, category).await?;
    let in_preview = card.state() == ScorePeriodState::Preview;
    let mut rows = card.figures.into_iter().zip(card.indicators);
    let (figure, indicator) =
        rows.find(|(_, one)| one.indicator == query.get("indicator")).ok_or_else(missing)?;
    let request = ListScoreCasesRequest {
        level: wanted.level.into(),
        subject: visitor.principal.subject.clone(),
        category: category.number(),
        period: wanted.month.clone(),
        indicator: indicator.indicator.clone(),
        page_size: PAGE,
        page_token: query.text("page"),
    };
    let found = client(pages, visitor).list_score_cases(request).await.map_err(failed)?;
    Ok(Seen { figure, indicator, found: found.into_inner(), in_preview })
}

fn page(visitor: &Visitor, wanted: &Wanted, seen: &Seen) -> Response {
    let Seen { figure, indicator: one, found, in_preview } = seen;
    let language = visitor.guest.language;
    let t = |zh, en| language.pick(zh, en);
    let next = || {
        let mut next = form_urlencoded::Serializer::new(String::new());
        next.append_pair("indicator", &one.indicator).append_pair("page", &found.next_page_token);
        format!("{}&{}", wanted.path(PATH, ("", "")), next.finish())
    };
    let body = html! {
        p.back { a href=(wanted.path(scores::PATH, ("", ""))) { "‹ " (t("评分", "Scores")) } }
        h1 { (one.name) }
        (tabs(scores::PATH, language))
        section.card {
            dl {
                (fact(t("月份", "Month"), &wanted.month, true))
                (fact(t("数值", "Value"), value(figure.value, one, language), figure.denominator > 0))
                (fact(t("分子", "Counted"), &one.numerator, true))
                (fact(t("分母", "Out of"), html! { (one.denominator) " · " (figure.denominator) }, true))
                (fact(t("计入月份", "In which month"), &one.window, true))
                (fact(t("排除", "Left out"), html! { (one.exclusions) " · " (figure.excluded) },
                    !one.exclusions.is_empty()))
            }
        }
        (restatements(figure, language))
        section.card {
            h2 { (t("背后的服务单", "Cases behind it")) }
            @if found.cases.is_empty() { p.empty { (t("没有。", "None.")) } }
            @if *in_preview {
                p.notice { (t(
                    "预览期：认为某条不应这样计入，可对该条提出异议；数字只随服务单记录更正。",
                    "Preview: object to an occurrence that should not count so; the figure follows the log of its case alone.",
                )) }
            }
            ul.rows #cases { @for case in &found.cases { li {
                (row(case, one, language))
                @if *in_preview {
                    @let to = wanted.path(objections::PATH, ("indicator", &one.indicator));
                    p { a.button href={ (to) "&case=" (case.case_id) } { (t("提出异议", "Object to this one")) } }
                }
            } } }
            @if !found.next_page_token.is_empty() {
                p { a.button href=(next()) { (t("下一页", "More")) } }
            }
        }
    };
    Page { title: &one.name, head: html! {}, body }.for_visitor(StatusCode::OK, visitor)
}

fn row(case: &ScoreCase, one: &Indicator, language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    html! {
        a.row href={ (WAYS.case) (case.case_id) } {
            span.top {
                strong { "…" (short(&case.case_id)) }
                @if !case.excluded.is_empty() {
                    span.badge { (t("排除：", "left out: ")) (because(&case.excluded, language)) }
                } @else {
                    span.badge { (added(case.value, one, language)) }
                }
            }
            span.line {
                @if let Some(at) = case.at.as_ref().and_then(timestamp) { (times::at(at, language)) " · " }
                (t("第 ", "entry ")) (case.seq) (t(" 条记录", " of its log"))
            }
        }
    }
}

/// What an occurrence adds to the figure.
fn added(number: i64, one: &Indicator, language: Language) -> String {
    match one.unit() {
        ScoreUnit::Share if number > 0 => language.pick("计入", "counts").to_owned(),
        ScoreUnit::Share => language.pick("只计入分母", "not one of them").to_owned(),
        ScoreUnit::Count => number.to_string(),
        ScoreUnit::Points if one.indicator == "nps" => value(number * 1_000_000, one, language),
        _ => value(number, one, language),
    }
}

/// Why an occurrence is left out; an unknown word stays as it is.
fn because(word: &str, language: Language) -> &str {
    match word {
        "customer_absent" => {
            language.pick("用户不在，有到达证据", "nobody at home, arrival on record")
        }
        "customer_site" => language
            .pick("用户现场原因，有到达证据", "reasons at the customer's, arrival on record"),
        "taken_back" => language.pick("平台收回", "taken back by the platform"),
        other => other,
    }
}

/// What was changed after the month was published.
fn restatements(figure: &ScoreFigure, language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    html! {
        @if !figure.restatements.is_empty() {
            section.card {
                h2 { (t("公布后的更正", "Changed after publication")) }
                ul.rows { @for one in &figure.restatements { li { div.row {
                    span.top {
                        strong { (one.numerator_before) " / " (one.denominator_before) " → "
                            (one.numerator_after) " / " (one.denominator_after) }
                        code { (one.cause) }
                    }
                    span.line {
                        @if let Some(at) = one.at.as_ref().and_then(timestamp) { (times::at(at, language)) " · " }
                        @if !one.case_id.is_empty() {
                            a href={ (WAYS.case) (one.case_id) } { "…" (short(&one.case_id)) }
                        }
                    }
                } } } }
                p.hint { (t("公布的数字不变；更正在此列出。", "The published figure stays; changes are told here.")) }
            }
        }
    }
}
