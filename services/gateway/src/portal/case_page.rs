//! The page of one case: what has to be done, what is known, what happened.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::admin::v1::{Centre, Technician};
use parasol_api::common::v1::Party;
use parasol_api::convert::timestamp;
use parasol_api::partner::v1::{Offer, OfferState, Slot, WorkOrder};
use parasol_api::tracking::v1::Timeline;
use parasol_api::{Error, Language, Listed as _, Reason, Role};
use parasol_journey::time::Timestamp;
use parasol_journey::{ActorKind, Stage, Verb, table};

use super::act::{Act, action, notice};
use super::acts;
use super::calls::Calls;
use super::controls::{Filled, alert, hidden};
use super::door::{closed, failure, status};
use super::form::Form;
use super::list::{turn, unit};
use super::page::Page;
use super::session::Visitor;
use super::words::{Pick as _, if_missed, offer_state, party, stage};
use super::{HOME, Portal, times};
use crate::Gateway;
use crate::web::live::live;

/// Everything a page of a case is made from.
pub(super) struct Sheet {
    /// The case.
    pub case: String,
    /// The offer, where there is one and no work order.
    pub offer: Option<Offer>,
    /// The work order.
    pub order: Option<WorkOrder>,
    /// The story; `None` where it could not be read.
    pub timeline: Option<Timeline>,
    /// What the journey lets this visitor do now.
    pub open: Vec<Verb>,
    /// Who could be named.
    pub technicians: Vec<Technician>,
    /// Which centres could be named; for a brand that has not yet.
    pub centres: Vec<Centre>,
    /// When the technician could come.
    pub slots: Vec<Slot>,
    /// What the address says beside the case.
    pub query: Form,
    /// In which language.
    pub language: Language,
    /// The moment all this is true.
    pub now: Timestamp,
}

/// A step that was refused, with what was typed.
pub(super) struct Refused {
    /// Which.
    pub act: Act,
    /// What was typed.
    pub form: Form,
    /// Why.
    pub error: Error,
}

/// `GET /portal/cases/{case}`.
pub(super) async fn show(
    State(gateway): State<Gateway>,
    Path(case): Path<String>,
    request: Request,
) -> Response {
    let portal = &gateway.portal;
    let (parts, _) = request.into_parts();
    let visitor = match Visitor::of(portal, &parts) {
        Ok(visitor) => visitor,
        Err(guest) => return closed(portal, guest, true),
    };
    let query = Form::of_query(parts.uri.query());
    match Sheet::gather(portal, &visitor, &case, query).await {
        Ok(sheet) => sheet.page(portal, &visitor, None),
        Err(error) => failure(&visitor.guest, &error),
    }
}

/// The same page after a step that was refused.
pub(super) async fn again(
    portal: &Portal,
    visitor: &Visitor,
    case: &str,
    refused: Refused,
) -> Response {
    if refused.act == Act::Certificate {
        return acts::certificate::again(portal, visitor, case, &refused).await;
    }
    match Sheet::gather(portal, visitor, case, Form::default()).await {
        Ok(sheet) => sheet.page(portal, visitor, Some(&refused)),
        // What the case became is nothing of the visitor's: the refusal itself is all there is to say.
        Err(_) => failure(&visitor.guest, &refused.error),
    }
}

impl Sheet {
    /// Reads what a page needs and no more.
    ///
    /// # Errors
    /// `NOT_FOUND` for what is not the visitor's, and what the services say.
    pub(super) async fn gather(
        portal: &Portal,
        visitor: &Visitor,
        case: &str,
        query: Form,
    ) -> Result<Self, Error> {
        let calls = Calls::of(portal, visitor);
        let language = visitor.guest.language;
        let (offer, order) = match calls.order(case).await {
            Ok(order) => (None, Some(order)),
            Err(error) if error.reason() == Reason::NotFound => {
                let mut offers = calls.open().await?.offers.into_iter();
                let offer = offers.find(|offer| offer.case_id == case);
                (Some(offer.ok_or_else(|| Error::new(Reason::NotFound))?), None)
            }
            Err(error) => return Err(error),
        };
        let mut sheet = Self {
            case: case.to_owned(),
            offer,
            order,
            timeline: None,
            open: Vec::new(),
            technicians: Vec::new(),
            centres: Vec::new(),
            slots: Vec::new(),
            query,
            language,
            now: visitor.guest.now,
        };
        sheet.open = sheet.open_to(visitor.principal.role);
        sheet.read_around(&calls).await;
        Ok(sheet)
    }

    /// What is shown beside the order; a part that cannot be read is left out, and the rest is shown.
    async fn read_around(&mut self, calls: &Calls) {
        let Some(order) = &self.order else { return };
        self.timeline = calls.timeline(&self.case, self.language).await.ok();
        let centre = match order.centre.as_str() {
            "" => self.query.get("centre"),
            centre => centre,
        };
        let names = self.is_open(Verb::AssignTechnician)
            || self.is_open(Verb::ReassignTechnician)
            || self.is_open(Verb::AssignCentre);
        if names && !centre.is_empty() {
            self.technicians = calls.technicians(centre).await.unwrap_or_default();
        }
        if self.is_open(Verb::AssignCentre) {
            self.centres = calls.centres().await.unwrap_or_default();
        }
        if self.is_open(Verb::HoldSlot) {
            self.slots = calls.slots(&self.case).await.unwrap_or_default();
        }
    }

    fn open_to(&self, role: Role) -> Vec<Verb> {
        let actor = if role == Role::Brand { ActorKind::Brand } else { ActorKind::Centre };
        let stage = match (&self.order, &self.offer) {
            (Some(order), _) => Stage::of_wire(order.case.clone().unwrap_or_default().stage()),
            (None, Some(offer)) if offer.state() == OfferState::Offered => Some(Stage::Dispatched),
            _ => None,
        };
        stage.map_or_else(Vec::new, |stage| table::open_to(stage, actor))
    }

    /// Whether a command is open.
    pub(super) fn is_open(&self, verb: Verb) -> bool {
        self.open.contains(&verb)
    }

    fn page(&self, portal: &Portal, visitor: &Visitor, refused: Option<&Refused>) -> Response {
        let language = self.language;
        let title = match (&self.order, &self.offer) {
            (Some(order), _) => unit(order.category(), &order.model, language),
            (None, Some(offer)) => unit(offer.category(), &offer.model, language),
            (None, None) => String::new(),
        };
        let code = refused.map_or(StatusCode::OK, |refused| status(&refused.error));
        let body = html! {
            p.back { a href=(HOME) { "‹ " (language.pick("全部工单", "All work")) } }
            @if let (Some(told), None) = (&self.timeline, refused) {
                (live(&action(&self.case, "events"), &told.resume_token, language))
            }
            (notice(&self.query, language))
            @if let Some(refused) = refused { (alert(&refused.error, language)) }
            h1 { (title) }
            (self.standing())
            (self.facts())
            (self.forms(portal, visitor, refused))
            (self.story())
        };
        Page { title: &title, head: html! {}, body }.for_visitor(code, visitor)
    }

    /// Where things stand, whose move it is, and until when.
    fn standing(&self) -> Markup {
        let language = self.language;
        let state = match (&self.order, &self.offer) {
            (Some(order), _) => stage(order.case.clone().unwrap_or_default().stage(), language),
            (None, Some(offer)) => offer_state(offer.state(), language),
            (None, None) => "",
        };
        let answer_by = self.offer.as_ref().and_then(|offer| timestamp(offer.answer_by.as_ref()?));
        let told = self.timeline.as_ref().and_then(|told| told.next_deadline.as_ref());
        let known = self.order.as_ref().and_then(|order| order.next_deadline.as_ref());
        let next = told.or(known);
        // The story speaks to the customer; this page does not.
        let then = next.map_or("", |next| if_missed(&next.clock, language));
        let due = next.and_then(|next| timestamp(next.due.as_ref()?)).or(answer_by);
        html! {
            div.standing {
                // The script says here, now and then, how much time is left.
                p #said.heard role="status" {}
                p { span.badge { (state) } }
                @if let Some(order) = &self.order {
                    p { (language.pick("轮到：", "Turn: ")) (turn(order, self.now, language)) }
                }
                @if let Some(due) = due {
                    p { (times::due(due, self.now, language)) }
                }
                @if !then.is_empty() {
                    p.hint { (language.pick("超时后：", "After that ")) (then) }
                }
            }
        }
    }

    /// The steps that are open: the first one ready to be filled, the others folded.
    fn forms(&self, portal: &Portal, visitor: &Visitor, refused: Option<&Refused>) -> Markup {
        let open: Vec<_> =
            Act::ALL.iter().copied().filter(|act| acts::offered(*act, self)).collect();
        let language = self.language;
        html! {
            @for (place, act) in open.into_iter().enumerate() {
                @let again = refused.filter(|refused| refused.act == act);
                @let form = self.form(portal, visitor, act, again);
                @if place == 0 {
                    section.card id=(act.name()) { h2 { (act.title(language)) } (form) }
                } @else {
                    details.card id=(act.name()) open[again.is_some()] {
                        summary { (act.title(language)) }
                        (form)
                    }
                }
            }
        }
    }

    fn form(
        &self,
        portal: &Portal,
        visitor: &Visitor,
        act: Act,
        refused: Option<&Refused>,
    ) -> Markup {
        let empty = Form::default();
        let filled = Filled {
            of: act.name(),
            language: self.language,
            form: refused.map_or(&empty, |refused| &refused.form),
            error: refused.map(|refused| &refused.error),
        };
        if act == Act::Certificate {
            let to = action(&self.case, act.name());
            return html! { p { a.button.main href=(to) { (act.title(self.language)) } } };
        }
        html! {
            (acts::before(act, self))
            form method="post" action=(action(&self.case, act.name())) {
                (hidden(portal, visitor, &filled))
                (acts::controls(act, self, &filled))
                button.main[!matches!(act, Act::Decline)] { (act.title(self.language)) }
            }
        }
    }

    /// What happened, the newest first.
    fn story(&self) -> Markup {
        let language = self.language;
        let Some(timeline) = &self.timeline else { return html! {} };
        html! {
            section.card {
                h2 { (language.pick("进度", "What happened")) }
                ol.story reversed {
                    @for entry in timeline.entries.iter().rev() {
                        li {
                            span { (entry.headline) }
                            span.hint {
                                @if let Some(at) = entry.at.as_ref().and_then(timestamp) {
                                    (times::at(at, language))
                                }
                                @if entry.reported_by() != Party::Unspecified {
                                    " · " (party(entry.reported_by(), language))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
