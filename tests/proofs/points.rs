//! The program stops at a named point and is killed exactly there; then it starts again, what was
//! left unanswered is sent again, and everything must be there once and whole.
//!
//! **Never** counts a point that was not reached as passed.

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use serde_json::json;
use supplyline::crash::Point;

use super::client::{Client, Request};
use super::cluster::{self, Database, Engine, Reader};
use super::options::Options;
use super::people::{self, Deed, People};
use super::replica::Replica;
use super::report::Report;
use super::truth::{self, Scope};

mod commands;

/// Every mark begins with it.
const PREFIX: &str = "p-";
/// A point is reached so soon, or never; recurring jobs are looked at every ten seconds.
const PATIENCE: Duration = Duration::from_secs(45);
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// Points looked at beside each other: they wait more than they work.
const AT_ONCE: usize = 3;

/// What makes the program come to a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Drive {
    /// A person does this to a ticket.
    Deed(Deed),
    /// Somebody signs in.
    SignIn,
    /// An administrator changes the calendar.
    Edit,
    /// Nobody: the service starts, and finds deadlines passed and notices waiting.
    Serve,
    /// Nobody: recurring jobs are due.
    Jobs,
    /// Somebody at the command line.
    Command(commands::Command),
}

/// How it is come to, and whether what was sent is then done already.
fn drive_of(point: Point) -> (Drive, Option<bool>) {
    use commands::Command;
    match point {
        Point::FilingKnown | Point::FilingBegun | Point::FilingWritten | Point::FilingLogged => {
            (Drive::Deed(Deed::File), Some(false))
        }
        Point::KeyBefore | Point::KeyKept => (Drive::Deed(Deed::File), Some(false)),
        Point::FilingCommitted => (Drive::Deed(Deed::File), Some(true)),
        Point::ActBegun | Point::ActDecided | Point::ActWritten => {
            (Drive::Deed(Deed::Reply), Some(false))
        }
        Point::ActCommitted => (Drive::Deed(Deed::Reply), Some(true)),
        Point::FileArrived | Point::FileKept | Point::FileWritten => {
            (Drive::Deed(Deed::Attach), Some(false))
        }
        Point::FileCommitted => (Drive::Deed(Deed::Attach), Some(true)),
        Point::SessionCommitted => (Drive::SignIn, None),
        Point::ReplanBegun | Point::ReplanMidway | Point::ReplanWritten => {
            (Drive::Edit, Some(false))
        }
        Point::ReplanCommitted => (Drive::Edit, Some(true)),
        Point::WriteWaits | Point::WriteBegun | Point::WriteDone | Point::WriteCommitted => {
            (Drive::Serve, None)
        }
        Point::SweepRead | Point::SweepDecided | Point::SweepWritten | Point::SweepCommitted => {
            (Drive::Serve, None)
        }
        Point::DeliveryClaimed
        | Point::DeliveryUnsent
        | Point::DeliverySent
        | Point::DeliveryFinished => (Drive::Serve, None),
        Point::LinkWritten
        | Point::LinkCommitted
        | Point::CheckpointDue
        | Point::CheckpointWritten => (Drive::Serve, None),
        Point::TickClaimed | Point::TickDone => (Drive::Jobs, None),
        Point::PersonCommitted => (Drive::Command(Command::CreatePerson), None),
        Point::Migrated | Point::Seeded => (Drive::Command(Command::Migrate), None),
        Point::KeyFileMade => (Drive::Command(Command::MakeKey), None),
        Point::ImportWritten | Point::ImportCommitted => (Drive::Command(Command::Import), None),
        Point::HoldCommitted => (Drive::Command(Command::Hold), None),
        Point::BackupUnnamed | Point::BackupNamed => (Drive::Command(Command::Backup), None),
        Point::RestoreStaged | Point::RestoreHalf => (Drive::Command(Command::Restore), None),
    }
}

fn is_for_sqlite_alone(point: Point) -> bool {
    let (drive, _) = drive_of(point);
    matches!(drive, Drive::Command(commands::Command::Backup | commands::Command::Restore))
}

pub(crate) async fn run(options: &Options, engine: Engine, report: &mut Report) {
    if !cfg!(any(debug_assertions, feature = "crash-points")) {
        println!("  LEFT OUT: this build has no points; add --features crash-points");
        return;
    }
    let chosen = chosen(options, engine);
    let repeats: usize = options.number("repeats", 1, 20);
    let database = Database::overdue(engine).await;
    report.engine_version(database.connect().await.version().await);
    let mut runs = Vec::new();
    for point in chosen.iter().copied() {
        runs.extend((0..repeats).map(|_| at(point, engine)));
    }
    let mut runs = futures::stream::iter(runs).buffer_unordered(AT_ONCE);
    let (mut kills, mut restarts) = (0, Vec::new());
    while let Some((violations, took)) = runs.next().await {
        kills += 1;
        restarts.extend(took);
        report.violated_all(violations);
    }
    report.figure("points of the program", Point::ALL.len());
    report.figure("points killed at", chosen.len());
    report.figure("kills", kills);
    report.milliseconds("from restart to ready, ms", &restarts);
    let names: Vec<_> = chosen.iter().map(|point| point.name()).collect();
    report.figure("points", names);
}

/// All of them; in the short version every other one, and the rest on the other database.
fn chosen(options: &Options, engine: Engine) -> Vec<Point> {
    let is_alone = !cluster::has_postgres();
    let is_mine = |(index, point): (usize, Point)| {
        if let Some(name) = options.text("point") {
            return point.name() == name;
        }
        if is_for_sqlite_alone(point) {
            return engine == Engine::Sqlite;
        }
        let is_even = (u64::try_from(index).unwrap_or_default() + options.seed).is_multiple_of(2);
        super::is_long(options) || is_alone || is_even == (engine == Engine::Sqlite)
    };
    let all = Point::ALL.iter().copied().enumerate();
    all.filter(|one| is_mine(*one)).map(|(_, point)| point).collect()
}

/// Kills at one point; gives what was violated, and how long the restart took.
async fn at(point: Point, engine: Engine) -> (Vec<String>, Option<Duration>) {
    let (drive, is_done) = drive_of(point);
    let done = match drive {
        Drive::Command(command) => commands::at(point, command, engine).await,
        _ => served(point, (drive, is_done), engine).await,
    };
    let named = |what: String| format!("{}: {what}", point.name());
    match done {
        Ok((violations, took)) => (violations.into_iter().map(named).collect(), Some(took)),
        Err(problem) => (vec![named(problem)], None),
    }
}

type Judged = Result<(Vec<String>, Duration), String>;

async fn served(point: Point, (drive, is_done): (Drive, Option<bool>), engine: Engine) -> Judged {
    let database = Database::overdue(engine).await;
    let reader = database.connect().await;
    if drive == Drive::Jobs {
        make_due(&reader).await;
    }
    let crash = [("SUPPLYLINE_CRASH_AT", point.name())];
    let mut service = Replica::spawn(&database, &crash);
    let said = format!("stopped at {}", point.name());
    let left = match drive {
        Drive::Serve | Drive::Jobs => None,
        Drive::SignIn => {
            service.ready().await?;
            let request = people::signing_in("hospital");
            drop(Client::to(service.address).within(LOOK_AGAIN * 100).send(&request).await);
            None
        }
        Drive::Deed(deed) => Some(begun(&mut service, deed).await?),
        _ => Some(edited(&mut service).await?),
    };
    let request = left.clone();
    let address = service.address;
    let sent = async {
        if let Some(request) = request {
            drop(Client::to(address).send(&request).await);
        }
        // Its answer does not come; if it does, the point was missed.
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = sent => {}
        reached = says(|| service.log(), &said) => reached?,
    }
    service.kill();
    let mut violations = Vec::new();
    let mut service = Replica::start_with(&database, &[]).await?;
    if let Some(request) = &left {
        violations.extend(again(&service, request, is_done).await);
    }
    if drive == Drive::SignIn {
        people::sign_in(service.address, "hospital").await;
    }
    settled(&service).await?;
    let took = service.took;
    service.kill();
    violations.extend(judged(&reader, &database, left.as_ref()).await);
    Ok((violations, took))
}

/// Waits until a process has said something.
async fn says(log: impl Fn() -> String, said: &str) -> Result<(), String> {
    let begun = Instant::now();
    while !log().contains(said) {
        if begun.elapsed() > PATIENCE {
            return Err(format!("the point was not reached; the log says: {}", log()));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Ok(())
}

/// Recurring jobs were done last two days ago.
async fn make_due(reader: &Reader) {
    let then = chrono::Utc::now() - chrono::TimeDelta::days(2);
    let then = then.format("%Y-%m-%dT00:00:00+00:00");
    let nobody = reader.literal("00000000-0000-0000-0000-000000000000");
    for job in ["digest", "shortages", "calendar", "policies", "contacts", "retention"] {
        let row = format!("'{job}', '{then}', {nobody}, '{then}', '{then}'");
        let columns = "job, due_at, claimed_by, claimed_until, done_at";
        reader.execute(&format!("insert into tick ({columns}) values ({row})")).await;
    }
}

/// What comes before a deed is done; gives its request.
async fn begun(service: &mut Replica, deed: Deed) -> Result<Request, String> {
    service.ready().await?;
    let people = People::sign_in(service.address).await;
    let mark = format!("{PREFIX}{deed:?}");
    if deed == Deed::File {
        return Ok(deed.request(&people, "", &mark));
    }
    let ticket = filed(service, &people).await?;
    Ok(deed.request(&people, &ticket, &mark))
}

async fn filed(service: &Replica, people: &People) -> Result<String, String> {
    let request = Deed::File.request(people, "", &format!("{PREFIX}before"));
    let answer = Client::to(service.address).send(&request).await;
    let answer = answer.map_err(|_lost| "a ticket could not be filed".to_owned())?;
    let id = answer.json()["id"].as_str().map(str::to_owned);
    id.ok_or_else(|| format!("a ticket was not filed: {}", answer.text()))
}

/// The request by which an administrator declares a rest day that moves deadlines.
async fn edited(service: &mut Replica) -> Result<Request, String> {
    service.ready().await?;
    filed(service, &People::sign_in(service.address).await).await?;
    let token = people::sign_in(service.address, "admin").await;
    let mut client = Client::to(service.address);
    let lost = |_lost| "the service does not answer".to_owned();
    let calendars = client.get("/api/v1/calendars", &token).await.map_err(lost)?.json();
    let nation = calendars["items"][0]["id"].as_str().ok_or("there is no calendar")?;
    let body = json!({ "kind": "rest", "source": "鲁政办字〔2026〕1号", "reason": "台风" });
    for ahead in 1..10 {
        let day = (chrono::Utc::now() + chrono::TimeDelta::days(ahead)).date_naive();
        let path = format!("/api/v1/calendars/{nation}/days/{day}");
        let mut request = Request::post(path, &token, format!("{PREFIX}edit"), &body);
        request.method = "PUT";
        let mut preview = request.clone();
        preview.path.push_str("?dry_run=true");
        preview.key = None;
        let seen = client.send(&preview).await.map_err(lost)?.json();
        let is_plain = seen["doubts"].as_array().is_some_and(Vec::is_empty);
        if is_plain && seen["impact"]["moved"].as_u64().unwrap_or_default() > 0 {
            return Ok(request);
        }
    }
    Err("no rest day in the next days moves a deadline".to_owned())
}

/// Sends again what was left unanswered: it is answered now, as done before or not.
async fn again(service: &Replica, request: &Request, is_done: Option<bool>) -> Vec<String> {
    match Client::to(service.address).send(request).await {
        Err(_lost) => vec!["sent again, it was not answered".to_owned()],
        Ok(answer) if !answer.is_ok() => {
            vec![format!("sent again, it was refused: {} {}", answer.status, answer.text())]
        }
        Ok(answer) if is_done.is_some_and(|done| done != answer.is_replayed()) => {
            vec![format!("sent again, replayed is {}", answer.is_replayed())]
        }
        Ok(_) => Vec::new(),
    }
}

/// Waits until nothing is due: what was interrupted is taken up again.
async fn settled(service: &Replica) -> Result<(), String> {
    let begun = Instant::now();
    loop {
        let figures = Client::to(service.address).get("/metrics", "").await;
        let text = figures.map(|figures| figures.text()).unwrap_or_default();
        if text.lines().any(|line| line == "supplyline_tickets_due 0") {
            return Ok(());
        }
        if begun.elapsed() > PATIENCE {
            return Err("tickets stay due".to_owned());
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Everything once, everything whole.
async fn judged(reader: &Reader, database: &Database, sent: Option<&Request>) -> Vec<String> {
    let mut violations = truth::halves(reader, &Scope::All).await;
    let marks = truth::marks(reader, &Scope::All, PREFIX).await;
    for ((mark, event), times) in &marks {
        if *times != 1 {
            violations.push(format!("{mark} {event}: {times} times"));
        }
    }
    let key = sent.and_then(|request| request.key.clone()).unwrap_or_default();
    let is_edit = key == format!("{PREFIX}edit");
    if !key.is_empty() && !is_edit && !marks.keys().any(|(mark, _)| *mark == key) {
        violations.push(format!("{key} is not there"));
    }
    if is_edit {
        let edits = reader.number("select count(*) from calendar_edit").await;
        let batches = "select count(*) from replan_batch where state = 'applied'";
        let batches = reader.number(batches).await;
        let counted = reader.number("select count(*) from replan_entry").await;
        if (edits, batches) != (1, 1) || counted == 0 {
            violations.push(format!("{edits} edits, {batches} batches, {counted} counted again"));
        }
    }
    violations.extend(truth::files(reader, database, PREFIX).await);
    violations.extend(truth::integrity(reader, database).await);
    violations
}
