//! One reply for many tickets of a shortage event.
//!
//! **Never** answers some of the tickets that were meant: all of them, or none with the reason.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::DatabaseTransaction;

use super::find;
use crate::domain::access::{Scope, may};
use crate::domain::id::{EventId, TicketId};
use crate::domain::shortage::ShortageEvent;
use crate::domain::ticket::{
    self, Act, ActKind, Cause, Change, Command, Contact, Refusal, Reply, Rules, Ticket,
};
use crate::service::audit;
use crate::service::once::once;
use crate::service::tickets::{TicketView, desks_of_all, policy_version, views};
use crate::service::{Answered, App, Error, FieldError, Once, notices};
use crate::store::{Batch, outbox, tickets as kept};

/// Tickets that one reply answers at most: bounds how long others wait for it.
pub const MOST_AT_ONCE: usize = 500;

/// What a manufacturer says about many tickets at once.
#[derive(Debug, Clone)]
pub struct GroupReply {
    /// Why the supply failed.
    pub cause: Cause,
    /// By which day it will be solved.
    pub promised_on: NaiveDate,
    /// How much will have arrived by then, for each ticket; `None` = what each of them lacks.
    pub promised_quantity: Option<i64>,
    /// What the manufacturer says.
    pub message: String,
    /// Whom the hospitals may call.
    pub contact: Contact,
    /// The tickets that are answered; `None` = all that wait for a reply.
    pub tickets: Option<Vec<TicketId>>,
}

/// Reads the reply from the request, after the checks that come before the input's.
pub type ReadReply = Arc<dyn Fn() -> Result<GroupReply, Error> + Send + Sync>;

/// Replies to all or some of an event's tickets.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Forbidden`] unless a manufacturer replies, [`Error::Conflict`]
/// when a ticket cannot take a reply, [`Error::Invalid`] naming the tickets whose limit the
/// promised day exceeds.
pub async fn reply(
    app: &App,
    scope: &Scope,
    id: EventId,
    read: ReadReply,
    request: Once<Vec<TicketView>>,
) -> Result<Answered, Error> {
    let (at, app_, scope) = (app.clock.now(), app.clone(), scope.clone());
    once(app, request, move |tx| {
        let (app, scope, read) = (app_.clone(), scope.clone(), Arc::clone(&read));
        Box::pin(async move {
            let event = find(tx, &scope, id).await?;
            let chosen = chosen(&scope, &event, read.as_ref())?;
            reply_in(tx, &app, &scope, (id, chosen), at).await
        })
    })
    .await
}

/// What is said, and to which tickets.
struct Chosen {
    reply: GroupReply,
    tickets: Vec<TicketId>,
}

fn chosen(
    scope: &Scope,
    event: &ShortageEvent,
    read: &(dyn Fn() -> Result<GroupReply, Error> + Send + Sync),
) -> Result<Chosen, Error> {
    if !may(scope.actor().role, ActKind::Reply) {
        return Err(Refusal::Forbidden(ActKind::Reply).into());
    }
    if event.unanswered.is_empty() {
        return Err(Error::Conflict {
            code: "nothing_to_reply",
            message: "every ticket of this event has its reply; go on ticket by ticket".to_owned(),
            possible: vec![ActKind::Promise, ActKind::Solve],
        });
    }
    let reply = read()?;
    let unknown = |(at, _): (usize, &TicketId)| {
        let message = "there is no such open ticket in this event";
        FieldError::new(format!("tickets[{at}]"), "unknown", message)
    };
    let named = reply.tickets.as_deref().unwrap_or_default().iter().enumerate();
    let strangers: Vec<_> =
        named.filter(|(_, id)| !event.tickets.contains(id)).map(unknown).collect();
    if !strangers.is_empty() {
        return Err(Error::Invalid(strangers));
    }
    let tickets = reply.tickets.clone().unwrap_or_else(|| event.unanswered.clone());
    if tickets.len() > MOST_AT_ONCE {
        let message = format!("{} tickets; name {MOST_AT_ONCE} at most", tickets.len());
        return Err(Error::invalid("tickets", "too_many", message));
    }
    Ok(Chosen { reply, tickets })
}

async fn reply_in(
    tx: &DatabaseTransaction,
    app: &App,
    scope: &Scope,
    (event, chosen): (EventId, Chosen),
    at: DateTime<Utc>,
) -> Result<Vec<TicketView>, Error> {
    let before = kept::find_all_locked(tx, scope.tickets(), &chosen.tickets).await?;
    let desks = desks_of_all(tx, &before).await?;
    let book = app.book_in(tx).await?;
    let (mut changes, mut refused) = (Vec::with_capacity(before.len()), Vec::new());
    for ticket in &before {
        let policy = book.policy_of(policy_version(ticket));
        let calendar = book.calendar_for(policy, ticket.division, Some(ticket.manufacturer));
        let desks = desks.get(&ticket.division).map_or(&[][..], Vec::as_slice);
        let rules = Rules { calendar: &calendar, policy, desks };
        match decided(ticket, scope, &chosen.reply, at, &rules) {
            Ok(change) => changes.push(change),
            Err(Refusal::Invalid { field, code, message }) => {
                refused.push(FieldError::new(field, code, format!("{}: {message}", ticket.number)));
            }
            Err(refusal) => return Err(of_ticket(ticket, refusal)),
        }
    }
    if !refused.is_empty() {
        return Err(Error::Invalid(refused));
    }
    let mut batch = Batch::on(tx);
    let pairs: Vec<_> = before.iter().zip(&changes).collect();
    kept::update(&mut batch, &pairs);
    let decided: Vec<&Change> = changes.iter().collect();
    let told = notices::expand(tx, &book, &decided, Vec::new()).await?;
    outbox::insert(&mut batch, &told);
    audit::add(&mut batch, audit::replied(app, scope, event, &decided));
    batch.run(tx).await?;
    let mut tickets: Vec<_> = changes.into_iter().map(|change| change.ticket).collect();
    tickets.iter_mut().for_each(|ticket| ticket.version += 1);
    tickets.sort_by_key(|ticket| (ticket.filed_at, ticket.id));
    let views = views(tx, scope, tickets).await?;
    Ok(views.into_iter().map(|view| TicketView { acted_at: Some(at), ..view }).collect())
}

fn decided(
    ticket: &Ticket,
    scope: &Scope,
    reply: &GroupReply,
    at: DateTime<Utc>,
    rules: &Rules<'_>,
) -> Result<Change, Refusal> {
    let change = ticket::advance(ticket, at, rules)?;
    let lacking = ticket.remaining_quantity.unwrap_or(ticket.report.quantity_short);
    let act = Act::Reply(Reply {
        cause: reply.cause,
        promised_on: reply.promised_on,
        promised_quantity: reply.promised_quantity.unwrap_or(lacking),
        message: reply.message.clone(),
        contact: reply.contact.clone(),
    });
    let decided = ticket::decide(&change.ticket, Command::Act(scope.actor(), act), at, rules)?;
    Ok(change.then(decided))
}

/// A refusal that says which of the tickets it is about.
fn of_ticket(ticket: &Ticket, refusal: Refusal) -> Error {
    let error = Error::from(refusal);
    let Error::Conflict { code, message, possible } = error else { return error };
    Error::Conflict { code, message: format!("{}: {message}", ticket.number), possible }
}
