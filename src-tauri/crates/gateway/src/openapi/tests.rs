//! Documents in, registry entries out; hostile documents give an error or skipped operations, in bounded time.

use super::*;
use crate::render::{render, validate};
use domain::Risk;
use proptest::prelude::*;
use serde_json::json;

fn base() -> Url {
    Url::parse("http://127.0.0.1:9000/openapi.json").expect("absolute")
}

fn found(document: &Value) -> Discovery {
    discover(document, "payments-api", Some(&base())).expect("readable")
}

fn effect(action: &RemediationAction, context: Value) -> Value {
    let context = context.as_object().cloned().unwrap_or_default();
    render(action, &context).expect("renders").effect.to_value()
}

fn three() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {"title":"x","version":"1"},
        "servers": [{"url":"/api"}],
        "security": [{"OpsKey":[]}],
        "paths": {
            "/pools/{pool}": {
                "parameters": [{"$ref":"#/components/parameters/Pool"}],
                "get": {"operationId":"checkPool","summary":"Look","security":[]},
                "delete": {"summary":"Remove it","x-holdpoint-requires-approval":false},
            },
            "/pools/{pool}/restart": {
                "parameters": [{"$ref":"#/components/parameters/Pool"}],
                "post": {
                    "operationId": "restartPool",
                    "parameters": [
                        {"name":"pool","in":"query","schema":{"type":"array","items":{"type":"string"}},"explode":false},
                        {"name":"X-Tenant","in":"header","schema":{"type":"string"}},
                        {"name":"Authorization","in":"header","required":true,"schema":{"type":"string"}},
                    ],
                    "requestBody": {"required":true,"content":{"application/xml":{},"application/json":{
                        "schema":{"$ref":"#/components/schemas/Restart"}}}},
                },
            },
            "/health": {"get": {"operationId":"checkPool","x-holdpoint-risk":"medium"}},
            "/upload": {"post": {"requestBody":{"required":true,"content":{"multipart/form-data":{}}}}},
        },
        "components": {
            "parameters": {"Pool": {"name":"pool","in":"path","required":true,
                "schema":{"type":"string","pattern":"^[a-z-]{1,20}$"}}},
            "schemas": {
                "Restart": {"allOf":[{"$ref":"#/components/schemas/Reason"}],"type":"object",
                    "properties":{"mode":{"enum":["soft","hard"],"default":"soft"},"id":{"readOnly":true}}},
                "Reason": {"required":["reason"],"properties":{"reason":{"type":"string","description":"Why"}}},
            },
            "securitySchemes": {"OpsKey":{"type":"apiKey","in":"header","name":"X-Ops-Key"}},
        },
    })
}

#[test]
fn a_document_of_version_3_becomes_entries_that_render() {
    let found = found(&three());
    let ids: BTreeSet<_> = found.actions.iter().map(|a| a.action_id.as_str()).collect();
    assert!(ids.into_iter().eq(["check-pool", "check-pool-2", "delete-pools-pool", "restart-pool"]));
    assert_eq!(found.secrets_required, ["payments-api-ops-key"]);
    assert_eq!(found.skipped.len(), 1);
    assert_eq!(found.skipped[0].operation, "POST /upload");
    assert!(
        found.actions.iter().all(|a| validate(a).is_empty() && !a.validated && a.gated() && a.version == 1)
    );

    let action = |id: &str| found.actions.iter().find(|a| a.action_id.as_str() == id).expect("there");
    let restart = action("restart-pool");
    assert_eq!((restart.risk_level, restart.requires_approval), (Risk::Medium, false));
    assert_eq!(
        effect(restart, json!({"pool":"payments","query_pool":["a","b"],"reason":"dry","X-Tenant":"t"})),
        json!({
            "kind": "http",
            "method": "POST",
            "url": "http://127.0.0.1:9000/api/pools/payments/restart?pool=a%2Cb",
            "headers": {"content-type":"application/json","x-ops-key":[{"secret":"payments-api-ops-key"}],"x-tenant":"t"},
            "body": "{\"mode\":\"soft\",\"reason\":\"dry\"}",
        })
    );
    let delete = action("delete-pools-pool");
    assert_eq!((delete.risk_level, delete.requires_approval), (Risk::High, false));
    let check = found.actions.iter().find(|a| a.definition == "Look").expect("there");
    assert_eq!((check.risk_level, check.secrets.len()), (Risk::Low, 0));
}

#[test]
fn a_swagger_document_becomes_entries_that_render() {
    let document = json!({
        "swagger": "2.0",
        "host": "h.example", "basePath": "/v1", "schemes": ["http"],
        "consumes": ["application/xml", "application/json"],
        "securityDefinitions": {"login":{"type":"basic"}},
        "definitions": {"Job": {"type":"object","required":["name"],"properties":{"name":{"type":"string"},"n":{"type":"integer"}}}},
        "paths": {
            "/jobs": {"post": {"operationId":"jobs_create","security":[{"login":[]}],
                "parameters":[{"name":"job","in":"body","required":true,"schema":{"$ref":"#/definitions/Job"}}]}},
            "/jobs/{id}": {"put": {"consumes":["application/x-www-form-urlencoded"],
                "parameters":[{"name":"id","in":"path","type":"integer"},
                    {"name":"tags","in":"formData","type":"array","items":{"type":"string"}},
                    {"name":"name","in":"formData","type":"string","required":true}]}},
            "/upload": {"post": {"parameters":[{"name":"f","in":"formData","type":"file"}]}},
        },
    });
    let found = found(&document);
    let action = |id: &str| found.actions.iter().find(|a| a.action_id.as_str() == id).expect("there");
    let created = effect(action("jobs-create"), json!({"name":"a","n":3}));
    assert_eq!(created["url"], "http://h.example/v1/jobs");
    assert_eq!(created["headers"]["authorization"], json!(["Basic ", {"secret":"payments-api-login"}]));
    assert_eq!(created["body"], "{\"n\":3,\"name\":\"a\"}");
    let put = effect(action("put-jobs-id"), json!({"id":7,"tags":["x","y z"],"name":"b"}));
    assert_eq!(put["url"], "http://h.example/v1/jobs/7");
    assert_eq!(put["body"], "tags=x%2Cy%20z&name=b");
    assert_eq!(found.skipped.len(), 1);
}

#[test]
fn broken_cyclic_and_foreign_references_cost_only_their_operation() {
    let document = json!({
        "openapi": "3.0.3",
        "paths": {
            "/a": {"get": {"parameters":[{"$ref":"#/components/parameters/Loop"}]}},
            "/b": {"get": {"parameters":[{"$ref":"#/nowhere"}]}},
            "/c": {"get": {"parameters":[{"$ref":"https://evil.example/x.json#/y"}]}},
            "/d": {"$ref":"#/paths/~1d"},
            "/e": {"post": {"requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Tree"}}}}}},
            "/f": 7,
            "/g{": {"get": {}},
            "/h": {"get": {}},
        },
        "components": {
            "parameters": {"Loop":{"$ref":"#/components/parameters/Pool"},"Pool":{"$ref":"#/components/parameters/Loop"}},
            "schemas": {"Tree":{"type":"object","properties":{"left":{"$ref":"#/components/schemas/Tree"}},
                "allOf":[{"$ref":"#/components/schemas/Tree"}]}},
        },
    });
    let found = found(&document);
    let ids: Vec<_> = found.actions.iter().map(|a| a.action_id.as_str()).collect();
    assert_eq!(ids, ["post-e", "get-h"]);
    assert_eq!(found.skipped.len(), 6);
    let why =
        |operation: &str| &found.skipped.iter().find(|s| s.operation == operation).expect("skipped").why;
    assert!(why("GET /a").contains("circle"));
    assert!(why("GET /b").contains("nowhere"));
    assert!(why("GET /c").contains("another document"));
}

#[test]
fn ten_thousand_paths_are_refused_with_a_clear_sentence() {
    let paths: Map<String, Value> = (0..10_000).map(|n| (format!("/p{n}"), json!({"get":{}}))).collect();
    let refused =
        discover(&json!({"openapi":"3.0.0","paths":paths}), "x", Some(&base())).expect_err("too many");
    assert_eq!(refused, DiscoverError::TooManyOperations { limit: MAX_OPERATIONS });
    assert!(refused.to_string().contains("more than 5000 operations"));
}

#[test]
fn a_document_that_multiplies_its_work_is_given_up() {
    let chain: Map<String, Value> = (0..25)
        .map(|n| (format!("r{n}"), json!({"$ref": format!("#/components/parameters/r{}", n + 1)})))
        .chain([("r25".to_owned(), json!({"name":"q","in":"query","schema":{"type":"string"}}))])
        .collect();
    let parameters: Vec<Value> = (0..300).map(|_| json!({"$ref":"#/components/parameters/r0"})).collect();
    let paths: Map<String, Value> =
        (0..2_000).map(|n| (format!("/p{n}"), json!({"get":{"parameters":parameters}}))).collect();
    let document = json!({"openapi":"3.0.0","paths":paths,"components":{"parameters":chain}});
    assert_eq!(discover(&document, "x", Some(&base())), Err(DiscoverError::TooComplex));
}

#[test]
fn deep_nesting_is_read_without_exhausting_the_stack() {
    let wrap = |inner| Value::Object(Map::from_iter([("allOf".to_owned(), Value::Array(vec![inner]))]));
    let deep = (0..500).fold(json!({"type":"string"}), |inner, _| wrap(inner));
    let document = json!({"openapi":"3.0.0","paths":{"/x":{"post":{"requestBody":{"content":{
        "application/json":{"schema":deep}}}}}}});
    assert_eq!(found(&document).actions.len(), 1);
}

#[test]
fn what_is_no_openapi_document_is_told() {
    let error = |document: Value| discover(&document, "x", None).expect_err("refused");
    assert_eq!(error(json!(null)), DiscoverError::NotOpenApi);
    assert_eq!(error(json!({"paths":{}})), DiscoverError::NotOpenApi);
    assert_eq!(error(json!({"openapi":"4.0"})), DiscoverError::Version("4.0".into()));
    assert_eq!(error(json!({"openapi":"3.0.0","paths":[]})), DiscoverError::Paths);
    assert_eq!(discover(&json!({"openapi":"3.0.0"}), " ", None), Err(DiscoverError::ServiceName));
    assert_eq!(discover(&json!({"openapi":"3.0.0","paths":{}}), "x", None), Ok(Discovery::default()));
}

#[test]
fn without_an_address_every_operation_says_so() {
    let found = discover(&json!({"openapi":"3.0.0","paths":{"/x":{"get":{}}}}), "x", None).expect("readable");
    assert!(found.actions.is_empty());
    assert!(found.skipped[0].why.contains("give the address"), "{}", found.skipped[0].why);
}

/// A document whose values were replaced here and there by anything.
fn mangled() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
        "(path|query|header|body|#/components/x|#/paths|string|object|array|3\\.0\\.1|2\\.0|/\\{a\\}|\\[|\\*/\\*)".prop_map(Value::from),
    ];
    let key = "(openapi|swagger|paths|/\\{a\\}|get|post|parameters|requestBody|content|application/json|schema|\\$ref|type|properties|allOf|enum|pattern|default|in|name|components|x|servers|url|security|items|required)";
    leaf.prop_recursive(8, 80, 6, move |inner| {
        prop_oneof![
            1 => proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            3 => proptest::collection::btree_map(key, inner, 0..8).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_gives_a_value_or_an_error(mut document in mangled(), version in "(openapi|swagger)") {
        if let Value::Object(map) = &mut document {
            map.insert(version.clone(), json!(if version == "openapi" { "3.1.0" } else { "2.0" }));
        }
        if let Ok(found) = discover(&document, "x", Some(&base())) {
            prop_assert!(found.actions.iter().all(|action| validate(action).is_empty()));
        }
    }

    #[test]
    fn any_change_to_a_good_document_gives_a_value_or_an_error(
        pointer in proptest::sample::select(pointers(&three(), "")),
        put in mangled(),
    ) {
        let mut document = three();
        if let Some(place) = document.pointer_mut(&pointer) {
            *place = put;
        }
        if let Ok(found) = discover(&document, "x", Some(&base())) {
            prop_assert!(found.actions.iter().all(|action| validate(action).is_empty()));
        }
    }
}

fn pointers(value: &Value, here: &str) -> Vec<String> {
    let step = |name: &str, inner: &Value| {
        pointers(inner, &format!("{here}/{}", name.replace('~', "~0").replace('/', "~1")))
    };
    let mut out = vec![here.to_owned()];
    match value {
        Value::Object(map) => out.extend(map.iter().flat_map(|(name, inner)| step(name, inner))),
        Value::Array(items) => {
            out.extend(items.iter().enumerate().flat_map(|(at, inner)| step(&at.to_string(), inner)));
        }
        _ => {}
    }
    out
}
