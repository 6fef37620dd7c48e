//! Every call with a body by which something is kept, and a place where it would succeed.
//!
//! **Never** knows what the service does with a call; only what a client may send.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::policies_keeping::draft;
use crate::support::webhook::SECRET;
use crate::support::world::{CEFTRIAXONE, house};

/// A call by which something is kept.
pub(crate) struct KeptCall {
    /// What it is about; calls of one name have the same fields.
    pub(crate) name: &'static str,
    /// In small letters, as the description has it.
    pub(crate) method: &'static str,
    /// Its address as the description has it.
    pub(crate) template: &'static str,
    /// What it answers.
    pub(crate) status: u16,
    /// A body with every field, but for those of which only one may stand there. What stands
    /// between braces is made when the call is placed.
    pub(crate) body: Value,
    /// The fields that are tried by it, where others are tried by another body; none = all.
    pub(crate) only: &'static [&'static str],
}

/// `(name, method, address below /api/v1, status, body)`
type Row = (&'static str, &'static str, &'static str, u16, Value);

/// The calls, in an order in which they can be made.
pub(crate) fn kept_calls() -> Vec<KeptCall> {
    let whole = |(name, method, template, status, body): Row| KeptCall {
        name,
        method,
        template,
        status,
        body,
        only: &[],
    };
    let tables = [houses(), people(), shelves(), calendars(), texts(), channels()];
    let mut calls: Vec<_> = tables.into_iter().flatten().map(whole).collect();
    calls.push(own_calendar());
    calls.extend(policies());
    calls
}

fn because() -> Value {
    json!({"reason": "统一整顿。"})
}

fn houses() -> Vec<Row> {
    let hospital = |name: &str, code: &str| {
        json!({"kind": "hospital", "name": name, "division": "371002",
            "credit_code": "91350100M000100Y43", "institution_code": code})
    };
    let card = json!({"function": "night_duty", "name": "值班室", "channel": "mail",
        "address": "duty@maker.example", "territory": "370000"});
    let merging = json!({"into": house("hospital2").to_string(), "reason": "两院合并。"});
    vec![
        (
            "organisation",
            "post",
            "/api/v1/organisations",
            201,
            hospital("环翠区中医院", "H37100200001"),
        ),
        (
            "organisation",
            "put",
            "/api/v1/organisations/{id}",
            200,
            hospital("环翠区中医医院", "H37100200002"),
        ),
        ("because", "post", "/api/v1/organisations/{id}/suspend", 200, because()),
        ("because", "post", "/api/v1/organisations/{id}/resume", 200, because()),
        ("merge", "post", "/api/v1/organisations/{id}/merge", 200, merging),
        ("contact", "post", "/api/v1/organisations/{id}/contacts", 201, card.clone()),
        ("contact-change", "put", "/api/v1/contacts/{id}", 200, card),
        ("verify", "post", "/api/v1/contacts/{id}/verify", 200, json!({"code": "{code}"})),
    ]
}

fn people() -> Vec<Row> {
    let newcomer = json!({"organisation_id": house("maker").to_string(), "username": "neu",
        "role": "manufacturer", "name": "新人", "email": "neu@maker.example",
        "phone": "13800000077", "language": "en", "territory": "370000", "by": "made"});
    let change = json!({"name": "老人", "email": "alt@maker.example", "phone": "13800000078",
        "language": "zh-CN", "territory": "371000",
        "organisation_id": house("maker2").to_string()});
    let role = json!({"role": "admin", "organisation_id": house("platform").to_string(),
        "reason": "调岗。"});
    let accepting = json!({"token": "{token}", "new_password": "a good long word"});
    vec![
        ("user", "post", "/api/v1/users", 201, newcomer),
        ("user-change", "put", "/api/v1/users/{id}", 200, change),
        ("role", "put", "/api/v1/users/{id}/role", 200, role),
        ("because", "post", "/api/v1/users/{id}/suspend", 200, because()),
        ("because", "post", "/api/v1/users/{id}/resume", 200, because()),
        (
            "reset",
            "post",
            "/api/v1/users/{id}/password",
            200,
            json!({"by": "made", "reason": "忘记密码。"}),
        ),
        ("accept", "post", "/api/v1/invitations/accept", 200, accepting),
    ]
}

fn shelves() -> Vec<Row> {
    let change = json!({"name": "阿莫西林胶囊", "form": "胶囊剂", "specification": "0.25g×24粒/盒",
        "unit": "盒", "manufacturer_id": house("maker").to_string()});
    let mut product = change.clone();
    product["code"] = json!("XJ01CAA001E001010100001");
    product["province"] = json!("370000");
    let terms =
        json!({"agreed_quantity": 500, "distributor_id": house("distributor2").to_string()});
    let mut agreement = terms.clone();
    agreement["hospital_id"] = json!(house("hospital2").to_string());
    agreement["product_code"] = json!(CEFTRIAXONE);
    vec![
        ("product", "post", "/api/v1/products", 201, product),
        ("product", "put", "/api/v1/products/{code}", 200, change),
        ("agreement", "post", "/api/v1/agreements", 201, agreement),
        ("agreement", "put", "/api/v1/agreements/{id}/{code}", 200, terms),
        ("because", "post", "/api/v1/agreements/{id}/{code}/suspend", 200, because()),
        ("because", "post", "/api/v1/agreements/{id}/{code}/resume", 200, because()),
        ("because", "post", "/api/v1/products/{code}/suspend", 200, because()),
        ("because", "post", "/api/v1/products/{code}/resume", 200, because()),
    ]
}

fn calendars() -> Vec<Row> {
    let day = json!({"kind": "rest", "source": "国办发明电〔2026〕1号", "reason": "补登。",
        "name": "元旦", "seal": "{seal}", "confirm": ["long_rest"]});
    let clear = json!({"reason": "误登。", "seal": "{seal}", "confirm": ["long_rest"]});
    let sealed = json!({"reason": "撤销。", "seal": "{seal}"});
    vec![
        (
            "calendar",
            "post",
            "/api/v1/calendars",
            201,
            json!({"name": "威海工作日历", "division": "371000"}),
        ),
        ("day", "put", "/api/v1/calendars/{id}/days/{date}", 200, day),
        ("day", "delete", "/api/v1/calendars/{id}/days/{date}", 200, clear),
        ("batch", "post", "/api/v1/batches/{id}/undo", 200, sealed),
        ("batch", "post", "/api/v1/batches/{id}/reject", 200, json!({"reason": "不同意。"})),
    ]
}

/// A calendar is a region's or a manufacturer's.
fn own_calendar() -> KeptCall {
    KeptCall {
        name: "calendar",
        method: "post",
        template: "/api/v1/calendars",
        status: 201,
        body: json!({"name": "企业日历", "organisation": house("maker").to_string()}),
        only: &["organisation"],
    }
}

fn texts() -> Vec<Row> {
    let text = json!({"subject": "{ticket.number}", "text": "请尽快回复。", "next": "登录系统。"});
    let mut replaced = text.clone();
    replaced["reason"] = json!("统一措辞。");
    let restored = json!({"version": 0, "reason": "还原。"});
    const ONE: &str = "/api/v1/templates/{kind}/{party}/{channel}/{language}";
    const PREVIEW: &str = "/api/v1/templates/{kind}/{party}/{channel}/{language}/preview";
    const RESTORE: &str = "/api/v1/templates/{kind}/{party}/{channel}/{language}/restore";
    vec![
        ("template", "post", PREVIEW, 200, text),
        ("template", "put", ONE, 200, replaced),
        ("template", "post", RESTORE, 200, restored),
    ]
}

fn channels() -> Vec<Row> {
    let mail = json!({"enabled": true, "host": "mail.example.cn", "port": 587,
        "security": "required", "username": "notice", "password": "x", "from": "a@b.example",
        "reason": "启用。"});
    let sms = json!({"enabled": true, "url": "https://gateway.example.cn/sms", "secret": SECRET,
        "shape": "tencent", "signature": "某局", "app": "14", "templates": {"*": "1"},
        "reason": "启用。"});
    let robot = json!({"enabled": true, "kind": "feishu", "url": "https://robot.example.cn/x",
        "secret": "x", "reason": "启用。"});
    let row = |(name, body)| (name, "put", "/api/v1/channels/{name}", 200, body);
    [("mail", mail), ("sms", sms), ("robot", robot)].map(row).to_vec()
}

/// A whole draft for a province, with its time limits counted in one of three ways: of those only
/// one may stand in a limit.
fn policy(division: &str, way: usize) -> Value {
    let mut body = draft();
    body["division"] = json!(division);
    body["reason"] = json!("新文件。");
    body["effective_to"] = json!("2028-12-31");
    body["categories"] = json!(["supply_stop", "price"]);
    body["ladder"][1]["channels"] = json!(["mail", "sms"]);
    body["warnings"] = json!({
        "days": [{"days_before": 1}, {"on_due_day": "08:45"}, {"half_time": true}],
        "hours": [{"half_time": true}, {"days_before": 2}, {"on_due_day": "08:00"}],
    });
    let limits = |unit: &str, reply: u32, resolve: u32| {
        let limit = |n: u32| BTreeMap::from([(unit, n)]);
        json!({"reply": limit(reply), "resolve": limit(resolve)})
    };
    let ways = [
        limits("working_days", 3, 5),
        limits("elapsed_hours", 24, 72),
        limits("working_hours", 8, 24),
    ];
    body["ordinary"] = ways[way % 3].clone();
    body["emergency"] = ways[(way + 1) % 3].clone();
    body
}

fn policies() -> Vec<KeptCall> {
    const LIMITS: [&str; 2] = ["ordinary", "emergency"];
    const LIMITS_INSIDE: [&str; 2] = ["policy.ordinary", "policy.emergency"];
    let row = |name, method, template, status, body| KeptCall {
        name,
        method,
        template,
        status,
        body,
        only: &[],
    };
    let mut calls = Vec::new();
    for (way, [made, next]) in
        [["320000", "420000"], ["330000", "430000"], ["340000", "440000"]].iter().enumerate()
    {
        let asked = json!({"policy": policy(made, way), "from": "2026-01-01", "to": "2026-02-12",
            "division": made});
        let only: [&'static [&'static str]; 2] =
            if way == 0 { [&[], &[]] } else { [&LIMITS, &LIMITS_INSIDE] };
        let simulate = row("simulate", "post", "/api/v1/policies/simulate", 200, asked);
        calls.push(KeptCall { only: only[1], ..simulate });
        let post = row("policy", "post", "/api/v1/policies", 201, policy(made, way));
        calls.push(KeptCall { only: only[0], ..post });
        let put = row("policy", "put", "/api/v1/policies/{id}", 201, policy(next, way));
        calls.push(KeptCall { only: only[0], ..put });
    }
    let sealed = json!({"reason": "按新规。", "seal": "{seal}"});
    let decided = json!({"decision": "continued", "until": "2027-04-09",
        "source": "鲁医保函〔2026〕9号", "reason": "地方决定继续执行。"});
    calls.push(row("batch", "post", "/api/v1/policies/{id}/replan", 200, sealed));
    calls.push(row("because", "post", "/api/v1/policies/{id}/withdraw", 200, because()));
    calls.push(row("decision", "post", "/api/v1/policies/{id}/decision", 200, decided));
    calls
}
