//! The schema of facets as a TypeScript table: what the codec of members reads.

use vivarium_protocol::snapshot::schema::{Coding, Facet};

use crate::{
    emit::{COLUMNS_MAX, doc_comment, line},
    names::{camel_from_pascal, camel_from_snake},
    source::Docs,
};

const CODINGS: [Coding; 5] =
    [Coding::Position, Coding::Rotation, Coding::Heading, Coding::Number, Coding::Flags];

fn coding(coding: Coding) -> String {
    format!("\"{}\"", camel_from_pascal(&format!("{coding:?}")))
}

/// Types and table.
pub fn emit(out: &mut String, docs: &Docs) {
    out.push('\n');
    doc_comment(out, 0, docs.get("Coding"));
    let codings = CODINGS.map(coding).join(" | ");
    line(out, 0, &format!("export type Coding = {codings};"));
    out.push('\n');
    doc_comment(out, 0, docs.get("Component"));
    line(out, 0, "export type Component = {");
    for (name, kind) in [
        ("name", "string"),
        ("coding", "Coding"),
        ("unit", "string"),
        ("min", "number"),
        ("max", "number"),
        ("bits", "number"),
        ("coarse_bits", "readonly number[]"),
    ] {
        doc_comment(out, 2, docs.get(&format!("Component.{name}")));
        line(out, 2, &format!("{}: {kind};", camel_from_snake(name)));
    }
    line(out, 0, "};");
    out.push('\n');
    doc_comment(out, 0, docs.get("Schema"));
    line(out, 0, "export type Schema = {");
    line(out, 2, "name: string;");
    doc_comment(out, 2, Some("Fields of all components."));
    line(out, 2, "fieldCount: number;");
    doc_comment(out, 2, Some("Number of the facet whose habits it shares."));
    line(out, 2, "habits: number;");
    doc_comment(out, 2, docs.get("Schema.components"));
    line(out, 2, "components: readonly Component[];");
    line(out, 0, "};");
    out.push('\n');
    doc_comment(out, 0, Some("The number of each facet."));
    line(out, 0, "export const facets = {");
    for facet in Facet::ALL {
        doc_comment(out, 2, docs.get(&format!("Facet::{facet:?}")));
        line(out, 2, &format!("{}: {},", camel_from_pascal(&format!("{facet:?}")), facet as u8));
    }
    line(out, 0, "} as const;");
    out.push('\n');
    doc_comment(out, 0, Some("The schema of each facet, by its number."));
    line(out, 0, "export const schemas: readonly Schema[] = [");
    for facet in Facet::ALL {
        let schema = facet.schema();
        line(out, 2, "{");
        line(out, 4, &format!("name: \"{}\",", schema.name));
        line(out, 4, &format!("fieldCount: {},", schema.field_count()));
        line(out, 4, &format!("habits: {},", facet.habits() as u8));
        line(out, 4, "components: [");
        for component in schema.components {
            let coarse = component.coarse_bits.map(|bits| bits.to_string()).join(", ");
            let members = [
                format!("name: \"{}\"", component.name),
                format!("coding: {}", coding(component.coding)),
                format!("unit: \"{}\"", component.unit),
                format!("min: {}", component.min),
                format!("max: {}", component.max),
                format!("bits: {}", component.bits),
                format!("coarseBits: [{coarse}]"),
            ];
            line(out, 6, "{");
            for member in members {
                assert!(8 + member.len() < COLUMNS_MAX, "{member} needs to be wrapped");
                line(out, 8, &format!("{member},"));
            }
            line(out, 6, "},");
        }
        line(out, 4, "],");
        line(out, 2, "},");
    }
    line(out, 0, "];");
}
