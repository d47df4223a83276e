//! How far away the regions are: measured on a thread of its own, shown as a list, the nearest first.
//!
//! How that is measured is `gse_client::latency`'s business; where to measure, the matchmaker or the cloud API says.

use bevy::prelude::*;
use gse_client::latency::{self, Beacon, Measured};

use crate::{
    errand::Errand, lookup, matchmaker, navigation::Item, navigation::regions_menu, options::Destination,
};

/// Up to here a region is near, in milliseconds; up to the next it is playable.
const NEAR_MS: u64 = 60;
const PLAYABLE_MS: u64 = 150;

/// A region and how far away it is; `None` if it did not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Its name.
    pub(crate) region: String,
    /// Round-trip time in milliseconds.
    pub(crate) latency_ms: Option<u64>,
}

impl Row {
    /// How that plays, in a word: no figure has to be known by heart.
    pub(crate) fn verdict(&self) -> &'static str {
        match self.latency_ms {
            Some(ms) if ms <= NEAR_MS => "near",
            Some(ms) if ms <= PLAYABLE_MS => "playable",
            Some(_) => "far",
            None => "no answer",
        }
    }
}

/// What is known of the regions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Known {
    /// Nothing, and nobody has asked.
    #[default]
    Nothing,
    /// It is being measured.
    Measuring,
    /// This.
    Rows(Vec<Row>),
    /// Why nothing is known, in words.
    Failed(String),
}

/// The regions, and the thread that measures them.
#[derive(Resource, Default)]
pub(crate) struct Regions {
    /// What is known.
    pub(crate) known: Known,
    errand: Option<Errand<Vec<Row>>>,
}

impl Regions {
    /// Measures what this destination names. Done already if it is being done.
    pub(crate) fn measure(&mut self, destination: &Destination) {
        if self.known == Known::Measuring {
            return;
        }
        let destination = destination.clone();
        self.errand = Some(Errand::start("regions", move || measured(destination)));
        self.known = Known::Measuring;
    }

    /// The menu of what is known.
    pub(crate) fn menu(&self) -> Vec<Item> {
        let rows = match &self.known {
            Known::Rows(rows) => rows.as_slice(),
            Known::Nothing | Known::Measuring | Known::Failed(_) => &[],
        };
        let width = rows.iter().map(|row| row.region.len()).max().unwrap_or_default();
        let labels: Vec<(String, String)> = rows
            .iter()
            .map(|row| {
                let ms = row.latency_ms.map_or_else(|| "-".to_owned(), |ms| format!("{ms} ms"));
                let label = format!("{:<width$}  {ms:>8}  {}", row.region, row.verdict());
                (row.region.clone(), label)
            })
            .collect();
        regions_menu(&labels)
    }
}

pub(crate) fn plugin(app: &mut App) {
    app.init_resource::<Regions>().add_systems(PreUpdate, take);
}

fn take(mut regions: ResMut<Regions>) {
    let Some(answer) = regions.bypass_change_detection().errand.as_ref().and_then(Errand::answer) else {
        return;
    };
    regions.known = answer.map_or_else(Known::Failed, Known::Rows);
    regions.errand = None;
}

async fn measured(destination: Destination) -> Result<Vec<Row>, String> {
    let beacons = match &destination {
        Destination::Cloud(cloud) => lookup::beacons(cloud).await?,
        Destination::Matchmaker(matchmaker) => matchmaker::beacons(matchmaker).await?,
        Destination::Address { .. } | Destination::Watch { .. } => {
            return Err("a seat is in one region only".to_owned());
        }
    };
    Ok(rows(&beacons, &latency::measure(&beacons, latency::PROBES).await))
}

/// The nearest first, and those that did not answer last.
fn rows(beacons: &[Beacon], measured: &[Measured]) -> Vec<Row> {
    let of = |region: &str| measured.iter().find(|one| one.region == region).map(|one| one.latency_ms);
    let row = |beacon: &Beacon| Row { region: beacon.region.clone(), latency_ms: of(&beacon.region) };
    let mut rows: Vec<Row> = beacons.iter().map(row).collect();
    rows.sort_by_key(|row| (row.latency_ms.unwrap_or(u64::MAX), row.region.clone()));
    rows
}

#[cfg(test)]
mod tests {
    use gse_client::latency::{Beacon, Measured};

    use super::{Known, Regions, rows};
    use crate::navigation::Choice;

    #[test]
    fn the_nearest_comes_first_and_silence_last() {
        let beacon = |region: &str| Beacon { region: region.to_owned(), udp_address: None, ping_url: None };
        let measured = |region: &str, latency_ms| Measured { region: region.to_owned(), latency_ms };
        let beacons = ["ap-shanghai", "eu-moscow", "na-toronto", "ap-seoul"].map(beacon);
        let found = rows(
            &beacons,
            &[measured("ap-shanghai", 210), measured("eu-moscow", 38), measured("ap-seoul", 90)],
        );
        let shown: Vec<_> = found.iter().map(|row| (row.region.as_str(), row.verdict())).collect();
        assert_eq!(
            shown,
            [
                ("eu-moscow", "near"),
                ("ap-seoul", "playable"),
                ("ap-shanghai", "far"),
                ("na-toronto", "no answer")
            ]
        );
        let menu = Regions { known: Known::Rows(found), errand: None }.menu();
        assert_eq!(menu[1].label, "eu-moscow       38 ms  near");
        assert_eq!(menu[1].choice, Choice::Region(Some("eu-moscow".to_owned())));
        assert_eq!(menu.len(), 7, "anywhere, four regions, again, back");
    }
}
