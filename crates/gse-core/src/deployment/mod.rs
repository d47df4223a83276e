//! What `gse deploy` does next: from what exists in a service now to one step, for an update without downtime
//! (operations.md 4, W2) and for its way back.
//!
//! There is no record of how far a deployment got. Each time everything is looked at again, so a deployment that was
//! killed anywhere goes on where the service stands. Not here: looking, doing, and waiting.

#[cfg(test)]
mod tests;

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// The alias leads to a fleet of the build.
    Update,
    /// The alias leads to the fleet that it led to before.
    RollBack,
}

/// Where the alias leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AliasTarget {
    /// There is no such alias.
    Missing,
    /// It is TERMINAL.
    Nowhere,
    /// To this fleet.
    Fleet(String),
}

/// Where a fleet stands, as far as it matters here. A TERMINATED fleet is no fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// NEW … ACTIVATING.
    Creating,
    /// ACTIVE.
    Active,
    /// ERROR.
    Failed,
    /// DELETING.
    Deleting,
}

/// Settings and numbers of instances (F-30).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the member of that name")]
pub struct Counts {
    pub min: u64,
    pub max: u64,
    pub desired: u64,
    pub pending: u64,
    pub active: u64,
    /// Active ones without a session.
    pub idle: u64,
    pub terminating: u64,
}

impl Counts {
    /// Instances that host a session.
    pub fn busy(&self) -> u64 {
        self.active.saturating_sub(self.idle)
    }

    /// All instances.
    pub fn instances(&self) -> u64 {
        self.pending + self.active + self.terminating
    }
}

/// A fleet of the deployment: one that was made for the alias, the one that it leads to, or one that was replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetView {
    /// Its id.
    pub id: String,
    /// Where it stands.
    pub phase: Phase,
    /// Whether it runs the build with the settings that are asked for.
    pub is_wanted: bool,
    /// The fleet that the alias led to when this one was made for it.
    pub replaces: Option<String>,
    /// Whether policies may change the number of its instances.
    pub is_automatic: bool,
    /// Its instances.
    pub counts: Counts,
    /// What leads to it besides the alias: other aliases, and queues.
    pub held_by: Vec<String>,
}

/// Everything that the next step follows from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Situation {
    /// What is wanted.
    pub goal: Goal,
    /// Stops when the alias leads to the new fleet, and leaves the earlier one as it is.
    pub keep: bool,
    /// Where the alias leads.
    pub alias: AliasTarget,
    /// Whether an asset of the build is ready.
    pub has_asset: bool,
    /// The fleets, newest first.
    pub fleets: Vec<FleetView>,
    /// The fleet whose creation was waited for since the command was started.
    pub awaited: Option<String>,
    /// Whether a step was taken since the command was started.
    pub has_begun: bool,
    /// The share of a canary that is asked for; `None`: no canary.
    pub canary: Option<CanaryWish>,
    /// The canary that the alias has.
    pub canary_now: Option<CanaryNow>,
    /// Matches had so long to end by themselves, and it is over: the protection of the sessions decides.
    pub is_drain_overdue: bool,
    /// Where the alias led when this run looked last, or where this run has led it since; `None` at its first look.
    pub expected: Option<AliasTarget>,
    /// Whether this run saw the canary that it asked for going on.
    pub has_seen_canary: bool,
}

/// A canary that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CanaryWish {
    /// Of a hundred new sessions so many.
    pub percent: u64,
    /// For so long.
    pub seconds: u64,
}

/// A canary that goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanaryNow {
    /// The fleet that gets the share.
    pub fleet: String,
    /// Of a hundred new sessions so many.
    pub percent: u64,
    /// Since so many seconds.
    pub seconds: u64,
    /// Sessions of the fleet that ended in ERROR.
    pub failed_sessions: u64,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the members are what their names say")]
pub enum Step {
    /// Upload the build and make an asset of it.
    Upload,
    /// Make a fleet of the asset, as a copy of the one that the alias leads to, if it leads to one.
    CreateFleet { copy_of: Option<String> },
    /// Wait until the fleet is ACTIVE, or ERROR.
    AwaitActive { fleet: String },
    /// Let policies decide as they do for the fleet that is replaced.
    StartScaling { fleet: String },
    /// Give the fleet the instances that its load will need.
    Grow { fleet: String, min: u64, desired: u64 },
    /// Wait until so many instances are active.
    AwaitInstances { fleet: String, active: u64, wanted: u64 },
    /// Lead a share of the new sessions to the fleet.
    StartCanary { fleet: String, percent: u64 },
    /// Wait while the canary shows what it is worth.
    AwaitCanary { fleet: String, percent: u64, seconds_left: u64 },
    /// Lead all new sessions to the fleet of the alias again.
    StopCanary,
    /// The canary's sessions end in ERROR: the alias stays where it is.
    CanaryFailed { fleet: String, sessions: u64 },
    /// Make the alias.
    CreateAlias { fleet: String },
    /// Lead the alias to the fleet.
    Switch { from: Option<String>, to: String },
    /// Keep policies from starting instances of a fleet that is to go.
    StopScaling { fleet: String },
    /// Keep as many instances as host sessions; idle ones leave first (S-22).
    Shrink { fleet: String, desired: u64 },
    /// Wait for the matches to end, and for the instances to leave.
    AwaitMatches { fleet: String, busy: u64, others: u64 },
    /// Delete an empty fleet, or one that failed.
    Delete { fleet: String },
    /// Wait until it is gone.
    AwaitDeleted { fleet: String },
    /// The fleet that was waited for cannot become ACTIVE.
    Fail { fleet: String },
    /// There is no earlier fleet that the alias could go back to.
    NothingToRollBack,
    /// Somebody else deploys to the alias; two who go on would lead it back and forth.
    Overtaken { surprise: Surprise },
    /// All is as it is wanted; these fleets stay because something else leads to them.
    Done { fleet: String, kept: Vec<String> },
}

/// What somebody else did while a deployment went on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Surprise {
    /// The alias leads to this fleet, or nowhere.
    AliasMoved(Option<String>),
    /// The canary was ended, or replaced.
    CanaryEnded,
    /// The new fleet was deleted.
    FleetDeleted(String),
}

/// The next step.
pub fn next(situation: &Situation) -> Step {
    if let Some(surprise) = moved(situation) {
        return Step::Overtaken { surprise };
    }
    match situation.goal {
        Goal::Update => update(situation),
        Goal::RollBack => roll_back(situation),
    }
}

impl Situation {
    fn fleet(&self, id: &str) -> Option<&FleetView> {
        self.fleets.iter().find(|fleet| fleet.id == id)
    }

    /// The fleet that the alias leads to.
    fn current(&self) -> Option<&FleetView> {
        match &self.alias {
            AliasTarget::Fleet(id) => self.fleet(id),
            AliasTarget::Missing | AliasTarget::Nowhere => None,
        }
    }

    fn is_current(&self, fleet: &FleetView) -> bool {
        self.current().is_some_and(|current| current.id == fleet.id)
    }
}

/// R99: whether somebody else has moved the alias. Another run of the same build leads it where this one would.
fn moved(situation: &Situation) -> Option<Surprise> {
    let expected = situation.expected.as_ref()?;
    let is_as_wanted = situation.goal == Goal::Update && situation.current().is_some_and(|it| it.is_wanted);
    if situation.alias == *expected || is_as_wanted {
        return None;
    }
    Some(Surprise::AliasMoved(match &situation.alias {
        AliasTarget::Fleet(id) => Some(id.clone()),
        AliasTarget::Missing | AliasTarget::Nowhere => None,
    }))
}

fn update(situation: &Situation) -> Step {
    let failed = || situation.fleets.iter().filter(|fleet| fleet.phase == Phase::Failed);
    if let Some(fleet) = failed().find(|fleet| situation.awaited.as_ref() == Some(&fleet.id)) {
        return Step::Fail { fleet: fleet.id.clone() };
    }
    // What failed in an earlier run has been looked at.
    let is_left_over = |fleet: &&FleetView| !situation.is_current(fleet) && fleet.held_by.is_empty();
    if let Some(fleet) = failed().find(is_left_over) {
        return Step::Delete { fleet: fleet.id.clone() };
    }
    let wanted = situation
        .fleets
        .iter()
        .filter(|fleet| fleet.is_wanted && (fleet.phase == Phase::Active || fleet.phase == Phase::Creating));
    // The one that is nearest to being done; of several, the newest.
    let target = wanted.min_by_key(|fleet| (!situation.is_current(fleet), fleet.phase != Phase::Active));
    match (target, &situation.awaited) {
        (Some(target), _) if target.phase == Phase::Creating => {
            Step::AwaitActive { fleet: target.id.clone() }
        }
        (Some(target), _) => lead_to(situation, target, |fleet| fleet.id != target.id),
        (None, Some(gone)) => Step::Overtaken { surprise: Surprise::FleetDeleted(gone.clone()) },
        (None, None) if !situation.has_asset => Step::Upload,
        (None, None) => Step::CreateFleet { copy_of: situation.current().map(|fleet| fleet.id.clone()) },
    }
}

fn roll_back(situation: &Situation) -> Step {
    let Some(current) = situation.current() else { return Step::NothingToRollBack };
    let was_made_after = |fleet: &FleetView, target: &FleetView| fleet.replaces.as_ref() == Some(&target.id);
    // Not switched yet, or switched back already: asking again must not go back further.
    if situation.fleets.iter().any(|fleet| was_made_after(fleet, current)) {
        return lead_to(situation, current, |fleet| was_made_after(fleet, current));
    }
    let earlier = current.replaces.as_ref().and_then(|id| situation.fleet(id));
    match earlier.filter(|earlier| earlier.phase == Phase::Active) {
        Some(earlier) => lead_to(situation, earlier, |fleet| was_made_after(fleet, earlier)),
        // The fleet that was rolled back is gone, and with it what told of it.
        None if situation.has_begun => Step::Done { fleet: current.id.clone(), kept: vec![] },
        None => Step::NothingToRollBack,
    }
}

/// Until the alias leads to a fleet that is ACTIVE and the others are gone.
fn lead_to(situation: &Situation, target: &FleetView, is_to_go: impl Fn(&FleetView) -> bool) -> Step {
    if let Some(canary) = &situation.canary_now
        && (situation.goal == Goal::RollBack || canary.fleet != target.id)
    {
        return Step::StopCanary;
    }
    if !situation.is_current(target) {
        return prepare(situation, target).unwrap_or_else(|| switch(situation, target));
    }
    let others = || situation.fleets.iter().filter(|fleet| fleet.id != target.id && is_to_go(fleet));
    let kept = || others().map(|fleet| fleet.id.clone()).collect();
    if situation.keep && situation.goal == Goal::Update {
        return Step::Done { fleet: target.id.clone(), kept: kept() };
    }
    // All of them are emptied side by side: what can be done is done before anything is waited for.
    let steps: Vec<Step> = others().filter_map(|fleet| retire(situation, fleet)).collect();
    let next = steps.iter().find(|step| !step.waits()).or(steps.first()).cloned();
    next.unwrap_or_else(|| Step::Done { fleet: target.id.clone(), kept: kept() })
}

/// What a fleet still needs before all new sessions come to it.
fn prepare(situation: &Situation, target: &FleetView) -> Option<Step> {
    let (fleet, counts) = (target.id.clone(), &target.counts);
    let current = situation.current().filter(|current| current.phase == Phase::Active);
    if current.is_some_and(|current| current.is_automatic) && !target.is_automatic {
        return Some(Step::StartScaling { fleet });
    }
    let load = current.map(|current| current.counts).unwrap_or_default();
    let min = counts.min.max(load.min).min(counts.max);
    let wanted = load.desired.max(min).max(1).min(counts.max);
    if counts.min < min || counts.desired < wanted {
        return Some(Step::Grow { fleet, min, desired: counts.desired.max(wanted) });
    }
    if counts.active < wanted {
        return Some(Step::AwaitInstances { fleet, active: counts.active, wanted });
    }
    current.and_then(|_| canary(situation, target))
}

/// A share of the sessions first, when that was asked for.
fn canary(situation: &Situation, target: &FleetView) -> Option<Step> {
    let wish = situation.canary.filter(|_| situation.goal == Goal::Update)?;
    let (fleet, percent) = (target.id.clone(), wish.percent);
    match &situation.canary_now {
        Some(now) if now.fleet == target.id && now.percent == percent => {
            if now.failed_sessions > 0 {
                return Some(Step::CanaryFailed { fleet, sessions: now.failed_sessions });
            }
            let seconds_left = wish.seconds.saturating_sub(now.seconds);
            (seconds_left > 0).then_some(Step::AwaitCanary { fleet, percent, seconds_left })
        }
        Some(_) | None if situation.has_seen_canary => {
            Some(Step::Overtaken { surprise: Surprise::CanaryEnded })
        }
        Some(_) | None => Some(Step::StartCanary { fleet, percent }),
    }
}

fn switch(situation: &Situation, target: &FleetView) -> Step {
    let to = target.id.clone();
    match &situation.alias {
        AliasTarget::Missing => Step::CreateAlias { fleet: to },
        AliasTarget::Nowhere => Step::Switch { from: None, to },
        AliasTarget::Fleet(from) => Step::Switch { from: Some(from.clone()), to },
    }
}

/// What is to be done for a fleet to go; nothing for one that must stay.
fn retire(situation: &Situation, fleet: &FleetView) -> Option<Step> {
    let (id, counts) = (fleet.id.clone(), &fleet.counts);
    if !fleet.held_by.is_empty() {
        return None;
    }
    Some(match fleet.phase {
        Phase::Creating => Step::AwaitActive { fleet: id },
        Phase::Deleting => Step::AwaitDeleted { fleet: id },
        Phase::Failed => Step::Delete { fleet: id },
        Phase::Active if fleet.is_automatic => Step::StopScaling { fleet: id },
        Phase::Active => {
            // An instance that is told to leave has a deadline by its sessions' protection, so one with sessions is not
            // told before they ended by themselves.
            let desired = if situation.is_drain_overdue { 0 } else { counts.busy().min(counts.max) };
            if counts.min > 0 || counts.desired > desired {
                Step::Shrink { fleet: id, desired }
            } else if counts.instances() > 0 {
                let busy = counts.busy();
                Step::AwaitMatches { fleet: id, busy, others: counts.instances() - busy }
            } else {
                Step::Delete { fleet: id }
            }
        }
    })
}

impl Step {
    /// Whether nothing is to be done but to look again later.
    pub fn waits(&self) -> bool {
        match self {
            Self::AwaitActive { .. }
            | Self::AwaitInstances { .. }
            | Self::AwaitCanary { .. }
            | Self::AwaitMatches { .. }
            | Self::AwaitDeleted { .. } => true,
            Self::Upload
            | Self::CreateFleet { .. }
            | Self::StartScaling { .. }
            | Self::Grow { .. }
            | Self::StartCanary { .. }
            | Self::StopCanary
            | Self::CanaryFailed { .. }
            | Self::CreateAlias { .. }
            | Self::Switch { .. }
            | Self::StopScaling { .. }
            | Self::Shrink { .. }
            | Self::Delete { .. }
            | Self::Fail { .. }
            | Self::NothingToRollBack
            | Self::Overtaken { .. }
            | Self::Done { .. } => false,
        }
    }
}
