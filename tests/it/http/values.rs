//! What each field holds, and what it must not.
//!
//! **Never** lists calls: a field of any name is judged by what it holds.

use serde_json::{Value, json};

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// One line of so many characters.
    Line(usize),
    /// A line that must be a known code.
    Code(usize),
    /// Lines of so many characters; may be left out where told so.
    Block(usize, bool),
    Secret,
    Phone,
    Word(bool),
    Id(bool),
    /// A whole number up to a limit, from 1 or from 0; the last says whether it may be left out.
    Number(i64, i64, bool),
    Day(bool),
    Instant,
    Flag,
    Object,
    List(usize),
    /// A list of ids, at most so many, which may be left out; the last says whether it may be
    /// empty.
    Ids(usize, bool),
    /// What may be left out, and is judged wherever it stands.
    Maybe(&'static Kind),
    /// The same where a blank one is as good as none.
    Given(&'static Kind),
    /// A division's code.
    Division,
    /// A national code of an organisation.
    Registered,
    Email,
    /// What only its maker can judge; may be left out where told so.
    Opaque(bool),
    /// A password that is chosen.
    Password,
    /// A secret of so many characters that may be left out; a blank one takes it away.
    Hidden(usize),
    /// A list of elements that are judged by themselves; may be left out where told so.
    Words(bool),
    /// The same, which is never empty.
    Ladder,
    /// Texts under names.
    Pairs,
    /// A day, be it long ago; may be left out where told so.
    Date(bool),
    /// A time of day.
    Time,
}

/// What stands in a field. A field that is not known here fails the test.
pub(crate) fn kind(call: &str, path: &str) -> Kind {
    const MOST: i64 = 1_000_000_000;
    match (call, path) {
        ("session", "username") => Kind::Line(100),
        ("session", "password") => Kind::Secret,
        (_, "product_code") => Kind::Code(64),
        (_, "category" | "urgency" | "cause" | "result" | "audience" | "kind" | "on") => {
            Kind::Word(false)
        }
        (_, "rating") => Kind::Word(true),
        (_, "summary") => Kind::Line(200),
        (_, "unit") => Kind::Line(20),
        (_, "contact.name") => Kind::Line(50),
        (_, "contact.phone") => Kind::Phone,
        (_, "order_refs[0]") => Kind::Line(64),
        (_, "description" | "message" | "body" | "text" | "conclusion") => {
            Kind::Block(10_000, false)
        }
        (_, "reason") => Kind::Block(2_000, false),
        (_, "comment" | "note") => Kind::Block(2_000, true),
        ("group-reply", "promised_quantity") => Kind::Number(1, MOST, true),
        (
            _,
            "quantity_short" | "promised_quantity" | "delivered_quantity" | "remaining_quantity",
        ) => Kind::Number(1, MOST, false),
        (_, "days_of_stock") => Kind::Number(0, 36_500, true),
        ("clock", "advance_working_days") => Kind::Number(1, 1_305, false),
        ("clock", "advance_to") => Kind::Instant,
        (_, "promised_on" | "until" | "expected_end") => Kind::Day(false),
        (_, "due_on") => Kind::Day(true),
        (_, "follows" | "manufacturer_id") => Kind::Id(true),
        (_, "organisation_id" | "evidence[0]" | "tickets[0]") => Kind::Id(false),
        (_, "evidence") => Kind::Ids(20, true),
        ("group-reply", "tickets") => Kind::Ids(500, false),
        (_, "granted") => Kind::Flag,
        (_, "contact") => Kind::Object,
        (_, "order_refs") => Kind::List(50),
        other => panic!("say what {other:?} holds"),
    }
}

impl Kind {
    pub(crate) fn is_optional(self) -> bool {
        match self {
            Self::Block(_, optional)
            | Self::Word(optional)
            | Self::Number(_, _, optional)
            | Self::Day(optional)
            | Self::Opaque(optional)
            | Self::Words(optional)
            | Self::Date(optional)
            | Self::Id(optional) => optional,
            Self::List(_) | Self::Ids(..) | Self::Maybe(_) | Self::Given(_) | Self::Hidden(_) => {
                true
            }
            Self::Division
            | Self::Registered
            | Self::Email
            | Self::Password
            | Self::Ladder
            | Self::Pairs
            | Self::Time
            | Self::Line(_)
            | Self::Code(_)
            | Self::Secret
            | Self::Phone
            | Self::Instant
            | Self::Flag
            | Self::Object => false,
        }
    }

    /// JSON of another type.
    pub(crate) fn other_types(self) -> &'static [&'static str] {
        match self {
            Self::Number(..) => &["\"5\"", "5.5", "5.0", "1e2", "true", "[]", "[5]", "{}", "\"\""],
            Self::Maybe(kind) | Self::Given(kind) => kind.other_types(),
            Self::Pairs => &["\"x\"", "5", "true", "[]", "[\"filed\"]"],
            Self::Object => &["\"x\"", "5", "true", "[]", "[\"张心晴\",\"13812345678\"]"],
            Self::Flag => &["\"true\"", "0", "1", "[]", "[true]", "{}", "\"\""],
            Self::List(_) | Self::Ids(..) | Self::Words(_) | Self::Ladder => {
                &["\"DD-1\"", "5", "true", "{}", "{\"0\":\"DD-1\"}"]
            }
            _ => &["5", "0", "-1", "5.5", "true", "false", "[]", "[\"x\"]", "{}"],
        }
    }

    /// Values of the right type that are wrong.
    #[expect(clippy::too_many_lines, reason = "a table of cases")]
    pub(crate) fn wrong(self) -> Vec<Value> {
        let texts = |texts: &[&str]| texts.iter().map(|text| json!(text)).collect::<Vec<_>>();
        let longer = |longest: usize| json!("𠮷".repeat(longest + 1));
        match self {
            Self::Line(longest) | Self::Code(longest) => {
                let mut all = texts(&LINE_BREAKS);
                all.extend(texts(&NEVER));
                all.extend(texts(&BLANKS));
                all.extend([longer(longest), json!(format!("e{}", "\u{301}".repeat(10_000)))]);
                if matches!(self, Self::Code(_)) {
                    all.extend(texts(&[
                        "XX00000000000000000000",
                        "xs01aaa001b002010100001",
                        "%",
                        "' or 1=1--",
                    ]));
                }
                all
            }
            Self::Block(longest, optional) => {
                let mut all = texts(&NEVER);
                all.extend(texts(&["甲\r乙", "\r", "甲\n\r乙"]));
                if !optional {
                    all.extend(texts(&BLANKS));
                    all.extend(texts(&["\n\t\r\n"]));
                }
                all.extend([longer(longest), json!(format!("e{}", "\u{301}".repeat(9_000)))]);
                all
            }
            Self::Flag => vec![json!("yes"), json!(2)],
            Self::Secret => vec![json!(""), longer(1_024)],
            Self::Phone => {
                let mut all = Self::Line(20).wrong();
                all.extend(texts(&[
                    "123",
                    "abc1234567",
                    "1381234567a",
                    "12812345678",
                    "０５３１８８８８",
                    "-------",
                    "+1 555 123 4567",
                    "138123456789012345678",
                    "<script>",
                    "张三",
                ]));
                all
            }
            Self::Word(_) => texts(&[
                "", " ", "nonsense", "OTHER", "Ordinary", "其他", "open\0", "other ", "null",
            ]),
            Self::Id(_) => texts(&[
                "",
                "1",
                "nonsense",
                "0190aaaa-0000-7000-8000-000000000000",
                "0190AAAA-0000-7000-8000-000000000000",
                "../../etc/passwd",
                "%00",
            ]),
            Self::Number(least, most, _) => vec![
                json!(least - 1),
                json!(-1),
                json!(most + 1),
                json!(i64::MAX),
                json!(i64::MIN),
                json!(u64::MAX),
            ],
            Self::Day(_) => texts(&[
                "",
                "1999-12-31",
                "2101-01-01",
                "2026-02-30",
                "2025-02-29",
                "2100-02-29",
                "0000-00-00",
                "0000-01-01",
                "9999-12-31",
                "10000-01-01",
                "2026-02-12",
                "2026-2-27",
                "20260227",
                "tomorrow",
                "2026-02-27T00:00:00Z",
                "2026-02-27 ",
                "２０２６-02-27",
                "26-02-27",
                "2026-13-01",
                "-2026-02-27",
            ]),
            Self::Instant => texts(&[
                "",
                "2026-02-14",
                "2026-02-14T10:00:00",
                "2026-02-14T24:00:00+08:00",
                "26-02-14T10:00:00Z",
                "2026-02-30T10:00:00Z",
                "1999-12-31T00:00:00Z",
                "2101-01-02T00:00:00Z",
                "9999-12-31T00:00:00Z",
                "0000-01-01T00:00:00Z",
                "2026-02-13T10:29:59+08:00",
                "2031-03-01T00:00:00+08:00",
                "soon",
                "2026-02-14T10:00:00+25:00",
                "2026-02-14T10:60:00Z",
            ]),
            Self::Object | Self::Opaque(_) | Self::Words(_) => Vec::new(),
            Self::Ladder => vec![json!([])],
            Self::Maybe(kind) => kind.wrong(),
            Self::Given(kind) => {
                let is_blank =
                    |value: &Value| value.as_str().is_some_and(|text| BLANKS.contains(&text));
                kind.wrong().into_iter().filter(|value| !is_blank(value)).collect()
            }
            Self::Date(_) => {
                Self::Day(false).wrong().into_iter().filter(|day| day != "2026-02-12").collect()
            }
            Self::List(most) | Self::Ids(most, true) => vec![json!(vec!["DD-1"; most + 1])],
            Self::Ids(most, false) => vec![json!(vec!["DD-1"; most + 1]), json!([])],
            other => other.wrong_shapes(longer),
        }
    }

    /// Texts that are nothing of their kind, for kinds that have a shape.
    fn wrong_shapes(self, longer: impl Fn(usize) -> Value) -> Vec<Value> {
        let texts = |texts: &[&str]| texts.iter().map(|text| json!(text)).collect::<Vec<_>>();
        match self {
            Self::Division => texts(&[
                "", " ", "37100", "3710000", "abcdef", "999999", "-37100", "37100x", "371000\0",
            ]),
            Self::Registered => {
                let mut all = texts(&NEVER);
                all.extend(texts(&["", " ", "91350100M000100Y44", "H3710", "甲乙丙", "%"]));
                all.push(longer(200));
                all
            }
            Self::Email => {
                let mut all = Self::Line(254).wrong();
                all.extend(texts(&[
                    "nobody",
                    "@example.cn",
                    "a@",
                    "a@@b.cn",
                    "a b@example.cn",
                    "<a@b.cn>",
                    "a@b..cn",
                    "a@b.cn,c@d.cn",
                    "a@localhost",
                ]));
                all
            }
            Self::Password => {
                let mut all = texts(&["", "short", "a nul\0 in it", "a tab\tin it"]);
                all.push(longer(1_024));
                all
            }
            Self::Hidden(longest) => {
                vec![json!("甲\0乙"), json!("a\nb"), json!("\u{1b}[31m"), longer(longest)]
            }
            Self::Pairs => vec![json!({"nonsense": "1"}), json!({"*": ""}), json!({"": "1"})],
            Self::Time => texts(&[
                "",
                " ",
                "24:00",
                "9:00",
                "12:60",
                "23:59:60",
                "noon",
                "12:00 ",
                "12.00",
                "-1:00",
                "12:00:00.5",
                "１２:00",
                "12:00+08:00",
                "120000",
            ]),
            other => panic!("{other:?} has no shape"),
        }
    }
}

const LINE_BREAKS: [&str; 6] =
    ["甲\r\n乙", "甲\n乙", "甲\r乙", "甲\t乙", "甲\u{2028}乙", "x\r\nBcc: evil@example.com"];
/// Characters that no text may hold.
const NEVER: [&str; 10] = [
    "甲\0乙",
    "\0",
    "\u{1b}[31m红",
    "甲\u{7}",
    "甲\u{7f}乙",
    "甲\u{85}乙",
    "甲\u{202e}乙",
    "甲\u{2066}乙",
    "甲\u{202a}",
    "\u{2029}乙",
];
pub(crate) const BLANKS: [&str; 6] =
    ["", " ", "\u{3000}", "\u{200b}", "\u{200b}\u{200d}\u{feff}", " \u{a0} "];
