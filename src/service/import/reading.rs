//! A file to the rows of its kind.
//!
//! **Never** keeps a row's text once its values are read.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::calendar::{self, CalendarTable};
use super::ledger::Ledger;
use super::tickets::TicketTable;
use super::users::UserTable;
use crate::domain::import::{
    AgreementRow, DayRow, DivisionRow, Fields, Heading, Kind, OrganisationRow, ProductRow,
    RowError, TicketRow, UserRow, Value,
};
use crate::service::Error;
use crate::sheet::{self, Cell, Row, SheetError};

/// The good rows of a file.
pub(super) enum Table {
    Calendar(CalendarTable),
    Divisions(Vec<DivisionRow>),
    Organisations(Vec<OrganisationRow>),
    Users(UserTable),
    Products(Vec<ProductRow>),
    Agreements(Vec<AgreementRow>),
    Tickets(TicketTable),
}

/// Reads a file; what is wrong with it goes into the ledger.
///
/// # Errors
/// [`Error::Unsupported`] when it is not a table at all.
pub(super) fn read(
    kind: Kind,
    bytes: &[u8],
    now: DateTime<Utc>,
    ledger: &mut Ledger,
) -> Result<Table, Error> {
    Ok(match kind {
        Kind::Divisions => Table::Divisions(rows(kind, bytes, ledger, DivisionRow::read)?),
        Kind::Calendar => Table::Calendar(match calendar::read_text(bytes, ledger) {
            Some(table) => table,
            None => {
                let days = rows(kind, bytes, ledger, DayRow::read)?;
                calendar::read_rows(days, ledger)
            }
        }),
        Kind::Organisations => {
            Table::Organisations(rows(kind, bytes, ledger, OrganisationRow::read)?)
        }
        Kind::Users => Table::Users(UserTable::of(rows(kind, bytes, ledger, UserRow::read)?)),
        Kind::Products => Table::Products(rows(kind, bytes, ledger, ProductRow::read)?),
        Kind::Agreements => Table::Agreements(rows(kind, bytes, ledger, AgreementRow::read)?),
        Kind::Tickets => {
            let read = |fields: Fields<'_>| TicketRow::read(fields, now);
            Table::Tickets(TicketTable::of(rows(kind, bytes, ledger, read)?))
        }
    })
}

fn rows<T>(
    kind: Kind,
    bytes: &[u8],
    ledger: &mut Ledger,
    read: impl Fn(Fields<'_>) -> Result<Option<T>, Vec<RowError>>,
) -> Result<Vec<T>, Error> {
    let mut found = Vec::new();
    let mut heading: Option<Heading> = None;
    // A file without its columns has nothing that could be judged.
    let mut is_hopeless = false;
    let outcome = sheet::read(bytes, &mut |row: Row<'_>| {
        match &heading {
            None if is_hopeless => {}
            None => match heading_of(kind, row) {
                Ok(read) => heading = Some(read),
                Err(errors) => {
                    is_hopeless = true;
                    errors.into_iter().for_each(|error| ledger.refuse(error));
                }
            },
            Some(_) if ledger.is_full() => {}
            Some(heading) => {
                ledger.read();
                match read(Fields::of(row.number, heading, row.cells.iter().map(value_of))) {
                    Ok(made) => found.extend(made),
                    Err(errors) => errors.into_iter().for_each(|error| ledger.refuse(error)),
                }
            }
        }
        Ok(())
    });
    if let Err(error) = outcome {
        refuse_file(error, ledger)?;
    } else if heading.is_none() && !is_hopeless {
        ledger.refuse(RowError::new(1, "", "empty", "the file holds no heading and no rows"));
    } else if found.is_empty() && ledger.is_clean() {
        // A calendar without holidays is another thing than a file without anything.
        let code = if kind == Kind::Calendar { "no_days" } else { "empty" };
        ledger.refuse(RowError::new(2, "", code, "there are no rows below the heading"));
    }
    Ok(found)
}

fn heading_of(kind: Kind, row: Row<'_>) -> Result<Heading, Vec<RowError>> {
    let name = |cell: &'_ Cell| match cell {
        Cell::Text(text) => text.clone(),
        Cell::Bad(_, message) => message.clone(),
    };
    let names: Vec<String> = row.cells.iter().map(name).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Heading::read(kind, row.number, &names)
}

fn value_of(cell: &Cell) -> Value<'_> {
    match cell {
        Cell::Text(text) => Value::Text(text),
        Cell::Bad(code, message) => Value::Bad(code, message),
    }
}

/// A broken file is a bad row, where it says which; another type of file is none of ours.
fn refuse_file(error: SheetError, ledger: &mut Ledger) -> Result<(), Error> {
    if error.is_of_type() {
        return Err(Error::Unsupported(error.message));
    }
    let column = error.column.unwrap_or_default();
    ledger.refuse(RowError::new(error.row, &column, error.code, error.message));
    Ok(())
}

/// The rows by a key, for looking many of them up at once.
pub(super) fn grouped<T, K: std::hash::Hash + Eq>(
    rows: &[T],
    key: impl Fn(&T) -> K,
) -> HashMap<K, Vec<&T>> {
    let mut groups: HashMap<K, Vec<&T>> = HashMap::new();
    for row in rows {
        groups.entry(key(row)).or_default().push(row);
    }
    groups
}
