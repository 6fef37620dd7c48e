//! Counting deadlines again after the calendar or the policy changed.
//!
//! **Never** counts a day as the code does: the expected dates are written out, or found by
//! walking day by day.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use supplyline::domain::calendar::{
    Calendar, Day, DayKind, Layer, Target, local_date, midnight_after,
};
use supplyline::domain::holiday::read_year;
use supplyline::domain::id::UserId;
use supplyline::domain::policy::Policy;
use supplyline::domain::ticket::{
    Basis, Change, DeadlineKind, DeadlineStatus, EventData, Moved, Order, Rules, Ticket, Topic,
    replan, wake_at,
};

use crate::scenario::{Life, date, organisation, shown, t, world};
use DeadlineKind::{Acknowledge, Reply, Resolve};
use DeadlineStatus::{Met, Missed, Running, Waived};

fn leaked(version: &str, layers: &[&Layer]) -> &'static Calendar {
    Box::leak(Box::new(Calendar::layered(version, layers)))
}

/// 2020 as the notice of November 2019 had it, and as that of 27 January 2020 made it.
fn emergency() -> (&'static Calendar, &'static Calendar) {
    let year = read_year(include_str!("../../data/calendars/2020.json")).expect("a year");
    let mut after = Layer::default();
    after.publish(year.clone());
    let mut before = Layer::default();
    let first = year.papers.first().cloned().expect("a notice");
    let mut early = year;
    early.days.retain(|day| day.source == first);
    let made_up = Day {
        date: date("2020-02-01"),
        kind: DayKind::Makeup,
        name: "春节".to_owned(),
        source: first,
    };
    early.days.push(made_up);
    before.publish(early);
    (leaked("CN-1", &[&before]), leaked("CN-2", &[&after]))
}

fn order() -> Order {
    let by = (UserId(uuid::Uuid::from_u128(4)), organisation(4));
    Order { batch: 7, reason: "国办发明电〔2020〕1号".to_owned(), by }
}

impl Life {
    /// The calendar changes now.
    fn recalendar(&mut self, calendar: &'static Calendar) -> Vec<Moved> {
        let after = Rules { calendar, ..self.world.rules() };
        let change = replan(&self.ticket, &order(), self.now, (&self.world.rules(), &after));
        let change = change.expect("counted");
        self.world.calendar = calendar;
        change.map(|change| self.takes(change)).unwrap_or_default()
    }

    fn takes(&mut self, change: Change) -> Vec<Moved> {
        let moved = change.events.iter().find_map(|event| {
            let EventData::Replanned { moved, .. } = &event.data else { return None };
            Some(moved.clone())
        });
        self.ticket = change.ticket;
        self.events.extend(change.events);
        moved.unwrap_or_default()
    }

    /// Kind, due and status of every deadline, in order.
    fn all(&self) -> Vec<(DeadlineKind, String, DeadlineStatus)> {
        let one = |d: &supplyline::domain::ticket::Deadline| (d.kind, shown(d.due_at), d.status);
        self.ticket.deadlines.iter().map(one).collect()
    }
}

fn on(calendar: &'static Calendar, filed: &str) -> Life {
    let mut world = world();
    world.calendar = calendar;
    world.file(filed)
}

#[test]
fn the_emergency_notice_of_2020_moves_what_was_filed_before_it() {
    let (before, after) = emergency();
    let mut life = on(before, "2020-01-22 10:00");
    assert_eq!(life.due(Reply), "2020-01-31 24:00", "01-23 and 01-31");
    assert_eq!(life.due(Resolve), "2020-02-04 24:00", "01-23, 01-31, 02-01, 02-03 and 02-04");
    life.to("2020-01-27 20:00");
    let moved = life.recalendar(after);
    let told: Vec<_> =
        moved.iter().map(|m| (m.deadline, shown(m.before_at), shown(m.after_at))).collect();
    assert_eq!(
        told,
        [
            (Reply, "2020-01-31 24:00".to_owned(), "2020-02-03 24:00".to_owned()),
            (Resolve, "2020-02-04 24:00".to_owned(), "2020-02-06 24:00".to_owned()),
        ]
    );
    assert!(moved.iter().all(|m| m.before.calendar == "CN-1" && m.after.calendar == "CN-2"));
    // Both explanations can be given: each version counts its own days.
    let reply = life.deadline(Reply).clone();
    let counted = |calendar: &Calendar, due_on: &str| {
        let rows = reply.explain(calendar, &life.world.policy).expect("explained");
        assert_eq!(rows.last().map(|row| row.date), Some(date(due_on)));
        rows.iter().filter(|row| row.counted).map(|row| row.date.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(counted(before, "2020-01-31"), ["2020-01-23", "2020-01-31"]);
    assert_eq!(counted(after, "2020-02-03"), ["2020-01-23", "2020-02-03"]);
    // The old due instants pass, and nothing fires; the new ones do.
    life.to("2020-02-03 23:59");
    assert!(life.rungs().is_empty());
    life.to("2020-02-03 24:00");
    assert_eq!(life.rungs(), ["1 city reply"]);
}

/// A calendar of early 2026 with these days resting besides the weekends.
fn resting(version: &str, days: &[&str]) -> &'static Calendar {
    let mut layer = Layer::default();
    layer.published.insert(2026);
    for day in days {
        let day = Day {
            date: date(day),
            kind: DayKind::Rest,
            name: String::new(),
            source: "test".to_owned(),
        };
        layer.days.insert(day.date, day);
    }
    leaked(version, &[&layer])
}

#[test]
fn a_breach_is_waived_and_the_clock_goes_on_beside_it() {
    let (plain, edited) = (resting("CN-1", &[]), resting("CN-2", &["2026-03-04", "2026-03-05"]));
    let mut life = on(plain, "2026-03-02 10:00");
    life.to("2026-03-05 09:30");
    assert_eq!(life.rungs(), ["1 city reply"]);
    let events = life.timeline();
    life.recalendar(edited);
    assert_eq!(
        life.all(),
        [
            (Reply, "2026-03-04 24:00".to_owned(), Waived),
            (Resolve, "2026-03-11 24:00".to_owned(), Running),
            (Acknowledge, "2026-03-09 24:00".to_owned(), Running),
            (Reply, "2026-03-06 24:00".to_owned(), Running),
        ]
    );
    assert_eq!(life.ticket.deadlines[0].waived_by, Some(7));
    assert_eq!(life.timeline()[..events.len()], events, "what fired stays fired");
    assert_eq!(life.rungs(), ["1 city reply"], "the bureau decides what becomes of it");
    assert!(!life.ticket.is_overdue());
    life.to("2026-03-06 23:00").reply("2026-03-10");
    assert_eq!(life.status(Reply), Met, "in time by the new rules");
    assert_eq!(life.ticket.deadlines[0].status, Waived);
}

#[test]
fn a_late_answer_that_was_in_time_by_the_new_rules_is_waived() {
    let (plain, edited) = (resting("CN-1", &[]), resting("CN-2", &["2026-03-04"]));
    let mut life = on(plain, "2026-03-02 10:00");
    life.to("2026-03-05 10:00").reply("2026-03-09");
    assert_eq!(life.deadline(Reply).late_working_days, Some(1));
    life.recalendar(edited);
    let reply = &life.ticket.deadlines[0];
    assert_eq!((reply.status, reply.waived_by), (Waived, Some(7)));
    assert_eq!(reply.late_working_days, Some(1), "the record of the breach stays");
    assert_eq!(life.ticket.deadlines.iter().filter(|d| d.kind == Reply).count(), 1);
}

#[test]
fn what_is_late_by_both_rules_is_late_by_the_days_of_the_new_ones() {
    let (plain, edited) = (resting("CN-1", &[]), resting("CN-2", &["2026-03-04"]));
    let mut life = on(plain, "2026-03-02 10:00");
    life.to("2026-03-10 10:00").reply("2026-03-11");
    assert_eq!(life.deadline(Reply).late_working_days, Some(4));
    life.recalendar(edited);
    assert_eq!(life.due(Reply), "2026-03-05 24:00");
    let reply = life.deadline(Reply);
    assert_eq!((reply.status, reply.late_working_days), (Missed, Some(3)));
}

#[test]
fn a_due_instant_that_has_passed_by_the_new_rules_fires_at_once() {
    let (resting_days, plain) =
        (resting("CN-1", &["2026-03-04", "2026-03-05"]), resting("CN-2", &[]));
    let mut life = on(resting_days, "2026-03-02 10:00");
    life.to("2026-03-05 10:00");
    assert!(life.rungs().is_empty());
    life.recalendar(plain);
    assert_eq!(life.rungs(), ["1 city reply"]);
    assert_eq!(
        life.timeline(),
        ["filed", "replanned", "warning_superseded", "missed", "escalated"]
    );
    let acknowledge = life.deadline(Acknowledge);
    assert_eq!(
        acknowledge.started_at,
        t("2026-03-05 10:00"),
        "the bureau's clock starts when told"
    );
    assert_eq!(acknowledge.calendar_version, "CN-2");
}

#[test]
fn a_warning_goes_out_again_only_for_a_later_day() {
    let (plain, edited) = (resting("CN-1", &[]), resting("CN-2", &["2026-03-05"]));
    let mut life = on(plain, "2026-03-03 10:00");
    life.to("2026-03-05 10:00");
    assert_eq!(life.timeline(), ["filed", "warned"]);
    life.recalendar(edited);
    life.to("2026-03-06 10:00");
    assert_eq!(life.timeline(), ["filed", "warned", "replanned", "warned"]);
    let mut back = on(edited, "2026-03-03 10:00");
    back.to("2026-03-04 10:00");
    back.recalendar(plain);
    back.to("2026-03-05 10:00");
    assert_eq!(back.timeline(), ["filed", "replanned", "warned"]);
}

#[test]
fn standstills_are_counted_over_again() {
    let (plain, edited) = (resting("CN-1", &[]), resting("CN-2", &["2026-03-03", "2026-03-12"]));
    let mut life = on(plain, "2026-03-02 10:00");
    life.to("2026-03-02 11:00").stop("2026-03-10").rule(Topic::ForceMajeure, true);
    life.jump("2026-03-11 09:00");
    assert_eq!(life.due(Reply), "2026-03-12 24:00", "two days were left at the stop");
    life.recalendar(edited);
    assert_eq!(life.due(Reply), "2026-03-13 24:00", "03-11 and, as 03-12 rests, 03-13");
}

#[test]
fn hours_and_named_days_stay_where_they_are() {
    let (plain, edited) =
        (resting("CN-1", &[]), resting("CN-2", &["2026-03-03", "2026-03-04", "2026-03-05"]));
    let mut world = world().emergency();
    world.calendar = plain;
    let mut hours = world.file("2026-03-02 10:00");
    assert!(hours.recalendar(edited).is_empty());
    let mut life = on(plain, "2026-03-02 10:00");
    life.to("2026-03-02 11:00").reply("2026-03-05");
    let moved = life.recalendar(edited);
    assert_eq!(moved.iter().map(|m| m.deadline).collect::<Vec<_>>(), [Resolve]);
    assert_eq!(life.due(DeadlineKind::Promise), "2026-03-05 24:00");
}

#[test]
fn a_provisional_deadline_settles_when_its_year_is_published() {
    let year = |version, published: bool| {
        let mut layer = Layer::default();
        layer.published.insert(2026);
        if published {
            layer.published.insert(2027);
        }
        leaked(version, &[&layer])
    };
    let mut life = on(year("CN-1", false), "2026-12-30 10:00");
    assert!(life.deadline(Reply).provisional);
    let moved = life.recalendar(year("CN-2", true));
    assert!(moved.iter().all(|m| m.settled) && moved.len() == 2);
    assert!(!life.deadline(Reply).provisional);
    // Without any named day 1 January is a plain Friday.
    assert_eq!(life.due(Reply), "2027-01-01 24:00");
}

#[test]
fn another_policy_counts_by_its_own_targets() {
    let mut life = world().file("2026-03-02 10:00");
    let other = Policy { version: "37-2".to_owned(), ..Policy::national() };
    let other = Policy {
        ordinary: supplyline::domain::policy::Targets {
            reply: Target::WorkingDays(3),
            resolve: Target::WorkingDays(7),
        },
        ..other
    };
    let after = Rules { policy: &other, ..life.world.rules() };
    let change = replan(&life.ticket, &order(), life.now, (&life.world.rules(), &after));
    let moved = life.takes(change.expect("counted").expect("changed"));
    assert_eq!(moved.len(), 2);
    assert_eq!(life.due(Reply), "2026-03-05 24:00");
    assert_eq!(life.due(Resolve), "2026-03-11 24:00");
    assert!(life.ticket.deadlines.iter().all(|d| d.policy_version == "37-2"));
}

#[test]
fn what_is_over_is_left_alone() {
    let (plain, edited) = (resting("CN-1", &[]), resting("CN-2", &["2026-03-03"]));
    let mut life = on(plain, "2026-03-02 10:00");
    life.withdraw();
    let before = life.ticket.clone();
    assert!(life.recalendar(edited).is_empty());
    assert_eq!(life.ticket, before);
}

/// Histories of edits that are tried.
const HISTORIES: u64 = 10_000;
/// Calendars that the edits lead between: each is days of February to April drawn at random.
const CALENDARS: u64 = 64;

/// A layer of days drawn at random, with the share of days that it names.
fn drawn_layer(random: &mut StdRng, share: f64) -> Layer {
    let mut layer = Layer::default();
    layer.published.insert(2026);
    for number in 0..90_u64 {
        let Some(day) = date("2026-02-01").checked_add_days(Days::new(number)) else { continue };
        let kinds = [DayKind::Rest, DayKind::Rest, DayKind::Makeup, DayKind::Working];
        if random.random_bool(share) {
            let kind = *kinds.choose(random).expect("a kind");
            let (name, source) = (String::new(), "test".to_owned());
            layer.days.insert(day, Day { date: day, kind, name, source });
        }
    }
    layer
}

/// The days between which every edit leads: the nation's, with a region's in every other calendar
/// and a manufacturer's in every third.
fn drawn(seed: u64) -> &'static Calendar {
    let mut random = StdRng::seed_from_u64(seed);
    let mut draw = |share| drawn_layer(&mut random, share);
    let (nation, region, own) = (draw(0.2), draw(0.05), draw(0.05));
    let above = if seed.is_multiple_of(2) { vec![&nation] } else { vec![&nation, &region] };
    let own = seed.is_multiple_of(3).then_some(&own);
    let calendar = Calendar::layered_for(format!("CN-{seed}"), &above, own);
    let named = |layer: &Layer, day| layer.days.get(&day).map(|day| day.kind);
    for day in date("2026-02-01").iter_days().take(90) {
        let lowest = own.and_then(|own| named(own, day));
        let above = above.iter().rev().find_map(|layer| named(layer, day));
        let Some(kind) = lowest.or(above) else { continue };
        assert_eq!((calendar.kind(day), calendar.is_own(day)), (kind, lowest.is_some()), "{day}");
    }
    Box::leak(Box::new(calendar))
}

/// Walks from a day to its n-th working day, passing over the standstills.
fn walked(
    calendar: &Calendar,
    from: NaiveDate,
    n: u32,
    stops: &[(NaiveDate, NaiveDate)],
) -> NaiveDate {
    let (mut day, mut left) = (from, n);
    while left > 0 {
        day = day.succ_opt().expect("a day");
        let stands = stops.iter().any(|(stop, through)| *stop < day && day <= *through);
        if calendar.is_working(day) && !stands {
            left -= 1;
        }
    }
    // Stopped on its last day, it is due when the day ends after which it goes on.
    stops.iter().find(|(stop, _)| *stop == day).map_or(day, |(_, through)| *through)
}

/// Every open deadline is where somebody finds it who knows only the newest calendar.
fn is_as_from_scratch(seed: u64, ticket: &Ticket, calendar: &Calendar, at: DateTime<Utc>) {
    for deadline in &ticket.deadlines {
        let open = matches!(deadline.status, Running | Missed) && deadline.met_at.is_none();
        let Basis::Count(Target::WorkingDays(n)) = deadline.basis else { continue };
        if !open {
            continue;
        }
        let stops: Vec<_> = deadline
            .stops
            .iter()
            .filter_map(|stop| Some((local_date(stop.from), stop.through?)))
            .collect();
        let due_on = walked(calendar, local_date(deadline.started_at), u32::from(n), &stops);
        let told = (deadline.kind, deadline.due_on, deadline.due_at);
        let expected = (deadline.kind, due_on, midnight_after(due_on));
        assert_eq!(told, expected, "seed {seed}: {deadline:?} at {at}");
        let expected = if deadline.due_at > at { Running } else { Missed };
        assert_eq!(deadline.status, expected, "seed {seed}: {deadline:?} at {at}");
    }
}

#[test]
fn ten_thousand_histories_of_edits_end_as_if_counted_from_scratch() {
    let calendars: Vec<_> = (0..CALENDARS).map(drawn).collect();
    let (mut waived, mut moved) = (0, 0);
    for seed in 0..HISTORIES {
        let mut random = StdRng::seed_from_u64(seed);
        let pick = |random: &mut StdRng| *calendars.choose(random).expect("a calendar");
        let minutes = random.random_range(0..30 * 24 * 60);
        let first = pick(&mut random);
        let filed = t("2026-02-05 00:00") + TimeDelta::minutes(minutes);
        let mut life = on(first, &shown(filed).replace("24:00", "23:59"));
        for _ in 0..random.random_range(1..8) {
            life.until(life.now + TimeDelta::minutes(random.random_range(1..5 * 24 * 60)));
            if random.random_bool(0.15) && life.ticket.stopped.is_none() {
                let end = local_date(life.now) + TimeDelta::days(random.random_range(2..6));
                life.stop(&end.to_string()).rule(Topic::ForceMajeure, true);
            }
            let events = life.timeline();
            moved += life.recalendar(pick(&mut random)).len();
            assert_eq!(life.timeline()[..events.len()], events, "seed {seed}");
            is_as_from_scratch(seed, &life.ticket, life.world.calendar, life.now);
            assert!(wake_at(&life.ticket).is_none_or(|due| due > life.now), "seed {seed}");
        }
        let all = life.ticket.deadlines.iter();
        waived += all.filter(|d| d.status == Waived && d.waived_by.is_some()).count();
    }
    assert!(moved > 10_000 && waived > 1_000, "the histories hold edits that matter");
}
