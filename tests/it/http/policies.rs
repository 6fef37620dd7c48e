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

both!(everybody_reads_the_policies, a_policy_tells_whether_it_rules);

async fn everybody_reads_the_policies(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    for who in ["hospital", "maker", "distributor", "city", "admin", "security", "auditor"] {
        let reader = app.sign_in(who).await;
        let answer = reader.get("/policies").await;
        sound(&answer, who);
        let items = answer.expect(200).json()["items"].clone();
        let one = reader.get(&format!("/policies/{}", id(&items[0]))).await;
        sound(&one, who);
        let expected = json!({
            "id": "01900000-0000-7000-8000-000000000001", "version": "CN-1",
            "name": "全国默认时限规则", "division": null,
            "effective_from": "2000-01-01", "effective_to": null,
            "in_force": true, "lapsed": false, "undecided": false, "categories": [],
            "source": "鲁医保发〔2023〕14号 二(四)(五)；辽医保发〔2023〕12号 四(一)",
            "ordinary": {"reply": {"working_days": 2}, "resolve": {"working_days": 5}},
            "emergency": {"reply": {"elapsed_hours": 4}, "resolve": {"elapsed_hours": 72}},
            "resolve_from": "filing", "counting": {"due_time": null, "cutoff_time": null},
            "late_promise_within": 5, "extension_within": 20, "remind_hospital_after": 5,
            "decide_silence_after": 10, "shortage_alarm": {"hospitals": 5, "cities": 2},
            "ladder": [
                {"level": "city", "acknowledge_within": 2, "close_within": 5},
                {"level": "province", "acknowledge_within": 2, "close_within": 5},
            ],
        });
        assert_eq!((one.json(), items), (expected.clone(), json!([expected])), "{who}");
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
    let shandong = Policy {
        id: PolicyId(Uuid::from_u128(37)),
        version: "37-1".to_owned(),
        division: Some(world::division("370000")),
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
        let (shandong, next) = (shandong.clone(), next.clone());
        Box::pin(async move {
            store::rulebook::insert_policy(tx, &next).await?;
            store::rulebook::insert_policy(tx, &shandong).await
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
    let expected = json!([["37-1", true, false], ["CN-1", true, false], ["CN-2", false, false]]);
    assert_eq!(standing().await, expected);
    hospital.advance_to("2026-02-15T00:00:00+08:00").await;
    let expected = json!([["37-1", false, true], ["CN-1", false, false], ["CN-2", true, false]]);
    assert_eq!(standing().await, expected, "business time decides");
    for (filed, version) in [("2026-02-14", "CN-1"), ("2026-02-16", "CN-2")] {
        let path = format!("/deadline?filed_at={filed}T10:00:00%2B08:00");
        let reckoned = hospital.get(&path).await.expect(200).json();
        assert_eq!(reckoned["policy"]["version"], version, "where no region differs, on {filed}");
    }
    app.stop().await;
}
