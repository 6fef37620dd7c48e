//! Events that belong together: later versions, repetitions, and what replaces one of them.
//!
//! **Never** lets an older version of an event count beside a newer one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;

use super::Wrong;
use super::event::{Event, moved};
use super::recur::{Rule, read as read_rule};
use crate::domain::holiday::meaning::Meaning;
use crate::domain::holiday::reading::Why;

/// The first and the last day of one repetition.
type Span = (NaiveDate, NaiveDate);

/// An event that counts, and its days.
pub(super) struct Told {
    pub(super) event: Event,
    pub(super) outcome: Result<(Meaning, Vec<Span>), Stopped>,
}

/// Why an event has no days.
pub(super) enum Stopped {
    /// Somebody has to judge it.
    Held(Why),
    /// Its rule cannot be.
    Wrong(Wrong),
}

/// The events that count, in the order in which they stand in the file.
pub(super) fn latest(events: Vec<Event>) -> Vec<Told> {
    let mut counting: BTreeMap<u32, Event> = BTreeMap::new();
    let mut known: HashMap<(String, Option<NaiveDate>), (i64, u32)> = HashMap::new();
    for event in events {
        if let Some(uid) = event.uid.clone() {
            let key = (uid, event.instance);
            if let Some((sequence, row)) = known.get(&key).copied() {
                if sequence > event.sequence {
                    continue;
                }
                counting.remove(&row);
            }
            known.insert(key, (event.sequence, event.row));
        }
        counting.insert(event.row, event);
    }
    let cancelled: BTreeSet<String> = counting
        .values()
        .filter(|event| event.is_cancelled && event.instance.is_none())
        .filter_map(|event| event.uid.clone())
        .collect();
    let mut replaced: HashMap<String, BTreeSet<NaiveDate>> = HashMap::new();
    for (uid, instance) in known.keys() {
        if let Some(date) = instance {
            replaced.entry(uid.clone()).or_default().insert(*date);
        }
    }
    let is_over = |event: &Event| {
        event.is_cancelled || event.uid.as_ref().is_some_and(|uid| cancelled.contains(uid))
    };
    let left = counting.into_values().filter(|event| !is_over(event));
    left.map(|mut event| {
        let others = event.uid.as_ref().and_then(|uid| replaced.get(uid));
        if event.instance.is_none() {
            event.except.extend(others.into_iter().flatten());
        }
        Told { outcome: judge(&event), event }
    })
    .collect()
}

/// The days of an event, its repetitions included.
fn judge(event: &Event) -> Result<(Meaning, Vec<Span>), Stopped> {
    let meaning = event.meaning.map_err(Stopped::Held)?;
    let Some(span) = event.span else { return Ok((meaning, Vec::new())) };
    let starts = match &event.rule {
        // What replaces one repetition does not recur itself.
        Some(rule) if event.instance.is_none() => {
            match read_rule(rule, span.0).map_err(Stopped::Wrong)? {
                Rule::Dates(dates) if !event.is_intricate => dates,
                Rule::Dates(_) | Rule::Intricate => return Err(Stopped::Held(Why::Recurs)),
            }
        }
        None if event.is_intricate => return Err(Stopped::Held(Why::Recurs)),
        Some(_) | None => vec![span.0],
    };
    let starts = starts.into_iter().filter(|start| !event.except.contains(start));
    Ok((meaning, starts.filter_map(|start| moved(span, start)).collect()))
}
