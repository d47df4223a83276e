//! `gse events`: what happened, oldest first, and with `--follow` what happens.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;
use gse_api::types::{DescribeFleetEventsRequest, Event};

use super::{Showing, json_line, write_on};
use crate::failure::Failure;
use crate::service::Service;

/// Events of a page.
const PAGE: u64 = 100;
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Wide enough for the usual codes.
const CODE_WIDTH: usize = 40;

/// Shows the events of fleets, oldest first.
#[derive(Debug, Args)]
pub(crate) struct EventsArgs {
    /// Only of this fleet, which may be gone; else of all that are not.
    #[arg(long, value_name = "FLEET_ID")]
    fleet: Option<String>,
    /// Goes on with what happens from now on, until Ctrl-C.
    #[arg(long)]
    follow: bool,
    /// So many of the past of each fleet, at most 100.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(0..=PAGE))]
    limit: u64,
    #[command(flatten)]
    showing: Showing,
}

pub(crate) async fn run(args: EventsArgs) -> Result<(), Failure> {
    let json = args.showing.json;
    let service = Service::new(args.showing.connection)?;
    let mut told = Told::default();
    let mut is_first = true;
    loop {
        let fleets = match &args.fleet {
            Some(fleet) => vec![fleet.clone()],
            None => told.with(service.fleets().await?.into_iter().map(|fleet| fleet.fleet_id)),
        };
        let mut events = Vec::new();
        for fleet in &fleets {
            let most = if is_first { Some(args.limit) } else { None };
            events.extend(news(&service, fleet, &mut told, most).await?);
        }
        // Of one second, as each fleet tells them.
        events.sort_by(|a: &Event, b| a.event_time.cmp(&b.event_time));
        for event in &events {
            let line = if json { json_line(event)? } else { line(event) };
            if !write_on(&line)? {
                return Ok(());
            }
        }
        if !args.follow {
            if events.is_empty() && !json {
                eprintln!("there are no events\nhint: a fleet writes some; `gse deploy` makes one");
            }
            return Ok(());
        }
        is_first = false;
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// How far each fleet was told.
#[derive(Default)]
pub(super) struct Told {
    /// The newest event of each fleet; empty where there was none.
    newest: BTreeMap<String, String>,
}

impl Told {
    /// The fleets that there are, and those that were followed: one that is gone still tells of its end.
    fn with(&self, fleets: impl Iterator<Item = String>) -> Vec<String> {
        let mut all: Vec<String> = fleets.chain(self.newest.keys().cloned()).collect();
        all.sort();
        all.dedup();
        all
    }

    /// Of events that come newest first, those that were not told yet; `true` if the last of them was met.
    pub(super) fn new_ones(&self, fleet: &str, events: Vec<Event>) -> (Vec<Event>, bool) {
        let newest = self.newest.get(fleet).map_or("", String::as_str);
        let known = events.iter().position(|event| event.event_id == newest);
        let count = known.unwrap_or(events.len());
        (events.into_iter().take(count).collect(), known.is_some())
    }

    pub(super) fn note(&mut self, fleet: &str, newest: Option<&Event>) {
        let entry = self.newest.entry(fleet.to_owned()).or_default();
        if let Some(newest) = newest {
            entry.clone_from(&newest.event_id);
        }
    }
}

/// What a fleet wrote since it was asked last, oldest first; at first at most as much as is wanted.
async fn news(
    service: &Service,
    fleet: &str,
    told: &mut Told,
    most: Option<u64>,
) -> Result<Vec<Event>, Failure> {
    let mut events: Vec<Event> = Vec::new();
    loop {
        let request = DescribeFleetEventsRequest {
            fleet_id: fleet.to_owned(),
            // Even when nothing of the past is wanted: what follows is what comes after the newest one.
            limit: Some(most.unwrap_or(PAGE).max(1)),
            offset: Some(events.len() as u64),
            ..DescribeFleetEventsRequest::default()
        };
        let page = service.call(&request).await?.events;
        let (is_empty, (new, met)) = (page.is_empty(), told.new_ones(fleet, page));
        // One that came between two pages moves the others down.
        let is_repeated = |event: &Event| events.iter().any(|other| other.event_id == event.event_id);
        let new: Vec<Event> = new.into_iter().filter(|event| !is_repeated(event)).collect();
        events.extend(new);
        if met || is_empty || most.is_some() {
            break;
        }
    }
    told.note(fleet, events.first());
    if most == Some(0) {
        events.clear();
    }
    events.reverse();
    Ok(events)
}

/// Time, code, fleet, message.
pub(super) fn line(event: &Event) -> String {
    let message = event.message.replace(char::is_control, " ");
    let log = if event.pre_signed_log_url.is_empty() { "" } else { " (has a log)" };
    let (time, code, fleet) = (&event.event_time, &event.event_code, &event.resource_id);
    format!("{time}  {code:<CODE_WIDTH$}  {fleet}  {message}{log}\n")
}
