//! The spec as the generator sees it: `cloud-api.json` plus the rulings of `cloud-api.md` that change a limit.
//! Constraints that nothing here reads (units, samples, defaults) are for readers of the spec.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::Value;

/// The whole API.
#[derive(Debug, Deserialize)]
pub(crate) struct Api {
    pub(crate) actions: BTreeMap<String, Action>,
    pub(crate) structures: BTreeMap<String, Structure>,
    #[serde(rename = "errorCodes")]
    pub(crate) error_codes: BTreeMap<String, Vec<String>>,
    pub(crate) regions: Vec<String>,
    #[serde(rename = "defaultRateLimitPerSecond")]
    pub(crate) default_rate_limit: u32,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Action {
    pub(crate) group: String,
    #[serde(rename = "errorCodes")]
    pub(crate) error_codes: Vec<String>,
    pub(crate) request: Members,
    pub(crate) response: Members,
    #[serde(rename = "rateLimitPerSecond")]
    pub(crate) rate_limit: Option<u32>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Members {
    pub(crate) members: Vec<Member>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Structure {
    pub(crate) direction: Direction,
    pub(crate) members: Vec<Member>,
}

#[derive(Debug, Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Direction {
    Request,
    Response,
    Both,
}

#[derive(Debug, Deserialize, Clone)]
pub(crate) struct Member {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    pub(crate) format: Option<String>,
    #[serde(rename = "ref")]
    pub(crate) reference: Option<String>,
    pub(crate) items: Option<Items>,
    pub(crate) required: bool,
    pub(crate) nullable: bool,
    #[serde(default)]
    pub(crate) constraints: serde_json::Map<String, Value>,
}

#[derive(Debug, Deserialize, Clone)]
pub(crate) struct Items {
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    pub(crate) format: Option<String>,
    #[serde(rename = "ref")]
    pub(crate) reference: Option<String>,
}

#[derive(Debug, Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    String,
    Integer,
    Number,
    Boolean,
    List,
    Object,
}

/// Where a structure lives when more than one group uses it.
pub(crate) const SHARED: &str = "structures";

impl Api {
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let mut api: Self = serde_json::from_str(text)?;
        api.resolve()?;
        for (name, action) in &mut api.actions {
            action.response.members.retain(|member| member.name != "RequestId");
            for member in &mut action.request.members {
                rule(name, member);
            }
        }
        for (name, structure) in &mut api.structures {
            for member in &mut structure.members {
                rule(name, member);
            }
        }
        Ok(api)
    }

    /// Members that take their limits from another member (`inherits`, `enumRef`) get a copy of them.
    fn resolve(&mut self) -> anyhow::Result<()> {
        let structures = &self.structures;
        let find = |path: &str| -> anyhow::Result<serde_json::Map<String, Value>> {
            let (owner, name) = path.split_once('.').context("a reference without a dot")?;
            let structure = structures.get(owner).with_context(|| format!("no structure `{owner}`"))?;
            let member = structure.members.iter().find(|member| member.name == name);
            Ok(member.with_context(|| format!("no member `{path}`"))?.constraints.clone())
        };
        let mut copies = BTreeMap::new();
        for path in ["InboundPermission.FromPort", "InboundPermission.ToPort", "InboundPermission.Protocol"] {
            copies.insert(path.to_owned(), find(path)?);
        }
        copies.insert("QuotaResource.ResourceType".into(), find("QuotaResource.ResourceType")?);
        let requests = self.actions.values_mut().flat_map(|action| action.request.members.iter_mut());
        let members = self.structures.values_mut().flat_map(|structure| structure.members.iter_mut());
        for member in requests.chain(members) {
            let Some(Value::String(path)) =
                member.constraints.get("inherits").or_else(|| member.constraints.get("enumRef"))
            else {
                continue;
            };
            match path.as_str() {
                // The list of the JSON is not complete (C09): validate/fleet.rs knows all codes.
                "Event.EventCode" => {}
                // Only answered, never read.
                "SetServerWeightRequest.Weight" => {}
                path => match copies.get(path) {
                    Some(copy) => member.constraints = copy.clone(),
                    None => bail!("the limits of `{}` refer to `{path}`, which is not known", member.name),
                },
            }
        }
        Ok(())
    }

    /// The files that hold types: the groups, and one for what they share.
    pub(crate) fn homes(&self) -> BTreeSet<String> {
        let mut homes: BTreeSet<String> = self.actions.values().map(|action| action.group.clone()).collect();
        homes.insert(SHARED.into());
        homes
    }

    /// The file a structure lives in: its group when only one uses it.
    pub(crate) fn home(&self, structure: &str) -> &str {
        let mut groups = BTreeSet::new();
        for action in self.actions.values() {
            let members = action.request.members.iter().chain(&action.response.members);
            if members.into_iter().any(|member| self.reaches(member, structure)) {
                groups.insert(action.group.as_str());
            }
        }
        match (groups.pop_first(), groups.is_empty()) {
            (Some(group), true) => group,
            _ => SHARED,
        }
    }

    fn reaches(&self, member: &Member, structure: &str) -> bool {
        member.target().is_some_and(|target| {
            target == structure
                || self.structures[target].members.iter().any(|member| self.reaches(member, structure))
        })
    }

    /// True when requests and responses need different types: a request may leave members out, a response may not.
    pub(crate) fn two_sided(&self, structure: &str) -> bool {
        let structure = &self.structures[structure];
        structure.direction == Direction::Both
            && structure.members.iter().any(|member| {
                !member.required || member.target().is_some_and(|target| self.two_sided(target))
            })
    }
}

impl Member {
    /// The structure this member holds, alone or in a list.
    pub(crate) fn target(&self) -> Option<&str> {
        self.reference.as_deref().or_else(|| self.items.as_ref()?.reference.as_deref())
    }

    pub(crate) fn number(&self, key: &str) -> Option<i64> {
        self.constraints.get(key)?.as_i64()
    }

    fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.constraints.insert(key.into(), value.into());
    }
}

/// Rulings of cloud-api.md that differ from the documented limits, or fill a hole in them.
fn rule(owner: &str, member: &mut Member) {
    match (owner, member.name.as_str()) {
        // C10: 0 means unlimited.
        ("RuntimeConfiguration", "MaxConcurrentGameServerSessionActivations") => member.set("minimum", 0),
        // C22: a count of 0 switches the limit off, a period of 0 means the default.
        ("ResourceCreationLimitPolicy", _) => member.set("minimum", 0),
        // §4.5: a tag may have an empty value, but not an empty key.
        ("Tag", "Value") => member.set("minLength", 0),
        // §2.1: names of buckets' objects.
        (_, "BucketKey") => limit(member, 1, 850, "byte"),
        // C01: the custom part; pattern of §2.10.
        ("CreateGameServerSession", "GameServerSessionId") => {
            limit(member, 1, 4096, "byte");
            member.set("pattern", "^[a-zA-Z0-9_.-]+$");
        }
        // C01: lookups take what the service hands out.
        (_, "GameServerSessionId") => limit(member, 1, 4352, "byte"),
        // §2.8: the name is the identity.
        ("CreateGameServerSessionQueue", "Name") => member.set("pattern", "^[A-Za-z0-9-]+$"),
        // 0 means the default.
        ("CreateGameServerSessionQueue" | "UpdateGameServerSessionQueue", "TimeoutInSeconds") => {
            member.set("minimum", 0);
            member.set("maximum", 600);
        }
        // §2.9 and §7: the player sessions quota; 16 properties everywhere.
        (_, "MaximumPlayerSessionCount") => member.set("maximum", 200),
        (_, "GameProperties") => member.set("maxItems", 16),
        // §2.3: the sum is checked by hand.
        ("ServerProcesse", "ConcurrentExecutions") => {
            member.set("minimum", 1);
            member.set("maximum", 50);
        }
        ("InboundPermission" | "InboundPermissionAuthorization" | "InboundPermissionRevocations", name)
            if name.ends_with("Port") =>
        {
            member.set("minimum", 1025);
            member.set("maximum", 60000);
        }
        // §2.5
        ("TimerScalingPolicy", "TimerName") => limit(member, 1, 50, "char"),
        ("TimerFleetCapacity", "ScalingInterval") => {
            member.set("minimum", 1);
            member.set("maximum", 30);
        }
        ("TimerFleetCapacity", "MinSize" | "DesiredInstances") => member.set("minimum", 0),
        ("TimerFleetCapacity", "MaxSize") => member.set("minimum", 1),
        // §2.3: counts under TimeLimitProtection only, so it is checked by hand.
        (_, "GameServerSessionProtectionTimeLimit") => {
            member.constraints.remove("minimum");
            member.constraints.remove("maximum");
        }
        // §2.2
        (_, "MaxAgeSeconds") => member.set("minimum", 0),
        ("UpdateBucketCORSOpt", "AllowedMethods" | "AllowedOrigins") => member.set("minItems", 1),
        // §2.4: required and not empty.
        ("DescribeFleetCapacity" | "DescribeFleetUtilization", "FleetIds") => member.set("minItems", 1),
        // §6.2: one page is at most 100; ListFleets only looks at the type.
        (owner, "Limit" | "Offset") if owner != "ListFleets" => page(member),
        // §6.2: page tokens.
        (_, "NextToken") => limit(member, 1, 1024, "byte"),
        // §4.1: ids of other kinds on lookup.
        (
            _,
            "FleetId" | "FleetIds" | "AliasId" | "AssetId" | "InstanceId" | "ImageId" | "CcnId" | "AccountId"
            | "TimerId" | "PlacementId",
        ) => identifier(member),
        // §2.11: each player id of a batch is as long as one alone.
        (_, "PlayerIds") => {
            let items = serde_json::json!({ "minLength": 1, "maxLength": 1024, "lengthUnit": "ascii" });
            member.set("items", items);
        }
        _ => {}
    }
}

fn page(member: &mut Member) {
    if member.number("minimum").is_none() {
        member.set("minimum", 0);
    }
    if member.name == "Limit" {
        member.set("maximum", 100);
    }
}

fn identifier(member: &mut Member) {
    if member.kind == Kind::List {
        member.set("items", serde_json::json!({ "minLength": 1, "maxLength": 128, "lengthUnit": "byte" }));
    } else if member.number("maxLength").is_none() {
        limit(member, 1, 128, "byte");
    }
}

fn limit(member: &mut Member, min: u32, max: u32, unit: &str) {
    member.set("minLength", min);
    member.set("maxLength", max);
    member.set("lengthUnit", unit);
}
