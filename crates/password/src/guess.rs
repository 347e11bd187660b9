//! How hard a text is to guess, counted in characters that nobody could foresee.
//!
//! A guesser writes whole common words, sequences, keyboard rows and repetitions as easily as one or two
//! characters. So the text is cut into such parts, in the cheapest of all ways, and the costs are added.

mod words;

use words::COMMON_WORDS;

/// Cost of a common word, whatever its length, case and disguise.
const WORD: u32 = 2;
/// Cost of a year of this century or the last.
const YEAR: u32 = 2;
/// Cost of a sequence such as `1234`, of one key held down, and of repeating what came before.
const RUN: u32 = 1;
/// Shorter sequences are in many a random text.
const SHORTEST_RUN: usize = 3;
/// The longest part whose repetition counts as one.
const LONGEST_PERIOD: usize = 32;
/// No more characters are looked at, so that the work is bounded; the others add nothing.
const MOST_CHARACTERS: usize = 256;

/// Keys that lie beside each other, read in either direction.
const KEYBOARD_ROWS: [&str; 7] =
    ["1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "azertyuiop", "yxcvbnm"];

/// The cost of the cheapest way to write the text, at most one for each character. `own_words` are words that a
/// guesser would try for this text in particular, in lower case.
pub(crate) fn cost(text: &str, own_words: &[&str]) -> u32 {
    let text: Vec<char> = text.chars().flat_map(char::to_lowercase).take(MOST_CHARACTERS).collect();
    let mut cheapest = vec![u32::MAX; text.len() + 1];
    cheapest[0] = 0;
    for start in 0..text.len() {
        let so_far = cheapest[start];
        let mut reach =
            |end: usize, cost: u32| cheapest[end] = cheapest[end].min(so_far.saturating_add(cost));
        reach(start + 1, 1);
        for word in COMMON_WORDS.iter().chain(own_words) {
            if let Some(end) = end_of_word(&text, start, word) {
                reach(end, WORD);
            }
        }
        if matches!(&text[start..], ['1', '9', ..] | ['2', '0', ..])
            && text.get(start + 2..start + 4).is_some_and(|rest| rest.iter().all(char::is_ascii_digit))
        {
            reach(start + 4, YEAR);
        }
        let longest = (start + 2..=text.len()).take_while(|&end| goes_on(&text[start..end])).last();
        for end in start + SHORTEST_RUN..=longest.unwrap_or(start) {
            reach(end, RUN);
        }
        for period in 1..=LONGEST_PERIOD.min(start) {
            let repeated = (start..text.len()).take_while(|&at| text[at] == text[at - period]).last();
            for end in start + period..=repeated.map_or(start, |last| last + 1) {
                reach(end, RUN);
            }
        }
    }
    cheapest[text.len()]
}

/// Where the word ends that stands here, letters or the digits and signs that are written for them.
fn end_of_word(text: &[char], start: usize, word: &str) -> Option<usize> {
    let mut at = start;
    for letter in word.chars() {
        let written = *text.get(at)?;
        if written != letter && !disguises(letter).contains(written) {
            return None;
        }
        at += 1;
    }
    (at > start).then_some(at)
}

fn disguises(letter: char) -> &'static str {
    match letter {
        'a' => "4@",
        'b' => "8",
        'e' => "3",
        'g' => "69",
        'i' => "1!|",
        'l' => "1|!",
        'o' => "0",
        's' => "5$",
        't' => "7+",
        'z' => "2",
        _ => "",
    }
}

/// Whether the last step goes on as the one before it did: up, down, along a keyboard row, or on one spot.
fn goes_on(part: &[char]) -> bool {
    let [.., before, last] = part else { return true };
    let step = step(*before, *last);
    match part {
        [.., earlier, before, _] => {
            step.iter().zip(self::step(*earlier, *before)).any(|(one, other)| one.is_some() && *one == other)
        }
        _ => step.iter().any(Option::is_some),
    }
}

/// The step from one character to the next, in the alphabet and in each keyboard row, where it is a short one.
fn step(from: char, to: char) -> [Option<i32>; KEYBOARD_ROWS.len() + 1] {
    let short = |from: i32, to: i32| Some(to - from).filter(|step| (-1..=1).contains(step));
    let mut steps = [None; KEYBOARD_ROWS.len() + 1];
    steps[0] =
        short(i32::try_from(u32::from(from)).unwrap_or(0), i32::try_from(u32::from(to)).unwrap_or(i32::MAX));
    for (row, step) in KEYBOARD_ROWS.iter().zip(&mut steps[1..]) {
        let position = |key: char| row.find(key).and_then(|at| i32::try_from(at).ok());
        *step = position(from).zip(position(to)).and_then(|(from, to)| short(from, to));
    }
    steps
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{COMMON_WORDS, cost};

    #[test]
    fn the_words_are_lower_case_sorted_and_not_too_short_to_mean_anything() {
        assert!(COMMON_WORDS.is_sorted_by(|one, other| one < other), "{:?}", unsorted());
        for word in COMMON_WORDS {
            assert!(
                word.len() >= 3 && word.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()),
                "{word}"
            );
        }
    }

    fn unsorted() -> Option<&'static [&'static str]> {
        COMMON_WORDS.windows(2).find(|pair| pair[0] >= pair[1])
    }

    #[test]
    fn a_word_costs_the_same_in_whatever_case_and_disguise() {
        for word in ["password", "PASSWORD", "P@ssw0rd", "pa55word", "p4$$w0rd"] {
            assert_eq!(cost(word, &[]), 2, "{word}");
        }
        assert_eq!(cost("zorglub", &[]), 7);
        assert_eq!(cost("z0rglub", &["zorglub"]), 2);
    }

    #[test]
    fn a_sequence_a_row_of_keys_and_a_repetition_cost_one() {
        for run in ["abcdefgh", "hgfedcba", "1234567890", "0987654321", "asdfghjkl", "poiuytrewq", "~~~~~~~"]
        {
            assert_eq!(cost(run, &[]), 1, "{run}");
        }
        assert_eq!(cost("xkq7xkq7xkq7xkq7", &[]), 5);
        assert_eq!(cost("xkq7", &[]), 4);
    }

    #[test]
    fn a_year_costs_less_than_four_digits() {
        assert_eq!(cost("2026", &[]), 2);
        assert_eq!(cost("1815", &[]), 4);
    }

    #[test]
    fn a_sequence_does_not_turn_round() {
        assert_eq!(cost("abcba", &[]), 3);
        assert_eq!(cost("aacc", &[]), 4);
    }

    proptest! {
        #[test]
        fn no_text_costs_more_than_its_characters_or_nothing(text in "\\PC{1,80}") {
            let lower = text.chars().flat_map(char::to_lowercase).count();
            let cost = usize::try_from(cost(&text, &[])).expect("a small number");
            prop_assert!((1..=lower).contains(&cost));
        }

        #[test]
        fn a_whole_costs_no_more_than_its_parts(one in "[ -~]{0,30}", other in "[ -~]{0,30}") {
            let whole = format!("{one}{other}");
            prop_assert!(cost(&whole, &[]) <= cost(&one, &[]) + cost(&other, &[]));
        }

        #[test]
        fn repeating_adds_little(part in "[ -~]{1,32}", times in 2..6_usize) {
            prop_assert!(cost(&part.repeat(times), &[]) <= cost(&part, &[]) + 1);
        }
    }
}
