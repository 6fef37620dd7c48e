//! Who is told what, on which channel, and when.
//!
//! **Never** asks the code whom it tells; the table is the page's.

use supplyline::domain::notice::{Channel, Kind, channels, leaves_at};
use supplyline::domain::party::Role;
use supplyline::domain::policy::{QuietHours, Urgency};
use supplyline::domain::template::Variable;
use supplyline::domain::ticket::{
    Act, Audience, DeadlineKind, Event, EventData, Party, Reachable, Tell, Topic, Verdict,
};

use crate::scenario::{Life, bureau, calendar, organisation, person, shown, t, world};

/// What each party is told by an event: manufacturer, hospital, bureau of the rung, distributor.
/// `-` is nothing, `app` the in-app mailbox alone. The bureau's holds while one is in charge.
fn row(data: &EventData) -> [&'static str; 4] {
    match data {
        EventData::Filed { .. } => ["mail sms", "-", "-", "mail"],
        EventData::Warned { deadline: DeadlineKind::Acknowledge, .. } => ["-", "-", "mail", "-"],
        EventData::Warned { deadline: DeadlineKind::Confirm, .. } => ["-", "mail sms", "-", "-"],
        EventData::Warned { .. } => ["mail sms", "-", "-", "-"],
        EventData::Requested { topic: Topic::Silence, .. } => ["-", "mail sms", "mail", "-"],
        EventData::Requested { .. } => ["-", "app", "mail sms", "-"],
        EventData::Decided { on: Topic::Silence, granted: false, .. } => {
            ["mail sms", "-", "app", "-"]
        }
        EventData::Decided { .. } | EventData::Resumed { .. } => ["mail", "mail", "mail", "app"],
        EventData::Distributor { .. } => ["-", "app", "-", "mail"],
        // One letter tells of the whole batch.
        EventData::Replanned { .. } => ["-", "-", "-", "-"],
        EventData::WarningSuperseded { .. } => ["-", "-", "-", "-"],
        // The bureau is told by the escalation that follows, or of what joins the open one.
        EventData::Missed { deadlines, joined: None, .. } => match deadlines.as_slice() {
            [DeadlineKind::Acknowledge] => ["-", "-", "-", "-"],
            [DeadlineKind::Measure] => ["mail sms", "mail", "mail sms", "-"],
            _ => ["mail sms", "mail", "-", "-"],
        },
        EventData::Missed { joined: Some(_), .. } => ["mail sms", "mail", "mail sms", "-"],
        EventData::Escalated { .. } => ["mail sms", "mail", "mail sms", "-"],
        EventData::Replied { .. } | EventData::Promised { .. } => ["-", "mail", "app", "app"],
        EventData::Solved { .. } => ["-", "mail", "app", "-"],
        EventData::Confirmed { result: Verdict::Solved, .. } | EventData::Withdrawn { .. } => {
            ["mail", "mail", "mail", "app"]
        }
        EventData::Confirmed { .. } | EventData::Urged { .. } => ["mail sms", "-", "app", "-"],
        EventData::Message { audience } | EventData::Attached { audience, .. } => match audience {
            Audience::All => ["app", "app", "app", "app"],
            Audience::HospitalBureau => ["-", "app", "app", "-"],
            Audience::Bureau => ["-", "-", "app", "-"],
            Audience::Own => ["-", "app", "-", "-"],
        },
        EventData::Acknowledged { .. }
        | EventData::Measure { .. }
        | EventData::EscalationClosed { .. } => ["mail", "mail", "-", "app"],
    }
}

fn on(tells: &[Tell], to: impl Fn(Party) -> bool) -> String {
    let mut told = tells.iter().filter(|tell| to(tell.to));
    let Some(tell) = told.next() else { return "-".to_owned() };
    let channel = |channel: &Channel| match channel {
        Channel::Mail => "mail",
        Channel::Sms => "sms",
        Channel::Robot => "robot",
    };
    let names: Vec<_> = channels(tell.kind, tell.to).iter().map(channel).collect();
    if names.is_empty() { "app".to_owned() } else { names.join(" ") }
}

/// Every event of the life tells whom the table names, and nobody twice.
fn check(life: &Life) {
    let mut rungs = Vec::new();
    for (index, event) in life.events.iter().enumerate() {
        check_variables(event);
        if let EventData::Escalated { level, .. } = &event.data {
            rungs.push(*level);
        }
        let [manufacturer, hospital, bureau, distributor] = row(&event.data);
        // The first rung is entered by the miss that told the parties already.
        let by_miss = index.checked_sub(1).and_then(|before| life.events.get(before));
        let (manufacturer, hospital) =
            if enters_by_miss(event, by_miss) { ("-", "-") } else { (manufacturer, hospital) };
        let found = [
            on(&event.tells, |to| to == Party::Manufacturer),
            on(&event.tells, |to| to == Party::Hospital),
            on(&event.tells, |to| matches!(to, Party::Bureau(_))),
            on(&event.tells, |to| to == Party::Distributor),
        ];
        // Who decides is asked whether a rung was entered or not.
        let asks = matches!(event.data, EventData::Requested { .. });
        let bureau_hears = asks || !rungs.is_empty();
        let expected =
            [manufacturer, hospital, if bureau_hears { bureau } else { "-" }, distributor];
        assert_eq!(found, expected, "{}: {:?}", shown(event.at), event.data);
        let mut parties: Vec<_> = event.tells.iter().map(|tell| tell.to).collect();
        parties.dedup();
        assert_eq!(parties.len(), event.tells.len(), "{:?}", event.tells);
        if let EventData::EscalationClosed { level, .. } = &event.data {
            rungs.retain(|open| open != level);
        }
    }
}

/// What texts may show of an event is what its brief holds.
fn check_variables(event: &Event) {
    let brief = &event.brief;
    for tell in &event.tells {
        let knows = |variable: Variable| variable.is_known(tell.kind);
        let told = format!("{:?} {:?}", tell.kind, event.data);
        assert_eq!(knows(Variable::PromisedOn), brief.promised_on.is_some(), "{told}");
        assert!(!knows(Variable::Level) || brief.level.is_some(), "{told}");
        assert!(knows(Variable::DueAt) || brief.deadlines.is_empty(), "{told}");
        if matches!(tell.to, Party::Bureau(_)) {
            assert!(!knows(Variable::Bureau) || brief.bureau.is_some(), "{told}");
        }
    }
}

fn enters_by_miss(event: &Event, before: Option<&Event>) -> bool {
    let first = matches!(event.data, EventData::Escalated { .. }) && event.by.is_none();
    let Some(EventData::Missed { joined: None, deadlines, .. }) = before.map(|event| &event.data)
    else {
        return false;
    };
    first && deadlines.iter().any(|kind| *kind != DeadlineKind::Acknowledge)
}

#[test]
fn a_kept_promise() {
    let mut life = world().file("2026-03-02 10:00");
    life.to("2026-03-03 09:00").message(Role::Hospital, Audience::All).urge().reply("2026-03-05");
    life.to("2026-03-05 10:00").promise("2026-03-06").solve().confirm(Verdict::Solved);
    check(&life);
}

#[test]
fn everything_that_bureaus_decide() {
    for granted in [true, false] {
        let mut life = world().file("2026-03-02 10:00");
        life.to("2026-03-03 09:00").extend("2026-03-16").rule(Topic::Extension, granted);
        life.stop("2026-03-31").rule(Topic::ForceMajeure, granted).escalate();
        if granted {
            life.to("2026-03-10 09:00").rule(Topic::Resume, true);
        }
        life.give_back().rule(Topic::Return, granted);
        check(&life);
        let mut life = world().file("2026-03-02 10:00");
        let distributor = organisation(33);
        life.attempt(&person(Role::Manufacturer), Act::Distributor { distributor }).expect("done");
        life.solve().to("2026-03-25 10:00").rule(Topic::Silence, granted);
        check(&life);
    }
}

#[test]
fn a_ticket_nobody_answers() {
    let mut life = world().file("2026-03-02 10:00");
    life.to("2026-03-06 10:00").urge().to("2026-03-16 10:00");
    life.message(Role::Hospital, Audience::HospitalBureau);
    life.attach(Role::Hospital, Audience::All).withdraw();
    assert_eq!(life.rungs().len(), 2);
    check(&life);
}

#[test]
fn a_ticket_the_bureau_works_on() {
    let mut life = world().file("2026-03-02 10:00");
    life.to("2026-03-05 10:00").acknowledge("371000").reply("2026-03-06");
    life.measure("371000", Some("2026-03-10")).message(Role::Hospital, Audience::Bureau);
    life.promise("2026-03-06").solve().confirm(Verdict::Partly).to("2026-03-11 10:00").urge();
    life.conclude("371000").escalate().message(Role::Hospital, Audience::Own);
    life.solve().confirm(Verdict::Solved);
    check(&life);
}

#[test]
fn a_standstill() {
    let mut life = world().file("2026-03-02 10:00");
    life.jump("2026-03-20 10:00");
    assert!(life.timeline().contains(&"warning_superseded"));
    check(&life);
}

#[test]
fn each_rungs_bureau_is_told_of_its_own() {
    let mut life = world().file("2026-03-02 10:00");
    life.escalate().to("2026-03-02 11:00").escalate().to("2026-03-04 09:00");
    let warned: Vec<_> = life
        .events
        .iter()
        .filter(|event| {
            matches!(event.data, EventData::Warned { deadline: DeadlineKind::Acknowledge, .. })
        })
        .flat_map(|event| event.tells.iter().map(|tell| tell.to))
        .collect();
    let holders = ["371000", "370000"].map(|code| Party::Bureau(bureau(code).organisation.id));
    assert_eq!(warned, holders);
}

#[test]
fn a_manufacturer_nobody_can_reach_is_the_provinces() {
    let mut unreachable = world();
    unreachable.reachable = Reachable::No;
    let life = unreachable.file("2026-03-02 10:00");
    let filed = life.events.first().expect("filed");
    assert!(matches!(filed.data, EventData::Filed { no_contact: true }));
    let province = Party::Bureau(organisation(370_000));
    assert!(filed.tells.contains(&Tell { kind: Kind::NoContact, to: province }));
    assert_eq!(channels(Kind::NoContact, province), [Channel::Mail]);
}

fn leaves(kind: Kind, urgency: Urgency, at: &str, expected: &str) {
    let leaves = leaves_at(kind, urgency, t(at), (calendar(), Some(QuietHours::default())));
    assert_eq!(leaves, t(expected), "{kind:?} {urgency:?} {at}");
}

fn is_urgent(kind: Kind) -> bool {
    match kind {
        Kind::Missed | Kind::Escalated => true,
        Kind::Filed
        | Kind::Warning
        | Kind::Replied
        | Kind::Promised
        | Kind::Solved
        | Kind::Disputed
        | Kind::Urged
        | Kind::Closed
        | Kind::Withdrawn
        | Kind::Message
        | Kind::Attached
        | Kind::Acknowledged
        | Kind::Measure
        | Kind::EscalationClosed
        | Kind::Distributor
        | Kind::NoContact
        | Kind::ReturnAsked
        | Kind::ReturnRefused
        | Kind::Returned
        | Kind::ExtensionAsked
        | Kind::ExtensionGranted
        | Kind::ExtensionRefused
        | Kind::ForceMajeureAsked
        | Kind::Stopped
        | Kind::StopRefused
        | Kind::Resumed
        | Kind::Silent => false,
    }
}

#[test]
fn what_is_not_urgent_waits_for_the_working_day() {
    for (at, expected) in [
        ("2026-03-03 07:59", "2026-03-03 08:00"),
        ("2026-03-03 08:00", "2026-03-03 08:00"),
        ("2026-03-03 19:59", "2026-03-03 19:59"),
        ("2026-03-03 20:00", "2026-03-04 08:00"),
        ("2026-03-06 23:00", "2026-03-09 08:00"),
        ("2026-03-07 10:00", "2026-03-09 08:00"),
        ("2026-02-14 10:00", "2026-02-14 10:00"),
        ("2026-02-14 20:30", "2026-02-24 08:00"),
        ("2026-02-27 21:00", "2026-02-28 08:00"),
        ("2026-10-01 10:00", "2026-10-08 08:00"),
    ] {
        for kind in Kind::ALL {
            let expected = if is_urgent(kind) { at } else { expected };
            leaves(kind, Urgency::Ordinary, at, expected);
            leaves(kind, Urgency::Emergency, at, at);
        }
    }
}
