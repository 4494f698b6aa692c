//! `GetDispute`: how a dispute stands, and what both sides and the experts have said.

use std::collections::HashMap;

use parasol_api::common::v1::EvidenceItem as WireItem;
use parasol_api::convert::{Listed, to_timestamp};
use parasol_api::verification::v1::{Dispute, DisputeStatement, GetDisputeRequest, PanelView};
use parasol_api::{Checker, Error, Reason, Role};
use parasol_desk::Call;
use parasol_journey::Case;
use parasol_journey::case;
use parasol_journey::certificate::EvidenceItem;
use parasol_journey::deadline::Clock;
use parasol_journey::event::Awaited;
use parasol_journey::ids::CaseId;
use parasol_journey::time::Timestamp;
use parasol_journey::{Stage, Task};
use parasol_runtime::identity::Principal;
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;
use tonic::Request;
use uuid::Uuid;

use super::reply_to_dispute::is_a_side;
use super::store_error;
use super::submit_dispute_evidence::{KIND as EVIDENCE, until};
use super::submit_opinion::{KIND as OPINION, SIDE as EXPERT};
use crate::Verification;
use crate::tables::hearing::evidence;

/// The most statements shown; a case takes fewer.
const STATEMENTS_MAX: u64 = 100;

pub async fn handle(
    service: &Verification,
    request: Request<GetDisputeRequest>,
) -> Result<Dispute, Error> {
    let call = Call::reading(&request, "GetDispute")?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let id = check.id::<CaseId>("case_id", &request.case_id);
    let (id,) = check.all((id,))?;
    let case = service.desk.case(&call.principal, id).await?;
    is_a_side(&case, &call.principal).map_err(|_| Error::new(Reason::NotFound))?;
    let dispute = case.dispute.as_ref().ok_or_else(|| Error::new(Reason::NotFound))?;
    let told = |kind| said(service, id.uuid(), kind);
    let mut statements = Vec::new();
    if let Some(body) = told("dispute").await? {
        statements.push(statement("customer", None, &body, "reason"));
    }
    if let Some(body) = told("dispute_reply").await? {
        statements.push(statement("brand", None, &body, "reply"));
    }
    statements.extend(handed_in(service, &call.principal, id).await?);
    let panel = match &dispute.panel {
        Some(panel) => {
            let asked = told("panel").await?.unwrap_or_default();
            Some(panel_view(panel, &asked, call.principal.role))
        }
        None => None,
    };
    let due = |clock| case.owes(Task::Clock(clock)).map(|owed| to_timestamp(owed.due));
    Ok(Dispute {
        case_id: id.to_string(),
        contested: dispute.reason.clone(),
        awaits: awaits(&case).to_owned(),
        reply_due: due(Clock::DisputeReply),
        evidence_until: until(&case).map(to_timestamp),
        lab_has_unit: dispute.at_lab,
        report_due: due(Clock::LabReport),
        heard: dispute.heard,
        conceded: dispute.conceded,
        tests: i32::try_from(dispute.tests).unwrap_or(i32::MAX),
        loser: dispute.loser.map_or(0, Listed::number),
        statements,
        panel,
    })
}

/// What the dispute waits for, in a word; nothing once it is heard.
fn awaits(case: &Case) -> &'static str {
    let awaited = case.dispute.as_ref().map(|dispute| dispute.awaits);
    match awaited.filter(|_| case.stage == Stage::Disputed) {
        Some(Awaited::Reply) => "reply",
        Some(Awaited::Evidence) => "evidence",
        Some(Awaited::Lab) => "lab",
        Some(Awaited::Panel) => "panel",
        None => "",
    }
}

async fn said(service: &Verification, subject: Uuid, kind: &str) -> Result<Option<Value>, Error> {
    let body = service.desk.store.reveal(subject, kind).await.map_err(store_error)?;
    body.map(|body| serde_json::from_str(&body).map_err(Error::internal)).transpose()
}

/// Evidence of both sides, oldest first, and the experts' grounds for those who may know them.
async fn handed_in(
    service: &Verification,
    reader: &Principal,
    case: CaseId,
) -> Result<Vec<DisputeStatement>, Error> {
    let store = service.desk.within(reader).store;
    let rows = evidence::Entity::find()
        .filter(evidence::Column::CaseId.eq(case.uuid()))
        .order_by(evidence::Column::At, Order::Asc)
        .order_by(evidence::Column::Evidence, Order::Asc)
        .limit(STATEMENTS_MAX)
        .all(store.reader())
        .await
        .map_err(store_error)?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.evidence).collect();
    let mut bodies = HashMap::new();
    for kind in [EVIDENCE, OPINION] {
        let found = store.reveal_many(ids.iter().copied(), kind).await.map_err(store_error)?;
        bodies.extend(found);
    }
    let mut statements = Vec::new();
    for row in rows {
        if row.side == EXPERT && !sees_opinions(reader.role) {
            continue;
        }
        let Some(body) = bodies.get(&row.evidence) else { continue };
        let body: Value = serde_json::from_str(body).map_err(Error::internal)?;
        let field = if row.side == EXPERT { "grounds" } else { "statement" };
        let at = Timestamp::from_micros(row.at);
        statements.push(statement(&row.side, Some(at), &body, field));
    }
    Ok(statements)
}

/// What single experts say is for those who run the hearing; the sides learn the finding.
fn sees_opinions(role: Role) -> bool {
    matches!(role, Role::Agent | Role::Manager)
}

fn statement(side: &str, at: Option<Timestamp>, body: &Value, field: &str) -> DisputeStatement {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let items = body.get("evidence").cloned().unwrap_or_default();
    let items: Vec<EvidenceItem> = serde_json::from_value(items).unwrap_or_default();
    DisputeStatement {
        side: side.to_owned(),
        said_at: at.map(to_timestamp),
        text: text(field),
        cause_sign: text("cause_sign"),
        evidence: items.into_iter().map(item).collect(),
    }
}

fn item(item: EvidenceItem) -> WireItem {
    WireItem {
        kind: item.kind.number(),
        sha256: item.sha256,
        taken_at: Some(to_timestamp(item.taken_at)),
    }
}

fn panel_view(panel: &case::Panel, asked: &Value, reader: Role) -> PanelView {
    let text = |name: &str| asked.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let by_name = matches!(reader, Role::Agent | Role::Manager | Role::Lab);
    let count = |length: usize| i32::try_from(length).unwrap_or(i32::MAX);
    PanelView {
        experts: if by_name { panel.experts.clone() } else { Vec::new() },
        asked: count(panel.experts.len()),
        given: count(panel.opinions.len()),
        standard: text("standard"),
        question: text("question"),
        function: panel.finding.map_or(0, |(function, _)| function.number()),
        cause: panel.finding.map_or(0, |(_, cause)| cause.number()),
    }
}
