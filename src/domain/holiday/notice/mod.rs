//! The text of a State Council notice, pasted, to days that somebody reviews.
//!
//! Two kinds of sentence name days: “1月1日（周四）至3日（周六）放假调休，共3天” closes them,
//! “1月4日（周日）上班” opens them. What the notice says twice (weekdays, counts) is compared.
//!
//! **Never** saves anything, and never passes over a sentence with a day in it.

mod cursor;
mod date;
mod finding;
mod fold;
mod reader;
mod sentence;

pub use self::finding::Finding;

use self::date::is_year;
use self::fold::{folded, sentences};
use self::reader::Reader;
use super::names::holidays;
use super::reading::{Held, Material, Reading, Refused};
use super::year::{YearFile, whole_years};
use crate::domain::calendar::Day;

/// The longest text, in characters; a notice has a thousand.
pub const LONGEST_NOTICE: usize = 20_000;
const LONGEST_PAPER: usize = 40;

/// What a pasted notice says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The year it is about.
    pub year: i32,
    /// The number of the document, like 国办发明电〔2025〕7号, or its title.
    pub paper: Option<String>,
    /// The days with the lines that name them, by date.
    pub days: Vec<(u32, Day)>,
    /// Where it contradicts itself or the calendar.
    pub findings: Vec<(u32, Finding)>,
    /// The sentences that were not understood.
    pub held: Vec<Held>,
}

impl Notice {
    /// What a calendar takes over, once reviewed: a year where the days are one as a whole.
    ///
    /// # Errors
    /// [`Refused`] where no day is left.
    pub fn reading(self) -> Result<Reading, Refused> {
        if self.days.is_empty() {
            return Err(Refused::whole("no_days", "no day is left"));
        }
        let rows = self.days.iter().map(|(row, day)| (*row, day.date)).collect();
        let days: Vec<Day> = self.days.into_iter().map(|(_, day)| day).collect();
        let material = if whole_years(&days).contains(&self.year) {
            let papers = self.paper.into_iter().collect();
            let (file, _) = YearFile::sorted(self.year, papers, days);
            Material::Year(file)
        } else {
            Material::Days(days)
        };
        Ok(Reading { material, rows, held: self.held })
    }
}

/// Reads a notice. Its year is the one asked for, or else the one its text is about. The days'
/// document is its number, its title, or `source` where that is given.
///
/// # Errors
/// [`Refused`] for an empty or a very long text, one without a year, and one without a sentence
/// about a day.
pub fn read_notice(text: &str, year: Option<i32>, source: Option<&str>) -> Result<Notice, Refused> {
    if text.trim().is_empty() {
        return Err(Refused::whole("empty_file", "the text is empty"));
    }
    if text.chars().count() > LONGEST_NOTICE {
        let message = format!("at most {LONGEST_NOTICE} characters");
        return Err(Refused::whole("too_long", message));
    }
    let whole = folded(&text.replace(['\r', '\n'], "\u{20}"));
    let titled = titled_year(&whole);
    let Some(year) = year.or(titled).filter(|year| is_year(*year)) else {
        let message = "the text names no year from 2000 to 2100: which is it about?";
        return Err(Refused::whole("year", message));
    };
    let paper = source.map(str::to_owned).or_else(|| paper_of(&whole)).or_else(|| title_of(text));
    let mut reader = Reader::of(year, paper, holidays(&title_of(text).unwrap_or_default()));
    if let Some(said) = titled.filter(|titled| *titled != year) {
        reader.findings.insert((1, Finding::TitleYear { said }));
    }
    for sentence in sentences(text) {
        reader.read(&sentence);
    }
    reader.done()
}

/// The year that a text says it is about: 关于2026年部分节假日安排的通知.
fn titled_year(text: &str) -> Option<i32> {
    text.match_indices('年').find_map(|(at, _)| {
        let (before, after) = (text.get(..at)?, text.get(at..)?);
        let digits = before.get(before.len().checked_sub(4)?..)?;
        let year: i32 = digits.parse().ok().filter(|year| is_year(*year))?;
        let about: String = after.chars().skip(1).take(40).collect();
        let is_date = about.starts_with(|character: char| character.is_ascii_digit());
        let is_title = ["安排", "放假", "假期"].iter().any(|word| about.contains(word));
        (is_title && !is_date).then_some(year)
    })
}

/// The number of the document.
fn paper_of(text: &str) -> Option<String> {
    let (_, tail) = text.split_once("国办发")?;
    let (number, _) = tail.split_once('号')?;
    (number.chars().count() <= LONGEST_PAPER).then(|| format!("国办发{number}号"))
}

/// The first line that calls itself a notice.
fn title_of(text: &str) -> Option<String> {
    let is_title = |line: &String| line.ends_with("通知") && line.chars().count() <= 80;
    text.lines().map(folded).find(is_title)
}

#[cfg(test)]
mod tests;
