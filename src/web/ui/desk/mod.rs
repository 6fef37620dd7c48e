//! The desks of those who keep the service: administrators, security, auditors.
//!
//! **Never** shows a party's text of a ticket.

pub(super) mod agreements;
mod audit;
mod cards;
mod chain;
mod channels;
pub(super) mod contacts;
mod deliveries;
pub(super) mod house;
mod locks;
mod organisations;
mod outcome;
pub(super) mod person;
pub(super) mod products;
mod users;

pub(super) use audit::list as audit;
pub(super) use cards::{Desk, desk};
pub(super) use chain::{entry as audit_entry, verification};
pub(super) use channels::{
    list as channels, save as set_channel, show as channel, test as test_channel,
};
pub(super) use deliveries::{list as deliveries, replay};
pub(super) use locks::list as locks;
pub(super) use organisations::list as organisations;
pub(super) use users::list as users;
