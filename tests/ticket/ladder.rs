//! The ladder: what starts it, what climbs, what ends it.
//!
//! **Never** counts a day itself: the expected dates are written out.

use supplyline::domain::party::{Level, Role};
use supplyline::domain::policy::Rung;
use supplyline::domain::ticket::{DeadlineKind, DeadlineStatus, Refusal, Verdict};

use crate::scenario::{
    Life, acknowledge, bureau, conclude, date, escalate, measure, person, t, world,
};
use DeadlineKind::{Acknowledge, Resolve};

/// Filed on Monday 2026-03-02; the reply is missed on Wednesday's midnight.
fn silent() -> Life {
    world().file("2026-03-02 10:00")
}

/// Replied in time; nothing is due before Monday 2026-03-09, 24:00.
fn promised(day: &str) -> Life {
    let mut life = silent();
    life.to("2026-03-03 10:00").reply(day);
    life
}

#[test]
fn a_missed_reply_starts_it_and_later_misses_join() {
    let mut life = silent();
    life.to("2026-03-04 23:59");
    assert!(life.rungs().is_empty());
    life.to("2026-03-04 24:00");
    assert_eq!(life.rungs(), ["1 city reply"]);
    assert_eq!(life.due(Acknowledge), "2026-03-09 24:00");
    life.to("2026-03-06 10:00").acknowledge("371000").reply("2026-03-06").to("2026-03-06 24:00");
    assert_eq!(life.rungs(), ["1 city reply+promise"]);
    life.to("2026-03-09 24:00");
    assert_eq!(life.rungs(), ["1 city reply+promise+resolve"]);
}

#[test]
fn a_missed_promise_starts_it() {
    let mut life = promised("2026-03-05");
    life.to("2026-03-05 24:00");
    assert_eq!(life.rungs(), ["1 city promise"]);
}

#[test]
fn a_missed_resolve_starts_it() {
    let mut life = silent();
    life.to("2026-03-03 10:00").solve().confirm(Verdict::NotSolved).to("2026-03-09 24:00");
    assert_eq!(life.rungs(), ["1 city resolve"]);
}

#[test]
fn promise_and_resolve_missed_at_once_enter_it_once() {
    let mut life = promised("2026-03-09");
    life.to("2026-03-09 24:00");
    assert_eq!(life.rungs(), ["1 city resolve+promise"]);
    let misses = life.timeline().into_iter().filter(|name| *name == "missed").count();
    assert_eq!(misses, 1);
}

#[test]
fn nobody_at_the_bureau_for_two_working_days_is_the_provinces() {
    let mut life = promised("2026-03-05");
    // Told on Friday 03-06, 00:00: two working days later is Tuesday's midnight.
    life.to("2026-03-10 23:59");
    assert_eq!(life.rungs().len(), 1);
    life.to("2026-03-10 24:00");
    assert_eq!(life.rungs(), ["1 city promise+resolve", "1 province unacknowledged"]);
    assert_eq!(life.ticket.escalations[1].climbs_at, None, "there is nowhere to climb");
    // Rung 2 is the top: it is entered once, and later misses are the province's.
    life.to("2026-06-01 10:00");
    assert_eq!(life.rungs().len(), 2);
}

#[test]
fn an_acknowledged_rung_still_climbs_after_five_working_days() {
    let mut life = promised("2026-03-05");
    life.to("2026-03-06 10:00").acknowledge("371000").to("2026-03-13 23:59");
    assert_eq!(life.rungs().len(), 1);
    assert_eq!(life.status(Acknowledge), DeadlineStatus::Met);
    life.to("2026-03-13 24:00");
    assert_eq!(life.rungs(), ["1 city promise+resolve", "1 province unresolved"]);
}

#[test]
fn a_measure_counts_as_acting() {
    let mut life = promised("2026-03-05");
    life.to("2026-03-06 10:00").measure("371000", None).to("2026-03-13 23:59");
    assert_eq!(life.rungs().len(), 1);
    assert_eq!(life.ticket.escalations[0].acknowledged_at, None);
    life.to("2026-03-13 24:00");
    assert_eq!(life.rungs().len(), 2);
}

#[test]
fn a_closed_ticket_does_not_climb() {
    let mut life = promised("2026-03-05");
    life.to("2026-03-06 10:00").acknowledge("371000").solve().confirm(Verdict::Solved);
    life.to("2026-06-01 10:00");
    assert_eq!(life.rungs(), ["1 city promise closed"]);
}

#[test]
fn a_solution_reported_late_does_not_stop_the_climb() {
    let mut life = promised("2026-03-09");
    life.to("2026-03-10 10:00").acknowledge("371000").solve().to("2026-03-17 24:00");
    assert_eq!(life.rungs(), ["1 city resolve+promise", "1 province unresolved"]);
}

#[test]
fn the_hospital_may_ask_for_each_rung_until_the_top() {
    let mut life = silent();
    life.escalate();
    assert_eq!(life.rungs(), ["1 city request"]);
    life.escalate();
    assert_eq!(life.rungs(), ["1 city request", "1 province request"]);
    let refusal = life.attempt(&person(Role::Hospital), escalate());
    assert_eq!(refusal, Err(Refusal::TopOfLadder));
    // A later miss joins the highest open rung; the city's silence enters nothing twice.
    life.to("2026-03-12 10:00");
    assert_eq!(life.rungs(), ["1 city request", "1 province request+reply+resolve"]);
}

#[test]
fn a_miss_after_the_bureaus_conclusion_begins_a_new_round() {
    let mut life = promised("2026-03-05");
    life.to("2026-03-06 10:00").acknowledge("371000").conclude("371000");
    assert_eq!(life.rungs(), ["1 city promise closed"]);
    life.to("2026-03-09 24:00");
    assert_eq!(life.rungs(), ["1 city promise closed", "2 city resolve"]);
    life.to("2026-03-12 24:00");
    assert_eq!(
        life.rungs(),
        ["1 city promise closed", "2 city resolve", "2 province unacknowledged"]
    );
}

#[test]
fn a_conclusion_does_not_close_the_ticket_and_ends_the_climb() {
    let mut life = promised("2026-03-09");
    life.to("2026-03-10 10:00").conclude("371000");
    assert!(!life.ticket.state.is_final());
    life.to("2026-06-01 10:00");
    assert_eq!(life.rungs(), ["1 city resolve+promise closed"]);
}

#[test]
fn nobody_but_the_holding_bureau_acts_on_it() {
    let mut life = promised("2026-03-05");
    life.to("2026-03-06 10:00");
    let held = life.held("371000");
    for division in ["370000", "371002", "370900"] {
        for act in [acknowledge(held), measure(held, None), conclude(held)] {
            let kind = act.kind();
            let refusal = life.attempt(&bureau(division), act);
            assert_eq!(refusal, Err(Refusal::Forbidden(kind)), "{division}");
        }
    }
}

#[test]
fn an_escalation_is_acknowledged_once_and_closed_for_good() {
    let city = bureau("371000");
    let mut life = promised("2026-03-05");
    life.to("2026-03-06 10:00").acknowledge("371000");
    let held = life.held("371000");
    assert_eq!(life.attempt(&city, acknowledge(held)), Err(Refusal::AcknowledgedAlready));
    life.conclude("371000");
    for act in [acknowledge(held), measure(held, None), conclude(held)] {
        assert_eq!(life.attempt(&city, act), Err(Refusal::EscalationClosed));
    }
}

#[test]
fn a_measure_has_its_own_deadline_which_starts_no_ladder() {
    let mut life = promised("2026-03-05");
    life.to("2026-03-06 10:00").measure("371000", Some("2026-03-11"));
    assert_eq!(life.due(DeadlineKind::Measure), "2026-03-11 24:00");
    life.to("2026-03-11 24:00");
    assert_eq!(life.status(DeadlineKind::Measure), DeadlineStatus::Missed);
    assert_eq!(life.rungs(), ["1 city promise+resolve"]);
    let past = measure(life.held("371000"), Some("2026-03-11"));
    let refusal = life.attempt(&bureau("371000"), past);
    assert!(matches!(refusal, Err(Refusal::Invalid { field: "due_on", .. })));
}

#[test]
fn where_the_policy_says_so_the_county_is_first() {
    let county = |level| Rung::of(level, 2, 5);
    let levels = [Level::County, Level::City, Level::Province];
    let mut life = world()
        .policy(|policy| policy.ladder = levels.map(county).to_vec())
        .file("2026-03-02 10:00");
    life.to("2026-03-03 10:00").reply("2026-03-05").to("2026-03-05 24:00");
    assert_eq!(life.rungs(), ["1 county promise"]);
    assert_eq!(life.ticket.escalations[0].bureau, Some(bureau("371002").organisation.id));
    life.to("2026-03-10 24:00");
    assert_eq!(life.rungs(), ["1 county promise+resolve", "1 city unacknowledged"]);
    life.to("2026-03-13 10:00").acknowledge("371000").escalate();
    assert_eq!(life.rungs()[2], "1 province request");
    let refusal = life.attempt(&person(Role::Hospital), escalate());
    assert_eq!(refusal, Err(Refusal::TopOfLadder));
    // The county's and the city's five working days enter nothing a second time.
    life.to("2026-06-01 10:00");
    assert_eq!(life.rungs().len(), 3);
}

#[test]
fn a_rung_remembers_when_and_why() {
    let mut life = promised("2026-03-09");
    life.jump("2026-03-10 09:30");
    let escalation = &life.ticket.escalations[0];
    assert_eq!(escalation.opened_at, t("2026-03-10 09:30"));
    assert_eq!(escalation.climbs_at, Some(t("2026-03-17 24:00")));
    assert_eq!(life.deadline(Resolve).due_on, date("2026-03-09"));
    life.acknowledge("371000");
    assert_eq!(life.ticket.escalations[0].acknowledged_at, Some(t("2026-03-10 09:30")));
}

#[test]
fn a_request_passes_over_a_rung_that_was_concluded() {
    let rung = |level| Rung::of(level, 2, 5);
    let levels = [Level::County, Level::City, Level::Province];
    let mut life =
        world().policy(|policy| policy.ladder = levels.map(rung).to_vec()).file("2026-03-02 10:00");
    life.escalate().escalate().conclude("371000").escalate();
    assert_eq!(life.rungs(), ["1 county request", "1 city request closed", "1 province request"]);
}
