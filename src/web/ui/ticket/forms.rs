//! What can be done with a ticket now, as forms: a table of acts and their fields.
//!
//! **Never** offers an act that the domain would refuse for its state or its reader's role.

use chrono::NaiveDate;

use super::super::choice::{Choice, words};
use super::super::fields::{Fields, Need};
use super::super::shell::Shell;
use crate::domain::calendar::local_date;
use crate::domain::ticket::{DeadlineKind, Ticket, Topic};
use crate::service::tickets::TicketView;
use crate::web::api::attachments::AttachmentBody;
use crate::web::api::lens::Lens;
use crate::web::auth::SignedIn;

/// A field of a form.
#[derive(Debug)]
pub(in crate::web) enum Control {
    /// Sent along.
    Hidden { name: &'static str, value: String },
    /// One line, by the kind of input.
    Line { name: &'static str, kind: &'static str, need: Need, hint: String },
    /// Many lines.
    Area { name: &'static str, need: Need, hint: String },
    /// One of many.
    Choose { name: &'static str, options: Vec<Choice>, need: Need, hint: String },
    /// One of few.
    Radios { name: &'static str, options: Vec<Choice>, need: Need },
    /// Some of few.
    Checks { name: &'static str, options: Vec<Choice> },
}

/// A form.
#[derive(Debug)]
pub(in crate::web) struct ActForm {
    /// The act's word.
    pub(in crate::web) name: &'static str,
    /// Where it is sent.
    pub(in crate::web) action: String,
    pub(in crate::web) controls: Vec<Control>,
    pub(in crate::web) fields: Fields,
    /// What is asked before it is sent; empty where it can be taken back or repeated.
    pub(in crate::web) confirm: String,
    /// True for what the reader is here to do.
    pub(in crate::web) is_first: bool,
}

/// What forms are made from.
pub(super) struct Desk<'a> {
    pub(super) shell: &'a Shell,
    pub(super) signed: &'a SignedIn,
    pub(super) lens: &'a Lens,
    pub(super) view: &'a TicketView,
    pub(super) files: &'a [AttachmentBody],
    /// Distributors or manufacturers that an act may name.
    pub(super) houses: Vec<Choice>,
}

const REQUIRED: Need = Need::REQUIRED;
const OPTIONAL: Need = Need::OPTIONAL;

impl Desk<'_> {
    /// Every form that is possible now, the most expected first; the one that was refused comes
    /// back as it was typed.
    pub(super) fn forms(&self, refused: Option<Fields>) -> Vec<ActForm> {
        let mut forms: Vec<ActForm> =
            self.view.possible.iter().flat_map(|act| self.of(act.as_str())).collect();
        forms.sort_by_key(|form| ORDER.iter().position(|name| *name == form.name));
        if let Some(first) = forms.first_mut() {
            first.is_first = true;
        }
        if let Some(refused) = refused {
            let own = forms.iter_mut().find(|form| form.fields.form() == refused.form());
            if let Some(form) = own {
                form.fields = refused;
            }
        }
        forms
    }

    fn of(&self, act: &str) -> Vec<ActForm> {
        match act {
            "reply" => vec![self.form("reply", self.reply(), &self.reply_known())],
            "promise" => {
                vec![self.form("promise", self.promise(), &self.quantity("promised_quantity"))]
            }
            "solve" => vec![self.form("solve", self.solve(), &self.quantity("delivered_quantity"))],
            "confirm" => vec![self.form("confirm", self.confirm(), &[])],
            "withdraw" => vec![self.form("withdraw", reason(), &[])],
            "urge" => vec![self.form("urge", reason(), &[])],
            "escalate" => vec![self.form("escalate", reason(), &[])],
            "return" => vec![self.form("return", reason(), &[])],
            "extension" => vec![self.form("extensions", self.until("until"), &[])],
            "force_majeure" => vec![self.form("force-majeure", self.until("expected_end"), &[])],
            "distributor" if !self.houses.is_empty() => {
                vec![self.form("distributor", self.distributor(), &[])]
            }
            "decide" => self.decisions(),
            "acknowledge" | "measure" | "close_escalation" => self.on_escalations(act),
            _ => Vec::new(),
        }
    }

    fn form(
        &self,
        name: &'static str,
        controls: Vec<Control>,
        known: &[(&'static str, String)],
    ) -> ActForm {
        self.form_at(name, format!("/tickets/{}/{name}", self.view.ticket.id), controls, known)
    }

    fn form_at(
        &self,
        name: &'static str,
        action: String,
        controls: Vec<Control>,
        known: &[(&'static str, String)],
    ) -> ActForm {
        let known: Vec<(&str, &str)> =
            known.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let confirm = if ASKS.contains(&name) {
            let number = &self.view.ticket.number;
            self.shell.with(&format!("confirm-{name}"), "number", number)
        } else {
            String::new()
        };
        let fields = Fields::fresh(name, self.shell.words(), &known);
        ActForm { name, action, controls, fields, confirm, is_first: false }
    }

    fn reply(&self) -> Vec<Control> {
        vec![
            self.words("cause", "cause", REQUIRED),
            date("promised_on", self.promise_hint()),
            number("promised_quantity", REQUIRED, self.unit_hint()),
            Control::Area { name: "message", need: REQUIRED, hint: self.shell.t("hint-reply") },
            line("contact.name", "text"),
            line("contact.phone", "tel"),
        ]
    }

    fn reply_known(&self) -> Vec<(&'static str, String)> {
        let mut known = self.quantity("promised_quantity");
        known.push(("contact.name", self.signed.scope.actor().name.clone()));
        known
    }

    fn promise(&self) -> Vec<Control> {
        let mut controls = vec![
            date("promised_on", self.promise_hint()),
            number("promised_quantity", REQUIRED, self.unit_hint()),
        ];
        controls.extend(reason());
        controls
    }

    fn solve(&self) -> Vec<Control> {
        let mut controls = vec![
            number("delivered_quantity", REQUIRED, self.unit_hint()),
            Control::Area { name: "message", need: REQUIRED, hint: self.shell.t("hint-solve") },
        ];
        controls.extend(self.evidence());
        controls
    }

    fn confirm(&self) -> Vec<Control> {
        let options = words(self.shell, "result");
        let is_solved = self.view.ticket.state.name() == crate::domain::ticket::StateName::Solved;
        // Before a solution was reported, the only thing to say is that the goods came.
        let options = options.into_iter().filter(|one| is_solved || one.value == "solved");
        let mut controls =
            vec![Control::Radios { name: "result", options: options.collect(), need: REQUIRED }];
        if is_solved {
            controls.push(number("remaining_quantity", OPTIONAL, self.shell.t("hint-remaining")));
        }
        let rating = words(self.shell, "rating");
        controls.push(Control::Radios { name: "rating", options: rating, need: OPTIONAL });
        controls.push(Control::Area { name: "comment", need: OPTIONAL, hint: String::new() });
        controls
    }

    fn until(&self, name: &'static str) -> Vec<Control> {
        let mut controls = vec![date(name, self.shell.t(&format!("hint-{name}")))];
        controls.extend(reason());
        controls.extend(self.evidence());
        controls
    }

    fn distributor(&self) -> Vec<Control> {
        vec![Control::Choose {
            name: "organisation_id",
            options: self.houses.clone(),
            need: REQUIRED,
            hint: self.shell.t("hint-distributor"),
        }]
    }

    /// A form per thing that waits for the bureau's decision.
    fn decisions(&self) -> Vec<ActForm> {
        let action = format!("/tickets/{}/decisions", self.view.ticket.id);
        let undecided = self.view.ticket.undecided().into_iter();
        let form = |topic: Topic| {
            let granted = [("true", "granted"), ("false", "refused")].map(|(value, word)| {
                Choice::new(value, self.shell.t(&format!("decide-{}-{word}", topic.as_str())))
            });
            let mut controls = vec![
                Control::Hidden { name: "on", value: topic.as_str().to_owned() },
                Control::Radios { name: "granted", options: granted.into(), need: REQUIRED },
            ];
            controls.extend(reason());
            if topic == Topic::Return && !self.houses.is_empty() {
                controls.push(Control::Choose {
                    name: "manufacturer_id",
                    options: self.houses.clone(),
                    need: OPTIONAL,
                    hint: self.shell.t("hint-manufacturer"),
                });
            }
            self.form_at(decision(topic.as_str()), action.clone(), controls, &[])
        };
        undecided.map(form).collect()
    }

    fn on_escalations(&self, act: &str) -> Vec<ActForm> {
        let bureau = self.signed.scope.actor().organisation.id;
        let ticket = &self.view.ticket;
        let held =
            ticket.escalations.iter().filter(|one| one.is_open() && one.bureau == Some(bureau));
        let form = |escalation: &crate::domain::escalation::Escalation| {
            let at = |word: &str| format!("/escalations/{}/{word}", escalation.id);
            let block = |name, need| Control::Area { name, need, hint: String::new() };
            match act {
                "acknowledge" if escalation.acknowledged_at.is_none() => Some(self.form_at(
                    "acknowledge",
                    at("acknowledge"),
                    vec![block("note", OPTIONAL)],
                    &[],
                )),
                "measure" => {
                    let kind = self.words("kind", "measure", REQUIRED);
                    let mut due_on = date("due_on", self.shell.t("hint-due_on"));
                    if let Control::Line { need, .. } = &mut due_on {
                        *need = OPTIONAL;
                    }
                    let controls = vec![kind, block("text", REQUIRED), due_on];
                    Some(self.form_at("measures", at("measures"), controls, &[]))
                }
                "close_escalation" => {
                    let controls = vec![block("conclusion", REQUIRED)];
                    Some(self.form_at("close", at("close"), controls, &[]))
                }
                _ => None,
            }
        };
        held.filter_map(form).collect()
    }

    fn words(&self, name: &'static str, set: &str, need: Need) -> Control {
        Control::Choose { name, options: words(self.shell, set), need, hint: String::new() }
    }

    /// The reader's own files of the ticket.
    fn evidence(&self) -> Option<Control> {
        let house = &self.signed.scope.actor().organisation.name;
        let own = self.files.iter().filter(|file| file.by.organisation == *house);
        let options: Vec<_> =
            own.map(|file| Choice::new(file.id.to_string(), file.name.clone())).collect();
        (!options.is_empty()).then_some(Control::Checks { name: "evidence", options })
    }

    fn quantity(&self, name: &'static str) -> Vec<(&'static str, String)> {
        let ticket = &self.view.ticket;
        let missing = ticket.remaining_quantity.unwrap_or(ticket.report.quantity_short);
        vec![(name, missing.to_string())]
    }

    fn unit_hint(&self) -> String {
        self.shell.with("hint-unit", "unit", &self.view.ticket.report.unit)
    }

    fn promise_hint(&self) -> String {
        promise_limit(self.shell, self.lens, &self.view.ticket)
            .map(|limit| self.shell.with("hint-promise", "date", &limit))
            .unwrap_or_default()
    }
}

/// The latest day that can be promised.
pub(in crate::web::ui) fn promise_limit(
    shell: &Shell,
    lens: &Lens,
    ticket: &Ticket,
) -> Option<NaiveDate> {
    if ticket.stopped.is_some() {
        return None;
    }
    let resolve = ticket.deadline(DeadlineKind::Resolve);
    match resolve.filter(|resolve| resolve.due_at > shell.now) {
        Some(resolve) => Some(resolve.due_on),
        None => {
            let version = ticket.deadlines.first()?.policy_version.as_str();
            let within = lens.book.policy_of(version).late_promise_within;
            let calendar = lens.book.calendar_of(ticket);
            calendar.nth_working_day_after(local_date(shell.now), within).ok()
        }
    }
}

/// The forms in the order in which they are expected.
const ORDER: [&str; 19] = [
    "acknowledge",
    "decide-return",
    "decide-extension",
    "decide-force_majeure",
    "decide-silence",
    "reply",
    "urge",
    "confirm",
    "solve",
    "promise",
    "measures",
    "close",
    "extensions",
    "escalate",
    "force-majeure",
    "distributor",
    "return",
    "withdraw",
    "decide-resume",
];

/// What cannot be taken back.
const ASKS: [&str; 9] = [
    "confirm",
    "withdraw",
    "return",
    "close",
    "decide-return",
    "decide-extension",
    "decide-force_majeure",
    "decide-silence",
    "decide-resume",
];

/// The name of the form for a decision about a topic.
pub(super) fn decision(topic: &str) -> &'static str {
    match topic {
        "return" => "decide-return",
        "extension" => "decide-extension",
        "force_majeure" => "decide-force_majeure",
        "silence" => "decide-silence",
        _ => "decide-resume",
    }
}

fn reason() -> Vec<Control> {
    vec![Control::Area { name: "reason", need: REQUIRED, hint: String::new() }]
}

fn line(name: &'static str, kind: &'static str) -> Control {
    Control::Line { name, kind, need: REQUIRED, hint: String::new() }
}

fn number(name: &'static str, need: Need, hint: String) -> Control {
    Control::Line { name, kind: "number", need, hint }
}

fn date(name: &'static str, hint: String) -> Control {
    Control::Line { name, kind: "date", need: REQUIRED, hint }
}
