//! Times of the kernels, one line each: `cargo bench -p rushlight-kernels [-- filter]`. With `RUSHLIGHT_NUM_THREADS=1`
//! these are the figures to compare with PyTorch's on one thread.

#![expect(clippy::cast_ptr_alignment, reason = "blocks of the allocator are aligned for every dtype")]

use rushlight_kernels::gemm::{Matrix, matmul};
use rushlight_kernels::reduce::arg::{Extreme, extreme};
use rushlight_kernels::reduce::{self, Reduction, reduce};
use rushlight_kernels::row::{Kernel, Scalar};
use rushlight_kernels::{DType, Operand, alloc, binary, copy, for_each, lines, random, sort, ternary, unary};
use std::hint::black_box;
use std::time::Instant;

/// Time of a call, in nanoseconds: the least of nine measurements, for machines that are never quiet.
fn time(mut call: impl FnMut()) -> f64 {
    let start = Instant::now();
    call();
    let once = start.elapsed().as_secs_f64().max(1e-9);
    let calls = ((2e-3 / once) as usize).clamp(1, 100_000);
    let mut times: Vec<f64> = (0..9)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..calls {
                call();
            }
            start.elapsed().as_secs_f64() / calls as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[0] * 1e9
}

struct Bench {
    filter: Option<String>,
}

impl Bench {
    fn run(&self, name: &str, elements: usize, call: impl FnMut()) {
        if self.filter.as_ref().is_none_or(|filter| name.contains(filter.as_str())) {
            let nanoseconds = time(call);
            println!(
                "{name:40} {:12.3} µs {:9.3} ns/element",
                nanoseconds / 1e3,
                nanoseconds / elements as f64
            );
        }
    }
}

fn operand(x: &[f32], strides: &'static [isize]) -> Operand<'static> {
    Operand::input(x.as_ptr().cast(), strides, 4)
}

fn main() {
    let bench = Bench { filter: std::env::args().skip(1).find(|argument| !argument.starts_with("--")) };
    let count = 1 << 20;
    // Memory as tensors have it.
    let buffer = || {
        let block = alloc::allocate(64 * count).as_ptr().cast::<f32>();
        for i in 0..16 * count {
            // SAFETY: within the block.
            unsafe { block.add(i).write((i % 1000) as f32 / 100.0 + 0.01) };
        }
        // SAFETY: initialised above, never freed.
        unsafe { std::slice::from_raw_parts_mut(block, 16 * count) }
    };
    let (x, y, z) = (&*buffer(), &*buffer(), buffer());
    let add = binary::ADD.row(DType::F32).expect("floats are added");
    let output = z.as_mut_ptr().cast::<u8>();
    for elements in [1usize, 10, 100, 1000, 10_000, 100_000, count, 16 * count] {
        bench.run(&format!("add {elements}"), elements, || {
            let operands = [Operand::new(output, &[1], 4), operand(x, &[1]), operand(y, &[1])];
            // SAFETY: contiguous arrays.
            unsafe { for_each(black_box(&[elements]), &operands, add, std::ptr::null(), 1.0) };
        });
    }
    bench.run("add in place 1000", 1000, || {
        let operands = [Operand::new(output, &[1], 4), Operand::new(output, &[1], 4), operand(y, &[1])];
        // SAFETY: contiguous arrays.
        unsafe { for_each(black_box(&[1000]), &operands, add, std::ptr::null(), 1.0) };
    });
    bench.run("add row to matrix 1024²", count, || {
        let operands = [Operand::new(output, &[1024, 1], 4), operand(x, &[1024, 1]), operand(y, &[0, 1])];
        // SAFETY: arrays of 1024².
        unsafe { for_each(black_box(&[1024, 1024]), &operands, add, std::ptr::null(), 1.0) };
    });
    bench.run("add transposed 1024²", count, || {
        let operands = [Operand::new(output, &[1024, 1], 4), operand(x, &[1024, 1]), operand(y, &[1, 1024])];
        // SAFETY: arrays of 1024².
        unsafe { for_each(black_box(&[1024, 1024]), &operands, add, std::ptr::null(), 1.0) };
    });
    for (name, strides) in [("straight", &[2048isize, 1]), ("transposed", &[1, 2048])] {
        bench.run(&format!("copy {name} 2048²"), 4 * count, || {
            let operands = [Operand::new(output, &[2048, 1], 4), operand(x, strides)];
            // SAFETY: arrays of 2048².
            unsafe {
                for_each(&[2048, 2048], &operands, copy::cast(DType::F32, DType::F32), std::ptr::null(), 1.0);
            };
        });
    }
    let scalars = [Scalar::from(0.7), Scalar::from(20.0)];
    let functions: &[(&str, &Kernel)] = &[
        ("neg", &unary::NEG),
        ("sqrt", &unary::SQRT),
        ("exp", &unary::EXP),
        ("expm1", &unary::EXPM1),
        ("log", &unary::LOG),
        ("log1p", &unary::LOG1P),
        ("log2", &unary::LOG2),
        ("sin", &unary::SIN),
        ("cos", &unary::COS),
        ("tan", &unary::TAN),
        ("tanh", &unary::TANH),
        ("sigmoid", &unary::SIGMOID),
        ("erf", &unary::ERF),
        ("gelu", &unary::GELU),
        ("atan", &unary::ATAN),
        ("asin", &unary::ASIN),
        ("asinh", &unary::ASINH),
        ("relu", &unary::RELU),
        ("round", &unary::ROUND),
        ("pow_scalar", &binary::POW_SCALAR),
        ("softplus", &unary::SOFTPLUS),
    ];
    for dtype in [DType::F32, DType::F64, DType::F16, DType::BF16] {
        for (name, kernel) in functions {
            let row = kernel.row(dtype).expect("floats");
            let elements = 100_000;
            bench.run(&format!("{name} {dtype:?}"), elements, || {
                let from = if dtype == DType::F64 { x } else { y };
                let pointers = [output, from.as_ptr().cast::<u8>().cast_mut()];
                // SAFETY: contiguous arrays of more bytes than this.
                unsafe { row(elements, pointers.as_ptr(), [1, 1].as_ptr(), scalars.as_ptr().cast()) };
            });
        }
    }
    bench.run("where", count, || {
        let mask = vec![1u8; 0];
        let _ = &mask;
        let operands = [
            Operand::new(output, &[1], 4),
            Operand::input(x.as_ptr().cast(), &[1], 1),
            operand(x, &[1]),
            operand(y, &[1]),
        ];
        let row = ternary::WHERE.row(DType::F32).expect("floats");
        // SAFETY: contiguous arrays.
        unsafe { for_each(&[count], &operands, row, std::ptr::null(), 1.0) };
    });
    let reductions: &[(&str, &Reduction)] = &[
        ("sum", &reduce::SUM),
        ("amax", &reduce::MAX),
        ("var", &reduce::VAR),
        ("logsumexp", &reduce::LOGSUMEXP),
    ];
    for (name, reduction) in reductions {
        for (kind, reduced) in [("all", [true, true]), ("rows", [false, true]), ("columns", [true, false])] {
            bench.run(&format!("{name} {kind} 1024²"), count, || {
                let strides: &[isize] = if reduced[0] { &[0, 1] } else { &[1, 0] };
                // SAFETY: an array of 1024² and at most 1024 outputs.
                unsafe {
                    let target = Operand::new(output, strides, 4);
                    reduce(
                        reduction,
                        DType::F32,
                        &[1024, 1024],
                        operand(x, &[1024, 1]),
                        target,
                        &reduced,
                        1.0,
                    );
                }
            });
        }
    }
    bench.run("sum 10", 10, || {
        // SAFETY: ten elements and one output.
        unsafe {
            let target = Operand::new(output, &[0], 4);
            reduce(&reduce::SUM, DType::F32, black_box(&[10]), operand(x, &[1]), target, &[true], 0.0);
        }
    });
    for (kind, dim) in [("rows", 1), ("columns", 0)] {
        bench.run(&format!("max with places, {kind} 1024²"), count, || {
            let strides: &[isize] = if dim == 1 { &[1, 0] } else { &[0, 1] };
            // SAFETY: an array of 1024² and 1024 outputs of each kind.
            unsafe {
                let values = Operand::new(output, strides, 4);
                let places = Operand::new(output.add(8192), strides, 8);
                let input = operand(x, &[1024, 1]);
                extreme(Extreme::Max, DType::F32, &[1024, 1024], input, Some(values), Some(places), dim);
            }
        });
    }
    for dim in [1, 0] {
        bench.run(&format!("softmax dim {dim} 1024²"), count, || {
            let target = Operand::new(output, &[1024, 1], 4);
            // SAFETY: arrays of 1024².
            unsafe { lines::softmax(false, DType::F32, &[1024, 1024], target, operand(x, &[1024, 1]), dim) };
        });
    }
    let mut generator = random::Generator::new(1);
    bench.run("normal f32", count, || {
        // SAFETY: room for more elements.
        unsafe { generator.normal(DType::F32, output, count, 0.0, 1.0, false) };
    });
    bench.run("uniform f32", count, || {
        // SAFETY: room for more elements.
        unsafe { generator.uniform(DType::F32, output, count, 0.0, 1.0) };
    });
    let mut noise = vec![0.0f32; count];
    // SAFETY: a contiguous array.
    unsafe { generator.normal(DType::F32, noise.as_mut_ptr().cast(), count, 0.0, 1.0, false) };
    bench.run("sort 1M", count, || {
        // SAFETY: contiguous arrays.
        unsafe {
            let values = Operand::new(output, &[1], 4);
            let places = Operand::new(output.add(4 * count), &[1], 8);
            sort::sort(DType::F32, &[count], operand(&noise, &[1]), values, places, 0, count, false);
        }
    });
    let shapes = [
        (1usize, 1usize, 100usize),
        (100, 1, 2),
        (64, 1, 100),
        (16, 16, 16),
        (64, 10, 100),
        (10, 100, 64),
        (64, 100, 10),
        (64, 100, 1000),
        (1000, 100, 64),
        (32, 32, 32),
        (64, 64, 64),
        (128, 128, 128),
        (512, 512, 512),
        (1024, 1024, 1024),
        (1024, 1, 1024),
        (128, 784, 10),
    ];
    for (m, n, k) in shapes {
        for (layout, b_strides) in [("a b", (n as isize, 1)), ("a b^T", (1, k as isize))] {
            bench.run(&format!("matmul {m}×{n}×{k} {layout}"), m * n * k, || {
                // SAFETY: all matrices are smaller than the arrays.
                unsafe {
                    matmul(
                        DType::F32,
                        m,
                        n,
                        k,
                        Matrix::new(output, n as isize, 1),
                        Matrix::input(x.as_ptr().cast(), k as isize, 1),
                        Matrix::input(y.as_ptr().cast(), b_strides.0, b_strides.1),
                        Scalar::from(1.0),
                        Scalar::from(0.0),
                    );
                }
            });
        }
    }
    for bytes in [4usize, 128, 1024, 4096, 100_000, 64 << 20] {
        bench.run(&format!("allocate {bytes}"), 1, || {
            let block = black_box(alloc::allocate(black_box(bytes)));
            // SAFETY: allocated here.
            unsafe { alloc::deallocate(block, bytes) };
        });
    }
}
