//! Machine images as assets (operations.md 1.5): registered and listed. What runs here is packages (R63).

use serde::{Deserialize, Serialize};

use super::{Asset, AssetStatus, check_quota};
use crate::command::Command;
use crate::cx::Cx;
use crate::error::Error;
use crate::id::{AssetId, IdKind, Scope};
use crate::state::State;

/// What is known of a machine image; its `ImageId` and its system are in the asset as those of a package are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// ImageSize, such as `40GB`: what the owner says, nothing that was measured.
    pub size: String,
    /// OsType: `CentOS` or `Windows`.
    pub os_type: String,
    /// OsBit: 32 or 64.
    pub bits: u32,
}

/// Registers a machine image.
#[derive(Clone, Debug)]
pub struct CreateAssetWithImage {
    /// The account, and the AssetRegion.
    pub scope: Scope,
    /// AssetName.
    pub name: String,
    /// AssetVersion.
    pub version: String,
    /// ImageId.
    pub image_id: String,
    /// ImageOs.
    pub operate_system: String,
    /// The rest.
    pub image: Image,
}

impl Command for CreateAssetWithImage {
    type Reply = Asset;
    const NAME: &'static str = "CreateAssetWithImage";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<Asset, Error> {
        let is_same = |asset: &&Asset| {
            asset.scope == self.scope && asset.image.is_some() && asset.image_id == self.image_id
        };
        if let Some(same) = state.assets.values().find(is_same) {
            let asset = same.id.clone();
            return Err(Error::ImageRegistered { image: self.image_id, asset });
        }
        // A-10 counts images as assets, and no bytes of them: none are kept here.
        check_quota(state, &self.scope, cx.quotas.assets)?;
        let asset = Asset {
            id: AssetId::new(format!("asset-{}", cx.suffix(IdKind::Asset))),
            scope: self.scope,
            name: self.name,
            version: self.version,
            operate_system: self.operate_system,
            image_id: self.image_id,
            bucket_key: String::new(),
            package: None,
            image: Some(self.image),
            size_bytes: 0,
            status: AssetStatus::Ready,
            created: cx.now,
            tags: Vec::new(),
        };
        state.assets.insert(asset.id.clone(), asset.clone());
        Ok(asset)
    }
}
