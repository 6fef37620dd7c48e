//! Newtyped identifiers: opaque outside, UUIDs inside.
//!
//! **Never** interchangeable: a ticket's id cannot be passed where a user's is expected.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )+};
}

ids! {
    /// A ticket (诉求单).
    TicketId,
    /// A hospital, manufacturer, distributor, bureau or the platform's own administration.
    OrganisationId,
    /// A person who signs in.
    UserId,
    /// A procured product of one manufacturer.
    ProductId,
    /// One rung entered by one ticket in one round.
    EscalationId,
    /// What one person is told once.
    NoticeId,
    /// One notice on one channel outside the in-app mailbox.
    DeliveryId,
    /// Something told that is about no single ticket.
    BulletinId,
    /// A shortage event: the open tickets for one product of one manufacturer.
    EventId,
    /// A message in a ticket's conversation.
    MessageId,
    /// A file that somebody added to a ticket.
    AttachmentId,
    /// A ticket that somebody has begun to fill in.
    DraftId,
    /// A layer of the working calendar.
    CalendarId,
    /// A version of the time-limit rules.
    PolicyId,
}
