//! Letters about a ticket that never was, for looking at a text before it is used.
//!
//! **Never** a real person's or company's name.

use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::bulletin::{Bulletin, MovedDeadlines, ShortageAlarm, Waiting};
use crate::domain::calendar::{DayKind, ExplainedDay};
use crate::domain::id::{EventId, TicketId};
use crate::domain::invitation::Purpose;
use crate::domain::notice::{Channel, DeadlineLine, Facts, Kind, Letter, Matter};
use crate::domain::party::{Language, Level};
use crate::domain::template::{LetterKind, Slot, Topic, Variable, Wording};
use crate::domain::ticket::DeadlineKind;

/// A usual name and a long one.
const PRODUCTS: [&str; 2] = [
    "甘精胰岛素注射液 3ml:300U",
    "门冬氨酸鸟氨酸注射用浓溶液（预灌封注射器包装） 10ml:5g×10支/盒，铝塑泡罩",
];
const MANUFACTURERS: [&str; 2] =
    ["岱海制药有限公司", "岱海（滨海）生物制药集团股份有限公司第二注射剂分公司"];

/// How long the sample's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// As most are.
    Usual,
    /// As the longest are.
    Longest,
}

impl Size {
    fn of(self, usual: &str, longest: &str) -> String {
        match self {
            Self::Usual => usual.to_owned(),
            Self::Longest => longest.to_owned(),
        }
    }
}

/// A letter with a wording, or with the text that ships.
#[must_use]
pub fn letter(slot: Slot, wording: Option<Wording>, size: Size) -> Letter {
    let address = match slot.channel {
        Channel::Mail => "zhang.min@example.cn",
        Channel::Sms | Channel::Robot => "13800000000",
    };
    let name = match slot.language {
        Language::Chinese => "张敏",
        Language::English => "Zhang Min",
    };
    Letter {
        matter: match slot.kind {
            Topic::Notice(kind) => Matter::Ticket {
                ticket: TicketId(uuid::Uuid::nil()),
                kind,
                facts: facts(kind, size),
            },
            Topic::Letter(kind) => Matter::Bulletin(bulletin(kind, size)),
        },
        language: slot.language,
        name: name.to_owned(),
        address: address.to_owned(),
        key: "sample".to_owned(),
        wording,
    }
}

fn facts(kind: Kind, size: Size) -> Facts {
    let text = |usual: &str, longest: &str| size.of(usual, longest);
    let knows = |variable: Variable| variable.is_known(kind);
    Facts {
        number: "SQ-371002-20260213-7K3Q".to_owned(),
        product: text(PRODUCTS[0], PRODUCTS[1]),
        hospital: text(
            "滨海市第一人民医院",
            "滨海市环翠区经济技术开发区第一人民医院（滨海医学院附属医院东院区）",
        ),
        manufacturer: text(MANUFACTURERS[0], MANUFACTURERS[1]),
        emergency: false,
        deadlines: deadlines(kind).into_iter().filter(|_| knows(Variable::DueAt)).collect(),
        promised_on: NaiveDate::from_ymd_opt(2026, 2, 26).filter(|_| knows(Variable::PromisedOn)),
        level: Some(Level::City).filter(|_| knows(Variable::Level)),
        bureau: Some(text("滨海市医保局", "滨海市环翠区医疗保障局（医药价格和招标采购处）"))
            .filter(|_| knows(Variable::Bureau)),
    }
}

/// A letter that is about no ticket.
fn bulletin(kind: LetterKind, size: Size) -> Bulletin {
    let day = |month, day| NaiveDate::from_ymd_opt(2026, month, day).unwrap_or_default();
    let nobody = uuid::Uuid::nil();
    let policy = |days| Bulletin::PolicyLapsing {
        version: "37-1".to_owned(),
        name: "山东省时限规则".to_owned(),
        last_on: day(4, 9),
        days,
    };
    let invitation = |purpose| Bulletin::Invitation { id: nobody, purpose, secret: None };
    let names = vec![MANUFACTURERS[0].to_owned()];
    match kind {
        LetterKind::Digest => Bulletin::Digest {
            on: day(2, 13),
            waiting: [(Waiting::Reply, 3), (Waiting::DueToday, 1)].into(),
        },
        LetterKind::Shortage => Bulletin::Shortage(ShortageAlarm {
            event: EventId(nobody),
            product: size.of(PRODUCTS[0], PRODUCTS[1]),
            manufacturer: size.of(MANUFACTURERS[0], MANUFACTURERS[1]),
            hospitals: 12,
            cities: 4,
            tickets: 15,
            quantities: [("支".to_owned(), 3_200)].into(),
            worst_days_of_stock: Some(2),
        }),
        LetterKind::CalendarMissing => Bulletin::CalendarMissing { year: 2027 },
        LetterKind::PolicyLapsing => policy(30),
        LetterKind::PolicyLapsed => policy(-1),
        LetterKind::DeadlinesMoved => Bulletin::DeadlinesMoved(MovedDeadlines {
            batch: 7,
            reason: size.of("省政府通知调休", "省政府办公厅关于调整部分节假日安排的紧急通知"),
            count: 12,
            first: Vec::new(),
        }),
        LetterKind::ContactsUnproven => Bulletin::ContactsUnproven { count: 1, names },
        LetterKind::Invitation => invitation(Purpose::Invited),
        LetterKind::PasswordReset => invitation(Purpose::Reset),
        LetterKind::ContactCode => {
            Bulletin::ContactCode { id: nobody, secret: Some("123456".to_owned()) }
        }
        LetterKind::ContactsExpiring => {
            Bulletin::ContactsExpiring { count: 1, names: vec!["值班室".to_owned()] }
        }
        LetterKind::HouseSuspended => Bulletin::HouseSuspended {
            name: size.of(MANUFACTURERS[0], MANUFACTURERS[1]),
            tickets: 3,
        },
    }
}

/// Two working days from Friday, 13 February 2026, over a make-up Saturday and a long holiday.
fn deadlines(kind: Kind) -> Option<DeadlineLine> {
    let day = |month, day| NaiveDate::from_ymd_opt(2026, month, day);
    let one = |date, kind, counted| {
        Some(ExplainedDay { date: date?, kind, counted, minutes: None, own: false })
    };
    let rest = (15..=23).map(|date| one(day(2, date), DayKind::Rest, false));
    let days = [one(day(2, 13), DayKind::Working, false), one(day(2, 14), DayKind::Makeup, true)]
        .into_iter()
        .chain(rest)
        .chain([one(day(2, 24), DayKind::Working, true)]);
    // 24:00 of the 24th in Shanghai.
    let due_at: DateTime<Utc> = day(2, 24)?.and_hms_opt(16, 0, 0)?.and_utc();
    Some(DeadlineLine {
        kind: due(kind),
        due_at,
        provisional: false,
        explanation: days.collect::<Option<_>>()?,
    })
}

fn due(kind: Kind) -> DeadlineKind {
    match kind {
        Kind::Silent => DeadlineKind::Confirm,
        Kind::Replied | Kind::Promised => DeadlineKind::Promise,
        Kind::Measure | Kind::Acknowledged | Kind::EscalationClosed => DeadlineKind::Measure,
        Kind::Solved
        | Kind::Disputed
        | Kind::ReturnRefused
        | Kind::ExtensionAsked
        | Kind::ExtensionGranted
        | Kind::ExtensionRefused
        | Kind::ForceMajeureAsked
        | Kind::Resumed
        | Kind::StopRefused => DeadlineKind::Resolve,
        Kind::Filed
        | Kind::Warning
        | Kind::Missed
        | Kind::Escalated
        | Kind::Urged
        | Kind::Closed
        | Kind::Withdrawn
        | Kind::Message
        | Kind::Attached
        | Kind::Distributor
        | Kind::NoContact
        | Kind::ReturnAsked
        | Kind::Returned
        | Kind::Stopped => DeadlineKind::Reply,
    }
}
