//! Kernels compute the same bits at every instruction-set level: Note [Same bits at every level].
//!
//! The level is decided once per process, so the test runs itself a second time under `RUSHLIGHT_CPU=baseline` and
//! compares hashes.

#![expect(clippy::cast_ptr_alignment, reason = "words of eight bytes are aligned for every dtype")]

use rushlight_kernels::row::{Kernel, Scalar};
use rushlight_kernels::{DType, Operand, binary, compare, copy, lines, reduce, ternary, unary};

const COUNT: usize = 4000;

/// Bytes that are elements of every dtype: small integers, or floats of all kinds.
fn input(dtype: DType, seed: u64) -> Vec<u64> {
    let mut words = vec![0u64; COUNT];
    let special =
        [0.0, -0.0, 1.0, -1.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e-40, 1e30, 0.5, 1e-310, 3e8];
    let mut state = seed;
    for i in 0..COUNT {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let uniform = (state >> 11) as f64 / (1u64 << 53) as f64 * 2.0 - 1.0;
        let value = match i % 4 {
            0 => special[(state >> 40) as usize % special.len()],
            1 => uniform,
            2 => uniform * 20.0,
            _ => uniform * 2000.0,
        };
        let target = words.as_mut_ptr().cast::<u8>();
        rushlight_kernels::dispatch_all!(dtype, T => {
            let value = if dtype.is_floating_point() { value } else { (uniform * 100.0).trunc() };
            // SAFETY: eight bytes for each element.
            unsafe { target.cast::<T>().add(i).write(<T as rushlight_kernels::Element>::from_f64(value)) };
        });
    }
    words
}

/// FNV-1a over elements, with one bit pattern for all NaNs.
fn hash(state: &mut u64, dtype: DType, bytes: &[u64]) {
    let pointer = bytes.as_ptr().cast::<u8>();
    for i in 0..COUNT {
        rushlight_kernels::dispatch_all!(dtype, T => {
            // SAFETY: eight bytes for each element, all written.
            let value = unsafe { pointer.cast::<T>().add(i).read() };
            let value = rushlight_kernels::Element::to_f64(value);
            let bits = if value.is_nan() { u64::MAX } else { value.to_bits() };
            *state = (*state ^ bits).wrapping_mul(0x100_0000_01b3);
        });
    }
}

fn kernels() -> Vec<(&'static str, &'static Kernel, usize)> {
    macro_rules! list {
        ($inputs:expr, $module:ident: $($name:ident)+) => { vec![$((stringify!($name), &$module::$name, $inputs)),+] };
    }
    let mut all = list!(1, unary: NEG ABS SIGN SQUARE RELU RECIPROCAL SQRT RSQRT FLOOR CEIL ROUND TRUNC FRAC ISNAN ISINF
        ISFINITE SIGNBIT LOGICAL_NOT BITWISE_NOT EXP EXP2 EXPM1 LOG LOG2 LOG10 LOG1P SIN COS TAN ASIN ACOS ATAN SINH COSH
        TANH ASINH ACOSH ATANH SIGMOID ERF ERFC LGAMMA DIGAMMA TRIGAMMA ERFINV SILU GELU GELU_TANH LOG_SIGMOID MISH
        SOFTPLUS LEAKY_RELU ELU);
    all.extend(
        list!(1, binary: ADD_SCALAR SUB_SCALAR RSUB_SCALAR MUL_SCALAR DIV_SCALAR POW_SCALAR RPOW_SCALAR CUBE
        RECIPROCAL_SQUARE),
    );
    all.extend(list!(1, ternary: CLAMP_SCALAR));
    all.extend(list!(2, binary: ADD SUB MUL DIV DIV_FLOOR DIV_TRUNC REMAINDER FMOD POW ADD_SCALED SUB_SCALED MAXIMUM MINIMUM
        FMAX FMIN ATAN2 HYPOT COPYSIGN BITWISE_AND BITWISE_OR BITWISE_XOR SHL SHR LOGICAL_AND LOGICAL_OR LOGICAL_XOR XLOGY));
    all.extend(list!(2, compare: EQ NE LT LE GT GE));
    all.extend(
        list!(2, ternary: LERP_SCALAR SIGMOID_BACKWARD TANH_BACKWARD THRESHOLD_BACKWARD BINARY_CROSS_ENTROPY),
    );
    all.extend(list!(3, ternary: LERP CLAMP ADDCMUL ADDCDIV BINARY_CROSS_ENTROPY_BACKWARD));
    all
}

const TO_BOOL: [&str; 14] = [
    "ISNAN",
    "ISINF",
    "ISFINITE",
    "SIGNBIT",
    "LOGICAL_NOT",
    "EQ",
    "NE",
    "LT",
    "LE",
    "GT",
    "GE",
    "LOGICAL_AND",
    "LOGICAL_OR",
    "LOGICAL_XOR",
];

/// One line for each kernel and dtype: name and hash.
fn report() -> String {
    let mut lines = Vec::new();
    for dtype in DType::ALL {
        let inputs = [input(dtype, 1), input(dtype, 2), input(dtype, 3)];
        let scalars = [Scalar::from(3.0), Scalar::from(20.0)];
        for (name, kernel, count) in kernels() {
            let Some(row) = kernel.row(dtype) else { continue };
            let output_dtype = if TO_BOOL.contains(&name) { DType::Bool } else { dtype };
            let mut state = 0xcbf2_9ce4_8422_2325;
            for stride in [1isize, 2] {
                let mut output = vec![0u64; COUNT];
                let mut pointers = vec![output.as_mut_ptr().cast::<u8>()];
                pointers.extend(inputs[..count].iter().map(|x| x.as_ptr().cast::<u8>().cast_mut()));
                let strides = [1, stride, stride, 1];
                // SAFETY: half as many elements where the stride is 2.
                unsafe {
                    row(
                        COUNT / stride as usize,
                        pointers.as_ptr(),
                        strides.as_ptr(),
                        scalars.as_ptr().cast(),
                    );
                }
                hash(&mut state, output_dtype, &output);
            }
            lines.push(format!("{name} {dtype:?} {state:016x}"));
        }
        for to in DType::ALL {
            let mut output = vec![0u64; COUNT];
            let pointers = [output.as_mut_ptr().cast::<u8>(), inputs[0].as_ptr().cast::<u8>().cast_mut()];
            let mut state = 0;
            // SAFETY: contiguous operands.
            unsafe { copy::cast(dtype, to)(COUNT, pointers.as_ptr(), [1, 1].as_ptr(), std::ptr::null()) };
            hash(&mut state, to, &output);
            lines.push(format!("cast {dtype:?} {to:?} {state:016x}"));
        }
        for (name, reduction) in [
            ("SUM", &reduce::SUM),
            ("PROD", &reduce::PROD),
            ("MAX", &reduce::MAX),
            ("NORM_2", &reduce::NORM_2),
            ("VAR", &reduce::VAR),
            ("LOGSUMEXP", &reduce::LOGSUMEXP),
        ] {
            for reduced in [[true, true], [true, false], [false, true]] {
                let mut output = vec![0u64; COUNT];
                let strides: &[isize] = if reduced[0] { &[0, 1] } else { &[1, 0] };
                // Finite numbers only: an infinity or a NaN would hide all others.
                let finite = input(dtype, 7);
                let finite_dtype = dtype;
                let mut wide = vec![0u64; COUNT];
                rushlight_kernels::dispatch_all!(finite_dtype, T => {
                    for i in 0..COUNT {
                        // SAFETY: eight bytes for each element.
                        unsafe {
                            let x = finite.as_ptr().cast::<T>().add(i).read();
                            let value = rushlight_kernels::Element::to_f64(x);
                            let value = if value.abs() < 1e4 { value / 64.0 } else { 0.25 };
                            wide.as_mut_ptr().cast::<T>().add(i).write(<T as rushlight_kernels::Element>::from_f64(value));
                        }
                    }
                });
                // SAFETY: an array of 40 × 100 and at most as many outputs of eight bytes.
                unsafe {
                    let x = Operand::input(wide.as_ptr().cast(), &[100, 1], dtype.size());
                    let y = Operand::new(output.as_mut_ptr().cast(), strides, 8);
                    reduce::reduce(reduction, dtype, &[40, 100], x, y, &reduced, 1.0);
                }
                let state = output.iter().fold(1u64, |state, &x| (state ^ x).wrapping_mul(0x100_0000_01b3));
                lines.push(format!("{name} {dtype:?} {reduced:?} {state:016x}"));
            }
        }
        if dtype.is_floating_point() {
            for log in [false, true] {
                let mut output = vec![0u64; COUNT];
                // SAFETY: arrays of 40 × 100.
                unsafe {
                    let x = Operand::input(inputs[1].as_ptr().cast(), &[100, 1], dtype.size());
                    let y = Operand::new(output.as_mut_ptr().cast(), &[100, 1], dtype.size());
                    lines::softmax(log, dtype, &[40, 100], y, x, 1);
                }
                let mut state = 0;
                hash(&mut state, dtype, &output);
                lines.push(format!("softmax {log} {dtype:?} {state:016x}"));
            }
        }
    }
    lines.join("\n")
}

#[test]
fn levels_agree() {
    const CHILD: &str = "RUSHLIGHT_TEST_REPORT";
    if let Some(path) = std::env::var_os(CHILD) {
        std::fs::write(path, report()).expect("a place for the report");
        return;
    }
    let path = std::env::temp_dir().join(format!("rushlight-levels-{}", std::process::id()));
    let status = std::process::Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "levels_agree"])
        .env("RUSHLIGHT_CPU", "baseline")
        .env(CHILD, &path)
        .output()
        .expect("the test runs again");
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stdout));
    let baseline = std::fs::read_to_string(&path).expect("the report");
    let _ = std::fs::remove_file(&path);
    let best = report();
    let differences: Vec<(&str, &str)> = best.lines().zip(baseline.lines()).filter(|(a, b)| a != b).collect();
    assert!(differences.is_empty(), "{differences:?}");
    assert_eq!(best.lines().count(), baseline.lines().count());
}
