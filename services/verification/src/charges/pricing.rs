//! What a charge comes to: lines by a rate card. Pure.

use std::collections::BTreeMap;

use parasol_journey::Event;
use parasol_journey::event::Fact;
use parasol_journey::vocab::Category;

use super::{Charge, ChargeKind};
use crate::claims::liable::Liable;
use crate::claims::lines::Line;
use crate::rates::{Card, RateCode};

/// Lines of one claim; further ones are left out.
const LINES_MAX: usize = 50;

/// The lines of a charge; what has no rate has no line. `log` is the log of the case up to the entry that causes
/// the charge, and is read for repairs only.
pub fn lines(charge: &Charge, category: Category, card: &Card, log: &[Event]) -> Vec<Line> {
    let counted = match charge.kind {
        ChargeKind::Test => tests(charge),
        ChargeKind::Verdict => vec![(RateCode::WrongVerdict, String::new(), 1, None)],
        ChargeKind::Repair => repair(charge, log),
    };
    let priced = counted.into_iter().filter_map(|(code, item, quantity, payee)| {
        let unit_fen = card.price(code, category, &item).filter(|fen| *fen > 0)?;
        (quantity > 0).then_some((code, item, quantity, unit_fen, payee))
    });
    let numbered = (1_i64..).zip(priced.take(LINES_MAX));
    let line = |(number, (code, item, quantity, unit_fen, payee))| Line {
        number,
        code,
        item,
        quantity,
        unit_fen,
        approved_fen: 0,
        paid_fen: 0,
        payee,
    };
    numbered.map(line).collect()
}

/// What is counted: what for, which, how many, and who gets it.
type Counted = (RateCode, String, i64, Option<Liable>);

fn tests(charge: &Charge) -> Vec<Counted> {
    let test = |one: &super::Tested| {
        let code = RateCode::parse(&one.code)?;
        Some((code, one.by.clone(), one.times, Liable::parse(&one.by)))
    };
    charge.tests.iter().filter_map(test).collect()
}

/// Visits, labour and parts of the job that ends with the charged entry: it began with the acceptance of its
/// centre, or after the repair before it.
fn repair(charge: &Charge, log: &[Event]) -> Vec<Counted> {
    let (mut visits, mut parts) = (0_i64, BTreeMap::<String, i64>::new());
    for event in log.iter().filter(|event| event.seq < charge.seq) {
        match &event.fact {
            Fact::OfferAccepted { .. } | Fact::RepairCompleted => {
                visits = 0;
                parts.clear();
            }
            Fact::CheckedIn { .. } => visits += 1,
            Fact::PartsInstalled { part, .. } => *parts.entry(part.clone()).or_default() += 1,
            _ => {}
        }
    }
    let payee = || charge.payee.clone();
    let own = |code, quantity| (code, String::new(), quantity, payee());
    let mut counted = vec![
        own(RateCode::Visit, visits.min(1)),
        own(RateCode::FurtherVisit, (visits - 1).max(0)),
        own(RateCode::Labour, 1),
    ];
    counted.extend(parts.into_iter().map(|(part, times)| (RateCode::Part, part, times, payee())));
    counted
}
