//! Reads the Rust sources for what serde cannot tell: documentation, defaults, constants.

use std::collections::BTreeMap;

use syn::{Attribute, Expr, Fields, Item, ItemConst, Lit, Meta};

/// Documentation by path: `Type`, `Type.field`, `Type::Variant`, `Type::Variant.field`,
/// `module::CONSTANT`.
#[derive(Debug, Default)]
pub struct Docs(BTreeMap<String, String>);

impl Docs {
    /// The documentation of `path`, if there is any, in one line.
    pub fn get(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// Names of the constants that a module declares.
    #[cfg(test)]
    pub fn constants(&self, module: &str) -> impl Iterator<Item = &str> {
        let prefix = format!("{module}::");
        self.0.keys().filter_map(move |path| path.strip_prefix(&prefix)).filter(|name| {
            name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        })
    }
}

/// Documentation of `vivarium-protocol`.
pub fn protocol() -> Docs {
    let mut docs = Docs::default();
    for (module, text) in [
        ("close", include_str!("../../../shared/protocol/src/close.rs")),
        ("ids", include_str!("../../../shared/protocol/src/ids.rs")),
        ("intent", include_str!("../../../shared/protocol/src/intent.rs")),
        ("limits", include_str!("../../../shared/protocol/src/limits.rs")),
        ("notice", include_str!("../../../shared/protocol/src/notice.rs")),
        ("quantise", include_str!("../../../shared/protocol/src/quantise.rs")),
        ("block", include_str!("../../../shared/protocol/src/snapshot/block.rs")),
        ("fields", include_str!("../../../shared/protocol/src/snapshot/fields.rs")),
        ("models", include_str!("../../../shared/protocol/src/snapshot/models.rs")),
        ("packet", include_str!("../../../shared/protocol/src/snapshot/packet.rs")),
        ("schema", include_str!("../../../shared/protocol/src/snapshot/schema.rs")),
    ] {
        collect(&mut docs, module, &parse(text).items);
    }
    docs
}

/// The declarations of world documents.
pub fn document() -> Vec<Item> {
    parse(include_str!("../../../shared/scene/src/document.rs")).items
}

/// The declarations of operations.
pub fn operations() -> Vec<Item> {
    parse(include_str!("../../../shared/scene/src/operation.rs")).items
}

/// A source file of this repository.
pub fn parse(text: &str) -> syn::File {
    syn::parse_file(text).expect("the file was compiled before this crate was")
}

fn collect(docs: &mut Docs, module: &str, items: &[Item]) {
    for item in items {
        match item {
            Item::Struct(it) => {
                docs.put(it.ident.to_string(), &it.attrs);
                docs.put_fields(&it.ident.to_string(), &it.fields);
            }
            Item::Enum(it) => {
                docs.put(it.ident.to_string(), &it.attrs);
                for variant in &it.variants {
                    let path = format!("{}::{}", it.ident, variant.ident);
                    docs.put(path.clone(), &variant.attrs);
                    docs.put_fields(&path, &variant.fields);
                }
            }
            Item::Const(ItemConst { ident, attrs, .. }) => {
                docs.0.insert(format!("{module}::{ident}"), doc(attrs).unwrap_or_default());
            }
            Item::Impl(it) => {
                let syn::Type::Path(owner) = &*it.self_ty else { continue };
                let Some(owner) = owner.path.get_ident() else { continue };
                for item in &it.items {
                    if let syn::ImplItem::Const(constant) = item {
                        docs.put(format!("{owner}::{}", constant.ident), &constant.attrs);
                    }
                }
            }
            Item::Mod(it) => {
                if let Some((_, items)) = &it.content {
                    collect(docs, &it.ident.to_string(), items);
                }
            }
            Item::Macro(it) if it.mac.path.is_ident("id") => {
                // `id!(/// doc ⏎ Name)`: an attribute and an identifier.
                let parser = |input: syn::parse::ParseStream<'_>| {
                    Ok((input.call(Attribute::parse_outer)?, input.parse::<syn::Ident>()?))
                };
                if let Ok((attrs, name)) = it.mac.parse_body_with(parser) {
                    docs.put(name.to_string(), &attrs);
                }
            }
            _ => {}
        }
    }
}

impl Docs {
    fn put(&mut self, path: String, attrs: &[Attribute]) {
        if let Some(text) = doc(attrs) {
            self.0.insert(path, text);
        }
    }

    fn put_fields(&mut self, owner: &str, fields: &Fields) {
        for field in fields {
            if let Some(name) = &field.ident {
                self.put(format!("{owner}.{name}"), &field.attrs);
            }
        }
    }
}

/// The documentation among `attrs`, in one line, with Rust's links made plain.
pub fn doc(attrs: &[Attribute]) -> Option<String> {
    let lines: Vec<String> = attrs
        .iter()
        .filter(|attr| attr.path().is_ident("doc"))
        .filter_map(|attr| match &attr.meta {
            Meta::NameValue(pair) => match &pair.value {
                Expr::Lit(literal) => match &literal.lit {
                    Lit::Str(text) => Some(text.value().trim().to_owned()),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        })
        .collect();
    let text = lines.join(" ").replace("[`", "`").replace("`]", "`").replace("*/", "* /");
    let text = text.replace("super::", "").replace("crate::", "");
    (!text.is_empty()).then_some(text)
}
