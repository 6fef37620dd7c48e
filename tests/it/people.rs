//! What people change about themselves: their language and their password.

use supplyline::domain::audit::Origin;
use supplyline::domain::party::Language;
use supplyline::service::accounts::{self, SignedIn};
use supplyline::service::{App, Error, Limits};

use crate::support::db::{TestDb, both};
use crate::support::world::{PASSWORD, World};

both! {
    a_language_is_kept,
    a_new_password_ends_the_other_sessions,
    a_password_is_changed_by_who_knows_it,
    wrong_current_passwords_are_counted,
}

const NEW: &str = "供应保障 far better";

async fn sign_in(app: &App, username: &str, password: &str) -> Result<SignedIn, Error> {
    accounts::sign_in(app, username, password.to_owned(), &Origin::default()).await
}

async fn change(app: &App, by: &SignedIn, current: &str, new: &str) -> Result<(), Error> {
    let (current, new) = (current.to_owned(), new.to_owned());
    accounts::change_password(app, &by.scope, &by.token, current, new).await
}

fn refusals(outcome: Result<(), Error>) -> Vec<String> {
    match outcome {
        Err(Error::Invalid(fields)) => {
            fields.iter().map(|field| format!("{} {}", field.field, field.code)).collect()
        }
        other => panic!("{other:?}"),
    }
}

async fn a_language_is_kept(db: TestDb) {
    let app = World::on(&db).await.app;
    let (one, other) = (
        sign_in(&app, "maker-en", PASSWORD).await.expect("in"),
        sign_in(&app, "hospital", PASSWORD).await.expect("in"),
    );
    let language = async |by: &SignedIn| {
        accounts::authenticate(&app, &by.token).await.expect("a session").language
    };
    assert_eq!(language(&one).await, Language::English);
    accounts::set_language(&app, &one.scope, Language::Chinese).await.expect("kept");
    accounts::set_language(&app, &other.scope, Language::English).await.expect("kept");
    assert_eq!(language(&one).await, Language::Chinese);
    assert_eq!(language(&other).await, Language::English);
}

async fn a_new_password_ends_the_other_sessions(db: TestDb) {
    let app = World::on(&db).await.app;
    let own = sign_in(&app, "hospital", PASSWORD).await.expect("in");
    let other = sign_in(&app, "hospital", PASSWORD).await.expect("in");
    let colleague = sign_in(&app, "hospital2", PASSWORD).await.expect("in");
    change(&app, &own, PASSWORD, NEW).await.expect("changed");
    for (session, lives) in [(&own, true), (&other, false), (&colleague, true)] {
        assert_eq!(accounts::authenticate(&app, &session.token).await.is_ok(), lives);
    }
    let old = sign_in(&app, "hospital", PASSWORD).await;
    assert!(matches!(old, Err(Error::WrongPassword)), "{old:?}");
    sign_in(&app, "hospital", NEW).await.expect("the new one");
    sign_in(&app, "hospital2", PASSWORD).await.expect("another's stays");
}

async fn a_password_is_changed_by_who_knows_it(db: TestDb) {
    let app = World::on(&db).await.app;
    let own = sign_in(&app, "hospital", PASSWORD).await.expect("in");
    let cases = [
        ("wrong", NEW, vec!["current_password wrong"]),
        (PASSWORD, "short", vec!["new_password too_short"]),
        (PASSWORD, "hospital-hospital", vec!["new_password contains_username"]),
        (PASSWORD, PASSWORD, vec!["new_password unchanged"]),
        (PASSWORD, "with\na line end", vec!["new_password control_characters"]),
        ("wrong", "", vec!["current_password wrong", "new_password too_short"]),
    ];
    for (current, new, expected) in cases {
        assert_eq!(refusals(change(&app, &own, current, new).await), expected, "{new}");
    }
    let colleague = sign_in(&app, "hospital2", PASSWORD).await.expect("in");
    let foreign = SignedIn { scope: own.scope.clone(), ..colleague };
    let outcome = change(&app, &foreign, PASSWORD, NEW).await;
    assert!(matches!(outcome, Err(Error::Unauthenticated)), "{outcome:?}");
    sign_in(&app, "hospital", PASSWORD).await.expect("it stays");
    accounts::sign_out(&app, &own.scope, &own.token).await.expect("out");
    let outcome = change(&app, &own, PASSWORD, NEW).await;
    assert!(matches!(outcome, Err(Error::Unauthenticated)), "{outcome:?}");
}

async fn wrong_current_passwords_are_counted(db: TestDb) {
    let world = World::on(&db).await;
    let mut app = world.app;
    app.limits = Limits::On;
    let own = sign_in(&app, "hospital", PASSWORD).await.expect("in");
    for _ in 0..5 {
        sign_in(&app, "hospital", "wrong").await.expect_err("refused");
        let refused = refusals(change(&app, &own, "wrong", NEW).await);
        assert_eq!(refused, ["current_password wrong"]);
    }
    let outcome = change(&app, &own, PASSWORD, NEW).await;
    assert!(matches!(outcome, Err(Error::Throttled(_))), "{outcome:?}");
    let outcome = sign_in(&app, "hospital", PASSWORD).await;
    assert!(matches!(outcome, Err(Error::Throttled(_))), "{outcome:?}");
}
