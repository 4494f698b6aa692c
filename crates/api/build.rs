//! Compiles the contract under `proto/` in pure Rust, so that nobody needs an installed protoc.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

#[expect(clippy::disallowed_methods, reason = "cargo names its folders in the environment")]
fn main() -> Result<(), Box<dyn Error>> {
    // Asked for at the time it runs: a build script outlives a folder that is moved or copied.
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    println!("cargo::rerun-if-changed={}", root.display());

    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();

    let mut compiler = protox::Compiler::new([&root])?;
    compiler.include_imports(true).include_source_info(true).open_files(&files)?;

    // The encoded set keeps extension options that the decoded one drops, so reflection gets it.
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("parasol.bin"), compiler.encode_file_descriptor_set())?;

    // Streams carry whole offers and visits beside small bookmarks: boxing keeps the enums small.
    let mut builder = tonic_prost_build::configure().build_client(true).build_server(true);
    // Sorted, so that a request with a map has one encoding and a repetition its fingerprint.
    builder = builder.btree_map(".parasol");
    for field in BOXED {
        builder = builder.boxed(field);
    }
    builder.compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}

/// The large arms of the contract's oneofs.
const BOXED: &[&str] = &[
    ".parasol.partner.v1.StreamOffersResponse.change.offer",
    ".parasol.partner.v1.StreamOffersResponse.change.work_order",
    ".parasol.partner.v1.WorkOrderChange.change.offer",
    ".parasol.partner.v1.WorkOrderChange.change.work_order",
    ".parasol.partner.v1.BatchAcceptOffersResult.result.answer",
    ".parasol.technician.v1.StreamMyDayResponse.change.visit",
    ".parasol.tracking.v1.WatchCaseResponse.event.entry",
    ".parasol.technician.v1.VisitAction.action.submit_inspection",
];

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    Ok(())
}
