//! The state of a match and the step from one tick to the next.
//!
//! No floats, no hash maps, no clock: anything whose order or value could differ between two machines stays out.

use std::collections::VecDeque;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::aim::Aim;
use crate::arena::{self, HEIGHT, Position, TILE, WIDTH};
use crate::config::{ConfigError, MatchConfig};
use crate::random::Generator;
use crate::shots::{HEALTH_MAX, REWIND_TICKS_MAX, SHOTS_MAX, Shot};

/// Coins in the arena at any time: the first of [`WorldState::pickups`].
pub const COINS: usize = 8;
/// Hearts in the arena at any time: the last of [`WorldState::pickups`].
pub const HEARTS: usize = 2;
/// Coins and hearts.
pub const PICKUPS: usize = COINS + HEARTS;
/// How long a dash lasts, in ticks.
pub const DASH_TICKS: u8 = 10;
/// Ticks from the start of a dash to the next one.
pub const DASH_COOLDOWN_TICKS: u8 = 90;
/// How long who was tagged cannot move or collect, in ticks.
pub const STUN_TICKS: u8 = 40;
/// How long who was tagged or knocked out can be neither tagged nor hit, in ticks.
pub const SHIELD_TICKS: u8 = 120;

/// Half the side of a player's square, in units.
pub const PLAYER_HALF: i32 = 12 * arena::UNITS_PER_PIXEL;
/// Half the side of a coin's or heart's square, in units.
const PICKUP_HALF: i32 = 8 * arena::UNITS_PER_PIXEL;
/// How fast a player walks, in units per tick along one axis, and along each of two.
pub const WALK: (i32, i32) = (48, 34);
/// The same while dashing. Far below a tile, so that nobody passes through a wall.
const DASH: (i32, i32) = (144, 102);

/// A player's place in the match: the index into [`MatchConfig::players`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PlayerSlot(pub u8);

/// One of eight directions, or standing still.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Direction {
    /// -1 left, 0, 1 right; other numbers count as their sign.
    pub x: i8,
    /// -1 up, 0, 1 down; other numbers count as their sign.
    pub y: i8,
}

/// What a player wants during one tick.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlayerInput {
    /// Where to walk.
    pub direction: Direction,
    /// Start a dash, if one is possible.
    pub dash: bool,
    /// Fire a shot, if one is possible.
    pub shoot: bool,
    /// Where a shot flies, apart from where the player walks; `None`: where they face.
    pub aim: Option<Aim>,
    /// By so many ticks the player sees the others in the past, as they say; more than
    /// [`REWIND_TICKS_MAX`](crate::REWIND_TICKS_MAX) counts as that.
    pub rewind_ticks: u8,
}

/// One player's part of the state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Player {
    /// The centre of the player's square.
    pub position: Position,
    /// The direction of the last input; repeated while none comes.
    pub direction: Direction,
    /// The last direction that was not standing still; a dash goes there.
    pub facing: Direction,
    /// The aim of the last input; kept while none comes. [`Player::aims`] says where that is.
    pub aim: Option<Aim>,
    /// Ticks left of a dash.
    pub dash_ticks: u8,
    /// Ticks until the next dash is possible.
    pub dash_cooldown_ticks: u8,
    /// Ticks left of not moving.
    pub stun_ticks: u8,
    /// Ticks left of being neither tagged nor hit.
    pub shield_ticks: u8,
    /// Ticks until the next shot is possible.
    pub reload_ticks: u8,
    /// Hits left until a knock-out, 1 to [`HEALTH_MAX`](crate::HEALTH_MAX).
    pub health: u8,
    /// Points.
    pub score: u16,
    /// The tick at which the points last changed.
    pub scored_at_tick: u32,
    /// False once the player left; they are out of the game then.
    pub present: bool,
}

/// All that changes during a match. A snapshot carries exactly this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorldState {
    /// Steps made so far.
    pub tick: u32,
    /// By slot.
    pub players: Vec<Player>,
    /// The centres of [`COINS`] coins and then [`HEARTS`] hearts; `None`: taken, and only the server knows where the
    /// next one appears.
    pub pickups: Vec<Option<Position>>,
    /// Shots in flight, by tick and then slot.
    pub shots: Vec<Shot>,
}

/// A match in progress: the state and the parameters it is played by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct World {
    pub(crate) state: WorldState,
    ticks_max: u32,
    score_to_win: u16,
    /// Whether `score_to_win` points end the match here.
    pub(crate) points_end: bool,
    /// Only where the seed is known.
    generator: Option<Generator>,
    /// Where the players were, one tick ago first. As old as shots may ask for.
    pub(crate) past: VecDeque<[Position; crate::PLAYERS_MAX]>,
}

/// A [`WorldState`] that cannot come from this match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateError;

impl World {
    /// The world before the first tick as its server knows it. The seed decides where things appear: whoever knows it
    /// foresees that, so it stays at the server and in its replay.
    pub fn seeded(config: &MatchConfig, seed: u64) -> Result<World, ConfigError> {
        let mut world = World::new(config)?;
        world.generator = Some(Generator::new(seed));
        world.appear();
        Ok(world)
    }

    /// The world before the first tick as a player knows it: nothing appears in it until a snapshot says so.
    pub fn new(config: &MatchConfig) -> Result<World, ConfigError> {
        config.validate()?;
        let players = (0..config.players.len()).map(|slot| Player {
            position: arena::start(slot),
            direction: Direction::default(),
            facing: Direction { x: 1, y: 0 },
            aim: None,
            dash_ticks: 0,
            dash_cooldown_ticks: 0,
            stun_ticks: 0,
            shield_ticks: 0,
            reload_ticks: 0,
            health: HEALTH_MAX,
            score: 0,
            scored_at_tick: 0,
            present: true,
        });
        let state = WorldState {
            tick: 0,
            players: players.collect(),
            pickups: vec![None; PICKUPS],
            shots: Vec::new(),
        };
        let (ticks_max, score_to_win) = (config.ticks_max, config.score_to_win);
        let (generator, past) = (None, VecDeque::new());
        Ok(World { state, ticks_max, score_to_win, points_end: true, generator, past })
    }

    /// The same match at another state, as a snapshot carries it, without a seed and a past.
    pub fn with_state(&self, state: WorldState) -> Result<World, StateError> {
        let within = |position: &Position, half| {
            (0..WIDTH).contains(&position.x)
                && (0..HEIGHT).contains(&position.y)
                && !arena::blocked(*position, half)
        };
        let fits = state.players.len() == self.state.players.len()
            && state.pickups.len() == PICKUPS
            && state.shots.len() <= SHOTS_MAX
            && state.tick <= self.ticks_max
            && state.players.iter().all(|player| within(&player.position, PLAYER_HALF))
            && state.players.iter().all(|player| (1..=HEALTH_MAX).contains(&player.health))
            && state.pickups.iter().flatten().all(|pickup| within(pickup, PICKUP_HALF))
            && state.shots.iter().all(|shot| shot.fits(state.tick, state.players.len()));
        if !fits {
            return Err(StateError);
        }
        Ok(World { state, generator: None, past: VecDeque::new(), ..*self })
    }

    /// The same world, but no points end it: to play on by guesses, of which the last point may be one.
    pub fn as_prediction(self) -> World {
        World { points_end: false, ..self }
    }

    /// All that changes during the match.
    pub fn state(&self) -> &WorldState {
        &self.state
    }

    /// Steps made so far.
    pub fn tick(&self) -> u32 {
        self.state.tick
    }

    /// The players by slot.
    pub fn players(&self) -> &[Player] {
        &self.state.players
    }

    /// The centres of the coins.
    pub fn coins(&self) -> impl Iterator<Item = Position> {
        self.state.pickups[..COINS].iter().copied().flatten()
    }

    /// The shots in flight.
    pub fn shots(&self) -> &[Shot] {
        &self.state.shots
    }

    /// Numbers drawn from the generator so far.
    pub(crate) fn drawn(&self) -> u64 {
        self.generator.as_ref().map_or(0, Generator::drawn)
    }

    /// When time is up, in ticks.
    pub fn ticks_max(&self) -> u32 {
        self.ticks_max
    }

    /// Points that win at once.
    pub fn score_to_win(&self) -> u16 {
        self.score_to_win
    }

    /// Takes a player out of the game for good. If that ends the match, it is with one more step: no two states of a
    /// match have the same tick, so that the last one can be told as well. Without effect after the end and on a slot
    /// that does not exist.
    pub fn leave(&mut self, slot: PlayerSlot) {
        if self.end_reason().is_some() {
            return;
        }
        if let Some(player) = self.state.players.get_mut(usize::from(slot.0)) {
            player.present = false;
        }
        if self.end_reason().is_some() {
            self.go_on(&[]);
        }
    }

    /// One tick. A player without an entry goes on in their last direction and aim, without dash and shot; of two entries for
    /// one player the later counts; entries of nobody are ignored. Without effect after the end.
    pub fn step(&mut self, inputs: &[(PlayerSlot, PlayerInput)]) {
        if self.end_reason().is_none() {
            self.go_on(inputs);
        }
    }

    fn go_on(&mut self, inputs: &[(PlayerSlot, PlayerInput)]) {
        self.remember();
        let mut dash = [false; crate::PLAYERS_MAX];
        let mut shoot = [None; crate::PLAYERS_MAX];
        for (slot, input) in inputs {
            let index = usize::from(slot.0);
            let Some(player) = self.state.players.get_mut(index) else { continue };
            player.direction = input.direction.signs();
            player.aim = input.aim;
            dash[index] = input.dash;
            shoot[index] = input.shoot.then_some(input.rewind_ticks);
        }
        for index in self.turn_order() {
            advance(&mut self.state.players[index], dash[index]);
        }
        self.fire(&shoot);
        self.fly();
        self.tag();
        self.collect();
        self.appear();
        self.state.tick += 1;
    }

    /// Who goes first when two reach for one thing: it moves on by one slot every tick, so that no slot is better.
    pub(crate) fn turn_order(&self) -> impl Iterator<Item = usize> + use<> {
        let players = self.state.players.len();
        let first = self.state.tick as usize % players;
        (0..players).map(move |offset| (first + offset) % players)
    }

    /// Whoever dashes into somebody takes a point from them, stuns them, and stops.
    fn tag(&mut self) {
        for tagger in self.turn_order() {
            let hunter = &self.state.players[tagger];
            if !hunter.present || hunter.dash_ticks == 0 {
                continue;
            }
            let place = hunter.position;
            let can_be_tagged =
                |player: &Player| player.present && player.shield_ticks == 0 && player.dash_ticks == 0;
            let target = self.turn_order().find(|other| {
                let player = &self.state.players[*other];
                *other != tagger && can_be_tagged(player) && touch(place, player.position, 2 * PLAYER_HALF)
            });
            let Some(target) = target else { continue };
            let tick = self.state.tick;
            let victim = &mut self.state.players[target];
            victim.stun_ticks = STUN_TICKS;
            victim.shield_ticks = SHIELD_TICKS;
            let loot = victim.score.min(1);
            if loot > 0 {
                victim.score -= loot;
                victim.scored_at_tick = tick;
            }
            let hunter = &mut self.state.players[tagger];
            hunter.dash_ticks = 0;
            if loot > 0 {
                hunter.score = hunter.score.saturating_add(loot);
                hunter.scored_at_tick = tick;
            }
        }
    }

    /// A coin goes to the nearest player who touches it; a heart to the nearest who lacks health.
    fn collect(&mut self) {
        for index in 0..PICKUPS {
            let Some(place) = self.state.pickups[index] else { continue };
            let is_heart = index >= COINS;
            let taker = self
                .turn_order()
                .filter(|taker| {
                    let player = &self.state.players[*taker];
                    player.present
                        && player.stun_ticks == 0
                        && (!is_heart || player.health < HEALTH_MAX)
                        && touch(place, player.position, PLAYER_HALF + PICKUP_HALF)
                })
                .min_by_key(|taker| distance(place, self.state.players[*taker].position));
            let Some(taker) = taker else { continue };
            let tick = self.state.tick;
            let player = &mut self.state.players[taker];
            if is_heart {
                player.health += 1;
            } else {
                player.score = player.score.saturating_add(1);
                player.scored_at_tick = tick;
            }
            self.state.pickups[index] = None;
        }
    }

    /// Where something was taken, the next one of its kind appears at once, somewhere else.
    fn appear(&mut self) {
        let Some(mut generator) = self.generator.take() else { return };
        for index in 0..PICKUPS {
            if self.state.pickups[index].is_none() {
                let free = self.free_places();
                self.state.pickups[index] = Some(free[generator.below(free.len())]);
            }
        }
        self.generator = Some(generator);
    }

    /// The centres of all tiles that have no wall, no pick-up and no player near.
    fn free_places(&self) -> Vec<Position> {
        arena::tiles()
            .filter(|(column, row)| !arena::is_wall(*column, *row))
            .map(|(column, row)| arena::centre(column, row))
            .filter(|place| !self.state.pickups.contains(&Some(*place)))
            .filter(|place| !self.state.players.iter().any(|player| touch(*place, player.position, TILE)))
            .collect()
    }

    /// Keeps where everybody is, for the shots of those who see it later.
    fn remember(&mut self) {
        let mut places = [Position { x: 0, y: 0 }; crate::PLAYERS_MAX];
        for (place, player) in places.iter_mut().zip(&self.state.players) {
            *place = player.position;
        }
        self.past.truncate(usize::from(REWIND_TICKS_MAX) - 1);
        self.past.push_front(places);
    }

    /// Where a player was so many ticks ago, or as long ago as is known.
    pub(crate) fn past_position(&self, index: usize, ticks_ago: u8) -> Position {
        let known = usize::from(ticks_ago).min(self.past.len());
        match known.checked_sub(1) {
            Some(age) => self.past[age][index],
            None => self.state.players[index].position,
        }
    }
}

impl Direction {
    /// The same direction with each part -1, 0 or 1.
    pub fn signs(self) -> Direction {
        Direction { x: self.x.signum(), y: self.y.signum() }
    }
}

impl Player {
    /// Where a shot of this player would fly now.
    pub fn aims(&self) -> Aim {
        self.aim.unwrap_or_else(|| self.facing.into())
    }
}

/// Counts the timers down and moves the player.
fn advance(player: &mut Player, dash: bool) {
    if !player.present {
        return;
    }
    player.dash_cooldown_ticks = player.dash_cooldown_ticks.saturating_sub(1);
    player.shield_ticks = player.shield_ticks.saturating_sub(1);
    player.dash_ticks = player.dash_ticks.saturating_sub(1);
    if player.stun_ticks > 0 {
        player.stun_ticks -= 1;
        player.dash_ticks = 0;
        return;
    }
    if player.direction != Direction::default() {
        player.facing = player.direction;
    }
    if dash && player.dash_cooldown_ticks == 0 {
        player.dash_ticks = DASH_TICKS;
        player.dash_cooldown_ticks = DASH_COOLDOWN_TICKS;
    }
    let (direction, speed) =
        if player.dash_ticks > 0 { (player.facing, DASH) } else { (player.direction, WALK) };
    let diagonal = direction.x != 0 && direction.y != 0;
    let distance = if diagonal { speed.1 } else { speed.0 };
    let x = slide(player.position.x, i32::from(direction.x.signum()) * distance, |x| {
        arena::blocked(Position { x, ..player.position }, PLAYER_HALF)
    });
    player.position.x = x;
    player.position.y = slide(player.position.y, i32::from(direction.y.signum()) * distance, |y| {
        arena::blocked(Position { x, y }, PLAYER_HALF)
    });
}

/// Moves along one axis, up to the wall.
fn slide(from: i32, by: i32, blocked: impl Fn(i32) -> bool) -> i32 {
    let to = from + by;
    if by == 0 || !blocked(to) {
        return to;
    }
    // The wall is a tile edge between `from` and `to`: stand with the square's edge on it.
    let edge = if by > 0 {
        (to + PLAYER_HALF - 1).div_euclid(TILE) * TILE - PLAYER_HALF
    } else {
        ((to - PLAYER_HALF).div_euclid(TILE) + 1) * TILE + PLAYER_HALF
    };
    if blocked(edge) { from } else { edge }
}

/// Whether two squares overlap whose half sides add up to `reach`.
pub(crate) fn touch(a: Position, b: Position, reach: i32) -> bool {
    (a.x - b.x).abs() < reach && (a.y - b.y).abs() < reach
}

/// City block distance.
fn distance(a: Position, b: Position) -> i32 {
    (a.x - b.x).abs() + (a.y - b.y).abs()
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the state does not belong to this match")
    }
}

impl std::error::Error for StateError {}
