//! The forms that change the register, and the calls they make.

use maud::{Markup, html};
use parasol_api::admin::v1::staff_certification::Subject;
use parasol_api::admin::v1::*;
use parasol_api::convert::to_timestamp;
use parasol_api::limits::{CODE_MAX, FOREIGN_NUMBER_MAX, REMARK_MAX, SHORT_NAME_MAX};
use parasol_api::{Error, Listed as _, Reason};
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::Category;

use super::client;
use crate::staff::people::{DOCUMENTS, ROLES, SUSPENSIONS, certified_for};
use crate::web::choice::{Choice, number};
use crate::web::controls::{Filled, Look};
use crate::web::form::{Form, REQUEST_ID};
use crate::web::posted::Posted;
use crate::web::words::Pick as _;
use crate::web::{Pages, failed, times};

/// The form that registers.
pub(super) const REGISTER: &str = "register";

/// The steps on the page of one: name, title and what is said when it is done, in both languages.
pub(super) const ACTS: [(&str, [&str; 2], [&str; 2]); 5] = [
    (
        "suspend",
        ["立即停用", "Suspend at once"],
        [
            "账号已停用，正在使用的连接随即断开。",
            "The account is out of use; what it had open ends.",
        ],
    ),
    (
        "restore",
        ["恢复账号", "Take the account back into use"],
        ["账号已恢复。", "The account is back in use."],
    ),
    ("certify", ["认证资格", "Certify"], ["已认证。", "Certified."]),
    (
        "decertify",
        ["撤销资格", "Take a certification away"],
        ["资格已撤销。", "The certification is taken away."],
    ),
    ("update", ["修改角色与属性", "Change role and attributes"], ["已修改。", "Changed."]),
];

const NEEDED: Look<'static> = Look { kind: "", value: "", hint: "", required: true, max: 0 };

/// What is asked of somebody who is registered.
pub(super) fn registration(filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let t = |zh, en| language.pick(zh, en);
    let (roles, documents): (Vec<&Choice>, Vec<&Choice>) =
        (ROLES.iter().collect(), DOCUMENTS.iter().collect());
    html! {
        (filled.input("subject", t("账号", "Login"), Look {
            max: FOREIGN_NUMBER_MAX, hint: t("一人一号；与凭证中的账号一致。", "One person, one account; the subject of the credential."),
            ..NEEDED
        }))
        (filled.select("role", t("角色", "Role"), &roles, NEEDED))
        (filled.input("name", t("证件姓名", "Name on the document"), Look { max: SHORT_NAME_MAX, ..NEEDED }))
        (filled.select("kind", t("证件类型", "Document"), &documents, NEEDED))
        (filled.input("number", t("证件号码", "Its number"), Look {
            max: CODE_MAX, hint: t("加密保存，不会整段显示。", "Kept apart and never shown whole."), ..NEEDED
        }))
        (attributes(filled, None))
        (categories(filled))
    }
}

/// Unit, team, beginning.
fn attributes(filled: &Filled<'_>, one: Option<&StaffMember>) -> Markup {
    let t = |zh, en| filled.language.pick(zh, en);
    let since = one.and_then(|one| parasol_api::convert::timestamp(one.since.as_ref()?));
    let since = since.map(|since| since.shanghai_day().to_string()).unwrap_or_default();
    html! {
        (filled.input("unit", t("业务单元", "Business unit"), Look {
            value: one.map_or("", |one| &one.unit), max: CODE_MAX, ..Look::default()
        }))
        (filled.input("team", t("班组", "Team"), Look {
            value: one.map_or("", |one| &one.team), max: CODE_MAX, ..Look::default()
        }))
        (filled.input("since", t("入职日期", "With us since"), Look {
            kind: "date", value: &since, ..Look::default()
        }))
    }
}

fn categories(filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    html! {
        fieldset.radios {
            legend { (language.pick("认证品类", "Certified for")) }
            @for one in Category::ALL {
                @let (zh, en) = one.names();
                (filled.tick(&format!("certified_{}", one.as_str()), language.pick(zh, en)))
            }
        }
    }
}

/// Whether a step is open.
pub(super) fn offered(act: &str, one: &StaffMember) -> bool {
    match act {
        "suspend" => one.suspension.is_none(),
        "restore" => one.suspension.is_some(),
        "decertify" => !one.certifications.is_empty(),
        _ => true,
    }
}

/// The controls of a step.
pub(super) fn controls(act: &str, filled: &Filled<'_>, one: &StaffMember) -> Markup {
    let language = filled.language;
    let t = |zh, en| language.pick(zh, en);
    let remark = |label: &str, required| {
        filled.area("remark", label, Look { max: REMARK_MAX, required, ..Look::default() })
    };
    match act {
        "suspend" => html! {
            @let reasons: Vec<&Choice> = SUSPENSIONS.iter().collect();
            p.hint { (t("立即生效：所有进程、页面和正在进行的连接。", "At once: in every process, on every page, and in what runs.")) }
            (filled.select("reason", t("原因", "Why"), &reasons, NEEDED))
            (remark(t("说明", "In words"), false))
        },
        "restore" => remark(t("原因", "Why"), true),
        "certify" => html! {
            @let list: Vec<_> = Category::ALL.iter().map(|one| {
                let (zh, en) = one.names();
                (one.as_str().to_owned(), t(zh, en).to_owned())
            }).collect();
            (filled.options("category", t("品类", "Category"), &list, Look::default()))
            (filled.input("word", t("或其他资格", "Or something else"), Look { max: CODE_MAX, ..Look::default() }))
            (filled.input("from", t("自", "From"), Look { kind: "date", hint: t("留空为即日。", "Empty means now."), ..Look::default() }))
            (filled.input("until", t("至", "Until"), Look { kind: "date", hint: t("留空为无期限。", "Empty means without an end."), ..Look::default() }))
            (remark(t("依据", "On what grounds"), false))
        },
        "decertify" => html! {
            @let list: Vec<_> = one.certifications.iter().map(|one| (key(one), certified_for(one, language))).collect();
            (filled.options("which", t("资格", "Which"), &list, NEEDED))
            (remark(t("原因", "Why"), true))
        },
        _ => html! {
            @let roles: Vec<&Choice> = ROLES.iter().collect();
            @let role = ROLES.iter().find(|choice| choice.number == one.role).map_or("", |choice| choice.value);
            (filled.select("role", t("角色", "Role"), &roles, Look {
                value: role, hint: t("另一角色的凭证立即失效。", "Credentials of the other role are refused at once."),
                ..NEEDED
            }))
            (attributes(filled, Some(one)))
            (filled.input("score", t("评分（0–1000）", "Score, 0 to 1000"), Look {
                kind: "number", value: &one.score.to_string(), ..NEEDED
            }))
            (remark(t("原因", "Why"), true))
        },
    }
}

/// A certification as a list sends it.
fn key(one: &StaffCertification) -> String {
    match &one.subject {
        Some(Subject::Category(number)) => {
            let known = Category::of_number(*number);
            known.map_or_else(String::new, |known| format!("category:{}", known.as_str()))
        }
        Some(Subject::Name(name)) => format!("name:{name}"),
        None => String::new(),
    }
}

/// What such a key means.
fn subject_of(key: &str) -> Option<Subject> {
    match key.split_once(':')? {
        ("category", word) => Category::parse(word).map(|one| Subject::Category(one.number())),
        ("name", name) => Some(Subject::Name(name.to_owned())),
        _ => None,
    }
}

/// The beginning of a day that was typed.
fn day(form: &Form, field: &str) -> Result<Option<Timestamp>, Error> {
    match form.get(field) {
        "" => Ok(None),
        day => times::parse(field, &format!("{day}T00:00")),
    }
}

/// Registers somebody.
///
/// # Errors
/// What the form lacks, and what the service says.
pub(super) async fn register(pages: &Pages, sent: &Posted) -> Result<StaffMember, Error> {
    let form = &sent.form;
    let ticked = |one: &&Category| form.is_ticked(&format!("certified_{}", one.as_str()));
    let certified = Category::ALL.iter().filter(ticked).map(|one| StaffCertification {
        subject: Some(Subject::Category(one.number())),
        ..StaffCertification::default()
    });
    let request = RegisterStaffRequest {
        request_id: form.text(REQUEST_ID),
        subject: form.text("subject"),
        role: number(ROLES, "role", form.get("role"))?,
        identity: Some(StaffIdentity {
            name: form.text("name"),
            kind: number(DOCUMENTS, "kind", form.get("kind"))?,
            number: form.text("number"),
        }),
        unit: form.text("unit"),
        team: form.text("team"),
        since: day(form, "since")?.map(to_timestamp),
        certifications: certified.collect(),
    };
    let answer = client(pages, &sent.visitor).register_staff(request).await;
    Ok(answer.map_err(failed)?.into_inner())
}

/// Sends a step.
///
/// # Errors
/// What the form lacks, and what the service says.
pub(super) async fn send(
    pages: &Pages,
    sent: &Posted,
    act: &str,
    subject: &str,
) -> Result<(), Error> {
    let form = &sent.form;
    let (request_id, etag, remark) =
        (form.text(REQUEST_ID), form.text("etag"), form.text("remark"));
    let subject = subject.to_owned();
    let mut client = client(pages, &sent.visitor);
    let answer = match act {
        "suspend" => {
            let reason = number(SUSPENSIONS, "reason", form.get("reason"))?;
            let request = SuspendStaffRequest { request_id, subject, reason, remark, etag };
            client.suspend_staff(request).await
        }
        "restore" => {
            let request = RestoreStaffRequest { request_id, subject, remark, etag };
            client.restore_staff(request).await
        }
        "certify" => {
            let certification = Some(certification(form)?);
            let request = CertifyStaffRequest { request_id, subject, certification, remark, etag };
            client.certify_staff(request).await
        }
        "decertify" => {
            let which = subject_of(form.get("which"));
            let which = which
                .ok_or_else(|| Error::field("which", Reason::FieldInvalid, "one that is held"))?;
            let certification =
                Some(StaffCertification { subject: Some(which), ..StaffCertification::default() });
            let request =
                DecertifyStaffRequest { request_id, subject, certification, remark, etag };
            client.decertify_staff(request).await
        }
        "update" => {
            let wrong = || Error::field("score", Reason::FieldInvalid, "a number from 0 to 1000");
            let request = UpdateStaffRequest {
                request_id,
                subject,
                role: Some(number(ROLES, "role", form.get("role"))?),
                unit: Some(form.text("unit")),
                team: Some(form.text("team")),
                since: day(form, "since")?.map(to_timestamp),
                score: Some(form.get("score").parse().map_err(|_| wrong())?),
                identity: None,
                remark,
                etag,
            };
            client.update_staff(request).await
        }
        _ => return Err(Error::new(Reason::NotFound)),
    };
    answer.map(|_| ()).map_err(failed)
}

/// Exactly one of a category and a word, with its days.
fn certification(form: &Form) -> Result<StaffCertification, Error> {
    let category = Category::parse(form.get("category"));
    let subject = match (category, form.get("word")) {
        (Some(one), "") => Subject::Category(one.number()),
        (None, word) if !word.is_empty() => Subject::Name(word.to_owned()),
        _ => {
            let expected = "either a category or a word";
            return Err(Error::field("category", Reason::FieldInvalid, expected));
        }
    };
    Ok(StaffCertification {
        subject: Some(subject),
        valid_from: day(form, "from")?.map(to_timestamp),
        valid_until: day(form, "until")?.map(to_timestamp),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certification_is_found_again_by_its_key() {
        for subject in [Subject::Category(3), Subject::Name("a:b".into())] {
            let one = StaffCertification { subject: Some(subject.clone()), ..Default::default() };
            assert_eq!(subject_of(&key(&one)), Some(subject));
        }
        assert_eq!((subject_of("category:x"), subject_of("x")), (None, None));
    }
}
