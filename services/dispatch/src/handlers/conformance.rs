//! `RecordConformance` and `GetConformance`: passes of the conformance kit.
//!
//! A pass is kept as it is told. That no check failed is all that is looked at.

use std::collections::HashSet;

use parasol_api::admin::v1::conformance_service_server::ConformanceService;
use parasol_api::admin::v1::{
    ConformanceCheck, ConformanceOutcome, ConformanceRecord, ConformanceSide,
    GetConformanceRequest, GetConformanceResponse, RecordConformanceRequest,
};
use parasol_api::convert::to_timestamp;
use parasol_api::limits::{CODE_MAX, FOREIGN_NUMBER_MAX, REMARK_MAX};
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::RowOp;
use parasol_desk::Call;
use parasol_journey::ids::BrandId;
use parasol_journey::time::Timestamp;
use parasol_runtime::identity::{Principal, Role};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QueryOrder as _,
};
use tonic::{Request, Response, Status};

use crate::tables::{brands, conformance};
use crate::{Dispatch, unreadable};

/// Checks of a pass.
const CHECKS_MAX: usize = 100;

#[tonic::async_trait]
impl ConformanceService for Dispatch {
    async fn record_conformance(
        &self,
        request: Request<RecordConformanceRequest>,
    ) -> Result<Response<ConformanceRecord>, Status> {
        Ok(Response::new(record(self, request).await?))
    }

    async fn get_conformance(
        &self,
        request: Request<GetConformanceRequest>,
    ) -> Result<Response<GetConformanceResponse>, Status> {
        Ok(Response::new(get(self, request).await?))
    }
}

async fn record(
    dispatch: &Dispatch,
    request: Request<RecordConformanceRequest>,
) -> Result<ConformanceRecord, Error> {
    let body = request.get_ref();
    let call = Call::changing(&request, "RecordConformance", &body.request_id)?;
    let mut check = Checker::new();
    let brand = check.optional_id::<BrandId>("brand", &body.brand);
    let side = check.known::<ConformanceSide>("side", body.side);
    let release = check.text("release", &body.release, CODE_MAX);
    let commit = check.optional_text("commit", &body.commit, FOREIGN_NUMBER_MAX);
    let started_at = check.instant("started_at", &body.started_at);
    let checks = checks(&mut check, &body.checks);
    let (brand, side, release, commit, started_at, ()) =
        check.all((brand, side, release, commit, started_at, checks))?;
    let brand = whose(dispatch, &call.principal, brand).await?;
    let listed: Vec<_> =
        body.checks.iter().map(|one| (&one.code, one.outcome, &one.evidence)).collect();
    let row = conformance::Model {
        brand,
        side: name(side).to_owned(),
        kit_release: release,
        kit_commit: commit,
        recorded_by: call.principal.role.as_str().to_owned(),
        checks: serde_json::to_string(&listed).map_err(Error::internal)?,
        started_at: started_at.micros(),
        recorded_at: dispatch.desk.clock.now().micros(),
    };
    let answer = shown(&row)?;
    dispatch.desk.record(&call, vec![RowOp::put(row.into_active_model())], &answer, None).await
}

/// The checks are those of a pass.
fn checks(check: &mut Checker, checks: &[ConformanceCheck]) -> Option<()> {
    check.at_most("checks", checks, CHECKS_MAX)?;
    let mut codes = HashSet::new();
    let mut fine = Some(());
    for (place, one) in checks.iter().enumerate() {
        let field = |name: &str| format!("checks[{place}].{name}");
        let code = check.text(&field("code"), &one.code, CODE_MAX);
        let outcome = check.known::<ConformanceOutcome>(&field("outcome"), one.outcome);
        let evidence = check.optional_text(&field("evidence"), &one.evidence, REMARK_MAX);
        let (Some(code), Some(outcome), Some(_)) = (code, outcome, evidence) else {
            fine = None;
            continue;
        };
        if outcome == ConformanceOutcome::Fail || !codes.insert(code) {
            let expected = "a check that did not fail, named once";
            fine = check.refuse(&field("outcome"), Reason::FieldInvalid, expected);
        }
    }
    let pass = i32::from(ConformanceOutcome::Pass);
    if checks.iter().all(|one| one.outcome != pass) {
        return check.refuse("checks", Reason::FieldInvalid, "at least one check that passed");
    }
    fine
}

async fn get(
    dispatch: &Dispatch,
    request: Request<GetConformanceRequest>,
) -> Result<GetConformanceResponse, Error> {
    let call = Call::reading(&request, "GetConformance")?;
    let mut check = Checker::new();
    let brand = check.optional_id::<BrandId>("brand", &request.get_ref().brand);
    let (brand,) = check.all((brand,))?;
    let brand = whose(dispatch, &call.principal, brand).await?;
    let rows = conformance::Entity::find()
        .filter(conformance::Column::Brand.eq(brand))
        .order_by_asc(conformance::Column::Side)
        .all(dispatch.desk.store.reader())
        .await
        .map_err(unreadable)?;
    let records = rows.iter().map(shown).collect::<Result<_, _>>()?;
    Ok(GetConformanceResponse { records })
}

/// The brand it is about. What is another's is not told from what is not there.
async fn whose(
    dispatch: &Dispatch,
    caller: &Principal,
    named: Option<BrandId>,
) -> Result<String, Error> {
    if caller.role == Role::Brand {
        let is_own = named.is_none_or(|brand| brand.as_str() == caller.subject);
        return is_own.then(|| caller.subject.clone()).ok_or_else(|| Error::new(Reason::NotFound));
    }
    let Some(brand) = named else {
        return Err(Error::field("brand", Reason::FieldInvalid, "a brand"));
    };
    let row = brands::Entity::find_by_id(brand.as_str()).one(dispatch.desk.store.reader()).await;
    row.map_err(unreadable)?.ok_or_else(|| Error::new(Reason::BrandUnknown))?;
    Ok(brand.as_str().to_owned())
}

fn name(side: ConformanceSide) -> &'static str {
    match side {
        ConformanceSide::Partner => "partner",
        _ => "platform",
    }
}

fn shown(row: &conformance::Model) -> Result<ConformanceRecord, Error> {
    let listed: Vec<(String, i32, String)> =
        serde_json::from_str(&row.checks).map_err(Error::internal)?;
    let side = match row.side.as_str() {
        "partner" => ConformanceSide::Partner,
        _ => ConformanceSide::Platform,
    };
    let checks = listed.into_iter();
    Ok(ConformanceRecord {
        brand: row.brand.clone(),
        side: side.into(),
        release: row.kit_release.clone(),
        commit: row.kit_commit.clone(),
        started_at: Some(to_timestamp(Timestamp::from_micros(row.started_at))),
        recorded_at: Some(to_timestamp(Timestamp::from_micros(row.recorded_at))),
        recorded_by: row.recorded_by.clone(),
        checks: checks
            .map(|(code, outcome, evidence)| ConformanceCheck { code, outcome, evidence })
            .collect(),
    })
}
