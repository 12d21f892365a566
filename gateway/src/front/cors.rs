// SPDX-License-Identifier: Apache-2.0

//! Cross-origin rules: pages of which origins may read answers.

use super::Body;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};

/// Origins whose pages may call this server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Origins {
	/// Pages of every origin. Cookies are not used here, so nothing leaks by it.
	Any,
	/// Pages of these origins, each as `scheme://host[:port]`.
	Only(Vec<String>),
}

/// Cross-origin rules of a front.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cors {
	/// Origins that are allowed.
	pub origins: Origins,
	/// Seconds for which a browser keeps the answer to a preflight.
	pub max_age: u32,
}

impl Default for Cors {
	fn default() -> Self {
		Self { origins: Origins::Any, max_age: 86_400 }
	}
}

impl Cors {
	/// Answer to a preflight. `None` if the request is not one.
	pub fn preflight<B>(&self, request: &Request<B>) -> Option<Response<Body>> {
		let asked = request.headers().get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
		if request.method() != Method::OPTIONS || !request.headers().contains_key(header::ORIGIN) {
			return None;
		}
		let mut response = Response::new(Body::empty());
		*response.status_mut() = StatusCode::NO_CONTENT;
		let wanted = request.headers().get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned();
		let allowed = self.allow(request.headers(), response.headers_mut());
		if allowed {
			let headers = response.headers_mut();
			headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, asked.clone());
			if let Some(wanted) = wanted {
				headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted);
			}
			headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from(self.max_age));
		}
		Some(response)
	}

	/// Add the headers with which a page may read the answer.
	///
	/// - `origin`: header of the request. Nothing is added without one: the caller is no page.
	pub fn apply(&self, origin: Option<&HeaderValue>, response: &mut HeaderMap) {
		let Some(origin) = origin else { return };
		if self.grant(origin, response) {
			response.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("*"));
		}
	}

	fn allow(&self, request: &HeaderMap, response: &mut HeaderMap) -> bool {
		request.get(header::ORIGIN).is_some_and(|origin| self.grant(origin, response))
	}

	fn grant(&self, origin: &HeaderValue, response: &mut HeaderMap) -> bool {
		let value = match &self.origins {
			Origins::Any => HeaderValue::from_static("*"),
			Origins::Only(origins) => {
				// The answer differs by origin, also for those that are not allowed.
				response.append(header::VARY, HeaderValue::from_static("origin"));
				let allowed = |text: &String| text.as_bytes() == origin.as_bytes();
				if !origins.iter().any(allowed) {
					return false;
				}
				origin.clone()
			},
		};
		response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, value);
		true
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn preflight(origin: &str) -> Request<()> {
		Request::builder()
			.method("OPTIONS")
			.uri("/ethereum")
			.header("origin", origin)
			.header("access-control-request-method", "POST")
			.header("access-control-request-headers", "content-type,x-api-key")
			.body(())
			.unwrap()
	}

	fn only(origin: &str) -> Cors {
		Cors { origins: Origins::Only(vec![origin.into()]), ..Cors::default() }
	}

	#[test]
	fn a_preflight_is_answered_with_what_was_asked() {
		let response = Cors::default().preflight(&preflight("https://a.org")).unwrap();
		assert_eq!(response.status(), 204);
		let headers = response.headers();
		assert_eq!(headers["access-control-allow-origin"], "*");
		assert_eq!(headers["access-control-allow-methods"], "POST");
		assert_eq!(headers["access-control-allow-headers"], "content-type,x-api-key");
		assert_eq!(headers["access-control-max-age"], "86400");
	}

	#[test]
	fn another_origin_is_not_allowed() {
		let response = only("https://a.org").preflight(&preflight("https://b.org")).unwrap();
		assert!(!response.headers().contains_key("access-control-allow-origin"));
		assert_eq!(response.headers()["vary"], "origin");
		let response = only("https://a.org").preflight(&preflight("https://a.org")).unwrap();
		assert_eq!(response.headers()["access-control-allow-origin"], "https://a.org");
	}

	#[test]
	fn other_requests_are_no_preflight() {
		let mut plain = preflight("https://a.org");
		plain.headers_mut().remove("access-control-request-method");
		assert!(Cors::default().preflight(&plain).is_none());
		let mut post = preflight("https://a.org");
		*post.method_mut() = Method::POST;
		assert!(Cors::default().preflight(&post).is_none());
	}

	#[test]
	fn an_answer_shows_its_headers_to_the_page() {
		let mut headers = HeaderMap::new();
		Cors::default().apply(None, &mut headers);
		assert!(headers.is_empty());
		Cors::default().apply(Some(&HeaderValue::from_static("https://a.org")), &mut headers);
		assert_eq!(headers["access-control-allow-origin"], "*");
		assert_eq!(headers["access-control-expose-headers"], "*");
	}
}
