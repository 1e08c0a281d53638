//! From the values that will be seen to their texts and the width that they share.
//!
//! One notation is chosen for all values of a tensor (integers with a point, fixed, scientific), from the values
//! that are shown and from no others. Every value is formatted once; the texts lie one after another in one string.

use super::number::{push_exponent, push_fixed};
use super::{PrintOptions, Value, repr_bool};

/// The texts of the shown elements, in order, and the width to which each is padded on the left.
pub(super) struct Cells {
    text: String,
    /// Where each cell ends in `text`; it begins where the one before ends.
    ends: Vec<usize>,
    width: usize,
    /// Columns that one element takes in a row: its width and the separator.
    pub(super) element_length: usize,
}

impl Cells {
    /// Formats `values`, which are all of one kind.
    pub(super) fn new(values: &[Value], options: &PrintOptions) -> Self {
        if let Some(Value::Complex(..)) = values.first() {
            let (real, imaginary): (Vec<f64>, Vec<f64>) = values.iter().map(Value::parts).unzip();
            return Self::join(&Self::floats(&real, options), &Self::floats(&imaginary, options));
        }
        if let Some(Value::Float(_)) = values.first() {
            let numbers: Vec<f64> = values.iter().map(|value| value.parts().0).collect();
            return Self::floats(&numbers, options);
        }
        let mut cells = Self::with_capacity(values.len());
        for value in values {
            cells.push(true, |text| match value {
                Value::Bool(x) => text.push_str(repr_bool(*x)),
                Value::Int(x) => text.push_str(&x.to_string()),
                Value::Float(_) | Value::Complex(..) => unreachable!("a source yields values of one kind"),
            });
        }
        cells.finish()
    }

    fn floats(values: &[f64], options: &PrintOptions) -> Self {
        let notation = Notation::of(values, options.sci_mode);
        let mut cells = Self::with_capacity(values.len());
        for &x in values {
            // As PyTorch: zeros, infinities and NaN have no part in the width, and may stick out.
            let counts = x != 0.0 && x.is_finite();
            cells.push(counts, |text| match notation {
                Notation::Scientific => push_exponent(text, x, options.precision),
                Notation::Fixed => push_fixed(text, x, options.precision),
                Notation::Integer => {
                    push_fixed(text, x, 0);
                    if x.is_finite() {
                        text.push('.');
                    }
                }
            });
        }
        cells.finish()
    }

    /// Complex cells: each part padded in its own column, the imaginary one with its sign.
    fn join(real: &Self, imaginary: &Self) -> Self {
        let mut cells = Self::with_capacity(real.ends.len());
        for position in 0..real.ends.len() {
            let padded = |part: &Self, text: &mut String| part.write(position, text);
            cells.push(false, |text| {
                padded(real, text);
                // As PyTorch: the padding of the imaginary part is dropped.
                let tail = imaginary.get(position);
                if !tail.starts_with('-') {
                    text.push('+');
                }
                text.push_str(tail);
                text.push('j');
            });
        }
        // As PyTorch: the length counts both columns, the separator and `j`, but not the sign.
        cells.element_length = real.width + imaginary.width + 3;
        cells.width = 0;
        cells
    }

    fn with_capacity(count: usize) -> Self {
        Self { text: String::new(), ends: Vec::with_capacity(count), width: 1, element_length: 0 }
    }

    fn push(&mut self, counts: bool, write: impl FnOnce(&mut String)) {
        let start = self.text.len();
        write(&mut self.text);
        let end = self.text.len();
        self.ends.push(end);
        if counts {
            self.width = self.width.max(end - start);
        }
    }

    fn finish(mut self) -> Self {
        self.element_length = self.width + 2;
        self
    }

    fn get(&self, position: usize) -> &str {
        let start = if position == 0 { 0 } else { self.ends[position - 1] };
        &self.text[start..self.ends[position]]
    }

    /// Appends the cell, padded.
    pub(super) fn write(&self, position: usize, out: &mut String) {
        let cell = self.get(position);
        out.extend(std::iter::repeat_n(' ', self.width.saturating_sub(cell.len())));
        out.push_str(cell);
    }
}

/// How the floats of one tensor are written.
#[derive(Clone, Copy)]
enum Notation {
    /// All are integers: digits and a point.
    Integer,
    Fixed,
    Scientific,
}

impl Notation {
    fn of(values: &[f64], sci_mode: Option<bool>) -> Self {
        let (mut smallest, mut largest, mut integers) = (f64::INFINITY, 0.0_f64, true);
        for &x in values.iter().filter(|x| x.is_finite() && **x != 0.0) {
            smallest = smallest.min(x.abs());
            largest = largest.max(x.abs());
            integers &= x == x.ceil();
        }
        if largest == 0.0 {
            // As PyTorch: with no number to judge by, even a forced scientific notation is not used.
            return Self::Integer;
        }
        let demanded = largest / smallest > 1000.0 || largest > 1e8 || smallest < 1e-4;
        if sci_mode.unwrap_or(demanded) {
            Self::Scientific
        } else if integers {
            Self::Integer
        } else {
            Self::Fixed
        }
    }
}
