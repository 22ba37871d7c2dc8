//! The settings of a request, by tables of where they stand.

use crate::LlmCall;
use serde_json::Value as Json;

/// Records the numbers at these JSON pointers.
pub(super) fn numbers(call: &LlmCall, request: &Json, table: &[(&str, &'static str)]) {
    for (pointer, attribute) in table {
        match request.pointer(pointer) {
            Some(Json::Number(number)) if number.is_i64() => {
                call.set(*attribute, number.as_i64().unwrap_or_default());
            }
            // Client libraries keep these in single precision: record 0.2, not 0.20000000298.
            Some(Json::Number(number)) => {
                call.set(*attribute, number.as_f64().map_or(0.0, |x| (x * 1e6).round() / 1e6));
            }
            _ => {}
        }
    }
}

/// Records the texts at these JSON pointers; `auto` says nothing.
pub(super) fn texts(call: &LlmCall, request: &Json, table: &[(&str, &'static str)]) {
    for (pointer, attribute) in table {
        if let Some(text) = request.pointer(pointer).and_then(Json::as_str).filter(|word| *word != "auto") {
            call.set(*attribute, text.to_owned());
        }
    }
}

/// Records the sequences at which the model stops: one, or a list.
pub(super) fn stops(call: &LlmCall, stops: &Json) {
    let stops: Vec<String> = match stops {
        Json::String(stop) => vec![stop.clone()],
        Json::Array(stops) => stops.iter().filter_map(Json::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    if !stops.is_empty() {
        call.set("gen_ai.request.stop_sequences", stops);
    }
}
