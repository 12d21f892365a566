// SPDX-License-Identifier: Apache-2.0

//! Services of models, as strangers and by the judge of validators.

use super::probe::{Answer, ask};
use crate::client::below;
use serde_json::json;
use std::time::Duration;
use surety_prober::{Grade, judge_completion, judge_embedding, judge_models, serves_no_chat};

/// Largest answer.
const MAX_ANSWER: usize = 256 << 10;

/// Time in ms of the slowest answer, or the verdict.
///
/// - `model`: as in the listing.
pub(super) async fn judge(url: &str, model: &str, patience: Duration) -> Result<u128, String> {
	let list = good(ask(&below(url, "/v1/models"), None, patience, MAX_ANSWER).await?)?;
	if judge_models(&list.body, model) != Grade::Correct {
		return Err(format!("bad: its list of models lacks {model:?}"));
	}
	let question = json!({
		"model": model,
		"messages": [{ "role": "user", "content": "Name a colour." }],
		"max_tokens": 8,
	});
	let chats = below(url, "/v1/chat/completions");
	let chat = ask(&chats, Some(question.to_string()), patience, MAX_ANSWER).await?;
	let (answer, grade) = if serves_no_chat(chat.status) {
		let question = json!({ "model": model, "input": "Name a colour." });
		let embeddings = below(url, "/v1/embeddings");
		let answer = ask(&embeddings, Some(question.to_string()), patience, MAX_ANSWER).await?;
		let answer = good(answer)?;
		let grade = judge_embedding(&answer.body);
		(answer, grade)
	} else {
		let answer = good(chat)?;
		let grade = judge_completion(&answer.body);
		(answer, grade)
	};
	match grade {
		Grade::Correct => Ok(list.ms.max(answer.ms)),
		_ => Err("bad: an answer that is neither a completion nor an embedding of OpenAI's".into()),
	}
}

fn good(answer: Answer) -> Result<Answer, String> {
	match answer.status {
		200..=299 => Ok(answer),
		status => Err(format!("down: HTTP status {status}")),
	}
}
