//! Numbers as Python and C++ write them.
//!
//! Both round the exact decimal expansion of the binary value, halves to even, and so does Rust's formatter; what
//! differs, and is done here, is the notation: when an exponent appears and how it is written, `nan` and `inf`.

use std::fmt::Write as _;

/// More digits than any finite `f64` has after its decimal point (1074). What follows is zeros, and asking Rust's
/// formatter for them would panic above `u16::MAX`.
const ALL_DIGITS: usize = 1100;

/// `x` as Python's `repr(float)`: the shortest digits that read back as `x`, with an exponent from `1e16` on and
/// below `1e-4`.
///
/// ```
/// use rushlight_core::printing::repr_f64;
///
/// assert_eq!(repr_f64(0.1), "0.1");
/// assert_eq!(repr_f64(-0.0), "-0.0");
/// assert_eq!(repr_f64(1e16), "1e+16");
/// assert_eq!(repr_f64(0.1_f32.into()), "0.10000000149011612");
/// ```
pub fn repr_f64(x: f64) -> String {
    if !x.is_finite() {
        return non_finite(x).to_owned();
    }
    let (negative, digits, exponent) = decimal(&shortest(x));
    let mut text = String::with_capacity(24);
    if negative {
        text.push('-');
    }
    if (-4..16).contains(&exponent) {
        push_positional(&mut text, &digits, exponent);
        if exponent >= digits.len() as i32 - 1 {
            text.push_str(".0");
        }
    } else {
        push_scientific(&mut text, &digits, exponent);
    }
    text
}

/// `x` as Python writes a bool.
pub fn repr_bool(x: bool) -> &'static str {
    if x { "True" } else { "False" }
}

/// Sizes as Python's `repr(tuple)`, with the comma after a single one: `(2, 3)`, `(3,)`, `()`.
///
/// ```
/// assert_eq!(rushlight_core::printing::repr_tuple(&[3]), "(3,)");
/// ```
pub fn repr_tuple(sizes: &[usize]) -> String {
    let inner: Vec<String> = sizes.iter().map(ToString::to_string).collect();
    let comma = if sizes.len() == 1 { "," } else { "" };
    format!("({}{comma})", inner.join(", "))
}

/// `x` with `precision` digits after the point: Python's `format(x, '.4f')`, C's `%.4f`.
pub fn format_fixed(x: f64, precision: usize) -> String {
    let mut text = String::new();
    push_fixed(&mut text, x, precision);
    text
}

/// `x` in scientific notation with `precision` digits after the point: Python's `format(x, '.4e')`, C's `%.4e`.
///
/// ```
/// assert_eq!(rushlight_core::printing::format_exponent(12345.0, 2), "1.23e+04");
/// ```
pub fn format_exponent(x: f64, precision: usize) -> String {
    let mut text = String::new();
    push_exponent(&mut text, x, precision);
    text
}

/// `x` with `precision` significant digits, without trailing zeros: C's `%g`, Python's `format(x, '.6g')`.
///
/// With a precision of 6 this is what C++ streams write, and so what a number in an error message of PyTorch's
/// C++ code looks like.
///
/// ```
/// use rushlight_core::printing::format_general;
///
/// assert_eq!(format_general(1.5, 6), "1.5");
/// assert_eq!(format_general(1234567.0, 6), "1.23457e+06");
/// ```
pub fn format_general(x: f64, precision: usize) -> String {
    if !x.is_finite() {
        return non_finite(x).to_owned();
    }
    let precision = precision.max(1);
    let (negative, digits, exponent) = decimal(&format!("{x:.*e}", precision.min(ALL_DIGITS) - 1));
    let digits = match digits.trim_end_matches('0') {
        "" => "0",
        kept => kept,
    };
    let mut text = String::new();
    if negative {
        text.push('-');
    }
    if exponent >= -4 && i64::from(exponent) < precision.try_into().unwrap_or(i64::MAX) {
        push_positional(&mut text, digits, exponent);
    } else {
        push_scientific(&mut text, digits, exponent);
    }
    text
}

/// Appends what [`format_fixed`] returns.
pub(super) fn push_fixed(text: &mut String, x: f64, precision: usize) {
    if !x.is_finite() {
        text.push_str(non_finite(x));
        return;
    }
    let asked = precision.min(ALL_DIGITS);
    write!(text, "{x:.asked$}").expect("a String takes any text");
    text.extend(std::iter::repeat_n('0', precision - asked));
}

/// Appends what [`format_exponent`] returns.
pub(super) fn push_exponent(text: &mut String, x: f64, precision: usize) {
    if !x.is_finite() {
        text.push_str(non_finite(x));
        return;
    }
    let asked = precision.min(ALL_DIGITS);
    let start = text.len();
    write!(text, "{x:.asked$e}").expect("a String takes any text");
    let mark = start + text[start..].rfind('e').expect("the notation has an exponent");
    let exponent = parse_exponent(&text[mark + 1..]);
    text.truncate(mark);
    text.extend(std::iter::repeat_n('0', precision - asked));
    push_exponent_mark(text, exponent);
}

/// The shortest digits that read back as `x`, in Rust's scientific notation.
///
/// Where two of that length are equally near (2^-25 lies between …312e-8 and …313e-8), Rust takes the upper one
/// and Python the even one, as exact formatting to that length does. That one need not read back where the
/// neighbours of `x` are unequally far, at powers of two; then only Rust's does.
fn shortest(x: f64) -> String {
    let shortest = format!("{x:e}");
    let digits = shortest.bytes().take_while(|byte| *byte != b'e').filter(u8::is_ascii_digit).count();
    let nearest = format!("{x:.*e}", digits - 1);
    if nearest.parse() == Ok(x) { nearest } else { shortest }
}

/// Python's names; the sign of a NaN is not shown.
fn non_finite(x: f64) -> &'static str {
    if x.is_nan() {
        "nan"
    } else if x > 0.0 {
        "inf"
    } else {
        "-inf"
    }
}

/// Sign, digits without the point, and exponent of Rust's scientific notation (`-1.25e-7`).
fn decimal(scientific: &str) -> (bool, String, i32) {
    let (mantissa, exponent) = scientific.split_once('e').expect("the notation has an exponent");
    let negative = mantissa.starts_with('-');
    (negative, mantissa.chars().filter(char::is_ascii_digit).collect(), parse_exponent(exponent))
}

fn parse_exponent(text: &str) -> i32 {
    text.parse().expect("Rust writes the exponent as an integer")
}

/// `digits` with the point after the digit of `10^0`; no point after the last one.
fn push_positional(text: &mut String, digits: &str, exponent: i32) {
    if exponent < 0 {
        text.push_str("0.");
        text.extend(std::iter::repeat_n('0', (-1 - exponent) as usize));
        text.push_str(digits);
        return;
    }
    let whole = exponent as usize + 1;
    if digits.len() <= whole {
        text.push_str(digits);
        text.extend(std::iter::repeat_n('0', whole - digits.len()));
    } else {
        text.push_str(&digits[..whole]);
        text.push('.');
        text.push_str(&digits[whole..]);
    }
}

fn push_scientific(text: &mut String, digits: &str, exponent: i32) {
    text.push_str(&digits[..1]);
    if digits.len() > 1 {
        text.push('.');
        text.push_str(&digits[1..]);
    }
    push_exponent_mark(text, exponent);
}

/// `e+00`: always a sign, at least two digits.
fn push_exponent_mark(text: &mut String, exponent: i32) {
    let sign = if exponent < 0 { '-' } else { '+' };
    write!(text, "e{sign}{:02}", exponent.unsigned_abs()).expect("a String takes any text");
}
