//! Which text each delivery is rendered with: the newest, or the one of its first attempt.
//!
//! **Never** keeps anybody from being told: a text that cannot be used gives way to the one that
//! ships, and administrators are told of it once.

use std::collections::{BTreeMap, HashMap};

use sea_orm::ConnectionTrait;

use super::recurring::tell_administrators;
use super::templates::{Kept, Stored, checked, name};
use super::{App, Error};
use crate::domain::alarm::Alarm;
use crate::domain::bulletin::Bulletin;
use crate::domain::id::DeliveryId;
use crate::domain::template::{LetterKind, PartyKind, Slot, Topic, Wording};
use crate::store::outbox::{self, Cause, Claimed};
use crate::store::templates;

/// The texts of some deliveries.
#[derive(Debug, Clone, Default)]
pub(super) struct Wordings {
    own: HashMap<DeliveryId, Wording>,
    broken: BTreeMap<Slot, i32>,
}

impl Wordings {
    /// Chooses a text for each delivery.
    pub(super) async fn of<'a>(
        db: &impl ConnectionTrait,
        claimed: impl Iterator<Item = &'a Claimed> + Clone,
    ) -> Result<Self, Error> {
        Ok(Self::choose(db, claimed).await?.0)
    }

    /// The same, and each delivery keeps its text from now on.
    pub(super) async fn pinned(
        db: &impl ConnectionTrait,
        claimed: &[Claimed],
    ) -> Result<Self, Error> {
        let (chosen, versions) = Self::choose(db, claimed.iter()).await?;
        let mut by_version: BTreeMap<i32, Vec<DeliveryId>> = BTreeMap::new();
        for one in claimed.iter().filter(|one| one.template.is_none()) {
            if let Some(version) = versions.get(&one.id) {
                by_version.entry(*version).or_default().push(one.id);
            }
        }
        for (version, ids) in by_version {
            outbox::pin(db, version, ids.into_iter()).await?;
        }
        Ok(chosen)
    }

    async fn choose<'a>(
        db: &impl ConnectionTrait,
        claimed: impl Iterator<Item = &'a Claimed> + Clone,
    ) -> Result<(Self, HashMap<DeliveryId, i32>), Error> {
        let mut kinds: Vec<Topic> =
            claimed.clone().filter_map(slot).map(|slot| slot.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let known = templates::of_kinds(db, &kinds).await?;
        let (mut chosen, mut versions) = (Self::default(), HashMap::new());
        for one in claimed {
            let Some(slot) = slot(one) else { continue };
            let mut own = known.iter().filter(|kept| kept.slot == slot);
            let kept = match one.template {
                Some(version) => own.find(|kept| kept.version == version),
                None => own.next(),
            };
            versions.insert(one.id, kept.map_or(0, |kept| kept.version));
            if let Some(kept) = kept {
                chosen.put(one.id, kept);
            }
        }
        Ok((chosen, versions))
    }

    fn put(&mut self, id: DeliveryId, kept: &Kept) {
        match &kept.stored {
            Stored::Shipped => {}
            // Looked at again: what was sound when it was kept need not be to this version.
            Stored::Own(wording) => match checked(kept.slot, wording) {
                Ok((wording, _)) => drop(self.own.insert(id, wording)),
                Err(_) => drop(self.broken.insert(kept.slot, kept.version)),
            },
            Stored::Unreadable(_) => drop(self.broken.insert(kept.slot, kept.version)),
        }
    }

    /// The text of a delivery; `None` = the one that ships.
    pub(super) fn own(&self, id: DeliveryId) -> Option<&Wording> {
        self.own.get(&id)
    }

    /// Tells administrators of texts that could not be used, each once.
    pub(super) async fn raise_alarms(&self, app: &App) {
        if self.broken.is_empty() {
            return;
        }
        let alarm = |(slot, version): (&Slot, &i32)| {
            let template = name(*slot);
            tracing::error!(%template, version, "a text cannot be used; the shipped one is sent");
            let key = format!("template_broken:{template}:{version}");
            Alarm { key, bulletin: Bulletin::TemplateBroken { template, version: *version } }
        };
        let alarms = self.broken.iter().map(alarm).collect();
        if let Err(error) = tell_administrators(app, alarms).await {
            tracing::error!(%error, "administrators could not be told of a text");
        }
    }
}

/// What text a delivery has; `None` for what nobody words anew.
fn slot(one: &Claimed) -> Option<Slot> {
    let (kind, party) = match &one.cause {
        Cause::Ticket { kind, .. } => (Topic::Notice(*kind), PartyKind::of(one.role)?),
        Cause::Bulletin { bulletin, .. } => {
            (Topic::Letter(LetterKind::of(bulletin)?), PartyKind::Anybody)
        }
    };
    Some(Slot { kind, party, channel: one.channel, language: one.language })
}
