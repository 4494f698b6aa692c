//! The sweep: offers that wait for somebody who is suspended go on to the next.
//!
//! It looks for such offers and keeps no list of suspensions to work off. So nothing is lost with a process
//! that dies, several processes may sweep at once, and an offer that was being made while its centre was
//! suspended is found as well. Work that was accepted is not touched: people have to look at it.

use std::sync::Arc;

use futures::{StreamExt as _, stream};
use parasol_api::Error;
use parasol_casebook::{
    Caller, Deed, Error as CasebookError, Refusal, Submission, Target, Written,
};
use parasol_desk::Desk;
use parasol_journey::ids::{CaseId, OfferId};
use parasol_journey::{Actor, Case, Command, Ctx, Rejection, Stage, decide};
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::tables::{brands, centres, offers};
use crate::unreadable;

/// Offers looked at in a pass, of suspended centres and of suspended brands each.
const BATCH_MAX: u64 = 100;
/// Names asked for in one query.
const NAMES_MAX: usize = 500;
/// Offers taken back at a time.
const AT_ONCE: usize = 16;
/// Why an offer of a suspended centre is taken back.
const OF_CENTRE: &str = "centre_suspended";
/// Why one of a suspended brand is.
const OF_BRAND: &str = "brand_suspended";

/// Moves offers on. Cheap to clone.
#[derive(Clone)]
pub struct Sweep {
    desk: Desk,
}

/// Whose offers are looked for.
#[derive(Clone, Copy)]
enum Whose {
    Centres,
    Brands,
}

impl Whose {
    /// What names them in an offer.
    fn column(self) -> offers::Column {
        match self {
            Self::Centres => offers::Column::Centre,
            Self::Brands => offers::Column::Brand,
        }
    }
}

/// What a pass did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Offers that were taken back.
    pub moved: usize,
    /// After which offers the next pass goes on, of centres and of brands; nil once all were looked at.
    pub after: [Uuid; 2],
}

impl Swept {
    /// Whether there are offers that this pass had no room for.
    pub fn more(&self) -> bool {
        self.after.iter().any(|after| !after.is_nil())
    }
}

impl Sweep {
    pub(crate) fn new(desk: Desk) -> Self {
        Self { desk }
    }

    /// One pass, from where the one before ended. An offer that cannot be taken back is passed by, so that
    /// it holds up no other.
    ///
    /// # Errors
    /// What the store says; what was taken back before stays so.
    pub async fn run_once(&self, [centres, brands]: [Uuid; 2]) -> Result<Swept, Error> {
        let mut swept = Swept::default();
        let of_centres = self.waiting(Whose::Centres, centres).await?;
        let of_brands = self.waiting(Whose::Brands, brands).await?;
        swept.after = [next(&of_centres), next(&of_brands)];
        let mut waiting = Vec::with_capacity(of_centres.len() + of_brands.len());
        for offer in of_centres {
            waiting.push(self.clone().take_back(offer, OF_CENTRE));
        }
        for offer in of_brands {
            waiting.push(self.clone().take_back(offer, OF_BRAND));
        }
        let moved: Vec<bool> = stream::iter(waiting).buffer_unordered(AT_ONCE).collect().await;
        swept.moved = moved.into_iter().filter(|moved| *moved).count();
        Ok(swept)
    }

    /// The first open offers after one, of whoever is suspended. Asked by name: where nobody is suspended, which is
    /// nearly always, no offer is looked at, however many are open.
    async fn waiting(&self, whose: Whose, after: Uuid) -> Result<Vec<offers::Model>, Error> {
        let mut waiting = Vec::new();
        for names in self.suspended(whose).await?.chunks(NAMES_MAX) {
            let some = offers::Entity::find()
                .filter(whose.column().is_in(names.iter().map(String::as_str)))
                .filter(offers::Column::Open.eq(1))
                .filter(offers::Column::Offer.gt(after))
                .order_by(offers::Column::Offer, Order::Asc)
                .limit(BATCH_MAX)
                .all(self.desk.store.reader())
                .await
                .map_err(unreadable)?;
            waiting.extend(some);
        }
        waiting.sort_unstable_by_key(|one| one.offer);
        waiting.truncate(BATCH_MAX as usize);
        Ok(waiting)
    }

    async fn suspended(&self, whose: Whose) -> Result<Vec<String>, Error> {
        let reader = self.desk.store.reader();
        let names = match whose {
            Whose::Centres => {
                let centres = centres::Entity::find().select_only().column(centres::Column::Centre);
                let suspended = centres.filter(centres::Column::Suspended.gt(""));
                suspended.into_tuple().all(reader).await
            }
            Whose::Brands => {
                let brands = brands::Entity::find().select_only().column(brands::Column::Brand);
                let suspended = brands.filter(brands::Column::Suspended.gt(""));
                suspended.into_tuple().all(reader).await
            }
        };
        names.map_err(unreadable)
    }

    async fn take_back(self, offer: offers::Model, reason: &'static str) -> bool {
        let case = CaseId::new(offer.case_id);
        let submission = Submission {
            target: Target::Case(case),
            key: None,
            caller: Caller {
                principal: "role:dispatch".to_owned(),
                method: "sweep",
                trace: String::new(),
            },
            actor: Actor::policy(),
            expected: None,
            deed: Arc::new(TakeBack { offer: OfferId::new(offer.offer), reason }),
        };
        match self.desk.submitter.submit(submission).await {
            Ok(_) => true,
            // It was answered, or ran out, a moment before.
            Err(CasebookError::Refused(_)) => false,
            Err(error) => {
                tracing::warn!(%error, %case, "an offer of somebody suspended waits on");
                false
            }
        }
    }
}

/// Where the next pass goes on: after the last of a full batch, else from the beginning.
fn next(batch: &[offers::Model]) -> Uuid {
    let is_full = batch.len() as u64 >= BATCH_MAX;
    batch.last().filter(|_| is_full).map_or(Uuid::nil(), |last| last.offer)
}

/// Takes an offer back, if it is still the one that waits.
struct TakeBack {
    offer: OfferId,
    reason: &'static str,
}

impl Deed for TakeBack {
    fn decide(&self, case: Option<&Case>, ctx: &Ctx<'_>) -> Result<Written, Refusal> {
        let live = case.and_then(|case| case.offer.as_ref()).map(|live| live.id);
        let waits = |case: &&Case| case.stage == Stage::Dispatched && live == Some(self.offer);
        let superseded = Rejection::OfferSuperseded { offer: self.offer, live };
        let case = case.filter(waits).ok_or(superseded)?;
        let command = Command::WithdrawOffer { reason: self.reason.to_owned() };
        let decided = decide(case, &command, ctx)?;
        Ok(Written { decided: Some(decided), ..Written::default() })
    }
}
