//! The rules that deadlines are judged by, open to everybody who signs in.

use reqwest::Method;
use serde_json::{Value, json};
use supplyline::domain::id::PolicyId;
use supplyline::domain::policy::Policy;
use supplyline::store;
use uuid::Uuid;

use super::stage::{id, refused, sound};
use crate::support::app::TestApp;
use crate::support::db::{TestDb, both};
use crate::support::world;

both!(
    everybody_reads_the_policies,
    a_policy_tells_whether_it_rules,
    shandongs_rule_of_2023_lapses_and_is_decided_about,
    a_lapsed_rule_is_continued_by_local_decision,
);

#[expect(clippy::too_many_lines, reason = "one story, told in order")]
async fn everybody_reads_the_policies(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    for who in ["hospital", "maker", "distributor", "city", "admin", "security", "auditor"] {
        let reader = app.sign_in(who).await;
        let answer = reader.get("/policies").await;
        sound(&answer, who);
        let items = answer.expect(200).json()["items"].clone();
        let one = reader.get(&format!("/policies/{}", id(&items[1]))).await;
        sound(&one, who);
        let expected = json!({
            "id": "01900000-0000-7000-8000-000000000001", "version": "CN-1",
            "name": "全国默认时限规则", "division": null,
            "effective_from": "2000-01-01", "effective_to": null,
            "in_force": true, "lapsed": false, "undecided": false, "categories": [],
            "source": "鲁医保发〔2023〕14号 二(四)(五)；辽医保发〔2023〕12号 四(一)",
            "ordinary": {"reply": {"working_days": 2}, "resolve": {"working_days": 5}},
            "emergency": {"reply": {"elapsed_hours": 4}, "resolve": {"elapsed_hours": 72}},
            "resolve_from": "filing",
            "counting": {
                "due_time": null, "cutoff_time": null,
                "office_hours": [{"from": "09:00", "to": "12:00"}, {"from": "13:00", "to": "17:00"}],
            },
            "warnings": {"days": [{"on_due_day": "09:00"}], "hours": [{"half_time": true}]},
            "quiet_hours": {"begins": "20:00", "ends": "08:00"}, "calendar_layer": "county",
            "late_promise_within": 5, "extension_within": 20, "remind_hospital_after": 5,
            "decide_silence_after": 10, "shortage_alarm": {"hospitals": 5, "cities": 2},
            "ladder": [
                {
                    "level": "city", "acknowledge_within": 2, "close_within": 5,
                    "told": ["manufacturer", "hospital"], "channels": null,
                },
                {
                    "level": "province", "acknowledge_within": 2, "close_within": 5,
                    "told": ["manufacturer", "hospital"], "channels": null,
                },
            ],
        });
        assert_eq!((one.json(), items[1].clone()), (expected.clone(), expected), "{who}");
        let shandong = &items[0];
        let dates = (&shandong["effective_from"], &shandong["effective_to"]);
        assert_eq!(dates, (&json!("2023-04-10"), &json!("2026-04-09")));
        assert_eq!(shandong["ordinary"], items[1]["ordinary"], "the same 2 and 5 working days");
        assert_eq!(
            (&shandong["version"], &shandong["division"]),
            (&json!("37-1"), &json!("370000"))
        );
        assert_eq!(shandong["undecided"], true, "nothing follows it");
        assert_eq!(items.as_array().map(Vec::len), Some(2), "{who}");
    }
    for path in ["/api/v1/policies", "/api/v1/policies/01900000-0000-7000-8000-000000000001"] {
        let answer = app.send(app.request(Method::GET, path)).await;
        refused(&answer, (401, "unauthenticated"), path);
    }
    let hospital = app.sign_in("hospital").await;
    for unknown in ["01900000-0000-7000-8000-000000000009", "CN-1", "%00"] {
        refused(&hospital.get(&format!("/policies/{unknown}")).await, (404, "not_found"), unknown);
    }
    let answer = hospital.get("/policies/01900000-0000-7000-8000-000000000001?year=2026").await;
    refused(&answer, (422, "invalid"), "an unknown parameter");
    app.stop().await;
}

async fn a_policy_tells_whether_it_rules(db: TestDb) {
    let jiangsu = Policy {
        id: PolicyId(Uuid::from_u128(32)),
        version: "32-1".to_owned(),
        division: Some(world::division("320000")),
        effective_from: world::on("2023-04-10"),
        effective_to: Some(world::on("2026-02-14")),
        ..Policy::national()
    };
    let next = Policy {
        id: PolicyId(Uuid::from_u128(86)),
        version: "CN-2".to_owned(),
        effective_from: world::on("2026-02-15"),
        ..Policy::national()
    };
    let written = db.store.write(move |tx| {
        let (jiangsu, next) = (jiangsu.clone(), next.clone());
        Box::pin(async move {
            store::rulebook::insert_policy(tx, &next).await?;
            store::rulebook::insert_policy(tx, &jiangsu).await
        })
    });
    written.await.expect("the policies are written");
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let standing = async || {
        let items = hospital.get("/policies").await.expect(200).json()["items"].clone();
        let all = items.as_array().expect("policies").iter();
        all.map(|one| json!([one["version"], one["in_force"], one["lapsed"]])).collect::<Value>()
    };
    let shandong = json!(["37-1", true, false]);
    let expected =
        json!([["32-1", true, false], shandong, ["CN-1", true, false], ["CN-2", false, false],]);
    assert_eq!(standing().await, expected);
    hospital.advance_to("2026-02-15T00:00:00+08:00").await;
    let expected =
        json!([["32-1", false, true], shandong, ["CN-1", false, false], ["CN-2", true, false],]);
    assert_eq!(standing().await, expected, "business time decides");
    for (filed, version) in [("2026-02-14", "CN-1"), ("2026-02-16", "CN-2")] {
        let path = format!("/deadline?filed_at={filed}T10:00:00%2B08:00");
        let reckoned = hospital.get(&path).await.expect(200).json();
        assert_eq!(reckoned["policy"]["version"], version, "where no region differs, on {filed}");
    }
    app.stop().await;
}

const SHANDONG: &str = "/policies/01900000-0000-7000-8000-000000000037";
const ASKED: &str = "/deadline?division=371002&filed_at=2026-04-10T10:00:00%2B08:00";

async fn shandongs_rule_of_2023_lapses_and_is_decided_about(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (admin, hospital) = (app.sign_in("admin").await, app.sign_in("hospital").await);
    let before = hospital.file().await;
    // One jump of two months outlasts a connection on a busy machine.
    for day in ["2026-02-27", "2026-03-13", "2026-03-27"] {
        admin.advance_to(&format!("{day}T12:00:00+08:00")).await;
    }
    admin.advance_to("2026-04-09T23:59:59+08:00").await;
    let last = hospital.file().await;
    admin.advance_to("2026-04-10T00:00:00+08:00").await;
    let first = hospital.file().await;
    let version = |ticket: &Value| ticket["deadlines"][0]["policy_version"].clone();
    assert_eq!([&before, &last, &first].map(version), ["37-1", "37-1", "CN-1"]);
    let standing = admin.get(SHANDONG).await.expect(200).json();
    assert_eq!((&standing["lapsed"], &standing["undecided"]), (&json!(true), &json!(true)));
    let decision = format!("{SHANDONG}/decision");
    for (body, field, code) in [
        (json!({"decision": "tea", "reason": "x"}), "decision", "unknown"),
        (json!({"decision": "national", "reason": " "}), "reason", "required"),
        (
            json!({"decision": "national", "reason": "x", "until": "2027-01-01"}),
            "until",
            "not_here",
        ),
        (json!({"decision": "continued", "reason": "x"}), "source", "required"),
        (
            json!({"decision": "continued", "reason": "x", "source": "x", "until": "2026-04-09"}),
            "until",
            "before_start",
        ),
    ] {
        let answer = admin.post(&decision, &body).await;
        refused(&answer, (422, "invalid"), code);
        assert_eq!(answer.fields(), [(field.to_owned(), code.to_owned())]);
    }
    let decided = json!({"decision": "national", "reason": "省局未延续，适用全国规则"});
    let answer = admin.post(&decision, &decided).await;
    sound(&answer, "decided");
    let kept = answer.expect(200).json();
    assert_eq!((&kept["undecided"], &kept["lapsed"]), (&json!(false), &json!(true)));
    let expected =
        json!({"kind": "national", "on": "2026-04-10", "reason": "省局未延续，适用全国规则"});
    assert_eq!(kept["decision"], expected);
    refused(&admin.post(&decision, &decided).await, (409, "nothing_to_decide"), "twice");
    let national = "/policies/01900000-0000-7000-8000-000000000001/decision";
    refused(&admin.post(national, &decided).await, (409, "nothing_to_decide"), "no end");
    let reckoned = hospital.get(ASKED).await.expect(200).json();
    assert_eq!(reckoned["policy"]["version"], "CN-1");
    app.stop().await;
}

async fn a_lapsed_rule_is_continued_by_local_decision(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (admin, hospital) = (app.sign_in("admin").await, app.sign_in("hospital").await);
    admin.advance_to("2026-04-20T10:00:00+08:00").await;
    let between = hospital.file().await;
    let decision = json!({
        "decision": "continued", "until": "2027-04-09", "reason": "地方决定继续执行",
        "source": "鲁医保函〔2026〕9号",
    });
    let next = admin.act(&format!("{SHANDONG}/decision"), decision).await;
    assert_eq!(
        (&next["version"], &next["source"]),
        (&json!("37-2"), &json!("鲁医保函〔2026〕9号"))
    );
    let dates = (&next["effective_from"], &next["effective_to"]);
    assert_eq!(dates, (&json!("2026-04-10"), &json!("2027-04-09")), "from the day after");
    assert_eq!(
        (&next["in_force"], &next["undecided"]),
        (&json!(true), &json!(true)),
        "it ends, too"
    );
    let before = admin.get(SHANDONG).await.expect(200).json();
    assert_eq!(before["decision"]["version"], "37-2");
    assert_eq!(before["undecided"], false);
    let after = hospital.file().await;
    let version = |ticket: &Value| ticket["deadlines"][0]["policy_version"].clone();
    assert_eq!([&between, &after].map(version), ["CN-1", "37-2"], "what was judged stays so");
    let kept = hospital.get(&format!("/tickets/{}", id(&between))).await.expect(200).json();
    assert_eq!(version(&kept), "CN-1");
    let reckoned = hospital.get(ASKED).await.expect(200).json();
    assert_eq!(reckoned["policy"]["version"], "37-2");
    app.stop().await;
}
