//! A place in a text that is taken apart from left to right.
//!
//! **Never** moves where what is asked for is not there.

/// Characters, and how many of them are taken.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { rest: text }
    }

    pub(super) fn rest(&self) -> &'a str {
        self.rest
    }

    pub(super) fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    /// Takes the word if it is next.
    pub(super) fn take(&mut self, word: &str) -> bool {
        match self.rest.strip_prefix(word) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Takes the first of the words that is next.
    pub(super) fn take_any(&mut self, words: &[&str]) -> bool {
        words.iter().any(|word| self.take(word))
    }

    /// Takes a number of at most so many digits, and the word after it.
    pub(super) fn number_before(&mut self, longest: usize, words: &[&str]) -> Option<u32> {
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at_checked(end)?;
        if digits.is_empty() || digits.len() > longest {
            return None;
        }
        let number = digits.parse().ok()?;
        let rest = words.iter().find_map(|word| rest.strip_prefix(word))?;
        self.rest = rest;
        Some(number)
    }

    /// Takes what stands in brackets, if they are next.
    pub(super) fn bracketed(&mut self) -> Option<&'a str> {
        let inside = self.rest.strip_prefix(['(', '['])?;
        let (inside, rest) = inside.split_once([')', ']'])?;
        self.rest = rest;
        Some(inside)
    }

    /// Takes everything before the word, and the word.
    pub(super) fn until(&mut self, word: &str) -> Option<&'a str> {
        let (before, rest) = self.rest.split_once(word)?;
        self.rest = rest;
        Some(before)
    }
}
