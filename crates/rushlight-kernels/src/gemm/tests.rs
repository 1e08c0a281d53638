//! Products against plain sums in `f64`.

use super::*;

fn values(count: usize, seed: usize) -> Vec<f64> {
    (0..count).map(|i| ((i * 7919 + seed * 104729) % 2003) as f64 / 1001.0 - 1.0).collect()
}

/// Every layout of the three operands for one shape.
fn check<T: Element>(m: usize, n: usize, k: usize, tolerance: f64) {
    let scale = if T::DTYPE.is_floating_point() { 1.0 } else { 10.0 };
    let a: Vec<T> = values(m * k, 1).into_iter().map(|x| T::from_f64(x * scale)).collect();
    let b: Vec<T> = values(k * n, 2).into_iter().map(|x| T::from_f64(x * scale)).collect();
    let c: Vec<T> = values(m * n, 3).into_iter().map(|x| T::from_f64(x * scale)).collect();
    for layout in 0..8 {
        let strides = |rows: usize, columns: usize, bit: usize| {
            if layout >> bit & 1 == 0 { (columns as isize, 1) } else { (1, rows as isize) }
        };
        let (sa, sb, sc) = (strides(m, k, 0), strides(k, n, 1), strides(m, n, 2));
        for (alpha, beta) in [(1.0, 0.0), (2.0, 3.0)] {
            let mut result = c.clone();
            // SAFETY: strides of whole matrices.
            let done = unsafe {
                matmul(
                    T::DTYPE,
                    m,
                    n,
                    k,
                    Matrix::new(result.as_mut_ptr().cast(), sc.0, sc.1),
                    Matrix::input(a.as_ptr().cast(), sa.0, sa.1),
                    Matrix::input(b.as_ptr().cast(), sb.0, sb.1),
                    Scalar::from(alpha),
                    Scalar::from(beta),
                )
            };
            assert!(done);
            for i in 0..m as isize {
                for j in 0..n as isize {
                    let mut sum = 0.0;
                    for p in 0..k as isize {
                        sum += a[(i * sa.0 + p * sa.1) as usize].to_f64()
                            * b[(p * sb.0 + j * sb.1) as usize].to_f64();
                    }
                    let at = (i * sc.0 + j * sc.1) as usize;
                    let expected = alpha * sum + beta * c[at].to_f64();
                    let expected =
                        if T::DTYPE.is_floating_point() { expected } else { T::from_f64(expected).to_f64() };
                    let got = result[at].to_f64();
                    assert!(
                        (got - expected).abs() <= tolerance * (1.0 + expected.abs()),
                        "{m}×{n}×{k} layout {layout}: {got} for {expected}"
                    );
                }
            }
        }
    }
}

#[test]
fn products_of_every_shape_and_layout() {
    for (m, n, k) in [
        (1, 1, 1),
        (1, 1, 100),
        (3, 1, 50),
        (1, 5, 7),
        (100, 1, 2),
        (5, 100, 0),
        (17, 33, 65),
        (4, 16, 8),
        (70, 10, 64),
        (10, 70, 3),
        (64, 64, 5),
        (40, 50, 60),
        (2, 300, 300),
    ] {
        check::<f32>(m, n, k, 1e-5);
        check::<f64>(m, n, k, 1e-13);
    }
    check::<f16>(9, 7, 20, 4e-3);
    check::<bf16>(9, 20, 5, 2e-2);
    check::<i64>(5, 6, 7, 0.0);
    check::<i32>(3, 1, 20, 0.0);
}

#[test]
fn threads_do_not_change_products() {
    let (m, n, k) = (300, 200, 300);
    let a: Vec<f32> = values(m * k, 1).into_iter().map(|x| x as f32).collect();
    let b: Vec<f32> = values(k * n, 2).into_iter().map(|x| x as f32).collect();
    let run = |n: usize| {
        let mut result = vec![0.0f32; m * n];
        // SAFETY: contiguous matrices.
        unsafe {
            matmul(
                DType::F32,
                m,
                n,
                k,
                Matrix::new(result.as_mut_ptr().cast(), n as isize, 1),
                Matrix::input(a.as_ptr().cast(), k as isize, 1),
                Matrix::input(b.as_ptr().cast(), n as isize, 1),
                Scalar::from(1.0),
                Scalar::from(0.0),
            );
        }
        result
    };
    // Inside the pool nothing splits further, so this is the result of one thread.
    let alone = std::sync::Mutex::new((Vec::new(), Vec::new()));
    pool::parallel(2, &|chunk| {
        if chunk == 0 {
            *alone.lock().unwrap() = (run(n), run(12));
        }
    });
    let alone = alone.into_inner().unwrap();
    assert_eq!(alone.0, run(n));
    assert_eq!(alone.1, run(12));
}

#[test]
fn batches_broadcast() {
    let a = [1.0f64, 2.0, 3.0, 4.0];
    let b = [1.0f64, 0.0, 0.0, 1.0, 2.0, 0.0, 0.0, 2.0, 0.0, 1.0, 1.0, 0.0];
    let mut result = [0.0f64; 12];
    // SAFETY: three 2 × 2 products, the left one broadcast.
    unsafe {
        batched_matmul(
            DType::F64,
            &[3],
            2,
            2,
            2,
            (Operand::new(result.as_mut_ptr().cast(), &[4], 8), 2, 1),
            (Operand::input(a.as_ptr().cast(), &[0], 8), 2, 1),
            (Operand::input(b.as_ptr().cast(), &[4], 8), 2, 1),
            Scalar::from(1.0),
            Scalar::from(0.0),
        );
    }
    assert_eq!(result, [1.0, 2.0, 3.0, 4.0, 2.0, 4.0, 6.0, 8.0, 2.0, 1.0, 4.0, 3.0]);
}
