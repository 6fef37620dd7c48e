//! A script for `pgbench` out of what a server logged.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Statements in the order they were sent.
pub(crate) struct Script {
    statements: Vec<String>,
}

/// A statement with its parameters, as logged; `None` is NULL.
struct Logged {
    sql: String,
    parameters: Vec<Option<String>>,
}

impl Script {
    /// The statements of `other`; what `one` does not have of its identifiers and numbers is made
    /// anew in every run.
    pub(crate) fn of(one: &str, other: &str) -> Self {
        let known: BTreeSet<String> =
            logged(one).into_iter().flat_map(|l| l.parameters).flatten().collect();
        let statements = logged(other);
        Self { statements: statements.iter().map(|logged| logged.inlined(&known)).collect() }
    }

    pub(crate) fn statements(&self) -> usize {
        self.statements.len()
    }

    pub(crate) fn text(&self) -> String {
        let mut text = "\\set r random(1, 140000000000000)\n".to_owned();
        for statement in &self.statements {
            writeln!(text, "{statement};").expect("a string");
        }
        text
    }
}

fn logged(log: &str) -> Vec<Logged> {
    let mut found: Vec<Logged> = Vec::new();
    for line in log.lines() {
        let Some((_, line)) = line.split_once('@') else { continue };
        if let Some(rest) = line.strip_prefix("LOG:  execute ") {
            let sql = rest.split_once(": ").map_or("", |(_, sql)| sql);
            found.push(Logged { sql: sql.to_owned(), parameters: Vec::new() });
        } else if let Some(sql) = line.strip_prefix("LOG:  statement: ") {
            found.push(Logged { sql: sql.to_owned(), parameters: Vec::new() });
        } else if let Some(rest) = line.strip_prefix("DETAIL:  parameters: ")
            && let Some(last) = found.last_mut()
        {
            last.parameters = parameters(rest);
        }
    }
    found
}

/// `$1 = 'it''s', $2 = NULL`.
fn parameters(mut rest: &str) -> Vec<Option<String>> {
    let mut found = Vec::new();
    while let Some((_, value)) = rest.split_once(" = ") {
        if let Some(after) = value.strip_prefix("NULL") {
            found.push(None);
            rest = after;
            continue;
        }
        let mut text = String::new();
        let mut signs = value.char_indices().skip(1).peekable();
        let mut end = value.len();
        while let Some((at, sign)) = signs.next() {
            if sign == '\'' {
                if signs.peek().is_some_and(|(_, next)| *next == '\'') {
                    signs.next();
                } else {
                    end = at + 1;
                    break;
                }
            }
            text.push(sign);
        }
        found.push(Some(text));
        rest = value.get(end..).unwrap_or_default();
    }
    found
}

impl Logged {
    /// The statement with its parameters in their places.
    fn inlined(&self, known: &BTreeSet<String>) -> String {
        let mut sql = String::new();
        let mut rest = self.sql.as_str();
        while let Some((before, after)) = rest.split_once('$') {
            let digits = after.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(after.len());
            let (number, after) = after.split_at(digits);
            sql.push_str(before);
            let value =
                number.parse::<usize>().ok().and_then(|number| self.parameters.get(number - 1));
            match value {
                None => write!(sql, "${number}").expect("a string"),
                Some(None) => sql.push_str("NULL"),
                Some(Some(value)) => sql.push_str(&literal(value, !known.contains(value))),
            }
            rest = after;
        }
        sql.push_str(rest);
        sql
    }
}

/// A value in SQL; a new identifier or number gets an end of its own in every run.
fn literal(value: &str, is_new: bool) -> String {
    if is_new && uuid::Uuid::try_parse(value).is_ok() {
        let (start, end) = value.split_at(24);
        let end = i64::from_str_radix(end, 16).expect("hexadecimal");
        return format!("('{start}' || lpad(to_hex(:r::bigint # {end}), 12, '0'))::uuid");
    }
    if is_new && value.starts_with("SQ-") {
        return format!("('{value}' || to_hex(:r::bigint))");
    }
    // A colon would name a variable.
    let value = value.replace('\\', "\\\\").replace('\'', "''").replace(':', "\\x3a");
    format!("E'{value}'")
}
