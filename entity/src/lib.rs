//! The tables, one file each, column for column.
//!
//! **Never** holds behaviour; the store turns rows into the domain's values.

pub mod agreement;
pub mod app_user;
pub mod attachment;
pub mod audit;
pub mod audit_anchor;
pub mod bulletin;
pub mod calendar;
pub mod calendar_day;
pub mod calendar_edit;
pub mod calendar_year;
pub mod channel;
pub mod contact;
pub mod contact_code;
pub mod deadline;
pub mod delivery;
pub mod division;
pub mod draft;
pub mod escalation;
pub mod event;
pub mod feed;
pub mod idempotency;
pub mod import;
pub mod invitation;
pub mod measure;
pub mod merged_ticket;
pub mod message;
pub mod notice;
pub mod organisation;
pub mod policy;
pub mod product;
pub mod promise;
pub mod replan_batch;
pub mod replan_entry;
pub mod request;
pub mod session;
pub mod setting;
pub mod sign_in_failure;
pub mod template;
pub mod tick;
pub mod ticket;
pub mod timer;
