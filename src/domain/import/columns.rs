//! The columns of every kind of table, with both their names and their words.
//!
//! **Never** holds a rule: what a cell must be is checked where the row is read.

use super::Kind;
use crate::domain::words::{CATEGORIES, URGENCIES, YES_NO};

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// The English name: stable.
    pub code: &'static str,
    /// The Chinese name, as in the template.
    pub heading: &'static str,
    /// True when every table must have it.
    pub is_required: bool,
    /// The only words, each in English and in Chinese; empty = free.
    pub words: &'static [(&'static str, &'static str)],
    /// What belongs there.
    pub hint: &'static str,
}

const fn must(code: &'static str, heading: &'static str, hint: &'static str) -> Column {
    Column { code, heading, is_required: true, words: &[], hint }
}

const fn may(code: &'static str, heading: &'static str, hint: &'static str) -> Column {
    Column { code, heading, is_required: false, words: &[], hint }
}

const fn one_of(column: Column, words: &'static [(&'static str, &'static str)]) -> Column {
    Column { words, ..column }
}

const KINDS: &[(&str, &str)] = &[
    ("hospital", "医疗机构"),
    ("manufacturer", "中选企业"),
    ("distributor", "配送企业"),
    ("bureau", "医保局"),
    ("platform", "平台"),
];
const ROLES: &[(&str, &str)] = &[
    ("hospital", "医疗机构"),
    ("manufacturer", "中选企业"),
    ("distributor", "配送企业"),
    ("bureau", "医保局"),
    ("admin", "系统管理员"),
    ("security", "安全管理员"),
    ("auditor", "审计管理员"),
];
const LANGUAGES: &[(&str, &str)] = &[("zh-CN", "中文"), ("en", "英文")];
const DAYS: &[(&str, &str)] = &[("rest", "休息日"), ("makeup", "调休上班"), ("working", "工作日")];
/// What a historic ticket may have ended as.
const STATES: &[(&str, &str)] = &[("closed", "已办结"), ("withdrawn", "已撤回")];
const DIVISION: &str = "六位行政区划代码，如 371002";
const WHERE: &str = "同名机构不止一家时填写其六位行政区划代码";

const CALENDAR: &[Column] = &[
    must("date", "日期", "如 2027-01-01；一个文件只含一个年度，可含相邻年度的个别日期"),
    one_of(must("kind", "类型", "与普通周不同的日期"), DAYS),
    must("name", "名称", "如 春节"),
    must("source", "依据", "国务院办公厅通知的网址或文号"),
];

const DIVISIONS: &[Column] =
    &[must("code", "行政区划代码", DIVISION), must("name", "名称", "如 环翠区，最多 100 字")];

const ORGANISATIONS: &[Column] = &[
    one_of(must("kind", "机构类别", "机构的类别"), KINDS),
    must("name", "机构名称", "全称，最多 200 字"),
    must("division", "行政区划代码", DIVISION),
    may("credit_code", "统一社会信用代码", "18 位，文本格式；留空不变"),
    may("institution_code", "医保机构编码", "医疗机构，H 或 P 加 11 位数字；留空不变"),
];

const USERS: &[Column] = &[
    must("username", "用户名", "登录名，最多 64 字符，不分大小写"),
    must("name", "姓名", "最多 100 字"),
    one_of(must("role", "角色", "须与机构类别相符"), ROLES),
    must("organisation", "机构名称", "已导入的机构"),
    may("organisation_division", "机构行政区划代码", WHERE),
    may("email", "邮箱", "接收通知的邮箱"),
    may("phone", "手机", "接收短信的手机"),
    may("territory", "负责区域代码", "企业人员负责的省或市，如 370000；空为全国"),
    one_of(may("language", "语言", "通知的语言，默认中文"), LANGUAGES),
];

const PRODUCTS: &[Column] = &[
    must("code", "产品编码", "国家医保编码：西药 23 位，中成药 20 位，耗材 20 或 27 位；文本格式"),
    must("province", "省级区划代码", "目录所属省份，如 370000"),
    must("name", "产品名称", "最多 200 字"),
    must("form", "剂型", "最多 200 字"),
    must("specification", "规格包装", "最多 200 字"),
    must("unit", "单位", "如 盒，最多 20 字"),
    must("manufacturer", "中选企业", "已导入的中选企业"),
    may("manufacturer_division", "中选企业区划代码", WHERE),
];

const AGREEMENTS: &[Column] = &[
    must("hospital", "医疗机构", "已导入的医疗机构"),
    may("hospital_division", "医疗机构区划代码", WHERE),
    must("product_code", "产品编码", "该省目录中的产品编码，文本格式"),
    must("agreed_quantity", "约定采购量", "1 至 1000000000 的整数"),
    may("distributor", "配送企业", "已导入的配送企业；可不填"),
    may("distributor_division", "配送企业区划代码", WHERE),
];

const TICKETS: &[Column] = &[
    one_of(must("historic", "历史诉求", "是 = 上线前已结束的诉求：不计时、不发通知"), YES_NO),
    must("hospital", "医疗机构", "已导入的医疗机构"),
    may("hospital_division", "医疗机构区划代码", WHERE),
    must("product_code", "产品编码", "该省目录中的产品编码，文本格式"),
    one_of(must("category", "问题类别", "供应问题的类别"), CATEGORIES),
    one_of(may("urgency", "紧急程度", "默认普通"), URGENCIES),
    must("summary", "摘要", "一行，最多 200 字"),
    must("description", "情况说明", "最多 10000 字"),
    must("quantity_short", "缺口数量", "1 至 1000000000 的整数"),
    must("unit", "单位", "如 盒，最多 20 字"),
    may("days_of_stock", "库存可用天数", "0 至 36500"),
    may("order_refs", "订单号", "多个以分号分隔，最多 50 个"),
    must("contact_name", "联系人", "最多 50 字"),
    must("contact_phone", "联系电话", "如 13800000000 或 0531-88888888"),
    may("filed_by", "提交人用户名", "新诉求必填：该医疗机构的用户；历史诉求不填"),
    may("filed_at", "提交时间", "历史诉求必填，北京时间，如 2025-03-01 09:30"),
    one_of(may("state", "状态", "历史诉求必填"), STATES),
    may("ended_at", "办结时间", "历史诉求必填，不早于提交时间"),
    may("reason", "撤回原因", "已撤回的历史诉求可填"),
];

/// The columns of a kind of table, in the template's order.
#[must_use]
pub fn columns(kind: Kind) -> &'static [Column] {
    match kind {
        Kind::Calendar => CALENDAR,
        Kind::Divisions => DIVISIONS,
        Kind::Organisations => ORGANISATIONS,
        Kind::Users => USERS,
        Kind::Products => PRODUCTS,
        Kind::Agreements => AGREEMENTS,
        Kind::Tickets => TICKETS,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::calendar::DayKind;
    use crate::domain::party::{Language, OrganisationKind, Role};
    use crate::domain::policy::Urgency;
    use crate::domain::ticket::{Category, StateName};

    #[test]
    fn no_table_has_two_columns_of_one_name() {
        for kind in Kind::ALL {
            let names: Vec<_> = columns(kind).iter().flat_map(|c| [c.code, c.heading]).collect();
            let distinct: BTreeSet<_> = names.iter().collect();
            assert_eq!(names.len(), distinct.len(), "{kind:?}");
        }
    }

    #[test]
    fn every_word_means_something() {
        fn check<T: serde::de::DeserializeOwned>(words: &[(&str, &str)]) {
            for (word, _) in words {
                let value = serde_json::Value::from(*word);
                assert!(serde_json::from_value::<T>(value).is_ok(), "{word}");
            }
        }
        check::<OrganisationKind>(KINDS);
        check::<Role>(ROLES);
        check::<Language>(LANGUAGES);
        check::<DayKind>(DAYS);
        check::<StateName>(STATES);
        check::<Urgency>(URGENCIES);
        check::<Category>(CATEGORIES);
    }
}
