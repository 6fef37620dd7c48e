//! Doing again what a run has committed: one after the other, and as if nothing had ever gone
//! wrong.
//!
//! **Never** looks at what replicas did, only at who acted when.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use supplyline::domain::calendar::{local_date, local_time};
use supplyline::domain::id::UserId;
use supplyline::domain::ticket::{
    Act, ActKind, Change, Command, Deadline, DeadlineKind, Order, Reachable, Ticket, advance,
    decide, file, replan, wake_at,
};

use super::store::{NoticeKey, Op, Row, What};
use super::world::{ACTORS, World};

/// Decides every committed operation again in the order of commits, each on what the one before
/// left. The same must come out, to the letter; gives the keys of the notices caused.
pub(crate) fn serially(index: usize, row: &Row, world: &World) -> Result<Vec<NoticeKey>, String> {
    let mut kept: Option<Ticket> = None;
    let mut events = Vec::new();
    let mut keys = Vec::new();
    for op in &row.log {
        let change = match (&op.what, &kept) {
            (What::Replanned { changed: false, .. }, _) => continue,
            (What::Filed, None) => filed(index, row, op, world),
            (_, Some(ticket)) => again(ticket, op, world),
            (_, None) => None,
        };
        let Some(change) = change else {
            return Err(format!("was committed, and cannot be done one after the other: {op:?}"));
        };
        let told = world.told(&change, op.book).into_iter();
        keys.extend(told.map(|told| (index, told.event, told.kind, told.to)));
        let version = kept.as_ref().map_or(0, |ticket| ticket.version) + 1;
        events.extend(change.events);
        kept = Some(Ticket { version, ..change.ticket });
    }
    match kept {
        Some(ticket) if ticket != row.ticket => Err(format!(
            "one after the other gives another ticket: {}",
            differs(&ticket, &row.ticket)
        )),
        Some(_) if events != row.events => {
            Err("one after the other gives another timeline".to_owned())
        }
        Some(_) | None => Ok(keys),
    }
}

fn differs(one: &Ticket, other: &Ticket) -> String {
    let (one, other) = (format!("{one:#?}"), format!("{other:#?}"));
    let lines = one.lines().zip(other.lines()).find(|(one, other)| one != other);
    lines.map_or_else(
        || "in length".to_owned(),
        |(one, other)| format!("{} and not {}", one.trim(), other.trim()),
    )
}

fn filed(index: usize, row: &Row, op: &Op, world: &World) -> Option<Change> {
    let new = World::new_ticket(index, row.ticket.urgency);
    file(new, op.at, Reachable::Yes, &world.rules(op.book)).ok()
}

fn again(ticket: &Ticket, op: &Op, world: &World) -> Option<Change> {
    let rules = world.rules(op.book);
    match &op.what {
        What::Filed => None,
        What::Swept => advance(ticket, op.at, &rules).ok(),
        What::Acted { actor, act, .. } => {
            let advanced = advance(ticket, op.at, &rules).ok()?;
            let command = Command::Act(ACTORS.get(*actor)?, act.clone());
            let decided = decide(&advanced.ticket, command, op.at, &rules).ok()?;
            Some(advanced.then(decided))
        }
        What::Replanned { before, .. } => {
            let by = (UserId(uuid::Uuid::from_u128(9)), ACTORS[4].organisation.id);
            let batch = u32::try_from(op.book).ok()?;
            let order = Order { batch, reason: "通知".to_owned(), by };
            replan(ticket, &order, op.at, (&world.rules(*before), &rules)).ok()?
        }
    }
}

/// Lets the same people act at the same times while one clock fires everything at its instant.
/// What the manufacturer and the hospital owe must end the same; and everything, where nothing
/// was so late that a bureau was told a day later. Gives whether it was everything; `None` where
/// acts and timers overtook each other.
pub(crate) fn undisturbed(index: usize, row: &Row, world: &World) -> Result<Option<bool>, String> {
    if !row.log.is_sorted_by_key(|op| op.at) {
        return Ok(None);
    }
    let Some(first) = row.log.first() else { return Ok(None) };
    let Some(begun) = filed(index, row, first, world) else { return Ok(None) };
    let (mut ticket, mut book, mut is_whole) = (begun.ticket, first.book, true);
    let mut overdue = Vec::new();
    for op in row.log.iter().skip(1) {
        while let Some(due) = wake_at(&ticket).filter(|due| *due <= op.at) {
            overdue.push(due);
            let change = advance(&ticket, due, &world.rules(book));
            ticket = change.map_err(|refusal| refusal.to_string())?.ticket;
        }
        if !matches!(op.what, What::Replanned { changed: false, .. }) {
            // It was this operation that fired them.
            is_whole &= overdue.drain(..).all(|due| is_alike(due, op.at, world));
        }
        match &op.what {
            What::Filed | What::Swept => {}
            What::Replanned { .. } => {
                ticket = again(&ticket, op, world).map_or(ticket, |change| change.ticket);
                book = op.book;
            }
            What::Acted { act, .. } => match again(&ticket, op, world) {
                Some(change) => ticket = change.ticket,
                None if is_about_rungs(act) && !is_whole => {}
                None => return Err(format!("would have been refused without trouble: {op:?}")),
            },
        }
    }
    let (ideal, real) = (told(&ticket, is_whole), told(&row.ticket, is_whole));
    match ideal.iter().zip(&real).find(|(ideal, real)| ideal != real) {
        Some((ideal, real)) => {
            Err(format!("without trouble it would be {ideal}, and it is {real}"))
        }
        None if ideal.len() != real.len() => Err(format!(
            "without trouble there would be {} deadlines and rungs, and there are {}",
            ideal.len(),
            real.len()
        )),
        None => Ok(Some(is_whole)),
    }
}

/// A bureau told at one instant has until the same day as one told at the other.
fn is_alike(due: DateTime<Utc>, at: DateTime<Utc>, world: &World) -> bool {
    let cutoff = world.policy().counting.cutoff_time.unwrap_or(NaiveTime::MIN);
    local_date(due) == local_date(at)
        && (local_time(due) > cutoff) == (local_time(at) > cutoff)
        && at - due < TimeDelta::days(1)
}

fn is_about_rungs(act: &Act) -> bool {
    matches!(
        act.kind(),
        ActKind::Acknowledge | ActKind::Measure | ActKind::CloseEscalation | ActKind::Escalate
    )
}

/// The ticket in lines to compare.
fn told(ticket: &Ticket, is_whole: bool) -> Vec<String> {
    let is_told = |deadline: &&Deadline| {
        is_whole || !matches!(deadline.kind, DeadlineKind::Acknowledge | DeadlineKind::Measure)
    };
    let deadline = |d: &Deadline| {
        format!(
            "{:?} {} due {} {:?} {:?} {:?} {:?}",
            d.kind, d.ordinal, d.due_at, d.status, d.met_at, d.late_working_days, d.waived_by
        )
    };
    let mut lines = vec![format!("{:?} {:?}", ticket.state, ticket.stopped)];
    lines.extend(ticket.promises.iter().map(|promise| format!("{promise:?}")));
    lines.extend(ticket.requests.iter().map(|request| {
        let verdict = request.outcome.as_ref().map(|outcome| outcome.verdict);
        format!("{:?} {:?} {:?} {:?}", request.topic, request.day, request.bureau, verdict)
    }));
    lines.extend(ticket.deadlines.iter().filter(is_told).map(deadline));
    if is_whole {
        lines.extend(ticket.escalations.iter().map(|e| {
            format!(
                "rung {} {:?} {:?} {:?} {:?} {:?} {:?}",
                e.round, e.level, e.bureau, e.reasons, e.climbs_at, e.acknowledged_at, e.closed_at
            )
        }));
    }
    lines
}
