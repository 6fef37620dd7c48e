//! Whose desk a rung lands on, and what the timeline says of those passed over.
//!
//! **Never** looks a division up: the codes are real and written out.

use supplyline::domain::escalation::{Skipped, SkippedBecause};
use supplyline::domain::party::{Level, Role};
use supplyline::domain::policy::Rung;
use supplyline::domain::ticket::{DeadlineKind, EventData, Refusal};

use crate::scenario::{World, bureau, escalate, person, t, world};
use SkippedBecause::{DirectlyUnderProvince, FunctionalZone, Municipality, NoBureau, VacantDesk};

struct Expected<'a> {
    rung: &'a str,
    holder: Option<&'a str>,
    skipped: &'a [(Level, SkippedBecause)],
}

/// The reply is missed: which rung is entered, who holds it, and what the event says.
fn check(world: World, expected: &Expected<'_>) {
    let division = world.division;
    let mut life = world.file("2026-03-02 10:00");
    life.to("2026-03-04 24:00");
    assert_eq!(life.rungs(), [expected.rung], "{division}");
    let holder = expected.holder.map(|code| bureau(code).organisation.id);
    let held_by = life.ticket.open_escalation().and_then(|escalation| escalation.bureau);
    assert_eq!(held_by, holder, "{division}");
    let event = life.events.last().expect("an event");
    let EventData::Escalated { skipped, bureau, .. } = &event.data else {
        panic!("{:?}", event.data);
    };
    let told: Vec<_> = expected
        .skipped
        .iter()
        .map(|(level, because)| Skipped { level: *level, because: *because })
        .collect();
    assert_eq!((skipped, *bureau), (&told, holder), "{division}");
}

fn county_first(world: World) -> World {
    let rung = |level| Rung::of(level, 2, 5);
    let levels = [Level::County, Level::City, Level::Province];
    world.policy(|policy| policy.ladder = levels.map(rung).to_vec())
}

#[test]
fn the_city_bureau_of_the_hospitals_division() {
    let expected = Expected { rung: "1 city reply", holder: Some("371000"), skipped: &[] };
    check(world(), &expected);
}

#[test]
fn a_municipality_directly_under_the_centre_has_no_city() {
    let beijing = world().at("110105", &[("110105", true), ("110000", true)]);
    let skipped = [(Level::City, Municipality)];
    check(
        beijing,
        &Expected { rung: "1 province reply", holder: Some("110000"), skipped: &skipped },
    );
}

#[test]
fn a_county_directly_under_its_province_has_no_city() {
    let xiantao = world().at("429004", &[("429004", true), ("420000", true)]);
    let skipped = [(Level::City, DirectlyUnderProvince)];
    check(
        xiantao,
        &Expected { rung: "1 province reply", holder: Some("420000"), skipped: &skipped },
    );
}

#[test]
fn a_functional_zone_is_its_citys() {
    let desks = [("370100", true), ("370000", true)];
    let zone = || world().at("370171", &desks);
    check(zone(), &Expected { rung: "1 city reply", holder: Some("370100"), skipped: &[] });
    let skipped = [(Level::County, FunctionalZone)];
    let expected = Expected { rung: "1 city reply", holder: Some("370100"), skipped: &skipped };
    check(county_first(zone()), &expected);
}

#[test]
fn a_vacant_desk_goes_to_the_next_level_at_once() {
    let vacant = world().at("371002", &[("371000", false), ("370000", true)]);
    let skipped = [(Level::City, VacantDesk)];
    check(
        vacant,
        &Expected { rung: "1 province reply", holder: Some("370000"), skipped: &skipped },
    );
    let none = county_first(world().at("371002", &[("371002", false), ("370000", true)]));
    let skipped = [(Level::County, VacantDesk), (Level::City, NoBureau)];
    check(none, &Expected { rung: "1 province reply", holder: Some("370000"), skipped: &skipped });
}

#[test]
fn the_times_are_those_of_the_rung_reached() {
    let rung = |(level, days)| Rung::of(level, days, days);
    let ladder = [(Level::County, 1), (Level::City, 3), (Level::Province, 5)].map(rung).to_vec();
    let vacant = world().at("371002", &[("371002", false), ("371000", true), ("370000", true)]);
    let mut life = vacant.policy(|policy| policy.ladder = ladder).file("2026-03-02 10:00");
    life.to("2026-03-04 24:00");
    assert_eq!(life.rungs(), ["1 city reply"]);
    assert_eq!(life.due(DeadlineKind::Acknowledge), "2026-03-10 24:00");
    assert_eq!(life.ticket.escalations[0].climbs_at, Some(t("2026-03-10 24:00")));
}

#[test]
fn without_any_bureau_the_rung_is_entered_and_nobody_holds_it() {
    let skipped = [(Level::City, NoBureau), (Level::Province, NoBureau)];
    let nowhere = world().at("371002", &[]);
    check(nowhere, &Expected { rung: "1 province reply", holder: None, skipped: &skipped });
}

#[test]
fn a_rung_reached_by_passing_over_is_the_top_if_it_is() {
    let mut life = world().at("110105", &[("110000", true)]).file("2026-03-02 10:00");
    life.escalate();
    assert_eq!(life.rungs(), ["1 province request"]);
    assert_eq!(life.attempt(&person(Role::Hospital), escalate()), Err(Refusal::TopOfLadder));
    life.to("2026-06-01 10:00");
    assert_eq!(life.rungs(), ["1 province request+reply+resolve"]);
}
