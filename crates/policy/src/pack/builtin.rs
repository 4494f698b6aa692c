//! The pack that comes with the program.

use crate::layer::PackFile;
use crate::pack::Pack;

/// Its files, the manifest first.
const FILES: &[(&str, &str)] = &[
    ("pack.toml", include_str!("../../packs/cn-2026.1/pack.toml")),
    ("law.toml", include_str!("../../packs/cn-2026.1/law.toml")),
    ("law.tests.toml", include_str!("../../packs/cn-2026.1/law.tests.toml")),
    ("zhejiang.toml", include_str!("../../packs/cn-2026.1/zhejiang.toml")),
    ("zhejiang.tests.toml", include_str!("../../packs/cn-2026.1/zhejiang.tests.toml")),
    ("shandong.toml", include_str!("../../packs/cn-2026.1/shandong.toml")),
    ("shandong.tests.toml", include_str!("../../packs/cn-2026.1/shandong.tests.toml")),
    ("beijing.toml", include_str!("../../packs/cn-2026.1/beijing.toml")),
    ("beijing.tests.toml", include_str!("../../packs/cn-2026.1/beijing.tests.toml")),
    ("shanghai.toml", include_str!("../../packs/cn-2026.1/shanghai.toml")),
    ("shanghai.tests.toml", include_str!("../../packs/cn-2026.1/shanghai.tests.toml")),
    ("brands.toml", include_str!("../../packs/cn-2026.1/brands.toml")),
    ("brands.tests.toml", include_str!("../../packs/cn-2026.1/brands.tests.toml")),
    ("promises.toml", include_str!("../../packs/cn-2026.1/promises.toml")),
    ("promises.tests.toml", include_str!("../../packs/cn-2026.1/promises.tests.toml")),
];

impl Pack {
    /// The pack that comes with the program.
    pub fn builtin() -> Self {
        Self::read(&Self::builtin_files()).expect("the embedded pack is read by a test")
    }

    /// The files of the pack that comes with the program, as a start for one's own.
    pub fn builtin_files() -> Vec<PackFile> {
        FILES.iter().map(|(name, text)| PackFile::new(*name, *text)).collect()
    }
}
