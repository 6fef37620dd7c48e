//! The menu of every role.
//!
//! **Never** has an entry that its reader's role would be refused.

use crate::domain::party::Role;

/// An entry of the menu.
#[derive(Debug, Clone, Copy)]
pub(in crate::web) struct Entry {
    pub(in crate::web) address: &'static str,
    pub(in crate::web) key: &'static str,
}

macro_rules! menu {
    ($($address:literal $key:literal),+ $(,)?) => {
        &[$(Entry { address: $address, key: $key }),+]
    };
}

/// The menu of a role.
pub(super) fn menu(role: Role) -> &'static [Entry] {
    match role {
        Role::Hospital => menu![
            "/" "nav-home", "/tickets/new" "nav-file", "/tickets" "nav-tickets",
            "/notices" "nav-notices", "/calculator" "nav-calculator",
            "/calendars" "nav-calendars", "/policies" "nav-policies",
        ],
        Role::Manufacturer => menu![
            "/" "nav-home", "/tickets" "nav-tickets", "/shortage-events" "nav-shortages",
            "/ledger" "nav-ledger", "/notices" "nav-notices", "/calculator" "nav-calculator",
            "/calendars" "nav-calendars", "/policies" "nav-policies",
        ],
        Role::Distributor => menu![
            "/" "nav-home", "/tickets" "nav-tickets", "/notices" "nav-notices",
            "/calculator" "nav-calculator", "/calendars" "nav-calendars",
            "/policies" "nav-policies",
        ],
        Role::Bureau => menu![
            "/" "nav-home", "/escalations" "nav-escalations", "/tickets" "nav-tickets",
            "/shortage-events" "nav-shortages", "/region" "nav-region", "/ledger" "nav-ledger",
            "/notices" "nav-notices", "/calculator" "nav-calculator",
            "/calendars" "nav-calendars", "/policies" "nav-policies",
        ],
        Role::Admin => menu![
            "/" "nav-home", "/organisations" "nav-organisations", "/users" "nav-users",
            "/products" "nav-products",
            "/calendars" "nav-calendars", "/batches" "nav-batches", "/policies" "nav-policies",
            "/templates" "nav-templates", "/channels" "nav-channels",
            "/deliveries" "nav-deliveries", "/tickets" "nav-tickets",
            "/notices" "nav-notices", "/calculator" "nav-calculator",
        ],
        Role::Security => menu![
            "/" "nav-home", "/users" "nav-users", "/locks" "nav-locks", "/notices" "nav-notices",
            "/calculator" "nav-calculator", "/calendars" "nav-calendars",
            "/policies" "nav-policies",
        ],
        Role::Auditor => menu![
            "/" "nav-home", "/audit" "nav-audit", "/notices" "nav-notices",
            "/calculator" "nav-calculator", "/calendars" "nav-calendars",
            "/policies" "nav-policies",
        ],
    }
}
