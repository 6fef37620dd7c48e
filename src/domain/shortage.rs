//! Shortage events (供应事件): the open tickets of many hospitals for one product of one
//! manufacturer, seen as one problem.
//!
//! **Never** adds quantities of different units.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::id::{EventId, OrganisationId, ProductId, TicketId};
use super::party::Division;

/// What an event needs to know of an open ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The ticket.
    pub ticket: TicketId,
    /// What is short.
    pub product: ProductId,
    /// Who owes it.
    pub manufacturer: OrganisationId,
    /// Who lacks it.
    pub hospital: OrganisationId,
    /// Where that lies.
    pub division: Division,
    /// When it was filed.
    pub filed_at: DateTime<Utc>,
    /// How much is still missing, in `unit`.
    pub quantity_short: i64,
    /// The unit.
    pub unit: String,
    /// How many days the hospital's stock lasted when it filed.
    pub days_of_stock: Option<i64>,
    /// Nobody of the manufacturer has replied yet.
    pub unanswered: bool,
    /// Something is missed and not done.
    pub overdue: bool,
    /// A bureau is in charge.
    pub escalated: bool,
}

/// The open tickets for one product of one manufacturer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShortageEvent {
    /// Its id: product and manufacturer give it.
    pub id: EventId,
    /// What is short.
    pub product: ProductId,
    /// Who owes it.
    pub manufacturer: OrganisationId,
    /// The tickets, oldest first.
    pub tickets: Vec<TicketId>,
    /// How many hospitals lack it.
    pub hospitals: u32,
    /// In how many cities.
    pub cities: u32,
    /// How much is missing, by unit.
    pub quantities: BTreeMap<String, i64>,
    /// The fewest days that a hospital's stock lasted.
    pub worst_days_of_stock: Option<i64>,
    /// Those of the tickets that wait for a reply, oldest first.
    pub unanswered: Vec<TicketId>,
    /// How many tickets are overdue.
    pub overdue: u32,
    /// How many are in a bureau's charge.
    pub escalated: u32,
    /// When the first was filed.
    pub since: DateTime<Utc>,
}

impl ShortageEvent {
    /// The id of the event of a product and its manufacturer.
    #[must_use]
    pub fn id_of(product: ProductId, manufacturer: OrganisationId) -> EventId {
        EventId(Uuid::new_v5(&product.0, manufacturer.0.as_bytes()))
    }

    /// Where it stands in the list of events: those of most hospitals first.
    #[must_use]
    pub fn rank(&self) -> (Reverse<u32>, EventId) {
        (Reverse(self.hospitals), self.id)
    }

    fn of(lines: &[Line]) -> Option<Self> {
        let first = lines.first()?;
        let hospitals: BTreeSet<_> = lines.iter().map(|line| line.hospital).collect();
        let cities: BTreeSet<_> = lines.iter().map(|line| line.division.city()).collect();
        let mut quantities = BTreeMap::new();
        for line in lines {
            let sum: &mut i64 = quantities.entry(line.unit.clone()).or_default();
            *sum = sum.saturating_add(line.quantity_short);
        }
        Some(Self {
            id: Self::id_of(first.product, first.manufacturer),
            product: first.product,
            manufacturer: first.manufacturer,
            tickets: lines.iter().map(|line| line.ticket).collect(),
            hospitals: count(hospitals.len()),
            cities: count(cities.len()),
            quantities,
            worst_days_of_stock: lines.iter().filter_map(|line| line.days_of_stock).min(),
            unanswered: lines.iter().filter(|l| l.unanswered).map(|l| l.ticket).collect(),
            overdue: count(lines.iter().filter(|line| line.overdue).count()),
            escalated: count(lines.iter().filter(|line| line.escalated).count()),
            since: first.filed_at,
        })
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The events that open tickets make, those of most hospitals first.
#[must_use]
pub fn gather(lines: Vec<Line>) -> Vec<ShortageEvent> {
    let mut groups: BTreeMap<(ProductId, OrganisationId), Vec<Line>> = BTreeMap::new();
    for line in lines {
        groups.entry((line.product, line.manufacturer)).or_default().push(line);
    }
    let mut events: Vec<_> = groups
        .into_values()
        .filter_map(|mut lines| {
            lines.sort_by_key(|line| (line.filed_at, line.ticket));
            ShortageEvent::of(&lines)
        })
        .collect();
    events.sort_by_key(ShortageEvent::rank);
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(product: u128, hospital: u128, place: &str, quantity: i64) -> Line {
        Line {
            ticket: TicketId(Uuid::from_u128(product * 1000 + hospital)),
            product: ProductId(Uuid::from_u128(product)),
            manufacturer: OrganisationId(Uuid::from_u128(9)),
            hospital: OrganisationId(Uuid::from_u128(hospital)),
            division: Division::parse(place).expect("a division"),
            filed_at: DateTime::UNIX_EPOCH
                + chrono::TimeDelta::days(10 - i64::try_from(hospital).expect("small")),
            quantity_short: quantity,
            unit: "盒".to_owned(),
            days_of_stock: None,
            unanswered: false,
            overdue: false,
            escalated: false,
        }
    }

    #[test]
    fn hospitals_and_cities_are_counted_once() {
        let twice = Line { ticket: TicketId(Uuid::nil()), ..line(1, 1, "371002", 5) };
        let events = gather(vec![
            line(1, 1, "371002", 10),
            twice,
            line(1, 2, "371003", 20),
            line(1, 3, "370202", 30),
        ]);
        let [event] = events.as_slice() else { panic!("one event: {events:?}") };
        assert_eq!((event.tickets.len(), event.hospitals, event.cities), (4, 3, 2));
        assert_eq!(event.quantities, BTreeMap::from([("盒".to_owned(), 65)]));
        assert_eq!(event.tickets.first(), Some(&line(1, 3, "370202", 30).ticket), "oldest first");
    }

    #[test]
    fn units_are_kept_apart_and_the_worst_stock_is_told() {
        let by_piece = Line { unit: "支".to_owned(), ..line(1, 2, "371003", 7) };
        let empty = Line { days_of_stock: Some(0), overdue: true, ..line(1, 3, "371003", 1) };
        let empty = Line { unanswered: true, ..empty };
        let some = Line { days_of_stock: Some(4), escalated: true, ..line(1, 4, "371003", 1) };
        let events = gather(vec![line(1, 1, "371002", 10), by_piece, empty, some]);
        let event = events.first().expect("an event");
        let quantities = BTreeMap::from([("盒".to_owned(), 12), ("支".to_owned(), 7)]);
        assert_eq!(event.quantities, quantities);
        assert_eq!((event.worst_days_of_stock, event.overdue, event.escalated), (Some(0), 1, 1));
        assert_eq!(event.unanswered, [line(1, 3, "371003", 1).ticket]);
    }

    #[test]
    fn the_event_of_most_hospitals_comes_first() {
        let lines = vec![line(1, 1, "371002", 1), line(2, 1, "371002", 1), line(2, 2, "371002", 1)];
        let events = gather(lines);
        let hospitals: Vec<_> = events.iter().map(|event| event.hospitals).collect();
        assert_eq!(hospitals, [2, 1]);
        assert!(gather(Vec::new()).is_empty());
    }
}
