//! `RecordFunds`: what the retailer owes a partner, or what a partner has deposited.

use parasol_api::limits::FOREIGN_NUMBER_MAX;
use parasol_api::verification::v1::{FundsKind, RecordFundsRequest, RecordFundsResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use tonic::Request;

use super::partner;
use crate::Verification;
use crate::ledger::postings::posting_id;
use crate::ledger::{Account, Place, Posting, PostingKind};
use crate::settlement::period::Period;

/// The most that one document can be about: ten thousand million yuan, so that sums stay far from the end of
/// the numbers.
const FUNDS_FEN_MAX: i64 = 1_000_000_000_000;

pub async fn handle(
    service: &Verification,
    request: Request<RecordFundsRequest>,
) -> Result<RecordFundsResponse, Error> {
    let call = Call::changing(&request, "RecordFunds", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let partner = partner::given(&mut check, &request.partner);
    let kind = check.known::<FundsKind>("kind", request.kind);
    let amount_fen = check.money("amount", &request.amount);
    let amount_fen = amount_fen.and_then(|fen| check.number("amount", fen, 1..=FUNDS_FEN_MAX));
    let reference = check.text("reference", &request.reference, FOREIGN_NUMBER_MAX);
    let (partner, kind, amount_fen, reference) =
        check.all((partner, kind, amount_fen, reference))?;

    let (other, account) = match kind {
        FundsKind::Deposit => (Account::Bank, Account::PartnerDeposit),
        _ => (Account::Purchases, Account::PartnerPayable),
    };
    let now = service.desk.clock.now();
    let id = posting_id(&["funds", &partner.key(), account.as_str(), &reference]);
    let posting = Posting::new(id, PostingKind::Funds, now).moves(
        amount_fen,
        Place::of(other),
        Place::with(account, &partner),
    );
    let answer = RecordFundsResponse { period: Period::of(now).to_string() };
    service.desk.record(&call, posting.rows_once().collect(), &answer, Reason::FundsKnown).await
}
