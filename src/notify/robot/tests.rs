//! Signatures against values reckoned elsewhere, limits, and what answers mean.

use super::*;

const URL: &str = "https://robot.example/send?access_token=k";

fn robot(kind: RobotKind, secret: Option<&str>) -> Robot {
    Robot::new(kind, URL, secret, Reach::Public).expect("a robot")
}

fn at() -> DateTime<Utc> {
    "2026-02-13T02:30:00.123Z".parse().expect("an instant")
}

/// Reckoned with another implementation (Python's `hmac`), for the secret below.
const SECRET: &str = "SEC0123456789abcdef药";
const DINGTALK: &str = "cFspJvrZsgSYVTJb5ppfvlP00bGYW9RCFJiINjZZa+0=";
const FEISHU: &str = "RLu4MCKX/C4DBzY6K71CDPffNbHfkyjE6hbzgcC8pxA=";

#[test]
fn the_two_signatures_differ_in_key_and_message() {
    assert_eq!(dingtalk_sign(SECRET, 1_770_949_800_123), DINGTALK);
    assert_eq!(feishu_sign(SECRET, 1_770_949_800), FEISHU);
}

#[test]
fn dingtalk_signs_in_the_address() {
    let (url, body) = robot(RobotKind::Dingtalk, Some(SECRET)).signed("一", at());
    let encoded = "cFspJvrZsgSYVTJb5ppfvlP00bGYW9RCFJiINjZZa%2B0%3D";
    let expected = format!("{URL}&timestamp=1770949800123&sign={encoded}");
    assert_eq!(url.as_str(), expected);
    assert_eq!(body, json!({"msgtype": "text", "text": {"content": "一"}}));
}

#[test]
fn feishu_signs_in_the_body() {
    let (url, body) = robot(RobotKind::Feishu, Some(SECRET)).signed("一", at());
    assert_eq!(url.as_str(), URL);
    let expected = json!({
        "timestamp": "1770949800", "sign": FEISHU, "msg_type": "text", "content": {"text": "一"},
    });
    assert_eq!(body, expected);
}

#[test]
fn wecom_has_its_key_alone() {
    for secret in [None, Some(SECRET)] {
        let (url, body) = robot(RobotKind::Wecom, secret).signed("一", at());
        assert_eq!(url.as_str(), URL);
        assert_eq!(body, json!({"msgtype": "text", "text": {"content": "一"}}));
    }
    let (url, body) = robot(RobotKind::Dingtalk, None).signed("一", at());
    assert_eq!((url.as_str(), body["msgtype"].as_str()), (URL, Some("text")));
    assert!(robot(RobotKind::Feishu, None).signed("一", at()).1.get("sign").is_none());
}

#[test]
fn texts_are_cut_between_characters() {
    let long = "药".repeat(10_000);
    for (kind, most) in
        [(RobotKind::Wecom, 2_048), (RobotKind::Dingtalk, 4_096), (RobotKind::Feishu, 16_384)]
    {
        let kept = cut(&long, most_bytes(kind));
        assert!(kept.len() <= most && kept.len() > most - 6 && kept.ends_with("药…"), "{kind:?}");
        assert_eq!(cut("药", most_bytes(kind)), "药");
    }
}

#[test]
fn an_answer_is_judged_by_its_code_and_not_by_its_status() {
    let verdict = |kind, status: u16, body: &str| {
        let status = StatusCode::from_u16(status).expect("a status");
        match judge(kind, status, body, None) {
            Outcome::Sent { .. } => "sent",
            Outcome::Retry { after: Some(_), .. } => "later",
            Outcome::Retry { after: None, .. } => "retry",
            Outcome::GiveUp { .. } => "never",
        }
    };
    use RobotKind::{Dingtalk, Feishu, Wecom};
    for (kind, status, body, expected) in [
        (Wecom, 200, r#"{"errcode":0,"errmsg":"ok"}"#, "sent"),
        (Wecom, 200, r#"{"errcode":93000,"errmsg":"invalid webhook url"}"#, "never"),
        (Wecom, 200, r#"{"errcode":45009,"errmsg":"api freq out of limit"}"#, "later"),
        (Dingtalk, 200, r#"{"errcode":0,"errmsg":"ok"}"#, "sent"),
        (Dingtalk, 200, r#"{"errcode":310000,"errmsg":"sign not match"}"#, "never"),
        (Dingtalk, 200, r#"{"status":1111,"errcode":130101,"errmsg":"send too fast"}"#, "later"),
        (Feishu, 200, r#"{"code":0,"msg":"success","data":{}}"#, "sent"),
        (Feishu, 200, r#"{"StatusCode":0,"StatusMessage":"success"}"#, "sent"),
        (Feishu, 200, r#"{"code":19021,"msg":"sign match fail"}"#, "never"),
        (Feishu, 200, r#"{"code":11232,"msg":"frequency limited"}"#, "later"),
        (Feishu, 400, r#"{"code":9499,"msg":"too many requests"}"#, "later"),
        (Feishu, 400, r#"{"code":9499000,"msg":"bad request"}"#, "never"),
        (Wecom, 200, "", "retry"),
        (Wecom, 200, "<html>captive portal</html>", "retry"),
        (Wecom, 200, r#"{"errcode":"0"}"#, "retry"),
        (Wecom, 403, "no", "never"),
        (Wecom, 302, "", "never"),
        (Wecom, 429, "slow", "retry"),
        (Wecom, 502, r#"{"errcode":0}"#, "retry"),
    ] {
        assert_eq!(verdict(kind, status, body), expected, "{kind:?} {status} {body}");
    }
}

#[test]
fn fifteen_texts_a_minute_and_the_rest_waits() {
    let robot = robot(RobotKind::Wecom, None);
    for _ in 0..15 {
        assert_eq!(robot.is_too_much(at()), None);
    }
    let half = at() + TimeDelta::seconds(20);
    assert_eq!(robot.is_too_much(half), Some(Duration::from_secs(40)));
    assert_eq!(robot.is_too_much(at() + TimeDelta::seconds(60)), None);
}

#[test]
fn nothing_of_a_robot_is_shown() {
    assert_eq!(format!("{:?}", robot(RobotKind::Feishu, Some(SECRET))), "Robot(Feishu)");
    let error = Robot::new(RobotKind::Wecom, "http://h/?key=hunter2", None, Reach::Public);
    assert!(!error.expect_err("refused").to_string().contains("hunter2"));
}
