//! The tables of the member coder as a TypeScript module: where its models are, and what they believe
//! before the first decision of a block.
//!
//! They are private to `shared/protocol`, so they are read from its source. Only what is written
//! there today is understood; anything else stops the generator.

use std::collections::BTreeMap;

use syn::{BinOp, Expr, ExprBinary, Item, Lit};

use crate::{
    REGENERATE,
    emit::{COLUMNS_MAX, doc_comment, line},
    names::camel_from_snake,
    source::{Docs, doc, parse},
};

/// A constant of `models.rs`.
#[derive(Clone, Copy, Debug)]
enum Place {
    Number(i64),
    /// First model and classes of a kind of residuals.
    Residuals(i64, i64),
}

/// The constants by name.
type Known<'a> = BTreeMap<String, &'a Expr>;

/// The whole module.
pub fn module(docs: &Docs) -> String {
    let models = parse(include_str!("../../../shared/protocol/src/snapshot/models.rs")).items;
    let priors = parse(include_str!("../../../shared/protocol/src/snapshot/priors.rs")).items;
    let mut out = format!(
        "// Written by tools/protocol-gen from shared/protocol/src/snapshot. Do not edit: change the Rust\n\
         // sources, then run `{REGENERATE}`.\n\n"
    );
    doc_comment(
        &mut out,
        0,
        Some("Where the models of each kind of decision begin, and how many."),
    );
    line(&mut out, 0, "export const places = {");
    let constants: Vec<_> = models
        .iter()
        .filter_map(|item| match item {
            Item::Const(item) => Some(item),
            _ => None,
        })
        .collect();
    let known: Known<'_> =
        constants.iter().map(|item| (item.ident.to_string(), &*item.expr)).collect();
    let mut residuals = Vec::new();
    for item in constants {
        let name = item.ident.to_string();
        match evaluate(&item.expr, &known) {
            Place::Number(number) => {
                doc_comment(&mut out, 2, doc(&item.attrs).as_deref());
                line(&mut out, 2, &format!("{}: {number},", camel_from_snake(&name)));
            }
            Place::Residuals(first, classes) => residuals.push((name, first, classes)),
        }
    }
    line(&mut out, 0, "} as const;");
    out.push('\n');
    doc_comment(&mut out, 0, docs.get("Residuals"));
    line(&mut out, 0, "export const residuals = {");
    for (name, first, classes) in residuals {
        let name = camel_from_snake(&name);
        line(&mut out, 2, &format!("{name}: {{ first: {first}, classes: {classes} }},"));
    }
    line(&mut out, 0, "} as const;");
    let block = parse(include_str!("../../../shared/protocol/src/snapshot/block.rs")).items;
    emit_habits(&mut out, &block);
    for (rust, name) in [("LEARNED", "learned"), ("WEIGHTS", "weights")] {
        let item = priors.iter().find_map(|item| match item {
            Item::Const(item) if item.ident == rust => Some(item),
            _ => None,
        });
        let item = item.unwrap_or_else(|| panic!("priors.rs declares {rust}"));
        let mut numbers = Vec::new();
        flatten(&item.expr, &mut numbers);
        out.push('\n');
        doc_comment(&mut out, 0, doc(&item.attrs).as_deref());
        line(&mut out, 0, &format!("export const {name}: readonly number[] = ["));
        fill(&mut out, &numbers);
        line(&mut out, 0, "];");
    }
    out
}

/// The beliefs about slots: constants of `block.rs` made by `Bit::prior`.
fn emit_habits(out: &mut String, block: &[Item]) {
    out.push('\n');
    doc_comment(
        out,
        0,
        Some("What is believed of slots: probability of a 1, its count, its limit."),
    );
    line(out, 0, "export const habits = {");
    for item in block {
        let Item::Const(item) = item else { continue };
        let Expr::Call(call) = &*item.expr else { continue };
        let numbers: Vec<String> = call
            .args
            .iter()
            .map(|argument| match evaluate(argument, &Known::new()) {
                Place::Number(number) => number.to_string(),
                Place::Residuals(..) => panic!("a belief is three numbers"),
            })
            .collect();
        doc_comment(out, 2, doc(&item.attrs).as_deref());
        let name = camel_from_snake(&item.ident.to_string());
        line(out, 2, &format!("{name}: [{}],", numbers.join(", ")));
    }
    line(out, 0, "} as const;");
}

fn number(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(number) => number.base10_parse().ok(),
            _ => None,
        },
        Expr::Unary(it) if matches!(it.op, syn::UnOp::Neg(_)) => number(&it.expr).map(|n| -n),
        _ => None,
    }
}

fn flatten(expr: &Expr, numbers: &mut Vec<i64>) {
    match expr {
        Expr::Array(array) => array.elems.iter().for_each(|item| flatten(item, numbers)),
        Expr::Tuple(tuple) => tuple.elems.iter().for_each(|item| flatten(item, numbers)),
        atom => numbers.push(number(atom).expect("tables hold numbers alone")),
    }
}

fn evaluate(expr: &Expr, known: &Known<'_>) -> Place {
    let whole = |expr: &Expr| match evaluate(expr, known) {
        Place::Number(number) => number,
        Place::Residuals(..) => panic!("a number is expected"),
    };
    match expr {
        Expr::Path(path) => {
            let name = path.path.get_ident().expect("constants are named without a path");
            let expr = known.get(&name.to_string());
            evaluate(expr.unwrap_or_else(|| panic!("models.rs declares {name}")), known)
        }
        Expr::Paren(inner) => evaluate(&inner.expr, known),
        Expr::Binary(ExprBinary { left, op, right, .. }) => {
            let (left, right) = (whole(left), whole(right));
            Place::Number(match op {
                BinOp::Add(_) => left + right,
                BinOp::Sub(_) => left - right,
                BinOp::Mul(_) => left * right,
                BinOp::Shl(_) => left << right,
                _ => panic!("an operator that is not used today"),
            })
        }
        Expr::Call(call) if call.args.len() == 2 => {
            Place::Residuals(whole(&call.args[0]), whole(&call.args[1]))
        }
        Expr::MethodCall(call) if call.method == "end" => {
            let Place::Residuals(first, classes) = evaluate(&call.receiver, known) else {
                panic!("only residuals have an end")
            };
            Place::Number(first + classes * whole_of(known, "ROW") + whole_of(known, "SHARED"))
        }
        atom => Place::Number(number(atom).expect("constants are sums and products")),
    }
}

fn whole_of(known: &Known<'_>, name: &str) -> i64 {
    match known.get(name).map(|expr| evaluate(expr, known)) {
        Some(Place::Number(number)) => number,
        _ => panic!("{name} is a number"),
    }
}

/// Numbers as biome lays them out: as many in a line as fit.
fn fill(out: &mut String, numbers: &[i64]) {
    let mut current = String::new();
    for number in numbers {
        let text = format!("{number},");
        if !current.is_empty() && 2 + current.len() + 1 + text.len() > COLUMNS_MAX {
            line(out, 2, &current);
            current.clear();
        }
        if !current.is_empty() {
            current.push(' ');
        }
        current.push_str(&text);
    }
    line(out, 2, &current);
}
