//! What ends with a ticket or an escalation, who hears of it, and what does not come too late.
//!
//! **Never** leaves a clock running that nobody can stop any more.

use supplyline::domain::ticket::{DeadlineKind, DeadlineStatus, Party};

use crate::scenario::{bureau, t, world};

#[test]
fn a_promise_for_a_sunday_is_warned_of_on_the_friday() {
    let mut life = world().file("2026-03-03 10:00");
    life.reply("2026-03-08");
    assert_eq!(life.deadline(DeadlineKind::Promise).warn_at, Some(t("2026-03-06 09:00")));
    life.to("2026-03-07 00:00");
    assert_eq!(life.timeline(), ["filed", "replied", "warned"]);
}

#[test]
fn every_open_rung_hears_that_the_ticket_ended() {
    let mut life = world().file("2026-03-02 10:00");
    life.to("2026-03-09 24:00");
    assert_eq!(life.rungs().len(), 2, "city and province");
    life.withdraw();
    let told = &life.events.last().expect("withdrawn").tells;
    for division in ["371000", "370000"] {
        let holder = Party::Bureau(bureau(division).organisation.id);
        assert!(told.iter().any(|tell| tell.to == holder), "{division}: {told:?}");
    }
}

#[test]
fn a_concluded_escalation_takes_its_measures_along() {
    let mut life = world().file("2026-03-02 10:00");
    life.to("2026-03-05 09:00");
    life.measure("371000", Some("2026-03-06")).conclude("371000");
    assert_eq!(life.status(DeadlineKind::Measure), DeadlineStatus::Stopped);
    life.to("2026-03-07 09:00");
    let last = life.timeline().pop();
    assert_eq!(last, Some("escalation_closed"), "nobody is told of a miss");
}
