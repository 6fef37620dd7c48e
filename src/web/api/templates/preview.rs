//! A text with sample data, as its reader would get it.
//!
//! **Never** shows a text that would be refused.

use crate::domain::notice::Channel;
use crate::domain::template::{Length, Slot, Warning, Wording, measure};
use crate::notify::render::{Size, link, mail, sample, sms};
use crate::service::{Error, channels, templates};
use crate::web::site::Site;

/// How a text comes out.
#[derive(Debug, Clone)]
pub(in crate::web) struct Look {
    /// A mail's subject.
    pub(in crate::web) subject: Option<String>,
    /// The text part of a mail, or the text message.
    pub(in crate::web) text: String,
    /// The HTML part of a mail.
    pub(in crate::web) html: Option<String>,
    /// How long the text message is.
    pub(in crate::web) length: Option<Length>,
    /// The text message with long values.
    pub(in crate::web) longest_text: Option<String>,
    /// How long that is.
    pub(in crate::web) longest: Option<Length>,
    /// What may be regretted.
    pub(in crate::web) warnings: Vec<Warning>,
}

/// Looks at a text that somebody typed.
///
/// # Errors
/// [`Error::Invalid`] naming every part that is wrong.
pub(in crate::web) async fn look(
    site: &Site,
    slot: Slot,
    wording: &Wording,
) -> Result<Look, Error> {
    let (wording, warnings) = templates::checked(slot, wording)?;
    let signature = channels::signature(&site.app).await?;
    Ok(Look { warnings, ..look_at(site, slot, &wording, &signature) })
}

/// Looks at a text that is sound.
pub(in crate::web) fn look_at(site: &Site, slot: Slot, wording: &Wording, signature: &str) -> Look {
    let letter = |size| sample(slot, Some(wording.clone()), size);
    let usual = letter(Size::Usual);
    match slot.channel {
        Channel::Mail => {
            let mail = mail(&usual, &link(&usual, &site.public_url));
            Look {
                subject: Some(mail.subject),
                text: mail.text,
                html: Some(mail.html),
                length: None,
                longest_text: None,
                longest: None,
                warnings: Vec::new(),
            }
        }
        Channel::Sms | Channel::Robot => {
            let (text, longest) = (sms(&usual), sms(&letter(Size::Longest)));
            Look {
                subject: None,
                html: None,
                length: Some(measure(&text, signature)),
                longest: Some(measure(&longest, signature)),
                longest_text: Some(longest),
                text,
                warnings: Vec::new(),
            }
        }
    }
}
