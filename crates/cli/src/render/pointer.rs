//! Marks the place in a query at which something is wrong.

use unicode_width::UnicodeWidthChar as _;

/// Columns of the query that are shown at most.
const SHOWN: usize = 72;
/// Columns that are kept for what stands behind the wrong place.
const AFTER: usize = 20;

/// The query, and below it carets under what is wrong: `length` characters from `at` on, or the place behind the end.
pub(crate) fn pointer(query: &str, at: usize, length: usize) -> String {
    // A query may come from anywhere: nothing in it may reach the terminal as a command.
    let plain: Vec<char> = query
        .chars()
        .map(|c| if c.is_control() || c.width().is_none_or(|width| width == 0) { ' ' } else { c })
        .collect();
    let width = |chars: &[char]| chars.iter().map(|c| c.width().unwrap_or(0)).sum::<usize>();
    let at = at.min(plain.len());
    let end = (at + length.max(1)).min(plain.len()).max(at);
    // The wrong place is in view, with what stands before it as far as there is room.
    let mut from = 0;
    while from < at && width(&plain[from..end]) > SHOWN - AFTER {
        from += 1;
    }
    let mut to = end;
    while to < plain.len() && width(&plain[from..=to]) <= SHOWN {
        to += 1;
    }
    let shown: String = plain[from..to].iter().collect();
    let carets = width(&plain[at..end]).clamp(1, SHOWN);
    format!("    {shown}\n    {}{}", " ".repeat(width(&plain[from..at])), "^".repeat(carets))
}

#[cfg(test)]
mod tests {
    use super::pointer;

    #[test]
    fn carets_stand_under_what_is_wrong() {
        assert_eq!(pointer("agent:x status:done", 15, 4), "    agent:x status:done\n                   ^^^^");
        assert_eq!(pointer("agent:a OR", 10, 0), "    agent:a OR\n              ^");
        assert_eq!(pointer("退款 :x", 3, 1), "    退款 :x\n         ^");
        assert_eq!(pointer("a\u{1b}[2J nope:1", 6, 4), "    a [2J nope:1\n          ^^^^");
    }

    #[test]
    fn of_a_long_query_the_wrong_place_is_shown() {
        let query = format!("{} nope:1 {}", "a ".repeat(200), "b ".repeat(200));
        let shown = pointer(&query, 401, 4);
        let (line, carets) = shown.split_once('\n').unwrap();
        assert!(line.contains("nope:1") && line.chars().count() <= 76, "{shown}");
        assert_eq!(line.find("nope"), carets.find('^'));
    }
}
