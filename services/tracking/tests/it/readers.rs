//! Who may know of a case is among its readers: what the engine hides is never what a caller may see.

use std::collections::BTreeSet;

use parasol_casebook::{Cell, Change, Projector as _, RowOp, Scope};
use parasol_desk::{CaseReaders, customer_id, scope, sees};
use parasol_journey::Case;
use parasol_journey::ids::LinkId;
use parasol_runtime::identity::{Principal, Role};

use crate::simulated::simulate;
use crate::world::CUSTOMER;

/// Cases that are followed from their filing to wherever chance leads them.
const CASES: u64 = 600;

/// Everybody with a scope that a case could be about, and some that it is not.
fn people(case: &Case) -> Vec<Principal> {
    let mut people =
        vec![Principal::new(Role::Customer, CUSTOMER), Principal::new(Role::Customer, "u-2")];
    let brands = ["aster", "briar", "cedar", "delphi"].map(str::to_owned);
    let lenders = case.lenders.iter().map(ToString::to_string);
    let brands: BTreeSet<_> = brands.into_iter().chain(lenders).collect();
    people.extend(brands.into_iter().map(|brand| Principal::new(Role::Brand, brand)));
    let offered = case.offer.iter().map(|offer| &offer.centre);
    let working = case.work_order.iter().map(|order| &order.centre);
    let centres = case.passed_over.iter().chain(offered).chain(working);
    let centres: BTreeSet<_> = centres.map(ToString::to_string).chain(["nobodys".into()]).collect();
    people.extend(centres.into_iter().map(|centre| Principal::new(Role::Centre, centre)));
    people
}

/// The readers that a step writes down.
fn written(before: Option<&Case>, after: &Case) -> Vec<String> {
    let mut rows = Vec::new();
    CaseReaders.project(&Change { before, after, events: &[] }, &mut rows);
    let reader = |row: RowOp| match row {
        RowOp::Put(_, cells) => cells.into_iter().find_map(|cell| match cell {
            Cell::Text(reader) => Some(reader),
            _ => None,
        }),
        RowOp::Claim(..) | RowOp::Delete(..) => None,
    };
    rows.into_iter().filter_map(reader).collect()
}

#[test]
fn whoever_may_see_a_case_is_among_its_readers_at_every_step() {
    let (mut seen, mut hidden) = (0, 0);
    for number in 0..CASES {
        let (mut readers, mut before) = (BTreeSet::new(), None);
        for step in simulate(number).steps {
            let mut case = step.case;
            case.filing.customer = customer_id(CUSTOMER);
            readers.extend(written(before.as_ref(), &case));
            for who in people(&case) {
                let Scope::Reader(key) = scope(&who) else { panic!("{who} has no key") };
                let is_shown = readers.contains(&key);
                assert!(is_shown || !sees(&who, &case), "{who} in {:?}", case.stage);
                seen += usize::from(is_shown);
                hidden += usize::from(!is_shown);
            }
            before = Some(case);
        }
    }
    assert!(seen > 8_000 && hidden > 8_000, "{seen} seen, {hidden} hidden");
}

#[test]
fn who_sees_every_case_and_who_has_no_key_is_told_apart() {
    for role in [Role::Agent, Role::Manager, Role::Finance, Role::Operator, Role::Service] {
        assert_eq!(scope(&Principal::new(role, "x")), Scope::House);
    }
    let one = &simulate(1).steps[0].case;
    let subject = format!("{}/{}", one.id, LinkId::new(uuid::Uuid::from_u128(5)));
    assert_eq!(scope(&Principal::new(Role::Link, subject)), Scope::Case(one.id));
    let customer = Scope::Reader("customer:".into());
    assert_ne!(scope(&Principal::new(Role::Customer, "")), customer, "nobody's key is a beginning");
}
