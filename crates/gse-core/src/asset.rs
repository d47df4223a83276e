//! Asset packages (operations.md 1). The bytes lie in the blob store; here is what is known of them.

use serde::{Deserialize, Serialize};

use crate::command::Command;
use crate::cx::Cx;
use crate::error::Error;
use crate::fleet::{Fleet, FleetStatus};
use crate::id::{AssetId, BlobId, IdKind, Region, Scope};
use crate::page::OffsetPage;
use crate::state::State;
use crate::tag::{Filter, Tag};
use crate::time::Timestamp;

mod image;

pub use image::{CreateAssetWithImage, Image};

/// Where a package stands (`Stauts` on the wire).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AssetStatus {
    /// 1: the object is no usable package; why, in words.
    Failed(String),
    /// 2: may be used by fleets.
    Ready,
}

/// An asset package.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asset {
    /// Its id.
    pub id: AssetId,
    /// The account, and the AssetRegion.
    pub scope: Scope,
    /// 1–64 characters, not unique.
    pub name: String,
    /// 1–64 characters, free text.
    pub version: String,
    /// `CentOS7.16`, or what its owner calls the system of the image.
    pub operate_system: String,
    /// Of systems that need one; else empty.
    pub image_id: String,
    /// The name that the zip was uploaded under; empty for an image.
    pub bucket_key: String,
    /// The immutable copy of the zip; `None` for an image.
    pub package: Option<BlobId>,
    /// The machine image that it stands for, instead of a zip.
    #[serde(default)]
    pub image: Option<Image>,
    /// Size of the zip in bytes.
    pub size_bytes: u64,
    /// Whether it can be used.
    pub status: AssetStatus,
    /// When it was made.
    pub created: Timestamp,
    /// At most 50.
    pub tags: Vec<Tag>,
}

impl Asset {
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        None
    }

    /// Text with a unit: binary megabytes, rounded up; of an image what its owner said.
    pub fn size_text(&self) -> String {
        match &self.image {
            Some(image) => image.size.clone(),
            None => format!("{}M", self.size_bytes.div_ceil(1 << 20)),
        }
    }
}

/// Registers an uploaded zip. The shell has frozen the object and looked at it.
#[derive(Clone, Debug)]
pub struct CreateAsset {
    /// The account, and the AssetRegion.
    pub scope: Scope,
    /// AssetName.
    pub name: String,
    /// AssetVersion.
    pub version: String,
    /// OperateSystem.
    pub operate_system: String,
    /// ImageId, or empty.
    pub image_id: String,
    /// BucketKey.
    pub bucket_key: String,
    /// The frozen copy.
    pub package: BlobId,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// `Err` says why it is no usable package (A-20, S01).
    pub inspection: Result<(), String>,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// An operating system that packages can be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssetSystem {
    /// ImageId.
    pub image_id: &'static str,
    /// OsType.
    pub os_type: &'static str,
    /// OsBit.
    pub bits: u32,
    /// OsVersion, which is OperateSystem of an asset.
    pub version: &'static str,
}

/// This installation's catalogue.
pub const SYSTEMS: [AssetSystem; 1] =
    [AssetSystem { image_id: "img-9qabwvbn", os_type: "CentOS", bits: 64, version: DEFAULT_SYSTEM }];

/// The systems of a type and of a number of bits; each may be left open.
pub fn systems(os_type: Option<&str>, bits: Option<i64>) -> impl Iterator<Item = &'static AssetSystem> {
    SYSTEMS.iter().filter(move |system| {
        os_type.is_none_or(|os_type| system.os_type == os_type)
            && bits.is_none_or(|bits| i64::from(system.bits) == bits)
    })
}

/// The one system that needs no image (1.2).
pub const DEFAULT_SYSTEM: &str = "CentOS7.16";

impl Command for CreateAsset {
    type Reply = Asset;
    const NAME: &'static str = "CreateAsset";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<Asset, Error> {
        // The image says which system it is; OperateSystem is what people call that.
        let is_known = SYSTEMS.iter().any(|system| system.image_id == self.image_id);
        let needs_none = self.image_id.is_empty() && self.operate_system == DEFAULT_SYSTEM;
        if !is_known && !needs_none {
            return Err(Error::ImageUnknown { image: self.image_id });
        }
        //
        check_quota(state, &self.scope, cx.quotas.assets)?;
        let others = state.assets.values().filter(|asset| asset.scope == self.scope);
        let stored_bytes: u64 = others.map(|asset| asset.size_bytes).sum();
        if stored_bytes.saturating_add(self.size_bytes) > cx.quotas.asset_bytes {
            let limit = usize::try_from(cx.quotas.asset_bytes).unwrap_or(usize::MAX);
            return Err(Error::Quota { what: "bytes of uploaded assets", limit });
        }
        let status = match self.inspection {
            Ok(()) => AssetStatus::Ready,
            Err(reason) => {
                cx.because(format!("the package was not accepted: {reason}"));
                AssetStatus::Failed(reason)
            }
        };
        let asset = Asset {
            id: AssetId::new(format!("asset-{}", cx.suffix(IdKind::Asset))),
            scope: self.scope,
            name: self.name,
            version: self.version,
            operate_system: self.operate_system,
            image_id: self.image_id,
            bucket_key: self.bucket_key,
            package: Some(self.package),
            image: None,
            size_bytes: self.size_bytes,
            status,
            created: cx.now,
            tags: self.tags,
        };
        state.assets.insert(asset.id.clone(), asset.clone());
        Ok(asset)
    }
}

/// Changes what tells an asset from others; its content never changes.
#[derive(Clone, Debug)]
pub struct UpdateAsset {
    /// Who asks; the asset may be in any region of the account.
    pub scope: Scope,
    /// AssetId.
    pub asset: AssetId,
    /// AssetName.
    pub name: String,
    /// AssetVersion.
    pub version: String,
}

impl Command for UpdateAsset {
    type Reply = ();
    const NAME: &'static str = "UpdateAsset";

    fn apply(self, state: &mut State, _cx: &mut Cx<'_>) -> Result<(), Error> {
        find(state, &self.scope, &self.asset)?;
        if let Some(asset) = state.assets.get_mut(&self.asset) {
            asset.name = self.name;
            asset.version = self.version;
        }
        Ok(())
    }
}

/// Removes an asset that no fleet uses. The reply names the package that it referred to, if it was no image:
/// whoever keeps the files removes it when `IsPackageUsed` says that no other asset does.
#[derive(Clone, Debug)]
pub struct DeleteAsset {
    /// Who asks; the asset may be in any region of the account.
    pub scope: Scope,
    /// AssetId.
    pub asset: AssetId,
}

impl Command for DeleteAsset {
    type Reply = Option<BlobId>;
    const NAME: &'static str = "DeleteAsset";

    fn apply(self, state: &mut State, _cx: &mut Cx<'_>) -> Result<Option<BlobId>, Error> {
        let package = find(state, &self.scope, &self.asset)?.package.clone();
        let user = users(state, &self.asset).next().map(|fleet| fleet.id.clone());
        if let Some(fleet) = user {
            let count = bound_fleets(state, &self.asset);
            return Err(Error::AssetInUse { asset: self.asset, fleet, count });
        }
        state.assets.remove(&self.asset);
        Ok(package)
    }
}

/// Whether an asset of any account refers to a package. It changes nothing and is a command all the same, because the
/// answer must count every CreateAsset that was given before.
#[derive(Clone, Debug)]
pub struct IsPackageUsed {
    /// The package.
    pub package: BlobId,
}

impl Command for IsPackageUsed {
    type Reply = bool;
    const NAME: &'static str = "IsPackageUsed";

    fn apply(self, state: &mut State, _cx: &mut Cx<'_>) -> Result<bool, Error> {
        Ok(packages(state).any(|package| *package == self.package))
    }
}

/// The packages that assets refer to; one may come more than once.
pub fn packages(state: &State) -> impl Iterator<Item = &BlobId> {
    state.assets.values().filter_map(|asset| asset.package.as_ref())
}

/// Fleets that use the asset and are not TERMINATED.
fn users<'a>(state: &'a State, id: &'a AssetId) -> impl Iterator<Item = &'a Fleet> {
    state.fleets.values().filter(move |fleet| fleet.asset == *id && fleet.status != FleetStatus::Terminated)
}

/// One asset by id, in any region of the account (R98).
pub fn find<'a>(state: &'a State, scope: &Scope, id: &AssetId) -> Result<&'a Asset, Error> {
    let asset = state.assets.get(id).filter(|asset| asset.scope.uin == scope.uin);
    asset.ok_or_else(|| Error::AssetNotFound(id.clone()))
}

/// Fleets that use the asset and are not TERMINATED (BindFleetNum).
pub fn bound_fleets(state: &State, id: &AssetId) -> usize {
    users(state, id).count()
}

/// Whether one more asset may be made.
pub fn check_quota(state: &State, scope: &Scope, limit: usize) -> Result<(), Error> {
    let count = state.assets.values().filter(|asset| asset.scope == *scope).count();
    if count >= limit { Err(Error::Quota { what: "assets", limit }) } else { Ok(()) }
}

/// What DescribeAssets asks for.
#[derive(Clone, Debug)]
pub struct AssetQuery {
    /// Who asks, and the AssetRegion.
    pub scope: Scope,
    /// The older filter: equals the id or is part of the name.
    pub text: Option<String>,
    /// The newer filters; all must match.
    pub filters: Vec<Filter>,
    /// Pages to leave out: for this action a page index (A-13, C08).
    pub page: usize,
    /// Records of a page.
    pub limit: usize,
}

/// The assets of a region, newest first.
pub fn describe<'a>(state: &'a State, query: &AssetQuery) -> OffsetPage<&'a Asset> {
    let mut assets: Vec<&Asset> = state
        .assets
        .values()
        .filter(|asset| asset.scope == query.scope)
        .filter(|asset| {
            query.text.as_ref().is_none_or(|text| asset.id.as_str() == text || asset.name.contains(text))
        })
        .filter(|asset| {
            query.filters.iter().all(|filter| filter.matches(&asset.name, asset.id.as_str(), &asset.tags))
        })
        .collect();
    assets.sort_by(|a, b| b.created.cmp(&a.created).then(a.id.cmp(&b.id)));
    OffsetPage::cut(assets.into_iter(), query.page.saturating_mul(query.limit), query.limit)
}

/// The region that a command or query names, inside the caller's account.
pub fn scope_in_region(scope: &Scope, region: &Region) -> Scope {
    Scope { uin: scope.uin.clone(), region: region.clone() }
}

#[cfg(test)]
mod tests;
