//! The columns of every table.
//!
//! **Never** names what the list's own rows do not have: a test over HTTP compares them with
//! the API's description.

use super::{Column, Form, Table};
use crate::domain::ledger::Grouping;
use crate::domain::words;

const fn column(code: &'static str, heading: &'static str, form: Form) -> Column {
    Column { code, heading, form }
}

const fn text(code: &'static str, heading: &'static str) -> Column {
    column(code, heading, Form::Text)
}

const fn number(code: &'static str, heading: &'static str) -> Column {
    column(code, heading, Form::Number)
}

const fn instant(code: &'static str, heading: &'static str) -> Column {
    column(code, heading, Form::Instant)
}

const fn word(code: &'static str, heading: &'static str, words: words::Words) -> Column {
    column(code, heading, Form::Word(words))
}

const NUMBER: Column = text("number", "诉求单号");
const STATE: Column = word("state", "状态", words::STATES);
const FILED_AT: Column = instant("filed_at", "提交时间");
const HISTORIC: Column = column("historic", "历史诉求", Form::YesNo);

const DEADLINES: &[Column] = &[
    instant("deadlines.reply.due_at", "回复时限"),
    word("deadlines.reply.status", "回复时限状态", words::STATUSES),
    instant("deadlines.reply.met_at", "回复完成时间"),
    number("deadlines.reply.late_working_days", "回复逾期工作日"),
    text("deadlines.reply.sentence", "回复时限说明"),
    instant("deadlines.resolve.due_at", "解决时限"),
    word("deadlines.resolve.status", "解决时限状态", words::STATUSES),
    instant("deadlines.resolve.met_at", "解决完成时间"),
    number("deadlines.resolve.late_working_days", "解决逾期工作日"),
    text("deadlines.resolve.sentence", "解决时限说明"),
    instant("deadlines.promise.due_at", "承诺时限"),
    word("deadlines.promise.status", "承诺时限状态", words::STATUSES),
    instant("deadlines.promise.met_at", "承诺完成时间"),
    number("deadlines.promise.late_working_days", "承诺逾期工作日"),
    text("deadlines.promise.sentence", "承诺时限说明"),
];

const TICKET: &[Column] = &[
    NUMBER,
    STATE,
    FILED_AT,
    text("hospital.name", "医疗机构"),
    text("hospital.division", "医疗机构区划代码"),
    text("product.code", "产品编码"),
    text("product.name", "产品名称"),
    text("product.form", "剂型"),
    text("product.specification", "规格包装"),
    text("manufacturer.name", "中选企业"),
    text("distributor.name", "配送企业"),
    word("category", "问题类别", words::CATEGORIES),
    word("urgency", "紧急程度", words::URGENCIES),
    text("summary", "摘要"),
    text("description", "情况说明"),
    number("quantity_short", "缺口数量"),
    number("remaining_quantity", "尚缺数量"),
    text("unit", "单位"),
    number("days_of_stock", "库存可用天数"),
    column("order_refs", "订单号", Form::Texts),
    text("contact.name", "联系人"),
    text("contact.phone", "联系电话"),
    column("promises.last.promised_on", "承诺日期", Form::Date),
    number("promises.last.promised_quantity", "承诺数量"),
    word("promises.last.cause", "缺供原因", words::CAUSES),
    text("promises.last.note", "回复说明"),
    word("escalations.last.level", "督办层级", words::LEVELS),
    text("escalations.last.bureau.name", "督办医保局"),
    instant("escalations.last.opened_at", "督办开始时间"),
    instant("escalations.last.closed_at", "督办结束时间"),
    word("rating", "满意度", words::RATINGS),
    column("no_contact", "企业无联系人", Form::YesNo),
    HISTORIC,
];

const BARE_TICKET: &[Column] = &[NUMBER, STATE, FILED_AT, HISTORIC];

const REASON: &[(&str, Form)] = &[
    ("kind", Form::Word(words::REASONS)),
    ("deadline", Form::Word(words::DEADLINES)),
    ("reason", Form::Text),
];
const MEASURE: &[(&str, Form)] =
    &[("kind", Form::Word(words::MEASURES)), ("text", Form::Text), ("due_on", Form::Text)];

const ESCALATIONS: &[Column] = &[
    text("ticket.number", "诉求单号"),
    word("level", "督办层级", words::LEVELS),
    number("round", "轮次"),
    text("bureau.name", "督办医保局"),
    column("reasons", "督办原因", Form::Entries(REASON)),
    instant("opened_at", "督办开始时间"),
    instant("acknowledged_at", "签收时间"),
    column("measures", "处置措施", Form::Entries(MEASURE)),
    instant("closed_at", "督办结束时间"),
    text("conclusion", "结论"),
];

const QUANTITY: &[(&str, Form)] = &[("quantity_short", Form::Number), ("unit", Form::Text)];

const SHORTAGE_EVENTS: &[Column] = &[
    text("product.code", "产品编码"),
    text("product.name", "产品名称"),
    text("product.form", "剂型"),
    text("product.specification", "规格包装"),
    text("manufacturer.name", "中选企业"),
    number("tickets", "诉求单数"),
    number("hospitals", "医疗机构数"),
    number("cities", "涉及城市数"),
    column("quantities", "缺口数量", Form::Entries(QUANTITY)),
    number("worst_days_of_stock", "最短库存天数"),
    number("overdue", "逾期诉求单数"),
    number("escalated", "督办中诉求单数"),
    instant("since", "最早提交时间"),
];

const PRODUCTS: &[Column] = &[
    text("code", "产品编码"),
    text("name", "产品名称"),
    text("form", "剂型"),
    text("specification", "规格包装"),
    text("unit", "单位"),
    text("manufacturer.name", "中选企业"),
    number("agreed_quantity", "约定采购量"),
];

const NOTICES: &[Column] = &[
    text("ticket.number", "诉求单号"),
    word("kind", "通知类型", words::NOTICES),
    text("headline", "标题"),
    instant("at", "通知时间"),
    instant("read_at", "阅读时间"),
];

const DELIVERIES: &[Column] = &[
    text("id", "送达编号"),
    text("ticket.id", "诉求单标识"),
    number("event", "事件序号"),
    word("kind", "通知类型", words::NOTICES),
    word("channel", "渠道", words::CHANNELS),
    text("recipient", "接收人"),
    text("address", "地址"),
    word("state", "状态", words::DELIVERIES),
    instant("due_at", "发送时间"),
    number("attempts", "尝试次数"),
    text("response", "对方应答"),
];

const FIGURES: &[Column] = &[
    number("tickets", "诉求单数"),
    number("hospitals", "医疗机构数"),
    number("replied_in_time", "按时回复"),
    number("replied_late", "逾期回复"),
    number("not_replied", "逾期未回复"),
    number("on_time_reply.numerator", "按时回复率分子"),
    number("on_time_reply.denominator", "按时回复率分母"),
    column("on_time_reply.rate", "按时回复率", Form::Share),
    number("promise_kept.numerator", "承诺兑现率分子"),
    number("promise_kept.denominator", "承诺兑现率分母"),
    column("promise_kept.rate", "承诺兑现率", Form::Share),
    number("timely_resolution.numerator", "及时解决比例分子"),
    number("timely_resolution.denominator", "及时解决比例分母"),
    column("timely_resolution.rate", "及时解决比例", Form::Share),
    number("issues", "计入及时解决比例的诉求"),
    number("issue_hospitals", "计入的医疗机构数"),
    column("enough", "诉求反映较多", Form::YesNo),
    number("without_agreement", "无约定量"),
    number("closed", "已办结"),
    number("withdrawn", "已撤回"),
    number("returned", "已退单"),
    number("escalated", "曾督办升级"),
    number("dissatisfied", "不满意评价"),
    number("historic", "历史诉求"),
    number("median_working_days", "解决工作日中位数"),
];

const BY_MANUFACTURER: &[Column] = &[text("manufacturer.name", "中选企业")];
const BY_PRODUCT: &[Column] = &[
    text("product.name", "产品名称"),
    text("product.code", "产品编码"),
    text("product.form", "剂型"),
    text("product.specification", "规格包装"),
    text("product.manufacturer.name", "中选企业"),
    text("province", "省级区划代码"),
];
const BY_CITY: &[Column] = &[text("city.name", "城市"), text("city.division", "行政区划代码")];
const BY_COUNTY: &[Column] =
    &[text("county.name", "县区"), text("county.division", "行政区划代码")];
const BY_MONTH: &[Column] = &[text("month", "提交月份")];

/// The columns of a table, from left to right. The first names the row.
#[must_use]
pub fn columns(table: Table) -> Vec<Column> {
    match table {
        Table::Tickets => [TICKET, DEADLINES].concat(),
        Table::BareTickets => [BARE_TICKET, DEADLINES].concat(),
        Table::Escalations => ESCALATIONS.to_vec(),
        Table::ShortageEvents => SHORTAGE_EVENTS.to_vec(),
        Table::Products => PRODUCTS.to_vec(),
        Table::Notices => NOTICES.to_vec(),
        Table::Deliveries => DELIVERIES.to_vec(),
        Table::Ledger(Grouping::Manufacturer) => [BY_MANUFACTURER, FIGURES].concat(),
        Table::Ledger(Grouping::Product) => [BY_PRODUCT, FIGURES].concat(),
        Table::Ledger(Grouping::City) => [BY_CITY, FIGURES].concat(),
        Table::Ledger(Grouping::County) => [BY_COUNTY, FIGURES].concat(),
        Table::Ledger(Grouping::Month) => [BY_MONTH, FIGURES].concat(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::import;

    const TABLES: [Table; 12] = [
        Table::Tickets,
        Table::BareTickets,
        Table::Escalations,
        Table::ShortageEvents,
        Table::Products,
        Table::Notices,
        Table::Deliveries,
        Table::Ledger(Grouping::Manufacturer),
        Table::Ledger(Grouping::Product),
        Table::Ledger(Grouping::City),
        Table::Ledger(Grouping::County),
        Table::Ledger(Grouping::Month),
    ];

    #[test]
    fn no_table_has_two_columns_of_one_name() {
        for table in TABLES {
            let own = columns(table);
            let names: Vec<_> = own.iter().flat_map(|c| [c.code, c.heading]).collect();
            assert_eq!(names.len(), names.iter().collect::<BTreeSet<_>>().len(), "{table:?}");
        }
    }

    #[test]
    fn what_goes_out_is_called_as_what_comes_in() {
        for (table, kind) in
            [(Table::Tickets, import::Kind::Tickets), (Table::Products, import::Kind::Products)]
        {
            for own in columns(table) {
                let code = own.code.replace('.', "_");
                for other in import::columns(kind).iter().filter(|other| other.code == code) {
                    assert_eq!(own.heading, other.heading, "{code}");
                }
            }
        }
    }
}
