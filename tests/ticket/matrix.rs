//! Who may do what in which state: every combination.
//!
//! **Never** asks the code what it allows; the table is written out here.

use supplyline::domain::party::{Actor, Role};
use supplyline::domain::ticket::{
    Act, ActKind, Audience, Refusal, StateName, Topic, Verdict, possible,
};

use crate::scenario::{
    Life, acknowledge, ask_return, attach, bureau, conclude, confirm, escalate, extension,
    force_majeure, measure, organisation, person, promise, reply, ruling, solve, urge, world,
};

/// Who may (hospital, manufacturer, distributor, bureau) and when (open, promised, solved,
/// closed, withdrawn, returned).
fn row(act: ActKind) -> (&'static str, &'static str) {
    match act {
        ActKind::Reply => ("-M--", "O-----"),
        ActKind::Promise => ("-M--", "-P----"),
        ActKind::Solve => ("-M--", "OP----"),
        ActKind::Confirm => ("H---", "OPS---"),
        ActKind::Withdraw => ("H---", "OPS---"),
        ActKind::Urge => ("H---", "OP----"),
        ActKind::Escalate => ("H---", "OPS---"),
        ActKind::Return => ("-M--", "OP----"),
        ActKind::Extension => ("-M--", "OP----"),
        ActKind::ForceMajeure => ("-MD-", "OP----"),
        ActKind::Distributor => ("-M--", "OPS---"),
        ActKind::Decide => ("---B", "OPS---"),
        ActKind::Message | ActKind::Attach => ("HMDB", "OPSCWR"),
        ActKind::Acknowledge => ("---B", "OPS---"),
        ActKind::Measure => ("---B", "OPS---"),
        ActKind::CloseEscalation => ("---B", "OPS---"),
    }
}

fn letter_of_role(role: Role) -> char {
    match role {
        Role::Hospital => 'H',
        Role::Manufacturer => 'M',
        Role::Distributor => 'D',
        Role::Bureau => 'B',
        Role::Admin | Role::Security | Role::Auditor => '·',
    }
}

fn letter_of_state(state: StateName) -> char {
    match state {
        StateName::Open => 'O',
        StateName::Promised => 'P',
        StateName::Solved => 'S',
        StateName::Closed => 'C',
        StateName::Withdrawn => 'W',
        StateName::Returned => 'R',
    }
}

/// A ticket in the state, escalated by request to the city, on Tuesday 2026-03-03.
fn life_in(state: StateName) -> Life {
    let mut life = world().file("2026-03-02 10:00");
    life.escalate().to("2026-03-03 10:00");
    match state {
        StateName::Open => {}
        StateName::Promised => {
            life.reply("2026-03-06");
        }
        StateName::Solved => {
            life.reply("2026-03-06").solve();
        }
        StateName::Closed => {
            life.solve().confirm(Verdict::Solved);
        }
        StateName::Withdrawn => {
            life.withdraw();
        }
        StateName::Returned => {
            life.give_back().rule(Topic::Return, true);
        }
    }
    life
}

/// The same with something to decide: an extension asked for, or a hospital that is silent.
fn asked(state: StateName) -> Life {
    let mut life = world().file("2026-03-02 10:00");
    life.to("2026-03-03 10:00").extend("2026-03-16");
    match state {
        StateName::Open => {}
        StateName::Promised => {
            life.reply("2026-03-06");
        }
        StateName::Solved => {
            life.solve();
        }
        StateName::Closed => {
            life.solve().confirm(Verdict::Solved);
        }
        StateName::Withdrawn => {
            life.withdraw();
        }
        StateName::Returned => {
            life.give_back().rule(Topic::Return, true);
        }
    }
    life
}

/// A well-formed act of the kind.
fn act(kind: ActKind, life: &Life) -> Act {
    let escalation = || life.held("371000");
    match kind {
        ActKind::Reply => reply("2026-03-06"),
        ActKind::Promise => promise("2026-03-09"),
        ActKind::Solve => solve(),
        ActKind::Confirm => confirm(Verdict::Solved),
        ActKind::Withdraw => Act::Withdraw { reason: "已到货".to_owned() },
        ActKind::Urge => urge(),
        ActKind::Escalate => escalate(),
        ActKind::Return => ask_return(),
        ActKind::Extension => extension("2026-03-16"),
        ActKind::ForceMajeure => force_majeure("2026-03-31"),
        ActKind::Distributor => Act::Distributor { distributor: organisation(33) },
        ActKind::Decide => ruling(Topic::Extension, true),
        ActKind::Message => Act::Message { body: "在吗".to_owned(), audience: Audience::All },
        ActKind::Attach => attach(Audience::All),
        ActKind::Acknowledge => acknowledge(escalation()),
        ActKind::Measure => measure(escalation(), Some("2026-03-06")),
        ActKind::CloseEscalation => conclude(escalation()),
    }
}

#[derive(Debug, PartialEq)]
enum Outcome {
    Done,
    Forbidden,
    State,
}

fn outcome(life: &mut Life, actor: &Actor, act: Act) -> Outcome {
    let (kind, state) = (act.kind(), life.state());
    match life.attempt(actor, act) {
        Ok(()) => Outcome::Done,
        Err(Refusal::Forbidden(act)) if act == kind => Outcome::Forbidden,
        Err(Refusal::State { state: s, act, .. }) if s == state && act == kind => Outcome::State,
        Err(other) => panic!("{kind:?} in {state:?}: {other}"),
    }
}

#[test]
fn every_act_of_every_role_in_every_state_is_as_the_table_says() {
    for state in StateName::ALL {
        for kind in ActKind::ALL {
            for role in Role::ALL {
                let mut life = if kind == ActKind::Decide { asked(state) } else { life_in(state) };
                assert_eq!(life.state(), state);
                let (who, when) = row(kind);
                let expected = match (
                    who.contains(letter_of_role(role)),
                    when.contains(letter_of_state(state)),
                ) {
                    (false, _) => Outcome::Forbidden,
                    (true, false) => Outcome::State,
                    (true, true) => Outcome::Done,
                };
                let actor = person(role);
                let listed = possible(&life.ticket, &actor).contains(&kind);
                assert_eq!(listed, expected == Outcome::Done, "{state:?} {kind:?} {role:?}");
                let act = act(kind, &life);
                let found = outcome(&mut life, &actor, act);
                assert_eq!(found, expected, "{state:?} {kind:?} {role:?}");
            }
        }
    }
}

#[test]
fn only_a_reported_solution_can_be_disputed() {
    let hospital = person(Role::Hospital);
    for verdict in [Verdict::Partly, Verdict::NotSolved] {
        for (state, expected) in [
            (StateName::Open, Outcome::State),
            (StateName::Promised, Outcome::State),
            (StateName::Solved, Outcome::Done),
        ] {
            let mut life = life_in(state);
            assert_eq!(outcome(&mut life, &hospital, confirm(verdict)), expected, "{state:?}");
        }
    }
}

#[test]
fn the_checks_come_in_order() {
    let mut closed = life_in(StateName::Closed);
    let in_the_past = || reply("2026-02-01");
    assert_eq!(outcome(&mut closed, &person(Role::Hospital), in_the_past()), Outcome::Forbidden);
    assert_eq!(outcome(&mut closed, &person(Role::Manufacturer), in_the_past()), Outcome::State);
    let mut open = life_in(StateName::Open);
    let refusal = open.attempt(&person(Role::Manufacturer), in_the_past()).expect_err("refused");
    assert!(matches!(refusal, Refusal::Invalid { field: "promised_on", .. }), "{refusal}");
}

#[test]
fn only_the_bureau_that_holds_an_escalation_is_offered_acts_on_it() {
    let mut life = life_in(StateName::Open);
    let offered = |life: &Life, division: &str| possible(&life.ticket, &bureau(division)).len();
    // Anybody who sees the ticket may write a message and add a file.
    assert_eq!((offered(&life, "371000"), offered(&life, "370000")), (5, 2));
    life.conclude("371000");
    assert_eq!(offered(&life, "371000"), 2);
}

#[test]
fn a_refused_act_leaves_no_trace() {
    let mut life = life_in(StateName::Open);
    let (ticket, events) = (life.ticket.clone(), life.events.len());
    life.attempt(&person(Role::Manufacturer), reply("2026-12-31")).expect_err("beyond the limit");
    assert_eq!((life.ticket, life.events.len()), (ticket, events));
}
