//! Facts by the million: always one answer, every row that fired told, never a loss.

use parasol_policy::{Need, Outcome, Pack, Ruling, Sampler, evaluate};

/// As the issue of the decision table asks.
const FACTS: usize = 1_000_000;

fn is_sound(outcome: &Outcome) -> bool {
    let names = |rule: &parasol_policy::RuleId| outcome.rests_on(rule.as_str());
    match &outcome.ruling {
        Ruling::Offered(offers) => {
            !offers.is_empty()
                && offers.windows(2).all(|pair| pair[0].remedy < pair[1].remedy)
                && offers.iter().all(|offer| names(&offer.rule))
        }
        Ruling::Denied(denial) => names(&denial.rule),
        Ruling::Needs(step) => names(&step.rule),
    }
}

/// Exactly one ruling for each, resting on rows that are listed once each and in the order of the table;
/// nothing but what is left to a person on purpose reaches the last row.
#[test]
fn a_million_facts_get_one_sound_answer_each() {
    let pack = Pack::builtin();
    let order: Vec<&str> = pack.rules().map(|rule| rule.id.as_str()).collect();
    let mut fired = vec![0_u64; order.len()];
    let mut left_over = 0_u64;
    let sampler = Sampler::new(20_260_101).with_promises_of(&pack);
    for (nth, facts) in sampler.take(FACTS).enumerate() {
        let outcome = evaluate(&pack, &facts);
        assert!(is_sound(&outcome), "fact set {nth}: {facts:?} gives {outcome:?}");
        let places: Vec<usize> = outcome
            .fired
            .iter()
            .map(|rule| order.iter().position(|id| *id == rule.id.as_str()).expect("a row"))
            .collect();
        assert!(!places.is_empty(), "fact set {nth}: no row fired");
        assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "fact set {nth}: {places:?}");
        for place in places {
            fired[place] += 1;
        }
        if outcome.rests_on("R99") {
            assert!(pack.leaves_to_a_person(&facts), "fact set {nth} is a gap: {facts:?}");
            assert_eq!(outcome.needs().map(|step| step.need), Some(Need::Agent));
            left_over += 1;
        }
    }
    assert!(left_over > 0, "what is left to a person comes up as well");
    let never: Vec<_> = order.iter().zip(&fired).filter(|(_, count)| **count == 0).collect();
    // Kept silent by the parameters of the built-in pack.
    let expected = ["R01-free", "R25-free"];
    assert!(never.iter().all(|(id, _)| expected.contains(id)), "never fired: {never:?}");
}

/// The same seed, the same facts: what a run finds can be found again.
#[test]
fn a_seed_gives_the_same_facts_for_ever() {
    let of = |seed| Sampler::new(seed).take(100).collect::<Vec<_>>();
    assert_eq!(of(7), of(7));
    assert_ne!(of(7), of(8));
}
