//! The page of one claim: its lines, what it rests on, its clock, and the forms that answer it.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::common::v1::Money;
use parasol_api::convert::timestamp;
use parasol_api::intake::v1::Evidence;
use parasol_api::limits::LONG_TEXT_MAX;
use parasol_api::verification::v1::{
    ApprovedLine, Claim, ClaimKind, ClaimLine, ClaimResponse, ClaimState, ClaimStep,
    GetClaimEvidenceRequest, GetClaimRequest, GetClaimResponse, RespondToClaimRequest,
};
use parasol_api::{Error, Language, Reason};

use super::{own_key, plain_yuan, settlement, tabs, words, yuan};
use crate::Gateway;
use crate::portal::calls::{Calls, failed};
use crate::portal::controls::{Filled, Look, alert, fact, hidden};
use crate::portal::door::{closed, failure, status};
use crate::portal::form::{Form, REQUEST_ID};
use crate::portal::page::{Page, redirect};
use crate::portal::session::Visitor;
use crate::portal::words::Pick as _;
use crate::portal::{HOME, Portal, times};
use crate::web::photos;
use crate::web::posted::Posted;

/// The answers a page offers: the name in addresses, and what is sent.
const ANSWERS: [(&str, ClaimResponse); 2] =
    [("accept", ClaimResponse::Accept), ("dispute", ClaimResponse::Dispute)];

/// An answer that was refused, with what was typed.
struct Refused {
    answer: ClaimResponse,
    form: Form,
    error: Error,
}

/// `GET /portal/claims/{claim}`.
pub(in crate::portal) async fn show(
    State(gateway): State<Gateway>,
    Path(claim): Path<String>,
    request: Request,
) -> Response {
    let portal = &gateway.portal;
    let (parts, _) = request.into_parts();
    let visitor = match Visitor::of(portal, &parts) {
        Ok(visitor) => visitor,
        Err(guest) => return closed(portal, guest, true),
    };
    let query = Form::of_query(parts.uri.query());
    let is_done = !query.get("done").is_empty();
    match read(&Calls::of(portal, &visitor), &claim).await {
        Ok(answer) => page(portal, &visitor, &answer, is_done, None),
        Err(error) => failure(&visitor.guest, &error),
    }
}

/// `POST /portal/claims/{claim}/{answer}`.
pub(in crate::portal) async fn respond(
    State(gateway): State<Gateway>,
    Path((claim, name)): Path<(String, String)>,
    request: Request,
) -> Response {
    let portal = &gateway.portal;
    let posted = match Posted::of(portal, request).await {
        Ok(posted) => posted,
        Err(door) => return *door,
    };
    let Some((_, answer)) = ANSWERS.into_iter().find(|(known, _)| *known == name) else {
        return failure(&posted.visitor.guest, &Error::new(Reason::NotFound));
    };
    let calls = Calls::of(portal, &posted.visitor);
    let sent = posted.then(send(&calls, &claim, answer, &posted.form)).await;
    let Posted { visitor, form, .. } = posted;
    match sent {
        Ok(()) => redirect(&format!("{HOME}/claims/{claim}?done={name}"), &visitor.guest),
        Err(error) => match read(&calls, &claim).await {
            Ok(found) => {
                let refused = Refused { answer, form, error };
                page(portal, &visitor, &found, false, Some(&refused))
            }
            Err(_) => failure(&visitor.guest, &error),
        },
    }
}

/// `GET /portal/claims/{claim}/evidence/{evidence}`: a photo that a claim rests on.
pub(in crate::portal) async fn evidence(
    State(gateway): State<Gateway>,
    Path((claim_id, evidence_id)): Path<(String, String)>,
    request: Request,
) -> Response {
    let portal = &gateway.portal;
    let (parts, _) = request.into_parts();
    let visitor = match Visitor::of(portal, &parts) {
        Ok(visitor) => visitor,
        Err(guest) => return closed(portal, guest, true),
    };
    let request = GetClaimEvidenceRequest { claim_id, evidence_id };
    let found = settlement(&Calls::of(portal, &visitor)).get_claim_evidence(request).await;
    let shown = match found.map_err(failed) {
        Ok(pieces) => photos::picture(pieces.into_inner()).await,
        Err(error) => Err(error),
    };
    shown.unwrap_or_else(|error| failure(&visitor.guest, &error))
}

async fn read(calls: &Calls, claim: &str) -> Result<GetClaimResponse, Error> {
    let request = GetClaimRequest { claim_id: claim.to_owned() };
    Ok(settlement(calls).get_claim(request).await.map_err(failed)?.into_inner())
}

async fn send(
    calls: &Calls,
    claim: &str,
    response: ClaimResponse,
    form: &Form,
) -> Result<(), Error> {
    let approved = match response {
        ClaimResponse::Accept => approved(form)?,
        _ => Vec::new(),
    };
    let request = RespondToClaimRequest {
        request_id: form.text(REQUEST_ID),
        claim_id: claim.to_owned(),
        etag: form.text("etag"),
        response: response.into(),
        remark: form.text("remark"),
        approved,
    };
    settlement(calls).respond_to_claim(request).await.map_err(failed)?;
    Ok(())
}

/// Lines of which another amount was typed than was requested.
fn approved(form: &Form) -> Result<Vec<ApprovedLine>, Error> {
    let mut approved = Vec::new();
    for pair in form.all("line") {
        let Some((number, requested)) = pair.split_once('/') else { continue };
        let typed = form.get(&format!("approved_{number}"));
        if typed.is_empty() || typed == requested {
            continue;
        }
        let number = number.parse().ok();
        let (Some(number), Some(fen)) = (number, fen_of(typed)) else {
            let expected = "an amount in yuan, such as 120 or 120.50";
            return Err(Error::field("approved", Reason::FieldInvalid, expected));
        };
        let amount = Some(Money { fen, currency: "CNY".to_owned() });
        approved.push(ApprovedLine { number, amount });
    }
    Ok(approved)
}

/// Reads yuan with up to two digits of fen.
fn fen_of(text: &str) -> Option<i64> {
    let (yuan, fen) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if yuan.is_empty() || yuan.len() > 12 || fen.len() > 2 || !digits(yuan) || !digits(fen) {
        return None;
    }
    let fen: i64 = format!("{fen:0<2}").parse().ok()?;
    Some(yuan.parse::<i64>().ok()? * 100 + fen)
}

fn page(
    portal: &Portal,
    visitor: &Visitor,
    found: &GetClaimResponse,
    is_done: bool,
    refused: Option<&Refused>,
) -> Response {
    let language = visitor.guest.language;
    let claim = found.claim.clone().unwrap_or_default();
    let kind = words::kind(claim.kind(), language);
    let may_answer = claim.partner == own_key(visitor);
    let body = html! {
        (tabs(language))
        h1 { (kind) " " (yuan(claim.amount.as_ref())) }
        @if is_done {
            p #done.notice role="status" { (language.pick("答复已提交。", "The answer is sent.")) }
        }
        @if let Some(refused) = refused { (alert(&refused.error, language)) }
        (facts(visitor, &claim))
        @if !claim.lines.is_empty() { (lines(&claim.lines, language)) }
        @if may_answer { (forms(portal, visitor, &claim, refused)) }
        @if !found.evidence.is_empty() { (pictures(&claim, &found.evidence, language)) }
        (history(&found.steps, language))
    };
    let code = refused.map_or(StatusCode::OK, |refused| status(&refused.error));
    Page { title: kind, head: html! {}, body }.for_visitor(code, visitor)
}

fn facts(visitor: &Visitor, claim: &Claim) -> Markup {
    let language = visitor.guest.language;
    let at = |wire: &Option<_>| wire.as_ref().and_then(timestamp);
    let raised = at(&claim.raised_at).map(|at| times::moment(at, language));
    let due = at(&claim.respond_by).filter(|_| claim.state() == ClaimState::Raised);
    let is_less = claim.requested != claim.amount;
    html! {
        dl.facts {
            (fact(language.pick("状态", "State"), words::state(claim.state(), language), true))
            @if let Some(due) = due {
                div {
                    dt { (language.pick("答复截止", "Answer by")) }
                    dd.due {
                        (times::moment(due, language))
                        p.hint { (language.pick("逾期未答复视为接受。", "No answer by then accepts it.")) }
                    }
                }
            }
            (fact(language.pick("由谁承担", "On"), &claim.partner, true))
            (fact(language.pick("付给", "To be paid to"), &claim.payee, !claim.payee.is_empty()))
            (fact(language.pick("申请金额", "Requested"), yuan(claim.requested.as_ref()), is_less))
            @if let Some(raised) = raised {
                (fact(language.pick("提出时间", "Raised"), raised, true))
            }
            (fact(language.pick("计入月份", "Counts in"), &claim.period, !claim.period.is_empty()))
            (fact(language.pick("服务单", "Case"), &claim.case_id, true))
            (fact(language.pick("检测单", "Certificate"), &claim.certificate_id, !claim.certificate_id.is_empty()))
            (fact(language.pick("规则", "Rules"), claim.rules.join(" "), !claim.rules.is_empty()))
            (fact(language.pick("凭据", "Reference"), &claim.reference, true))
            (fact(language.pick("说明", "Remark"), &claim.remark, !claim.remark.is_empty()))
        }
    }
}

fn lines(lines: &[ClaimLine], language: Language) -> Markup {
    html! {
        section {
            h2 { (language.pick("明细", "Lines")) }
            table {
                thead { tr {
                    th { (language.pick("项目", "What")) }
                    th { (language.pick("数量", "How many")) }
                    th { (language.pick("单价", "Each")) }
                    th { (language.pick("申请", "Requested")) }
                    th { (language.pick("核准", "Approved")) }
                    th { (language.pick("已付", "Paid")) }
                } }
                tbody { @for line in lines { tr {
                    td { (words::code(&line.code, language)) " " (line.item) }
                    td { (line.quantity) }
                    td { (yuan(line.unit.as_ref())) }
                    td { (yuan(line.requested.as_ref())) }
                    td { (yuan(line.approved.as_ref())) }
                    td { (yuan(line.paid.as_ref())) }
                } } }
            }
        }
    }
}

/// The answers that are open to the visitor; a dispute may still be given up.
fn forms(portal: &Portal, visitor: &Visitor, claim: &Claim, refused: Option<&Refused>) -> Markup {
    let language = visitor.guest.language;
    let is_open = matches!(claim.state(), ClaimState::Raised | ClaimState::Disputed);
    let nothing = Form::default();
    let filled = |answer: ClaimResponse, of| {
        let refused = refused.filter(|refused| refused.answer == answer);
        Filled {
            of,
            language,
            form: refused.map_or(&nothing, |refused| &refused.form),
            error: refused.map(|refused| &refused.error),
        }
    };
    let accept = filled(ClaimResponse::Accept, "accept");
    let dispute = filled(ClaimResponse::Dispute, "dispute");
    let by_line = claim.kind() == ClaimKind::Repair;
    let less = Look {
        hint: language.pick(
            "核准金额少于申请金额时必填。",
            "Needed where less is approved than was requested.",
        ),
        max: LONG_TEXT_MAX,
        ..Look::default()
    };
    html! {
        @if is_open {
            form.card method="post" action=(action(claim, "accept")) {
                h2 { (language.pick("接受", "Accept")) }
                (hidden(portal, visitor, &accept))
                input type="hidden" name="etag" value=(claim.etag);
                @if by_line {
                    @for line in &claim.lines { (approval(&accept, line, language)) }
                    (accept.area("remark", language.pick("说明", "Remark"), less))
                }
                button.main { (language.pick("接受索赔", "Accept the claim")) }
            }
        }
        @if claim.state() == ClaimState::Raised {
            form.card method="post" action=(action(claim, "dispute")) {
                h2 { (language.pick("提出异议", "Dispute")) }
                (hidden(portal, visitor, &dispute))
                input type="hidden" name="etag" value=(claim.etag);
                (dispute.area("remark", language.pick("理由", "Why"), Look {
                    required: true, max: LONG_TEXT_MAX, ..Look::default()
                }))
                button { (language.pick("提出异议", "Dispute the claim")) }
            }
        }
    }
}

fn approval(filled: &Filled<'_>, line: &ClaimLine, language: Language) -> Markup {
    let requested = plain_yuan(line.requested.as_ref());
    let label = format!("{} {}", words::code(&line.code, language), line.item);
    let name = format!("approved_{}", line.number);
    let hint = language.pick("核准金额（元）", "Approved, in yuan");
    let look = Look { value: &requested, hint, required: true, ..Look::default() };
    html! {
        input type="hidden" name="line" value={ (line.number) "/" (requested) };
        (filled.input(&name, label.trim(), look))
    }
}

fn action(claim: &Claim, answer: &str) -> String {
    format!("{HOME}/claims/{}/{answer}", claim.claim_id)
}

fn pictures(claim: &Claim, evidence: &[Evidence], language: Language) -> Markup {
    let title = language.pick("照片与视频", "Photos and films");
    html! {
        section {
            h2 { (title) }
            ul.photos { @for piece in evidence {
                @let path = format!("{HOME}/claims/{}/evidence/{}", claim.claim_id, piece.evidence_id);
                li {
                    a href=(path) {
                        @if piece.media_type.starts_with("image/") {
                            img src=(path) alt=(title) loading="lazy";
                        } @else {
                            (language.pick("视频", "Film"))
                        }
                    }
                }
            } }
        }
    }
}

fn history(steps: &[ClaimStep], language: Language) -> Markup {
    html! {
        section {
            h2 { (language.pick("经过", "What happened")) }
            ol.steps { @for step in steps {
                li {
                    @if let Some(at) = step.at.as_ref().and_then(timestamp) {
                        (times::moment(at, language)) " "
                    }
                    (words::act(&step.act, language)) " (" (step.by) ")"
                }
            } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_they_are_typed() {
        for (text, fen) in [("120", 12_000), ("120.5", 12_050), ("0.05", 5), ("120.50", 12_050)] {
            assert_eq!(fen_of(text), Some(fen), "{text}");
        }
        for wrong in ["", ".", "1.234", "-1", "1,5", "一百", "9999999999999"] {
            assert_eq!(fen_of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_lines_with_another_amount_are_cut() {
        let mut form = Form::default();
        for (name, value) in [
            ("line", "1/50.00"),
            ("approved_1", "50.00"),
            ("line", "2/200.00"),
            ("approved_2", "120"),
        ] {
            form.add(name, value.to_owned()).unwrap();
        }
        let cuts = approved(&form).unwrap();
        assert_eq!(cuts.len(), 1);
        assert_eq!((cuts[0].number, cuts[0].amount.as_ref().unwrap().fen), (2, 12_000));
        form.add("line", "3/1.00".to_owned()).unwrap();
        form.add("approved_3", "much".to_owned()).unwrap();
        assert_eq!(approved(&form).unwrap_err().reason(), Reason::FieldInvalid);
    }
}
