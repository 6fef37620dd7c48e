//! What happened, for the append-only timeline, and who is told.
//!
//! **Never** holds a conversation's text; messages have readers of their own.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::super::attachment::{Attachment, Evidence};
use super::super::escalation::{MeasureKind, Reason, Skipped};
use super::super::id::{AttachmentId, OrganisationId, UserId};
use super::super::notice::{DeadlineLine, Kind};
use super::super::party::Level;
use super::act::{Audience, Cause, Rating, Verdict};
use super::deadline::DeadlineKind;
use super::replan::Moved;
use super::request::Topic;

/// An entry of the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// From 1, without gaps.
    pub sequence: u32,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// Who did it; `None` = the clock.
    pub by: Option<(UserId, OrganisationId)>,
    /// What.
    pub data: EventData,
    /// What a notice about it may show.
    pub brief: Brief,
    /// Who is told.
    pub tells: Vec<Tell>,
}

/// What a notice may show of an event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brief {
    /// The deadlines that matter, nearest first.
    pub deadlines: Vec<DeadlineLine>,
    /// The promised day.
    pub promised_on: Option<NaiveDate>,
    /// The level now in charge.
    pub level: Option<Level>,
    /// The bureau now in charge.
    pub bureau: Option<String>,
}

/// A party of the ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Party {
    /// The hospital that filed.
    Hospital,
    /// The responsible manufacturer.
    Manufacturer,
    /// The distributor brought in, if any.
    Distributor,
    /// A bureau.
    Bureau(OrganisationId),
}

/// One party told one thing; channels and urgency follow from the kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tell {
    /// What.
    pub kind: Kind,
    /// Whom.
    pub to: Party,
}

/// A message of the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The event it belongs to.
    pub sequence: u32,
    /// The text.
    pub body: String,
    /// Who may read it.
    pub audience: Audience,
}

/// A file that was added to the ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    /// The event it belongs to.
    pub sequence: u32,
    /// The file.
    pub file: Attachment,
}

/// What happened, with what it was about: the fields are those of the act or deadline that
/// caused it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventData {
    /// The hospital filed the ticket.
    Filed { no_contact: bool },
    /// The manufacturer replied.
    Replied {
        version: u16,
        cause: Cause,
        promised_on: NaiveDate,
        promised_quantity: i64,
        message: String,
        late_working_days: Option<u32>,
    },
    /// The manufacturer promised another day.
    Promised { version: u16, promised_on: NaiveDate, promised_quantity: i64, reason: String },
    /// The manufacturer reported a solution.
    Solved {
        message: String,
        delivered_quantity: i64,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        evidence: Vec<AttachmentId>,
    },
    /// The hospital answered.
    Confirmed {
        result: Verdict,
        remaining_quantity: Option<i64>,
        rating: Option<Rating>,
        comment: Option<String>,
    },
    /// The hospital took the ticket back.
    Withdrawn { reason: String },
    /// The hospital asked again.
    Urged { reason: String },
    /// Somebody wrote in the conversation.
    Message { audience: Audience },
    /// Somebody added a file.
    Attached { attachment: AttachmentId, evidence: Evidence, audience: Audience },
    /// A deadline is close.
    Warned { deadline: DeadlineKind, due_at: DateTime<Utc> },
    /// A warning came too late to be of use, after a standstill, and was not sent.
    WarningSuperseded { deadline: DeadlineKind, due_at: DateTime<Utc> },
    /// Deadlines passed.
    Missed { deadlines: Vec<DeadlineKind>, missed_at: DateTime<Utc>, joined: Option<Level> },
    /// A rung was entered.
    Escalated {
        round: u16,
        level: Level,
        bureau: Option<OrganisationId>,
        reasons: Vec<Reason>,
        skipped: Vec<Skipped>,
    },
    /// A bureau took the escalation on.
    Acknowledged { level: Level, note: Option<String> },
    /// A bureau acted.
    Measure { level: Level, measure: MeasureKind, text: String, due_on: Option<NaiveDate> },
    /// A bureau ended the escalation.
    EscalationClosed { level: Level, conclusion: String },
    /// A party, or the clock about a silent hospital, asked a bureau to decide.
    Requested {
        ordinal: u16,
        topic: Topic,
        day: Option<NaiveDate>,
        reason: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        evidence: Vec<AttachmentId>,
    },
    /// A bureau decided.
    Decided {
        on: Topic,
        granted: bool,
        reason: String,
        due_before_at: Option<DateTime<Utc>>,
        due_after_at: Option<DateTime<Utc>>,
    },
    /// Stopped clocks went on.
    Resumed { resumed_on: NaiveDate, reason: Option<String> },
    /// A calendar or policy was changed, and the ticket's deadlines were counted again.
    Replanned { batch: u32, reason: String, moved: Vec<Moved> },
    /// The manufacturer brought in a distributor.
    Distributor { before: Option<OrganisationId>, distributor: OrganisationId },
}

impl EventData {
    /// The stable name, as on the wire.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Filed { .. } => "filed",
            Self::Replied { .. } => "replied",
            Self::Promised { .. } => "promised",
            Self::Solved { .. } => "solved",
            Self::Confirmed { .. } => "confirmed",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Urged { .. } => "urged",
            Self::Message { .. } => "message",
            Self::Attached { .. } => "attached",
            Self::Warned { .. } => "warned",
            Self::WarningSuperseded { .. } => "warning_superseded",
            Self::Missed { .. } => "missed",
            Self::Escalated { .. } => "escalated",
            Self::Acknowledged { .. } => "acknowledged",
            Self::Measure { .. } => "measure",
            Self::EscalationClosed { .. } => "escalation_closed",
            Self::Requested { .. } => "requested",
            Self::Decided { .. } => "decided",
            Self::Resumed { .. } => "resumed",
            Self::Replanned { .. } => "replanned",
            Self::Distributor { .. } => "distributor",
        }
    }

    /// Who may read it, where not everybody may for whom the ticket exists.
    #[must_use]
    pub fn audience(&self) -> Option<Audience> {
        match self {
            Self::Message { audience } | Self::Attached { audience, .. } => Some(*audience),
            Self::Filed { .. }
            | Self::Replied { .. }
            | Self::Promised { .. }
            | Self::Solved { .. }
            | Self::Confirmed { .. }
            | Self::Withdrawn { .. }
            | Self::Urged { .. }
            | Self::Warned { .. }
            | Self::WarningSuperseded { .. }
            | Self::Missed { .. }
            | Self::Escalated { .. }
            | Self::Acknowledged { .. }
            | Self::Measure { .. }
            | Self::EscalationClosed { .. }
            | Self::Requested { .. }
            | Self::Decided { .. }
            | Self::Resumed { .. }
            | Self::Replanned { .. }
            | Self::Distributor { .. } => None,
        }
    }
}
