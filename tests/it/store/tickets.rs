//! Tickets come back as they were written.

use chrono::TimeDelta;
use sea_orm::{EntityTrait, IntoActiveModel};
use supplyline::domain::access::Visible;
use supplyline::domain::calendar::Target;
use supplyline::domain::escalation::{Escalation, Measure, MeasureKind, Reason};
use supplyline::domain::id::{EscalationId, TicketId};
use supplyline::domain::party::Level;
use supplyline::domain::policy::Urgency;
use supplyline::domain::ticket::{
    Audience, Basis, Brief, Cause, Change, Contact, Deadline, DeadlineKind, DeadlineStatus, Event,
    EventData, Outcome, Promise, Rating, Request, Ruling, Standstill, State, Stopped, Ticket,
    Topic, Written,
};
use supplyline::store::{Batch, Error, tickets};
use uuid::Uuid;

use crate::support::db::{TestDb, both};
use crate::support::world::{
    INSULIN, START, at, division, fill, house, on, person, product, report,
};

both! {
    a_ticket_comes_back_as_it_was_written_in_every_state,
    a_changed_ticket_comes_back_as_it_was_changed,
    a_ticket_changed_meanwhile_is_stale,
    a_rung_is_entered_once,
    a_number_is_given_once,
    the_timeline_and_the_conversation_are_kept_in_order,
    instants_keep_their_milliseconds,
}

fn states() -> [State; 7] {
    let ended = at("2026-02-25T09:08:07.006Z");
    [
        State::Open,
        State::Promised { owes_promise: false },
        State::Promised { owes_promise: true },
        State::Solved { at: at("2026-02-25T01:02:03.004Z") },
        State::Closed { at: ended },
        State::Withdrawn { at: ended },
        State::Returned { at: ended },
    ]
}

fn plain() -> Ticket {
    let id = TicketId(Uuid::now_v7());
    Ticket {
        id,
        number: format!("SQ-{id}"),
        hospital: house("hospital"),
        manufacturer: house("maker"),
        distributor: None,
        product: product(INSULIN),
        division: division("371002"),
        urgency: Urgency::Ordinary,
        report: report("胰岛素短缺"),
        follows: None,
        filed_at: at(START),
        state: State::Open,
        remaining_quantity: None,
        rating: None,
        urged_on: None,
        requests: Vec::new(),
        stopped: None,
        historic: false,
        deadlines: vec![deadline(DeadlineKind::Reply, 1)],
        promises: Vec::new(),
        escalations: Vec::new(),
        events: 1,
        version: 1,
    }
}

/// The same ticket after a long life: every field that can change has.
fn grown(before: &Ticket, state: State) -> Ticket {
    Ticket {
        distributor: Some(house("distributor")),
        state,
        remaining_quantity: Some(17),
        rating: Some(Rating::VerySatisfied),
        urged_on: Some(on("2026-02-24")),
        deadlines: vec![
            met(deadline(DeadlineKind::Reply, 1)),
            stopped(deadline(DeadlineKind::Resolve, 1)),
            deadline(DeadlineKind::Promise, 1),
            deadline(DeadlineKind::Promise, 2),
            deadline(DeadlineKind::Confirm, 1),
            deadline(DeadlineKind::Acknowledge, 1),
            deadline(DeadlineKind::Measure, 1),
        ],
        promises: vec![promise(1), promise(2)],
        escalations: vec![escalation(before.id, 1), escalation(before.id, 2)],
        requests: vec![request(1, Some(Ruling::Granted)), request(2, None)],
        stopped: Some(Stopped {
            at: at("2026-02-25T09:08:07.006Z"),
            expected_end: on("2026-03-20"),
        }),
        events: 9,
        ..before.clone()
    }
}

fn deadline(kind: DeadlineKind, ordinal: u16) -> Deadline {
    Deadline {
        kind,
        ordinal,
        started_at: at("2026-02-13T02:30:00.123Z"),
        basis: if kind == DeadlineKind::Promise {
            Basis::Date
        } else {
            Basis::Count(Target::WorkingDays(2))
        },
        due_at: at("2026-02-24T16:00:00Z"),
        due_on: on("2026-02-24"),
        warn_at: Some(at("2026-02-24T01:00:00Z")),
        stops: Vec::new(),
        status: DeadlineStatus::Running,
        met_at: None,
        late_working_days: None,
        provisional: ordinal == 2,
        calendar_version: "CN-1+370000-2".to_owned(),
        policy_version: "CN-1".to_owned(),
        waived_by: None,
    }
}

fn met(deadline: Deadline) -> Deadline {
    Deadline {
        status: DeadlineStatus::Missed,
        met_at: Some(at("2026-02-26T03:04:05.678Z")),
        late_working_days: Some(2),
        warn_at: None,
        ..deadline
    }
}

fn stopped(deadline: Deadline) -> Deadline {
    let from = at("2026-02-24T01:02:03.004Z");
    let ended = Standstill { from, through: Some(on("2026-02-26")), due_on: None };
    let due_on = Some(on("2026-02-27"));
    let stops = vec![ended, Standstill { from, through: None, due_on }];
    Deadline { status: DeadlineStatus::Stopped, basis: Basis::Date, stops, ..deadline }
}

fn request(ordinal: u16, verdict: Option<Ruling>) -> Request {
    let decided = |verdict| Outcome {
        verdict,
        at: at("2026-02-25T09:08:07.006Z"),
        reason: Some("同意".to_owned()),
    };
    Request {
        ordinal,
        topic: Topic::Extension,
        day: Some(on("2026-03-09")),
        reason: "原料".to_owned(),
        at: at("2026-02-25T01:02:03.004Z"),
        by: Some((person("maker"), house("maker"))),
        bureau: Some(house("city")),
        outcome: verdict.map(decided),
    }
}

fn promise(version: u16) -> Promise {
    let is_first = version == 1;
    Promise {
        version,
        promised_on: on("2026-02-26"),
        promised_quantity: 300,
        cause: is_first.then_some(Cause::RawMaterial),
        note: "原料药“短缺”，\n已加急 😀".to_owned(),
        contact: is_first.then(|| Contact { name: "李强".to_owned(), phone: "138".to_owned() }),
        late: !is_first,
        at: at("2026-02-24T00:00:00.001Z"),
        by: "李强".to_owned(),
    }
}

fn escalation(ticket: TicketId, ordinal: u16) -> Escalation {
    let is_first = ordinal == 1;
    Escalation {
        id: EscalationId(Uuid::new_v5(&ticket.0, &ordinal.to_be_bytes())),
        ordinal,
        round: 1,
        level: if is_first { Level::City } else { Level::Province },
        bureau: is_first.then(|| house("city")),
        reasons: vec![
            Reason::Missed { deadline: DeadlineKind::Reply, missed_at: at("2026-02-24T16:00:00Z") },
            Reason::ByRequest { reason: "病人等药".to_owned() },
        ],
        opened_at: at("2026-02-24T16:00:00.500Z"),
        climbs_at: is_first.then(|| at("2026-03-03T16:00:00Z")),
        stops: if is_first { stopped(deadline(DeadlineKind::Reply, 1)).stops } else { Vec::new() },
        acknowledged_at: is_first.then(|| at("2026-02-25T02:00:00Z")),
        closed_at: is_first.then(|| at("2026-02-26T02:00:00Z")),
        conclusion: is_first.then(|| "已约谈".to_owned()),
        measures: if is_first { vec![measure(1), measure(2)] } else { vec![measure(3)] },
    }
}

fn measure(ordinal: u16) -> Measure {
    Measure {
        ordinal,
        kind: if ordinal == 1 { MeasureKind::Interview } else { MeasureKind::Rectify },
        text: "五日内恢复供应".to_owned(),
        due_on: (ordinal == 2).then(|| on("2026-03-02")),
        at: at("2026-02-25T03:00:00Z"),
        by: person("city"),
    }
}

fn change(ticket: Ticket) -> Change {
    Change { ticket, events: Vec::new(), written: Vec::new(), attached: None }
}

async fn insert(db: &TestDb, change: Change) -> Result<(), Error> {
    db.store
        .write(move |tx| {
            let change = change.clone();
            Box::pin(async move {
                let mut batch = Batch::on(tx);
                tickets::insert(&mut batch, &change, String::new());
                batch.run(tx).await
            })
        })
        .await
}

async fn update(db: &TestDb, before: Ticket, change: Change) -> Result<(), Error> {
    db.store
        .write(move |tx| {
            let (before, change) = (before.clone(), change.clone());
            Box::pin(async move {
                let mut batch = Batch::on(tx);
                tickets::update(&mut batch, &[(&before, &change)]);
                batch.run(tx).await
            })
        })
        .await
}

async fn load(db: &TestDb, id: TicketId) -> Ticket {
    let found = tickets::find(db.store.read_unscoped(), Visible::Bare, id).await;
    found.expect("the database answers").expect("the ticket exists")
}

async fn a_ticket_comes_back_as_it_was_written_in_every_state(db: TestDb) {
    fill(&db.store).await;
    for state in states() {
        for mut ticket in [plain(), grown(&plain(), state.clone())] {
            ticket.state = state.clone();
            insert(&db, change(ticket.clone())).await.expect("inserted");
            assert_eq!(load(&db, ticket.id).await, ticket);
        }
    }
}

async fn a_changed_ticket_comes_back_as_it_was_changed(db: TestDb) {
    fill(&db.store).await;
    for state in states() {
        let first = plain();
        insert(&db, change(first.clone())).await.expect("inserted");
        let mut second = grown(&first, state);
        update(&db, first, change(second.clone())).await.expect("updated");
        second.version = 2;
        assert_eq!(load(&db, second.id).await, second);

        let mut third = second.clone();
        third.deadlines[1] = met(third.deadlines[1].clone());
        third.escalations[1].reasons.push(Reason::ByRequest { reason: "再催".to_owned() });
        third.escalations[1].closed_at = Some(at("2026-03-01T00:00:00Z"));
        third.escalations[1].measures.push(measure(4));
        third.promises.push(promise(3));
        third.rating = None;
        third.distributor = None;
        update(&db, second, change(third.clone())).await.expect("updated");
        third.version = 3;
        assert_eq!(load(&db, third.id).await, third);
    }
}

async fn a_ticket_changed_meanwhile_is_stale(db: TestDb) {
    fill(&db.store).await;
    let first = plain();
    insert(&db, change(first.clone())).await.expect("inserted");
    let second = grown(&first, State::Promised { owes_promise: false });
    update(&db, first.clone(), change(second.clone())).await.expect("updated");
    let late = grown(&first, State::Withdrawn { at: at(START) });
    let refused = update(&db, first, change(late)).await;
    assert!(matches!(refused, Err(Error::Stale)), "{refused:?}");
    assert_eq!(load(&db, second.id).await, Ticket { version: 2, ..second });
}

async fn a_rung_is_entered_once(db: TestDb) {
    fill(&db.store).await;
    let ticket = grown(&plain(), State::Open);
    insert(&db, change(ticket.clone())).await.expect("inserted");
    let rung = entity::escalation::Model {
        id: Uuid::now_v7(),
        ticket_id: ticket.id.0,
        ordinal: 3,
        round: 1,
        level: "city".to_owned(),
        bureau_id: None,
        reasons: sea_orm::JsonValue::Array(Vec::new()),
        opened_at: at(START),
        climbs_at: None,
        acknowledged_at: None,
        closed_at: None,
        conclusion: None,
        stops: None,
    };
    let enter = async |round| {
        let row = entity::escalation::Model { id: Uuid::now_v7(), round, ..rung.clone() };
        db.store
            .write(move |tx| {
                let row = row.clone().into_active_model();
                Box::pin(async move {
                    entity::escalation::Entity::insert(row).exec_without_returning(tx).await?;
                    Ok::<_, Error>(())
                })
            })
            .await
    };
    let refused = enter(1).await.expect_err("the same rung twice");
    assert!(refused.is_duplicate(), "{refused}");
    enter(2).await.expect("the next round enters it again");
}

async fn a_number_is_given_once(db: TestDb) {
    fill(&db.store).await;
    let first = plain();
    insert(&db, change(first.clone())).await.expect("inserted");
    let second = Ticket { number: first.number, ..plain() };
    let refused = insert(&db, change(second.clone())).await.expect_err("the same number twice");
    assert!(refused.is_duplicate(), "{refused}");
    let found = tickets::find(db.store.read_unscoped(), Visible::Bare, second.id).await;
    assert_eq!(found.expect("the database answers"), None);
}

async fn the_timeline_and_the_conversation_are_kept_in_order(db: TestDb) {
    fill(&db.store).await;
    let by = Some((person("hospital"), house("hospital")));
    let event = |sequence, by, data| Event {
        sequence,
        at: at(START) + TimeDelta::milliseconds(i64::from(sequence)),
        by,
        data,
        brief: Brief { promised_on: Some(on("2026-02-26")), ..Brief::default() },
        tells: Vec::new(),
    };
    let ticket = plain();
    let filed = event(1, by, EventData::Filed { no_contact: false });
    let said = event(2, by, EventData::Message { audience: Audience::Own });
    let due_at = at("2026-02-24T16:00:00Z");
    let warned = event(3, None, EventData::Warned { deadline: DeadlineKind::Reply, due_at });
    let written =
        Written { sequence: 2, body: "仅内部可见 😀".to_owned(), audience: Audience::Own };
    let events = vec![filed, said, warned];
    let change = Change {
        ticket: ticket.clone(),
        events: events.clone(),
        written: vec![written],
        attached: None,
    };
    insert(&db, change).await.expect("inserted");

    let rows = tickets::events(db.store.read_unscoped(), ticket.id, 1, 10).await.expect("read");
    let kept: Vec<_> =
        rows.into_iter().map(|row| (row.sequence, row.at, row.by, row.data, row.brief)).collect();
    let expected: Vec<_> =
        events.into_iter().skip(1).map(|e| (e.sequence, e.at, e.by, e.data, e.brief)).collect();
    assert_eq!(kept, expected);
    let said = tickets::messages(db.store.read_unscoped(), ticket.id).await.expect("read");
    assert_eq!(said.len(), 1);
    assert_eq!((said[0].body.as_str(), said[0].audience), ("仅内部可见 😀", Audience::Own));
    assert_eq!((said[0].by, said[0].organisation), (person("hospital"), house("hospital")));
}

async fn instants_keep_their_milliseconds(db: TestDb) {
    fill(&db.store).await;
    for filed_at in ["2000-01-01T00:00:00Z", "2026-02-13T02:30:00.001Z", "2100-12-31T23:59:59.999Z"]
    {
        let ticket = Ticket { filed_at: at(filed_at), ..plain() };
        insert(&db, change(ticket.clone())).await.expect("inserted");
        assert_eq!(load(&db, ticket.id).await.filed_at, at(filed_at));
    }
}
