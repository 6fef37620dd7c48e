//! Forms of the pages that are no act's whole body: ids of nothing, drafts, files, passwords.

use super::pages::{pairs, sound_page};
use super::pages_bad_input::{came_back, control, form_of, set, told};
use super::stage::{Stage, call, id};
use super::values::kind;
use crate::support::app::TestApp;
use crate::support::browser::{Browser, kept, typed};
use crate::support::db::{TestDb, both, sqlite_only};
use crate::support::form::{BOUNDARY, Form};

both!(drafts_take_anything_and_do_no_harm);
sqlite_only!(ids_of_nothing, a_refused_file_keeps_what_was_chosen, passwords_and_small_forms);

async fn drafts_take_anything_and_do_no_harm(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let browser = Browser::of(&app, &stage.hospital);
    let call = call("tickets");
    let code = call.body["product_code"].as_str().expect("a code").to_owned();
    for text in
        ["", "\0", "\u{1b}[31m\r\n", "\u{202e}x", "\"><script>alert(1)</script>", "𠮷", "e\u{301}"]
    {
        let mut sent = typed(&call.body);
        for (name, value) in &mut sent {
            if name != "product_code" {
                text.clone_into(value);
            }
        }
        let answer = browser.post("/drafts", &sent).await;
        sound_page(&answer, text);
        assert_eq!(answer.status, 303, "{text:?}: {}", answer.text);
        let page = browser.get(&format!("/tickets/new?product={code}")).await.expect(200);
        for name in ["summary", "description", "order_refs"] {
            let kept = kept(&page.text, &format!("file-{name}"));
            assert_eq!(kept.as_deref(), Some(text), "{name}");
        }
    }
    for (name, value) in [
        ("product_code", "\0"),
        ("product_code", ""),
        ("product_code", "../../etc/passwd"),
        ("summary", &"x".repeat(70_000)),
    ] {
        let mut sent = typed(&call.body);
        set(&mut sent, name, value);
        let answer = browser.post("/drafts", &sent).await;
        sound_page(&answer, name);
        assert_eq!(answer.status, 422, "{name}");
    }
    for extra in ["role", "id", "saved_at"] {
        let mut sent = typed(&call.body);
        sent.push((extra.to_owned(), "admin".to_owned()));
        let answer = browser.post("/drafts", &sent).await;
        assert_eq!(answer.status, 422, "{extra} is no field of the form");
    }
    let words = "甲 ".repeat(20_000);
    for path in ["/drafts", "/drafts/discard", "/tickets"] {
        let mut sent = typed(&call.body);
        set(&mut sent, "product_code", &words);
        let answer = browser.post(path, &sent).await;
        sound_page(&answer, path);
        assert!(matches!(answer.status, 303 | 422), "{path}: {}", answer.text);
    }
    app.stop().await;
}

async fn ids_of_nothing(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    for (name, field, has_control) in [
        ("tickets", "product_code", false),
        ("tickets", "follows", false),
        ("distributor", "organisation_id", true),
        ("decisions", "manufacturer_id", true),
        ("decisions", "on", false),
        ("solve", "evidence", true),
    ] {
        let call = call(name);
        let place = stage.place(name).await;
        let browser = Browser::of(&app, stage.who(name));
        let before = stage.memory(&place).await;
        for wrong in kind(name, if field == "evidence" { "evidence[0]" } else { field }).wrong() {
            let wrong = wrong.as_str().expect("text").to_owned();
            let may_be_blank = matches!(field, "follows" | "manufacturer_id" | "evidence");
            if may_be_blank && wrong.trim().is_empty() {
                continue;
            }
            let mut sent = typed(&call.body);
            sent.retain(|(known, _)| known != field);
            sent.push((field.to_owned(), wrong.clone()));
            let answer = browser.post(&place.path, &sent).await;
            let asked = format!("{name} {field} {wrong:.60}");
            sound_page(&answer, &asked);
            let is_decision = field == "on" && answer.status == 409;
            assert!(answer.status == 422 || is_decision, "{asked}: {}", answer.text);
            if field != "product_code" {
                assert!(answer.text.contains("error-summary"), "{asked}: {}", answer.text);
            }
            if has_control {
                told(&answer, form_of(name), field, &asked);
            }
        }
        assert_eq!(stage.memory(&place).await, before, "{name} {field}");
    }
    // Known as dates, but not possible ones.
    for (name, field, day) in [
        ("reply", "promised_on", "2026-02-12"),
        ("reply", "promised_on", "2100-12-31"),
        ("promise", "promised_on", "2026-02-12"),
        ("extensions", "until", "2026-02-12"),
        ("force-majeure", "expected_end", "2026-02-12"),
        ("measures", "due_on", "2026-02-12"),
    ] {
        let place = stage.place(name).await;
        let browser = Browser::of(&app, stage.who(name));
        let before = stage.memory(&place).await;
        let mut sent = typed(&call(name).body);
        set(&mut sent, field, day);
        let answer = browser.post(&place.path, &sent).await;
        came_back(&answer, name);
        told(&answer, form_of(name), field, day);
        assert_eq!(kept(&answer.text, &control(form_of(name), field)).as_deref(), Some(day));
        assert_eq!(stage.memory(&place).await, before, "{name} {field}");
    }
    app.stop().await;
}

async fn a_refused_file_keeps_what_was_chosen(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let browser = Browser::of(&app, &stage.hospital);
    let ticket = id(&stage.hospital.file().await);
    let path = format!("/tickets/{ticket}/attachments");
    let multipart = format!("multipart/form-data; boundary={BOUNDARY}");
    let before = stage.hospital.get(&path).await.expect(200).text;
    let chosen = |form: Form| form.text("kind", "order_screenshot").text("audience", "own");
    for (what, form, field) in [
        ("nothing chosen", chosen(Form::file("", "")), "file"),
        ("an empty file", chosen(Form::file("a.txt", "")), "file"),
        ("a page", chosen(Form::file("a.txt", "<html><script>alert(1)</script>")), "file"),
        ("a program", chosen(Form::file("a.exe", b"MZ\x90\0\x03")), "file"),
        ("a lie", chosen(Form::file("a.pdf", "text")), "file"),
        ("no kind", Form::file("a.txt", "甲").text("audience", "own"), "kind"),
        ("an unknown kind", Form::file("a.txt", "甲").text("kind", "x\"><b>"), "kind"),
        (
            "an unknown audience",
            Form::file("a.txt", "甲").text("kind", "other").text("audience", "x"),
            "audience",
        ),
    ] {
        let answer = browser.post_raw(&path, &multipart, form.ended()).await;
        came_back(&answer, what);
        told(&answer, "attachments", field, what);
        assert!(!answer.text.contains("整数"), "{what}: a file is no number");
        let desk = answer.text.split("id=\"form-attachments\"").nth(1).expect("the form");
        if field != "audience" && what != "an unknown kind" {
            assert!(desk.contains("<option value=\"own\" selected>"), "{what}: {desk}");
        }
        if field == "file" {
            assert!(
                desk.contains("<option value=\"order_screenshot\" selected>"),
                "{what}: {desk}"
            );
        }
    }
    for (form, status) in [
        (Form::file("a.txt", "甲").text("role", "admin"), 422),
        (Form::file("a.txt", "甲").part("name=\"file\"; filename=\"b.txt\"", "乙"), 400),
    ] {
        let answer = browser.post_raw(&path, &multipart, form.ended()).await;
        sound_page(&answer, "a form of another kind");
        assert_eq!(answer.status, status, "{}", answer.text);
    }
    let answer = browser.post(&path, &pairs(&[("kind", "other")])).await;
    assert_eq!(answer.status, 415, "{}", answer.text);
    assert_eq!(stage.hospital.get(&path).await.expect(200).text, before);
    app.stop().await;
}

async fn passwords_and_small_forms(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let browser = Browser::of(&app, &stage.hospital);
    let long = "长".repeat(2_000);
    for (current, new, field) in [
        ("wrong", "长一点的新口令-2026", "current_password"),
        ("", "长一点的新口令-2026", "current_password"),
        ("supplyline-demo", "", "new_password"),
        ("supplyline-demo", "短", "new_password"),
        ("supplyline-demo", "supplyline-demo", "new_password"),
        ("supplyline-demo", "hospital-hospital", "new_password"),
        ("supplyline-demo", &long, "new_password"),
        (&long, "长一点的新口令-2026", "current_password"),
    ] {
        let form = pairs(&[("current_password", current), ("new_password", new)]);
        let answer = browser.post("/account/password", &form).await;
        let asked = format!("{current:.20} {new:.20}");
        came_back(&answer, &asked);
        told(&answer, "password", field, &asked);
        for secret in [current, new].into_iter().filter(|secret| secret.len() > 8) {
            assert!(!answer.text.contains(secret), "{asked}: a password is not sent back");
        }
    }
    app.sign_in("hospital").await;
    let stranger = Browser::stranger(&app);
    let long_name = "a".repeat(101);
    for (username, password, status) in [
        ("", "x", 422),
        ("\u{200b}", "x", 422),
        ("ho\0spital", "x", 422),
        ("hospital\r\nx", "x", 422),
        ("\u{202e}hospital", "x", 422),
        (long_name.as_str(), "x", 422),
        ("hospital", "", 422),
        ("\"><script>alert(1)</script>", "x", 401),
        ("{{7*7}}${7*7}", "x", 401),
        ("hospital' or 1=1 --", "supplyline-demo", 401),
    ] {
        let form = pairs(&[("username", username), ("password", password)]);
        let answer = stranger.post("/login", &form).await;
        sound_page(&answer, username);
        assert_eq!(answer.status, status, "{username}: {}", answer.text);
        assert!(answer.text.contains("message error-summary"), "{username}");
        assert_eq!(kept(&answer.text, "username").as_deref(), Some(username.trim()));
        assert_eq!(answer.header("set-cookie"), "", "{username}");
    }
    for (path, name) in
        [("/language", "language"), ("/demo/sign-in", "role"), ("/demo/clock", "step")]
    {
        for value in ["", "x", "\0", "HOUR", "zh-CN ", "admin\0", "<script>alert(1)</script>"] {
            let answer = browser.post(path, &pairs(&[(name, value)])).await;
            sound_page(&answer, path);
            assert_eq!(answer.status, 422, "{path} {value:?}: {}", answer.text);
            assert!(!answer.text.contains("<script>alert"), "{path}");
            assert_eq!(answer.header("set-cookie"), "", "{path} {value:?}");
        }
    }
    app.stop().await;
}
