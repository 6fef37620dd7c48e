//! Every call with a body, and a place where it would succeed: for trying what must not.
//!
//! **Never** knows what the service does with a call; only what a client may send.

use serde_json::{Value, json};

use crate::support::app::{Answer, As, TestApp, filing, reply};
use crate::support::form::Form;
use crate::support::world;

/// What every answer carries.
pub(crate) const HEADERS: [(&str, &str); 6] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("x-frame-options", "DENY"),
];
/// What would tell of the inside.
const INSIDE: [&str; 9] = [
    "src/",
    ".rs:",
    "sqlx",
    "sea_orm",
    "SELECT",
    "panicked",
    "password_hash",
    "token_hash",
    "constraint",
];

/// A call that takes a body.
pub(crate) struct Call {
    /// Its last word.
    pub(crate) name: &'static str,
    /// Its address as the description has it.
    pub(crate) template: &'static str,
    /// A body with every field.
    pub(crate) body: Value,
    /// What it answers.
    pub(crate) status: u16,
}

impl Call {
    /// True for what is done to a ticket or to one of its escalations.
    pub(crate) fn is_act(&self) -> bool {
        self.template.contains("{id}") && self.name != "group-reply"
    }

    /// True when its body may name files of the ticket.
    pub(crate) fn names_files(&self) -> bool {
        matches!(self.name, "solve" | "extensions" | "force-majeure")
    }
}

/// Where a call succeeds.
pub(crate) struct Place {
    /// Below `/api/v1`.
    pub(crate) path: String,
    /// The ticket that it changes.
    pub(crate) ticket: Option<String>,
    /// A file of that ticket, for calls that may name one.
    pub(crate) file: Option<String>,
}

impl Place {
    fn of(path: String, ticket: Option<String>) -> Self {
        Self { path, ticket, file: None }
    }
}

/// People at work on one service.
pub(crate) struct Stage<'a> {
    pub(crate) app: &'a TestApp,
    pub(crate) hospital: As<'a>,
    pub(crate) maker: As<'a>,
    pub(crate) city: As<'a>,
}

/// Every call with a body; those that take one thing or another stand there twice.
#[expect(clippy::too_many_lines, reason = "a table of cases")]
pub(crate) fn calls() -> Vec<Call> {
    let call = |name, template, status, body| Call { name, template, body, status };
    let mut ticket = filing();
    ticket["follows"] = json!(null);
    let reason = || json!({"reason": "病区明日停用。"});
    vec![
        call(
            "session",
            "/api/v1/session",
            200,
            json!({"username": "hospital", "password": world::PASSWORD}),
        ),
        call("tickets", "/api/v1/tickets", 201, ticket),
        call("reply", "/api/v1/tickets/{id}/reply", 200, reply("2026-02-27")),
        call(
            "promise",
            "/api/v1/tickets/{id}/promise",
            200,
            json!({"promised_on": "2026-02-26", "promised_quantity": 400, "reason": "提前发货。"}),
        ),
        call(
            "solve",
            "/api/v1/tickets/{id}/solve",
            200,
            json!({"message": "已送达。", "delivered_quantity": 300}),
        ),
        call(
            "confirm",
            "/api/v1/tickets/{id}/confirm",
            200,
            json!({"result": "partly", "remaining_quantity": 200, "rating": "satisfied",
                   "comment": "还差两百支。"}),
        ),
        call("withdraw", "/api/v1/tickets/{id}/withdraw", 200, reason()),
        call("urge", "/api/v1/tickets/{id}/urge", 200, reason()),
        call("escalate", "/api/v1/tickets/{id}/escalate", 200, reason()),
        call("return", "/api/v1/tickets/{id}/return", 200, reason()),
        call(
            "extensions",
            "/api/v1/tickets/{id}/extensions",
            200,
            json!({"until": "2026-03-09", "reason": "原料三月初到厂。"}),
        ),
        call(
            "force-majeure",
            "/api/v1/tickets/{id}/force-majeure",
            200,
            json!({"expected_end": "2026-03-20", "reason": "厂区受淹。"}),
        ),
        call(
            "distributor",
            "/api/v1/tickets/{id}/distributor",
            200,
            json!({"organisation_id": world::house("distributor2").to_string()}),
        ),
        call(
            "decisions",
            "/api/v1/tickets/{id}/decisions",
            200,
            json!({"on": "return", "granted": true, "reason": "中选企业登记有误。",
                   "manufacturer_id": world::house("maker2").to_string()}),
        ),
        call(
            "messages",
            "/api/v1/tickets/{id}/messages",
            201,
            json!({"body": "请确认到货时间。", "audience": "all"}),
        ),
        call(
            "acknowledge",
            "/api/v1/escalations/{id}/acknowledge",
            200,
            json!({"note": "已受理。"}),
        ),
        call(
            "measures",
            "/api/v1/escalations/{id}/measures",
            201,
            json!({"kind": "supervise", "text": "请于三日内供货。", "due_on": "2026-02-26"}),
        ),
        call(
            "close",
            "/api/v1/escalations/{id}/close",
            200,
            json!({"conclusion": "企业已恢复供应。"}),
        ),
        call(
            "clock",
            "/api/v1/demo/clock",
            200,
            json!({"advance_to": "2026-02-13T10:31:00+08:00"}),
        ),
        call("clock", "/api/v1/demo/clock", 200, json!({"advance_working_days": 1})),
        call("group-reply", "/api/v1/shortage-events/{id}/reply", 200, reply("2026-02-27")),
    ]
}

/// The call of this name.
pub(crate) fn call(name: &str) -> Call {
    calls().into_iter().find(|call| call.name == name).expect(name)
}

/// Checks what holds of every answer, whatever was asked.
pub(crate) fn sound(answer: &Answer, asked: &str) {
    assert!(answer.status < 500, "{asked}: {}", answer.text);
    for (name, value) in HEADERS {
        assert_eq!(answer.header(name), value, "{asked}: {name}");
    }
    let policy = answer.header("content-security-policy");
    for part in
        ["default-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"]
    {
        assert!(policy.contains(part), "{asked}: {policy}");
    }
    for evil in ["access-control-allow-origin", "server", "x-powered-by"] {
        assert!(!answer.headers.contains_key(evil), "{asked}: {evil}");
    }
    assert!(!answer.header("x-request-id").is_empty(), "{asked}");
    if answer.status >= 400 {
        is_problem(answer, asked);
    }
}

fn is_problem(answer: &Answer, asked: &str) {
    assert_eq!(answer.header("content-type"), "application/problem+json", "{asked}");
    if answer.text.is_empty() {
        return; // HEAD
    }
    let body = answer.json();
    assert_eq!(body["status"], answer.status, "{asked}: {}", answer.text);
    assert!(!answer.code().is_empty(), "{asked}: {}", answer.text);
    assert!(!body["title"].as_str().unwrap_or_default().is_empty(), "{asked}: {}", answer.text);
    assert_eq!(body["request_id"], answer.header("x-request-id"), "{asked}");
    assert_eq!(answer.status == 422, !answer.fields().is_empty(), "{asked}: {}", answer.text);
    for inside in INSIDE {
        assert!(!answer.text.contains(inside), "{asked}: {}", answer.text);
    }
}

/// Checks a refusal: its status, its code, and that it is well made.
pub(crate) fn refused(answer: &Answer, (status, code): (u16, &str), asked: &str) {
    sound(answer, asked);
    assert_eq!((answer.status, answer.code().as_str()), (status, code), "{asked}: {}", answer.text);
}

/// An answer without what differs by nature.
pub(crate) fn comparable(answer: &Answer) -> (u16, Value, Vec<String>) {
    let mut body = answer.json();
    body.as_object_mut().expect("a problem").remove("request_id");
    let mut names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
    names.sort();
    (answer.status, body, names)
}

/// The id in an answer.
pub(crate) fn id(body: &Value) -> String {
    body["id"].as_str().expect("an id").to_owned()
}

impl<'a> Stage<'a> {
    /// The parties sign in.
    pub(crate) async fn set(app: &'a TestApp) -> Self {
        Self {
            app,
            hospital: app.sign_in("hospital").await,
            maker: app.sign_in("maker").await,
            city: app.sign_in("city").await,
        }
    }

    /// Who makes a call.
    pub(crate) fn who(&self, name: &str) -> &As<'a> {
        match name {
            "reply" | "promise" | "solve" | "return" | "extensions" | "force-majeure"
            | "distributor" | "group-reply" => &self.maker,
            "decisions" | "acknowledge" | "measures" | "close" => &self.city,
            _ => &self.hospital,
        }
    }

    /// A fresh place where the call succeeds.
    pub(crate) async fn place(&self, name: &str) -> Place {
        match name {
            "session" | "tickets" => return Place::of(format!("/{name}"), None),
            "clock" => return Place::of("/demo/clock".to_owned(), None),
            _ => {}
        }
        let ticket = id(&self.hospital.file().await);
        let path = format!("/tickets/{ticket}");
        match name {
            "promise" => {
                let reply = reply("2026-02-27");
                self.maker.post(&format!("{path}/reply"), &reply).await.expect(200);
            }
            "confirm" => {
                let solve = call("solve").body;
                self.maker.post(&format!("{path}/solve"), &solve).await.expect(200);
            }
            "group-reply" => {
                let events = self.maker.get("/shortage-events").await.expect(200).json();
                let path = format!("/shortage-events/{}/reply", id(&events["items"][0]));
                return Place::of(path, Some(ticket));
            }
            "decisions" => {
                let reason = call("return").body;
                self.maker.post(&format!("{path}/return"), &reason).await.expect(200);
            }
            "acknowledge" | "measures" | "close" => {
                let escalate = call("escalate").body;
                let escalated =
                    self.hospital.post(&format!("{path}/escalate"), &escalate).await.expect(200);
                let rung = id(&escalated.json()["escalations"][0]);
                return Place::of(format!("/escalations/{rung}/{name}"), Some(ticket));
            }
            _ => {}
        }
        let mut place = Place::of(format!("{path}/{name}"), Some(ticket));
        if call(name).names_files() {
            let form = Form::file("a.txt", "甲").text("kind", "other");
            let added = self.maker.upload(&format!("{path}/attachments"), form).await;
            place.file = Some(id(&added.expect(201).json()));
        }
        place
    }

    /// Everything that a refused call might have changed.
    pub(crate) async fn memory(&self, place: &Place) -> String {
        let metrics = self.app.send(self.app.request(reqwest::Method::GET, "/metrics")).await;
        let filed = metrics.text.lines().find(|line| line.starts_with("supplyline_tickets_filed"));
        let mut memory = filed.expect("a figure").to_owned();
        let mut paths = vec!["/demo/clock".to_owned()];
        if let Some(ticket) = &place.ticket {
            paths.push(format!("/tickets/{ticket}"));
            paths.push(format!("/tickets/{ticket}/events"));
            paths.push(format!("/tickets/{ticket}/messages"));
        }
        for path in paths {
            memory += &self.hospital.get(&path).await.expect(200).text;
        }
        memory
    }
}
