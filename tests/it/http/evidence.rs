//! Evidence packs over HTTP: what they hold for whom, and that no byte of one can be changed.

use std::io::{Cursor, Read as _};

use reqwest::Method;
use serde_json::{Value, json};
use supplyline::seal::{InstanceSecret, PublicKey, Signer, Trust, verify};
use supplyline::service::evidence;

use super::stage::{comparable, id, refused, sound};
use crate::support::app::{As, SECRET_OF_INSTANCE, TestApp, filing, reply};
use crate::support::db::{TestDb, both, sqlite_only};
use crate::support::form::Form;
use crate::support::world;

both!(
    each_party_gets_what_it_may_see,
    the_pack_says_what_the_api_says,
    what_is_not_theirs_has_no_pack,
    texts_are_inert_on_the_page,
    a_long_conversation_fits,
    a_key_kept_in_the_database_is_made_once,
);
sqlite_only!(
    any_changed_byte_is_refused,
    the_key_is_shown_to_who_is_signed_in,
    the_command_says_what_it_verified,
    a_key_file_that_others_may_read_stops_the_service_b117,
);

const EVIL: &str = "<script>alert('鹮')</script><img src=x onerror=alert(1)>";

/// An opened pack.
struct Pack {
    bytes: Vec<u8>,
    html: String,
    json: Value,
    /// Every entry's bytes, one after the other.
    all: String,
}

fn own_key() -> PublicKey {
    let secret = InstanceSecret::parse(SECRET_OF_INSTANCE).expect("a secret");
    Signer::of(&secret).expect("a signer").public()
}

async fn bytes_of(who: &As<'_>, ticket: &str, language: &str) -> Vec<u8> {
    let request = who.request(Method::GET, &format!("/tickets/{ticket}/evidence-pack"));
    let answer = request.header("Accept-Language", language).send().await.expect("answered");
    assert_eq!(answer.status().as_u16(), 200);
    answer.bytes().await.expect("read").to_vec()
}

async fn pack(who: &As<'_>, ticket: &str, language: &str) -> Pack {
    let bytes = bytes_of(who, ticket, language).await;
    verify(&bytes, Trust::Key(own_key())).expect("genuine");
    let mut archive = zip::ZipArchive::new(Cursor::new(&bytes)).expect("an archive");
    let mut entry = |name: &str| {
        let mut bytes = Vec::new();
        archive.by_name(name).expect(name).read_to_end(&mut bytes).expect("read");
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let (html, json) = (entry("evidence.html"), entry("evidence.json"));
    let all = format!("{html}{json}{}{}", entry("manifest.json"), entry("manifest.sig"));
    Pack { html, json: serde_json::from_str(&json).expect("JSON"), bytes, all }
}

/// A ticket in which every party has said, added and done something.
async fn eventful(app: &TestApp) -> String {
    let (hospital, maker) = (app.sign_in("hospital").await, app.sign_in("maker").await);
    let (city, distributor) = (app.sign_in("city").await, app.sign_in("distributor").await);
    let ticket = id(&hospital.file().await);
    let path = format!("/tickets/{ticket}");
    for (name, who) in
        [("hospital", &hospital), ("maker", &maker), ("city", &city), ("distributor", &distributor)]
    {
        for audience in ["all", "own"] {
            let body = json!({"body": format!("{name}说给{audience}"), "audience": audience});
            who.post(&format!("{path}/messages"), &body).await.expect(201);
            let file = Form::file(&format!("{name}-{audience}.txt"), "甲")
                .text("kind", "other")
                .text("audience", audience);
            who.upload(&format!("{path}/attachments"), file).await.expect(201);
        }
    }
    for audience in ["hospital_bureau", "bureau"] {
        let body = json!({"body": format!("hospital说给{audience}"), "audience": audience});
        hospital.post(&format!("{path}/messages"), &body).await.expect(201);
    }
    maker.post(&format!("{path}/reply"), &reply("2026-02-27")).await.expect(200);
    let until = json!({"until": "2026-03-09", "reason": "原料三月初到厂。"});
    maker.post(&format!("{path}/extensions"), &until).await.expect(200);
    let decision = json!({"on": "extension", "granted": false, "reason": "依据不足。"});
    city.post(&format!("{path}/decisions"), &decision).await.expect(200);
    let escalate = json!({"reason": "病区明日停用。"});
    let escalated = hospital.post(&format!("{path}/escalate"), &escalate).await.expect(200);
    let rung = id(&escalated.json()["escalations"][0]);
    let measure = json!({"kind": "supervise", "text": "请于三日内供货。", "due_on": "2026-02-26"});
    city.post(&format!("/escalations/{rung}/measures"), &measure).await.expect(201);
    // Past the make-up day and the festival: deadlines pass, notices leave.
    hospital.advance_to("2026-03-02T10:00:00+08:00").await;
    ticket
}

async fn each_party_gets_what_it_may_see(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let ticket = eventful(&app).await;
    let others = ["hospital", "maker", "city", "distributor"];
    for (reader, may_read) in [
        ("hospital", &["hospital说给hospital_bureau", "hospital说给bureau"][..]),
        ("city", &["hospital说给hospital_bureau", "hospital说给bureau"]),
        ("province", &["hospital说给hospital_bureau", "hospital说给bureau"]),
        ("maker", &[]),
        ("distributor", &[]),
    ] {
        let who = app.sign_in(reader).await;
        let pack = pack(&who, &ticket, "zh-CN").await;
        for writer in others {
            let is_own = writer == reader;
            assert!(pack.html.contains(&format!("{writer}说给all")), "{reader} reads {writer}");
            assert!(pack.html.contains(&format!("{writer}-all.txt")), "{reader} reads {writer}");
            for own in [format!("{writer}说给own"), format!("{writer}-own.txt")] {
                assert_eq!(pack.all.contains(&own), is_own, "{reader}: {own}");
                assert_eq!(pack.html.contains(&own), is_own, "{reader}: {own}");
            }
        }
        for text in ["hospital说给hospital_bureau", "hospital说给bureau"] {
            assert_eq!(pack.all.contains(text), may_read.contains(&text), "{reader}: {text}");
        }
        let sees_phones = matches!(reader, "hospital" | "maker" | "distributor");
        assert_eq!(pack.all.contains("13812345678"), sees_phones, "{reader}");
        assert_eq!(pack.all.contains("13900000003"), sees_phones, "{reader}");
        assert_eq!(pack.html.contains("138****5678"), !sees_phones, "{reader}");
        assert!(!pack.all.contains("13800000000"), "addresses of deliveries are masked");
        assert!(!pack.all.contains("maker@supply.example"), "addresses of deliveries are masked");
        assert_eq!(pack.json["made_for"]["id"], world::house(reader).to_string());
        let labels = pack.html.split("<dt>").skip(1).chain(pack.html.split("<th>").skip(1));
        for label in labels.map(|rest| rest.split('<').next().unwrap_or_default()) {
            let is_chinese = label.chars().any(|c| ('一'..='鿿').contains(&c));
            assert!(is_chinese, "{label} has no Chinese name");
        }
    }
    app.stop().await;
}

async fn items(who: &As<'_>, path: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = who.get(&format!("{path}?page_size=100{cursor}")).await.expect(200).json();
        all.extend(page["items"].as_array().cloned().expect("a list"));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

async fn the_pack_says_what_the_api_says(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let ticket = eventful(&app).await;
    for reader in ["hospital", "maker", "city"] {
        let who = app.sign_in(reader).await;
        let path = format!("/tickets/{ticket}");
        let before = who.get(&path).await.expect(200);
        let pack = pack(&who, &ticket, "zh-CN").await;
        assert_eq!(pack.json["schema"], "supplyline-evidence/1");
        assert_eq!(pack.json["ticket"], before.json(), "{reader}");
        for (part, call) in [
            ("timeline", "events"),
            ("messages", "messages"),
            ("attachments", "attachments"),
            ("deliveries", "deliveries"),
        ] {
            let listed = Value::Array(items(&who, &format!("{path}/{call}")).await);
            assert!(listed.as_array().is_some_and(|listed| !listed.is_empty()), "{call}");
            assert_eq!(pack.json[part], listed, "{reader} {call}");
        }
        let days = pack.json["calendar"]["days"].as_array().expect("days");
        let makeup = days.iter().find(|day| day["date"] == "2026-02-14").expect("touched");
        assert_eq!(makeup["kind"], "makeup");
        assert!(makeup["source"].as_str().is_some_and(|source| pack.html.contains(source)));
        assert_eq!(pack.json["policies"][0]["version"], "37-1");
        assert!(pack.html.contains("鲁医保发〔2023〕14号"), "the policy's document");
        let after = who.get(&path).await.expect(200);
        assert_eq!(before.header("etag"), after.header("etag"), "reading changes nothing");
        let again = bytes_of(&who, &ticket, "zh-CN").await;
        assert_eq!(again, pack.bytes, "the same ticket at the same instant gives the same bytes");
    }
    app.stop().await;
}

async fn what_is_not_theirs_has_no_pack(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let ticket = id(&hospital.file().await);
    let path = format!("/tickets/{ticket}/evidence-pack");
    let nobodys = "/tickets/0190aaaa-0000-7000-8000-000000000000/evidence-pack";
    for stranger in ["hospital2", "maker2", "city2", "county2", "security", "auditor", "admin"] {
        let stranger = app.sign_in(stranger).await;
        let (hidden, unknown) = (stranger.get(&path).await, stranger.get(nobodys).await);
        refused(&hidden, (404, "not_found"), &path);
        assert_eq!(comparable(&hidden), comparable(&unknown), "the same answer");
    }
    refused(&hospital.get("/tickets/x/evidence-pack").await, (404, "not_found"), "no id");
    let anybody = app.send(app.request(Method::GET, &format!("/api/v1{path}"))).await;
    refused(&anybody, (401, "unauthenticated"), "not signed in");
    let posted = hospital.post(&path, &json!({})).await;
    refused(&posted, (405, "method_not_allowed"), "a GET only");
    let own = hospital.get(&path).await.expect(200);
    sound(&own, &path);
    assert_eq!(own.header("content-type"), "application/zip");
    assert_eq!(own.header("cache-control"), "no-store");
    let number = hospital.get(&format!("/tickets/{ticket}")).await.json()["number"].clone();
    let name = format!("attachment; filename=\"{}.zip\"", number.as_str().expect("a number"));
    let disposition = own.header("content-disposition");
    assert!(disposition.starts_with(&name), "{disposition}");
    app.stop().await;
}

async fn texts_are_inert_on_the_page(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, maker) = (app.sign_in("hospital").await, app.sign_in("maker").await);
    let mut body = filing();
    for field in ["summary", "description", "unit"] {
        body[field] = json!(if field == "unit" { "<b>支" } else { EVIL });
    }
    body["contact"]["name"] = json!("<script>1</script>");
    let ticket = id(&hospital.post("/tickets", &body).await.expect(201).json());
    let path = format!("/tickets/{ticket}");
    let message = json!({"body": EVIL, "audience": "all"});
    hospital.post(&format!("{path}/messages"), &message).await.expect(201);
    let mut answer = reply("2026-02-27");
    answer["message"] = json!(EVIL);
    maker.post(&format!("{path}/reply"), &answer).await.expect(200);
    let file = Form::file("<script>alert(1)</script>.txt", "甲").text("kind", "other");
    hospital.upload(&format!("{path}/attachments"), file).await.expect(201);
    for language in ["zh-CN", "en"] {
        let pack = pack(&hospital, &ticket, language).await;
        for bad in ["<script", "<img", "<b>", "http://", "https://", "javascript:"] {
            let shown: Vec<_> = pack.html.match_indices(bad).collect();
            // A calendar's document is named by its address, as text.
            let is_text = bad.starts_with("http") && !pack.html.contains("href=");
            assert!(shown.is_empty() || is_text, "{bad}: {}", pack.html);
        }
        assert!(pack.html.contains("&#60;script&#62;alert"), "{}", pack.html);
        assert!(pack.html.contains("http-equiv=\"Content-Security-Policy\""));
        assert!(pack.html.starts_with(&format!("<!doctype html>\n<html lang=\"{language}\">")));
    }
    app.stop().await;
}

async fn a_long_conversation_fits(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let ticket = id(&hospital.file().await);
    let ticket_id: uuid::Uuid = ticket.parse().expect("an id");
    let message = move |index: i32| entity::message::Model {
        id: uuid::Uuid::from_u128(u128::try_from(index).expect("small")),
        ticket_id,
        sequence: 1_000 + index,
        at: world::at(world::START),
        by_user: world::person("hospital").0,
        by_organisation: world::house("hospital").0,
        audience: "all".to_owned(),
        body: format!("第{index}条：{}", "催".repeat(100)),
    };
    let written = db.store.write(move |tx| {
        Box::pin(async move {
            use sea_orm::{EntityTrait as _, IntoActiveModel as _};
            for start in (0..2_000).step_by(200) {
                let rows = (start..start + 200).map(|index| message(index).into_active_model());
                entity::message::Entity::insert_many(rows).exec_without_returning(tx).await?;
            }
            Ok::<_, supplyline::store::Error>(())
        })
    });
    written.await.expect("written");
    let began = std::time::Instant::now();
    let pack = pack(&hospital, &ticket, "zh-CN").await;
    assert_eq!(pack.json["messages"].as_array().map(Vec::len), Some(2_000));
    assert!(pack.html.contains("第1999条"));
    assert!(pack.bytes.len() < 4 * 1024 * 1024, "{} bytes", pack.bytes.len());
    assert!(began.elapsed().as_secs() < 30, "{:?}", began.elapsed());
    app.stop().await;
}

async fn any_changed_byte_is_refused(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let ticket = id(&hospital.file().await);
    let pack = pack(&hospital, &ticket, "zh-CN").await.bytes;
    // The unit tests go over every position of a smaller one.
    for position in (0..pack.len()).step_by(101) {
        let mut changed = pack.clone();
        changed[position] ^= 0x01;
        assert!(verify(&changed, Trust::KeyInside).is_err(), "{position} of {}", pack.len());
    }
    let other = self::pack(&hospital, &id(&hospital.file().await), "zh-CN").await.bytes;
    assert!(verify(&other, Trust::Key(own_key())).is_ok());
    app.stop().await;
}

async fn the_key_is_shown_to_who_is_signed_in(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let anybody = app.send(app.request(Method::GET, "/api/v1/evidence-key")).await;
    refused(&anybody, (401, "unauthenticated"), "the key");
    for reader in ["hospital", "admin", "auditor"] {
        let answer = app.sign_in(reader).await.get("/evidence-key").await.expect(200);
        sound(&answer, "the key");
        let body = answer.json();
        let text = |name: &str| body[name].as_str().expect(name).to_owned();
        assert_eq!((text("algorithm").as_str(), text("id")), ("Ed25519", own_key().id()));
        for key in ["public_key", "pem"] {
            assert_eq!(PublicKey::parse(&text(key)).expect(key), own_key());
        }
    }
    app.stop().await;
}

async fn a_key_kept_in_the_database_is_made_once(db: TestDb) {
    let (one, other) = (db.replica().await, db.replica().await);
    let both = tokio::join!(evidence::secret_in(&one), evidence::secret_in(&other));
    let (one, other) = (both.0.expect("a secret"), both.1.expect("a secret"));
    assert_eq!(*one.text(), *other.text());
    let again = evidence::secret_in(&db.store).await.expect("a secret");
    assert_eq!(*one.text(), *again.text());
    let spoilt = db.store.write(|tx| {
        Box::pin(async move {
            supplyline::store::setting::set(tx, "instance_secret", "hunter2".to_owned()).await
        })
    });
    spoilt.await.expect("written");
    let error = evidence::secret_in(&db.store).await.expect_err("garbage").to_string();
    assert!(error.contains("instance_secret") && !error.contains("hunter2"), "{error}");
}

/// Runs the program in a folder of its own; gives its exit code, and what it said.
fn run(folder: &std::path::Path, arguments: &[&str]) -> (Option<i32>, String) {
    let program = std::process::Command::new(env!("CARGO_BIN_EXE_supplyline"))
        .args(arguments)
        .current_dir(folder)
        .env("SUPPLYLINE_DATABASE_URL", "sqlite://own.db")
        .env("SUPPLYLINE_LISTEN", "127.0.0.1:0")
        .env_remove("SUPPLYLINE_KEY_FILE")
        .output();
    let output = program.expect("it ran");
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

async fn the_command_says_what_it_verified(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let pack = bytes_of(&hospital, &id(&hospital.file().await), "zh-CN").await;
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(folder.path().join(name), bytes).expect("written");
    };
    write("a.zip", &pack);
    write("key.pem", own_key().pem().as_bytes());
    let mut changed = pack.clone();
    changed[pack.len() / 2] ^= 1;
    write("changed.zip", &changed);
    write("empty.zip", b"");
    let (code, said) = run(folder.path(), &["verify", "a.zip"]);
    assert!(code == Some(0) && said.contains("NOT proved"), "{said}");
    for key in ["key.pem", &own_key().text()] {
        let (code, said) = run(folder.path(), &["verify", "a.zip", "--public-key", key]);
        assert!(code == Some(0) && said.contains("genuine"), "{said}");
        assert!(said.contains(&own_key().id()), "{said}");
        for bad in ["changed.zip", "empty.zip", "key.pem", "nowhere.zip", "."] {
            let (code, said) = run(folder.path(), &["verify", bad, "--public-key", key]);
            assert!(code == Some(2) && said.contains(bad) && !said.contains("genuine"), "{said}");
        }
    }
    let left: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").collect();
    assert_eq!(left.len(), 4, "verifying makes nothing: {left:?}");
    // The instance's own key, once there is one, is another.
    let (code, shown) = run(folder.path(), &["key"]);
    assert!(code == Some(0) && shown.contains("-----BEGIN PUBLIC KEY-----"), "{shown}");
    let (code, said) = run(folder.path(), &["verify", "a.zip"]);
    assert!(code == Some(2) && said.contains("this instance's own key"), "{said}");
    write("own.pem", shown.as_bytes());
    let (code, said) = run(folder.path(), &["verify", "a.zip", "--public-key", "own.pem"]);
    assert!(code == Some(2) && said.contains("not with the expected key"), "{said}");
    app.stop().await;
}

#[cfg(unix)]
async fn a_key_file_that_others_may_read_stops_the_service_b117(_db: TestDb) {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let key = folder.path().join("supplyline.key");
    let (code, said) = run(folder.path(), &["key"]);
    assert_eq!(code, Some(0), "{said}");
    let mode = |path| std::fs::metadata(path).expect("made").permissions().mode() & 0o777;
    assert_eq!(mode(&key), 0o600);
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).expect("set");
    for command in ["serve", "check", "key"] {
        let (code, said) = run(folder.path(), &[command]);
        assert!(code == Some(2) && said.contains("SUPPLYLINE_KEY_FILE"), "{command}: {said}");
    }
}
