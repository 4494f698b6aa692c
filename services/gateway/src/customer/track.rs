//! The way of a case as its customer sees it: six steps, of which those that were skipped are left out.

use maud::{Markup, html};
use parasol_api::common::v1::Stage;
use parasol_api::convert::timestamp;
use parasol_api::tracking::v1::{Timeline, TimelineEntry};
use parasol_api::{Language, Listed as _};
use parasol_journey::time::Timestamp;

use crate::web::times;
use crate::web::words::Pick as _;

/// A step of the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// The customer has said what is wrong.
    Filed,
    /// A centre is looked for and found.
    Arranged,
    /// Somebody is named, and a time agreed.
    Booked,
    /// Somebody comes and looks.
    Inspected,
    /// It is said what is due.
    Decided,
    /// It is done.
    CarriedOut,
    /// The customer has said that it is good.
    Done,
}

const STEPS: [Step; 7] = [
    Step::Filed,
    Step::Arranged,
    Step::Booked,
    Step::Inspected,
    Step::Decided,
    Step::CarriedOut,
    Step::Done,
];

impl Step {
    fn name(self, language: Language) -> &'static str {
        match self {
            Self::Filed => language.pick("提交", "Filed"),
            Self::Arranged => language.pick("派单", "Centre"),
            Self::Booked => language.pick("预约", "Visit"),
            Self::Inspected => language.pick("检测", "Inspection"),
            Self::Decided => language.pick("方案", "Decision"),
            Self::CarriedOut => language.pick("处理", "Remedy"),
            Self::Done => language.pick("完成", "Done"),
        }
    }
}

/// The step that a stage belongs to; `None` for one that only interrupts.
pub(super) fn step_of(stage: Stage) -> Option<Step> {
    use parasol_journey::Stage as S;
    Some(match S::of_wire(stage)? {
        S::Filed | S::NoReason | S::RemoteGuidance | S::EvidenceLinked => Step::Filed,
        S::ChoosingCentre | S::Dispatched | S::Accepted | S::CentreAssigned => Step::Arranged,
        S::TechnicianAssigned | S::Unreachable | S::Appointed => Step::Booked,
        S::OnSite | S::Inspecting | S::VerdictIn | S::VerdictHeld => Step::Inspected,
        S::Deciding | S::RemedyOffered | S::Denied | S::Disputed => Step::Decided,
        S::Returning | S::Refunding | S::Replacing | S::Repairing | S::Compensating => {
            Step::CarriedOut
        }
        S::AwaitConfirm | S::Closed => Step::Done,
        S::Paused | S::CancelRequested | S::Cancelled => return None,
    })
}

/// Where a case stands on its way, and when it came to each step it has been at.
pub(super) struct Track {
    /// The step it stands at.
    pub now: Step,
    reached: Vec<(Step, Option<Timestamp>)>,
    ended: bool,
}

impl Track {
    /// From the story.
    pub(super) fn of(told: &Timeline) -> Self {
        let steps = told.entries.iter().filter_map(|entry| Some((step_of(entry.stage())?, entry)));
        let mut reached: Vec<(Step, Option<Timestamp>)> = Vec::new();
        let mut now = Step::Filed;
        for (step, entry) in steps {
            now = step;
            if reached.iter().all(|(known, _)| *known != step) {
                reached.push((step, at(entry)));
            }
        }
        let ended = matches!(told.stage(), Stage::Closed | Stage::Cancelled);
        Self { now, reached, ended }
    }

    /// When the case first came to a step; `None` where it has not been.
    fn reached(&self, step: Step) -> Option<Option<Timestamp>> {
        self.reached.iter().find(|(known, _)| *known == step).map(|(_, at)| *at)
    }

    /// The steps that are shown: what lies ahead, and what was not skipped.
    fn shown(&self) -> impl Iterator<Item = Step> {
        STEPS.into_iter().filter(|step| {
            let been = self.reached(*step).is_some() && *step <= self.now;
            been || (*step > self.now && !self.ended)
        })
    }

    /// The way, drawn.
    pub(super) fn markup(&self, language: Language) -> Markup {
        let said = language.pick("服务进度", "Progress");
        html! {
            ol.track aria-label=(said) {
                @for step in self.shown() {
                    @let here = step == self.now && !self.ended;
                    @let state = if here { "here" } else if step > self.now { "ahead" } else { "been" };
                    li class=(state) aria-current=[here.then_some("step")] {
                        span.dot aria-hidden="true" {}
                        span.name { (step.name(language)) }
                        @if let Some(Some(at)) = self.reached(step).filter(|_| step <= self.now) {
                            time.when datetime=(times::machine(at)) { (times::short(at)) }
                        } @else {
                            span.when.heard { (language.pick("未到", "still ahead")) }
                        }
                    }
                }
            }
        }
    }
}

fn at(entry: &TimelineEntry) -> Option<Timestamp> {
    timestamp(entry.at.as_ref()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(stages: &[Stage]) -> Timeline {
        let entries = stages
            .iter()
            .map(|stage| TimelineEntry { stage: (*stage).into(), ..TimelineEntry::default() });
        let last = stages.last().copied().unwrap_or_default();
        Timeline { entries: entries.collect(), stage: last.into(), ..Timeline::default() }
    }

    fn shown(stages: &[Stage]) -> Vec<Step> {
        Track::of(&told(stages)).shown().collect()
    }

    #[test]
    fn every_open_stage_has_its_step_or_interrupts() {
        for stage in parasol_journey::Stage::ALL {
            let interrupts = matches!(stage.as_str(), "paused" | "cancel_requested" | "cancelled");
            assert_eq!(step_of(stage.to_wire()).is_none(), interrupts, "{stage}");
        }
    }

    #[test]
    fn what_lies_ahead_is_shown_and_what_was_skipped_is_not() {
        assert_eq!(shown(&[Stage::Filed]), STEPS);
        let refunded = shown(&[Stage::Filed, Stage::Deciding, Stage::Refunding]);
        assert_eq!(refunded, [Step::Filed, Step::Decided, Step::CarriedOut, Step::Done]);
        let cancelled = shown(&[Stage::Filed, Stage::Dispatched, Stage::Cancelled]);
        assert_eq!(cancelled, [Step::Filed, Step::Arranged]);
    }

    #[test]
    fn a_case_that_goes_back_stands_where_it_went() {
        let again = [Stage::Filed, Stage::Dispatched, Stage::Appointed, Stage::ChoosingCentre];
        let track = Track::of(&told(&again));
        assert_eq!(track.now, Step::Arranged);
        assert_eq!(track.shown().collect::<Vec<_>>(), STEPS);
        let paused = Track::of(&told(&[Stage::Filed, Stage::Appointed, Stage::Paused]));
        assert_eq!(paused.now, Step::Booked);
        let page = paused.markup(Language::En).into_string();
        assert_eq!(page.matches("aria-current").count(), 1, "{page}");
    }
}
