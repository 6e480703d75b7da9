use std::sync::Arc;

use crate::adapters::webrtc::config::WebRtcConfig;
use bytes::Bytes;
use rtc::{
    media_stream::MediaStreamTrack,
    rtp,
    rtp_transceiver::rtp_sender::{
        RTCRtpCodec, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind,
    },
};
use webrtc::media_stream::{
    track_local::{TrackLocal, static_rtp::TrackLocalStaticRTP},
    track_remote::TrackRemoteEvent,
};

use super::{client::Client, endpoint, within};

fn voice(ssrc: u32) -> Arc<dyn TrackLocal> {
    let codec = RTCRtpCodec {
        mime_type: "audio/opus".to_owned(),
        clock_rate: 48_000,
        channels: 2,
        sdp_fmtp_line: "minptime=10;useinbandfec=1".to_owned(),
        rtcp_feedback: vec![],
    };
    let coding = RTCRtpCodingParameters { ssrc: Some(ssrc), ..Default::default() };
    let encoding =
        RTCRtpEncodingParameters { rtp_coding_parameters: coding, codec, ..Default::default() };
    let track = MediaStreamTrack::new(
        "world".to_owned(),
        format!("voice-{ssrc}"),
        format!("voice {ssrc}"),
        RtpCodecKind::Audio,
        vec![encoding],
    );
    Arc::new(TrackLocalStaticRTP::new(track))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_with_audio_sections_gets_data_and_voices() {
    let endpoint = endpoint(WebRtcConfig::default());
    let mut client = Client::new().await;
    client.listens_to_voices(3).await;
    let offer = client.offer().await;
    assert_eq!(offer.matches("m=audio").count(), 3);
    let voices = [voice(77)];
    let (answer, pending) = endpoint.answer_with_voices(&offer, &voices).await.unwrap();
    assert!(answer.contains("opus/48000/2"), "{answer}");
    client.accept(&answer).await;
    let mut server = within("connected", pending.connected()).await.unwrap();
    within("both channels", client.lanes()).await;
    server.send_reliable(Bytes::from("hello")).await.unwrap();
    assert_eq!(within("hello", client.hears_reliable()).await.unwrap(), "hello");

    let mut heard = Vec::new();
    let mut sequence_number = 0;
    while heard.is_empty() {
        sequence_number += 1;
        let header = rtp::Header {
            version: 2,
            payload_type: 111,
            ssrc: 77,
            sequence_number,
            ..Default::default()
        };
        let packet = rtp::Packet { header, payload: Bytes::from_static(b"opus") };
        let _ = voices[0].write_rtp(packet).await;
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        if let Ok(track) = client.tracks.try_recv() {
            let packet = within("a voice", async {
                loop {
                    if let Some(TrackRemoteEvent::OnRtpPacket(packet)) = track.poll().await {
                        return packet;
                    }
                }
            })
            .await;
            heard = packet.payload.to_vec();
        }
        assert!(sequence_number < 500, "no track came");
    }
    assert_eq!(heard, b"opus");
}
