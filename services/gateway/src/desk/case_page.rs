//! The page of one case: how it stands, what is known about such cases, what may be done, what happened.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use form_urlencoded::Serializer;
use maud::{Markup, html};
use parasol_api::admin::v1::policy_service_client::PolicyServiceClient;
use parasol_api::admin::v1::{AuthorityUse, ListAuthorityUseRequest};
use parasol_api::common::v1::PauseCause;
use parasol_api::convert::to_timestamp;
use parasol_api::intake::v1::intake_service_client::IntakeServiceClient;
use parasol_api::intake::v1::knowledge_service_client::KnowledgeServiceClient;
use parasol_api::intake::v1::{
    Article, Case, GetCaseRequest, GetMailMarkRequest, ListMergedRequest, ListMergedResponse,
    MatchArticlesRequest,
};
use parasol_api::tracking::v1::{Complaint, FollowUp, Timeline};
use parasol_api::verification::v1::Proposal;
use parasol_api::{Error, Language, Listed as _};
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::{ActorKind, Stage, Verb, table};

use super::act::{Act, Refused, notice};
use super::knowledge::article;
use super::{HOME, acts, case_path, home, voice};
use crate::Gateway;
use crate::staff::words::{pause, remedy, short};
use crate::staff::{let_in, story};
use crate::web::controls::{Filled, alert, fact, hidden};
use crate::web::door::{failure, status};
use crate::web::form::Form;
use crate::web::page::Page;
use crate::web::session::Visitor;
use crate::web::words::{Pick as _, category};
use crate::web::{Pages, failed, times};

/// Over how many days it is told what an agent gave.
const USED_DAYS: i64 = 30;

/// Everything the page is made from.
pub(super) struct Sheet {
    /// The case.
    pub case: Case,
    /// Its story.
    pub told: Timeline,
    /// What the journey leaves open to an agent.
    pub open: Vec<Verb>,
    /// What waits for a second person.
    pub proposal: Option<Proposal>,
    /// What the visitor may give.
    pub authority: Option<AuthorityUse>,
    /// What is known.
    articles: Vec<Article>,
    merged: ListMergedResponse,
    mark: String,
    /// Follow-ups and complaints that stand beside it.
    beside: (Vec<FollowUp>, Vec<Complaint>),
    /// In which language.
    pub language: Language,
    /// The moment all this is true.
    pub now: Timestamp,
}

/// `GET /desk/cases/{case}`.
pub(super) async fn show(
    State(gateway): State<Gateway>,
    Path(case): Path<String>,
    request: Request,
) -> Response {
    let pages = &gateway.desk;
    let (parts, visitor) = match let_in(pages, request) {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let query = Form::of_query(parts.uri.query());
    match Sheet::gather(pages, &visitor, &case).await {
        Ok(sheet) => sheet.page(pages, &visitor, &query, None),
        Err(error) => failure(&visitor.guest, &error),
    }
}

/// The same page after a step that was refused.
pub(super) async fn again(
    pages: &Pages,
    visitor: &Visitor,
    case: &str,
    refused: Refused,
) -> Response {
    match Sheet::gather(pages, visitor, case).await {
        Ok(sheet) => sheet.page(pages, visitor, &Form::default(), Some(&refused)),
        Err(_) => failure(&visitor.guest, &refused.error),
    }
}

impl Sheet {
    /// Reads what a page needs; what stands beside the case and its story is left out where it cannot be read.
    async fn gather(pages: &Pages, visitor: &Visitor, id: &str) -> Result<Self, Error> {
        let transport = || pages.transport_of(visitor);
        let (language, now) = (visitor.guest.language, visitor.guest.now);
        let (case_id, tag) = (id.to_owned(), language.pick("zh", "en").to_owned());
        let mut intake = IntakeServiceClient::new(transport());
        let request = GetCaseRequest { case_id: case_id.clone(), language: tag };
        let case = intake.get_case(request).await.map_err(failed)?.into_inner();
        let told = story::timeline(transport(), id, language).await?;
        let stage = Stage::of_wire(told.stage());
        let open = stage.map_or_else(Vec::new, |stage| table::open_to(stage, ActorKind::Agent));
        let waits =
            [Verb::ApproveProposal, Verb::RefuseProposal].iter().any(|verb| open.contains(verb));
        let proposals = match waits {
            true => home::proposals(pages, visitor).await.unwrap_or_default(),
            false => Vec::new(),
        };
        let proposal = proposals.into_iter().find(|one| one.case_id == case_id);
        let authority = match open.contains(&Verb::GrantGoodwill) {
            true => own_authority(pages, visitor).await,
            false => None,
        };
        let asked = MatchArticlesRequest { case_id: case_id.clone() };
        let articles = KnowledgeServiceClient::new(transport()).match_articles(asked).await;
        let articles = articles.map(|one| one.into_inner().articles).unwrap_or_default();
        let asked = ListMergedRequest { case_id: case_id.clone() };
        let merged = intake.list_merged(asked).await.map(tonic::Response::into_inner);
        let mark = intake.get_mail_mark(GetMailMarkRequest { case_id }).await;
        let mark = mark.map(|one| one.into_inner().mark).unwrap_or_default();
        let merged = merged.unwrap_or_default();
        let beside = voice::read_beside(pages, visitor, id).await;
        Ok(Self {
            case,
            told,
            open,
            proposal,
            authority,
            articles,
            merged,
            mark,
            beside,
            language,
            now,
        })
    }

    fn page(
        &self,
        pages: &Pages,
        visitor: &Visitor,
        query: &Form,
        refused: Option<&Refused>,
    ) -> Response {
        let language = self.language;
        let title = format!("{} {}", category(self.case.category(), language), self.case.brand);
        let code = refused.map_or(StatusCode::OK, |refused| status(&refused.error));
        let body = html! {
            p.back { a href=(HOME) { "‹ " (language.pick("客服台", "Desk")) } }
            (notice(query, language))
            @if let Some(refused) = refused { (alert(&refused.error, language)) }
            h1 { (title) }
            (story::kept(&self.told, &format!("{}/events", case_path(&self.told.case_id)), visitor))
            (self.merges())
            div.halves {
                div {
                    (self.facts())
                    (voice::beside(&self.told.case_id, &self.beside.0, &self.beside.1, visitor))
                    (self.known())
                    (story::parties(&self.told, language))
                }
                div { (self.forms(pages, visitor, refused)) }
            }
            div #story data-live { (story::story(&self.told, language)) }
        };
        Page { title: &title, head: html! {}, body }.for_visitor(code, visitor)
    }

    fn merges(&self) -> Markup {
        let language = self.language;
        let into = &self.merged.into_case_id;
        html! {
            @if !into.is_empty() {
                p.notice {
                    (language.pick("已合并到 ", "Merged into "))
                    a href=(case_path(into)) { "…" (short(into)) } " · "
                    @let from = Serializer::new(String::new()).append_pair("from", &self.told.case_id).finish();
                    a href={ (HOME) "/file?" (from) } {
                        (language.pick("不是同一问题？拆分为新的服务单", "Not the same? Split it off as a case of its own"))
                    }
                }
            }
            @if !self.merged.merged_case_ids.is_empty() {
                p.notice {
                    (language.pick("已并入：", "Merged into this one: "))
                    @for case in &self.merged.merged_case_ids {
                        a href=(case_path(case)) { "…" (short(case)) } " "
                    }
                }
            }
        }
    }

    fn facts(&self) -> Markup {
        let (case, language) = (&self.case, self.language);
        let t = |zh, en| language.pick(zh, en);
        let decision = case.decision.as_ref();
        let offered = decision.map(|one| {
            one.remedies
                .iter()
                .map(|one| remedy(one.remedy(), language))
                .collect::<Vec<_>>()
                .join(" / ")
        });
        html! {
            section.card {
                h2 { (t("服务单", "The case")) }
                dl {
                    (fact(t("用户描述", "Customer says"), &case.description, !case.description.is_empty()))
                    (fact(t("商品编号", "SKU"), &case.sku, true))
                    (fact(t("序列号", "Serial number"), &case.serial, true))
                    (fact(t("订单行", "Order line"), &case.order_line, true))
                    (fact(t("网点", "Centre"), &case.centre, !case.centre.is_empty()))
                    (fact(t("工程师", "Technician"), &case.technician, !case.technician.is_empty()))
                    @if case.window.is_some() {
                        (fact(t("上门时间", "Visit"), times::window(case.window.as_ref(), language), true))
                    }
                    @if case.pause_cause() != PauseCause::Unspecified {
                        (fact(t("暂停原因", "Paused"), pause(case.pause_cause(), language), true))
                    }
                    @if let Some(one) = decision {
                        (fact(t("裁定", "Decision"), &one.reason, !one.reason.is_empty()))
                        (fact(t("可选方案", "On offer"), offered.unwrap_or_default(), !one.remedies.is_empty()))
                    }
                    (fact(t("完工码", "Completion code"), html! { code { (case.completion_code) } },
                        !case.completion_code.is_empty()))
                    (fact(t("催单次数", "Chased"), case.reminders, case.reminders > 0))
                    (fact(t("邮件标记", "Mark for e-mail"), html! { code { (self.mark) } }, !self.mark.is_empty()))
                    (fact(t("服务单号", "Case"), html! { code { (self.told.case_id) } }, true))
                }
            }
        }
    }

    fn known(&self) -> Markup {
        let language = self.language;
        html! {
            @if !self.articles.is_empty() {
                section.card {
                    h2 { (language.pick("相关知识", "What is known")) }
                    @for one in &self.articles { (article(one, language)) }
                }
            }
        }
    }

    fn forms(&self, pages: &Pages, visitor: &Visitor, refused: Option<&Refused>) -> Markup {
        let offered: Vec<_> =
            Act::ALL.iter().copied().filter(|act| acts::offered(*act, self)).collect();
        let language = self.language;
        html! {
            @for (place, act) in offered.into_iter().enumerate() {
                @let again = refused.filter(|refused| refused.act == act);
                @let is_first = place == 0 && !act.is_grave() && refused.is_none();
                details.card id=(act.name()) open[again.is_some() || is_first] {
                    summary { (act.title(language)) }
                    (self.form(pages, visitor, act, again))
                }
            }
        }
    }

    fn form(
        &self,
        pages: &Pages,
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
        let to = format!("{}/{}", case_path(&self.told.case_id), act.name());
        html! {
            form method="post" action=(to) {
                (hidden(pages, visitor, &filled))
                (acts::controls(act, self, &filled))
                button.main[!act.is_grave()] { (act.title(self.language)) }
            }
        }
    }
}

/// What the visitor may give at once, and gave lately.
async fn own_authority(pages: &Pages, visitor: &Visitor) -> Option<AuthorityUse> {
    let now = visitor.guest.now;
    let request = ListAuthorityUseRequest {
        from: Some(to_timestamp(now - Span::days(USED_DAYS))),
        until: Some(to_timestamp(now)),
        subject: visitor.principal.subject.clone(),
    };
    let mut client = PolicyServiceClient::new(pages.transport_of(visitor));
    client.list_authority_use(request).await.ok()?.into_inner().uses.into_iter().next()
}
