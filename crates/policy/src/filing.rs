//! The facts a filing alone gives: what is known before anybody has looked at the unit.
//!
//! What happens afterwards (findings, repairs, missed deadlines, disputes) is laid over these facts
//! by whoever decides; it is not read here.

use chrono::NaiveDate;
use parasol_journey::calendar::{Calendar, NotCovered};
use parasol_journey::event::Filing;
use parasol_journey::time::{HOUR, Timestamp};
use parasol_journey::vocab::Promise;

use crate::facts::{Age, Facts, History, Province, UnknownProvince};
use crate::pack::Pack;
use crate::promises::PromiseSet;
use crate::validity::{day_count, in_validity, months_elapsed};

/// Damage in transport counts when it was said within this many hours of signing.
const TRANSPORT_REPORT_HOURS_MAX: u32 = 48;

/// Why a filing gives no facts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoFacts {
    /// The county lies in no province of GB/T 2260.
    #[error(transparent)]
    Province(#[from] UnknownProvince),
    /// The rest days before the filing are not known.
    #[error(transparent)]
    NotCovered(#[from] NotCovered),
}

impl Facts {
    /// The facts of a case as filed at `filed_at`: kind, goods, place, age, price, promises, wish,
    /// warranty, danger, earlier repairs.
    ///
    /// Days in repair are not taken out of the warranty here; whoever knows them corrects
    /// `in_validity`. A return counts as of an intact unit until a pick-up finds otherwise, and an
    /// extended warranty in force counts as covering the fault until its terms say otherwise.
    ///
    /// # Errors
    /// [`NoFacts`]: an unknown province, or a day of filing outside the calendar.
    pub fn of_filing(
        pack: &Pack,
        filing: &Filing,
        filed_at: Timestamp,
        calendar: &Calendar,
    ) -> Result<Self, NoFacts> {
        let today = filed_at.shanghai_day();
        let weekends = pack.settings(today, Province::of(&filing.county)?).weekends_are_rest_days;
        let rest_days = calendar.rest_days_before(today, weekends)?;
        Ok(Self::of_filing_on(pack, filing, filed_at, rest_days)?)
    }

    /// The same with the row of rest days before the filing given, for days no calendar covers yet.
    ///
    /// # Errors
    /// [`UnknownProvince`].
    pub fn of_filing_on(
        pack: &Pack,
        filing: &Filing,
        filed_at: Timestamp,
        rest_days_before: u32,
    ) -> Result<Self, UnknownProvince> {
        let province = Province::of(&filing.county)?;
        let quiet = Self::new(filing.kind, filing.category, province, filing.price_fen);
        let today = filed_at.shanghai_day();
        let started = filing.period_start().shanghai_day();
        let sold_on = filing.received_at.shanghai_day();
        let cover = pack.months(filing.category, filing.brand.as_str(), sold_on);
        let runs = |months: u32| in_validity(started, months, 0, today);
        let extended = filing.promises.contains(&Promise::ExtendedWarranty);
        Ok(Self {
            filed_on: Some(today),
            age: age(filing, today, rest_days_before),
            history: history(filing, today),
            promises: promises(filing),
            wish: filing.wants,
            in_validity: runs(cover.whole_unit),
            part_in_validity: cover.main_parts.is_some_and(runs)
                || pack.has_restarted(filing, today, province),
            gifts: !filing.gifts.is_empty(),
            danger: filing.danger,
            transport_report_hours: filing
                .damaged_on_arrival
                .then(|| hours(filing.received_at, filed_at).min(TRANSPORT_REPORT_HOURS_MAX)),
            extension_covers: extended,
            ..quiet
        })
    }
}

fn history(filing: &Filing, today: NaiveDate) -> History {
    let repaired = filing.repairs_before.last_at;
    let days_since_repair = repaired.map(|at| day_count(at.shanghai_day(), today));
    History { repairs: filing.prior_repairs, days_since_repair, ..History::default() }
}

impl Pack {
    /// Whether a main part that was replaced when the same fault was repaired before is in the warranty that
    /// began anew with it (浙江 art. 26).
    fn has_restarted(&self, filing: &Filing, today: NaiveDate, province: Province) -> bool {
        let sold_on = filing.received_at.shanghai_day();
        let months = self.months(filing.category, filing.brand.as_str(), sold_on).main_parts;
        let (Some(months), true) = (months, self.settings(today, province).repaired_part_restarts)
        else {
            return false;
        };
        let main = &self.cover(filing.category).main_parts;
        let fitted = filing.repairs_before.fitted.iter().filter(|one| main.contains(&one.part));
        fitted.into_iter().any(|one| in_validity(one.at.shanghai_day(), months, 0, today))
    }
}

/// Those of the vocabulary and those that only the pack knows.
fn promises(filing: &Filing) -> PromiseSet {
    let known: PromiseSet = filing.promises.iter().copied().collect();
    filing.terms.iter().fold(known, |set, term| set.with_id(&term.promise))
}

fn age(filing: &Filing, today: NaiveDate, rest_days_before: u32) -> Age {
    let received = filing.received_at.shanghai_day();
    // An order line knows no day of its invoice; it is written when the goods are handed over.
    let receipt_days = day_count(received, today);
    Age {
        invoice_days: receipt_days,
        receipt_days,
        installation_days: filing.installed_at.map(|at| day_count(at.shanghai_day(), today)),
        months: months_elapsed(received, today),
        rest_days_before,
    }
}

fn hours(from: Timestamp, until: Timestamp) -> u32 {
    u32::try_from(until.since(from).micros() / HOUR).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use parasol_journey::gift::Gift;
    use parasol_journey::ids::CustomerId;
    use parasol_journey::pinned::{Contract, Fitted, RepairsBefore};
    use parasol_journey::time::Span;
    use parasol_journey::vocab::{CaseKind, Category, Remedy};
    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};

    use super::*;
    use crate::entitlements_before_inspection;
    use crate::pack::tests::changed;

    fn noon(day: &str) -> Timestamp {
        Timestamp::parse(&format!("{day}T12:00:00+08:00")).unwrap()
    }

    fn filing(received: &str) -> Filing {
        Filing {
            customer: serde_json::from_str::<CustomerId>(
                "\"00000000-0000-0000-0000-000000000007\"",
            )
            .unwrap(),
            order_line: "300000010007-1".parse().unwrap(),
            sku: "AUR-RF-468".parse().unwrap(),
            brand: "aurora".parse().unwrap(),
            category: Category::Refrigerator,
            serial: "AURRF46826100003".parse().unwrap(),
            county: "330106".parse().unwrap(),
            kind: CaseKind::Quality,
            wants: None,
            symptom: "not_cooling".to_owned(),
            received_at: noon(received),
            installed_at: None,
            price_fen: 399_900,
            promises: vec![],
            terms: vec![],
            policy: "cn-2026.1".to_owned(),
            prior_repairs: 0,
            repairs_before: RepairsBefore::default(),
            gifts: vec![],
            contract: Contract::default(),
            declared_intact: false,
            danger: false,
            damaged_on_arrival: false,
        }
    }

    fn facts(filing: &Filing, filed: &str) -> Facts {
        Facts::of_filing(&Pack::builtin(), filing, noon(filed), Calendar::china()).unwrap()
    }

    /// Delivered on Saturday 30 May 2026, the seventh day is Saturday 6 June: it rolls to Monday.
    #[test]
    fn a_period_that_ends_on_a_rest_day_runs_to_the_next_working_day() {
        let pack = Pack::builtin();
        let refunds = |filed| {
            let prospect =
                entitlements_before_inspection(&pack, &facts(&filing("2026-05-30"), filed));
            prospect.if_faulty.rests_on("R10")
        };
        assert!(refunds("2026-06-06") && refunds("2026-06-07") && refunds("2026-06-08"));
        assert!(!refunds("2026-06-09"));
        // A reading of the article by which a plain weekend is no 法定休假日.
        let weekends = "name = \"weekends_are_rest_days\"\nvalue = true";
        let strict = Pack::read(&changed(weekends, &weekends.replace("true", "false"))).unwrap();
        let (claim, day) = (filing("2026-05-30"), noon("2026-06-08"));
        let found = Facts::of_filing(&strict, &claim, day, Calendar::china()).unwrap();
        assert_eq!(found.age.rest_days_before, 0);
    }

    #[test]
    fn the_warranty_runs_from_installation_where_the_seller_installs() {
        let mut installed = filing("2025-06-08");
        assert!(facts(&installed, "2026-06-08").in_validity);
        assert!(!facts(&installed, "2026-06-09").in_validity);
        assert!(facts(&installed, "2026-06-09").part_in_validity);
        installed.installed_at = Some(noon("2025-06-20"));
        let later = facts(&installed, "2026-06-20");
        assert!(later.in_validity);
        assert_eq!((later.age.receipt_days, later.age.installation_days), (377, Some(365)));
    }

    /// Source: 浙江 art. 26; elsewhere the warranty of the unit runs on whatever was built in.
    #[test]
    fn in_zhejiang_a_main_part_that_was_replaced_begins_its_warranty_anew() {
        let mut again = filing("2022-05-01");
        let fitted = |part: &str, day: &str| Fitted { part: part.to_owned(), at: noon(day) };
        again.repairs_before.fitted = vec![fitted("compressor", "2025-04-20")];
        let counts = |filing: &Filing, day| facts(filing, day).part_in_validity;
        assert!(counts(&again, "2026-06-10"));
        // Three years from the repair, the last day included.
        again.repairs_before.fitted = vec![fitted("compressor", "2023-06-10")];
        assert!(counts(&again, "2026-06-10"));
        assert!(!counts(&again, "2026-06-11"));
        again.repairs_before.fitted = vec![fitted("door_handle", "2026-04-20")];
        assert!(!counts(&again, "2026-06-10"), "no main part");
        again.repairs_before.fitted = vec![fitted("compressor", "2025-04-20")];
        again.county = "320106".parse().unwrap();
        assert!(!counts(&again, "2026-06-10"), "Jiangsu");
    }

    #[test]
    fn the_days_since_a_repair_and_gifts_are_taken_over() {
        let mut again = filing("2022-05-01");
        assert_eq!(facts(&again, "2026-06-10").history.days_since_repair, None);
        again.repairs_before.last_at = Some(noon("2026-05-11"));
        again.gifts = vec![Gift { sku: "KET-01".parse().unwrap(), price_fen: 0 }];
        let found = facts(&again, "2026-06-10");
        assert_eq!(found.history.days_since_repair, Some(30));
        assert!(found.gifts);
        again.county = "320106".parse().unwrap();
        let prospect = |day| {
            let facts = facts(&again, day);
            entitlements_before_inspection(&Pack::builtin(), &facts).if_faulty
        };
        assert!(prospect("2026-06-10").rests_on("R30-again"));
        assert!(!prospect("2026-06-11").rests_on("R30-again"));
    }

    #[test]
    fn what_the_customer_said_is_taken_over() {
        let mut said = filing("2026-06-01");
        said.wants = Some(Remedy::Replace);
        said.promises = vec![Promise::ReplaceOnly180, Promise::ExtendedWarranty];
        said.prior_repairs = 2;
        said.danger = true;
        said.damaged_on_arrival = true;
        let found = facts(&said, "2026-06-02");
        assert_eq!((found.wish, found.history.repairs), (Some(Remedy::Replace), 2));
        assert!(found.danger && found.extension_covers);
        assert!(found.promises.contains(Promise::ReplaceOnly180));
        assert_eq!(found.transport_report_hours, Some(24));
        let quiet = facts(&filing("2026-06-01"), "2026-06-02");
        assert!(!quiet.danger && !quiet.extension_covers);
        assert_eq!(quiet.transport_report_hours, None);
    }

    #[test]
    fn unknown_provinces_and_days_are_not_guessed() {
        let pack = Pack::builtin();
        let mut lost = filing("2026-06-01");
        lost.county = "990101".parse().unwrap();
        let at = noon("2026-06-02");
        let calendar = Calendar::china();
        let refused = Facts::of_filing(&pack, &lost, at, calendar).unwrap_err();
        assert!(matches!(refused, NoFacts::Province(_)));
        let late = Timestamp::shanghai_midnight(calendar.covered_until()) + Span::days(10);
        let refused = Facts::of_filing(&pack, &filing("2026-06-01"), late, calendar).unwrap_err();
        assert!(matches!(refused, NoFacts::NotCovered(_)));
    }

    fn any_filing() -> impl Strategy<Value = (Filing, i64)> {
        let words = (select(CaseKind::ALL), select(Category::ALL), 0..1_500_i64);
        let more =
            (select(vec!["330106", "370102", "110101", "310101", "320106"]), 0..2_000_000_i64);
        let flags = any::<[bool; 3]>();
        let promises = subsequence(Promise::ALL, 0..=Promise::ALL.len());
        let wish = proptest::option::of(select(Remedy::ALL));
        (words, more, flags, promises, wish, 0..3_u32).prop_map(
            |((kind, category, age), (county, price_fen), flags, promises, wants, repairs)| {
                let filing = Filing {
                    kind,
                    category,
                    county: county.parse().unwrap(),
                    price_fen,
                    wants,
                    promises,
                    prior_repairs: repairs,
                    declared_intact: flags[0],
                    danger: flags[1],
                    damaged_on_arrival: flags[2],
                    ..filing("2026-01-05")
                };
                (filing, age)
            },
        )
    }

    /// Read once: reading it for each filing was nearly all that this test took.
    static PACK: LazyLock<Pack> = LazyLock::new(Pack::builtin);

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// Who the customer is, what else they bought and how well known they are changes nothing: the
        /// only places of a filing where such a thing could stand are changed, and not a byte of the
        /// facts or of the outcome moves.
        #[test]
        fn who_files_changes_nothing(
            (one, age) in any_filing(),
            customer in any::<u128>(),
            line in 0..1_000_000_000_u64,
            serial in 0..1_000_000_u32,
        ) {
            let pack = &*PACK;
            let other = Filing {
                customer: CustomerId::new(uuid::Uuid::from_u128(customer)),
                order_line: format!("9{line:011}-9").parse().unwrap(),
                serial: format!("VIP{serial:06}").parse().unwrap(),
                sku: "AUR-RF-GOLD".parse().unwrap(),
                symptom: "known_on_television".to_owned(),
                ..one.clone()
            };
            let at = noon("2026-01-05") + Span::days(age.min(300));
            let of = |filing: &Filing| {
                Facts::of_filing_on(pack, filing, at, 0).map(|facts| {
                    let outcome = crate::evaluate(pack, &facts);
                    let both = serde_json::to_string(&(&facts, outcome)).unwrap();
                    (both, entitlements_before_inspection(pack, &facts))
                })
            };
            prop_assert_eq!(of(&one).unwrap(), of(&other).unwrap());
        }
    }

    /// The facts have no word for who the customer is; whoever adds one answers to this test.
    #[test]
    fn the_facts_have_no_word_for_the_customer() {
        let facts = facts(&filing("2026-06-01"), "2026-06-02");
        let words = serde_json::to_string(&facts).unwrap();
        for word in ["customer_id", "spend", "orders", "vip", "level_of", "fame", "phone", "name"] {
            assert!(!words.contains(&format!("\"{word}")), "{word} is among the facts");
        }
    }

    #[test]
    fn a_row_tells_what_it_gives_and_which_promise_it_stands_on() {
        let pack = Pack::builtin();
        let grant = |id: &str| pack.grant(&id.parse().unwrap());
        let promised = grant("R13").unwrap();
        assert_eq!(promised.remedies, [Remedy::Replace]);
        assert_eq!(promised.promise, Some(Promise::ReplaceOnly180));
        let legal = grant("R10").unwrap();
        assert_eq!(legal.remedies, [Remedy::Repair, Remedy::Replace, Remedy::Refund]);
        assert_eq!(legal.promise, None);
        assert_eq!(grant("R60-first"), None);
        assert_eq!(grant("R53"), None);
    }
}
