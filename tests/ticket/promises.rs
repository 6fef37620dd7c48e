//! How far a promise may reach, and what a new one does.
//!
//! **Never** counts a day itself: the expected dates are written out.

use supplyline::domain::party::Role;
use supplyline::domain::policy::ResolveFrom;
use supplyline::domain::ticket::{DeadlineKind, DeadlineStatus, Refusal, StateName, Verdict};

use crate::scenario::{Life, World, date, person, promise, reply, world};

/// A ticket filed then, replied to at that instant with that day.
fn check(world: World, (filed, at, day): (&str, &str, &str), expected: Result<bool, &str>) {
    let mut life = world.file(filed);
    life.to(at);
    let told = life.attempt(&person(Role::Manufacturer), reply(day)).map_err(|refusal| {
        let Refusal::Invalid { field: "promised_on", code, .. } = refusal else {
            panic!("{refusal}");
        };
        code
    });
    let late = told.map(|()| life.ticket.promises.last().expect("a promise").late);
    assert_eq!(late, expected, "filed {filed}, at {at}, for {day}");
}

#[test]
fn a_promise_lies_between_today_and_the_resolve_limit() {
    for (day, expected) in [
        ("2026-03-02", Err("in_the_past")),
        ("2026-03-03", Ok(false)),
        ("2026-03-07", Ok(false)),
        ("2026-03-09", Ok(false)),
        ("2026-03-10", Err("beyond_limit")),
    ] {
        check(world(), ("2026-03-02 10:00", "2026-03-03 10:00", day), expected);
    }
    let new_year = ("2026-02-13 10:00", "2026-02-14 09:00");
    check(world(), (new_year.0, new_year.1, "2026-02-27"), Ok(false));
    check(world(), (new_year.0, new_year.1, "2026-02-28"), Err("beyond_limit"));
}

#[test]
fn past_the_limit_it_may_reach_five_working_days_and_is_marked_late() {
    for at in ["2026-03-09 24:00", "2026-03-10 10:00"] {
        for (day, expected) in [
            ("2026-03-09", Err("in_the_past")),
            ("2026-03-10", Ok(true)),
            ("2026-03-17", Ok(true)),
            ("2026-03-18", Err("beyond_limit")),
        ] {
            check(world(), ("2026-03-02 10:00", at, day), expected);
        }
    }
    let last_moment = ("2026-03-02 10:00", "2026-03-09 23:59", "2026-03-10");
    check(world(), last_moment, Err("beyond_limit"));
}

#[test]
fn a_late_promise_leaves_the_resolve_deadline_missed() {
    let mut life = world().file("2026-03-02 10:00");
    life.to("2026-03-10 10:00").reply("2026-03-17");
    assert_eq!(life.status(DeadlineKind::Resolve), DeadlineStatus::Missed);
    assert_eq!(life.due(DeadlineKind::Resolve), "2026-03-09 24:00");
    assert_eq!(life.due(DeadlineKind::Promise), "2026-03-17 24:00");
}

#[test]
fn an_emergency_has_four_and_seventy_two_hours() {
    let life = world().emergency().file("2026-02-14 22:00");
    assert_eq!(life.due(DeadlineKind::Reply), "2026-02-15 02:00");
    assert_eq!(life.due(DeadlineKind::Resolve), "2026-02-17 22:00");
    let filed = "2026-03-02 10:00";
    for (at, day, expected) in [
        ("2026-03-02 11:00", "2026-03-01", Err("in_the_past")),
        ("2026-03-02 11:00", "2026-03-02", Ok(false)),
        ("2026-03-02 11:00", "2026-03-05", Ok(false)),
        ("2026-03-02 11:00", "2026-03-06", Err("beyond_limit")),
        ("2026-03-05 09:59", "2026-03-06", Err("beyond_limit")),
        ("2026-03-05 10:00", "2026-03-12", Ok(true)),
        ("2026-03-05 10:00", "2026-03-13", Err("beyond_limit")),
    ] {
        check(world().emergency(), (filed, at, day), expected);
    }
}

#[test]
fn where_the_policy_says_so_the_solution_is_counted_from_the_reply() {
    let from_reply = || world().policy(|policy| policy.resolve_from = ResolveFrom::Reply);
    let mut life = from_reply().file("2026-03-02 10:00");
    assert!(life.ticket.deadline(DeadlineKind::Resolve).is_none());
    life.to("2026-03-04 10:00").reply("2026-03-11");
    assert_eq!(life.due(DeadlineKind::Resolve), "2026-03-11 24:00");
    let at = ("2026-03-02 10:00", "2026-03-04 10:00");
    check(from_reply(), (at.0, at.1, "2026-03-11"), Ok(false));
    check(from_reply(), (at.0, at.1, "2026-03-12"), Err("beyond_limit"));
}

#[test]
fn a_solution_that_counts_as_the_reply_starts_that_clock_too() {
    let mut life =
        world().policy(|policy| policy.resolve_from = ResolveFrom::Reply).file("2026-03-02 10:00");
    life.to("2026-03-04 10:00").solve();
    assert_eq!(life.due(DeadlineKind::Resolve), "2026-03-11 24:00");
    assert_eq!(life.status(DeadlineKind::Resolve), DeadlineStatus::Held);
    life.to("2026-03-20 10:00").confirm(Verdict::NotSolved);
    assert_eq!(life.status(DeadlineKind::Resolve), DeadlineStatus::Missed);
    assert_eq!(life.rungs(), ["1 city resolve"]);
}

/// A ticket whose promise of that day is in force.
fn promised(day: &str) -> Life {
    let mut life = world().file("2026-03-02 10:00");
    life.to("2026-03-03 10:00").reply(day);
    life
}

#[test]
fn a_new_promise_is_a_new_version_and_the_first_stays_on_record() {
    let mut life = promised("2026-03-05");
    life.to("2026-03-05 23:59").promise("2026-03-09").to("2026-03-06 09:00").promise("2026-03-06");
    let versions: Vec<_> =
        life.ticket.promises.iter().map(|promise| (promise.version, promise.promised_on)).collect();
    let expected = [(1, "2026-03-05"), (2, "2026-03-09"), (3, "2026-03-06")];
    assert_eq!(versions, expected.map(|(version, day)| (version, date(day))));
    let of_promises = life.ticket.deadlines.iter().filter(|d| d.kind == DeadlineKind::Promise);
    let statuses: Vec<_> = of_promises.map(|deadline| deadline.status).collect();
    assert_eq!(
        statuses,
        [DeadlineStatus::Stopped, DeadlineStatus::Stopped, DeadlineStatus::Running]
    );
    life.to("2026-03-06 23:59");
    assert!(life.ticket.escalations.is_empty());
}

#[test]
fn once_the_promise_is_due_there_is_no_new_one() {
    let mut life = promised("2026-03-05");
    life.to("2026-03-05 24:00");
    let refusal = life.attempt(&person(Role::Manufacturer), promise("2026-03-09"));
    assert_eq!(refusal, Err(Refusal::PromiseOver(date("2026-03-05"))));
    assert_eq!(life.rungs(), ["1 city promise"]);
}

#[test]
fn a_new_promise_obeys_the_same_limit() {
    let mut life = promised("2026-03-05");
    for day in ["2026-03-02", "2026-03-10"] {
        life.attempt(&person(Role::Manufacturer), promise(day)).expect_err(day);
    }
}

#[test]
fn after_a_dispute_a_promise_is_owed_even_when_the_old_one_is_over() {
    let mut life = promised("2026-03-05");
    life.to("2026-03-05 12:00").solve().to("2026-03-06 09:00").confirm(Verdict::NotSolved);
    assert_eq!(life.status(DeadlineKind::Promise), DeadlineStatus::Missed);
    assert_eq!(life.rungs(), ["1 city promise"]);
    life.promise("2026-03-09");
    assert_eq!(life.state(), StateName::Promised);
    // Now it is in force, and only until it is due.
    life.to("2026-03-09 24:00");
    let refusal = life.attempt(&person(Role::Manufacturer), promise("2026-03-11"));
    assert_eq!(refusal, Err(Refusal::PromiseOver(date("2026-03-09"))));
}
