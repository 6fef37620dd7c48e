//! Notices go through a mail server and a text-message gateway that misbehave, while replicas are
//! killed at random; at the end every letter has arrived or is a dead letter.
//!
//! The schedule of attempts is shortened in the table: the real one is the simulator's matter.
//!
//! **Never** counts what the service says it sent: receivers say what they have.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::client::Client;
use super::cluster::{Database, Engine, Reader};
use super::gateway::{Fate, Gateway, SECRET};
use super::options::Options;
use super::outbox::{self, Kept};
use super::people::{self, People};
use super::replica::Replica;
use super::report::Report;
use super::smtp::{Script, SmtpSink};

/// Letters that may be under way and not written down on a channel when a replica dies: a batch's
/// share at once, and those that are waited for beside it.
const UNDER_WAY: usize = 16;
/// A lease, and the longest attempt.
const LEASE: Duration = Duration::from_secs(150);

/// Who sends, and to whom.
struct Stage {
    database: Database,
    reader: Reader,
    mail: SmtpSink,
    gateway: Gateway,
    replicas: Vec<Replica>,
    kills: usize,
}

impl Stage {
    async fn replica(&self) -> Replica {
        let settings = [
            ("SUPPLYLINE_SMTP_URL", self.mail.url.as_str()),
            ("SUPPLYLINE_MAIL_FROM", "supplyline@example.org"),
            ("SUPPLYLINE_SMS_WEBHOOK_URL", self.gateway.url.as_str()),
            ("SUPPLYLINE_SMS_WEBHOOK_SECRET", SECRET),
        ];
        let started = Replica::start_with(&self.database, &settings).await;
        started.unwrap_or_else(|problem| panic!("{problem}"))
    }

    /// One dies and is started again; nobody else can have claimed anything where it was alone.
    async fn kill(&mut self, index: usize) {
        self.replicas[index].kill();
        self.kills += 1;
        if self.replicas.len() == 1 {
            outbox::end_leases(&self.reader).await;
        }
        self.replicas[index] = self.replica().await;
    }
}

fn scripts(random: &mut StdRng) -> Vec<Script> {
    let mut scripts: Vec<Script> = (0..600)
        .map(|_| match random.random_range(0..20) {
            0 => Script::CutInData,
            1 => Script::RejectRcpt(450),
            2 => Script::RejectRcpt(550),
            3 => Script::RejectData(452),
            4 => Script::TempFail(421),
            5 => Script::TempFail(451),
            6 | 7 => Script::AcceptThenDrop,
            8 if random.random_ratio(1, 4) => Script::Stall,
            _ => Script::Accept,
        })
        .collect();
    scripts.push(Script::Accept);
    scripts
}

pub(crate) async fn run(options: &Options, engine: Engine, report: &mut Report) {
    let tickets: usize = options.number("tickets", 24, 1_000);
    let mut random = StdRng::seed_from_u64(options.seed);
    let database = Database::filled(engine).await;
    let reader = database.connect().await;
    report.engine_version(reader.version().await);
    let (mail, gateway) = (SmtpSink::spawn().await, Gateway::open(options.seed, 40).await);
    mail.set_scripts(&scripts(&mut random));
    let replicas = Vec::new();
    let mut stage = Stage { database, reader, mail, gateway, replicas, kills: 0 };
    for _ in 0..(if engine == Engine::Postgres { 3 } else { 1 }) {
        let replica = stage.replica().await;
        stage.replicas.push(replica);
    }
    let people = People::sign_in(stage.replicas[0].address).await;
    for number in 0..tickets {
        let index = random.random_range(0..stage.replicas.len());
        let request = people::filing(&people.hospital, &format!("n-{number}"));
        let answer = Client::to(stage.replicas[index].address).send(&request).await;
        if !answer.as_ref().is_ok_and(super::client::Answer::is_ok) {
            report.violated(format!("a filing was not answered: {answer:?}"));
        }
        outbox::hasten(&stage.reader).await;
        if random.random_ratio(1, 4) {
            let wait = Duration::from_millis(random.random_range(100..1_200));
            tokio::time::sleep(wait).await;
            let index = random.random_range(0..stage.replicas.len());
            stage.kill(index).await;
        }
    }
    drain(&mut stage, report).await;
    judge(&stage, report).await;
}

/// Lets everything leave; leases of the dead end by themselves, or when all are dead.
async fn drain(stage: &mut Stage, report: &mut Report) {
    stage.gateway.set_trouble(5);
    let begun = Instant::now();
    if stage.replicas.len() > 1 {
        stage.replicas.iter_mut().for_each(Replica::kill);
        stage.kills += stage.replicas.len();
        outbox::end_leases(&stage.reader).await;
        for index in 0..stage.replicas.len() {
            stage.replicas[index] = stage.replica().await;
        }
    }
    while outbox::queued(&stage.reader).await > 0 {
        if begun.elapsed() > LEASE {
            report.violated("letters still wait after more than a lease".to_owned());
            return;
        }
        outbox::hasten(&stage.reader).await;
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

/// What receivers have, by id, and how much of it they took without saying so.
struct Taken {
    mails: HashMap<String, usize>,
    texts: HashMap<String, usize>,
    unseen: usize,
}

async fn judge(stage: &Stage, report: &mut Report) {
    let kept = outbox::letters(&stage.reader, "n-").await;
    let all = outbox::letters(&stage.reader, "").await;
    let requests = stage.gateway.requests();
    let taken = requests.iter().filter(|(_, fate)| *fate != Fate::Refused);
    let texts = taken.map(|(id, _)| id.trim_start_matches("msg_").to_owned());
    let mails = stage.mail.messages();
    let unseen = requests.iter().filter(|(_, fate)| *fate == Fate::TakenUnseen).count();
    let taken = Taken {
        texts: outbox::counted(texts),
        mails: outbox::counted(mails.iter().map(|mail| outbox::message_id(&mail.raw))),
        unseen,
    };
    let of = |letter: &Kept| match letter.channel.as_str() {
        "mail" => taken.mails.get(&letter.id).copied().unwrap_or_default(),
        _ => taken.texts.get(&letter.id).copied().unwrap_or_default(),
    };
    let (mut lost, mut repeats) = (0_usize, 0);
    for letter in &kept {
        repeats += of(letter).saturating_sub(1);
        if letter.state == "sent" && of(letter) == 0 {
            lost += 1;
            report.violated(format!("marked as sent, and nobody has it: {letter:?}"));
        }
    }
    let accepted: usize = taken.mails.values().chain(taken.texts.values()).sum();
    let most = stage.kills * 2 * UNDER_WAY + taken.unseen;
    if repeats > most {
        report.violated(format!("{repeats} repeats; kills and broken answers explain {most}"));
    }
    let known = all.iter().filter(|letter| of(letter) > 0).count();
    let ids = taken.mails.len() + taken.texts.len();
    let bulletins = stage.reader.number("select count(*) from delivery where ticket_id is null");
    let foreign = ids.saturating_sub(known + usize::try_from(bulletins.await).unwrap_or_default());
    if foreign > 0 {
        report.violated(format!("{foreign} letters arrived under ids that nobody derived"));
    }
    let dead = kept.iter().filter(|letter| letter.state == "failed").count();
    report.figure("letters", kept.len());
    report.figure("kills", stage.kills);
    report.figure("requests to the gateway", requests.len());
    report.figure("connections to the mail server", stage.mail.connections());
    report.figure("taken by receivers", accepted);
    report.figure("taken without saying so", taken.unseen);
    report.figure("dead letters", dead);
    report.figure("never delivered and no dead letter", lost);
    report.figure("repeats, each under the id of the first", repeats);
    report.figure("repeats per 1000 taken", repeats * 1_000 / accepted.max(1));
}
