//! Group robots against platforms that behave and platforms that do not.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use supplyline::domain::channel::RobotKind;
use supplyline::notify::{Outcome, Reach, Robot};

use crate::support::webhook::{Answer, WebhookSink};

const QUICK: Duration = Duration::from_millis(300);
const KINDS: [RobotKind; 3] = [RobotKind::Wecom, RobotKind::Dingtalk, RobotKind::Feishu];

fn at() -> DateTime<Utc> {
    "2026-02-13T02:30:00Z".parse().expect("instant")
}

fn robot(sink: &WebhookSink, kind: RobotKind) -> Robot {
    let url = format!("{}?key=hunter2", sink.url);
    let robot = Robot::new(kind, &url, Some("SEChunter2"), Reach::Anywhere).expect("a robot");
    robot.with_timeout(QUICK)
}

fn fine(kind: RobotKind) -> Answer {
    let body = match kind {
        RobotKind::Wecom | RobotKind::Dingtalk => r#"{"errcode":0,"errmsg":"ok"}"#,
        RobotKind::Feishu => r#"{"code":0,"msg":"success"}"#,
    };
    Answer::Status(200, body.to_owned())
}

fn reason(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Sent { response } => format!("sent {response}"),
        Outcome::Retry { reason, after: Some(after) } => format!("in {after:?} {reason}"),
        Outcome::Retry { reason, after: None } => format!("again {reason}"),
        Outcome::GiveUp { reason } => format!("never {reason}"),
    }
}

#[tokio::test]
async fn a_text_arrives_in_the_body_that_each_platform_takes() {
    let sink = WebhookSink::spawn().await;
    for kind in KINDS {
        sink.set_answer(fine(kind));
        let outcome = robot(&sink, kind).send("诉求单已升级\nhttps://supply.example/", at()).await;
        assert!(reason(&outcome).starts_with("sent 200"), "{kind:?} {outcome:?}");
        let taken = sink.requests().pop().expect("a request");
        let body = taken.json();
        let pointer = match kind {
            RobotKind::Wecom | RobotKind::Dingtalk => "/text/content",
            RobotKind::Feishu => "/content/text",
        };
        let text = body.pointer(pointer).and_then(|text| text.as_str()).expect("a text");
        assert!(text.starts_with("诉求单已升级\n"), "{body}");
        assert!(taken.request.starts_with("POST /sms?key=hunter2"), "{}", taken.request);
        assert_eq!(taken.request.contains("&sign="), kind == RobotKind::Dingtalk);
        assert_eq!(body.get("sign").is_some(), kind == RobotKind::Feishu);
        assert!(taken.headers["content-type"].starts_with("application/json"));
    }
}

#[tokio::test]
async fn hostile_platforms_cost_little_and_learn_nothing_b082_b084() {
    let sink = WebhookSink::spawn().await;
    for kind in KINDS {
        for (answer, expected) in [
            (Answer::Redirect("http://127.0.0.1:1/".to_owned()), "never 302"),
            (Answer::Cut, "again "),
            (Answer::Stall, "again "),
            (Answer::Huge, "again 200 xxx"),
            (Answer::CutBody, "again 200 half"),
            (Answer::Status(200, String::new()), "again 200"),
            (Answer::Status(200, "[[[[".repeat(20_000)), "again 200"),
            (Answer::Status(404, "gone".to_owned()), "never 404"),
            (Answer::Status(503, "busy".to_owned()), "again 503"),
            (Answer::RetryAfter(429, "120".to_owned()), "in 120s 429"),
        ] {
            sink.set_answer(answer.clone());
            let began = Instant::now();
            let outcome = robot(&sink, kind).send("x", at()).await;
            let told = reason(&outcome);
            assert!(told.starts_with(expected), "{kind:?} {answer:?}: {told:.200}");
            assert!(!told.contains("hunter2") && told.chars().count() < 300, "{told:.300}");
            assert!(began.elapsed() < Duration::from_secs(2), "{answer:?}");
        }
    }
    assert!(sink.huge_sent() < 20_000_000, "{}", sink.huge_sent());
}

#[tokio::test]
async fn a_failure_inside_200_is_a_failure_b088() {
    let sink = WebhookSink::spawn().await;
    for (kind, body, expected) in [
        (RobotKind::Wecom, r#"{"errcode":93000,"errmsg":"invalid webhook url"}"#, "never 200"),
        (RobotKind::Wecom, r#"{"errcode":45009,"errmsg":"freq out of limit"}"#, "in 60s 200"),
        (RobotKind::Dingtalk, r#"{"errcode":310000,"errmsg":"sign not match"}"#, "never 200"),
        (RobotKind::Dingtalk, r#"{"errcode":130101,"errmsg":"send too fast"}"#, "in 600s 200"),
        (RobotKind::Feishu, r#"{"code":19021,"msg":"sign match fail"}"#, "never 200"),
        (RobotKind::Feishu, r#"{"code":11232,"msg":"frequency limited"}"#, "in 60s 200"),
    ] {
        sink.set_answer(Answer::Status(200, body.to_owned()));
        let told = reason(&robot(&sink, kind).send("x", at()).await);
        assert!(told.starts_with(expected), "{kind:?} {told}");
    }
}

#[tokio::test]
async fn what_is_too_much_is_not_even_sent() {
    let sink = WebhookSink::spawn().await;
    sink.set_answer(fine(RobotKind::Wecom));
    let robot = robot(&sink, RobotKind::Wecom);
    for _ in 0..20 {
        robot.send("x", at()).await;
    }
    assert_eq!(sink.requests().len(), 15);
    let told = reason(&robot.send("x", at() + TimeDelta::seconds(30)).await);
    assert!(told.starts_with("in 30s"), "{told}");
    let told = reason(&robot.send("x", at() + TimeDelta::seconds(60)).await);
    assert!(told.starts_with("sent"), "{told}");
}
