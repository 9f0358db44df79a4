//! Who stands behind a code, and the tickets of the JS-SDK.

use serde_json::Value;

use crate::world::{Call, Refused, World};

pub(super) fn user_info(world: &mut World, call: &Call<'_>) -> Result<Value, Refused> {
    world.user_of_code(call)
}

pub(super) fn jsapi_ticket(world: &mut World, call: &Call<'_>) -> Result<Value, Refused> {
    world.corp_ticket(call)
}

pub(super) fn ticket(world: &mut World, call: &Call<'_>) -> Result<Value, Refused> {
    world.app_ticket(call)
}
