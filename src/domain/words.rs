//! The Chinese words of what the wire and the tables name in English.
//!
//! **Never** a word that the domain does not know, nor two for one: a test reads every one.

/// Pairs of the wire's word and the people's.
pub type Words = &'static [(&'static str, &'static str)];

/// Yes and no.
pub const YES_NO: Words = &[("yes", "是"), ("no", "否")];
/// Where a ticket stands.
pub const STATES: Words = &[
    ("open", "待回复"),
    ("promised", "处理中"),
    ("solved", "待确认"),
    ("closed", "已办结"),
    ("withdrawn", "已撤回"),
    ("returned", "已退单"),
];
/// How pressing a ticket is.
pub const URGENCIES: Words = &[("ordinary", "普通"), ("emergency", "紧急")];
/// What kind of supply problem it is.
pub const CATEGORIES: Words = &[
    ("late_delivery", "未按时配送"),
    ("short_delivery", "短供"),
    ("supply_stop", "断供"),
    ("refusal", "拒绝供货"),
    ("remote_refused", "拒绝向偏远或小型机构配送"),
    ("order_unanswered", "订单未响应"),
    ("contract_unsigned", "逾期未签约"),
    ("no_distributor", "无配送企业或未开户"),
    ("distributor_change", "需更换配送企业"),
    ("specification_change", "规格包装变更"),
    ("short_shelf_life", "效期过短"),
    ("grade_mismatch", "等级不符"),
    ("transport", "运输或冷链不当"),
    ("quality_return", "质量退货"),
    ("price", "价格不符"),
    ("tie_in_sale", "搭售"),
    ("service", "伴随服务"),
    ("other", "其他"),
];
/// Why the supply failed.
pub const CAUSES: Words = &[
    ("raw_material", "原料短缺"),
    ("packaging", "包材短缺"),
    ("capacity", "产能不足"),
    ("line_stopped", "停产"),
    ("demand_surge", "需求激增"),
    ("logistics", "物流受阻"),
    ("quality", "质量问题"),
    ("registration", "注册或许可"),
    ("cost", "成本倒挂"),
    ("distributor_out_of_stock", "配送企业缺货"),
    ("discontinued", "退市"),
    ("force_majeure", "不可抗力"),
    ("other", "其他"),
];
/// How a hospital rates the handling.
pub const RATINGS: Words =
    &[("very_satisfied", "非常满意"), ("satisfied", "满意"), ("dissatisfied", "不满意")];
/// What is due.
pub const DEADLINES: Words = &[
    ("reply", "回复时限"),
    ("resolve", "解决时限"),
    ("promise", "承诺时限"),
    ("confirm", "确认时限"),
    ("acknowledge", "签收时限"),
    ("measure", "整改时限"),
];
/// How a deadline stands.
pub const STATUSES: Words = &[
    ("running", "计时中"),
    ("held", "待确认"),
    ("met", "按期"),
    ("missed", "逾期"),
    ("waived", "已豁免"),
    ("stopped", "已停止"),
];
/// Level of a bureau.
pub const LEVELS: Words = &[("county", "县级"), ("city", "市级"), ("province", "省级")];
/// Why a ticket entered a rung.
pub const REASONS: Words = &[
    ("missed", "逾期"),
    ("unacknowledged", "下级未签收"),
    ("unresolved", "下级未办结"),
    ("by_request", "医疗机构要求"),
];
/// What a bureau does.
pub const MEASURES: Words = &[
    ("remind", "提醒"),
    ("supervise", "督办"),
    ("warn", "预警"),
    ("interview", "约谈"),
    ("inquiry", "函询"),
    ("rectify", "限期整改"),
    ("statement", "要求书面说明"),
];
/// A way out of the service.
pub const CHANNELS: Words = &[("mail", "邮件"), ("sms", "短信"), ("robot", "群机器人")];
/// How a delivery stands.
pub const DELIVERIES: Words = &[
    ("queued", "待发送"),
    ("sent", "已发送"),
    ("delivered", "已送达"),
    ("read", "已阅"),
    ("failed", "失败"),
];
/// What people are told.
pub const NOTICES: Words = &[
    ("filed", "新诉求单"),
    ("warning", "时限临近"),
    ("missed", "已逾期"),
    ("escalated", "已督办升级"),
    ("replied", "企业已回复"),
    ("promised", "承诺已更新"),
    ("solved", "企业反馈已解决"),
    ("disputed", "确认未完全解决"),
    ("urged", "催办"),
    ("closed", "已办结"),
    ("withdrawn", "已撤回"),
    ("message", "新留言"),
    ("attached", "新附件"),
    ("acknowledged", "医保局已签收"),
    ("measure", "处置措施"),
    ("escalation_closed", "督办已结束"),
    ("distributor", "配送企业加入"),
    ("no_contact", "企业无联系人"),
    ("return_asked", "申请退单"),
    ("return_refused", "退单未同意"),
    ("returned", "已退单"),
    ("extension_asked", "申请延期"),
    ("extension_granted", "延期已同意"),
    ("extension_refused", "延期未同意"),
    ("force_majeure_asked", "申报不可抗力"),
    ("stopped", "计时已中止"),
    ("stop_refused", "中止未同意"),
    ("resumed", "计时已恢复"),
    ("silent", "医疗机构未确认"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde::de::DeserializeOwned;
    use serde_json::Value;

    use super::*;
    use crate::domain::escalation::MeasureKind;
    use crate::domain::notice::{Channel, Kind};
    use crate::domain::party::Level;
    use crate::domain::policy::Urgency;
    use crate::domain::ticket::{Category, Cause, DeadlineKind, DeadlineStatus, Rating, StateName};

    fn check<T: DeserializeOwned>(words: Words) {
        for (word, _) in words {
            assert!(serde_json::from_value::<T>(Value::from(*word)).is_ok(), "{word}");
        }
    }

    #[test]
    fn every_word_means_something() {
        check::<StateName>(STATES);
        check::<Urgency>(URGENCIES);
        check::<Category>(CATEGORIES);
        check::<Cause>(CAUSES);
        check::<Rating>(RATINGS);
        check::<DeadlineKind>(DEADLINES);
        check::<DeadlineStatus>(STATUSES);
        check::<Level>(LEVELS);
        check::<MeasureKind>(MEASURES);
        check::<Channel>(CHANNELS);
    }

    #[test]
    fn what_has_a_list_is_whole() {
        for state in StateName::ALL {
            assert!(STATES.iter().any(|(word, _)| *word == state.as_str()), "{state:?}");
        }
        let kinds: BTreeSet<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(kinds, NOTICES.iter().map(|(word, _)| *word).collect());
    }

    #[test]
    fn no_two_mean_the_same() {
        for words in [
            YES_NO, STATES, URGENCIES, CATEGORIES, CAUSES, RATINGS, DEADLINES, STATUSES, LEVELS,
            REASONS, MEASURES, CHANNELS, DELIVERIES, NOTICES,
        ] {
            let (codes, names): (BTreeSet<_>, BTreeSet<_>) = words.iter().copied().unzip();
            assert_eq!((codes.len(), names.len()), (words.len(), words.len()), "{words:?}");
        }
    }
}
