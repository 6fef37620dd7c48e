//! Every setting: its name, default, meaning and check.
//!
//! Values come from `supplyline.toml` and then from `SUPPLYLINE_*` variables, which win.
//!
//! **Never** read anywhere else: no other module looks at the environment.

mod places;
mod reading;

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use figment::Figment;
use figment::providers::{Env, Format as _, Serialized, Toml};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use places::{beside, folder_of, redacted};
use reading::{attachments_url, audit_days, optional, text_or_number, web_url};

use crate::notify::{Channels, Mail, Reach, SigningSecret, Sms, Trust};

/// The settings as they are written, unchecked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(deserialize_with = "text_or_number")]
    listen: String,
    database_url: String,
    database_role: String,
    smtp_url: String,
    smtp_roots: String,
    mail_from: String,
    sms_webhook_url: String,
    sms_webhook_secret: String,
    public_url: String,
    attachments_url: String,
    key_file: String,
    audit_checkpoints: String,
    #[serde(deserialize_with = "text_or_number")]
    audit_days: String,
    local_channels: bool,
    allow_loss: bool,
    log: String,
}

impl Default for Written {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".to_owned(),
            database_url: "sqlite://supplyline.db".to_owned(),
            database_role: String::new(),
            smtp_url: String::new(),
            smtp_roots: String::new(),
            mail_from: "Supplyline <supplyline@localhost>".to_owned(),
            sms_webhook_url: String::new(),
            sms_webhook_secret: String::new(),
            public_url: String::new(),
            attachments_url: String::new(),
            key_file: String::new(),
            audit_checkpoints: String::new(),
            audit_days: String::new(),
            local_channels: false,
            allow_loss: false,
            log: "info,sea_orm_migration=warn,actix_server=warn".to_owned(),
        }
    }
}

/// The settings, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// `SUPPLYLINE_LISTEN`: the address and port to serve on.
    pub listen: SocketAddr,
    /// `SUPPLYLINE_DATABASE_URL`: `sqlite://FILE` or `postgres://…`.
    pub database_url: SecretString,
    /// `SUPPLYLINE_DATABASE_ROLE`: the role that `supplyline serve` connects to PostgreSQL as,
    /// where that is not the owner; `supplyline migrate` gives it what it needs.
    pub database_role: Option<String>,
    /// `SUPPLYLINE_SMTP_URL`: none keeps mail in the in-app mailbox.
    pub smtp_url: Option<SecretString>,
    /// `SUPPLYLINE_SMTP_ROOTS`: a file with the certificates (PEM) of authorities that mail servers
    /// may be certified by beside the public ones, as a hospital's or a bureau's own.
    pub smtp_roots: Option<PathBuf>,
    /// `SUPPLYLINE_MAIL_FROM`: the sender, with or without a name.
    pub mail_from: String,
    /// `SUPPLYLINE_SMS_WEBHOOK_URL`: none keeps text messages in the in-app mailbox.
    /// It may carry a key, so it is as secret as the secret.
    pub sms_webhook_url: Option<SecretString>,
    /// `SUPPLYLINE_SMS_WEBHOOK_SECRET`: `whsec_…`; needed with the URL.
    pub sms_webhook_secret: Option<SecretString>,
    /// `SUPPLYLINE_PUBLIC_URL`: where people reach the service; links in mails begin with it.
    pub public_url: Url,
    /// `SUPPLYLINE_ATTACHMENTS_URL`: `file://` folder or `s3://` bucket of attachments; unless
    /// set, the folder `attachments` beside the SQLite file, or in the working folder.
    pub attachments_url: Url,
    /// `SUPPLYLINE_KEY_FILE`: the instance's secret, made when it is not there; unless set, the
    /// file `supplyline.key` beside the SQLite file. None: the database keeps it.
    pub key_file: Option<PathBuf>,
    /// `SUPPLYLINE_AUDIT_CHECKPOINTS`: the file that checkpoints of the audit log are added to;
    /// unless set, `supplyline.checkpoints` beside the key file. None: they are logged alone.
    pub audit_checkpoints: Option<PathBuf>,
    /// `SUPPLYLINE_AUDIT_DAYS`: how long entries of the audit log are kept, in days; at least
    /// 365, 1095 unless set.
    pub audit_days: u16,
    /// `SUPPLYLINE_LOCAL_CHANNELS`: whether channels that administrators set may lead into the
    /// service's own network, to this machine without TLS.
    pub local_channels: bool,
    /// `SUPPLYLINE_ALLOW_LOSS`: whether to serve on a PostgreSQL server whose settings may lose what
    /// was acknowledged, as for trials.
    pub allow_loss: bool,
    /// `SUPPLYLINE_LOG`: a filter like `info` or `supplyline=debug`.
    pub log: String,
}

/// The settings of this version.
const NAMES: [&str; 16] = [
    "listen",
    "database_url",
    "database_role",
    "smtp_url",
    "smtp_roots",
    "mail_from",
    "sms_webhook_url",
    "sms_webhook_secret",
    "public_url",
    "attachments_url",
    "key_file",
    "audit_checkpoints",
    "audit_days",
    "local_channels",
    "allow_loss",
    "log",
];

/// What follows the prefix of variables that tests and measurements have for themselves.
const OTHERS: [&str; 4] = ["TESTS_", "BENCH_", "PROOFS_", "CRASH_"];

/// The first variable with our prefix that is no setting: a typing error would otherwise leave the
/// default in force.
fn unknown(variables: impl Iterator<Item = String>) -> Option<String> {
    let mut ours = variables.filter(|name| {
        let Some(rest) = name.strip_prefix("SUPPLYLINE_") else { return false };
        let is_known = NAMES.contains(&rest.to_ascii_lowercase().as_str());
        !is_known && !OTHERS.iter().any(|other| rest.starts_with(other))
    });
    ours.next()
}

impl Config {
    /// Reads and checks the settings.
    ///
    /// # Errors
    /// Names the setting that cannot be used.
    pub fn load() -> anyhow::Result<Self> {
        let variables = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        if let Some(name) = unknown(variables) {
            bail!("{name}: there is no such setting");
        }
        let written: Written = Figment::from(Serialized::defaults(Written::default()))
            .merge(Toml::file("supplyline.toml"))
            .merge(Env::prefixed("SUPPLYLINE_").only(&NAMES))
            .extract()
            .context("the settings cannot be read")?;
        Self::check(written)
    }

    fn check(written: Written) -> anyhow::Result<Self> {
        let listen: SocketAddr = written.listen.parse().with_context(|| {
            format!(
                "SUPPLYLINE_LISTEN: {:?} is not an address and port like 127.0.0.1:8080",
                written.listen
            )
        })?;
        let public_url = if written.public_url.is_empty() {
            format!("http://{listen}")
        } else {
            written.public_url
        };
        let public_url = web_url("SUPPLYLINE_PUBLIC_URL", &public_url)?;
        let sms_webhook_url = optional(&written.sms_webhook_url)
            .map(|url| web_url("SUPPLYLINE_SMS_WEBHOOK_URL", &url))
            .transpose()?
            .map(|url| SecretString::from(String::from(url)));
        let sms_webhook_secret = optional(&written.sms_webhook_secret).map(SecretString::from);
        if sms_webhook_url.is_some() && sms_webhook_secret.is_none() {
            bail!(
                "SUPPLYLINE_SMS_WEBHOOK_SECRET: whsec_… is needed to sign what goes to SUPPLYLINE_SMS_WEBHOOK_URL"
            );
        }
        let attachments_url = match optional(&written.attachments_url) {
            Some(text) => attachments_url(&text)?,
            None => beside(&written.database_url)?,
        };
        let key_file = match optional(&written.key_file) {
            Some(text) => Some(PathBuf::from(text)),
            None if written.database_url.starts_with("sqlite:") => {
                Some(folder_of(&written.database_url).join("supplyline.key"))
            }
            None => None,
        };
        let audit_checkpoints = match optional(&written.audit_checkpoints) {
            Some(text) => Some(PathBuf::from(text)),
            None => key_file.as_ref().map(|key| key.with_file_name("supplyline.checkpoints")),
        };
        let config = Self {
            listen,
            database_url: SecretString::from(written.database_url),
            database_role: optional(&written.database_role),
            smtp_url: optional(&written.smtp_url).map(SecretString::from),
            smtp_roots: optional(&written.smtp_roots).map(PathBuf::from),
            mail_from: written.mail_from,
            sms_webhook_url,
            sms_webhook_secret,
            public_url,
            attachments_url,
            key_file,
            audit_checkpoints,
            audit_days: audit_days(&written.audit_days)?,
            local_channels: written.local_channels,
            allow_loss: written.allow_loss,
            log: written.log,
        };
        // Built once to be checked: a bad address is found now and not with the first mail.
        config.channels()?;
        Ok(config)
    }

    /// The ways out that the settings describe.
    ///
    /// # Errors
    /// Names the setting that cannot be used.
    pub fn channels(&self) -> anyhow::Result<Channels> {
        let trust = match &self.smtp_roots {
            Some(path) => {
                let pem = std::fs::read(path).with_context(|| {
                    format!("SUPPLYLINE_SMTP_ROOTS: {} cannot be read", path.display())
                })?;
                Trust::with(&pem)?
            }
            None => Trust::public(),
        };
        let mail = match &self.smtp_url {
            Some(url) => Mail::new(url.expose_secret(), &self.mail_from, &trust)?,
            None => Mail::in_app(),
        };
        let sms = match (&self.sms_webhook_url, &self.sms_webhook_secret) {
            (Some(url), Some(secret)) => {
                Sms::new(url.expose_secret(), SigningSecret::parse(secret.expose_secret())?)?
            }
            (_, _) => Sms::in_app(),
        };
        let reach = if self.local_channels { Reach::Anywhere } else { Reach::Public };
        Ok(Channels::new(mail, sms, self.public_url.clone()).reaching(reach).trusting(trust))
    }

    /// What is weaker than production should be.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let mut warn = |weak: bool, text: &str| {
            if weak {
                warnings.push(text.to_owned());
            }
        };
        let is_sqlite = self.database_url.expose_secret().starts_with("sqlite");
        let smtp = self.smtp_url.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default();
        warn(
            self.smtp_url.is_none(),
            "SUPPLYLINE_SMTP_URL is not set: unless administrators set a server, mail stays in the app",
        );
        warn(
            smtp.starts_with("smtp://") && !smtp.contains("tls=required"),
            "SUPPLYLINE_SMTP_URL encrypts only when the server offers it; add ?tls=required or use smtps://",
        );
        warn(
            self.sms_webhook_url.is_none(),
            "SUPPLYLINE_SMS_WEBHOOK_URL is not set: unless administrators set one, texts stay in the app",
        );
        warn(
            self.sms_webhook_url
                .as_ref()
                .is_some_and(|url| url.expose_secret().starts_with("http:")),
            "SUPPLYLINE_SMS_WEBHOOK_URL is plain http: phone numbers travel unencrypted",
        );
        warn(
            self.public_url.scheme() == "http",
            "SUPPLYLINE_PUBLIC_URL is plain http: put a TLS proxy in front and set it to https://",
        );
        warn(
            is_sqlite,
            "SUPPLYLINE_DATABASE_URL is SQLite: one process on one machine, no standby",
        );
        warn(
            !is_sqlite && self.attachments_url.scheme() == "file",
            "SUPPLYLINE_ATTACHMENTS_URL is a folder: every replica must see the same one",
        );
        warn(
            self.key_file.is_none(),
            "SUPPLYLINE_KEY_FILE is not set: whoever reads the database or a backup of it has the key that signs",
        );
        warn(
            self.audit_checkpoints.is_none(),
            "SUPPLYLINE_AUDIT_CHECKPOINTS is not set: a cut or rolled back audit log shows only in the collected logs",
        );
        warnings
    }

    /// Every setting with its value, secrets left out.
    #[must_use]
    pub fn shown(&self) -> Vec<(&'static str, String)> {
        let set = |secret: bool| if secret { "(set)" } else { "(none)" }.to_owned();
        vec![
            ("SUPPLYLINE_LISTEN", self.listen.to_string()),
            ("SUPPLYLINE_DATABASE_URL", redacted(self.database_url.expose_secret())),
            (
                "SUPPLYLINE_DATABASE_ROLE",
                self.database_role.clone().unwrap_or_else(|| "(none)".to_owned()),
            ),
            (
                "SUPPLYLINE_SMTP_URL",
                self.smtp_url
                    .as_ref()
                    .map_or_else(|| set(false), |url| redacted(url.expose_secret())),
            ),
            (
                "SUPPLYLINE_SMTP_ROOTS",
                self.smtp_roots
                    .as_ref()
                    .map_or_else(|| "(public ones)".to_owned(), |p| p.display().to_string()),
            ),
            ("SUPPLYLINE_MAIL_FROM", self.mail_from.clone()),
            (
                "SUPPLYLINE_SMS_WEBHOOK_URL",
                self.sms_webhook_url
                    .as_ref()
                    .map_or_else(|| set(false), |url| redacted(url.expose_secret())),
            ),
            ("SUPPLYLINE_SMS_WEBHOOK_SECRET", set(self.sms_webhook_secret.is_some())),
            ("SUPPLYLINE_PUBLIC_URL", self.public_url.to_string()),
            ("SUPPLYLINE_ATTACHMENTS_URL", redacted(self.attachments_url.as_str())),
            (
                "SUPPLYLINE_KEY_FILE",
                self.key_file
                    .as_ref()
                    .map_or_else(|| "(in the database)".to_owned(), |p| p.display().to_string()),
            ),
            (
                "SUPPLYLINE_AUDIT_CHECKPOINTS",
                self.audit_checkpoints
                    .as_ref()
                    .map_or_else(|| "(in the log)".to_owned(), |p| p.display().to_string()),
            ),
            ("SUPPLYLINE_AUDIT_DAYS", self.audit_days.to_string()),
            ("SUPPLYLINE_LOCAL_CHANNELS", self.local_channels.to_string()),
            ("SUPPLYLINE_ALLOW_LOSS", self.allow_loss.to_string()),
            ("SUPPLYLINE_LOG", self.log.clone()),
        ]
    }
}

/// `SUPPLYLINE_CRASH_AT`: the [point](crate::crash::Point) to stop at, for a proof that kills the
/// process there; only in builds that have points.
#[cfg(any(debug_assertions, feature = "crash-points"))]
#[must_use]
pub fn crash_at() -> Option<String> {
    std::env::var_os("SUPPLYLINE_CRASH_AT").and_then(|text| text.into_string().ok())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn check(change: impl FnOnce(&mut Written), expected: &str) {
        let mut written = Written::default();
        change(&mut written);
        let error = Config::check(written).expect_err(expected);
        assert!(format!("{error:#}").contains(expected), "{error:#}");
    }

    #[test]
    fn a_setting_that_cannot_be_used_is_named() {
        check(|w| w.listen = "8080".into(), "SUPPLYLINE_LISTEN");
        check(|w| w.public_url = "ftp://x".into(), "SUPPLYLINE_PUBLIC_URL");
        check(|w| w.smtp_url = "http://x".into(), "SUPPLYLINE_SMTP_URL");
        check(
            |w| {
                w.smtp_url = "smtp://x".into();
                w.mail_from = "nobody".into();
            },
            "SUPPLYLINE_MAIL_FROM",
        );
        check(|w| w.sms_webhook_url = "http://x".into(), "SUPPLYLINE_SMS_WEBHOOK_SECRET");
        check(
            |w| {
                w.sms_webhook_url = "http://x".into();
                w.sms_webhook_secret = "abc".into();
            },
            "SUPPLYLINE_SMS_WEBHOOK_SECRET",
        );
    }

    #[test]
    fn b117_a_variable_that_is_no_setting_is_named() {
        let found = |name: &str| unknown([name.to_owned()].into_iter());
        for name in NAMES {
            assert_eq!(found(&format!("SUPPLYLINE_{}", name.to_uppercase())), None, "{name}");
        }
        for name in ["SUPPLYLINE_TESTS_REQUIRE_POSTGRES", "PATH", "SUPPLYLINE"] {
            assert_eq!(found(name), None);
        }
        for name in ["SUPPLYLINE_DATABSE_URL", "SUPPLYLINE_", "SUPPLYLINE_AUDIT"] {
            assert_eq!(found(name).as_deref(), Some(name));
        }
    }

    #[test]
    fn attachments_lie_beside_the_database() {
        for (database, ending) in [
            ("sqlite:///var/lib/supply/a.db?mode=rwc", "/var/lib/supply/attachments/"),
            ("sqlite://data/a.db", "/data/attachments/"),
            ("sqlite://a.db", "/attachments/"),
            ("postgres://u@h/db", "/attachments/"),
        ] {
            let url = beside(database).expect("a folder");
            assert!(url.scheme() == "file" && url.path().ends_with(ending), "{url}");
        }
        check(|w| w.attachments_url = "http://x/".into(), "SUPPLYLINE_ATTACHMENTS_URL");
    }

    #[test]
    fn the_key_lies_beside_an_sqlite_file_and_in_another_database() {
        for (database, set, expected) in [
            ("sqlite:///var/lib/a.db?mode=rwc", "", Some("/var/lib/supplyline.key")),
            ("sqlite://a.db", "", Some("supplyline.key")),
            ("postgres://u@h/db", "", None),
            ("postgres://u@h/db", "/run/key", Some("/run/key")),
        ] {
            let written = Written {
                database_url: database.into(),
                key_file: set.into(),
                ..Written::default()
            };
            let config = Config::check(written).expect("usable");
            assert_eq!(config.key_file.as_deref(), expected.map(Path::new), "{database}");
            let is_warned = config.warnings().iter().any(|w| w.contains("SUPPLYLINE_KEY_FILE"));
            assert_eq!(is_warned, expected.is_none(), "{database}");
        }
    }

    #[test]
    fn the_audit_log_is_kept_for_a_year_at_least() {
        for (text, expected) in [("", 1_095), ("365", 365), (" 730 ", 730)] {
            let written = Written { audit_days: text.into(), ..Written::default() };
            assert_eq!(Config::check(written).expect("usable").audit_days, expected, "{text}");
        }
        for text in ["364", "0", "-1", "36501", "70000", "a year", "1e3"] {
            check(|w| w.audit_days = text.into(), "SUPPLYLINE_AUDIT_DAYS");
        }
    }

    #[test]
    fn checkpoints_lie_beside_the_key() {
        for (database, key, set, expected) in [
            ("sqlite:///var/lib/a.db", "", "", Some("/var/lib/supplyline.checkpoints")),
            ("sqlite:///var/lib/a.db", "/run/k", "", Some("/run/supplyline.checkpoints")),
            ("postgres://u@h/db", "", "", None),
            ("postgres://u@h/db", "", "/var/c", Some("/var/c")),
        ] {
            let written = Written {
                database_url: database.into(),
                key_file: key.into(),
                audit_checkpoints: set.into(),
                ..Written::default()
            };
            let config = Config::check(written).expect("usable");
            assert_eq!(config.audit_checkpoints.as_deref(), expected.map(Path::new), "{database}");
            let warned = config.warnings().iter().any(|w| w.contains("AUDIT_CHECKPOINTS"));
            assert_eq!(warned, expected.is_none(), "{database}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let written = Written {
            database_url: "postgres://u:hunter2@h/db".into(),
            smtp_url: "smtp://u:hunter2@h".into(),
            sms_webhook_url: "https://h/x?key=hunter2".into(),
            sms_webhook_secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into(),
            ..Written::default()
        };
        let config = Config::check(written).expect("usable");
        let shown = format!("{:?} {config:?}", config.shown());
        assert!(!shown.contains("hunter2") && !shown.contains("whsec"), "{shown}");
    }
}
