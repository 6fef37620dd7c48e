//! Texts of notices that administrators may word anew: for whom they are, what may stand in
//! them, and how long they come out.
//!
//! A text is plain words with named variables, like `{ticket.number}`; nothing in it decides,
//! counts or repeats. Who words nothing gets the texts that ship with the service.
//!
//! **Never** lets a text show what its reader may not know: one table says which variables a
//! kind has for a party on a channel.

mod check;
mod length;
mod syntax;
mod topic;
mod variable;

pub use check::{Fault, LONGEST_SMS, Warning, check};
pub use length::{Alphabet, Length, measure};
pub use syntax::{Pattern, SyntaxError};
pub use topic::{LetterKind, Topic};
pub use variable::Variable;

use serde::{Deserialize, Serialize};

use super::notice::{Channel, channels};
use super::party::{Language, Role};
use super::ticket::Party;

/// Who is told, as a party of the ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartyKind {
    /// The hospital that filed.
    Hospital,
    /// The responsible manufacturer.
    Manufacturer,
    /// The distributor that was brought in.
    Distributor,
    /// A bureau.
    Bureau,
    /// Whoever gets a letter that is about no single ticket.
    Anybody,
}

impl PartyKind {
    /// Every party of a ticket, for tables and tests.
    pub const ALL: [Self; 4] =
        [Self::Hospital, Self::Manufacturer, Self::Distributor, Self::Bureau];

    /// The party that somebody of a role is told as; `None` for those who are no party.
    #[must_use]
    pub fn of(role: Role) -> Option<Self> {
        match role {
            Role::Hospital => Some(Self::Hospital),
            Role::Manufacturer => Some(Self::Manufacturer),
            Role::Distributor => Some(Self::Distributor),
            Role::Bureau => Some(Self::Bureau),
            Role::Admin | Role::Security | Role::Auditor => None,
        }
    }

    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hospital => "hospital",
            Self::Manufacturer => "manufacturer",
            Self::Distributor => "distributor",
            Self::Bureau => "bureau",
            Self::Anybody => "anybody",
        }
    }
}

impl From<Party> for PartyKind {
    fn from(party: Party) -> Self {
        match party {
            Party::Hospital => Self::Hospital,
            Party::Manufacturer => Self::Manufacturer,
            Party::Distributor => Self::Distributor,
            Party::Bureau(_) => Self::Bureau,
        }
    }
}

/// What a text is for: one text each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot {
    /// What it is about.
    pub kind: Topic,
    /// Who is told.
    pub party: PartyKind,
    /// On which channel.
    pub channel: Channel,
    /// In which language.
    pub language: Language,
}

impl Slot {
    /// Every text that can leave the service, in the order of the topics.
    pub fn all() -> impl Iterator<Item = Self> {
        let languages = [Language::Chinese, Language::English];
        let readers = Topic::all().flat_map(|topic| {
            let parties: &'static [PartyKind] = match topic {
                Topic::Notice(_) => &PartyKind::ALL,
                Topic::Letter(_) => &[PartyKind::Anybody],
            };
            parties.iter().map(move |party| (topic, *party))
        });
        let ways = readers.flat_map(|(kind, party)| {
            told_on(kind, party).iter().map(move |channel| (kind, party, *channel))
        });
        ways.flat_map(move |(kind, party, channel)| {
            languages.map(|language| Self { kind, party, channel, language })
        })
    }

    /// True for one that can leave the service.
    #[must_use]
    pub fn exists(self) -> bool {
        told_on(self.kind, self.party).contains(&self.channel)
    }
}

/// The channels a party is told on, whichever bureau it is.
fn told_on(topic: Topic, party: PartyKind) -> &'static [Channel] {
    let anybody = super::id::OrganisationId(uuid::Uuid::nil());
    let kind = match (topic, party) {
        (Topic::Letter(kind), PartyKind::Anybody) => return kind.channels(),
        (Topic::Letter(_), _) => return &[],
        (Topic::Notice(kind), _) => kind,
    };
    let party = match party {
        PartyKind::Hospital => Party::Hospital,
        PartyKind::Manufacturer => Party::Manufacturer,
        PartyKind::Distributor => Party::Distributor,
        PartyKind::Bureau => Party::Bureau(anybody),
        PartyKind::Anybody => return &[],
    };
    channels(kind, party)
}

/// A text as somebody worded it, with its variables unfilled.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Wording {
    /// A mail's subject; text messages have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What happened: lines of a mail, or the one line of a text message.
    pub text: String,
    /// What its reader is to do, in a mail; may be left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Wording {
    /// Its parts by name.
    pub fn parts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let parts = [
            ("subject", self.subject.as_deref()),
            ("text", Some(self.text.as_str())),
            ("next", self.next.as_deref()),
        ];
        parts.into_iter().filter_map(|(name, text)| Some((name, text?)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::notice::Kind;

    #[test]
    fn every_slot_is_there_once() {
        let all: Vec<_> = Slot::all().collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        assert!(all.iter().all(|slot| slot.exists()));
        let is_told = |kind: Kind, party, channel| {
            Slot { kind: kind.into(), party, channel, language: Language::Chinese }.exists()
        };
        let letter = |party, channel| {
            let kind = Topic::Letter(LetterKind::ContactCode);
            Slot { kind, party, channel, language: Language::Chinese }.exists()
        };
        assert!(
            letter(PartyKind::Anybody, Channel::Sms) && letter(PartyKind::Anybody, Channel::Mail)
        );
        assert!(!letter(PartyKind::Bureau, Channel::Mail));
        assert!(!is_told(Kind::Filed, PartyKind::Anybody, Channel::Mail));
        assert!(is_told(Kind::Filed, PartyKind::Manufacturer, Channel::Sms));
        assert!(!is_told(Kind::Filed, PartyKind::Hospital, Channel::Mail));
        assert!(!is_told(Kind::Message, PartyKind::Bureau, Channel::Mail), "in-app alone");
        for party in PartyKind::ALL {
            assert_eq!(serde_json::to_value(party).expect("a word"), party.name());
        }
    }
}
