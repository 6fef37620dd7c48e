//! Who takes part: organisations, roles, levels of bureau and division codes.
//!
//! **Never** looks anything up; a division code speaks for itself (GB/T 2260).

use serde::{Deserialize, Serialize};

use super::id::{OrganisationId, UserId};

/// What an organisation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrganisationKind {
    /// 医疗机构: reports shortages.
    Hospital,
    /// 中选企业: owes the supply, whoever delivers.
    Manufacturer,
    /// 配送企业: delivers for a manufacturer.
    Distributor,
    /// 医保局: receives escalations.
    Bureau,
    /// The administration of the service itself.
    Platform,
}

/// What a signed-in person may be. Nobody holds two of the three administrator roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A hospital's pharmacist.
    Hospital,
    /// A manufacturer's supply staff.
    Manufacturer,
    /// A distributor's staff.
    Distributor,
    /// A bureau's officer.
    Bureau,
    /// Keeps organisations, calendars and policies; reads no party's text.
    Admin,
    /// Keeps sign-in rules, locks and keys.
    Security,
    /// Reads the audit log only.
    Auditor,
}

impl Role {
    /// Every role, for tables and tests.
    pub const ALL: [Self; 7] = [
        Self::Hospital,
        Self::Manufacturer,
        Self::Distributor,
        Self::Bureau,
        Self::Admin,
        Self::Security,
        Self::Auditor,
    ];

    /// The three that keep the service. Nobody holds two of them.
    pub const ADMINISTRATORS: [Self; 3] = [Self::Admin, Self::Security, Self::Auditor];

    /// True for one of the three that keep the service.
    #[must_use]
    pub fn is_administrator(self) -> bool {
        Self::ADMINISTRATORS.contains(&self)
    }

    /// The kind of organisation whose people may hold this role.
    #[must_use]
    pub fn organisation_kind(self) -> OrganisationKind {
        match self {
            Self::Hospital => OrganisationKind::Hospital,
            Self::Manufacturer => OrganisationKind::Manufacturer,
            Self::Distributor => OrganisationKind::Distributor,
            Self::Bureau => OrganisationKind::Bureau,
            Self::Admin | Self::Security | Self::Auditor => OrganisationKind::Platform,
        }
    }
}

/// Level of a bureau, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// 县级
    County,
    /// 市级
    City,
    /// 省级
    Province,
}

/// The language a person is told things in.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default,
)]
pub enum Language {
    /// Simplified Chinese.
    #[default]
    #[serde(rename = "zh-CN")]
    Chinese,
    /// English.
    #[serde(rename = "en")]
    English,
}

/// A six-digit division code (GB/T 2260): two digits province, two city, two county.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Division(u32);

/// The text is not a six-digit division code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a division is six digits and does not begin with 0, like 371002")]
pub struct NotADivision;

impl Division {
    /// Reads the six digits.
    ///
    /// # Errors
    /// [`NotADivision`] for anything else.
    pub fn parse(text: &str) -> Result<Self, NotADivision> {
        let digits = text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit());
        match text.parse::<u32>() {
            Ok(code) if digits && code >= 100_000 => Ok(Self(code)),
            Ok(_) | Err(_) => Err(NotADivision),
        }
    }

    /// Which level the code names.
    #[must_use]
    pub fn level(self) -> Level {
        if self.0.is_multiple_of(10_000) {
            Level::Province
        } else if self.0.is_multiple_of(100) {
            Level::City
        } else {
            Level::County
        }
    }

    /// The province the division lies in.
    #[must_use]
    pub fn province(self) -> Self {
        Self(self.0 / 10_000 * 10_000)
    }

    /// The code of the city level above (or of the city itself). It may be a mere
    /// placeholder: see [`Division::is_municipality`] and
    /// [`Division::is_directly_under_province`].
    #[must_use]
    pub fn city(self) -> Self {
        Self(self.0 / 100 * 100)
    }

    /// True for Beijing, Tianjin, Shanghai and Chongqing and everything in them: there is
    /// no city level between district and municipality.
    #[must_use]
    pub fn is_municipality(self) -> bool {
        matches!(self.0 / 10_000, 11 | 12 | 31 | 50)
    }

    /// True for counties and cities governed by the province itself (city digits 90, as in
    /// 419001 济源市 or 469021 定安县).
    #[must_use]
    pub fn is_directly_under_province(self) -> bool {
        self.0 / 100 % 100 == 90
    }

    /// True for development zones that statistics count like counties (fifth digit 7, as in
    /// 370171): they are not in the standard and have no county bureau of their own.
    #[must_use]
    pub fn is_functional_zone(self) -> bool {
        self.level() == Level::County && self.0 / 10 % 10 == 7
    }

    /// True when `self` is `other` or lies in it.
    #[must_use]
    pub fn is_within(self, other: Self) -> bool {
        match other.level() {
            Level::Province => self.province() == other,
            Level::City => self.city() == other,
            Level::County => self == other,
        }
    }

    /// The numbers of the half-open range of codes that lie in this division, itself included.
    #[must_use]
    pub fn range(self) -> (u32, u32) {
        match self.level() {
            Level::Province => (self.0, self.0 + 10_000),
            Level::City => (self.0, self.0 + 100),
            Level::County => (self.0, self.0 + 1),
        }
    }

    /// The code as a number.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }
}

impl std::fmt::Display for Division {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

impl TryFrom<String> for Division {
    type Error = NotADivision;

    fn try_from(text: String) -> Result<Self, NotADivision> {
        Self::parse(&text)
    }
}

impl From<Division> for String {
    fn from(division: Division) -> Self {
        division.to_string()
    }
}

/// An organisation as the rules see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// Its id.
    pub id: OrganisationId,
    /// What it is.
    pub kind: OrganisationKind,
    /// The name people know.
    pub name: String,
    /// Where it lies; bureaus govern exactly this division's subtree.
    pub division: Division,
}

/// Somebody acting, with the organisation they act for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Who.
    pub user: UserId,
    /// The name shown in the timeline.
    pub name: String,
    /// As what.
    pub role: Role,
    /// For whom.
    pub organisation: Organisation,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn division(text: &str) -> Division {
        Division::parse(text).expect(text)
    }

    #[test]
    fn a_division_knows_its_place() {
        assert_eq!(division("371002").city(), division("371000"));
        assert_eq!(division("371002").province(), division("370000"));
        assert_eq!(division("371000").level(), Level::City);
        assert!(division("371002").is_within(division("370000")));
        assert!(!division("371002").is_within(division("370900")));
        assert!(division("110105").is_municipality());
        assert!(division("429004").is_directly_under_province());
        assert!(division("370171").is_functional_zone());
        assert!(!division("371000").is_functional_zone());
    }

    #[test]
    fn what_is_not_six_digits_is_refused() {
        for text in ["", "37100", "3710020", "037100", "37100a", "三七一零零二", "+37100", "-37100"]
        {
            assert_eq!(Division::parse(text), Err(NotADivision), "{text}");
        }
    }
}
