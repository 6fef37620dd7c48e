//! Supplyline (供应保障诉求对接平台): the channel through which hospitals get the centrally
//! procured drugs they are owed.
//!
//! A hospital files a ticket; the manufacturer must reply within 2 working days and solve it
//! within 5; what is not answered or not kept climbs to the city bureau and the province, and
//! everybody is told by mail and text message.
//!
//! # The layers
//!
//! ```text
//! main → commands → startup → web ─┬──────┐
//!                             │    └→ live ┼→ service → store → entity
//!                             └→ jobs ─────┘    ├──→ domain ←── store
//!                                 │             ├──→ sheet, files → domain
//!                                 │             └──→ seal
//!                                 └→ notify → domain
//! ```
//!
//! | module | its one duty |
//! |---|---|
//! | [`domain`] | *decides*: calendar, ticket, ladder, notices, access; pure |
//! | [`service`] | *orchestrates and commits*: one transaction per use case |
//! | [`store`] | *remembers*: the only SQL, both databases |
//! | [`notify`] | *delivers*: mail by SMTP, text messages by signed webhook |
//! | [`sheet`] | *reads* tables out of files, within limits; pure |
//! | [`files`] | *keeps* the bytes of attachments: a folder, or S3 |
//! | [`backup`] | *copies* everything for the worst day |
//! | [`seal`] | *signs* what must be proved later, and verifies it; pure but for the key file |
//! | [`jobs`] | *repeat*: the sweep, the deliveries, the clearing up |
//! | [`live`] | *tells* listeners at once what changed, as far as they may know it |
//! | [`web`] | *translates*: HTTP in, HTTP out |
//! | [`startup`], [`commands`], [`demo`] | *wire* it together |
//! | [`config`], [`clock`], [`telemetry`], [`shipped`] | settings, time, logs, embedded data |
//! | [`crash`] | *stops* at named places, in builds for proofs |
//!
//! # Invariants
//!
//! 1. **One way to change.** A ticket changes only by what [`domain::ticket::decide`] and
//!    [`domain::ticket::advance`] yield, for clicks, API calls and passed deadlines alike.
//! 2. **Time is passed in.** A use case asks the [`clock`] once; no rule and no query reads one.
//! 3. **All or nothing.** The ticket, its timeline, its timer, its notices, its outbox rows and
//!    the answer to a keyed request are one transaction, on disk before the client hears of it.
//! 4. **No I/O inside a transaction** but the database's.
//! 5. **Timers are data.** One row per ticket says when to look at it; what has to happen then is
//!    read off the ticket, so the two cannot disagree.
//! 6. **Once.** A rung once per round, a notice once per person and channel, a keyed request
//!    once: unique keys in the database say so, not a leader.
//! 7. **A scope or nothing.** Use cases on tenants' data take a [`domain::access::Scope`], which
//!    only the check of a session makes; what it does not include does not exist.
//! 8. **A miss is for good.** A late answer leaves a deadline missed and says by how much.
//! 9. **On hold nothing fires.** Whatever falls due, leaves or recurs passes the engine's gate.
//! 10. **Both databases.** Every difference between SQLite and PostgreSQL is in `store::dialect`.
//! 11. **Imports point one way**, as drawn above; `tests/tidy.rs` checks it.
//!
//! # Words
//!
//! *ticket* 诉求单 · *reply* 回复 · *promise* 承诺 · *deadline* 时限 · *working day* 工作日 ·
//! *calendar* 工作日历 · *policy* 时限规则 · *escalation* 督办升级 · *rung* a step of the ladder ·
//! *measure* 处置措施 · *notice* 通知 · *delivery* 送达 · *bureau* 医保局 · *hold* 暂停触发

pub mod backup;
pub mod clock;
pub mod commands;
pub mod config;
pub mod crash;
pub mod demo;
pub mod domain;
pub mod files;
pub mod jobs;
pub mod live;
pub mod notify;
pub mod seal;
pub mod service;
pub mod sheet;
pub mod shipped;
pub mod startup;
pub mod store;
pub mod telemetry;
pub mod web;
