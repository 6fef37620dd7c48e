//! The page of an evidence pack: `evidence.json` for people, to be read and printed.
//!
//! **Never** shows what is not in the JSON: it is made from those bytes and from nothing else,
//! so what may not be in the one is not in the other.

mod records;
mod rules;
mod sections;
pub(super) mod sheet;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::error::Problem;
#[cfg(test)]
use super::words;
use crate::domain::party::Language;
use crate::service::evidence::{PublicKey, mark, sha256};
use sheet::{Block, Fact, Section, Sheet};

/// The page's only style. Its hash is the only thing that the page's policy lets through.
const STYLE: &str = include_str!("../../../templates/pages/evidence.css");

#[derive(Template)]
#[template(path = "pages/evidence.html")]
struct Page {
    language: &'static str,
    policy: String,
    style: &'static str,
    mark: String,
    title: String,
    number: String,
    summary: String,
    state: String,
    facts: Vec<Fact>,
    sections: Vec<Section>,
    closing: Vec<String>,
}

/// The page of this `evidence.json`, in a language.
///
/// # Errors
/// A [`Problem`] for what is no `evidence.json`.
pub(super) fn page(json: &[u8], key: &PublicKey, language: Language) -> Result<Vec<u8>, Problem> {
    let failed = |error: &dyn std::fmt::Display| {
        tracing::error!(%error, "the page of an evidence pack could not be made");
        Problem::new("internal", "the page could not be made")
    };
    let document: Value = serde_json::from_slice(json).map_err(|error| failed(&error))?;
    let sheet = Sheet::of(&document, language);
    let hash = sha256(json);
    let style = STANDARD.encode(Sha256::digest(STYLE));
    let number = sheet.text("/ticket/number");
    let page = Page {
        language: match language {
            Language::Chinese => "zh-CN",
            Language::English => "en",
        },
        policy: format!(
            "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'"
        ),
        style: STYLE,
        mark: mark(&number, &hash),
        title: sheet.word("page-title"),
        summary: sheet.text("/ticket/summary"),
        state: sheet.named("state", &sheet.text("/ticket/state")),
        facts: sections::head(&sheet, &hash, key),
        sections: [sections::all(&sheet), records::all(&sheet), rules::all(&sheet)].concat(),
        closing: ["closing-scope", "closing-times", "closing-verify"]
            .map(|key| sheet.word(key))
            .to_vec(),
        number,
    };
    page.render().map(String::into_bytes).map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests;
