//! The sample province: real divisions and codes, invented parties.
//!
//! **Never** names a real hospital or company.

use std::collections::HashMap;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::PASSWORD;
use crate::domain::id::{OrganisationId, ProductId, UserId};
use crate::domain::party::{Division, Language, Organisation, OrganisationKind, Role};
use crate::service::accounts::hash_password;
use crate::shipped;
use crate::store::accounts::{self, NewUser};
use crate::store::catalogue::{self, Agreement, Product};
use crate::store::{self, Store};

#[derive(Debug, Deserialize)]
struct OrganisationRow {
    code: String,
    kind: OrganisationKind,
    name: String,
    division: Division,
}

#[derive(Debug, Deserialize)]
struct UserRow {
    username: String,
    name: String,
    role: Role,
    organisation_code: String,
    email: String,
    phone: String,
    language: Language,
}

#[derive(Debug, Deserialize)]
struct ProductRow {
    code: String,
    name: String,
    form: String,
    specification: String,
    unit: String,
    manufacturer_code: String,
    distributor_code: String,
    agreed_quantity: i64,
}

/// What the replay needs to know of the province.
#[derive(Debug)]
pub(super) struct Province {
    pub(super) organisations: usize,
    pub(super) users: usize,
    pub(super) products: usize,
    /// By the organisation's code.
    pub(super) people: HashMap<String, Person>,
    /// The organisation's code by its id.
    pub(super) codes: HashMap<OrganisationId, String>,
    /// Manufacturer's code by product code.
    pub(super) makers: HashMap<String, String>,
    /// Bureau's code of the city by hospital code.
    pub(super) bureaus: HashMap<String, String>,
}

/// Somebody who acts for an organisation.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) username: String,
    pub(super) name: String,
    pub(super) phone: String,
}

pub(super) async fn load(store: &Store, at: DateTime<Utc>) -> anyhow::Result<Province> {
    let organisations: Vec<OrganisationRow> = rows("demo/organisations.csv")?;
    let users: Vec<UserRow> = rows("demo/users.csv")?;
    let products: Vec<ProductRow> = rows("demo/products.csv")?;
    let ids: HashMap<String, OrganisationId> = organisations
        .iter()
        .map(|row| (row.code.clone(), OrganisationId(Uuid::now_v7())))
        .collect();
    let id = |code: &str| ids.get(code).copied().with_context(|| format!("no organisation {code}"));
    // One hash for all: the password is printed on the screen anyway.
    let hash = tokio::task::spawn_blocking(|| hash_password(PASSWORD)).await??;
    let people = users
        .iter()
        .map(|row| new_user(row, id(&row.organisation_code)?, &hash))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let shelf = products
        .iter()
        .map(|row| Ok(new_product(row, id(&row.manufacturer_code)?)))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let mut agreements = Vec::new();
    for hospital in organisations.iter().filter(|row| row.kind == OrganisationKind::Hospital) {
        for (row, product) in products.iter().zip(&shelf) {
            let agreement = Agreement {
                product: product.id,
                distributor: Some(id(&row.distributor_code)?),
                agreed_quantity: row.agreed_quantity,
            };
            agreements.push((id(&hospital.code)?, agreement));
        }
    }
    let houses = organisations
        .iter()
        .map(|row| Ok(organisation(row, id(&row.code)?)))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let shandong = Division::parse("370000")?;
    store
        .write(move |tx| {
            let (houses, people) = (houses.clone(), people.clone());
            let (shelf, agreements) = (shelf.clone(), agreements.clone());
            Box::pin(async move {
                accounts::insert_organisations(tx, &houses, at).await?;
                accounts::insert_users(tx, &people, at).await?;
                catalogue::insert(tx, shandong, &shelf).await?;
                catalogue::insert_agreements(tx, &agreements).await?;
                Ok::<_, store::Error>(())
            })
        })
        .await?;
    Ok(province(&organisations, &users, &products, &ids))
}

fn province(
    organisations: &[OrganisationRow],
    users: &[UserRow],
    products: &[ProductRow],
    ids: &HashMap<String, OrganisationId>,
) -> Province {
    let mut people: HashMap<String, Person> = HashMap::new();
    for row in users {
        people.entry(row.organisation_code.clone()).or_insert_with(|| Person {
            username: row.username.clone(),
            name: row.name.clone(),
            phone: row.phone.clone(),
        });
    }
    let bureau_of = |division: Division| {
        let is_there = |row: &&OrganisationRow| {
            row.kind == OrganisationKind::Bureau && row.division == division.city()
        };
        organisations.iter().find(is_there).map(|row| row.code.clone())
    };
    let hospitals = organisations.iter().filter(|row| row.kind == OrganisationKind::Hospital);
    Province {
        organisations: organisations.len(),
        users: users.len(),
        products: products.len(),
        codes: ids.iter().map(|(code, id)| (*id, code.clone())).collect(),
        makers: products.iter().map(|p| (p.code.clone(), p.manufacturer_code.clone())).collect(),
        bureaus: hospitals
            .filter_map(|row| Some((row.code.clone(), bureau_of(row.division)?)))
            .collect(),
        people,
    }
}

fn rows<T: DeserializeOwned>(name: &str) -> anyhow::Result<Vec<T>> {
    let text = shipped::text(name)?;
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .with_context(|| format!("{name} cannot be read"))
}

fn organisation(row: &OrganisationRow, id: OrganisationId) -> Organisation {
    Organisation { id, kind: row.kind, name: row.name.clone(), division: row.division }
}

fn new_user(row: &UserRow, organisation: OrganisationId, hash: &str) -> anyhow::Result<NewUser> {
    Ok(NewUser {
        id: UserId(Uuid::now_v7()),
        organisation,
        username: row.username.clone(),
        name: row.name.clone(),
        role: row.role,
        email: Some(row.email.clone()),
        phone: Some(row.phone.clone()),
        language: row.language,
        territory: None,
        password_hash: hash.to_owned(),
    })
}

fn new_product(row: &ProductRow, manufacturer: OrganisationId) -> Product {
    Product {
        id: ProductId(Uuid::now_v7()),
        code: row.code.clone(),
        name: row.name.clone(),
        form: row.form.clone(),
        specification: row.specification.clone(),
        unit: row.unit.clone(),
        manufacturer,
    }
}
