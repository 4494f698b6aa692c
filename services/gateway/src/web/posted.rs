//! A form that a page posted: who sent it, what was typed, and whether anything may be done with it. This is the one place
//! where that is judged; what comes of the form is the page's.

use axum::extract::Request;
use axum::response::Response;
use parasol_api::Error;

use super::Pages;
use super::door::{closed, stale};
use super::form::{Form, TOKEN};
use super::session::Visitor;
use super::upload;

/// A form that came in from somebody who signed in.
pub(crate) struct Posted {
    /// Who sent it.
    pub visitor: Visitor,
    /// What was typed.
    pub form: Form,
    /// Why nothing is to be done with it.
    bad: Option<Error>,
}

impl Posted {
    /// Reads a form.
    ///
    /// # Errors
    /// The page for somebody who is not let in.
    pub(crate) async fn of(pages: &Pages, request: Request) -> Result<Self, Box<Response>> {
        let (visitor, request) = let_in(pages, request)?;
        let (parts, body) = request.into_parts();
        let (form, read) = match Form::read(&parts.headers, body).await {
            Ok(form) => (form, Ok(())),
            Err(error) => (Form::default(), Err(error)),
        };
        Ok(Self::judged(pages, visitor, form, read))
    }

    /// Reads a form with photos of a case, which are handed in while it is read.
    ///
    /// # Errors
    /// The page for somebody who is not let in.
    pub(crate) async fn with_photos(
        pages: &Pages,
        case: &str,
        request: Request,
    ) -> Result<Self, Box<Response>> {
        let (visitor, request) = let_in(pages, request)?;
        let (form, read) = upload::read(pages, &visitor, case, request).await;
        Ok(Self::judged(pages, visitor, form, read))
    }

    fn judged(pages: &Pages, visitor: Visitor, form: Form, read: Result<(), Error>) -> Self {
        let bad = match read {
            Err(error) => Some(error),
            Ok(()) if !visitor.owns(pages, form.get(TOKEN)) => Some(stale()),
            Ok(()) => None,
        };
        Self { visitor, form, bad }
    }

    /// Whether anything may be done with it.
    ///
    /// # Errors
    /// What is wrong with the form.
    pub(crate) fn good(&self) -> Result<(), Error> {
        self.bad.clone().map_or(Ok(()), Err)
    }

    /// What comes of a call that is made with a good form only.
    ///
    /// # Errors
    /// What is wrong with the form, and what the call says.
    pub(crate) async fn then<T>(
        &self,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        self.good()?;
        call.await
    }
}

/// Who sent a request, if they are let in.
fn let_in(pages: &Pages, request: Request) -> Result<(Visitor, Request), Box<Response>> {
    let (parts, body) = request.into_parts();
    match Visitor::of(pages, &parts) {
        Ok(visitor) => Ok((visitor, Request::from_parts(parts, body))),
        Err(guest) => Err(Box::new(closed(pages, guest, false))),
    }
}
