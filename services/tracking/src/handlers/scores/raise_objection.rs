//! `RaiseObjection`: a brand says that an occurrence should not count as it does, before its month is published.

use parasol_api::limits::LONG_TEXT_MAX;
use parasol_api::tracking::v1::{RaiseObjectionRequest, ScoreObjection};
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::RowOp;
use parasol_desk::Call;
use parasol_journey::ids::CaseId;
use parasol_journey::vocab::Category;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel as _, PaginatorTrait, QueryFilter};
use tonic::Request;

use super::{indicator, required_month, with_words};
use crate::Tracking;
use crate::handlers::store_error;
use crate::scores::cards::Whose;
use crate::scores::indicator::Level;
use crate::scores::objection::{self, OBJECTIONS_MAX, ObjectionId, State};
use crate::scores::read::{self, Stand};
use crate::scores::sheets;
use crate::scores::tables::score_objections;
use crate::voice::store::{Step, Words, words_row};

pub async fn handle(
    tracking: &Tracking,
    request: Request<RaiseObjectionRequest>,
) -> Result<ScoreObjection, Error> {
    let call = Call::changing(&request, "RaiseObjection", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let category = check.listed::<Category>("category", request.category);
    let month = required_month(&mut check, &request.period);
    let indicator = indicator(&mut check, &request.indicator);
    let case = check.id::<CaseId>("case_id", &request.case_id);
    let text = check.text("text", &request.text, LONG_TEXT_MAX);
    let (category, month, indicator, case, text) =
        check.all((category, month, indicator, case, text))?;
    let (desk, brand) = (&tracking.desk, call.principal.subject.clone());
    let (store, now) = (&desk.store, desk.clock.now());
    let whose = Whose { level: Level::Brand, subject: brand.clone(), category: Some(category) };
    // Asked first: what was objected to may be counted differently by now.
    if let Some(saved) = desk.saved::<ScoreObjection>(&call).await? {
        return with_words(store, saved).await;
    }
    let figure = whose.figure(indicator, month);
    if !sheets::counts(store, &figure, case).await? {
        return Err(Error::new(Reason::NotFound));
    }
    let is_open = read::stand(store, month, now).await? == Stand::Preview;
    // What is due to be frozen is not opened again by a counting that is late.
    if !is_open || now >= month.published_at() {
        return Err(Error::new(Reason::ScoreNotInPreview));
    }
    let period = month.to_string();
    let known = score_objections::Entity::find()
        .filter(score_objections::Column::Brand.eq(brand.as_str()))
        .filter(score_objections::Column::Period.eq(period.as_str()))
        .count(store.reader());
    if known.await.map_err(store_error)? >= OBJECTIONS_MAX {
        return Err(Error::new(Reason::ObjectionsFull));
    }
    let row = score_objections::Model {
        objection: ObjectionId::of(figure.id(), case).0,
        version: 1,
        brand,
        category: category.as_str().to_owned(),
        period,
        indicator: indicator.as_str().to_owned(),
        case_id: case.uuid(),
        state: State::Raised.as_str().to_owned(),
        raised_at: now.micros(),
        answered_at: 0,
    };
    let words = Words { text, more: String::new() };
    let said_by = call.principal.to_string();
    let (subject, act) = (row.objection, "objected");
    let mut rows = Step { subject, number: 1, act, said_by: &said_by, said: None }.rows(now);
    rows.push(words_row(row.objection, &words, now));
    // What is saved has no words: they are the vault's.
    let answer = objection::view(&row, None);
    rows.push(RowOp::claim(row.into_active_model()));
    let told = desk.record(&call, rows, &answer, Reason::ObjectionRaised).await?;
    with_words(store, told).await
}
