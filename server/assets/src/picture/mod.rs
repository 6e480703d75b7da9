//! Images: checked by decoding them, rid of what is no picture (places, names, comments, colour
//! tables of cameras stay out of the world), and made smaller when they are too large.

mod cleaned;
pub(crate) mod ktx2;

use std::io::Cursor;

use bytes::Bytes;
use image::{
    ColorType, DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder, ImageFormat,
    ImageReader, Limits, codecs::hdr::HdrEncoder, codecs::jpeg::JpegEncoder, imageops::FilterType,
    metadata::Orientation,
};

use crate::{
    address::Format,
    intake::{Details, Kind, Refusal, Sound},
    limits::{
        IMAGE_DECODED_BYTES_MAX, IMAGE_SIDE_PX_MAX, JPEG_QUALITY, SKY_SIDE_PX_MAX,
        TEXTURE_SIDE_PX_MAX,
    },
};

/// An image as it is to be kept.
pub(crate) struct Picture {
    pub format: Format,
    pub bytes: Bytes,
    pub width: u32,
    pub height: u32,
    /// Whether it was made smaller, and from what.
    pub was: Option<(u32, u32)>,
}

impl Picture {
    /// Bytes that it takes on a graphics card, without smaller copies: packed images stay packed
    /// there, with a byte for each pixel.
    pub fn card_bytes(&self) -> u64 {
        let (width, height) = (u64::from(self.width), u64::from(self.height));
        match self.format {
            Format::Ktx2 => 16 * width.div_ceil(4) * height.div_ceil(4),
            _ => 4 * width * height,
        }
    }
}

/// An image of its own.
pub(crate) fn take_in(bytes: &Bytes, format: Format) -> Result<Sound, Refusal> {
    let picture = clean(bytes, format)?;
    let (width, height) = (picture.width, picture.height);
    let mut notes = Vec::new();
    if let Some((w, h)) = picture.was {
        notes.push(format!("made smaller, from {w} x {h} to {width} x {height} pixels"));
    }
    let details = Details::Picture { width, height };
    Ok(Sound { format: picture.format, kind: Kind::Image, bytes: picture.bytes, details, notes })
}

/// Checks a PNG, JPEG or WebP, and makes it fit.
pub(crate) fn clean(bytes: &Bytes, format: Format) -> Result<Picture, Refusal> {
    let (decoded, orientation) = decode(bytes, format)?;
    let (width, height) = (decoded.width(), decoded.height());
    let is_turned = orientation != Orientation::NoTransforms;
    if !is_turned && width.max(height) <= TEXTURE_SIDE_PX_MAX {
        let bytes = cleaned::without_extras(bytes, format)?;
        return Ok(Picture { format, bytes, width, height, was: None });
    }
    let mut decoded = decoded;
    decoded.apply_orientation(orientation);
    let was =
        (width.max(height) > TEXTURE_SIDE_PX_MAX).then_some((decoded.width(), decoded.height()));
    if was.is_some() {
        decoded = decoded.resize(TEXTURE_SIDE_PX_MAX, TEXTURE_SIDE_PX_MAX, FilterType::Triangle);
    }
    let (width, height) = (decoded.width(), decoded.height());
    let (format, bytes) = encode(&decoded, format)?;
    Ok(Picture { format, bytes, width, height, was })
}

fn image_format(format: Format) -> Option<ImageFormat> {
    match format {
        Format::Png => Some(ImageFormat::Png),
        Format::Jpeg => Some(ImageFormat::Jpeg),
        Format::WebP => Some(ImageFormat::WebP),
        Format::Hdr => Some(ImageFormat::Hdr),
        _ => None,
    }
}

/// The pixels of a PNG, JPEG or WebP that was taken in.
pub(crate) fn pixels(picture: &Picture) -> Result<DynamicImage, Refusal> {
    Ok(decode(&picture.bytes, picture.format)?.0)
}

/// A picture as a PNG.
fn png(image: &DynamicImage) -> Result<Bytes, Refusal> {
    Ok(encode(image, Format::Png)?.1)
}

fn decode(bytes: &[u8], format: Format) -> Result<(DynamicImage, Orientation), Refusal> {
    let unsound = |error| match error {
        image::ImageError::Limits(_) => Refusal::too_large(format!(
            "the image is too large: at most {IMAGE_SIDE_PX_MAX} x {IMAGE_SIDE_PX_MAX} pixels are \
             allowed, and {} MiB when it is unpacked",
            IMAGE_DECODED_BYTES_MAX >> 20
        )),
        error => Refusal::malformed(format!("the image cannot be read: {error}")),
    };
    let Some(kind) = image_format(format) else {
        return Err(Refusal::unsupported("the image is of no kind that can be read here"));
    };
    let mut limits = Limits::default();
    limits.max_image_width = Some(IMAGE_SIDE_PX_MAX);
    limits.max_image_height = Some(IMAGE_SIDE_PX_MAX);
    limits.max_alloc = Some(IMAGE_DECODED_BYTES_MAX);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), kind);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder().map_err(unsound)?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(Refusal::malformed("the image has no pixels"));
    }
    limits.check_dimensions(width, height).map_err(unsound)?;
    limits.reserve(decoder.total_bytes()).map_err(unsound)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    Ok((DynamicImage::from_decoder(decoder).map_err(unsound)?, orientation))
}

/// As a JPEG where nothing shows through and it was no PNG, and else as a PNG.
fn encode(image: &DynamicImage, was: Format) -> Result<(Format, Bytes), Refusal> {
    let mut out = Vec::new();
    let format = match was != Format::Png && !image.color().has_alpha() {
        true => {
            let encoder = JpegEncoder::new_with_quality(&mut out, JPEG_QUALITY);
            image.to_rgb8().write_with_encoder(encoder).map(|()| Format::Jpeg)
        }
        false => {
            let small = match image.color() {
                ColorType::L8 | ColorType::La8 | ColorType::Rgb8 | ColorType::Rgba8 => {
                    image.clone()
                }
                color if color.has_alpha() => image.to_rgba8().into(),
                _ => image.to_rgb8().into(),
            };
            small.write_to(&mut Cursor::new(&mut out), ImageFormat::Png).map(|()| Format::Png)
        }
    };
    let format = format.map_err(|error| {
        Refusal::malformed(format!("the image cannot be made smaller: {error}"))
    })?;
    Ok((format, out.into()))
}

/// A Radiance picture of the sky: twice as wide as high. It is always written anew.
pub(crate) fn sky(bytes: &[u8]) -> Result<Sound, Refusal> {
    let (mut decoded, _) = decode(bytes, Format::Hdr)?;
    let (width, height) = (decoded.width(), decoded.height());
    if u64::from(width) != 2 * u64::from(height) {
        let text = format!(
            "a picture of the sky is twice as wide as high (equirectangular), and this one is \
             {width} x {height}"
        );
        return Err(Refusal::Unsupported(text));
    }
    let mut notes = Vec::new();
    if width > SKY_SIDE_PX_MAX {
        decoded = decoded.resize(SKY_SIDE_PX_MAX, SKY_SIDE_PX_MAX / 2, FilterType::Triangle);
        let text = format!(
            "made smaller, from {width} x {height} to {} x {} pixels",
            decoded.width(),
            decoded.height()
        );
        notes.push(text);
    }
    let pixels = decoded.to_rgb32f();
    let (width, height) = pixels.dimensions();
    if pixels.as_raw().iter().any(|value| !value.is_finite()) {
        return Err(Refusal::malformed("the picture has pixels that are no numbers"));
    }
    let samples: Vec<u8> = pixels.as_raw().iter().flat_map(|value| value.to_ne_bytes()).collect();
    let mut out = Vec::new();
    HdrEncoder::new(&mut out)
        .write_image(&samples, width, height, ExtendedColorType::Rgb32F)
        .map_err(|error| Refusal::malformed(format!("the picture cannot be written: {error}")))?;
    let details = Details::Picture { width, height };
    Ok(Sound { format: Format::Hdr, kind: Kind::Sky, bytes: out.into(), details, notes })
}
