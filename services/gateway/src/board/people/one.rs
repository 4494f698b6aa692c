//! One person: the account, what may be given, what was done, and every change of it.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::admin::v1::policy_service_client::PolicyServiceClient;
use parasol_api::admin::v1::{
    AuthorityGrant, GetStaffRequest, ListAuthorityRequest, ListStaffChangesRequest, StaffChange,
    StaffChangeKind, StaffFigures, StaffMember,
};
use parasol_api::convert::timestamp;
use parasol_api::{Error, Language};

use super::acts::{self, ACTS, REGISTER};
use super::{PATH, changes, client};
use crate::Gateway;
use crate::staff::forms::{Fold, Refused, done};
use crate::staff::let_in;
use crate::staff::people::{self, ROLES, SUSPENSIONS, certified_for, label};
use crate::staff::words::money;
use crate::web::controls::alert;
use crate::web::door::{failure, status};
use crate::web::form::Form;
use crate::web::page::{Page, redirect};
use crate::web::posted::Posted;
use crate::web::session::Visitor;
use crate::web::words::Pick as _;
use crate::web::{Pages, failed, times};

/// Changes shown.
const CHANGES: i32 = 50;
/// Revisions of grants asked for; those that concern the person are shown.
const GRANTS: i32 = 200;

/// Everything the page is made from.
struct Seen {
    one: StaffMember,
    figures: Result<StaffFigures, Error>,
    grants: Vec<AuthorityGrant>,
    changes: Vec<StaffChange>,
    days: i64,
}

impl Seen {
    /// Reads one person; what stands beside the account is left out where it cannot be read.
    async fn gather(
        pages: &Pages,
        visitor: &Visitor,
        subject: &str,
        query: &Form,
    ) -> Result<Self, Error> {
        let mut client = client(pages, visitor);
        let request = GetStaffRequest { subject: subject.to_owned() };
        let one = client.get_staff(request).await.map_err(failed)?.into_inner();
        let days = people::days(query);
        let (transport, now) = (pages.transport_of(visitor), visitor.guest.now);
        let figures = people::read_figures(transport.clone(), subject, days, now).await;
        let request = ListStaffChangesRequest {
            subject: subject.to_owned(),
            page_size: CHANGES,
            page_token: String::new(),
        };
        let told = client.list_staff_changes(request).await.map_err(failed)?.into_inner();
        let request = ListAuthorityRequest { page_size: GRANTS, page_token: String::new() };
        let grants = PolicyServiceClient::new(transport).list_authority(request).await;
        let grants = grants.map(|one| one.into_inner().grants).unwrap_or_default();
        let concerns = |grant: &AuthorityGrant| match grant.subject.as_str() {
            "" => grant.role == one.role,
            named => named == one.subject,
        };
        let grants = grants.into_iter().filter(concerns).collect();
        Ok(Self { one, figures, grants, changes: told.changes, days })
    }

    fn page(
        &self,
        pages: &Pages,
        visitor: &Visitor,
        query: &Form,
        refused: Option<&Refused>,
    ) -> Response {
        let (language, now) = (visitor.guest.language, visitor.guest.now);
        let t = |zh, en| language.pick(zh, en);
        let one = &self.one;
        let code = refused.map_or(StatusCode::OK, |refused| status(&refused.error));
        let own = format!("{PATH}/{}?", one.subject);
        let said: Vec<_> = ACTS
            .iter()
            .map(|(name, _, said)| (*name, t(said[0], said[1])))
            .chain([(REGISTER, t("已登记。", "Registered."))])
            .collect();
        let body = html! {
            p.back { a href=(PATH) { "‹ " (t("人员", "People")) } }
            (done(query, &said))
            @if let Some(refused) = refused { (alert(&refused.error, language)) }
            h1 { (one.subject) }
            div.halves {
                div { (people::facts(one, now, language)) }
                div { @if changes(visitor) { (self.forms(pages, visitor, refused)) } }
            }
            section.card #figures {
                h2 { (t("工作情况", "What became of their work")) }
                (people::periods(&own, self.days, language))
                @match &self.figures {
                    Ok(told) => (people::figures(told, language)),
                    Err(error) => (alert(error, language)),
                }
            }
            (self.authority(language))
            (self.history(language))
        };
        Page { title: &one.subject, head: html! {}, body }.for_visitor(code, visitor)
    }

    fn forms(&self, pages: &Pages, visitor: &Visitor, refused: Option<&Refused>) -> Markup {
        let (one, language) = (&self.one, visitor.guest.language);
        html! {
            @for (name, title, _) in ACTS.iter().filter(|(name, ..)| acts::offered(name, one)) {
                @let to = format!("{PATH}/{}/{name}", one.subject);
                @let fold = Fold {
                    name, title: language.pick(title[0], title[1]), to: &to, etag: &one.etag,
                    open: false, grave: matches!(*name, "suspend" | "decertify"),
                };
                (fold.show(pages, visitor, refused, |filled| acts::controls(name, filled, one)))
            }
        }
    }

    /// The grants that concern the person, every revision of them.
    fn authority(&self, language: Language) -> Markup {
        let t = |zh, en| language.pick(zh, en);
        html! {
            section.card #authority {
                h2 { (t("权限与历史", "Authority, with its history")) }
                @if self.grants.is_empty() { p.empty { (t("没有。", "None.")) } }
                @else {
                    div.scroll tabindex="0" role="region" aria-label=(t("权限与历史", "Authority, with its history")) { table {
                        thead { tr {
                            th scope="col" { (t("授权", "Grant")) }
                            th.number scope="col" { (t("单次上限", "At once")) }
                            th scope="col" { (t("条件", "Asks for")) }
                            th scope="col" { (t("状态", "State")) }
                            th scope="col" { (t("由谁、何时", "By whom, when")) }
                        } }
                        tbody { @for grant in &self.grants { (row(grant, language)) } }
                    } }
                }
            }
        }
    }

    fn history(&self, language: Language) -> Markup {
        html! {
            section.card #changes {
                h2 { (language.pick("变更记录", "Every change")) }
                ol.story reversed { @for change in &self.changes { li {
                    span { (what(change, language)) }
                    @if !change.remark.is_empty() { blockquote { (change.remark) } }
                    span.hint {
                        @if let Some(at) = change.at.as_ref().and_then(timestamp) { (times::at(at, language)) " · " }
                        (change.by) " · " (label(ROLES, change.role, language))
                        @if !change.unit.is_empty() { " · " (change.unit) }
                        @if !change.team.is_empty() { " · " (change.team) }
                        " · " (language.pick("评分 ", "score ")) (change.score)
                    }
                } } }
            }
        }
    }
}

fn row(grant: &AuthorityGrant, language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    html! {
        tr {
            th scope="row" {
                code { (grant.grant) } " v" (grant.revision)
                @if !grant.subject.is_empty() { " " span.badge { (t("本人", "theirs alone")) } }
            }
            td.number { (money(grant.limit.as_ref())) }
            td {
                @if grant.tenure_days_min > 0 { (t("入职满 ", "days with us: ")) (grant.tenure_days_min) (t(" 天 ", " ")) }
                @if grant.score_min > 0 { (t("评分不低于 ", "score: ")) (grant.score_min) " " }
                @if !grant.certification.is_empty() { (t("资格 ", "certified: ")) (grant.certification) }
            }
            td { @if grant.in_force { strong { (t("生效", "in force")) } } @else { span.quiet { (t("历史", "earlier")) } } }
            td {
                @if grant.said_by.is_empty() { span.quiet { (t("程序自带", "comes with the program")) } } @else { (grant.said_by) }
                @if let Some(at) = grant.said_at.as_ref().and_then(timestamp) { " · " (times::at(at, language)) }
            }
        }
    }
}

/// What a change was, in words.
fn what(change: &StaffChange, language: Language) -> String {
    let t = |zh: &str, en: &str| language.pick(zh, en).to_owned();
    let held = change.certification.as_ref().map(|one| certified_for(one, language));
    let held = held.unwrap_or_default();
    match change.kind() {
        StaffChangeKind::Unspecified => "—".to_owned(),
        StaffChangeKind::Registered => t("登记", "Registered"),
        StaffChangeKind::Updated if change.identity_corrected => {
            t("修改，并更正姓名或证件", "Changed; name or document corrected")
        }
        StaffChangeKind::Updated => t("修改", "Changed"),
        StaffChangeKind::Suspended => {
            format!("{}{}", t("停用：", "Suspended: "), label(SUSPENSIONS, change.reason, language))
        }
        StaffChangeKind::Restored => t("恢复", "Back in use"),
        StaffChangeKind::Certified => format!("{}{held}", t("认证：", "Certified: ")),
        StaffChangeKind::Decertified => {
            format!("{}{held}", t("撤销资格：", "No longer certified: "))
        }
    }
}

/// `GET /board/people/{subject}`.
pub(in crate::board) async fn show(
    State(gateway): State<Gateway>,
    Path(subject): Path<String>,
    request: Request,
) -> Response {
    let pages = &gateway.board;
    let (parts, visitor) = match let_in(pages, request) {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let query = Form::of_query(parts.uri.query());
    match Seen::gather(pages, &visitor, &subject, &query).await {
        Ok(seen) => seen.page(pages, &visitor, &query, None),
        Err(error) => failure(&visitor.guest, &error),
    }
}

/// `POST /board/people/{subject}/{act}`.
pub(in crate::board) async fn perform(
    State(gateway): State<Gateway>,
    Path((subject, name)): Path<(String, String)>,
    request: Request,
) -> Response {
    let pages = &gateway.board;
    let sent = match Posted::of(pages, request).await {
        Ok(sent) => sent,
        Err(response) => return *response,
    };
    match sent.then(acts::send(pages, &sent, &name, &subject)).await {
        Ok(()) => redirect(&format!("{PATH}/{subject}?done={name}"), &sent.visitor.guest),
        Err(error) => {
            let (visitor, refused) = sent.refused(&name, error);
            match Seen::gather(pages, &visitor, &subject, &Form::default()).await {
                Ok(seen) => seen.page(pages, &visitor, &Form::default(), Some(&refused)),
                Err(_) => failure(&visitor.guest, &refused.error),
            }
        }
    }
}
