//! What a bureau is asked to decide about a ticket, and how it was decided.
//!
//! **Never** moves a clock by itself: asking changes nothing until a bureau consents.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::Ticket;
use super::kind::ActKind;
use super::state::State;
use crate::domain::id::{OrganisationId, UserId};
use crate::domain::party::Actor;

/// What a decision is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// 退单: the manufacturer says the ticket is not its own.
    Return,
    /// 延期: the manufacturer wants the solution's deadline to move.
    Extension,
    /// 不可抗力: the manufacturer or distributor wants the clocks to stop.
    ForceMajeure,
    /// 医疗机构逾期未确认: whether the problem is solved, while the hospital is silent.
    Silence,
    /// 恢复计时: stopped clocks go on before the expected end. Never asked for.
    Resume,
}

impl Topic {
    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Return => "return",
            Self::Extension => "extension",
            Self::ForceMajeure => "force_majeure",
            Self::Silence => "silence",
            Self::Resume => "resume",
        }
    }
}

/// Something a bureau has to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Counts up per ticket, from 1.
    pub ordinal: u16,
    /// What is asked for.
    pub topic: Topic,
    /// The day wanted: the extended due day, or the expected end of the force majeure.
    pub day: Option<NaiveDate>,
    /// Why, in the asking party's words; empty where the clock asks.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Who asked; `None` = the clock, because the hospital is silent.
    pub by: Option<(UserId, OrganisationId)>,
    /// The bureau of the first rung, which decides; whoever holds an open escalation may too.
    pub bureau: Option<OrganisationId>,
    /// How it ended; `None` while it waits.
    pub outcome: Option<Outcome>,
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Which way.
    pub verdict: Ruling,
    /// When.
    pub at: DateTime<Utc>,
    /// The bureau's words; `None` when it lapsed.
    pub reason: Option<String>,
}

/// Which way a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// 同意
    Granted,
    /// 不同意
    Refused,
    /// Nothing is left to decide: the ticket ended, or the hospital answered.
    Lapsed,
}

/// A bureau's decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// About what.
    pub on: Topic,
    /// Granted or refused; about a silent hospital: solved or not.
    pub granted: bool,
    /// Why.
    pub reason: String,
    /// The right manufacturer, when a return is granted and the bureau knows it.
    pub manufacturer: Option<OrganisationId>,
}

/// The clocks of a ticket stand still: a bureau accepted a force majeure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped {
    /// Since when.
    pub at: DateTime<Utc>,
    /// The last day of it, unless a bureau resumes earlier.
    pub expected_end: NaiveDate,
}

impl Ticket {
    /// The request about a topic that waits for a decision.
    #[must_use]
    pub fn pending(&self, topic: Topic) -> Option<&Request> {
        self.requests.iter().find(|request| request.topic == topic && request.outcome.is_none())
    }

    /// What a bureau can decide now.
    #[must_use]
    pub fn undecided(&self) -> Vec<Topic> {
        let waiting = self.requests.iter().filter(|request| request.outcome.is_none());
        let resume = self.stopped.map(|_| Topic::Resume);
        waiting.map(|request| request.topic).chain(resume).collect()
    }

    fn asked(&self, topic: Topic) -> usize {
        self.requests.iter().filter(|request| request.topic == topic).count()
    }

    /// The bureau of the first rung for a topic, as found when it was asked.
    fn bureau_for(&self, topic: Topic) -> Option<OrganisationId> {
        let asked = match topic {
            Topic::Resume => Topic::ForceMajeure,
            Topic::Return | Topic::Extension | Topic::ForceMajeure | Topic::Silence => topic,
        };
        self.requests.iter().rev().find(|request| request.topic == asked)?.bureau
    }
}

/// True when the actor's bureau decides the topic: that of the first rung, or one in charge.
pub(super) fn decides(ticket: &Ticket, actor: &Actor, topic: Topic) -> bool {
    let own = Some(actor.organisation.id);
    let in_charge = ticket.escalations.iter().any(|e| e.is_open() && e.bureau == own);
    in_charge || ticket.bureau_for(topic) == own
}

/// Why an act that the state allows is out of turn: its code and message.
pub(super) fn out_of_turn(ticket: &Ticket, act: ActKind) -> Option<(&'static str, &'static str)> {
    match act {
        ActKind::Return if ticket.asked(Topic::Return) > 0 => {
            Some(("returned_already", "a return can be asked for once per ticket"))
        }
        ActKind::Extension => extension_out_of_turn(ticket),
        ActKind::ForceMajeure if ticket.stopped.is_some() => {
            Some(("stopped_already", "the clocks of this ticket stand still already"))
        }
        ActKind::ForceMajeure if ticket.pending(Topic::ForceMajeure).is_some() => {
            Some(("pending", "a force majeure waits for the bureau's decision already"))
        }
        ActKind::Decide if ticket.undecided().is_empty() => {
            Some(("nothing_to_decide", "nothing about this ticket waits for a decision"))
        }
        ActKind::Reply
        | ActKind::Promise
        | ActKind::Solve
        | ActKind::Confirm
        | ActKind::Withdraw
        | ActKind::Return
        | ActKind::Urge
        | ActKind::Escalate
        | ActKind::ForceMajeure
        | ActKind::Distributor
        | ActKind::Decide
        | ActKind::Message
        | ActKind::Attach
        | ActKind::Acknowledge
        | ActKind::Measure
        | ActKind::CloseEscalation => None,
    }
}

/// An extension may be asked for so often.
const MOST_EXTENSIONS: usize = 2;

fn extension_out_of_turn(ticket: &Ticket) -> Option<(&'static str, &'static str)> {
    use super::deadline::DeadlineKind;
    if ticket.pending(Topic::Extension).is_some() {
        return Some(("pending", "an extension waits for the bureau's decision already"));
    }
    if ticket.asked(Topic::Extension) >= MOST_EXTENSIONS {
        return Some(("extensions_used", "no further extension can be asked for"));
    }
    let ahead = |d: &super::Deadline| d.is_running() || d.is_paused();
    if ticket.deadline(DeadlineKind::Resolve).is_some_and(ahead) {
        return None;
    }
    match ticket.state {
        State::Open => Some(("deadline_over", "there is no deadline ahead that could be extended")),
        State::Promised { .. }
        | State::Solved { .. }
        | State::Closed { .. }
        | State::Withdrawn { .. }
        | State::Returned { .. } => {
            Some(("deadline_over", "an extension is asked for before the deadline has passed"))
        }
    }
}
