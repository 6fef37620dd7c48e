//! Returns, extensions, standstills and silent hospitals: the arithmetic and the turns.
//!
//! **Never** takes a date from the code; each is counted by hand from the 2026 calendar.

use supplyline::domain::escalation::Reason;
use supplyline::domain::party::Role;
use supplyline::domain::policy::ResolveFrom;
use supplyline::domain::ticket::{
    ActKind, DeadlineKind, DeadlineStatus, EventData, Refusal, Ruling, StateName, Topic, Verdict,
    possible,
};

use crate::scenario::{
    Life, ask_return, bureau, calendar, extension, force_majeure, person, promise, reply, ruling,
    shown, world,
};

fn refused(life: &mut Life, role: Role, act: supplyline::domain::ticket::Act) -> String {
    match life.attempt(&person(role), act).expect_err("refused") {
        Refusal::OutOfTurn { code, possible, .. } => {
            assert!(!possible.is_empty(), "{code} says what is possible");
            code.to_owned()
        }
        Refusal::Invalid { field, code, .. } => format!("{field} {code}"),
        Refusal::Forbidden(_) => "forbidden".to_owned(),
        other @ (Refusal::State { .. }
        | Refusal::PromiseOver(_)
        | Refusal::UrgedAlready(_)
        | Refusal::TopOfLadder
        | Refusal::EscalationClosed
        | Refusal::AcknowledgedAlready
        | Refusal::Calendar(_)) => panic!("{other}"),
    }
}

#[test]
fn a_standstill_gives_back_exactly_the_working_days_that_were_left() {
    // Filed on Monday 2026-03-02: reply due on the 4th, solution on the 9th.
    let mut life = world().file("2026-03-02 10:00");
    life.to("2026-03-03 15:00").stop("2026-03-13").rule(Topic::ForceMajeure, true);
    assert_eq!(life.status(DeadlineKind::Reply), DeadlineStatus::Stopped);
    life.to("2026-03-13 23:59");
    assert_eq!(life.timeline(), ["filed", "requested", "decided"], "nothing fires");
    // One day was left to reply, four to solve; Friday the 13th is the resumption's date.
    life.to("2026-03-14 00:00");
    assert_eq!(life.due(DeadlineKind::Reply), "2026-03-16 24:00");
    assert_eq!(life.due(DeadlineKind::Resolve), "2026-03-19 24:00");
    life.to("2026-03-19 24:00");
    assert_eq!(life.status(DeadlineKind::Resolve), DeadlineStatus::Missed);
}

#[test]
fn a_bureau_resumes_before_the_expected_end() {
    let mut life = world().file("2026-03-02 10:00");
    life.to("2026-03-03 15:00").stop("2026-04-30").rule(Topic::ForceMajeure, true);
    life.to("2026-03-05 09:00").rule(Topic::Resume, true);
    assert_eq!(life.due(DeadlineKind::Reply), "2026-03-06 24:00");
    assert_eq!(life.due(DeadlineKind::Resolve), "2026-03-11 24:00");
    assert_eq!(life.ticket.stopped, None);
}

#[test]
fn a_standstill_over_a_festival_counts_make_up_days() {
    // Friday 2026-02-13; Saturday the 14th and the 28th are worked, 15 to 23 February rest.
    let mut life = world().file("2026-02-13 10:00");
    assert_eq!(life.due(DeadlineKind::Resolve), "2026-02-27 24:00");
    life.stop("2026-02-26").rule(Topic::ForceMajeure, true);
    life.to("2026-02-27 08:00");
    // Five were left: 02-27, 02-28 (make-up), 03-02, 03-03, 03-04.
    assert_eq!(life.due(DeadlineKind::Resolve), "2026-03-04 24:00");
    let resolve = life.deadline(DeadlineKind::Resolve);
    let days = resolve.explain(calendar(), &life.world.policy).expect("explained");
    let counted: Vec<_> =
        days.iter().filter(|day| day.counted).map(|d| d.date.to_string()).collect();
    assert_eq!(counted, ["2026-02-27", "2026-02-28", "2026-03-02", "2026-03-03", "2026-03-04"]);
    assert_eq!(days.first().map(|day| day.date.to_string()), Some("2026-02-13".to_owned()));
}

#[test]
fn an_emergency_stands_still_by_the_clock() {
    let mut life = world().emergency().file("2026-03-02 10:00");
    life.to("2026-03-02 11:00").stop("2026-03-31").rule(Topic::ForceMajeure, true);
    life.to("2026-03-02 16:30").rule(Topic::Resume, true);
    assert_eq!(life.due(DeadlineKind::Reply), "2026-03-02 19:30");
    assert_eq!(life.due(DeadlineKind::Resolve), "2026-03-05 15:30");
}

#[test]
fn what_is_done_during_a_standstill_is_in_time() {
    let mut life = world().file("2026-03-02 10:00");
    life.stop("2026-03-31").rule(Topic::ForceMajeure, true);
    // The solution may be promised up to five working days after the expected end.
    life.to("2026-03-20 10:00");
    assert_eq!(
        refused(&mut life, Role::Manufacturer, reply("2026-04-09")),
        "promised_on beyond_limit"
    );
    life.reply("2026-04-08");
    assert_eq!(life.status(DeadlineKind::Reply), DeadlineStatus::Met);
    life.solve().to("2026-04-01 09:00");
    assert_eq!(life.status(DeadlineKind::Resolve), DeadlineStatus::Held, "reported in time");
    life.confirm(Verdict::NotSolved);
    assert_eq!(life.due(DeadlineKind::Resolve), "2026-04-08 24:00");
    assert_eq!(life.status(DeadlineKind::Resolve), DeadlineStatus::Running);
}

#[test]
fn a_solution_disputed_while_the_clocks_stand_still_lets_them_stand() {
    let mut life = world().file("2026-03-02 10:00");
    life.to("2026-03-03 10:00").stop("2026-03-20").solve();
    life.to("2026-03-04 10:00").rule(Topic::ForceMajeure, true);
    life.to("2026-03-12 10:00").confirm(Verdict::NotSolved);
    assert!(life.rungs().is_empty(), "nothing fires while the clocks stand still");
    life.to("2026-03-21 00:00");
    // 03-05, 03-06 and 03-09 were left.
    assert_eq!(life.due(DeadlineKind::Resolve), "2026-03-25 24:00");
    assert_eq!(life.status(DeadlineKind::Resolve), DeadlineStatus::Running);
    life.to("2026-03-25 24:00");
    assert_eq!(life.rungs(), ["1 city resolve"]);
}

#[test]
fn a_solution_disputed_late_is_missed_at_once_though_the_clocks_stand_still() {
    let mut life = world().file("2026-03-02 10:00");
    life.to("2026-03-03 10:00").stop("2026-03-20").solve();
    life.to("2026-03-10 10:00").rule(Topic::ForceMajeure, true);
    life.to("2026-03-12 10:00").confirm(Verdict::NotSolved);
    assert_eq!(life.rungs(), ["1 city resolve"], "it had passed before they were stopped");
    life.to("2026-03-31 10:00");
    assert_eq!(life.due(DeadlineKind::Resolve), "2026-03-09 24:00");
}

#[test]
fn nothing_goes_on_after_a_solved_ticket_with_stopped_clocks_is_withdrawn() {
    let mut life = world().file("2026-03-02 10:00");
    life.to("2026-03-03 10:00").stop("2026-03-20").solve();
    life.rule(Topic::ForceMajeure, true).withdraw();
    assert!(life.ticket.deadlines.iter().all(|deadline| !deadline.is_paused()));
}

#[test]
fn a_rung_that_stood_still_climbs_later() {
    let mut life = world().file("2026-03-02 10:00");
    life.to("2026-03-05 10:00").acknowledge("371000");
    assert_eq!(life.rungs(), ["1 city reply"]);
    // Five working days after 2026-03-05 (the instant the miss was told) would be 03-12.
    life.stop("2026-03-20").rule(Topic::ForceMajeure, true).to("2026-03-20 12:00");
    assert_eq!(life.rungs().len(), 1);
    life.to("2026-03-27 23:59");
    assert_eq!(life.rungs().len(), 1);
    life.to("2026-03-28 00:00");
    assert_eq!(life.rungs().len(), 2, "{:?}", life.ticket.escalations);
}

#[test]
fn an_extension_moves_the_deadline_only_on_consent() {
    let mut life = world().file("2026-03-02 10:00");
    life.extend("2026-03-20");
    assert_eq!(life.due(DeadlineKind::Resolve), "2026-03-09 24:00");
    life.rule(Topic::Extension, true);
    assert_eq!(life.due(DeadlineKind::Resolve), "2026-03-20 24:00");
    life.reply("2026-03-20").to("2026-03-20 23:59");
    assert_eq!(life.status(DeadlineKind::Resolve), DeadlineStatus::Running);
}

#[test]
fn an_extension_is_bounded_and_asked_for_twice_at_most() {
    let mut life = world().file("2026-03-02 10:00");
    // Twenty working days after 2026-03-09; Monday 04-06 rests for Qingming.
    let maker = Role::Manufacturer;
    assert_eq!(refused(&mut life, maker, extension("2026-03-09")), "until not_later");
    assert_eq!(refused(&mut life, maker, extension("2026-04-08")), "until beyond_limit");
    life.extend("2026-04-07");
    assert_eq!(refused(&mut life, maker, extension("2026-03-20")), "pending");
    life.rule(Topic::Extension, false).extend("2026-03-12").rule(Topic::Extension, true);
    assert_eq!(refused(&mut life, maker, extension("2026-03-20")), "extensions_used");
    assert!(!possible(&life.ticket, &person(maker)).contains(&ActKind::Extension));
}

#[test]
fn an_extension_comes_before_the_due_time() {
    let mut life = world().file("2026-03-02 10:00");
    life.reply("2026-03-09").to("2026-03-09 23:59").extend("2026-03-20").to("2026-03-09 24:00");
    assert_eq!(life.status(DeadlineKind::Resolve), DeadlineStatus::Missed);
    // Granted after the miss: the miss stays, and a new deadline stands beside it.
    life.to("2026-03-11 10:00").rule(Topic::Extension, true);
    let resolve: Vec<_> = life
        .ticket
        .deadlines
        .iter()
        .filter(|deadline| deadline.kind == DeadlineKind::Resolve)
        .map(|deadline| (deadline.status, shown(deadline.due_at)))
        .collect();
    assert_eq!(
        resolve,
        [
            (DeadlineStatus::Missed, "2026-03-09 24:00".to_owned()),
            (DeadlineStatus::Running, "2026-03-20 24:00".to_owned())
        ]
    );
    life.promise("2026-03-20");
    let mut late = world().file("2026-03-02 10:00");
    late.reply("2026-03-09").to("2026-03-09 24:00");
    assert_eq!(refused(&mut late, Role::Manufacturer, extension("2026-03-20")), "deadline_over");
    let mut unset =
        world().policy(|p| p.resolve_from = ResolveFrom::Reply).file("2026-03-02 10:00");
    assert_eq!(refused(&mut unset, Role::Manufacturer, extension("2026-03-20")), "deadline_over");
}

#[test]
fn a_return_is_asked_for_once_and_the_clocks_run_on() {
    let mut life = world().file("2026-03-02 10:00");
    life.give_back().to("2026-03-04 24:00");
    assert_eq!(life.rungs(), ["1 city reply"], "the clocks ran on");
    life.rule(Topic::Return, false);
    assert_eq!(life.state(), StateName::Open);
    assert_eq!(refused(&mut life, Role::Manufacturer, ask_return()), "returned_already");
    let mut accepted = world().file("2026-03-02 10:00");
    accepted.extend("2026-03-20").give_back().rule(Topic::Return, true);
    assert_eq!(accepted.state(), StateName::Returned);
    let outcomes: Vec<_> =
        accepted.ticket.requests.iter().map(|r| r.outcome.as_ref().map(|o| o.verdict)).collect();
    assert_eq!(outcomes, [Some(Ruling::Lapsed), Some(Ruling::Granted)]);
}

#[test]
fn only_what_waits_is_decided_and_only_by_whose_turn_it_is() {
    let mut life = world().file("2026-03-02 10:00");
    assert_eq!(refused(&mut life, Role::Bureau, ruling(Topic::Return, true)), "nothing_to_decide");
    life.give_back();
    assert_eq!(refused(&mut life, Role::Bureau, ruling(Topic::Silence, true)), "nothing_to_decide");
    for division in ["371002", "370000"] {
        let decided = life.attempt(&bureau(division), ruling(Topic::Return, true));
        assert_eq!(decided, Err(Refusal::Forbidden(ActKind::Decide)), "{division}");
    }
    // The province may decide once it is in charge.
    life.escalate().escalate();
    life.attempt(&bureau("370000"), ruling(Topic::Return, false)).expect("in charge");
    life.stop("2026-03-31");
    assert_eq!(refused(&mut life, Role::Manufacturer, force_majeure("2026-03-31")), "pending");
    life.rule(Topic::ForceMajeure, true);
    assert_eq!(
        refused(&mut life, Role::Manufacturer, force_majeure("2026-03-31")),
        "stopped_already"
    );
    assert_eq!(refused(&mut life, Role::Bureau, ruling(Topic::Resume, false)), "granted unknown");
}

#[test]
fn a_decision_that_comes_after_the_day_it_is_about_can_only_be_a_refusal() {
    let mut life = world().file("2026-03-02 10:00");
    life.stop("2026-03-03").to("2026-03-04 10:00");
    let bureau = Role::Bureau;
    assert_eq!(
        refused(&mut life, bureau, ruling(Topic::ForceMajeure, true)),
        "granted in_the_past"
    );
    life.rule(Topic::ForceMajeure, false).extend("2026-03-10").to("2026-03-11 10:00");
    assert_eq!(refused(&mut life, bureau, ruling(Topic::Extension, true)), "granted in_the_past");
}

/// Solved on Tuesday 2026-03-03: the fifth working day is the 10th, the tenth the 17th.
fn silent() -> Life {
    let mut life = world().file("2026-03-02 10:00");
    life.to("2026-03-03 10:00").solve().to("2026-03-10 23:59");
    assert_eq!(life.timeline(), ["filed", "solved"]);
    life.to("2026-03-10 24:00");
    assert_eq!(life.timeline(), ["filed", "solved", "warned"]);
    assert_eq!(refused(&mut life, Role::Bureau, ruling(Topic::Silence, true)), "nothing_to_decide");
    life.to("2026-03-17 24:00");
    assert_eq!(life.timeline(), ["filed", "solved", "warned", "requested"]);
    assert_eq!(life.state(), StateName::Solved, "never solved by silence");
    life
}

#[test]
fn a_bureau_decides_for_a_silent_hospital() {
    let mut solved = silent();
    solved.to("2026-03-18 10:00").rule(Topic::Silence, true);
    assert_eq!(solved.state(), StateName::Closed);
    assert_eq!(solved.status(DeadlineKind::Resolve), DeadlineStatus::Met, "as of the report");
    let mut unsolved = silent();
    unsolved.to("2026-03-18 10:00").rule(Topic::Silence, false);
    assert_eq!(unsolved.state(), StateName::Promised);
    let missed = unsolved.ticket.escalations.first().and_then(|e| e.reasons.first());
    assert!(
        matches!(missed, Some(Reason::Missed { deadline: DeadlineKind::Resolve, missed_at }) if shown(*missed_at) == "2026-03-09 24:00"),
        "{missed:?}"
    );
    let refused = unsolved.attempt(&person(Role::Manufacturer), promise("2026-03-25"));
    assert_eq!(refused, Ok(()), "a new promise is owed");
}

#[test]
fn a_hospital_may_still_answer_before_the_bureau_does() {
    let mut life = silent();
    life.to("2026-03-18 10:00").confirm(Verdict::NotSolved);
    assert!(life.ticket.undecided().is_empty());
    assert_eq!(life.deadline(DeadlineKind::Confirm).late_working_days, Some(1));
    life.solve().to("2026-04-10 10:00");
    assert_eq!(life.ticket.undecided(), [Topic::Silence], "a second report is waited for anew");
}

#[test]
fn bringing_in_a_distributor_is_told_to_it() {
    let mut life = world().file("2026-03-02 10:00");
    let distributor = crate::scenario::organisation(33);
    let act = || supplyline::domain::ticket::Act::Distributor { distributor };
    life.attempt(&person(Role::Manufacturer), act()).expect("brought in");
    assert_eq!(life.ticket.distributor, Some(distributor));
    let event = life.events.last().expect("an event");
    assert!(matches!(event.data, EventData::Distributor { before: Some(_), .. }), "{event:?}");
    assert_eq!(refused(&mut life, Role::Manufacturer, act()), "organisation_id unchanged");
}
