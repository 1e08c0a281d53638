//! How tensors are printed: the settings of `torch.set_printoptions`, one set for the process.

use std::sync::{PoisonError, RwLock};

/// Settings of tensor printing; the names and the defaults are those of `torch.set_printoptions`.
///
/// ```
/// use rushlight_core::printing::PrintOptions;
///
/// let options = PrintOptions { precision: 2, ..PrintOptions::default() };
/// assert_eq!(options.linewidth, 80);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrintOptions {
    /// Digits after the decimal point of a float that is no integer, and of scientific notation.
    pub precision: usize,
    /// A tensor of more elements than this is shown by its edges only. [`PrintOptions::UNLIMITED`] shows all.
    pub threshold: usize,
    /// How many elements at the beginning and at the end of each dimension are shown by their edges.
    pub edgeitems: usize,
    /// Characters in a line, after which rows and suffixes continue on the next one.
    pub linewidth: usize,
    /// Scientific notation: always (`Some(true)`), never (`Some(false)`), or as the values demand (`None`).
    pub sci_mode: Option<bool>,
}

impl PrintOptions {
    /// The threshold that no tensor exceeds; Python's `inf`.
    pub const UNLIMITED: usize = usize::MAX;

    const DEFAULT: Self = Self { precision: 4, threshold: 1000, edgeitems: 3, linewidth: 80, sci_mode: None };

    /// Sets what a profile fixes: all but `sci_mode`, which no profile touches.
    pub fn apply_profile(&mut self, profile: Profile) {
        let chosen = match profile {
            Profile::Default => Self::DEFAULT,
            Profile::Short => Self { precision: 2, edgeitems: 2, ..Self::DEFAULT },
            Profile::Full => Self { threshold: Self::UNLIMITED, ..Self::DEFAULT },
        };
        *self = Self { sci_mode: self.sci_mode, ..chosen };
    }
}

impl Default for PrintOptions {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A named set of [`PrintOptions`], PyTorch's `profile` argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Four digits, edges from 1000 elements on.
    Default,
    /// Two digits, two edge items.
    Short,
    /// As the default, but every element.
    Full,
}

impl Profile {
    /// The profile of that name. PyTorch ignores a name that it does not know, so a caller ignores `None`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "default" => Some(Self::Default),
            "short" => Some(Self::Short),
            "full" => Some(Self::Full),
            _ => None,
        }
    }
}

static OPTIONS: RwLock<PrintOptions> = RwLock::new(PrintOptions::DEFAULT);

/// The settings that printing uses now, in every thread.
pub fn print_options() -> PrintOptions {
    // The value is plain data and written in one go, so a panic elsewhere cannot have left it half changed.
    *OPTIONS.read().unwrap_or_else(PoisonError::into_inner)
}

/// Replaces the settings, for every thread, until the next call.
pub fn set_print_options(options: PrintOptions) {
    *OPTIONS.write().unwrap_or_else(PoisonError::into_inner) = options;
}

/// Runs `body` with other settings and restores the former ones on every way out, a panic included.
///
/// The settings belong to the process, as in PyTorch: threads that print meanwhile see them too.
pub fn with_print_options<T>(options: PrintOptions, body: impl FnOnce() -> T) -> T {
    struct Restore(PrintOptions);
    impl Drop for Restore {
        fn drop(&mut self) {
            set_print_options(self.0);
        }
    }
    let _restore = Restore(print_options());
    set_print_options(options);
    body()
}
