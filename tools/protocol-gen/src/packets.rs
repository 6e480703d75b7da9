//! Golden packets: what one client is sent, in the order in which it comes, and what it must know
//! after each.
//!
//! A sequence is a `.bin` of packets, each after its length (`u16`, little-endian), and a `.json`
//! with a step for each: what became of the packet, what is acknowledged, and everything that is seen,
//! or a sum of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use vivarium_protocol::{
    limits::{BLOCKS_PER_PACKET_MAX, FRAME_BYTES_MAX},
    quantise,
    snapshot::{
        block::Identity,
        fields::{avatar, object, tracked},
        packet::{self, Closing, OwnNote, OwnState, PacketHead},
        schema::{Coding, FIELDS_MAX, Facet},
        view::{Applied, View},
    },
    wire::DecodeError,
};

use crate::{
    Output,
    dice::Dice,
    json,
    model::{Client, Model, Tell},
};

const FOLDER: &str = "tests/golden/packets";

/// Packets and what must be known after each.
pub fn outputs() -> Vec<Output> {
    let mut outputs = Vec::new();
    for (name, packets, told) in [
        ("village", village(), told as fn(&View) -> Value),
        ("crowd", crowd(), summed),
        ("bad", bad(), told),
        ("eras", eras(), told),
        ("random", random(), summed),
    ] {
        outputs.extend(sequence(name, &packets, told));
    }
    outputs
}

/// What became of a packet, as TypeScript says it.
pub fn outcome(applied: &Result<(PacketHead, Applied), DecodeError>) -> &'static str {
    match applied {
        Ok((_, Applied::Whole)) => "whole",
        Ok((_, Applied::InPart)) => "inPart",
        Ok((_, Applied::Old)) => "old",
        Err(DecodeError::TooLarge { .. }) => "tooLarge",
        Err(_) => "malformed",
    }
}

/// Everything that a view knows: facet, subject, tick, fields.
pub fn told(view: &View) -> Value {
    let members = view.members();
    members
        .iter()
        .map(|(identity, (tick, fields))| {
            json!([identity.facet as u8, identity.subject, tick, fields])
        })
        .collect()
}

/// The same as one number: a sum (FNV-1a) of facet, subject, tick and fields of everything.
pub fn summed(view: &View) -> Value {
    let mut sum = 0x811c_9dc5_u32;
    let mut add = |value: u32| sum = (sum ^ value).wrapping_mul(0x0100_0193);
    for (identity, (tick, fields)) in view.members() {
        add(identity.facet as u32);
        add(identity.subject);
        add(tick);
        fields.iter().for_each(|field| add(*field as u32));
    }
    sum.into()
}

fn sequence(name: &str, packets: &[Vec<u8>], told: fn(&View) -> Value) -> [Output; 2] {
    let mut view = View::default();
    let mut bytes = Vec::new();
    let mut steps = Vec::new();
    for packet in packets {
        bytes.extend_from_slice(&(packet.len() as u16).to_le_bytes());
        bytes.extend_from_slice(packet);
        let outcome = outcome(&view.apply(packet));
        steps.push(json!({
            "applied": outcome,
            "ack": json::typescript("Ack", &view.ack()),
            "own": view.own().map(|own| json::typescript("OwnState", &own)),
            "members": told(&view),
        }));
    }
    let stem = format!("{FOLDER}/{name}");
    [
        Output { path: format!("{stem}.bin"), bytes },
        Output { path: format!("{stem}.json"), bytes: json::pretty(&json!(steps)).into_bytes() },
    ]
}

fn own(metres: f32) -> OwnState {
    OwnState {
        position_m: [metres, 0.85, 0.0],
        velocity_mps: [0.0; 3],
        flags: packet::own::GROUNDED,
        airborne_ticks: 0,
        teleports: 1,
    }
}

fn person(subject: u32) -> Identity {
    Identity { facet: Facet::Avatar, subject }
}

fn thing(subject: u32) -> Identity {
    Identity { facet: Facet::Object, subject }
}

fn headset(subject: u32) -> Identity {
    Identity { facet: Facet::Tracked, subject }
}

fn standing(x_m: f32, z_m: f32, yaw: i32) -> [i32; 6] {
    let [x, y, z] = [x_m, 0.85, z_m].map(quantise::position);
    [x, y, z, yaw, 0, avatar::GROUNDED]
}

fn lying(x_m: f32, height_m: f32, rotation: [f32; 4], rest: i32) -> [i32; 8] {
    let [x, y] = [x_m, height_m].map(quantise::position);
    let [largest, a, b, c] = quantise::rotation(rotation);
    [x, y, 0, largest, a, b, c, rest]
}

fn poses(lift: i32, which: i32) -> [i32; 22] {
    let mut fields = [0; 22];
    for pose in 0..3 {
        if which & (1 << pose) != 0 {
            let at = pose * tracked::STRIDE;
            fields[at..at + 3].copy_from_slice(&[-250 + 250 * pose as i32, 1_500 + lift, -300]);
            let half = std::f32::consts::FRAC_1_SQRT_2;
            fields[at + 3..at + 7].copy_from_slice(&quantise::rotation([0.0, half, 0.0, -half]));
        }
    }
    fields[tracked::POSES] = which;
    fields
}

/// A script in which everything happens once. The client hears of most of it: some packets are
/// lost, one comes late, one twice, and one builds on what never came.
fn village() -> Vec<Vec<u8>> {
    let (mut model, mut client, mut ears) = (Model::default(), Client::new(), View::default());
    let mut packets = Vec::new();
    let (mut late, mut orphan) = (None, None);
    for tick in 100..160_u32 {
        let step = tick as i32 - 100;
        let metres = step as f32 / 10.0;
        // One stands, one walks along x and then turns, one runs in a headset and moves to leaf 2.
        model.put(1, person(7), &standing(0.0, 0.0, 0));
        let turn = (step - 20).clamp(0, 16) * 1_024;
        model.put(1, person(70_000), &standing(metres, metres.min(2.0), (65_000 + turn) & 0xffff));
        let leaf = if step < 30 { 1 } else { 2 };
        model.put(leaf, person(3), &standing(-2.0 * metres, 4.0, 300));
        if step < 40 {
            let which = if step < 10 { tracked::HEAD } else { 7 };
            model.put(1, headset(3), &poses(step * 3, which));
        } else {
            model.remove(headset(3));
        }
        // A ball falls, rolls and sleeps; another one turns; a third takes the slot of who left.
        let fallen = (2.0 - metres).max(0.25);
        let rest = if step > 20 { object::ASLEEP } else { 0 };
        model.put(
            1,
            thing(12),
            &lying(step.min(20) as f32 / 8.0, fallen, [0.0, 0.0, 0.0, 1.0], rest),
        );
        let angle = step as f32 / 12.0;
        let length = (1.0 + angle * angle).sqrt();
        let rotation = [0.0, angle / length, 0.0, 1.0 / length];
        model.put(3, thing(13), &lying(-65_536.0, 0.5, rotation, 0));
        if step == 33 {
            model.remove(person(7));
        }
        if step >= 33 {
            model.remove(person(7));
            model.put(1, thing(70_001), &lying(1.0, 65_536.0, [0.5, 0.5, 0.5, 0.5], 0));
        }
        model.end(tick);
        let mut tell = vec![Tell::Leaf(1, 0)];
        match step {
            45 => tell.push(Tell::Anyway(2, 0)),
            30.. => tell.push(Tell::Leaf(2, 0)),
            _ => {}
        }
        match step {
            // Leaf 3 is told seldom and coarsely, then well, then it is closed.
            0..=30 if step % 4 == 0 => tell.push(Tell::Leaf(3, 3)),
            31..=40 if step % 2 == 0 => tell.push(Tell::Leaf(3, 2)),
            41..=49 => tell.push(Tell::Leaf(3, 1)),
            50 => tell.push(Tell::Close(3, Closing::Gone)),
            _ => {}
        }
        let state = own(if step < 25 { 0.0 } else { metres });
        for packet in client.tell(&model, state, &tell) {
            match step {
                // Lost.
                5 | 6 | 17 | 30..=33 => {}
                8 => late = Some(packet.clone()),
                _ => {
                    client.hear(ears.ack());
                    let _ = ears.apply(&packet);
                    packets.push(packet.clone());
                }
            }
            if step == 9 {
                packets.extend(late.take());
            }
            if step == 12 {
                packets.push(packet.clone());
            }
            if step == 20 {
                orphan = Some(packet);
            }
        }
    }
    // Long after: what it builds on is forgotten.
    packets.extend(orphan);
    packets
}

/// Full leaves: blocks in several parts, which come in another order, and not all at first.
fn crowd() -> Vec<Vec<u8>> {
    let mut dice = Dice::seeded(3);
    let (mut model, mut client, mut ears) = (Model::default(), Client::new(), View::default());
    let mut packets = Vec::new();
    let mut people: BTreeMap<u32, [i32; 6]> = BTreeMap::new();
    for tick in 1_000..1_010_u32 {
        for slot in 0..128 {
            let fields = people.entry(slot * 37).or_insert_with(|| {
                let x = dice.from_to(-40_000, 40_000);
                [x, 435, dice.from_to(-40_000, 40_000), dice.from_to(0, 65_535), 0, 1]
            });
            for (field, most) in [(0, 60), (2, 60), (4, 3)] {
                fields[field] = (fields[field] + dice.from_to(-most, most)).clamp(-50_000, 50_000);
            }
            fields[4] = fields[4].clamp(-128, 127);
            fields[3] = (fields[3] + dice.from_to(-900, 900)) & 0xffff;
            if slot < 64 {
                model.put(0, person(slot * 37), fields);
            } else {
                // The same numbers as a head and two hands: much for one part.
                let mut all = poses(fields[0] % 500, 7);
                for (at, field) in all.iter_mut().enumerate().take(tracked::POSES) {
                    *field = match at % tracked::STRIDE {
                        0..=2 => dice.from_to(-30_000, 30_000),
                        3 => *field,
                        _ => dice.from_to(-290, 290),
                    };
                }
                model.put(1, headset(slot * 37), &all);
            }
        }
        model.end(tick);
        let mut told = client.tell(&model, own(0.0), &[Tell::Leaf(0, 0), Tell::Leaf(1, 1)]);
        assert!(tick > 1_000 || told.len() > 2, "one leaf is cut into parts");
        if tick % 3 == 0 {
            told.reverse();
        }
        if tick == 1_004 {
            told.truncate(1);
        }
        for packet in told {
            let _ = ears.apply(&packet);
            packets.push(packet);
        }
        client.hear(ears.ack());
    }
    packets
}

/// Members of all facets at all levels of detail, which go on as they went, turn, rest, leap within
/// their ranges, come and go. Acknowledgements come late, so that states of many ages are built on.
fn random() -> Vec<Vec<u8>> {
    let mut dice = Dice::seeded(11);
    let (mut model, mut client, mut ears) = (Model::default(), Client::new(), View::default());
    let mut members: BTreeMap<Identity, ([i32; FIELDS_MAX], [i32; FIELDS_MAX])> = BTreeMap::new();
    let mut packets = Vec::new();
    let mut acks = Vec::new();
    let mut tick = 2_000;
    for _ in 0..14 {
        tick += dice.from_to(1, 6) as u32;
        for number in 0..4 * 56 {
            let facet = Facet::ALL[(number / 4 % 7).min(3) as usize];
            let identity = Identity { facet, subject: number * (number + 1) };
            let wild = |dice: &mut Dice| random_fields(facet, dice);
            let (fields, steps) =
                members.entry(identity).or_insert_with(|| (wild(&mut dice), [0; FIELDS_MAX]));
            match dice.from_to(0, 19) {
                0 => *fields = wild(&mut dice),
                1 => steps.fill(0),
                2 => model.remove(identity),
                3..=5 => {
                    steps.fill_with(|| dice.from_to(-90, 90));
                }
                _ => {}
            }
            go_on(facet, fields, steps, &mut dice);
            // Those that were removed come back at the next step.
            if !dice.once_in(30) {
                model.put(number % 4, identity, &fields[..facet.field_count()]);
            }
        }
        model.end(tick);
        let levels = [0, 1, 2, 3].map(|leaf| Tell::Leaf(leaf, leaf as u8));
        for packet in client.tell(&model, own(0.0), &levels) {
            let _ = ears.apply(&packet);
            packets.push(packet);
        }
        acks.push(ears.ack());
        if dice.once_in(2) {
            acks.drain(..).for_each(|ack| client.hear(ack));
        }
    }
    packets
}

/// Any fields within the ranges of a facet.
fn random_fields(facet: Facet, dice: &mut Dice) -> [i32; FIELDS_MAX] {
    let mut fields = [0; FIELDS_MAX];
    let mut at = 0;
    for component in facet.schema().components {
        for index in 0..component.coding.field_count() {
            fields[at] = match (component.coding, index) {
                (Coding::Rotation, 0) => dice.from_to(0, 3),
                _ => dice.from_to(component.min, component.max),
            };
            at += 1;
        }
    }
    fields
}

/// Adds a step to each field, wherever it stays within its range.
fn go_on(facet: Facet, fields: &mut [i32; FIELDS_MAX], steps: &[i32; FIELDS_MAX], dice: &mut Dice) {
    let mut at = 0;
    for component in facet.schema().components {
        for index in 0..component.coding.field_count() {
            let field = &mut fields[at];
            match component.coding {
                Coding::Rotation if index == 0 => {}
                Coding::Flags => *field = (*field ^ i32::from(dice.once_in(9))) & component.max,
                Coding::Heading => *field = (*field + steps[at] * 40) & component.max,
                Coding::Position => {
                    *field = (*field + steps[at]).clamp(component.min, component.max)
                }
                Coding::Rotation | Coding::Number => {
                    *field = (*field + steps[at] / 8).clamp(component.min, component.max);
                }
            }
            at += 1;
        }
    }
}

/// The server forgets everything twice, the client once.
fn eras() -> Vec<Vec<u8>> {
    let (mut model, mut client, mut ears) = (Model::default(), Client::new(), View::default());
    let mut packets = Vec::new();
    let mut past = None;
    for tick in 10..30_u32 {
        model.put(1, person(1), &standing(tick as f32, 0.0, 0));
        model.end(tick);
        if tick == 15 || tick == 22 {
            client.forget();
        }
        let told = client.tell(&model, own(0.0), &[Tell::Leaf(1, 0)]);
        if tick == 14 {
            past = told.first().cloned();
            continue;
        }
        for packet in told {
            let _ = ears.apply(&packet);
            packets.push(packet);
        }
        if tick == 17 {
            packets.extend(past.take());
        }
        client.hear(ears.ack());
    }
    packets
}

/// A packet in full, then bytes that are none, and at the end one that is: nothing is damaged.
fn bad() -> Vec<Vec<u8>> {
    let (mut model, mut client, mut ears) = (Model::default(), Client::new(), View::default());
    let mut packets = Vec::new();
    let mut tell = |tick: u32, client: &mut Client, ears: &mut View| {
        model.put(1, person(1), &standing(tick as f32 / 8.0, 0.0, 0));
        model.put(1, thing(2), &lying(0.0, 0.5, [0.0, 0.0, 0.0, 1.0], object::ASLEEP));
        model.end(tick);
        let packet = client.tell(&model, own(0.0), &[Tell::Leaf(1, 0)]).remove(0);
        let _ = ears.apply(&packet);
        client.hear(ears.ack());
        packet
    };
    packets.push(tell(500, &mut client, &mut ears));
    packets.push(tell(501, &mut client, &mut ears));
    let good = packets[1].clone();
    let mut head = Vec::new();
    let same = PacketHead {
        number: 90,
        era: 0,
        tick: 502,
        on_time: true,
        lead_ticks: 0,
        own: OwnNote::Same,
    };
    packet::write_head(&mut head, &same);
    let after = |rest: &[u8]| [&head[..], rest].concat();
    let block = |part: &[u8]| {
        let mut bytes = head.clone();
        packet::write_block_head(&mut bytes, 1, part.len());
        bytes.extend_from_slice(part);
        bytes
    };
    packets.extend([
        vec![],
        good[..3].to_vec(),
        head[..head.len() - 1].to_vec(),
        // An unknown note, a number of 0.
        after(&[]).iter().rev().skip(1).rev().copied().chain([3]).collect(),
        [&[0][..], &head[1..]].concat(),
        // No varint, a cut one, one of 64 bits.
        after(&[253, 0, 0, 0, 0, 0, 0, 0, 0]),
        after(&[251, 1]),
        after(&[252, 1, 0, 0]),
        after(&[2, 255]),
        // A leaf closed without a reason, and for an unknown one.
        after(&[3]),
        after(&[3, 2]),
        // Blocks longer than the packet, longer than any block, and too short.
        after(&[2, 200, 1, 0]),
        block(&[0; 1_089]),
        after(&[2, 0]),
        block(&[]),
        block(&[0]),
        block(&[1, 1]),
        block(&[64, 0, 3]),
        // Bad heads: the unused bit, earlier states of nothing, a gap too long, and slots.
        block(&[128, 0, 9, 9]),
        block(&[0, 1, 0, 9]),
        block(&[1, 1, 64, 9]),
        block(&[64, 0, 5, 5, 9]),
        block(&[64, 0, 6, 5, 9]),
        block(&[64, 0, 0, 65, 9]),
        // An unknown facet: all ones is "came, facet 3".
        block(&[0, 0, 0, 0, 0, 0]),
        // A full leaf out of nothing: far more is read than is there.
        block(&[0, 0, 7, 1, 200, 3]),
        vec![0; FRAME_BYTES_MAX + 1],
        // More leaves closed than a packet may have entries.
        after(&[11, 0].repeat(BLOCKS_PER_PACKET_MAX + 1)),
    ]);
    // On what is not known: no error, but not all of it is known then.
    packets.push(block(&[9, 0, 1, 2, 3]));
    packets.push(block(&[1, 9, 0, 3]));
    packets.push(good);
    packets.push(tell(503, &mut client, &mut ears));
    packets
}
