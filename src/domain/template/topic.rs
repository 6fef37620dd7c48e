//! What a text is about: an event of a ticket, or something that is about no single ticket.
//!
//! **Never** a text that tells of texts that cannot be used: that one must always be usable.

use serde::{Deserialize, Serialize};

use crate::domain::bulletin::{Bulletin, BulletinKind};
use crate::domain::invitation::Purpose;
use crate::domain::notice::{Channel, Kind};

/// What a text is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Topic {
    /// Something happened to a ticket.
    Notice(Kind),
    /// A letter that is about no single ticket.
    Letter(LetterKind),
}

/// Letters that are about no single ticket, by what they say: what is over is told in other words
/// than what is to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LetterKind {
    /// What waits this morning.
    Digest,
    /// A shortage event reached many hospitals.
    Shortage,
    /// A year has no calendar.
    CalendarMissing,
    /// A policy ends soon.
    PolicyLapsing,
    /// A policy has ended.
    PolicyLapsed,
    /// Deadlines were moved.
    DeadlinesMoved,
    /// Manufacturers that no message reached.
    ContactsUnproven,
    /// A first password is to be chosen.
    Invitation,
    /// Another password is to be chosen.
    PasswordReset,
    /// A code that verifies an address.
    ContactCode,
    /// Contacts run out.
    ContactsExpiring,
    /// An organisation was suspended.
    HouseSuspended,
}

impl LetterKind {
    /// Every kind, for tables and tests.
    pub const ALL: [Self; 12] = [
        Self::Digest,
        Self::Shortage,
        Self::CalendarMissing,
        Self::PolicyLapsing,
        Self::PolicyLapsed,
        Self::DeadlinesMoved,
        Self::ContactsUnproven,
        Self::Invitation,
        Self::PasswordReset,
        Self::ContactCode,
        Self::ContactsExpiring,
        Self::HouseSuspended,
    ];

    /// The stable name; the keys of the shipped texts begin with it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PolicyLapsed => "policy_lapsed",
            Self::PasswordReset => "password_reset",
            Self::Digest
            | Self::Shortage
            | Self::CalendarMissing
            | Self::PolicyLapsing
            | Self::DeadlinesMoved
            | Self::ContactsUnproven
            | Self::Invitation
            | Self::ContactCode
            | Self::ContactsExpiring
            | Self::HouseSuspended => self.bulletin().name(),
        }
    }

    /// What a bulletin is worded as; `None` for one that nobody words anew.
    #[must_use]
    pub fn of(bulletin: &Bulletin) -> Option<Self> {
        Some(match bulletin {
            Bulletin::Digest { .. } => Self::Digest,
            Bulletin::Shortage(_) => Self::Shortage,
            Bulletin::CalendarMissing { .. } => Self::CalendarMissing,
            Bulletin::PolicyLapsing { days, .. } if *days < 0 => Self::PolicyLapsed,
            Bulletin::PolicyLapsing { .. } => Self::PolicyLapsing,
            Bulletin::DeadlinesMoved(_) => Self::DeadlinesMoved,
            Bulletin::ContactsUnproven { .. } => Self::ContactsUnproven,
            Bulletin::Invitation { purpose: Purpose::Reset, .. } => Self::PasswordReset,
            Bulletin::Invitation { .. } => Self::Invitation,
            Bulletin::ContactCode { .. } => Self::ContactCode,
            Bulletin::ContactsExpiring { .. } => Self::ContactsExpiring,
            Bulletin::HouseSuspended { .. } => Self::HouseSuspended,
            Bulletin::TemplateBroken { .. } => return None,
        })
    }

    /// The channels it leaves on.
    #[must_use]
    pub fn channels(self) -> &'static [Channel] {
        self.bulletin().channels()
    }

    /// What it is sent as.
    fn bulletin(self) -> BulletinKind {
        match self {
            Self::Digest => BulletinKind::Digest,
            Self::Shortage => BulletinKind::Shortage,
            Self::CalendarMissing => BulletinKind::CalendarMissing,
            Self::PolicyLapsing | Self::PolicyLapsed => BulletinKind::PolicyLapsing,
            Self::DeadlinesMoved => BulletinKind::DeadlinesMoved,
            Self::ContactsUnproven => BulletinKind::ContactsUnproven,
            Self::Invitation | Self::PasswordReset => BulletinKind::Invitation,
            Self::ContactCode => BulletinKind::ContactCode,
            Self::ContactsExpiring => BulletinKind::ContactsExpiring,
            Self::HouseSuspended => BulletinKind::HouseSuspended,
        }
    }
}

impl Topic {
    /// Every topic: the events of tickets, then the letters.
    pub fn all() -> impl Iterator<Item = Self> {
        let letters = LetterKind::ALL.into_iter().map(Self::Letter);
        Kind::ALL.into_iter().map(Self::Notice).chain(letters)
    }

    /// The stable name: the database's and the API's word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Notice(kind) => kind.name(),
            Self::Letter(kind) => kind.name(),
        }
    }
}

impl From<Kind> for Topic {
    fn from(kind: Kind) -> Self {
        Self::Notice(kind)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_name_means_one_topic() {
        let names: BTreeSet<_> = Topic::all().map(Topic::name).collect();
        assert_eq!(names.len(), Topic::all().count());
        for topic in Topic::all() {
            let word = serde_json::to_value(topic).expect("a word");
            assert_eq!(word, topic.name());
            assert_eq!(serde_json::from_value::<Topic>(word).expect("a topic"), topic);
        }
        assert!(serde_json::from_value::<Topic>("template_broken".into()).is_err());
    }
}
