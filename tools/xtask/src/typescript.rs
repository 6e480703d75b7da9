//! What must not be in TypeScript: long functions, `any`, silenced errors, forgotten `.only`, and
//! three.js outside the scene.
//!
//! There is no parser here. Strings, comments and regular expressions are blanked out first; what
//! is left is looked at by words and braces, which is enough for code that biome has formatted.

use crate::{
    Violation,
    files::{FUNCTION_LINES_MAX, GENERATED, Source},
};

/// Everything in one file that must not be.
pub fn check(source: &Source) -> Vec<Violation> {
    let code = blank(&source.text);
    let mut violations = Vec::new();
    let mut tell = |at: usize, what: String| {
        let line = 1 + source.text[..at].bytes().filter(|byte| *byte == b'\n').count();
        violations.push(Violation::new(&source.path, line, what));
    };
    // In comments, hence looked for in the text itself.
    for word in ["@ts-ignore", "@ts-nocheck"] {
        for (at, _) in source.text.match_indices(word) {
            tell(
                at,
                format!("`{word}` hides an error: solve it, or say which with @ts-expect-error"),
            );
        }
    }
    for at in words(&code, "any") {
        let before = code[..at].trim_end();
        if before.ends_with([':', '<', '|']) || ends_with_word(before, "as") {
            tell(at, "`any` switches the type checker off: name the type, or `unknown`".into());
        }
    }
    if !source.path.contains("/scripts/") {
        for (at, _) in code.match_indices("console.log") {
            tell(at, "`console.log` is for nobody: show it to people or leave it out".into());
        }
    }
    for runner in ["it", "test", "describe"] {
        for (at, _) in code.match_indices(&format!("{runner}.only")) {
            if !code[..at].ends_with(is_word) {
                tell(at, format!("`{runner}.only` keeps all other tests from running"));
            }
        }
    }
    if !source.path.starts_with("client-web/src/scene/") {
        for (at, line) in lines(&source.text) {
            let import = line.starts_with("import ") || line.starts_with("} from ");
            let three = line.contains("from \"three\"") || line.contains("from \"three/");
            if import && three {
                tell(at, "only `src/scene` imports three.js".into());
            }
        }
    }
    // What was written by a program is as long as what it was written from.
    let by_hand = !source.text.starts_with(GENERATED);
    for (at, lines) in long_functions(&code).into_iter().filter(|_| by_hand) {
        tell(at, format!("a function of {lines} lines; {FUNCTION_LINES_MAX} are allowed"));
    }
    violations
}

/// Where each line begins, and the line.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_inclusive('\n').scan(0, |at, line| {
        let begin = *at;
        *at += line.len();
        Some((begin, line))
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

fn ends_with_word(text: &str, word: &str) -> bool {
    text.strip_suffix(word).is_some_and(|rest| !rest.ends_with(is_word))
}

/// Where `word` stands as a whole word.
fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(word).map(|(at, _)| at).filter(move |at| {
        !code[..*at].ends_with(is_word) && !code[at + word.len()..].starts_with(is_word)
    })
}

/// Where each function begins whose body has too many lines, and how many it has. A test suite is
/// a function in name only.
fn long_functions(code: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut open = Vec::new();
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b'{' => open.push((at, is_body(code, at))),
            b'}' => {
                let Some((begin, body)) = open.pop() else { continue };
                let lines = 1 + code[begin..at].bytes().filter(|byte| *byte == b'\n').count();
                let head = code[..begin].rfind('\n').map_or(0, |newline| newline + 1);
                let suite = code[head..begin].trim_start().starts_with("describe");
                if body && !suite && lines > FUNCTION_LINES_MAX {
                    found.push((begin, lines));
                }
            }
            _ => {}
        }
    }
    found
}

/// Whether the brace at `at` opens the body of a function: after an arrow, or after parameters and
/// perhaps a type, unless the parentheses belong to a statement.
fn is_body(code: &str, at: usize) -> bool {
    let before = code[..at].trim_end();
    if before.ends_with("=>") {
        return true;
    }
    let Some(close) = before.rfind(')') else { return false };
    let between = before[close + 1..].trim_start();
    if !between.is_empty() && (!between.starts_with(':') || between.contains([';', '{', '}', '=']))
    {
        return false;
    }
    let mut depth = 0_usize;
    for (index, byte) in before[..=close].bytes().enumerate().rev() {
        match byte {
            b')' => depth += 1,
            b'(' => {
                depth -= 1;
                if depth == 0 {
                    let head = before[..index].trim_end();
                    let statements = ["if", "for", "while", "switch", "catch", "with", "await"];
                    return !statements.iter().any(|word| ends_with_word(head, word));
                }
            }
            _ => {}
        }
    }
    false
}

/// The text with the insides of strings, comments and regular expressions replaced by spaces; lines
/// and positions stay as they are.
fn blank(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    // Braces of `${` that are open, each with the braces that are open inside.
    let mut templates: Vec<usize> = Vec::new();
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes.get(at + 1) == Some(&b'/') => find(bytes, at, b"\n"),
            b'/' if bytes.get(at + 1) == Some(&b'*') => find(bytes, at + 2, b"*/"),
            b'/' if begins_expression(&out[..at]) => literal_end(bytes, at),
            b'"' | b'\'' => literal_end(bytes, at),
            b'`' => template_end(bytes, at, &mut templates),
            b'{' => {
                if let Some(depth) = templates.last_mut() {
                    *depth += 1;
                }
                at + 1
            }
            b'}' => match templates.last_mut() {
                Some(0) => {
                    templates.pop();
                    template_end(bytes, at, &mut templates)
                }
                Some(depth) => {
                    *depth -= 1;
                    at + 1
                }
                None => at + 1,
            },
            _ => at + 1,
        };
        if end > at + 1 {
            for byte in &mut out[at..end.min(bytes.len())] {
                if *byte != b'\n' {
                    *byte = b' ';
                }
            }
        }
        at = end.max(at + 1);
    }
    // Whole characters were blanked, or none of their bytes.
    String::from_utf8_lossy(&out).into_owned()
}

fn find(bytes: &[u8], from: usize, end: &[u8]) -> usize {
    let found = bytes[from..].windows(end.len()).position(|window| window == end);
    found.map_or(bytes.len(), |at| from + at + end.len())
}

/// The end of a string or regular expression that begins at `at`; at the latest, the line's.
fn literal_end(bytes: &[u8], at: usize) -> usize {
    let mut class = false;
    let mut next = at + 1;
    while next < bytes.len() {
        match bytes[next] {
            b'\\' => next += 1,
            b'\n' => return next,
            b'[' if bytes[at] == b'/' => class = true,
            b']' => class = false,
            byte if byte == bytes[at] && !class => return next + 1,
            _ => {}
        }
        next += 1;
    }
    bytes.len()
}

/// The end of the part of a template that begins at `at`: its last backquote, or `${`.
fn template_end(bytes: &[u8], at: usize, templates: &mut Vec<usize>) -> usize {
    let mut next = at + 1;
    while next < bytes.len() {
        match bytes[next] {
            b'\\' => next += 1,
            b'`' => return next + 1,
            b'$' if bytes.get(next + 1) == Some(&b'{') => {
                templates.push(0);
                return next + 2;
            }
            _ => {}
        }
        next += 1;
    }
    bytes.len()
}

/// Whether a `/` here begins a regular expression rather than divides.
fn begins_expression(before: &[u8]) -> bool {
    let text = String::from_utf8_lossy(before);
    let text = text.trim_end();
    text.ends_with(['(', ',', '=', ':', '[', '!', '&', '|', '?', '{', ';'])
        || ends_with_word(text, "return")
        || text.is_empty()
}

#[cfg(test)]
mod tests {
    use crate::files::tests::told;

    #[test]
    fn words_that_silence_the_checker_are_told() {
        let text =
            "// @ts-ignore\nconst a: any = 1;\nconst b = a as any;\nconst c: Map<any>[] = [];\n";
        let lines: Vec<_> =
            told("a.ts", text).iter().map(|it| it.chars().take(6).collect::<String>()).collect();
        assert_eq!(lines, ["a.ts:1", "a.ts:2", "a.ts:3", "a.ts:4"]);
        assert!(
            told("a.ts", "// any\nconst a = \": any\"; const any = b.any(`<any`);\n").is_empty()
        );
    }

    #[test]
    fn leftovers_of_debugging_are_told() {
        let told_of = told("client-web/src/a.test.ts", "console.log(1);\nit.only(\"x\", f);\n");
        assert_eq!(told_of.len(), 2, "{told_of:?}");
        assert!(told("client-web/scripts/a.ts", "console.log(1);\n").is_empty());
        assert!(told("a.ts", "unit.only(1);\n").is_empty());
    }

    #[test]
    fn three_belongs_to_the_scene() {
        let import = "import { Mesh } from \"three\";\n";
        assert_eq!(told("client-web/src/ui/a.ts", import).len(), 1);
        assert!(told("client-web/src/scene/a.ts", import).is_empty());
    }

    #[test]
    fn a_long_function_is_told_whatever_it_looks_like() {
        let body = "  use(`}${{ a: \"{\" }.a}`, /[/{]/, '}'); // }\n".repeat(99);
        for head in [
            "function long(a: number): void {",
            "const long = async () => {",
            "class A {\n  long(a: Map<string, number>): Promise<void> {",
            "function long(\n  a: number,\n): Set<number> {",
        ] {
            let classes = usize::from(head.starts_with("class"));
            let text = format!("{head}\n{body}}}\n{}", "}\n".repeat(classes));
            let told = told("a.ts", &text);
            assert!(told.len() == 1 && told[0].contains("101 lines"), "{head}: {told:?}");
        }
        for head in ["if (a) {", "class A {", "const a = {", "describe(\"a\", () => {"] {
            let told = told("a.ts", &format!("{head}\n{body}}}\n"));
            assert!(told.is_empty(), "{head}: {told:?}");
        }
    }
}
