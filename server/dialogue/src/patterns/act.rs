//! From orders to actions: whom and what names mean among what is seen, and whether the companion
//! does this for who asks.

use vivarium_contract::companion::{ACTIONS_MAX, Action, Being, Held, Seen};
use vivarium_protocol::ids::{ObjectId, PersonId};

use super::{
    Speech,
    commands::{self, Order, Thing},
    lines::Key,
    words,
};
use crate::{
    hearing::{Heard, language::Language},
    target::{self, Found, Wanted},
};

/// Why an order is not done; the words for it.
struct No(String);

/// What was done, and what to say of it.
struct Done {
    key: Key,
    thing: String,
}

/// A thing to act upon.
struct Handle {
    object: ObjectId,
    name: String,
}

/// A name without what stands before it: "the red ball" is "red ball".
pub(super) fn bare(name: &str) -> &str {
    let name = name.trim();
    const BEFORE: [&str; 16] = [
        "the ", "a ", "an ", "my ", "any ", "some ", "your ", "le ", "la ", "les ", "un ", "une ",
        "des ", "du ", "l'", "l’",
    ];
    // Cut by the length of what was found: the articles are ASCII or found as they are.
    let article = BEFORE.iter().find(|article| {
        name.get(..article.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(article))
    });
    article.map_or(name, |article| name[article.len()..].trim_start())
}

/// Whether a name is none: "we going".
pub(super) fn is_pronoun(name: &str) -> bool {
    const PRONOUNS: [&str; 11] =
        ["we", "you", "i", "he", "she", "they", "on", "nous", "tu", "vous", "il"];
    PRONOUNS.contains(&Heard::new(name).words().next().unwrap_or_default())
}

impl Speech<'_, '_> {
    /// The orders of a text; an answer to "which one?" makes the order whole that was asked about.
    pub(super) fn orders(&mut self, heard: &Heard<'_>) -> Vec<Order> {
        let orders = commands::orders(heard, &self.ask.name);
        let pending = self.voice.thread.pending.take();
        match (orders.is_empty(), pending) {
            (true, Some(pending)) => {
                let said = heard.original(0..heard.plain().len());
                let is_found = !matches!(
                    target::find(&self.ask.perception, said, Wanted::Any),
                    Found::Nothing
                );
                if is_found { vec![named(pending, said)] } else { Vec::new() }
            }
            (_, _) => orders,
        }
    }

    /// Does what can be done, and says so.
    pub(super) fn obey(&mut self, orders: &[Order]) -> String {
        let conduct = self.mind.tie.conduct(&self.mind.traits);
        let mut done = Vec::new();
        let mut no = None;
        for order in orders {
            let is_favour = !matches!(order, Order::Stay | Order::Leave | Order::PutDown);
            let result = if is_favour && !conduct.does_favours {
                Err(No(self.voice.say(Key::Favour, &[])))
            } else if matches!(order, Order::Follow(_)) && !conduct.follows {
                Err(No(self.voice.say(Key::FollowRefused, &[])))
            } else {
                self.act(order)
            };
            match result {
                Ok(one) => done.push(one),
                // What comes after was meant to follow it.
                Err(why) => {
                    no = Some(why.0);
                    break;
                }
            }
        }
        self.actions.truncate(ACTIONS_MAX);
        let text = match done.as_slice() {
            [] => String::new(),
            [one] => self.voice.say(one.key, &[("thing", &one.thing)]),
            _ => self.voice.say(Key::Several, &[]),
        };
        match (text.is_empty(), no) {
            (true, Some(no)) => no,
            (false, Some(no)) => format!("{text} {no}"),
            (_, None) => text,
        }
    }

    fn act(&mut self, order: &Order) -> Result<Done, No> {
        let speaker = self.ask.person;
        let plain = |key| Ok(Done { key, thing: String::new() });
        match order {
            Order::Follow(who) => {
                let person = self.person(who.as_deref(), order)?;
                self.actions.push(Action::Follow { person });
                plain(Key::Follow)
            }
            Order::Stay => {
                self.actions.push(Action::Stay);
                plain(Key::Stay)
            }
            Order::Come => {
                self.actions.push(Action::WalkTo { target: Being::Person(speaker) });
                plain(Key::Come)
            }
            Order::Leave => {
                self.actions.push(Action::End);
                plain(Key::Leave)
            }
            Order::Gesture(emote) => {
                self.actions.push(Action::Gesture { emote: *emote });
                plain(Key::Gesture)
            }
            Order::Go(name) => {
                let seen = self.seen(name, Wanted::Any, order)?;
                self.actions.push(Action::WalkTo { target: seen.being });
                Ok(Done { key: Key::Go, thing: words::the(&seen, self.language) })
            }
            Order::LookAt(name) => {
                let (target, thing) = match name {
                    Some(name) => {
                        let seen = self.seen(name, Wanted::Any, order)?;
                        (seen.being, words::the(&seen, self.language))
                    }
                    None => (Being::Person(speaker), self.you()),
                };
                self.actions.push(Action::LookAt { target });
                Ok(Done { key: Key::Look, thing })
            }
            Order::Bring { thing, to } => self.bring(thing, to.as_deref(), order),
            Order::PickUp(thing) => {
                let handle = self.handle(thing, order)?;
                self.actions.push(Action::PickUp { object: handle.object });
                Ok(Done { key: Key::PickUp, thing: handle.name })
            }
            Order::PutDown => {
                if self.ask.perception.holds.is_none() && !self.is_taking() {
                    return Err(No(self.voice.say(Key::EmptyHanded, &[])));
                }
                self.actions.push(Action::PutDown);
                plain(Key::PutDown)
            }
            Order::Throw { thing, to } => self.throw(thing, to.as_deref(), order),
        }
    }

    fn bring(&mut self, thing: &Thing, to: Option<&str>, order: &Order) -> Result<Done, No> {
        let person = self.person(to, order)?;
        // What it holds may not be among what it sees.
        if *thing == Thing::It
            && let Some(Held { object, name }) = self.ask.perception.holds.clone()
            && words::held(&self.ask.perception).is_none()
        {
            self.actions.push(Action::Give { object, person });
            return Ok(Done { key: Key::Bring, thing: self.the(&name) });
        }
        let handle = self.handle(thing, order)?;
        self.actions.push(Action::Give { object: handle.object, person });
        Ok(Done { key: Key::Bring, thing: handle.name })
    }

    fn throw(&mut self, thing: &Thing, to: Option<&str>, order: &Order) -> Result<Done, No> {
        let target = match to {
            Some(name) => self.seen(name, Wanted::Any, order)?.being,
            None => Being::Person(self.ask.person),
        };
        let holds = self.ask.perception.holds.is_some() || self.is_taking();
        match thing {
            Thing::It if holds => {}
            Thing::It if self.voice.thread.object.is_none() => {
                return Err(No(self.voice.say(Key::EmptyHanded, &[])));
            }
            Thing::Named(name) if self.is_held(name) => {}
            thing => {
                let handle = self.handle(thing, order)?;
                self.actions.push(Action::PickUp { object: handle.object });
            }
        }
        self.actions.push(Action::Throw { target });
        Ok(Done { key: Key::Throw, thing: String::new() })
    }

    /// Whether an earlier order of this text takes something.
    fn is_taking(&self) -> bool {
        self.actions.iter().any(|action| matches!(action, Action::PickUp { .. }))
    }

    fn is_held(&self, name: &str) -> bool {
        let holds = self.ask.perception.holds.as_ref();
        holds.is_some_and(|held| words::is_about(&held.name, name))
    }

    fn you(&self) -> String {
        match self.language {
            Language::En => "you".to_owned(),
            Language::Fr => "vers toi".to_owned(),
        }
    }

    fn the(&self, name: &str) -> String {
        match self.language {
            Language::En => format!("the {}", words::lower(&words::quotable(name))),
            Language::Fr => format!("« {} »", words::quotable(name)),
        }
    }

    /// The person of a name; who speaks, without one.
    fn person(&mut self, name: Option<&str>, order: &Order) -> Result<PersonId, No> {
        let Some(name) = name else { return Ok(self.ask.person) };
        if words::is_about(name, &self.ask.person_name) {
            return Ok(self.ask.person);
        }
        let seen = self.seen(name, Wanted::Any, order)?;
        match seen.being {
            Being::Person(person) => Ok(person),
            _ => {
                let thing = words::the(&seen, self.language);
                Err(No(self.voice.say(Key::NoPerson, &[("thing", &thing)])))
            }
        }
    }

    /// The thing that is meant, if it can be carried.
    fn handle(&mut self, thing: &Thing, order: &Order) -> Result<Handle, No> {
        let seen = match thing {
            Thing::Named(name) => self.seen(name, Wanted::Portable, order)?,
            Thing::It => match self.it() {
                Some(handle) => return Ok(handle),
                None => return Err(No(self.voice.say(Key::ItUnknown, &[]))),
            },
        };
        let name = words::the(&seen, self.language);
        match seen.being {
            Being::Object(object) if seen.is_portable => Ok(Handle { object, name }),
            _ => Err(No(self.voice.say(Key::NotPortable, &[("thing", &name)]))),
        }
    }

    /// What "it" is: what is held, was spoken of, or is the only thing that can be carried.
    fn it(&self) -> Option<Handle> {
        let perception = &self.ask.perception;
        let portable = || perception.seen.iter().filter(|seen| seen.is_portable);
        let spoken_of = self.voice.thread.object.clone().and_then(|(object, name)| {
            let is_held = perception.holds.as_ref().is_some_and(|held| held.object == object);
            let seen = portable().any(|seen| seen.being == Being::Object(object));
            (seen || is_held).then_some((object, name))
        });
        let only = || match portable().collect::<Vec<_>>().as_slice() {
            [only] => Some((*only).clone()),
            _ => None,
        };
        let as_handle = |seen: &Seen| match seen.being {
            Being::Object(object) => Some(Handle { object, name: words::the(seen, self.language) }),
            _ => None,
        };
        words::held(perception)
            .and_then(as_handle)
            .or_else(|| spoken_of.map(|(object, name)| Handle { object, name: self.the(&name) }))
            .or_else(|| only().as_ref().and_then(as_handle))
    }

    /// Who or what is meant, or the words for why that is not clear.
    fn seen(&mut self, name: &str, wanted: Wanted, order: &Order) -> Result<Seen, No> {
        match target::find(&self.ask.perception, name, wanted) {
            Found::One(seen) => {
                let seen = seen.clone();
                self.voice.note(&seen);
                Ok(seen)
            }
            Found::Several(several) => {
                let names: Vec<String> =
                    several.iter().map(|seen| words::the(seen, self.language)).collect();
                let or = if self.language == Language::En { " or " } else { " ou " };
                let list = names.join(or);
                self.voice.thread.pending = Some(order.clone());
                Err(No(self.voice.say(Key::Which, &[("list", &list)])))
            }
            Found::Nothing => {
                let is_other = wanted == Wanted::Portable
                    && !matches!(
                        target::find(&self.ask.perception, name, Wanted::Any),
                        Found::Nothing
                    );
                let thing = words::quotable(bare(name));
                let key = if is_other { Key::NotPortable } else { Key::NotSeen };
                Err(No(self.voice.say(key, &[("thing", &thing)])))
            }
        }
    }
}

/// The same order with the name that was given afterwards.
fn named(order: Order, name: &str) -> Order {
    let name = name.to_owned();
    match order {
        Order::Follow(_) => Order::Follow(Some(name)),
        Order::Go(_) => Order::Go(name),
        Order::LookAt(_) => Order::LookAt(Some(name)),
        Order::Bring { to, .. } => Order::Bring { thing: Thing::Named(name), to },
        Order::PickUp(_) => Order::PickUp(Thing::Named(name)),
        Order::Throw { to, .. } => Order::Throw { thing: Thing::Named(name), to },
        other @ (Order::Stay | Order::Come | Order::Gesture(_) | Order::PutDown | Order::Leave) => {
            other
        }
    }
}
