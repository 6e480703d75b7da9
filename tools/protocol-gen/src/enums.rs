//! TypeScript of enums: string unions, and closed unions told apart by `kind`.

use std::collections::BTreeMap;

use serde_reflection::{Format, Named, Registry, VariantFormat};
use vivarium_protocol::close::CloseReason;

use crate::{
    emit::{COLUMNS_MAX, doc_comment, line, object, readers, type_name, write},
    names::{camel_from_pascal, camel_from_snake},
    source::Docs,
    wire_types::variants,
};

type Variants = BTreeMap<u32, Named<VariantFormat>>;

/// Type, reader and writer of an enum.
pub fn emit(out: &mut String, registry: &Registry, docs: &Docs, name: &str, variants: &Variants) {
    let indices: Vec<u32> = variants.keys().copied().collect();
    assert!(
        indices.iter().copied().eq(0..indices.len() as u32),
        "{name}: a variant was not traced"
    );
    if variants.values().all(|variant| variant.value == VariantFormat::Unit) {
        emit_names(out, docs, name, variants);
    } else {
        emit_union(out, registry, docs, name, variants);
    }
}

fn emit_names(out: &mut String, docs: &Docs, name: &str, variants: &Variants) {
    let names: Vec<String> = variants
        .values()
        .map(|variant| format!("\"{}\"", camel_from_pascal(&variant.name)))
        .collect();
    let list = format!("{}Names", camel_from_pascal(name));
    variant_docs(out, docs, name, variants);
    union(out, name, &names);
    out.push('\n');
    doc_comment(out, 0, Some(&format!("Every `{name}`, in the order of the wire.")));
    let short = format!("export const {list}: readonly {name}[] = [{}];", names.join(", "));
    if short.len() <= COLUMNS_MAX {
        line(out, 0, &short);
    } else {
        line(out, 0, &format!("export const {list}: readonly {name}[] = ["));
        for name in &names {
            line(out, 2, &format!("{name},"));
        }
        line(out, 0, "];");
    }
    out.push('\n');
    line(out, 0, &format!("function read{name}(r: Reader): {name} {{"));
    line(out, 2, "const index = r.u32();");
    line(out, 2, &format!("const name = {list}[index];"));
    line(out, 2, &format!("if (name === undefined) throw r.unknownVariant(\"{name}\", index);"));
    line(out, 2, "return name;");
    line(out, 0, "}");
    out.push('\n');
    line(out, 0, &format!("function write{name}(w: Writer, value: {name}): void {{"));
    line(out, 2, &format!("w.u32({list}.indexOf(value));"));
    line(out, 0, "}");
}

fn emit_union(out: &mut String, registry: &Registry, docs: &Docs, name: &str, variants: &Variants) {
    variant_docs(out, docs, name, variants);
    let cases: Vec<String> = variants.values().map(case).collect();
    let short = format!("export type {name} = {};", cases.join(" | "));
    if short.len() <= COLUMNS_MAX {
        line(out, 0, &short);
    } else {
        line(out, 0, &format!("export type {name} ="));
        for (index, variant) in variants {
            let last = *index as usize + 1 == variants.len();
            emit_case(out, variant, if last { ";" } else { "" });
        }
    }
    out.push('\n');
    line(out, 0, &format!("function read{name}(r: Reader): {name} {{"));
    line(out, 2, "const index = r.u32();");
    line(out, 2, "switch (index) {");
    for (index, variant) in variants {
        let mut fields = vec![format!("kind: \"{}\"", camel_from_pascal(&variant.name))];
        fields.extend(readers(registry, &struct_fields(variant)));
        line(out, 4, &format!("case {index}:"));
        object(out, 6, "return ", ";", &fields);
    }
    line(out, 4, "default:");
    line(out, 6, &format!("throw r.unknownVariant(\"{name}\", index);"));
    line(out, 2, "}");
    line(out, 0, "}");
    out.push('\n');
    line(out, 0, &format!("function write{name}(w: Writer, value: {name}): void {{"));
    line(out, 2, "switch (value.kind) {");
    for (index, variant) in variants {
        line(out, 4, &format!("case \"{}\":", camel_from_pascal(&variant.name)));
        line(out, 6, &format!("w.u32({index});"));
        for field in struct_fields(variant) {
            let value = format!("value.{}", camel_from_snake(&field.name));
            line(out, 6, &format!("{};", write(registry, &field.value, &value)));
        }
        line(out, 6, "break;");
    }
    line(out, 4, "default:");
    line(out, 6, "unreachable(value);");
    line(out, 2, "}");
    line(out, 0, "}");
}

fn case_fields(variant: &Named<VariantFormat>) -> Vec<String> {
    let mut fields = vec![format!("kind: \"{}\"", camel_from_pascal(&variant.name))];
    fields.extend(
        struct_fields(variant)
            .iter()
            .map(|f| format!("{}: {}", camel_from_snake(&f.name), type_name(&f.value))),
    );
    fields
}

fn case(variant: &Named<VariantFormat>) -> String {
    format!("{{ {} }}", case_fields(variant).join("; "))
}

fn emit_case(out: &mut String, variant: &Named<VariantFormat>, tail: &str) {
    let short = format!("| {}{tail}", case(variant));
    if short.len() + 2 <= COLUMNS_MAX {
        return line(out, 2, &short);
    }
    line(out, 2, "| {");
    for field in case_fields(variant) {
        line(out, 6, &format!("{field};"));
    }
    line(out, 4, &format!("}}{tail}"));
}

/// The members of a case; what a variant holds without a name is its `value`.
fn struct_fields(variant: &Named<VariantFormat>) -> Vec<Named<Format>> {
    match &variant.value {
        VariantFormat::Unit => Vec::new(),
        VariantFormat::Struct(fields) => fields.clone(),
        VariantFormat::NewType(inner) => {
            vec![Named { name: "value".to_owned(), value: (**inner).clone() }]
        }
        other => panic!("{}: the wire has no variants like {other:?}", variant.name),
    }
}

fn union(out: &mut String, name: &str, members: &[String]) {
    let short = format!("export type {name} = {};", members.join(" | "));
    if short.len() <= COLUMNS_MAX {
        return line(out, 0, &short);
    }
    line(out, 0, &format!("export type {name} ="));
    for (index, member) in members.iter().enumerate() {
        let tail = if index + 1 == members.len() { ";" } else { "" };
        line(out, 2, &format!("| {member}{tail}"));
    }
}

/// What the enum is, and a line for each variant that says something.
fn variant_docs(out: &mut String, docs: &Docs, name: &str, variants: &Variants) {
    line(out, 0, "/**");
    if let Some(text) = docs.get(name) {
        line(out, 0, &format!(" * {text}"));
    }
    for variant in variants.values() {
        if let Some(text) = docs.get(&format!("{name}::{}", variant.name)) {
            line(out, 0, &format!(" * - `{}`: {text}", camel_from_pascal(&variant.name)));
        }
    }
    line(out, 0, " */");
}

/// WebSocket close codes, texts, and which closures leave a way back.
pub fn emit_close_reasons(out: &mut String) {
    let reasons = variants::<CloseReason>();
    let name = |reason: &CloseReason| camel_from_pascal(&format!("{reason:?}"));
    out.push('\n');
    doc_comment(out, 0, Some("WebSocket close code of each reason."));
    line(out, 0, "export const closeCodes: Readonly<Record<CloseReason, number>> = {");
    for reason in &reasons {
        line(out, 2, &format!("{}: {},", name(reason), reason.code()));
    }
    line(out, 0, "};");
    out.push('\n');
    doc_comment(out, 0, Some("Whether the same person may come back with the resume token."));
    line(out, 0, "export const mayResume: Readonly<Record<CloseReason, boolean>> = {");
    for reason in &reasons {
        line(out, 2, &format!("{}: {},", name(reason), reason.may_resume()));
    }
    line(out, 0, "};");
    out.push('\n');
    doc_comment(out, 0, Some("The reason behind a WebSocket close code; null for foreign codes."));
    line(out, 0, "export function closeReasonOf(code: number): CloseReason | null {");
    line(out, 2, "return closeReasonNames.find((reason) => closeCodes[reason] === code) ?? null;");
    line(out, 0, "}");
}
