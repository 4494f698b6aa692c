//! `RevokeApiKey`.

use parasol_api::admin::v1::{ApiKey, RevokeApiKeyRequest};
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::RowOp;
use parasol_desk::Call;
use sea_orm::{EntityTrait, IntoActiveModel as _};
use tonic::Request;

use crate::api_keys::{KeyId, stamped, used, view};
use crate::tables::api_keys;
use crate::{Dispatch, unreadable};

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<RevokeApiKeyRequest>,
) -> Result<ApiKey, Error> {
    let body = request.get_ref();
    let call = Call::changing(&request, "RevokeApiKey", &body.request_id)?;
    let mut check = Checker::new();
    let id = check.id::<KeyId>("key_id", &body.key_id);
    let (id,) = check.all((id,))?;
    let desk = &dispatch.desk;
    if let Some(saved) = desk.saved(&call).await? {
        // It may have been taken back with nobody here having looked since.
        dispatch.api_keys.run_once().await.map_err(unreadable)?;
        return Ok(saved);
    }
    let row = api_keys::Entity::find_by_id(id.0).one(desk.store.reader()).await;
    let mut row = row.map_err(unreadable)?.ok_or_else(|| Error::new(Reason::NotFound))?;
    if row.revoked_at == 0 {
        row.revoked_at = desk.clock.now().micros();
    }
    let days = used(desk, vec![row.key]).await?;
    let answer = view(&row, days.get(&row.key).copied().unwrap_or_default());
    let rows = vec![RowOp::put(row.into_active_model()), stamped(desk.ids.next())];
    let answer = desk.record(&call, rows, &answer, None).await?;
    // Nobody is let in with it through this process once this is answered.
    dispatch.api_keys.run_once().await.map_err(unreadable)?;
    Ok(answer)
}
