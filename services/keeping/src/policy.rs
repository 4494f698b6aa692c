//! How long what is kept about people stays: one table, class by class, with the source of each length.
//!
//! A class is a matter of law or of choice; how long its data stays is a setting that can be lengthened and never goes
//! below what the law wants. What a class holds in the vault is listed by kind; kinds of a case that nobody lists count as
//! records, so that nothing stays for ever because somebody forgot it here. [`ELSEWHERE`] names what is cleaned by others,
//! or is nobody's.

use parasol_journey::time::Span;
use parasol_runtime::config::Retention;

/// The kind of the row that says who a customer is.
pub(crate) const CUSTOMER: &str = "customer";
/// Kinds that belong to a customer and to no case.
pub(crate) const OF_CUSTOMERS: [&str; 2] = [CUSTOMER, "notice_addresses"];
/// Kinds of rows that a log may name and that are not its case's: those of customers, of the retailer's people, and why a
/// hold was placed.
pub(crate) const OF_OTHERS: [&str; 5] =
    [CUSTOMER, "notice_addresses", "staff", "staff_remark", "legal_hold"];

/// A class of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// What was filed, decided, certified and handed over.
    Records,
    /// What people wrote beside that.
    Words,
    /// Photos and films.
    Photos,
    /// What customers were told.
    Notices,
    /// Who a customer is.
    Customers,
    /// Answers that a repeated request gets again.
    Answers,
    /// Who was shown what of whom.
    Reveals,
}

/// What the table says of a class.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its name, also that of its setting.
    pub name: &'static str,
    /// What it holds, in words.
    pub what: &'static str,
    /// Since when its time runs.
    pub since: &'static str,
    /// Its kinds in the vault; where none is listed it is not there, or holds what no other class lists.
    pub kinds: &'static [&'static str],
    /// Where the least length is from: an article of a law, or a choice.
    pub source: &'static str,
}

impl Class {
    /// Every class, in the order of the table.
    pub const ALL: [Self; 7] = [
        Self::Records,
        Self::Words,
        Self::Photos,
        Self::Notices,
        Self::Customers,
        Self::Answers,
        Self::Reveals,
    ];
    /// Those whose time runs from the end of a case.
    pub(crate) const OF_CASES: [Self; 4] =
        [Self::Records, Self::Words, Self::Photos, Self::Notices];

    /// What the table says of it.
    pub const fn row(self) -> &'static Row {
        match self {
            Self::Records => &RECORDS,
            Self::Words => &WORDS,
            Self::Photos => &PHOTOS,
            Self::Notices => &NOTICES,
            Self::Customers => &CUSTOMERS,
            Self::Answers => &ANSWERS,
            Self::Reveals => &REVEALS,
        }
    }

    /// How long its data stays.
    pub fn length(self, settings: &Retention) -> Span {
        let days = match self {
            Self::Records => settings.records_days,
            Self::Words => settings.words_days,
            Self::Photos => settings.photos_days,
            Self::Notices => settings.notices_days,
            Self::Customers => settings.customers_days,
            Self::Answers => settings.answers_days,
            Self::Reveals => settings.reveals_days,
        };
        Span::days(i64::from(days))
    }

    /// Whether a row of this kind that belongs to a case is of this class.
    pub(crate) fn holds(self, kind: &str) -> bool {
        match self {
            Self::Records => {
                !OF_OTHERS.contains(&kind)
                    && !WORDS.kinds.contains(&kind)
                    && !NOTICES.kinds.contains(&kind)
            }
            Self::Words | Self::Notices => self.row().kinds.contains(&kind),
            Self::Photos | Self::Customers | Self::Answers | Self::Reveals => false,
        }
    }
}

const RECORDS: Row = Row {
    name: "records",
    what: "What was filed, quoted, decided, certified, disputed, claimed and handed over: descriptions, findings, \
           reasons, summaries of repairs",
    since: "the last entry of the case, once it has ended",
    kinds: &[],
    source: "E-Commerce Law art. 31: information on goods, services and transactions, three years after the transaction",
};

const WORDS: Row = Row {
    name: "words",
    what: "What people wrote beside that: notes and e-mail, remarks, reminders, anomalies, late reports, surveys, \
           follow-ups and complaints",
    since: "the last entry of the case, once it has ended; what was written later, since then",
    kinds: &[
        "anomaly",
        "cancellation",
        "contact_remark",
        "decline_remark",
        "guidance",
        "late_action",
        "no_code_remark",
        "no_show_remark",
        "note",
        "reassign_reason",
        "received_remark",
        "reminder",
        "reminder_answer",
        "reschedule_reason",
        "unable_remark",
        "voice",
    ],
    source: "PIPL art. 19: no longer than needed; a year is a choice, in which a problem that comes back is understood",
};

const PHOTOS: Row = Row {
    name: "photos",
    what: "Photos and films; certificates keep their fingerprints",
    since: "the last entry of the case, once it has ended",
    kinds: &[],
    source: "PIPL art. 19; a year is a choice, longer than any claim or dispute about them takes",
};

const NOTICES: Row = Row {
    name: "notices",
    what: "What a customer was told by text message, e-mail, app or voice",
    since: "the last entry of the case, once it has ended",
    kinds: &["notice"],
    source: "PIPL art. 19; half a year is a choice, in which somebody may say that they were never told",
};

const CUSTOMERS: Row = Row {
    name: "customers",
    what: "Name, number and address of a customer, and where notices reach them",
    since: "the last delivery or the last entry of their last case, whichever is later, with no case open",
    kinds: &OF_CUSTOMERS,
    source: "E-Commerce Law art. 31, three years; ten are a choice, as long as the promises of units run",
};

const ANSWERS: Row = Row {
    name: "answers",
    what: "The saved answers that a repeated request gets again; who changed what and when stays",
    since: "the request",
    kinds: &[],
    source: "PIPL art. 19; thirty days are a choice, in which every client has stopped repeating",
};

const REVEALS: Row = Row {
    name: "reveals",
    what: "Who was shown what of a case's customer in full, and by which method",
    since: "the hour of it",
    kinds: &[],
    source: "PIPL art. 56: records of processing, three years",
};

/// What holds something of people, or sounds as if it did, and is not of a class: what it is and what becomes of it.
pub const ELSEWHERE: [(&str, &str); 11] = [
    ("Positions of technicians", "in memory only, two minutes; written nowhere (PIPL art. 28)"),
    (
        "Relay numbers",
        "lent around a visit, given back when the case has closed, by the relay's own loop; calls are not recorded",
    ),
    (
        "Content of photos and films that nobody refers to",
        "removed once it is a day old, by the sweep of evidence",
    ),
    ("Drafts of a filing", "in the customer's browser alone"),
    (
        "Share links",
        "good for thirty days at most; the secret is kept nowhere, rows and hours of use name nobody and stay",
    ),
    ("Messages of partners", "ids, times and what became of them; their words are words of a case"),
    ("What webhooks have sent", "ids and times; bodies are made anew and not kept"),
    ("Log, state, money and certificates' seals of cases", "stay; they name nobody"),
    ("Trail of who changed what, with its chain", "stays; it names credentials"),
    (
        "The retailer's people and what was said about their accounts",
        "stays as long as what they decided has to be accounted for; erased by hand",
    ),
    ("Why a legal hold was placed", "stays with the hold, for managers and operators"),
];
