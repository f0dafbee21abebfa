//! The Tauri application: plug-ins, commands, tray, and which events of the framework reach the desk. It decides
//! nothing.

use crate::desk::{Desk, Mail};
use crate::desktop::bus;
use crate::gateways::rehearsing::Steps;
use crate::{Arguments, desk, ipc, place, tray, window};
use anyhow::Context;
use engine::notices::Front;
use engine::window::{ShellCommand, Wish};
use tauri::async_runtime;
use tauri::{AppHandle, Manager, RunEvent, WindowEvent};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

/// Runs until the person quits.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let data_dir = place::data_dir()?;
    let (desk, inbox) = desk::open();
    let second = desk.clone();
    let single = tauri_plugin_single_instance::Builder::new()
        .dbus_id(place::bus_name(&data_dir))
        .callback(move |_, _, _| second.tell(Mail::Open(None)))
        .build();
    let hidden = arguments.hidden;
    let steps = if arguments.rehearse { Steps::Printed } else { Steps::Logged };
    let tauri = tauri::Builder::default()
        .plugin(single)
        .manage(desk.clone())
        .invoke_handler(tauri::generate_handler![ipc::dispatch, ipc::view, ipc::query])
        .on_window_event(|window, event| on_window(window.app_handle(), event))
        .setup(move |app| {
            tray::make(app.handle())?;
            let (handle, desk) = (app.handle().clone(), desk.clone());
            async_runtime::spawn(bus::watch(desk.clone()));
            async_runtime::spawn(on_signal(desk.clone()));
            if !hidden {
                desk.tell(Mail::Open(None));
            }
            if steps == Steps::Printed {
                // Whoever asked for it sees in the window, or in the log, that it did not start.
                let (reply, _) = oneshot::channel();
                desk.tell(Mail::Wish { wish: Wish::Shell(ShellCommand::Rehearse), reply });
            }
            async_runtime::spawn(desk::run(handle, desk, inbox, data_dir, steps));
            Ok(())
        })
        .build(tauri::generate_context!())
        .context("the desktop could not be reached")?;
    tauri.run(|_, event| {
        // The last window's end is not the app's: the tray stays. Only Quit carries a code.
        if let RunEvent::ExitRequested { code: None, api, .. } = event {
            api.prevent_exit();
        }
    });
    Ok(())
}

fn on_window(app: &AppHandle, event: &WindowEvent) {
    let desk = app.state::<Desk>();
    match event {
        WindowEvent::CloseRequested { api, .. } => {
            // What becomes of it depends on the desktop; the desk knows.
            api.prevent_close();
            desk.tell(Mail::CloseAsked);
        }
        WindowEvent::Destroyed => desk.tell(Mail::WindowGone),
        WindowEvent::Focused(true) => desk.tell(Mail::Front(Front::Window)),
        WindowEvent::Focused(false) => desk.tell(Mail::Front(Front::Elsewhere)),
        _ => {}
    }
}

/// A terminal's Ctrl-C and a session's end are a Quit.
async fn on_signal(desk: Desk) {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::warn!("signals cannot be listened for");
        return;
    };
    let mut asked = false;
    loop {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        if asked {
            // Whoever asks twice does not want to wait for a good end.
            std::process::exit(1);
        }
        asked = true;
        desk.tell(Mail::Quit);
    }
}

/// Brings the window up, making it if there is none.
pub(crate) fn bring_up(app: &AppHandle) {
    if let Err(error) = window::bring_up(app) {
        tracing::error!(%error, "the window could not be opened");
    }
}
