//! The whole service on a free port: HTTP in front, a real mail server and a real webhook behind.
//!
//! **Never** calls a use case: what a test does here, a client could do over the network.

use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::{Method, RequestBuilder};
use secrecy::SecretString;
use serde_json::{Value, json};
use supplyline::clock::Clock;
use supplyline::config::Config;
use supplyline::domain::audit::chain::Key;
use supplyline::files::Vault;
use supplyline::notify::install_crypto;
use supplyline::seal::{InstanceSecret, Locker, Purpose, Signer};
use supplyline::service::audit::chain::Notary;
use supplyline::service::{App, Limits};
use supplyline::startup::{Service, Stop, serve};
use supplyline::store::Store;

use super::db::TestDb;
use super::smtp::SmtpSink;
use super::webhook::{SECRET, WebhookSink};
use super::world;

/// What the service derives its keys from.
pub(crate) const SECRET_OF_INSTANCE: &str =
    "supplyline-key-1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// What the service signs its audit log with.
pub(crate) fn audit_key() -> Arc<Key> {
    let secret = InstanceSecret::parse(SECRET_OF_INSTANCE).expect("a secret");
    Arc::new(Key::new(secret.derive(Purpose::Audit).expect("derived")))
}

/// A running service with its surroundings.
pub(crate) struct TestApp {
    pub(crate) mail: SmtpSink,
    pub(crate) sms: WebhookSink,
    base: String,
    client: reqwest::Client,
    server: Stop,
}

/// An answer, read.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// The answer, if its status is this one.
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// The stable code of a problem.
    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The refused fields of a problem, with their codes.
    pub(crate) fn fields(&self) -> Vec<(String, String)> {
        let errors = self.json()["errors"].as_array().cloned().unwrap_or_default();
        let text = |error: &Value, key: &str| error[key].as_str().unwrap_or_default().to_owned();
        errors.iter().map(|error| (text(error, "field"), text(error, "code"))).collect()
    }

    pub(crate) fn header(&self, name: &str) -> String {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    }
}

/// A signed-in person.
pub(crate) struct As<'a> {
    app: &'a TestApp,
    pub(crate) token: String,
}

impl TestApp {
    /// The world of [`world::fill`], at [`world::START`], with a clock that stands until moved.
    pub(crate) async fn spawn(db: &TestDb) -> Self {
        Self::spawn_at(db, "http://supply.example/").await
    }

    /// The same, where the operator has set neither mail nor text messages.
    pub(crate) async fn spawn_unset(db: &TestDb) -> Self {
        world::fill(&db.store).await;
        Self::replica_unset(db).await
    }

    /// The same, where the operator has named an authority that certifies mail servers.
    pub(crate) async fn spawn_trusting(db: &TestDb, authority: &str) -> Self {
        world::fill(&db.store).await;
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), authority).expect("written");
        let named = |config: &mut Config| {
            (config.smtp_url, config.sms_webhook_url) = (None, None);
            config.smtp_roots = Some(file.path().to_owned());
        };
        let store = db.replica().await;
        Self::configured(store, "http://supply.example/", |app| app, named).await
    }

    /// Another such service over the database of one that runs.
    pub(crate) async fn replica_unset(db: &TestDb) -> Self {
        let unset = |config: &mut Config| {
            (config.smtp_url, config.sms_webhook_url) = (None, None);
        };
        let store = db.replica().await;
        Self::configured(store, "http://supply.example/", |app| app, unset).await
    }

    /// The same as [`TestApp::spawn_unset`], where what administrators set must lead outside.
    pub(crate) async fn spawn_guarded(db: &TestDb) -> Self {
        world::fill(&db.store).await;
        let guard = |config: &mut Config| {
            (config.smtp_url, config.sms_webhook_url) = (None, None);
            config.local_channels = false;
        };
        let store = db.replica().await;
        Self::configured(store, "http://supply.example/", |app| app, guard).await
    }

    /// The same, where people know it by another address.
    pub(crate) async fn spawn_at(db: &TestDb, public_url: &str) -> Self {
        Self::spawn_with(db, public_url, |app| app).await
    }

    /// The same, with something else about the application.
    pub(crate) async fn spawn_with(
        db: &TestDb,
        public_url: &str,
        change: impl FnOnce(App) -> App,
    ) -> Self {
        world::fill(&db.store).await;
        // As in life: others have connections of their own.
        Self::over(db.replica().await, public_url, change).await
    }

    /// The same as [`TestApp::spawn`], on the connections that the test has.
    pub(crate) async fn sharing(db: &TestDb) -> Self {
        world::fill(&db.store).await;
        Self::over(db.store.clone(), "http://supply.example/", |app| app).await
    }

    /// The same over a store that is nobody's test's.
    pub(crate) async fn on(store: Store) -> Self {
        world::fill(&store).await;
        Self::over(store, "http://supply.example/", |app| app).await
    }

    /// Another service over the database of one that runs, with a clock of its own.
    pub(crate) async fn replica(db: &TestDb) -> Self {
        Self::over(db.replica().await, "http://supply.example/", |app| app).await
    }

    async fn over(store: Store, public_url: &str, change: impl FnOnce(App) -> App) -> Self {
        Self::configured(store, public_url, change, |_| {}).await
    }

    #[expect(clippy::disallowed_methods, reason = "the service runs beside the test")]
    async fn configured(
        store: Store,
        public_url: &str,
        change: impl FnOnce(App) -> App,
        configure: impl FnOnce(&mut Config),
    ) -> Self {
        install_crypto();
        let (mail, sms) = (SmtpSink::spawn().await, WebhookSink::spawn().await);
        let mut config = Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            database_url: SecretString::from("sqlite://unused"),
            database_role: None,
            smtp_url: Some(SecretString::from(mail.url.clone())),
            smtp_roots: None,
            mail_from: "供应保障 <noreply@supply.example>".to_owned(),
            sms_webhook_url: Some(SecretString::from(sms.url.clone())),
            sms_webhook_secret: Some(SecretString::from(SECRET)),
            public_url: public_url.parse().expect("a URL"),
            attachments_url: "file:///unused/".parse().expect("a URL"),
            key_file: None,
            audit_checkpoints: None,
            audit_days: 1_095,
            local_channels: true,
            allow_loss: false,
            log: "error".to_owned(),
        };
        configure(&mut config);
        let clock = Clock::still_at(world::at(world::START));
        let app = App::open(store.signing(audit_key()), clock, Limits::Off).await.expect("opened");
        let signer = Signer::of(&InstanceSecret::parse(SECRET_OF_INSTANCE).expect("a secret"));
        let app = app.with_files(Vault::in_memory()).with_signer(signer.expect("a signer"));
        let app = app.with_notary(Notary::new(audit_key(), Vec::new(), None));
        let locker = Locker::of(&InstanceSecret::parse(SECRET_OF_INSTANCE).expect("a secret"));
        let app = app.with_locker(locker.expect("a locker"));
        let app = change(app);
        let service = Service::start_demo(&config, app).expect("started");
        let base = format!("http://{}", service.address().expect("bound"));
        let server = service.handle();
        tokio::spawn(serve(service));
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client");
        Self { mail, sms, base, client, server }
    }

    /// Ends the service cleanly.
    pub(crate) async fn stop(self) {
        self.server.stop().await;
    }

    /// A request to a path, not signed in.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    /// Sends and reads.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        let answer = request.send().await.expect("answered");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let bytes = answer.bytes().await.expect("read");
        Answer { status, headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    /// Signs somebody in.
    pub(crate) async fn sign_in(&self, username: &str) -> As<'_> {
        let body = json!({"username": username, "password": world::PASSWORD});
        let answer = self.send(self.request(Method::POST, "/api/v1/session").json(&body)).await;
        assert!(answer.status < 300, "{}", answer.text);
        As { app: self, token: answer.json()["token"].as_str().expect("a token").to_owned() }
    }

    /// The address, like `http://127.0.0.1:40123`.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }
}

impl As<'_> {
    /// A request to a path below `/api/v1`.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.app.request(method, &format!("/api/v1{path}")).bearer_auth(&self.token)
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        self.app.send(request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// Posts and expects to be heard.
    pub(crate) async fn act(&self, path: &str, body: Value) -> Value {
        let answer = self.post(path, &body).await;
        assert!(answer.status < 300, "{path}: {}", answer.text);
        answer.json()
    }

    /// Posts text as it stands, as JSON.
    pub(crate) async fn post_raw(&self, path: &str, body: impl Into<reqwest::Body>) -> Answer {
        let request = self.request(Method::POST, path).header("Content-Type", "application/json");
        self.send(request.body(body)).await
    }

    /// Files a well-formed ticket and gives it.
    pub(crate) async fn file(&self) -> Value {
        self.post("/tickets", &filing()).await.expect(201).json()
    }

    /// Moves business time; comes back when everything due has run.
    pub(crate) async fn advance_to(&self, instant: &str) {
        self.post("/demo/clock", &json!({"advance_to": instant})).await.expect(200);
    }
}

/// A well-formed ticket.
pub(crate) fn filing() -> Value {
    json!({
        "product_code": world::INSULIN,
        "category": "supply_stop",
        "urgency": "ordinary",
        "summary": "胰岛素注射液断供",
        "description": "连续三周下单均未配送，库存仅够两天。",
        "quantity_short": 500,
        "unit": "支",
        "days_of_stock": 2,
        "order_refs": ["DD-0001"],
        "contact": {"name": "张心晴", "phone": "13812345678"},
    })
}

/// A well-formed reply that promises a day.
pub(crate) fn reply(promised_on: &str) -> Value {
    json!({
        "cause": "raw_material",
        "promised_on": promised_on,
        "promised_quantity": 500,
        "message": "原料药到货延迟，已安排加急生产。",
        "contact": {"name": "李想", "phone": "13900000003"},
    })
}
