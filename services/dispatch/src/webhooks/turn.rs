//! One turn of one lane: read a few changes, send them, and write down what came of it in one commit.
//!
//! **New changes** are read from the lane's place on. A case of which an earlier change was not taken is
//! not sent: it is in the retry rows, and its newer change goes with them, so that the lane's place may
//! pass it. **Cases that are due** are read after the new changes, as they stand, from the first change
//! on that was not taken; whatever the lane has passed is therefore in them. Cases are sent beside each
//! other, changes of a case one after the other.
//!
//! The place moves in the commit that says what became of everything before it. A turn that dies before
//! is taken again, with the same ids.

use std::collections::{HashMap, HashSet};

use futures::StreamExt as _;
use parasol_api::{Error, Reason};
use parasol_casebook::RowOp;
use parasol_journey::ids::CaseId;
use parasol_journey::time::{SECOND, Span, Timestamp};
use parasol_runtime::identity::Principal;
use sea_orm::{
    ColumnTrait, EntityTrait, IntoActiveModel as _, Order, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::course::{Counted, Mode};
use super::delivery::{Entry, Outcome};
use super::event::{Event, events, id_of, kind};
use super::group::{Group, Sent};
use super::lane::{place_of, set_place};
use super::post::Post;
use super::sending::Message;
use super::signing::{SigningSecret, signatures, valid_secrets};
use super::{claims, course, delivery, owner};
use crate::changes::{Change, Cursor, Place, Reader};
use crate::partner::Partner;
use crate::tables::{webhook_lanes, webhook_retries, webhooks};
use crate::unreadable;

/// Changes of one case sent in a turn; the next turn goes on there.
const CHANGES_MAX: usize = 32;
/// How long after its start a turn begins further calls; the next turn goes on there. What was read by
/// then may be old, and so may be the settings of the webhook.
const CALLING_MAX: Span = Span::from_micros(20 * SECOND);
/// Positions without a change for the partner that are passed before the place is written down.
const UNWRITTEN_MAX: i64 = 10_000;

/// A turn that is about to be taken.
pub struct Turn {
    /// The webhook.
    pub hook: webhooks::Model,
    /// Where its lane stands.
    pub lane: webhook_lanes::Model,
    /// What the store knows of that; `None` when it knows nothing.
    pub stored: Option<webhook_lanes::Model>,
    /// What the lane may do.
    pub mode: Mode,
    /// Now.
    pub now: Timestamp,
    /// Whether claims are asked for in this turn.
    pub asks_claims: bool,
    /// When they are asked for next.
    pub claims_at: i64,
}

/// What a turn came to.
pub struct Taken {
    /// Where the lane stands now.
    pub lane: webhook_lanes::Model,
    /// What the store knows of that.
    pub stored: Option<webhook_lanes::Model>,
    /// Whether there is more to do at once.
    pub more: bool,
    /// When claims are asked for next.
    pub claims_at: i64,
}

/// What a turn has to write, as it is found out.
#[derive(Default)]
struct Notes {
    entries: Vec<Entry>,
    rows: Vec<RowOp>,
    counted: Vec<Counted>,
    more: bool,
    /// The first change to send of cases whose retry begins earlier than its row says.
    since: HashMap<Uuid, Since>,
}

/// A place among the changes of a case: the case's version, then the row.
type Since = (i64, Uuid);

/// Whose changes are sent, and as whom they are read.
struct Owner {
    principal: Principal,
    reader: Reader,
}

impl Turn {
    /// Takes it.
    ///
    /// # Errors
    /// What the store says, and `OVERLOADED` when another process has taken over the lane; nothing is
    /// then written, and the lane has to be read anew.
    pub async fn take(mut self, post: &Post) -> Result<Taken, Error> {
        let principal = owner(&self.hook);
        let partner = Partner::of(&principal)?;
        let reader = Reader::new(&post.desk.store, partner);
        let owner = Owner { principal, reader };
        let limit = match self.mode {
            Mode::Open(width) => width,
            Mode::Try => 1,
            Mode::Wait => return Ok(self.done(false)),
        };
        let mut notes = Notes::default();
        let (mut groups, place) = match self.new_changes(post, &owner, limit, &mut notes).await {
            Err(error) if error.reason() == Reason::ResyncRequired => {
                let end = post.desk.store.feed_position().await.map_err(unreadable)?;
                set_place(&mut self.lane, &Cursor::Offers { tail: end, after: Uuid::nil() });
                return Ok(self.done(true));
            }
            found => found?,
        };
        if self.asks_claims {
            groups.extend(self.new_claims(post, limit, &mut notes).await);
        }
        if self.mode != Mode::Try || groups.is_empty() {
            groups.extend(self.due_cases(post, &owner, &place, limit, &mut notes).await?);
        }
        let sent = self.send(post, groups, limit).await;
        // The calls took their time.
        self.now = self.now.max(post.desk.clock.now());
        for one in sent {
            self.note(one, &mut notes);
        }
        set_place(&mut self.lane, &place);
        course::settle(&mut self.lane, &notes.counted, self.now);
        self.commit(post, notes).await
    }

    fn done(self, more: bool) -> Taken {
        Taken { lane: self.lane, stored: self.stored, more, claims_at: self.claims_at }
    }

    /// Claims that changed. What verification does not tell now it tells later, and holds up nothing else. Claims
    /// that wait for a retry are noted as held back.
    async fn new_claims(&mut self, post: &Post, limit: usize, notes: &mut Notes) -> Vec<Group> {
        let Some(claims) = &post.claims else { return Vec::new() };
        let told = async {
            let changed = claims.changed(&post.desk.store, &self.hook, limit).await?;
            let events = changed.claims.iter().map(claims::event).collect::<Result<Vec<_>, _>>()?;
            let waiting = self.waiting(post, events.iter().map(|event| event.case)).await?;
            Ok::<_, Error>((changed, events, waiting))
        };
        let (changed, events, waiting) = match told.await {
            Ok(told) => told,
            Err(error) => {
                tracing::warn!(%error, webhook = %self.hook.webhook, "claims cannot be told now");
                self.claims_at = (self.now + claims::EVERY).micros();
                return Vec::new();
            }
        };
        notes.more |= changed.more;
        notes.rows.extend(changed.place);
        if !changed.more {
            self.claims_at = (self.now + claims::EVERY).micros();
        }
        let (held, free): (Vec<_>, Vec<_>) =
            events.into_iter().partition(|event| waiting.contains_key(&event.case));
        for event in held {
            let known = &waiting[&event.case];
            notes.entries.push(held_back_as(&event.id, event.kind, event.about, known.next_at));
            if known.given_up == 1 {
                // It was given up and has changed, so it is tried anew.
                let row = webhook_retries::Model {
                    attempts: 0,
                    next_at: self.now.micros(),
                    given_up: 0,
                    ..known.clone()
                };
                notes.more = true;
                notes.rows.push(RowOp::put(row.into_active_model()));
            }
        }
        let group =
            |event: Event| Group { case: event.case, events: vec![event], retry: None, rest: None };
        free.into_iter().map(group).collect()
    }

    /// Reads on from the lane's place. Cases that wait for a retry are noted as held back.
    async fn new_changes(
        &self,
        post: &Post,
        owner: &Owner,
        limit: usize,
        notes: &mut Notes,
    ) -> Result<(Vec<Group>, Cursor), Error> {
        let page = owner.reader.page(place_of(&self.lane), limit).await?;
        notes.more |= page.more;
        let cases = page.changes.iter().map(|(change, _)| change.at().0);
        let waiting = self.waiting(post, cases).await?;
        let (held, free): (Vec<_>, Vec<_>) =
            page.changes.into_iter().partition(|(change, _)| waiting.contains_key(&change.at().0));
        self.hold_back(&held, &waiting, notes);
        let place = place(post, &owner.principal);
        let mut made = events(&post.desk, &place, &free).await?;
        let mut groups: Vec<Group> = Vec::new();
        for (change, _) in free {
            let (case, seq) = change.at();
            let Some(event) = made.remove(&(change.id(), seq)) else { continue };
            match groups.iter_mut().find(|group| group.case == case) {
                Some(group) => group.events.push(event),
                None => groups.push(Group { case, events: vec![event], retry: None, rest: None }),
            }
        }
        Ok((groups, page.cursor))
    }

    /// Leaves changes to the retry of their case, which begins with the earliest of them: the place passes
    /// them now, a replay included. A case that was given up has changed, so it is tried anew.
    fn hold_back(
        &self,
        held: &[(Change, Cursor)],
        waiting: &HashMap<Uuid, webhook_retries::Model>,
        notes: &mut Notes,
    ) {
        let mut rows: HashMap<Uuid, webhook_retries::Model> = HashMap::new();
        for (change, _) in held {
            let known = &waiting[&change.at().0];
            notes.entries.push(held_back(change, known.next_at));
            let row = rows.entry(known.case_id).or_insert_with(|| known.clone());
            if row.given_up == 1 {
                (row.attempts, row.next_at, row.given_up) = (0, self.now.micros(), 0);
                notes.more = true;
            }
            (row.since_seq, row.since_row) = order(change).min((row.since_seq, row.since_row));
        }
        for (case, row) in rows {
            if row != waiting[&case] {
                notes.since.insert(case, (row.since_seq, row.since_row));
                notes.rows.push(RowOp::put(row.into_active_model()));
            }
        }
    }

    /// The retry rows of some cases or claims.
    async fn waiting(
        &self,
        post: &Post,
        cases: impl Iterator<Item = Uuid>,
    ) -> Result<HashMap<Uuid, webhook_retries::Model>, Error> {
        let cases: HashSet<Uuid> = cases.collect();
        if cases.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = webhook_retries::Entity::find()
            .filter(webhook_retries::Column::Webhook.eq(self.hook.webhook))
            .filter(webhook_retries::Column::CaseId.is_in(cases))
            .all(post.desk.store.reader())
            .await
            .map_err(unreadable)?;
        Ok(rows.into_iter().map(|row| (row.case_id, row)).collect())
    }

    /// The cases that are due to be tried again, as they stand now. A lane that is tried takes the one
    /// that has waited longest, due or not.
    async fn due_cases(
        &self,
        post: &Post,
        owner: &Owner,
        after: &Cursor,
        limit: usize,
        notes: &mut Notes,
    ) -> Result<Vec<Group>, Error> {
        let mut due = webhook_retries::Entity::find()
            .filter(webhook_retries::Column::Webhook.eq(self.hook.webhook))
            .filter(webhook_retries::Column::GivenUp.eq(0))
            .order_by(webhook_retries::Column::NextAt, Order::Asc)
            .limit(limit as u64);
        if self.mode != Mode::Try {
            due = due.filter(webhook_retries::Column::NextAt.lte(self.now.micros()));
        }
        let due = due.all(post.desk.store.reader()).await.map_err(unreadable)?;
        notes.more |= self.mode != Mode::Try && due.len() == limit;
        let cases: Vec<_> = due.iter().map(|row| CaseId::new(row.case_id)).collect();
        if cases.is_empty() {
            return Ok(Vec::new());
        }
        let mut standing: HashMap<Uuid, Vec<(Change, Cursor)>> = HashMap::new();
        for change in owner.reader.standing(&cases).await? {
            standing.entry(change.at().0).or_default().push((change, *after));
        }
        let place = place(post, &owner.principal);
        let mut claims = self.due_claims(post, &due, &standing).await;
        let mut groups = Vec::with_capacity(due.len());
        for retry in due {
            if !standing.contains_key(&retry.case_id) {
                match &mut claims {
                    // Nobody says what they are now: their rows stay for the next turn.
                    None => continue,
                    Some(claims) => {
                        let (case, event) = (retry.case_id, claims.remove(&retry.case_id));
                        let (events, retry) = (event.into_iter().collect(), Some(retry));
                        groups.push(Group { case, events, retry, rest: None });
                        continue;
                    }
                }
            }
            let mut changes = standing.remove(&retry.case_id).unwrap_or_default();
            let since = notes.since.get(&retry.case_id).copied();
            let since = since.unwrap_or((retry.since_seq, retry.since_row));
            changes.retain(|(change, _)| order(change) >= since);
            changes.sort_by_key(|(change, _)| order(change));
            let rest = changes.get(CHANGES_MAX).map(|(change, _)| order(change));
            changes.truncate(CHANGES_MAX);
            let mut made = events(&post.desk, &place, &changes).await?;
            let each = changes.iter().filter_map(|(one, _)| made.remove(&(one.id(), one.at().1)));
            let (events, case) = (each.collect(), retry.case_id);
            groups.push(Group { case, events, retry: Some(retry), rest });
        }
        Ok(groups)
    }

    /// Claims that are due, as they stand: whatever waits and is no case of this partner's. `None` where that
    /// cannot be learned now.
    async fn due_claims(
        &self,
        post: &Post,
        due: &[webhook_retries::Model],
        standing: &HashMap<Uuid, Vec<(Change, Cursor)>>,
    ) -> Option<HashMap<Uuid, Event>> {
        let ids: HashSet<Uuid> = due.iter().map(|row| row.case_id).collect();
        let ids: HashSet<Uuid> = ids.into_iter().filter(|id| !standing.contains_key(id)).collect();
        let claims = match &post.claims {
            Some(claims) if !ids.is_empty() => claims,
            _ => return Some(HashMap::new()),
        };
        match claims.standing(&self.hook, &ids).await {
            Ok(events) => Some(events),
            Err(error) => {
                tracing::warn!(%error, webhook = %self.hook.webhook, "claims cannot be told now");
                None
            }
        }
    }

    /// Sends the groups beside each other, each until one of its events is not taken.
    async fn send(&self, post: &Post, groups: Vec<Group>, width: usize) -> Vec<Sent> {
        let secrets = valid_secrets(&post.desk.key, &self.hook, self.now);
        let sends = groups.into_iter().map(|group| self.send_group(post, &secrets, group));
        futures::stream::iter(sends).buffered(width.max(1)).collect().await
    }

    async fn send_group(&self, post: &Post, secrets: &[SigningSecret], group: Group) -> Sent {
        let mut calls = Vec::with_capacity(group.events.len());
        for event in &group.events {
            let now = self.now.max(post.desk.clock.now());
            if now > self.now + CALLING_MAX {
                break;
            }
            let message = message(event, secrets, now);
            let called = post.sending.call(&self.hook.url, message).await;
            calls.push(called);
            if course::meaning(&called) != course::Meaning::Taken {
                break;
            }
        }
        Sent { group, calls }
    }

    fn note(&mut self, sent: Sent, notes: &mut Notes) {
        let settled = sent.settle(self.hook.webhook, self.mode == Mode::Try, self.now);
        if settled.is_gone {
            self.lane.gone = 1;
        }
        notes.more |= settled.more;
        notes.entries.extend(settled.entries);
        notes.rows.extend(settled.row);
        notes.counted.extend(settled.counted);
    }

    /// Writes everything at once. A place that moved over nothing is kept in memory for a while.
    async fn commit(mut self, post: &Post, notes: Notes) -> Result<Taken, Error> {
        let more = notes.more && self.lane.gone == 0 && self.lane.down_since == 0;
        if notes.entries.is_empty() && notes.rows.is_empty() && !self.is_to_be_written() {
            return Ok(self.done(more));
        }
        let mut rows = notes.rows;
        let logged = &mut self.lane.logged;
        rows.extend(delivery::rows(self.hook.webhook, logged, &notes.entries, self.now));
        rows.push(RowOp::put(self.lane.clone().into_active_model()));
        post.office.write(rows).await?;
        self.stored = Some(self.lane.clone());
        Ok(self.done(more))
    }

    fn is_to_be_written(&self) -> bool {
        let Some(stored) = &self.stored else { return true };
        let moved = self.lane.place_position - stored.place_position;
        let same_place = webhook_lanes::Model {
            place_mode: stored.place_mode,
            place_position: stored.place_position,
            place_row: stored.place_row,
            ..self.lane.clone()
        };
        same_place != *stored
            || stored.place_mode != self.lane.place_mode
            || !(0..UNWRITTEN_MAX).contains(&moved)
    }
}

fn place<'a>(post: &'a Post, principal: &'a Principal) -> Place<'a> {
    Place { key: &post.desk.key, principal, epoch: post.epoch }
}

/// A signed message. The receiver checks how old it is, so it bears the time of its call.
fn message(event: &Event, secrets: &[SigningSecret], now: Timestamp) -> Message {
    let seconds = now.micros().div_euclid(1_000_000);
    let signatures = signatures(secrets, &event.id, seconds, &event.body);
    Message { id: event.id.clone(), seconds, signatures, body: event.body.clone() }
}

/// The order of a case's changes.
fn order(change: &Change) -> Since {
    (i64::try_from(change.at().1).unwrap_or(i64::MAX), change.id())
}

fn held_back(change: &Change, next_at: i64) -> Entry {
    let (case, seq) = change.at();
    held_back_as(&id_of(change.id(), seq), kind(change), case, next_at)
}

fn held_back_as(event: &str, kind: &'static str, case: Uuid, next_at: i64) -> Entry {
    Entry {
        event: event.to_owned(),
        kind,
        case,
        attempt: 0,
        outcome: Outcome::HeldBack,
        called: None,
        next_at: (next_at != 0).then(|| Timestamp::from_micros(next_at)),
    }
}
