//! Asset packages, their upload, and what is wrong with them (operations.md 8.2).

use gse_api::extension::{LintAssetRequest, LintAssetResponse, LintFinding};
use gse_api::types as wire;
use maud::{Markup, html};

use super::{ROWS, fleet_link, list_filters, tag_filter};
use crate::cloud::Refusal;
use crate::html::{act, english, fields, id, named, pager, plain, refusal, table, tags, time, told};
use crate::language::Text;
use crate::page::{Outcome, Page};
use crate::text::{self, lint};
use crate::visit::{Visit, address, escaped};

/// The quota of asset packages.
const ASSETS: u64 = 1;
/// The system that needs no image; it is chosen first.
const DEFAULT_SYSTEM: &str = "CentOS7.16";

pub(super) async fn list(v: &Visit) -> Result<Page, Refusal> {
    // `Filter` finds a part of a name as well, `Filters` only the whole one.
    let request = wire::DescribeAssetsRequest {
        asset_region: v.cloud.region.clone(),
        limit: ROWS as i64,
        offset: i64::try_from(v.offset()).unwrap_or_default(),
        filter: v.asked("name").map(str::to_owned),
        filters: tag_filter(v),
    };
    let (assets, quota) = tokio::join!(v.cloud.call(&request), super::quota(v, ASSETS));
    let assets = assets?;
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
        div.head.list {
            h1 { (v.t(text::ASSETS)) }
            a.button href="/console/assets/upload" { (v.t(text::CREATE)) }
        }
        (quota)
        (list_filters(v, &html! {}))
        (table(v, &columns, &rows))
        (pager(v, rows.len(), ROWS, u64::try_from(assets.total_count).unwrap_or_default()))
    };
    Ok(Page::live(v.t(text::ASSETS), body))
}

fn place(asset: &str) -> String {
    format!("/console/assets/{}", escaped(asset))
}

fn state(v: &Visit, asset: &wire::Asset) -> Markup {
    let (class, state) = match asset.stauts {
        0 => ("busy", text::UPLOADING),
        1 => ("bad", text::FAILED),
        _ => ("good", text::UPLOADED),
    };
    html! { span class={ "status " (class) } { (v.t(state)) } }
}

fn is_image(asset: &wire::Asset) -> bool {
    asset.resource_type == "IMAGE"
}

/// R63: no fleet runs from an image, so there is no button for it.
fn operations(v: &Visit, asset: &wire::Asset) -> Markup {
    let named = [("AssetId", &*asset.asset_id)];
    html! {
        @if asset.stauts == 2 && !is_image(asset) { (act(v, text::CREATE_FLEET, "CreateFleet", &named)) " " }
        (act(v, text::EDIT, "UpdateAsset", &named)) " "
        (act(v, text::DELETE, "DeleteAsset", &named))
    }
}

fn kind(v: &Visit, asset: &wire::Asset) -> Markup {
    html! {
        @if is_image(asset) { (v.t(text::IMAGE)) }
        @else if asset.resource_type == "ASSET" { (v.t(text::PACKAGE)) }
        @else { (plain(&asset.resource_type)) }
    }
}

fn row(v: &Visit, asset: &wire::Asset) -> Vec<Markup> {
    vec![
        named(&place(&asset.asset_id), &asset.asset_id, &asset.asset_name),
        plain(&asset.asset_version),
        plain(&asset.operate_system),
        kind(v, asset),
        plain(&asset.size),
        state(v, asset),
        html! { (asset.bind_fleet_num) },
        time(&asset.create_time),
        tags(&asset.tags),
        operations(v, asset),
    ]
}

/// One package: what it is, what is wrong with it, and which fleets have it.
pub(super) async fn show(v: &Visit, asked: &str) -> Result<Outcome, Refusal> {
    let asset = wire::DescribeAssetRequest { asset_id: asked.to_owned() };
    let launch: Vec<String> = v
        .query
        .iter()
        .filter(|(name, path)| name == "launch" && !path.is_empty())
        .map(|(_, path)| path.clone())
        .collect();
    let looked_into = LintAssetRequest { asset_id: asked.to_owned(), launch_paths: launch.clone() };
    let fleets = wire::ListFleetsRequest { asset_id: Some(asked.to_owned()), ..Default::default() };
    let (asset, linted, fleets) =
        tokio::join!(v.cloud.call(&asset), v.cloud.call_extension(&looked_into), v.cloud.call(&fleets));
    let asset = asset?.asset;
    let fleets: Vec<_> = fleets
        .map(|answer| answer.fleet_ids)
        .unwrap_or_default()
        .iter()
        .map(|fleet| vec![fleet_link(fleet)])
        .collect();
    let body = html! {
        div.head {
            h1 { bdi.user { (asset.asset_name) } " " (state(v, &asset)) }
            div { (operations(v, &asset)) }
        }
        (fields(v, &[
            (text::ID, id(&asset.asset_id)),
            (text::VERSION, plain(&asset.asset_version)),
            (text::OS, plain(&asset.operate_system)),
            (text::RESOURCE_TYPE, kind(v, &asset)),
            (text::SIZE, plain(&asset.size)),
            (text::CREATED, time(&asset.create_time)),
            (text::TAGS, tags(&asset.tags)),
        ]))
        @if is_image(&asset) { p.notice { (v.t(text::IMAGE_NOTE)) } } @else {
            h2 { (v.t(text::FINDINGS)) }
            @match linted {
                Ok(found) => (findings(v, &asset, &found, &launch)),
                Err(error) => (refusal(v, &error)),
            }
        }
        h2 { (v.t(text::USED_BY)) }
        (table(v, &[text::FLEET], &fleets))
    };
    // A package does not change, and looking into it is work.
    Ok(Outcome::Page(Page::new(asset.asset_name.clone(), body)))
}

fn findings(v: &Visit, asset: &wire::Asset, found: &LintAssetResponse, launch: &[String]) -> Markup {
    if !found.unusable.is_empty() {
        return html! { p.notice.bad #unusable { (v.t(text::UNUSABLE)) " " (english(&found.unusable)) } };
    }
    let row = |finding: &LintFinding| {
        let (class, level) =
            if finding.level == "error" { ("bad", text::ERROR) } else { ("busy", text::WARNING) };
        let said = lint::of(&finding.rule);
        vec![
            html! { span class={ "status " (class) } { (v.t(level)) } },
            told(v, said.map(|(wrong, _)| wrong), &finding.text),
            told(v, said.map(|(_, fix)| fix), &finding.hint),
            id(&finding.rule),
        ]
    };
    let rows: Vec<_> = found.findings.iter().map(row).collect();
    html! {
        p.small {
            (found.files) " " (v.t(text::FILES)) " · " (found.bytes.div_ceil(1 << 10)) " KiB · "
            (v.t(text::JUDGED_FOR)) " " (found.machine)
        }
        @if rows.is_empty() { p.notice.good #no-findings { (v.t(text::NO_FINDINGS)) } } @else {
            div #findings { (table(v, &[text::LEVEL, text::FINDING, text::WHAT_TO_DO, text::RULE], &rows)) }
        }
        form.filter #form-lint method="get" {
            label for="launch" { (v.t(text::LAUNCH_PATH)) }
            input id="launch" name="launch" list="programs" placeholder="/local/game/…"
                value=(launch.first().map_or("", String::as_str));
            datalist id="programs" { @for program in &found.programs { option value=(program) {} } }
            button.quiet.keep { (v.t(text::CHECK)) }
        }
        @if !found.programs.is_empty() {
            p { (v.t(text::PROGRAMS)) }
            ul.programs {
                @for program in &found.programs {
                    li {
                        code { (program) } " "
                        a.button.small href=(create(v, asset, program)) { (v.t(text::CREATE_FLEET)) }
                    }
                }
            }
        }
    }
}

/// The creation page with this package and this program filled in.
fn create(v: &Visit, asset: &wire::Asset, program: &str) -> String {
    let here = v.here();
    let values = [
        ("AssetId", &*asset.asset_id),
        ("~RuntimeConfiguration.ServerProcesses.0.LaunchPath", program),
        ("back", &here),
    ];
    address("/console/do/CreateFleet", &values)
}

const TABS: [(&str, Text); 3] =
    [("upload", text::LOCAL_ZIP), ("command", text::UPLOAD_BY_COMMAND), ("image", text::IMAGE)];

fn tabbed(v: &Visit, tab: &str, content: &Markup) -> Page {
    let body = html! {
        h1 { (v.t(text::CREATE_ASSET)) }
        nav.tabs aria-label=(v.t(text::CREATE_ASSET)) {
            @for (name, label) in TABS {
                a href={ "/console/assets/" (name) } aria-current=[(name == tab).then_some("page")] { (v.t(label)) }
            }
        }
        (content)
    };
    Page::new(v.t(text::CREATE_ASSET), body)
}

/// The form that sends a zip; the script sends it as it is, so that its size has no limit but the service's.
pub(super) async fn upload(v: &Visit) -> Page {
    let systems = v.cloud.call(&wire::DescribeAssetSystemsRequest { os_bit: None, os_type: None }).await;
    let systems = systems.map(|answer| answer.asset_support_sys).unwrap_or_default();
    let content = html! {
        noscript { p.notice.bad { (v.t(text::UPLOAD_NEEDS_SCRIPT)) } }
        p { (v.t(text::UPLOAD_NOTE)) }
        form.stacked #form-upload data-upload {
            label for="name" { (v.t(text::NAME)) }
            input id="name" name="name" maxlength="64" required;
            label for="version" { (v.t(text::VERSION)) }
            input id="version" name="version" maxlength="64" required;
            label for="os" { (v.t(text::OS)) }
            select id="os" name="os" {
                @for system in &systems {
                    option value=(system.os_version) data-image=(system.image_id)
                        selected[system.os_version == DEFAULT_SYSTEM] {
                        (system.os_version) " · " (system.os_bit) " " (v.t(text::live::BIT))
                    }
                }
                @if systems.is_empty() { option { (DEFAULT_SYSTEM) } }
            }
            label for="mode" { (v.t(text::SUBMISSION)) }
            select id="mode" name="mode" { option { (v.t(text::LOCAL_ZIP)) } }
            label for="file" { (v.t(text::FILE)) }
            div.drop data-drop {
                input id="file" name="file" type="file" accept=".zip,application/zip" required;
                p.help { (v.t(text::DROP_HERE)) }
            }
            label for="tags" { (v.t(text::TAGS)) }
            textarea id="tags" name="tags" rows="2" placeholder=(v.t(text::TAGS_EXAMPLE)) aria-describedby="tags-help" {}
            p.help id="tags-help" { (v.t(text::TAGS_HELP)) }
            progress value="0" max="1" hidden aria-label=(v.t(text::PROGRESS)) {}
            p.help data-progress role="status" {}
            p.notice.bad role="alert" hidden {}
            button data-lost=(v.t(text::CONNECTION_LOST)) { (v.t(text::UPLOAD)) }
        }
    };
    tabbed(v, "upload", &content)
}

/// The same by the command line.
pub(super) fn command(v: &Visit) -> Page {
    let here = format!(
        "--endpoint {}://{} --region {}",
        v.scheme,
        crate::explorer::plain_host(&v.host),
        v.cloud.region
    );
    let commands = [
        (text::COMMAND_LINT, "gse asset lint --dir build --launch server".to_owned()),
        (
            text::COMMAND_UPLOAD,
            format!("gse asset upload --dir build --name NAME --asset-version VERSION {here}"),
        ),
        (text::COMMAND_DEPLOY, format!("gse deploy --asset build --launch server --alias ALIAS {here}")),
    ];
    let content = html! {
        p { (v.t(text::COMMAND_NOTE)) }
        @for (what, command) in commands {
            p { (v.t(what)) }
            div {
                pre { code { (command) } }
                button.quiet.copy type="button" data-copy hidden { (v.t(text::COPY_CODE)) }
            }
        }
    };
    tabbed(v, "command", &content)
}

/// R63, said before anybody fills in a form.
pub(super) fn image(v: &Visit) -> Page {
    let region = [("AssetRegion", &*v.cloud.region)];
    let content = html! {
        p.notice { (v.t(text::IMAGE_NOTE)) }
        ol {
            li { (v.t(text::IMAGE_SHARE)) }
            li { (v.t(text::IMAGE_CREATE)) " " (act(v, text::CREATE_IMAGE_ASSET, "CreateAssetWithImage", &region)) }
        }
    };
    tabbed(v, "image", &content)
}
