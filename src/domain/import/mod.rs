//! Rows of somebody's table to values of ours: what each kind of table holds, and what is wrong
//! with a row.
//!
//! **Never** stops at the first mistake: whoever corrects a table wants all of them.

mod columns;
mod fields;
mod heading;
mod moment;
mod rows;
mod ticket;

pub use columns::{Column, columns};
pub use fields::{Fields, Value};
pub use heading::Heading;
pub use rows::{AgreementRow, DayRow, DivisionRow, Named, OrganisationRow, ProductRow, UserRow};
pub use ticket::{Ending, Filed, TicketRow};

use serde::{Deserialize, Serialize};

/// What a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 工作日历: a year's holidays and make-up days.
    Calendar,
    /// 行政区划: shipped with the program; new ones and other names.
    Divisions,
    /// 机构
    Organisations,
    /// 用户
    Users,
    /// 中选产品
    Products,
    /// 协议: what hospitals were promised, and who delivers.
    Agreements,
    /// 诉求单: new ones, and those of the time before.
    Tickets,
}

impl Kind {
    /// Every kind, for tables and tests.
    pub const ALL: [Self; 7] = [
        Self::Calendar,
        Self::Divisions,
        Self::Organisations,
        Self::Users,
        Self::Products,
        Self::Agreements,
        Self::Tickets,
    ];

    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Calendar => "calendar",
            Self::Divisions => "divisions",
            Self::Organisations => "organisations",
            Self::Users => "users",
            Self::Products => "products",
            Self::Agreements => "agreements",
            Self::Tickets => "tickets",
        }
    }

    /// What people call it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Calendar => "工作日历",
            Self::Divisions => "行政区划",
            Self::Organisations => "机构",
            Self::Users => "用户",
            Self::Products => "中选产品",
            Self::Agreements => "协议",
            Self::Tickets => "诉求单",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Why a row was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// As a spreadsheet program numbers it: the heading is row 1; 0 = the whole file.
    pub row: u32,
    /// The column's English name, or its letters; empty = the whole row.
    pub column: String,
    /// A stable code.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

impl RowError {
    /// A refusal.
    pub fn new(row: u32, column: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self { row, column: shown(column, 40), code, message: shown(&message.into(), 400) }
    }
}

/// What may be shown of a text that may be anybody's: its beginning, without what a terminal
/// would obey.
fn shown(text: &str, longest: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(longest).collect()
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Something new.
    Created,
    /// Known, and changed.
    Updated,
    /// Known, and the same.
    Unchanged,
}

impl Outcome {
    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
        }
    }
}
