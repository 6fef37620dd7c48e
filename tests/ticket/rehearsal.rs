//! What another policy would have made of a life.
//!
//! **Never** lets the other policy change what the parties did.

use supplyline::domain::calendar::Target;
use supplyline::domain::party::Level;
use supplyline::domain::policy::{Policy, ResolveFrom, Rung};
use supplyline::domain::ticket::Rules;
use supplyline::domain::ticket::rehearsal::Outcome;

use crate::scenario::{Life, calendar, t, world};
use Level::{City, County, Province};

fn under(life: &Life, change: impl FnOnce(&mut Policy)) -> Outcome {
    let mut policy = life.world.policy.clone();
    change(&mut policy);
    let rules = Rules { calendar: calendar(), policy: &policy, desks: &[] };
    Outcome::under(&life.ticket, life.now, &rules).expect("in range")
}

fn outcome(reply_missed: bool, resolve_missed: bool, levels: &[Level]) -> Outcome {
    Outcome { reply_missed, resolve_missed, levels: levels.to_vec() }
}

#[test]
fn a_shorter_limit_is_missed_by_an_answer_that_was_in_time() {
    let mut life = world().file("2026-03-02 10:00");
    life.to("2026-03-04 09:00").reply("2026-03-06");
    life.to("2026-03-06 10:00").solve();
    life.confirm(supplyline::domain::ticket::Verdict::Solved);
    assert_eq!(under(&life, |_| {}), outcome(false, false, &[]));
    let one = under(&life, |policy| policy.ordinary.reply = Target::WorkingDays(1));
    assert_eq!(one, outcome(true, false, &[City]));
    let three = under(&life, |policy| policy.ordinary.resolve = Target::WorkingDays(3));
    assert_eq!(three, outcome(false, true, &[City]));
    let hours = under(&life, |policy| policy.ordinary.reply = Target::WorkingHours(13));
    assert!(hours.reply_missed, "13 office hours end on Tuesday at 17:00");
    let later = under(&life, |policy| {
        policy.ordinary.resolve = Target::WorkingDays(3);
        policy.resolve_from = ResolveFrom::Reply;
    });
    assert_eq!(later, outcome(false, false, &[]), "from Wednesday on there is time until Monday");
}

#[test]
fn silence_climbs_as_fast_as_the_ladder_says() {
    let mut life = world().file("2026-03-02 10:00");
    life.to("2026-03-12 10:00");
    assert_eq!(Outcome::on_record(&life.ticket), outcome(true, true, &[City, Province]));
    assert_eq!(under(&life, |_| {}), outcome(true, true, &[City, Province]));
    let long = under(&life, |policy| policy.ordinary.reply = Target::WorkingDays(5));
    assert_eq!(long, outcome(true, true, &[City]), "the city has until Wednesday");
    let all = under(&life, |policy| policy.ladder.insert(0, Rung::of(County, 1, 1)));
    assert_eq!(all, outcome(true, true, &[County, City, Province]));
    let generous = under(&life, |policy| {
        policy.ordinary.reply = Target::WorkingDays(20);
        policy.ordinary.resolve = Target::WorkingDays(30);
    });
    assert_eq!(generous, outcome(false, false, &[]), "nothing is due yet");
}

#[test]
fn a_bureau_is_as_quick_as_it_was() {
    let mut life = world().file("2026-03-02 10:00");
    life.to("2026-03-05 09:00").acknowledge("371000");
    life.to("2026-03-13 10:00");
    let levels = under(&life, |policy| policy.ladder[0].close_within = 9).levels;
    assert_eq!(levels, [City], "it acted within a day, so it has nine");
    assert_eq!(under(&life, |_| {}).levels, Outcome::on_record(&life.ticket).levels);
}

#[test]
fn the_hospitals_own_call_is_heard_under_any_rules() {
    let mut life = world().file("2026-03-02 10:00");
    life.to("2026-03-02 11:00").escalate();
    life.to("2026-03-02 12:00");
    let patient = under(&life, |policy| policy.ordinary.reply = Target::WorkingDays(20));
    assert_eq!(patient.levels, [City]);
    assert_eq!(life.now, t("2026-03-02 12:00"));
}
