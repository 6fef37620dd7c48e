//! Texts that administrators worded: filled for a letter; and the texts that ship, unfilled.
//!
//! **Never** reads a value for a variable: a pattern is read once, and values only fill it.

use super::words::{LONG, Room, Words, single_line};
use crate::domain::notice::{Channel, Letter, Matter};
use crate::domain::template::{Pattern, Slot, Variable, Wording};

/// What a letter says in its own words.
pub(super) struct Own {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) next: String,
}

impl Own {
    /// Fills the letter's own wording; `None` where it has none, or none that can be read.
    pub(super) fn of(letter: &Letter, words: &Words, link: &str) -> Option<Self> {
        let wording = letter.wording.as_ref()?;
        let value = |variable: Variable| value(variable, letter, words, link);
        let fill = |text: &str| Some(Pattern::parse(text, &Variable::ALL).ok()?.fill(value));
        Some(Self {
            subject: fill(wording.subject.as_deref().unwrap_or_default())?,
            text: fill(&wording.text)?,
            next: fill(wording.next.as_deref().unwrap_or_default())?,
        })
    }
}

/// What a variable shows in a letter.
#[must_use]
pub fn variable(letter: &Letter, one: Variable) -> String {
    let words = match &letter.matter {
        Matter::Ticket { facts, .. } => Words::new(letter.language, facts, Room::Wide),
        Matter::Bulletin(bulletin) => Words::of_bulletin(letter.language, bulletin),
    };
    value(one, letter, &words, "")
}

fn value(variable: Variable, letter: &Letter, words: &Words, link: &str) -> String {
    match argument(variable) {
        Some(name) => words.value(name),
        None if variable == Variable::Link => link.to_owned(),
        None => single_line(&letter.name, LONG),
    }
}

/// The name that a variable has in the locales; `None` for what they do not know.
fn argument(variable: Variable) -> Option<&'static str> {
    match variable {
        Variable::Number => Some("number"),
        Variable::Product => Some("product"),
        Variable::Hospital => Some("hospital"),
        Variable::Manufacturer => Some("manufacturer"),
        Variable::Deadline => Some("what"),
        Variable::DueAt => Some("due"),
        Variable::PromisedOn => Some("promised"),
        Variable::Level => Some("level"),
        Variable::Bureau => Some("bureau"),
        Variable::Day => Some("day"),
        Variable::Total => Some("total"),
        Variable::Hospitals => Some("hospitals"),
        Variable::Cities => Some("cities"),
        Variable::Year => Some("year"),
        Variable::Version => Some("version"),
        Variable::Policy => Some("policy"),
        Variable::LastDay => Some("last"),
        Variable::Count => Some("count"),
        Variable::Batch => Some("batch"),
        Variable::Reason => Some("reason"),
        Variable::Hours => Some("hours"),
        Variable::Code => Some("code"),
        Variable::Minutes => Some("minutes"),
        Variable::House => Some("house"),
        Variable::Recipient | Variable::Link => None,
    }
}

/// The text that ships with the service, its variables unfilled.
#[must_use]
pub fn shipped(slot: Slot) -> Wording {
    let names = Variable::ALL
        .into_iter()
        .filter_map(|variable| Some((argument(variable)?, format!("{{{}}}", variable.name()))));
    let words = Words::with(slot.language, names);
    let text = |part: &str| words.text(&format!("{}-{part}", slot.kind.name()));
    match slot.channel {
        Channel::Mail => {
            Wording { subject: Some(text("subject")), text: text("lead"), next: Some(text("next")) }
        }
        Channel::Sms | Channel::Robot => Wording { text: text("sms"), ..Wording::default() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::template::check;

    #[test]
    fn every_shipped_text_would_be_accepted_as_an_edit() {
        for slot in Slot::all() {
            let shipped = shipped(slot);
            let (cleaned, warnings) = check(slot, &shipped).expect("sound");
            assert_eq!(cleaned, shipped, "{slot:?}");
            assert_eq!(warnings, [], "{slot:?}");
        }
    }
}
