//! Where a JSON text is taken apart: the list of objects that makes up most of it.
//!
//! A single pass that looks at brackets and quotes only. It accepts Python's way of writing too (`'` as a quote), and
//! any text at all: the ranges it gives never overlap and lie within the text, which is all that exactness needs.
//! Not here: parsing. Whether an item is valid JSON is for its reader to find out.

use memchr::memchr2;
use std::ops::Range;

/// How deep the list may lie.
const DEEPEST: usize = 4;
/// The keys under which a list of messages is recognised even beside something larger.
const LIST_KEYS: [&[u8]; 8] =
    [b"messages", b"contents", b"input", b"history", b"chat_history", b"prompts", b"inputs", b"events"];
/// The lists under these keys are a message's own: what holds them is one item, not many.
const PART_KEYS: [&[u8]; 7] = [
    b"parts",
    b"content",
    b"tool_calls",
    b"tools",
    b"functions",
    b"function_declarations",
    b"additional_kwargs",
];
/// A list of more items than this must have items of some size.
const MANY: usize = 256;
/// The size that the items of a long list must have on average.
const SHORT: usize = 16;

/// The items of the largest list of objects in this JSON text, in order; `None` where it holds none that matters.
pub(crate) fn items(text: &[u8]) -> Option<Vec<Range<usize>>> {
    let start = skip_space(text, 0);
    if !matches!(text.get(start), Some(b'[' | b'{')) {
        return None;
    }
    let best = largest_list(text, start)?;
    (best.named || best.bytes * 2 >= text.len()).then_some(best.items)
}

/// A list of objects that was found.
struct List {
    items: Vec<Range<usize>>,
    /// From its first bracket to its last, or to where the text was cut off.
    bytes: usize,
    named: bool,
}

fn largest_list(text: &[u8], mut at: usize) -> Option<List> {
    let mut best: Option<List> = None;
    let mut depth = 0;
    let mut named = false;
    let mut of_message = false;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' | b'\'' => {
                let Some(end) = string_end(text, at) else { break };
                if text.get(skip_space(text, end)) == Some(&b':') {
                    let key = &text[at + 1..end - 1];
                    named = LIST_KEYS.contains(&key);
                    of_message = PART_KEYS.contains(&key);
                }
                at = end;
            }
            b'[' | b'{' if of_message => {
                of_message = false;
                let Some(end) = container_end(text, at) else { break };
                at = end;
            }
            b'[' => {
                let first = text.get(skip_space(text, at + 1));
                let is_list = match first {
                    Some(b'{') => depth < DEEPEST,
                    Some(b'"' | b'\'') => named && depth < DEEPEST,
                    _ => false,
                };
                if is_list {
                    let (items, end) = elements(text, at + 1);
                    let bytes = end - at;
                    let better = best.as_ref().is_none_or(|best| (named, bytes) > (best.named, best.bytes));
                    if !items.is_empty() && better {
                        best = Some(List { items, bytes, named });
                    }
                    at = end;
                } else {
                    depth += 1;
                    at += 1;
                }
            }
            b'{' => {
                depth += 1;
                named = false;
                at += 1;
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                at += 1;
            }
            b',' => {
                of_message = false;
                at += 1;
            }
            _ => at += 1,
        }
    }
    best
}

/// The elements of the array whose first byte is at `at`, and where it ends. Elements that were cut off are left out;
/// a list of a great many tiny elements counts as none.
fn elements(text: &[u8], mut at: usize) -> (Vec<Range<usize>>, usize) {
    let start = at;
    let mut items = Vec::new();
    let mut too_many = false;
    loop {
        at = skip_space(text, at);
        match text.get(at) {
            None | Some(b'}') => break,
            Some(b']') => {
                at += 1;
                break;
            }
            Some(b',') => at += 1,
            Some(_) => {
                let Some(end) = value_end(text, at) else {
                    at = text.len();
                    break;
                };
                too_many |= items.len() >= MANY && (end - start) / items.len() < SHORT;
                if !too_many {
                    items.push(at..end);
                }
                at = end;
            }
        }
    }
    (if too_many { Vec::new() } else { items }, at)
}

/// Where the value that begins at `at` ends; `None` when the text ends first.
fn value_end(text: &[u8], at: usize) -> Option<usize> {
    match text[at] {
        b'"' | b'\'' => string_end(text, at),
        b'{' | b'[' => container_end(text, at),
        _ => {
            let rest = &text[at + 1..];
            let len =
                rest.iter().position(|b| matches!(b, b',' | b']' | b'}' | b' ' | b'\n' | b'\r' | b'\t'))?;
            Some(at + 1 + len)
        }
    }
}

fn container_end(text: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    loop {
        match text.get(at)? {
            b'"' | b'\'' => at = string_end(text, at)?,
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' => {
                depth -= 1;
                at += 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => at += 1,
        }
    }
}

/// The index after the quote that closes the string whose opening quote is at `at`.
fn string_end(text: &[u8], at: usize) -> Option<usize> {
    let quote = text[at];
    let mut at = at + 1;
    loop {
        let found = at + memchr2(quote, b'\\', text.get(at..)?)?;
        if text[found] == quote {
            return Some(found + 1);
        }
        at = found + 2;
    }
}

fn skip_space(text: &[u8], mut at: usize) -> usize {
    while matches!(text.get(at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::items;

    fn check(text: &str, expected: &[&str]) {
        let found = items(text.as_bytes()).unwrap_or_default();
        let found: Vec<&str> = found.into_iter().map(|range| &text[range]).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn a_list_is_taken_apart() {
        check(r#"[{"role":"user"}, {"role":"a,]\"b"}]"#, &[r#"{"role":"user"}"#, r#"{"role":"a,]\"b"}"#]);
        check(r#" [ {"a":[{"b":1}]} ] "#, &[r#"{"a":[{"b":1}]}"#]);
        check(r#"{"messages": [[{"a":1},{"b":2}]], "k": 1}"#, &[r#"{"a":1}"#, r#"{"b":2}"#]);
        check(r#"{"config":{"tools":[{"name":"a long one"}]},"contents":[{"a":1}]}"#, &[r#"{"a":1}"#]);
        check(r#"{"args":[[{"role":"user"}]]}"#, &[r#"{"role":"user"}"#]);
        check("[{'a': 'it\\'s'}, {'b': \"]\"}]", &["{'a': 'it\\'s'}", "{'b': \"]\"}"]);
        check(r#"{"messages": ["one", "two"]}"#, &[r#""one""#, r#""two""#]);
    }

    #[test]
    fn what_holds_no_list_stays_whole() {
        for text in
            ["", "hello", "[1,2,3]", "[", "{", "[]", "[{", r#"[{"a":"#, r#"{"a":{"b":"c"}}"#, r#""[{}]""#]
        {
            check(text, &[]);
        }
        check(r#"{"role":"assistant","tool_calls":[{"id":"1","name":"a"}]}"#, &[]);
        check(r#"{"role":"assistant","content":[{"type":"text","text":"a"}]}"#, &[]);
        check(r#"{"long":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx","list":[{"a":1}]}"#, &[]);
        assert_eq!(items(format!("[{}{{}}]", "{},".repeat(10_000)).as_bytes()), None);
    }

    #[test]
    fn a_list_that_was_cut_off_keeps_its_whole_items() {
        check(r#"[{"a":1},{"b":2},{"c":"x"#, &[r#"{"a":1}"#, r#"{"b":2}"#]);
        check(r#"[{"a":1},{"b":"\"#, &[r#"{"a":1}"#]);
    }
}
