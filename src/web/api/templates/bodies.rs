//! What is said about a text, and what it is told.
//!
//! **Never** judges a text: the domain does.

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::preview::Look;
use super::words;
use crate::domain::notice::Channel;
use crate::domain::party::Language;
use crate::domain::template::{Alphabet, Length, PartyKind, Slot, Variable, Warning, Wording};
use crate::notify::render::shipped;
use crate::service::Error;
use crate::service::templates::{Draft, Restoration, Stored, TemplateView};
use crate::web::check::Check;
use crate::web::extract::Form;
use crate::web::moment;

/// Longest reason, in characters.
const LONGEST_REASON: usize = 500;

/// A text to be looked at.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewTemplate {
    /// One line of at most 160 characters, in mails alone.
    subject: Option<String>,
    /// At most 2,000 characters in a mail, one line of at most 500 in a text message. Variables
    /// stand between braces, like `{ticket.number}`.
    text: String,
    /// What its reader is to do, in mails alone; at most 1,000 characters.
    next: Option<String>,
}

impl NewTemplate {
    /// Reads it.
    pub(in crate::web) fn read(form: &Form) -> Result<Wording, Error> {
        let Self { subject, text, next } = form.read()?;
        Ok(Wording { subject, text, next })
    }
}

/// A text that replaces the one in use.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Replacing {
    /// One line of at most 160 characters, in mails alone.
    subject: Option<String>,
    /// At most 2,000 characters in a mail, one line of at most 500 in a text message.
    text: String,
    /// What its reader is to do, in mails alone; at most 1,000 characters.
    next: Option<String>,
    /// At most 500 characters.
    reason: String,
}

impl Replacing {
    /// Reads it; the text itself is the use case's to judge.
    pub(in crate::web) fn read(form: &Form) -> Result<Draft, Error> {
        let Self { subject, text, next, reason } = form.read()?;
        let mut check = Check::default();
        let reason = check.block("reason", &reason, LONGEST_REASON);
        check.done(Draft { wording: Wording { subject, text, next }, reason })
    }
}

/// Which version is used again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Restoring {
    /// 0 = what ships with the service.
    version: i64,
    /// At most 500 characters.
    reason: String,
}

impl Restoring {
    /// Reads it.
    pub(in crate::web) fn read(form: &Form) -> Result<Restoration, Error> {
        let Self { version, reason } = form.read()?;
        let mut check = Check::default();
        let reason = check.block("reason", &reason, LONGEST_REASON);
        let version = check.number("version", version, 0..=i64::from(i32::MAX));
        check.done(Restoration { version: i32::try_from(version).unwrap_or_default(), reason })
    }
}

/// A text.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct TemplateBody {
    /// The event, or the letter.
    pub(in crate::web) kind: &'static str,
    #[schema(schema_with = words::party)]
    pub(in crate::web) party: PartyKind,
    #[schema(schema_with = words::channel)]
    pub(in crate::web) channel: Channel,
    #[schema(schema_with = words::language)]
    pub(in crate::web) language: Language,
    /// False for what ships with the service.
    pub(in crate::web) edited: bool,
    #[serde(flatten)]
    pub(in crate::web) version: TemplateVersion,
    /// What may stand between braces in it.
    pub(in crate::web) variables: Vec<&'static str>,
}

impl TemplateBody {
    /// A text as it is shown.
    pub(in crate::web) fn shown(view: &TemplateView) -> Self {
        let slot = view.slot;
        Self {
            kind: slot.kind.name(),
            party: slot.party,
            channel: slot.channel,
            language: slot.language,
            edited: view.is_edited(),
            version: TemplateVersion::shown(view),
            variables: Variable::of(slot).map(Variable::name).collect(),
        }
    }
}

/// A version of a text.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct TemplateVersion {
    /// 0 = what ships with the service, and nobody has edited.
    pub(in crate::web) version: i32,
    /// True where it says what ships with the service.
    pub(in crate::web) shipped: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) subject: Option<String>,
    pub(in crate::web) text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) next: Option<String>,
    /// Why it was worded so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) changed_at: Option<DateTime<FixedOffset>>,
    /// The author's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) changed_by: Option<String>,
}

impl TemplateVersion {
    /// A version as it is shown.
    pub(in crate::web) fn shown(view: &TemplateView) -> Self {
        let Wording { subject, text, next } = said(view.slot, &view.stored);
        Self {
            version: view.version,
            shipped: !view.is_edited(),
            subject,
            text,
            next,
            reason: view.edit.as_ref().map(|edit| edit.reason.clone()),
            changed_at: view.edit.as_ref().map(|edit| moment::shown(edit.at)),
            changed_by: view.edit.as_ref().map(|edit| edit.by.clone()),
        }
    }
}

/// What a version says. What cannot be read any more is sent as it ships.
pub(in crate::web) fn said(slot: Slot, stored: &Stored) -> Wording {
    match stored {
        Stored::Own(wording) => wording.clone(),
        Stored::Shipped | Stored::Unreadable(_) => shipped(slot),
    }
}

/// How a text comes out.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct TemplatePreview {
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    /// The text part of a mail, or the text message.
    text: String,
    /// The HTML part of a mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<String>,
    /// How long the text message is.
    #[serde(skip_serializing_if = "Option::is_none")]
    length: Option<LengthBody>,
    /// The text message with the longest values that are to be expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    longest_text: Option<String>,
    /// How long that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    longest: Option<LengthBody>,
    /// What may be regretted: stable codes.
    warnings: Vec<&'static str>,
}

impl From<Look> for TemplatePreview {
    fn from(look: Look) -> Self {
        Self {
            subject: look.subject,
            text: look.text,
            html: look.html,
            length: look.length.map(LengthBody::from),
            longest_text: look.longest_text,
            longest: look.longest.map(LengthBody::from),
            warnings: look.warnings.into_iter().map(Warning::code).collect(),
        }
    }
}

/// The length of a text message, its signature included.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct LengthBody {
    /// `gsm7`, or `ucs2` for everything that is not plain English.
    #[schema(value_type = String)]
    alphabet: Alphabet,
    /// Characters; some take two.
    units: usize,
    /// How many messages are sent and paid for.
    parts: usize,
}

impl From<Length> for LengthBody {
    fn from(length: Length) -> Self {
        Self { alphabet: length.alphabet, units: length.units, parts: length.parts }
    }
}
