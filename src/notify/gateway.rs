//! The bodies that gateways of text messages take, and what their answers mean.
//!
//! **Never** hands a gateway a sign that it would refuse, nor a value longer than it takes.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use unicode_normalization::UnicodeNormalization as _;

use super::words::single_line;
use crate::domain::channel::{Shape, template};
use crate::domain::notice::Letter;

/// The most characters of a value in a template of Aliyun's.
const LONGEST_VALUE: usize = 35;

/// How bodies for a gateway are made.
#[derive(Debug, Clone)]
pub(super) struct Dress {
    pub(super) shape: Shape,
    pub(super) signature: String,
    pub(super) app: Option<String>,
    pub(super) templates: BTreeMap<String, String>,
}

impl Dress {
    /// Our own.
    pub(super) fn standard() -> Self {
        Self {
            shape: Shape::Standard,
            signature: String::new(),
            app: None,
            templates: BTreeMap::new(),
        }
    }

    /// A body out of our own.
    ///
    /// # Errors
    /// Why none can be made: no template is set for what is told.
    pub(super) fn body(&self, letter: &Letter, own: Value, id: &str) -> Result<Value, String> {
        let text =
            |name: &str| own.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let parameters = |names: &[&str]| {
            let value = |name: &&str| {
                let value = own.pointer(&format!("/params/{name}")).and_then(Value::as_str);
                ((*name).to_owned(), cleaned(value.unwrap_or_default()))
            };
            names.iter().map(value).collect::<Vec<(String, String)>>()
        };
        let kind = letter.matter.name();
        let chosen = self.templates.get(kind).or_else(|| self.templates.get("*"));
        let chosen = chosen.and_then(|chosen| template(chosen));
        let none = || format!("no template of the gateway is set for {kind}");
        match self.shape {
            Shape::Standard => Ok(own),
            Shape::Aliyun => {
                let (code, names) = chosen.ok_or_else(none)?;
                let named: Map<String, Value> = parameters(&names)
                    .into_iter()
                    .map(|(name, value)| (name, Value::String(value)))
                    .collect();
                Ok(json!({
                    "PhoneNumbers": bare(&text("to")),
                    "SignName": self.signature,
                    "TemplateCode": code,
                    "TemplateParam": Value::Object(named).to_string(),
                    "OutId": id,
                }))
            }
            Shape::Tencent => {
                let (code, names) = chosen.ok_or_else(none)?;
                let placed = parameters(&names).into_iter().map(|(_, value)| value);
                Ok(json!({
                    "PhoneNumberSet": [format!("+86{}", bare(&text("to")))],
                    "SmsSdkAppId": self.app.clone().unwrap_or_default(),
                    "SignName": self.signature,
                    "TemplateId": code,
                    "TemplateParamSet": placed.collect::<Vec<_>>(),
                    "SessionContext": id,
                }))
            }
        }
    }

    /// What an answer of 2xx means: these gateways say inside it what went wrong.
    pub(super) fn verdict(&self, body: &str) -> Verdict {
        let Ok(answer) = serde_json::from_str::<Value>(body) else { return Verdict::Taken };
        let code = match self.shape {
            Shape::Standard => return Verdict::Taken,
            Shape::Aliyun => answer.get("Code"),
            Shape::Tencent => answer
                .pointer("/Response/Error/Code")
                .or_else(|| answer.pointer("/Response/SendStatusSet/0/Code")),
        };
        match code.and_then(Value::as_str) {
            None => Verdict::Taken,
            Some(code) if code.eq_ignore_ascii_case("ok") => Verdict::Taken,
            Some(code) if is_busy(code) => Verdict::Busy,
            Some(_) => Verdict::Refused,
        }
    }
}

/// What an answer inside 200 means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Taken,
    Busy,
    Refused,
}

/// Codes that say "too many" or "try again".
fn is_busy(code: &str) -> bool {
    const BUSY: [&str; 6] = [
        "isv.BUSINESS_LIMIT_CONTROL",
        "isp.SYSTEM_ERROR",
        "Throttling",
        "LimitExceeded",
        "RequestLimitExceeded",
        "InternalError",
    ];
    BUSY.iter().any(|busy| code.starts_with(busy))
}

/// A number without the country's code.
fn bare(phone: &str) -> &str {
    phone.strip_prefix("+86").unwrap_or(phone)
}

/// Signs that gateways refuse, as the plain ones that mean the same.
fn cleaned(value: &str) -> String {
    let plain: String = value
        .nfkc()
        .map(|c| match c {
            '×' => 'x',
            '「' | '」' | '『' | '』' => '"',
            '【' => '[',
            '】' => ']',
            '★' | '☆' | '•' | '●' | '◆' => ' ',
            c => c,
        })
        .collect();
    single_line(&plain, LONGEST_VALUE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dress(shape: Shape) -> Dress {
        let templates = [("filed", "SMS_1"), ("*", "SMS_2:number,deadline")];
        Dress {
            shape,
            signature: "某省医保局".to_owned(),
            app: Some("1400006666".to_owned()),
            templates: templates.map(|(kind, code)| (kind.to_owned(), code.to_owned())).into(),
        }
    }

    fn own() -> Value {
        json!({
            "to": "+8613800138000", "template": "filed", "text": "x", "ticket": null,
            "params": {"number": "SQ-1", "product": "复方氨基酸Ⅱ 10m²×「3」【甲】", "deadline": "02-24 24:00"},
        })
    }

    fn letter(kind: crate::domain::notice::Kind) -> Letter {
        use crate::domain::template::{PartyKind, Slot};
        let slot = Slot {
            kind: kind.into(),
            party: PartyKind::Manufacturer,
            channel: crate::domain::notice::Channel::Sms,
            language: crate::domain::party::Language::Chinese,
        };
        crate::notify::render::sample(slot, None, crate::notify::render::Size::Usual)
    }

    #[test]
    fn aliyun_takes_parameters_by_name() {
        let filed = letter(crate::domain::notice::Kind::Filed);
        let body = dress(Shape::Aliyun).body(&filed, own(), "msg_1").expect("a body");
        assert_eq!(body["PhoneNumbers"], "13800138000");
        assert_eq!((&body["TemplateCode"], &body["OutId"]), (&json!("SMS_1"), &json!("msg_1")));
        assert_eq!(body["SignName"], "某省医保局");
        let named: Value =
            serde_json::from_str(body["TemplateParam"].as_str().expect("text")).expect("JSON");
        let expected = json!({"number": "SQ-1", "product": "复方氨基酸II 10m2x\"3\"[甲]", "deadline": "02-24 24:00"});
        assert_eq!(named, expected);
    }

    #[test]
    fn tencent_takes_parameters_by_position() {
        let urged = letter(crate::domain::notice::Kind::Urged);
        let body = dress(Shape::Tencent).body(&urged, own(), "msg_1").expect("a body");
        let expected = json!({
            "PhoneNumberSet": ["+8613800138000"], "SmsSdkAppId": "1400006666",
            "SignName": "某省医保局", "TemplateId": "SMS_2",
            "TemplateParamSet": ["SQ-1", "02-24 24:00"], "SessionContext": "msg_1",
        });
        assert_eq!(body, expected);
        let none = Dress { templates: BTreeMap::new(), ..dress(Shape::Tencent) };
        assert!(none.body(&urged, own(), "x").expect_err("none").contains("urged"));
        assert_eq!(dress(Shape::Standard).body(&urged, own(), "x"), Ok(own()));
    }

    #[test]
    fn an_answer_is_read_where_the_gateway_says_more() {
        for (shape, body, expected) in [
            (Shape::Standard, "error: none", Verdict::Taken),
            (Shape::Standard, r#"{"Code":"isv.X"}"#, Verdict::Taken),
            (Shape::Aliyun, r#"{"Code":"OK","Message":"OK"}"#, Verdict::Taken),
            (Shape::Aliyun, r#"{"Code":"isv.SMS_TEMPLATE_ILLEGAL"}"#, Verdict::Refused),
            (Shape::Aliyun, r#"{"Code":"isv.BUSINESS_LIMIT_CONTROL"}"#, Verdict::Busy),
            (Shape::Aliyun, "fine", Verdict::Taken),
            (Shape::Tencent, r#"{"Response":{"SendStatusSet":[{"Code":"Ok"}]}}"#, Verdict::Taken),
            (
                Shape::Tencent,
                r#"{"Response":{"SendStatusSet":[{"Code":"LimitExceeded.PhoneNumberDailyLimit"}]}}"#,
                Verdict::Busy,
            ),
            (
                Shape::Tencent,
                r#"{"Response":{"Error":{"Code":"AuthFailure.SignatureFailure"}}}"#,
                Verdict::Refused,
            ),
        ] {
            assert_eq!(dress(shape).verdict(body), expected, "{shape:?} {body}");
        }
    }

    #[test]
    fn values_are_short() {
        assert_eq!(cleaned(&"药".repeat(40)).chars().count(), LONGEST_VALUE);
        assert_eq!(cleaned("①★a\nb"), "1 a b");
    }
}
