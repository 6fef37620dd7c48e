//! What the passing of time does: due instants, warnings, standstills.
//!
//! **Never** counts a day itself: the expected dates are written out.

use chrono::TimeDelta;
use supplyline::domain::escalation::Reason;
use supplyline::domain::ticket::{
    Command, DeadlineKind, DeadlineStatus, EventData, Rules, Step, Ticket, Verdict, decide,
    next_step, wake_at,
};

use crate::scenario::{Life, World, calendar, shown, t, world};
use DeadlineKind::{Acknowledge, Reply, Resolve};

fn check(world: World, filed: &str, reply: &str, resolve: &str, provisional: (bool, bool)) {
    let life = world.file(filed);
    assert_eq!(life.due(Reply), reply, "filed {filed}");
    assert_eq!(life.due(Resolve), resolve, "filed {filed}");
    let found = (life.deadline(Reply).provisional, life.deadline(Resolve).provisional);
    assert_eq!(found, provisional, "filed {filed}");
}

#[test]
fn deadlines_follow_the_chinese_calendar() {
    let published = (false, false);
    for (filed, reply, resolve) in [
        ("2026-02-12 10:00", "2026-02-14 24:00", "2026-02-26 24:00"),
        ("2026-02-13 10:00", "2026-02-24 24:00", "2026-02-27 24:00"),
        ("2026-02-18 10:00", "2026-02-25 24:00", "2026-02-28 24:00"),
        ("2026-09-30 10:00", "2026-10-09 24:00", "2026-10-13 24:00"),
        ("2025-12-31 10:00", "2026-01-05 24:00", "2026-01-08 24:00"),
    ] {
        check(world(), filed, reply, resolve, published);
    }
}

#[test]
fn a_deadline_that_touches_an_unpublished_year_is_provisional() {
    // 2027-01-01 is a Friday; only the fixed holidays and the weekends rest.
    check(world(), "2026-12-29 10:00", "2026-12-31 24:00", "2027-01-06 24:00", (false, true));
    check(world(), "2026-12-30 10:00", "2027-01-04 24:00", "2027-01-07 24:00", (true, true));
    let hours = world().emergency();
    check(hours, "2026-12-31 22:00", "2027-01-01 02:00", "2027-01-03 22:00", (false, false));
}

#[test]
fn due_time_and_cut_off_are_the_policys() {
    let policy = || {
        world().policy(|policy| {
            policy.counting.due_time = Some("17:30:00".parse().expect("a time"));
            policy.counting.cutoff_time = Some("16:00:00".parse().expect("a time"));
        })
    };
    let sure = (false, false);
    check(policy(), "2026-03-02 16:00", "2026-03-04 17:30", "2026-03-09 17:30", sure);
    check(policy(), "2026-03-02 16:01", "2026-03-05 17:30", "2026-03-10 17:30", sure);
    let mut life = policy().file("2026-03-02 10:00");
    life.to("2026-03-04 17:29");
    assert!(life.rungs().is_empty());
    life.to("2026-03-04 17:30").reply("2026-03-09");
    assert_eq!(life.rungs(), ["1 city reply"]);
    assert_eq!(life.deadline(Reply).late_working_days, Some(0), "late, but on the day");
}

#[test]
fn a_warning_goes_out_at_nine_of_the_due_date_or_at_half_time() {
    let warned = |life: &Life| {
        let mut warned = Vec::new();
        for event in &life.events {
            if let EventData::Warned { deadline, .. } = event.data {
                warned.push((deadline, shown(event.at)));
            }
        }
        warned.retain(|(kind, _)| *kind != Acknowledge);
        warned
    };
    let mut ordinary = world().file("2026-03-02 10:00");
    ordinary.to("2026-03-09 24:00");
    let expected = [(Reply, "2026-03-04 09:00"), (Resolve, "2026-03-09 09:00")];
    assert_eq!(warned(&ordinary), expected.map(|(kind, at)| (kind, at.to_owned())));
    let mut emergency = world().emergency().file("2026-03-02 10:00");
    emergency.to("2026-03-05 10:00");
    let expected = [(Reply, "2026-03-02 12:00"), (Resolve, "2026-03-03 22:00")];
    assert_eq!(warned(&emergency), expected.map(|(kind, at)| (kind, at.to_owned())));
}

#[test]
fn one_warning_where_promise_and_limit_fall_on_the_same_day() {
    let mut life = world().file("2026-03-02 10:00");
    life.to("2026-03-03 10:00").reply("2026-03-09").to("2026-03-09 23:00");
    assert_eq!(life.timeline(), ["filed", "replied", "warned"]);
}

#[test]
fn advancing_again_to_the_same_instant_changes_nothing() {
    let mut life = world().file("2026-03-02 10:00");
    for day in 2..31 {
        life.to(&format!("2026-03-{day:02} 12:00"));
        let (ticket, events) = (life.ticket.clone(), life.events.len());
        let now = life.now;
        life.until(now);
        assert_eq!((&life.ticket, life.events.len()), (&ticket, events));
        assert!(wake_at(&life.ticket).is_none_or(|due| due > life.now));
    }
}

#[test]
fn a_step_that_is_not_due_or_was_taken_already_changes_nothing() {
    let life = world().file("2026-03-02 10:00");
    let rules =
        Rules { calendar: calendar(), policy: &life.world.policy, desks: &life.world.desks };
    let decided = |ticket: &Ticket, step, at| {
        decide(ticket, Command::Clock(step), at, &rules).expect("decided")
    };
    let early = decided(&life.ticket, Step::Pass, t("2026-03-04 12:00"));
    assert_eq!((&early.ticket, early.events.len()), (&life.ticket, 0));
    let (due, warning) = next_step(&life.ticket).expect("a warning");
    let early = decided(&life.ticket, warning, due - TimeDelta::milliseconds(1));
    assert_eq!((&early.ticket, early.events.len()), (&life.ticket, 0));
    let warned = decided(&life.ticket, warning, due);
    assert_eq!(warned.events.len(), 1);
    let again = decided(&warned.ticket, warning, due);
    assert_eq!((&again.ticket, again.events.len()), (&warned.ticket, 0));
}

/// What the manufacturer owed, with its fate.
fn fates(life: &Life) -> Vec<(DeadlineKind, DeadlineStatus, String)> {
    let owed = life.ticket.deadlines.iter().filter(|d| d.is_owed_by_manufacturer());
    owed.map(|deadline| (deadline.kind, deadline.status, shown(deadline.due_at))).collect()
}

/// What the ladder was told was missed, and when it was due.
fn misses(life: &Life) -> Vec<(DeadlineKind, String)> {
    let reasons = life.ticket.escalations.iter().flat_map(|escalation| &escalation.reasons);
    let missed = reasons.filter_map(|reason| match reason {
        Reason::Missed { deadline, missed_at } => Some((*deadline, shown(*missed_at))),
        Reason::Unacknowledged { .. } | Reason::Unresolved { .. } | Reason::ByRequest { .. } => {
            None
        }
    });
    missed.collect()
}

fn replied() -> Life {
    let mut life = world().file("2026-03-02 10:00");
    life.to("2026-03-03 10:00").reply("2026-03-05");
    life
}

#[test]
fn after_a_standstill_the_same_is_missed_and_the_same_rung_entered() {
    for begin in [
        replied,
        || world().file("2026-03-02 10:00"),
        || world().emergency().file("2026-03-02 10:00"),
    ] {
        let (mut steps, mut jump) = (begin(), begin());
        steps.to("2026-03-09 24:00");
        jump.jump("2026-03-09 24:00");
        assert_eq!(fates(&jump), fates(&steps));
        assert_eq!(misses(&jump), misses(&steps), "missed_at is the due time");
        // The bureau's own clock starts when it was told.
        assert_eq!(jump.ticket.escalations[0].opened_at, t("2026-03-09 24:00"));
        assert_eq!(jump.due(Acknowledge), "2026-03-12 24:00");
        assert_eq!(jump.rungs().len(), 1);
        // In the end both have climbed the same rungs.
        steps.to("2026-06-01 10:00");
        jump.to("2026-06-01 10:00");
        assert_eq!(fates(&jump), fates(&steps));
        let levels = |life: &Life| -> Vec<_> {
            life.ticket.escalations.iter().map(|e| (e.round, e.level)).collect()
        };
        assert_eq!(levels(&jump), levels(&steps));
    }
}

#[test]
fn every_due_step_is_handled_in_due_order() {
    let mut life = replied();
    life.jump("2026-03-20 10:00");
    let mut missed = Vec::new();
    for event in &life.events {
        if let EventData::Missed { missed_at, .. } = &event.data {
            missed.push(shown(*missed_at));
        }
    }
    assert_eq!(missed, ["2026-03-05 24:00", "2026-03-09 24:00"]);
    let sequence: Vec<_> = life.events.iter().map(|event| event.sequence).collect();
    assert_eq!(sequence, (1..=life.ticket.events).collect::<Vec<_>>());
}

#[test]
fn a_held_clock_is_not_caught_up_with_until_the_dispute() {
    let mut life = replied();
    life.to("2026-03-04 10:00").solve().jump("2026-04-01 10:00");
    let story = ["filed", "replied", "solved", "warning_superseded", "requested"];
    assert_eq!(life.timeline(), story, "only the hospital's own clock went on");
    life.confirm(Verdict::NotSolved);
    assert_eq!(life.rungs(), ["1 city promise+resolve"]);
    assert!(wake_at(&life.ticket).is_some_and(|due| due > life.now + TimeDelta::hours(1)));
}
