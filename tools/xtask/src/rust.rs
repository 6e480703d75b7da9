//! What must not be in Rust: functions that do not fit a screen, tests that are not run.

use proc_macro2::Span;
use syn::{
    Attribute, Block, ImplItemFn, ItemFn, Signature, TraitItemFn,
    visit::{self, Visit},
};

use crate::{
    Violation,
    files::{FUNCTION_LINES_MAX, Source},
};

/// Everything in one file that must not be.
pub fn check(source: &Source) -> Vec<Violation> {
    let file = match syn::parse_file(&source.text) {
        Ok(file) => file,
        Err(error) => {
            let line = error.span().start().line;
            return vec![Violation::new(&source.path, line, format!("not Rust: {error}"))];
        }
    };
    let mut visitor = Visitor { path: &source.path, violations: Vec::new() };
    visitor.visit_file(&file);
    visitor.violations
}

struct Visitor<'a> {
    path: &'a str,
    violations: Vec<Violation>,
}

impl Visitor<'_> {
    fn function(&mut self, signature: &Signature, block: &Block) {
        let first = signature.fn_token.span.start().line;
        let lines = block.brace_token.span.close().end().line + 1 - first;
        if lines > FUNCTION_LINES_MAX {
            let what = format!(
                "function `{}` has {lines} lines; {FUNCTION_LINES_MAX} are allowed",
                signature.ident
            );
            self.violations.push(Violation::new(self.path, first, what));
        }
    }

    fn tell(&mut self, span: Span, what: &str) {
        self.violations.push(Violation::new(self.path, span.start().line, what));
    }
}

impl<'ast> Visit<'ast> for Visitor<'_> {
    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.function(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.function(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        if let Some(block) = &item.default {
            self.function(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if attribute.path().is_ident("ignore") {
            self.tell(
                attribute.pound_token.span,
                "`#[ignore]`: a test that is not run protects nothing",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::files::tests::told;

    fn function(lines: usize) -> String {
        format!(
            "struct S;\nimpl S {{\nfn long() {{\n{}}}\n}}\n",
            "let _ = '{';\n".repeat(lines - 2)
        )
    }

    #[test]
    fn a_long_function_is_told_with_its_line() {
        assert!(told("a.rs", &function(100)).is_empty());
        assert_eq!(
            told("a.rs", &function(101)),
            ["a.rs:3: function `long` has 101 lines; 100 are allowed"]
        );
    }

    #[test]
    fn a_test_that_is_not_run_is_told() {
        let text = "mod tests {\n    #[test]\n    #[ignore = \"slow\"]\n    fn slow() {}\n}\n";
        assert_eq!(
            told("a.rs", text),
            ["a.rs:3: `#[ignore]`: a test that is not run protects nothing"]
        );
        assert!(told("a.rs", "// #[ignore]\nconst A: &str = \"#[ignore]\";\n").is_empty());
    }

    #[test]
    fn what_is_not_rust_is_told() {
        let told = told("a.rs", "fn a() {\n");
        assert!(told.len() == 1 && told[0].contains("not Rust"), "{told:?}");
    }
}
