//! What holds whatever anybody does, whenever.
//!
//! **Never** expects an act to succeed: refusals are part of the life.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, TimeDelta};
use proptest::prelude::*;
use proptest::sample::select;
use supplyline::domain::calendar::local_date;
use supplyline::domain::id::EscalationId;
use supplyline::domain::party::Role;
use supplyline::domain::policy::ResolveFrom;
use supplyline::domain::ticket::rehearsal::Outcome;
use supplyline::domain::ticket::{
    Act, ActKind, Audience, DeadlineKind, DeadlineStatus, Rules, StateName, Ticket, Topic, Verdict,
    wake_at,
};
use uuid::Uuid;

use crate::scenario::{
    Life, World, acknowledge, ask_return, attach, bureau, calendar, conclude, confirm, escalate,
    extension, force_majeure, measure, organisation, person, promise, reply, ruling, solve, urge,
    world,
};

#[derive(Debug, Clone)]
struct Step {
    minutes: i64,
    role: Role,
    kind: ActKind,
    day: u64,
    verdict: Verdict,
    escalation: usize,
    province: bool,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let minutes = prop_oneof![Just(0), 0_i64..600, 0_i64..6000, Just(30_000_i64)];
    let verdicts = vec![Verdict::Solved, Verdict::Partly, Verdict::NotSolved];
    // Those who may act are drawn more often than the rest.
    let act = prop_oneof![
        8 => select(ActKind::ALL.to_vec()).prop_map(|kind| (role_of(kind), kind)),
        1 => (select(Role::ALL.to_vec()), select(ActKind::ALL.to_vec())),
    ];
    let step = (minutes, act, 0_u64..12, select(verdicts), 0_usize..4, any::<bool>());
    let step = step.prop_map(|(minutes, (role, kind), day, verdict, escalation, province)| Step {
        minutes,
        role,
        kind,
        day,
        verdict,
        escalation,
        province,
    });
    prop::collection::vec(step, 1..30)
}

fn role_of(kind: ActKind) -> Role {
    match kind {
        ActKind::Reply | ActKind::Promise | ActKind::Solve => Role::Manufacturer,
        ActKind::Confirm | ActKind::Withdraw | ActKind::Urge | ActKind::Escalate => Role::Hospital,
        ActKind::Return | ActKind::Extension | ActKind::Distributor => Role::Manufacturer,
        ActKind::ForceMajeure | ActKind::Message | ActKind::Attach => Role::Distributor,
        ActKind::Decide | ActKind::Acknowledge | ActKind::Measure | ActKind::CloseEscalation => {
            Role::Bureau
        }
    }
}

fn worlds() -> impl Strategy<Value = (bool, bool, u8)> {
    (any::<bool>(), any::<bool>(), 0_u8..3)
}

fn build((emergency, from_reply, place): (bool, bool, u8)) -> World {
    let world = match place {
        0 => world(),
        1 => world().at("110105", &[("110000", true)]),
        _ => world().at("371002", &[("371000", false)]),
    };
    let world = if emergency { world.emergency() } else { world };
    world.policy(|policy| {
        if from_reply {
            policy.resolve_from = ResolveFrom::Reply;
        }
    })
}

fn act(step: &Step, life: &Life) -> Act {
    let day = local_date(life.now) + Days::new(step.day) - Days::new(1);
    let day = day.to_string();
    let found = life.ticket.escalations.get(step.escalation);
    let escalation = found.map_or(EscalationId(Uuid::nil()), |escalation| escalation.id);
    match step.kind {
        ActKind::Reply => reply(&day),
        ActKind::Promise => promise(&day),
        ActKind::Solve => solve(),
        ActKind::Confirm => confirm(step.verdict),
        ActKind::Withdraw => Act::Withdraw { reason: "已到货".to_owned() },
        ActKind::Urge => urge(),
        ActKind::Escalate => escalate(),
        ActKind::Return => ask_return(),
        ActKind::Extension => extension(&day),
        ActKind::ForceMajeure => force_majeure(&day),
        ActKind::Distributor => Act::Distributor { distributor: organisation(step.day.into()) },
        ActKind::Decide => {
            let waiting = life.ticket.undecided();
            let topic = waiting.get(step.escalation).or(waiting.first());
            // Refusing to resume is refused; everything else goes either way.
            ruling(topic.copied().unwrap_or(Topic::Silence), step.province || step.day > 4)
        }
        ActKind::Message => Act::Message { body: "在吗".to_owned(), audience: Audience::All },
        ActKind::Attach => attach(Audience::HospitalBureau),
        ActKind::Acknowledge => acknowledge(escalation),
        ActKind::Measure => measure(escalation, Some(&day)),
        ActKind::CloseEscalation => conclude(escalation),
    }
}

/// What must never change once it is so.
#[derive(Default)]
struct Memory {
    missed: BTreeMap<(DeadlineKind, u16), chrono::DateTime<chrono::Utc>>,
    promises: usize,
    ended: Option<StateName>,
}

fn check(life: &Life, memory: &mut Memory) {
    let ticket = &life.ticket;
    assert!(wake_at(ticket).is_none_or(|due| due > life.now), "something is still due");
    let sequence: Vec<_> = life.events.iter().map(|event| event.sequence).collect();
    assert_eq!(sequence, (1..=ticket.events).collect::<Vec<_>>());
    assert!(life.events.is_sorted_by_key(|event| event.at));
    let versions: Vec<_> = ticket.promises.iter().map(|p| usize::from(p.version)).collect();
    assert_eq!(versions, (1..=ticket.promises.len()).collect::<Vec<_>>());
    assert!(ticket.promises.len() >= memory.promises);
    memory.promises = ticket.promises.len();
    let rungs: BTreeSet<_> = ticket.escalations.iter().map(|e| (e.round, e.level)).collect();
    assert_eq!(rungs.len(), ticket.escalations.len(), "a rung is entered once a round");
    check_deadlines(ticket, memory);
    check_end(ticket, memory);
}

fn check_deadlines(ticket: &Ticket, memory: &mut Memory) {
    let keys: BTreeSet<_> = ticket.deadlines.iter().map(|d| (d.kind, d.ordinal)).collect();
    assert_eq!(keys.len(), ticket.deadlines.len(), "one deadline per kind and ordinal");
    let owed = [DeadlineKind::Reply, DeadlineKind::Resolve, DeadlineKind::Promise];
    for deadline in &ticket.deadlines {
        let key = (deadline.kind, deadline.ordinal);
        if deadline.status == DeadlineStatus::Missed {
            assert_eq!(deadline.met_at.is_some(), deadline.late_working_days.is_some());
            let due_at = memory.missed.entry(key).or_insert(deadline.due_at);
            assert_eq!(*due_at, deadline.due_at);
        } else {
            assert!(!memory.missed.contains_key(&key), "{key:?} was missed");
        }
        if deadline.status == DeadlineStatus::Met && owed.contains(&deadline.kind) {
            assert!(deadline.met_at.is_some_and(|met_at| met_at < deadline.due_at), "{key:?}");
        }
    }
}

fn check_end(ticket: &Ticket, memory: &mut Memory) {
    let state = ticket.state.name();
    assert!(memory.ended.is_none_or(|ended| ended == state), "an end is for good");
    if state.is_final() {
        memory.ended = Some(state);
        assert!(ticket.escalations.iter().all(|escalation| !escalation.is_open()));
        assert!(ticket.deadlines.iter().all(|d| !d.is_running() && !d.is_paused()));
        assert!(ticket.undecided().is_empty(), "nothing is left to decide");
        assert_eq!(wake_at(ticket), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whatever_anybody_does(world in worlds(), steps in steps()) {
        let mut life = build(world).file("2026-01-05 10:00");
        let mut memory = Memory::default();
        check(&life, &mut memory);
        for step in steps {
            let later = life.now + TimeDelta::minutes(step.minutes);
            life.until(later);
            check(&life, &mut memory);
            let of_province = step.province && step.role == Role::Bureau;
            let actor = if of_province { bureau("370000") } else { person(step.role) };
            let act = act(&step, &life);
            // A refusal is an answer too.
            drop(life.attempt(&actor, act));
            check(&life, &mut memory);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Tried on its own policy, a ticket's record says what it says.
    #[test]
    fn a_rehearsal_of_the_policy_that_ruled_changes_nothing(
        of in worlds(),
        steps in steps(),
    ) {
        let mut life = build((of.0, of.1, of.2.min(1))).file("2026-02-11 09:30");
        for step in &steps {
            life.until(life.now + TimeDelta::minutes(step.minutes));
            let actor = match (step.role, step.province) {
                (Role::Bureau, true) => bureau("370000"),
                (Role::Bureau, false) => bureau("371000"),
                (role, _) => person(role),
            };
            // Force majeure is approximate: its end is known by the day.
            if step.kind != ActKind::ForceMajeure {
                drop(life.attempt(&actor, act(step, &life)));
            }
        }
        let rules = Rules { calendar: calendar(), policy: &life.world.policy, desks: &[] };
        let under = Outcome::under(&life.ticket, life.now, &rules).expect("in range");
        let on_record = Outcome::on_record(&life.ticket);
        prop_assert_eq!(under.reply_missed, on_record.reply_missed, "{:#?}", life.ticket);
        prop_assert_eq!(under.resolve_missed, on_record.resolve_missed, "{:#?}", life.ticket);
    }
}
