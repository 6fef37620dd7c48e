//! Coming back: everything since, in order, on any replica; or a `reset`.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use reqwest::Method;
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};
use serde_json::json;
use supplyline::clock::Clock;
use supplyline::store::feed;

use super::{change, id};
use crate::support::app::TestApp;
use crate::support::db::{TestDb, both, postgres_only};
use crate::support::sse::{Pushed, Stream};

both!(
    what_was_missed_is_told_first,
    a_replica_tells_the_same,
    a_crowd_of_changes_arrives_whole_and_in_order,
    who_was_away_for_long_reads_it_page_by_page,
    an_id_that_means_nothing_here_is_a_reset,
    what_was_kept_long_enough_is_cleared,
);
postgres_only!(
    what_commits_late_is_not_lost,
    a_tickets_changes_keep_their_order,
    rows_of_another_server_are_cleared,
);

async fn what_was_missed_is_told_first(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, other) = (app.sign_in("hospital").await, app.sign_in("hospital2").await);
    let mut whole = hospital.listen().await;
    // From before the first change there ever was, and from after each of three.
    let mut ids = vec![whole.last_id.clone()];
    let mut heard = Vec::new();
    for _ in 0..3 {
        other.file().await;
        hospital.file().await;
        heard.push(change(&mut whole).await);
        ids.push(whole.last_id.clone());
    }
    for (missed, id) in ids.iter().enumerate() {
        let by_query = format!("/events/stream?last_event_id={id}");
        // A browser keeps the address it began with, so the header is newer.
        let by_both = format!("/events/stream?last_event_id={}", ids[0]);
        let by_both = hospital.request(Method::GET, &by_both).header("Last-Event-ID", id);
        let mut streams = [
            hospital.listen_after(id).await,
            Stream::open(hospital.request(Method::GET, &by_query)).await,
            Stream::open(by_both).await,
        ];
        hospital.file().await;
        heard.push(change(&mut whole).await);
        for stream in &mut streams {
            for expected in &heard[missed..] {
                assert_eq!(&change(stream).await, expected, "the same event with the same id");
            }
        }
    }
    app.stop().await;
}

async fn a_replica_tells_the_same(db: TestDb) {
    let (app, replica) = (TestApp::spawn(&db).await, TestApp::replica(&db).await);
    let (here, there) = (app.sign_in("hospital").await, replica.sign_in("hospital").await);
    let (mut one, mut two) = (here.listen().await, there.listen().await);
    let mut heard = Vec::new();
    for who in [&here, &there, &here] {
        who.file().await;
        heard.push(change(&mut one).await);
        assert_eq!(change(&mut two).await, heard[heard.len() - 1]);
    }
    let mut back = there.listen_after(&heard[0].id).await;
    for expected in &heard[1..] {
        assert_eq!(&change(&mut back).await, expected, "an id of one replica is good at another");
    }
    app.stop().await;
    replica.stop().await;
}

async fn a_crowd_of_changes_arrives_whole_and_in_order(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let mut live = hospital.listen().await;
    let begun = live.last_id.clone();
    let filed = join_all((0..24).map(|_| async {
        let ticket = id(&hospital.file().await);
        let body = json!({"body": "请确认到货时间。", "audience": "own"});
        hospital.act(&format!("/tickets/{ticket}/messages"), body).await;
        ticket
    }));
    let filed = filed.await;
    let mut heard = Vec::new();
    while heard.len() < 2 * filed.len() {
        heard.push(change(&mut live).await);
    }
    for ticket in &filed {
        let own: Vec<_> = heard.iter().filter(|pushed| pushed.ticket() == ticket).collect();
        let kinds: Vec<_> = own.iter().map(|pushed| pushed.kinds()).collect();
        assert_eq!(kinds, [["filed"], ["message"]], "each once, in their order");
    }
    let mut again = hospital.listen_after(&begun).await;
    for expected in &heard {
        assert_eq!(&change(&mut again).await, expected);
    }
    app.stop().await;
}

async fn who_was_away_for_long_reads_it_page_by_page(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, city2) = (app.sign_in("hospital").await, app.sign_in("city2").await);
    let mut stranger = city2.listen().await;
    let mut live = hospital.listen().await;
    let ticket = id(&hospital.file().await);
    let begun = change(&mut live).await.id;
    drop(live);
    let changes = 300_usize;
    for _ in 0..changes / 25 {
        let told = (0..25).map(|_| async {
            let body = json!({"body": "请确认到货时间。", "audience": "own"});
            hospital.act(&format!("/tickets/{ticket}/messages"), body).await;
        });
        join_all(told).await;
    }
    let mut back = hospital.listen_after(&begun).await;
    for sequence in 2..changes + 2 {
        assert_eq!(change(&mut back).await.data["events"][0]["sequence"], json!(sequence));
    }
    let mut behind = city2.listen_after(&begun).await;
    let own = app.sign_in("hospital2").await.file().await;
    for stream in [&mut stranger, &mut behind] {
        assert_eq!(change(stream).await.ticket(), id(&own), "nothing was for them");
    }
    app.stop().await;
}

/// Comes back with an id and is told to begin anew.
async fn reset(hospital: &crate::support::app::As<'_>, known: &str) {
    let mut stream = hospital.listen_after(known).await;
    let first = stream.next().await.expect("an event");
    assert_eq!((first.name.as_str(), &first.data), ("reset", &json!({})), "{known}");
    let next = id(&hospital.file().await);
    let pushed = stream.until(|pushed| pushed.ticket() == next).await.pop().expect("it goes on");
    let mut back = hospital.listen_after(&first.id).await;
    let again = back.until(|again| *again == pushed).await;
    assert!(again.iter().all(|event| event.name == "ticket"), "the id of a reset is a good one");
}

async fn an_id_that_means_nothing_here_is_a_reset(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let mut live = hospital.listen().await;
    for _ in 0..2 {
        hospital.file().await;
    }
    let (first, second) = (change(&mut live).await.id, change(&mut live).await.id);
    let (number, mark) = first.split_once('-').expect("an id");
    let (_, other) = second.split_once('-').expect("an id");
    assert_ne!(mark, other);
    for known in [
        "4711-0a1b2c3d".to_owned(),
        "9223372036854775807-ffffffff".to_owned(),
        format!("{number}-{other}"),
        format!("0-{mark}"),
    ] {
        reset(&hospital, &known).await;
    }
    app.stop().await;
    // As after going back to an older backup: the places will be there again, and be others.
    db.execute("delete from feed").await;
    let restored = TestApp::replica(&db).await;
    let hospital = restored.sign_in("hospital").await;
    // Heard, so that it has settled: a feed in which nothing has settled begins at no row.
    let mut live = hospital.listen().await;
    hospital.file().await;
    change(&mut live).await;
    for known in [first, second] {
        reset(&hospital, &known).await;
    }
    restored.stop().await;
}

/// Clears what was written before an instant of wall time.
async fn clear(db: &TestDb, before: DateTime<Utc>) -> u64 {
    let cleared = db.store.write(move |tx| Box::pin(async move { feed::clear(tx, before).await }));
    cleared.await.expect("cleared")
}

async fn what_was_kept_long_enough_is_cleared(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let mut live = hospital.listen().await;
    let mut ids = vec![live.last_id.clone()];
    for _ in 0..3 {
        hospital.file().await;
        ids.push(change(&mut live).await.id);
    }
    let now = Clock::system().wall();
    assert_eq!(clear(&db, now - TimeDelta::days(7)).await, 0, "nothing is that old");
    // A week later.
    let later = now + TimeDelta::minutes(1);
    assert_eq!((clear(&db, later).await, clear(&db, later).await), (2, 0));
    let mut back = hospital.listen_after(&ids[3]).await;
    let next = hospital.file().await;
    assert_eq!(change(&mut back).await.ticket(), id(&next), "who has seen it all missed nothing");
    assert_eq!(change(&mut live).await.ticket(), id(&next));
    for known in &ids[..3] {
        reset(&hospital, known).await;
    }
    app.stop().await;
}

async fn what_commits_late_is_not_lost(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let mut live = hospital.listen().await;
    let ticket = hospital.file().await;
    let begun = change(&mut live).await.id;
    // A change draws its place and takes its time; another one overtakes it.
    let raw = TestDb::raw(&db.owner).await;
    let slow = raw.begin().await.expect("begun");
    let draw = "insert into feed (id, ticket_id, state, version, first_event, last_event) \
                select gen_random_uuid(), id, state, version, 1, 1 from ticket";
    slow.execute_unprepared(draw).await.expect("drawn");
    let quick = hospital.file().await;
    // A reader that takes what is there tells of the second long before this.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!live.received().contains(&id(&quick)));
    let mut newcomer = hospital.listen().await;
    slow.commit().await.expect("committed");
    let expected = [id(&ticket), id(&quick)];
    let mut heard: Vec<Pushed> = Vec::new();
    for ticket in &expected {
        heard.push(change(&mut live).await);
        assert_eq!(heard[heard.len() - 1].ticket(), ticket, "in the order of their places");
    }
    for pushed in &heard {
        assert_eq!(&change(&mut newcomer).await, pushed, "neither was there before");
    }
    let mut back = hospital.listen_after(&begun).await;
    for pushed in &heard {
        assert_eq!(&change(&mut back).await, pushed);
    }
    let mut half = hospital.listen_after(&heard[0].id).await;
    assert_eq!(change(&mut half).await, heard[1]);
    app.stop().await;
}

async fn a_tickets_changes_keep_their_order(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let mut live = hospital.listen().await;
    let ticket = id(&hospital.file().await);
    let begun = change(&mut live).await.id;
    let raw = TestDb::raw(&db.owner).await;
    let begin = async || {
        let tx = raw.begin().await.expect("begun");
        tx.execute_unprepared("select pg_current_xact_id()").await.expect("it has a number");
        tx
    };
    // The first to begin waits for the ticket, which the last has; one between them goes on.
    let (waits, between) = (begin().await, begin().await);
    let body = json!({"body": "请确认到货时间。", "audience": "own"});
    hospital.act(&format!("/tickets/{ticket}/messages"), body).await;
    let second = "insert into feed (id, ticket_id, state, version, first_event, last_event) \
                  select gen_random_uuid(), id, state, 3, 1, 1 from ticket";
    waits.execute_unprepared(second).await.expect("drawn");
    waits.commit().await.expect("committed");
    // Long enough for a reader that goes by the age of transactions alone.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!live.received().contains("message"), "{}", live.received());
    between.commit().await.expect("committed");
    let mut back = hospital.listen_after(&begun).await;
    for stream in [&mut live, &mut back] {
        for version in [2, 3] {
            assert_eq!(change(stream).await.data["version"], version);
        }
    }
    app.stop().await;
}

async fn rows_of_another_server_are_cleared(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let mut live = hospital.listen().await;
    hospital.file().await;
    let known = change(&mut live).await.id;
    db.execute("update feed set xact = xact + 1000000000").await;
    reset(&hospital, &known).await;
    assert_eq!(change(&mut live).await.kinds(), ["filed"], "what is new is told all the same");
    let before = Clock::system().wall() - TimeDelta::days(7);
    assert_eq!(clear(&db, before).await, 1);
    app.stop().await;
}
