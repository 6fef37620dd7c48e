//! Points that are come to from the command line, and what repeating the command does.
//!
//! **Never** calls a command repeated unless the same words were given again.

use std::path::Path;
use std::time::Duration;

use supplyline::crash::Point;

use super::super::cluster::{Database, Engine, Reader};
use super::super::replica::Replica;
use super::super::truth::{self, Scope};
use super::{Judged, says};

/// What is done at the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    Migrate,
    MakeKey,
    CreatePerson,
    Import,
    Hold,
    Backup,
    Restore,
}

impl Command {
    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Migrate | Self::MakeKey => &["migrate"],
            Self::CreatePerson => &[
                "user",
                "create",
                "--username",
                "crash-nurse",
                "--name",
                "王敏",
                "--role",
                "hospital",
                "--organisation",
                "示例县人民医院",
                "--division",
                "371002",
            ],
            Self::Import => &["import", "organisations", "table.csv"],
            Self::Hold => &["hold", "--reason", "维护"],
            Self::Backup => &["backup", "saved"],
            Self::Restore => &["restore", "saved"],
        }
    }

    /// True when it begins with nothing.
    fn is_on_empty(self) -> bool {
        matches!(self, Self::Migrate | Self::MakeKey | Self::Restore)
    }
}

pub(super) async fn at(point: Point, command: Command, engine: Engine) -> Judged {
    let database = match command.is_on_empty() {
        true => Database::empty(engine).await,
        false => Database::overdue(engine).await,
    };
    prepare(command, &database).await?;
    let key = database.folder().join("crash.key").display().to_string();
    let mut settings = vec![("SUPPLYLINE_CRASH_AT", point.name())];
    if command == Command::MakeKey {
        settings.push(("SUPPLYLINE_KEY_FILE", &key));
    }
    let stopped = database.spawn(command.words(), &settings);
    says(|| stopped.log(), &format!("stopped at {}", point.name())).await?;
    drop(stopped);
    let (code, said) = database.command(command.words());
    let mut violations = Vec::new();
    let is_refused = match (command, point) {
        // Done, and told to whoever asks again.
        (Command::CreatePerson, _) => said.contains("is taken"),
        (Command::Backup, Point::BackupNamed) => said.contains("is there already"),
        (_, _) => false,
    };
    if code != Some(0) && !is_refused {
        violations.push(format!("{:?} again: {code:?}: {said}", command.words()));
    }
    if command == Command::Backup {
        violations.extend(restorable(&database).await);
    }
    let mut service = Replica::start_with(&database, &[]).await?;
    let took: Duration = service.took;
    service.kill();
    let reader = database.connect().await;
    violations.extend(once(command, &reader).await);
    violations.extend(truth::halves(&reader, &Scope::All).await);
    violations.extend(truth::integrity(&reader, &database).await);
    Ok((violations, took))
}

async fn prepare(command: Command, database: &Database) -> Result<(), String> {
    match command {
        Command::Import => {
            let table = "机构类别,机构名称,行政区划代码\n医疗机构,示例县人民医院,371002\n医疗机构,示例县中医院,371002\n";
            let written = std::fs::write(database.folder().join("table.csv"), table);
            written.map_err(|error| error.to_string())
        }
        Command::Restore => {
            let source = Database::overdue(Engine::Sqlite).await;
            let (code, said) = source.command(&["backup", "saved"]);
            if code != Some(0) {
                return Err(said);
            }
            for name in ["saved", "supplyline.key"] {
                copy(source.folder(), database.folder(), name)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn copy(from: &Path, to: &Path, name: &str) -> Result<(), String> {
    let copied = std::fs::copy(from.join(name), to.join(name));
    copied.map(drop).map_err(|error| format!("{name}: {error}"))
}

/// A backup that has its name can be restored.
async fn restorable(database: &Database) -> Vec<String> {
    let other = Database::empty(Engine::Sqlite).await;
    if let Err(problem) = copy(database.folder(), other.folder(), "saved") {
        return vec![problem];
    }
    match other.command(&["restore", "saved"]) {
        (Some(0), _) => Vec::new(),
        (code, said) => vec![format!("the backup cannot be restored: {code:?}: {said}")],
    }
}

/// What the command does is there once.
async fn once(command: Command, reader: &Reader) -> Vec<String> {
    let (sql, expected) = match command {
        Command::CreatePerson => {
            ("select count(*) from app_user where username = 'crash-nurse'", 1)
        }
        Command::Import => ("select count(*) from organisation where name like '示例县%'", 2),
        Command::Hold => ("select count(*) from setting where name = 'hold'", 1),
        Command::Restore => ("select count(*) from setting where name = 'hold'", 1),
        _ => return Vec::new(),
    };
    match reader.number(sql).await {
        found if found == expected => Vec::new(),
        found => vec![format!("{found} instead of {expected}: {sql}")],
    }
}
