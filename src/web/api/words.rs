//! The words of the API's description, each a word of the domain.
//!
//! **Never** a word that the domain does not know: a test reads every one.

use utoipa::openapi::schema::{Array, ArrayBuilder, Object, ObjectBuilder, Type};

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident: $domain:ty = $($word:literal)+;)+) => {
        $($(#[$doc])*
        pub(in crate::web) fn $name() -> Object {
            ObjectBuilder::new().schema_type(Type::String).enum_values(Some([$($word),+])).build()
        })+

        /// Every word with the name of its set.
        pub(in crate::web) const ALL: &[(&str, &str)] = &[$($((stringify!($name), $word)),+),+];

        #[cfg(test)]
        mod tests {
            use crate::web::check::word;

            $(#[test]
            fn $name() {
                for text in [$($word),+] {
                    assert!(word::<$domain>(text).is_some(), "{text}");
                }
            })+
        }
    };
}

/// Kinds of supply problem.
pub(in crate::web) fn categories() -> Array {
    ArrayBuilder::new().items(category()).build()
}

/// Parties that a rung may tell.
pub(in crate::web) fn told_all() -> Array {
    ArrayBuilder::new().items(told_party()).build()
}

/// Channels of a rung.
pub(in crate::web) fn channels() -> Array {
    ArrayBuilder::new().items(channel()).build()
}

/// Levels of bureaus.
pub(in crate::web) fn levels() -> Array {
    ArrayBuilder::new().items(level()).build()
}

words! {
    /// What kind of supply problem it is.
    category: crate::domain::ticket::Category = "late_delivery" "short_delivery" "supply_stop"
        "refusal" "remote_refused" "order_unanswered" "contract_unsigned" "no_distributor"
        "distributor_change" "specification_change" "short_shelf_life" "grade_mismatch"
        "transport" "quality_return" "price" "tie_in_sale" "service" "other";
    /// Why the supply failed.
    cause: crate::domain::ticket::Cause = "raw_material" "packaging" "capacity" "line_stopped"
        "demand_surge" "logistics" "quality" "registration" "cost" "distributor_out_of_stock"
        "discontinued" "force_majeure" "other";
    /// What becomes of rules that end.
    end: crate::web::api::policies::ending::EndWord = "continued" "national";
    /// A party that a rung may tell.
    told_party: crate::domain::policy::Told = "manufacturer" "hospital" "distributor";
    /// A layer of the calendar.
    calendar_layer: crate::domain::policy::CalendarLayer = "nation" "province" "city" "county"
        "organisation";
    /// How pressing it is.
    urgency: crate::domain::policy::Urgency = "ordinary" "emergency";
    /// When the clock of the solution starts.
    resolve_from: crate::domain::policy::ResolveFrom = "filing" "reply";
    /// Where a ticket stands.
    state: crate::domain::ticket::StateName = "open" "promised" "solved" "closed" "withdrawn"
        "returned";
    /// The hospital's word on a reported solution.
    result: crate::domain::ticket::Verdict = "solved" "partly" "not_solved";
    /// How the hospital rates the handling.
    rating: crate::domain::ticket::Rating = "very_satisfied" "satisfied" "dissatisfied";
    /// What a file proves.
    evidence: crate::domain::attachment::Evidence = "supply_stop_statement" "no_supply_statement"
        "force_majeure_report" "order_screenshot" "distributor_statement" "hospital_statement"
        "understanding" "rectification_report" "inquiry_answer" "interview_record" "appeal"
        "reported_volume" "commitment" "distributor_change_consent" "price_comparison"
        "credit_report" "credit_commitment" "other";
    /// Who may read a message.
    audience: crate::domain::ticket::Audience = "all" "hospital_bureau" "bureau" "own";
    /// What a bureau does.
    measure: crate::domain::escalation::MeasureKind = "remind" "supervise" "warn" "interview"
        "inquiry" "rectify" "statement";
    /// What is due.
    deadline: crate::domain::ticket::DeadlineKind = "reply" "resolve" "promise" "confirm"
        "acknowledge" "measure";
    /// How a deadline stands.
    status: crate::domain::ticket::DeadlineStatus = "running" "held" "met" "missed" "waived"
        "stopped";
    /// What a day is.
    day: crate::domain::calendar::DayKind = "working" "rest" "makeup";
    /// Level of a bureau.
    level: crate::domain::party::Level = "county" "city" "province";
    /// A person's role.
    role: crate::domain::party::Role = "hospital" "manufacturer" "distributor" "bureau" "admin"
        "security" "auditor";
    /// What an organisation is.
    organisation: crate::domain::party::OrganisationKind = "hospital" "manufacturer"
        "distributor" "bureau" "platform";
    /// The language somebody is told things in.
    language: crate::domain::party::Language = "zh-CN" "en";
    /// What somebody did.
    action: crate::domain::audit::Action =
        "signed_in" "sign_in_refused" "signed_out" "password_changed" "user_created"
        "import_run" "delivery_replayed" "evidence_pack_made" "export_made" "hold_released"
        "calendar_added" "calendar_removed" "replan_proposed" "replan_applied"
        "replan_approved" "replan_rejected" "ticket_filed" "ticket_acted" "shortage_replied"
        "notice_read" "draft_kept" "draft_discarded" "language_changed" "demo_clock_moved"
        "hold_begun" "zone_rules_changed" "backup_restored" "audit_trimmed" "audit_key_changed"
        "organisation_created" "organisation_changed" "organisation_suspended"
        "organisation_resumed" "organisation_merged" "user_changed" "user_suspended"
        "user_resumed" "role_changed" "password_reset" "link_sent" "link_revoked"
        "link_opened" "contact_created" "contact_changed" "contact_removed"
        "contact_code_sent" "contact_verified" "product_created" "product_changed"
        "product_suspended" "product_resumed" "agreement_created" "agreement_changed"
        "agreement_suspended" "agreement_resumed" "template_replaced" "template_restored"
        "policy_created" "policy_replaced" "policy_withdrawn" "policy_decided" "channel_set"
        "channel_tested";
    /// What is wrong with the audit log.
    fault: crate::domain::audit::verify::Fault = "edited" "restamped" "missing" "inserted"
        "swapped" "cut_tail" "rolled_back" "wrong_key" "beginning" "checkpoint" "unreadable";
    /// How a delivery stands.
    delivery: crate::service::notices::DeliveryState = "queued" "sent" "delivered" "read"
        "failed";
    /// Who is told, as a party of the ticket.
    party: crate::domain::template::PartyKind = "hospital" "manufacturer" "distributor" "bureau"
        "anybody";
    /// A way out of the service.
    channel: crate::domain::notice::Channel = "mail" "sms" "robot";
    /// When TLS begins with a mail server.
    security: crate::domain::channel::Security = "offered" "required" "implicit";
    /// How the body for a gateway is made.
    shape: crate::domain::channel::Shape = "standard" "aliyun" "tencent";
    /// Whose group robot it is.
    robot: crate::domain::channel::RobotKind = "wecom" "dingtalk" "feishu";
    /// What somebody can be asked about.
    function: crate::domain::contact::Function = "supply" "quality" "night_duty" "delivery"
        "management" "other";
    /// By what the ledger is split.
    grouping: crate::service::ledger::Grouping = "manufacturer" "product" "city"
        "county" "month";
    /// What a decision is about.
    topic: crate::domain::ticket::Topic = "return" "extension" "force_majeure" "silence" "resume";
    /// Which way a request ended.
    ruling: crate::domain::ticket::Ruling = "granted" "refused" "lapsed";
}
