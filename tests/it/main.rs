//! Tests of the whole crate, in one binary.

mod packet_demo;
mod packet_folder;
mod packet_views;
