//! What must hold for every value and for every byte string.

use proptest::{array, collection::vec, option, prelude::*};
use vivarium_protocol::{
    PROTOCOL_VERSION,
    close::CloseReason,
    ids::{ObjectId, PersonId},
    intent::{
        ClientLatest, ClientMessage, Emote, Hello, Input, Look, MAGIC, Resume, TrackedPose,
        TrackedPoses,
    },
    limits::{BLOCK_BYTES_MAX, INPUTS_PER_MESSAGE_MAX, LEAVES_MAX},
    notice::{Denial, PersonCard, ServerMessage},
    quantise,
    snapshot::{
        block::{BlockEncoder, Identity, SLOTS, Source},
        member::{Known, Times},
        packet::{self, Ack, Closing, OwnNote, OwnState, PacketHead},
        schema::{Coding, FIELDS_MAX, Facet, LEVELS},
        view::{Applied, View},
    },
    text, wire,
};

fn look() -> impl Strategy<Value = Look> {
    any::<([u8; 3], [u8; 3])>().prop_map(|(body, accent)| Look { body, accent })
}

fn hello() -> impl Strategy<Value = Hello> {
    let resume =
        any::<([u8; 16], Option<u32>)>().prop_map(|(token, taken)| Resume { token, taken });
    (
        ".{0,40}",
        ".{0,40}",
        look(),
        any::<Option<[u8; 16]>>(),
        option::of(resume),
        any::<Option<[u8; 32]>>(),
    )
        .prop_map(|(world, name, look, ticket, resume, key)| Hello {
            world,
            name,
            look,
            ticket,
            resume,
            key,
        })
}

fn emote() -> impl Strategy<Value = Emote> {
    use Emote::*;
    prop::sample::select(vec![Wave, Clap, Dance, Point, Nod, Shrug, Cheer, Sit])
}

fn close_reason() -> impl Strategy<Value = CloseReason> {
    use CloseReason::*;
    prop::sample::select(vec![
        Bye,
        VersionMismatch,
        NotVivarium,
        Malformed,
        Oversized,
        WrongLane,
        UnknownWorld,
        WorldFull,
        TooManyMessages,
        TooSlow,
        Idle,
        HandshakeTimeout,
        ResumedElsewhere,
        ShuttingDown,
        WorldRestarting,
    ])
}

fn denial() -> impl Strategy<Value = Denial> {
    use Denial::*;
    prop::sample::select(vec![EmptyText, TextTooLong, TooFast, OutOfReach, NotAllowed])
}

fn client_message() -> impl Strategy<Value = ClientMessage> {
    prop_oneof![
        ".{0,300}".prop_map(|text| ClientMessage::Say { text }),
        emote().prop_map(|emote| ClientMessage::Emote { emote }),
        (".{0,30}", look()).prop_map(|(name, look)| ClientMessage::SetLook { name, look }),
        any::<u32>().prop_map(|nonce| ClientMessage::Ping { nonce }),
        Just(ClientMessage::Bye),
        any::<u32>().prop_map(|count| ClientMessage::Taken { count }),
        vec(any::<u32>().prop_map(ObjectId), 0..9)
            .prop_map(|objects| ClientMessage::Select { objects }),
        option::of(any::<[i32; 3]>()).prop_map(|at| ClientMessage::Point { at }),
    ]
}

fn input() -> impl Strategy<Value = Input> {
    any::<(i8, i8, u16, i8, u8)>().prop_map(|(move_x, move_z, yaw, pitch, buttons)| Input {
        move_x,
        move_z,
        yaw,
        pitch,
        buttons,
    })
}

fn tracked_pose() -> impl Strategy<Value = TrackedPose> {
    any::<([i16; 3], [i16; 4])>()
        .prop_map(|(position_mm, rotation)| TrackedPose { position_mm, rotation })
}

fn tracked_poses() -> impl Strategy<Value = TrackedPoses> {
    (option::of(tracked_pose()), option::of(tracked_pose()), option::of(tracked_pose()))
        .prop_map(|(head, left, right)| TrackedPoses { head, left, right })
}

fn client_latest() -> impl Strategy<Value = ClientLatest> {
    (
        any::<(u32, [u32; 2])>(),
        any::<u32>(),
        vec(input(), 0..=INPUTS_PER_MESSAGE_MAX),
        option::of(tracked_poses()),
    )
        .prop_map(|((newest, before), first_tick, inputs, tracked)| ClientLatest {
            ack: Ack { newest, before },
            first_tick,
            inputs,
            tracked,
        })
}

fn person_card() -> impl Strategy<Value = PersonCard> {
    (any::<u32>(), ".{0,24}", look(), any::<bool>()).prop_map(|(person, name, look, present)| {
        PersonCard { person: PersonId(person), name, look, present }
    })
}

fn server_message() -> impl Strategy<Value = ServerMessage> {
    let person = || any::<u32>().prop_map(PersonId);
    prop_oneof![
        (close_reason(), ".{0,80}")
            .prop_map(|(reason, detail)| ServerMessage::Closed { reason, detail }),
        (person(), any::<[u8; 16]>(), any::<u16>(), any::<bool>(), any::<(u32, u32)>()).prop_map(
            |(person, resume, resume_window_s, resumed, (taken, told))| ServerMessage::Accepted {
                person,
                resume,
                resume_window_s,
                resumed,
                taken,
                told,
            }
        ),
        any::<u32>().prop_map(|count| ServerMessage::Taken { count }),
        (".{0,32}", ".{0,40}", any::<(u16, u8, u32, u32)>(), vec(person_card(), 0..5)).prop_map(
            |(world, document_url, (ticks_per_s, substeps, tick, edits), people)| {
                ServerMessage::Entered {
                    world,
                    document_url,
                    ticks_per_s,
                    substeps,
                    tick,
                    people,
                    edits,
                }
            }
        ),
        (any::<u32>(), ".{0,24}", option::of(".{0,300}")).prop_map(
            |(number, author, operations)| ServerMessage::Edited { number, author, operations }
        ),
        (person(), vec(any::<u32>().prop_map(ObjectId), 0..9))
            .prop_map(|(person, objects)| ServerMessage::Selected { person, objects }),
        (person(), option::of(any::<[i32; 3]>()))
            .prop_map(|(person, at)| ServerMessage::Pointed { person, at }),
        person_card().prop_map(|card| ServerMessage::Joined { card }),
        person_card().prop_map(|card| ServerMessage::Changed { card }),
        person().prop_map(|person| ServerMessage::Left { person }),
        (person(), ".{0,300}").prop_map(|(person, text)| ServerMessage::Heard { person, text }),
        (person(), emote()).prop_map(|(person, emote)| ServerMessage::Emoted { person, emote }),
        any::<u32>().prop_map(|nonce| ServerMessage::Pong { nonce }),
        denial().prop_map(|denial| ServerMessage::Denied { denial }),
        any::<(u32, u16)>().prop_map(|(object, inside)| ServerMessage::Sensed {
            object: ObjectId(object),
            inside
        }),
    ]
}

fn own_state() -> impl Strategy<Value = OwnState> {
    let metres = || array::uniform3(-1e6..1e6_f32);
    (metres(), metres(), any::<(u8, u8, u8)>()).prop_map(
        |(position_m, velocity_mps, (flags, airborne_ticks, teleports))| OwnState {
            position_m,
            velocity_mps,
            flags,
            airborne_ticks,
            teleports,
        },
    )
}

fn packet_head() -> impl Strategy<Value = PacketHead> {
    let own = prop_oneof![
        Just(OwnNote::Same),
        own_state().prop_map(OwnNote::State),
        Just(OwnNote::Untold)
    ];
    (any::<(u32, u8, u32, bool, i8)>(), own).prop_map(
        |((number, era, tick, on_time, lead_ticks), own)| PacketHead {
            number,
            era,
            tick,
            on_time,
            lead_ticks,
            own,
        },
    )
}

type Member = (Identity, Vec<i32>);
/// Who is in the slots of a leaf, and how.
type Slots = Vec<Option<Member>>;

/// Fields of a facet within their ranges: small steps from the middle, or anything.
fn fields(facet: Facet) -> impl Strategy<Value = Vec<i32>> {
    let mut each = Vec::new();
    for component in facet.schema().components {
        for index in 0..component.coding.field_count() {
            let (min, max) = match (component.coding, index) {
                (Coding::Rotation, 0) => (0, 3),
                _ => (component.min, component.max),
            };
            let near = (min.max(-20), max.min(20));
            each.push(prop_oneof![3 => near.0..=near.1, 1 => min..=max, 1 => Just(max)].boxed());
        }
    }
    each
}

fn member() -> impl Strategy<Value = Member> {
    let facet = prop::sample::select(Facet::ALL.to_vec());
    let subject = prop_oneof![3 => 0..6_u32, 1 => any::<u32>()];
    (facet, subject).prop_flat_map(|(facet, subject)| {
        fields(facet).prop_map(move |fields| (Identity { facet, subject }, fields))
    })
}

/// A leaf at four ticks. Most members stay, and most of what they are stays.
fn history() -> impl Strategy<Value = [Slots; 4]> {
    let step = || prop_oneof![4 => Just(None), 2 => member().prop_map(Some)];
    let slot = (option::of(member()), array::uniform3((step(), any::<bool>(), -3..=3_i32)));
    vec(slot, SLOTS).prop_map(|slots| {
        let mut history: [Slots; 4] = Default::default();
        for (first, steps) in slots {
            let mut member: Option<Member> = first;
            history[0].push(member.clone());
            for (at, (other, leaves, moved)) in steps.into_iter().enumerate() {
                member = match (other, member) {
                    (Some(other), _) => (!leaves).then_some(other),
                    (None, Some((identity, mut fields))) => {
                        // Along x, as walkers and rolling balls go.
                        fields[0] = (fields[0] + moved * 9).clamp(-(1 << 15), (1 << 15) - 1);
                        Some((identity, fields))
                    }
                    (None, None) => None,
                };
                history[at + 1].push(member.clone());
            }
        }
        history
    })
}

fn coarse(slots: &Slots, level: u8) -> Slots {
    let mut slots = slots.clone();
    for (identity, fields) in slots.iter_mut().flatten() {
        identity.facet.schema().coarsen(level, fields);
    }
    slots
}

/// A leaf between two ticks, as an encoder sees it.
struct Between<'a> {
    base: &'a Slots,
    earlier: [Option<&'a Slots>; 2],
    now: &'a Slots,
}

impl Between<'_> {
    fn bits(&self, holds: impl Fn(usize) -> bool) -> u64 {
        (0..SLOTS).filter(|slot| holds(*slot)).fold(0, |bits, slot| bits | 1 << slot)
    }

    fn same(&self, slot: usize) -> bool {
        let who = |slots: &Slots| slots[slot].as_ref().map(|(identity, _)| *identity);
        who(self.base).is_some() && who(self.base) == who(self.now)
    }
}

impl Source for Between<'_> {
    fn base(&self) -> u64 {
        self.bits(|slot| self.base[slot].is_some())
    }
    fn stays(&self) -> u64 {
        self.bits(|slot| self.same(slot))
    }
    fn comes(&self) -> u64 {
        self.bits(|slot| self.now[slot].is_some() && !self.same(slot))
    }
    fn moved(&self, slot: usize) -> bool {
        slot.is_multiple_of(2)
    }
    fn identity(&self, slot: usize) -> Identity {
        self.now[slot].as_ref().expect("somebody is there").0
    }
    fn known<'a>(&'a self, slot: usize, _: &'a mut [[i32; FIELDS_MAX]; 3]) -> Known<'a> {
        let identity = self.identity(slot);
        let of = |slots: &'a Slots| {
            let (who, fields) = slots[slot].as_ref()?;
            (*who == identity).then_some(&fields[..])
        };
        Known {
            base: of(self.base).expect("who stays was there"),
            earlier: self.earlier.map(|slots| slots.and_then(of)),
        }
    }
    fn now(&self, slot: usize, fields: &mut [i32]) {
        fields.copy_from_slice(&self.now[slot].as_ref().expect("somebody is there").1);
    }
}

const LEAF: u32 = 3;

/// The packets that tell a leaf, one for each part.
fn packets(number: &mut u32, tick: u32, times: Times, between: &Between<'_>) -> Vec<Vec<u8>> {
    let (mut bytes, mut parts) = (Vec::new(), Vec::new());
    BlockEncoder::default().encode(times, between, &mut bytes, &mut parts);
    let mut told = Vec::new();
    for part in parts {
        *number += 1;
        let part = &bytes[part.start as usize..part.end as usize];
        assert!(part.len() <= BLOCK_BYTES_MAX + 8, "a part of {} bytes", part.len());
        let head = PacketHead {
            number: *number,
            era: 0,
            tick,
            on_time: true,
            lead_ticks: 0,
            own: OwnNote::Untold,
        };
        let mut packet = Vec::new();
        packet::write_head(&mut packet, &head);
        packet::write_block_head(&mut packet, LEAF, part.len());
        packet.extend_from_slice(part);
        told.push(packet);
    }
    told
}

/// What a view knows, in no order of slots.
fn seen(view: &View) -> Vec<Member> {
    let (_, leaf) = view.leaves().next().expect("the leaf was told");
    let newest = leaf.newest().expect("it was told completely");
    let mut members: Vec<Member> =
        newest.members().map(|(identity, fields)| (identity, fields.to_vec())).collect();
    members.sort();
    members
}

/// A leaf told four times, each time relative to all that came before; gives the view, and the
/// packets of the last time, which it has not been told.
fn tell(history: &[Slots; 4], level: u8, gaps: [u32; 3]) -> (View, Vec<Vec<u8>>, Slots) {
    let nobody: Slots = vec![None; SLOTS];
    let (mut view, mut number, mut tick) = (View::default(), 0, 100);
    let mut told: Vec<Slots> = Vec::new();
    let mut last: Vec<Vec<u8>> = Vec::new();
    for (index, slots) in history.iter().enumerate() {
        for packet in last.drain(..) {
            let (_, applied) = view.apply(&packet).expect("our own bytes decode");
            assert_eq!(applied, Applied::Whole);
        }
        let back = |nth: usize| index.checked_sub(nth).map(|at| &told[at]);
        let gap = |nth: usize| index.checked_sub(nth).map_or(0, |at| gaps[at]);
        tick += gap(1);
        let times = Times { age: gap(1), gaps: [gap(2), gap(3)], level };
        let now = coarse(slots, level);
        let between =
            Between { base: back(1).unwrap_or(&nobody), earlier: [back(2), back(3)], now: &now };
        last = packets(&mut number, tick, times, &between);
        told.push(now);
    }
    let now = told.pop().expect("a history has states");
    (view, last, now)
}

/// Bytes of a stranger: noise, and noise that begins like a message.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let low = vec(prop_oneof![3 => 0..12_u8, 1 => 250..=255_u8, 1 => any::<u8>()], 0..400);
    prop_oneof![vec(any::<u8>(), 0..400), low]
}

proptest! {
    #[test]
    fn bytes_of_a_stranger_never_panic(bytes in bytes()) {
        let framed = [&MAGIC[..], &PROTOCOL_VERSION.to_le_bytes(), &bytes].concat();
        let _ = wire::decode_hello(&bytes);
        let _ = wire::decode_client_message(&bytes);
        let _ = wire::decode_server_message(&bytes);
        // What is understood must be what it says when it is written again.
        if let Ok(hello) = wire::decode_hello(&framed) {
            prop_assert_eq!(wire::decode_hello(&wire::encode_hello(&hello)), Ok(hello));
        }
        if let Ok(latest) = wire::decode_client_latest(&bytes) {
            prop_assert!(latest.inputs.len() <= INPUTS_PER_MESSAGE_MAX);
            prop_assert_eq!(wire::decode_client_latest(&wire::encode(&latest)), Ok(latest));
        }
        if let Ok((head, entries)) = packet::read(&bytes) {
            // Bytes, not values: a position may be NaN, which is unequal to itself.
            let encoded = wire::encode(&head);
            let (again, _) = packet::read(&encoded).expect("our own bytes decode");
            prop_assert_eq!(wire::encode(&again), encoded);
            prop_assert!(entries.count() <= bytes.len());
        }
    }

    #[test]
    fn a_damaged_message_never_panics(
        message in server_message(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = wire::encode(&message);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = wire::decode_server_message(&bytes);
        let _ = wire::decode_server_message(&bytes[..at]);
    }

    #[test]
    fn every_hello_comes_back(hello in hello()) {
        prop_assert_eq!(wire::decode_hello(&wire::encode_hello(&hello)), Ok(hello));
    }

    #[test]
    fn every_client_message_comes_back(message in client_message()) {
        prop_assert_eq!(wire::decode_client_message(&wire::encode(&message)), Ok(message));
    }

    #[test]
    fn every_latest_message_comes_back(latest in client_latest()) {
        let bytes = wire::encode(&latest);
        prop_assert_eq!(wire::decode_client_latest(&bytes), Ok(latest.clone()));
        prop_assert_eq!(
            wire::decode_client_latest(&[&bytes[..], &[0]].concat()),
            Err(wire::DecodeError::TrailingBytes(1))
        );
    }

    #[test]
    fn every_server_message_comes_back(message in server_message()) {
        prop_assert_eq!(wire::decode_server_message(&wire::encode(&message)), Ok(message));
    }

    #[test]
    fn every_packet_head_comes_back(head in packet_head(), rest in vec(any::<u8>(), 0..8)) {
        let mut bytes = Vec::new();
        packet::write_head(&mut bytes, &head);
        let length = bytes.len();
        bytes.extend_from_slice(&rest);
        let (read, left) = wire::decode_prefix::<PacketHead>(&bytes, 1_000).expect("it was written");
        prop_assert_eq!(read, head);
        prop_assert_eq!(left, &bytes[length..]);
    }

    #[test]
    fn an_acknowledgement_names_what_was_added(numbers in vec(1..200_u32, 0..100)) {
        let mut ack = Ack::default();
        for (index, number) in numbers.iter().enumerate() {
            ack.add(*number);
            let added = &numbers[..=index];
            let newest = *added.iter().max().expect("one was added");
            prop_assert_eq!(ack.newest, newest);
            for number in 0..=201 {
                // What was too old when it was added is not named; what was named stays so until
                // it is too old.
                let named = ack.names(number);
                let young = newest.saturating_sub(number) <= Ack::BEFORE;
                prop_assert!(!named || (added.contains(&number) && young), "{number}");
                if !named && young && added.contains(&number) {
                    let at = added.iter().position(|it| *it == number).expect("it was added");
                    let then = *added[..=at].iter().max().expect("one was added");
                    prop_assert!(then - number > Ack::BEFORE, "{number} of {added:?}");
                }
            }
        }
    }

    #[test]
    fn a_position_is_told_within_half_a_step(metres in -8_000.0..8_000.0_f32) {
        let told = quantise::position_m(quantise::position(metres));
        // Up to 8 km, a float is finer than half a step.
        prop_assert!((told - metres).abs() <= 0.5 / quantise::POSITION_STEPS_PER_M);
    }

    #[test]
    fn any_float_becomes_a_position_within_the_bounds(bits in any::<u32>()) {
        let steps = quantise::position(f32::from_bits(bits));
        let most = (quantise::POSITION_M_MAX * quantise::POSITION_STEPS_PER_M) as i32;
        prop_assert!((-most..=most).contains(&steps));
    }

    #[test]
    fn a_rotation_is_told_within_half_a_step(
        quaternion in array::uniform4(-1.0..1.0_f32).prop_filter_map("not a direction", unit)
    ) {
        let told = quantise::rotation_quaternion(quantise::rotation(quaternion));
        // The quaternion and its negative are the same rotation.
        let dot: f32 = quaternion.iter().zip(told).map(|(a, b)| a * b).sum();
        let sign = if dot < 0.0 { -1.0 } else { 1.0 };
        // Each small component is off by half a step at most. The largest follows from them, and is
        // never less than any of them, so it is off by no more than the three together.
        let step = 1.0 / (quantise::ROTATION_STEPS * std::f32::consts::SQRT_2);
        let mut off: Vec<f32> =
            quaternion.iter().zip(told).map(|(a, b)| (a - b * sign).abs()).collect();
        off.sort_by(f32::total_cmp);
        prop_assert!(off[3] <= 1.5 * step + 1e-5, "{off:?}");
        prop_assert!(off[2] <= 0.75 * step + 1e-5, "{off:?}");
    }

    #[test]
    fn whatever_is_told_is_a_rotation(packed in any::<[i32; 4]>()) {
        let length: f32 =
            quantise::rotation_quaternion(packed).iter().map(|component| component.powi(2)).sum();
        prop_assert!((length.sqrt() - 1.0).abs() < 1e-5, "length {length}");
    }

    #[test]
    fn cleaned_text_stays_as_it_is_when_cleaned_again(typed in any::<String>()) {
        if let Ok(clean) = text::chat(&typed) {
            prop_assert!(!clean.chars().any(char::is_control));
            prop_assert_eq!(text::chat(&clean), Ok(clean));
        }
    }

    #[test]
    fn text_of_awkward_characters_stays_as_it_is_when_cleaned_again(
        typed in "[aA\u{C1} \u{1100}\u{1161}\u{11A8}\u{301}\u{323}\u{335}\u{3099}\u{200B}\u{200D}\u{FE0F}\u{2764}\u{E0100}\u{85}]{0,24}",
    ) {
        if let Ok(clean) = text::chat(&typed) {
            prop_assert_eq!(text::chat(&clean), Ok(clean.clone()));
            prop_assert_eq!(text::name_key(&text::name_key(&clean)), text::name_key(&clean));
        }
    }
}

// Blocks are larger than messages: fewer of them say as much.
proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_leaf_comes_back(
        history in history(),
        level in 0..LEVELS as u8,
        gaps in array::uniform3(1..20_u32),
        backwards in any::<bool>(),
    ) {
        let (mut view, mut last, now) = tell(&history, level, gaps);
        if backwards {
            last.reverse();
        }
        for packet in &last {
            prop_assert_eq!(view.apply(packet).expect("our own bytes decode").1, Applied::Whole);
            prop_assert_eq!(view.apply(packet).expect("our own bytes decode").1, Applied::Old);
        }
        let mut expected: Vec<Member> = now.into_iter().flatten().collect();
        expected.sort();
        prop_assert_eq!(seen(&view), expected);
    }

    #[test]
    fn a_damaged_packet_never_panics_and_leaves_a_view_that_can_be_told_anew(
        history in history(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..12),
        noise in bytes(),
    ) {
        let (mut view, last, now) = tell(&history, 0, [1, 2, 3]);
        let _ = view.apply(&noise);
        for ((at, byte, cut), packet) in damage.iter().zip(last.iter().cycle()) {
            let mut packet = packet.clone();
            let at = at.index(packet.len());
            packet[at] = *byte;
            if *cut {
                packet.truncate(at);
            }
            let _ = view.apply(&packet);
            prop_assert!(view.leaves().count() <= LEAVES_MAX);
        }
        view.clear();
        let nobody: Slots = vec![None; SLOTS];
        let between = Between { base: &nobody, earlier: [None; 2], now: &now };
        for packet in packets(&mut 1_000, 9_999, Times::default(), &between) {
            prop_assert_eq!(view.apply(&packet).expect("our own bytes decode").1, Applied::Whole);
        }
        let mut expected: Vec<Member> = now.into_iter().flatten().collect();
        expected.sort();
        prop_assert_eq!(seen(&view), expected);
    }

    #[test]
    fn a_closed_leaf_stays_closed(history in history(), moved in any::<bool>()) {
        let (mut view, last, _) = tell(&history, 0, [1, 1, 1]);
        let head = PacketHead {
            number: 500,
            era: 0,
            tick: 101,
            on_time: true,
            lead_ticks: 0,
            own: OwnNote::Untold,
        };
        let mut packet = Vec::new();
        packet::write_head(&mut packet, &head);
        packet::write_closed(&mut packet, LEAF, if moved { Closing::Moved } else { Closing::Gone });
        prop_assert_eq!(view.apply(&packet).expect("our own bytes decode").1, Applied::Whole);
        for packet in last {
            let _ = view.apply(&packet);
        }
        prop_assert!(view.members().is_empty());
    }
}

fn unit(quaternion: [f32; 4]) -> Option<[f32; 4]> {
    let length = quaternion.iter().map(|c| c * c).sum::<f32>().sqrt();
    (length > 0.1).then(|| quaternion.map(|c| c / length))
}
