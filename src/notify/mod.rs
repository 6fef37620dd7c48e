//! Delivers notices: mail by SMTP, text messages through a signed webhook.
//!
//! **Never** decides who is told what; gets a [`Letter`] and the time, says what became of it.

mod bulletin;
mod email;
mod gateway;
mod post;
mod reach;
pub mod render;
mod robot;
mod sample;
mod settings;
mod signature;
mod smtp;
mod webhook;
mod wording;
mod words;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::FutureExt;
use url::Url;

use crate::domain::channel::ChannelName;
use crate::domain::id::OrganisationId;
use crate::domain::notice::{Channel, Letter};

pub use email::{Mail, MailError};
pub use reach::Reach;
pub use robot::{Robot, RobotError};
pub use settings::Open;
pub use signature::SigningSecret;
pub use smtp::Trust;
pub use webhook::{Sms, SmsError};

/// What became of one attempt. There is no third way besides trying again and giving up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The other side took the notice; `response` is its answer, for the delivery log.
    Sent { response: String },
    /// Worth another attempt; `after` is the other side's wish (`Retry-After`), at most 6 hours.
    Retry { reason: String, after: Option<Duration> },
    /// No attempt can succeed: a dead letter that a person sees.
    GiveUp { reason: String },
}

/// The ways out of the service. One that is not configured counts as sent, and says so: the
/// notice is in the in-app mailbox.
#[derive(Debug)]
pub struct Channels {
    mail: Arc<Mail>,
    sms: Arc<Sms>,
    robots: HashMap<OrganisationId, Robot>,
    /// What administrators have set and cannot be used, with the reason.
    unusable: HashMap<ChannelName, String>,
    public_url: Url,
    reach: Reach,
    trust: Trust,
}

impl Channels {
    /// `public_url` (`SUPPLYLINE_PUBLIC_URL`) is where links to tickets begin; a path is kept.
    #[must_use]
    pub fn new(mail: Mail, sms: Sms, public_url: Url) -> Self {
        Self {
            mail: Arc::new(mail),
            sms: Arc::new(sms),
            robots: HashMap::new(),
            unusable: HashMap::new(),
            public_url,
            reach: Reach::Public,
            trust: Trust::public(),
        }
    }

    /// The same, letting what administrators set lead so far.
    #[must_use]
    pub fn reaching(self, reach: Reach) -> Self {
        Self { reach, ..self }
    }

    /// The same, taking the certificates of mail servers for true that these sign.
    #[must_use]
    pub fn trusting(self, trust: Trust) -> Self {
        Self { trust, ..self }
    }

    /// One attempt to deliver `letter`; `at` is the wall time it is dated and signed with.
    ///
    /// A panic in here (lettre had one, RUSTSEC-2026-0564) is caught and gives up this letter
    /// only; it cannot end the loop that delivers the others.
    pub async fn send(&self, channel: Channel, letter: &Letter, at: DateTime<Utc>) -> Outcome {
        let attempt = async {
            let link = render::link(letter, &self.public_url);
            let name = Self::name(channel, &letter.address);
            if let Some(waits) = name.and_then(|name| self.waits(name)) {
                return waits;
            }
            match channel {
                Channel::Mail => self.mail.send(letter, &render::mail(letter, &link), at).await,
                Channel::Sms => self.sms.send(letter, &link, at).await,
                Channel::Robot => self.post(name, letter, &link, at).await,
            }
        };
        let caught = AssertUnwindSafe(attempt).catch_unwind().await;
        caught.unwrap_or_else(|_panic| Outcome::GiveUp {
            reason: "the notice could not be built or sent: the code for it panicked".to_owned(),
        })
    }
}

impl Channels {
    /// One attempt to put a letter into a group.
    async fn post(
        &self,
        name: Option<ChannelName>,
        letter: &Letter,
        link: &str,
        at: DateTime<Utc>,
    ) -> Outcome {
        let robot = match name {
            Some(ChannelName::Robot(house)) => self.robots.get(&house),
            Some(ChannelName::Mail | ChannelName::Sms) | None => None,
        };
        match robot {
            Some(robot) => robot.send(&render::post(letter, link), at).await,
            None => {
                Outcome::Sent { response: "in-app mailbox: the robot is not in use".to_owned() }
            }
        }
    }
}

/// Installs the TLS provider (`ring`) of the process, once; later calls do nothing. The
/// constructors of this module call it, so that nothing here depends on the order of start-up.
pub fn install_crypto() {
    // An error means that one is installed already.
    rustls::crypto::ring::default_provider().install_default().ok();
}
