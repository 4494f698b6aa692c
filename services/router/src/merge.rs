//! Lists of several cells as one page.
//!
//! Pure. Rows of one cell keep the order in which it gives them; between cells there is none. A page asks each cell that
//! has more for its share of the rows, and its token says where each of them goes on.

use parasol_api::Error;
use prost_reflect::{DynamicMessage, MessageDescriptor, Value};

use crate::places::{Field, Places};

/// What each cell is asked for one page, and where the cells stand that are not asked this time.
pub struct Plan {
    /// The question for each cell that is asked.
    pub asked: Vec<(u16, DynamicMessage)>,
    /// The places of all that have more.
    pub places: Option<Places>,
}

/// Divides a page among the cells.
///
/// # Errors
/// As [`Field::read`].
pub fn plan(request: &DynamicMessage, place: Option<&Field>, cells: &[u16]) -> Result<Plan, Error> {
    let Some(place) = place else {
        let asked = cells.iter().map(|cell| (*cell, request.clone())).collect();
        return Ok(Plan { asked, places: None });
    };
    let begun = place.read(request)?;
    let first = begun.is_none();
    let begun = begun.unwrap_or_default();
    // What changes goes on in every cell, one that was added since from its beginning; a list goes on where it has more.
    let all = first || !place.is_page;
    let places: Places = cells
        .iter()
        .filter(|cell| all || begun.contains_key(cell))
        .map(|cell| (*cell, begun.get(cell).cloned().unwrap_or_default()))
        .collect();
    let size = request.get_field_by_name("page_size").and_then(|size| size.as_i32());
    let size = size.unwrap_or_default();
    let share = |nth: usize| -> i32 {
        let (count, nth) = (i32::try_from(places.len()), i32::try_from(nth));
        let (Ok(count), Ok(nth)) = (count, nth) else { return 0 };
        size / count + i32::from(nth < size % count)
    };
    let asked = places.iter().enumerate().filter_map(|(nth, (cell, from))| {
        let mut question = request.clone();
        place.ask(&mut question, from.clone());
        if size > 0 {
            match share(nth) {
                0 => return None,
                some => question.set_field_by_name("page_size", Value::I32(some)),
            }
        }
        Some((*cell, question))
    });
    Ok(Plan { asked: asked.collect(), places: Some(places) })
}

/// Makes one answer of those of several cells: their rows one behind the other, and of everything else what the first
/// says that says anything. `asked` are the cells that were asked, whether or not they answered.
pub fn merge(
    kind: &MessageDescriptor,
    place: Option<&Field>,
    (asked, places): (&[u16], Option<Places>),
    answers: Vec<(u16, DynamicMessage)>,
) -> DynamicMessage {
    let mut all = DynamicMessage::new(kind.clone());
    let mut places = places.unwrap_or_default();
    // Whoever was not asked for this page has rows for the next.
    let mut goes_on = places.keys().any(|cell| !asked.contains(cell));
    for (cell, mut answer) in answers {
        if let Some(place) = place {
            let told = place.told(&answer);
            answer.clear_field(&place.told);
            if !told.is_empty() {
                goes_on = true;
                places.insert(cell, told);
            } else if place.is_page {
                places.remove(&cell);
            }
        }
        add(&mut all, answer);
    }
    if let Some(place) = place {
        // A list of which only a cell is left that cannot be asked ends: that it lacks it was said, and whoever turns
        // pages until there are no more would turn them until the cell comes back.
        if goes_on || !place.is_page {
            place.tell(&mut all, &places);
        }
    }
    all
}

fn add(all: &mut DynamicMessage, mut answer: DynamicMessage) {
    for (field, value) in answer.take_fields().collect::<Vec<_>>() {
        if let Value::List(rows) = value {
            match all.get_field_mut(&field) {
                Value::List(before) => before.extend(rows),
                _ => unreachable!("a list is one in every message of its kind"),
            }
        } else if value.as_bool() == Some(true) || !all.has_field(&field) {
            all.set_field(&field, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use parasol_api::intake::v1::{Case, ListCasesRequest, ListCasesResponse};
    use prost::Message as _;

    use super::*;

    const CELLS: [u16; 3] = [0, 1, 2];

    fn shape() -> (MessageDescriptor, MessageDescriptor, Field) {
        let planned = crate::plan::planned("/parasol.intake.v1.IntakeService/ListCases").unwrap();
        let (input, output) = (planned.method.input(), planned.method.output());
        let place = Field::of(&input, &output).unwrap();
        (input, output, place)
    }

    fn request(page_size: i32, page_token: &str) -> DynamicMessage {
        let request =
            ListCasesRequest { page_size, page_token: page_token.to_owned(), ..Default::default() };
        DynamicMessage::decode(shape().0, request.encode_to_vec().as_slice()).unwrap()
    }

    fn page(rows: &[&str], next: &str) -> DynamicMessage {
        let case = |line: &&str| Case { order_line: (*line).to_owned(), ..Default::default() };
        let answer = ListCasesResponse {
            cases: rows.iter().map(case).collect(),
            next_page_token: next.to_owned(),
        };
        DynamicMessage::decode(shape().1, answer.encode_to_vec().as_slice()).unwrap()
    }

    /// The cells that are asked, each with how many rows and from where.
    fn asked(plan: &Plan) -> Vec<(u16, i32, String)> {
        let one = |(cell, question): &(u16, DynamicMessage)| {
            let question: ListCasesRequest = question.transcode_to().unwrap();
            (*cell, question.page_size, question.page_token)
        };
        plan.asked.iter().map(one).collect()
    }

    fn merged(plan: Plan, answers: Vec<(u16, DynamicMessage)>) -> (Vec<String>, String) {
        let cells: Vec<_> = plan.asked.iter().map(|(cell, _)| *cell).collect();
        let (_, output, place) = shape();
        let all = merge(&output, Some(&place), (&cells, plan.places), answers);
        let all: ListCasesResponse = all.transcode_to().unwrap();
        (all.cases.into_iter().map(|case| case.order_line).collect(), all.next_page_token)
    }

    fn next(size: i32, token: &str) -> Plan {
        plan(&request(size, token), Some(&shape().2), &CELLS).unwrap()
    }

    #[test]
    fn a_page_is_divided_and_each_cell_goes_on_where_it_was() {
        let first = next(7, "");
        let of = |cell, size, from: &str| (cell, size, from.to_owned());
        assert_eq!(asked(&first), [of(0, 3, ""), of(1, 2, ""), of(2, 2, "")]);
        let answers =
            vec![(0, page(&["a", "b", "c"], "p0")), (1, page(&["d"], "")), (2, page(&[], ""))];
        let (rows, token) = merged(first, answers);
        assert_eq!(rows, ["a", "b", "c", "d"]);
        let second = next(7, &token);
        assert_eq!(asked(&second), [of(0, 7, "p0")], "the others have ended");
        let (rows, token) = merged(second, vec![(0, page(&["e"], ""))]);
        assert_eq!((rows, token.as_str()), (vec!["e".to_owned()], ""));
    }

    #[test]
    fn a_page_smaller_than_the_number_of_cells_leaves_some_for_the_next() {
        let first = next(1, "");
        assert_eq!(asked(&first).len(), 1);
        let (_, token) = merged(first, vec![(0, page(&[], ""))]);
        let second = next(1, &token);
        assert_eq!(asked(&second), [(1, 1, String::new())], "cell 0 has ended, 2 waits");
        let (_, token) = merged(second, vec![(1, page(&["x"], ""))]);
        assert_eq!(asked(&next(1, &token)), [(2, 1, String::new())]);
    }

    #[test]
    fn a_missing_cell_keeps_its_place_while_others_go_on_and_does_not_keep_a_list_alone() {
        let (_, token) = merged(next(9, ""), vec![(0, page(&["a"], "p0")), (2, page(&["b"], ""))]);
        let cells: Vec<_> = asked(&next(9, &token)).into_iter().map(|(cell, ..)| cell).collect();
        assert_eq!(cells, [0, 1], "it is asked again with the next page");
        let (_, token) = merged(next(9, &token), vec![(0, page(&["c"], ""))]);
        assert_eq!(token, "");
    }

    #[test]
    fn a_token_of_a_cell_itself_is_refused() {
        let refused = plan(&request(9, "p0"), Some(&shape().2), &CELLS).err().unwrap();
        assert_eq!(refused.reason(), parasol_api::Reason::PageTokenInvalid);
    }
}
