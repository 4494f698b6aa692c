use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn id(name: &str) -> CentreId {
    name.parse().unwrap()
}

fn candidate(name: &str, same_county: bool, given_today: u32, visits: u32) -> Candidate {
    let (centre, barred, distance_m) = (id(name), None, None);
    let (score, history) = (700, 500);
    Candidate { centre, barred, same_county, distance_m, visits, given_today, score, history }
}

fn ranked(candidates: Vec<Candidate>) -> Ranking {
    rank(candidates, &[], &Weights::default())
}

fn placed(ranking: &Ranking) -> Vec<&str> {
    ranking.placed.iter().map(|one| one.centre.as_str()).collect()
}

#[test]
fn the_weighted_mean_decides_and_of_equals_the_smaller_id() {
    let at = |name, metres| Candidate { distance_m: Some(metres), ..candidate(name, false, 0, 9) };
    let good = Candidate { score: 1_000, ..at("good", 30_000) };
    let liked = Candidate { history: 1_000, ..at("liked", 10_000) };
    #[rustfmt::skip]
    let table: [(&[Candidate], &[&str]); 8] = [
        (&[],                                                                   &[]),
        (&[candidate("b", false, 0, 9), candidate("a", true, 4, 9)],            &["a", "b"]),
        (&[candidate("a", true, 2, 4), candidate("b", true, 1, 3)],             &["b", "a"]),
        (&[candidate("b", true, 1, 2), candidate("a", true, 2, 4)],             &["a", "b"]),
        // So full that one elsewhere is better.
        (&[candidate("a", true, 8, 9), candidate("b", false, 0, 9)],            &["b", "a"]),
        (&[at("far", 80_000), at("near", 2_000), at("b", 2_000)],               &["b", "near", "far"]),
        (&[at("near", 20_000), good],                                           &["good", "near"]),
        (&[liked, at("near", 5_000), at("close", 9_000)],                       &["liked", "near", "close"]),
    ];
    for (candidates, expected) in table {
        assert_eq!(placed(&ranked(candidates.to_vec())), expected);
    }
}

#[test]
fn everybody_left_out_has_a_reason() {
    let candidates = vec![
        candidate("gone", true, 0, 5),
        Candidate { barred: Some(Unfit::CategoryNotServed), ..candidate("skill", true, 0, 5) },
        Candidate { barred: Some(Unfit::InspectedBefore), ..candidate("first", true, 0, 5) },
        candidate("none", true, 0, 0),
        candidate("full", true, 5, 5),
        candidate("over", true, 6, 5),
        candidate("last", false, 4, 5),
    ];
    let ranking = rank(candidates, &[id("gone"), id("first")], &Weights::default());
    assert_eq!(placed(&ranking), ["last"]);
    let reasons: Vec<_> =
        ranking.left_out.iter().map(|one| (one.centre.as_str(), one.because)).collect();
    let expected = [
        ("first", Unfit::InspectedBefore),
        ("full", Unfit::FullToday),
        ("gone", Unfit::PassedOver),
        ("none", Unfit::NoCapacity),
        ("over", Unfit::FullToday),
        ("skill", Unfit::CategoryNotServed),
    ];
    assert_eq!(reasons, expected);
    let json = serde_json::to_string(&ranking).unwrap();
    assert_eq!(serde_json::from_str::<Ranking>(&json).unwrap(), ranking);
}

#[test]
fn a_ranking_of_an_earlier_release_is_read() {
    let json = r#"{"brand_known":true,"left_out":[{"centre":"a-2","because":"full_today"}],
        "placed":[{"centre":"a-1","same_county":true,"given_today":1,"visits":5}]}"#;
    let ranking: Ranking = serde_json::from_str(json).unwrap();
    assert_eq!(ranking.chosen(), Some((&id("a-1"), None)));
    assert_eq!(ranking.placed[0].points, Points::default());
}

#[test]
fn a_gap_is_where_nobody_could_be_asked_on_any_day() {
    let out = |because| LeftOut { centre: id("a"), because };
    let gap = |left_out| Ranking { left_out, ..Ranking::default() }.is_gap();
    assert!(gap(Vec::new()));
    assert!(gap(vec![out(Unfit::CategoryNotServed), out(Unfit::NobodyCertified)]));
    for passing in [Unfit::PassedOver, Unfit::FullToday, Unfit::Closed, Unfit::Away] {
        assert!(!gap(vec![out(Unfit::CategoryNotServed), out(passing)]), "{passing:?}");
    }
    assert!(!ranked(vec![candidate("a", true, 0, 1)]).is_gap());
}

#[test]
fn another_network_is_asked_only_where_nobody_is_left() {
    let own = ranked(vec![candidate("own", true, 0, 1)]);
    let lender = |name: &str, ranking| Lender { brand: name.parse().unwrap(), ranking };
    let lenders = vec![
        lender("empty", Ranking::default()),
        lender("lender", ranked(vec![candidate("lent", true, 0, 1)])),
    ];
    let alone = Ranking { lenders: lenders.clone(), ..Ranking::default() };
    let (centre, network) = alone.chosen().unwrap();
    assert_eq!((centre.as_str(), network.unwrap().as_str()), ("lent", "lender"));
    assert_eq!(Ranking { lenders, ..own }.chosen(), Some((&id("own"), None)));
    assert_eq!(Ranking::default().chosen(), None);
}

#[test]
fn a_crowd_is_kept_to_its_best() {
    let crowd = (0..300).map(|n| candidate(&format!("c-{n:03}"), true, 0, 5));
    let ranking = ranked(crowd.collect());
    assert_eq!((ranking.placed.len(), ranking.further), (KEPT_MAX, 100));
}

/// A centre with anything in it; whether the place of the county is known holds for all.
fn anybody(known: bool) -> impl Strategy<Value = Candidate> {
    let figures = (0..60_000u64, 0..6u32, 0..6u32, 0..1_001u32, 0..1_001u32);
    let barred = prop_oneof![4 => Just(None), 1 => Just(Some(Unfit::Closed))];
    (figures, any::<bool>(), barred).prop_map(move |(figures, same_county, barred)| {
        let (metres, visits, given_today, score, history) = figures;
        Candidate {
            centre: id("x"),
            barred,
            same_county,
            distance_m: known.then_some(metres),
            visits,
            given_today,
            score,
            history,
        }
    })
}

fn crowd() -> impl Strategy<Value = Vec<Candidate>> {
    any::<bool>().prop_flat_map(|known| vec(anybody(known), 0..12)).prop_map(|mut crowd| {
        for (place, one) in crowd.iter_mut().enumerate() {
            one.centre = id(&format!("c-{place:02}"));
        }
        crowd
    })
}

fn weights() -> impl Strategy<Value = Weights> {
    (0..100u32, 0..100u32, 0..100u32, 0..100u32)
        .prop_map(|(distance, load, score, history)| Weights { distance, load, score, history })
}

/// Whether the first is better than the second in every figure.
fn beats(a: &Candidate, b: &Candidate) -> bool {
    let nearer = match (a.distance_m, b.distance_m) {
        (Some(a), Some(b)) => a < b,
        _ => a.same_county && !b.same_county,
    };
    let share = |one: &Candidate, two: &Candidate| one.given_today * two.visits;
    nearer && share(a, b) < share(b, a) && a.score > b.score && a.history > b.history
}

proptest! {
    #[test]
    fn the_order_of_the_input_does_not_matter(
        (crowd, shuffled) in crowd().prop_flat_map(|crowd| (Just(crowd.clone()), Just(crowd).prop_shuffle())),
        weights in weights(),
    ) {
        prop_assert_eq!(rank(crowd, &[], &weights), rank(shuffled, &[], &weights));
    }

    #[test]
    fn whoever_is_better_in_every_figure_is_in_front(crowd in crowd(), weights in weights()) {
        let ranking = rank(crowd.clone(), &[], &weights);
        let place = |one: &Candidate| {
            ranking.placed.iter().position(|placed| placed.centre == one.centre)
        };
        for (a, b) in crowd.iter().flat_map(|a| crowd.iter().map(move |b| (a, b))) {
            if let (Some(first), Some(second)) = (place(a), place(b)) && beats(a, b) {
                prop_assert!(first < second, "{:?} is behind {:?}", a, b);
            }
        }
    }

    #[test]
    fn everybody_is_placed_or_left_out_and_points_are_in_bounds(
        crowd in crowd(),
        weights in weights(),
    ) {
        let ranking = rank(crowd.clone(), &[], &weights);
        prop_assert_eq!(ranking.placed.len() + ranking.left_out.len(), crowd.len());
        for one in &ranking.placed {
            let points: [u32; 4] = one.points.into();
            prop_assert!(points.iter().chain([&one.mean]).all(|points| *points <= 1_000));
        }
    }
}
