//! An update by a field mask: what is stored, with the named fields taken from what is wanted.

use parasol_api::descriptor::pool;
use parasol_api::{Checker, Error, Reason};
use prost::Message;
use prost_reflect::DynamicMessage;
use prost_types::FieldMask;

/// Stands for every field.
const ALL: &str = "*";

/// The stored message with the fields of the mask as they are wanted. `name` is that of the message in the
/// contract; `fixed` are fields that no update changes.
///
/// # Errors
/// `FIELD_INVALID` for a mask that names nothing, what is not there, or what is fixed.
pub fn merged<M: Message + Default>(
    name: &str,
    stored: &M,
    wanted: &M,
    mask: Option<&FieldMask>,
    fixed: &[&str],
) -> Result<M, Error> {
    let descriptor =
        pool().get_message_by_name(name).ok_or_else(|| Error::new(Reason::Internal))?;
    let dynamic = |message: &M| {
        let bytes = message.encode_to_vec();
        DynamicMessage::decode(descriptor.clone(), bytes.as_slice()).map_err(Error::internal)
    };
    let (mut stored, wanted) = (dynamic(stored)?, dynamic(wanted)?);
    let paths = mask.map(|mask| mask.paths.as_slice()).unwrap_or_default();
    let mut check = Checker::new();
    if paths.is_empty() {
        check.refuse::<()>("update_mask", Reason::FieldInvalid, "the name of a field");
    }
    let all = paths.iter().any(|path| path == ALL);
    for path in paths.iter().filter(|path| *path != ALL) {
        let is_known = descriptor.get_field_by_name(path).is_some();
        if !is_known || fixed.contains(&path.as_str()) {
            check.refuse::<()>("update_mask", Reason::FieldInvalid, "fields that can be changed");
        }
    }
    check.finish()?;
    for field in descriptor.fields() {
        let is_named = paths.iter().any(|path| path == field.name());
        if fixed.contains(&field.name()) || !(all || is_named) {
            continue;
        }
        match wanted.has_field(&field) {
            true => stored.set_field(&field, wanted.get_field(&field).into_owned()),
            false => stored.clear_field(&field),
        }
    }
    M::decode(stored.encode_to_vec().as_slice()).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use parasol_api::admin::v1::Brand;

    use super::*;

    fn update(paths: &[&str]) -> Result<Brand, Error> {
        let stored = Brand {
            brand: "aurora".into(),
            name_en: "Aurora".into(),
            hotline: "400".into(),
            served_by: vec!["boreal".into()],
            ..Brand::default()
        };
        let wanted = Brand { brand: "other".into(), name_en: "Dawn".into(), ..Brand::default() };
        let mask = FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() };
        merged("parasol.admin.v1.Brand", &stored, &wanted, Some(&mask), &["brand", "etag"])
    }

    #[test]
    fn named_fields_change_and_others_stay() {
        let one = update(&["name_en"]).unwrap();
        assert_eq!((one.brand.as_str(), one.name_en.as_str()), ("aurora", "Dawn"));
        assert_eq!((one.hotline.as_str(), one.served_by.len()), ("400", 1));
        let emptied = update(&["served_by", "hotline"]).unwrap();
        assert!(emptied.served_by.is_empty() && emptied.hotline.is_empty());
        assert_eq!(emptied.name_en, "Aurora");
        let all = update(&["*"]).unwrap();
        assert_eq!((all.brand.as_str(), all.hotline.as_str()), ("aurora", ""));
        for wrong in [&[][..], &["nothing"], &["brand"], &["name_en", "etag"], &["served_by.x"]] {
            assert_eq!(update(wrong).unwrap_err().reason(), Reason::FieldInvalid, "{wrong:?}");
        }
    }
}
