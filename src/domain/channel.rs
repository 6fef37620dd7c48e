//! The settings of the ways out of the service, as administrators keep them.
//!
//! **Never** mixes a secret with what may be shown: secrets are a value of their own.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::id::OrganisationId;

/// A way out that has settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChannelName {
    /// The mail server.
    Mail,
    /// The gateway of text messages.
    Sms,
    /// The group robot of an organisation.
    Robot(OrganisationId),
}

impl fmt::Display for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mail => f.write_str("mail"),
            Self::Sms => f.write_str("sms"),
            Self::Robot(organisation) => write!(f, "robot-{organisation}"),
        }
    }
}

/// The text names no channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("mail, sms, or robot- with an organisation's id")]
pub struct NoChannel;

impl FromStr for ChannelName {
    type Err = NoChannel;

    fn from_str(text: &str) -> Result<Self, NoChannel> {
        match text {
            "mail" => Ok(Self::Mail),
            "sms" => Ok(Self::Sms),
            text => {
                let id = text.strip_prefix("robot-").ok_or(NoChannel)?;
                let robot = Self::Robot(id.parse().map_err(|_error| NoChannel)?);
                if robot.to_string() == text { Ok(robot) } else { Err(NoChannel) }
            }
        }
    }
}

/// When TLS begins with a mail server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// When the server offers it.
    Offered,
    /// STARTTLS, or no mail.
    Required,
    /// From the first byte.
    Implicit,
}

/// How the body for a gateway of text messages is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Our own: `{to, template, params, text, ticket}`.
    Standard,
    /// As `SendSms` of Aliyun takes it: a template's code, and its parameters by name.
    Aliyun,
    /// As `SendSms` of Tencent takes it: a template's id, and its parameters by position.
    Tencent,
}

/// Whose group robot it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RobotKind {
    /// 企业微信
    Wecom,
    /// 钉钉
    Dingtalk,
    /// 飞书
    Feishu,
}

/// What a gateway's template may be filled with.
pub const PARAMETERS: [&str; 8] =
    ["number", "product", "deadline", "deadline_kind", "urgency", "promised_on", "level", "link"];

/// Reads a gateway's template: its code, and behind a colon the parameters it has, in their
/// order; number, product and deadline where it names none.
#[must_use]
pub fn template(text: &str) -> Option<(&str, Vec<&str>)> {
    let (code, names) = text.split_once(':').unwrap_or((text, "number,product,deadline"));
    let names: Vec<_> = names.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let is_code = (1..=64).contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let is_known = names.iter().all(|name| PARAMETERS.contains(name));
    (is_code && is_known).then_some((code, names))
}

/// What may be shown of a channel's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "channel", rename_all = "snake_case")]
pub enum Settings {
    /// A mail server.
    Mail {
        /// Its name or address.
        host: String,
        /// Its port.
        port: u16,
        /// When TLS begins.
        security: Security,
        /// Who signs in there; nobody needs to.
        username: Option<String>,
        /// The sender, like `Name <name@example.cn>`.
        from: String,
    },
    /// A gateway of text messages.
    Sms {
        /// Where it is, without what may hold a key.
        host: String,
        /// How its body is made.
        shape: Shape,
        /// What stands between 【 and 】 in front of every message.
        signature: String,
        /// `SmsSdkAppId`, where the shape has one.
        app: Option<String>,
        /// The gateway's template for a kind; `*` for every other.
        templates: BTreeMap<String, String>,
    },
    /// A group robot.
    Robot {
        /// Whose.
        kind: RobotKind,
        /// Where it is, without its key.
        host: String,
    },
}

/// What is never shown again.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Secrets {
    /// Of the mail server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// The address of a web hook: it may hold a key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What requests are signed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets([REDACTED])")
    }
}

/// A step of a test message on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Which: `address`, `dns`, `connect`, `tls`, `ehlo`, `auth`, `mail_from`, `rcpt_to`, `data`,
    /// `signature`, `status` or `answer`.
    pub step: &'static str,
    /// True when it went well; the steps after one that did not are not tried.
    pub ok: bool,
    /// What the other side said, or what went wrong; no secret is in it.
    pub detail: String,
}

impl Step {
    /// A step that went well.
    #[must_use]
    pub fn done(step: &'static str, detail: impl Into<String>) -> Self {
        Self { step, ok: true, detail: detail.into() }
    }

    /// The step that failed.
    #[must_use]
    pub fn failed(step: &'static str, detail: impl Into<String>) -> Self {
        Self { step, ok: false, detail: detail.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_back() {
        let robot = ChannelName::Robot(OrganisationId(uuid::Uuid::from_u128(7)));
        for name in [ChannelName::Mail, ChannelName::Sms, robot] {
            assert_eq!(name.to_string().parse(), Ok(name));
        }
        for bad in
            ["", "fax", "robot-", "robot-7", "Mail", "robot-{00000000000000000000000000000007}"]
        {
            assert_eq!(bad.parse::<ChannelName>(), Err(NoChannel), "{bad}");
        }
    }

    #[test]
    fn a_template_has_a_code_and_parameters() {
        let all = vec!["number", "product", "deadline"];
        assert_eq!(template("SMS_154950909"), Some(("SMS_154950909", all)));
        assert_eq!(
            template("449739:number, deadline"),
            Some(("449739", vec!["number", "deadline"]))
        );
        assert_eq!(template("1:"), Some(("1", Vec::new())));
        for bad in ["", ":number", "a b", "1:hospital", "模板", "1:number:x"] {
            assert_eq!(template(bad), None, "{bad}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let secrets = Secrets { password: Some("hunter2".to_owned()), ..Secrets::default() };
        assert!(!format!("{secrets:?}").contains("hunter2"));
    }
}
