//! How a brand is scored: every figure with what it is counted from, where the brand stands in each category, what
//! is going to be published, and the same of the retailer towards the brand.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{Datelike as _, NaiveDate};
use form_urlencoded::Serializer;
use futures::future::join_all;
use maud::{Markup, html};
use parasol_api::convert::timestamp;
use parasol_api::tracking::v1::score_service_client::ScoreServiceClient;
use parasol_api::tracking::v1::{
    GetScorecardRequest, Indicator, ScoreFigure, ScoreGroup, ScoreLevel, ScorePeriodState,
    ScoreUnit, Scorecard,
};
use parasol_api::{Error, Language, Listed as _, Reason};
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::vocab::Category;
use parasol_runtime::transport::Transport;

use super::tabs;
use crate::Gateway;
use crate::staff::let_in;
use crate::staff::words::money;
use crate::web::door::failure;
use crate::web::form::Form;
use crate::web::page::Page;
use crate::web::session::Visitor;
use crate::web::words::Pick as _;
use crate::web::{Pages, failed, times};

/// Where they lie.
pub(super) const PATH: &str = "/steward/scores";
/// Months on offer: the present one and those before it.
const MONTHS: u32 = 4;

/// Which figures an address asks for.
#[derive(Clone)]
pub(super) struct Wanted {
    /// The month, as `YYYY-MM`.
    pub month: String,
    /// The category; the retailer's and a brand's figures are kept by it.
    pub category: Option<Category>,
    /// The brand itself, or the retailer towards it.
    pub level: ScoreLevel,
}

impl Wanted {
    /// What an address says; else the last month that is over.
    pub(super) fn of(query: &Form, now: Timestamp) -> Self {
        let month = Some(query.text("month")).filter(|month| !month.is_empty());
        let level = match query.get("of") {
            "retailer" => ScoreLevel::Retailer,
            _ => ScoreLevel::Brand,
        };
        Self {
            month: month.unwrap_or_else(|| months(now)[1].clone()),
            category: Category::parse(query.get("category")),
            level,
        }
    }

    /// The address of this at `path`, with one field more where it has a value.
    pub(super) fn path(&self, path: &str, (name, value): (&str, &str)) -> String {
        let mut query = Serializer::new(String::new());
        query.append_pair("month", &self.month);
        if let Some(category) = self.category {
            query.append_pair("category", category.as_str());
        }
        if self.level == ScoreLevel::Retailer {
            query.append_pair("of", "retailer");
        }
        if !value.is_empty() {
            query.append_pair(name, value);
        }
        format!("{path}?{}", query.finish())
    }

    /// The scorecard.
    ///
    /// # Errors
    /// What the service says; `NOT_FOUND` where nothing was counted.
    pub(super) async fn card(
        &self,
        pages: &Pages,
        visitor: &Visitor,
        category: Category,
    ) -> Result<Scorecard, Error> {
        let request = GetScorecardRequest {
            level: self.level.into(),
            subject: visitor.principal.subject.clone(),
            category: category.number(),
            period: self.month.clone(),
            language: visitor.guest.language.pick("zh", "en").to_owned(),
        };
        let answer = client(pages, visitor).get_scorecard(request).await;
        Ok(answer.map_err(failed)?.into_inner())
    }
}

pub(super) fn client(pages: &Pages, visitor: &Visitor) -> ScoreServiceClient<Transport> {
    ScoreServiceClient::new(pages.transport_of(visitor))
}

/// The months on offer, the present one in front.
fn months(now: Timestamp) -> Vec<String> {
    let today = now.shanghai_day();
    let first = NaiveDate::from_ymd_opt(today.year(), today.month(), 1).unwrap_or(today);
    let month = |back| first.checked_sub_months(chrono::Months::new(back)).unwrap_or(first);
    (0..MONTHS).map(|back| month(back).format("%Y-%m").to_string()).collect()
}

/// `GET /steward/scores`.
pub(super) async fn show(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.steward;
    let (parts, visitor) = match let_in(pages, request) {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let wanted = Wanted::of(&Form::of_query(parts.uri.query()), visitor.guest.now);
    let read = |category: &'static Category| {
        let (wanted, visitor) = (&wanted, &visitor);
        async move { (*category, wanted.card(pages, visitor, *category).await) }
    };
    let mut cards = Vec::new();
    for (category, card) in join_all(Category::ALL.iter().map(read)).await {
        match card {
            Ok(card) => cards.push((category, card)),
            // Nothing was counted in this category.
            Err(error) if error.reason() == Reason::NotFound => {}
            Err(error) => return failure(&visitor.guest, &error),
        }
    }
    page(&visitor, &wanted, &cards)
}

fn page(visitor: &Visitor, wanted: &Wanted, cards: &[(Category, Scorecard)]) -> Response {
    let (language, now) = (visitor.guest.language, visitor.guest.now);
    let t = |zh, en| language.pick(zh, en);
    let title = t("评分", "Scores");
    // One category stands alone; of several the first is shown until another is chosen.
    let chosen = wanted.category.or_else(|| cards.first().map(|(category, _)| *category));
    let shown = cards.iter().find(|(category, _)| Some(*category) == chosen);
    let body = html! {
        h1 { (title) }
        (tabs(PATH, language))
        nav.tabs aria-label=(t("月份", "Month")) {
            @for month in months(now) {
                @let to = Wanted { month: month.clone(), ..wanted.clone() };
                a href=(to.path(PATH, ("", ""))) aria-current=[(month == wanted.month).then_some("page")] {
                    (month)
                }
            }
        }
        nav.tabs aria-label=(t("评谁", "Who is scored")) {
            @for (level, name) in [
                (ScoreLevel::Brand, t("我们", "Us")),
                (ScoreLevel::Retailer, t("平台（对我们）", "The retailer, towards us")),
            ] {
                @let to = Wanted { level, ..wanted.clone() };
                a href=(to.path(PATH, ("", ""))) aria-current=[(level == wanted.level).then_some("page")] {
                    (name)
                }
            }
        }
        @if cards.is_empty() {
            p.empty { (t("本月没有可计的服务单。", "Nothing was counted in this month.")) }
        }
        (positions(cards, chosen, wanted, language))
        @if let Some((category, card)) = shown {
            @let wanted = Wanted { category: Some(*category), ..wanted.clone() };
            (standing(card, language))
            (figures(card, &wanted, language))
            (flow(card, language))
        }
    };
    Page { title, head: html! {}, body }.for_visitor(StatusCode::OK, visitor)
}

/// Where the brand stands in each category.
fn positions(
    cards: &[(Category, Scorecard)],
    chosen: Option<Category>,
    wanted: &Wanted,
    language: Language,
) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    html! {
        @if !cards.is_empty() {
            ul.tiles #positions { @for (category, card) in cards {
                @let to = Wanted { category: Some(*category), ..wanted.clone() };
                @let (zh, en) = category.names();
                li {
                    strong { (place(card, language)) }
                    a href=(to.path(PATH, ("", "")))
                        aria-current=[(Some(*category) == chosen).then_some("page")] { (t(zh, en)) }
                    @if !card.insufficient { " · " (card.points) (t(" 分", " points")) }
                    @if card.rank > 0 {
                        " · "
                        a href={ "/steward/ranking?category=" (category.as_str()) "&month=" (wanted.month) } {
                            (t("排名", "ranking"))
                        }
                    }
                }
            } }
        }
    }
}

/// The place in a ranking, or why there is none.
fn place(card: &Scorecard, language: Language) -> String {
    match (card.rank, card.insufficient) {
        (rank, _) if rank > 0 => format!("{rank} / {}", card.ranked),
        (_, true) => language.pick("样本不足", "too few cases").to_owned(),
        _ => language.pick("未公布", "not published").to_owned(),
    }
}

/// How far the month has come, and what can be done about it until it is frozen.
fn standing(card: &Scorecard, language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    let at = card.published_at.as_ref().and_then(timestamp);
    let when = at.map_or_else(|| html! {}, |at| times::at(at, language));
    html! {
        @match card.state() {
            ScorePeriodState::Preview => div.notice #preview {
                p { strong { (t("预览：以下数字将于 ", "Preview: these figures are published on ")) (when)
                    (t(" 公布并冻结。", " and then frozen.")) } }
                p { (t(
                    "在此之前，请逐项打开背后的服务单核对，可对不应计入的提出异议。数字只来自服务单的记录：记录更正后数字随之更正；公布之后的更正会在数字旁注明。",
                    "Until then look at the cases behind each figure and object to what should not count so. Figures come from the logs of cases and from nothing else: what is put right in a case is put right in its figure. What changes after publication is told beside it.",
                )) }
                p { a href="/steward/objections" { (t("已提出的异议", "Objections so far")) } }
            },
            ScorePeriodState::Published => p.hint {
                (t("已公布并冻结：", "Published and frozen: ")) (when)
            },
            _ => p.hint {
                (t("本月未结束，数字仍会变化；将于 ", "The month goes on and figures move; published on ")) (when)
                (t(" 公布。", "."))
            },
        }
    }
}

/// The figures by group, each leading to the cases behind it.
fn figures(card: &Scorecard, wanted: &Wanted, language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    let rows: Vec<_> = card.figures.iter().zip(&card.indicators).collect();
    let groups = [
        (ScoreGroup::Pre, t("上门前", "Before the visit")),
        (ScoreGroup::In, t("上门与检测", "At the visit")),
        (ScoreGroup::After, t("上门后", "After it")),
        (ScoreGroup::Whole, t("全程", "The whole way")),
    ];
    html! {
        @for (group, name) in groups {
            @let of_group: Vec<_> = rows.iter().filter(|(_, one)| one.group() == group).collect();
            @if !of_group.is_empty() {
                section.card {
                    h2 { (name) }
                    div.scroll tabindex="0" role="region" aria-label=(name) { table {
                        thead { tr {
                            th scope="col" { (t("指标", "Figure")) }
                            th.number scope="col" { (t("数值", "Value")) }
                            th.number scope="col" { (t("计入", "Counted")) }
                            th.number scope="col" { (t("排除", "Left out")) }
                            th.number scope="col" { (t("全品类", "Everybody")) }
                            th.number scope="col" { (t("得分", "Points")) }
                        } }
                        tbody { @for (figure, one) in of_group { (row(figure, one, wanted, language)) } }
                    } }
                }
            }
        }
    }
}

fn row(figure: &ScoreFigure, one: &Indicator, wanted: &Wanted, language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    let counted = figure.denominator > 0;
    html! {
        tr {
            th scope="row" {
                a href=(wanted.path("/steward/scores/cases", ("indicator", &one.indicator))) { (one.name) }
                @if !figure.restatements.is_empty() {
                    " " span.badge { (figure.restatements.len()) (t(" 次更正", " restated")) }
                }
            }
            td.number {
                @if counted {
                    (value(figure.value, one, language))
                    @if one.unit() == ScoreUnit::Time && figure.p90 > 0 {
                        br; span.quiet { (t("九成在 ", "nine of ten within ")) (value(figure.p90, one, language)) }
                    }
                } @else { "—" }
            }
            td.number {
                @if one.unit() == ScoreUnit::Share { (figure.numerator) " / " }
                (figure.denominator)
            }
            td.number { (figure.excluded) }
            td.number { @if counted { (value(figure.mean, one, language)) } @else { "—" } }
            td.number {
                @if figure.insufficient { span.quiet { (t("样本不足", "too few")) } }
                @else if one.weight == 0 { span.quiet { (t("不计分", "not scored")) } }
                @else { (figure.points) }
            }
        }
    }
}

/// A value in the unit of its indicator.
pub(super) fn value(value: i64, one: &Indicator, language: Language) -> String {
    match one.unit() {
        ScoreUnit::Share => {
            let tenths = (value + 500).div_euclid(1_000);
            format!("{}.{}%", tenths.div_euclid(10), tenths.rem_euclid(10))
        }
        ScoreUnit::Time => times::length(Span::from_micros(value), language),
        // It runs from -1 to 1 and is spoken of in hundredths.
        ScoreUnit::Points if one.indicator == "nps" => value.div_euclid(10_000).to_string(),
        ScoreUnit::Points | ScoreUnit::Count => {
            let hundredths = (value + 5_000).div_euclid(10_000);
            format!("{}.{:02}", hundredths.div_euclid(100), hundredths.rem_euclid(100))
        }
        ScoreUnit::Money => {
            money(Some(&parasol_api::common::v1::Money { fen: value, currency: String::new() }))
        }
        ScoreUnit::Unspecified => value.to_string(),
    }
}

/// The new flow beside the old one.
fn flow(card: &Scorecard, language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    html! {
        @if !card.flow.is_empty() {
            section.card {
                h2 { (t("全程用时", "Turn times from end to end")) }
                dl { @for one in &card.flow { div {
                    dt { @match one.definition.as_str() {
                        "gross" => (t("从报修到结案", "From filing to closing")),
                        _ => (t("不计用户用时", "Without the customer's own time")),
                    } }
                    dd {
                        @if one.cases == 0 { "—" } @else {
                            (times::length(Span::from_micros(one.median), language))
                            " · " (one.cases) (t(" 张服务单", " cases"))
                        }
                        @if one.baseline > 0 {
                            " · " (t("旧流程 ", "old flow ")) (times::length(Span::from_micros(one.baseline), language))
                        }
                        @if one.faster != 0 {
                            " · " (one.faster.unsigned_abs() / 10_000) "% "
                            @if one.faster > 0 { (t("更快", "faster")) } @else { (t("更慢", "slower")) }
                        }
                    }
                } } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_told_in_the_unit_of_its_indicator() {
        let of = |unit: ScoreUnit, id: &str| Indicator {
            unit: unit.into(),
            indicator: id.into(),
            ..Indicator::default()
        };
        let told = |number, unit, id| value(number, &of(unit, id), Language::En);
        assert_eq!(told(973_400, ScoreUnit::Share, "on_time"), "97.3%");
        assert_eq!(told(3_600_000_000, ScoreUnit::Time, "accept_time"), "1 h 0 min");
        assert_eq!(told(4_250_000, ScoreUnit::Points, "csat"), "4.25");
        assert_eq!(told(-420_000, ScoreUnit::Points, "nps"), "-42");
        assert_eq!(told(1_500_000, ScoreUnit::Count, "breaches"), "1.50");
        assert_eq!(told(8_850, ScoreUnit::Money, "cost"), "¥88.50");
    }

    #[test]
    fn an_address_without_a_month_means_the_last_one_that_is_over() {
        let now = Timestamp::parse("2026-01-08T12:00:00+08:00").unwrap();
        assert_eq!(months(now), ["2026-01", "2025-12", "2025-11", "2025-10"]);
        let wanted = Wanted::of(&Form::of_query(Some("category=television&of=retailer")), now);
        assert_eq!(
            wanted.path(PATH, ("indicator", "on_time")),
            "/steward/scores?month=2025-12&category=television&of=retailer&indicator=on_time"
        );
    }
}
