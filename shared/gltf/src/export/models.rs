//! Models within a world: each file is merged once, and its nodes are repeated where it stands.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{ExportError, writer::Writer};
use crate::{
    links::{List, strip, visit},
    source::Source,
    values::{list, whole},
};

/// Models by their paths; none: there is no such file.
#[derive(Default)]
pub struct Models {
    merged: BTreeMap<String, Option<Merged>>,
}

/// A model whose lists are in the world already.
struct Merged {
    /// Its nodes that are seen, stripped, with indices of the world; children are still its own.
    nodes: BTreeMap<usize, Value>,
    roots: Vec<usize>,
}

impl Models {
    /// Puts a model's nodes into the world, and gives those at its top.
    pub fn place(
        &mut self,
        writer: &mut Writer,
        path: &str,
        give: &mut dyn FnMut(&str) -> Option<Vec<u8>>,
    ) -> Result<Vec<usize>, ExportError> {
        if !self.merged.contains_key(path) {
            let merged = match give(path) {
                Some(bytes) => Some(merge(writer, &bytes).map_err(|error| ExportError::Model {
                    path: path.into(),
                    reason: error.to_string(),
                })?),
                None => None,
            };
            self.merged.insert(path.to_owned(), merged);
        }
        let Some(Some(merged)) = self.merged.get(path) else { return Ok(Vec::new()) };
        let first = writer.count(List::Nodes);
        let places: BTreeMap<usize, usize> =
            merged.nodes.keys().enumerate().map(|(at, node)| (*node, first + at)).collect();
        for node in merged.nodes.values() {
            let mut node = node.clone();
            visit(List::Nodes, &mut node, &mut |target, index| {
                if target == List::Nodes {
                    let child = index.as_u64().and_then(|at| places.get(&(at as usize)));
                    *index = json!(child);
                }
            });
            writer.push(List::Nodes, node);
        }
        Ok(merged.roots.iter().filter_map(|root| places.get(root).copied()).collect())
    }
}

fn merge(writer: &mut Writer, bytes: &[u8]) -> Result<Merged, crate::ImportError> {
    let mut source = Source::read(bytes)?;
    let base: BTreeMap<List, usize> =
        List::ALL.iter().map(|list| (*list, writer.count(*list))).collect();
    let shift = |target: List, index: &mut Value| {
        let own = index.as_u64().unwrap_or(0) as usize;
        *index = json!(own + base.get(&target).copied().unwrap_or(0));
    };
    for name in list(&source.json, "extensionsUsed").iter().filter_map(Value::as_str) {
        writer.uses(name);
    }
    for name in list(&source.json, "extensionsRequired").iter().filter_map(Value::as_str) {
        writer.requires(name);
    }
    let start = writer.append(&source.bin);
    for list in List::ALL.into_iter().filter(|list| *list != List::Nodes) {
        for entry in list.of_mut(&mut source.json) {
            let mut entry = entry.take();
            strip(list, &mut entry);
            visit(list, &mut entry, &mut |target, index| shift(target, index));
            if list == List::BufferViews {
                let own = whole(&entry, "byteOffset", list.name())?.unwrap_or(0);
                entry["buffer"] = json!(0);
                entry["byteOffset"] = json!(start + own);
            }
            writer.push(list, entry);
        }
    }
    let roots = source.roots()?;
    let mut nodes = BTreeMap::new();
    for index in &source.order {
        let mut node = source.entry(List::Nodes, *index).clone();
        strip(List::Nodes, &mut node);
        visit(List::Nodes, &mut node, &mut |target, index| {
            if target != List::Nodes {
                shift(target, index);
            }
        });
        nodes.insert(*index, node);
    }
    Ok(Merged { nodes, roots })
}
