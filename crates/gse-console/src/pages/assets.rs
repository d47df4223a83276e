//! Asset packages and their upload (operations.md 8.2).

use gse_api::types as wire;
use maud::{Markup, html};

use super::ROWS;
use crate::cloud::Refusal;
use crate::html::{act, id, pager, plain, table, tags, time};
use crate::page::Page;
use crate::text;
use crate::visit::Visit;

/// The quota of asset packages.
const ASSETS: u64 = 1;

pub(super) async fn list(v: &Visit) -> Result<Page, Refusal> {
    let request = wire::DescribeAssetsRequest {
        asset_region: v.cloud.region.clone(),
        limit: ROWS as i64,
        offset: i64::try_from(v.offset()).unwrap_or_default(),
        filter: v.asked("filter").map(str::to_owned),
        ..Default::default()
    };
    let assets = v.cloud.call(&request).await?;
    let rows: Vec<_> = assets.assets.iter().map(|asset| row(v, asset)).collect();
    let columns = [
        text::ID_NAME,
        text::VERSION,
        text::OS,
        text::RESOURCE_TYPE,
        text::SIZE,
        text::STATUS,
        text::BOUND_FLEETS,
        text::CREATED,
        text::TAGS,
        text::OPERATIONS,
    ];
    let body = html! {
        div.head {
            h1 { (v.t(text::ASSETS)) }
            a.button href="/console/assets/upload" { (v.t(text::CREATE)) }
        }
        (super::quota(v, ASSETS).await)
        form.filter method="get" {
            label for="filter" { (v.t(text::ID_NAME)) }
            input id="filter" name="filter" value=(v.asked("filter").unwrap_or_default());
            button.quiet { (v.t(text::FILTER)) }
        }
        (table(v, &columns, &rows))
        (pager(v, rows.len(), ROWS, u64::try_from(assets.total_count).unwrap_or_default()))
    };
    Ok(Page::live(v.t(text::ASSETS), body))
}

fn row(v: &Visit, asset: &wire::Asset) -> Vec<Markup> {
    let named = [("AssetId", &*asset.asset_id)];
    let (class, state) = match asset.stauts {
        0 => ("busy", text::UPLOADING),
        1 => ("bad", text::FAILED),
        _ => ("good", text::UPLOADED),
    };
    vec![
        html! { (id(&asset.asset_id)) br; (plain(&asset.asset_name)) },
        plain(&asset.asset_version),
        plain(&asset.operate_system),
        plain(&asset.resource_type),
        plain(&asset.size),
        html! { span class={ "status " (class) } { (v.t(state)) } },
        html! { (asset.bind_fleet_num) },
        time(&asset.create_time),
        tags(&asset.tags),
        html! {
            (act(v, text::CREATE_FLEET, "CreateFleet", &named)) " "
            (act(v, text::MODIFY, "UpdateAsset", &named)) " "
            (act(v, text::DELETE, "DeleteAsset", &named))
        },
    ]
}

/// The form that sends a zip; the script sends it as it is, so that its size has no limit but the service's.
pub(super) fn upload(v: &Visit) -> Page {
    let command = "gse asset upload --dir build --name NAME --asset-version VERSION";
    let body = html! {
        h1 { (v.t(text::UPLOAD)) }
        noscript { p.notice.bad { (v.t(text::UPLOAD_NEEDS_SCRIPT)) } }
        p { (v.t(text::UPLOAD_NOTE)) }
        form.stacked data-upload {
            label for="name" { (v.t(text::NAME)) }
            input id="name" name="name" maxlength="64" required;
            label for="version" { (v.t(text::VERSION)) }
            input id="version" name="version" maxlength="64" required;
            label for="os" { (v.t(text::OS)) }
            input id="os" name="os" value="CentOS7.16" required;
            label for="file" { (v.t(text::FILE)) }
            input id="file" name="file" type="file" accept=".zip,application/zip" required data-drop;
            progress value="0" max="1" hidden {}
            p.notice.bad role="alert" hidden {}
            button { (v.t(text::UPLOAD)) }
        }
        h2 { (v.t(text::UPLOAD_BY_COMMAND)) }
        pre { code { (command) } }
    };
    Page::new(v.t(text::UPLOAD), body)
}
