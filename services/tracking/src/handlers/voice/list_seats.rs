//! `ListSeats`: who follows cases, and how often they came.

use parasol_api::limits::FOREIGN_NUMBER_MAX;
use parasol_api::tracking::v1::{ListSeatsRequest, ListSeatsResponse};
use parasol_api::{Checker, Error, Reason, Role};
use parasol_casebook::Store;
use parasol_desk::Call;
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder};
use tonic::Request;

use crate::Tracking;
use crate::handlers::scores::month;
use crate::handlers::store_error;
use crate::scores::period::Month;
use crate::scores::views::small;
use crate::voice::tables::seats;
use crate::voice::{EXPECTED, QUOTA, views};

pub async fn handle(
    tracking: &Tracking,
    request: Request<ListSeatsRequest>,
) -> Result<ListSeatsResponse, Error> {
    let call = Call::reading(&request, "ListSeats")?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let period = month(&mut check, &request.period);
    let person = check.optional_text("person", &request.person, FOREIGN_NUMBER_MAX);
    let (period, person) = check.all((period, person))?;
    let person = match person.as_str() {
        "" => call.principal.subject.clone(),
        other if call.principal.role == Role::Operator || other == call.principal.subject => person,
        _ => return Err(Error::new(Reason::NotFound)),
    };
    let period = period.unwrap_or_else(|| Month::of(tracking.desk.clock.now())).to_string();
    let rows = of(&tracking.desk.store, &person, &period).await?;
    let attended = rows.iter().filter(|row| row.attended_at > 0).count();
    Ok(ListSeatsResponse {
        seats: rows.iter().map(views::seat).collect(),
        attended: i32::try_from(attended).unwrap_or(i32::MAX),
        expected: small(EXPECTED),
        quota: small(QUOTA),
    })
}

/// The seats of a person in a month, at most the quota.
pub async fn of(store: &Store, person: &str, period: &str) -> Result<Vec<seats::Model>, Error> {
    seats::Entity::find()
        .filter(seats::Column::Person.eq(person))
        .filter(seats::Column::Period.eq(period))
        .order_by(seats::Column::At, Order::Asc)
        .all(store.reader())
        .await
        .map_err(store_error)
}
