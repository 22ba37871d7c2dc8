//! A streamed answer that came as one message for each chunk: put together again.

use turnscope_model::{Message, Part};

/// Joins chunks that follow one another. Alternatives that a model was asked for each say why they ended, and stay.
pub(super) fn joined(mut messages: Vec<Message>) -> Vec<Message> {
    if messages.len() < 2 || !is_stream(&messages) {
        return messages;
    }
    if repeats(&messages) {
        return messages.split_off(messages.len() - 1);
    }
    let mut found: Vec<Message> = Vec::new();
    for message in messages {
        match found.last_mut().filter(|last| last.role == "assistant" && message.role == "assistant") {
            Some(last) => {
                last.parts.extend(message.parts);
                last.finish_reason = message.finish_reason.or(last.finish_reason.take());
                last.id = None;
            }
            None => found.push(message),
        }
    }
    for message in &mut found {
        message.parts = merged(std::mem::take(&mut message.parts));
    }
    found
}

/// Whether these are chunks: only the assistant speaks, none but the last says why it ended, and texts break off as
/// sentences do not.
fn is_stream(messages: &[Message]) -> bool {
    let open = |message: &Message| message.finish_reason.as_deref().is_none_or(str::is_empty);
    let (last, before) = messages.split_last().map_or((None, &[][..]), |(last, before)| (Some(last), before));
    let spoken = messages.iter().all(|message| message.role == "assistant") && before.iter().all(open);
    if !spoken || last.is_none() {
        return false;
    }
    let told = messages.iter().all(|message| message.finish_reason.as_deref() == Some(""));
    let texts: Vec<String> =
        messages.iter().map(Message::joined_text).filter(|text| !text.is_empty()).collect();
    let broken = texts
        .windows(2)
        .filter(|pair| pair[0].ends_with(char::is_whitespace) || pair[1].starts_with(char::is_whitespace));
    let boundaries = texts.len().saturating_sub(1);
    told || texts.len() < 2 || broken.count() * 2 >= boundaries
}

/// Whether the last chunk is the whole answer again.
fn repeats(messages: &[Message]) -> bool {
    let Some((last, before)) = messages.split_last() else { return false };
    let whole = last.joined_text();
    !whole.is_empty() && before.iter().map(Message::joined_text).collect::<String>() == whole
}

/// Texts side by side are one text.
fn merged(parts: Vec<Part>) -> Vec<Part> {
    let mut found: Vec<Part> = Vec::new();
    for part in parts {
        match (found.last_mut(), part) {
            (Some(Part::Text { content }), Part::Text { content: more })
            | (Some(Part::Reasoning { content }), Part::Reasoning { content: more }) => {
                content.push_str(&more);
            }
            (_, part) => found.push(part),
        }
    }
    found.retain(|part| !matches!(part, Part::Text { content } if content.is_empty()));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(texts: &[&str]) -> Vec<Message> {
        texts.iter().map(|text| Message::text("assistant", (*text).to_owned())).collect()
    }

    #[test]
    fn chunks_are_one_message() {
        let found = joined(said(&["The ", "capital ", "is Par", "is."]));
        assert_eq!(found.iter().map(Message::joined_text).collect::<Vec<_>>(), ["The capital is Paris."]);
    }

    #[test]
    fn a_stream_that_ends_with_the_whole_answer_is_that_answer() {
        let found = joined(said(&["The ", "capital.", "The capital."]));
        assert_eq!(found.iter().map(Message::joined_text).collect::<Vec<_>>(), ["The capital."]);
    }

    #[test]
    fn whole_messages_and_alternatives_stay_apart() {
        assert_eq!(joined(said(&["I look that up.", "It is Paris."])).len(), 2);
        let mut choices = said(&["Paris is ", "Lyon is "]);
        for choice in &mut choices {
            choice.finish_reason = Some("stop".to_owned());
        }
        assert_eq!(joined(choices).len(), 2);
    }
}
