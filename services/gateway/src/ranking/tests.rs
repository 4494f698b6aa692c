//! The ranking as anybody's browser meets it, in front of services that answer from a table.

use axum::http::{StatusCode, header};
use parasol_api::common::v1::Category;
use parasol_api::convert::to_timestamp;
use parasol_api::tracking::v1::{
    GetScorecardRequest, Indicator, ListIndicatorsResponse, ListRankingRequest,
    ListRankingResponse, RankingRow, Restatement, ScoreFigure, ScoreGroup, ScoreLevel,
    ScorePeriodState, ScoreUnit, Scorecard,
};
use parasol_api::{Error, Reason};

use crate::web::fixture::{Browser, noon};

const RANKING: &str = "/parasol.tracking.v1.ScoreService/ListRanking";
const CARD: &str = "/parasol.tracking.v1.ScoreService/GetScorecard";
const RULES: &str = "/parasol.tracking.v1.ScoreService/ListIndicators";

fn on_time() -> Indicator {
    Indicator {
        indicator: "on_time".to_owned(),
        name: "Visits on time".to_owned(),
        group: ScoreGroup::In.into(),
        levels: vec![ScoreLevel::Brand.into()],
        unit: ScoreUnit::Share.into(),
        numerator: "arrivals before the end of the window".to_owned(),
        denominator: "visits that came due".to_owned(),
        window: "the month in which it happened".to_owned(),
        exclusions: "nobody at home, with an arrival on record".to_owned(),
        more_is_better: true,
        weight: 25,
        ..Indicator::default()
    }
}

fn browser() -> Browser {
    let browser = Browser::open();
    let services = &browser.services;
    let group_weights = vec![20, 30, 30, 20];
    services.answer(
        RULES,
        ListIndicatorsResponse { indicators: vec![on_time()], group_weights, sample_min: 30 },
    );
    let best = RankingRow {
        rank: 1,
        subject: "aurora".to_owned(),
        points: 812,
        group_points: vec![700, 900, -1, 820],
        cases: 1_234,
        restated: true,
        best_of_year: true,
        name_zh: "极光".to_owned(),
        name_en: "Aurora <b>".to_owned(),
        ..RankingRow::default()
    };
    let few = RankingRow {
        subject: "briar".to_owned(),
        group_points: vec![-1; 4],
        insufficient: true,
        cases: 4,
        ..RankingRow::default()
    };
    services.answer(
        RANKING,
        ListRankingResponse {
            period: "2026-05".to_owned(),
            published_at: Some(to_timestamp(noon())),
            rows: vec![best, few],
            periods: vec!["2026-05".to_owned(), "2026-04".to_owned()],
            ..ListRankingResponse::default()
        },
    );
    browser
}

fn card() -> Scorecard {
    let change = Restatement {
        at: Some(to_timestamp(noon())),
        cause: "reopened".to_owned(),
        numerator_before: 40,
        denominator_before: 40,
        numerator_after: 39,
        denominator_after: 40,
        ..Restatement::default()
    };
    let figure = ScoreFigure {
        indicator: "on_time".to_owned(),
        numerator: 40,
        denominator: 40,
        excluded: 3,
        value: 1_000_000,
        points: 950,
        numerator_now: 39,
        denominator_now: 40,
        restatements: vec![change],
        ..ScoreFigure::default()
    };
    Scorecard {
        subject: "aurora".to_owned(),
        period: "2026-05".to_owned(),
        state: ScorePeriodState::Published.into(),
        published_at: Some(to_timestamp(noon())),
        figures: vec![figure],
        indicators: vec![on_time()],
        points: 812,
        rank: 1,
        ranked: 2,
        ..Scorecard::default()
    }
}

#[tokio::test]
async fn anybody_reads_the_ranking_with_what_it_was_counted_from() {
    let mut browser = browser();
    let shown = browser.get("/ranking").await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
    for said in [
        "Aurora &lt;b&gt;",
        "812",
        "At the visit 900",
        "1,234",
        "restated since",
        "Best of the year",
        "Not ranked: too few cases (a figure needs 30)",
        "briar",
        "arrivals before the end of the window",
        "nobody at home, with an arrival on record",
        "May 2026",
        "/ranking/refrigerator/2026-05/aurora",
        "/ranking/refrigerator/2026-04",
    ] {
        assert!(shown.text.contains(said), "{said}: {}", shown.text);
    }
    assert!(!shown.text.contains("After it -1"), "a group without a figure is not told");
    assert_eq!(shown.headers[header::CACHE_CONTROL], "public, max-age=60");
    let asked: Vec<ListRankingRequest> = browser.services.asked(RANKING);
    assert_eq!(asked[0].category, Category::Refrigerator as i32);
    browser.language = "zh";
    let zh = browser.get("/ranking/television/2026-05?lang=zh").await;
    assert!(zh.text.contains("极光") && zh.text.contains("未上榜：样本不足"), "{}", zh.text);
    assert_eq!(zh.headers[header::CACHE_CONTROL], "no-store", "it sets a cookie");
    let asked: Vec<ListRankingRequest> = browser.services.asked(RANKING);
    assert_eq!(asked[1].category, Category::Television as i32);
    assert_eq!((asked[1].level, asked[1].period.as_str()), (ScoreLevel::Brand as i32, "2026-05"));
    // Nobody is signed in, and nobody's credential goes along.
    let calls = browser.services.asked.lock().unwrap();
    assert!(calls.iter().all(|(_, _, headers)| !headers.contains_key(header::AUTHORIZATION)));
}

#[tokio::test]
async fn a_brands_figures_show_everything_they_follow_from() {
    let mut browser = browser();
    browser.services.answer(CARD, card());
    let shown = browser.get("/ranking/refrigerator/2026-05/aurora").await;
    for said in [
        "Rank <strong>1</strong> of 2",
        "100.0%",
        "40 / 40",
        "left out: 3",
        "950 points",
        "Restated since it was published",
        "With these it would be 97.5%",
        "40 / 40 → 39 / 40",
        "a case was opened again",
        "visits that came due",
        "weight 25",
    ] {
        assert!(shown.text.contains(said), "{said}: {}", shown.text);
    }
    let asked: Vec<GetScorecardRequest> = browser.services.asked(CARD);
    assert_eq!((asked[0].subject.as_str(), asked[0].language.as_str()), ("aurora", "en"));
    let few = Scorecard { insufficient: true, rank: 0, ..card() };
    browser.services.answer(CARD, few);
    let shown = browser.get("/ranking/refrigerator/2026-05/aurora").await;
    assert!(shown.text.contains("Not ranked: too few cases"), "{}", shown.text);
    assert!(!shown.text.contains("Rank <strong>"), "{}", shown.text);
}

#[tokio::test]
async fn what_is_not_published_is_not_there() {
    let mut browser = browser();
    browser.services.refuse(RANKING, Error::new(Reason::NotFound));
    let none = browser.get("/ranking").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    assert!(none.text.contains("No month has been published yet"), "{}", none.text);
    let early = browser.get("/ranking/refrigerator/2026-12").await;
    assert!(early.text.contains("This month is not published"), "{}", early.text);
    let running = Scorecard { state: ScorePeriodState::Preview.into(), ..card() };
    browser.services.answer(CARD, running);
    for path in ["/ranking/refrigerator/2026-06/aurora", "/ranking/toasters"] {
        assert_eq!(browser.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
