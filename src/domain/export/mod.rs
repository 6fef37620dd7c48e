//! Lists on their way out as tables: which columns each has, and where a column's value stands
//! in the list's own rows.
//!
//! A column is read out of the row that the API shows, by the API's own names: a table cannot
//! show more than the list it is of.
//!
//! **Never** holds a value: a column only says where one is found, and what it is.

mod columns;

pub use columns::columns;

use super::ledger::Grouping;
use super::words::Words;

/// A table that a list becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// 诉求单
    Tickets,
    /// The same as an administrator sees them: number, state, deadlines.
    BareTickets,
    /// 督办升级
    Escalations,
    /// 供应事件
    ShortageEvents,
    /// 中选产品
    Products,
    /// 通知
    Notices,
    /// 送达
    Deliveries,
    /// 诉求台账
    Ledger(Grouping),
}

impl Table {
    /// The list it is of, as the API names it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tickets | Self::BareTickets => "tickets",
            Self::Escalations => "escalations",
            Self::ShortageEvents => "shortage-events",
            Self::Products => "products",
            Self::Notices => "notices",
            Self::Deliveries => "deliveries",
            Self::Ledger(_) => "ledger",
        }
    }

    /// What people call it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Tickets | Self::BareTickets => "诉求单",
            Self::Escalations => "督办升级",
            Self::ShortageEvents => "供应事件",
            Self::Products => "中选产品",
            Self::Notices => "通知",
            Self::Deliveries => "送达",
            Self::Ledger(_) => "诉求台账",
        }
    }
}

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// The API's name, steps separated by dots. In a list a step is the `kind` of the last entry
    /// that has it, or `last`.
    pub code: &'static str,
    /// The Chinese name, the same as in the tables that are imported.
    pub heading: &'static str,
    /// What its values are.
    pub form: Form,
}

impl Column {
    /// The heading with both names.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.heading, self.code)
    }
}

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// What somebody wrote.
    Text,
    /// A number.
    Number,
    /// A share of 1.
    Share,
    /// An instant, shown in Shanghai time.
    Instant,
    /// A day.
    Date,
    /// True or false.
    YesNo,
    /// One of these words.
    Word(Words),
    /// Several texts.
    Texts,
    /// Several entries, each with these parts.
    Entries(&'static [(&'static str, Form)]),
}
