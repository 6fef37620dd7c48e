//! The words of notices, from `templates/locales/*/notices.ftl`.
//!
//! **Never** takes a value for a pattern: what people typed is an argument, cleaned to one line.

use std::borrow::Cow;
use std::collections::HashMap;

use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, Loader, langid, static_loader};

use crate::domain::bulletin::Bulletin;
use crate::domain::explanation::local_due;
use crate::domain::notice::Facts;
use crate::domain::party::{Language, Level};
use crate::domain::ticket::DeadlineKind;

static_loader! {
    static LOCALES = {
        locales: "./templates/locales",
        fallback_language: "zh-CN",
        // Isolation marks are invisible, and wrong in subjects and text messages.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

const CHINESE: LanguageIdentifier = langid!("zh-CN");
const ENGLISH: LanguageIdentifier = langid!("en");

/// Longest product, hospital or bureau name a mail shows, in characters.
pub(super) const LONG: usize = 120;
/// Longest product name a text message and a subject line have room for, in characters.
const SHORT: usize = 18;

/// How much room a text has for names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// Mail bodies.
    Wide,
    /// Text messages.
    Narrow,
}

/// The texts of one language with one notice's facts filled in.
pub(super) struct Words {
    language: Language,
    arguments: HashMap<Cow<'static, str>, FluentValue<'static>>,
}

impl Words {
    /// Fills in the facts. Every variable gets a value, so that no text can fail to format.
    pub(super) fn new(language: Language, facts: &Facts, room: Room) -> Self {
        let mut words = Self { language, arguments: HashMap::new() };
        let product = match room {
            Room::Wide => single_line(&facts.product, LONG),
            Room::Narrow => single_line(&facts.product, SHORT),
        };
        let nearest = facts.deadlines.first();
        let what = words.text(nearest.map_or("deadline-any", |line| deadline_key(line.kind)));
        let due = nearest.map(|line| match room {
            Room::Wide => local_due(line.due_at),
            // Without the year: `02-24 24:00`.
            Room::Narrow => local_due(line.due_at).chars().skip(5).collect(),
        });
        let due = due.unwrap_or_else(|| words.text("notice-unknown-due"));
        let promised = facts.promised_on.map(|date| date.to_string());
        let promised = promised.unwrap_or_else(|| words.text("notice-unknown-promised"));
        let level = words.text(facts.level.map_or("notice-unknown-level", level_key));
        let bureau = facts.bureau.as_ref().map(|name| single_line(name, LONG));
        let bureau = bureau.unwrap_or_else(|| words.text("notice-unknown-bureau"));
        let all = [
            ("number", single_line(&facts.number, LONG)),
            ("product", product),
            ("hospital", single_line(&facts.hospital, LONG)),
            ("manufacturer", single_line(&facts.manufacturer, LONG)),
            ("what", what),
            ("due", due),
            ("promised", promised),
            ("level", level),
            ("bureau", bureau),
        ];
        for (name, value) in all {
            words.arguments.insert(Cow::Borrowed(name), FluentValue::from(value));
        }
        words
    }

    /// The same with the variables of a bulletin.
    pub(super) fn of_bulletin(language: Language, bulletin: &Bulletin) -> Self {
        Self::with(language, super::bulletin::variables(bulletin).into_iter())
    }

    /// The same with these variables.
    pub(super) fn with(
        language: Language,
        variables: impl Iterator<Item = (&'static str, String)>,
    ) -> Self {
        let arguments =
            variables.map(|(name, value)| (Cow::Borrowed(name), FluentValue::from(value)));
        Self { language, arguments: arguments.collect() }
    }

    /// The value of a variable; empty where there is none.
    pub(super) fn value(&self, name: &str) -> String {
        match self.arguments.get(name) {
            Some(FluentValue::String(value)) => value.to_string(),
            Some(_) | None => String::new(),
        }
    }

    /// The text under a key. A key that no language has gives an empty text; a test compares
    /// the files, so that none is missing.
    pub(super) fn text(&self, key: &str) -> String {
        let language = match self.language {
            Language::Chinese => &CHINESE,
            Language::English => &ENGLISH,
        };
        LOCALES.try_lookup_with_args(language, key, &self.arguments).unwrap_or_default()
    }

    /// [`Words::text`] with one variable more, or another value for it.
    pub(super) fn text_with(&mut self, key: &str, name: &'static str, value: String) -> String {
        let before = self.arguments.insert(Cow::Borrowed(name), FluentValue::from(value));
        let text = self.text(key);
        match before {
            Some(value) => self.arguments.insert(Cow::Borrowed(name), value),
            None => self.arguments.remove(name),
        };
        text
    }
}

/// The key of a deadline's name.
pub(super) fn deadline_key(kind: DeadlineKind) -> &'static str {
    match kind {
        DeadlineKind::Reply => "deadline-reply",
        DeadlineKind::Resolve => "deadline-resolve",
        DeadlineKind::Promise => "deadline-promise",
        DeadlineKind::Confirm => "deadline-confirm",
        DeadlineKind::Acknowledge => "deadline-acknowledge",
        DeadlineKind::Measure => "deadline-measure",
    }
}

/// The key of a level's name.
pub(super) fn level_key(level: Level) -> &'static str {
    match level {
        Level::County => "level-county",
        Level::City => "level-city",
        Level::Province => "level-province",
    }
}

/// One line that is safe in a header and honest on a screen: line breaks and other control
/// characters become spaces, characters that reorder or hide text go, and what is longer than
/// `longest` characters is cut with an ellipsis, not inside a combined character.
///
/// lettre 0.11.23 panics on a name with CR or LF (RUSTSEC-2026-0564) and refuses one with NUL
/// or a direction override; so this is applied here again, whatever was stored.
#[must_use]
pub fn single_line(text: &str, longest: usize) -> String {
    let spaced: String = text
        .chars()
        .filter(|c| !is_deceptive(*c))
        .map(|c| if c.is_control() || c.is_whitespace() { ' ' } else { c })
        .collect();
    let line = spaced.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if line.chars().count() <= longest {
        return line;
    }
    let mut kept: Vec<char> = line.chars().take(longest).collect();
    let cut = kept.pop();
    if cut.is_some_and(continues) {
        while kept.pop().is_some_and(continues) {}
    }
    while kept.last() == Some(&' ') || kept.last() == Some(&'\u{200d}') {
        kept.pop();
    }
    kept.push('…');
    kept.into_iter().collect()
}

/// Characters that turn the reading direction or cannot be seen: bidirectional marks, embeddings,
/// overrides and isolates, zero-width spaces, the byte order mark, tags.
fn is_deceptive(c: char) -> bool {
    matches!(c,
        '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// True for what belongs to the character before it: combining marks, variation selectors,
/// joiners and skin tones. (A short list; a longer one buys nothing in a cut name.)
fn continues(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{200d}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}'
        | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0100}'..='\u{e01ef}')
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::bulletin::{BulletinKind, Waiting};

    #[test]
    fn every_kind_has_its_words() {
        let files = [
            include_str!("../../templates/locales/zh-CN/notices.ftl"),
            include_str!("../../templates/locales/zh-CN/directory.ftl"),
        ];
        let lines = files.iter().flat_map(|file| file.lines());
        let chinese: BTreeSet<_> =
            lines.filter_map(|line| Some(line.split_once(" = ")?.0.to_owned())).collect();
        for kind in crate::domain::notice::Kind::ALL {
            for part in ["subject", "lead", "next", "sms"] {
                let key = format!("{}-{part}", kind.name());
                assert!(chinese.contains(&key), "{key}");
            }
        }
        for kind in BulletinKind::ALL.map(BulletinKind::name).into_iter().chain(["policy_lapsed"]) {
            for part in ["subject", "lead", "next", "sms"] {
                let key = format!("{kind}-{part}");
                assert!(chinese.contains(&key), "{key}");
            }
        }
        for waiting in Waiting::ALL {
            let key = format!("waiting-{}", waiting.name());
            assert!(chinese.contains(&key), "{key}");
        }
    }

    #[test]
    fn a_line_is_one_line() {
        assert_eq!(single_line("a\r\nBcc: b\0c\u{202e}d\u{2028}e\t\u{85} ", 99), "a Bcc: b cd e");
        assert_eq!(single_line("药品", 2), "药品");
        assert_eq!(single_line("药品名称", 3), "药品…");
        assert_eq!(single_line("xe\u{301}\u{301}yz", 4), "x…");
        assert_eq!(single_line("ab👨\u{200d}👩\u{200d}👧cd", 4), "ab…");
        assert_eq!(single_line("\u{301}\u{301}\u{301}", 2), "…");
    }
}
