//! Textures of models, packed for graphics cards by a real encoder, and by bad ones.

use std::{
    io::Write,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use image::{Rgb, RgbImage};
use ktx2::{ColorModel, ColorPrimaries, TransferFunction};
use serde_json::{Value, json};
use vivarium_assets::{
    encoder::{Encoder, sweep},
    intake::{Details, TakenIn, take_in},
    model::unpacked,
};

use crate::{
    sample::{glb, json_of, square},
    taken,
};

/// Binomial's own.
fn basisu() -> Encoder {
    let installed = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/basisu/basisu");
    let program = std::env::var_os("VIVARIUM_BASISU").map_or(installed, PathBuf::from);
    assert!(
        program.is_file(),
        "the encoder is missing: {} (make test installs it, and so does tools/make/basisu.sh)",
        program.display()
    );
    Encoder::at(program)
}

/// One of the programs beside this test, by a name with the number of this process.
fn bad(name: &str, folder: &Path) -> Encoder {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/encoders").join(name);
    let named = folder.join(format!("{name}-{}", std::process::id()));
    std::os::unix::fs::symlink(beside, &named).unwrap();
    // What ends does so soon, unless the machine is busy.
    let s = Duration::from_secs;
    let (model_max, image_max) = match name {
        "hangs" => (s(1), s(1)),
        "hangs_over_the_first" => (s(20), s(1)),
        _ => (s(20), s(20)),
    };
    Encoder::at(named).within(model_max, image_max)
}

fn taken_by(bytes: &[u8], encoder: &Encoder) -> TakenIn {
    take_in(&Bytes::copy_from_slice(bytes), Some(&mut || Some(encoder.clone()))).unwrap()
}

/// Values that have nothing to do with each other, the same every time.
fn noise() -> impl FnMut() -> u8 {
    let mut seed = 7_u32;
    move || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 24) as u8
    }
}

/// Hills and valleys with some grain, of another kind for each number.
fn surface(width: u32, height: u32, kind: u32) -> RgbImage {
    let mut grain = noise();
    RgbImage::from_fn(width, height, |x, y| {
        let grain = f32::from(grain() >> 5);
        let wave = |step: u32| {
            let at = (x * step + y * (kind + 2)) as f32 / 40.0;
            (120.0 + grain + 90.0 * at.sin()) as u8
        };
        Rgb([wave(1), wave(2), 60 + 40 * kind as u8])
    })
}

fn png(image: &RgbImage) -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    image.write_to(&mut out, image::ImageFormat::Png).unwrap();
    out.into_inner()
}

/// A square with images, of which the first is its colour and the second its normals.
fn square_of(images: &[&RgbImage]) -> (Value, Vec<u8>) {
    let (mut json, mut bin) = square();
    json["materials"] = json!([{
        "pbrMetallicRoughness": { "baseColorTexture": { "index": 0 } },
    }]);
    if images.len() > 1 {
        json["materials"][0]["normalTexture"] = json!({ "index": 1, "scale": 0.5 });
    }
    json["meshes"][0]["primitives"][0]["material"] = json!(0);
    for (index, image) in images.iter().enumerate() {
        let bytes = png(image);
        let mut push = |list: &str, value: Value| {
            let list = &mut json[list];
            if list.is_null() {
                *list = json!([]);
            }
            list.as_array_mut().unwrap().push(value);
        };
        push("textures", json!({ "source": index }));
        push("images", json!({ "bufferView": index + 1, "mimeType": "image/png" }));
        let view = json!({ "buffer": 0, "byteOffset": bin.len(), "byteLength": bytes.len() });
        push("bufferViews", view);
        bin.extend(bytes);
        bin.resize(bin.len().next_multiple_of(4), 0);
    }
    json["buffers"][0]["byteLength"] = json!(bin.len());
    (json, bin)
}

fn glb_of(images: &[&RgbImage]) -> Vec<u8> {
    let (json, bin) = square_of(images);
    glb(&json, &bin)
}

/// The image of a texture, in whatever form.
fn image_of(glb: &[u8], texture: &Value) -> Vec<u8> {
    let json = json_of(glb);
    let texture = &json["textures"][texture["index"].as_u64().unwrap() as usize];
    let packed = &texture["extensions"]["KHR_texture_basisu"]["source"];
    let image = packed.as_u64().or(texture["source"].as_u64()).unwrap() as usize;
    let view = json["images"][image]["bufferView"].as_u64().unwrap() as usize;
    let view = &json["bufferViews"][view];
    let bin = 20 + u32::from_le_bytes(glb[12..16].try_into().unwrap()) as usize + 8;
    let start = bin + view["byteOffset"].as_u64().unwrap_or(0) as usize;
    glb[start..start + view["byteLength"].as_u64().unwrap() as usize].to_vec()
}

fn packed(kept: &TakenIn) -> (usize, u64) {
    match kept.details {
        Details::Model { packed_images, texture_bytes, .. } => (packed_images, texture_bytes),
        _ => panic!("{:?}", kept.details),
    }
}

#[track_caller]
fn assert_alike(png: &[u8], wanted: &RgbImage) {
    let found = image::load_from_memory(png).unwrap().to_rgb8();
    assert_eq!(found.dimensions(), wanted.dimensions());
    let squares = found.as_raw().iter().zip(wanted.as_raw());
    let squares = squares.map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2)).sum::<f64>();
    let error = (squares / wanted.as_raw().len() as f64).sqrt();
    assert!(error < 6.0, "{error} of 255");
}

#[test]
fn textures_are_packed_as_what_they_are() {
    let (colour, normal) = (surface(256, 128, 0), surface(192, 192, 3));
    let kept = taken_by(&glb_of(&[&colour, &normal]), &basisu());
    assert_eq!(packed(&kept), (2, 256 * 128 + 192 * 192), "a quarter of what it took");
    assert_eq!(kept.notes, ["2 of 2 images packed for graphics cards (KTX2)"]);
    let json = json_of(&kept.bytes);
    let needed = json["extensionsRequired"].as_array().unwrap();
    assert!(needed.contains(&json!("KHR_texture_basisu")), "{needed:?}");
    let material = &json["materials"][0];
    for (texture, model, primaries, transfer, scale) in [
        (
            &material["pbrMetallicRoughness"]["baseColorTexture"],
            ColorModel::ETC1S,
            Some(ColorPrimaries::BT709),
            TransferFunction::SRGB,
            &json!(null),
        ),
        (
            &material["normalTexture"],
            ColorModel::UASTC,
            None,
            TransferFunction::Linear,
            &json!(0.5),
        ),
    ] {
        let image = image_of(&kept.bytes, texture);
        let reader = ktx2::Reader::new(&image[..]).unwrap();
        assert_eq!(reader.color_model(), Some(model));
        assert_eq!(reader.color_primaries(), primaries);
        assert_eq!(reader.transfer_function(), Some(transfer));
        assert_eq!(reader.key_value_data().count(), 0, "nobody is named");
        let header = reader.header();
        let longest = header.pixel_width.max(header.pixel_height);
        assert_eq!(header.level_count, longest.ilog2() + 1);
        assert_eq!(&texture["scale"], scale);
    }
    let again = taken(&kept.bytes);
    assert_eq!((again.address, &again.details), (kept.address, &kept.details));
    let plain = unpacked(&kept.bytes).unwrap();
    let json = json_of(&plain);
    assert_eq!(json.get("extensionsRequired"), None, "other programs need nothing");
    let material = &json["materials"][0];
    let texture = &material["pbrMetallicRoughness"]["baseColorTexture"];
    assert_alike(&image_of(&plain, texture), &colour);
    assert_alike(&image_of(&plain, &material["normalTexture"]), &normal);
}

#[test]
fn sides_become_multiples_of_four() {
    let kept = taken_by(&glb_of(&[&surface(250, 131, 1)]), &basisu());
    assert_eq!(packed(&kept), (1, 252 * 132));
}

#[test]
fn what_would_suffer_by_it_is_not_packed() {
    let small = glb_of(&[&surface(64, 64, 1)]);
    let same = glb_of(&[&surface(200, 200, 1), &surface(200, 200, 1)]);
    let (mut json, bin) = square_of(&[&surface(200, 200, 1)]);
    json["samplers"] = json!([{ "magFilter": 9728 }]);
    json["textures"][0]["sampler"] = json!(0);
    let squares = glb(&json, &bin);
    // Noise has no blocks that four values describe.
    let mut any = noise();
    let noise = RgbImage::from_fn(200, 200, |_, _| Rgb([any(), any(), any()]));
    let noise = glb_of(&[&noise]);
    for (what, model) in [
        ("small", small),
        ("both colour and normals", same),
        ("squares", squares),
        ("noise", noise),
    ] {
        let kept = taken_by(&model, &basisu());
        assert_eq!(packed(&kept).0, 0, "{what}");
        assert_eq!(kept.address, taken(&model).address, "{what}");
    }
}

/// What is written into the log, as text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_bad_encoder_is_told_and_does_no_harm() {
    let model = glb_of(&[&surface(256, 256, 0), &surface(128, 128, 3)]);
    let plain = taken(&model);
    let folder = tempfile::tempdir().unwrap();
    for (name, words) in [
        ("hangs", "took longer than it may"),
        ("hangs_over_the_first", "exit status: 3: ERROR: I do not like the second"),
        ("fails", "exit status: 3: ERROR: I do not like this image"),
        ("tells_its_environment", "exit status: 3: "),
        ("writes_nothing", "is no use"),
        ("writes_rubbish", "the KTX2 cannot be read"),
        ("writes_without_end", "the program failed"),
        ("takes_all_memory", "the program failed"),
        ("is_not_there", "No such file"),
    ] {
        let log = Log::default();
        let writer = log.clone();
        let subscriber =
            tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).finish();
        let encoder = bad(name, folder.path());
        let kept = tracing::subscriber::with_default(subscriber, || taken_by(&model, &encoder));
        assert_eq!(kept.address, plain.address, "{name}");
        let note = "0 of 2 textures packed for graphics cards (KTX2): the others stay as they were";
        assert_eq!(kept.notes, [note], "{name}");
        let told = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(told.contains("WARN") && told.contains(words), "{name}: {told}");
        assert_eq!(told.matches("WARN").count(), 1, "{name} is told once for each model: {told}");
        if name == "tells_its_environment" {
            assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
            assert!(told.contains(" PATH") && !told.contains("CARGO_MANIFEST_DIR"), "{told}");
        }
    }
    // What a program has begun ends with it.
    #[cfg(target_os = "linux")]
    while is_running(&format!("97531.{}", std::process::id())) {
        std::thread::yield_now();
    }
}

#[test]
fn who_finds_the_encoder_busy_keeps_textures_and_is_told() {
    let model = glb_of(&[&surface(256, 256, 0)]);
    let kept = take_in(&Bytes::from(model.clone()), Some(&mut || None)).unwrap();
    assert_eq!(kept.address, taken(&model).address);
    assert_eq!(kept.notes, ["textures not packed: the server was packing those of others"]);
    let small = Bytes::from(glb_of(&[&surface(64, 64, 1)]));
    take_in(&small, Some(&mut || panic!("there is nothing to pack"))).unwrap();
}

#[test]
fn a_program_is_found_when_it_may_be_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("basisu");
    std::fs::write(&file, "words").unwrap();
    assert!(Encoder::find(file.to_str().unwrap()).is_none());
    assert!(Encoder::find(folder.path().to_str().unwrap()).is_none());
    let fails = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/encoders/fails");
    assert!(Encoder::find(fails).is_some());
}

#[test]
fn folders_of_servers_that_ended_are_taken_away() {
    let folder = |age_s| {
        let folder = tempfile::Builder::new().prefix("vivarium-texture-").tempdir().unwrap();
        std::fs::write(folder.path().join("in.png"), "a texture").unwrap();
        let then = SystemTime::now() - Duration::from_secs(age_s);
        std::fs::File::open(folder.path()).unwrap().set_modified(then).unwrap();
        folder
    };
    let (old, new) = (folder(3_600), folder(60));
    sweep();
    assert!(!old.path().exists() && new.path().exists());
}

/// Whether some process has this argument.
#[cfg(target_os = "linux")]
fn is_running(argument: &str) -> bool {
    std::fs::read_dir("/proc").unwrap().flatten().any(|process| {
        let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).any(|part| part == argument.as_bytes())
    })
}
