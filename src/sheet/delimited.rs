//! Text with separators (RFC 4180), as spreadsheets write it.
//!
//! **Never** takes a quote that is not closed for the end of the file.

use super::{Cell, LONGEST_CELL, MOST_COLUMNS, MOST_ROWS, Row, SheetError, Visit, letters};

/// Reads the rows; the heading says what separates the cells.
///
/// # Errors
/// [`SheetError`] naming the row that cannot be read.
pub(super) fn read(text: &str, visit: Visit<'_>) -> Result<(), SheetError> {
    let mut records =
        Records { rest: text, separator: separator(text), number: 0, cells: Vec::new() };
    while records.next()? {
        if records.cells.iter().all(Cell::is_blank) {
            continue;
        }
        if records.number > MOST_ROWS + 1 {
            return Err(super::too_many_rows(records.number));
        }
        visit(Row { number: records.number, cells: &records.cells })?;
    }
    Ok(())
}

/// What stands most often between the cells of the heading.
fn separator(text: &str) -> char {
    let heading = text.lines().next().unwrap_or_default();
    let count = |separator: &char| heading.chars().filter(|c| c == separator).count();
    let found = [',', ';', '\t'].into_iter().rev().max_by_key(count);
    found.unwrap_or(',')
}

struct Records<'a> {
    rest: &'a str,
    separator: char,
    number: u32,
    cells: Vec<Cell>,
}

/// What ended a cell.
enum End {
    Cell,
    Row,
    File,
}

impl<'a> Records<'a> {
    /// Reads the next row into `cells`; false at the end of the file.
    fn next(&mut self) -> Result<bool, SheetError> {
        if self.rest.is_empty() {
            return Ok(false);
        }
        self.number = self.number.saturating_add(1);
        self.cells.clear();
        loop {
            let quoted = self.rest.strip_prefix('"');
            let (cell, end) = match quoted {
                Some(rest) => self.quoted(rest)?,
                None => self.plain(),
            };
            if self.cells.len() < MOST_COLUMNS {
                self.cells.push(cell);
            } else if !cell.is_blank() {
                let message = format!("at most {MOST_COLUMNS} columns");
                return Err(SheetError::new("too_many_columns", message).in_row(self.number));
            }
            match end {
                End::Cell => {}
                End::Row | End::File => return Ok(true),
            }
        }
    }

    /// A cell up to the next separator or line end.
    fn plain(&mut self) -> (Cell, End) {
        let separator = self.separator;
        let at = self.rest.find([separator, '\n', '\r']);
        let (text, rest) = self.rest.split_at(at.unwrap_or(self.rest.len()));
        let end = self.step_over(rest);
        (cell(text), end)
    }

    /// A cell up to its closing quote; two quotes are one.
    fn quoted(&mut self, mut rest: &'a str) -> Result<(Cell, End), SheetError> {
        let mut text = String::new();
        loop {
            let Some((before, after)) = rest.split_once('"') else {
                let message = "a quote is opened here and never closed";
                return Err(self.refused("unclosed_quote", message));
            };
            text.push_str(before);
            match after.strip_prefix('"') {
                Some(more) => {
                    text.push('"');
                    rest = more;
                }
                None => {
                    rest = after;
                    break;
                }
            }
        }
        let separator = self.separator;
        if !rest.is_empty() && !rest.starts_with([separator, '\n', '\r']) {
            let message = "text stands after a closing quote: quotes inside a cell are doubled";
            return Err(self.refused("quote", message));
        }
        let end = self.step_over(rest);
        Ok((cell(&text), end))
    }

    fn refused(&self, code: &'static str, message: &str) -> SheetError {
        let column = Some(letters(self.cells.len()));
        SheetError { column, ..SheetError::new(code, message).in_row(self.number) }
    }

    /// Steps over what ended a cell.
    fn step_over(&mut self, rest: &'a str) -> End {
        let (end, rest) = if let Some(rest) = rest.strip_prefix(self.separator) {
            (End::Cell, rest)
        } else if let Some(rest) = rest.strip_prefix("\r\n") {
            (End::Row, rest)
        } else if let Some(rest) = rest.strip_prefix(['\n', '\r']) {
            (End::Row, rest)
        } else {
            (End::File, "")
        };
        self.rest = rest;
        end
    }
}

/// A cell of at most the longest length.
pub(super) fn cell(text: &str) -> Cell {
    // No character has more than four bytes: most cells need no counting.
    if text.len() > LONGEST_CELL && text.chars().count() > LONGEST_CELL {
        return Cell::Bad("too_long", format!("at most {LONGEST_CELL} characters"));
    }
    Cell::Text(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read = Vec<(u32, Vec<String>)>;

    fn rows(text: &str) -> Result<Read, (&'static str, u32)> {
        let mut rows = Vec::new();
        let mut visit = |row: Row<'_>| {
            let text = |cell: &Cell| match cell {
                Cell::Text(text) => text.clone(),
                Cell::Bad(code, _) => format!("!{code}"),
            };
            rows.push((row.number, row.cells.iter().map(text).collect()));
            Ok(())
        };
        read(text, &mut visit).map_err(|error| (error.code, error.row))?;
        Ok(rows)
    }

    fn check(text: &str, expected: &[(u32, &[&str])]) {
        let expected: Vec<_> = expected
            .iter()
            .map(|(row, cells)| (*row, cells.iter().map(|c| (*c).to_owned()).collect()))
            .collect();
        assert_eq!(rows(text), Ok(expected), "{text:?}");
    }

    #[test]
    fn rows_are_numbered_as_a_spreadsheet_does() {
        check("a,b\r\n1,2\r\n\r\n3,4", &[(1, &["a", "b"]), (2, &["1", "2"]), (4, &["3", "4"])]);
        check("a\n\"x\ny\"\nz\n", &[(1, &["a"]), (2, &["x\ny"]), (3, &["z"])]);
        check("a;b\n1;2,5\n", &[(1, &["a", "b"]), (2, &["1", "2,5"])]);
        check("a\tb\n,\t\n", &[(1, &["a", "b"]), (2, &[",", ""])]);
        check("a\n\"x \"\"y\"\"\"\n", &[(1, &["a"]), (2, &["x \"y\""])]);
        check("a,b\n1,\n", &[(1, &["a", "b"]), (2, &["1", ""])]);
        check("", &[]);
    }

    #[test]
    fn what_is_broken_is_refused_with_its_row() {
        assert_eq!(rows("a,b\n1,\"2\n3,4\n"), Err(("unclosed_quote", 2)));
        assert_eq!(rows("a\n\"x\"y\n"), Err(("quote", 2)));
        assert_eq!(rows(&format!("a\n{}x", ",".repeat(1_000_000))), Err(("too_many_columns", 2)));
        assert_eq!(rows(&format!("a,b\n1,2{},x\n", ",".repeat(100))), Err(("too_many_columns", 2)));
        let many = "a\n".repeat(usize::try_from(MOST_ROWS).expect("small") + 2);
        assert_eq!(rows(&many), Err(("too_many_rows", MOST_ROWS + 2)));
    }

    #[test]
    fn a_cell_has_a_longest_length_in_characters() {
        let long = "药".repeat(LONGEST_CELL);
        check(
            &format!("a\n{long}\n{long}药\n"),
            &[(1, &["a"]), (2, &[&long]), (3, &["!too_long"])],
        );
    }
}
