//! Files of tickets over HTTP: adding, reading, and what is refused.

use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use supplyline::files::Vault;
use supplyline::service::App;
use supplyline::service::attachments::{self, Quota};

use super::stage::{comparable, id, refused, sound};
use crate::support::app::{As, TestApp};
use crate::support::db::{TestDb, both, sqlite_only};
use crate::support::form::{BOUNDARY, Form};

both!(
    a_file_is_added_and_read_by_the_parties,
    a_file_goes_no_further_than_its_audience_b057,
    what_is_not_theirs_is_not_there_b057_b106,
    evidence_names_files_of_the_ticket,
    a_repetition_adds_one_file,
    a_quota_is_named_b056,
);
sqlite_only!(
    a_file_that_is_not_what_it_says_is_refused_b043_b045_b046,
    a_form_that_is_none_is_refused_b040,
    a_sender_who_vanishes_leaves_nothing_b041,
    a_name_is_shown_harmless_b042,
    two_types_in_one_are_only_saved_b044,
    a_storage_that_fails_loses_nothing_b055,
    orphans_are_swept_and_others_kept,
);

const PDF: &[u8] = b"%PDF-1.7\nsupply stop statement\n";

fn pdf() -> Form {
    Form::file("停供函.pdf", PDF).text("kind", "supply_stop_statement")
}

async fn files(who: &As<'_>, ticket: &str) -> Vec<Value> {
    let list = who.get(&format!("/tickets/{ticket}/attachments")).await.expect(200).json();
    list["items"].as_array().cloned().expect("a list")
}

async fn a_file_is_added_and_read_by_the_parties(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, maker) = (app.sign_in("hospital").await, app.sign_in("maker").await);
    let ticket = id(&hospital.file().await);
    let path = format!("/tickets/{ticket}/attachments");
    let added = maker.upload(&path, pdf()).await.expect(201);
    let hash: String = Sha256::digest(PDF).iter().map(|byte| format!("{byte:02x}")).collect();
    let body = added.json();
    assert_eq!(body["name"], "停供函.pdf");
    assert_eq!(body["kind"], "supply_stop_statement");
    assert_eq!(body["audience"], "all");
    assert_eq!(body["media_type"], "application/pdf");
    assert_eq!((&body["bytes"], &body["sha256"]), (&json!(PDF.len()), &json!(hash)));
    assert_eq!(added.header("etag"), "\"2\"", "the ticket went on");
    let download = format!("/attachments/{}", id(&body));
    for who in ["hospital", "maker", "city", "province"] {
        let who = app.sign_in(who).await;
        assert_eq!(files(&who, &ticket).await, std::slice::from_ref(&body));
        let read = who.get(&download).await;
        sound(&read, "download");
        assert_eq!((read.status, read.text.as_bytes()), (200, PDF));
        assert_eq!(read.header("content-type"), "application/pdf");
        assert_eq!(
            read.header("content-disposition"),
            "attachment; filename=\"download.pdf\"; filename*=UTF-8''%E5%81%9C%E4%BE%9B%E5%87%BD.pdf"
        );
        assert!(read.header("content-security-policy").starts_with("sandbox;"));
        assert_eq!(read.header("etag"), format!("\"{hash}\""));
        let request =
            who.request(Method::GET, &download).header("If-None-Match", format!("\"{hash}\""));
        assert_eq!(who.send(request).await.status, 304);
    }
    let events = hospital.get(&format!("/tickets/{ticket}/events")).await.expect(200).json();
    assert_eq!(events["items"][1]["kind"], "attached");
    let notices = hospital.get("/notices").await.expect(200).json();
    assert_eq!(notices["items"][0]["kind"], "attached", "{notices}");
    app.stop().await;
}

async fn a_file_goes_no_further_than_its_audience_b057(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, maker) = (app.sign_in("hospital").await, app.sign_in("maker").await);
    let ticket = id(&hospital.file().await);
    let form = pdf().text("audience", "hospital_bureau");
    let body = hospital.upload(&format!("/tickets/{ticket}/attachments"), form).await.expect(201);
    let download = format!("/attachments/{}", id(&body.json()));
    assert_eq!(files(&maker, &ticket).await, Vec::<Value>::new());
    refused(&maker.get(&download).await, (404, "not_found"), "the maker");
    let events = maker.get(&format!("/tickets/{ticket}/events")).await.expect(200);
    assert!(!events.text.contains("attached"), "{}", events.text);
    let city = app.sign_in("city").await;
    city.get(&download).await.expect(200);
    app.stop().await;
}

async fn what_is_not_theirs_is_not_there_b057_b106(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let ticket = id(&hospital.file().await);
    let path = format!("/tickets/{ticket}/attachments");
    let file = id(&hospital.upload(&path, pdf()).await.expect(201).json());
    let nobodys = "0190aaaa-0000-7000-8000-000000000000";
    for stranger in ["hospital2", "maker2", "city2", "county2", "admin", "security", "auditor"] {
        let stranger = app.sign_in(stranger).await;
        for (theirs, unknown) in [
            (format!("/attachments/{file}"), format!("/attachments/{nobodys}")),
            (path.clone(), format!("/tickets/{nobodys}/attachments")),
        ] {
            let theirs = stranger.get(&theirs).await;
            refused(&theirs, (404, "not_found"), "read");
            assert_eq!(comparable(&theirs), comparable(&stranger.get(&unknown).await));
        }
        let answer = stranger.upload(&path, pdf()).await;
        assert!(matches!(answer.status, 403 | 404), "{}", answer.text);
    }
    let anonymous = app.request(Method::GET, &format!("/api/v1/attachments/{file}"));
    refused(&app.send(anonymous).await, (401, "unauthenticated"), "nobody");
    // A link that was good is none once the session ended.
    hospital.send(hospital.request(Method::DELETE, "/session")).await.expect(204);
    let answer = hospital.get(&format!("/attachments/{file}")).await;
    refused(&answer, (401, "unauthenticated"), "signed out");
    app.stop().await;
}

async fn evidence_names_files_of_the_ticket(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, maker) = (app.sign_in("hospital").await, app.sign_in("maker").await);
    let (one, other) = (id(&hospital.file().await), id(&hospital.file().await));
    let add = async |who: &As<'_>, ticket: &str| {
        let answer = who.upload(&format!("/tickets/{ticket}/attachments"), pdf()).await;
        id(&answer.expect(201).json())
    };
    let own = add(&maker, &one).await;
    let (theirs, elsewhere) = (add(&hospital, &one).await, add(&maker, &other).await);
    let solve = |evidence: Value| json!({"message": "已送达。", "delivered_quantity": 500, "evidence": evidence});
    let path = format!("/tickets/{one}/solve");
    for (evidence, field, code) in [
        (json!([theirs]), "evidence[0]", "unknown"),
        (json!([own, elsewhere]), "evidence[1]", "unknown"),
        (json!([own, own]), "evidence[1]", "duplicate"),
        (json!(["x"]), "evidence[0]", "unknown"),
        (json!(vec![own.clone(); 21]), "evidence", "too_many"),
    ] {
        let answer = maker.post(&path, &solve(evidence)).await;
        refused(&answer, (422, "invalid"), code);
        assert_eq!(answer.fields(), [(field.to_owned(), code.to_owned())]);
    }
    maker.post(&path, &solve(json!([own]))).await.expect(200);
    let events = hospital.get(&format!("/tickets/{one}/events")).await.expect(200).text;
    assert!(events.contains("\"evidence\":[\""), "{events}");
    app.stop().await;
}

async fn a_repetition_adds_one_file(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let ticket = id(&hospital.file().await);
    let path = format!("/tickets/{ticket}/attachments");
    let send = async |form: Form| {
        let request = hospital.request(Method::POST, &path);
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let request = request.header("Content-Type", kind).header("Idempotency-Key", "once");
        hospital.send(request.body(form.ended())).await
    };
    let (first, again) = (send(pdf()).await.expect(201), send(pdf()).await.expect(201));
    assert_eq!(first.text, again.text);
    assert_eq!(again.header("idempotent-replayed"), "true");
    let other = send(Form::file("b.pdf", PDF).text("kind", "other")).await;
    assert!(matches!(other.status, 409 | 422), "{}", other.text);
    assert_eq!(files(&hospital, &ticket).await.len(), 1);
    app.stop().await;
}

async fn a_quota_is_named_b056(db: TestDb) {
    let small = Quota { per_ticket: 2, files: 3, bytes: 120 };
    let change = |mut app: App| {
        app.quota = small;
        app
    };
    let app = TestApp::spawn_with(&db, "http://supply.example/", change).await;
    let (hospital, maker) = (app.sign_in("hospital").await, app.sign_in("maker").await);
    let ticket = id(&hospital.file().await);
    let path = format!("/tickets/{ticket}/attachments");
    for _ in 0..2 {
        hospital.upload(&path, pdf()).await.expect(201);
    }
    let over = hospital.upload(&path, pdf()).await;
    refused(&over, (413, "over_quota"), "per ticket");
    assert!(over.text.contains("a ticket has at most 2 files"), "{}", over.text);
    let second = format!("/tickets/{}/attachments", id(&hospital.file().await));
    let large = Form::file("a.txt", "甲".repeat(30)).text("kind", "other");
    let over = hospital.upload(&second, large).await;
    refused(&over, (413, "over_quota"), "bytes");
    assert!(over.text.contains("of its 120 bytes left"), "{}", over.text);
    hospital.upload(&second, pdf()).await.expect(201);
    let over = hospital.upload(&second, Form::file("a.txt", "甲").text("kind", "other")).await;
    refused(&over, (413, "over_quota"), "files");
    maker.upload(&second, pdf()).await.expect(201);
    app.stop().await;
}

async fn a_file_that_is_not_what_it_says_is_refused_b043_b045_b046(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let ticket = id(&hospital.file().await);
    let path = format!("/tickets/{ticket}/attachments");
    for (name, bytes, code) in [
        ("a.pdf", "<html><script>alert(1)</script>", "type_mismatch"),
        ("a.png", "<svg onload=alert(1)/>", "type_mismatch"),
        ("a.lnk", "L", "type"),
        ("a.hta", "<script>1</script>", "type"),
        ("a.html", "<p>", "type"),
        ("a.pdf", "", "empty"),
    ] {
        let answer = hospital.upload(&path, Form::file(name, bytes).text("kind", "other")).await;
        refused(&answer, (422, "invalid"), name);
        assert_eq!(answer.fields(), [("file".to_owned(), code.to_owned())], "{name}");
    }
    for (form, field, code) in [
        (Form::file("a.pdf", PDF), "kind", "required"),
        (Form::file("a.pdf", PDF).text("kind", "letter"), "kind", "unknown"),
        (pdf().text("audience", "everybody"), "audience", "unknown"),
        (pdf().text("note", "x"), "note", "unknown_field"),
        (Form::default().text("kind", "other"), "file", "required"),
    ] {
        let answer = hospital.upload(&path, form).await;
        refused(&answer, (422, "invalid"), field);
        assert_eq!(answer.fields(), [(field.to_owned(), code.to_owned())]);
    }
    assert_eq!(files(&hospital, &ticket).await.len(), 0);
    app.stop().await;
}

async fn a_form_that_is_none_is_refused_b040(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let path = format!("/tickets/{}/attachments", id(&hospital.file().await));
    let own = format!("multipart/form-data; boundary={BOUNDARY}");
    for (kind, body, expected) in [
        ("multipart/form-data", pdf().ended(), (400, "unreadable")),
        (own.as_str(), pdf().cut(), (400, "unreadable")),
        (own.as_str(), pdf().text("kind", "other").ended(), (400, "unreadable")),
        ("application/json", b"{}".to_vec(), (415, "unsupported_type")),
    ] {
        refused(&hospital.upload_raw(&path, kind, body).await, expected, kind);
    }
    app.stop().await;
}

async fn a_sender_who_vanishes_leaves_nothing_b041(db: TestDb) {
    use tokio::io::AsyncWriteExt as _;
    let vault = Vault::in_memory();
    let kept = vault.clone();
    let app = TestApp::spawn_with(&db, "http://supply.example/", |app| app.with_files(kept)).await;
    let hospital = app.sign_in("hospital").await;
    let ticket = id(&hospital.file().await);
    let body = Form::file("a.txt", "甲".repeat(100_000)).text("kind", "other").ended();
    let head = format!(
        "POST /api/v1/tickets/{ticket}/attachments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {}\r\n\r\n",
        hospital.token,
        body.len()
    );
    let address = app.base().trim_start_matches("http://").to_owned();
    let mut stream = tokio::net::TcpStream::connect(&address).await.expect("connected");
    stream.write_all(head.as_bytes()).await.expect("sent");
    stream.write_all(&body[..body.len() * 99 / 100]).await.expect("sent");
    drop(stream);
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(files(&hospital, &ticket).await.len(), 0);
    let far = chrono::Utc::now() + chrono::TimeDelta::days(1);
    let left: Vec<_> = futures::TryStreamExt::try_collect(vault.before(far)).await.expect("listed");
    assert_eq!(left, []);
    app.stop().await;
}

async fn a_name_is_shown_harmless_b042(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let ticket = id(&hospital.file().await);
    let path = format!("/tickets/{ticket}/attachments");
    for (name, shown) in [
        ("../../etc/x.pdf", "x.pdf"),
        ("C:\\\\temp\\\\CON.pdf", "_CON.pdf"),
        ("a\u{202E}gpj.exe.pdf", "agpj.exe.pdf"),
        ("say \\\"hi\\\".pdf. ", "say _hi_.pdf"),
    ] {
        let added = hospital.upload(&path, Form::file(name, PDF).text("kind", "other")).await;
        let body = added.expect(201).json();
        assert_eq!(body["name"], shown);
        let read = hospital.get(&format!("/attachments/{}", id(&body))).await;
        assert!(read.header("content-disposition").starts_with("attachment; filename=\""));
    }
    let long = format!("{}.pdf", "a".repeat(5_000));
    let added = hospital.upload(&path, Form::file(&long, PDF).text("kind", "other")).await;
    assert_eq!(added.expect(201).json()["name"].as_str().map(str::len), Some(104));
    app.stop().await;
}

async fn two_types_in_one_are_only_saved_b044(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let path = format!("/tickets/{}/attachments", id(&hospital.file().await));
    let both = b"%PDF-1.7\n<html><script>alert(1)</script></html>";
    let added = hospital.upload(&path, Form::file("a.pdf", both).text("kind", "other")).await;
    let read = hospital.get(&format!("/attachments/{}", id(&added.expect(201).json()))).await;
    sound(&read, "a polyglot");
    assert_eq!(read.header("content-type"), "application/pdf");
    assert!(read.header("content-disposition").starts_with("attachment;"));
    assert!(read.header("content-security-policy").starts_with("sandbox;"));
    app.stop().await;
}

async fn a_storage_that_fails_loses_nothing_b055(db: TestDb) {
    let place = tempfile::tempdir().expect("a folder");
    let folder = place.path().join("attachments");
    let vault = Vault::folder(&folder).expect("made");
    let app = TestApp::spawn_with(&db, "http://supply.example/", |app| app.with_files(vault)).await;
    let hospital = app.sign_in("hospital").await;
    let ticket = id(&hospital.file().await);
    let path = format!("/tickets/{ticket}/attachments");
    std::fs::remove_dir_all(&folder).expect("gone");
    std::fs::write(&folder, b"in the way").expect("written");
    let answer = hospital.upload(&path, pdf()).await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "unavailable"), "{}", answer.text);
    assert_eq!(files(&hospital, &ticket).await.len(), 0);
    std::fs::remove_file(&folder).expect("gone");
    std::fs::create_dir(&folder).expect("made");
    let body = hospital.upload(&path, pdf()).await.expect(201).json();
    let read = hospital.get(&format!("/attachments/{}", id(&body))).await.expect(200);
    assert_eq!(read.text.as_bytes(), PDF);
    app.stop().await;
}

async fn orphans_are_swept_and_others_kept(db: TestDb) {
    use supplyline::domain::id::AttachmentId;
    let vault = Vault::in_memory();
    let (kept, own) = (vault.clone(), Arc::new(std::sync::Mutex::new(None)));
    let seen = Arc::clone(&own);
    let app = TestApp::spawn_with(&db, "http://supply.example/", |app| {
        let app = app.with_files(kept);
        *seen.lock().expect("free") = Some(app.clone());
        app
    })
    .await;
    let service = own.lock().expect("free").clone().expect("opened");
    let hospital = app.sign_in("hospital").await;
    let path = format!("/tickets/{}/attachments", id(&hospital.file().await));
    let body = hospital.upload(&path, pdf()).await.expect(201).json();
    let orphan = AttachmentId(uuid::Uuid::now_v7());
    vault.put(orphan, PDF.into()).await.expect("kept");
    assert_eq!(attachments::sweep(&service).await.expect("swept"), 0, "too young");
    let now = service.clock.wall();
    let swept = attachments::sweep_before(&service, now + chrono::TimeDelta::hours(1)).await;
    assert_eq!(swept.expect("swept"), 1);
    hospital.get(&format!("/attachments/{}", id(&body))).await.expect(200);
    app.stop().await;
}
