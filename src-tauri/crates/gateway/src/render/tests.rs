//! Entries in, effects out: what is sent, exactly, and what is refused.

use super::*;
use domain::effect::{Part, Text};
use proptest::prelude::*;
use serde_json::json;

fn action(value: Value) -> RemediationAction {
    let mut whole =
        json!({"action_id":"restart-pool","method":"api","service":"payments","risk_level":"medium"});
    if let (Value::Object(whole), Value::Object(given)) = (&mut whole, value) {
        whole.extend(given);
    }
    serde_json::from_value(whole).expect("an entry")
}

fn restart() -> RemediationAction {
    action(json!({
        "execution": {
            "base_url": "http://127.0.0.1:9000/api",
            "path": "/pools/{pool}/restart",
            "http_method": "POST",
            "headers": {"X-Tenant": "{tenant}", "x-source": "holdpoint"},
            "query": ["mode", {"name":"tag","parameter":"tags"}],
            "body": ["reason", "count"],
            "security": [{"in":"header","name":"Authorization","scheme":"bearer","secret":"ops"}],
        },
        "parameters": {
            "pool": {"type":"string","required":true,"validation_regex":"[a-z-]+"},
            "tenant": {"type":"string"},
            "mode": {"type":"string","default":"soft & slow"},
            "tags": {"type":"array"},
            "reason": {"type":"string","required":true},
            "count": {"type":"integer","default":2},
        },
        "secrets": ["ops"],
    }))
}

fn context(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn fields(violations: &[Violation]) -> Vec<&str> {
    violations.iter().map(|v| v.field.as_str()).collect()
}

#[test]
fn an_http_entry_is_rendered_to_the_letter() {
    let given = json!({"pool":"payments","reason":"dry\n\"run\"","tags":["a/b","c"],"unrelated":{"x":1}});
    let rendered = render(&restart(), &context(given)).expect("renders");
    assert_eq!(
        rendered.effect.to_value(),
        json!({
            "kind": "http",
            "method": "POST",
            "url": "http://127.0.0.1:9000/api/pools/payments/restart?mode=soft%20%26%20slow&tag=a%2Fb&tag=c",
            "headers": {
                "authorization": ["Bearer ", {"secret":"ops"}],
                "content-type": "application/json",
                "x-source": "holdpoint",
            },
            "body": "{\"count\":2,\"reason\":\"dry\\n\\\"run\\\"\"}",
        })
    );
    let names: Vec<_> = rendered.arguments.keys().map(String::as_str).collect();
    assert_eq!(names, ["count", "mode", "pool", "reason", "tags"]);
    // What is hashed survives a trip over the wire (rule 3).
    assert_eq!(Effect::from_value(rendered.effect.to_value()), rendered.effect);
}

#[test]
fn all_that_is_wrong_with_the_values_is_told_at_once() {
    let given = json!({"pool":"Payments!","count":"2","tenant":null,"tags":{}});
    let violations = render(&restart(), &context(given)).expect_err("refused");
    assert_eq!(fields(&violations), ["context.count", "context.pool", "context.reason", "context.tags"]);
}

#[test]
fn a_value_cannot_add_a_header_line() {
    for tenant in ["a\r\nx-evil: 1", "a\0", " padded ", "ünï"] {
        let given = json!({"pool":"p","reason":"r","tenant":tenant});
        let violations = render(&restart(), &context(given)).expect_err("refused");
        assert_eq!(fields(&violations), ["execution.headers.x-tenant"], "{tenant:?}");
    }
}

#[test]
fn the_platforms_form_is_read_and_its_arguments_go_where_it_sends_them() {
    let mut entry = action(json!({
        "method": "rpc",
        "execution": {"endpoint":"/restart_service","http_method":"POST","base_url":"http://127.0.0.1:19000"},
        "parameters": {"service_name": {"type":"string","required":true}},
        "secrets": {"secret_references": []},
    }));
    let given = context(json!({"service_name":"db"}));
    let effect = render(&entry, &given).expect("renders").effect.to_value();
    assert_eq!(effect["url"], "http://127.0.0.1:19000/restart_service");
    assert_eq!(effect["body"], "{\"service_name\":\"db\"}");

    entry.execution.insert("http_method".to_owned(), json!("get"));
    let effect = render(&entry, &given).expect("renders").effect.to_value();
    assert_eq!(effect["url"], "http://127.0.0.1:19000/restart_service?service_name=db");
    assert_eq!(effect["body"], Value::Null);
    assert_eq!(effect["headers"], json!({}));
}

#[test]
fn a_secret_in_the_query_or_a_cookie_is_a_part_never_a_value() {
    let entry = action(json!({
        "execution": {"base_url":"http://h","path":"/x","http_method":"GET","query":["a"],"security":[
            {"in":"query","name":"api key","secret":"k"}, {"in":"cookie","name":"sid","secret":"s"}]},
        "parameters": {"a": {"type":"boolean","default":true}},
        "secrets": ["k", "s"],
    }));
    let rendered = render(&entry, &Map::new()).expect("renders");
    let Effect::Known(Known::Http { url, headers, .. }) = rendered.effect else { panic!("http") };
    let secret = |name: &str| Part::Secret { secret: name.into() };
    assert_eq!(url, Text::Parts(vec![Part::Literal("http://h/x?a=true&api%20key=".into()), secret("k")]));
    assert_eq!(headers["cookie"], Text::Parts(vec![Part::Literal("sid=".into()), secret("s")]));
}

#[test]
fn a_form_body_and_a_whole_body_are_written_as_their_type_says() {
    let entry = |content_type: &str, body: Value| {
        action(json!({
            "execution": {"base_url":"http://h","path":"/x","http_method":"POST","content_type":content_type,"body":body},
            "parameters": {"a": {"default":"1 & 2"}},
        }))
    };
    let body = |entry: &RemediationAction| {
        render(entry, &Map::new()).expect("renders").effect.to_value()["body"].clone()
    };
    assert_eq!(body(&entry("application/x-www-form-urlencoded", json!(["a"]))), "a=1%20%26%202");
    assert_eq!(body(&entry("text/plain", json!({"parameter":"a"}))), "1 & 2");
    assert_eq!(body(&entry("application/merge-patch+json", json!({"parameter":"a"}))), "\"1 & 2\"");
    assert!(!validate(&entry("multipart/form-data", json!(["a"]))).is_empty());
}

#[test]
fn a_command_is_argv_and_no_value_becomes_an_option_or_a_second_word() {
    let entry = action(json!({
        "method": "command",
        "execution": {"command":"systemctl restart '{unit}' --quiet", "cwd":"/"},
        "parameters": {"unit": {"type":"string","required":true}},
    }));
    let given = |unit: &str| context(json!({"unit":unit}));
    assert_eq!(
        render(&entry, &given("a b; rm -rf /")).expect("renders").effect.to_value(),
        json!({"kind":"argv","argv":["systemctl","restart","a b; rm -rf /","--quiet"],"cwd":"/"})
    );
    assert_eq!(fields(&render(&entry, &given("--force")).expect_err("refused")), ["context.unit"]);
    assert!(render(&entry, &given("a\0b")).is_err());

    let kubectl = action(json!({
        "method": "k8s",
        "execution": {"argv":["kubectl","delete","pod","--","{pod}"]},
        "parameters": {"pod": {"type":"string"}},
    }));
    let effect = render(&kubectl, &context(json!({"pod":"-x"}))).expect("after -- it is no option").effect;
    assert_eq!(effect.to_value(), json!({"kind":"k8s","argv":["kubectl","delete","pod","--","-x"]}));
    assert_eq!(fields(&render(&kubectl, &Map::new()).expect_err("a hole")), ["context.pod"]);
}

#[test]
fn a_script_on_another_host_is_never_rendered_as_one_on_this() {
    let remote = |more: Value| {
        let mut execution = json!({"host":"db-1","script_path":"/opt/restart.sh","args":["now"],"port":2222});
        if let (Value::Object(all), Value::Object(more)) = (&mut execution, more) {
            all.extend(more);
        }
        action(json!({"method":"script","execution":execution}))
    };
    assert_eq!(fields(&validate(&remote(json!({})))), ["execution.user", "execution.host_key"]);
    let effect = render(&remote(json!({"user":"ops","host_key":"ssh-ed25519 AAAA"})), &Map::new());
    assert_eq!(
        effect.expect("renders").effect.to_value(),
        json!({"kind":"ssh","host":"db-1","port":"2222","user":"ops","host_key":"ssh-ed25519 AAAA",
            "argv":["/opt/restart.sh","now"]})
    );
}

#[test]
fn shell_operators_and_a_program_chosen_by_a_value_are_refused() {
    for execution in [
        json!({"command":"a | b"}),
        json!({"command":"echo $HOME"}),
        json!({"command":"echo 'x"}),
        json!({"argv":["{program}"]}),
        json!({"argv":[]}),
        json!({"argv":"ls"}),
        json!({}),
    ] {
        let entry = action(json!({"method":"command","execution":execution,"parameters":{"program":{}}}));
        assert!(!validate(&entry).is_empty(), "{:?}", entry.execution);
    }
}

#[test]
fn an_entry_is_checked_before_it_enters_the_registry() {
    assert_eq!(validate(&restart()), []);
    let found = |change: Value| {
        let mut entry = serde_json::to_value(restart()).expect("serialises");
        if let (Value::Object(entry), Value::Object(change)) = (&mut entry, change) {
            entry.extend(change);
        }
        let entry: RemediationAction = serde_json::from_value(entry).expect("an entry");
        validate(&entry).into_iter().map(|v| v.field).collect::<Vec<_>>()
    };
    assert_eq!(found(json!({"action_id":" "})), ["action_id"]);
    assert_eq!(found(json!({"action_id":"a".repeat(201)})), ["action_id"]);
    assert_eq!(found(json!({"action_id":"a\u{202e}b"})), ["action_id"]);
    assert_eq!(found(json!({"service":""})), ["service"]);
    assert_eq!(found(json!({"method":"telepathy"})), ["method"]);
    assert_eq!(found(json!({"secrets":[]})), ["execution.security"]);
    for timeout in [json!(0), json!(-1), json!(1.5), json!("30"), json!(3601)] {
        assert_eq!(
            found(json!({"action_metadata":{"timeout":timeout}})),
            ["action_metadata.timeout"],
            "{timeout}"
        );
    }
    assert_eq!(
        found(json!({"parameters":{"pool":{"validation_regex":"("},"tenant":{"type":"text"},
            "mode":{"type":"integer","default":"x"},"tags":{},"reason":{}}})),
        [
            "parameters.mode.default",
            "parameters.pool.validation_regex",
            "parameters.tenant.type",
            "execution.body"
        ]
    );
    for header in ["Host", "content-length", "Transfer-Encoding", "bad name", ""] {
        let execution = json!({"base_url":"http://h","path":"/","http_method":"GET","headers":{header:"x"}});
        assert_eq!(found(json!({"execution":execution})), [format!("execution.headers.{header}")]);
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "(\\PC|[{}:/.]){0,12}".prop_map(Value::from),
        "(GET|POST|http://h/|/\\{a\\}/b|\\{secret:k\\}|a)".prop_map(Value::from),
    ];
    let key = "(base_url|path|http_method|endpoint|headers|query|body|content_type|security|argv|command|host|a|in|name|secret|parameter)";
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(key, inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_execution_and_context_give_an_effect_or_violations(
        method in "(api|rpc|script|command|k8s|)",
        execution in any_json(),
        value in any_json(),
    ) {
        let execution = execution.as_object().cloned().unwrap_or_default();
        let entry = action(json!({"method":method,"execution":execution,"parameters":{"a":{}},"secrets":["k"]}));
        match render(&entry, &context(json!({"a":value}))) {
            Ok(rendered) => prop_assert_eq!(Effect::from_value(rendered.effect.to_value()), rendered.effect),
            Err(violations) => prop_assert!(!violations.is_empty()),
        }
    }

    #[test]
    fn no_context_changes_where_a_rendered_call_goes(pool in "\\PC{0,20}", reason in "\\PC{0,20}", tag in "\\PC{0,20}") {
        let mut entry = restart();
        if let Some(parameter) = entry.parameters.get_mut("pool") {
            parameter.validation_regex = None;
        }
        if let Ok(rendered) = render(&entry, &context(json!({"pool":pool,"reason":reason,"tags":[tag]}))) {
            let url = rendered.effect.to_value()["url"].as_str().map(url::Url::parse).expect("a text").expect("a url");
            prop_assert_eq!(url.host_str(), Some("127.0.0.1"));
            prop_assert_eq!(url.path_segments().map(Iterator::count), Some(4));
            prop_assert_eq!(url.query_pairs().count(), 2);
        }
    }
}
