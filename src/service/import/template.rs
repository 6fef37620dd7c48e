//! Empty tables for people to fill in.
//!
//! **Never** knows a column that the import does not.

use super::Kind;
use crate::domain::import::columns;
use crate::service::Error;
pub use crate::sheet::table::Paper;
use crate::sheet::template::{Column, delimited, workbook};
use crate::store;

/// The template of a kind of table.
///
/// # Errors
/// [`Error::Internal`] when a workbook cannot be written.
pub fn template(kind: Kind, paper: Paper) -> Result<Vec<u8>, Error> {
    let columns: Vec<Column> = columns(kind).iter().map(column).collect();
    match paper {
        Paper::Delimited => Ok(delimited(&columns)),
        Paper::Workbook => workbook(kind.title(), &columns)
            .map_err(|error| Error::Internal(store::Error::Unusable(error.message))),
    }
}

fn column(column: &crate::domain::import::Column) -> Column {
    Column {
        heading: column.heading.to_owned(),
        code: column.code.to_owned(),
        hint: column.hint.to_owned(),
        choices: column.words.iter().map(|(_, name)| (*name).to_owned()).collect(),
        is_required: column.is_required,
    }
}
