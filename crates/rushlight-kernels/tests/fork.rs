//! A forked child computes in parallel, although its parent's threads are not there. (It is the only test of its file:
//! a process that forks should have no other tests running.)
#![cfg(unix)]

use rushlight_kernels::gemm::{Matrix, matmul};
use rushlight_kernels::row::Scalar;
use rushlight_kernels::{DType, Operand, pool, reduce};

unsafe extern "C" {
    fn fork() -> i32;
    fn waitpid(process: i32, status: *mut i32, options: i32) -> i32;
    fn kill(process: i32, signal: i32) -> i32;
    fn _exit(status: i32) -> !;
}

/// A sum and a product that are both large enough for several threads.
fn compute() -> (f32, f32) {
    let x = vec![1.0f32; 1 << 20];
    let mut total = 0.0f32;
    let n = 256;
    let mut product = vec![0.0f32; n * n];
    // SAFETY: contiguous arrays.
    unsafe {
        let input = Operand::input(x.as_ptr().cast(), &[1], 4);
        let output = Operand::new((&raw mut total).cast(), &[0], 4);
        reduce::reduce(&reduce::SUM, DType::F32, &[x.len()], input, output, &[true], 0.0);
        let square = Matrix::input(x.as_ptr().cast(), n as isize, 1);
        let target = Matrix::new(product.as_mut_ptr().cast(), n as isize, 1);
        matmul(DType::F32, n, n, n, target, square, square, Scalar::from(1.0), Scalar::from(0.0));
    }
    (total, product[n])
}

#[test]
fn a_forked_child_computes() {
    pool::set_num_threads(3);
    let expected = (1_048_576.0, 256.0);
    assert_eq!(compute(), expected);
    // SAFETY: the child only computes and exits.
    let child = unsafe { fork() };
    if child == 0 {
        let right = compute() == expected;
        pool::set_num_threads(2);
        let still_right = compute() == expected;
        // SAFETY: ends the child without running the test harness's end.
        unsafe { _exit(if right && still_right { 42 } else { 1 }) };
    }
    assert!(child > 0);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    let mut status = 0;
    loop {
        // SAFETY: waits for our own child; 1 is WNOHANG.
        let ended = unsafe { waitpid(child, &raw mut status, 1) };
        if ended == child {
            break;
        }
        if std::time::Instant::now() > deadline {
            // SAFETY: our own child.
            unsafe { kill(child, 9) };
            panic!("the child hangs");
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert_eq!(status >> 8 & 0xff, 42);
    assert_eq!(compute(), expected);
}
