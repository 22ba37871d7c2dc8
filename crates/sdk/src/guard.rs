//! The shape that all typed steps share: a guard around a [`Step`] that ends it.

use crate::Step;

/// A typed step.
pub(crate) trait Guard {
    /// One that is not recorded.
    fn off(step: Step) -> Self;
}

/// Declares a typed step: it ends when it is dropped, and has all that a [`Step`] can do. A field beside the
/// step is dropped after its end.
macro_rules! guard {
    ($(#[$doc:meta])* $name:ident $({ $field:ident: $type:ty })?) => {
        $(#[$doc])*
        ///
        /// It ends when it is dropped, or at [`end`](Self::end), and derefs to [`Step`](crate::Step).
        #[derive(Debug)]
        #[must_use = "a step ends when it is dropped"]
        pub struct $name {
            step: $crate::Step,
            $($field: $type,)?
        }

        impl $name {
            /// Ends the step now. What is recorded on it afterwards is lost.
            #[inline]
            pub fn end(self) {}
        }

        impl $crate::guard::Guard for $name {
            #[inline]
            fn off(step: $crate::Step) -> Self {
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
