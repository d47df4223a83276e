//! The reasons for a refusal. Each says what was wrong in words that a person understands.
//!
//! Not here: API codes (`gse-server`, `http/convert/error.rs`) and gRPC names (`gse-agent`, `sdk_error.rs`).

use std::fmt;

use crate::fleet::FleetStatus;
use crate::game_server_session::GameServerSessionStatus;
use crate::id::{
    AliasId, AssetId, BucketName, FleetId, GameServerSessionId, InstanceId, PlacementId, PlayerSessionId,
    ProcessId, QueueName,
};
use crate::placement::PlacementStatus;
use crate::player_session::PlayerSessionStatus;

/// Why a command, a report or a read was refused. A refused command changed nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// A member is absent that this action needs.
    Missing {
        /// The member's wire name.
        member: &'static str,
    },
    /// A member has the right type and a value that cannot be.
    Invalid {
        /// The member's wire name.
        member: &'static str,
        /// The value, shortened by the edge.
        value: String,
        /// What is expected.
        expected: String,
    },
    /// A page token that was not issued, or for another question.
    BadToken,
    /// No asset of that id.
    AssetNotFound(AssetId),
    /// The asset's package was not accepted, or is not there yet.
    AssetNotReady {
        /// The asset.
        asset: AssetId,
        /// What is wrong with it.
        reason: String,
    },
    /// DeleteAsset while fleets use it.
    AssetInUse {
        /// The asset.
        asset: AssetId,
        /// One of the fleets.
        fleet: FleetId,
        /// How many there are.
        count: usize,
    },
    /// CreateAsset for a system that is not in the catalogue.
    ImageUnknown {
        /// ImageId.
        image: String,
    },
    /// CreateAssetWithImage with an image that is an asset of this region already.
    ImageRegistered {
        /// ImageId.
        image: String,
        /// The asset.
        asset: AssetId,
    },
    /// A fleet of an image: no image is shared with this service (A-18, R63).
    ImageNotShared {
        /// The asset.
        asset: AssetId,
        /// ImageId.
        image: String,
    },
    /// GetUploadFederationToken before the account has a bucket in the region.
    BucketNotFound(BucketName),
    /// No object of that key was uploaded.
    ObjectNotFound {
        /// The key.
        key: String,
    },
    /// No fleet of that id in this account and region.
    FleetNotFound(FleetId),
    /// No instance of that id in this fleet.
    InstanceNotFound(InstanceId),
    /// GetInstanceAccess: this service has no login data of instances (F-33).
    NoRemoteLogin(InstanceId),
    /// The fleet is not ACTIVE (G-2).
    FleetNotActive {
        /// The fleet.
        fleet: FleetId,
        /// Its state.
        status: FleetStatus,
        /// Why it failed, when it is ERROR; else empty.
        reason: String,
    },
    /// DeleteFleet while the fleet is being created (F-28.3, R1).
    FleetBeingCreated {
        /// The fleet.
        fleet: FleetId,
        /// Its state.
        status: FleetStatus,
    },
    /// DeleteFleet while instances exist (F-28.2).
    FleetHasInstances {
        /// The fleet.
        fleet: FleetId,
        /// How many instances exist, in any state.
        count: usize,
    },
    /// DeleteFleet while something points at the fleet (F-28.1).
    FleetReferenced {
        /// The fleet.
        fleet: FleetId,
        /// What points at it, such as "alias `alias-1`".
        by: String,
    },
    /// UpdateFleetPortSettings revokes a rule that the fleet does not have (F-24).
    PermissionNotFound {
        /// The fleet.
        fleet: FleetId,
        /// The rule, as words.
        permission: String,
    },
    /// A CcnId that is not one (cloud-api.md 2.12).
    CcnNotFound(String),
    /// An AccountId that is no account number.
    CcnAccountNotFound(String),
    /// The network is attached already.
    CcnAttached {
        /// The fleet, or the name of the one that is to be made.
        fleet: String,
        /// The network.
        ccn: String,
    },
    /// More networks than a fleet may be attached to.
    CcnQuota {
        /// The most.
        limit: usize,
    },
    /// A capacity above 1 before the first successful deployment (S-4, R1).
    BeforeFirstDeployment {
        /// The fleet.
        fleet: FleetId,
    },
    /// PutScalingPolicy before the first successful deployment, or while the fleet is deleted (S-4).
    NoPolicyNow {
        /// The fleet.
        fleet: FleetId,
        /// Its state.
        status: FleetStatus,
    },
    /// No scaling policy of that name.
    PolicyNotFound {
        /// The fleet.
        fleet: FleetId,
        /// The name.
        name: String,
    },
    /// No alias of that id.
    AliasNotFound(AliasId),
    /// The alias is TERMINAL; its message is for clients to see (L-4).
    AliasTerminal {
        /// The alias.
        alias: AliasId,
        /// Its message.
        message: String,
    },
    /// The alias points at a fleet that is gone.
    AliasFleetGone {
        /// The alias.
        alias: AliasId,
        /// The fleet that is gone.
        fleet: FleetId,
    },
    /// No timer of that id, or of that name in that fleet.
    TimerNotFound(String),
    /// No queue of that name.
    QueueNotFound(QueueName),
    /// A queue of that name exists.
    QueueNameTaken(QueueName),
    /// A destination names something that does not exist.
    DestinationNotFound {
        /// The resource name.
        name: String,
    },
    /// No placement of that id.
    PlacementNotFound(PlacementId),
    /// StopGameServerSessionPlacement of a placement that is over (P-6, R1).
    PlacementFinished {
        /// The placement.
        placement: PlacementId,
        /// Its state.
        status: PlacementStatus,
    },
    /// Another placement of that id is PENDING (R4).
    PlacementPending(PlacementId),
    /// No session of that id.
    SessionNotFound(GameServerSessionId),
    /// The session is not ACTIVE (Y-3).
    SessionNotActive {
        /// The session.
        session: GameServerSessionId,
        /// Its state.
        status: GameServerSessionStatus,
    },
    /// The session's AvailabilityStatus is Disable (Y-3).
    SessionDisabled(GameServerSessionId),
    /// The session's creation policy is DENY_ALL (Y-9).
    SessionDeniesJoins(GameServerSessionId),
    /// The session's protection forbids to end it with its process (G-15, R1).
    SessionProtected(GameServerSessionId),
    /// Not enough free seats (Y-3, Y-5).
    SessionFull {
        /// The session.
        session: GameServerSessionId,
        /// Seats that are free.
        free: u32,
        /// Seats that were asked for.
        wanted: u32,
    },
    /// No player session of that id.
    PlayerSessionNotFound(PlayerSessionId),
    /// No eligible process (G-5); the reason names what stands in the way.
    NoIdleProcess {
        /// The fleet.
        fleet: FleetId,
        /// Why none of its processes qualifies.
        reason: String,
    },
    /// The creator made as many sessions as the fleet allows (G-10).
    CreatorLimit {
        /// Who.
        creator: String,
        /// Sessions allowed in the period.
        limit: u32,
        /// The period.
        period_minutes: u32,
    },
    /// More fleets than the quota allows (F-5).
    FleetQuota {
        /// The quota.
        limit: usize,
    },
    /// More instances than the quota allows (S-3).
    InstanceQuota {
        /// The quota.
        limit: u32,
        /// What the fleets of the region would add up to.
        wanted: u32,
    },
    /// More of something than its quota allows.
    Quota {
        /// The kind, in the plural: "aliases".
        what: &'static str,
        /// The quota.
        limit: usize,
    },

    // What only game servers hear (server-sdk.md 4.1).
    /// The calling process is unknown to the control plane.
    ProcessUnknown(ProcessId),
    /// The calling process has ended.
    ProcessNotActive(ProcessId),
    /// ProcessReady cannot be accepted in this state.
    ProcessReadyRefused(String),
    /// The session belongs to another process of the same fleet.
    SessionOfAnotherProcess(GameServerSessionId),
    /// The session belongs to another fleet.
    SessionOfAnotherFleet(GameServerSessionId),
    /// The session that is named has ended, and the process hosts another one now (server-sdk.md 4.2, step 4).
    SessionEndedHostingAnother {
        /// The session that the call named.
        named: GameServerSessionId,
        /// The session that the process hosts.
        hosted: GameServerSessionId,
    },
    /// DescribePlayerSessions of a process that hosts nothing, without a session and without another selector.
    NoCurrentSession(ProcessId),
    /// The session's state does not allow the call.
    SessionNotReady {
        /// The session.
        session: GameServerSessionId,
        /// Its state.
        status: GameServerSessionStatus,
    },
    /// ActivateGameServerSession came too late.
    ActivationTooLate {
        /// The session.
        session: GameServerSessionId,
        /// Its state.
        status: GameServerSessionStatus,
        /// The session that the process hosts instead (server-sdk.md 4.2, step 4).
        hosted: Option<GameServerSessionId>,
    },
    /// AcceptPlayerSession or RemovePlayerSession names a player session that this session does not have.
    PlayerUnknown {
        /// The session.
        session: GameServerSessionId,
    },
    /// AcceptPlayerSession of a player session that is not RESERVED (any more).
    PlayerNotReserved {
        /// Its state.
        status: PlayerSessionStatus,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { member } => write!(f, "the request is missing a required parameter `{member}`"),
            Self::Invalid { member, value, expected } => {
                write!(
                    f,
                    "the value `{value}` specified in the parameter `{member}` is not valid: expected {expected}"
                )
            }
            Self::BadToken => {
                f.write_str("the page token was not issued for this question; start again without one")
            }
            Self::AssetNotFound(asset) => write!(f, "asset `{asset}` does not exist"),
            Self::AssetNotReady { asset, reason } => write!(f, "asset `{asset}` cannot be used: {reason}"),
            Self::AssetInUse { asset, fleet, count } => write!(
                f,
                "asset `{asset}` is used by {count} fleet(s), among them `{fleet}`; delete them first"
            ),
            Self::ImageUnknown { image } => write!(
                f,
                "`ImageId` `{image}` is none that DescribeAssetSystems returns; this installation runs `CentOS7.16`, which needs none"
            ),
            Self::ImageRegistered { image, asset } => {
                write!(f, "image `{image}` is asset `{asset}` already; use that, or delete it first")
            }
            Self::ImageNotShared { asset, image } => write!(
                f,
                "asset `{asset}` is the machine image `{image}`, which is not shared with this service: it runs packages; zip what the image has in /local/game and make an asset of it with CreateAsset"
            ),
            Self::BucketNotFound(bucket) => {
                write!(f, "there is no bucket `{bucket}` yet; call GetUploadCredentials once, which makes it")
            }
            Self::ObjectNotFound { key } => {
                write!(f, "no object `{key}` was uploaded; call GetUploadCredentials and PUT the zip first")
            }
            Self::FleetNotFound(fleet) => {
                write!(f, "fleet `{fleet}` does not exist in this account and region")
            }
            Self::InstanceNotFound(instance) => {
                write!(f, "instance `{instance}` does not exist in this fleet; see DescribeInstances")
            }
            Self::NoRemoteLogin(instance) => write!(
                f,
                "there is no remote login to instance `{instance}`: it is a slot on a host, and this service gives no shell on its hosts"
            ),
            Self::FleetNotActive { fleet, status, reason } => {
                let colon = if reason.is_empty() { "" } else { ": " };
                write!(f, "fleet `{fleet}` is {status}, not ACTIVE{colon}{reason}; see DescribeFleetEvents")
            }
            Self::CcnNotFound(ccn) => {
                write!(f, "`{ccn}` is no cloud connect network; its id is like `ccn-2dsbtmo3`")
            }
            Self::CcnAccountNotFound(account) => {
                write!(f, "`{account}` is no account; an account is a number")
            }
            Self::CcnAttached { fleet, ccn } => {
                write!(f, "cloud connect network `{ccn}` is attached to fleet `{fleet}` already")
            }
            Self::CcnQuota { limit } => {
                write!(f, "a fleet can be attached to {limit} cloud connect networks at most")
            }
            Self::PermissionNotFound { fleet, permission } => write!(
                f,
                "fleet `{fleet}` has no inbound permission `{permission}`; see DescribeFleetPortSettings"
            ),
            Self::FleetBeingCreated { fleet, status } => {
                write!(f, "fleet `{fleet}` is {status}; wait until it is ACTIVE or ERROR")
            }
            Self::FleetHasInstances { fleet, count } => write!(
                f,
                "fleet `{fleet}` still has {count} instance(s); set MinSize and DesiredInstances to 0 and wait until they are gone"
            ),
            Self::FleetReferenced { fleet, by } => write!(f, "fleet `{fleet}` is still used by {by}"),
            Self::BeforeFirstDeployment { fleet } => write!(
                f,
                "fleet `{fleet}` has not been ACTIVE yet; until then its capacity can only be set within 0 and 1"
            ),
            Self::NoPolicyNow { fleet, status } => {
                write!(f, "fleet `{fleet}` is {status}; it can have scaling policies as soon as it is ACTIVE")
            }
            Self::PolicyNotFound { fleet, name } => {
                write!(f, "fleet `{fleet}` has no scaling policy `{name}`; see DescribeScalingPolicies")
            }
            Self::AliasNotFound(alias) => write!(f, "alias `{alias}` does not exist"),
            Self::AliasTerminal { alias, message } => {
                write!(f, "alias `{alias}` leads nowhere any more: {message}")
            }
            Self::AliasFleetGone { alias, fleet } => {
                write!(f, "alias `{alias}` points at fleet `{fleet}`, which is gone; call UpdateAlias")
            }
            Self::TimerNotFound(timer) => {
                write!(f, "timer `{timer}` does not exist in this fleet, account and region")
            }
            Self::QueueNotFound(queue) => write!(f, "queue `{queue}` does not exist"),
            Self::QueueNameTaken(queue) => write!(f, "a queue named `{queue}` exists already"),
            Self::DestinationNotFound { name } => write!(f, "the destination `{name}` does not exist"),
            Self::PlacementNotFound(placement) => write!(f, "placement `{placement}` does not exist"),
            Self::PlacementFinished { placement, status } => {
                write!(f, "placement `{placement}` is already {status}")
            }
            Self::PlacementPending(placement) => {
                write!(f, "another placement `{placement}` is PENDING; stop it or choose another id")
            }
            Self::SessionNotFound(session) => write!(f, "game server session `{session}` does not exist"),
            Self::SessionNotActive { session, status } => {
                write!(f, "game server session `{session}` is {status}, not ACTIVE")
            }
            Self::SessionDisabled(session) => {
                write!(
                    f,
                    "game server session `{session}` takes no players any more: its process is unhealthy or leaving"
                )
            }
            Self::SessionDeniesJoins(session) => {
                write!(f, "game server session `{session}` takes no players: its creation policy is DENY_ALL")
            }
            Self::SessionProtected(session) => write!(
                f,
                "game server session `{session}` has FullProtection; change its ProtectionPolicy by UpdateGameServerSession first"
            ),
            Self::SessionFull { session, free, wanted } => {
                write!(f, "game server session `{session}` has {free} free seat(s), {wanted} wanted")
            }
            Self::PlayerSessionNotFound(player) => {
                write!(f, "player session `{}` does not exist", player.shown())
            }
            Self::NoIdleProcess { fleet, reason } => {
                write!(f, "fleet `{fleet}` has no free process: {reason}")
            }
            Self::CreatorLimit { creator, limit, period_minutes } => write!(
                f,
                "creator `{creator}` made {limit} session(s) in the last {period_minutes} minute(s), as many as the fleet allows"
            ),
            Self::FleetQuota { limit } => write!(f, "the quota of {limit} fleets is used up"),
            Self::InstanceQuota { limit, wanted } => {
                write!(f, "the fleets of the region would add up to {wanted} instances; the quota is {limit}")
            }
            Self::Quota { what, limit } => write!(f, "the quota of {limit} {what} is used up"),
            Self::ProcessUnknown(process) => {
                write!(f, "process `{process}` is unknown; call ProcessReady first")
            }
            Self::ProcessNotActive(process) => write!(f, "process `{process}` has ended"),
            Self::ProcessReadyRefused(reason) => f.write_str(reason),
            Self::SessionOfAnotherProcess(session) => {
                write!(f, "session `{session}` is hosted by another process")
            }
            Self::SessionOfAnotherFleet(session) => write!(f, "session `{session}` belongs to another fleet"),
            Self::SessionEndedHostingAnother { named, hosted } => {
                write!(f, "session `{named}` has ended; this process hosts `{hosted}` now")
            }
            Self::NoCurrentSession(process) => write!(
                f,
                "process `{process}` hosts no session, and the call names neither a session nor a player"
            ),
            Self::SessionNotReady { session, status } => write!(f, "session `{session}` is {status}"),
            Self::ActivationTooLate { session, status, hosted } => {
                write!(f, "session `{session}` is {status} and cannot be activated any more")?;
                hosted.as_ref().map_or(Ok(()), |hosted| write!(f, "; this process hosts `{hosted}` now"))
            }
            Self::PlayerUnknown { session } => write!(f, "session `{session}` has no such player session"),
            Self::PlayerNotReserved { status } => write!(f, "the player session is {status}, not RESERVED"),
        }
    }
}

impl std::error::Error for Error {}
