//! Live updates: who hears what, and that nothing is lost.
//!
//! That something is *not* pushed is shown by what comes next: the feed is told in order. Where it
//! matters what comes first, the stream is opened first: on PostgreSQL a change is told once every
//! older transaction of the server has ended, those of other tests, too.

mod ending;
mod replay;
mod wire;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::app::{As, TestApp, filing, reply};
use crate::support::db::{TestDb, both};
use crate::support::form::Form;
use crate::support::sse::{Pushed, Stream};
use crate::support::world::{CEFTRIAXONE, INSULIN, REPLY_DUE};

both!(
    a_colleagues_reply_appears,
    what_somebody_may_not_read_is_not_pushed,
    another_tenants_ticket_never_appears,
    administrators_hear_that_a_ticket_changed,
    a_notice_is_pushed_to_its_recipient_alone,
    the_clock_and_imports_are_heard_and_the_past_is_not,
);

pub(super) fn id(ticket: &Value) -> String {
    ticket["id"].as_str().expect("an id").to_owned()
}

/// The next change of a ticket that a stream tells.
pub(super) async fn change(stream: &mut Stream) -> Pushed {
    stream.next_of("ticket").await
}

async fn a_colleagues_reply_appears(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, maker) = (app.sign_in("hospital").await, app.sign_in("maker").await);
    let colleague = app.sign_in("maker-en").await;
    let (mut theirs, mut colleagues) = (hospital.listen().await, colleague.listen().await);
    let ticket = hospital.file().await;
    let filed = change(&mut theirs).await;
    assert_eq!(
        filed.data,
        json!({
            "ticket": {"id": ticket["id"], "number": ticket["number"]},
            "state": "open",
            "version": 1,
            "events": [{"sequence": 1, "kind": "filed", "at": ticket["filed_at"]}],
        })
    );
    assert_eq!(change(&mut colleagues).await.data, filed.data);
    maker.act(&format!("/tickets/{}/reply", id(&ticket)), reply("2026-02-27")).await;
    for stream in [&mut theirs, &mut colleagues] {
        let replied = change(stream).await;
        assert_eq!((replied.ticket(), replied.kinds()), (id(&ticket).as_str(), vec!["replied"]));
        assert_eq!(
            (&replied.data["state"], &replied.data["version"]),
            (&json!("promised"), &json!(2))
        );
        assert!(!replied.id.is_empty());
    }
    for stream in [theirs, colleagues] {
        for text in ["胰岛素", "张心晴", "原料药", "人民医院"] {
            assert!(!stream.received().contains(text), "no texts and no names: {text}");
        }
    }
    app.stop().await;
}

async fn what_somebody_may_not_read_is_not_pushed(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let mut streams = Vec::new();
    for who in ["hospital", "maker", "distributor", "city"] {
        streams.push((who, app.sign_in(who).await.listen().await));
    }
    let ticket = hospital.file().await;
    let path = format!("/tickets/{}", id(&ticket));
    for audience in ["own", "bureau", "hospital_bureau", "all"] {
        let body = json!({"body": format!("给{audience}的话"), "audience": audience});
        hospital.act(&format!("{path}/messages"), body).await;
    }
    for audience in ["own", "hospital_bureau", "all"] {
        let file = Form::file("说明.pdf", b"%PDF-1.7\n%%EOF\n");
        let file = file.text("kind", "other").text("audience", audience);
        hospital.upload(&format!("{path}/attachments"), file).await.expect(201);
    }
    hospital.act(&format!("{path}/urge"), json!({"reason": "病区明日停用。"})).await;
    for (who, mut stream) in streams {
        let heard = stream.until(|pushed| pushed.kinds() == ["urged"]).await;
        let told = heard.iter().filter(|pushed| pushed.name == "ticket");
        let sequences: Vec<_> = told.map(|pushed| &pushed.data["events"][0]["sequence"]).collect();
        let expected = match who {
            "hospital" => json!([1, 2, 3, 4, 5, 6, 7, 8, 9]),
            "city" => json!([1, 3, 4, 5, 7, 8, 9]),
            _ => json!([1, 5, 8, 9]),
        };
        assert_eq!(json!(sequences), expected, "{who}");
    }
    app.stop().await;
}

/// A word of no other ticket.
const MARKER: &str = "鹮鸶";

async fn another_tenants_ticket_never_appears(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, other) = (app.sign_in("hospital").await, app.sign_in("hospital2").await);
    let mut strangers = Vec::new();
    for who in ["hospital2", "city2", "county2", "maker2"] {
        strangers.push(app.sign_in(who).await.listen().await);
    }
    let mut nobodies = Vec::new();
    for who in ["security", "auditor"] {
        let who = app.sign_in(who).await;
        let stream = who.listen().await;
        nobodies.push((who, stream));
    }
    let mut body = filing();
    body["summary"] = json!(format!("{MARKER}断供"));
    let theirs = hospital.act("/tickets", body).await;
    let reply = reply("2026-02-27");
    app.sign_in("maker").await.act(&format!("/tickets/{}/reply", id(&theirs)), reply).await;
    let own = other.file().await;
    let mut competitors = filing();
    competitors["product_code"] = json!(CEFTRIAXONE);
    let competitors = hospital.act("/tickets", competitors).await;
    let number = theirs["number"].as_str().expect("a number");
    let is_silent = |received: &str| {
        [MARKER, number, &id(&theirs)].into_iter().all(|hidden| !received.contains(hidden))
    };
    for (at, mut stream) in strangers.into_iter().enumerate() {
        let expected = if at == 3 { id(&competitors) } else { id(&own) };
        assert_eq!(change(&mut stream).await.ticket(), expected, "the first that it tells");
        assert!(is_silent(&stream.received()), "{}", stream.received());
    }
    for (who, mut stream) in nobodies {
        who.send(who.request(Method::DELETE, "/session")).await.expect(204);
        stream.ended().await;
        assert!(!stream.received().contains("event:"), "{}", stream.received());
    }
    app.stop().await;
}

async fn administrators_hear_that_a_ticket_changed(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, admin) = (app.sign_in("hospital").await, app.sign_in("admin").await);
    let mut stream = admin.listen().await;
    let ticket = hospital.file().await;
    let body = json!({"body": "内部备忘。", "audience": "own"});
    hospital.act(&format!("/tickets/{}/messages", id(&ticket)), body).await;
    let named = json!({"id": ticket["id"], "number": ticket["number"]});
    for version in [1, 2] {
        let pushed = stream.next().await.expect("an event");
        let expected = json!({"ticket": named, "state": "open", "version": version});
        assert_eq!((pushed.name.as_str(), pushed.data), ("ticket", expected));
    }
    app.stop().await;
}

/// Somebody's newest notice, as the list has it.
async fn newest_notice(who: &As<'_>) -> Value {
    who.get("/notices?page_size=1").await.expect(200).json()["items"][0].clone()
}

async fn a_notice_is_pushed_to_its_recipient_alone(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, maker) = (app.sign_in("hospital").await, app.sign_in("maker").await);
    let colleague = app.sign_in("maker-en").await;
    let mut streams = [hospital.listen().await, maker.listen().await, colleague.listen().await];
    let ticket = hospital.file().await;
    maker.act(&format!("/tickets/{}/reply", id(&ticket)), reply("2026-02-27")).await;
    let mut told = Vec::new();
    for stream in &mut streams {
        let is_reply = |pushed: &Pushed| pushed.kinds() == ["replied"];
        let mut heard = stream.until(is_reply).await;
        if heard.iter().all(|pushed| pushed.name == "ticket") {
            heard.push(stream.next().await.expect("the hospital is told of the reply"));
        }
        let notices = heard.into_iter().filter(|pushed| pushed.name == "notice");
        told.push(notices.collect::<Vec<_>>());
    }
    let kinds: Vec<Vec<_>> =
        told.iter().map(|own| own.iter().map(|one| one.data["kind"].clone()).collect()).collect();
    assert_eq!(kinds, [vec![json!("replied")], vec![json!("filed")], vec![json!("filed")]]);
    for (who, own) in [&hospital, &maker, &colleague].into_iter().zip(&told) {
        let listed = newest_notice(who).await;
        let expected = json!({
            "id": listed["id"], "kind": listed["kind"], "ticket": listed["ticket"], "at": listed["at"],
        });
        assert_eq!(own[0].data, expected);
    }
    assert_ne!(told[1][0].data["id"], told[2][0].data["id"], "each has their own");
    app.stop().await;
}

async fn the_clock_and_imports_are_heard_and_the_past_is_not(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, admin) = (app.sign_in("hospital").await, app.sign_in("admin").await);
    let mut stream = hospital.listen().await;
    let head = "历史诉求,医疗机构,产品编码,问题类别,摘要,情况说明,缺口数量,单位,联系人,联系电话,\
                提交人用户名,提交时间,状态,办结时间,撤回原因\n";
    let row = format!("滨海市第一人民医院,{INSULIN},断供,缺货,未到货,30,支,张敏,13800000001");
    let table =
        format!("{head}是,{row},,2025-03-03 09:30,已办结,2025-03-10,\n否,{row},hospital,,,,\n");
    admin.upload("/imports/tickets", Form::file("诉求.csv", table)).await.expect(200);
    let filed = change(&mut stream).await;
    assert_eq!((filed.kinds(), &filed.data["state"]), (vec!["filed"], &json!("open")));
    hospital.advance_to(REPLY_DUE).await;
    let missed = stream.until(|pushed| pushed.kinds().contains(&"escalated")).await;
    let changes: Vec<_> = missed.iter().filter(|pushed| pushed.name == "ticket").collect();
    assert!(changes.iter().all(|pushed| pushed.ticket() == filed.ticket()), "{missed:?}");
    let kinds: Vec<_> = changes.iter().flat_map(|pushed| pushed.kinds()).collect();
    assert_eq!(kinds, ["warned", "missed", "escalated"]);
    let last = changes.last().expect("a change");
    assert_eq!(last.data["events"][0]["at"], "2026-02-25T00:00:00+08:00", "business time");
    app.stop().await;
}
