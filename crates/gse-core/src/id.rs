//! An id type per kind, their printed forms, and where new ids come from (operations.md 0.2).
//!
//! Not here: randomness. An `IdSource` is handed in by a shell; tests use `CounterIds`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::table::Key;

// `spread` marks those that there are very many of (`table::Key`). The text of an id is shared by everything that names it: rows, indexes, changes, the replica for reads.
macro_rules! ids {
    ($($(#[$attribute:meta])* $name:ident $($spread:ident)?;)*) => {$(
        $(#[$attribute])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes any text: an id of a foreign shape is simply not found.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into().into())
            }

            /// The same text, to be kept without a copy.
            pub fn shared(&self) -> Arc<str> {
                Arc::clone(&self.0)
            }

            /// The id as it is printed.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Key for $name {
            $(fn spread(&self) -> u64 {
                crate::table::$spread(&self.0)
            })?
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from.deserialize_str(SharedText).map(Self)
            }
        }
    )*};
}

/// Reads a text right into where it is shared from; very many are read at a start.
struct SharedText;

impl Visitor<'_> for SharedText {
    type Value = Arc<str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(text.into())
    }
}

ids! {
    /// `asset-xxxxxxxx`.
    #[derive(Debug)]
    AssetId;
    /// `fleet-xxxxxxxx-xxxxxxxx`.
    #[derive(Debug)]
    FleetId;
    /// `ins-xxxxxxxx`.
    #[derive(Debug)]
    InstanceId;
    /// A record of one operating-system process of a game server; never on the wire.
    #[derive(Debug)]
    ProcessId spread;
    /// `alias-xxxxxxxx-xxxxxxxx`.
    #[derive(Debug)]
    AliasId;
    /// `event-xxxxxxxx-xxxxxxxx`.
    #[derive(Debug)]
    EventId spread;
    /// `qcs::gse:<region>:uin/<uin>:gameserversession/<fleet>/gssess-xxxxxxxx-xxxxxxxx`.
    #[derive(Debug)]
    GameServerSessionId spread;
    /// `psess-` and at least 128 bits from the system's generator: it is the player's ticket, so `Debug` hides it.
    PlayerSessionId spread;
    /// `timerId-xxxxxxxx`.
    #[derive(Debug)]
    TimerId;
    /// Chosen by the caller, `[a-zA-Z0-9-]{1,48}`.
    #[derive(Debug)]
    PlacementId;
    /// The identity of a queue, `[A-Za-z0-9-]{1,128}`.
    #[derive(Debug)]
    QueueName;
    /// The account number, digits.
    #[derive(Debug)]
    Uin;
    /// A region name such as `ap-shanghai`.
    #[derive(Debug)]
    Region;
    /// Where the bytes of an uploaded package lie in the blob store; the hash of its content.
    #[derive(Debug)]
    BlobId;
    /// `gse-<uin>-<region>`: an account has one bucket in each region.
    #[derive(Debug)]
    BucketName;
    /// `<instance>/<number>`: the stretches of time in which an instance ran are counted from 1.
    #[derive(Debug)]
    InstanceLifeId;
    /// `<uin>/<region>`: where the console's wizard stands is written down once for each.
    #[derive(Debug)]
    DemoId;
}

impl DemoId {
    /// That of an account in a region.
    pub fn of(scope: &Scope) -> Self {
        Self::new(format!("{}/{}", scope.uin, scope.region))
    }
}

impl BucketName {
    /// The bucket of an account in a region. It is never listed anywhere: the name says what it is.
    pub fn of(scope: &Scope) -> Self {
        Self::new(format!("gse-{}-{}", scope.uin, scope.region))
    }
}

impl PlayerSessionId {
    /// Characters after the prefix that a log may show, to tell players apart.
    const SHOWN: usize = 4;

    /// The id as errors and logs show it: enough to tell it from others, not enough to use it.
    pub fn shown(&self) -> String {
        const PREFIX: &str = "psess-";
        let rest = self.0.strip_prefix(PREFIX).unwrap_or_default();
        // What is short, or none of ours, could be guessed from a part.
        let start = rest.get(..Self::SHOWN).filter(|_| rest.len() >= 8 * Self::SHOWN).unwrap_or_default();
        format!("{PREFIX}{start}…")
    }
}

impl fmt::Debug for PlayerSessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlayerSessionId({})", self.shown())
    }
}

/// An account in a region: every resource belongs to one (M-5).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Scope {
    /// The account.
    pub uin: Uin,
    /// The region.
    pub region: Region,
}

/// The regions that the product's texts name (cloud-api.md 1.12). An operator may add names.
pub const KNOWN_REGIONS: [&str; 15] = [
    "ap-shanghai",
    "ap-beijing",
    "ap-guangzhou",
    "ap-chengdu",
    "ap-hongkong",
    "ap-singapore",
    "ap-mumbai",
    "ap-bangkok",
    "ap-seoul",
    "ap-tokyo",
    "na-siliconvalley",
    "na-ashburn",
    "na-toronto",
    "eu-frankfurt",
    "eu-moscow",
];

/// What a resource name points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResourceName {
    /// `…:fleet/<id>`.
    Fleet(Region, FleetId),
    /// `…:alias/<id>`.
    Alias(Region, AliasId),
}

impl Scope {
    /// `qcs::gse:<region>:uin/<uin>:<kind>/<id>`.
    pub fn resource_name(&self, kind: &str, id: &str) -> String {
        format!("qcs::gse:{}:uin/{}:{kind}/{id}", self.region, self.uin)
    }

    /// The id of a new session; `tail` is a placement id or a custom id (cloud-api.md 4.1).
    pub fn game_server_session_id(
        &self,
        fleet: &FleetId,
        suffix: &str,
        tail: Option<&str>,
    ) -> GameServerSessionId {
        let mut text = self.resource_name("gameserversession", fleet.as_str());
        text.push_str("/gssess-");
        text.push_str(suffix);
        if let Some(tail) = tail {
            text.push('/');
            text.push_str(tail);
        }
        GameServerSessionId::new(text)
    }

    /// Reads the resource name of a fleet or alias; an empty account is the caller's, a foreign one is refused.
    pub fn parse_destination(&self, name: &str) -> Option<ResourceName> {
        let rest = name.strip_prefix("qcs::gse:")?;
        let (region, rest) = rest.split_once(':')?;
        let (account, resource) = rest.split_once(':')?;
        let uin = account.strip_prefix("uin/").or_else(|| account.is_empty().then_some(""))?;
        if !(uin.is_empty() || uin == self.uin.as_str()) || region.is_empty() {
            return None;
        }
        let region = Region::new(region);
        match resource.split_once('/')? {
            ("fleet", id) if !id.is_empty() => Some(ResourceName::Fleet(region, FleetId::new(id))),
            ("alias", id) if !id.is_empty() => Some(ResourceName::Alias(region, AliasId::new(id))),
            _ => None,
        }
    }
}

/// The kinds of id that the service makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the kind of the id type of that name")]
pub enum IdKind {
    Asset,
    Fleet,
    Instance,
    Process,
    Alias,
    Event,
    GameServerSession,
    PlayerSession,
    Timer,
}

/// Where ids come from. One sequence per kind, so that one more object of a kind does not rename the others.
pub trait IdSource {
    /// The text after the prefix, `[a-z0-9-]+`, never the same twice. In production: random groups of the
    /// documented form, and at least 128 bits from the system's generator for `IdKind::PlayerSession`.
    fn suffix(&mut self, kind: IdKind) -> String;
}

/// Ids that count, for tests and simulation: `0001`, `0002`, …
#[derive(Clone, Debug, Default)]
pub struct CounterIds {
    next: BTreeMap<IdKind, u32>,
}

impl IdSource for CounterIds {
    fn suffix(&mut self, kind: IdKind) -> String {
        let counter = self.next.entry(kind).or_default();
        *counter += 1;
        format!("{counter:04}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope() -> Scope {
        Scope { uin: Uin::new("100000000001"), region: Region::new("ap-shanghai") }
    }

    #[test]
    fn a_player_session_id_is_not_shown_whole() {
        let debug = |text: &str| format!("{:?}", PlayerSessionId::new(text));
        assert_eq!(debug("psess-0123456789abcdef0123456789abcdef"), "PlayerSessionId(psess-0123…)");
        for text in ["psess-0001", "sesame", "psess-äöüäöüäöüäöüäöüäöüäöüäöüäöü", ""]
        {
            assert!(
                ["PlayerSessionId(psess-…)", "PlayerSessionId(psess-äö…)"].contains(&debug(text).as_str()),
                "{text}"
            );
        }
    }

    #[test]
    fn destinations_are_fleets_and_aliases_of_the_caller() {
        let fleet = ResourceName::Fleet(Region::new("na-siliconvalley"), FleetId::new("fleet-1"));
        assert_eq!(
            scope().parse_destination("qcs::gse:na-siliconvalley:uin/100000000001:fleet/fleet-1"),
            Some(fleet.clone())
        );
        assert_eq!(scope().parse_destination("qcs::gse:na-siliconvalley:uin/:fleet/fleet-1"), Some(fleet));
        let alias = ResourceName::Alias(Region::new("ap-shanghai"), AliasId::new("alias-1"));
        assert_eq!(scope().parse_destination("qcs::gse:ap-shanghai:uin/:alias/alias-1"), Some(alias));
        for bad in [
            "",
            "fleet-1",
            "qcs::gse:ap-shanghai:uin/2:fleet/fleet-1",
            "qcs::gse:ap-shanghai:uin/:queue/q",
            "qcs::gse::uin/:fleet/fleet-1",
            "qcs::gse:ap-shanghai:uin/:fleet/",
        ] {
            assert_eq!(scope().parse_destination(bad), None, "{bad}");
        }
    }

    #[test]
    fn session_ids_have_the_documented_form() {
        let id = scope().game_server_session_id(&FleetId::new("fleet-1"), "a-b", Some("place-1"));
        assert_eq!(
            id.as_str(),
            "qcs::gse:ap-shanghai:uin/100000000001:gameserversession/fleet-1/gssess-a-b/place-1"
        );
    }
}
