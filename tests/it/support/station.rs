//! The world with its engine and real ways out, and with the jump guard on, as in production.
//!
//! **Never** fires by itself: the test says when the loops would.

use supplyline::clock::Clock;
use supplyline::domain::notice::Channel;
use supplyline::jobs::Engine;
use supplyline::notify::{Channels, Mail, SigningSecret, Sms, Trust, install_crypto};
use supplyline::service::{App, Limits};
use supplyline::store::Store;

use super::smtp::SmtpSink;
use super::webhook::{SECRET, WebhookSink};
use super::world::World;

/// A replica and the servers that it sends to.
pub(crate) struct Station {
    pub(crate) world: World,
    pub(crate) engine: Engine,
}

/// The servers outside, which several replicas may share.
pub(crate) struct Outside {
    pub(crate) mail: SmtpSink,
    pub(crate) sms: WebhookSink,
}

impl Outside {
    pub(crate) async fn spawn() -> Self {
        Self { mail: SmtpSink::spawn().await, sms: WebhookSink::spawn().await }
    }

    /// How many mails and text messages have arrived.
    pub(crate) fn arrived(&self) -> (usize, usize) {
        (self.mail.messages().len(), self.sms.requests().len())
    }
}

impl Station {
    /// A replica over a filled database.
    pub(crate) async fn over(store: Store, clock: Clock, outside: &Outside) -> Self {
        install_crypto();
        let app = App::open(store, clock, Limits::On).await.expect("the rulebook");
        let mail =
            Mail::new(&outside.mail.url, "供应保障 <noreply@supply.example>", &Trust::public());
        let secret = SigningSecret::parse(SECRET).expect("a secret");
        let sms = Sms::new(&outside.sms.url, secret).expect("a gateway");
        let public_url = "http://supply.example/".parse().expect("a URL");
        let channels = Channels::new(mail.expect("a server"), sms, public_url);
        let engine = Engine::new(app.clone(), channels);
        Self { world: World { app }, engine }
    }

    /// What the loops do with every tick.
    pub(crate) async fn tick(&self) {
        self.engine.sweep().await;
        self.engine.deliver(Channel::Mail).await;
        self.engine.deliver(Channel::Sms).await;
    }
}
