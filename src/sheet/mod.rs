//! Tables out of files, bytes in and rows out, and into files, one row at a time.
//!
//! A file is whatever somebody sends: comma-separated text out of any spreadsheet program, or a
//! workbook. Every size is checked against a limit of ours before memory is spent on it.
//!
//! **Never** holds a whole table, and never trusts a size or a type that the file claims.

mod archive;
mod decode;
mod delimited;
pub mod inert;
mod measure;
pub mod table;
pub mod template;
mod workbook;

/// The largest file, in bytes.
pub const MOST_BYTES: usize = 20 * 1024 * 1024;
/// The most rows below the heading.
pub const MOST_ROWS: u32 = 200_000;
/// The most columns.
pub const MOST_COLUMNS: usize = 100;
/// The longest cell, in characters.
pub const LONGEST_CELL: usize = 10_000;

/// What a file is, by its first bytes: names and content types are only claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Text with separators: CSV.
    Delimited,
    /// An Office Open XML workbook: XLSX.
    Workbook,
}

/// Why a whole file is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SheetError {
    /// A stable code.
    pub code: &'static str,
    /// For people.
    pub message: String,
    /// The row it was seen in, as a spreadsheet program numbers it; 0 = no row in particular.
    pub row: u32,
    /// The column's letters, where it is one column's fault.
    pub column: Option<String>,
}

impl SheetError {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), row: 0, column: None }
    }

    fn in_row(self, row: u32) -> Self {
        Self { row, ..self }
    }

    /// True when it is the kind of file that is not read, rather than what stands in it.
    #[must_use]
    pub fn is_of_type(&self) -> bool {
        matches!(self.code, "not_a_table" | "encrypted" | "utf16")
    }
}

/// A cell as the import sees it: numbers and dates are written out as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Its text; empty when there is none.
    Text(String),
    /// What cannot be a text, with the code and message of its refusal.
    Bad(&'static str, String),
}

impl Cell {
    fn is_blank(&self) -> bool {
        matches!(self, Self::Text(text) if text.trim().is_empty())
    }
}

/// A row that is not blank.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// As a spreadsheet program numbers it: the heading is row 1.
    pub number: u32,
    /// Its cells from the first column on.
    pub cells: &'a [Cell],
}

/// Called with one row after the other.
pub type Visit<'a> = &'a mut dyn FnMut(Row<'_>) -> Result<(), SheetError>;

/// What a file is.
///
/// # Errors
/// [`SheetError`] for what is known not to be a table: old workbooks and encrypted ones.
pub fn format(bytes: &[u8]) -> Result<Format, SheetError> {
    // Both old and encrypted workbooks are compound files.
    const COMPOUND: [u8; 4] = [0xD0, 0xCF, 0x11, 0xE0];
    if bytes.len() > MOST_BYTES {
        let megabytes = MOST_BYTES / 1024 / 1024;
        return Err(SheetError::new("too_large", format!("a file has at most {megabytes} MB")));
    }
    if bytes.starts_with(&COMPOUND) {
        let message = "this is an old (.xls) or an encrypted workbook: save it as .xlsx \
                       without a password, or as CSV";
        return Err(SheetError::new("encrypted", message));
    }
    Ok(if bytes.starts_with(b"PK") { Format::Workbook } else { Format::Delimited })
}

/// Reads a table row by row, the heading first; blank rows are passed over.
///
/// # Errors
/// [`SheetError`] when the file is not a table, breaks a limit, or `visit` refuses a row.
pub fn read(bytes: &[u8], visit: Visit<'_>) -> Result<(), SheetError> {
    match format(bytes)? {
        Format::Delimited => delimited::read(&decode::text(bytes)?, visit),
        Format::Workbook => {
            archive::check(bytes)?;
            workbook::read(bytes, visit)
        }
    }
}

/// The letters of a column, counted from 0: A, B, …, Z, AA.
#[must_use]
pub fn letters(column: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        let digit = u8::try_from((rest - 1) % 26).unwrap_or_default();
        letters.push(char::from(b'A' + digit));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}

fn too_many_rows(row: u32) -> SheetError {
    let message = format!("at most {MOST_ROWS} rows below the heading");
    SheetError::new("too_many_rows", message).in_row(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_letters() {
        let table = [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (16_383, "XFD")];
        for (column, expected) in table {
            assert_eq!(letters(column), expected);
        }
    }

    #[test]
    fn the_first_bytes_say_what_a_file_is() {
        assert_eq!(format(b"PK\x03\x04"), Ok(Format::Workbook));
        assert_eq!(format("名称".as_bytes()), Ok(Format::Delimited));
        let refused = format(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1]).expect_err("refused");
        assert!(refused.is_of_type() && refused.code == "encrypted");
        assert_eq!(format(&vec![b'a'; MOST_BYTES + 1]).expect_err("refused").code, "too_large");
    }
}
