//! A picture: three bytes a pixel, and a PNG file.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter};
use std::path::Path;

use anyhow::{Context as _, Result, bail};

/// See the module.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Picture {
    /// Pixels in a row.
    pub(super) width: usize,
    /// Red, green, blue, row by row.
    pub(super) bytes: Vec<u8>,
}

impl Picture {
    /// Rows of pixels.
    pub(super) fn height(&self) -> usize {
        self.bytes.len() / 3 / self.width.max(1)
    }

    /// The picture in a file: eight bits each of red, green and blue.
    pub(super) fn read(path: &Path) -> Result<Picture> {
        let shown = path.display();
        let file = File::open(path).with_context(|| format!("cannot read `{shown}`"))?;
        let mut reader = png::Decoder::new(BufReader::new(file))
            .read_info()
            .with_context(|| format!("`{shown}` is no PNG"))?;
        let size = reader.output_buffer_size().with_context(|| format!("`{shown}` is too large"))?;
        let mut bytes = vec![0; size];
        let frame = reader.next_frame(&mut bytes).with_context(|| format!("`{shown}` is no whole PNG"))?;
        if (frame.color_type, frame.bit_depth) != (png::ColorType::Rgb, png::BitDepth::Eight) {
            bail!("`{shown}` has other than 8 bits of red, green and blue");
        }
        bytes.truncate(frame.buffer_size());
        Ok(Picture { width: usize::try_from(frame.width)?, bytes })
    }

    /// Writes it to a file, as small as PNG gets it.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let shown = path.display();
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
        }
        let file = File::create(path).with_context(|| format!("cannot write `{shown}`"))?;
        let (width, height) = (u32::try_from(self.width)?, u32::try_from(self.height())?);
        let mut encoder = png::Encoder::new(BufWriter::new(file), width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::High);
        let mut writer = encoder.write_header().with_context(|| format!("cannot write `{shown}`"))?;
        writer.write_image_data(&self.bytes).with_context(|| format!("cannot write `{shown}`"))?;
        writer.finish().with_context(|| format!("cannot write `{shown}`"))
    }
}
