//! Every pair of stage and command, accepted or refused as the table says.

use parasol_journey::{ActorKind, Rejection, Stage, Verb, table};

use crate::course::standing_in;

/// Pairs the table opens but which need a state that a stage alone does not give: the reason, and
/// the refusal that says so.
fn needs_more(stage: Stage, verb: Verb) -> Option<&'static str> {
    match (stage, verb) {
        (_, Verb::ReleaseSlot | Verb::ReleaseWindows) => Some("HOLD_EXPIRED"),
        (
            _,
            Verb::ReportBackorder | Verb::ReceiveParts | Verb::InstallParts | Verb::ReturnParts,
        ) => Some("PART_NOT_AWAITED"),
        (_, Verb::ExpectParts) => Some("PART_NOT_AWAITED"),
        (_, Verb::ApproveProposal | Verb::RefuseProposal) => Some("PROPOSAL_UNKNOWN"),
        (_, Verb::AcceptQuote) => Some("QUOTE_NOT_VALID"),
        (Stage::Deciding, Verb::AwaitInDispute | Verb::ConvenePanel) => Some("NOT_DISPUTED"),
        (_, Verb::ReportAtLab) => Some("LAB_NOT_AWAITED"),
        (_, Verb::GiveOpinion) => Some("NOT_ON_PANEL"),
        // Who asked for a pause knows of it.
        (Stage::Paused, Verb::RecordNotice | Verb::RecordNoNotice) => Some("TASK_SUPERSEDED"),
        (Stage::Paused, Verb::RecordReplacementOrdered) => Some("TASK_SUPERSEDED"),
        _ => None,
    }
}

#[test]
fn every_pair_of_stage_and_command_is_accepted_or_refused_as_the_table_says() {
    let mut accepted = 0;
    let mut refused = 0;
    for stage in Stage::ALL.iter().copied().filter(|stage| *stage != Stage::VerdictIn) {
        for verb in Verb::ALL.iter().copied() {
            for actor in ActorKind::ALL.iter().copied() {
                let mut course = standing_in(stage);
                let command = course.sample_of(verb);
                let before = course.case.clone();
                let answer = course.give(actor, &command);
                let pair = format!("{verb} by {actor} in {stage}: {answer:?}");
                if table::allows(stage, verb, actor) {
                    match needs_more(stage, verb) {
                        Some(code) => assert_eq!(answer.unwrap_err().code(), code, "{pair}"),
                        None => assert!(answer.is_ok(), "{pair}"),
                    }
                    accepted += 1;
                } else {
                    assert!(
                        matches!(
                            answer,
                            Err(Rejection::IllegalTransition { .. }
                                | Rejection::CaseEnded { .. }
                                | Rejection::TaskSuperseded)
                        ),
                        "{pair}"
                    );
                    assert_eq!(course.case, before, "{pair} changed the case");
                    refused += 1;
                }
            }
        }
    }
    assert_eq!(accepted + refused, (Stage::ALL.len() - 1) * Verb::ALL.len() * ActorKind::ALL.len());
    assert!(accepted > 300 && refused > 10_000, "{accepted} accepted, {refused} refused");
}

#[test]
fn a_refusal_names_the_moves_that_are_open() {
    let mut course = standing_in(Stage::Dispatched);
    let command = course.sample_of(Verb::CheckIn);
    let Err(Rejection::IllegalTransition { stage, open, .. }) =
        course.give(ActorKind::Centre, &command)
    else {
        panic!("a technician checked in before anybody accepted")
    };
    assert_eq!(stage, Stage::Dispatched);
    assert!(open.contains(&Verb::AcceptOffer) && open.contains(&Verb::DeclineOffer));
    assert!(!open.contains(&Verb::MakeOffer), "a centre cannot offer to itself");
}

/// Source: the brand confirms or contests a certificate, and the platform decides. Said here apart from the table,
/// so that a row that lets somebody else decide is seen.
#[test]
fn nobody_but_the_platform_and_its_agents_decides() {
    let decides = [
        Verb::Decide,
        Verb::Deny,
        Verb::OrderSecondInspection,
        Verb::ProposeDecision,
        Verb::ApproveProposal,
        Verb::GrantGoodwill,
    ];
    for verb in decides {
        for stage in Stage::ALL.iter().copied() {
            for actor in ActorKind::ALL.iter().copied() {
                let is_ours = matches!(actor, ActorKind::Policy | ActorKind::Agent);
                assert!(
                    is_ours || !table::allows(stage, verb, actor),
                    "{verb} by {actor} in {stage}"
                );
            }
        }
    }
    for actor in [ActorKind::Brand, ActorKind::Centre, ActorKind::Technician] {
        let may = |verb| table::allows(Stage::VerdictHeld, verb, actor);
        let is_brand = actor == ActorKind::Brand;
        assert_eq!(may(Verb::ConfirmCertificate), is_brand, "{actor}");
        assert_eq!(may(Verb::ContestCertificate), is_brand, "{actor}");
    }
}
