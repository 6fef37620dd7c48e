//! A table written row by row: CSV for programs, a workbook for people.
//!
//! **Never** writes somebody's text as a formula, and never holds more than a row of it.

use std::borrow::Cow;
use std::io::{BufWriter, Write};

use chrono::{NaiveDate, NaiveDateTime};
use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError,
};

use super::SheetError;
use super::inert::inert;

/// A workbook's cell holds so many UTF-16 units.
const LONGEST: usize = 32_767;
/// What stands at the end of a text that a workbook's cell has no room for.
const CUT: &str = "…（超出单元格上限，全文见原记录）";
/// The first sheet of a workbook.
const FIRST: usize = 0;

/// A cell to be written.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// What somebody wrote.
    Text(String),
    /// A number of ours.
    Number(f64),
    /// A share of 1.
    Share(f64),
    /// A local date and time.
    Instant(NaiveDateTime),
    /// A day.
    Date(NaiveDate),
}

/// What a table is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paper {
    /// CSV.
    Delimited,
    /// XLSX.
    Workbook,
}

/// A column about to be written.
#[derive(Debug, Clone)]
pub struct Heading {
    /// What stands above it.
    pub title: String,
    /// In a workbook, about so many characters wide.
    pub width: u16,
}

/// A table in the making.
pub struct Table<W: Write + Send>(Made<W>);

enum Made<W: Write + Send> {
    Delimited(Box<csv::Writer<BufWriter<W>>>),
    Workbook(Box<Book<W>>),
}

struct Book<W> {
    book: Workbook,
    formats: Formats,
    columns: u16,
    /// The row to be written next.
    next: u32,
    out: W,
}

struct Formats {
    share: Format,
    instant: Format,
    date: Format,
}

impl<W: Write + Send> Table<W> {
    /// Begins a table with its heading. `made_at` is the local time that a workbook says it was
    /// made at.
    ///
    /// # Errors
    /// [`SheetError`] when it cannot be written.
    pub fn begin(
        paper: Paper,
        title: &str,
        headings: &[Heading],
        made_at: NaiveDateTime,
        mut out: W,
    ) -> Result<Self, SheetError> {
        if paper == Paper::Workbook {
            let book = Book::begin(title, headings, made_at, out).map_err(unwritten)?;
            return Ok(Self(Made::Workbook(Box::new(book))));
        }
        // The mark that makes spreadsheet programs read UTF-8.
        out.write_all("\u{feff}".as_bytes()).map_err(unwritten)?;
        let mut lines = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(BufWriter::new(out));
        lines.write_record(headings.iter().map(|heading| &heading.title)).map_err(unwritten)?;
        Ok(Self(Made::Delimited(Box::new(lines))))
    }

    /// Adds a row.
    ///
    /// # Errors
    /// [`SheetError`] when it cannot be written.
    pub fn add(&mut self, row: &[Cell]) -> Result<(), SheetError> {
        match &mut self.0 {
            Made::Delimited(lines) => lines.write_record(row.iter().map(plain)).map_err(unwritten),
            Made::Workbook(book) => book.add(row).map_err(unwritten),
        }
    }

    /// Ends the table; gives what it was written to.
    ///
    /// # Errors
    /// [`SheetError`] when it cannot be written.
    pub fn finish(self) -> Result<W, SheetError> {
        match self.0 {
            Made::Delimited(lines) => {
                let buffered = lines.into_inner().map_err(unwritten)?;
                buffered.into_inner().map_err(unwritten)
            }
            Made::Workbook(book) => book.finish().map_err(unwritten),
        }
    }
}

/// A cell as text.
fn plain(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => inert(text).into_owned(),
        Cell::Number(number) | Cell::Share(number) => number.to_string(),
        Cell::Instant(at) => at.format("%Y-%m-%d %H:%M").to_string(),
        Cell::Date(date) => date.to_string(),
    }
}

impl<W: Write + Send> Book<W> {
    fn begin(
        title: &str,
        headings: &[Heading],
        made_at: NaiveDateTime,
        out: W,
    ) -> Result<Self, XlsxError> {
        let mut book = Workbook::new();
        let made_at = ExcelDateTime::from_timestamp(made_at.and_utc().timestamp())?;
        book.set_properties(&DocProperties::new().set_creation_datetime(&made_at));
        let sheet = book.add_worksheet_with_constant_memory()?;
        sheet.set_name(title)?;
        sheet.set_freeze_panes(1, 0)?;
        let bold = Format::new().set_bold().set_background_color(Color::RGB(0x00E8_EEF7));
        for (at, heading) in (0_u16..).zip(headings) {
            sheet.set_column_width(at, heading.width)?;
            sheet.write_string_with_format(0, at, &heading.title, &bold)?;
        }
        let formats = Formats {
            share: Format::new().set_num_format("0.00%"),
            instant: Format::new().set_num_format("yyyy-mm-dd hh:mm"),
            date: Format::new().set_num_format("yyyy-mm-dd"),
        };
        let columns = u16::try_from(headings.len()).unwrap_or(u16::MAX);
        Ok(Self { book, formats, columns, next: 1, out })
    }

    fn add(&mut self, row: &[Cell]) -> Result<(), XlsxError> {
        let sheet = self.book.worksheet_from_index(FIRST)?;
        for (at, cell) in (0_u16..).zip(row) {
            write(sheet, (self.next, at), cell, &self.formats)?;
        }
        self.next += 1;
        Ok(())
    }

    fn finish(self) -> Result<W, XlsxError> {
        let Self { mut book, columns, next, mut out, .. } = self;
        let sheet = book.worksheet_from_index(FIRST)?;
        sheet.autofilter(0, 0, next - 1, columns.saturating_sub(1))?;
        book.save_to_writer(&mut out)?;
        Ok(out)
    }
}

fn write(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    cell: &Cell,
    formats: &Formats,
) -> Result<(), XlsxError> {
    match cell {
        Cell::Empty => {}
        Cell::Text(text) => drop(sheet.write_string(row, column, fitting(text))?),
        Cell::Number(number) => drop(sheet.write_number(row, column, *number)?),
        Cell::Share(share) => {
            sheet.write_number_with_format(row, column, *share, &formats.share)?;
        }
        Cell::Instant(at) => {
            let at = ExcelDateTime::from_timestamp(at.and_utc().timestamp())?;
            sheet.write_datetime_with_format(row, column, &at, &formats.instant)?;
        }
        Cell::Date(date) => {
            let midnight = date.and_time(chrono::NaiveTime::MIN);
            let date = ExcelDateTime::from_timestamp(midnight.and_utc().timestamp())?;
            sheet.write_datetime_with_format(row, column, &date, &formats.date)?;
        }
    }
    Ok(())
}

/// The text, or as much of it as a cell holds, with a word that it is not all.
fn fitting(text: &str) -> Cow<'_, str> {
    // No character takes fewer bytes than UTF-16 units.
    if text.len() <= LONGEST || text.encode_utf16().count() <= LONGEST {
        return Cow::Borrowed(text);
    }
    let mut room = LONGEST - CUT.encode_utf16().count();
    let fits = |c: &char| {
        let is_room = room >= c.len_utf16();
        room = room.saturating_sub(c.len_utf16());
        is_room
    };
    Cow::Owned(text.chars().take_while(fits).chain(CUT.chars()).collect())
}

fn unwritten(error: impl std::fmt::Display) -> SheetError {
    SheetError::new("unwritten", error.to_string())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use calamine::{Data, Reader as _, Xlsx};

    use super::*;

    fn at(text: &str) -> NaiveDateTime {
        text.parse().expect(text)
    }

    fn table(paper: Paper) -> Vec<u8> {
        let headings = ["名称 name", "数量", "率", "时间", "日期", "空"]
            .map(|title| Heading { title: title.to_owned(), width: 12 });
        let made_at = at("2026-02-13T10:30:00");
        let mut table =
            Table::begin(paper, "表", &headings, made_at, Cursor::new(Vec::new())).expect("begun");
        for name in ["=cmd|' /C calc'!A0", "断供,\"两\"周", "x;=1+1", "多\n行"] {
            let row = [
                Cell::Text(name.to_owned()),
                Cell::Number(-5.0),
                Cell::Share(0.25),
                Cell::Instant(at("2026-02-13T10:30:59")),
                Cell::Date(at("2026-02-24T00:00:00").date()),
                Cell::Empty,
            ];
            table.add(&row).expect("added");
        }
        table.finish().expect("written").into_inner()
    }

    #[test]
    fn a_csv_file_has_a_mark_and_no_formula_b058() {
        let bytes = table(Paper::Delimited);
        let text = String::from_utf8(bytes).expect("UTF-8");
        let text = text.strip_prefix('\u{feff}').expect("a mark");
        assert!(text.starts_with("名称 name,数量,率,时间,日期,空\r\n") && text.ends_with("\r\n"));
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let rows: Vec<csv::StringRecord> =
            reader.records().map(|row| row.expect("a row")).collect();
        let names: Vec<_> = rows.iter().map(|row| row.get(0).expect("a name")).collect();
        assert_eq!(names, ["'=cmd|' /C calc'!A0", "断供,\"两\"周", "x;'=1+1", "多\n行"]);
        let rest: Vec<_> = rows[0].iter().skip(1).collect();
        assert_eq!(rest, ["-5", "0.25", "2026-02-13 10:30", "2026-02-24", ""]);
    }

    #[test]
    fn a_workbook_has_types_and_no_formula_b058() {
        let bytes = table(Paper::Workbook);
        let mut book = Xlsx::new(Cursor::new(bytes)).expect("a workbook");
        assert!(book.worksheet_formula("表").expect("a sheet").is_empty(), "no formula");
        let range = book.worksheet_range("表").expect("a sheet");
        let rows: Vec<&[Data]> = range.rows().collect();
        assert_eq!(rows.len(), 5);
        assert_eq!(rows[0][0], Data::String("名称 name".to_owned()));
        assert_eq!(rows[1][0], Data::String("=cmd|' /C calc'!A0".to_owned()));
        assert_eq!(rows[4][0], Data::String("多\n行".to_owned()));
        assert_eq!((&rows[1][1], &rows[1][2]), (&Data::Float(-5.0), &Data::Float(0.25)));
        let Data::DateTime(instant) = &rows[1][3] else { panic!("a date: {:?}", rows[1][3]) };
        assert_eq!(instant.to_ymd_hms_milli(), (2026, 2, 13, 10, 30, 59, 0));
        let Data::DateTime(date) = &rows[1][4] else { panic!("a date: {:?}", rows[1][4]) };
        assert_eq!(date.to_ymd_hms_milli(), (2026, 2, 24, 0, 0, 0, 0));
    }

    #[test]
    fn a_text_too_long_for_a_cell_says_so() {
        for (text, expected) in [
            ("短".repeat(LONGEST), None),
            ("短".repeat(LONGEST + 1), Some(LONGEST)),
            ("😀".repeat(LONGEST / 2), None),
            ("😀".repeat(LONGEST / 2 + 1), Some(LONGEST)),
            // Half a character is not kept.
            (format!("a{}", "😀".repeat(LONGEST / 2 + 1)), Some(LONGEST - 1)),
        ] {
            let fitted = fitting(&text);
            let cut = fitted.ends_with(CUT).then(|| fitted.encode_utf16().count());
            assert_eq!(cut, expected);
            assert!(cut.is_some() || fitted == text);
        }
        let mut table = Table::begin(
            Paper::Workbook,
            "表",
            &[Heading { title: "文".to_owned(), width: 9 }],
            at("2026-02-13T10:30:00"),
            Cursor::new(Vec::new()),
        )
        .expect("begun");
        table.add(&[Cell::Text("😀".repeat(LONGEST))]).expect("a cell takes it");
        table.finish().expect("written");
    }

    #[test]
    fn a_table_without_rows_is_its_heading() {
        for paper in [Paper::Delimited, Paper::Workbook] {
            let heading = Heading { title: "名称".to_owned(), width: 9 };
            let begun = Table::begin(
                paper,
                "表",
                &[heading],
                at("2026-02-13T10:30:00"),
                Cursor::new(Vec::new()),
            );
            let bytes = begun.expect("begun").finish().expect("written").into_inner();
            assert!(!bytes.is_empty());
        }
    }
}
