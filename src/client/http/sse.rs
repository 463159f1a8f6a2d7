//! Reads server-sent events from bytes as they come, pure and bounded.
//!
//! Follows the WHATWG event stream format: CR, LF and CRLF end lines, a leading byte order mark is skipped, `data` lines are joined by
//! LF, comments and unknown fields are passed over. A message larger than [`MAX_MESSAGE`] ends the stream.

/// Bytes one message may have.
pub const MAX_MESSAGE: usize = 1024 * 1024;

/// One message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// The last `id:` seen, kept across messages.
    pub id: String,
    /// Its `event:`; empty where it has none.
    pub event: String,
    /// Its `data:`.
    pub data: String,
}

/// Takes bytes, gives messages.
#[derive(Debug, Default)]
pub struct Reader {
    line: Vec<u8>,
    last_was_cr: bool,
    begun: bool,
    message: Message,
    has_data: bool,
}

impl Reader {
    /// The messages that `bytes` complete.
    ///
    /// # Errors
    /// A message is too large.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Message>, &'static str> {
        let mut out = Vec::new();
        for &byte in bytes {
            let after_cr = std::mem::replace(&mut self.last_was_cr, byte == b'\r');
            match byte {
                b'\n' if after_cr => {}
                b'\n' | b'\r' => self.end_line(&mut out),
                _ => {
                    if self.line.len() + self.message.data.len() >= MAX_MESSAGE {
                        return Err("A live message is larger than any should be.");
                    }
                    self.line.push(byte);
                }
            }
        }
        Ok(out)
    }

    fn end_line(&mut self, out: &mut Vec<Message>) {
        let line = std::mem::take(&mut self.line);
        let mut text = String::from_utf8_lossy(&line).into_owned();
        if !std::mem::replace(&mut self.begun, true) {
            text = text.trim_start_matches('\u{feff}').to_owned();
        }
        if text.is_empty() {
            if std::mem::take(&mut self.has_data) {
                out.push(self.message.clone());
            }
            self.message.event.clear();
            self.message.data.clear();
            return;
        }
        let (field, value) = text.split_once(':').unwrap_or((&text, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" if !value.contains('\0') => value.clone_into(&mut self.message.id),
            "event" => value.clone_into(&mut self.message.event),
            "data" => {
                if self.has_data {
                    self.message.data.push('\n');
                }
                self.message.data.push_str(value);
                self.has_data = true;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8], step: usize) -> Vec<Message> {
        let mut reader = Reader::default();
        bytes.chunks(step).flat_map(|c| reader.push(c).unwrap()).collect()
    }

    #[test]
    fn messages_are_the_same_however_the_bytes_arrive() {
        let stream = b"\xef\xbb\xbf: hello\r\nid: 7\r\nevent: note\r\ndata: a\r\ndata:b\r\n\r\nevent: x\r\r\ndata\rid: 8\n\n";
        let note = Message { id: "7".into(), event: "note".into(), data: "a\nb".into() };
        let empty = Message { id: "8".into(), event: String::new(), data: String::new() };
        for step in 1..stream.len() {
            assert_eq!(all(stream, step), [note.clone(), empty.clone()], "in pieces of {step}");
        }
    }

    #[test]
    fn a_message_without_end_is_refused() {
        let mut reader = Reader::default();
        assert!(reader.push(&vec![b'a'; MAX_MESSAGE + 1]).is_err());
    }
}
