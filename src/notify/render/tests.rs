//! Every kind in every language, with friendly and with hostile facts.

use super::*;
use crate::domain::bulletin::{Bulletin, MovedDeadline, MovedDeadlines, ShortageAlarm, Waiting};
use crate::domain::calendar::{DayKind, ExplainedDay};
use crate::domain::id::{EventId, TicketId};
use crate::domain::invitation::Purpose;
use crate::domain::notice::{Channel, Kind};
use crate::domain::party::Level;
use crate::domain::template::{Slot, Wording};
use crate::domain::ticket::DeadlineKind;

const LINK: &str = "https://supply.example.cn/tickets/00000000-0000-0000-0000-000000000000";
const LANGUAGES: [Language; 2] = [Language::Chinese, Language::English];

fn day(date: &str, kind: DayKind, counted: bool) -> ExplainedDay {
    ExplainedDay { date: date.parse().expect(date), kind, counted, minutes: None, own: false }
}

pub(crate) fn facts() -> Facts {
    let mut explanation =
        vec![day("2026-02-13", DayKind::Working, false), day("2026-02-14", DayKind::Makeup, true)];
    for rest in 15..=23 {
        explanation.push(day(&format!("2026-02-{rest}"), DayKind::Rest, false));
    }
    explanation.push(day("2026-02-24", DayKind::Working, true));
    Facts {
        number: "SQ-371002-20260213-7K3Q".to_owned(),
        product: "注射用头孢曲松钠 1.0g".to_owned(),
        hospital: "滨海市环翠区第一人民医院".to_owned(),
        manufacturer: "岱海制药有限公司".to_owned(),
        emergency: false,
        deadlines: vec![DeadlineLine {
            kind: DeadlineKind::Reply,
            due_at: "2026-02-24T16:00:00Z".parse().expect("instant"),
            provisional: false,
            explanation,
        }],
        promised_on: None,
        level: None,
        bureau: None,
    }
}

fn letter(kind: Kind, language: Language, facts: Facts) -> Letter {
    about(Matter::Ticket { ticket: TicketId(uuid::Uuid::nil()), kind, facts }, language)
}

fn about(matter: Matter, language: Language) -> Letter {
    Letter {
        matter,
        language,
        name: "张敏".to_owned(),
        address: "zhang@maker.example".to_owned(),
        key: "k".to_owned(),
        wording: None,
    }
}

fn hostile() -> Facts {
    let mut facts = facts();
    facts.product = "<script>alert(1)</script>\r\nBcc: x@y {{7*7}} { $x } \u{202e}\0".to_owned();
    facts.hospital = "\"><img src=x onerror=alert(1)>{% if true %}".to_owned();
    facts.manufacturer = "'; drop table tickets; -- &lt;b&gt; -term { -x }".to_owned();
    facts.bureau = Some("<b>局</b>".to_owned());
    facts.level = Some(Level::City);
    facts.promised_on = "2026-03-05".parse().ok();
    facts.emergency = true;
    for line in &mut facts.deadlines {
        line.provisional = true;
    }
    facts
}

fn empty() -> Facts {
    Facts { deadlines: Vec::new(), number: String::new(), ..facts() }
}

#[test]
fn every_kind_renders_in_every_language() {
    for kind in Kind::ALL {
        for language in LANGUAGES {
            for facts in [facts(), hostile(), empty()] {
                let letter = letter(kind, language, facts);
                let mail = mail(&letter, LINK);
                let short = sms(&letter);
                for text in [&mail.subject, &mail.text, &mail.html, &short] {
                    is_inert(text, &format!("{kind:?} {language:?}"));
                }
                assert!(!mail.subject.contains('\n') && !short.contains('\n'));
                assert!(mail.text.contains(LINK) && mail.html.contains(LINK));
                assert_eq!(mail.subject, headline(&letter.matter, language));
            }
        }
    }
}

/// Checks a rendered text that may have hostile values in it.
fn is_inert(text: &str, what: &str) {
    assert!(!text.trim().is_empty(), "{what}");
    for bad in ["Unknown localization", "<script", "<img", "<b>", "{$", "{-"] {
        let plain = !text.starts_with("<!DOCTYPE") && bad.starts_with('<');
        assert!(plain || !text.contains(bad), "{what} {bad}: {text}");
    }
    assert!(!text.contains("49"), "an expression ran: {text}");
    assert!(!text.contains('\r') && !text.contains('\0'), "{text:?}");
    assert!(!text.contains('\u{202e}') && !text.contains('\u{2068}'), "{text:?}");
}

/// One bulletin of every kind, with hostile names in it.
fn bulletins() -> Vec<Bulletin> {
    let name = hostile().product;
    let policy = |days| Bulletin::PolicyLapsing {
        version: "37-1".to_owned(),
        name: name.clone(),
        last_on: "2026-04-09".parse().expect("a date"),
        days,
    };
    vec![
        Bulletin::Digest {
            on: "2026-02-24".parse().expect("a date"),
            waiting: Waiting::ALL.into_iter().zip(1..).collect(),
        },
        Bulletin::Shortage(ShortageAlarm {
            event: EventId(uuid::Uuid::nil()),
            product: name.clone(),
            manufacturer: name.clone(),
            hospitals: 7,
            cities: 3,
            tickets: 8,
            quantities: [("盒".to_owned(), 1200), (name.clone(), 7)].into_iter().collect(),
            worst_days_of_stock: Some(0),
        }),
        Bulletin::CalendarMissing { year: 2027 },
        policy(30),
        policy(-1),
        Bulletin::DeadlinesMoved(MovedDeadlines {
            batch: 12,
            reason: name.clone(),
            count: 21,
            first: vec![MovedDeadline {
                number: hostile().number,
                kind: DeadlineKind::Reply,
                before_at: "2020-01-31T16:00:00Z".parse().expect("an instant"),
                after_at: "2020-02-03T16:00:00Z".parse().expect("an instant"),
            }],
        }),
        Bulletin::ContactsUnproven {
            count: 2, names: vec![name.clone(), "钱江药业".to_owned()]
        },
        invitation(Purpose::Invited),
        invitation(Purpose::Reset),
        Bulletin::ContactCode { id: uuid::Uuid::nil(), secret: Some("031425".to_owned()) },
        Bulletin::ContactsExpiring { count: 1, names: vec![name.clone()] },
        Bulletin::HouseSuspended { name: name.clone(), tickets: 3 },
        Bulletin::TemplateBroken { template: name.clone(), version: 3 },
    ]
}

fn invitation(purpose: Purpose) -> Bulletin {
    Bulletin::Invitation { id: uuid::Uuid::nil(), purpose, secret: Some("s3cret".to_owned()) }
}

#[test]
fn an_invitation_leads_to_its_form_and_names_it_nowhere_else() {
    for purpose in [Purpose::Invited, Purpose::Reset] {
        let letter = about(Matter::Bulletin(invitation(purpose)), Language::Chinese);
        let site = "https://supply.example/".parse().expect("an address");
        assert_eq!(link(&letter, &site), "https://supply.example/invitations/s3cret");
        assert!(!headline(&letter.matter, Language::Chinese).contains("s3cret"));
        assert!(!sms(&letter).contains("s3cret"));
    }
}

#[test]
fn every_bulletin_renders_in_every_language() {
    for bulletin in bulletins() {
        for language in LANGUAGES {
            let letter = about(Matter::Bulletin(bulletin.clone()), language);
            let (mail, short) = (mail(&letter, LINK), sms(&letter));
            for text in [&mail.subject, &mail.text, &mail.html, &short] {
                is_inert(text, &format!("{:?} {language:?}", bulletin.kind()));
            }
            assert!(!mail.subject.contains('\n') && !short.contains('\n'));
            assert!(mail.text.contains(LINK) && mail.html.contains(LINK));
            assert_eq!(mail.subject, headline(&letter.matter, language));
        }
    }
}

#[test]
fn an_edited_text_is_filled_and_framed() {
    let wording = Wording {
        subject: Some("{product}急需回复（{ticket.number}）".to_owned()),
        text: "{recipient}：\n请{manufacturer}于{due_at}前回复。{{花括号}}<b>".to_owned(),
        next: None,
    };
    let edited = |facts| Letter {
        wording: Some(wording.clone()),
        ..letter(Kind::Filed, Language::Chinese, facts)
    };
    let mail = super::mail(&edited(facts()), LINK);
    assert_eq!(mail.subject, "注射用头孢曲松钠 1.0g急需回复（SQ-371002-20260213-7K3Q）");
    let text = "张敏：\n请岱海制药有限公司于2026-02-24 24:00前回复。{花括号}<b>";
    assert!(mail.text.contains(text) && !mail.text.contains("下一步"), "{}", mail.text);
    assert!(
        mail.html.contains("张敏：<br>请岱海制药") && mail.html.contains("{花括号}&#60;b&#62;")
    );
    for kept in ["诉求单编号", "计算过程", LINK] {
        assert!(mail.text.contains(kept) && mail.html.contains(kept), "the frame stays: {kept}");
    }
    let mail = super::mail(&edited(hostile()), LINK);
    assert!(mail.subject.starts_with("【紧急】<script>alert(1)</script> Bcc"), "{}", mail.subject);
    assert!(!mail.html.contains("<script") && mail.text.contains("{{7*7}} { $x }"));
    assert!(!mail.subject.contains('\n'));
}

#[test]
fn a_wording_that_cannot_be_read_gives_way_to_the_shipped_one() {
    let broken = Wording { text: "{nonsense".to_owned(), ..Wording::default() };
    let plain = letter(Kind::Filed, Language::Chinese, facts());
    let letter = Letter { wording: Some(broken), ..plain.clone() };
    assert_eq!(mail(&letter, LINK), mail(&plain, LINK));
    assert_eq!(sms(&letter), sms(&plain));
}

#[test]
fn every_text_can_be_looked_at_with_samples() {
    for slot in Slot::all() {
        for size in [Size::Usual, Size::Longest] {
            let shipped = sample(slot, None, size);
            let same = sample(slot, Some(super::shipped(slot)), size);
            match slot.channel {
                Channel::Mail => assert_eq!(mail(&same, LINK), mail(&shipped, LINK), "{slot:?}"),
                Channel::Sms | Channel::Robot => assert_eq!(sms(&same), sms(&shipped), "{slot:?}"),
            }
        }
    }
}

#[test]
fn a_digest_reads_like_this() {
    let waiting = [(Waiting::Reply, 3), (Waiting::Overdue, 1)].into_iter().collect();
    let digest = Bulletin::Digest { on: "2026-02-24".parse().expect("a date"), waiting };
    let mail = mail(&about(Matter::Bulletin(digest), Language::Chinese), LINK);
    assert_eq!(mail.subject, "今日待办 4 项（2026-02-24）");
    assert!(mail.text.contains("待回复诉求单：3\n已逾期诉求单：1\n"), "{}", mail.text);
}

#[test]
fn hostile_values_are_shown_as_they_are() {
    let mail = mail(&letter(Kind::Escalated, Language::English, hostile()), LINK);
    assert!(mail.text.contains("<script>alert(1)</script> Bcc: x@y {{7*7}} { $x }"));
    assert!(mail.html.contains("&#60;script&#62;"), "{}", mail.html);
    assert!(mail.subject.starts_with("[URGENT] Escalated: <script>"), "{}", mail.subject);
}

#[test]
fn the_urgent_mark_stands_first() {
    let mut facts = facts();
    facts.emergency = true;
    let filed = |facts: &Facts| {
        headline(&letter(Kind::Filed, Language::Chinese, facts.clone()).matter, Language::Chinese)
    };
    let chinese = filed(&facts);
    assert_eq!(chinese, "【紧急】新诉求单待回复：注射用头孢曲松钠 1.0g（SQ-371002-20260213-7K3Q）");
    facts.emergency = false;
    assert!(filed(&facts).starts_with("新诉求单"));
}

#[test]
fn chinese_text_messages_are_short_and_neutral() {
    for kind in Kind::ALL {
        let text = sms(&letter(kind, Language::Chinese, facts()));
        assert!(text.chars().count() <= 70, "{} {text}", text.chars().count());
        assert!(text.contains("SQ-371002-20260213-7K3Q") && text.contains("头孢曲松钠"), "{text}");
        assert!(!text.contains('【') && !text.contains("张敏") && !text.contains("医院"), "{text}");
    }
    assert_eq!(
        sms(&letter(Kind::Filed, Language::Chinese, facts())),
        "诉求单SQ-371002-20260213-7K3Q（注射用头孢曲松钠 1.0g）待回复，请于02-24 24:00前登录系统处理。"
    );
}

#[test]
fn a_provisional_deadline_says_so_and_why() {
    let mut facts = facts();
    let sure = mail(&letter(Kind::Filed, Language::Chinese, facts.clone()), LINK);
    assert!(!sure.text.contains("暂定") && !sure.html.contains("暂定"));
    for line in &mut facts.deadlines {
        line.provisional = true;
    }
    let provisional = mail(&letter(Kind::Filed, Language::Chinese, facts), LINK);
    assert!(provisional.text.contains("[暂定]") && provisional.html.contains("暂定</span>"));
}

#[test]
fn the_chinese_mail_for_a_filed_ticket_reads_like_this() {
    let mail = mail(&letter(Kind::Filed, Language::Chinese, facts()), LINK);
    assert_eq!(mail.text, include_str!("filed-zh.txt").trim_end());
}
