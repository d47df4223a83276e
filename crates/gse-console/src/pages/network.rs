//! VPC / CCN of a fleet (operations.md 8.4): what it is associated with, and the state of that (F-25).

use gse_api::types as wire;
use maud::{Markup, html};

use crate::cloud::Refusal;
use crate::html::{act, id, plain, status, table, time};
use crate::text;
use crate::visit::Visit;

pub(super) async fn tab(v: &Visit, fleet: &str) -> Result<Markup, Refusal> {
    let request = wire::DescribeCcnInstancesRequest { fleet_id: Some(fleet.to_owned()) };
    let networks = v.cloud.call(&request).await?.ccn_instance_sets;
    let row = |network: &wire::CcnInstanceSets| {
        vec![
            html! { (id(&network.ccn_id)) br; (plain(&network.instance_name)) },
            id(&network.account_id),
            status(v, &network.state),
            time(&network.create_time),
        ]
    };
    let rows: Vec<_> = networks.iter().map(row).collect();
    let columns = [text::CCN, text::ACCOUNT, text::STATUS, text::CREATED];
    Ok(html! {
        p.buttons {
            (act(v, text::ASSOCIATE, "AttachCcnInstances", &[("FleetId", fleet)])) " "
            @if !rows.is_empty() { (act(v, text::DETACH_CCN, "DetachCcnInstances", &[("FleetId", fleet)])) }
        }
        p.note { (v.t(text::NETWORK_NOTE)) }
        (table(v, &columns, &rows))
    })
}
