//! The sentences of a notice to its days.
//!
//! **Never** takes a part of a sentence's days, and never passes over a sentence with a day.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike as _, NaiveDate};

use super::Notice;
use super::date::{Anchor, Dated};
use super::finding::Finding;
use super::fold::Sentence;
use super::sentence::{Clause, Written, understand};
use crate::domain::calendar::Day;
use crate::domain::holiday::meaning::Meaning;
use crate::domain::holiday::names::holidays;
use crate::domain::holiday::reading::{Held, Refused, Why, is_weekend};
use crate::domain::holiday::year::is_beside;

/// More days in a row than any holiday has.
const LONGEST_DAYS: i64 = 31;

/// Gathers what sentences say.
pub(super) struct Reader {
    year: i32,
    paper: Option<String>,
    /// The holiday that the present point is about.
    name: String,
    has_points: bool,
    days: BTreeMap<NaiveDate, (u32, Day)>,
    pub(super) findings: BTreeSet<(u32, Finding)>,
    held: Vec<Held>,
}

impl Reader {
    pub(super) fn of(year: i32, paper: Option<String>, name: Option<String>) -> Self {
        Self {
            year,
            paper,
            name: name.unwrap_or_else(|| "节假日".to_owned()),
            has_points: false,
            days: BTreeMap::new(),
            findings: BTreeSet::new(),
            held: Vec::new(),
        }
    }

    pub(super) fn read(&mut self, sentence: &Sentence) {
        self.has_points |= sentence.is_point;
        let text = sentence.text.as_str();
        let text = match text.split_once(':') {
            Some((name, rest)) if !name.contains(|c: char| c.is_ascii_digit()) => {
                match holidays(name) {
                    Some(name) => {
                        self.name = name;
                        rest
                    }
                    None => text,
                }
            }
            Some(_) | None => text,
        };
        let taken = match understand(text) {
            Some(understood) => self.take(sentence.row, &understood.clauses, understood.count),
            None if is_frame(text) => Ok(()),
            None if names_day(text) || (self.has_points && speaks_of_rest(text)) => {
                Err(Why::Unclear)
            }
            None => Ok(()),
        };
        if let Err(why) = taken {
            self.held.push(Held::of(sentence.row, text, None, why));
        }
    }

    /// Takes a sentence's days; all of them or none.
    fn take(&mut self, row: u32, clauses: &[Clause], count: Option<u32>) -> Result<(), Why> {
        let mut anchor = Anchor::of(self.year, self.name.contains("元旦"));
        let mut found: Vec<(NaiveDate, Meaning)> = Vec::new();
        let mut findings = Vec::new();
        for clause in clauses {
            for (first, last) in &clause.spans {
                let first = self.dated(&mut anchor, first, &mut findings)?;
                let last = match last {
                    Some(last) => self.dated(&mut anchor, last, &mut findings)?,
                    None => first,
                };
                let length = (last - first).num_days();
                if length < 0 {
                    return Err(Why::Unclear);
                }
                if length >= LONGEST_DAYS {
                    return Err(Why::TooLong);
                }
                let days = first.iter_days().take_while(|date| *date <= last);
                found.extend(days.map(|date| (date, clause.meaning)));
                if clause.meaning == Meaning::Worked && !clause.resumes && !is_weekend(first) {
                    findings.push(Finding::WorkOnWeekday { date: first });
                }
            }
        }
        let free = found.iter().filter(|(_, meaning)| *meaning == Meaning::Free);
        let free: BTreeSet<_> = free.map(|(date, _)| *date).collect();
        let counted = u32::try_from(free.len()).unwrap_or(u32::MAX);
        findings.extend(
            count.filter(|said| *said != counted).map(|said| Finding::Count { said, counted }),
        );
        self.findings.extend(findings.into_iter().map(|finding| (row, finding)));
        for (date, meaning) in found {
            self.name(row, date, meaning);
        }
        Ok(())
    }

    /// The date of a day as it is written.
    fn dated(
        &self,
        anchor: &mut Anchor,
        written: &Written,
        findings: &mut Vec<Finding>,
    ) -> Result<NaiveDate, Why> {
        let Dated { date, is_assumed } = anchor.date(written).ok_or(Why::NoSuchDay)?;
        if date.year() != self.year && !is_beside(date, self.year) {
            return Err(Why::OtherYear);
        }
        if is_assumed {
            findings.push(Finding::YearAssumed { date });
        }
        let said = written.weekday.filter(|said| *said != date.weekday());
        findings
            .extend(said.map(|said| Finding::Weekday { date, said: said.number_from_monday() }));
        Ok(date)
    }

    fn name(&mut self, row: u32, date: NaiveDate, meaning: Meaning) {
        let kind = meaning.kind(date);
        match self.days.get(&date) {
            Some((_, known)) if known.kind != kind => {
                self.findings.insert((row, Finding::Conflict { date }));
            }
            Some(_) => {}
            None => {
                let source = self.paper.clone().unwrap_or_else(|| "放假通知".to_owned());
                let day = Day { date, kind, name: self.name.clone(), source };
                self.days.insert(date, (row, day));
            }
        }
    }

    pub(super) fn done(self) -> Result<Notice, Refused> {
        if self.days.is_empty() && self.held.is_empty() {
            return Err(Refused::whole("no_days", "no sentence in it is about a day"));
        }
        Ok(Notice {
            year: self.year,
            paper: self.paper,
            days: self.days.into_values().collect(),
            findings: self.findings.into_iter().collect(),
            held: self.held,
        })
    }
}

/// True for what stands around a notice: to whom it goes, that it follows, how to be on duty
/// meanwhile, and the date it is signed on.
fn is_frame(text: &str) -> bool {
    let is_signature = || {
        let rest = text.split_once('日').map(|(_, rest)| rest);
        let is_date = text.starts_with(|character: char| character.is_ascii_digit());
        is_date
            && text.contains('年')
            && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('('))
    };
    text.ends_with("通知如下")
        || text.ends_with("通知如下:")
        || text.starts_with("节假日期间")
        || is_signature()
}

/// True where a sentence has a day in it, like 1月4日.
fn names_day(text: &str) -> bool {
    let mut before = None;
    text.chars().any(|character| {
        let is_day =
            matches!(character, '日' | '月') && before.is_some_and(|c: char| c.is_ascii_digit());
        before = Some(character);
        is_day
    })
}

fn speaks_of_rest(text: &str) -> bool {
    ["放假", "上班", "调休", "休息", "补班", "假期"].iter().any(|word| text.contains(word))
}
