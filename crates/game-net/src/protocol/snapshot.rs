//! The datagram from server to player: the state of the world as a difference from what both sides foresee.
//!
//! ```text
//! 0x02 | lead, i8 | tick, u32, big endian | age of the baseline in ticks, u8; 0: the start of the match
//! then bits, a 1 before each part that differs:
//!   each player: position (1: 2 x 10 bits of difference, or 0: 2 x 14 bits), direction and facing 2 x 4,
//!     aim (1 and 8, or 0: as facing), dash, cool-down, stun, shield, reload 8 each, health 2, score 16 and scored at tick 24; present has no more
//!   each pick-up: 1 and 2 x 14 bits, or 0 when it is taken
//!   each foreseen shot: 1 when it is gone; number of new shots 6; each: slot 4, age 6, origin 2 x 14, aim 8,
//!     rewind 4
//!   the low 16 bits of the state's hash
//! ```
//!
//! The baseline is the last state that the player said to have. Both sides let the rules go on from it to the tick of
//! the snapshot as if nobody did anything new ([`foresee`]), and the datagram says what came differently: somebody who
//! walks on, a shot that flies and a timer that runs out cost one bit or none. No state needs more than one datagram.
//! The hash is there because a difference from something else than what the server meant would look like a state.

use game_sim::arena::{HEIGHT, WIDTH};
use game_sim::{
    Aim, HEALTH_MAX, PLAYERS_MAX, Player, PlayerSlot, Position, REWIND_TICKS_MAX, SHOT_TICKS, SHOTS_MAX,
    Shot, TICKS_LIMIT, World, WorldState,
};

use super::ProtocolError;
use super::bits::{BitReader, BitWriter};
use super::input::{decode_direction, encode_direction};

/// The oldest baseline, in ticks. Without a newer one the snapshot starts from the start of the match.
pub const BASELINE_AGE_MAX: u32 = 60;

const KIND: u8 = 0x02;
const HEADER: usize = 7;
const NO_LEAD: i8 = i8::MIN;
/// Bits of a coordinate: the arena is 16384 units wide.
const COORDINATE: u32 = 14;
/// Bits of the difference of a coordinate, and what is added to make it positive.
const DIFFERENCE: u32 = 10;
/// Bits of an aim.
const AIM: u32 = 8;
/// Bits of the state's hash.
const HASH: u32 = 16;
const DIFFERENCE_OFFSET: i32 = 1 << (DIFFERENCE - 1);
/// Bits of a player's health.
const HEALTH: u32 = 2;
/// Bits of points, and of the tick of the last.
const SCORE: (u32, u32) = (16, 24);
/// Bits of a slot.
const SLOT: u32 = 4;
/// Bits of a shot's age in ticks.
const SHOT_AGE: u32 = 6;
/// Bits of the number of new shots.
const SHOT_COUNT: u32 = 6;
/// Bits of the ticks by which a shot's owner sees the others in the past.
const REWIND: u32 = 4;

// A rule that outgrows its bits would be cut off in silence.
const _: () = {
    assert!(WIDTH <= 1 << COORDINATE && HEIGHT <= 1 << COORDINATE);
    assert!((HEALTH_MAX as u32) < 1 << HEALTH);
    assert!(SCORE.0 == u16::BITS && TICKS_LIMIT < 1 << SCORE.1);
    assert!(PLAYERS_MAX <= 1 << SLOT);
    assert!(SHOT_TICKS <= 1 << SHOT_AGE);
    assert!(SHOTS_MAX < 1 << SHOT_COUNT);
    assert!((REWIND_TICKS_MAX as u32) < 1 << REWIND);
    assert!(AIM == u8::BITS && BASELINE_AGE_MAX <= u8::MAX as u32);
};

/// The content of a snapshot datagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// What stands before the state.
    pub header: Header,
    /// The world after `header.tick` steps.
    pub state: WorldState,
}

/// What can be read without the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// By how many ticks the newest input of the receiver is ahead of the server; negative is too late. `None` until
    /// one arrived.
    pub lead: Option<i8>,
    /// Steps that the server has made.
    pub tick: u32,
    /// The tick of the state that this one is a difference from; `None`: the start of the match.
    pub baseline_tick: Option<u32>,
}

/// What both sides expect at `tick` when nobody does anything new since the baseline.
///
/// `world` is any world of the match; it gives the rules. Without a baseline it is the start of the match as players
/// know it, and no step is made.
pub fn foresee(start: &World, baseline: Option<&WorldState>, tick: u32) -> Result<WorldState, ProtocolError> {
    let Some(baseline) = baseline else { return Ok(start.state().clone()) };
    let age = tick.checked_sub(baseline.tick).filter(|age| *age <= BASELINE_AGE_MAX);
    let mut world = start.with_state(baseline.clone()).map_err(|_| ProtocolError::Datagram)?;
    for _ in 0..age.ok_or(ProtocolError::Datagram)? {
        world.step(&[]);
    }
    Ok(world.state().clone())
}

impl Header {
    /// Reads the beginning of a datagram.
    pub fn decode(bytes: &[u8]) -> Result<Header, ProtocolError> {
        let [KIND, lead, t0, t1, t2, t3, age, ..] = bytes else { return Err(ProtocolError::Datagram) };
        let tick = u32::from_be_bytes([*t0, *t1, *t2, *t3]);
        let baseline_tick = match u32::from(*age) {
            0 => None,
            age @ 1..=BASELINE_AGE_MAX => Some(tick.checked_sub(age).ok_or(ProtocolError::Datagram)?),
            _ => return Err(ProtocolError::Datagram),
        };
        Ok(Header { lead: Some(*lead as i8).filter(|lead| *lead != NO_LEAD), tick, baseline_tick })
    }

    fn encode(&self) -> Vec<u8> {
        let age = self.baseline_tick.map_or(0, |baseline| self.tick - baseline);
        let mut bytes = vec![KIND, self.lead.unwrap_or(NO_LEAD) as u8];
        bytes.extend_from_slice(&self.tick.to_be_bytes());
        bytes.push(age as u8);
        bytes
    }
}

impl Snapshot {
    /// The datagram's bytes.
    pub fn encode(&self, foreseen: &WorldState) -> Vec<u8> {
        encode(&self.header, foreseen, &self.state)
    }

    /// Reads a datagram's bytes. Whether the state belongs to the match is checked by `World::with_state`.
    pub fn decode(bytes: &[u8], foreseen: &WorldState) -> Result<Snapshot, ProtocolError> {
        let header = Header::decode(bytes)?;
        let mut reader = BitReader::new(&bytes[HEADER..]);
        let state = read_state(&mut reader, &header, foreseen).ok_or(ProtocolError::Datagram)?;
        let hash = reader.read(HASH).ok_or(ProtocolError::Datagram)?;
        if hash != hash_bits(&state) {
            return Err(ProtocolError::Differs);
        }
        let snapshot = Snapshot { header, state };
        // One form only: a difference that is none is no datagram of ours.
        if reader.ends_here() && snapshot.encode(foreseen) == bytes {
            Ok(snapshot)
        } else {
            Err(ProtocolError::Datagram)
        }
    }
}

/// The bytes of a snapshot, without a copy of the state.
pub(crate) fn encode(header: &Header, foreseen: &WorldState, state: &WorldState) -> Vec<u8> {
    let mut writer = BitWriter::after(header.encode());
    for (player, foreseen) in state.players.iter().zip(&foreseen.players) {
        if writer.flag(player != foreseen) {
            write_player(&mut writer, player, foreseen);
        }
    }
    for (pickup, foreseen) in state.pickups.iter().zip(&foreseen.pickups) {
        if writer.flag(pickup != foreseen) && writer.flag(pickup.is_some()) {
            write_position(&mut writer, pickup.unwrap_or(Position { x: 0, y: 0 }));
        }
    }
    for shot in &foreseen.shots {
        writer.flag(!state.shots.contains(shot));
    }
    let new = state.shots.iter().filter(|shot| !foreseen.shots.contains(shot));
    writer.write(new.clone().count() as u32, SHOT_COUNT);
    for shot in new {
        writer.write(shot.owner.0.into(), SLOT);
        writer.write(header.tick.wrapping_sub(shot.fired_at_tick), SHOT_AGE);
        write_position(&mut writer, shot.origin);
        writer.write(shot.aim.0.into(), AIM);
        writer.write(shot.rewind_ticks.into(), REWIND);
    }
    writer.write(hash_bits(state), HASH);
    writer.into_bytes()
}

/// Writes another lead into a datagram: all else is the same for everybody with the same baseline.
pub(crate) fn set_lead(datagram: &mut [u8], lead: Option<i8>) {
    datagram[1] = lead.unwrap_or(NO_LEAD) as u8;
}

fn hash_bits(state: &WorldState) -> u32 {
    (state.hash() & 0xffff) as u32
}

fn write_player(writer: &mut BitWriter, player: &Player, foreseen: &Player) {
    if writer.flag(player.position != foreseen.position) {
        let x = player.position.x - foreseen.position.x + DIFFERENCE_OFFSET;
        let y = player.position.y - foreseen.position.y + DIFFERENCE_OFFSET;
        let range = 0..2 * DIFFERENCE_OFFSET;
        if writer.flag(range.contains(&x) && range.contains(&y)) {
            writer.write(x as u32, DIFFERENCE);
            writer.write(y as u32, DIFFERENCE);
        } else {
            write_position(writer, player.position);
        }
    }
    if writer.flag((player.direction, player.facing) != (foreseen.direction, foreseen.facing)) {
        writer.write(encode_direction(player.direction).into(), 4);
        writer.write(encode_direction(player.facing).into(), 4);
    }
    if writer.flag(player.aim != foreseen.aim) {
        writer.flag(player.aim.is_some());
        if let Some(aim) = player.aim {
            writer.write(aim.0.into(), AIM);
        }
    }
    for (ticks, foreseen) in timers(player).into_iter().zip(timers(foreseen)) {
        if writer.flag(ticks != foreseen) {
            writer.write(ticks.into(), 8);
        }
    }
    if writer.flag(player.health != foreseen.health) {
        writer.write(player.health.min(HEALTH_MAX).into(), HEALTH);
    }
    if writer.flag((player.score, player.scored_at_tick) != (foreseen.score, foreseen.scored_at_tick)) {
        writer.write(player.score.into(), SCORE.0);
        writer.write(player.scored_at_tick, SCORE.1);
    }
    writer.flag(player.present != foreseen.present);
}

fn timers(player: &Player) -> [u8; 5] {
    [
        player.dash_ticks,
        player.dash_cooldown_ticks,
        player.stun_ticks,
        player.shield_ticks,
        player.reload_ticks,
    ]
}

fn write_position(writer: &mut BitWriter, Position { x, y }: Position) {
    writer.write(x as u32, COORDINATE);
    writer.write(y as u32, COORDINATE);
}

/// `None` when something is missing or has no meaning.
fn read_state(reader: &mut BitReader<'_>, header: &Header, foreseen: &WorldState) -> Option<WorldState> {
    let mut state = WorldState { tick: header.tick, ..foreseen.clone() };
    for player in &mut state.players {
        if reader.flag()? {
            read_player(reader, player)?;
        }
    }
    for pickup in &mut state.pickups {
        if reader.flag()? {
            *pickup = if reader.flag()? { Some(read_position(reader)?) } else { None };
        }
    }
    let mut shots = Vec::with_capacity(SHOTS_MAX);
    for shot in &foreseen.shots {
        if !reader.flag()? {
            shots.push(*shot);
        }
    }
    for _ in 0..reader.read(SHOT_COUNT)? {
        shots.push(Shot {
            owner: PlayerSlot(reader.read(SLOT)? as u8),
            fired_at_tick: header.tick.checked_sub(reader.read(SHOT_AGE)?)?,
            origin: read_position(reader)?,
            aim: Aim(reader.read(AIM)? as u8),
            rewind_ticks: reader.read(REWIND)? as u8,
        });
    }
    shots.sort_by_key(|shot| (shot.fired_at_tick, shot.owner));
    state.shots = shots;
    Some(state)
}

fn read_player(reader: &mut BitReader<'_>, player: &mut Player) -> Option<()> {
    if reader.flag()? {
        player.position = if reader.flag()? {
            let mut difference = || Some(reader.read(DIFFERENCE)? as i32 - DIFFERENCE_OFFSET);
            Position { x: player.position.x + difference()?, y: player.position.y + difference()? }
        } else {
            read_position(reader)?
        };
    }
    if reader.flag()? {
        player.direction = decode_direction(reader.read(4)? as u8)?;
        player.facing = decode_direction(reader.read(4)? as u8)?;
    }
    if reader.flag()? {
        player.aim = if reader.flag()? { Some(Aim(reader.read(AIM)? as u8)) } else { None };
    }
    for ticks in [
        &mut player.dash_ticks,
        &mut player.dash_cooldown_ticks,
        &mut player.stun_ticks,
        &mut player.shield_ticks,
        &mut player.reload_ticks,
    ] {
        if reader.flag()? {
            *ticks = reader.read(8)? as u8;
        }
    }
    if reader.flag()? {
        player.health = reader.read(HEALTH)? as u8;
    }
    if reader.flag()? {
        player.score = reader.read(SCORE.0)? as u16;
        player.scored_at_tick = reader.read(SCORE.1)?;
    }
    if reader.flag()? {
        player.present = !player.present;
    }
    Some(())
}

fn read_position(reader: &mut BitReader<'_>) -> Option<Position> {
    Some(Position { x: reader.read(COORDINATE)? as i32, y: reader.read(COORDINATE)? as i32 })
}
