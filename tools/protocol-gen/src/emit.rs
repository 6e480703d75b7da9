//! Writes the TypeScript module of the wire: types, readers, writers, constants.
//!
//! The text comes out as biome would format it (two spaces, 100 columns), so that it can be
//! committed as it is.

use serde_reflection::{ContainerFormat, Format, Named, Registry};

use crate::{
    REGENERATE, constants, enums, facets,
    names::camel_from_snake,
    source::Docs,
    wire_types::{Place, ROOTS, Root},
};

/// Columns of a line.
pub const COLUMNS_MAX: usize = 100;

/// The whole module.
pub fn module(registry: &Registry, docs: &Docs) -> String {
    let mut out = format!(
        "// Written by tools/protocol-gen from the Rust types in shared/protocol. Do not edit: change the\n\
         // Rust types, then run `{REGENERATE}`.\n\n"
    );
    out.push_str(
        "import {\n  DecodeError,\n  decodePrefix,\n  decodeWhole,\n  encodeWhole,\n  type Reader,\n  refuse,\n  \
         unreachable,\n  Writer,\n} from \"./codec\";\n\n",
    );
    constants::emit(&mut out, docs);
    facets::emit(&mut out, docs);
    for (name, format) in registry {
        out.push('\n');
        match format {
            ContainerFormat::NewTypeStruct(inner) => {
                doc_comment(&mut out, 0, docs.get(name));
                line(&mut out, 0, &format!("export type {name} = {};", type_name(inner)));
            }
            ContainerFormat::Struct(fields) => emit_struct(&mut out, registry, docs, name, fields),
            ContainerFormat::Enum(variants) => {
                enums::emit(&mut out, registry, docs, name, variants);
            }
            ContainerFormat::UnitStruct | ContainerFormat::TupleStruct(_) => {
                panic!("{name}: the wire has no structs without named fields")
            }
        }
    }
    enums::emit_close_reasons(&mut out);
    for root in &ROOTS {
        emit_root(&mut out, root);
    }
    out
}

fn emit_struct(
    out: &mut String,
    registry: &Registry,
    docs: &Docs,
    name: &str,
    fields: &[Named<Format>],
) {
    doc_comment(out, 0, docs.get(name));
    line(out, 0, &format!("export type {name} = {{"));
    for field in fields {
        doc_comment(out, 2, docs.get(&format!("{name}.{}", field.name)));
        line(out, 2, &format!("{}: {};", camel_from_snake(&field.name), type_name(&field.value)));
    }
    line(out, 0, "};");
    out.push('\n');
    line(out, 0, &format!("function read{name}(r: Reader): {name} {{"));
    object(out, 2, "return ", ";", &readers(registry, fields));
    line(out, 0, "}");
    out.push('\n');
    line(out, 0, &format!("function write{name}(w: Writer, value: {name}): void {{"));
    for field in fields {
        let value = format!("value.{}", camel_from_snake(&field.name));
        line(out, 2, &format!("{};", write(registry, &field.value, &value)));
    }
    line(out, 0, "}");
}

fn emit_root(out: &mut String, root: &Root) {
    let Root { name, bytes_max, place, refused_if } = root;
    out.push('\n');
    doc_comment(out, 0, Some(&format!("A `{name}` as bytes.")));
    line(
        out,
        0,
        &format!("export function encode{name}(value: {name}): Uint8Array<ArrayBuffer> {{"),
    );
    if *place == Place::Handshake {
        for statement in [
            "const w = new Writer();".to_owned(),
            "w.raw(MAGIC);".to_owned(),
            "w.raw([PROTOCOL_VERSION & 0xff, PROTOCOL_VERSION >> 8]);".to_owned(),
            format!("write{name}(w, value);"),
            "return w.finish();".to_owned(),
        ] {
            line(out, 2, &statement);
        }
    } else {
        line(out, 2, &format!("return encodeWhole(value, write{name});"));
    }
    line(out, 0, "}");
    if *place == Place::Prefix {
        return emit_prefix_decoder(out, root);
    }
    out.push('\n');
    doc_comment(
        out,
        0,
        Some(&format!("A `{name}` from bytes of the other end; throws `DecodeError`.")),
    );
    line(out, 0, &format!("export function decode{name}(bytes: Uint8Array): {name} {{"));
    let decoded = |bytes: &str| format!("decodeWhole({bytes}, limits.{bytes_max}, read{name})");
    if *place == Place::Handshake {
        out.push_str(HANDSHAKE_CHECK);
        line(out, 2, &format!("return {};", decoded("bytes.subarray(MAGIC.length + 2)")));
    } else if let Some((condition, complaint)) = refused_if {
        line(out, 2, &format!("const value = {};", decoded("bytes")));
        line(out, 2, &format!("if ({condition}) {{"));
        line(out, 4, &format!("refuse(\"{complaint}\");"));
        line(out, 2, "}");
        line(out, 2, "return value;");
    } else {
        line(out, 2, &format!("return {};", decoded("bytes")));
    }
    line(out, 0, "}");
}

fn emit_prefix_decoder(out: &mut String, Root { name, bytes_max, .. }: &Root) {
    out.push('\n');
    let says = format!(
        "A `{name}` from the front of bytes of the other end, and how many bytes it takes; throws \
         `DecodeError`."
    );
    doc_comment(out, 0, Some(&says));
    line(
        out,
        0,
        &format!(
            "export function decode{name}(bytes: Uint8Array): {{ value: {name}; used: number }} {{"
        ),
    );
    line(out, 2, &format!("return decodePrefix(bytes, limits.{bytes_max}, read{name});"));
    line(out, 0, "}");
}

const HANDSHAKE_CHECK: &str = "  \
  if (bytes.length < MAGIC.length + 2 || MAGIC.some((byte, index) => bytes[index] !== byte)) {
    throw new DecodeError(\"notVivarium\", \"the first bytes are not a Vivarium handshake\");
  }
  const version = (bytes[MAGIC.length] ?? 0) + (bytes[MAGIC.length + 1] ?? 0) * 256;
  if (version !== PROTOCOL_VERSION) {
    throw new DecodeError(\"version\", `protocol version ${version} is not spoken here`);
  }
";

/// `name: reader` for each field, in the order of the wire: an object literal is evaluated in the
/// order in which it is written.
pub fn readers(registry: &Registry, fields: &[Named<Format>]) -> Vec<String> {
    fields
        .iter()
        .map(|field| format!("{}: {}", camel_from_snake(&field.name), read(registry, &field.value)))
        .collect()
}

/// TypeScript's name of a type.
pub fn type_name(format: &Format) -> String {
    match format {
        Format::TypeName(name) => name.clone(),
        Format::Bool => "boolean".into(),
        Format::U8 | Format::U16 | Format::U32 | Format::I8 | Format::I16 | Format::I32 => {
            "number".into()
        }
        Format::F32 => "number".into(),
        Format::Str => "string".into(),
        Format::Option(inner) => format!("{} | null", type_name(inner)),
        Format::Seq(inner) => format!("{}[]", array_item(inner)),
        Format::TupleArray { content, .. } => format!("{}[]", array_item(content)),
        other => panic!("{other:?} is not used on the wire"),
    }
}

fn array_item(format: &Format) -> String {
    match format {
        Format::Option(_) => format!("({})", type_name(format)),
        _ => type_name(format),
    }
}

/// An expression that reads a value from `r`.
pub fn read(registry: &Registry, format: &Format) -> String {
    match format {
        Format::TypeName(name) => match &registry[name] {
            ContainerFormat::NewTypeStruct(inner) => read(registry, inner),
            _ => format!("read{name}(r)"),
        },
        Format::Option(inner) => format!("r.option({})", read_function(registry, inner)),
        Format::Seq(inner) => {
            let least = bytes_min(registry, inner);
            format!("r.sequence({}, {least})", read_function(registry, inner))
        }
        Format::TupleArray { content, size } => {
            format!("r.array({}, {size})", read_function(registry, content))
        }
        atom => format!("r.{}()", atom_name(atom)),
    }
}

fn read_function(registry: &Registry, format: &Format) -> String {
    match format {
        Format::TypeName(name) if !matches!(registry[name], ContainerFormat::NewTypeStruct(_)) => {
            format!("read{name}")
        }
        _ => format!("(r) => {}", read(registry, format)),
    }
}

/// An expression that writes `value` to `w`.
pub fn write(registry: &Registry, format: &Format, value: &str) -> String {
    match format {
        Format::TypeName(name) => match &registry[name] {
            ContainerFormat::NewTypeStruct(inner) => write(registry, inner, value),
            _ => format!("write{name}(w, {value})"),
        },
        Format::Option(inner) => format!("w.option({value}, {})", write_function(registry, inner)),
        Format::Seq(inner) => format!("w.sequence({value}, {})", write_function(registry, inner)),
        Format::TupleArray { content, size } => {
            format!("w.array({value}, {size}, {})", write_function(registry, content))
        }
        atom => format!("w.{}({value})", atom_name(atom)),
    }
}

fn write_function(registry: &Registry, format: &Format) -> String {
    match format {
        Format::TypeName(name) if !matches!(registry[name], ContainerFormat::NewTypeStruct(_)) => {
            format!("write{name}")
        }
        _ => format!("(w, item) => {}", write(registry, format, "item")),
    }
}

fn atom_name(format: &Format) -> &'static str {
    match format {
        Format::Bool => "bool",
        Format::U8 => "u8",
        Format::U16 => "u16",
        Format::U32 => "u32",
        Format::I8 => "i8",
        Format::I16 => "i16",
        Format::I32 => "i32",
        Format::F32 => "f32",
        Format::Str => "string",
        other => panic!("{other:?} is not used on the wire"),
    }
}

/// The fewest bytes that a value of this shape takes.
fn bytes_min(registry: &Registry, format: &Format) -> usize {
    use serde_reflection::VariantFormat as V;
    let sum = |fields: &[Named<Format>]| -> usize {
        fields.iter().map(|field| bytes_min(registry, &field.value)).sum()
    };
    match format {
        Format::TypeName(name) => match &registry[name] {
            ContainerFormat::NewTypeStruct(inner) => bytes_min(registry, inner),
            ContainerFormat::Struct(fields) => sum(fields),
            ContainerFormat::Enum(variants) => {
                let least = variants.values().map(|variant| match &variant.value {
                    V::Struct(fields) => sum(fields),
                    V::NewType(inner) => bytes_min(registry, inner),
                    _ => 0,
                });
                1 + least.min().unwrap_or(0)
            }
            other => panic!("{other:?} is not used on the wire"),
        },
        Format::TupleArray { content, size } => size * bytes_min(registry, content),
        Format::F32 => 4,
        _ => 1,
    }
}

/// `head{ a, b }tail`, on one line when it fits.
pub fn object(out: &mut String, indent: usize, head: &str, tail: &str, fields: &[String]) {
    let short = format!("{head}{{ {} }}{tail}", fields.join(", "));
    if indent + short.len() <= COLUMNS_MAX {
        line(out, indent, &short);
        return;
    }
    line(out, indent, &format!("{head}{{"));
    for field in fields {
        line(out, indent + 2, &format!("{field},"));
    }
    line(out, indent, &format!("}}{tail}"));
}

/// One line of text.
pub fn line(out: &mut String, indent: usize, text: &str) {
    out.extend(std::iter::repeat_n(' ', indent));
    out.push_str(text);
    out.push('\n');
}

/// A documentation comment, if there is documentation, wrapped at [`COLUMNS_MAX`].
pub fn doc_comment(out: &mut String, indent: usize, text: Option<&str>) {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return };
    if indent + text.len() + "/**  */".len() <= COLUMNS_MAX {
        return line(out, indent, &format!("/** {text} */"));
    }
    line(out, indent, "/**");
    let mut current = String::new();
    for word in text.split_whitespace() {
        if !current.is_empty()
            && indent + " * ".len() + current.len() + 1 + word.len() > COLUMNS_MAX
        {
            line(out, indent, &format!(" * {current}"));
            current.clear();
        }
        if !current.is_empty() {
            current.push(' ');
        }
        current.push_str(word);
    }
    line(out, indent, &format!(" * {current}"));
    line(out, indent, " */");
}
