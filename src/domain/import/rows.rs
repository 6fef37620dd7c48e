//! The rows of organisations, people, products, agreements and days.
//!
//! **Never** looks anything up: what a name stands for is the store's to know.

use super::RowError;
use super::fields::{Fields, QUANTITY};
use crate::domain::calendar::{Day, DayKind};
use crate::domain::code;
use crate::domain::party::{Division, Language, Level, OrganisationKind, Role};

type Read<T> = Result<T, Vec<RowError>>;

/// An organisation as a table names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Named {
    /// The column that names it.
    pub column: &'static str,
    /// Its name.
    pub name: String,
    /// Where it lies, for names that occur more than once.
    pub division: Option<Division>,
}

impl Named {
    /// The organisation of a column, its division in the one called `division`.
    pub(super) fn read(
        fields: &mut Fields<'_>,
        column: &'static str,
        division: &'static str,
    ) -> Self {
        Self { column, name: fields.line(column, 200), division: fields.maybe_division(division) }
    }

    pub(super) fn maybe(
        fields: &mut Fields<'_>,
        column: &'static str,
        division: &'static str,
    ) -> Option<Self> {
        let (name, division) = (fields.maybe_line(column, 200), fields.maybe_division(division));
        name.map(|name| Self { column, name, division })
    }
}

/// A row of divisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DivisionRow {
    /// Its number.
    pub row: u32,
    /// The code.
    pub code: Division,
    /// The name.
    pub name: String,
}

impl DivisionRow {
    /// Reads a row.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(mut fields: Fields<'_>) -> Read<Option<Self>> {
        let code = fields.division("code");
        let name = fields.line("name", 100);
        let row = fields.row();
        fields.done(code.map(|code| Self { row, code, name }))
    }
}

/// A row of organisations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganisationRow {
    /// Its number.
    pub row: u32,
    /// What it is.
    pub kind: OrganisationKind,
    /// Its name.
    pub name: String,
    /// Where it lies.
    pub division: Division,
    /// Its unified social credit code; `None` = what is known stays.
    pub credit_code: Option<String>,
    /// A medical institution's national code; likewise.
    pub institution_code: Option<String>,
}

impl OrganisationRow {
    /// Reads a row.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(mut fields: Fields<'_>) -> Read<Option<Self>> {
        let kind = fields.word("kind");
        let name = fields.line("name", 200);
        let division = fields.division("division");
        let credit_code = fields.maybe_code("credit_code", code::credit);
        let institution_code = fields.maybe_code("institution_code", code::institution);
        if institution_code.is_some() && kind.is_some_and(|kind| kind != OrganisationKind::Hospital)
        {
            let message = "only medical institutions have one";
            fields.refuse("institution_code", "not_applicable", message);
        }
        let row = fields.row();
        let made = kind.zip(division);
        fields.done(made.map(|(kind, division)| Self {
            row,
            kind,
            name,
            division,
            credit_code,
            institution_code,
        }))
    }
}

/// A row of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// Its number.
    pub row: u32,
    /// What they type to sign in, in lower case.
    pub username: String,
    /// Their name.
    pub name: String,
    /// What they may be.
    pub role: Role,
    /// For whom.
    pub organisation: Named,
    /// What the table says of their mail address; `None` = nothing, and so in the next ones.
    pub email: Option<Option<String>>,
    /// Of their phone number.
    pub phone: Option<Option<String>>,
    /// Of the language they are told things in.
    pub language: Option<Language>,
    /// Of the place a manufacturer's person answers for, where `Some(None)` = everywhere.
    pub territory: Option<Option<Division>>,
}

impl UserRow {
    /// Reads a row.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(mut fields: Fields<'_>) -> Read<Option<Self>> {
        let username = fields.line("username", 64).to_lowercase();
        let name = fields.line("name", 100);
        let role: Option<Role> = fields.word("role");
        let organisation = Named::read(&mut fields, "organisation", "organisation_division");
        let email = fields.column("email", Fields::maybe_email);
        let phone = fields.column("phone", Fields::maybe_phone);
        let language = fields.maybe_word("language");
        let territory = fields.column("territory", Fields::maybe_division);
        if territory.flatten().is_some() && role.is_some_and(|role| role != Role::Manufacturer) {
            let message = "only a manufacturer's people answer for a place";
            fields.refuse("territory", "not_applicable", message);
        }
        let row = fields.row();
        let made = role.map(|role| Self {
            row,
            username,
            name,
            role,
            organisation,
            email,
            phone,
            language,
            territory,
        });
        fields.done(made)
    }
}

/// A row of products.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductRow {
    /// Its number.
    pub row: u32,
    /// The province whose catalogue it stands in.
    pub province: Division,
    /// The national code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its dosage form.
    pub form: String,
    /// Its specification and package.
    pub specification: String,
    /// The unit it is counted in.
    pub unit: String,
    /// Who owes its supply.
    pub manufacturer: Named,
}

impl ProductRow {
    /// Reads a row.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(mut fields: Fields<'_>) -> Read<Option<Self>> {
        let code = fields.code("code", code::product);
        let province = fields.division("province");
        if province.is_some_and(|division| division.level() != Level::Province) {
            fields.refuse("province", "division", "a province ends with 0000, like 370000");
        }
        let (name, form) = (fields.line("name", 200), fields.line("form", 200));
        let (specification, unit) = (fields.line("specification", 200), fields.line("unit", 20));
        let manufacturer = Named::read(&mut fields, "manufacturer", "manufacturer_division");
        let row = fields.row();
        let made = province.map(|province| Self {
            row,
            province,
            code,
            name,
            form,
            specification,
            unit,
            manufacturer,
        });
        fields.done(made)
    }
}

/// A code that names a product of the catalogue, which may be older than what codes must look like
/// now: letters and digits, nothing a spreadsheet has made of it.
pub(super) fn product_code(fields: &mut Fields<'_>, column: &'static str) -> String {
    let code = code::folded(&fields.line(column, 64));
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let is_power = code.contains("E+") && code.starts_with(|c: char| c.is_ascii_digit());
    if is_power || !code.chars().all(is_plain) {
        let message = "letters and digits only; format the column as text";
        fields.refuse(column, "product_code", message);
    }
    code
}

/// A row of agreements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreementRow {
    /// Its number.
    pub row: u32,
    /// Who was promised.
    pub hospital: Named,
    /// What, in the catalogue of its province.
    pub product_code: String,
    /// How much.
    pub agreed_quantity: i64,
    /// Who delivers.
    pub distributor: Option<Named>,
}

impl AgreementRow {
    /// Reads a row.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(mut fields: Fields<'_>) -> Read<Option<Self>> {
        let made = Self {
            row: fields.row(),
            hospital: Named::read(&mut fields, "hospital", "hospital_division"),
            product_code: product_code(&mut fields, "product_code"),
            agreed_quantity: fields.number("agreed_quantity", &QUANTITY),
            distributor: Named::maybe(&mut fields, "distributor", "distributor_division"),
        };
        fields.done(Some(made))
    }
}

/// A row of days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayRow {
    /// Its number.
    pub row: u32,
    /// The day.
    pub day: Day,
}

impl DayRow {
    /// Reads a row.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(mut fields: Fields<'_>) -> Read<Option<Self>> {
        let date = fields.date("date");
        let kind: Option<DayKind> = fields.word("kind");
        let (name, source) = (fields.line("name", 100), fields.line("source", 500));
        let row = fields.row();
        let made = kind.map(|kind| Self { row, day: Day { date, kind, name, source } });
        fields.done(made)
    }
}
