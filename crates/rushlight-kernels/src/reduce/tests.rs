//! Reductions against plain loops in `f64`.

use super::arg::{Extreme, extreme};
use super::*;
use crate::dtype::{DType, Element};
use crate::loops::Operand;
use half::{bf16, f16};

fn strides_of(shape: &[usize]) -> Vec<isize> {
    let mut strides = vec![1isize; shape.len()];
    for index in (0..shape.len().saturating_sub(1)).rev() {
        strides[index] = strides[index + 1] * shape[index + 1].max(1) as isize;
    }
    strides
}

fn values<T: Element>(count: usize) -> Vec<T> {
    (0..count).map(|i| T::from_f64(((i * 7919) % 211) as f64 / 8.0 - 13.0)).collect()
}

/// Reduces a contiguous array seen with its dimensions permuted; compares with `expected(elements of a run)`.
fn check<T: Element, U: Element>(
    reduction: &Reduction,
    shape: &[usize],
    permutation: &[usize],
    reduced: &[bool],
    context: f64,
    tolerance: f64,
    expected: impl Fn(&[f64]) -> f64,
) {
    let input = values::<T>(shape.iter().product());
    let base = strides_of(shape);
    let seen: Vec<usize> = permutation.iter().map(|&p| shape[p]).collect();
    let strides: Vec<isize> = permutation.iter().map(|&p| base[p]).collect();
    let kept: Vec<usize> = seen.iter().zip(reduced).map(|(&size, &r)| if r { 1 } else { size }).collect();
    let output_strides = strides_of(&kept);
    let count: usize = kept.iter().product();
    let mut output = vec![U::default(); count];
    // SAFETY: strides of whole arrays.
    let done = unsafe {
        reduce(
            reduction,
            T::DTYPE,
            &seen,
            Operand::input(input.as_ptr().cast(), &strides, size_of::<T>()),
            Operand::new(output.as_mut_ptr().cast(), &output_strides, size_of::<U>()),
            reduced,
            context,
        )
    };
    assert!(done);
    let mut runs: Vec<Vec<f64>> = vec![Vec::new(); count];
    for index in 0..seen.iter().product::<usize>() {
        let (mut rest, mut from, mut to) = (index, 0, 0);
        for dim in (0..seen.len()).rev() {
            let position = (rest % seen[dim]) as isize;
            rest /= seen[dim];
            from += position * strides[dim];
            to += if reduced[dim] { 0 } else { position * output_strides[dim] };
        }
        runs[to as usize].push(input[from as usize].to_f64());
    }
    for (run, got) in runs.iter().zip(&output) {
        let (expected, got) = (expected(run), got.to_f64());
        assert!(
            (got - expected).abs() <= tolerance * (1.0 + expected.abs())
                || got == expected
                || got.is_nan() && expected.is_nan(),
            "{shape:?} {permutation:?} {reduced:?}: {got} for {expected}"
        );
    }
}

fn everywhere(check: impl Fn(&[usize], &[usize], &[bool])) {
    check(&[], &[], &[]);
    check(&[7], &[0], &[true]);
    check(&[5000], &[0], &[true]);
    check(&[40, 50], &[0, 1], &[true, false]);
    check(&[40, 50], &[1, 0], &[true, false]);
    check(&[40, 50], &[0, 1], &[true, true]);
    check(&[3, 2000], &[0, 1], &[true, false]);
    check(&[700, 3], &[0, 1], &[true, false]);
    check(&[700, 3], &[0, 1], &[false, true]);
    check(&[6, 7, 8, 9], &[2, 0, 3, 1], &[true, false, false, true]);
    check(&[6, 7, 8, 9], &[0, 1, 2, 3], &[false, true, true, false]);
    check(&[6, 70, 1, 9], &[3, 1, 2, 0], &[false, false, true, true]);
    check(&[4, 0, 3], &[0, 1, 2], &[false, true, false]);
    check(&[4, 0, 3], &[0, 1, 2], &[true, false, false]);
}

#[test]
fn sums_of_every_layout() {
    everywhere(|shape, permutation, reduced| {
        let sum = |run: &[f64]| run.iter().sum::<f64>();
        check::<f32, f32>(&SUM, shape, permutation, reduced, 0.0, 1e-6, sum);
        check::<f64, f64>(&SUM, shape, permutation, reduced, 0.0, 1e-13, sum);
        check::<f16, f16>(&SUM, shape, permutation, reduced, 0.0, 1e-3, sum);
        check::<bf16, bf16>(&SUM, shape, permutation, reduced, 0.0, 8e-3, sum);
        check::<i8, i64>(&SUM, shape, permutation, reduced, 0.0, 0.0, sum);
        check::<bool, i64>(&COUNT_NONZERO, shape, permutation, reduced, 0.0, 0.0, sum);
    });
}

#[test]
fn the_other_reductions_of_every_layout() {
    everywhere(|shape, permutation, reduced| {
        check::<f32, f32>(&MAX, shape, permutation, reduced, 0.0, 0.0, |run| {
            run.iter().copied().fold(f64::NEG_INFINITY, f64::max)
        });
        check::<f64, f64>(&MIN, shape, permutation, reduced, 0.0, 0.0, |run| {
            run.iter().copied().fold(f64::INFINITY, f64::min)
        });
        check::<f64, f64>(&VAR, shape, permutation, reduced, 1.0, 1e-12, |run| {
            let mean = run.iter().sum::<f64>() / run.len() as f64;
            run.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (run.len() as f64 - 1.0).max(0.0)
        });
        check::<f32, f32>(&LOGSUMEXP, shape, permutation, reduced, 0.0, 1e-6, |run| {
            run.iter().map(|x| x.exp()).sum::<f64>().ln()
        });
        check::<f32, f32>(&NORM, shape, permutation, reduced, 3.0, 1e-6, |run| {
            run.iter().map(|x| x.abs().powi(3)).sum::<f64>().cbrt()
        });
        check::<f32, bool>(&ALL, shape, permutation, reduced, 0.0, 0.0, |run| {
            run.iter().all(|&x| x != 0.0) as u8 as f64
        });
        check::<i16, bool>(&ANY, shape, permutation, reduced, 0.0, 0.0, |run| {
            run.iter().any(|&x| x != 0.0) as u8 as f64
        });
    });
}

#[test]
fn long_sums_keep_their_digits() {
    let input = vec![0.1f32; 10_000_000];
    let mut output = 0.0f32;
    // SAFETY: a contiguous array and one output.
    unsafe {
        let x = Operand::input(input.as_ptr().cast(), &[1], 4);
        reduce(
            &SUM,
            DType::F32,
            &[input.len()],
            x,
            Operand::new((&raw mut output).cast(), &[0], 4),
            &[true],
            0.0,
        );
    }
    assert_eq!(output, (0.1f32 as f64 * 1e7) as f32);
    let mut columns = [0.0f32; 4];
    // SAFETY: a contiguous array and four outputs.
    unsafe {
        let x = Operand::input(input.as_ptr().cast(), &[4, 1], 4);
        let y = Operand::new(columns.as_mut_ptr().cast(), &[0, 1], 4);
        reduce(&SUM, DType::F32, &[input.len() / 4, 4], x, y, &[true, false], 0.0);
    }
    assert_eq!(columns, [(0.1f32 as f64 * 2.5e6) as f32; 4]);
}

#[test]
fn nan_wins() {
    for place in [0, 5, 40, 99] {
        let mut x = [1.0f32; 100];
        x[place] = f32::NAN;
        for reduction in [&MAX, &MIN, &NORM_INFINITY, &LOGSUMEXP] {
            let mut output = 0.0f32;
            // SAFETY: a contiguous array and one output.
            unsafe {
                let x = Operand::input(x.as_ptr().cast(), &[1], 4);
                reduce(
                    reduction,
                    DType::F32,
                    &[100],
                    x,
                    Operand::new((&raw mut output).cast(), &[0], 4),
                    &[true],
                    0.0,
                );
            }
            assert!(output.is_nan());
        }
    }
}

#[test]
fn extremes_are_found_at_their_first_place() {
    let shape = [9usize, 300, 11];
    let mut input = values::<f32>(shape.iter().product());
    input[1234] = f32::NAN;
    input[1234 + 11] = f32::NAN;
    let strides = strides_of(&shape);
    for dim in 0..3 {
        for which in [Extreme::Max, Extreme::Min] {
            let mut kept = shape;
            kept[dim] = 1;
            let output_strides = strides_of(&kept);
            let count = kept.iter().product();
            let (mut found, mut places) = (vec![0.0f32; count], vec![0i64; count]);
            // SAFETY: strides of whole arrays.
            assert!(unsafe {
                extreme(
                    which,
                    DType::F32,
                    &shape,
                    Operand::input(input.as_ptr().cast(), &strides, 4),
                    Some(Operand::new(found.as_mut_ptr().cast(), &output_strides, 4)),
                    Some(Operand::new(places.as_mut_ptr().cast(), &output_strides, 8)),
                    dim,
                )
            });
            for index in 0..count {
                let (mut rest, mut from) = (index, 0);
                for d in (0..3).rev() {
                    from += (rest % kept[d]) * strides[d] as usize;
                    rest /= kept[d];
                }
                let run: Vec<f32> =
                    (0..shape[dim]).map(|i| input[from + i * strides[dim] as usize]).collect();
                let expected = run.iter().position(|x| x.is_nan()).unwrap_or_else(|| {
                    let best =
                        run.iter().copied().reduce(if which == Extreme::Max { f32::max } else { f32::min });
                    run.iter().position(|&x| Some(x) == best).unwrap()
                });
                assert_eq!(places[index], expected as i64, "{dim} {which:?} {index}");
                assert_eq!(found[index].to_bits(), run[expected].to_bits());
            }
        }
    }
}

#[test]
fn threads_do_not_change_reductions() {
    let input: Vec<f32> = (0..1_000_000).map(|i| (i as f32).sin()).collect();
    let run = || {
        let mut outputs = Vec::new();
        for (shape, reduced) in
            [([1, 1_000_000], [true, true]), ([1000, 1000], [true, false]), ([100_000, 10], [true, false])]
        {
            let strides = strides_of(&shape);
            let kept: Vec<usize> = (0..2).map(|d| if reduced[d] { 1 } else { shape[d] }).collect();
            let mut output = vec![0.0f64; kept.iter().product::<usize>()];
            for (reduction, offset) in [(&SUM, 0), (&LOGSUMEXP, 1)] {
                // SAFETY: strides of whole arrays; results of four bytes in room for eight.
                unsafe {
                    let x = Operand::input(input.as_ptr().cast(), &strides, 4);
                    let output_strides: Vec<isize> = strides_of(&kept).iter().map(|s| 2 * s).collect();
                    let y = Operand::new(
                        output.as_mut_ptr().cast::<f32>().add(offset).cast(),
                        &output_strides,
                        4,
                    );
                    reduce(reduction, DType::F32, &shape, x, y, &reduced, 0.0);
                }
            }
            outputs.push(output.iter().map(|x| x.to_bits()).collect::<Vec<u64>>());
        }
        outputs
    };
    let alone = std::sync::Mutex::new(Vec::new());
    crate::pool::parallel(2, &|chunk| {
        if chunk == 0 {
            *alone.lock().unwrap() = run();
        }
    });
    assert_eq!(alone.into_inner().unwrap(), run());
}
