//! Judging a text before it is kept, and before it is used.
//!
//! **Never** lets a text pass that could not be filled, sent or believed.

use super::{Pattern, Slot, Topic, Variable, Wording};
use crate::domain::notice::Channel;
use crate::domain::text::{self, TextError};

/// Longest subject, in characters, its variables unfilled.
const LONGEST_SUBJECT: usize = 160;
/// Longest text of a mail.
const LONGEST_TEXT: usize = 2_000;
/// Longest advice of a mail.
const LONGEST_NEXT: usize = 1_000;
/// Longest text message: what gateways take as a template.
pub const LONGEST_SMS: usize = 500;

/// Why a part of a text is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// `subject`, `text` or `next`.
    pub field: &'static str,
    /// A stable code.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

/// What is allowed, and may be regretted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Warning {
    /// The subject names neither the ticket nor the product: mails will look alike.
    SubjectNamesNothing,
    /// A gateway would take 【…】 in the text for a second signature.
    SecondSignature,
    /// Gateways refuse texts with free addresses.
    HoldsAddress,
}

impl Warning {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::SubjectNamesNothing => "subject_names_nothing",
            Self::SecondSignature => "second_signature",
            Self::HoldsAddress => "holds_address",
        }
    }
}

/// Cleans a text and says what is doubtful about it.
///
/// # Errors
/// Everything that is wrong with it.
pub fn check(slot: Slot, wording: &Wording) -> Result<(Wording, Vec<Warning>), Vec<Fault>> {
    let mut judge = Judge { allowed: Variable::of(slot).collect(), faults: Vec::new() };
    let cleaned = match slot.channel {
        Channel::Mail => Wording {
            subject: Some(judge.line("subject", wording.subject.as_deref(), LONGEST_SUBJECT)),
            text: judge.block("text", &wording.text, LONGEST_TEXT),
            next: wording
                .next
                .as_deref()
                .filter(|next| text::block(next, LONGEST_NEXT) != Err(TextError::Required))
                .map(|next| judge.block("next", next, LONGEST_NEXT)),
        },
        // Robots say what text messages say.
        Channel::Sms | Channel::Robot => {
            judge.none("subject", wording.subject.as_deref());
            judge.none("next", wording.next.as_deref());
            let text = judge.line("text", Some(&wording.text), LONGEST_SMS);
            Wording { subject: None, text, next: None }
        }
    };
    if let Some(variable) = Variable::required(slot) {
        judge.must_name("text", &cleaned.text, variable);
    }
    if !judge.faults.is_empty() {
        return Err(judge.faults);
    }
    let warnings = warnings(slot, &cleaned);
    Ok((cleaned, warnings))
}

struct Judge {
    allowed: Vec<Variable>,
    faults: Vec<Fault>,
}

impl Judge {
    fn line(&mut self, field: &'static str, value: Option<&str>, longest: usize) -> String {
        self.part(field, text::line(value.unwrap_or_default(), longest))
    }

    fn block(&mut self, field: &'static str, value: &str, longest: usize) -> String {
        self.part(field, text::block(value, longest))
    }

    fn part(&mut self, field: &'static str, read: Result<String, TextError>) -> String {
        match read {
            Ok(text) => {
                if let Err(error) = Pattern::parse(&text, &self.allowed) {
                    self.refuse(field, error.code(), error.to_string());
                }
                text
            }
            Err(error) => {
                self.refuse(field, error.code(), error.to_string());
                String::new()
            }
        }
    }

    /// A text message has one part; the others must not be lost unseen.
    fn none(&mut self, field: &'static str, value: Option<&str>) {
        if value.is_some_and(|value| !value.trim().is_empty()) {
            self.refuse(field, "not_of_sms", "a text message has no such part".to_owned());
        }
    }

    fn must_name(&mut self, field: &'static str, text: &str, variable: Variable) {
        let read = Pattern::parse(text, &self.allowed);
        if !text.is_empty() && read.is_ok_and(|pattern| !pattern.names(variable)) {
            let message = format!("{{{}}} must stand in it", variable.name());
            self.refuse(field, "variable_required", message);
        }
    }

    fn refuse(&mut self, field: &'static str, code: &'static str, message: String) {
        self.faults.push(Fault { field, code, message });
    }
}

fn warnings(slot: Slot, wording: &Wording) -> Vec<Warning> {
    let names = |text: &str, variable| {
        Pattern::parse(text, &Variable::ALL).is_ok_and(|pattern| pattern.names(variable))
    };
    let subject = wording.subject.as_deref().unwrap_or_default();
    let text = wording.text.as_str();
    // A letter that is about no ticket has no other to be mistaken for.
    let names_nothing = matches!(slot.kind, Topic::Notice(_))
        && !names(subject, Variable::Number)
        && !names(subject, Variable::Product);
    let found = match slot.channel {
        // The number stands in the table of every mail; its subject is what tells mails apart.
        Channel::Mail => vec![(names_nothing, Warning::SubjectNamesNothing)],
        // Robots say what text messages say.
        Channel::Sms | Channel::Robot => vec![
            (text.contains(['【', '】']), Warning::SecondSignature),
            (text.contains("://") || text.contains("www."), Warning::HoldsAddress),
        ],
    };
    found.into_iter().filter(|(is_so, _)| *is_so).map(|(_, warning)| warning).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::notice::Kind;
    use crate::domain::party::Language;
    use crate::domain::template::{LetterKind, PartyKind};

    fn slot(kind: Kind, party: PartyKind, channel: Channel) -> Slot {
        Slot { kind: kind.into(), party, channel, language: Language::Chinese }
    }

    fn mail(subject: &str, text: &str, next: &str) -> Wording {
        Wording {
            subject: Some(subject.to_owned()),
            text: text.to_owned(),
            next: Some(next.to_owned()),
        }
    }

    fn refused(slot: Slot, wording: &Wording) -> Vec<(&'static str, &'static str)> {
        let faults = check(slot, wording).expect_err("refused");
        faults.iter().map(|fault| (fault.field, fault.code)).collect()
    }

    #[test]
    fn a_sound_text_is_cleaned() {
        let slot = slot(Kind::Filed, PartyKind::Manufacturer, Channel::Mail);
        let wording = mail(" {ticket.number} ", "一\r\n二 {ticket.number}", "  ");
        let (cleaned, warnings) = check(slot, &wording).expect("sound");
        assert_eq!(cleaned.subject.as_deref(), Some("{ticket.number}"));
        assert_eq!((cleaned.text.as_str(), cleaned.next), ("一\n二 {ticket.number}", None));
        assert_eq!(warnings, []);
        let (_, warnings) = check(slot, &mail("新诉求", "请处理", "")).expect("sound");
        assert_eq!(warnings, [Warning::SubjectNamesNothing]);
    }

    #[test]
    fn every_fault_of_a_mail_is_told() {
        let slot = slot(Kind::Filed, PartyKind::Manufacturer, Channel::Mail);
        let bad = mail("a\nb", "{promised_on}", "{");
        let expected = [
            ("subject", "control_characters"),
            ("text", "unknown_variable"),
            ("next", "unbalanced_braces"),
        ];
        assert_eq!(refused(slot, &bad), expected);
        assert_eq!(refused(slot, &mail("", "x", "")), [("subject", "required")]);
        for evil in ["a\u{202e}b", "a\0b", "a\rb", "a\u{2028}b"] {
            assert_eq!(refused(slot, &mail("x", evil, "")), [("text", "control_characters")]);
        }
        let long = "药".repeat(2_001);
        assert_eq!(refused(slot, &mail("x", &long, "")), [("text", "too_long")]);
    }

    #[test]
    fn a_text_message_is_one_line_that_names_its_ticket_and_nobody() {
        let slot = slot(Kind::Escalated, PartyKind::Bureau, Channel::Sms);
        let sms = |text: &str| Wording { text: text.to_owned(), ..Wording::default() };
        assert!(check(slot, &sms("诉求单{ticket.number}已升级至{level}")).is_ok());
        for (text, code) in [
            ("诉求单已升级", "variable_required"),
            ("{ticket.number}\n{level}", "control_characters"),
            ("{ticket.number}{hospital}", "unknown_variable"),
            ("{ticket.number}{recipient}", "unknown_variable"),
            ("{ticket.number}{link}", "unknown_variable"),
            ("", "required"),
        ] {
            assert_eq!(refused(slot, &sms(text)), [("text", code)], "{text}");
        }
        let with_subject = mail("x", "{ticket.number}", "y");
        assert_eq!(
            refused(slot, &with_subject),
            [("subject", "not_of_sms"), ("next", "not_of_sms")]
        );
        let (_, warnings) =
            check(slot, &sms("【某局】{ticket.number} https://x.cn")).expect("sound");
        assert_eq!(warnings, [Warning::SecondSignature, Warning::HoldsAddress]);
    }
    #[test]
    fn a_code_is_no_code_without_it() {
        for channel in [Channel::Mail, Channel::Sms] {
            let kind = Topic::Letter(LetterKind::ContactCode);
            let (party, language) = (PartyKind::Anybody, Language::Chinese);
            let slot = Slot { kind, party, channel, language };
            let subject = (channel == Channel::Mail).then(|| "验证码".to_owned());
            let says = |text: &str| Wording {
                subject: subject.clone(),
                text: text.to_owned(),
                next: None,
            };
            assert_eq!(
                check(slot, &says("验证码{code}")).map(|(_, warnings)| warnings),
                Ok(vec![])
            );
            assert_eq!(refused(slot, &says("请登录")), [("text", "variable_required")]);
            assert_eq!(refused(slot, &says("{ticket.number}")), [("text", "unknown_variable")]);
        }
    }
}
