//! Shooting, stepping aside and dashing, on the way to wherever the bot goes.

use std::cmp::Reverse;

use game_sim::{
    Aim, Direction, PLAYER_HALF, Player, PlayerInput, PlayerSlot, SHOT_HALF, SHOT_SPEED, Shot, WALK, World,
    arena::{self, Position, TILE, UNITS_PER_PIXEL},
};

use super::{Random, distance, route, skill::Skill};

/// A shot is looked at when it hits within so many ticks.
const DANGER_TICKS: u32 = 24;
/// A dash is worth it within so many: nobody is hit while dashing.
const DASH_DANGER_TICKS: u32 = 7;
/// Nearer than this, in units, a shot hits: half a player, half a shot, and a little.
const HIT: i32 = PLAYER_HALF + SHOT_HALF + 2 * UNITS_PER_PIXEL;
/// How near somebody must be to be worth a dash, in units: a dash goes 90 pixels.
const DASH_REACH: i32 = 80 * UNITS_PER_PIXEL;

/// What was to be seen at a tick.
#[derive(Clone, Debug)]
pub(super) struct Sight {
    pub(super) tick: u32,
    players: Vec<Player>,
    shots: Vec<Shot>,
}

impl Sight {
    pub(super) fn of(world: &World) -> Sight {
        Sight { tick: world.tick(), players: world.players().to_vec(), shots: world.shots().to_vec() }
    }
}

/// One decision.
pub(super) struct Combat<'a> {
    pub(super) skill: &'a Skill,
    /// The others, as late as the skill sees them.
    pub(super) seen: &'a Sight,
    pub(super) now: &'a World,
    pub(super) own: PlayerSlot,
    /// The bot's own player, now.
    pub(super) player: &'a Player,
}

impl Combat<'_> {
    /// What to do instead of only walking on.
    pub(super) fn input(&self, walk: PlayerInput, random: &mut Random) -> PlayerInput {
        let mut input = walk;
        if let Some((direction, dash)) = self.dodge() {
            input.direction = direction;
            input.dash = dash;
        } else if let Some(direction) = self.prey()
            && random.one_in(self.skill.tag_one_in)
        {
            input.direction = direction;
            input.dash = true;
        }
        if self.player.reload_ticks == 0
            && let Some(aim) = self.aim()
        {
            let spread = 2 * self.skill.aim_error + 1;
            let error = random.below(spread) as i32 - self.skill.aim_error as i32;
            input.aim = Some(Aim(aim.0.wrapping_add(error as u8)));
            input.shoot = random.one_in(self.skill.shoot_one_in);
        }
        input
    }

    /// Everybody else who can be hit, by slot.
    fn others(&self) -> impl Iterator<Item = &Player> {
        let others = self.seen.players.iter().enumerate();
        others
            .filter(|(slot, other)| {
                *slot != usize::from(self.own.0) && other.present && other.shield_ticks == 0
            })
            .map(|(_, other)| other)
    }

    /// Where to shoot, if anybody is there.
    fn aim(&self) -> Option<Aim> {
        let here = self.player.position;
        let reach = self.skill.reach_tiles * TILE;
        let in_reach = self.others().filter(|other| distance(here, other.position) <= reach);
        let visible = in_reach.filter(|other| route::sees(here, other.position));
        let worth = |other: &&Player| {
            let near = Reverse(distance(here, other.position) / TILE);
            if self.skill.picks_fights {
                (Reverse(other.health), other.score, near)
            } else {
                (Reverse(0), 0, near)
            }
        };
        let target = visible.max_by_key(worth)?;
        let place = if self.skill.leads { self.expect(target) } else { target.position };
        Aim::towards(place.x - here.x, place.y - here.y)
    }

    /// Where somebody will be when a shot gets there, if they go on as they went.
    fn expect(&self, target: &Player) -> Position {
        let here = self.player.position;
        let late = (self.now.tick() - self.seen.tick) as i32;
        let Direction { x, y } = target.direction;
        let speed = match (x, y) {
            _ if target.stun_ticks > 0 => 0,
            (0, _) | (_, 0) => WALK.0,
            _ => WALK.1,
        };
        let after = |ticks: i32| Position {
            x: target.position.x + i32::from(x) * speed * ticks,
            y: target.position.y + i32::from(y) * speed * ticks,
        };
        // Twice is near enough: a shot is three times as fast as they are.
        let mut place = after(late);
        for _ in 0..2 {
            let (x, y) = (place.x - here.x, place.y - here.y);
            let flight = (x * x + y * y).isqrt() / SHOT_SPEED;
            place = after(late + flight);
        }
        // A wall stops them earlier.
        if arena::blocked(place, PLAYER_HALF) { after(late) } else { place }
    }

    /// Which way out of a shot's way, and whether by a dash.
    fn dodge(&self) -> Option<(Direction, bool)> {
        let now = self.now.tick();
        let here = self.player.position;
        let coming = self.seen.shots.iter().filter(|shot| shot.owner != self.own && self.minds(shot));
        let (hits_in, shot) = coming
            .filter_map(|shot| {
                let hits = |ahead: &u32| distance(shot.position(now + ahead), here) < HIT;
                (0..DANGER_TICKS).find(hits).map(|ahead| (ahead, shot))
            })
            .min_by_key(|(ahead, _)| *ahead)?;
        let place = shot.position(now + hits_in);
        let (along_x, along_y) = shot.aim.vector();
        // To the side on which it passes by more, unless there is a wall.
        let side = along_x * (here.y - place.y) - along_y * (here.x - place.x);
        let across = |sign: i32| {
            let part = |value: i32| {
                let value = value * sign;
                if value.abs() < game_sim::AIM_UNIT / 3 { 0 } else { value.signum() as i8 }
            };
            Direction { x: part(-along_y), y: part(along_x) }
        };
        let signs = if side >= 0 { [1, -1] } else { [-1, 1] };
        let is_free = |direction: &Direction| {
            let step = TILE / 2;
            let place = Position {
                x: here.x + i32::from(direction.x) * step,
                y: here.y + i32::from(direction.y) * step,
            };
            !arena::blocked(place, PLAYER_HALF)
        };
        let direction = signs.into_iter().map(across).find(is_free)?;
        Some((direction, hits_in <= DASH_DANGER_TICKS && self.player.dash_cooldown_ticks == 0))
    }

    /// Whether the bot notices this shot: decided once for each shot, not once a tick.
    fn minds(&self, shot: &Shot) -> bool {
        let mut random = Random(u64::from(shot.fired_at_tick) << 8 | u64::from(shot.owner.0));
        self.skill.dodge_one_in > 0 && random.one_in(self.skill.dodge_one_in as usize)
    }

    /// Which way somebody is whom a dash would reach.
    fn prey(&self) -> Option<Direction> {
        if self.player.dash_cooldown_ticks > 0 || self.player.stun_ticks > 0 {
            return None;
        }
        let here = self.player.position;
        self.others().filter(|other| other.dash_ticks == 0).find_map(|other| {
            let place = if self.skill.leads { self.expect(other) } else { other.position };
            let (x, y) = (place.x - here.x, place.y - here.y);
            if x.abs().max(y.abs()) > DASH_REACH {
                return None;
            }
            let (long, short) = (x.abs().max(y.abs()), x.abs().min(y.abs()));
            let straight = short <= PLAYER_HALF;
            let diagonal = long - short <= PLAYER_HALF;
            if !straight && !diagonal {
                return None;
            }
            let part = |distance: i32| {
                if straight && !diagonal && distance.abs() == short { 0 } else { distance.signum() as i8 }
            };
            Some(Direction { x: part(x), y: part(y) })
        })
    }
}
