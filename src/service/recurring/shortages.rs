//! The alarm about shortage events that reach far.
//!
//! **Never** tells a province about another one's hospitals.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};

use super::tell;
use crate::domain::alarm::{Alarm, is_widespread};
use crate::domain::bulletin::{Bulletin, ShortageAlarm};
use crate::domain::id::{OrganisationId, ProductId};
use crate::domain::party::Division;
use crate::domain::shortage::{Line, ShortageEvent, gather};
use crate::service::{App, Error};
use crate::store::accounts::{self, Recipient};
use crate::store::{catalogue, outbox, tickets as kept};

pub(super) async fn run(app: &App, due_at: DateTime<Utc>) -> Result<(), Error> {
    let policies = app.book();
    let thresholds = policies.policies().iter().filter_map(|policy| policy.shortage_alarm);
    let Some(fewest) = thresholds.map(|threshold| threshold.hospitals).min() else {
        return Ok(());
    };
    let mut provinces: BTreeMap<Division, Vec<Line>> = BTreeMap::new();
    for line in kept::widespread_lines(app.store.read_unscoped(), fewest).await? {
        provinces.entry(line.division.province()).or_default().push(line);
    }
    for (province, lines) in provinces {
        of_province(app, province, gather(lines), due_at).await?;
    }
    Ok(())
}

async fn of_province(
    app: &App,
    province: Division,
    events: Vec<ShortageEvent>,
    due_at: DateTime<Utc>,
) -> Result<(), Error> {
    let book = app.book();
    let threshold = book.policy(Some(province), None, due_at).shortage_alarm;
    let named = Names::of(app, &events).await?;
    let mut alarms = Vec::new();
    for event in events {
        let Some(alarm) = named.alarm(&event) else { continue };
        let beginning = format!("shortage:{}:{province}:", event.id);
        let told = told(app, &beginning, &event).await?;
        if is_widespread(&alarm, threshold, told) {
            let key = format!("{beginning}{}", due_at.timestamp());
            alarms.push(Alarm { key, bulletin: Bulletin::Shortage(alarm) });
        }
    }
    if alarms.is_empty() {
        return Ok(());
    }
    let people = province_staff(app, province).await?;
    tell(app, alarms, &people).await
}

/// The hospitals of the last alarm about an event, unless all of its tickets are over: then this
/// is another shortage.
async fn told(app: &App, beginning: &str, event: &ShortageEvent) -> Result<Option<u32>, Error> {
    Ok(match outbox::newest(app.store.read_unscoped(), beginning).await? {
        Some((at, Bulletin::Shortage(told))) if at >= event.since => Some(told.hospitals),
        Some(_) | None => None,
    })
}

async fn province_staff(app: &App, province: Division) -> Result<Vec<Recipient>, Error> {
    let db = app.store.read_unscoped();
    let desks = accounts::desks(db, &[province]).await?;
    let bureaus: Vec<_> = desks.iter().map(|desk| desk.bureau).collect();
    let people = accounts::recipients(db, &bureaus).await?;
    if people.is_empty() {
        tracing::warn!(%province, "a shortage event reaches far, and nobody of the province can be told");
    }
    Ok(people)
}

/// The names that alarms need.
struct Names {
    products: HashMap<ProductId, String>,
    makers: HashMap<OrganisationId, String>,
}

impl Names {
    async fn of(app: &App, events: &[ShortageEvent]) -> Result<Self, Error> {
        let db = app.store.read_unscoped();
        let products: Vec<_> = events.iter().map(|event| event.product).collect();
        let products = catalogue::products(db, &products).await?.into_iter();
        let makers: Vec<_> = events.iter().map(|event| event.manufacturer).collect();
        let makers = accounts::organisations(db, &makers).await?.into_iter();
        Ok(Self {
            products: products
                .map(|product| (product.id, format!("{} {}", product.name, product.specification)))
                .collect(),
            makers: makers.map(|maker| (maker.id, maker.name)).collect(),
        })
    }

    fn alarm(&self, event: &ShortageEvent) -> Option<ShortageAlarm> {
        Some(ShortageAlarm {
            event: event.id,
            product: self.products.get(&event.product)?.clone(),
            manufacturer: self.makers.get(&event.manufacturer)?.clone(),
            hospitals: event.hospitals,
            cities: event.cities,
            tickets: u32::try_from(event.tickets.len()).unwrap_or(u32::MAX),
            quantities: event.quantities.clone(),
            worst_days_of_stock: event.worst_days_of_stock,
        })
    }
}
