//! What all typed steps share: a guard around a [`Step`] that ends it when dropped.

use super::Step;

/// A typed step.
pub(crate) trait Guard {
    /// Creates a guard that records nothing.
    fn disabled(step: Step) -> Self;
}

/// The methods of [`Step`] that return the step, for a typed one: so that a chain goes on with its own methods.
macro_rules! chained {
    ($($field:ident: $type:ty)?) => {
        /// See [`Step::set`](crate::Step::set).
        #[inline]
        pub fn set(
            &self,
            key: impl Into<std::borrow::Cow<'static, str>>,
            value: impl $crate::AttributeValue,
        ) -> &Self {
            self.step.set(key, value);
            self
        }

        /// See [`Step::event`](crate::Step::event).
        pub fn event<K, V>(
            &self,
            name: impl Into<std::borrow::Cow<'static, str>>,
            attributes: impl IntoIterator<Item = (K, V)>,
        ) -> &Self
        where
            K: Into<std::borrow::Cow<'static, str>>,
            V: $crate::AttributeValue,
        {
            self.step.event(name, attributes);
            self
        }

        /// See [`Step::error`](crate::Step::error).
        pub fn error<How>(&self, error: &(impl $crate::AnyError<How> + ?Sized)) -> &Self {
            if self.step.is_off() { self } else { self.fail(error.type_of(), error.full_message()) }
        }

        /// See [`Step::error_as`](crate::Step::error_as).
        pub fn error_as<How>(
            &self,
            kind: impl Into<std::borrow::Cow<'static, str>>,
            error: &(impl $crate::AnyError<How> + ?Sized),
        ) -> &Self {
            if self.step.is_off() { self } else { self.fail(kind, error.full_message()) }
        }

        /// See [`Step::fail`](crate::Step::fail).
        pub fn fail(
            &self,
            kind: impl Into<std::borrow::Cow<'static, str>>,
            message: impl Into<std::borrow::Cow<'static, str>>,
        ) -> &Self {
            let kind = kind.into();
            $(<$type as $crate::attached::Attached>::failed(&self.$field, &kind);)?
            self.step.fail(kind, message);
            self
        }

        /// See [`Step::warn`](crate::Step::warn).
        pub fn warn(
            &self,
            kind: impl Into<std::borrow::Cow<'static, str>>,
            message: impl Into<std::borrow::Cow<'static, str>>,
        ) -> &Self {
            self.step.warn(kind, message);
            self
        }

        /// See [`Step::flag`](crate::Step::flag).
        pub fn flag(&self, why: impl $crate::AttributeValue) -> &Self {
            self.step.flag(why);
            self
        }

        /// See [`Step::score`](crate::Step::score).
        pub fn score(&self, name: &str, value: f64) -> &Self {
            self.step.score(name, value);
            self
        }
    };
}
pub(crate) use chained;

/// Declares a typed step. It ends when dropped and derefs to [`Step`].
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
            /// Ends the step now. What is recorded on it afterwards is ignored.
            #[inline]
            pub fn end(&self) {
                let error = self.step.finish(false, None);
                $(<$type as $crate::attached::Attached>::ended(&self.$field, error);)?
                let _ = error;
            }

            /// Ends the step with an end time of its own, for what is recorded afterwards.
            pub fn end_at(&self, time: std::time::SystemTime) {
                let error = self.step.finish(false, Some(time));
                $(<$type as $crate::attached::Attached>::ended(&self.$field, error);)?
                let _ = error;
            }

            $crate::step::guard::chained!($($field: $type)?);
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
                let is_unanswered = false $(|| <$type as $crate::attached::Attached>::is_unanswered(&self.$field))?;
                let error = self.step.finish_dropped(is_unanswered);
                $(<$type as $crate::attached::Attached>::ended(&self.$field, error);)?
                let _ = error;
            }
        }
    };
}
pub(crate) use guard;
