//! Where the console's wizard stands for an account in a region (operations.md 8.1, C-D4): what it made in this round and
//! which step is open. The resources themselves are as any others; here is only that they are the wizard's.

use serde::{Deserialize, Serialize};

use crate::asset::{self, CreateAsset};
use crate::capacity::decision::Cause;
use crate::capacity::{self, Capacity};
use crate::command::Command;
use crate::cx::Cx;
use crate::error::Error;
use crate::fleet::{self, CreateFleet, Fleet, FleetStatus};
use crate::game_server_session;
use crate::id::{AssetId, DemoId, FleetId, GameServerSessionId, Scope};
use crate::state::State;
use crate::time::Timestamp;

/// The steps of the wizard, 1 to 4: package, fleet, sessions, client.
pub const STEPS: u32 = 4;

/// A round of the wizard. There is none where nothing was begun, or where the last one was completed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demo {
    /// Follows from the scope.
    pub id: DemoId,
    /// The account and region.
    pub scope: Scope,
    /// The step that was opened last, 1 to 4.
    pub step: u32,
    /// The demo package of this round.
    pub asset: Option<AssetId>,
    /// The demo fleet of this round.
    pub fleet: Option<FleetId>,
    /// The session that was chosen.
    pub session: Option<GameServerSessionId>,
    /// When the round began.
    pub since: Timestamp,
}

impl Demo {
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        None
    }
}

/// Where the wizard stands, as far as what it made is still there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The step that is open: the one that was opened last, or the last that is possible.
    pub step: u32,
    /// The package, while it exists.
    pub asset: Option<AssetId>,
    /// The fleet, while it exists, and its status.
    pub fleet: Option<(FleetId, FleetStatus)>,
    /// The chosen session, while it is not over.
    pub session: Option<GameServerSessionId>,
}

/// Where the wizard stands. What somebody deleted meanwhile is not there, and the step goes back as far as that takes.
pub fn standing(state: &State, scope: &Scope) -> Standing {
    let Some(demo) = state.demos.get(&DemoId::of(scope)) else {
        return Standing { step: 1, ..Standing::default() };
    };
    let asset = demo.asset.clone().filter(|asset| asset::find(state, scope, asset).is_ok());
    let fleet = demo.fleet.as_ref().and_then(|fleet| fleet::find_live(state, scope, fleet).ok());
    let session = demo.session.as_ref().and_then(|id| game_server_session::find(state, scope, id).ok());
    let session = session.filter(|session| !session.status.is_over()).map(|session| session.id.clone());
    let most = furthest(asset.is_some(), fleet);
    let fleet = fleet.map(|fleet| (fleet.id.clone(), fleet.status));
    Standing { step: demo.step.min(most), asset, fleet, session }
}

/// A step needs what the one before it makes; the fleet is enough without its package.
fn furthest(has_asset: bool, fleet: Option<&Fleet>) -> u32 {
    match fleet.map(|fleet| fleet.status) {
        Some(FleetStatus::Active) => STEPS,
        Some(_) => 2,
        None if has_asset => 2,
        None => 1,
    }
}

/// Writes down what the wizard made or was told; `standing` tells it back. Absent members stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The package that was made.
    pub asset: Option<AssetId>,
    /// The fleet that was made.
    pub fleet: Option<FleetId>,
    /// The step that is opened, 1 to 4.
    pub step: Option<u32>,
    /// The session that is chosen.
    pub session: Option<GameServerSessionId>,
}

/// The wizard goes on.
#[derive(Clone, Debug)]
pub struct UpdateDemo {
    /// The account and region.
    pub scope: Scope,
    /// What is new.
    pub progress: Progress,
}

impl Command for UpdateDemo {
    type Reply = Standing;
    const NAME: &'static str = "UpdateDemo";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<Standing, Error> {
        let Self { scope, progress: Progress { asset, fleet, step, session } } = self;
        let mut demo = round(state, cx, &scope);
        if let Some(asset) = asset {
            asset::find(state, &scope, &asset)?;
            demo.asset = Some(asset);
        }
        if let Some(fleet) = fleet {
            fleet::find_live(state, &scope, &fleet)?;
            (demo.fleet, demo.session) = (Some(fleet), None);
        }
        if let Some(session) = session {
            let found = game_server_session::find(state, &scope, &session)?;
            if demo.fleet.as_ref() != Some(&found.fleet) || found.status.is_over() {
                return Err(Error::SessionNotFound(session));
            }
            demo.session = Some(session);
        }
        if let Some(step) = step {
            let has_asset =
                demo.asset.as_ref().is_some_and(|asset| asset::find(state, &scope, asset).is_ok());
            let live = demo.fleet.as_ref().and_then(|fleet| fleet::find_live(state, &scope, fleet).ok());
            let most = furthest(has_asset, live);
            if !(1..=most).contains(&step) {
                let expected = match most {
                    1 => "1; the demo package comes first".to_owned(),
                    2 => "1 or 2; the demo fleet is not ACTIVE".to_owned(),
                    _ => format!("1 to {most}"),
                };
                return Err(Error::Invalid { member: "Step", value: step.to_string(), expected });
            }
            demo.step = step;
        }
        state.demos.insert(demo.id.clone(), demo);
        Ok(standing(state, &scope))
    }
}

/// The round as it is, or a new one.
fn round(state: &State, cx: &Cx<'_>, scope: &Scope) -> Demo {
    let id = DemoId::of(scope);
    state.demos.get(&id).cloned().unwrap_or_else(|| Demo {
        id,
        scope: scope.clone(),
        step: 1,
        asset: None,
        fleet: None,
        session: None,
        since: cx.now,
    })
}

/// Step 1: makes the package of this round and writes it down in one step, so that two clicks at a time make one. A round
/// that has a package keeps it.
#[derive(Clone, Debug)]
pub struct CreateDemoAsset {
    /// The package, in the region of the round.
    pub create: CreateAsset,
}

impl Command for CreateDemoAsset {
    type Reply = Standing;
    const NAME: &'static str = "CreateDemoAsset";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<Standing, Error> {
        let scope = self.create.scope.clone();
        let before = standing(state, &scope);
        if before.asset.is_some() {
            return Ok(before);
        }
        let asset = self.create.apply(state, cx)?.id;
        let round = round(state, cx, &scope);
        state.demos.insert(round.id.clone(), Demo { asset: Some(asset), ..round });
        Ok(standing(state, &scope))
    }
}

/// Step 2: makes the fleet of this round, sets its cool-down and writes it down in one step, so that there is never a fleet
/// that the wizard does not know. A round that has a fleet keeps it, unless that is in ERROR.
#[derive(Clone, Debug)]
pub struct CreateDemoFleet {
    /// The fleet.
    pub create: CreateFleet,
    /// ScalingInterval, 3–30.
    pub scaling_interval_minutes: u32,
}

impl Command for CreateDemoFleet {
    type Reply = Standing;
    const NAME: &'static str = "CreateDemoFleet";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<Standing, Error> {
        let scope = self.create.scope.clone();
        let before = standing(state, &scope);
        if before.fleet.as_ref().is_some_and(|(_, status)| *status != FleetStatus::Error) {
            return Ok(before);
        }
        let fleet = self.create.apply(state, cx)?;
        let scaling_interval_minutes = self.scaling_interval_minutes;
        let wanted = Capacity { scaling_interval_minutes, ..fleet.capacity };
        capacity::write(state, cx, &fleet.id, wanted, Cause::Request);
        let round = round(state, cx, &scope);
        let made = Demo { fleet: Some(fleet.id), session: None, step: 2, ..round };
        state.demos.insert(made.id.clone(), made);
        Ok(standing(state, &scope))
    }
}

/// C-D4, "Complete": the wizard forgets its round; what it made stays.
#[derive(Clone, Debug)]
pub struct CompleteDemo {
    /// The account and region.
    pub scope: Scope,
}

impl Command for CompleteDemo {
    type Reply = Standing;
    const NAME: &'static str = "CompleteDemo";

    fn apply(self, state: &mut State, _cx: &mut Cx<'_>) -> Result<Standing, Error> {
        state.demos.remove(&DemoId::of(&self.scope));
        Ok(standing(state, &self.scope))
    }
}

#[cfg(test)]
mod tests;
