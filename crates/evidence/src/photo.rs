//! A photo made anew: decoded within limits, turned the right way up, and written as a JPEG that holds
//! the picture and nothing else.
//!
//! Runs in the child process. Whatever a file carried beside its pixels (the place where it was taken, a
//! second file behind the first, colour profiles, thumbnails, comments) has no way into what is written.

use std::io::{Cursor, Read, Write};

use image::codecs::jpeg::JpegEncoder;
use image::error::{ImageError, LimitErrorKind};
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, RgbImage};

use crate::fault::Fault;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::look::Look;

/// The quality that renditions are written with, 1 to 100: a nameplate stays legible.
const QUALITY: u8 = 88;
/// The largest share of the child's memory that a decoder may ask for.
const DECODER_SHARE: u64 = 2;

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Made {
    /// Dots from left to right, once it is the right way up.
    pub width: u32,
    /// Dots from top to bottom.
    pub height: u32,
    /// How it looks; `None` for a picture without contrast.
    pub look: Option<Look>,
}

/// Reads a photo and writes it anew.
///
/// # Errors
/// [`Fault::TooLarge`] by its header, before a dot is decoded; [`Fault::Unreadable`] for a file that does not
/// decode to its end; [`Fault::Store`] when `to` cannot be written.
pub(crate) fn make(
    kind: Kind,
    mut from: impl Read,
    to: impl Write,
    limits: &Limits,
) -> Result<Made, Fault> {
    let format = match kind {
        Kind::Jpeg => ImageFormat::Jpeg,
        Kind::Png => ImageFormat::Png,
        Kind::Webp => ImageFormat::WebP,
        Kind::Mp4 | Kind::QuickTime | Kind::Webm => return Err(Fault::Type("a film")),
    };
    let mut file = Vec::new();
    from.read_to_end(&mut file).map_err(Fault::store)?;
    if kind == Kind::Jpeg && !is_whole(&file) {
        return Err(Fault::unreadable("the photo ends early"));
    }
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    let mut allowed = image::Limits::no_limits();
    allowed.max_image_width = Some(limits.side);
    allowed.max_image_height = Some(limits.side);
    allowed.max_alloc = Some(limits.memory / DECODER_SHARE);
    reader.limits(allowed);
    let mut decoder = reader.into_decoder().map_err(|error| told(&error, limits))?;
    let (width, height) = decoder.dimensions();
    check_size(width, height, limits)?;
    let orientation = decoder.orientation().map_err(|error| told(&error, limits))?;
    let decoded = DynamicImage::from_decoder(decoder);
    let mut picture = decoded.map_err(|error| told(&error, limits))?;
    picture.apply_orientation(orientation);
    let picture = DynamicImage::ImageRgb8(on_white(picture));
    let encoder = JpegEncoder::new_with_quality(to, QUALITY);
    picture.write_with_encoder(encoder).map_err(Fault::store)?;
    let look = Look::of(&picture);
    Ok(Made { width: picture.width(), height: picture.height(), look })
}

/// Whether a JPEG goes on to its end. Its decoder would fill up what is missing with grey, and a photo that is
/// half grey is no evidence. Behind the end there may be anything; it is not looked at.
fn is_whole(file: &[u8]) -> bool {
    const SCAN: u8 = 0xDA;
    const END: [u8; 2] = [0xFF, 0xD9];
    let mut at = 2;
    // Segments say how long they are; the end is looked for behind the head of the first scan, where no other
    // picture, such as a thumbnail, can lie.
    while let Some([0xFF, marker, high, low]) = file.get(at..at + 4) {
        match *marker {
            0xFF => at += 1,
            SCAN => return file[at..].windows(2).any(|pair| pair == END),
            _ => at += 2 + usize::from(u16::from_be_bytes([*high, *low])),
        }
    }
    false
}

fn check_size(width: u32, height: u32, limits: &Limits) -> Result<(), Fault> {
    let fits = width > 0
        && height > 0
        && width.max(height) <= limits.side
        && u64::from(width) * u64::from(height) <= limits.pixels;
    if fits { Ok(()) } else { Err(too_many_dots(limits)) }
}

fn too_many_dots(limits: &Limits) -> Fault {
    let Limits { pixels, side, .. } = limits;
    Fault::TooLarge(format!("a photo may have {pixels} pixels and {side} on a side"))
}

fn told(error: &ImageError, limits: &Limits) -> Fault {
    match error {
        ImageError::Limits(limit) => match limit.kind() {
            LimitErrorKind::DimensionError => too_many_dots(limits),
            _ => Fault::TooCostly("the photo needs more memory than there is for one"),
        },
        other => Fault::unreadable(other),
    }
}

/// Without transparency: what was seen through is white.
fn on_white(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let picture = picture.into_rgba8();
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [red, green, blue, alpha] = picture.get_pixel(x, y).0;
        let mixed = [red, green, blue].map(|colour| {
            let (colour, alpha) = (u16::from(colour), u16::from(alpha));
            u8::try_from((colour * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX)
        });
        image::Rgb(mixed)
    })
}

/// Pictures for tests.
#[cfg(test)]
pub(crate) mod samples {
    use image::{DynamicImage, RgbImage};
    use rand::{Rng as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;

    /// A picture with large shapes, another one for every seed.
    pub(crate) fn scene(seed: u64, width: u32, height: u32) -> DynamicImage {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let shapes: Vec<(f32, f32, f32, [u8; 3])> = (0..12)
            .map(|_| (dice.random(), dice.random(), dice.random_range(0.08..0.4), dice.random()))
            .collect();
        DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, y| {
            let (x, y) = (x as f32 / width as f32, y as f32 / height as f32);
            let inside = |(at_x, at_y, size, _): &&(f32, f32, f32, [u8; 3])| {
                (x - at_x).powi(2) + (y - at_y).powi(2) < size * size
            };
            image::Rgb(shapes.iter().rfind(inside).map_or([90, 120, 140], |shape| shape.3))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn made(kind: Kind, bytes: &[u8]) -> Result<(Made, Vec<u8>), Fault> {
        let mut out = Vec::new();
        let made = make(kind, Cursor::new(bytes), &mut out, &Limits::default())?;
        Ok((made, out))
    }

    /// An EXIF block that says "turn right" and holds a text.
    fn exif(text: &str) -> Vec<u8> {
        let mut block =
            b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
        block.extend_from_slice(text.as_bytes());
        block
    }

    /// A JPEG with a segment behind its beginning.
    fn with_segment(jpeg: &[u8], marker: u8, segment: &[u8]) -> Vec<u8> {
        let length = u16::try_from(segment.len() + 2).unwrap().to_be_bytes();
        [&jpeg[..2], &[0xFF, marker], &length, segment, &jpeg[2..]].concat()
    }

    #[test]
    fn a_photo_is_turned_and_keeps_nothing_but_its_dots() {
        let place = "GPS 30.2741N 120.1551E";
        let plain = encoded(&samples::scene(1, 64, 48), ImageFormat::Jpeg);
        let told = with_segment(&plain, 0xE1, &exif(place));
        let (made, rendition) = made(Kind::Jpeg, &told).unwrap();
        assert_eq!((made.width, made.height), (48, 64));
        assert!(!rendition.windows(place.len()).any(|part| part == place.as_bytes()));
        assert!(!rendition.windows(4).any(|part| part == b"Exif"));
        assert_eq!(Kind::of(&rendition).unwrap(), Kind::Jpeg);
    }

    #[test]
    fn every_kind_becomes_a_jpeg_and_looks_as_before() {
        let picture = samples::scene(3, 120, 90);
        for (kind, format) in [
            (Kind::Jpeg, ImageFormat::Jpeg),
            (Kind::Png, ImageFormat::Png),
            (Kind::Webp, ImageFormat::WebP),
        ] {
            let (made, rendition) = made(kind, &encoded(&picture, format)).unwrap();
            assert!(made.look.unwrap().is_like(Look::of(&picture).unwrap()), "{kind:?}");
            assert_eq!(Kind::of(&rendition).unwrap(), Kind::Jpeg);
        }
    }

    #[test]
    fn what_is_seen_through_is_white() {
        let glass = image::RgbaImage::from_pixel(8, 8, image::Rgba([0, 0, 0, 0]));
        let png = encoded(&DynamicImage::ImageRgba8(glass), ImageFormat::Png);
        let (_, rendition) = made(Kind::Png, &png).unwrap();
        let seen = image::load_from_memory(&rendition).unwrap().into_rgb8();
        assert!(seen.pixels().all(|dot| dot.0.iter().all(|colour| *colour > 250)));
    }

    #[test]
    fn a_file_that_ends_early_is_unreadable() {
        for (kind, format) in [
            (Kind::Jpeg, ImageFormat::Jpeg),
            (Kind::Png, ImageFormat::Png),
            (Kind::Webp, ImageFormat::WebP),
        ] {
            let whole = encoded(&samples::scene(4, 200, 200), format);
            assert!(made(kind, &whole).is_ok());
            // Two bytes from its end a PNG lacks nothing of the picture; a JPEG lacks its mark.
            let end = if kind == Kind::Jpeg { whole.len() - 2 } else { whole.len() / 2 };
            for part in [whole.len() / 8, whole.len() / 2, end] {
                let refused = made(kind, &whole[..part]);
                assert!(matches!(refused, Err(Fault::Unreadable(_))), "{format:?} {part}");
            }
        }
    }
}
