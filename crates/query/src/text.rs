//! What it means that a text holds a word or a phrase: the definition that every store's search keeps to.
//!
//! Both are folded first, and then the phrase must stand in the text, wherever it begins. So any piece of a word is found,
//! and a character of a script that puts no spaces between words, a symbol, or a piece of code.

use crate::Phrase;
use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizerBorrowed;
use memchr::memmem;
use std::ops::Range;

/// A text as it is compared: case folded, in the compatibility form NFKC (Unicode, Annex 15), and with one space where
/// there is white space, however much.
///
/// ```
/// assert_eq!(turnscope_query::folded("Straße\n  ＡＢＣ"), "strasse abc");
/// ```
pub fn folded(text: &str) -> String {
    if text.is_ascii() {
        let mut out = String::with_capacity(text.len());
        push_spaced(&mut out, text, |c| c.to_ascii_lowercase());
        return out;
    }
    let normalizer = const { ComposingNormalizerBorrowed::new_nfkc() };
    let normal = normalizer.normalize(text);
    let lower = const { CaseMapper::new() }.fold_string(&normal);
    // Folding may leave what has a composed form.
    let folded = normalizer.normalize(&lower);
    let mut out = String::with_capacity(folded.len());
    push_spaced(&mut out, &folded, |c| c);
    out
}

fn push_spaced(out: &mut String, text: &str, each: impl Fn(char) -> char) {
    let mut after_space = false;
    for c in text.chars() {
        let is_space = c.is_whitespace();
        if !is_space {
            out.push(each(c));
        } else if !after_space {
            out.push(' ');
        }
        after_space = is_space;
    }
}

/// Words and phrases that a text must hold, ready to be looked for.
#[derive(Debug, Clone)]
pub struct TextQuery {
    finders: Vec<memmem::Finder<'static>>,
}

impl TextQuery {
    /// All of these must be held. White space around a phrase does not count; an empty phrase is held by every text.
    pub fn new(phrases: &[Phrase]) -> Self {
        let finder = |phrase: &Phrase| {
            let folded = folded(&phrase.text);
            memmem::Finder::new(folded.trim()).into_owned()
        };
        Self { finders: phrases.iter().map(finder).collect() }
    }

    /// The phrases, folded.
    pub fn needles(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.finders.iter().map(memmem::Finder::needle)
    }

    /// Whether a text, which is folded, holds all phrases.
    pub fn holds(&self, folded: &str) -> bool {
        self.finders.iter().all(|finder| finder.find(folded.as_bytes()).is_some())
    }

    /// Where the first of the phrases begins in a text, which is not folded: in bytes. `None` when none is found within a
    /// part of the text.
    pub fn first_place(&self, text: &str) -> Option<usize> {
        let mut start = 0_usize;
        loop {
            let end = text.floor_char_boundary(start.saturating_add(PART));
            let part = &text[start..end];
            if let Some(place) = self.places(part).first() {
                return part.char_indices().nth(place.start).map(|(at, _)| start + at);
            }
            if end == text.len() {
                return None;
            }
            // A phrase may lie across two parts.
            start = text.floor_char_boundary(end - PART / 4);
        }
    }

    /// Where the phrases stand in a text, which is not folded: ranges of characters, by their beginning. It takes several
    /// times the memory of the text.
    pub fn places(&self, text: &str) -> Vec<Range<usize>> {
        let map = FoldedMap::new(text);
        let mut places: Vec<Range<usize>> = self
            .finders
            .iter()
            .filter(|finder| !finder.needle().is_empty())
            .flat_map(|finder| {
                let length = finder.needle().len();
                finder.find_iter(map.folded.as_bytes()).map(move |start| start..start + length)
            })
            .map(|bytes| map.characters(bytes))
            .collect();
        places.sort_unstable_by_key(|place| (place.start, place.end));
        places
    }
}

/// Bytes of a text that are looked at together.
const PART: usize = 64 * 1024;

/// A folded text, and of which character of the original each of its bytes comes.
struct FoldedMap {
    folded: String,
    /// For each character of the original: where what it became begins.
    starts: Vec<usize>,
}

impl FoldedMap {
    /// Characters are folded together with the marks that follow them, because these may compose.
    fn new(text: &str) -> Self {
        let mut map =
            Self { folded: String::with_capacity(text.len()), starts: Vec::with_capacity(text.len()) };
        let mut rest = text.char_indices().peekable();
        while let Some((at, first)) = rest.next() {
            map.starts.push(map.folded.len());
            let mut end = at + first.len_utf8();
            while let Some((mark_at, mark)) = rest.next_if(|(_, next)| !next.is_ascii() && is_mark(*next)) {
                map.starts.push(map.folded.len());
                end = mark_at + mark.len_utf8();
            }
            match &text[at..end] {
                one if one.trim().is_empty() => map.push_space(),
                one if one.len() == 1 => map.folded.push(first.to_ascii_lowercase()),
                other => map.folded.push_str(&folded(other)),
            }
        }
        map
    }

    /// A second space in a row adds nothing: it belongs to the first.
    fn push_space(&mut self) {
        if !self.folded.ends_with(' ') {
            self.folded.push(' ');
        } else if let Some(start) = self.starts.last_mut() {
            *start -= 1;
        }
    }

    fn characters(&self, bytes: Range<usize>) -> Range<usize> {
        let within = self.starts.partition_point(|start| *start <= bytes.start).saturating_sub(1);
        // A character and its marks begin at one place.
        let start = self.starts.partition_point(|start| *start < self.starts[within]);
        let end = self.starts.partition_point(|start| *start < bytes.end);
        start..end.max(start + 1)
    }
}

/// Whether a character may compose with the one before it: it does not stand as it is alone.
fn is_mark(c: char) -> bool {
    icu_normalizer::properties::CanonicalCombiningClassMapBorrowed::new().get_u8(c) != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn holds(text: &str, phrases: &[&str]) -> bool {
        let phrases: Vec<Phrase> = phrases.iter().map(|text| Phrase::from(*text)).collect();
        TextQuery::new(&phrases).holds(&folded(text))
    }

    #[test]
    fn any_piece_of_a_text_is_held_whatever_its_script_and_case() {
        for (text, phrase) in [
            ("请帮我查询退款进度，谢谢", "退款"),
            ("請", "請"),
            ("ฉันต้องการขอคืนเงินค่าตั๋ว", "คืนเงิน"),
            ("환불 규정을 알려 주세요", "환불"),
            ("Wann kommt die Rückzahlung für Straße 5?", "STRASSE"),
            ("Wann kommt die Rückzahlung?", "ru\u{308}ckzahlung"),
            ("ＡＢＣ ﬁne", "abc fine"),
            ("a -> b, price $$$ 🚀", "->"),
            ("a -> b, price $$$ 🚀", "$ 🚀"),
            ("std::fmt C:\\x 12:30", "d::f"),
            ("one\n    two", "ONE two"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("İstanbul", "i\u{307}stanbul"),
            ("unbreakable", "break"),
        ] {
            assert!(holds(text, &[phrase]), "{text:?} does not hold {phrase:?}");
        }
        assert!(!holds("nothing of that kind", &["🚀"]));
        assert!(holds("b and a", &["a", "b"]) && !holds("b and a", &["a", "c"]));
    }

    #[test]
    fn places_are_counted_in_characters_of_the_original() {
        let at = |text: &str, phrase: &str| -> Vec<(usize, usize)> {
            let places = TextQuery::new(&[phrase.into()]).places(text);
            places.into_iter().map(|place| (place.start, place.end)).collect()
        };
        assert_eq!(at("the Refund  policy", "refund policy"), [(4, 18)]);
        assert_eq!(at("große STRASSE", "ss"), [(3, 4), (10, 12)]);
        assert_eq!(at("cafe\u{301} x", "é x"), [(3, 7)]);
        assert_eq!(at("退款进度", "进度"), [(2, 4)]);
        assert!(at("abc", "zz").is_empty());
    }

    #[test]
    fn the_first_place_is_found_wherever_it_lies_in_a_long_text() {
        for before in [0, PART - 5, PART, 3 * PART - 7] {
            let text = format!("{}Straße and more{}", "é".repeat(before / 2), "x".repeat(PART));
            let place = TextQuery::new(&["strasse".into(), "more".into()]).first_place(&text);
            assert_eq!(place, Some(before / 2 * 2), "{before}");
        }
        assert_eq!(TextQuery::new(&["zz".into()]).first_place("abc"), None);
    }

    proptest! {
        #[test]
        fn a_piece_of_a_folded_text_is_found_in_it(text in "\\PC{0,40}", from in 0..40_usize, length in 1..10_usize) {
            let whole = folded(&text);
            let piece: String = whole.chars().skip(from).take(length).collect();
            let piece = piece.trim();
            prop_assert_eq!(folded(&whole), whole.clone());
            let query = TextQuery::new(&[piece.into()]);
            // A piece that begins with a mark would be folded otherwise than within its text.
            if folded(piece) == piece {
                prop_assert!(query.holds(&whole));
            }
            for place in query.places(&text) {
                prop_assert!(place.start < place.end && place.end <= text.chars().count());
            }
        }
    }
}
