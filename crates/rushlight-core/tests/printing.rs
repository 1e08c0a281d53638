//! Printing against recorded output of PyTorch 2.15 and of Python; `tests/golden/make_printing.py` made the records
//! and describes their form. `RUSHLIGHT_PRINTING_CASES` names another file of them, for longer runs.

use std::collections::HashMap;

use rushlight_core::printing::*;

/// The elements of a record by their flat index.
type Elements = HashMap<usize, Value>;

struct Recorded {
    shape: Vec<usize>,
    elements: Elements,
}

impl Source for Recorded {
    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn value(&self, index: &[usize]) -> Value {
        let flat = index.iter().zip(&self.shape).fold(0, |flat, (i, size)| flat * size + i);
        *self.elements.get(&flat).unwrap_or_else(|| panic!("element {index:?} is not shown, but was read"))
    }
}

/// The lines of one record: its first line, its elements, and the texts marked `^` and `|`.
#[derive(Default)]
struct Record<'a> {
    head: &'a str,
    elements: &'a str,
    inner: Option<String>,
    expected: Option<String>,
}

fn records(text: &str) -> Vec<Record<'_>> {
    fn append(text: &mut Option<String>, line: &str) {
        match text {
            None => *text = Some(line.to_owned()),
            Some(text) => *text = format!("{text}\n{line}"),
        }
    }
    let mut records: Vec<Record<'_>> = Vec::new();
    for line in text.lines() {
        let (mark, rest) = line.split_at(1);
        if !["=", "^", "|"].contains(&mark) {
            records.push(Record { head: line, ..Record::default() });
            continue;
        }
        let record = records.last_mut().expect("a record begins with its kind");
        match mark {
            "=" => record.elements = rest.trim(),
            "^" => append(&mut record.inner, rest),
            _ => append(&mut record.expected, rest),
        }
    }
    records
}

fn number(text: &str, double: bool) -> f64 {
    if double { text.parse().unwrap() } else { f64::from(text.parse::<f32>().unwrap()) }
}

fn element(text: &str, dtype: &str) -> Value {
    match dtype {
        "bool" => Value::Bool(text == "True"),
        "float64" => Value::Float(number(text, true)),
        "float32" | "float16" | "bfloat16" => Value::Float(number(text, false)),
        "complex64" | "complex128" => {
            let (real, imaginary) = text.split_once(',').unwrap();
            let double = dtype == "complex128";
            Value::Complex(number(real, double), number(imaginary, double))
        }
        _ => Value::Int(text.parse().unwrap()),
    }
}

fn elements(text: &str, dtype: &str) -> Elements {
    let tokens = text.split(' ').filter(|token| !token.is_empty()).enumerate();
    tokens
        .map(|(position, token)| match token.split_once(':') {
            Some((flat, token)) => (flat.parse().unwrap(), element(token, dtype)),
            None => (position, element(token, dtype)),
        })
        .collect()
}

fn print_tensor(record: &Record<'_>, words: &[&str]) -> String {
    let &[dtype, default_dtype, shape, precision, threshold, edgeitems, linewidth, sci, class, gradient] =
        words
    else {
        panic!("a tensor is described by ten words: {words:?}");
    };
    let shape: Vec<usize> =
        shape.split('x').filter(|size| *size != "-").map(|size| size.parse().unwrap()).collect();
    let options = PrintOptions {
        precision: precision.parse().unwrap(),
        threshold: if threshold == "inf" { PrintOptions::UNLIMITED } else { threshold.parse().unwrap() },
        edgeitems: edgeitems.parse().unwrap(),
        linewidth: linewidth.parse().unwrap(),
        sci_mode: match sci {
            "None" => None,
            forced => Some(forced == "True"),
        },
    };
    let meta = record.head.starts_with("meta");
    let description = Description {
        dtype,
        default_dtype,
        device: meta.then_some("meta"),
        class: match class.split_once(':') {
            Some(("sub", name)) => Class::Subclass(name),
            Some((_, name)) => Class::ParameterSubclass(name),
            None if class == "parameter" => Class::Parameter,
            None => Class::Tensor,
        },
        gradient: match gradient.split_once(':') {
            Some((_, name)) => Gradient::Function(name),
            None if gradient == "required" => Gradient::Required,
            None => Gradient::None,
        },
        tangent: record.inner.as_deref(),
    };
    if meta {
        format_meta_tensor(&shape, &description, &options)
    } else {
        let source = Recorded { shape, elements: elements(record.elements, dtype) };
        format_tensor_with(&source, &description, &options)
    }
}

/// What we print for a record, and what was recorded.
fn both(record: &Record<'_>) -> (String, String) {
    let words: Vec<&str> = record.head.split(' ').collect();
    let x = |bits: &str| f64::from_bits(u64::from_str_radix(bits, 16).unwrap());
    let written = match words[..] {
        ["tensor" | "meta", ref description @ ..] => print_tensor(record, description),
        ["batched", level, dimension] => format_batched(
            level.parse().unwrap(),
            dimension.parse().unwrap(),
            record.inner.as_deref().unwrap(),
        ),
        ["tracking", level] => {
            format_gradient_tracking(level.parse().unwrap(), record.inner.as_deref().unwrap())
        }
        ["repr", bits, text] => return (repr_f64(x(bits)), text.to_owned()),
        ["fixed", bits, precision, text] => {
            return (format_fixed(x(bits), precision.parse().unwrap()), text.to_owned());
        }
        ["exponent", bits, precision, text] => {
            return (format_exponent(x(bits), precision.parse().unwrap()), text.to_owned());
        }
        ["general", bits, precision, text] => {
            return (format_general(x(bits), precision.parse().unwrap()), text.to_owned());
        }
        _ => panic!("a record of no known kind: {}", record.head),
    };
    (written, record.expected.clone().unwrap())
}

#[test]
fn text_is_that_of_pytorch() {
    let text = match std::env::var_os("RUSHLIGHT_PRINTING_CASES") {
        Some(path) => std::fs::read_to_string(path).unwrap(),
        None => include_str!("data/printing.txt").to_owned(),
    };
    let records = records(&text);
    assert!(records.len() > 100, "the file of records is cut short");
    let mut wrong = 0;
    for record in &records {
        let (written, expected) = both(record);
        if written != expected {
            wrong += 1;
            if wrong <= 10 {
                println!("{}\nexpected:\n{expected}\nwritten:\n{written}\n", record.head);
            }
        }
    }
    println!("{} of {} records equal", records.len() - wrong, records.len());
    assert_eq!(wrong, 0, "of {} records", records.len());
}

/// A vast tensor that counts what is read of it.
struct Vast<'a> {
    shape: &'a [usize],
    read: std::cell::Cell<usize>,
}

impl Source for Vast<'_> {
    fn shape(&self) -> &[usize] {
        self.shape
    }

    fn value(&self, _: &[usize]) -> Value {
        self.read.set(self.read.get() + 1);
        Value::Float(1.0)
    }
}

#[test]
fn only_what_is_shown_is_read() {
    let vast = Vast { shape: &[1 << 20, 1 << 20], read: 0.into() };
    let row = "[1., 1., 1.,  ..., 1., 1., 1.]";
    let expected = format!(
        "tensor([{row},\n        {row},\n        {row},\n        ...,\n        {row},\n        {row},\n        {row}])"
    );
    assert_eq!(format_tensor_with(&vast, &Description::default(), &PrintOptions::default()), expected);
    assert_eq!(vast.read.get(), 36);
}

#[test]
fn options_are_restored_after_a_panic() {
    let narrow = PrintOptions { precision: 1, ..PrintOptions::default() };
    let before = print_options();
    let outcome = std::panic::catch_unwind(|| {
        with_print_options(narrow, || {
            assert_eq!(print_options(), narrow);
            panic!("on purpose");
        })
    });
    assert!(outcome.is_err());
    assert_eq!(print_options(), before);
}

#[test]
fn profiles_leave_the_notation_alone() {
    let mut options = PrintOptions { sci_mode: Some(true), linewidth: 7, ..PrintOptions::default() };
    options.apply_profile(Profile::from_name("short").unwrap());
    assert_eq!(
        options,
        PrintOptions { precision: 2, threshold: 1000, edgeitems: 2, linewidth: 80, sci_mode: Some(true) }
    );
    options.apply_profile(Profile::Full);
    assert_eq!((options.precision, options.threshold, options.edgeitems), (4, PrintOptions::UNLIMITED, 3));
    assert_eq!(Profile::from_name("long"), None);
}

#[test]
fn precision_beyond_the_formatter_is_zeros() {
    assert_eq!(format_fixed(0.5, 70_000), format!("0.5{}", "0".repeat(69_999)));
    assert_eq!(format_exponent(0.5, 70_000), format!("5.{}e-01", "0".repeat(70_000)));
    assert_eq!(format_general(0.5, 70_000), "0.5");
}
