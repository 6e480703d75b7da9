//! Values of the wire as JSON in the shape of their TypeScript types.

use serde::Serialize;
use serde_json::{Map, Value};
use serde_reflection::{ContainerFormat, Format, Named, Registry, VariantFormat};

use crate::{
    names::{camel_from_pascal, camel_from_snake},
    wire_types::registry,
};

/// `value`, of the wire type named `root`, as TypeScript sees it.
pub fn typescript<T: Serialize>(root: &str, value: &T) -> Value {
    let rust = serde_json::to_value(value).expect("wire types can be written as JSON");
    reshape(&registry(), &Format::TypeName(root.to_owned()), rust)
}

/// JSON with a line for each member of the outer objects, and small things on one line.
pub fn pretty(value: &Value) -> String {
    let mut out = String::new();
    layout(&mut out, &sorted(value), 0);
    out.push('\n');
    out
}

/// With the members of objects in the order of their names, whichever features serde_json is built
/// with: what is committed may not depend on them.
pub fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort_unstable();
            names.into_iter().map(|name| (name.clone(), sorted(&members[name]))).collect()
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        atom => atom.clone(),
    }
}

fn layout(out: &mut String, value: &Value, indent: usize) {
    let short = value.to_string();
    if indent + short.len() <= 100 {
        out.push_str(&short);
        return;
    }
    let pad = " ".repeat(indent + 2);
    match value {
        Value::Object(members) => {
            out.push_str("{\n");
            for (index, (name, member)) in members.iter().enumerate() {
                out.push_str(&format!("{pad}{}: ", Value::String(name.clone())));
                layout(out, member, indent + 2);
                out.push_str(if index + 1 < members.len() { ",\n" } else { "\n" });
            }
            out.push_str(&format!("{}}}", " ".repeat(indent)));
        }
        Value::Array(items) => {
            out.push_str("[\n");
            for (index, item) in items.iter().enumerate() {
                out.push_str(&pad);
                layout(out, item, indent + 2);
                out.push_str(if index + 1 < items.len() { ",\n" } else { "\n" });
            }
            out.push_str(&format!("{}]", " ".repeat(indent)));
        }
        _ => out.push_str(&short),
    }
}

fn reshape(registry: &Registry, format: &Format, value: Value) -> Value {
    match (format, value) {
        (Format::TypeName(name), value) => match &registry[name] {
            ContainerFormat::NewTypeStruct(inner) => reshape(registry, inner, value),
            ContainerFormat::Struct(fields) => Value::Object(members(registry, fields, value)),
            ContainerFormat::Enum(variants) => {
                let named = |name: &str| {
                    let found = variants.values().find(|variant| variant.name == name);
                    &found.expect("all variants were traced").value
                };
                let plain = variants.values().all(|variant| variant.value == VariantFormat::Unit);
                match value {
                    Value::String(name) if plain => Value::String(camel_from_pascal(&name)),
                    Value::String(name) => kind(&name, Map::new()),
                    Value::Object(variant) => {
                        let (name, inner) =
                            variant.into_iter().next().expect("serde tags variants by name");
                        match named(&name) {
                            VariantFormat::Struct(fields) => {
                                kind(&name, members(registry, fields, inner))
                            }
                            VariantFormat::NewType(held) => {
                                let held = reshape(registry, held, inner);
                                kind(&name, Map::from_iter([("value".to_owned(), held)]))
                            }
                            _ => panic!("{name}: the wire has no such variants"),
                        }
                    }
                    other => panic!("{other} is not an enum"),
                }
            }
            other => panic!("{other:?} is not used on the wire"),
        },
        (Format::Option(_), Value::Null) => Value::Null,
        (Format::Option(inner), value) => reshape(registry, inner, value),
        (Format::Seq(inner) | Format::TupleArray { content: inner, .. }, Value::Array(items)) => {
            Value::Array(items.into_iter().map(|item| reshape(registry, inner, item)).collect())
        }
        (_, atom) => atom,
    }
}

fn kind(name: &str, rest: Map<String, Value>) -> Value {
    let mut members = Map::from_iter([("kind".to_owned(), camel_from_pascal(name).into())]);
    members.extend(rest);
    Value::Object(members)
}

fn members(registry: &Registry, fields: &[Named<Format>], value: Value) -> Map<String, Value> {
    let Value::Object(mut given) = value else { panic!("a struct is an object") };
    fields
        .iter()
        .map(|field| {
            let value = given.remove(&field.name).expect("serde writes every field");
            (camel_from_snake(&field.name), reshape(registry, &field.value, value))
        })
        .collect()
}
