//! The look of a picture: two numbers by which the same photo is known again after it was made smaller,
//! lighter or saved anew.
//!
//! A difference hash: the picture is made 9 by 8 dots of grey and each dot is compared with its
//! neighbour, once along the rows and once along the columns. Copies of a photo differ in a few bits,
//! other photos in about half of them.

use image::DynamicImage;

/// Bits of either number in which two pictures may differ and still count as the same.
const BITS_MAX: u32 = 6;
/// The least difference of grey between the darkest and the lightest dot; below it a picture shows
/// nothing that it could be known by.
const CONTRAST_MIN: u8 = 16;

/// How a picture looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Each dot beside the next one in its row.
    pub rows: u64,
    /// Each dot above the next one in its column.
    pub columns: u64,
}

/// A quarter of the first number, by which looks that are near each other are found: of two that differ
/// in three bits at most, one quarter is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Band(pub i64);

impl Look {
    /// The look of a picture; `None` for one without contrast, which looks like every other such one.
    pub(crate) fn of(picture: &DynamicImage) -> Option<Self> {
        let wide = picture.thumbnail_exact(9, 8).into_luma8();
        let high = picture.thumbnail_exact(8, 9).into_luma8();
        let dots = || wide.pixels().map(|dot| dot.0[0]);
        let contrast = dots().max()?.saturating_sub(dots().min()?);
        if contrast < CONTRAST_MIN {
            return None;
        }
        let grey = |picture: &image::GrayImage, x, y| picture.get_pixel(x, y).0[0];
        let places = || (0..8_u32).flat_map(|y| (0..8_u32).map(move |x| (x, y)));
        let bits = |bits: &mut dyn Iterator<Item = bool>| {
            bits.fold(0_u64, |number, bit| (number << 1) | u64::from(bit))
        };
        Some(Self {
            rows: bits(&mut places().map(|(x, y)| grey(&wide, x, y) < grey(&wide, x + 1, y))),
            columns: bits(&mut places().map(|(x, y)| grey(&high, x, y) < grey(&high, x, y + 1))),
        })
    }

    /// Whether two looks are those of one photo.
    pub fn is_like(self, other: Self) -> bool {
        let apart = |one: u64, two: u64| (one ^ two).count_ones();
        apart(self.rows, other.rows) <= BITS_MAX && apart(self.columns, other.columns) <= BITS_MAX
    }

    /// The bands it is found by. No two of them are equal, and none is one of another place.
    pub fn bands(self) -> [Band; 4] {
        [0_u32, 1, 2, 3].map(|place| {
            let quarter = (self.rows >> (16 * place)) & 0xFFFF;
            Band((i64::from(place) << 16) | i64::try_from(quarter).unwrap_or_default())
        })
    }
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, RgbImage, imageops::FilterType};

    use super::*;
    use crate::photo::samples::scene;

    #[test]
    fn a_copy_is_known_again_and_another_picture_is_not() {
        let photo = scene(1, 640, 480);
        let look = Look::of(&photo).unwrap();
        let copies = [
            photo.resize_exact(320, 240, FilterType::Triangle),
            photo.brighten(12),
            photo.blur(1.5),
        ];
        for copy in &copies {
            assert!(look.is_like(Look::of(copy).unwrap()));
        }
        for seed in 2..30 {
            assert!(!look.is_like(Look::of(&scene(seed, 640, 480)).unwrap()), "{seed}");
        }
    }

    #[test]
    fn a_wall_has_no_look() {
        let wall = RgbImage::from_pixel(100, 100, image::Rgb([200, 200, 198]));
        assert_eq!(Look::of(&DynamicImage::ImageRgb8(wall)), None);
    }

    #[test]
    fn looks_three_bits_apart_share_a_band() {
        let look = Look { rows: 0x0123_4567_89AB_CDEF, columns: 0 };
        for bits in [0b1_u64, 1 << 63 | 1 << 17, 1 << 2 | 1 << 20 | 1 << 40] {
            let other = Look { rows: look.rows ^ bits, ..look };
            let shared = look.bands().iter().any(|band| other.bands().contains(band));
            assert!(shared && look.is_like(other));
        }
        assert!(!look.is_like(Look { rows: !look.rows, ..look }));
    }
}
