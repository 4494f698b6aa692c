//! Whole cases by chance: random moves through the real journey, with everything that moves figures.

use parasol_journey::certificate::{Certificate, EvidenceItem, EvidenceKind};
use parasol_journey::ids::CaseId;
use parasol_journey::survey::{Question, SurveyAnswer};
use parasol_journey::table::{self, allows};
use parasol_journey::time::{HOUR, MINUTE, Span};
use parasol_journey::vocab::{Category, Cause, Conclusion, DeclineReason, Party};
use parasol_journey::{Actor, ActorKind, Case, Command, Decided, Event, Stage, Verb};
use uuid::Uuid;

use crate::course::{Course, centre, decided_by, filing};

/// The moves of a course at most.
const MOVES_MAX: usize = 45;

/// Random numbers that are the same every time (SplitMix64).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap()
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.below(last + 1));
        }
    }
}

/// A case that was simulated to wherever chance led it.
pub struct Simulated {
    pub id: CaseId,
    /// Each step as it was decided.
    pub steps: Vec<Decided>,
    pub log: Vec<Event>,
}

/// The how-manieth case.
pub fn case_id(number: u64) -> CaseId {
    CaseId::new(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::from(number)))
}

/// A case by its number; the same number makes the same case.
pub fn simulate(number: u64) -> Simulated {
    let mut dice = Dice::new(number + 1);
    let mut filing = filing();
    filing.brand = dice.pick(&["aster", "briar", "cedar"]).parse().unwrap();
    filing.category = dice.pick(&[Category::Refrigerator, Category::Television]);
    let mut course = Course::filed(filing);
    let opening = Decided { events: course.log.clone(), case: course.case.clone() };
    let mut steps = vec![opening];
    for _ in 0..MOVES_MAX {
        let Some(decided) = step(&mut course, &mut dice) else { continue };
        course.log.extend(decided.events.iter().cloned());
        course.case = decided.case.clone();
        steps.push(decided);
        if course.case.stage == Stage::Cancelled {
            break;
        }
    }
    let id = case_id(number);
    for step in &mut steps {
        step.case.id = id;
    }
    Simulated { id, steps, log: course.log }
}

fn step(course: &mut Course, dice: &mut Dice) -> Option<Decided> {
    let gap = match dice.below(20) {
        0 => i64::try_from(dice.below(6 * 24)).unwrap() * HOUR,
        1..=5 => i64::try_from(dice.below(12)).unwrap() * HOUR,
        _ => i64::try_from(dice.below(90)).unwrap() * MINUTE,
    };
    course.wait(Span::from_micros(gap));
    if dice.one_in(12)
        && let Some(owed) = course.case.next_deadline().copied()
    {
        course.now = course.now.max(owed.due);
        let fire = Command::Fire { task: owed.task, generation: owed.generation };
        return decided_by(course, &Actor::timer(), &fire).ok();
    }
    let (kind, verb) = pick(&course.case, dice)?;
    let sample = course.sample_of(verb);
    let command = vary(course, sample, dice);
    let actor = Actor::new(kind, format!("{kind}-{}", 1 + dice.below(4)));
    decided_by(course, &actor, &command).ok()
}

/// A move that is open, those that lead on more often than those that lead nowhere.
fn pick(case: &Case, dice: &mut Dice) -> Option<(ActorKind, Verb)> {
    let mut moves = Vec::new();
    for verb in Verb::ALL {
        let times = match verb {
            Verb::Fire | Verb::KeepMessage | Verb::Pause => 0,
            Verb::Cancel
            | Verb::WithdrawOffer
            | Verb::HoldSlot
            | Verb::ReleaseSlot
            | Verb::ReportNoCoverage
            | Verb::SendToAgent
            | Verb::RaiseAnomaly
            | Verb::AddEvidence
            | Verb::RenewCode => 1,
            Verb::Reopen | Verb::OpenDispute | Verb::Remind | Verb::ReportUnable => 3,
            Verb::AnswerSurvey => 12,
            _ if !table::row(*verb).to.is_empty() => 10,
            _ => 2,
        };
        let may = ActorKind::ALL.iter().filter(|kind| allows(case.stage, *verb, **kind));
        let may: Vec<_> = may.copied().collect();
        if !may.is_empty() {
            let kind = dice.pick(&may);
            moves.extend(std::iter::repeat_n((kind, *verb), times));
        }
    }
    (!moves.is_empty()).then(|| dice.pick(&moves))
}

fn vary(course: &mut Course, command: Command, dice: &mut Dice) -> Command {
    match command {
        Command::MakeOffer { offer, network, .. } => {
            let centre = centre(1 + dice.below(5) as u128);
            Command::MakeOffer { offer, centre, network }
        }
        Command::DeclineOffer { offer, .. } => {
            Command::DeclineOffer { offer, reason: dice.pick(DeclineReason::ALL) }
        }
        Command::AssignTechnician { helper, .. } => {
            let technician = format!("tech-{}", 4 + dice.below(6)).parse().unwrap();
            Command::AssignTechnician { technician, helper }
        }
        Command::CheckIn { .. } => Command::CheckIn {
            distance_m: dice.pick(&[None, Some(20), Some(300), Some(2_000)]),
            mock_location: dice.one_in(10),
            arrived_at: None,
        },
        Command::ReportNoShow { .. } => {
            Command::ReportNoShow { by: dice.pick(&[Party::Customer, Party::Technician]) }
        }
        Command::SubmitCertificate { certificate } => {
            let certificate = Box::new(blame(*certificate, dice));
            Command::SubmitCertificate { certificate }
        }
        Command::Triage { rules, .. } => {
            use parasol_journey::event::Path;
            let path = if dice.one_in(5) { Path::RemoteGuidance } else { Path::Inspection };
            Command::Triage { path, rules }
        }
        Command::AnswerDispute { .. } => Command::AnswerDispute { concedes: dice.one_in(2) },
        Command::AnswerSurvey { .. } => Command::AnswerSurvey { answer: answer(dice) },
        Command::Decide { .. } => {
            use parasol_journey::vocab::Remedy;
            let remedy = dice.pick(&[Remedy::Repair, Remedy::Repair, Remedy::Refund]);
            let mut decision = course.decision(remedy);
            if remedy == Remedy::Refund {
                let most = course.case.filing.price_fen - course.case.paid_fen();
                decision.offered[0].amount_fen = most.max(1);
            }
            decision.overrides = dice.one_in(3);
            Command::Decide { decision }
        }
        other => other,
    }
}

fn blame(mut certificate: Certificate, dice: &mut Dice) -> Certificate {
    if dice.one_in(5) {
        certificate.cause = Cause::User;
        certificate.conclusion = Conclusion::DoesNotMeet;
        certificate.cause_sign = true;
        let photo = |kind, letter: &str| EvidenceItem {
            kind,
            sha256: letter.repeat(64),
            taken_at: certificate.inspected_at,
        };
        let more = [photo(EvidenceKind::Exterior, "c"), photo(EvidenceKind::Fault, "d")];
        certificate.evidence.extend(more);
    }
    if dice.one_in(8) {
        certificate.serial = "OTHER".parse().unwrap();
    }
    certificate
}

fn answer(dice: &mut Dice) -> SurveyAnswer {
    let score = |dice: &mut Dice| u8::try_from(1 + dice.below(5)).unwrap();
    let csat = score(dice);
    let nps = (!dice.one_in(4)).then(|| u8::try_from(dice.below(11)).unwrap());
    let mut ratings = Vec::new();
    for question in Question::ALL {
        if dice.one_in(2) {
            ratings.push((*question, score(dice)));
        }
    }
    SurveyAnswer { csat, nps, ratings, has_text: dice.one_in(3) }
}
