//! Takes secrets out before anything is stored.
