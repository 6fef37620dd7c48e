//! The words of pages and evidence packs, from `templates/locales`.
//!
//! **Never** takes a value for a pattern: what people typed is an argument.

use std::borrow::Cow;
use std::collections::HashMap;

use chrono::NaiveDate;
use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, Loader, langid, static_loader};
use serde::Serialize;
use serde_json::Value;

use crate::domain::party::Language;

static_loader! {
    static LOCALES = {
        locales: "./templates/locales",
        fallback_language: "zh-CN",
        // Pages isolate values by their markup.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

static CHINESE: LanguageIdentifier = langid!("zh-CN");
static ENGLISH: LanguageIdentifier = langid!("en");

fn id(language: Language) -> &'static LanguageIdentifier {
    match language {
        Language::Chinese => &CHINESE,
        Language::English => &ENGLISH,
    }
}

/// The text under a key, if there is one.
pub(super) fn text(language: Language, key: &str) -> Option<String> {
    LOCALES.try_lookup(id(language), key)
}

/// A count chooses between one and many; everything else is text.
fn argument<'a>(name: &str, value: &'a str) -> FluentValue<'a> {
    if matches!(name, "n" | "days") { FluentValue::try_number(value) } else { value.into() }
}

/// The words of one language.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words(pub(super) Language);

impl Words {
    /// The text under a key; the key itself where there is none, which a test excludes.
    pub(super) fn t(self, key: &str) -> String {
        text(self.0, key).unwrap_or_else(|| key.to_owned())
    }

    /// The text under a key with a value in it.
    pub(super) fn with(
        self,
        key: &str,
        name: &'static str,
        value: &(impl ToString + ?Sized),
    ) -> String {
        let value = value.to_string();
        self.with_all(key, &[(name, value)])
    }

    /// The text under a key with values in it.
    pub(super) fn with_all(self, key: &str, values: &[(&'static str, String)]) -> String {
        let arguments: HashMap<Cow<'static, str>, FluentValue<'_>> = values
            .iter()
            .map(|(name, value)| (Cow::Borrowed(*name), argument(name, value)))
            .collect();
        let found = LOCALES.try_lookup_with_args(id(self.0), key, &arguments);
        found.unwrap_or_else(|| key.to_owned())
    }

    /// Why a field was refused; the message where its code has no words, which a test excludes. A
    /// day that the message names is told, too, and the place in a code.
    pub(super) fn error(self, code: &str, message: &str) -> String {
        let day = message.split([' ', ',']).find(|word| word.parse::<NaiveDate>().is_ok());
        let day = day.map(|day| format!(" {day}")).unwrap_or_default();
        let key = format!("error-{code}");
        let place = message.split("character ").nth(1).unwrap_or_default();
        let place: String = place.chars().take_while(char::is_ascii_digit).collect();
        let known = self.with_all(&key, &[("date", day), ("place", place)]);
        if known == key { message.to_owned() } else { known }
    }

    /// Why the state does not allow something; the message where its code has no words.
    pub(super) fn problem(self, code: &str, message: &str) -> String {
        text(self.0, &format!("problem-{code}")).unwrap_or_else(|| message.to_owned())
    }

    /// What a word of the API is called; the word itself where it has no other name.
    pub(super) fn name(self, group: &str, word: &impl Serialize) -> String {
        match serde_json::to_value(word) {
            Ok(Value::String(word)) => self.named(group, &word),
            Ok(value) => value.to_string(),
            Err(_) => String::new(),
        }
    }

    /// As [`Words::name`], for a word that is text already.
    pub(super) fn named(self, group: &str, word: &str) -> String {
        text(self.0, &format!("{group}-{word}")).unwrap_or_else(|| word.to_owned())
    }
}
