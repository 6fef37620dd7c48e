//! The first sheet of a workbook, cell by cell.
//!
//! The cells are read as they stream by, because a reader that builds the whole range believes
//! the positions that a file claims: one cell far away makes ten gigabytes out of one kilobyte.
//!
//! **Never** reads an archive that was not measured, and never takes a number for a date or a
//! code that has lost its digits.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, ExcelDateTime, Reader as _, SheetType, SheetVisible, Xlsx};

use super::delimited::cell;
use super::{Cell, MOST_COLUMNS, MOST_ROWS, Row, SheetError, Visit, letters};

/// Numbers from here on have more digits than a spreadsheet keeps.
const DIGITS_LOST: f64 = 1e15;
/// 1 March 1900: before it, serial dates count a 29 February 1900 that never was.
const FIRST_SERIAL: f64 = 61.0;
/// Past 2173, and past every calendar here.
const LAST_SERIAL: f64 = 100_000.0;
/// The last row and column a workbook can have: positions past them are forged.
const LAST_ROW: u32 = 1_048_576;

/// Reads the rows of the first visible sheet.
///
/// # Errors
/// [`SheetError`] naming the row and column that cannot be read.
pub(super) fn read(bytes: &[u8], visit: Visit<'_>) -> Result<(), SheetError> {
    // The reader was written for honest files: forged ones may overflow its arithmetic.
    let outcome = catch_unwind(AssertUnwindSafe(|| read_first(bytes, visit)));
    outcome.unwrap_or_else(|_panic| Err(broken("its parts contradict each other")))
}

fn read_first(bytes: &[u8], visit: Visit<'_>) -> Result<(), SheetError> {
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(|error| broken(&error.to_string()))?;
    let sheets = book.sheets_metadata().iter();
    let mut tables = sheets.filter(|sheet| {
        sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible
    });
    let name = tables.next().map(|sheet| sheet.name.clone());
    let name = name.ok_or_else(|| broken("it has no sheet"))?;
    let mut cells =
        book.worksheet_cells_reader(&name).map_err(|error| broken(&error.to_string()))?;
    let mut rows = Rows { visit, number: 0, cells: Vec::new() };
    loop {
        let next = cells.next_cell();
        let next = next.map_err(|error| broken(&error.to_string()).in_row(rows.number))?;
        let Some(next) = next else { return rows.finish() };
        rows.take(next.get_position(), next.get_value())?;
    }
}

/// Gathers cells into rows.
struct Rows<'a> {
    visit: Visit<'a>,
    /// The row being gathered; 0 before the first.
    number: u32,
    cells: Vec<Cell>,
}

impl Rows<'_> {
    fn take(&mut self, (row, column): (u32, u32), value: &DataRef<'_>) -> Result<(), SheetError> {
        let number = row.saturating_add(1);
        if *value == DataRef::Empty {
            return Ok(());
        }
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if number > LAST_ROW || column >= 16_384 {
            return Err(out_of_range(number, column));
        }
        if number < self.number {
            return Err(broken("its rows are out of order").in_row(number));
        }
        if number > self.number {
            self.flush()?;
            self.number = number;
        }
        let read = text_of(value);
        if column >= MOST_COLUMNS || number > MOST_ROWS + 1 {
            let far = out_of_range(number, column);
            return if read.is_blank() { Ok(()) } else { Err(far) };
        }
        if self.cells.len() <= column {
            self.cells.resize(column + 1, Cell::Text(String::new()));
        }
        if let Some(place) = self.cells.get_mut(column) {
            *place = read;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), SheetError> {
        if !self.cells.iter().all(Cell::is_blank) {
            (self.visit)(Row { number: self.number, cells: &self.cells })?;
        }
        self.cells.clear();
        Ok(())
    }

    fn finish(mut self) -> Result<(), SheetError> {
        self.flush()
    }
}

fn text_of(value: &DataRef<'_>) -> Cell {
    match value {
        DataRef::Empty => Cell::Text(String::new()),
        DataRef::String(text) | DataRef::DateTimeIso(text) => cell(text),
        DataRef::SharedString(text) => cell(text),
        DataRef::Int(number) => Cell::Text(number.to_string()),
        DataRef::Float(number) => number_text(*number),
        DataRef::Bool(yes) => Cell::Text(yes.to_string()),
        DataRef::DateTime(serial) => date_text(serial),
        DataRef::DurationIso(_) => duration(),
        DataRef::Error(error) => {
            Cell::Bad("formula_error", format!("the cell shows an error: {error}"))
        }
    }
}

fn number_text(number: f64) -> Cell {
    if number.abs() >= DIGITS_LOST {
        let message = "a number this long has lost digits: format the column as text and type \
                       the code again";
        return Cell::Bad("digits_lost", message.to_owned());
    }
    Cell::Text(if number.fract() == 0.0 { format!("{number:.0}") } else { number.to_string() })
}

fn duration() -> Cell {
    Cell::Bad("date", "this is a length of time, not a date".to_owned())
}

fn date_text(serial: &ExcelDateTime) -> Cell {
    let value = serial.as_f64();
    if serial.is_duration() {
        return duration();
    }
    if !(FIRST_SERIAL..LAST_SERIAL).contains(&value) {
        return Cell::Bad("date", format!("the serial number {value} is not a date of our time"));
    }
    let (year, month, day, hour, minute, second, _) = serial.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute, second) == (0, 0, 0) {
        return Cell::Text(date);
    }
    Cell::Text(format!("{date}T{hour:02}:{minute:02}:{second:02}"))
}

fn out_of_range(row: u32, column: usize) -> SheetError {
    let message = format!(
        "cell out of range: {}{row} is not empty; at most {MOST_ROWS} rows and {MOST_COLUMNS} columns",
        letters(column)
    );
    let error = SheetError::new("cell_out_of_range", message).in_row(row);
    SheetError { column: Some(letters(column)), ..error }
}

fn broken(why: &str) -> SheetError {
    SheetError::new("broken_workbook", format!("this workbook cannot be read: {why}"))
}
