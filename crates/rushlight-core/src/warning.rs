//! Warnings, with PyTorch's category and text. The binding routes them to Python's `warnings` with the user's line; a
//! Rust program gets each text once on standard error, or whatever it sets.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::{Mutex, OnceLock, PoisonError, RwLock};

/// The class of a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Category {
    /// `UserWarning`.
    User,
    /// `FutureWarning`.
    Future,
    /// `DeprecationWarning`.
    Deprecation,
    /// `RuntimeWarning`.
    Runtime,
}

type Sink = Box<dyn Fn(Category, &str) + Send + Sync>;

static SINK: RwLock<Option<Sink>> = RwLock::new(None);

/// Sends warnings somewhere else than to standard error.
pub fn set_sink(sink: impl Fn(Category, &str) + Send + Sync + 'static) {
    *SINK.write().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(sink));
}

/// Warns.
#[cold]
pub fn warn(category: Category, text: impl Into<Cow<'static, str>>) {
    let text = text.into();
    let sink = SINK.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(sink) = &*sink {
        sink(category, &text);
        return;
    }
    static SEEN: OnceLock<Mutex<HashSet<String>>> = OnceLock::new();
    let mut seen = SEEN.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    if seen.insert(text.to_string()) {
        eprintln!("{category:?}Warning: {text}");
    }
}

/// Warns once per process.
#[macro_export]
macro_rules! warn_once {
    ($category:ident, $($text:tt)*) => {{
        static ONCE: std::sync::Once = std::sync::Once::new();
        ONCE.call_once(|| $crate::warning::warn($crate::warning::Category::$category, format!($($text)*)));
    }};
}
