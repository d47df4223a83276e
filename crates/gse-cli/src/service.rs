//! A service as the commands for people read it: typed calls whose refusals are told in words, and lists that are read
//! to their end.

use std::future::Future;

use gse_api::{
    Request,
    types::{
        Alias, Asset, DescribeAssetsRequest, DescribeFleetAttributesRequest, DescribeFleetCapacityRequest,
        DescribeGameServerSessionQueuesRequest, FleetAttributes, FleetCapacity, GameServerSessionQueue,
        ListAliasesRequest,
    },
};
use gse_client::Client;

use crate::{call::Connection, failure::Failure};

/// Records of a page.
const PAGE: u64 = 100;
/// `FleetAttributes.Status` of a fleet that is only history.
pub(crate) const TERMINATED: &str = "TERMINATED";

/// A service that can be called.
pub(crate) struct Service {
    /// What calls.
    pub(crate) client: Client,
    /// Where it is and who calls.
    pub(crate) connection: Connection,
}

impl Service {
    /// The service of a connection; nothing is sent yet.
    ///
    /// # Errors
    /// An address or a key that cannot be used.
    pub(crate) fn new(connection: Connection) -> Result<Self, Failure> {
        Ok(Self { client: connection.client()?, connection })
    }

    /// The region of the calls.
    pub(crate) fn region(&self) -> &str {
        &self.connection.region
    }

    /// Calls an action.
    ///
    /// # Errors
    /// A refusal, with what to do about it.
    pub(crate) async fn call<R: Request>(&self, request: &R) -> Result<R::Response, Failure> {
        let answer = self.client.call(request).await;
        answer.map_err(|error| self.connection.explain(error).action(R::ACTION).context(doing::<R>()))
    }

    /// The fleets of the region that are not TERMINATED, newest first.
    ///
    /// # Errors
    /// A refused call.
    pub(crate) async fn fleets(&self) -> Result<Vec<FleetAttributes>, Failure> {
        let pages = all(|offset| {
            let (limit, offset) = (Some(PAGE), Some(offset));
            let request = DescribeFleetAttributesRequest { limit, offset, ..Default::default() };
            async move {
                let answer = self.call(&request).await?;
                Ok((answer.fleet_attributes, answer.total_count))
            }
        });
        let mut fleets = pages.await?;
        fleets.retain(|fleet| fleet.status != TERMINATED);
        Ok(fleets)
    }

    /// These fleets, but those that are unknown or TERMINATED.
    ///
    /// # Errors
    /// A refused call.
    pub(crate) async fn fleets_of(&self, ids: &[String]) -> Result<Vec<FleetAttributes>, Failure> {
        // A list without ids is a list of all.
        if ids.is_empty() {
            return Ok(vec![]);
        }
        let (fleet_ids, limit) = (Some(ids.to_vec()), Some(PAGE));
        let request = DescribeFleetAttributesRequest { fleet_ids, limit, ..Default::default() };
        let mut fleets = self.call(&request).await?.fleet_attributes;
        fleets.retain(|fleet| fleet.status != TERMINATED);
        Ok(fleets)
    }

    /// The capacity of these fleets.
    ///
    /// # Errors
    /// A refused call.
    pub(crate) async fn capacities(&self, fleet_ids: Vec<String>) -> Result<Vec<FleetCapacity>, Failure> {
        if fleet_ids.is_empty() {
            return Ok(vec![]);
        }
        let request = DescribeFleetCapacityRequest { fleet_ids, limit: Some(PAGE), ..Default::default() };
        Ok(self.call(&request).await?.fleet_capacity)
    }

    /// The aliases of the region, or those of a name; oldest first.
    ///
    /// # Errors
    /// A refused call.
    pub(crate) async fn aliases(&self, name: Option<&str>) -> Result<Vec<Alias>, Failure> {
        all(|offset| {
            let request = ListAliasesRequest {
                name: name.map(str::to_owned),
                limit: Some(PAGE),
                offset: Some(offset),
                order_by: Some("CreationTime".into()),
                order_way: Some("asc".into()),
                ..Default::default()
            };
            async move {
                let answer = self.call(&request).await?;
                Ok((answer.aliases, answer.total_count))
            }
        })
        .await
    }

    /// The assets of the region, newest first.
    ///
    /// # Errors
    /// A refused call.
    pub(crate) async fn assets(&self) -> Result<Vec<Asset>, Failure> {
        all(|offset| {
            // of this action, Offset is a page.
            let (asset_region, page) = (self.region().to_owned(), offset.div_ceil(PAGE));
            let (limit, offset) = (PAGE.cast_signed(), page.cast_signed());
            let request = DescribeAssetsRequest { asset_region, limit, offset, ..Default::default() };
            async move {
                let answer = self.call(&request).await?;
                Ok((answer.assets, answer.total_count.unsigned_abs()))
            }
        })
        .await
    }

    /// The queues of the region.
    ///
    /// # Errors
    /// A refused call.
    pub(crate) async fn queues(&self) -> Result<Vec<GameServerSessionQueue>, Failure> {
        all(|offset| {
            let (limit, offset) = (Some(PAGE), Some(offset));
            let request = DescribeGameServerSessionQueuesRequest { limit, offset, ..Default::default() };
            async move {
                let answer = self.call(&request).await?;
                Ok((answer.game_server_session_queues, answer.total_count))
            }
        })
        .await
    }
}

/// Every page, until as many records came as there are.
pub(crate) async fn all<T, F>(page: impl Fn(u64) -> F) -> Result<Vec<T>, Failure>
where
    F: Future<Output = Result<(Vec<T>, u64), Failure>>,
{
    let mut records = Vec::new();
    loop {
        let (more, total) = page(records.len() as u64).await?;
        let is_last = more.is_empty();
        records.extend(more);
        if is_last || records.len() as u64 >= total {
            return Ok(records);
        }
    }
}

fn doing<R: Request>() -> String {
    format!("the call of `{}` failed", R::ACTION.name())
}
