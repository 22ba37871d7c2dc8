//! Splits texts into chunks for embedding. Pure.

/// The chunks of a text: at most `size` characters each, split at the end of a paragraph, else of a line,
/// else of a word. Each repeats about `overlap` characters of the previous one, starting at a word.
pub(super) fn chunks(text: &str, size: usize, overlap: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let Some((window, _)) = rest.char_indices().nth(size) else {
            pieces.push(rest);
            break;
        };
        let end = end(&rest[..window]);
        pieces.push(rest[..end].trim_end());
        rest = rest[next(&rest[..end], overlap)..].trim_start();
    }
    pieces
}

/// The end of the chunk within this window: the last suitable break in its second half.
fn end(window: &str) -> usize {
    let late = |separator: &str| {
        window.rfind(separator).map(|at| at + separator.len()).filter(|at| *at > window.len() / 2)
    };
    ["\n\n", "\n", " "].into_iter().find_map(late).unwrap_or(window.len())
}

/// The start of the next chunk.
fn next(piece: &str, overlap: usize) -> usize {
    let back = piece.char_indices().rev().take(overlap).last().map_or(piece.len(), |(at, _)| at);
    let word = piece[back..].char_indices().find(|(_, c)| c.is_whitespace());
    let next = word.map_or(back, |(at, c)| back + at + c.len_utf8());
    if next == 0 { piece.len() } else { next }
}

#[cfg(test)]
mod tests {
    use super::chunks;

    #[test]
    fn a_text_is_split_at_paragraphs_then_lines_then_words() {
        assert_eq!(chunks("One.\n\nTwo and more.\n\nThree.", 22, 0), ["One.\n\nTwo and more.", "Three."]);
        assert_eq!(chunks("one two\nthree four five", 14, 0), ["one two", "three four", "five"]);
        assert_eq!(chunks("Donaudampfschiff", 6, 0), ["Donaud", "ampfsc", "hiff"]);
        assert_eq!(chunks("short", 100, 10), ["short"]);
        assert!(chunks(" \n\n ", 10, 2).is_empty());
    }

    #[test]
    fn chunks_overlap_from_the_start_of_a_word() {
        assert_eq!(chunks("alpha beta gamma delta", 16, 6), ["alpha beta", "beta gamma delta"]);
    }

    #[test]
    fn no_word_is_lost_and_it_terminates() {
        let words: Vec<String> = (0..500).map(|n| format!("wörd{n}{}", "\n".repeat(n % 3))).collect();
        let text = words.join(" ");
        for (size, overlap) in [(50, 0), (50, 20), (73, 36), (1000, 100)] {
            let pieces = chunks(&text, size, overlap);
            assert!(pieces.iter().all(|piece| piece.chars().count() <= size));
            for word in text.split_whitespace() {
                assert!(pieces.iter().any(|piece| piece.split_whitespace().any(|at| at == word)), "{word}");
            }
        }
    }
}
