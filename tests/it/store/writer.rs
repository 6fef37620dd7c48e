//! Writing: all or nothing, each for itself, and only true once it is on disk.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use futures::poll;
use sea_orm::DatabaseTransaction;
use supplyline::store::{Company, Error, rulebook, setting};
use tokio::sync::Semaphore;

use crate::support::db::{TestDb, both, sqlite_only};

both! {
    sixty_four_writers_at_once_all_succeed,
    work_that_fails_or_panics_undoes_itself_alone,
    what_was_written_can_be_read_at_once,
    reading_does_not_wait_with_those_who_wait_for_the_rules,
}
sqlite_only! {
    nobody_hears_of_success_before_the_shared_commit,
    a_command_does_not_see_what_its_neighbour_undid,
    what_wants_nobody_before_it_sees_all_on_disk,
    the_first_that_fails_takes_nobody_with_it,
}

async fn kept(db: &TestDb, name: &str) -> Option<String> {
    setting::find(db.store.read_unscoped(), name).await.expect("the database answers")
}

async fn put(db: &TestDb, name: &str) -> Result<(), Error> {
    let name = name.to_owned();
    db.store
        .write(move |tx| {
            let name = name.clone();
            Box::pin(async move { setting::set(tx, &name, "yes".to_owned()).await })
        })
        .await
}

async fn sixty_four_writers_at_once_all_succeed(db: TestDb) {
    let names: Vec<String> = (0..64).map(|i| format!("writer {i}")).collect();
    for outcome in join_all(names.iter().map(|name| put(&db, name))).await {
        outcome.expect("written");
    }
    for name in &names {
        assert_eq!(kept(&db, name).await.as_deref(), Some("yes"), "{name}");
    }
}

/// How the work of [`work_that_fails_or_panics_undoes_itself_alone`] ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Well,
    Error,
    Panic,
    PanicAtOnce,
    BrokenStatement,
}

async fn ending(db: &TestDb, number: usize, end: End) -> Result<(), Error> {
    db.store
        .write(move |tx| {
            assert!(end != End::PanicAtOnce, "a panic before the work began: part of the test");
            Box::pin(async move {
                setting::set(tx, &format!("ending {number}"), "yes".to_owned()).await?;
                match end {
                    End::Well | End::PanicAtOnce => Ok(()),
                    End::Error => Err(Error::Unusable("on purpose".to_owned())),
                    End::Panic => panic!("a panic in the work: part of the test"),
                    End::BrokenStatement => broken(tx).await,
                }
            })
        })
        .await
}

async fn broken(tx: &DatabaseTransaction) -> Result<(), Error> {
    use sea_orm::ConnectionTrait as _;
    tx.execute_unprepared("insert into no_such_table values (1)").await?;
    Ok(())
}

async fn work_that_fails_or_panics_undoes_itself_alone(db: TestDb) {
    const ENDS: [End; 5] =
        [End::Error, End::Well, End::Panic, End::PanicAtOnce, End::BrokenStatement];
    let all: Vec<(usize, End)> = ENDS.into_iter().cycle().take(40).enumerate().collect();
    let outcomes = join_all(all.iter().map(|(number, end)| ending(&db, *number, *end))).await;
    for ((number, end), outcome) in all.into_iter().zip(outcomes) {
        match end {
            End::Well => outcome.expect("written"),
            End::Error => assert!(matches!(outcome, Err(Error::Unusable(_))), "{outcome:?}"),
            End::Panic | End::PanicAtOnce => {
                assert!(matches!(outcome, Err(Error::Abandoned(_))), "{outcome:?}");
            }
            End::BrokenStatement => {
                assert!(matches!(outcome, Err(Error::Driver(_))), "{outcome:?}");
            }
        }
        let is_kept = kept(&db, &format!("ending {number}")).await.is_some();
        assert_eq!(is_kept, end == End::Well, "number {number}");
    }
    put(&db, "afterwards").await.expect("the writer lives on");
}

async fn what_was_written_can_be_read_at_once(db: TestDb) {
    for number in 0..50 {
        let name = format!("fact {number}");
        put(&db, &name).await.expect("written");
        assert!(kept(&db, &name).await.is_some(), "{name}");
    }
}

/// Work that says when it has begun and goes on when it is let.
#[derive(Clone)]
struct Gate {
    begun: Arc<Semaphore>,
    open: Arc<Semaphore>,
}

impl Gate {
    fn shut() -> Self {
        Self { begun: Arc::new(Semaphore::new(0)), open: Arc::new(Semaphore::new(0)) }
    }

    async fn pass(&self) {
        self.begun.add_permits(1);
        self.open.acquire().await.expect("not closed").forget();
    }

    async fn has_begun(&self) {
        self.begun.acquire().await.expect("not closed").forget();
    }

    fn open(&self) {
        self.open.add_permits(1);
    }
}

async fn waiting_at(db: &TestDb, gate: Gate) -> Result<(), Error> {
    db.store
        .write(move |_| {
            let gate = gate.clone();
            Box::pin(async move {
                gate.pass().await;
                Ok(())
            })
        })
        .await
}

async fn nobody_hears_of_success_before_the_shared_commit(db: TestDb) {
    let (first, last) = (Gate::shut(), Gate::shut());
    // The first keeps the writer busy until the others wait, so that all three share a commit.
    let mut opening = Box::pin(waiting_at(&db, first.clone()));
    assert!(poll!(&mut opening).is_pending());
    first.has_begun().await;
    let mut quick = Box::pin(put(&db, "quick"));
    let mut closing = Box::pin(waiting_at(&db, last.clone()));
    assert!(poll!(&mut quick).is_pending());
    assert!(poll!(&mut closing).is_pending());
    first.open();

    last.has_begun().await;
    assert!(poll!(&mut opening).is_pending(), "its commit is not on disk");
    assert!(poll!(&mut quick).is_pending(), "its commit is not on disk");
    assert_eq!(kept(&db, "quick").await, None);
    last.open();
    for outcome in [opening.await, quick.await, closing.await] {
        outcome.expect("written");
    }
    assert_eq!(kept(&db, "quick").await.as_deref(), Some("yes"));
}

async fn a_command_does_not_see_what_its_neighbour_undid(db: TestDb) {
    let gate = Gate::shut();
    let mut opening = Box::pin(waiting_at(&db, gate.clone()));
    assert!(poll!(&mut opening).is_pending());
    gate.has_begun().await;
    let (mut good, mut bad) =
        (Box::pin(ending(&db, 1, End::Well)), Box::pin(ending(&db, 2, End::Error)));
    let look = db.store.write(|tx| {
        Box::pin(async move {
            let (good, bad) =
                (setting::find(tx, "ending 1").await?, setting::find(tx, "ending 2").await?);
            Ok::<_, Error>((good.is_some(), bad.is_some()))
        })
    });
    let mut look = Box::pin(look);
    assert!(poll!(&mut good).is_pending() && poll!(&mut bad).is_pending());
    assert!(poll!(&mut look).is_pending());
    gate.open();
    assert_eq!(look.await.expect("looked"), (true, false));
    good.await.expect("written");
    bad.await.expect_err("undone");
    opening.await.expect("written");
}

async fn what_wants_nobody_before_it_sees_all_on_disk(db: TestDb) {
    let gate = Gate::shut();
    let mut opening = Box::pin(waiting_at(&db, gate.clone()));
    assert!(poll!(&mut opening).is_pending());
    gate.has_begun().await;
    let mut before = Box::pin(put(&db, "before"));
    let (store, seen) = (db.store.clone(), |found: Option<String>| found.is_some());
    let look = db.store.write_in(Company::NobodyBefore, move |tx| {
        let store = store.clone();
        Box::pin(async move {
            setting::set(tx, "own", "yes".to_owned()).await?;
            let beside = store.snapshot_unscoped().await?;
            let before = setting::find(&beside, "before").await?;
            let own = setting::find(&beside, "own").await?;
            Ok::<_, Error>((seen(before), seen(own)))
        })
    });
    let (mut look, mut after) = (Box::pin(look), Box::pin(put(&db, "after")));
    assert!(poll!(&mut before).is_pending() && poll!(&mut look).is_pending());
    assert!(poll!(&mut after).is_pending());
    gate.open();
    assert_eq!(look.await.expect("looked"), (true, false));
    for outcome in [opening.await, before.await, after.await] {
        outcome.expect("written");
    }
}

async fn the_first_that_fails_takes_nobody_with_it(db: TestDb) {
    // Whoever comes first has no savepoint: the whole transaction is undone for it.
    for (number, end) in [End::Error, End::Panic, End::BrokenStatement].into_iter().enumerate() {
        ending(&db, number, end).await.expect_err("undone");
        assert!(kept(&db, &format!("ending {number}")).await.is_none());
        put(&db, "next").await.expect("written");
    }
}

/// Sets a fact as whoever decides by the rules would.
async fn decide(db: &TestDb, number: usize) -> Result<(), Error> {
    db.store
        .write(move |tx| {
            Box::pin(async move {
                rulebook::shared(tx).await?;
                setting::set(tx, &format!("decided {number}"), "yes".to_owned()).await
            })
        })
        .await
}

async fn reading_does_not_wait_with_those_who_wait_for_the_rules(db: TestDb) {
    let gate = Gate::shut();
    let held = gate.clone();
    let changing = db.store.write(move |tx| {
        let gate = held.clone();
        Box::pin(async move {
            rulebook::claimed(tx).await?;
            gate.pass().await;
            Ok::<_, Error>(())
        })
    });
    // More than there are connections.
    let deciding = async {
        gate.has_begun().await;
        join_all((0..40).map(|number| decide(&db, number))).await
    };
    let reading = async {
        // By now all of them wait.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let snapshot = db.store.snapshot_unscoped();
        let read = tokio::time::timeout(Duration::from_secs(8), snapshot).await;
        gate.open();
        read.expect("it waits for none of them").expect("begun");
    };
    let (changed, decided, ()) = futures::join!(changing, deciding, reading);
    changed.expect("written");
    for outcome in decided {
        outcome.expect("written");
    }
    assert!(kept(&db, "decided 39").await.is_some());
}
