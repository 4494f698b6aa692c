//! `ListStaffRanking`: registered people by one figure. An agent is told their own row.

use std::collections::HashMap;

use parasol_api::admin::v1::{
    AuthorityRole, ListStaffRankingRequest, ListStaffRankingResponse, StaffFigure, StaffRank,
};
use parasol_api::limits::CODE_MAX;
use parasol_api::{Checker, Error, Reason, Role};
use parasol_desk::Call;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tonic::Request;

use super::list_authority_use::period;
use super::store_error;
use crate::Verification;
use crate::staff::figures::of_period;
use crate::staff::ranking::{Candidate, SAMPLE_MIN, rank};
use crate::staff::role_of;
use crate::tables::staff::accounts::{Column, Entity};

/// The most people in an answer.
const RANKS_MAX: usize = 500;

pub async fn handle(
    service: &Verification,
    request: Request<ListStaffRankingRequest>,
) -> Result<ListStaffRankingResponse, Error> {
    let call = Call::reading(&request, "ListStaffRanking")?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let by = check.known::<StaffFigure>("figure", request.figure);
    let period = period(&mut check, &request.from, &request.until);
    let role = match AuthorityRole::try_from(request.role) {
        Ok(role) => Some(role_of(role)),
        Err(_) => check.refuse("role", Reason::FieldInvalid, "a value of the list"),
    };
    let unit = check.optional_text("unit", &request.unit, CODE_MAX);
    let team = check.optional_text("team", &request.team, CODE_MAX);
    let (by, period, role, unit, team) = check.all((by, period, role, unit, team))?;
    let mut query = Entity::find();
    if let Some(role) = role {
        query = query.filter(Column::Role.eq(role.as_str()));
    }
    if !unit.is_empty() {
        query = query.filter(Column::Unit.eq(unit));
    }
    if !team.is_empty() {
        query = query.filter(Column::Team.eq(team));
    }
    let store = &service.desk.store;
    let accounts = query.all(store.reader()).await.map_err(store_error)?;
    let figures = of_period(store, period, None).await?;
    let candidates = accounts.iter().map(|account| {
        let did = figures.get(&account.subject).copied().unwrap_or_default();
        Candidate::new(account.subject.clone(), &did, by)
    });
    let ranked = rank(candidates.collect(), by);
    let places = ranked.iter().filter(|one| one.place > 0).count();
    let accounts: HashMap<_, _> =
        accounts.into_iter().map(|account| (account.subject.clone(), account)).collect();
    let me = &call.principal;
    let is_shown = |one: &&Candidate| me.role != Role::Agent || one.subject == me.subject;
    let shown: Vec<_> = ranked.iter().filter(is_shown).collect();
    let row = |one: &&Candidate| {
        let account = accounts.get(&one.subject);
        StaffRank {
            place: one.place,
            subject: one.subject.clone(),
            unit: account.map(|account| account.unit.clone()).unwrap_or_default(),
            team: account.map(|account| account.team.clone()).unwrap_or_default(),
            value: one.value,
            sample: one.sample,
        }
    };
    Ok(ListStaffRankingResponse {
        ranks: shown.iter().take(RANKS_MAX).map(row).collect(),
        more: shown.len() > RANKS_MAX,
        sample_min: SAMPLE_MIN,
        ranked: i64::try_from(places).unwrap_or(i64::MAX),
    })
}
