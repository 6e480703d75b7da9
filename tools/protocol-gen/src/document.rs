//! Writes the TypeScript types of world documents.
//!
//! serde-reflection cannot trace them (fields are skipped when absent), so the declarations are
//! read from the source. Only what `shared/scene/src/document.rs` uses is understood; anything
//! else stops the generator rather than giving a wrong type.

use std::collections::BTreeSet;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use syn::{Attribute, Fields, GenericArgument, Item, ItemEnum, ItemStruct, PathArguments, Type};
use vivarium_scene::{document as rust, operation::PLACEHOLDERS};

use crate::{
    REGENERATE,
    emit::{COLUMNS_MAX, doc_comment, line},
    json,
    names::snake_from_pascal,
    source::{self, doc},
};

/// The module of documents.
pub fn module(items: &[Item]) -> String {
    let mut out = format!(
        "// Written by tools/protocol-gen from shared/scene/src/document.rs. Do not edit: change the Rust\n\
         // types, then run `{REGENERATE}`.\n\n"
    );
    doc_comment(&mut out, 0, Some("Version of the format."));
    line(&mut out, 0, &format!("export const DOCUMENT_VERSION = {};", rust::DOCUMENT_VERSION));
    out.push('\n');
    doc_comment(&mut out, 0, Some("The group of avatars in `Groups`."));
    line(&mut out, 0, &format!("export const AVATAR_GROUP = {};", rust::AVATAR_GROUP));
    for item in items {
        match item {
            Item::Struct(item) => emit_struct(&mut out, item),
            Item::Enum(item) => emit_enum(&mut out, item),
            _ => {}
        }
    }
    emit_defaults(&mut out);
    out.push_str(ID_AT);
    out
}

/// The module of operations: `Operation`, `Role` and `Property`.
pub fn operations(items: &[Item]) -> String {
    let mut body = String::new();
    for item in items {
        if let Item::Enum(item) = item
            && ["Operation", "Role", "Property"].contains(&item.ident.to_string().as_str())
        {
            emit_enum(&mut body, item);
        }
    }
    let mut out = format!(
        "// Written by tools/protocol-gen from shared/scene/src/operation.rs. Do not edit: change the Rust\n\
         // types, then run `{REGENERATE}`.\n\n"
    );
    let is_named = |name: &str| body.split(|c: char| !c.is_alphanumeric()).any(|word| word == name);
    let types = source::document().into_iter().filter_map(|item| match item {
        Item::Struct(item) => Some(item.ident.to_string()),
        Item::Enum(item) => Some(item.ident.to_string()),
        _ => None,
    });
    line(&mut out, 0, "import type {");
    let mut types: Vec<String> = types.filter(|name| is_named(name)).collect();
    // A name of the language's own is not to be hidden.
    let local = |name: &String| if name == "Object" { "SceneObject" } else { name }.to_owned();
    types.sort_by_key(local);
    for name in types {
        let alias = if name == "Object" { " as SceneObject" } else { "" };
        line(&mut out, 2, &format!("{name}{alias},"));
    }
    line(&mut out, 0, "} from \"./document\";");
    out.push('\n');
    doc_comment(&mut out, 0, Some("Ids from here on stand for new objects inside one batch."));
    line(&mut out, 0, &format!("export const PLACEHOLDERS = {PLACEHOLDERS};"));
    out.push_str(&body.replace("value: Object ", "value: SceneObject "));
    out
}

/// As `Object::id_at`.
const ID_AT: &str = "
/** The id of the object at a place in the list of its document. */
export function idAt(document: WorldDocument, index: number): number {
  return document.objects[index]?.id ?? index;
}
";

fn emit_struct(out: &mut String, item: &ItemStruct) {
    out.push('\n');
    doc_comment(out, 0, doc(&item.attrs).as_deref());
    line(out, 0, &format!("export type {} = {{", item.ident));
    let all_optional = serde_words(&item.attrs).contains("default");
    for field in &item.fields {
        let name = field.ident.as_ref().expect("document structs have named fields");
        let words = serde_words(&field.attrs);
        let optional = all_optional || words.contains("default");
        let mark = if optional { "?" } else { "" };
        doc_comment(out, 2, doc(&field.attrs).as_deref());
        line(out, 2, &format!("{name}{mark}: {};", field_type(&field.ty)));
    }
    line(out, 0, "};");
}

fn emit_enum(out: &mut String, item: &ItemEnum) {
    let words = serde_words(&item.attrs);
    if words.contains("untagged") {
        return emit_union(out, item);
    }
    assert!(words.contains("rename_all"), "{}: enums of documents are snake_case", item.ident);
    let members: Vec<String> = item
        .variants
        .iter()
        .map(|variant| {
            let name = snake_from_pascal(&variant.ident.to_string());
            match &variant.fields {
                Fields::Unit => format!("\"{name}\""),
                Fields::Named(fields) if fields.named.is_empty() => {
                    format!("{{ {name}: Record<string, never> }}")
                }
                Fields::Named(fields) => {
                    let inner: Vec<String> = fields
                        .named
                        .iter()
                        .map(|field| {
                            let name = field.ident.as_ref().expect("fields of it are named");
                            let optional = serde_words(&field.attrs).contains("default");
                            match is_option(&field.ty) {
                                // Written as null, and may be left out.
                                true if !optional => {
                                    format!("{name}?: {} | null", field_type(&field.ty))
                                }
                                _ => {
                                    let mark = if optional { "?" } else { "" };
                                    format!("{name}{mark}: {}", field_type(&field.ty))
                                }
                            }
                        })
                        .collect();
                    format!("{{ {name}: {{ {} }} }}", inner.join("; "))
                }
                Fields::Unnamed(fields) => {
                    let only = fields.unnamed.iter().next().filter(|_| fields.unnamed.len() == 1);
                    let only = only.expect("a variant holds named fields or one value");
                    let null = if is_option(&only.ty) { " | null" } else { "" };
                    format!("{{ {name}: {}{null} }}", field_type(&only.ty))
                }
            }
        })
        .collect();
    out.push('\n');
    enum_docs(out, item);
    let short = format!("export type {} = {};", item.ident, members.join(" | "));
    let plain = members.iter().all(|member| member.starts_with('"'));
    if plain && short.len() <= COLUMNS_MAX {
        return line(out, 0, &short);
    }
    line(out, 0, &format!("export type {} =", item.ident));
    for (index, member) in members.iter().enumerate() {
        let tail = if index + 1 == members.len() { ";" } else { "" };
        let text = format!("| {member}{tail}");
        if text.len() + 2 <= COLUMNS_MAX {
            line(out, 2, &text);
        } else {
            emit_long_case(out, member, tail);
        }
    }
}

/// An enum whose variants are told apart by what they hold.
fn emit_union(out: &mut String, item: &ItemEnum) {
    let held = item.variants.iter().map(|variant| match &variant.fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => field_type(&fields.unnamed[0].ty),
        _ => panic!("{}: untagged variants hold one value", item.ident),
    });
    let held: Vec<String> = held.collect();
    out.push('\n');
    doc_comment(out, 0, doc(&item.attrs).as_deref());
    line(out, 0, &format!("export type {} = {};", item.ident, held.join(" | ")));
}

/// `{ name: { a: x; b: y } }` with a line for each field.
fn emit_long_case(out: &mut String, member: &str, tail: &str) {
    let parts = member
        .strip_prefix("{ ")
        .and_then(|rest| rest.strip_suffix(" } }"))
        .and_then(|rest| rest.split_once(": { "));
    let (name, fields) = parts.expect("only variants with named fields are long");
    line(out, 2, "| {");
    line(out, 6, &format!("{name}: {{"));
    for field in fields.split("; ") {
        line(out, 8, &format!("{field};"));
    }
    line(out, 6, "};");
    line(out, 4, &format!("}}{tail}"));
}

fn enum_docs(out: &mut String, item: &ItemEnum) {
    line(out, 0, "/**");
    if let Some(text) = doc(&item.attrs) {
        line(out, 0, &format!(" * {text}"));
    }
    for variant in &item.variants {
        if let Some(text) = doc(&variant.attrs) {
            let name = snake_from_pascal(&variant.ident.to_string());
            line(out, 0, &format!(" * - `{name}`: {text}"));
        }
    }
    line(out, 0, " */");
}

/// The words of `#[serde(...)]` attributes, without their values.
fn serde_words(attrs: &[Attribute]) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
        attr.parse_nested_meta(|meta| {
            let word = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
            let known = [
                "default",
                "deny_unknown_fields",
                "expecting",
                "rename_all",
                "skip_serializing_if",
                "untagged",
            ];
            assert!(known.contains(&word.as_str()), "serde({word}) is not understood here");
            if let Ok(value) = meta.value() {
                let value: syn::LitStr = value.parse()?;
                assert!(word != "rename_all" || value.value() == "snake_case", "only snake_case");
            }
            words.insert(word);
            Ok(())
        })
        .expect("serde accepted the attribute when the file was compiled");
    }
    words
}

fn is_option(ty: &Type) -> bool {
    matches!(ty, Type::Path(path)
        if path.path.segments.last().is_some_and(|last| last.ident == "Option"))
}

/// TypeScript's name of a field's type. An `Option` is its content: absence is told by `?`.
fn field_type(ty: &Type) -> String {
    match ty {
        Type::Array(array) => match &*array.elem {
            Type::Path(_) => {
                let length = match &array.len {
                    syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(length), .. }) => length,
                    _ => panic!("array lengths of documents are written as numbers"),
                };
                let length: usize = length.base10_parse().expect("an array length is a number");
                format!("[{}]", vec![field_type(&array.elem); length].join(", "))
            }
            _ => panic!("arrays of documents hold named types"),
        },
        Type::Path(path) => {
            let segment = path.path.segments.last().expect("a path has a segment");
            let inner = generic_arguments(&segment.arguments);
            match (segment.ident.to_string().as_str(), inner.as_slice()) {
                ("String", []) => "string".into(),
                ("bool", []) => "boolean".into(),
                ("f32" | "f64" | "u8" | "u16" | "u32" | "i8" | "i16" | "i32", []) => {
                    "number".into()
                }
                ("ObjectId", []) => "number".into(),
                ("Option" | "Box", [inner]) => inner.clone(),
                ("Vec", [inner]) => format!("{inner}[]"),
                ("BTreeMap", [key, value]) => format!("Record<{key}, {value}>"),
                (name, []) => name.to_owned(),
                (name, _) => panic!("{name} is not understood here"),
            }
        }
        _ => panic!("{ty:?} is not understood here"),
    }
}

fn generic_arguments(arguments: &PathArguments) -> Vec<String> {
    match arguments {
        PathArguments::AngleBracketed(arguments) => arguments
            .args
            .iter()
            .map(|argument| match argument {
                GenericArgument::Type(ty) => field_type(ty),
                _ => panic!("only types are understood as arguments"),
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// What an absent field means, per struct: from a document that gives only what must be given.
fn emit_defaults(out: &mut String) {
    out.push('\n');
    doc_comment(out, 0, Some("What an absent field means, by type."));
    line(out, 0, "export const documentDefaults = {");
    for (name, values) in [
        ("settings", defaults::<rust::Settings>(json!({}))),
        ("environment", defaults::<rust::Environment>(json!({}))),
        ("groups", defaults::<rust::Groups>(json!({}))),
        ("material", defaults::<rust::Material>(json!({"colour": "#000000"}))),
        ("object", defaults::<rust::Object>(json!({}))),
        ("visual", defaults::<rust::Visual>(json!({"shape": {"collider": {}}}))),
        ("collider", defaults::<rust::Collider>(json!({"shape": {"ball": {"radius_m": 1}}}))),
        ("body", defaults::<rust::Body>(json!({"kind": "static"}))),
        ("mover", defaults::<rust::Mover>(json!({"waypoints_m": [], "leg_ticks": 1}))),
        ("hinge", defaults::<rust::Hinge>(json!({"axis": [0, 1, 0]}))),
        (
            "light",
            defaults::<rust::Light>(json!({"colour": "#000000", "intensity_cd": 1, "range_m": 1})),
        ),
        ("spawn", defaults::<rust::Spawn>(json!({}))),
        ("sensor", defaults::<rust::Sensor>(json!({"size_m": [1, 1, 1]}))),
        ("sound", defaults::<rust::Sound>(json!({"path": "a", "radius_m": 1, "plays": "always"}))),
        ("script", defaults::<rust::Script>(json!({"module": "a"}))),
        (
            "companion",
            defaults::<rust::Companion>(
                json!({"mind": "a", "name": "A", "body": "#000000", "accent": "#000000"}),
            ),
        ),
    ] {
        line(out, 2, &format!("{name}: {{"));
        for (field, value) in &values {
            line(out, 4, &format!("{field}: {},", literal(value)));
        }
        line(out, 2, "},");
    }
    line(out, 0, "} as const;");
}

fn defaults<T: Serialize + DeserializeOwned>(given: Value) -> Map<String, Value> {
    let value: T = serde_json::from_value(given.clone())
        .expect("the generator gives every field that has no default");
    // By way of text: there a number is written as short as its 32 bits allow.
    let text = serde_json::to_string(&value).expect("documents can be written");
    let Ok(Value::Object(mut fields)) = serde_json::from_str(&text) else {
        panic!("a struct is written as an object")
    };
    fields
        .retain(|name, value| given.get(name).is_none() && !value.is_object() && !value.is_null());
    // Left out when written, because it is the default.
    for (name, absent) in [("rotation", json!([0, 0, 0, 1])), ("scale", json!([1, 1, 1]))] {
        let declared = match name {
            "rotation" => ["Object", "Visual", "Collider"].as_slice(),
            _ => ["Object"].as_slice(),
        };
        let own = std::any::type_name::<T>().rsplit("::").next().unwrap_or_default();
        if declared.contains(&own) && !fields.contains_key(name) {
            fields.insert(name.to_owned(), absent);
        }
    }
    match json::sorted(&Value::Object(fields)) {
        Value::Object(fields) => fields,
        other => panic!("{other} is not an object"),
    }
}

fn literal(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", "))
        }
        Value::Number(number) => match number.as_f64() {
            // JSON of Rust writes 1.0 where TypeScript's formatter wants 1.
            Some(float) if float.fract() == 0.0 => format!("{float:.0}"),
            _ => number.to_string(),
        },
        Value::String(text) => format!("{text:?}"),
        other => other.to_string(),
    }
}
