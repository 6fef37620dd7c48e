//! Both ways out of the service against servers that behave and servers that do not.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use mail_parser::{Message, MessageParser, MimeHeaders};
use supplyline::domain::id::TicketId;
use supplyline::domain::notice::{Channel, DeadlineLine, Facts, Kind, Letter, Matter};
use supplyline::domain::party::{Language, Level};
use supplyline::domain::ticket::DeadlineKind;
use supplyline::notify::render::{Rendered, mail as render_mail};
use supplyline::notify::{Channels, Mail, Outcome, SigningSecret, Sms, Trust};

use crate::support::smtp::{Script, SmtpSink, Taken};
use crate::support::webhook::{Answer, SECRET, WebhookSink};

const FROM: &str = "药品供应 <notice@service.example>";
const QUICK: Duration = Duration::from_millis(300);
const LINK: &str = "https://supply.example/tickets/7";

fn at() -> DateTime<Utc> {
    "2026-02-13T02:30:00Z".parse().expect("instant")
}

fn letter(address: &str) -> Letter {
    Letter {
        matter: Matter::Ticket {
            ticket: TicketId(uuid::Uuid::from_u128(7)),
            kind: Kind::Filed,
            facts: facts(),
        },
        language: Language::Chinese,
        name: "张敏".to_owned(),
        address: address.to_owned(),
        key: "ticket 7, filed, 张敏, mail".to_owned(),
        wording: None,
    }
}

fn facts() -> Facts {
    Facts {
        number: "SQ-371002-20260213-7K3Q".to_owned(),
        product: "注射用头孢曲松钠 1.0g".to_owned(),
        hospital: "滨海市第一人民医院".to_owned(),
        manufacturer: "岱海制药有限公司".to_owned(),
        emergency: true,
        deadlines: vec![DeadlineLine {
            kind: DeadlineKind::Reply,
            due_at: "2026-02-24T16:00:00Z".parse().expect("instant"),
            provisional: false,
            explanation: Vec::new(),
        }],
        promised_on: None,
        level: Some(Level::City),
        bureau: Some("滨海市医保局".to_owned()),
    }
}

fn mail_to(sink: &SmtpSink) -> Mail {
    Mail::new(&sink.url, FROM, &Trust::public()).expect("settings").with_timeout(QUICK)
}

fn sms_to(sink: &WebhookSink) -> Sms {
    let secret = SigningSecret::parse(SECRET).expect("secret");
    Sms::new(&sink.url, secret).expect("settings").with_timeout(QUICK)
}

fn channels(mail: Mail, sms: Sms) -> Channels {
    Channels::new(mail, sms, "https://supply.example/".parse().expect("url"))
}

async fn send_mail(sink: &SmtpSink, letter: &Letter) -> Outcome {
    channels(mail_to(sink), Sms::in_app()).send(Channel::Mail, letter, at()).await
}

async fn send_sms(sink: &WebhookSink, letter: &Letter) -> Outcome {
    channels(Mail::in_app(), sms_to(sink)).send(Channel::Sms, letter, at()).await
}

fn sent(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Sent { response } => response,
        Outcome::Retry { .. } | Outcome::GiveUp { .. } => panic!("not sent: {outcome:?}"),
    }
}

fn retry(outcome: &Outcome) -> (&str, Option<Duration>) {
    match outcome {
        Outcome::Retry { reason, after } => (reason, *after),
        Outcome::Sent { .. } | Outcome::GiveUp { .. } => panic!("no retry: {outcome:?}"),
    }
}

fn given_up(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::GiveUp { reason } => reason,
        Outcome::Sent { .. } | Outcome::Retry { .. } => panic!("not given up: {outcome:?}"),
    }
}

fn parsed(taken: &Taken) -> Message<'_> {
    MessageParser::default().parse(&taken.raw).expect("a readable message")
}

fn header(message: &Message<'_>, name: &str) -> String {
    message.header_raw(name).expect(name).trim().to_owned()
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_written() {
    let sink = SmtpSink::spawn().await;
    let letter = letter("zhang@maker.example");
    assert_eq!(sent(&send_mail(&sink, &letter).await), "250 2.0.0 queued as 4711");
    let [taken] = &sink.messages()[..] else { panic!("one message") };
    assert_eq!(taken.from, "notice@service.example");
    assert_eq!(taken.to, ["zhang@maker.example"]);
    assert!(taken.raw.is_ascii());
    let message = parsed(taken);
    let link = "https://supply.example/tickets/00000000-0000-0000-0000-000000000007";
    let expected = render_mail(&letter, link);
    assert_eq!(message.subject(), Some(expected.subject.as_str()));
    assert!(expected.subject.starts_with("【紧急】"));
    assert_eq!(message.body_text(0).expect("text").replace("\r\n", "\n"), expected.text);
    assert_eq!(message.body_html(0).expect("html").replace("\r\n", "\n"), expected.html);
    let name = |address: Option<&mail_parser::Address<'_>>| {
        address.and_then(|all| all.first()).and_then(|one| one.name()).map(str::to_owned)
    };
    assert_eq!(name(message.to()).as_deref(), Some("张敏"));
    assert_eq!(name(message.from()).as_deref(), Some("药品供应"));
    assert_eq!(message.date().expect("date").to_timestamp(), at().timestamp());
    assert_eq!(header(&message, "Auto-Submitted"), "auto-generated");
    assert_eq!(header(&message, "Content-Language"), "zh-CN");
    let thread = "<ticket-00000000-0000-0000-0000-000000000007@service.example>";
    assert_eq!(header(&message, "References"), thread);
    assert_eq!(header(&message, "In-Reply-To"), thread);
    for part in message.parts.iter().filter(|part| !part.is_multipart()) {
        assert_eq!(part.content_transfer_encoding(), Some("base64"));
    }
}

#[tokio::test]
async fn the_message_id_depends_on_the_key_only() {
    let sink = SmtpSink::spawn().await;
    let mail = mail_to(&sink);
    let mut letter = letter("zhang@maker.example");
    let rendered = render_mail(&letter, LINK);
    sent(&mail.send(&letter, &rendered, at()).await);
    letter.name = "李强".to_owned();
    sent(&mail.send(&letter, &rendered, at() + chrono::TimeDelta::hours(1)).await);
    letter.key = "another".to_owned();
    sent(&mail.send(&letter, &rendered, at()).await);
    let messages = sink.messages();
    let ids: Vec<String> =
        messages.iter().map(|taken| header(&parsed(taken), "Message-ID")).collect();
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[0], ids[2]);
    assert!(ids[0].ends_with("@service.example>"), "{ids:?}");
}

#[tokio::test]
async fn names_that_break_lettre_do_not_break_us() {
    let sink = SmtpSink::spawn().await;
    let names = [
        "a\r\nBcc: x@y.example",
        "a\nb",
        "a\rb",
        "a\0b",
        "a\u{202e}b",
        "\r\n",
        "",
        "=?utf-8?q?x?=",
    ];
    for name in names {
        let mut letter = letter("zhang@maker.example");
        letter.name = name.to_owned();
        let product = format!("product {name} .\r\n.\r\nMAIL FROM:<evil@x.example>");
        if let Matter::Ticket { facts, .. } = &mut letter.matter {
            facts.product = product;
        }
        let outcome = send_mail(&sink, &letter).await;
        assert!(matches!(outcome, Outcome::Sent { .. }), "{name:?} {outcome:?}");
    }
    let messages = sink.messages();
    assert_eq!(messages.len(), names.len());
    for taken in &messages {
        let message = parsed(taken);
        assert!(message.bcc().is_none());
        assert_eq!(taken.to, ["zhang@maker.example"]);
    }
    let last = messages.last().expect("one");
    assert!(parsed(last).subject().expect("subject").contains("=?utf-8?q?x?="));
    assert!(sink.commands().iter().all(|command| !command.contains("evil")));
}

#[tokio::test]
async fn hostile_bodies_arrive_intact() {
    let sink = SmtpSink::spawn().await;
    let text = format!(
        "first\n.\n..\n.x\nFrom here\nbare \r return\n.\rMAIL FROM:<evil@x.example>\n{}\n药品\n",
        "x".repeat(10_000)
    );
    let rendered = Rendered {
        subject: "a\r\nBcc: x@y.example".to_owned(),
        text: text.clone(),
        html: format!("<p>{text}</p>"),
    };
    sent(&mail_to(&sink).send(&letter("zhang@maker.example"), &rendered, at()).await);
    let [taken] = &sink.messages()[..] else { panic!("one message") };
    let message = parsed(taken);
    assert_eq!(message.body_text(0).expect("text"), text.replace('\n', "\r\n"));
    assert_eq!(message.subject(), Some("a Bcc: x@y.example"));
    assert!(message.bcc().is_none());
    assert!(taken.raw.split(|b| *b == b'\n').all(|line| line.len() <= 200));
    assert!(sink.commands().iter().all(|command| !command.contains("evil")));
}

#[tokio::test]
async fn addresses_that_are_none_are_given_up_without_a_connection() {
    let sink = SmtpSink::spawn().await;
    for address in
        ["", "nobody", "a@b.example\r\nRCPT TO:<c@d.example>", "a@b.example, c@d.example"]
    {
        let outcome = send_mail(&sink, &letter(address)).await;
        assert!(given_up(&outcome).contains("no mail address"), "{outcome:?}");
    }
    assert_eq!(sink.connections(), 0);
    let outcome = send_mail(&sink, &letter("用户@maker.example")).await;
    assert!(given_up(&outcome).contains("SMTPUTF8"), "{outcome:?}");
}

#[tokio::test]
async fn temporary_failures_are_tried_again() {
    let sink = SmtpSink::spawn().await;
    let letter = letter("zhang@maker.example");
    for (script, sign) in [
        (Script::RejectRcpt(451), "451"),
        (Script::TempFail(452), "452"),
        (Script::RejectData(421), "421"),
        (Script::CutInData, ""),
        (Script::Stall, "longer than 300ms"),
        (Script::GreetSlow, "longer than 300ms"),
        (Script::RejectRcpt(535), "535"),
    ] {
        sink.set_script(script);
        let began = Instant::now();
        let outcome = send_mail(&sink, &letter).await;
        assert!(retry(&outcome).0.contains(sign), "{script:?} {outcome:?}");
        assert!(began.elapsed() < Duration::from_secs(2), "{script:?}");
    }
    assert_eq!(sink.messages().len(), 0);
    sink.set_scripts(&[Script::RejectRcpt(451), Script::Accept]);
    retry(&send_mail(&sink, &letter).await);
    sent(&send_mail(&sink, &letter).await);
    assert_eq!(sink.messages().len(), 1);
}

#[tokio::test]
async fn permanent_failures_are_given_up() {
    let sink = SmtpSink::spawn().await;
    for (script, sign) in [
        (Script::RejectRcpt(550), "550"),
        (Script::RejectData(554), "554"),
        (Script::RejectData(552), "552"),
    ] {
        sink.set_script(script);
        let outcome = send_mail(&sink, &letter("zhang@maker.example")).await;
        assert!(given_up(&outcome).contains(sign), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_server_that_hangs_up_after_taking_the_mail_has_it() {
    let sink = SmtpSink::spawn().await;
    sink.set_script(Script::AcceptThenDrop);
    sent(&send_mail(&sink, &letter("zhang@maker.example")).await);
    assert_eq!(sink.messages().len(), 1);
}

#[tokio::test]
async fn an_attempt_cut_short_does_not_confuse_the_next() {
    let sink = SmtpSink::spawn().await;
    let mail = mail_to(&sink);
    let letter = letter("zhang@maker.example");
    let rendered = render_mail(&letter, LINK);
    sink.set_scripts(&[Script::Stall, Script::RejectRcpt(550)]);
    retry(&mail.send(&letter, &rendered, at()).await);
    given_up(&mail.send(&letter, &rendered, at()).await);
    assert_eq!(sink.connections(), 2);
}

#[tokio::test]
async fn nothing_is_sent_without_tls_where_tls_is_required() {
    let sink = SmtpSink::spawn().await;
    for url in [format!("{}?tls=required", sink.url), sink.url.replace("smtp://", "smtps://")] {
        let mail = Mail::new(&url, FROM, &Trust::public()).expect("settings").with_timeout(QUICK);
        let letter = letter("zhang@maker.example");
        let outcome = mail.send(&letter, &render_mail(&letter, LINK), at()).await;
        retry(&outcome);
    }
    assert_eq!(sink.messages().len(), 0);
    assert!(sink.commands().iter().all(|command| !command.starts_with("MAIL")));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_tried_again() {
    let url = SmtpSink::spawn().await.url.clone();
    let mail = Mail::new(&url, FROM, &Trust::public()).expect("settings").with_timeout(QUICK);
    let letter = letter("zhang@maker.example");
    retry(&mail.send(&letter, &render_mail(&letter, LINK), at()).await);
}

#[tokio::test]
async fn what_is_not_configured_stays_in_the_app() {
    let channels = channels(Mail::in_app(), Sms::in_app());
    let mail = channels.send(Channel::Mail, &letter("nobody"), at()).await;
    assert_eq!(sent(&mail), "in-app mailbox: no SMTP server is configured");
    let sms = channels.send(Channel::Sms, &letter("nobody"), at()).await;
    assert_eq!(sent(&sms), "in-app mailbox: no SMS gateway is configured");
}

#[tokio::test]
async fn an_attempt_may_be_spawned() {
    let channels = channels(Mail::in_app(), Sms::in_app());
    let task =
        tokio::spawn(
            async move { channels.send(Channel::Mail, &letter("a@b.example"), at()).await },
        );
    sent(&task.await.expect("no panic"));
}

#[tokio::test]
async fn a_panic_gives_up_one_letter_only() {
    let sink = SmtpSink::spawn().await;
    let channels = channels(mail_to(&sink), Sms::in_app());
    let letter = letter("zhang@maker.example");
    // lettre cannot write a date before 1970.
    let outcome = channels.send(Channel::Mail, &letter, DateTime::<Utc>::MIN_UTC).await;
    assert!(given_up(&outcome).contains("panicked"), "{outcome:?}");
    sent(&channels.send(Channel::Mail, &letter, at()).await);
}

#[tokio::test]
async fn a_text_message_is_signed_and_says_what_is_needed() {
    let sink = WebhookSink::spawn().await;
    let letter = letter("+86 138 0013 8000");
    assert_eq!(sent(&send_sms(&sink, &letter).await), "200 ok");
    sent(&send_sms(&sink, &letter).await);
    let [first, second] = &sink.requests()[..] else { panic!("two requests") };
    assert!(first.signed && second.signed);
    assert_eq!(first.request, "POST /sms HTTP/1.1");
    assert_eq!(first.headers["content-type"], "application/json");
    assert_eq!(first.headers["webhook-timestamp"], at().timestamp().to_string());
    assert_eq!(first.headers["webhook-id"], second.headers["webhook-id"]);
    let body = first.json();
    assert_eq!(body["to"], "+8613800138000");
    assert_eq!(body["template"], "filed");
    assert_eq!(body["ticket"], "00000000-0000-0000-0000-000000000007");
    assert!(body["text"].as_str().expect("text").contains("SQ-371002-20260213-7K3Q"));
    assert_eq!(
        body["params"],
        serde_json::json!({
            "number": "SQ-371002-20260213-7K3Q",
            "product": "注射用头孢曲松钠 1.0g",
            "deadline": "2026-02-24 24:00",
            "deadline_kind": "reply",
            "urgency": "emergency",
            "level": "city",
            "bureau": "滨海市医保局",
            "link": "https://supply.example/tickets/00000000-0000-0000-0000-000000000007",
        })
    );
}

#[tokio::test]
async fn every_status_has_its_outcome() {
    let sink = WebhookSink::spawn().await;
    let letter = letter("13800138000");
    for status in [200, 202, 204] {
        sink.set_answer(Answer::Status(status, "error: none".to_owned()));
        assert!(sent(&send_sms(&sink, &letter).await).starts_with(&status.to_string()));
    }
    for status in [408, 425, 429, 500, 502, 503, 504] {
        sink.set_answer(Answer::Status(status, "busy".to_owned()));
        let outcome = send_sms(&sink, &letter).await;
        assert_eq!(retry(&outcome), (format!("{status} busy").as_str(), None));
    }
    for status in [304, 400, 401, 403, 404, 410, 413, 422] {
        sink.set_answer(Answer::Status(status, "no\r\n\u{202e}!".to_owned()));
        let outcome = send_sms(&sink, &letter).await;
        assert!(given_up(&outcome).starts_with(&format!("{status} ")), "{outcome:?}");
        assert!(!given_up(&outcome).chars().any(char::is_control));
    }
}

#[tokio::test]
async fn a_wish_to_wait_is_heard_and_limited() {
    let sink = WebhookSink::spawn().await;
    let letter = letter("13800138000");
    for (wish, heard) in [
        ("120", Some(120)),
        ("1000000000", Some(21_600)),
        ("Fri, 13 Feb 2026 02:40:00 GMT", Some(600)),
        ("Fri, 13 Feb 2026 02:00:00 GMT", Some(0)),
        ("garbage", None),
    ] {
        sink.set_answer(Answer::RetryAfter(429, wish.to_owned()));
        let outcome = send_sms(&sink, &letter).await;
        assert_eq!(retry(&outcome).1, heard.map(Duration::from_secs), "{wish}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let sink = WebhookSink::spawn().await;
    let elsewhere = WebhookSink::spawn().await;
    sink.set_answer(Answer::Redirect(elsewhere.url.clone()));
    let outcome = send_sms(&sink, &letter("13800138000")).await;
    assert!(given_up(&outcome).contains("not followed"), "{outcome:?}");
    assert_eq!(elsewhere.requests().len(), 0);
}

#[tokio::test]
async fn broken_and_slow_gateways_are_tried_again() {
    let sink = WebhookSink::spawn().await;
    for answer in [Answer::Stall, Answer::Cut] {
        sink.set_answer(answer.clone());
        let began = Instant::now();
        let outcome = send_sms(&sink, &letter("13800138000")).await;
        assert!(!retry(&outcome).0.contains("127.0.0.1"), "{answer:?} {outcome:?}");
        assert!(began.elapsed() < Duration::from_secs(2), "{answer:?}");
    }
    assert_eq!(sink.requests().len(), 2, "the client repeats nothing by itself");
    let url = WebhookSink::spawn().await.url.clone();
    let sms = Sms::new(&url, SigningSecret::parse(SECRET).expect("secret")).expect("settings");
    retry(&sms.send(&letter("13800138000"), LINK, at()).await);
}

#[tokio::test]
async fn an_answer_without_end_is_cut() {
    let sink = WebhookSink::spawn().await;
    sink.set_answer(Answer::Huge);
    let outcome = send_sms(&sink, &letter("13800138000")).await;
    assert!(sent(&outcome).len() < 1_000, "{outcome:?}");
    tokio::time::sleep(Duration::from_millis(50)).await;
    let written = sink.huge_sent();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(sink.huge_sent(), written, "the connection is closed");
    sink.set_answer(Answer::CutBody);
    assert!(sent(&send_sms(&sink, &letter("13800138000")).await).starts_with("200"));
}

#[tokio::test]
async fn what_is_no_phone_number_is_given_up() {
    let sink = WebhookSink::spawn().await;
    let outcome = send_sms(&sink, &letter("zhang@maker.example")).await;
    assert!(given_up(&outcome).contains("no phone number"), "{outcome:?}");
    assert_eq!(sink.requests().len(), 0);
}
