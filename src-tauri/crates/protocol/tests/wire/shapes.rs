//! The fixtures keep the field sets and JSON types that the platform was recorded with (CONTRACT 3). The names and words
//! in them are the project's own; this table is what they have to agree with.
//!
//! `s` text, `n` number, `b` boolean, `0` null, `[..]` list of these, `*` any key.

use crate::fixture;
use serde_json::Value;
use std::collections::BTreeSet;

/// Objects whose keys are ids and not fields.
const BY_ID: [&str; 2] = ["execution_state", "parameters"];

const RECORDED: &[(&str, &str)] = &[
    ("rest_action_add_422", "{detail:s}"),
    (
        "rest_actions",
        "{actions:[{action_id:s,action_metadata:{timeout:n},definition:s,execution:{base_url:s,\
         endpoint:s,http_method:s},method:s,parameters:{*:{required:b,type:s}},requires_approval:b,\
         risk_level:s,secrets:{secret_references:[]},service:s,validated:b}],total:n}",
    ),
    (
        "rest_approval_single",
        "{approval_request:{action_ids:[s],approved_at:0,approved_by:0,confidence:s,created_at:s,\
         current_action_index:n,description:s,distance:n,error_message:s,\
         execution_state:{*:{approved:b,approved_at:0,approved_by:0,executed:b,requires_approval:b,\
         success:0}},matched_error:s,pending_approval_actions:[],rejection_reason:0,request_id:s,\
         status:s},status:s}",
    ),
    ("rest_approval_single_404", "{detail:s}"),
    (
        "rest_approve_executed",
        "{actions:0,actions_executed:n,confidence:s,description:0,distance:n,error:s,\
         execution_results:[{action_id:s,error:0,result:{response:s,status:s,status_code:n},status:s,\
         success:b}],matched_error:s,message:0,overall_success:b,rejected_by:0,rejection_reason:0,\
         request_id:s,status:s,suggestion:0}",
    ),
    (
        "rest_approve_paused",
        "{actions:0,actions_executed:n,confidence:0,description:0,distance:0,error:s,\
         execution_results:[{action_id:s,error:0,result:{response:s,status:s,status_code:n},status:s,\
         success:b}],matched_error:0,message:s,overall_success:0,rejected_by:0,rejection_reason:0,\
         request_id:s,status:s,suggestion:0}",
    ),
    ("rest_bad_id_503", "{detail:s}"),
    (
        "rest_discovery_empty",
        "{actions:[],actions_discovered:n,registered:b,secrets_required:0,secrets_stored:0,status:s,\
         summary:{methods:[],registered:n,risk_levels:{high:n,low:n,medium:n},services:[]}}",
    ),
    ("rest_forbidden_403", "{detail:s}"),
    ("rest_login_json_503", "{detail:s}"),
    ("rest_login_wrong_401", "{detail:s}"),
    ("rest_logs", "{count:n,data:[{_id:s,level:s,message:s,pipeline_id:s,source:s,timestamp:s}],status:s}"),
    ("rest_mapping_404", "{detail:s}"),
    ("rest_mapping_add", "{actions:[s],description:s,error:s}"),
    ("rest_mapping_list", "[{actions:[s],description:s,error:s}]"),
    ("rest_me", "{email:s,full_name:s,id:s,role:s}"),
    (
        "rest_notifications",
        "{count:n,data:[{_id:s,alert:{action_executed_by:0,action_executed_by_user:0,action_taken:0,\
         actions:[s],status:s,taken_at:0},desc:s,pipeline_id:s,timestamp:s,title:s,type:s}|{_id:s,\
         desc:s,pipeline_id:s,timestamp:s,title:s,type:s}],notifications:[{_id:s,\
         alert:{action_executed_by:0,action_executed_by_user:0,action_taken:0,actions:[s],status:s,\
         taken_at:0},desc:s,pipeline_id:s,timestamp:s,title:s,type:s}|{_id:s,desc:s,pipeline_id:s,\
         timestamp:s,title:s,type:s}],status:s}",
    ),
    (
        "rest_pending",
        "{count:n,pending_approvals:[{action_ids:[s],approved_at:0,approved_by:0,confidence:s,\
         created_at:s,current_action_index:n,description:s,distance:n,error_message:s,\
         execution_state:{*:{approved:b,approved_at:0,approved_by:0,executed:b,requires_approval:b,\
         success:0}},matched_error:s,pending_approval_actions:[],rejection_reason:0,request_id:s,\
         status:s}],status:s}",
    ),
    (
        "rest_rca",
        "{count:n,data:[{_id:s,description:s,metadata:{severity:s,source:s,status:s,test:b},\
         pipeline_id:s,title:s,trace_ids:[s],triggered_at:s}],status:s}",
    ),
    (
        "rest_reject",
        "{actions:0,actions_executed:0,confidence:0,description:0,distance:0,error:s,\
         execution_results:0,matched_error:0,message:s,overall_success:0,rejected_by:s,\
         rejection_reason:0,request_id:s,status:s,suggestion:0}",
    ),
    ("rest_reject_again_500", "{detail:s}"),
    (
        "ws_alert_log_rca_notification",
        "[{_id:{$oid:s},alert:{action_executed_by:0,action_executed_by_user:0,action_taken:0,\
         actions:[s],status:s,taken_at:0},desc:s,message_type:s,pipeline_id:s,timestamp:{$date:s},\
         title:s,type:s,workflow:{_id:{$oid:s},agent_container_id:s,agent_ip:s,agent_port:s,\
         agentic_host_port:s,container_id:s,current_version_id:s,db_host_port:s,host_ip:s,\
         last_started:0,last_updated:{$date:s},name:s,notification:[],owner_ids:[s],\
         pipeline_host_port:s,runtime:n,start_Date:0,status:s,versions:[],\
         viewer_ids:[]}}|{_id:{$oid:s},desc:s,message_type:s,pipeline_id:s,timestamp:{$date:s},\
         title:s,type:s,workflow:{_id:{$oid:s},agent_container_id:s,agent_ip:s,agent_port:s,\
         agentic_host_port:s,container_id:s,current_version_id:s,db_host_port:s,host_ip:s,\
         last_started:0,last_updated:{$date:s},name:s,notification:[],owner_ids:[s],\
         pipeline_host_port:s,runtime:n,start_Date:0,status:s,versions:[],\
         viewer_ids:[]}}|{_id:{$oid:s},description:s,message_type:s,metadata:{severity:s,source:s,\
         status:s,test:b},pipeline_id:s,title:s,trace_ids:[s],triggered_at:{$date:s},\
         workflow:{_id:{$oid:s},agent_container_id:s,agent_ip:s,agent_port:s,agentic_host_port:s,\
         container_id:s,current_version_id:s,db_host_port:s,host_ip:s,last_started:0,\
         last_updated:{$date:s},name:s,notification:[],owner_ids:[s],pipeline_host_port:s,runtime:n,\
         start_Date:0,status:s,versions:[],viewer_ids:[]}}|{_id:{$oid:s},level:s,message:s,\
         message_type:s,pipeline_id:s,source:s,timestamp:{$date:s},workflow:{_id:{$oid:s},\
         agent_container_id:s,agent_ip:s,agent_port:s,agentic_host_port:s,container_id:s,\
         current_version_id:s,db_host_port:s,host_ip:s,last_started:0,last_updated:{$date:s},name:s,\
         notification:[],owner_ids:[s],pipeline_host_port:s,runtime:n,start_Date:0,status:s,\
         versions:[],viewer_ids:[]}}]",
    ),
    (
        "ws_approval_created",
        "[{_id:{$oid:s},alert:{action_executed_by:0,action_executed_by_user:0,action_taken:0,\
         actions:[s],status:s,taken_at:0},desc:s,message_type:s,pipeline_id:s,\
         remediation_metadata:{actions_requiring_individual_approval:[],all_actions:[s],\
         approval_reason:s,approval_type:s,confidence:s,description:s,error_message:s,\
         matched_error:s,request_id:s,type:s},timestamp:{$date:s},title:s,type:s,workflow:{}}]",
    ),
    (
        "ws_approval_per_action",
        "[{_id:{$oid:s},alert:{action_executed_by:0,action_executed_by_user:0,action_taken:0,\
         actions:[s],status:s,taken_at:0},desc:s,message_type:s,pipeline_id:s,\
         remediation_metadata:{actions_requiring_individual_approval:[s],all_actions:[s],\
         approval_reason:s,approval_type:s,confidence:s,description:s,error_message:s,\
         matched_error:s,request_id:s,type:s},timestamp:{$date:s},title:s,type:s,workflow:{}}]",
    ),
    (
        "ws_approval_rejected",
        "[{_id:{$oid:s},alert:{action_executed_by:s,action_executed_by_user:0,action_taken:s,\
         actions:[s],status:s,taken_at:{$date:s}},desc:s,message_type:s,pipeline_id:s,\
         remediation_metadata:{actions_requiring_individual_approval:[],all_actions:[s],\
         approval_reason:s,approval_type:s,confidence:s,description:s,error_message:s,\
         matched_error:s,request_id:s,type:s},timestamp:{$date:s},title:s,type:s,workflow:{}}]",
    ),
    (
        "ws_approval_resolved",
        "[{_id:{$oid:s},alert:{action_executed_by:s,action_executed_by_user:0,action_taken:s,\
         actions:[s],status:s,taken_at:{$date:s}},desc:s,message_type:s,pipeline_id:s,\
         remediation_metadata:{actions_requiring_individual_approval:[],all_actions:[s],\
         approval_reason:s,approval_type:s,confidence:s,description:s,error_message:s,\
         matched_error:s,request_id:s,type:s},timestamp:{$date:s},title:s,type:s,workflow:{}}]",
    ),
];

#[test]
fn every_fixture_has_the_fields_and_types_that_were_recorded() {
    let recorded: BTreeSet<&str> = RECORDED.iter().map(|(name, _)| *name).collect();
    let fixtures = fixture::all();
    let names: BTreeSet<&str> = fixtures.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(recorded, names);
    for (name, expected) in RECORDED {
        assert_eq!(&shape(fixture::content(&fixture::named(name)), ""), expected, "{name}");
    }
}

#[test]
fn a_missing_field_and_another_type_are_both_seen() {
    let whole = serde_json::json!({"a":1,"b":[{"c":null},{"c":"x"}],"parameters":{"k":{"d":true}}});
    assert_eq!(shape(&whole, ""), "{a:n,b:[{c:0}|{c:s}],parameters:{*:{d:b}}}");
    assert_ne!(shape(&serde_json::json!({"a":"1"}), ""), shape(&serde_json::json!({"a":1}), ""));
}

fn shape(value: &Value, key: &str) -> String {
    let union = |values: &mut dyn Iterator<Item = &Value>| {
        let shapes: BTreeSet<String> = values.map(|value| shape(value, "")).collect();
        shapes.into_iter().collect::<Vec<_>>().join("|")
    };
    match value {
        Value::Null => "0".to_owned(),
        Value::Bool(_) => "b".to_owned(),
        Value::Number(_) => "n".to_owned(),
        Value::String(_) => "s".to_owned(),
        Value::Array(items) => format!("[{}]", union(&mut items.iter())),
        Value::Object(map) if BY_ID.contains(&key) => format!("{{*:{}}}", union(&mut map.values())),
        Value::Object(map) => {
            let fields: BTreeSet<String> =
                map.iter().map(|(name, value)| format!("{name}:{}", shape(value, name))).collect();
            format!("{{{}}}", fields.into_iter().collect::<Vec<_>>().join(","))
        }
    }
}
