//! Which gateway is meant, and what the account may do there.

use super::*;
use crate::view::May;

const HERE: &str = "http://127.0.0.1:4711";

fn record(origin: &str) -> GatewayRecord {
    GatewayRecord {
        id: GATEWAY,
        origin: origin.into(),
        name: "This machine".into(),
        dialect: None,
        account: None,
        pipelines_by_hand: vec![],
    }
}

fn rows(run: &Run) -> Vec<May> {
    run.state.view().requests.iter().map(|row| row.may).collect()
}

#[test]
fn the_built_in_gateway_keeps_its_id_on_another_port_and_its_stream_starts_again() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    run.command(0, Command::Connect { gateway: GATEWAY });
    run.state.gateways.get_mut(&GATEWAY).expect("known").connection = Connection::CatchingUp;
    let hosted = Done::Hosted { call: CallId(1), result: Ok(record(HERE)) };
    let effects = run.take(Input::Done(hosted));
    let [Effect::OpenStream { gateway: GATEWAY }, Effect::Reply(_, Ok(Answer::Gateway(GATEWAY)))] =
        effects.as_slice()
    else {
        panic!("{effects:?}");
    };
    assert_eq!(run.state.view().gateways[0].origin, HERE);
    assert_eq!(run.state.order, [GATEWAY]);
}

#[test]
fn a_stream_that_was_just_beginning_goes_to_where_the_built_in_gateway_listens_now() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    run.command(0, Command::Connect { gateway: GATEWAY });
    assert_eq!(run.state.gateways[&GATEWAY].connection, Connection::NEVER);
    let hosted = Done::Hosted { call: CallId(1), result: Ok(record(HERE)) };
    let effects = run.take(Input::Done(hosted));
    assert!(matches!(effects.first(), Some(Effect::OpenStream { gateway: GATEWAY })), "{effects:?}");
}

#[test]
fn an_address_at_which_the_built_in_gateway_listens_is_that_gateway() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    run.take(Input::Done(Done::Hosted { call: CallId(1), result: Ok(record(HERE)) }));
    let effects = run.command(1, Command::AddGateway { address: "127.0.0.1:4711".into() });
    assert!(matches!(effects.as_slice(), [Effect::Reply(_, Ok(Answer::Gateway(GATEWAY)))]), "{effects:?}");
    let effects = run.command(1, Command::AddGateway { address: "127.0.0.1:4712".into() });
    assert!(matches!(effects.as_slice(), [Effect::AddGateway { .. }]), "{effects:?}");
}

#[test]
fn a_row_tells_whether_this_account_may_decide_it() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    requests::put(&mut run.state, &key(), approval("pending"), &[], None);
    assert_eq!(rows(&run), [May::Decide], "nothing is known to the contrary");
    let own = Approval { requested_by: Some(ME.into()), ..approval("pending") };
    requests::put(&mut run.state, &key(), own.clone(), &[], None);
    assert_eq!(rows(&run), [May::NotApprove]);
    let drained = StreamEvent::Drained { cursor: None, via: domain::connection::Via::Socket };
    let effects = run.take(Input::Stream { gateway: GATEWAY, event: drained });
    let [Effect::Reconcile { round, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let rights = Some([("p1".into(), Rights::Look)].into());
    let set = OpenSet { approvals: vec![own], as_of: run.now.wall, seq: None, rights };
    run.take(Input::Done(Done::Reconciled { gateway: GATEWAY, round: *round, result: Ok(set) }));
    assert_eq!(rows(&run), [May::Look]);
}
