//! Compiles the contract under `proto/` in pure Rust, so that nobody needs an installed protoc.
//!
//! Messages with personal fields get a `Debug` of their own, made from the same options by which the edge masks
//! answers: it says that a field is there and not what is in it.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use prost_reflect::{DescriptorPool, ExtensionDescriptor, FieldDescriptor, MessageDescriptor};

/// The option that says what is personal; see `parasol/common/v1/visibility.proto`.
const OPTION: &str = "parasol.common.v1.visibility";
/// What the option calls a field that holds nothing personal.
const NOTHING_PERSONAL: i32 = 1;

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
    let encoded = compiler.encode_file_descriptor_set();
    fs::write(out.join("parasol.bin"), &encoded)?;

    let personal = personal_messages(&DescriptorPool::decode(&*encoded)?);
    fs::write(out.join("debug.rs"), debug_code(&personal))?;

    // Streams carry whole offers and visits beside small bookmarks: boxing keeps the enums small.
    let mut builder = tonic_prost_build::configure().build_client(true).build_server(true);
    // Sorted, so that a request with a map has one encoding and a repetition its fingerprint.
    builder = builder.btree_map(".parasol");
    let names = personal.iter().map(|(message, _)| format!(".{}", message.full_name()));
    builder = builder.skip_debug(names);
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
    ".parasol.tracking.v1.WatchCasesResponse.event.entry",
    ".parasol.tracking.v1.WatchCasesResponse.event.summary",
    ".parasol.technician.v1.VisitAction.action.submit_inspection",
];

/// The messages that have personal fields of their own, with these.
fn personal_messages(pool: &DescriptorPool) -> Vec<(MessageDescriptor, Vec<String>)> {
    let Some(option) = pool.get_extension_by_name(OPTION) else { return Vec::new() };
    let with_fields = |message: MessageDescriptor| {
        let fields = message.fields().filter(|field| is_personal(field, &option));
        let fields: Vec<_> = fields.map(|field| field.name().to_owned()).collect();
        (!fields.is_empty()).then_some((message, fields))
    };
    pool.all_messages().filter_map(with_fields).collect()
}

fn is_personal(field: &FieldDescriptor, option: &ExtensionDescriptor) -> bool {
    let options = field.options();
    if !options.has_extension(option) {
        return false;
    }
    let said = options.get_extension(option);
    let kind = said
        .as_message()
        .and_then(|said| said.get_field_by_name("kind").and_then(|kind| kind.as_enum_number()));
    kind != Some(NOTHING_PERSONAL)
}

/// `Debug` of each of them, and of their oneofs.
fn debug_code(messages: &[(MessageDescriptor, Vec<String>)]) -> String {
    let mut code = String::new();
    for (message, personal) in messages {
        let package = message.package_name().trim_start_matches("parasol.").replace('.', "::");
        let name = message.name();
        let mut shown = String::new();
        let mut told = Vec::new();
        for field in message.fields() {
            let text = shown_as(&field);
            if told.contains(&text) {
                continue;
            }
            let ident = if text == "type" { "r#type".to_owned() } else { text.clone() };
            let value = if personal.contains(&text) {
                format!("&crate::visibility::mask::Unsaid::of(&self.{ident})")
            } else {
                format!("&self.{ident}")
            };
            let _ = write!(shown, ".field({text:?}, {value})");
            told.push(text);
        }
        let body = format!("f.debug_struct({name:?}){shown}.finish()");
        implement(&mut code, &format!("{package}::{name}"), &body);
        for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
            let mut arms = String::new();
            for field in oneof.fields() {
                let arm = camel(field.name());
                let value = if personal.iter().any(|name| name == field.name()) {
                    "&crate::visibility::mask::Unsaid::of(value)"
                } else {
                    "value"
                };
                let _ = write!(
                    arms,
                    "Self::{arm}(value) => f.debug_tuple({arm:?}).field({value}).finish(),"
                );
            }
            let path = format!("{package}::{}::{}", snake(name), camel(oneof.name()));
            implement(&mut code, &path, &format!("match self {{ {arms} }}"));
        }
    }
    code
}

fn implement(code: &mut String, path: &str, body: &str) {
    let _ = writeln!(
        code,
        "impl ::core::fmt::Debug for crate::{path} {{\n    \
         fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {{\n        \
         {body}\n    }}\n}}"
    );
}

/// `offer_id` as `OfferId`.
fn camel(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
    };
    name.split('_').map(word).collect::<Vec<String>>().concat()
}

/// `OfferId` as `offer_id`.
fn snake(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

/// What a field is called in the generated code: by its oneof, unless it stands in one of its own because it is
/// optional.
fn shown_as(field: &FieldDescriptor) -> String {
    let is_optional = field.field_descriptor_proto().proto3_optional();
    let oneof = field.containing_oneof().filter(|_| !is_optional);
    oneof.map_or(field.name().to_owned(), |oneof| oneof.name().to_owned())
}

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
