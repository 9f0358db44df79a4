//! How loops are told to end, and how they are woken.

use std::sync::Arc;

use tokio::sync::{Notify, watch};

/// Ends every loop that holds the matching [`Stop`]; dropping it does so too.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

/// Tells a loop when to end.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

/// A stopper and what it stops.
pub fn stop() -> (Stopper, Stop) {
    let (tell, told) = watch::channel(false);
    (Stopper(tell), Stop(told))
}

impl Stopper {
    /// Tells every loop to end.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Whether it is time to end.
    pub fn is_stopped(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Returns when it is time to end.
    pub async fn stopped(&self) {
        // An error means that the stopper is gone, which ends the loops as well.
        let mut told = self.0.clone();
        let _gone = told.wait_for(|stopped| *stopped).await;
    }
}

/// Wakes the workers: rung after a commit that put jobs.
#[derive(Clone, Debug, Default)]
pub struct Bell(Arc<Notify>);

impl Bell {
    /// Says that there may be something to do. Never blocks; rings are not counted.
    pub fn ring(&self) {
        self.0.notify_one();
    }

    pub(crate) async fn rung(&self) {
        self.0.notified().await;
    }
}
