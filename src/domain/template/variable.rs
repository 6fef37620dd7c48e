//! The variables that texts may name, and which of them a reader may see.
//!
//! **Never** a variable that holds what a party wrote.

use super::{LetterKind, PartyKind, Slot, Topic};
use crate::domain::notice::{Channel, Kind};

/// Something that a text shows of what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Variable {
    /// The ticket's number.
    Number,
    /// The product with its specification.
    Product,
    /// The hospital's name.
    Hospital,
    /// The manufacturer's name.
    Manufacturer,
    /// What the nearest deadline is called.
    Deadline,
    /// When the nearest deadline is due.
    DueAt,
    /// The promised day.
    PromisedOn,
    /// The level of bureau in charge.
    Level,
    /// The bureau in charge.
    Bureau,
    /// The reader's own name.
    Recipient,
    /// The address of the page that it leads to.
    Link,
    /// The day of a digest.
    Day,
    /// How much waits.
    Total,
    /// How many hospitals.
    Hospitals,
    /// How many cities.
    Cities,
    /// A year.
    Year,
    /// The version of a policy.
    Version,
    /// The name of a policy.
    Policy,
    /// Its last day.
    LastDay,
    /// How many deadlines, manufacturers, contacts or tickets.
    Count,
    /// The number of a batch.
    Batch,
    /// Why, as an administrator wrote.
    Reason,
    /// For how many hours a link can be used.
    Hours,
    /// The code that verifies an address.
    Code,
    /// For how many minutes it can be used.
    Minutes,
    /// The organisation that was suspended.
    House,
}

impl Variable {
    /// Every variable, for tables and tests.
    pub const ALL: [Self; 26] = [
        Self::Number,
        Self::Product,
        Self::Hospital,
        Self::Manufacturer,
        Self::Deadline,
        Self::DueAt,
        Self::PromisedOn,
        Self::Level,
        Self::Bureau,
        Self::Recipient,
        Self::Link,
        Self::Day,
        Self::Total,
        Self::Hospitals,
        Self::Cities,
        Self::Year,
        Self::Version,
        Self::Policy,
        Self::LastDay,
        Self::Count,
        Self::Batch,
        Self::Reason,
        Self::Hours,
        Self::Code,
        Self::Minutes,
        Self::House,
    ];

    /// What stands between the braces.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Number => "ticket.number",
            Self::Product => "product",
            Self::Hospital => "hospital",
            Self::Manufacturer => "manufacturer",
            Self::Deadline => "deadline",
            Self::DueAt => "due_at",
            Self::PromisedOn => "promised_on",
            Self::Level => "level",
            Self::Bureau => "bureau",
            Self::Recipient => "recipient",
            Self::Link => "link",
            Self::Day => "day",
            Self::Total => "total",
            Self::Hospitals => "hospitals",
            Self::Cities => "cities",
            Self::Year => "year",
            Self::Version => "version",
            Self::Policy => "policy",
            Self::LastDay => "last_day",
            Self::Count => "count",
            Self::Batch => "batch",
            Self::Reason => "reason",
            Self::Hours => "hours",
            Self::Code => "code",
            Self::Minutes => "minutes",
            Self::House => "house",
        }
    }

    /// The variable of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|variable| variable.name() == name)
    }

    /// The variables that a text may name.
    pub fn of(slot: Slot) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |variable| variable.may_stand_in(slot))
    }

    /// True when the event has it, its reader may know it, and its channel may carry it.
    #[must_use]
    pub fn may_stand_in(self, slot: Slot) -> bool {
        self.is_known(slot.kind) && self.may_see(slot.party) && self.may_travel(slot.channel)
    }

    /// True when a text about this is told with it.
    #[must_use]
    pub fn is_known(self, topic: impl Into<Topic>) -> bool {
        match topic.into() {
            Topic::Notice(kind) => self.is_told_of(kind),
            Topic::Letter(kind) => {
                matches!(self, Self::Recipient | Self::Link) || of_letter(kind).contains(&self)
            }
        }
    }

    fn is_told_of(self, kind: Kind) -> bool {
        let is_always = matches!(
            self,
            Self::Number
                | Self::Product
                | Self::Hospital
                | Self::Manufacturer
                | Self::Recipient
                | Self::Link
        );
        let is_promised = matches!(kind, Kind::Replied | Kind::Promised);
        let is_climbed = matches!(
            kind,
            Kind::Escalated | Kind::Acknowledged | Kind::Measure | Kind::EscalationClosed
        );
        is_always
            || (matches!(self, Self::Deadline | Self::DueAt) && has_deadline(kind))
            || (self == Self::PromisedOn && is_promised)
            || (matches!(self, Self::Level | Self::Bureau) && is_climbed)
    }

    /// What a text must name, so that its reader gets what it is sent for.
    #[must_use]
    pub fn required(slot: Slot) -> Option<Self> {
        match (slot.kind, slot.channel) {
            // The number stands in the table of every mail.
            (Topic::Notice(_), Channel::Mail) => None,
            (Topic::Notice(_), Channel::Sms | Channel::Robot) => Some(Self::Number),
            (Topic::Letter(LetterKind::ContactCode), _) => Some(Self::Code),
            (Topic::Letter(_), _) => None,
        }
    }

    /// What goes on between a hospital and the bureaus is not the distributor's affair.
    fn may_see(self, party: PartyKind) -> bool {
        let is_theirs = matches!(self, Self::PromisedOn | Self::Level | Self::Bureau);
        party != PartyKind::Distributor || !is_theirs
    }

    /// Text messages pass through others' hands: no names, and no address that gateways refuse.
    fn may_travel(self, channel: Channel) -> bool {
        let is_private = matches!(
            self,
            Self::Hospital
                | Self::Manufacturer
                | Self::Bureau
                | Self::Recipient
                | Self::Link
                | Self::House
                | Self::Reason
        );
        channel == Channel::Mail || !is_private
    }
}

/// What a letter is told with, beside its reader's name and its link.
fn of_letter(kind: LetterKind) -> &'static [Variable] {
    use Variable::{
        Batch, Cities, Code, Count, Day, Hospitals, Hours, House, LastDay, Manufacturer, Minutes,
        Policy, Product, Reason, Total, Version, Year,
    };
    match kind {
        LetterKind::Digest => &[Day, Total],
        LetterKind::Shortage => &[Product, Manufacturer, Hospitals, Cities],
        LetterKind::CalendarMissing => &[Year],
        LetterKind::PolicyLapsing | LetterKind::PolicyLapsed => &[Version, Policy, LastDay],
        LetterKind::DeadlinesMoved => &[Count, Batch, Reason],
        LetterKind::ContactsUnproven | LetterKind::ContactsExpiring => &[Count],
        LetterKind::Invitation | LetterKind::PasswordReset => &[Hours],
        LetterKind::ContactCode => &[Code, Minutes],
        LetterKind::HouseSuspended => &[House, Count],
    }
}

/// True for kinds that are told while something has an end.
fn has_deadline(kind: Kind) -> bool {
    match kind {
        Kind::Closed
        | Kind::Withdrawn
        | Kind::Returned
        | Kind::Message
        | Kind::Attached
        | Kind::Stopped => false,
        Kind::Filed
        | Kind::Warning
        | Kind::Missed
        | Kind::Escalated
        | Kind::Replied
        | Kind::Promised
        | Kind::Solved
        | Kind::Disputed
        | Kind::Urged
        | Kind::Acknowledged
        | Kind::Measure
        | Kind::EscalationClosed
        | Kind::Distributor
        | Kind::NoContact
        | Kind::ReturnAsked
        | Kind::ReturnRefused
        | Kind::ExtensionAsked
        | Kind::ExtensionGranted
        | Kind::ExtensionRefused
        | Kind::ForceMajeureAsked
        | Kind::StopRefused
        | Kind::Resumed
        | Kind::Silent => true,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_name_means_one_variable() {
        let names: BTreeSet<_> = Variable::ALL.iter().map(|variable| variable.name()).collect();
        assert_eq!(names.len(), Variable::ALL.len());
        for variable in Variable::ALL {
            assert_eq!(Variable::named(variable.name()), Some(variable));
        }
        assert_eq!(Variable::named("description"), None);
    }

    #[test]
    fn text_messages_name_nobody() {
        for slot in Slot::all().filter(|slot| slot.channel == Channel::Sms) {
            let allowed: Vec<_> = Variable::of(slot).collect();
            let is_notice = matches!(slot.kind, Topic::Notice(_));
            assert_eq!(allowed.contains(&Variable::Number), is_notice, "{slot:?}");
            assert!(Variable::required(slot).is_none_or(|one| allowed.contains(&one)), "{slot:?}");
            for private in
                [Variable::Hospital, Variable::Manufacturer, Variable::Recipient, Variable::Bureau]
            {
                assert!(!allowed.contains(&private), "{slot:?}");
            }
        }
    }

    #[test]
    fn a_distributor_learns_nothing_of_the_bureaus() {
        for slot in Slot::all().filter(|slot| slot.party == PartyKind::Distributor) {
            let allowed: Vec<_> = Variable::of(slot).collect();
            assert!(!allowed.contains(&Variable::Bureau) && !allowed.contains(&Variable::Level));
        }
    }
}
