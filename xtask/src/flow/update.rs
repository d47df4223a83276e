//! Step 5: a new version takes over while a match of the old one goes on.

use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::json;

use super::address::Addresses;
use super::cloud::text_of;
use super::connect::{finish, seat_all};
use super::deploy::{Fleet, Published, deploy_match_fleet};
use super::match_session::{MatchRules, Session, create_match, join_all};
use super::player::Player;
use super::stage::{Seen, Stage, Wait, reach};

/// Fifteen seconds, and nobody ends them earlier: the alias moves in the middle of this match.
const OLD_MATCH: MatchRules = MatchRules { players: 2, ticks: 900, score_to_win: 9_999 };
const NEW_MATCH: MatchRules = MatchRules { players: 2, ticks: 300, score_to_win: 10 };
/// An idle game server ends at once when it is asked to; its protection would give it five minutes.
const DRAIN_DEADLINE: Duration = Duration::from_secs(120);

/// Step 5.
pub(super) fn update(stage: &mut Stage<'_>, published: &Published, addresses: &Addresses) -> Result<()> {
    let (old, alias) = (&published.matches, addresses.alias.as_str());

    stage.part("version 2.0 gets a fleet; nobody plays on it yet");
    let new = deploy_match_fleet(stage, "2.0", 1)?;

    stage.part("a match begins on version 1.0, through the alias");
    resolves_to(stage, alias, old)?;
    let old_match = create_match(stage, ("AliasId", alias), "before", OLD_MATCH)?;
    let seats = join_all(stage, &old_match, &["gwen", "hugo"])?;
    let mut old_players = seat_all(stage, &seats, 7)?;
    for player in &mut old_players {
        player.wait_until_joined(stage)?;
    }

    stage.part("the alias moves; the next session lands on version 2.0");
    let strategy = json!({"Type": "SIMPLE", "FleetId": new.id});
    stage.call("UpdateAlias", json!({"AliasId": alias, "RoutingStrategy": strategy}))?;
    resolves_to(stage, alias, &new)?;
    let new_match = create_match(stage, ("AliasId", alias), "after", NEW_MATCH)?;
    if old_match.fleet != old.id || new_match.fleet != new.id {
        bail!("the sessions landed on `{}` and `{}`", old_match.fleet, new_match.fleet);
    }
    // Asked at once: the match ends by its own rules, however long the next players take to come.
    goes_on(stage, &old_match, &mut old_players)?;
    let seats = join_all(stage, &new_match, &["ida", "jon"])?;
    let mut new_players = seat_all(stage, &seats, 9)?;
    for player in &mut new_players {
        player.wait_until_joined(stage)?;
    }

    stage.part("the running match goes on, undisturbed, to its end");
    let old_winner = finish(stage, &mut old_players, &old_match)?;
    let new_winner = finish(stage, &mut new_players, &new_match)?;

    stage.part("version 1.0 is drained and deleted");
    retire(stage, old)?;
    stage.fact("winners", json!([old_winner, new_winner]));
    stage.fact("alias", json!({"moved_from": old.id, "moved_to": new.id}));
    stage.fact("deleted", old.id.clone());
    Ok(())
}

/// Both players are in the match, and it is not over.
fn goes_on(stage: &mut Stage<'_>, session: &Session, players: &mut [Player]) -> Result<()> {
    let answer = stage.call("DescribeGameServerSessions", json!({"GameServerSessionId": session.id}))?;
    let session = &answer["GameServerSessions"][0];
    let (status, count) = (text_of(session, "/Status"), text_of(session, "/CurrentPlayerSessionCount"));
    if (status.as_str(), count.as_str()) != ("ACTIVE", "2") {
        bail!("the running match should be ACTIVE with 2 players, it is `{status}` with {count}");
    }
    for player in players {
        if !player.is_playing()? {
            bail!("the match on version 1.0 was over before the alias had moved");
        }
    }
    Ok(())
}

fn resolves_to(stage: &mut Stage<'_>, alias: &str, fleet: &Fleet) -> Result<()> {
    let answer = stage.call("ResolveAlias", json!({"AliasId": alias}))?;
    match text_of(&answer, "/FleetId") {
        found if found == fleet.id => Ok(()),
        found => bail!("the alias should route to `{}` and routes to `{found}`", fleet.id),
    }
}

/// Takes a fleet's last instance away, and waits until it is gone.
pub(crate) fn drain(stage: &mut Stage<'_>, fleet: &Fleet) -> Result<()> {
    stage.fleet_in_focus = Some(fleet.id.clone());
    stage.call("UpdateFleetCapacity", json!({"FleetId": fleet.id, "MinSize": 0, "DesiredInstances": 0}))?;
    let wait = Wait::until("no instance is left", DRAIN_DEADLINE);
    stage.wait("DescribeFleetCapacity", json!({"FleetIds": [fleet.id]}), &wait, |_, answer| {
        let count = |member: &str| text_of(answer, &format!("/FleetCapacity/0/InstanceCounts/{member}"));
        let counts = ["Pending", "Active", "Idle", "Terminating"].map(count);
        Ok(if counts.iter().all(|count| count == "0") {
            Seen::Reached("no instance".to_owned())
        } else {
            Seen::Underway(format!("{} active, {} terminating", counts[1], counts[3]))
        })
    })?;
    Ok(())
}

/// Takes a fleet's last instance away, then the fleet.
fn retire(stage: &mut Stage<'_>, fleet: &Fleet) -> Result<()> {
    drain(stage, fleet)?;
    stage.call("DeleteFleet", json!({"FleetId": fleet.id}))?;
    let wait = Wait::until("the fleet is TERMINATED", Duration::from_secs(60));
    let look = reach("/FleetAttributes/0/Status", "TERMINATED", &["ERROR"]);
    stage.wait("DescribeFleetAttributes", json!({"FleetIds": [fleet.id]}), &wait, look)?;
    Ok(())
}
