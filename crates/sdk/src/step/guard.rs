//! What all typed steps share: a guard around a [`Step`] that ends it when dropped.

use super::Step;

/// A typed step.
pub(crate) trait Guard {
    /// Creates a guard that records nothing.
    fn disabled(step: Step) -> Self;
}

/// Declares a typed step. It ends when dropped and derefs to [`Step`]. The optional extra field is dropped
/// after the step has ended.
macro_rules! guard {
    ($(#[$doc:meta])* $name:ident $({ $field:ident: $type:ty })?) => {
        $(#[$doc])*
        ///
        /// It ends when dropped, or at [`end`](Self::end), and derefs to [`Step`](crate::Step).
        #[derive(Debug)]
        #[must_use = "a step ends when it is dropped"]
        pub struct $name {
            step: $crate::Step,
            $($field: $type,)?
        }

        impl $name {
            /// Ends the step now.
            #[inline]
            pub fn end(self) {}
        }

        impl $crate::step::Guard for $name {
            #[inline]
            fn disabled(step: $crate::Step) -> Self {
                Self { step, $($field: <$type>::default(),)? }
            }
        }

        impl std::ops::Deref for $name {
            type Target = $crate::Step;
            #[inline]
            fn deref(&self) -> &$crate::Step {
                &self.step
            }
        }

        impl Drop for $name {
            #[inline]
            fn drop(&mut self) {
                self.step.finish();
            }
        }
    };
}
pub(crate) use guard;
