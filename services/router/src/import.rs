//! An import of orders, each row in the cell of its address.
//!
//! A stock keeping unit goes to every cell. The answer is the one that a single cell would give: every row in the order
//! in which it came, with its number. Where a cell cannot be reached nothing is said of any row, and the same stream is
//! sent again: rows are known by their own keys, and each cell knows its part by the request id.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures::future::try_join_all;
use parasol_api::common::v1::{RowResult, RowStatus};
use parasol_api::intake::v1::import_orders_request::Content;
use parasol_api::intake::v1::{ImportOrdersRequest, ImportOrdersResponse};
use parasol_api::limits::IMPORT_ROWS_MAX;
use parasol_api::{Error, Reason};
use prost::Message as _;

use crate::ask::{Call, Cell};
use crate::frames::Reader;
use crate::route::{Area, area};

/// Bytes of all rows of a call together.
const ROWS_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Where a row goes.
enum Goes {
    To(u16),
    ToAll,
    Nowhere,
}

/// Takes the rows of a call and hands each to its cell.
///
/// # Errors
/// `MESSAGE_TOO_LARGE` for too many rows, `CELL_UNAVAILABLE`, and what the cells say of the call.
pub async fn orders(cells: &[Cell], call: &Call, mut reader: Reader) -> Result<Bytes, Error> {
    let rows = read(&mut reader).await?;
    let (parts, ways) = divided(cells, rows);
    let said = parts.into_iter().filter_map(|(number, rows)| {
        let cell = cells.iter().find(|cell| cell.route.number == number)?;
        Some(async move {
            let answer = cell.ask(call, rows).await?;
            let answer = ImportOrdersResponse::decode(answer).map_err(Error::internal)?;
            Ok::<_, Error>((number, answer.results))
        })
    });
    let said = try_join_all(said).await?;
    Ok(joined(ways, said.into_iter().collect())?.encode_to_vec().into())
}

async fn read(reader: &mut Reader) -> Result<Vec<ImportOrdersRequest>, Error> {
    let (mut rows, mut bytes) = (Vec::new(), 0);
    while let Some(message) = reader.next().await? {
        bytes += message.len();
        if rows.len() >= IMPORT_ROWS_MAX || bytes > ROWS_BYTES_MAX {
            return Err(Error::new(Reason::MessageTooLarge));
        }
        let row = ImportOrdersRequest::decode(message);
        rows.push(row.map_err(|error| Error::new(Reason::FieldInvalid).because(error))?);
    }
    Ok(rows)
}

/// Rows by the cell they go to, and for each, in order, its line and where it goes.
type Sorted = (BTreeMap<u16, Vec<Bytes>>, Vec<(i64, Goes)>);

/// The rows of each cell, and where each row went, with its number.
fn divided(cells: &[Cell], rows: Vec<ImportOrdersRequest>) -> Sorted {
    let routes: Vec<_> = cells.iter().map(|cell| &cell.route).collect();
    let request_id = rows.first().map(|row| row.request_id.clone()).unwrap_or_default();
    let mut parts = BTreeMap::<u16, Vec<Bytes>>::new();
    let mut ways = Vec::with_capacity(rows.len());
    if rows.is_empty() {
        // The first cell says what it thinks of a call without rows.
        parts.extend(routes.first().map(|route| (route.number, Vec::new())));
    }
    for (nth, mut row) in rows.into_iter().enumerate() {
        if row.row == 0 {
            row.row = i64::try_from(nth + 1).unwrap_or(i64::MAX);
        }
        row.request_id.clone_from(&request_id);
        let county = match &row.content {
            Some(Content::Order(order)) => order.customer.as_ref().map(|one| one.county.as_str()),
            Some(Content::Sku(_)) | None => None,
        };
        let is_order = matches!(row.content, Some(Content::Order(_)));
        let goes = match county.map_or(Area::Unreadable, |county| area(&routes, county)) {
            Area::Of(cell) => Goes::To(cell),
            Area::Unserved => Goes::Nowhere,
            // The first cell says what is wrong with it.
            Area::Unreadable if is_order => Goes::To(routes.first().map_or(0, |one| one.number)),
            Area::Unreadable => Goes::ToAll,
        };
        let message = Bytes::from(row.encode_to_vec());
        let to = routes.iter().map(|route| route.number).filter(|number| match goes {
            Goes::To(cell) => *number == cell,
            Goes::ToAll => true,
            Goes::Nowhere => false,
        });
        for number in to {
            parts.entry(number).or_default().push(message.clone());
        }
        ways.push((row.row, goes));
    }
    (parts, ways)
}

/// What became of each row, in the order in which they came.
fn joined(
    ways: Vec<(i64, Goes)>,
    said: BTreeMap<u16, Vec<RowResult>>,
) -> Result<ImportOrdersResponse, Error> {
    let short = || Error::internal("a cell did not answer for every row");
    let mut said: BTreeMap<_, _> =
        said.into_iter().map(|(cell, results)| (cell, results.into_iter())).collect();
    let mut all = ImportOrdersResponse::default();
    for (row, goes) in ways {
        let result = match goes {
            Goes::To(cell) => said.get_mut(&cell).and_then(Iterator::next).ok_or_else(short)?,
            Goes::ToAll => {
                let each = said.values_mut().map(|results| results.next().ok_or_else(short));
                let each = each.collect::<Result<Vec<_>, _>>()?;
                each.into_iter().max_by_key(gravity).ok_or_else(short)?
            }
            Goes::Nowhere => RowResult {
                row,
                status: RowStatus::Refused.into(),
                reason: Reason::RegionUnserved.code().to_owned(),
                message: Reason::RegionUnserved.summary().to_owned(),
                field: "order.customer.county".to_owned(),
            },
        };
        all.rows += 1;
        match result.status() {
            RowStatus::Added => all.added += 1,
            RowStatus::Unchanged => all.unchanged += 1,
            RowStatus::Updated => all.updated += 1,
            RowStatus::Refused | RowStatus::Unspecified => all.refused += 1,
        }
        all.results.push(result);
    }
    Ok(all)
}

/// Of what several cells say of one row the gravest is told: that it was refused, else that it changed something.
fn gravity(result: &RowResult) -> u8 {
    match result.status() {
        RowStatus::Unchanged => 0,
        RowStatus::Updated => 1,
        RowStatus::Added => 2,
        RowStatus::Refused | RowStatus::Unspecified => 3,
    }
}

#[cfg(test)]
mod tests {
    use parasol_api::intake::v1::{CustomerRow, OrderRow, SkuRow};

    use super::*;
    use crate::route::tests::unreachable;

    fn order(county: &str) -> ImportOrdersRequest {
        let customer = Some(CustomerRow { county: county.to_owned(), ..Default::default() });
        let order = OrderRow { customer, ..Default::default() };
        ImportOrdersRequest { content: Some(Content::Order(order)), ..Default::default() }
    }

    fn rows() -> Vec<ImportOrdersRequest> {
        let sku = Some(Content::Sku(SkuRow::default()));
        let first = ImportOrdersRequest { request_id: "r".to_owned(), row: 0, content: sku };
        vec![first, order("330106"), order("110105"), order("650102"), order("x"), order("330106")]
    }

    #[test]
    fn each_row_goes_to_the_cell_of_its_address_and_keeps_its_number() {
        let (parts, ways) = divided(&unreachable(), rows());
        let numbers = |cell| {
            let rows =
                parts[&cell].iter().map(|row| ImportOrdersRequest::decode(row.clone()).unwrap());
            rows.map(|row| (row.row, row.request_id)).collect::<Vec<_>>()
        };
        let with_id =
            |rows: &[i64]| rows.iter().map(|row| (*row, "r".to_owned())).collect::<Vec<_>>();
        assert_eq!(numbers(1), with_id(&[1, 2, 5, 6]));
        assert_eq!(numbers(2), with_id(&[1, 3]));
        assert_eq!(ways.len(), 6);
    }

    #[test]
    fn the_answer_is_that_of_one_cell() {
        let (_, ways) = divided(&unreachable(), rows());
        let result =
            |row, status: RowStatus| RowResult { row, status: status.into(), ..Default::default() };
        let (added, unchanged, refused) =
            (RowStatus::Added, RowStatus::Unchanged, RowStatus::Refused);
        let said = BTreeMap::from([
            (1, vec![result(1, unchanged), result(2, added), result(5, refused), result(6, added)]),
            (2, vec![result(1, added), result(3, added)]),
        ]);
        let all = joined(ways, said).unwrap();
        assert_eq!((all.rows, all.added, all.unchanged, all.refused), (6, 4, 0, 2));
        let told: Vec<_> = all.results.iter().map(|one| (one.row, one.status())).collect();
        let expected = [(1, added), (2, added), (3, added), (4, refused), (5, refused), (6, added)];
        assert_eq!(told, expected);
        assert_eq!(all.results[3].reason, "REGION_UNSERVED");
    }

    #[test]
    fn a_cell_that_answers_for_too_few_rows_is_not_believed() {
        let (_, ways) = divided(&unreachable(), rows());
        assert!(joined(ways, BTreeMap::from([(1, Vec::new()), (2, Vec::new())])).is_err());
    }
}
