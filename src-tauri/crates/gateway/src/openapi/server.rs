//! The base address of an operation. The first server counts; a relative one is read against where the document came
//! from.

use super::Dialect;
use super::reference::{Document, Unusable};
use serde_json::Value;
use url::Url;

/// Bounds on what filling in variables can make of an address.
const MAX_ADDRESS_BYTES: usize = 2_000;
const MAX_DEFAULT_BYTES: usize = 200;

/// Where an operation is served: its own servers, else its path's, else the document's.
pub(super) fn base_url(
    document: &Document<'_>,
    dialect: Dialect,
    path_item: &Value,
    operation: &Value,
    base: Option<&Url>,
) -> Result<String, Unusable> {
    let address = match dialect {
        Dialect::Swagger => swagger_address(document.root(), operation, base)?,
        Dialect::OpenApi3 => {
            let first = |value: &Value| value.get("servers")?.as_array()?.first().cloned();
            let server = first(operation).or_else(|| first(path_item)).or_else(|| first(document.root()));
            absolute(&server.map_or_else(|| "/".to_owned(), |server| with_variables(&server)), base)?
        }
    };
    let text = address.as_str();
    if !matches!(address.scheme(), "http" | "https") || address.host_str().is_none_or(str::is_empty) {
        return Err(Unusable::Server(format!("{} is no http address", shown(text))));
    }
    if address.query().is_some() || address.fragment().is_some() || !address.username().is_empty() {
        return Err(Unusable::Server(format!("{} holds more than host and path", shown(text))));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn swagger_address(root: &Value, operation: &Value, base: Option<&Url>) -> Result<Url, Unusable> {
    let schemes = |value: &Value| -> Option<Vec<String>> {
        let list = value.get("schemes")?.as_array()?;
        Some(list.iter().filter_map(|s| s.as_str().map(str::to_ascii_lowercase)).collect())
    };
    let told = schemes(operation).or_else(|| schemes(root)).unwrap_or_default();
    let scheme = ["https", "http"].into_iter().find(|known| told.iter().any(|s| s == known));
    let host = root.get("host").and_then(Value::as_str).filter(|host| !host.is_empty());
    let base_path = root.get("basePath").and_then(Value::as_str).unwrap_or("/");
    let path = if base_path.starts_with('/') { base_path.to_owned() } else { format!("/{base_path}") };
    match (host, base) {
        (Some(host), _) => {
            let scheme = scheme.or_else(|| base.map(Url::scheme)).unwrap_or("https");
            absolute(&format!("{scheme}://{host}{path}"), None)
        }
        (None, Some(base)) => {
            let origin = &base[..url::Position::BeforePath];
            absolute(&format!("{origin}{path}"), None)
        }
        (None, None) => Err(Unusable::Server(
            "the document names no host; give the address it was fetched from".to_owned(),
        )),
    }
}

/// Variables stand in braces and have defaults. An address that grows too long stays as it is, and is refused later.
fn with_variables(server: &Value) -> String {
    let mut url = server.get("url").and_then(Value::as_str).unwrap_or("/").to_owned();
    let variables = server.get("variables").and_then(Value::as_object);
    for (name, variable) in variables.into_iter().flatten().take(20) {
        let default = match variable.get("default") {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => continue,
        };
        if url.len() > MAX_ADDRESS_BYTES || default.len() > MAX_DEFAULT_BYTES {
            break;
        }
        url = url.replace(&format!("{{{name}}}"), &default);
    }
    url
}

fn absolute(text: &str, base: Option<&Url>) -> Result<Url, Unusable> {
    if text.len() > MAX_ADDRESS_BYTES {
        return Err(Unusable::Server(format!("{} is too long", shown(text))));
    }
    let read = match base {
        Some(base) => base.join(text),
        None => Url::parse(text),
    };
    read.map_err(|why| match (why, base) {
        (url::ParseError::RelativeUrlWithoutBase, None) => Unusable::Server(format!(
            "{} is relative; give the address that the document was fetched from",
            shown(text)
        )),
        (why, _) => Unusable::Server(format!("{}: {why}", shown(text))),
    })
}

fn shown(text: &str) -> String {
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn address(dialect: Dialect, root: Value, base: Option<&str>) -> Result<String, Unusable> {
        let base = base.map(|text| Url::parse(text).expect("absolute"));
        base_url(&Document::new(&root), dialect, &json!({}), &json!({}), base.as_ref())
    }

    #[test]
    fn relative_servers_are_read_against_where_the_document_came_from() {
        let at = Some("http://127.0.0.1:9000/docs/openapi.json");
        let three =
            |url: &str| address(Dialect::OpenApi3, json!({"servers":[{"url":url}]}), at).expect("resolves");
        assert_eq!(three("/api"), "http://127.0.0.1:9000/api");
        assert_eq!(three("../v1"), "http://127.0.0.1:9000/v1");
        assert_eq!(three("https://other.example/x/"), "https://other.example/x");
        assert_eq!(address(Dialect::OpenApi3, json!({}), at).expect("resolves"), "http://127.0.0.1:9000");
    }

    #[test]
    fn server_variables_take_their_defaults() {
        let root = json!({"servers":[{"url":"https://{region}.example:{port}/v1",
            "variables":{"region":{"default":"eu"},"port":{"default":8443}}}]});
        assert_eq!(address(Dialect::OpenApi3, root, None).expect("resolves"), "https://eu.example:8443/v1");
    }

    #[test]
    fn swagger_takes_host_and_base_path_and_prefers_https() {
        let root = json!({"host":"h.example:81","basePath":"/v2","schemes":["http","https"]});
        assert_eq!(address(Dialect::Swagger, root, None).expect("resolves"), "https://h.example:81/v2");
        let root = json!({"basePath":"v2"});
        let at = Some("http://127.0.0.1:9000/swagger.json");
        assert_eq!(address(Dialect::Swagger, root, at).expect("resolves"), "http://127.0.0.1:9000/v2");
    }

    #[test]
    fn no_address_at_all_is_told_and_so_is_one_that_is_no_http() {
        assert!(address(Dialect::OpenApi3, json!({}), None).is_err());
        assert!(address(Dialect::Swagger, json!({}), None).is_err());
        for url in ["file:///etc", "ftp://h/", "http://u:p@h/", "http://h/?q=1", "http://h/{unfilled}/?x"] {
            assert!(address(Dialect::OpenApi3, json!({"servers":[{"url":url}]}), None).is_err(), "{url}");
        }
    }
}
