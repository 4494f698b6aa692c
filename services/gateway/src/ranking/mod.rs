//! The public ranking of brands: who looks after their customers, by category and month, for anybody and without
//! signing in. Every figure is shown with what it was counted from, out of what, what was left out, and what changed
//! since it was published, so that both sides can check it.
//!
//! Choices are addresses: `/ranking/{category}/{month}/{brand}`. What is published does not move, so a page may be kept
//! for a minute by whoever lies between.
//!
//! What it deliberately does not do: it counts nothing and ranks nobody, and shows no centre, no person and no month
//! that is not published.

mod card;
mod list;
mod values;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use parasol_api::common::v1::Category;
use parasol_api::tracking::v1::score_service_client::ScoreServiceClient;
use parasol_api::{Error, Language, Listed as _, Reason};
use parasol_journey::vocab;
use parasol_runtime::transport::Transport;

use crate::Gateway;
use crate::web::Pages;
use crate::web::served;
use crate::web::session::Guest;
use crate::web::site::Site;
use crate::web::words::Pick as _;

/// Where the pages lie.
const HOME: &str = "/ranking";
const STYLE_AT: &str = "/ranking/ranking.css";
const SCRIPT_AT: &str = "/ranking/ranking.js";

/// The pages.
pub(crate) static SITE: Site = Site {
    home: HOME,
    roles: &[],
    name: ("京伞", "Parasol"),
    about: ("", ""),
    shows_subject: false,
    style: STYLE_AT,
    script: SCRIPT_AT,
    pages: |gateway| &gateway.ranking,
};

/// The style: that of the customer's pages, and tables of figures.
const STYLE: &str = concat!(
    include_str!("../web/base.css"),
    include_str!("../customer/customer.css"),
    include_str!("ranking.css")
);

/// The routes of the pages.
pub(crate) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/ranking", get(list::newest))
        .route("/ranking/{category}", get(list::of_category))
        .route("/ranking/{category}/{month}", get(list::of_month))
        .route("/ranking/{category}/{month}/{brand}", get(card::show))
        .route(STYLE_AT, get(|| served("text/css", STYLE)))
        .route(SCRIPT_AT, get(|| served("text/javascript", include_str!("../web/base.js"))))
}

/// The category of an address.
///
/// # Errors
/// `NOT_FOUND` for none of ours.
fn category_of(word: &str) -> Result<Category, Error> {
    let category = vocab::Category::parse(word).ok_or_else(|| Error::new(Reason::NotFound))?;
    Ok(category.to_wire())
}

/// Its word in an address.
fn word_of(category: Category) -> &'static str {
    vocab::Category::of_wire(category).map_or("", vocab::Category::as_str)
}

/// The address of a ranking; an empty month is the newest.
fn path(category: Category, month: &str) -> String {
    match month {
        "" => format!("{HOME}/{}", word_of(category)),
        month => format!("{HOME}/{}/{month}", word_of(category)),
    }
}

/// The scores, asked by nobody in particular.
fn scores(pages: &Pages) -> ScoreServiceClient<Transport> {
    ScoreServiceClient::new(pages.transport.clone())
}

/// What a brand is called.
fn name<'a>(zh: &'a str, en: &'a str, subject: &'a str, language: Language) -> &'a str {
    let name = language.pick(zh, en);
    if name.is_empty() { subject } else { name }
}

/// A month as people say it.
fn month_in_words(month: &str, language: Language) -> String {
    let Some((year, number)) = month.split_once('-') else { return month.to_owned() };
    let number: usize = number.parse().unwrap_or_default();
    const EN: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    match language {
        Language::Zh => format!("{year}年{number}月"),
        Language::En => {
            let name = number.checked_sub(1).and_then(|at| EN.get(at)).copied().unwrap_or(month);
            format!("{name} {year}")
        }
    }
}

/// Points, drawn and said.
fn points(points: i32, language: Language) -> Markup {
    html! {
        span.points {
            strong { (points) } " "
            span.hint { (language.pick("分（满分 1000）", "of 1000 points")) }
        }
        svg.gauge viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true" {
            rect width=(points.clamp(0, 1000)) height="10" {}
        }
    }
}

/// What is published may be kept for a while; a page that sets a cookie may not.
fn kept(mut response: Response, guest: &Guest) -> Response {
    if guest.cookies.is_empty() && response.status().is_success() {
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    }
    response
}

#[cfg(test)]
mod tests;
