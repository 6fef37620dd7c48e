//! Letters about a ticket that never was, for looking at a text before it is used.
//!
//! **Never** a real person's or company's name.

use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::calendar::{DayKind, ExplainedDay};
use crate::domain::id::TicketId;
use crate::domain::notice::{Channel, DeadlineLine, Facts, Kind, Letter, Matter};
use crate::domain::party::{Language, Level};
use crate::domain::template::{Slot, Variable, Wording};
use crate::domain::ticket::DeadlineKind;

/// How long the sample's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// As most are.
    Usual,
    /// As the longest are.
    Longest,
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
        matter: Matter::Ticket {
            ticket: TicketId(uuid::Uuid::nil()),
            kind: slot.kind,
            facts: facts(slot.kind, size),
        },
        language: slot.language,
        name: name.to_owned(),
        address: address.to_owned(),
        key: "sample".to_owned(),
        wording,
    }
}

fn facts(kind: Kind, size: Size) -> Facts {
    let text = |usual: &str, longest: &str| match size {
        Size::Usual => usual.to_owned(),
        Size::Longest => longest.to_owned(),
    };
    let knows = |variable: Variable| variable.is_known(kind);
    Facts {
        number: "SQ-371002-20260213-7K3Q".to_owned(),
        product: text(
            "甘精胰岛素注射液 3ml:300U",
            "门冬氨酸鸟氨酸注射用浓溶液（预灌封注射器包装） 10ml:5g×10支/盒，铝塑泡罩",
        ),
        hospital: text(
            "滨海市第一人民医院",
            "滨海市环翠区经济技术开发区第一人民医院（滨海医学院附属医院东院区）",
        ),
        manufacturer: text(
            "岱海制药有限公司",
            "岱海（滨海）生物制药集团股份有限公司第二注射剂分公司",
        ),
        emergency: false,
        deadlines: deadlines(kind).into_iter().filter(|_| knows(Variable::DueAt)).collect(),
        promised_on: NaiveDate::from_ymd_opt(2026, 2, 26).filter(|_| knows(Variable::PromisedOn)),
        level: Some(Level::City).filter(|_| knows(Variable::Level)),
        bureau: Some(text("滨海市医保局", "滨海市环翠区医疗保障局（医药价格和招标采购处）"))
            .filter(|_| knows(Variable::Bureau)),
    }
}

/// Two working days from Friday, 13 February 2026, over a make-up Saturday and a long holiday.
fn deadlines(kind: Kind) -> Option<DeadlineLine> {
    let day = |month, day| NaiveDate::from_ymd_opt(2026, month, day);
    let one =
        |date, kind, counted| Some(ExplainedDay { date: date?, kind, counted, minutes: None });
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
