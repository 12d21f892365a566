// SPDX-License-Identifier: Apache-2.0

//! Log lines for people, or as JSON: one object per line with `timestamp`, `level`, `target`,
//! `message`, the fields of the event, and those of its spans under their names.

use crate::config::{ConfigError, LogFormat, LogSection};
use serde_json::{Map, Value};
use std::{
	fmt,
	io::{self, IsTerminal},
};
use tracing::{
	Event, Subscriber,
	field::{Field, Visit},
};
use tracing_subscriber::{
	EnvFilter,
	fmt::{
		FmtContext, FormatEvent, FormatFields,
		format::Writer,
		time::{FormatTime, SystemTime},
	},
	registry::LookupSpan,
};

/// Start the log of the process.
pub fn start_log(config: &LogSection) -> Result<(), ConfigError> {
	let filter = EnvFilter::try_new(&config.filter)
		.map_err(|error| ConfigError::invalid("log.filter", error.to_string()))?;
	let builder = tracing_subscriber::fmt()
		.with_env_filter(filter)
		.with_writer(io::stderr)
		.with_ansi(io::stderr().is_terminal());
	let started = match config.format {
		LogFormat::Text => builder.try_init(),
		LogFormat::Json => builder.event_format(JsonLines).try_init(),
	};
	started.map_err(|error| ConfigError::invalid("log", error.to_string()))
}

/// Events as JSON.
struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
	S: Subscriber + for<'a> LookupSpan<'a>,
	N: for<'writer> FormatFields<'writer> + 'static,
{
	fn format_event(
		&self,
		context: &FmtContext<'_, S, N>,
		mut writer: Writer<'_>,
		event: &Event<'_>,
	) -> fmt::Result {
		let mut time = String::new();
		SystemTime.format_time(&mut Writer::new(&mut time))?;
		let mut line = Map::new();
		line.insert("timestamp".into(), time.into());
		line.insert("level".into(), event.metadata().level().as_str().into());
		line.insert("target".into(), event.metadata().target().into());
		event.record(&mut Fields(&mut line));
		if let Some(scope) = context.event_scope() {
			for span in scope.from_root() {
				let extensions = span.extensions();
				let fields = extensions.get::<tracing_subscriber::fmt::FormattedFields<N>>();
				let fields = fields.map_or("", |fields| fields.fields.as_str());
				line.insert(span.name().into(), fields.into());
			}
		}
		writeln!(writer, "{}", Value::Object(line))
	}
}

/// Fields of an event, into an object.
struct Fields<'a>(&'a mut Map<String, Value>);

impl Visit for Fields<'_> {
	fn record_bool(&mut self, field: &Field, value: bool) {
		self.0.insert(field.name().into(), value.into());
	}
	fn record_i64(&mut self, field: &Field, value: i64) {
		self.0.insert(field.name().into(), value.into());
	}
	fn record_u64(&mut self, field: &Field, value: u64) {
		self.0.insert(field.name().into(), value.into());
	}
	fn record_f64(&mut self, field: &Field, value: f64) {
		self.0.insert(field.name().into(), value.into());
	}
	fn record_str(&mut self, field: &Field, value: &str) {
		self.0.insert(field.name().into(), value.into());
	}
	fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
		self.0.insert(field.name().into(), format!("{value:?}").into());
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use parking_lot::Mutex;
	use std::sync::Arc;

	#[derive(Clone, Default)]
	struct Sink(Arc<Mutex<Vec<u8>>>);

	impl io::Write for Sink {
		fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
			self.0.lock().extend_from_slice(bytes);
			Ok(bytes.len())
		}
		fn flush(&mut self) -> io::Result<()> {
			Ok(())
		}
	}

	#[test]
	fn an_event_is_one_line_of_json() {
		let sink = Sink::default();
		let writer = sink.clone();
		let subscriber = tracing_subscriber::fmt()
			.event_format(JsonLines)
			.with_writer(move || writer.clone())
			.finish();
		tracing::subscriber::with_default(subscriber, || {
			let _span = tracing::info_span!("purchase", service = 5).entered();
			tracing::warn!(count = 3, name = "a \"b\"\n", yes = true, "two\nlines");
		});
		let text = String::from_utf8(sink.0.lock().clone()).unwrap();
		assert_eq!(text.lines().count(), 1, "{text}");
		let line: Value = serde_json::from_str(&text).unwrap();
		for (name, value) in [
			("level", "WARN".into()),
			("message", "two\nlines".into()),
			("count", 3.into()),
			("name", "a \"b\"\n".into()),
			("yes", true.into()),
		] as [(&str, Value); 5]
		{
			assert_eq!(line[name], value, "{name}");
		}
		assert!(line["purchase"].as_str().unwrap().contains("service"), "{line}");
		assert!(line["timestamp"].as_str().unwrap().ends_with('Z'), "{line}");
	}
}
