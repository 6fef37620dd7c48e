//! The one way a ticket changes.
//!
//! **Never** looks at anything but its arguments.

use chrono::{DateTime, Utc};

use super::act::{Act, Audience, NewTicket};
use super::admit::admit;
use super::clock::{Step, next_step};
use super::deadline::{Deadline, DeadlineKind};
use super::event::{Attached, Brief, Event, EventData, Party, Tell, Written};
use super::refusal::Refusal;
use super::state::State;
use super::{Ticket, rung};
use crate::domain::access;
use crate::domain::attachment::Attachment;
use crate::domain::calendar::Calendar;
use crate::domain::escalation::Desk;
use crate::domain::id::{OrganisationId, UserId};
use crate::domain::notice::Kind;
use crate::domain::party::{Actor, Role};
use crate::domain::policy::{Policy, ResolveFrom};

/// What a decision depends on besides the ticket: plain data.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The working calendar of the hospital's division.
    pub calendar: &'a Calendar,
    /// The policy the ticket is judged by.
    pub policy: &'a Policy,
    /// The bureaus of the hospital's division, city and province.
    pub desks: &'a [Desk],
}

/// Somebody's act, or the clock's.
#[derive(Debug, Clone)]
pub enum Command<'a> {
    /// A person acts.
    Act(&'a Actor, Act),
    /// The time of the ticket's next step has come.
    Clock(Step),
}

/// A decided change: the next ticket and what to write down with it.
#[derive(Debug, Clone)]
pub struct Change {
    /// The ticket as it is from now on.
    pub ticket: Ticket,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// What was written in the conversation.
    pub written: Vec<Written>,
    /// The file that was added.
    pub attached: Option<Attached>,
}

impl Change {
    /// The ticket with nothing written down.
    fn none(ticket: Ticket) -> Self {
        Self { ticket, events: Vec::new(), written: Vec::new(), attached: None }
    }

    /// This change and then `next`, which was decided on its ticket, as one.
    #[must_use]
    pub fn then(mut self, next: Self) -> Self {
        let Self { ticket, events, written, attached } = next;
        self.events.extend(events);
        self.written.extend(written);
        Self { ticket, attached: attached.or(self.attached), ..self }
    }
}

/// Files a ticket: `open`, with the reply's clock running and, unless the policy starts it with
/// the reply, the solution's.
///
/// # Errors
/// [`Refusal::Calendar`] when a deadline leaves the calendar.
pub fn file(
    new: NewTicket,
    at: DateTime<Utc>,
    reachable: Reachable,
    rules: &Rules<'_>,
) -> Result<Change, Refusal> {
    let targets = rules.policy.targets(new.urgency);
    let counted = |kind, target| Deadline::counted(kind, 1, at, target, rules);
    let mut deadlines = vec![counted(DeadlineKind::Reply, targets.reply)?];
    if rules.policy.resolve_from == ResolveFrom::Filing {
        deadlines.push(counted(DeadlineKind::Resolve, targets.resolve)?);
    }
    let by = (new.by.user, new.by.organisation.id);
    let ticket = Ticket {
        id: new.id,
        number: new.number,
        hospital: new.hospital,
        manufacturer: new.manufacturer,
        distributor: new.distributor,
        product: new.product,
        division: new.division,
        urgency: new.urgency,
        report: new.report,
        follows: new.follows,
        filed_at: at,
        state: State::Open,
        remaining_quantity: None,
        rating: None,
        urged_on: None,
        requests: Vec::new(),
        stopped: None,
        historic: false,
        deadlines,
        promises: Vec::new(),
        escalations: Vec::new(),
        events: 0,
        version: 0,
    };
    let mut draft = Draft::of(ticket, at, rules);
    let mut tells = vec![
        Tell { kind: Kind::Filed, to: Party::Manufacturer },
        Tell { kind: Kind::Filed, to: Party::Distributor },
    ];
    if new.by.role == Role::Bureau {
        // The hospital's trouble goes on with another manufacturer; it did not file this itself.
        tells.push(Tell { kind: Kind::Filed, to: Party::Hospital });
    }
    let no_contact = reachable == Reachable::No;
    if no_contact {
        tells.extend(
            rung::province(rules.desks)
                .map(|desk| Tell { kind: Kind::NoContact, to: Party::Bureau(desk.bureau) }),
        );
    }
    let brief = draft.brief_of(&[DeadlineKind::Reply, DeadlineKind::Resolve]);
    draft.record(Some(by), EventData::Filed { no_contact }, brief, tells);
    Ok(draft.change)
}

/// Whether the manufacturer has anybody who can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reachable {
    /// At least one active person with an address.
    Yes,
    /// Nobody: the province is told, and it shows on the ticket.
    No,
}

/// Decides a command at an instant.
///
/// A person's act is judged as of `at`, so the ticket must have been [`advance`]d to it. A step
/// of the clock that is not, or no longer, the next one due changes nothing.
///
/// # Errors
/// [`Refusal`], in the order: may do, state allows, input valid.
pub fn decide(
    ticket: &Ticket,
    command: Command<'_>,
    at: DateTime<Utc>,
    rules: &Rules<'_>,
) -> Result<Change, Refusal> {
    let mut draft = Draft::of(ticket.clone(), at, rules);
    match command {
        Command::Act(actor, act) => {
            admit(ticket, actor, act.kind(), at, rules)?;
            draft.act(actor, act)?;
        }
        Command::Clock(step)
            if next_step(ticket).is_some_and(|due| due.0 <= at && due.1 == step) =>
        {
            draft.clock(step)?;
        }
        Command::Clock(_) => {}
    }
    Ok(draft.change)
}

/// Decides everything the clock owes the ticket up to and including `at`, in due order.
///
/// # Errors
/// [`Refusal::Calendar`] when a bureau's time leaves the calendar.
pub fn advance(ticket: &Ticket, at: DateTime<Utc>, rules: &Rules<'_>) -> Result<Change, Refusal> {
    let mut draft = Draft::of(ticket.clone(), at, rules);
    draft.catch_up()?;
    Ok(draft.change)
}

/// A change in the making.
pub(super) struct Draft<'a> {
    pub(super) change: Change,
    pub(super) at: DateTime<Utc>,
    pub(super) rules: &'a Rules<'a>,
}

impl<'a> Draft<'a> {
    pub(super) fn of(ticket: Ticket, at: DateTime<Utc>, rules: &'a Rules<'a>) -> Self {
        Self { change: Change::none(ticket), at, rules }
    }

    fn act(&mut self, actor: &Actor, act: Act) -> Result<(), Refusal> {
        match act {
            Act::Reply(reply) => self.reply(actor, reply),
            Act::Promise { promised_on, promised_quantity, reason } => {
                self.promise(actor, promised_on, promised_quantity, reason)
            }
            Act::Solve { message, delivered_quantity, evidence } => {
                self.solve(actor, EventData::Solved { message, delivered_quantity, evidence })
            }
            Act::Confirm(confirm) => self.confirm(actor, confirm),
            Act::Withdraw { reason } => {
                self.withdraw(actor, reason);
                Ok(())
            }
            Act::Urge { reason } => {
                self.urge(actor, reason);
                Ok(())
            }
            Act::Escalate { reason } => rung::by_request(self, actor, reason),
            Act::Return { reason } => {
                self.ask_return(actor, reason);
                Ok(())
            }
            Act::Extension { until, reason, evidence } => {
                self.ask_extension(actor, until, (reason, evidence))
            }
            Act::ForceMajeure { expected_end, reason, evidence } => {
                self.ask_stop(actor, expected_end, (reason, evidence))
            }
            Act::Distributor { distributor } => self.bring_in(actor, distributor),
            Act::Decide(decision) => self.rule(actor, decision),
            Act::Message { body, audience } => {
                self.message(actor, body, audience);
                Ok(())
            }
            Act::Attach(file) => {
                self.attach(actor, file);
                Ok(())
            }
            Act::Acknowledge { escalation, note } => self.acknowledge(actor, escalation, note),
            Act::Measure { escalation, measure } => self.measure(actor, escalation, measure),
            Act::CloseEscalation { escalation, conclusion } => {
                self.close_escalation(actor, escalation, conclusion)
            }
        }
    }

    fn message(&mut self, actor: &Actor, body: String, audience: Audience) {
        let readers = access::readers(audience, &self.change.ticket, actor).into_iter();
        let tells = readers.map(|to| Tell { kind: Kind::Message, to }).collect();
        let data = EventData::Message { audience };
        let sequence = self.record(by(actor), data, Brief::default(), tells);
        self.change.written.push(Written { sequence, body, audience });
    }

    /// A file is told to whom it is for, as a message is.
    fn attach(&mut self, actor: &Actor, file: Attachment) {
        let readers = access::readers(file.audience, &self.change.ticket, actor).into_iter();
        let tells = readers.map(|to| Tell { kind: Kind::Attached, to }).collect();
        let data = EventData::Attached {
            attachment: file.id,
            evidence: file.evidence,
            audience: file.audience,
        };
        let sequence = self.record(by(actor), data, Brief::default(), tells);
        self.change.attached = Some(Attached { sequence, file });
    }

    /// Writes an event down; gives its number in the timeline.
    pub(super) fn record(
        &mut self,
        by: Option<(UserId, OrganisationId)>,
        data: EventData,
        brief: Brief,
        tells: Vec<Tell>,
    ) -> u32 {
        self.change.ticket.events = self.change.ticket.events.saturating_add(1);
        let sequence = self.change.ticket.events;
        self.change.events.push(Event { sequence, at: self.at, by, data, brief, tells });
        sequence
    }

    /// The bureau in charge, told this.
    pub(super) fn bureau(&self, kind: Kind) -> Option<Tell> {
        let bureau = self.change.ticket.open_escalation()?.bureau?;
        Some(Tell { kind, to: Party::Bureau(bureau) })
    }

    /// The newest deadline of each kind, as notices show it, nearest first.
    pub(super) fn brief_of(&self, kinds: &[DeadlineKind]) -> Brief {
        let mut deadlines: Vec<_> = kinds
            .iter()
            .filter_map(|kind| self.change.ticket.deadline(*kind))
            // While a clock stands still, nobody knows when it will be due.
            .filter(|deadline| deadline.met_at.is_none() && !deadline.is_paused())
            .filter_map(|deadline| deadline.line(self.rules.calendar, self.rules.policy).ok())
            .collect();
        deadlines.sort_by_key(|line| line.due_at);
        Brief { deadlines, ..Brief::default() }
    }

    /// The newest deadline of the kind is kept, or its miss says by how much.
    pub(super) fn done(&mut self, kind: DeadlineKind) {
        let (at, rules) = (self.at, self.rules);
        if let Some(deadline) = self.change.ticket.deadline_mut(kind) {
            deadline.done(at, rules);
        }
    }

    pub(super) fn done_ordinal(&mut self, kind: DeadlineKind, ordinal: u16) {
        let (at, rules) = (self.at, self.rules);
        let deadlines = self.change.ticket.deadlines.iter_mut();
        for deadline in deadlines.filter(|d| d.kind == kind && d.ordinal == ordinal) {
            deadline.done(at, rules);
        }
    }
}

/// Who did it, as the timeline keeps it.
pub(super) fn by(actor: &Actor) -> Option<(UserId, OrganisationId)> {
    Some((actor.user, actor.organisation.id))
}
