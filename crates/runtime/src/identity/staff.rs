//! The retailer's people as this process knows them: who may act now, and what they are certified for.
//!
//! A copy in memory of a register that somebody else keeps and puts here. The edge asks it for every call of an
//! agent or a manager, and streams that run listen to it, so that who is suspended is out at once. It
//! deliberately reads nothing itself: how old the copy may be is for whoever puts it here.

use std::collections::HashMap;
use std::sync::Arc;

use futures::future::BoxFuture;
use parasol_api::Reason;
use parasol_journey::time::Timestamp;
use tokio::sync::watch;

use super::{Principal, Role};

/// One registered person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The role that is registered.
    pub role: Role,
    /// Whether the account is out of use.
    pub suspended: bool,
    /// What they are certified for.
    pub certifications: Vec<Certified>,
}

/// A certification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certified {
    /// In what: the name of a category, or another.
    pub name: String,
    /// From when on.
    pub from: Timestamp,
    /// Until when, if it has an end.
    pub until: Option<Timestamp>,
}

impl Member {
    /// Whether they hold a certification at a time.
    pub fn is_certified(&self, name: &str, at: Timestamp) -> bool {
        self.certifications.iter().any(|one| one.name == name && one.holds(at))
    }
}

impl Certified {
    /// Whether it holds at a time.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

/// Everybody who is registered, by subject.
pub type Members = HashMap<String, Arc<Member>>;

/// The register in memory. A clone is the same one.
#[derive(Clone, Debug)]
pub struct Staff(Arc<watch::Sender<Book>>);

#[derive(Debug, Default)]
struct Book {
    members: Members,
    registered_only: bool,
}

impl Default for Staff {
    /// Nobody is registered, and everybody is let in.
    fn default() -> Self {
        Self::new(false)
    }
}

impl Staff {
    /// An empty register. With `registered_only` it lets in nobody whom it does not know, so nobody until it
    /// is filled.
    pub fn new(registered_only: bool) -> Self {
        Self(Arc::new(watch::Sender::new(Book { members: Members::new(), registered_only })))
    }

    /// Whether a role is one whose people are registered.
    pub const fn has(role: Role) -> bool {
        matches!(role, Role::Agent | Role::Manager)
    }

    /// Takes everybody's place. Streams of those who may not go on end now.
    pub fn put(&self, members: Members) {
        self.0.send_modify(|book| book.members = members);
    }

    /// The person behind a caller, if one is registered; nobody for callers of other roles.
    ///
    /// # Errors
    /// Why the caller may not act: `STAFF_SUSPENDED`, `STAFF_ROLE_OTHER`, `STAFF_UNREGISTERED`.
    pub fn admit(&self, caller: &Principal) -> Result<Option<Arc<Member>>, Reason> {
        self.0.borrow().admit(caller)
    }

    /// Resolves, with the reason, once a caller may no longer act; at once if that is so already.
    pub fn departure(&self, caller: Principal) -> BoxFuture<'static, Reason> {
        let mut book = self.0.subscribe();
        Box::pin(async move {
            loop {
                if let Err(reason) = book.borrow_and_update().admit(&caller) {
                    return reason;
                }
                if book.changed().await.is_err() {
                    // The process ends; nothing changes any more.
                    std::future::pending::<()>().await;
                }
            }
        })
    }
}

impl Book {
    fn admit(&self, caller: &Principal) -> Result<Option<Arc<Member>>, Reason> {
        if !Staff::has(caller.role) {
            return Ok(None);
        }
        match self.members.get(&caller.subject) {
            Some(member) if member.suspended => Err(Reason::StaffSuspended),
            Some(member) if member.role != caller.role => Err(Reason::StaffRoleOther),
            Some(member) => Ok(Some(Arc::clone(member))),
            None if self.registered_only => Err(Reason::StaffUnregistered),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use parasol_journey::time::Span;

    use super::*;

    fn member(role: Role, suspended: bool) -> Arc<Member> {
        Arc::new(Member { role, suspended, certifications: Vec::new() })
    }

    fn known() -> Members {
        Members::from([
            ("a-1".to_owned(), member(Role::Agent, false)),
            ("a-2".to_owned(), member(Role::Agent, true)),
            ("m-1".to_owned(), member(Role::Manager, false)),
        ])
    }

    #[test]
    fn who_is_let_in() {
        use Reason::{StaffRoleOther, StaffSuspended, StaffUnregistered};
        #[rustfmt::skip]
        let table = [
            (Role::Agent,    "a-1",   None,                  None),
            (Role::Agent,    "a-2",   Some(StaffSuspended),  Some(StaffSuspended)),
            (Role::Manager,  "a-2",   Some(StaffSuspended),  Some(StaffSuspended)),
            (Role::Manager,  "m-1",   None,                  None),
            (Role::Agent,    "m-1",   Some(StaffRoleOther),  Some(StaffRoleOther)),
            (Role::Manager,  "a-1",   Some(StaffRoleOther),  Some(StaffRoleOther)),
            (Role::Agent,    "a-9",   None,                  Some(StaffUnregistered)),
            (Role::Customer, "a-2",   None,                  None),
            (Role::Operator, "a-9",   None,                  None),
        ];
        for (role, subject, open, closed) in table {
            for (registered_only, expected) in [(false, open), (true, closed)] {
                let staff = Staff::new(registered_only);
                staff.put(known());
                let told = staff.admit(&Principal::new(role, subject)).err();
                assert_eq!(told, expected, "{role} {subject} {registered_only}");
            }
        }
        let strict = Staff::new(true);
        let told = strict.admit(&Principal::new(Role::Agent, "a-1"));
        assert_eq!(told.err(), Some(StaffUnregistered), "before it is filled");
    }

    #[test]
    fn a_departure_is_heard_of_when_it_happens_and_not_before() {
        let staff = Staff::default();
        staff.put(known());
        let mut stays = staff.departure(Principal::new(Role::Manager, "m-1"));
        let mut goes = staff.departure(Principal::new(Role::Agent, "a-1"));
        assert_eq!((&mut goes).now_or_never(), None);
        let mut after = known();
        after.insert("a-1".to_owned(), member(Role::Agent, true));
        staff.put(after);
        assert_eq!((&mut goes).now_or_never(), Some(Reason::StaffSuspended));
        assert_eq!((&mut stays).now_or_never(), None);
        let gone = staff.departure(Principal::new(Role::Agent, "a-2"));
        assert_eq!(gone.now_or_never(), Some(Reason::StaffSuspended), "already");
    }

    #[test]
    fn a_certification_holds_from_its_day_until_its_end() {
        let at = |day| Timestamp::from_micros(0) + Span::days(day);
        let of = |until| Certified { name: "fan".to_owned(), from: at(2), until };
        let certifications = vec![of(Some(at(5)))];
        let member = Member { role: Role::Agent, suspended: false, certifications };
        let held: Vec<_> = (0..7).filter(|day| member.is_certified("fan", at(*day))).collect();
        assert_eq!(held, [2, 3, 4]);
        assert!(!member.is_certified("microwave", at(3)));
        assert!(of(None).holds(at(9_999)));
    }
}
