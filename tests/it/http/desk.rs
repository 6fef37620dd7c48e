//! Where calls by which something is kept succeed.
//!
//! **Never** uses a thing twice where a call changes it.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use supplyline::domain::impact::Impact;
use supplyline::store::replan::{self, BatchState, KeptBatch};
use uuid::Uuid;

use super::contacts::codes;
use super::keeping::mailed_links;
use super::stage::id;
use super::stage_keeping::KeptCall;
use crate::support::app::{Answer, As, TestApp};
use crate::support::db::TestDb;
use crate::support::world::{self, CEFTRIAXONE, INSULIN, house};

/// The rules of the world's province, which end soon.
const SHANDONG: &str = "/policies/01900000-0000-7000-8000-000000000037";
const TEXT: &str = "/templates/filed/manufacturer/mail/zh-CN";

/// People who keep things, at work on one service.
pub(crate) struct Desk<'a> {
    db: &'a TestDb,
    app: &'a TestApp,
    admin: As<'a>,
    security: As<'a>,
    maker: As<'a>,
}

/// Where a call succeeds.
pub(crate) struct Spot {
    /// Below `/api/v1`.
    path: String,
    /// The version that is there.
    tag: String,
    /// What stands in the body between braces.
    word: Option<(&'static str, String)>,
}

impl From<String> for Spot {
    fn from(path: String) -> Self {
        Self { path, tag: "\"1\"".to_owned(), word: None }
    }
}

/// A batch of somebody else's that waits for approval.
pub(crate) async fn waiting(db: &TestDb, number: u32, calendar: &str) -> String {
    let calendar = calendar.rsplit('/').next().expect("an id");
    let date = format!("2026-12-{:02}", number % 10);
    let day = json!({"date": date, "kind": "rest", "name": "", "source": "甲"});
    let batch = KeptBatch {
        id: Uuid::now_v7(),
        number,
        state: BatchState::Pending,
        reason: "甲".to_owned(),
        edit: json!({"calendar": {"calendar": calendar, "edit": {"day": day}}}),
        impact: Impact::default(),
        undoes: None,
        made_version: None,
        made: (world::person("admin2"), world::at(world::START)),
        decided: None,
    };
    let kept = batch.clone();
    let written = db.store.write(move |tx| {
        let kept = kept.clone();
        Box::pin(async move { replan::insert(tx, &kept).await })
    });
    written.await.expect("the batch is kept");
    batch.id.to_string()
}

/// Nobody else's name.
fn fresh() -> String {
    format!("n{}", Uuid::now_v7().simple())
}

impl<'a> Desk<'a> {
    /// The people sign in.
    pub(crate) async fn set(db: &'a TestDb, app: &'a TestApp) -> Self {
        world::second_administrator(&db.store).await;
        Self {
            db,
            app,
            admin: app.sign_in("admin").await,
            security: app.sign_in("security").await,
            maker: app.sign_in("maker").await,
        }
    }

    /// A request without a body or a condition.
    pub(crate) fn request(&self, call: &KeptCall, spot: &Spot) -> RequestBuilder {
        let method: Method = call.method.to_uppercase().parse().expect("a method");
        match call.name {
            "accept" => self.app.request(method, &format!("/api/v1{}", spot.path)),
            "contact" | "contact-change" | "verify" => self.maker.request(method, &spot.path),
            "role" => self.security.request(method, &spot.path),
            _ => self.admin.request(method, &spot.path),
        }
    }

    /// Sends a body as it stands, but for what is between braces.
    pub(crate) async fn send(&self, call: &KeptCall, spot: &Spot, body: &str) -> Answer {
        let request = self.request(call, spot).header("Content-Type", "application/json");
        let body = match &spot.word {
            Some((word, real)) => body.replace(word, real),
            None => body.to_owned(),
        };
        let is_whole = call.method == "put" && !matches!(call.name, "day" | "role");
        let request = if is_whole { request.header("If-Match", &spot.tag) } else { request };
        self.app.send(request.body(body)).await
    }

    /// A place where the call succeeds.
    pub(crate) async fn place(&self, call: &KeptCall) -> Spot {
        let below = call.template.trim_start_matches("/api/v1");
        let last = below.rsplit('/').next().unwrap_or_default();
        match below.split('/').nth(1).unwrap_or_default() {
            _ if !below.contains('{') => self.outside(below).await,
            "organisations" if last == "contacts" => {
                format!("/organisations/{}/contacts", house("maker")).into()
            }
            "organisations" => self.house(last).await,
            "contacts" => self.contact(last).await,
            "users" => self.person(last).await,
            "products" | "agreements" => self.shelf(below, last).await,
            "policies" => self.policy(call, last).await,
            "calendars" => self.day(call).await,
            "batches" => self.batch(last).await,
            "templates" if last == "{language}" => self.read(TEXT).await,
            "templates" => format!("{TEXT}/{last}").into(),
            "channels" if call.name == "robot" => {
                self.read(&format!("/channels/robot-{}", house("city"))).await
            }
            "channels" => self.read(&format!("/channels/{}", call.name)).await,
            other => panic!("say where {other:?} is"),
        }
    }

    /// Something with a tag of its own.
    async fn read(&self, path: &str) -> Spot {
        let tag = self.admin.get(path).await.expect(200).header("etag");
        Spot { tag, ..path.to_owned().into() }
    }

    /// A call to no thing in particular.
    async fn outside(&self, path: &str) -> Spot {
        if path != "/invitations/accept" {
            return path.to_owned().into();
        }
        let (person, address) = self.newcomer().await;
        let reset = json!({"by": "link", "reason": "忘记密码。"});
        self.admin.act(&format!("{person}/password"), reset).await;
        let token = mailed_links(self.app, &address, 1).await.remove(0);
        Spot { word: Some(("{token}", token)), ..path.to_owned().into() }
    }

    async fn house(&self, act: &str) -> Spot {
        let new = json!({"kind": "hospital", "name": fresh(), "division": "371002"});
        let path = format!("/organisations/{}", id(&self.admin.act("/organisations", new).await));
        match act {
            "{id}" => path.into(),
            "resume" => {
                self.admin.act(&format!("{path}/suspend"), json!({"reason": "停业。"})).await;
                format!("{path}/resume").into()
            }
            _ => format!("{path}/{act}").into(),
        }
    }

    async fn contact(&self, act: &str) -> Spot {
        let address = format!("{}@maker.example", fresh());
        let card = json!({"function": "night_duty", "name": "值班室", "channel": "mail",
            "address": address});
        let made =
            self.maker.act(&format!("/organisations/{}/contacts", house("maker")), card).await;
        let path = format!("/contacts/{}", id(&made));
        if act != "verify" {
            return path.into();
        }
        self.maker.act(&format!("{path}/code"), json!({})).await;
        let code = codes(self.app, &address, 1).await.remove(0);
        Spot { word: Some(("{code}", code)), ..format!("{path}/verify").into() }
    }

    /// Somebody new at `maker`: where they are, and their address.
    async fn newcomer(&self) -> (String, String) {
        let name = fresh();
        let address = format!("{name}@maker.example");
        let new = json!({"organisation_id": house("maker").to_string(), "username": name,
            "role": "manufacturer", "name": "新人", "email": address, "by": "made"});
        (format!("/users/{}", id(&self.admin.act("/users", new).await)), address)
    }

    async fn person(&self, act: &str) -> Spot {
        if act == "role" {
            let new = json!({"organisation_id": house("platform").to_string(),
                "username": fresh(), "role": "auditor", "name": "次", "by": "made"});
            let made = self.security.act("/users", new).await;
            return format!("/users/{}/role", id(&made)).into();
        }
        let (path, _) = self.newcomer().await;
        match act {
            "{id}" => path.into(),
            "resume" => {
                self.admin.act(&format!("{path}/suspend"), json!({"reason": "离岗。"})).await;
                format!("{path}/resume").into()
            }
            _ => format!("{path}/{act}").into(),
        }
    }

    /// A product or an agreement. Going on follows being suspended.
    async fn shelf(&self, below: &str, act: &str) -> Spot {
        let path = match (below.starts_with("/agreements"), act) {
            (true, _) => format!("/agreements/{}/{CEFTRIAXONE}", house("hospital2")),
            (false, "{code}") => return self.read(&format!("/products/{INSULIN}")).await,
            (false, _) => format!("/products/{CEFTRIAXONE}"),
        };
        if below.starts_with("/agreements") {
            // It may be there already.
            let new = json!({"hospital_id": house("hospital2").to_string(),
                "product_code": CEFTRIAXONE, "agreed_quantity": 300});
            self.admin.post("/agreements", &new).await;
        }
        if act == "resume" {
            // It may be suspended already.
            self.admin.post(&format!("{path}/suspend"), &json!({"reason": "停用。"})).await;
        }
        if act == "{code}" { path.into() } else { format!("{path}/{act}").into() }
    }

    async fn policy(&self, call: &KeptCall, act: &str) -> Spot {
        let mut draft = super::policies_keeping::draft();
        match act {
            "decision" => return format!("{SHANDONG}/decision").into(),
            "{id}" => {
                draft["division"] = call.body["division"].clone();
                draft["categories"] = call.body["categories"].clone();
            }
            "withdraw" => draft["division"] = json!("520000"),
            _ => draft["division"] = json!("510000"),
        }
        let path = format!("/policies/{}", id(&self.admin.act("/policies", draft).await));
        match act {
            "{id}" => self.read(&path).await,
            "replan" => {
                self.sealed(Method::POST, format!("{path}/replan"), &json!({"reason": ""})).await
            }
            _ => format!("{path}/{act}").into(),
        }
    }

    /// The same with the seal of a preview.
    async fn sealed(&self, method: Method, path: String, body: &Value) -> Spot {
        let request = self.admin.request(method, &format!("{path}?dry_run=true")).json(body);
        let seen = self.admin.send(request).await.expect(200).json();
        let seal = seen["seal"].as_str().expect("a seal").to_owned();
        Spot { word: Some(("{seal}", seal)), ..path.into() }
    }

    async fn nation(&self) -> String {
        let calendars = self.admin.get("/calendars").await.expect(200).json();
        format!("/calendars/{}", id(&calendars["items"][0]))
    }

    /// Says that a day is one of rest.
    async fn rest(&self, path: &str) {
        let day = json!({"kind": "rest", "source": "甲", "reason": "乙"});
        self.admin.send(self.admin.request(Method::PUT, path).json(&day)).await.expect(200);
    }

    async fn day(&self, call: &KeptCall) -> Spot {
        let nation = self.nation().await;
        if call.method == "delete" {
            let path = format!("{nation}/days/2026-12-25");
            self.rest(&path).await;
            return self.sealed(Method::DELETE, path, &json!({})).await;
        }
        let mut body = call.body.clone();
        let members = body.as_object_mut().expect("members");
        members.retain(|name, _| !matches!(name.as_str(), "reason" | "seal"));
        self.sealed(Method::PUT, format!("{nation}/days/2026-12-24"), &body).await
    }

    async fn batch(&self, act: &str) -> Spot {
        let nation = self.nation().await;
        if act == "reject" {
            return format!("/batches/{}/reject", waiting(self.db, 92, &nation).await).into();
        }
        self.rest(&format!("{nation}/days/2026-12-22")).await;
        let batches = self.admin.get("/batches").await.expect(200).json();
        let path = format!("/batches/{}/undo", id(&batches["items"][0]));
        self.sealed(Method::POST, path, &json!({"reason": ""})).await
    }
}
