//! What a policy sets beside its targets: office hours, warnings, whom a rung tells.
//!
//! **Never** reckons an instant itself: the expected ones are written out.

use supplyline::domain::calendar::Target;
use supplyline::domain::notice::Kind;
use supplyline::domain::policy::{Targets, Told, Warning};
use supplyline::domain::ticket::{DeadlineKind, EventData, Party};

use crate::scenario::{Life, World, shown, world};
use DeadlineKind::{Reply, Resolve};

fn warnings(life: &Life) -> Vec<String> {
    let told = |event: &supplyline::domain::ticket::Event| {
        let EventData::Warned { deadline, .. } = &event.data else { return None };
        Some(format!("{deadline:?} {}", shown(event.at)))
    };
    life.events.iter().filter_map(told).collect()
}

fn office() -> World {
    world().policy(|policy| {
        let (reply, resolve) = (Target::WorkingHours(7), Target::WorkingHours(21));
        policy.ordinary = Targets { reply, resolve };
    })
}

#[test]
fn office_hours_run_on_working_days_alone() {
    // Friday at 16:00 before the festival; the Saturday is a make-up working day.
    let mut life = office().file("2026-02-13 16:00");
    assert_eq!(life.due(Reply), "2026-02-14 16:00");
    assert_eq!(life.due(Resolve), "2026-02-25 16:00");
    life.to("2026-02-14 15:59");
    assert!(life.rungs().is_empty());
    life.to("2026-02-14 16:00");
    assert_eq!(life.rungs().len(), 1, "the reply is missed");
}

#[test]
fn office_hours_that_stood_still_are_given_back() {
    let mut life = office().file("2026-03-02 15:00");
    assert_eq!(life.due(Resolve), "2026-03-05 15:00");
    life.to("2026-03-03 10:00").stop("2026-03-06");
    life.rule(supplyline::domain::ticket::Topic::ForceMajeure, true);
    // Two hours went by on Monday and one on Tuesday: 18 of 21 are left from Monday on.
    life.to("2026-03-09 08:00");
    assert_eq!(life.due(Resolve), "2026-03-11 14:00");
}

#[test]
fn every_warning_of_the_policy_comes_once_and_before_the_due_instant() {
    let policy = world().policy(|policy| {
        policy.warnings.days = vec![
            Warning::OnDueDay("14:00:00".parse().expect("a time")),
            Warning::HalfTime,
            Warning::DaysBefore(1),
        ];
    });
    let mut life = policy.file("2026-03-02 10:00");
    life.to("2026-03-10 00:00");
    let expected = [
        // Half of the 62 hours to Wednesday, 24:00; the day before is earlier.
        "Reply 2026-03-03 09:00",
        "Reply 2026-03-03 17:00",
        "Reply 2026-03-04 14:00",
        "Resolve 2026-03-06 05:00",
        "Resolve 2026-03-06 09:00",
        "Resolve 2026-03-09 14:00",
    ];
    let told: Vec<_> =
        warnings(&life).into_iter().filter(|told| !told.starts_with("Acknowledge")).collect();
    assert_eq!(told, expected);
}

#[test]
fn without_warnings_nobody_is_warned() {
    let mut life = world().policy(|policy| policy.warnings.days.clear()).file("2026-03-02 10:00");
    life.to("2026-03-09 23:59");
    assert!(warnings(&life).is_empty());
}

#[test]
fn a_rung_tells_whom_the_policy_names_beside_its_bureau() {
    let told = |parties: &[Told]| {
        let parties = parties.to_vec();
        let mut life =
            world().policy(|policy| policy.ladder[0].told = parties).file("2026-03-02 10:00");
        life.to("2026-03-02 11:00").escalate();
        let last = life
            .events
            .iter()
            .rev()
            .find(|event| matches!(event.data, EventData::Escalated { .. }));
        let tells = last.expect("escalated").tells.iter();
        tells.filter(|tell| tell.kind == Kind::Escalated).map(|tell| tell.to).collect::<Vec<_>>()
    };
    let parties = |told: &[Party]| told.iter().filter(|to| !matches!(to, Party::Bureau(_))).count();
    let all = told(&[Told::Manufacturer, Told::Hospital, Told::Distributor]);
    assert_eq!(parties(&all), 3);
    assert!(all.contains(&Party::Distributor));
    let none = told(&[]);
    assert_eq!((parties(&none), none.len()), (0, 1), "the bureau always");
}
