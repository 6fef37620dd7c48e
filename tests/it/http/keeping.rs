//! Keeping organisations and people: who may, and what never happens.

use std::time::Duration;

use mail_parser::MessageParser;
use reqwest::Method;
use serde_json::{Value, json};

use super::stage::refused;
use crate::support::app::{Answer, As, TestApp};
use crate::support::db::{TestDb, both, sqlite_only};
use crate::support::smtp::Taken;
use crate::support::world::{self, house, person};

both!(
    an_organisation_is_added_and_replaced,
    b108_a_name_may_be_anothers_elsewhere,
    a_suspended_organisation_is_signed_out_and_its_partners_are_told,
    b113_the_last_administrator_stays,
    b113_two_that_remove_the_last_two_at_once,
    nobody_holds_two_of_the_three_roles,
    b105_who_is_moved_is_signed_out,
    b110_a_link_opens_once_for_its_owner,
);
sqlite_only!(the_three_administrators_are_separated, what_is_wrong_is_told_by_field);

async fn put(who: &As<'_>, (path, seen): (&str, Option<&str>), body: &Value) -> Answer {
    let mut request = who.request(Method::PUT, path).json(body);
    if let Some(seen) = seen {
        request = request.header("If-Match", seen);
    }
    who.send(request).await
}

fn hospital(name: &str) -> Value {
    json!({"kind": "hospital", "name": name, "division": "371002"})
}

async fn an_organisation_is_added_and_replaced(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let mut wanted = hospital("环翠区中医院");
    wanted["credit_code"] = json!("９１350100M000100Y43");
    wanted["institution_code"] = json!("H37100200001");
    let made = admin.post("/organisations", &wanted).await.expect(201);
    assert_eq!(made.header("etag"), "\"1\"");
    assert_eq!(made.json()["credit_code"], "91350100M000100Y43");
    let path = format!("/organisations/{}", made.json()["id"].as_str().expect("an id"));
    let again = admin.post("/organisations", &wanted).await;
    refused(&again, (422, "invalid"), "the same again");
    let taken = |field: &str| (field.to_owned(), "taken".to_owned());
    assert_eq!(again.fields(), [taken("name"), taken("institution_code")]);
    let renamed = hospital("环翠区中医医院");
    refused(&put(&admin, (&path, None), &renamed).await, (428, "precondition_required"), "blind");
    refused(&put(&admin, (&path, Some("\"7\"")), &renamed).await, (412, "outdated"), "stale");
    let changed = put(&admin, (&path, Some("\"1\"")), &renamed).await.expect(200);
    assert_eq!(changed.header("etag"), "\"2\"");
    assert_eq!(changed.json()["name"], "环翠区中医医院");
    assert!(changed.json().get("credit_code").is_none(), "it was replaced as a whole");
    refused(&put(&admin, (&path, Some("\"1\"")), &renamed).await, (412, "outdated"), "seen before");
    let shown = admin.get(&path).await.expect(200);
    assert_eq!((shown.header("etag"), shown.text), (changed.header("etag"), changed.text));
    let mut other = renamed.clone();
    other["kind"] = json!("bureau");
    let fixed = put(&admin, (&path, Some("\"2\"")), &other).await;
    assert_eq!(fixed.fields(), [("kind".to_owned(), "unchangeable".to_owned())]);
    let auditor = app.sign_in("auditor").await;
    let log = auditor.get("/audit?action=organisation_changed").await.expect(200).json();
    let detail = &log["items"][0]["detail"];
    assert_eq!(detail["before"]["name"], "环翠区中医院");
    assert_eq!(detail["after"]["name"], "环翠区中医医院");
    app.stop().await;
}

async fn b108_a_name_may_be_anothers_elsewhere(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    // The world has a hospital of this name in 371002, and a bureau beside it.
    let mut same = hospital("滨海市第一人民医院");
    refused(&admin.post("/organisations", &same).await, (422, "invalid"), "the very same");
    same["division"] = json!("370202");
    admin.post("/organisations", &same).await.expect(201);
    let mut kind = hospital("滨海区医保局");
    kind["kind"] = json!("manufacturer");
    admin.post("/organisations", &kind).await.expect(201);
    app.stop().await;
}

async fn a_suspended_organisation_is_signed_out_and_its_partners_are_told(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (admin, maker) = (app.sign_in("admin").await, app.sign_in("maker").await);
    let hospital = app.sign_in("hospital").await;
    let ticket = hospital.file().await;
    let path = format!("/organisations/{}", house("maker"));
    let why = json!({"reason": "企业注销"});
    let suspended = admin.post(&format!("{path}/suspend"), &why).await.expect(200);
    assert!(suspended.json()["disabled_at"].is_string());
    refused(&maker.get("/session").await, (401, "unauthenticated"), "signed out");
    let body = json!({"username": "maker", "password": world::PASSWORD});
    let login = app.send(app.request(Method::POST, "/api/v1/session").json(&body)).await;
    refused(&login, (401, "wrong_password"), "and not in again");
    let again = admin.post(&format!("{path}/suspend"), &why).await;
    refused(&again, (409, "suspended_already"), "twice");
    let ticket = format!("/tickets/{}", ticket["id"].as_str().expect("an id"));
    assert_eq!(hospital.get(&ticket).await.expect(200).json()["state"], "open");
    let notices = hospital.get("/notices").await.expect(200).json();
    let told = notices["items"].as_array().expect("items");
    let told: Vec<_> = told.iter().filter(|one| one["kind"] == "house_suspended").collect();
    assert_eq!(told.len(), 1, "{notices}");
    assert!(told[0]["headline"].as_str().expect("words").contains("岱海制药有限公司"));
    let other = app.sign_in("hospital2").await.get("/notices").await.expect(200);
    assert!(!other.text.contains("house_suspended"));
    admin.post(&format!("{path}/resume"), &why).await.expect(200);
    refused(&admin.post(&format!("{path}/resume"), &why).await, (409, "not_suspended"), "twice");
    refused(&maker.get("/session").await, (401, "unauthenticated"), "the old session is over");
    app.sign_in("maker").await;
    app.stop().await;
}

async fn add_administrator(security: &As<'_>, username: &str, role: &str) -> String {
    let body = json!({"organisation_id": house("platform").to_string(), "username": username,
        "role": role, "name": username, "email": format!("{username}@platform.example"),
        "by": "made"});
    let made = security.post("/users", &body).await.expect(201).json();
    assert_eq!(made["password"].as_str().expect("a password").len(), 20);
    made["id"].as_str().expect("an id").to_owned()
}

async fn b113_the_last_administrator_stays(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (admin, security) = (app.sign_in("admin").await, app.sign_in("security").await);
    let why = json!({"reason": "离职"});
    let path = |username: &str, act: &str| format!("/users/{}/{act}", person(username));
    for last in ["admin", "auditor"] {
        let suspended = security.post(&path(last, "suspend"), &why).await;
        refused(&suspended, (409, "last_administrator"), last);
        let role = json!({"role": "security", "reason": "调岗"});
        let given = put(&security, (&path(last, "role"), None), &role).await;
        refused(&given, (409, "last_administrator"), last);
    }
    refused(&security.post(&path("security", "suspend"), &why).await, (409, "own_account"), "self");
    refused(&admin.post(&path("admin", "suspend"), &why).await, (409, "own_account"), "self");
    let own = json!({"role": "admin", "reason": "调岗"});
    let own = put(&security, (&path("security", "role"), None), &own).await;
    refused(&own, (409, "own_role"), "their own role");
    let platform = format!("/organisations/{}/suspend", house("platform"));
    refused(&admin.post(&platform, &why).await, (409, "own_account"), "their own organisation");
    // With another one, the first may go, and then the other one may not.
    let second = add_administrator(&security, "admin2", "admin").await;
    security.post(&path("admin", "suspend"), &why).await.expect(200);
    refused(&admin.get("/session").await, (401, "unauthenticated"), "signed out");
    let refused_again = security.post(&format!("/users/{second}/suspend"), &why).await;
    refused(&refused_again, (409, "last_administrator"), "the second");
    security.post(&path("admin", "resume"), &why).await.expect(200);
    security.post(&format!("/users/{second}/suspend"), &why).await.expect(200);
    app.stop().await;
}

async fn b113_two_that_remove_the_last_two_at_once(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let replica = TestApp::replica(&db).await;
    let (here, there) = (app.sign_in("security").await, replica.sign_in("security").await);
    let why = json!({"reason": "离职"});
    for round in 0..5 {
        let second = add_administrator(&here, &format!("auditor{round}"), "auditor").await;
        let first = format!("/users/{}/suspend", person("auditor"));
        let second_path = format!("/users/{second}/suspend");
        let (one, other) = tokio::join!(here.post(&first, &why), there.post(&second_path, &why));
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{} {}", one.text, other.text);
        let lost = if one.status == 409 { &one } else { &other };
        assert_eq!(lost.code(), "last_administrator");
        // Back to the first one alone.
        if one.status == 200 {
            here.post(&format!("/users/{}/resume", person("auditor")), &why).await.expect(200);
            here.post(&second_path, &why).await.expect(200);
        }
    }
    replica.stop().await;
    app.stop().await;
}

async fn nobody_holds_two_of_the_three_roles(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let security = app.sign_in("security").await;
    let body = |role: &str, email: &str| {
        json!({"organisation_id": house("platform").to_string(), "username": "two", "role": role,
            "name": "两面", "email": email, "by": "made"})
    };
    let clash = security.post("/users", &body("auditor", "ADMIN@supply.example")).await;
    refused(&clash, (409, "separated_roles"), "the address of admin");
    let made = security.post("/users", &body("admin", "two@supply.example")).await.expect(201);
    let path = format!("/users/{}", made.json()["id"].as_str().expect("an id"));
    let change = json!({"name": "两面", "email": "auditor@supply.example"});
    let clash = put(&security, (&path, Some("\"1\"")), &change).await;
    refused(&clash, (409, "separated_roles"), "the address of auditor");
    let role = json!({"role": "hospital", "reason": "试"});
    let answer = put(&security, (&format!("{path}/role"), None), &role).await;
    assert_eq!(answer.fields(), [("role".to_owned(), "role_of_kind".to_owned())]);
    let role = json!({"role": "auditor", "reason": "换岗"});
    let given = put(&security, (&format!("{path}/role"), None), &role).await.expect(200);
    assert_eq!(given.json()["role"], "auditor");
    app.stop().await;
}

async fn b105_who_is_moved_is_signed_out(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (admin, maker) = (app.sign_in("admin").await, app.sign_in("maker").await);
    let path = format!("/users/{}", person("maker"));
    let change = |organisation: &str| json!({"name": "maker 女士", "organisation_id": house(organisation).to_string()});
    let elsewhere = put(&admin, (&path, Some("\"1\"")), &change("distributor")).await;
    assert_eq!(elsewhere.fields(), [("role".to_owned(), "role_of_kind".to_owned())]);
    let moved = put(&admin, (&path, Some("\"1\"")), &change("maker2")).await.expect(200).json();
    assert_eq!(moved["organisation"]["name"], "钱江药业股份有限公司");
    assert_eq!(moved["email"], "m***@supply.example", "what was left out stays");
    refused(&maker.get("/session").await, (401, "unauthenticated"), "signed out");
    let again = app.sign_in("maker").await;
    assert_eq!(
        again.get("/session").await.json()["user"]["organisation"]["name"],
        "钱江药业股份有限公司"
    );
    let gone = json!({"name": "maker 女士", "email": null, "phone": null});
    let bare = put(&admin, (&path, Some("\"2\"")), &gone).await.expect(200).json();
    assert_eq!((&bare["email"], &bare["phone"]), (&Value::Null, &Value::Null));
    app.stop().await;
}

async fn the_three_administrators_are_separated(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (admin, security) = (app.sign_in("admin").await, app.sign_in("security").await);
    let why = json!({"reason": "试"});
    let of = |username: &str, act: &str| format!("/users/{}/{act}", person(username));
    let role = json!({"role": "auditor", "reason": "试"});
    refused(&put(&admin, (&of("maker", "role"), None), &role).await, (403, "forbidden"), "roles");
    for act in ["suspend", "resume"] {
        refused(&admin.post(&of("auditor", act), &why).await, (403, "forbidden"), act);
    }
    let made = json!({"by": "made", "reason": "试"});
    refused(&admin.post(&of("security", "password"), &made).await, (403, "forbidden"), "password");
    let platform = json!({"organisation_id": house("platform").to_string(), "username": "friend",
        "role": "security", "name": "友", "by": "made"});
    refused(&admin.post("/users", &platform).await, (403, "forbidden"), "a friend");
    refused(&security.post("/organisations", &hospital("甲")).await, (403, "forbidden"), "houses");
    let path = format!("/organisations/{}", house("maker"));
    refused(&security.get(&path).await, (403, "forbidden"), "one house");
    security.get("/organisations?kind=platform").await.expect(200);
    security.get("/users").await.expect(200);
    for name in ["hospital", "maker", "distributor", "city", "auditor"] {
        let who = app.sign_in(name).await;
        for (path, body) in [
            ("/organisations", hospital("甲")),
            ("/users", platform.clone()),
            (&of("maker2", "suspend"), why.clone()),
            (&of("maker2", "password"), made.clone()),
            (&of("maker2", "invitation"), json!({})),
            (&format!("{path}/suspend"), why.clone()),
        ] {
            refused(&who.post(path, &body).await, (403, "forbidden"), &format!("{name} {path}"));
        }
        refused(&who.get(&path).await, (403, "forbidden"), name);
        refused(&who.get(&format!("/users/{}", person(name))).await, (403, "forbidden"), name);
        let role = json!({"role": "admin", "reason": "试"});
        refused(&put(&who, (&of(name, "role"), None), &role).await, (403, "forbidden"), name);
    }
    app.stop().await;
}

#[expect(clippy::too_many_lines, reason = "one story, told in order")]
async fn what_is_wrong_is_told_by_field(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    for (change, expected) in [
        (json!({"name": " "}), ("name", "required")),
        (json!({"name": "a\u{202e}b"}), ("name", "control_characters")),
        (json!({"name": "长".repeat(201)}), ("name", "too_long")),
        (json!({"kind": "药店"}), ("kind", "unknown")),
        (json!({"division": "37100"}), ("division", "division")),
        (json!({"division": "999999"}), ("division", "unknown")),
        (json!({"credit_code": "91350100M000100Y44"}), ("credit_code", "code_check")),
        (json!({"credit_code": "91350100M000100Y4O"}), ("credit_code", "code_sign")),
        (json!({"institution_code": "H3710"}), ("institution_code", "code_length")),
        (json!({"institution_code": "37100200001"}), ("institution_code", "code_beginning")),
        (
            json!({"kind": "bureau", "institution_code": "H37100200001"}),
            ("institution_code", "not_applicable"),
        ),
        (json!({"owner": 1}), ("owner", "unknown_field")),
    ] {
        let mut wanted = hospital("甲院");
        for (name, value) in change.as_object().expect("members") {
            wanted[name] = value.clone();
        }
        let answer = admin.post("/organisations", &wanted).await;
        refused(&answer, (422, "invalid"), &change.to_string());
        let (field, code) = expected;
        assert_eq!(answer.fields(), [(field.to_owned(), code.to_owned())], "{change}");
    }
    let user = json!({"organisation_id": house("maker").to_string(), "username": "Neu",
        "role": "manufacturer", "name": "新人", "by": "made"});
    for (change, expected) in [
        (json!({"organisation_id": "x"}), ("organisation_id", "id")),
        (
            json!({"organisation_id": uuid::Uuid::nil().to_string()}),
            ("organisation_id", "unknown_organisation"),
        ),
        (json!({"username": "maker"}), ("username", "taken")),
        (json!({"username": "a b"}), ("username", "blanks")),
        (json!({"role": "hospital"}), ("role", "role_of_kind")),
        (json!({"role": "chief"}), ("role", "unknown")),
        (json!({"email": "nobody"}), ("email", "email")),
        (json!({"phone": "12"}), ("phone", "phone")),
        (json!({"territory": "370000x"}), ("territory", "division")),
        (json!({"language": "fr"}), ("language", "unknown")),
        (json!({"by": "post"}), ("by", "unknown")),
        (json!({"by": "link"}), ("email", "required")),
    ] {
        let mut wanted = user.clone();
        for (name, value) in change.as_object().expect("members") {
            wanted[name] = value.clone();
        }
        let answer = admin.post("/users", &wanted).await;
        refused(&answer, (422, "invalid"), &change.to_string());
        let (field, code) = expected;
        assert_eq!(answer.fields(), [(field.to_owned(), code.to_owned())], "{change}");
    }
    let unknown = format!("/users/{}/suspend", uuid::Uuid::nil());
    refused(&admin.post(&unknown, &json!({"reason": "x"})).await, (404, "not_found"), "nobody");
    app.stop().await;
}

/// The secrets of the links that were mailed to an address, once there are so many.
pub(super) async fn mailed_links(app: &TestApp, address: &str, count: usize) -> Vec<String> {
    let is_theirs = |mail: &Taken| mail.to.iter().any(|to| to == address);
    let secret = |mail: Taken| {
        let mail = MessageParser::default().parse(&mail.raw).expect("a mail").into_owned();
        let text = mail.body_text(0).expect("text").into_owned();
        let rest = text.split("/invitations/").nth(1)?.to_owned();
        let is_part = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        Some(rest.chars().take_while(is_part).collect::<String>())
    };
    for _ in 0..100 {
        let mails = app.mail.messages().into_iter().filter(is_theirs);
        let links: Vec<_> = mails.filter_map(secret).collect();
        if links.len() >= count {
            return links;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{count} links to {address} were not mailed");
}

async fn accept(app: &TestApp, token: &str, password: &str) -> Answer {
    let body = json!({"token": token, "new_password": password});
    app.send(app.request(Method::POST, "/api/v1/invitations/accept").json(&body)).await
}

async fn b110_a_link_opens_once_for_its_owner(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (admin, maker) = (app.sign_in("admin").await, app.sign_in("maker").await);
    let reset = json!({"by": "link", "reason": "忘记密码"});
    let path = format!("/users/{}", person("maker"));
    let answer = admin.post(&format!("{path}/password"), &reset).await.expect(200);
    assert!(answer.json().get("password").is_none());
    refused(&maker.get("/session").await, (401, "unauthenticated"), "signed out");
    let token = mailed_links(&app, "maker@supply.example", 1).await[0].clone();
    refused(&accept(&app, "x", "a new long word").await, (404, "not_found"), "no token");
    let short = accept(&app, &token, "short").await;
    assert_eq!(short.fields(), [("new_password".to_owned(), "too_short".to_owned())]);
    let (one, other) = tokio::join!(
        accept(&app, &token, "the first long word"),
        accept(&app, &token, "the other long word")
    );
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{} {}", one.text, other.text);
    refused(&accept(&app, &token, "a third long word").await, (409, "link_used"), "used");
    // A newer link takes the place of an older one; one that was taken back opens nothing.
    admin.post(&format!("{path}/password"), &reset).await.expect(200);
    let old = mailed_links(&app, "maker@supply.example", 2).await[1].clone();
    assert_ne!(old, token);
    admin.post(&format!("{path}/invitation"), &json!({})).await.expect(200);
    let newer = mailed_links(&app, "maker@supply.example", 3).await[2].clone();
    refused(&accept(&app, &old, "a third long word").await, (409, "link_revoked"), "replaced");
    db.execute("update invitation set expires_at = created_at where revoked_at is null").await;
    refused(&accept(&app, &newer, "a third long word").await, (409, "link_expired"), "expired");
    let gone = admin.send(admin.request(Method::DELETE, &format!("{path}/invitation"))).await;
    refused(&gone, (409, "no_link"), "none is left");
    app.stop().await;
}
