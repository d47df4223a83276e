//! What may be typed where an id is wanted: fleets, packages, instance types, aliases and queues that there are.

use futures_util::future::join_all;
use gse_api::Action;
use gse_api::schema::{Structure, ValueType};
use gse_api::types as wire;
use maud::{Markup, html};

use crate::cloud::Cloud;
use crate::visit::Visit;

/// How many are offered.
const MOST: u64 = 100;

/// Values with what they are called, by the list that holds them.
#[derive(Default)]
pub(crate) struct Suggestions(Vec<(&'static str, Known)>);

/// What is known of the values of a list.
#[derive(Default)]
struct Known {
    values: Vec<(String, String)>,
    /// Whether there are others, or could be.
    is_partial: bool,
}

/// The list of values that fit a member.
pub(super) fn list_of(name: &str) -> Option<&'static str> {
    match name {
        "FleetId" => Some("fleets"),
        "AliasId" => Some("aliases"),
        "AssetId" => Some("assets"),
        "InstanceType" => Some("instance-types"),
        "DestinationArn" => Some("destinations"),
        "RegionIdentifier" => Some("regions"),
        _ => None,
    }
}

impl Suggestions {
    /// What the members of an action could be. What cannot be read is not offered; the form works without.
    pub(super) async fn load(v: &Visit, action: Action) -> Self {
        let mut wanted = Vec::new();
        lists_in(action.request_schema(), &mut wanted);
        let one = async |list: &'static str| {
            let known = match list {
                "fleets" => Known::of(fleets(v).await),
                "aliases" => Known::of(aliases(v).await),
                "assets" => Known::of(assets(v).await),
                "destinations" => destinations(v).await,
                "regions" => {
                    Known::of(Some(v.regions.iter().map(|region| (region.clone(), String::new())).collect()))
                }
                _ => Known::of(instance_types(v).await),
            };
            (list, known)
        };
        Self(join_all(wanted.into_iter().map(one)).await)
    }

    /// Everything that a member could be, if that is known to be everything.
    pub(super) fn choices(&self, name: &str) -> Option<&[(String, String)]> {
        let wanted = list_of(name)?;
        let (_, known) = self.0.iter().find(|(list, _)| *list == wanted)?;
        (!known.values.is_empty() && !known.is_partial).then_some(&known.values)
    }

    pub(super) fn lists(&self) -> Markup {
        html! {
            @for (list, known) in &self.0 {
                datalist id=(list) { @for (value, name) in &known.values { option value=(value) { (name) } } }
            }
        }
    }
}

impl Known {
    /// What was answered; nothing where that was refused. As many as were asked for may not be all.
    fn of(values: Values) -> Self {
        let is_partial = values.as_ref().is_none_or(|values| values.len() >= MOST as usize);
        Self { values: values.unwrap_or_default(), is_partial }
    }

    fn and(mut self, other: Self) -> Self {
        self.values.extend(other.values);
        Self { is_partial: self.is_partial || other.is_partial, ..self }
    }
}

fn lists_in(structure: &Structure, found: &mut Vec<&'static str>) {
    for member in structure.members {
        let inner = match &member.value {
            ValueType::List(list) => list.item,
            value => value,
        };
        match inner {
            ValueType::Object(structure) => lists_in(structure, found),
            _ => found.extend(list_of(member.name).filter(|list| !found.contains(list))),
        }
    }
}

type Values = Option<Vec<(String, String)>>;

async fn fleet_attributes(cloud: &Cloud) -> Option<Vec<wire::FleetAttributes>> {
    let request = wire::DescribeFleetAttributesRequest { limit: Some(MOST), ..Default::default() };
    Some(cloud.call(&request).await.ok()?.fleet_attributes)
}

async fn alias_list(cloud: &Cloud) -> Option<Vec<wire::Alias>> {
    let request = wire::ListAliasesRequest { limit: Some(MOST), ..Default::default() };
    Some(cloud.call(&request).await.ok()?.aliases)
}

async fn fleets(v: &Visit) -> Values {
    let named = |fleet: wire::FleetAttributes| (fleet.fleet_id, format!("{} · {}", fleet.name, fleet.status));
    Some(fleet_attributes(&v.cloud).await?.into_iter().map(named).collect())
}

async fn aliases(v: &Visit) -> Values {
    Some(alias_list(&v.cloud).await?.into_iter().map(|alias| (alias.alias_id, alias.name)).collect())
}

/// Of every region, the visitor's own first: a queue is there to lead from one to another. Where some of it is refused, the
/// rest is offered, and anything may be typed.
async fn destinations(v: &Visit) -> Known {
    let mut regions: Vec<&String> = v.regions.iter().collect();
    regions.sort_by_key(|region| **region != v.cloud.region);
    let found = join_all(regions.into_iter().map(|region| destinations_in(v, region))).await;
    found.into_iter().fold(Known::default(), Known::and)
}

async fn destinations_in(v: &Visit, region: &str) -> Known {
    let cloud = Cloud { region: region.to_owned(), ..v.cloud.clone() };
    let (fleets, aliases) = tokio::join!(fleet_attributes(&cloud), alias_list(&cloud));
    let shown = |name: &str, id: &str| format!("{region} → {name} · {id}");
    let fleet = |fleet: wire::FleetAttributes| (fleet.fleet_arn, shown(&fleet.name, &fleet.fleet_id));
    let alias = |alias: wire::Alias| (alias.alias_arn, shown(&alias.name, &alias.alias_id));
    let fleets = Known::of(fleets.map(|fleets| fleets.into_iter().map(fleet).collect()));
    fleets.and(Known::of(aliases.map(|aliases| aliases.into_iter().map(alias).collect())))
}

async fn assets(v: &Visit) -> Values {
    let request = wire::DescribeAssetsRequest {
        asset_region: v.cloud.region.clone(),
        limit: MOST as i64,
        ..Default::default()
    };
    let assets = v.cloud.call(&request).await.ok()?.assets.into_iter().filter(|asset| asset.stauts == 2);
    let named =
        |asset: wire::Asset| (asset.asset_id, format!("{} {}", asset.asset_name, asset.asset_version));
    Some(assets.map(named).collect())
}

async fn instance_types(v: &Visit) -> Values {
    let types = v.cloud.call(&wire::DescribeInstanceTypesRequest {}).await.ok()?.instance_type_list;
    let named =
        |kind: wire::InstanceTypeInfo| (kind.instance_type, format!("{} CPU · {} GB", kind.cpu, kind.memory));
    Some(types.into_iter().map(named).collect())
}
