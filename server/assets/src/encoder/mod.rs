//! Packs textures for graphics cards, as KTX2 with Basis Universal, by a program that whoever runs
//! the server has: `basisu`, of those who made the format.
//!
//! The program is a process of its own with bounds on time, memory and output (`child.rs`), and is
//! not believed: what it wrote is decoded, and must look like what it was given.

mod child;

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use bytes::Bytes;
use image::{DynamicImage, ImageFormat, RgbaImage, imageops::FilterType};

use crate::{
    limits::{
        IMAGE_BYTES_MAX, PACKED_ERROR_MAX, PACKING_FOLDER_MAX, PACKING_IMAGE_MAX, PACKING_MODEL_MAX,
    },
    picture::{
        Picture,
        ktx2::{self, Content},
    },
};

/// What the program is called.
pub const PROGRAM: &str = "basisu";

/// Folders that it works in begin with this.
const FOLDER: &str = "vivarium-texture-";

/// Who looks at a model with textures to pack asks here for an encoder, which may be busy.
pub type Asked<'a> = &'a mut dyn FnMut() -> Option<Encoder>;

/// The program that packs textures.
#[derive(Clone, Debug)]
pub struct Encoder {
    program: PathBuf,
    model_max: Duration,
    image_max: Duration,
}

/// Why an image was not packed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EncodeError {
    #[error("the program cannot be run: {0}")]
    Io(#[from] std::io::Error),
    #[error("the program failed: {0}")]
    Failed(String),
    #[error("the program took longer than it may")]
    TooSlow,
    #[error("what the program wrote is no use: {0}")]
    Rubbish(String),
    /// Which says nothing against the program.
    #[error("the packed image does not look like the original")]
    Unlike,
}

impl Encoder {
    /// A program that is called like `basisu`, at this place.
    pub fn at(program: impl Into<PathBuf>) -> Self {
        let program = program.into();
        // It runs in a folder of its own.
        let program = std::path::absolute(&program).unwrap_or(program);
        Self { program, model_max: PACKING_MODEL_MAX, image_max: PACKING_IMAGE_MAX }
    }

    /// A program by its name, from the folders of `PATH`, or by its path.
    pub fn find(name: &str) -> Option<Self> {
        if name.contains('/') {
            return may_run(Path::new(name)).then(|| Self::at(name));
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut places = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
        places.find_map(|folder| Some(folder.join(name)).filter(|file| may_run(file))).map(Self::at)
    }

    /// The same, with so much time for all images of a model, and for one of them.
    #[must_use]
    pub fn within(self, model_max: Duration, image_max: Duration) -> Self {
        Self { model_max, image_max, ..self }
    }

    /// Where it is.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Begins with a model, all of whose images must be done by then.
    pub(crate) fn begin(&self) -> Instant {
        sweep();
        Instant::now() + self.model_max
    }

    /// The image with all of its smaller copies, packed. Sides become multiples of four, as
    /// KHR_texture_basisu wants them.
    pub(crate) fn pack(
        &self,
        image: &DynamicImage,
        content: Content,
        end: Instant,
    ) -> Result<Picture, EncodeError> {
        let image = of_whole_blocks(image);
        let folder = tempfile::Builder::new().prefix(FOLDER).tempdir()?;
        let (from, to) = (folder.path().join("in.png"), folder.path().join("out.ktx2"));
        image.save_with_format(&from, ImageFormat::Png).map_err(std::io::Error::other)?;
        let mut command = Command::new(&self.program);
        command.args(["-ktx2", "-mipmap", "-no_multithreading"]);
        // KHR_texture_basisu: colours as ETC1S, all else as UASTC, which is four times as exact.
        match content {
            Content::Colour => command.args(["-q", "192"]),
            Content::Data => command.args(["-uastc", "-uastc_level", "1", "-linear"]),
        };
        command.args([OsStr::new("-file"), from.as_os_str()]);
        command.args([OsStr::new("-output_file"), to.as_os_str()]);
        child::run(&command, folder.path(), end.min(Instant::now() + self.image_max))?;
        let written = read(&to)?;
        checked(&written, &image.to_rgba8(), content)
    }
}

/// Takes away folders of servers that were ended while they packed.
pub fn sweep() {
    let folders = std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten();
    for folder in folders {
        let is_ours = folder.file_name().to_str().is_some_and(|name| name.starts_with(FOLDER));
        let about = folder.metadata().ok().filter(|about| is_ours && about.is_dir());
        let age = about.and_then(|about| about.modified().ok()?.elapsed().ok());
        if age.is_some_and(|age| age > PACKING_FOLDER_MAX) {
            // Those of others stay.
            let _ = std::fs::remove_dir_all(folder.path());
        }
    }
}

fn may_run(file: &Path) -> bool {
    use rustix::fs::{Access, access};
    file.is_file() && access(file, Access::EXEC_OK).is_ok()
}

/// With sides that are multiples of four; textures are stretched over surfaces all the same.
fn of_whole_blocks(image: &DynamicImage) -> DynamicImage {
    let (width, height) = (image.width(), image.height());
    let (wide, high) = (width.next_multiple_of(4), height.next_multiple_of(4));
    let image = match (wide, high) == (width, height) {
        true => image.clone(),
        false => image.resize_exact(wide, high, FilterType::Triangle),
    };
    match image.color().has_alpha() {
        true => image.to_rgba8().into(),
        false => image.to_rgb8().into(),
    }
}

/// What was written, if it is a file of a size that can be.
fn read(path: &Path) -> Result<Bytes, EncodeError> {
    let rubbish = |why: String| EncodeError::Rubbish(why);
    let about = path.symlink_metadata().map_err(|error| rubbish(error.to_string()))?;
    if !about.is_file() || about.len() > IMAGE_BYTES_MAX as u64 {
        return Err(rubbish(format!("{} B", about.len())));
    }
    Ok(std::fs::read(path)?.into())
}

fn checked(written: &Bytes, wanted: &RgbaImage, content: Content) -> Result<Picture, EncodeError> {
    let rubbish = |why: &dyn ToString| EncodeError::Rubbish(why.to_string());
    let mut picture = ktx2::clean(written).map_err(|refusal| rubbish(&refusal))?;
    if (picture.width, picture.height) != wanted.dimensions() {
        return Err(rubbish(&format!("it has {} x {} pixels", picture.width, picture.height)));
    }
    if !ktx2::has_all_levels(&picture.bytes) {
        return Err(rubbish(&"it lacks smaller copies"));
    }
    picture.bytes =
        ktx2::with_content(&picture.bytes, content).map_err(|refusal| rubbish(&refusal))?.into();
    let decoded = ktx2::decoded(&picture.bytes).ok_or_else(|| rubbish(&"it has no pixels"))?;
    if error_between(&decoded, wanted) > PACKED_ERROR_MAX {
        return Err(EncodeError::Unlike);
    }
    Ok(picture)
}

/// Root of the mean squared difference of all values; colours of pixels that nothing shows of do not
/// count.
fn error_between(one: &RgbaImage, other: &RgbaImage) -> f64 {
    let (mut sum, mut count) = (0_u64, 0_u64);
    for (one, other) in one.pixels().zip(other.pixels()) {
        let from = if other.0[3] == 0 { 3 } else { 0 };
        for channel in from..4 {
            sum += u64::from(one.0[channel].abs_diff(other.0[channel])).pow(2);
            count += 1;
        }
    }
    (sum as f64 / count.max(1) as f64).sqrt()
}
