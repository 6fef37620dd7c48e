//! Notices as words: the subject, text and HTML of a mail, and the text of a short message.
//!
//! **Never** writes HTML in Rust and never shows a conversation: the templates escape every
//! value, and the values are a notice's [`Facts`] only.

use askama::Template;
use url::Url;

use super::bulletin;
use crate::domain::bulletin::{Bulletin, BulletinKind};
use crate::domain::explanation::{local_due, sentence_for};
use crate::domain::notice::{Channel, DeadlineLine, Facts, Kind, Letter, Matter};
use crate::domain::party::Language;
use crate::domain::template::{PartyKind, Slot};

pub use super::sample::{Size, letter as sample};
use super::wording::Own;
pub use super::wording::{shipped, variable};
pub use super::words::single_line;
use super::words::{Room, Words, deadline_key, level_key};

/// Longest subject, in characters; product names are the only long part.
const LONGEST_SUBJECT: usize = 160;
/// Longest text message that was worded anew, filled: ten parts.
const LONGEST_SMS: usize = 670;
/// Longest recipient or organisation name, in characters.
const LONGEST_NAME: usize = 120;

/// A mail's three texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line, the urgent mark in front for emergency tickets.
    pub subject: String,
    /// The plain text, lines ended by LF.
    pub text: String,
    /// The same as an HTML document.
    pub html: String,
}

#[derive(Template)]
#[template(path = "emails/notice.txt")]
struct TextBody<'a> {
    page: &'a Page,
}

#[derive(Template)]
#[template(path = "emails/notice.html")]
struct HtmlBody<'a> {
    page: &'a Page,
}

/// What both bodies show, worded but not escaped.
struct Page {
    lang: &'static str,
    subject: String,
    heading: String,
    emergency: bool,
    badge: String,
    badge_line: String,
    greeting: String,
    lead: String,
    colon: String,
    rows: Vec<Row>,
    deadlines_label: String,
    deadlines: Vec<DeadlineView>,
    explanation_label: String,
    provisional: String,
    provisional_why: String,
    next_label: String,
    next: String,
    button: String,
    plain_link: String,
    link: String,
    footer: String,
}

struct Row {
    label: String,
    value: String,
}

struct DeadlineView {
    label: String,
    due: String,
    provisional: bool,
    explanation: String,
}

/// The mail for a letter; `link` is the address of the ticket's page.
///
/// A template that fails to render (which needs a failing formatter) leaves its part empty; the
/// subject, and so the notice, still arrives.
#[must_use]
pub fn mail(letter: &Letter, link: &str) -> Rendered {
    let page = page(letter, link);
    let text = TextBody { page: &page }.render().unwrap_or_default();
    let html = HtmlBody { page: &page }.render().unwrap_or_default();
    Rendered { subject: page.subject, text, html }
}

/// The address of the page that a letter leads to.
#[must_use]
pub fn link(letter: &Letter, public_url: &Url) -> String {
    let site = public_url.as_str().trim_end_matches('/');
    match &letter.matter {
        Matter::Ticket { ticket, .. } => format!("{site}/tickets/{ticket}"),
        Matter::Bulletin(Bulletin::Invitation { secret: Some(secret), .. }) => {
            format!("{site}/invitations/{secret}")
        }
        Matter::Bulletin(_) => format!("{site}/"),
    }
}

/// The text message for a letter: number, product and deadline, nobody's name, and no link
/// (gateways approve templates without free addresses; the link is among the parameters).
#[must_use]
pub fn sms(letter: &Letter) -> String {
    match &letter.matter {
        Matter::Ticket { kind, facts, .. } => {
            let words = Words::new(letter.language, facts, Room::Narrow);
            // Its table of variables has no link for a text message.
            let own = Own::of(letter, &words, "").map(|own| single_line(&own.text, LONGEST_SMS));
            own.unwrap_or_else(|| words.text(&key(kind.name(), "sms")))
        }
        Matter::Bulletin(bulletin) => {
            let words = Words::of_bulletin(letter.language, bulletin);
            let own = Own::of(letter, &words, "").map(|own| single_line(&own.text, LONGEST_SMS));
            own.unwrap_or_else(|| words.text(&key(bulletin::prefix(bulletin), "sms")))
        }
    }
}

/// The text for a group of the recipient's organisation: headline, what happened, and the link.
#[must_use]
pub fn post(letter: &Letter, link: &str) -> String {
    let page = page(letter, link);
    let due: Vec<_> = page
        .deadlines
        .iter()
        .map(|one| format!("{}{}{}", one.label, page.colon, one.due))
        .collect();
    let parts = [page.subject, page.lead, due.join("\n"), page.link];
    parts.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join("\n")
}

/// A test message to somebody: about nothing that ever was.
pub(super) fn test_letter(
    language: Language,
    (name, address): (&str, &str),
    key: String,
) -> Letter {
    let slot = Slot {
        kind: Kind::Message.into(),
        party: PartyKind::Bureau,
        channel: Channel::Mail,
        language,
    };
    Letter {
        name: name.to_owned(),
        address: address.to_owned(),
        key,
        ..super::sample::letter(slot, None, Size::Usual)
    }
}

/// The mail of a test.
pub(super) fn test_mail(letter: &Letter, link: &str) -> Rendered {
    let mut words = Words::with(letter.language, std::iter::empty());
    let page = frame(&mut words, letter, "channel_test", link);
    let text = TextBody { page: &page }.render().unwrap_or_default();
    let html = HtmlBody { page: &page }.render().unwrap_or_default();
    Rendered { subject: page.subject, text, html }
}

/// The text of a test, for phones and groups.
pub(super) fn test_text(language: Language) -> String {
    Words::with(language, std::iter::empty()).text("channel_test-sms")
}

/// The one line shown in the in-app mailbox and as a mail's subject. It begins with the urgent
/// mark when the ticket is an emergency.
#[must_use]
pub fn headline(matter: &Matter, language: Language) -> String {
    match matter {
        Matter::Ticket { kind, facts, .. } => {
            let words = Words::new(language, facts, Room::Wide);
            marked(&words, facts, &words.text(&key(kind.name(), "subject")))
        }
        Matter::Bulletin(bulletin) => {
            let words = Words::of_bulletin(language, bulletin);
            let heading = words.text(&key(bulletin::prefix(bulletin), "subject"));
            single_line(&heading, LONGEST_SUBJECT)
        }
    }
}

fn marked(words: &Words, facts: &Facts, heading: &str) -> String {
    let mark = if facts.emergency { words.text("notice-urgent") } else { String::new() };
    single_line(&format!("{mark}{heading}"), LONGEST_SUBJECT)
}

fn key(prefix: &str, part: &str) -> String {
    format!("{prefix}-{part}")
}

fn page(letter: &Letter, link: &str) -> Page {
    match &letter.matter {
        Matter::Ticket { kind, facts, .. } => {
            let mut words = Words::new(letter.language, facts, Room::Wide);
            let mut page = frame(&mut words, letter, kind.name(), link);
            if let Some(Own { subject, text, next }) = Own::of(letter, &words, link) {
                page = Page { heading: subject, lead: text, next, ..page };
            }
            let language = letter.language;
            let deadlines = facts.deadlines.iter();
            let deadlines = deadlines.map(|line| deadline(&mut words, language, line)).collect();
            Page {
                subject: marked(&words, facts, &page.heading),
                emergency: facts.emergency,
                rows: rows(&words, facts),
                deadlines,
                ..page
            }
        }
        Matter::Bulletin(bulletin) => {
            let mut words = Words::of_bulletin(letter.language, bulletin);
            let mut page = frame(&mut words, letter, bulletin::prefix(bulletin), link);
            if let Some(Own { subject, text, next }) = Own::of(letter, &words, link) {
                let heading = single_line(&subject, LONGEST_SUBJECT);
                page = Page { subject: heading, heading: subject, lead: text, next, ..page };
            }
            let rows = bulletin::rows(&words, bulletin).into_iter();
            Page {
                rows: rows.map(|(label, value)| Row { label, value }).collect(),
                button: words.text(if bulletin.kind() == BulletinKind::Invitation {
                    "bulletin-choose-password"
                } else {
                    "bulletin-button"
                }),
                ..page
            }
        }
    }
}

/// What every mail has, without what it is about.
fn frame(words: &mut Words, letter: &Letter, prefix: &str, link: &str) -> Page {
    let heading = words.text(&key(prefix, "subject"));
    Page {
        lang: match letter.language {
            Language::Chinese => "zh-CN",
            Language::English => "en",
        },
        subject: single_line(&heading, LONGEST_SUBJECT),
        heading,
        emergency: false,
        badge_line: words.text("notice-urgent").trim_end().to_owned(),
        badge: words.text("notice-urgent-badge"),
        greeting: greeting(words, &letter.name),
        lead: words.text(&key(prefix, "lead")),
        colon: words.text("notice-colon"),
        rows: Vec::new(),
        deadlines_label: words.text("notice-deadlines"),
        deadlines: Vec::new(),
        explanation_label: words.text("notice-explanation"),
        provisional: words.text("notice-provisional"),
        provisional_why: words.text("notice-provisional-why"),
        next_label: words.text("notice-next"),
        next: words.text(&key(prefix, "next")),
        button: words.text("notice-button"),
        plain_link: words.text("notice-plain-link"),
        link: link.to_owned(),
        footer: words.text("notice-footer"),
    }
}

fn greeting(words: &mut Words, name: &str) -> String {
    let name = single_line(name, LONGEST_NAME);
    if name.is_empty() {
        words.text("notice-greeting-anonymous")
    } else {
        words.text_with("notice-greeting", "name", name)
    }
}

fn rows(words: &Words, facts: &Facts) -> Vec<Row> {
    let values = [
        ("notice-label-number", Some(facts.number.clone())),
        ("notice-label-product", Some(facts.product.clone())),
        ("notice-label-hospital", Some(facts.hospital.clone())),
        ("notice-label-manufacturer", Some(facts.manufacturer.clone())),
        ("notice-label-promised", facts.promised_on.map(|date| date.to_string())),
        ("notice-label-level", facts.level.map(|level| words.text(level_key(level)))),
        ("notice-label-bureau", facts.bureau.clone()),
    ];
    let row = |(label, value): (&str, Option<String>)| {
        Some(Row { label: words.text(label), value: single_line(&value?, LONGEST_NAME) })
    };
    values.into_iter().filter_map(row).collect()
}

fn deadline(words: &mut Words, language: Language, line: &DeadlineLine) -> DeadlineView {
    let label = words.text(deadline_key(line.kind));
    let label = match language {
        Language::Chinese => label,
        Language::English => capitalised(&label),
    };
    DeadlineView {
        label,
        due: words.text_with("notice-due", "due", local_due(line.due_at)),
        provisional: line.provisional,
        explanation: sentence_for(line.kind, &line.explanation, line.due_at, language),
    }
}

/// The label at the beginning of a line, in languages that have capitals.
fn capitalised(label: &str) -> String {
    let mut rest = label.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

#[cfg(test)]
mod tests;
