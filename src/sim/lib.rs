//! WeCom itself, small: its API, its callbacks, its people and its failures, over real HTTP, so
//! that an integration can be tried without a company of one's own. The platform is one state
//! machine without IO ([`World`]); a server, or a deterministic simulation, stands in front of it.
//! It follows the platform's documents, refuses what the platform refuses, and knows nothing of
//! what an app does with it.

mod acts;
mod api;
mod chats;
mod control;
mod doors;
mod faults;
mod front;
mod journal;
mod jssdk;
mod limits;
mod login;
mod media;
mod model;
mod org;
mod page;
mod passive;
mod plain;
mod push;
mod rooms;
mod sample;
mod server;
mod stream;
mod tokens;
mod view;
mod world;

#[cfg(test)]
mod tests;

pub use acts::{Click, Denied, Outgoing};
pub use media::{Media, Span};
pub use model::{
    AppSeed, CorpSeed, Customer, Department, Follow, Group, GroupMember, Member, Opening, Pages,
    Tag,
};
pub use plain::{Node, Plain};
pub use push::{Callback, Deliver, Delivery, Pace, ReplyTo, Tamper};
pub use server::{Options, Running, start};
pub use world::{ApiRequest, ApiResponse, Method, Notice, Upload, World};
