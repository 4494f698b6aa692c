//! The round: what others said is taken up, what is due is decided, sent or asked about, and what came of it is
//! written down.
//!
//! One process does it, under a lease, so that a notice has one writer beside the projection that plans it. That
//! a notice is about to be handed over is one commit, what came of it another; between them the process may die,
//! and whoever comes next asks. That the customer was told what the case waits for is written into the case's log
//! in the commit that says so of the notice.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use parasol_api::{Error, Language, Reason};
use parasol_casebook::{Cell, Deed, Refusal, RowOp, Secret, Target, Written, secret};
use parasol_desk::{Desk, Duty, Office};
use parasol_journey::ids::CaseId;
use parasol_journey::time::{SECOND, Span, Timestamp};
use parasol_journey::vocab::Channel;
use parasol_journey::{Case, Command, Ctx, Event, decide as journey};
use parasol_runtime::identity::link;
use sea_orm::{EntityTrait, Order, QueryOrder, QuerySelect};
use secrecy::SecretString;
use serde_json::json;
use uuid::Uuid;

use super::course::{Notice, State, Told};
use super::facts::Sources;
use super::plan::{Template, still_holds};
use super::ports::{Carriers, Message};
use super::preferences::Preferences;
use super::receipts::unsubscribe_token;
use super::round::{self, Manners, Moment, Next};
use super::tables::notice_notes;
use super::words::{self, Text, Values};
use crate::people::People;
use crate::voice::survey::open_until;

/// Notices and notes that one round looks at.
const BATCH_MAX: u64 = 64;
/// The longest one carrier may take, whatever its own patience.
const CARRYING_MAX: Duration = Duration::from_secs(20);
/// The sending. The lease is longer than a round with carriers that take their time.
const DUTY: Duty =
    Duty { name: "notices", service: "service:tracking", length: Span::from_micros(90 * SECOND) };
/// Characters of a digest that lines may take; the rest says how many are left out.
const LINES_MAX: usize = 270;
/// The kind under which the vault keeps what can be read nowhere else.
pub const KEPT: &str = "notice";

/// What notices are sent by and with.
#[derive(Clone)]
pub struct Settings {
    /// Who carries.
    pub carriers: Carriers,
    /// When and how much.
    pub manners: Manners,
    /// Where the customer's pages are, for example `https://service.shop.example`; empty where nowhere.
    pub pages: String,
    /// What receipts are signed with; empty where none are taken.
    pub receipt_secret: SecretString,
}

/// Sends notices. Cheap to clone.
#[derive(Clone)]
pub struct Notifying {
    desk: Desk,
    people: People,
    settings: Settings,
    office: Office,
}

/// A notice with what it is made from.
struct Subject {
    event: Event,
    case: Arc<Case>,
    preferences: Preferences,
}

/// A notice that has been looked at, as it is to be written, with rows that belong to it.
struct Seen {
    notice: Notice,
    rows: Vec<RowOp>,
}

impl Notifying {
    /// The sending as one process does it; `holder` names the process.
    pub(crate) fn new(desk: Desk, people: People, settings: Settings, holder: Uuid) -> Self {
        Self { office: Office::new(desk.clone(), DUTY, holder), desk, people, settings }
    }

    /// One round; says whether there is more to do at once. Does nothing while another process has the lease.
    ///
    /// # Errors
    /// What the store says; what was written before stays, and the rest is done again without harm.
    pub async fn run_once(&self) -> Result<bool, Error> {
        let now = self.desk.clock.now();
        if self.office.held(now).await?.is_none() {
            return Ok(false);
        }
        let noted = self.take_up(now).await?;
        let due = Notice::due(&self.desk.store, now, BATCH_MAX).await.map_err(unreadable)?;
        let more = noted || due.len() as u64 >= BATCH_MAX;
        let (planned, out): (Vec<_>, Vec<_>) =
            due.into_iter().partition(|notice| !notice.state.is_out());
        let messages = self.hand_over(planned, now).await?;
        let sends = messages.into_iter().map(|(notice, message)| self.send(notice, Some(message)));
        let asks = out.into_iter().map(|notice| self.send(notice, None));
        let calls: Vec<_> = sends.map(Box::pin).chain(asks.map(Box::pin)).collect();
        let width = calls.len().max(1);
        let seen: Vec<Seen> = futures::stream::iter(calls).buffered(width).collect().await;
        self.settle(seen).await?;
        Ok(more)
    }

    /// Takes up what providers and operators said.
    async fn take_up(&self, now: Timestamp) -> Result<bool, Error> {
        let notes = notice_notes::Entity::find()
            .order_by(notice_notes::Column::At, Order::Asc)
            .limit(BATCH_MAX)
            .all(self.desk.store.reader())
            .await
            .map_err(unreadable)?;
        if notes.is_empty() {
            return Ok(false);
        }
        let ids: Vec<_> = notes.iter().map(|note| note.notice).collect();
        let known = Notice::find_all(&self.desk.store, ids).await.map_err(unreadable)?;
        let mut known: HashMap<_, _> = known.into_iter().map(|one| (one.id.0, one)).collect();
        let (mut rows, mut seen) = (HashMap::<Uuid, Vec<RowOp>>::new(), Vec::new());
        let more = notes.len() as u64 >= BATCH_MAX;
        for note in notes {
            let key: Vec<Cell> =
                vec![note.notice.into(), note.channel.clone().into(), note.said.clone().into()];
            let gone = RowOp::delete::<notice_notes::Entity>(key);
            rows.entry(note.notice).or_default().push(gone);
            let Some(notice) = known.remove(&note.notice) else { continue };
            let channel = Channel::parse(&note.channel);
            let notice = match (note.said.as_str(), channel) {
                ("delivered", Some(channel)) => {
                    Notice { channel: Some(channel), ..notice }.arrived(now)
                }
                ("failed", Some(channel)) => notice.refused_by(channel, &note.reason, now),
                ("redrive", _) => notice.redriven(now),
                _ => notice,
            };
            known.insert(note.notice, notice);
        }
        for (id, rows) in rows {
            match known.remove(&id) {
                Some(notice) => seen.push(Seen { notice, rows }),
                None => self.office.write(rows).await?,
            }
        }
        self.settle(seen).await?;
        Ok(more)
    }

    /// Decides on planned notices, writes what was decided, and answers with what is to be sent.
    async fn hand_over(
        &self,
        planned: Vec<Notice>,
        now: Timestamp,
    ) -> Result<Vec<(Notice, Message)>, Error> {
        if planned.is_empty() {
            return Ok(Vec::new());
        }
        let subjects = self.subjects(&planned).await?;
        let had = self.had_today(&planned, now).await?;
        let (mut ready, mut ended, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        for notice in planned {
            let Some(subject) = subjects.get(&notice.id.0) else {
                ended.push(notice.suppressed("superseded", now));
                continue;
            };
            let Subject { event, case, preferences } = subject;
            let moment = Moment {
                now,
                holds: still_holds(notice.template, event, case),
                had_today: had.get(&notice.customer.uuid()).copied().unwrap_or_default(),
            };
            let carries = |channel| self.settings.carriers.get(channel).is_some();
            match round::decide(&notice, preferences, &self.settings.manners, moment, carries) {
                Next::Send(channel) => ready.push((notice, channel)),
                Next::Later(until) => rows.push(notice.put_off(until).row()),
                Next::LetGo(reason) => ended.push(notice.suppressed(reason, now)),
                Next::NoChannel => ended.push(notice.without_channel(now)),
            }
        }
        let merged = round::merge(ready, now);
        rows.extend(merged.along.iter().chain(&merged.old).map(Notice::row));
        let mut messages: Vec<(Notice, Channel, Vec<Notice>)> = Vec::new();
        let mut along = self.told_along(&merged).await?;
        for (notice, channel) in merged.send {
            let notice = notice.handing_over(channel, now);
            rows.push(notice.row());
            let lines = along.remove(&notice.id.0).unwrap_or_default();
            messages.push((notice, channel, lines));
        }
        self.office.write(rows).await?;
        let ended = ended.into_iter().map(|notice| Seen { notice, rows: Vec::new() });
        self.settle(ended.collect()).await?;
        let mut made = Vec::with_capacity(messages.len());
        for (notice, channel, lines) in messages {
            if let Some(subject) = subjects.get(&notice.id.0) {
                let message = self.message(&notice, channel, subject, &lines).await;
                made.push((notice, message));
            }
        }
        Ok(made)
    }

    /// What each notice is made from. Left out are those whose case or entry is not there.
    async fn subjects(&self, notices: &[Notice]) -> Result<HashMap<Uuid, Subject>, Error> {
        let mut customers: Vec<_> = notices.iter().map(|one| one.customer.uuid()).collect();
        customers.sort_unstable();
        customers.dedup();
        let store = &self.desk.store;
        let all = Preferences::of_all(store, customers).await.map_err(unreadable)?;
        let preferences: HashMap<_, _> = all.into_iter().collect();
        let mut ids: Vec<_> = notices.iter().map(|one| one.case).collect();
        ids.sort_unstable();
        ids.dedup();
        // As they stand: what this process remembers of a case may be old.
        let cases = store.readable_cases(&ids).await.map_err(unreadable)?;
        let cases: HashMap<_, _> = cases.into_iter().map(|one| (one.id, Arc::new(one))).collect();
        let wanted: Vec<_> = notices.iter().map(|one| (one.case, one.seq)).collect();
        // One entry may have several notices.
        let entries = store.readable_entries(&wanted).await.map_err(unreadable)?;
        let entries: HashMap<_, _> =
            entries.into_iter().map(|(case, event)| ((case, event.seq), event)).collect();
        let mut subjects = HashMap::new();
        for notice in notices {
            let case = cases.get(&notice.case).cloned();
            let event = entries.get(&(notice.case, notice.seq)).cloned();
            let (Some(case), Some(event)) = (case, event) else { continue };
            let preferences = preferences.get(&notice.customer.uuid()).cloned().unwrap_or_default();
            subjects.insert(notice.id.0, Subject { event, case, preferences });
        }
        Ok(subjects)
    }

    async fn had_today(
        &self,
        notices: &[Notice],
        now: Timestamp,
    ) -> Result<HashMap<Uuid, i64>, Error> {
        let midnight = Timestamp::shanghai_midnight(now.shanghai_day());
        let mut customers: Vec<_> = notices.iter().map(|one| one.customer.uuid()).collect();
        customers.sort_unstable();
        customers.dedup();
        let had = Notice::sent_since(&self.desk.store, customers, midnight).await;
        Ok(had.map_err(unreadable)?.into_iter().collect())
    }

    /// The notices told along with those about to be sent, now or on an attempt before.
    async fn told_along(
        &self,
        merged: &round::Merged,
    ) -> Result<HashMap<Uuid, Vec<Notice>>, Error> {
        let again = merged.send.iter().map(|(notice, _)| notice);
        let again: Vec<_> = again.filter(|notice| notice.sent_at.is_some()).collect();
        let before = Notice::told_along(&self.desk.store, &again).await.map_err(unreadable)?;
        let mut along: HashMap<Uuid, Vec<Notice>> = HashMap::new();
        for notice in merged.along.iter().cloned().chain(before) {
            if let Some(into) = notice.merged_into {
                along.entry(into.0).or_default().push(notice);
            }
        }
        Ok(along)
    }

    async fn message(
        &self,
        notice: &Notice,
        channel: Channel,
        subject: &Subject,
        along: &[Notice],
    ) -> Message {
        let language = subject.preferences.wishes.language;
        let mut text = self.text(notice, subject, language).await;
        if !along.is_empty() {
            text = self.digest(along, text, language).await;
        }
        let kind = notice.template.row().kind;
        let unsubscribe = match self.settings.pages.trim_end_matches('/') {
            pages if !pages.is_empty() && !kind.is_essential() => {
                let token = unsubscribe_token(&self.desk.key, notice.customer, kind);
                format!("{pages}/v1/notices/unsubscribe/{token}")
            }
            _ => String::new(),
        };
        Message {
            operation: super::Operation { notice: notice.id, channel },
            to: subject.preferences.addresses.of(channel, notice.customer),
            subject: text.subject,
            text: text.body,
            language: language.tag(),
            unsubscribe,
        }
    }

    async fn text(&self, notice: &Notice, subject: &Subject, language: Language) -> Text {
        let Subject { event, case, .. } = subject;
        let code = self.desk.completion_code(case.id, case.code_number());
        let survey = match (notice.template, open_until(case)) {
            (Template::Closed, Some(until)) => link::survey_token(&self.desk.key, case.id, until),
            _ => String::new(),
        };
        let (people, pages) = (&self.people, self.settings.pages.as_str());
        let sources = Sources { people, pages, code: &code, survey: &survey };
        let values = sources.values(notice.template, event, case, language).await;
        rendered(notice.template, language, &values)
    }

    /// Several in one, each in a line, the oldest first.
    async fn digest(&self, along: &[Notice], leader: Text, language: Language) -> Text {
        let mut texts = Vec::with_capacity(along.len() + 1);
        if let Ok(subjects) = self.subjects(along).await {
            for notice in along {
                if let Some(subject) = subjects.get(&notice.id.0) {
                    texts.push(self.text(notice, subject, language).await.body);
                }
            }
        }
        texts.push(leader.body);
        let (lines, left) = words::lines(&texts, LINES_MAX);
        let more = if left > 0 { left.to_string() } else { String::new() };
        let values = Values::from([("lines", lines), ("more", more)]);
        rendered(Template::Digest, language, &values)
    }

    /// Sends a message, or asks about a notice that may be out.
    async fn send(&self, notice: Notice, message: Option<Message>) -> Seen {
        let carrier = notice.channel.and_then(|channel| self.settings.carriers.get(channel));
        let Some((carrier, operation)) = carrier.zip(notice.operation()) else {
            // The channel it is on is no longer there to be asked.
            let now = self.desk.clock.now();
            return Seen { notice: notice.told(&Told::Lost, false, now), rows: Vec::new() };
        };
        let can_be_asked = carrier.can_be_asked();
        let calling = async {
            match &message {
                Some(message) => carrier.send(message).await,
                None if can_be_asked => carrier.query(operation).await,
                // Nobody can be asked: what was taken on stays as it is.
                None if notice.state == State::Sent && notice.asks > 0 => Told::Accepted,
                None => Told::Lost,
            }
        };
        let told = tokio::time::timeout(CARRYING_MAX, calling).await.unwrap_or(Told::Lost);
        let now = self.desk.clock.now();
        tracing::debug!(%operation, template = %notice.template, told = name(&told), "a notice");
        let mut rows = Vec::new();
        if let Some(message) = message.filter(|_| carrier.keeps() && told == Told::Delivered) {
            let body = json!({
                "to": message.to, "subject": message.subject, "text": message.text,
                "language": message.language,
            });
            let (subject, lookup) = (notice.id.0, String::new());
            rows.push(secret(Secret { subject, kind: KEPT, lookup, body: body.to_string() }, now));
        }
        Seen { notice: notice.told(&told, can_be_asked, now), rows }
    }

    /// Writes notices as they are now: those that a case waits for with an entry in its log, all others at once.
    async fn settle(&self, seen: Vec<Seen>) -> Result<(), Error> {
        let (mut rows, mut records) = (Vec::new(), Vec::new());
        for one in seen {
            let mut own = one.rows;
            own.push(one.notice.row());
            match recorded(&one.notice) {
                Some(command) => records.push(self.record(one.notice.case, command, own)),
                None => rows.extend(own),
            }
        }
        // Handed in together, so that the committer may put them into one commit.
        for recorded in futures::future::join_all(records).await {
            recorded?;
        }
        self.office.write(rows).await
    }

    async fn record(&self, case: CaseId, command: Command, rows: Vec<RowOp>) -> Result<(), Error> {
        self.office.submit(Target::Case(case), Arc::new(Recorded { command, rows })).await
    }
}

/// What the log of its case is told of a notice, if the case waits for it.
fn recorded(notice: &Notice) -> Option<Command> {
    if !notice.template.is_awaited() {
        return None;
    }
    let asked = notice.seq;
    match (notice.state, notice.channel) {
        (State::Delivered, Some(channel)) => Some(Command::RecordNotice { asked, channel }),
        _ if notice.is_given_up() => Some(Command::RecordNoNotice { asked }),
        _ => None,
    }
}

fn rendered(template: Template, language: Language, values: &Values) -> Text {
    words::render(template, language, values).unwrap_or_else(|error| {
        tracing::error!(%error, %template, "a template cannot be rendered");
        Text { subject: template.as_str().to_owned(), body: template.as_str().to_owned() }
    })
}

fn name(told: &Told) -> &'static str {
    match told {
        Told::Delivered => "delivered",
        Told::Accepted => "accepted",
        Told::Refused { .. } => "refused",
        Told::Busy { .. } => "busy",
        Told::NeverHeard => "never_heard",
        Told::Lost => "lost",
    }
}

fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Reason::StoreUnavailable).because(error)
}

/// Rows with an entry in the log of the case. A case that has moved on is told nothing: the notice is still
/// what it is.
struct Recorded {
    command: Command,
    rows: Vec<RowOp>,
}

impl Deed for Recorded {
    fn decide(&self, case: Option<&Case>, ctx: &Ctx<'_>) -> Result<Written, Refusal> {
        let decided = case.and_then(|case| journey(case, &self.command, ctx).ok());
        Ok(Written { decided, rows: self.rows.clone(), answer: Vec::new() })
    }
}
