//! Idempotency keys and entity tags: a repetition has one effect, a stale copy none.

use futures::future::join_all;
use reqwest::Method;
use reqwest::header::HeaderValue;
use serde_json::{Value, json};

use super::stage::{Call, Stage, call, calls, id, refused, sound};
use crate::support::app::{Answer, As, TestApp, filing};
use crate::support::db::{TestDb, both, sqlite_only};

both!(
    a_repetition_gets_the_same_bytes_b097_b098,
    sixty_four_at_once_file_one_ticket_b097,
    every_act_is_done_once_b102,
    a_stale_copy_changes_nothing,
    of_eight_who_read_the_same_one_writes,
);
sqlite_only!(
    a_key_belongs_to_one_user_and_route_b098,
    a_refused_request_may_be_corrected,
    a_key_is_visible_ascii,
    what_is_unchanged_is_not_sent_again,
);

async fn keyed(who: &As<'_>, path: &str, key: &str, body: &Value) -> Answer {
    who.send(who.request(Method::POST, path).header("Idempotency-Key", key).json(body)).await
}

async fn count(who: &As<'_>) -> usize {
    let list = who.get("/tickets?page_size=100").await.expect(200).json();
    list["items"].as_array().expect("tickets").len()
}

async fn a_repetition_gets_the_same_bytes_b097_b098(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let first = keyed(&stage.hospital, "/tickets", "k-1", &filing()).await.expect(201);
    assert_eq!(first.header("idempotent-replayed"), "");
    stage.hospital.advance_to("2026-02-13T11:00:00+08:00").await;
    for _ in 0..3 {
        let again = keyed(&stage.hospital, "/tickets", "k-1", &filing()).await;
        sound(&again, "again");
        assert_eq!((again.status, &again.text), (201, &first.text));
        assert_eq!(again.header("idempotent-replayed"), "true");
        for header in ["content-type", "etag"] {
            assert_eq!(again.header(header), first.header(header), "{header}");
        }
    }
    assert_eq!(count(&stage.hospital).await, 1);
    let mut other = filing();
    other["quantity_short"] = json!(501);
    let answer = keyed(&stage.hospital, "/tickets", "k-1", &other).await;
    refused(&answer, (422, "invalid"), "another body");
    assert_eq!(answer.fields(), [("Idempotency-Key".to_owned(), "key_reused".to_owned())]);
    keyed(&stage.hospital, "/tickets", "k-2", &filing()).await.expect(201);
    stage.hospital.post("/tickets", &filing()).await.expect(201);
    assert_eq!(count(&stage.hospital).await, 3, "other keys, other tickets");
    app.stop().await;
}

async fn sixty_four_at_once_file_one_ticket_b097(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let body = filing();
    let answers =
        join_all((0..64).map(|_| keyed(&stage.hospital, "/tickets", "double-click", &body))).await;
    let first = answers.iter().find(|answer| answer.header("idempotent-replayed").is_empty());
    let first = first.expect("one of them did it");
    for answer in &answers {
        sound(answer, "at once");
        assert_eq!((answer.status, &answer.text), (201, &first.text));
    }
    let replayed = answers.iter().filter(|answer| answer.header("idempotent-replayed") == "true");
    assert_eq!(replayed.count(), 63);
    assert_eq!(count(&stage.hospital).await, 1);
    let path = format!("/tickets/{}/reply", id(&first.json()));
    let reply = call("reply").body;
    let answers =
        join_all((0..16).map(|_| keyed(&stage.maker, &path, "double-click", &reply))).await;
    assert!(answers.iter().all(|answer| (answer.status, &answer.text) == (200, &answers[0].text)));
    let unkeyed = call("solve").body;
    let path = path.replace("/reply", "/solve");
    let answers = join_all((0..16).map(|_| stage.maker.post(&path, &unkeyed))).await;
    answers.iter().for_each(|answer| sound(answer, "without a key"));
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [[200].as_slice(), &[409; 15]].concat(), "one effect, the others see it");
    app.stop().await;
}

async fn every_act_is_done_once_b102(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    for call in calls().into_iter().filter(Call::is_act) {
        let place = stage.place(call.name).await;
        let who = stage.who(call.name);
        let first = keyed(who, &place.path, "act", &call.body).await.expect(call.status);
        let memory = stage.memory(&place).await;
        let again = keyed(who, &place.path, "act", &call.body).await;
        sound(&again, call.name);
        assert_eq!((again.status, &again.text), (call.status, &first.text), "{}", call.name);
        assert_eq!(again.header("idempotent-replayed"), "true", "{}", call.name);
        assert_eq!(again.header("etag"), first.header("etag"), "{}", call.name);
        assert_eq!(stage.memory(&place).await, memory, "{}", call.name);
    }
    let notice = stage.hospital.get("/notices").await.expect(200).json();
    let path = format!("/notices/{}/read", id(&notice["items"][0]));
    for _ in 0..2 {
        let read = keyed(&stage.hospital, &path, "read", &json!({})).await;
        sound(&read, "a notice is opened once");
        assert_eq!(read.status, 204);
    }
    app.stop().await;
}

async fn a_key_belongs_to_one_user_and_route_b098(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let (mate, other) = (app.sign_in("hospital").await, app.sign_in("hospital2").await);
    let mine = keyed(&stage.hospital, "/tickets", "same", &filing()).await.expect(201);
    let again = keyed(&mate, "/tickets", "same", &filing()).await.expect(201);
    assert_eq!(mine.text, again.text, "another session of the same person");
    let theirs = keyed(&other, "/tickets", "same", &filing()).await.expect(201);
    assert_ne!(mine.text, theirs.text);
    assert_eq!(theirs.header("idempotent-replayed"), "");
    let path = format!("/tickets/{}", id(&mine.json()));
    let reason = call("urge").body;
    for act in ["urge", "escalate", "withdraw"] {
        let done =
            keyed(&stage.hospital, &format!("{path}/{act}"), "same", &reason).await.expect(200);
        assert_eq!(done.header("idempotent-replayed"), "", "{act}: another route");
    }
    let stolen = keyed(&other, &format!("{path}/withdraw"), "same", &reason).await;
    refused(&stolen, (404, "not_found"), "another's key opens nothing");
    app.stop().await;
}

async fn a_refused_request_may_be_corrected(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let mut wrong = filing();
    wrong["unit"] = json!("");
    for _ in 0..2 {
        let answer = keyed(&stage.hospital, "/tickets", "again", &wrong).await;
        refused(&answer, (422, "invalid"), "no unit");
        assert_eq!(answer.fields(), [("unit".to_owned(), "required".to_owned())]);
    }
    let filed = keyed(&stage.hospital, "/tickets", "again", &filing()).await.expect(201);
    assert_eq!(filed.header("idempotent-replayed"), "");
    let path = format!("/tickets/{}/reply", id(&filed.json()));
    let mut reply = call("reply").body;
    reply["promised_on"] = json!("2026-03-30");
    refused(&keyed(&stage.maker, &path, "again", &reply).await, (422, "invalid"), "too late");
    reply["promised_on"] = json!("2026-02-27");
    keyed(&stage.maker, &path, "again", &reply).await.expect(200);
    app.stop().await;
}

async fn a_key_is_visible_ascii(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let long = "k".repeat(256);
    let keys: [&[u8]; 9] = [
        b"",
        b" ",
        b"a b",
        long.as_bytes(),
        "钥匙".as_bytes(),
        b"caf\xe9",
        b"\xff\xff",
        b"a\tb",
        b"k\x80",
    ];
    for call in calls().into_iter().filter(|call| call.template.contains("ticket")) {
        let place = stage.place(call.name).await;
        let before = stage.memory(&place).await;
        let who = stage.who(call.name);
        let request = || who.request(Method::POST, &place.path).json(&call.body);
        for key in keys {
            let key = HeaderValue::from_bytes(key).expect("a header");
            let answer = who.send(request().header("Idempotency-Key", key)).await;
            refused(&answer, (422, "invalid"), call.name);
            assert_eq!(
                answer.fields(),
                [("Idempotency-Key".to_owned(), "idempotency_key".to_owned())]
            );
        }
        let two = request().header("Idempotency-Key", "a").header("Idempotency-Key", "a");
        refused(&who.send(two).await, (422, "invalid"), "two keys");
        assert_eq!(stage.memory(&place).await, before, "{}", call.name);
        let longest = request().header("Idempotency-Key", "k".repeat(255));
        who.send(longest).await.expect(call.status);
    }
    app.stop().await;
}

async fn with_tag(stage: &Stage<'_>, path: &str, name: &str, tag: &str) -> Answer {
    let who = stage.who(name);
    let request = who.request(Method::POST, path).header("If-Match", tag);
    who.send(request.json(&call(name).body)).await
}

async fn a_stale_copy_changes_nothing(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    for call in calls().into_iter().filter(Call::is_act) {
        let place = stage.place(call.name).await;
        let path = format!("/tickets/{}", place.ticket.clone().expect("a ticket"));
        let read = stage.hospital.get(&path).await.expect(200);
        let version = read.json()["version"].as_i64().expect("a version");
        assert_eq!(read.header("etag"), format!("\"{version}\""));
        let before = stage.memory(&place).await;
        let (older, newer) = (format!("\"{}\"", version - 1), format!("\"{}\"", version + 1));
        for tag in [
            older.as_str(),
            &newer,
            "\"other\"",
            "\"\"",
            "\"-1\"",
            "\"9223372036854775808\"",
            "\"00x\"",
        ] {
            refused(&with_tag(&stage, &place.path, call.name, tag).await, (412, "outdated"), tag);
        }
        let current = format!("W/\"{version}\"");
        let mixed = format!("\"{version}\", nonsense");
        for tag in [
            current.as_str(),
            &mixed,
            "nonsense",
            "1",
            "\"1",
            "1\"",
            "",
            ",",
            "'1'",
            "\"1\"\"2\"",
            "w/\"1\"",
        ] {
            refused(&with_tag(&stage, &place.path, call.name, tag).await, (400, "unreadable"), tag);
        }
        assert_eq!(stage.memory(&place).await, before, "{}", call.name);
        let right = [
            format!("\"{version}\""),
            "*".to_owned(),
            format!("{older}, \"{version}\""),
            format!("\"x\" , \"{version}\""),
        ];
        for (tag, fresh) in right.iter().zip(0..) {
            let place = if fresh == 0 { &place } else { &stage.place(call.name).await };
            let done = with_tag(&stage, &place.path, call.name, tag).await;
            sound(&done, tag);
            assert_eq!(done.status, call.status, "{} {tag}: {}", call.name, done.text);
            let path = format!("/tickets/{}", place.ticket.clone().expect("a ticket"));
            let read = stage.hospital.get(&path).await.expect(200);
            assert_eq!(done.header("etag"), read.header("etag"), "{}", call.name);
        }
    }
    app.stop().await;
}

async fn of_eight_who_read_the_same_one_writes(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let ticket = stage.hospital.file().await;
    let path = format!("/tickets/{}/messages", id(&ticket));
    let tag = format!("\"{}\"", ticket["version"]);
    let answers = join_all((0..8).map(|_| with_tag(&stage, &path, "messages", &tag))).await;
    answers.iter().for_each(|answer| sound(answer, "at once"));
    let done = answers.iter().filter(|answer| answer.status == 201).count();
    let stale = answers.iter().filter(|answer| answer.status == 412).count();
    assert_eq!((done, stale), (1, 7), "of eight who read the same, one writes");
    app.stop().await;
}

async fn what_is_unchanged_is_not_sent_again(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let ticket = stage.hospital.file().await;
    let (path, version) = (format!("/tickets/{}", id(&ticket)), ticket["version"].clone());
    let read = async |tag: String| {
        let request = stage.hospital.request(Method::GET, &path).header("If-None-Match", tag);
        stage.hospital.send(request).await
    };
    for tag in [
        format!("\"{version}\""),
        format!("W/\"{version}\""),
        format!("\"x\", \"{version}\""),
        "*".to_owned(),
    ] {
        let answer = read(tag.clone()).await;
        sound(&answer, &tag);
        assert_eq!((answer.status, answer.text.as_str()), (304, ""), "{tag}");
        assert_eq!(answer.header("etag"), format!("\"{version}\""));
    }
    for tag in ["\"0\"", "\"x\"", "nonsense", "", "W/"] {
        let answer = read(tag.to_owned()).await;
        sound(&answer, tag);
        assert_eq!(answer.status, 200, "{tag}");
    }
    stage.hospital.post(&format!("{path}/urge"), &call("urge").body).await.expect(200);
    assert_eq!(read(format!("\"{version}\"")).await.status, 200, "it has changed");
    let stranger = app.sign_in("maker2").await;
    let probe = stranger.request(Method::GET, &path).header("If-None-Match", "*");
    refused(&stranger.send(probe).await, (404, "not_found"), "a tag opens nothing");
    app.stop().await;
}
