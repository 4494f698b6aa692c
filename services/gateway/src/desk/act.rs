//! The steps an agent can take on a page: their names, when they are offered, and how one is sent.

use axum::extract::{Path, Request, State};
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::{Error, Language, Reason};
use parasol_journey::Verb;

use super::acts::{self, Sent};
use super::{case_page, case_path};
use crate::Gateway;
use crate::web::door::failure;
use crate::web::form::Form;
use crate::web::page::redirect;
use crate::web::posted::Posted;
use crate::web::words::Pick as _;

macro_rules! acts {
    ($($(#[$doc:meta])* $act:ident $name:literal $verb:ident
        ($zh:literal, $en:literal) ($done_zh:literal, $done_en:literal);)+) => {
        /// A step.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Act { $($(#[$doc])* $act,)+ }

        impl Act {
            /// Every step, in the order in which a page offers them.
            pub(super) const ALL: &'static [Self] = &[$(Self::$act,)+];

            /// Its name in addresses.
            pub(super) const fn name(self) -> &'static str {
                match self { $(Self::$act => $name,)+ }
            }

            /// The command of the journey that has to be open for it to be offered.
            pub(super) const fn verb(self) -> Verb {
                match self { $(Self::$act => Verb::$verb,)+ }
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
    /// Approves what somebody else proposed.
    Approve "approve" ApproveProposal ("审批提议", "Approve the proposal") ("已审批。", "Approved.");
    /// Refuses it, or takes an own proposal back.
    Refuse "refuse" RefuseProposal
        ("拒绝或撤回提议", "Refuse the proposal, or take it back") ("提议已关闭。", "The proposal is closed.");
    /// Answers a chase.
    Answer "answer" AnswerReminder ("答复催单", "Answer the chase") ("已答复。", "Answered.");
    /// Decides by hand.
    Decide "decide" Decide ("人工裁定", "Decide by hand") ("已裁定，或已提交审批。", "Decided, or waiting for a second person.");
    /// Guidance helped.
    Solved "solved" SolveByGuidance ("远程指导已解决", "Remote guidance helped") ("已记录。", "Noted.");
    /// It did not.
    Unsolved "unsolved" FailGuidance
        ("未解决，安排上门", "It did not help: send somebody") ("正在安排上门。", "Somebody will come.");
    /// Chooses a remedy on the customer's word.
    Choose "choose" ChooseRemedy
        ("代用户选择方案", "Choose for the customer") ("已选择。", "Chosen.");
    /// Grants goodwill.
    Goodwill "goodwill" GrantGoodwill ("补偿用户", "Grant goodwill") ("已补偿，或已提交审批。", "Granted, or waiting for a second person.");
    /// Confirms the outcome on the customer's word.
    Confirm "confirm" ConfirmOutcome ("代用户确认完成", "Confirm for the customer") ("服务单已完成。", "The case is done.");
    /// Rejects it on the customer's word.
    Reject "reject" RejectOutcome ("代用户反馈未解决", "It is not solved") ("将重新处理。", "It is decided again.");
    /// Takes the customer's word for the code.
    Waive "waive-code" WaiveCode ("免完工码完工", "Close without the code") ("已完工。", "The visit is completed.");
    /// Asks for another inspection.
    Inspect "second-inspection" OrderSecondInspection ("安排复检", "Order a second inspection") ("正在安排复检。", "A centre is looked for.");
    /// Disputes on the customer's word.
    Dispute "dispute" OpenDispute ("代用户提出争议", "Dispute for the customer") ("争议已受理。", "The dispute is open.");
    /// Accepts a denial on the customer's word.
    AcceptDenial "accept-denial" AcceptDenial ("用户接受结论", "The customer accepts the denial") ("服务单已结束。", "The case has ended.");
    /// Chases whoever has the turn.
    Remind "remind" Remind ("代用户催单", "Chase for the customer") ("已催办。", "Noted; it has to be answered.");
    /// A note.
    Note "note" Note ("添加备注", "Write a note") ("备注已保存。", "The note is kept.");
    /// Stops the case.
    Pause "pause" Pause ("暂停", "Pause") ("已暂停。", "Paused.");
    /// Goes on.
    Resume "resume" Resume ("继续", "Go on") ("服务单已继续。", "It goes on.");
    /// Ends it for another case.
    Merge "merge" Merge ("合并到另一服务单", "Merge into another case") ("已合并。", "Merged.");
    /// Cancels.
    Cancel "cancel" Cancel ("取消服务单", "Cancel the case") ("已提交取消。", "The cancellation is in.");
    /// Opens a closed case again.
    Reopen "reopen" Reopen ("重新打开", "Open it again") ("服务单已重新打开。", "The case is open again.");
}

impl Act {
    fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|act| act.name() == name)
    }

    /// Whether it ends something, so that its button is no invitation.
    pub(super) const fn is_grave(self) -> bool {
        matches!(self, Self::Cancel | Self::Merge | Self::Refuse | Self::AcceptDenial)
    }
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

/// `POST /desk/cases/{case}/{act}`.
pub(super) async fn perform(
    State(gateway): State<Gateway>,
    Path((case, name)): Path<(String, String)>,
    request: Request,
) -> Response {
    let pages = &gateway.desk;
    let posted = match Posted::of(pages, request).await {
        Ok(posted) => posted,
        Err(door) => return *door,
    };
    let Posted { visitor, form, .. } = &posted;
    let Some(act) = Act::parse(&name) else {
        return failure(&visitor.guest, &Error::new(Reason::NotFound));
    };
    let sent = Sent { transport: pages.transport_of(visitor), case: &case, form };
    let done = posted.then(acts::perform(act, &sent)).await;
    let Posted { visitor, form, .. } = posted;
    match done {
        Ok(()) => {
            let to = format!("{}?done={}", case_path(&case), act.name());
            redirect(&to, &visitor.guest)
        }
        Err(error) => case_page::again(pages, &visitor, &case, Refused { act, form, error }).await,
    }
}

/// What the last step did, if the address says that there was one.
pub(super) fn notice(query: &Form, language: Language) -> Markup {
    let done = query.get("done");
    let text = match done {
        "filed" => Some(language.pick("已报修。", "The case is filed.")),
        "existing" => Some(language.pick(
            "该商品已有未结束的服务单，没有新建。",
            "The unit has this open case already; nothing was filed.",
        )),
        name => Act::parse(name).map(|act| act.done(language)),
    };
    html! { @if let Some(text) = text { p #done.notice role="status" { (text) } } }
}
