//! A set of pages with a door of its own.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::routing::{get, post};
use parasol_api::Role;
use parasol_runtime::identity::Principal;

use super::{Pages, door, photos};
use crate::Gateway;

/// Where pages lie, for whom, and what they are called.
pub(crate) struct Site {
    /// The address of the front page, without a slash at its end; cookies are good below it alone.
    pub home: &'static str,
    /// Who may sign in.
    pub roles: &'static [Role],
    /// What stands in the bar, in Chinese and English.
    pub name: (&'static str, &'static str),
    /// For whom the pages are, as the door says it.
    pub about: (&'static str, &'static str),
    /// Whether the bar shows the subject of the visitor's credential: a name that partners know themselves by.
    pub shows_subject: bool,
    /// The address of the style sheet.
    pub style: &'static str,
    /// The address of the script.
    pub script: &'static str,
    /// The pages of this site in a process.
    pub pages: fn(&Gateway) -> &Pages,
}

impl Site {
    /// Whether somebody may sign in.
    pub(crate) fn admits(&self, principal: &Principal) -> bool {
        self.roles.contains(&principal.role)
    }

    /// The routes that every site with a door has: signing in and out, and photos for whoever handed them in.
    pub(crate) fn doors(&'static self) -> Router<Gateway> {
        let pages = self.pages;
        let show = get(async move |State(gateway): State<Gateway>, request: Request| {
            door::show(pages(&gateway).clone(), request).await
        });
        let sign_in = show.post(async move |State(gateway): State<Gateway>, request: Request| {
            door::sign_in(pages(&gateway).clone(), request).await
        });
        let sign_out = post(async move |State(gateway): State<Gateway>, request: Request| {
            door::sign_out(pages(&gateway).clone(), request).await
        });
        let photo = get(
            async move |State(gateway): State<Gateway>,
                        Path(photo): Path<String>,
                        request: Request| {
                photos::show(pages(&gateway).clone(), photo, request).await
            },
        );
        let home = self.home;
        Router::new()
            .route(&format!("{home}/sign-in"), sign_in)
            .route(&format!("{home}/sign-out"), sign_out)
            .route(&format!("{home}/photos/{{photo}}"), photo)
    }
}
