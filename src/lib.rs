//! Supplyline: the channel through which hospitals get the drugs they are owed.

pub mod clock;
pub mod domain;
pub mod notify;
pub mod service;
pub mod shipped;
pub mod store;
