//! `gse aliases`.

use clap::Args;
use gse_api::types::Alias;

use super::{Showing, Table, age, now, short, show};
use crate::failure::Failure;
use crate::service::Service;

/// Shows the aliases and where they lead.
#[derive(Debug, Args)]
pub(crate) struct AliasesArgs {
    #[command(flatten)]
    showing: Showing,
}

pub(crate) async fn run(args: AliasesArgs) -> Result<(), Failure> {
    let json = args.showing.json;
    let service = Service::new(args.showing.connection)?;
    let aliases = service.aliases(None).await?;
    let hint = "`gse deploy --asset DIR --alias NAME` makes one that leads to a fleet";
    show(json, &aliases, &table(&aliases), "there are no aliases", hint)
}

fn table(aliases: &[Alias]) -> Table {
    let (mut table, now) = (Table::new(&["ALIAS", "NAME", "LEADS TO", "CHANGED", "DESCRIPTION"]), now());
    for alias in aliases {
        let routing = &alias.routing_strategy;
        let target = match routing.r#type.as_str() {
            "SIMPLE" => routing.fleet_id.clone(),
            _ => short(&format!("nowhere: {}", routing.message)),
        };
        table.row([
            alias.alias_id.clone(),
            short(&alias.name),
            target,
            age(&alias.last_updated_time, now),
            short(&alias.description),
        ]);
    }
    table
}
