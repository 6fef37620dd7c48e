//! From filing to the end, along every way a ticket can take.
//!
//! **Never** counts a day itself: the expected dates are written out.

use supplyline::domain::party::Role;
use supplyline::domain::ticket::{
    Act, Confirm, DeadlineKind, DeadlineStatus, Rating, Refusal, State, StateName, Verdict, wake_at,
};

use crate::scenario::{Life, date, person, shown, t, urge, world};
use DeadlineKind::{Promise, Reply, Resolve};
use DeadlineStatus::{Held, Met, Missed, Running, Stopped};

fn filed() -> Life {
    world().file("2026-03-02 10:00")
}

fn check(life: &Life, expected: &[(DeadlineKind, DeadlineStatus)]) {
    for (kind, status) in expected {
        assert_eq!(life.status(*kind), *status, "{kind:?} at {}", shown(life.now));
    }
}

#[test]
fn reported_replied_solved_confirmed() {
    let mut life = filed();
    assert_eq!(life.due(Reply), "2026-03-04 24:00");
    assert_eq!(life.due(Resolve), "2026-03-09 24:00");
    life.to("2026-03-03 09:00").reply("2026-03-06");
    assert_eq!(life.due(Promise), "2026-03-06 24:00");
    life.to("2026-03-05 15:00").solve();
    check(&life, &[(Reply, Met), (Promise, Held), (Resolve, Held)]);
    life.to("2026-03-06 10:00").confirm(Verdict::Solved);
    check(&life, &[(Reply, Met), (Promise, Met), (Resolve, Met)]);
    assert_eq!(life.deadline(Resolve).met_at, Some(t("2026-03-05 15:00")));
    assert_eq!(life.timeline(), ["filed", "replied", "solved", "confirmed"]);
    assert_eq!(life.ticket.state, State::Closed { at: t("2026-03-06 10:00") });
    assert_eq!((wake_at(&life.ticket), life.rungs().len()), (None, 0));
}

#[test]
fn a_late_reply_stays_missed_and_says_by_how_much() {
    for (at, days) in [("2026-03-04 24:00", 1), ("2026-03-06 18:00", 2), ("2026-03-08 10:00", 2)] {
        let mut life = filed();
        life.to(at).reply("2026-03-09");
        check(&life, &[(Reply, Missed)]);
        let reply = life.deadline(Reply);
        assert_eq!((reply.late_working_days, reply.met_at), (Some(days), Some(t(at))));
        assert_eq!(life.state(), StateName::Promised);
    }
}

#[test]
fn the_due_instant_is_exclusive() {
    let mut life = filed();
    life.until(t("2026-03-04 24:00") - chrono::TimeDelta::milliseconds(1)).reply("2026-03-09");
    check(&life, &[(Reply, Met)]);
    assert!(life.rungs().is_empty());
    let mut life = filed();
    life.until(t("2026-03-04 24:00")).reply("2026-03-09");
    check(&life, &[(Reply, Missed)]);
    assert_eq!(life.rungs(), ["1 city reply"]);
}

#[test]
fn a_solution_of_an_open_ticket_counts_as_the_reply() {
    let mut life = filed();
    life.to("2026-03-03 10:00").solve();
    check(&life, &[(Reply, Met), (Resolve, Held)]);
    let mut late = filed();
    late.to("2026-03-05 10:00").solve();
    check(&late, &[(Reply, Missed), (Resolve, Held)]);
    assert_eq!(late.deadline(Reply).late_working_days, Some(1));
}

#[test]
fn nothing_fires_while_the_hospital_has_not_answered() {
    let mut life = filed();
    life.to("2026-03-03 10:00").reply("2026-03-05").to("2026-03-04 10:00").solve();
    assert_eq!(wake_at(&life.ticket), Some(t("2026-03-11 24:00")), "the reminder");
    life.to("2026-06-30 10:00").confirm(Verdict::Solved);
    check(&life, &[(Promise, Met), (Resolve, Met)]);
    assert_eq!(life.deadline(Resolve).met_at, Some(t("2026-03-04 10:00")));
    assert!(life.rungs().is_empty());
}

#[test]
fn the_ladder_waits_too_while_the_hospital_has_not_answered() {
    let mut life = filed();
    life.to("2026-03-06 10:00").solve();
    assert_eq!(wake_at(&life.ticket), Some(t("2026-03-13 24:00")), "the hospital's reminder");
    life.to("2026-04-01 10:00");
    assert_eq!(life.rungs(), ["1 city reply"]);
    life.confirm(Verdict::NotSolved);
    assert_eq!(life.rungs(), ["1 city reply+resolve", "1 province unacknowledged"]);
}

#[test]
fn a_dispute_ahead_of_the_due_date_lets_the_clock_run_on() {
    for verdict in [Verdict::Partly, Verdict::NotSolved] {
        let mut life = filed();
        life.to("2026-03-03 10:00").reply("2026-03-06").to("2026-03-04 10:00").solve();
        life.to("2026-03-05 10:00").confirm(verdict);
        check(&life, &[(Promise, Running), (Resolve, Running)]);
        assert_eq!(life.due(Resolve), "2026-03-09 24:00");
        assert_eq!(life.ticket.state, State::Promised { owes_promise: true });
        life.to("2026-03-06 24:00");
        assert_eq!(life.rungs(), ["1 city promise"]);
        life.to("2026-03-09 24:00");
        assert_eq!(life.rungs()[0], "1 city promise+resolve");
    }
}

#[test]
fn a_dispute_after_the_due_date_is_a_miss_now_and_starts_the_ladder_once() {
    let mut life = filed();
    life.to("2026-03-03 10:00").reply("2026-03-06").to("2026-03-05 10:00").solve();
    life.to("2026-03-16 10:00").confirm(Verdict::NotSolved);
    check(&life, &[(Promise, Missed), (Resolve, Missed)]);
    assert_eq!(life.rungs(), ["1 city promise+resolve"]);
    assert_eq!(life.ticket.escalations[0].opened_at, t("2026-03-16 10:00"));
    // Once: a second solution and a second dispute add nothing.
    life.promise("2026-03-20").solve().to("2026-03-17 10:00").confirm(Verdict::NotSolved);
    assert_eq!(life.rungs(), ["1 city promise+resolve"]);
    assert_eq!(life.due(Resolve), "2026-03-09 24:00");
}

#[test]
fn a_remaining_quantity_is_kept_until_the_end() {
    let mut life = filed();
    life.to("2026-03-03 10:00").solve().confirm(Verdict::Partly);
    assert_eq!(life.ticket.remaining_quantity, Some(40));
    life.promise("2026-03-06").solve().confirm(Verdict::NotSolved);
    assert_eq!(life.ticket.remaining_quantity, Some(40));
    life.solve().confirm(Verdict::Solved);
    assert_eq!(life.ticket.remaining_quantity, None);
}

#[test]
fn a_partial_solution_names_what_is_missing() {
    let mut life = filed();
    life.to("2026-03-03 10:00").solve();
    let silent =
        Confirm { result: Verdict::Partly, remaining_quantity: None, rating: None, comment: None };
    let refusal = life.attempt(&person(Role::Hospital), Act::Confirm(silent));
    assert!(matches!(refusal, Err(Refusal::Invalid { field: "remaining_quantity", .. })));
}

#[test]
fn goods_that_simply_arrived_close_an_open_ticket_with_a_rating() {
    let mut life = filed();
    life.to("2026-03-03 10:00");
    let arrived = Confirm {
        result: Verdict::Solved,
        remaining_quantity: None,
        rating: Some(Rating::Satisfied),
        comment: None,
    };
    life.attempt(&person(Role::Hospital), Act::Confirm(arrived)).expect("closed");
    check(&life, &[(Resolve, Met)]);
    assert_eq!((life.state(), life.ticket.rating), (StateName::Closed, Some(Rating::Satisfied)));
}

#[test]
fn a_withdrawn_ticket_is_judged_no_more_but_a_miss_stays() {
    let mut life = filed();
    life.to("2026-03-05 10:00").withdraw();
    check(&life, &[(Reply, Missed), (Resolve, Stopped)]);
    assert_eq!(life.rungs(), ["1 city reply closed"]);
    assert_eq!(wake_at(&life.ticket), None);
    let events = life.events.len();
    life.jump("2026-12-01 10:00");
    assert_eq!((life.state(), life.events.len()), (StateName::Withdrawn, events));
}

#[test]
fn the_hospital_urges_once_per_working_day() {
    // Friday, Saturday, Monday; around the Spring Festival 02-14 is worked, 02-15…02-23 rest.
    for (first, refused, next) in [
        ("2026-03-02 10:30", "2026-03-02 23:59", "2026-03-03 00:00"),
        ("2026-03-06 10:00", "2026-03-08 10:00", "2026-03-09 08:00"),
        ("2026-03-07 10:00", "2026-03-08 10:00", "2026-03-09 08:00"),
        ("2026-02-13 10:00", "2026-02-13 18:00", "2026-02-14 08:00"),
        ("2026-02-14 10:00", "2026-02-22 10:00", "2026-02-24 08:00"),
    ] {
        let (day, _) = first.split_once(' ').expect("a day and a time");
        let mut life = world().file("2026-02-13 09:00");
        life.to(first).urge().to(refused);
        let again = life.attempt(&person(Role::Hospital), urge());
        assert_eq!(again, Err(Refusal::UrgedAlready(date(day))), "{first} {refused}");
        life.to(next).urge();
    }
}

#[test]
fn closing_the_ticket_closes_its_escalations() {
    let mut life = filed();
    life.to("2026-03-10 10:00");
    assert_eq!(life.rungs(), ["1 city reply+resolve", "1 province unacknowledged"]);
    life.confirm(Verdict::Solved);
    assert_eq!(life.rungs(), ["1 city reply+resolve closed", "1 province unacknowledged closed"]);
    check(&life, &[(Reply, Missed), (Resolve, Missed)]);
    assert_eq!(life.deadline(Resolve).late_working_days, Some(1));
}
