//! What is told at once when a ticket changes, and what of it a reader may know.
//!
//! **Never** holds a text or a name: who wants more asks for the ticket, and is checked again.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use super::access::{self, Parties, Scope, Visible};
use super::id::{NoticeId, OrganisationId, TicketId, UserId};
use super::notice::Kind;
use super::ticket::{EventData, StateName};

/// A place in the feed, in the order in which changes became visible to everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The database's transaction, where several write at once, or that of the ticket's change
    /// before, if that is younger; 0 where one writes after another.
    pub transaction: i64,
    /// Drawn when the change was written.
    pub number: i64,
    /// Tells rows of the same number apart, as after going back to an older backup.
    pub mark: u32,
}

impl Position {
    /// Before the first change.
    pub const START: Self = Self { transaction: 0, number: 0, mark: 0 };

    /// What a reader is given to come back with.
    #[must_use]
    pub fn bookmark(&self) -> Bookmark {
        Bookmark { number: self.number, mark: self.mark }
    }
}

/// A place in the feed as readers know it: it means something only where its row is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bookmark {
    /// The row's number.
    pub number: i64,
    /// The row's mark.
    pub mark: u32,
}

impl fmt::Display for Bookmark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:08x}", self.number, self.mark)
    }
}

/// The text is not a bookmark in its one spelling.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an id of this stream, like 4711-0a1b2c3d")]
pub struct NotABookmark;

impl FromStr for Bookmark {
    type Err = NotABookmark;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (number, mark) = text.split_once('-').ok_or(NotABookmark)?;
        let number = number.parse().map_err(|_error| NotABookmark)?;
        let mark = u32::from_str_radix(mark, 16).map_err(|_error| NotABookmark)?;
        let read = Self { number, mark };
        if read.to_string() == text { Ok(read) } else { Err(NotABookmark) }
    }
}

/// One saved change of a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// Its place.
    pub position: Position,
    /// The ticket.
    pub ticket: TicketId,
    /// Its number.
    pub number: String,
    /// For whom it exists.
    pub parties: Parties,
    /// Its state after the change.
    pub state: StateName,
    /// Its version after the change.
    pub version: i64,
    /// What happened, in order.
    pub entries: Vec<Entry>,
    /// Who is told of it in the app.
    pub told: Vec<Told>,
}

/// An entry of the timeline, without what it was about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number in the timeline.
    pub sequence: u32,
    /// When.
    pub at: DateTime<Utc>,
    /// For which organisation somebody did it; `None` = the clock.
    pub by: Option<OrganisationId>,
    /// What happened.
    pub data: EventData,
}

/// Somebody's notice of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// Its id.
    pub id: NoticeId,
    /// What.
    pub kind: Kind,
    /// When.
    pub at: DateTime<Utc>,
    /// Whose it is.
    pub recipient: UserId,
}

/// What a reader may know of a change: something, always.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its place.
    pub position: Position,
    /// The ticket.
    pub ticket: TicketId,
    /// Its number.
    pub number: String,
    /// How the ticket stands, unless all that happened is hidden from the reader.
    pub change: Option<SeenChange>,
    /// The reader's own notices.
    pub notices: Vec<Told>,
}

/// How a ticket stands after what happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenChange {
    /// Its state.
    pub state: StateName,
    /// Its version.
    pub version: i64,
    /// What happened, as far as the reader may read it; `None` where no timeline is theirs.
    pub entries: Option<Vec<SeenEntry>>,
}

/// That something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenEntry {
    /// Its number in the timeline.
    pub sequence: u32,
    /// When.
    pub at: DateTime<Utc>,
    /// What, by its stable name.
    pub kind: &'static str,
}

impl News {
    /// What the reader may know of the change; `None` when that is nothing.
    #[must_use]
    pub fn seen_by(&self, reader: &Scope) -> Option<Seen> {
        let visible = reader.tickets();
        if !visible.reaches(&self.parties) {
            return None;
        }
        let entries = (visible != Visible::Bare).then(|| self.read_by(reader));
        let is_hidden = entries.as_ref().is_some_and(Vec::is_empty);
        let change =
            || SeenChange { state: self.state, version: self.version, entries: entries.clone() };
        let own = self.told.iter().filter(|told| told.recipient == reader.actor().user);
        let seen = Seen {
            position: self.position,
            ticket: self.ticket,
            number: self.number.clone(),
            change: (!is_hidden).then(change),
            notices: own.copied().collect(),
        };
        Some(seen).filter(|seen| seen.change.is_some() || !seen.notices.is_empty())
    }

    fn read_by(&self, reader: &Scope) -> Vec<SeenEntry> {
        let may_read =
            |entry: &&Entry| access::may_read_entry(reader.actor(), &entry.data, entry.by);
        let seen = |entry: &Entry| SeenEntry {
            sequence: entry.sequence,
            at: entry.at,
            kind: entry.data.name(),
        };
        self.entries.iter().filter(may_read).map(seen).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::party::{Actor, Division, Organisation, Role};
    use crate::domain::ticket::Audience;
    use uuid::Uuid;

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    fn reader(role: Role, house: u128, division: &str) -> Scope {
        let organisation = Organisation {
            id: OrganisationId(id(house)),
            kind: role.organisation_kind(),
            name: "某单位".to_owned(),
            division: Division::parse(division).expect(division),
        };
        let user = UserId(id(house * 10));
        Scope::granted(Actor { user, name: "某人".to_owned(), role, organisation })
    }

    /// Hospital 1 in 371002, manufacturer 2, distributor 3.
    fn news(entries: &[(EventData, Option<u128>)], told: &[u128]) -> News {
        let at = DateTime::UNIX_EPOCH;
        let entry = |(index, (data, by)): (usize, &(EventData, Option<u128>))| Entry {
            sequence: u32::try_from(index + 1).expect("few"),
            at,
            by: by.map(|by| OrganisationId(id(by))),
            data: data.clone(),
        };
        let notice = |house: &u128| Told {
            id: NoticeId(id(house + 100)),
            kind: Kind::Message,
            at,
            recipient: UserId(id(house * 10)),
        };
        News {
            position: Position { transaction: 0, number: 7, mark: 1 },
            ticket: TicketId(id(9)),
            number: "SQ-371002-20260213-ABCD".to_owned(),
            parties: Parties {
                hospital: OrganisationId(id(1)),
                manufacturer: OrganisationId(id(2)),
                distributor: Some(OrganisationId(id(3))),
                division: Division::parse("371002").expect("a division"),
            },
            state: StateName::Open,
            version: 2,
            entries: entries.iter().enumerate().map(entry).collect(),
            told: told.iter().map(notice).collect(),
        }
    }

    fn readers() -> [(&'static str, Scope); 11] {
        [
            ("hospital", reader(Role::Hospital, 1, "371002")),
            ("maker", reader(Role::Manufacturer, 2, "320500")),
            ("distributor", reader(Role::Distributor, 3, "371000")),
            ("city", reader(Role::Bureau, 4, "371000")),
            ("admin", reader(Role::Admin, 5, "370000")),
            ("security", reader(Role::Security, 6, "370000")),
            ("auditor", reader(Role::Auditor, 7, "370000")),
            ("hospital2", reader(Role::Hospital, 11, "371002")),
            ("maker2", reader(Role::Manufacturer, 12, "320500")),
            ("distributor2", reader(Role::Distributor, 13, "371000")),
            ("city2", reader(Role::Bureau, 14, "370200")),
        ]
    }

    /// Who is told of the ticket's change, and with how many entries.
    fn told_of(news: &News) -> Vec<(&'static str, Option<usize>)> {
        let change = |scope: &Scope| news.seen_by(scope)?.change;
        let seen = |(name, scope): &(&'static str, Scope)| {
            let change = change(scope)?;
            Some((*name, change.entries.map(|entries| entries.len())))
        };
        readers().iter().filter_map(seen).collect()
    }

    #[test]
    fn everybody_is_told_of_what_exists_for_them() {
        let filed = news(&[(EventData::Filed { no_contact: false }, Some(1))], &[]);
        assert_eq!(
            told_of(&filed),
            [
                ("hospital", Some(1)),
                ("maker", Some(1)),
                ("distributor", Some(1)),
                ("city", Some(1)),
                ("admin", None)
            ]
        );
    }

    #[test]
    fn what_is_hidden_is_not_told() {
        let message = |audience| (EventData::Message { audience }, Some(1));
        for (audience, expected) in [
            (Audience::All, &["hospital", "maker", "distributor", "city", "admin"][..]),
            (Audience::HospitalBureau, &["hospital", "city", "admin"]),
            (Audience::Bureau, &["hospital", "city", "admin"]),
            (Audience::Own, &["hospital", "admin"]),
        ] {
            let told = told_of(&news(&[message(audience)], &[]));
            let names: Vec<_> = told.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, expected, "{audience:?}");
        }
        let warned = (EventData::Filed { no_contact: false }, None);
        let both = news(&[warned, message(Audience::Own)], &[]);
        let maker = reader(Role::Manufacturer, 2, "320500");
        let entries = both.seen_by(&maker).and_then(|seen| seen.change?.entries).expect("some");
        assert_eq!(entries.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn a_notice_is_its_recipients_while_the_ticket_exists_for_them() {
        let hidden = (EventData::Message { audience: Audience::Own }, Some(1));
        let news = news(&[hidden], &[2, 12]);
        let maker = reader(Role::Manufacturer, 2, "320500");
        let seen = news.seen_by(&maker).expect("a notice");
        assert_eq!((seen.change, seen.notices.len()), (None, 1));
        let stranger = reader(Role::Manufacturer, 12, "330100");
        assert_eq!(news.seen_by(&stranger), None, "told, but the ticket is no longer theirs");
        let hospital = reader(Role::Hospital, 1, "371002");
        assert!(news.seen_by(&hospital).is_some_and(|seen| seen.notices.is_empty()));
    }

    #[test]
    fn a_bookmark_has_one_spelling() {
        for text in ["0-00000000", "4711-0a1b2c3d", "9223372036854775807-ffffffff"] {
            assert_eq!(text.parse::<Bookmark>().map(|mark| mark.to_string()), Ok(text.to_owned()));
        }
        for text in [
            "",
            "-",
            "1",
            "1-",
            "-00000000",
            "-1-0a1b2c3d",
            "1-0A1B2C3D",
            "01-0a1b2c3d",
            "+1-0a1b2c3d",
            "1-0a1b2c3",
            "1-0a1b2c3d0",
            "1-0a1b2c3d ",
            "9223372036854775808-00000000",
            "短-短",
        ] {
            assert_eq!(text.parse::<Bookmark>(), Err(NotABookmark), "{text}");
        }
    }
}
