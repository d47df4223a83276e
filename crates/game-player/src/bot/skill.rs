//! What makes a bot easy or hard to beat, in numbers.

/// How well a bot plays.
#[derive(Debug)]
pub(super) struct Skill {
    /// It acts on what others did so many ticks ago.
    pub(super) reaction_ticks: u32,
    /// It misses the right aim by up to so many of 256 steps.
    pub(super) aim_error: usize,
    /// It aims where somebody will be instead of where they were.
    pub(super) leads: bool,
    /// It shoots at somebody in so many ticks in which it could, on average.
    pub(super) shoot_one_in: usize,
    /// It shoots at nobody further away, in tiles.
    pub(super) reach_tiles: i32,
    /// It steps aside from one in so many shots that would hit; 0: from none.
    pub(super) dodge_one_in: u64,
    /// It dashes at somebody in so many ticks in which that could work, on average; 0: never.
    pub(super) tag_one_in: usize,
    /// It thinks about where to go so often, in ticks.
    pub(super) plan_ticks: u32,
    /// It goes to any coin in so many plans; 0: never.
    pub(super) stray_one_in: usize,
    /// It leaves coins to whoever is nearer.
    pub(super) minds_rivals: bool,
    /// It looks for hearts when it was hit.
    pub(super) heals: bool,
    /// It shoots at the weakest and the leader first, instead of the nearest.
    pub(super) picks_fights: bool,
}

/// Somebody who plays for the first time.
pub(super) const EASY: Skill = Skill {
    reaction_ticks: 30,
    aim_error: 20,
    leads: false,
    shoot_one_in: 40,
    reach_tiles: 7,
    dodge_one_in: 0,
    tag_one_in: 0,
    plan_ticks: 120,
    stray_one_in: 2,
    minds_rivals: false,
    heals: false,
    picks_fights: false,
};

/// Somebody who has played for an evening.
pub(super) const NORMAL: Skill = Skill {
    reaction_ticks: 15,
    aim_error: 8,
    leads: true,
    shoot_one_in: 10,
    reach_tiles: 9,
    dodge_one_in: 3,
    tag_one_in: 30,
    plan_ticks: 60,
    stray_one_in: 5,
    minds_rivals: false,
    heals: true,
    picks_fights: false,
};

/// Somebody who has played for long.
pub(super) const HARD: Skill = Skill {
    reaction_ticks: 6,
    aim_error: 1,
    leads: true,
    shoot_one_in: 1,
    reach_tiles: 13,
    dodge_one_in: 1,
    tag_one_in: 2,
    plan_ticks: 15,
    stray_one_in: 0,
    minds_rivals: true,
    heals: true,
    picks_fights: true,
};
