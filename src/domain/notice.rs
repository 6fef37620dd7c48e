//! Who is told what, on which channel and when.
//!
//! **Never** holds a conversation's text: a notice names the ticket, the product and the
//! deadline, and points to the page.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::bulletin::Bulletin;
use super::calendar::{Calendar, ExplainedDay, at_time, local_date, local_time};
use super::id::TicketId;
use super::party::{Language, Level};
use super::policy::{QuietHours, Urgency};
use super::template::Wording;
use super::ticket::{DeadlineKind, Party};

/// What happened, as the recipient is told it. One template each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A hospital filed a ticket.
    Filed,
    /// A deadline is close.
    Warning,
    /// A deadline passed.
    Missed,
    /// A rung of the ladder was entered, by a passed deadline or by request.
    Escalated,
    /// The manufacturer replied.
    Replied,
    /// The manufacturer made a new promise.
    Promised,
    /// The manufacturer reports the problem solved.
    Solved,
    /// The hospital says it is not, or only partly, solved.
    Disputed,
    /// The hospital asks again for an answer.
    Urged,
    /// The ticket is closed.
    Closed,
    /// The hospital took the ticket back.
    Withdrawn,
    /// Somebody wrote in the conversation.
    Message,
    /// Somebody added a file.
    Attached,
    /// A bureau acknowledged an escalation.
    Acknowledged,
    /// A bureau took a measure.
    Measure,
    /// A bureau closed an escalation with a conclusion.
    EscalationClosed,
    /// A distributor was brought in.
    Distributor,
    /// The manufacturer has nobody who can be told.
    NoContact,
    /// The manufacturer says the ticket is not its own.
    ReturnAsked,
    /// The bureau says that it is.
    ReturnRefused,
    /// The bureau agrees that it is not: the ticket ended.
    Returned,
    /// The manufacturer asks for more time.
    ExtensionAsked,
    /// The bureau gave it.
    ExtensionGranted,
    /// The bureau did not.
    ExtensionRefused,
    /// A party asks for the clocks to stop.
    ForceMajeureAsked,
    /// The bureau stopped the clocks.
    Stopped,
    /// The bureau did not stop the clocks.
    StopRefused,
    /// The clocks go on.
    Resumed,
    /// The hospital has not answered a reported solution.
    Silent,
}

impl Kind {
    /// Every kind, for tables and tests.
    pub const ALL: [Self; 29] = [
        Self::Filed,
        Self::Warning,
        Self::Missed,
        Self::Escalated,
        Self::Replied,
        Self::Promised,
        Self::Solved,
        Self::Disputed,
        Self::Urged,
        Self::Closed,
        Self::Withdrawn,
        Self::Message,
        Self::Attached,
        Self::Acknowledged,
        Self::Measure,
        Self::EscalationClosed,
        Self::Distributor,
        Self::NoContact,
        Self::ReturnAsked,
        Self::ReturnRefused,
        Self::Returned,
        Self::ExtensionAsked,
        Self::ExtensionGranted,
        Self::ExtensionRefused,
        Self::ForceMajeureAsked,
        Self::Stopped,
        Self::StopRefused,
        Self::Resumed,
        Self::Silent,
    ];

    /// The stable name: the SMS template, the database's and the API's word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Filed => "filed",
            Self::Warning => "warning",
            Self::Missed => "missed",
            Self::Escalated => "escalated",
            Self::Replied => "replied",
            Self::Promised => "promised",
            Self::Solved => "solved",
            Self::Disputed => "disputed",
            Self::Urged => "urged",
            Self::Closed => "closed",
            Self::Withdrawn => "withdrawn",
            Self::Message => "message",
            Self::Attached => "attached",
            Self::Acknowledged => "acknowledged",
            Self::Measure => "measure",
            Self::EscalationClosed => "escalation_closed",
            Self::Distributor => "distributor",
            Self::NoContact => "no_contact",
            Self::ReturnAsked => "return_asked",
            Self::ReturnRefused => "return_refused",
            Self::Returned => "returned",
            Self::ExtensionAsked => "extension_asked",
            Self::ExtensionGranted => "extension_granted",
            Self::ExtensionRefused => "extension_refused",
            Self::ForceMajeureAsked => "force_majeure_asked",
            Self::Stopped => "stopped",
            Self::StopRefused => "stop_refused",
            Self::Resumed => "resumed",
            Self::Silent => "silent",
        }
    }
}

/// A way out of the service. The in-app mailbox is not a channel: everything is there too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// E-mail.
    Mail,
    /// A text message, through the signed webhook.
    Sms,
    /// A text in an organisation's own group, by its robot. Its address is the organisation's id.
    Robot,
}

/// A deadline as a notice shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadlineLine {
    /// Which deadline.
    pub kind: DeadlineKind,
    /// The due instant, exclusive.
    pub due_at: DateTime<Utc>,
    /// True while a year it touches has no published calendar.
    pub provisional: bool,
    /// Day by day, from the day it is counted from.
    pub explanation: Vec<ExplainedDay>,
}

/// What a template may show. Stored with the notice, so that a replay tells the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The ticket's number.
    pub number: String,
    /// The product's name and specification.
    pub product: String,
    /// The reporting hospital's name.
    pub hospital: String,
    /// The responsible manufacturer's name.
    pub manufacturer: String,
    /// True for emergency tickets.
    pub emergency: bool,
    /// The deadlines that matter for this notice, nearest first.
    pub deadlines: Vec<DeadlineLine>,
    /// The promised date, where the notice is about one.
    pub promised_on: Option<NaiveDate>,
    /// The level now in charge, where the notice is about an escalation.
    pub level: Option<Level>,
    /// The bureau now in charge, where there is one.
    pub bureau: Option<String>,
}

/// What a letter is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matter {
    /// A ticket.
    Ticket {
        /// Its id: the last part of the link, and the thread that mails belong to.
        ticket: TicketId,
        /// What happened.
        kind: Kind,
        /// What may be shown.
        facts: Facts,
    },
    /// No single ticket.
    Bulletin(Bulletin),
}

impl Matter {
    /// The stable name of what is told.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ticket { kind, .. } => kind.name(),
            Self::Bulletin(bulletin) => bulletin.kind().name(),
        }
    }
}

/// A message ready for a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// What it is about.
    pub matter: Matter,
    /// The recipient's language.
    pub language: Language,
    /// The recipient's name.
    pub name: String,
    /// A mail address or a phone number, by the channel.
    pub address: String,
    /// Stable over every attempt and replay: the Message-ID and the webhook id are made of it.
    pub key: String,
    /// What it says, where administrators worded it anew: read and found sound.
    pub wording: Option<Wording>,
}

/// The channels a party is told on, beside the in-app mailbox where everything is.
#[must_use]
pub fn channels(kind: Kind, to: Party) -> &'static [Channel] {
    const MAIL: &[Channel] = &[Channel::Mail];
    const MAIL_AND_SMS: &[Channel] = &[Channel::Mail, Channel::Sms];
    const IN_APP: &[Channel] = &[];
    match (kind, to) {
        (Kind::Filed | Kind::Warning | Kind::Disputed | Kind::Urged, Party::Manufacturer)
        | (Kind::Missed | Kind::Escalated, Party::Manufacturer | Party::Bureau(_))
        | (Kind::ReturnAsked | Kind::ExtensionAsked | Kind::ForceMajeureAsked, Party::Bureau(_))
        | (Kind::Silent, Party::Hospital) => MAIL_AND_SMS,
        (Kind::Filed | Kind::Distributor, Party::Distributor)
        | (Kind::NoContact | Kind::Warning | Kind::Silent, Party::Bureau(_))
        | (Kind::Missed | Kind::Escalated, Party::Hospital)
        | (Kind::Replied | Kind::Promised | Kind::Solved, Party::Hospital)
        | (
            Kind::Closed
            | Kind::Withdrawn
            | Kind::Acknowledged
            | Kind::Measure
            | Kind::EscalationClosed
            | Kind::ReturnRefused
            | Kind::Returned
            | Kind::ExtensionGranted
            | Kind::ExtensionRefused
            | Kind::Stopped
            | Kind::StopRefused
            | Kind::Resumed,
            Party::Manufacturer | Party::Hospital | Party::Bureau(_),
        ) => MAIL,
        (
            Kind::Filed
            | Kind::Warning
            | Kind::Missed
            | Kind::Escalated
            | Kind::Replied
            | Kind::Promised
            | Kind::Solved
            | Kind::Disputed
            | Kind::Urged
            | Kind::Closed
            | Kind::Withdrawn
            | Kind::Message
            | Kind::Attached
            | Kind::Acknowledged
            | Kind::Measure
            | Kind::EscalationClosed
            | Kind::Distributor
            | Kind::NoContact
            | Kind::ReturnAsked
            | Kind::ReturnRefused
            | Kind::Returned
            | Kind::ExtensionAsked
            | Kind::ExtensionGranted
            | Kind::ExtensionRefused
            | Kind::ForceMajeureAsked
            | Kind::Stopped
            | Kind::StopRefused
            | Kind::Resumed
            | Kind::Silent,
            Party::Hospital | Party::Manufacturer | Party::Distributor | Party::Bureau(_),
        ) => IN_APP,
    }
}

/// True for what is told in the group of a party's organisation, where it has a robot: what is
/// urgent, and what is about an escalation.
#[must_use]
pub fn is_for_robots(kind: Kind, urgency: Urgency, to: Party) -> bool {
    let is_pressing = is_urgent(kind, urgency)
        || matches!(
            kind,
            Kind::Urged | Kind::Acknowledged | Kind::Measure | Kind::EscalationClosed
        );
    is_pressing && matches!(to, Party::Manufacturer | Party::Bureau(_))
}

fn is_urgent(kind: Kind, urgency: Urgency) -> bool {
    matches!(kind, Kind::Missed | Kind::Escalated) || urgency == Urgency::Emergency
}

/// When a notice caused at `at` may leave: at once when it is urgent, otherwise outside the quiet
/// hours of a working day of the recipient's calendar.
#[must_use]
pub fn leaves_at(
    kind: Kind,
    urgency: Urgency,
    at: DateTime<Utc>,
    (calendar, quiet): (&Calendar, Option<QuietHours>),
) -> DateTime<Utc> {
    if is_urgent(kind, urgency) { at } else { by_day(at, calendar, quiet) }
}

/// When something that is not urgent may leave: at once where there are no quiet hours.
#[must_use]
pub fn by_day(at: DateTime<Utc>, calendar: &Calendar, quiet: Option<QuietHours>) -> DateTime<Utc> {
    let Some(quiet) = quiet else { return at };
    let (today, time) = (local_date(at), local_time(at));
    if calendar.is_working(today) && time < quiet.begins {
        return if time < quiet.ends { at_time(today, quiet.ends) } else { at };
    }
    // Beyond the calendar nobody can say which day works: then it leaves at once.
    calendar.nth_working_day_after(today, 1).map_or(at, |day| at_time(day, quiet.ends))
}
