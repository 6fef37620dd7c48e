//! The variables that texts may name, and which of them a reader may see.
//!
//! **Never** a variable that holds what a party wrote.

use super::{PartyKind, Slot};
use crate::domain::notice::{Channel, Kind};

/// Something that a text shows of its ticket.
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
    /// The address of the ticket's page.
    Link,
}

impl Variable {
    /// Every variable, for tables and tests.
    pub const ALL: [Self; 11] = [
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

    /// True when a notice of this kind is told with it.
    #[must_use]
    pub fn is_known(self, kind: Kind) -> bool {
        match self {
            Self::Number
            | Self::Product
            | Self::Hospital
            | Self::Manufacturer
            | Self::Recipient
            | Self::Link => true,
            Self::Deadline | Self::DueAt => has_deadline(kind),
            Self::PromisedOn => matches!(kind, Kind::Replied | Kind::Promised),
            Self::Level | Self::Bureau => matches!(
                kind,
                Kind::Escalated | Kind::Acknowledged | Kind::Measure | Kind::EscalationClosed
            ),
        }
    }

    /// What goes on between a hospital and the bureaus is not the distributor's affair.
    fn may_see(self, party: PartyKind) -> bool {
        match self {
            Self::PromisedOn | Self::Level | Self::Bureau => party != PartyKind::Distributor,
            Self::Number
            | Self::Product
            | Self::Hospital
            | Self::Manufacturer
            | Self::Deadline
            | Self::DueAt
            | Self::Recipient
            | Self::Link => true,
        }
    }

    /// Text messages pass through others' hands: no names, and no address that gateways refuse.
    fn may_travel(self, channel: Channel) -> bool {
        let is_private = match self {
            Self::Hospital | Self::Manufacturer | Self::Bureau | Self::Recipient | Self::Link => {
                true
            }
            Self::Number
            | Self::Product
            | Self::Deadline
            | Self::DueAt
            | Self::PromisedOn
            | Self::Level => false,
        };
        channel == Channel::Mail || !is_private
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
            assert!(allowed.contains(&Variable::Number), "{slot:?}");
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
