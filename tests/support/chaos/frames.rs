//! WebSocket frames as bytes: where one ends, and which are control frames. Nothing is decoded.

use super::Said;

/// Cuts a byte stream into whole frames.
#[derive(Debug, Default)]
pub(super) struct Frames(Vec<u8>);

impl Frames {
    /// Takes bytes in and gives the frames that are whole by now.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        self.0.extend_from_slice(bytes);
        let mut whole = Vec::new();
        while let Some(length) = length(&self.0).filter(|length| *length <= self.0.len()) {
            let rest = self.0.split_off(length);
            whole.push(std::mem::replace(&mut self.0, rest));
        }
        whole
    }
}

/// Is it a protocol ping or pong?
pub(super) fn is_ping_or_pong(frame: &[u8]) -> bool {
    matches!(frame.first().map(|byte| byte & 0x0f), Some(0x9 | 0xa))
}

/// Does it hold an event of the stream?
pub(super) fn is_event(frame: &[u8]) -> bool {
    frame.first().map(|byte| byte & 0x0f) == Some(1) && frame.windows(10).any(|part| part == b"\"prev_seq\"")
}

/// What a frame of a client says.
pub(super) fn read(frame: &[u8]) -> Said {
    let short = frame.get(1).map_or(0, |byte| byte & 0x7f);
    let head = match short {
        126 => 4,
        127 => 10,
        _ => 2,
    };
    let (Some(mask), Some(masked)) = (frame.get(head..head + 4), frame.get(head + 4..)) else {
        return Said::Other;
    };
    let payload: Vec<u8> = masked.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
    match frame[0] & 0x0f {
        1 => Said::Text(String::from_utf8_lossy(&payload).into_owned()),
        8 => Said::Close(payload.get(..2).map(|code| u16::from_be_bytes([code[0], code[1]]))),
        _ => Said::Other,
    }
}

/// An unmasked text frame.
pub(super) fn text(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81];
    match u8::try_from(text.len()) {
        Ok(short @ 0..=125) => frame.push(short),
        _ => {
            frame.push(126);
            frame.extend(u16::try_from(text.len()).expect("a frame of under 64 KiB").to_be_bytes());
        }
    }
    frame.extend(text.as_bytes());
    frame
}

/// The whole length of the frame that begins here, once its head is there.
fn length(bytes: &[u8]) -> Option<usize> {
    let second = *bytes.get(1)?;
    let mask = if second & 0x80 == 0 { 0 } else { 4 };
    let (head, payload) = match second & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?),
        short => (2, usize::from(short)),
    };
    Some(head + mask + payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_whole_whatever_pieces_they_come_in() {
        let long = "x".repeat(300);
        let bytes: Vec<u8> = [text("a"), vec![0x89, 0], text(&long), vec![0x8a, 0x80, 1, 2, 3, 4]].concat();
        let mut frames = Frames::default();
        let whole: Vec<Vec<u8>> = bytes.chunks(7).flat_map(|piece| frames.take(piece)).collect();
        assert_eq!(whole.concat(), bytes);
        let control: Vec<bool> = whole.iter().map(|frame| is_ping_or_pong(frame)).collect();
        assert_eq!(control, [false, true, false, true]);
    }
}
