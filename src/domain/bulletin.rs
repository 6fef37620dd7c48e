//! What is told that is about no single ticket: the morning digest, and alarms.
//!
//! **Never** holds a party's text, nor what its recipients may not see.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::id::EventId;
use super::invitation::Purpose;
use super::notice::Channel;
use super::party::Role;
use super::ticket::DeadlineKind;

/// What is told. Stored, so that a replay tells the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Bulletin {
    /// What waits for a person on the morning of a working day.
    Digest {
        /// The day.
        on: NaiveDate,
        /// How much of what waits; nothing that is zero.
        waiting: BTreeMap<Waiting, u32>,
    },
    /// A shortage event reached many hospitals.
    Shortage(ShortageAlarm),
    /// A year that is close has no published calendar here: its deadlines are provisional.
    CalendarMissing {
        /// The year.
        year: i32,
    },
    /// A policy ends, or has ended, and no other takes its place.
    PolicyLapsing {
        /// Its version.
        version: String,
        /// Its name.
        name: String,
        /// Its last day.
        last_on: NaiveDate,
        /// How many days that is ahead; negative once it is over.
        days: i64,
    },
    /// An edit of the calendar or of the time limits moved deadlines.
    DeadlinesMoved(MovedDeadlines),
    /// Manufacturers that no message has reached for long.
    ContactsUnproven {
        /// How many.
        count: u32,
        /// The first of their names.
        names: Vec<String>,
    },
    /// A link by which somebody chooses a password.
    Invitation {
        /// The link's id.
        id: Uuid,
        /// What it is for.
        purpose: Purpose,
        /// Its secret: found when a letter is written, and never stored.
        #[serde(skip)]
        secret: Option<String>,
    },
    /// A code that verifies a contact's address.
    ContactCode {
        /// The code's id.
        id: Uuid,
        /// The code: found when a letter is written, and never stored.
        #[serde(skip)]
        secret: Option<String>,
    },
    /// Contacts of an organisation have run out, or will soon.
    ContactsExpiring {
        /// How many.
        count: u32,
        /// The first of their names.
        names: Vec<String>,
    },
    /// An organisation that somebody has open tickets with was suspended.
    HouseSuspended {
        /// Its name.
        name: String,
        /// In how many open tickets.
        tickets: u32,
    },
    /// A text of notices could not be used, and the one that ships was sent instead.
    TemplateBroken {
        /// Which, like `filed/manufacturer/mail/zh-CN`.
        template: String,
        /// Its version.
        version: i32,
    },
}

/// An event that reached many hospitals, as the province is told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShortageAlarm {
    /// The event.
    pub event: EventId,
    /// What is short, with its specification.
    pub product: String,
    /// Who owes it.
    pub manufacturer: String,
    /// Of how many hospitals of the province.
    pub hospitals: u32,
    /// In how many cities.
    pub cities: u32,
    /// In how many open tickets.
    pub tickets: u32,
    /// How much is missing, by unit.
    pub quantities: BTreeMap<String, i64>,
    /// The fewest days that a hospital's stock lasted.
    pub worst_days_of_stock: Option<i64>,
}

/// The deadlines of one organisation's tickets that a batch moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedDeadlines {
    /// The batch's number.
    pub batch: u32,
    /// Why, as the administrator wrote.
    pub reason: String,
    /// How many deadlines.
    pub count: u32,
    /// The first of them.
    pub first: Vec<MovedDeadline>,
}

/// A deadline that a batch moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedDeadline {
    /// The ticket's number.
    pub number: String,
    /// Which deadline.
    pub kind: DeadlineKind,
    /// When it was due.
    pub before_at: DateTime<Utc>,
    /// When it is due now.
    pub after_at: DateTime<Utc>,
}

/// What may wait for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Waiting {
    /// Tickets that wait for the manufacturer's reply.
    Reply,
    /// Tickets whose manufacturer owes a new promise.
    Promise,
    /// Deadlines of the manufacturer's that end today.
    DueToday,
    /// Tickets with something missed and not done.
    Overdue,
    /// Reported solutions that wait for the hospital's word.
    Confirm,
    /// Escalations that the bureau has not acknowledged.
    Acknowledge,
    /// Requests that wait for the bureau's decision.
    Decide,
    /// Messages and files that were not opened.
    Messages,
}

impl Waiting {
    /// Every kind, for tables and tests.
    pub const ALL: [Self; 8] = [
        Self::Reply,
        Self::Promise,
        Self::DueToday,
        Self::Overdue,
        Self::Confirm,
        Self::Acknowledge,
        Self::Decide,
        Self::Messages,
    ];

    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Promise => "promise",
            Self::DueToday => "due_today",
            Self::Overdue => "overdue",
            Self::Confirm => "confirm",
            Self::Acknowledge => "acknowledge",
            Self::Decide => "decide",
            Self::Messages => "messages",
        }
    }

    /// True when it is this role's to do, or to know.
    #[must_use]
    pub fn concerns(self, role: Role) -> bool {
        match self {
            Self::Reply | Self::Promise | Self::DueToday => role == Role::Manufacturer,
            Self::Overdue => matches!(role, Role::Manufacturer | Role::Hospital),
            Self::Confirm => role == Role::Hospital,
            Self::Acknowledge | Self::Decide => role == Role::Bureau,
            Self::Messages => matches!(
                role,
                Role::Hospital | Role::Manufacturer | Role::Distributor | Role::Bureau
            ),
        }
    }
}

/// The kind of a bulletin. One template each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BulletinKind {
    /// The morning digest.
    Digest,
    /// A shortage event reached many hospitals.
    Shortage,
    /// A year has no calendar.
    CalendarMissing,
    /// A policy ends.
    PolicyLapsing,
    /// Deadlines were moved.
    DeadlinesMoved,
    /// Manufacturers that no message reached.
    ContactsUnproven,
    /// A link to choose a password.
    Invitation,
    /// A code that verifies an address.
    ContactCode,
    /// Contacts run out.
    ContactsExpiring,
    /// An organisation was suspended.
    HouseSuspended,
    /// A text of notices could not be used.
    TemplateBroken,
}

impl BulletinKind {
    /// Every kind, for tables and tests.
    pub const ALL: [Self; 11] = [
        Self::Digest,
        Self::Shortage,
        Self::CalendarMissing,
        Self::PolicyLapsing,
        Self::DeadlinesMoved,
        Self::ContactsUnproven,
        Self::Invitation,
        Self::ContactCode,
        Self::ContactsExpiring,
        Self::HouseSuspended,
        Self::TemplateBroken,
    ];

    /// The stable name: the SMS template, the database's and the API's word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Digest => "digest",
            Self::Shortage => "shortage",
            Self::CalendarMissing => "calendar_missing",
            Self::PolicyLapsing => "policy_lapsing",
            Self::DeadlinesMoved => "deadlines_moved",
            Self::ContactsUnproven => "contacts_unproven",
            Self::Invitation => "invitation",
            Self::ContactCode => "contact_code",
            Self::ContactsExpiring => "contacts_expiring",
            Self::HouseSuspended => "house_suspended",
            Self::TemplateBroken => "template_broken",
        }
    }

    /// True for what somebody has asked for and waits for: it leaves at any hour.
    #[must_use]
    pub fn is_awaited(self) -> bool {
        match self {
            Self::Invitation | Self::ContactCode => true,
            Self::Digest
            | Self::Shortage
            | Self::CalendarMissing
            | Self::PolicyLapsing
            | Self::DeadlinesMoved
            | Self::ContactsUnproven
            | Self::HouseSuspended
            | Self::TemplateBroken
            | Self::ContactsExpiring => false,
        }
    }

    /// The channels it leaves on, beside the in-app mailbox.
    #[must_use]
    pub fn channels(self) -> &'static [Channel] {
        match self {
            Self::Shortage | Self::ContactCode => &[Channel::Mail, Channel::Sms],
            Self::Digest
            | Self::CalendarMissing
            | Self::PolicyLapsing
            | Self::DeadlinesMoved
            | Self::ContactsUnproven
            | Self::Invitation
            | Self::HouseSuspended
            | Self::TemplateBroken
            | Self::ContactsExpiring => &[Channel::Mail],
        }
    }
}

impl Bulletin {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> BulletinKind {
        match self {
            Self::Digest { .. } => BulletinKind::Digest,
            Self::Shortage(_) => BulletinKind::Shortage,
            Self::CalendarMissing { .. } => BulletinKind::CalendarMissing,
            Self::PolicyLapsing { .. } => BulletinKind::PolicyLapsing,
            Self::DeadlinesMoved(_) => BulletinKind::DeadlinesMoved,
            Self::ContactsUnproven { .. } => BulletinKind::ContactsUnproven,
            Self::Invitation { .. } => BulletinKind::Invitation,
            Self::ContactCode { .. } => BulletinKind::ContactCode,
            Self::ContactsExpiring { .. } => BulletinKind::ContactsExpiring,
            Self::HouseSuspended { .. } => BulletinKind::HouseSuspended,
            Self::TemplateBroken { .. } => BulletinKind::TemplateBroken,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_name_is_the_one_that_is_told() {
        let digest = Bulletin::Digest {
            on: NaiveDate::MIN,
            waiting: Waiting::ALL.into_iter().zip(1..).collect(),
        };
        let stored = serde_json::to_value(&digest).expect("JSON");
        assert_eq!(stored["kind"], digest.kind().name());
        assert_eq!(stored["waiting"]["due_today"], 3);
        assert_eq!(serde_json::from_value::<Bulletin>(stored).expect("read"), digest);
        for kind in BulletinKind::ALL {
            assert_eq!(serde_json::to_value(kind).expect("a word"), kind.name());
        }
        for waiting in Waiting::ALL {
            assert_eq!(serde_json::to_value(waiting).expect("a word"), waiting.name());
        }
    }

    #[test]
    fn administrators_have_no_digest() {
        for waiting in Waiting::ALL {
            for role in [Role::Admin, Role::Security, Role::Auditor] {
                assert!(!waiting.concerns(role));
            }
        }
    }
}
