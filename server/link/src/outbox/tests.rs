//! What outboxes promise: nothing numbered is lost or told twice, and nothing grows without end.

use super::*;

fn outbox(reliable_bytes_max: usize) -> Outbox {
    Outbox::new(reliable_bytes_max, Arc::default())
}

fn text(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

async fn take(outbox: &Outbox, attachment: Attachment) -> Vec<(Lane, String)> {
    let mut messages = Vec::new();
    assert_eq!(outbox.next(attachment, &mut messages).await, Next::Messages);
    messages
        .into_iter()
        .map(|(lane, bytes)| (lane, String::from_utf8(bytes.to_vec()).unwrap()))
        .collect()
}

fn reliable(texts: &[&str]) -> Vec<(Lane, String)> {
    texts.iter().map(|text| (Lane::Reliable, (*text).to_owned())).collect()
}

#[tokio::test]
async fn a_newer_frame_replaces_the_waiting_one_and_nothing_reliable_is_lost() {
    let outbox = outbox(1_000);
    let Attached { attachment, .. } = outbox.attach(None, Road::Reliable);
    outbox.put_latest(true, text("frame 1"));
    outbox.push_reliable(text("joined"));
    outbox.put_latest(true, text("frame 2"));
    outbox.put_latest(false, text("more of 2"));
    outbox.push_reliable(text("left"));
    outbox.push_control(attachment, text("pong"));
    let mut expected = reliable(&["pong", "joined", "left"]);
    expected.extend([(Lane::Latest, "frame 2".into()), (Lane::Latest, "more of 2".into())]);
    assert_eq!(take(&outbox, attachment).await, expected);
    assert_eq!(outbox.stats.frames_replaced.load(Relaxed), 1);
    let kept = 10 + 2 * MESSAGE_OVERHEAD_BYTES as i64;
    assert_eq!(outbox.stats.bytes.load(Relaxed), kept, "until the client has taken them in");
    assert!(outbox.confirm(2));
    assert_eq!(outbox.stats.bytes.load(Relaxed), 0);
}

#[tokio::test]
async fn the_next_connection_gets_what_the_last_one_did_not_confirm() {
    let outbox = outbox(1_000);
    let first = outbox.attach(None, Road::Datagrams);
    assert_eq!(first, Attached { attachment: 1, told: 0, anew: true });
    for message in ["a", "b", "c"] {
        outbox.push_reliable(text(message));
    }
    take(&outbox, 1).await;
    assert!(outbox.confirm(1));
    outbox.detach(1);
    assert_eq!(outbox.line(), Line { attachment: 1, is_anew: true, road: None });
    outbox.push_reliable(text("d"));
    outbox.put_latest(true, text("nobody is there for a frame"));
    let second = outbox.attach(Some(2), Road::Reliable);
    assert_eq!(second, Attached { attachment: 2, told: 2, anew: false });
    assert_eq!(outbox.line(), Line { attachment: 2, is_anew: false, road: Some(Road::Reliable) });
    assert_eq!(take(&outbox, 2).await, reliable(&["c", "d"]));
    assert_eq!(outbox.next(1, &mut Vec::new()).await, Next::End, "the old one is over");
    assert_eq!(outbox.close_wanted(1).await, CloseReason::ResumedElsewhere);
    outbox.detach(1);
    assert_eq!(outbox.line().road, Some(Road::Reliable), "the old one ends nothing any more");
}

#[tokio::test]
async fn who_names_messages_that_were_never_sent_is_told_anew() {
    let outbox = outbox(1_000);
    outbox.attach(None, Road::Reliable);
    outbox.push_reliable(text("a"));
    assert!(!outbox.confirm(1), "it waits");
    take(&outbox, 1).await;
    assert!(!outbox.confirm(2));
    assert!(outbox.confirm(1));
    assert!(!outbox.confirm(0), "what was confirmed stays so");
    outbox.push_reliable(text("b"));
    let attached = outbox.attach(Some(7), Road::Reliable);
    assert_eq!(attached, Attached { attachment: 2, told: 2, anew: true });
}

#[tokio::test]
async fn a_client_that_does_not_read_is_closed_as_too_slow_and_told_anew_when_it_returns() {
    let outbox = outbox(10 + MESSAGE_OVERHEAD_BYTES);
    outbox.attach(None, Road::Reliable);
    outbox.push_reliable(text("12345678"));
    outbox.push_reliable(text("123"));
    assert_eq!(outbox.close_wanted(1).await, CloseReason::TooSlow);
    assert_eq!(outbox.stats.bytes.load(Relaxed), 0);
    outbox.push_reliable(text("too late"));
    outbox.drain(1);
    assert_eq!(outbox.next(1, &mut Vec::new()).await, Next::End);
    let attached = outbox.attach(Some(0), Road::Reliable);
    assert!(attached.anew);
    outbox.push_reliable(text("entered"));
    assert_eq!(take(&outbox, 2).await, reliable(&["entered"]));
    for _ in 0..=CONTROL_MESSAGES_MAX {
        outbox.push_control(2, text("pong"));
    }
    assert_eq!(outbox.close_wanted(2).await, CloseReason::TooSlow);
}

#[tokio::test]
async fn the_first_reason_counts_and_what_was_queued_is_still_sent() {
    let outbox = outbox(1_000);
    outbox.attach(None, Road::Reliable);
    outbox.push_reliable(text("heard"));
    outbox.close(CloseReason::ShuttingDown);
    outbox.close(CloseReason::Idle);
    outbox.push_reliable(text("too late"));
    assert_eq!(outbox.close_wanted(1).await, CloseReason::ShuttingDown);
    outbox.drain(1);
    assert_eq!(take(&outbox, 1).await, reliable(&["heard"]));
    assert_eq!(outbox.next(1, &mut Vec::new()).await, Next::End);
}

#[tokio::test]
async fn what_was_never_sent_does_not_stay_in_the_gauge() {
    let stats: Arc<OutboxStats> = Arc::default();
    let outbox = Outbox::new(1_000, stats.clone());
    outbox.attach(None, Road::Reliable);
    outbox.push_reliable(text("abc"));
    outbox.put_latest(true, text("de"));
    assert_eq!(stats.bytes.load(Relaxed), 5 + MESSAGE_OVERHEAD_BYTES as i64);
    drop(outbox);
    assert_eq!(stats.bytes.load(Relaxed), 0);
}
