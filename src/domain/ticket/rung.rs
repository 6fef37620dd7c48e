//! Entering the rungs of the ladder.
//!
//! **Never** enters a rung twice in a round: what comes later joins the open escalation.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::asking::Asking;
use super::deadline::{Deadline, DeadlineKind};
use super::decide::{Draft, by};
use super::event::{Brief, EventData, Party, Tell};
use super::kind::ActKind;
use super::refusal::Refusal;
use super::request::Topic;
use crate::domain::calendar::Target;
use crate::domain::escalation::{Desk, Escalation, Reason, Skipped, find_bureau};
use crate::domain::id::EscalationId;
use crate::domain::notice::Kind;
use crate::domain::party::{Actor, Level};
use crate::domain::policy::{Rung, Told};

/// The province's desk among those of the hospital.
pub(super) fn province(desks: &[Desk]) -> Option<&Desk> {
    desks.iter().find(|desk| desk.division.level() == Level::Province)
}

/// Deadlines passed at the same instant. What the manufacturer owed starts the ladder or joins
/// its open rung; what a bureau owed climbs.
pub(super) fn missed(
    draft: &mut Draft<'_>,
    missed: &[(DeadlineKind, u16)],
    missed_at: DateTime<Utc>,
) -> Result<(), Refusal> {
    let silent = missed.iter().any(|(kind, _)| *kind == DeadlineKind::Confirm);
    let missed: Vec<_> = missed.iter().filter(|m| m.0 != DeadlineKind::Confirm).copied().collect();
    if silent {
        // Never "solved" by silence: a bureau says whether it is.
        let (topic, reason, evidence) = (Topic::Silence, String::new(), Vec::new());
        draft.ask(None, Asking { topic, day: None, reason, evidence });
    }
    if missed.is_empty() {
        return Ok(());
    }
    let owed: Vec<_> = missed.iter().map(|(kind, _)| *kind).filter(|k| starts_ladder(*k)).collect();
    let mut brief = draft.brief_of(&missed.iter().map(|(kind, _)| *kind).collect::<Vec<_>>());
    let reason = |kind: &DeadlineKind| Reason::Missed { deadline: *kind, missed_at };
    let reasons: Vec<_> = owed.iter().map(reason).collect();
    let joined = join(draft, &reasons);
    brief.level = joined;
    let mut tells = Vec::new();
    if missed.iter().any(|(kind, _)| *kind != DeadlineKind::Acknowledge) {
        tells.push(Tell { kind: Kind::Missed, to: Party::Manufacturer });
        tells.push(Tell { kind: Kind::Missed, to: Party::Hospital });
    }
    if joined.is_some() || missed.iter().any(|(kind, _)| *kind == DeadlineKind::Measure) {
        tells.extend(draft.bureau(Kind::Missed));
    }
    let deadlines = missed.iter().map(|(kind, _)| *kind).collect();
    draft.record(None, EventData::Missed { deadlines, missed_at, joined }, brief, tells);
    if !owed.is_empty() && joined.is_none() {
        // They have just been told of the miss itself.
        enter(draft, 0, reasons, None, &[Party::Manufacturer, Party::Hospital])?;
    }
    for (kind, ordinal) in missed {
        if kind == DeadlineKind::Acknowledge {
            unacknowledged(draft, ordinal, missed_at)?;
        }
    }
    Ok(())
}

fn starts_ladder(kind: DeadlineKind) -> bool {
    match kind {
        DeadlineKind::Reply | DeadlineKind::Resolve | DeadlineKind::Promise => true,
        DeadlineKind::Confirm | DeadlineKind::Acknowledge | DeadlineKind::Measure => false,
    }
}

/// Adds reasons to the open escalation, if there is one; gives its level.
fn join(draft: &mut Draft<'_>, reasons: &[Reason]) -> Option<Level> {
    let level = draft.change.ticket.open_escalation()?.level;
    if reasons.is_empty() {
        return None;
    }
    let escalations = draft.change.ticket.escalations.iter_mut();
    let open = escalations.filter(|escalation| escalation.is_open() && escalation.level == level);
    open.last()?.reasons.extend_from_slice(reasons);
    Some(level)
}

fn unacknowledged(
    draft: &mut Draft<'_>,
    ordinal: u16,
    missed_at: DateTime<Utc>,
) -> Result<(), Refusal> {
    climb(draft, ordinal, |level| Reason::Unacknowledged { level, missed_at })
}

/// The ticket is still not closed in the time the ladder gives a rung.
pub(super) fn unresolved(draft: &mut Draft<'_>, ordinal: u16) -> Result<(), Refusal> {
    let due = draft.change.ticket.escalations.iter().find(|e| e.ordinal == ordinal);
    let missed_at = due.and_then(|escalation| escalation.climbs_at).unwrap_or(draft.at);
    climb(draft, ordinal, |level| Reason::Unresolved { level, missed_at })
}

fn climb(
    draft: &mut Draft<'_>,
    ordinal: u16,
    reason: impl FnOnce(Level) -> Reason,
) -> Result<(), Refusal> {
    let found = draft.change.ticket.escalations.iter_mut().find(|e| e.ordinal == ordinal);
    let Some(escalation) = found else { return Ok(()) };
    escalation.climbs_at = None;
    let (level, round) = (escalation.level, escalation.round);
    let Some(next) = rung_above(draft, level) else { return Ok(()) };
    let above = draft.change.ticket.escalations.iter();
    if above.filter(|e| e.round == round).any(|e| e.level > level) {
        return Ok(());
    }
    enter(draft, next, vec![reason(level)], None, &[])
}

/// Position of the first rung above a level.
fn rung_above(draft: &Draft<'_>, level: Level) -> Option<usize> {
    draft.rules.policy.ladder.iter().position(|rung| rung.level > level)
}

/// The hospital asks the next rung to step in at once.
pub(super) fn by_request(
    draft: &mut Draft<'_>,
    actor: &Actor,
    reason: String,
) -> Result<(), Refusal> {
    let next = match draft.change.ticket.open_escalation() {
        None => 0,
        Some(open) => {
            let round = draft.change.ticket.escalations.iter().filter(|e| e.round == open.round);
            let highest = round.map(|entered| entered.level).max().unwrap_or(open.level);
            rung_above(draft, highest).ok_or(Refusal::TopOfLadder)?
        }
    };
    enter(draft, next, vec![Reason::ByRequest { reason }], Some(actor), &[])
}

/// Enters the rung at `position` of the ladder: finds the bureau, starts its clocks, tells it
/// and whom else it names, but for those who have `heard` of the miss already.
fn enter(
    draft: &mut Draft<'_>,
    position: usize,
    reasons: Vec<Reason>,
    actor: Option<&Actor>,
    heard: &[Party],
) -> Result<(), Refusal> {
    let ladder = &draft.rules.policy.ladder;
    let Some(wanted) = ladder.get(position) else { return Ok(()) };
    let (level, desk, skipped) =
        find_bureau(draft.change.ticket.division, wanted.level, draft.rules.desks);
    let rung = draft.rules.policy.rung(level).unwrap_or(wanted);
    let also_told = also_told(rung, heard);
    let open = draft.change.ticket.escalations.iter().filter(|escalation| escalation.is_open());
    let last_round = draft.change.ticket.escalations.iter().map(|e| e.round).max().unwrap_or(0);
    let round = open.map(|escalation| escalation.round).max().unwrap_or(last_round + 1);
    let escalations = &draft.change.ticket.escalations;
    if escalations.iter().any(|e| e.round == round && e.level == level) {
        return Err(Refusal::TopOfLadder);
    }
    let count = u16::try_from(escalations.len()).unwrap_or(u16::MAX);
    let ordinal = count.saturating_add(1);
    let acknowledge = Deadline::counted(
        DeadlineKind::Acknowledge,
        ordinal,
        draft.at,
        Target::WorkingDays(rung.acknowledge_within),
        draft.rules,
    )?;
    let climbs = rung_above(draft, level).is_some();
    let close = Target::WorkingDays(rung.close_within);
    let closes = draft.rules.calendar.due(draft.at, close, draft.rules.policy.counting)?;
    draft.change.ticket.deadlines.push(acknowledge);
    draft.change.ticket.escalations.push(Escalation {
        id: escalation_id(draft, ordinal),
        ordinal,
        round,
        level,
        bureau: desk.as_ref().map(|desk| desk.bureau),
        reasons: reasons.clone(),
        opened_at: draft.at,
        climbs_at: climbs.then_some(closes.at),
        stops: Vec::new(),
        acknowledged_at: None,
        closed_at: None,
        conclusion: None,
        measures: Vec::new(),
    });
    record(draft, Entered { round, level, desk, reasons, skipped }, actor, &also_told);
    Ok(())
}

/// Whom a rung tells, but for those who have heard of it at the same moment.
fn also_told(rung: &Rung, heard: &[Party]) -> Vec<Party> {
    let party = |told: &Told| match told {
        Told::Manufacturer => Party::Manufacturer,
        Told::Hospital => Party::Hospital,
        Told::Distributor => Party::Distributor,
    };
    rung.told.iter().map(party).filter(|party| !heard.contains(party)).collect()
}

struct Entered {
    round: u16,
    level: Level,
    desk: Option<Desk>,
    reasons: Vec<Reason>,
    skipped: Vec<Skipped>,
}

fn record(draft: &mut Draft<'_>, entered: Entered, actor: Option<&Actor>, also_told: &[Party]) {
    let Entered { round, level, desk, reasons, skipped } = entered;
    let missed: Vec<_> = reasons.iter().filter_map(missed_kind).collect();
    let brief = Brief {
        level: Some(level),
        bureau: desk.as_ref().map(|desk| desk.name.clone()),
        ..draft.brief_of(if missed.is_empty() { &[DeadlineKind::Resolve] } else { &missed })
    };
    let bureau = desk.map(|desk| desk.bureau);
    let told = also_told.iter().copied().chain(bureau.map(Party::Bureau));
    let tells = told.map(|to| Tell { kind: Kind::Escalated, to }).collect();
    let data = EventData::Escalated { round, level, bureau, reasons, skipped };
    draft.record(actor.and_then(by), data, brief, tells);
}

fn missed_kind(reason: &Reason) -> Option<DeadlineKind> {
    match reason {
        Reason::Missed { deadline, .. } => Some(*deadline),
        Reason::Unacknowledged { .. } | Reason::Unresolved { .. } | Reason::ByRequest { .. } => {
            None
        }
    }
}

/// Derived from the ticket, so that a decision needs no source of randomness.
fn escalation_id(draft: &Draft<'_>, ordinal: u16) -> EscalationId {
    EscalationId(Uuid::new_v5(
        &draft.change.ticket.id.0,
        format!("escalation:{ordinal}").as_bytes(),
    ))
}

impl ActKind {
    /// True for what a bureau does with an escalation rather than with the ticket.
    #[must_use]
    pub fn is_on_escalation(self) -> bool {
        match self {
            Self::Acknowledge | Self::Measure | Self::CloseEscalation => true,
            Self::Reply
            | Self::Promise
            | Self::Solve
            | Self::Confirm
            | Self::Withdraw
            | Self::Urge
            | Self::Escalate
            | Self::Return
            | Self::Extension
            | Self::ForceMajeure
            | Self::Distributor
            | Self::Decide
            | Self::Message
            | Self::Attach => false,
        }
    }
}
