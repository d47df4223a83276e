//! Doing: one step, by calls of the cloud API. Nothing here decides what comes next.

use std::path::Path;

use gse_api::extension::SetAliasCanaryRequest;
use gse_api::types::{
    CopyFleetRequest, CreateAliasRequest, CreateFleetRequest, DeleteFleetRequest,
    DescribeRuntimeConfigurationRequest, FleetAttributes, RoutingStrategyInput, StartFleetActionsRequest,
    StopFleetActionsRequest, Tag, UpdateAliasRequest, UpdateFleetCapacityRequest,
};

use gse_core::deployment::AliasTarget;

use super::{
    AUTO_SCALING, Deployment,
    look::{ALIAS_TAG, REPLACES_TAG, Seen},
    settings::{INSTANCE_TYPE, open_to_players},
};
use crate::{
    asset::{
        build::{self, Named},
        lint,
    },
    failure::Failure,
};

/// Characters of an asset's name, and of a fleet's.
const ASSET_NAME: usize = 64;
const FLEET_NAME: usize = 50;
/// So much of a digest tells builds apart for people.
const SHORT_DIGEST: usize = 8;

impl Deployment {
    /// Uploads the build. It is named by its content, so another attempt writes the same object.
    pub(super) async fn upload(&self, seen: &Seen) -> Result<(), Failure> {
        let Some(build) = &self.build else { return Ok(()) };
        if !self.no_lint {
            let launched = self.launched(seen, &build.folder).await?;
            lint::check(&build.folder, launched)?;
        }
        let packed = build::packed(&build.folder)?;
        if packed.digest != build.digest {
            let error = format!("`{}` has changed since it was looked at", build.folder.display());
            return Err(Failure::from(anyhow::Error::msg(error)).hint("run the command again"));
        }
        let version = build.version.clone().unwrap_or_else(|| short(&packed.digest));
        let key = format!("deploy/{}.zip", packed.digest);
        let named = Named { name: cut(&self.alias, ASSET_NAME), version, key };
        build::publish(&self.service.client, &self.objects, self.service.region(), named, packed).await?;
        Ok(())
    }

    /// What the new fleet will launch.
    async fn launched(&self, seen: &Seen, folder: &Path) -> Result<Vec<String>, Failure> {
        let fleet = match seen.target() {
            AliasTarget::Fleet(id) if seen.fleets.iter().any(|fleet| fleet.id == id) => Some(id),
            AliasTarget::Fleet(_) | AliasTarget::Missing | AliasTarget::Nowhere => None,
        };
        let Some(fleet_id) = fleet else {
            let entries = self.settings.first_runtime(folder)?.server_processes.unwrap_or_default();
            return Ok(entries.into_iter().filter_map(|entry| entry.launch_path).collect());
        };
        let request = DescribeRuntimeConfigurationRequest { fleet_id };
        let has =
            self.service.call(&request).await?.runtime_configuration.unwrap_or_default().server_processes;
        let wanted = self.settings.runtime(&has)?.and_then(|runtime| runtime.server_processes);
        Ok(match wanted {
            Some(entries) => entries.into_iter().filter_map(|entry| entry.launch_path).collect(),
            None => has.into_iter().map(|entry| entry.launch_path).collect(),
        })
    }

    /// Makes the fleet, and gives its id.
    pub(super) async fn create_fleet(&self, seen: &Seen, copy_of: Option<&str>) -> Result<String, Failure> {
        let Some(build) = &self.build else { return Err(no_build()) };
        let asset = seen.asset.clone();
        let suffix = format!("-{}", short(&build.digest));
        let name = Some(cut(&self.alias, FLEET_NAME - suffix.len()) + &suffix);
        let mut tags = vec![Tag { key: ALIAS_TAG.into(), value: self.alias.clone() }];
        let Some(source) = copy_of.and_then(|id| seen.attributes.iter().find(|fleet| fleet.fleet_id == id))
        else {
            let request = CreateFleetRequest {
                asset_id: asset,
                name,
                instance_type: Some(self.settings.instance_type.clone().unwrap_or(INSTANCE_TYPE.into())),
                runtime_configuration: Some(self.settings.first_runtime(&build.folder)?),
                inbound_permissions: Some(open_to_players()),
                tags: Some(tags),
                ..CreateFleetRequest::default()
            };
            let made = self.service.call(&request).await?.fleet_attributes;
            return Ok(made.map(|fleet| fleet.fleet_id).unwrap_or_default());
        };
        tags.push(Tag { key: REPLACES_TAG.into(), value: source.fleet_id.clone() });
        tags.extend(users_tags(source));
        let runtime = DescribeRuntimeConfigurationRequest { fleet_id: source.fleet_id.clone() };
        let runtime = self.service.call(&runtime).await?.runtime_configuration.unwrap_or_default();
        let request = CopyFleetRequest {
            fleet_id: source.fleet_id.clone(),
            copy_number: 1,
            asset_id: asset,
            name,
            instance_type: self.settings.instance_type.clone(),
            runtime_configuration: self.settings.runtime(&runtime.server_processes)?,
            selected_scaling_type: Some("SCALING_SELECTED".into()),
            selected_timer_type: Some("TIMER_SELECTED".into()),
            selected_ccn_type: (!source.related_ccn_infos.is_empty())
                .then(|| "CCN_SELECTED_BEFORE_CREATE".into()),
            tags: Some(tags),
            ..CopyFleetRequest::default()
        };
        let made = self.service.call(&request).await?.fleet_attributes.into_iter().next();
        Ok(made.map(|fleet| fleet.fleet_id).unwrap_or_default())
    }

    /// New settings of a fleet's capacity.
    pub(super) async fn resize(&self, fleet: &str, min: u64, desired: u64) -> Result<(), Failure> {
        let request = UpdateFleetCapacityRequest {
            fleet_id: fleet.to_owned(),
            min_size: Some(min),
            desired_instances: Some(desired),
            ..UpdateFleetCapacityRequest::default()
        };
        self.service.call(&request).await.map(drop)
    }

    /// Whether policies may change the number of instances.
    pub(super) async fn scale_automatically(&self, fleet: &str, on: bool) -> Result<(), Failure> {
        let (fleet_id, actions) = (fleet.to_owned(), Some(vec![AUTO_SCALING.to_owned()]));
        if on {
            self.service.call(&StartFleetActionsRequest { fleet_id, actions }).await.map(drop)
        } else {
            self.service.call(&StopFleetActionsRequest { fleet_id, actions }).await.map(drop)
        }
    }

    /// Leads the alias to the fleet; makes it if there is none.
    pub(super) async fn switch(&self, seen: &Seen, fleet: &str) -> Result<(), Failure> {
        let routing =
            RoutingStrategyInput { r#type: "SIMPLE".into(), fleet_id: Some(fleet.to_owned()), message: None };
        match &seen.alias {
            Some(alias) => {
                let request = UpdateAliasRequest {
                    alias_id: alias.alias_id.clone(),
                    routing_strategy: Some(routing),
                    ..UpdateAliasRequest::default()
                };
                self.service.call(&request).await.map(drop)
            }
            None => {
                let request = CreateAliasRequest {
                    name: self.alias.clone(),
                    routing_strategy: routing,
                    ..CreateAliasRequest::default()
                };
                self.service.call(&request).await.map(drop)
            }
        }
    }

    /// Gives a fleet a share of the alias's new sessions; none ends the share.
    pub(super) async fn set_canary(&self, seen: &Seen, canary: Option<(&str, u64)>) -> Result<(), Failure> {
        let Some(alias) = &seen.alias else { return Ok(()) };
        let request = SetAliasCanaryRequest {
            alias_id: alias.alias_id.clone(),
            fleet_id: canary.map(|(fleet, _)| fleet.to_owned()),
            percent: canary.map_or(0, |(_, percent)| u32::try_from(percent).unwrap_or(u32::MAX)),
        };
        let set = self.service.client.extension(&request).await;
        set.map(drop).map_err(|error| self.service.connection.explain(error))
    }

    /// Deletes an empty fleet.
    pub(super) async fn delete(&self, fleet: &str) -> Result<(), Failure> {
        self.service.call(&DeleteFleetRequest { fleet_id: fleet.to_owned() }).await.map(drop)
    }
}

fn users_tags(fleet: &FleetAttributes) -> impl Iterator<Item = Tag> {
    let is_ours = |tag: &&Tag| [ALIAS_TAG, REPLACES_TAG].contains(&tag.key.as_str());
    fleet.tags.iter().filter(move |tag| !is_ours(tag)).cloned()
}

fn short(digest: &str) -> String {
    cut(digest, SHORT_DIGEST)
}

fn cut(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

fn no_build() -> Failure {
    Failure::usage("there is no build to make a fleet of").hint("name its folder with --asset")
}
