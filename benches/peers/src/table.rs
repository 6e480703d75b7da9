//! The figures as a Markdown table.

use crate::measure::Figures;

/// One line per case, in the order in which they ran.
pub fn markdown(all: &[Figures]) -> String {
    let head = "| avatars x clients | library | CPU per snapshot tick, median (10 % to 90 %) | \
        of Vivarium's | taking in acks | kB/s per client | B per avatar and update | \
        messages per client and tick, largest | peak memory |\n\
        |---|---|---|---|---|---|---|---|---|\n";
    all.iter().map(|figures| line(figures, all)).fold(head.to_owned(), |table, line| table + &line)
}

fn line(figures: &Figures, all: &[Figures]) -> String {
    let ours = all
        .iter()
        .find(|other| other.people == figures.people && other.library.starts_with("Vivarium"));
    let ratio = ours.map_or_else(
        || "-".into(),
        |ours| format!("{}x", significant(figures.send_ms[1] / ours.send_ms[1])),
    );
    let acks = figures
        .acks_ms
        .map_or_else(|| "-".into(), |[_, median, _]| format!("{} ms", significant(median)));
    // A difference of two ticks may drown in their noise.
    let acks = if acks == "0.000 ms" { "not measurable".to_owned() } else { acks };
    let [low, median, high] = figures.send_ms.map(significant);
    format!(
        "| {people} x {people} | {} | {median} ms ({low} to {high}) | {ratio} | {acks} | {:.1} | {:.2} \
        | {:.1}, {} B | {:.0} MB |\n",
        figures.library,
        figures.bytes_per_client_s / 1.0e3,
        figures.bytes_per_update,
        figures.messages_per_client,
        figures.message_bytes_max,
        figures.peak_mb,
        people = figures.people,
    )
}

/// Three digits that count.
fn significant(value: f64) -> String {
    match value {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}
