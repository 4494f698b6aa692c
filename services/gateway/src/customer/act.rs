//! The steps a customer can take: their names, where their forms are, and how one is sent.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::{Error, Language, Reason};
use parasol_journey::Verb;

use super::acts::{self, Sent};
use super::calls::Calls;
use super::case_page::{Forms, Refused, Sheet};
use super::case_path;
use crate::Gateway;
use crate::web::Pages;
use crate::web::controls::alert;
use crate::web::door::{closed, failure, status};
use crate::web::form::Form;
use crate::web::page::{Page, redirect};
use crate::web::posted::Posted;
use crate::web::session::Visitor;
use crate::web::words::Pick as _;

macro_rules! acts {
    ($($(#[$doc:meta])* $act:ident $name:literal $verb:ident $page:literal
        ($zh:literal, $en:literal) ($done_zh:literal, $done_en:literal);)+) => {
        /// A step.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Act { $($(#[$doc])* $act,)+ }

        impl Act {
            /// Every step.
            pub(super) const ALL: &'static [Self] = &[$(Self::$act,)+];

            /// Its name in addresses.
            pub(super) const fn name(self) -> &'static str {
                match self { $(Self::$act => $name,)+ }
            }

            /// The command of the journey that has to be open for it to be offered.
            pub(super) const fn verb(self) -> Verb {
                match self { $(Self::$act => Verb::$verb,)+ }
            }

            /// Whether its form has a page of its own; else it stands on the page of the case.
            const fn has_page(self) -> bool {
                match self { $(Self::$act => $page,)+ }
            }

            /// What it is called.
            pub(super) fn title(self, language: Language) -> &'static str {
                match self { $(Self::$act => language.pick($zh, $en),)+ }
            }

            /// What is said when it is done.
            fn done(self, language: Language) -> &'static str {
                match self { $(Self::$act => language.pick($done_zh, $done_en),)+ }
            }
        }
    };
}

acts! {
    /// Chooses a remedy.
    Choose "choose" ChooseRemedy false ("就选这个", "Choose this")
        ("已选择，马上为您办理。", "Chosen. We get on with it.");
    /// Picks one of the windows that were proposed, or a free one.
    Book "book" BookAppointment true ("约定上门时间", "Choose a time")
        ("上门时间已约定。", "Your visit is booked.");
    /// None of the proposed windows fits.
    ReleaseWindows "none-fits" ReleaseWindows false ("都不合适", "None of these")
        ("好的，会有人联系您另约时间。", "Thank you. Somebody will call you about another time.");
    /// Moves a visit.
    Reschedule "reschedule" RescheduleAppointment true ("改约", "Move the visit")
        ("已改约。", "Your visit is moved.");
    /// It is solved.
    Confirm "confirm" ConfirmOutcome false ("已解决，确认完成", "Yes, it is solved")
        ("谢谢您的确认，服务完成。", "Thank you. The case is done.");
    /// It is not.
    Reject "reject" RejectOutcome true ("还没有解决", "No, not yet")
        ("已收到，我们重新处理。", "Noted. We look at it again.");
    /// Accepts a denial.
    AcceptDenial "accept-denial" AcceptDenial true ("接受结论", "Accept the decision")
        ("服务单已结束。", "The case has ended.");
    /// Accepts the price of a repair at the customer's own cost.
    AcceptQuote "accept-quote" AcceptQuote true ("接受报价", "Accept this price")
        ("已接受报价，马上安排维修。", "Agreed. The repair is arranged now.");
    /// Disputes what was found or decided.
    Dispute "dispute" OpenDispute true ("申诉", "Dispute it")
        ("申诉已受理，对方须在 24 小时内答复。", "Your dispute is open. The other side has 24 hours to answer.");
    /// Hands more evidence in.
    Evidence "more-evidence" AddEvidence true ("补充证据", "Hand in evidence")
        ("证据已提交。", "Your evidence is in.");
    /// Remote guidance helped.
    Solved "solved" SolveByGuidance false ("已经好了", "It works again")
        ("太好了。", "Good to hear.");
    /// It did not.
    Unsolved "unsolved" FailGuidance false ("没有用，请上门", "It did not help")
        ("好的，马上安排上门。", "Then somebody comes to you.");
    /// Nobody came.
    NoShow "no-show" ReportNoShow true ("没有人上门", "Nobody came")
        ("已记录，请选择新的时间。", "Noted. Please choose another time.");
    /// Another completion code.
    RenewCode "renew-code" RenewCode false ("换一个完工码", "Get another code")
        ("完工码已更换。", "You have a new code.");
    /// Chases whoever has the turn.
    Remind "remind" Remind true ("催一下", "Chase this")
        ("已催办，对方须答复您。", "Noted. Whoever has the turn has to answer you.");
    /// Cancels the case.
    Cancel "cancel" Cancel true ("取消服务", "Cancel the case")
        ("已提交取消。", "Your cancellation is in.");
    /// Opens a closed case again.
    Reopen "reopen" Reopen true ("问题又出现了", "The problem is back")
        ("服务单已重新打开。", "The case is open again.");
}

impl Act {
    fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|act| act.name() == name)
    }

    /// Whether its form takes photos.
    const fn takes_photos(self) -> bool {
        matches!(self, Self::Dispute | Self::Evidence)
    }
}

/// `GET /my/cases/{case}/{act}`: a form with a page of its own.
pub(super) async fn show(
    State(gateway): State<Gateway>,
    Path((case, name)): Path<(String, String)>,
    request: Request,
) -> Response {
    let pages = &gateway.customer;
    let (parts, _) = request.into_parts();
    let visitor = match Visitor::of(pages, &parts) {
        Ok(visitor) => visitor,
        Err(guest) => return closed(pages, guest, true),
    };
    let Some(act) = Act::parse(&name) else {
        return failure(&visitor.guest, &Error::new(Reason::NotFound));
    };
    let query = Form::of_query(parts.uri.query());
    match Sheet::gather(pages, &visitor, &case, query).await {
        // What is not open any more was there a moment ago: the page of the case says how it stands.
        Ok(sheet) if !act.has_page() || !acts::offered(act, &sheet) => {
            redirect(&case_path(&case, ""), &visitor.guest)
        }
        Ok(sheet) => own_page(pages, &visitor, &sheet, act, None).await,
        Err(error) => failure(&visitor.guest, &error),
    }
}

/// `POST /my/cases/{case}/{act}`.
pub(super) async fn perform(
    State(gateway): State<Gateway>,
    Path((case, name)): Path<(String, String)>,
    request: Request,
) -> Response {
    let pages = &gateway.customer;
    let act = Act::parse(&name);
    let posted = match act.is_some_and(Act::takes_photos) {
        true => Posted::with_photos(pages, &case, request).await,
        false => Posted::of(pages, request).await,
    };
    let posted = match posted {
        Ok(posted) => posted,
        Err(door) => return *door,
    };
    let Posted { visitor, form, .. } = &posted;
    let Some(act) = act else {
        return failure(&visitor.guest, &Error::new(Reason::NotFound));
    };
    let calls = Calls::of(pages, visitor);
    let photos = crate::web::photos::of_form(pages, visitor, form);
    let sent = Sent { calls: &calls, case: &case, form, photos };
    match posted.then(acts::perform(act, &sent)).await {
        Ok(()) => {
            let to = format!("{}?done={}", case_path(&case, ""), act.name());
            redirect(&to, &visitor.guest)
        }
        Err(error) => again(pages, visitor, &case, Refused { act, form, error: &error }).await,
    }
}

/// Back to the form with what was typed into it.
async fn again(pages: &Pages, visitor: &Visitor, case: &str, refused: Refused<'_>) -> Response {
    match Sheet::gather(pages, visitor, case, Form::default()).await {
        Ok(sheet) if refused.act.has_page() && acts::offered(refused.act, &sheet) => {
            own_page(pages, visitor, &sheet, refused.act, Some(&refused)).await
        }
        Ok(sheet) => sheet.again(pages, visitor, &refused),
        Err(_) => failure(&visitor.guest, refused.error),
    }
}

async fn own_page(
    pages: &Pages,
    visitor: &Visitor,
    sheet: &Sheet,
    act: Act,
    refused: Option<&Refused<'_>>,
) -> Response {
    let language = sheet.language;
    let slots = match act {
        Act::Book | Act::Reschedule => Calls::of(pages, visitor).slots(&sheet.id).await,
        _ => Ok(Vec::new()),
    };
    let title = act.title(language);
    let forms = Forms { pages, visitor, refused };
    let body = html! {
        p.back { a href=(case_path(&sheet.id, "")) { "‹ " (sheet.title()) } }
        @if let Some(refused) = refused { (alert(refused.error, language)) }
        h1 { (title) }
        (acts::page(act, sheet, &forms, &slots.unwrap_or_default()))
    };
    let code = refused.map_or(StatusCode::OK, |refused| status(refused.error));
    Page { title, head: html! {}, body }.for_visitor(code, visitor)
}

/// What the last step did, if the address says that there was one.
pub(super) fn notice(query: &Form, language: Language) -> Markup {
    let done = query.get("done");
    let text = match done {
        "filed" => language.pick(
            "已提交。进展会实时显示在这里。",
            "Filed. Everything that happens is shown here as it happens.",
        ),
        "filed-before" => language.pick(
            "这台机器已有进行中的服务单，就是这一张。",
            "This unit has an open case already: this one.",
        ),
        "photos" => language.pick("照片已收到。", "Your photos are in."),
        other => Act::parse(other).map_or("", |act| act.done(language)),
    };
    let filed = done.starts_with("filed");
    html! {
        @if !text.is_empty() { p #done.notice role="status" data-filed[filed] { (text) } }
    }
}
