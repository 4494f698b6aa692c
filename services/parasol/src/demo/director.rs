//! One case from filing to its end: watches it as its customer does, and lets each player act when the
//! turn is theirs.
//!
//! Holds no plan of its own. What to do next follows from the case as the API shows it, so that whoever
//! plays on after a crash does the same.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::{Context as _, bail};
use parasol_api::common::v1::{CaseView, Stage};
use parasol_api::convert::{timestamp, version_of};
use parasol_api::intake::v1::{Case, FileCaseRequest, FileCaseResponse, GetCaseRequest};
use parasol_api::tracking::v1::tracking_service_client::TrackingServiceClient;
use parasol_api::tracking::v1::watch_case_response::Event;
use parasol_api::tracking::v1::{GetTimelineRequest, Timeline, TimelineEntry, WatchCaseRequest};
use parasol_api::{Error, Listed as _, Reason};
use parasol_journey::time::{Span, Timestamp};
use parasol_runtime::identity::{Principal, Role};
use tokio::sync::mpsc;
use tonic::{Status, Streaming};

use super::conductor::Conductor;
use super::partners::Partners;
use super::script::Part;
use super::wire::{Tries, Wire, request_id};
use parasol_api::tracking::v1::WatchCaseResponse;

const FILE_CASE: &str = "/parasol.intake.v1.IntakeService/FileCase";
const GET_CASE: &str = "/parasol.intake.v1.IntakeService/GetCase";
const GET_TIMELINE: &str = "/parasol.tracking.v1.TrackingService/GetTimeline";

/// How long nothing may happen before time is let pass.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often that may happen in a row before the demonstration gives up on a case.
const IDLE_MAX: u32 = 10;
/// A moment past a deadline.
pub(super) const MOMENT: Span = Span::from_micros(1_000_000);

/// What a case shows while it is played.
pub enum Shown {
    /// An entry of the timeline, as the customer reads it.
    Entry(Box<TimelineEntry>),
    /// The case has ended.
    Ended(Box<Timeline>),
}

/// Plays one case.
pub struct Director {
    pub wire: Wire,
    pub conductor: Conductor,
    pub partners: Partners,
    pub part: Part,
    pub language: &'static str,
    pub shown: mpsc::Sender<Shown>,
    pub(super) answered: HashSet<String>,
    pub(super) case_id: String,
    pub(super) certificate: String,
    /// Where the last entry left the case.
    stage: Stage,
    pub(super) offers_seen: usize,
    /// Of those, how many have had their player's turn; an alarm about an offer gives it no second one.
    pub(super) offers_played: usize,
    pub(super) visits_missed: usize,
}

impl Director {
    pub fn new(
        wire: Wire,
        conductor: Conductor,
        partners: Partners,
        part: Part,
        language: &'static str,
        shown: mpsc::Sender<Shown>,
    ) -> Self {
        Self {
            wire,
            conductor,
            partners,
            part,
            language,
            shown,
            answered: HashSet::new(),
            case_id: String::new(),
            certificate: String::new(),
            stage: Stage::Unspecified,
            offers_seen: 0,
            offers_played: 0,
            visits_missed: 0,
        }
    }

    /// Plays to the end; false when the case ended by cancellation. The case has joined the conductor
    /// before.
    pub async fn play(mut self) -> anyhow::Result<bool> {
        let ended = self.play_to_the_end().await;
        self.conductor.leave().await?;
        ended.with_context(|| {
            format!("case {} of order {}", self.case_id, self.part.filing.order_line)
        })
    }

    async fn play_to_the_end(&mut self) -> anyhow::Result<bool> {
        let filed = self.file().await?;
        self.case_id = filed.case_id;
        let mut stream = self.watch().await?;
        let mut token = String::new();
        let mut idle = 0;
        loop {
            let next = tokio::time::timeout(PATIENCE, stream.message()).await;
            let message = match next {
                Err(_) => {
                    idle += 1;
                    self.wait_for_deadline(idle).await?;
                    continue;
                }
                Ok(Ok(Some(message))) => message,
                Ok(_) => {
                    stream = self.watch_from(&token).await?;
                    continue;
                }
            };
            token = message.resume_token;
            let Some(Event::Entry(entry)) = message.event else { continue };
            idle = 0;
            let seq = entry.seq.unsigned_abs();
            self.remember(&entry);
            // Whoever only wanted to see the end may not be reading.
            let _ = self.shown.send(Shown::Entry(entry)).await;
            let case = self.case().await?;
            let view = case.view.clone().unwrap_or_default();
            if version_of(&view.etag) != Some(seq) {
                continue;
            }
            match view.stage() {
                Stage::Closed | Stage::Cancelled => {
                    let timeline = self.timeline().await?;
                    let _ = self.shown.send(Shown::Ended(Box::new(timeline))).await;
                    return Ok(view.stage() == Stage::Closed);
                }
                _ => self.act(&case, &view).await?,
            }
        }
    }

    /// Counts what the story turns on, from the entries alone: whoever plays on after a crash sees
    /// them all again.
    fn remember(&mut self, entry: &TimelineEntry) {
        let (before, now) = (self.stage, entry.stage());
        self.stage = now;
        if now == Stage::Dispatched && before != Stage::Dispatched {
            self.offers_seen += 1;
        }
        if now == Stage::TechnicianAssigned && before == Stage::Appointed {
            self.visits_missed += 1;
        }
    }

    /// Nobody has moved: what moves the case next is a deadline, so time is let pass.
    async fn wait_for_deadline(&self, idle: u32) -> anyhow::Result<()> {
        let case = self.case().await?;
        let due = case.next_deadline.as_ref().and_then(|one| timestamp(one.due.as_ref()?));
        match due {
            Some(due) if idle <= IDLE_MAX => self.conductor.wait_until(due + MOMENT).await,
            _ => bail!("nothing moves the case any more"),
        }
    }

    /// Lets whoever holds the turn act. A player that came too late, because the case moved on
    /// meanwhile, finds out by the answer and looks again.
    async fn act(&mut self, case: &Case, view: &CaseView) -> anyhow::Result<()> {
        let Err(error) = self.act_in(case, view).await else { return Ok(()) };
        let Some(status) = error.downcast_ref::<Status>() else { return Err(error) };
        let reason = Error::from_status(status).reason();
        let moved_on = matches!(
            reason,
            Reason::IllegalTransition
                | Reason::VersionConflict
                | Reason::OfferSuperseded
                | Reason::OfferExpired
                | Reason::CaseEnded
        );
        if moved_on {
            tracing::debug!(case = self.case_id, %reason, "the case moved on");
            return Ok(());
        }
        Err(error)
    }

    pub(super) fn customer(&self) -> Principal {
        Principal::new(Role::Customer, self.part.customer.clone())
    }

    /// The request id of an action on the case as it is now.
    pub(super) fn id(&self, view: &CaseView, action: &str) -> String {
        request_id(&self.case_id, version_of(&view.etag).unwrap_or_default(), action)
    }

    async fn file(&self) -> anyhow::Result<CaseView> {
        let id = request_id(&self.part.filing.order_line, 0, "file");
        let message = FileCaseRequest {
            request_id: id.clone(),
            order_line: self.part.filing.order_line.clone(),
            serial: self.part.serial.clone(),
            kind: self.part.filing.kind.number(),
            wish: self.part.filing.wants.number(),
            symptom: self.part.filing.symptom.clone(),
            description: self.part.filing.description.clone(),
            ..Default::default()
        };
        let filed: FileCaseResponse =
            self.wire.act(&self.customer(), FILE_CASE, &id, &message).await?;
        filed.case.context("a filing answers with its case")
    }

    async fn watch(&self) -> anyhow::Result<Streaming<WatchCaseResponse>> {
        self.watch_from("").await
    }

    async fn watch_from(&self, token: &str) -> anyhow::Result<Streaming<WatchCaseResponse>> {
        let message = WatchCaseRequest {
            case_id: self.case_id.clone(),
            resume_token: token.to_owned(),
            language: self.language.to_owned(),
        };
        let mut tries = Tries::default();
        loop {
            let request = self.wire.request(&self.customer(), message.clone())?;
            let mut client = TrackingServiceClient::new(self.wire.channel());
            match client.watch_case(request).await {
                Ok(stream) => return Ok(stream.into_inner()),
                Err(status) => tries.again(status).await?,
            }
        }
    }

    pub(super) async fn case(&self) -> anyhow::Result<Case> {
        let message =
            GetCaseRequest { case_id: self.case_id.clone(), language: self.language.to_owned() };
        Ok(self.wire.ask(&self.customer(), GET_CASE, &message).await?)
    }

    async fn timeline(&self) -> anyhow::Result<Timeline> {
        let message = GetTimelineRequest {
            case_id: self.case_id.clone(),
            language: self.language.to_owned(),
        };
        Ok(self.wire.ask(&self.customer(), GET_TIMELINE, &message).await?)
    }
}

/// The end of a window on the wire.
pub(super) fn window(
    wire: Option<&parasol_api::common::v1::TimeWindow>,
) -> anyhow::Result<(Timestamp, Timestamp)> {
    let window = wire.context("an appointed case has a window")?;
    let at = |end: &Option<prost_types::Timestamp>| end.as_ref().and_then(timestamp);
    at(&window.from).zip(at(&window.to)).context("a window has both ends")
}
