//! What must hold for every value and for every byte string.

use proptest::{array, collection::vec, option, prelude::*};
use vivarium_protocol::{
    close::CloseReason,
    frame::{Change, Comer, EntityKind, FIELD_COUNT, FieldDelta, Fields, Frame, OwnState},
    ids::{EntityId, ObjectId, PersonId},
    intent::{
        ClientLatest, ClientMessage, Emote, Hello, Input, Look, MAGIC, TrackedPose, TrackedPoses,
    },
    limits::INPUTS_PER_MESSAGE_MAX,
    notice::{Denial, PersonCard, ServerMessage},
    quantise, text, wire,
};

fn look() -> impl Strategy<Value = Look> {
    any::<([u8; 3], [u8; 3])>().prop_map(|(body, accent)| Look { body, accent })
}

fn hello() -> impl Strategy<Value = Hello> {
    (".{0,40}", ".{0,40}", look(), any::<Option<[u8; 16]>>())
        .prop_map(|(world, name, look, resume)| Hello { world, name, look, resume })
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
    prop::sample::select(vec![EmptyText, TextTooLong, TooFast, OutOfReach])
}

fn client_message() -> impl Strategy<Value = ClientMessage> {
    prop_oneof![
        ".{0,300}".prop_map(|text| ClientMessage::Say { text }),
        emote().prop_map(|emote| ClientMessage::Emote { emote }),
        (".{0,30}", look()).prop_map(|(name, look)| ClientMessage::SetLook { name, look }),
        any::<u32>().prop_map(|nonce| ClientMessage::Ping { nonce }),
        Just(ClientMessage::Bye),
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
        any::<u32>(),
        any::<u32>(),
        vec(input(), 0..=INPUTS_PER_MESSAGE_MAX),
        option::of(tracked_poses()),
    )
        .prop_map(|(ack, first_tick, inputs, tracked)| ClientLatest {
            ack,
            first_tick,
            inputs,
            tracked,
        })
}

fn person_card() -> impl Strategy<Value = PersonCard> {
    (any::<u32>(), any::<u32>(), ".{0,24}", look(), any::<bool>()).prop_map(
        |(person, avatar, name, look, present)| PersonCard {
            person: PersonId(person),
            avatar: EntityId(avatar),
            name,
            look,
            present,
        },
    )
}

fn server_message() -> impl Strategy<Value = ServerMessage> {
    let person = || any::<u32>().prop_map(PersonId);
    prop_oneof![
        (close_reason(), ".{0,80}")
            .prop_map(|(reason, detail)| ServerMessage::Closed { reason, detail }),
        (person(), any::<[u8; 16]>(), any::<u16>(), any::<bool>()).prop_map(
            |(person, resume, resume_window_s, resumed)| ServerMessage::Accepted {
                person,
                resume,
                resume_window_s,
                resumed
            }
        ),
        (".{0,32}", ".{0,40}", any::<(u16, u8, u32, u32)>(), vec(person_card(), 0..5),).prop_map(
            |(world, document_url, (ticks_per_s, substeps, tick, avatar), people)| {
                let avatar = EntityId(avatar);
                ServerMessage::Entered {
                    world,
                    document_url,
                    ticks_per_s,
                    substeps,
                    tick,
                    avatar,
                    people,
                }
            }
        ),
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

/// Mostly small, as on the wire, but also the edges of `i32`, where additions wrap.
fn fields() -> impl Strategy<Value = Fields> {
    let field = prop_oneof![
        4 => -300..300_i32,
        2 => any::<i32>(),
        1 => Just(i32::MIN),
        1 => Just(i32::MAX),
    ];
    vec(field, FIELD_COUNT).prop_map(|fields| fields.try_into().expect("as many as asked for"))
}

fn delta() -> impl Strategy<Value = FieldDelta> {
    (any::<u32>(), vec(any::<i32>(), 0..FIELD_COUNT))
        .prop_map(|(mask, values)| FieldDelta { mask, values })
}

fn own_state() -> impl Strategy<Value = OwnState> {
    let metres = || array::uniform3(-1e6..1e6_f32);
    (metres(), metres(), any::<(u8, u8, bool, i8, u8)>()).prop_map(
        |(position_m, velocity_mps, (flags, airborne_ticks, on_time, lead_ticks, teleports))| {
            OwnState {
                position_m,
                velocity_mps,
                flags,
                airborne_ticks,
                on_time,
                lead_ticks,
                teleports,
            }
        },
    )
}

fn frame() -> impl Strategy<Value = Frame> {
    let kind = prop_oneof![
        any::<u32>().prop_map(|person| EntityKind::Avatar { person: PersonId(person) }),
        any::<u32>().prop_map(|object| EntityKind::Object { object: ObjectId(object) }),
    ];
    let comer = (any::<u32>(), kind, delta()).prop_map(|(entity, kind, state)| Comer {
        entity: EntityId(entity),
        kind,
        state,
    });
    let change = (any::<u32>(), delta())
        .prop_map(|(entity, delta)| Change { entity: EntityId(entity), delta });
    (
        any::<(u32, u32)>(),
        option::of(own_state()),
        vec(any::<u32>().prop_map(EntityId), 0..6),
        vec(comer, 0..6),
        vec(change, 0..6),
    )
        .prop_map(|((tick, baseline), own, gone, come, changed)| Frame {
            tick,
            baseline,
            own,
            gone,
            come,
            changed,
        })
}

/// Bytes of a stranger: noise, and noise that begins like a message.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let low = vec(prop_oneof![3 => 0..12_u8, 1 => 250..=255_u8, 1 => any::<u8>()], 0..400);
    prop_oneof![vec(any::<u8>(), 0..400), low]
}

proptest! {
    #[test]
    fn bytes_of_a_stranger_never_panic(bytes in bytes()) {
        let framed = [&MAGIC[..], &1_u16.to_le_bytes(), &bytes].concat();
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
        if let Ok(frame) = wire::decode_frame(&bytes) {
            // Bytes, not values: a position may be NaN, which is unequal to itself.
            let encoded = wire::encode(&frame);
            let again = wire::decode_frame(&encoded).expect("our own bytes decode");
            prop_assert_eq!(wire::encode(&again), encoded);
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
    fn every_frame_comes_back(frame in frame()) {
        prop_assert_eq!(wire::decode_frame(&wire::encode(&frame)), Ok(frame));
    }

    #[test]
    fn a_delta_leads_from_one_state_to_the_other(from in fields(), to in fields()) {
        let delta = FieldDelta::between(&from, &to);
        let mut fields = from;
        prop_assert!(delta.apply(&mut fields));
        prop_assert_eq!(fields, to);
        prop_assert_eq!(delta.is_empty(), from == to);
    }

    #[test]
    fn a_malformed_delta_changes_nothing(delta in delta(), before in fields()) {
        let mut fields = before;
        let well_formed = delta.mask >> FIELD_COUNT == 0
            && delta.mask.count_ones() as usize == delta.values.len();
        prop_assert_eq!(delta.apply(&mut fields), well_formed);
        if !well_formed {
            prop_assert_eq!(fields, before);
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

fn unit(quaternion: [f32; 4]) -> Option<[f32; 4]> {
    let length = quaternion.iter().map(|c| c * c).sum::<f32>().sqrt();
    (length > 0.1).then(|| quaternion.map(|c| c / length))
}
