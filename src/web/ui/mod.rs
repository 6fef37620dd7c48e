//! The pages: what people of every role do in a browser, drawn on the server.
//!
//! A page reads through the same use cases and shows the same things as the API; its forms post
//! what the API would get, are sent on after they are done, and come back filled in with what was
//! wrong. The script only makes pages live.
//!
//! **Never** changes anything on `GET`.

mod account;
mod address;
mod assets;
mod calculator;
mod chart;
mod choice;
mod demo;
mod desk;
mod escalations;
mod fields;
mod filing;
mod home;
mod invitation;
mod ledger;
mod menu;
mod notices;
mod places;
mod problem;
mod rate;
mod region;
mod rows;
mod rules;
mod session;
pub(super) mod shell;
mod shortage;
mod texts;
mod ticket;
mod tickets;

use actix_web::guard::{GuardContext, fn_guard};
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{ServiceConfig, post, resource};

use super::get;
pub(super) use problem::{Answered, Reader};
pub(super) use shell::see;

/// True for a form with a file.
fn is_upload(context: &GuardContext<'_>) -> bool {
    let kind = context.head().headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("multipart/"))
}

/// The routes of the calendars and of the batches that change them.
fn calendars(config: &mut ServiceConfig) {
    config
        .service(
            get(resource("/calendars"), rules::calendars).route(post().to(rules::create_layer)),
        )
        .service(get(resource("/calendars/new"), rules::new_layer))
        .service(get(resource("/calendars/{id}"), rules::calendar))
        .service(get(resource("/calendars/{id}/add"), rules::add_days))
        .service(
            resource("/calendars/{id}/edit")
                .route(post().guard(fn_guard(is_upload)).to(rules::calendar_file))
                .route(post().to(rules::edit_calendar)),
        )
        .service(get(resource("/calendars/{id}/day"), rules::calendar_day))
        .service(get(resource("/batches"), rules::batches))
        .service(get(resource("/batches/{id}"), rules::batch))
        .service(
            get(resource("/batches/{id}/undo"), rules::undo_batch_form)
                .route(post().to(rules::undo_batch)),
        )
        .service(
            resource("/batches/{id}/{act:approve|reject}").route(post().to(rules::decide_batch)),
        );
}

/// The routes of the time-limit rules.
fn policies(config: &mut ServiceConfig) {
    config
        .service(get(resource("/policies"), rules::policies).route(post().to(rules::save_policy)))
        .service(
            get(resource("/policies/new"), rules::new_policy)
                .route(post().to(rules::change_policy)),
        )
        .service(
            get(resource("/policies/simulation"), rules::simulation)
                .route(post().to(rules::simulate_draft)),
        )
        .service(resource("/policies/{id}/withdraw").route(post().to(rules::withdraw)))
        .service(resource("/policies/{id}/decision").route(post().to(rules::decide)))
        .service(
            get(resource("/policies/{id}/replan"), rules::judging).route(post().to(rules::judge)),
        )
        .service(get(resource("/policies/{id}"), rules::policy));
}

/// The routes of the pages.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(get(resource("/assets/{name}"), assets::file))
        .service(get(resource("/"), home::show))
        .service(get(resource("/login"), session::login).route(post().to(session::sign_in)))
        .service(resource("/logout").route(post().to(session::sign_out)))
        .service(resource("/language").route(post().to(session::language)))
        .service(get(resource("/tickets"), tickets::list).route(post().to(filing::file)))
        .service(get(resource("/tickets/new"), filing::form))
        .service(resource("/drafts").route(post().to(filing::keep)))
        .service(resource("/drafts/discard").route(post().to(filing::discard)))
        .service(get(resource("/account"), account::show))
        .service(resource("/account/password").route(post().to(account::password)))
        .service(get(resource("/demo"), demo::start))
        .service(resource("/demo/sign-in").route(post().to(demo::sign_in)))
        .service(resource("/demo/clock").route(post().to(demo::clock)))
        .service(get(resource("/demo/mailbox"), demo::mailbox))
        .service(get(resource("/demo/mailbox/{id}"), demo::letter))
        .service(get(resource("/demo/mailbox/{id}/html"), demo::html))
        .service(get(resource("/notices"), notices::list))
        .service(resource("/notices/{id}/read").route(post().to(notices::open)))
        .service(get(resource("/calculator"), calculator::show))
        .configure(calendars)
        .configure(policies)
        .configure(of_houses)
        .configure(of_contacts)
        .configure(of_people)
        .configure(of_shelves)
        .service(get(resource("/deliveries"), desk::deliveries))
        .service(resource("/deliveries/{id}/replay").route(post().to(desk::replay)))
        .configure(of_texts)
        .service(get(resource("/locks"), desk::locks))
        .service(get(resource("/audit"), desk::audit))
        .service(get(resource("/audit/verify"), desk::verification))
        .service(get(resource("/audit/{id}"), desk::audit_entry))
        .service(get(resource("/tickets/{id}"), ticket::show))
        .service(get(resource("/tickets/{id}/print"), ticket::print))
        .service(resource("/tickets/{id}/attachments").route(post().to(ticket::attach)))
        .service(resource(ticket::act_addresses()).route(post().to(ticket::act)))
        .service(get(resource("/escalations"), escalations::list))
        .service(get(resource("/region"), region::show))
        .service(get(resource("/ledger"), ledger::show))
        .service(get(resource("/shortage-events"), shortage::list))
        .service(get(resource("/shortage-events/{id}"), shortage::show))
        .service(resource("/shortage-events/{id}/reply").route(post().to(shortage::reply)))
        .service(
            resource("/escalations/{id}/{act:acknowledge|measures|close}")
                .route(post().to(ticket::act_on_escalation)),
        );
}

/// The texts of notices, and the channels they leave on.
fn of_texts(config: &mut ServiceConfig) {
    config
        .service(get(resource("/templates"), texts::list))
        .service(
            get(resource("/templates/{kind}/{party}/{channel}/{language}"), texts::show)
                .route(post().to(texts::save)),
        )
        .service(
            resource("/templates/{kind}/{party}/{channel}/{language}/preview")
                .route(post().to(texts::look)),
        )
        .service(get(resource("/templates/{kind}/{party}/{channel}/{language}/html"), texts::html))
        .service(
            resource("/templates/{kind}/{party}/{channel}/{language}/restore")
                .route(post().to(texts::restore)),
        )
        .service(get(resource("/channels"), desk::channels))
        .service(
            get(resource("/channels/{name}"), desk::channel).route(post().to(desk::set_channel)),
        )
        .service(resource("/channels/{name}/test").route(post().to(desk::test_channel)));
}

/// Organisations, for those who keep them.
fn of_houses(config: &mut ServiceConfig) {
    use desk::house;
    let list = get(resource("/organisations"), desk::organisations);
    config
        .service(list.route(post().to(house::create)))
        .service(get(resource("/organisations/new"), house::new))
        .service(get(resource("/organisations/{id}"), house::show).route(post().to(house::replace)))
        .service(resource("/organisations/{id}/suspend").route(post().to(house::suspend)))
        .service(resource("/organisations/{id}/resume").route(post().to(house::resume)))
        .service(resource("/organisations/{id}/merge").route(post().to(house::merge)));
}

/// Whom to ask in organisations.
fn of_contacts(config: &mut ServiceConfig) {
    use desk::contacts;
    let list = get(resource("/organisations/{id}/contacts"), contacts::list);
    config
        .service(list.route(post().to(contacts::create)))
        .service(
            resource("/organisations/{id}/contacts/{contact}/code")
                .route(post().to(contacts::send)),
        )
        .service(
            resource("/organisations/{id}/contacts/{contact}/verify")
                .route(post().to(contacts::verify)),
        )
        .service(
            resource("/organisations/{id}/contacts/{contact}/remove")
                .route(post().to(contacts::remove)),
        );
}

/// The catalogue and the agreements, for who keeps them.
fn of_shelves(config: &mut ServiceConfig) {
    use desk::{agreements, products};
    config
        .service(get(resource("/products"), products::list).route(post().to(products::create)))
        .service(
            get(resource("/products/{code}"), products::show).route(post().to(products::replace)),
        )
        .service(resource("/products/{code}/suspend").route(post().to(products::suspend)))
        .service(resource("/products/{code}/resume").route(post().to(products::resume)))
        .service(
            get(resource("/agreements"), agreements::list).route(post().to(agreements::create)),
        )
        .service(resource("/agreements/{id}/{code}").route(post().to(agreements::change)))
        .service(resource("/agreements/{id}/{code}/suspend").route(post().to(agreements::suspend)))
        .service(resource("/agreements/{id}/{code}/resume").route(post().to(agreements::resume)));
}

/// People, for those who keep them; and the way in for those who are new.
fn of_people(config: &mut ServiceConfig) {
    use desk::person;
    config
        .service(get(resource("/users"), desk::users).route(post().to(person::create)))
        .service(get(resource("/users/new"), person::new))
        .service(get(resource("/users/{id}"), person::show).route(post().to(person::replace)))
        .service(resource("/users/{id}/role").route(post().to(person::role)))
        .service(resource("/users/{id}/suspend").route(post().to(person::suspend)))
        .service(resource("/users/{id}/resume").route(post().to(person::resume)))
        .service(resource("/users/{id}/password").route(post().to(person::password)))
        .service(resource("/users/{id}/invitation").route(post().to(person::invite)))
        .service(resource("/users/{id}/invitation/revoke").route(post().to(person::uninvite)))
        .service(
            get(resource("/invitations/{token}"), invitation::show)
                .route(post().to(invitation::accept)),
        );
}
