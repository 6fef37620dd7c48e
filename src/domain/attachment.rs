//! Files that parties add to a ticket: what they prove, who may read them, what they may be.
//!
//! **Never** looks into a file: [`crate::files`] does.

use serde::{Deserialize, Serialize};

use super::id::AttachmentId;
use super::ticket::Audience;

/// What a file proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// 停供函
    SupplyStopStatement,
    /// 无法供应说明
    NoSupplyStatement,
    /// 不可抗力报告
    ForceMajeureReport,
    /// 订单截图
    OrderScreenshot,
    /// 配送企业说明
    DistributorStatement,
    /// 医疗机构说明
    HospitalStatement,
    /// 情况说明
    Understanding,
    /// 整改报告
    RectificationReport,
    /// 问询答复
    InquiryAnswer,
    /// 约谈记录
    InterviewRecord,
    /// 申诉材料
    Appeal,
    /// 约定采购量
    ReportedVolume,
    /// 承诺书
    Commitment,
    /// 变更配送企业同意书
    DistributorChangeConsent,
    /// 价格比对
    PriceComparison,
    /// 信用报告
    CreditReport,
    /// 信用承诺书
    CreditCommitment,
    /// 其他
    Other,
}

/// The types of files that are taken: what offices, hospitals and phones produce, and nothing
/// that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileType {
    /// Portable document.
    Pdf,
    /// Open fixed-layout document (GB/T 33190), the official format of Chinese offices.
    Ofd,
    /// Photograph.
    Jpeg,
    /// Picture.
    Png,
    /// Picture.
    Webp,
    /// Word document without macros.
    Docx,
    /// Workbook without macros.
    Xlsx,
    /// Table as text.
    Csv,
    /// Text.
    Txt,
}

impl FileType {
    /// Every type, for tables and tests.
    pub const ALL: [Self; 9] = [
        Self::Pdf,
        Self::Ofd,
        Self::Jpeg,
        Self::Png,
        Self::Webp,
        Self::Docx,
        Self::Xlsx,
        Self::Csv,
        Self::Txt,
    ];

    /// How file names of the type end; the first is the usual one.
    #[must_use]
    pub fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Pdf => &["pdf"],
            Self::Ofd => &["ofd"],
            Self::Jpeg => &["jpg", "jpeg"],
            Self::Png => &["png"],
            Self::Webp => &["webp"],
            Self::Docx => &["docx"],
            Self::Xlsx => &["xlsx"],
            Self::Csv => &["csv"],
            Self::Txt => &["txt"],
        }
    }

    /// Its media type.
    #[must_use]
    pub fn mime(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Ofd => "application/ofd",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Csv => "text/csv",
            Self::Txt => "text/plain",
        }
    }

    /// The type that a name claims by its ending.
    #[must_use]
    pub fn claimed(name: &str) -> Option<Self> {
        let (_, ending) = name.trim_end_matches(['.', ' ']).rsplit_once('.')?;
        let ending = ending.to_ascii_lowercase();
        Self::ALL.into_iter().find(|kind| kind.endings().contains(&ending.as_str()))
    }
}

/// A file of a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its id, which is also where its bytes are kept.
    pub id: AttachmentId,
    /// What it proves.
    pub evidence: Evidence,
    /// Who may read it.
    pub audience: Audience,
    /// The name that people see, made by [`shown_name`].
    pub name: String,
    /// What it is.
    pub file_type: FileType,
    /// Its length.
    pub bytes: u64,
    /// The SHA-256 of its bytes, in lower-case hex.
    pub hash: String,
}

/// The longest name that is shown, in characters, without the ending.
const LONGEST_STEM: usize = 100;
/// Names that are devices on some systems.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// What people see of the name that a sender gave: one name without a folder, nothing that turns
/// its writing direction or steers a terminal, and the ending of what the file is.
#[must_use]
pub fn shown_name(given: &str, file_type: FileType) -> String {
    let base = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let base = base.trim_end_matches(['.', ' ']);
    let stem = base.rsplit_once('.').map_or(base, |(stem, _)| stem);
    let kept: String = stem.chars().filter(|c| !is_invisible(*c)).map(plain).collect();
    let kept: String = kept.trim().trim_matches('.').chars().take(LONGEST_STEM).collect();
    let kept = kept.trim();
    let ending = file_type.endings().first().copied().unwrap_or("bin");
    if kept.is_empty() {
        return format!("附件.{ending}");
    }
    if is_device(kept) { format!("_{kept}.{ending}") } else { format!("{kept}.{ending}") }
}

fn is_device(stem: &str) -> bool {
    let first = stem.split('.').next().unwrap_or_default().trim().to_ascii_lowercase();
    let numbered = ["com", "lpt"]
        .iter()
        .any(|port| first.strip_prefix(port).is_some_and(|n| n.len() == 1 && n.as_bytes() != b"0"));
    numbered || DEVICES.contains(&first.as_str())
}

/// Control characters, and those that change the direction or take no place.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2028}' | '\u{2029}'
            | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' | '\u{061C}')
}

fn plain(c: char) -> char {
    if matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*' | '\'' | '`') { '_' } else { c }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_is_cleaned_b042() {
        for (given, shown) in [
            ("停供函.pdf", "停供函.pdf"),
            ("报告.PDF", "报告.pdf"),
            ("", "附件.pdf"),
            (".pdf", "附件.pdf"),
            ("../../x.pdf", "x.pdf"),
            ("C:\\用户\\x.pdf", "x.pdf"),
            ("CON.pdf", "_CON.pdf"),
            ("com1.tar.pdf", "_com1.tar.pdf"),
            ("company.pdf", "company.pdf"),
            ("a.pdf. . ", "a.pdf"),
            ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie_ x.pdf"),
            ("say \"hi\".pdf", "say _hi_.pdf"),
            ("a\u{202E}gpj.exe.pdf", "agpj.exe.pdf"),
        ] {
            assert_eq!(shown_name(given, FileType::Pdf), shown, "{given:?}");
        }
        let long = format!("{}.pdf", "长".repeat(5_000));
        assert_eq!(shown_name(&long, FileType::Pdf).chars().count(), LONGEST_STEM + 4);
    }

    #[test]
    fn an_ending_claims_a_type() {
        assert_eq!(FileType::claimed("a.JPEG"), Some(FileType::Jpeg));
        assert_eq!(FileType::claimed("a.pdf. "), Some(FileType::Pdf));
        for none in ["", "a", "a.exe", "a.html", "a.svg", "a.docm", "a.pdf.lnk", "pdf"] {
            assert_eq!(FileType::claimed(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn any_name_becomes_a_plain_one(given in ".{0,300}") {
            for kind in FileType::ALL {
                let shown = shown_name(&given, kind);
                prop_assert!(shown.chars().count() <= LONGEST_STEM + 6);
                prop_assert!(!shown.contains(['/', '\\', '"', '\r', '\n', '\0']));
                prop_assert!(!shown.starts_with('.'));
                prop_assert_eq!(FileType::claimed(&shown), Some(kind));
                prop_assert_eq!(shown_name(&shown, kind), shown, "twice is once");
            }
        }
    }
}
