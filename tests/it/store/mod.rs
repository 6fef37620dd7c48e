//! Conformance of the store: the same cases on SQLite and PostgreSQL.

mod engine;
mod keys;
mod lists;
mod outbox;
mod row_security;
mod tickets;
mod timers;
mod worklists;
mod writer;
