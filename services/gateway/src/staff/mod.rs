//! What the pages of the retailer's people and of brands share: the words they use for stages and parties, open
//! cases as rows and counts, and how their forms come in.
//!
//! What it deliberately does not do: it has no page of its own and decides nothing; what a visitor may see is
//! the services' to say.

pub(crate) mod flow;
pub(crate) mod forms;
pub(crate) mod live;
pub(crate) mod objections;
pub(crate) mod people;
pub(crate) mod story;
pub(crate) mod words;

use axum::extract::Request;
use axum::response::Response;
use http::request::Parts;

use crate::web::Pages;
use crate::web::door::closed;
use crate::web::session::Visitor;

/// The style of these pages, on the base that all pages share.
pub(crate) const STYLE: &str = concat!(include_str!("../web/base.css"), include_str!("staff.css"));
/// Their script, likewise.
pub(crate) const SCRIPT: &str = concat!(include_str!("../web/base.js"), include_str!("staff.js"));

/// Whoever signed in, with the head of what they sent.
///
/// # Errors
/// The page for somebody who is not let in.
pub(crate) fn let_in(pages: &Pages, request: Request) -> Result<(Parts, Visitor), Box<Response>> {
    let (parts, _) = request.into_parts();
    match Visitor::of(pages, &parts) {
        Ok(visitor) => Ok((parts, visitor)),
        Err(guest) => Err(Box::new(closed(pages, guest, true))),
    }
}
