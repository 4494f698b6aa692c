//! Reading the ledger: balances, the lines of a partner's month, and whether it balances.

use parasol_casebook::Store;
use sea_orm::sea_query::{Alias, Expr, ExprTrait as _, SimpleExpr};
use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    Select,
};
use uuid::Uuid;

use super::{Account, PostingKind};
use crate::settlement::period::Period;
use crate::tables::ledger_entries::{self, Column, Entity};

/// The balance of an account for one partner, or for nobody in particular.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// The account.
    pub account: Account,
    /// The partner; empty where the account is kept for none.
    pub party: String,
    /// In fen: debits less credits.
    pub amount_fen: i64,
}

/// What moved on an account of a partner, by what it was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The account.
    pub account: Account,
    /// What it was about.
    pub kind: PostingKind,
    /// In fen: debits less credits.
    pub amount_fen: i64,
}

fn total() -> SimpleExpr {
    Expr::col(Column::AmountFen).sum().cast_as(Alias::new("BIGINT"))
}

fn unknown(what: &str) -> DbErr {
    DbErr::Custom(format!("the ledger has {what:?}, which this release does not know"))
}

/// All balances, by account and partner; those of zero are left out.
///
/// # Errors
/// What the store says.
pub async fn balances(store: &Store) -> Result<Vec<Balance>, DbErr> {
    let sums: Vec<(String, String, i64)> = Entity::find()
        .select_only()
        .column(Column::Account)
        .column(Column::Party)
        .column_as(total(), "total")
        .group_by(Column::Account)
        .group_by(Column::Party)
        .order_by(Column::Account, Order::Asc)
        .order_by(Column::Party, Order::Asc)
        .into_tuple()
        .all(store.reader())
        .await?;
    let balance = |(account, party, amount_fen): (String, String, i64)| {
        let account = Account::parse(&account).ok_or_else(|| unknown(&account))?;
        Ok(Balance { account, party, amount_fen })
    };
    sums.into_iter().filter(|(.., fen)| *fen != 0).map(balance).collect()
}

/// What moved on the accounts of a partner before a month, or in it.
///
/// # Errors
/// What the store says.
pub async fn moved(
    store: &Store,
    party: &str,
    period: Period,
    before: bool,
) -> Result<Vec<Moved>, DbErr> {
    let months = match before {
        true => Column::Period.lt(period.to_string()),
        false => Column::Period.eq(period.to_string()),
    };
    let sums: Vec<(String, String, i64)> = Entity::find()
        .filter(Column::Party.eq(party))
        .filter(months)
        .select_only()
        .column(Column::Account)
        .column(Column::Kind)
        .column_as(total(), "total")
        .group_by(Column::Account)
        .group_by(Column::Kind)
        .into_tuple()
        .all(store.reader())
        .await?;
    let one = |(account, kind, amount_fen): (String, String, i64)| {
        let account = Account::parse(&account).ok_or_else(|| unknown(&account))?;
        let kind = PostingKind::parse(&kind).ok_or_else(|| unknown(&kind))?;
        Ok(Moved { account, kind, amount_fen })
    };
    sums.into_iter().map(one).collect()
}

/// The lines of a partner's month on some accounts, in the order in which they were written.
///
/// # Errors
/// What the store says.
pub async fn lines(
    store: &Store,
    party: &str,
    period: Period,
    accounts: &[Account],
    (skip, limit): (u64, u64),
) -> Result<Vec<ledger_entries::Model>, DbErr> {
    of_month(party, period, accounts)
        .order_by(Column::At, Order::Asc)
        .order_by(Column::Posting, Order::Asc)
        .order_by(Column::Line, Order::Asc)
        .offset(skip)
        .limit(limit)
        .all(store.reader())
        .await
}

/// How many lines that are.
///
/// # Errors
/// What the store says.
pub async fn count(
    store: &Store,
    party: &str,
    period: Period,
    accounts: &[Account],
) -> Result<u64, DbErr> {
    of_month(party, period, accounts).count(store.reader()).await
}

fn of_month(party: &str, period: Period, accounts: &[Account]) -> Select<Entity> {
    Entity::find()
        .filter(Column::Party.eq(party))
        .filter(Column::Period.eq(period.to_string()))
        .filter(Column::Account.is_in(accounts.iter().map(|account| account.as_str())))
}

/// Partners with lines in a month that is over, with that month: the oldest first.
///
/// # Errors
/// What the store says.
pub async fn months_before(store: &Store, period: Period) -> Result<Vec<(String, Period)>, DbErr> {
    let found: Vec<(String, String)> = Entity::find()
        .filter(Column::Party.ne(""))
        .filter(Column::Period.lt(period.to_string()))
        .select_only()
        .column(Column::Period)
        .column(Column::Party)
        .distinct()
        .order_by(Column::Period, Order::Asc)
        .order_by(Column::Party, Order::Asc)
        .into_tuple()
        .all(store.reader())
        .await?;
    let month = |(period, party): (String, String)| Some((party, Period::parse(&period)?));
    Ok(found.into_iter().filter_map(month).collect())
}

/// What does not add up to zero, each looked at in one snapshot: postings, cases, and the whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imbalance {
    /// Postings.
    pub postings: Vec<Uuid>,
    /// Cases.
    pub cases: Vec<Uuid>,
    /// The whole ledger, in fen.
    pub total_fen: i64,
}

/// How many of each are told.
const TOLD_MAX: u64 = 20;

/// Looks whether the ledger balances.
///
/// # Errors
/// What the store says.
pub async fn imbalance(store: &Store) -> Result<Imbalance, DbErr> {
    let unbalanced = |by: Column| {
        Entity::find()
            .select_only()
            .column(by)
            .group_by(by)
            .having(Expr::col(Column::AmountFen).sum().ne(0))
            .limit(TOLD_MAX)
            .into_tuple::<Uuid>()
    };
    let totals: Vec<Option<i64>> = Entity::find()
        .select_only()
        .column_as(total(), "total")
        .into_tuple()
        .all(store.reader())
        .await?;
    Ok(Imbalance {
        postings: unbalanced(Column::Posting).all(store.reader()).await?,
        cases: unbalanced(Column::CaseId).all(store.reader()).await?,
        total_fen: totals.into_iter().flatten().next().unwrap_or_default(),
    })
}
