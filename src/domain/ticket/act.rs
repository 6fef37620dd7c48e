//! What people can do with a ticket, and what they must say when they do.
//!
//! **Never** validates a text's shape (that is [`crate::domain::text`]'s): what arrives here is
//! well formed, and only its meaning is judged.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::super::attachment::Attachment;
use super::super::escalation::MeasureKind;
use super::super::id::{AttachmentId, EscalationId, OrganisationId, ProductId, TicketId};
use super::super::party::{Actor, Division};
use super::super::policy::Urgency;
use super::kind::ActKind;
use super::request::Decision;

/// What kind of supply problem it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// 未按时配送
    LateDelivery,
    /// 短供
    ShortDelivery,
    /// 断供
    SupplyStop,
    /// 拒绝供货
    Refusal,
    /// 拒绝向偏远或小型机构配送
    RemoteRefused,
    /// 订单未响应
    OrderUnanswered,
    /// 逾期未签约
    ContractUnsigned,
    /// 无配送企业或未开户
    NoDistributor,
    /// 需更换配送企业
    DistributorChange,
    /// 规格包装变更
    SpecificationChange,
    /// 效期过短
    ShortShelfLife,
    /// 等级不符
    GradeMismatch,
    /// 运输或冷链不当
    Transport,
    /// 质量退货
    QualityReturn,
    /// 价格不符
    Price,
    /// 搭售
    TieInSale,
    /// 伴随服务
    Service,
    /// 其他
    Other,
}

/// Why the supply failed, as the manufacturer sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// 原料药短缺
    RawMaterial,
    /// 辅料或包材短缺
    Packaging,
    /// 产能不足
    Capacity,
    /// 生产线停产
    LineStopped,
    /// 需求激增
    DemandSurge,
    /// 物流配送
    Logistics,
    /// 质量问题
    Quality,
    /// 注册变更
    Registration,
    /// 价格或成本
    Cost,
    /// 配送企业缺货
    DistributorOutOfStock,
    /// 停产退市
    Discontinued,
    /// 不可抗力
    ForceMajeure,
    /// 其他
    Other,
}

/// Somebody to call about a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The person's name.
    pub name: String,
    /// A phone number; masked except to the parties.
    pub phone: String,
}

/// What the hospital wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What kind of problem.
    pub category: Category,
    /// One line.
    pub summary: String,
    /// The whole story.
    pub description: String,
    /// How much is missing, in `unit`.
    pub quantity_short: i64,
    /// The unit of the quantities, like 盒.
    pub unit: String,
    /// How many days the hospital's stock lasts.
    pub days_of_stock: Option<i64>,
    /// The orders concerned.
    pub order_refs: Vec<String>,
    /// Whom the manufacturer may call.
    pub contact: Contact,
}

/// A ticket about to be filed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTicket {
    /// The id it will have.
    pub id: TicketId,
    /// The number it will have.
    pub number: String,
    /// The filing hospital.
    pub hospital: OrganisationId,
    /// Where that lies.
    pub division: Division,
    /// The product's manufacturer.
    pub manufacturer: OrganisationId,
    /// The distributor of the agreement.
    pub distributor: Option<OrganisationId>,
    /// The product.
    pub product: ProductId,
    /// How pressing it is.
    pub urgency: Urgency,
    /// What the hospital wrote.
    pub report: Report,
    /// The earlier ticket this one is a recurrence of.
    pub follows: Option<TicketId>,
    /// Who files it.
    pub by: Actor,
}

/// The manufacturer's structured answer; "received" is not a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Why the supply failed.
    pub cause: Cause,
    /// By which day it will be solved.
    pub promised_on: NaiveDate,
    /// How much will have arrived by then.
    pub promised_quantity: i64,
    /// What the manufacturer says.
    pub message: String,
    /// Whom the hospital may call.
    pub contact: Contact,
}

/// The hospital's word on a reported solution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// 已解决
    Solved,
    /// 部分解决
    Partly,
    /// 未解决
    NotSolved,
}

/// How the hospital rates the handling (辽医保发〔2023〕12号, 五(一)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rating {
    /// 非常满意
    VerySatisfied,
    /// 满意
    Satisfied,
    /// 不满意
    Dissatisfied,
}

/// The hospital's answer to a reported solution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirm {
    /// Solved or not.
    pub result: Verdict,
    /// How much is still missing after a partial solution.
    pub remaining_quantity: Option<i64>,
    /// The rating, with a solution only.
    pub rating: Option<Rating>,
    /// In the hospital's words.
    pub comment: Option<String>,
}

/// A measure about to be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakeMeasure {
    /// What kind.
    pub kind: MeasureKind,
    /// What the bureau writes.
    pub text: String,
    /// By which day the manufacturer must comply.
    pub due_on: Option<NaiveDate>,
}

/// Who may read a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Every party and the bureaus.
    All,
    /// The hospital and the bureaus.
    HospitalBureau,
    /// The bureaus.
    Bureau,
    /// The writer's own organisation.
    Own,
}

/// What a person does with a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// The manufacturer answers.
    Reply(Reply),
    /// The manufacturer promises another day.
    Promise {
        /// The new day.
        promised_on: NaiveDate,
        /// How much by then.
        promised_quantity: i64,
        /// Why.
        reason: String,
    },
    /// The manufacturer reports it solved.
    Solve {
        /// In its words.
        message: String,
        /// How much arrived.
        delivered_quantity: i64,
        /// The files that prove it.
        evidence: Vec<AttachmentId>,
    },
    /// The hospital answers whether it is.
    Confirm(Confirm),
    /// The hospital takes it back.
    Withdraw {
        /// Why.
        reason: String,
    },
    /// The hospital asks again.
    Urge {
        /// What it adds.
        reason: String,
    },
    /// The hospital asks the next rung to step in now.
    Escalate {
        /// Why.
        reason: String,
    },
    /// The manufacturer says the ticket is not its own.
    Return {
        /// Why.
        reason: String,
    },
    /// The manufacturer asks for more time for the solution.
    Extension {
        /// The last day of it.
        until: NaiveDate,
        /// Why.
        reason: String,
        /// The files that prove it.
        evidence: Vec<AttachmentId>,
    },
    /// The manufacturer or distributor asks for the clocks to stop.
    ForceMajeure {
        /// The last day they should stand still.
        expected_end: NaiveDate,
        /// Why.
        reason: String,
        /// The files that prove it.
        evidence: Vec<AttachmentId>,
    },
    /// The manufacturer brings in a distributor.
    Distributor {
        /// Which organisation.
        distributor: OrganisationId,
    },
    /// A bureau decides what waits for a decision.
    Decide(Decision),
    /// A party writes in the conversation.
    Message {
        /// The text.
        body: String,
        /// Who may read it.
        audience: Audience,
    },
    /// A party adds a file.
    Attach(Attachment),
    /// A bureau takes an escalation on.
    Acknowledge {
        /// Which.
        escalation: EscalationId,
        /// A word with it.
        note: Option<String>,
    },
    /// A bureau takes a measure.
    Measure {
        /// In which escalation.
        escalation: EscalationId,
        /// Which measure.
        measure: TakeMeasure,
    },
    /// A bureau ends an escalation; the ticket goes on.
    CloseEscalation {
        /// Which.
        escalation: EscalationId,
        /// What it found.
        conclusion: String,
    },
}

impl Act {
    /// The files it names as evidence.
    #[must_use]
    pub fn evidence(&self) -> &[AttachmentId] {
        match self {
            Self::Solve { evidence, .. }
            | Self::Extension { evidence, .. }
            | Self::ForceMajeure { evidence, .. } => evidence,
            Self::Reply(_)
            | Self::Promise { .. }
            | Self::Confirm(_)
            | Self::Withdraw { .. }
            | Self::Urge { .. }
            | Self::Escalate { .. }
            | Self::Return { .. }
            | Self::Distributor { .. }
            | Self::Decide(_)
            | Self::Message { .. }
            | Self::Attach(_)
            | Self::Acknowledge { .. }
            | Self::Measure { .. }
            | Self::CloseEscalation { .. } => &[],
        }
    }

    /// Its name.
    #[must_use]
    pub fn kind(&self) -> ActKind {
        match self {
            Self::Reply(_) => ActKind::Reply,
            Self::Promise { .. } => ActKind::Promise,
            Self::Solve { .. } => ActKind::Solve,
            Self::Confirm(_) => ActKind::Confirm,
            Self::Withdraw { .. } => ActKind::Withdraw,
            Self::Urge { .. } => ActKind::Urge,
            Self::Escalate { .. } => ActKind::Escalate,
            Self::Return { .. } => ActKind::Return,
            Self::Extension { .. } => ActKind::Extension,
            Self::ForceMajeure { .. } => ActKind::ForceMajeure,
            Self::Distributor { .. } => ActKind::Distributor,
            Self::Decide(_) => ActKind::Decide,
            Self::Message { .. } => ActKind::Message,
            Self::Attach(_) => ActKind::Attach,
            Self::Acknowledge { .. } => ActKind::Acknowledge,
            Self::Measure { .. } => ActKind::Measure,
            Self::CloseEscalation { .. } => ActKind::CloseEscalation,
        }
    }
}
