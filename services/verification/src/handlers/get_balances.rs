//! `GetBalances`: every account with its balance.

use parasol_api::Error;
use parasol_api::verification::v1::{Balance, GetBalancesRequest, GetBalancesResponse};
use parasol_desk::Call;
use tonic::Request;

use super::store_error;
use crate::Verification;
use crate::ledger::read::balances;
use crate::settlement_views::money;

pub async fn handle(
    service: &Verification,
    request: Request<GetBalancesRequest>,
) -> Result<GetBalancesResponse, Error> {
    Call::reading(&request, "GetBalances")?;
    let found = balances(&service.desk.store).await.map_err(store_error)?;
    let total = found.iter().map(|one| one.amount_fen).sum();
    let balances = found.into_iter().map(|one| Balance {
        account: one.account.as_str().to_owned(),
        partner: one.party,
        amount: money(one.amount_fen),
    });
    Ok(GetBalancesResponse { balances: balances.collect(), total: money(total) })
}
