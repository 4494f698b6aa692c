//! Connections of SQLite that see the rows of a reader's cases, or of one case, and nothing else.
//!
//! A temporary view stands in place of each table: a name without a schema means what is temporary first. The view
//! reads whose rows from a temporary table of one row, which is written before each query. A table that does not say of
//! which case its rows are has a view that cannot be read at all.

use std::time::Duration;

use sea_orm::sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqlitePool, SqlitePoolOptions,
};
use sea_orm::{DbErr, QueryResult, RuntimeErr, Statement};
use sea_query_sqlx::SqlxValues;
use sqlx::{AssertSqlSafe, Error as SqlxError, Executor as _, Row as _};
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::dialect::ACQUIRE_MAX;
use crate::scope::{HIDDEN, READERS};

/// All tables of the file, and whether each says of which case its rows are.
const TABLES: &str = "SELECT m.name, EXISTS (SELECT 1 FROM pragma_table_info(m.name) c \
     WHERE c.name = CASE m.name WHEN 'cases' THEN 'id' ELSE 'case_id' END) \
     FROM main.sqlite_master m WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'";

/// The connections; none is opened before the first query within a scope.
#[derive(Debug)]
pub(in crate::dialect) struct Confined {
    url: String,
    most: u32,
    pool: OnceCell<SqlitePool>,
}

impl Confined {
    /// At most `most` connections to a file.
    pub(in crate::dialect) fn at(url: &str, most: u32) -> Self {
        Self { url: url.to_owned(), most, pool: OnceCell::new() }
    }

    /// The rows of a query, of that reader and that case alone; one of the two is empty.
    pub(in crate::dialect) async fn rows(
        &self,
        (reader, case): (&str, String),
        query: Statement,
    ) -> Result<Vec<QueryResult>, DbErr> {
        self.ask(reader, &case, query).await.map_err(query_error)
    }

    async fn ask(
        &self,
        reader: &str,
        case: &str,
        query: Statement,
    ) -> Result<Vec<QueryResult>, SqlxError> {
        let pool = self.pool.get_or_try_init(|| async { self.opened() }).await?;
        let mut connection = pool.acquire().await?;
        sqlx::query("UPDATE temp.parasol_scope SET reader = ?, case_id = ?")
            .bind(reader)
            // No case is no id: rows that name none are nobody's.
            .bind(Uuid::try_parse(case).ok())
            .execute(&mut *connection)
            .await?;
        let Statement { sql, values, .. } = query;
        let values = SqlxValues(values.unwrap_or_else(|| sea_orm::Values(Vec::new())));
        let rows = sqlx::query_with(AssertSqlSafe(sql), values).fetch_all(&mut *connection).await?;
        Ok(rows.into_iter().map(QueryResult::from).collect())
    }

    fn opened(&self) -> Result<SqlitePool, SqlxError> {
        let options: SqliteConnectOptions = self.url.parse()?;
        let options = options.read_only(true).busy_timeout(Duration::from_secs(5));
        let pool = SqlitePoolOptions::new()
            .max_connections(self.most)
            .acquire_timeout(ACQUIRE_MAX)
            .after_connect(|connection, _| Box::pin(confine(connection)));
        Ok(pool.connect_lazy_with(options))
    }

    /// Closes the connections.
    pub(in crate::dialect) async fn close(&self) {
        if let Some(pool) = self.pool.get() {
            pool.close().await;
        }
    }
}

/// Puts the views in place of the tables.
async fn confine(connection: &mut SqliteConnection) -> Result<(), SqlxError> {
    connection
        .execute(
            "CREATE TEMP TABLE parasol_scope (reader TEXT NOT NULL, case_id BLOB); \
             INSERT INTO temp.parasol_scope VALUES ('', NULL)",
        )
        .await?;
    for table in connection.fetch_all(TABLES).await? {
        let view = view(&table.try_get::<String, _>(0)?, table.try_get(1)?);
        connection.execute(AssertSqlSafe(view)).await?;
    }
    Ok(())
}

/// What stands in place of a table.
fn view(table: &str, says_its_case: bool) -> String {
    let reader = "(SELECT reader FROM temp.parasol_scope)";
    let rows = match says_its_case && !HIDDEN.contains(&table) {
        // Nothing has that name, so that whoever reads the view is told so.
        false => format!("* FROM main.\"{table} is not read within a scope\""),
        true if table == READERS => format!("t.* FROM main.{READERS} t WHERE t.reader = {reader}"),
        true => {
            let of_case = if table == "cases" { "id" } else { "case_id" };
            format!(
                "t.* FROM main.\"{table}\" t WHERE EXISTS (SELECT 1 FROM main.{READERS} r \
                 WHERE r.reader = {reader} AND r.case_id = t.{of_case}) \
                 OR t.{of_case} = (SELECT case_id FROM temp.parasol_scope)"
            )
        }
    };
    format!("CREATE TEMP VIEW \"{table}\" AS SELECT {rows}")
}

fn query_error(error: SqlxError) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}
