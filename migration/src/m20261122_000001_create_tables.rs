//! The first migration: every table, complete, because SQLite cannot add constraints later.
//!
//! Times are UTC instants, dates are local dates of Asia/Shanghai, divisions are the six digits
//! as a number so that a subtree is a range.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DatabaseBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in tables() {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        for statement in search(manager.get_database_backend()) {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DatabaseBackend::Sqlite {
            manager.get_connection().execute_unprepared("drop table ticket_search").await?;
        }
        for name in TABLES.iter().rev() {
            let table = Table::drop().table(Alias::new(*name)).to_owned();
            manager.drop_table(table).await?;
        }
        Ok(())
    }
}

const TABLES: [&str; 22] = [
    "setting",
    "organisation",
    "app_user",
    "session",
    "sign_in_failure",
    "product",
    "agreement",
    "calendar",
    "calendar_year",
    "calendar_day",
    "policy",
    "ticket",
    "deadline",
    "promise",
    "escalation",
    "measure",
    "event",
    "message",
    "timer",
    "notice",
    "delivery",
    "idempotency",
];

fn tables() -> Vec<TableCreateStatement> {
    vec![
        setting(),
        organisation(),
        app_user(),
        session(),
        sign_in_failure(),
        product(),
        agreement(),
        calendar(),
        calendar_year(),
        calendar_day(),
        policy(),
        ticket(),
        deadline(),
        promise(),
        escalation(),
        measure(),
        event(),
        message(),
        timer(),
        notice(),
        delivery(),
        idempotency(),
    ]
}

fn setting() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("setting"))
        .col(ColumnDef::new(Alias::new("name")).text().not_null())
        .col(ColumnDef::new(Alias::new("value")).text().not_null())
        .primary_key(Index::create().col(Alias::new("name")));
    table.to_owned()
}

fn organisation() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("organisation"))
        .col(ColumnDef::new(Alias::new("id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("kind")).text().not_null())
        .col(ColumnDef::new(Alias::new("name")).text().not_null())
        .col(ColumnDef::new(Alias::new("division")).integer().not_null())
        .col(ColumnDef::new(Alias::new("disabled_at")).timestamp_with_time_zone())
        .col(ColumnDef::new(Alias::new("created_at")).timestamp_with_time_zone().not_null())
        .primary_key(Index::create().col(Alias::new("id")));
    table.to_owned()
}

fn app_user() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("app_user"))
        .col(ColumnDef::new(Alias::new("id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("organisation_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("username")).text().not_null())
        .col(ColumnDef::new(Alias::new("name")).text().not_null())
        .col(ColumnDef::new(Alias::new("role")).text().not_null())
        .col(ColumnDef::new(Alias::new("email")).text())
        .col(ColumnDef::new(Alias::new("phone")).text())
        .col(ColumnDef::new(Alias::new("language")).text().not_null())
        .col(ColumnDef::new(Alias::new("password_hash")).text().not_null())
        .col(ColumnDef::new(Alias::new("disabled_at")).timestamp_with_time_zone())
        .col(ColumnDef::new(Alias::new("created_at")).timestamp_with_time_zone().not_null())
        .primary_key(Index::create().col(Alias::new("id")))
        .foreign_key(
            ForeignKey::create()
                .from(Alias::new("app_user"), Alias::new("organisation_id"))
                .to(Alias::new("organisation"), Alias::new("id")),
        );
    table.to_owned()
}

fn session() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("session"))
        .col(ColumnDef::new(Alias::new("token_hash")).text().not_null())
        .col(ColumnDef::new(Alias::new("user_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("created_at")).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(Alias::new("expires_at")).timestamp_with_time_zone().not_null())
        .primary_key(Index::create().col(Alias::new("token_hash")))
        .foreign_key(
            ForeignKey::create()
                .from(Alias::new("session"), Alias::new("user_id"))
                .to(Alias::new("app_user"), Alias::new("id")),
        );
    table.to_owned()
}

fn sign_in_failure() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("sign_in_failure"))
        .col(ColumnDef::new(Alias::new("id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("username")).text().not_null())
        .col(ColumnDef::new(Alias::new("at")).timestamp_with_time_zone().not_null())
        .primary_key(Index::create().col(Alias::new("id")));
    table.to_owned()
}

fn product() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("product"))
        .col(ColumnDef::new(Alias::new("id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("code")).text().not_null())
        .col(ColumnDef::new(Alias::new("name")).text().not_null())
        .col(ColumnDef::new(Alias::new("form")).text().not_null())
        .col(ColumnDef::new(Alias::new("specification")).text().not_null())
        .col(ColumnDef::new(Alias::new("unit")).text().not_null())
        .col(ColumnDef::new(Alias::new("manufacturer_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("province")).integer().not_null())
        .col(ColumnDef::new(Alias::new("search_terms")).text().not_null())
        .primary_key(Index::create().col(Alias::new("id")))
        .foreign_key(
            ForeignKey::create()
                .from(Alias::new("product"), Alias::new("manufacturer_id"))
                .to(Alias::new("organisation"), Alias::new("id")),
        );
    table.to_owned()
}

fn agreement() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("agreement"))
        .col(ColumnDef::new(Alias::new("product_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("hospital_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("distributor_id")).uuid())
        .col(ColumnDef::new(Alias::new("agreed_quantity")).big_integer().not_null())
        .primary_key(Index::create().col(Alias::new("product_id")).col(Alias::new("hospital_id")))
        .foreign_key(
            ForeignKey::create()
                .from(Alias::new("agreement"), Alias::new("product_id"))
                .to(Alias::new("product"), Alias::new("id")),
        )
        .foreign_key(
            ForeignKey::create()
                .from(Alias::new("agreement"), Alias::new("hospital_id"))
                .to(Alias::new("organisation"), Alias::new("id")),
        )
        .foreign_key(
            ForeignKey::create()
                .from(Alias::new("agreement"), Alias::new("distributor_id"))
                .to(Alias::new("organisation"), Alias::new("id")),
        );
    table.to_owned()
}

fn calendar() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("calendar"))
        .col(ColumnDef::new(Alias::new("id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("name")).text().not_null())
        .col(ColumnDef::new(Alias::new("division")).integer())
        .col(ColumnDef::new(Alias::new("version")).integer().not_null())
        .primary_key(Index::create().col(Alias::new("id")));
    table.to_owned()
}

fn calendar_year() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("calendar_year"))
        .col(ColumnDef::new(Alias::new("calendar_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("year")).integer().not_null())
        .primary_key(Index::create().col(Alias::new("calendar_id")).col(Alias::new("year")))
        .foreign_key(
            ForeignKey::create()
                .from(Alias::new("calendar_year"), Alias::new("calendar_id"))
                .to(Alias::new("calendar"), Alias::new("id")),
        );
    table.to_owned()
}

fn calendar_day() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("calendar_day"))
        .col(ColumnDef::new(Alias::new("calendar_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("date")).date().not_null())
        .col(ColumnDef::new(Alias::new("kind")).text().not_null())
        .col(ColumnDef::new(Alias::new("name")).text().not_null())
        .col(ColumnDef::new(Alias::new("source")).text().not_null())
        .primary_key(Index::create().col(Alias::new("calendar_id")).col(Alias::new("date")))
        .foreign_key(
            ForeignKey::create()
                .from(Alias::new("calendar_day"), Alias::new("calendar_id"))
                .to(Alias::new("calendar"), Alias::new("id")),
        );
    table.to_owned()
}

fn policy() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("policy"))
        .col(ColumnDef::new(Alias::new("id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("version")).text().not_null())
        .col(ColumnDef::new(Alias::new("division")).integer())
        .col(ColumnDef::new(Alias::new("effective_from")).date().not_null())
        .col(ColumnDef::new(Alias::new("document")).json_binary().not_null())
        .primary_key(Index::create().col(Alias::new("id")));
    table.to_owned()
}

fn ticket() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("ticket"))
        .col(ColumnDef::new(Alias::new("id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("number")).text().not_null())
        .col(ColumnDef::new(Alias::new("hospital_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("manufacturer_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("distributor_id")).uuid())
        .col(ColumnDef::new(Alias::new("product_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("division")).integer().not_null())
        .col(ColumnDef::new(Alias::new("urgency")).text().not_null())
        .col(ColumnDef::new(Alias::new("category")).text().not_null())
        .col(ColumnDef::new(Alias::new("summary")).text().not_null())
        .col(ColumnDef::new(Alias::new("description")).text().not_null())
        .col(ColumnDef::new(Alias::new("quantity_short")).big_integer().not_null())
        .col(ColumnDef::new(Alias::new("unit")).text().not_null())
        .col(ColumnDef::new(Alias::new("days_of_stock")).big_integer())
        .col(ColumnDef::new(Alias::new("order_refs")).json_binary().not_null())
        .col(ColumnDef::new(Alias::new("contact_name")).text().not_null())
        .col(ColumnDef::new(Alias::new("contact_phone")).text().not_null())
        .col(ColumnDef::new(Alias::new("follows")).uuid())
        .col(ColumnDef::new(Alias::new("filed_at")).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(Alias::new("state")).text().not_null())
        .col(ColumnDef::new(Alias::new("owes_promise")).boolean().not_null())
        .col(ColumnDef::new(Alias::new("solved_at")).timestamp_with_time_zone())
        .col(ColumnDef::new(Alias::new("ended_at")).timestamp_with_time_zone())
        .col(ColumnDef::new(Alias::new("remaining_quantity")).big_integer())
        .col(ColumnDef::new(Alias::new("rating")).text())
        .col(ColumnDef::new(Alias::new("urged_on")).date())
        .col(ColumnDef::new(Alias::new("escalated")).boolean().not_null())
        .col(ColumnDef::new(Alias::new("overdue")).boolean().not_null())
        .col(ColumnDef::new(Alias::new("events")).integer().not_null())
        .col(ColumnDef::new(Alias::new("version")).big_integer().not_null())
        .col(ColumnDef::new(Alias::new("search_terms")).text().not_null())
        .primary_key(Index::create().col(Alias::new("id")))
        .foreign_key(
            ForeignKey::create()
                .from(Alias::new("ticket"), Alias::new("hospital_id"))
                .to(Alias::new("organisation"), Alias::new("id")),
        )
        .foreign_key(
            ForeignKey::create()
                .from(Alias::new("ticket"), Alias::new("manufacturer_id"))
                .to(Alias::new("organisation"), Alias::new("id")),
        )
        .foreign_key(
            ForeignKey::create()
                .from(Alias::new("ticket"), Alias::new("distributor_id"))
                .to(Alias::new("organisation"), Alias::new("id")),
        )
        .foreign_key(
            ForeignKey::create()
                .from(Alias::new("ticket"), Alias::new("product_id"))
                .to(Alias::new("product"), Alias::new("id")),
        );
    table.to_owned()
}

fn deadline() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("deadline"))
        .col(ColumnDef::new(Alias::new("ticket_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("kind")).text().not_null())
        .col(ColumnDef::new(Alias::new("ordinal")).small_integer().not_null())
        .col(ColumnDef::new(Alias::new("position")).small_integer().not_null())
        .col(ColumnDef::new(Alias::new("started_at")).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(Alias::new("basis")).json_binary().not_null())
        .col(ColumnDef::new(Alias::new("due_at")).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(Alias::new("due_on")).date().not_null())
        .col(ColumnDef::new(Alias::new("warn_at")).timestamp_with_time_zone())
        .col(ColumnDef::new(Alias::new("status")).text().not_null())
        .col(ColumnDef::new(Alias::new("met_at")).timestamp_with_time_zone())
        .col(ColumnDef::new(Alias::new("late_working_days")).integer())
        .col(ColumnDef::new(Alias::new("provisional")).boolean().not_null())
        .col(ColumnDef::new(Alias::new("calendar_version")).text().not_null())
        .col(ColumnDef::new(Alias::new("policy_version")).text().not_null())
        .primary_key(
            Index::create()
                .col(Alias::new("ticket_id"))
                .col(Alias::new("kind"))
                .col(Alias::new("ordinal")),
        )
        .foreign_key(
            ForeignKey::create()
                .from(Alias::new("deadline"), Alias::new("ticket_id"))
                .to(Alias::new("ticket"), Alias::new("id")),
        );
    table.to_owned()
}

fn promise() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("promise"))
        .col(ColumnDef::new(Alias::new("ticket_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("version")).small_integer().not_null())
        .col(ColumnDef::new(Alias::new("promised_on")).date().not_null())
        .col(ColumnDef::new(Alias::new("promised_quantity")).big_integer().not_null())
        .col(ColumnDef::new(Alias::new("cause")).text())
        .col(ColumnDef::new(Alias::new("note")).text().not_null())
        .col(ColumnDef::new(Alias::new("contact_name")).text())
        .col(ColumnDef::new(Alias::new("contact_phone")).text())
        .col(ColumnDef::new(Alias::new("late")).boolean().not_null())
        .col(ColumnDef::new(Alias::new("at")).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(Alias::new("by_name")).text().not_null())
        .primary_key(Index::create().col(Alias::new("ticket_id")).col(Alias::new("version")))
        .foreign_key(
            ForeignKey::create()
                .from(Alias::new("promise"), Alias::new("ticket_id"))
                .to(Alias::new("ticket"), Alias::new("id")),
        );
    table.to_owned()
}

fn escalation() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("escalation"))
        .col(ColumnDef::new(Alias::new("id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("ticket_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("ordinal")).small_integer().not_null())
        .col(ColumnDef::new(Alias::new("round")).small_integer().not_null())
        .col(ColumnDef::new(Alias::new("level")).text().not_null())
        .col(ColumnDef::new(Alias::new("bureau_id")).uuid())
        .col(ColumnDef::new(Alias::new("reasons")).json_binary().not_null())
        .col(ColumnDef::new(Alias::new("opened_at")).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(Alias::new("climbs_at")).timestamp_with_time_zone())
        .col(ColumnDef::new(Alias::new("acknowledged_at")).timestamp_with_time_zone())
        .col(ColumnDef::new(Alias::new("closed_at")).timestamp_with_time_zone())
        .col(ColumnDef::new(Alias::new("conclusion")).text())
        .primary_key(Index::create().col(Alias::new("id")))
        .foreign_key(
            ForeignKey::create()
                .from(Alias::new("escalation"), Alias::new("ticket_id"))
                .to(Alias::new("ticket"), Alias::new("id")),
        );
    table.to_owned()
}

fn measure() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("measure"))
        .col(ColumnDef::new(Alias::new("ticket_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("ordinal")).small_integer().not_null())
        .col(ColumnDef::new(Alias::new("escalation_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("kind")).text().not_null())
        .col(ColumnDef::new(Alias::new("text")).text().not_null())
        .col(ColumnDef::new(Alias::new("due_on")).date())
        .col(ColumnDef::new(Alias::new("at")).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(Alias::new("by_user")).uuid().not_null())
        .primary_key(Index::create().col(Alias::new("ticket_id")).col(Alias::new("ordinal")))
        .foreign_key(
            ForeignKey::create()
                .from(Alias::new("measure"), Alias::new("ticket_id"))
                .to(Alias::new("ticket"), Alias::new("id")),
        );
    table.to_owned()
}

fn event() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("event"))
        .col(ColumnDef::new(Alias::new("ticket_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("sequence")).integer().not_null())
        .col(ColumnDef::new(Alias::new("at")).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(Alias::new("kind")).text().not_null())
        .col(ColumnDef::new(Alias::new("by_user")).uuid())
        .col(ColumnDef::new(Alias::new("by_organisation")).uuid())
        .col(ColumnDef::new(Alias::new("data")).json_binary().not_null())
        .col(ColumnDef::new(Alias::new("brief")).json_binary().not_null())
        .primary_key(Index::create().col(Alias::new("ticket_id")).col(Alias::new("sequence")))
        .foreign_key(
            ForeignKey::create()
                .from(Alias::new("event"), Alias::new("ticket_id"))
                .to(Alias::new("ticket"), Alias::new("id")),
        );
    table.to_owned()
}

fn message() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("message"))
        .col(ColumnDef::new(Alias::new("ticket_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("sequence")).integer().not_null())
        .col(ColumnDef::new(Alias::new("id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("at")).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(Alias::new("by_user")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("by_organisation")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("audience")).text().not_null())
        .col(ColumnDef::new(Alias::new("body")).text().not_null())
        .primary_key(Index::create().col(Alias::new("ticket_id")).col(Alias::new("sequence")))
        .foreign_key(
            ForeignKey::create()
                .from(Alias::new("message"), Alias::new("ticket_id"))
                .to(Alias::new("ticket"), Alias::new("id")),
        );
    table.to_owned()
}

fn timer() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("timer"))
        .col(ColumnDef::new(Alias::new("ticket_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("organisation_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("due_at")).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(Alias::new("attempt")).small_integer().not_null())
        .primary_key(Index::create().col(Alias::new("ticket_id")))
        .foreign_key(
            ForeignKey::create()
                .from(Alias::new("timer"), Alias::new("ticket_id"))
                .to(Alias::new("ticket"), Alias::new("id")),
        );
    table.to_owned()
}

fn notice() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("notice"))
        .col(ColumnDef::new(Alias::new("id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("ticket_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("event")).integer().not_null())
        .col(ColumnDef::new(Alias::new("kind")).text().not_null())
        .col(ColumnDef::new(Alias::new("batch")).integer().not_null())
        .col(ColumnDef::new(Alias::new("recipient_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("created_at")).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(Alias::new("read_at")).timestamp_with_time_zone())
        .primary_key(Index::create().col(Alias::new("id")))
        .foreign_key(
            ForeignKey::create()
                .from(Alias::new("notice"), Alias::new("ticket_id"))
                .to(Alias::new("ticket"), Alias::new("id")),
        );
    table.to_owned()
}

fn delivery() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("delivery"))
        .col(ColumnDef::new(Alias::new("id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("notice_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("ticket_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("event")).integer().not_null())
        .col(ColumnDef::new(Alias::new("kind")).text().not_null())
        .col(ColumnDef::new(Alias::new("recipient_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("channel")).text().not_null())
        .col(ColumnDef::new(Alias::new("address")).text().not_null())
        .col(ColumnDef::new(Alias::new("state")).text().not_null())
        .col(ColumnDef::new(Alias::new("due_at")).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(Alias::new("attempt")).small_integer().not_null())
        .col(ColumnDef::new(Alias::new("claimed_by")).uuid())
        .col(ColumnDef::new(Alias::new("claimed_until")).timestamp_with_time_zone())
        .col(ColumnDef::new(Alias::new("finished_at")).timestamp_with_time_zone())
        .col(ColumnDef::new(Alias::new("response")).text())
        .primary_key(Index::create().col(Alias::new("id")))
        .foreign_key(
            ForeignKey::create()
                .from(Alias::new("delivery"), Alias::new("notice_id"))
                .to(Alias::new("notice"), Alias::new("id")),
        );
    table.to_owned()
}

fn idempotency() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("idempotency"))
        .col(ColumnDef::new(Alias::new("user_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("route")).text().not_null())
        .col(ColumnDef::new(Alias::new("key")).text().not_null())
        .col(ColumnDef::new(Alias::new("fingerprint")).text().not_null())
        .col(ColumnDef::new(Alias::new("status")).small_integer().not_null())
        .col(ColumnDef::new(Alias::new("etag")).text())
        .col(ColumnDef::new(Alias::new("body")).text().not_null())
        .col(ColumnDef::new(Alias::new("created_at")).timestamp_with_time_zone().not_null())
        .primary_key(
            Index::create()
                .col(Alias::new("user_id"))
                .col(Alias::new("route"))
                .col(Alias::new("key")),
        )
        .foreign_key(
            ForeignKey::create()
                .from(Alias::new("idempotency"), Alias::new("user_id"))
                .to(Alias::new("app_user"), Alias::new("id")),
        );
    table.to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        unique("app_user", &["username"]),
        unique("organisation", &["kind", "division", "name"]),
        index("app_user", &["organisation_id"]),
        index("session", &["user_id"]),
        index("session", &["expires_at"]),
        index("sign_in_failure", &["username", "at"]),
        unique("product", &["code", "province"]),
        index("product", &["manufacturer_id"]),
        index("agreement", &["hospital_id"]),
        unique("policy", &["version"]),
        unique("ticket", &["number"]),
        index("ticket", &["hospital_id", "filed_at", "id"]),
        index("ticket", &["manufacturer_id", "filed_at", "id"]),
        index("ticket", &["distributor_id", "filed_at", "id"]),
        index("ticket", &["division", "filed_at", "id"]),
        // A rung is entered once in a round, whatever two replicas do at once.
        unique("escalation", &["ticket_id", "round", "level"]),
        index("escalation", &["bureau_id", "opened_at"]),
        unique("message", &["id"]),
        index("timer", &["organisation_id", "due_at"]),
        index("timer", &["due_at"]),
        unique("notice", &["ticket_id", "event", "kind", "batch", "recipient_id"]),
        index("notice", &["recipient_id", "id"]),
        // A notice leaves once per channel, whatever two replicas do at once.
        unique("delivery", &["notice_id", "channel"]),
        index("delivery", &["ticket_id"]),
        index("delivery", &["state", "channel", "due_at"]),
        index("idempotency", &["created_at"]),
    ]
}

fn index(table: &str, columns: &[&str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(format!("ix_{table}_{}", columns.join("_"))).table(Alias::new(table));
    for column in columns {
        index.col(Alias::new(*column));
    }
    index.to_owned()
}

fn unique(table: &str, columns: &[&str]) -> IndexCreateStatement {
    index(table, columns).unique().to_owned()
}

/// Full text over the terms that the service cuts: see the domain's search module.
fn search(backend: DatabaseBackend) -> &'static [&'static str] {
    if backend == DatabaseBackend::Sqlite {
        &[
            "create virtual table ticket_search using fts5(\
               search_terms, content='ticket', content_rowid='rowid', tokenize='unicode61')",
            "create trigger ticket_search_insert after insert on ticket begin \
               insert into ticket_search(rowid, search_terms) values (new.rowid, new.search_terms); end",
        ]
    } else {
        &["create index ix_ticket_search on ticket using gin (to_tsvector('simple', search_terms))"]
    }
}
