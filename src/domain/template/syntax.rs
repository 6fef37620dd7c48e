//! The syntax of texts: words, and variables between braces. `{{` and `}}` are single braces.
//!
//! **Never** evaluates anything: a value that looks like a variable is shown as it is.

use super::Variable;

/// A text, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Words(String),
    Variable(Variable),
}

/// Why a text cannot be read. Positions count characters from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxError {
    /// A brace that opens and never closes, or holds another one.
    #[error("the brace at character {at} is not closed; write {{{{ for a single brace")]
    Open {
        /// Where it stands.
        at: usize,
    },
    /// A brace that closes what was not opened.
    #[error("the brace at character {at} closes nothing; write }}}} for a single brace")]
    Closed {
        /// Where it stands.
        at: usize,
    },
    /// No variable of this text.
    #[error("there is no variable {{{name}}} here (character {at}); possible are {possible}")]
    Unknown {
        /// What stands between the braces, cut.
        name: String,
        /// Where its brace stands.
        at: usize,
        /// What might stand there.
        possible: String,
    },
}

impl SyntaxError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Open { .. } | Self::Closed { .. } => "unbalanced_braces",
            Self::Unknown { .. } => "unknown_variable",
        }
    }
}

/// Of what stands between braces, so much is repeated in an error, in characters.
const SHOWN: usize = 40;

impl Pattern {
    /// Reads a text that may name the `allowed` variables.
    ///
    /// # Errors
    /// The first [`SyntaxError`].
    pub fn parse(text: &str, allowed: &[Variable]) -> Result<Self, SyntaxError> {
        let mut pieces = Vec::new();
        let mut words = String::new();
        let mut rest = text.chars().enumerate().peekable();
        while let Some((index, c)) = rest.next() {
            let at = index + 1;
            let is_doubled = rest.peek().is_some_and(|(_, next)| *next == c);
            match c {
                '{' | '}' if is_doubled => {
                    rest.next();
                    words.push(c);
                }
                '{' => {
                    let name = name(&mut rest).ok_or(SyntaxError::Open { at })?;
                    let variable = variable(&name, at, allowed)?;
                    pieces.push(Piece::Words(std::mem::take(&mut words)));
                    pieces.push(Piece::Variable(variable));
                }
                '}' => return Err(SyntaxError::Closed { at }),
                c => words.push(c),
            }
        }
        pieces.push(Piece::Words(words));
        pieces.retain(|piece| *piece != Piece::Words(String::new()));
        Ok(Self(pieces))
    }

    /// True when it names a variable.
    #[must_use]
    pub fn names(&self, variable: Variable) -> bool {
        self.0.contains(&Piece::Variable(variable))
    }

    /// The text with values for its variables.
    pub fn fill(&self, mut value: impl FnMut(Variable) -> String) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Words(words) => words.clone(),
            Piece::Variable(variable) => value(*variable),
        };
        self.0.iter().map(piece).collect()
    }
}

/// What stands up to the closing brace; `None` where another one opens first, or none closes.
fn name(rest: &mut impl Iterator<Item = (usize, char)>) -> Option<String> {
    let mut name = String::new();
    for (_, c) in rest {
        match c {
            '}' => return Some(name),
            '{' => return None,
            c => name.push(c),
        }
    }
    None
}

fn variable(name: &str, at: usize, allowed: &[Variable]) -> Result<Variable, SyntaxError> {
    let found = Variable::named(name.trim()).filter(|found| allowed.contains(found));
    found.ok_or_else(|| {
        let possible: Vec<_> = allowed.iter().map(|one| format!("{{{}}}", one.name())).collect();
        SyntaxError::Unknown {
            name: name.trim().chars().take(SHOWN).collect(),
            at,
            possible: possible.join(" "),
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filled(text: &str) -> Result<String, SyntaxError> {
        Ok(Pattern::parse(text, &Variable::ALL)?.fill(|variable| format!("<{}>", variable.name())))
    }

    #[test]
    fn variables_are_filled_and_words_kept() {
        for (text, expected) in [
            ("", ""),
            ("诉求单{ticket.number}，{ due_at }", "诉求单<ticket.number>，<due_at>"),
            ("{product}{product}", "<product><product>"),
            ("{{product}} {{}} }}{{", "{product} {} }{"),
            ("{{{product}}}", "{<product>}"),
        ] {
            assert_eq!(filled(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_where() {
        assert_eq!(filled("药{"), Err(SyntaxError::Open { at: 2 }));
        assert_eq!(filled("a{b{product}"), Err(SyntaxError::Open { at: 2 }));
        assert_eq!(filled("a}b"), Err(SyntaxError::Closed { at: 2 }));
        for (text, name) in [
            ("药品{description}", "description"),
            ("药品{7*7}", "7*7"),
            ("药品{}", ""),
            ("药品{% if x %}", "% if x %"),
            ("药品{ticket.number|upper}", "ticket.number|upper"),
        ] {
            let Err(error @ SyntaxError::Unknown { .. }) = filled(text) else { panic!("{text}") };
            let told = error.to_string();
            assert!(
                told.contains(&format!("{{{name}}}")) && told.contains("character 3"),
                "{told}"
            );
            assert!(told.contains("{ticket.number} {product}"), "{told}");
            assert_eq!(error.code(), "unknown_variable");
        }
        let allowed = [Variable::Number];
        assert!(Pattern::parse("{hospital}", &allowed).is_err());
    }

    #[test]
    fn a_value_is_never_read_b017() {
        let pattern = Pattern::parse("{product}", &Variable::ALL).expect("read");
        assert_eq!(
            pattern.fill(|_| "{ticket.number} {{7*7}}".to_owned()),
            "{ticket.number} {{7*7}}"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[{}a-z.药 ]{0,60}") {
            if let Ok(pattern) = Pattern::parse(&text, &Variable::ALL) {
                let back = pattern.fill(|variable| format!("{{{}}}", variable.name()));
                prop_assert!(back.chars().count() <= text.chars().count());
            }
        }

        #[test]
        fn doubled_braces_are_the_text_itself(text in "\\PC{0,60}") {
            let doubled = text.replace('{', "{{").replace('}', "}}");
            let pattern = Pattern::parse(&doubled, &[]).expect("nothing is named");
            prop_assert_eq!(pattern.fill(|_| String::new()), text);
        }
    }
}
