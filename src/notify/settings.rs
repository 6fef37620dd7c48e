//! The ways out as administrators set them, and test messages over them.
//!
//! **Never** repeats a secret, and never replaces what the operator has set.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::gateway::Dress;
use super::reach::web_address;
use super::render::test_letter;
use super::{Channels, Mail, Outcome, Robot, SigningSecret, Sms, render};
use crate::domain::channel::{ChannelName, Secrets, Settings, Shape, Step};
use crate::domain::notice::Channel;
use crate::domain::party::Language;

/// Settings with their secrets.
#[derive(Debug, Clone)]
pub struct Open {
    /// Which channel.
    pub name: ChannelName,
    /// What may be shown.
    pub settings: Settings,
    /// `None` where they cannot be opened: then nothing is sent, and everything waits.
    pub secrets: Option<Secrets>,
}

/// What is wrong with a field.
type Fault = (&'static str, String);

impl Channels {
    /// What the operator has set of a channel, if anything.
    #[must_use]
    pub fn fixed(&self, name: ChannelName) -> Option<Settings> {
        match name {
            ChannelName::Mail => self.mail.shown(),
            ChannelName::Sms => self.sms.shown(),
            ChannelName::Robot(_) => None,
        }
    }

    /// The same with what administrators have set; what cannot be used makes messages wait.
    #[must_use]
    pub fn with_settings(&self, opened: impl Iterator<Item = Open>) -> Self {
        let mut made = Self {
            mail: Arc::clone(&self.mail),
            sms: Arc::clone(&self.sms),
            robots: HashMap::new(),
            unusable: HashMap::new(),
            public_url: self.public_url.clone(),
            reach: self.reach,
            trust: self.trust.clone(),
        };
        for Open { name, settings, secrets } in opened.filter(|o| self.fixed(o.name).is_none()) {
            let lost = "its secrets cannot be opened: set them again".to_owned();
            let outcome = secrets
                .ok_or(("secrets", lost))
                .and_then(|secrets| self.make(&settings, &secrets).map(|one| made.put(name, one)));
            if let Err((_, reason)) = outcome {
                tracing::error!(channel = %name, reason, "a channel cannot be used");
                made.unusable.insert(name, reason);
            }
        }
        made
    }

    fn put(&mut self, name: ChannelName, made: Made) {
        match (name, made) {
            (_, Made::Mail(mail)) => self.mail = Arc::new(mail),
            (_, Made::Sms(sms)) => self.sms = Arc::new(sms),
            (ChannelName::Robot(house), Made::Robot(robot)) => {
                self.robots.insert(house, robot);
            }
            (ChannelName::Mail | ChannelName::Sms, Made::Robot(_)) => {}
        }
    }

    /// Says what of some settings cannot be used.
    ///
    /// # Errors
    /// The field at fault, and why; no secret is repeated.
    pub fn check(&self, settings: &Settings, secrets: &Secrets) -> Result<(), Fault> {
        self.make(settings, secrets).map(drop)
    }

    fn make(&self, settings: &Settings, secrets: &Secrets) -> Result<Made, Fault> {
        let url = || secrets.url.as_deref().ok_or(("url", "this field is required".to_owned()));
        let address =
            |url: &str| web_address(url, self.reach).map_err(|why| ("url", why.to_owned()));
        match settings {
            Settings::Mail { host, port, security, username, from } => {
                let credentials = match (username.as_deref(), secrets.password.as_deref()) {
                    (None, _) => None,
                    (Some(user), Some(password)) => Some((user, password)),
                    (Some(_), None) => {
                        return Err(("password", "a user name needs a password".to_owned()));
                    }
                };
                let bounds = (self.reach, &self.trust);
                let mail = Mail::of((host, *port, *security), credentials, from, bounds);
                Ok(Made::Mail(mail.map_err(|error| (error.field(), error.reason()))?))
            }
            Settings::Sms { shape, signature, app, templates, .. } => {
                let url = address(url()?)?;
                let secret = secrets.secret.as_deref().unwrap_or_default();
                let secret = SigningSecret::parse(secret)
                    .map_err(|_error| ("secret", "whsec_ followed by base64".to_owned()))?;
                if *shape != Shape::Standard && (signature.is_empty() || templates.is_empty()) {
                    let field = if signature.is_empty() { "signature" } else { "templates" };
                    return Err((field, "this shape needs it".to_owned()));
                }
                let dress = Dress {
                    shape: *shape,
                    signature: signature.clone(),
                    app: app.clone(),
                    templates: templates.clone(),
                };
                let sms = Sms::of(url, secret, dress, self.reach);
                Ok(Made::Sms(sms.map_err(|error| ("url", error.to_string()))?))
            }
            Settings::Robot { kind, .. } => {
                let (url, secret) = (url()?, secrets.secret.as_deref());
                let robot = Robot::new(*kind, url, secret, self.reach);
                Ok(Made::Robot(robot.map_err(|error| ("url", error.to_string()))?))
            }
        }
    }

    /// Sends a test message to somebody, or into a robot's group, and says how far it came.
    pub async fn test(
        &self,
        name: ChannelName,
        (person, address): (&str, &str),
        language: Language,
        at: DateTime<Utc>,
    ) -> Vec<Step> {
        if let Some(reason) = self.unusable.get(&name) {
            return vec![Step::failed("address", reason.clone())];
        }
        let key = format!("test {name} {address} {}", at.timestamp_millis());
        let letter = test_letter(language, (person, address), key);
        let site = self.public_url.as_str();
        match name {
            ChannelName::Mail => {
                let mail = render::test_mail(&letter, site);
                self.mail.test(&letter, &mail, at).await
            }
            ChannelName::Sms => {
                self.sms.test(&letter, &render::test_text(language), site, at).await
            }
            ChannelName::Robot(house) => match self.robots.get(&house) {
                Some(robot) => robot.test(&render::test_text(language), at).await,
                None => vec![Step::failed("address", "this robot is not set, or not in use")],
            },
        }
    }

    /// Why a channel cannot be used, as the outcome of an attempt: it is mended by people, so
    /// the message waits.
    pub(super) fn waits(&self, name: ChannelName) -> Option<Outcome> {
        let reason = self.unusable.get(&name)?;
        Some(Outcome::Retry { reason: format!("{name}: {reason}"), after: None })
    }

    /// The settings' name of a channel that a letter leaves on.
    pub(super) fn name(channel: Channel, address: &str) -> Option<ChannelName> {
        match channel {
            Channel::Mail => Some(ChannelName::Mail),
            Channel::Sms => Some(ChannelName::Sms),
            Channel::Robot => address.parse().ok().map(ChannelName::Robot),
        }
    }
}

enum Made {
    Mail(Mail),
    Sms(Sms),
    Robot(Robot),
}
