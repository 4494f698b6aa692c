//! Rows as data: what a decision writes into a service's own tables.
//!
//! A table is described by its sea-orm entity and by nothing else; columns, types and key are read
//! from it. Four column types are enough for every table of the house (ids, text, integers, bytes) and
//! none is nullable: absent is the empty text, zero, or the nil id. That keeps the multi-row statements
//! of both engines simple.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{OnceLock, RwLock};

use sea_orm::sea_query::{Value, ValueType as _};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ColumnType, EntityTrait, IdenStatic, Iterable,
    PrimaryKeyToColumn,
};
use uuid::Uuid;

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellType {
    /// A UUID.
    Id,
    /// UTF-8 text.
    Text,
    /// A signed 64-bit integer: microseconds, fen, counts.
    Int,
    /// Raw bytes.
    Bytes,
}

/// One value of a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cell {
    /// A UUID.
    Id(Uuid),
    /// UTF-8 text.
    Text(String),
    /// A signed 64-bit integer.
    Int(i64),
    /// Raw bytes.
    Bytes(Vec<u8>),
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub cell: CellType,
}

/// A table, as its entity describes it.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns, in the entity's order.
    pub columns: Vec<Column>,
    /// The places of the key columns.
    pub key: Vec<usize>,
}

/// A change to one row of a service's own table, written in the commit of the case's step.
///
/// Claims are taken first, before anything of the same commit is deleted; of several words on one row
/// in a commit the last one counts.
#[derive(Clone, Debug)]
pub enum RowOp {
    /// Takes a key that nobody may hold yet. If somebody does, the command itself included, the whole
    /// command is refused and changes nothing.
    Claim(&'static Table, Vec<Cell>),
    /// Writes a row, replacing one with the same key.
    Put(&'static Table, Vec<Cell>),
    /// Deletes the row with this key, if there is one, whoever wrote it: only the case that holds a
    /// claimed key may delete it.
    Delete(&'static Table, Vec<Cell>),
}

impl RowOp {
    /// Takes the key of this row; see [`RowOp::Claim`].
    pub fn claim<A: ActiveModelTrait>(row: A) -> Self {
        Self::Claim(Table::of::<A::Entity>(), cells(row))
    }

    /// Writes this row; see [`RowOp::Put`].
    pub fn put<A: ActiveModelTrait>(row: A) -> Self {
        Self::Put(Table::of::<A::Entity>(), cells(row))
    }

    /// Deletes the row of entity `E` with this key; see [`RowOp::Delete`].
    ///
    /// # Panics
    /// If the key has another number of columns than the entity's.
    pub fn delete<E: EntityTrait>(key: Vec<Cell>) -> Self {
        let table = Table::of::<E>();
        assert_eq!(key.len(), table.key.len(), "the key of {} is another", table.name);
        Self::Delete(table, key)
    }

    /// The table it changes.
    pub fn table(&self) -> &'static Table {
        match self {
            Self::Claim(table, _) | Self::Put(table, _) | Self::Delete(table, _) => table,
        }
    }
}

impl Table {
    /// The table of an entity. Read from the entity once and kept.
    ///
    /// # Panics
    /// If a column is nullable or of a type outside [`CellType`]: a mistake in the entity, met by the
    /// first test that writes to it.
    pub fn of<E: EntityTrait>() -> &'static Self {
        static KNOWN: OnceLock<RwLock<HashMap<TypeId, &'static Table>>> = OnceLock::new();
        let known = KNOWN.get_or_init(RwLock::default);
        let read = known.read().expect("no holder of this lock panics");
        if let Some(table) = read.get(&TypeId::of::<E>()) {
            return table;
        }
        drop(read);
        let table: &'static Self = Box::leak(Box::new(Self::describe::<E>()));
        let mut write = known.write().expect("no holder of this lock panics");
        write.entry(TypeId::of::<E>()).or_insert(table)
    }

    fn describe<E: EntityTrait>() -> Self {
        let name: &'static str = Box::leak(E::default().table_name().to_owned().into_boxed_str());
        let columns: Vec<Column> = E::Column::iter()
            .map(|column| {
                let definition = column.def();
                let text = column.as_str();
                assert!(!definition.is_null(), "{name}.{text} is nullable");
                let cell = match definition.get_column_type() {
                    ColumnType::Uuid => CellType::Id,
                    ColumnType::Text | ColumnType::String(_) => CellType::Text,
                    ColumnType::BigInteger => CellType::Int,
                    ColumnType::Blob | ColumnType::VarBinary(_) | ColumnType::Binary(_) => {
                        CellType::Bytes
                    }
                    other => panic!("{name}.{text} has the type {other:?}"),
                };
                Column { name: text, cell }
            })
            .collect();
        let key = E::PrimaryKey::iter()
            .map(|key| {
                let wanted = key.into_column();
                let place = columns.iter().position(|column| column.name == wanted.as_str());
                place.expect("a key column is a column")
            })
            .collect();
        Self { name, columns, key }
    }

    /// The names of all columns, separated by commas.
    pub fn column_list(&self) -> String {
        self.columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
    }

    /// The names of the key columns, separated by commas.
    pub fn key_list(&self) -> String {
        self.key.iter().map(|place| self.columns[*place].name).collect::<Vec<_>>().join(", ")
    }

    /// The key of a full row.
    pub fn key_of(&self, row: &[Cell]) -> Vec<Cell> {
        self.key.iter().map(|place| row[*place].clone()).collect()
    }
}

fn cells<A: ActiveModelTrait>(row: A) -> Vec<Cell> {
    use sea_orm::ActiveValue::{NotSet, Set, Unchanged};
    <A::Entity as EntityTrait>::Column::iter()
        .map(|column| match row.get(column) {
            Set(value) | Unchanged(value) => cell(value),
            NotSet => panic!("{} is not set", column.as_str()),
        })
        .collect()
}

fn cell(value: Value) -> Cell {
    match value {
        Value::Uuid(Some(id)) => Cell::Id(id),
        Value::String(Some(text)) => Cell::Text(text),
        Value::BigInt(Some(int)) => Cell::Int(int),
        Value::Bytes(Some(bytes)) => Cell::Bytes(bytes),
        other => panic!("{other:?} is not a cell"),
    }
}

impl Cell {
    /// As PostgreSQL writes it as text, and only one value is written so.
    pub fn text(&self) -> String {
        match self {
            Self::Id(id) => id.to_string(),
            Self::Text(text) => text.clone(),
            Self::Int(int) => int.to_string(),
            Self::Bytes(bytes) => {
                bytes.iter().fold("\\x".to_owned(), |text, byte| format!("{text}{byte:02x}"))
            }
        }
    }

    /// As a bound value.
    pub fn into_value(self) -> Value {
        match self {
            Self::Id(id) => id.into(),
            Self::Text(text) => text.into(),
            Self::Int(int) => int.into(),
            Self::Bytes(bytes) => bytes.into(),
        }
    }
}

impl CellType {
    /// How PostgreSQL names it.
    pub const fn pg_type(self) -> &'static str {
        match self {
            Self::Id => "uuid",
            Self::Text => "text",
            Self::Int => "int8",
            Self::Bytes => "bytea",
        }
    }

    /// What sea-query calls an array of it.
    pub fn array_type(self) -> sea_orm::sea_query::ArrayType {
        match self {
            Self::Id => Uuid::array_type(),
            Self::Text => String::array_type(),
            Self::Int => i64::array_type(),
            Self::Bytes => Vec::<u8>::array_type(),
        }
    }
}

macro_rules! cell_from {
    ($($ty:ty => $variant:ident),+ $(,)?) => {$(
        impl From<$ty> for Cell {
            fn from(value: $ty) -> Self {
                Self::$variant(value.into())
            }
        }
    )+};
}

cell_from!(Uuid => Id, String => Text, &str => Text, i64 => Int, Vec<u8> => Bytes);
