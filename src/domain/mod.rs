//! The rules of the channel, as functions from values to values.
//!
//! Time comes in as an argument, and so do the calendar, the policy and everything else a
//! decision depends on; what goes out is a decision together with its reason. That is why
//! every rule here can be read, tested and replayed without a database.
//!
//! **Never** reads a clock, performs I/O, awaits, or names a database, HTTP or mail crate.

pub mod access;
pub mod alarm;
pub mod attachment;
pub mod audit;
pub mod bulletin;
pub mod calendar;
pub mod channel;
pub mod code;
pub mod contact;
pub mod countdown;
pub mod escalation;
pub mod explanation;
pub mod export;
pub mod feed;
pub mod hold;
pub mod holiday;
pub mod id;
pub mod impact;
pub mod import;
pub mod invitation;
pub mod keeping;
pub mod ledger;
pub mod notice;
pub mod party;
pub mod password;
pub mod pinyin;
pub mod policy;
pub mod retry;
pub mod search;
pub mod shortage;
pub mod skew;
pub mod template;
pub mod territory;
pub mod text;
pub mod ticket;
pub mod words;
