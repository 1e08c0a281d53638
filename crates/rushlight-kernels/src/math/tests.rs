//! Measured errors, in ulp of the result, against the system library in `f64` (for `f32`) and against double-double
//! values (for `f64`, where the system library itself is good to about 0.5 ulp, so the bounds include its error).

use super::*;

/// Distance of `got` from `exact` in units of the last place of an f32 at `exact`.
fn ulps_f32(got: f32, exact: f64) -> f64 {
    let rounded = exact as f32;
    if got.is_nan() || rounded.is_nan() {
        return if got.is_nan() && rounded.is_nan() { 0.0 } else { f64::INFINITY };
    }
    if got.is_infinite() || rounded.is_infinite() {
        return if got == rounded { 0.0 } else { f64::INFINITY };
    }
    // The unit of the binade of the exact value, or that of the denormals.
    let exponent = ((exact.abs().max(f32::MIN_POSITIVE as f64).to_bits() >> 52) as i32 - 1023).max(-126);
    let unit = 2.0f64.powi(exponent - 23);
    (got as f64 - exact).abs() / unit
}

fn ulps_f64(got: f64, expected: f64) -> f64 {
    if got == expected || got.is_nan() && expected.is_nan() {
        return 0.0;
    }
    if !got.is_finite() || !expected.is_finite() {
        return f64::INFINITY;
    }
    let magnitude = expected.abs().max(f64::MIN_POSITIVE);
    (got - expected).abs() / (f64::from_bits(magnitude.to_bits() + 1) - magnitude)
}

/// Arguments: every 4,099th bit pattern (a million), so all exponents, both signs, NaN and infinities.
fn all_f32() -> impl Iterator<Item = f32> {
    (0..=u32::MAX / 4099).map(|i| f32::from_bits(i * 4099)).chain([
        f32::INFINITY,
        f32::NEG_INFINITY,
        0.0,
        -0.0,
        1.0,
        -1.0,
    ])
}

fn spread_f64(low: f64, high: f64) -> impl Iterator<Item = f64> {
    let count = 200_000;
    (0..=count).map(move |i| low + (high - low) * (i as f64 + 0.137 * ((i % 7) as f64)) / count as f64)
}

/// Arguments of all magnitudes.
fn all_f64() -> impl Iterator<Item = f64> {
    (0..400_000u64).map(|i| f64::from_bits(i.wrapping_mul(46_116_860_184_273))).chain([
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        0.0,
        -0.0,
        1.0,
        -1.0,
        f64::MIN_POSITIVE,
        5e-324,
    ])
}

#[test]
fn functions_of_f32() {
    type Case = (&'static str, fn(f32) -> f32, fn(f64) -> f64, f64);
    let cases: &[Case] = &[
        ("exp", exp_f32, f64::exp, 1.0),
        ("exp2", exp2_f32, f64::exp2, 1.0),
        ("expm1", expm1_f32, f64::exp_m1, 1.6),
        ("log", log_f32, f64::ln, 1.0),
        ("log2", log2_f32, f64::log2, 2.0),
        ("log10", log10_f32, f64::log10, 0.51),
        ("log1p", log1p_f32, f64::ln_1p, 1.5),
        ("tanh", tanh_f32, f64::tanh, 2.5),
        ("sinh", sinh_f32, f64::sinh, 0.51),
        ("cosh", cosh_f32, f64::cosh, 0.51),
        ("asin", asin_f32, f64::asin, 0.51),
        ("acos", acos_f32, f64::acos, 0.51),
        ("atan", atan_f32, f64::atan, 0.51),
        ("asinh", asinh_f32, f64::asinh, 0.51),
        ("acosh", acosh_f32, f64::acosh, 0.51),
        ("atanh", atanh_f32, f64::atanh, 0.51),
        ("erf", erf_f32, erf_f64, 1.5),
        ("erfc", erfc_f32, erfc_f64, 0.51),
        // Where e^-x overflows the result is 0, as in PyTorch, and not the denormal number that it could be.
        ("sigmoid", sigmoid_f32, |x| if x < -88.72 { 0.0 } else { 1.0 / (1.0 + (-x).exp()) }, 2.5),
        (
            "sin",
            |x| if x.abs() < RARE_F32 { sin_f32(x) } else { 0.0 },
            |x| if x.abs() < 268435456.0 { x.sin() } else { 0.0 },
            0.51,
        ),
        (
            "cos",
            |x| if x.abs() < RARE_F32 { cos_f32(x) } else { 0.0 },
            |x| if x.abs() < 268435456.0 { x.cos() } else { 0.0 },
            0.51,
        ),
        (
            "tan",
            |x| if x.abs() < RARE_F32 { tan_f32(x) } else { 0.0 },
            |x| if x.abs() < 268435456.0 { x.tan() } else { 0.0 },
            0.51,
        ),
    ];
    let mut failures = Vec::new();
    for &(name, ours, exact, bound) in cases {
        let (worst, at) = all_f32()
            .map(|x| (ulps_f32(ours(x), exact(x as f64)), x))
            .fold((0.0, 0.0), |a, b| if b.0 > a.0 { b } else { a });
        println!("{name:8} f32 {worst:.3} ulp at {at:e}: {:e} for {:e}", ours(at), exact(at as f64));
        if worst > bound {
            failures.push((name, worst, at));
        }
    }
    assert!(failures.is_empty(), "{failures:?}");
}

#[test]
fn functions_of_f64() {
    type Case = (&'static str, fn(f64) -> f64, fn(f64) -> f64, f64, f64, f64);
    let cases: &[Case] = &[
        ("exp", exp_f64, f64::exp, -750.0, 711.0, 1.0),
        ("exp2", exp2_f64, f64::exp2, -1080.0, 1025.0, 1.0),
        ("expm1", expm1_f64, f64::exp_m1, -40.0, 40.0, 2.0),
        ("log", log_f64, f64::ln, 0.0, 4.0, 1.0),
        ("log1p", log1p_f64, f64::ln_1p, -1.0, 4.0, 1.5),
        ("tanh", tanh_f64, f64::tanh, -20.0, 20.0, 3.5),
        ("sigmoid", sigmoid_f64, |x| 1.0 / (1.0 + (-x).exp()), -30.0, 30.0, 2.0),
        ("sin", sin_f64, f64::sin, -1e6, 1e6, 1.0),
        ("cos", cos_f64, f64::cos, -1e6, 1e6, 1.0),
        ("tan", tan_f64, f64::tan, -1e6, 1e6, 2.5),
        ("sin", sin_f64, f64::sin, -4.0, 4.0, 1.0),
        ("cos", cos_f64, f64::cos, -4.0, 4.0, 1.0),
        ("tan", tan_f64, f64::tan, -4.0, 4.0, 2.5),
    ];
    let mut failures = Vec::new();
    for &(name, ours, exact, low, high, bound) in cases {
        let periodic = ["sin", "cos", "tan"].contains(&name);
        let arguments =
            spread_f64(low, high).chain(all_f64().filter(|x| !periodic || x.is_nan() || x.abs() < RARE_F64));
        let (worst, at) = arguments
            .map(|x| (ulps_f64(ours(x), exact(x)), x))
            .fold((0.0, 0.0), |a, b| if b.0 > a.0 { b } else { a });
        println!("{name:8} f64 {worst:.3} ulp at {at:e}: {:e} for {:e}", ours(at), exact(at));
        if worst > bound {
            failures.push((name, worst, at));
        }
    }
    assert!(failures.is_empty(), "{failures:?}");
}

#[test]
fn powers_of_f32() {
    let values = [
        0.0f32,
        -0.0,
        1.0,
        -1.0,
        0.5,
        -0.5,
        2.0,
        -2.0,
        3.0,
        -3.0,
        1e-40,
        1e30,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
        0.1,
        7.3,
        88.0,
    ];
    for x in values {
        for y in values {
            let (got, exact) = (pow_f32(x, y), (x as f64).powf(y as f64));
            assert!(ulps_f32(got, exact) <= 0.51, "{x} ^ {y}: {got} for {exact}");
            assert!(got != 0.0 || got.is_sign_negative() == exact.is_sign_negative(), "{x} ^ {y}");
            let (got, exact) = (atan2_f32(x, y), (x as f64).atan2(y as f64));
            assert!(ulps_f32(got, exact) <= 0.51, "atan2({x}, {y}): {got} for {exact}");
            let (got, exact) = (hypot_f32(x, y), (x as f64).hypot(y as f64));
            assert!(ulps_f32(got, exact) <= 0.51, "hypot({x}, {y}): {got} for {exact}");
        }
    }
}

#[test]
fn zeros_keep_their_sign() {
    for f in [
        sin_f32, tan_f32, asin_f32, atan_f32, sinh_f32, tanh_f32, asinh_f32, atanh_f32, expm1_f32, log1p_f32,
        erf_f32,
    ] {
        assert_eq!(f(-0.0).to_bits(), (-0.0f32).to_bits());
        assert_eq!(f(0.0).to_bits(), 0);
    }
    for f in [sin_f64, tan_f64, tanh_f64, expm1_f64, log1p_f64] {
        assert_eq!(f(-0.0).to_bits(), (-0.0f64).to_bits());
        assert_eq!(f(0.0).to_bits(), 0);
    }
}

#[test]
fn the_gamma_family_and_the_inverse_error_function() {
    // Values of Abramowitz and Stegun, and identities.
    assert!((digamma_f64(1.0) + 0.577_215_664_901_532_9).abs() < 1e-15);
    assert!((digamma_f64(0.5) + 1.963_510_026_021_423_5).abs() < 1e-14);
    assert!((digamma_f64(-1.5) - 0.703_156_640_645_243_2).abs() < 1e-14);
    assert!(
        digamma_f64(0.0) == f64::NEG_INFINITY
            && digamma_f64(-0.0) == f64::INFINITY
            && digamma_f64(-3.0).is_nan()
    );
    assert!((trigamma_f64(1.0) - std::f64::consts::PI.powi(2) / 6.0).abs() < 1e-14);
    assert!((trigamma_f64(-0.5) - 8.934_802_200_544_679).abs() < 1e-12);
    assert!((lgamma_f64(0.5) - 0.572_364_942_924_700_1).abs() < 1e-15);
    for y in [1e-12, 1e-5, 0.1, 0.5, 0.9, 0.999, 1.0 - 1e-12] {
        let x = erfinv_f64(y);
        let back = if y < 0.5 { erf_f64(x) / y - 1.0 } else { erfc_f64(x) / (1.0 - y) - 1.0 };
        assert!(back.abs() < 1e-14 * (1.0 + x * x), "{y}: {back}");
    }
    assert!(erfinv_f64(1.0) == f64::INFINITY && erfinv_f64(-1.5).is_nan());
}
