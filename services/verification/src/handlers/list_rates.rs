//! `ListRates`: the revisions of a rate card.

use parasol_api::verification::v1::{ListRatesRequest, ListRatesResponse};
use parasol_api::{Checker, Error, Reason, Role};
use parasol_desk::Call;
use parasol_journey::ids::BrandId;
use tonic::Request;

use super::store_error;
use crate::rates::Card;
use crate::rates::store::revisions;
use crate::{Verification, settlement_views};

/// Revisions that are shown.
const CARDS_MAX: u64 = 100;

pub async fn handle(
    service: &Verification,
    request: Request<ListRatesRequest>,
) -> Result<ListRatesResponse, Error> {
    let call = Call::reading(&request, "ListRates")?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let brand = match request.brand.as_str() {
        "" => Some(String::new()),
        text => check.id::<BrandId>("brand", text).map(|brand| brand.to_string()),
    };
    let (brand,) = check.all((brand,))?;
    // What another brand pays its centres is that brand's business; the card of all is everybody's.
    let is_anothers = call.principal.role == Role::Brand && brand != call.principal.subject;
    if is_anothers && !brand.is_empty() {
        return Err(Error::new(Reason::NotFound));
    }
    let cards = revisions(&service.desk.store, &brand, CARDS_MAX).await.map_err(store_error)?;
    let of_the_program = brand.is_empty().then(Card::of_the_program);
    let cards = cards.iter().chain(of_the_program).map(settlement_views::card).collect();
    Ok(ListRatesResponse { cards })
}
