//! Firing on hold: how it begins, what it stops, and how it ends.

use reqwest::Method;
use supplyline::clock::Clock;
use supplyline::domain::ticket::DeadlineStatus;
use supplyline::service::hold::{self, Backlog, HoldCause};
use supplyline::service::{health, notices};
use supplyline::store::outbox::{About, DeliveryState};

use crate::support::app::TestApp;
use crate::support::db::{TestDb, both};
use crate::support::station::{Outside, Station};
use crate::support::world::{self, REPLY_DUE, START, at};

both! {
    a_jump_of_more_than_fourteen_days_fires_nothing_b076,
    thirteen_days_are_downtime_and_everything_fires,
    a_tick_in_the_future_fires_nothing,
    a_fresh_database_has_not_jumped,
    people_act_on_hold_and_what_they_cause_waits,
    replicas_share_a_hold,
    a_release_shows_first_and_may_skip_what_was_queued,
    a_hold_is_said_wherever_somebody_looks,
    a_hold_that_cannot_be_read_fires_nothing,
}

async fn station(db: &TestDb) -> (Station, Outside) {
    world::fill(&db.store).await;
    let outside = Outside::spawn().await;
    let clock = Clock::still_at(at(START));
    (Station::over(db.store.clone(), clock, &outside).await, outside)
}

async fn cause(station: &Station) -> Option<HoldCause> {
    hold::current(&station.world.app).await.expect("answers").map(|hold| hold.cause)
}

async fn a_jump_of_more_than_fourteen_days_fires_nothing_b076(db: TestDb) {
    let (station, outside) = station(&db).await;
    let id = station.world.file().await;
    station.tick().await;
    let sent = outside.arrived();
    assert!(sent.0 > 0, "the filing is told");
    station.world.jump_to("2026-02-27T02:30:00.001Z");
    for _ in 0..3 {
        station.tick().await;
    }
    assert_eq!(cause(&station).await, Some(HoldCause::Jump));
    assert_eq!(station.world.story(id).await, ["filed"]);
    assert_eq!(outside.arrived(), sent);
    // Nor does a year more change anything, or end the hold.
    station.world.jump_to("2027-02-27T02:30:00Z");
    station.tick().await;
    assert_eq!(station.world.story(id).await, ["filed"]);

    let released = hold::release(&station.world.app, Backlog::Send).await.expect("released");
    assert_eq!(released, Some(0));
    station.tick().await;
    assert_eq!(cause(&station).await, None, "the silence was accepted");
    let story = station.world.story(id).await;
    assert_eq!(story[..4], ["filed", "warning_superseded", "missed", "escalated"]);
    assert!(outside.arrived().0 > sent.0);
    assert_eq!(hold::release(&station.world.app, Backlog::Send).await.expect("asked"), None);
}

async fn thirteen_days_are_downtime_and_everything_fires(db: TestDb) {
    let (station, outside) = station(&db).await;
    let id = station.world.file().await;
    station.tick().await;
    let sent = outside.arrived();
    station.world.jump_to("2026-02-26T02:30:00Z");
    station.tick().await;
    assert_eq!(cause(&station).await, None);
    let story = station.world.story(id).await;
    assert_eq!(story, ["filed", "warning_superseded", "missed", "escalated"]);
    assert!(outside.arrived().0 > sent.0 && outside.arrived().1 > sent.1);
    // The tick of then is the one that counts now.
    station.world.jump_to("2026-03-11T02:30:00Z");
    station.tick().await;
    assert_eq!(cause(&station).await, None);
}

async fn a_tick_in_the_future_fires_nothing(db: TestDb) {
    let (ahead, outside) = station(&db).await;
    ahead.tick().await;
    let minutes_back = Clock::still_at(at("2026-02-13T02:25:00Z"));
    let near = Station::over(db.replica().await, minutes_back, &outside).await;
    let id = near.world.file().await;
    near.tick().await;
    assert_eq!(cause(&near).await, None, "replicas may differ by minutes");
    let sent = outside.arrived();
    assert!(sent.0 > 0);

    let year_back = Clock::still_at(at("2025-02-13T02:30:00Z"));
    let back = Station::over(db.replica().await, year_back, &outside).await;
    back.tick().await;
    assert_eq!(cause(&back).await, Some(HoldCause::Jump));
    near.world.jump_to(REPLY_DUE);
    near.tick().await;
    assert_eq!(near.world.story(id).await, ["filed"], "the other replica waits, too");
    assert_eq!(outside.arrived(), sent);
}

async fn a_fresh_database_has_not_jumped(db: TestDb) {
    let (station, outside) = station(&db).await;
    let id = station.world.file().await;
    station.world.jump_to("2026-04-13T02:30:00Z");
    station.tick().await;
    assert_eq!(cause(&station).await, None);
    assert!(station.world.story(id).await.contains(&"missed"));
    assert!(outside.arrived().0 > 0);
}

async fn people_act_on_hold_and_what_they_cause_waits(db: TestDb) {
    let (station, outside) = station(&db).await;
    let late = station.world.file().await;
    let app = &station.world.app;
    hold::begin(app, HoldCause::Command, "维护".to_owned()).await.expect("on hold");
    station.world.jump_to(REPLY_DUE);
    station.world.reply(late, "2026-02-26").await;
    let new = station.world.file().await;
    station.tick().await;
    // The act brought its own ticket up to the instant: late is late, hold or not.
    let story = station.world.story(late).await;
    assert_eq!(story, ["filed", "warning_superseded", "missed", "escalated", "replied"]);
    let reply = station.world.ticket(late).await.deadlines[0].clone();
    assert_eq!((reply.status, reply.late_working_days), (DeadlineStatus::Missed, Some(1)));
    assert_eq!(station.world.story(new).await, ["filed"]);
    assert_eq!(outside.arrived(), (0, 0));
    let deliveries = station.world.deliveries(late).await;
    assert!(deliveries.len() > 5, "what was caused is queued");
    assert!(deliveries.iter().all(|delivery| delivery.state == DeliveryState::Queued));

    hold::release(app, Backlog::Send).await.expect("released");
    station.tick().await;
    let urgent: Vec<_> = station.world.deliveries(late).await;
    let due = urgent.iter().filter(|delivery| delivery.due_at <= at(REPLY_DUE));
    assert!(due.into_iter().all(|delivery| delivery.state == DeliveryState::Sent));
    assert!(outside.arrived().0 > 0 && outside.arrived().1 > 0);
}

async fn replicas_share_a_hold(db: TestDb) {
    let (first, outside) = station(&db).await;
    let clock = first.world.app.clock.clone();
    let second = Station::over(db.replica().await, clock, &outside).await;
    let id = first.world.file().await;
    first.tick().await;
    let sent = outside.arrived();
    first.world.jump_to("2026-03-13T02:30:00Z");
    futures::join!(first.tick(), second.tick());
    assert_eq!(
        (cause(&first).await, cause(&second).await),
        (Some(HoldCause::Jump), Some(HoldCause::Jump))
    );
    hold::release(&second.world.app, Backlog::Send).await.expect("released");
    futures::join!(first.tick(), second.tick());
    assert_eq!((cause(&first).await, cause(&second).await), (None, None));
    assert!(first.world.story(id).await.contains(&"escalated"));
    let mails = outside.arrived().0 - sent.0;
    let distinct: std::collections::HashSet<_> =
        outside.mail.messages().into_iter().map(|mail| (mail.to, mail.raw)).collect();
    assert_eq!(distinct.len(), sent.0 + mails, "each mail once");
}

async fn a_release_shows_first_and_may_skip_what_was_queued(db: TestDb) {
    let (station, outside) = station(&db).await;
    let app = &station.world.app;
    let ids = [station.world.file().await, station.world.file().await];
    station.world.jump_to("2026-02-13T02:31:00Z");
    hold::begin(app, HoldCause::Command, "演练".to_owned()).await.expect("on hold");
    station.world.jump_to(REPLY_DUE);
    station.world.reply(ids[1], "2026-02-26").await;

    let shown = hold::preview(app).await.expect("answers").expect("on hold");
    let steps: Vec<_> = shown.steps.values().copied().collect();
    // A warning of 09:00 of the due day comes first; the other ticket was brought up by the act.
    assert_eq!(steps, [(1, at("2026-02-24T01:00:00Z"))]);
    let count = |waiting: &[hold::Waiting]| waiting.iter().map(|one| one.deliveries).sum::<u64>();
    let (before, since) = (count(&shown.before), count(&shown.since));
    assert_eq!(shown.before.iter().map(|one| one.oldest).min(), Some(at(START)));
    assert!(before > 0 && since > 0, "{before} {since}");
    assert_eq!(hold::preview(app).await.expect("answers").expect("still").steps, shown.steps);

    let skipped = hold::release(app, Backlog::Skip).await.expect("released");
    assert_eq!(skipped, Some(before));
    let mut dead = Vec::new();
    for id in ids {
        let filed = station
            .world
            .deliveries(id)
            .await
            .into_iter()
            .filter(|d| matches!(d.about, About::Ticket { event: 1, .. }));
        dead.extend(filed);
    }
    assert_eq!(u64::try_from(dead.len()).expect("few"), before);
    for letter in &dead {
        assert_eq!(letter.state, DeliveryState::Failed);
        let response = letter.response.clone().unwrap_or_default();
        assert!(response.contains("may have been sent already"), "{response}");
    }
    station.tick().await;
    let (mails, texts) = outside.arrived();
    assert!(mails > 0 && texts > 0, "what was caused since is sent");
    let filed = |mail: &crate::support::smtp::Taken| {
        mail.to.contains(&"distributor@supply.example".to_owned())
    };
    assert!(!outside.mail.messages().iter().any(filed), "the filing is told nobody twice");

    // A person may send one after all.
    let admin = station.world.scope("admin").await;
    let once =
        supplyline::service::Once {
            key: None,
            expected_version: None,
            render: std::sync::Arc::new(|_: &notices::DeliveryView| {
                supplyline::service::Rendered { status: 200, etag: None, body: String::new() }
            }),
        };
    notices::replay(app, &admin, dead[0].id, once).await.expect("queued again");
    station.tick().await;
    let (more, text) = outside.arrived();
    assert_eq!(more + text, mails + texts + 1);
}

async fn a_hold_is_said_wherever_somebody_looks(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let get = async |path: &str| app.send(app.request(Method::GET, path)).await.expect(200).text;
    assert_eq!(get("/health/ready").await, "ready\n");
    assert!(get("/metrics").await.contains("\nsupplyline_on_hold 0\n"));
    let station =
        Station::over(db.replica().await, Clock::still_at(at(START)), &Outside::spawn().await)
            .await;
    let reason = "患者张三的事".to_owned();
    hold::begin(&station.world.app, HoldCause::Command, reason.clone()).await.expect("on hold");
    let ready = get("/health/ready").await;
    assert!(ready.starts_with("ready\non hold since 2026-02-13T02:30:00Z"), "{ready}");
    assert!(!ready.contains(&reason), "a person's words are for those inside");
    assert!(get("/metrics").await.contains("\nsupplyline_on_hold 1\n"));
    let figures = health::figures(&station.world.app).await.expect("answers");
    assert_eq!(figures.on_hold, 1);
    let hospital = app.sign_in("hospital").await;
    hospital.file().await;
    hospital.advance_to(REPLY_DUE).await;
    assert_eq!((app.mail.messages().len(), app.sms.requests().len()), (0, 0));
    app.stop().await;
}

async fn a_hold_that_cannot_be_read_fires_nothing(db: TestDb) {
    let (station, outside) = station(&db).await;
    let id = station.world.file().await;
    db.execute("insert into setting (name, value) values ('hold', 'nonsense')").await;
    station.world.jump_to(REPLY_DUE);
    station.tick().await;
    assert_eq!((station.world.story(id).await, outside.arrived()), (vec!["filed"], (0, 0)));
    db.execute("delete from setting where name = 'hold'").await;
    station.tick().await;
    assert!(station.world.story(id).await.contains(&"missed"));
}
