//! Row-level security, as a second net below the conditions of every query, and an audit log that
//! the service cannot rewrite: an addition that earlier code can ignore.
//!
//! On PostgreSQL the owner of the tables is exempt, so nothing changes for whoever serves as the
//! owner. A role that owns nothing sees what the settings of its transaction reach, and without
//! any nothing. `supplyline.reach` is `service` or a role's word; `supplyline.organisation`,
//! `supplyline.person`, `supplyline.division_from` and `supplyline.division_before` narrow it.
//! Only `service` writes. SQLite has no roles: there, triggers keep the audit log.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DatabaseBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        db.execute_unprepared(PERSON_NAME).await?;
        if manager.get_database_backend() == DatabaseBackend::Sqlite {
            for (_, trigger) in TRIGGERS {
                db.execute_unprepared(trigger).await?;
            }
            return Ok(());
        }
        for (table, condition) in READ {
            db.execute_unprepared(&secure(table, &written(condition))).await?;
        }
        for policy in SERVICE_ON_AUDIT {
            db.execute_unprepared(&written(policy)).await?;
        }
        db.execute_unprepared(&written(FIND_TICKETS)).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        db.execute_unprepared("drop view person_name").await?;
        if manager.get_database_backend() == DatabaseBackend::Sqlite {
            for (name, _) in TRIGGERS {
                db.execute_unprepared(&format!("drop trigger {name}")).await?;
            }
            return Ok(());
        }
        db.execute_unprepared("drop function tickets_with(text, integer)").await?;
        for policy in ["service_insert", "service_link", "service_forget"] {
            db.execute_unprepared(&format!("drop policy if exists {policy} on audit")).await?;
            let of_anchor = format!("drop policy if exists {policy} on audit_anchor");
            db.execute_unprepared(&of_anchor).await?;
        }
        for (table, _) in READ {
            let drop = format!(
                "drop policy if exists service on {table}; drop policy person_reads on {table}; \
                 alter table {table} disable row level security"
            );
            db.execute_unprepared(&drop).await?;
        }
        Ok(())
    }
}

/// What anybody may know of a person: what they are called.
const PERSON_NAME: &str = "create view person_name as select id, name from app_user";

/// Each table with the condition that a person may read a row of it. Where the service's own reach
/// has other rights than all, they follow in [`SERVICE_ON_AUDIT`].
const READ: [(&str, &str); 41] = [
    ("ticket", "{sees_ticket}"),
    ("deadline", "{of_ticket}"),
    ("promise", "{of_ticket}"),
    ("escalation", "{of_ticket}"),
    ("measure", "{of_ticket}"),
    ("event", "{of_ticket}"),
    ("request", "{of_ticket}"),
    ("feed", "{of_ticket}"),
    ("merged_ticket", "{of_ticket}"),
    ("replan_entry", "{of_ticket}"),
    ("message", "{audible} and {of_ticket}"),
    ("attachment", "{audible} and {of_ticket}"),
    ("timer", "false"),
    ("notice", "recipient_id = {person}"),
    ("delivery", "recipient_id = {person} or {reach} = 'admin' or {of_ticket}"),
    (
        "bulletin",
        "{reach} = 'admin' or exists (select 1 from notice where notice.bulletin_id = bulletin.id)",
    ),
    ("draft", "user_id = {person}"),
    ("organisation", "{anybody}"),
    ("product", "{anybody}"),
    ("agreement", "{of_agreement}"),
    ("app_user", "organisation_id = {own} or {reach} in ('admin', 'security')"),
    ("contact", "organisation_id = {own} or {reach} = 'admin'"),
    ("contact_code", "false"),
    ("channel", "{reach} = 'admin'"),
    (
        "calendar",
        "organisation_id is null and {anybody} or organisation_id = {own} \
         or {reach} in ('admin', 'bureau')",
    ),
    ("calendar_year", "{of_calendar}"),
    ("calendar_day", "{of_calendar}"),
    ("calendar_edit", "{of_calendar}"),
    ("division", "{anybody}"),
    ("policy", "{anybody}"),
    ("template", "{anybody}"),
    ("import", "{reach} = 'admin'"),
    ("replan_batch", "{reach} = 'admin'"),
    ("audit", "{reach} = 'auditor'"),
    ("audit_anchor", "{reach} = 'auditor'"),
    ("session", "false"),
    ("sign_in_failure", "false"),
    ("invitation", "false"),
    ("idempotency", "false"),
    ("setting", "false"),
    ("tick", "false"),
];

/// What the service may do to the audit log: write entries, link those that are not linked, and
/// forget those that are older than a year and stand before a beginning. The anchor's row is
/// locked by whoever links, and never changed.
const SERVICE_ON_AUDIT: [&str; 7] = [
    "create policy service on audit for select using ({reach} = 'service')",
    "create policy service_insert on audit for insert with check ({reach} = 'service')",
    "create policy service_link on audit for update
         using ({reach} = 'service' and seq is null) with check ({reach} = 'service')",
    "create policy service_forget on audit for delete
         using ({reach} = 'service' and at < now() - interval '365 days'
             and seq <= (select max(audit_anchor.seq) from audit_anchor))",
    "create policy service on audit_anchor for select using ({reach} = 'service')",
    "create policy service_insert on audit_anchor for insert with check ({reach} = 'service')",
    "create policy service_link on audit_anchor for update
         using ({reach} = 'service') with check (false)",
];

fn secure(table: &str, condition: &str) -> String {
    let service = if table.starts_with("audit") {
        String::new()
    } else {
        let all = written("({reach} = 'service')");
        format!("create policy service on {table} using {all} with check {all};")
    };
    format!(
        "alter table {table} enable row level security; {service}
         create policy person_reads on {table} for select using ({condition})"
    )
}

/// A condition with its parts. Settings are read once per statement, hence the inner selects.
fn written(condition: &str) -> String {
    let parts = [
        ("{sees_ticket}", SEES_TICKET),
        ("{of_agreement}", OF_AGREEMENT),
        ("{of_ticket}", "exists (select 1 from ticket where ticket.id = ticket_id)"),
        ("{of_calendar}", "exists (select 1 from calendar where calendar.id = calendar_id)"),
        ("{audible}", AUDIBLE),
        (
            "{anybody}",
            "{reach} in ('hospital', 'manufacturer', 'distributor', 'bureau', 'admin', \
             'security', 'auditor')",
        ),
        ("{in_division}", "division >= {from} and division < {before}"),
        ("{reach}", "(select current_setting('supplyline.reach', true))"),
        ("{own}", "(select nullif(current_setting('supplyline.organisation', true), '')::uuid)"),
        ("{person}", "(select nullif(current_setting('supplyline.person', true), '')::uuid)"),
        ("{from}", "(select nullif(current_setting('supplyline.division_from', true), '')::int)"),
        (
            "{before}",
            "(select nullif(current_setting('supplyline.division_before', true), '')::int)",
        ),
    ];
    let mut text = condition.to_owned();
    for (name, meaning) in parts {
        text = text.replace(name, meaning);
    }
    text
}

const SEES_TICKET: &str = "case {reach}
        when 'hospital' then hospital_id = {own}
        when 'manufacturer' then manufacturer_id = {own}
        when 'distributor' then distributor_id = {own}
        when 'bureau' then {in_division}
        when 'admin' then true
        else false end";

const OF_AGREEMENT: &str = "case {reach}
        when 'hospital' then hospital_id = {own}
        when 'distributor' then distributor_id = {own}
        when 'manufacturer' then exists (select 1 from product
            where product.id = product_id and product.manufacturer_id = {own})
        when 'bureau' then exists (select 1 from organisation
            where organisation.id = hospital_id and {in_division})
        when 'admin' then true
        else false end";

/// Administrators see no party's text.
const AUDIBLE: &str = "(by_organisation = {own} or case audience
        when 'all' then {reach} <> 'admin'
        when 'hospital_bureau' then {reach} in ('hospital', 'bureau')
        when 'bureau' then {reach} = 'bureau'
        else false end)";

/// The ids of some of the tickets in which a phrase occurs, as far as the transaction reaches.
/// Row-level security does not let the index of the words be used, since the operator might tell
/// what it saw; here it is used first, and nothing is told but what is reached. It is run as the
/// owner, and planned for each phrase: rare ones are looked up, of frequent ones some are met soon.
const FIND_TICKETS: &str = "
    do $make$
    begin
        execute format($body$
            create function tickets_with(phrase text, most integer) returns setof uuid
            language plpgsql stable security definer set search_path = pg_catalog, %1$I, pg_temp
            set plan_cache_mode = force_custom_plan
            as $$
            declare
                reach text := {reach};
                own uuid := {own};
                terms tsquery := phraseto_tsquery('simple', phrase);
            begin
                if reach = 'hospital' then return query
                    select id from ticket where hospital_id = own
                        and to_tsvector('simple', search_terms) @@ terms limit most;
                elsif reach = 'manufacturer' then return query
                    select id from ticket where manufacturer_id = own
                        and to_tsvector('simple', search_terms) @@ terms limit most;
                elsif reach = 'distributor' then return query
                    select id from ticket where distributor_id = own
                        and to_tsvector('simple', search_terms) @@ terms limit most;
                elsif reach = 'bureau' then return query
                    select id from ticket where {in_division}
                        and to_tsvector('simple', search_terms) @@ terms limit most;
                elsif reach in ('admin', 'service') then return query
                    select id from ticket where to_tsvector('simple', search_terms) @@ terms limit most;
                end if;
            end $$
        $body$, current_schema());
        revoke all on function tickets_with(text, integer) from public;
    end $make$";

/// What is linked stays as it is; what is not may be signed and linked; nothing is removed but
/// what stands before a beginning.
const TRIGGERS: [(&str, &str); 4] = [
    (
        "audit_is_kept",
        "create trigger audit_is_kept before update on audit
         when old.seq is not null or new.id is not old.id or new.at is not old.at
             or new.user_id is not old.user_id or new.username is not old.username
             or new.organisation_id is not old.organisation_id or new.role is not old.role
             or new.address is not old.address or new.action is not old.action
             or new.subject is not old.subject or new.detail is not old.detail
         begin select raise(abort, 'an entry of the audit log is not changed'); end",
    ),
    (
        "audit_is_not_cut",
        "create trigger audit_is_not_cut before delete on audit
         when old.seq is null
             or old.seq > coalesce((select max(seq) from audit_anchor), old.seq - 1)
         begin select raise(abort, 'an entry of the audit log is not removed'); end",
    ),
    (
        "audit_anchor_is_kept",
        "create trigger audit_anchor_is_kept before update on audit_anchor
         begin select raise(abort, 'a beginning of the audit log is not changed'); end",
    ),
    (
        "audit_anchor_is_not_cut",
        "create trigger audit_anchor_is_not_cut before delete on audit_anchor
         begin select raise(abort, 'a beginning of the audit log is not removed'); end",
    ),
];
