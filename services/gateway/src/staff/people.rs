//! One of the retailer's people on a page: who they are, what they are certified for, what became of their work.

use maud::{Markup, html};
use parasol_api::admin::v1::staff_certification::Subject;
use parasol_api::admin::v1::staff_service_client::StaffServiceClient;
use parasol_api::admin::v1::{
    AuthorityRole, AuthorityUse, GetStaffFiguresRequest, IdentityKind, StaffCertification,
    StaffFigures, StaffMember, StaffSuspensionReason,
};
use parasol_api::common::v1::Category;
use parasol_api::convert::{timestamp, to_timestamp};
use parasol_api::{Error, Language};
use parasol_journey::time::{Span, Timestamp};
use parasol_runtime::transport::Transport;

use super::words::money;
use crate::web::choice::Choice;
use crate::web::controls::fact;
use crate::web::form::Form;
use crate::web::words::{Pick as _, category};
use crate::web::{failed, times};

crate::web::choice::lists! {
    /// What somebody is.
    ROLES: AuthorityRole {
        Agent "agent" "客服" "Agent";
        Manager "manager" "主管" "Manager";
    }
    /// What kind of document says who somebody is.
    DOCUMENTS: IdentityKind {
        ResidentId "resident_id" "居民身份证" "Resident identity card";
        Passport "passport" "护照" "Passport";
        Permit "permit" "港澳台居民居住证" "Permit of residents of Hong Kong, Macao and Taiwan";
    }
    /// Why an account is suspended.
    SUSPENSIONS: StaffSuspensionReason {
        Quality "quality" "服务质量" "The work is not good enough";
        Fraud "fraud" "涉嫌舞弊" "A suspicion of fraud";
        Credential "credential" "凭证可能泄露" "The credential may be in other hands";
        Leave "leave" "长期休假" "Away for long";
        Left "left" "已离职" "They have left";
        Other "other" "其他（请说明）" "Another, told in words";
    }
}

/// What a number of the contract is called; a dash for none.
pub(crate) fn label(list: &[Choice], number: i32, language: Language) -> &'static str {
    let known = list.iter().find(|choice| choice.number == number);
    known.map_or("—", |choice| choice.label(language))
}

/// What somebody is certified for, in words.
pub(crate) fn certified_for(one: &StaffCertification, language: Language) -> String {
    match &one.subject {
        Some(Subject::Category(number)) => match Category::try_from(*number) {
            Ok(known) => category(known, language).to_owned(),
            Err(_) => "—".to_owned(),
        },
        Some(Subject::Name(name)) => name.clone(),
        None => "—".to_owned(),
    }
}

/// Who somebody is.
pub(crate) fn facts(one: &StaffMember, now: Timestamp, language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    let since = one.since.as_ref().and_then(timestamp);
    let registered = one.registered_at.as_ref().and_then(timestamp);
    html! {
        section.card {
            h2 { (t("账号", "Account")) }
            (suspended(one, language))
            dl {
                (fact(t("账号", "Login"), html! { code { (one.subject) } }, true))
                (fact(t("姓名", "Name"), &one.name, !one.name.is_empty()))
                (fact(t("角色", "Role"), label(ROLES, one.role, language), true))
                (fact(t("业务单元", "Business unit"), &one.unit, !one.unit.is_empty()))
                (fact(t("班组", "Team"), &one.team, !one.team.is_empty()))
                @if let Some(since) = since {
                    (fact(t("入职", "With us since"), times::date(since, language), true))
                }
                (fact(t("评分", "Score"), html! { (one.score) " / 1000" }, true))
                (fact(label(DOCUMENTS, one.identity_kind, language), html! { code { (one.identity_masked) } },
                    !one.identity_masked.is_empty()))
                @if let Some(at) = registered {
                    (fact(t("登记", "Registered"), html! {
                        (times::date(at, language)) " · " (one.registered_by)
                    }, true))
                }
            }
        }
        (certifications(&one.certifications, now, language))
    }
}

fn suspended(one: &StaffMember, language: Language) -> Markup {
    html! {
        @if let Some(off) = &one.suspension {
            p.alert {
                strong { (language.pick("已停用：", "Suspended: ")) (label(SUSPENSIONS, off.reason, language)) }
                @if let Some(since) = off.since.as_ref().and_then(timestamp) {
                    " · " (times::at(since, language))
                }
                @if !off.by.is_empty() { " · " (off.by) }
            }
        }
    }
}

fn certifications(all: &[StaffCertification], now: Timestamp, language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    html! {
        section.card {
            h2 { (t("资格认证", "Certified for")) }
            @if all.is_empty() { p.empty { (t("没有。", "Nothing.")) } }
            ul.rows { @for one in all {
                @let from = one.valid_from.as_ref().and_then(timestamp);
                @let until = one.valid_until.as_ref().and_then(timestamp);
                li { div.row {
                    span.top {
                        strong { (certified_for(one, language)) }
                        span.badge { (holds(from, until, now, language)) }
                    }
                    span.line.quiet {
                        @if let Some(from) = from { (times::date(from, language)) } " – "
                        @match until {
                            Some(until) => (times::date(until, language)),
                            None => (t("无期限", "without an end")),
                        }
                    }
                } }
            } }
        }
    }
}

/// Whether a certification holds now.
fn holds(
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    now: Timestamp,
    language: Language,
) -> &'static str {
    match (from, until) {
        (Some(from), _) if from > now => language.pick("未生效", "to come"),
        (_, Some(until)) if until <= now => language.pick("已过期", "over"),
        _ => language.pick("有效", "in force"),
    }
}

/// The periods of figures on offer, in days.
const PERIODS: [i64; 3] = [30, 90, 365];

/// The period that an address asks for, in days.
pub(crate) fn days(query: &Form) -> i64 {
    let asked = query.get("days").parse().unwrap_or(30);
    PERIODS.into_iter().find(|days| *days == asked).unwrap_or(30)
}

/// The ways between the periods.
pub(crate) fn periods(path: &str, days: i64, language: Language) -> Markup {
    html! {
        nav.tabs aria-label=(language.pick("时段", "Period")) { @for one in PERIODS {
            a href={ (path) "days=" (one) } aria-current=[(one == days).then_some("page")] {
                (one) (language.pick(" 天", " days"))
            }
        } }
    }
}

/// What somebody did in the last so many days.
///
/// # Errors
/// What the service says.
pub(crate) async fn read_figures(
    transport: Transport,
    subject: &str,
    days: i64,
    now: Timestamp,
) -> Result<StaffFigures, Error> {
    let request = GetStaffFiguresRequest {
        subject: subject.to_owned(),
        from: Some(to_timestamp(now - Span::days(days))),
        until: Some(to_timestamp(now)),
    };
    let answer = StaffServiceClient::new(transport).get_staff_figures(request).await;
    Ok(answer.map_err(failed)?.into_inner())
}

/// The figures, each share with what it is of.
pub(crate) fn figures(told: &StaffFigures, language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    let tile = |number: Markup, what: &str| html! { li { strong { (number) } (what) } };
    let of = |part: i64, all: i64| html! { (part) " / " (all) };
    html! {
        ul.tiles {
            (tile(html! { (told.cases) }, t("处理服务单", "cases")))
            (tile(html! { (told.decisions) }, t("人工裁定", "decisions by hand")))
            (tile(of(told.overrides, told.decisions), t("改变规则结论", "gave something else than the policy")))
            (tile(of(told.reopened, told.decisions), t("裁定后被退回", "came back")))
            (tile(of(told.chases_in_time, told.chases_answered), t("催单按时答复", "chases answered in time")))
            (tile(html! { (told.goodwill) }, t("补偿次数", "times goodwill")))
        }
        (used(told.authority.as_ref(), language))
    }
}

/// What was made of somebody's authority.
fn used(told: Option<&AuthorityUse>, language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    html! {
        @if let Some(told) = told {
            dl {
                (fact(t("单次权限", "May give at once"), html! {
                    (money(told.granted.as_ref()))
                    " (" (t("其中自有 ", "of their own: ")) (money(told.own.as_ref())) ")"
                }, true))
                (fact(t("已用", "Gave"), html! {
                    (money(told.used.as_ref())) " · " (told.count) (t(" 次", "×"))
                    " · " (t("最大单次 ", "the most at once: ")) (money(told.most.as_ref()))
                }, true))
                (fact(t("借用他人权限", "On borrowed authority"), told.borrowed_count, told.borrowed_count > 0))
                (fact(t("审批他人提议", "By approving"), told.approved_count, told.approved_count > 0))
            }
        }
    }
}
