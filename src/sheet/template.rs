//! Empty tables to be filled in: a heading, and in workbooks drop-downs and instructions.
//!
//! **Never** writes a code as a number: the columns are formatted as text, so that a spreadsheet
//! program keeps leading zeros and all the digits.

use rust_xlsxwriter::{
    Color, DataValidation, DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError,
};

use super::{MOST_ROWS, SheetError};

/// A column of the table.
#[derive(Debug, Clone)]
pub struct Column {
    /// The heading.
    pub heading: String,
    /// The other heading that is accepted, in English.
    pub code: String,
    /// What belongs there.
    pub hint: String,
    /// The only values, where there is a list of them.
    pub choices: Vec<String>,
    /// True when no row may leave it out.
    pub is_required: bool,
}

/// The heading alone, as CSV with the mark that makes spreadsheet programs read UTF-8.
#[must_use]
pub fn delimited(columns: &[Column]) -> Vec<u8> {
    let headings: Vec<_> = columns.iter().map(|column| column.heading.as_str()).collect();
    format!("\u{feff}{}\r\n", headings.join(",")).into_bytes()
}

/// The table and its instructions as a workbook.
///
/// # Errors
/// [`SheetError`] when a column cannot be written.
pub fn workbook(title: &str, columns: &[Column]) -> Result<Vec<u8>, SheetError> {
    written(title, columns).map_err(|error| SheetError::new("template", error.to_string()))
}

fn written(title: &str, columns: &[Column]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    // The same template is the same file.
    let written_on = ExcelDateTime::from_ymd(2026, 1, 1)?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&written_on));
    table(book.add_worksheet(), title, columns)?;
    instructions(book.add_worksheet(), columns)?;
    book.save_to_buffer()
}

fn table(sheet: &mut Worksheet, title: &str, columns: &[Column]) -> Result<(), XlsxError> {
    let text = Format::new().set_num_format("@");
    let heading = Format::new().set_bold().set_background_color(Color::RGB(0x00E8_EEF7));
    sheet.set_name(title)?;
    sheet.set_freeze_panes(1, 0)?;
    for (at, column) in (0_u16..).zip(columns) {
        sheet.set_column_width(at, 20)?;
        sheet.set_column_format(at, &text)?;
        sheet.write_string_with_format(0, at, &column.heading, &heading)?;
        if column.choices.is_empty() {
            continue;
        }
        // A list that is too long for a drop-down still stands in the instructions.
        if let Ok(list) = DataValidation::new().allow_list_strings(&column.choices) {
            sheet.add_data_validation(1, at, MOST_ROWS, at, &list)?;
        }
    }
    Ok(())
}

fn instructions(sheet: &mut Worksheet, columns: &[Column]) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    sheet.set_name("填写说明")?;
    for (at, (heading, width)) in
        (0_u16..).zip([("列", 20), ("英文列名", 22), ("必填", 8), ("说明", 60), ("可选值", 80)])
    {
        sheet.set_column_width(at, width)?;
        sheet.write_string_with_format(0, at, heading, &bold)?;
    }
    for (row, column) in (1_u32..).zip(columns) {
        sheet.write_string(row, 0, &column.heading)?;
        sheet.write_string(row, 1, &column.code)?;
        sheet.write_string(row, 2, if column.is_required { "是" } else { "否" })?;
        sheet.write_string(row, 3, &column.hint)?;
        sheet.write_string(row, 4, column.choices.join("、"))?;
    }
    Ok(())
}
