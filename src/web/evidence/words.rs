//! The words of the page, from `templates/locales/*/evidence.ftl`.
//!
//! **Never** a value for a pattern: the texts have no variables.

use fluent_templates::{LanguageIdentifier, Loader, langid, static_loader};

use crate::domain::party::Language;

static_loader! {
    static LOCALES = {
        locales: "./templates/locales",
        fallback_language: "zh-CN",
    };
}

const CHINESE: LanguageIdentifier = langid!("zh-CN");
const ENGLISH: LanguageIdentifier = langid!("en");

/// The text under a key, if there is one.
pub(super) fn text(language: Language, key: &str) -> Option<String> {
    let language = match language {
        Language::Chinese => &CHINESE,
        Language::English => &ENGLISH,
    };
    LOCALES.try_lookup(language, key)
}
