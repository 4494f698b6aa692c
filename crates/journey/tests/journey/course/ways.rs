//! A way from filing to every stage a case can rest in.

use parasol_journey::ActorKind::{Agent, Brand, Centre, Customer, Policy, Technician};
use parasol_journey::event::Path;
use parasol_journey::vocab::Remedy;
use parasol_journey::{Command, Stage, Verb};

use super::{Course, filing};

/// A case that stands in the wanted stage, by a real course.
pub fn standing_in(stage: Stage) -> Course {
    assert_ne!(stage, Stage::VerdictIn, "no case rests there");
    let mut filing = filing();
    if stage == Stage::RemedyOffered {
        filing.wants = Some(Remedy::Refund);
    }
    let mut course = Course::filed(filing);
    let arrived = without_a_visit(&mut course, stage)
        || to_the_door(&mut course, stage)
        || at_the_door(&mut course, stage);
    if !arrived {
        after_the_finding(&mut course, stage);
    }
    assert_eq!(course.case.stage, stage);
    course
}

/// Whether the stage was reached; the same for the others.
fn without_a_visit(course: &mut Course, stage: Stage) -> bool {
    let path = |path| Command::Triage { path, rules: vec![] };
    match stage {
        Stage::Filed => course,
        Stage::NoReason => course.must(Policy, &path(Path::NoReason)),
        Stage::Returning => {
            course.must(Policy, &path(Path::NoReason)).sample(Customer, Verb::DeclareIntact)
        }
        Stage::RemoteGuidance => course.must(Policy, &path(Path::RemoteGuidance)),
        Stage::EvidenceLinked => course.sample(Customer, Verb::LinkCertificate),
        Stage::Cancelled => course.sample(Customer, Verb::Cancel),
        _ => return false,
    };
    true
}

fn to_the_door(course: &mut Course, stage: Stage) -> bool {
    course.sample(Policy, Verb::Triage);
    for (kind, verb) in [
        (Policy, Verb::MakeOffer),
        (Centre, Verb::AcceptOffer),
        (Centre, Verb::AssignTechnician),
        (Customer, Verb::BookAppointment),
        (Technician, Verb::CheckIn),
    ] {
        if course.case.stage == stage {
            return true;
        }
        match (stage, verb) {
            (Stage::Accepted, Verb::AcceptOffer) => {
                accept_unnamed(course);
                return true;
            }
            (Stage::Unreachable, Verb::BookAppointment) => {
                course.sample(Technician, Verb::ReportContactFailed);
                return true;
            }
            _ => course.sample(kind, verb),
        };
    }
    course.case.stage == stage
}

/// The brand accepts and names no centre yet.
fn accept_unnamed(course: &mut Course) {
    let Command::AcceptOffer { offer, work_order, .. } = course.sample_of(Verb::AcceptOffer) else {
        unreachable!("the sample of a verb is of that verb")
    };
    let (centre, partner_order) = (None, None);
    course.must(Brand, &Command::AcceptOffer { offer, work_order, centre, partner_order });
}

fn at_the_door(course: &mut Course, stage: Stage) -> bool {
    match stage {
        Stage::Paused => {
            course.sample(Customer, Verb::Pause);
        }
        Stage::CancelRequested => {
            course.sample(Customer, Verb::Cancel);
        }
        // No course rests in inspecting: an inspection begins with the certificate that ends it.
        Stage::Inspecting => course.case.stage = Stage::Inspecting,
        Stage::VerdictHeld => {
            let mut certificate = course.certificate();
            certificate.serial = "OTHER".parse().unwrap();
            let certificate = Box::new(certificate);
            course.must(Technician, &Command::SubmitCertificate { certificate });
        }
        _ => return false,
    }
    true
}

fn after_the_finding(course: &mut Course, stage: Stage) {
    course.sample(Technician, Verb::SubmitCertificate);
    match stage {
        Stage::Deciding => course,
        Stage::Denied => course.sample(Policy, Verb::Deny),
        Stage::Disputed => course.sample(Policy, Verb::Deny).sample(Customer, Verb::OpenDispute),
        Stage::Compensating => course.sample(Agent, Verb::GrantGoodwill),
        Stage::Refunding | Stage::Replacing => {
            let remedy = if stage == Stage::Refunding { Remedy::Refund } else { Remedy::Replace };
            let decision = course.decision(remedy);
            course.must(Policy, &Command::Decide { decision });
            course.must(Customer, &Command::ChooseRemedy { remedy })
        }
        Stage::AwaitConfirm => {
            course.sample(Policy, Verb::Decide).sample(Technician, Verb::CompleteRepair)
        }
        Stage::Closed => {
            course.sample(Policy, Verb::Decide).sample(Technician, Verb::CompleteVisit)
        }
        _ => course.sample(Policy, Verb::Decide),
    };
}
