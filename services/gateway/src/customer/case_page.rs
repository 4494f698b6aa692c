//! The live page of one case.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use futures::join;
use maud::{Markup, html};
use parasol_api::common::v1::Party;
use parasol_api::convert::timestamp;
use parasol_api::intake::v1::{Case, Evidence};
use parasol_api::technician::v1::VisitPosition;
use parasol_api::tracking::v1::{FollowUp, Survey, Timeline};
use parasol_api::verification::v1::{DecisionExplanation, Dispute};
use parasol_api::{Error, Language, Listed as _};
use parasol_journey::time::Timestamp;
use parasol_journey::{ActorKind, Stage, Verb, table};

use super::act::{Act, notice};
use super::acts;
use super::calls::Calls;
use super::track::Track;
use super::words;
use super::{HOME, cards, case_path, follow_up, picture, quote, story, survey};
use crate::Gateway;
use crate::web::controls::{Filled, alert, hidden};
use crate::web::door::{closed, failure, status};
use crate::web::form::Form;
use crate::web::page::Page;
use crate::web::session::Visitor;
use crate::web::words::{Pick as _, category};
use crate::web::{Pages, live, times};

/// Everything a page of a case is made from.
pub(super) struct Sheet {
    /// The case.
    pub id: String,
    /// The story.
    pub told: Timeline,
    /// The case itself; `None` for whoever only has a link.
    pub case: Option<Case>,
    /// Why it was decided as it was, while the customer has to answer to that.
    pub explained: Option<DecisionExplanation>,
    /// The survey, once the case has closed.
    pub survey: Option<Survey>,
    /// The dispute, while one is heard.
    pub dispute: Option<Dispute>,
    /// What somebody stays on until the customer says that it is solved.
    pub follow_ups: Vec<FollowUp>,
    /// Where the technician is, while a visit is booked.
    pub position: Option<VisitPosition>,
    /// Photos and films.
    pub evidence: Vec<Evidence>,
    /// What the journey lets the reader do now.
    pub open: Vec<Verb>,
    /// What the address says beside the case.
    pub query: Form,
    /// In which language.
    pub language: Language,
    /// The moment all this is true.
    pub now: Timestamp,
}

/// A step that was refused, with what was typed.
pub(super) struct Refused<'a> {
    /// Which.
    pub act: Act,
    /// What was typed.
    pub form: &'a Form,
    /// Why.
    pub error: &'a Error,
}

/// `GET /my/cases/{case}`.
pub(super) async fn show(
    State(gateway): State<Gateway>,
    Path(case): Path<String>,
    request: Request,
) -> Response {
    let pages = &gateway.customer;
    let (parts, _) = request.into_parts();
    let visitor = match Visitor::of(pages, &parts) {
        Ok(visitor) => visitor,
        Err(guest) => return closed(pages, guest, true),
    };
    let query = Form::of_query(parts.uri.query());
    match Sheet::gather(pages, &visitor, &case, query).await {
        Ok(sheet) => sheet.page(pages, &visitor, None),
        Err(error) => failure(&visitor.guest, &error),
    }
}

impl Sheet {
    /// Reads what the page of whoever signed in needs. A part that cannot be read is left out, and the rest is
    /// shown.
    ///
    /// # Errors
    /// `NOT_FOUND` for what is not the visitor's, and what the services say.
    pub(super) async fn gather(
        pages: &Pages,
        visitor: &Visitor,
        id: &str,
        query: Form,
    ) -> Result<Self, Error> {
        let calls = Calls::of(pages, visitor);
        let (told, case) = join!(calls.timeline(id), calls.case(id));
        let (told, case) = (told?, case?);
        let (language, now) = (visitor.guest.language, visitor.guest.now);
        let mut sheet = Self::of(told, Some(case), language, now);
        sheet.query = query;
        let stage = sheet.stage();
        sheet.open = stage.map_or_else(Vec::new, |at| table::open_to(at, ActorKind::Customer));
        let decided = matches!(stage, Some(Stage::RemedyOffered | Stage::Denied));
        let disputed = stage == Some(Stage::Disputed);
        let visited = stage == Some(Stage::Appointed);
        let closed = stage == Some(Stage::Closed);
        let (explained, dispute, position, survey, follow_ups, evidence) = join!(
            only(decided, Box::pin(calls.explained(id))),
            only(disputed, Box::pin(calls.dispute(id))),
            only(visited, Box::pin(calls.position(id))),
            only(closed, Box::pin(calls.survey(id))),
            only(true, Box::pin(calls.follow_ups(id))),
            Box::pin(calls.evidence(id)),
        );
        sheet.explained = explained;
        sheet.dispute = dispute;
        sheet.position = position;
        sheet.survey = survey;
        sheet.follow_ups = follow_ups.unwrap_or_default();
        sheet.evidence = evidence.unwrap_or_default();
        Ok(sheet)
    }

    /// What the story and the case say, and no more.
    pub(super) fn of(
        told: Timeline,
        case: Option<Case>,
        language: Language,
        now: Timestamp,
    ) -> Self {
        Self {
            id: told.case_id.clone(),
            told,
            case,
            explained: None,
            dispute: None,
            position: None,
            survey: None,
            follow_ups: Vec::new(),
            evidence: Vec::new(),
            open: Vec::new(),
            query: Form::default(),
            language,
            now,
        }
    }

    /// Where the case stands.
    pub(super) fn stage(&self) -> Option<Stage> {
        Stage::of_wire(self.told.stage())
    }

    /// Whether a command is open.
    pub(super) fn is_open(&self, verb: Verb) -> bool {
        self.open.contains(&verb)
    }

    /// Whether it is the turn of whoever reads: the customer, and not somebody with a link.
    pub(super) fn is_mine(&self) -> bool {
        let customers = self.told.turn.is_some_and(|turn| turn.holder() == Party::Customer);
        customers && self.case.is_some()
    }

    /// Who a party is; the customer is spoken to, and spoken of to somebody with a link.
    pub(super) fn party(&self, party: Party) -> &'static str {
        match party {
            Party::Customer if self.case.is_none() => self.language.pick("客户", "the customer"),
            party => words::party(party, self.language),
        }
    }

    /// What the stage is called to whoever reads.
    pub(super) fn stage_name(&self) -> &'static str {
        words::stage(self.told.stage(), self.case.is_some(), self.language)
    }

    /// Whether the case has ended.
    pub(super) fn is_ended(&self) -> bool {
        self.stage().is_some_and(Stage::is_ended)
    }

    /// What the unit is, in a few words.
    pub(super) fn title(&self) -> String {
        match &self.case {
            Some(case) => format!("{} · {}", category(case.category(), self.language), case.sku),
            None => self.language.pick("售后服务", "Service case").to_owned(),
        }
    }

    fn page(&self, pages: &Pages, visitor: &Visitor, refused: Option<&Refused<'_>>) -> Response {
        let code = refused.map_or(StatusCode::OK, |refused| status(refused.error));
        let events = case_path(&self.id, "events");
        let body = html! {
            p.back { a href=(HOME) { "‹ " (self.language.pick("我的服务", "My service")) } }
            (notice(&self.query, self.language))
            @if let Some(refused) = refused { (alert(refused.error, self.language)) }
            (self.body(&events, Some(&Forms { pages, visitor, refused })))
        };
        let title = format!("{} · {}", self.stage_name(), self.title());
        Page { title: &title, head: self.reload(), body }.for_visitor(code, visitor)
    }

    /// The page again after a step of its own was refused.
    pub(super) fn again(
        &self,
        pages: &Pages,
        visitor: &Visitor,
        refused: &Refused<'_>,
    ) -> Response {
        self.page(pages, visitor, Some(refused))
    }

    /// Without a script the page asks for itself again, but never while the customer may be filling a form.
    fn reload(&self) -> Markup {
        let waits = !self.is_ended() && !self.is_mine();
        html! { @if waits { noscript { meta http-equiv="refresh" content=(live::RELOAD_SECONDS); } } }
    }

    /// The case: what a link shows too, with the forms of whoever may take a step.
    pub(super) fn body(&self, events: &str, forms: Option<&Forms<'_>>) -> Markup {
        let language = self.language;
        let track = Track::of(&self.told);
        html! {
            header.case #head data-live {
                @if let Some(case) = &self.case {
                    span.emblem { (picture::unit(case.category())) }
                }
                div {
                    h1 { (self.title()) }
                    p.hint { (language.pick("服务单号 ", "Case ")) code { (self.id) } }
                }
            }
            @if !self.is_ended() {
                (live::freshness(events, &self.told.resume_token, self.now, language))
            }
            div #track data-live { (track.markup(language)) }
            div.columns {
                div.first {
                    div #now data-live { (cards::now(self, forms)) }
                    div #survey-card data-live { (survey::own::card(self.survey.as_ref(), language)) }
                    div #follow-up data-live { (follow_up::cards(self, forms)) }
                    div #quote data-live { (quote::card(self)) }
                    div #visit data-live { (cards::visit(self)) }
                    div #code data-live { (cards::code(self, forms)) }
                    div #photos data-live { (cards::photos(self, forms.is_some())) }
                    @if forms.is_some() { div #more data-live { (acts::more(self)) } }
                }
                div.second {
                    div #story data-live { (story::entries(self)) }
                    div #times data-live { (story::party_times(self)) }
                    div #filed data-live { (cards::filed(self)) }
                }
            }
        }
    }
}

/// The forms of a page: for whom they are made, and what was refused.
pub(super) struct Forms<'a> {
    /// The pages.
    pub pages: &'a Pages,
    /// Who fills them.
    pub visitor: &'a Visitor,
    /// The step that was refused.
    pub refused: Option<&'a Refused<'a>>,
}

impl Forms<'_> {
    /// A form of a case: its hidden fields, what it asks for, and its button.
    pub(super) fn form(
        &self,
        sheet: &Sheet,
        act: Act,
        class: &str,
        controls: impl FnOnce(&Filled<'_>) -> Markup,
    ) -> Markup {
        let refused = self.refused.filter(|refused| refused.act == act);
        let refused = refused.map(|refused| (refused.form, refused.error));
        self.form_of(sheet, (act.name(), act.name()), refused, class, controls)
    }

    /// The same for something that is no step of the journey: its name in addresses, and what tells its controls
    /// from those of others.
    pub(super) fn form_of(
        &self,
        sheet: &Sheet,
        (name, of): (&str, &str),
        refused: Option<(&Form, &Error)>,
        class: &str,
        controls: impl FnOnce(&Filled<'_>) -> Markup,
    ) -> Markup {
        let empty = Form::default();
        let filled = Filled {
            of,
            language: sheet.language,
            form: refused.map_or(&empty, |(form, _)| form),
            error: refused.map(|(_, error)| error),
        };
        html! {
            form class=(class) method="post" action=(case_path(&sheet.id, name)) data-once {
                (hidden(self.pages, self.visitor, &filled))
                (controls(&filled))
            }
        }
    }

    /// A form that is a button and nothing else.
    pub(super) fn button(&self, sheet: &Sheet, act: Act, class: &str) -> Markup {
        self.form(
            sheet,
            act,
            "tap",
            |_| html! { button class=(class) { (act.title(sheet.language)) } },
        )
    }
}

/// A part of a page that is read only where it is shown.
async fn only<T>(shown: bool, read: impl Future<Output = Result<T, Error>>) -> Option<T> {
    if !shown {
        return None;
    }
    read.await.inspect_err(|error| tracing::debug!(%error, "a part of the page is left out")).ok()
}

/// For how long something has lasted.
pub(super) fn lasting(at: Option<&prost_types::Timestamp>, sheet: &Sheet) -> Markup {
    let Some(at) = at.and_then(timestamp) else { return html! {} };
    times::lasting(at, sheet.now, sheet.language)
}
